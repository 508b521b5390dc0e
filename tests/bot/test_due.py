"""When a local hour comes: every change of clocks in the world in 2026 and 2027, and random moments."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.due import Due, is_late, latest_due, local_moment, next_due

pytestmark = pytest.mark.long

ZONES = sorted(zoneinfo.available_timezones() - {"localtime"})
HALF_HOURS = [time(minutes // 60, minutes % 60) for minutes in range(0, 24 * 60, 30)]
QUARTER, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
"""Every offset and jump in the world of 2026 is a whole number of quarters, so half hours are seen exactly."""
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
BERLIN, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")


@cache
def transitions(name: str) -> list[datetime]:
    """Return the moments in 2026 and 2027 at which a zone's clocks jump, found by looking at each day, then closer."""
    zone = ZoneInfo(name)
    found = []
    begin = START
    while begin < END:
        end = begin + timedelta(days=1)
        if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
            minutes = (begin + timedelta(minutes=m) for m in range(24 * 60 + 1))
            found.append(
                next(m for m in minutes if m.astimezone(zone).utcoffset() != begin.astimezone(zone).utcoffset())
            )
        begin = end
    return found


def by_looking_at_the_clock(day: date, hour: time, zone: ZoneInfo, step: timedelta) -> datetime:
    """Return the same by watching a wall clock, step by step: when does it first show the hour or a later one?"""
    wall = datetime.combine(day, hour)
    moment = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(hours=1)
    # Back past any hour that comes twice, then closely.
    moment -= timedelta(hours=4)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += step
    return moment


def around(name: str) -> Iterator[date]:
    zone = ZoneInfo(name)
    for moment in transitions(name):
        day = moment.astimezone(zone).date()
        yield from (day - timedelta(days=1), day, day + timedelta(days=1))


@pytest.mark.parametrize("part", range(8))
def test_every_change_of_clocks_by_half_hours(part: int) -> None:
    checked = 0
    seen: set[tuple[tuple[datetime, ...], timedelta | None]] = set()
    for name in ZONES[part::8]:
        zone = ZoneInfo(name)
        # Zones that share clocks and jumps (links and their likes) share the answers.
        shape = (tuple(transitions(name)), START.astimezone(zone).utcoffset())
        if shape in seen:
            continue
        seen.add(shape)
        for day in around(name):
            for hour in HALF_HOURS:
                assert local_moment(day, hour, zone) == by_looking_at_the_clock(day, hour, zone, QUARTER), (
                    name,
                    day,
                    hour,
                )
                checked += 1
    assert checked > 500


def test_the_world_has_changes_to_look_at() -> None:
    changing = [name for name in ZONES if transitions(name)]
    assert len(changing) > 150
    assert "Antarctica/Troll" in changing  # two hours at once
    assert "Australia/Lord_Howe" in changing  # half an hour
    assert "Africa/Casablanca" in changing  # back for Ramadan


NOTABLE = ["Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Australia/Lord_Howe", "America/Scoresbysund",
           "Africa/Cairo", "America/Santiago", "Asia/Beirut"]  # fmt: skip


@pytest.mark.parametrize("name", NOTABLE)
def test_exactly_one_post_a_day_through_every_change(name: str) -> None:
    """Ask every half hour, through each change of clocks: every intended day comes up once, in order, never early."""
    zone = ZoneInfo(name)
    for moment in transitions(name):
        for hour in HALF_HOURS:
            since = moment - timedelta(days=3)
            last: date | None = None
            made: list[Due] = []
            for step in range(6 * 48):
                now = since + timedelta(minutes=30 * step)
                due = latest_due(hour, zone, since=since, last=last, now=now)
                if due is None:
                    continue
                assert now - timedelta(minutes=30) < due.at <= now
                made.append(due)
                last = due.local_date
            days = [due.local_date for due in made]
            assert days == [days[0] + timedelta(days=i) for i in range(len(days))]
            assert len(days) in {5, 6, 7}


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), moments, st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0)))
def test_random_moments(name: str, now: datetime, hour: time) -> None:
    zone = ZoneInfo(name)
    since = now - timedelta(days=30)
    due = latest_due(hour, zone, since=since, last=None, now=now)
    assert due is not None
    assert due.at <= now < local_moment(due.local_date + timedelta(days=1), hour, zone)
    assert due.at == by_looking_at_the_clock(due.local_date, hour, zone, MINUTE)
    assert latest_due(hour, zone, since=since, last=due.local_date, now=now) is None
    # What was set up after that hour is first due the next time.
    assert latest_due(hour, zone, since=due.at + timedelta(seconds=1), last=None, now=now) is None
    coming = next_due(hour, zone, since=since, last=due.local_date, now=now)
    assert coming.local_date == due.local_date + timedelta(days=1)
    assert coming.at > now
    assert latest_due(hour, zone, since=since, last=due.local_date, now=coming.at) == coming
    assert latest_due(hour, zone, since=since, last=due.local_date, now=coming.at - timedelta(seconds=1)) is None


