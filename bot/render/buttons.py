"""Buttons: what a reader may do next, as components of a Discord message.

A button carries the whole command it stands for in its ``custom_id``, so it works after any restart and nothing about
it is stored. Discord's limits for components stand here and nowhere else (Component Reference).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from bot.answers import Action
from bot.render.medium import harmless

SAY: Final = "r1:say:"
"""Begins the id of a button that says a command for whoever presses it; the digit is the version of this form."""

PICK: Final = "r1:pick"
"""The id of a list; what is chosen in it is a command."""

MAX_ID: Final = 100
MAX_CHOICES: Final = 25
MAX_PLACEHOLDER: Final = 150
MAX_LABEL: Final = 38
"""Longer labels are allowed (80) but cut off on a phone (Discord, design guidelines for buttons)."""
ROW: Final = 5
ROWS: Final = 5

_ACTION_ROW, _BUTTON, _SELECT = 1, 2, 3


def custom_id(action: Action) -> str | None:
    """Return the id of an action's button; None when its command is too long for one."""
    made = action.id or SAY + action.command
    return made if len(made) <= MAX_ID else None


def shown(actions: Sequence[Action]) -> list[tuple[str, str, int]]:
    """Return label, id and style of each button that can be shown, each once, at most as many as a message holds."""
    found: dict[str, tuple[str, int]] = {}
    for action in actions:
        identifier = custom_id(action)
        if action.choices or identifier is None or identifier in found:
            continue
        label = harmless(action.label).strip()
        found[identifier] = (label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…", action.style)
    return [(label, identifier, style) for identifier, (label, style) in found.items()][: ROW * ROWS]


def components(actions: Sequence[Action]) -> list[dict[str, Any]]:
    """Return rows as Discord's interface has them, lists before buttons; empty without actions."""
    lists = [made for action in actions if (made := _select(action))["options"]][:1]
    buttons = [
        {"type": _BUTTON, "style": style, "label": label, "custom_id": identifier}
        for label, identifier, style in shown(actions)
    ]
    rows = [[one] for one in lists] + [buttons[start : start + ROW] for start in range(0, len(buttons), ROW)]
    return [{"type": _ACTION_ROW, "components": row} for row in rows[:ROWS]]


def _select(action: Action) -> dict[str, Any]:
    options = {choice.command: harmless(choice.label).strip() for choice in action.choices}
    fitting = [
        {"label": label[:MAX_ID], "value": command}
        for command, label in options.items()
        if label and 1 <= len(command) <= MAX_ID
    ]
    return {
        "type": _SELECT,
        "custom_id": PICK,
        "placeholder": harmless(action.label).strip()[:MAX_PLACEHOLDER],
        "options": fitting[:MAX_CHOICES],
    }
