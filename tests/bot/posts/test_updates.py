"""Subscribers hear of each thing once: changes at once, everything else once a day or a week, with receipts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.due import FOLDED_AFTER
from bot.events import HOLD, record_mentions_events
from bot.library import Library
from bot.posts import updates
from bot.posts.updates import Hours, Message, due_messages, make_due
from bot.render.buttons import SAY
from bot.seeding import find_mentions, record_mentions
from bot.store import articles, briefings, deliveries, events, guilds, lookup, subscriptions
from bot.store.engine import Connection, Store
from bot.store.events import Event, EventKind, Untold
from bot.store.schema import delivery, delivery_part, guild_briefing, quote, subscriber_update, subscription
from summaries.article import Article, Draft, Published
from summaries.briefing import Lengths
from tests.bot.tables import NOW, SENTENCES, TEXT, Editor, library, row

pytestmark = pytest.mark.long

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")
LONG_AGO = NOW - timedelta(days=100)
WED = date(2025, 3, 26)

# --- The pure part


def side(stance: str) -> dict[str, Any]:
    shown = [{"claim": stance, "revision": 1, "digest": stance}]
    return {"stance": stance, "axes": {}, "claims": shown, "differing": []}


def untold(
    number: int,
    at: datetime,
    *,
    cadence: str = "daily",
    kind: EventKind = "position_moved",
    party: str = "DE",
    guild_id: int | None = None,
    before: str | None = None,
    after: str | None = None,
) -> Untold:
    states = (side(before) if before else None, side(after or f"s{number}"))
    found = Event(number, "d", kind, party, f"cause {number}", *states, at, at)
    return Untold("user", "101", cadence, LONG_AGO, guild_id, None, 0, found)  # type: ignore[arg-type]


def hours(
    hour: time = time(8), zone: ZoneInfo = UTC_ZONE, *, since: datetime = LONG_AGO, last: date | None = None
) -> Hours:
    return Hours(hour, zone, since, last)


def due(found: list[Untold], when: Hours | None = None, now: datetime = NOW) -> list[tuple[str, list[int]]]:
    made = due_messages(found, when or hours(), "d", now=now)
    return [(one.rhythm, [event.id for event in one.events]) for one in made]


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, 3, day, hour, minute, second, tzinfo=UTC)


def test_nothing_to_tell_is_no_message() -> None:
    assert due([]) == []


def test_changes_go_at_once_and_mentions_once_a_day() -> None:
    found = [
        untold(1, at(26, 7), cadence="instant"),
        untold(2, at(26, 7), cadence="instant", kind="article_mentions"),
        untold(3, at(26, 9), cadence="instant", kind="article_mentions"),
        untold(4, at(26, 11), cadence="instant", kind="sources_differ", party="FR"),
    ]
    assert due(found) == [("instant", [1, 4]), ("daily", [2])]
    # Before the day's hour only what is told at once.
    assert due(found[:2], hours(last=date(2025, 3, 25)), at(26, 7, 59)) == [("instant", [1])]


def test_everything_else_is_one_message_a_day_up_to_its_hour() -> None:
    found = [untold(1, at(25, 9)), untold(2, at(26, 8)), untold(3, at(26, 8, 0, 1), party="FR"), untold(4, at(26, 11))]
    found[1] = replace(found[1], event=replace(found[1].event, kind="article_mentions"))
    before = hours(last=date(2025, 3, 25))
    assert due(found[:1], before, at(26, 7, 59, 59)) == []
    assert due(found, before, at(26, 8)) == [("daily", [1, 2])]
    assert due(found, before) == [("daily", [1, 2])]
    # Told today: what came after the hour waits for tomorrow's.
    made = hours(last=WED)
    assert due(found[2:], made) == []
    assert due(found[2:], made, at(27, 7, 59)) == []
    assert due(found[2:], made, at(27, 8)) == [("daily", [3, 4])]
    # The same if there was nothing to tell today.
    assert due(found[2:], before) == []


def test_once_a_week_is_on_mondays() -> None:
    found = [untold(1, at(18, 9), cadence="weekly"), untold(2, at(26, 9), cadence="weekly", kind="article_mentions")]
    monday = hours(last=date(2025, 3, 24))
    assert due(found, monday) == []
    assert due(found, monday, at(31, 7, 59)) == []
    assert due(found, monday, at(31, 8)) == [("weekly", [1, 2])]
    assert due(found, hours(last=date(2025, 3, 31)), at(31, 23)) == []


def test_after_downtime_one_message_tells_it_all() -> None:
    found = [untold(number, at(20 + number, 12), party=str(number)) for number in range(5)]
    made = due_messages(found, hours(last=date(2025, 3, 19)), "d", now=at(26, 7))
    assert [(one.rhythm, len(one.events), one.due_at) for one in made] == [("daily", 5, at(25, 8))]
    assert made[0].once_key.endswith("2025-03-25")
    (instant,) = due_messages([replace(one, cadence="instant") for one in found], hours(), "d", now=NOW)
    assert (len(instant.events), instant.due_at) == (5, at(20, 12))


def test_no_hour_before_one_subscribed_is_owed() -> None:
    subscribed = hours(since=at(26, 8, 30))
    assert due([untold(1, at(26, 8, 45))], subscribed) == []
    assert due([untold(1, at(26, 8, 45))], subscribed, at(27, 8)) == [("daily", [1])]


@pytest.mark.parametrize(
    ("hour", "day", "moment"),
    [
        # Clocks jump from two to three: half past two is the first moment after that.
        (time(2, 30), date(2025, 3, 30), datetime(2025, 3, 30, 1, 0, tzinfo=UTC)),
        # They go back from three to two: the first half past two counts.
        (time(2, 30), date(2025, 10, 26), datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
        (time(8), date(2025, 3, 30), datetime(2025, 3, 30, 6, 0, tzinfo=UTC)),
        (time(8), date(2025, 3, 29), datetime(2025, 3, 29, 7, 0, tzinfo=UTC)),
    ],
)
def test_the_hour_is_a_local_one(hour: time, day: date, moment: datetime) -> None:
    found = [untold(1, moment - timedelta(hours=1))]
    when = hours(hour, BERLIN, last=day - timedelta(days=1))
    assert due_messages(found, when, "d", now=moment - timedelta(seconds=1)) == []
    (made,) = due_messages(found, when, "d", now=moment)
    assert (made.due_at, made.once_key[-10:]) == (moment, day.isoformat())
    # The second half past two, and every later moment of that day, owe nothing more.
    done = hours(hour, BERLIN, last=day)
    for later in (1, 2, 12):
        assert due_messages(found, done, "d", now=moment + timedelta(hours=later)) == []


_EVENTS = st.lists(
    st.builds(
        lambda minutes, cadence, kind, party: (minutes, cadence, kind, party),
        st.integers(0, 10 * 24 * 60),
        st.sampled_from(["instant", "daily", "weekly"]),
        st.sampled_from(["position_moved", "article_mentions"]),
        st.sampled_from(["DE", "FR", "IT"]),
    ),
    max_size=12,
)


@given(
    _EVENTS,
    st.lists(st.integers(1, 60 * 60), min_size=40, max_size=60),
    st.times(),
    st.sampled_from([UTC_ZONE, BERLIN, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")]),
)
def test_looking_whenever_each_event_is_told_once_and_a_digest_comes_once_a_day(
    given_: list[Any], gaps: list[int], hour: time, zone: ZoneInfo
) -> None:
    cadences = {party: cadence for _, cadence, _, party in given_}
    begin = at(24, 0)
    found = [
        untold(n, begin + timedelta(minutes=minutes), cadence=cadences[party], kind=kind, party=party)
        for n, (minutes, _, kind, party) in enumerate(sorted(given_))
    ]
    told: list[int] = []
    keys: list[str] = []
    last: date | None = None
    now = begin
    # The alarm clock rings at odd times, and long after the last event.
    for gap in [*(timedelta(seconds=gap * 20) for gap in gaps), *[timedelta(days=3)] * 9]:
        now += gap
        left = [one for one in found if one.event.id not in told and one.event.leaves_at <= now]
        for message in due_messages(left, Hours(hour, zone, LONG_AGO, last), "d", now=now):
            assert message.due_at <= now
            assert message.events
            assert all(event.leaves_at <= now for event in message.events)
            if message.rhythm != "instant":
                last = date.fromisoformat(message.once_key[-10:])
                assert all(event.leaves_at <= message.due_at for event in message.events)
            told += [event.id for event in message.events]
            keys.append(message.once_key)
    assert Counter(told) == dict.fromkeys((one.event.id for one in found), 1)
    assert len(keys) == len(set(keys))


def test_monday_brings_one_message_with_what_comes_daily_and_weekly() -> None:
    found = [untold(1, at(30, 7), cadence="weekly"), untold(2, at(30, 7), party="FR"), untold(3, at(31, 9), party="FR")]
    assert due(found, hours(last=date(2025, 3, 30)), at(31, 8)) == [("daily", [1, 2])]
    # Found again only on Tuesday, it is still one, and the week's is in it.
    assert due(found, hours(last=date(2025, 3, 30)), datetime(2025, 4, 1, 8, tzinfo=UTC)) == [("daily", [1, 2, 3])]


def test_a_change_and_its_undoing_are_nothing_to_tell() -> None:
    there = untold(1, at(26, 7), before="open", after="refuses")
    back = untold(2, at(26, 7, 30), before="refuses", after="open")
    again = untold(3, at(26, 7, 45), before="open", after="support")
    other = untold(4, at(26, 7), party="FR")
    assert due([there, back]) == []
    assert due([there, other, back]) == [("daily", [4])]
    # Moved again, it is one step from where the reader last heard of it.
    assert due([there, back, again]) == [("daily", [1, 2, 3])]
    assert due([replace(one, cadence="instant") for one in (there, back)]) == []
    assert due([there]) == [("daily", [1])]


def test_a_message_names_a_server_only_when_all_of_it_came_through_that_one() -> None:
    def server(*ids: int | None) -> int | None:
        found = [untold(n, at(26, 7), party=str(n), guild_id=one) for n, one in enumerate(ids)]
        (made,) = due_messages(found, hours(), "d", now=NOW)
        return made.guild_id

    assert server(7) == 7
    assert server(7, 7) == 7
    # Removed from one of them, the rest must still arrive.
    assert server(7, 8) is None
    assert server(7, None) is None


# --- With the store


class World:
    """A library with an editor, and people who follow parties."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.library = library(store)
        self.library.lengths = Lengths
        self.editor = Editor(self.library)

    @property
    def now(self) -> datetime:
        return self.editor.now

    def wait(self, **delta: float) -> None:
        self.editor.now += timedelta(**delta)

    def follow(self, who: str, party: str = "DE", cadence: str = "instant", kind: str = "user", **more: Any) -> None:
        with self.store.writing() as conn:
            subscriptions.add(
                conn, self.editor.key, kind, who, party, cadence, now=self.now, **more  # type: ignore[arg-type]
            )  # fmt: skip

    def news(self, text: str, name: str, *, title: str | None = None, publisher: str = "X") -> None:
        """Store a new article, or what an old one says now; only of a new one anybody hears."""
        with self.store.writing() as conn:
            draft = Draft(text, title=title or f"News: {name}", url=f"https://x.example/{name.replace(' ', '-')}",
                          publisher=publisher, language="en",
                          published=Published(self.now, "time", "stated"))  # fmt: skip
            known = articles.get(conn, self.editor.key, name)
            stored = articles.add(
                conn, self.editor.key, name, draft, article_id=None if known else name, now=self.now
            )  # fmt: skip
            article = Article(name, stored.revision, text, language="en")
            record_mentions(conn, self.editor.key, stored, find_mentions(article, self.library.parties))
            if stored.outcome == "new":
                record_mentions_events(conn, self.editor.key, article, now=self.now)

    def look(self) -> list[Any]:
        """Make what is due; return what that owes, as (key, place, words of each message)."""
        with self.store.reading() as conn:
            known = set(conn.execute(select(delivery.c.id)).scalars())
        make_due(self.library, now=self.now)
        with self.store.reading() as conn:
            return [one for one in conn.execute(select(delivery).order_by(delivery.c.id)) if one.id not in known]

    def words(self, row: Any) -> str:
        return "\n".join(part["content"] for part in self.parts(row))

    def parts(self, row: Any) -> list[Any]:
        with self.store.reading() as conn:
            query = select(delivery_part.c.content).where(delivery_part.c.delivery_id == row.id)
            return list(conn.execute(query.order_by(delivery_part.c.position)).scalars())

    def told(self) -> list[tuple[str, int]]:
        with self.store.reading() as conn:
            return [(one.subscriber_id, one.event_id) for one in conn.execute(select(subscriber_update))]

    def refuse(self, row: Any) -> None:
        """The message is refused: closed direct messages."""
        with self.store.writing() as conn:
            deliveries.drop(conn, row.id, "closed", now=self.now)
            updates.refused(conn, "user", row.place_id, row.id, now=self.now)


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def quick(sqlite_store: Store) -> World:
    return World(sqlite_store)


