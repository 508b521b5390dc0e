"""Servers' briefings: where and when each is posted, which were made, and what each server has been shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, String, cast, delete, exists, func, literal, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import dossiers
from bot.store.deliveries import Place
from bot.store.dialect import insert
from bot.store.schema import briefing, delivery, delivery_part, guild, guild_briefing, shown

State = Literal["active", "paused", "removed"]

LOOK_BACK: Final = timedelta(days=1)
"""A first briefing, and one after a pause, also tells what was stored in the day before it was set up or woken.

A weekly one tells the week before its hour then, which is seen where it is made.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """A server's briefing as its administrators set it up: the channel or thread, the hour there, and who did it.

    ``set_up_at`` is from when its hour counts, ``news_from`` from when articles do (None: from a day before that), and
    ``told_at`` up to when rows of the table were told there (None before the first that arrived). ``length`` is
    how much it tells; on ``weekday`` (Monday is 0) it comes once a week, with None every day.
    """

    id: int
    guild_id: int
    channel_id: int
    thread_id: int | None
    hour: time
    zone: str
    state: State
    set_up_by: int | None
    set_up_at: datetime
    news_from: datetime | None = None
    told_at: datetime | None = None
    length: Literal["short", "normal", "long"] = "normal"
    weekday: int | None = None

    @property
    def target_id(self) -> int:
        """The channel or thread that is posted in."""
        return self.thread_id or self.channel_id

    @property
    def place(self) -> Place:
        """Where it is posted, as deliveries name it."""
        if self.thread_id is not None:
            return Place("thread", str(self.thread_id), self.guild_id, self.channel_id)
        return Place("channel", str(self.channel_id), self.guild_id)


@dataclass(frozen=True, slots=True)
class Posted:
    """A briefing that was made: for which local day, when, and what became of its delivery."""

    id: int
    local_date: date
    due_at: datetime
    made_at: datetime
    delivery_id: int | None
    last_error: str | None
    done_at: datetime | None
    message_ids: tuple[int, ...]
    place_id: str | None
    dropped: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A briefing that was posted and not taken back: for which local day, when it was made (aware UTC), what it told.

    ``value`` is what :func:`record` was given.
    """

    local_date: date
    made_at: datetime
    value: Mapping[str, Any]


def _plan(row: Any) -> Plan:  # noqa: ANN401 (a row of the table)
    return Plan(
        id=row.id,
        guild_id=row.guild_id,
        channel_id=row.channel_id,
        thread_id=row.thread_id,
        hour=time.fromisoformat(row.local_time),
        zone=row.zone,
        state=row.state,
        set_up_by=row.set_up_by,
        set_up_at=row.set_up_at,
        news_from=row.news_from,
        told_at=row.told_at,
        length=row.length,
        weekday=row.weekday,
    )


def switch_on(
    conn: Connection,
    dossier: str,
    guild_id: int,
    *,
    channel_id: int,
    thread_id: int | None,
    hour: time,
    zone: str,
    by: int,
    now: datetime,
    weekday: int | None = None,
    length: Literal["short", "normal", "long"] = "normal",
) -> Plan:
    """Set a server's briefing up, or change the one it has; return it. Changed, it repeats nothing it has shown."""
    dossiers.ensure(conn, dossier, now=now)
    values: dict[str, Any] = {
        "channel_id": channel_id,
        "thread_id": thread_id,
        "local_time": hour.strftime("%H:%M"),
        "zone": zone,
        "weekday": weekday,
        "length": length,
        "state": "active",
        "set_up_by": by,
    }
    # Two who switch it on at once set up one briefing: the second waits for the first one's commit.
    conn.execute(select(guild.c.id).where(guild.c.id == guild_id).with_for_update())
    known = plan_of(conn, dossier, guild_id)
    if known is None:
        made = conn.execute(
            plain_insert(guild_briefing)
            .values(guild_id=guild_id, dossier=dossier, set_up_at=now, news_from=now - LOOK_BACK, **values)
            .returning(guild_briefing.c.id)
        ).scalar_one()
    else:
        made = known.id
        # An hour, zone or weekday that moved is owed from now on; another channel or length changes nothing about when.
        if (known.hour, known.zone, known.weekday) != (hour, zone, weekday) or known.state != "active":
            values["set_up_at"] = now
        # What came in while its hour was being moved is still news; what came in while it was paused is not.
        if known.state != "active":
            values["news_from"] = now - LOOK_BACK
        conn.execute(update(guild_briefing).where(guild_briefing.c.id == made).values(values))
    return _plan(conn.execute(select(guild_briefing).where(guild_briefing.c.id == made)).one())


