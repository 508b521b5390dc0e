"""The four doors."""

from __future__ import annotations

from tests.bot.discord.conftest import Start
from tests.doubles.discord import DiscordDouble


async def test_a_typed_command_is_answered(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!status Germany")
        (reply,) = await discord.replies_to(asked)
        print(reply.content)
        print(reply.buttons)
        assert "Germany: unclear" in reply.content
        i = await discord.slash(anna, channel, "status", {"country": "Germany"})
        print(i.messages[0].content, i.messages[0].ephemeral, i.seconds)
        print(await discord.autocomplete(anna, channel, "status", "country", "Ger"))
        i = await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
        print(i.messages[0].content, i.messages[0].ephemeral, i.seconds)
        await discord.until(lambda: anna.dm.messages)
        print(anna.dm.messages[0].content, anna.dm.messages[0].buttons)
        i = await discord.press(anna, anna.dm.messages[0], "All I follow")
        print(i.messages[0].content, i.messages[0].ephemeral, i.seconds)
