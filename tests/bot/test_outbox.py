"""Each message arrives once and in order, wherever the worker is stopped, whatever Discord answers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from discord.utils import time_snowflake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from bot import outbox
from bot.discord.messenger import DiscordMessenger, InvalidRequests, meaning
from bot.due import FOLDED_AFTER, LATE_AFTER
from bot.outbox import (
    NONCE_REMEMBERED,
    NotSent,
    Outbox,
    Outcome,
    Pace,
    Sent,
    Trouble,
    Worked,
    decide,
    gives_up,
    next_try,
)
from bot.store import deliveries, guilds
from bot.store.deliveries import Delivery, Part, Place
from bot.store.engine import Connection, Store
from bot.store.schema import delivery, delivery_part

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
CHANNEL, PERSON = Place("channel", "42", 7), Place("user", "101")
STATES = ["owed", "sending", "unknown", "sent", "parked", "dropped"]

# --- What is decided


_STATES = st.sampled_from(STATES)
_SPANS = st.timedeltas(timedelta(), timedelta(days=3))


def _part(state: str = "owed", first_tried_at: datetime | None = None, position: int = 0) -> Part:
    return Part(position, "nonce", {}, None, state, first_tried_at, None)  # type: ignore[arg-type]


@given(_STATES, st.none() | _SPANS)
def test_what_may_have_arrived_is_sent_again_only_while_its_nonce_protects(state: str, ago: timedelta | None) -> None:
    move = decide(_part(state, None if ago is None else NOW - ago), NOW)
    if state in {"sent", "dropped"}:
        assert move == "skip"
    elif state in {"sending", "unknown"} and ago is not None:
        assert move == ("send" if ago < NONCE_REMEMBERED else "look")
    else:
        # Surely nothing arrived.
        assert move == "send"


_OUTCOMES = st.builds(NotSent, st.sampled_from(Trouble), st.just("words"), st.none() | _SPANS)
_JITTER = st.floats(0, 1, exclude_max=True)


@given(_OUTCOMES, st.integers(0, 10_000), _JITTER, _JITTER)
def test_the_next_try_is_later_each_time_and_never_before_discord_allows(
    outcome: NotSent, attempts: int, jitter: float, other: float
) -> None:
    at = next_try(outcome, attempts, NOW, jitter)
    assert at >= NOW + timedelta(seconds=5)
    assert at >= NOW + (outcome.after or timedelta())
    assert at <= NOW + max(timedelta(minutes=15), outcome.after or timedelta())
    assert next_try(outcome, attempts + 1, NOW, jitter) >= at
    assert (next_try(outcome, attempts, NOW, other) >= at) or other < jitter
    if outcome.trouble in {Trouble.REFUSED, Trouble.UNSEEN}:
        # A place that refuses is not knocked at every few seconds.
        assert at >= NOW + timedelta(minutes=10)


def _delivery(place: Place, due_at: datetime) -> Delivery:
    return Delivery(1, "k", place, "post", None, due_at, None, None, 0, None, NOW, ())


@given(_OUTCOMES, st.sampled_from([CHANNEL, PERSON, Place("thread", "1", 7, 2)]), _SPANS)
def test_what_is_given_up_and_what_is_kept(outcome: NotSent, place: Place, age: timedelta) -> None:
    reason = gives_up(_delivery(place, NOW - age), outcome, NOW)
    if outcome.trouble in {Trouble.GONE, Trouble.OURS} or (outcome.trouble is Trouble.REFUSED and place.kind == "user"):
        assert reason == "words"
    elif outcome.trouble is Trouble.STOP:
        # Nobody's place is at fault.
        assert reason is None
    else:
        assert (reason is not None) == (age > FOLDED_AFTER)
        assert reason is None or reason.endswith("words")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        *(
            (f"{kind}:1", "Older than a day, so the next one tells it. 503")
            for kind in ("briefing", "update", "digest")
        ),
        *((f"{kind}:1", "Older than a day. 503") for kind in ("retract", "trouble", "gone", "hello")),
    ],
)
def test_only_what_the_next_one_tells_is_said_to_be_told_by_it(key: str, reason: str) -> None:
    old = replace(_delivery(CHANNEL, NOW - timedelta(days=2)), once_key=key)
    assert gives_up(old, NotSent(Trouble.AGAIN, "503"), NOW) == reason


# --- What is done


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class Stopped(BaseException):
    """The process is gone at this very moment: nothing runs after it, no clean-up either."""


@dataclass
class Discord:
    """What arrived, by place. Like Discord it takes a nonce it saw in the past minutes for the same message."""

    clock: Clock
    arrived: list[tuple[datetime, Place, str]] = field(default_factory=list)
    nonces: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    posts: int = 0
    posts_before: int = 0
    """How many there had been at the last one that failed."""
    looks: int = 0
    deleted: list[int] = field(default_factory=list)
    missing_in: dict[str, str] = field(default_factory=dict)
    hides_history: bool = False
    answers: list[Any] = field(default_factory=list)
    """What the next posts come to: an outcome (nothing arrives), "lost" (only the answer is), None (all is well)."""
    answers_in: dict[str, Outcome] = field(default_factory=dict)
    at: Callable[[str], None] = lambda _: None

    async def missing(self, place: Place) -> str | None:
        self.at("missing")
        return self.missing_in.get(place.id)

    async def post(self, place: Place, content: Mapping[str, Any], nonce: str) -> Outcome:
        self.posts += 1
        assert len(nonce) <= 25
        self.at("post, before it arrives")
        answer = self.answers.pop(0) if self.answers else self.answers_in.get(place.id)
        if isinstance(answer, NotSent):
            self.posts_before = self.posts
            return answer
        seen = self.nonces.get(nonce)
        if seen is not None and self.clock.now - seen[0] < NONCE_REMEMBERED + timedelta(minutes=1):
            identifier = seen[1]
        else:
            self.arrived.append((self.clock.now, place, content["content"]))
            identifier = len(self.arrived)
            self.nonces[nonce] = (self.clock.now, identifier)
        self.at("post, after it arrived")
        if answer == "lost":
            return NotSent(Trouble.UNKNOWN, "the connection broke")
        return Sent(identifier, 555 if place.kind == "user" else None)

    async def find(self, place: Place, content: Mapping[str, Any], since: datetime) -> Outcome | None:
        self.looks += 1
        self.at("find")
        if self.hides_history:
            return NotSent(Trouble.UNSEEN, "Read Message History is missing")
        for number, (at, where, words) in enumerate(self.arrived, start=1):
            if where == place and words == content["content"] and at >= since:
                return Sent(number)
        return None

    async def delete(self, place: Place, message_id: int) -> Outcome:
        self.at("delete")
        answer = self.answers_in.get(place.id)
        if isinstance(answer, NotSent):
            return answer
        self.deleted.append(message_id)
        return Sent(None)

    def words(self, place: Place = CHANNEL) -> list[str]:
        return [words for _, where, words in self.arrived if where == place]


class Told(list[tuple[str, str, Any]]):
    """What followed each outcome, as the outbox reported it in the outcome's transaction."""

    def of(self, kind: str) -> list[tuple[str, Any]]:
        return [(key, outcome) for what, key, outcome in self if what == kind]

    def hook(self, kind: str) -> Callable[[Connection, Delivery, Any, datetime], None]:
        def note(conn: Connection, one: Delivery, outcome: Any, now: datetime) -> None:
            assert conn.in_transaction()
            self.append((kind, one.once_key, outcome))

        return note


