"""Adding articles from files, folders and web addresses, each stored once.

A file that was taken in and has not changed is not read again, so the same command goes on where it was interrupted.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bot.config import Settings
from bot.events import record_mentions_events
from bot.files import (
    FEEDS,
    PAGES,
    SAVE_TEXT,
    Refused,
    check_text,
    draft_of,
    files_of,
    is_address,
    no_text,
    read_bytes,
    reason_of,
)
from bot.intake import Findings, examine, record
from bot.library import Library
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, bookmarks, feeds, ingested, pages
from bot.store.engine import Connection
from bot.store.ingested import FileState
from summaries.article import Article, Draft, Published, fingerprint, normalise_url, read_text

if TYPE_CHECKING:
    from bot.feeds.fetch import Fetcher
    from bot.feeds.worker import Worker
    from summaries.feed import FeedRead
    from summaries.topic import Feed

AT_ONCE: Final = 64
"""How many files are stored in one transaction at most; other writers wait for it."""

_BYTES_AT_ONCE: Final = 1_000_000
_ADDRESSES_AHEAD: Final = 8
_FIRST_FILL: Final = "first fill of "


@dataclass(frozen=True, slots=True)
class Added:
    """A text that is in the store now: as which article, and whether that is new. ``file`` may be a web address."""

    file: str
    article: str
    revision: int
    outcome: str
    title: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """One article as it was read: its names, the strongest first, and what was found in it.

    ``everything`` tells that it is kept as one of the topic's, whatever was found.
    """

    identities: tuple[str, ...]
    draft: Draft
    found: Findings
    everything: bool = True
    of_feed: bool = False
    of_page: bool = False
    is_teaser: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file or address holds, ready to be stored: one article, or those of a feed."""

    name: str
    texts: tuple[_Text, ...]
    warnings: tuple[str, ...] = ()
    state: FileState | None = None


def ingest(
    library: Library, paths: Sequence[str], *, max_bytes: int, now: datetime, settings: Settings | None = None
) -> Iterator[Added | Refused]:
    """Read files, folders with all they hold, and web addresses, yielding in order what became of each.

    A feed yields each of its entries. Whatever was yielded is stored, and an interruption loses nothing else: the same
    call goes on where it stopped. A file has at most ``max_bytes``; ``settings`` say how addresses are fetched, without
    them none are. Raises :class:`~bot.store.errors.StoreError` when the database fails.
    """
    desk = _Desk(library, max_bytes, now)
    desk.begin(paths)
    for web, group in groupby(paths, is_address):
        if not web:
            yield from desk.files(one for path in group for one in files_of(path))
        elif settings is None:
            yield from (Refused(path, "addresses are not read here") for path in group)
        else:
            yield from desk.addresses(list(group), settings)
    desk.end()


def how_many(paths: Iterable[str]) -> int:
    """Count the files and addresses that :func:`ingest` would look at."""
    return sum(1 if is_address(path) else sum(1 for _ in files_of(path)) for path in paths)