def test_an_hour_in_the_gap_is_the_first_moment_after_it() -> None:
    at = local_moment(date(2027, 3, 28), time(2, 30), BERLIN)
    assert at == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert at.astimezone(BERLIN).time() == time(3, 0)


def test_an_hour_that_comes_twice_is_its_first_time() -> None:
    assert local_moment(date(2027, 10, 31), time(2, 30), BERLIN) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_after_days_of_downtime_one_post_is_due_for_the_newest_day() -> None:
    since, now = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)
    due = latest_due(time(8), BERLIN, since=since, last=date(2026, 11, 10), now=now)
    assert due == Due(date(2026, 11, 20), datetime(2026, 11, 20, 7, tzinfo=UTC))


def test_the_days_between_two_weekly_posts_have_none() -> None:
    since, now = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 19, 12, tzinfo=UTC)
    due = latest_due(time(8), AUCKLAND, since=since, last=None, now=now, weekday=0)
    assert due is not None
    assert due.local_date == date(2026, 11, 16)
    assert latest_due(time(8), AUCKLAND, since=since, last=due.local_date, now=now, weekday=0) is None


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ZONES), moments, st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0)),
    st.integers(0, 6),
)  # fmt: skip
def test_random_moments_of_a_weekly_post(name: str, now: datetime, hour: time, weekday: int) -> None:
    zone = ZoneInfo(name)
    since = now - timedelta(days=30)
    due = latest_due(hour, zone, since=since, last=None, now=now, weekday=weekday)
    assert due is not None
    assert due.local_date.weekday() == weekday
    assert due.at == by_looking_at_the_clock(due.local_date, hour, zone, MINUTE)
    assert due.at <= now < local_moment(due.local_date + timedelta(days=7), hour, zone)
    coming = next_due(hour, zone, since=since, last=due.local_date, now=now, weekday=weekday)
    assert coming.local_date == due.local_date + timedelta(days=7)
    for moment, found in ((coming.at, coming), (coming.at - timedelta(seconds=1), None)):
        assert latest_due(hour, zone, since=since, last=due.local_date, now=moment, weekday=weekday) == found
    # Set up now, it is the first one: nothing is owed before it, and none is made twice.
    assert next_due(hour, zone, since=now, last=None, now=now, weekday=weekday).local_date in {
        due.local_date, coming.local_date,
    }  # fmt: skip
    assert latest_due(hour, zone, since=due.at + timedelta(seconds=1), last=None, now=now, weekday=weekday) is None


@pytest.mark.parametrize("name", NOTABLE)
def test_one_weekly_post_a_week_through_every_change(name: str) -> None:
    """Ask every half hour for three weeks, on the weekday of each change of clocks, at hours inside and outside it."""
    zone = ZoneInfo(name)
    for moment in transitions(name):
        weekday = moment.astimezone(zone).weekday()
        for hour in HALF_HOURS[::5]:
            since = moment - timedelta(days=8)
            last: date | None = None
            made: list[Due] = []
            for step in range(22 * 48):
                now = since + timedelta(minutes=30 * step)
                due = latest_due(hour, zone, since=since, last=last, now=now, weekday=weekday)
                if due is not None:
                    assert now - timedelta(minutes=30) < due.at <= now
                    made.append(due)
                    last = due.local_date
            days = [due.local_date for due in made]
            assert days == [days[0] + timedelta(days=7 * i) for i in range(len(days))]
            assert days[0].weekday() == weekday
            assert len(days) in {3, 4}


def test_the_next_weekly_post_is_the_first_one_not_made() -> None:
    now = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
    for weekday, day in ((2, 25), (3, 19), (1, 24)):
        assert next_due(time(8), BERLIN, since=now, last=None, now=now, weekday=weekday).local_date.day == day
    # Thursday's was made by another rhythm.
    made = date(2026, 11, 19)
    assert next_due(time(8), BERLIN, since=now, last=made, now=now, weekday=3).local_date == date(2026, 11, 26)


def test_late_is_more_than_a_quarter_of_an_hour() -> None:
    at = datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert not is_late(at, at + timedelta(minutes=15))
    assert is_late(at, at + timedelta(minutes=15, seconds=1))
