"""Polling feeds: each when it is due, its articles stored once, a failure told in words.

When to ask again is decided by pure functions (:mod:`bot.feeds.schedule`). Articles are stored some at a time, and that
the feed was read is noted with the last of them: after a crash it is read again, and what was stored is known by its
names, so nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol, TypeVar

from bot.feeds.fetch import CHALLENGE_SENTENCE, Fetched, Fetcher, FetchFailed, Hints, Reason, looks_like_challenge
from bot.feeds.schedule import EVERY, asked_by, next_poll
from bot.feeds.turns import LeaseLost, Turns, host_of
from bot.feeds.worker import Stopped
from bot.intake import Findings, examine, record
from bot.library import Library
from bot.owner import has_ended
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, feeds, leases
from bot.store.articles import Relevant
from bot.store.engine import Connection
from bot.store.errors import StoreError
from bot.store.feeds import FeedRow, Known
from summaries.article import Article, Draft
from summaries.feed import Entry, FeedRead, NotAFeed, read_feed

LEASE: Final = timedelta(minutes=5)
"""How long a process that has stopped answering keeps others from polling; working ones renew it."""

AT_ONCE: Final = 50
"""How many entries are stored in one transaction: others that write wait for it."""

log = logging.getLogger(__name__)

Result = TypeVar("Result")
OnStored = Callable[[Connection, Sequence[Article]], None]


class Parse(Protocol):
    """Calls a function that parses what was fetched, somewhere else than on the event loop."""

    def __call__(self, function: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Awaitable[Result]:  # noqa: ANN401
        """Return what it returns, raise what it raises."""
        ...


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of polling one feed.

    ``new`` are the ids of articles that were not known before, and are news; ``background`` those that are none;
    ``revised`` those that changed; ``off_topic`` those, new or changed, that are not shown. ``sentence`` says what went
    wrong when it ``failed``, or with another feed of its host when it was ``put_off``.
    """

    feed: FeedRow
    outcome: Literal["read", "not_modified", "failed", "put_off"]
    new: tuple[str, ...] = ()
    background: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    off_topic: tuple[str, ...] = ()
    unchanged: int = 0
    reason: Reason | None = None
    sentence: str | None = None
    warnings: tuple[str, ...] = ()
    hints: Hints = field(default_factory=Hints)


@dataclass(frozen=True, slots=True)
class Round:
    """What a round of polling did; ``ran`` is False when another process is polling."""

    ran: bool
    feeds: tuple[Polled, ...] = ()

    @property
    def new(self) -> tuple[str, ...]:
        """The ids of all articles that are news."""
        return tuple(identifier for one in self.feeds for identifier in one.new)


