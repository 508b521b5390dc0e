"""Why a sentence is quoted or chosen, and where it was shown."""

from __future__ import annotations

from typing import Final

from bot.answers import sentence_id
from bot.render import words
from bot.render.medium import harmless
from bot.render.ratings import RATED, faults_in_words, place_of
from bot.store import articles, lookup
from bot.why.explained import Ask, Explained, about, moment, quoting_json, quoting_line, shown_json, shown_lines, source
from summaries.article import Article
from summaries.text import Span, collapse, is_heading
from summaries.toml import Problems

_NO_NEWS: Final = "It is taken for a publisher's own words (promotion, credits, buttons), not for news."


def explain_sentence(ask: Ask, identifier: str, revision: int, span: Span) -> Explained:
    """Explain a passage of a revision: where it stands, who quotes it, where it was shown, and how it is rated."""
    article = articles.get(ask.conn, ask.key, identifier, revision)
    known = lookup.versions(ask.conn, ask.key, identifier)
    if article is None:
        raise Problems([f"Article {identifier} has revisions 1 to {len(known)}, not {revision}."])
    named = sentence_id(identifier, revision, *span)
    version = known[revision - 1]
    quoting = [
        one
        for one in lookup.quoting(ask.conn, ask.key, identifier)
        if one.revision == revision and span.overlaps(Span(one.start, one.end))
    ]
    told = Explained("sentence", named)
    shown = lookup.shown_at(ask.conn, ask.key, named, kind="sentence")
    told.data = {
        "article": identifier, "revision": revision, "start": span.start, "end": span.end, "text": None,
        **about(article), "quoted_by": [quoting_json(ask, one) for one in quoting], "shown": shown_json(shown),
    }  # fmt: skip
    if version.text is None:
        gone = moment(version.text_removed_at) if version.text_removed_at else "since"
        told.tell(
            f"Sentence {named}", f"  {source(article)}", f"Its text was removed {gone}, as nothing quoted it."
        )  # fmt: skip
        return told
    if not 0 <= span.start < span.end <= len(article.text):
        length = len(article.text)
        raise Problems([f"Revision {revision} of {identifier} is {length} characters long: {named} is no part of it."])
    told.data["text"] = span.of(article.text)
    told.tell(f"Sentence {named}", f"> {harmless(span.of(article.text)).strip()}", f"  {source(article)}")
    newer = f"It is of revision {revision}; the newest is {len(known)}." if revision < len(known) else None
    told.tell("Where it stands", _place(ask, told, article, span), newer)
    told.tell("Quoted by", *([f"- {quoting_line(ask, one)}" for one in quoting] or ["nothing."]))
    if told.data["is_sentence"]:
        told.tell("Told as part of a story in", *(shown_lines(shown) or ["nothing so far that is on record."]))
    told.data["summary"] = None
    if told.data["is_sentence"]:
        # Only whole sentences are chosen.
        told.tell("In the summary of its article", *_summary(ask, told, article, span))
    return told


def _place(ask: Ask, told: Explained, article: Article, span: Span) -> str:
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


def _summary(ask: Ask, told: Explained, article: Article, span: Span) -> list[str]:
    """Say whether the summary of its article alone would choose a passage, and what is known of why not."""
    from summaries.boilerplate import is_boilerplate
    from summaries.summarize import rate_sentences

    lengths = ask.library.lengths()
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
    points = ", ".join(f"{RATED.get(name, name).removeprefix('is ')} {value:.2f}" for name, value in own.parts.items())
    rating = f"Rated {place_of(own, rated)} of {len(rated)}, {own.rating:.2f} points: {points}."
    if own.chosen:
        return [f"Chosen ({of}).", rating]
    faults = faults_in_words(own.faults)
    why = f"It {faults}." if faults else "Others were rated higher, or there was no room left."
    return [f"Not chosen ({of}). {why}", rating, *(f"- chosen: {one}" for one in others)]
