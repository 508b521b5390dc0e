"""What those who manage a server can set: its briefing, its prefix. Each answer is a plain function of what is stored.

These are no commands of the terminal: a server, a channel and its permissions exist on Discord only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, available_timezones

from bot.answers import Action, Answer, mistake
from bot.due import Due, next_due
from bot.library import Library
from bot.render.words import iso, plural
from bot.store import audit, briefings, deliveries, guilds
from bot.store.briefings import Plan
from bot.store.deliveries import Place
from bot.store.engine import Connection
from summaries.toml import nearest

if TYPE_CHECKING:
    from summaries.briefing import Length

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_LENGTHS: Final[dict[str, Length]] = {"s": "short", "n": "normal", "l": "long"}
"""How lengths are written in the ids of buttons."""


@dataclass(frozen=True, slots=True)
class Check:
    """A permission in a channel: whether it is there, what it is for, and how to give it. ``must``: not without it."""

    label: str
    purpose: str
    ok: bool
    must: bool
    remedy: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A briefing as somebody asks for it, before it is switched on; ``private``: the thread is a private one.

    ``weekday`` (Monday is 0) is when it comes once a week; None: every day.
    """

    guild_id: int
    channel_id: int
    thread_id: int | None
    hour: time
    zone: str
    private: bool = False
    weekday: int | None = None
    length: Length = "normal"

    @property
    def target_id(self) -> int:
        """The channel or thread that would be posted in."""
        return self.thread_id or self.channel_id

    def encode(self) -> str:
        """Return the wish for a button's id, so that a card outlives any restart without being stored."""
        thread = f"{'p' if self.private else ''}{self.thread_id or 0}"
        rhythm = f"{'d' if self.weekday is None else self.weekday}{self.length[0]}"
        return f"{self.channel_id}:{thread}:{self.hour:%H%M}:{self.zone}:{rhythm}"

    @classmethod
    def decode(cls, guild_id: int, text: str) -> Wish | None:
        """Read a wish back from a button's id; None when it is none.

        Cards of older versions say "once a day" and nothing of length: theirs are daily and normal.
        """
        match = re.fullmatch(
            r"(\d{1,20}):(p?)(\d{1,20}):(\d{2})(\d{2}):([\w/+-]{1,60})(?::([d0-6])([snl]))?", text, re.ASCII
        )
        if match is None or match[6] not in _all_zones() or int(match[4]) > 23 or int(match[5]) > 59:
            return None
        hour = time(int(match[4]), int(match[5]))
        return cls(
            guild_id,
            int(match[1]),
            int(match[3]) or None,
            hour,
            match[6],
            bool(match[2]),
            None if match[7] in {None, "d"} else int(match[7]),
            _LENGTHS[match[8] or "n"],
        )


def settled(wish: Wish, every: str | None, length: Length | None, library: Library) -> Wish:
    """Return a wish with how often and how long: as somebody says, else as it is there now, else daily and normal.

    ``every`` is "day" or one of :data:`WEEKDAYS`.
    """
    with library.reading() as connection:
        running = briefings.plan_of(connection, library.topic.key, wish.guild_id)
    weekday = running.weekday if running else None
    if every is not None:
        weekday = WEEKDAYS.index(every) if every in WEEKDAYS else None
    return replace(wish, weekday=weekday, length=length or (running.length if running else "normal"))


def parse_hour(text: str) -> time | None:
    """Read an hour as people write it: 8, 08:00, 8.30, 8am, 20h, 8:15 pm; None when it is none."""
    match = re.fullmatch(
        r"(\d{1,2})(?:[:.h](\d{2}))?\s*(?:h|uhr|o'clock)?\s*(am|pm|a\.m\.|p\.m\.)?", text.strip().lower()
    )
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3].startswith("p") else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


_ABBREVIATED = frozenset({"GMT", "WET", "CET", "EET"})
"""Abbreviations that mean one zone with its summer time; "EST" and the like would leave it out."""


def parse_zone(text: str) -> str | None:
    """Read a time zone: its name, in any case, or the city it is named after; None when it is none or several."""
    wanted = "_".join(text.strip().casefold().split())
    zones = _zones()
    exact = [name for name in zones if name.casefold() == wanted]
    if exact:
        return exact[0]
    if wanted.upper() in _ABBREVIATED:
        return wanted.upper()
    # Etc/GMT+2 is two hours behind: nobody who types GMT+2 means that.
    cities = [
        name
        for name in zones
        if "/" in name and not name.startswith("Etc/") and name.rsplit("/", 1)[-1].casefold() == wanted
    ]
    return cities[0] if len(cities) == 1 else None


