"""Answering: a request goes to the commands in a thread, and what comes back goes to whoever asked."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import discord

from bot.answers import Answer, Attached, mistake
from bot.discord.messenger import payload
from bot.render import render
from bot.store.errors import StoreError

if TYPE_CHECKING:
    from bot.discord.client import RollcallBot

log = logging.getLogger(__name__)

SOON: Final = 1.2
"""Seconds after which an interaction is told to wait; Discord forgets it after 3."""

MAX_FOLLOW_UPS: Final = 5
"""Follow-ups that an app may send where only its user installed it (Discord, Interactions, code 40094)."""

LOST: Final = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError)
"""What sending raises where an answer did not get through, which is nobody's mistake here."""

SORRY: Final = "Something went wrong on my side, and whoever hosts me sees it in the log. Please try again."


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the bodies of its messages; ``personal`` ones are for the asker alone where possible.

    ``aside`` is told behind the answer, and is the asker's alone whatever the answer is.
    """

    answer: Answer
    bodies: list[dict[str, Any]]
    aside: list[dict[str, Any]] = field(default_factory=list)

    @property
    def personal(self) -> bool:
        """Whether only whoever asked should see it."""
        return self.answer.personal


def rendered(ask: Callable[[], Answer]) -> Reply:
    """Ask and render. What goes wrong in here is ours: it is told in the log, and as a sentence to whoever asked."""
    try:
        answer = ask()
        return Reply(answer, render.as_discord(answer))
    except StoreError as error:
        log.error("A command could not be answered: %s", error)
        sorry = (
            "I can't read what I keep right now. Whoever hosts me sees why in the log. Please try again in a moment."
        )
    except Exception:
        log.exception("A command could not be answered.")
        sorry = SORRY
    failed = mistake("unknown", "not_possible", sorry)
    return Reply(failed, render.as_discord(failed))


async def failed(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell that an interaction went wrong: the log why, whoever used it that it did, and nobody what was written."""
    if isinstance(error, LOST):
        log.warning("The answer to an interaction did not get through: %s", type(error).__name__)
        return
    log.error("An interaction was not answered.", exc_info=error)
    if not interaction.response.is_done():
        with suppress(*LOST):
            await interaction.response.send_message(SORRY, ephemeral=True)


async def reply_to_message(
    bot: RollcallBot,
    message: discord.Message,
    bodies: Sequence[dict[str, Any]],
    *,
    first: int = 0,
    file: Attached | None = None,
) -> None:
    """Send messages as a reply, or without the reference where the bot may not read the channel's history.

    ``file`` goes with the first one. ``first`` is its number among all that answer this message. Number and message
    make the nonce, so that neither a request that is tried again nor an event that comes twice makes a message twice.
    """
    channel = message.channel
    guild = message.guild
    reference: dict[str, Any] | None = {"message_id": str(message.id), "fail_if_not_exists": False}
    if guild is not None and not channel.permissions_for(guild.me).read_message_history:
        reference = None
    for number, body in enumerate(bodies):
        filled = dict(body)
        if reference is not None and number == 0:
            filled["message_reference"] = reference
            filled["allowed_mentions"] = {"parse": [], "replied_user": False}
        params = payload(filled, f"{message.id}:{first + number}", file if number == 0 else None)
        await bot.http.send_message(channel.id, params=params)


