"""Pages of articles of which a feed holds only a teaser: which are to be read, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, or_, select

from bot.store import articles
from bot.store.dialect import queue_for_content
from bot.store.schema import article, article_revision, clean, guild
from summaries.article import Draft


@dataclass(frozen=True, slots=True)
class WantedPage:
    """An article of which only a teaser is stored: where its page is, and how often it was tried.

    ``everything`` tells that it is kept whatever its words say; ``again`` that the page was read
    before, and what is stored are its words then.
    """

    article_id: str
    url: str
    guild_id: int | None
    background: bool
    everything: bool
    again: bool
    tries: int


def due(conn: Connection, dossier: str, now: datetime, limit: int) -> list[WantedPage]:
    """Return at most ``limit`` articles whose page is to be read now, the longest due first.

    Those of guilds that removed the bot wait until it is back.
    """
    query = (
        select(
            article.c.id,
            article_revision.c.url,
            article.c.guild_id,
            article.c.background,
            article.c.everything,
            article.c.page_revision.is_not(None),
            article.c.page_tries,
        )
        .join(article_revision, articles.CURRENT)
        .outerjoin(guild, guild.c.id == article.c.guild_id)
        .where(
            article.c.dossier == dossier,
            guild.c.left_at.is_(None),
            article.c.page_state == "wanted",
            # No pause is that long: the clock was set back.
            or_(article.c.page_next_at <= now, article.c.page_next_at > now + timedelta(days=10)),
            article_revision.c.url.is_not(None),
        )
        .order_by(article.c.page_next_at, article.c.id)
        .limit(limit)
    )
    return [WantedPage(*row) for row in conn.execute(query)]


def read(conn: Connection, dossier: str, article_id: str, page: Draft, *, now: datetime) -> articles.Stored:
    """Give an article the text of its page, as a new revision; what its feed says of it is kept.

    Author, language and date are the page's where the feed had none. Raises KeyError for an unknown id.
    """
    queue_for_content(conn)
    known = articles.known_row(conn, dossier, article_id)
    current = articles.revision_row(conn, dossier, article_id, known.current_revision)
    from_page = articles.values_of(page, current["label"])
    values = {name: from_page[name] for name in ("text", "fingerprint", "body_start", "warnings")}
    values |= {
        name: current[name] or from_page[name] for name in ("title", "publisher", "author", "url", "label", "language")
    }
    dated = from_page if current["published_at"] is None else current
    values |= {name: dated[name] for name in ("published_at", "published_precision", "published_basis")}
    stored = articles.revise(conn, dossier, known, values, now=now)
    first = known.page_revision or stored.revision
    changes = {"page_state": "read", "page_revision": first, "page_next_at": None, "page_note": None}
    articles.change(conn, dossier, article_id, changes)
    return stored


def missed(
    conn: Connection,
    dossier: str,
    article_id: str,
    note: str,
    *,
    state: Literal["walled", "failed", "wanted"],
    next_at: datetime | None = None,
) -> None:
    """Note why an article's page could not be had; with the state ``wanted`` it is tried again at ``next_at``.

    Raises ValueError for a page that is wanted but never due, or the other way round.
    """
    if (state == "wanted") != (next_at is not None):
        raise ValueError(f"a page that is {state} {'needs' if state == 'wanted' else 'has no'} next try")
    tries = article.c.page_tries + 1
    changes = {"page_state": state, "page_tries": tries, "page_next_at": next_at, "page_note": clean(note)}
    articles.change(conn, dossier, article_id, changes)
