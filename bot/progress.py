"""How far long work is: a bar on a terminal, now and then a line elsewhere. Standard output is left to the answer.

The bar is drawn here and not by a library, because it must share its terminal with lines that are printed meanwhile,
and a process that is killed must leave nothing behind: no hidden cursor, no colours.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TextIO

INTERRUPTED: Final = 130
"""The exit code of work that was broken off with Ctrl-C, as shells have it: 128 and the signal's number."""

_SILENT: Final = 1.0
_REDRAWN_EVERY: Final = 0.1
_TOLD_EVERY: Final = 10.0
_BAR: Final = 24
_SHORTEST_BAR: Final = 8

log = logging.getLogger(__name__)


def bar_stream() -> TextIO | None:
    """Return standard error where a bar can be drawn on it; None where it is no terminal, or a dumb one."""
    return sys.stderr if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None


class Progress:
    """Counts how much of some work is done, and shows it: ``with Progress("files", ...) as progress``.

    Nothing is shown of work that takes less than a second. What is drawn is gone at the end.
    """

    def __init__(
        self,
        what: str,
        *,
        stream: TextIO | None = None,
        tell: Callable[[str], None] = log.info,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Count ``what`` (in the plural: "files").

        With ``stream``, a terminal, a bar is drawn on it; without, ``tell`` gets a line every ten seconds. ``clock``
        gives seconds that only grow.
        """
        self.what = what
        self.count = 0
        self.total: int | None = None
        self._stream = stream
        self._tell = tell
        self._clock = clock
        self._begun = clock()
        self._shown = self._begun + _SILENT - (_REDRAWN_EVERY if stream is not None else _TOLD_EVERY)
        self._drawn = False

    def __enter__(self) -> Self:
        """Begin to count time."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.clear()

    def begin(self, total: int | None) -> None:
        """Say how much there is to do in all; None: nobody knows."""
        self.total = total

    def advance(self, by: int = 1) -> None:
        """Note that so much more is done."""
        self.count += by
        now = self._clock()
        every = _REDRAWN_EVERY if self._stream is not None else _TOLD_EVERY
        if now - self._begun < _SILENT or now - self._shown < every:
            return
        self._shown = now
        if self._stream is None:
            self._tell(self.words(now))
        else:
            # One column less than there are: terminals wrap a line that fills them all.
            self._stream.write(f"\r{self._line(now, _columns(self._stream) - 1)}\x1b[K")
            self._stream.flush()
            self._drawn = True

    def clear(self) -> None:
        """Take the bar away, so that something else can be printed in its place; it comes back by itself."""
        if self._drawn and self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False

    def stopped(self) -> str:
        """Say how far it came, where it was broken off by a person."""
        done = f"{self.count:,} of {self.total:,}" if self.total else f"{self.count:,}"
        return f"Stopped: {done} {self.what} are done, and stay so. The same command goes on with the rest."

    def words(self, now: float) -> str:
        """Say how much is done, how fast it goes and how long it will take."""
        return self._wordings(now)[0]

    def _wordings(self, now: float) -> list[str]:
        """Return what can be said, in full and shorter and shorter: what matters least goes first."""
        seconds = max(now - self._begun, 0.001)
        rate = self.count / seconds
        speed = f"{rate:,.0f} a second" if rate >= 3 else f"{rate * 60:,.0f} a minute"
        if not self.total:
            count = f"{self.count:,}"
            return [f"{count} {self.what}, {speed}", f"{count} {self.what}", count]
        left = ""
        if rate and self.count < self.total:
            left = f", {_duration((self.total - self.count) / rate)} left"
        count, share = f"{self.count:,} of {self.total:,}", f"{min(self.count / self.total, 1):.0%}"
        return [
            f"{count} {self.what} ({share}), {speed}{left}",
            f"{count} {self.what} ({share}){left}",
            f"{count} ({share}){left}",
            f"{count} ({share})",
            share,
        ]

    def _line(self, now: float, width: int) -> str:
        """Return the longest wording that fits, behind a bar as long as the rest allows."""
        wordings = self._wordings(now)
        words = next((one for one in wordings if len(one) <= width), wordings[-1][:width])
        return self._bar(min(_BAR, width - len(words) - len("[] "))) + words

    def _bar(self, length: int) -> str:
        if not self.total or length < _SHORTEST_BAR:
            return ""
        done = int(length * min(self.count / self.total, 1))
        return f"[{'#' * done}{'-' * (length - done)}] "


def _columns(stream: TextIO) -> int:
    """Return how wide a terminal is; standard output, which the library asks, may be another or none."""
    own = 80
    with suppress(OSError):
        own = os.get_terminal_size(stream.fileno()).columns
    return shutil.get_terminal_size((own, 24)).columns


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    return f"{round(whole / 60)} min" if whole < 100 * 60 else f"{round(whole / 3600)} h"
