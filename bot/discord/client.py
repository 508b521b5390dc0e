"""The Discord client: listens at its four doors (typed, slash, mention, reply) and answers all by the same handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot import invitation
from bot.answers import Answer, mistake
from bot.app import App
from bot.commands import COMMANDS, answer, find, joined
from bot.commands.asking import match_stance
from bot.commands.command import Command
from bot.commands.feeds import MAX_UPLOAD
from bot.commands.feeds import suggestions as own_feeds
from bot.discord import admin, buttons, slash
from bot.discord.addressed import addressed
from bot.discord.messenger import InvalidRequests
from bot.discord.permissions import Spot, missing_in, missing_to_attach, missing_to_write, spot
from bot.discord.replies import LOST, SOON, Reply, answer_interaction, failed, rendered, reply_to_message
from bot.render import render
from bot.request import Reader, Request, Server, Upload, parse
from bot.store import bookmarks, deliveries, guilds, subscriptions
from bot.store.deliveries import Place
from bot.store.engine import Connection
from bot.store.errors import StoreError

log = logging.getLogger(__name__)

NOT_GRANTED: Final = (
    "Typed commands such as !status don't work in servers: the message content intent is not granted. Switch it on in "
    "the developer portal: your application, page Bot, Privileged Gateway Intents, Message Content Intent. Slash "
    "commands, mentions and direct messages work without it."
)

Read = TypeVar("Read")

_UPLOAD_SECONDS: Final = 20.0
"""How long getting a file that came with a command may take."""

_INTENTS: Final = {"guilds": True, "guild_messages": True, "dm_messages": True}


class RollcallBot(commands.AutoShardedBot):
    """One connection to Discord. What it answers and keeps is ``app``'s; ``soon`` asks for a look at what is due.

    ``ask`` answers a request; tests listen there.
    """

    def __init__(
        self,
        app: App,
        *,
        soon: Callable[[], object] = lambda: None,
        ask: Callable[[Request], Answer] | None = None,
        invalid: InvalidRequests | None = None,
    ) -> None:
        """Make a client that is not connected yet."""
        wanted = app.settings.discord
        intents = discord.Intents(message_content=wanted.message_content, **_INTENTS)
        # Typed commands are read by our own parser, the same for all doors; the library's is given nothing to find.
        super().__init__(
            command_prefix=_nothing,
            help_command=None,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=wanted.ready_seconds,
            max_ratelimit_timeout=60.0,
            http_trace=(invalid or InvalidRequests()).trace,
        )
        self.app = app
        self.soon = soon
        self._ask = ask or (lambda request: answer(request, app.library))
        self._prefixes: dict[int, str] = {}
        self._known: set[int] = set()
        self.reads_messages = wanted.message_content
        if wanted.contact:
            self.http.user_agent = f"DiscordBot ({wanted.contact}, {_version()})"

    # --- Starting --------------------------------------------------------------------------------------------------

    async def setup_hook(self) -> None:
        """Before connecting: ask only for what is granted, and tell Discord of the commands where they changed."""
        # Answers to interactions would go out under another User-Agent (measured with discord.py 2.7.1).
        self.http._HTTPClient__session.headers["User-Agent"] = self.http.user_agent  # type: ignore[attr-defined]
        self._drop_what_is_not_granted()
        self.tree.error(_slash_failed)
        slash.add_all(self)
        admin.add_all(self)
        await self._tell_commands()

    def _drop_what_is_not_granted(self) -> None:
        """Give the message content intent up where the portal hasn't granted it: asking for it ends the connection."""
        flags = self.application.flags if self.application else discord.ApplicationFlags()
        granted = flags.gateway_message_content or flags.gateway_message_content_limited
        if self.reads_messages and not granted:
            log.warning(NOT_GRANTED)
            self.reads_messages = False
            # The library has no door for this between login and connecting; a test holds that this is one.
            self._connection._intents.message_content = False

    async def _tell_commands(self) -> None:
        name = f"commands told to Discord for {self.application_id}"
        now_told = slash.digest(self)

        def known() -> str | None:
            with self.app.store.reading() as connection:
                return bookmarks.get(connection, name)

        if await asyncio.to_thread(known) == now_told:
            return
        await self.tree.sync()

        def remember() -> None:
            with self.app.store.writing() as connection:
                bookmarks.put(connection, name, now_told, now=self.app.clock())

        await asyncio.to_thread(remember)

    async def on_ready(self) -> None:
        """Note which servers the bot is in, and which it was removed from while it was away."""
        # One in an outage is told of without its name, and with it when the outage is over.
        here = {guild.id: guild.name for guild in self.guilds if not guild.unavailable}
        still_in = {guild.id for guild in self.guilds}
        # With shards of its own, a process doesn't see the servers of the others.
        sees_all = self.shard_ids is None

        def note() -> None:
            now = self.app.clock()
            with self.app.store.reading() as connection:
                known = guilds.present(connection)
            new = {one: name for one, name in here.items() if one not in known or known[one].name != name}
            gone = known.keys() - still_in if sees_all else set()
            if new or gone:
                with self.app.store.writing() as connection:
                    for identifier, name in new.items():
                        guilds.joined(connection, identifier, name, now=now)
                    for identifier in gone:
                        guilds.left(connection, identifier, now=now)
            self._read_prefixes()

        await asyncio.to_thread(note)
        # One that removed the bot meanwhile is no longer among them.
        self._known.update(guild.id for guild in self.guilds if guild.id in here)
        log.info("Ready. Servers: %d.", len(still_in))
        if not still_in and self.application_id is not None:
            log.info("To invite me into one: %s Then type /setup there.", invitation.link(self.application_id))
        self.soon()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Note a new server."""
        # The library calls this for each server while it gets ready, too; then one pass notes them all.
        if self.is_ready():
            self._known.discard(guild.id)
            await asyncio.to_thread(self.know, guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Note a server that is told of late."""
        if self.is_ready():
            await asyncio.to_thread(self.know, guild)

    def know(self, guild: discord.Guild) -> None:
        """Note a server: nothing is done for a known one, and only its own row read and written for a new one.

        For a thread. Every door does it, too: the library may tell of no event for a server that it hears of while it
        gets ready.
        """
        if guild.id in self._known or guild.unavailable:
            return
        with self.app.store.writing() as connection:
            guilds.joined(connection, guild.id, guild.name, now=self.app.clock())
        self.read_prefix(guild.id)
        self._known.add(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Note that the bot was removed: nothing is sent there any more."""
        self._known.discard(guild.id)
        await self._note(lambda connection, now: guilds.left(connection, guild.id, now=now))

    async def on_guild_update(self, before: discord.Guild, after: discord.Guild) -> None:
        """Note a server's new name."""
        if before.name != after.name:
            await self._note(lambda connection, now: guilds.joined(connection, after.id, after.name, now=now))

    async def _note(self, work: Callable[[Connection, datetime], object]) -> object:
        def write() -> object:
            with self.app.store.writing() as connection:
                return work(connection, self.app.clock())

        return await asyncio.to_thread(write)

    async def on_guild_channel_update(self, _before: Any, after: discord.abc.GuildChannel) -> None:  # noqa: ANN401
        """Try at once what waits for a permission in this server."""
        await self._permissions_changed(after.guild)

    async def on_guild_role_update(self, _before: discord.Role, after: discord.Role) -> None:
        """Try at once what waits for a permission in this server."""
        await self._permissions_changed(after.guild)

    async def on_member_update(self, _before: discord.Member, after: discord.Member) -> None:
        """Try at once what waits for a permission in this server, when the bot was given or lost a role."""
        if self.user is not None and after.id == self.user.id:
            await self._permissions_changed(after.guild)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """Try at once what waits for a thread to be unlocked."""
        if (before.locked, before.archived) != (after.locked, after.archived):
            await self._permissions_changed(after.guild)

    async def on_thread_join(self, thread: discord.Thread) -> None:
        """Try at once what waits for a thread that the bot was added to, or that was taken out of the archive."""
        await self._permissions_changed(thread.guild)

    async def on_thread_remove(self, thread: discord.Thread) -> None:
        """Note that the bot was taken out of a thread: the library goes on to name it among its members."""
        thread.me = None

    async def _permissions_changed(self, guild: discord.Guild) -> None:
        if await self._note(lambda connection, _now: deliveries.wake(connection, guild.id)) != 0:
            self.soon()

    # --- What commands need to know of where they were asked --------------------------------------------------------

    def prefix_of(self, guild_id: int | None) -> str:
        """Return what typed commands begin with in a server; the general one elsewhere."""
        general = self.app.settings.answers.prefix
        return self._prefixes.get(guild_id or 0, general)

    def read_prefix(self, guild_id: int) -> None:
        """Read what a server's own prefix is now; for a thread."""
        with self.app.store.reading() as connection:
            guild = guilds.get(connection, guild_id)
        if guild is not None and guild.prefix:
            self._prefixes[guild_id] = guild.prefix
        else:
            self._prefixes.pop(guild_id, None)

    def _read_prefixes(self) -> None:
        """Read which servers have a prefix of their own; for a thread."""
        with self.app.store.reading() as connection:
            self._prefixes = {one.id: one.prefix for one in guilds.present(connection).values() if one.prefix}

    async def suggestions(self, kind: str, typed: str, guild_id: int | None) -> list[tuple[str, str]]:
        """Return what is offered for a blank of a command, as (shown, filled in).

        ``guild_id`` is the server of whoever types, where they manage it.
        """
        library = self.app.library
        if kind == "party":
            return [(party.name, party.name) for party in library.parties.complete(typed)]
        if kind == "stance":
            stances = library.topic.stances.values()
            wanted = typed.casefold()
            matching = match_stance(typed, library.topic) or []
            found = [one for one in stances if not wanted or one in matching or wanted in one.label.casefold()]
            return [(one.label, one.key) for one in found]
        if kind == "command":
            return [(one.name, one.name) for one in COMMANDS if typed.casefold() in one.name]
        if kind == "day":
            today = self.app.clock().date().isoformat()
            days = dict.fromkeys((today, *await self._days_on_file()))
            return [(day, day) for day in days if day.startswith(typed)]
        if kind == "feed" and guild_id is not None:
            return await self._in_time(lambda: own_feeds(typed, guild_id, library)) or []
        return []

    async def _days_on_file(self) -> list[str]:
        """Return the days on which something was reported, newest first; none where the store takes too long to say."""

        def read() -> list[str]:
            return sorted({claim.reported_on.isoformat() for claim in self.app.library.claims}, reverse=True)

        return await self._in_time(read) or []

    async def _in_time(self, read: Callable[[], Read]) -> Read | None:
        """Return what is read from the store, in a thread; None where that takes longer than somebody types."""
        try:
            return await asyncio.wait_for(asyncio.to_thread(read), SOON)
        except (TimeoutError, StoreError):
            return None

    # --- Doors --------------------------------------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that is meant for us; everything else is left alone and forgotten."""
        if message.author.bot or message.webhook_id is not None or self.user is None or not message.content:
            return
        guild_id = message.guild.id if message.guild else None
        prefix = self.prefix_of(guild_id)
        resolved = message.reference.resolved if message.reference else None
        meant = addressed(
            message.content,
            bot_id=self.user.id,
            prefix=prefix,
            direct=guild_id is None,
            replies_to_us=isinstance(resolved, discord.Message) and resolved.author.id == self.user.id,
            is_command=lambda line: self._names_command(line, prefix),
            is_own_name=lambda line: self._names_command(line, prefix, aliases=False),
        )
        if meant is None:
            return
        typed = guild_id is not None and message.content.startswith(prefix)
        request = parse(
            meant.line,
            reader=Reader("user", str(message.author.id)),
            now=self.app.clock(),
            prefix=prefix if typed or guild_id is None else "/",
            server=self._server(message),
            direct=message.channel.id if guild_id is None else None,
        )
        if request is not None:
            await self._answer_message(message, request, surely=meant.surely)

    def _server(self, message: discord.Message) -> Server | None:
        guild = message.guild
        if guild is None:
            return None
        author = message.author
        manages = isinstance(author, discord.Member) and (
            author.guild_permissions.manage_guild or author.id == guild.owner_id
        )
        channel = message.channel
        where = None
        if isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
            where = Spot(channel, isinstance(channel, discord.Thread))
        return Server(guild.id, Reader("channel", str(channel.id)), manages, missing_in(where, guild))

    async def _answer_message(self, message: discord.Message, request: Request, *, surely: bool) -> None:
        """Answer a message where it was written; ``surely`` when it names the bot."""
        guild, channel = message.guild, message.channel
        if guild is not None and isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
            missing = missing_to_write(channel, guild.me)
            if missing is not None:
                await asyncio.to_thread(self._cannot_write, message, request, missing, surely)
                self.soon()
                return
        waiting = asyncio.create_task(_show_waiting(channel))
        try:
            if message.attachments:
                request = await self._with_upload(request, message.attachments[0])
            reply = await asyncio.to_thread(rendered, lambda: self._asked(request, guild))
        finally:
            waiting.cancel()
        if reply.answer.file is not None:
            reply = _fitting(reply, message)
        try:
            await reply_to_message(self, message, reply.bodies, file=reply.answer.file)
            # Looked up behind the answer, which need not wait for it.
            closed = await asyncio.to_thread(self._closed_messages, request)
            if closed:
                await reply_to_message(self, message, closed, first=len(reply.bodies))
                await asyncio.to_thread(self._note_told, request)
        except (*LOST, TypeError) as error:
            # The library raises TypeError for a page instead of JSON.
            log.warning("An answer in channel %s did not get through: %s", channel.id, type(error).__name__)
        finally:
            self._after(reply)

    def _asked(self, request: Request, guild: discord.Guild | None) -> Answer:
        """Answer a request from a server, once the server is known; runs in a thread."""
        if guild is not None and request.server is not None:
            self.know(guild)
        return self._ask(request)

    def _reply(self, request: Request, guild: discord.Guild | None) -> Reply:
        """Answer a request and render it, with what is told aside; runs in a thread."""
        closed = False
        # Only what was so before it is asked is told: what this request sets off may fail sooner or later than it is
        # answered. Where the store fails now, the answer goes out all the same.
        with suppress(StoreError):
            closed = bool(self._closed_messages(request))
        reply = rendered(lambda: self._asked(request, guild))
        with suppress(StoreError):
            reply.aside.extend(self._closed_messages(request) if closed else [])
        return reply

    def _closed_messages(self, request: Request) -> list[dict[str, Any]]:
        """Return what says that direct messages don't arrive, where the person is still to be told; for a thread.

        Where somebody asks is the only place where they can be told. :meth:`_note_told` once they were.
        """
        if request.direct is not None or request.reader.kind != "user":
            return []
        with self.app.store.reading() as connection:
            if not subscriptions.has_failure(connection, request.reader.id):
                return []
            followed = subscriptions.listed(connection, None, "user", request.reader.id)
        paused = any(one.state == "paused" for one in followed)
        return render.as_discord(Answer("subscriptions", "closed", {"paused": paused}, personal=True))

    def _note_told(self, request: Request) -> None:
        """Note that a person was told that direct messages don't arrive; for a thread."""
        with self.app.store.writing() as connection:
            subscriptions.take_failure(connection, request.reader.id, now=self.app.clock())

    def _cannot_write(self, message: discord.Message, request: Request, missing: str, surely: bool) -> None:
        """Tell whoever asked why there is no answer; runs in a thread.

        Whoever named the bot is told once a day and channel. A typed command may have been meant for another bot: of
        those who typed one only the first a day and channel is told.
        """
        # Of what was typed only the name of a command may be kept, and that is ours.
        command = find(joined(request).name)
        name = command.name if command is not None else "help"
        told = render.as_discord(
            Answer(
                command=name,
                template="cant-write",
                view={"channel": message.channel.id, "missing": missing, "command": name},
            )
        )
        if message.guild is not None:
            self.know(message.guild)
        now = self.app.clock()
        place = Place("user", str(message.author.id), message.guild.id if message.guild else None)
        key, today = f"cannot write:{message.channel.id}", now.date().isoformat()
        with self.app.store.writing() as connection:
            if not surely:
                # Nothing to send: it stands for the channel's one.
                mark, first = deliveries.owe(connection, f"{key}:{today}", place, [], due_at=now, now=now)
                if not first:
                    return
                deliveries.finish(connection, mark, now=now)
            deliveries.owe(connection, f"{key}:{message.author.id}:{today}", place, told, due_at=now, now=now)

    def _after(self, reply: Reply) -> None:
        command = find(reply.answer.command)
        if command is not None and command.writes:
            self.soon()

    def _names_command(self, line: str, prefix: str, *, aliases: bool = True) -> bool:
        """Tell whether a line begins with the name of a command; without ``aliases`` only its own name counts."""
        request = parse(line, reader=Reader("user", "0"), now=self.app.clock(), prefix=prefix)
        if request is None:
            return False
        name = joined(request).name
        command = find(name)
        return command is not None and (aliases or name == command.name)

    async def _with_upload(self, request: Request, file: discord.Attachment) -> Request:
        """Return a request with the file that came with it, where its command takes one; others are left unread.

        So are those of people who may not manage the server: what takes files is for those who do.
        """
        spoken = joined(request)
        command = find(spoken.name)
        may = request.server is not None and request.server.manages
        if not may or command is None or not command.takes_file(spoken.words):
            return request
        data = None
        if file.size <= MAX_UPLOAD:
            try:
                data = await asyncio.wait_for(file.read(), _UPLOAD_SECONDS)
            except (*LOST, TimeoutError) as error:
                log.warning("A file that came with a command could not be got: %s", type(error).__name__)
                return request
        return replace(request, upload=Upload(file.filename, data))

    async def answer_slash(
        self,
        interaction: discord.Interaction[Any],
        line: str,
        command: Command,
        file: discord.Attachment | None = None,
    ) -> None:
        """Answer a slash command: facts to everybody, settings and mistakes to whoever asked."""
        await self._answer_interaction(interaction, line, personal=command.personal, file=file)

    async def answer_press(self, interaction: discord.Interaction[Any], line: str) -> None:
        """Answer a button or form, to whoever used it only, so that a channel never fills up."""
        await self._answer_interaction(interaction, line, personal=True, always_personal=True)

    async def _answer_interaction(
        self,
        interaction: discord.Interaction[Any],
        line: str,
        *,
        personal: bool,
        always_personal: bool = False,
        file: discord.Attachment | None = None,
    ) -> None:
        request = self._request(interaction, line)

        async def asking() -> Reply:
            whole = request if file is None else await self._with_upload(request, file)
            return await asyncio.to_thread(self._reply, whole, interaction.guild)

        reply = await answer_interaction(interaction, asking(), personal=personal, always_personal=always_personal)
        self._after(reply)
        if reply.aside:
            await asyncio.to_thread(self._note_told, request)

    def _request(self, interaction: discord.Interaction[Any], line: str) -> Request:
        """Return what is asked by an interaction; nothing is read from the store, which may take its time."""
        guild = interaction.guild
        server = None
        if guild is not None and interaction.channel_id is not None and self.get_guild(guild.id) is not None:
            manages = interaction.permissions.manage_guild
            channel = interaction.channel
            parent = channel.parent_id if isinstance(channel, discord.Thread) else None
            private = isinstance(channel, discord.Thread) and channel.is_private()
            where = spot(guild, interaction.channel_id, parent, private=private)
            here = Reader("channel", str(interaction.channel_id))
            server = Server(guild.id, here, manages, missing_in(where, guild))
        direct = interaction.context.dm_channel
        request = parse(
            line,
            reader=Reader("user", str(interaction.user.id)),
            now=self.app.clock(),
            prefix="/",
            server=server,
            direct=interaction.channel_id if direct else None,
        )
        if request is None:
            raise ValueError("an interaction without a command")
        return replace(request, ephemeral=True)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer buttons and forms by their ids; slash commands are the library's to dispatch."""
        kinds = discord.InteractionType
        answers = {kinds.component: buttons.pressed, kinds.modal_submit: buttons.submitted}.get(interaction.type)
        if answers is None:
            return
        identifier = str(dict(interaction.data or {}).get("custom_id", ""))
        try:
            await answers(interaction, identifier)
        except Exception as error:  # noqa: BLE001 (told in the log by what it calls)
            await failed(interaction, error)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Tell that an event was not handled, and why; never its contents."""
        log.exception("The event %s was not handled.", event_method)


async def _slash_failed(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
    # The library's own errors repeat what was filled in.
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else None
    await failed(interaction, cause or RuntimeError(type(error).__name__))


async def _show_waiting(channel: discord.abc.Messageable) -> None:
    """Show that an answer is being made, where it takes longer than most."""
    await asyncio.sleep(SOON)
    with suppress(*LOST):
        while True:
            await channel.typing()
            # Discord shows it for ten seconds.
            await asyncio.sleep(9)


def _fitting(reply: Reply, message: discord.Message) -> Reply:
    """Return a reply with a file, or what says why none can be sent where the message was written."""
    guild, channel = message.guild, message.channel
    if guild is None or not isinstance(channel, (discord.abc.GuildChannel, discord.Thread)):
        return reply
    missing = missing_to_attach(channel, guild.me)
    if missing is None:
        return reply
    told = mistake(reply.answer.command, "no_files", missing)
    return rendered(lambda: told)


def _nothing(_bot: commands.AutoShardedBot, _message: discord.Message) -> list[str]:
    return []


def _version() -> str:
    from importlib.metadata import version

    return version("rollcall")
