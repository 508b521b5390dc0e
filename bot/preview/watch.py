"""Noticing that files were saved, whichever way an editor saves them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_Stamps = dict[str, tuple[int, int, int]]


class Watch:
    """Watches the files of folders by looking at them; whoever has it decides when to look.

    Looking suffices for some forty files, works on every file system, and sees a file that was written by renaming
    another over it, for which an operating system reports a different file.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        """Begin with the files as they are now."""
        self._folders = folders
        self._told = self._seen = self._stamps()

    def look(self) -> bool:
        """Look once, and tell whether files have changed since it was last told.

        It is told by the second look that sees the same: between two looks an editor may have taken a file away, or
        written half of it.
        """
        now = self._stamps()
        settled, self._seen = now == self._seen, now
        if not settled or now == self._told:
            return False
        self._told = now
        return True

    def _stamps(self) -> _Stamps:
        stamps: _Stamps = {}
        for folder in self._folders:
            try:
                with os.scandir(folder) as files:
                    for file in files:
                        stat = file.stat()
                        stamps[file.path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            except OSError:
                # The folder, or a file while it was being looked at, is gone: that is a change like any other.
                stamps[os.fspath(folder)] = (0, 0, 0)
        return stamps
