"""Fetching a feed or page: politely, within limits of time and size, and only from public addresses.

The address is checked where the connection is made, so that names, literal addresses in any spelling, redirects and
names that change their address between two look-ups all pass the same gate.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import brotli
from aiohttp.abc import AbstractResolver, ResolveResult

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Reason = Literal[
    "bad_address",
    "private_address",
    "unreachable",
    "untrusted",
    "too_slow",
    "too_big",
    "moved",
    "gone",
    "refused",
    "challenge",
    "busy",
    "broken",
    "not_a_feed",
]
"""Why a fetch failed, for programs; each failure has a sentence for people as well."""

Kind = Literal["feed", "page"]
"""What is asked for: it decides the Accept header, and what a failure's sentence speaks of."""

log = logging.getLogger(__name__)

WEB_PORTS: Final = frozenset({80, 443})

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_PERMANENT: Final = frozenset({301, 308})
_CHUNK: Final = 65_536
_ERROR_PAGE: Final = 65_536
_ACCEPT: Final[Mapping[Kind, str]] = {
    "feed": (
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, "
        "application/json;q=0.8, */*;q=0.5"
    ),
    "page": "text/html, application/xhtml+xml, */*;q=0.5",
}


@dataclass(frozen=True, slots=True)
class _Words:
    """What the sentences of failures say of a thing, and what people can do without it."""

    what: str
    otherwise: str
    gone: str


_WORDS: Final[Mapping[Kind, _Words]] = {
    "feed": _Words("feed", "look for another feed", "Remove it, or look for its successor."),
    "page": _Words("page", "read it in a browser", "Look for a copy of it in an archive of the web."),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a step may take and how much is read: seconds, and bytes after decompression."""

    connect: float = 10.0
    silence: float = 15.0
    total: float = 30.0
    max_bytes: int = 5_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Hints:
    """What the server says of when to come back: header lines as they were sent."""

    retry_after: str | None = None
    cache_control: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server answered. ``url`` is where the answer came from in the end.

    ``moved_to`` is set when the address has moved for good; ``body`` is whole, unpacked, and empty for
    ``not_modified``; ``etag`` and ``last_modified`` are to be sent back next time.
    """

    status: Literal["ok", "not_modified"]
    url: str
    moved_to: str | None = None
    body: bytes = b""
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    hints: Hints = field(default_factory=Hints)


class FetchFailed(Exception):
    """Nothing usable came back. ``reason`` is for programs, ``sentence`` for people; ``hints`` if a server answered."""

    def __init__(self, reason: Reason, sentence: str, hints: Hints | None = None) -> None:
        """Keep why."""
        super().__init__(sentence)
        self.reason: Reason = reason
        self.sentence = sentence
        self.hints = hints or Hints()


def is_public(address: Address) -> bool:
    """Tell whether an address is a host on the public internet.

    Not: private, loopback, link-local, shared and reserved ones, multicast, what clouds keep for themselves, and every
    IPv6 form that carries an IPv4 address to be unpacked on the way (mapped, compatible, NAT64, 6to4, Teredo).
    """
    if address.version == 4:
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _NOT_HOSTS)
        )
    return (
        address.is_global
        and not address.is_multicast
        and address in _GLOBAL_UNICAST
        and not any(address in network for network in _TUNNELS)
    )


