"""Summing up files without storing them: what ``rollcall summarize`` does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.files import FEEDS, SAVE_TEXT, Refused, draft_of, files_of, no_text, read_bytes, reason_of
from summaries.article import Article
from summaries.briefing import Lengths
from summaries.summarize import Sentence, summarize


@dataclass(frozen=True, slots=True)
class Summary:
    """The sentences that sum up files as one story; a sentence's ``article`` is the name of its file."""

    files: tuple[str, ...]
    sentences: tuple[Sentence, ...]


def read_articles(
    paths: Sequence[str], *, title: str | None, max_bytes: int, now: datetime
) -> Iterator[Article | Refused]:
    """Yield the articles that are in files and folders; each has its file's name as id, in the order given.

    ``title`` stands in for a text's own; ``now`` (aware UTC) is the latest a date may be.
    """
    for path in paths:
        for file in files_of(path):
            yield file if isinstance(file, Refused) else _article(file, title, max_bytes, now)


def _article(file: Path, title: str | None, max_bytes: int, now: datetime) -> Article | Refused:
    try:
        data, _ = read_bytes(file, max_bytes)
        if kind := no_text(data):
            raise ValueError(f"it is {kind}, whatever its name says; {SAVE_TEXT}")
        if file.suffix.lower() in FEEDS:
            raise ValueError("a feed holds many articles; take it in with rollcall ingest, and read the briefing")
        draft = draft_of(file, data, now)
    except (OSError, ValueError) as error:
        return Refused(str(file), reason_of(error))
    return Article(
        str(file),
        1,
        draft.text,
        title=title if title is not None else draft.title,
        publisher=draft.publisher,
        language=draft.language,
        published=draft.published,
        body_start=draft.body_start,
    )


def sum_up(articles: Sequence[Article], lengths: Lengths) -> Summary:
    """Sum up articles as one story. Raises ValueError for an unknown ranker."""
    found = summarize(articles, sentences=lengths.sentences, words=lengths.words, ranker=lengths.ranker)
    return Summary(tuple(article.id for article in articles), tuple(found))