def work(
    store: Store, discord: Discord, *, owner: str = "one", told: Told | None = None, per_second: float = 1e6
) -> Outbox:
    told = Told() if told is None else told
    return Outbox(
        store, discord, owner=owner, clock=discord.clock, jitter=lambda: 0.0, pace=Pace(per_second),
        on_sent=told.hook("sent"), on_kept=told.hook("kept"), on_dropped=told.hook("dropped"),
    )  # fmt: skip


def owe(store: Store, key: str, *words: str, place: Place = CHANNEL, due_at: datetime = NOW, **more: Any) -> int:
    with store.writing() as conn:
        contents = [{"content": one} for one in words]
        return deliveries.owe(conn, key, place, contents, due_at=due_at, now=NOW, **more)[0]


def rows(store: Store) -> dict[str, Any]:
    with store.reading() as conn:
        return {row.once_key: row for row in conn.execute(select(delivery))}


def states(store: Store) -> list[str]:
    with store.reading() as conn:
        query = select(delivery_part.c.state).order_by(delivery_part.c.delivery_id, delivery_part.c.position)
        return list(conn.execute(query).scalars())


async def test_everything_due_is_sent_and_noted(store: Store) -> None:
    discord, told = Discord(Clock()), Told()
    owe(store, "a", "a1", "a2", due_at=NOW - timedelta(minutes=1))
    owe(store, "b", "b1")
    owe(store, "c", "c1", place=PERSON)
    owe(store, "later", "later", due_at=NOW + timedelta(minutes=1))
    assert await work(store, discord, told=told).round() == Worked(sent=3)
    assert discord.words() == ["a1", "a2", "b1"]
    assert discord.words(PERSON) == ["c1"]
    assert {key: outcome.channel_id for key, outcome in told.of("sent")} == {"a": None, "b": None, "c": 555}
    assert states(store) == ["sent"] * 4 + ["owed"]
    assert [rows(store)[key].done_at for key in "abc"] == [NOW] * 3
    with store.reading() as conn:
        ids = conn.execute(select(delivery_part.c.message_id).where(delivery_part.c.state == "sent")).scalars().all()
    assert sorted(ids) == [1, 2, 3, 4]
    assert await work(store, discord, told=told).round() == Worked()
    assert len(discord.arrived) == 4


