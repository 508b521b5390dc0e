from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import Published
from summaries.coming import coming_days

THURSDAY = Published(datetime(2025, 3, 20, 15, 30, tzinfo=UTC), "time", "stated")


def coming(sentence: str, language: str = "en", published: Published = THURSDAY, before: str = "") -> list[str]:
    return [
        f"{one.words} {one.day}" + (f"/{one.until}" if one.until else "")
        for one in coming_days(sentence, published, language, before)
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The leaders will meet in Paris on 27 March.", "27 March 2025-03-27"),
        ("The leaders will meet in Paris on March 27, he said.", "March 27 2025-03-27"),
        ("The leaders will meet on Thursday, 27 March 2025.", "Thursday, 27 March 2025 2025-03-27"),
        ("A vote is due by March 31.", "March 31 2025-03-31"),
        ("He plans to visit Kyiv on 2 October.", "2 October 2025-10-02"),
        ("Talks will be held from March 27 to 29 in Vienna.", "March 27 to 29 2025-03-27/2025-03-29"),
        ("The leaders will meet on Friday.", "Friday 2025-03-21"),
        ("The leaders will meet Monday in Paris.", "Monday 2025-03-24"),
        ("On Friday the parliament will vote on it.", "Friday 2025-03-21"),
        ("Macron said the leaders would meet in Paris on Friday.", "Friday 2025-03-21"),
        ("They will meet on Tuesday next week.", "Tuesday next week 2025-03-25"),
        ("They will meet next Thursday.", "next Thursday 2025-03-27"),
        ("The ceasefire will begin tomorrow.", "tomorrow 2025-03-21"),
        ("The Senate is to vote next week.", "next week 2025-03-24/2025-03-30"),
        ("The envoys will travel later this month.", "later this month 2025-03-21/2025-03-31"),
        ("He has to decide by the end of the month, and he will.", ""),
        ("Ministers must decide by the end of the month.", "by the end of the month 2025-03-31"),
        ("Starmer will host the leaders in April.", "April 2025-04-01/2025-04-30"),
        ("The force is expected to arrive in early May.", "May 2025-05-01/2025-05-31"),
    ],
)
def test_what_is_to_come(sentence: str, expected: str) -> None:
    assert coming(sentence) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "sentence",
    [
        "They met on 12 March.",
        "They met on Friday.",
        "The law, which was passed on 12 April, will not change.",
        "They will discuss Thursday's attack and Friday's vote.",
        "He will travel to Kyiv after the attack on Friday.",
        "The vote planned for Friday was postponed.",
        "The summit was originally scheduled to take place on 14 June.",
        "The summit was due to open on Friday.",
        "The leaders will meet on Thursday, 26 March.",  # a Wednesday, in that year
        "The leaders will meet on 12 March.",  # of next year, or rather no longer
        "Theresa May will speak, and by May all is done.",
        "On Monday he said that they will meet on Wednesday.",
        "He said in 2014 that they would meet on Friday.",
        "Last month they said they would meet on Friday.",
        "They will meet later on Thursday.",
        "They will meet next Friday.",
        "They will meet on Sundays.",
        "Orban, who will speak today, warned on Wednesday.",
        "This is for the leaders of tomorrow.",
        "They may come, as one does.",
    ],
)
def test_what_is_past_or_doubtful(sentence: str) -> None:
    assert coming(sentence) == []


