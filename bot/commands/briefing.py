"""``briefing [DATE] [COUNTRY] [week] [short or long]``: a briefing on demand, made from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.answers import Action, Answer, mistake
from bot.commands import stories
from bot.commands.asking import counted_as, frame, label, lower_first, receipts, unknown_party
from bot.commands.who_is_in import headline, totals_json
from bot.library import Library
from bot.render.ratings import left_out, place_of, stands_out
from bot.render.words import iso, plural
from bot.request import BadDate, FutureDate, Request, parse_day
from bot.store.feeds import Heard
from summaries.article import Article
from summaries.claims import Claim, Figure, Quote
from summaries.table import Change, Position, figures_at, moved, positions, totals
from summaries.text import collapse

if TYPE_CHECKING:
    from summaries.briefing import Briefing, Length, StoryBrief, Window
    from summaries.summarize import Sentence
    from summaries.watch import Watch

COMMAND = "briefing"


LENGTHS: tuple[Length, ...] = ("short", "normal", "long")
_WEEK = ("week", "weekly", "this", "last", "past", "the")
"""Words with which people ask for a week."""


def briefing(request: Request, library: Library) -> Answer:
    """Answer with the briefing of a UTC day, today's without one; of the week that ends with it, or of one party."""
    # The newsroom's rankers are heavy to load and only needed here.
    from summaries.briefing import day_window, week_window

    words = request.words.strip(" .?!").split()
    folded = [word.casefold().strip(",") for word in words]
    asked = [length for length in LENGTHS if length in folded]
    weekly = not {"week", "weekly"}.isdisjoint(folded)
    rest = [word for word, fold in zip(words, folded, strict=True) if fold not in {*LENGTHS, *_WEEK}]
    today = request.now.date()
    day, about = today, None
    if rest:
        try:
            found = _day_and_party(rest, today, request, library)
        except BadDate as error:
            return mistake(COMMAND, "bad_date", str(error))
        if isinstance(found, Answer):
            return found
        day, about = found
    window = week_window(day) if weekly else day_window(day)
    return briefing_of(window, request, library, length=asked[0] if asked else "normal", about=about)


def _day_and_party(
    words: Sequence[str], today: date, request: Request, library: Library
) -> tuple[date, str | None] | Answer:
    """Read a day, a party, or both in either order; raises :class:`~bot.request.BadDate` for what is neither."""
    bad: BadDate | None = None
    # The longest stretch at either end that is a day leaves the party's name.
    for size in range(len(words), 0, -1):
        for dated, named in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            try:
                day = parse_day(" ".join(dated), today)
            except BadDate as error:
                bad = error if isinstance(error, FutureDate) else bad or error
                continue
            return (day, None) if not named else _named(day, " ".join(named), request, library)
    if bad is not None and any(map(str.isdigit, "".join(words))):
        raise bad
    return _named(today, " ".join(words), request, library)


def _named(day: date, typed: str, request: Request, library: Library) -> tuple[date, str] | Answer:
    found = library.parties.resolve(typed.removeprefix("of ").removeprefix("on "))
    if found.party is not None:
        return day, found.party.code
    if found.near:
        return unknown_party(request, library, COMMAND, typed, found.suggestions, day)
    raise BadDate(
        f'"{typed[:40]}" is neither a date nor a country or organisation I know. '
        "Write a date like 2025-03-20 or 20 March 2025."
    )


