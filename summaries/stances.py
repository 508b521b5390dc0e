"""``stances.toml``: the stance table as a file that people edit, and back again to the same bytes.

A file is read as a whole: either every row is right, or :class:`~summaries.toml.Problems` names each row that is not.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from summaries.article import Article
from summaries.claims import REPORTER, SOURCE_KINDS, STATES, UNNAMED, Claim, Figure, Interval, Quote
from summaries.parties import Parties
from summaries.receipts import why_broken
from summaries.text import collapse
from summaries.toml import Problems, did_you_mean, explain, load, shown
from summaries.topic import Topic

Articles = Callable[[str, int | None], Article | None]
"""Finds one revision of an article by its id and revision number; None is the newest."""

HEADER = """\
# The stance table. One row is one party's position as one source reports it; README, "How claims are verified", says
# how rows are read and "How to correct a claim" how to change one. Written by `rollcall table export`.

"""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Quote(_Row):
    article: str
    revision: int | None = Field(default=None, ge=1, le=1_000_000)
    start: int = Field(ge=0, le=1_000_000_000)
    end: int = Field(ge=0, le=1_000_000_000)
    text: str


class _Statement(_Row):
    """What claims and figures share."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,79}$")
    speaker: str = Field(min_length=1, max_length=200)
    office: str | None = Field(default=None, min_length=1, max_length=200)
    via: str | None = Field(default=None, min_length=1, max_length=200)
    source: Literal["official", "named", "reporter", "unnamed"]
    said_on: str | None = None
    reported_on: str
    state: Literal["proposed", "approved", "rejected", "withdrawn"] = "approved"
    note: str | None = Field(default=None, min_length=1, max_length=500)
    quotes: list[_Quote] = Field(min_length=1)


class _Claim(_Statement):
    party: str
    stance: str
    axes: dict[str, str] = {}
    contribution: str | None = Field(default=None, min_length=1, max_length=200)
    condition: str | None = Field(default=None, min_length=1, max_length=300)


class _Figure(_Statement):
    measure: str
    value: str = Field(min_length=1, max_length=100)
    low: int | None = Field(default=None, ge=0, le=1_000_000_000_000)
    high: int | None = Field(default=None, ge=0, le=1_000_000_000_000)


