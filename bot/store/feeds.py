"""Feeds: which ones the dossier has, which are due, what came of polling them, and when each was last heard from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Select, and_, delete, func, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import dossiers
from bot.store.schema import article, article_identity, article_revision, clean, feed, guild
from summaries.article import Published
from summaries.topic import Feed

_AT_ONCE = 500
"""How many values a query names at most; SQLite takes some thousands."""


_CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of two machines that take turns may be apart."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A feed by its name or address: when it last answered well, and what was wrong last, in a sentence and a word.

    ``last_error`` and ``last_reason`` (a word of the fetcher) are None where the last look went well. It is silent from
    ``added_at`` on where it never answered; None: nobody knows.
    """

    name: str
    last_ok_at: datetime | None
    last_error: str | None
    last_reason: str | None = None
    added_at: datetime | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed as polling needs it. ``baseline_at`` is when it was first read (None: never), ``failures`` those in a row.

    ``guild_id`` is None for the dossier's own. ``moved_to`` is the address it has moved to for good; ``url`` stays what
    it is called by. ``everything`` tells that all it brings is kept as news, not only what belongs to the topic.
    ``body_digest`` is the SHA-256 (hex) of what was read last, ``asks_seconds`` the pause it asked for then.
    """

    id: int
    guild_id: int | None
    url: str
    name: str | None
    language: str | None
    everything: bool
    etag: str | None
    last_modified: str | None
    body_digest: str | None
    asks_seconds: int | None
    moved_to: str | None
    failures: int
    baseline_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed, by whom and when it was added, and how polling it goes. ``articles`` counts what it has brought.

    ``moved_to`` is the address where it is read since it moved there for good; ``url`` stays what it is called by.
    ``last_reason`` and ``last_error`` say what went wrong at the last poll; None where it went well, or never was.
    """

    id: int
    url: str
    name: str | None
    everything: bool
    state: str
    added_by: str | None
    added_at: datetime
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    next_poll_at: datetime | None
    last_reason: str | None
    last_error: str | None
    moved_to: str | None
    articles: int


def heard(conn: Connection, dossier: str, guild_id: int | None = None) -> list[Heard]:
    """Return the feeds that have been polled at all: the dossier's own by name, then those of a guild.

    Without those that are no longer listed.
    """
    columns = feed.c
    everyones = columns.guild_id.is_(None)
    seen = everyones if guild_id is None else or_(everyones, columns.guild_id == guild_id)
    query = (
        select(
            columns.guild_id, columns.name, columns.url, columns.last_ok_at, columns.last_error, columns.last_reason,
            columns.added_at, columns.state,
        )
        .where(columns.dossier == dossier, seen, columns.last_polled_at.is_not(None), columns.state != "gone")
        .order_by(columns.id)
    )  # fmt: skip
    found = [
        (
            row.guild_id is not None,
            Heard(
                row.name or row.url, row.last_ok_at, row.last_error, row.last_reason, row.added_at,
                row.state == "paused",
            ),
        )
        for row in conn.execute(query)
    ]  # fmt: skip
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def sync(conn: Connection, dossier: str, feeds: Iterable[Feed], *, now: datetime) -> bool:
    """Make the store's feeds those that the dossier lists; tell whether anything changed.

    A feed that is no longer listed is kept as gone. One that comes back is active again and begins with a new baseline:
    what it brought meanwhile is no news. A feed that was paused stays so.
    """
    wanted = {clean(one.url): one for one in feeds}
    columns = feed.c
    query = select(
        columns.id, columns.url, columns.name, columns.kind, columns.language, columns.everything, columns.state
    ).where(columns.dossier == dossier, columns.guild_id.is_(None))
    known = {row.url: row for row in conn.execute(query)}
    changed = False
    for url, one in wanted.items():
        about = {"name": clean(one.name), "kind": one.kind, "language": one.language, "everything": one.everything}
        row = known.get(url)
        if row is None:
            dossiers.ensure(conn, dossier, now=now)
            conn.execute(
                plain_insert(feed).values(
                    dossier=dossier, url=url, state="active", failures=0, added_by="the dossier", added_at=now, **about
                )
            )
        elif row.state == "gone":
            anew = dict.fromkeys(
                (
                    "etag",
                    "last_modified",
                    "body_digest",
                    "asks_seconds",
                    "next_poll_at",
                    "baseline_at",
                    "last_reason",
                    "last_error",
                    "moved_to",
                )
            )
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
    """Return at most ``limit`` active feeds, the dossier's and guilds', that are due at ``now``, the longest due first.

    Those of guilds that removed the bot wait until it is back. One that was polled later than now is due, too: the
    clock was set back since.
    """
    columns = feed.c
    query = _asked(dossier, *(columns[name] for name in FeedRow.__slots__)).where(
        or_(columns.next_poll_at.is_(None), columns.next_poll_at <= now, columns.last_polled_at > now + _CLOCKS_APART)
    )
    return [FeedRow(**row._mapping) for row in conn.execute(query.limit(limit))]


