"""Why an article, a story, a sentence, a claim, a figure or a delivery is what and where it is.

For the operator, at the terminal: ids of servers and people are told, what anybody wrote is not. What an article says
is only ever quoted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from bot.answers import sentence_id
from bot.library import Library, page_said
from bot.render import words
from bot.render.medium import harmless
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, briefings, claims, copies, figures, guilds, lookup
from bot.store.articles import Listed, Origin
from bot.store.engine import Connection
from bot.store.ledger import Recorded
from bot.store.lookup import Owed, Quoting, Version
from bot.store.retention import SHIPPED
from summaries.article import Article, Published
from summaries.claims import SOURCE_KINDS, Claim, Figure
from summaries.receipts import why_broken
from summaries.table import COMPETING_DAYS, Position
from summaries.text import Span, collapse, is_heading
from summaries.toml import Problems

KINDS: Final = ("article", "story", "claim", "figure", "delivery")
"""What may stand before an id, with a colon, to say what it is the id of."""

_SENTENCE: Final = re.compile(r"(?P<article>.+)@(?P<revision>\d{1,9}):(?P<start>\d{1,9})-(?P<end>\d{1,9})")
_LISTED: Final = 20
"""How many of many things are listed."""

_SHARED_WORDS: Final = 8


@dataclass(slots=True)
class Explained:
    """What is known of one thing: ``data`` for programs, and sections of lines for people.

    ``kind`` is one of :data:`KINDS` or ``sentence``.
    """

    kind: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)

    def tell(self, heading: str, *lines: str | None) -> None:
        """Add a section, without the lines that are None; nothing where no line is left."""
        told = [line for line in lines if line is not None]
        if told:
            self.sections.append((heading, told))

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON interface has it."""
        return {"v": 1, "kind": self.kind, "id": self.id, **self.data}

    def as_text(self) -> str:
        """Return it for people: each section under its heading."""
        return "\n\n".join("\n".join([heading, *lines]) for heading, lines in self.sections)


def explain(library: Library, wanted: str, *, now: datetime) -> Explained:
    """Explain what has an id, or the start of one: of an article, claim or figure; ``delivery:N`` or a number.

    ``story:ARTICLE`` is the story that an article is part of, ``ARTICLE@REVISION:START-END`` a sentence of it. ``now``
    (aware UTC) is when "stands now" is. Raises :class:`~summaries.toml.Problems` when there is no such thing, or
    several.
    """
    wanted = wanted.strip()
    with library.one_moment(), library.reading() as conn:
        ask = _Ask(library, conn, now)
        known = ask.candidates(wanted)
        passage = _SENTENCE.fullmatch(wanted)
        if passage and not known:
            span = Span(int(passage["start"]), int(passage["end"]))
            return ask.sentence(ask.only_article(passage["article"]), int(passage["revision"]), span)
        kind, colon, rest = wanted.partition(":")
        if colon and kind.lower() in KINDS and not known:
            return ask.explain(*ask.one_of(rest.strip(), kind.lower()))
        return ask.explain(*ask.one_of(wanted, None))


