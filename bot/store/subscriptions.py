"""Subscriptions: who wants to hear of which party and how often; and what is stored about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, or_, select, update

from bot.store import dossiers
from bot.store.dialect import insert
from bot.store.schema import audit, delivery, feed, guild_briefing, shown, subscriber_update, subscription

SubscriberKind = Literal["user", "channel", "terminal"]
Cadence = Literal["instant", "daily", "weekly"]
Added = Literal["new", "changed", "unchanged"]

FORGOTTEN = "deleted on request"
"""Stands in the audit trail where a person's id stood; what was done stays on record, by whom does not."""

_KEPT: Final[dict[str, dict[str, str | None]]] = {
    "audit": {"who": FORGOTTEN},
    "briefings_set_up": {"set_up_by": None},
    "feeds_added": {"added_by": None},
}
"""Rows that outlive the person who made them, and what stands there instead of the person."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscriber's wish to hear of one party."""

    dossier: str
    subscriber_kind: SubscriberKind
    subscriber_id: str
    party: str
    cadence: Cadence
    guild_id: int | None
    dm_channel_id: int | None
    state: Literal["active", "paused"]
    failures: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Everything stored about a reader: the subscriptions themselves, and how many rows of what else."""

    subscriptions: tuple[Subscription, ...]
    counts: Mapping[str, int]


def add(
    conn: Connection,
    dossier: str,
    kind: SubscriberKind,
    subscriber: str,
    party: str,
    cadence: Cadence,
    *,
    guild_id: int | None = None,
    dm_channel_id: int | None = None,
    now: datetime,
) -> Added:
    """Subscribe to a party, or change how often; doing so twice is doing it once.

    Subscribing again wakes a paused subscription.
    """
    dossiers.ensure(conn, dossier, now=now)
    # Commit point: the caller's. The insert decides between two who subscribe the same person at once.
    made = conn.execute(
        insert(conn, subscription)
        .values(
            dossier=dossier,
            subscriber_kind=kind,
            subscriber_id=subscriber,
            party=party,
            cadence=cadence,
            guild_id=guild_id,
            dm_channel_id=dm_channel_id,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(subscription.c.id)
    ).scalar()
    if made is not None:
        return "new"
    wanted: dict[str, object] = {"cadence": cadence, "state": "active"}
    if guild_id is not None:
        wanted["guild_id"] = guild_id
    if dm_channel_id is not None:
        wanted["dm_channel_id"] = dm_channel_id
    differs = or_(*(subscription.c[name].is_distinct_from(value) for name, value in wanted.items()))
    changed = conn.execute(
        update(subscription)
        .where(_whose(kind, subscriber), subscription.c.dossier == dossier, subscription.c.party == party, differs)
        .values(**wanted, failures=0, next_try_at=None, failed_at=None, told_at=None)
    )
    return "changed" if changed.rowcount else "unchanged"


def remove(
    conn: Connection, dossier: str, kind: SubscriberKind, subscriber: str, party: str | None = None
) -> list[str]:
    """End a subscription, or with no ``party`` all of a subscriber's; return the parties no longer followed."""
    where = [_whose(kind, subscriber), subscription.c.dossier == dossier]
    if party is not None:
        where.append(subscription.c.party == party)
    return sorted(conn.execute(delete(subscription).where(*where).returning(subscription.c.party)).scalars())


def listed(conn: Connection, dossier: str | None, kind: SubscriberKind, subscriber: str) -> list[Subscription]:
    """Return a subscriber's subscriptions, ordered by party; with no ``dossier``, those of all."""
    columns = subscription.c
    query = select(
        columns.dossier,
        columns.subscriber_kind,
        columns.subscriber_id,
        columns.party,
        columns.cadence,
        columns.guild_id,
        columns.dm_channel_id,
        columns.state,
        columns.failures,
        columns.created_at,
    ).where(_whose(kind, subscriber))
    if dossier is not None:
        query = query.where(columns.dossier == dossier)
    found = [Subscription(**row) for row in conn.execute(query).mappings()]
    return sorted(found, key=lambda one: (one.dossier, one.party))


def show_person(conn: Connection, kind: SubscriberKind, subscriber: str) -> Person:
    """Return all that is stored about a reader, in every dossier."""
    counts = {
        name: int(conn.execute(select(func.count()).select_from(condition[0]).where(condition[1])).scalar_one())
        for name, condition in _traces(kind, subscriber).items()
    }
    # The same names for everybody: what a terminal can't have is none.
    counts = {**dict.fromkeys((*_traces("user", "0"),), 0), **counts}
    return Person(tuple(listed(conn, None, kind, subscriber)), MappingProxyType(counts))


