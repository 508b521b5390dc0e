"""The gateway: docs/events/gateway. Sessions outlive their connections, so that they can be resumed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.doubles.discord import rules

if TYPE_CHECKING:
    from tests.doubles.discord.model import Guild
    from tests.doubles.discord.world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    *range(5),
    *range(6, 12),
)


class Session:
    """What was sent to one shard since its READY, and where to send to now."""

    def __init__(self, ident: str, shard: tuple[int, int], intents: int) -> None:
        self.id = ident
        self.shard = shard
        self.intents = intents
        self.sequence = 0
        self.sent: list[tuple[int, str]] = []
        self.connection: Connection | None = None
        self.alive = True

    def dispatch(self, event: str, data: dict[str, Any]) -> None:
        """Sends an event; without a connection it waits for a resume."""
        self.sequence += 1
        text = json.dumps({"op": DISPATCH, "t": event, "s": self.sequence, "d": data})
        self.sent.append((self.sequence, text))
        if self.connection is not None:
            self.connection.send(text)


class Connection:
    """One WebSocket. What is sent goes through a queue, so that everything else needs no waiting."""

    def __init__(self, gateway: Gateway, request: web.Request) -> None:
        self.gateway = gateway
        self.world = gateway.world
        self.request = request
        self.socket = web.WebSocketResponse(max_msg_size=0)
        compressed = request.query.get("compress") == "zlib-stream"
        self.deflate = zlib.compressobj() if compressed else None
        self.session: Session | None = None
        self.closed = False
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._received: deque[float] = deque()
        self._pulse: asyncio.TimerHandle | None = None

    async def run(self) -> web.WebSocketResponse:
        """Talks until one side closes."""
        await self.socket.prepare(self.request)
        writer = asyncio.create_task(self._write())
        self.send({"op": HELLO, "d": {"heartbeat_interval": self.gateway.heartbeat_ms}})
        self._beat()
        try:
            async for frame in self.socket:
                if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                    break
                self._receive(frame.data)
        finally:
            self._end(self.socket.close_code)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return self.socket

    def send(self, payload: dict[str, Any] | str) -> None:
        """Queues a payload."""
        if not self.closed:
            self._queue.put_nowait(payload if isinstance(payload, str) else json.dumps(payload))

    def close(self, code: int, violation: str = "") -> None:
        """Closes after what is queued; from now on nothing is sent here."""
        if violation:
            self.world.broken(f"gateway closed with {code}: {violation}")
        if not self.closed:
            self._queue.put_nowait(code)
            self._detach()

    def abort(self) -> None:
        """Cuts the line, as a network does."""
        self._detach()
        if self.request.transport is not None:
            self.request.transport.abort()

    async def _write(self) -> None:
        while True:
            item = await self._queue.get()
            try:
                if isinstance(item, int):
                    await self.socket.close(code=item)
                elif self.deflate is None:
                    await self.socket.send_str(item)
                else:
                    packed = self.deflate.compress(item.encode()) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self.socket.send_bytes(packed)
            except ConnectionError:
                return

    def _detach(self) -> None:
        self.closed = True
        if self._pulse is not None:
            self._pulse.cancel()
        if self.session is not None and self.session.connection is self:
            self.session.connection = None
            self.gateway.changed()

    def _end(self, code: int | None) -> None:
        session = self.session
        if session is not None and not self.closed and code in (1000, 1001):
            # "Close 1000 or 1001 from the client ends the session"; any other code leaves it to be resumed.
            session.alive = False
        if not self.closed:
            self.gateway.closes.append(code)
        self._detach()

    def _beat(self) -> None:
        if self._pulse is not None:
            self._pulse.cancel()
        loop = asyncio.get_running_loop()
        limit = self.gateway.heartbeat_ms / 1000 * 1.5
        self._pulse = loop.call_later(limit, self.close, 4000, "no heartbeat came")

    def _receive(self, data: str | bytes) -> None:
        size = len(data.encode() if isinstance(data, str) else data)
        if size > rules.GATEWAY_BYTES:
            return self.close(4002, f"a payload of {size} bytes, {rules.GATEWAY_BYTES} are allowed")
        now = time.monotonic()
        self._received.append(now)
        while self._received[0] <= now - rules.GATEWAY_WINDOW:
            self._received.popleft()
        if len(self._received) > rules.GATEWAY_SENDS:
            return self.close(4008, f"more than {rules.GATEWAY_SENDS} payloads in a minute")
        try:
            payload = json.loads(data)
            op, body = payload["op"], payload.get("d")
        except (ValueError, TypeError, KeyError):
            return self.close(4002, "a payload that is not JSON with an op")
        if op in (IDENTIFY, RESUME, MEMBERS) and not isinstance(body, dict):
            return self.close(4002, f"op {op} without data")
        if op == HEARTBEAT:
            self._beat()
            return self.send({"op": ACK})
        if op == IDENTIFY:
            return self._identify(body)
        if op == RESUME:
            return self._resume(body)
        if self.session is None:
            return self.close(4003, f"op {op} before identifying")
        if op == MEMBERS:
            return self._members(body)
        if op not in (PRESENCE, VOICE):
            return self.close(4001, f"unknown op {op}")
        return None

    def _identify(self, body: dict[str, Any]) -> None:
        if self.session is not None:
            return self.close(4005, "identified twice")
        if body.get("token") != self.world.token:
            return self.close(4004, "a wrong token")
        intents = body.get("intents")
        if not isinstance(intents, int) or intents & ~rules.ALL_INTENTS:
            return self.close(4013, f"invalid intents {intents}")
        if missing := intents & rules.PRIVILEGED & ~self.gateway.granted():
            return self.close(4014, f"asked for privileged intents that are not granted: {missing:#x}")
        shard = tuple(body.get("shard", (0, 1)))
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return self.close(4010, f"an invalid shard {shard}")
        guilds = [guild for guild in self.world.guilds.values() if guild.present]
        mine = [guild for guild in guilds if (guild.id >> 22) % shard[1] == shard[0]]
        if len(mine) > rules.GUILDS_PER_SHARD:
            return self.close(4011, f"{len(mine)} servers on one shard")
        self.session = session = self.gateway.new_session((shard[0], shard[1]), intents)
        session.connection = self
        application = {"id": str(self.world.application_id), "flags": self.gateway.application_flags()}
        ready = {
            "v": 10,
            "user": {**self.world.bot.payload(), "verified": True, "mfa_enabled": False, "email": None, "flags": 0},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
            "session_id": session.id,
            "resume_gateway_url": self.gateway.url,
            "session_type": "normal",
            "shard": list(shard),
            "application": application,
            "private_channels": [],
            "relationships": [],
        }
        session.dispatch("READY", ready)
        if intents & rules.GUILDS:
            for guild in mine:
                session.dispatch("GUILD_CREATE", guild.payload())
        self.gateway.changed()
        return None

    def _resume(self, body: dict[str, Any]) -> None:
        if body.get("token") != self.world.token:
            return self.close(4004, "a wrong token")
        session = self.gateway.sessions.get(str(body.get("session_id")))
        if session is None or not session.alive:
            return self.send({"op": INVALID, "d": False})
        sequence = body.get("seq")
        if not isinstance(sequence, int) or sequence > session.sequence:
            return self.close(4007, f"resumed at {sequence}, of {session.sequence}")
        if session.connection is not None:
            session.connection.close(4000)
        self.session, session.connection = session, self
        self.gateway.resumes += 1
        for number, text in session.sent:
            if number > sequence:
                self.send(text)
        session.dispatch("RESUMED", {"_trace": []})
        self.gateway.changed()
        return None

    def _members(self, body: dict[str, Any]) -> None:
        session = self.session
        guild = self.world.guilds.get(int(body["guild_id"]))
        if session is None or guild is None:
            return
        wanted = {int(user) for user in body.get("user_ids") or ()}
        if not wanted and not session.intents & rules.GUILD_MEMBERS:
            self.world.broken("asked for all members of a server without the members intent")
        found = [m.payload() for m in guild.members.values() if not wanted or m.user.id in wanted]
        chunk = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        session.dispatch("GUILD_MEMBERS_CHUNK", {**chunk, "nonce": body.get("nonce")})


class Gateway:
    """All sessions and connections."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.heartbeat_ms = rules.HEARTBEAT_MS
        self.shards = 1
        self.max_concurrency = 1
        self.starts_total = 1_000
        self.starts_remaining = 1_000
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.closes: list[int | None] = []
        self.identifies = 0
        self.resumes = 0
        self.connected = asyncio.Event()
        self.refusing = False

    @property
    def ready(self) -> bool:
        """All shards are connected and were told READY."""
        live = [s for s in self.sessions.values() if s.alive and s.connection is not None]
        return bool(live) and len(live) >= live[0].shard[1]

    def changed(self) -> None:
        """Somebody connected or was disconnected."""
        (self.connected.set if self.ready else self.connected.clear)()
        self.world.wake()

    def granted(self) -> int:
        """The privileged intents that are switched on in the developer portal."""
        return rules.MESSAGE_CONTENT if self.world.message_content else 0

    def application_flags(self) -> int:
        """What the application's flags say of the switch."""
        return rules.FLAG_MESSAGE_CONTENT_LIMITED if self.world.message_content else 0

    def new_session(self, shard: tuple[int, int], intents: int) -> Session:
        """Starts a session, counted."""
        self.identifies += 1
        self.starts_remaining -= 1
        if self.starts_remaining < 0:
            self.world.broken("more session starts than the limit: Discord resets the token")
        session = Session(f"session{self.identifies}", shard, intents)
        self.sessions[session.id] = session
        return session

    def sessions_for(self, guild: Guild | None, intent: int) -> list[Session]:
        """Whom an event concerns: the server's shard, or the first; with the intent (0: whoever it is)."""
        return [
            session
            for session in self.sessions.values()
            if session.alive
            and (not intent or session.intents & intent)
            and session.shard[0] == ((guild.id >> 22) % session.shard[1] if guild else 0)
        ]

    def live(self) -> list[Session]:
        """The sessions that are connected."""
        return [session for session in self.sessions.values() if session.connection is not None]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A client connects."""
        if self.refusing:
            raise web.HTTPServiceUnavailable
        connection = Connection(self, request)
        self.connections.add(connection)
        try:
            return await connection.run()
        finally:
            self.connections.discard(connection)

    def drop(self, code: int | None) -> None:
        """Closes every connection with the code, or cuts the lines; sessions stay."""
        for session in self.live():
            connection = session.connection
            if connection is None:
                continue
            if code is None:
                connection.abort()
            else:
                connection.close(code)

    def invalidate(self, *, resumable: bool) -> None:
        """Op 9: the session is no longer valid."""
        for session in self.live():
            session.alive = resumable
            if session.connection is not None:
                session.connection.send({"op": INVALID, "d": resumable})

    def ask_reconnect(self) -> None:
        """Op 7: please connect again and resume."""
        for session in self.live():
            if session.connection is not None:
                session.connection.send({"op": RECONNECT, "d": None})

    def shut(self) -> None:
        """Cuts all lines."""
        for connection in list(self.connections):
            connection.abort()
