"""What readers know is no news to them: which sentences say nothing new, and what is told of a story that goes on."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.article import Article, Published
from summaries.briefing import Lengths, StoryBrief, Telling, tell_stories
from summaries.novelty import Told
from summaries.parties import Parties
from summaries.text import Span

PARTIES = Parties()
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)
USUAL = Lengths()

# --- Which sentences say nothing new ----------------------------------------------------------------------------------

SENDS = "Germany will send 2,000 soldiers to Ukraine next spring, the defence ministry said in Berlin on Thursday."
AROUND = (
    "The cabinet met behind closed doors for five hours.",
    "Farmers blocked several roads into the capital with their tractors.",
    "France promised 40 tanks for the brigade that is trained in Brittany.",
    "Spain has not decided whether its navy takes part in the patrols.",
)


def told(*sentences: str, language: str = "en") -> Told:
    known = Told(parties=PARTIES)
    for sentence in (*sentences, *AROUND):
        known.add(sentence, language)
    return known


@pytest.mark.parametrize(
    "again",
    [
        SENDS,
        "The defence ministry said that Germany will be sending 2,000 soldiers to Ukraine next spring.",
        "Next spring Germany will send 2.000 soldiers to Ukraine.",
        "Berlin: Germany's ministry of defence said 2,000 soldiers would be sent to Ukraine.",
    ],
)
def test_the_same_fact_in_words_of_the_same_stems_is_not_new(again: str) -> None:
    assert told(SENDS).holds(again, "en")
    assert not told().holds(again, "en")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(SENDS, SENDS.replace("2,000", "3,000"), id="another number"),
        pytest.param(SENDS, SENDS.replace("Germany", "Germany and Poland"), id="another party"),
        pytest.param(SENDS, SENDS.replace("will send", "will not send"), id="a denial"),
        pytest.param(SENDS.replace("will send", "will not send"), SENDS, id="the denial of a denial"),
        pytest.param(SENDS, SENDS.replace("will send", "has sent"), id="an announcement that came true"),
        pytest.param(SENDS, "Soldiers of the second brigade drowned in a flooded river in Lower Saxony.", id="another"),
    ],
)
def test_what_changes_the_fact_is_new(before: str, now: str) -> None:
    assert not told(before).holds(now, "en")
    assert told(before, now).holds(now, "en")


@pytest.mark.parametrize(
    ("language", "before", "again", "new"),
    [
        ("de", "Deutschland wird 2000 Soldaten in die Ukraine schicken, sagte der Minister in Berlin.",
         "In die Ukraine wird Deutschland 2000 Soldaten schicken, sagte der Minister.",
         "Deutschland wird keine 2000 Soldaten in die Ukraine schicken, sagte der Minister in Berlin."),
        ("fr", "La France va envoyer 2000 soldats en Ukraine, a déclaré le ministre à Paris.",
         "Le ministre a déclaré que la France va envoyer 2000 soldats en Ukraine.",
         "La France a envoyé 2000 soldats en Ukraine, a déclaré le ministre à Paris."),
        ("pl", "Polska planuje wysłać 2000 żołnierzy do Ukrainy, powiedział minister w Warszawie.",
         "Minister powiedział, że Polska planuje wysłać do Ukrainy 2000 żołnierzy.",
         "Polska planuje wysłać 3000 żołnierzy do Ukrainy, powiedział minister w Warszawie."),
    ],
)  # fmt: skip
def test_in_other_languages_too(language: str, before: str, again: str, new: str) -> None:
    known = Told(parties=PARTIES)
    known.add(before, language)
    assert known.holds(again, language)
    assert not known.holds(new, language)


def test_a_fact_may_have_been_told_in_two_sentences_in_a_row_but_not_in_two_far_apart() -> None:
    first, second = "The harbour of Kiel was closed after the storm.", "Three ferries lay at anchor outside all night."
    both = "After the storm three ferries lay at anchor all night outside the closed harbour of Kiel."
    in_a_row, apart = Told(), Told()
    for known, follows in ((in_a_row, True), (apart, False)):
        known.add(first, "en")
        known.add(second, "en", follows=follows)
    assert in_a_row.holds(both.replace("three", "Three"), "en")
    assert not apart.holds(both.replace("three", "Three"), "en")


def test_what_an_article_says_is_known_but_not_what_stands_around_it() -> None:
    known = Told([article("a", f"{SENDS} {AROUND[0]}\n\n{AROUND[1]}")], PARTIES)
    assert all(known.holds(sentence, "en") for sentence in (SENDS, *AROUND[:2]))
    assert not known.holds(AROUND[2], "en")


_WORDS = st.sampled_from(
    ["Germany", "France", "soldiers", "harbour", "agreed", "2,000", "40", "not", "will", "refused", "winter", "talks"]
)
_SENTENCE = st.lists(_WORDS, min_size=4, max_size=9).map(lambda words: f"Parliament debated {' '.join(words)}.")
_HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(), max_size=60),
    st.sampled_from(["", " ", "\ud800\udfff", "مرحبا بالعالم", "🇺🇦" * 20, "A" * 3000, "1,2.3,,4..", "n't 't", "\x00"]),
)
_LANGUAGE = st.sampled_from(["", "en", "de", "fr", "uk", "pl", "xx", "zh", "ZZ"])


@given(st.lists(_SENTENCE, min_size=1, max_size=6), _SENTENCE, st.randoms(use_true_random=False))
def test_what_was_told_is_known_whenever_and_however_often(
    sentences: list[str], probe: str, chance: random.Random
) -> None:
    shuffled = chance.sample(sentences, len(sentences))
    for order in (sentences, shuffled, [*sentences, *shuffled]):
        known = Told(parties=PARTIES)
        for sentence in order:
            known.add(sentence, "en")
        assert all(known.holds(sentence, "en") for sentence in sentences)
    verdicts = []
    for order in (sentences, shuffled):
        known = Told(parties=PARTIES)
        for sentence in order:
            known.add(sentence, "en")
        verdicts.append(known.holds(probe, "en"))
    assert verdicts[0] == verdicts[1]


@given(st.lists(_HOSTILE, max_size=4), _HOSTILE, _LANGUAGE)
def test_no_text_is_too_odd(texts: list[str], probe: str, language: str) -> None:
    known = Told([article(str(n), text) for n, text in enumerate(texts)], PARTIES)
    assert known.holds(probe, language) in {True, False}
    for text in texts:
        known.add(text, language, follows=True)
    assert known.holds(probe, language) in {True, False}


# --- What is told of stories ------------------------------------------------------------------------------------------


def article(identifier: str, text: str, title: str | None = None, *, hours: float = 0, outlet: str = "X") -> Article:
    return Article(
        identifier, 1, text, title=title, publisher=outlet, url=f"https://x.example/{identifier}", language="en",
        published=Published(NOON + timedelta(hours=hours), "time", "stated"),
    )  # fmt: skip


WEIGHS = article(
    "weighs",
    "Germany will decide this week whether to contribute soldiers to the coalition of the willing, a government "
    "spokesperson said on Tuesday. Opposition lawmakers called the plan rushed. France leads the coalition of the "
    "willing and has promised soldiers and ships to it.",
    "Berlin weighs troops for the coalition of the willing",
)
AGAIN = article(
    "again",
    "A spokesperson of the government said that Germany will decide this week whether to contribute soldiers to the "
    "coalition of the willing. Opposition lawmakers called the plan rushed.",
    "Berlin still weighs troops for the coalition of the willing",
    hours=20, outlet="Y",
)  # fmt: skip
JOINS = article(
    "joins",
    "Germany will contribute 2,000 soldiers to the coalition of the willing, the chancellor said on Thursday. "
    "Opposition lawmakers called the plan rushed. France welcomed it and offered its port in Toulon for the ships.",
    "Berlin contributes 2,000 soldiers to the coalition of the willing",
    hours=44,
)
STORM = article(
    "storm",
    "A storm tore the roof off the ferry terminal in Gdansk and Poland closed the port. Trains stood still between "
    "Kiel and Hamburg in northern Germany until Wednesday evening.",
    "Storm shuts ports on the Baltic Sea",
    hours=21, outlet="Z",
)  # fmt: skip


def tell(
    new: list[Article], known: Collection[Article] = (), about: Collection[str] = (), lengths: Lengths = USUAL
) -> Telling:
    return tell_stories(new, list(known), PARTIES, lengths, about)


def words(story: StoryBrief) -> str:
    return " ".join(sentence.text for sentence in story.sentences)


def ids(stories: Collection[StoryBrief]) -> list[set[str]]:
    return [{one.id for one in story.articles} for story in stories]


def test_a_story_is_told_once_and_then_only_what_is_new_of_it() -> None:
    first = tell([WEIGHS], about=["DE"])
    assert ids(first.stories) == [{"weighs"}]
    assert not first.stories[0].is_update
    assert words(first.stories[0]).startswith("Germany will decide")
    second = tell([AGAIN, STORM], [WEIGHS], about=["DE"])
    assert ids(second.stories) == [{"storm"}]
    assert ids(second.retold) == [{"again"}]
    assert [one.id for one in second.retold[0].earlier] == ["weighs"]
    third = tell([JOINS], [WEIGHS, AGAIN, STORM], about=["DE"])
    (story,) = third.stories
    assert story.is_update
    assert words(story).startswith("Germany will contribute 2,000 soldiers")
    assert "rushed" not in words(story)
    assert third.unchanged == 1, "the storm"


def test_only_what_speaks_of_the_parties_asked_about_is_told_or_counted() -> None:
    told = tell([WEIGHS, STORM], about=["PL"])
    assert ids(told.stories) == [{"storm"}]
    assert "Gdansk" in words(told.stories[0])
    assert "Hamburg" not in words(told.stories[0])
    assert tell([WEIGHS], [STORM], about=["FR"]).unchanged == 0
    assert tell([WEIGHS], [STORM], about=["DE"]).unchanged == 1
    nothing = tell([WEIGHS, STORM], [JOINS], about=["NZ"])
    assert nothing == Telling()


def test_of_several_parties_none_is_left_out_that_something_can_be_said_of() -> None:
    short = Lengths(sentences=1)
    (one,) = tell([JOINS], about=["DE"], lengths=short).stories
    (several,) = tell([JOINS], about=["DE", "FR", "NZ"], lengths=short).stories
    assert "France" not in words(one)
    assert [sentence.text[:6] for sentence in several.sentences] == ["German", "France"]
    starts = [sentence.start for sentence in several.sentences]
    assert starts == sorted(starts)
    # What they know of one of them is not said again.
    known = article("known", "France welcomed it and offered its port in Toulon for the ships.", hours=40)
    (again,) = tell([JOINS], [known], about=["DE", "FR"], lengths=short).stories
    assert "Toulon" not in words(again)


def test_what_an_article_says_of_parties_they_were_not_told_of_is_new() -> None:
    for told_of, expected in (({"DE"}, "France welcomed"), ({"DE", "FR"}, None), ({"FR"}, None)):
        told = tell_stories([JOINS], [JOINS], PARTIES, about=["FR"], told_of={"joins": told_of})
        assert [words(story)[:15] for story in told.stories] == ([expected] if expected else [])
        assert len(told.retold) == (expected is None)
    (story,) = tell_stories([JOINS], [JOINS], PARTIES, about=["FR"], told_of={"joins": {"DE"}}).stories
    assert story.is_update
    # A sentence that names both was told.
    both = article("both", "Germany and France have agreed on a date for the exercise in the Baltic Sea.")
    assert tell_stories([both], [both], PARTIES, about=["FR"], told_of={"both": {"DE"}}).stories == ()


def test_what_is_printed_beside_the_stories_is_left_out_of_them() -> None:
    start = WEIGHS.text.index("Germany")
    quoted = {("weighs", 1, Span(start, WEIGHS.text.index(".") + 1))}
    (story,) = tell_stories([WEIGHS], [], PARTIES, Lengths(sentences=1), quoted=quoted).stories
    assert not words(story).startswith("Germany will decide")


def test_what_is_too_much_is_named() -> None:
    told = tell([WEIGHS, STORM], about=["DE"], lengths=Lengths(stories=1))
    assert len(told.stories) == len(told.more) == 1
    assert told.more[0].sentences == ()


_NAMES = ["Germany", "France", "Poland", "ministers", "farmers"]
_TOPICS = [
    "closed the harbour after the storm had torn its roof off",
    "sent soldiers and ships to the coalition of the willing",
    "refused to lift the duty on steel and timber from abroad",
    "opened the new railway tunnel under the mountain pass",
]


@st.composite
def articles(draw: st.DrawFn) -> list[Article]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        topic = draw(st.sampled_from(_TOPICS))
        told = [
            f"In the {word} of {1990 + year} {name} {topic}, a spokesperson said."
            for name, word, year in draw(
                st.lists(
                    st.tuples(st.sampled_from(_NAMES), st.sampled_from(["spring", "autumn"]), st.integers(0, 30)),
                    min_size=1, max_size=4, unique=True,
                )
            )
        ]  # fmt: skip
        made.append(
            article(f"a{number}", " ".join(told), topic, hours=draw(st.integers(0, 60)), outlet=f"Outlet {number % 3}")
        )
    return made


@settings(max_examples=40)
@given(articles(), st.sets(st.sampled_from(["DE", "FR", "PL"])), st.data())
def test_every_article_is_told_once_in_its_own_words_and_never_again(
    found: list[Article], about: set[str], data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, len(found)))
    new, known = found[size:], found[:size]
    told = tell(new, known, about)
    shown = [one.id for story in (*told.stories, *told.more, *told.retold) for one in story.articles]
    assert len(shown) == len(set(shown))
    assert set(shown) <= {one.id for one in new}
    if not about:
        assert set(shown) == {one.id for one in new}
    texts = {one.id: one.text for one in new}
    memory = Told(known, PARTIES)
    for story in told.stories:
        for sentence in story.sentences:
            assert texts[sentence.article][sentence.start : sentence.end] == sentence.text
            assert not memory.holds(sentence.text, "en")
            assert not about or about & {one.party for one in PARTIES.find(sentence.text, "en")}
    # In another order it is the same, and told again there is nothing new.
    assert tell(data.draw(st.permutations(new)), known, about) == told
    again = [replace(one, id=f"{one.id} again") for one in new]
    assert not any(story.sentences for story in tell(again, [*known, *new], about).stories)


@settings(max_examples=40)
@given(st.lists(_HOSTILE, min_size=1, max_size=4), st.lists(_HOSTILE, max_size=3), st.booleans())
def test_odd_articles_are_told_as_well(new: list[str], known: list[str], asked: bool) -> None:
    told = tell(
        [article(f"n{number}", text, text) for number, text in enumerate(new)],
        [article(f"k{number}", text) for number, text in enumerate(known)],
        ["DE"] if asked else [],
    )
    assert len(told.stories) + len(told.retold) <= len(new)
