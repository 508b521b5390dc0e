"""A server whose briefing is set up as its administrators do it, and what readers then see there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from bot.ingest import Added, ingest
from bot.run import Running
from bot.table import export, import_rows
from tests.bot.discord.conftest import MANAGER
from tests.doubles.discord import DiscordDouble
from tests.doubles.discord.messages import Message
from tests.doubles.discord.model import Channel, Guild, User

SILENT = 1 << 12

NEWS = {
    "Ferries are back": "Ferries left the harbour of Odesa on schedule for the first time since the winter storms.",
    "Teachers end strike": "Teachers in Porto went back to their classrooms after eleven days without any lessons.",
    "Museum buys book": "The national museum in Prague paid two million crowns for a medieval book on falcons.",
    "Motorway flooded": "Heavy rain closed the motorway between Turin and Milan to lorries and buses on Thursday.",
    "Chess title kept": "The grandmaster from Chennai defended her title with a draw in the last of twelve games.",
    "Wheat price falls": "Wheat became cheaper in Chicago because Argentina expects a record harvest in May.",
    "Glacier measured": "Geologists measured how far the ice above Zermatt retreated while hikers slept nearby.",
    "Opera roof mended": "Carpenters finished the new roof of the opera in Lyon three weeks before the season opens.",
    "Penguins counted": "Volunteers counted more penguins on the island off Cape Town than in any other year.",
    "Satellite launched": "A weather satellite reached its orbit after a rocket left French Guiana before dawn.",
}
"""Titles and texts of articles that have nothing to do with each other."""

_HEADING = re.compile(r"^\*\*(?:Briefing|Weekly digest), \w+ (\d{1,2} \w+ \d{4}): ", re.MULTILINE)
_LATE = re.compile(r"-# Late: this was due <t:(\d+):f>\.\n")


@dataclass(frozen=True)
class Post:
    """A briefing as it stands in a channel: the day in its heading, when it came, since when it says it is late."""

    day: date
    at: datetime
    late_since: datetime | None
    text: str = field(compare=False, repr=False)
    silent: bool = field(compare=False)


@dataclass(frozen=True)
class Served:
    """A server with a channel, and the person who manages it."""

    guild: Guild
    channel: Channel
    admin: User

    async def card(
        self,
        discord: DiscordDouble,
        hour: str = "08:00",
        zone: str = "UTC",
        channel: Channel | None = None,
        **more: str,
    ) -> Message:
        """Ask for the set-up card; ``more`` are ``every`` and ``length``."""
        options = {"channel": channel or self.channel, "time": hour, "zone": zone, **more}
        return (await discord.slash(self.admin, self.channel, "setup", options)).messages[0]

    async def set_up(
        self,
        discord: DiscordDouble,
        hour: str = "08:00",
        zone: str = "UTC",
        channel: Channel | None = None,
        **more: str,
    ) -> Message:
        """Set the briefing up, or change it; return what the administrator was told."""
        card = await self.card(discord, hour, zone, channel, **more)
        switched = await discord.press(self.admin, card, "Switch on")
        return switched.messages[0]

    async def order(self, discord: DiscordDouble, what: str) -> str:
        """Use one of the ``/briefings`` commands; return the answer, which only the administrator sees."""
        answered = await discord.slash(self.admin, self.channel, f"briefings {what}")
        (told,) = answered.messages
        assert told.ephemeral
        return told.content

    @property
    def posts(self) -> list[Post]:
        """The briefings in the channel."""
        return posts_in(self.channel)


def posts_in(channel: Channel) -> list[Post]:
    """Return the briefings in a channel; later parts of one are no briefing of their own."""
    found = []
    for message in channel.messages:
        heading = _HEADING.search(message.content)
        if heading is None:
            continue
        late = _LATE.match(message.content)
        assert heading.start() == (late.end() if late else 0)
        day = datetime.strptime(heading[1], "%d %B %Y").replace(tzinfo=UTC).date()
        since = datetime.fromtimestamp(int(late[1]), UTC) if late else None
        found.append(Post(day, message.created_at, since, message.content, bool(message.flags & SILENT)))
    return found


def add_server(discord: DiscordDouble, name: str = "Nordwind") -> Served:
    """A new server with the bot in it."""
    guild = discord.add_guild(name)
    channel = guild.add_channel("briefing")
    admin = discord.add_user(f"admin of {name}")
    guild.join(admin, MANAGER)
    return Served(guild, channel, admin)


def article(running: Running, folder: Path, title: str, *, published: str = "2025-03-21") -> None:
    """Take one of the :data:`NEWS` in, as ``rollcall ingest`` does."""
    file = folder / f"{title.casefold().replace(' ', '-')}.txt"
    file.write_text(f"title: {title}\ndate: {published}\npublisher: The Harbour Post\n\n{NEWS[title]}\n")
    (added,) = ingest(running.app.library, [str(file)], max_bytes=1_000_000, now=running.app.clock())
    assert isinstance(added, Added)
    assert added.outcome == "new"


def germany(running: Running, stance: str) -> None:
    """An editor changes where Germany stands."""
    library = running.app.library
    before, row = export(library).split('party = "DE"\n', 1)
    changed = re.sub('stance = "[a-z]+"', f'stance = "{stance}"', row, count=1)
    import_rows(
        library, f'{before}party = "DE"\n{changed}', "table.toml", now=running.app.clock(), by="Edda", why="a test"
    )
