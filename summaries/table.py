"""The stance table at a moment: positions derived from claims, what they add up to, and how they moved.

Nothing here is stored: a position follows from the approved claims alone, so any earlier day can be asked for.
``as_of`` is a UTC day everywhere and means: reported by the end of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from summaries.claims import SOURCE_KINDS, Claim, Figure
from summaries.parties import Parties
from summaries.topic import BUCKETS, Bucket, Topic

COMPETING_DAYS = 7
"""Claims reported within this many days up to the newest compete for the position (rules of reading, number 8)."""


@dataclass(frozen=True, slots=True)
class Position:
    """What the table shows for one party: the claim that counts, those that agree, and those that differ.

    ``stated_axes`` are those that a source speaks of; the others hold the topic's value for silence.
    """

    party: str
    stance: str
    claim: Claim
    agreeing: tuple[Claim, ...]
    differing: tuple[Claim, ...]
    axes: dict[str, str]
    stated_axes: frozenset[str]
    on_file_since: date
    last_change: date

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All claims that a reader is shown, the deciding one first."""
        return (self.claim, *self.agreeing, *self.differing)

    @property
    def newest(self) -> date:
        """The day of the newest source shown."""
        return max(claim.reported_on for claim in self.claims)


@dataclass(frozen=True, slots=True)
class Change:
    """A party's stance before and after; ``before`` is None for a first statement, ``after`` None for a withdrawal."""

    party: str
    before: Position | None
    after: Position | None
    on: date


@dataclass(frozen=True, slots=True)
class Totals:
    """How many countries are in each bucket, and how many organisations are counted apart, bucket by bucket."""

    countries: dict[Bucket, int]
    organisations: dict[Bucket, int]


def _rank(claim: Claim) -> tuple[int, int, int, str]:
    """Order of competing claims, best first: kind of source, later reported, later said, id."""
    return (
        SOURCE_KINDS.index(claim.kind),
        -claim.reported_on.toordinal(),
        -claim.said_last.toordinal(),
        claim.id,
    )


def _competing(claims: Sequence[Claim]) -> list[Claim]:
    newest = max(claim.reported_on for claim in claims)
    return [claim for claim in claims if newest - claim.reported_on < timedelta(days=COMPETING_DAYS)]


def _decide(claims: Sequence[Claim]) -> tuple[Claim, list[Claim]]:
    """Return the claim that counts and every claim that competed with it, itself included.

    Sources that nobody is named for never displace official or named ones, however much newer they are.
    """
    competing = _competing(claims)
    if any(claim.kind in {"official", "named"} for claim in competing):
        return min(competing, key=_rank), competing
    unnamed_only = all(claim.kind == "unnamed" for claim in competing)
    known = [claim for claim in claims if claim.kind in {"official", "named"}]
    if unnamed_only and known:
        kept = _competing(known)
        return min(kept, key=_rank), [*kept, *competing]
    return min(competing, key=_rank), competing


def _axes(topic: Topic, parties: Parties, winner: Claim, agreeing: Sequence[Claim]) -> dict[str, str]:
    """Answer each axis from the best claim of the same stance that speaks of it; silence is the topic's own value."""
    party = parties.get(winner.party)
    organisation = party is not None and party.kind == "organisation"
    answers = {}
    for key, axis in topic.axes.items():
        stated = (claim.axes[key] for claim in (winner, *agreeing) if key in claim.axes)
        quiet = axis.silent_na if organisation or winner.stance in axis.na_stances else axis.silent
        answers[key] = next(stated, quiet)
    return answers


def _disagrees(claim: Claim, winner: Claim) -> bool:
    """Two sources differ when their stances do, or when both speak of an axis and say different things."""
    return claim.stance != winner.stance or any(
        key in winner.axes and winner.axes[key] != value for key, value in claim.axes.items()
    )


def _at(topic: Topic, parties: Parties, claims: Sequence[Claim]) -> Position:
    winner, competing = _decide(claims)
    others = sorted((claim for claim in competing if claim is not winner), key=_rank)
    agreeing = tuple(claim for claim in others if not _disagrees(claim, winner))
    differing = tuple(claim for claim in others if _disagrees(claim, winner))
    day = winner.reported_on
    stated = frozenset(key for claim in (winner, *agreeing) for key in claim.axes)
    axes = _axes(topic, parties, winner, agreeing)
    return Position(winner.party, winner.stance, winner, agreeing, differing, axes, stated, day, day)


def positions(topic: Topic, parties: Parties, claims: Iterable[Claim], as_of: date) -> dict[str, Position]:
    """Derive every party's position from the approved claims reported by the end of ``as_of`` (UTC).

    Returns party code to position; a party without a position has no entry.
    """
    by_party: dict[str, list[Claim]] = {}
    for claim in claims:
        if claim.state == "approved" and claim.reported_on <= as_of:
            by_party.setdefault(claim.party, []).append(claim)
    return {party: _walk(topic, parties, rows)[-1] for party, rows in sorted(by_party.items())}


def _walk(topic: Topic, parties: Parties, claims: Sequence[Claim]) -> list[Position]:
    """Return one party's position after each day on which something was reported, oldest first.

    ``last_change`` is the day on which the stance, or an answer on an axis, last became another one.
    """
    walked: list[Position] = []
    days = sorted({claim.reported_on for claim in claims})
    for day in days:
        position = _at(topic, parties, [claim for claim in claims if claim.reported_on <= day])
        before = walked[-1] if walked else None
        same = before is not None and before.stance == position.stance and before.axes == position.axes
        changed_on = before.last_change if before is not None and same else day
        walked.append(replace(position, on_file_since=days[0], last_change=changed_on))
    return walked


def changes(topic: Topic, parties: Parties, claims: Iterable[Claim], since: date | None, until: date) -> list[Change]:
    """Return how stances moved from the end of ``since`` to the end of ``until`` (UTC days), by party.

    A restatement is no change. ``since`` None means: from nothing.
    """
    rows = list(claims)
    before = positions(topic, parties, rows, since) if since is not None else {}
    after = positions(topic, parties, rows, until)
    moved = [
        Change(party, before.get(party), after[party], after[party].last_change)
        for party in after
        if party not in before or before[party].stance != after[party].stance
    ]
    return sorted(
        moved, key=lambda change: (change.before is None, topic.rank(_stance(change)), parties[change.party].name)
    )


def _stance(change: Change) -> str:
    position = change.after or change.before
    if position is None:
        raise ValueError("a change has at least one side")
    return position.stance


def totals(topic: Topic, parties: Parties, table: Iterable[Position]) -> Totals:
    """Add positions up by bucket, countries and organisations apart."""
    countries: dict[Bucket, int] = dict.fromkeys(BUCKETS, 0)
    organisations: dict[Bucket, int] = dict.fromkeys(BUCKETS, 0)
    for position in table:
        bucket = topic.stances[position.stance].bucket
        counted = organisations if parties[position.party].kind == "organisation" else countries
        counted[bucket] += 1
    return Totals(countries, organisations)


def figures_at(figures: Iterable[Figure], topic: Topic, as_of: date) -> dict[str, list[Figure]]:
    """Return measure to its approved figures reported by the end of ``as_of``, best source first."""
    found: dict[str, list[Figure]] = {}
    for measure in topic.measures:
        rows = [f for f in figures if f.measure == measure and f.state == "approved" and f.reported_on <= as_of]
        rows.sort(key=lambda f: (SOURCE_KINDS.index(f.kind), -f.reported_on.toordinal(), f.id))
        if rows:
            found[measure] = rows
    return found
