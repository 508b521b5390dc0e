"""The real bot over real sockets, on a double of Discord; tests move the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord as library
import pytest

from bot.answers import Answer
from bot.app import open_app
from bot.discord.addresses import point
from bot.discord.supervise import supervise
from bot.request import Request
from bot.run import Running
from bot.secrets import Token
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble

NOW = datetime(2025, 3, 21, 7, 0, tzinfo=UTC)
MANAGE = 1 << 5
MANAGER = MANAGE | 1 << 10 | 1 << 11 | 1 << 16

Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def discord(clock: Clock) -> AsyncIterator[DiscordDouble]:
    """Discord on loopback; a broken rule fails the test, even one the bot swallowed."""
    async with DiscordDouble(clock=clock) as double:
        yield double
        assert double.violations == []


def write_settings(home: Path, double: DiscordDouble, more: str = "", top: str = "") -> None:
    """Point a data folder at a double; ``top`` stands before the first section, ``more`` behind the last."""
    (home / "config.toml").write_text(
        f'{top}\n[discord]\napi = "{double.api}"\ngateway = "{double.gateway}"\ncdn = "{double.cdn}"\n'
        f'contact = "https://example.org/rollcall"\nready_seconds = 0.05\n{more}'
    )


@pytest.fixture
def start(home: Path, discord: DiscordDouble, clock: Clock) -> Start:
    """Start the bot: ``async with start() as running``; leaving stops it as SIGTERM would."""

    @asynccontextmanager
    async def run(
        *, more: str = "", top: str = "", ask: Callable[[Request], Answer] | None = None, home: Path = home
    ) -> AsyncIterator[Running]:
        write_settings(home, discord, more, top)
        with open_app(str(home), clock=clock) as app:
            running = Running(app, ask=ask, jitter=lambda: 0.0)
            point(app.settings.discord)
            stop = asyncio.Event()
            supervised = asyncio.create_task(
                supervise(running.make_bot, Token(discord.token, "test"), stop, jitter=lambda: 0.0, sleep=_no_waiting)
            )
            try:
                await _ready(discord, running, supervised)
                yield running
            finally:
                stop.set()
                await supervised
                await running.close()

    return run


async def _no_waiting(_seconds: float) -> None:
    await asyncio.sleep(0)


async def _ready(discord: DiscordDouble, running: Running, supervised: asyncio.Task[Any]) -> None:
    """Wait until the bot is ready; raises what ended it before."""
    await discord.until(lambda: supervised.done() or (running.bot is not None and running.bot.is_ready()), timeout=20)
    if supervised.done():
        await supervised
        pytest.fail("the bot ended before it was ready")
    # What the bot does when it is ready has been done when it looks for work.
    await running.look()


def text_of(messages: list[Any]) -> str:
    """Return what a reader sees of messages."""
    return "\n\n".join(message.content for message in messages)


assert library.version_info >= (2, 7, 1)
