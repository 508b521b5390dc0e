"""``/setup``, ``/briefings`` and ``/settings``: for those who manage a server; answers are for their eyes only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.answers import Answer, mistake
from bot.commands import servers
from bot.commands.servers import Check, Wish
from bot.discord.permissions import checks, missing_to_post, spot
from bot.discord.replies import answer_interaction, rendered
from bot.posts.briefings import build
from bot.store import briefings
from bot.store.briefings import Plan

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

Interaction = discord.Interaction["RollcallBot"]


def manages(interaction: Interaction) -> bool:
    """Tell whether whoever acts may change this server's settings. Discord's menu of permissions can be changed by
    server owners, so it is asked for here too."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def _guild(interaction: Interaction) -> discord.Guild | None:
    """Return the server that is acted in; None where the bot is not in it: the library then makes one up."""
    return interaction.client.get_guild(interaction.guild_id or 0)


def _refusal(interaction: Interaction) -> Answer | None:
    if _guild(interaction) is None:
        return mistake("setup", "not_here", "This works in a server that I am in. To invite me: rollcall invite.")
    if not manages(interaction):
        return mistake("setup", "not_allowed", 'Only people with the permission "Manage Server" can do this.')
    return None


async def _respond(interaction: Interaction, ask: Callable[[], Answer], *, in_place: bool = False) -> None:
    """Answer whoever manages the server; everybody else hears why not. ``ask`` is called in a thread."""
    refusal, guild = _refusal(interaction), _guild(interaction)

    def allowed() -> Answer:
        if refusal is not None:
            return refusal
        if guild is not None:
            interaction.client.know(guild)
        return ask()

    # The store may take its time, so all that asks it runs in the thread that is waited for.
    asking = asyncio.to_thread(rendered, allowed)
    await answer_interaction(
        interaction, asking, personal=True, always_personal=True, in_place=in_place and refusal is None
    )


def _checked(interaction: Interaction, wanted: Wish | Plan) -> tuple[Check, ...]:
    guild = _guild(interaction)
    private = isinstance(wanted, Wish) and wanted.private
    place = spot(guild, wanted.target_id, wanted.channel_id, private=private) if guild is not None else None
    if place is None or guild is None:
        remedy = "settings of the channel, Permissions, add me"
        return (Check("View Channel", "to see the channel", False, True, remedy),)
    return checks(place, guild.me)


def _trouble(interaction: Interaction, plan: Plan | None) -> str | None:
    """Return why a briefing can't be posted now; None where it can, or where there is none."""
    guild = _guild(interaction)
    if plan is None or guild is None:
        return None
    place = spot(guild, plan.target_id, plan.channel_id)
    return "I can't see that channel any more." if place is None else missing_to_post(place, guild.me)


async def card(
    interaction: Interaction, wish: Wish, *, settle: Callable[[Wish], Wish] = lambda wish: wish, in_place: bool = False
) -> None:
    """Answer with the set-up card; ``in_place`` of the one whose button was pressed.

    ``settle`` completes the wish by what is stored; it is called in a thread.
    """
    bot = interaction.client
    checked = _checked(interaction, wish)
    await _respond(
        interaction,
        lambda: servers.card(
            settle(wish),
            checked,
            bot.app.library,
            typed_commands=bot.reads_messages,
            prefix=bot.prefix_of(wish.guild_id),
            now=bot.app.clock(),
        ),
        in_place=in_place,
    )


async def switch_on(interaction: Interaction, wish: Wish) -> None:
    """Switch the briefing on, unless a permission has gone missing since the card was shown."""
    if any(check.must and not check.ok for check in _checked(interaction, wish)):
        await card(interaction, wish, in_place=True)
        return
    bot = interaction.client
    await _respond(
        interaction,
        lambda: servers.switch_on(wish, bot.app.library, by=interaction.user.id, now=bot.app.clock()),
        in_place=True,
    )
    # What waited for the old place may go to the new one.
    bot.soon()


async def preview(interaction: Interaction, plan: Plan) -> None:
    """Show what the briefing would post now, to whoever asked only."""
    await _respond(interaction, lambda: _built(interaction.client, plan))


def _built(bot: RollcallBot, plan: Plan) -> Answer:
    now = bot.app.clock()
    return build(bot.app.library, plan, now.astimezone(ZoneInfo(plan.zone)).date(), now=now).answer


def wished_plan(wish: Wish, bot: RollcallBot) -> Plan:
    """Return a briefing that is not set up yet as one that is, for a preview."""
    return Plan(
        0,
        wish.guild_id,
        wish.channel_id,
        wish.thread_id,
        wish.hour,
        wish.zone,
        "active",
        None,
        bot.app.clock(),
        length=wish.length,
        weekday=wish.weekday,
    )


def add_all(bot: RollcallBot) -> None:
    """Add the commands for those who manage a server to the bot's tree."""
    bot.tree.add_command(_setup(bot))
    bot.tree.add_command(_briefings(bot))
    bot.tree.add_command(_settings(bot))


Made = app_commands.Command[Any, ..., None]

