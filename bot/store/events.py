"""Events: things a subscriber can be told once, each with its cause and the moment from which it may leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import deliveries
from bot.store.dialect import insert
from bot.store.schema import delivery, delivery_part, event, guild, subscriber_update, subscription
from bot.store.subscriptions import Cadence, SubscriberKind

EventKind = Literal["position_moved", "sources_differ", "corrected", "article_mentions"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that can be told. ``before`` and ``after`` are what it says of the party, as plain values."""

    id: int
    dossier: str
    kind: EventKind
    party: str
    cause: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    created_at: datetime
    leaves_at: datetime


@dataclass(frozen=True, slots=True)
class Untold:
    """An event that a subscriber has not been told, with the subscription that asks for it."""

    kind: SubscriberKind
    id: str
    cadence: Cadence
    subscribed_at: datetime
    guild_id: int | None
    dm_channel_id: int | None
    failures: int
    event: Event


def _event(row: Any) -> Event:  # noqa: ANN401 (a row of the table)
    return Event(
        row.id, row.dossier, row.kind, row.party, row.cause, row.before, row.after, row.created_at, row.leaves_at
    )


def record(
    conn: Connection,
    dossier: str,
    kind: EventKind,
    party: str,
    cause: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    leaves_at: datetime,
    now: datetime,
) -> bool:
    """Record an event, in the transaction of what caused it; False when the same cause was recorded before."""
    made = conn.execute(
        insert(conn, event)
        .values(
            dossier=dossier,
            kind=kind,
            party=party,
            cause=cause,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
            created_at=now,
            leaves_at=leaves_at,
        )
        .on_conflict_do_nothing(index_elements=["dossier", "cause"])
        .returning(event.c.id)
    ).scalar()
    return made is not None


def held(conn: Connection, dossier: str, party: str, kinds: Iterable[EventKind], *, now: datetime) -> list[Event]:
    """Return a party's events that may not leave yet, the oldest first: an undo can still cancel them.

    Nobody is told of them until the commit. What somebody was told already, by a clock ahead of ``now``, has left.
    """
    query = (
        select(event)
        .where(
            event.c.dossier == dossier,
            event.c.party == party,
            event.c.kind.in_(list(kinds)),
            event.c.leaves_at > now,
            event.c.cancelled_at.is_(None),
        )
        .order_by(event.c.id)
        .with_for_update(of=event)
    )
    found = [_event(row) for row in conn.execute(query)]
    # A statement of its own: it sees what was told while the one above waited.
    columns = subscriber_update.c
    told = conn.execute(select(columns.event_id).where(columns.event_id.in_([one.id for one in found]))).scalars()
    left = set(told)
    return [one for one in found if one.id not in left]


def cancel(conn: Connection, ids: Iterable[int], *, now: datetime) -> None:
    """Cancel events before they leave: nobody hears of them."""
    conn.execute(update(event).where(event.c.id.in_(list(ids))).values(cancelled_at=now))


