"""Buttons and forms: what one stands for is in its id, so one used after a restart, or a year later, works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.commands import servers
from bot.commands.servers import Wish
from bot.discord import admin
from bot.render.buttons import PICK, SAY

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

    Interaction = discord.Interaction[RollcallBot]

_OLD = "This is from an older version of me. Please type the command instead: /help lists them."


FORM: Final = "r1:form:"
"""Begins the id of a form that asks which country a command is about, as a button can't know; the command follows."""

_COUNTRY: Final = "country"


def _form(command: str, title: str) -> discord.ui.Modal:
    """Return a form, already stopped: it is answered by its id alone (:func:`submitted`), as buttons are."""
    form = discord.ui.Modal(title=title, custom_id=FORM + command)
    form.add_item(
        discord.ui.TextInput(
            label="Country or organisation", custom_id=_COUNTRY, placeholder="Name it as you like", max_length=100
        )
    )
    form.stop()
    return form


_FORMS: Final = {"subscribe": "Follow a country", "status": "Which country?"}
"""Commands that need a country, and what stands above the form that asks for it."""


async def pressed(interaction: Interaction, identifier: str) -> None:
    """Answer the press of a button, to whoever pressed it only."""
    bot = interaction.client
    if identifier.startswith(SAY) or identifier == PICK:
        line = identifier.removeprefix(SAY) if identifier != PICK else _chosen(interaction)
        if line in _FORMS:
            await interaction.response.send_modal(_form(line, _FORMS[line]))
            return
        await bot.answer_press(interaction, line)
        return
    if identifier == servers.NOT_NOW:
        await interaction.response.edit_message(content="Nothing was changed.", view=None)
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


async def submitted(interaction: Interaction, identifier: str) -> None:
    """Answer a form that was filled in, to whoever did only: the command gets what was typed."""
    command, name = identifier.removeprefix(FORM), _typed(dict(interaction.data or {}).get("components"))
    if not identifier.startswith(FORM) or command not in _FORMS or name is None:
        await interaction.response.send_message(_OLD, ephemeral=True)
        return
    await interaction.client.answer_press(interaction, f"{command} {name}")


def _typed(components: Any) -> str | None:  # noqa: ANN401 (as Discord sends it)
    """Return what was typed as the country, in rows or labels of a form; None where it isn't asked for."""
    for entry in components or []:
        for field in (*entry.get("components", ()), entry.get("component", {})):
            if field.get("custom_id") == _COUNTRY:
                return str(field.get("value", ""))
    return None


def _chosen(interaction: Interaction) -> str:
    """Return what was chosen in a list."""
    values: Any = dict(interaction.data or {}).get("values")
    return str(values[0]) if values else "help"
