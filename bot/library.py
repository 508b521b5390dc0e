"""The reading room: everything an answer needs to know, read from the store and kept until the store changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from bot.store import articles, claims, counters, feeds, figures
from bot.store.articles import Listed, Mention, Origin
from bot.store.engine import Connection, Store
from bot.store.feeds import Heard
from summaries.article import Article, Published
from summaries.claims import Claim, Figure, Quote
from summaries.parties import Parties
from summaries.receipts import why_broken
from summaries.table import Position, positions
from summaries.topic import Topic

if TYPE_CHECKING:
    from summaries.briefing import Lengths
    from summaries.relevance import Scorer

Made = TypeVar("Made")

MAX_MENTIONS = 20
"""How many articles that speak of a party an answer lists; all are counted."""


class NoFeed(Exception):
    """An address that gives no feed; ``sentence`` tells people why, and what to do about it."""

    def __init__(self, reason: str, sentence: str) -> None:
        """Keep why: a word for programs, a sentence for people."""
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class ProbedEntry:
    """An entry of a feed that was tried: what it is, and whether it belongs to the topic, with a score from 0 to 1."""

    title: str | None
    url: str | None
    published: Published
    belongs: bool
    score: float


@dataclass(frozen=True, slots=True)
class OtherFeed:
    """A further feed that a page names."""

    url: str
    title: str | None


@dataclass(frozen=True, slots=True)
class Probe:
    """What is at an address: a feed, or a page that led to it.

    ``url`` is the feed's own address, ``page`` the page that named it (None: the address given was the feed's), and
    ``others`` are the page's further feeds. ``entries`` are the newest first, undated ones last.
    """

    url: str
    title: str | None
    page: str | None
    others: tuple[OtherFeed, ...]
    entries: tuple[ProbedEntry, ...]
    warnings: tuple[str, ...]

    @property
    def belonging(self) -> int:
        """How many of the entries belong to the topic."""
        return sum(entry.belongs for entry in self.entries)


def no_network(_url: str) -> Probe:
    """Try nothing: what a library without a network does."""
    raise NoFeed("no_network", "Addresses can't be tried from here.")


def page_said(origin: Origin) -> str | None:
    """Say what became of the page of an article whose feed holds only its beginning; None where none is wanted."""
    note = f" ({origin.page_note.rstrip('. ')})" if origin.page_note else ""
    if origin.page_revision is not None:
        read = f"Its feed holds only a teaser; from revision {origin.page_revision} on the text is its page's."
    else:
        read = "Its page was read while there was only a teaser; the text it has now is not the page's: it came whole."
    said = {
        "read": read,
        "wanted": f"Only a teaser so far: its page is still to be read{note}.",
        "walled": f"Only a teaser: its page is behind a wall{note}.",
        "failed": f"Only a teaser: its page could not be read{note}.",
    }
    return None if origin.page_state is None else said[origin.page_state]


def end_of(day: date) -> datetime:
    """Return the first moment (aware UTC) after a UTC day: "by the end of the day" means before it."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The articles held: how many, and the day the newest was published; None when none of them says so."""

    count: int
    newest: date | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that is left out of every answer, because a quote of it is not in its article any more."""

    row: Claim | Figure
    why: str


@dataclass(slots=True)
class _Kept:
    """What was read at one version of the store. Rows whose quotes don't hold are kept apart: they never count."""

    version: int
    guilds: frozenset[int] = frozenset()
    """The guilds that see more than everybody; all others share what was read for everybody."""
    claims: list[Claim] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    articles: dict[tuple[str, int], Article] = field(default_factory=dict)
    positions: dict[date, dict[str, Position]] = field(default_factory=dict)
    shelves: dict[tuple[date, int | None], Shelf] = field(default_factory=dict)
    mentions: dict[tuple[str, date, int | None], tuple[list[Mention], int]] = field(default_factory=dict)
    made: dict[Hashable, Any] = field(default_factory=dict)


def _make_room(kept: dict[Any, Any]) -> None:
    """Readers may ask for any party on any day of the past; some hundred answers are kept."""
    if len(kept) > 500:
        kept.clear()


