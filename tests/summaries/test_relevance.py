import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import Article, Draft, read_text
from summaries.parties import Leader, Mention, Parties
from summaries.relevance import Relevance, Scorer, in_furniture, make_scorer, spoken_of
from summaries.text import READ
from summaries.toml import Problems
from summaries.topic import parse_topic
from tests.conftest import START

SEEDS = Path(__file__).parents[2] / "seeds"

HEAD = """
[topic]
key = "bridge"
name = "The bridge"
about = "Who pays for the bridge over the strait."

[[stances]]
key = "pays"
label = "Pays"
criterion = "Says that it pays."
bucket = "in"
symbol = "+"
letter = "P"

[relevance]
"""

RULES = """
threshold = 0.5

[relevance.lists]
bridge = ["bridge*", "brück*", "most*", "мост*"]
money = ["pay*", "million*", "zapłac*", "заплат*"]
shore = ["shore", "pay*"]

[[relevance.signs]]
key = "name"
label = "the bridge by its name"
weight = 0.8
words = ["strait bridge", "most* nad cieśnin*", "Brücke über den Sund"]

[[relevance.signs]]
key = "cost"
label = "who pays for a bridge"
weight = 0.6
lists = ["bridge", "money"]

[[relevance.signs]]
key = "builder"
label = "Norway"
weight = 0.2
parties = ["NO"]

[[relevance.signs]]
key = "cards"
label = "the game of cards"
weight = -0.7
words = ["bridge club*", "trump card*"]
"""

FILLER = "The council talked about schools, parks and the price of bread, and nobody was in a hurry to leave. "


def scorer(rules: str = RULES) -> Scorer:
    topic = parse_topic(HEAD + rules)
    return make_scorer(topic, Parties(leaders=[Leader("Jonas Gahr Støre", "NO", "Prime Minister")]))


def judge(text: str, title: str | None = "News of the day", rules: str = RULES, language: str = "en") -> Relevance:
    return scorer(rules).score(Draft(text=text, title=title, language=language))


def shown(found: Relevance) -> dict[str, str]:
    return {reason.kind: reason.words for reason in found.reasons}


def test_a_text_about_the_topic_belongs_and_says_why() -> None:
    text = "Oslo will pay half of the bridge, Støre said."
    found = judge(text, title="Norway and the strait bridge")
    assert found.relevant
    assert shown(found) == {"name": "strait bridge", "cost": "pay half of the bridge", "builder": "Norway"}
    for reason in found.reasons:
        source = "Norway and the strait bridge" if reason.place == "title" else text
        assert source[reason.start : reason.end] == reason.words
    assert [reason.label for reason in found.reasons][:2] == ["the bridge by its name", "who pays for a bridge"]


def test_a_text_about_something_else_shows_nothing() -> None:
    assert judge(FILLER) == Relevance(0.0, False, ())


def test_title_counts_more_than_opening_and_opening_more_than_the_end() -> None:
    name = "The strait bridge again."
    long = FILLER * 40
    title = judge(long, title=name)
    opening = judge(f"{name} {long}")
    end = judge(f"{long} {name}")
    both = judge(f"{name} {long}", title=name)
    assert both.score > title.score > opening.score >= 0.5 > 0.2 > end.score > 0
    assert [found.reasons[0].place for found in (title, opening, end)] == ["title", "opening", "body"]


def test_what_comes_back_all_the_time_counts_though_neither_title_nor_opening_has_it() -> None:
    half = FILLER * 8 + (FILLER * 2 + "\n\nThe strait bridge is late. ") * 10
    assert judge(half).relevant
    assert not judge(FILLER * 60 + "The strait bridge is late.").relevant


def test_a_text_without_title_is_judged_by_its_opening() -> None:
    text = "The strait bridge will be late. " + FILLER * 10
    assert judge(text, title=None).score == judge(text, title=" ").score > judge(text).score


@pytest.mark.parametrize(
    "words",
    [
        "MOSTU NAD CIEŚNINĄ",
        "mostem nad ciesniną",
        unicodedata.normalize("NFD", "mostu nad cieśniną"),
        "mostu” nad cieśniną",
        "mostu\nnad cieśniną",
        "brücke über den sund",
        "Brucke uber den Sund",
        "strait-bridge",
        "strait” bridge",
    ],
)
def test_words_are_found_in_any_case_accent_and_ending(words: str) -> None:
    text = f"Mowa o {words} dzisiaj."
    assert shown(judge(text)).get("name") == words


@pytest.mark.parametrize(
    "text",
    ["In the strait. Bridge is a game.", "the strait, bridge", "strait\n\nbridge", "strait bridges", "astrait bridge"],
)
def test_a_phrase_is_one_phrase(text: str) -> None:
    assert "name" not in shown(judge(text))