Every = Literal["day", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _for_managers(command: Made) -> Made:
    command = app_commands.default_permissions(manage_guild=True)(command)
    command = app_commands.guild_only()(command)
    return app_commands.allowed_installs(guilds=True, users=False)(command)


class _Postable(app_commands.Transformer):
    """Takes a channel as Discord tells of it, also one the bot can't see or a thread that is archived."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.news_thread, kinds.public_thread, kinds.private_thread]

    async def transform(self, _interaction: discord.Interaction[Any], value: Any, /) -> Any:  # noqa: ANN401
        return value


def _setup(bot: RollcallBot) -> Made:
    @app_commands.command(name="setup", description="Set up the briefing. Nothing is posted until you switch it on.")
    @app_commands.describe(
        channel="Where it is posted",
        hour="At which hour there, such as 08:00",
        zone="The time zone: type a city",
        every="Every day, or once a week on which day: a weekly digest",
        length="How much it tells",
    )
    @app_commands.rename(hour="time")
    async def setup(
        interaction: discord.Interaction[Any],
        channel: app_commands.Transform[app_commands.AppCommandChannel | app_commands.AppCommandThread, _Postable],
        hour: str,
        zone: str,
        every: Every | None = None,
        length: Literal["short", "normal", "long"] | None = None,
    ) -> None:
        at, named = servers.parse_hour(hour), servers.parse_zone(zone)
        if at is None or named is None:
            await _respond(interaction, lambda: servers.wrong_hour(hour) if at is None else servers.wrong_zone(zone))
            return
        in_thread = isinstance(channel, app_commands.AppCommandThread)
        if isinstance(channel, app_commands.AppCommandThread) and channel.locked:
            # Locked and archived, it is told of nowhere else.
            locked = f"The thread {channel.name} is locked. Unlock it, or choose another place."
            await _respond(interaction, lambda: mistake("setup", "locked_thread", locked))
            return
        wish = Wish(
            interaction.guild_id or 0,
            channel.parent_id if isinstance(channel, app_commands.AppCommandThread) else channel.id,
            channel.id if in_thread else None,
            at,
            named,
            in_thread and channel.type is discord.ChannelType.private_thread,
        )
        await card(interaction, wish, settle=lambda wish: servers.settled(wish, every, length, bot.app.library))

    @setup.autocomplete("zone")
    async def zones(_: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name.replace("_", " "), value=name) for name in servers.suggest_zones(typed)]

    @setup.autocomplete("hour")
    async def hours(_: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=hour, value=hour) for hour in servers.suggest_hours(typed)]

    return _for_managers(setup)


def _briefings(bot: RollcallBot) -> app_commands.Group:
    group = app_commands.Group(
        name="briefings",
        description="The briefing of this server",
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    library, clock = bot.app.library, bot.app.clock

    def plan_of(interaction: discord.Interaction[Any]) -> Plan | None:
        """Return the server's briefing; for a thread."""
        with library.reading() as connection:
            return briefings.plan_of(connection, library.topic.key, interaction.guild_id or 0)

    @group.command(name="show", description="Where and when it is posted, what is missing, and who changed what")
    async def show(interaction: discord.Interaction[Any]) -> None:
        def shown() -> Answer:
            plan = plan_of(interaction)
            return servers.show(
                interaction.guild_id or 0,
                _checked(interaction, plan) if plan else (),
                library,
                trouble=_trouble(interaction, plan),
                now=clock(),
            )

        await _respond(interaction, shown)

    @group.command(name="preview", description="What it would post now; only you see it")
    async def show_preview(interaction: discord.Interaction[Any]) -> None:
        def previewed() -> Answer:
            plan = plan_of(interaction)
            return servers.no_briefing("briefings") if plan is None else _built(bot, plan)

        await _respond(interaction, previewed)

    @group.command(name="pause", description="Post nothing until it is resumed")
    async def pause(interaction: discord.Interaction[Any]) -> None:
        await _respond(
            interaction,
            lambda: servers.set_state(interaction.guild_id or 0, True, library, by=interaction.user.id, now=clock()),
        )

    @group.command(name="resume", description="Post again after a pause")
    async def resume(interaction: discord.Interaction[Any]) -> None:
        await _respond(
            interaction,
            lambda: servers.set_state(interaction.guild_id or 0, False, library, by=interaction.user.id, now=clock()),
        )

    @group.command(name="retract", description="Take the last post back")
    async def retract(interaction: discord.Interaction[Any]) -> None:
        await _respond(
            interaction,
            lambda: servers.retract(interaction.guild_id or 0, library, by=interaction.user.id, now=clock()),
        )
        interaction.client.soon()

    @group.command(name="off", description="End it and delete what was kept for it")
    async def off(interaction: discord.Interaction[Any]) -> None:
        await _respond(
            interaction, lambda: servers.off(interaction.guild_id or 0, library, by=interaction.user.id, now=clock())
        )

    return group


def _settings(bot: RollcallBot) -> Made:
    @app_commands.command(name="settings", description="This server's settings, and who changed them")
    @app_commands.describe(prefix="What typed commands begin with here, such as ! or ?")
    async def settings(interaction: discord.Interaction[Any], prefix: str | None = None) -> None:
        def change() -> Answer:
            done = servers.settings(
                interaction.guild_id or 0,
                prefix,
                bot.app.library,
                default=bot.app.settings.answers.prefix,
                by=interaction.user.id,
                now=bot.app.clock(),
            )
            # Before it is answered, so that whoever reads the answer can use it.
            bot.read_prefix(interaction.guild_id or 0)
            return done

        await _respond(interaction, change)

    return _for_managers(settings)
