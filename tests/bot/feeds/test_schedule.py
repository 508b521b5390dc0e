"""When a feed is asked again: never at once, never too seldom, and as it and its server wish."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.fetch import Hints
from bot.feeds.schedule import EVERY, LONGEST, LONGEST_ASKED, LONGEST_RHYTHM, asked_by, next_poll
from tests.conftest import START

HOUR = timedelta(hours=1)

_jitter = st.floats(0, 1, exclude_max=True)
_moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


@given(st.integers(0, 10**6), _moments, st.none() | st.text() | st.integers(-5, 10**12).map(str), _jitter)
def test_the_next_poll_is_never_now_and_never_far(
    failures: int, now: datetime, retry: str | None, jitter: float
) -> None:
    pause = next_poll(failures, now, Hints(retry_after=retry), jitter) - now
    assert timedelta(minutes=15) <= pause <= max(LONGEST, LONGEST_ASKED * 1.1)


@given(st.integers(1, 40), _moments, _jitter)
def test_pauses_grow_with_failures_up_to_a_day(failures: int, now: datetime, jitter: float) -> None:
    one, two = (next_poll(number, now, Hints(), jitter) for number in (failures, failures + 1))
    assert one <= two <= now + LONGEST
    assert next_poll(40, now, Hints(), 0.0) == now + LONGEST


@given(st.integers(0, 50), _moments, st.integers(0, 7 * 86_400), _jitter)
def test_retry_after_is_kept_to_in_both_forms(failures: int, now: datetime, seconds: int, jitter: float) -> None:
    now = now.replace(microsecond=0)
    until = now + timedelta(seconds=seconds)
    for value in (str(seconds), format_datetime(until, usegmt=True)):
        assert next_poll(failures, now, Hints(retry_after=value), jitter) >= until


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1e9", "Wed, 99 Mar 2025 10:00:00 GMT", "٣٠", "Mon, 01 Jan 1990 00:00:00 GMT"]
)
def test_what_is_no_retry_after_is_ignored(value: str) -> None:
    assert next_poll(0, START, Hints(retry_after=value), 0.0) == START + timedelta(minutes=15)


def test_intervals_of_an_operator() -> None:
    day = timedelta(days=1)
    assert next_poll(0, START, Hints(), 0.0, every=day) == START + day
    assert next_poll(1_000_000, START, Hints(), 0.0, every=day) == START + day


def pause(hints: Hints, asks: timedelta | None = None, *, failures: int = 0) -> timedelta:
    return next_poll(failures, START, hints, 0.0, asks=asks) - START


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (Hints(cache_control="max-age=7200"), 2 * HOUR),
        (Hints(cache_control='public, MAX-AGE="7200", must-revalidate'), 2 * HOUR),
        (Hints(cache_control="max-age=60"), EVERY),
        (Hints(cache_control="max-age=99999999"), LONGEST),
        (Hints(cache_control="max-age=soon"), EVERY),
        (Hints(cache_control="no-cache, max-age=7200"), EVERY),
        (Hints(cache_control="no-store", expires=format_datetime(START + 3 * HOUR, usegmt=True)), EVERY),
        (Hints(expires=format_datetime(START + 3 * HOUR, usegmt=True)), 3 * HOUR),
        # What Cache-Control says goes before Expires (RFC 9111, 5.3).
        (Hints(cache_control="max-age=7200", expires=format_datetime(START + 9 * HOUR, usegmt=True)), 2 * HOUR),
        (Hints(expires="0"), EVERY),
        (Hints(expires="-1"), EVERY),
        (Hints(expires="Fri, 31 Dec 9999 23:59:59 GMT"), EVERY),
        (Hints(cache_control="max-age=60", retry_after="36000"), 10 * HOUR),
        (Hints(), EVERY),
    ],
)
def test_an_answer_that_stays_fresh_is_not_asked_for_sooner(hints: Hints, expected: timedelta) -> None:
    assert pause(hints) == expected


def test_what_the_feed_asks_for_counts_where_it_is_longer() -> None:
    assert pause(Hints(), 2 * HOUR) == 2 * HOUR
    assert pause(Hints(cache_control="max-age=10800"), 2 * HOUR) == 3 * HOUR
    assert pause(Hints(), timedelta(days=30)) == LONGEST
    assert pause(Hints(), timedelta(minutes=1)) == EVERY


def test_after_a_failure_a_page_that_says_it_is_fresh_is_not_believed() -> None:
    assert pause(Hints(cache_control="max-age=86400"), LONGEST, failures=1) == 2 * EVERY


def every(gap: timedelta, count: int = 20, *, since: timedelta = timedelta()) -> list[datetime]:
    return [START - since - number * gap for number in range(count)]


def test_a_feed_s_rhythm_is_asked_for_four_times_as_often() -> None:
    assert asked_by(None, every(4 * HOUR, since=HOUR), START) == HOUR
    assert asked_by(None, every(timedelta(days=7)), START) == LONGEST_RHYTHM
    # Ten entries at once, as after an import: the feed is asked as often as any.
    assert pause(Hints(), asked_by(None, every(timedelta()), START)) == EVERY


def test_entries_without_a_past_show_no_rhythm() -> None:
    assert asked_by(None, [], START) is None
    assert asked_by(None, every(HOUR, 2), START) is None
    assert asked_by(None, [START + HOUR] * 9, START) is None
    assert asked_by(HOUR, [], START) == HOUR
    assert asked_by(timedelta(minutes=5), every(4 * HOUR, since=HOUR), START) == HOUR


@given(st.none() | st.timedeltas(timedelta(), timedelta(days=400)), st.lists(_moments, max_size=30), _moments, _jitter)
def test_whatever_a_feed_says_it_is_heard_of_within_a_day(
    refresh: timedelta | None, published: list[datetime], now: datetime, jitter: float
) -> None:
    found = next_poll(0, now, Hints(), jitter, asks=asked_by(refresh, published, now)) - now
    assert EVERY <= found <= LONGEST * 1.1
