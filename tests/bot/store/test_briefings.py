"""A server's briefing: set up once, made once a day, moved without repeating, deleted whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.store import briefings, deliveries, guilds
from bot.store.briefings import LOOK_BACK, Plan
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.schema import briefing, delivery, delivery_part, guild_briefing, shown

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
DAY = date(2025, 3, 26)


def switch_on(conn: Connection, guild_id: int = 7, *, now: datetime = NOW, **changed: object) -> Plan:
    guilds.joined(conn, guild_id, "Server", now=NOW)
    wanted: dict[str, object] = {
        "channel_id": 42, "thread_id": None, "hour": time(8), "zone": "Europe/Berlin", "by": 1, **changed,
    }  # fmt: skip
    return briefings.switch_on(conn, "d", guild_id, now=now, **wanted)  # type: ignore[arg-type]


def make(conn: Connection, plan: Plan, day: date = DAY, *, parts: int = 1, at: datetime = NOW) -> int:
    """Make a day's briefing with its delivery; return the delivery."""
    made = briefings.record(conn, plan.id, day, due_at=at, table_at=at - timedelta(minutes=2), value={"a": 1}, now=at)
    assert made is not None
    contents = [{"content": str(number)} for number in range(parts)]
    owed, _ = deliveries.owe(conn, f"briefing:{plan.id}:{day}", plan.place, contents, due_at=at, now=at)
    briefings.set_delivery(conn, made, owed)
    return owed


def test_it_comes_back_as_it_was_set_up(store: Store) -> None:
    with store.writing() as conn:
        made = switch_on(conn, hour=time(20, 15), thread_id=43)
    assert made == Plan(made.id, 7, 42, 43, time(20, 15), "Europe/Berlin", "active", 1, NOW, NOW - LOOK_BACK)
    assert (made.target_id, made.place) == (43, Place("thread", "43", 7, 42))
    assert (made.length, made.weekday) == ("normal", None)
    with store.reading() as conn:
        assert briefings.plan_of(conn, "d", 7) == made
        assert briefings.plan(conn, made.id) == made
        assert briefings.plan_of(conn, "d", 8) is None
        assert briefings.plan_of(conn, "other", 7) is None
        assert briefings.plan(conn, made.id + 1) is None
        assert briefings.active(conn, "d") == [(made, None)]
        assert briefings.active(conn, "other") == []


def test_a_server_has_one_and_moving_its_channel_owes_nothing_anew(store: Store) -> None:
    later = NOW + timedelta(days=3)
    with store.writing() as conn:
        first = switch_on(conn)
        moved = switch_on(conn, channel_id=50, by=2, now=later)
        assert (moved.id, moved.place, moved.set_up_by) == (first.id, Place("channel", "50", 7), 2)
        assert moved.set_up_at == NOW
        assert moved.news_from == NOW - LOOK_BACK
        # With another hour or zone an hour that has passed today is not owed for it.
        assert switch_on(conn, channel_id=50, hour=time(9), now=later).set_up_at == later
        latest = later + timedelta(days=1)
        moved = switch_on(conn, channel_id=50, hour=time(9), zone="UTC", now=latest)
        # But what came in since is still news.
        assert (moved.set_up_at, moved.news_from) == (latest, NOW - LOOK_BACK)
        assert conn.execute(select(func.count()).select_from(guild_briefing)).scalar() == 1


def test_another_length_changes_nothing_about_when_and_another_weekday_does(store: Store) -> None:
    later = NOW + timedelta(days=3)
    with store.writing() as conn:
        plan = switch_on(conn)
        short = switch_on(conn, length="short", now=later)
        assert short == replace(plan, length="short")
        assert briefings.as_planned(conn, plan) == short
        weekly = switch_on(conn, length="short", weekday=4, now=later)
        # What came in since is still news.
        assert weekly == replace(short, weekday=4, set_up_at=later)
        assert briefings.active(conn, "d") == [(weekly, None)]
        daily = switch_on(conn, now=later + timedelta(days=1))
        assert (daily.weekday, daily.length, daily.set_up_at) == (None, "normal", later + timedelta(days=1))


