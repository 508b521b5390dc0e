"""A store that takes its time: interactions are told to wait within Discord's three seconds, and answered then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.discord import client, replies
from bot.store.engine import Store
from tests.bot.discord.conftest import MANAGE, Start, text_of
from tests.doubles.discord import Channel, DiscordDouble, Guild, User

pytestmark = pytest.mark.long


@pytest.fixture
def guild(discord: DiscordDouble) -> Guild:
    return discord.add_guild("Nordwind")


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_channel("general")


@pytest.fixture
def bea(discord: DiscordDouble, guild: Guild) -> User:
    person = discord.add_user("bea")
    guild.join(person, MANAGE)
    return person


@contextmanager
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let whoever opens a transaction wait until the event is set; the wait of a mistaken event loop ends, too."""
    free = threading.Event()
    with monkeypatch.context() as patched:
        for name in ("reading", "writing"):
            opened = getattr(Store, name)

            def waits(store: Store, _opened: Any = opened) -> Any:
                free.wait(4)
                return _opened(store)

            patched.setattr(Store, name, waits)
        patched.setattr(replies, "SOON", 0.05)
        patched.setattr(client, "SOON", 0.05)
        try:
            yield free
        finally:
            free.set()


ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("status", {"country": "Germany"}, "Germany: unclear"),
    ("settings", {}, "Settings of this server"),
    ("briefings show", {}, "No briefing is set up here"),
    ("briefings preview", {}, "No briefing is set up here"),
    ("briefings pause", {}, "No briefing is set up here"),
]


@pytest.mark.parametrize(("command", "options", "told"), ASKED, ids=[command for command, _, _ in ASKED])
async def test_it_is_deferred_in_time_and_answered_then(
    command: str,
    options: dict[str, Any],
    told: str,
    discord: DiscordDouble,
    start: Start,
    channel: Channel,
    bea: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with start() as running:
        assert running.bot is not None
        await discord.settled()
        # As if this server was not noted yet, which is a wait of its own.
        running.bot._known.clear()
        with busy(monkeypatch) as free:
            asked = await discord.slash(bea, channel, command, options, wait=False)
            await discord.until(lambda: asked.deferred, timeout=2)
            free.set()
            await discord.until(lambda: asked.done)
        assert told in text_of(asked.messages)


async def test_a_press_is_deferred_in_time_and_answered_then(
    discord: DiscordDouble, start: Start, channel: Channel, bea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as running:
        assert running.bot is not None
        asked = await discord.say(bea, channel, "!status austra")
        (reply,) = await discord.replies_to(asked)
        running.bot._known.clear()
        with busy(monkeypatch) as free:
            pressed = await discord.press(bea, reply, "Austria", wait=False)
            await discord.until(lambda: pressed.deferred, timeout=2)
            free.set()
            await discord.until(lambda: pressed.done)
        assert "Austria: no statement on file" in text_of(pressed.messages)


async def test_days_are_offered_without_waiting_for_the_store(
    discord: DiscordDouble, start: Start, channel: Channel, bea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start():
        days = await discord.autocomplete(bea, channel, "who-is-in", "as-of", "2025")
        assert [day.value for day in days[:2]] == ["2025-03-21", "2025-03-20"]
        with busy(monkeypatch) as free:
            days = await discord.autocomplete(bea, channel, "who-is-in", "as-of", "2025")
            assert not free.is_set()
            assert [day.value for day in days] == ["2025-03-21"]


async def test_zones_are_read_from_the_system_once(
    discord: DiscordDouble, start: Start, channel: Channel, bea: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start():
        first = await discord.autocomplete(bea, channel, "setup", "zone", "ber")
        monkeypatch.delattr("bot.commands.servers.available_timezones")
        again = await discord.autocomplete(bea, channel, "setup", "zone", "berl")
        assert first[0].value == again[0].value == "Europe/Berlin"
        card = await discord.slash(bea, channel, "setup", {"channel": channel, "time": "8", "zone": "Europe/Berlin"})
        preview = await discord.press(bea, card.messages[0], "Show what it would post now")
        assert "Briefing, " in text_of(preview.messages)