def untold(
    conn: Connection, dossier: str, *, now: datetime, since: datetime, of: tuple[SubscriberKind, str] | None = None
) -> list[Untold]:
    """Return what active subscribers were not told yet, the oldest first; with ``of`` only what that one was not.

    Left out: what may not leave yet at ``now`` or happened before ``since`` or before they subscribed, those whose next
    try is still to come, and everything of servers that removed the bot.
    """
    told = (
        select(subscriber_update.c.id)
        .where(
            subscriber_update.c.subscriber_kind == subscription.c.subscriber_kind,
            subscriber_update.c.subscriber_id == subscription.c.subscriber_id,
            subscriber_update.c.event_id == event.c.id,
        )
        .exists()
    )
    columns = subscription.c
    query = (
        select(event, columns.subscriber_kind, columns.subscriber_id, columns.guild_id, columns.dm_channel_id,
               columns.failures, columns.cadence, columns.created_at.label("subscribed_at"))
        .join(subscription, and_(columns.dossier == event.c.dossier, columns.party == event.c.party))
        .outerjoin(guild, guild.c.id == columns.guild_id)
        .where(
            event.c.dossier == dossier,
            event.c.leaves_at <= now,
            event.c.created_at >= since,
            event.c.cancelled_at.is_(None),
            columns.state == "active",
            columns.subscriber_kind != "terminal",
            event.c.created_at > columns.created_at,
            or_(columns.next_try_at.is_(None), columns.next_try_at <= now),
            or_(columns.guild_id.is_(None), and_(guild.c.id.is_not(None), guild.c.left_at.is_(None))),
            ~told,
        )
        .order_by(event.c.id)
    )  # fmt: skip
    if of is not None:
        query = query.where(columns.subscriber_kind == of[0], columns.subscriber_id == of[1])
    return [
        Untold(
            row.subscriber_kind, row.subscriber_id, row.cadence, row.subscribed_at, row.guild_id, row.dm_channel_id,
            row.failures, _event(row),
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def still_untold(
    conn: Connection,
    dossier: str,
    kind: SubscriberKind,
    subscriber: str,
    ids: Iterable[int],
    *,
    now: datetime,
    since: datetime,
) -> bool:
    """Tell whether a subscriber still is to be told of all these events; until the commit that can't change.

    Between looking and telling another process may have told them, an editor taken one back, the person left.
    """
    wanted = sorted(ids)
    whose = (subscription.c.subscriber_kind == kind, subscription.c.subscriber_id == subscriber)
    # On PostgreSQL these wait for whoever changes the rows; on SQLite the writer is alone.
    conn.execute(select(subscription.c.id).where(*whose).order_by(subscription.c.id).with_for_update()).all()
    conn.execute(select(event.c.id).where(event.c.id.in_(wanted)).order_by(event.c.id).with_for_update(read=True)).all()
    found = {one.event.id for one in untold(conn, dossier, now=now, since=since, of=(kind, subscriber))}
    return found.issuperset(wanted)


def articles_told(
    conn: Connection, dossier: str, kind: SubscriberKind, subscriber: str, *, since: datetime
) -> dict[str, frozenset[str]]:
    """Return of which articles a subscriber was told from ``since`` on, or will be by what is owed, by id.

    With each the parties they were told that it speaks of. What was given up is left out, wholly or in part: nobody
    knows what of it they read.
    """
    columns = subscriber_update.c
    given_up = (
        select(delivery_part.c.position)
        .where(delivery_part.c.delivery_id == columns.delivery_id, delivery_part.c.state == "dropped")
        .exists()
    )
    query = (
        select(event.c.party, event.c.after)
        .join(subscriber_update, columns.event_id == event.c.id)
        .where(
            event.c.dossier == dossier,
            event.c.kind == "article_mentions",
            columns.subscriber_kind == kind,
            columns.subscriber_id == subscriber,
            columns.created_at >= since,
            ~given_up,
        )
    )
    found: dict[str, set[str]] = {}
    for row in conn.execute(query):
        if row.after:
            found.setdefault(row.after["article"], set()).add(row.party)
    return {article: frozenset(parties) for article, parties in found.items()}


def forget(conn: Connection, *, before: datetime) -> int:
    """Delete events from before a moment, and who was told of them; return how many that was."""
    return conn.execute(delete(event).where(event.c.created_at < before)).rowcount


def tell(
    conn: Connection,
    kind: SubscriberKind,
    subscriber: str,
    ids: Iterable[int],
    *,
    delivery_id: int | None,
    now: datetime,
) -> None:
    """Note that a delivery tells a subscriber of events; None: they said nothing new, so that nothing is sent.

    Commit point: the caller's, with the delivery: being told and being owed are one thing. Ask :func:`still_untold`
    first, in the same transaction: telling one twice is refused by the database.
    """
    rows = [
        {
            "subscriber_kind": kind,
            "subscriber_id": subscriber,
            "event_id": identifier,
            "delivery_id": delivery_id,
            "created_at": now,
        }
        for identifier in ids
    ]
    if rows:
        conn.execute(plain_insert(subscriber_update), rows)


def withdraw(
    conn: Connection, dossier: str, kind: SubscriberKind, subscriber: str, *, welcome: str, now: datetime
) -> None:
    """Drop what is owed to a subscriber, is not tried yet and tells only of parties that they no longer follow.

    ``welcome`` is how the keys of the messages begin that greet them: those go when they follow nothing any more. Call
    it in the transaction in which they leave.
    """
    followed = set(
        conn.execute(
            select(subscription.c.party).where(
                subscription.c.dossier == dossier,
                subscription.c.subscriber_kind == kind,
                subscription.c.subscriber_id == subscriber,
            )
        ).scalars()
    )
    owed = (
        select(delivery.c.id, delivery.c.once_key)
        .where(delivery.c.place_kind == kind, delivery.c.place_id == subscriber, delivery.c.done_at.is_(None))
        .order_by(delivery.c.id)
        .with_for_update()
    )
    for row in conn.execute(owed).all():
        about = set(
            conn.execute(
                select(event.c.party)
                .join(subscriber_update, subscriber_update.c.event_id == event.c.id)
                .where(subscriber_update.c.delivery_id == row.id, event.c.dossier == dossier)
            ).scalars()
        )
        unwanted = about.isdisjoint(followed) if about else row.once_key.startswith(welcome) and not followed
        if unwanted and deliveries.is_untried(conn, row.id):
            deliveries.drop(conn, row.id, "It was not wanted any more.", now=now)


def untell(conn: Connection, delivery_id: int) -> None:
    """Take back that a dropped delivery told anything, so that a later one does."""
    conn.execute(delete(subscriber_update).where(subscriber_update.c.delivery_id == delivery_id))
