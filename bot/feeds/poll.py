"""Polling the dossier's feeds: each when it is due, its articles stored once, a failure told in words.

When to ask again is decided by a pure function. A feed's new articles and its row of the store change in one
transaction, so a crash at any moment loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from bot.feeds.fetch import CHALLENGE_SENTENCE, Fetched, Fetcher, FetchFailed, Hints, Reason, looks_like_challenge
from bot.library import Library
from bot.seeding import BACKGROUND_AFTER, Mentions, find_mentions, record_mentions
from bot.store import articles, feeds, leases
from bot.store.engine import Connection
from bot.store.errors import StoreError
from bot.store.feeds import FeedRow
from summaries.article import Article, Draft, Published
from summaries.feed import FeedRead, NotAFeed, read_feed

EVERY: Final = timedelta(minutes=15)
"""How often a feed that answers is polled."""

LONGEST: Final = timedelta(days=1)
"""The longest pause after failures."""

LONGEST_ASKED: Final = timedelta(days=7)
"""The longest pause that a server may ask for."""

LEASE: Final = timedelta(minutes=5)
"""How long a process that has stopped answering keeps others from polling; working ones renew it."""

PER_HOST: Final = 2
"""How many feeds of one host are read at a time."""

log = logging.getLogger(__name__)


def next_poll(
    failures: int, now: datetime, hints: Hints, jitter: float, *, every: timedelta = EVERY, longest: timedelta = LONGEST
) -> datetime:
    """Decide when to ask a feed again, after ``failures`` in a row (0: it answered well).

    ``jitter`` is a random number from 0 up to 1, which keeps many feeds from being asked at the same moment: it adds up
    to a tenth, or takes up to a quarter off the pauses that double with each failure. What a server asks for with
    Retry-After (seconds or a date) is kept to, up to :data:`LONGEST_ASKED`.
    """
    if failures:
        # The exponent is bounded: nobody needs the number of a power that has long passed the maximum.
        pause = min(every * (1 << min(failures, 20)), max(longest, every)) * (1 - jitter / 4)
    else:
        pause = every * (1 + jitter / 10)
    asked = _retry_after(hints.retry_after, now)
    if asked is not None:
        # Some time after, so that not everybody who was sent away comes back at once.
        pause = max(pause, min(asked, LONGEST_ASKED) * (1 + jitter / 10))
    return now + pause


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After in both of its forms; None when it is neither, or already past."""
    if value is None:
        return None
    value = value.strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return timedelta(seconds=int(value))
    try:
        moment = parsedate_to_datetime(value)
        # A date without a zone means UTC, as all of HTTP does.
        pause = (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment) - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return pause if pause > timedelta() else None


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of polling one feed.

    ``new`` are the ids of articles that were not known before, and are news; ``background`` those that are none;
    ``revised`` those that changed. ``sentence`` says what went wrong when it ``failed``.
    """

    feed: FeedRow
    outcome: Literal["read", "not_modified", "failed"]
    new: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    unchanged: int = 0
    reason: Reason | None = None
    sentence: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of polling did; ``ran`` is False when another process is polling."""

    ran: bool
    feeds: tuple[Polled, ...] = ()

    @property
    def new(self) -> tuple[str, ...]:
        """The ids of all articles that are news."""
        return tuple(identifier for one in self.feeds for identifier in one.new)


class _LeaseLost(Exception):
    """Another process has taken over; nothing more may be written."""


