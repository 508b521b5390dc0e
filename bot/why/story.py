"""Why articles are one story, and by what a briefing would rank it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from bot.commands.briefing import table_until
from bot.render import words
from bot.render.medium import harmless
from bot.store import articles
from bot.why.explained import LISTED, Ask, Explained, about, source
from bot.why.ids import unknown
from summaries.article import Article
from summaries.language import language_of, stop_words_of
from summaries.table import changes
from summaries.toml import Problems

if TYPE_CHECKING:
    from summaries.stories import Story

_WORD: Final = re.compile(r"\w+")
_SHARED_WORDS: Final = 8


def explain_story(ask: Ask, identifier: str) -> Explained:
    """Explain the story an article is part of, among all that is held from about its days."""
    from summaries.stories import DAYS, READ_WORDS, SAME_EVENT, group_stories

    anchor = articles.get(ask.conn, ask.key, identifier)
    if anchor is None:
        raise Problems([unknown(ask, identifier, "story")])
    origin = articles.origin(ask.conn, ask.key, identifier)
    middle = anchor.published.at or origin.first_stored_at
    reach = timedelta(days=DAYS)
    held = articles.current(ask.conn, ask.key, since=middle - reach, until=middle + reach, guild_id=origin.guild_id)
    told = Explained("story", identifier)
    head = f"The story of article {identifier}"
    told.data = {"article": identifier, "title": None, "reasons": [], "articles": []}
    if not any(one.id == identifier for one in held):
        why = "its text was removed" if not anchor.text else "it is off the topic"
        told.data["because"] = f"It is in no story: {why}."
        told.tell(head, f"  {source(anchor)}", told.data["because"])
        return told
    story = next(one for one in group_stories(held) if any(a.id == identifier for a in one.articles))
    told.data["title"] = story.title
    bonds = _Bonds(held, story.articles, _first_of(ask, story.articles))
    lines = []
    for one in story.articles[:LISTED]:
        other, why, shared = bonds.of(one, anchor)
        told.data["articles"].append(
            {"article": one.id, "with": other, "because": why, "shared_words": list(shared), **about(one)}
        )
        lines.append(f"- {one.id}: {source(one)}")
        if other:
            lines.append(f"  {_bond(why, other, shared)}")
    count = words.plural(len(story.articles), "article")
    told.tell(
        head,
        f'  "{harmless(story.title)}"' if story.title else None,
        f"{count}, among the {len(held)} that are held from {DAYS} days before it to {DAYS} days after.",
        "A briefing groups only what it tells of, so there it can be fewer.",
    )
    told.data["reasons"], day = _worth(ask, story)
    told.tell(
        "What it weighs",
        f"By the table of {words.day(day)}: {', '.join(told.data['reasons'])}.",
        "Stories stand in a briefing in the order of these, each deciding where all before it are equal.",
    )
    if len(story.articles) > 1:
        lines.append(
            f"Texts within {DAYS} days of each other are one story while the words of their titles and of their first "
            f"{READ_WORDS} words are alike by {SAME_EVENT:g} on average (1: the same), rare words counting more."
        )
    told.tell("Why they are together" if len(story.articles) > 1 else "It is alone", *lines)
    if len(story.articles) > LISTED:
        told.tell(f"And {len(story.articles) - LISTED} more.", "")
    return told


def _worth(ask: Ask, story: Story) -> tuple[list[str], date]:
    """Return in words by what a story would be ranked, beside the table of its newest day (UTC), and that day."""
    from summaries.briefing import day_window
    from summaries.stories import news_value

    library = ask.library
    newest = max((one.published.at for one in story.articles if one.published.at), default=ask.now)
    window = day_window(newest.astimezone(UTC).date())
    before, after = (table_until(library, until, window.day) for until in (window.since, window.until))
    named = {
        article.id: {mention.party for mention in library.parties.find(article.title, article.language)}
        for article in story.articles
        if article.title
    }
    moved = changes(library.topic, library.parties, before, after)
    value = news_value(story, moved, [position.claim for position in after.values()], named)
    return value.reasons(), window.day


def _first_of(ask: Ask, found: Sequence[Article]) -> dict[str, str]:
    """Return the first article with each one's text, by id."""
    return {one.id: articles.origin(ask.conn, ask.key, one.id).copy_of or one.id for one in found}


class _Bonds:
    """What articles of one story have in common, as far as it can be seen from outside the newsroom."""

    def __init__(self, held: Sequence[Article], members: Sequence[Article], first: Mapping[str, str]) -> None:
        """Look at the ``members`` among all that is ``held``, where words of many say less than words of few.

        ``first`` is the first article with each one's text.
        """
        self._members = members[: 2 * LISTED]
        self._first = first
        self._words = {one.id: _read(one) for one in held}
        self._spread = Counter(word for known in self._words.values() for word in known)

    def of(self, one: Article, anchor: Article) -> tuple[str | None, str, tuple[str, ...]]:
        """Return with which other one an article is bound most, how, and the words they share, the rarest first."""
        others = sorted(
            (other for other in self._members if other.id != one.id),
            key=lambda other: (other.id != anchor.id, -len(self._shared(one, other))),
        )
        for why, holds in (("copy", self._is_copy), ("same_text", _is_same_text)):
            for other in others:
                if holds(one, other):
                    return other.id, why, ()
        if not others:
            return None, "alone", ()
        # The article that was asked for, where others are no nearer.
        nearest = max(others, key=lambda other: len(self._shared(one, other)))
        return nearest.id, "same_event", self._shared(one, nearest)

    def _is_copy(self, one: Article, other: Article) -> bool:
        return self._first[one.id] == self._first[other.id]

    def _shared(self, one: Article, other: Article) -> tuple[str, ...]:
        ours, theirs = self._words[one.id], self._words[other.id]
        common = sorted(
            set(ours) & set(theirs), key=lambda word: (self._spread[word], not ours[word][0].isupper(), word)
        )
        return tuple(ours[word] for word in common[:_SHARED_WORDS])


def _is_same_text(one: Article, other: Article) -> bool:
    from summaries.copies import same_text

    return same_text(one.text[one.body_start :], other.text[other.body_start :])


def _read(article: Article) -> dict[str, str]:
    """Return the words of a title and text, as far as they are compared: folded, to how they stand there."""
    from summaries.stories import READ_WORDS

    # Ten characters and more a word would be one endless word.
    body = article.text[article.body_start : article.body_start + 12 * READ_WORDS]
    common = stop_words_of(language_of(article))
    found = [*_WORD.findall(article.title or ""), *_WORD.findall(body)[:READ_WORDS]]
    telling = (word for word in reversed(found) if word.casefold() not in common and (len(word) > 2 or word.isdigit()))
    return {word.casefold()[:6]: word for word in telling}


def _bond(why: str, other: str, shared: Sequence[str]) -> str:
    named = ", ".join(f'"{harmless(word)}"' for word in shared)
    both = f" Both have: {named}." if named else ""
    if why == "copy":
        return f"The same text as {other}, or nearly the same."
    if why == "same_text":
        return f"Much of it stands in {other} as well, word for word."
    return f"The same event as {other}: near in time, and told in like words.{both}"
