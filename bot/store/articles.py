"""Articles: each stored once, their texts never changed, found again by identity, id or window of time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import insert as plain_insert

from bot.store import counters, dossiers
from bot.store.dialect import insert, queue_for_content
from bot.store.schema import (
    article,
    article_identity,
    article_mention,
    article_revision,
    clean,
    feed,
    shown,
)
from summaries.article import Article, Draft, Published, fingerprint, normalise_url

Outcome = Literal["new", "revised", "unchanged"]

SHORTEST_PREFIX: Final = 4
"""People may shorten an id to this many characters, as long as it stays unique."""

LONGEST_ID: Final = 100
"""No id is longer; SQLite refuses to compare with much longer patterns."""

_MAX_FOUND: Final = 10


@dataclass(frozen=True, slots=True)
class Relevant:
    """Whether an article belongs to the topic, and how much, from 0 to 1.

    ``everything`` tells that it is kept whatever its words say: its feed is kept whole, or a person named it.
    """

    relevant: bool
    score: float
    everything: bool = False

    def whole(self, everything: bool = True) -> Relevant:
        """Return it as that of an article which is kept whatever its words say; unchanged where that is not so."""
        return replace(self, relevant=True, everything=True) if everything else self


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an article is after :func:`add`, and what that changed."""

    article_id: str
    revision: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class RevisionInfo:
    """What is known about one revision besides its text: when it was stored and what was odd about it."""

    number: int
    stored_at: datetime
    fingerprint: str
    warnings: tuple[str, ...]
    text_removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What is known of an article's current revision, without its text: enough to name it in a list."""

    id: str
    revision: int
    title: str | None
    publisher: str | None
    author: str | None
    url: str | None
    label: str | None
    published: Published


@dataclass(frozen=True, slots=True)
class Mention:
    """That an article speaks of a party: how often, and where first."""

    article: Listed
    count: int
    start: int
    end: int


def add(
    conn: Connection,
    dossier: str,
    identities: str | Sequence[str],
    draft: Draft | Article,
    *,
    article_id: str | None = None,
    label: str | None = None,
    background: bool = False,
    feed_id: int | None = None,
    guild_id: int | None = None,
    relevance: Relevant | None = None,
    teaser: bool = False,
    wants_page: bool = False,
    not_as: Collection[str] = (),
    now: datetime,
) -> Stored:
    """Store an article unless the store has it already, and say where it is.

    ``identities`` are the names that make it the same article when it comes again (a feed's guid, the page's address,
    the file), the strongest first; all of them are remembered. A known one with other text or metadata becomes a new
    revision. An unknown one whose text equals a current revision is that article, unless their addresses are those of
    two sites: then it is a copy, with a link of its own; nor is it one of ``not_as``, nor are two teasers of
    different days one. ``article_id`` is made from the first identity unless given.

    With ``guild_id`` the article belongs to one guild: it never changes one of the dossier's, which wins where both
    have it. With ``feed_id`` it was an entry of that feed: another feed that brings the same article changes nothing,
    or the two would replace each other's words at every poll; and an entry that has not changed doesn't replace the
    text that came from its page since. ``teaser`` says that it holds only the beginning of what its page says, whose
    words then stay; ``wants_page`` has the page read.

    Raises ValueError when ``article_id`` is already another article's.
    """
    # Commit point: the caller's. From here to there no other process adds or revises articles.
    queue_for_content(conn)
    names = [identities] if isinstance(identities, str) else list(dict.fromkeys(identities))
    values = values_of(draft, label)
    digest = entry_digest(values)
    known = _by_identity(conn, dossier, names, guild_id)
    if known is not None and known.guild_id != guild_id:
        return Stored(known.id, known.current_revision, "unchanged")
    if known is None and article_id is None:
        # An article that comes with an id of its own is quoted by it, so it is never taken for another one.
        twin = _by_fingerprint(conn, dossier, values, guild_id, teaser=teaser, not_as=not_as)
        if twin is not None:
            if twin.guild_id == guild_id:
                _name(conn, dossier, twin, names)
            return Stored(twin.id, twin.current_revision, "unchanged")
    page = _wanted(now)
    if known is None:
        dossiers.ensure(conn, dossier, now=now)
        new_id = _new_id(conn, dossier, names[0], guild_id, article_id)
        conn.execute(
            plain_insert(article).values(
                dossier=dossier,
                id=new_id,
                identity=names[0],
                feed_id=feed_id,
                guild_id=guild_id,
                background=background,
                current_revision=1,
                first_stored_at=now,
                entry_digest=digest if feed_id is not None else None,
                **_about(relevance),
                **(page if wants_page else {}),
            )
        )
        stored = _add_revision(conn, dossier, new_id, 1, values, now, now, "new")
        _name(conn, dossier, _row(conn, dossier, new_id), names)
        return stored
    _name(conn, dossier, known, names)
    unchanged = Stored(known.id, known.current_revision, "unchanged")
    changes: dict[str, Any] = {}
    if feed_id is not None:
        if known.feed_id not in {None, feed_id} and _is_listed(conn, known.feed_id):
            return unchanged
        if known.entry_digest == digest:
            return unchanged
        changes |= {"feed_id": feed_id, "entry_digest": digest}
    if wants_page and known.relevant:
        # Whoever is told of news has been told of this article, unless its page was never looked at.
        untold = known.page_state == "wanted" and known.page_tries == 0
        changes |= page | {"page_tries": 0 if untold else 1}
    current = revision_row(conn, dossier, known.id, known.current_revision)
    if teaser and current["text"] is not None and (known.page_revision is not None or _is_more(current, values)):
        # What was edited, or comes only now, is the teaser: the whole words that are held stay.
        values |= {name: current[name] for name in ("text", "fingerprint", "body_start", "language", "warnings")}
    else:
        changes = {**_page_of_other_words(known, values, teaser=teaser, now=now), **changes, "page_revision": None}
    if relevance is not None:
        changes |= _about(relevance.whole(known.everything))
    if changes:
        change(conn, dossier, known.id, changes)
    return revise(conn, dossier, known, values, now=now)


