"""Keeping connected: what passes is tried again, what doesn't ends the process with a sentence and its own code."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import open_app
from bot.discord.addresses import point
from bot.discord.supervise import FEW_STARTS, REFUSED_BOT, REFUSED_TOKEN, GivenUp, supervise
from bot.run import Running
from bot.secrets import Token
from bot.store import bookmarks
from bot.store.engine import Connection
from bot.store.errors import StoreError
from tests.bot.discord.conftest import Start, write_settings
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble

ROOT = Path(__file__).parents[3]


async def give_up(
    home: Path, discord: DiscordDouble, clock: Clock, token: str | None = None, close: int | None = None
) -> GivenUp:
    """Start the bot, with ``close`` let Discord end the connection so, and return why the bot gave up."""
    write_settings(home, discord)
    with open_app(str(home), clock=clock) as app:
        running = Running(app, jitter=lambda: 0.0)
        point(app.settings.discord)
        connected = asyncio.create_task(
            supervise(
                running.make_bot,
                Token(token or discord.token, "test"),
                asyncio.Event(),
                jitter=lambda: 0.0,
                sleep=lambda _seconds: asyncio.sleep(0),
            )
        )
        if close is not None:
            await discord.until(lambda: running.bot is not None and running.bot.is_ready())
            await discord.drop_socket(close)
        with pytest.raises(GivenUp) as caught:
            await asyncio.wait_for(connected, 20)
        await running.close()
    return caught.value


async def test_a_refused_token_is_the_end(home: Path, discord: DiscordDouble, clock: Clock) -> None:
    wrong = "wrong" + discord.token
    error = await give_up(home, discord, clock, wrong)
    assert error.code == REFUSED_TOKEN
    assert "developer portal, page Bot" in str(error)
    assert wrong not in str(error)
    discord.violations.clear()


FOR_GOOD = [(4004, REFUSED_TOKEN), *((close, REFUSED_BOT) for close in (4010, 4011, 4012, 4013, 4014))]


@pytest.mark.parametrize(("close", "code"), FOR_GOOD)
async def test_a_close_for_good_is_the_end(
    close: int, code: int, home: Path, discord: DiscordDouble, clock: Clock
) -> None:
    error = await give_up(home, discord, clock, close=close)
    assert error.code == code
    assert str(error).endswith(".")
    assert discord.identifies == 1


async def test_few_session_starts_left_is_the_end(home: Path, discord: DiscordDouble, clock: Clock) -> None:
    discord.gateway_server.starts_remaining = 2
    error = await give_up(home, discord, clock)
    assert error.code == FEW_STARTS
    assert discord.identifies == 0


async def test_an_outage_at_the_start_passes(discord: DiscordDouble, start: Start) -> None:
    discord.fail("GET", "/users/@me", 503, times=2)
    discord.fail("GET", "/gateway/bot", drop=True, times=1)
    async with start() as running:
        assert running.bot is not None
        assert running.bot.is_ready()


async def test_a_page_instead_of_an_answer_at_login_passes(
    discord: DiscordDouble, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    discord.fail("GET", "/users/@me", 200, body="<html>We will be back soon</html>", times=2)
    async with start() as running:
        assert running.bot is not None
        assert running.bot.is_ready()
    assert "The connection to Discord ended (TypeError)." in caplog.text
    assert "<html>" not in caplog.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreError("The store is busy. Try again."), "(The store is busy. Try again.)"),
        (ValueError("words that were sent"), "(ValueError)"),
        (AttributeError("words that were sent"), "(AttributeError)"),
    ],
    ids=lambda one: type(one).__name__,
)
async def test_what_fails_before_connecting_is_tried_again(
    error: Exception,
    told: str,
    discord: DiscordDouble,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    get, failures = bookmarks.get, [error, error]

    def fails_twice(connection: Connection, name: str) -> str | None:
        if failures:
            raise failures.pop()
        return get(connection, name)

    monkeypatch.setattr(bookmarks, "get", fails_twice)
    async with start() as running:
        assert running.bot is not None
        assert running.bot.is_ready()
    assert caplog.text.count(told) == 2
    assert "words that were sent" not in caplog.text


async def test_a_dropped_socket_is_resumed_and_nothing_typed_is_lost(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        await discord.drop_socket()
        asked = await discord.say(anna, channel, "!status Germany")
        (reply,) = await discord.replies_to(asked, timeout=15)
        assert "Germany: unclear" in reply.content
    assert discord.identifies == 1
    assert discord.resumes == 1


async def test_an_event_that_comes_twice_is_answered_once_in_the_outbox(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!subscribe Germany")
        await discord.repeat(asked)
        await discord.until(lambda: anna.dm.messages)
        await discord.settled()
    assert len(anna.dm.messages) == 1


async def test_an_event_that_comes_twice_is_answered_once(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!who-is-in")
        await discord.repeat(asked)
        (reply, *_) = await discord.replies_to(asked)
        await discord.settled()
        assert [message.content for message in channel.messages].count(reply.content) == 1
        nonces = [str(message.nonce) for message in channel.messages[1:]]
        assert len(set(nonces)) == len(nonces)


async def test_an_answer_whose_arrival_is_not_told_is_sent_once(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        fault = discord.fail("POST", rf"/channels/{channel.id}/messages", 502, after=True)
        await discord.say(anna, channel, "!status Germany")
        await discord.until(lambda: fault.times == 0)
        # The library tries again after a second.
        await discord.until(lambda: len([one for one in discord.requests if one.path.endswith("/messages")]) == 2)
        await discord.settled()
        assert len(channel.messages) == 2


async def test_the_intent_that_is_not_granted_is_not_asked_for(clock: Clock, home: Path) -> None:
    async with DiscordDouble(clock=clock, message_content=False) as discord:
        write_settings(home, discord)
        with open_app(str(home), clock=clock) as app:
            running = Running(app, jitter=lambda: 0.0)
            point(app.settings.discord)
            stop = asyncio.Event()
            connected = asyncio.create_task(
                supervise(running.make_bot, Token(discord.token, "test"), stop, jitter=lambda: 0.0, sleep=asyncio.sleep)
            )
            await discord.until(lambda: running.bot is not None and running.bot.is_ready())
            assert running.bot is not None
            assert not running.bot.intents.message_content
            stop.set()
            await connected
            await running.close()
        assert discord.identifies == 1
        assert discord.violations == []


async def test_the_process_stops_in_good_order(discord: DiscordDouble, home: Path) -> None:
    """``rollcall run`` as it is typed: SIGTERM ends it with 0, and Discord sees a normal close."""
    discord.add_guild("Nordwind")
    write_settings(home, discord, "\n[feeds]\nread = false\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--home", str(home),
        cwd=ROOT, env={**os.environ, "DISCORD_TOKEN": discord.token}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        await discord.until(lambda: discord.ready, timeout=30)
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    assert b"ok    token" in out
    assert b"Traceback" not in err
    assert discord.token.encode() not in out + err
    assert [close for close in discord.closes if close not in {1000, 1001}] == []
