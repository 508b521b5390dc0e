"""Deliveries: what is owed to a place, exactly once, and who is working on it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Update, and_, case, delete, func, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store.dialect import insert
from bot.store.schema import delivery, delivery_part, guild, shown

PlaceKind = Literal["user", "channel", "thread", "terminal"]
Action = Literal["post", "edit", "delete", "pin"]
PartState = Literal["owed", "sending", "unknown", "sent", "parked", "dropped"]

HOLD: Final = timedelta(minutes=2)
"""How long a claimed delivery is left to its process before another one may take it over."""


KEPT_WHEN_DONE: Final = timedelta(days=30)
"""How long what was sent, or given up, stays on record."""


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

    Left out are those that are done, wait for a later try, or are another process's, and what comes after such a
    one at the same place: readers get messages in order. Commit before working on them: then they are the owner's
    whatever happens; what is not done by ``now + hold`` comes back to whoever asks.
    """
    columns = delivery.c
    before = delivery.alias().c
    comes_after = select(before.id).where(
        columns.action == "post",
        before.place_kind == columns.place_kind,
        before.place_id == columns.place_id,
        before.action == "post",
        before.done_at.is_(None),
        or_(before.due_at < columns.due_at, and_(before.due_at == columns.due_at, before.id < columns.id)),
    )
    stuck = or_(before.next_try_at > now, before.claimed_until > now)
    gone = select(guild.c.id).where(and_(guild.c.id == columns.guild_id, guild.c.left_at.is_not(None))).exists()
    due = (
        select(delivery)
        .where(
            columns.done_at.is_(None),
            columns.due_at <= now,
            or_(columns.next_try_at.is_(None), columns.next_try_at <= now),
            or_(columns.claimed_until.is_(None), columns.claimed_until <= now),
            # A server that removed the bot is sent nothing.
            or_(columns.guild_id.is_(None), ~gone),
            ~comes_after.where(stuck).exists(),
        )
        .order_by(columns.due_at, columns.id)
        .limit(limit)
        # On PostgreSQL processes pass by each other's rows instead of waiting; on SQLite the writer is alone.
        .with_for_update(skip_locked=True, of=delivery)
    )
    rows = conn.execute(due).all()
    ids = [row.id for row in rows]
    # What another process is claiming right now was passed by, and what comes after it has to wait as well.
    hasty = select(columns.id).where(columns.id.in_(ids), comes_after.where(before.id.not_in(ids)).exists())
    waits = set(conn.execute(hasty).scalars()) if ids else set()
    rows = [row for row in rows if row.id not in waits]
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


def owed_of(conn: Connection, once_keys: Iterable[str]) -> set[str]:
    """Return which of these keys something was owed under, done or not."""
    return set(conn.execute(select(delivery.c.once_key).where(delivery.c.once_key.in_(list(once_keys)))).scalars())


def renew(conn: Connection, delivery_id: int, owner: str, *, now: datetime, hold: timedelta = HOLD) -> bool:
    """Hold a claimed delivery longer; False when it must be left alone.

    So it must where it is not the owner's any more: another process took it over, it was done, dropped or deleted, or
    its server removed the bot.
    """
    columns = delivery.c
    gone = select(guild.c.id).where(guild.c.id == columns.guild_id, guild.c.left_at.is_not(None)).exists()
    held = conn.execute(
        update(delivery)
        .where(columns.id == delivery_id, columns.claimed_by == owner, columns.done_at.is_(None), ~gone)
        .values(claimed_until=now + hold)
    )
    return held.rowcount == 1


def freeze(conn: Connection, one: Delivery, owner: str, *, now: datetime, late: bool) -> Delivery | None:
    """Fix a delivery's words and place before its first try, the late line added where it is late; return it so.

    From its first try on its parts are the same for each try: returned as it is. Where it is sure that nothing arrived,
    the next try is a first one again, and may have become late. None when it must be left alone (see :func:`renew`).
    """
    if not renew(conn, one.id, owner, now=now):
        return None
    if any(part.state not in {"owed", "parked"} for part in one.parts):
        return one
    parts = one.parts
    if late and one.late_line and parts and isinstance(parts[0].content, dict):
        words = parts[0].content.get("content", "")
        if not words.startswith(one.late_line):
            content = {**parts[0].content, "content": f"{one.late_line}\n{words}"}
            parts = (replace(parts[0], content=content), *parts[1:])
            conn.execute(_part(one.id, 0).values(content=content))
    frozen_at = one.frozen_at or now
    conn.execute(update(delivery).where(delivery.c.id == one.id).values(frozen_at=frozen_at))
    return replace(one, parts=parts, frozen_at=frozen_at)


def _part(delivery_id: int, position: int) -> Update:
    columns = delivery_part.c
    return update(delivery_part).where(columns.delivery_id == delivery_id, columns.position == position)


def move(conn: Connection, delivery_id: int, place: Place) -> None:
    """Send a delivery that was not tried yet to another place, at once where it waited for the old one."""
    columns = delivery.c
    row = conn.execute(select(columns.once_key).where(columns.id == delivery_id, columns.frozen_at.is_(None))).first()
    if row is None:
        return
    conn.execute(
        update(delivery)
        .where(columns.id == delivery_id)
        .values(
            place_kind=place.kind,
            place_id=place.id,
            guild_id=place.guild_id,
            channel_id=place.channel_id,
            # It waited for the old place.
            next_try_at=None,
        )
    )
    positions = select(delivery_part.c.position).where(delivery_part.c.delivery_id == delivery_id)
    for position in conn.execute(positions).scalars().all():
        conn.execute(_part(delivery_id, position).values(nonce=nonce(row.once_key, place, position)))


