"""Looking an article up: what is known of it, its revisions, its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.library import Library, page_said
from bot.render import words
from bot.render.medium import harmless
from bot.store import articles
from bot.store.articles import Origin, RevisionInfo
from summaries.article import Article
from summaries.toml import Problems


def find_article(library: Library, wanted: str, revision: int | None) -> tuple[Article, Sequence[RevisionInfo], Origin]:
    """Return an article by its id or the start of one, all its revisions, and where it came from.

    Raises :class:`~summaries.toml.Problems` when there is none, several, or no such revision.
    """
    key = library.topic.key
    shown = harmless(wanted)[:60]
    with library.store.reading() as connection:
        found = articles.find(connection, key, wanted)
        if not found:
            held = ", ".join(article.id for article in articles.listed(connection, key, limit=5))
            raise Problems([f'No article has the id "{shown}". On file, for example: {held or "none"}.'])
        if len(found) > 1:
            raise Problems([f'"{shown}" could be {", ".join(found)}. Write more of it.'])
        revisions = articles.revisions(connection, key, found[0])
        article = articles.get(connection, key, found[0], revision)
        origin = articles.origin(connection, key, found[0])
    if article is None:
        raise Problems([f"Article {found[0]} has revisions 1 to {len(revisions)}, not {revision}."])
    return article, revisions, origin


def article_json(article: Article, revisions: Sequence[RevisionInfo]) -> dict[str, Any]:
    """Return an article as the JSON interface has it; offsets of quotes count code points into ``text``."""
    return {
        "v": 1,
        "article": article.id,
        "revision": article.revision,
        "revisions": [
            {
                "revision": r.number,
                "stored": words.iso(r.stored_at),
                "fingerprint": r.fingerprint,
                "warnings": list(r.warnings),
                "text_removed": words.iso(r.text_removed_at) if r.text_removed_at else None,
            }
            for r in revisions
        ],
        "title": article.title,
        "publisher": article.publisher,
        "author": article.author,
        "url": article.url,
        "label": article.label,
        "language": article.language,
        "published": article.published.iso,
        "published_is": article.published.basis,
        "background": article.background,
        "body_start": article.body_start,
        "text": article.text,
    }


def article_text(article: Article, revisions: Sequence[RevisionInfo], origin: Origin) -> str:
    """Return an article for people: what is known line by line, then its text as paragraphs."""
    lines = [f"Article {article.id}, revision {article.revision} of {len(revisions)}"]
    for word, value in (
        ("Title", article.title),
        ("Publisher", article.publisher),
        ("Author", article.author),
        ("Link", article.url),
        ("Language", article.language),
    ):
        lines.append(f"{word}: {harmless(value) if value else 'unknown'}")
    lines.append(f"Published: {words.published(article.published)}")
    stored = next(r for r in revisions if r.number == article.revision)
    lines.append(f"Stored: {stored.stored_at:%Y-%m-%d %H:%M} UTC. Fingerprint: {stored.fingerprint[:12]}")
    lines += [f"Note: {harmless(warning)}" for warning in stored.warnings]
    if stored.text_removed_at is not None:
        lines.append(
            f"Text: removed {stored.text_removed_at:%Y-%m-%d %H:%M} UTC, since no claim or figure quotes it (settings "
            "keep.texts_days and keep.off_topic_days)."
        )
        return "\n".join(lines)
    page = page_said(origin)
    if page is not None and origin.page_state != "read":
        lines.append(f"Text: {harmless(page)}")
    lines.append("")
    lines += [harmless(paragraph.of(article.text)) for paragraph in article.paragraphs]
    return "\n".join(lines)
