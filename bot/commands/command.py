"""What a command is: its names, how it is explained, and the handler that answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.answers import Answer
from bot.library import Library
from bot.request import Request


@dataclass(frozen=True, slots=True)
class Option:
    """One blank of a command, where it is filled in field by field.

    What is filled in stands in the words of the command as ``words`` says: "as-of {}". ``kind`` says what is offered
    while somebody types; a switch is on or off, and its ``words`` stand there when it is on. A file comes beside the
    words.
    """

    name: str
    about: str
    kind: Literal["party", "stance", "day", "number", "command", "word", "switch", "feed", "file"]
    words: str = "{}"
    required: bool = False
    choices: tuple[str, ...] = ()


def words_of(options: tuple[Option, ...], filled: Mapping[str, object]) -> str:
    """Return the words that stand for blanks that were filled in, as somebody would have typed them."""
    parts = []
    for option in options:
        value = filled.get(option.name)
        if value is None or value is False or option.kind == "file":
            continue
        parts.append(option.words if option.kind == "switch" else option.words.format(str(value).strip()))
    return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a command of several does: the word behind the command's name, and its own blanks."""

    name: str
    summary: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Command:
    """One command, the same from every door: terminal, text message, slash command.

    In ``example`` "{party}", "{stance}" and "{day}" stand for some of the dossier's own. ``writes`` says that the
    handler changes the store, ``personal`` that its answers are for the asker's eyes only. One with ``parts`` has no
    options of its own; Discord offers it in servers only, to those who manage them.
    """

    name: str
    usage: tuple[str, ...]
    summary: str
    example: str
    handler: Callable[[Request, Library], Answer]
    aliases: tuple[str, ...] = ()
    who: str = "everybody"
    writes: bool = False
    options: tuple[Option, ...] = ()
    personal: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The name and its other spellings."""
        return frozenset({self.name, *self.aliases})

    def takes_file(self, words: str) -> bool:
        """Tell whether a file may come with these words."""
        first = words.partition(" ")[0].casefold()
        return any(part.name == first and any(one.kind == "file" for one in part.options) for part in self.parts)
