"""Briefings through the next six changes of clocks in Auckland, Berlin and Los Angeles, with restarts and downtime."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.bot.discord.conftest import Start
from tests.bot.discord.serving import Post, add_server
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble

pytestmark = pytest.mark.long

TODAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ZONES = ("Pacific/Auckland", "Europe/Berlin", "America/Los_Angeles")
HOURS = ("01:30", "02:30", "03:00", "08:00")
"""Clocks jump from 2 to 3 everywhere, and back from 3 to 2; in Los Angeles back from 2 to 1."""

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
STEP, CLOSE = QUARTER, timedelta(hours=6)
"""It is looked every quarter of an hour so close to the change, else every half: all hours are at halves."""
DOWN = timedelta(hours=9)
LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Change:
    """A moment at which a zone's clocks jump, and by how much."""

    at: datetime
    zone: str
    by: timedelta

    def __str__(self) -> str:
        return f"{self.zone.rsplit('/', 1)[1]}-{self.at:%Y-%m-%d}"


def offset(moment: datetime, zone: str) -> timedelta:
    found = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert found is not None
    return found


def next_changes(count: int) -> list[Change]:
    """Look at each quarter of an hour from today on, in every zone."""
    found: list[Change] = []
    moment = TODAY
    while len(found) < count:
        following = moment + QUARTER
        for zone in ZONES:
            by = offset(following, zone) - offset(moment, zone)
            if by:
                found.append(Change(following, zone, by))
        moment = following
    return found[:count]


CHANGES = next_changes(6)


def comes_at(day: date, hour: time, zone: str) -> datetime:
    """Watch a wall clock by quarters of an hour: when does it first show that hour of that day, or a later one?"""
    wall, there = datetime.combine(day, hour), ZoneInfo(zone)
    moment = wall.replace(tzinfo=UTC) - timedelta(hours=15)
    while moment.astimezone(there).replace(tzinfo=None) < wall:
        moment += QUARTER
    return moment


def expected(hour: str, zone: str, looks: list[datetime]) -> list[Post]:
    """Each day whose hour came after the first look: posted at the first look after its hour."""
    first, last = (moment.astimezone(ZoneInfo(zone)).date() for moment in (looks[0], looks[-1]))
    posts = []
    for number in range(-1, (last - first).days + 2):
        day = first + timedelta(days=number)
        due = comes_at(day, time.fromisoformat(hour), zone)
        if looks[0] <= due <= looks[-1]:
            at = next(look for look in looks if look >= due)
            posts.append(Post(day, at, due if at - due > LATE else None, "", False))
    return posts


def test_the_next_six_changes_are_each_zone_forward_and_back() -> None:
    assert {(change.zone, change.by) for change in CHANGES} == {(zone, by) for zone in ZONES for by in (HOUR, -HOUR)}
    for change in CHANGES:
        before = (change.at - QUARTER).astimezone(ZoneInfo(change.zone)).time()
        # So 02:00 and 02:30, or 01:30 in Los Angeles, don't exist or come twice; the other hours are outside.
        back_in_los_angeles = change.zone == "America/Los_Angeles" and change.by == -HOUR
        assert before == (time(1, 45) if change.by == HOUR or back_in_los_angeles else time(2, 45))


@pytest.mark.parametrize("down_through_it", [False, True], ids=["up through it", "down through it"])
@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_one_briefing_for_each_day(
    change: Change, down_through_it: bool, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    """Two restarts around the change, with nine hours of downtime: after it and over again, or right through it."""
    # Not at full hours: a tick comes when it comes.
    begin = change.at - timedelta(hours=20, minutes=-5)
    end = begin + timedelta(hours=48)
    if down_through_it:
        stops = [(begin, change.at - timedelta(hours=12)), (change.at - timedelta(hours=12), change.at - DOWN / 2)]
        stops.append((change.at + DOWN / 2, end))
    else:
        stops = [(begin, change.at + timedelta(minutes=20)), (change.at + timedelta(minutes=20), change.at + 4 * HOUR)]
        stops.append((change.at + 4 * HOUR + DOWN, end))
    clock.now = begin
    servers = {(hour, zone): add_server(discord, f"{zone} {hour}") for zone in ZONES for hour in HOURS}
    looks: list[datetime] = []
    for since, until in stops:
        clock.now = max(clock.now, since)
        async with start() as running:
            if since == begin:
                for (hour, zone), served in servers.items():
                    await served.set_up(discord, hour, zone)
            while clock.now < until:
                looks.append(clock.now)
                await running.look()
                clock.now += STEP if abs(clock.now - change.at) < CLOSE else 2 * STEP

    for (hour, zone), served in servers.items():
        assert served.posts == expected(hour, zone, looks), (zone, hour)
        days = [post.day for post in served.posts]
        assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
        assert len(days) in {1, 2, 3}
    late = [post for served in servers.values() for post in served.posts if post.late_since]
    assert late
    assert all(post.at - post.late_since < DOWN + STEP for post in late if post.late_since)
