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
from sqlalchemy import delete, func, select, update

from bot.store import deliveries, guilds
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
        deliveries.let_go(conn, first, "w", next_try_at=NOW + timedelta(hours=1), error="refused")
    assert _claimed(store, NOW + timedelta(minutes=1)) == []
    # The message of a day that has not come holds back nothing, and neither does one that is done.
    with store.writing() as conn:
        owe(conn, "third", due_at=NOW + timedelta(minutes=30))
        deliveries.drop(conn, first, "gone", now=NOW)
    assert _claimed(store, NOW + timedelta(minutes=1)) == ["second"]
    with store.writing() as conn:
        conn.execute(update(delivery).values(claimed_until=None))
    assert _claimed(store, NOW + timedelta(hours=1)) == ["second", "elsewhere", "a person of the same number", "third"]


def _wait(conn: Connection, delivery_id: int, until: datetime, *, refused: bool = False) -> None:
    """Claim a delivery and let it go until a later try."""
    conn.execute(update(delivery).where(delivery.c.id == delivery_id).values(claimed_by="w"))
    deliveries.let_go(conn, delivery_id, "w", next_try_at=until, error="it failed", refused=refused)


def test_many_that_wait_behind_one_keep_no_other_place_waiting(store: Store) -> None:
    with store.writing() as conn:
        first, _ = owe(conn, "first", due_at=NOW - timedelta(hours=1))
        for number in range(10):
            owe(conn, f"behind {number}", due_at=NOW - timedelta(minutes=30))
        _wait(conn, first, NOW + timedelta(hours=1))
        owe(conn, "elsewhere", Place("channel", "43"))
    assert _claimed(store, NOW, limit=3) == ["elsewhere"]


def test_a_post_that_waits_does_not_keep_an_older_one_from_being_taken_back(store: Store) -> None:
    with store.writing() as conn:
        waits, _ = owe(conn, "waits")
        _wait(conn, waits, NOW + timedelta(hours=1))
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
        frozen = deliveries.freeze(conn, claimed, "w", now=NOW, late=late)
    assert frozen is not None
    expected = f"-# Late.\n{CONTENT['content']}" if late else CONTENT["content"]
    assert [part.content["content"] for part in frozen.parts] == [expected, "second"]
    assert {**frozen.parts[0].content, "content": None} == {**CONTENT, "content": None}
    with store.writing() as conn:
        deliveries.move(conn, made, Place("channel", "other"))
        # Later tries are of the same words, however late they are, for as long as one may have arrived.
        assert deliveries.trying(conn, made, 0, "w", now=NOW)
        again = deliveries.freeze(conn, _stored(conn), "w", now=NOW + timedelta(hours=1), late=True)
        assert again is not None
        assert ([p.content for p in again.parts], again.frozen_at) == ([p.content for p in frozen.parts], NOW)
        assert again.place == CHANNEL
        # Nothing arrived: it says that it is late now, and says it once.
        deliveries.not_sent(conn, made, 0, "owed")
        for _ in range(2):
            anew = deliveries.freeze(conn, _stored(conn), "w", now=NOW + timedelta(hours=1), late=True)
        assert anew is not None
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
        deliveries.claim_due(conn, "w", NOW, 10)
        assert deliveries.trying(conn, made, 0, "w", now=NOW)
        deliveries.not_sent(conn, made, 0, "unknown")
        assert deliveries.trying(conn, made, 0, "w", now=second_try)
        found = _stored(conn)
        assert [(part.state, part.first_tried_at) for part in found.parts] == [("sending", NOW), ("owed", None)]
        assert found.attempts == 2
        for state in ("owed", "parked"):
            deliveries.not_sent(conn, made, 0, state)  # type: ignore[arg-type]
            found = _stored(conn)
            assert (found.parts[0].state, found.parts[0].first_tried_at) == (state, None)
        assert deliveries.trying(conn, made, 0, "w", now=second_try)
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
        deliveries.let_go(conn, done, "w", next_try_at=None, error=None)
    assert _claimed(store, NOW + timedelta(days=1)) == ["open"]