@cache
def _all_zones() -> frozenset[str]:
    """Return every zone's name; kept, because folders are read for it and people type letter by letter."""
    return frozenset(available_timezones())


@cache
def _zones() -> tuple[str, ...]:
    """Return the zones people choose from, in order: no old spellings without a place, but UTC."""
    return tuple(sorted(name for name in _all_zones() if "/" in name or name == "UTC"))


_POPULAR = (
    "Europe/Berlin", "Europe/London", "Europe/Paris", "Europe/Warsaw", "Europe/Kyiv", "UTC", "America/New_York",
    "America/Chicago", "America/Los_Angeles", "Australia/Sydney", "Asia/Tokyo", "Europe/Madrid", "Europe/Rome",
)  # fmt: skip


def suggest_zones(typed: str, limit: int = 25) -> list[str]:
    """Return the zones that fit what was typed so far, the likeliest first."""
    wanted = "_".join(typed.strip().casefold().split())
    if not wanted:
        return list(_POPULAR)[:limit]
    found = [name for name in _zones() if wanted in name.casefold()]
    if not found:
        return list(_POPULAR)[:limit]

    def order(name: str) -> tuple[bool, bool, bool, str]:
        city = name.rsplit("/", 1)[-1].casefold()
        area = name.split("/", 1)[0] in {"Etc", "US", "Canada", "Brazil", "Chile", "Mexico"}
        return (name not in _POPULAR, not city.startswith(wanted), area, name)

    return sorted(found, key=order)[:limit]


def suggest_hours(typed: str) -> list[str]:
    """Return hours that fit what was typed so far."""
    hours = [f"{hour:02}:{minute:02}" for hour in (*range(6, 24), *range(6)) for minute in (0, 30)]
    wanted = typed.strip()
    return [hour for hour in hours if not wanted or hour.startswith(wanted) or hour.lstrip("0").startswith(wanted)][:25]


ON, CARD, PREVIEW, NOT_NOW = "r1:on:", "r1:card:", "r1:preview:", "r1:not-now"
"""How the ids of the set-up card's buttons begin; the wish follows."""


def wrong_hour(text: str) -> Answer:
    """Answer an hour that is none."""
    return mistake("setup", "bad_hour", f'"{text[:30]}" is no hour I know. Write it like 08:00.')


def wrong_zone(text: str) -> Answer:
    """Answer a time zone that is none, with the nearest name."""
    near = nearest(text.replace(" ", "_"), _zones(), cutoff=0.6)
    hint = f" Did you mean {near}?" if near else " Choose one from the list that opens while you type a city."
    return mistake("setup", "bad_zone", f'"{text[:40]}" is no time zone I know.{hint}')


def rhythm(weekday: int | None) -> str:
    """Return in words how often a briefing comes."""
    return "once a day" if weekday is None else f"once a week, {WEEKDAYS[weekday]}"


_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def extent(length: Length, library: Library) -> str:
    """Return in words what a length means, by the settings: how many stories, and how much of each."""
    most = library.lengths().of(length)

    def counted(count: int, one: str, many: str) -> str:
        return f"{_NUMBERS[count]} {one if count == 1 else many}" if count < len(_NUMBERS) else plural(count, one, many)

    sentences = counted(most.sentences, "sentence", "sentences")
    if most.sentences > 1:
        sentences = f"up to {sentences}, {plural(most.words, 'word')} at most,"
    return f"{length}: {sentences} for each of at most {counted(most.stories, 'story', 'stories')}"


def _next(connection: Connection, plan: Plan, library: Library, now: datetime) -> Due:
    """Return the next post of a briefing that is on: a digest that was missed is made up for the day after."""
    last = next((one.local_date for one in briefings.posted(connection, plan.id, 1)), None)
    weekday = None if plan.id in briefings.missed(connection, library.topic.key) else plan.weekday
    return next_due(plan.hour, ZoneInfo(plan.zone), since=plan.set_up_at, last=last, now=now, weekday=weekday)


