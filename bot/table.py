"""The stance table from an editor's side: checking, exporting and importing the rows of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.library import Library
from bot.render.medium import harmless
from bot.store import claims, figures
from summaries.claims import Claim
from summaries.stances import Table, as_row, check_table, parse_table, write_table


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import changed, by row id."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


def stored_table(library: Library) -> Table:
    """Return every row of the store as it stands: the newest revision of each, proposals included."""
    key = library.topic.key
    with library.store.reading() as connection:
        return Table(
            tuple(one.value for one in claims.all_rows(connection, key)),
            tuple(one.value for one in figures.all_rows(connection, key)),
        )


def check(library: Library) -> list[str]:
    """Verify every row of the store against the topic and its articles; one sentence for each thing that is wrong."""
    return check_table(stored_table(library), library.topic, library.parties, library.article, "stored table")


def export(library: Library) -> str:
    """Return the store's table as ``stances.toml``: the same rows are always the same bytes."""
    return write_table(stored_table(library))


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
        for row in table.rows:
            ledger: Any = claims if isinstance(row, Claim) else figures
            history = ledger.history(connection, key, row.id)
            if history and as_row(history[-1].value) == as_row(row):
                unchanged += 1
                continue
            ledger.add_revision(connection, key, row, now=now, by=by, why=why)
            (changed if history else added).append(row.id)
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
