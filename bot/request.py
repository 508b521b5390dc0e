"""A request: who asks what, when, wherever it was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from summaries.article import parse_date


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who asks: a person or channel on Discord, or whoever sits at this terminal."""

    kind: Literal["user", "channel", "terminal"]
    id: str


LOCAL_READER = Reader("terminal", "local")
"""The reader at this machine's terminal."""

MAX_LENGTH = 4000
"""Longer requests are cut: no command needs more, and every word of a mistake may be shown back."""


@dataclass(frozen=True, slots=True)
class Server:
    """The Discord server and channel a request comes from; ``manages``: whoever asks may change its settings.

    ``missing`` is a sentence that says why nothing can be posted in that channel; None where it can.
    """

    id: int
    channel: Reader
    manages: bool = False
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a command; ``data`` is None where it was too big to be taken."""

    name: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Request:
    """One command: its name as typed, the words behind it, who asks, and the moment (aware UTC) it was asked.

    ``prefix`` is how commands are written back to whoever asks. ``direct`` is the channel of their direct messages,
    where it was asked there. ``ephemeral``: only whoever asks sees a personal answer, as with slash commands.
    """

    name: str
    words: str
    reader: Reader
    now: datetime
    prefix: str = "!"
    server: Server | None = None
    direct: int | None = None
    upload: Upload | None = None
    ephemeral: bool = False

    @property
    def guild_id(self) -> int | None:
        """The server whose own articles and feeds are seen where it was asked; None where there is none."""
        return self.server.id if self.server else None


class BadDate(ValueError):
    """What was given as a date is none; the message is a sentence for people."""


class FutureDate(BadDate):
    """What was given is a date to come, of which nothing is known yet."""


def parse(
    text: str,
    *,
    reader: Reader,
    now: datetime,
    prefix: str = "!",
    server: Server | None = None,
    direct: int | None = None,
) -> Request | None:
    """Read a line as a command: ``!status Germany``, also without the prefix; None when there is nothing in it."""
    line = " ".join(text[:MAX_LENGTH].split())
    # A slash command that was typed or copied is the command it names.
    line = line.removeprefix(prefix).strip()
    line = line.removeprefix("/").strip() if prefix != "/" else line
    if not line:
        return None
    name, _, words = line.partition(" ")
    return Request(name.casefold().rstrip("?!.,:;") or name, words.strip(), reader, now, prefix, server, direct)


_AS_OF = re.compile(r"(?:^|\s)(?:--)?as[-_ ]?of(?:\s*[=:]\s*|\s+|$)(.*)$", re.IGNORECASE)


def split_as_of(request: Request) -> tuple[str, date, bool]:
    """Split "... as-of DATE": returns the words before it, the UTC day asked about, and whether one was given.

    Without it the day is today. Raises :class:`BadDate`.
    """
    today = request.now.date()
    match = _AS_OF.search(request.words)
    if match is None:
        return request.words.strip(), today, False
    return request.words[: match.start()].strip(), parse_day(match[1].strip(), today), True


def parse_day(text: str, today: date) -> date:
    """Read a day as people write it, "today" and "yesterday" included; raises :class:`BadDate`."""
    words = text.strip().rstrip("?!.,").casefold()
    if words in {"today", "now"}:
        return today
    if words == "yesterday":
        return today - timedelta(days=1)
    found = parse_date(text.strip())
    if found is None or found.day is None:
        given = f'"{text[:40]}" is not a date I know.' if text else "A date is missing."
        raise BadDate(f"{given} Write it like 2025-03-20 or 20 March 2025.")
    if found.day > today:
        raise FutureDate(f"{found.day.isoformat()} is in the future. Nothing is known of it yet.")
    return found.day