def card(
    wish: Wish, checked: Sequence[Check], library: Library, *, typed_commands: bool, prefix: str, now: datetime
) -> Answer:
    """Return the set-up card: where, when, what, each permission with its remedy. Nothing is posted by it."""
    zone = ZoneInfo(wish.zone)
    with library.reading() as connection:
        running = briefings.plan_of(connection, library.topic.key, wish.guild_id)
        if running and running.state == "active" and _when(wish) == _when(running):
            coming = _next(connection, running, library, now)
        else:
            made = briefings.posted(connection, running.id, 1) if running else []
            last = made[0].local_date if made else None
            coming = next_due(wish.hour, zone, since=now, last=last, now=now, weekday=wish.weekday)
    blocked = any(check.must and not check.ok for check in checked)
    shelf = library.shelf(now.date(), wish.guild_id)
    encoded = wish.encode()
    actions = (
        [Action("Check again", "", CARD + encoded)] if blocked else [Action("Switch on", "", ON + encoded, style=3)]
    )
    actions += [Action("Show what it would post now", "", PREVIEW + encoded), Action("Not now", "", NOT_NOW)]
    return Answer(
        command="setup",
        template="setup",
        view={
            "wish": wish,
            "rhythm": rhythm(wish.weekday),
            "extent": extent(wish.length, library),
            "running": running if running and running.state == "active" else None,
            "running_rhythm": rhythm(running.weekday if running else None),
            "local_now": now.astimezone(zone),
            "first": coming.local_date,
            "first_at": coming.at,
            "checks": checked,
            "blocked": blocked,
            "typed_commands": typed_commands,
            "prefix": prefix,
            "articles": shelf.count,
            "newest": shelf.newest,
        },
        data={"blocked": blocked, "missing": [check.label for check in checked if not check.ok]},
        actions=tuple(actions),
        personal=True,
    )


def _when(one: Wish | Plan) -> tuple[Any, ...]:
    return one.hour, one.zone, one.weekday


def _plain(plan: Plan | None) -> dict[str, object] | None:
    if plan is None:
        return None
    return {
        "channel": str(plan.target_id),
        "hour": plan.hour.strftime("%H:%M"),
        "zone": plan.zone,
        "every": "day" if plan.weekday is None else WEEKDAYS[plan.weekday],
        "length": plan.length,
        "state": plan.state,
    }


def switch_on(wish: Wish, library: Library, *, by: int, now: datetime) -> Answer:
    """Switch a server's briefing on, or change the one it has."""
    key = library.topic.key
    with library.store.writing() as connection:
        before = briefings.plan_of(connection, key, wish.guild_id)
        plan = briefings.switch_on(
            connection, key, wish.guild_id, channel_id=wish.channel_id, thread_id=wish.thread_id,
            hour=wish.hour, zone=wish.zone, weekday=wish.weekday, length=wish.length, by=by, now=now,
        )  # fmt: skip
        for delivery_id in briefings.waiting(connection, plan.id):
            deliveries.move(connection, delivery_id, plan.place)
        coming = _next(connection, plan, library, now)
        audit.record(
            connection, str(by), "briefing switched on", guild_id=wish.guild_id, target=str(plan.target_id),
            before=_plain(before), after=_plain(plan), now=now,
        )  # fmt: skip
    return Answer(
        command="setup",
        template="setup-on",
        view={
            "plan": plan,
            "rhythm": rhythm(plan.weekday),
            "extent": extent(plan.length, library),
            "first": coming.local_date,
            "first_at": coming.at,
            "known": before is not None,
            "moved": before is not None and before.target_id != plan.target_id,
        },
        data={"channel": str(plan.target_id), "first": coming.local_date.isoformat()},
        personal=True,
    )


def no_briefing(command: str) -> Answer:
    """Answer where no briefing is set up."""
    return mistake(
        command, "no_briefing", "No briefing is set up here. /setup does that: a channel, an hour, a time zone."
    )


def show(guild_id: int, checked: Sequence[Check], library: Library, *, trouble: str | None, now: datetime) -> Answer:
    """Return a server's briefing: where, when, what is missing, and what became of the newest posts."""
    with library.reading() as connection:
        plan = briefings.plan_of(connection, library.topic.key, guild_id)
        if plan is None:
            return no_briefing("briefings")
        made = briefings.posted(connection, plan.id, 5)
        changes = audit.recent(connection, guild_id, 5)
        coming = _next(connection, plan, library, now)
    return Answer(
        command="briefings",
        template="briefings",
        view={
            "plan": plan,
            "rhythm": rhythm(plan.weekday),
            "extent": extent(plan.length, library),
            "next": coming.local_date,
            "next_at": coming.at,
            "checks": checked,
            "trouble": trouble,
            "made": made,
            "changes": changes,
        },
        data={
            **(_plain(plan) or {}),
            "next": iso(coming.at),
            "made": [
                {"date": one.local_date.isoformat(), "posted": one.done_at is not None and not one.dropped,
                 "error": one.last_error}
                for one in made
            ],
        },
        personal=True,
    )  # fmt: skip