def plan_of(conn: Connection, dossier: str, guild_id: int) -> Plan | None:
    """Return a server's briefing; None where none is set up."""
    columns = guild_briefing.c
    row = conn.execute(
        select(guild_briefing).where(
            columns.guild_id == guild_id, columns.dossier == dossier, columns.state != "removed"
        )
    ).first()
    return None if row is None else _plan(row)


def plan(conn: Connection, plan_id: int) -> Plan | None:
    """Return a briefing by its id."""
    row = conn.execute(select(guild_briefing).where(guild_briefing.c.id == plan_id)).first()
    return None if row is None else _plan(row)


def set_state(conn: Connection, plan_id: int, state: Literal["active", "paused"], *, now: datetime) -> None:
    """Pause a briefing or wake it. Woken, it owes nothing for the days in between."""
    values: dict[str, Any] = {"state": state}
    if state == "active":
        values |= {"set_up_at": now, "news_from": now - LOOK_BACK}
    conn.execute(update(guild_briefing).where(guild_briefing.c.id == plan_id).values(values))


def come_back(conn: Connection, guild_id: int, *, now: datetime) -> None:
    """Let a server's briefings begin anew, where the bot was away: nothing is owed for the days in between."""
    columns = guild_briefing.c
    conn.execute(
        update(guild_briefing).where(columns.guild_id == guild_id).values(set_up_at=now, news_from=now - LOOK_BACK)
    )


def as_planned(conn: Connection, made_for: Plan) -> Plan | None:
    """Return a briefing as it is now; None when it is no longer to be made as it was planned.

    So it is where it was paused, ended, woken or moved to another hour, zone or weekday since, or the server removed
    the bot.
    Who pauses, moves or ends it waits for the commit.
    """
    query = (
        select(guild_briefing)
        .join(guild, guild.c.id == guild_briefing.c.guild_id)
        .where(guild_briefing.c.id == made_for.id, guild_briefing.c.state == "active", guild.c.left_at.is_(None))
        .with_for_update(of=guild_briefing)
    )
    row = conn.execute(query).first()
    now_is = None if row is None else _plan(row)
    if now_is is None or (now_is.hour, now_is.zone, now_is.weekday, now_is.set_up_at) != (
        made_for.hour,
        made_for.zone,
        made_for.weekday,
        made_for.set_up_at,
    ):
        return None
    return now_is


def remove(conn: Connection, plan_id: int) -> None:
    """Delete a server's briefing and all that was made of it, what is still owed included."""
    made = select(briefing.c.delivery_id).where(briefing.c.guild_briefing_id == plan_id)
    conn.execute(delete(delivery).where(delivery.c.id.in_(made)))
    conn.execute(delete(briefing).where(briefing.c.guild_briefing_id == plan_id))
    owner = select(guild_briefing.c.guild_id).where(guild_briefing.c.id == plan_id)
    guild_id = conn.execute(owner).scalar()
    conn.execute(delete(shown).where(shown.c.place_kind == "guild", shown.c.place_id == str(guild_id)))
    conn.execute(delete(guild_briefing).where(guild_briefing.c.id == plan_id))


def active(conn: Connection, dossier: str) -> list[tuple[Plan, date | None]]:
    """Return the briefings of servers the bot is in, each with the newest local day that was made."""
    newest = (
        select(briefing.c.guild_briefing_id, func.max(briefing.c.local_date).label("day"))
        .group_by(briefing.c.guild_briefing_id)
        .subquery()
    )
    query = (
        select(guild_briefing, newest.c.day)
        .join(guild, guild.c.id == guild_briefing.c.guild_id)
        .outerjoin(newest, newest.c.guild_briefing_id == guild_briefing.c.id)
        .where(guild_briefing.c.dossier == dossier, guild_briefing.c.state == "active", guild.c.left_at.is_(None))
        .order_by(guild_briefing.c.id)
    )
    return [(_plan(row), row.day) for row in conn.execute(query)]