DE = row("de-a")
REFUSES = replace(DE, stance="refuses")


def _places(found: list[Any]) -> list[tuple[str, str]]:
    return sorted((one.place_kind, one.place_id) for one in found)


def test_a_change_is_told_once_to_each_who_follows_once_it_may_leave(world: World) -> None:
    world.editor.change(DE, row("fr-a", "leading", "FR"))
    world.wait(hours=1)
    for who in ("1", "2"):
        world.follow(who)
    world.follow("other party", "FR")
    world.follow("daily", cadence="daily")
    world.follow("weekly", cadence="weekly")
    world.follow("9", kind="channel")
    world.follow("local", kind="terminal")
    world.wait(hours=1)
    assert world.look() == [], "nobody hears of what was so before they followed"
    world.editor.change(REFUSES)
    world.wait(seconds=HOLD.total_seconds() - 1)
    assert world.look() == []
    world.wait(seconds=1)
    found = world.look()
    assert _places(found) == [("channel", "9"), ("user", "1"), ("user", "2")]
    assert {one.due_at for one in found} == {world.now}
    assert world.look() == []
    # At eight the next day, UTC, where no server's briefing gives an hour.
    world.editor.now = at(27, 7, 59)
    assert world.look() == []
    world.editor.now = at(27, 8, 1)
    found = world.look()
    assert _places(found) == [("user", "daily")]
    assert found[0].due_at == at(27, 8)
    world.editor.now = at(31, 8)
    assert _places(world.look()) == [("user", "weekly")]
    assert len(world.told()) == len(set(world.told())) == 5


