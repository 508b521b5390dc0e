"""Hostile articles and people, from the file to the message on Discord: nobody is pinged and no rule is broken."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import count, islice, pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import tomli_w

from bot.ingest import Added, ingest
from bot.run import Running
from bot.table import import_rows
from tests.bot.discord.conftest import MANAGE, NOW, Start
from tests.bot.hostile import LONG, MARKS, MENTIONS, SNIPPETS
from tests.conftest import Clock
from tests.doubles.discord import Channel, DiscordDouble, Guild, User, markdown, mentions, rules
from tests.doubles.feeds import FeedServer

pytestmark = pytest.mark.long

SEEDS = Path(__file__).parents[3] / "seeds"

NAME = "@everyone [x](http://evil.example) `||<#1>"
"""What servers and channels are called here."""

OUR_LINKS = ("https://news.example/", "https://ours.example/")


@pytest.fixture
def guild(discord: DiscordDouble) -> Guild:
    """A server where the bot may ping everybody, so that only its own care keeps it from that."""
    return discord.add_guild(NAME, rules.EVERYTHING)


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_channel(NAME)


@pytest.fixture
def anna(discord: DiscordDouble, guild: Guild) -> User:
    person = discord.add_user("anna")
    guild.join(person)
    return person


@pytest.fixture
def bea(discord: DiscordDouble, guild: Guild) -> User:
    person = discord.add_user("bea")
    guild.join(person, MANAGE)
    return person


@pytest.fixture(autouse=True)
def nobody_is_pinged(discord: DiscordDouble, guild: Guild) -> Iterator[None]:
    """Whatever happens in a test: no message pings, would ping without its ``allowed_mentions``, or leads astray."""
    guild.add_role("moderators", mentionable=True)
    yield
    ours = [message for message in discord.all_messages if message.author is discord.bot]
    assert ours
    for message in ours:
        assert not message.pings
        assert len(message.content) <= rules.CONTENT
        # What is ours of that kind says what can't be done, and in the trail of changes by whom they were made.
        words = re.sub(r"I can't ping @everyone| by <@\d+>", "", message.content)
        assert not mentions.pings(message.channel, discord.bot, words, None), words
        found = markdown.marks(words)
        assert not {mark.kind for mark in found} & {"spoiler", "strike", "italic", "block", "everyone", "address"}, (
            words
        )
        assert all(mark.target.startswith(OUR_LINKS) for mark in found if mark.kind == "link"), words
        assert message.suppressed or message.interaction, "no link unfolds"


def _clean(text: str) -> str:
    """A text as one line of a file in UTF-8."""
    return " ".join(text.encode("utf-8", "replace").decode().split()) or "-"


def _words(number: int) -> Iterator[str]:
    """Words that no other number has."""
    return (f"{chr(97 + number % 26)}{'aeiou'[number // 26 % 5]}{chr(97 + turn % 26)}{turn}" for turn in count())


def _articles(folder: Path, person: User, files: int = 8) -> list[Path]:
    """Files whose every header and sentence is hostile, in ever other ways."""
    folder.mkdir(exist_ok=True)
    attacks = [*SNIPPETS, f"<@{person.id}>", f"<@!{person.id}>"]
    found = []
    for number in range(files):
        mine = [_clean(one) for one in attacks[number::files]]
        lines = [
            f"url: https://news.example/{number}/{mine[0]}?a=(b)&c={mine[1]}",
            f"title: {' '.join(mine[:6])}",
            f"publisher: {' '.join(mine[6:9])}",
            f"author: {' '.join(mine[9:12])}",
            "date: 2025-03-21T07:01:00Z",
            "",
            # Words of its own between all others, so that none is taken for a copy of another.
            *(f"{one} Germany and Italy {own} are ready {own} to talk {own} about {two} in the spring, ministers said."
              for own, (one, two) in zip(_words(number), pairwise(mine), strict=False)),
            f"{mine[2]} Germany is said to hold that {LONG[number % len(LONG)]} is no way to talk at all.",
        ]  # fmt: skip
        file = folder / f"{number}.txt"
        file.write_text("\n".join(lines), encoding="utf-8")
        found.append(file)
    return found


def _take_in(running: Running, files: list[Path]) -> list[Added]:
    app = running.app
    done = list(ingest(app.library, [str(file) for file in files], max_bytes=1_000_000, now=app.clock()))
    assert all(isinstance(one, Added) for one in done), done
    return [one for one in done if isinstance(one, Added)]


def _claim(running: Running, article: str, number: int, person: User) -> str:
    """A row of the table, as hostile as a row can be, that quotes a sentence of a hostile article."""
    stored = running.app.library.article(article)
    assert stored is not None
    end = stored.text.index("ministers said.", stored.body_start) + len("ministers said.")
    start = stored.text.rindex("\n", 0, end) + 1
    row = {
        "id": f"de-hostile-{number}",
        "party": "DE",
        "stance": "open",
        "speaker": f"@everyone <@{person.id}> [x](http://evil.example)",
        "office": "||minister|| `of` **attacks**",
        "via": "> @here",
        "source": "named",
        "reported_on": "2025-03-21",
        "note": f"# A note\n> for <@&1> and <@{person.id}> </setup:1> <t:1:R>",
        "quotes": [{"article": article, "start": start, "end": end, "text": stored.text[start:end]}],
    }
    return tomli_w.dumps({"claims": [row]})


async def test_articles_a_claim_the_briefing_and_updates(
    discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, bea: User, tmp_path: Path
) -> None:
    files = _articles(tmp_path / "in", anna)
    async with start() as running:
        library = running.app.library
        _take_in(running, files[:1])
        card = await discord.slash(bea, channel, "setup", {"channel": channel, "time": "08:00", "zone": "UTC"})
        await discord.press(bea, card.messages[0], "Switch on")
        await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
        await discord.slash(anna, channel, "subscribe", {"country": "Italy", "rhythm": "daily"})
        await discord.slash(bea, channel, "subscribe", {"country": "Germany", "here": True})
        await discord.until(lambda: anna.dm.messages)

        clock.advance(minutes=2)
        stored = _take_in(running, files[1:])
        rows = _claim(running, stored[0].article, 1, anna)
        import_rows(library, rows, "rows.toml", now=clock(), by="[editor](http://evil.example) @here", why="**why** ||")
        clock.advance(minutes=3)
        await running.look()
        assert "Germany: open to it." in anna.dm.messages[-1].content.replace("**", "")
        assert "Germany: open to it." in channel.messages[-1].content.replace("**", "")

        clock.now = NOW.replace(hour=8)
        await running.look()
        assert any("Briefing, Friday 21 March 2025" in message.content for message in channel.messages)
        assert any("Daily update: " in message.content for message in anna.dm.messages)

        for command in ("status Germany", "proof Germany", "who-is-in", "about", "briefing", "status Ireland"):
            asked = await discord.say(anna, channel, f"!{command}")
            await discord.replies_to(asked)
        status = await discord.slash(anna, channel, "status", {"country": "Germany"})
        proof = await discord.press(anna, status.messages[0], "Proof")
        assert "found letter for letter" in "".join(message.content for message in proof.messages)
        await discord.slash(bea, channel, "briefings show")
        await discord.slash(bea, channel, "briefings preview")
        await discord.slash(anna, channel, "subscriptions")
    assert discord.refusals == []


async def test_an_article_of_everything_at_once(
    discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, tmp_path: Path
) -> None:
    """Long titles, publishers and addresses as well as long sentences: what doesn't fit is left out, never cut."""
    (tmp_path / "first.txt").write_text("Ministers met in Oslo on Monday and agreed on a plan for the spring.")
    everything = _clean(" ".join((*MENTIONS, *MARKS)))
    (tmp_path / "second.txt").write_text(
        f"url: https://news.example/{everything}\ntitle: {everything * 4}\npublisher: {everything * 4}\n"
        f"date: 2025-03-21\n\nGermany {everything} says that it is ready. {everything * 5} Germany did so too.\n",
        encoding="utf-8",
    )
    async with start() as running:
        _take_in(running, [tmp_path / "first.txt"])
        await discord.slash(anna, channel, "subscribe", {"country": "Germany", "rhythm": "daily"})
        await discord.until(lambda: anna.dm.messages)
        clock.advance(minutes=1)
        _take_in(running, [tmp_path / "second.txt"])
        clock.advance(days=1)
        await running.look()
        assert any("Daily update: " in message.content for message in anna.dm.messages)
        for command in ("briefing 2025-03-21", "about", "status Ireland"):
            asked = await discord.say(anna, channel, f"!{command}")
            await discord.replies_to(asked)
    assert discord.refusals == []


