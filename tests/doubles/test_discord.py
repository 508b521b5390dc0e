"""The double, driven by a bare discord.py bot; and what the library does that the real bot relies on.

Tests called ``test_library_...`` state facts about discord.py: when one fails after an upgrade, the bot has to change.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.ext import commands

from tests.doubles.discord import DiscordDouble, rules, schema

pytestmark = pytest.mark.long

AGENT = "DiscordBot (https://example.org/rollcall, 1.0)"
LEAN = {"guilds": True, "guild_messages": True, "dm_messages": True}


@dataclass
class Clock:
    now: datetime = field(default_factory=lambda: datetime(2025, 3, 26, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def double(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordDouble]:
    async with DiscordDouble(clock=clock) as running:
        point_to(running, monkeypatch)
        yield running


def point_to(double: DiscordDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "BASE", double.api)
    monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(double.gateway))
    monkeypatch.setattr(discord.Asset, "BASE", double.cdn)


class More(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"more:(?P<what>\w+)"):
    """A button that works for ever, because everything it needs is in its id."""

    def __init__(self, what: str) -> None:
        super().__init__(discord.ui.Button(label=f"More {what}", custom_id=f"more:{what}"))
        self.what = what

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: re.Match[str]) -> More:
        return cls(match["what"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"more {self.what}", ephemeral=True)


class Ask(discord.ui.Modal, title="Ask"):
    word = discord.ui.TextInput[Any](label="Word", custom_id="word")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"asked {self.word.value}")


class Bare(commands.AutoShardedBot):
    """An echo bot."""

    fix_user_agent = True

    def __init__(self, *, content: bool = True, **options: Any) -> None:
        intents = discord.Intents.none()
        intents.value = discord.Intents(**LEAN, message_content=content).value
        super().__init__(
            commands.when_mentioned_or("!"),
            intents=intents,
            help_command=None,
            guild_ready_timeout=0.05,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            **{"allowed_mentions": discord.AllowedMentions.none(), **options},
        )
        self.http.user_agent = AGENT
        self.seen: list[str] = []
        self.errors: list[BaseException] = []
        self.events: list[str] = []

    async def setup_hook(self) -> None:
        if self.fix_user_agent:
            self.http._HTTPClient__session.headers["User-Agent"] = AGENT  # type: ignore[attr-defined]
        self.add_dynamic_items(More)
        for command in (echo, card):
            self.add_command(command.copy())
        for slash in (status, later, ask, place):
            self.tree.add_command(slash)
        self.tree.on_error = self.on_tree_error  # type: ignore[method-assign]

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        await asyncio.sleep(0)

    async def on_message(self, message: discord.Message) -> None:
        if not message.author.bot:
            self.seen.append(message.content)
        await self.process_commands(message)

    async def on_command_error(self, context: Any, exception: Any) -> None:
        self.errors.append(getattr(exception, "original", exception))

    async def on_tree_error(self, interaction: Any, error: Any) -> None:
        self.errors.append(getattr(error, "original", error))

    async def on_socket_event_type(self, name: str) -> None:
        self.events.append(name)


@commands.command()
async def echo(ctx: commands.Context[Any], *, text: str) -> None:
    await ctx.reply(text)


@commands.command(name="card")
async def card(ctx: commands.Context[Any], what: str) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(More(what))
    view.add_item(discord.ui.Button(label="Source", url="https://example.org/source"))
    await ctx.send("a card", view=view)


@app_commands.command(description="Says where a country stands")
async def status(interaction: discord.Interaction, country: str) -> None:
    await interaction.response.send_message(f"{country}: unclear", ephemeral=country == "Secret")


@status.autocomplete("country")
async def names(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    known = ["Germany", "Georgia", "Italy"]
    return [app_commands.Choice(name=name, value=name) for name in known if name.startswith(typed)]


@app_commands.command(description="Takes its time")
async def later(interaction: discord.Interaction, quiet: bool = False) -> None:
    await interaction.response.defer(ephemeral=quiet)
    await interaction.edit_original_response(content="at last")
    await interaction.followup.send("and more", ephemeral=True)


@app_commands.command(description="Asks back")
async def ask(interaction: discord.Interaction) -> None:
    await interaction.response.send_modal(Ask())


@app_commands.command(description="Shows a channel")
@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
async def place(interaction: discord.Interaction, where: discord.TextChannel, who: discord.Member) -> None:
    may = interaction.permissions.manage_guild
    await interaction.response.send_message(f"{where.name} {who.name} {may} {interaction.app_permissions.value}")


@asynccontextmanager
async def running(double: DiscordDouble, bot: Bare | None = None, *, sync: bool = False) -> AsyncIterator[Bare]:
    bot = bot or Bare()
    task = asyncio.create_task(bot.start(double.token))
    try:
        await double.until(lambda: task.done() or (double.ready and bot.is_ready()))
        if task.done():
            await task
        if sync:
            await bot.tree.sync()
        yield bot
    finally:
        await bot.close()
        await asyncio.gather(task, return_exceptions=True)


@dataclass
class Town:
    """A server with a channel and a member."""

    double: DiscordDouble

    def __post_init__(self) -> None:
        self.guild = self.double.add_guild("Nordwind")
        self.channel = self.guild.add_channel("general")
        self.anna = self.double.add_user("anna")
        self.guild.join(self.anna)


@pytest.fixture
def town(double: DiscordDouble) -> Town:
    return Town(double)


# Logging in, and the gateway.


async def test_login_ready_and_a_clean_close(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        assert bot.user is not None
        assert bot.user.id == double.bot.id
        guild = bot.get_guild(town.guild.id)
        assert guild is not None
        assert guild.me.guild_permissions.value == rules.LEAST
        assert [channel.name for channel in guild.text_channels] == ["general"]
        assert bot.application_flags.gateway_message_content_limited
        assert double.connected.is_set()
    assert double.identifies == 1
    assert not double.violations
    assert not double.refusals


async def test_library_an_auto_sharded_bot_asks_for_the_gateway_and_closes_with_1000(double: DiscordDouble) -> None:
    async with running(double):
        pass
    paths = [request.path for request in double.requests]
    assert paths == ["/users/@me", "/oauth2/applications/@me", "/gateway/bot"]
    assert double.closes == [1000]


async def test_a_wrong_token_is_refused(double: DiscordDouble) -> None:
    with pytest.raises(discord.LoginFailure):
        async with Bare() as bot:
            await bot.login("wrong")
    assert [(refused.status, refused.path) for refused in double.refusals] == [(401, "/users/@me")]
    assert double.violations


async def test_library_an_intent_that_is_not_granted_ends_the_client(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with DiscordDouble(clock=clock, message_content=False) as double:
        point_to(double, monkeypatch)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with running(double):
                pass
        assert "4014" in double.violations[0]
        async with running(double, Bare(content=False)) as bot:
            assert not bot.application_flags.gateway_message_content_limited


async def test_content_is_kept_back_without_the_intent(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordDouble(clock=clock, message_content=False) as double:
        point_to(double, monkeypatch)
        town = Town(double)
        async with running(double, Bare(content=False)) as bot:
            await double.say(town.anna, town.channel, "!echo secret")
            named = await double.say(town.anna, town.channel, f"{double.bot.mention} echo named")
            [answer] = await double.replies_to(named)
            await double.say(town.anna, town.channel, "a reply", reply_to=answer)
            await double.say(town.anna, town.channel, "a quiet reply", reply_to=answer, ping=False)
            direct = await double.say(town.anna, town.anna.dm, "!echo direct")
            await double.replies_to(direct)
            assert bot.seen == ["", f"{double.bot.mention} echo named", "a reply", "", "!echo direct"]
            channel = bot.get_partial_messageable(town.channel.id)
            assert [m.content async for m in channel.history()][::-1][:2] == ["", f"{double.bot.mention} echo named"]
        assert not double.violations


async def test_a_cut_line_is_resumed_and_what_was_missed_is_told(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        await double.drop_socket()
        await double.say(town.anna, town.channel, "!echo missed")
        await double.until(lambda: double.resumes == 1)
        await double.until(lambda: bot.seen == ["!echo missed"])
        await double.replies_to(town.channel.messages[0])
        await double.drop_socket(4000)
        await double.until(lambda: double.resumes == 2)
        await double.ask_reconnect()
        await double.until(lambda: double.resumes == 3)
    assert double.identifies == 1
    assert not double.violations


async def test_an_invalid_session_is_identified_anew(double: DiscordDouble, town: Town) -> None:
    async with running(double):
        await double.invalidate_session(resumable=True)
        await double.until(lambda: double.resumes == 1)
        await double.invalidate_session()
        await double.until(lambda: double.identifies == 2 and double.ready)
    assert double.resumes == 1
    assert not double.violations


async def test_library_a_fatal_close_code_ends_the_client(double: DiscordDouble) -> None:
    bot = Bare()
    task = asyncio.create_task(bot.start(double.token))
    await double.until(lambda: double.ready)
    await double.drop_socket(4004)
    with pytest.raises(discord.ConnectionClosed) as closed:
        await task
    assert closed.value.code == 4004
    assert double.identifies == 1


async def test_invited_changed_and_kicked(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        second = double.add_guild("Südwind", bot_permissions=rules.VIEW)
        channel = second.add_channel("news", kind=5)
        thread = channel.add_thread("talk")
        await double.until(lambda: bot.get_channel(thread.id))
        found = bot.get_channel(channel.id)
        assert isinstance(found, discord.TextChannel)
        assert found.is_news()
        assert not found.permissions_for(found.guild.me).send_messages
        channel.allow(rules.SEND)
        await double.until(lambda: found.permissions_for(found.guild.me).send_messages)
        second.set_bot_permissions(0)
        await double.until(lambda: not found.permissions_for(found.guild.me).read_messages)
        await channel.delete()
        await double.until(lambda: bot.get_channel(channel.id) is None)
        await second.kick()
        await double.until(lambda: bot.get_guild(second.id) is None)
        await second.invite()
        await double.until(lambda: bot.get_guild(second.id))
    assert not double.violations


async def test_shards(double: DiscordDouble) -> None:
    double.gateway_server.shards = 2
    first, second = (Town(double) for _ in range(2))
    third = double.add_guild("Third")
    assert {(g.id >> 22) % 2 for g in (first.guild, second.guild, third)} == {0, 1}
    async with running(double, Bare()) as bot:
        assert double.identifies == 2
        assert len(bot.guilds) == 3
        for town in (first, second):
            await double.replies_to(await double.say(town.anna, town.channel, "!echo here"))
        direct = await double.say(first.anna, first.anna.dm, "!echo direct")
        assert len(await double.replies_to(direct)) == 1
    assert not double.violations


# Messages.


async def test_a_message_and_its_reply(double: DiscordDouble, town: Town) -> None:
    async with running(double):
        asked = await double.say(town.anna, town.channel, "!echo hello")
        [answer] = await double.replies_to(asked)
    assert answer.content == "hello"
    assert answer.reference is asked
    assert not answer.pings
    assert double.sends == 1
    assert town.channel.messages == [asked, answer]
    assert not double.violations


async def test_a_ping_is_a_violation_unless_it_is_allowed(double: DiscordDouble, town: Town) -> None:
    role = town.guild.add_role("editors", mentionable=True)
    async with running(double, Bare(allowed_mentions=None)):
        for text in (f"{town.anna.mention}", f"{role.mention} @everyone"):
            await double.replies_to(await double.say(town.anna, town.channel, f"!echo {text}"))
        town.guild.set_bot_permissions(rules.LEAST | rules.MENTION_EVERYONE)
        await double.replies_to(await double.say(town.anna, town.channel, "!echo @here"))
        users, roles, everyone = (message.pings for message in town.channel.messages if message.author is double.bot)
    assert users.users == {town.anna.id}
    assert (roles.roles, roles.everyone) == ({role.id}, False)
    assert everyone.everyone
    assert len(double.violations) == 3
    with pytest.raises(AssertionError, match="anna"):
        double.assert_clean()


async def test_a_broken_rule_is_noted_though_the_bot_swallows_the_error(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        await double.say(town.anna, town.channel, "!echo " + "x" * 2001)
        await double.until(lambda: bot.errors)
        [error] = bot.errors
    assert isinstance(error, discord.HTTPException)
    assert (error.status, error.code) == (400, 50035)
    assert "content: Must be 2000 or fewer in length." in str(error)
    assert "Must be 2000 or fewer" in double.violations[0]
    assert double.refusals[0].code == 50035
    assert not [message for message in town.channel.messages if message.author is double.bot]


async def test_library_our_nonce_is_sent_and_enforced(double: DiscordDouble, town: Town, clock: Clock) -> None:
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        first = await channel.send("once", nonce="briefing-1")
        assert (await channel.send("once", nonce="briefing-1")).id == first.id
        assert double.requests[-1].body["enforce_nonce"] is True
        assert double.requests[-1].body["nonce"] == "briefing-1"
        await channel.send("by itself")
        assert double.requests[-1].body["enforce_nonce"] is True
        clock.now += timedelta(minutes=6)
        assert (await channel.send("once", nonce="briefing-1")).id != first.id
        await double.delete(town.channel.messages[-1])
        with pytest.raises(discord.NotFound):
            await channel.send("once", nonce="briefing-1")
        assert not double.violations
        other = bot.get_partial_messageable(town.guild.add_channel("other").id)
        await channel.send("again", nonce="briefing-2")
        await other.send("again", nonce="briefing-2")
    assert "another channel" in double.violations[0]
    assert double.sends == 4


async def test_history_can_be_asked_for_by_moments(double: DiscordDouble, town: Town, clock: Clock) -> None:
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        before = await double.say(town.anna, town.channel, "before")
        clock.now += timedelta(hours=1)
        due = discord.Object(discord.utils.time_snowflake(clock.now - timedelta(seconds=1)))
        late = [(await double.say(town.anna, town.channel, f"{number}")).id for number in range(3)]
        assert [m.id async for m in channel.history(after=due, limit=10)] == late
        assert [m.id async for m in channel.history(after=due, limit=2)] == late[:2]
        assert [m.id async for m in channel.history(before=discord.Object(late[0]))] == [before.id]
        assert [m.id async for m in channel.history(limit=1)] == [late[-1]]
        assert (await channel.fetch_message(before.id)).created_at == before.created_at
        town.channel.deny(rules.READ_HISTORY)
        assert [m async for m in channel.history()] == []
        with pytest.raises(discord.Forbidden):
            await channel.fetch_message(before.id)
    assert not double.violations


async def test_edit_and_delete(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        sent = await channel.send("one", suppress_embeds=True)
        stored = town.channel.messages[0]
        assert stored.suppressed
        assert not stored.edited
        await sent.edit(content="two", suppress=False)
        assert not stored.suppressed
        assert (stored.content, stored.edited) == ("two", True)
        theirs = await double.say(town.anna, town.channel, "mine")
        with pytest.raises(discord.Forbidden) as error:
            await channel.get_partial_message(theirs.id).edit(content="ours")
        assert error.value.code == 50005
        await sent.delete()
        with pytest.raises(discord.NotFound):
            await sent.edit(content="three")
    assert town.channel.messages == [theirs]
    assert len(double.violations) == 1  # the attempt to edit somebody else's


async def test_files(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        file = discord.File(__file__, "briefing.html", description="The briefing")
        sent = await channel.send("see", file=file)
        [stored] = town.channel.messages[0].attachments
        assert (stored.filename, stored.description) == ("briefing.html", "The briefing")
        assert await sent.attachments[0].read() == stored.data
        town.channel.deny(rules.ATTACH_FILES)
        with pytest.raises(discord.Forbidden):
            await channel.send("see", file=discord.File(__file__, "briefing.html"))
    assert not double.violations
    assert double.refusals == [("POST", f"/channels/{town.channel.id}/messages", 403, 50013)]


async def test_permissions_are_enforced(double: DiscordDouble, town: Town) -> None:
    news = town.guild.add_channel("news", kind=5)
    forum = town.guild.add_channel("ideas", kind=15)
    thread = town.channel.add_thread("talk", archived=True)
    locked = town.channel.add_thread("old", archived=True, locked=True)
    question = await double.say(town.anna, town.channel, "a question")
    town.channel.deny(rules.SEND | rules.READ_HISTORY)
    news.deny(rules.VIEW)

    async def code(channel: int, **more: Any) -> int:
        try:
            await bot.get_partial_messageable(channel).send("text", **more)
        except discord.HTTPException as error:
            return error.code
        return 0

    async with running(double) as bot:
        assert await code(town.channel.id) == 50013
        town.channel.allow(rules.SEND)
        assert await code(town.channel.id) == 0
        reference = discord.MessageReference(message_id=question.id, channel_id=town.channel.id)
        assert await code(town.channel.id, reference=reference) == 160002
        assert await code(news.id) == 50001
        assert await code(forum.id) == 40058
        assert await code(thread.id) == 0
        assert not thread.archived
        town.channel.deny(rules.SEND)
        assert await code(thread.id) == 0  # SEND_MESSAGES has no effect in threads
        town.channel.deny(rules.SEND_IN_THREADS)
        assert await code(thread.id) == 50013
        town.channel.allow(rules.SEND_IN_THREADS)
        assert await code(locked.id) == 50083
        await news.delete()
        assert await code(news.id) == 10003
        await town.guild.kick()
        assert await code(thread.id) == 50001
    assert [sentence for sentence in double.violations if "40058" not in sentence] == []
    assert double.invalid_requests == 4


async def test_direct_messages(double: DiscordDouble, town: Town) -> None:
    stranger, other_bot = double.add_user("stranger"), double.add_user("robot", bot=True)
    async with running(double) as bot:
        asked = await double.say(town.anna, town.anna.dm, "!echo hello")
        assert [m.content for m in await double.replies_to(asked)] == ["hello"]
        user = await bot.fetch_user(town.anna.id)
        await user.send("good morning")
        assert [m.content for m in town.anna.dm.messages] == ["!echo hello", "hello", "good morning"]
        town.anna.dms_open = False
        with pytest.raises(discord.Forbidden) as closed:
            await user.send("again")
        assert closed.value.code == 50007
        with pytest.raises(discord.Forbidden) as unrelated:
            await (await bot.fetch_user(stranger.id)).send("buy this")
        assert unrelated.value.code == 50278
        with pytest.raises(discord.Forbidden) as robot:
            await (await bot.fetch_user(other_bot.id)).send("hello")
        assert robot.value.code == 50007
        with pytest.raises(discord.NotFound):
            await bot.fetch_user(1)
        town.anna.dms_open = True
        await town.guild.kick()
        with pytest.raises(discord.Forbidden):
            await user.send("we are no longer related")
        with pytest.raises(LookupError):
            await double.say(town.anna, town.anna.dm, "hello")
    assert not double.violations


class Layout(discord.ui.LayoutView):
    box = discord.ui.Container(
        discord.ui.Section("one", accessory=discord.ui.Button(label="More", custom_id="layout")),
        discord.ui.Separator(),
        discord.ui.TextDisplay("two"),
    )


async def test_what_the_library_builds_is_well_formed(double: DiscordDouble, town: Town) -> None:
    forum = town.guild.add_channel("ideas", kind=15)
    news = town.guild.add_channel("news", kind=5)
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        embed = discord.Embed(title="Title", description="Text", url="https://example.org/", timestamp=double.clock())
        embed.add_field(name="Name", value="Value").set_footer(text="Foot").set_author(name="Author")
        view = discord.ui.View(timeout=None)
        options = [discord.SelectOption(label="Germany", value="DE", description="d", emoji="🇩🇪")]
        view.add_item(discord.ui.Select(custom_id="pick", placeholder="Country", options=options))
        view.add_item(discord.ui.Button(label="Stop", custom_id="stop", disabled=True))
        sent = await channel.send("text", embed=embed, view=view, silent=True)
        await sent.edit(content="other", embed=None, view=None)
        laid_out = await channel.send(view=Layout())
        await laid_out.edit(view=Layout())
        assert town.channel.messages[-1].text == "one\ntwo"
        ideas, announced = bot.get_channel(forum.id), bot.get_channel(news.id)
        assert isinstance(ideas, discord.ForumChannel)
        assert isinstance(announced, discord.TextChannel)
        post = await ideas.create_thread(name="A post", content="its first message")
        assert post.thread.id == post.message.id
        await (await announced.send("the news")).publish()
        assert news.messages[0].flags & rules.CROSSPOSTED
        await channel.typing()
    assert town.channel.typings == 1
    double.assert_clean()


async def test_an_outage_is_no_kick(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        left: list[int] = []

        @bot.listen()
        async def on_guild_remove(guild: discord.Guild) -> None:
            left.append(guild.id)

        guild = bot.get_guild(town.guild.id)
        assert guild is not None
        await town.guild.outage()
        await double.until(lambda: guild.unavailable)
        await town.guild.back()
        await double.until(lambda: not guild.unavailable)
        assert not left
        await town.guild.kick()
        await double.until(lambda: left)


async def test_discord_goes_down_and_comes_back(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        await double.go_down()
        with pytest.raises(aiohttp.ClientError):
            await bot.get_partial_messageable(town.channel.id).send("hello")
        await double.come_back()
        await double.until(lambda: double.ready, timeout=20)
        await double.replies_to(await double.say(town.anna, town.channel, "!echo hello"))
    assert not double.violations


async def test_what_the_bot_hears(double: DiscordDouble, town: Town) -> None:
    hidden = town.guild.add_channel("hidden")
    async with running(double) as bot:
        hidden.deny(rules.VIEW)
        await double.say(town.anna, hidden, "unheard")
        heard = await double.say(town.anna, town.channel, "heard")
        await double.repeat(heard)
        await double.until(lambda: len(bot.seen) == 2)
        assert bot.seen == ["heard", "heard"]
        town.guild.leave(town.anna)
        with pytest.raises(LookupError, match="can't see"):
            await double.say(town.anna, town.channel, "gone")
    assert not double.violations


# Interactions.


async def test_commands_are_registered_and_answered(double: DiscordDouble, town: Town) -> None:
    async with running(double, sync=True) as bot:
        assert sorted(command["name"] for command in double.commands) == ["ask", "later", "place", "status"]
        before = {command["name"]: command["id"] for command in double.commands}
        await bot.tree.sync()
        assert {command["name"]: command["id"] for command in double.commands} == before
        assert double.command_writes == 2
        public = await double.slash(town.anna, town.channel, "status", {"country": "Germany"})
        private = await double.slash(town.anna, town.channel, "status", {"country": "Secret"})
        direct = await double.slash(town.anna, town.anna.dm, "status", {"country": "Italy"})
        suggested = await double.autocomplete(town.anna, town.channel, "status", "country", "Ge")
    assert [message.content for message in public.messages] == ["Germany: unclear"]
    assert [message.ephemeral for message in public.messages + private.messages] == [False, True]
    assert public.messages[0] in town.channel.messages
    assert private.messages[0] not in town.channel.messages
    assert private.messages[0] in double.all_messages
    assert direct.messages == town.anna.dm.messages
    assert public.seconds is not None
    assert public.seconds < 3
    assert [choice.name for choice in suggested] == ["Germany", "Georgia"]
    assert suggested[0]["value"] == "Germany"
    assert not double.violations


async def test_a_person_can_only_use_what_is_offered(double: DiscordDouble, town: Town) -> None:
    async with running(double, sync=True):
        for command, options in (
            ("stats", {}),
            ("status", {}),
            ("status", {"country": "Germany", "county": "Kent"}),
            ("status now", {"country": "Germany"}),
        ):
            with pytest.raises(LookupError):
                await double.slash(town.anna, town.channel, command, options)
        with pytest.raises(LookupError, match="not offered in direct messages"):
            await double.slash(town.anna, town.anna.dm, "place", {"where": town.channel, "who": town.anna})


async def test_deferred_edited_and_followed_up(double: DiscordDouble, town: Town) -> None:
    async with running(double, sync=True):
        open_, quiet = [await double.slash(town.anna, town.channel, "later", {"quiet": q}) for q in (False, True)]
        await double.until(lambda: len(open_.messages) == len(quiet.messages) == 2)
    assert open_.deferred
    assert [(m.content, m.ephemeral, m.edited) for m in open_.messages] == [
        ("at last", False, False),
        ("and more", True, False),
    ]
    assert [m.ephemeral for m in quiet.messages] == [True, True]
    assert not open_.alias_used
    assert not double.violations


async def test_what_an_interaction_tells(double: DiscordDouble, town: Town) -> None:
    boss = double.add_user("boss")
    town.guild.join(boss, permissions=rules.MANAGE_GUILD)
    town.channel.deny(rules.SEND)
    may = rules.LEAST & ~(rules.SEND | rules.EMBED_LINKS | rules.ATTACH_FILES)
    async with running(double, sync=True):
        for user, manager in ((boss, True), (town.anna, False)):
            options = {"where": town.channel, "who": town.anna}
            interaction = await double.slash(user, town.channel, "place", options)
            assert interaction.messages[0].content == f"general anna {manager} {may}"
            assert interaction.hidden is not manager
    assert not double.violations


async def test_library_buttons_and_dynamic_items_work_after_a_restart(double: DiscordDouble, town: Town) -> None:
    async with running(double):
        [message] = await double.replies_to(await double.say(town.anna, town.channel, "!card Germany"))
        pressed = await double.press(town.anna, message, "More Germany")
        assert pressed.messages[0].content == "more Germany"
    async with running(double):
        again = await double.press(town.anna, message, "more:Germany")
        assert [(m.content, m.ephemeral) for m in again.messages] == [("more Germany", True)]
    assert [button.label for button in message.buttons] == ["More Germany", "Source"]
    assert message.buttons[1].url == "https://example.org/source"
    with pytest.raises(LookupError, match="link"):
        await double.press(town.anna, message, "Source")
    with pytest.raises(LookupError, match="there is no"):
        await double.press(town.anna, message, "Stop")
    assert double.identifies == 2
    assert not double.violations


async def test_an_app_a_user_installed_works_where_the_bot_is_not(double: DiscordDouble, town: Town) -> None:
    foreign = double.add_guild("Foreign", present=False)
    channel, ben = foreign.add_channel("general"), double.add_user("ben", installed=True)
    foreign.join(ben)
    foreign.join(town.anna)
    bot = Bare()

    @bot.tree.command(description="Works anywhere")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def anywhere(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("1")
        for number in range(2, 8):
            try:
                await interaction.followup.send(f"{number}")
            except discord.HTTPException as error:
                bot.errors.append(error)

    async with running(double, bot, sync=True):
        with pytest.raises(LookupError, match="not installed"):
            await double.slash(town.anna, channel, "anywhere")
        interaction = await double.slash(ben, channel, "anywhere")
        await double.until(lambda: bot.errors)
        [error] = bot.errors
        direct = await double.slash(ben, ben.dm, "anywhere")
        assert direct.messages[0].content == "1"
    assert isinstance(error, discord.HTTPException)
    assert error.code == 40094
    assert [message.content for message in interaction.messages] == ["1", "2", "3", "4", "5", "6"]
    assert len(double.violations) == 1


async def test_a_form(double: DiscordDouble, town: Town) -> None:
    async with running(double, sync=True):
        asked = await double.slash(town.anna, town.channel, "ask")
        assert asked.modal is not None
        assert asked.modal["title"] == "Ask"
        with pytest.raises(LookupError, match="must be filled in"):
            await double.submit(town.anna, asked, {})
        answered = await double.submit(town.anna, asked, {"word": "when"})
    assert [message.content for message in answered.messages] == ["asked when"]
    assert not double.violations


async def test_no_answer_a_late_one_and_a_second_one_are_violations(double: DiscordDouble, town: Town) -> None:
    double.interaction_deadline = 0.1
    bot, codes, go = Bare(), [], asyncio.Event()

    @bot.tree.command(description="Sleeps")
    async def sleepy(interaction: discord.Interaction) -> None:
        await go.wait()
        await answered(interaction)

    @bot.tree.command(description="Promises only")
    async def lazy(interaction: discord.Interaction) -> None:
        await interaction.response.defer()

    @bot.tree.command(description="Answers twice")
    async def eager(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("one")
        interaction.response._response_type = None
        await answered(interaction)

    async def answered(interaction: discord.Interaction) -> None:
        try:
            await interaction.response.send_message("here I am")
        except discord.HTTPException as error:
            codes.append(error.code)

    async with running(double, bot, sync=True):
        slept = await double.slash(town.anna, town.channel, "sleepy")
        assert slept.failed
        assert double.violations == ["no answer to /sleepy within 0.1 s"]
        go.set()
        await double.until(lambda: codes == [10062])
        await double.slash(town.anna, town.channel, "eager")
        await double.until(lambda: codes == [10062, 40060])
        assert len(double.violations) == 3
        await double.slash(town.anna, town.channel, "lazy", timeout=0.2)
        assert double.violations.pop() == "/lazy was deferred and not answered within 0.2 s"
    with pytest.raises(AssertionError, match="/lazy was deferred and never answered"):
        double.assert_clean()


async def test_an_interaction_token_lives_fifteen_minutes(double: DiscordDouble, town: Town, clock: Clock) -> None:
    async with running(double, sync=True):
        interaction = await double.slash(town.anna, town.channel, "status", {"country": "Germany"})
        url = f"{double.api}/webhooks/{double.application_id}/{interaction.token}"
        async with aiohttp.ClientSession(headers={"User-Agent": AGENT}) as session:
            async with session.post(url, json={"content": "more"}) as response:
                assert response.status == 200
            clock.now += timedelta(minutes=16)
            async with session.patch(url + "/messages/@original", json={"content": "more"}) as response:
                assert (response.status, (await response.json())["code"]) == (401, 50027)
    assert len(interaction.messages) == 2


async def test_library_interactions_need_the_user_agent_fixed(double: DiscordDouble, town: Town) -> None:
    bot = Bare()
    bot.fix_user_agent = False
    async with running(double, bot, sync=True):
        await double.slash(town.anna, town.channel, "status", {"country": "Germany"})
    assert len(double.violations) == 1
    assert "User-Agent" in double.violations[0]
    assert "aiohttp" in double.violations[0]


# What goes wrong on purpose.


async def test_a_429_is_waited_for(double: DiscordDouble, town: Town) -> None:
    double.fail("POST", r"/messages$", 429, retry_after=0.02, times=2)
    async with running(double):
        await double.replies_to(await double.say(town.anna, town.channel, "!echo hello"))
    statuses = [request.status for request in double.requests if request.path.endswith("/messages")]
    assert statuses == [429, 429, 200]
    assert double.sends == 1
    assert [refused.status for refused in double.refusals] == [429, 429]
    assert not double.violations


async def test_library_a_503_and_a_cut_connection_are_raised_at_once(double: DiscordDouble, town: Town) -> None:
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        double.fail("POST", r"/messages$")
        with pytest.raises(discord.DiscordServerError):
            await channel.send("one")
        double.fail("POST", r"/messages$", drop=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await channel.send("one")
        assert double.sends == 0
        double.fail("POST", r"/messages$", after=True)
        with pytest.raises(discord.DiscordServerError):
            await channel.send("one", nonce="one")
        double.fail("POST", r"/messages$", drop=True, after=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await channel.send("two", nonce="two")
        assert double.sends == 2
        # Sent again with the same nonce, nothing is said twice.
        await channel.send("one", nonce="one")
        await channel.send("two", nonce="two")
        assert double.sends == 2
        double.fail("POST", r"/messages$", delay=0.01)
        await channel.send("three")
    assert [message.content for message in town.channel.messages] == ["one", "two", "three"]
    assert not double.violations


async def test_library_an_odd_body_is_a_type_error(double: DiscordDouble, town: Town) -> None:
    double.fail("POST", r"/messages$", 200, body="<html>maintenance</html>")
    async with running(double) as bot:
        with pytest.raises(TypeError):
            await bot.get_partial_messageable(town.channel.id).send("one")


async def test_buckets_and_the_global_limit(double: DiscordDouble, town: Town) -> None:
    double.rate_limit("POST", r"/messages$", 2, 0.2)
    async with running(double) as bot:
        channel = bot.get_partial_messageable(town.channel.id)
        for number in range(4):
            await channel.send(f"{number}")
        assert not double.violations  # the library waits by the headers
        double.global_limit = 1
        double.server.recent.clear()
        await asyncio.gather(channel.fetch_message(1), bot.fetch_user(town.anna.id), return_exceptions=True)
    assert double.global_refused >= 1
    assert "more than 1 requests in a second" in double.violations[0]


async def test_nothing_is_sent_can_be_asserted(double: DiscordDouble, town: Town) -> None:
    async with running(double):
        await double.say(town.anna, town.channel, "just talking")
        await double.settled()
        assert double.sends == 0
        with pytest.raises(AssertionError, match="it didn't happen"):
            await double.until(lambda: double.sends, timeout=0.01)


# Rules, asked for directly.


async def ask_for(double: DiscordDouble, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bot {double.token}", "User-Agent": AGENT, **more.pop("headers", {})}
    url = double.api + path
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, url, json=body, **more) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text.startswith(("{", "[")) else text


def row(*components: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": 1, "components": list(components)}]


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "A", "custom_id": custom_id, **more}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "n" * 26}, "nonce"),
        ({"content": "x", "flags": 64}, "flags"),
        ({"content": "x", "embeds": [{"title": "t"}] * 11}, "embeds"),
        ({"embeds": [{"title": "t" * 257}]}, "embeds.0.title"),
        ({"embeds": [{"description": "d" * 4000}, {"description": "d" * 2001}]}, "embeds"),
        ({"embeds": [{"fields": [{"name": " ", "value": "v"}]}]}, "embeds.0.fields.0.name"),
        ({"embeds": [{"url": "javascript:alert()"}]}, "embeds.0.url"),
        ({"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, "allowed_mentions"),
        ({"content": "x", "allowed_mentions": {"parse": ["all"]}}, "allowed_mentions.parse"),
        ({"content": "x", "allowed_mentions": {"users": list(range(101))}}, "allowed_mentions.users"),
        ({"content": "x", "components": row() * 6}, "components"),
        ({"content": "x", "components": row(*(button(f"{n}") for n in range(6)))}, "components.0.components"),
        ({"content": "x", "components": row(button(), button())}, "components"),
        ({"content": "x", "components": row(button("a", id=7), button("b", id=7))}, "components"),
        ({"content": "x", "components": row(button("i" * 101))}, "components.custom_id"),
        ({"content": "x", "components": row(button(label="l" * 81))}, "components.0.components.0.label"),
        ({"content": "x", "components": row(button(url="https://example.org"))}, "components.0.components.0.url"),
        ({"content": "x", "components": row({"type": 2, "style": 5, "label": "L"})}, "components.0.components.0.url"),
        ({"content": "x", "components": [{"type": 10, "content": "v2"}]}, "components.0.type"),
        ({"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "v2"}]}, "content"),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 2001}] * 2}, "components"),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "x"}] * 41}, "components"),
        ({"content": "x", "attachments": [{"id": 0}]}, "attachments.0.id"),
    ],
)
async def test_message_rules(double: DiscordDouble, town: Town, body: dict[str, Any], where: str) -> None:
    status, answer = await ask_for(double, "POST", f"/channels/{town.channel.id}/messages", body)
    assert (status, answer["code"]) == (400, 50035)
    node = answer["errors"]
    for step in where.split("."):
        node = node[step]
    assert node["_errors"]
    assert f"{where}: " in double.violations[0]
    assert not town.channel.messages


async def test_empty_malformed_and_misaddressed(double: DiscordDouble, town: Town) -> None:
    path = f"/channels/{town.channel.id}/messages"
    for body in ({}, {"content": "  \n"}, {"content": None, "embeds": []}):
        assert (await ask_for(double, "POST", path, body))[1]["code"] == 50006
    json_type = {"Content-Type": "application/json"}
    assert (await ask_for(double, "POST", path, None, data=b"{", headers=json_type))[1]["code"] == 50109
    text_type = {"Content-Type": "text/plain"}
    assert (await ask_for(double, "POST", path, None, data=b"x", headers=text_type))[1]["code"] == 50035
    assert (await ask_for(double, "GET", "/nonsense"))[0] == 404
    assert (await ask_for(double, "GET", path + "?limit=101"))[1]["code"] == 50035
    assert (await ask_for(double, "GET", path + "?before=1&after=1"))[1]["code"] == 50035
    assert len(double.violations) == 8
    assert (await ask_for(double, "GET", "/channels/1"))[1]["code"] == 10003
    assert (await ask_for(double, "GET", "/guilds/1"))[1]["code"] == 10004
    assert (await ask_for(double, "GET", f"/guilds/{town.guild.id}/members/{double.bot.id}"))[0] == 200
    assert len(double.violations) == 8


def command(name: str = "status", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": 1, **more}


def option(name: str = "o", kind: int = 3, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "type": kind, **more}


@pytest.mark.parametrize(
    "wrong",
    [
        [command("Who-Is-In")],
        [command("who is in")],
        [command("x" * 33)],
        [command(), command()],
        [command(description="")],
        [command(description="d" * 101)],
        [command(options=[option("a"), option("b", required=True)])],
        [command(options=[option(f"o{n}") for n in range(26)])],
        [command(options=[option(choices=[{"name": f"{n}", "value": f"{n}"} for n in range(26)])])],
        [command(options=[option(autocomplete=True, choices=[{"name": "a", "value": "a"}])])],
        [command(options=[option("a"), option("b", 1)])],
        [command(name_localizations={"xx": "status"})],
        [command(name_localizations={"de": "Stand Der Dinge"})],
        [command(options=[option(f"o{n}", choices=big(n)) for n in range(5)])] if (big := lambda n: [
            {"name": f"{n}{c}" + "x" * 90, "value": f"{n}{c}" + "y" * 90} for c in range(10)]) else [],
        [command("menu", type=2)],
    ],
)  # fmt: skip
async def test_command_rules(double: DiscordDouble, wrong: list[dict[str, Any]]) -> None:
    status, answer = await ask_for(double, "PUT", f"/applications/{double.application_id}/commands", wrong)
    assert (status, answer["code"]) == (400, 50035)
    assert len(double.violations) == 1
    assert not double.commands


async def test_well_made_commands(double: DiscordDouble) -> None:
    good = [
        command("who-is-in", contexts=[0, 1], integration_types=[0, 1], default_member_permissions="32"),
        command("état", name_localizations={"de": "stand", "en-US": "state"}),
        command("briefings", options=[option("show", 1), option("more", 2, options=[option("off", 1)])]),
        command("status", options=[option("a", required=True), option("b", autocomplete=True)]),
        {"name": "Ask About", "type": 3},
    ]
    status, answer = await ask_for(double, "PUT", f"/applications/{double.application_id}/commands", good)
    assert status == 200
    assert len(answer) == len(double.commands) == 5
    assert not double.violations
    path = f"/applications/{double.application_id}/commands"
    many = [command(f"c{n}") for n in range(101)]
    assert (await ask_for(double, "PUT", path, many))[1]["code"] == 30032


@pytest.mark.skipif(not schema.available, reason="Discord's OpenAPI file is not at hand")
async def test_the_official_schema_is_asked(double: DiscordDouble, town: Town) -> None:
    path = f"/channels/{town.channel.id}/messages"
    assert (await ask_for(double, "POST", path, {"content": "x", "tts": "yes"}))[0] == 400
    assert "schema" in double.violations[0]
    # Where the file is stricter than Discord: snowflakes as numbers.
    asked = await double.say(town.anna, town.channel, "hello")
    body = {"content": "x", "message_reference": {"message_id": asked.id}, "allowed_mentions": {"users": [1]}}
    assert (await ask_for(double, "POST", path, body))[0] == 200
    assert len(double.violations) == 1


async def test_gateway_rules(double: DiscordDouble) -> None:
    async def closed_with(*payloads: Any) -> int | None:
        async with aiohttp.ClientSession() as session, session.ws_connect(double.gateway) as socket:
            assert (await socket.receive_json())["op"] == 10
            for payload in payloads:
                await socket.send_str(payload if isinstance(payload, str) else json.dumps(payload))
            while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            return socket.close_code

    identify = {"op": 2, "d": {"token": double.token, "intents": 1, "properties": {}}}
    beat = {"op": 1, "d": None}
    assert await closed_with({"op": 3, "d": {}}) == 4003
    assert await closed_with("nonsense") == 4002
    assert await closed_with({"op": 1, "d": "x" * 4096}) == 4002
    assert await closed_with(identify, identify) == 4005
    assert await closed_with(identify, {"op": 99, "d": {}}) == 4001
    assert await closed_with({**identify, "d": {**identify["d"], "token": "wrong"}}) == 4004
    assert await closed_with({**identify, "d": {**identify["d"], "intents": 1 << 40}}) == 4013
    assert await closed_with({**identify, "d": {**identify["d"], "intents": 1 << 1}}) == 4014
    assert await closed_with({**identify, "d": {**identify["d"], "shard": [2, 2]}}) == 4010
    assert await closed_with(*[beat] * 121) == 4008
    double.gateway_server.heartbeat_ms = 20
    assert await closed_with() == 4000
    assert len(double.violations) == 11


async def test_as_a_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.doubles.discord", "--guilds", "2", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        told = json.loads(await process.stdout.readline())
        base = told["api"].removesuffix("/api/v10")
        async with aiohttp.ClientSession() as session, session.get(base + "/control/state") as answer:
            state = await answer.json()
    finally:
        process.terminate()
        await process.wait()
    assert (state["guilds"], state["ready"], state["violations"]) == (2, False, [])