def test_what_a_server_refused_can_be_woken(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.writing() as conn:
        for number in (7, 8):
            for refused in (True, False):
                place = Place("channel", f"{number} {refused}", guild_id=number)
                made, _ = owe(conn, f"server {number}, refused: {refused}", place)
                _wait(conn, made, later, refused=refused)
    assert _claimed(store, NOW) == []
    with store.writing() as conn:
        assert deliveries.wake(conn, 7) == 1
        assert deliveries.wake(conn, 7) == 0
        assert deliveries.wake(conn, 9) == 0
    # What Discord asked to wait for waits.
    assert _claimed(store, NOW) == ["server 7, refused: True"]
    with store.writing() as conn:
        # The next time it waits for something else.
        conn.execute(update(delivery).values(claimed_by="w"))
        for row in conn.execute(select(delivery.c.id)).all():
            deliveries.let_go(conn, row.id, "w", next_try_at=later, error="503")
        assert deliveries.wake(conn, 7) == 0


def test_which_keys_are_owed_is_known_whatever_became_of_them(store: Store) -> None:
    with store.writing() as conn:
        for key in ("digest:d:user:1:2025-03-09", "digest:d:user:1:2025-03-10", "digest:d:user:10:2025-03-11"):
            made, _ = owe(conn, key)
        deliveries.finish(conn, made, now=NOW)
        asked = ["digest:d:user:1:2025-03-10", "digest:d:user:10:2025-03-11", "digest:d:user:1:2025-03-11", "%"]
        assert deliveries.owed_of(conn, asked) == set(asked[:2])
        assert deliveries.owed_of(conn, []) == set()


@pytest.mark.parametrize("what", ["taken over", "done", "dropped", "deleted", "kicked", "given back"])
def test_what_is_not_ones_own_any_more_is_left_alone(store: Store, what: str) -> None:
    with store.writing() as conn:
        guilds.joined(conn, 7, "Server", now=NOW)
        made, _ = owe(conn, "k")
        (mine,) = deliveries.claim_due(conn, "w", NOW, 10)
        assert deliveries.renew(conn, made, "w", now=NOW)
    later = NOW + deliveries.HOLD
    with store.writing() as conn:
        if what == "taken over":
            assert deliveries.claim_due(conn, "another", later, 10)
        elif what == "done":
            deliveries.finish(conn, made, now=later)
        elif what == "dropped":
            deliveries.drop(conn, made, "gone", now=later)
        elif what == "deleted":
            conn.execute(delete(delivery))
        elif what == "kicked":
            guilds.left(conn, 7, now=later)
        else:
            deliveries.let_go(conn, made, "w", next_try_at=None, error=None)
        before = [tuple(row) for table in (delivery, delivery_part) for row in conn.execute(select(table))]
        assert not deliveries.renew(conn, made, "w", now=later)
        assert deliveries.freeze(conn, mine, "w", now=later, late=True) is None
        assert not deliveries.trying(conn, made, 0, "w", now=later)
        if what != "kicked":
            deliveries.let_go(conn, made, "w", next_try_at=None, error="mine failed")
        assert [tuple(row) for table in (delivery, delivery_part) for row in conn.execute(select(table))] == before


def test_work_that_goes_on_is_not_taken_over(store: Store) -> None:
    almost = NOW + deliveries.HOLD - timedelta(seconds=1)
    with store.writing() as conn:
        made, _ = owe(conn, "k")
        deliveries.claim_due(conn, "w", NOW, 10)
        assert deliveries.trying(conn, made, 0, "w", now=almost)
    assert _claimed(store, NOW + deliveries.HOLD, "another") == []
    assert _claimed(store, almost + deliveries.HOLD, "another") == ["k"]


def test_what_is_to_be_posted_in_a_server_is_dropped_and_nothing_else(store: Store) -> None:
    with store.writing() as conn:
        for key, place in (
            ("channel", CHANNEL), ("thread", Place("thread", "43", 7, 42)), ("person", Place("user", "1", 7)),
            ("other server", Place("channel", "44", 8)),
        ):  # fmt: skip
            owe(conn, key, place)
        deliveries.owe(
            conn, "take back", CHANNEL, [], due_at=NOW, now=NOW, action="delete", target_message_id=9
        )  # fmt: skip
        deliveries.drop_posts(conn, 7, "away", now=NOW)
    assert sorted(_claimed(store, NOW)) == ["other server", "person", "take back"]


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
        assert deliveries.owed_of(conn, ["done", "owed"]) == {"owed"}
        assert deliveries.open_count(conn) == 1
