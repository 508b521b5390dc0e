"""Buttons: what a press stands for is in the button's id, so one pressed after a restart, or a year later, works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot.commands import servers
from bot.commands.servers import Wish
from bot.discord import admin
from bot.render.buttons import SAY

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

Interaction = discord.Interaction["RollcallBot"]

_OLD = "This button is from an older version of me. Please type the command instead: /help lists them."


class FollowForm(discord.ui.Modal, title="Follow a country"):
    """Asks which country to follow, where a button can't know."""

    country: discord.ui.TextInput[FollowForm] = discord.ui.TextInput(
        label="Country or organisation", custom_id="country", placeholder="Name it as you like", max_length=100
    )

    async def on_submit(self, interaction: discord.Interaction[RollcallBot]) -> None:  # type: ignore[override]
        """Subscribe to what was typed."""
        await interaction.client.answer_press(interaction, f"subscribe {self.country.value}")


async def pressed(interaction: Interaction, identifier: str) -> None:
    """Answer the press of a button, to whoever pressed it only."""
    bot = interaction.client
    if identifier.startswith(SAY):
        line = identifier.removeprefix(SAY)
        if line == "subscribe":
            await interaction.response.send_modal(FollowForm(timeout=600))
            return
        await bot.answer_press(interaction, line)
        return
    if identifier == servers.NOT_NOW:
        await interaction.response.edit_message(content="Nothing was switched on, and nothing is posted.", view=None)
        return
    for start, act in ((servers.CARD, admin.card), (servers.ON, admin.switch_on)):
        wish = Wish.decode(interaction.guild_id or 0, identifier.removeprefix(start))
        if identifier.startswith(start) and wish is not None:
            await act(interaction, wish)
            return
    wish = Wish.decode(interaction.guild_id or 0, identifier.removeprefix(servers.PREVIEW))
    if identifier.startswith(servers.PREVIEW) and wish is not None:
        await admin.preview(interaction, admin.wished_plan(wish, bot))
        return
    await interaction.response.send_message(_OLD, ephemeral=True)