@dataclass(frozen=True, slots=True)
class _Poller:
    """What every step of a round needs. Methods that touch the store are for threads, never for the event loop."""

    library: Library
    fetcher: Fetcher
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    owner: str
    every: timedelta
    background_after: timedelta
    on_stored: Callable[[Connection, Sequence[Article]], None] | None

    def begin(self, limit: int) -> list[FeedRow] | None:
        """Take the lease and return the feeds that are due; None when another process has it."""
        now = self.clock()
        key = self.library.topic.key
        with self.library.store.writing() as connection:
            if not self._hold(connection):
                return None
            feeds.sync(connection, key, self.library.topic.feeds, now=now)
            return feeds.due(connection, key, now, limit)

    def end(self) -> None:
        with self.library.store.writing() as connection:
            leases.release(connection, "feeds", self.owner)

    def _hold(self, connection: Connection) -> bool:
        """Take the lease or hold it longer, a slow feed's time included; False when another process has it."""
        now = self.clock()
        until = now + LEASE + timedelta(seconds=2 * self.fetcher.limits.total)
        return leases.take(connection, "feeds", self.owner, now=now, until=until)

    def store_read(self, row: FeedRow, fetched: Fetched, read: FeedRead) -> Polled:
        """Store a feed's articles and that it was read, all or nothing."""
        now = self.clock()
        key = self.library.topic.key
        outcomes: dict[str, list[str]] = defaultdict(list)
        news: list[Article] = []
        found = self._mentions_of_new(read)
        with self.library.store.writing() as connection:
            if not self._hold(connection):
                raise _LeaseLost
            known = feeds.published_as(connection, key, [entry.identity for entry in read.entries])
            for entry in read.entries:
                draft = _dated(entry.draft, known.get(entry.identity))
                old = draft.published.at is not None and draft.published.at < now - self.background_after
                background = row.baseline_at is None or old
                stored = articles.add(
                    connection, key, entry.identity, draft, background=background, feed_id=row.id, now=now
                )
                outcome = "background" if stored.outcome == "new" and background else stored.outcome
                outcomes[outcome].append(stored.article_id)
                if stored.outcome == "unchanged":
                    continue
                article = _article(stored, draft, background=background)
                mentions = found.get(entry.identity) or find_mentions(draft, self.library.parties)
                record_mentions(connection, key, stored, mentions)
                if outcome == "new":
                    news.append(article)
            self._succeeded(connection, row, fetched, now)
            if news and self.on_stored is not None:
                self.on_stored(connection, news)
        return Polled(
            row,
            "read",
            new=tuple(outcomes["new"]),
            background=tuple(outcomes["background"]),
            revised=tuple(outcomes["revised"]),
            unchanged=len(outcomes["unchanged"]),
            warnings=read.warnings,
        )

    def _mentions_of_new(self, read: FeedRead) -> dict[str, Mentions]:
        """Find what entries not known yet speak of, by identity: before the transaction, which others wait for."""
        with self.library.store.reading() as connection:
            known = feeds.published_as(connection, self.library.topic.key, [entry.identity for entry in read.entries])
        parties = self.library.parties
        return {
            entry.identity: find_mentions(entry.draft, parties) for entry in read.entries if entry.identity not in known
        }

    def store_unchanged(self, row: FeedRow, fetched: Fetched) -> Polled:
        """Record that a feed had nothing new."""
        now = self.clock()
        with self.library.store.writing() as connection:
            if not self._hold(connection):
                raise _LeaseLost
            self._succeeded(connection, row, fetched, now)
        return Polled(row, "not_modified")

    def _succeeded(self, connection: Connection, row: FeedRow, fetched: Fetched, now: datetime) -> None:
        kept = fetched.status == "not_modified"
        feeds.succeeded(
            connection,
            row.id,
            etag=fetched.etag or (row.etag if kept else None),
            last_modified=fetched.last_modified or (row.last_modified if kept else None),
            body_digest=row.body_digest if kept else None,
            asks_seconds=row.asks_seconds if kept else None,
            moved_to=fetched.moved_to or row.moved_to,
            next_poll_at=next_poll(0, now, fetched.hints, self.jitter(), every=self.every),
            now=now,
        )

    def store_failure(self, row: FeedRow, reason: Reason, sentence: str, hints: Hints) -> Polled:
        """Record that a feed could not be read."""
        now = self.clock()
        again = next_poll(row.failures + 1, now, hints, self.jitter(), every=self.every)
        with self.library.store.writing() as connection:
            if not self._hold(connection):
                raise _LeaseLost
            feeds.failed(connection, row.id, reason, sentence, next_poll_at=again, now=now)
        return Polled(row, "failed", reason=reason, sentence=sentence)


