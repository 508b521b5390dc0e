"""The bot's token: from the environment or a file of its own, and never in anything that is printed or stored."""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.config import Settings
from summaries.toml import Problems

_LONGEST = 4096


class NoToken(Exception):
    """There is no token, or what is there can't be one. ``str()`` is for people and never repeats what was found."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bot's token. Only :meth:`reveal` gives it away; printing it does not."""

    _value: str = field(repr=False)
    source: str

    def reveal(self) -> str:
        """Return the token itself, for the one call that logs in."""
        return self._value

    @property
    def application_id(self) -> int | None:
        """The application's id, which the first part of a token spells; None where it doesn't."""
        first = self._value.split(".", 1)[0]
        try:
            spelled = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
        except (binascii.Error, ValueError):
            return None
        return int(spelled) if re.fullmatch(r"\d{15,20}", spelled) else None


def token_file(settings: Settings, home: Path) -> Path:
    """Return the file a token may stand in."""
    named = settings.discord.token_file
    return Path(named).expanduser() if named else home / "discord-token"


def read_token(settings: Settings, home: Path, environment: Mapping[str, str] = os.environ) -> Token:
    """Return the token from ``DISCORD_TOKEN`` or the token file.

    Raises :class:`NoToken` when there is none, and :class:`~summaries.toml.Problems` for a file that can't be read.
    """
    path = token_file(settings, home)
    if found := environment.get("DISCORD_TOKEN", "").strip():
        return _checked(found, "DISCORD_TOKEN")
    try:
        if not path.is_file():
            raise NoToken(
                f"No token found. Put it into DISCORD_TOKEN or into the file {path}. "
                'Where to get one: README, "On Discord". Without a token: rollcall chat'
            )
        text = path.read_bytes()[:_LONGEST].decode("utf-8").strip()
    except OSError as error:
        raise Problems([f"{path}: the token can't be read: {error.strerror or error}."]) from None
    except UnicodeDecodeError:
        raise NoToken(
            f"{path}: it holds no token, but bytes that are no text. Put the token and nothing else in."
        ) from None
    return _checked(text, str(path))


def _checked(text: str, source: str) -> Token:
    token = text.removeprefix("Bot ").strip()
    if not token or re.search(r"[\s\x00-\x1f\x7f-\uffff]", token):
        raise NoToken(f"{source}: what is there is no token. Copy it again from the developer portal, page Bot.")
    return Token(token, source)


def others_can_read(path: Path) -> bool:
    """Tell whether other users of this machine can read a file."""
    try:
        return path.is_file() and bool(path.stat().st_mode & 0o077) and os.name == "posix"
    except OSError:
        return False
