"""What subscribers hear: changes at once, everything else in one message a day or a week, each thing once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

from bot.answers import Action, Answer, BrokenReceipt, Receipt
from bot.commands import stories as story_views
from bot.commands.asking import counted_as, label, lower_first, receipts
from bot.due import FOLDED_AFTER, Due, latest_due
from bot.events import step
from bot.library import Library
from bot.posts.briefings import ROOM
from bot.render import render
from bot.store import articles, briefings, claims, deliveries, events, guilds, subscriptions
from bot.store.briefings import Plan
from bot.store.deliveries import Place
from bot.store.engine import Connection
from bot.store.events import Event, Untold
from bot.store.subscriptions import Subscription
from summaries.claims import Claim, Quote
from summaries.table import Change

if TYPE_CHECKING:
    from summaries.briefing import StoryBrief, Telling

log = logging.getLogger(__name__)

Rhythm = Literal["instant", "daily", "weekly"]

REMEMBERED: Final = timedelta(days=15)
"""Older events are told to nobody any more: two weeks, so that a weekly message that failed is made up for."""

_DAILY_ELSEWHERE: Final = time(8)
"""The hour, UTC, of daily messages to those who subscribed where no briefing is set up."""

_MONDAY: Final = 0
_RETRIES: Final = (timedelta(hours=1), timedelta(days=1))
"""How long a subscriber whose messages are refused is left alone; after the last everything they follow is paused."""

_MAX_STORIES: Final = 10
_SENTENCES: Final = 2
_WORDS: Final = 60
"""How much is told of a story, where a briefing isn't set to tell less: it is what concerns a few parties."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one subscriber is to hear now: the events, in which rhythm, since when it is due, and under which key."""

    kind: subscriptions.SubscriberKind
    id: str
    rhythm: Rhythm
    once_key: str
    due_at: datetime
    guild_id: int | None
    dm_channel_id: int | None
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a subscriber's daily and weekly messages are due, and the intended day of the newest one."""

    hour: time
    zone: ZoneInfo
    since: datetime
    last: date | None


def rhythm_of(untold: Untold) -> Rhythm:
    """Return in which message an event is told: with "instant" changes go at once, mentions once a day."""
    if untold.cadence == "instant" and untold.event.kind == "article_mentions":
        return "daily"
    return untold.cadence


def due_messages(untold: Sequence[Untold], hours: Hours, dossier: str, *, now: datetime) -> list[Message]:
    """Decide what one subscriber hears at ``now``; all of ``untold`` is theirs. Pure.

    There is at most one besides what goes at once, for each day of the reader's calendar. A daily or weekly message
    tells what happened up to its hour; it is not made when there is nothing to tell: neither
    where a row of the table moved and came back to what the subscriber knows.
    """
    instant = [one for one in untold if rhythm_of(one) == "instant"]
    daily = latest_due(hours.hour, hours.zone, since=hours.since, last=hours.last, now=now)
    weekly = latest_due(hours.hour, hours.zone, since=hours.since, last=hours.last, now=now, weekday=_MONDAY)
    by_rhythm: dict[Rhythm, Due | None] = {"daily": daily, "weekly": weekly}
    digest = [
        one for one in untold if (due := by_rhythm.get(rhythm_of(one))) is not None and one.event.leaves_at <= due.at
    ]
    made = []
    for items in (instant, digest):
        lead_nowhere = _lead_nowhere(one.event for one in items)
        kept = [one for one in items if one.event.id not in lead_nowhere]
        if not kept:
            continue
        first = kept[0]
        who = f"{dossier}:{first.kind}:{first.id}"
        rhythms = {rhythm_of(one) for one in kept}
        # What comes once a week comes with Monday's daily message: there is one a day.
        rhythm: Rhythm = rhythms.pop() if len(rhythms) == 1 else "daily"
        due = by_rhythm.get(rhythm)
        if due is None:
            due_at = min(one.event.leaves_at for one in kept)
            key = f"update:{who}:{kept[0].event.id}-{kept[-1].event.id}:{first.failures}"
        else:
            due_at, key = due.at, f"{digest_key(who)}{due.local_date.isoformat()}"
        servers = {one.guild_id for one in kept}
        made.append(
            Message(
                first.kind, first.id, rhythm, key, due_at,
                # Removed from one server, what came through others must still arrive.
                servers.pop() if len(servers) == 1 else None,
                next((one.dm_channel_id for one in kept if one.dm_channel_id is not None), None),
                tuple(one.event for one in kept),
            )
        )  # fmt: skip
    return made