@dataclass(frozen=True, slots=True)
class _Ask:
    """One question: what is asked, on one connection, at one moment."""

    library: Library
    conn: Connection
    now: datetime

    @property
    def key(self) -> str:
        return self.library.topic.key

    # --- which thing is meant ----------------------------------------------------------------------------------------

    def candidates(self, wanted: str, kind: str | None = None) -> list[tuple[str, str]]:
        """Return what an id can mean, as (kind, id): what has exactly this one, else what begins with it."""
        found: list[tuple[str, str]] = []
        if kind in {None, "article", "story"}:
            found += [(kind or "article", one) for one in articles.find(self.conn, self.key, wanted)]
        if kind in {None, "claim", "figure"}:
            rows = [row for row in lookup.row_ids(self.conn, self.key) if kind in {None, row[0]}]
            exact = [row for row in rows if row[1] == wanted]
            begins = [row for row in rows if row[1].lower().startswith(wanted.lower())]
            found += exact or (begins if len(wanted) >= articles.SHORTEST_PREFIX else [])
        if kind in {None, "delivery"} and wanted.isdecimal() and wanted.isascii() and len(wanted) < 19:
            found += [("delivery", wanted)] if lookup.owed(self.conn, int(wanted)) is not None else []
        exactly = [one for one in found if one[1] == wanted]
        return exactly or found

    def one_of(self, wanted: str, kind: str | None) -> tuple[str, str]:
        found = self.candidates(wanted, kind)
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(f"{kind}:{one}" for kind, one in found[:10])
            more = f" and {len(found) - 10} more" if len(found) > 10 else ""
            raise Problems([f'"{harmless(wanted)[:60]}" could be {named}{more}. Write more of it, or which of these.'])
        raise Problems([self.unknown(wanted, kind)])

    def only_article(self, wanted: str) -> str:
        return self.one_of(wanted, "article")[1]

    def unknown(self, wanted: str, kind: str | None) -> str:
        """Say that nothing has an id, and what has one like it."""
        from difflib import get_close_matches

        what = {None: "Nothing", "story": "No article", "delivery": "No delivery"}.get(kind, f"No {kind}")
        said = f'{what} has the id "{harmless(wanted)[:60]}".'
        if kind == "delivery":
            newest = lookup.newest_delivery(self.conn)
            known = f"The newest one on record is {newest}" if newest else "None is on record"
            return f"{said} {known}; what was sent is forgotten after 30 days."
        known_ids: list[str] = []
        if kind in {None, "article", "story"}:
            known_ids += lookup.article_ids_like(self.conn, self.key, wanted)
        rows = [one for row, one in lookup.row_ids(self.conn, self.key) if kind in {None, row}]
        known_ids += rows if kind not in {"article", "story"} else []
        near = [one for one in known_ids if wanted and one.lower().startswith(wanted.lower())][:5]
        if not near and len(wanted) <= articles.LONGEST_ID:
            near = get_close_matches(wanted, dict.fromkeys(known_ids), n=5, cutoff=0.6)
        if near:
            return f"{said} Did you mean {_or(near)}?"
        held = [one.id for one in articles.listed(self.conn, self.key, limit=2)]
        shown = [*held, *rows[:2]] if kind is None else held if kind in {"article", "story"} else rows[:4]
        example = f" On file, for example: {', '.join(shown)}." if shown else ""
        forms = " A sentence is ARTICLE@REVISION:START-END, a delivery its number." if kind is None else ""
        return said + example + forms

    def explain(self, kind: str, identifier: str) -> Explained:
        explainers: dict[str, Callable[[str], Explained]] = {
            "article": self.article,
            "story": self.story,
            "claim": self.claim,
            "figure": self.figure,
            "delivery": lambda number: self.delivery(int(number)),
        }
        return explainers[kind](identifier)

    # --- articles ----------------------------------------------------------------------------------------------------

    def article(self, identifier: str) -> Explained:
        article = articles.get(self.conn, self.key, identifier)
        if article is None:
            raise Problems([self.unknown(identifier, "article")])
        origin = articles.origin(self.conn, self.key, identifier)
        known = lookup.versions(self.conn, self.key, identifier)
        told = Explained("article", identifier)
        told.data = {"article": identifier, "revision": article.revision, **_about(article)}
        told.tell(
            f"Article {identifier}, revision {article.revision} of {len(known)}",
            f"  {_source(article)}",
            f"  Its story: rollcall why story:{identifier}. Its text: rollcall article {identifier}",
        )
        self._where_from(told, origin, known)
        self._how_it_counts(told, article, origin, known)
        self._page(told, origin)
        self._revisions(told, known, origin)
        self._who_uses_it(told, article)
        return told

    def _where_from(self, told: Explained, origin: Origin, known: Sequence[Version]) -> None:
        shipped = origin.identities[:1] and origin.identities[0].startswith(SHIPPED)
        source = lookup.source(self.conn, origin.feed_id) if origin.feed_id is not None else None
        if shipped:
            way = "Shipped with the dossier."
        elif source is not None:
            owner = "the dossier" if source.guild_id is None else f"server {source.guild_id}"
            gone = {"gone": " It is not listed any more.", "paused": " It is paused."}.get(source.state, "")
            way = f"From the feed {harmless(source.name or source.url)} ({harmless(source.url)}), of {owner}.{gone}"
        elif any(one.startswith("file:") for one in origin.identities):
            way = "From a file that was ingested."
        else:
            way = "From a page or file that was ingested, or from a feed that was removed since."
        told.data |= {
            "shipped": bool(shipped),
            "feed": {"id": source.id, "name": source.name, "url": source.url} if source else None,
            "server": origin.guild_id,
            "names": list(origin.identities),
            "stored": words.iso(origin.first_stored_at),
        }
        seen = None
        if origin.guild_id is not None:
            seen = f"Only server {origin.guild_id} sees it: its own feed brought it. It is no source for the table."
        told.tell(
            "Where it came from",
            way,
            seen,
            f"First stored {_moment(origin.first_stored_at)}, newest revision {_moment(known[-1].stored_at)}.",
            "It is known again by:",
            *(f"- {_identity(one)}" for one in origin.identities[:_LISTED]),
        )

    def _how_it_counts(self, told: Explained, article: Article, origin: Origin, known: Sequence[Version]) -> None:
        group = copies.of(self.conn, self.key, article.id, guild_id=origin.guild_id)
        because = self._background(origin, known)
        told.data |= {
            "background": origin.background,
            "because": because,
            "copy_of": origin.copy_of,
            "copies": [one.id for one in group],
        }
        self._relevance(told, article, origin)
        told.tell("News or background", because)
        if group or origin.copy_of:
            first = None
            if origin.copy_of:
                alike = _alike(article, articles.get(self.conn, self.key, origin.copy_of))
                first = f"It has {alike} as {origin.copy_of}, which was stored first."
            has = "has" if len(group) == 1 else "have"
            own = f"{words.plural(len(group), 'article')} {has} the same text, or nearly the same:"
            told.tell(
                "Copies",
                first or "It was the first with its text.",
                own if group else None,
                *(f"- {one.id}: {_named(one)}" for one in group[:_LISTED]),
            )

    def _relevance(self, told: Explained, article: Article, origin: Origin) -> None:
        threshold = self.library.topic.relevance.threshold
        stored = "not judged." if origin.relevance is None else f"{origin.relevance:.2f}; {threshold:.2f} is enough."
        if not origin.relevant:
            verdict = "It does not belong to the topic, and is shown nowhere."
        elif origin.relevance is not None and origin.relevance < threshold:
            verdict = "It is below that, but kept: all that its feed brings is, or the rules were others then."
        else:
            verdict = "It belongs to the topic."
        told.data["relevance"] = {
            "relevant": origin.relevant, "score": origin.relevance, "threshold": threshold, "reasons": [],
        }  # fmt: skip
        lines = [f"When it was stored: {stored} {verdict}"]
        if article.text:
            found = self.library.scorer.score(article)
            told.data["relevance"]["score_now"] = found.score
            told.data["relevance"]["reasons"] = [
                {
                    "kind": one.kind, "label": one.label, "place": one.place, "words": one.words, "start": one.start,
                    "end": one.end, "weight": one.weight,
                }
                for one in found.reasons
            ]  # fmt: skip
            lines.append(f"By today's words of the dossier {found.score:.2f}:")
            lines += [
                f'- {one.weight:+.2f} {one.label}: "{harmless(one.words)}", '
                + (f"in the title at {one.start}" if one.place == "title" else f"at {one.start} to {one.end}")
                for one in found.reasons
            ] or ["- none of them stands in it"]
        told.tell("Does it belong to the topic?", *lines)

    def _background(self, origin: Origin, known: Sequence[Version]) -> str:
        """Say whether an article counts as news, and why."""
        if not origin.background:
            return "News: briefings show it, once each." if origin.relevant else "News, but off the topic: not shown."
        if origin.identities[:1] and origin.identities[0].startswith(SHIPPED):
            return "Background: shipped articles are never news."
        published = known[0].published_at
        if published is not None and published < origin.first_stored_at - BACKGROUND_AFTER:
            days = (origin.first_stored_at - published).days
            return f"Background: {days} days old when it was stored. Up to {BACKGROUND_AFTER.days} days would be news."
        source = lookup.source(self.conn, origin.feed_id) if origin.feed_id is not None else None
        if source is not None and source.baseline_at is not None and origin.first_stored_at <= source.baseline_at:
            return "Background: it was in its feed already when that was first read."
        return "Background: it was there before news began to count, or its feed says so."

    def _page(self, told: Explained, origin: Origin) -> None:
        state = origin.page_state
        told.data["page"] = None
        if state is None:
            return
        told.data["page"] = {
            "state": state,
            "tries": origin.page_tries,
            "next_try": words.iso(origin.page_next_at) if origin.page_next_at else None,
            "note": origin.page_note,
            "revision": origin.page_revision,
        }
        said = harmless(page_said(origin) or "")
        # One that is wanted once more, after it was read, counts as tried, but has no note.
        failed = origin.page_tries if origin.page_note is not None else 0
        tries = f"Tried {words.plural(failed, 'time')} without success." if failed else None
        later = f"Next try {_moment(origin.page_next_at)}." if origin.page_next_at else None
        told.tell("Its page", said, tries if state != "read" else None, later)

    def _revisions(self, told: Explained, known: Sequence[Version], origin: Origin) -> None:
        rows, lines = [], []
        for before, one in zip([None, *known], known, strict=False):
            changed = ["first stored"] if before is None else _changes(before, one)
            removed = None
            if one.text_removed_at is not None:
                removed = (
                    f"its text was removed {_moment(one.text_removed_at)}: no claim or figure quotes it, and it was "
                    f"{'off the topic' if not origin.relevant else 'old'} (settings keep.texts_days, off_topic_days)"
                )
            lines.append(f"- {one.number}, {_moment(one.stored_at)}: {'; '.join([*changed, *filter(None, [removed])])}")
            rows.append(
                {
                    "revision": one.number,
                    "stored": words.iso(one.stored_at),
                    "changes": changed,
                    "text_removed": words.iso(one.text_removed_at) if one.text_removed_at else None,
                }
            )
        told.data["revisions"] = rows
        told.tell("Revisions", *lines)

    def _who_uses_it(self, told: Explained, article: Article) -> None:
        spoken = articles.mentioned(self.conn, self.key, article.id, article.revision)
        told.data["parties"] = [
            {"party": one.party, "count": one.count, "start": one.start, "end": one.end} for one in spoken
        ]
        names = [f"{self._name(one.party)} ({one.count})" for one in sorted(spoken, key=lambda one: -one.count)]
        told.tell("It speaks of", ", ".join(names) or "no country or organisation that I know.")
        quoting = lookup.quoting(self.conn, self.key, article.id)
        told.data["quoted_by"] = [self._quoting_json(one) for one in quoting]
        lines = [f"- {one}" for one in dict.fromkeys(self._quoting(one) for one in quoting)]
        told.tell(
            "Quoted by", *(lines or ["nothing." if told.data["shipped"] else "nothing: its text may go one day."])
        )
        shown = lookup.shown_at(self.conn, self.key, article.id)
        people = lookup.told(self.conn, self.key, article.id)
        told.data["shown"] = [
            {
                "place": one.place_kind, "id": one.place_id, "delivery": one.delivery_id, "at": words.iso(one.at),
                "given_up": one.void,
            }
            for one in shown
        ]  # fmt: skip
        told.data["told_subscribers"] = people
        lines = [
            f"- {'server' if one.place_kind == 'guild' else one.place_kind} {harmless(one.place_id)}, "
            f"{_moment(one.at)}, delivery:{one.delivery_id}{', which was given up' if one.void else ''}"
            for one in shown[:_LISTED]
        ]
        if len(shown) > _LISTED:
            lines.append(f"- and {len(shown) - _LISTED} more")
        lines += [f"- as a message to {words.plural(people, 'subscriber')}"] if people else []
        told.tell("Shown in", *(lines or ["nothing so far that is on record."]))

    def _name(self, code: str) -> str:
        party = self.library.parties.get(code)
        return party.name if party else code

    def _state(self, one: Quoting) -> str:
        ledger: Any = claims if one.kind == "claim" else figures
        history: list[Recorded[Any]] = ledger.history(self.conn, self.key, one.id)
        newest = history[-1].revision.number
        state = history[one.row_revision - 1].value.state
        return state if one.row_revision == newest else f"{state} in revision {one.row_revision} of {newest}"

    def _quoting(self, one: Quoting) -> str:
        return f"{one.kind}:{one.id}, {self._state(one)}: {sentence_id(one.article, one.revision, one.start, one.end)}"

    def _quoting_json(self, one: Quoting) -> dict[str, Any]:
        return {
            "kind": one.kind, "id": one.id, "row_revision": one.row_revision,
            "sentence": sentence_id(one.article, one.revision, one.start, one.end),
        }  # fmt: skip

    # --- sentences ---------------------------------------------------------------------------------------------------

    def sentence(self, identifier: str, revision: int, span: Span) -> Explained:
        article = articles.get(self.conn, self.key, identifier, revision)
        known = lookup.versions(self.conn, self.key, identifier)
        if article is None:
            raise Problems([f"Article {identifier} has revisions 1 to {len(known)}, not {revision}."])
        named = sentence_id(identifier, revision, *span)
        version = known[revision - 1]
        quoting = [
            one
            for one in lookup.quoting(self.conn, self.key, identifier)
            if one.revision == revision and span.overlaps(Span(one.start, one.end))
        ]
        told = Explained("sentence", named)
        told.data = {
            "article": identifier, "revision": revision, "start": span.start, "end": span.end, "text": None,
            **_about(article), "quoted_by": [self._quoting_json(one) for one in quoting],
        }  # fmt: skip
        if version.text is None:
            gone = _moment(version.text_removed_at) if version.text_removed_at else "since"
            told.tell(
                f"Sentence {named}", f"  {_source(article)}", f"Its text was removed {gone}, as nothing quoted it."
            )  # fmt: skip
            return told
        if not 0 <= span.start < span.end <= len(article.text):
            length = len(article.text)
            raise Problems(
                [f"Revision {revision} of {identifier} is {length} characters long: {named} is no part of it."]
            )
        told.data["text"] = span.of(article.text)
        told.tell(f"Sentence {named}", f"> {harmless(span.of(article.text)).strip()}", f"  {_source(article)}")
        newer = f"It is of revision {revision}; the newest is {len(known)}." if revision < len(known) else None
        told.tell("Where it stands", self._place(told, article, span), newer)
        told.tell("Quoted by", *([f"- {self._quoting(one)}" for one in quoting] or ["nothing."]))
        told.data["summary"] = None
        if told.data["is_sentence"]:
            # Only whole sentences are chosen.
            told.tell("In the summary of its article", *self._summary(told, article, span))
        return told

    def _place(self, told: Explained, article: Article, span: Span) -> str:
        """Say where a passage stands in its article."""
        from summaries.sentences import sentences

        told.data |= {"paragraph": None, "is_sentence": False}
        if span.end <= article.body_start:
            return "In the head of the article (its title, date or place), which is never quoted."
        numbered = list(enumerate(article.paragraphs, start=1))
        touched = [(number, paragraph) for number, paragraph in numbered if paragraph.overlaps(span)]
        if touched:
            number, paragraph = touched[0]
            known = [one for _, part in touched for one in sentences(article.text, part)]
            told.data |= {"paragraph": number, "is_sentence": span in known}
            where = f"in paragraph {number} of {len(numbered)}, which stands at {paragraph.start} to {paragraph.end}"
            if span in known:
                kind = "heading" if is_heading(article.text, paragraph) else "sentence"
                return f"It is a {kind} {where}."
            count = words.plural(sum(one.overlaps(span) for one in known), "sentence")
            parts = words.plural(len(touched), "paragraph")
            return f"It is not one sentence: it touches {count} in {parts}. It begins {where}."
        return "It stands between two paragraphs: there is nothing but space."

    def _summary(self, told: Explained, article: Article, span: Span) -> list[str]:
        """Say whether the summary of its article alone would choose a passage, and what is known of why not."""
        from summaries.boilerplate import is_boilerplate
        from summaries.summarize import rate_sentences

        lengths = self.library.lengths()
        of = f"{words.plural(lengths.sentences, 'sentence')}, {lengths.words} words, {lengths.ranker}"
        rated = rate_sentences([article], sentences=lengths.sentences, words=lengths.words, ranker=lengths.ranker)
        picked = [one.sentence for one in rated if one.chosen]
        others = [sentence_id(one.article, one.revision, one.start, one.end) for one in picked]
        own = next((one for one in rated if span.overlaps(Span(one.sentence.start, one.sentence.end))), None)
        told.data["summary"] = {
            "chosen": own is not None and own.chosen,
            "sentences": others,
            "parts": {name: round(value, 3) for name, value in own.parts.items()} if own else {},
            "faults": sorted(own.faults) if own else [],
        }
        furniture = is_boilerplate(collapse(span.of(article.text)))
        if own is None or furniture:
            why = _NO_NEWS if furniture else "It is a heading, or stands so far down that it is not looked at."
            return [f"Not chosen ({of}). {why}", *(f"- chosen: {one}" for one in others)]
        place = 1 + sum(one.rating > own.rating for one in rated)
        points = ", ".join(f"{_RATED.get(name, name)} {value:.2f}" for name, value in own.parts.items())
        rating = f"Rated {place} of {len(rated)}, {own.rating:.2f} points: {points}."
        if own.chosen:
            return [f"Chosen ({of}).", rating]
        faults = [_FAULTS[name] for name in sorted(own.faults)]
        why = f"It {' and '.join(faults)}." if faults else "Others were rated higher, or there was no room left."
        return [f"Not chosen ({of}). {why}", rating, *(f"- chosen: {one}" for one in others)]

    # --- stories -----------------------------------------------------------------------------------------------------

    def story(self, identifier: str) -> Explained:
        """Explain the story an article is part of, among all that is held from about its days."""
        from summaries.stories import DAYS, group_stories

        anchor = articles.get(self.conn, self.key, identifier)
        if anchor is None:
            raise Problems([self.unknown(identifier, "story")])
        origin = articles.origin(self.conn, self.key, identifier)
        middle = anchor.published.at or origin.first_stored_at
        reach = timedelta(days=DAYS)
        held = articles.current(
            self.conn, self.key, since=middle - reach, until=middle + reach, guild_id=origin.guild_id
        )
        told = Explained("story", identifier)
        head = f"The story of article {identifier}"
        told.data = {"article": identifier, "title": None, "articles": []}
        if not any(one.id == identifier for one in held):
            why = "its text was removed" if not anchor.text else "it is off the topic"
            told.data["because"] = f"It is in no story: {why}."
            told.tell(head, f"  {_source(anchor)}", told.data["because"])
            return told
        story = next(one for one in group_stories(held) if any(a.id == identifier for a in one.articles))
        told.data["title"] = story.title
        bonds = _Bonds(held, story.articles, self._first_of(story.articles))
        lines = []
        for one in story.articles[:_LISTED]:
            other, why, shared = bonds.of(one, anchor)
            told.data["articles"].append(
                {"article": one.id, "with": other, "because": why, "shared_words": list(shared), **_about(one)}
            )
            lines.append(f"- {one.id}: {_source(one)}")
            if other:
                lines.append(f"  {_bond(why, other, shared)}")
        count = words.plural(len(story.articles), "article")
        told.tell(
            head,
            f'  "{harmless(story.title)}"' if story.title else None,
            f"{count}, among the {len(held)} that are held from {DAYS} days before it to {DAYS} days after.",
            "A briefing groups only what it tells of, so there it can be fewer.",
        )
        told.tell("Why they are together" if len(story.articles) > 1 else "It is alone", *lines)
        if len(story.articles) > _LISTED:
            told.tell(f"And {len(story.articles) - _LISTED} more.", "")
        return told

    def _first_of(self, found: Sequence[Article]) -> dict[str, str]:
        """Return the first article with each one's text, by id."""
        return {one.id: articles.origin(self.conn, self.key, one.id).copy_of or one.id for one in found}

    # --- claims and figures ------------------------------------------------------------------------------------------

    def claim(self, identifier: str) -> Explained:
        history = claims.history(self.conn, self.key, identifier)
        told = Explained("claim", identifier)
        newest = history[-1].value
        axes = "".join(f", {axis}: {value}" for axis, value in sorted(newest.axes.items()))
        told.data = {"party": newest.party, "stance": newest.stance, **_said_json(newest)}
        told.tell(
            f"Claim {identifier} [{newest.state}]",
            f"{self._name(newest.party)}: {newest.stance}{axes}"
            + (f", {harmless(newest.contribution)}" if newest.contribution else ""),
            _said(newest),
        )
        self._quotes(told, newest)
        standing, winner = self._standing(history, newest)
        told.data |= {"standing": standing, "winner": winner}
        told.tell("Does it count?", standing)
        self._history(told, history)
        return told

    def figure(self, identifier: str) -> Explained:
        history = figures.history(self.conn, self.key, identifier)
        told = Explained("figure", identifier)
        newest = history[-1].value
        told.data = {"measure": newest.measure, "value": newest.value, **_said_json(newest)}
        measure = self.library.topic.measures.get(newest.measure)
        told.tell(
            f"Figure {identifier} [{newest.state}]",
            f"{measure.label if measure else newest.measure}: {harmless(newest.value)}",
            _said(newest),
        )
        self._quotes(told, newest)
        counts = next((one for one in self.library.figures if one.id == identifier), None)
        standing = self._not_counted(history, counts)
        if standing is None and counts is not None:
            same = [one for one in self.library.figures if one.measure == counts.measure]
            others = [f"figure:{one.id}" for one in same if one.id != counts.id]
            beside = f" It stands beside {', '.join(others)}" if others else " It is the only one of its measure"
            standing = f"Yes: numbers never displace each other.{beside}, the better kind of source first."
        told.data |= {"standing": standing}
        told.tell("Does it count?", standing)
        self._history(told, history)
        return told

    def _quotes(self, told: Explained, row: Claim | Figure) -> None:
        quotes, lines = [], []
        for quote in row.quotes:
            article = self.library.source(quote)
            why = why_broken(quote, article)
            named = sentence_id(quote.article, quote.revision, quote.start, quote.end)
            quotes.append({"sentence": named, "text": quote.text, "found": why is None, "problem": why})
            shown = (
                f"> {harmless(quote.text).strip()}"
                if why is None
                else f"It does not hold: {harmless(why).rstrip('.')}."
            )
            lines.append(shown)
            lines.append(f"  {named}" + (f", {_source(article)}" if article else ""))
            if why is None:
                lines.append("  Checked just now: it stands there, letter for letter.")
        told.data["quotes"] = quotes
        told.tell("Its quotes", *(lines or ["none."]))

    def _history(self, told: Explained, history: Sequence[Recorded[Any]]) -> None:
        told.data["revisions"] = [
            {
                "revision": one.revision.number, "state": one.value.state, "at": words.iso(one.revision.changed_at),
                "by": one.revision.changed_by, "why": one.revision.why,
            }
            for one in history
        ]  # fmt: skip
        told.tell(
            "Revisions",
            *(
                f"- {one.revision.number}, {_moment(one.revision.changed_at)}: {one.value.state} by "
                f"{harmless(one.revision.changed_by)}: {harmless(one.revision.why)}"
                for one in history
            ),
        )

    def _not_counted(self, history: Sequence[Recorded[Any]], counts: Claim | Figure | None) -> str | None:
        """Say why a row is left out of every answer; None where it is not."""
        newest = history[-1]
        for broken in self.library.broken:
            if broken.row.id == newest.value.id:
                return f"No, and every answer says so: a quote of it does not hold: {harmless(broken.why).rstrip('.')}."
        if counts is not None:
            return None
        return {
            "proposed": "No: it waits for an editor, and nothing of it was approved before.",
            "rejected": "No: an editor rejected it.",
            "withdrawn": "No: it was withdrawn.",
            "approved": "No: what was decided last was not to count it.",
        }[newest.value.state]

    def _standing(self, history: Sequence[Recorded[Claim]], newest: Claim) -> tuple[str, str | None]:
        """Say whether a claim decides its party's position today; else which one does, and by which rule."""
        counts = next((one for one in self.library.claims if one.id == newest.id), None)
        left_out = self._not_counted(history, counts)
        if left_out is not None or counts is None:
            return left_out or "No.", None
        waits = ""
        if counts != newest:
            waits = f" What counts is an earlier revision: the newest one is {newest.state}."
        today = self.now.date()
        name = self._name(counts.party)
        if counts.reported_on > today:
            return f"Not yet: it was reported on {words.day(counts.reported_on)}.{waits}", None
        position = self.library.positions(today)[counts.party]
        winner = position.claim
        if winner.id == counts.id:
            return f"Yes: it decides the position of {name}: {self._company(position)}{waits}", winner.id
        if any(one.id == counts.id for one in position.agreeing):
            return f"It is shown, as it agrees with claim:{winner.id}, which decides for {name}.{waits}", winner.id
        rule = _rule(winner, counts)
        if any(one.id == counts.id for one in position.differing):
            return f"It is shown as differing. claim:{winner.id} decides for {name}: {rule}{waits}", winner.id
        newer = _newest(position)
        return (
            f"No: claim:{winner.id} decides for {name}. Only what was reported in the {COMPETING_DAYS} days up to the "
            f"newest ({words.day(newer)}) competes, and this one was reported on {words.day(counts.reported_on)}."
            f"{waits}"
        ), winner.id

    def _company(self, position: Position) -> str:
        sorts = (("agreeing with", position.agreeing), ("differing from", position.differing))
        parts = [f"{how} it: {', '.join(f'claim:{one.id}' for one in rows)}" for how, rows in sorts if rows]
        return f"{'; '.join(parts)}." if parts else "no other competes with it."

    # --- deliveries --------------------------------------------------------------------------------------------------

    def delivery(self, number: int) -> Explained:
        one = lookup.owed(self.conn, number)
        if one is None:
            raise Problems([self.unknown(str(number), "delivery")])
        told = Explained("delivery", str(number))
        stands_for = self._stands_for(one)
        server = guilds.get(self.conn, one.guild_id) if one.guild_id is not None else None
        left = server is not None and server.left_at is not None and one.done_at is None
        state = "kept back, as its server removed me" if left else _state_of(one, self.now)
        told.data = {
            "place": one.place_kind, "place_id": one.place_id, "server": one.guild_id, "action": one.action,
            "once_key": one.once_key, "stands_for": stands_for, "state": state,
            "created": words.iso(one.created_at), "due": words.iso(one.due_at),
            "done": words.iso(one.done_at) if one.done_at else None, "tries": one.attempts,
            "next_try": words.iso(one.next_try_at) if one.next_try_at else None, "last_error": one.last_error,
            "parts": [
                {
                    "part": part.position + 1, "state": part.state,
                    "message": str(part.message_id) if part.message_id is not None else None,
                    "sent": words.iso(part.sent_at) if part.sent_at else None,
                }
                for part in one.parts
            ],
        }  # fmt: skip
        to = f"{one.action.capitalize()} {'in' if one.place_kind in {'channel', 'thread'} else 'to'}"
        of = f", server {one.guild_id}" if one.guild_id is not None else ""
        told.tell(f"Delivery {number}: {state}", f"{to} {one.place_kind} {harmless(one.place_id)}{of}.", stands_for)
        told.tell(
            "When",
            f"Made {_moment(one.created_at)}, due {_moment(one.due_at)}.",
            f"Tried {words.plural(one.attempts, 'time')}." if one.attempts else "Not tried yet.",
            f"Next try {_moment(one.next_try_at)}." if one.next_try_at and not one.done_at else None,
            f"Done {_moment(one.done_at)}." if one.done_at else None,
            f"Last trouble: {harmless(one.last_error)}" if one.last_error else None,
        )
        told.tell(
            "Messages",
            *(
                f"- {part.position + 1} of {len(one.parts)}: {_PART_WORDS[part.state]}"
                + (f", message {part.message_id}" if part.message_id is not None else "")
                + (f", {_moment(part.sent_at)}" if part.sent_at else "")
                for part in one.parts
            ),
        )
        told.tell("Its key", f"{harmless(one.once_key)} (the same thing is never owed twice)")
        return told

    def _stands_for(self, one: Owed) -> str:
        kind = one.once_key.partition(":")[0]
        if kind == "briefing":
            found = briefings.plan_of_delivery(self.conn, one.id)
            if found is not None:
                plan, day = found
                return f"The briefing of {words.day(day)} of server {plan.guild_id}, at {words.hour(plan.hour)} there."
            return "A briefing that is not on record any more."
        if kind in {"update", "digest"}:
            about = Counter((event, party) for event, party in lookup.events_of(self.conn, one.id))
            named = ", ".join(
                f"{_EVENT_WORDS.get(event, event)} {self._name(party)}" + (f" ({count})" if count > 1 else "")
                for (event, party), count in about.items()
            )
            return f"What a subscriber follows: {named or 'it is not on record any more'}."
        return _STANDS_FOR.get(kind, "I don't know what it stands for.")


