"""A dossier: one topic as a folder with ``topic.toml``, ``articles.toml``, ``articles/`` and ``stances.toml``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from summaries.article import Article, Published, parse_date, read_text
from summaries.parties import Parties
from summaries.toml import Problems, explain, load, shown
from summaries.topic import Topic, parse_topic


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier's folder; ``digest`` (SHA-256, hex) changes when any of its files does.

    ``stances`` is the text of ``stances.toml``: its quotes name revisions of stored articles, so it is read and checked
    by :func:`~summaries.stances.parse_table` against the store that takes the articles in.
    """

    topic: Topic
    parties: Parties
    articles: tuple[Article, ...]
    stances: str
    digest: str


def read_dossier(read: Callable[[str], bytes], *, now: datetime) -> Dossier:
    """Read a dossier; ``read`` gives the bytes of a file by its path in the folder, ``now`` is aware UTC.

    Raises :class:`~summaries.toml.Problems` with a sentence for each thing that is wrong.
    """
    seen: dict[str, bytes] = {}

    def remember(path: str) -> bytes:
        seen[path] = read(path)
        return seen[path]

    topic = _topic(_text(remember, "topic.toml"))
    parties = _parties(topic.party_names, topic.leaders)
    if problems := [
        f"topic.toml: relevance.signs[{sign.key}].parties = {shown(code)}: no party has this code"
        for sign in topic.relevance.signs
        for code in sign.parties
        if code not in parties
    ]:
        raise Problems(problems)
    articles = _parse_articles(_text(remember, "articles.toml"), remember, now)
    stances = _text(remember, "stances.toml")
    digest = hashlib.sha256()
    for path in sorted(seen):
        digest.update(path.encode() + b"\0" + hashlib.sha256(seen[path]).digest())
    return Dossier(topic, parties, tuple(articles), stances, digest.hexdigest())


# Both follow from the text alone and never change, so a process that opens a dossier again need not read it again.
_topic = lru_cache(maxsize=4)(parse_topic)
_parties = lru_cache(maxsize=4)(Parties)


def _text(read: Callable[[str], bytes], path: str) -> str:
    try:
        return read(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problems([f"{path}: not UTF-8 at byte {error.start}. Save it as UTF-8."]) from None
    except OSError as error:
        raise Problems([f"{path}: cannot be read: {error.strerror or error}"]) from None


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _ArticleRow(_Row):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,79}$")
    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    label: str
    language: str = Field(min_length=2, max_length=2)
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = Field(default=None, pattern=r"^https?://")
    published: str | None = None
    published_is: Literal["stated", "inferred"] = "stated"
    note: str | None = None


class _ArticleFile(_Row):
    articles: list[_ArticleRow] = []


def _parse_articles(text: str, read: Callable[[str], bytes], now: datetime) -> list[Article]:
    """Read ``articles.toml``. What it states of an article stands above what the text itself shows."""
    source = "articles.toml"
    data = load(text, source)
    try:
        file = _ArticleFile.model_validate(data)
    except ValidationError as error:
        raise explain(error, data, source, model=_ArticleFile) from None
    articles: list[Article] = []
    problems: list[str] = []
    for row in file.articles:
        where = f"{source}: articles[{row.id}]"
        if any(article.id == row.id for article in articles):
            problems.append(f"{where}.id: two articles have this id; each needs one of its own")
            continue
        try:
            draft = read_text(read(f"articles/{row.file}"), now=now)
        except OSError as error:
            problems.append(f"{where}.file = {shown(row.file)}: cannot be read: {error.strerror or error}")
            continue
        except ValueError as error:
            problems.append(f"{where}.file = {shown(row.file)}: {error}")
            continue
        published = draft.published
        if row.published is not None:
            known = parse_date(row.published)
            if known is None:
                problems.append(f"{where}.published = {shown(row.published)}: no real date: use one like 2025-03-20")
                continue
            published = Published(known.at, known.precision, row.published_is)
        articles.append(
            Article(
                id=row.id,
                revision=1,
                text=draft.text,
                title=row.title or draft.title,
                publisher=row.publisher or draft.publisher,
                author=row.author or draft.author,
                url=row.url or draft.url,
                label=row.label,
                language=row.language,
                published=published,
                # Shipped articles are never today's news.
                background=True,
                body_start=draft.body_start,
            )
        )
    if problems:
        raise Problems(problems)
    return articles
