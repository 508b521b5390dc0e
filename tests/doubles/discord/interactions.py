"""Interactions: docs/interactions/receiving-and-responding. One first answer within three seconds, then follow-ups."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.doubles.discord import rules, validate
from tests.doubles.discord.endpoints import check_edit, uploads
from tests.doubles.discord.errors import Refusal
from tests.doubles.discord.messages import Message, walk
from tests.doubles.discord.model import Channel, User
from tests.doubles.discord.server import Answer, Call, Endpoint

if TYPE_CHECKING:
    from tests.doubles.discord.double import DiscordDouble

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
MESSAGE, DEFER_MESSAGE, DEFER_UPDATE, UPDATE, SUGGEST, FORM = 4, 5, 6, 7, 8, 9


class Choice(dict[str, Any]):
    """A suggestion: what is shown and what is sent."""

    @property
    def name(self) -> str:
        return str(self["name"])

    @property
    def value(self) -> Any:
        return self["value"]


@dataclass(eq=False)
class Interaction:
    """One use of a command, button, select or form, and what the bot answered."""

    id: int
    token: str
    kind: int
    name: str
    user: User
    channel: Channel
    data: dict[str, Any]
    created_at: datetime
    begun: float
    source: Message | None = None
    hidden: bool = False
    delivered: bool = False
    response: int | None = None
    seconds: float | None = None
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: dict[str, Any] | None = None
    choices: list[Choice] = field(default_factory=list)
    failed: bool = False
    alias_used: bool = False
    deadline: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def deferred(self) -> bool:
        """The first answer was only that one will come."""
        return self.response in (DEFER_MESSAGE, DEFER_UPDATE)

    @property
    def messages(self) -> list[Message]:
        """The first answer as it stands now (for an update: the message updated), then the follow-ups."""
        first = [self.original] if self.original is not None and not self.original.loading else []
        return [message for message in first + self.followups if not message.deleted]

    @property
    def done(self) -> bool:
        """Nothing more is owed."""
        return self.failed or (self.response is not None and not (self.original is not None and self.original.loading))


class Interactions:
    """Makes interactions and takes the bot's answers."""

    def __init__(self, double: DiscordDouble) -> None:
        self.double = double
        self.all: list[Interaction] = []
        self._by_token: dict[str, Interaction] = {}

    def routes(self) -> list[Endpoint]:
        """Without the bot's token: who knows the interaction's may answer."""
        hook = "/webhooks/{webhook_id}/{webhook_token}"
        original, other = f"{hook}/messages/@original", f"{hook}/messages/{{message_id}}"
        callback = "/interactions/{interaction_id}/{interaction_token}/callback"
        return [
            Endpoint("POST", callback, self.respond, own=False),
            Endpoint("POST", hook, self.follow_up, check=self._check_follow_up, own=False),
            Endpoint("GET", original, self.read, own=False),
            Endpoint("PATCH", original, self.edit, own=False),
            Endpoint("DELETE", original, self.delete, own=False),
            Endpoint("GET", other, self.read, own=False),
            Endpoint("PATCH", other, self.edit, own=False),
            Endpoint("DELETE", other, self.delete, own=False),
        ]

    # The people's side.

    def begin(
        self, kind: int, name: str, user: User, channel: Channel, data: dict[str, Any], locale: str | None = None,
        source: Message | None = None, hidden: bool = False,
    ) -> Interaction:  # fmt: skip
        """Sends the bot an interaction and starts its three seconds."""
        double = self.double
        token = f"{'interaction'}:{len(self.all)}:{secrets.token_urlsafe(24)}"
        interaction = Interaction(
            double.interaction_id(),
            token,
            kind,
            name,
            user,
            channel,
            data,
            double.clock(),
            time.monotonic(),
            source,
            hidden,
        )
        self.all.append(interaction)
        self._by_token[token] = interaction
        payload = self._payload(interaction, locale or user.locale)
        guild = channel.guild if channel.guild is not None and channel.guild.present else None
        for session in double.gateway_server.sessions_for(guild, 0):
            interaction.delivered = interaction.delivered or session.connection is not None
            session.dispatch("INTERACTION_CREATE", payload)
        loop = asyncio.get_running_loop()
        interaction.deadline = loop.call_later(double.interaction_deadline, self._overdue, interaction)
        return interaction

    def _payload(self, interaction: Interaction, locale: str) -> dict[str, Any]:
        channel, user, bot = interaction.channel, interaction.user, self.double.bot
        guild = channel.guild
        permissions = channel.permissions_of(user)
        payload: dict[str, Any] = {
            "id": str(interaction.id),
            "application_id": str(self.double.application_id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": {**channel.payload(), "permissions": str(permissions)},
            "app_permissions": str(channel.permissions_of(bot)),
            "locale": locale,
            "context": 0 if guild else 1,
            "entitlements": [],
            "authorizing_integration_owners": {},
            "attachment_size_limit": rules.FILE_BYTES,
        }
        owners = payload["authorizing_integration_owners"]
        if user.installed:
            owners["1"] = str(user.id)
        if guild is None:
            owners.setdefault("0", "0")
            payload["user"] = user.payload()
        else:
            if guild.present:
                owners["0"] = str(guild.id)
            payload["guild_id"] = str(guild.id)
            payload["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
            payload["guild_locale"] = guild.locale
            payload["member"] = {**guild.members[user.id].payload(), "permissions": str(permissions)}
        if interaction.source is not None:
            payload["message"] = interaction.source.payload()
        return payload

    def _overdue(self, interaction: Interaction) -> None:
        if interaction.response is None:
            interaction.failed = True
            if interaction.delivered:
                self.double.broken(f"no answer to {interaction.name} within {self.double.interaction_deadline} s")
            self.double.wake()

    def owed(self) -> list[str]:
        """Deferrals after which nothing came."""
        return [
            f"{interaction.name} was deferred and never answered"
            for interaction in self.all
            if interaction.original is not None and interaction.original.loading and not interaction.original.deleted
        ]

    def stop(self) -> None:
        """Nobody waits any more."""
        for interaction in self.all:
            if interaction.deadline is not None:
                interaction.deadline.cancel()

    # The bot's side.

    def respond(self, call: Call) -> Answer:
        """The first answer."""
        interaction = self._by_token.get(call.params["interaction_token"])
        if interaction is None or interaction.id != call.number("interaction_id") or interaction.failed:
            raise Refusal(10062, "" if interaction is None else f"{interaction.name} was answered too late")
        if interaction.response is not None:
            raise Refusal(40060, interaction.name)
        body = call.body if isinstance(call.body, dict) else {}
        kind, data = body.get("type"), body.get("data") or {}
        if kind not in self._fitting(interaction):
            raise Refusal(50035, f"a response of type {kind} does not fit {interaction.name}")
        message = self._take(interaction, kind, data, call.files)
        interaction.response = kind
        interaction.seconds = time.monotonic() - interaction.begun
        if interaction.deadline is not None:
            interaction.deadline.cancel()
        if call.query.get("with_response") not in ("1", "true", "True"):
            return 204, None
        told: dict[str, Any] = {"id": str(interaction.id), "type": interaction.kind}
        resource: dict[str, Any] = {"type": kind}
        if message is not None:
            told |= {"response_message_id": str(message.id), "response_message_loading": message.loading}
            told["response_message_ephemeral"] = message.ephemeral
            resource["message"] = message.payload()
        return 200, {"interaction": told, "resource": resource}

    def _fitting(self, interaction: Interaction) -> set[int]:
        if interaction.kind == AUTOCOMPLETE:
            return {SUGGEST}
        fitting = {MESSAGE, DEFER_MESSAGE}
        if interaction.kind != MODAL:
            fitting.add(FORM)
        if interaction.source is not None:
            fitting |= {DEFER_UPDATE, UPDATE}
        return fitting

    def _take(
        self, interaction: Interaction, kind: int, data: dict[str, Any], files: list[tuple[str, bytes]]
    ) -> Message | None:
        if kind == MESSAGE:
            validate.message(data, files, flags=rules.INTERACTION_FLAGS)
            interaction.original = self._put(interaction, data, files, (data.get("flags") or 0) & rules.EPHEMERAL)
        elif kind == DEFER_MESSAGE:
            flags = data.get("flags") or 0
            if flags & ~rules.EPHEMERAL:
                raise Refusal(50035, f"a deferred response may only be EPHEMERAL, not {flags:#x}")
            interaction.original = self._put(interaction, {}, [], flags | rules.LOADING)
        elif kind in (DEFER_UPDATE, UPDATE):
            interaction.original = interaction.source
            if kind == UPDATE and interaction.source is not None:
                check_edit(interaction.source, data, files)
                stored = uploads(self.double, interaction.channel, data, files)
                self.double.change(interaction.source, data, stored)
        elif kind == SUGGEST:
            validate.choices(data)
            interaction.choices = [Choice(choice) for choice in data.get("choices") or []]
        else:
            validate.modal(data)
            interaction.modal = data
        return interaction.original

    def _put(
        self, interaction: Interaction, data: dict[str, Any], files: list[tuple[str, bytes]], flags: int
    ) -> Message:
        channel = interaction.channel
        about = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "user": interaction.user.payload(),
            "authorizing_integration_owners": {},
            "name": interaction.name,
        }
        stored = uploads(self.double, channel, data, files)
        shown = interaction.user if flags & rules.EPHEMERAL else None
        return self.double.put(
            channel, self.double.bot, data, files=stored, interaction=about, flags=flags, shown_to=shown
        )

    def _hook(self, call: Call) -> Interaction:
        interaction = self._by_token.get(call.params["webhook_token"])
        if interaction is None or call.number("webhook_id") != self.double.application_id:
            raise Refusal(10015)
        if self.double.clock() - interaction.created_at > timedelta(minutes=rules.TOKEN_MINUTES):
            raise Refusal(50027, f"{interaction.name} was asked more than {rules.TOKEN_MINUTES} minutes ago")
        if interaction.response is None:
            raise Refusal(10015, f"{interaction.name} has no first answer yet")
        return interaction

    def _check_follow_up(self, call: Call) -> None:
        validate.message(call.body if isinstance(call.body, dict) else {}, call.files, flags=rules.INTERACTION_FLAGS)

    def follow_up(self, call: Call) -> Answer:
        """Another message; right after a deferral it still is the first, by an alias Discord calls deprecated."""
        interaction, body = self._hook(call), call.body
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            interaction.alias_used = True
            # Whether it is ephemeral was settled by the deferral.
            flags = (body.get("flags") or 0) & ~rules.EPHEMERAL
            return self._changed(original, {**body, "flags": flags}, call.files)
        guild = interaction.channel.guild
        if guild is not None and not guild.present and len(interaction.followups) >= rules.USER_INSTALL_FOLLOWUPS:
            raise Refusal(40094)
        message = self._put(interaction, body, call.files, (body.get("flags") or 0) & rules.EPHEMERAL)
        interaction.followups.append(message)
        return 200, message.payload()

    def _own(self, call: Call) -> Message:
        interaction = self._hook(call)
        if "message_id" not in call.params:
            message = interaction.original
        else:
            mine = [interaction.original, *interaction.followups]
            message = next((m for m in mine if m is not None and m.id == call.number("message_id")), None)
        if message is None or message.deleted:
            raise Refusal(10008)
        return message

    def read(self, call: Call) -> Answer:
        return 200, self._own(call).payload()

    def edit(self, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        return self._changed(self._own(call), body, call.files)

    def _changed(self, message: Message, body: dict[str, Any], files: list[tuple[str, bytes]]) -> Answer:
        check_edit(message, body, files)
        self.double.change(message, body, uploads(self.double, message.channel, body, files))
        return 200, message.payload()

    def delete(self, call: Call) -> Answer:
        self.double.remove(self._own(call))
        return 204, None


def component(message: Message, which: str) -> dict[str, Any]:
    """The button or select with this label, placeholder or custom_id, as a person finds it."""
    usable = [c for c in walk(message.components) if c.get("type") == rules.BUTTON or c.get("type") in rules.SELECTS]
    for key in ("custom_id", "label", "placeholder"):
        for candidate in usable:
            if candidate.get(key) == which:
                if candidate.get("disabled"):
                    raise LookupError(f"{which!r} is greyed out")
                if "custom_id" not in candidate:
                    raise LookupError(f"{which!r} is a link to {candidate.get('url')}")
                return candidate
    names = [c.get("label") or c.get("placeholder") or c.get("custom_id") for c in usable]
    raise LookupError(f"there is no {which!r} in {message.content[:60]!r}; there are {names}")


def submitted(modal: dict[str, Any], values: dict[str, Any]) -> list[dict[str, Any]]:
    """A form's components, filled in. What is required can't be left out, what is too long can't be typed."""
    left = dict(values)

    def fill(field: dict[str, Any]) -> dict[str, Any]:
        value = left.pop(field["custom_id"], field.get("value"))
        if value is None and field.get("required", True):
            raise LookupError(f"{field['custom_id']} must be filled in")
        if field["type"] in rules.SELECTS:
            chosen = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
            return {"type": field["type"], "id": 0, "custom_id": field["custom_id"], "values": chosen}
        text = "" if value is None else str(value)
        if not (field.get("min_length") or 0) <= len(text) <= (field.get("max_length") or rules.TEXT_INPUT):
            raise LookupError(f"{field['custom_id']} can't take {len(text)} characters")
        return {"type": field["type"], "id": 0, "custom_id": field["custom_id"], "value": text}

    filled: list[dict[str, Any]] = []
    for entry in modal["components"]:
        if entry["type"] == rules.LABEL:
            filled.append({"type": rules.LABEL, "id": 0, "component": fill(entry["component"])})
        elif entry["type"] == rules.ROW:
            filled.append({"type": rules.ROW, "components": [fill(inner) for inner in entry["components"]]})
    if left:
        raise LookupError(f"the form has no {sorted(left)}")
    return filled
