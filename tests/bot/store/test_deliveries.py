"""What is owed is owed once, and worked on by one process at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bot.store import deliveries
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.schema import briefing, delivery, delivery_part

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
CHANNEL = Place("channel", "42", guild_id=7)
CONTENT = {"content": "**First** line\n> “quote” 🕊", "flags": 4, "allowed_mentions": {"parse": []}, "a": None}


def owe(conn: Connection, key: str, place: Place = CHANNEL, due_at: datetime = NOW) -> tuple[int, bool]:
    return deliveries.owe(conn, key, place, [CONTENT, {"content": "second"}], due_at=due_at, now=NOW)


def test_a_delivery_is_claimed_as_it_was_owed(store: Store) -> None:
    place = Place("thread", "43", guild_id=7, channel_id=42)
    with store.writing() as conn:
        made, new = deliveries.owe(
            conn, "correction 1", place, [CONTENT], due_at=NOW, now=NOW, action="edit", target_message_id=99,
            late_line="Late",
        )  # fmt: skip
        assert new
    with store.writing() as conn:
        (found,) = deliveries.claim_due(conn, "worker", NOW, 10)
    assert (found.id, found.once_key, found.place, found.action) == (made, "correction 1", place, "edit")
    assert (found.target_message_id, found.late_line, found.due_at) == (99, "Late", NOW)
    assert found.claimed_until == NOW + deliveries.HOLD
    (part,) = found.parts
    assert part.content == CONTENT
    assert list(part.content) == list(CONTENT)
    assert (part.position, part.state, part.message_id) == (0, "owed", None)
    assert part.nonce == deliveries.nonce("correction 1", place, 0)


def test_owing_twice_is_owing_once(store: Store) -> None:
    with store.writing() as conn:
        first = owe(conn, "briefing 1 2025-03-26")
        assert first[1]
        # Whichever channel it goes to, it is the same briefing.
        assert owe(conn, "briefing 1 2025-03-26", Place("channel", "43")) == (first[0], False)
    with store.writing() as conn:
        assert owe(conn, "briefing 1 2025-03-26") == (first[0], False)
        assert owe(conn, "briefing 1 2025-03-27")[1]
    with store.reading() as conn:
        assert conn.execute(select(func.count()).select_from(delivery_part)).scalar() == 4


def test_it_is_owed_only_together_with_what_it_stands_for(store: Store) -> None:
    def fail() -> None:
        with store.writing() as conn:
            owe(conn, "briefing 1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as conn:
        assert conn.execute(select(func.count()).select_from(delivery)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(briefing)).scalar() == 0


def test_only_what_is_due_free_and_undone_is_claimed(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.writing() as conn:
        for key, due_at in (("second", NOW), ("first", NOW - timedelta(hours=1)), ("not yet", later)):
            owe(conn, key, Place("channel", key), due_at)
        for key in ("done", "waiting"):
            owe(conn, key, Place("channel", key))
        conn.execute(update(delivery).where(delivery.c.once_key == "done").values(done_at=NOW))
        conn.execute(update(delivery).where(delivery.c.once_key == "waiting").values(next_try_at=later))

    def claim(owner: str, now: datetime, limit: int = 10) -> list[str]:
        with store.writing() as conn:
            return [one.once_key for one in deliveries.claim_due(conn, owner, now, limit)]

    assert claim("a", NOW, 1) == ["first"]
    assert claim("b", NOW) == ["second"]
    assert claim("c", NOW) == []
    # A claim that ran out goes to whoever asks.
    assert claim("c", NOW + deliveries.HOLD) == ["first", "second"]
    assert claim("c", later) == ["first", "second", "waiting", "not yet"]


def test_two_that_owe_the_same_at_once_owe_it_once(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(2)]
    start = Barrier(2)

    def work(store: Store) -> int:
        start.wait()
        new = 0
        for number in range(30):
            with store.writing() as conn:
                new += owe(conn, f"briefing {number}")[1]
        return new

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, stores)) == 30
    with stores[0].reading() as conn:
        assert conn.execute(select(func.count()).select_from(delivery)).scalar() == 30
        assert conn.execute(select(func.count()).select_from(delivery_part)).scalar() == 60


def test_two_that_claim_at_once_never_get_the_same(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(2)]
    with stores[0].writing() as conn:
        for number in range(60):
            owe(conn, f"briefing {number}", Place("channel", str(number)))
    start = Barrier(2)

    def work(number: int) -> list[str]:
        start.wait()
        claimed = []
        while True:
            with stores[number].writing() as conn:
                got = deliveries.claim_due(conn, f"worker {number}", NOW, 7)
            if not got:
                return claimed
            claimed += [one.once_key for one in got]

    with ThreadPoolExecutor(2) as pool:
        counts = Counter(key for claimed in pool.map(work, range(2)) for key in claimed)
    # One that saw its rows locked by the other may have stopped early; the other one got them.
    assert set(counts.values()) == {1}
    assert len(counts) == 60


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_on_postgresql_claimants_pass_by_each_other(store_url: str, opened: Callable[[str], Store]) -> None:
    one, two = opened(store_url), opened(store_url)
    with one.writing() as conn:
        for number in range(4):
            owe(conn, f"briefing {number}", Place("channel", str(number)))
    with one.writing() as first, two.writing() as second:
        assert len(deliveries.claim_due(first, "a", NOW, 3)) == 3
        assert len(deliveries.claim_due(second, "b", NOW, 3)) == 1


def _claimed(store: Store, now: datetime, owner: str = "w", limit: int = 10) -> list[str]:
    with store.writing() as conn:
        return [one.once_key for one in deliveries.claim_due(conn, owner, now, limit)]


def test_what_is_owed_to_a_place_goes_in_order(store: Store) -> None:
    elsewhere = Place("channel", "43", guild_id=7)
    with store.writing() as conn:
        first, _ = owe(conn, "first", due_at=NOW - timedelta(minutes=2))
        owe(conn, "second", due_at=NOW - timedelta(minutes=1))
        owe(conn, "elsewhere", elsewhere)
        owe(conn, "a person of the same number", Place("user", CHANNEL.id))
    # What another process works on, or what waits for a later try, holds back what comes after it there.
    assert _claimed(store, NOW, limit=1) == ["first"]
    assert _claimed(store, NOW, "another") == ["elsewhere", "a person of the same number"]
    with store.writing() as conn:
        deliveries.let_go(conn, first, next_try_at=NOW + timedelta(hours=1), error="refused")
    assert _claimed(store, NOW + timedelta(minutes=1)) == []
    # The message of a day that has not come holds back nothing, and neither does one that is done.
    with store.writing() as conn:
        owe(conn, "third", due_at=NOW + timedelta(minutes=30))
        deliveries.drop(conn, first, "gone", now=NOW)
    assert _claimed(store, NOW + timedelta(minutes=1)) == ["second"]
    with store.writing() as conn:
        conn.execute(update(delivery).values(claimed_until=None))
    assert _claimed(store, NOW + timedelta(hours=1)) == ["second", "elsewhere", "a person of the same number", "third"]


def test_many_that_wait_behind_one_keep_no_other_place_waiting(store: Store) -> None:
    with store.writing() as conn:
        first, _ = owe(conn, "first", due_at=NOW - timedelta(hours=1))
        for number in range(10):
            owe(conn, f"behind {number}", due_at=NOW - timedelta(minutes=30))
        deliveries.let_go(conn, first, next_try_at=NOW + timedelta(hours=1), error="refused")
        owe(conn, "elsewhere", Place("channel", "43"))
    assert _claimed(store, NOW, limit=3) == ["elsewhere"]


def test_a_post_that_waits_does_not_keep_an_older_one_from_being_taken_back(store: Store) -> None:
    with store.writing() as conn:
        waits, _ = owe(conn, "waits")
        deliveries.let_go(conn, waits, next_try_at=NOW + timedelta(hours=1), error="refused")
        deliveries.owe(
            conn, "take back", CHANNEL, [], due_at=NOW, now=NOW, action="delete", target_message_id=9
        )  # fmt: skip
    assert _claimed(store, NOW) == ["take back"]


def _claim(store: Store, now: datetime = NOW) -> deliveries.Delivery:
    with store.writing() as conn:
        conn.execute(update(delivery).values(claimed_until=None))
        (found,) = deliveries.claim_due(conn, "w", now, 10)
    return found


@pytest.mark.parametrize("late", [False, True])
def test_words_and_place_are_fixed_before_the_first_try(store: Store, late: bool) -> None:
    with store.writing() as conn:
        made, _ = deliveries.owe(
            conn, "k", CHANNEL, [CONTENT, {"content": "second"}], due_at=NOW, now=NOW, late_line="-# Late."
        )
    claimed = _claim(store)
    with store.writing() as conn:
        frozen = deliveries.freeze(conn, claimed, now=NOW, late=late)
    expected = f"-# Late.\n{CONTENT['content']}" if late else CONTENT["content"]
    assert [part.content["content"] for part in frozen.parts] == [expected, "second"]
    assert {**frozen.parts[0].content, "content": None} == {**CONTENT, "content": None}
    with store.writing() as conn:
        deliveries.move(conn, made, Place("channel", "other"))
        # Later tries are of the same words, however late they are, for as long as one may have arrived.
        deliveries.trying(conn, made, 0, now=NOW)
        again = deliveries.freeze(conn, _stored(conn), now=NOW + timedelta(hours=1), late=True)
        assert ([p.content for p in again.parts], again.frozen_at) == ([p.content for p in frozen.parts], NOW)
        assert again.place == CHANNEL
        # Nothing arrived: it says that it is late now, and says it once.
        deliveries.not_sent(conn, made, 0, "owed")
        for _ in range(2):
            anew = deliveries.freeze(conn, _stored(conn), now=NOW + timedelta(hours=1), late=True)
        assert [part.content["content"] for part in anew.parts] == [f"-# Late.\n{CONTENT['content']}", "second"]
        assert [part.content for part in _stored(conn).parts] == [part.content for part in anew.parts]


def _stored(conn: Connection) -> deliveries.Delivery:
    conn.execute(update(delivery).values(claimed_until=None, next_try_at=None))
    (found,) = deliveries.claim_due(conn, "w", NOW + timedelta(days=9), 10)
    return found


def test_a_part_remembers_its_first_try_until_it_surely_did_not_arrive(store: Store) -> None:
    second_try = NOW + timedelta(minutes=1)
    with store.writing() as conn:
        made, _ = owe(conn, "k")
        deliveries.trying(conn, made, 0, now=NOW)
        deliveries.not_sent(conn, made, 0, "unknown")
        deliveries.trying(conn, made, 0, now=second_try)
        found = _stored(conn)
        assert [(part.state, part.first_tried_at) for part in found.parts] == [("sending", NOW), ("owed", None)]
        assert found.attempts == 2
        for state in ("owed", "parked"):
            deliveries.not_sent(conn, made, 0, state)  # type: ignore[arg-type]
            found = _stored(conn)
            assert (found.parts[0].state, found.parts[0].first_tried_at) == (state, None)
        deliveries.trying(conn, made, 0, now=second_try)
        deliveries.sent(conn, made, 0, 900, now=second_try)
        (first, second) = _stored(conn).parts
        assert (first.state, first.message_id, first.first_tried_at, first.sent_at) == (
            "sent", 900, second_try, second_try,
        )  # fmt: skip
        assert second.state == "owed"


def test_finished_or_dropped_it_is_owed_no_more(store: Store) -> None:
    with store.writing() as conn:
        done, _ = owe(conn, "done")
        dropped, _ = owe(conn, "dropped")
        open_, _ = owe(conn, "open")
        assert deliveries.open_count(conn) == 3
        deliveries.claim_due(conn, "w", NOW, 10)
        deliveries.sent(conn, done, 0, 900, now=NOW)
        deliveries.sent(conn, done, 1, 901, now=NOW)
        deliveries.finish(conn, done, now=NOW)
        deliveries.sent(conn, dropped, 0, 902, now=NOW)
        deliveries.drop(conn, dropped, "the channel is gone", now=NOW)
        assert deliveries.open_count(conn) == 1
        states = conn.execute(
            select(delivery_part.c.delivery_id, delivery_part.c.state, delivery_part.c.message_id).order_by(
                delivery_part.c.delivery_id, delivery_part.c.position
            )
        ).all()
        assert [tuple(row) for row in states] == [
            (done, "sent", 900), (done, "sent", 901),
            # What arrived has arrived.
            (dropped, "sent", 902), (dropped, "dropped", None),
            (open_, "owed", None), (open_, "owed", None),
        ]  # fmt: skip
        errors = dict(conn.execute(select(delivery.c.id, delivery.c.last_error)).all())
        assert errors == {done: None, dropped: "the channel is gone", open_: None}
    # Stopped right behind its end, a delivery given back stays at its end.
    with store.writing() as conn:
        deliveries.let_go(conn, done, next_try_at=None, error=None)
    assert _claimed(store, NOW + timedelta(days=1)) == ["open"]


def test_what_waits_in_a_server_can_be_woken(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.writing() as conn:
        for number in (7, 8):
            made, _ = owe(conn, f"server {number}", Place("channel", str(number), guild_id=number))
            deliveries.let_go(conn, made, next_try_at=later, error="a permission is missing")
    assert _claimed(store, NOW) == []
    with store.writing() as conn:
        deliveries.wake(conn, 7)
    assert _claimed(store, NOW) == ["server 7"]


def test_the_newest_day_of_a_key_is_found(store: Store) -> None:
    with store.writing() as conn:
        for key in ("daily:d:user:1:2025-03-09", "daily:d:user:1:2025-03-10", "daily:d:user:10:2025-03-11", "daily%"):
            owe(conn, key)
        assert deliveries.latest_key(conn, "daily:d:user:1:") == "daily:d:user:1:2025-03-10"
        assert deliveries.latest_key(conn, "daily:d:user:2:") is None
        # A name may hold what a search takes for a pattern.
        assert deliveries.latest_key(conn, "%") is None
        assert deliveries.latest_key(conn, "daily_") is None


@given(st.text(), st.text(), st.integers(0, 50))
def test_nonces_fit_and_tell_messages_apart(key: str, place: str, position: int) -> None:
    made = deliveries.nonce(key, Place("channel", place), position)
    assert len(made) == 24
    assert made == deliveries.nonce(key, Place("channel", place, guild_id=1), position)
    assert made != deliveries.nonce(key, Place("thread", place), position)
    assert made != deliveries.nonce(key, Place("channel", place), position + 1)


def test_what_was_done_long_ago_is_forgotten(store: Store) -> None:
    with store.writing() as conn:
        done, _ = owe(conn, "done")
        owe(conn, "owed")
        deliveries.finish(conn, done, now=NOW)
        assert deliveries.forget(conn, now=NOW + deliveries.KEPT_WHEN_DONE) == 0
        assert deliveries.forget(conn, now=NOW + deliveries.KEPT_WHEN_DONE + timedelta(seconds=1)) == 1
        assert deliveries.latest_key(conn, "done") is None
        assert deliveries.open_count(conn) == 1
