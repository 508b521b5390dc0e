"""What becomes of a message to a subscriber decides how they are treated from then on: people and channels alike."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.answers import Answer
from bot.app import App, open_app
from bot.commands import answer
from bot.discord.messenger import DiscordMessenger
from bot.outbox import NotSent, Outcome, Sent, Trouble, Worked
from bot.render.render import as_text
from bot.request import Reader, Server, parse
from bot.run import Running
from bot.secrets import Token
from bot.store import deliveries, events, guilds, leases, subscriptions
from bot.store.deliveries import Place
from bot.store.schema import delivery, delivery_part
from tests.bot.conftest import NOW
from tests.conftest import Clock

CHANNEL, PERSON = Place("channel", "9", 7), Place("user", "101")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Outcome]]:
    """What Discord answers to each post, one after the other; then all is well."""
    given: list[Outcome] = []

    async def post(*_: Any) -> Outcome:
        return given.pop(0) if given else Sent(1, 55)

    async def missing(*_: Any) -> None:
        return None

    monkeypatch.setattr(DiscordMessenger, "post", post)
    monkeypatch.setattr(DiscordMessenger, "missing", missing)
    yield given
    assert not given


def _owe(app: App, key: str, place: Place) -> None:
    """Owe a message that tells the place of a change."""
    kind: Any = place.kind
    now, moment = app.clock(), app.clock() + timedelta(seconds=1)
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=now)
        if not subscriptions.listed(conn, app.library.topic.key, kind, place.id):
            subscriptions.add(conn, app.library.topic.key, kind, place.id, "DE", "instant", guild_id=7, now=now)
        events.record(conn, app.library.topic.key, "position_moved", "DE", key, leaves_at=moment, now=moment)
        made, _ = deliveries.owe(conn, f"update:{key}", place, [{"content": "x"}], due_at=now, now=now)
        found = events.untold(conn, app.library.topic.key, now=moment, since=now, of=(kind, place.id))
        events.tell(conn, kind, place.id, [one.event.id for one in found], delivery_id=made, now=now)


def _state(app: App, place: Place) -> tuple[str, int]:
    kind: Any = place.kind
    with app.store.reading() as conn:
        (one,) = subscriptions.listed(conn, app.library.topic.key, kind, place.id)
    return one.state, one.failures


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def moving(home: Path, clock: Clock) -> Iterator[App]:
    """The open program, with a clock that a test moves."""
    with open_app(str(home), clock=clock) as opened:
        yield opened


GONE = NotSent(Trouble.GONE, "gone")


@pytest.mark.parametrize("place", [CHANNEL, PERSON], ids=["channel", "person"])
async def test_what_arrives_forgets_failures_of_long_ago(app: App, answers: list[Outcome], place: Place) -> None:
    running = Running(app, jitter=lambda: 0.0)
    for number in range(5):
        # Once in a while something goes wrong, and then all is well for a long time.
        answers.append(GONE)
        _owe(app, f"fails {number}", place)
        await running.outbox.round()
        assert _state(app, place) == ("active", 1)
        _owe(app, f"arrives {number}", place)
        await running.outbox.round()
        assert _state(app, place) == ("active", 0)


@pytest.mark.parametrize("place", [CHANNEL, PERSON], ids=["channel", "person"])
async def test_three_failures_in_a_row_pause_what_is_followed(
    moving: App, clock: Clock, answers: list[Outcome], place: Place
) -> None:
    running = Running(moving, jitter=lambda: 0.0)
    for number in range(3):
        assert _state_or_new(moving, place)[0] == "active"
        answers.append(GONE)
        _owe(moving, str(number), place)
        await running.outbox.round()
        clock.now += timedelta(days=1)
    assert _state(moving, place) == ("paused", 3)


@pytest.mark.parametrize("place", [CHANNEL, PERSON], ids=["channel", "person"])
async def test_three_refusals_within_seconds_are_one_failure(
    moving: App, clock: Clock, answers: list[Outcome], place: Place
) -> None:
    running = Running(moving, jitter=lambda: 0.0)
    for number in range(3):
        answers.append(GONE)
        _owe(moving, str(number), place)
        await running.outbox.round()
        clock.now += timedelta(seconds=7)
    assert _state(moving, place) == ("active", 1)


def _state_or_new(app: App, place: Place) -> tuple[str, int]:
    kind: Any = place.kind
    with app.store.reading() as conn:
        known = subscriptions.listed(conn, app.library.topic.key, kind, place.id)
    return _state(app, place) if known else ("active", 0)


# --- Following, stopping, and what is owed


READER = Reader("user", "101")


def _ask(app: App, line: str, *, missing: str | None = None, manages: bool = True) -> Answer:
    server = Server(7, Reader("channel", "9"), manages, missing)
    request = parse(line, reader=READER, now=app.clock(), server=server)
    assert request is not None
    return answer(request, app.library)


def _open(app: App) -> dict[str, list[dict[str, Any]]]:
    """Return the messages that are owed, by the first word of their delivery's key."""
    with app.store.reading() as conn:
        query = (
            select(delivery.c.once_key, delivery_part.c.content)
            .join(delivery_part, delivery_part.c.delivery_id == delivery.c.id)
            .where(delivery.c.done_at.is_(None))
            .order_by(delivery.c.id)
        )
        found: dict[str, list[dict[str, Any]]] = {}
        for row in conn.execute(query):
            found.setdefault(row.once_key.split(":")[0], []).append(row.content)
    return found


