"""A server's daily briefing: which is due, what is new there, and owing it, once for each intended local date."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.answers import Answer
from bot.commands import guarded
from bot.commands.briefing import Material, briefing_from
from bot.due import Due, latest_due
from bot.events import HOLD
from bot.library import Library
from bot.render import render
from bot.request import LOCAL_READER, Request
from bot.store import articles, briefings, claims, deliveries, figures
from bot.store.briefings import Plan
from bot.store.deliveries import Place
from bot.store.engine import Connection
from bot.store.ledger import Recorded, Value
from summaries.table import figures_at, positions

log = logging.getLogger(__name__)

ROOM: Final = 100
"""Characters kept free in a post for the line that says that it is late."""

LOOK_BACK: Final = timedelta(days=1)
"""A first briefing, and one after a pause, also tells what was stored in the day before."""


@dataclass(frozen=True, slots=True)
class Made:
    """A server's briefing as an answer, with what it shows of the store."""

    answer: Answer
    quiet: bool
    table_at: datetime
    items: tuple[tuple[str, str], ...]


def once_key(plan_id: int, local_date: date) -> str:
    """Return the key under which a briefing is owed."""
    return f"briefing:{plan_id}:{local_date.isoformat()}"


def build(library: Library, plan: Plan, day: date, *, now: datetime) -> Made:
    """Build a server's briefing from what is stored and was not shown there yet, background left out.

    Changes of the table made in the last two minutes are left to the next one: an editor may still take them back.
    """
    key = library.topic.key
    table_at = now - HOLD
    with library.one_moment():
        with library.reading() as connection:
            told = briefings.last_table(connection, plan.id)
            since = max(plan.set_up_at, told or plan.set_up_at) - LOOK_BACK
            seen = briefings.shown_to(connection, key, "guild", str(plan.guild_id), "article")
            fresh = [
                one
                for one in articles.fresh(connection, key, since=since, guild_id=plan.guild_id)
                if one.id not in seen
            ]
            # Before the first briefing everything on the table is known already.
            before_at = min(told or plan.set_up_at, table_at)
            stood = _by_id(claims.recorded(connection, key, until=before_at))
            stands = _by_id(claims.recorded(connection, key, until=table_at))
            counted = _by_id(figures.recorded(connection, key, until=before_at))
            counts = _by_id(figures.recorded(connection, key, until=table_at))
        broken = {one.row.id for one in library.broken}
        before, after = (
            positions(
                library.topic,
                library.parties,
                [one.value for one in rows.values() if one.value.id not in broken],
                now.date(),
            )
            for rows in (stood, stands)
        )
        new_figures = [
            one.value
            for identifier, one in counts.items()
            if identifier not in broken and (identifier not in counted or counted[identifier].revision != one.revision)
        ]
        from summaries.briefing import Window

        material = Material(
            Window(min(before_at, now), now + timedelta(microseconds=1)),
            day,
            before,
            after,
            figures_at(new_figures, library.topic, now.date()),
            fresh,
            since_last=True,
        )
        request = Request("briefing", "", LOCAL_READER, now, "/")
        # Choosing sentences takes long; servers that were told the same so far are told the same now.
        same = (
            day,
            now.replace(minute=now.minute - now.minute % 10, second=0, microsecond=0),
            tuple((one.id, one.revision) for one in fresh),
            *(
                tuple((identifier, one.revision.number) for identifier, one in rows.items())
                for rows in (stood, stands, counted, counts)
            ),
        )
        made = library.once(
            same, lambda: guarded("briefing", library, lambda: briefing_from(material, request, library))
        )
    items = [("article", one.id) for one in fresh]
    items += [
        ("claim", f"{position.claim.id}@{stands[position.claim.id].revision.number}")
        for party, position in after.items()
        if before.get(party) is None or before[party].claim != position.claim
    ]
    return Made(made, material.is_empty, table_at, tuple(items))


def _by_id(recorded: list[Recorded[Value]]) -> dict[str, Recorded[Value]]:
    return {one.value.id: one for one in recorded}


def make_due(library: Library, *, now: datetime) -> int:
    """Make and owe every server's briefing whose hour has come; return how many."""
    with library.store.reading() as connection:
        plans = briefings.active(connection, library.topic.key)
    made = 0
    for plan, last in plans:
        due = latest_due(plan.hour, ZoneInfo(plan.zone), since=plan.set_up_at, last=last, now=now)
        if due is None:
            continue
        try:
            made += _fold(library, plan, due, now) and _make(library, plan, due, now)
        except Exception:
            # What is wrong with one server's is no reason to keep the others waiting.
            log.exception("The briefing of server %s could not be made; it is tried again.", plan.guild_id)
    return made


def _fold(library: Library, plan: Plan, due: Due, now: datetime) -> bool:
    """Give up what could not be posted until the next one is due, so that it tells that too; False: wait with that.

    What may have arrived, or is being sent, is told neither twice nor never: the next one is made when that is known,
    a day after its hour at the latest.
    """
    with library.store.writing() as connection:
        untried, under_way = briefings.before(connection, plan.id, due.local_date, now=now)
        for delivery_id in untried:
            deliveries.drop(connection, delivery_id, "It could not be posted before the next one was due.", now=now)
    return not under_way


def _make(library: Library, plan: Plan, due: Due, now: datetime) -> bool:
    built = build(library, plan, due.local_date, now=now)
    contents = render.as_discord(built.answer, silent=built.quiet, room=ROOM)
    with library.store.writing() as connection:
        # One transaction: the day is taken, its delivery is owed, and what it shows is remembered, or none of it.
        briefing_id = briefings.record(
            connection,
            plan.id,
            due.local_date,
            due_at=due.at,
            table_at=built.table_at,
            value=built.answer.data,
            now=now,
        )
        if briefing_id is None:
            return False
        current = briefings.plan(connection, plan.id) or plan
        delivery_id, _ = deliveries.owe(
            connection,
            once_key(plan.id, due.local_date),
            current.place,
            contents,
            due_at=due.at,
            now=now,
            late_line=render.late_line(due.at),
        )
        briefings.set_delivery(connection, briefing_id, delivery_id)
        briefings.show(
            connection,
            library.topic.key,
            "guild",
            str(plan.guild_id),
            built.items,
            delivery_id=delivery_id,
            now=now,
        )
    return True


def tell_of_trouble(connection: Connection, delivery_id: int, missing: str, *, now: datetime) -> None:
    """Owe the person who set a briefing up one message a day that says why it can't be posted and what to do."""
    found = briefings.plan_of_delivery(connection, delivery_id)
    if found is None or found[0].set_up_by is None:
        return
    plan, local_date = found
    answer = Answer(
        command="briefings",
        template="trouble",
        view={"channel": plan.target_id, "missing": missing, "guild": plan.guild_id},
    )
    deliveries.owe(
        connection,
        f"trouble:{plan.id}:{local_date.isoformat()}",
        Place("user", str(plan.set_up_by), plan.guild_id),
        render.as_discord(answer),
        due_at=now,
        now=now,
    )
