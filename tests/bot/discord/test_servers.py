"""Which servers the bot is in is noted once, at little cost, whatever order Discord tells of them in."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bot.run import Running
from bot.store import guilds
from bot.store.engine import Store
from tests.bot.discord.conftest import MANAGE, Start
from tests.doubles.discord import DiscordDouble, Guild

pytestmark = pytest.mark.long


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the store was asked for all servers, and how often one was noted."""
    counted: Counter[str] = Counter()
    for name in ("present", "joined"):
        original = getattr(guilds, name)

        def counting(*args: Any, _name: str = name, _original: Any = original, **named: Any) -> Any:
            counted[_name] += 1
            return _original(*args, **named)

        monkeypatch.setattr(guilds, name, counting)
    return counted


def noted(running: Running) -> dict[int, str | None]:
    with running.app.store.reading() as connection:
        return {one.id: one.name for one in guilds.present(connection).values()}


async def test_a_start_with_many_servers_is_one_pass(discord: DiscordDouble, start: Start, calls: Counter[str]) -> None:
    names = {discord.add_guild(f"Server {number}").id: f"Server {number}" for number in range(40)}
    async with start() as running:
        await discord.settled()
        assert calls["joined"] == 40
        assert calls["present"] <= 3
        assert noted(running) == names
    calls.clear()
    async with start() as running:
        await discord.settled()
        assert calls["joined"] == 0
        assert calls["present"] <= 3
        assert noted(running) == names


async def test_a_server_that_is_known_costs_nothing_and_a_new_one_its_own_row(
    discord: DiscordDouble, start: Start, calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = discord.add_guild("Nordwind")
    async with start() as running:
        await discord.settled()
        calls.clear()
        new = discord.add_guild("Südwind")
        await discord.until(lambda: calls["joined"])
        await discord.settled()
        assert calls == {"joined": 1}
        assert noted(running) == {known.id: "Nordwind", new.id: "Südwind"}

        bot = running.bot
        assert bot is not None
        opened: list[str] = []
        monkeypatch.setattr(Store, "writing", lambda _: opened.append("writing"))
        monkeypatch.setattr(Store, "reading", lambda _: opened.append("reading"))
        for guild in bot.guilds:
            bot.know(guild)
            await bot.on_guild_available(guild)
        assert opened == []
        monkeypatch.undo()


async def test_a_server_that_comes_back_has_its_prefix(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna, permissions=MANAGE)
    async with start() as running:
        await discord.slash(anna, channel, "settings", {"prefix": "?"})
        await guild.kick()
        await discord.until(lambda: running.bot is not None and not running.bot.guilds)
        await discord.settled()
        assert noted(running) == {}
        await guild.invite()
        await discord.until(lambda: running.bot is not None and running.bot.guilds)
        await discord.settled()
        assert noted(running) == {guild.id: "Nordwind"}
        asked = await discord.say(anna, channel, "?status Germany")
        await discord.replies_to(asked)


async def test_a_server_in_an_outage_keeps_its_name_and_is_not_left(
    discord: DiscordDouble, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    guilds_of = {name: discord.add_guild(name) for name in ("Nordwind", "Südwind")}
    async with start() as running:
        await discord.settled()
    down: Guild = guilds_of["Südwind"]
    monkeypatch.setattr(down, "payload", lambda: {"id": str(down.id), "unavailable": True})
    new = discord.add_guild("Westwind")
    async with start() as running:
        await discord.settled()
        expected = {**{guild.id: name for name, guild in guilds_of.items()}, new.id: "Westwind"}
        assert noted(running) == expected
        monkeypatch.undo()
        await down.back()
        await discord.settled()
        assert noted(running) == expected


async def test_servers_of_another_process_s_shards_are_not_left(discord: DiscordDouble, start: Start) -> None:
    here = discord.add_guild("Nordwind")
    async with start() as running:
        await discord.settled()
        bot = running.bot
        assert bot is not None
        with running.app.store.writing() as connection:
            guilds.joined(connection, 4242, "Elsewhere", now=running.app.clock())
        bot.shard_ids = [0]
        await bot.on_ready()
        assert noted(running) == {here.id: "Nordwind", 4242: "Elsewhere"}
        bot.shard_ids = None
        await bot.on_ready()
        assert noted(running) == {here.id: "Nordwind"}


async def test_settings_say_changed_where_they_were(
    discord: DiscordDouble, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna, permissions=MANAGE)
    async with start():
        first = await discord.slash(anna, channel, "settings", {"prefix": "?"})
        assert ", changed" in first.messages[0].content
        again = await discord.slash(anna, channel, "settings", {"prefix": "?"})
        assert ", changed" not in again.messages[0].content
        writes: list[Store] = []
        writing = Store.writing
        monkeypatch.setattr(Store, "writing", lambda store: writes.append(store) or writing(store))
        shown = await discord.slash(anna, channel, "settings")
        assert "begin with `?`" in shown.messages[0].content
        assert writes == []


async def test_where_only_a_person_installed_it_settings_are_refused(discord: DiscordDouble, start: Start) -> None:
    """The menu is not shown there, but whoever asks all the same hears why."""
    mine = discord.add_guild("Nordwind")
    theirs = discord.add_guild("Elsewhere", present=False)
    channel = theirs.add_channel("general")
    anna = discord.add_user("anna", installed=True)
    mine.join(anna)
    theirs.join(anna, permissions=MANAGE)
    async with start() as running:
        command = next(one for one in discord.commands if one["name"] == "settings")
        data = {"id": command["id"], "name": "settings", "type": 1, "options": [], "resolved": {}}
        asked = discord.interactions.begin(2, "/settings", anna, channel, data)
        await discord.until(lambda: asked.done)
        assert "This works in a server that I am in" in asked.messages[0].content
        assert noted(running) == {mine.id: "Nordwind"}