@dataclass(frozen=True, slots=True)
class Desk:
    """What every step of a round needs. Methods that touch the store are for threads, never for the event loop.

    ``parse`` runs what reads hostile bytes; ``every`` is the shortest pause between two polls of a feed.
    """

    library: Library
    fetcher: Fetcher
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    owner: str
    parse: Parse = asyncio.to_thread
    every: timedelta = EVERY
    background_after: timedelta = BACKGROUND_AFTER
    on_stored: OnStored | None = None

    def begin(self, limit: int) -> list[FeedRow] | None:
        """Take the lease and return the feeds that are due; None when another process has it."""
        now = self.clock()
        key = self.library.topic.key
        with self.library.store.writing() as connection:
            if not self.take(connection):
                return None
            feeds.sync(connection, key, self.library.topic.feeds, now=now)
            return feeds.due(connection, key, now, limit)

    def end(self) -> None:
        """Give the lease back."""
        with self.library.store.writing() as connection:
            leases.release(connection, "feeds", self.owner)

    def hold(self, connection: Connection) -> None:
        """Hold the lease longer, a slow feed's time included. Raises LeaseLost when another process has it."""
        if not self.take(connection):
            raise LeaseLost

    def take(self, connection: Connection) -> bool:
        """Take the lease, or hold it longer; False when another process has it."""
        now = self.clock()
        until = now + LEASE + timedelta(seconds=2 * self.fetcher.limits.total)
        holder = leases.holder(connection, "feeds")
        if holder is not None and holder != self.owner and has_ended(holder):
            # Killed, it could not give it back: nobody need wait for it.
            leases.release(connection, "feeds", holder)
        return leases.take(connection, "feeds", self.owner, now=now, until=until)

    def tell(self, connection: Connection, news: Sequence[Article]) -> None:
        """Tell of articles that are news, in the transaction that stores them."""
        if news and self.on_stored is not None:
            self.on_stored(connection, news)

    def store_read(self, row: FeedRow, fetched: Fetched, read: FeedRead, digest: str) -> Polled:
        """Store a feed's articles, some at a time, and together with the last ones that it was read.

        After a crash between them the feed is read again, and what was stored is known by its names.
        """
        key = self.library.topic.key
        names = [name for entry in read.entries for name in entry.identities]
        with self.library.store.reading() as connection:
            known = feeds.known(connection, key, names, guild_id=row.guild_id)
        named = own_names(read.entries, known)
        found = {
            entry.identity: examine(entry.draft, self.library) for entry, mine in named if known.keys().isdisjoint(mine)
        }
        outcomes: dict[str, list[str]] = defaultdict(list)
        # What another entry of this document is, no entry is taken for.
        taken = {known[name].article_id for _, mine in named for name in mine if name in known}
        for start in range(0, max(1, len(named)), AT_ONCE):
            with self.library.store.writing() as connection:
                self.hold(connection)
                if not feeds.is_there(connection, row.id):
                    return Polled(row, "failed", sentence="The feed was removed while it was read.")
                news = []
                for entry, mine in named[start : start + AT_ONCE]:
                    news += self._store_entry(connection, row, entry, mine, known, found, taken, outcomes)
                if start + AT_ONCE >= len(named):
                    self._succeeded(connection, row, fetched, self.clock(), digest=digest, read=read)
                if row.guild_id is None:
                    self.tell(connection, news)
        return Polled(
            row,
            "read",
            new=tuple(outcomes["new"]),
            background=tuple(outcomes["background"]),
            revised=tuple(outcomes["revised"]),
            off_topic=tuple(outcomes["off_topic"]),
            unchanged=len(outcomes["unchanged"]),
            warnings=read.warnings,
        )

    def _store_entry(
        self,
        connection: Connection,
        row: FeedRow,
        entry: Entry,
        names: Sequence[str],
        known: Mapping[str, Known],
        found: Mapping[str, Findings],
        taken: set[str],
        outcomes: Mapping[str, list[str]],
    ) -> list[Article]:
        """Store one entry and note what became of it; returns it as an article where it is news to tell."""
        now, key = self.clock(), self.library.topic.key
        draft = _dated(entry.draft, names, known)
        before = next((known[name] for name in names if name in known), None)
        if before is not None and row.everything and not before.relevant and before.guild_id == row.guild_id:
            # A general feed brought it first, and did not keep it.
            articles.keep_whole(connection, key, before.article_id)
            outcomes["revised"].append(before.article_id)
            return []
        unchanged = _unchanged(row, draft, names, known)
        if unchanged is not None:
            # Most entries of most feeds: nothing is asked of the store for them.
            outcomes["unchanged"].append(unchanged)
            return []
        old = draft.published.at is not None and draft.published.at < now - self.background_after
        background = row.baseline_at is None or old
        findings = found.get(entry.identity)
        relevant = _kept(row, findings) if findings is not None else None
        # What is no news needs no page; and what does not seem to belong here is not worth one.
        wanted = (
            entry.is_teaser and draft.url is not None and not background and (relevant is None or relevant.relevant)
        )
        stored = articles.add(
            connection,
            key,
            names,
            draft,
            background=background,
            feed_id=row.id,
            guild_id=row.guild_id,
            relevance=relevant,
            teaser=entry.is_teaser,
            wants_page=wanted,
            not_as=taken,
            now=now,
        )
        taken.add(stored.article_id)
        if stored.outcome == "unchanged":
            outcomes["unchanged"].append(stored.article_id)
            return []
        joins = False
        text: Draft | Article = draft
        if findings is None or relevant is None:
            # Seldom: one that was known has changed. Of a teaser the words of its page may have stayed.
            text = articles.get(connection, key, stored.article_id) or draft
            findings = examine(text, self.library)
            said = findings if text.text == draft.text else examine(draft, self.library)
            relevant = max(_kept(row, findings), _kept(row, said), key=lambda one: (one.relevant, one.score))
            origin = articles.origin(connection, key, stored.article_id)
            # Another feed may keep it whole.
            relevant = relevant.whole(origin.everything)
            joins = relevant.relevant and not origin.relevant
            articles.judge(connection, key, stored.article_id, relevant)
        if joins:
            articles.admit(connection, key, stored.article_id, background=background, wants_page=wanted, now=now)
        heard = record(connection, key, stored, text, findings, now=now)
        if not relevant.relevant:
            outcomes["off_topic"].append(stored.article_id)
            return []
        outcome = "background" if stored.outcome == "new" and background else stored.outcome
        outcomes[outcome].append(stored.article_id)
        # A text that people have heard of is no news; of a teaser they hear when its page was looked at.
        is_news = (outcome == "new" or (joins and not background)) and not heard and not wanted
        return [as_article(stored, draft, background=background)] if is_news else []

    def store_unchanged(self, row: FeedRow, fetched: Fetched) -> Polled:
        """Record that a feed had nothing new."""
        now = self.clock()
        with self.library.store.writing() as connection:
            self.hold(connection)
            self._succeeded(connection, row, fetched, now, digest=row.body_digest)
        return Polled(row, "not_modified")

    def _succeeded(
        self,
        connection: Connection,
        row: FeedRow,
        fetched: Fetched,
        now: datetime,
        *,
        digest: str | None,
        read: FeedRead | None = None,
    ) -> None:
        kept = fetched.status == "not_modified"
        asks = timedelta(seconds=row.asks_seconds) if row.asks_seconds is not None else None
        if read is not None:
            dates = [entry.draft.published.at for entry in read.entries if entry.draft.published.at is not None]
            asks = asked_by(read.refresh, dates, now)
        feeds.succeeded(
            connection,
            row.id,
            etag=fetched.etag or (row.etag if kept else None),
            last_modified=fetched.last_modified or (row.last_modified if kept else None),
            body_digest=digest,
            asks_seconds=int(asks.total_seconds()) if asks is not None else None,
            moved_to=fetched.moved_to or row.moved_to,
            next_poll_at=next_poll(0, now, fetched.hints, self.jitter(), asks=asks, every=self.every),
            now=now,
        )

    def put_off(self, row: FeedRow, why: Polled) -> Polled:
        """Ask a feed later, because its host does not answer at present."""
        now = self.clock()
        again = next_poll(row.failures + 1, now, why.hints, self.jitter(), every=self.every)
        with self.library.store.writing() as connection:
            self.hold(connection)
            feeds.put_off(connection, row.id, next_poll_at=again)
        return Polled(row, "put_off", reason=why.reason, sentence=why.sentence)

    def store_failure(self, row: FeedRow, reason: Reason, sentence: str, hints: Hints) -> Polled:
        """Record that a feed could not be read."""
        now = self.clock()
        again = next_poll(row.failures + 1, now, hints, self.jitter(), every=self.every)
        with self.library.store.writing() as connection:
            self.hold(connection)
            feeds.failed(connection, row.id, reason, sentence, next_poll_at=again, now=now)
        return Polled(row, "failed", reason=reason, sentence=sentence, hints=hints)