def _labels(message: dict[str, Any]) -> list[str]:
    return [button["label"] for line in message["components"] for button in line["components"]]


@pytest.mark.parametrize("rhythm", ["instant", "daily", "weekly"])
def test_the_first_message_names_the_rhythm_and_offers_a_rarer_one(app: App, rhythm: str) -> None:
    _ask(app, f"subscribe Germany {rhythm}")
    (hello,) = _open(app)["hello"]
    assert ("at once" in hello["content"]) is (rhythm == "instant")
    assert ("Once a day instead" in _labels(hello)) is (rhythm == "instant")


def test_a_channel_follows_only_where_something_can_be_posted(app: App) -> None:
    refused = _ask(app, "subscribe Germany here", missing="Send Messages is missing.")
    assert refused.error is not None
    assert refused.error.code == "channel_closed"
    assert "Send Messages is missing." in refused.error.message
    with app.store.reading() as conn:
        assert subscriptions.listed(conn, app.library.topic.key, "channel", "9") == []
    # A person is written to elsewhere, and what a channel follows can be stopped all the same.
    assert _ask(app, "subscribe Germany", missing="Send Messages is missing.").ok
    assert _ask(app, "subscribe Germany here").ok
    assert _ask(app, "unsubscribe Germany here", missing="Send Messages is missing.").ok


@pytest.mark.parametrize("command", ["unsubscribe Germany", "unsubscribe all", "privacy delete"])
def test_whoever_stops_is_sent_nothing_more(app: App, command: str) -> None:
    _ask(app, "subscribe Germany")
    _owe(app, "de", PERSON)
    assert set(_open(app)) == {"hello", "update"}
    assert _ask(app, command).ok
    assert _open(app) == {}


def test_what_else_is_followed_is_still_told(app: App) -> None:
    _ask(app, "subscribe Germany")
    _ask(app, "subscribe France")
    _owe(app, "de", PERSON)
    _ask(app, "unsubscribe France")
    assert set(_open(app)) == {"hello", "update"}
    _ask(app, "subscribe France")
    _ask(app, "unsubscribe Germany")
    assert set(_open(app)) == {"hello"}


async def test_subscribing_again_wakes_everything_once_a_message_arrives(
    moving: App, clock: Clock, answers: list[Outcome]
) -> None:
    running, key = Running(moving, jitter=lambda: 0.0), moving.library.topic.key
    with moving.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=NOW)
        for party in ("DE", "FR"):
            subscriptions.add(conn, key, "user", "101", party, "daily", guild_id=7, dm_channel_id=55, now=NOW)
        subscriptions.failed(conn, "user", "101", next_try_at=None, now=NOW)
    clock.now += timedelta(days=3)
    assert _ask(moving, "subscribe Germany").ok
    await running.outbox.round()
    with moving.store.reading() as conn:
        assert {one.state for one in subscriptions.listed(conn, key, "user", "101")} == {"active"}


def test_deleting_it_all_is_asked_about_once(app: App) -> None:
    _ask(app, "subscribe Germany")
    shown = _ask(app, "privacy")
    assert (shown.actions[0].label, shown.actions[0].command) == ("Delete it all", "privacy ask")
    asked = _ask(app, "privacy ask")
    assert [(one.label, one.command, one.style) for one in asked.actions] == [
        ("Yes, delete it all", "privacy delete", 4), ("Keep it", "subscriptions", 2),
    ]  # fmt: skip
    assert "Delete all that is stored about you?" in as_text(asked)
    with app.store.reading() as conn:
        assert len(subscriptions.listed(conn, app.library.topic.key, "user", "101")) == 1


# --- Looking, and who is connected


