from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import Article, Published
from summaries.parties import Parties
from summaries.text import Span
from summaries.watch import Watch, what_to_watch

TODAY = date(2025, 3, 20)
THURSDAY = Published(datetime(2025, 3, 20, 15, 30, tzinfo=UTC), "time", "stated")

SUMMIT = "European leaders will meet again in Paris on 27 March to speak about the plan."
VOTE = "The parliament in Oslo is expected to vote on the mandate on Monday."
GUARANTEES = "Keir Starmer said Britain would send troops only if the United States gives guarantees."


def article(*paragraphs: str, name: str = "a", language: str | None = "en", title: str | None = None) -> Article:
    return Article(name, 1, "\n\n".join(paragraphs), title=title, language=language, published=THURSDAY)


def watched(*articles: Article, after: date = TODAY, limit: int = 3) -> list[Watch]:
    return what_to_watch(articles, after=after, limit=limit)


def texts(found: Sequence[Watch]) -> list[str]:
    return [one.sentence.text for one in found]


def test_days_come_before_conditions_and_the_nearest_first() -> None:
    found = watched(article("Nothing else is known about it at this time.", GUARANTEES, SUMMIT, VOTE))
    assert texts(found) == [VOTE, SUMMIT, GUARANTEES]
    assert [one.day for one in found] == [date(2025, 3, 24), date(2025, 3, 27), None]
    assert [one.words for one in found] == ["Monday", "27 March", "only if the United States gives guarantees"]


def test_at_most_as_many_as_are_asked_for() -> None:
    story = article(GUARANTEES, SUMMIT, VOTE)
    assert texts(watched(story, limit=1)) == [VOTE]
    assert watched(story, limit=0) == []
    assert watched() == []


def test_a_week_has_an_end() -> None:
    (found,) = watched(article("The Norwegian parliament will vote on the mandate next week, the speaker said."))
    assert (found.day, found.until, found.words) == (date(2025, 3, 24), date(2025, 3, 30), "next week")


def test_what_is_past_on_the_day_of_the_briefing_is_not_watched_any_more() -> None:
    story = article(SUMMIT, VOTE)
    assert texts(watched(story, after=date(2025, 3, 24))) == [SUMMIT]
    assert watched(story, after=date(2025, 3, 27)) == []


def test_a_condition_ends_with_the_day_it_names() -> None:
    story = article("Norway will send no troops unless parliament agrees by Friday, the minister said.")
    assert [one.words for one in watched(story)] == ["unless parliament agrees by Friday"]
    assert watched(story, after=date(2025, 3, 21)) == []


def test_of_several_days_the_first_that_is_still_to_come_counts() -> None:
    story = article("The envoys will meet on Friday in Riyadh and the leaders will meet on 27 March in Paris.")
    assert watched(story)[0].day == date(2025, 3, 21)
    assert watched(story, after=date(2025, 3, 21))[0].day == date(2025, 3, 27)


@pytest.mark.parametrize(
    ("language", "sentence", "day", "words"),
    [
        ("en", SUMMIT, "2025-03-27", "27 March"),
        ("de", "Die Minister wollen am 27. März in Paris über den Plan beraten.", "2025-03-27", "27. März"),
        ("fr", "Les dirigeants européens se réuniront à Paris le 27 mars prochain.", "2025-03-27", "27 mars"),
        ("es", "Los líderes europeos se reunirán en París el 27 de marzo.", "2025-03-27", "27 de marzo"),
        ("pl", "Europejscy przywódcy spotkają się ponownie w Paryżu 27 marca.", "2025-03-27", "27 marca"),
        ("uk", "Європейські лідери знову зустрінуться в Парижі 27 березня.", "2025-03-27", "27 березня"),
    ],
)
def test_days_in_six_languages(language: str, sentence: str, day: str, words: str) -> None:
    (found,) = watched(article(sentence, language=language))
    assert (str(found.day), found.words) == (day, words)


@pytest.mark.parametrize(
    ("language", "sentence", "words"),
    [
        ("en", GUARANTEES, "only if the United States gives guarantees"),
        ("en", "Norway will not take part unless parliament agrees, the minister said.", "unless parliament agrees"),
        (
            "en",
            "The deployment is subject to approval by parliament, the government said.",
            "subject to approval by parliament",
        ),
        (
            "en",
            "The UK and France pledged boots on the ground once a peace deal is signed.",
            "once a peace deal is signed",
        ),
        (
            "de",
            "Deutschland werde Soldaten schicken, wenn der Bundestag zustimmt, sagte Kanzler Merz.",
            "wenn der Bundestag zustimmt",
        ),
        (
            "fr",
            "La France enverra des soldats si un cessez-le-feu est signé, a déclaré Emmanuel Macron.",
            "si un cessez-le-feu est signé",
        ),
        (
            "es",
            "El Gobierno participará siempre que haya un alto el fuego, aseguró la ministra de Defensa.",
            "siempre que haya un alto el fuego",
        ),
        (
            "pl",
            "Litwa weźmie udział w misji pod warunkiem, że zostanie podpisane porozumienie pokojowe.",
            "pod warunkiem, że zostanie podpisane porozumienie pokojowe",
        ),
        (
            "uk",
            "Литва готова надіслати військових, якщо буде підписано мирну угоду, сказав президент Науседа.",
            "якщо буде підписано мирну угоду",
        ),
    ],
)
def test_conditions_in_six_languages(language: str, sentence: str, words: str) -> None:
    (found,) = watched(article(sentence, language=language))
    assert (found.day, found.until, found.words) == (None, None, words)