def test_the_hour_is_that_of_the_servers_briefing(quick: World) -> None:
    quick.editor.change(DE)
    with quick.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=quick.now)
        briefings.switch_on(
            conn, quick.editor.key, 7, channel_id=42, thread_id=None, hour=time(20, 15), zone="Europe/Berlin", by=1,
            now=quick.now,
        )  # fmt: skip
    quick.follow("1", cadence="daily", guild_id=7)
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.editor.now = at(26, 19, 14)
    assert quick.look() == []
    quick.editor.now = at(26, 19, 15)
    (found,) = quick.look()
    assert (found.guild_id, found.due_at) == (7, at(26, 19, 15))
    assert "in A server, since" in quick.words(found)


def test_a_zone_that_this_machine_does_not_know_keeps_nobody_waiting(quick: World) -> None:
    quick.editor.change(DE)
    with quick.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=quick.now)
        plan = briefings.switch_on(
            conn, quick.editor.key, 7, channel_id=42, thread_id=None, hour=time(20, 15), zone="Europe/Berlin", by=1,
            now=quick.now,
        )  # fmt: skip
        conn.execute(update(guild_briefing).where(guild_briefing.c.id == plan.id).values(zone="Moon/Tranquility"))
    quick.follow("1", cadence="daily", guild_id=7)
    quick.follow("2")
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.editor.now = at(26, 20, 14)
    assert _places(quick.look()) == [("user", "2")]
    quick.editor.now = at(26, 20, 15)
    (found,) = quick.look()
    assert (found.place_id, found.due_at) == ("1", at(26, 20, 15))


