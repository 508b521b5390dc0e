"""``feeds`` on Discord: by every door, with files both ways, for those who manage a server, in time."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.answers import Answer, Attached
from bot.commands import answer
from bot.commands.feeds import MAX_UPLOAD
from bot.discord import client, replies
from bot.library import NoFeed, OtherFeed, Probe, ProbedEntry
from bot.render import render
from bot.request import Request
from bot.run import Running
from bot.store import feeds
from bot.store.feeds import ListedFeed
from summaries.article import Published
from tests.bot.discord.conftest import NOW, Start, text_of
from tests.bot.discord.serving import Served, add_server
from tests.bot.discord.test_readme import ROOT, WRITTEN, as_seen
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble, rules
from tests.doubles.feeds import FeedServer

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
            told = [(one.data, one.template, one.error and one.error.code, one.actions) for one in answers]
            # A message is answered where everybody reads along: there no feed is named.
            same = 4 if answers[0].error else 3
            assert told[-same:] == [told[-1]] * same
            if not answers[0].error:
                assert "example.org" in repr(render.as_discord(answers[0]))
                assert "example.org" not in repr(render.as_discord(answers[1]))


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
    free = threading.Event()
    async with start() as running:

        def slow(url: str) -> Probe:
            free.wait(10)
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


async def test_who_typed_sees_that_a_slow_address_is_being_tried(
    discord: DiscordDouble, start: Start, nordwind: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SOON", 0.05)
    channel, free = nordwind.channel, threading.Event()
    async with start() as running:

        def slow(url: str) -> Probe:
            free.wait(10)
            return probe(url)

        running.app.library.probe = slow
        said = await discord.say(nordwind.admin, channel, "!feeds test example.org/news")
        await discord.until(lambda: channel.typings == 1)
        free.set()
        (told,) = await discord.replies_to(said)
        assert told.content.startswith("**It can be read.**")
        monkeypatch.setattr(client, "SOON", 30.0)
        said = await discord.say(nordwind.admin, channel, "!status Germany")
        await discord.replies_to(said)
        assert channel.typings == 1


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


async def test_a_file_comes_in_by_message_and_goes_out_to_whoever_asked_alone(
    discord: DiscordDouble, start: Start, nordwind: Served
) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    async with start() as running:
        said = await discord.say(admin, channel, "!feeds import", files=[("my.opml", OPML)])
        (told,) = await discord.replies_to(said)
        assert told.content.startswith("**2 feeds added**")
        assert len(own(running, nordwind)) == 2
        for line in ("!feeds", "!feeds export"):
            said = await discord.say(admin, channel, line)
            (told,) = await discord.replies_to(said)
            assert told.attachments == []
            assert "example.org" not in told.content
            assert "This server has 2 feeds of its own." in told.content
        pressed = await discord.press(admin, told, "All feeds")
        assert pressed.messages[0].ephemeral
        assert "example.org" in text_of(pressed.messages)
        slashed = await discord.slash(admin, channel, "feeds export")
        assert len(slashed.messages[0].attachments) == 1


async def test_an_answer_s_file_goes_by_every_door_and_where_it_cant_that_is_said(
    discord: DiscordDouble, start: Start, nordwind: Served
) -> None:
    admin, channel = nordwind.admin, nordwind.channel
    held = Attached("table.csv", b"country,stance\n")

    def ask(request: Request) -> Answer:
        return replace(answer(request, running.app.library), file=held)

    async with start(ask=ask) as running:
        for where in (channel, admin.dm):
            (told,) = await discord.replies_to(await discord.say(admin, where, "!about"))
            assert [(file.filename, file.data) for file in told.attachments] == [(held.name, held.data)]
        nordwind.guild.set_bot_permissions(rules.LEAST & ~rules.ATTACH_FILES)
        (told,) = await discord.replies_to(await discord.say(admin, channel, "!about"))
        assert told.attachments == []
        assert "I can't send a file here: Attach Files is missing. The slash command works without it" in told.content
        slashed = await discord.slash(admin, channel, "about")
        assert [file.filename for file in slashed.messages[0].attachments] == [held.name]
    assert discord.refusals == []


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


# The whole way: a page, its feed, what it brings, and where that is seen ------------------------------------------


def rss(*items: tuple[str, str, datetime]) -> str:
    rows = "".join(
        f"<item><title>{title}</title><description>{words}</description><guid isPermaLink='false'>{title}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for title, words, at in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>The Harbour Post</title>{rows}</channel></rss>'


PAGE = (
    "<!doctype html><html><head><title>The Harbour Post</title>"
    '<link rel="alternate" type="application/rss+xml" title="News" href="/news.xml">'
    '<link rel="alternate" type="application/rss+xml" title="Sport" href="/sport.xml"></head><body>Hello</body></html>'
)
TALKS = "Norway will host the next talks of the coalition of the willing on a force for Ukraine, its minister said."
MEETING = "Ministers of the coalition of the willing met in Oslo to plan its force for Ukraine. Ireland took part."


async def add_harbour(discord: DiscordDouble, running: Running, served: Served, server: FeedServer) -> list[str]:
    """Add a page's feed, let it bring something later, and return what the administrator was told."""
    now, library = running.app.clock(), running.app.library
    with library.store.writing() as connection:
        # The dossier's own are on the real network, and left alone.
        feeds.sync(connection, library.topic.key, library.topic.feeds, now=now)
        for one in feeds.listed(connection, library.topic.key, None):
            feeds.failed(connection, one.id, "busy", "Later.", next_poll_at=now + timedelta(days=9), now=now)
    old = [
        ("Talks on a force", TALKS, now - timedelta(days=1)),
        ("Ferries are back", "Ferries left the harbour on schedule for the first time.", now - timedelta(days=2)),
    ]
    server.serve(rss(*old), "/news.xml")
    server.serve(rss(), "/sport.xml")
    page = server.serve(PAGE, "/", content_type="text/html")
    added = await discord.slash(served.admin, served.channel, "feeds add", {"address": page})
    await running.poll()
    server.serve(rss(("Ministers meet in Oslo", MEETING, now), *old), "/news.xml")
    running.app.clock.now += timedelta(hours=1)  # type: ignore[attr-defined]
    await running.poll()
    listed = await discord.slash(served.admin, served.channel, "feeds list")
    return [as_seen(discord, interaction.messages[0]) for interaction in (added, listed)]


