"""A briefing as a value: what changed in the table, the stories with their sentences, figures and totals.

It is built from what it is given and nothing else; every medium's form of it is rendered from this one value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from summaries.article import Article
from summaries.claims import Figure
from summaries.parties import Parties
from summaries.stories import NewsValue, group_stories, rank_stories
from summaries.summarize import Sentence, summarize
from summaries.table import Change, Position, changes
from summaries.topic import Topic


@dataclass(frozen=True, slots=True)
class Window:
    """The time a briefing covers: aware UTC, from ``since`` up to but not including ``until``."""

    since: datetime
    until: datetime

    @property
    def day(self) -> date:
        """The day the briefing is named after: the last one it covers."""
        return (self.until - timedelta(microseconds=1)).date()

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment (aware) lies in the window."""
        return self.since <= moment < self.until


@dataclass(frozen=True, slots=True)
class StoryBrief:
    """One story: its title if any text has one, its sentences, every article that tells it, and why it stands there."""

    title: str | None
    sentences: tuple[Sentence, ...]
    articles: tuple[Article, ...]
    value: NewsValue

    def sentences_of(self, article: Article) -> tuple[Sentence, ...]:
        """Return the sentences taken from one of the articles."""
        return tuple(s for s in self.sentences if (s.article, s.revision) == (article.id, article.revision))


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a reader is told about one window of time. ``more`` are the stories that are only named."""

    window: Window
    changes: tuple[Change, ...]
    stories: tuple[StoryBrief, ...]
    more: tuple[StoryBrief, ...]
    figures: dict[str, tuple[Figure, ...]]
    before: dict[str, Position]
    after: dict[str, Position]
    last_change: date | None
    silent_sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many stories a briefing tells and how much of each, and which ranker chooses the sentences."""

    sentences: int = 3
    words: int = 75
    ranker: str = "news"
    stories: int = 10


def build_briefing(
    window: Window,
    topic: Topic,
    parties: Parties,
    before: Mapping[str, Position],
    after: Mapping[str, Position],
    figures: Mapping[str, Sequence[Figure]],
    articles: Sequence[Article],
    lengths: Lengths = Lengths(),
    silent_sources: Sequence[str] = (),
) -> Briefing:
    """Build a briefing: how the table ``before`` became the table ``after``, what ``articles`` tell, new ``figures``.

    Whoever calls decides what is new: for a window of time, or for what one place was shown last. A sentence is printed
    once: what a change or a figure already quotes is left out of the stories as long as an article has others to offer.
    """
    changed = changes(topic, parties, before, after)
    quotes = [change.after.claim.quotes[0] for change in changed if change.after]
    quotes += [row.quotes[0] for rows in figures.values() for row in rows]
    quoted = {(quote.article, quote.revision, quote.span) for quote in quotes}
    found = group_stories(articles)
    named = {
        article.id: {mention.party for mention in parties.find(article.title, article.language)}
        for article in articles
        if article.title
    }
    claims = [position.claim for position in after.values()]
    ranked = rank_stories(found, changed, claims, named)
    stories = [
        StoryBrief(
            story.title,
            tuple(
                summarize(
                    story.articles,
                    sentences=lengths.sentences,
                    words=lengths.words,
                    ranker=lengths.ranker,
                    avoid=quoted,
                )
            ),
            story.articles,
            value,
        )
        for story, value in ranked[: lengths.stories]
    ]
    return Briefing(
        window=window,
        changes=tuple(changed),
        stories=_once(stories),
        more=tuple(StoryBrief(story.title, (), story.articles, value) for story, value in ranked[lengths.stories :]),
        figures={measure: tuple(rows) for measure, rows in figures.items()},
        before=dict(before),
        after=dict(after),
        last_change=max((position.last_change for position in after.values()), default=None),
        silent_sources=tuple(silent_sources),
    )


def _once(stories: Sequence[StoryBrief]) -> tuple[StoryBrief, ...]:
    """Drop sentences whose words an earlier story already printed: two texts may share a whole sentence."""
    seen: set[str] = set()
    kept = []
    for story in stories:
        fresh = []
        for sentence in story.sentences:
            words = " ".join(sentence.text.split()).casefold()
            if words not in seen:
                seen.add(words)
                fresh.append(sentence)
        kept.append(replace(story, sentences=tuple(fresh)))
    return tuple(kept)


def day_window(day: date) -> Window:
    """Return the window of one UTC calendar day."""
    start = datetime.combine(day, datetime.min.time(), UTC)
    return Window(start, start + timedelta(days=1))