def missed(conn: Connection, dossier: str) -> set[int]:
    """Return the ids of weekly briefings whose newest one was given up: the next day's makes up for it.

    What was due before a briefing was set up as it is now, or woken, is not made up for.
    """
    newest = (
        select(briefing.c.guild_briefing_id, func.max(briefing.c.local_date).label("day"))
        .group_by(briefing.c.guild_briefing_id)
        .subquery()
    )
    query = (
        select(guild_briefing.c.id)
        .join(newest, newest.c.guild_briefing_id == guild_briefing.c.id)
        .join(briefing, (briefing.c.guild_briefing_id == guild_briefing.c.id) & (briefing.c.local_date == newest.c.day))
        .join(delivery_part, delivery_part.c.delivery_id == briefing.c.delivery_id)
        .where(
            guild_briefing.c.dossier == dossier,
            guild_briefing.c.weekday.is_not(None),
            briefing.c.due_at >= guild_briefing.c.set_up_at,
            delivery_part.c.state == "dropped",
        )
        .distinct()
    )
    return set(conn.execute(query).scalars())


def record(
    conn: Connection,
    plan_id: int,
    local_date: date,
    *,
    due_at: datetime,
    table_at: datetime,
    value: Mapping[str, Any],
    now: datetime,
) -> int | None:
    """Record that a day's briefing is made; None when another process has made it. Owe its delivery right after."""
    # Commit point: the caller's, together with the delivery and what it shows.
    return conn.execute(
        insert(conn, briefing)
        .values(
            guild_briefing_id=plan_id,
            local_date=local_date,
            due_at=due_at,
            made_at=now,
            table_at=table_at,
            value=dict(value),
        )
        .on_conflict_do_nothing(index_elements=["guild_briefing_id", "local_date"])
        .returning(briefing.c.id)
    ).scalar()


def set_delivery(conn: Connection, briefing_id: int, delivery_id: int) -> None:
    """Say which delivery brings a briefing."""
    conn.execute(update(briefing).where(briefing.c.id == briefing_id).values(delivery_id=delivery_id))


def told(conn: Connection, delivery_id: int) -> None:
    """Note that a briefing arrived: up to where it told of the table, that is told; call it where it is finished."""
    arrived = conn.execute(
        select(briefing.c.guild_briefing_id, briefing.c.table_at).where(briefing.c.delivery_id == delivery_id)
    ).first()
    if arrived is None or arrived.table_at is None:
        return
    columns = guild_briefing.c
    conn.execute(
        update(guild_briefing)
        .where(
            columns.id == arrived.guild_briefing_id,
            or_(columns.told_at.is_(None), columns.told_at < arrived.table_at),
        )
        .values(told_at=arrived.table_at)
    )


def posted(conn: Connection, plan_id: int, limit: int) -> list[Posted]:
    """Return the newest briefings made for a server, the newest first."""
    query = (
        select(
            briefing.c.id, briefing.c.local_date, briefing.c.due_at, briefing.c.made_at, briefing.c.delivery_id,
            delivery.c.last_error, delivery.c.done_at, delivery.c.place_id,
        )
        .outerjoin(delivery, delivery.c.id == briefing.c.delivery_id)
        .where(briefing.c.guild_briefing_id == plan_id)
        .order_by(briefing.c.local_date.desc())
        .limit(limit)
    )  # fmt: skip
    found = []
    for row in conn.execute(query).all():
        parts = conn.execute(
            select(delivery_part.c.message_id, delivery_part.c.state)
            .where(delivery_part.c.delivery_id == row.delivery_id)
            .order_by(delivery_part.c.position)
        ).all()
        found.append(
            Posted(
                row.id, row.local_date, row.due_at, row.made_at, row.delivery_id, row.last_error, row.done_at,
                tuple(part.message_id for part in parts if part.message_id is not None), row.place_id,
                any(part.state == "dropped" for part in parts),
            )
        )  # fmt: skip
    return found


def told_here(conn: Connection, plan_id: int, limit: int, local_date: date | None = None) -> list[Told]:
    """Return the newest briefings that a server has before it, the newest first; with ``local_date`` that day's.

    One whose delivery is not on record any more arrived: it was kept as long as it was owed.
    """
    part, taken_back = delivery_part.alias(), delivery.alias()
    arrived = exists().where(
        part.c.delivery_id == briefing.c.delivery_id,
        part.c.state == "sent",
        ~exists().where(taken_back.c.once_key == literal("retract:") + cast(part.c.message_id, String)),
    )
    columns = briefing.c
    query = select(columns.local_date, columns.made_at, columns.value).where(
        columns.guild_briefing_id == plan_id, or_(columns.delivery_id.is_(None), arrived)
    )
    if local_date is not None:
        query = query.where(columns.local_date == local_date)
    return [Told(*row) for row in conn.execute(query.order_by(columns.local_date.desc()).limit(limit))]


