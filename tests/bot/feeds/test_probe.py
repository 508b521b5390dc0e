"""Trying an address, over real sockets: a feed, a page that names feeds, and everything that is neither."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.config import FeedSettings, Settings
from bot.feeds.fetch import Fetcher, Limits
from bot.feeds.probe import AT_ONCE, probe, prober
from bot.library import NoFeed, Probe
from summaries.article import Draft
from tests.doubles.feeds import FeedServer

NOW = datetime(2025, 3, 21, 7, 0, tzinfo=UTC)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as opened:
        yield opened


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    async with Fetcher(contact="", version="0", limits=Limits(total=10.0), allow=lambda _a, _p: True) as opened:
        yield opened


class Here:
    """Reads in this process: how it is done in another one is the worker's business, and tested there."""

    async def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


def score(draft: Draft) -> Any:
    belongs = "coalition" in draft.text
    return SimpleNamespace(relevant=belongs, score=0.9 if belongs else 0.1)


def rss(*items: tuple[str, int], title: str = "The Harbour Post") -> str:
    rows = "".join(
        f"<item><title>{name}</title><link>https://example.org/{number}</link><guid>{number}</guid>"
        f"<pubDate>{day:02} Mar 2025 10:00:00 GMT</pubDate></item>"
        for number, (name, day) in enumerate(items)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{rows}</channel></rss>'


def page(*links: str) -> str:
    rows = "".join(f'<link rel="alternate" type="application/rss+xml" href="{link}">' for link in links)
    return f"<!doctype html><html><head><title>News</title>{rows}</head><body>Hello</body></html>"


async def tried(url: str, fetcher: Fetcher) -> Probe:
    worker: Any = Here()
    return await probe(url, fetcher=fetcher, worker=worker, score=score, now=NOW)


async def test_a_feed_is_read_and_judged(server: FeedServer, fetcher: Fetcher) -> None:
    url = server.serve(rss(("On the coalition", 18), ("On ferries", 20), ("The coalition again", 19)))
    found = await tried(url, fetcher)
    assert (found.url, found.title, found.page, found.others) == (url, "The Harbour Post", None, ())
    assert [entry.title for entry in found.entries] == ["On ferries", "The coalition again", "On the coalition"]
    assert [entry.belongs for entry in found.entries] == [False, True, True]
    assert found.belonging == 2


async def test_a_page_leads_to_its_feed(server: FeedServer, fetcher: Fetcher) -> None:
    server.serve(rss(("On the coalition", 18)), "/feed.xml")
    server.serve(rss(("On sport", 18), title="Sport"), "/sport.xml")
    url = server.serve(page("/feed.xml", "/sport.xml"), "/news", content_type="text/html")
    found = await tried(url, fetcher)
    assert (found.url, found.page) == (server.url("/feed.xml"), url)
    assert [other.url for other in found.others] == [server.url("/sport.xml")]


async def test_the_first_feed_that_answers_is_taken(server: FeedServer, fetcher: Fetcher) -> None:
    server.serve(rss(("On the coalition", 18)), "/second.xml")
    url = server.serve(page("/gone.xml", "/second.xml"), "/", content_type="text/html")
    found = await tried(url, fetcher)
    assert found.url == server.url("/second.xml")
    assert [other.url for other in found.others] == [server.url("/gone.xml")]


async def test_what_has_moved_for_good_is_known_by_its_new_address(server: FeedServer, fetcher: Fetcher) -> None:
    server.serve(rss(("On the coalition", 18)), "/new")
    moved = server.redirect(server.url("/new"), "/old", status=301)
    for_now = server.redirect(server.url("/new"), "/other", status=302)
    assert (await tried(moved, fetcher)).url == server.url("/new")
    assert (await tried(for_now, fetcher)).url == for_now


async def test_why_there_is_no_feed_is_said(server: FeedServer, fetcher: Fetcher) -> None:
    server.serve("nothing of a feed", "/words", content_type="text/plain")
    server.serve(page(), "/page", content_type="text/html")
    server.serve(page("/gone.xml"), "/leads-nowhere", content_type="text/html")
    server.serve("<title>Just a moment...</title><html>", "/wall", content_type="text/html")
    server.serve("no", "/refused", status=403)
    cases = [
        ("/missing", "gone", "There is nothing at this address (404)."),
        ("/words", "not_a_feed", ""),
        ("/page", "not_a_feed", "It is a web page that names no feed."),
        ("/leads-nowhere", "gone", "It is a web page, and the feed it names can't be read."),
        ("/wall", "challenge", "prove to be human"),
        ("/refused", "refused", "refuses"),
    ]
    for path, reason, words in cases:
        with pytest.raises(NoFeed) as refused:
            await tried(server.url(path), fetcher)
        assert refused.value.reason == reason, path
        assert words in refused.value.sentence


async def test_a_silent_server_is_told_as_too_slow(server: FeedServer) -> None:
    url = server.silent("/silent")
    limits = Limits(total=0.2)
    async with Fetcher(contact="", version="0", limits=limits, allow=lambda _a, _p: True) as impatient:
        with pytest.raises(NoFeed) as refused:
            await tried(url, impatient)
    assert refused.value.reason == "too_slow"


async def test_an_unexpected_error_is_told_and_logged(
    server: FeedServer, fetcher: Fetcher, caplog: pytest.LogCaptureFixture
) -> None:
    class Breaks:
        async def call(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("the parser's own trouble")

    worker: Any = Breaks()
    with pytest.raises(NoFeed) as refused:
        await probe(server.serve(rss()), fetcher=fetcher, worker=worker, score=score, now=NOW)
    assert (refused.value.reason, "unexpected error" in refused.value.sentence) == ("broken", True)
    assert "the parser's own trouble" in caplog.text


async def test_private_addresses_are_not_tried(server: FeedServer) -> None:
    url = server.serve(rss(("On the coalition", 18)))
    async with Fetcher(contact="", version="0") as careful:
        with pytest.raises(NoFeed) as refused:
            await tried(url, careful)
    assert refused.value.reason == "private_address"


async def test_a_page_cant_lead_to_a_private_address(server: FeedServer) -> None:
    url = server.serve(page("http://127.0.0.1:1/feed"), "/page", content_type="text/html")
    server.serve(rss(("On the coalition", 18)), "/inside")
    async with Fetcher(contact="", version="0", allow=lambda _a, port: port == server.port) as careful:
        with pytest.raises(NoFeed) as refused:
            await tried(url, careful)
    assert refused.value.reason == "private_address"


async def test_the_plain_function_works_in_any_thread_with_a_process_that_reads(server: FeedServer) -> None:
    url = server.serve(page("/feed.xml"), "/page", content_type="text/html")
    server.serve(rss(("On the coalition", 18)), "/feed.xml")
    allowed = Settings(feeds=FeedSettings(private_hosts=(f"127.0.0.1:{server.port}",)))
    plain = prober(allowed, score, lambda: NOW)
    found = await asyncio.to_thread(plain, url)
    assert (found.url, found.belonging) == (server.url("/feed.xml"), 1)


async def test_only_so_many_are_tried_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, free = threading.Semaphore(0), threading.Event()

    async def waits(url: str, **_: Any) -> str:
        begun.release()
        await asyncio.to_thread(free.wait, 10)
        return url

    monkeypatch.setattr("bot.feeds.probe.probe", waits)
    plain = prober(Settings(), score, lambda: NOW)
    tasks = [asyncio.create_task(asyncio.to_thread(plain, "https://example.org")) for _ in range(AT_ONCE)]
    try:
        for _ in tasks:
            assert await asyncio.to_thread(begun.acquire, timeout=10)
        with pytest.raises(NoFeed) as refused:
            await asyncio.to_thread(plain, "https://example.org")
        assert refused.value.reason == "busy"
    finally:
        free.set()
        await asyncio.gather(*tasks)
    # Whoever asks again is served.
    assert await asyncio.to_thread(plain, "https://example.org")