@pytest.mark.parametrize(("after", "late"), [(LATE_AFTER, False), (LATE_AFTER + timedelta(seconds=1), True)])
async def test_late_says_so_in_the_first_message(sqlite_store: Store, after: timedelta, late: bool) -> None:
    discord = Discord(Clock(NOW + after))
    owe(sqlite_store, "a", "a1", "a2", late_line="-# Late.")
    await work(sqlite_store, discord).round()
    assert discord.words() == (["-# Late.\na1", "a2"] if late else ["a1", "a2"])


COMMITS = ["claim_due", "freeze", "trying", "sent", "finish"]
MOMENTS = [
    *(f"{when} {commit}" for commit in COMMITS for when in ("before", "after")),
    "missing", "post, before it arrives", "post, after it arrived",
]  # fmt: skip
GAPS = [
    timedelta(),
    NONCE_REMEMBERED - timedelta(seconds=1),
    max(NONCE_REMEMBERED, deliveries.HOLD),
    timedelta(hours=5),
]


def _stop_at(
    moment: str, occurrence: int, discord: Discord, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """Let the worker be stopped at a moment: right before or right after a commit, or around a message."""
    times = 0

    def strike(now: str) -> None:
        nonlocal times
        if now == moment:
            times += 1
            if times == occurrence:
                raise error

    discord.at = strike
    when, _, commit = moment.partition(" ")
    if commit not in COMMITS:
        return
    real, write = getattr(deliveries, commit), Outbox._write
    hit = False

    def patched(*arguments: Any, **named: Any) -> Any:
        nonlocal hit
        if when == "before":
            # Inside of the transaction: nothing of it is committed.
            strike(moment)
        hit = True
        return real(*arguments, **named)

    async def written(self: Outbox, job: Callable[[Connection], Any]) -> Any:
        nonlocal hit
        hit = False
        found = await write(self, job)
        if when == "after" and hit:
            strike(moment)
        return found

    monkeypatch.setattr(deliveries, commit, patched)
    monkeypatch.setattr(Outbox, "_write", written)


async def _until_done(store: Store, discord: Discord, told: Told | None = None) -> None:
    """New workers look again and again, as the alarm clock lets them, until nothing is open."""
    for number in range(60):
        await work(store, discord, owner=f"next {number}", told=told).round()
        with store.reading() as conn:
            if not deliveries.open_count(conn):
                return
        discord.clock.now += timedelta(minutes=1)
    pytest.fail("it never ended")


@pytest.mark.parametrize("gap", GAPS, ids=str)
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_stopped_anywhere_each_part_arrives_once_and_in_order(
    sqlite_store: Store, killed: bool, gap: timedelta
) -> None:
    await _stop_everywhere(sqlite_store, killed, gap)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_stopped_anywhere_on_postgresql_too(store: Store) -> None:
    await _stop_everywhere(store, True, GAPS[2])


async def _stop_everywhere(store: Store, killed: bool, gap: timedelta) -> None:
    error = Stopped if killed else asyncio.CancelledError
    for number, moment in enumerate(MOMENTS):
        for occurrence in (1, 2):
            clock = Clock()
            discord = Discord(clock)
            # Two for one place, of two and one part, and one elsewhere; each case has places of its own.
            here, there = Place("channel", f"{number}:{occurrence}", 7), Place("user", f"{number}:{occurrence}")
            key = f"{moment}:{occurrence}"
            owe(store, f"{key}:1", "one", "two", place=here, due_at=NOW - timedelta(minutes=1))
            owe(store, f"{key}:2", "three", place=here)
            owe(store, f"{key}:3", "elsewhere", place=there)
            with pytest.MonkeyPatch.context() as patch:
                _stop_at(moment, occurrence, discord, patch, error)
                stopped = False
                try:
                    await work(store, discord).round()
                except (Stopped, asyncio.CancelledError):
                    stopped = True
                await _all_done()
            assert stopped or occurrence == 2, f"{key}: the moment never came"
            discord.at = lambda _: None
            clock.now += gap
            await _until_done(store, discord)
            assert discord.words(here) == ["one", "two", "three"], key
            assert discord.words(there) == ["elsewhere"], key


async def _all_done() -> None:
    """Wait for what the stopped worker had begun, so that two never run at once by accident."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    await asyncio.gather(*others, return_exceptions=True)


async def test_stopped_in_the_middle_the_next_start_goes_on_at_once(store: Store) -> None:
    discord = Discord(Clock())
    owe(store, "a", "a1", "a2")
    with pytest.MonkeyPatch.context() as patch:
        _stop_at("post, after it arrived", 1, discord, patch, asyncio.CancelledError)
        with pytest.raises(asyncio.CancelledError):
            await work(store, discord).round()
    discord.at = lambda _: None
    assert await work(store, discord, owner="two").round() == Worked(sent=1)
    assert discord.words() == ["a1", "a2"]


_TROUBLES = st.sampled_from(
    [None, None, "lost", NotSent(Trouble.UNKNOWN, "?"), NotSent(Trouble.AGAIN, "503"),
     NotSent(Trouble.AGAIN, "429", timedelta(minutes=7))]
)  # fmt: skip


_NUMBERS = count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(_TROUBLES, max_size=8),
    stops=st.lists(st.tuples(st.sampled_from(MOMENTS), st.integers(1, 3), st.booleans()), max_size=2),
    gaps=st.lists(st.sampled_from(GAPS), min_size=2, max_size=2),
)
def test_whatever_comes_together_each_part_arrives_once(
    sqlite_store: Store, answers: list[Any], stops: list[tuple[str, int, bool]], gaps: list[timedelta]
) -> None:
    async def run() -> None:
        number = next(_NUMBERS)
        place = Place("channel", str(number), 7)
        discord = Discord(Clock(), answers=list(answers))
        owe(sqlite_store, f"{number}:1", "one", "two", place=place, due_at=NOW - timedelta(minutes=1))
        owe(sqlite_store, f"{number}:2", "three", place=place)
        for (moment, occurrence, killed), gap in zip(stops, gaps, strict=False):
            with pytest.MonkeyPatch.context() as patch:
                _stop_at(moment, occurrence, discord, patch, Stopped if killed else asyncio.CancelledError)
                with suppress(Stopped, asyncio.CancelledError):
                    await work(sqlite_store, discord).round()
                await _all_done()
            discord.at = lambda _: None
            discord.clock.now += gap
        await _until_done(sqlite_store, discord)
        assert discord.words(place) == ["one", "two", "three"]

    asyncio.run(run())


@pytest.mark.parametrize("where", ["before", "after"])
async def test_an_answer_that_was_lost_is_resolved_before_and_after_the_nonce_is_forgotten(
    store: Store, where: str
) -> None:
    discord = Discord(Clock(), answers=["lost"])
    owe(store, "a", "a1", "a2")
    outbox_ = work(store, discord)
    assert await outbox_.round() == Worked(kept=1)
    assert states(store) == ["unknown", "owed"]
    assert await outbox_.round() == Worked(), "not before its time"
    discord.clock.now += timedelta(seconds=10) if where == "before" else NONCE_REMEMBERED * 3
    assert await outbox_.round() == Worked(sent=1)
    assert discord.looks == (0 if where == "before" else 1)
    assert discord.words() == ["a1", "a2"]


async def test_what_never_arrived_is_sent_after_looking(sqlite_store: Store) -> None:
    discord = Discord(Clock(), answers=[NotSent(Trouble.UNKNOWN, "?")])
    owe(sqlite_store, "a", "a1")
    await work(sqlite_store, discord).round()
    discord.clock.now += timedelta(hours=1)
    await work(sqlite_store, discord).round()
    assert (discord.looks, discord.words()) == (1, ["a1"])


async def test_where_history_cannot_be_read_nothing_is_risked(sqlite_store: Store) -> None:
    discord, told = Discord(Clock(), answers=["lost"], hides_history=True), Told()
    owe(sqlite_store, "a", "a1")
    await work(sqlite_store, discord, told=told).round()
    discord.clock.now += timedelta(hours=1)
    assert await work(sqlite_store, discord, told=told).round() == Worked(kept=1)
    assert told[-1][2].trouble is Trouble.UNSEEN
    assert discord.words() == ["a1"], "it is not sent a second time on the off chance"
    # The permission is given: then it is found.
    discord.hides_history = False
    discord.clock.now += timedelta(minutes=15)
    assert await work(sqlite_store, discord, told=told).round() == Worked(sent=1)
    assert discord.words() == ["a1"]


async def test_a_place_that_refuses_is_kept_told_and_served_once_it_takes_messages(sqlite_store: Store) -> None:
    discord, told = Discord(Clock(), missing_in={"42": "Send Messages is missing"}), Told()
    owe(sqlite_store, "a", "a1")
    owe(sqlite_store, "b", "b1")
    owe(sqlite_store, "elsewhere", "e1", place=Place("channel", "43", 8))
    worker = work(sqlite_store, discord, told=told)
    assert await worker.round() == Worked(sent=1, kept=1)
    assert told.of("kept") == [("a", NotSent(Trouble.REFUSED, "Send Messages is missing"))]
    assert discord.posts == 1, "nothing is tried where it can't succeed"
    assert rows(sqlite_store)["a"].last_error == "Send Messages is missing"
    # Not hammered, and what comes after it waits behind it.
    for _ in range(9):
        discord.clock.now += timedelta(minutes=1)
        assert await worker.round() == Worked()
    discord.missing_in.clear()
    with sqlite_store.writing() as conn:
        deliveries.wake(conn, 7)
    assert await worker.round() == Worked(sent=2)
    assert discord.words() == ["a1", "b1"]


async def test_what_could_not_be_looked_for_is_tried_when_permissions_change(sqlite_store: Store) -> None:
    discord = Discord(Clock(), answers=["lost"], hides_history=True)
    owe(sqlite_store, "a", "a1")
    worker = work(sqlite_store, discord)
    await worker.round()
    with sqlite_store.writing() as conn:
        assert deliveries.wake(conn, 7) == 0, "nothing was refused"
    discord.clock.now += timedelta(hours=1)
    await worker.round()
    discord.hides_history = False
    with sqlite_store.writing() as conn:
        assert deliveries.wake(conn, 7) == 1
    assert await worker.round() == Worked(sent=1)
    assert discord.words() == ["a1"]


@pytest.mark.parametrize("where", ["missing", "post"])
async def test_an_error_nobody_thought_of_keeps_only_its_own_place_waiting(
    sqlite_store: Store, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    discord, told = Discord(Clock()), Told()
    owe(sqlite_store, "odd", "a secret", place=Place("channel", "1", 7), due_at=NOW - timedelta(minutes=1))
    owe(sqlite_store, "behind it", "b1", place=Place("channel", "1", 7))
    owe(sqlite_store, "elsewhere", "c1", place=Place("channel", "2", 7))
    once, real = [True], getattr(discord, where)

    async def fails(place: Place, *more: Any) -> Any:
        if place.id == "1" and once:
            once.clear()
            raise RuntimeError("odd: 'a secret' could not be read")
        return await real(place, *more)

    setattr(discord, where, fails)
    worker = work(sqlite_store, discord, told=told)
    assert await worker.round() == Worked(sent=1, kept=1)
    assert discord.words(Place("channel", "2", 7)) == ["c1"]
    assert [key for key, _ in told.of("kept")] == ["odd"]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert rows(sqlite_store)["odd"].next_try_at > NOW
    discord.clock.now += timedelta(minutes=1)
    assert await worker.round() == Worked(sent=2)
    assert discord.words(Place("channel", "1", 7)) == ["a secret", "b1"]


@pytest.mark.parametrize("outcome", [NotSent(Trouble.AGAIN, "503"), NotSent(Trouble.GONE, "gone"), None])
async def test_an_error_in_noting_an_outcome_is_one_deliverys_too(sqlite_store: Store, outcome: Outcome | None) -> None:
    """What follows an outcome is written with it, by others; it fails here for the first place only."""
    discord = Discord(Clock(), answers_in={"1": outcome} if outcome else {})
    owe(sqlite_store, "odd", "a1", place=Place("channel", "1", 7))
    owe(sqlite_store, "elsewhere", "b1", place=Place("channel", "2", 7))

    def fail(_conn: Connection, one: Delivery, _outcome: Any, _now: datetime) -> None:
        if one.once_key == "odd":
            raise ValueError("a view without its channel")

    worker = Outbox(
        sqlite_store, discord, owner="w", clock=discord.clock, jitter=lambda: 0.0, pace=Pace(1e6),
        on_sent=fail, on_kept=fail, on_dropped=fail,
    )  # fmt: skip
    assert await worker.round() == Worked(sent=1, kept=1)
    assert discord.words(Place("channel", "2", 7)) == ["b1"]
    odd = rows(sqlite_store)["odd"]
    assert (odd.done_at, odd.claimed_by, odd.next_try_at > NOW) == (None, None, True)
    # Mended, it comes to its end, and nothing is posted twice.
    discord.clock.now += timedelta(minutes=1)
    discord.answers_in.clear()
    assert await work(sqlite_store, discord).round() == Worked(sent=1)
    assert discord.words(Place("channel", "1", 7)) == ["a1"]


async def test_a_retraction_that_failed_for_a_day_is_an_error(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    discord = Discord(Clock(), answers_in={"42": NotSent(Trouble.AGAIN, "503")})
    owe(sqlite_store, "retract:9", action="delete", target_message_id=9)
    await work(sqlite_store, discord).round()
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    discord.clock.now += FOLDED_AFTER + timedelta(minutes=1)
    assert await work(sqlite_store, discord).round() == Worked(dropped=1)
    assert [one.levelname for one in caplog.records if "dropped" in one.message] == ["ERROR"]


class Stalling(Pace):
    """A process that stands still at its turn, in which ``meanwhile`` others act."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__(1e6)
        self._meanwhile = [meanwhile]

    async def turn(self) -> None:
        if self._meanwhile:
            await self._meanwhile.pop()()


def _stalling(store: Store, discord: Discord, meanwhile: Callable[[], Awaitable[None]], told: Told) -> Outbox:
    return Outbox(
        store, discord, owner="stalls", clock=discord.clock, jitter=lambda: 0.0, pace=Stalling(meanwhile),
        on_sent=told.hook("sent"), on_kept=told.hook("kept"), on_dropped=told.hook("dropped"),
    )  # fmt: skip


async def test_a_process_that_stood_still_sends_nothing_another_took_over(store: Store) -> None:
    discord, told = Discord(Clock()), Told()
    owe(store, "a", "a1", "a2")
    owe(store, "b", "b1", due_at=NOW + timedelta(seconds=1))
    discord.clock.now += timedelta(seconds=1)

    async def others() -> None:
        discord.clock.now += deliveries.HOLD
        # So long that Discord has forgotten the nonces by the time the first one goes on.
        assert await work(store, discord, owner="another").round() == Worked(sent=2)
        discord.clock.now += timedelta(hours=1)

    assert await _stalling(store, discord, others, told).round() == Worked()
    assert discord.words() == ["a1", "a2", "b1"]
    assert not told


async def test_what_another_took_over_and_tries_is_not_noted_as_failed(store: Store) -> None:
    """It stood still while it sent; what the other noted meanwhile holds."""
    discord, told = Discord(Clock(), answers=[NotSent(Trouble.UNKNOWN, "?")]), Told()
    owe(store, "a", "a1")
    taken: list[Delivery] = []

    def overtake(moment: str) -> None:
        if moment == "post, before it arrives" and not taken:
            with store.writing() as conn:
                taken.extend(deliveries.claim_due(conn, "another", discord.clock.now + deliveries.HOLD, 10))
                deliveries.sent(conn, taken[0].id, 0, 77, now=discord.clock.now)

    discord.at = overtake
    assert await work(store, discord, told=told).round() == Worked()
    assert states(store) == ["sent"]
    assert rows(store)["a"].claimed_by == "another"
    assert not told


@pytest.mark.parametrize("what", ["deleted", "kicked", "dropped"])
async def test_what_was_stopped_after_it_was_claimed_is_not_sent(store: Store, what: str) -> None:
    discord, told = Discord(Clock()), Told()
    owe(store, "a", "a1")

    async def stop() -> None:
        with store.writing() as conn:
            if what == "deleted":
                conn.execute(delete(delivery))
            elif what == "kicked":
                guilds.left(conn, 7, now=NOW)
            else:
                (one,) = conn.execute(select(delivery.c.id)).scalars()
                deliveries.drop(conn, one, "not wanted", now=NOW)

    with store.writing() as conn:
        guilds.joined(conn, 7, "Server", now=NOW)
    assert await _stalling(store, discord, stop, told).round() == Worked()
    assert discord.arrived == []
    assert not told


async def test_what_else_is_owed_to_somebody_who_refuses_is_not_tried_in_this_round(sqlite_store: Store) -> None:
    discord, told = Discord(Clock(), answers=[NotSent(Trouble.REFUSED, "closed")]), Told()
    for number in range(3):
        owe(sqlite_store, str(number), "x", place=PERSON, due_at=NOW - timedelta(minutes=3 - number))
    assert await work(sqlite_store, discord, told=told).round() == Worked(dropped=1)
    assert discord.posts == 1
    assert [rows(sqlite_store)[key].done_at for key in "12"] == [None, None]


async def test_refused_by_discord_itself_is_kept_too(sqlite_store: Store) -> None:
    discord, told = Discord(Clock(), answers=[NotSent(Trouble.REFUSED, "Missing Permissions")]), Told()
    owe(sqlite_store, "a", "a1", "a2")
    assert await work(sqlite_store, discord, told=told).round() == Worked(kept=1)
    assert states(sqlite_store) == ["parked", "owed"]
    assert rows(sqlite_store)["a"].next_try_at >= NOW + timedelta(minutes=10)
    discord.clock.now += timedelta(hours=5)
    assert await work(sqlite_store, discord).round() == Worked(sent=1)
    assert (discord.looks, discord.words()) == (0, ["a1", "a2"])


async def test_after_a_day_a_post_is_left_to_the_next(sqlite_store: Store) -> None:
    discord, told = Discord(Clock(), missing_in={"42": "Send Messages is missing"}), Told()
    owe(sqlite_store, "a", "a1")
    worker = work(sqlite_store, discord, told=told)
    await worker.round()
    discord.clock.now += FOLDED_AFTER
    assert await worker.round() == Worked(kept=1)
    discord.clock.now += timedelta(minutes=15)
    assert await worker.round() == Worked(dropped=1)
    assert [key for key, _ in told.of("dropped")] == ["a"]
    assert states(sqlite_store) == ["dropped"]
    # Also one that nobody ever tried: the bot was away.
    owe(sqlite_store, "b", "b1")
    discord.missing_in.clear()
    assert await work(sqlite_store, discord, told=told).round() == Worked(dropped=1)
    assert discord.words() == []


async def test_what_has_begun_to_arrive_is_brought_to_its_end_however_late(sqlite_store: Store) -> None:
    discord = Discord(Clock(), answers=[None, NotSent(Trouble.AGAIN, "503")])
    owe(sqlite_store, "a", "a1", "a2")
    await work(sqlite_store, discord).round()
    discord.clock.now += FOLDED_AFTER + timedelta(hours=1)
    assert await work(sqlite_store, discord).round() == Worked(sent=1)
    assert discord.words() == ["a1", "a2"]


@pytest.mark.parametrize("trouble", [Trouble.REFUSED, Trouble.GONE, Trouble.OURS])
async def test_a_person_who_refuses_is_asked_once(sqlite_store: Store, trouble: Trouble) -> None:
    refusal = NotSent(trouble, "closed")
    discord, told = Discord(Clock(), answers=[refusal]), Told()
    owe(sqlite_store, "a", "a1", "a2", place=PERSON)
    owe(sqlite_store, "b", "b1", place=Place("user", "202"), due_at=NOW)
    worked = await work(sqlite_store, discord, told=told).round()
    assert worked == Worked(sent=1, dropped=1)
    assert len(told.of("dropped")) == 1
    assert told.of("dropped")[0][1] == refusal
    assert Counter(states(sqlite_store)) in (Counter(dropped=2, sent=1), Counter(dropped=1, sent=2))
    for _ in range(3):
        discord.clock.now += timedelta(hours=1)
        assert await work(sqlite_store, discord, told=told).round() == Worked()
    assert discord.posts in {2, 3}
    assert not told.of("kept")


async def test_stop_stops_everybody_for_its_time(sqlite_store: Store) -> None:
    discord = Discord(Clock(), answers_in={"0": NotSent(Trouble.STOP, "401", timedelta(minutes=30))})
    for number in range(30):
        owe(
            sqlite_store,
            str(number),
            "x",
            place=Place("channel", str(number), 7),
            due_at=NOW + timedelta(seconds=number),
        )
    discord.clock.now += timedelta(minutes=1)
    told = Told()
    worker = work(sqlite_store, discord, told=told)
    await worker.round()
    # Those under way with it may end; nothing begins any more.
    posts = discord.posts
    assert posts - discord.posts_before < outbox._AT_ONCE
    assert len(told.of("kept")) == 1
    discord.clock.now += timedelta(minutes=29)
    assert await worker.round() == Worked()
    assert discord.posts == posts
    discord.clock.now += timedelta(minutes=1)
    discord.answers_in.clear()
    await worker.round()
    await _until_done(sqlite_store, discord)
    assert Counter(where.id for _, where, _ in discord.arrived) == dict.fromkeys(map(str, range(30)), 1)


async def test_what_comes_later_waits_behind_the_first_of_its_place(store: Store) -> None:
    discord = Discord(Clock(), answers=[NotSent(Trouble.AGAIN, "503")] * 4)
    owe(store, "a", "a1", due_at=NOW - timedelta(minutes=1))
    owe(store, "b", "b1")
    worker = work(store, discord)
    for _ in range(60):
        await worker.round()
        if discord.arrived:
            break
        discord.clock.now += timedelta(seconds=7)
    await _until_done(store, discord)
    assert discord.words() == ["a1", "b1"]
    assert discord.posts == 6, "each of the first's tries, and no other before it"


async def test_taking_back_deletes_each_message_once(sqlite_store: Store) -> None:
    discord, told = Discord(Clock()), Told()
    owe(sqlite_store, "retract:9", action="delete", target_message_id=9)
    owe(sqlite_store, "retract:10", place=Place("channel", "43", 8), action="delete", target_message_id=10)
    discord.answers_in = {"43": NotSent(Trouble.AGAIN, "503")}
    assert await work(sqlite_store, discord, told=told).round() == Worked(sent=1, kept=1)
    discord.answers_in.clear()
    discord.clock.now += timedelta(minutes=1)
    assert await work(sqlite_store, discord, told=told).round() == Worked(sent=1)
    assert discord.deleted == [9, 10]
    assert discord.posts == 0
    assert await work(sqlite_store, discord).round() == Worked()


async def test_two_workers_on_one_store_send_each_once(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(2)]
    discord = Discord(Clock())
    for number in range(40):
        owe(stores[0], f"p{number}", "x", place=Place("channel", str(number), 7))
        owe(stores[0], f"q{number}", "y", place=Place("channel", str(number), 7), due_at=NOW + timedelta(seconds=1))
    discord.clock.now += timedelta(minutes=1)
    await asyncio.gather(*(work(one, discord, owner=str(n)).round() for n, one in enumerate(stores)))
    await _until_done(stores[0], discord)
    for number in range(40):
        assert discord.words(Place("channel", str(number), 7)) == ["x", "y"]


async def test_the_pace_is_kept_and_nobody_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    time = 0.0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: time)
    monkeypatch.setattr(asyncio, "sleep", sleep)
    pace = Pace(40)
    for _ in range(5):
        await pace.turn()
    # The first at once, each other one a fortieth of a second after the one before it.
    assert slept == pytest.approx([0.025, 0.05, 0.075, 0.1])
    slept.clear()
    # A quiet time is no credit for a burst.
    time = 100.0
    await pace.turn()
    await pace.turn()
    assert slept == pytest.approx([0.025])