def next_due(conn: Connection, dossier: str) -> tuple[str, datetime | None] | None:
    """Return the feed that is asked next, by its name or address, and when (None: at once); None if there is none."""
    columns = feed.c
    row = conn.execute(_asked(dossier, columns.name, columns.url, columns.next_poll_at).limit(1)).first()
    return None if row is None else (row.name or row.url, row.next_poll_at)


def _asked(dossier: str, *columns: Column[Any]) -> Select[Any]:
    """Select columns of the feeds that are asked at all, in the order of when they are due."""
    return (
        select(*columns)
        .select_from(feed)
        .outerjoin(guild, guild.c.id == feed.c.guild_id)
        .where(feed.c.dossier == dossier, guild.c.left_at.is_(None), feed.c.state == "active")
        .order_by(feed.c.next_poll_at.is_not(None), feed.c.next_poll_at, feed.c.id)
    )


def succeeded(
    conn: Connection,
    feed_id: int,
    *,
    etag: str | None,
    last_modified: str | None,
    body_digest: str | None,
    asks_seconds: int | None,
    moved_to: str | None,
    next_poll_at: datetime,
    now: datetime,
) -> None:
    """Record that a feed was read, in the transaction that stores its articles.

    ``etag`` and ``last_modified`` are what is sent back next time, ``moved_to`` where to ask then; ``body_digest`` is
    the SHA-256 (hex) of what was read, ``asks_seconds`` the pause the feed asks for. The first time sets the baseline.
    """
    columns = feed.c
    values = {
        "etag": etag,
        "last_modified": last_modified,
        "body_digest": body_digest,
        "asks_seconds": asks_seconds,
        "moved_to": moved_to,
        "next_poll_at": next_poll_at,
        "last_polled_at": now,
        "last_ok_at": now,
        "failures": 0,
        "last_reason": None,
        "last_error": None,
    }
    conn.execute(update(feed).where(columns.id == feed_id).values(**values))
    conn.execute(update(feed).where(columns.id == feed_id, columns.baseline_at.is_(None)).values(baseline_at=now))


def put_off(conn: Connection, feed_id: int, *, next_poll_at: datetime) -> None:
    """Ask a feed later, though nothing is known to be wrong with it."""
    conn.execute(update(feed).where(feed.c.id == feed_id).values(next_poll_at=next_poll_at))


def is_there(conn: Connection, feed_id: int) -> bool:
    """Tell whether a feed is still in the store."""
    return conn.execute(select(feed.c.id).where(feed.c.id == feed_id)).first() is not None