_NO_NEWS: Final = "It is taken for a publisher's own words (promotion, credits, buttons), not for news."
_RATED: Final = {
    "central": "like the text as a whole",
    "connected": "shares words with many of its sentences",
    "early": "stands early",
    "headline": "like the title",
    "support": "told by others too",
}
"""What the parts of a rating are given for."""
_FAULTS: Final = {
    "dangling": "leans on the sentence before it",
    "length": "is too short or too long",
    "fragment": "is no whole sentence",
    "question": "asks",
    "quotes": "is a quotation without its speaker, or part of one",
    "seen": "was shown before",
    "furniture": "is a publisher's own words",
    "same": "says what a chosen one says",
}
"""What keeps a sentence out of a summary while there are better ones."""

_STANDS_FOR: Final = {
    "hello": "The first message to somebody who has begun to follow something: it shows that messages arrive.",
    "trouble": "A word to the person who set a briefing up: it can't be posted, and why.",
    "gone": "A word to the person who set a briefing up: its channel is gone.",
    "retract": "A post that was taken back.",
}
_EVENT_WORDS: Final = {
    "position_moved": "a new position of",
    "sources_differ": "sources that differ on",
    "corrected": "a correction on",
    "article_mentions": "an article on",
}
_PART_WORDS: Final = {
    "owed": "still to be sent",
    "sending": "being sent, or broken off while it was",
    "unknown": "perhaps sent: it is looked up before it is tried again",
    "sent": "sent",
    "parked": "kept until its place takes it again",
    "dropped": "given up",
}


