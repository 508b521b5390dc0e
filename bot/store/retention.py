"""What is removed in time: texts that nothing quotes, and the sketches by which copies were found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, select, tuple_, update

from bot.config import KeepSettings
from bot.store import copies, counters
from bot.store.dialect import queue_for_content
from bot.store.engine import Store
from bot.store.schema import article, article_revision, article_sketch, quote

AT_ONCE: Final = 100
"""How many texts or sketches go in one transaction: less than a tenth of a second, for which other writers wait."""

A_ROUND: Final = 5000
"""How many texts go in one round of housekeeping."""

SHIPPED: Final = "seed:"
"""What the identities of the dossier's own articles begin with."""


def tidy(store: Store, dossier: str, keep: KeepSettings, *, now: datetime) -> int:
    """Remove what is old of articles, in transactions so short that nobody waits; return how many texts that was.

    ``now`` is aware UTC. What is left over, of more than :data:`A_ROUND`, is removed in the next round.
    """
    with store.reading() as connection:
        found = removable(
            connection,
            dossier,
            before=now - timedelta(days=keep.texts_days) if keep.texts_days else None,
            off_topic_before=now - timedelta(days=keep.off_topic_days) if keep.off_topic_days else None,
        )
    removed = 0
    for start in range(0, len(found), AT_ONCE):
        with store.writing() as connection:
            removed += remove_texts(connection, dossier, found[start : start + AT_ONCE], now=now)
    for _ in range(A_ROUND // AT_ONCE):
        with store.writing() as connection:
            if forget_sketches(connection, dossier, before=now - copies.WITHIN) < AT_ONCE:
                break
    return removed


def removable(
    conn: Connection,
    dossier: str,
    *,
    before: datetime | None,
    off_topic_before: datetime | None,
    limit: int = A_ROUND,
) -> list[tuple[str, int]]:
    """Return revisions, as (article, number), whose text may go: at most ``limit``, the oldest news first.

    They were stored before a moment; those of articles off the topic go sooner. None keeps them for ever. A revision
    that any revision of a claim or figure quotes keeps its text, whatever became of that row; so do the articles of the
    dossier's folder, which its rows are checked against.
    """
    found: dict[tuple[str, int], None] = {}
    for moment, only in ((before, None), (off_topic_before, article.c.relevant.is_(False))):
        if moment is not None:
            found |= dict.fromkeys(_due(conn, dossier, moment, only, limit))
    return list(found)[:limit]


def remove_texts(conn: Connection, dossier: str, revisions: Sequence[tuple[str, int]], *, now: datetime) -> int:
    """Remove the texts of revisions that :func:`removable` found, but of what was quoted since; return how many.

    All else stays, so that an article is known when it comes again. Give it :data:`AT_ONCE` at a time.
    """
    # Commit point: the caller's. A claim that is stored meanwhile is either there, and seen by the statement below, or
    # waits, and finds the text gone.
    queue_for_content(conn)
    columns = article_revision.c
    removed = conn.execute(
        update(article_revision)
        .where(
            columns.dossier == dossier,
            # Said twice, because SQLite finds rows by the first, and not by pairs.
            columns.article_id.in_({article_id for article_id, _ in revisions}),
            tuple_(columns.article_id, columns.number).in_(revisions),
            columns.text.is_not(None),
            ~_QUOTED,
        )
        .values(text=None, text_removed_at=now)
    ).rowcount
    if removed:
        counters.bump(conn)
    return removed


_QUOTED: Final = exists().where(
    quote.c.dossier == article_revision.c.dossier,
    quote.c.article_id == article_revision.c.article_id,
    quote.c.article_revision == article_revision.c.number,
)


def _due(
    conn: Connection, dossier: str, before: datetime, only: ColumnElement[bool] | None, limit: int
) -> list[tuple[str, int]]:
    """Return revisions whose text may be removed, the oldest news first."""
    columns = article_revision.c
    query = (
        select(columns.article_id, columns.number)
        .join(article, and_(article.c.dossier == columns.dossier, article.c.id == columns.article_id))
        .where(
            columns.dossier == dossier,
            # No text is of a later day than it was stored: this one is indexed, and spares reading what lies behind a
            # long text in its row.
            columns.dated_at < before,
            columns.text.is_not(None),
            columns.stored_at < before,
            ~article.c.identity.startswith(SHIPPED),
            ~_QUOTED,
        )
        .order_by(columns.dated_at)
        .limit(limit)
    )
    if only is not None:
        query = query.where(only)
    return [(row.article_id, row.number) for row in conn.execute(query)]


def forget_sketches(conn: Connection, dossier: str, *, before: datetime, limit: int = AT_ONCE) -> int:
    """Forget the sketches of articles stored before a moment: nothing is taken for a copy of them any more.

    What was found to be a copy stays one. Returns of how many articles, at most ``limit``: less than that, and nothing
    is left to forget.
    """
    columns = article_sketch.c
    # By the set of those that have one: asked article by article, SQLite reads all sketches each time.
    sketched = select(columns.article_id).where(columns.dossier == dossier)
    old = (
        select(article.c.id)
        .where(article.c.dossier == dossier, article.c.id.in_(sketched), article.c.first_stored_at < before)
        .limit(limit)
    )
    found = list(conn.execute(old).scalars())
    if found:
        conn.execute(delete(article_sketch).where(columns.dossier == dossier, columns.article_id.in_(found)))
    return len(found)
