"""Taking a dossier's folder into the store: new rows are added, changed ones become proposals, nothing is deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final

from bot.events import Rows, record_table_events
from bot.store import articles, claims, dossiers, figures, lookup
from bot.store.engine import Connection, Store
from summaries.article import Article, Draft
from summaries.claims import Claim, Figure
from summaries.dossier import Dossier
from summaries.parties import Mention, Parties
from summaries.stances import as_row, parse_table, row_digest
from summaries.toml import Problems
from summaries.topic import Topic

BACKGROUND_AFTER: Final = timedelta(days=3)
"""An article older than this when it is stored is background: never today's news."""

LOOKING: Final = 2
"""Which way of looking through articles this is. Another number has all that are stored looked through once more: since
2, lines that are printed around an article say nothing of it."""

AT_ONCE: Final = 100
"""How many articles are looked through again at a time: writing what was found takes a moment that others can wait."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What taking a dossier in changed: how many new articles and rows, and how many rows became proposals."""

    articles: int = 0
    added: int = 0
    proposed: int = 0


def seed(store: Store, dossier: Dossier, *, now: datetime) -> Seeded:
    """Take a dossier into the store, in one transaction. Costs one query when its files are those taken last.

    Where names or words of relevance have changed, all articles are looked through after that, some at a time.

    A row is judged by what was last seeded (its digest is kept), not by the store: an editor's later changes stay, and
    a row changed in the file becomes a proposal once. Raises :class:`~summaries.toml.Problems`, naming the row, when
    something of the table does not fit; nothing is taken in then.
    """
    key = dossier.topic.key
    names = names_digest(dossier.topic)
    with store.reading() as connection:
        taken = dossiers.digests(connection, key)
    if taken == dossiers.Digests(dossier.digest, names):
        return Seeded()
    with store.writing() as connection:
        new_articles = 0
        for article in dossier.articles:
            try:
                stored = articles.add(
                    connection, key, f"seed:{article.id}", article, article_id=article.id, background=True, now=now
                )
            except ValueError as error:
                raise Problems([f"articles.toml: articles[{article.id}].id: {error}. Give it another one."]) from None
            new_articles += stored.outcome == "new"
            record_mentions(connection, key, stored, find_mentions(article, dossier.parties))
        # A quote may name any stored revision, so the table is checked here, in the transaction that stores them.
        stored_article = cache(partial(articles.get, connection, key))
        table = parse_table(dossier.stances, dossier.topic, dossier.parties, stored_article)
        stood = Rows.of(claims.recorded(connection, key))
        added = proposed = 0
        for ledger, rows in ((claims, table.claims), (figures, table.figures)):
            counts = _take_rows(connection, key, ledger, rows, now)
            added, proposed = added + counts[0], proposed + counts[1]
        if taken.seed is not None:
            # The first table is no news to anybody.
            record_table_events(connection, dossier.topic, dossier.parties, stood, now=now)
        again = taken.names is not None and taken.names != names
        # Last, in the same transaction: an interrupted seeding is done again from the start.
        done = dossiers.Digests(dossier.digest, taken.names if again else names)
        dossiers.set_digests(connection, key, done, now=now)
    if again:
        _look_again(store, dossier)
        # Last here as well: one that was interrupted is done again.
        with store.writing() as connection:
            dossiers.set_digests(connection, key, dossiers.Digests(dossier.digest, names), now=now)
    return Seeded(new_articles, added, proposed)


def _take_rows(
    connection: Connection,
    key: str,
    ledger: Any,  # noqa: ANN401 (the module of claims or of figures: the same functions)
    rows: Sequence[Claim | Figure],
    now: datetime,
) -> tuple[int, int]:
    """Add new rows and propose changed ones; returns how many of each."""
    seeded = ledger.seed_hashes(connection, key)
    newest = {one.value.id: one.value for one in ledger.all_rows(connection, key)}
    added = proposed = 0
    for row in rows:
        digest = row_digest(row)
        if seeded.get(row.id) == digest:
            continue
        if row.id not in newest:
            ledger.add_revision(connection, key, row, now=now, by="the dossier", why="shipped with the dossier")
            added += 1
        elif as_row(newest[row.id]) != as_row(row):
            proposal = replace(row, state="proposed")
            ledger.add_revision(connection, key, proposal, now=now, by="the dossier", why="changed in stances.toml")
            proposed += 1
        ledger.set_seed_hash(connection, key, row.id, digest, now=now)
    return added, proposed


Mentions = Sequence[tuple[str, int, int, int]]
"""Which parties a text speaks of: each with how often, and start and end of the first time."""


def record_mentions(connection: Connection, key: str, stored: articles.Stored, found: Mentions) -> None:
    """Remember which parties a newly stored article speaks of."""
    if stored.outcome != "unchanged":
        articles.set_mentions(connection, key, stored.article_id, stored.revision, found)


def find_mentions(text: Article | Draft, parties: Parties) -> Mentions:
    """Find which parties a text speaks of. Long texts take a while: do it before a transaction, where possible."""
    from summaries.relevance import spoken_of

    found: dict[str, tuple[str, int, int, int]] = {}
    for mention in spoken_of(text, parties):
        party, count, start, end = found.get(mention.party, (mention.party, 0, mention.start, mention.end))
        found[mention.party] = (party, count + 1, start, end)
    return list(found.values())


def _look_again(store: Store, dossier: Dossier) -> None:
    """The dossier's names, leaders or words of relevance changed, so every article is read for them once more.

    It takes long, and others write meanwhile: some articles at a time are read, looked through, and only then written.
    """
    from summaries.relevance import make_scorer

    key, scorer = dossier.topic.key, make_scorer(dossier.topic, dossier.parties)
    last = ""
    while True:
        with store.reading() as connection:
            ids = lookup.with_text(connection, key, after=last, limit=AT_ONCE)
            if not ids:
                return
            stood = lookup.standing(connection, key, ids)
            texts = [text for one in ids if (text := articles.get(connection, key, one)) is not None]
        found = {}
        for text in texts:
            mentions = find_mentions(text, dossier.parties)
            spoken = [Mention(party, start, end) for party, _, start, end in mentions]
            found[text.id] = (mentions, scorer.score(text, spoken) if stood[text.id].judged else None)
        with store.writing() as connection:
            stands = lookup.standing(connection, key, ids)
            for text in texts:
                # Who has revised it meanwhile has looked through its new words.
                if text.id not in stands or stands[text.id].revision != text.revision:
                    continue
                mentions, score = found[text.id]
                articles.set_mentions(connection, key, text.id, text.revision, mentions)
                if score is not None:
                    judged = articles.Relevant(score.relevant, score.score)
                    articles.judge(connection, key, text.id, judged.whole(stands[text.id].everything))
        last = ids[-1]


def names_digest(topic: Topic) -> str:
    """Return a SHA-256 (hex) of what articles are searched for, names and the words of relevance, and in which way."""
    return hashlib.sha256(repr((LOOKING, topic.party_names, topic.leaders, topic.relevance)).encode()).hexdigest()