def reaching(server: FeedServer) -> str:
    """Settings that let a server on loopback be reached."""
    return f'\n[feeds]\nprivate_hosts = ["127.0.0.1:{server.port}"]\n'


async def test_what_it_brings_is_told_where_it_was_added_and_nowhere_else(
    discord: DiscordDouble, start: Start, nordwind: Served
) -> None:
    suedwind = add_server(discord, "Südwind")
    bea = discord.add_user("bea")
    nordwind.guild.join(bea)
    async with FeedServer() as server, start(more=reaching(server)) as running:
        for served in (nordwind, suedwind):
            await served.set_up(discord, hour="09:00")
        await discord.slash(bea, nordwind.channel, "subscribe", {"country": "Ireland", "rhythm": "daily"})
        await running.look()
        await add_harbour(discord, running, nordwind, server)
        told = {}
        for served in (nordwind, suedwind):
            asked = await discord.say(served.admin, served.channel, "!status Ireland")
            (told[served],) = await discord.replies_to(asked)
        assert "Spoken of in The Harbour Post, 21 March 2025: 1 time" in told[nordwind].content
        assert "We hold 4 articles" in told[nordwind].content
        assert "We hold 2 articles" in told[suedwind].content
        running.app.clock.now = NOW.replace(hour=9, minute=1)  # type: ignore[attr-defined]
        await running.look()
        await discord.until(lambda: nordwind.posts and suedwind.posts)
        assert "Ministers meet in Oslo" in nordwind.posts[0].text
        assert "Talks on a force" not in nordwind.posts[0].text, "what was there at first is no news"
        assert "Ferries" not in nordwind.posts[0].text
        assert "Harbour" not in suedwind.posts[0].text
        running.app.clock.now += timedelta(days=2)  # type: ignore[attr-defined]
        await running.look()
        assert all("Oslo" not in message.content for message in bea.dm.messages)


async def test_the_readme_s_transcript_is_real(discord: DiscordDouble, start: Start, clock: Clock) -> None:
    clock.now = WRITTEN
    served = add_server(discord)
    async with FeedServer() as server, start(more=reaching(server)) as running:
        added, listed = await add_harbour(discord, running, served, server)
    shown = f"> /feeds add address:harbour.example\n\n{added}\n\n> /feeds list, an hour later\n\n{listed}"
    shown = re.sub(r"\[([^\]]*)\]\(<[^>]*>\)", r"\1", shown).replace("127.0.0.1", "harbour.example")
    shown = re.sub(r"<@\d+>", "@anna", shown).replace("\u2060", "")
    assert shown in (ROOT / "README.md").read_text(encoding="utf-8")
