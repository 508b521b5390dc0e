"""What can be told: how a change of the table, or a new article, becomes events; and how an undo cancels them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.store import articles, claims, events
from bot.store.claims import Recorded
from bot.store.engine import Connection
from bot.store.events import EventKind
from summaries.article import Article
from summaries.claims import Claim
from summaries.parties import Parties
from summaries.stances import row_digest
from summaries.table import Position, positions
from summaries.topic import Topic

HOLD: Final = timedelta(minutes=2)
"""How long a change of the table is held back, so that an editor can undo it before anybody hears of it."""

_OF_THE_TABLE: Final[tuple[EventKind, ...]] = ("position_moved", "sources_differ", "corrected")


@dataclass(frozen=True, slots=True)
class TableEvent:
    """That a party's row of the table became another one: plain values, as the store keeps them."""

    kind: EventKind
    party: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Rows:
    """The approved claims of a moment, and which revision of each it is."""

    claims: tuple[Claim, ...]
    revisions: Mapping[str, int]

    @classmethod
    def of(cls, recorded: Iterable[Recorded[Claim]]) -> Rows:
        """Take them from the ledger."""
        found = list(recorded)
        return cls(tuple(one.value for one in found), {one.value.id: one.revision.number for one in found})


def as_plain(position: Position | None, revisions: Mapping[str, int]) -> dict[str, Any] | None:
    """Return what an event keeps of a position: its stance and axes, and which revisions of which claims show it."""
    if position is None:
        return None
    return {
        "stance": position.stance,
        "axes": dict(position.axes),
        "claims": [
            {"claim": claim.id, "revision": revisions[claim.id], "digest": row_digest(claim)}
            for claim in (position.claim, *position.agreeing)
        ],
        "differing": [
            {"claim": claim.id, "revision": revisions[claim.id], "digest": row_digest(claim)}
            for claim in position.differing
        ],
    }


def step(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> EventKind | None:
    """Return what led from one row of the table (see :func:`as_plain`) to another; None: nothing worth telling.

    A restatement, another source that agrees, is nothing.
    """
    if before is None or after is None:
        return "position_moved" if before is not after else None
    if (before["stance"], before["axes"]) != (after["stance"], after["axes"]):
        return "position_moved"
    known = {row["digest"] for row in before["differing"]}
    if any(row["digest"] not in known for row in after["differing"]):
        return "sources_differ"
    stood, stands = before["claims"][0], after["claims"][0]
    return "corrected" if stood["claim"] == stands["claim"] and stood["digest"] != stands["digest"] else None


def table_events(topic: Topic, parties: Parties, before: Rows, after: Rows, *, now: datetime) -> tuple[TableEvent, ...]:
    """Return what became of each party's row of the table, by the end of today (UTC): moved, differing or corrected.

    A restatement, another source that agrees, is no event.
    """
    tables = [positions(topic, parties, rows.claims, now.date()) for rows in (before, after)]
    found = []
    for party in sorted({*tables[0], *tables[1]}):
        old = as_plain(tables[0].get(party), before.revisions)
        new = as_plain(tables[1].get(party), after.revisions)
        kind = step(old, new)
        if kind is not None:
            found.append(TableEvent(kind, party, old, new))
    return tuple(found)


def record_table_events(
    conn: Connection, topic: Topic, parties: Parties, before: Rows, *, hold: timedelta = HOLD, now: datetime
) -> None:
    """Record what changed in the table since ``before``, in the transaction that changes it.

    What was held back for a party is told together with the new change, as one step; where both cancel out, because
    an editor took the change back, nobody hears of either.
    """
    after = Rows.of(claims.recorded(conn, topic.key))
    changed = {event.party: event for event in table_events(topic, parties, before, after, now=now)}
    # A row may have been given to another party: both are told.
    fresh = {
        (claim.party, f"{claim.id}@{after.revisions[claim.id]}")
        for claim in (*before.claims, *after.claims)
        if claim.id in after.revisions and before.revisions.get(claim.id) != after.revisions[claim.id]
    } | {
        (claim.party, f"{claim.id}@gone after {before.revisions[claim.id]}")
        for claim in before.claims
        if claim.id not in after.revisions
    }
    for party in sorted({party for party, _ in fresh}):
        waiting = events.held(conn, topic.key, party, _OF_THE_TABLE, now=now)
        event = changed.get(party)
        if event is None and not waiting:
            continue
        first = waiting[0].before if waiting else (event.before if event else None)
        table = positions(topic, parties, after.claims, now.date())
        last = as_plain(table.get(party), after.revisions)
        events.cancel(conn, [one.id for one in waiting], now=now)
        kind = step(first, last)
        if kind is None:
            continue
        events.record(
            conn,
            topic.key,
            kind,
            party,
            _cause(party, sorted(cause for whose, cause in fresh if whose == party)),
            before=first,
            after=last,
            leaves_at=now + hold,
            now=now,
        )


def _cause(party: str, changes: Sequence[str]) -> str:
    named = f"claims of {party}: {', '.join(changes)}"
    if len(named) <= 200:
        return named
    import hashlib

    return f"{named[:150]} and more {hashlib.sha256(named.encode()).hexdigest()[:16]}"


def record_mentions_events(conn: Connection, dossier: str, article: Article, *, now: datetime) -> None:
    """Record which parties a new article speaks of, in the transaction that stores it; an edit is no news."""
    for mention in articles.mentioned(conn, dossier, article.id, article.revision):
        events.record(
            conn,
            dossier,
            "article_mentions",
            mention.party,
            f"article {article.id} on {mention.party}",
            after={
                "article": article.id,
                "revision": article.revision,
                "count": mention.count,
                "start": mention.start,
                "end": mention.end,
            },
            leaves_at=now,
            now=now,
        )