def forget(conn: Connection, *, before: datetime) -> int:
    """Delete briefings made before a moment, but of each server the newest; return how many that was.

    The newest says which day was made last.
    """
    newest = (
        select(briefing.c.guild_briefing_id, func.max(briefing.c.local_date).label("day"))
        .group_by(briefing.c.guild_briefing_id)
        .subquery()
    )
    kept = select(newest.c.day).where(newest.c.guild_briefing_id == briefing.c.guild_briefing_id).scalar_subquery()
    done = conn.execute(delete(briefing).where(briefing.c.made_at < before, briefing.c.local_date < kept))
    return done.rowcount


def plan_of_delivery(conn: Connection, delivery_id: int) -> tuple[Plan, date] | None:
    """Return whose briefing a delivery brings, and for which local day; None when it brings none."""
    row = conn.execute(
        select(guild_briefing, briefing.c.local_date)
        .join(briefing, briefing.c.guild_briefing_id == guild_briefing.c.id)
        .where(briefing.c.delivery_id == delivery_id)
    ).first()
    return None if row is None else (_plan(row), row.local_date)


def waiting(conn: Connection, plan_id: int) -> list[int]:
    """Return the deliveries of a briefing that were made and not yet tried: they go where the briefing goes.

    Left out are those that a process has claimed: it knows the place they had. Nobody claims the others before this
    transaction ends.
    """
    query = (
        select(delivery.c.id)
        .join(briefing, briefing.c.delivery_id == delivery.c.id)
        .where(
            briefing.c.guild_briefing_id == plan_id,
            delivery.c.frozen_at.is_(None),
            delivery.c.done_at.is_(None),
            delivery.c.claimed_by.is_(None),
        )
        .with_for_update(skip_locked=True, of=delivery)
    )
    return list(conn.execute(query).scalars())


def before(conn: Connection, plan_id: int, local_date: date, *, now: datetime) -> tuple[list[int], bool]:
    """Return the deliveries of earlier days' briefings of which nothing was tried yet, and whether others are open.

    Nobody works on the former at ``now``, and nobody begins to before this transaction ends.
    """
    tried = (
        select(delivery_part.c.delivery_id)
        .where(delivery_part.c.delivery_id == delivery.c.id, delivery_part.c.state.not_in(["owed", "parked"]))
        .exists()
    )
    query = (
        select(delivery.c.id)
        .join(briefing, briefing.c.delivery_id == delivery.c.id)
        .where(
            briefing.c.guild_briefing_id == plan_id, briefing.c.local_date < local_date, delivery.c.done_at.is_(None)
        )
    )
    free = query.where(or_(delivery.c.claimed_until.is_(None), delivery.c.claimed_until <= now), ~tried)
    untried = list(conn.execute(free.with_for_update(skip_locked=True, of=delivery)).scalars())
    return untried, any(one not in untried for one in conn.execute(query).scalars())


def show(
    conn: Connection,
    dossier: str,
    place_kind: str,
    place_id: str,
    items: Iterable[tuple[str, str]],
    *,
    delivery_id: int,
    now: datetime,
) -> None:
    """Remember what a delivery shows a place, as (kind, id) of each item; call it in the delivery's transaction."""
    rows = [
        {
            "dossier": dossier,
            "place_kind": place_kind,
            "place_id": place_id,
            "item_kind": kind,
            "item_id": identifier,
            "delivery_id": delivery_id,
            "shown_at": now,
        }
        for kind, identifier in items
    ]
    if rows:
        conn.execute(plain_insert(shown), rows)


def shown_to(conn: Connection, dossier: str, place_kind: str, place_id: str, item_kind: str) -> set[str]:
    """Return the ids of one kind of item that a place has been shown, or will be by what is owed to it."""
    query = select(shown.c.item_id).where(
        shown.c.dossier == dossier,
        shown.c.place_kind == place_kind,
        shown.c.place_id == place_id,
        shown.c.item_kind == item_kind,
        shown.c.void.is_(False),
    )
    return set(conn.execute(query).scalars())
