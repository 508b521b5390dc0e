"""Trying an address: is a feed there, or a page that names one, and how much of it belongs to the topic?"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot.config import Settings
from bot.feeds.fetch import Fetched, Fetcher, FetchFailed, challenge_sentence, looks_like_challenge
from bot.feeds.newsroom import fetcher_of
from bot.feeds.worker import Stopped, Worker
from bot.library import NoFeed, OtherFeed, Probe, ProbedEntry
from summaries.article import Draft
from summaries.discovery import FoundFeed, find_feeds
from summaries.feed import FeedRead, NotAFeed, read_feed

if TYPE_CHECKING:
    from summaries.relevance import Relevance

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""How many addresses are tried at a time: each holds one of the threads that answer people, perhaps for a minute."""

MOST_SECONDS: Final = 60.0
"""How long trying an address takes at most, the page and the feeds that it names together."""

_TRIED: Final = 3
"""How many of a page's feeds are tried until one can be read."""

Score = Callable[[Draft], "Relevance"]


async def probe(url: str, *, fetcher: Fetcher, worker: Worker, score: Score, now: datetime) -> Probe:
    """Fetch a web address and read the feed there; at a page the first of its feeds that can be read.

    ``score`` judges an entry's draft, ``now`` is aware UTC. Raises :class:`~bot.library.NoFeed` with a sentence for
    people when there is no feed, or none that can be read.
    """
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await _tried(url, fetcher, worker, score, now)
    except TimeoutError:
        raise NoFeed(
            "too_slow", f"It took too long: no whole answer within {MOST_SECONDS:g} seconds. Try again later."
        ) from None
    except FetchFailed as error:
        raise NoFeed(error.reason, error.sentence) from None
    except NotAFeed as error:
        raise NoFeed("not_a_feed", str(error)) from None
    except Stopped as error:
        raise NoFeed("broken", error.sentence) from None
    except Exception:
        # Whatever hostile bytes brought about: whoever asked is answered, and the log says what it was.
        log.exception("trying %s: unexpected error", url)
        raise NoFeed("broken", "Reading it ended in an unexpected error. The log has the details.") from None


async def _tried(url: str, fetcher: Fetcher, worker: Worker, score: Score, now: datetime) -> Probe:
    fetched = await fetcher.get(url)
    try:
        read = await _read(url, fetched, worker, now)
    except NotAFeed as error:
        found = await worker.call(find_feeds, fetched.body, fetched.url, fetched.content_type)
        if not found:
            raise _without(fetched, error) from None
    else:
        return _probe(fetched.moved_to or url, read, score)
    why: Exception | None = None
    for number, one in enumerate(found[:_TRIED]):
        try:
            answered = await fetcher.get(one.url)
            read = await _read(one.url, answered, worker, now)
        except (FetchFailed, NotAFeed) as failure:
            why = why or failure
            continue
        others = (*found[:number], *found[number + 1 :])
        return _probe(answered.moved_to or one.url, read, score, page=fetched.url, others=others)
    reason = why.reason if isinstance(why, FetchFailed) else "not_a_feed"
    raise FetchFailed(reason, f"It is a web page, and the feed it names can't be read. {why}")


def _without(fetched: Fetched, error: NotAFeed) -> FetchFailed | NotAFeed:
    """Return why there is no feed in what was answered, where no feed is named either."""
    if looks_like_challenge({}, fetched.body):
        return FetchFailed("challenge", challenge_sentence(), fetched.hints)
    if "html" in (fetched.content_type or "") or b"<html" in fetched.body[:1000].lower():
        return NotAFeed(
            'It is a web page that names no feed. Look on it for "RSS" or "Feed", or ask its owner for the feed\'s '
            "address."
        )
    return error


async def _read(url: str, fetched: Fetched, worker: Worker, now: datetime) -> FeedRead:
    return await worker.call(
        read_feed, fetched.body, url=url, base=fetched.url, content_type=fetched.content_type, now=now
    )


def _probe(
    url: str, read: FeedRead, score: Score, *, page: str | None = None, others: tuple[FoundFeed, ...] = ()
) -> Probe:
    entries = []
    for entry in read.entries:
        judged = score(entry.draft)
        draft = entry.draft
        entries.append(ProbedEntry(draft.title, draft.url, draft.published, judged.relevant, judged.score))
    entries.sort(key=lambda one: one.published.at or datetime.min.replace(tzinfo=UTC), reverse=True)
    further = tuple(OtherFeed(one.url, one.title) for one in others)
    return Probe(url, read.title, page, further, tuple(entries), read.warnings)


def prober(settings: Settings, score: Score, clock: Callable[[], datetime]) -> Callable[[str], Probe]:
    """Return a plain function that tries an address, for any thread without an event loop.

    It raises :class:`~bot.library.NoFeed`, also where as many addresses as may be are being tried already.
    """
    free = threading.BoundedSemaphore(AT_ONCE)

    async def trying(url: str) -> Probe:
        # Connections and processes belong to an event loop, and this call has one of its own.
        async with fetcher_of(settings) as fetcher, Worker() as worker:
            return await probe(url, fetcher=fetcher, worker=worker, score=score, now=clock())

    def plain(url: str) -> Probe:
        if not free.acquire(blocking=False):
            raise NoFeed("busy", "Other addresses are being tried just now. Try again in a minute.")
        try:
            return asyncio.run(trying(url))
        finally:
            free.release()

    return plain