def _lead_nowhere(found: Iterable[Event]) -> set[int]:
    """Return the events of parties whose row of the table is, after all of them, what it was before them."""
    by_party: dict[str, list[Event]] = {}
    for event in found:
        if event.kind != "article_mentions":
            by_party.setdefault(event.party, []).append(event)
    return {
        event.id for steps in by_party.values() if step(steps[0].before, steps[-1].after) is None for event in steps
    }


def digest_key(who: str) -> str:
    """Return how the keys of a subscriber's daily and weekly messages begin; the intended day follows."""
    return f"digest:{who}:"


def make_due(library: Library, *, now: datetime) -> int:
    """Make and owe every message to subscribers that is due; return how many are owed."""
    key = library.topic.key
    with library.store.reading() as connection:
        found = events.untold(connection, key, now=now, since=now - REMEMBERED)
        by_subscriber: dict[tuple[subscriptions.SubscriberKind, str], list[Untold]] = {}
        for one in found:
            by_subscriber.setdefault((one.kind, one.id), []).append(one)
        due: list[Message] = []
        plans: dict[int, Plan | None] = {}
        for (kind, identifier), untold in by_subscriber.items():
            hours = _hours(connection, library, kind, identifier, plans, now=now)
            due += due_messages(untold, hours, key, now=now)
    made = 0
    for message in due:
        try:
            made += _owe(library, message, now)
        except Exception:
            # What is wrong with one message is no reason to keep the others waiting. Nobody is named.
            log.exception("A message to a subscriber could not be made; it is tried again.")
    return made


def _hours(
    connection: Connection,
    library: Library,
    kind: subscriptions.SubscriberKind,
    identifier: str,
    plans: dict[int, Plan | None],
    *,
    now: datetime,
) -> Hours:
    """Return a subscriber's hours; ``plans`` remembers the servers' briefings that were read in this look."""
    key = library.topic.key
    followed = subscriptions.active_of(connection, key, kind, identifier)
    hour, zone = _DAILY_ELSEWHERE, ZoneInfo("UTC")
    for subscription in followed:
        guild_id = subscription.guild_id
        if guild_id is None:
            continue
        if guild_id not in plans:
            plans[guild_id] = briefings.plan_of(connection, key, guild_id)
        plan = plans[guild_id]
        if plan is not None:
            hour, zone = plan.hour, _zone(plan.zone)
            break

    start = digest_key(f"{key}:{kind}:{identifier}")
    today = now.astimezone(zone).date()
    # As far as :func:`~bot.due.latest_due` looks: a message of an earlier day decides nothing.
    days = {f"{start}{day.isoformat()}": day for day in (today - timedelta(days=back) for back in range(-1, 9))}
    last = max((days[one] for one in deliveries.owed_of(connection, days)), default=None)
    since = min((one.created_at for one in followed), default=datetime.min.replace(tzinfo=UTC))
    return Hours(hour, zone, since, last)