def _state_of(one: Owed, now: datetime) -> str:
    """Return how a delivery stands, in a word or two."""
    if one.done_at is not None:
        return "given up" if any(part.state == "dropped" for part in one.parts) else "done"
    if one.claimed_by is not None:
        return "being worked on"
    if one.next_try_at is not None and one.next_try_at > now:
        return "waits for its next try"
    return "owed" if one.due_at <= now else "not due yet"


# --- why two articles are one story ----------------------------------------------------------------------------------


class _Bonds:
    """What articles of one story have in common, as far as it can be seen from outside the newsroom."""

    def __init__(self, held: Sequence[Article], members: Sequence[Article], first: Mapping[str, str]) -> None:
        """Look at the ``members`` among all that is ``held``, where words of many say less than words of few.

        ``first`` is the first article with each one's text.
        """
        self._members = members[: 2 * _LISTED]
        self._first = first
        self._words = {one.id: _opening(one) for one in held}
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
        common = sorted(set(ours) & set(theirs), key=lambda word: (self._spread[word], word))
        return tuple(ours[word] for word in common[:_SHARED_WORDS])


def _alike(one: Article, other: Article | None) -> str:
    """Say how far two texts are one, as far as both are there."""
    if other is None or not one.text or not other.text:
        return "the same text, or nearly the same,"
    ours, theirs = one.text[one.body_start :].strip(), other.text[other.body_start :].strip()
    if ours == theirs:
        return "the same text"
    from summaries.copies import shared

    return f"nearly the same text ({shared(ours, theirs):.0%} of the shorter one, in runs of three words)"


