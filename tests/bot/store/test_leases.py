"""A lease is one process's at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.store import counters, leases
from bot.store.engine import Store

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)


def test_a_lease_is_taken_held_and_taken_over(store: Store) -> None:
    with store.writing() as conn:
        assert leases.take(conn, "poll", "a", now=NOW, until=SOON)
        assert leases.take(conn, "poll", "a", now=NOW, until=SOON)
        assert not leases.take(conn, "poll", "b", now=NOW, until=SOON)
        assert leases.take(conn, "send", "b", now=NOW, until=SOON)
        # Whoever has it holds it longer.
        assert leases.take(conn, "poll", "a", now=NOW, until=LATER)
        assert not leases.take(conn, "poll", "b", now=SOON, until=LATER)
        # Expired: it is anybody's to take.
        assert leases.take(conn, "poll", "b", now=LATER, until=LATER + timedelta(minutes=1))
        assert not leases.release(conn, "poll", "a")
        assert leases.release(conn, "poll", "b")
        assert leases.take(conn, "poll", "a", now=LATER, until=LATER)


def test_of_many_at_once_one_gets_it(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(4)]

    def attempt(number: int) -> list[bool]:
        taken = []
        for name in range(10):
            with stores[number].writing() as conn:
                taken.append(leases.take(conn, str(name), f"owner {number}", now=NOW, until=SOON))
        return taken

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, range(4)))
    assert [sum(one[name] for one in results) for name in range(10)] == [1] * 10


def test_counters_lose_nothing_when_many_count(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(4)]

    def count(store: Store) -> None:
        for _ in range(10):
            with store.writing() as conn:
                counters.bump(conn, "tries")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, stores))
    with stores[0].reading() as conn:
        assert counters.value(conn, "tries") == 40
        assert counters.value(conn, "other") == 0
