"""What the bot may do in a channel, and what to do about what it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import discord

from bot.commands.servers import Check

Channel = discord.abc.GuildChannel | discord.Thread


@dataclass(frozen=True, slots=True)
class Need:
    """A permission: its name in this library, its name on Discord's screens, and what it is for."""

    flag: str
    label: str
    purpose: str
    must: bool = True


NEEDS: Final = (
    Need("view_channel", "View Channel", "to see the channel"),
    Need("send_messages", "Send Messages", "to post"),
    Need("read_message_history", "Read Message History", "so that I never post twice"),
    Need("attach_files", "Attach Files", "for pictures; without it I leave them out", must=False),
)

IN_THREADS: Final = Need("send_messages_in_threads", "Send Messages in Threads", "to post")


def needs_in(channel: Channel) -> tuple[Need, ...]:
    """Return what is needed to post in a channel; in a thread another permission counts for sending."""
    if isinstance(channel, discord.Thread):
        return tuple(IN_THREADS if need.flag == "send_messages" else need for need in NEEDS)
    return NEEDS


def checks(channel: Channel, me: discord.Member) -> tuple[Check, ...]:
    """Return every permission with whether it is there and, where it is not, how to give it."""
    have = channel.permissions_for(me)
    return tuple(
        Check(
            label=need.label,
            purpose=need.purpose,
            ok=bool(getattr(have, need.flag)),
            must=need.must,
            remedy=f"channel settings of #{channel.name}, Permissions, add {me.display_name}, switch on {need.label}",
        )
        for need in needs_in(channel)
    )


def missing_to_post(channel: Channel, me: discord.Member) -> str | None:
    """Return a sentence that names what is missing to post in a channel, and the remedy; None when all is there."""
    lacking = [check for check in checks(channel, me) if check.must and not check.ok]
    if isinstance(channel, discord.Thread) and channel.locked and not channel.permissions_for(me).manage_threads:
        return f"The thread {channel.name} is locked. Unlock it, or choose another place with /setup."
    if not lacking:
        return None
    names = ", ".join(check.label for check in lacking)
    return f"Missing in #{channel.name}: {names}. To mend it: {lacking[0].remedy}."
