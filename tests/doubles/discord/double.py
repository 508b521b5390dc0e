"""The double itself: starts the server, and does what people do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from itertools import takewhile
from typing import Any, Self

from aiohttp import web

from tests.doubles.discord import rules
from tests.doubles.discord.commands import Commands, filled, hidden
from tests.doubles.discord.endpoints import Endpoints, nonce_window, uploads
from tests.doubles.discord.gateway import Gateway
from tests.doubles.discord.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL,
    Choice,
    Interaction,
    Interactions,
    component,
    submitted,
)
from tests.doubles.discord.messages import Attachment, Message
from tests.doubles.discord.model import Channel, User
from tests.doubles.discord.server import Fault, Server
from tests.doubles.discord.world import World

TOKEN = "double-token"  # noqa: S105 - of a server that lives as long as a test


class DiscordDouble(World):
    """Discord on loopback.

    ``violations`` lists broken rules in sentences, whether or not the bot noticed; ``refusals`` lists every error that
    was answered, also those a careful bot meets (a closed DM, a permission taken away).
    """

    def __init__(
        self, *, clock: Callable[[], datetime], token: str = TOKEN, message_content: bool = True, port: int = 0
    ) -> None:
        self.gateway_server = Gateway(self)
        super().__init__(clock, token, message_content)
        self.owner = self._somebody
        self.port = port
        self.check_user_agent = True
        self.global_limit = rules.GLOBAL_PER_SECOND
        self.bucket_limit = rules.BUCKET_LIMIT
        self.nonce_window = nonce_window()
        self.interaction_deadline = rules.INTERACTION_DEADLINE
        self.uploaded: dict[int, Attachment] = {}
        self.server = Server(self)
        self.endpoints = Endpoints(self)
        self.command_registry = Commands(self)
        self.interactions = Interactions(self)
        self.app = web.Application(client_max_size=2 * rules.REQUEST_BYTES)
        self.api = self.gateway = ""
        self._runner: web.AppRunner | None = None
        self._outage: Fault | None = None

    async def __aenter__(self) -> Self:
        for routes in (self.endpoints.routes(), self.command_registry.routes(), self.interactions.routes()):
            # The bulk and the particular paths of webhooks overlap: "@original" is added before "{message_id}".
            self.server.add(self.app, routes)
        self.app.router.add_get("/gateway", self.gateway_server.handle)
        self.app.router.add_get("/cdn/attachments/{channel_id}/{attachment_id}/{name}", self._file)
        self.app.router.add_route("*", "/api/v10/{rest:.*}", self.server.unknown)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.api = f"http://127.0.0.1:{self.port}/api/v10"
        self.cdn = f"http://127.0.0.1:{self.port}/cdn"
        self.gateway = self.gateway_server.url = f"ws://127.0.0.1:{self.port}/gateway"
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.interactions.stop()
        self.gateway_server.shut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _file(self, request: web.Request) -> web.Response:
        attachment = self.uploaded.get(int(request.match_info["attachment_id"]))
        if attachment is None:
            raise web.HTTPNotFound
        return web.Response(body=attachment.data, content_type="application/octet-stream")

    # What there is to see.

    @property
    def ready(self) -> bool:
        """The bot is connected, on all shards, and was told READY."""
        return self.gateway_server.ready

    @property
    def connected(self) -> Any:
        """An event that is set while the bot is connected."""
        return self.gateway_server.connected

    @property
    def identifies(self) -> int:
        return self.gateway_server.identifies

    @property
    def resumes(self) -> int:
        return self.gateway_server.resumes

    @property
    def closes(self) -> list[int | None]:
        """The codes the bot closed connections with."""
        return self.gateway_server.closes

    @property
    def commands(self) -> list[dict[str, Any]]:
        """The global commands."""
        return self.command_registry.scopes.get(0, [])

    @property
    def command_writes(self) -> int:
        return self.command_registry.writes

    @property
    def invalid_requests(self) -> int:
        """401, 403 and 429 answered: Discord bans an address at 10,000 in ten minutes."""
        return self.server.invalid_requests

    @property
    def global_refused(self) -> int:
        """Requests above the global limit."""
        return self.server.global_refused

    def assert_clean(self) -> None:
        """Fails when a rule was broken, also where the bot swallowed the error, or an answer is still owed."""
        if broken := self.violations + self.interactions.owed():
            raise AssertionError("Discord's rules were broken:\n- " + "\n- ".join(broken))

    # What people do.

    async def say(
        self,
        user: User,
        channel: Channel,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        files: list[tuple[str, bytes]] | None = None,
    ) -> Message:
        """A person (or another bot) writes a message, with files by name."""
        self._must_see(user, channel)
        if not channel.permissions_of(user) & (rules.SEND_IN_THREADS if channel.is_thread else rules.SEND):
            raise LookupError(f"{user.name} may not write in {channel.name}")
        if channel.locked and not channel.permissions_of(user) & rules.MANAGE_THREADS:
            raise LookupError(f"{channel.name} is locked")
        if channel.guild is None and not (user.guilds or user.installed):
            raise LookupError(f"{user.name} shares no server with the bot and can't write to it")
        return self.put(channel, user, {"content": text, "allowed_mentions": None if ping else {
            "parse": ["users", "roles", "everyone"]}}, reply_to=reply_to,
            files=uploads(self, channel, {}, files or []))  # fmt: skip

    async def edit(self, message: Message, text: str) -> None:
        """The author edits what they wrote."""
        self.change(message, {"content": text})

    async def delete(self, message: Message) -> None:
        """Somebody deletes a message."""
        self.remove(message)

    async def replies_to(self, message: Message, count: int = 1, timeout: float = 5) -> list[Message]:  # noqa: ASYNC109
        """The bot's messages after this one in its channel, as soon as there are ``count``."""

        def after() -> list[Message]:
            said = takewhile(lambda m: m.id > message.id, reversed(message.channel.log.values()))
            seen = [m for m in said if m.author is self.bot and not (m.loading or m.deleted or m.ephemeral)]
            return seen[::-1]

        await self.until(lambda: len(after()) >= count, timeout)
        return after()

    async def slash(
        self,
        user: User,
        channel: Channel,
        command: str,
        options: dict[str, Any] | None = None,
        *,
        locale: str | None = None,
        timeout: float = 10,  # noqa: ASYNC109
        wait: bool = True,
    ) -> Interaction:
        """A person uses a command such as "status" or "briefings show", and waits for the answer.

        An option for a file takes a pair of its name and its bytes.

        That a command is hidden from them is noted in ``hidden``, but doesn't stop them: administrators can show it.
        """
        interaction = self._command(COMMAND, user, channel, command, options or {}, locale)
        return await self._answered(interaction, timeout) if wait else interaction

    async def autocomplete(
        self,
        user: User,
        channel: Channel,
        command: str,
        option: str,
        typed: str,
        options: dict[str, Any] | None = None,
        *,
        locale: str | None = None,
    ) -> list[Choice]:
        """What is suggested while a person types an option."""
        given = {**(options or {}), option: typed}
        interaction = self._command(AUTOCOMPLETE, user, channel, command, given, locale, focused=option)
        await self._answered(interaction, 10)
        return interaction.choices

    def _command(
        self,
        kind: int,
        user: User,
        channel: Channel,
        command: str,
        given: dict[str, Any],
        locale: str | None,
        focused: str | None = None,
    ) -> Interaction:
        name, *path = command.removeprefix("/").split()
        self._must_see(user, channel)
        registered = self.command_registry.offered(name, channel, user)
        resolved: dict[str, Any] = {}
        given = {name: self._uploaded(channel, value, resolved) for name, value in given.items()}
        filled_in = filled(registered, path, given, resolved, focused)
        data = {"id": registered["id"], "name": name, "type": 1, "options": filled_in, "resolved": resolved}
        if "guild_id" in registered:
            data["guild_id"] = registered["guild_id"]
        shown = hidden(registered, channel, user)
        return self.interactions.begin(kind, f"/{name}", user, channel, data, locale, hidden=shown)

    def _uploaded(self, channel: Channel, value: Any, resolved: dict[str, Any]) -> Any:
        """Upload what is a file, as a person's client does before it sends the command; other values stay."""
        if not isinstance(value, tuple):
            return value
        (stored,) = uploads(self, channel, {}, [value])
        resolved.setdefault("attachments", {})[str(stored.id)] = {**stored.payload(), "ephemeral": True}
        return stored

    async def press(
        self,
        user: User,
        message: Message,
        which: str,
        *,
        values: list[str] | None = None,
        locale: str | None = None,
        timeout: float = 10,  # noqa: ASYNC109
        wait: bool = True,
    ) -> Interaction:
        """A person presses a button, or chooses ``values`` in a select: by label, placeholder or custom_id."""
        if message.deleted:
            raise LookupError("the message is deleted")
        if message.ephemeral and message.shown_to is not user:
            raise LookupError(f"only {message.shown_to} sees this message")
        self._must_see(user, message.channel)
        found = component(message, which)
        data: dict[str, Any] = {"custom_id": found["custom_id"], "component_type": found["type"], "id": 0}
        if found["type"] in rules.SELECTS:
            offered = {option["value"] for option in found.get("options") or []}
            if offered and not set(values or []) <= offered:
                raise LookupError(f"{which!r} offers {sorted(offered)}")
            data |= {"values": values or [], "resolved": {}}
        interaction = self.interactions.begin(
            COMPONENT, f"{which!r}", user, message.channel, data, locale, source=message
        )
        return await self._answered(interaction, timeout) if wait else interaction

    async def submit(
        self, user: User, interaction: Interaction, values: dict[str, Any], *, timeout: float = 10  # noqa: ASYNC109
    ) -> Interaction:  # fmt: skip
        """A person fills in the form an interaction was answered with: values by custom_id."""
        modal = interaction.modal
        if modal is None:
            raise LookupError("the interaction wasn't answered with a form")
        data = {"custom_id": modal["custom_id"], "components": submitted(modal, values), "resolved": {}}
        sent = self.interactions.begin(
            MODAL, f"form {modal['title']!r}", user, interaction.channel, data, source=interaction.source
        )
        return await self._answered(sent, timeout)

    def _must_see(self, user: User, channel: Channel) -> None:
        if not channel.permissions_of(user) & rules.VIEW:
            raise LookupError(f"{user.name} can't see {channel.name or 'that direct channel'}: have them join first")

    async def _answered(self, interaction: Interaction, timeout: float) -> Interaction:  # noqa: ASYNC109
        try:
            await self.until(lambda: interaction.done, timeout)
        except AssertionError:
            self.broken(f"{interaction.name} was deferred and not answered within {timeout} s")
        return interaction

    # What goes wrong.

    def fail(
        self,
        method: str,
        path_regex: str,
        status: int | None = None,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
        after: bool = False,
        drop: bool = False,
        delay: float = 0.0,
        retry_after: float = 0.05,
    ) -> Fault:
        """Has requests go wrong: the next ``times`` of this method ("*": any) whose path the expression finds.

        With a status (503 if nothing else is asked for), with the connection cut (``drop``) or late (``delay``
        seconds); ``after`` the request took effect, or else before. 429 waits ``retry_after``. ``times = 0`` ends it.
        """
        if status is None and not drop and not delay:
            status = 503
        pattern = re.compile(path_regex)
        fault = Fault(method.upper(), pattern, status, body, headers or {}, times, after, drop, delay, retry_after)
        self.server.faults.append(fault)
        return fault

    def rate_limit(self, method: str, path_regex: str, limit: int, seconds: float) -> None:
        """Gives buckets of these paths a size, from now on: so many requests in so many seconds."""
        self.server.limits.insert(0, (method.upper(), re.compile(path_regex), limit, seconds))
        self.server.buckets.clear()

    async def go_down(self) -> None:
        """Discord has an outage: all lines are cut, and no request is answered."""
        self.gateway_server.refusing = True
        self.gateway_server.drop(None)
        self._outage = self.fail("*", "", drop=True, times=1_000_000)

    async def come_back(self) -> None:
        """The outage is over."""
        self.gateway_server.refusing = False
        if self._outage is not None:
            self._outage.times = 0

    async def repeat(self, message: Message) -> None:
        """Tells the bot of a message once more: "events may come N times"."""
        self.emit_message("MESSAGE_CREATE", message)

    async def drop_socket(self, code: int | None = None) -> None:
        """Closes the gateway's connections with a code, or cuts the lines."""
        self.gateway_server.drop(code)

    async def invalidate_session(self, resumable: bool = False) -> None:
        """Tells the bot that its session is invalid (op 9)."""
        self.gateway_server.invalidate(resumable=resumable)

    async def ask_reconnect(self) -> None:
        """Asks the bot to connect again (op 7)."""
        self.gateway_server.ask_reconnect()