def test_a_servers_hour_is_read_once_in_a_look(quick: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = briefings.plan_of

    def counting(conn: Connection, dossier: str, guild_id: int) -> Any:
        read.append(guild_id)
        return real(conn, dossier, guild_id)

    quick.editor.change(DE)
    with quick.store.writing() as conn:
        for number in (7, 8):
            guilds.joined(conn, number, "A server", now=quick.now)
    for number in range(6):
        quick.follow(str(number), guild_id=7 + number % 2)
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.wait(hours=1)
    monkeypatch.setattr(briefings, "plan_of", counting)
    assert len(quick.look()) == 6
    assert sorted(read) == [7, 8]


def test_one_digest_a_day_however_many_days_lie_between(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1", cadence="daily")
    quick.wait(hours=1)
    days = []
    for number, stance in enumerate(["refuses", "support", "open", "refuses", "support"]):
        quick.editor.change(replace(DE, stance=stance))
        quick.editor.now += timedelta(days=1 + 3 * number)
        for _ in range(3):
            quick.wait(hours=1)
            days += [one.once_key[-10:] for one in quick.look()]
            # What comes in after the day's message waits for the next day's.
            quick.news("The government of Germany has met.", f"{quick.now:%d %H}")
    assert len(days) == len(set(days)) == 5
    assert days == sorted(days)


def test_paused_or_removed_nobody_hears_anything(quick: World) -> None:
    quick.editor.change(DE)
    with quick.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=quick.now)
    for who in ("paused", "left alone", "left"):
        quick.follow(who)
    quick.follow("kicked", guild_id=7)
    with quick.store.writing() as conn:
        subscriptions.failed(conn, "user", "paused", next_try_at=None, now=quick.now)
        subscriptions.failed(conn, "user", "left alone", next_try_at=NOW + timedelta(days=1), now=quick.now)
        guilds.left(conn, 7, now=quick.now)
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    with quick.store.writing() as conn:
        subscriptions.remove(conn, quick.editor.key, "user", "left")
    quick.wait(hours=1)
    assert quick.look() == []
    quick.editor.now = NOW + timedelta(days=1)
    assert _places(quick.look()) == [("user", "left alone")]


def _both(store_url: str, opened: Callable[[str], Store]) -> tuple[World, list[Library]]:
    stores = [opened(store_url) for _ in range(2)]
    world = World(stores[0])
    world.editor.change(DE)
    for number in range(25):
        world.follow(str(number))
        world.follow(f"daily {number}", cadence="daily")
    world.wait(hours=1)
    other = Library(
        stores[1], world.library.topic, world.library.parties, old_after_days=30, lengths=world.library.lengths
    )
    return world, [world.library, other]


def test_two_processes_tell_each_once(store_url: str, opened: Callable[[str], Store]) -> None:
    world, libraries = _both(store_url, opened)
    world.editor.change(REFUSES)
    world.editor.now = at(27, 9)
    start = Barrier(2)

    def work(one: Library) -> None:
        start.wait()
        make_due(one, now=at(27, 9))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, libraries))
    counts = Counter(who for who, _ in world.told())
    assert len(counts) == 50
    assert set(counts.values()) == {1}
    with world.store.reading() as conn:
        assert Counter(conn.execute(select(delivery.c.place_id)).scalars()) == counts