def delete_person(conn: Connection, kind: SubscriberKind, subscriber: str) -> dict[str, int]:
    """Delete all that is stored about a reader and return how many rows of what that was.

    Records of what an administrator did stay, without the person's id. Nothing that was still owed to the reader is
    sent after the commit.
    """
    counts = {}
    for name, (table, where) in _traces(kind, subscriber).items():
        stand_in = _KEPT.get(name)
        done = conn.execute(
            delete(table).where(where) if stand_in is None else update(table).where(where).values(stand_in)
        )
        counts[name] = done.rowcount
    return counts


def _whose(kind: SubscriberKind, subscriber: str) -> ColumnElement[bool]:
    return and_(subscription.c.subscriber_kind == kind, subscription.c.subscriber_id == subscriber)


def _traces(kind: SubscriberKind, subscriber: str) -> dict[str, tuple[Table, ColumnElement[bool]]]:
    """Return the tables that know a reader, by the name people are shown, in an order in which they can be deleted."""
    traces: dict[str, tuple[Table, ColumnElement[bool]]] = {
        "subscriptions": (subscription, _whose(kind, subscriber)),
        "updates": (
            subscriber_update,
            and_(subscriber_update.c.subscriber_kind == kind, subscriber_update.c.subscriber_id == subscriber),
        ),
        "shown": (shown, and_(shown.c.place_kind == kind, shown.c.place_id == subscriber)),
        # Their parts, the messages themselves, go with them.
        "deliveries": (delivery, and_(delivery.c.place_kind == kind, delivery.c.place_id == subscriber)),
    }
    if kind == "user":
        traces["audit"] = (audit, audit.c.who == subscriber)
        traces["feeds_added"] = (feed, feed.c.added_by == subscriber)
        if subscriber.isdecimal():
            traces["briefings_set_up"] = (guild_briefing, guild_briefing.c.set_up_by == int(subscriber))
    return traces


def active_of(conn: Connection, dossier: str, kind: SubscriberKind, subscriber: str) -> list[Subscription]:
    """Return a subscriber's active subscriptions, the oldest first."""
    rows = [one for one in listed(conn, dossier, kind, subscriber) if one.state == "active"]
    return sorted(rows, key=lambda one: (one.created_at, one.party))


def reached(conn: Connection, kind: SubscriberKind, subscriber: str, dm_channel_id: int | None) -> None:
    """Note that a message reached a subscriber: failures are forgotten, the direct channel is remembered.

    All they follow is awake again: only failures ever pause it.
    """
    values: dict[str, object] = {
        "state": "active",
        "failures": 0,
        "next_try_at": None,
        "failed_at": None,
        "told_at": None,
    }
    if dm_channel_id is not None:
        values["dm_channel_id"] = dm_channel_id
    stale = [subscription.c.failures > 0, subscription.c.state == "paused"]
    if dm_channel_id is not None:
        stale.append(subscription.c.dm_channel_id.is_distinct_from(dm_channel_id))
    conn.execute(update(subscription).where(_whose(kind, subscriber), or_(*stale)).values(values))


def failed(
    conn: Connection, kind: SubscriberKind, subscriber: str, *, next_try_at: datetime | None, now: datetime
) -> None:
    """Note that messages don't reach a subscriber; with no next try everything they follow is paused.

    Until the next try has come it counts once, however many messages were on their way: what they began to follow
    since waits with the rest.
    """
    active = (_whose(kind, subscriber), subscription.c.state == "active")
    pending = conn.execute(
        select(func.max(subscription.c.next_try_at, type_=subscription.c.next_try_at.type)).where(*active)
    ).scalar()
    if pending is not None and pending > now:
        conn.execute(
            update(subscription)
            .where(*active, or_(subscription.c.next_try_at.is_(None), subscription.c.next_try_at <= now))
            .values(failed_at=now, told_at=None, next_try_at=pending)
        )
        return
    conn.execute(
        update(subscription)
        .where(*active)
        .values(
            failures=subscription.c.failures + 1,
            failed_at=now,
            told_at=None,
            next_try_at=next_try_at,
            state="active" if next_try_at is not None else "paused",
        )
    )


def take_failure(conn: Connection, subscriber: str, *, now: datetime) -> bool:
    """Tell whether a person must be told that messages don't reach them; once for each failure.

    Call it when they typed a command somewhere: it notes that they are told.
    """
    done = conn.execute(
        update(subscription)
        .where(_whose("user", subscriber), subscription.c.failed_at.is_not(None), subscription.c.told_at.is_(None))
        .values(told_at=now)
    )
    return done.rowcount > 0


def has_failure(conn: Connection, subscriber: str) -> bool:
    """Tell whether there is a failure a person was not told of yet."""
    query = select(subscription.c.id).where(
        _whose("user", subscriber), subscription.c.failed_at.is_not(None), subscription.c.told_at.is_(None)
    )
    return conn.execute(query.limit(1)).first() is not None
