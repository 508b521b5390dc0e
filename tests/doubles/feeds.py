"""Feed servers on loopback: honest ones, and those that are slow, endless, huge, lying or broken."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import brotli
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FeedServer:
    """An HTTP server on a free port of 127.0.0.1: ``async with FeedServer() as server``.

    ``requests`` holds what it was asked, in order: path and headers. With ``secure`` it speaks TLS, with a certificate
    for 127.0.0.1 and localhost that only :func:`trusting` trusts.
    """

    requests: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)
    port: int = 0
    secure: bool = False
    on_request: Callable[[], object] = lambda: None

    async def __aenter__(self) -> Self:
        self.closing = asyncio.Event()
        app = web.Application()
        app.router.add_route("GET", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=_certified() if self.secure else None)
        await site.start()
        server: Any = site._server
        self.port = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        await self._runner.cleanup()

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"http{'s' if self.secure else ''}://{host}:{self.port}{path}"

    def asked(self, path: str = "/feed") -> list[Mapping[str, str]]:
        """The headers of every request for a path."""
        return [headers for where, headers in self.requests if where == path]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, dict(request.headers)))
        self.on_request()
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404, text="nothing here")

    def serve(
        self,
        body: str | bytes,
        path: str = "/feed",
        *,
        content_type: str = "application/xml",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
    ) -> str:
        """Answer a path with a body, and 304 to who has its ``etag`` already; returns its address."""
        data = body.encode() if isinstance(body, str) else body
        sent = {"Content-Type": content_type, **(headers or {}), **({"ETag": etag} if etag else {})}

        async def handler(request: web.Request) -> web.StreamResponse:
            if etag and request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers={"ETag": etag})
            return web.Response(status=status, body=data, headers=sent)

        self.handlers[path] = handler
        return self.url(path)

    def redirect(self, target: str, path: str = "/feed", *, status: int = 302) -> str:
        """Redirect a path."""
        return self.serve(b"elsewhere", path, status=status, headers={"Location": target})

    def bomb(self, size: int, path: str = "/feed", *, encoding: str = "gzip") -> str:
        """Answer what unpacks to ``size`` bytes of zeros, packed as ``encoding`` says ("gzip", "br", "gzip, br")."""
        return self.serve(packed_zeros(size, encoding), path, headers={"Content-Encoding": encoding})

    def silent(self, path: str = "/feed") -> str:
        """Take a request and say nothing."""

        async def handler(request: web.Request) -> web.StreamResponse:
            await self.closing.wait()
            return web.Response(status=500)

        self.handlers[path] = handler
        return self.url(path)

    def endless(self, path: str = "/feed", *, chunk: bytes = b"<item/>" * 1000, pause: float = 0.0) -> str:
        """Send chunks for ever, ``pause`` seconds apart."""

        async def handler(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "application/xml"})
            await response.prepare(request)
            with suppress(ConnectionError):
                while not self.closing.is_set():
                    await response.write(chunk)
                    await asyncio.sleep(pause)
            return response

        self.handlers[path] = handler
        return self.url(path)

    def trickle(self, path: str = "/feed", *, pause: float = 0.02) -> str:
        """Send one byte at a time for ever: never silent, never done."""
        return self.endless(path, chunk=b" ", pause=pause)


@dataclass
class RawServer:
    """A server that sends these bytes to whoever connects, ``pause`` seconds apart, and then hangs up."""

    pieces: Iterable[bytes]
    pause: float = 0.0
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/feed"

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await reader.readuntil(b"\r\n\r\n")
                for piece in self.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.pause)
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self._tasks.discard(task)


def packed_zeros(size: int, encoding: str) -> bytes:
    """Return ``size`` zeros (rounded up to megabytes) as each of the encodings in turn packs them, without having them.

    Both formats are made of blocks, and from the second on each megabyte of zeros is packed into the same bytes. (The
    checksum at the end of gzip is missing; nobody should get there.)
    """
    first, *others = (one.strip() for one in encoding.split(","))
    megabytes, zeros = -(-size >> 20), bytes(1 << 20)
    if first == "br":
        brotli_stream = brotli.Compressor(quality=5)
        blocks = [brotli_stream.process(zeros) + brotli_stream.flush() for _ in range(3)]
        data: bytes = blocks[0] + blocks[2] * (megabytes - 1) + brotli_stream.finish()
    else:
        stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        block = stream.compress(zeros) + stream.flush(zlib.Z_FULL_FLUSH)
        data = gzip.compress(b"")[:10] + block * megabytes + stream.flush()
    for one in others:
        data = brotli.compress(data, quality=1) if one == "br" else gzip.compress(data, 6)
    return data


def trusting() -> ssl.SSLContext:
    """Trust the certificate of secure servers here, and no other."""
    return ssl.create_default_context(cadata=CERTIFICATE)


def _certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "both.pem"
        file.write_text(_KEY + CERTIFICATE)
        context.load_cert_chain(file)
    return context


# Made for these tests, and good for nothing else.
_KEY: Final = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ5vaCC4+V3LXpalL
0lKNjbsNxzaj7HbBquqt01hTzfyhRANCAARotha4dt73/CTjwt+2ol8G7FC5X4KP
k484x/fmr7VT73fPlTklw6B19KRfNSMh+Hk0ABLKyxVCzD2w1qQ2eC94
-----END PRIVATE KEY-----
"""
CERTIFICATE: Final = """\
-----BEGIN CERTIFICATE-----
MIIBgTCCASegAwIBAgIBATAKBggqhkjOPQQDAjAZMRcwFQYDVQQDDA5Sb2xsY2Fs
bCB0ZXN0czAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGTEXMBUG
A1UEAwwOUm9sbGNhbGwgdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARo
tha4dt73/CTjwt+2ol8G7FC5X4KPk484x/fmr7VT73fPlTklw6B19KRfNSMh+Hk0
ABLKyxVCzD2w1qQ2eC94o14wXDAdBgNVHQ4EFgQUltz8c4+86zeWWZluCVJY3/ab
u4owDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwGgYDVR0RBBMwEYcE
fwAAAYIJbG9jYWxob3N0MAoGCCqGSM49BAMCA0gAMEUCIQDWtw/Wf/J3Ir5nsY48
oKimZo4X62XfUWveRbYc8TXR8QIgW7gW8Hzs2vnVg2Da1SwyIPmXdCRHcoLtRlpi
MiDPL4c=
-----END CERTIFICATE-----
"""


def rss(*items: Mapping[str, str], title: str = "Example News") -> str:
    """An RSS feed; an item's keys are its elements, their values already escaped."""
    entries = "".join(
        "<item>" + "".join(f"<{key}>{value}</{key.split()[0]}>" for key, value in item.items()) + "</item>"
        for item in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{title}</title>{entries}</channel></rss>'


def item(number: int, text: str | None = None, date: str = "Wed, 26 Mar 2025 10:00:00 GMT") -> dict[str, str]:
    """An item of an RSS feed, made from a number."""
    return {
        "title": f"Report number {number}",
        "link": f"https://news.example/{number}",
        'guid isPermaLink="false"': f"n-{number}",
        "pubDate": date,
        "description": text or f"France and Germany spoke about plan number {number} on Wednesday.",
    }
