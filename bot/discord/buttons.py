"""Buttons: what a press stands for is in the button's id, so one pressed after a restart, or a year later, works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.commands import servers
from bot.commands.servers import Wish
from bot.discord import admin
from bot.discord.replies import failed
from bot.render.buttons import PICK, SAY

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

Interaction = discord.Interaction["RollcallBot"]

_OLD = "This button is from an older version of me. Please type the command instead: /help lists them."


class WhichForm(discord.ui.Modal):
    """Asks which country a command is about, where a button can't know."""

    country: discord.ui.TextInput[WhichForm] = discord.ui.TextInput(
        label="Country or organisation", custom_id="country", placeholder="Name it as you like", max_length=100
    )

    def __init__(self, command: str, title: str) -> None:
        """Ask for ``command``; ``title`` stands above."""
        super().__init__(title=title, timeout=600)
        self.command = command

    async def on_submit(self, interaction: discord.Interaction[RollcallBot]) -> None:  # type: ignore[override]
        """Give the command what was typed."""
        await interaction.client.answer_press(interaction, f"{self.command} {self.country.value}")

    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Answer all the same."""
        await failed(interaction, error)


_FORMS: Final = {"subscribe": "Follow a country", "status": "Which country?"}
"""Commands that need a country, and what stands above the form that asks for it."""


async def pressed(interaction: Interaction, identifier: str) -> None:
    """Answer the press of a button, to whoever pressed it only."""
    bot = interaction.client
    if identifier.startswith(SAY) or identifier == PICK:
        line = identifier.removeprefix(SAY) if identifier != PICK else _chosen(interaction)
        if line in _FORMS:
            await interaction.response.send_modal(WhichForm(line, _FORMS[line]))
            return
        await bot.answer_press(interaction, line)
        return
    if identifier == servers.NOT_NOW:
        await interaction.response.edit_message(content="Nothing was switched on, and nothing is posted.", view=None)
        return
    start = next((one for one in (servers.CARD, servers.ON, servers.PREVIEW) if identifier.startswith(one)), "")
    wish = Wish.decode(interaction.guild_id or 0, identifier.removeprefix(start))
    if wish is None:
        await interaction.response.send_message(_OLD, ephemeral=True)
    elif start == servers.CARD:
        await admin.card(interaction, wish, in_place=True)
    elif start == servers.ON:
        await admin.switch_on(interaction, wish)
    else:
        await admin.preview(interaction, admin.wished_plan(wish, bot))


def _chosen(interaction: Interaction) -> str:
    """Return what was chosen in a list."""
    values: Any = dict(interaction.data or {}).get("values")
    return str(values[0]) if values else "help"
