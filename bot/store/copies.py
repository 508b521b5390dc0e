"""Copies: articles that have one text in common, found by their sketches and grouped under the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import articles
from bot.store.articles import Listed
from bot.store.schema import article, article_sketch

WITHIN: Final = timedelta(days=7)
"""How far apart two articles may be in time to be taken for copies of one text."""


def alike(
    conn: Connection,
    dossier: str,
    sketch: Sequence[int],
    *,
    since: datetime,
    guild_id: int | None = None,
    least: int,
    limit: int,
) -> list[tuple[str, int]]:
    """Return the articles stored from ``since`` on that share at least ``least`` values of a sketch, most first.

    Each with the number of values. What is off the topic is among them; a guild's own articles only for that guild.
    """
    if not sketch:
        return []
    common = func.count()
    query = (
        select(article_sketch.c.article_id, common)
        .join(
            article,
            and_(article.c.dossier == article_sketch.c.dossier, article.c.id == article_sketch.c.article_id),
        )
        .where(
            article_sketch.c.dossier == dossier,
            article_sketch.c.value.in_(sketch),
            article.c.first_stored_at >= since,
            articles.visible(guild_id, off_topic=True),
        )
        .group_by(article_sketch.c.article_id)
        .having(common >= least)
        .order_by(common.desc(), article_sketch.c.article_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in conn.execute(query)]


def set_sketch(conn: Connection, dossier: str, article_id: str, sketch: Sequence[int], *, copy_of: str | None) -> None:
    """Remember an article's sketch, and of which article it is a copy; both replace what was remembered.

    Its own copies become copies of the same one. Call it in the transaction that stores the article: then nobody else
    is grouping.
    """
    columns = article_sketch.c
    conn.execute(delete(article_sketch).where(columns.dossier == dossier, columns.article_id == article_id))
    rows = [{"dossier": dossier, "value": value, "article_id": article_id} for value in dict.fromkeys(sketch)]
    if rows:
        conn.execute(plain_insert(article_sketch), rows)
    # Where the first is itself a copy, both are copies of the same one: groups are one level deep.
    first = select(func.coalesce(article.c.copy_of, article.c.id)).where(
        article.c.dossier == dossier, article.c.id == copy_of
    )
    found = conn.execute(first).scalar() if copy_of is not None else None
    if found == article_id:
        found = None
    articles.change(conn, dossier, article_id, {"copy_of": found})
    if found is not None:
        conn.execute(
            update(article).where(article.c.dossier == dossier, article.c.copy_of == article_id).values(copy_of=found)
        )


def of(conn: Connection, dossier: str, article_id: str, *, guild_id: int | None = None) -> list[Listed]:
    """Return the other articles with the same text, the first stored first; a guild's own only for that guild.

    Empty for an unknown id.
    """
    first = conn.execute(
        select(func.coalesce(article.c.copy_of, article.c.id)).where(
            article.c.dossier == dossier, article.c.id == article_id
        )
    ).scalar()
    if first is None:
        return []
    query = (
        articles.without_text(dossier, None, guild_id)
        .where(or_(article.c.copy_of == first, article.c.id == first), article.c.id != article_id)
        .order_by(None)
        .order_by(article.c.first_stored_at, article.c.id)
    )
    return [articles.as_listed(row) for row in conn.execute(query)]
