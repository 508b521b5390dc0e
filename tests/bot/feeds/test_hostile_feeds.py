"""A round of polling among hostile servers: each is told apart in words, and the good feeds come in all the same."""

from __future__ import annotations

import gzip
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, get_args

import brotli
import pytest
from sqlalchemy import select

from bot.app import load_dossier
from bot.config import Settings
from bot.feeds.fetch import Address, Fetcher, Limits, Reason
from bot.feeds.poll import Desk, Polled, poll_round
from bot.feeds.worker import Worker
from bot.store import articles, schema
from bot.store.engine import Store
from summaries.article import Article
from tests.bot.feeds.test_poll import library_of
from tests.conftest import START, Clock
from tests.doubles.feeds import FeedServer, RawServer, item, rss

pytestmark = pytest.mark.long

LOOPBACK = ipaddress.ip_address("127.0.0.1")
FEED = rss(item(1))
MANY = 70

Add = Callable[[FeedServer, str], str]


@dataclass
class Web:
    """A server that goes by many names, a store, and who polls the one for the other."""

    store: Store
    clock: Clock
    server: FeedServer
    open: AsyncExitStack
    ports: set[int] = field(default_factory=set)
    finished: list[Polled] = field(default_factory=list)
    names: int = 0

    def name(self, url: str) -> str:
        """The same address on a host of its own, for there is a limit to how much of one host is read at a time."""
        self.names += 1
        return url.replace("127.0.0.1", f"host{self.names}.test")

    async def raw(self, *pieces: bytes, pause: float = 0.0) -> str:
        """The address of a server that sends these bytes."""
        server = await self.open.enter_async_context(RawServer(pieces, pause))
        self.ports.add(server.port)
        return self.name(server.url)

    async def poll(self, *urls: str, limits: Limits | None = None, **settings: Any) -> dict[str, Polled]:
        """Poll these feeds in one round, all at a time, and return what came of each."""

        def allow(address: Address, port: int) -> bool:
            return address == LOOPBACK and port in {self.server.port, *self.ports}

        def ask(host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
            if not host.endswith(".test"):
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return [(socket.AF_INET, "93.184.215.14" if host == "public.test" else "127.0.0.1")]

        limits = limits or Limits(total=5.0, max_bytes=1_000_000)
        async with Fetcher(contact="", version="1", limits=limits, allow=allow, ask=ask) as fetcher:
            library = library_of(self.store, load_dossier(Settings(), now=START), *urls)
            desk = Desk(library, fetcher, self.clock, lambda: 0.0, "a", **settings)
            done = await poll_round(desk, concurrency=MANY, done=self.finished.append)
        return {polled.feed.url: polled for polled in done.feeds}

    def next_poll(self, url: str) -> datetime:
        with self.store.reading() as connection:
            query = select(schema.feed.c.next_poll_at).where(schema.feed.c.url == url)
            found: datetime = connection.execute(query).scalar_one()
            return found

    def articles(self) -> list[Article]:
        with self.store.reading() as connection:
            return list(articles.current(connection, load_dossier(Settings(), now=START).topic.key))


@asynccontextmanager
async def opened(store: Store, clock: Clock) -> AsyncIterator[Web]:
    async with AsyncExitStack() as stack:
        yield Web(store, clock, await stack.enter_async_context(FeedServer()), stack)


@pytest.fixture
async def web(sqlite_store: Store, store_clock: Clock) -> AsyncIterator[Web]:
    async with opened(sqlite_store, store_clock) as one:
        yield one


async def test_slow_feeds_come_in_after_all_good_ones(web: Web) -> None:
    """By the order of events: the slow servers only go on when the last good feed is done. No time is measured."""
    slow = [
        *(web.name(web.server.silent(f"/silent{n}")) for n in range(10)),
        *(web.name(web.server.trickle(f"/trickle{n}")) for n in range(10)),
        *(web.name(web.server.endless(f"/slow{n}", chunk=b"<item>" * 10, pause=0.01)) for n in range(10)),
    ]
    good = [web.name(web.server.serve(rss(item(n)), f"/good{n}")) for n in range(20)]

    class Finished(list[Polled]):
        def append(self, polled: Polled) -> None:
            super().append(polled)
            if {one.feed.url for one in self} >= set(good):
                web.server.closing.set()

    web.finished = Finished()
    found = await web.poll(*slow, *good, limits=Limits(silence=60.0, total=60.0))
    assert {one.feed.url for one in web.finished[:20]} == set(good)
    assert all(found[url].outcome == "read" for url in good)
    assert all(found[url].outcome == "failed" for url in slow)
    assert {one.title for one in web.articles()} == {f"Report number {n}" for n in range(20)}


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(12))
    + "]>"
    + FEED.removeprefix('<?xml version="1.0"?>').replace("Report number 1", "&a12;")
)
QUADRATIC = f'<!DOCTYPE rss [<!ENTITY a "{"ha" * 50_000}">]>' + rss(item(1, "&a;" * 50_000)).split("?>")[1]
OUTSIDE = (
    '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b SYSTEM "http://inside.test/secret">]>'
    + rss(item(1, "&a;&b;")).removeprefix('<?xml version="1.0"?>')
)