class _File(_Row):
    claims: list[_Claim] = []
    figures: list[_Figure] = []


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a stance table."""

    claims: tuple[Claim, ...] = ()
    figures: tuple[Figure, ...] = ()

    @property
    def rows(self) -> tuple[Claim | Figure, ...]:
        """Claims, then figures."""
        return (*self.claims, *self.figures)


def parse_table(text: str, topic: Topic, parties: Parties, articles: Articles, source: str = "stances.toml") -> Table:
    """Read and check a whole table.

    Raises :class:`~summaries.toml.Problems` with one sentence for each thing that is wrong: file, row, key, value,
    what is allowed. Every quote is verified against its article.
    """
    data = load(text, source)
    try:
        file = _File.model_validate(_axes_gathered(data, topic))
    except ValidationError as error:
        raise explain(error, data, source, model=_File) from None
    problems: list[str] = []
    claims = [_claim(row, problems, source, articles) for row in file.claims]
    figures = [_figure(row, problems, source, articles) for row in file.figures]
    table = Table(tuple(c for c in claims if c), tuple(f for f in figures if f))
    problems += check_table(table, topic, parties, articles, source)
    if problems:
        raise Problems(problems)
    return table


def _axes_gathered(data: dict[str, Any], topic: Topic) -> dict[str, Any]:
    """Editors write an axis as a key of the row (``troops = "no"``); gather those into one mapping per claim."""
    rows = data.get("claims")
    if not isinstance(rows, list):
        return data
    gathered = [
        {k: v for k, v in row.items() if k not in topic.axes} | {"axes": {k: row[k] for k in topic.axes if k in row}}
        if isinstance(row, dict) and "axes" not in row
        else row
        for row in rows
    ]
    return data | {"claims": gathered}


def _interval(row: _Statement, problems: list[str], where: str) -> Interval | None:
    if row.said_on is None:
        return None
    try:
        return Interval.parse(row.said_on)
    except ValueError as error:
        problems.append(f"{where}.said_on: {error}")
        return None


def _day(row: _Statement, problems: list[str], where: str) -> date | None:
    try:
        return date.fromisoformat(row.reported_on) if len(row.reported_on) == 10 else _no_day(row.reported_on)
    except ValueError:
        problems.append(f"{where}.reported_on = {shown(row.reported_on)}: no real date: use one like 2025-03-20")
        return None


def _no_day(text: str) -> date:
    raise ValueError(text)


def _shared(row: _Statement, problems: list[str], where: str, articles: Articles) -> dict[str, Any] | None:
    count = len(problems)
    reported, said = _day(row, problems, where), _interval(row, problems, where)
    if len(problems) > count:
        return None
    return {
        "id": row.id,
        "speaker": row.speaker,
        "office": row.office,
        "via": row.via,
        "kind": row.source,
        "said_on": said,
        "reported_on": reported,
        "state": row.state,
        "note": row.note,
        "quotes": tuple(_quote(q, articles) for q in row.quotes),
    }


def _quote(row: _Quote, articles: Articles) -> Quote:
    """A quote without a revision is of the newest one."""
    revision = row.revision
    if revision is None:
        newest = articles(row.article, None)
        revision = newest.revision if newest else 1
    return Quote(row.article, revision, row.start, row.end, row.text)


def _claim(row: _Claim, problems: list[str], source: str, articles: Articles) -> Claim | None:
    shared = _shared(row, problems, f"{source}: claims[{row.id}]", articles)
    if shared is None:
        return None
    return Claim(
        party=row.party,
        stance=row.stance,
        axes=dict(sorted(row.axes.items())),
        contribution=row.contribution,
        condition=row.condition,
        **shared,
    )


def _figure(row: _Figure, problems: list[str], source: str, articles: Articles) -> Figure | None:
    shared = _shared(row, problems, f"{source}: figures[{row.id}]", articles)
    if shared is None:
        return None
    return Figure(measure=row.measure, value=row.value, low=row.low, high=row.high, **shared)


def check_table(
    table: Table, topic: Topic, parties: Parties, articles: Articles, source: str = "the table"
) -> list[str]:
    """Check rows against the topic, the parties and the articles; returns one sentence for each thing that is wrong."""
    problems: list[str] = []
    for identifier, count in Counter(row.id for row in table.rows).items():
        if count > 1:
            problems.append(f"{source}: row {identifier!r}: {count} rows have this id; each needs one of its own")
    for claim in table.claims:
        where = f"{source}: claims[{claim.id}]"
        problems += _check_claim(claim, topic, parties, where) + _check_shared(claim, articles, where)
    for figure in table.figures:
        where = f"{source}: figures[{figure.id}]"
        problems += _check_figure(figure, topic, where) + _check_shared(figure, articles, where)
    return problems


def _one_of(key: str, value: str, allowed: Iterable[str], where: str) -> list[str]:
    known = list(allowed)
    if value in known:
        return []
    return [f"{where}.{key} = {shown(value)}: unknown; allowed: {', '.join(known)}.{did_you_mean(value, known)}"]


def _check_claim(claim: Claim, topic: Topic, parties: Parties, where: str) -> list[str]:
    problems = _one_of("stance", claim.stance, topic.stances, where)
    if parties.get(claim.party) is None:
        found = parties.resolve(claim.party).party
        hint = f" Did you mean {found.code!r}?" if found else ""
        problems.append(f"{where}.party = {shown(claim.party)}: no party has this code.{hint}")
    for axis, value in claim.axes.items():
        if axis not in topic.axes:
            problems += _one_of("axes", axis, topic.axes, where)
        else:
            problems += _one_of(axis, value, topic.axes[axis].values, where)
    words = [collapse(quote.text) for quote in claim.quotes]
    if claim.contribution and claim.contribution not in topic.roles and not _in_any(claim.contribution, words):
        roles = ", ".join(sorted(topic.roles)) or "none"
        problems.append(
            f"{where}.contribution = {shown(claim.contribution)}: it must be words of a quote of this row, "
            f"or a role of topic.toml ({roles})"
        )
    if claim.condition and not _in_any(claim.condition, words):
        problems.append(f"{where}.condition = {shown(claim.condition)}: it must be words of a quote of this row")
    if claim.kind == "unnamed" and claim.stance in topic.stances and topic.stances[claim.stance].bucket == "in":
        problems.append(f"{where}.stance = {claim.stance!r}: what nobody is named for never counts above 'maybe'")
    return problems


def _check_figure(figure: Figure, topic: Topic, where: str) -> list[str]:
    problems = _one_of("measure", figure.measure, topic.measures, where)
    if not _in_any(figure.value, [collapse(quote.text) for quote in figure.quotes]):
        problems.append(f"{where}.value = {shown(figure.value)}: it must be words of a quote of this row")
    if figure.low is not None and figure.high is not None and figure.low > figure.high:
        problems.append(f"{where}.low = {figure.low}: it is above high = {figure.high}")
    return problems


def _in_any(words: str, quotes: Iterable[str]) -> bool:
    return any(collapse(words) in quote for quote in quotes)


def _check_shared(row: Claim | Figure, articles: Articles, where: str) -> list[str]:
    problems = _one_of("source", row.kind, SOURCE_KINDS, where) + _one_of("state", row.state, STATES, where)
    if not row.speaker.strip():
        problems.append(f"{where}.speaker: missing. Give a name, an office, {REPORTER!r} or {UNNAMED!r}")
    if (row.speaker == REPORTER) != (row.kind == "reporter") or (row.speaker == UNNAMED) != (row.kind == "unnamed"):
        problems.append(
            f"{where}.speaker = {shown(row.speaker)}: it doesn't fit source = {row.kind!r}; {REPORTER!r} goes with "
            f"'reporter', {UNNAMED!r} with 'unnamed', a name or office with 'official' or 'named'"
        )
    if row.said_on and row.said_on.first > row.reported_on:
        problems.append(f"{where}.said_on = '{row.said_on}': later than it was reported ({row.reported_on})")
    for number, quote in enumerate(row.quotes, start=1):
        article = articles(quote.article, quote.revision)
        if broken := why_broken(quote, article):
            problems.append(f"{where}.quotes[{number}]: {broken}")
        elif article and article.published.day not in {None, row.reported_on}:
            problems.append(
                f"{where}.reported_on = {row.reported_on}: article {quote.article!r} is of {article.published.day}"
            )
    if not row.quotes:
        problems.append(f"{where}.quotes: missing. Every row needs at least one")
    return problems


def as_row(row: Claim | Figure) -> dict[str, Any]:
    """Return a row as the mapping that stands in ``stances.toml``: fixed key order, nothing that is unknown."""
    first: dict[str, Any]
    if isinstance(row, Claim):
        first = {"id": row.id, "party": row.party, "stance": row.stance}
        first |= dict(sorted(row.axes.items()))
        first |= {"contribution": row.contribution, "condition": row.condition}
    else:
        first = {"id": row.id, "measure": row.measure, "value": row.value, "low": row.low, "high": row.high}
    whole = first | {
        "speaker": row.speaker,
        "office": row.office,
        "via": row.via,
        "source": row.kind,
        "said_on": str(row.said_on) if row.said_on else None,
        "reported_on": row.reported_on.isoformat(),
        "state": None if row.state == "approved" else row.state,
        "note": row.note,
        "quotes": [
            {"article": q.article, "revision": q.revision, "start": q.start, "end": q.end, "text": q.text}
            for q in row.quotes
        ],
    }
    return {key: value for key, value in whole.items() if value is not None}


def write_table(table: Table) -> str:
    """Write a table as ``stances.toml``: rows in order of their ids, so that equal tables are equal bytes."""
    data: dict[str, Any] = {
        "claims": [as_row(row) for row in sorted(table.claims, key=lambda row: row.id)],
        "figures": [as_row(row) for row in sorted(table.figures, key=lambda row: row.id)],
    }
    return HEADER + tomli_w.dumps(data, indent=2)


def row_digest(row: Claim | Figure) -> str:
    """Return a SHA-256 (hex) of a row's content: equal for equal rows, whatever file they stand in."""
    return hashlib.sha256(json.dumps(as_row(row), sort_keys=True, ensure_ascii=True).encode()).hexdigest()
