"""Files that were taken in: as which article each, and what shows that it has not changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, select

from bot.store.articles import CURRENT
from bot.store.dialect import insert
from bot.store.schema import article, article_identity, article_revision, clean, ingested_file

SETTLED: Final = timedelta(seconds=2)
"""A file that was changed shorter than this before it was read could change again without another time (FAT: 2 s)."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was seen: its URI, its size in bytes and when it was last changed (nanoseconds since 1970)."""

    uri: str
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The article that a file became, and what is known of it by now."""

    article_id: str
    revision: int
    title: str | None


def unchanged(conn: Connection, dossier: str, files: Sequence[FileState]) -> dict[str, Taken]:
    """Return those of some hundred files, by URI, that were taken in as they are now.

    A file that changed at the very time when it was read is not among them: nobody can know which state was read.
    """
    seen = {clean(one.uri): one for one in files}
    columns = ingested_file.c
    query = (
        select(
            columns.file,
            columns.size,
            columns.modified_ns,
            columns.taken_at,
            article.c.id,
            article.c.current_revision,
            article_revision.c.title,
        )
        .join_from(
            ingested_file, article, and_(article.c.dossier == columns.dossier, article.c.id == columns.article_id)
        )
        .join(article_revision, CURRENT)
        .where(columns.dossier == dossier, columns.file.in_(list(seen)))
    )
    found = {}
    for row in conn.execute(query):
        state = seen[row.file]
        settled_ns = int((row.taken_at - SETTLED).timestamp() * 1_000_000_000)
        if (row.size, row.modified_ns) == (state.size, state.modified_ns) and row.modified_ns < settled_ns:
            found[state.uri] = Taken(row.id, row.current_revision, row.title)
    return found


def record(conn: Connection, dossier: str, file: FileState, article_id: str, *, now: datetime) -> None:
    """Remember that a file was taken in, in the transaction that stores its article. ``now``: before it was read."""
    state = {"size": file.size, "modified_ns": file.modified_ns, "article_id": article_id, "taken_at": now}
    conn.execute(
        insert(conn, ingested_file)
        .values(dossier=dossier, file=file.uri, **state)
        .on_conflict_do_update(index_elements=["dossier", "file"], set_=state)
    )


@dataclass(frozen=True, slots=True)
class Known:
    """One of the dossier's own articles. ``by_feed`` tells that it came by a feed, which is polled."""

    article_id: str
    revision: int
    url: str | None
    by_feed: bool


def known(conn: Connection, dossier: str, identities: Sequence[str]) -> Known | None:
    """Return the dossier's own article that has one of these names, one that came by a feed first; None if none."""
    names = article_identity.c
    query = (
        select(article.c.id, article.c.current_revision, article_revision.c.url, article.c.feed_id.is_not(None))
        .join_from(
            article_identity, article, and_(article.c.dossier == names.dossier, article.c.id == names.article_id)
        )
        .join(article_revision, CURRENT)
        .where(names.dossier == dossier, names.scope == 0, names.identity.in_([clean(one) for one in identities]))
        .order_by(article.c.feed_id.is_(None))
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else Known(row[0], row[1], row[2], bool(row[3]))