def test_lists_meet_in_one_paragraph_within_twenty_words() -> None:
    assert shown(judge("The bridge is old.\n\nWho will pay?")) == {}
    assert "cost" in shown(judge("The bridge" + " is" * 17 + " what we pay."))
    assert shown(judge("The bridge" + " is" * 18 + " what we pay.")) == {}
    # A hard-wrapped sentence is one.
    assert "cost" in shown(judge("The bridge that so many want\nwill cost what we pay for schools."))


def test_one_word_does_not_stand_for_two_lists() -> None:
    rules = RULES.replace('lists = ["bridge", "money"]', 'lists = ["shore", "money"]')
    assert shown(judge("They pay.", rules=rules)) == {}
    assert "cost" in shown(judge("They pay, we pay.", rules=rules))


def test_a_sign_may_speak_against_a_text() -> None:
    text = "Members pay two pounds to play."
    about_cards = judge(text, title="Bridge club has a new home, members pay")
    assert not about_cards.relevant
    assert about_cards.reasons[0].kind == "cards"
    assert about_cards.reasons[0].weight < 0
    assert judge(text, title="Bridge has a new owner, members pay").score > about_cards.score == 0


def test_what_a_dossier_needs_must_be_shown() -> None:
    rules = RULES.replace("threshold = 0.5", 'threshold = 0.5\nneeds = ["builder"]')
    title = "The strait bridge will be paid by Sweden"
    without = judge("Nobody else pays for the strait bridge.", title=title, rules=rules)
    assert without.score == 0
    assert not without.relevant
    assert "name" in shown(without)
    assert judge("Norway pays, too.", title=title, rules=rules).relevant


def test_parties_count_by_name_and_by_leader_and_are_not_searched_twice() -> None:
    draft = Draft(
        "The prime minister had little to say. " + FILLER + "Then Norway was named.", "Støre at work", language="en"
    )
    judging = scorer()
    found = judging.score(draft)
    assert shown(found) == {"builder": "Støre"}
    start = draft.text.index("Norway")
    assert judging.score(draft, [Mention("NO", start, start + 6)]) == found
    # What the caller found is believed; the title is looked at in any case.
    assert judging.score(draft, []).score < found.score
    untitled = Draft(draft.text, language="en")
    assert shown(judging.score(untitled, [])) == {}
    assert shown(judging.score(untitled, [Mention("SE", 0, 3)])) == {}


def test_plain_keywords_are_enough_for_a_simple_dossier() -> None:
    rules = 'keywords = ["strait bridge", "мост* через пролив*"]'
    assert judge(FILLER, title="The strait bridge", rules=rules).relevant
    assert judge("Говорили о мосте через пролив.", rules=rules, language="ru").relevant
    assert not judge(FILLER * 40 + "The strait bridge.", rules=rules).relevant


def test_a_dossier_without_rules_takes_nothing() -> None:
    assert judge("The strait bridge.", rules="") == Relevance(0.0, False, ())


def test_articles_are_judged_from_where_their_body_begins() -> None:
    text = "title: The strait bridge\n\n" + FILLER
    article = Article("a", 1, text, title=None, body_start=text.index("The council"))
    assert scorer().score(article).score == 0
    assert scorer().score(Article("a", 1, text)).relevant