def _is_same_text(one: Article, other: Article) -> bool:
    from summaries.copies import same_text

    return same_text(one.text[one.body_start :], other.text[other.body_start :])


def _opening(article: Article) -> dict[str, str]:
    """Return the words of a title and opening that can tell events apart: folded, to how they stand there."""
    body = article.text[article.body_start : article.body_start + 4000]
    found = re.findall(r"\w+", f"{article.title or ''} {' '.join(body.split()[:70])}")
    telling = (word for word in reversed(found) if len(word) > 4 or word[0].isupper() or word.isdigit())
    return {word.casefold()[:6]: word for word in telling if len(word) > 1}


def _bond(why: str, other: str, shared: Sequence[str]) -> str:
    named = ", ".join(f'"{harmless(word)}"' for word in shared)
    both = f" Both begin with: {named}." if named else ""
    if why == "copy":
        return f"The same text as {other}, or nearly the same."
    if why == "same_text":
        return f"Much of it stands in {other} as well, word for word."
    return f"The same event as {other}: near in time, alike in title and opening.{both}"


# --- words -----------------------------------------------------------------------------------------------------------


def _about(article: Article) -> dict[str, Any]:
    return {
        "title": article.title, "publisher": article.publisher, "url": article.url,
        "published": article.published.iso, "published_is": article.published.basis,
    }  # fmt: skip