async def test_every_message_takes_its_turn(sqlite_store: Store) -> None:
    class Counting(Pace):
        turns = 0

        async def turn(self) -> None:
            Counting.turns += 1

    discord = Discord(Clock(), answers=["lost"])
    owe(sqlite_store, "a", "a1", "a2")
    owe(sqlite_store, "take back", place=Place("channel", "43", 8), action="delete", target_message_id=9)
    worker = Outbox(
        sqlite_store, discord, owner="w", clock=discord.clock, jitter=lambda: 0.0, pace=Counting(1),
        on_sent=Told().hook("sent"), on_kept=Told().hook("kept"), on_dropped=Told().hook("dropped"),
    )  # fmt: skip
    await worker.round()
    discord.clock.now += timedelta(hours=1)
    await worker.round()
    assert Counting.turns == discord.posts + discord.looks + len(discord.deleted) == 4


async def test_words_that_were_tried_never_change(store: Store) -> None:
    """A second try, late by now, is of the same words as the first, or its nonce would lie."""
    discord = Discord(Clock(NOW + LATE_AFTER - timedelta(seconds=30)), answers=[NotSent(Trouble.UNKNOWN, "?")])
    owe(store, "a", "a1", late_line="-# Late.")
    await work(store, discord).round()
    discord.clock.now += timedelta(minutes=1)
    await work(store, discord).round()
    assert discord.words() == ["a1"]