def test_only_what_the_newsroom_reads_is_read() -> None:
    text = ("x" * 99 + "\n") * (READ // 100)
    assert judge(text + "The strait bridge.").score == 0
    assert judge(text[:-100] + "The strait bridge.").score > 0


AROUND = [
    "Read more: Norway pays for the strait bridge",
    "Related: Norway, Oslo and the strait bridge: who pays?",
    "Also read: What Norway thinks of the strait bridge",
    "Follow us on Facebook for all news on the strait bridge and Norway",
    "The post Norway wants the strait bridge appeared first on The Daily Example.",
]


@pytest.mark.parametrize("line", AROUND)
def test_lines_around_an_article_show_nothing(line: str) -> None:
    for text in (f"{FILLER}\n\n{line}", f"{line}\n\n{FILLER}", f"{FILLER}\n{line}\n{FILLER}"):
        assert judge(text) == Relevance(0.0, False, ())
        assert spoken_of(Draft(text, language="en"), Parties()) == []


def test_what_is_no_such_line_counts_as_before() -> None:
    # An offer in the middle of a paragraph, a long paragraph, a line that is the title, a text of one line.
    for text, title in (
        (
            f"Read more: it says. Norway pays for the strait bridge, its minister said on Monday in Oslo.\n{FILLER}",
            "News",
        ),
        (f"{FILLER}\nRead more: {'the bridge and ' * 20} the strait bridge, Norway", "News"),
        (f"Read more: Norway pays for the strait bridge\n\n{FILLER}", "Read more: Norway pays for the strait  bridge"),
        ("Watch live: Norway opens the strait bridge", None),
    ):
        assert {"name", "builder"} <= set(shown(judge(text, title))), text


def test_spans_are_those_of_the_whole_text() -> None:
    text = f"{AROUND[0]}\n\nThe talks in Norway went on, the minister said.\n\n{AROUND[1]}"
    (found,) = spoken_of(Draft(text, language="en"), Parties())
    assert (found.party, text[found.start : found.end]) == ("NO", "Norway")
    assert found.start == text.index("Norway went")


def test_an_endless_list_of_links_is_not_judged_to_its_end() -> None:
    lines = "\n\n".join(f"Read more: Norway and the strait bridge, part {number}" for number in range(2000))
    begun = time.perf_counter()
    assert len(in_furniture(Draft(lines), [found.start() for found in re.finditer("Norway", lines)])) == 200
    assert time.perf_counter() - begun < 5


def test_eight_reasons_at_most_the_strongest_first() -> None:
    words = [f"word{letter}" for letter in "abcdefghijkl"]
    signs = "".join(
        f'[[relevance.signs]]\nkey = "{word}"\nlabel = "l"\nweight = {0.05 * number:.2f}\nwords = ["{word}"]\n'
        for number, word in enumerate(words, start=1)
    )
    found = judge(" ".join(words), rules=signs)
    assert [reason.kind for reason in found.reasons] == words[:3:-1]
    assert found.score == 1.0


def test_time_grows_no_faster_than_the_text() -> None:
    judging = scorer()

    def cost(text: str) -> float:
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            judging.score(Draft(text, "Title"), [])
            taken.append(time.perf_counter() - begun)
        return min(taken)

    for hostile in ("bridge pay ", "bridge \n", "pay.    \n", "e\u0301\u0301"):
        assert cost(hostile * 8000) < 40 * cost(hostile * 800) + 0.05


@given(
    st.text(alphabet=st.sampled_from(list("ab. \n\u0301éśß„”-")) | st.characters(), max_size=400), st.text(max_size=60)
)
def test_whatever_the_text_is(text: str, title: str) -> None:
    for inserted in ("", " strait bridge "):
        found = SHARED.score(Draft(text + inserted + text, title + inserted, language="xx"))
        assert 0 <= found.score <= 1
        assert found.relevant is (found.score >= 0.5)
        for reason in found.reasons:
            source = title + inserted if reason.place == "title" else text + inserted + text
            assert source[reason.start : reason.end] == reason.words != ""
        weights = [abs(reason.weight) for reason in found.reasons]
        assert weights == sorted(weights, reverse=True)
    assert any(reason.kind == "name" for reason in found.reasons)


SHARED = scorer()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'lists = ["bridge", "money"]',
            'lists = ["bridge", "mony"]',
            "topic.toml: relevance.signs[cost].lists = 'mony': no list has this name. Did you mean 'money'?"
            " Lists declared: bridge, money, shore.",
        ),
        ('key = "cost"', 'key = "name"', "topic.toml: relevance.signs[name].key: two signs have this key; each needs"),
        (
            'parties = ["NO"]',
            "",
            "topic.toml: relevance.signs[builder]: nothing to look for. Give it `words`, `lists` or",
        ),
        (
            'lists = ["bridge", "money"]',
            'lists = ["bridge"]\nwords = ["x"]',
            "topic.toml: relevance.signs[cost]: it has both `words` and `lists`; make two signs of it.",
        ),
        (
            "threshold = 0.5",
            'needs = ["names"]',
            "topic.toml: relevance.needs = 'names': no sign has this key. Did you mean 'name'?",
        ),
        ("weight = -0.7", "weight = -7", "topic.toml: relevance.signs[cards].weight = -7"),
        ("threshold = 0.5", "threshold = 0", "topic.toml: relevance.threshold = 0"),
        ('words = ["strait bridge"', 'words = ["*"', "topic.toml: relevance.signs[name].words[1] = '*'"),
        ('label = "Norway"', 'label = "Norway"\nwheight = 1', "unknown key. Did you mean 'weight'?"),
    ],
)
def test_wrong_rules_are_told_in_sentences(old: str, new: str, sentence: str) -> None:
    with pytest.raises(Problems) as caught:
        parse_topic(HEAD + RULES.replace(old, new))
    assert sentence in str(caught.value)


def test_a_sign_of_a_party_that_nobody_knows_is_told() -> None:
    with pytest.raises(ValueError, match=re.escape("sign 'builder': no party has the code 'QQ'")):
        scorer(RULES.replace('"NO"', '"QQ"'))


def test_the_shipped_dossier_takes_its_own_articles_and_not_their_likes() -> None:
    topic = parse_topic((SEEDS / "topic.toml").read_text("utf-8"))
    judging = make_scorer(topic, Parties(topic.party_names, topic.leaders))
    for path in (SEEDS / "articles").glob("*.txt"):
        assert judging.score(read_text(path.read_bytes(), now=START)).relevant, path.name
    for title, text in (
        ("Bush names his coalition of the willing", "Poland and Britain send soldiers to Iraq."),
        ("Drone coalition grows", "Belgium joins the drone coalition that buys drones for Ukraine."),
        ("Starmer meets Macron", "They spoke of trade and of fish, and had lunch."),
    ):
        assert not judging.score(Draft(text, title, language="en")).relevant, title
