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
            owe(conn, key, due_at=due_at)
        for key in ("done", "waiting"):
            owe(conn, key)
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
            owe(conn, f"briefing {number}")
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
            owe(conn, f"briefing {number}")
    with one.writing() as first, two.writing() as second:
        assert len(deliveries.claim_due(first, "a", NOW, 3)) == 3
        assert len(deliveries.claim_due(second, "b", NOW, 3)) == 1


@given(st.text(), st.text(), st.integers(0, 50))
def test_nonces_fit_and_tell_messages_apart(key: str, place: str, position: int) -> None:
    made = deliveries.nonce(key, Place("channel", place), position)
    assert len(made) == 24
    assert made == deliveries.nonce(key, Place("channel", place, guild_id=1), position)
    assert made != deliveries.nonce(key, Place("thread", place), position)
    assert made != deliveries.nonce(key, Place("channel", place), position + 1)
