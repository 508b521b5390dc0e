"""Fetching: what an honest server gives, and how a hostile one is refused, cut off or told apart, in words."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ipaddress
import itertools
import re
import resource
import socket
import sys
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import get_args

import brotli
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.feeds.fetch import (
    Address,
    Fetcher,
    FetchFailed,
    Kind,
    Limits,
    _unpack,
    is_public,
    looks_like_challenge,
    lookup,
)
from tests.doubles.feeds import FeedServer, RawServer, packed_zeros, rss, trusting

LOOPBACK = ipaddress.ip_address("127.0.0.1")
QUICK = Limits(connect=0.3, silence=0.3, total=0.4, max_bytes=100_000)

# What people can do comes last.
REMEDY = (
    r"(?i)(?:^|[.:] )(?:if it goes on(?: for days)?, )?"
    r"(?:check|look for|ask|tell|read it in a browser|remove it|give its)[^.:]*\.$"
)


@pytest.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with FeedServer() as one:
        yield one


def fetcher(*ports: int, **settings: object) -> AbstractAsyncContextManager[Fetcher]:
    """A fetcher to which only these ports of 127.0.0.1 are allowed, and nothing else that isn't public."""

    def allow(address: Address, port: int) -> bool:
        return address == LOOPBACK and port in ports

    given: dict[str, object] = {"contact": "https://example.org/bot", "version": "1.2", "allow": allow, **settings}
    return Fetcher(**given)  # type: ignore[arg-type]


async def failure(url: str, *ports: int, accept: Kind = "feed", **settings: object) -> FetchFailed:
    async with fetcher(*ports, **settings) as one:
        with pytest.raises(FetchFailed) as caught:
            await one.get(url, accept=accept)
    assert re.search(REMEDY, caught.value.sentence), caught.value.sentence
    return caught.value


async def test_what_a_server_says_is_returned_and_sent_back(server: FeedServer) -> None:
    url = server.serve(rss(), content_type="application/rss+xml", etag='"v1"', headers={"Cache-Control": "max-age=60"})
    async with fetcher(server.port) as one:
        first = await one.get(f"{url}#part")
        again = await one.get(url, etag=first.etag, last_modified="Wed, 26 Mar 2025 10:00:00 GMT")
    assert (first.status, first.url, first.moved_to) == ("ok", url, None)
    assert first.body == rss().encode()
    assert first.content_type == "application/rss+xml"
    assert first.hints.cache_control == "max-age=60"
    assert (again.status, again.body, again.etag) == ("not_modified", b"", '"v1"')
    asked = server.asked()
    assert asked[0]["User-Agent"] == "RollcallFeeds/1.2 (+https://example.org/bot)"
    assert "If-None-Match" not in asked[0]
    assert (asked[1]["If-None-Match"], asked[1]["If-Modified-Since"]) == ('"v1"', "Wed, 26 Mar 2025 10:00:00 GMT")


async def test_cookies_are_not_kept_and_the_environment_sets_no_proxy(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    url = server.serve(rss(), headers={"Set-Cookie": "a=b"})
    async with fetcher(server.port) as one:
        await one.get(url)
        await one.get(url)
    assert all("Cookie" not in headers for headers in server.asked())


async def test_a_contact_cannot_smuggle_header_lines(server: FeedServer) -> None:
    url = server.serve(rss())
    async with fetcher(server.port, contact="me@example.org)\r\nX-Evil: 1", version="1\n2") as one:
        await one.get(url)
    assert server.asked()[0]["User-Agent"] == "RollcallFeeds/12 (+me@example.orgX-Evil:1)"


async def test_who_names_no_contact_sends_none(server: FeedServer) -> None:
    url = server.serve(rss())
    async with fetcher(server.port, contact="") as one:
        await one.get(url)
    assert server.asked()[0]["User-Agent"] == "RollcallFeeds/1.2"


async def test_remembered_headers_that_cannot_be_sent_are_left_out(server: FeedServer) -> None:
    url = server.serve(rss())
    async with fetcher(server.port) as one:
        await one.get(url, etag="a\r\nb", last_modified="ü" * 5)
    assert not {"If-None-Match", "If-Modified-Since"} & server.asked()[0].keys()


# Redirects ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [([301], 1), ([308, 301], 2), ([302], None), ([301, 302], 1), ([302, 301], None), ([307], None), ([303], None)],
)
async def test_only_a_move_for_good_is_remembered(server: FeedServer, statuses: list[int], moved: int | None) -> None:
    for number, status in enumerate(statuses):
        server.redirect(f"/{number + 1}", f"/{number}", status=status)
    last = server.serve(rss(), f"/{len(statuses)}")
    async with fetcher(server.port) as one:
        got = await one.get(server.url("/0"))
    assert got.url == last
    assert got.moved_to == (None if moved is None else server.url(f"/{moved}"))


