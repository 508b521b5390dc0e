"""Dates and counts in words, as templates use them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from summaries.article import Published
from summaries.claims import Interval


def day(value: date) -> str:
    """Return a calendar day in words: "20 March 2025"."""
    return f"{value.day} {value:%B} {value.year:04d}"


def weekday(value: date) -> str:
    """Return a calendar day with its weekday: "Thursday 20 March 2025"."""
    return f"{value:%A} {day(value)}"


def hour(value: time | datetime) -> str:
    """Return an hour of the clock: "08:00"."""
    return f"{value:%H:%M}"


def published(value: Published) -> str:
    """Return when a text was published, and how that is known."""
    if value.day is None:
        return "date unknown"
    if value.basis == "inferred":
        return f"about {day(value.day)} (date inferred)"
    return day(value.day)


def interval(value: Interval) -> str:
    """Return an interval in words: "15 March 2025", "February 2025", "10 to 16 March 2025"."""
    first, last = value.first, value.last
    if first == last:
        return day(first)
    text = str(value)
    if len(text) == 4:
        return text
    if len(text) == 7:
        return f"{first:%B} {first.year:04d}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    return f"{day(first)} to {day(last)}"


def age(then: date, now: date) -> str:
    """Return how long ago a day was: "today", "yesterday", "12 days ago", "20 months ago"."""
    days = (now - then).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    if days < 61:
        return f"{days} days ago"
    months = (now.year - then.year) * 12 + now.month - then.month - (now.day < then.day)
    if months < 24:
        return f"{plural(months, 'month')} ago"
    return f"{months // 12} years ago"


def old(newest: date | None, now: date, after_days: int) -> bool:
    """Tell whether the newest source is so old that every answer must say so."""
    return newest is not None and now - newest > timedelta(days=after_days)


def iso(moment: datetime) -> str:
    """Return a moment (aware) as ISO 8601 in UTC, to the second: "2025-03-20T06:12:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return "1 story", "2 stories": ``many`` where adding an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