_NOT_HOSTS: Final = tuple(
    # Protocols' own and a cloud's service of metadata in it, 6to4 relays: older Pythons take them for global. Last what
    # another cloud answers its machines by, global in form only.
    ipaddress.IPv4Network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_TUNNELS: Final = tuple(
    # Teredo with the rest of 2001::/23, documentation, 6to4, documentation; NAT64 lies outside of 2000::/3.
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


def nothing_else(_address: Address, _port: int) -> bool:
    """Allow no exceptions: public addresses on the web's ports only."""
    return False


def lookup(host: str, port: int, family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
    """Ask the operating system for a name's addresses; raises OSError when it has none. Takes as long as it takes."""
    try:
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError(errno.EINVAL, "not a possible name of a host") from None
    return [(kind, str(address[0])) for kind, _, _, _, address in found]


class _Resolver(AbstractResolver):
    """Looks names up in threads of its own: look-ups can't be stopped, and must not hold up other work."""

    def __init__(self, ask: Callable[..., list[tuple[socket.AddressFamily, str]]]) -> None:
        self._ask = ask
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="feed-names")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, host, port, family)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for kind, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _NotAllowed(OSError):
    """A connection to an address that is not to be reached from here."""


# What was refused during the present request, for its error: the library gives the connection's errors back mixed.
_refused: ContextVar[list[tuple[Address, int]] | None] = ContextVar("_refused", default=None)


class Fetcher:
    """Fetches from the web, with a connection pool of its own: ``async with Fetcher(...) as fetcher``.

    No cookies, no proxies from the environment, at most two connections to a host at a time.
    """

    def __init__(
        self,
        *,
        contact: str,
        version: str,
        limits: Limits | None = None,
        ports: frozenset[int] = frozenset(),
        allow: Callable[[Address, int], bool] = nothing_else,
        ask: Callable[[str, int, socket.AddressFamily], list[tuple[socket.AddressFamily, str]]] = lookup,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Set up; nothing is opened yet.

        ``contact`` is an address where people read who runs this ("" to name none), ``version`` the program's.
        ``ports`` are allowed on public addresses besides the web's own; ``allow(address, port)`` says which further
        ones may be reached. ``ask`` looks a name up. ``trust`` says whose certificates count: by default
        the authorities that the system knows.
        """
        self.limits = limits or Limits()
        agent = re.sub(r"[^!-~]|[()]", "", f"RollcallFeeds/{version}")
        contact = re.sub(r"[^!-~]|[()]", "", contact)
        self._agent = f"{agent} (+{contact})" if contact else agent
        self._ports = WEB_PORTS | ports
        self._allow = allow
        self._ask = ask
        self._trust = trust
        self._open: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        connector = aiohttp.TCPConnector(
            limit_per_host=2,
            resolver=_Resolver(self._ask),
            socket_factory=self._socket,
            use_dns_cache=False,
            ssl=self._trust or True,
        )
        self._open = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.limits.connect, sock_read=self.limits.silence),
            headers={"User-Agent": self._agent, "Accept-Encoding": "gzip, deflate, br"},
            # The library takes a packed body that was cut for a whole one, and one that is packed twice for text.
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    async def get(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None, accept: Kind = "feed"
    ) -> Fetched:
        """Fetch a feed, or a page; with ``etag`` or ``last_modified`` only if it has changed since.

        Raises :class:`FetchFailed` for everything that can go wrong outside; never takes much longer than
        ``limits.total`` seconds.
        """
        conditions = {
            name: value
            for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified))
            if value is not None and _sendable(value)
        }
        trail = [url]
        words = _WORDS[accept]
        refused: list[tuple[Address, int]] = []
        token = _refused.set(refused)
        try:
            async with asyncio.timeout(self.limits.total):
                return await self._follow(trail, {"Accept": _ACCEPT[accept], **conditions}, words)
        except TimeoutError:
            raise FetchFailed(
                "too_slow",
                f"The server was too slow: no whole answer within {self.limits.total:g} seconds. It may pass: if it "
                f"goes on, {words.otherwise}.",
            ) from None
        except aiohttp.ClientConnectorDNSError:
            raise FetchFailed(
                "unreachable",
                f"No host named {_host(trail[-1])!r} was found. Check the spelling of the address, and this machine's "
                "connection to the network.",
            ) from None
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
            raise FetchFailed(
                "untrusted",
                f"The secure connection to {_host(trail[-1])} can't be trusted: its certificate is not in order. Ask "
                f"its owner to renew it, or {words.otherwise}.",
            ) from None
        except aiohttp.ClientConnectorError:
            if refused:
                raise self._told(refused, _host(trail[-1])) from None
            raise FetchFailed(
                "unreachable",
                f"No connection to {_host(trail[-1])}: the server is down, or refuses connections. It may pass: if it "
                "goes on, check the address.",
            ) from None
        except (aiohttp.InvalidURL, ValueError):
            raise FetchFailed("bad_address", f"{trail[-1][:200]!r} is no web address. Check its spelling.") from None
        except _BadlyPacked as error:
            raise FetchFailed(
                "broken",
                f"The answer of {_host(trail[-1])} is {error}. It may pass: if it goes on, tell its owner.",
            ) from None
        except aiohttp.ClientError as error:
            raise FetchFailed(
                "broken",
                f"The answer of {_host(trail[-1])} is broken ({type(error).__name__}): the connection was cut, or it "
                "is no proper HTTP. It may pass: if it goes on, tell its owner.",
            ) from None
        finally:
            _refused.reset(token)

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for a connection; the address in ``info`` is the one that will be connected to."""
        family, kind, protocol, _, where = info
        address: Address = ipaddress.ip_address(where[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        port = int(where[1])
        if not (self._allow(address, port) or (port in self._ports and is_public(address))):
            refused = _refused.get()
            if refused is not None:
                refused.append((address, port))
            raise _NotAllowed(errno.EACCES, "this address is not allowed")
        return socket.socket(family, kind, protocol)

    def _told(self, refused: list[tuple[Address, int]], host: str) -> FetchFailed:
        address, port = refused[0]
        if is_public(address):
            ports = ", ".join(str(one) for one in sorted(self._ports))
            return FetchFailed(
                "bad_address",
                f"Port {port} is not read, only {ports}. Look for an address without a port, or ask the operator to "
                "allow it.",
            )
        # Which address a name has inside the operator's network is for the operator; whoever tried it may be anybody.
        log.info("Refused %s: %s is no public address.", host, address)
        return FetchFailed(
            "private_address",
            f"It leads to {host}, which is no public address. Give its public address, or ask the operator to allow "
            "this one (setting private_hosts).",
        )

    async def _follow(self, trail: list[str], headers: Mapping[str, str], words: _Words) -> Fetched:
        """Ask, follow redirects, each checked like the first address, and read the answer. ``trail`` grows."""
        if self._open is None:
            raise RuntimeError("the fetcher is not open: use it with `async with`")
        here = _checked(trail[0])
        moved_to: str | None = None
        permanent = True
        for _ in range(self.limits.redirects + 1):
            async with self._open.get(here, headers=headers, allow_redirects=False) as response:
                target = response.headers.get("Location")
                if response.status not in _REDIRECTS or not target:
                    return await self._read(response, here, moved_to, words)
                permanent = permanent and response.status in _PERMANENT
                # Not read: leaving the block closes the connection where something is left of the answer.
            there = _checked(_joined(here, target), words)
            # A move from https to http is followed, but never remembered: anybody on the way could have sent it.
            if permanent and not (here.startswith("https:") and there.startswith("http:")):
                moved_to = there
            else:
                permanent = False
            here = there
            trail.append(here)
        raise FetchFailed(
            "moved",
            f"It redirects more than {self.limits.redirects} times. Look for the {words.what}'s present address.",
        )

    async def _read(self, response: aiohttp.ClientResponse, url: str, moved_to: str | None, words: _Words) -> Fetched:
        headers = response.headers
        hints = Hints(*(_sane(headers.get(name)) for name in ("Retry-After", "Cache-Control", "Expires")))
        etag, last_modified = _sane(headers.get("ETag")), _sane(headers.get("Last-Modified"))
        asked = response.request_info.headers
        if response.status == 304 and ("If-None-Match" in asked or "If-Modified-Since" in asked):
            return Fetched("not_modified", url, moved_to, etag=etag, last_modified=last_modified, hints=hints)
        if not 200 <= response.status < 300 or response.status in _INCOMPLETE:
            raise _failure(response.status, headers, await _error_page(response), hints, words)
        return Fetched(
            "ok",
            url,
            moved_to,
            body=await self._body(response, words),
            content_type=_sane(headers.get("Content-Type")),
            etag=etag,
            last_modified=last_modified,
            hints=hints,
        )

    async def _body(self, response: aiohttp.ClientResponse, words: _Words) -> bytes:
        """Read and unpack the body, and stop where it is too long."""
        most = self.limits.max_bytes
        codings = _codings(response)
        try:
            if response.content_length is not None and response.content_length > most:
                raise _TooLong
            body = await _wire(response, most + 1)
            if len(body) > most:
                raise _TooLong
            if codings or body.startswith(_GZIP):
                # Megabytes take tens of milliseconds, and those who are answered shall not wait for them.
                return await asyncio.to_thread(_unpack, body, codings, most)
        except _TooLong:
            response.close()
            raise FetchFailed(
                "too_big",
                f"It is too big: more than {most:,} bytes, and no {words.what} of news needs that. "
                f"{words.otherwise.capitalize()}.",
            ) from None
        return body


async def _wire(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Read the body as it is sent, up to ``most`` bytes or a few more."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) >= most:
            break
    return bytes(body)


class _BadlyPacked(Exception):
    """A body that can't be unpacked; the message goes on after "The answer is"."""


class _TooLong(Exception):
    """More bytes than are read."""


_GZIP: Final = b"\x1f\x8b\x08"
_MOST_MEMBERS: Final = 100
_MOST_CODINGS: Final = 3
# What servers send as an encoding that is none.
_NO_CODINGS: Final = frozenset({"", "identity", "none", "binary", "utf-8"})


def _codings(response: aiohttp.ClientResponse) -> list[str]:
    """How a body is packed, in the order in which it was done (RFC 9110, 8.4)."""
    named = ",".join(response.headers.getall("Content-Encoding", [])).lower().split(",")
    return [one.strip() for one in named if one.strip() not in _NO_CODINGS]


def _unpack(body: bytes, codings: Sequence[str], most: int) -> bytes:
    """Undo the encodings of a body, the last one first; none makes much more than ``most`` bytes of it."""
    if len(codings) > _MOST_CODINGS:
        raise _BadlyPacked(f"packed {len(codings)} times")
    for coding in reversed(codings):
        body = _unpack_one(body, coding, most)
    # A file that is packed (".xml.gz"), or an answer that was packed twice and says so once.
    return _unpack_one(body, "gzip", most) if body.startswith(_GZIP) else body


def _unpack_one(body: bytes, coding: str, most: int, *, cut: bool = False) -> bytes:
    """Undo one encoding. ``cut``: what there is of a body is enough, else it must be whole and not too long."""
    try:
        if not body:
            return body
        if coding == "br":
            brotli_stream = brotli.Decompressor()
            found: bytes = brotli_stream.process(body, output_buffer_limit=most + 1)
            whole: bool = brotli_stream.is_finished()
        elif coding in {"gzip", "x-gzip"}:
            found, whole = _inflate(body, zlib.MAX_WBITS + 16, most)
        elif coding == "deflate":
            # Many servers leave out the header of zlib, whose first half byte is 8.
            found, whole = _inflate(body, zlib.MAX_WBITS if body[0] & 15 == 8 else -zlib.MAX_WBITS, most)
        else:
            raise _BadlyPacked(f"packed as {coding[:20]!r}, which nobody asked for")
    except (zlib.error, brotli.error):
        raise _BadlyPacked(f"not packed as {coding}, though it says so") from None
    if not cut and len(found) > most:
        raise _TooLong
    if not cut and not whole:
        raise _BadlyPacked(f"packed as {coding}, and cut")
    return found


def _inflate(body: bytes, form: int, most: int) -> tuple[bytes, bool]:
    """Undo gzip or deflate up to ``most`` bytes and one; tell whether that was all. What follows it is left out."""
    found = bytearray()
    for _ in range(_MOST_MEMBERS):
        stream = zlib.decompressobj(form)
        found += stream.decompress(body, most + 1 - len(found))
        if len(found) > most or not stream.eof:
            break
        body = stream.unused_data
        if not body.startswith(_GZIP):
            return bytes(found), True
    return bytes(found), False


def looks_like_challenge(headers: Mapping[str, str], page: bytes) -> bool:
    """Tell whether an answer is a page that asks the visitor to prove to be human, as content networks send it."""
    if "challenge" in headers.get("cf-mitigated", "").lower():
        return True
    return re.search(_CHALLENGE, page[:_ERROR_PAGE].lower()) is not None


def challenge_sentence(kind: Kind = "feed") -> str:
    """Say that a page came that asks to prove to be human."""
    return _challenge_sentence(_WORDS[kind])


def _challenge_sentence(words: _Words) -> str:
    return (
        f"Instead of the {words.what} came a page that asks to prove to be human. Ask the site to let feed readers "
        f"through, or {words.otherwise}."
    )


CHALLENGE_SENTENCE: Final = challenge_sentence()
_CHALLENGE: Final = (
    rb"cdn-cgi/challenge-platform|cf-chl-|<title>just a moment\.\.\.|<title>attention required! \| cloudflare"
    rb"|_incapsula_|ddos-guard|px-captcha|captcha-delivery|awswaf|g-recaptcha|h-captcha|cf-turnstile"
)


def _failure(status: int, headers: Mapping[str, str], page: bytes, hints: Hints, words: _Words) -> FetchFailed:
    """Say in words what an HTTP status means for the reader of a feed or page."""
    if status in {401, 403, 429, 503} and looks_like_challenge(headers, page):
        return FetchFailed("challenge", _challenge_sentence(words), hints)
    other = _TROUBLE if 500 <= status < 600 else _USELESS
    reason, sentence = _SENTENCES.get(status, ("broken", other))
    told = sentence.format(status=status, what=words.what, otherwise=words.otherwise, gone=words.gone)
    return FetchFailed(reason, told, hints)


_TROUBLE: Final = "The server has a problem of its own ({status}). It may pass: if it goes on, tell its owner."
_USELESS: Final = "The server answered what can't be used ({status}). Check the address."
_REFUSED: Final = "The server refuses to give it to us ({status}). Ask its owner, or {otherwise}."
_BUSY: Final = "The server asks to come back later ({status}). It may pass: if it goes on for days, {otherwise}."
_EMPTY: Final = "The server answered without any content ({status}). Check the address."
_NOWHERE: Final = "It has moved, but the server doesn't say where ({status}). Look for the {what}'s present address."
_SENTENCES: Final[Mapping[int, tuple[Reason, str]]] = {
    204: ("broken", _EMPTY),
    205: ("broken", _EMPTY),
    206: (
        "broken",
        "The server sent a part ({status}), though the whole was asked for. It may pass: if it goes on, tell its "
        "owner.",
    ),
    304: (
        "broken",
        'The server answered "not changed" ({status}), though nothing was asked of a change. It may pass: if it goes '
        "on, tell its owner.",
    ),
    401: ("refused", _REFUSED),
    402: ("refused", _REFUSED),
    403: ("refused", _REFUSED),
    404: ("gone", "There is nothing at this address ({status}). Look for the {what}'s present address."),
    407: ("refused", _REFUSED),
    410: ("gone", "The {what} is gone for good ({status}). {gone}"),
    429: ("busy", _BUSY),
    451: ("refused", _REFUSED),
    503: ("busy", _BUSY),
    **dict.fromkeys(_REDIRECTS, ("moved", _NOWHERE)),
}
_INCOMPLETE: Final = frozenset({204, 205, 206})


async def _error_page(response: aiohttp.ClientResponse) -> bytes:
    """Return the beginning of an error's page; what goes wrong with it doesn't matter."""
    page = b""
    with suppress(aiohttp.ClientError, _BadlyPacked):
        page = await _wire(response, _ERROR_PAGE)
        for coding in reversed(_codings(response)[:_MOST_CODINGS]):
            page = _unpack_one(page, coding, _ERROR_PAGE, cut=True)
    response.close()
    return page


def _checked(url: str, words: _Words | None = None) -> str:
    """Return a web address without its fragment, or raise FetchFailed. ``words`` is given where a redirect led."""
    try:
        parts = urlsplit(url.strip())
        host, user = parts.hostname, parts.username
        port = parts.port
    except ValueError:
        host, user, port, parts = None, None, None, urlsplit("")
    wrong = None
    if parts.scheme.lower() not in {"http", "https"} or not host or port == 0:
        wrong = f"{url[:200]!r}, which is no web address: one begins with http:// or https:// and names a host"
    elif user is not None or parts.password is not None:
        # Not quoted: the password is a secret, and the sentence is not.
        wrong = f"an address on {host[:100]} with a user name or password, and such are not read"
    if wrong is None:
        return parts._replace(fragment="").geturl()
    if words is not None:
        raise FetchFailed("moved", f"It redirects to {wrong}. Look for the {words.what}'s present address.")
    raise FetchFailed("bad_address", f"This is {wrong}. Check its spelling.")


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url)[:100]
    except ValueError:
        return url[:100]


def _sendable(value: str) -> bool:
    return value.isascii() and value.isprintable() and len(value) <= 1000


def _sane(value: str | None) -> str | None:
    """Return a header's value if it is short and plain, as all honest ones are."""
    return value if value is not None and _sendable(value) else None
