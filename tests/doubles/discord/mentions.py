"""Whom a text notifies: docs/resources/message "Allowed Mentions Object"."""

from __future__ import annotations

import re
from typing import Any

from tests.doubles.discord import rules
from tests.doubles.discord.messages import Message, Pings
from tests.doubles.discord.model import Channel, User

_USER = re.compile(r"<@!?(\d{15,20})>")
_ROLE = re.compile(r"<@&(\d{15,20})>")
_EVERYONE = re.compile(r"@(?:everyone|here)")
# "Discord may strip certain characters": what is stripped can't break a mention up.
_STRIPPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

REGULAR = frozenset({"users", "roles", "everyone"})
INTERACTION = frozenset({"users"})


def pings(
    channel: Channel,
    author: User,
    text: str,
    allowed: dict[str, Any] | None,
    *,
    default: frozenset[str] = REGULAR,
    reply_to: Message | None = None,
) -> Pings:
    """Whom the text notifies.

    Mentions in code are counted too. Discord doesn't promise that it leaves them alone, and a bot must not rely on it.
    """
    parse = set(default) if allowed is None else set(allowed.get("parse") or ())
    listed = {kind: {int(i) for i in (allowed or {}).get(kind) or ()} for kind in ("users", "roles")}
    text = _STRIPPED.sub("", text)
    world = channel.world
    permissions = channel.permissions_of(author)
    users = {
        int(found)
        for found in _USER.findall(text)
        if int(found) in world.users and ("users" in parse or int(found) in listed["users"])
    }
    if reply_to is not None and (allowed is None or allowed.get("replied_user")):
        users.add(reply_to.author.id)
    users.discard(author.id)
    roles: set[int] = set()
    everyone = False
    if channel.guild is not None:
        for found in map(int, _ROLE.findall(text)):
            role = channel.guild.roles.get(found)
            may = role is not None and (role.mentionable or permissions & rules.MENTION_EVERYONE)
            if may and ("roles" in parse or found in listed["roles"]):
                roles.add(found)
        wanted = "everyone" in parse and bool(permissions & rules.MENTION_EVERYONE)
        everyone = wanted and bool(_EVERYONE.search(text))
    return Pings(frozenset(users), frozenset(roles), everyone)


def names_bot(message: Message) -> bool:
    """The text itself @mentions the bot."""
    return str(message.channel.world.bot.id) in _USER.findall(message.content)