async def test_entities_neither_grow_nor_fetch(web: Web) -> None:
    bodies = [LAUGHS, QUADRATIC, OUTSIDE, "<a>" * 300_000]
    urls = [web.name(web.server.serve(body, f"/{n}")) for n, body in enumerate(bodies)]
    good = web.name(web.server.serve(rss(item(2)), "/good"))
    async with Worker(seconds=20.0) as worker:
        found = await web.poll(*urls, good, parse=worker.call)
    assert found[good].outcome == "read"
    # As much of them is read as can be read; what must not be is that they take effect.
    stored = web.articles()
    assert not any("haha" * 1000 in one.text or "root:" in one.text for one in stored)
    assert sum(len(one.text) for one in stored) < 1_000_000
    assert not web.server.asked("/secret")
    assert not any(re.search("unexpected|longer than", polled.sentence or "") for polled in found.values())


CYRILLIC = rss(item(1, "Переговоры в Париже прошли успешно.")).split("?>", 1)[1]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'<?xml version="1.0" encoding="windows-1251"?>' + CYRILLIC.encode("windows-1251"), "text/xml"),
        (CYRILLIC.encode("windows-1251"), "text/xml; charset=windows-1251"),
        (CYRILLIC.encode("koi8-r"), "application/rss+xml; charset=KOI8-R"),
        (('<?xml version="1.0" encoding="utf-16"?>' + CYRILLIC).encode("utf-16"), "text/xml"),
        (b"\xfe\xff" + CYRILLIC.encode("utf-16-be"), "application/rss+xml"),
        (CYRILLIC.encode("utf-16-le"), "text/xml; charset=utf-16le"),
        (b"\xef\xbb\xbf" + CYRILLIC.encode(), "text/xml; charset=windows-1251"),
        (("\n \n" + FEED.split("<rss")[0] + CYRILLIC).encode(), "text/html"),
        (CYRILLIC.replace("</channel></rss>", "").encode(), "text/plain"),
        (CYRILLIC.replace("<title>Report", "<title>A & B < C Report").encode(), "application/xml"),
        (gzip.compress(CYRILLIC.encode()), "application/gzip"),
    ],
    ids=["windows-1251", "windows-1251 by header", "koi8-r", "utf-16", "utf-16-be", "utf-16-le by header",
         "utf-8 with a wrong header", "space before the declaration", "cut XML", "bare ampersands", "a packed file"],
)  # fmt: skip
async def test_feeds_that_are_odd_are_read(web: Web, body: bytes, content_type: str) -> None:
    url = web.server.serve(body, content_type=content_type)
    found = await web.poll(web.name(url))
    assert [polled.outcome for polled in found.values()] == ["read"]
    assert ["Переговоры в Париже прошли успешно." in one.text for one in web.articles()] == [True]


async def test_a_feed_packed_with_brotli(web: Web) -> None:
    url = web.server.serve(brotli.compress(FEED.encode()), headers={"Content-Encoding": "br"})
    await web.poll(web.name(url))
    assert [one.title for one in web.articles()] == ["Report number 1"]


NO_FEEDS = {
    "html": "<!doctype html><html><head><title>News</title></head><body><p>Welcome</p></body></html>",
    "an error page": "<html><body><h1>Error</h1>Something went wrong.</body></html>",
    "an error in words": "Error establishing a database connection",
    "an error in JSON": '{"error": "internal", "status": 500}',
    "a list in JSON": "[1, 2, 3]",
    "a map of the site": '<?xml version="1.0"?><urlset><url><loc>https://news.example/1</loc></url></urlset>',
    "nothing": "",
    "space": " \n\t ",
    "zeros": "\0" * 10_000,
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 20,
    "half a pair": "\ud800".encode("utf-8", "surrogatepass") * 100,
}