_NO_PAGE: Final[Mapping[str, Any]] = {"page_state": None, "page_tries": 0, "page_next_at": None, "page_note": None}


def _page_of_other_words(
    known: Row[Any], values: Mapping[str, Any], *, teaser: bool, now: datetime
) -> Mapping[str, Any]:
    """Say what becomes of an article's page where the text that comes now is taken, which is not the page's."""
    if not teaser:
        # It has come whole, so it is no teaser whose page could not be had.
        return _NO_PAGE if known.page_state in {"walled", "failed"} else {}
    if known.page_state != "read":
        return {}
    # The page's words were removed in time, and what is left is a teaser: it is read once more, which is no news.
    return _wanted(now) | {"page_tries": 1} if known.relevant and values["url"] is not None else _NO_PAGE


def _is_more(current: RowMapping, values: Mapping[str, Any]) -> bool:
    """Tell whether the text that is held is much longer than a teaser: it came from a page or a file."""
    held, offered = (len(one["text"]) - one["body_start"] for one in (current, values))
    return bool(held > 3 * offered)


def revise(conn: Connection, dossier: str, known: Row[Any], values: dict[str, Any], *, now: datetime) -> Stored:
    """Give an article a new revision, if ``values`` differ from its current one."""
    current = revision_row(conn, dossier, known.id, known.current_revision)
    if all(current[name] == value for name, value in values.items() if name not in {"text", "warnings"}):
        return Stored(known.id, known.current_revision, "unchanged")
    number = known.current_revision + 1
    change(conn, dossier, known.id, {"current_revision": number})
    return _add_revision(conn, dossier, known.id, number, values, known.first_stored_at, now, "revised")


def revision_row(conn: Connection, dossier: str, article_id: str, number: int) -> RowMapping:
    """Return the row of one revision. Raises NoResultFound for an unknown one."""
    return conn.execute(select(article_revision).where(_is(dossier, article_id, number))).one()._mapping


def _row(conn: Connection, dossier: str, article_id: str) -> Row[Any]:
    return conn.execute(select(article).where(article.c.dossier == dossier, article.c.id == article_id)).one()


