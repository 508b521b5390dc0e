"""The HTTP side: who asks, how often, with what; what goes wrong on purpose; then the endpoint."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, web

from tests.doubles.discord import rules, schema
from tests.doubles.discord.errors import Refusal
from tests.doubles.discord.world import Refused, Request

if TYPE_CHECKING:
    from tests.doubles.discord.double import DiscordDouble

Answer = tuple[int, Any]
PREFIX = "/api/v10"


@dataclass
class Call:
    """One request, read."""

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any = None
    files: list[tuple[str, bytes]] = field(default_factory=list)

    def number(self, name: str) -> int:
        """A snowflake of the path."""
        value = self.params[name]
        return int(value) if value.isdigit() else 0


@dataclass
class Endpoint:
    """What serves a path: ``check`` looks at the body alone; ``own`` needs the bot's token, else the path is secret."""

    method: str
    template: str
    serve: Callable[[Call], Answer]
    check: Callable[[Call], None] | None = None
    own: bool = True

    @property
    def bucket(self) -> str:
        return hashlib.blake2b(f"{self.method} {self.template}".encode(), digest_size=16).hexdigest()


@dataclass
class Fault:
    """What goes wrong, how often, and whether the request takes effect before it does."""

    method: str
    path: re.Pattern[str]
    status: int | None
    body: Any
    headers: dict[str, str]
    times: int
    after: bool
    drop: bool
    delay: float
    retry_after: float

    def takes(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in (method, "*") and bool(self.path.search(path))


@dataclass
class Bucket:
    """A rate limit of one route and one channel, server or webhook."""

    limit: int
    seconds: float
    used: int = 0
    ends: float = 0.0

    def take(self) -> bool:
        """Counts a request; False when there are too many."""
        now = time.monotonic()
        if now >= self.ends:
            self.used, self.ends = 0, now + self.seconds
        self.used += 1
        return self.used <= self.limit

    def headers(self, name: str) -> dict[str, str]:
        left = max(0.0, self.ends - time.monotonic())
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": f"{time.time() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": name,
        }


class Server:
    """Serves endpoints under Discord's conditions."""

    def __init__(self, double: DiscordDouble) -> None:
        self.double = double
        self.faults: list[Fault] = []
        self.limits: list[tuple[str, re.Pattern[str], int, float]] = []
        self.buckets: dict[tuple[str, str], Bucket] = {}
        self.recent: deque[float] = deque()
        self.global_refused = 0
        self.invalid_requests = 0

    def add(self, app: web.Application, endpoints: list[Endpoint]) -> None:
        """Puts endpoints on the server."""
        for endpoint in endpoints:
            app.router.add_route(endpoint.method, PREFIX + endpoint.template, self._handler(endpoint))

    def _handler(self, endpoint: Endpoint | None) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.handle(request, endpoint)

        return handle

    async def unknown(self, request: web.Request) -> web.StreamResponse:
        """A path there is no endpoint for."""
        return await self.handle(request, None)

    async def handle(self, request: web.Request, endpoint: Endpoint | None) -> web.StreamResponse:
        """Serves a request and keeps it on record."""
        double = self.double
        path = request.path.removeprefix(PREFIX)
        record = Request(request.method, path, None, dict(request.headers), double.clock(), time.monotonic())
        double.requests.append(record)
        double.under_way += 1
        try:
            response = await self._serve(request, endpoint, record)
            record.status = response.status
        finally:
            double.under_way -= 1
            double.wake()
        return response

    async def _serve(self, request: web.Request, endpoint: Endpoint | None, record: Request) -> web.StreamResponse:
        call = Call(request.method, record.path, dict(request.match_info), dict(request.query))
        unreadable: Refusal | None = None
        try:
            call.body, call.files = await _read(request)
        except Refusal as refusal:
            unreadable = refusal
        record.body, record.files = call.body, tuple(name for name, _ in call.files)
        fault = next((fault for fault in self.faults if fault.takes(call.method, call.path)), None)
        if fault is not None:
            fault.times -= 1
            if fault.delay and not fault.after:
                await asyncio.sleep(fault.delay)
        if fault is not None and not fault.after and (fault.drop or fault.status):
            return self._faulty(request, call, endpoint, fault)
        answer, headers = self._answer(request, endpoint, call, unreadable)
        if fault is not None and fault.after:
            self.double.wake()
            await asyncio.sleep(fault.delay)
            if fault.drop or fault.status:
                return self._faulty(request, call, endpoint, fault)
        return _response(*answer, headers)

    def _answer(
        self, request: web.Request, endpoint: Endpoint | None, call: Call, unreadable: Refusal | None
    ) -> tuple[Answer, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            self._introduced(request, call)
            if endpoint is None:
                raise Refusal(0, "no such endpoint", status=404, message="404: Not Found")
            if endpoint.own and request.headers.get("Authorization") != f"Bot {self.double.token}":
                raise Refusal(0, "wrong Authorization", status=401, message="401: Unauthorized")
            bucket = self._bucket(endpoint, call)
            self._in_time(bucket, own=endpoint.own)
            headers = bucket.headers(endpoint.bucket)
            if unreadable is not None:
                raise unreadable
            if endpoint.check is not None:
                endpoint.check(call)
            if call.body is not None:
                wrong = schema.problem(call.method, endpoint.template, request.content_type, call.body)
                if wrong is not None:
                    raise Refusal(50035, f"Discord's schema: {wrong}")
            return endpoint.serve(call), headers
        except TooMany as limited:
            return self._limited(call, limited, headers), headers
        except Refusal as refusal:
            self._refused(call, refusal.status, refusal.code)
            if refusal.fault:
                self.double.broken(f"{call.method} {call.path}: {refusal}")
            return (refusal.status, refusal.body()), headers
        except Exception:  # noqa: BLE001 - an accident here must fail the test, not look like one of Discord's
            self.double.broken(f"{call.method} {call.path}: the double failed.\n{traceback.format_exc()}")
            return (400, {"message": "the double failed", "code": 0}), headers

    def _introduced(self, request: web.Request, call: Call) -> None:
        agent = request.headers.get("User-Agent", "")
        if self.double.check_user_agent and not rules.USER_AGENT.match(agent):
            self.double.broken(f"{call.method} {call.path}: the User-Agent is {agent!r}, not DiscordBot (url, version)")

    def _bucket(self, endpoint: Endpoint, call: Call) -> Bucket:
        names = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_id")
        major = "/".join(call.params[name] for name in names if name in call.params)
        key = (endpoint.bucket, major)
        if key not in self.buckets:
            sizes = (
                (limit, s) for method, path, limit, s in self.limits if method == call.method and path.search(call.path)
            )
            limit, seconds = next(sizes, (self.double.bucket_limit, rules.BUCKET_SECONDS))
            self.buckets[key] = Bucket(limit, seconds)
        return self.buckets[key]

    def _in_time(self, bucket: Bucket, *, own: bool) -> None:
        now = time.monotonic()
        if own and self.double.global_limit:
            while self.recent and self.recent[0] <= now - 1:
                self.recent.popleft()
            if len(self.recent) >= self.double.global_limit:
                self.global_refused += 1
                raise TooMany(self.recent[0] + 1 - now, everywhere=True)
            self.recent.append(now)
        if not bucket.take():
            raise TooMany(bucket.ends - now, everywhere=False)

    def _limited(self, call: Call, limited: TooMany, headers: dict[str, str]) -> Answer:
        everywhere = limited.everywhere
        what = (
            f"more than {self.double.global_limit} requests in a second" if everywhere else "more than the bucket holds"
        )
        self.double.broken(f"{call.method} {call.path}: {what}")
        self._refused(call, 429, 0)
        headers |= _limit_headers(limited.seconds, everywhere=everywhere)
        return 429, _limit_body(limited.seconds, everywhere=everywhere)

    def _refused(self, call: Call, status: int, code: int, *, shared: bool = False) -> None:
        self.double.refusals.append(Refused(call.method, call.path, status, code))
        if status in (401, 403, 429) and not shared:
            self.invalid_requests += 1

    def _faulty(self, request: web.Request, call: Call, endpoint: Endpoint | None, fault: Fault) -> web.StreamResponse:
        if fault.drop:
            self.double.refusals.append(Refused(call.method, call.path, 0, 0))
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=499)
        status = fault.status or 503
        body, headers = fault.body, {}
        if status == 429:
            headers = _limit_headers(fault.retry_after, everywhere=False)
            body = _limit_body(fault.retry_after, everywhere=False) if body is None else body
        if body is None:
            body = {"message": f"{status}: injected", "code": 0}
        if endpoint is not None:
            headers = self._bucket(endpoint, call).headers(endpoint.bucket) | headers
        headers |= fault.headers
        if status >= 400:
            # "429 with the scope shared does not count" among the invalid requests.
            shared = headers.get("X-RateLimit-Scope") == "shared"
            self._refused(call, status, body.get("code", 0) if isinstance(body, dict) else 0, shared=shared)
        return _response(status, body, headers)


class TooMany(Exception):
    """More requests than a limit allows, for so many seconds."""

    def __init__(self, seconds: float, *, everywhere: bool) -> None:
        super().__init__(f"too many requests, for {seconds:.2f} s")
        self.seconds = max(0.001, seconds)
        self.everywhere = everywhere


def _limit_headers(seconds: float, *, everywhere: bool) -> dict[str, str]:
    # Without Via, discord.py takes a 429 for a ban by Cloudflare.
    scope = {"X-RateLimit-Global": "true"} if everywhere else {}
    whom = "global" if everywhere else "user"
    return {"Retry-After": f"{seconds:.3f}", "Via": "1.1 double", "X-RateLimit-Scope": whom, **scope}


def _limit_body(seconds: float, *, everywhere: bool) -> dict[str, Any]:
    return {"message": "You are being rate limited.", "retry_after": round(seconds, 3), "global": everywhere}


def _response(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    if status == 204 or body is None:
        return web.Response(status=status, headers=headers)
    if isinstance(body, str | bytes):
        kind = {"Content-Type": "text/html"}
        return web.Response(
            status=status, body=body.encode() if isinstance(body, str) else body, headers=kind | headers
        )
    # Exactly this type: discord.py compares it letter by letter.
    kind = {"Content-Type": "application/json"}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=kind | headers)


async def _read(request: web.Request) -> tuple[Any, list[tuple[str, bytes]]]:
    """The JSON and the files of a request: docs/reference "Uploading Files"."""
    if not request.can_read_body:
        return None, []
    files: list[tuple[str, bytes]] = []
    if request.content_type == "multipart/form-data":
        text: str | bytes = b""
        total = 0
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = bytes(await part.read())
            total += len(data)
            if part.name == "payload_json":
                text = data
            elif part.filename is not None:
                files.append((part.filename, data))
        if total > rules.REQUEST_BYTES:
            raise Refusal(40005, f"a request of {total} bytes")
    elif request.content_type == "application/json":
        text = await request.read()
        if len(text) > rules.REQUEST_BYTES:
            raise Refusal(40005, f"a request of {len(text)} bytes")
    else:
        await request.read()
        raise Refusal(50035, f"Content-Type is {request.content_type!r}")
    try:
        return json.loads(text), files
    except ValueError:
        raise Refusal(50109, repr(text[:80])) from None