@pytest.mark.parametrize("weekday", [-1, 7])
def test_a_week_has_seven_days(store: Store, weekday: int) -> None:
    with pytest.raises(IntegrityError), store.writing() as conn:
        switch_on(conn, weekday=weekday)


def test_a_digest_that_was_given_up_is_missed_until_another_is_made_or_it_is_set_up_anew(store: Store) -> None:
    with store.writing() as conn:
        weekly, daily = switch_on(conn, weekday=2), switch_on(conn, 8)
        owed = [make(conn, plan, parts=2) for plan in (weekly, daily)]
        assert briefings.missed(conn, "d") == set()
        for one in owed:
            deliveries.sent(conn, one, 0, 900, now=NOW)
            deliveries.drop(conn, one, "too old", now=NOW)
        # A part of it never came; what is missed of a daily one is told by the next.
        assert briefings.missed(conn, "d") == {weekly.id}
        assert briefings.missed(conn, "other") == set()
        again = make(conn, weekly, DAY + timedelta(days=1))
        assert briefings.missed(conn, "d") == set()
        deliveries.drop(conn, again, "too old", now=NOW)
        assert briefings.missed(conn, "d") == {weekly.id}
        switch_on(conn, weekday=2, length="long", channel_id=50, now=NOW + timedelta(hours=1))
        assert briefings.missed(conn, "d") == {weekly.id}
        switch_on(conn, weekday=3, now=NOW + timedelta(hours=1))
        assert briefings.missed(conn, "d") == set()


def test_paused_it_is_not_active_and_woken_it_owes_nothing_for_the_days_between(store: Store) -> None:
    later = NOW + timedelta(days=3)
    with store.writing() as conn:
        plan = switch_on(conn)
        briefings.set_state(conn, plan.id, "paused", now=NOW)
        assert briefings.active(conn, "d") == []
        paused = briefings.plan_of(conn, "d", 7)
        assert paused is not None
        assert (paused.state, paused.set_up_at) == ("paused", NOW)
        briefings.set_state(conn, plan.id, "active", now=later)
        ((woken, _),) = briefings.active(conn, "d")
        assert (woken.set_up_at, woken.news_from) == (later, later - LOOK_BACK)
        briefings.set_state(conn, plan.id, "paused", now=later)
        # Setting it up again wakes it as well.
        latest = later + timedelta(days=1)
        again = switch_on(conn, now=latest)
        assert (again.state, again.set_up_at, again.news_from) == ("active", latest, latest - LOOK_BACK)


def test_only_servers_that_the_bot_is_in_have_one_to_make(store: Store) -> None:
    with store.writing() as conn:
        one, two = switch_on(conn, 7), switch_on(conn, 8)
        make(conn, one, DAY)
        make(conn, one, DAY - timedelta(days=1))
        guilds.left(conn, 8, now=NOW)
        assert briefings.active(conn, "d") == [(one, DAY)]
        later = NOW + timedelta(days=2)
        guilds.joined(conn, 8, "Server", now=later)
        # Back again, it begins anew: nothing is owed for the days in between.
        back = replace(two, set_up_at=later, news_from=later - LOOK_BACK)
        assert briefings.active(conn, "d") == [(one, DAY), (back, None)]


def test_a_day_is_made_once_whoever_is_first(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(2)]
    with stores[0].writing() as conn:
        plan = switch_on(conn)
    start = Barrier(2)
    days = [DAY + timedelta(days=number) for number in range(20)]

    def work(store: Store) -> int:
        start.wait()
        new = 0
        for day in days:
            with store.writing() as conn:
                made = briefings.record(conn, plan.id, day, due_at=NOW, table_at=NOW, value={}, now=NOW)
                if made is not None:
                    owed, fresh = deliveries.owe(conn, f"b{day}", plan.place, [{}], due_at=NOW, now=NOW)
                    assert fresh
                    briefings.set_delivery(conn, made, owed)
                    new += 1
        return new

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(work, stores)) == len(days)
    with stores[0].reading() as conn:
        assert conn.execute(select(func.count()).select_from(briefing)).scalar() == len(days)
        assert conn.execute(select(func.count()).select_from(delivery)).scalar() == len(days)