class _Desk:
    """Where one call of :func:`ingest` reads and stores."""

    def __init__(self, library: Library, max_bytes: int, now: datetime) -> None:
        self._library = library
        self._key = library.topic.key
        self._max_bytes = max_bytes
        self._now = now
        self._news = True
        self._feeds = {one.url: one for one in library.topic.feeds}

    def begin(self, paths: Sequence[str]) -> None:
        """Find out whether the store is filled for the first time, or that was interrupted and goes on now."""
        # What a store is first filled with is where its news begins, not news itself.
        named = "\n".join(path if is_address(path) else os.path.abspath(path) for path in paths)
        digest = hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
        with self._library.store.reading() as connection:
            filled = articles.any_news(connection, self._key)
            unfinished = bookmarks.get(connection, _FIRST_FILL + self._key)
        self._news = filled and unfinished != digest
        if not filled:
            self._mark(digest)

    def end(self) -> None:
        """Note that the store is filled."""
        if not self._news:
            self._mark("")

    def _mark(self, digest: str) -> None:
        with self._library.store.writing() as connection:
            bookmarks.put(connection, _FIRST_FILL + self._key, digest, now=self._now)

    # Files

    def files(self, files: Iterable[Path | Refused]) -> Iterator[Added | Refused]:
        """Read and store files, those of some together: a transaction for each takes longer."""
        waiting = iter(files)
        while some := list(islice(waiting, AT_ONCE)):
            yield from self._some(some)

    def _some(self, files: Sequence[Path | Refused]) -> Iterator[Added | Refused]:
        states = {file: state for file in files if isinstance(file, Path) and (state := _state(file))}
        with self._library.store.reading() as connection:
            known = ingested.unchanged(connection, self._key, list(states.values()))
        done: list[Added | Refused | _Read] = []
        size = 0
        for file in files:
            if isinstance(file, Refused):
                done.append(file)
                continue
            state = states.get(file)
            if state is not None and (taken := known.get(state.uri)):
                done.append(Added(str(file), taken.article_id, taken.revision, "unchanged", taken.title, ()))
                continue
            read = self._file(file)
            done.append(read)
            size += read.state.size if isinstance(read, _Read) and read.state else 0
            if size >= _BYTES_AT_ONCE:
                yield from self._store(done)
                done, size = [], 0
        yield from self._store(done)

    def _file(self, file: Path) -> _Read | Refused:
        try:
            suffix = file.suffix.lower()
            data, found = read_bytes(file, self._max_bytes)
            state = FileState(file.resolve().as_uri(), found.st_size, found.st_mtime_ns)
            if kind := no_text(data):
                raise ValueError(f"it is {kind}, whatever its name says; {SAVE_TEXT}")
            if suffix in FEEDS:
                from summaries.feed import read_feed

                url = _own_link(data) or state.uri
                known = self._feeds.get(url)
                feed = read_feed(
                    data,
                    url=url,
                    content_type=None,
                    now=self._now,
                    name=known.name if known else None,
                    language=known.language if known else None,
                )
                return self._of_feed(str(file), feed, known, state)
            draft = draft_of(file, data, self._now)
            address = normalise_url(draft.url) if draft.url else None
            # What makes it the same article next time: its address, or else the file itself.
            identity = f"url:{address}" if address else state.uri
        except (OSError, ValueError) as error:
            return Refused(str(file), reason_of(error))
        return _Read(str(file), (self._text((identity,), draft, of_page=suffix in PAGES),), state=state)

    def _text(self, identities: Sequence[str], draft: Draft, *, of_page: bool = False) -> _Text:
        return _Text(tuple(identities), draft, examine(draft, self._library), of_page=of_page)

    def _of_feed(
        self, name: str, feed: FeedRead, known: Feed | None, state: FileState | None = None
    ) -> _Read | Refused:
        if not feed.entries:
            return Refused(name, "; ".join(("no entry was found in this feed", *feed.warnings)))
        texts = tuple(
            _Text(
                entry.identities,
                entry.draft,
                examine(entry.draft, self._library),
                everything=known is not None and known.everything,
                of_feed=True,
                is_teaser=entry.is_teaser,
            )
            for entry in feed.entries
        )
        return _Read(name, texts, feed.warnings, state)

    # Storing

    def _store(self, done: Sequence[Added | Refused | _Read]) -> Iterator[Added | Refused]:
        """Store what was read, all or nothing, and yield it in order."""
        reads = [one for one in done if isinstance(one, _Read)]
        stored: dict[int, list[Added]] = {}
        if reads:
            # Commit point: articles and which file they came from, so that neither is known without the other.
            with self._library.store.writing() as connection:
                for read in reads:
                    stored[id(read)] = self._store_one(connection, read)
        for one in done:
            if isinstance(one, _Read):
                yield from stored[id(one)]
            else:
                yield one

    def _store_one(self, connection: Connection, read: _Read) -> list[Added]:
        added: list[Added] = []
        of_feed = [name for text in read.texts if text.of_feed for name in text.identities]
        known = {name: one.published for name, one in feeds.known(connection, self._key, of_feed).items()}
        for text in read.texts:
            stored = self._store_text(connection, text, known)
            warnings = text.draft.warnings if added else (*read.warnings, *text.draft.warnings)
            added.append(
                Added(read.name, stored.article_id, stored.revision, stored.outcome, text.draft.title, warnings)
            )
        if read.state is not None:
            ingested.record(connection, self._key, read.state, added[0].article, now=self._now)
        return added

    def _store_text(
        self, connection: Connection, text: _Text, dates: Mapping[str, Published | None]
    ) -> articles.Stored:
        draft, now, key = _dated(text, dates), self._now, self._key
        known = ingested.known(connection, key, text.identities) if text.of_feed or text.of_page else None
        if known is not None and known.by_feed and text.of_feed:
            # What a feed says of it is looked after by polling; a copy of the feed must not undo that.
            return articles.Stored(known.article_id, known.revision, "unchanged")
        if known is not None and known.url and draft.url and normalise_url(known.url) == normalise_url(draft.url):
            # Another spelling of the same address is no change of the article.
            draft = replace(draft, url=known.url)
        if known is not None and known.by_feed:
            stored = pages.read(connection, key, known.article_id, draft, now=now)
            if stored.outcome != "unchanged":
                record(connection, key, stored, draft, text.found, now=now)
            return stored
        relevant = text.found.relevant.whole(text.everything)
        background = draft.published.at is not None and draft.published.at < now - BACKGROUND_AFTER
        news = self._news and relevant.relevant and not background
        wanted = text.is_teaser and draft.url is not None and news
        stored = articles.add(
            connection,
            key,
            text.identities,
            draft,
            background=background,
            relevance=relevant,
            teaser=text.is_teaser,
            wants_page=wanted,
            now=now,
        )
        if stored.outcome == "unchanged":
            return stored
        heard = record(connection, key, stored, draft, text.found, now=now)
        # A text that people have heard of is no news; of a teaser they hear when its page was looked at.
        if stored.outcome == "new" and news and not heard and not wanted:
            article = Article(
                stored.article_id, stored.revision, draft.text, language=draft.language, body_start=draft.body_start
            )
            record_mentions_events(connection, key, article, now=now)
        return stored

    # Addresses

    def addresses(self, urls: Sequence[str], settings: Settings) -> Iterator[Added | Refused]:
        """Fetch and store what is at web addresses: some at a time, no more than two of one host."""
        from bot.feeds.newsroom import fetcher_of
        from bot.feeds.turns import PER_HOST
        from bot.feeds.worker import Worker

        hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))
        with asyncio.Runner() as runner:
            fetcher: Fetcher = runner.run(fetcher_of(settings).__aenter__())
            worker: Worker = runner.run(Worker().__aenter__())
            loop = runner.get_loop()
            waiting = iter(urls)
            begun: deque[asyncio.Task[_Read | Refused]] = deque()
            try:
                while True:
                    for url in islice(waiting, _ADDRESSES_AHEAD - len(begun)):
                        begun.append(loop.create_task(self._address(url, fetcher, worker, hosts)))
                    if not begun:
                        break
                    yield from self._store([runner.run(_result(begun.popleft()))])
            finally:
                runner.run(_close(begun, worker, fetcher))

    async def _address(
        self, url: str, fetcher: Fetcher, worker: Worker, hosts: dict[str, asyncio.Semaphore]
    ) -> _Read | Refused:
        from bot.feeds.fetch import FetchFailed
        from bot.feeds.turns import host_of
        from bot.feeds.worker import Stopped

        try:
            # Waited for here: in the fetcher's queue the time of a slow host's other pages would count as this one's.
            async with hosts[host_of(url)]:
                fetched = await fetcher.get(url, accept="page")
            if urlsplit(url).path.strip("/") and not urlsplit(fetched.url).path.strip("/"):
                return Refused(url, "its address leads to the front page of the site, so what stood there is gone")
            return await self._parsed(url, fetched.body, fetched.url, fetched.content_type, worker)
        except (FetchFailed, Stopped) as error:
            return Refused(url, reason_of(ValueError(error.sentence)))
        except ValueError as error:
            return Refused(url, reason_of(error))

    async def _parsed(
        self, url: str, body: bytes, base: str, content_type: str | None, worker: Worker
    ) -> _Read | Refused:
        """Read what was fetched as a feed, or else as a page. Raises ValueError when it is neither."""
        from bot.feeds.fetch import challenge_sentence, looks_like_challenge
        from summaries.feed import NotAFeed, read_feed
        from summaries.page import extract_page

        if kind := no_text(body):
            raise ValueError(f"there is {kind}; {SAVE_TEXT}")
        known = self._feeds.get(url)
        try:
            feed = await worker.call(
                read_feed,
                body,
                url=url,
                content_type=content_type,
                now=self._now,
                base=base,
                name=known.name if known else None,
                language=known.language if known else None,
            )
            return self._of_feed(url, feed, known)
        except NotAFeed:
            pass
        if (content_type or "").lower().startswith("text/plain"):
            draft = await worker.call(read_text, body, now=self._now)
            check_text(draft)
            return _Read(url, (self._text(_names(url, base), replace(draft, url=draft.url or base), of_page=True),))
        page = await worker.call(extract_page, body, now=self._now, url=base, content_type=content_type)
        if page.draft is None or page.walled:
            if page.why is None and looks_like_challenge({}, body):
                raise ValueError(challenge_sentence("page"))
            # Nothing of it is stored, so what a reason says behind a colon, of the part that was read, is left out.
            raise ValueError((page.why or "no article text was found in this page").partition(":")[0])
        return _Read(url, (self._text(_names(url, base), page.draft, of_page=True),))