class Library:
    """Answers questions about one dossier. Reading costs one small query as long as nothing was written.

    What is said of articles and feeds is what everyone sees; with ``guild_id`` also what that guild's own feeds
    brought, and never another's. Claims and figures are the same for all.
    """

    def __init__(
        self,
        store: Store,
        topic: Topic,
        parties: Parties,
        *,
        old_after_days: int,
        lengths: Callable[[], Lengths],
        probe: Callable[[str], Probe] = no_network,
    ) -> None:
        """Read ``store``; ``old_after_days`` is when answers begin to say that their newest source is old.

        ``lengths`` gives how much a briefing says of each story. ``probe`` tries a web address and tells what feed is
        there, or raises :class:`NoFeed`; it takes seconds, so no connection may be held meanwhile.
        """
        self.store = store
        self.topic = topic
        self.parties = parties
        self.old_after_days = old_after_days
        self.lengths = lengths
        self.probe = probe
        self._kept: _Kept | None = None
        self._open = threading.local()

    @cached_property
    def scorer(self) -> Scorer:
        """What judges whether a text belongs to the topic; made once, for any thread."""
        from summaries.relevance import make_scorer

        return make_scorer(self.topic, self.parties)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Let all that this thread reads inside come from one moment of the store, whatever is written meanwhile.

        Nothing may be written inside: the connection is held until the end.
        """
        with self._current():
            yield

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield the connection of this thread's moment, or one of its own: a second one is never taken meanwhile."""
        with self._current() as (_, connection):
            yield connection

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
                kept = self._kept = self._read(version, connection)
            self._open.current = (kept, connection)
            try:
                yield kept, connection
            finally:
                self._open.current = None

    def _read(self, version: int, connection: Connection) -> _Kept:
        """Read the approved rows and verify every quote of them."""
        key = self.topic.key
        kept = _Kept(version, articles.guilds_with_own(connection, key))
        for claim in claims.effective(connection, key):
            if not self._set_apart(claim, kept, connection):
                kept.claims.append(claim)
        for figure in figures.effective(connection, key):
            if not self._set_apart(figure, kept, connection):
                kept.figures.append(figure)
        return kept

    def _set_apart(self, row: Claim | Figure, kept: _Kept, connection: Connection) -> bool:
        for quote in row.quotes:
            why = why_broken(quote, self._source(quote, kept, connection))
            if why:
                kept.broken.append(Broken(row, why))
                return True
        return False

    def _source(self, quote: Quote, kept: _Kept, connection: Connection) -> Article | None:
        place = (quote.article, quote.revision)
        found = kept.articles.get(place)
        if found is None:
            found = articles.get(connection, self.topic.key, *place)
            newest = articles.get(connection, self.topic.key, quote.article)
            if found is None or newest is None:
                return None
            # The words are those of the quoted revision; what is known of the article may have been learnt since.
            found = replace(
                found,
                title=newest.title,
                publisher=newest.publisher,
                author=newest.author,
                url=newest.url,
                label=newest.label,
            )
            kept.articles[place] = found
        return found

    @property
    def claims(self) -> Sequence[Claim]:
        """The approved claims whose quotes hold."""
        with self._current() as (kept, _):
            return kept.claims

    @property
    def figures(self) -> Sequence[Figure]:
        """The approved figures whose quotes hold."""
        with self._current() as (kept, _):
            return kept.figures

    @property
    def broken(self) -> Sequence[Broken]:
        """The approved rows that are left out, because a quote of theirs doesn't hold."""
        with self._current() as (kept, _):
            return kept.broken

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what ``make`` makes, made once for a key as long as the store stands still."""
        with self._current() as (kept, _):
            if key not in kept.made:
                _make_room(kept.made)
                kept.made[key] = make()
            found: Made = kept.made[key]
            return found

    def positions(self, as_of: date) -> dict[str, Position]:
        """Return every party's position by the end of a UTC day."""
        with self._current() as (kept, _):
            found = kept.positions.get(as_of)
            if found is None:
                _make_room(kept.positions)
                found = kept.positions[as_of] = positions(self.topic, self.parties, kept.claims, as_of)
            return found

    def article(self, identifier: str, revision: int | None = None) -> Article | None:
        """Return one revision of one of the dossier's articles as it is stored, the newest by default; None for none.

        A guild's own article is none: nothing of the table may be quoted from it.
        """
        with self._current() as (_, connection):
            found = articles.get(connection, self.topic.key, identifier, revision)
            if found is not None and articles.origin(connection, self.topic.key, found.id).guild_id is not None:
                return None
            return found

    def source(self, quote: Quote) -> Article | None:
        """Return the text a quote names, with what is known of the article by now."""
        with self._current() as (kept, connection):
            return self._source(quote, kept, connection)

    def shelf(self, as_of: date, guild_id: int | None = None) -> Shelf:
        """Return how many articles published by the end of a UTC day are held, and the newest one's day."""
        with self._current() as (kept, connection):
            guild_id = guild_id if guild_id in kept.guilds else None
            found = kept.shelves.get((as_of, guild_id))
            if found is None:
                _make_room(kept.shelves)
                count, newest = articles.count_and_newest(connection, self.topic.key, end_of(as_of), guild_id=guild_id)
                found = kept.shelves[as_of, guild_id] = Shelf(count, newest.date() if newest else None)
            return found

    def mentions(self, party: str, as_of: date, guild_id: int | None = None) -> tuple[list[Mention], int]:
        """Return the newest articles by the end of a UTC day that speak of a party, and how many do in all."""
        with self._current() as (kept, connection):
            guild_id = guild_id if guild_id in kept.guilds else None
            asked = (party, as_of, guild_id)
            found = kept.mentions.get(asked)
            if found is None:
                _make_room(kept.mentions)
                until, key = end_of(as_of), self.topic.key
                rows = articles.mentions(connection, key, party, until, limit=MAX_MENTIONS, guild_id=guild_id)
                count = len(rows)
                if count == MAX_MENTIONS:
                    count = articles.count_mentions(connection, key, party, until, guild_id=guild_id)
                found = kept.mentions[asked] = (rows, count)
            return found

    def window(self, since: datetime, until: datetime, guild_id: int | None = None) -> list[Article]:
        """Return the newest revision of each article published (or, without a date, stored) in [since, until)."""
        with self._current() as (_, connection):
            return articles.current(connection, self.topic.key, since=since, until=until, guild_id=guild_id)

    def listed(self, as_of: date, limit: int, guild_id: int | None = None) -> list[Listed]:
        """Return what is known of the newest articles published by the end of a UTC day, newest first."""
        with self._current() as (_, connection):
            return articles.listed(connection, self.topic.key, end_of(as_of), limit=limit, guild_id=guild_id)

    def feeds(self, guild_id: int | None = None) -> list[Heard]:
        """Return the feeds that have been polled, and when each last answered: the dossier's, then the guild's own."""
        with self._current() as (_, connection):
            return feeds.heard(connection, self.topic.key, guild_id)
