"""Fetching: what an honest server gives, and how a hostile one is refused, cut off or told apart, in words."""

from __future__ import annotations

import gzip
import ipaddress
import itertools
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.fetch import Address, Fetcher, FetchFailed, Limits, is_public, looks_like_challenge, lookup
from tests.doubles.feeds import FeedServer, RawServer, rss

LOOPBACK = ipaddress.ip_address("127.0.0.1")
QUICK = Limits(connect=0.3, silence=0.3, total=0.4, max_bytes=100_000)

Open = Callable[..., Fetcher]


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


async def failure(url: str, *ports: int, **settings: object) -> FetchFailed:
    async with fetcher(*ports, **settings) as one:
        with pytest.raises(FetchFailed) as caught:
            await one.get(url)
    assert caught.value.sentence.endswith(".")
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
    "target", ["ftp://example.org/", "file:///etc/passwd", "http://[", "", "//u:p@h/", "http://a:0/"]
)
async def test_redirects_to_what_is_no_web_address(server: FeedServer, target: str) -> None:
    url = server.redirect(target)
    assert (await failure(url, server.port)).reason == "moved"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "//192.168.1.1/",
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


async def test_a_name_that_changes_its_address_is_caught(server: FeedServer) -> None:
    server.serve("secret")
    answers = itertools.chain(["93.184.215.14"], itertools.repeat("127.0.0.1"))

    def rebinding(_host: str, _port: int, _family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
        return [(socket.AF_INET, next(answers))]

    # A check that looked the name up by itself would have seen the public address.
    rebinding("", 0, socket.AF_INET)
    found = await failure(server.url(host="rebind.test"), ports=frozenset({server.port}), ask=rebinding)
    assert found.reason == "private_address"
    assert "127.0.0.1" in found.sentence
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
     "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "100::1"],
)  # fmt: skip
def test_other_addresses_are_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


# Limits -------------------------------------------------------------------------------------------------------------


async def test_a_bomb_is_stopped(server: FeedServer) -> None:
    url = server.bomb(50_000_000)
    assert (await failure(url, server.port, limits=Limits(max_bytes=100_000))).reason == "too_big"


async def test_what_is_packed_is_unpacked(server: FeedServer) -> None:
    url = server.serve(gzip.compress(rss().encode()), headers={"Content-Encoding": "gzip"})
    async with fetcher(server.port) as one:
        assert (await one.get(url)).body == rss().encode()


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


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nplain",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nplain",
    ],
)
async def test_broken_answers(answer: bytes) -> None:
    async with RawServer([answer]) as raw:
        assert (await failure(raw.url, raw.port, limits=QUICK)).reason == "broken"


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
    found = await failure(url, server.port)
    assert found.reason == reason
    assert str(status) in found.sentence
    assert found.hints.retry_after == "120"


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