def _dated(text: _Text, dates: Mapping[str, Published | None]) -> Draft:
    """Keep the date by which an entry is known when an edit only makes it later: edits are not news."""
    known = next((dates[name] for name in text.identities if name in dates), None)
    at = text.draft.published.at
    if known is None or known.at is None or (at is not None and at < known.at):
        return text.draft
    return replace(text.draft, published=known)


async def _result(task: asyncio.Task[_Read | Refused]) -> _Read | Refused:
    return await task


async def _close(begun: Iterable[asyncio.Task[_Read | Refused]], worker: Worker, fetcher: Fetcher) -> None:
    tasks = list(begun)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await worker.__aexit__(None, None, None)
    await fetcher.__aexit__(None, None, None)


def _names(url: str, found_at: str) -> tuple[str, ...]:
    """Return the names of a page: the address given, and where it led to, unless that is a site's front page."""
    names = [normalise_url(url)]
    if urlsplit(found_at).path.strip("/"):
        names.append(normalise_url(found_at))
    # What can't be brought into one form is still an address, for it was fetched.
    found = [name for name in names if name] or [url]
    # PostgreSQL refuses index entries of more than 2,704 bytes.
    short = (
        name if len(name.encode("utf-8", "replace")) <= 1000 else f"{name[:100]}…{fingerprint(name)}" for name in found
    )
    return tuple(dict.fromkeys(f"url:{name}" for name in short))


