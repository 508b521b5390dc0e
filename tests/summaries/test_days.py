from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import Published
from summaries.days import RelativeDay, relative_days

THURSDAY = Published(datetime(2025, 3, 20, 15, 30, tzinfo=UTC), "time", "stated")


def days(sentence: str, language: str = "en", published: Published = THURSDAY) -> dict[str, str]:
    return {one.words: one.day.isoformat() for one in relative_days(sentence, published, language)}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The minister said on Tuesday that troops were ready.", {"Tuesday": "2025-03-18"}),
        ("He spoke on Thursday.", {"Thursday": "2025-03-20"}),
        ("He arrived on Friday.", {"Friday": "2025-03-14"}),
        ("The ministers will meet on Friday.", {"Friday": "2025-03-21"}),
        ("On Saturday the leaders will meet in Paris.", {"Saturday": "2025-03-22"}),
        ("On Saturday the leaders met in Paris.", {"Saturday": "2025-03-15"}),
        ("A summit is due on Monday, he said on Wednesday.", {"Monday": "2025-03-24", "Wednesday": "2025-03-19"}),
        ("He said yesterday it ends tomorrow.", {"yesterday": "2025-03-19", "tomorrow": "2025-03-21"}),
        ("The talks began this morning.", {"this morning": "2025-03-20"}),
        ("They met last Thursday.", {"Thursday": "2025-03-13"}),
        ("They meet next Thursday.", {"Thursday": "2025-03-27"}),
        ("They will meet next Friday.", {}),
        ("They will meet this coming Friday.", {"Friday": "2025-03-21"}),
        ("They will meet on Friday of next week.", {"Friday": "2025-03-28"}),
        ("They will meet on Tuesday next week.", {"Tuesday": "2025-03-25"}),
        ("They met on Friday last week.", {"Friday": "2025-03-14"}),
        ("They met on Tuesday last week.", {"Tuesday": "2025-03-11"}),
        ("Monday's meeting was short.", {"Monday": "2025-03-17"}),
        ("They approved a plan for soldiers on Tuesday.", {"Tuesday": "2025-03-18"}),
        ("They meet on Sundays.", {}),
        ("They met on Tuesday, 4 March.", {}),
        ("They met on Tuesday (March 4).", {}),
        ("The vote will be held on Friday.", {"Friday": "2025-03-21"}),
        ("They are expected to have met on Tuesday.", {}),
        ("Nothing of the kind, said Mr. Mondale.", {}),
        ("They met on Tuesday and again on Tuesday.", {"Tuesday": "2025-03-18"}),
    ],
)
def test_english(sentence: str, expected: dict[str, str]) -> None:
    assert days(sentence) == expected


@pytest.mark.parametrize(
    ("language", "sentence", "expected"),
    [
        ("de", "Der Minister sagte am Dienstag, man sei bereit.", {"Dienstag": "2025-03-18"}),
        ("de", "Die Minister wollen am Freitag beraten.", {"Freitag": "2025-03-21"}),
        ("de", "Das teilte er gestern mit.", {"gestern": "2025-03-19"}),
        ("de", "Die Minister wollen am Dienstag nächster Woche beraten.", {"Dienstag": "2025-03-25"}),
        ("de", "Die Minister wollen kommenden Freitag beraten.", {"Freitag": "2025-03-21"}),
        ("de", "Die Minister wollen nächsten Freitag beraten.", {}),
        ("fr", "Les ministres vont se réunir mardi de la semaine prochaine.", {"mardi": "2025-03-25"}),
        ("pl", "Spotkanie będzie we wtorek w przyszłym tygodniu.", {"wtorek": "2025-03-25"}),
        ("fr", "Le ministre a parlé mardi.", {"mardi": "2025-03-18"}),
        ("fr", "Les ministres vont se réunir vendredi.", {"vendredi": "2025-03-21"}),
        ("es", "El ministro dijo el martes que sí.", {"martes": "2025-03-18"}),
        ("es", "Los ministros se reunirán el viernes.", {"viernes": "2025-03-21"}),
        ("pl", "Minister powiedział we wtorek, że tak.", {"wtorek": "2025-03-18"}),
        ("pl", "Spotkanie będzie w piątek.", {"piątek": "2025-03-21"}),
        ("uk", "Міністр сказав це у вівторок.", {"вівторок": "2025-03-18"}),
        ("uk", "Зустріч буде в п’ятницю.", {"п’ятницю": "2025-03-21"}),
        ("uk", "Про це стало відомо вчора.", {"вчора": "2025-03-19"}),
    ],
)
def test_other_languages(language: str, sentence: str, expected: dict[str, str]) -> None:
    assert days(sentence, language) == expected


def test_nothing_is_counted_from_a_date_that_is_not_stated() -> None:
    sentence = "He spoke on Tuesday."
    assert days(sentence, published=Published()) == {}
    assert days(sentence, published=Published(THURSDAY.at, "day", "inferred")) == {}
    assert days(sentence, "xx") == {}


@given(st.text(max_size=300), st.sampled_from(["en", "de", "fr", "es", "pl", "uk", "", "xx"]))
def test_any_text(sentence: str, language: str) -> None:
    for one in relative_days(sentence, THURSDAY, language):
        assert one.words in sentence
        # "Monday of last week" and "Sunday of next week" are the farthest.
        assert date(2025, 3, 10) <= one.day <= date(2025, 3, 30)


def test_each_day_is_told_once_in_order() -> None:
    found = relative_days("He spoke on Tuesday and yesterday, and again on Tuesday.", THURSDAY, "en")
    assert found == (RelativeDay("Tuesday", date(2025, 3, 18)), RelativeDay("yesterday", date(2025, 3, 19)))
