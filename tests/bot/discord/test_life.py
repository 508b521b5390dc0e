"""One server's whole life with the bot, from the invitation to being forgotten."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import func, select

from bot import table
from bot.run import Running
from bot.store.schema import metadata
from tests.bot.discord.conftest import MANAGE, Start, text_of
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble

ROOT = Path(__file__).parents[3]
SEND_MESSAGES = 1 << 11
BERLIN_EIGHT = datetime(2025, 3, 22, 7, 0, tzinfo=UTC)


@dataclass
class Paper:
    """A newspaper's feed on loopback."""

    address: str = ""
    items: list[str] = field(default_factory=list)
    asked: int = 0

    def print(self, title: str, text: str, at: datetime) -> None:
        number = len(self.items) + 1
        self.items.insert(
            0,
            f"<item><guid isPermaLink='false'>paper-{number}</guid><title>{title}</title>"
            f"<link>https://paper.example/{number}</link><pubDate>{at:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
            f"<description>{text}</description></item>",
        )

    async def serve(self, _: web.Request) -> web.Response:
        self.asked += 1
        body = f"<rss version='2.0'><channel><title>The Paper</title>{''.join(self.items)}</channel></rss>"
        return web.Response(body=body.encode(), content_type="application/rss+xml")


@pytest.fixture
async def paper() -> AsyncIterator[Paper]:
    paper = Paper()
    app = web.Application()
    app.router.add_get("/feed", paper.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    paper.address = f"127.0.0.1:{runner.addresses[0][1]}"
    yield paper
    await runner.cleanup()


@pytest.fixture
def settings(paper: Paper, tmp_path: Path) -> dict[str, str]:
    """The shipped dossier with the paper's feed instead of its own."""
    folder = tmp_path / "dossier"
    shutil.copytree(ROOT / "seeds", folder)
    topic = folder / "topic.toml"
    text = topic.read_text(encoding="utf-8")
    topic.write_text(
        text[: text.index("[[feeds]]")]
        + f'[[feeds]]\nurl = "http://{paper.address}/feed"\nname = "The Paper"\nkind = "news"\nlanguage = "en"\n'
        + 'note = "A paper on loopback."\n',
        encoding="utf-8",
    )
    return {"top": f'dossier = "{folder}"', "more": f'\n[feeds]\nprivate_hosts = ["{paper.address}"]\n'}


def editor_moves_germany(running: Running) -> None:
    """Approve, as an editor does with an exported table, that Germany is in: by the words of the paper's article."""
    library = running.app.library
    exported = table.export(library)
    with library.reading() as connection:
        from bot.store import articles

        (article,) = articles.fresh(connection, library.topic.key, since=datetime(2025, 3, 21, tzinfo=UTC))
    quote = "Chancellor Friedrich Merz said Germany will send troops to Ukraine after a ceasefire."
    start = article.text.index(quote)
    row = f"""
[[claims]]
id = "de-merz-troops"
party = "DE"
stance = "troops"
axes = {{ troops = "yes" }}
speaker = "Friedrich Merz"
office = "Chancellor"
source = "official"
reported_on = "2025-03-21"
state = "approved"

[[claims.quotes]]
article = "{article.id}"
revision = 1
start = {start}
end = {start + len(quote)}
text = "{quote}"
"""
    done = table.import_rows(
        library, exported + row, "table.toml", now=running.app.clock(), by="An editor", why="Merz said so"
    )
    assert done.added == ("de-merz-troops",)


async def test_the_whole_life(
    discord: DiscordDouble, start: Start, clock: Clock, paper: Paper, settings: dict[str, str]
) -> None:
    anna, bert = discord.add_user("anna"), discord.add_user("bert")
    clock.now = datetime(2025, 3, 21, 8, 30, tzinfo=UTC)
    paper.print("Yesterday's news", "Germany was spoken of yesterday, too.", clock.now - timedelta(days=1))

    async with start(**settings) as running:
        # Invited.
        guild = discord.add_guild("Nordwind")
        general, news = guild.add_channel("general"), guild.add_channel("briefing")
        guild.join(anna, permissions=MANAGE)
        guild.join(bert)
        await discord.until(lambda: running.bot is not None and running.bot.get_guild(guild.id) is not None)
        await discord.settled()
        assert discord.sends == 0, "nobody asked for anything yet"

        # Set up, with a permission missing, and its remedy.
        news.deny(SEND_MESSAGES)
        await discord.settled()
        card = await discord.slash(anna, general, "setup", {"channel": news, "time": "8:00", "zone": "berlin"})
        (shown,) = card.messages
        assert shown.ephemeral
        assert "Not ready yet" in shown.content
        assert "❌ **Send Messages is missing**" in shown.content
        assert "Permissions" in shown.content
        assert [button.label for button in shown.buttons] == ["Check again", "Show what it would post now", "Not now"]
        news.allow(SEND_MESSAGES)
        await discord.settled()
        again = await discord.press(anna, shown, "Check again")
        (shown,) = again.messages
        assert "Ready. Nothing is posted until you press Switch on." in shown.content
        preview = await discord.press(anna, shown, "Show what it would post now")
        assert "Briefing, Friday 21 March 2025: nothing new" in preview.messages[0].content
        assert preview.messages[0].ephemeral
        on = await discord.press(anna, shown, "Switch on")
        assert "First post: Saturday 22 March 2025, 08:00 in Europe/Berlin" in on.messages[0].content
        assert not news.messages

        # Asked.
        asked = await discord.say(bert, general, "!who-is-in")
        (reply,) = await discord.replies_to(asked)
        assert "4 in and 2 organisations, 6 maybe, 2 say no, 1 host" in reply.content
        status = await discord.slash(bert, general, "status", {"country": "Germany"})
        assert "Germany: unclear" in status.messages[0].content
        assert not status.messages[0].ephemeral
        typo = await discord.say(bert, general, "!status austra")
        (which,) = await discord.replies_to(typo)
        pressed = await discord.press(bert, which, "Australia")
        assert "Australia: open to it" in pressed.messages[0].content

        # Followed: a first message proves that messages arrive.
        follows = await discord.slash(bert, general, "subscribe", {"country": "Germany"})
        assert follows.messages[0].ephemeral
        await discord.until(lambda: bert.dm.messages)
        assert "You follow **Germany** now, as you asked in Nordwind" in bert.dm.messages[0].content

        # The first look at a feed is where its news begins.
        first = await running.poll()
        assert first.new == ()
        await running.look()
        assert len(bert.dm.messages) == 1

    # A restart in between.
    clock.advance(minutes=20)
    async with start(**settings) as running:
        paper.print(
            "Merz commits troops",
            "&lt;p&gt;Chancellor Friedrich Merz said Germany will send troops to Ukraine after a ceasefire. The "
            "cabinet in Berlin is to decide on Monday how many soldiers will go.&lt;/p&gt;",
            clock.now,
        )
        second = await running.poll()
        assert len(second.new) == 1
        await running.look()
        assert len(bert.dm.messages) == 1, "where it is spoken of is for the daily message"

        # An editor changes a position: two minutes to undo it, then at once.
        clock.advance(minutes=5)
        editor_moves_germany(running)
        await running.look()
        assert len(bert.dm.messages) == 1
        clock.advance(minutes=2)
        await running.look()
        assert len(bert.dm.messages) == 2
        instant = bert.dm.messages[1]
        assert "**Germany: ready to send troops.** Was: unclear." in instant.content
        assert (
            "> Chancellor Friedrich Merz said Germany will send troops to Ukraine after a ceasefire." in instant.content
        )
        assert (
            "Friedrich Merz (Chancellor), in [The Paper](<https://paper.example/2>), 21 March 2025" in instant.content
        )
        assert "**On file before:**" in instant.content
        assert (
            "You follow Germany (changes at once, mentions once a day) in Nordwind, since 21 March 2025."
            in instant.content
        )
        labels = [button.label for button in instant.buttons]
        assert labels == ["Full status", "Once a day instead", "Stop Germany", "Stop everything"]
        await running.look()
        assert len(bert.dm.messages) == 2

        # The next morning: the briefing with its change, and the daily message.
        clock.now = BERLIN_EIGHT - timedelta(minutes=1)
        await running.look()
        assert not news.messages
        clock.now = BERLIN_EIGHT
        await running.look()
        briefing = text_of(news.messages)
        assert "Briefing, Saturday 22 March 2025: 1 change, 1 story" in briefing
        assert "**Germany: ready to send troops**" in briefing
        assert "Late" not in briefing
        assert "5 in and 2 organisations, 5 maybe, 2 say no, 1 host (was: 4 in" in briefing
        assert len(bert.dm.messages) == 3
        daily = bert.dm.messages[2]
        assert "**Daily update: Germany**" in daily.content
        assert "**Merz commits troops**" in daily.content
        assert "[The Paper](<https://paper.example/2>)" in daily.content
        sent = discord.sends

    async with start(**settings) as running:
        await running.look()
        await discord.settled()
        assert discord.sends == sent, "a restart repeats nothing"

        # Stopped by the button under an old message.
        stopped = await discord.press(bert, bert.dm.messages[1], "Stop Germany")
        assert "Stopped: Germany." in stopped.messages[0].content
        clock.advance(days=1)
        await running.look()
        assert len(bert.dm.messages) == 3
        assert "Briefing, Sunday 23 March 2025: nothing new" in news.messages[-1].content

        # Followed again, then kicked: nothing is sent any more, and after 30 days all of it is gone.
        await discord.slash(bert, general, "subscribe", {"country": "Germany"})
        await guild.kick()
        await discord.settled()
        sent = discord.sends
        clock.advance(days=29)
        await running.look()
        await running.tidy()
        assert discord.sends == sent
        assert rows_of(running, "guild_briefing") == 1
        clock.advance(days=2)
        await running.look()
        await running.tidy()
        assert discord.sends == sent
        for name in ("guild", "guild_briefing", "briefing", "subscription", "delivery", "delivery_part", "audit"):
            assert rows_of(running, name) == 0, name
        assert rows_of(running, "claim") > 20
    assert all(not message.pings for message in discord.all_messages)


def rows_of(running: Running, name: str) -> int:
    with running.app.store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