async def poll_round(
    library: Library,
    fetcher: Fetcher,
    *,
    clock: Callable[[], datetime],
    jitter: Callable[[], float],
    owner: str,
    concurrency: int = 8,
    limit: int = 200,
    every: timedelta = EVERY,
    background_after: timedelta = BACKGROUND_AFTER,
    on_stored: Callable[[Connection, Sequence[Article]], None] | None = None,
) -> Round:
    """Poll the dossier's feeds that are due, at most ``limit``, and store what they bring.

    ``clock`` gives the present moment (aware UTC), ``jitter`` a random number from 0 up to 1. Only one process polls at
    a time: ``owner`` names this one. ``concurrency`` feeds are read at once, no more than two of one host. What a feed
    brings when it is first read is background, and so is what is older than ``background_after``. ``on_stored`` is
    called in the transaction that stores a feed's new articles, with those that are news; when it raises, nothing of
    that feed is stored, and it comes again.

    A feed that fails, in whatever way, fails alone. Raises :class:`~bot.store.errors.StoreError` when the database
    fails.
    """
    poller = _Poller(library, fetcher, clock, jitter, owner, every, background_after, on_stored)
    due = await asyncio.to_thread(poller.begin, limit)
    if due is None:
        return Round(ran=False)
    try:
        slots = asyncio.Semaphore(concurrency)
        # Its host's slot first: feeds that wait for a slow host must not take the slots of others.
        hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))
        # One at a time: SQLite has one writer, and threads that wait for it are missing elsewhere.
        writing = asyncio.Lock()

        async def one(row: FeedRow) -> Polled:
            async with hosts[_host(row)], slots:
                return await _poll(poller, row, writing)

        results = await asyncio.gather(*(one(row) for row in due), return_exceptions=True)
    finally:
        await asyncio.to_thread(poller.end)
    polled = []
    for result in results:
        if isinstance(result, _LeaseLost):
            log.warning("another process polls the feeds now; this round stops")
        elif isinstance(result, BaseException):
            raise result
        else:
            polled.append(result)
    return Round(True, tuple(polled))


async def _poll(poller: _Poller, row: FeedRow, writing: asyncio.Lock) -> Polled:
    """Poll one feed. Raises only StoreError and _LeaseLost."""
    try:
        try:
            return await _read(poller, row, writing)
        except FetchFailed as failure:
            reason, sentence, hints = failure.reason, failure.sentence, failure.hints
        log.info("feed %s: %s", row.url, sentence)
    except (_LeaseLost, StoreError):
        raise
    except Exception:
        # Whatever a hostile feed brought about, the others go on, and this one isn't tried again at once.
        log.exception("feed %s: unexpected error", row.url)
        reason, sentence, hints = "broken", "Reading it ended in an unexpected error. The log has the details.", Hints()
    async with writing:
        return await asyncio.to_thread(poller.store_failure, row, reason, sentence, hints)


async def _read(poller: _Poller, row: FeedRow, writing: asyncio.Lock) -> Polled:
    # Without a baseline the whole feed is asked for, whatever was remembered.
    known = row.baseline_at is not None
    fetched = await poller.fetcher.get(
        row.moved_to or row.url,
        etag=row.etag if known else None,
        last_modified=row.last_modified if known else None,
    )
    if fetched.status == "not_modified":
        async with writing:
            return await asyncio.to_thread(poller.store_unchanged, row, fetched)
    try:
        read = await asyncio.to_thread(
            read_feed,
            fetched.body,
            url=row.url,
            base=fetched.url,
            content_type=fetched.content_type,
            now=poller.clock(),
            name=row.name,
            language=row.language,
        )
    except NotAFeed as error:
        if looks_like_challenge({}, fetched.body):
            raise FetchFailed("challenge", CHALLENGE_SENTENCE, fetched.hints) from None
        raise FetchFailed("not_a_feed", str(error), fetched.hints) from None
    async with writing:
        return await asyncio.to_thread(poller.store_read, row, fetched, read)


def _host(row: FeedRow) -> str:
    try:
        return urlsplit(row.moved_to or row.url).netloc.lower()
    except ValueError:
        return ""


def _dated(draft: Draft, known: Published | None) -> Draft:
    """Keep the date that an article is known by when an edit only makes it later: edits are not news."""
    if known is None or known.at is None or (draft.published.at is not None and draft.published.at < known.at):
        return draft
    return replace(draft, published=known)


def _article(stored: articles.Stored, draft: Draft, *, background: bool) -> Article:
    return Article(
        id=stored.article_id,
        revision=stored.revision,
        text=draft.text,
        title=draft.title,
        publisher=draft.publisher,
        author=draft.author,
        url=draft.url,
        language=draft.language,
        published=draft.published,
        background=background,
        body_start=draft.body_start,
    )
