"""Why an article is news or not, where it came from, who uses it, and what each revision changed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.library import page_said
from bot.render import words
from bot.render.medium import harmless
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, copies, lookup
from bot.store.articles import Origin
from bot.store.lookup import Version
from bot.store.retention import SHIPPED
from bot.why.explained import (
    LISTED,
    Ask,
    Explained,
    about,
    moment,
    name_of,
    named,
    quoting_json,
    quoting_line,
    shown_json,
    shown_lines,
    source,
)
from bot.why.ids import unknown
from summaries.article import Article
from summaries.toml import Problems


def explain_article(ask: Ask, identifier: str) -> Explained:
    """Explain an article: where it came from, how it counts, what became of it, and who uses it."""
    article = articles.get(ask.conn, ask.key, identifier)
    if article is None:
        raise Problems([unknown(ask, identifier, "article")])
    origin = articles.origin(ask.conn, ask.key, identifier)
    known = lookup.versions(ask.conn, ask.key, identifier)
    told = Explained("article", identifier)
    told.data = {"article": identifier, "revision": article.revision, **about(article)}
    told.tell(
        f"Article {identifier}, revision {article.revision} of {len(known)}",
        f"  {source(article)}",
        f"  Its story: rollcall why story:{identifier}. Its text: rollcall article {identifier}",
    )
    _where_from(ask, told, origin, known)
    _how_it_counts(ask, told, article, origin, known)
    _page(ask, told, origin)
    _revisions(ask, told, known, origin)
    _who_uses_it(ask, told, article)
    return told


def _where_from(ask: Ask, told: Explained, origin: Origin, known: Sequence[Version]) -> None:
    shipped = origin.identities[:1] and origin.identities[0].startswith(SHIPPED)
    source = lookup.source(ask.conn, origin.feed_id) if origin.feed_id is not None else None
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
        f"First stored {moment(origin.first_stored_at)}, newest revision {moment(known[-1].stored_at)}.",
        "It is known again by:",
        *(f"- {_identity(one)}" for one in origin.identities[:LISTED]),
    )


def _how_it_counts(ask: Ask, told: Explained, article: Article, origin: Origin, known: Sequence[Version]) -> None:
    group = copies.of(ask.conn, ask.key, article.id, guild_id=origin.guild_id)
    because = _background(ask, origin, known)
    told.data |= {
        "background": origin.background,
        "because": because,
        "copy_of": origin.copy_of,
        "copies": [one.id for one in group],
    }
    _relevance(ask, told, article, origin)
    told.tell("News or background", because)
    if group or origin.copy_of:
        first = None
        if origin.copy_of:
            alike = _alike(article, articles.get(ask.conn, ask.key, origin.copy_of))
            first = f"It has {alike} as {origin.copy_of}, which was stored first."
        has = "has" if len(group) == 1 else "have"
        own = f"{words.plural(len(group), 'article')} {has} the same text, or nearly the same:"
        told.tell(
            "Copies",
            first or "It was the first with its text.",
            own if group else None,
            *(f"- {one.id}: {named(one)}" for one in group[:LISTED]),
        )


def _relevance(ask: Ask, told: Explained, article: Article, origin: Origin) -> None:
    threshold = ask.library.topic.relevance.threshold
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
        found = ask.library.scorer.score(article)
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


def _background(ask: Ask, origin: Origin, known: Sequence[Version]) -> str:
    """Say whether an article counts as news, and why."""
    if not origin.background:
        return "News: briefings show it, once each." if origin.relevant else "News, but off the topic: not shown."
    if origin.identities[:1] and origin.identities[0].startswith(SHIPPED):
        return "Background: shipped articles are never news."
    published = known[0].published_at
    if published is not None and published < origin.first_stored_at - BACKGROUND_AFTER:
        days = (origin.first_stored_at - published).days
        return f"Background: {days} days old when it was stored. Up to {BACKGROUND_AFTER.days} days would be news."
    source = lookup.source(ask.conn, origin.feed_id) if origin.feed_id is not None else None
    if source is not None and source.baseline_at is not None and origin.first_stored_at <= source.baseline_at:
        return "Background: it was in its feed already when that was first read."
    return "Background: it was there before news began to count, or its feed says so."


def _page(ask: Ask, told: Explained, origin: Origin) -> None:
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
    later = f"Next try {moment(origin.page_next_at)}." if origin.page_next_at else None
    told.tell("Its page", said, tries if state != "read" else None, later)


def _revisions(ask: Ask, told: Explained, known: Sequence[Version], origin: Origin) -> None:
    rows, lines = [], []
    for before, one in zip([None, *known], known, strict=False):
        changed = ["first stored"] if before is None else _changes(before, one)
        removed = None
        if one.text_removed_at is not None:
            removed = (
                f"its text was removed {moment(one.text_removed_at)}: no claim or figure quotes it, and it was "
                f"{'off the topic' if not origin.relevant else 'old'} (settings keep.texts_days, off_topic_days)"
            )
        lines.append(f"- {one.number}, {moment(one.stored_at)}: {'; '.join([*changed, *filter(None, [removed])])}")
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


def _who_uses_it(ask: Ask, told: Explained, article: Article) -> None:
    spoken = articles.mentioned(ask.conn, ask.key, article.id, article.revision)
    told.data["parties"] = [
        {"party": one.party, "count": one.count, "start": one.start, "end": one.end} for one in spoken
    ]
    names = [f"{name_of(ask, one.party)} ({one.count})" for one in sorted(spoken, key=lambda one: -one.count)]
    told.tell("It speaks of", ", ".join(names) or "no country or organisation that I know.")
    quoting = lookup.quoting(ask.conn, ask.key, article.id)
    told.data["quoted_by"] = [quoting_json(ask, one) for one in quoting]
    lines = [f"- {one}" for one in dict.fromkeys(quoting_line(ask, one) for one in quoting)]
    told.tell("Quoted by", *(lines or ["nothing." if told.data["shipped"] else "nothing: its text may go one day."]))
    shown = lookup.shown_at(ask.conn, ask.key, article.id)
    people = lookup.told(ask.conn, ask.key, article.id)
    told.data["shown"] = shown_json(shown)
    told.data["told_subscribers"] = people
    lines = shown_lines(shown)
    lines += [f"- as a message to {words.plural(people, 'subscriber')}"] if people else []
    told.tell("Shown in", *(lines or ["nothing so far that is on record."]))


def _alike(one: Article, other: Article | None) -> str:
    """Say how far two texts are one, as far as both are there."""
    if other is None or not one.text or not other.text:
        return "the same text, or nearly the same,"
    ours, theirs = one.text[one.body_start :].strip(), other.text[other.body_start :].strip()
    if ours == theirs:
        return "the same text"
    from summaries.copies import shared

    return f"nearly the same text ({shared(ours, theirs):.0%} of the shorter one, in runs of three words)"


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
        changed.append(text_change(before.text, after.text))
    if before.url != after.url:
        changed.append("another address")
    if before.published_at != after.published_at:
        changed.append("another date")
    return changed or ["what is known about it changed"]


def text_change(before: str, after: str) -> str:
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
