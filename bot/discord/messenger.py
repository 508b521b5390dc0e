"""What carries the outbox's messages to Discord, and says what Discord's answers mean."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord
from discord.http import MultipartParameters

from bot.answers import Attached
from bot.discord.permissions import missing_to_post, spot
from bot.outbox import NotSent, Outcome, Pace, Sent, Trouble
from bot.store.deliveries import Place

if TYPE_CHECKING:
    from discord.ext import commands

log = logging.getLogger(__name__)

PATIENCE: Final = 20.0
"""Seconds one message may take, the library's own retries included."""

_DMS_A_SECOND: Final = 1.0
_LOOKED_THROUGH: Final = 300
_CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""How far this machine's clock may be ahead of Discord's, by which messages are dated."""

_GONE: Final = {
    10003: "The channel does not exist any more.",
    10004: "The server does not exist any more, or I was removed from it.",
    10013: "There is no such person any more.",
}
_REFUSED: Final = {
    50001: "I can't see that channel.",
    50013: "A permission is missing there.",
    50007: "This person takes no direct messages from me.",
    50278: "I share no server with this person any more.",
    50083: "The thread is archived and I may not open it again.",
    40058: "That is a forum: posts need a thread.",
    160002: "Read Message History is missing there.",
    200000: "The server's AutoMod refused the words.",
    240000: "Discord refused a link in it as harmful.",
    20009: "Discord refused the words as explicit.",
    50024: "That kind of channel takes no messages.",
}
_AGAIN: Final = {20016, 20028, 20029, 40062, 130000}
_NO_ANSWER: Final = (aiohttp.ClientError, TimeoutError, OSError, TypeError, ValueError)
_STOP: Final = {40001, 40002, 40003, 40333}


def payload(body: Mapping[str, Any], nonce: str | None = None, file: Attached | None = None) -> MultipartParameters:
    """Return a message's body as the library's HTTP client takes it, with its nonce enforced where it has one."""
    filled = dict(body)
    if nonce is not None:
        filled |= {"nonce": nonce, "enforce_nonce": True}
    if file is None:
        return MultipartParameters(payload=filled, multipart=None, files=None)
    filled["attachments"] = [{"id": 0, "filename": file.name}]
    # The library takes it to its start again before another try, and leaves it open.
    sent = discord.File(io.BytesIO(file.data), file.name)
    parts: list[dict[str, Any]] = [
        {"name": "payload_json", "value": json.dumps(filled)},
        {"name": "files[0]", "value": sent.fp, "filename": file.name, "content_type": "application/octet-stream"},
    ]
    return MultipartParameters(payload=None, multipart=parts, files=[sent])


def meaning(error: BaseException) -> NotSent:
    """Say what an error of a request means for the message it was to send (Discord, Opcodes and Status Codes)."""
    if isinstance(error, discord.RateLimited):
        return NotSent(Trouble.AGAIN, "Discord asks to wait.", timedelta(seconds=error.retry_after))
    if isinstance(error, discord.HTTPException):
        code, status = error.code, error.status
        if code in _GONE:
            return NotSent(Trouble.GONE, _GONE[code])
        if code in _STOP or status == 401:
            return NotSent(
                Trouble.STOP, f"Discord refuses all requests ({status}, code {code}).", timedelta(minutes=30)
            )
        if code in _REFUSED:
            return NotSent(Trouble.REFUSED, _REFUSED[code])
        if status == 429 and code == 0 and "Via" not in error.response.headers:
            return NotSent(Trouble.STOP, "This address is blocked for a while.", timedelta(hours=1))
        if status == 429 or code in _AGAIN:
            return NotSent(Trouble.AGAIN, f"Discord asks to wait (code {code}).")
        if status >= 500:
            return NotSent(Trouble.UNKNOWN, f"Discord answered {status}.")
        if status == 403:
            return NotSent(Trouble.REFUSED, f"Discord refuses it (code {code}).")
        if status == 404:
            return NotSent(Trouble.GONE, f"Discord knows no such place (code {code}).")
        return NotSent(Trouble.OURS, f"Discord takes no such message ({status}, code {code}).")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotSent(Trouble.AGAIN, "Discord can't be reached.")
    if isinstance(error, _NO_ANSWER):
        # Broken off, or an answer that is none (the library raises TypeError for a page instead of JSON, and
        # ValueError for what calls itself JSON).
        return NotSent(Trouble.UNKNOWN, "The connection broke before Discord answered.")
    raise error


class InvalidRequests:
    """Counts requests that Discord refused (401, 403, 429); at 10,000 in ten minutes it blocks the address."""

    LIMIT: Final = 2000
    WINDOW: Final = 600.0

    def __init__(self) -> None:
        """Begin with none."""
        self._at: deque[float] = deque()

    @property
    def trace(self) -> aiohttp.TraceConfig:
        """A trace for the library's HTTP client that counts."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._end)
        return config

    async def _end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        response = params.response
        shared = response.headers.get("X-RateLimit-Scope") == "shared"
        if response.status in {401, 403} or (response.status == 429 and not shared):
            self._at.append(asyncio.get_running_loop().time())

    @property
    def too_many(self) -> bool:
        """Tell whether so many were refused lately that nothing but answers may be sent."""
        while self._at and self._at[0] < asyncio.get_running_loop().time() - self.WINDOW:
            self._at.popleft()
        return len(self._at) >= self.LIMIT