async def test_what_is_asked_for_during_a_long_look_needs_one_more_look(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running(app)
    begun, go_on, looks = asyncio.Event(), asyncio.Event(), 0

    class Ready:
        def is_ready(self) -> bool:
            return True

    async def round_() -> Worked:
        nonlocal looks
        looks += 1
        begun.set()
        await go_on.wait()
        return Worked()

    running.bot = Ready()  # type: ignore[assignment]
    monkeypatch.setattr(running.outbox, "round", round_)
    first = asyncio.create_task(running.look())
    await begun.wait()
    for _ in range(20):
        running.soon()
        # Each finds the look still going on.
        await asyncio.sleep(0)
    go_on.set()
    await first
    await running.close()
    assert looks == 2


class Connections:
    """What :func:`~bot.discord.supervise.supervise` does, for those who only want to know who is connected."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: list[object] = []
        self.changed = asyncio.Condition()
        monkeypatch.setattr("bot.run.supervise", self.supervise)

    async def supervise(self, make: Any, _token: Token, stop: asyncio.Event, **_: Any) -> None:
        await self._change(self.now.append, make.__self__)
        await stop.wait()
        await self._change(self.now.remove, make.__self__)

    async def _change(self, how: Any, who: object) -> None:
        async with self.changed:
            how(who)
            self.changed.notify_all()

    async def until(self, *who: object) -> None:
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: self.now == list(who)), 20)


TOKEN = Token("x" * 60, "test")


async def test_two_on_one_store_are_connected_one_after_the_other(
    moving: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = Connections(monkeypatch)
    asked = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        asked.set()
        await asyncio.sleep(0)

    first, second = (Running(moving, sleep=sleep) for _ in range(2))
    stops = [asyncio.Event(), asyncio.Event()]
    running = asyncio.create_task(first.run(TOKEN, stops[0]))
    await connection.until(first)
    waits = asyncio.create_task(second.run(TOKEN, stops[1]))
    await asyncio.wait_for(asked.wait(), 20)
    assert connection.now == [first]
    stops[0].set()
    await running
    # The clock stands still: it was given back, not waited for.
    await connection.until(second)
    stops[1].set()
    await waits
    assert caplog.text.count("Another process runs on this store") == 1
    with moving.store.writing() as conn:
        assert leases.take(conn, "connection", "a third", now=NOW, until=NOW)


async def test_one_that_waits_stops_when_it_is_told_to(moving: App, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Connections(monkeypatch)
    asked = asyncio.Event()

    async def sleeps_long(_seconds: float) -> None:
        asked.set()
        await asyncio.Event().wait()

    with moving.store.writing() as conn:
        leases.take(conn, "connection", "another", now=NOW, until=NOW + timedelta(seconds=90))
    stop = asyncio.Event()
    waits = asyncio.create_task(Running(moving, sleep=sleeps_long).run(TOKEN, stop))
    await asked.wait()
    stop.set()
    await asyncio.wait_for(waits, 20)
    assert connection.now == []


@pytest.mark.long
async def test_one_that_was_killed_is_waited_for_and_one_that_stood_still_makes_room(
    moving: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connections(monkeypatch)
    with moving.store.writing() as conn:
        leases.take(conn, "connection", "killed", now=NOW, until=NOW + timedelta(seconds=90))

    async def time_passes(_seconds: float) -> None:
        clock.now += timedelta(seconds=30)

    monkeypatch.setattr("bot.run._RENEWED_EVERY", timedelta(milliseconds=20))
    running, stop = Running(moving, sleep=time_passes), asyncio.Event()
    task = asyncio.create_task(running.run(TOKEN, stop))
    await connection.until(running)
    assert clock.now >= NOW + timedelta(seconds=90)
    # It stands still so long that another one takes over.
    clock.now += timedelta(minutes=5)
    with moving.store.writing() as conn:
        leases.release(conn, "connection", running.owner)
        assert leases.take(conn, "connection", "another", now=clock.now, until=clock.now + timedelta(days=1))
    await connection.until()
    # When that one has ended it is connected again.
    with moving.store.writing() as conn:
        leases.release(conn, "connection", "another")
    await connection.until(running)
    stop.set()
    await task


async def test_one_that_was_killed_on_this_machine_is_not_waited_for(
    moving: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connections(monkeypatch)
    ended = await asyncio.create_subprocess_exec(sys.executable, "-c", "pass")
    await ended.wait()
    host = Running(moving).owner.split(":")[0]
    with moving.store.writing() as conn:
        leases.take(conn, "connection", f"{host}:{ended.pid}:0a", now=NOW, until=NOW + timedelta(seconds=90))

    async def never(_seconds: float) -> None:
        raise AssertionError("nobody is to be waited for")

    running, stop = Running(moving, sleep=never), asyncio.Event()
    task = asyncio.create_task(running.run(TOKEN, stop))
    await connection.until(running)
    assert clock.now == NOW
    stop.set()
    await task
