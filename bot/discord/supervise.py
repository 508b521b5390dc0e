"""Keeping the bot connected: start, start again after what passes, give up on what doesn't, stop when asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

import discord

from bot.discord.client import RollcallBot
from bot.secrets import Token
from bot.store.errors import StoreError

log = logging.getLogger(__name__)

FEWEST_STARTS: Final = 5
"""With fewer session starts left today Discord might reset the token (Gateway, Session Start Limit)."""

_LONGEST: Final = 300.0


class GivenUp(Exception):
    """The bot can't run, and trying again won't help. ``code`` is the exit code, ``str()`` a sentence for people."""

    def __init__(self, code: int, sentence: str) -> None:
        """Keep both."""
        super().__init__(sentence)
        self.code = code


REFUSED_TOKEN, REFUSED_BOT, FEW_STARTS = 3, 4, 5
"""Exit codes of ``rollcall run`` besides those of every command (README, "Exit codes")."""

_CLOSED_FOR_GOOD: Final = {
    4004: (REFUSED_TOKEN, "Discord refuses the token. Copy it again from the developer portal, page Bot."),
    4010: (REFUSED_BOT, "Discord refuses the shard this process asked for."),
    4011: (REFUSED_BOT, "Discord wants more shards than this process asked for. Restart it."),
    4012: (REFUSED_BOT, "Discord no longer speaks this version of its gateway. Install a newer Rollcall."),
    4013: (REFUSED_BOT, "Discord doesn't know an intent that was asked for. Install a newer Rollcall."),
    4014: (
        REFUSED_BOT,
        "Discord refuses an intent that the developer portal has not granted. Switch it on there (page Bot), or set "
        "message_content = false.",
    ),
}


def verdict(error: BaseException) -> GivenUp | None:
    """Return why an error ends the bot for good; None where trying again may help."""
    if isinstance(error, discord.LoginFailure):
        return GivenUp(*_CLOSED_FOR_GOOD[4004])
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return GivenUp(*_CLOSED_FOR_GOOD[4014])
    if isinstance(error, discord.ConnectionClosed) and error.code in _CLOSED_FOR_GOOD:
        return GivenUp(*_CLOSED_FOR_GOOD[error.code])
    return None


async def supervise(
    make: Callable[[], RollcallBot],
    token: Token,
    stop: asyncio.Event,
    *,
    jitter: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Keep a bot connected until ``stop`` is set; then close it in good order and return.

    The library resumes a dropped connection by itself; here is what it leaves: a start that fails, a client that ends.
    Raises :class:`GivenUp`.
    """
    failures = 0
    while not stop.is_set():
        bot = make()
        running = asyncio.create_task(_start(bot, token))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            was_ready = bot.is_ready()
            if not bot.is_closed():
                await bot.close()
            stopping.cancel()
            error = await _result(running)
        if stop.is_set():
            return
        if isinstance(error, GivenUp):
            raise error
        if error is not None and (final := verdict(error)) is not None:
            raise final from None
        failures = 0 if was_ready else failures + 1
        delay = min(_LONGEST, 5.0 * 2 ** min(failures, 10)) * (0.5 + jitter() / 2)
        # Only the kind: the words of an error may hold what was sent. Those of the store's are made for people.
        why = str(error) if isinstance(error, StoreError) else type(error).__name__
        log.warning("The connection to Discord ended (%s). Next try in %d s.", why, delay)
        waiting = asyncio.ensure_future(sleep(delay))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        stopping.cancel()


async def _start(bot: RollcallBot, token: Token) -> None:
    try:
        await bot.login(token.reveal())
    except discord.HTTPException as error:
        if error.status == 401:
            raise GivenUp(*_CLOSED_FOR_GOOD[4004]) from None
        raise
    await _enough_starts(bot)
    await bot.connect(reconnect=True)


async def _enough_starts(bot: RollcallBot) -> None:
    """Raise GivenUp where today's session starts are nearly used up: beyond them the token is reset."""
    told = await bot.http.request(discord.http.Route("GET", "/gateway/bot"))
    left = told.get("session_start_limit", {}).get("remaining")
    if isinstance(left, int) and left < FEWEST_STARTS:
        raise GivenUp(
            FEW_STARTS,
            f"Only {left} session starts are left today; with none left Discord resets the token. "
            "Find out what restarts the bot so often, and start it again tomorrow.",
        )


async def _result(task: asyncio.Task[None]) -> Exception | None:
    """Wait for a task to end and return what it failed with, whatever it was: most of it passes."""
    try:
        await task
    except asyncio.CancelledError:
        return None
    except Exception as error:  # noqa: BLE001 (told in the log by its kind, and tried again)
        return error
    return None