@dataclass(frozen=True, slots=True)
class Material:
    """What a briefing is made from: its day, the table before and after, and what is new of figures and articles.

    ``since_last`` says that it tells what is new since the last one, not what a day brought, and ``weekly`` that these
    come once a week. ``known`` are the articles its readers were told from before, ``stood`` what the figures were;
    ``about`` is the code of the party that it is about, None for all.
    """

    window: Window
    day: date
    before: dict[str, Position]
    after: dict[str, Position]
    figures: Mapping[str, Sequence[Figure]]
    articles: Sequence[Article]
    since_last: bool = False
    known: Sequence[Article] = ()
    stood: Mapping[str, Sequence[Figure]] = field(default_factory=dict)
    length: Length = "normal"
    about: str | None = None
    weekly: bool = False

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing new to say."""
        changed = any(moved(self.before.get(p), self.after.get(p)) for p in {*self.before, *self.after})
        return not changed and not self.articles and not self.figures


def briefing_of(
    window: Window, request: Request, library: Library, *, length: Length = "normal", about: str | None = None
) -> Answer:
    """Build a window's briefing and answer with it: what was reported in it is new, whatever was stored when.

    What was reported before it is known to its readers. ``about`` is the code of a party.
    """
    from summaries.briefing import KNOWN_FOR

    day = window.day
    before, after = (table_until(library, until, day) for until in (window.since, window.until))
    figures = {
        measure: new
        for measure, rows in figures_at(library.figures, library.topic, day).items()
        if (new := [row for row in rows if window.covers(_reported_at(row, library))])
    }
    articles = library.window(window.since, window.until, request.guild_id)
    known = library.window(window.since - KNOWN_FOR, window.since, request.guild_id)
    earlier = [row for row in library.figures if _reported_at(row, library) < window.since]
    stood = figures_at(earlier, library.topic, day)
    material = Material(
        window, day, before, after, figures, articles, known=known, stood=stood, length=length, about=about
    )
    return briefing_from(material, request, library)


def briefing_from(material: Material, request: Request, library: Library) -> Answer:
    """Build the briefing of what is new and answer with it."""
    from summaries.briefing import build_briefing

    window, day, before, after = material.window, material.day, material.before, material.after
    feeds = library.feeds(request.guild_id)
    silent = [feed for feed in feeds if _is_silent(feed, window.until - SILENT_AFTER)]
    built = build_briefing(
        window,
        library.topic,
        library.parties,
        before,
        after,
        material.figures,
        material.articles,
        library.lengths().of(material.length),
        [feed.name for feed in silent],
        material.known,
        material.about,
    )
    changed = _changed(built, library)
    numbers = _numbers(built, library, changed, material.stood)
    sums = totals(library.topic, library.parties, after.values())
    totals_before = headline(totals(library.topic, library.parties, before.values()), before, library)
    totals_after = headline(sums, after, library)
    first = sum(1 for change in built.changes if change.before is None)
    updates = sum(story.is_update for story in (*built.stories, *built.more))
    counts = _counts(
        len(built.changes) - first,
        first,
        len(built.stories) + len(built.more) - updates,
        updates,
        sum(len(rows) for rows in built.figures.values()) if material.since_last else 0,
    )
    return Answer(
        command=COMMAND,
        template="briefing",
        view={
            **frame(request, library, min(day, request.now.date()), False),
            "day": day,
            "days": window.days if not material.since_last else 1,
            "about": library.parties[material.about].name if material.about else None,
            "position": _position(after.get(material.about or ""), library),
            "since_last": material.since_last,
            "weekly": material.weekly,
            "changed": changed,
            "counts": counts,
            "stories": [_story(number, story) for number, story in enumerate(built.stories, start=1)],
            "more": [stories.named(story) for story in built.more],
            "retold": [stories.named(story) for story in built.retold],
            "unchanged": built.unchanged,
            "watch": [_watched(one, built) for one in built.watch],
            "numbers": numbers,
            "before": totals_before,
            "after": totals_after,
            "totals_moved": totals_before != totals_after and bool(before),
            "parties": len(after),
            "last_change": built.last_change,
            "silent_sources": _silences(silent, len(feeds)),
            "feeds_read": bool(feeds),
            "newest_held": library.shelf(request.now.date(), request.guild_id).newest,
        },
        data=_json(built, day, library, totals_json(sums), silent),
        receipts=tuple(
            [receipt for row in changed for receipt in row["receipts"]]
            + [receipt for row in numbers for figure in row["figures"] for receipt in figure["receipts"]]
        ),
        actions=(Action("Who is in?", "who-is-in"), Action("Follow a country", "subscribe")),
    )


SILENT_AFTER = timedelta(days=3)
"""A feed that has not answered well for this long is named as silent."""

SILENCES: Mapping[str, str] = {
    "bad_address": "wrong address; an editor must correct it",
    "private_address": "no public address; another one is needed",
    "unreachable": "no connection; tried again by itself",
    "untrusted": "certificate not in order; the owner must renew it",
    "too_slow": "too slow; tried again by itself",
    "too_big": "too big; a shorter feed is needed",
    "moved": "moved without saying where; the new address is needed",
    "gone": "gone; the new address is needed",
    "refused": "access refused; the owner must allow it",
    "challenge": "a page in between asks to prove to be human; the owner must let feed readers through",
    "busy": "told to come back later; tried again by itself",
    "broken": "broken answers; tried again by itself",
    "not_a_feed": "no feed at its address; the right one is needed",
    "failed": "can't be read; tried again by itself",
    "paused": "paused; an administrator can wake it",
    "not_asked": "not asked, as I was off or reading feeds is switched off",
}
"""Why nothing is heard of a source, and what helps, in words for readers of one or of several; see the fetcher."""

_NAMED = 5
"""How many sources that are silent for one reason are named."""


def _is_silent(feed: Heard, since: datetime) -> bool:
    """Tell whether a feed was not heard of since a moment, though it could have been: one that is newer is young."""
    heard = feed.last_ok_at or feed.added_at
    return heard is None or heard < since


def _why_silent(feed: Heard) -> str:
    """Return why a silent feed is: a key of :data:`SILENCES`."""
    if feed.paused:
        return "paused"
    if feed.last_error is None and feed.last_reason is None:
        return "not_asked"
    return feed.last_reason if feed.last_reason is not None and feed.last_reason in SILENCES else "failed"


def _silence(feed: Heard) -> str:
    """Return why nothing is heard of a feed and what helps, to stand in brackets behind its name."""
    words = SILENCES[_why_silent(feed)]
    return words if feed.last_ok_at else f"never heard yet: {words}"


def _silences(silent: Sequence[Heard], feeds: int) -> list[str]:
    """Return the silent ones of so many feeds for readers: those that are silent for one reason told together."""
    groups: dict[str, list[str]] = {}
    for feed in silent:
        groups.setdefault(_silence(feed), []).append(feed.name)
    told = []
    for words, names in groups.items():
        if len(names) == feeds > 1:
            named = f"all {feeds}"
        else:
            named = ", ".join(names[:_NAMED])
            named += f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        told.append(f"{named} ({words})")
    return told


def _reported_at(row: Claim | Figure, library: Library) -> datetime:
    """Return the moment (aware UTC) from which a row is known: its article's, or the start of its day."""
    article = library.source(row.quotes[0])
    if article is not None and article.published.at is not None and article.published.precision == "time":
        return article.published.at
    return datetime.combine(row.reported_on, datetime.min.time(), UTC)


