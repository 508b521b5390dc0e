"""The least a bot can be: answers every message with its own text. What benchmarks/discord.py measures ours against.

``python -P benchmarks/echo.py API GATEWAY READY_SECONDS``, the token in ``DISCORD_TOKEN``. It asks for the same intents
and keeps as little in memory as ours does; it says "Ready" on standard error where ours does, and SIGTERM ends it.
"""

import os
import signal
import sys

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

api, gateway, ready_seconds = sys.argv[1:]
Route.BASE = api
DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

client = discord.AutoShardedClient(
    intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True),
    allowed_mentions=discord.AllowedMentions.none(),
    max_messages=None,
    member_cache_flags=discord.MemberCacheFlags.none(),
    chunk_guilds_at_startup=False,
    guild_ready_timeout=float(ready_seconds),
)


@client.event
async def on_ready() -> None:
    sys.stderr.write("Ready\n")


@client.event
async def on_message(message: discord.Message) -> None:
    if not message.author.bot:
        await message.reply(message.content)


signal.signal(signal.SIGTERM, signal.default_int_handler)
client.run(os.environ["DISCORD_TOKEN"], log_handler=None)
