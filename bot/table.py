"""The stance table from an editor's side: checking, exporting and importing the rows of the store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from bot.events import Rows, record_table_events
from bot.library import Library
from bot.render.medium import harmless
from bot.store import claims, figures
from summaries.claims import Claim, Figure, State
from summaries.stances import Table, as_row, check_table, parse_table, write_table


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, by row id."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


_DECIDED: tuple[State, ...] = ("approved", "withdrawn", "rejected", "proposed")


def stored_table(library: Library) -> Table:
    """Return the table of the store: of each row the newest decided revision, or the proposal where none is decided."""
    key = library.topic.key
    with library.store.reading() as connection:
        return Table(
            tuple(claims.effective(connection, key, states=_DECIDED)),
            tuple(figures.effective(connection, key, states=_DECIDED)),
        )


def proposals(library: Library) -> Table:
    """Return the rows that wait for an editor: the newest revision of each row whose newest one is a proposal."""
    key = library.topic.key
    with library.store.reading() as connection:
        newest = claims.all_rows(connection, key), figures.all_rows(connection, key)
    return Table(
        tuple(one.value for one in newest[0] if one.value.state == "proposed"),
        tuple(one.value for one in newest[1] if one.value.state == "proposed"),
    )


def check(library: Library) -> list[str]:
    """Verify every row of the store against the topic and its articles; one sentence for each thing that is wrong."""
    found = []
    stored = ((stored_table(library), "stored table"), (proposals(library), "proposals"))
    # Many rows quote few articles.
    article = cache(library.article)
    with library.one_moment():
        for table, source in stored:
            found += check_table(table, library.topic, library.parties, article, source)
    return list(dict.fromkeys(found))


def export(library: Library, *, proposed: bool = False) -> str:
    """Return the store's table as ``stances.toml``: the same rows are always the same bytes.

    With ``proposed`` the rows that wait for an editor instead, as they would be once approved: importing does that.
    """
    if not proposed:
        return write_table(stored_table(library))
    waiting = proposals(library)
    return write_table(
        Table(
            tuple(replace(row, state="approved") for row in waiting.claims),
            tuple(replace(row, state="approved") for row in waiting.figures),
        )
    )


def import_rows(library: Library, text: str, source: str, *, now: datetime, by: str, why: str) -> Imported:
    """Take a table file into the store: new rows are added, changed ones become new revisions, missing ones stay.

    An import is an editor's word: what it changes is approved, unless the row itself says another state. All rows are
    taken or none; raises :class:`~summaries.toml.Problems` naming every row that is wrong.
    """
    table = parse_table(text, library.topic, library.parties, library.article, source)
    key = library.topic.key
    added: list[str] = []
    changed: list[str] = []
    unchanged = 0
    with library.store.writing() as connection:
        stood = Rows.of(claims.recorded(connection, key))
        before: dict[str, Claim | Figure] = {
            **{row.id: row for row in claims.effective(connection, key, states=_DECIDED)},
            **{row.id: row for row in figures.effective(connection, key, states=_DECIDED)},
        }
        for row in table.rows:
            ledger: Any = claims if isinstance(row, Claim) else figures
            stands = before.get(row.id)
            if stands is not None and as_row(stands) == as_row(row):
                unchanged += 1
                continue
            ledger.add_revision(connection, key, row, now=now, by=by, why=why)
            (added if stands is None else changed).append(row.id)
        record_table_events(connection, library.topic, library.parties, stood, now=now)
    return Imported(tuple(added), tuple(changed), unchanged)


def in_words(table: Table, library: Library) -> str:
    """Return every row for people: party or measure, stance, state, who said it, and the quotes."""
    blocks = []
    for row in table.rows:
        if isinstance(row, Claim):
            party = library.parties.get(row.party)
            what = f"{party.name if party else row.party}: {row.stance}"
            what += "".join(f", {axis} {value}" for axis, value in sorted(row.axes.items()))
            what += f", {row.contribution}" if row.contribution else ""
        else:
            what = f"{row.measure}: {row.value}"
        who = f"{row.speaker}{f' ({row.office})' if row.office else ''}{f', citing {row.via}' if row.via else ''}"
        kind = "" if row.kind == row.speaker else f", {row.kind}"
        lines = [f"{row.id} [{row.state}]", f"  {what}", f"  {who}{kind}, reported {row.reported_on}"]
        lines += [f"  > {harmless(quote.text)}" for quote in row.quotes]
        if row.note:
            lines.append(f"  Note: {harmless(row.note)}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
