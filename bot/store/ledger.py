"""What claims and figures have in common: never overwritten, each change a new revision with when, by whom and why.

:mod:`bot.store.claims` and :mod:`bot.store.figures` are the two ledgers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select, update
from sqlalchemy import insert as plain_insert

from bot.store import articles, counters, dossiers
from bot.store.dialect import insert, queue_for_content
from bot.store.errors import ReceiptError
from bot.store.schema import quote, seed_row
from summaries.claims import Claim, Figure, Interval, Quote, Revision, State

Value = TypeVar("Value", Claim, Figure)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[Value]):
    """A claim or figure as one of its revisions states it, and how that revision came about."""

    value: Value
    revision: Revision


@dataclass(frozen=True, slots=True)
class Ledger(Generic[Value]):
    """The functions for one kind: where it is kept, and how its own fields become columns and back."""

    kind: type[Value]
    name: str
    owner: Table
    revision: Table
    owner_id: str
    columns: Callable[[Value], dict[str, Any]]
    fields: Callable[[Row[Any]], dict[str, Any]]

    def add_revision(self, conn: Connection, dossier: str, value: Value, *, now: datetime, by: str, why: str) -> int:
        """Record a claim or figure as it now stands, as the first or next revision of its id; return the number.

        Raises :class:`~bot.store.errors.ReceiptError` when a quote is not verbatim in the stored revision it names.
        """
        # Commit point: the caller's. From here to there no other process numbers revisions.
        queue_for_content(conn)
        _check(conn, dossier, value)
        dossiers.ensure(conn, dossier, now=now)
        columns = self.owner.c
        number = conn.execute(
            select(columns.current_revision).where(columns.dossier == dossier, columns.id == value.id)
        ).scalar()
        number = 1 if number is None else number + 1
        if number == 1:
            conn.execute(
                plain_insert(self.owner).values(dossier=dossier, id=value.id, current_revision=1, created_at=now)
            )
        else:
            conn.execute(
                update(self.owner)
                .where(columns.dossier == dossier, columns.id == value.id)
                .values(current_revision=number)
            )
        conn.execute(
            plain_insert(self.revision).values(
                {
                    "dossier": dossier,
                    self.owner_id: value.id,
                    "number": number,
                    **self.columns(value),
                    "speaker": value.speaker,
                    "office": value.office,
                    "via": value.via,
                    "kind": value.kind,
                    "said_first": value.said_on.first if value.said_on else None,
                    "said_last": value.said_on.last if value.said_on else None,
                    "reported_on": value.reported_on,
                    "note": value.note,
                    "state": value.state,
                    "changed_at": now,
                    "changed_by": by,
                    "why": why,
                }
            )
        )
        rows = [
            {
                "dossier": dossier,
                "owner_kind": self.name,
                "owner_id": value.id,
                "owner_revision": number,
                "position": position,
                "article_id": part.article,
                "article_revision": part.revision,
                "start": part.start,
                "end": part.end,
                "text": part.text,
            }
            for position, part in enumerate(value.quotes)
        ]
        if rows:
            conn.execute(plain_insert(quote), rows)
        counters.bump(conn)
        return number

    def effective(self, conn: Connection, dossier: str, *, states: Iterable[State] = ("approved",)) -> list[Value]:
        """Return what counts: of each id the newest decided revision, ordered by id.

        A proposal never displaces what was decided before it, and neither does its rejection; a withdrawal does. Only
        approved ones are returned unless ``states`` names others; an id that was never decided counts as its newest
        proposal or rejection.
        """
        return [one.value for one in self.recorded(conn, dossier, states=states)]

    def recorded(
        self,
        conn: Connection,
        dossier: str,
        *,
        states: Iterable[State] = ("approved",),
        until: datetime | None = None,
    ) -> list[Recorded[Value]]:
        """Return what counts (see :meth:`effective`) with its revisions; with ``until``, what did at that moment."""
        decided = self.revision.c.state.in_(("approved", "withdrawn"))
        known: list[ColumnElement[bool]] = []
        if until is not None:
            known.append(self.revision.c.changed_at <= until)
        newest: dict[str, int] = {}
        for only in (None, decided):
            newest |= self._newest(conn, dossier, *(known if only is None else [*known, only]))
        wanted = set(states)
        return [one for one in self._recorded(conn, dossier, newest) if one.value.state in wanted]

    def _newest(self, conn: Connection, dossier: str, *only: ColumnElement[bool]) -> dict[str, int]:
        owner_id = self.revision.c[self.owner_id]
        query = select(owner_id, func.max(self.revision.c.number)).where(self.revision.c.dossier == dossier, *only)
        return {row[0]: row[1] for row in conn.execute(query.group_by(owner_id))}

    def all_rows(self, conn: Connection, dossier: str) -> list[Recorded[Value]]:
        """Return the newest revision of every id, whatever its state, ordered by id."""
        return self._recorded(conn, dossier, self._newest(conn, dossier))

    def history(self, conn: Connection, dossier: str, id_: str) -> list[Recorded[Value]]:
        """Return every revision of an id, the oldest first; empty for an unknown id."""
        return self._recorded(conn, dossier, None, only=id_)

    def get(self, conn: Connection, dossier: str, id_: str, revision: int | None = None) -> Recorded[Value] | None:
        """Return one revision of an id, the newest by default; None when there is none."""
        found = self.history(conn, dossier, id_)
        if revision is not None:
            found = [one for one in found if one.revision.number == revision]
        return found[-1] if found else None

    def _recorded(
        self, conn: Connection, dossier: str, wanted: Mapping[str, int] | None, *, only: str | None = None
    ) -> list[Recorded[Value]]:
        owner_id = self.revision.c[self.owner_id]
        query = select(self.revision).where(self.revision.c.dossier == dossier)
        quoted = select(quote).where(quote.c.dossier == dossier, quote.c.owner_kind == self.name)
        if only is not None:
            query, quoted = query.where(owner_id == only), quoted.where(quote.c.owner_id == only)
        quotes: defaultdict[tuple[str, int], list[Quote]] = defaultdict(list)
        for row in conn.execute(quoted.order_by(quote.c.position)):
            part = Quote(row.article_id, row.article_revision, row.start, row.end, row.text)
            quotes[row.owner_id, row.owner_revision].append(part)
        found = []
        for row in conn.execute(query):
            id_ = getattr(row, self.owner_id)
            if wanted is None or wanted.get(id_) == row.number:
                value = self.kind(
                    id=id_,
                    quotes=tuple(quotes[id_, row.number]),
                    speaker=row.speaker,
                    office=row.office,
                    via=row.via,
                    kind=row.kind,
                    said_on=None if row.said_last is None else Interval(row.said_last, row.said_first),
                    reported_on=row.reported_on,
                    note=row.note,
                    state=row.state,
                    **self.fields(row),
                )
                found.append(Recorded(value, Revision(row.number, row.changed_at, row.changed_by, row.why)))
        # Sorted here: databases disagree about the order of letters.
        return sorted(found, key=lambda one: (one.value.id, one.revision.number))

    def seed_hashes(self, conn: Connection, dossier: str) -> dict[str, str]:
        """Return the hash of each row as it was last seeded, by id."""
        query = select(seed_row.c.id, seed_row.c.hash).where(
            and_(seed_row.c.dossier == dossier, seed_row.c.kind == self.name)
        )
        return {row[0]: row[1] for row in conn.execute(query)}

    def set_seed_hash(self, conn: Connection, dossier: str, id_: str, digest: str, *, now: datetime) -> None:
        """Remember the hash of a row as seeded now, in the transaction that seeds it."""
        dossiers.ensure(conn, dossier, now=now)
        conn.execute(
            insert(conn, seed_row)
            .values(dossier=dossier, kind=self.name, id=id_, hash=digest, seeded_at=now)
            .on_conflict_do_update(index_elements=["dossier", "kind", "id"], set_={"hash": digest, "seeded_at": now})
        )


def _check(conn: Connection, dossier: str, value: Claim | Figure) -> None:
    """Hold the rule of receipts at the store's own door: each quote is a slice of the stored text."""
    for part in value.quotes:
        stored = articles.get(conn, dossier, part.article, part.revision)
        where = f"article {part.article!r}, revision {part.revision}"
        if stored is None:
            raise ReceiptError(f"{value.id}: there is no {where}. Add the article first.")
        if articles.text_of(conn, dossier, part.article, part.revision) is None:
            # What a row quotes keeps its text, so this is a quote that was never checked.
            raise ReceiptError(f"{value.id}: the text of {where} was removed, so nothing of it can be quoted any more.")
        if part.start < 0 or stored.text[part.start : part.end] != part.text:
            raise ReceiptError(
                f"{value.id}: {part.text[:60]!r} does not stand at {part.start} to {part.end} of {where}."
                " Correct the quote or its place."
            )
