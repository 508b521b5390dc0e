"""Feeds: which ones the dossier has, which are due, what came of polling them, and when each was last heard from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import dossiers
from bot.store.schema import article, article_revision, clean, feed
from summaries.article import Published
from summaries.topic import Feed

_AT_ONCE = 500
"""How many values a query names at most; SQLite takes some thousands."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A feed of the dossier: its name or address, when it last answered well, and what was wrong last."""

    name: str
    last_ok_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as polling needs it. ``baseline_at`` is when it was first read (None: never), ``failures`` those in a row.

    ``moved_to`` is the address it has moved to for good; ``url`` stays what the dossier calls it by.
    """

    id: int
    url: str
    name: str | None
    language: str | None
    etag: str | None
    last_modified: str | None
    moved_to: str | None
    failures: int
    baseline_at: datetime | None


def heard(conn: Connection, dossier: str) -> list[Heard]:
    """Return the dossier's own feeds that have been polled at all, by name; without those it no longer lists."""
    columns = feed.c
    query = (
        select(columns.name, columns.url, columns.last_ok_at, columns.last_error)
        .where(
            columns.dossier == dossier,
            columns.guild_id.is_(None),
            columns.last_polled_at.is_not(None),
            columns.state != "gone",
        )
        .order_by(columns.id)
    )
    return sorted(
        (Heard(row.name or row.url, row.last_ok_at, row.last_error) for row in conn.execute(query)),
        key=lambda one: one.name,
    )


def sync(conn: Connection, dossier: str, feeds: Iterable[Feed], *, now: datetime) -> bool:
    """Make the store's feeds those that the dossier lists; tell whether anything changed.

    A feed that is no longer listed is kept as gone. One that comes back is active again and begins with a new baseline:
    what it brought meanwhile is no news. A feed that was paused stays so.
    """
    wanted = {clean(one.url): one for one in feeds}
    columns = feed.c
    query = select(columns.id, columns.url, columns.name, columns.kind, columns.language, columns.state).where(
        columns.dossier == dossier, columns.guild_id.is_(None)
    )
    known = {row.url: row for row in conn.execute(query)}
    changed = False
    for url, one in wanted.items():
        about = {"name": clean(one.name), "kind": one.kind, "language": one.language}
        row = known.get(url)
        if row is None:
            dossiers.ensure(conn, dossier, now=now)
            conn.execute(
                plain_insert(feed).values(
                    dossier=dossier, url=url, state="active", failures=0, added_by="the dossier", added_at=now, **about
                )
            )
        elif row.state == "gone":
            anew = dict.fromkeys(("etag", "last_modified", "next_poll_at", "baseline_at", "last_error", "moved_to"))
            conn.execute(update(feed).where(columns.id == row.id).values(state="active", failures=0, **anew, **about))
        elif any(row._mapping[name] != value for name, value in about.items()):
            conn.execute(update(feed).where(columns.id == row.id).values(**about))
        else:
            continue
        changed = True
    unlisted = [row.id for url, row in known.items() if url not in wanted and row.state != "gone"]
    if unlisted:
        conn.execute(update(feed).where(columns.id.in_(unlisted)).values(state="gone"))
    return changed or bool(unlisted)


def due(conn: Connection, dossier: str, now: datetime, limit: int) -> list[FeedRow]:
    """Return at most ``limit`` of the dossier's active feeds that are due at ``now``, the longest due first."""
    columns = feed.c
    query = (
        select(*(columns[name] for name in FeedRow.__slots__))
        .where(
            columns.dossier == dossier,
            columns.guild_id.is_(None),
            columns.state == "active",
            or_(columns.next_poll_at.is_(None), columns.next_poll_at <= now),
        )
        .order_by(columns.next_poll_at.is_not(None), columns.next_poll_at, columns.id)
        .limit(limit)
    )
    return [FeedRow(**row._mapping) for row in conn.execute(query)]


def succeeded(
    conn: Connection,
    feed_id: int,
    *,
    etag: str | None,
    last_modified: str | None,
    moved_to: str | None,
    next_poll_at: datetime,
    now: datetime,
) -> None:
    """Record that a feed was read, in the transaction that stores its articles.

    ``etag`` and ``last_modified`` are what is sent back next time, ``moved_to`` where to ask then. The first time sets
    the baseline.
    """
    columns = feed.c
    values = {
        "etag": etag,
        "last_modified": last_modified,
        "moved_to": moved_to,
        "next_poll_at": next_poll_at,
        "last_polled_at": now,
        "last_ok_at": now,
        "failures": 0,
        "last_error": None,
    }
    conn.execute(update(feed).where(columns.id == feed_id).values(**values))
    conn.execute(update(feed).where(columns.id == feed_id, columns.baseline_at.is_(None)).values(baseline_at=now))


def failed(conn: Connection, feed_id: int, error: str, *, next_poll_at: datetime, now: datetime) -> None:
    """Record that a feed could not be read, with a sentence that says why.

    A remembered move is forgotten: the address may have moved on, and the original one knows.
    """
    conn.execute(
        update(feed)
        .where(feed.c.id == feed_id)
        .values(
            last_error=error,
            failures=feed.c.failures + 1,
            moved_to=None,
            next_poll_at=next_poll_at,
            last_polled_at=now,
        )
    )


def published_as(conn: Connection, dossier: str, identities: Sequence[str]) -> dict[str, Published]:
    """Return when the dossier's articles with these identities were published, as far as they are stored and dated."""
    found: dict[str, Published] = {}
    columns = article_revision.c
    for start in range(0, len(identities), _AT_ONCE):
        query = (
            select(article.c.identity, columns.published_at, columns.published_precision, columns.published_basis)
            .join_from(
                article,
                article_revision,
                and_(
                    columns.dossier == article.c.dossier,
                    columns.article_id == article.c.id,
                    columns.number == article.c.current_revision,
                ),
            )
            .where(
                article.c.dossier == dossier,
                article.c.guild_id.is_(None),
                article.c.identity.in_(identities[start : start + _AT_ONCE]),
                columns.published_at.is_not(None),
            )
        )
        found |= {row[0]: Published(row[1], row[2], row[3]) for row in conn.execute(query)}
    return found
