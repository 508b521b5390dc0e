"""Slash commands: made from the list of commands, so that every command is one and none is written twice."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

import discord
from discord import app_commands

from bot.commands import COMMANDS
from bot.commands.command import Command, Option, Part, words_of

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

MAX_CHOICES: Final = 25
MAX_NAME: Final = 100

Interaction = discord.Interaction["RollcallBot"]
_TYPES: Final[dict[str, Any]] = {
    "number": app_commands.Range[int, 1, 1000],
    "switch": bool,
    "file": discord.Attachment,
}


def build(bot: RollcallBot, command: Command) -> app_commands.Command[Any, ..., None]:
    """Return a command as a slash command."""
    made = _made(bot, command, command)
    made = app_commands.allowed_installs(guilds=True, users=True)(made)
    return app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(made)


def build_group(bot: RollcallBot, command: Command) -> app_commands.Group:
    """Return a command of several parts as a group of slash commands, for those who manage a server."""
    group = app_commands.Group(
        name=command.name,
        description=command.summary[:100],
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    for part in command.parts:
        group.add_command(_made(bot, command, part))
    return group


def _made(bot: RollcallBot, command: Command, what: Command | Part) -> app_commands.Command[Any, ..., None]:
    """Return a command, or a part of one: its blanks become options, and what is filled in becomes its words."""
    name = command.name if what is command else f"{command.name} {what.name}"

    async def callback(interaction: Interaction, **filled: object) -> None:
        named = {option.name: filled.get(_python_name(option)) for option in what.options}
        file = next((value for value in named.values() if isinstance(value, discord.Attachment)), None)
        await bot.answer_slash(interaction, f"{name} {words_of(what.options, named)}".strip(), command, file)

    parameters = [
        inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    ]
    # Discord wants the required ones first; so does Python.
    for option in sorted(what.options, key=lambda one: not one.required):
        kind = _TYPES.get(option.kind, str)
        parameters.append(
            inspect.Parameter(
                _python_name(option),
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                annotation=kind,
                default=inspect.Parameter.empty if option.required else None,
            )
        )
        if not option.required:
            parameters[-1] = parameters[-1].replace(annotation=kind | None if kind in {str, bool} else kind)
    callback.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    callback = app_commands.describe(**{_python_name(one): one.about for one in what.options})(callback)
    renamed = {_python_name(one): one.name for one in what.options if _python_name(one) != one.name}
    if renamed:
        callback = app_commands.rename(**renamed)(callback)
    with_choices = {_python_name(one): _choices(one) for one in what.options if one.choices}
    if with_choices:
        callback = app_commands.choices(**with_choices)(callback)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=what.name, description=what.summary[:100], callback=callback
    )
    for option in what.options:
        if option.kind in {"party", "stance", "day", "command", "feed"}:
            made.autocomplete(_python_name(option))(_suggest(bot, option))
    return made


def _python_name(option: Option) -> str:
    return option.name.replace("-", "_")


def _choices(option: Option) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=choice, value=choice) for choice in option.choices]


def _suggest(
    bot: RollcallBot, option: Option
) -> Callable[[discord.Interaction[Any], str], Coroutine[Any, Any, list[app_commands.Choice[str]]]]:
    """Return what is offered while somebody types; it must be quick, so a slow store is not waited for."""

    async def suggest(interaction: discord.Interaction[Any], typed: str) -> list[app_commands.Choice[str]]:
        # What is of one server is offered to those who manage it.
        guild_id = interaction.guild_id if interaction.permissions.manage_guild else None
        return [
            app_commands.Choice(name=name[:MAX_NAME], value=value[:MAX_NAME])
            for name, value in (await bot.suggestions(option.kind, typed, guild_id))[:MAX_CHOICES]
        ]

    return suggest


def add_all(bot: RollcallBot) -> None:
    """Add every command to the bot's tree."""
    for command in COMMANDS:
        bot.tree.add_command(build_group(bot, command) if command.parts else build(bot, command))


def digest(bot: RollcallBot) -> str:
    """Return what the tree would tell Discord, as a SHA-256 (hex): Discord is told only when it changed."""
    told = [command.to_dict(bot.tree) for command in bot.tree.get_commands()]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
