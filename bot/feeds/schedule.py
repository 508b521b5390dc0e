"""When to ask a feed again: pure functions of what it and its server said, and how the last polls went."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import Final

from bot.feeds.fetch import Hints

EVERY: Final = timedelta(minutes=15)
"""The shortest pause after a feed has answered."""

LONGEST: Final = timedelta(days=1)
"""The longest pause after failures, and the longest that a feed that answers is kept to."""

LONGEST_ASKED: Final = timedelta(days=7)
"""The longest pause that a server may ask for with Retry-After."""

LONGEST_RHYTHM: Final = timedelta(hours=2)
"""The longest pause for a feed because it seldom has news: what it says at last shouldn't wait longer."""

_RHYTHM_OF: Final = 10
"""How many of a feed's newest entries show its rhythm."""


def next_poll(
    failures: int,
    now: datetime,
    hints: Hints,
    jitter: float,
    *,
    asks: timedelta | None = None,
    every: timedelta = EVERY,
    longest: timedelta = LONGEST,
) -> datetime:
    """Decide when to ask a feed again, after ``failures`` in a row (0: it answered well).

    ``jitter`` is a random number from 0 up to 1, which keeps many feeds from being asked at the same moment: it adds up
    to a tenth, or takes up to a quarter off the pauses that double with each failure.

    After an answer the pause is ``every``, or longer where the answer stays fresh for longer (Cache-Control, Expires;
    RFC 9111, 4.2.1) or the feed itself asks for it (``asks``, see :func:`asked_by`), up to ``longest``. What a server
    asks for with Retry-After (seconds or a date) is kept to in any case, up to :data:`LONGEST_ASKED`.
    """
    if failures:
        # The exponent is bounded: nobody needs the number of a power that has long passed the maximum.
        pause = min(every * (1 << min(failures, 20)), max(longest, every)) * (1 - jitter / 4)
    else:
        wished = max(asks or timedelta(), _fresh_for(hints, now))
        pause = max(every, min(wished, longest)) * (1 + jitter / 10)
    asked = retry_after(hints, now)
    if asked is not None:
        # Some time after, so that not everybody who was sent away comes back at once.
        pause = max(pause, asked * (1 + jitter / 10))
    return now + pause


def asked_by(refresh: timedelta | None, published: Iterable[datetime], now: datetime) -> timedelta | None:
    """Return the pause that a feed asks for: in so many words, or by its rhythm; None where neither says anything.

    ``refresh`` is what it declares, ``published`` when its entries were. A feed's rhythm is the median distance of its
    newest entries, today's silence counted; it is asked four times as often, and at least every
    :data:`LONGEST_RHYTHM`.
    """
    moments = sorted((one for one in published if one <= now), reverse=True)[:_RHYTHM_OF]
    rhythm = None
    if len(moments) >= 3:
        gaps = [now - moments[0], *(later - earlier for later, earlier in itertools.pairwise(moments))]
        rhythm = min(timedelta(seconds=median(gap.total_seconds() for gap in gaps)) / 4, LONGEST_RHYTHM)
    wishes = [one for one in (refresh, rhythm) if one is not None]
    return max(wishes) if wishes else None


def _fresh_for(hints: Hints, now: datetime) -> timedelta:
    """Return how long an answer says it stays as it is; nothing where it doesn't say or must be asked again."""
    directives: dict[str, str] = {}
    for part in (hints.cache_control or "").lower().split(","):
        name, _, value = part.strip().partition("=")
        directives.setdefault(name.strip(), value.strip().strip('"'))
    if directives.keys() & {"no-cache", "no-store"}:
        return timedelta()
    if re.fullmatch(r"[0-9]{1,9}", directives.get("max-age", "")):
        return timedelta(seconds=int(directives["max-age"]))
    until = _http_date(hints.expires) if hints.expires else None
    return max(until - now, timedelta()) if until is not None else timedelta()


def retry_after(hints: Hints, now: datetime) -> timedelta | None:
    """Return how long a server asks to wait, in either form of Retry-After, at most :data:`LONGEST_ASKED`.

    None where it doesn't ask, or the moment is past.
    """
    value = (hints.retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return min(timedelta(seconds=int(value)), LONGEST_ASKED)
    moment = _http_date(value)
    return min(moment - now, LONGEST_ASKED) if moment is not None and moment > now else None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value.strip())
        # A date without a zone means UTC, as all of HTTP does.
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if 1970 < moment.year < 9000 else None
