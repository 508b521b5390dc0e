"""Users, servers and channels as the double keeps them, and the JSON Discord makes of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.doubles.discord import rules
from tests.doubles.discord.permissions import Overwrite, base, implied, overwritten

if TYPE_CHECKING:
    from tests.doubles.discord.messages import Message
    from tests.doubles.discord.world import World


@dataclass(eq=False, repr=False)
class User:
    """An account. ``dms_open`` is its privacy setting; ``installed`` says it has the app without a common server."""

    id: int
    name: str
    world: World = field(repr=False)
    bot: bool = False
    dms_open: bool = True
    installed: bool = False
    locale: str = "en-US"
    _dm: Channel | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return f"<User {self.name}>"

    @property
    def dm(self) -> Channel:
        """The direct channel between this user and the bot."""
        if self._dm is None:
            self._dm = Channel(self.world.entity_id(), "", rules.DM, self.world, recipient=self)
            self.world.channels[self._dm.id] = self._dm
        return self._dm

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    @property
    def guilds(self) -> list[Guild]:
        """The servers this user and the bot are both in."""
        return [guild for guild in self.world.guilds.values() if guild.present and self.id in guild.members]

    def payload(self) -> dict[str, Any]:
        shown = None if self.bot else self.name.title()
        return {
            "id": str(self.id),
            "username": self.name,
            "global_name": shown,
            "discriminator": "0001" if self.bot else "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False)
class Role:
    """A role; the one with its server's id is @everyone."""

    id: int
    name: str
    permissions: int
    mentionable: bool = False
    managed_by: int | None = None

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def payload(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(self.permissions),
            "managed": self.managed_by is not None,
            "mentionable": self.mentionable,
            "flags": 0,
            **({"tags": {"bot_id": str(self.managed_by)}} if self.managed_by else {}),
        }


@dataclass(eq=False)
class Member:
    """A user in a server."""

    user: User
    roles: list[int]
    joined_at: datetime

    def payload(self, *, with_user: bool = True) -> dict[str, Any]:
        return {
            **({"user": self.user.payload()} if with_user else {}),
            "nick": None,
            "avatar": None,
            "roles": [str(role) for role in self.roles],
            "joined_at": self.joined_at.isoformat(),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }


