"""Why a claim or figure of the table counts or not, and whether its quotes hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from bot.answers import sentence_id
from bot.render import words
from bot.render.medium import harmless
from bot.store import claims, figures
from bot.store.ledger import Recorded
from bot.why.explained import Ask, Explained, moment, name_of, source
from summaries.claims import SOURCE_KINDS, Claim, Figure
from summaries.receipts import why_broken
from summaries.table import COMPETING_DAYS, Position


def explain_claim(ask: Ask, identifier: str) -> Explained:
    """Explain a claim: its quotes, whether it counts and by which rule, and its revisions."""
    history = claims.history(ask.conn, ask.key, identifier)
    told = Explained("claim", identifier)
    newest = history[-1].value
    axes = "".join(f", {axis}: {value}" for axis, value in sorted(newest.axes.items()))
    told.data = {"party": newest.party, "stance": newest.stance, **_said_json(newest)}
    told.tell(
        f"Claim {identifier} [{newest.state}]",
        f"{name_of(ask, newest.party)}: {newest.stance}{axes}"
        + (f", {harmless(newest.contribution)}" if newest.contribution else ""),
        _said(newest),
    )
    _quotes(ask, told, newest)
    standing, winner = _standing(ask, history, newest)
    told.data |= {"standing": standing, "winner": winner}
    told.tell("Does it count?", standing)
    _history(ask, told, history)
    return told


def explain_figure(ask: Ask, identifier: str) -> Explained:
    """Explain a figure: its quotes, whether it counts and by which rule, and its revisions."""
    history = figures.history(ask.conn, ask.key, identifier)
    told = Explained("figure", identifier)
    newest = history[-1].value
    told.data = {"measure": newest.measure, "value": newest.value, **_said_json(newest)}
    measure = ask.library.topic.measures.get(newest.measure)
    told.tell(
        f"Figure {identifier} [{newest.state}]",
        f"{measure.label if measure else newest.measure}: {harmless(newest.value)}",
        _said(newest),
    )
    _quotes(ask, told, newest)
    counts = next((one for one in ask.library.figures if one.id == identifier), None)
    standing = _not_counted(ask, history, counts)
    if standing is None and counts is not None:
        same = [one for one in ask.library.figures if one.measure == counts.measure]
        others = [f"figure:{one.id}" for one in same if one.id != counts.id]
        beside = f" It stands beside {', '.join(others)}" if others else " It is the only one of its measure"
        standing = f"Yes: numbers never displace each other.{beside}, the better kind of source first."
    told.data |= {"standing": standing}
    told.tell("Does it count?", standing)
    _history(ask, told, history)
    return told


def _quotes(ask: Ask, told: Explained, row: Claim | Figure) -> None:
    quotes, lines = [], []
    for quote in row.quotes:
        article = ask.library.source(quote)
        why = why_broken(quote, article)
        named = sentence_id(quote.article, quote.revision, quote.start, quote.end)
        quotes.append({"sentence": named, "text": quote.text, "found": why is None, "problem": why})
        shown = (
            f"> {harmless(quote.text).strip()}" if why is None else f"It does not hold: {harmless(why).rstrip('.')}."
        )
        lines.append(shown)
        lines.append(f"  {named}" + (f", {source(article)}" if article else ""))
        if why is None:
            lines.append("  Checked just now: it stands there, letter for letter.")
    told.data["quotes"] = quotes
    told.tell("Its quotes", *(lines or ["none."]))


def _history(ask: Ask, told: Explained, history: Sequence[Recorded[Any]]) -> None:
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
            f"- {one.revision.number}, {moment(one.revision.changed_at)}: {one.value.state} by "
            f"{harmless(one.revision.changed_by)}: {harmless(one.revision.why)}"
            for one in history
        ),
    )


def _not_counted(ask: Ask, history: Sequence[Recorded[Any]], counts: Claim | Figure | None) -> str | None:
    """Say why a row is left out of every answer; None where it is not."""
    newest = history[-1]
    for broken in ask.library.broken:
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


def _standing(ask: Ask, history: Sequence[Recorded[Claim]], newest: Claim) -> tuple[str, str | None]:
    """Say whether a claim decides its party's position today; else which one does, and by which rule."""
    counts = next((one for one in ask.library.claims if one.id == newest.id), None)
    left_out = _not_counted(ask, history, counts)
    if left_out is not None or counts is None:
        return left_out or "No.", None
    waits = ""
    if counts != newest:
        waits = f" What counts is an earlier revision: the newest one is {newest.state}."
    today = ask.now.date()
    name = name_of(ask, counts.party)
    if counts.reported_on > today:
        return f"Not yet: it was reported on {words.day(counts.reported_on)}.{waits}", None
    position = ask.library.positions(today)[counts.party]
    winner = position.claim
    if winner.id == counts.id:
        return f"Yes: it decides the position of {name}: {_company(ask, position)}{waits}", winner.id
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


def _company(ask: Ask, position: Position) -> str:
    sorts = (("agreeing with", position.agreeing), ("differing from", position.differing))
    parts = [f"{how} it: {', '.join(f'claim:{one.id}' for one in rows)}" for how, rows in sorts if rows]
    return f"{'; '.join(parts)}." if parts else "no other competes with it."


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
