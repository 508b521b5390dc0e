"""Everything the double knows, and the waiting for it to change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.doubles.discord import mentions, rules
from tests.doubles.discord.messages import Attachment, Message, Pings, walk
from tests.doubles.discord.model import Channel, Guild, Member, Role, User

if TYPE_CHECKING:
    from tests.doubles.discord.gateway import Gateway

QUIET = 0.05
LOOK_EVERY = 0.01


@dataclass
class Request:
    """A request that was made: the path without ``/api/v10``, the moment by the double's clock and by the real one."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    at: datetime
    monotonic: float
    status: int = 0
    files: tuple[str, ...] = ()


class Refused(NamedTuple):
    """A request that was answered with an error."""

    method: str
    path: str
    status: int
    code: int


class World:
    """Accounts, servers, channels and messages, with what was broken on the way."""

    gateway_server: Gateway

    def __init__(self, clock: Callable[[], datetime], token: str, message_content: bool) -> None:
        self.clock = clock
        self.token = token
        self.message_content = message_content
        self.started = clock()
        self._entities = 0
        self._last_id = 0
        self._last_real_id = 0
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.violations: list[str] = []
        self.refusals: list[Refused] = []
        self.requests: list[Request] = []
        self.allow_pings = False
        self.sends = 0
        self.under_way = 0
        self.last_activity = 0.0
        self._waiting: set[asyncio.Future[None]] = set()
        self.cdn = ""
        self.bot = self.add_user("rollcall", bot=True)
        self.application_id = self.bot.id
        self._somebody = self.add_user("owner")

    # Ids.

    def entity_id(self) -> int:
        """For accounts, servers and channels. A millisecond apart, so that servers spread over shards."""
        self._entities += 1
        moment = datetime(2021, 1, 1, tzinfo=UTC).timestamp() * 1000
        return (int(moment) + self._entities - rules.EPOCH_MS) << 22

    def message_id(self) -> int:
        """Made of the clock's moment, unique and increasing, so that history can be asked for by moments."""
        moment = int(self.clock().timestamp() * 1000) - rules.EPOCH_MS
        self._last_id = max(moment << 22, self._last_id + 1)
        return self._last_id

    def interaction_id(self) -> int:
        """Made of the real time: discord.py reckons from it whether fifteen minutes have passed."""
        moment = int(time.time() * 1000) - rules.EPOCH_MS
        self._last_real_id = max(moment << 22, self._last_real_id + 1)
        return self._last_real_id

    # The people's side.

    def add_user(
        self, name: str, dms_open: bool = True, *, bot: bool = False, installed: bool = False, locale: str = "en-US"
    ) -> User:
        """A new account."""
        user = User(self.entity_id(), name, self, bot, dms_open, installed, locale)
        self.users[user.id] = user
        return user

    def add_guild(
        self,
        name: str,
        bot_permissions: int = rules.LEAST,
        *,
        owner: User | None = None,
        locale: str = "en-US",
        filler: int = 0,
        present: bool = True,
    ) -> Guild:
        """A server with the bot in it; while the bot is connected, this is an invitation.

        ``filler`` members are only told of in GUILD_CREATE, to make it heavy. ``present=False`` leaves the bot out.
        """
        ident = self.entity_id()
        owner = owner or self._somebody
        everyone, own = Role(ident, "@everyone", 0), Role(self.entity_id(), self.bot.name, bot_permissions)
        own.managed_by = self.bot.id
        guild = Guild(ident, name, self, owner, locale, everyone, own, present=present, filler=filler)
        guild.roles = {role.id: role for role in (everyone, own)}
        guild.members = {owner.id: Member(owner, [], self.clock())}
        if present:
            guild.members[self.bot.id] = Member(self.bot, [own.id], self.clock())
        self.guilds[ident] = guild
        self.emit("GUILD_CREATE", guild.payload, guild)
        return guild

    @property
    def all_messages(self) -> list[Message]:
        """Every message ever made, also deleted ones and those only one person saw; oldest first."""
        return list(self.messages.values())

    # Messages.

    def put(
        self,
        channel: Channel,
        author: User,
        body: dict[str, Any],
        *,
        files: list[Attachment] | None = None,
        reply_to: Message | None = None,
        interaction: dict[str, Any] | None = None,
        flags: int = 0,
        shown_to: User | None = None,
        ident: int = 0,
    ) -> Message:
        """Stores a message and tells the gateway."""
        message = Message(
            ident or self.message_id(), channel, author, self.clock(), attachments=files or [], flags=flags
        )
        message.reference, message.interaction, message.shown_to = reply_to, interaction, shown_to
        message.nonce, message.tts = body.get("nonce"), bool(body.get("tts"))
        self._fill(message, body)
        if channel.is_thread and channel.archived:
            channel.set_thread(archived=False)
        self.messages[message.id] = channel.log[message.id] = message
        if author is self.bot:
            self.sends += 1
        self.emit_message("MESSAGE_CREATE", message)
        return message

    def change(self, message: Message, body: dict[str, Any], files: list[Attachment] | None = None) -> None:
        """Edits a message. A deferred answer that gets its text is not thereby edited."""
        if message.loading:
            message.flags &= ~rules.LOADING
        else:
            message.edits += 1
            message.edited_at = self.clock()
        if "attachments" in body or files:
            kept = {int(a["id"]) for a in body.get("attachments") or ()}
            message.attachments = [a for a in message.attachments if a.id in kept] + (files or [])
        self._fill(message, body)
        self.emit_message("MESSAGE_UPDATE", message)

    def remove(self, message: Message) -> None:
        """Deletes a message."""
        message.deleted = True
        guild = message.channel.guild
        gone = {"id": str(message.id), "channel_id": str(message.channel.id)}
        if guild is not None:
            gone["guild_id"] = str(guild.id)
        if not message.ephemeral:
            intent = rules.GUILD_MESSAGES if guild else rules.DIRECT_MESSAGES
            self.emit("MESSAGE_DELETE", gone, guild, intent, viewable=message.channel)

    def _fill(self, message: Message, body: dict[str, Any]) -> None:
        if "content" in body:
            message.content = (body["content"] or "").strip()
        if "embeds" in body:
            message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
        if "components" in body:
            message.components = body["components"] or []
        if body.get("flags") is not None:
            # Of all flags, only this one can be taken back.
            message.flags = message.flags & ~rules.SUPPRESS_EMBEDS | body["flags"]
        default = mentions.INTERACTION if message.interaction else mentions.REGULAR
        shown = [component["content"] for component in walk(message.components) if component["type"] == 10]
        message.pings = mentions.pings(
            message.channel,
            message.author,
            "\n".join([message.content, *shown]),
            body.get("allowed_mentions"),
            default=default,
            reply_to=message.reference,
        )
        message.mentions = [self.users[user] for user in sorted(message.pings.users)]
        if message.author is self.bot and message.pings and not self.allow_pings and not message.ephemeral:
            self.violations.append(f"a message notifies {self._named(message.pings)}: {message.text[:80]!r}")
        self.wake()

    def _named(self, pings: Pings) -> str:
        names = [self.users[user].name for user in sorted(pings.users)]
        names += [f"role {role}" for role in sorted(pings.roles)]
        return ", ".join(names + (["everyone"] if pings.everyone else []))

    # Telling the bot.

    def emit(
        self,
        event: str,
        data: dict[str, Any] | Callable[[], dict[str, Any]],
        guild: Guild | None = None,
        intent: int = rules.GUILDS,
        *,
        viewable: Channel | None = None,
    ) -> None:
        """Sends an event to whom it concerns: the right shard, with the intent, and with a view of the channel."""
        if guild is not None and not guild.present:
            return
        if viewable is not None and not viewable.permissions_of(self.bot) & rules.VIEW:
            return
        for session in self.gateway_server.sessions_for(guild, intent):
            session.dispatch(event, data() if callable(data) else data)
        self.wake()

    def emit_message(self, event: str, message: Message) -> None:
        """A message event. Its content is kept back as docs/events/gateway "Message Content Intent" says."""
        channel = message.channel
        if message.ephemeral or not channel.permissions_of(self.bot) & rules.VIEW:
            return
        if channel.guild is not None and not channel.guild.present:
            return
        intent = rules.GUILD_MESSAGES if channel.guild else rules.DIRECT_MESSAGES
        for session in self.gateway_server.sessions_for(channel.guild, intent):
            whole = bool(session.intents & rules.MESSAGE_CONTENT) or self.readable(message)
            session.dispatch(event, message.payload(content=whole, event=True))
        self.wake()

    def readable(self, message: Message) -> bool:
        """The bot sees the content of this message without the message-content intent."""
        if message.author is self.bot or message.channel.guild is None or mentions.names_bot(message):
            return True
        answered = message.reference
        to_bot = answered is not None and answered.author is self.bot and answered.interaction is None
        return to_bot and self.bot in message.mentions

    # What was done wrong.

    def broken(self, sentence: str) -> None:
        """Notes a broken rule."""
        self.violations.append(sentence)
        self.wake()

    # Waiting.

    def wake(self) -> None:
        """Has everybody who waits look again."""
        self.last_activity = time.monotonic()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, condition: Callable[[], Any], timeout: float = 5) -> None:  # noqa: ASYNC109 - the API
        """Waits until the condition holds; it is looked at after everything that happens here.

        Now and then it is looked at anyway, because it may be about something the double can't see.
        """
        give_up = time.monotonic() + timeout
        while not condition():
            left = give_up - time.monotonic()
            if left <= 0:
                raise AssertionError(f"it didn't happen within {timeout} s. {self.story()}")
            await self._change(min(left, LOOK_EVERY))

    async def settled(self, timeout: float = 5, quiet: float = QUIET) -> None:  # noqa: ASYNC109 - the API
        """Waits until no request is under way and none was made for ``quiet`` seconds."""
        give_up = time.monotonic() + timeout
        self.last_activity = time.monotonic()
        while True:
            now = time.monotonic()
            calm = 0.0 if self.under_way else now - self.last_activity
            if calm >= quiet:
                return
            if now >= give_up:
                raise AssertionError(f"it didn't come to rest within {timeout} s. {self.story()}")
            await self._change(min(quiet - calm, give_up - now))

    async def _change(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            self._waiting.discard(future)
            future.cancel()

    def story(self) -> str:
        """What happened last, for the message of a failure."""
        asked = [f"{r.method} {r.path} -> {r.status or 'under way'}" for r in self.requests[-8:]]
        said = [f"{m.author.name}: {m.content[:80]!r}" for m in list(self.messages.values())[-4:]]
        return (
            f"Requests: {asked}. Messages: {said}. Refusals: {self.refusals[-4:]}. Violations: {self.violations[-4:]}."
        )
