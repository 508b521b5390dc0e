"""The README's transcript of a server is real: it is what the running bot said on the double."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from tests.bot.discord.conftest import MANAGE, Start
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble
from tests.doubles.discord.messages import Message

ROOT = Path(__file__).parents[3]
WRITTEN = datetime(2026, 11, 24, 18, 42, tzinfo=UTC)


def as_seen(discord: DiscordDouble, message: Message) -> str:
    """Return a message as somebody in Berlin reads it: channels by name, moments in words, buttons in brackets."""
    text = message.content
    for guild in discord.guilds.values():
        for channel in guild.channels.values():
            text = text.replace(f"<#{channel.id}>", f"#{channel.name}")
    text = re.sub(r"<t:(\d+):f>", lambda m: f"{datetime.fromtimestamp(int(m[1]) + 3600, UTC):%-d %B %Y %H:%M}", text)
    text = re.sub(r"^-# ", "", text, flags=re.MULTILINE).replace("**", "").replace("`", "")
    buttons = " ".join(f"[{button.label}]" for button in message.buttons)
    return f"{text}\n{buttons}".strip()


async def transcript(discord: DiscordDouble, start: Start, clock: Clock) -> str:
    """Set a server up and follow a country, and return what is seen."""
    clock.now = WRITTEN
    guild = discord.add_guild("Nordwind")
    general, briefing = guild.add_channel("general"), guild.add_channel("briefing")
    anna = discord.add_user("anna")
    guild.join(anna, permissions=MANAGE)
    lines = []
    async with start():
        briefing.deny(1 << 15)
        await discord.settled()
        lines.append("> /setup channel:#briefing time:08:00 zone:Europe/Berlin")
        card = await discord.slash(
            anna, general, "setup", {"channel": briefing, "time": "08:00", "zone": "Europe/Berlin"}
        )
        lines.append(as_seen(discord, card.messages[0]))
        lines.append("> [Switch on]")
        on = await discord.press(anna, card.messages[0], "Switch on")
        lines.append(as_seen(discord, on.messages[0]))
        lines.append("> /subscribe country:Germany")
        follows = await discord.slash(anna, general, "subscribe", {"country": "Germany"})
        lines.append(as_seen(discord, follows.messages[0]))
        await discord.until(lambda: anna.dm.messages)
        lines.append("> in her direct messages")
        lines.append(as_seen(discord, anna.dm.messages[0]))
    return "\n\n".join(lines)


async def test_the_transcript_is_real(discord: DiscordDouble, start: Start, clock: Clock) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert await transcript(discord, start, clock) in readme
