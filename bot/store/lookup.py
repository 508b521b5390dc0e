"""What else in the store points to a thing: who quotes an article, where it was shown, what a delivery stands for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, func, or_, select

from bot.store.articles import CURRENT
from bot.store.deliveries import Part
from bot.store.schema import (
    article,
    article_identity,
    article_revision,
    claim,
    delivery,
    delivery_part,
    event,
    feed,
    figure,
    quote,
    shown,
    subscriber_update,
)

_NEAR: Final = 2000
"""How many ids are compared with one that is unknown."""


@dataclass(frozen=True, slots=True)
class Quoting:
    """That a revision of a claim or figure quotes an article."""

    kind: str
    id: str
    row_revision: int
    article: str
    revision: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Version:
    """What a revision of an article says besides its text, and whether that is still there."""

    number: int
    title: str | None
    url: str | None
    published_at: datetime | None
    stored_at: datetime
    text: str | None
    text_removed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Source:
    """The feed that brought an article; ``guild_id`` is None for one of the dossier's."""

    id: int
    name: str | None
    url: str
    guild_id: int | None
    state: str
    everything: bool
    baseline_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownAt:
    """That something was shown in a place, and by which delivery; ``void``: that was given up, so nobody saw it."""

    place_kind: str
    place_id: str
    delivery_id: int | None
    at: datetime
    void: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery as it stands, without the words it brings."""

    id: int
    once_key: str
    place_kind: str
    place_id: str
    guild_id: int | None
    action: str
    created_at: datetime
    due_at: datetime
    claimed_by: str | None
    attempts: int
    next_try_at: datetime | None
    last_error: str | None
    done_at: datetime | None
    parts: tuple[Part, ...]


def quoting(conn: Connection, dossier: str, article_id: str) -> list[Quoting]:
    """Return every quote of an article, whatever became of the claim or figure, by kind, id and revision."""
    columns = quote.c
    query = (
        select(
            columns.owner_kind,
            columns.owner_id,
            columns.owner_revision,
            columns.article_id,
            columns.article_revision,
            columns.start,
            columns.end,
        )
        .where(columns.dossier == dossier, columns.article_id == article_id)
        .order_by(columns.position)
    )
    return sorted((Quoting(*row) for row in conn.execute(query)), key=lambda one: (one.kind, one.id, one.row_revision))


def versions(conn: Connection, dossier: str, article_id: str) -> list[Version]:
    """Return every revision of an article, the oldest first; empty for an unknown id."""
    columns = article_revision.c
    query = (
        select(*(columns[name] for name in Version.__slots__))
        .where(columns.dossier == dossier, columns.article_id == article_id)
        .order_by(columns.number)
    )
    return [Version(**row._mapping) for row in conn.execute(query)]


def source(conn: Connection, feed_id: int) -> Source | None:
    """Return the feed that has an id; None when it was deleted."""
    query = select(*(feed.c[name] for name in Source.__slots__)).where(feed.c.id == feed_id)
    row = conn.execute(query).first()
    return None if row is None else Source(**row._mapping)


def shown_at(conn: Connection, dossier: str, identifier: str, *, kind: str = "article") -> list[ShownAt]:
    """Return the places an article, or another kind of item, was shown in, or will be by what is owed, in order."""
    columns = shown.c
    query = (
        select(columns.place_kind, columns.place_id, columns.delivery_id, columns.shown_at, columns.void)
        .where(columns.dossier == dossier, columns.item_kind == kind, columns.item_id == identifier)
        .order_by(columns.shown_at, columns.id)
    )
    return [ShownAt(*row) for row in conn.execute(query)]


def told(conn: Connection, dossier: str, article_id: str) -> int:
    """Return how many subscribers were told, or are owed, that an article speaks of what they follow.

    Those to whom it said nothing new, so that nothing was sent, are not counted.
    """
    columns = subscriber_update.c
    people = (
        select(columns.subscriber_kind, columns.subscriber_id)
        .join(event, event.c.id == columns.event_id)
        .where(
            event.c.dossier == dossier,
            event.c.kind == "article_mentions",
            event.c.cause.startswith(f"article {article_id} on ", autoescape=True),
            # A delivery is on record for longer than the events it tells of.
            columns.delivery_id.is_not(None),
        )
        .distinct()
        .subquery()
    )
    return int(conn.execute(select(func.count()).select_from(people)).scalar_one())


def owed(conn: Connection, delivery_id: int) -> Owed | None:
    """Return a delivery by its number."""
    columns = delivery.c
    names = [name for name in Owed.__slots__ if name != "parts"]
    row = conn.execute(select(*(columns[name] for name in names)).where(columns.id == delivery_id)).first()
    if row is None:
        return None
    part = delivery_part.c
    query = (
        select(part.position, part.nonce, part.message_id, part.state, part.first_tried_at, part.sent_at)
        .where(part.delivery_id == delivery_id)
        .order_by(part.position)
    )
    parts = tuple(Part(one[0], one[1], None, *one[2:]) for one in conn.execute(query))
    return Owed(**row._mapping, parts=parts)


def newest_delivery(conn: Connection) -> int | None:
    """Return the highest number of a delivery that is on record."""
    return conn.execute(select(func.max(delivery.c.id))).scalar()


def events_of(conn: Connection, delivery_id: int) -> list[tuple[str, str]]:
    """Return what a delivery tells a subscriber, as (kind of event, party), in order."""
    query = (
        select(event.c.kind, event.c.party)
        .join(subscriber_update, subscriber_update.c.event_id == event.c.id)
        .where(subscriber_update.c.delivery_id == delivery_id)
        .order_by(event.c.id)
    )
    return [(row[0], row[1]) for row in conn.execute(query)]


def row_ids(conn: Connection, dossier: str) -> list[tuple[str, str]]:
    """Return all claims and figures, as (kind, id), by id."""
    found = []
    for kind, table in (("claim", claim), ("figure", figure)):
        found += [(kind, one) for one in conn.execute(select(table.c.id).where(table.c.dossier == dossier)).scalars()]
    return sorted(found, key=lambda one: (one[1], one[0]))


@dataclass(frozen=True, slots=True)
class Standing:
    """An article's current revision, whether its relevance was judged, and whether it is kept whatever it says."""

    revision: int
    judged: bool
    everything: bool


