"""``proof COUNTRY [n]`` and ``proof figures [n]``: a quote inside its paragraph, its source, and the check made."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bot.answers import Action, Answer, mistake
from bot.commands.asking import frame, label, receipts, refuse_broken, understand
from bot.library import Library
from bot.render.words import iso, plural
from bot.request import BadDate, Request, split_as_of
from bot.store import claims, figures
from bot.store.engine import Connection
from summaries.article import Article
from summaries.claims import Claim, Figure, Quote, Revision
from summaries.table import figures_at
from summaries.text import Span, paragraphs

COMMAND = "proof"

MAX_PARAGRAPH = 900
"""A longer paragraph is shown from its sentence's neighbourhood only, so that a proof fits into one message."""


def proof(request: Request, library: Library) -> Answer:
    """Answer with one source of a party's position, or of the figures, as it stands in the article."""
    try:
        words, as_of, given = split_as_of(request)
    except BadDate as error:
        return mistake(COMMAND, "bad_date", str(error))
    match = re.fullmatch(r"(.*?)[\s#]+(\d{1,4})", words)
    name, number = (match[1].strip(), int(match[2])) if match else (words, None)
    base = frame(request, library, as_of, given)
    if name.casefold() in {"figures", "numbers"}:
        rows = [row for group in figures_at(library.figures, library.topic, as_of).values() for row in group]
        if not rows:
            return mistake(COMMAND, "no_figures", "No source on file gives a number for the whole.")
        return _answer({**base, "party": None, "read_as": None}, library, "figures", rows, number)
    asked = understand(replace(request, words=name), library, COMMAND)
    if isinstance(asked, Answer):
        return asked
    refuse_broken(asked.party, library)
    position = library.positions(as_of).get(asked.party.code)
    base |= {"party": asked.party, "read_as": asked.typed if asked.guessed else None}
    if position is None:
        return Answer(
            command=COMMAND,
            template="no-proof",
            view=base,
            data={"party": asked.party.code, "sources": 0, "as_of": as_of.isoformat()},
            actions=(Action("Status", f"status {asked.party.name}"),),
        )
    return _answer(base, library, asked.party.name, list(position.claims), number)


def _answer(
    base: dict[str, Any],
    library: Library,
    name: str,
    rows: list[Claim] | list[Figure],
    number: int | None,
) -> Answer:
    chosen = 1 if number is None else number
    if not 1 <= chosen <= len(rows):
        return mistake(
            COMMAND,
            "no_such_source",
            f"There {'is' if len(rows) == 1 else 'are'} {plural(len(rows), 'source')} for {name}, numbered from 1.",
        )
    row = rows[chosen - 1]
    checked = receipts(row, library)
    articles = [library.source(quote) for quote in row.quotes]
    with library.reading() as connection:
        approved = _approval(connection, library.topic.key, row)
    topic = library.topic
    reading = label(topic, row) if isinstance(row, Claim) else f"{topic.measures[row.measure].label}: {row.value}"
    criterion = topic.stances[row.stance].criterion if isinstance(row, Claim) else None
    shown = [
        {"receipt": receipt, "passage": _passage(article, quote), "fingerprint": article.fingerprint[:12]}
        for receipt, article, quote in zip(checked, articles, row.quotes, strict=True)
        if article is not None
    ]
    others = [n for n in range(1, len(rows) + 1) if n != chosen]
    return Answer(
        command=COMMAND,
        template="proof",
        view={
            **base,
            "name": name,
            "number": chosen,
            "count": len(rows),
            "row": row,
            "shown": shown,
            "reading": reading,
            "criterion": criterion,
            "approved": approved,
            "approved_on": approved.changed_at.date() if approved else None,
            "known": _known(articles[0]),
            "following": chosen % len(rows) + 1,
        },
        data={
            "party": base["party"].code if base["party"] else None,
            "source": chosen,
            "sources": len(rows),
            "row": row.id,
            "reading": reading,
            "checks": [{"article": r.article, "revision": r.revision, "found": True} for r in checked],
            "approved_by": approved.changed_by if approved else None,
            "approved_at": iso(approved.changed_at) if approved else None,
            "as_of": base["as_of"].isoformat(),
        },
        receipts=checked,
        actions=tuple(Action(f"Proof {n}", f"proof {name} {n}") for n in others[:4]),
    )


def _approval(connection: Connection, dossier: str, row: Claim | Figure) -> Revision | None:
    """Return the change that approved a row as it is now shown."""
    ledger = claims if isinstance(row, Claim) else figures
    history = ledger.history(connection, dossier, row.id)
    return next((one.revision for one in reversed(history) if one.value.state == "approved"), None)


def _passage(article: Article, quote: Quote) -> dict[str, Any]:
    """Return the paragraph around a quote, or as much of a long one as surrounds it."""
    around = next(
        (p for p in paragraphs(article.text, article.body_start) if p.overlaps(quote.span)),
        Span(quote.start, quote.end),
    )
    start, end = min(around.start, quote.start), max(around.end, quote.end)
    cut_before = cut_after = False
    if end - start > MAX_PARAGRAPH:
        spare = max(0, MAX_PARAGRAPH - (quote.end - quote.start)) // 2
        new_start, new_end = max(start, quote.start - spare), min(end, quote.end + spare)
        cut_before, cut_after = new_start > start, new_end < end
        # Cut between words: after the first space before the quote, before the last one behind it.
        if cut_before:
            new_start = article.text.find(" ", new_start, quote.start) + 1 or quote.start
        if cut_after:
            new_end = max(quote.end, article.text.rfind(" ", quote.end, new_end))
        start, end = new_start, new_end
    return {
        "text": article.text[start:end],
        "whole": start == quote.start and end == quote.end,
        "cut_before": cut_before,
        "cut_after": cut_after,
    }


def _known(article: Article | None) -> dict[str, list[str]]:
    """Sort what is on file about an article into known and not known."""
    known: list[str] = []
    unknown: list[str] = []
    if article is not None:
        basis = article.published.basis
        (known if article.published.day else unknown).append(
            {"stated": "date (stated)", "inferred": "date (inferred)", "unknown": "date"}[basis]
        )
        for word, value in (
            ("title", article.title),
            ("author", article.author),
            ("publisher", article.publisher),
            ("link", article.url),
        ):
            (known if value else unknown).append(word)
    return {"known": known, "unknown": unknown}