def _zone(name: str) -> ZoneInfo:
    """Return a time zone; UTC where this machine's data has none of that name, so that messages come all the same."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        log.warning("This machine knows no time zone %r; daily messages come by UTC there.", name)
        return ZoneInfo("UTC")


def _owe(library: Library, message: Message, now: datetime) -> bool:
    """Owe a message; False when it was not wanted any more, or said nothing new: then its events pass as told."""
    answer = update(library, message)
    contents = render.as_discord(answer, room=ROOM) if says_anything(answer) else None
    place = Place("user" if message.kind == "user" else "channel", message.id, message.guild_id, message.dm_channel_id)
    # What was due long ago, because the bot was away or messages were refused, must not be given up by the outbox as
    # too old: no other message would tell it. The line says since when it was due.
    due_at, late_line = max(message.due_at, now - FOLDED_AFTER / 2), render.late_line(message.due_at)
    ids = [event.id for event in message.events]
    with library.store.writing() as connection:
        if not events.still_untold(
            connection, library.topic.key, message.kind, message.id, ids, now=now, since=now - REMEMBERED
        ):
            # Another process was first, an editor took it back, or whoever it is for left: the next look sees it.
            return False
        if contents is None:
            events.tell(connection, message.kind, message.id, ids, delivery_id=None, now=now)
            return False
        key, new, tries = message.once_key, False, 0
        while True:
            delivery_id, new = deliveries.owe(
                connection, key, place, contents, due_at=due_at, now=now, late_line=late_line
            )
            if new or message.rhythm != "instant" or not deliveries.was_dropped(connection, delivery_id):
                break
            # That try was given up, and what it told is untold again: this is another one.
            tries += 1
            key = f"{message.once_key}:{tries}"
        if new:
            events.tell(
                connection,
                message.kind,
                message.id,
                ids,
                delivery_id=delivery_id,
                now=now,
            )
    return new


def says_anything(answer: Answer) -> bool:
    """Tell whether a message to a subscriber holds anything new to them; without, none is sent."""
    return any(answer.view[part] for part in ("changes", "stories", "more"))


def update(library: Library, message: Message) -> Answer:
    """Put what a subscriber hears into an answer: changes first, then the stories that speak of their parties."""
    with library.one_moment():
        changes = [
            _change(event, library) for event in _newest_per_party(message.events) if event.kind != "article_mentions"
        ]
        told, spoken = _stories(message, changes, library)
        with library.reading() as connection:
            followed = subscriptions.active_of(connection, library.topic.key, message.kind, message.id)
            guild = guilds.get(connection, message.guild_id) if message.guild_id else None
    parties = sorted({event.party for event in message.events})
    names = [library.parties[code].name for code in parties]

    def named(story: StoryBrief) -> list[str]:
        about = {code for article in story.articles for code in spoken[article.id]}
        return [library.parties[code].name for code in sorted(about)] if len(parties) > 1 else []

    return Answer(
        command="update",
        template="update",
        view={
            "changes": changes,
            "stories": [{**story_views.told(story), "names": named(story)} for story in told.stories],
            "more": [{**story_views.named(story), "names": named(story)} for story in told.more],
            "retold": [story_views.named(story) for story in told.retold],
            "rhythm": message.rhythm,
            "names": names,
            "reasons": _reasons(followed, parties, library),
            "server": guild.name if guild else None,
            "channel": message.kind == "channel",
        },
        data={"events": [{"kind": event.kind, "party": event.party} for event in message.events]},
        receipts=tuple(r for change in changes for r in (*change["new"], *change["old"])),
        actions=_actions(message, names),
    )


def _newest_per_party(found: Iterable[Event]) -> list[Event]:
    """Return one event of the table for each party: from where the first began to where the last led."""
    merged: dict[str, Event] = {}
    rest = []
    for event in found:
        if event.kind == "article_mentions":
            rest.append(event)
            continue
        first = merged.get(event.party)
        before = first.before if first else event.before
        kind = event.kind if first is None else step(before, event.after) or event.kind
        merged[event.party] = replace(event, kind=kind, before=before)
    return [*merged.values(), *rest]


def _reasons(followed: Sequence[Subscription], parties: Sequence[str], library: Library) -> list[dict[str, Any]]:
    return [
        {"name": library.parties[one.party].name, "cadence": one.cadence, "since": one.created_at.date()}
        for one in followed
        if one.party in parties
    ]


def _actions(message: Message, names: Sequence[str]) -> tuple[Action, ...]:
    here = " here" if message.kind == "channel" else ""
    found = [Action("Full status" if len(names) == 1 else f"Status of {names[0]}", f"status {names[0]}")]
    if message.rhythm == "instant" and len(names) == 1:
        found.append(Action("Once a day instead", f"subscribe {names[0]} daily{here}"))
    elif message.rhythm == "daily":
        found += [Action(f"{name} once a week", f"subscribe {name} weekly{here}") for name in names[:2]]
    found += [Action(f"Stop {name}", f"unsubscribe {name}{here}") for name in names[:4]]
    found.append(Action("Stop everything", f"unsubscribe all{here}", style=4))
    return tuple(found)


def _change(event: Event, library: Library) -> dict[str, Any]:
    """Return a change for a reader: from what to what, the words that are new, and those that stood before."""
    before, after = (_side(plain, library) for plain in (event.before, event.after))
    known = {row["digest"] for row in _rows(event.before)}
    fresh = [row for row in _rows(event.after) if row["digest"] not in known] or _rows(event.after)[:1]
    told = {row["digest"] for row in fresh}
    old = [row for row in _rows(event.before)[:1] if row["digest"] not in told]
    axes = []
    if event.before and event.after:
        for key, axis in library.topic.axes.items():
            was, now = event.before["axes"].get(key), event.after["axes"].get(key)
            if was != now and was is not None and now is not None:
                axes.append((axis.label, axis.values[was].label, axis.values[now].label))
    new = _receipts(fresh, library)
    known_words = {(receipt.article, receipt.quote) for receipt in _receipts(_rows(event.before), library)}
    quoted = {(receipt.article, receipt.quote) for receipt in new}
    return {
        "name": library.parties[event.party].name,
        "kind": event.kind,
        "before": before,
        "after": after,
        "moved": before is None or after is None or before["label"] != after["label"],
        "axes": axes,
        "new": new,
        "reread": bool(new) and all((receipt.article, receipt.quote) in known_words for receipt in new),
        # The same words in another row, or another reading of them, are not quoted twice.
        "old": [receipt for receipt in _receipts(old, library) if (receipt.article, receipt.quote) not in quoted],
    }


def _rows(plain: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return [*plain["claims"], *plain["differing"]] if plain else []


def _claim(row: Mapping[str, Any], library: Library) -> Claim | None:
    with library.reading() as connection:
        found = claims.get(connection, library.topic.key, row["claim"], row["revision"])
    return found.value if found else None


def _side(plain: Mapping[str, Any] | None, library: Library) -> dict[str, str] | None:
    claim = _claim(plain["claims"][0], library) if plain else None
    if claim is None:
        return None
    return {
        "label": lower_first(label(library.topic, claim)),
        "counted": counted_as(library.topic, claim),
        "name": label(library.topic, claim),
    }


def _receipts(rows: Sequence[Mapping[str, Any]], library: Library) -> list[Receipt]:
    """Return the first quote of each row; one that no longer holds is left out, never shown."""
    found: list[Receipt] = []
    for row in rows:
        claim = _claim(row, library)
        if claim is None:
            continue
        try:
            found += receipts(claim, library)[:1]
        except BrokenReceipt:
            continue
    return found


def _stories(
    message: Message, changes: Sequence[Mapping[str, Any]], library: Library
) -> tuple[Telling, Mapping[str, frozenset[str]]]:
    """Return what is new to a subscriber in the articles of a message, and of which parties of theirs each speaks."""
    # The newsroom's rankers are heavy to load and only needed here.
    from summaries.briefing import KNOWN_FOR, Telling, places, tell_stories

    found: dict[str, set[str]] = {}
    for event in message.events:
        if event.kind == "article_mentions" and event.after:
            found.setdefault(event.after["article"], set()).add(event.party)
    if not found:
        return Telling(), {}
    key = library.topic.key
    with library.reading() as connection:
        known = events.articles_told(connection, key, message.kind, message.id, since=message.due_at - KNOWN_FOR)
    lengths = library.lengths()
    lengths = replace(
        lengths,
        sentences=min(lengths.sentences, _SENTENCES),
        words=min(lengths.words, _WORDS),
        stories=min(lengths.stories, _MAX_STORIES),
    )
    moved = {event.party for event in message.events if event.kind != "article_mentions"}
    quotes = tuple(
        Quote(one.article, one.revision, one.start, one.end, one.quote)
        for change in changes
        for one in (*change["new"], *change["old"])
    )

    def tell() -> tuple[Telling, Mapping[str, frozenset[str]]]:
        # All as it reads now: what was edited since must not be quoted as it was, nor told if it is not there any more.
        with library.reading() as connection:
            spoken = {}
            new = []
            for article in articles.with_ids(connection, key, found):
                named = articles.mentioned(connection, key, article.id, article.revision)
                about = found[article.id].intersection(one.party for one in named)
                if about:
                    spoken[article.id] = frozenset(about)
                    new.append(article)
            before = articles.with_ids(connection, key, known)
        table = library.positions(message.due_at.date())
        told = tell_stories(
            new,
            before,
            library.parties,
            lengths,
            frozenset(code for about in spoken.values() for code in about),
            told_of=known,
            changed=[Change(party, None, table.get(party)) for party in sorted(moved)],
            claims=library.claims,
            quoted=places(quotes, new),
        )
        return told, spoken

    # Choosing sentences takes long, and many who follow a party have heard the same of it.
    same = (
        "update",
        frozenset((identifier, frozenset(about)) for identifier, about in found.items()),
        frozenset(known.items()),
        frozenset(moved),
        quotes,
        message.due_at.date(),
        lengths,
    )
    return library.once(same, tell)


def refused(
    connection: Connection, kind: subscriptions.SubscriberKind, identifier: str, delivery_id: int, *, now: datetime
) -> None:
    """Note that a message was refused for good: what it told counts as untold, and the subscriber is left alone."""
    events.untell(connection, delivery_id)
    followed = subscriptions.listed(connection, None, kind, identifier)
    failures = max((one.failures for one in followed), default=0)
    wait = _RETRIES[failures] if failures < len(_RETRIES) else None
    subscriptions.failed(connection, kind, identifier, next_try_at=now + wait if wait else None, now=now)