def set_state(guild_id: int, paused: bool, library: Library, *, by: int, now: datetime) -> Answer:
    """Pause a server's briefing, or wake it."""
    with library.store.writing() as connection:
        plan = briefings.plan_of(connection, library.topic.key, guild_id)
        if plan is None:
            return no_briefing("briefings")
        if paused != (plan.state == "paused"):
            briefings.set_state(connection, plan.id, "paused" if paused else "active", now=now)
            if paused:
                # What waits for a permission is not posted in the pause either.
                untried, _ = briefings.before(connection, plan.id, date.max, now=now)
                for delivery_id in untried:
                    deliveries.drop(connection, delivery_id, "The briefing was paused.", now=now)
            audit.record(
                connection, str(by), "briefing paused" if paused else "briefing resumed", guild_id=guild_id,
                target=str(plan.target_id), now=now,
            )  # fmt: skip
        plan = briefings.plan(connection, plan.id) or plan
        coming = None if paused else _next(connection, plan, library, now)
    return Answer(
        command="briefings",
        template="briefings-state",
        view={"plan": plan, "paused": paused, "next": coming.local_date if coming else None},
        data={"state": "paused" if paused else "active"},
        personal=True,
    )


def retract(guild_id: int, library: Library, *, by: int, now: datetime) -> Answer:
    """Take the last post back: owe its deletion, message by message."""
    with library.store.writing() as connection:
        plan = briefings.plan_of(connection, library.topic.key, guild_id)
        if plan is None:
            return no_briefing("briefings")
        last = next((one for one in briefings.posted(connection, plan.id, 5) if one.message_ids), None)
        if last is None:
            return mistake(
                "briefings", "nothing_posted", "No briefing has been posted here yet, so there is none to take back."
            )
        fresh = False
        for message_id in last.message_ids:
            place = plan.place if last.place_id == plan.place.id else Place("channel", last.place_id or "", guild_id)
            _, new = deliveries.owe(
                connection, f"retract:{message_id}", place, [], action="delete", target_message_id=message_id,
                due_at=now, now=now,
            )  # fmt: skip
            fresh |= new
        if fresh:
            audit.record(
                connection,
                str(by),
                "briefing taken back",
                guild_id=guild_id,
                target=last.local_date.isoformat(),
                now=now,
            )
    return Answer(
        command="briefings",
        template="briefings-retracted",
        view={"day": last.local_date, "count": len(last.message_ids), "fresh": fresh},
        data={"date": last.local_date.isoformat(), "messages": len(last.message_ids)},
        personal=True,
    )


def off(guild_id: int, library: Library, *, by: int, now: datetime) -> Answer:
    """End a server's briefing and delete all that was kept for it."""
    with library.store.writing() as connection:
        plan = briefings.plan_of(connection, library.topic.key, guild_id)
        if plan is None:
            return no_briefing("briefings")
        briefings.remove(connection, plan.id)
        audit.record(
            connection,
            str(by),
            "briefing ended",
            guild_id=guild_id,
            target=str(plan.target_id),
            before=_plain(plan),
            now=now,
        )
    return Answer(
        command="briefings", template="briefings-off", view={"plan": plan}, data={"state": "off"}, personal=True
    )


def settings(guild_id: int, prefix: str | None, library: Library, *, default: str, by: int, now: datetime) -> Answer:
    """Show a server's settings; with ``prefix`` set its own, which must not be words or white space."""
    visible = prefix is None or all(unicodedata.category(sign)[0] in "PS" for sign in prefix)
    if prefix is not None and (not visible or not re.fullmatch(r"[^\w\s@#<>`*|~/\\-]{1,5}", prefix)):
        return mistake(
            "settings",
            "bad_prefix",
            "A prefix is one to five signs such as ! or ?, no letters, digits, white space or marks of Discord's own.",
        )
    changed = prefix is not None and _set_prefix(guild_id, prefix, library, default=default, by=by, now=now)
    with library.reading() as connection:
        guild = guilds.get(connection, guild_id)
        plan = briefings.plan_of(connection, library.topic.key, guild_id)
        changes = audit.recent(connection, guild_id, 10)
    shown = (guild.prefix if guild else None) or default
    return Answer(
        command="settings",
        template="settings",
        view={
            "prefix": shown,
            "plan": plan,
            "rhythm": rhythm(plan.weekday if plan else None),
            "changes": changes,
            "changed": changed,
        },
        data={"prefix": shown, "briefing": _plain(plan)},
        personal=True,
    )


def _set_prefix(guild_id: int, prefix: str, library: Library, *, default: str, by: int, now: datetime) -> bool:
    """Set a server's prefix, on record; return whether it was another one before."""
    with library.store.writing() as connection:
        guild = guilds.get(connection, guild_id)
        before = (guild.prefix if guild else None) or default
        if guild is None or prefix == before:
            return False
        guilds.set_prefix(connection, guild_id, None if prefix == default else prefix)
        audit.record(
            connection, str(by), "prefix changed", guild_id=guild_id, before={"prefix": before},
            after={"prefix": prefix}, now=now,
        )  # fmt: skip
        return True
