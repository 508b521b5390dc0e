"""What a command is: its names, how it is explained, and the handler that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answers import Answer
from bot.library import Library
from bot.request import Request


@dataclass(frozen=True, slots=True)
class Command:
    """One command, the same from every door: terminal, text message, slash command.

    In ``example`` "{party}", "{stance}" and "{day}" stand for some of the dossier's own. ``writes`` says that the
    handler changes the store.
    """

    name: str
    usage: tuple[str, ...]
    summary: str
    example: str
    handler: Callable[[Request, Library], Answer]
    aliases: tuple[str, ...] = ()
    who: str = "everybody"
    writes: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The name and its other spellings."""
        return frozenset({self.name, *self.aliases})