def test_one_that_looked_before_another_told_does_not_tell_it_again(
    store_url: str, opened: Callable[[str], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes looked; the second found one change more, so that its message has another key."""
    world, libraries = _both(store_url, opened)
    world.editor.change(REFUSES)
    world.wait(hours=1)
    first = world.now
    world.editor.change(replace(DE, stance="support"))
    world.wait(hours=1)
    real = updates.due_messages
    once = [True]

    def between(*arguments: Any, **named: Any) -> list[Message]:
        found = real(*arguments, **named)
        if once:
            once.clear()
            make_due(libraries[1], now=first)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(updates, "due_messages", between)
        make_due(libraries[0], now=world.now)
    make_due(libraries[0], now=world.now)
    with world.store.reading() as conn:
        told = Counter((one.subscriber_id, one.event_id) for one in conn.execute(select(subscriber_update)))
        owed = Counter(conn.execute(select(delivery.c.place_id)).scalars())
    instant = {who: number for who, number in owed.items() if "daily" not in who}
    assert set(told.values()) == {1}
    # Each hears of both, and of each only once.
    assert instant == {str(number): 2 for number in range(25)}


@pytest.mark.parametrize("what", ["deleted", "paused", "taken back", "kicked"])
def test_what_happens_between_looking_and_owing_is_heeded(
    quick: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    with quick.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=quick.now)
    quick.editor.change(DE)
    quick.follow("1", guild_id=7)
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.wait(minutes=5)
    real = updates.due_messages

    def meanwhile(*arguments: Any, **named: Any) -> list[Message]:
        with quick.store.writing() as conn:
            if what == "deleted":
                subscriptions.delete_person(conn, "user", "1")
            elif what == "paused":
                subscriptions.failed(conn, "user", "1", next_try_at=None, now=quick.now)
            elif what == "kicked":
                guilds.left(conn, 7, now=quick.now)
            else:
                events.cancel(conn, [one.id for one in quick.editor.events()], now=quick.now)
        return real(*arguments, **named)

    monkeypatch.setattr(updates, "due_messages", meanwhile)
    assert quick.look() == []
    assert quick.told() == []


# --- What it says


def _quotes(text: str) -> list[str]:
    return [line.removeprefix("> ").removeprefix("[…] ") for line in text.split("\n") if line.startswith("> ")]


IF, YES = (MappingProxyType({"troops": answer}) for answer in ("conditional", "yes"))
LESSER = row("de-b", "refuses", sentence=1, kind="reporter", speaker="reporter")
KINDS: list[tuple[str, tuple[Any, ...], tuple[Any, ...], list[str], list[int]]] = [
    ("moved", (DE,), (replace(row("de-a", "refuses", sentence=2), speaker="The minister"),),
     ["**Germany: won't send troops.** Was: open to it.", "**New:**", "The minister, in", "**On file before:**"],
     [2, 0]),
    ("first", (), (DE,), ["**Germany: open to it.** A first statement"], [0]),
    ("withdrawn", (DE,), (replace(DE, state="withdrawn"),),
     ["**Germany: no position on file any more.**", "It was: open to it."], [0]),
    ("differs", (DE,), (LESSER,), ["**Germany: sources now differ.**", "The reporter, in"], [1, 0]),
    ("corrected", (DE,), (replace(DE, quotes=row("x", sentence=3).quotes),),
     ["**Germany: corrected.**", "its position is the same: open to it"], [3, 0]),
    ("reread", (DE,), (replace(DE, stance="refuses"),),
     ["**Germany: won't send troops.** Was: open to it.", "**Read anew by an editor, in the same words:**"], [0]),
    ("axis", (replace(DE, axes=IF),), (replace(DE, axes=YES),), ["Own troops: ", "was: "], [0]),
]  # fmt: skip


@pytest.mark.parametrize("case", KINDS, ids=[case[0] for case in KINDS])
def test_each_kind_of_change_says_what_it_is_with_its_receipts(quick: World, case: Any) -> None:
    _, before, after, said, sentences = case
    if before:
        quick.editor.change(*before)
    quick.follow("1")
    quick.wait(hours=1)
    quick.editor.change(*after)
    quick.wait(minutes=2)
    (found,) = quick.look()
    text = quick.words(found)
    for words in said:
        assert words in text
    # Every block quote is verbatim, in order, and each has its receipt under it: who, which text, when, a link.
    assert _quotes(text) == [SENTENCES[number] for number in sentences]
    assert all(words in TEXT for words in _quotes(text))
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("> "):
            assert re.fullmatch(
                r"-# .+, in (the )?\[X\]\(<https://x\.example/\d+>\), 20 March 2025.*", lines[number + 1]
            )
    assert "-# You follow Germany (changes at once, mentions once a day), since 26 March 2025." in lines
    last = quick.parts(found)[-1]
    buttons = {one["label"]: one["custom_id"] for line in last["components"] for one in line["components"]}
    assert buttons == {
        "Full status": f"{SAY}status Germany", "Once a day instead": f"{SAY}subscribe Germany daily",
        "Stop Germany": f"{SAY}unsubscribe Germany", "Stop everything": f"{SAY}unsubscribe all",
    }  # fmt: skip
    assert last["allowed_mentions"] == {"parse": []}


def test_a_daily_message_tells_changes_and_where_parties_are_spoken_of(quick: World) -> None:
    quick.editor.change(DE, row("fr-a", "leading", "FR"))
    quick.follow("1", "DE", "daily")
    quick.follow("1", "FR", "daily")
    quick.follow("2", "FR", "daily")
    quick.follow("3", "IT", "daily")
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.news("In Paris it rained. Germany and France spoke of @everyone. So they did.", "news")
    quick.news("The government of Germany has met.", "more")
    quick.editor.now = at(27, 8)
    found = {one.place_id: one for one in quick.look()}
    assert set(found) == {"1", "2"}
    text = quick.words(found["1"])
    assert text.startswith("**Daily update: Germany, France**")
    assert "**Germany: won't send troops.** Was: open to it." in text
    assert "** (Germany, France)\n> " in text
    assert "@everyone" not in text
    assert "Germany and France spoke of @\u2060everyone." in _quotes(text)
    assert "The government of Germany has met." in _quotes(text)
    assert text.count("You follow ") == 2
    other = quick.words(found["2"])
    assert other.startswith("**Daily update: France**")
    assert "won't send troops" not in other
    assert len(_quotes(other)) == 1
    labels = [one["label"] for line in quick.parts(found["1"])[-1]["components"] for one in line["components"]]
    assert {"Stop France", "Stop Germany", "Stop everything"} <= set(labels)


# --- News of parties, as stories

WEIGHS = (
    "Germany will decide this week whether to contribute soldiers to the coalition of the willing, ministers said. "
    "Opposition lawmakers called the plan rushed. France leads the coalition of the willing and promised to send ships."
)
AGAIN = (
    "Ministers said that this week Germany will decide whether to contribute soldiers to the coalition of the "
    "willing. Opposition lawmakers called the plan rushed. Ships were promised by France, which leads the coalition of "
    "the willing."
)
JOINS = (
    "Germany will contribute 2,000 soldiers to the coalition of the willing, the chancellor said on Thursday. "
    "Opposition lawmakers called the plan rushed."
)
STORM = "A storm tore the roof off the ferry terminal in Kiel, and northern Germany was without trains for two days."


@pytest.fixture
def reader(quick: World) -> World:
    """One who was told the beginning of a story by Wednesday's message."""
    quick.editor.now = at(25, 8)
    quick.editor.change(DE)
    quick.wait(hours=1)
    quick.follow("1", cadence="daily")
    quick.wait(minutes=1)
    quick.news(WEIGHS, "weighs", title="Berlin weighs troops")
    quick.editor.now = at(26, 8)
    (found,) = quick.look()
    assert "**Berlin weighs troops**" in quick.words(found)
    quick.wait(hours=1)
    return quick


def test_what_several_outlets_tell_is_one_story_with_a_link_to_each(quick: World) -> None:
    quick.follow("1", cadence="daily")
    quick.wait(hours=1)
    quick.news(WEIGHS, "first", title="Berlin weighs troops for the coalition", publisher="Wire")
    quick.wait(hours=1)
    quick.news(AGAIN, "second", title="Berlin still weighs troops for the coalition", publisher="Ledger")
    quick.wait(hours=1)
    quick.news(STORM, "storm", title="Storm in Kiel", publisher="Post")
    quick.editor.now = at(27, 8)
    (found,) = quick.look()
    text = quick.words(found)
    assert text.count("**Berlin ") == text.count("**Storm in Kiel**") == 1
    assert "-# First reported by [Wire](<https://x.example/first>), " in text
    assert ", also in 1 other: [Ledger](<https://x.example/second>)" in text
    # What more tell stands first, and nothing is said twice.
    assert text.index("**Berlin") < text.index("**Storm")
    assert len(_quotes(text)) == 2
    assert all("Germany" in quote for quote in _quotes(text))
    assert len(quick.told()) == 3


def test_a_story_goes_on_with_what_is_new_since(reader: World) -> None:
    reader.news(JOINS, "joins", title="Berlin contributes 2,000 soldiers")
    reader.news(AGAIN, "again", title="Berlin weighs troops")
    reader.editor.now = at(27, 8)
    (found,) = reader.look()
    text = reader.words(found)
    assert "**Update: Berlin contributes 2,000 soldiers**" in text
    assert _quotes(text) == [JOINS.split(". ")[0] + "."]


def test_nothing_new_is_no_message_and_is_not_told_later(reader: World) -> None:
    reader.follow("2", cadence="daily")
    reader.wait(minutes=1)
    reader.news(AGAIN, "again", title="Berlin still weighs troops", publisher="Ledger")
    reader.editor.now = at(27, 8)
    (found,) = reader.look()
    assert found.place_id == "2", "to whom it is new"
    assert "**Berlin still weighs troops**" in reader.words(found)
    assert [who for who, _ in reader.told()].count("1") == 2
    with reader.store.reading() as conn:
        assert list(conn.execute(select(subscriber_update.c.delivery_id)).scalars()).count(None) == 1
        assert lookup.told(conn, reader.editor.key, "again") == 1, "to the other it was nothing new"
    assert reader.look() == []
    reader.news(STORM, "storm")
    reader.editor.now = at(28, 8)
    texts = [reader.words(one) for one in reader.look()]
    assert len(texts) == 2
    assert not any("weighs" in text for text in texts)


def test_what_is_told_again_is_named_beside_what_is_new(reader: World) -> None:
    reader.news(AGAIN, "again", title="Berlin still weighs troops", publisher="Ledger")
    reader.editor.change(REFUSES)
    reader.editor.now = at(27, 8)
    (found,) = reader.look()
    text = reader.words(found)
    assert "**Germany: won't send troops.** Was: open to it." in text
    assert "-# Told again, with nothing new: 1 story\n- Berlin still weighs troops ([Ledger](<" in text
    assert not set(_quotes(text)) & set(AGAIN.split(". "))


def test_of_several_parties_each_story_is_told_once_and_leaves_none_out(quick: World) -> None:
    for party in ("DE", "FR", "IT"):
        quick.follow("1", party, "daily")
    quick.wait(hours=1)
    quick.news(f"{WEIGHS} The mayor of Rome in Italy opened a bridge.", "all", title="Berlin weighs troops")
    quick.news(STORM, "storm", title="Storm in Kiel")
    quick.editor.now = at(27, 8)
    (found,) = quick.look()
    text = quick.words(found)
    assert text.startswith("**Daily update: Germany, France, Italy**")
    assert "**Berlin weighs troops** (Germany, France, Italy)" in text
    assert "**Storm in Kiel** (Germany)" in text
    assert len(_quotes(text)) == len(set(_quotes(text))) == 4


def test_what_an_article_says_of_another_party_is_told_when_its_turn_comes(quick: World) -> None:
    quick.editor.now = at(24, 9)
    quick.follow("1", "DE", "daily")
    quick.follow("1", "FR", "weekly")
    quick.wait(hours=1)
    quick.news(WEIGHS, "weighs", title="Berlin weighs troops")
    quick.editor.now = at(25, 8)
    (found,) = quick.look()
    assert "France" not in quick.words(found)
    quick.editor.now = at(31, 8)
    (found,) = quick.look()
    text = quick.words(found)
    assert text.startswith("**Weekly update: France**\n\n**Update: Berlin weighs troops**")
    assert _quotes(text) == ["France leads the coalition of the willing and promised to send ships."]


@pytest.mark.parametrize("how", ["refused", "given up", "long ago"])
def test_what_did_not_arrive_or_was_told_long_ago_is_told_again(reader: World, how: str) -> None:
    with reader.store.reading() as conn:
        (first,) = conn.execute(select(delivery)).all()
    if how == "refused":
        reader.refuse(first)
    elif how == "given up":
        with reader.store.writing() as conn:
            deliveries.drop(conn, first.id, "Discord won't have it.", now=reader.now)
    reader.news(AGAIN, "again", title="Berlin still weighs troops")
    if how == "long ago":
        with reader.store.writing() as conn:
            old = reader.now - timedelta(days=14)
            conn.execute(update(subscriber_update).values(created_at=old))
    reader.editor.now = at(27, 11)
    (found,) = reader.look()
    text = reader.words(found)
    assert "**Berlin " in text
    assert "Update:" not in text
    assert len(_quotes(text)) == 1


def test_it_is_told_as_it_reads_now(quick: World) -> None:
    quick.follow("1", cadence="daily")
    quick.wait(hours=1)
    quick.news(JOINS, "joins", title="Berlin joins")
    quick.news(STORM, "storm", title="Storm in Kiel")
    quick.wait(hours=1)
    corrected = JOINS.replace("2,000", "200")
    quick.news(corrected, "joins", title="Berlin joins")
    # It was another country: nothing is left to tell of this one.
    quick.news("A storm tore the roof off the ferry terminal in Gdansk in Poland.", "storm", title="Storm in Gdansk")
    quick.editor.now = at(27, 8)
    (found,) = quick.look()
    text = quick.words(found)
    assert _quotes(text) == [corrected.split(". ")[0] + "."]
    assert "Storm" not in text
    assert len(quick.told()) == 2


def test_a_week_of_news_is_told_within_bounds(quick: World) -> None:
    quick.follow("1", cadence="daily")
    quick.wait(hours=1)
    found = [
        "closed its last coal mine in the Ruhr", "beat Denmark by four goals in Malmö", "sold three airports to a bank",
        "sent a probe to an asteroid", "found lead in tap water", "named a new judge", "lost its oldest beech forest",
        "banned fireworks near hospitals", "built a tunnel under the Elbe", "recalled faulty lifts",
        "raised the tax on sugar", "reopened a burnt library",
    ]  # fmt: skip
    for name in found:
        quick.news(f"Germany {name}, reporters wrote.", name[:9], title=name.capitalize())
    quick.editor.now = at(27, 8)
    (owed,) = quick.look()
    text = quick.words(owed)
    assert len(_quotes(text)) == 10
    assert "**And 2 more stories**" in text
    assert all(name.capitalize() in text for name in found)
    assert all(len(part["content"]) <= 2000 for part in quick.parts(owed))


def test_whoever_left_meanwhile_is_not_noted_as_told(reader: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.news(AGAIN, "again")
    real = updates.update

    def meanwhile(*arguments: Any) -> Any:
        with reader.store.writing() as conn:
            subscriptions.delete_person(conn, "user", "1")
        return real(*arguments)

    monkeypatch.setattr(updates, "update", meanwhile)
    reader.editor.now = at(27, 8)
    assert reader.look() == []
    assert reader.told() == []


def test_two_processes_note_once_that_nothing_is_new(store_url: str, opened: Callable[[str], Store]) -> None:
    world, libraries = _both(store_url, opened)
    for each in libraries:
        each.lengths = Lengths
    with world.store.writing() as conn:
        conn.execute(subscription.delete().where(subscription.c.cadence == "instant"))
    world.news(WEIGHS, "weighs")
    world.editor.now = at(27, 8)
    assert len(world.look()) == 25
    world.wait(hours=1)
    world.news(AGAIN, "again")
    start = Barrier(2)

    def work(one: Library) -> int:
        start.wait()
        return make_due(one, now=at(28, 8))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, libraries)) == [0, 0]
    assert Counter(world.told()) == Counter(dict.fromkeys(world.told(), 1))
    assert len(world.told()) == 50
    world.editor.now = at(28, 9)
    assert world.look() == []


def test_a_channel_is_spoken_of_as_one(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("9", kind="channel")
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.wait(hours=1)
    (found,) = quick.look()
    assert "-# This channel follows Germany (" in quick.words(found)
    ids = [one["custom_id"] for line in quick.parts(found)[-1]["components"] for one in line["components"]]
    assert f"{SAY}unsubscribe Germany here" in ids


def test_several_changes_of_a_day_are_one_step_and_named_as_what_they_come_to(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1", cadence="daily")
    for note in ("One.", "Two."):
        quick.wait(hours=1)
        quick.editor.change(replace(DE, note=note))
    quick.editor.now = at(27, 8)
    (found,) = quick.look()
    # Corrected twice is corrected, no move.
    assert "**Germany: corrected.**" in quick.words(found)
    for stance in ("support", "refuses"):
        quick.wait(hours=1)
        quick.editor.change(replace(DE, stance=stance))
    quick.editor.now = at(28, 8)
    (found,) = quick.look()
    assert "**Germany: won't send troops.** Was: open to it." in quick.words(found)
    assert "helps" not in quick.words(found)


def test_there_and_back_since_the_last_message_is_not_told(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1", cadence="daily")
    for rows in (REFUSES, DE):
        quick.wait(hours=1)
        quick.editor.change(rows)
    quick.editor.now = at(27, 8)
    assert quick.look() == []
    quick.wait(hours=1)
    quick.editor.change(replace(DE, stance="support"))
    quick.editor.now = at(28, 8)
    (found,) = quick.look()
    assert "**Germany: helps in other ways.** Was: open to it." in quick.words(found)


# --- Refused


def test_refused_it_is_tried_after_an_hour_after_a_day_and_then_no_more(world: World) -> None:
    world.editor.change(DE)
    world.follow("1")
    world.wait(hours=1)
    world.editor.change(REFUSES)
    world.wait(minutes=2)
    for wait in (timedelta(hours=1), timedelta(days=1)):
        (found,) = world.look()
        world.refuse(found)
        assert world.told() == []
        world.editor.now += wait - timedelta(seconds=1)
        assert world.look() == []
        world.wait(seconds=1)
    (found,) = world.look()
    assert world.now - found.due_at < FOLDED_AFTER, "the outbox would give it up untried"
    world.refuse(found)
    with world.store.reading() as conn:
        (followed,) = subscriptions.listed(conn, world.editor.key, "user", "1")
    assert (followed.state, followed.failures) == ("paused", 3)
    world.wait(days=2)
    assert world.look() == []
    # Woken, what was never told is told; the key of the first try does not stand in its way.
    world.follow("1")
    (found,) = world.look()
    assert "**Germany: won't send troops.** Was: open to it." in world.words(found)
    assert world.look() == []
    assert len(world.told()) == 1


def test_a_message_that_arrives_ends_the_count_and_nothing_is_lost(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1")
    for number, stance in enumerate(["refuses", "support"] * 3):
        quick.wait(hours=2)
        quick.editor.change(replace(DE, stance=stance))
        quick.wait(minutes=2)
        (found,) = quick.look()
        quick.refuse(found)
        with quick.store.writing() as conn:
            # They write to the bot: its answer arrives.
            subscriptions.reached(conn, "user", "1", 55)
        (again,) = quick.look()
        assert again.channel_id == 55
        assert len(quick.told()) == number + 1


def test_what_is_older_than_any_rhythm_is_not_told(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1")
    quick.wait(hours=1)
    quick.editor.change(REFUSES)
    quick.editor.now += updates.REMEMBERED + timedelta(seconds=1)
    assert quick.look() == []


def test_a_quote_that_no_longer_holds_is_left_out(quick: World) -> None:
    quick.editor.change(DE)
    quick.follow("1")
    quick.wait(hours=1)
    quick.editor.change(row("de-a", "refuses", sentence=2))
    with quick.store.writing() as conn:
        conn.execute(update(quote).where(quote.c.owner_revision == 2).values(start=quote.c.start + 1))
    quick.wait(minutes=2)
    (found,) = quick.look()
    assert _quotes(quick.words(found)) == [SENTENCES[0]]
