"""What can be told is recorded once, may be taken back in time, and reaches each subscriber once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from bot.store import deliveries, dossiers, events, subscriptions
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.events import EventKind, Untold
from bot.store.schema import delivery, delivery_part, event, subscriber_update, subscription

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
TABLE: tuple[EventKind, ...] = ("position_moved", "sources_differ", "corrected")


@pytest.fixture(autouse=True)
def _dossier(store: Store) -> None:
    with store.writing() as conn:
        for dossier in ("d", "e"):
            dossiers.ensure(conn, dossier, now=NOW)


def record(
    conn: Connection,
    cause: str = "c",
    party: str = "DE",
    kind: EventKind = "position_moved",
    leaves_at: datetime = NOW,
    now: datetime = NOW,
    dossier: str = "d",
) -> bool:
    return events.record(
        conn, dossier, kind, party, cause, before={"was": 1}, after={"is": [2]}, leaves_at=leaves_at, now=now
    )


def subscribe(conn: Connection, who: str, party: str = "DE", **more: object) -> None:
    given: dict[str, object] = {"kind": "user", "cadence": "instant", "now": EARLIER, "dossier": "d", **more}
    kind, cadence, dossier = given.pop("kind"), given.pop("cadence"), given.pop("dossier")
    subscriptions.add(conn, dossier, kind, who, party, cadence, **given)  # type: ignore[arg-type]


def untold(conn: Connection, now: datetime = NOW, since: datetime = EARLIER) -> list[tuple[str, str]]:
    return [(one.id, one.event.cause) for one in events.untold(conn, "d", now=now, since=since)]


def test_the_same_cause_is_recorded_once(store: Store) -> None:
    with store.writing() as conn:
        assert record(conn, "import 1")
        assert not record(conn, "import 1", party="FR")
        assert record(conn, "import 2")
        assert record(conn, "import 1", dossier="e")
        assert conn.execute(select(func.count()).select_from(event)).scalar() == 3


def test_what_may_not_leave_yet_is_held_and_can_be_taken_back(store: Store) -> None:
    later = NOW + timedelta(minutes=2)
    with store.writing() as conn:
        subscribe(conn, "1")
        record(conn, "left already")
        record(conn, "held", leaves_at=later)
        record(conn, "held too", leaves_at=later, kind="corrected")
        record(conn, "another party", party="FR", leaves_at=later)
        record(conn, "no row of the table", kind="article_mentions", leaves_at=later)
        record(conn, "elsewhere", dossier="e", leaves_at=later)
        held = events.held(conn, "d", "DE", TABLE, now=NOW)
        assert [(one.cause, one.before, one.after) for one in held] == [
            ("held", {"was": 1}, {"is": [2]}),
            ("held too", {"was": 1}, {"is": [2]}),
        ]
        assert events.held(conn, "d", "DE", TABLE, now=later) == []
        assert untold(conn) == [("1", "left already")]
        events.cancel(conn, [held[0].id], now=NOW)
        events.cancel(conn, [], now=NOW)
        assert [one.cause for one in events.held(conn, "d", "DE", TABLE, now=NOW)] == ["held too"]
        assert untold(conn, later) == [("1", "left already"), ("1", "held too"), ("1", "no row of the table")]


def test_only_those_who_ask_for_it_and_can_be_reached_are_told(store: Store) -> None:
    with store.writing() as conn:
        subscribe(conn, "follows")
        subscribe(conn, "1", kind="channel", guild_id=None, cadence="weekly")
        subscribe(conn, "another party", party="FR")
        subscribe(conn, "another dossier", dossier="e")
        subscribe(conn, "at this terminal", kind="terminal")
        subscribe(conn, "just now", now=NOW)
        subscribe(conn, "a moment too late", now=NOW + timedelta(seconds=1))
        subscribe(conn, "paused")
        subscribe(conn, "left alone until later")
        subscribe(conn, "left alone until now")
        subscribe(conn, "in a server nobody knows", guild_id=999)
        for who, values in (
            ("paused", {"state": "paused"}),
            ("left alone until later", {"next_try_at": NOW + timedelta(seconds=1)}),
            ("left alone until now", {"next_try_at": NOW}),
        ):
            conn.execute(update(subscription).where(subscription.c.subscriber_id == who).values(values))
        record(conn)
        assert sorted(untold(conn)) == [("1", "c"), ("follows", "c"), ("left alone until now", "c")]
        assert untold(conn, since=NOW + timedelta(seconds=1)) == []
        (one,) = (one for one in events.untold(conn, "d", now=NOW, since=NOW) if one.kind == "channel")
        assert one == Untold("channel", "1", "weekly", EARLIER, None, None, 0, one.event)


def test_each_is_told_once(store: Store) -> None:
    with store.writing() as conn:
        subscribe(conn, "1")
        subscribe(conn, "2")
        record(conn, "first")
        record(conn, "second")
        ids = [one.event.id for one in events.untold(conn, "d", now=NOW, since=EARLIER) if one.id == "1"]
        owed, _ = deliveries.owe(conn, "k", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        events.tell(conn, "user", "1", ids[:1], delivery_id=owed, now=NOW)
        events.tell(conn, "user", "1", [], delivery_id=owed, now=NOW)
        left = untold(conn)
        assert left[0] == ("2", "first")
        assert sorted(left) == [("1", "second"), ("2", "first"), ("2", "second")]
        events.untell(conn, owed)
        assert len(untold(conn)) == 4


def test_telling_twice_leaves_nothing_behind(store: Store) -> None:
    with store.writing() as conn:
        subscribe(conn, "1")
        record(conn)
        (one,) = events.untold(conn, "d", now=NOW, since=EARLIER)
        owed, _ = deliveries.owe(conn, "k", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        events.tell(conn, "user", "1", [one.event.id], delivery_id=owed, now=NOW)

    def again() -> None:
        with store.writing() as conn:
            owed, new = deliveries.owe(conn, "another key", Place("user", "1"), [{}], due_at=NOW, now=NOW)
            assert new
            events.tell(conn, "user", "1", [one.event.id], delivery_id=owed, now=NOW)

    with pytest.raises(IntegrityError):
        again()
    with store.reading() as conn:
        assert conn.execute(select(func.count()).select_from(delivery)).scalar() == 1
        assert conn.execute(select(func.count()).select_from(subscriber_update)).scalar() == 1


def test_between_looking_and_telling_anything_may_have_happened(store: Store) -> None:
    def still(conn: Connection, ids: list[int], who: str = "1") -> bool:
        return events.still_untold(conn, "d", "user", who, ids, now=NOW, since=EARLIER)

    with store.writing() as conn:
        subscribe(conn, "1")
        subscribe(conn, "2")
        subscribe(conn, "3")
        record(conn, "first")
        record(conn, "second")
        first, second = (one.event.id for one in events.untold(conn, "d", now=NOW, since=EARLIER, of=("user", "1")))
        assert events.untold(conn, "d", now=NOW, since=EARLIER, of=("channel", "1")) == []
        assert still(conn, [first, second])
        assert not events.still_untold(conn, "d", "channel", "1", [first], now=NOW, since=EARLIER)
        owed, _ = deliveries.owe(conn, "k", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        events.tell(conn, "user", "1", [first], delivery_id=owed, now=NOW)
        assert not still(conn, [first, second])
        assert still(conn, [second])
        assert still(conn, [first, second], "2")
        subscriptions.remove(conn, "d", "user", "2")
        assert not still(conn, [first, second], "2")
        events.cancel(conn, [second], now=NOW)
        assert not still(conn, [second])
        assert still(conn, [first], "3")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_being_told_is_not_taken_back_meanwhile(store_url: str, opened: Callable[[str], Store]) -> None:
    one, two = opened(store_url), opened(store_url)
    later = NOW + timedelta(minutes=2)
    with one.writing() as conn:
        subscribe(conn, "1")
        record(conn, leaves_at=later)
    with one.writing() as telling, ThreadPoolExecutor(1) as pool:
        (untold_one,) = events.untold(telling, "d", now=later, since=EARLIER)
        ids = [untold_one.event.id]
        assert events.still_untold(telling, "d", "user", "1", ids, now=later, since=EARLIER)

        def undo() -> list[events.Event]:
            with two.writing() as undoing:
                asked.set()
                return events.held(undoing, "d", "DE", TABLE, now=NOW)

        asked = Event()
        found = pool.submit(undo)
        assert asked.wait(10)
        owed, _ = deliveries.owe(telling, "k", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        events.tell(telling, "user", "1", ids, delivery_id=owed, now=NOW)
        telling.commit()
        assert found.result(10) == []


def test_what_somebody_was_told_already_is_not_taken_back(store: Store) -> None:
    """An editor's clock may be behind: what left must be corrected by a new event, never by silence."""
    with store.writing() as conn:
        subscribe(conn, "1")
        record(conn, leaves_at=NOW)
        (one,) = events.untold(conn, "d", now=NOW, since=EARLIER)
        owed, _ = deliveries.owe(conn, "k", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        events.tell(conn, "user", "1", [one.event.id], delivery_id=owed, now=NOW)
        behind = NOW - timedelta(seconds=5)
        assert events.held(conn, "d", "DE", TABLE, now=behind) == []


def test_old_ones_are_forgotten_with_who_was_told(store: Store) -> None:
    with store.writing() as conn:
        subscribe(conn, "1")
        record(conn, "old", now=NOW)
        record(conn, "new", now=NOW + timedelta(days=1))
        assert events.forget(conn, before=NOW + timedelta(hours=1)) == 1
        assert [cause for _, cause in untold(conn, NOW + timedelta(days=2))] == ["new"]


@pytest.mark.parametrize("kind", ["user", "channel"])
def test_whoever_leaves_is_sent_nothing_more_of_it_that_was_not_tried(store: Store, kind: Any) -> None:
    with store.writing() as conn:
        numbers = iter(range(1, 100))

        def tell(key: str, *parties: str, who: str = "1", dossier: str = "d", state: str = "owed") -> None:
            made, _ = deliveries.owe(conn, key, Place(kind, who), [{"content": "x"}] * 2, due_at=NOW, now=NOW)
            conn.execute(
                update(delivery_part)
                .where(delivery_part.c.delivery_id == made, delivery_part.c.position == 0)
                .values(state=state)
            )
            ids = []
            for party in parties:
                record(conn, str(next(numbers)), party, dossier=dossier)
                ids.append(conn.execute(select(func.max(event.c.id))).scalar_one())
            events.tell(conn, kind, who, ids, delivery_id=made, now=NOW)

        for who in ("1", "2"):
            for party in ("DE", "FR"):
                subscribe(conn, who, party, kind=kind)
        subscribe(conn, "1", "DE", kind=kind, dossier="e")
        tell("update:d:de", "DE")
        tell("digest:d:refused", "DE", "DE", state="parked")
        tell("digest:d:fr", "FR")
        tell("digest:d:both", "DE", "FR")
        tell("update:e:de", "DE", dossier="e")
        tell("hello:d:1:now")
        tell("briefing:1")
        tell("update:d:others", "DE", who="2")
        for state in ("sending", "unknown", "sent"):
            tell(f"update:d:{state}", "DE", state=state)
        everything = still_owed(conn)

        def leave(*parties: str) -> set[str]:
            for party in parties:
                subscriptions.remove(conn, "d", kind, "1", party)
            before = still_owed(conn)
            events.withdraw(conn, "d", kind, "1", welcome="hello:d:1:", now=NOW)
            return before - still_owed(conn)

        assert leave() == set()
        assert leave("DE") == {"update:d:de", "digest:d:refused"}
        assert leave("FR") == {"digest:d:fr", "digest:d:both", "hello:d:1:now"}
        assert len(everything) == 11


def still_owed(conn: Connection) -> set[str]:
    return set(conn.execute(select(delivery.c.once_key).where(delivery.c.done_at.is_(None))).scalars())
