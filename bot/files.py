"""Reading files that people name: which files a path stands for, the text of one, and why there is none."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from summaries.article import Draft, read_text

TEXTS: Final = (".txt", ".md")
PAGES: Final = (".html", ".htm")
FEEDS: Final = (".xml", ".rss", ".atom", ".json")
SUFFIXES: Final = TEXTS + PAGES + FEEDS
"""What is read, by the end of a file's name."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)

_NO_TEXT: Final = {
    b"%PDF-": "a PDF",
    b"{\\rtf": "an RTF file",
    b"PK\x03\x04": "a Word file or other archive",
    b"\xd0\xcf\x11\xe0": "an old Word file",
}
"""What files begin with that people take for texts, of which much is read as one."""

SAVE_TEXT: Final = "save its text as a .txt file, and name that"


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or address that was not taken, and why."""

    file: str
    reason: str


def is_address(path: str) -> bool:
    """Tell whether it is a web address and no file."""
    return path[:8].lower().startswith(("http://", "https://"))


def files_of(path: str) -> Iterator[Path | Refused]:
    """Yield the files that a name stands for, which a person gave."""
    scheme = _SCHEME.match(path)
    if scheme is None:
        yield from _under(Path(path))
    elif scheme[0].lower() == "file://":
        yield Refused(path, f"what begins with {scheme[0]} is not read. Name the file by its path")
    else:
        # As a path it would be a file that isn't there.
        why = f"what begins with {scheme[0]} is not read, only http:// and https://. Get it yourself, and name the file"
        yield Refused(path, why)


def _under(path: Path) -> Iterator[Path | Refused]:
    """Yield the files a path stands for; links to folders are not followed, so no loop can be entered."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield Refused(str(path), _lost(path, error))
        return
    if not stat.S_ISDIR(mode):
        yield path
        return
    found = others = False
    problems: list[OSError] = []
    for folder, subfolders, names in os.walk(path, onerror=problems.append):
        subfolders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix.lower() not in SUFFIXES:
                others = True
                continue
            found = True
            if not file.is_symlink() or _inside(file, path):
                yield file
                continue
            try:
                file.stat()
                yield Refused(str(file), "it is a link out of the folder; name the file itself")
            except OSError as error:
                yield Refused(str(file), _lost(file, error))
    for problem in problems:
        yield Refused(str(problem.filename), reason_of(problem))
    if not found and not problems and others:
        kinds = ", ".join(SUFFIXES)
        yield Refused(
            str(path), f"no file in it is of a kind that is read: {kinds}. Save the text of one as a .txt file"
        )
    elif not found and not problems:
        yield Refused(str(path), "the folder is empty; name one that holds texts")


def _inside(link: Path, folder: Path) -> bool:
    try:
        return link.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        # A loop: reading the file will say so.
        return True


def _lost(path: Path, error: OSError | ValueError) -> str:
    """Return why nothing is found at a path."""
    if path.is_symlink() and isinstance(error, FileNotFoundError):
        return f"it is a link to {os.readlink(path)}, where nothing is; mend or remove the link"
    return reason_of(error)


_REMEDIES: Final = {
    errno.ENOENT: "there is no such file or folder; check its spelling. A web address begins with https://",
    errno.ELOOP: "it is a link that leads back to itself; name the file itself",
    errno.EACCES: "this account may not read it; change its permissions",
}


def reason_of(error: OSError | ValueError) -> str:
    """Return what an error says, as the rest of a sentence that names the file."""
    if isinstance(error, OSError) and error.errno in _REMEDIES:
        return _REMEDIES[error.errno]
    told = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
    return told.rstrip(".")


def read_bytes(file: Path, max_bytes: int) -> tuple[bytes, os.stat_result]:
    """Return a regular file's bytes; a pipe or device is never opened, because that could wait for ever."""
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is a pipe, socket or device; save what comes from it as a file, and name that")
    if (suffix := file.suffix.lower()) not in SUFFIXES:
        named = f"a {suffix} file" if suffix else "a file without an ending"
        raise ValueError(f"{named} is not read, only {', '.join(SUFFIXES)}. {SAVE_TEXT.capitalize()}")
    if found.st_size > max_bytes:
        raise ValueError(
            f"it has {found.st_size:,} bytes; at most {max_bytes:,} are read (setting ingest.max_megabytes)"
        )
    with file.open("rb") as handle:
        # Before it is read: what changes meanwhile is seen by the next look.
        found = os.fstat(handle.fileno())
        data = handle.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"it has more than {max_bytes:,} bytes (setting ingest.max_megabytes)")
    return data, found


def draft_of(file: Path, data: bytes, now: datetime) -> Draft:
    """Return the text of a file or page; ``now`` (aware UTC) is the latest its date may be. Raises ValueError."""
    if file.suffix.lower() in PAGES:
        from summaries.page import read_page

        draft = read_page(data, now=now)
    else:
        draft = read_text(data, now=now)
    check_text(draft)
    return draft


def no_text(data: bytes) -> str | None:
    """Return what kind of file it is, where it is one that only other programs read."""
    return next((kind for mark, kind in _NO_TEXT.items() if data.startswith(mark)), None)


def check_text(draft: Draft) -> None:
    """Raise ValueError, with what to do, for what is no text."""
    if not draft.text[draft.body_start :].strip("\ufeff \t\r\n"):
        raise ValueError("it is empty: there is no text to store")
    if _MOST_CONTROLS * len(_CONTROL.findall(draft.text)) > len(draft.text):
        raise ValueError(f"it is no text, whatever its name says: much of it is control characters; {SAVE_TEXT}")


_MOST_CONTROLS: Final = 20
"""A text has at most one control character in so many; of any bytes at all, one in nine is one.

Bytes that are not UTF-8 say less: in old encodings, a third of some languages' letters are.
"""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
