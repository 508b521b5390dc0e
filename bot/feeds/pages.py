"""Reading the pages of articles of which a feed holds only a teaser.

A page that can't be had leaves the teaser as it is, marked with the reason. Each page is stored in a transaction of its
own, and what is still wanted is in the store, so a crash at any moment loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal
from urllib.parse import urlsplit

from bot.feeds.fetch import FetchFailed, Reason
from bot.feeds.poll import Desk
from bot.feeds.schedule import retry_after
from bot.feeds.turns import LeaseLost, Turns, host_of
from bot.feeds.worker import Stopped
from bot.intake import examine, record
from bot.store import articles, copies, pages
from bot.store.engine import Connection
from bot.store.errors import StoreError
from bot.store.pages import WantedPage
from summaries.article import Article, Draft
from summaries.page import PageRead, complete, extract_page

TRIES: Final = 3
"""How often a page is asked for that could not be had for a reason that may pass."""

_AGAIN_AFTER: Final = timedelta(minutes=30)
_STATES: Final[Mapping[Reason, Literal["walled", "wanted"]]] = {
    "refused": "walled",
    "challenge": "walled",
    # These may pass; all others are for good.
    "unreachable": "wanted",
    "too_slow": "wanted",
    "busy": "wanted",
    "broken": "wanted",
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Paged:
    """What came of one page.

    ``note`` says why it could not be had, ``retry_after`` how long its server asks to wait.
    """

    article_id: str
    state: Literal["read", "walled", "failed", "wanted"]
    note: str | None = None
    retry_after: timedelta | None = None


async def page_round(
    desk: Desk,
    *,
    concurrency: int = 16,
    limit: int = 200,
    begun: Callable[[int], None] = lambda _: None,
    done: Callable[[Paged], None] = lambda _: None,
) -> tuple[Paged, ...]:
    """Read the pages that are wanted now, at most ``limit``; none while another process polls.

    ``begun`` is told how many there are, ``done`` each that is finished. Raises
    :class:`~bot.store.errors.StoreError` when the database fails.
    """
    due = await asyncio.to_thread(_begin, desk, limit)
    if not due:
        return ()
    begun(len(due))
    turns = Turns[Paged]()
    try:
        paged = await turns.of(
            due,
            lambda page: host_of(page.url),
            lambda page: _page(desk, page, turns),
            concurrency=concurrency,
            done=done,
        )
    finally:
        await asyncio.to_thread(desk.end)
    return tuple(paged)


def _begin(desk: Desk, limit: int) -> list[WantedPage]:
    now, key = desk.clock(), desk.library.topic.key
    with desk.library.store.reading() as connection:
        if not pages.due(connection, key, now, 1):
            return []
    with desk.library.store.writing() as connection:
        return pages.due(connection, key, now, limit) if desk.take(connection) else []


async def _page(desk: Desk, page: WantedPage, turns: Turns[Paged]) -> Paged:
    """Read one page. Raises only StoreError and LeaseLost."""
    teaser = await asyncio.to_thread(_teaser, desk, page)
    host = host_of(page.url)
    reason: Reason | None = None
    if teaser is None:
        missed = Paged(page.article_id, "failed", "The text of the article was removed.")
    elif (why := turns.away(host)) is not None:
        missed = replace(_missed(page, "wanted", why.note or ""), retry_after=why.retry_after)
    else:
        try:
            read = await _fetched(desk, page)
        except (LeaseLost, StoreError):
            raise
        except FetchFailed as failure:
            reason = failure.reason
            missed = _missed(page, _STATES.get(reason, "failed"), failure.sentence)
            missed = replace(missed, retry_after=retry_after(failure.hints, desk.clock()))
        except Stopped as stopped:
            # It may have been the machine that was too busy, or the program that was stopped.
            missed = _missed(page, "wanted", stopped.sentence)
        except Exception:
            # Whatever a hostile page brought about, the others go on, and this one is not tried again.
            log.exception("page %s: unexpected error", page.url)
            missed = _missed(page, "failed", "Reading it ended in an unexpected error. The log has the details.")
        else:
            entry = _draft(teaser)
            if page.again:
                # Its words are those of the page as it was; of the entry the title is left.
                entry = replace(entry, text=entry.title or "", body_start=0)
            whole = complete(entry, read)
            if whole.text != entry.text:
                return await turns.store(_store, desk, page, whole)
            # Nothing better than the teaser: the last warning says why.
            missed = Paged(page.article_id, "walled" if read.walled else "failed", _sentence(whole.warnings[-1]))
        turns.note(host, reason, missed)
    return await turns.store(_store_missed, desk, page, teaser, missed)


def _teaser(desk: Desk, page: WantedPage) -> Article | None:
    """Return what is stored of an article, everyone's or a guild's; None where its text is gone."""
    with desk.library.store.reading() as connection:
        found = articles.get(connection, desk.library.topic.key, page.article_id)
    return found if found is not None and found.text else None


async def _fetched(desk: Desk, page: WantedPage) -> PageRead:
    fetched = await desk.fetcher.get(page.url, accept="page")
    if urlsplit(page.url).path.strip("/") and not urlsplit(fetched.url).path.strip("/"):
        raise FetchFailed("moved", "Its address leads to the front page of the site.", fetched.hints)
    return await desk.parse(
        extract_page,
        fetched.body,
        url=fetched.url,
        content_type=fetched.content_type,
        now=desk.clock(),
    )


def _missed(page: WantedPage, state: Literal["walled", "failed", "wanted"], note: str) -> Paged:
    """Say what becomes of a page that could not be had; a reason that may pass does so for a few tries."""
    return Paged(page.article_id, "failed" if state == "wanted" and page.tries + 1 >= TRIES else state, note)


def _draft(article: Article) -> Draft:
    return Draft(
        text=article.text,
        title=article.title,
        publisher=article.publisher,
        author=article.author,
        url=article.url,
        language=article.language,
        published=article.published,
        body_start=article.body_start,
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith(".") else ".")


def _store(desk: Desk, page: WantedPage, draft: Draft) -> Paged:
    """Store a page's text as its article's new revision."""
    library, now = desk.library, desk.clock()
    key = library.topic.key
    found = examine(draft, library)
    relevant = found.relevant.whole(page.everything)
    with library.store.writing() as connection:
        desk.hold(connection)
        stored = pages.read(connection, key, page.article_id, draft, now=now)
        articles.judge(connection, key, page.article_id, relevant)
        heard = record(connection, key, stored, draft, found, now=now)
        article = articles.get(connection, key, page.article_id)
        if article is not None and relevant.relevant and not heard:
            _tell(desk, connection, page, article)
    return Paged(page.article_id, "read")


def _store_missed(desk: Desk, page: WantedPage, teaser: Article | None, missed: Paged) -> Paged:
    """Note why a page could not be had."""
    now, key = desk.clock(), desk.library.topic.key
    pause = max(_AGAIN_AFTER * (1 << page.tries), missed.retry_after or timedelta()) * (1 + desk.jitter() / 4)
    again = now + pause if missed.state == "wanted" else None
    with desk.library.store.writing() as connection:
        desk.hold(connection)
        pages.missed(
            connection,
            key,
            page.article_id,
            missed.note or "",
            state=missed.state if missed.state != "read" else "failed",
            next_at=again,
        )
        if (
            teaser is not None
            and page.guild_id is None
            and articles.origin(connection, key, page.article_id).relevant
            and not copies.heard(connection, key, page.article_id)
        ):
            _tell(desk, connection, page, teaser)
    return missed


def _tell(desk: Desk, connection: Connection, page: WantedPage, article: Article) -> None:
    """Tell of an article once, after the first look at its page; a guild's own is not told of outside its briefing."""
    if page.tries == 0 and not page.background and page.guild_id is None:
        desk.tell(connection, [article])