def told_at(conn: Connection, plan: Plan) -> datetime | None:
    now_is = briefings.plan(conn, plan.id)
    assert now_is is not None
    return now_is.told_at


def test_what_a_dropped_briefing_told_is_told_by_the_next(store: Store) -> None:
    hold = timedelta(minutes=2)
    with store.writing() as conn:
        plan = switch_on(conn)
        first = make(conn, plan, DAY)
        briefings.show(conn, "d", "guild", "7", [("article", "a"), ("claim", "c@1")], delivery_id=first, now=NOW)
        assert told_at(conn, plan) is None
        briefings.told(conn, first)
        assert told_at(conn, plan) == NOW - hold
        second = make(conn, plan, DAY + timedelta(days=1), parts=2, at=NOW + timedelta(days=1))
        briefings.show(conn, "d", "guild", "7", [("article", "b")], delivery_id=second, now=NOW)
        briefings.show(conn, "d", "guild", "7", [], delivery_id=second, now=NOW)
        assert briefings.shown_to(conn, "d", "guild", "7", "article") == {"a", "b"}
        # One message arrived, the other never will: what they showed counts as not shown.
        deliveries.sent(conn, second, 0, 900, now=NOW)
        deliveries.drop(conn, second, "the channel is gone", now=NOW)
        assert told_at(conn, plan) == NOW - hold
        assert briefings.shown_to(conn, "d", "guild", "7", "article") == {"a"}
        assert briefings.shown_to(conn, "d", "guild", "7", "claim") == {"c@1"}
        for elsewhere in (("e", "guild", "7"), ("d", "channel", "7"), ("d", "guild", "8")):
            assert briefings.shown_to(conn, *elsewhere, "article") == set()


def test_what_became_of_the_newest_posts(store: Store) -> None:
    with store.writing() as conn:
        plan = switch_on(conn)
        good = make(conn, plan, DAY, parts=2)
        bad = make(conn, plan, DAY + timedelta(days=1))
        deliveries.sent(conn, good, 0, 900, now=NOW)
        deliveries.sent(conn, good, 1, 901, now=NOW)
        deliveries.finish(conn, good, now=NOW)
        deliveries.drop(conn, bad, "the channel is gone", now=NOW)
        make(conn, plan, DAY + timedelta(days=2))
        waiting, dropped, posted = briefings.posted(conn, plan.id, 10)
        assert [one.local_date for one in briefings.posted(conn, plan.id, 2)] == [
            DAY + timedelta(days=2), DAY + timedelta(days=1),
        ]  # fmt: skip
        assert briefings.plan_of_delivery(conn, bad) == (plan, DAY + timedelta(days=1))
        assert briefings.plan_of_delivery(conn, bad + 100) is None
    assert (waiting.done_at, waiting.message_ids, waiting.dropped) == (None, (), False)
    assert (dropped.last_error, dropped.message_ids, dropped.dropped) == ("the channel is gone", (), True)
    assert (posted.done_at, posted.message_ids, posted.dropped, posted.place_id) == (NOW, (900, 901), False, "42")


def test_what_was_not_tried_goes_where_the_briefing_goes(store: Store) -> None:
    new = Place("thread", "77", 7, 76)
    with store.writing() as conn:
        plan = switch_on(conn)
        tried, untried, done = (make(conn, plan, DAY + timedelta(days=n), parts=2) for n in range(3))
        deliveries.finish(conn, done, now=NOW)
        found = {one.id: one for one in deliveries.claim_due(conn, "w", NOW, 10)}
        deliveries.freeze(conn, found[tried], "w", now=NOW, late=False)
        # Whoever works on it knows the place it had.
        assert briefings.waiting(conn, plan.id) == []
        for one in found:
            deliveries.let_go(conn, one, "w", next_try_at=None, error=None)
        assert briefings.waiting(conn, plan.id) == [untried]
        for one in (tried, untried):
            deliveries.move(conn, one, new)
        again = {one.id: one for one in deliveries.claim_due(conn, "w", NOW, 10)}
    assert again[tried].place == plan.place
    assert again[tried].parts == found[tried].parts
    assert again[untried].place == new
    # Another place is another message for Discord, which compares nonces wherever they were used.
    assert [part.nonce for part in again[untried].parts] == [
        deliveries.nonce(again[untried].once_key, new, position) for position in range(2)
    ]