def trying(conn: Connection, delivery_id: int, position: int, owner: str, *, now: datetime) -> bool:
    """Note, before a part is sent, that it is: whatever happens next, nobody takes it for untouched.

    False, and nothing is noted, when the delivery must be left alone (see :func:`renew`).
    """
    if not renew(conn, delivery_id, owner, now=now):
        return False
    columns = delivery_part.c
    conn.execute(
        _part(delivery_id, position).values(
            state="sending", first_tried_at=case((columns.first_tried_at.is_(None), now), else_=columns.first_tried_at)
        )
    )
    conn.execute(update(delivery).where(delivery.c.id == delivery_id).values(attempts=delivery.c.attempts + 1))
    return True


def sent(conn: Connection, delivery_id: int, position: int, message_id: int | None, *, now: datetime) -> None:
    """Note that a part has arrived as a message."""
    conn.execute(_part(delivery_id, position).values(state="sent", message_id=message_id, sent_at=now))


def not_sent(conn: Connection, delivery_id: int, position: int, state: PartState) -> None:
    """Note what a try left behind: ``owed`` or ``parked`` where surely nothing arrived, else ``unknown``."""
    values: dict[str, Any] = {"state": state}
    if state != "unknown":
        values["first_tried_at"] = None
    conn.execute(_part(delivery_id, position).values(values))


def let_go(
    conn: Connection,
    delivery_id: int,
    owner: str,
    *,
    next_try_at: datetime | None,
    error: str | None,
    refused: bool = False,
) -> None:
    """Give a claimed delivery back, to be tried again at a moment (None: at once); one that is another's stays so.

    ``refused``: it waits because its place refuses it (see :func:`wake`).
    """
    conn.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.claimed_by == owner)
        .values(claimed_by=None, claimed_until=None, next_try_at=next_try_at, last_error=error, refused=refused)
    )


def release(conn: Connection, owner: str) -> None:
    """Give back all that a process has claimed and is not working on any more."""
    conn.execute(
        update(delivery)
        .where(delivery.c.claimed_by == owner, delivery.c.done_at.is_(None))
        .values(claimed_by=None, claimed_until=None)
    )


def finish(conn: Connection, delivery_id: int, *, now: datetime) -> None:
    """Note that every part of a delivery has arrived."""
    conn.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id)
        .values(done_at=now, claimed_by=None, claimed_until=None, next_try_at=None, last_error=None)
    )


def drop(conn: Connection, delivery_id: int, error: str, *, now: datetime) -> None:
    """Give a delivery up: what has not arrived never will, and what it was to show counts as not shown."""
    conn.execute(
        update(delivery_part)
        .where(delivery_part.c.delivery_id == delivery_id, delivery_part.c.state != "sent")
        .values(state="dropped")
    )
    conn.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id)
        .values(done_at=now, claimed_by=None, claimed_until=None, next_try_at=None, last_error=error)
    )
    conn.execute(update(shown).where(shown.c.delivery_id == delivery_id).values(void=True))


def is_untried(conn: Connection, delivery_id: int) -> bool:
    """Tell whether no part of a delivery can have arrived."""
    columns = delivery_part.c
    query = select(columns.position).where(
        columns.delivery_id == delivery_id, columns.state.not_in(["owed", "parked"])
    )  # fmt: skip
    return conn.execute(query.limit(1)).first() is None


def was_dropped(conn: Connection, delivery_id: int) -> bool:
    """Tell whether a delivery was given up before all of it arrived."""
    columns = delivery_part.c
    query = select(columns.position).where(columns.delivery_id == delivery_id, columns.state == "dropped")
    return conn.execute(query.limit(1)).first() is not None


def drop_posts(conn: Connection, guild_id: int, error: str, *, now: datetime) -> None:
    """Give up all that is still to be posted in a server's channels; what is to be taken back there still is."""
    columns = delivery.c
    owed = select(columns.id).where(
        columns.guild_id == guild_id,
        columns.place_kind.in_(["channel", "thread"]),
        columns.action == "post",
        columns.done_at.is_(None),
    )
    for delivery_id in conn.execute(owed.with_for_update()).scalars().all():
        drop(conn, delivery_id, error, now=now)


def wake(conn: Connection, guild_id: int) -> int:
    """Let what places in a server refused be tried now, as their permissions may have changed; return how many.

    What waits because Discord asked to wait is left waiting.
    """
    columns = delivery.c
    woken = conn.execute(
        update(delivery)
        .where(
            columns.guild_id == guild_id,
            columns.done_at.is_(None),
            columns.refused.is_(True),
            columns.next_try_at.is_not(None),
        )
        .values(next_try_at=None)
    )
    return woken.rowcount


def forget(conn: Connection, *, now: datetime) -> int:
    """Delete what was done long ago, its words included; return how many deliveries that was."""
    done = conn.execute(delete(delivery).where(delivery.c.done_at < now - KEPT_WHEN_DONE))
    return done.rowcount


def open_count(conn: Connection) -> int:
    """Return how many deliveries are not done."""
    query = select(func.count()).select_from(delivery).where(delivery.c.done_at.is_(None))
    return int(conn.execute(query).scalar_one())
