"""People subscribe once, leave when they like, and see and delete all that is stored about them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store import deliveries, dossiers, subscriptions
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.schema import (
    audit,
    delivery,
    delivery_part,
    event,
    feed,
    guild,
    guild_briefing,
    metadata,
    shown,
    subscriber_update,
    subscription,
)

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
ALICE, BOB = "101", "202"


def test_subscribing_twice_is_subscribing_once(store: Store) -> None:
    with store.writing() as conn:
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW) == "new"
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW) == "unchanged"
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "weekly", now=NOW) == "changed"
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "weekly", dm_channel_id=7, now=NOW) == "changed"
        # Not naming the channel again doesn't forget it.
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "weekly", now=NOW) == "unchanged"
        assert subscriptions.add(conn, "d", "user", ALICE, "AT", "instant", guild_id=9, now=NOW) == "new"
        assert subscriptions.add(conn, "d", "channel", ALICE, "DE", "daily", now=NOW) == "new"
    with store.reading() as conn:
        found = subscriptions.listed(conn, "d", "user", ALICE)
        assert [(one.party, one.cadence, one.guild_id, one.dm_channel_id) for one in found] == [
            ("AT", "instant", 9, None),
            ("DE", "weekly", None, 7),
        ]
        assert found[0].created_at == NOW
        assert subscriptions.listed(conn, "other", "user", ALICE) == []


def test_subscribing_again_wakes_a_paused_subscription(store: Store) -> None:
    with store.writing() as conn:
        subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW)
        conn.execute(update(subscription).values(state="paused", failures=3, next_try_at=NOW))
        assert subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW) == "changed"
        (one,) = subscriptions.listed(conn, "d", "user", ALICE)
    assert (one.state, one.failures) == ("active", 0)


def _followed(conn: Connection) -> list[tuple[str, str, int]]:
    found = subscriptions.listed(conn, "d", "user", ALICE)
    return [(one.party, one.state, one.failures) for one in found]


def test_a_subscriber_who_is_not_reached_is_left_alone_and_then_paused(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.writing() as conn:
        for person in (ALICE, BOB):
            subscriptions.add(conn, "d", "user", person, "DE", "daily", now=NOW)
        subscriptions.add(conn, "d", "user", ALICE, "FR", "instant", now=NOW)
        subscriptions.failed(conn, "user", ALICE, next_try_at=later, now=NOW)
        assert _followed(conn) == [("DE", "active", 1), ("FR", "active", 1)]
        next_tries = conn.execute(
            select(subscription.c.next_try_at).where(subscription.c.subscriber_id == ALICE)
        ).scalars()
        assert set(next_tries) == {later}
        # A message that arrives ends it, whatever it was.
        subscriptions.reached(conn, "user", ALICE, 77)
        assert _followed(conn) == [("DE", "active", 0), ("FR", "active", 0)]
        assert {one.dm_channel_id for one in subscriptions.listed(conn, "d", "user", ALICE)} == {77}
        assert [one.dm_channel_id for one in subscriptions.listed(conn, "d", "user", BOB)] == [None]
        subscriptions.failed(conn, "user", ALICE, next_try_at=None, now=NOW)
        assert _followed(conn) == [("DE", "paused", 1), ("FR", "paused", 1)]
        assert subscriptions.active_of(conn, "d", "user", ALICE) == []
        # Following one anew wakes that one.
        subscriptions.add(conn, "d", "user", ALICE, "FR", "instant", now=later)
        assert _followed(conn) == [("DE", "paused", 1), ("FR", "active", 0)]
        assert [one.party for one in subscriptions.active_of(conn, "d", "user", ALICE)] == ["FR"]
        assert [one.failures for one in subscriptions.listed(conn, "d", "user", BOB)] == [0]


def test_refusals_count_once_until_the_next_try_has_come(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.writing() as conn:
        subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW)
        subscriptions.failed(conn, "user", ALICE, next_try_at=NOW + hour, now=NOW)
        # Begun to follow while they are left alone: that waits as well, and is to be told.
        subscriptions.add(conn, "d", "user", ALICE, "FR", "daily", now=NOW)
        assert subscriptions.take_failure(conn, ALICE, now=NOW)
        for seconds in (1, 2):
            subscriptions.failed(conn, "user", ALICE, next_try_at=None, now=NOW + timedelta(seconds=seconds))
        assert _followed(conn) == [("DE", "active", 1), ("FR", "active", 0)]
        tries = conn.execute(select(subscription.c.next_try_at)).scalars().all()
        assert list(tries) == [NOW + hour] * 2
        assert subscriptions.take_failure(conn, ALICE, now=NOW)
        assert not subscriptions.has_failure(conn, ALICE)
        subscriptions.failed(conn, "user", ALICE, next_try_at=NOW + 2 * hour, now=NOW + hour)
        assert _followed(conn) == [("DE", "active", 2), ("FR", "active", 1)]


@pytest.mark.parametrize("kind", ["user", "channel"])
def test_a_message_that_arrives_wakes_all_that_failures_had_paused(store: Store, kind: Any) -> None:
    with store.writing() as conn:
        for who in (ALICE, BOB):
            for party in ("DE", "FR"):
                subscriptions.add(conn, "d", kind, who, party, "daily", now=NOW)
            subscriptions.failed(conn, kind, who, next_try_at=None, now=NOW)
        subscriptions.add(conn, "d", kind, ALICE, "FR", "daily", now=NOW)
        subscriptions.reached(conn, kind, ALICE, None)
        assert {(one.state, one.failures) for one in subscriptions.listed(conn, "d", kind, ALICE)} == {("active", 0)}
        assert {one.state for one in subscriptions.listed(conn, "d", kind, BOB)} == {"paused"}


def test_being_reached_without_a_direct_channel_forgets_failures_and_not_the_channel(store: Store) -> None:
    with store.writing() as conn:
        subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", dm_channel_id=7, now=NOW)
        subscriptions.failed(conn, "user", ALICE, next_try_at=NOW, now=NOW)
        subscriptions.reached(conn, "user", ALICE, None)
        (one,) = subscriptions.listed(conn, "d", "user", ALICE)
        assert (one.failures, one.dm_channel_id) == (0, 7)


def test_a_failure_is_told_once_and_each_anew(store: Store) -> None:
    with store.writing() as conn:
        subscriptions.add(conn, "d", "user", ALICE, "DE", "daily", now=NOW)
        subscriptions.add(conn, "d", "user", BOB, "DE", "daily", now=NOW)
        assert not subscriptions.has_failure(conn, ALICE)
        assert not subscriptions.take_failure(conn, ALICE, now=NOW)
        for number in range(2):
            subscriptions.failed(conn, "user", ALICE, next_try_at=NOW, now=NOW + timedelta(hours=number))
            assert subscriptions.has_failure(conn, ALICE)
            assert not subscriptions.has_failure(conn, BOB)
            assert subscriptions.take_failure(conn, ALICE, now=NOW)
            assert not subscriptions.take_failure(conn, ALICE, now=NOW)
        subscriptions.failed(conn, "user", ALICE, next_try_at=None, now=NOW)
        # Paused for good is what people must hear of most.
        assert subscriptions.take_failure(conn, ALICE, now=NOW)
        subscriptions.failed(conn, "user", BOB, next_try_at=NOW, now=NOW)
        subscriptions.reached(conn, "user", BOB, None)
        assert not subscriptions.has_failure(conn, BOB)


def test_active_ones_are_the_oldest_first(store: Store) -> None:
    with store.writing() as conn:
        for days, party in enumerate(("GB", "DE", "FR")):
            subscriptions.add(conn, "d", "user", ALICE, party, "daily", now=NOW + timedelta(days=days))
        found = [one.party for one in subscriptions.active_of(conn, "d", "user", ALICE)]
    assert found == ["GB", "DE", "FR"]


def test_leaving_one_or_all(store: Store) -> None:
    with store.writing() as conn:
        for party in ("DE", "AT", "FR"):
            subscriptions.add(conn, "d", "user", ALICE, party, "daily", now=NOW)
        subscriptions.add(conn, "d", "user", BOB, "DE", "daily", now=NOW)
        assert subscriptions.remove(conn, "d", "user", ALICE, "DE") == ["DE"]
        assert subscriptions.remove(conn, "d", "user", ALICE, "DE") == []
        assert subscriptions.remove(conn, "d", "user", ALICE) == ["AT", "FR"]
        assert len(subscriptions.listed(conn, "d", "user", BOB)) == 1


def test_a_cadence_nobody_knows_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError), store.writing() as conn:
        subscriptions.add(conn, "d", "user", ALICE, "DE", "hourly", now=NOW)  # type: ignore[arg-type]


def _live(store: Store, person: str) -> None:
    """Leave every trace a person can leave."""
    with store.writing() as conn:
        dossiers.ensure(conn, "d", now=NOW)
        subscriptions.add(conn, "d", "user", person, "DE", "daily", now=NOW)
        subscriptions.add(conn, "e", "user", person, "AT", "daily", now=NOW)
        event_id = conn.execute(
            insert(event)
            .values(dossier="d", kind="position_moved", party="DE", cause=person, created_at=NOW, leaves_at=NOW)
            .returning(event.c.id)
        ).scalar_one()
        owed, _ = deliveries.owe(conn, f"update {person}", Place("user", person), [{"text": "x"}], due_at=NOW, now=NOW)
        conn.execute(
            insert(subscriber_update).values(
                subscriber_kind="user", subscriber_id=person, event_id=event_id, delivery_id=owed, created_at=NOW
            )
        )
        conn.execute(
            insert(shown).values(
                dossier="d", place_kind="user", place_id=person, item_kind="event", item_id="1", delivery_id=owed,
                shown_at=NOW,
            )
        )  # fmt: skip
        conn.execute(insert(audit).values(at=NOW, who=person, action="set up"))
        conn.execute(insert(feed).values(dossier="d", url=person, added_by=person, added_at=NOW))
        conn.execute(insert(guild).values(id=int(person), joined_at=NOW))
        conn.execute(
            insert(guild_briefing).values(
                guild_id=int(person), dossier="d", channel_id=1, local_time="20:00", zone="Europe/Berlin",
                set_up_by=int(person), set_up_at=NOW,
            )
        )  # fmt: skip


ALL = {
    "subscriptions": 2,
    "updates": 1,
    "shown": 1,
    "deliveries": 1,
    "audit": 1,
    "feeds_added": 1,
    "briefings_set_up": 1,
}


def test_all_about_a_person_is_shown_and_deleted_and_nobody_elses(store: Store) -> None:
    _live(store, ALICE)
    _live(store, BOB)
    with store.reading() as conn:
        person = subscriptions.show_person(conn, "user", ALICE)
        bob = subscriptions.show_person(conn, "user", BOB)
    assert person.counts == ALL
    assert [asdict(one)["party"] for one in person.subscriptions] == ["DE", "AT"]
    with store.writing() as conn:
        assert subscriptions.delete_person(conn, "user", ALICE) == ALL
    with store.reading() as conn:
        gone = subscriptions.show_person(conn, "user", ALICE)
        assert gone == subscriptions.Person((), dict.fromkeys(ALL, 0))
        assert subscriptions.show_person(conn, "user", BOB) == bob
        # What an administrator did stays on record, and so does what was set up.
        assert conn.execute(select(func.count()).select_from(audit)).scalar() == 2
        assert conn.execute(select(func.count()).select_from(guild_briefing)).scalar() == 2
        assert conn.execute(select(func.count()).select_from(delivery_part)).scalar() == 1
        assert conn.execute(select(func.count()).select_from(delivery)).scalar() == 1


def test_no_table_that_knows_people_is_forgotten() -> None:
    columns = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns}
    by_name = {"subscriber_id", "place_id", "who", "set_up_by", "added_by", "user_id", "dm_channel_id"}
    people = {one for one in columns if one[1] in by_name}
    # Who changed a claim is an editor named in the config and part of the public record, no reader.
    assert people == {
        ("subscription", "subscriber_id"),
        ("subscription", "dm_channel_id"),
        ("subscriber_update", "subscriber_id"),
        ("delivery", "place_id"),
        ("shown", "place_id"),
        ("audit", "who"),
        ("guild_briefing", "set_up_by"),
        ("feed", "added_by"),
    }
