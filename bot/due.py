"""When a local hour comes, and which day's post is due: pure functions of what is known and the moment.

Nothing here reads a clock. A post is named by its *intended* local day, never by the day recomputed from the moment at
which it was made: where a zone skips an hour, or a whole day, the two can differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LATE_AFTER: Final = timedelta(minutes=15)
"""A post that leaves later than this after its hour says that it is late."""

FOLDED_AFTER: Final = timedelta(days=1)
"""A post that could not leave for this long becomes part of the next one (design, rule 4)."""


@dataclass(frozen=True, slots=True)
class Due:
    """A post that is due: the local day it is for, and the moment (aware UTC) of its hour on that day."""

    local_date: date
    at: datetime


def local_moment(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the first moment (aware UTC) at which clocks in ``zone`` show ``hour`` of ``day`` or have passed it.

    An hour that comes twice is its first time; one that doesn't exist that day is the first moment after the gap
    (design, rule 3). ``hour`` has no zone of its own.
    """
    wall = datetime.combine(day, hour)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if second >= first:
        return first
    # In a gap the two readings stand the wrong way round (PEP 495), and clocks jump somewhere between them.
    low, high = second, first
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=1) // 2)
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high


def latest_due(
    hour: time, zone: ZoneInfo, *, since: datetime, last: date | None, now: datetime, weekday: int | None = None
) -> Due | None:
    """Return the post that is due at ``now``: the newest whose hour has come and that was not made yet; None for none.

    ``since`` (aware) is when it was set up: an hour before that was never owed. ``last`` is the intended local day of
    the newest one made. After downtime one post is due, not one for every day missed: it covers them all. With
    ``weekday`` (Monday is 0) only that day of the week counts.
    """
    today = now.astimezone(zone).date()
    # The zone's calendar can be a day ahead of the hour that counts (an hour moved past midnight by a gap).
    for back in range(-1, 9):
        day = today - timedelta(days=back)
        if last is not None and day <= last:
            return None
        if weekday is not None and day.weekday() != weekday:
            continue
        moment = local_moment(day, hour, zone)
        if moment < since:
            return None
        if moment <= now:
            return Due(day, moment)
    return None


def next_due(
    hour: time, zone: ZoneInfo, *, since: datetime, last: date | None, now: datetime, weekday: int | None = None
) -> Due:
    """Return the first post whose hour is still to come after ``now`` and was not made yet.

    What it takes is what :func:`latest_due` takes: with ``weekday`` (Monday is 0) only that day of the week counts.
    """
    day = max(now.astimezone(zone).date() - timedelta(days=1), last + timedelta(days=1) if last else date.min)
    if weekday is not None:
        day += timedelta(days=(weekday - day.weekday()) % 7)
    step = timedelta(days=1 if weekday is None else 7)
    while (moment := local_moment(day, hour, zone)) <= now or moment < since:
        day += step
    return Due(day, moment)


def is_late(due_at: datetime, now: datetime) -> bool:
    """Tell whether what was due at ``due_at`` must say that it is late."""
    return now - due_at > LATE_AFTER
