"""Channels, messages, servers, users and the application itself: docs/resources/*."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.doubles.discord import rules, validate
from tests.doubles.discord.errors import Form, Refusal
from tests.doubles.discord.messages import Attachment, Message
from tests.doubles.discord.model import Channel, Guild
from tests.doubles.discord.server import Answer, Call, Endpoint

if TYPE_CHECKING:
    from tests.doubles.discord.double import DiscordDouble


class Endpoints:
    """What a bot asks of Discord about what is there, and does in channels."""

    def __init__(self, double: DiscordDouble) -> None:
        self.double = double
        self._nonces: dict[str, Message] = {}

    def routes(self) -> list[Endpoint]:
        """All of them, by the paths of the official OpenAPI file."""
        channel, message = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
        guild = "/guilds/{guild_id}"
        return [
            Endpoint("GET", "/users/@me", self.me),
            Endpoint("GET", "/users/@me/guilds", self.my_guilds),
            Endpoint("POST", "/users/@me/channels", self.open_dm),
            Endpoint("GET", "/users/{user_id}", self.user),
            Endpoint("GET", "/applications/@me", self.application),
            Endpoint("GET", "/oauth2/applications/@me", self.application),
            Endpoint("GET", "/gateway", self.gateway, own=False),
            Endpoint("GET", "/gateway/bot", self.gateway_bot),
            Endpoint("GET", guild, self.guild),
            Endpoint("GET", guild + "/channels", self.guild_channels),
            Endpoint("GET", guild + "/roles", self.guild_roles),
            Endpoint("GET", guild + "/members/{user_id}", self.member),
            Endpoint("GET", channel, self.channel),
            Endpoint("POST", channel + "/typing", self.typing),
            Endpoint("POST", channel + "/threads", self.post_to_forum),
            Endpoint("GET", channel + "/messages", self.history),
            Endpoint("POST", channel + "/messages", self.create, check=self._check_message),
            Endpoint("GET", message, self.message),
            Endpoint("PATCH", message, self.edit),
            Endpoint("DELETE", message, self.delete),
            Endpoint("POST", message + "/crosspost", self.crosspost),
        ]

    # The bot itself.

    def me(self, call: Call) -> Answer:
        return 200, {**self.double.bot.payload(), "verified": True, "mfa_enabled": False, "email": None, "flags": 0}

    def my_guilds(self, call: Call) -> Answer:
        mine = [guild for guild in self.double.guilds.values() if guild.present]
        limit = int(call.query.get("limit", 200))
        after = int(call.query.get("after", 0))
        found = sorted((guild for guild in mine if guild.id > after), key=lambda guild: guild.id)[:limit]
        return 200, [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": guild.owner is self.double.bot,
                "permissions": str(guild.permissions_of(self.double.bot)),
                "features": [],
            }
            for guild in found
        ]

    def application(self, call: Call) -> Answer:
        return 200, {
            "id": str(self.double.application_id),
            "name": "Rollcall",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": self.double.owner.payload(),
            "team": None,
            "verify_key": "0" * 64,
            "summary": "",
            "flags": self.double.gateway_server.application_flags(),
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "approximate_guild_count": sum(guild.present for guild in self.double.guilds.values()),
            "approximate_user_install_count": sum(user.installed for user in self.double.users.values()),
            "integration_types_config": {"0": {}, "1": {}},
            "bot": self.double.bot.payload(),
        }

    def gateway(self, call: Call) -> Answer:
        return 200, {"url": self.double.gateway_server.url}

    def gateway_bot(self, call: Call) -> Answer:
        gateway = self.double.gateway_server
        limit = {
            "total": gateway.starts_total,
            "remaining": gateway.starts_remaining,
            "reset_after": 86_400_000,
            "max_concurrency": gateway.max_concurrency,
        }
        return 200, {"url": gateway.url, "shards": gateway.shards, "session_start_limit": limit}

    # Users and servers.

    def user(self, call: Call) -> Answer:
        found = self.double.users.get(call.number("user_id"))
        if found is None:
            raise Refusal(10013)
        return 200, found.payload()

    def open_dm(self, call: Call) -> Answer:
        ident = str((call.body or {}).get("recipient_id", ""))
        user = self.double.users.get(int(ident) if ident.isdigit() else 0)
        if user is None:
            raise Refusal(10013)
        if user is self.double.bot:
            raise Refusal(50033)
        if user.bot:
            raise Refusal(50007)
        return 200, user.dm.payload()

    def _guild(self, call: Call) -> Guild:
        guild = self.double.guilds.get(call.number("guild_id"))
        if guild is None or not guild.present:
            raise Refusal(10004)
        return guild

    def guild(self, call: Call) -> Answer:
        return 200, self._guild(call).summary()

    def guild_channels(self, call: Call) -> Answer:
        return 200, [channel.payload() for channel in self._guild(call).channels.values() if not channel.is_thread]

    def guild_roles(self, call: Call) -> Answer:
        return 200, [role.payload() for role in self._guild(call).roles.values()]

    def member(self, call: Call) -> Answer:
        member = self._guild(call).members.get(call.number("user_id"))
        if member is None:
            raise Refusal(10007 if call.number("user_id") in self.double.users else 10013)
        return 200, member.payload()

    # Channels.

    def _channel(self, call: Call) -> Channel:
        channel = self.double.channels.get(call.number("channel_id"))
        if channel is None:
            raise Refusal(10003)
        if not self._permissions(channel) & rules.VIEW:
            raise Refusal(50001)
        return channel

    def _permissions(self, channel: Channel) -> int:
        if channel.guild is not None and not channel.guild.present:
            return 0
        return channel.permissions_of(self.double.bot)

    def _need(self, channel: Channel, permission: int) -> None:
        if not self._permissions(channel) & permission:
            raise Refusal(50013)

    def channel(self, call: Call) -> Answer:
        return 200, self._channel(call).payload()

    def typing(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._may_send(channel)
        channel.typings += 1
        return 204, None

    # Messages.

    def _check_message(self, call: Call) -> None:
        validate.message(_object(call), call.files)

    def _may_send(self, channel: Channel) -> None:
        if channel.guild is None:
            recipient = channel.recipient
            if recipient is None or not recipient.dms_open or recipient.bot:
                raise Refusal(50007)
            if not recipient.guilds and not recipient.installed:
                raise Refusal(50278)
            return
        if channel.kind in (rules.FORUM, rules.MEDIA):
            raise Refusal(40058)
        if channel.kind == rules.CATEGORY:
            raise Refusal(50008)
        self._need(channel, rules.SEND_IN_THREADS if channel.is_thread else rules.SEND)
        if channel.locked and not self._permissions(channel) & rules.MANAGE_THREADS:
            raise Refusal(50083 if channel.archived else 160005)

    def _may_carry(self, channel: Channel, body: dict[str, Any], files: list[tuple[str, bytes]]) -> None:
        """What is in the message needs permissions too. That no EMBED_LINKS is a refusal is an assumption."""
        if body.get("embeds"):
            self._need(channel, rules.EMBED_LINKS)
        if files:
            self._need(channel, rules.ATTACH_FILES)
        if body.get("tts"):
            self._need(channel, rules.SEND_TTS)

    def create(self, call: Call) -> Answer:
        channel, body = self._channel(call), call.body
        self._may_send(channel)
        self._may_carry(channel, body, call.files)
        answered = self._reference(channel, body)
        known = self._known(channel, body)
        if known is not None:
            return 200, known.payload()
        files = uploads(self.double, channel, body, call.files)
        message = self.double.put(channel, self.double.bot, body, files=files, reply_to=answered)
        if message.nonce is not None:
            self._nonces[str(message.nonce)] = message
        return 200, message.payload()

    def _known(self, channel: Channel, body: dict[str, Any]) -> Message | None:
        """``enforce_nonce``: the message that was made with this nonce "in the past few minutes"."""
        nonce = body.get("nonce")
        if nonce is None or not body.get("enforce_nonce"):
            return None
        known = self._nonces.get(str(nonce))
        if known is None or self.double.clock() - known.created_at > self.double.nonce_window:
            return None
        if known.channel is not channel:
            self.double.broken(f"the nonce {nonce!r} was used in another channel just before: nothing is sent here")
        if known.deleted:
            raise Refusal(10008)
        return known

    def _reference(self, channel: Channel, body: dict[str, Any]) -> Message | None:
        reference = body.get("message_reference")
        if not reference:
            return None
        if reference.get("type"):
            raise Refusal(50035, "the double knows no forwarding")
        if channel.guild is not None and not self._permissions(channel) & rules.READ_HISTORY:
            raise Refusal(160002)
        answered = self.double.messages.get(int(reference["message_id"]))
        if answered is not None and answered.channel is channel and not answered.deleted and not answered.ephemeral:
            return answered
        if reference.get("fail_if_not_exists", True):
            form = Form()
            form.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            form.refuse(fault=False)
        return None

    def _message(self, call: Call, channel: Channel) -> Message:
        message = channel.log.get(call.number("message_id"))
        if message is None or message.deleted or message.ephemeral:
            raise Refusal(10008)
        return message

    def message(self, call: Call) -> Answer:
        channel = self._channel(call)
        self._need(channel, rules.READ_HISTORY)
        return 200, self._read(self._message(call, channel))

    def _read(self, message: Message) -> dict[str, Any]:
        """The message-content intent holds for what is asked for, too."""
        return message.payload(content=self.double.message_content or self.double.readable(message))

    def history(self, call: Call) -> Answer:
        channel, form = self._channel(call), Form()
        limit = call.query.get("limit", "50")
        if not limit.isdigit() or not 1 <= int(limit) <= rules.HISTORY:
            form.add(("limit",), "NUMBER_TYPE_MAX", f"int value should be between 1 and {rules.HISTORY}.")
        marks = {key: int(call.query[key]) for key in ("before", "after", "around") if key in call.query}
        if len(marks) > 1:
            form.add(("around",), "QUERY_EXCLUSIVE", "before, after and around are mutually exclusive.")
        form.refuse()
        if not self._permissions(channel) & rules.READ_HISTORY:
            return 200, []  # "If the current user is missing READ_MESSAGE_HISTORY, no messages are returned."
        found, most = channel.messages, int(limit)
        if "after" in marks:
            found = [message for message in found if message.id > marks["after"]][:most]
        elif "around" in marks:
            earlier = [message for message in found if message.id < marks["around"]][-(most // 2) :]
            found = earlier + [message for message in found if message.id >= marks["around"]][: most - len(earlier)]
        else:
            found = [message for message in found if message.id < marks.get("before", 1 << 63)][-most:]
        return 200, [self._read(message) for message in reversed(found)]

    def edit(self, call: Call) -> Answer:
        channel = self._channel(call)
        message, body = self._message(call, channel), _object(call)
        if message.author is not self.double.bot:
            raise Refusal(50005)
        if channel.is_thread and channel.archived:
            raise Refusal(50083)
        self._may_carry(channel, body, call.files)
        check_edit(message, body, call.files)
        self.double.change(message, body, uploads(self.double, channel, body, call.files))
        return 200, message.payload()

    def delete(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._message(call, channel)
        if message.author is not self.double.bot:
            if channel.guild is None:
                raise Refusal(50003)
            self._need(channel, rules.MANAGE_MESSAGES)
        self.double.remove(message)
        return 204, None

    def crosspost(self, call: Call) -> Answer:
        channel = self._channel(call)
        message = self._message(call, channel)
        if channel.kind != rules.ANNOUNCEMENT:
            raise Refusal(50024)
        self._need(channel, rules.SEND if message.author is self.double.bot else rules.MANAGE_MESSAGES)
        if message.flags & rules.CROSSPOSTED:
            raise Refusal(40033)
        message.flags |= rules.CROSSPOSTED
        self.double.emit_message("MESSAGE_UPDATE", message)
        return 200, message.payload()

    def post_to_forum(self, call: Call) -> Answer:
        """A post is a thread and its first message, with the same id."""
        channel, body = self._channel(call), _object(call)
        if channel.kind not in (rules.FORUM, rules.MEDIA) or "message" not in body:
            raise Refusal(50024, "the double makes threads in forums only", fault=True)
        form = Form()
        form.length(("name",), body.get("name"), rules.THREAD_NAME, 1)
        form.refuse()
        validate.message(body["message"], call.files)
        self._need(channel, rules.SEND)
        self._may_carry(channel, body["message"], call.files)
        thread = channel.add_thread(body["name"], ident=self.double.message_id())
        stored = uploads(self.double, thread, body["message"], call.files)
        first = self.double.put(thread, self.double.bot, body["message"], files=stored, ident=thread.id)
        return 201, {**thread.payload(), "message": first.payload()}


def _object(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise Refusal(50035, "an object is expected")
    return call.body


def check_edit(message: Message, body: dict[str, Any], files: list[tuple[str, bytes]]) -> None:
    """An edit's body, and that the message says something afterwards."""
    was_v2 = message.flags & rules.COMPONENTS_V2
    looked_at = {**body, "flags": (body.get("flags") or 0) | was_v2}
    # Clients send the flags that are set along.
    validate.message(looked_at, files, flags=rules.EDIT_FLAGS | message.flags, edit=True)
    left_over = [key for key in ("content", "embeds") if getattr(message, key) and body.get(key, True)]
    if looked_at["flags"] & rules.COMPONENTS_V2 and not was_v2 and left_over:
        form = Form()
        form.add(("flags",), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", f"{left_over} must be reset.")
        form.refuse()
    kept = body.get("attachments", message.attachments)
    left = [body.get(key, getattr(message, key)) for key in ("content", "embeds", "components")]
    if not any(left) and not kept and not files:
        raise Refusal(50006)


def uploads(
    double: DiscordDouble, channel: Channel, body: dict[str, Any], files: list[tuple[str, bytes]]
) -> list[Attachment]:
    """The files of a message, with the descriptions its body gives them."""
    told = {str(entry.get("id")): entry for entry in body.get("attachments") or ()}
    stored = []
    for number, (name, data) in enumerate(files):
        ident = double.entity_id()
        url = f"{double.cdn}/attachments/{channel.id}/{ident}/{name}?ex=0&is=0&hm=0"
        attachment = Attachment(ident, name, data, told.get(str(number), {}).get("description"), url)
        stored.append(attachment)
        double.uploaded[ident] = attachment
    return stored


def nonce_window(minutes: float = rules.NONCE_MINUTES) -> timedelta:
    """How long a nonce is remembered. Discord says "a few minutes"."""
    return timedelta(minutes=minutes)