class DiscordMessenger:
    """The outbox's messenger over discord.py. ``bot`` gives the client of the moment; None while there is none."""

    def __init__(
        self, bot: Callable[[], commands.AutoShardedBot | None], invalid: InvalidRequests, *, patience: float = PATIENCE
    ) -> None:
        """Send through whatever client ``bot`` returns."""
        self._bot = bot
        self._invalid = invalid
        self._patience = patience
        self._dm_pace = Pace(_DMS_A_SECOND)
        self._direct: dict[str, int] = {}

    async def missing(self, place: Place) -> str | None:
        """See :class:`~bot.outbox.Messenger`. Read from what the gateway told; nothing is asked of Discord."""
        bot = self._bot()
        if bot is None or place.kind not in {"channel", "thread"} or place.guild_id is None:
            return None
        guild = bot.get_guild(place.guild_id)
        if guild is None or guild.me is None:
            return None
        where = spot(guild, int(place.id), place.channel_id)
        # Unknown to us may be gone or hidden: sending says which.
        return missing_to_post(where, guild.me) if where is not None else None

    async def post(self, place: Place, content: Mapping[str, Any], nonce: str) -> Outcome:
        """See :class:`~bot.outbox.Messenger`."""

        async def send(bot: commands.AutoShardedBot, channel: int) -> Outcome:
            made = await bot.http.send_message(channel, params=payload(content, nonce))
            return Sent(int(made["id"]), channel)

        return await self._try(place, send)

    async def find(self, place: Place, content: Mapping[str, Any], since: datetime) -> Outcome | None:
        """See :class:`~bot.outbox.Messenger`."""
        # Discord keeps no white space at the ends.
        text = content.get("content", "").strip()

        async def look(bot: commands.AutoShardedBot, channel: int) -> Outcome:
            after = discord.utils.time_snowflake(since - _CLOCKS_DIFFER)
            me = bot.application_id if bot.user is None else bot.user.id
            for _ in range(_LOOKED_THROUGH // 100):
                page = await bot.http.logs_from(channel, 100, after=after)
                for message in sorted(page, key=lambda one: int(one["id"])):
                    if int(message["author"]["id"]) == me and message["content"].strip() == text:
                        return Sent(int(message["id"]), channel)
                    after = max(after, int(message["id"]))
                if len(page) < 100:
                    return Sent(None, channel)
            return NotSent(Trouble.UNSEEN, "So much was written there since that I can't see whether it has arrived.")

        found = await self._try(place, look)
        if isinstance(found, Sent) and found.message_id is None:
            return None
        if isinstance(found, NotSent) and found.trouble is Trouble.REFUSED:
            # Whether it arrived can't be seen, so it is neither lost nor sent twice: it waits for the permission.
            return NotSent(Trouble.UNSEEN, f"{found.words} So I can't see whether it has arrived.")
        return found

    async def delete(self, place: Place, message_id: int) -> Outcome:
        """See :class:`~bot.outbox.Messenger`."""

        async def remove(bot: commands.AutoShardedBot, channel: int) -> Outcome:
            try:
                await bot.http.delete_message(channel, message_id)
            except discord.NotFound as error:
                if error.code != 10008:
                    raise
            return Sent(message_id, channel)

        return await self._try(place, remove)

    async def _try(self, place: Place, act: Callable[[commands.AutoShardedBot, int], Awaitable[Outcome]]) -> Outcome:
        bot = self._bot()
        if bot is None or bot.is_closed():
            return NotSent(Trouble.AGAIN, "Not connected to Discord.")
        if self._invalid.too_many:
            return NotSent(Trouble.STOP, "Too many requests were refused lately.", timedelta(minutes=10))
        try:
            async with asyncio.timeout(self._patience):
                return await act(bot, await self._channel(bot, place))
        except (discord.DiscordException, *_NO_ANSWER) as error:
            return meaning(error)

    async def _channel(self, bot: commands.AutoShardedBot, place: Place) -> int:
        """Return the channel to send to; a person's is opened once and remembered."""
        if place.kind != "user":
            return int(place.id)
        known = place.channel_id or self._direct.get(place.id)
        if known is None:
            # Many newly opened channels in a short time get bots locked out (40003, quarantine).
            await self._dm_pace.turn()
            opened = await bot.http.start_private_message(int(place.id))
            known = int(opened["id"])
            if len(self._direct) > 10_000:
                self._direct.clear()
            self._direct[place.id] = known
        return known
