"""The reading room: everything an answer needs to know, read from the store and kept until the store changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.store import articles, claims, counters, figures
from bot.store.engine import Connection, Store
from summaries.article import Article
from summaries.claims import Claim, Figure, Quote
from summaries.parties import Parties
from summaries.table import Position, positions
from summaries.topic import Topic

if TYPE_CHECKING:
    from summaries.briefing import Lengths


def end_of(day: date) -> datetime:
    """Return the first moment (aware UTC) after a UTC day: "by the end of the day" means before it."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The articles held: how many, and the day of the newest; None when no article has a date."""

    count: int
    newest: date | None


@dataclass(frozen=True, slots=True)
class Mentioned:
    """An article that speaks of a party: how often, and where first."""

    article: Article
    count: int


@dataclass(slots=True)
class _Kept:
    """What was read at one version of the store."""

    version: int
    claims: Sequence[Claim] = ()
    figures: Sequence[Figure] = ()
    articles: dict[tuple[str, int], Article] = field(default_factory=dict)
    positions: dict[date, dict[str, Position]] = field(default_factory=dict)
    shelves: dict[date, Shelf] = field(default_factory=dict)


def _make_room(kept: dict[date, Any]) -> None:
    """Readers may ask for any day of the past; a few dozen answers are kept."""
    if len(kept) > 64:
        kept.clear()


class Library:
    """Answers questions about one dossier. Reading costs one small query as long as nothing was written."""

    def __init__(
        self,
        store: Store,
        topic: Topic,
        parties: Parties,
        *,
        old_after_days: int,
        lengths: Callable[[], Lengths],
    ) -> None:
        """Read ``store``; ``old_after_days`` is when answers begin to say that their newest source is old.

        ``lengths`` gives how much a briefing says of each story.
        """
        self.store = store
        self.topic = topic
        self.parties = parties
        self.old_after_days = old_after_days
        self.lengths = lengths
        self._kept: _Kept | None = None
        self._open = threading.local()

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all that this thread reads inside come from one moment of the store, however much is written meanwhile."""
        with self._current():
            yield

    @contextmanager
    def _current(self) -> Iterator[tuple[_Kept, Connection]]:
        """Yield what is kept, made anew when the store's version counter moved, and an open connection."""
        already: tuple[_Kept, Connection] | None = getattr(self._open, "current", None)
        if already is not None:
            yield already
            return
        with self.store.reading() as connection:
            version = counters.value(connection)
            kept = self._kept
            if kept is None or kept.version != version:
                key = self.topic.key
                kept = _Kept(version, claims.effective(connection, key), figures.effective(connection, key))
                self._kept = kept
            self._open.current = (kept, connection)
            try:
                yield kept, connection
            finally:
                self._open.current = None

    @property
    def claims(self) -> Sequence[Claim]:
        """The approved claims."""
        with self._current() as (kept, _):
            return kept.claims

    @property
    def figures(self) -> Sequence[Figure]:
        """The approved figures."""
        with self._current() as (kept, _):
            return kept.figures

    def positions(self, as_of: date) -> dict[str, Position]:
        """Return every party's position by the end of a UTC day."""
        with self._current() as (kept, _):
            found = kept.positions.get(as_of)
            if found is None:
                _make_room(kept.positions)
                found = kept.positions[as_of] = positions(self.topic, self.parties, kept.claims, as_of)
            return found

    def article(self, identifier: str, revision: int) -> Article | None:
        """Return one revision of an article, or None when it isn't stored."""
        with self._current() as (kept, connection):
            key = (identifier, revision)
            found = kept.articles.get(key)
            if found is None:
                found = articles.get(connection, self.topic.key, identifier, revision)
                if found is not None:
                    kept.articles[key] = found
            return found

    def source(self, quote: Quote) -> Article | None:
        """Return the article that a quote names."""
        return self.article(quote.article, quote.revision)

    def shelf(self, as_of: date) -> Shelf:
        """Return how many articles published by the end of a UTC day are held, and the newest one's day."""
        with self._current() as (kept, connection):
            found = kept.shelves.get(as_of)
            if found is None:
                _make_room(kept.shelves)
                count, newest = articles.count_and_newest(connection, self.topic.key, end_of(as_of))
                found = kept.shelves[as_of] = Shelf(count, newest.date() if newest else None)
            return found

    def mentions(self, party: str, as_of: date) -> list[Mentioned]:
        """Return the articles published by the end of a UTC day that speak of a party, newest first."""
        with self._current() as (_, connection):
            found = articles.mentions(connection, self.topic.key, party, end_of(as_of))
            held = [(articles.get(connection, self.topic.key, row.article_id, row.revision), row) for row in found]
            return [Mentioned(article, row.count) for article, row in reversed(held) if article is not None]

    def window(self, since: datetime, until: datetime) -> list[Article]:
        """Return the newest revision of each article published (or, without a date, stored) in [since, until)."""
        with self._current() as (_, connection):
            return articles.current(connection, self.topic.key, since=since, until=until)

    def articles(self, as_of: date) -> list[Article]:
        """Return the newest revision of each article published by the end of a UTC day, newest first."""
        with self._current() as (_, connection):
            return articles.current(connection, self.topic.key, until=end_of(as_of))[::-1]

    def silent_sources(self) -> list[str]:
        """Return the names of feeds that have not been heard from; none while no feed is read."""
        return []

    def feeds_read(self) -> bool:
        """Tell whether any feed has ever been read."""
        return False