def _source(article: Article) -> str:
    """Return what an article is called, with its publisher, date and link."""
    return _receipt(article.title, article.label, article.publisher, article.published, article.url)


def _named(one: Listed) -> str:
    return _receipt(one.title, one.label, one.publisher, one.published, one.url)


def _receipt(title: str | None, label: str | None, publisher: str | None, published: Published, url: str | None) -> str:
    name = f'"{harmless(title)}"' if title else harmless(label) if label else "without a title"
    who = harmless(publisher) if publisher else "publisher unknown"
    return f"{name}, {who}, {words.published(published)}, {harmless(url) if url else 'no link on file'}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _identity(name: str) -> str:
    """Say by which kind of name an article is known again."""
    if name.startswith(SHIPPED):
        return f"the dossier's own name {harmless(name.removeprefix(SHIPPED))}"
    kind, _, rest = name.partition(":")
    called = {"guid": "the guid", "url": "the address", "file": "the file", "title": "the day and title"}.get(kind)
    return f"{called} {harmless(name if kind == 'file' else rest)}" if called else harmless(name)


def _changes(before: Version, after: Version) -> list[str]:
    """Say what became another between two revisions, without saying what it says."""
    changed = []
    if before.title != after.title:
        old, new = (f'"{harmless(one)}"' if one else "none" for one in (before.title, after.title))
        changed.append(f"the title was {old}, now {new}")
    if before.text is None or after.text is None:
        changed += [] if before.text == after.text else ["what changed in the text can't be said any more"]
    elif before.text != after.text:
        changed.append(_text_change(before.text, after.text))
    if before.url != after.url:
        changed.append("another address")
    if before.published_at != after.published_at:
        changed.append("another date")
    return changed or ["what is known about it changed"]


