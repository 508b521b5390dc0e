"""The dossiers a store knows, and what it has already taken from their files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from bot.store.dialect import insert
from bot.store.schema import dossier


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests of the files last taken into the store (None: never): the seed and the parties' names."""

    seed: str | None = None
    names: str | None = None


def ensure(conn: Connection, key: str, *, now: datetime) -> None:
    """Make sure that a dossier is known; writing its first article, claim or subscription does so by itself."""
    conn.execute(insert(conn, dossier).values(key=key, created_at=now).on_conflict_do_nothing())


def digests(conn: Connection, key: str) -> Digests:
    """Return what was last taken from a dossier's files."""
    query = select(dossier.c.seed_digest, dossier.c.names_digest).where(dossier.c.key == key)
    row = conn.execute(query).first()
    return Digests() if row is None else Digests(row[0], row[1])


def set_digests(conn: Connection, key: str, taken: Digests, *, now: datetime) -> None:
    """Remember what was taken from a dossier's files, in the transaction that takes it."""
    ensure(conn, key, now=now)
    conn.execute(update(dossier).where(dossier.c.key == key).values(seed_digest=taken.seed, names_digest=taken.names))