async def poll_round(
    desk: Desk,
    *,
    concurrency: int = 16,
    limit: int = 200,
    begun: Callable[[int], None] = lambda _: None,
    done: Callable[[Polled], None] = lambda _: None,
) -> Round:
    """Poll the feeds that are due, at most ``limit``, and store what they bring.

    Only one process polls at a time. ``concurrency`` feeds are read at once, no more than :data:`PER_HOST` of one host;
    those that failed last time have a quarter as many places, of their own, so that they never keep others waiting.
    What a feed brings when it is first read is background, and so is what is older than the desk says. ``begun`` is
    told how many are due, ``done`` each feed that is finished.

    A feed that fails, in whatever way, fails alone. Raises :class:`~bot.store.errors.StoreError` when the database
    fails.
    """
    due = await asyncio.to_thread(desk.begin, limit)
    if due is None:
        return Round(ran=False)
    begun(len(due))
    turns = Turns[Polled]()
    try:
        polled = await turns.of(
            due,
            lambda row: host_of(row.moved_to or row.url),
            lambda row: _poll(desk, row, turns),
            concurrency=concurrency,
            apart=lambda row: row.failures > 0,
            done=done,
        )
    finally:
        await asyncio.to_thread(desk.end)
    return Round(True, tuple(polled))