def _state(file: Path) -> FileState | None:
    """Return a file as it is now; None where that can't be told: reading it will say why."""
    try:
        found = file.stat()
        return FileState(file.resolve().as_uri(), found.st_size, found.st_mtime_ns)
    except (OSError, ValueError, RuntimeError):
        return None


_HEAD: Final = 65_536
_LINK: Final = re.compile(r"<(?:[\w.-]{1,20}:)?link\s([^<>]{1,2000})>", re.IGNORECASE)
_SELF: Final = re.compile(r"""\brel\s{0,9}=\s{0,9}(["'])\s{0,9}self\s{0,9}\1""", re.IGNORECASE)
_HREF: Final = re.compile(r"""\bhref\s{0,9}=\s{0,9}(?:"([^"]{1,2000})"|'([^']{1,2000})')""", re.IGNORECASE)
_FEED_URL: Final = re.compile(r'"feed_url"\s{0,9}:\s{0,9}"([^"\\]{1,2000})"')


def _own_link(data: bytes) -> str | None:
    """Return the address that a saved feed gives as its own, by which polling knows it; None where it gives none."""
    head = data[:_HEAD].decode("utf-8", "replace")
    found = None
    if head.lstrip("\ufeff \t\r\n").startswith("{"):
        match = _FEED_URL.search(head)
        found = match[1] if match else None
    else:
        for link in _LINK.finditer(head):
            if _SELF.search(link[1]) and (href := _HREF.search(link[1])):
                found = unescape(href[1] or href[2])
                break
    return found.strip() if found and is_address(found.strip()) else None
