"""Feeds: when each was last heard from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.store.schema import feed


@dataclass(frozen=True, slots=True)
class Heard:
    """A feed of the dossier: its name or address, when it last answered well, and what was wrong last."""

    name: str
    last_ok_at: datetime | None
    last_error: str | None


def heard(conn: Connection, dossier: str) -> list[Heard]:
    """Return the dossier's own feeds that have been polled at all, by name."""
    columns = feed.c
    query = (
        select(columns.name, columns.url, columns.last_ok_at, columns.last_error)
        .where(columns.dossier == dossier, columns.guild_id.is_(None), columns.last_polled_at.is_not(None))
        .order_by(columns.id)
    )
    return sorted(
        (Heard(row.name or row.url, row.last_ok_at, row.last_error) for row in conn.execute(query)),
        key=lambda one: one.name,
    )