def change(conn: Connection, dossier: str, article_id: str, values: Mapping[str, Any]) -> None:
    """Change what is known of an article besides its revisions."""
    conn.execute(update(article).where(article.c.dossier == dossier, article.c.id == article_id).values(**values))


def _name(conn: Connection, dossier: str, known: Row[Any], identities: Iterable[str]) -> None:
    """Remember names by which an article comes; one that is another article's stays so."""
    scope = known.guild_id or 0
    rows = [{"dossier": dossier, "scope": scope, "identity": clean(one), "article_id": known.id} for one in identities]
    conn.execute(insert(conn, article_identity).on_conflict_do_nothing(), rows)


def _about(relevance: Relevant | None) -> dict[str, Any]:
    if relevance is None:
        return {"relevant": True, "relevance": None, "everything": False}
    return {
        "relevant": relevance.relevant,
        "relevance": relevance.score,
        "everything": relevance.everything,
    }


def judge(conn: Connection, dossier: str, article_id: str, relevance: Relevant) -> None:
    """Remember whether an article belongs to the topic, once its words have changed."""
    change(conn, dossier, article_id, _about(relevance))
    counters.bump(conn)


def admit(
    conn: Connection, dossier: str, article_id: str, *, background: bool, wants_page: bool, now: datetime
) -> None:
    """Treat as new from ``now`` on what was off the topic until its words were edited: nobody has heard of it."""
    change(conn, dossier, article_id, {"background": background} | (_wanted(now) if wants_page else {}))


def _wanted(now: datetime) -> dict[str, Any]:
    """Have an article's page read, which was not looked at yet."""
    return {"page_state": "wanted", "page_tries": 0, "page_next_at": now, "page_note": None}


def keep_whole(conn: Connection, dossier: str, article_id: str) -> None:
    """Show an article whatever its words say, from now on."""
    change(conn, dossier, article_id, {"relevant": True, "everything": True})
    counters.bump(conn)


def _is_listed(conn: Connection, feed_id: int) -> bool:
    return conn.execute(select(feed.c.id).where(feed.c.id == feed_id, feed.c.state != "gone")).first() is not None


def digest_of(draft: Draft) -> str:
    """Return the SHA-256 (hex) of all that a feed's entry says, as it is kept of the article that it became."""
    return entry_digest(values_of(draft, None))