async def test_circles_of_redirects_end(server: FeedServer) -> None:
    url = server.redirect("/feed")
    assert (await failure(url, server.port)).reason == "moved"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "target",
    ["ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "data:text/xml,<rss/>", "http://[", "",
     "//user:pw@example.org/", "http://user@example.org/", "http://a:0/", "http://", "gopher://a/"],
)  # fmt: skip
async def test_redirects_to_what_is_no_web_address(server: FeedServer, target: str) -> None:
    url = server.redirect(target)
    found = await failure(url, server.port)
    assert found.reason == "moved"
    assert "pw" not in found.sentence


async def test_redirects_without_a_scheme_keep_it(server: FeedServer) -> None:
    last = server.serve(rss(), "/new")
    server.redirect(f"//127.0.0.1:{server.port}/new")
    async with fetcher(server.port) as one:
        assert (await one.get(server.url())).url == last


async def test_redirects_to_other_ports_are_checked_as_well(server: FeedServer) -> None:
    def public(host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "127.0.0.1" if host == "here.test" else "93.184.215.14")]

    server.redirect("http://elsewhere.test:22/")
    found = await failure(server.url(host="here.test"), server.port, ask=public)
    assert found.reason == "bad_address"


async def test_a_name_that_changes_its_address_on_the_way_is_caught(server: FeedServer) -> None:
    async with FeedServer() as inside:
        answers = iter(["127.0.0.1", "127.0.0.2"])

        def rebinding(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
            return [(socket.AF_INET, next(answers))]

        server.redirect(inside.url("/secret", host="rebind.test"))
        found = await failure(server.url(host="rebind.test"), server.port, inside.port, ask=rebinding)
        assert found.reason == "private_address"
        assert not inside.requests


async def test_a_move_to_an_insecure_address_is_followed_and_forgotten(server: FeedServer) -> None:
    last = server.serve(rss())
    async with FeedServer(secure=True) as secure, fetcher(server.port, secure.port, trust=trusting()) as one:
        secure.redirect(last, status=301)
        server.redirect(secure.serve(rss(), "/safe"), "/unsafe", status=301)
        down = await one.get(secure.url())
        assert (down.url, down.moved_to) == (last, None)
        up = await one.get(server.url("/unsafe"))
        assert up.url == up.moved_to == secure.url("/safe")


async def test_certificates_are_checked(server: FeedServer) -> None:
    def named(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "127.0.0.1")]

    async with FeedServer(secure=True) as secure:
        secure.serve(rss())
        assert (await failure(secure.url(), secure.port)).reason == "untrusted"
        other = secure.url(host="other.test")
        assert (await failure(other, secure.port, ask=named, trust=trusting())).reason == "untrusted"
        assert not secure.requests


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "//192.168.1.1/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://100.100.100.200/latest/meta-data/",
        "http://0xa9fea9fe/",
    ],
)
@pytest.mark.parametrize("status", [301, 302])
async def test_redirects_to_private_addresses_are_refused(server: FeedServer, target: str, status: int) -> None:
    async with FeedServer() as inside:
        inside.serve("secret", "/secret")
        url = server.redirect(target.format(inside.port), status=status)
        assert (await failure(url, server.port)).reason == "private_address"
        assert not inside.requests


# Addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "017700000001",
        "2852039166",
        "0177.0.0.1",
        "0.0.0.0",  # noqa: S104
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "①②⑦.0.0.1",
    ],
)
async def test_no_spelling_of_a_private_host_is_reached(server: FeedServer, host: str) -> None:
    server.serve("secret")
    # The port is allowed, so that nothing but the address stands in the way.
    found = await failure(server.url(host=host), ports=frozenset({server.port}), limits=QUICK)
    assert found.reason in {"private_address", "bad_address", "unreachable"}
    assert not server.requests


async def test_a_name_that_changes_its_address_is_caught(server: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.serve("secret")
    answers = itertools.chain(["93.184.215.14"], itertools.repeat("127.0.0.1"))

    def rebinding(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, next(answers))]

    # A check that looked the name up by itself would have seen the public address.
    rebinding("", 0, socket.AF_INET)
    caplog.set_level("INFO")
    found = await failure(server.url(host="rebind.test"), ports=frozenset({server.port}), ask=rebinding)
    assert found.reason == "private_address"
    # Whoever tried it may be anybody: what the name stands for inside is only for the operator.
    assert found.sentence.startswith("It leads to rebind.test, which is no public address.")
    assert "127.0.0.1" not in found.sentence
    assert "rebind.test: 127.0.0.1 is no public address" in caplog.text
    assert not server.requests


async def test_several_private_addresses_of_one_name(server: FeedServer) -> None:
    def many(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "10.0.0.1"), (socket.AF_INET, "192.168.0.1"), (socket.AF_INET6, "fe80::1")]

    assert (await failure("http://many.test/", ask=many)).reason == "private_address"


async def test_a_mapped_address_is_judged_as_what_it_maps() -> None:
    found = await failure("http://[::ffff:10.0.0.1]/")
    assert found.reason == "private_address"
    assert "10.0.0.1" in found.sentence
    assert (await failure("http://[::ffff:93.184.215.14]:22/")).reason == "bad_address"


async def test_a_name_that_leads_to_an_allowed_address(server: FeedServer) -> None:
    def named(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "127.0.0.1")]

    server.serve(rss())
    async with fetcher(server.port, ask=named) as one:
        assert (await one.get(server.url(host="news.test"))).status == "ok"


async def test_only_the_web_s_ports() -> None:
    def public(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "93.184.215.14")]

    found = await failure("http://news.test:22/", ask=public)
    assert found.reason == "bad_address"
    assert "22" in found.sentence


@pytest.mark.parametrize(
    "url",
    ["", "feed", "ftp://a/", "file:///etc/passwd", "http://", "http://[", "http://a:b/", "http://a:0/", "javascript:1",
     "http://user:pw@a/", "http://user@a/", "http://a b/", "http://\udc80/", "http://a:99999/", "data:text/xml,<rss/>",
     "http://exa\0mple/", "http://.../", "http://" + "a" * 70 + ".test/"],
)  # fmt: skip
async def test_what_is_no_web_address(url: str) -> None:
    found = await failure(url)
    assert found.reason in {"bad_address", "unreachable"}
    assert "pw" not in found.sentence


@given(st.ip_addresses(v=4))
def test_ipv6_forms_of_ipv4_addresses_are_never_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for form in (
        number,
        0xFFFF << 32 | number,
        0x64FF9B << 96 | number,
        0x64FF9B0001 << 80 | number,
        0x2002 << 112 | number << 80 | 1,
        0x20010000 << 96 | number,
    ):
        assert not is_public(ipaddress.IPv6Address(form))


@given(st.ip_addresses())
def test_public_is_less_than_what_python_calls_global(address: Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not any((address.is_multicast, address.is_private, address.is_loopback, address.is_link_local))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_ordinary_hosts_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.168.0.1",  # noqa: S104
     "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254",
     "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1", "168.63.129.16", "192.0.0.9", "192.0.0.192",
     "192.88.99.1"],
)  # fmt: skip
def test_other_addresses_are_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