@pytest.mark.parametrize(
    ("language", "sentence", "expected"),
    [
        ("de", "Die Minister wollen am 27. März in Paris beraten.", "27. März 2025-03-27"),
        ("de", "Der Gipfel ist für den 2. April geplant.", "2. April 2025-04-02"),
        ("de", "Nächste Woche soll der Bundestag entscheiden.", "Nächste Woche 2025-03-24/2025-03-30"),
        ("de", "Das Treffen soll morgen stattfinden.", "morgen 2025-03-21"),
        ("de", "Das Gesetz soll bis Ende April beschlossen werden.", "bis Ende April 2025-04-30"),
        ("de", "Die Minister trafen sich am 12. März in Paris.", ""),
        ("de", "Er sagte am Freitag, er werde kommen.", ""),
        ("de", "Er soll am Montag gesagt haben, man sei bereit.", ""),
        ("fr", "Les dirigeants se réuniront à Paris le 27 mars.", "27 mars 2025-03-27"),
        ("fr", "Les ministres vont se réunir vendredi à Paris.", "vendredi 2025-03-21"),
        ("fr", "Le vote est prévu en avril.", "avril 2025-04-01/2025-04-30"),
        ("fr", "Le ministre a annoncé vendredi qu'il viendra.", ""),
        ("es", "Los líderes se reunirán en París el 27 de marzo.", "27 de marzo 2025-03-27"),
        ("es", "La próxima semana habrá una cumbre en París.", "La próxima semana 2025-03-24/2025-03-30"),
        ("es", "Mañana viajará a Kiev el ministro.", "Mañana 2025-03-21"),
        ("es", "Por la mañana llegará el ministro.", ""),
        ("pl", "Przywódcy spotkają się w Paryżu 27 marca.", "27 marca 2025-03-27"),
        ("pl", "Sejm zdecyduje do końca kwietnia.", "do końca kwietnia 2025-04-30"),
        ("pl", "W środę, 26.03, w Paryżu będzie zimno.", ""),
        ("pl", "Spotkali się 12 marca w Paryżu.", ""),
        ("uk", "Лідери зустрінуться в Парижі 27 березня.", "27 березня 2025-03-27"),
        ("uk", "Саміт відбудеться у п'ятницю.", "п'ятницю 2025-03-21"),
        ("uk", "Вони зустрілися 12 березня в Парижі.", ""),
    ],
)
def test_other_languages(language: str, sentence: str, expected: str) -> None:
    assert coming(sentence, language) == ([expected] if expected else [])


def test_what_is_said_before_may_make_a_day_doubtful() -> None:
    sentence = "“The ceasefire will begin tomorrow,” Macron said."
    assert coming(sentence) == ["tomorrow 2025-03-21"]
    assert coming(sentence, before="Macron spoke to reporters on Tuesday.") == []
    # From Tuesday on, too, Saturday is the coming one.
    assert coming("It will begin on Saturday.", before="Macron spoke on Tuesday.") == ["Saturday 2025-03-22"]


def test_a_date_without_a_year_may_be_of_the_next_one() -> None:
    published = Published(datetime(2025, 12, 30, 9, tzinfo=UTC), "time", "stated")
    assert coming("He plans to visit Kyiv on 2 January.", published=published) == ["2 January 2026-01-02"]
    assert coming("He will visit Kyiv in January.", published=published) == ["January 2026-01-01/2026-01-31"]
    assert coming("He visited Kyiv on 2 January.", published=published) == []


def test_tomorrow_is_another_day_elsewhere_at_night() -> None:
    sentence = "The ceasefire will begin tomorrow."
    night = datetime(2025, 3, 20, 2, 30, tzinfo=UTC)  # the 19th in New York
    assert coming(sentence, published=Published(night, "time", "stated")) == []
    day = datetime(2025, 3, 20, tzinfo=UTC)
    assert coming(sentence, published=Published(day, "day", "stated")) == ["tomorrow 2025-03-21"]


def test_nothing_is_told_of_an_article_whose_date_is_not_stated() -> None:
    sentence = "The leaders will meet in Paris on 27 March."
    assert coming(sentence, published=Published()) == []
    assert coming(sentence, published=Published(THURSDAY.at, "day", "inferred")) == []
    assert coming(sentence, "xx") == []


WORDS = st.sampled_from([
    "will", "met", "said", "on", "by", "27", "31", "March", "Friday,", "next week", "tomorrow", "in April", "the", "of",
    "2025", "wird", "am 30. Februar", "bis Ende", "le 31 mars", "va", "el 3 de enero", "w środę", "29 lutego", "буде",
    "у п'ятницю", "1-3", "–", "“", "”", ".", "May", "may", "\ud800", "morgen",
])  # fmt: skip


@given(
    st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=25).map(" ".join)),
    st.sampled_from(["en", "de", "fr", "es", "pl", "uk", "", "xx"]),
    st.datetimes(timezones=st.just(UTC)),
)
def test_any_text_and_date(sentence: str, language: str, at: datetime) -> None:
    found = coming_days(sentence, Published(at, "time", "stated"), language)
    for one in found:
        assert sentence[one.start :].startswith(one.words)
        assert one.words
        assert one.day > at.date()
        assert one.until is None or one.until >= one.day
    assert [one.start for one in found] == sorted(one.start for one in found)
