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


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is to be posted: a channel or thread, or the channel of a thread that isn't known.

    An archived thread is told of nowhere, nor is a private one the bot was not added to (``private``: so it is one);
    their permissions are their channel's, as every thread's are.
    """

    channel: Channel
    in_thread: bool
    private: bool = False

    @property
    def locked(self) -> bool:
        """Whether it is a thread that only those who manage threads may write in."""
        return isinstance(self.channel, discord.Thread) and self.channel.locked

    @property
    def closed(self) -> bool:
        """Whether it is a private thread that the bot was not added to."""
        if isinstance(self.channel, discord.Thread):
            return self.channel.is_private() and self.channel.me is None
        return self.private

    @property
    def home(self) -> Channel:
        """The channel whose settings decide."""
        parent = self.channel.parent if isinstance(self.channel, discord.Thread) else None
        return parent or self.channel


def spot(guild: discord.Guild, identifier: int, parent_id: int | None, *, private: bool = False) -> Spot | None:
    """Return where a channel or thread is; None where nothing is known of it.

    ``parent_id`` is a thread's channel; ``private`` tells that the thread is a private one.
    """
    channel = guild.get_channel_or_thread(identifier)
    if channel is not None:
        return Spot(channel, isinstance(channel, discord.Thread))
    parent = guild.get_channel(parent_id) if parent_id is not None and parent_id != identifier else None
    return Spot(parent, True, private) if parent is not None else None


def needs_in(place: Spot) -> tuple[Need, ...]:
    """Return what is needed to post in a place; in a thread another permission counts for sending."""
    if place.in_thread:
        return tuple(IN_THREADS if need.flag == "send_messages" else need for need in NEEDS)
    return NEEDS


def checks(place: Spot, me: discord.Member) -> tuple[Check, ...]:
    """Return every permission with whether it is there and, where it is not, how to give it."""
    have = place.channel.permissions_for(me)
    settings = f"channel settings of #{place.home.name}, Permissions, add {me.display_name}"
    found = [
        Check(
            label=need.label,
            purpose=need.purpose,
            ok=bool(getattr(have, need.flag)),
            must=need.must,
            remedy=f"{settings}, switch on {need.label}",
        )
        for need in needs_in(place)
    ]
    if place.locked and not have.manage_threads:
        remedy = "unlock it, or choose another place"
        found.append(Check("An unlocked thread", f"{place.channel.name} is locked", False, True, remedy))
    if place.closed and not have.manage_threads:
        remedy = f"mention {me.display_name} in the thread, which adds me to it"
        found.append(
            Check("A place in the thread", "a private thread is for those who were added", False, True, remedy)
        )
    return tuple(found)


def missing_to_post(place: Spot, me: discord.Member) -> str | None:
    """Return a sentence that names what is missing to post in a place, and the remedy; None when all is there."""
    if place.locked and not place.channel.permissions_for(me).manage_threads:
        return f"The thread {place.channel.name} is locked. Unlock it, or choose another place with /setup."
    lacking = [check for check in checks(place, me) if check.must and not check.ok]
    if not lacking:
        return None
    names = ", ".join(check.label for check in lacking)
    # The first remedy leads there; the others are the next switches on the same page.
    remedy = ", and ".join([lacking[0].remedy, *(check.remedy.split(", ")[-1] for check in lacking[1:])])
    return f"Missing in #{place.channel.name}: {names}. To mend it: {remedy}."


def missing_in(place: Spot | None, guild: discord.Guild) -> str | None:
    """Return what is missing to post in a place of a server; None when all is there, or nothing is known."""
    # Of a server in an outage the bot's own membership isn't known either.
    me: discord.Member | None = guild.me
    return None if place is None or me is None else missing_to_post(place, me)


def missing_to_attach(channel: Channel, me: discord.Member) -> str | None:
    """Return why a file can't be sent in a channel, and what to do; None where it can."""
    if channel.permissions_for(me).attach_files:
        return None
    return (
        "I can't send a file here: Attach Files is missing. The slash command works without it; or channel settings of "
        f"#{channel.name}, Permissions, add {me.display_name}, switch on Attach Files."
    )


def missing_to_write(channel: Channel, me: discord.Member) -> str | None:
    """Return why an answer can't be written in a channel; reading its history is not needed for that."""
    place = Spot(channel, isinstance(channel, discord.Thread))
    have = channel.permissions_for(me)
    may = have.send_messages_in_threads if place.in_thread else have.send_messages
    shut = (place.locked or place.closed) and not have.manage_threads
    return None if have.view_channel and may and not shut else missing_to_post(place, me)
