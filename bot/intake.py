"""What is found in a text when it is stored: which parties it speaks of, whether it belongs to the topic, its copies.

Looking takes some milliseconds an article, so it is done before the transaction in which the findings are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.library import Library
from bot.seeding import Mentions, find_mentions, record_mentions
from bot.store import articles, copies
from bot.store.articles import Relevant, Stored
from bot.store.engine import Connection
from summaries.article import Article, Draft
from summaries.parties import Mention


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a text. ``relevant`` is what its words say; a feed may be kept whole all the same."""

    mentions: Mentions
    relevant: Relevant
    sketch: tuple[int, ...]


def examine(text: Article | Draft, library: Library) -> Findings:
    """Look through a text; needs no connection."""
    from summaries.copies import sketch

    mentions = find_mentions(text, library.parties)
    found = library.scorer.score(text, [Mention(party, start, end) for party, _, start, end in mentions])
    return Findings(mentions, Relevant(found.relevant, found.score), sketch(text.text[text.body_start :]))


def record(
    connection: Connection, key: str, stored: Stored, text: Article | Draft, found: Findings, *, now: datetime
) -> bool:
    """Write what was found in a new or revised text; tells whether people have heard of it by another outlet."""
    from summaries.copies import same_text

    record_mentions(connection, key, stored, found.mentions)
    if stored.outcome == "revised":
        _leave_copies(connection, key, stored, text, now=now)
    guild_id = articles.origin(connection, key, stored.article_id).guild_id
    alike = copies.alike(
        connection, key, found.sketch, since=now - copies.WITHIN, but=stored.article_id, guild_id=guild_id
    )
    body = text.text[text.body_start :]
    first = None
    for article_id in alike.articles:
        other = articles.get(connection, key, article_id)
        if other is not None and other.text and same_text(body, other.text[other.body_start :]):
            first = article_id
            break
    first = copies.set_sketch(connection, key, stored.article_id, found.sketch, copy_of=first, alike=alike)
    # What is new has no copies yet that it could be the first of.
    is_alone = first is None and stored.outcome == "new"
    return not is_alone and copies.heard(connection, key, stored.article_id)


def _leave_copies(connection: Connection, key: str, stored: Stored, text: Article | Draft, *, now: datetime) -> None:
    """Group an article's copies under the earliest of them, where its text has become another one."""
    from summaries.copies import same_text, sketch

    body = text.text[text.body_start :]
    while (first := copies.next_first(connection, key, stored.article_id)) is not None:
        before = articles.get(connection, key, stored.article_id, stored.revision - 1)
        copy = articles.get(connection, key, first)
        if copy is None or (before is not None and before.text[before.body_start :] == body):
            return
        words = copy.text[copy.body_start :]
        if same_text(body, words):
            return
        guild_id = articles.origin(connection, key, first).guild_id
        copies.hand_on(connection, key, stored.article_id, first, guild_id=guild_id)
        # What they have in common was stored with the article that leaves them.
        values = sketch(words)
        alike = copies.alike(connection, key, values, since=now - copies.WITHIN, but=first, guild_id=guild_id)
        copies.set_sketch(connection, key, first, values, copy_of=None, alike=alike)
