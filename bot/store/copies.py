"""Copies: articles that have one text in common, found by their sketches and grouped under the first of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, case, delete, func, literal, or_, select, update
from sqlalchemy import insert as plain_insert

from bot.store import articles
from bot.store.articles import Listed
from bot.store.schema import article, article_revision, article_sketch, shown
from summaries.copies import CROWDED, LIKELY, TRIED

WITHIN: Final = timedelta(days=7)
"""How far apart two articles may be in time to be taken for copies of one text."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What is stored that has sketch values in common with a text.

    ``articles`` are worth comparing with it word for word, the likeliest first; ``first`` is the first article of each
    one's group. ``stored`` are the values that each group has stored, by its first article; ``crowded`` those in so
    many texts that they say nothing.
    """

    articles: tuple[str, ...]
    first: Mapping[str, str]
    stored: Mapping[str, frozenset[int]]
    crowded: frozenset[int]


def alike(
    conn: Connection, dossier: str, sketch: Sequence[int], *, since: datetime, but: str, guild_id: int | None = None
) -> Alike:
    """Look up a text's sketch among the articles stored from ``since`` on, the article ``but`` left out.

    As :mod:`summaries.copies` says: copies of one text count together. What is off the topic is among them; a guild's
    own articles only for that guild.
    """
    columns = article_sketch.c
    query = (
        select(columns.value, columns.article_id, func.coalesce(article.c.copy_of, article.c.id))
        .join(article, and_(article.c.dossier == columns.dossier, article.c.id == columns.article_id))
        .where(
            columns.dossier == dossier,
            columns.value.in_(sketch),
            columns.article_id != but,
            article.c.first_stored_at >= since,
            articles.visible(guild_id, off_topic=True),
        )
    )
    found = [(row[0], row[1], row[2]) for row in conn.execute(query)] if sketch else []
    counts = Counter(value for value, _, _ in found)
    crowded = frozenset(value for value, count in counts.items() if count > CROWDED)
    first: dict[str, str] = {}
    by_article: Counter[str] = Counter()
    by_first: Counter[str] = Counter()
    stored: dict[str, set[int]] = defaultdict(set)
    for value, article_id, leader in found:
        if value not in crowded:
            first[article_id] = leader
            by_article[article_id] += 1
            by_first[leader] += 1
            stored[leader].add(value)
    likely = [one for one in by_article if by_first[first[one]] >= LIKELY]
    likely.sort(key=lambda one: (-by_article[one], one))
    return Alike(
        tuple(likely[:TRIED]), first, {leader: frozenset(values) for leader, values in stored.items()}, crowded
    )


def set_sketch(
    conn: Connection, dossier: str, article_id: str, sketch: Sequence[int], *, copy_of: str | None, alike: Alike
) -> str | None:
    """Remember an article's sketch, and of which article it is a copy; both replace what was remembered.

    Only values that say something new are stored: thus a report in a hundred outlets costs no more than in one. Its own
    copies become copies of the same one. Call it in the transaction that stores the article: then nobody else is
    grouping. Returns the first article of its group; None where that is itself.
    """
    columns = article_sketch.c
    conn.execute(delete(article_sketch).where(columns.dossier == dossier, columns.article_id == article_id))
    # Groups are one level deep.
    first = alike.first.get(copy_of, copy_of) if copy_of is not None else None
    if first == article_id:
        first = None
    known = alike.stored.get(first or article_id, frozenset()) | alike.crowded
    rows = [
        {"dossier": dossier, "value": value, "article_id": article_id}
        for value in dict.fromkeys(sketch)
        if value not in known
    ]
    if rows:
        conn.execute(plain_insert(article_sketch), rows)
    articles.change(conn, dossier, article_id, {"copy_of": first})
    if first is not None:
        conn.execute(
            update(article).where(article.c.dossier == dossier, article.c.copy_of == article_id).values(copy_of=first)
        )
    return first


def heard(conn: Connection, dossier: str, article_id: str) -> bool:
    """Tell whether people were told of another article with this text: news that is shown to all.

    Of a teaser they are told once its page was looked at; until then it counts for nothing.
    """
    first = _first(conn, dossier, article_id)
    # Each by an index of its own: with an OR SQLite reads all articles.
    copy = article.alias()
    group = (
        select(copy.c.id).where(copy.c.dossier == dossier, copy.c.copy_of == first).union_all(select(literal(first)))
    )
    query = select(article.c.id).where(
        article.c.dossier == dossier,
        article.c.id.in_(group),
        article.c.id != article_id,
        article.c.guild_id.is_(None),
        article.c.relevant.is_(True),
        article.c.background.is_(False),
        or_(article.c.page_state.is_(None), article.c.page_state != "wanted", article.c.page_tries > 0),
    )
    return conn.execute(query.limit(1)).first() is not None


def _first(conn: Connection, dossier: str, article_id: str) -> str | None:
    """Return the first article of one's group, itself where it is no copy; None for an unknown id."""
    group = func.coalesce(article.c.copy_of, article.c.id)
    return conn.execute(select(group).where(article.c.dossier == dossier, article.c.id == article_id)).scalar()