async def test_what_is_no_feed_says_so(web: Web) -> None:
    urls = {web.name(web.server.serve(body, f"/{n}")): name for n, (name, body) in enumerate(NO_FEEDS.items())}
    found = await web.poll(*urls)
    assert {urls[url]: polled.reason for url, polled in found.items()} == dict.fromkeys(NO_FEEDS, "not_a_feed")
    assert web.articles() == []


async def test_every_way_to_fail_is_told_apart(web: Web) -> None:
    server = web.server
    challenge = "<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script></html>"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    web.ports.add(closed)
    ways: list[tuple[Reason, str]] = [
        ("bad_address", "http://public.test:22/"),
        ("bad_address", "http://[/"),
        ("private_address", "http://169.254.169.254/latest/meta-data/"),
        ("private_address", server.redirect("http://10.0.0.1/", "/inwards")),
        ("private_address", server.redirect("http://169.254.169.254/latest/meta-data/", "/metadata", status=301)),
        ("private_address", server.redirect("http://127.0.0.1:1/", "/port")),
        ("unreachable", "http://nowhere.example/"),
        ("unreachable", f"http://closed.test:{closed}/"),
        ("untrusted", server.url("/plain").replace("http:", "https:")),
        ("too_slow", server.silent("/silent")),
        ("too_slow", server.trickle("/trickle")),
        ("too_slow", await web.raw(b"HTTP/1.1 200 O", *[b"K"] * 1000, pause=0.05)),
        ("too_big", server.bomb(10**10, "/gzip")),
        ("too_big", server.bomb(10**10, "/brotli", encoding="br")),
        ("too_big", server.endless("/endless")),
        ("moved", server.redirect("/round", "/round")),
        ("moved", server.redirect("javascript:alert(1)", "/script")),
        ("gone", server.serve("", "/404", status=404)),
        ("gone", server.serve("", "/410", status=410)),
        ("refused", server.serve("", "/401", status=401)),
        ("refused", server.serve("", "/403", status=403)),
        ("challenge", server.serve(challenge, "/challenge", status=403)),
        ("challenge", server.serve(challenge, "/challenge200", content_type="text/html")),
        ("busy", server.serve("", "/429", status=429)),
        ("busy", server.serve("", "/503", status=503)),
        ("broken", server.serve("", "/500", status=500)),
        ("broken", server.serve("", "/304", status=304)),
        ("broken", await web.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<rss>")),
        ("broken", await web.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"<rss/>")[:-9])),
        ("broken", await web.raw(b"X" * 100_000)),
        ("not_a_feed", server.serve("<html>", "/html")),
    ]
    wanted = {web.name(url): reason for reason, url in ways}
    good = web.name(server.serve(FEED, "/good"))
    found = await web.poll(*wanted, good, limits=Limits(connect=1.0, silence=1.5, total=1.5))
    assert found.pop(good).outcome == "read"
    assert {url: polled.reason for url, polled in found.items()} == wanted
    assert set(wanted.values()) == set(get_args(Reason))
    for polled in found.values():
        # The last words are what people can do.
        assert polled.sentence is not None
        remedy = re.split(r"[.:] ", polled.sentence)[-1].lower()
        assert re.match("(if it goes on|check|look for|ask|give|remove|tell)", remedy), polled.sentence
    assert [one.title for one in web.articles()] == ["Report number 1"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("after", ["7200", "Wed, 26 Mar 2025 14:00:00 GMT"])
async def test_who_asks_to_be_left_alone_is(web: Web, status: int, after: str) -> None:
    assert START + timedelta(hours=2) == datetime.fromisoformat("2025-03-26T14:00:00+00:00")
    url = web.name(web.server.serve("", status=status, headers={"Retry-After": after}))
    await web.poll(url)
    assert START + timedelta(hours=2) <= web.next_poll(url) < START + timedelta(hours=3)
    web.clock.advance(minutes=119)
    assert await web.poll(url) == {}
    assert len(web.server.requests) == 1


async def test_a_feed_that_was_cut_is_asked_for_again_as_a_whole(web: Web) -> None:
    """What it remembers of a broken answer would make the server say that nothing has changed."""
    body = gzip.compress(rss(item(1), item(2)).encode())
    headers = {"Content-Encoding": "gzip"}
    url = web.name(web.server.serve(body[:-20], headers=headers, etag='"v1"'))
    assert [polled.reason for polled in (await web.poll(url)).values()] == ["broken"]
    web.server.serve(body, headers=headers, etag='"v1"')
    web.clock.advance(days=1)
    assert [polled.outcome for polled in (await web.poll(url)).values()] == ["read"]
    assert len(web.articles()) == 2