def table_until(library: Library, until: datetime, day: date) -> dict[str, Position]:
    """Return the positions by what was reported before a moment."""
    known = [claim for claim in library.claims if _reported_at(claim, library) < until]
    return positions(library.topic, library.parties, known, day)


def _counts(moves: int, first_statements: int, new: int, updates: int, numbers: int) -> list[str]:
    """Return what the briefing holds, in words, leaving out what it has none of."""
    counts = ((moves, "change", "changes"), (first_statements, "new position", "new positions"))
    stories = ((new, "new story" if updates else "story", "new stories" if updates else "stories"),)
    more = ((updates, "update", "updates"), (numbers, "new number", "new numbers"))
    return [plural(count, *words) for count, *words in (*counts, *stories, *more) if count]


@dataclass(frozen=True, slots=True)
class _Step:
    """What changes must share to be told together: the step itself, and the words that caused it."""

    before: str | None
    after: str | None
    axes: tuple[tuple[str, str, str], ...]
    quote: Quote | None


def _step(change: Change, library: Library) -> _Step:
    topic = library.topic
    axes = []
    if change.before and change.after:
        for key, axis in topic.axes.items():
            old, new = change.before.axes[key], change.after.axes[key]
            if old != new:
                axes.append((axis.label, axis.values[old].label, axis.values[new].label))
    return _Step(
        lower_first(label(topic, change.before.claim)) if change.before else None,
        lower_first(label(topic, change.after.claim)) if change.after else None,
        tuple(axes),
        change.after.claim.quotes[0] if change.after else None,
    )


def _changed(built: Briefing, library: Library) -> list[dict[str, Any]]:
    """Return the changes for a reader: parties that made the same step in the same sentence are told together."""
    groups: dict[_Step, list[Change]] = {}
    for change in built.changes:
        groups.setdefault(_step(change, library), []).append(change)
    rows = []
    for step, members in groups.items():
        before, after = members[0].before, members[0].after
        rows.append(
            {
                "names": [library.parties[change.party].name for change in members],
                "before": step.before,
                "after": step.after,
                "axes": [{"label": name, "before": old, "after": new} for name, old, new in step.axes],
                "counted": counted_as(library.topic, after.claim) if after else None,
                "counted_before": counted_as(library.topic, before.claim) if before else None,
                "receipts": receipts(after.claim, library)[:1] if after else (),
                "note": after.claim.note if after and len(members) == 1 else None,
                "differing": [
                    {
                        "name": library.parties[claim.party].name,
                        "label": lower_first(label(library.topic, claim)),
                        "receipts": receipts(claim, library)[:1],
                    }
                    for change in members
                    if change.after
                    for claim in change.after.differing
                    # What stood before is told as that.
                    if change.before is None or claim not in change.before.claims
                ],
            }
        )
    return rows


def _numbers(
    built: Briefing, library: Library, changed: list[dict[str, Any]], stood: Mapping[str, Sequence[Figure]]
) -> list[dict[str, Any]]:
    """Return the figures for a reader, by measure; sources that differ stand side by side, no quote twice."""
    above = {(r.article, r.revision, r.start, r.end) for row in changed for r in row["receipts"]}
    rows = []
    for measure, figures in built.figures.items():
        listed = []
        new = {figure.id for figure in figures}
        for figure in figures:
            first = receipts(figure, library)[:1]
            key = (first[0].article, first[0].revision, first[0].start, first[0].end)
            listed.append({"receipts": first, "quoted_above": key in above})
            above.add(key)
        rows.append(
            {
                "label": library.topic.measures[measure].label,
                "stated": [figure.value for figure in figures],
                "stood": list(dict.fromkeys(old.value for old in stood.get(measure, ()) if old.id not in new)),
                "differ": len({(figure.low, figure.high) for figure in figures}) > 1,
                "figures": listed,
            }
        )
    return rows


