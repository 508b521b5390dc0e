"""A briefing as a value: what changed in the table, the stories with their sentences, figures and totals.

It is built from what it is given and nothing else; every medium's form of it is rendered from this one value. What its
readers were told is given too (``known``): a story goes on where they left it, and the same fact is no news twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

from summaries.article import Article
from summaries.claims import Claim, Figure, Quote
from summaries.coming import coming_days
from summaries.language import language_of
from summaries.novelty import Told
from summaries.parties import Parties
from summaries.stories import NewsValue, Story, group_stories, rank_stories
from summaries.summarize import Rated, Sentence, rate_sentences
from summaries.table import Change, Position, changes
from summaries.text import READ, Span
from summaries.topic import Topic
from summaries.watch import Watch, what_to_watch

KNOWN_FOR: Final = timedelta(days=14)
"""How long readers are taken to know what they were told."""
_OVER_DAYS: Final = timedelta(days=2)
"""A story whose articles lie so far apart, as in a weekly digest, is told from its end: it may have turned."""
_WATCHED: Final = 100
"""Articles, the newest, that are searched for what is to come: it takes some milliseconds each."""


_SPOKEN: Final = re.compile(r"[“„«\"]([^“”„«»\"]{30,})[”“»\"]")
"""What somebody said at some length; shorter words two people may say."""

Length = Literal["short", "normal", "long"]


@dataclass(frozen=True, slots=True)
class Window:
    """The time a briefing covers: aware UTC, from ``since`` up to but not including ``until``."""

    since: datetime
    until: datetime

    @property
    def day(self) -> date:
        """The day the briefing is named after: the last one it covers."""
        return (self.until - timedelta(microseconds=1)).date()

    @property
    def days(self) -> int:
        """How many days it covers, begun ones included."""
        return -((self.since - self.until) // timedelta(days=1))

    def covers(self, moment: datetime) -> bool:
        """Tell whether a moment (aware) lies in the window."""
        return self.since <= moment < self.until


@dataclass(frozen=True, slots=True)
class StoryBrief:
    """One story: its title if any text has one, its sentences, the articles that tell it anew, and why it stands there.

    ``earlier`` are the articles its readers were told it from before, the newest first, as ``articles`` are.
    ``rated`` is what was made of each sentence that could have been chosen; empty where none was looked at.
    """

    title: str | None
    sentences: tuple[Sentence, ...]
    articles: tuple[Article, ...]
    value: NewsValue
    earlier: tuple[Article, ...] = ()
    rated: tuple[Rated, ...] = ()

    @property
    def is_update(self) -> bool:
        """Tell whether its readers were told of it before."""
        return bool(self.earlier)

    @property
    def first(self) -> Article | None:
        """The article that was first to tell it; None when several may have been."""
        dated = sorted((a for a in self.articles if a.published.at), key=lambda a: (a.published.at, a.id))
        if not dated or len(dated) < len(self.articles) or dated[0].published.precision != "time":
            return None
        first, *others = dated
        # A day without an hour begins at midnight: whoever has no more may have been the first of that day.
        day = first.published.day
        rivals = (one for one in others if one.published.precision != "time" or one.published.at == first.published.at)
        return None if any(one.published.day == day for one in rivals) else first

    def sentences_of(self, article: Article) -> tuple[Sentence, ...]:
        """Return the sentences taken from one of the articles."""
        return tuple(s for s in self.sentences if (s.article, s.revision) == (article.id, article.revision))


@dataclass(frozen=True, slots=True)
class Telling:
    """What readers who know some articles are told of others; stories stand in order of their news value.

    ``stories`` are told in sentences, ``more`` are only named, ``retold`` say nothing new, and ``unchanged`` is how
    many the readers know that no other article tells. ``memory`` is what they knew before.
    """

    stories: tuple[StoryBrief, ...] = ()
    more: tuple[StoryBrief, ...] = ()
    retold: tuple[StoryBrief, ...] = ()
    unchanged: int = 0
    memory: Told = field(default_factory=Told, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Briefing:
    """What a reader is told about one window of time.

    ``more`` are the stories that are only named, ``retold`` those that were told again with nothing new, and
    ``unchanged`` says how many more were told before and not since.
    """

    window: Window
    changes: tuple[Change, ...]
    stories: tuple[StoryBrief, ...]
    more: tuple[StoryBrief, ...]
    figures: dict[str, tuple[Figure, ...]]
    before: dict[str, Position]
    after: dict[str, Position]
    last_change: date | None
    silent_sources: tuple[str, ...] = ()
    retold: tuple[StoryBrief, ...] = ()
    unchanged: int = 0
    watch: tuple[Watch, ...] = ()


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many stories a briefing tells and how much of each, and which ranker chooses the sentences.

    ``watch`` is how many coming days and conditions it names.
    """

    sentences: int = 3
    words: int = 75
    ranker: str = "news"
    stories: int = 10
    watch: int = 3

    def of(self, length: Length) -> Lengths:
        """Return these, made for a short or long briefing: half as many stories in one sentence each, or all twice."""
        if length == "short":
            return replace(self, sentences=1, stories=-(-self.stories // 2), watch=-(-self.watch // 2))
        if length == "long":
            return Lengths(2 * self.sentences, 2 * self.words, self.ranker, 2 * self.stories, 2 * self.watch)
        return self


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
    known: Sequence[Article] = (),
    about: str | None = None,
) -> Briefing:
    """Build a briefing: how the table ``before`` became the table ``after``, what ``articles`` tell, new ``figures``.

    Whoever calls decides what is new: for a window of time, or for what one place was shown last. ``known`` are the
    articles its readers were told from before: stories go on with what is new since, and what says nothing new is
    counted. With ``about``, a party's code, only that party's change is told, and of the stories what speaks of it.

    A sentence is printed once: what a change or a figure already quotes is left out of the stories as long as an
    article has others to offer.
    """
    changed = changes(topic, parties, before, after)
    if about is not None:
        changed = [change for change in changed if change.party == about]
        figures = {}
    quotes = [change.after.claim.quotes[0] for change in changed if change.after]
    quotes += [row.quotes[0] for rows in figures.values() for row in rows]
    quoted = places(quotes, articles)
    wanted = frozenset(() if about is None else (about,))
    told = tell_stories(
        articles,
        known,
        parties,
        lengths,
        wanted,
        changed=changed,
        claims=[position.claim for position in after.values()],
        quoted=quoted,
    )
    speaks = _speaker(wanted, parties) if wanted else None
    return Briefing(
        window=window,
        changes=tuple(changed),
        stories=told.stories,
        more=told.more,
        figures={measure: tuple(rows) for measure, rows in figures.items()},
        before=dict(before),
        after=dict(after),
        last_change=max((position.last_change for position in after.values()), default=None),
        silent_sources=tuple(silent_sources),
        retold=told.retold,
        unchanged=told.unchanged,
        watch=_watch(window.day, told.stories, quoted, lengths.watch, parties, told.memory, speaks),
    )


def _watch(
    day: date,
    stories: Sequence[StoryBrief],
    quoted: set[tuple[str, int, Span]],
    limit: int,
    parties: Parties,
    told: Told,
    about: Callable[[str, str], bool] | None,
) -> tuple[Watch, ...]:
    """Choose what is to come of what stories tell: coming days first, with a place for a condition if there is one."""
    # What was rated are originals: a copy's words are quoted from who had them first.
    rated = {(one.sentence.article, one.sentence.revision) for story in stories for one in story.rated}
    articles = [one for story in stories for one in story.articles if (one.id, one.revision) in rated]
    articles.sort(key=lambda one: (one.published.day or date.min, one.id), reverse=True)
    articles = articles[:_WATCHED]
    languages = {article.id: language_of(article) for article in articles}
    printed = {(s.article, s.revision, Span(s.start, s.end)) for story in stories for s in story.sentences}
    found = [
        one
        for one in what_to_watch(articles, after=day, avoid=quoted | printed, limit=5 * limit, parties=parties)
        if not told.holds(one.sentence.text, languages[one.sentence.article])
        and (about is None or about(one.sentence.text, languages[one.sentence.article]))
    ]
    dated, conditions = ([one for one in found if (one.day is None) is free] for free in (False, True))
    # What a story says of one day it says once, in its sentences or here.
    story_of = {article.id: number for number, story in enumerate(stories) for article in story.articles}
    said = {
        (coming.day, number)
        for number, story in enumerate(stories)
        for article in story.articles
        for sentence in story.sentences_of(article)
        for coming in coming_days(sentence.text, article.published, language_of(article))
    }
    dated = [one for one in dated if (one.day, story_of[one.sentence.article]) not in said]
    dated = list({(one.day, story_of[one.sentence.article]): one for one in reversed(dated)}.values())[::-1]
    room = limit - min(len(conditions), 1) if limit > 1 else limit
    chosen = dated[:room]
    return (*chosen, *conditions[: limit - len(chosen)])


def tell_stories(
    articles: Sequence[Article],
    known: Sequence[Article],
    parties: Parties,
    lengths: Lengths = Lengths(),
    about: Collection[str] = (),
    *,
    told_of: Mapping[str, Collection[str]] = MappingProxyType({}),
    changed: Sequence[Change] = (),
    claims: Iterable[Claim] = (),
    quoted: Collection[tuple[str, int, Span]] = (),
) -> Telling:
    """Tell what ``articles`` say to readers who were told of those in ``known``, the oldest first.

    Articles of one event are one story, which goes on where the readers left it: only what they were not told is
    printed. With ``about``, codes of parties, only what speaks of one of them is told; where they are several, a story
    has a sentence more if the others leave one out. ``told_of`` says of a known article, by its id, about which parties
    they were told of it: then what it says of the others is news to them, and it may be among ``articles`` once more.
    Without that they know all that it says.

    ``changed`` and ``claims`` weigh stories as in :func:`~summaries.stories.rank_stories`. ``quoted``, as (article id,
    revision, span), is printed beside the stories: it is left out of them as long as an article has others to offer.
    """
    wanted = frozenset(about)
    found, rest = _continue(articles, known)
    if wanted:
        found = [one for one in found if any(_speaks_of(wanted, article, parties) for article in one[0].articles)]
        rest = [story for story in rest if any(_speaks_of(wanted, article, parties) for article in story.articles)]
    earlier = {story.articles[0].id: before for story, before in found}
    named = {
        article.id: {mention.party for mention in parties.find(article.title, article.language)}
        for article in articles
        if article.title
    }
    told = _remember(known, parties, wanted, told_of) if found else Told()
    speaks = _speaker(wanted, parties) if wanted else None
    stories: list[StoryBrief] = []
    more: list[StoryBrief] = []
    retold: list[StoryBrief] = []
    for story, value in rank_stories((story for story, _ in found), changed, claims, named):
        brief = StoryBrief(
            Story(tuple(_latest(story.articles)[0])).title or story.title,
            (),
            story.articles,
            value,
            earlier[story.articles[0].id],
        )
        if len(stories) == lengths.stories:
            more.append(brief)
            continue
        originals = _originals(story)
        rated = _rated(originals, lengths, quoted, told, speaks)
        sentences = tuple(one.sentence for one in rated if one.chosen)
        if not sentences and any("told" in one.faults for one in rated):
            retold.append(brief)
            continue
        if sentences and len(wanted) > 1:
            languages = {article.id: language_of(article) for article in originals}
            left = wanted - {m.party for one in sentences for m in parties.find(one.text, languages[one.article])}
            places_of = {article.id: place for place, article in enumerate(originals)}
            both = (*sentences, *(_one_more(originals, lengths, quoted, told, _speaker(left, parties)) if left else ()))
            sentences = tuple(sorted(both, key=lambda one: (places_of[one.article], one.start)))
        stories.append(replace(brief, sentences=sentences, rated=rated))
    return Telling(tuple(stories), tuple(more), tuple(retold), len(rest), told)


def _continue(
    articles: Sequence[Article], known: Sequence[Article]
) -> tuple[list[tuple[Story, tuple[Article, ...]]], list[Story]]:
    """Group new articles into stories, each with the known ones it goes on from; and the stories without new ones."""
    new = {article.id for article in articles}
    before = [article for article in known if article.id not in new]
    # What is new is grouped by itself: an outlet repeats its background from day to day, so that each report of today
    # is more like that outlet's of yesterday than like what the others say of the same event.
    together: dict[str, tuple[Article, ...]] = {}
    rest = []
    # A story goes on from where its readers left it, however long it was quiet.
    for story in group_stories([*articles, *before], days=KNOWN_FOR.days):
        earlier = tuple(article for article in story.articles if article.id not in new)
        together |= {article.id: earlier for article in story.articles if article.id in new}
        if len(earlier) == len(story.articles):
            rest.append(story)
    found = []
    for story in group_stories(articles, before):
        told = {one.id for article in story.articles for one in (article, *together[article.id])}
        found.append((story, tuple(one for one in reversed(known) if one.id in told)))
    return found, rest


def _remember(
    known: Sequence[Article], parties: Parties, about: frozenset[str], told_of: Mapping[str, Collection[str]]
) -> Told:
    """Return what readers know; left out is what speaks only of parties in ``about`` they were not told of with it."""
    told = Told(parties=parties)
    for article in known:
        missing = about.difference(told_of[article.id]) if article.id in told_of else frozenset[str]()
        told.add_article(article, _told_of(parties, missing, frozenset(told_of[article.id])) if missing else None)
    return told


def _told_of(parties: Parties, missing: frozenset[str], told_of: frozenset[str]) -> Callable[[str, str], bool]:
    def is_told(text: str, language: str) -> bool:
        named = {mention.party for mention in parties.find(text, language)}
        return named.isdisjoint(missing) or not named.isdisjoint(told_of)

    return is_told


def _originals(story: Story) -> tuple[Article, ...]:
    """Return a story's articles without copies of an earlier one: words are quoted from who had them first."""
    first = dict(zip(story.same_text, story.articles, strict=True)) if story.same_text else {}
    return tuple(first.values()) if first else story.articles


def places(quotes: Sequence[Quote], articles: Sequence[Article]) -> set[tuple[str, int, Span]]:
    """Return where quotes stand: in the articles that they are of, and in those that have the same words.

    What somebody said is the same words in whatever sentence a paper puts around it.

    Each as (article id, revision, span), as :func:`tell_stories` takes them.
    """
    found = {(quote.article, quote.revision, quote.span) for quote in quotes}
    for article in articles:
        for words in {words for quote in quotes for words in (quote.text, *_SPOKEN.findall(quote.text))}:
            start = article.text.find(words, article.body_start)
            if start >= 0:
                found.add((article.id, article.revision, Span(start, start + len(words))))
    return found


def _rated(
    articles: Sequence[Article],
    lengths: Lengths,
    quoted: Collection[tuple[str, int, Span]],
    told: Told,
    about: Callable[[str, str], bool] | None,
) -> tuple[Rated, ...]:
    """Rate a story's sentences and choose those that tell it: of a story of days, half from where it stands now."""
    latest, older = _latest(articles)
    rated: list[Rated] = []
    sentences, words = lengths.sentences, lengths.words
    for part, share in ((latest, 2 if older else 1), (older, 1)):
        found = rate_sentences(
            part,
            sentences=-(-sentences // share),
            words=-(-words // share),
            ranker=lengths.ranker,
            avoid=quoted,
            told=told,
            about=about,
        )
        rated += found
        chosen = [one.sentence.text for one in found if one.chosen]
        sentences -= len(chosen)
        words -= sum(len(text.split()) for text in chosen)
    return tuple(rated)


def _latest(articles: Sequence[Article]) -> tuple[list[Article], list[Article]]:
    """Part the articles of a story that goes over days into those of its last day and the others; else all are last."""
    moments = [article.published.at for article in articles if article.published.at]
    if not moments or max(moments) - min(moments) < _OVER_DAYS:
        return list(articles), []
    since = max(moments) - timedelta(days=1)
    latest = [one for one in articles if one.published.at is None or one.published.at > since]
    return latest, [one for one in articles if one not in latest]


def _one_more(
    articles: Sequence[Article],
    lengths: Lengths,
    quoted: Collection[tuple[str, int, Span]],
    told: Told,
    about: Callable[[str, str], bool],
) -> list[Sentence]:
    """Choose a sentence more, if one can be read by itself and says what was not told: none, or one."""
    rated = rate_sentences(
        articles, sentences=1, words=lengths.words, ranker=lengths.ranker, avoid=quoted, told=told, about=about
    )
    return [one.sentence for one in rated if one.chosen and not one.faults]


def _speaks_of(about: frozenset[str], article: Article, parties: Parties) -> bool:
    found = parties.find(article.text[: article.body_start + READ], article.language, article.body_start)
    titled = parties.find(article.title, article.language) if article.title else []
    return any(mention.party in about for mention in (*titled, *found))


def _speaker(about: frozenset[str], parties: Parties) -> Callable[[str, str], bool]:
    return lambda text, language: any(mention.party in about for mention in parties.find(text, language))


def day_window(day: date) -> Window:
    """Return the window of one UTC calendar day."""
    start = datetime.combine(day, datetime.min.time(), UTC)
    return Window(start, start + timedelta(days=1))


def week_window(day: date) -> Window:
    """Return the window of the seven UTC calendar days that end with ``day``."""
    end = day_window(day).until
    return Window(end - timedelta(days=7), end)