def next_first(conn: Connection, dossier: str, article_id: str) -> str | None:
    """Return the earliest copy of an article whose text is kept, everyone's before a guild's own; None without any."""
    query = (
        select(article.c.id)
        .join(article_revision, articles.CURRENT)
        .where(article.c.dossier == dossier, article.c.copy_of == article_id, article_revision.c.text.is_not(None))
        .order_by(article.c.guild_id.is_not(None), article.c.first_stored_at, article.c.id)
        .limit(1)
    )
    return conn.execute(query).scalar()


def hand_on(conn: Connection, dossier: str, article_id: str, heir: str, *, guild_id: int | None) -> None:
    """Make ``heir`` the first of those that were copies of an article until that became another text.

    Where it is a guild's own (``guild_id``), only of that guild's. Whoever was shown the article has seen the text.
    """
    led = update(article).where(article.c.dossier == dossier, article.c.copy_of == article_id)
    if guild_id is not None:
        led = led.where(article.c.guild_id == guild_id)
    conn.execute(led.values(copy_of=case((article.c.id != heir, heir))))
    columns = shown.c
    same = [
        columns.dossier,
        columns.place_kind,
        columns.place_id,
        columns.item_kind,
        columns.delivery_id,
        columns.shown_at,
    ]
    seen = select(*same, literal(heir)).where(
        columns.dossier == dossier,
        columns.item_kind == "article",
        columns.item_id == article_id,
        columns.void.is_(False),
    )
    conn.execute(plain_insert(shown).from_select([*(column.name for column in same), "item_id"], seen))


def of(conn: Connection, dossier: str, article_id: str, *, guild_id: int | None = None) -> list[Listed]:
    """Return the other articles with the same text, the first stored first; a guild's own only for that guild.

    Empty for an unknown id.
    """
    first = _first(conn, dossier, article_id)
    if first is None:
        return []
    query = (
        articles.without_text(dossier, None, guild_id)
        .where(or_(article.c.copy_of == first, article.c.id == first), article.c.id != article_id)
        .order_by(None)
        .order_by(article.c.first_stored_at, article.c.id)
    )
    return [articles.as_listed(row) for row in conn.execute(query)]


def groups(conn: Connection, dossier: str, article_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return for each of some articles that have copies the ids of all that have its text, its own included."""
    group = func.coalesce(article.c.copy_of, article.c.id)
    mine = select(group).where(article.c.dossier == dossier, article.c.id.in_(article_ids))
    members: dict[str, set[str]] = defaultdict(set)
    for row in conn.execute(select(group, article.c.id).where(article.c.dossier == dossier, group.in_(mine))):
        members[row[0]].add(row[1])
    return {
        one: frozenset(group_of)
        for group_of in members.values()
        if len(group_of) > 1
        for one in group_of
        if one in article_ids
    }
