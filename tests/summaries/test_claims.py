"""Intervals count from their end, and are written as briefly as they can be read back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.claims import Claim, Interval, Quote

QUOTE = Quote("a", 1, 0, 4, "word")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("2025-03-15", date(2025, 3, 15), date(2025, 3, 15)),
        ("2025-03-10/2025-03-16", date(2025, 3, 10), date(2025, 3, 16)),
        ("2025-01/2025-02", date(2025, 1, 1), date(2025, 2, 28)),
    ],
)
def test_what_an_interval_covers(text: str, first: date, last: date) -> None:
    found = Interval.parse(text)
    assert (found.first, found.last) == (first, last)


@pytest.mark.parametrize("text", ["", "2025-13", "2025-02-30", "02.2025", "2025-03-16/2025-03-10", "last month", "25"])
def test_what_is_no_interval_is_explained(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no |ends before"):
        Interval.parse(text)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)), st.integers(0, 800))
def test_an_interval_reads_back_as_itself(first: date, days: int) -> None:
    interval = Interval(first + timedelta(days=days), first)
    assert Interval.parse(str(interval)) == interval


def test_said_last_month_counts_from_the_end_of_that_month() -> None:
    claim = Claim(
        "pl", "PL", "support", (QUOTE,), "A", "official", date(2025, 3, 20), said_on=Interval.parse("2025-02")
    )
    assert claim.said_last == date(2025, 2, 28)
    plain = Claim("pl", "PL", "support", (QUOTE,), "A", "official", date(2025, 3, 20))
    assert plain.said_last == date(2025, 3, 20)


def test_nothing_counts_as_said_after_it_was_reported() -> None:
    open_ended = Claim("a", "PL", "x", (QUOTE,), "A", "official", date(2025, 4, 1), said_on=Interval.parse("2025-04"))
    assert open_ended.said_last == date(2025, 4, 1)
