"""A server whose briefing is set up as its administrators do it, and what readers then see there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from bot.ingest import Added, ingest
from bot.run import Running
from bot.table import import_rows
from tests.bot.discord.conftest import MANAGER
from tests.doubles.discord import DiscordDouble
from tests.doubles.discord.messages import Message
from tests.doubles.discord.model import Channel, Guild, User

SILENT = 1 << 12

_HEADING = re.compile(r"^\*\*Briefing, \w+ (\d{1,2} \w+ \d{4}): ", re.MULTILINE)
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

    async def set_up(
        self, discord: DiscordDouble, hour: str = "08:00", zone: str = "UTC", channel: Channel | None = None
    ) -> Message:
        """Set the briefing up, or move it; return what the administrator was told."""
        options = {"channel": channel or self.channel, "time": hour, "zone": zone}
        card = await discord.slash(self.admin, self.channel, "setup", options)
        switched = await discord.press(self.admin, card.messages[0], "Switch on")
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


def article(running: Running, folder: Path, title: str, text: str, published: str) -> None:
    """Take an article in, as ``rollcall ingest`` does."""
    file = folder / f"{title.casefold().replace(' ', '-')}.txt"
    file.write_text(f"title: {title}\ndate: {published}\npublisher: The Harbour Post\n\n{text}\n")
    (added,) = ingest(running.app.library, [str(file)], max_bytes=1_000_000, now=running.app.clock())
    assert isinstance(added, Added)
    assert added.outcome == "new"


def germany(running: Running, stance: str, day: str) -> None:
    """An editor approves a new row of the table: Germany's position, by words that a seed article has."""
    import_rows(
        running.app.library,
        f"""
        [[claims]]
        id = "de-{stance}-{day}"
        party = "DE"
        stance = "{stance}"
        speaker = "reporter"
        source = "reporter"
        reported_on = "{day}"

        [[claims.quotes]]
        article = "explainer"
        revision = 1
        start = 2367
        end = 2496
        text = "While not in Europe, Canada and Australia have suggested they are also open to the idea of deploying \
troops to enforce the peace."
        """,
        "table.toml",
        now=running.app.clock(),
        by="Edda Editor",
        why="a test",
    )