def test_ended_nothing_of_it_is_left_and_nothing_of_others_is_gone(store: Store) -> None:
    with store.writing() as conn:
        ended, stays = switch_on(conn, 7), switch_on(conn, 8, channel_id=43)
        for plan in (ended, stays):
            owed = make(conn, plan)
            briefings.show(conn, "d", "guild", str(plan.guild_id), [("article", "a")], delivery_id=owed, now=NOW)
        briefings.remove(conn, ended.id)
        assert briefings.plan_of(conn, "d", 7) is None
        assert [plan for plan, _ in briefings.active(conn, "d")] == [stays]
        for table in (briefing, delivery, delivery_part, shown, guild_briefing):
            assert conn.execute(select(func.count()).select_from(table)).scalar() == 1, table.name
        # Set up anew it is a new one, which may show again what the old one showed.
        assert switch_on(conn, 7).told_at is None


def test_old_ones_are_forgotten_but_the_newest(store: Store) -> None:
    with store.writing() as conn:
        busy, quiet = switch_on(conn), switch_on(conn, 8)
        for number in range(3):
            make(conn, busy, DAY + timedelta(days=number), at=NOW + timedelta(days=number))
        make(conn, quiet)
        assert briefings.forget(conn, before=NOW + timedelta(days=2)) == 2
        assert [one.local_date for one in briefings.posted(conn, busy.id, 9)] == [DAY + timedelta(days=2)]
        assert [one.local_date for one in briefings.posted(conn, quiet.id, 9)] == [DAY]


def test_up_to_when_the_table_was_told_outlives_the_briefings(store: Store) -> None:
    day = timedelta(days=1)
    with store.writing() as conn:
        plan, other = switch_on(conn), switch_on(conn, 8)
        owed = [make(conn, plan, DAY + number * day, at=NOW + number * day) for number in range(3)]
        briefings.told(conn, owed[1])
        # Whatever was found out late of an earlier one takes nothing back.
        briefings.told(conn, owed[0])
        briefings.told(conn, owed[2] + 100)
        deliveries.finish(conn, owed[1], now=NOW)
        deliveries.drop(conn, owed[2], "gone", now=NOW)
        deliveries.forget(conn, now=NOW + deliveries.KEPT_WHEN_DONE + day)
        briefings.forget(conn, before=NOW + 90 * day)
        # The newest was dropped, and of it only the row is left: what it told counts as untold all the same.
        assert told_at(conn, plan) == NOW + day - timedelta(minutes=2)
        assert told_at(conn, other) is None


def test_it_is_made_as_planned_or_not_at_all(store: Store) -> None:
    later = NOW + timedelta(hours=1)
    with store.writing() as conn:
        plan = switch_on(conn)
        assert briefings.as_planned(conn, plan) == plan
        # Another channel is where this one goes already.
        moved = switch_on(conn, channel_id=50, now=later)
        assert briefings.as_planned(conn, plan) == moved
        briefings.set_state(conn, plan.id, "paused", now=later)
        assert briefings.as_planned(conn, plan) is None
        briefings.set_state(conn, plan.id, "active", now=later)
        assert briefings.as_planned(conn, plan) is None, "woken, it owes nothing of before"
        (woken, _) = briefings.active(conn, "d")[0]
        assert briefings.as_planned(conn, woken) == woken
        nine = {"hour": time(9), "zone": "UTC"}
        for changed in ({"hour": time(9)}, nine, {**nine, "weekday": 0}, {**nine, "weekday": 1}, nine):
            other = switch_on(conn, **changed, now=later)
            assert briefings.as_planned(conn, woken) is None
            woken = other
        guilds.left(conn, 7, now=later)
        assert briefings.as_planned(conn, woken) is None
        guilds.joined(conn, 7, "Server", now=later)
        briefings.remove(conn, plan.id)
        assert briefings.as_planned(conn, woken) is None
