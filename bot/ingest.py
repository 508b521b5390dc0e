"""Adding articles from files and folders, each stored once, one after the other."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.events import record_mentions_events
from bot.library import Library
from bot.seeding import BACKGROUND_AFTER, find_mentions, record_mentions
from bot.store import articles
from summaries.article import Article, Draft, normalise_url, read_text

SUFFIXES = {".txt": read_text, ".md": read_text, ".html": None, ".htm": None}
"""What is read, by the end of a file's name; None stands for pages, whose reader is heavy to load."""


@dataclass(frozen=True, slots=True)
class Added:
    """A file that is in the store now: as which article, and whether that is new."""

    file: str
    article: str
    revision: int
    outcome: str
    title: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, and why."""

    file: str
    reason: str


def ingest(library: Library, paths: Sequence[str], *, max_bytes: int, now: datetime) -> Iterator[Added | Refused]:
    """Read files, and folders with all they hold, yielding what became of each file.

    Every file is stored in a transaction of its own, so an interruption loses nothing that was yielded.
    """
    key = library.topic.key
    with library.store.reading() as connection:
        # What a store is first filled with is where its news begins, not news itself.
        first = not articles.any_news(connection, key)
    for path in paths:
        if path.startswith(("http://", "https://")):
            yield Refused(path, "addresses are not read yet; save the page and name the file")
            continue
        for file in _files(Path(path)):
            yield file if isinstance(file, Refused) else _one(library, file, max_bytes, now, news=not first)


def _files(path: Path) -> Iterator[Path | Refused]:
    """Yield the files a path stands for; links to folders are not followed, so no loop can be entered."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield Refused(str(path), _reason(error))
        return
    if not stat.S_ISDIR(mode):
        yield path
        return
    found = False
    problems: list[OSError] = []
    for folder, subfolders, names in os.walk(path, onerror=problems.append):
        subfolders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix.lower() not in SUFFIXES:
                continue
            found = True
            if file.is_symlink() and not _inside(file, path):
                yield Refused(str(file), "it is a link out of the folder; name the file itself")
            else:
                yield file
    for problem in problems:
        yield Refused(str(problem.filename), _reason(problem))
    if not found and not problems:
        yield Refused(str(path), f"the folder holds no {', '.join(SUFFIXES)} file")


def _inside(link: Path, folder: Path) -> bool:
    try:
        return link.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        # A loop: reading the file will say so.
        return True


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _one(library: Library, file: Path, max_bytes: int, now: datetime, *, news: bool) -> Added | Refused:
    name = str(file)
    try:
        data = _read(file, max_bytes)
        draft = _draft(file, data, now)
        identity = _identity(file, draft)
    except (OSError, ValueError) as error:
        return Refused(name, _reason(error))
    published = draft.published.at
    background = published is not None and published < now - BACKGROUND_AFTER
    key = library.topic.key
    found = find_mentions(draft, library.parties)
    with library.store.writing() as connection:
        stored = articles.add(connection, key, identity, draft, background=background, now=now)
        article = Article(
            stored.article_id, stored.revision, draft.text, language=draft.language, body_start=draft.body_start
        )
        record_mentions(connection, key, stored, found)
        if news and stored.outcome == "new" and not background:
            record_mentions_events(connection, key, article, now=now)
    return Added(name, stored.article_id, stored.revision, stored.outcome, draft.title, draft.warnings)


def _read(file: Path, max_bytes: int) -> bytes:
    """Return a regular file's bytes; a pipe or device is never opened, because that could wait for ever."""
    size = file.stat()
    if not stat.S_ISREG(size.st_mode):
        kind = "a folder" if stat.S_ISDIR(size.st_mode) else "a pipe, socket or device"
        raise ValueError(f"it is {kind}, not a file")
    if size.st_size > max_bytes:
        raise ValueError(
            f"it has {size.st_size:,} bytes; at most {max_bytes:,} are read (setting ingest.max_megabytes)"
        )
    with file.open("rb") as handle:
        data = handle.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"it has more than {max_bytes:,} bytes (setting ingest.max_megabytes)")
    return data


def _draft(file: Path, data: bytes, now: datetime) -> Draft:
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f"its name must end in {', '.join(SUFFIXES)}")
    if suffix in {".html", ".htm"}:
        from summaries.page import read_page

        draft = read_page(data, now=now)
    else:
        draft = read_text(data, now=now)
    if not draft.text[draft.body_start :].strip("\ufeff \t\r\n"):
        raise ValueError("it is empty: there is no text to store")
    return draft


def _identity(file: Path, draft: Draft) -> str:
    """What makes it the same article next time: its address, or else the file itself."""
    address = normalise_url(draft.url) if draft.url else None
    return f"url:{address}" if address else file.resolve().as_uri()