def failed(conn: Connection, feed_id: int, reason: str, error: str, *, next_poll_at: datetime, now: datetime) -> None:
    """Record that a feed could not be read: the kind of failure, and a sentence that says why.

    A remembered move is forgotten: the address may have moved on, and the original one knows.
    """
    conn.execute(
        update(feed)
        .where(feed.c.id == feed_id)
        .values(
            last_reason=reason,
            last_error=error,
            failures=feed.c.failures + 1,
            moved_to=None,
            next_poll_at=next_poll_at,
            last_polled_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Known:
    """An article that an identity belongs to: which feed brought it, the digest of its entry then, and its date.

    ``guild_id`` is None for the dossier's own; ``published`` where no date is known. ``relevant`` tells that it is
    shown.
    """

    article_id: str
    guild_id: int | None
    feed_id: int | None
    entry_digest: str | None
    relevant: bool
    published: Published | None


def known(
    conn: Connection, dossier: str, identities: Sequence[str], *, guild_id: int | None = None
) -> dict[str, Known]:
    """Return the articles that identities belong to, the dossier's or a guild's; the dossier's where both have one."""
    found: dict[str, Known] = {}
    columns, names = article_revision.c, article_identity.c
    for start in range(0, len(identities), _AT_ONCE):
        query = (
            select(
                names.identity,
                article.c.id,
                article.c.guild_id,
                article.c.feed_id,
                article.c.entry_digest,
                article.c.relevant,
                columns.published_at,
                columns.published_precision,
                columns.published_basis,
            )
            .join_from(
                article_identity,
                article,
                and_(article.c.dossier == names.dossier, article.c.id == names.article_id),
            )
            .join(
                article_revision,
                and_(
                    columns.dossier == article.c.dossier,
                    columns.article_id == article.c.id,
                    columns.number == article.c.current_revision,
                ),
            )
            .where(
                names.dossier == dossier,
                names.scope.in_({0, guild_id or 0}),
                # A guild's own may be shown where the dossier's is hidden.
                or_(names.scope == (guild_id or 0), article.c.relevant.is_(True)),
                names.identity.in_([clean(one) for one in identities[start : start + _AT_ONCE]]),
            )
            # The dossier's own last: it is the one that counts where both have it.
            .order_by(names.scope.desc())
        )
        for row in conn.execute(query):
            published = None if row[6] is None else Published(row[6], row[7], row[8])
            found[row[0]] = Known(row[1], row[2], row[3], row[4], row[5], published)
    return found


def add(
    conn: Connection,
    dossier: str,
    guild_id: int,
    url: str,
    *,
    name: str | None,
    everything: bool,
    by: str,
    now: datetime,
) -> bool:
    """Add a feed for one guild, or make it active and change what it is called and keeps; False when it was there.

    It is due at once, and its first reading is a baseline.
    """
    dossiers.ensure(conn, dossier, now=now)
    columns = feed.c
    here = (columns.dossier == dossier, columns.guild_id == guild_id, columns.url == clean(url))
    about = {"name": clean(name), "everything": everything, "state": "active"}
    if conn.execute(update(feed).where(*here).values(**about)).rowcount:
        return False
    conn.execute(
        plain_insert(feed).values(
            dossier=dossier, guild_id=guild_id, url=url, failures=0, added_by=by, added_at=now, **about
        )
    )
    return True


def remove(conn: Connection, dossier: str, guild_id: int, feed_id: int) -> bool:
    """Remove a guild's feed; what it brought stays. False when the guild has no such feed."""
    columns = feed.c
    gone = conn.execute(
        delete(feed).where(columns.dossier == dossier, columns.guild_id == guild_id, columns.id == feed_id)
    )
    return bool(gone.rowcount)


def listed(conn: Connection, dossier: str, guild_id: int | None) -> list[ListedFeed]:
    """Return the feeds of a guild, or with None those that the dossier lists today, in the order they were added."""
    columns = feed.c
    brought = (
        select(func.count()).select_from(article).where(article.c.feed_id == columns.id).scalar_subquery()
    ).label("articles")
    query = (
        select(*(columns[name] for name in ListedFeed.__slots__ if name != "articles"), brought)
        .where(columns.dossier == dossier, columns.guild_id.is_not_distinct_from(guild_id), columns.state != "gone")
        .order_by(columns.id)
    )
    return [ListedFeed(**row._mapping) for row in conn.execute(query)]
