"""Discord on loopback: HTTP and WebSocket, for the unmodified discord.py, with Discord's rules enforced.

>>> async with DiscordDouble(clock=clock) as discord:
...     guild = discord.add_guild("Nordwind")

``discord.violations`` lists every broken rule as a sentence, also when the bot swallowed the error.
"""

from tests.doubles.discord.double import DiscordDouble
from tests.doubles.discord.interactions import Choice, Interaction
from tests.doubles.discord.messages import Attachment, Button, Message, Pings
from tests.doubles.discord.model import Channel, Guild, Role, User
from tests.doubles.discord.world import Refused, Request

__all__ = [
    "Attachment",
    "Button",
    "Channel",
    "Choice",
    "DiscordDouble",
    "Guild",
    "Interaction",
    "Message",
    "Pings",
    "Refused",
    "Request",
    "Role",
    "User",
]
