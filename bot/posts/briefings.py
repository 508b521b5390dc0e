"""A server's briefing, daily or weekly: which is due, what is new, and owing it, once for each intended local date."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.answers import Answer, sentence_id
from bot.commands import guarded
from bot.commands.briefing import Material, briefing_from
from bot.due import FOLDED_AFTER, Due, latest_due, local_moment
from bot.events import HOLD
from bot.library import Library
from bot.render import render
from bot.request import Reader, Request, Server
from bot.store import articles, briefings, claims, copies, deliveries, figures, lookup
from bot.store.briefings import LOOK_BACK, Plan
from bot.store.deliveries import Delivery, Place
from bot.store.engine import Connection
from bot.store.ledger import Recorded, Value
from summaries.table import figures_at, positions

log = logging.getLogger(__name__)

ROOM: Final = 100
"""Characters kept free in a post for the line that says that it is late."""

WEEK: Final = timedelta(days=7)


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
    # The newsroom's rankers are heavy to load and only needed here.
    from summaries.briefing import KNOWN_FOR, Window

    with library.one_moment():
        with library.reading() as connection:
            # Another process may have posted the one before since this one looked.
            plan = briefings.plan(connection, plan.id) or plan
            told, since = plan.told_at, plan.news_from or plan.set_up_at - LOOK_BACK
            begun = since + LOOK_BACK
            if plan.weekday is not None:
                # A first digest tells its whole week, whenever in it the briefing was set up or woken.
                since = min(since, min(now, local_moment(day, plan.hour, ZoneInfo(plan.zone))) - WEEK)
            if told is not None:
                since = max(since, told - LOOK_BACK)
            seen = briefings.shown_to(connection, key, "guild", str(plan.guild_id), "article")
            fresh = [
                one
                for one in articles.fresh(connection, key, since=since, guild_id=plan.guild_id)
                if one.id not in seen
            ]
            # What a feed of its own has brought as well as the dossier's is told once: as the dossier's, if at once.
            offered = {one.id for one in fresh}
            both = lookup.in_both(connection, key, plan.guild_id, offered, since=since - copies.WITHIN)
            again = {own for own, everyones in both if everyones in offered | seen}
            again |= {everyones for own, everyones in both if own in seen}
            fresh = [one for one in fresh if one.id not in again]
            # The same text in one more outlet is nothing new to who has read it.
            same_text = copies.groups(connection, key, {one.id for one in fresh})
            fresh = [one for one in fresh if seen.isdisjoint(same_text.get(one.id, ()))]
            # Before the first briefing everything on the table is known already, what was changed just now included.
            before_at = min(told or begun, now)
            table_at = max(now - HOLD, before_at)
            stood = _by_id(claims.recorded(connection, key, until=before_at))
            stands = _by_id(claims.recorded(connection, key, until=table_at))
            # Its readers go on from what they were told. The digest of so many weeks ago counts whole, whatever the
            # second at which each was made.
            known_from = now - KNOWN_FOR - (LOOK_BACK if plan.weekday is not None else timedelta())
            known = articles.shown_to(connection, key, "guild", str(plan.guild_id), since=known_from)
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
        material = Material(
            Window(min(before_at, now), now + timedelta(microseconds=1)),
            day,
            before,
            after,
            figures_at(new_figures, library.topic, now.date()),
            fresh,
            since_last=True,
            weekly=plan.weekday is not None,
            known=known,
            stood=figures_at([one.value for one in counted.values()], library.topic, now.date()),
            length=plan.length,
        )
        here = Server(plan.guild_id, Reader("channel", str(plan.target_id)))
        request = Request("briefing", "", here.channel, now, "/", here)
        # Choosing sentences takes long; servers that were told the same so far are told the same now.
        same = (
            day,
            now.replace(minute=now.minute - now.minute % 10, second=0, microsecond=0),
            plan.length,
            plan.weekday is not None,
            tuple((one.id, one.revision) for one in fresh),
            tuple((one.id, one.revision) for one in known),
            # What a server's own feeds brought, and whether they are heard from, is told there alone.
            library.shelf(now.date(), plan.guild_id),
            tuple(library.feeds(plan.guild_id)),
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
    items += [("sentence", one) for one in dict.fromkeys(_sentences(made.data))]
    return Made(made, material.is_empty or made.view.get("counts") == [], table_at, tuple(items))


def _sentences(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ids of the sentences that a briefing prints."""
    told = (one for story in value.get("stories", ()) for one in story["sentences"])
    for one in (*told, *value.get("watch", ())):
        yield sentence_id(one["article"], one["revision"], one["start"], one["end"])


def _by_id(recorded: list[Recorded[Value]]) -> dict[str, Recorded[Value]]:
    return {one.value.id: one for one in recorded}


def make_due(library: Library, *, now: datetime) -> int:
    """Make and owe every server's briefing whose hour has come; return how many."""
    with library.store.reading() as connection:
        plans = briefings.active(connection, library.topic.key)
        missed = briefings.missed(connection, library.topic.key)
    made = 0
    for plan, last in plans:
        try:
            # Who missed a digest need not wait a week for what it told.
            weekday = None if plan.id in missed else plan.weekday
            due = latest_due(plan.hour, ZoneInfo(plan.zone), since=plan.set_up_at, last=last, now=now, weekday=weekday)
            if due is not None:
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
    """Make a briefing and owe it; False when another process has, or it is no longer to be made as it was planned."""
    built = build(library, plan, due.local_date, now=now)
    contents = render.as_discord(built.answer, silent=built.quiet, room=ROOM)
    with library.store.writing() as connection:
        # Choosing its sentences took a while: a pause or another hour that was chosen meanwhile holds.
        current = briefings.as_planned(connection, plan)
        if current is None:
            return False
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
        delivery_id, _ = deliveries.owe(
            connection,
            once_key(plan.id, due.local_date),
            current.place,
            contents,
            # A digest may be days late after downtime; the outbox would give it up untried. The line says since when.
            due_at=due.at if plan.weekday is None else max(due.at, now - FOLDED_AFTER / 2),
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
    if found is None:
        return
    plan, local_date = found
    answer = Answer(
        command="briefings",
        template="trouble",
        view={"channel": plan.target_id, "missing": missing, "guild": plan.guild_id},
    )
    _write_to_its_owner(connection, plan, f"trouble:{plan.id}:{local_date.isoformat()}", answer, now)


def end_of_channel(connection: Connection, delivery: Delivery, words: str, *, now: datetime) -> None:
    """Pause a briefing whose channel or thread is gone, and owe the person who set it up one message about it.

    ``words`` is a sentence that says what is gone. Where it has been moved since, it goes on at its new place.
    """
    found = briefings.plan_of_delivery(connection, delivery.id)
    if found is None or found[0].place.id != delivery.place.id:
        return
    plan, _ = found
    if plan.state == "active":
        briefings.set_state(connection, plan.id, "paused", now=now)
    answer = Answer(command="briefings", template="gone", view={"channel": plan.target_id, "words": words})
    # With the channel: one that is set up after it may be gone one day, too.
    _write_to_its_owner(connection, plan, f"gone:{plan.id}:{plan.target_id}", answer, now)


def _write_to_its_owner(connection: Connection, plan: Plan, key: str, answer: Answer, now: datetime) -> None:
    if plan.set_up_by is None:
        return
    place = Place("user", str(plan.set_up_by), plan.guild_id)
    deliveries.owe(connection, key, place, render.as_discord(answer), due_at=now, now=now)