@dataclass(eq=False, repr=False)
class Guild:
    """A server. @everyone may nothing by itself, so that ``bot_permissions`` are exactly what the bot may do."""

    id: int
    name: str
    world: World = field(repr=False)
    owner: User
    locale: str
    everyone: Role
    bot_role: Role
    roles: dict[int, Role] = field(default_factory=dict, repr=False)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[int, Channel] = field(default_factory=dict, repr=False)
    present: bool = True
    filler: int = 0

    def __repr__(self) -> str:
        return f"<Guild {self.name}>"

    def add_channel(self, name: str, kind: int = rules.GUILD_TEXT, parent: Channel | None = None) -> Channel:
        """A channel: 0 text, 2 voice, 4 category, 5 announcement, 15 forum."""
        channel = Channel(self.world.entity_id(), name, kind, self.world, guild=self, parent=parent)
        self.channels[channel.id] = self.world.channels[channel.id] = channel
        self.world.emit("CHANNEL_CREATE", channel.payload(), self)
        return channel

    def add_role(self, name: str, permissions: int = 0, *, mentionable: bool = False) -> Role:
        """A role nobody has yet."""
        role = Role(self.world.entity_id(), name, permissions, mentionable)
        self.roles[role.id] = role
        self.world.emit("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.payload()}, self)
        return role

    def join(self, user: User, permissions: int = 0, roles: tuple[Role, ...] = ()) -> Member:
        """Makes the user a member with an ordinary member's permissions and those given besides.

        Done again, it changes what the member may do.
        """
        wanted = rules.ORDINARY | permissions
        name = f"members {wanted}"
        role = next((role for role in self.roles.values() if role.name == name), None) or self.add_role(name, wanted)
        joined = self.members[user.id].joined_at if user.id in self.members else self.world.clock()
        member = Member(user, [role.id, *(other.id for other in roles)], joined)
        event = "GUILD_MEMBER_UPDATE" if user.id in self.members else "GUILD_MEMBER_ADD"
        self.members[user.id] = member
        self.world.emit(event, {**member.payload(), "guild_id": str(self.id)}, self, rules.GUILD_MEMBERS)
        return member

    def leave(self, user: User) -> None:
        """The user leaves, or is thrown out."""
        self.members.pop(user.id, None)
        gone = {"guild_id": str(self.id), "user": user.payload()}
        self.world.emit("GUILD_MEMBER_REMOVE", gone, self, rules.GUILD_MEMBERS)

    def set_permissions(self, role: Role, permissions: int) -> None:
        """Changes what a role may do."""
        role.permissions = permissions
        self.world.emit("GUILD_ROLE_UPDATE", {"guild_id": str(self.id), "role": role.payload()}, self)

    def set_bot_permissions(self, permissions: int) -> None:
        """Changes what the bot's own role may do."""
        self.set_permissions(self.bot_role, permissions)

    async def kick(self) -> None:
        """Removes the bot."""
        self.world.emit("GUILD_DELETE", {"id": str(self.id)}, self)
        self.present = False
        self.members.pop(self.world.bot.id, None)

    async def outage(self) -> None:
        """The server can't be reached for a while. That is no kick, though the event has the same name."""
        self.world.emit("GUILD_DELETE", {"id": str(self.id), "unavailable": True}, self)

    async def back(self) -> None:
        """The outage is over."""
        self.world.emit("GUILD_CREATE", self.payload(), self)

    async def invite(self) -> None:
        """Takes the bot in again after a kick."""
        self.present = True
        self.members[self.world.bot.id] = Member(self.world.bot, [self.bot_role.id], self.world.clock())
        self.world.emit("GUILD_CREATE", self.payload(), self)

    def permissions_of(self, user: User) -> int:
        """Permissions in the server as a whole."""
        member = self.members.get(user.id)
        if member is None:
            return 0
        bits = [self.roles[role].permissions for role in member.roles if role in self.roles]
        return base(user is self.owner, self.everyone.permissions, bits)

    def payload(self) -> dict[str, Any]:
        """The server as GUILD_CREATE has it: of the members only the bot, as without the members intent."""
        bot = self.world.bot
        mine = [member.payload() for member in self.members.values() if member.user is bot]
        fillers = [self._filler(number) for number in range(self.filler)]
        active = [c for c in self.channels.values() if c.is_thread and not c.archived]
        return {
            **self.summary(),
            "joined_at": self.members[bot.id].joined_at.isoformat() if bot.id in self.members else None,
            "large": self.member_count >= 250,
            "unavailable": False,
            "member_count": self.member_count,
            "voice_states": [],
            "members": mine + fillers,
            "channels": [c.payload() for c in self.channels.values() if not c.is_thread],
            "threads": [c.payload() for c in active if c.permissions_of(bot) & rules.VIEW],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }

    def summary(self) -> dict[str, Any]:
        """The server as GET /guilds/{id} has it."""
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "splash": None,
            "discovery_splash": None,
            "owner_id": str(self.owner.id),
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "roles": [role.payload() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": [],
            "mfa_level": 0,
            "application_id": None,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "public_updates_channel_id": None,
            "safety_alerts_channel_id": None,
            "vanity_url_code": None,
            "description": None,
            "banner": None,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "preferred_locale": self.locale,
            "nsfw_level": 0,
            "premium_progress_bar_enabled": False,
        }

    @property
    def member_count(self) -> int:
        return len(self.members) + self.filler

    def _filler(self, number: int) -> dict[str, Any]:
        user = User(self.id + 1 + number, f"member{number}", self.world)
        return Member(user, [], self.world.started).payload()


@dataclass(eq=False, repr=False)
class Channel:
    """A channel, thread or direct channel."""

    id: int
    name: str
    kind: int
    world: World = field(repr=False)
    guild: Guild | None = None
    parent: Channel | None = field(default=None, repr=False)
    recipient: User | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict, repr=False)
    archived: bool = False
    locked: bool = False
    deleted: bool = False
    log: dict[int, Message] = field(default_factory=dict, repr=False)
    typings: int = 0

    def __repr__(self) -> str:
        return f"<Channel {self.name or self.recipient}>"

    @property
    def messages(self) -> list[Message]:
        """What stands in the channel, oldest first; what was deleted or is for one person only does not."""
        return [message for message in self.log.values() if not message.deleted and not message.ephemeral]

    @property
    def is_thread(self) -> bool:
        return self.kind in rules.THREADS

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    def add_thread(self, name: str, archived: bool = False, locked: bool = False, *, ident: int = 0) -> Channel:
        """A public thread in this channel."""
        if self.guild is None or self.is_thread:
            raise ValueError("threads are made in a server's channel")
        kind = rules.ANNOUNCEMENT_THREAD if self.kind == rules.ANNOUNCEMENT else rules.PUBLIC_THREAD
        ident = ident or self.world.entity_id()
        thread = Channel(ident, name, kind, self.world, guild=self.guild, parent=self)
        thread.archived, thread.locked = archived, locked
        self.guild.channels[thread.id] = self.world.channels[thread.id] = thread
        if not archived:
            self.world.emit("THREAD_CREATE", {**thread.payload(), "newly_created": True}, self.guild, viewable=thread)
        return thread

    def set_thread(self, *, archived: bool | None = None, locked: bool | None = None) -> None:
        """Archives, unarchives, locks or unlocks a thread."""
        self.archived = self.archived if archived is None else archived
        self.locked = self.locked if locked is None else locked
        self.world.emit("THREAD_UPDATE", self.payload(), self.guild, viewable=self)

    def deny(self, permissions: int, who: User | Role | None = None) -> None:
        """Denies permissions here to the bot, or to whom is named."""
        overwrite = self._overwrite(who)
        overwrite.deny |= permissions
        overwrite.allow &= ~permissions
        self.world.emit("CHANNEL_UPDATE", self.payload(), self.guild)

    def allow(self, permissions: int, who: User | Role | None = None) -> None:
        """Allows permissions here to the bot, or to whom is named."""
        overwrite = self._overwrite(who)
        overwrite.allow |= permissions
        overwrite.deny &= ~permissions
        self.world.emit("CHANNEL_UPDATE", self.payload(), self.guild)

    def _overwrite(self, who: User | Role | None) -> Overwrite:
        if self.guild is None or self.is_thread:
            raise ValueError("only a server's channels have permissions of their own; a thread has its parent's")
        who = self.world.bot if who is None else who
        return self.overwrites.setdefault(who.id, Overwrite(who.id, 0 if isinstance(who, Role) else 1))

    async def delete(self) -> None:
        """Deletes the channel, with the threads in it."""
        if self.guild is None:
            raise ValueError("a direct channel can't be deleted")
        for channel in [c for c in self.guild.channels.values() if c is self or (c.parent is self and c.is_thread)]:
            channel.deleted = True
            del self.guild.channels[channel.id], self.world.channels[channel.id]
        self.world.emit("THREAD_DELETE" if self.is_thread else "CHANNEL_DELETE", self.payload(), self.guild)

    def permissions_of(self, user: User) -> int:
        """What the user may do here, everything taken together."""
        if self.guild is None:
            known = user is self.world.bot or user is self.recipient
            return rules.ORDINARY | rules.EMBED_LINKS | rules.ATTACH_FILES if known else 0
        member = self.guild.members.get(user.id)
        if member is None:
            return 0
        home = self.parent if self.is_thread and self.parent else self
        bits = overwritten(
            self.guild.permissions_of(user), home.overwrites, self.guild.id, member.roles, member.user.id
        )
        return implied(bits, thread=self.is_thread)

    def payload(self) -> dict[str, Any]:
        if self.guild is None:
            recipients = [self.recipient.payload()] if self.recipient else []
            return {"id": str(self.id), "type": rules.DM, "last_message_id": None, "recipients": recipients, "flags": 0}
        common = {
            "id": str(self.id),
            "type": self.kind,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "parent_id": str(self.parent.id) if self.parent else None,
            "last_message_id": str(next(reversed(self.log))) if self.log else None,
            "rate_limit_per_user": 0,
            "flags": 0,
        }
        if not self.is_thread:
            return {
                **common,
                "position": 0,
                "permission_overwrites": [overwrite.payload() for overwrite in self.overwrites.values()],
                "nsfw": False,
                "topic": None,
                **({"bitrate": 64_000, "user_limit": 0} if self.kind == rules.VOICE else {}),
                **({"available_tags": []} if self.kind in (rules.FORUM, rules.MEDIA) else {}),
            }
        return {
            **common,
            "owner_id": str(self.guild.owner.id),
            "message_count": len(self.messages),
            "member_count": 1,
            "total_message_sent": len(self.log),
            "thread_metadata": {
                "archived": self.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": self.world.started.isoformat(),
                "locked": self.locked,
                "create_timestamp": self.world.started.isoformat(),
            },
        }