# Limits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip", "gzip, br", "br, gzip"])
@pytest.mark.parametrize("size", [100_000_000, 10_000_000_000])
async def test_a_bomb_is_stopped_without_room_for_it(server: FeedServer, encoding: str, size: int) -> None:
    url = server.bomb(size, encoding=encoding)
    async with fetcher(server.port) as one:
        tracemalloc.start()
        try:
            for _ in range(3):
                with pytest.raises(FetchFailed, match="too big") as caught:
                    await one.get(url)
                assert caught.value.reason == "too_big"
            # 5 MB are read at most; they are held twice for a moment, packed and unpacked.
            assert tracemalloc.get_traced_memory()[1] < 25_000_000
        finally:
            tracemalloc.stop()


async def test_a_bomb_that_is_a_file(server: FeedServer) -> None:
    url = server.serve(packed_zeros(100_000_000, "gzip"), content_type="application/gzip")
    assert (await failure(url, server.port)).reason == "too_big"


def resident() -> int:
    """The bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
async def test_hostile_answers_leave_nothing_behind(server: FeedServer) -> None:
    urls = [server.bomb(10**10, f"/{n}", encoding=encoding) for n, encoding in enumerate(["gzip", "br", "gzip, br"])]
    urls += [server.endless("/endless"), server.redirect("/round", "/round"), server.serve(b"x" * 6_000_000, "/long")]

    async def once() -> int:
        async with fetcher(server.port) as one:
            for url in urls:
                with pytest.raises(FetchFailed):
                    await one.get(url)
        gc.collect()
        return resident()

    for _ in range(3):
        await once()
    after = [await once() for _ in range(6)]
    # Each round holds some 60 MB of bodies for a moment. What the allocator keeps differs from one to the next.
    assert min(after[3:]) - min(after[:3]) < 15_000_000


# The same bytes whenever they are made, for names of tests must not change.
packed = partial(gzip.compress, mtime=0)
FEED = rss().encode()
BROTLI = brotli.compress(FEED)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(FEED)),
        ("GZip", packed(FEED)),
        ("x-gzip", packed(FEED)),
        ("gzip", packed(FEED[:50]) + packed(FEED[50:])),
        ("gzip", packed(FEED) + bytes(512)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED, wbits=-15)),
        ("br", BROTLI),
        ("gzip, br", brotli.compress(packed(FEED))),
        ("br,gzip", packed(BROTLI)),
        ("gzip, gzip, identity", packed(packed(FEED))),
        ("gzip", packed(packed(FEED))),
        ("", FEED),
        ("identity", FEED),
        ("utf-8", FEED),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
async def test_what_is_packed_is_unpacked(encoding: str, body: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding.encode(), len(body))
    async with RawServer([head + body]) as raw, fetcher(raw.port) as one:
        assert (await one.get(raw.url)).body == FEED


async def test_a_packed_file_is_unpacked(server: FeedServer) -> None:
    url = server.serve(packed(FEED), "/feed.xml.gz", content_type="application/gzip")
    async with fetcher(server.port) as one:
        assert (await one.get(url)).body == FEED
    assert server.asked("/feed.xml.gz")[0]["Accept-Encoding"] == "gzip, deflate, br"


@pytest.mark.parametrize(
    ("encoding", "body", "says"),
    [
        ("zstd", b"(\xb5/\xfd rest", "packed as 'zstd', which nobody asked for"),
        ("gzip", FEED, "not packed as gzip, though it says so"),
        ("br", b"\xff" + FEED, "not packed as br, though it says so"),
        ("br", packed(FEED), "not packed as br, though it says so"),
        ("gzip", packed(FEED)[:-8] + b"12345678", "not packed as gzip, though it says so"),
        ("gzip", packed(FEED)[:-1], "packed as gzip, and cut"),
        ("br", BROTLI[:-1], "packed as br, and cut"),
        ("deflate", zlib.compress(FEED)[:-1], "packed as deflate, and cut"),
        ("gzip", packed(b"") * 200_000, "packed as gzip, and cut"),
        ("gzip, gzip, gzip, gzip", FEED, "packed 4 times"),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
async def test_what_cannot_be_unpacked(server: FeedServer, encoding: str, body: bytes, says: str) -> None:
    url = server.serve(body, headers={"Content-Encoding": encoding})
    found = await failure(url, server.port)
    assert found.reason == "broken"
    assert says in found.sentence


@given(st.binary(), st.lists(st.sampled_from(["gzip", "br"]), min_size=1, max_size=3))
def test_whatever_is_packed_comes_out_again(body: bytes, encodings: list[str]) -> None:
    assume(not body.startswith(b"\x1f\x8b\x08"))
    sent = body
    for encoding in encodings:
        sent = packed(sent) if encoding == "gzip" else brotli.compress(sent)
    assert _unpack(sent, encodings, 10_000) == body


async def test_an_endless_body_is_stopped(server: FeedServer) -> None:
    assert (await failure(server.endless(), server.port, limits=Limits(max_bytes=100_000))).reason == "too_big"


async def test_a_body_that_is_announced_too_long_is_not_read(server: FeedServer) -> None:
    url = server.serve(b"x" * 200_000)
    assert (await failure(url, server.port, limits=QUICK)).reason == "too_big"


async def test_the_largest_body_that_is_read(server: FeedServer) -> None:
    url = server.serve(b"x" * 100_000)
    async with fetcher(server.port, limits=Limits(max_bytes=100_000)) as one:
        assert len((await one.get(url)).body) == 100_000


async def test_silence_and_trickles_are_cut(server: FeedServer) -> None:
    for url in (server.silent("/a"), server.trickle("/b")):
        found = await failure(url, server.port, limits=QUICK)
        assert found.reason == "too_slow"
        assert "0.4 seconds" in found.sentence


async def test_headers_that_never_end_are_cut() -> None:
    forever = itertools.chain([b"HTTP/1.1 200 OK\r\n"], (b"X-%d: y\r\n" % n for n in itertools.count()))
    async with RawServer(forever, pause=0.02) as raw:
        assert (await failure(raw.url, raw.port, limits=QUICK)).reason == "too_slow"
    async with RawServer([b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1_000_000]) as raw:
        assert (await failure(raw.url, raw.port, limits=QUICK)).reason == "broken"


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n"
PACKED = packed(FEED)
LAST = b"Content-Length: 2\r\n\r\nhi"


def in_chunks(body: bytes, size: int = 40) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\nX-Checksum: 12\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(FEED) + FEED,
        CHUNKED + b"\r\n" + in_chunks(FEED),
        CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + in_chunks(PACKED),
        OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + PACKED,
        OK + b"Content-Encoding: br\r\nConnection: close\r\n\r\n" + BROTLI,
    ],
    ids=["length", "chunks", "packed chunks", "gzip", "brotli"],
)
async def test_an_answer_that_is_cut_anywhere_is_no_answer(answer: bytes) -> None:
    async with RawServer([answer]) as raw, fetcher(raw.port) as one:
        assert (await one.get(raw.url)).body == FEED
        body_at = answer.index(b"\r\n\r\n") + 4
        for end in range(len(answer)):
            if end == body_at and b"close" in answer:
                continue  # an empty body, whole as far as anybody can tell
            raw.pieces = [answer[:end]]
            with pytest.raises(FetchFailed) as caught:
                await one.get(raw.url)
            assert caught.value.reason == "broken", answer[:end]


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Content-Length: 100\r\n\r\nshort",
        OK + b"Content-Length: 2\r\n\r\nlonger than that",
        OK + b"Content-Length: -5\r\n\r\nplain",
        OK + b"Content-Length: five\r\n\r\nplain",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\nplain",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nplain",
        CHUNKED + b"Content-Length: 3\r\n\r\n5\r\nplain\r\n0\r\n\r\n",
        CHUNKED + b"\r\nZZ\r\n",
        CHUNKED + b"\r\n-5\r\nplain\r\n0\r\n\r\n",
        CHUNKED + b"\r\nffffffffffffffffff\r\nplain",
        CHUNKED + b"\r\n5\r\nplainer\r\n0\r\n\r\n",
        CHUNKED + b"\r\n2\r\nhi\r\n0\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        OK + b"X: " + b"y" * 100_000 + b"\r\n" + LAST,
        OK + b"X" * 100_000 + b": y\r\n" + LAST,
        OK + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + LAST,
        OK + b"Set-Cookie: a=" + b"y" * 1_000_000 + b"\r\n" + LAST,
        OK + b"X: a\0b\r\n" + LAST,
        OK + b"X\0: ab\r\n" + LAST,
        OK + b"no header\r\n" + LAST,
        b"HTTP/1.1 200 " + b"O" * 100_000 + b"\r\n" + LAST,
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/7.3 200 OK\r\n" + LAST,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"<rss/>",
        b"\0" * 1000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhi",
        b"HTTP/1.1 000 Odd\r\n" + LAST,
        b"HTTP/1.1 999 Odd\r\n" + LAST,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\n" + LAST,
    ],
    ids=lambda answer: repr(answer[:60]),
)
async def test_broken_answers(answer: bytes) -> None:
    async with RawServer([answer]) as raw:
        assert (await failure(raw.url, raw.port, limits=Limits(total=5.0))).reason == "broken"
        # Once more, in case an old connection was closed meanwhile, but no oftener.
        assert raw.connections <= 2


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Set-Cookie: a=b; Max-Age=99999999999999999999\r\nSet-Cookie: =;;\xff\r\n" + LAST,
        OK + b"ETag: \xff\xfe\r\nRetry-After: \xff\r\nContent-Type: " + b"x" * 5000 + b"\r\n" + LAST,
        b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" * 1000 + OK + LAST,
        CHUNKED + b"\r\n2;" + b"x" * 10_000 + b"\r\nhi\r\n0\r\n\r\n",
        OK + LAST + OK + LAST,
        b"HTTP/1.0 200 OK\r\n\r\nhi",
    ],
    ids=lambda answer: repr(answer[:60]),
)
async def test_odd_answers_that_can_be_read(answer: bytes) -> None:
    async with RawServer([answer]) as raw, fetcher(raw.port) as one:
        got = await one.get(raw.url)
        assert got.body in {b"hi", b"hi" + OK + LAST}
        assert (got.etag, got.hints.retry_after) == (None, None)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 O", *itertools.repeat(b"K", 1000)],
        [bytes([byte]) for byte in OK + b"Content-Length: 1000\r\n\r\n" + bytes(1000)],
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", *itertools.repeat(b"1\r\n \r\n", 1000)],
        itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        [CHUNKED + b"\r\n1\r\nx\r\n0\r\n", *itertools.repeat(b"X: y\r\n", 100)],
    ],
    ids=["status line", "every byte", "chunks", "interim answers", "trailer"],
)
async def test_what_comes_too_slowly_is_cut(pieces: Iterable[bytes]) -> None:
    async with RawServer(pieces, pause=0.02) as raw:
        assert (await failure(raw.url, raw.port, limits=QUICK)).reason == "too_slow"


async def test_a_secure_connection_that_never_comes_about_is_cut() -> None:
    async with RawServer([]) as raw:
        url = raw.url.replace("http:", "https:")
        assert (await failure(url, raw.port, limits=QUICK)).reason in {"too_slow", "unreachable"}


async def test_slow_servers_hold_up_nobody(server: FeedServer) -> None:
    """By the order of events: all that are slow have begun before the first good one is asked for, and none is done."""
    slow = [server.silent("/silent"), server.trickle("/trickle"), server.endless("/endless", chunk=b" ", pause=0.001)]

    def named(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, "127.0.0.1")]

    async with fetcher(server.port, ask=named) as one:
        waiting = [
            asyncio.create_task(one.get(url.replace("127.0.0.1", f"slow{n}.test"))) for n in range(20) for url in slow
        ]
        begun = asyncio.Event()
        good = server.serve(FEED, "/good")
        server.on_request = lambda: begun.set() if len(server.requests) == 40 else None
        # Two connections to a host: of each three, one waits for its turn, and that is nobody else's business.
        await begun.wait()
        for n in range(10):
            assert (await one.get(good.replace("127.0.0.1", f"good{n}.test"))).body == FEED
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_no_host_and_no_server(server: FeedServer) -> None:
    def nobody(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    found = await failure("http://nowhere.test/", ask=nobody)
    assert found.reason == "unreachable"
    assert "nowhere.test" in found.sentence
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert (await failure(f"http://127.0.0.1:{port}/", port, limits=QUICK)).reason == "unreachable"


async def test_no_secure_connection_with_a_plain_server(server: FeedServer) -> None:
    server.serve(rss())
    found = await failure(server.url().replace("http:", "https:"), server.port, limits=QUICK)
    assert found.reason == "untrusted"


def test_looking_a_name_up() -> None:
    assert (socket.AF_INET, "127.0.0.1") in lookup("127.0.0.1", 80, socket.AF_INET)
    with pytest.raises(OSError, match="not a possible name"):
        lookup("a" * 70, 80, socket.AF_INET)


# What statuses mean -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "broken"), (401, "refused"), (403, "refused"), (404, "gone"), (410, "gone"), (418, "broken"),
     (429, "busy"), (451, "refused"), (500, "broken"), (502, "broken"), (503, "busy"), (300, "broken"), (304, "broken"),
     (301, "moved")],
)  # fmt: skip
async def test_statuses_in_words(server: FeedServer, status: int, reason: str) -> None:
    url = server.serve(b"", status=status, headers={"Retry-After": "120"})
    for accept in get_args(Kind):
        found = await failure(url, server.port, accept=accept)
        assert found.reason == reason
        assert str(status) in found.sentence
        assert found.hints.retry_after == "120"
        assert accept == "feed" or "feed" not in found.sentence


@pytest.mark.parametrize("status", [429, 503])
async def test_when_to_come_back_may_be_a_date(server: FeedServer, status: int) -> None:
    date = "Wed, 26 Mar 2025 13:00:00 GMT"
    url = server.serve(b"", status=status, headers={"Retry-After": date})
    found = await failure(url, server.port)
    assert (found.reason, found.hints.retry_after) == ("busy", date)


async def test_pages_are_asked_for_as_pages_and_missed_as_pages(server: FeedServer) -> None:
    url = server.serve("<html>", content_type="text/html")
    async with fetcher(server.port) as one:
        await one.get(url, accept="page")
        await one.get(url)
    page, feed = (headers["Accept"] for headers in server.asked())
    assert page.startswith("text/html")
    assert feed.startswith("application/atom+xml")
    gone = await failure(server.url("/none"), server.port, accept="page")
    assert gone.sentence == "There is nothing at this address (404). Look for the page's present address."
    refused = await failure(server.serve("", "/no", status=403), server.port, accept="page")
    assert refused.sentence.endswith("Ask its owner, or read it in a browser.")
    big = await failure(server.serve(b"x" * 200_000, "/big"), server.port, accept="page", limits=QUICK)
    assert big.sentence.endswith("no page of news needs that. Read it in a browser.")


async def test_an_error_page_without_an_end_does_not_matter() -> None:
    head = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (50_000, b"x" * 50_000)
    async with RawServer(itertools.chain([head], itertools.repeat(chunk))) as raw:
        assert (await failure(raw.url, raw.port)).reason == "refused"


async def test_a_challenge_is_not_a_refusal(server: FeedServer) -> None:
    page = "<html><title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x>"
    assert (await failure(server.serve(page, "/a", status=403), server.port)).reason == "challenge"
    url = server.serve("", "/b", status=403, headers={"cf-mitigated": "challenge"})
    assert (await failure(url, server.port)).reason == "challenge"
    for body, encoding in ((packed(page.encode()), "gzip"), (brotli.compress(page.encode()), "br")):
        url = server.serve(body, "/c", status=503, headers={"Content-Encoding": encoding})
        found = await failure(url, server.port, accept="page")
        assert found.reason == "challenge"
        assert "Instead of the page" in found.sentence
    assert not looks_like_challenge({}, b"<rss><title>Just a moment of peace</title></rss>")


async def test_it_must_be_open() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        await Fetcher(contact="", version="1").get("http://example.org/")


async def test_slow_look_ups_are_cut() -> None:
    release = threading.Event()
    try:
        found = await failure("http://slow.test/", ask=partial(_wait, release), limits=QUICK)
        assert found.reason == "too_slow"
    finally:
        release.set()


def _wait(release: threading.Event, *_: object) -> list[tuple[socket.AddressFamily, str]]:
    release.wait(10)
    return []
