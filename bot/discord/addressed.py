"""Whether a message in a channel is meant for this bot, and which line of it is the command. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addressed:
    """A line meant for this bot; ``surely`` when it was called by name, so that even nonsense deserves an answer."""

    line: str
    surely: bool


def addressed(
    content: str,
    *,
    bot_id: int,
    prefix: str,
    direct: bool,
    replies_to_us: bool,
    is_command: Callable[[str], bool],
    is_own_name: Callable[[str], bool],
) -> Addressed | None:
    """Return the line of a message that is meant for us, without prefix or mention; None when it is not.

    In direct messages (``direct``) every line is. In a channel it is when it begins with our mention, with the prefix
    and the name of one of our commands, or when it replies to one of our messages with a command. A prefix with a name
    that isn't ours is another bot's. ``is_command`` tells whether a line begins with the name of a command or another
    spelling of it, ``is_own_name`` whether it begins with the name itself: in a reply only that counts, because the
    other spellings are words that people write to each other ("who", "stop").
    """
    text = content.strip()
    mention = re.match(rf"<@!?{bot_id}>[\s,:]*", text)
    if mention is not None:
        line = text[mention.end() :].removeprefix(prefix).strip()
        return Addressed(line or "help", True)
    if direct:
        line = text.removeprefix(prefix).strip()
        return Addressed(line, True) if line else None
    if text.startswith(prefix):
        line = text[len(prefix) :]
        # "! status" and "!!" are ways to be loud, not commands.
        return Addressed(line, False) if line[:1].strip() and is_command(line) else None
    if replies_to_us and is_own_name(text):
        return Addressed(text, False)
    return None