def entry_digest(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of all that an entry says; its publisher is the feed's name, which is the dossier's."""
    said = [str(values[name]) for name in sorted(values) if name not in {"text", "warnings", "label", "publisher"}]
    return hashlib.sha256("\n".join(said).encode("utf-8", "replace")).hexdigest()


def _add_revision(
    conn: Connection,
    dossier: str,
    article_id: str,
    number: int,
    values: dict[str, Any],
    first_stored_at: datetime,
    now: datetime,
    outcome: Outcome,
) -> Stored:
    # An edited text of unknown date stays where it was in time: edits are not news.
    dated_at = values["published_at"] or first_stored_at
    conn.execute(
        plain_insert(article_revision).values(
            dossier=dossier, article_id=article_id, number=number, dated_at=dated_at, stored_at=now, **values
        )
    )
    counters.bump(conn)
    return Stored(article_id, number, outcome)


def values_of(draft: Draft | Article, label: str | None) -> dict[str, Any]:
    """Return the columns of a revision for a text and what it says of itself."""
    # Cleaned here already: they are compared with what is stored, and the fingerprint is that of the stored text.
    text = clean(draft.text)
    return {
        "title": clean(draft.title),
        "publisher": clean(draft.publisher),
        "author": clean(draft.author),
        "url": clean(draft.url),
        "label": clean(draft.label if isinstance(draft, Article) and label is None else label),
        "language": clean(draft.language),
        "published_at": draft.published.at,
        "published_precision": draft.published.precision,
        "published_basis": draft.published.basis,
        "body_start": draft.body_start,
        "text": text,
        "fingerprint": fingerprint(text),
        "warnings": [] if isinstance(draft, Article) else [clean(warning) for warning in draft.warnings],
    }


def _by_identity(conn: Connection, dossier: str, identities: Sequence[str], guild_id: int | None) -> Row[Any] | None:
    """Return the article that the strongest of its names belongs to, the dossier's own before the guild's."""
    names = [clean(one) for one in identities]
    query = (
        select(article, article_identity.c.identity.label("named"))
        .join(
            article_identity,
            and_(article_identity.c.dossier == article.c.dossier, article_identity.c.article_id == article.c.id),
        )
        .where(
            article_identity.c.dossier == dossier,
            article_identity.c.scope.in_({0, guild_id or 0}),
            article_identity.c.identity.in_(names),
            _known_to(guild_id),
        )
    )
    found = conn.execute(query).all()
    return min(found, key=lambda row: (row.guild_id is not None, names.index(row.named)), default=None)


def _by_fingerprint(
    conn: Connection,
    dossier: str,
    values: Mapping[str, Any],
    guild_id: int | None,
    *,
    teaser: bool,
    not_as: Collection[str],
) -> Row[Any] | None:
    """Return the article that has this very text, unless it stands on another site, or is surely another one.

    Standing heads and standfirsts are the same every day: of a teaser the day must be the same, too.
    """
    query = (
        select(article, article_revision.c.url, article_revision.c.published_at)
        .join(article_revision, CURRENT)
        .where(
            article_revision.c.dossier == dossier,
            article_revision.c.fingerprint == values["fingerprint"],
            _known_to(guild_id),
        )
        .order_by(article.c.guild_id.is_not(None), article.c.first_stored_at, article.c.id)
    )
    site, at = _site(values["url"]), values["published_at"]
    for row in conn.execute(query):
        same_site = None in {site, _site(row.url)} or site == _site(row.url)
        same_day = None in {at, row.published_at} or at.date() == row.published_at.date()
        if same_site and row.id not in not_as and (same_day or not teaser):
            return row
    return None


def _known_to(guild_id: int | None) -> ColumnElement[bool]:
    """What a new article may turn out to be. A guild's own may be shown where the dossier's is hidden."""
    if guild_id is None:
        return article.c.guild_id.is_(None)
    return or_(and_(article.c.guild_id.is_(None), article.c.relevant.is_(True)), article.c.guild_id == guild_id)


def _site(url: str | None) -> str | None:
    """Return the host of an address, without "www."; None where there is none."""
    normal = normalise_url(url) if url else None
    return urlsplit(normal).hostname if normal else None


def _new_id(conn: Connection, dossier: str, identity: str, guild_id: int | None, wanted: str | None) -> str:
    def taken(candidate: str) -> bool:
        query = select(article.c.id).where(article.c.dossier == dossier, article.c.id == candidate)
        return conn.execute(query).first() is not None

    if wanted is not None:
        if taken(wanted):
            raise ValueError(f"{wanted!r} is already the id of another article")
        return wanted
    scope = identity if guild_id is None else f"guild {guild_id}\n{identity}"
    digest = hashlib.sha256(scope.encode("utf-8", "replace")).hexdigest()
    # Twelve digits are enough for any archive a person reads; should two ever agree, the later one is longer.
    return next(digest[:length] for length in range(12, 65) if length == 64 or not taken(digest[:length]))


CURRENT: Final = and_(
    article_revision.c.dossier == article.c.dossier,
    article_revision.c.article_id == article.c.id,
    article_revision.c.number == article.c.current_revision,
)


def _is(dossier: str, article_id: str, number: int) -> ColumnElement[bool]:
    return and_(
        article_revision.c.dossier == dossier,
        article_revision.c.article_id == article_id,
        article_revision.c.number == number,
    )


def visible(guild_id: int | None, *, off_topic: bool = False) -> ColumnElement[bool]:
    """What everyone sees, and with a guild also what its own feeds brought; off the topic only where asked for."""
    everyone = article.c.guild_id.is_(None)
    theirs = everyone if guild_id is None else or_(everyone, article.c.guild_id == guild_id)
    return theirs if off_topic else and_(theirs, article.c.relevant.is_(True))


def _articles(dossier: str) -> Select[Any]:
    return (
        select(article_revision, article.c.background)
        .join_from(article, article_revision, CURRENT)
        .where(article.c.dossier == dossier)
    )


def _article(row: Row[Any]) -> Article:
    return Article(
        id=row.article_id,
        revision=row.number,
        text=row.text or "",
        title=row.title,
        publisher=row.publisher,
        author=row.author,
        url=row.url,
        label=row.label,
        language=row.language,
        published=Published(row.published_at, row.published_precision, row.published_basis),
        background=row.background,
        body_start=row.body_start,
    )


def get(conn: Connection, dossier: str, article_id: str, revision: int | None = None) -> Article | None:
    """Return one revision of an article, the current one by default; None when there is none.

    Where the text was removed, ``text`` is empty; :func:`text_of` tells the difference.
    """
    number = article.c.current_revision if revision is None else revision
    query = (
        select(article_revision, article.c.background)
        .join_from(
            article,
            article_revision,
            and_(
                article_revision.c.dossier == article.c.dossier,
                article_revision.c.article_id == article.c.id,
                article_revision.c.number == number,
            ),
        )
        .where(article.c.dossier == dossier, article.c.id == article_id)
    )
    row = conn.execute(query).first()
    return None if row is None else _article(row)


def find(conn: Connection, dossier: str, wanted: str) -> list[str]:
    """Return the ids a person can mean: the one that is exactly ``wanted``, else those that begin with it.

    A prefix needs at least four characters, upper or lower case. One id: that is it; several: it is ambiguous (at most
    ten are returned); none: there is no such article.
    """
    exact = select(article.c.id).where(article.c.dossier == dossier, article.c.id == wanted)
    if found := conn.execute(exact).scalar():
        return [found]
    if not SHORTEST_PREFIX <= len(wanted) <= LONGEST_ID:
        return []
    prefix = func.lower(article.c.id).startswith(wanted.lower(), autoescape=True)
    query = select(article.c.id).where(article.c.dossier == dossier, prefix).order_by(article.c.id).limit(_MAX_FOUND)
    return sorted(conn.execute(query).scalars())


def revisions(conn: Connection, dossier: str, article_id: str) -> list[RevisionInfo]:
    """Return what is known about every revision of an article, the oldest first; empty for an unknown id."""
    columns = article_revision.c
    query = (
        select(columns.number, columns.stored_at, columns.fingerprint, columns.warnings, columns.text_removed_at)
        .where(columns.dossier == dossier, columns.article_id == article_id)
        .order_by(columns.number)
    )
    return [RevisionInfo(row[0], row[1], row[2], tuple(row[3]), row[4]) for row in conn.execute(query)]


def current(
    conn: Connection,
    dossier: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    guild_id: int | None = None,
    off_topic: bool = False,
) -> list[Article]:
    """Return the current revisions with ``since <= moment < until``, the oldest first.

    The moment is when the article was published, or first stored where that is unknown. Articles whose text was
    removed are left out: nothing can be quoted from them. With ``guild_id`` that guild's own articles are included,
    with ``off_topic`` those that don't belong to the topic.
    """
    query = _articles(dossier).where(
        visible(guild_id, off_topic=off_topic), article_revision.c.text.is_not(None), *_window(since, until)
    )
    rows = conn.execute(query.order_by(article_revision.c.dated_at, article_revision.c.article_id))
    return [_article(row) for row in rows]


def fresh(conn: Connection, dossier: str, *, since: datetime, guild_id: int | None = None) -> list[Article]:
    """Return the articles first stored from ``since`` on that can be news, the oldest first: no background.

    With ``guild_id`` that guild's own articles are included.
    """
    query = _articles(dossier).where(
        visible(guild_id),
        article.c.background.is_(False),
        article.c.first_stored_at >= since,
        article_revision.c.text.is_not(None),
    )
    rows = conn.execute(query.order_by(article_revision.c.dated_at, article_revision.c.article_id))
    return [_article(row) for row in rows]


def shown_to(conn: Connection, dossier: str, place_kind: str, place_id: str, *, since: datetime) -> list[Article]:
    """Return what the articles say now that a place was shown from ``since`` on, or will be by what is owed to it.

    The oldest first. Those whose text was removed are left out.
    """
    seen = (
        select(shown.c.id)
        .where(
            shown.c.dossier == article.c.dossier,
            shown.c.place_kind == place_kind,
            shown.c.place_id == place_id,
            shown.c.item_kind == "article",
            shown.c.item_id == article.c.id,
            shown.c.shown_at >= since,
            shown.c.void.is_(False),
        )
        .exists()
    )
    query = _articles(dossier).where(seen, article_revision.c.text.is_not(None))
    rows = conn.execute(query.order_by(article_revision.c.dated_at, article_revision.c.article_id))
    return [_article(row) for row in rows]


def with_ids(conn: Connection, dossier: str, article_ids: Collection[str]) -> list[Article]:
    """Return what some articles say now, the oldest first; without those that are unknown or whose text was removed."""
    query = _articles(dossier).where(article.c.id.in_(article_ids), article_revision.c.text.is_not(None))
    rows = conn.execute(query.order_by(article_revision.c.dated_at, article_revision.c.article_id))
    return [_article(row) for row in rows]


def _window(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    window = []
    if since is not None:
        window.append(article_revision.c.dated_at >= since)
    if until is not None:
        window.append(article_revision.c.dated_at < until)
    return window


def count_and_newest(
    conn: Connection, dossier: str, until: datetime | None = None, *, guild_id: int | None = None
) -> tuple[int, datetime | None]:
    """Return how many articles from before ``until`` (see current) are held, and when the newest was published.

    The moment is None when no article says when it was published: the day it was stored is no date of its news.
    """
    query = (
        select(func.count(), func.max(article_revision.c.published_at, type_=article_revision.c.published_at.type))
        .select_from(article)
        .join(article_revision, CURRENT)
        .where(article.c.dossier == dossier, visible(guild_id), *_window(None, until))
    )
    row = conn.execute(query).one()
    return int(row[0]), row[1]


def guilds_with_own(conn: Connection, dossier: str) -> frozenset[int]:
    """Return the guilds whose own feeds have brought articles that are held."""
    query = select(article.c.guild_id).where(article.c.dossier == dossier, article.c.guild_id.is_not(None)).distinct()
    return frozenset(conn.execute(query).scalars())


def text_of(conn: Connection, dossier: str, article_id: str, revision: int) -> str | None:
    """Return the exact text of a revision; None when there is no such revision or its text was removed."""
    return conn.execute(select(article_revision.c.text).where(_is(dossier, article_id, revision))).scalar()


def set_mentions(
    conn: Connection, dossier: str, article_id: str, revision: int, found: Iterable[tuple[str, int, int, int]]
) -> None:
    """Record which parties a revision speaks of, replacing what was recorded.

    Each is (party, count, start and end of the first mention).
    """
    queue_for_content(conn)
    conn.execute(
        delete(article_mention).where(
            article_mention.c.dossier == dossier,
            article_mention.c.article_id == article_id,
            article_mention.c.revision == revision,
        )
    )
    rows = [
        {
            "dossier": dossier,
            "article_id": article_id,
            "revision": revision,
            "party": party,
            "count": count,
            "first_start": start,
            "first_end": end,
        }
        for party, count, start, end in found
    ]
    if rows:
        conn.execute(plain_insert(article_mention), rows)
    counters.bump(conn)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an article came from and what was decided about it, besides its text.

    ``identities`` are the names by which it is known again; ``everything`` tells that it is kept whatever its words
    say. ``page_state`` is None where no page is wanted of it; ``page_revision`` is the first revision with its page's
    words, None where it has none now, also when its page was read once.
    """

    article_id: str
    identities: tuple[str, ...]
    feed_id: int | None
    guild_id: int | None
    background: bool
    relevant: bool
    relevance: float | None
    everything: bool
    copy_of: str | None
    page_state: str | None
    page_revision: int | None
    page_tries: int
    page_next_at: datetime | None
    page_note: str | None
    first_stored_at: datetime


def origin(conn: Connection, dossier: str, article_id: str) -> Origin:
    """Return where an article came from. Raises KeyError for an unknown id."""
    row = known_row(conn, dossier, article_id)
    query = select(article_identity.c.identity).where(
        article_identity.c.dossier == dossier, article_identity.c.article_id == article_id
    )
    names = sorted(conn.execute(query).scalars(), key=lambda one: (one != row.identity, one))
    known = {name: getattr(row, name) for name in Origin.__slots__ if name not in {"article_id", "identities"}}
    return Origin(article_id=article_id, identities=tuple(names), **known)


def known_row(conn: Connection, dossier: str, article_id: str) -> Row[Any]:
    """Return an article's row. Raises KeyError for an unknown id."""
    row = conn.execute(select(article).where(article.c.dossier == dossier, article.c.id == article_id)).first()
    if row is None:
        raise KeyError(article_id)
    return row


@dataclass(frozen=True, slots=True)
class Spoken:
    """That a revision speaks of a party: how often, and where first."""

    party: str
    count: int
    start: int
    end: int


def mentioned(conn: Connection, dossier: str, article_id: str, revision: int) -> list[Spoken]:
    """Return which parties a revision speaks of, by code."""
    columns = article_mention.c
    query = select(columns.party, columns.count, columns.first_start, columns.first_end).where(
        columns.dossier == dossier, columns.article_id == article_id, columns.revision == revision
    )
    return sorted((Spoken(*row) for row in conn.execute(query)), key=lambda one: one.party)


def any_news(conn: Connection, dossier: str) -> bool:
    """Tell whether anything was stored besides the dossier's own articles."""
    query = select(article.c.id).where(article.c.dossier == dossier, ~article.c.identity.startswith("seed:"))
    return conn.execute(query.limit(1)).first() is not None


def listed(
    conn: Connection,
    dossier: str,
    until: datetime | None = None,
    *,
    limit: int | None = None,
    guild_id: int | None = None,
) -> list[Listed]:
    """Return what is known of the current revisions from before ``until`` (see current), the newest first."""
    query = without_text(dossier, until, guild_id).limit(limit)
    return [as_listed(row) for row in conn.execute(query)]


def mentions(
    conn: Connection,
    dossier: str,
    party: str,
    until: datetime | None = None,
    *,
    limit: int | None = None,
    guild_id: int | None = None,
) -> list[Mention]:
    """Return where current revisions from before ``until`` speak of a party, the newest article first."""
    query = _spoken_of(dossier, party, until, guild_id).limit(limit)
    return [Mention(as_listed(row), row.times, row.first_start, row.first_end) for row in conn.execute(query)]


def count_mentions(
    conn: Connection, dossier: str, party: str, until: datetime | None = None, *, guild_id: int | None = None
) -> int:
    """Return how many articles :func:`mentions` finds without a limit."""
    found = _spoken_of(dossier, party, until, guild_id).order_by(None).subquery()
    return int(conn.execute(select(func.count()).select_from(found)).scalar_one())


def _spoken_of(dossier: str, party: str, until: datetime | None, guild_id: int | None) -> Select[Any]:
    columns = article_mention.c
    return (
        without_text(dossier, until, guild_id)
        .add_columns(columns.count.label("times"), columns.first_start, columns.first_end)
        .join(
            article_mention,
            and_(
                columns.dossier == article.c.dossier,
                columns.article_id == article.c.id,
                columns.revision == article.c.current_revision,
            ),
        )
        .where(columns.party == party)
    )


def without_text(dossier: str, until: datetime | None, guild_id: int | None) -> Select[Any]:
    """Select what :func:`as_listed` needs of the current revisions from before ``until``, the newest first."""
    columns = article_revision.c
    return (
        select(
            article.c.id,
            columns.number,
            columns.title,
            columns.publisher,
            columns.author,
            columns.url,
            columns.label,
            columns.published_at,
            columns.published_precision,
            columns.published_basis,
        )
        .select_from(article)
        .join(article_revision, CURRENT)
        .where(article.c.dossier == dossier, visible(guild_id), *_window(None, until))
        .order_by(columns.dated_at.desc(), article.c.id)
    )


def as_listed(row: Row[Any]) -> Listed:
    """Return a row of :func:`without_text` as a value."""
    published = Published(row.published_at, row.published_precision, row.published_basis)
    return Listed(row.id, row.number, row.title, row.publisher, row.author, row.url, row.label, published)