def with_text(conn: Connection, dossier: str, *, after: str, limit: int) -> list[str]:
    """Return the next ``limit`` ids after one ("": the first) of articles whose text is held, whosever they are."""
    query = (
        select(article.c.id)
        .join(article_revision, CURRENT)
        .where(article.c.dossier == dossier, article.c.id > after, article_revision.c.text.is_not(None))
        .order_by(article.c.id)
        .limit(limit)
    )
    return list(conn.execute(query).scalars())


def standing(conn: Connection, dossier: str, article_ids: Sequence[str]) -> dict[str, Standing]:
    """Return how some articles stand, by id; without those that are unknown."""
    columns = article.c
    query = select(columns.id, columns.current_revision, columns.relevance.is_not(None), columns.everything).where(
        columns.dossier == dossier, columns.id.in_(article_ids)
    )
    return {row[0]: Standing(row[1], bool(row[2]), bool(row[3])) for row in conn.execute(query)}


def in_both(
    conn: Connection, dossier: str, guild_id: int, article_ids: Collection[str], *, since: datetime
) -> set[tuple[str, str]]:
    """Return (a guild's own article, the dossier's) for what is one article, where either is among some.

    It has a name in common, such as its address, or the very text. The latter counts only where the other one was
    stored from ``since`` on too: standing heads come again.
    """
    name, same_name = article_identity.alias(), article_identity.alias()
    scopes = (0, guild_id)
    by_name = (
        select(name.c.scope == 0, name.c.article_id, same_name.c.article_id)
        .join(
            same_name,
            and_(
                same_name.c.dossier == name.c.dossier,
                same_name.c.scope.in_(scopes),
                same_name.c.identity == name.c.identity,
            ),
        )
        .where(
            name.c.dossier == dossier,
            name.c.article_id.in_(article_ids),
            name.c.scope.in_(scopes),
            name.c.scope != same_name.c.scope,
        )
    )
    other, same_text = article.alias(), article_revision.alias()
    by_text = (
        select(article.c.guild_id.is_(None), article.c.id, other.c.id)
        .join_from(article, article_revision, CURRENT)
        .join(
            same_text,
            and_(
                same_text.c.dossier == article_revision.c.dossier,
                same_text.c.fingerprint == article_revision.c.fingerprint,
            ),
        )
        .join(
            other,
            and_(
                other.c.dossier == same_text.c.dossier,
                other.c.id == same_text.c.article_id,
                other.c.current_revision == same_text.c.number,
            ),
        )
        .where(
            article.c.dossier == dossier,
            article.c.id.in_(article_ids),
            other.c.first_stored_at >= since,
            or_(
                and_(article.c.guild_id.is_(None), other.c.guild_id == guild_id),
                and_(article.c.guild_id == guild_id, other.c.guild_id.is_(None)),
            ),
        )
    )
    rows = conn.execute(by_name.union(by_text))
    return {(two, one) if everyones else (one, two) for everyones, one, two in rows}


def article_ids_like(conn: Connection, dossier: str, wanted: str) -> Sequence[str]:
    """Return the ids of articles that begin or end as ``wanted`` does, at most some thousand: to find a slip in it."""
    lower = func.lower(article.c.id)
    start, end = wanted[:2].lower(), wanted[-2:].lower()
    query = (
        select(article.c.id)
        .where(
            article.c.dossier == dossier,
            or_(lower.startswith(start, autoescape=True), lower.endswith(end, autoescape=True)),
        )
        .limit(_NEAR)
    )
    return sorted(conn.execute(query).scalars())
