"""Deliveries: what is owed to a place, exactly once, and who is working on it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store.dialect import insert
from bot.store.schema import delivery, delivery_part

PlaceKind = Literal["user", "channel", "thread", "terminal"]
Action = Literal["post", "edit", "delete", "pin"]
PartState = Literal["owed", "sending", "unknown", "sent", "parked", "dropped"]

HOLD: Final = timedelta(minutes=2)
"""How long a claimed delivery is left to its process before another one may take it over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a delivery goes. ``id`` is the user's, channel's or thread's id, or the terminal's name.

    ``channel_id`` is a user's direct message channel where it is known, or the channel a thread hangs on.
    """

    kind: PlaceKind
    id: str
    guild_id: int | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a delivery: its exact content, and what became of it."""

    position: int
    nonce: str
    content: Any
    message_id: int | None
    state: PartState
    first_tried_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that its claimant may now work on, with all its parts in order."""

    id: int
    once_key: str
    place: Place
    action: Action
    target_message_id: int | None
    due_at: datetime
    late_line: str | None
    frozen_at: datetime | None
    attempts: int
    last_error: str | None
    claimed_until: datetime
    parts: tuple[Part, ...]


def nonce(once_key: str, place: Place, position: int) -> str:
    """Return the nonce of a part: the same for each try of one message, another for every other message.

    The place is in it because Discord compares nonces per author, not per channel; 24 characters of the 25 allowed.
    """
    named = repr((once_key, place.kind, place.id, position))
    return hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=12).hexdigest()


def owe(
    conn: Connection,
    once_key: str,
    place: Place,
    contents: Sequence[Mapping[str, Any]],
    *,
    due_at: datetime,
    now: datetime,
    action: Action = "post",
    target_message_id: int | None = None,
    late_line: str | None = None,
) -> tuple[int, bool]:
    """Owe a place one delivery of one or more messages, unless it is owed already; return its id and whether it is new.

    ``once_key`` names what it stands for. Call it in the transaction that records that thing: then neither can exist
    without the other.
    """
    # Commit point: the caller's. The unique key decides between processes; the loser waits for the winner's commit.
    made = conn.execute(
        insert(conn, delivery)
        .values(
            once_key=once_key,
            place_kind=place.kind,
            place_id=place.id,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            action=action,
            target_message_id=target_message_id,
            created_at=now,
            due_at=due_at,
            late_line=late_line,
        )
        .on_conflict_do_nothing(index_elements=["once_key"])
        .returning(delivery.c.id)
    ).scalar()
    if made is None:
        known = conn.execute(select(delivery.c.id).where(delivery.c.once_key == once_key)).scalar_one()
        return int(known), False
    rows = [
        {
            "delivery_id": made,
            "position": position,
            "nonce": nonce(once_key, place, position),
            "content": dict(content),
            "state": "owed",
        }
        for position, content in enumerate(contents)
    ]
    if rows:
        conn.execute(plain_insert(delivery_part), rows)
    return int(made), True


def claim_due(conn: Connection, owner: str, now: datetime, limit: int, *, hold: timedelta = HOLD) -> list[Delivery]:
    """Take up to ``limit`` deliveries that are due, the longest due first, and keep others off them for ``hold``.

    Left out are those that are done, wait for a later try, or are another process's. Commit before working on them:
    then they are the owner's whatever happens; what is not done by ``now + hold`` comes back to whoever asks.
    """
    columns = delivery.c
    due = (
        select(delivery)
        .where(
            columns.done_at.is_(None),
            columns.due_at <= now,
            or_(columns.next_try_at.is_(None), columns.next_try_at <= now),
            or_(columns.claimed_until.is_(None), columns.claimed_until <= now),
        )
        .order_by(columns.due_at, columns.id)
        .limit(limit)
        # On PostgreSQL processes pass by each other's rows instead of waiting; on SQLite the writer is alone.
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(due).all()
    if not rows:
        return []
    until = now + hold
    ids = [row.id for row in rows]
    conn.execute(update(delivery).where(columns.id.in_(ids)).values(claimed_by=owner, claimed_until=until))
    parts: defaultdict[int, list[Part]] = defaultdict(list)
    of_these = select(delivery_part).where(delivery_part.c.delivery_id.in_(ids)).order_by(delivery_part.c.position)
    for row in conn.execute(of_these):
        parts[row.delivery_id].append(
            Part(row.position, row.nonce, row.content, row.message_id, row.state, row.first_tried_at, row.sent_at)
        )
    return [
        Delivery(
            id=row.id,
            once_key=row.once_key,
            place=Place(row.place_kind, row.place_id, row.guild_id, row.channel_id),
            action=row.action,
            target_message_id=row.target_message_id,
            due_at=row.due_at,
            late_line=row.late_line,
            frozen_at=row.frozen_at,
            attempts=row.attempts,
            last_error=row.last_error,
            claimed_until=until,
            parts=tuple(parts[row.id]),
        )
        for row in rows
    ]