@pytest.mark.parametrize("answer", [NotSent(Trouble.UNKNOWN, "?"), NotSent(Trouble.AGAIN, "?"), "lost"])
async def test_what_surely_did_not_arrive_says_that_it_has_become_late(store: Store, answer: Any) -> None:
    discord = Discord(Clock(), answers=[answer])
    owe(store, "a", "a1", "a2", late_line="-# Late.")
    await work(store, discord).round()
    discord.clock.now += LATE_AFTER * 2
    await work(store, discord).round()
    arrived = answer == "lost"
    assert discord.words() == ["a1" if arrived else "-# Late.\na1", "a2"]


def test_a_part_that_is_sent_is_never_touched() -> None:
    done = replace(_part("sent"), message_id=5)
    assert decide(done, NOW + timedelta(days=9)) == "skip"


async def test_what_was_claimed_and_not_begun_is_given_back_at_the_end(store: Store, store_clock: Clock) -> None:
    with store.writing() as conn:
        deliveries.owe(
            conn, "briefing:1:a", Place("channel", "1"), [{"content": "a"}], due_at=store_clock(), now=store_clock()
        )
        deliveries.claim_due(conn, "first", store_clock(), 10)
        assert deliveries.claim_due(conn, "second", store_clock(), 10) == []
        deliveries.release(conn, "first")
        assert len(deliveries.claim_due(conn, "second", store_clock(), 10)) == 1