def _feed(attacks: list[str], moment: str) -> bytes:
    """An RSS feed of hostile items."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{moment} {number}</guid><title>{_xml(attack)}</title>"
        f"<link>https://news.example/{number}/{_xml(attack)}</link><author>{_xml(attack)}</author>"
        f"<content:encoded>{_xml(f'{attack} Germany is ready to talk about {attack} in the spring.')} "
        # Long enough not to have its page read, and in words of its own.
        f"{' '.join(islice(_words(number), 80))}.</content:encoded>"
        f"<pubDate>{moment}</pubDate></item>"
        for number, attack in enumerate(attacks)
    )
    head = f"<channel><title>{_xml(attacks[0])}</title>"
    content = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    return f"<rss version='2.0' {content}>{head}{items}</channel></rss>".encode()


def _xml(text: str) -> str:
    return escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", _clean(text)))


async def test_a_feed(
    discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, bea: User, tmp_path: Path
) -> None:
    dossier = tmp_path / "dossier"
    shutil.copytree(SEEDS, dossier)
    topic = (SEEDS / "topic.toml").read_text(encoding="utf-8")
    attacks = [f"{one} {other}" for one, other in pairwise([*MENTIONS, *MARKS])]
    async with FeedServer() as paper:
        feed = {"url": paper.url(), "name": NAME, "kind": "news", "language": "en", "note": NAME, "everything": True}
        (dossier / "topic.toml").write_text(
            topic[: topic.index("[[feeds]]")] + tomli_w.dumps({"feeds": [feed]}), encoding="utf-8"
        )
        paper.serve(_feed(["An article that everybody knows"], "Fri, 21 Mar 2025 06:00:00 +0000"))
        settings = f'\n[feeds]\nprivate_hosts = ["127.0.0.1:{paper.port}"]\n'
        async with start(top=f'dossier = "{dossier}"', more=settings) as running:
            await running.poll()
            card = await discord.slash(bea, channel, "setup", {"channel": channel, "time": "08:00", "zone": "UTC"})
            await discord.press(bea, card.messages[0], "Switch on")
            await discord.slash(anna, channel, "subscribe", {"country": "Germany", "rhythm": "daily"})
            await discord.until(lambda: anna.dm.messages)
            clock.advance(minutes=30)
            paper.serve(_feed(attacks, "Fri, 21 Mar 2025 07:20:00 +0000"))
            await running.poll()
            assert len(paper.asked()) == 2
            clock.now = NOW.replace(hour=8)
            await running.look()
            posted = "".join(message.content for message in channel.messages)
            assert "Briefing, Friday 21 March 2025" in posted
            assert "https://news.example/" in posted
            assert any("Daily update: " in message.content for message in anna.dm.messages)
            about = await discord.say(anna, channel, "!about")
            await discord.replies_to(about)
    assert discord.refusals == []


COMMANDS = ("status", "proof", "subscribe", "unsubscribe", "who-is-in", "briefing", "help", "privacy")


@pytest.mark.parametrize("command", COMMANDS)
async def test_what_people_type_comes_back_as_words(
    discord: DiscordDouble, start: Start, channel: Channel, anna: User, command: str
) -> None:
    attacks = [*SNIPPETS, *LONG]
    async with start():
        for number in range(0, len(attacks), 12):
            line = " ".join(attacks[number : number + 12])[:1900]
            for text in (f"!{command} {line}", f"!{command} Germny {line}"):
                asked = await discord.say(anna, channel, text.encode("utf-8", "replace").decode()[:2000])
                await discord.replies_to(asked)
    assert discord.refusals == []


async def test_options_and_forms_come_back_as_words(
    discord: DiscordDouble, start: Start, channel: Channel, anna: User, bea: User
) -> None:
    async with start():
        for number in range(0, len(SNIPPETS), 10):
            words = " ".join(SNIPPETS[number : number + 10]).encode("utf-8", "replace").decode() or "-"
            await discord.slash(anna, channel, "status", {"country": words})
            await discord.slash(anna, channel, "who-is-in", {"position": words})
            await discord.autocomplete(anna, channel, "status", "country", words)
            await discord.slash(bea, channel, "setup", {"channel": channel, "time": words, "zone": words})
            await discord.slash(bea, channel, "setup", {"channel": channel, "time": "8", "zone": words})
            await discord.autocomplete(bea, channel, "setup", "zone", words, {"channel": channel, "time": "8"})
            done = await discord.slash(bea, channel, "settings", {"prefix": words})
            assert all(message.ephemeral for message in done.messages)
    assert discord.refusals == []


async def test_a_name_of_signs_in_what_is_missing(
    discord: DiscordDouble, start: Start, guild: Guild, channel: Channel, anna: User, bea: User
) -> None:
    guild.set_bot_permissions(rules.LEAST)
    channel.deny(rules.SEND)
    async with start() as running:
        await discord.say(anna, channel, "!status Germany")
        await discord.until(lambda: anna.dm.messages)
        await discord.slash(bea, channel, "setup", {"channel": channel, "time": "08:00", "zone": "UTC"})
        await running.look()
    assert discord.refusals == []