def _story(number: int, story: StoryBrief) -> dict[str, Any]:
    return {
        **stories.told(story),
        "number": number,
        "articles": story.articles,
        "silent": [article for article in story.articles if not story.sentences_of(article)],
        "known": len(story.earlier),
    }


def _watched(one: Watch, built: Briefing) -> dict[str, Any]:
    article = next(a for story in built.stories for a in story.articles if a.id == one.sentence.article)
    return {
        "day": one.day,
        "until": one.until,
        "words": collapse(one.words),
        "quote": collapse(one.sentence.text),
        "article": article,
    }


def _position(position: Position | None, library: Library) -> dict[str, Any] | None:
    if position is None:
        return None
    return {
        "label": lower_first(label(library.topic, position.claim)),
        "counted": counted_as(library.topic, position.claim),
        "last_change": position.last_change,
    }


def _receipts_json(position: Position, library: Library) -> list[dict[str, Any]]:
    return [receipt.as_json() for receipt in receipts(position.claim, library)]


def _figures_json(built: Briefing, library: Library) -> list[dict[str, Any]]:
    return [
        {
            "measure": measure,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "receipts": [receipt.as_json() for receipt in receipts(figure, library)],
        }
        for measure, figures in built.figures.items()
        for figure in figures
    ]


def article_json(article: Article) -> dict[str, Any]:
    """Return which article it is, as the JSON interface has it."""
    return {
        "article": article.id,
        "revision": article.revision,
        "title": article.title,
        "publisher": article.publisher,
        "url": article.url,
        "published": article.published.iso,
        "published_is": article.published.basis,
    }


def _rated_json(sentence: Sentence, story: StoryBrief) -> dict[str, Any]:
    """Return why a sentence was chosen, as far as programs want to know."""
    own = next((one for one in story.rated if one.sentence == sentence), None)
    if own is None:
        return {"place": None, "stands_out": [], "faults": []}
    return {
        "place": place_of(own, story.rated),
        "stands_out": stands_out(own, story.rated),
        "faults": sorted(own.faults),
    }


def _named_json(story: StoryBrief) -> dict[str, Any]:
    first = story.first
    return {
        "title": story.title,
        "update": story.is_update,
        "articles": [article_json(article) for article in story.articles],
        "earlier": [article_json(article) for article in story.earlier],
        "first": None if first is None else article_json(first),
    }


def _json(
    built: Briefing, day: date, library: Library, sums: dict[str, int], silent: Sequence[Heard]
) -> dict[str, Any]:
    return {
        "date": day.isoformat(),
        "since": iso(built.window.since),
        "until": iso(built.window.until),
        "changes": [
            {
                "party": change.party,
                "from": change.before.stance if change.before else None,
                "to": change.after.stance if change.after else None,
                "receipts": _receipts_json(change.after, library) if change.after else [],
            }
            for change in built.changes
        ],
        "stories": [
            {
                "sentences": [
                    {
                        "text": sentence.text,
                        "article": sentence.article,
                        "revision": sentence.revision,
                        "start": sentence.start,
                        "end": sentence.end,
                        **_rated_json(sentence, story),
                        "days": [
                            {"words": one.words, "day": one.day.isoformat()}
                            for one in stories.days_named([sentence], article)
                        ],
                    }
                    for article in story.articles
                    for sentence in story.sentences_of(article)
                ],
                **_named_json(story),
                "outlets": story.value.outlets,
                "reasons": story.value.reasons(),
                "rated": len(story.rated),
                "left_out": left_out(story.rated),
            }
            for story in built.stories
        ],
        "more_stories": [_named_json(story) for story in built.more],
        "retold_stories": [_named_json(story) for story in built.retold],
        "unchanged_stories": built.unchanged,
        "watch": [
            {
                "day": one.day.isoformat() if one.day else None,
                "until": one.until.isoformat() if one.until else None,
                "words": one.words,
                "text": one.sentence.text,
                "article": one.sentence.article,
                "revision": one.sentence.revision,
                "start": one.sentence.start,
                "end": one.sentence.end,
            }
            for one in built.watch
        ],
        "figures": _figures_json(built, library),
        "totals": sums,
        "silent_sources": [
            {
                "source": feed.name,
                "reason": _why_silent(feed),
                "words": _silence(feed),
                "last_heard": iso(feed.last_ok_at) if feed.last_ok_at else None,
            }
            for feed in silent
        ],
    }
