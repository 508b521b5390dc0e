"""``feeds`` on Discord: by every door, with files both ways, for those who manage a server, in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.answers import Answer
from bot.commands import answer
from bot.commands.feeds import MAX_UPLOAD
from bot.discord import replies
from bot.library import NoFeed, OtherFeed, Probe, ProbedEntry
from bot.request import Request
from bot.run import Running
from bot.store import feeds
from bot.store.feeds import ListedFeed
from summaries.article import Published
from tests.bot.discord.conftest import Start, text_of
from tests.bot.discord.serving import Served, add_server
from tests.doubles.discord import DiscordDouble

HARBOUR = Probe(
    "https://example.org/feed",
    "The Harbour Post",
    "https://example.org/news",
    (OtherFeed("https://example.org/sport", "Sport"),),
    (ProbedEntry("On the coalition", "https://example.org/1", Published(), True, 0.9),),
    (),
)
SPORT = Probe("https://example.org/sport", "Sport", None, (), (), ())
FOUND = {"https://example.org/news": HARBOUR, "https://example.org/feed": HARBOUR, "https://example.org/sport": SPORT}
ATTACH = 1 << 15


def probe(url: str) -> Probe:
    if url not in FOUND:
        raise NoFeed("gone", "There is nothing at this address (404). Look for the feed's present address.")
    return FOUND[url]


def own(running: Running, served: Served) -> list[ListedFeed]:
    library = running.app.library
    with library.store.reading() as connection:
        return feeds.listed(connection, library.topic.key, served.guild.id)


@pytest.fixture
def nordwind(discord: DiscordDouble) -> Served:
    return add_server(discord)


async def test_a_page_s_feed_is_added_and_listed_and_removed(
    discord: DiscordDouble, start: Start, nordwind: Served
) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    async with start() as running:
        running.app.library.probe = probe
        added = await discord.slash(admin, channel, "feeds add", {"address": "example.org/news"})
        (told,) = added.messages
        assert told.ephemeral
        assert told.content.startswith("**Added: The Harbour Post**")
        assert "1 of its 1 entry belongs to the topic." in told.content
        assert [button.label for button in told.buttons] == ["Undo", "Add Sport", "All feeds"]
        more = await discord.press(admin, told, "Add Sport")
        assert more.messages[0].content.startswith("**Added: Sport**")
        listed = await discord.slash(admin, channel, "feeds list")
        assert "This server's own feeds: 2 of 25" in text_of(listed.messages)
        offered = await discord.autocomplete(admin, channel, "feeds remove", "feed", "spo")
        assert [(one.name, one.value) for one in offered] == [("2. Sport (example.org)", "https://example.org/sport")]
        removed = await discord.slash(admin, channel, "feeds remove", {"feed": offered[0].value})
        assert removed.messages[0].content.startswith("**Removed: Sport**")
        undone = await discord.press(admin, told, "Undo")
        assert undone.messages[0].content.startswith("**Removed: The Harbour Post**")
        assert own(running, nordwind) == []
        settings = await discord.slash(admin, channel, "settings")
        assert "feed removed by" in settings.messages[0].content


async def test_every_door_leads_to_the_same(discord: DiscordDouble, start: Start, nordwind: Served) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    answers: list[Answer] = []

    def ask(request: Request) -> Answer:
        answers.append(answer(request, running.app.library))
        return answers[-1]

    async with start(ask=ask) as running:
        running.app.library.probe = probe
        await discord.slash(admin, channel, "feeds add", {"address": "example.org/news", "everything": True})
        assert own(running, nordwind)[0].everything
        first = await discord.say(admin, channel, "!feeds")
        (ours,) = await discord.replies_to(first)
        answers.clear()
        lines: list[tuple[str, str, dict[str, Any]]] = [
            ("feeds list", "feeds list", {}),
            ("feeds test example.org/news", "feeds test", {"address": "example.org/news"}),
            ("feeds test example.org/x", "feeds test", {"address": "example.org/x"}),
            (
                "feeds add example.org/news everything",
                "feeds add",
                {"address": "example.org/news", "everything": True},
            ),
            ("feeds remove 7", "feeds remove", {"feed": "7"}),
        ]
        for line, slashed, options in lines:
            answers.clear()
            await discord.slash(admin, channel, slashed, options)
            for text, more in ((f"!{line}", {}), (f"<@{discord.bot.id}> {line}", {}), (line, {"reply_to": ours})):
                said = await discord.say(admin, channel, text, **more)
                await discord.replies_to(said)
            assert len(answers) == 4
            assert [one.data for one in answers] == [answers[0].data] * 4
            told = [(one.template, one.error and one.error.code, one.actions) for one in answers]
            assert told == [told[0]] * 4


async def test_others_are_refused_and_are_not_offered_what_is_there(
    discord: DiscordDouble, start: Start, nordwind: Served
) -> None:
    bea = discord.add_user("bea")
    nordwind.guild.join(bea)
    async with start() as running:
        running.app.library.probe = probe
        await discord.slash(nordwind.admin, nordwind.channel, "feeds add", {"address": "example.org/feed"})
        tried = await discord.slash(bea, nordwind.channel, "feeds list")
        assert tried.hidden, "Discord doesn't even offer it"
        assert tried.messages[0].ephemeral
        assert 'the permission "Manage Server"' in tried.messages[0].content
        assert await discord.autocomplete(bea, nordwind.channel, "feeds remove", "feed", "") == []
        typed = await discord.say(bea, nordwind.channel, "!feeds remove 1")
        (refused,) = await discord.replies_to(typed)
        assert "Manage Server" in refused.content
        direct = await discord.say(nordwind.admin, nordwind.admin.dm, "feeds add example.org")
        (refused,) = await discord.replies_to(direct)
        assert "belong to that server" in refused.content
        assert len(own(running, nordwind)) == 1


async def test_a_slow_address_is_waited_for(
    discord: DiscordDouble, start: Start, nordwind: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "SOON", 0.05)
    free = asyncio.Event()
    async with start() as running:
        loop = asyncio.get_running_loop()

        def slow(url: str) -> Probe:
            asyncio.run_coroutine_threadsafe(free.wait(), loop).result(10)
            return probe(url)

        running.app.library.probe = slow
        asked = await discord.slash(
            nordwind.admin, nordwind.channel, "feeds add", {"address": "example.org/news"}, wait=False
        )
        await discord.until(lambda: asked.deferred)
        # Meanwhile others are answered.
        said = await discord.say(nordwind.admin, nordwind.channel, "!status Germany")
        await discord.replies_to(said)
        free.set()
        await discord.until(lambda: asked.done)
        assert asked.messages[0].ephemeral
        assert asked.messages[0].content.startswith("**Added: The Harbour Post**")


OPML = b"""<?xml version="1.0"?><opml version="2.0"><body>
<outline type="rss" text="One" xmlUrl="https://example.org/one"/>
<outline type="rss" text="Two" xmlUrl="https://example.org/two"/></body></opml>"""


@pytest.mark.parametrize("soon", [replies.SOON, 0.0], ids=["at once", "deferred"])
async def test_files_go_both_ways_by_slash(
    soon: float, discord: DiscordDouble, start: Start, nordwind: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "SOON", soon)
    suedwind = add_server(discord, "Südwind")
    async with start() as running:
        done = await discord.slash(nordwind.admin, nordwind.channel, "feeds import", {"file": ("my.opml", OPML)})
        assert done.messages[0].content.startswith("**From my.opml: 2 feeds added**")
        exported = await discord.slash(nordwind.admin, nordwind.channel, "feeds export")
        (message,) = exported.messages
        assert message.ephemeral
        (file,) = message.attachments
        assert file.filename == "feeds.opml"
        again = await discord.slash(suedwind.admin, suedwind.channel, "feeds import", {"file": ("f.opml", file.data)})
        assert "2 feeds added" in again.messages[0].content
        assert [feed.url for feed in own(running, suedwind)] == [feed.url for feed in own(running, nordwind)]


async def test_files_go_both_ways_by_message(discord: DiscordDouble, start: Start, nordwind: Served) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    async with start() as running:
        said = await discord.say(admin, channel, "!feeds import", files=[("my.opml", OPML)])
        (told,) = await discord.replies_to(said)
        assert told.content.startswith("**From my.opml: 2 feeds added**")
        assert len(own(running, nordwind)) == 2
        said = await discord.say(admin, channel, "!feeds export")
        (told,) = await discord.replies_to(said)
        assert [file.filename for file in told.attachments] == ["feeds.opml"]
        channel.deny(ATTACH)
        await discord.settled()
        said = await discord.say(admin, channel, "!feeds export")
        (told,) = await discord.replies_to(said)
        assert told.attachments == []
        assert "Attach Files is missing" in told.content
        slashed = await discord.slash(admin, channel, "feeds export")
        assert len(slashed.messages[0].attachments) == 1


async def test_a_file_that_cant_be_taken_is_told(discord: DiscordDouble, start: Start, nordwind: Served) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    async with start() as running:
        big = await discord.slash(admin, channel, "feeds import", {"file": ("big.opml", bytes(MAX_UPLOAD + 1))})
        assert "is too big" in big.messages[0].content
        without = await discord.say(admin, channel, "!feeds import")
        (told,) = await discord.replies_to(without)
        assert "Attach an OPML file" in told.content
        # Nothing is loaded down for a command that takes no file.
        said = await discord.say(admin, channel, "!status Germany", files=[("x.bin", bytes(10))])
        (told,) = await discord.replies_to(said)
        assert "Germany" in told.content
        assert own(running, nordwind) == []
