"""The stance table at a moment: positions derived from claims, what they add up to, and how they moved.

Nothing here is stored: a position follows from the approved claims alone, so any earlier day can be asked for.
``as_of`` is a UTC day everywhere and means: reported by the end of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    """A party's position before (None: a first statement) and after (None: a withdrawal)."""

    party: str
    before: Position | None
    after: Position | None


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

    Sources that nobody is named for never displace official or named ones, however much newer they are; so they don't
    move the seven days in which those compete either.
    """
    signed = [claim for claim in claims if claim.kind != "unnamed"]
    standing = _competing(signed) if signed else []
    if any(claim.kind in {"official", "named"} for claim in standing):
        oldest = max(claim.reported_on for claim in standing) - timedelta(days=COMPETING_DAYS)
        unnamed = [claim for claim in claims if claim.kind == "unnamed" and claim.reported_on > oldest]
        return min(standing, key=_rank), [*standing, *unnamed]
    competing = _competing(claims)
    return min(competing, key=_rank), competing


def _axes(topic: Topic, parties: Parties, winner: Claim, sources: Sequence[Claim]) -> dict[str, str]:
    """Answer each axis from the first of ``sources`` that speaks of it; silence is the topic's own value."""
    party = parties.get(winner.party)
    organisation = party is not None and party.kind == "organisation"
    answers = {}
    for key, axis in topic.axes.items():
        stated = (claim.axes[key] for claim in sources if key in claim.axes)
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
    agreeing: list[Claim] = []
    differing: list[Claim] = []
    for claim in sorted((claim for claim in competing if claim is not winner), key=_rank):
        ours = all(not _disagrees(claim, other) for other in (winner, *agreeing))
        (agreeing if ours else differing).append(claim)
    # A source that is silent on an axis takes nothing back: an older one of the same stance still answers it.
    older = [claim for claim in claims if claim not in competing and claim.stance == winner.stance]
    for claim in sorted(older, key=lambda claim: (-claim.reported_on.toordinal(), _rank(claim))):
        answered = {key for other in (winner, *agreeing) for key in other.axes}
        if set(claim.axes) - answered:
            agreeing.append(claim)
    sources = (winner, *agreeing)
    day = winner.reported_on
    stated = frozenset(key for claim in sources for key in claim.axes)
    axes = _axes(topic, parties, winner, sources)
    return Position(
        winner.party, winner.stance, winner, tuple(agreeing), tuple(differing), axes, stated, day, day
    )  # fmt: skip


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
        changed_on = day if before is None or moved(before, position) else before.last_change
        walked.append(replace(position, on_file_since=days[0], last_change=changed_on))
    return walked


def moved(before: Position | None, after: Position | None) -> bool:
    """Tell whether a position became another one: its stance, or an answer on an axis. A restatement is no change."""
    if before is None or after is None:
        return before is not after
    return before.stance != after.stance or before.axes != after.axes


def changes(
    topic: Topic, parties: Parties, before: Mapping[str, Position], after: Mapping[str, Position]
) -> list[Change]:
    """Return how one table became another, for any two tables (party code to position).

    In order: changes before first statements, then as stances are listed, then by name.
    """
    found = [
        Change(party, before.get(party), after.get(party))
        for party in {**before, **after}
        if moved(before.get(party), after.get(party))
    ]

    def order(change: Change) -> tuple[bool, int, str]:
        shown = change.after or change.before
        return (change.before is None, topic.rank(shown.stance) if shown else 0, parties[change.party].name)

    return sorted(found, key=order)


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
