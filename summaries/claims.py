"""Claims and figures: what one source reports, with its receipts, and the intervals of time they speak of.

The rules behind the fields are those of the stance table (README, "How claims are verified"): a claim is one party's
position as one source reports it; a figure is a number given for the whole group.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from summaries.text import Span

State = Literal["proposed", "approved", "rejected", "withdrawn"]
SourceKind = Literal["official", "named", "reporter", "unnamed"]

SOURCE_KINDS: tuple[SourceKind, ...] = ("official", "named", "reporter", "unnamed")
"""Kinds of source, the most authoritative first: a government's own voice, a named person, the reporter, nobody."""

STATES: tuple[State, ...] = ("proposed", "approved", "rejected", "withdrawn")

REPORTER = "reporter"
"""The speaker of a claim that the text states in its own voice."""

UNNAMED = "unnamed"
"""The speaker of a claim that the text ascribes to nobody in particular ("reports suggest")."""


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The calendar days (UTC) in which something was said: first to last, both included.

    It counts from its end: what was said "last month" is never dated to the first day of that month.
    """

    last: date
    first: date

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read ``2025``, ``2025-02``, ``2025-02-14`` or ``2025-03-10/2025-03-16``.

        Raises ValueError, with a sentence for people, when it is none of these or no real date.
        """
        wanted = "use 2025, 2025-02, 2025-02-14 or 2025-03-10/2025-03-16"
        if "/" in text:
            left, _, right = text.partition("/")
            first, last = cls.parse(left).first, cls.parse(right).last
            if first > last:
                raise ValueError(f"{text!r} ends before it begins")
            return cls(last, first)
        match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text)
        if match is None:
            raise ValueError(f"{text!r} is no date: {wanted}")
        year, month, day = int(match[1]), match[2], match[3]
        try:
            if month is None:
                return cls(date(year, 12, 31), date(year, 1, 1))
            if day is None:
                return cls(date(year, int(month), monthrange(year, int(month))[1]), date(year, int(month), 1))
            return cls(date(year, int(month), int(day)), date(year, int(month), int(day)))
        except ValueError:
            raise ValueError(f"{text!r} is no real date: {wanted}") from None

    def __str__(self) -> str:
        """Return the shortest form that :meth:`parse` reads back as the same interval."""
        if self.first == self.last:
            return self.first.isoformat()
        if self.first == date(self.first.year, 1, 1) and self.last == date(self.first.year, 12, 31):
            return f"{self.first.year:04d}"
        last_of_month = monthrange(self.last.year, self.last.month)[1]
        if self.first == self.last.replace(day=1) and self.last.day == last_of_month:
            return f"{self.first.year:04d}-{self.first.month:02d}"
        return f"{self.first.isoformat()}/{self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Quote:
    """Verbatim words of an article: ``article.text[start:end] == text`` in that revision, or it is no quote."""

    article: str
    revision: int
    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        """Where the words stand in the article's text."""
        return Span(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Claim:
    """One party's position as one source reports it.

    ``axes`` holds only what the source says (an axis it is silent about is absent). ``speaker`` is a name, an office,
    :data:`REPORTER` or :data:`UNNAMED`; ``via`` an agency the text quotes. ``reported_on`` is the UTC day of the text.
    """

    id: str
    party: str
    stance: str
    quotes: tuple[Quote, ...]
    speaker: str
    kind: SourceKind
    reported_on: date
    office: str | None = None
    via: str | None = None
    said_on: Interval | None = None
    axes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    contribution: str | None = None
    condition: str | None = None
    note: str | None = None
    state: State = "approved"

    @property
    def said_last(self) -> date:
        """The last day on which it can have been said: the end of ``said_on``, or the day it was reported."""
        return min(self.said_on.last, self.reported_on) if self.said_on else self.reported_on


@dataclass(frozen=True, slots=True)
class Figure:
    """A number the sources give for the group as a whole; ``measure`` says of what (a key of ``topic.toml``)."""

    id: str
    measure: str
    value: str
    quotes: tuple[Quote, ...]
    speaker: str
    kind: SourceKind
    reported_on: date
    low: int | None = None
    high: int | None = None
    office: str | None = None
    via: str | None = None
    said_on: Interval | None = None
    note: str | None = None
    state: State = "approved"


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of a claim or figure: its number from 1, when (aware UTC), by whom and why."""

    number: int
    changed_at: datetime
    changed_by: str
    why: str