def test_a_quotation_inside_a_condition_belongs_to_it() -> None:
    (found,) = watched(article("Starmer said troops would go if there is a “lasting, real” deal with guarantees."))
    assert found.words == "if there is a “lasting, real” deal with guarantees"


@pytest.mark.parametrize(
    "sentence",
    [
        "Even if a deal is signed, the war will go on, the president said.",
        "He asked the minister if the parliament would vote on the deal.",
        "The minister said Norway would have sent troops if parliament had agreed.",
        "If it rains, the party will be held indoors, the mayor said.",
        "The official agreed to speak on condition of anonymity because of the talks.",
        "The suspect said he would plead guilty if prosecutors agree to a deal.",
        "If the talks fail, what will the government do?",
        "They will send troops only if the United States gives guarantees, Starmer said.",
        "“We will go if there is a peace deal, and we will stay as long as the ceasefire holds.”",
    ],
)
def test_what_sets_no_condition_or_cannot_be_read_by_itself(sentence: str) -> None:
    assert watched(article("The leaders met in Paris. " + sentence)) == []


def test_furniture_titles_and_cut_sentences_are_left_out() -> None:
    assert watched(article("Sign up for our newsletter, which will be sent to your inbox on Monday.")) == []
    assert watched(article(SUMMIT, title=SUMMIT)) == []
    assert watched(article("The leaders will meet in Paris on 27 March to speak about the…")) == []


def test_no_two_say_the_same() -> None:
    same = "European leaders will meet in Paris once again on 27 March to speak about a new plan."
    other = "On 27 March the court in Rome will decide about the port's sale."
    first, second = article(SUMMIT), article(same, other, name="b")
    assert texts(watched(first, second)) == [SUMMIT, other]
    again = "Keir Starmer said that Britain would send troops only if the United States gives guarantees."
    assert texts(watched(article(GUARANTEES), article(again, name="b"))) == [GUARANTEES]


def test_what_the_reader_has_seen_is_avoided() -> None:
    story = article(SUMMIT, VOTE)
    seen = [("a", 1, Span(10, 12))]
    assert texts(what_to_watch([story], after=TODAY, avoid=seen)) == [VOTE]
    assert len(what_to_watch([story], after=TODAY, avoid=[("a", 2, Span(10, 12)), ("b", 1, Span(10, 12))])) == 2


def test_of_equals_the_one_that_names_a_party_comes_first() -> None:
    plain = "The alliance is ready to send a mission once the treaty is signed, officials said."
    named = "Sweden is ready to send engineers once a ceasefire is agreed, the minister said."
    story = article(plain, named)
    assert texts(watched(story)) == [plain, named]
    assert texts(what_to_watch([story], after=TODAY, parties=Parties())) == [named, plain]


def test_an_article_without_a_stated_date_has_conditions_but_no_days() -> None:
    undated = Article("a", 1, f"{SUMMIT}\n\n{GUARANTEES}", language="en")
    assert texts(watched(undated)) == [GUARANTEES]


def test_a_language_that_is_not_known_has_nothing() -> None:
    assert watched(article(SUMMIT, language="xx")) == []


@pytest.mark.parametrize("size", [1, 400])
def test_a_long_article_is_read_as_a_short_one(size: int) -> None:
    filler = "The minister spoke to reporters in the city about the plan for a long time."
    assert texts(watched(article(*[filler] * size, SUMMIT))) == [SUMMIT]


PIECES = st.sampled_from(
    [
        SUMMIT,
        VOTE,
        GUARANTEES,
        "\n\n",
        "\n",
        " ",
        "\ud800",
        "🕊️",
        "\u202eסיום",
        "إذا",
        "“",
        "«",
        "…",
        "\0",
        "will",
        "if",
        "unless",
        "on 31 February",
        "on Friday.",
        "Am 27. März wird",
        "якщо",
        "ALL CAPITALS WILL MEET ON 27 MARCH",
    ]
)


@given(
    st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join)),
    st.sampled_from(["en", "de", "fr", "es", "pl", "uk", "xx", None]),
    st.integers(0, 5),
)
def test_any_text(text: str, language: str | None, start: int) -> None:
    one = Article("a", 1, text, language=language, published=THURSDAY, body_start=min(start, len(text)))
    found = watched(one, limit=10)
    for watch in found:
        assert watch.sentence.text == text[watch.sentence.start : watch.sentence.end]
        assert watch.words
        assert watch.words in watch.sentence.text
        assert watch.day is None or watch.day > TODAY
        assert watch.until is None or (watch.day is not None and watch.until >= watch.day)
    assert found == watched(one, limit=10)