async def answer_interaction(
    interaction: discord.Interaction[RollcallBot],
    asking: Awaitable[Reply],
    *,
    personal: bool,
    always_personal: bool = False,
    in_place: bool = False,
) -> Reply:
    """Answer an interaction at once, or tell it to wait where the answer takes longer, and answer then.

    ``personal`` says for whose eyes the answer will probably be, because waiting has to be told one way or the other;
    with ``always_personal`` nobody else sees it whatever it is, as for buttons. ``in_place`` puts the answer where the
    pressed button stood, so that a card that was answered offers nothing any more.
    """
    task = asyncio.ensure_future(asking)
    hidden = personal or always_personal
    used = 0
    try:
        reply = await asyncio.wait_for(asyncio.shield(task), SOON)
    except TimeoutError:
        await (
            interaction.response.defer() if in_place else interaction.response.defer(ephemeral=hidden, thinking=True)
        )
        reply = await task
        only_me = always_personal or reply.personal
        first, file = reply.bodies[0], reply.answer.file
        if only_me and not hidden:
            # It was announced to everybody and is one person's: that can't be changed, so it is said anew.
            await interaction.delete_original_response()
            await interaction.followup.send(ephemeral=True, **_arguments(first, file))
            used = 1
        else:
            await interaction.edit_original_response(**_edited(first, file))
    else:
        only_me = always_personal or reply.personal
        first, file = reply.bodies[0], reply.answer.file
        if in_place:
            await interaction.response.edit_message(**_edited(first, file))
        else:
            await interaction.response.send_message(ephemeral=only_me, **_arguments(first, file))
    bodies = reply.bodies[1:]
    if _only_installed_by_a_person(interaction):
        bodies = _fitting(bodies, MAX_FOLLOW_UPS - used - len(reply.aside))
    for body in bodies:
        await interaction.followup.send(ephemeral=only_me, **_arguments(body))
    for body in reply.aside:
        await interaction.followup.send(ephemeral=True, **_arguments(body))
    return reply


def _only_installed_by_a_person(interaction: discord.Interaction[RollcallBot]) -> bool:
    """Tell whether the bot is used where it is not: in a server it is no member of, or among other people."""
    if interaction.context.dm_channel:
        return False
    return interaction.guild_id is None or interaction.client.get_guild(interaction.guild_id) is None


def _fitting(bodies: list[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """Return messages, at most ``room`` of them; where that is not all, the last one tells what was left out."""
    if len(bodies) <= room:
        return bodies
    shown = bodies[: max(0, room - 1)]
    words = f"{len(bodies) - len(shown)} more messages: ask in a server I am in."
    return [*shown, {"content": words, "flags": 0}]


def _arguments(body: dict[str, Any], file: Attached | None = None) -> dict[str, Any]:
    """Return a body, with its file, as the library's own arguments, which know interactions."""
    found: dict[str, Any] = {
        "content": body["content"],
        "suppress_embeds": bool(body["flags"] & render.SUPPRESS_EMBEDS),
        "silent": bool(body["flags"] & render.SUPPRESS_NOTIFICATIONS),
        "allowed_mentions": discord.AllowedMentions.none(),
    }
    if rows := body.get("components"):
        found["view"] = view_of(rows)
    if file is not None:
        found["file"] = discord.File(io.BytesIO(file.data), file.name)
    return found


def _edited(body: dict[str, Any], file: Attached | None = None) -> dict[str, Any]:
    """Return a body, with its file, as the arguments of an edit; buttons that are not in it go."""
    arguments = {"view": None, **_arguments(body, file)}
    if "file" in arguments:
        arguments["attachments"] = [arguments.pop("file")]
    arguments.pop("suppress_embeds")
    arguments.pop("silent")
    return arguments


def view_of(rows: Sequence[dict[str, Any]]) -> discord.ui.View:
    """Return rows of buttons and lists as the library's view, already stopped.

    A press is answered by its id alone (:mod:`bot.discord.buttons`), so the library need not remember the view: one
    that is not stopped would stay in memory for ever.
    """
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row["components"]:
            if "options" in button:
                options = [discord.SelectOption(**option) for option in button["options"]]
                view.add_item(
                    discord.ui.Select(
                        custom_id=button["custom_id"], placeholder=button["placeholder"], options=options, row=number
                    )
                )
                continue
            view.add_item(
                discord.ui.Button(
                    style=discord.ButtonStyle(button["style"]),
                    label=button["label"],
                    custom_id=button["custom_id"],
                    row=number,
                )
            )
    view.stop()
    return view