async def _poll(desk: Desk, row: FeedRow, turns: Turns[Polled]) -> Polled:
    """Poll one feed. Raises only StoreError and LeaseLost."""
    host = host_of(row.moved_to or row.url)
    why = turns.away(host)
    if why is not None:
        return await turns.store(desk.put_off, row, why)
    try:
        try:
            return await _read(desk, row, turns)
        except FetchFailed as failure:
            reason, sentence, hints = failure.reason, failure.sentence, failure.hints
        except Stopped as stopped:
            reason, sentence, hints = "broken", str(stopped), Hints()
        log.info("feed %s: %s", row.url, sentence)
    except (LeaseLost, StoreError):
        raise
    except Exception:
        # Whatever a hostile feed brought about, the others go on, and this one isn't tried again at once.
        log.exception("feed %s: unexpected error", row.url)
        reason, sentence, hints = "broken", "Reading it ended in an unexpected error. The log has the details.", Hints()
    polled = await turns.store(desk.store_failure, row, reason, sentence, hints)
    turns.note(host, reason, polled)
    return polled


async def _read(desk: Desk, row: FeedRow, turns: Turns[Polled]) -> Polled:
    # Without a baseline the whole feed is asked for, whatever was remembered.
    known = row.baseline_at is not None
    fetched = await desk.fetcher.get(
        row.moved_to or row.url,
        etag=row.etag if known else None,
        last_modified=row.last_modified if known else None,
    )
    digest = hashlib.sha256(fetched.body).hexdigest()
    # A server that knows no conditional requests sends the same bytes again; they have been read.
    if fetched.status == "not_modified" or (known and digest == row.body_digest):
        return await turns.store(desk.store_unchanged, row, fetched)
    try:
        read = await desk.parse(
            read_feed,
            fetched.body,
            url=row.url,
            base=fetched.url,
            content_type=fetched.content_type,
            now=desk.clock(),
            name=row.name,
            language=row.language,
        )
    except NotAFeed as error:
        if looks_like_challenge({}, fetched.body):
            raise FetchFailed("challenge", CHALLENGE_SENTENCE, fetched.hints) from None
        raise FetchFailed("not_a_feed", str(error), fetched.hints) from None
    return await turns.store(desk.store_read, row, fetched, read, digest)


def _kept(row: FeedRow, found: Findings) -> Relevant:
    """Decide whether what a feed brings is shown: what belongs to the topic, or all of it where that was declared."""
    return found.relevant.whole(row.everything)


def own_names(entries: Sequence[Entry], known: Mapping[str, Known]) -> list[tuple[Entry, tuple[str, ...]]]:
    """Return a document's entries, each with the names that are its own: no two are the same stored article.

    An address that is given on to the next entry (a live blog's, a standing head's) stays with the article whose
    entry is known by a stronger name. An entry without a name of its own is left out.
    """
    places = []
    for number, entry in enumerate(entries):
        ranks = [rank for rank, name in enumerate(entry.identities) if name in known]
        places.append((ranks[0] if ranks else len(entry.identities), number))
    owner: dict[str, int] = {}
    for _, number in sorted(places):
        ids = [known[name].article_id for name in entries[number].identities if name in known]
        mine = next((one for one in ids if one not in owner), None)
        if mine is not None:
            owner[mine] = number
    found = []
    for number, entry in enumerate(entries):
        names = tuple(
            name
            for name in entry.identities
            if name not in known or owner.get(known[name].article_id, number) == number
        )
        if names:
            found.append((entry, names))
    return found


def _unchanged(row: FeedRow, draft: Draft, names: Sequence[str], known: Mapping[str, Known]) -> str | None:
    """Return the id of the article that an entry is, when nothing about it is new; None where the store must decide."""
    found = {known.get(name) for name in names}
    if len(found) != 1 or (one := found.pop()) is None:
        return None
    same = (one.feed_id, one.guild_id, one.entry_digest) == (row.id, row.guild_id, articles.digest_of(draft))
    return one.article_id if same else None


def _dated(draft: Draft, names: Sequence[str], known: Mapping[str, Known]) -> Draft:
    """Keep the date that an article is known by when an edit only makes it later: edits are not news."""
    before = next((found.published for name in names if (found := known.get(name)) is not None), None)
    if before is None or before.at is None:
        return draft
    if draft.published.at is not None and draft.published.at < before.at:
        return draft
    return replace(draft, published=before)


def as_article(stored: articles.Stored, draft: Draft, *, background: bool) -> Article:
    """Return a draft as the article that it is now."""
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