def _text_change(before: str, after: str) -> str:
    """Say how much of a text changed, and where: between what is the same at the beginning and at the end."""
    start = _same(before, after)
    rest = min(len(before), len(after)) - start
    end = min(_same(before[::-1], after[::-1]), rest)
    old, new = len(before) - start - end, len(after) - start - end
    return f"in the text {words.plural(old, 'character')} at {start} became {words.plural(new, 'character')}"


def _same(one: str, other: str) -> int:
    """Return how many characters two texts have in common from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _said(row: Claim | Figure) -> str:
    office = f" ({harmless(row.office)})" if row.office else ""
    via = f", citing {harmless(row.via)}" if row.via else ""
    said = f", said {words.interval(row.said_on)}" if row.said_on else ""
    return f"{harmless(row.speaker)}{office}{via}, source: {row.kind}, reported {words.day(row.reported_on)}{said}"


def _said_json(row: Claim | Figure) -> dict[str, Any]:
    return {
        "state": row.state, "speaker": row.speaker, "source": row.kind, "reported_on": row.reported_on.isoformat(),
    }  # fmt: skip


def _newest(position: Position) -> date:
    """Return the day from which the days are counted in which claims compete; unnamed ones don't move it."""
    shown = (position.claim, *position.agreeing, *position.differing)
    named = position.claim.kind in {"official", "named"}
    return max(one.reported_on for one in shown if not (named and one.kind == "unnamed"))


def _rule(winner: Claim, loser: Claim) -> str:
    """Say by which rule of reading one claim stands above another (rule 8; README, "How claims are verified")."""
    if SOURCE_KINDS.index(winner.kind) != SOURCE_KINDS.index(loser.kind):
        return f"the better kind of source counts ({winner.kind} before {loser.kind})."
    if winner.reported_on != loser.reported_on:
        return f"it was reported later ({words.day(winner.reported_on)} after {words.day(loser.reported_on)})."
    if winner.said_last != loser.said_last:
        return f"it was said later ({words.day(winner.said_last)} after {words.day(loser.said_last)})."
    return "all else being equal, by the order of their ids."


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
