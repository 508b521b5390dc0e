"""``who-is-in [stance] [as-of DATE]``: the whole table at a glance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.answers import Action, Answer, Receipt, mistake
from bot.commands.asking import (
    BUCKET_WORDS,
    COUNTED_WORDS,
    counted_as,
    frame,
    label,
    lower_first,
    match_stance,
    receipts,
    symbol,
)
from bot.library import Library
from bot.render.words import plural
from bot.request import BadDate, Request, split_as_of
from summaries.claims import Figure
from summaries.table import Position, Totals, figures_at, totals
from summaries.toml import did_you_mean
from summaries.topic import BUCKETS

COMMAND = "who-is-in"


def who_is_in(request: Request, library: Library) -> Answer:
    """Answer with all parties grouped by position, totals that add up, and the numbers that name nobody."""
    try:
        typed, as_of, given = split_as_of(request)
    except BadDate as error:
        return mistake(COMMAND, "bad_date", str(error))
    topic = library.topic
    table = library.positions(as_of)
    wanted = list(topic.stances.values())
    if typed:
        chosen = match_stance(typed, topic)
        if chosen is None:
            return _unknown_stance(typed, request, library)
        wanted = chosen
    keys = {stance.key for stance in wanted}
    shown = {party: position for party, position in table.items() if position.stance in keys}
    sums = totals(topic, library.parties, table.values())
    figures = figures_at(library.figures, topic, as_of)
    last_change = max((position.last_change for position in table.values()), default=None)
    nameless = [_figure(row, library) for m, rows in figures.items() if topic.measures[m].nameless for row in rows]
    quoted = [receipts(position.claim, library) for position in shown.values()]
    return Answer(
        command=COMMAND,
        template="who-is-in",
        view={
            **frame(request, library, as_of, given),
            "filtered": typed,
            "sections": _sections(shown, library),
            "headline": headline(sums, table, library),
            "parties": len(table),
            "axes": _axes(table, library) if not typed or not shown else [],
            "nameless": nameless[:1],
            "figures": {topic.measures[m].label: rows for m, rows in figures.items()},
            "last_change": last_change,
            "example": min((library.parties[party].name for party in shown or table), default=None),
        },
        data={
            "groups": _groups(shown, library),
            "totals": totals_json(sums),
            "figures": [_figure_json(row, library) for rows in figures.values() for row in rows],
            "as_of": as_of.isoformat(),
            "last_change": last_change.isoformat() if last_change else None,
        },
        receipts=tuple(_once(receipt for row in (*quoted, *(n["receipts"] for n in nameless)) for receipt in row)),
        actions=(
            _choose(table, library, f" as-of {as_of.isoformat()}" if given else ""),
            Action("Proof of the numbers", "proof figures"),
            Action("What the labels mean", "about"),
        ),
    )


def _choose(table: dict[str, Position], library: Library, as_of: str) -> Action:
    """Offer each party of the table, with what is known of it in a word."""
    parties = sorted((library.parties[code] for code in table), key=lambda party: party.name)
    return Action(
        "Choose a party",
        "status",
        choices=tuple(
            Action(
                f"{party.name}: {lower_first(label(library.topic, table[party.code].claim))}",
                f"status {party.name}{as_of}",
            )
            for party in parties
        ),
    )


def _unknown_stance(typed: str, request: Request, library: Library) -> Answer:
    stances = library.topic.stances.values()
    known = list(dict.fromkeys([*BUCKETS, *(stance.key for stance in stances)]))
    party = library.parties.resolve(typed).party
    hint = f" One party: {request.prefix}status {party.name}." if party else did_you_mean(typed, known)
    return mistake(
        COMMAND,
        "unknown_stance",
        f'"{typed[:60]}" is no position I know.{hint} Known: {", ".join(known)}.',
        data={"suggestions": [{"stance": stance.key, "label": stance.label} for stance in stances]},
    )


def _names(positions: list[Position], library: Library) -> list[dict[str, Any]]:
    rows = [
        {"name": library.parties[p.party].name, "differs": any(d.stance != p.stance for d in p.differing)}
        for p in positions
    ]
    return sorted(rows, key=lambda row: str(row["name"]))


def _sections(shown: dict[str, Position], library: Library) -> list[dict[str, Any]]:
    """Group positions: bucket (or a role counted apart, such as the host), then label."""
    topic = library.topic
    sections = []
    for bucket in BUCKETS:
        inside = [p for p in shown.values() if topic.stances[p.stance].bucket == bucket]
        for word in dict.fromkeys(
            counted_as(topic, p.claim) for p in sorted(inside, key=lambda p: topic.rank(p.stance))
        ):
            members = [p for p in inside if counted_as(topic, p.claim) == word]
            groups: dict[str, list[Position]] = {}
            # A stance's plain label comes before its roles': who belongs, then who only came.
            for position in sorted(members, key=lambda p: (topic.rank(p.stance), _role(p, library))):
                groups.setdefault(label(topic, position.claim), []).append(position)
            organisations = [p for p in members if library.parties[p.party].kind == "organisation"]
            sections.append(
                {
                    "word": BUCKET_WORDS[bucket] if word == COUNTED_WORDS[bucket] else word,
                    "symbol": symbol(topic, members[0].claim),
                    "count": _count(len(members) - len(organisations), len(organisations)),
                    "single": len(groups) == 1 and word.casefold() == next(iter(groups)).casefold(),
                    "groups": [{"label": name, "parties": _names(rows, library)} for name, rows in groups.items()],
                }
            )
    return sections


def _count(countries: int, organisations: int) -> str:
    """Return how many stand in a section: countries alone as a bare number, organisations by name."""
    if not organisations:
        return str(countries)
    counted = [plural(countries, "country", "countries")] if countries else []
    return " and ".join([*counted, plural(organisations, "organisation")])


def _role(position: Position, library: Library) -> bool:
    return (position.claim.contribution or "") in library.topic.stances[position.stance].roles


def _groups(shown: dict[str, Position], library: Library) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for position in sorted(shown.values(), key=lambda p: (library.topic.rank(p.stance), p.party)):
        groups.setdefault(position.stance, []).append(position.party)
    return groups


def totals_json(sums: Totals) -> dict[str, int]:
    """Return totals as the JSON interface has them: countries by bucket, organisations counted apart."""
    return {
        **{str(bucket): n for bucket, n in sums.countries.items()},
        "organisations": sum(sums.organisations.values()),
    }


def headline(sums: Totals, table: dict[str, Position], library: Library) -> list[str]:
    """Return the totals in words: "4 in and 2 organisations", "6 maybe", "2 say no", "1 host"."""
    parts = []
    for bucket in ("in", "maybe", "no"):
        count, organisations = sums.countries[bucket], sums.organisations[bucket]
        word = ("says no" if count == 1 else "say no") if bucket == "no" else BUCKET_WORDS[bucket].casefold()
        text = f"{count} {word}"
        if organisations:
            text += f" and {plural(organisations, 'organisation')}"
        parts.append(text)
    outside: dict[str, int] = {}
    for position in table.values():
        if library.topic.stances[position.stance].bucket == "outside":
            word = counted_as(library.topic, position.claim).casefold()
            outside[word] = outside.get(word, 0) + 1
    return [*parts, *(f"{count} {word}" for word, count in outside.items())]


def _axes(table: dict[str, Position], library: Library) -> list[dict[str, Any]]:
    rows = []
    for axis in library.topic.axes.values():
        if axis.headline is None:
            continue
        names = sorted(
            library.parties[p.party].name for p in table.values() if p.axes.get(axis.key) == axis.headline.value
        )
        rows.append({"label": axis.headline.label, "names": names})
    return rows


def _figure(row: Figure, library: Library) -> dict[str, Any]:
    return {"figure": row, "receipts": receipts(row, library)}


def _figure_json(row: Figure, library: Library) -> dict[str, Any]:
    return {
        "id": row.id,
        "measure": row.measure,
        "label": library.topic.measures[row.measure].label,
        "value": row.value,
        "low": row.low,
        "high": row.high,
        "receipts": [receipt.as_json() for receipt in receipts(row, library)],
    }


def _once(rows: Iterable[Receipt]) -> list[Receipt]:
    """Keep the first of equal quotes: one sentence may speak of several parties."""
    kept: dict[tuple[str, int, int, int, str], Receipt] = {}
    for receipt in rows:
        kept.setdefault((receipt.article, receipt.revision, receipt.start, receipt.end, receipt.speaker), receipt)
    return list(kept.values())
