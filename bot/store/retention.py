"""What is removed in time: texts that nothing quotes, and the sketches by which copies were found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, select, update

from bot.store import counters
from bot.store.dialect import queue_for_content
from bot.store.schema import article, article_revision, article_sketch, quote


def remove_texts(conn: Connection, *, before: datetime, now: datetime, limit: int = 500) -> int:
    """Remove the texts of revisions stored before a moment, but those that any claim or figure quotes.

    Identity, address and title stay, so that the article is known when it comes again. Returns how many were removed,
    at most ``limit``: call it again until it is 0.
    """
    columns = article_revision.c
    quoted = exists().where(
        quote.c.dossier == columns.dossier,
        quote.c.article_id == columns.article_id,
        quote.c.article_revision == columns.number,
    )
    query = (
        select(columns.dossier, columns.article_id, columns.number)
        .where(columns.text.is_not(None), columns.stored_at < before, ~quoted)
        .order_by(columns.stored_at)
        .limit(limit)
    )
    found = conn.execute(query).all()
    if not found:
        return 0
    queue_for_content(conn)
    for row in found:
        conn.execute(
            update(article_revision)
            .where(
                and_(
                    columns.dossier == row.dossier, columns.article_id == row.article_id, columns.number == row.number
                ),
                ~quoted,
            )
            .values(text=None, text_removed_at=now)
        )
    counters.bump(conn)
    return len(found)


def forget_sketches(conn: Connection, *, before: datetime) -> None:
    """Forget the sketches of articles stored before a moment: nothing is taken for a copy of them any more."""
    old = exists().where(
        article.c.dossier == article_sketch.c.dossier,
        article.c.id == article_sketch.c.article_id,
        article.c.first_stored_at < before,
    )
    conn.execute(delete(article_sketch).where(old))