# --- What Discord's answers mean


@pytest.mark.parametrize(
    "error", [json.JSONDecodeError("Expecting value", "<html>", 0), ValueError("odd"), TypeError()]
)
def test_an_answer_that_cannot_be_read_leaves_open_whether_the_message_arrived(error: Exception) -> None:
    assert meaning(error).trouble is Trouble.UNKNOWN


class History:
    """A bot whose only request is for a channel's messages after one, at most a hundred at a time, the oldest first."""

    application_id = 1
    user = None

    def __init__(self, *messages: tuple[datetime, int, str]) -> None:
        self.messages = [
            {"id": time_snowflake(at) + n, "author": {"id": who}, "content": text}
            for n, (at, who, text) in enumerate(messages)
        ]
        self.http = self

    def is_closed(self) -> bool:
        return False

    async def logs_from(self, _channel: int, limit: int, after: int) -> list[dict[str, Any]]:
        return [one for one in self.messages if one["id"] > after][:limit]


async def _find(*messages: tuple[datetime, int, str], content: str = "words") -> Outcome | None:
    bot: Any = History(*messages)
    return await DiscordMessenger(lambda: bot, InvalidRequests()).find(CHANNEL, {"content": content}, NOW)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(seconds=119)])
async def test_a_message_is_found_though_this_machines_clock_is_ahead(ahead: timedelta) -> None:
    mine, others = (NOW - ahead, 1, "words"), (NOW, 2, "words")
    assert isinstance(await _find(others, mine), Sent)
    assert await _find(others, (NOW - timedelta(days=1), 1, "words"), (NOW, 1, "other words")) is None


async def test_white_space_at_the_ends_is_no_difference() -> None:
    assert isinstance(await _find((NOW, 1, "words"), content="\n words \n"), Sent)


async def test_a_message_that_is_too_far_back_to_be_seen_is_not_taken_for_lost() -> None:
    chatter = [(NOW + timedelta(seconds=n), 2, "chatter") for n in range(400)]
    assert isinstance(await _find(*chatter[:250], (NOW + timedelta(seconds=260), 1, "words")), Sent)
    assert await _find(*chatter[:299]) is None
    found = await _find(*chatter, (NOW + timedelta(seconds=500), 1, "words"))
    assert isinstance(found, NotSent)
    assert found.trouble is Trouble.UNSEEN
