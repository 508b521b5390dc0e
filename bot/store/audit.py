"""The audit trail: who changed which setting of a server, when, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from bot.store.schema import audit

_LONGEST_TARGET: Final = 200
"""Characters that the column holds; PostgreSQL refuses longer ones."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: ``who`` is a person's id on Discord, or a name given on the command line."""

    at: datetime
    who: str
    action: str
    target: str | None
    before: Any
    after: Any


def record(
    conn: Connection,
    who: str,
    action: str,
    *,
    now: datetime,
    guild_id: int | None = None,
    target: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record a change, in the transaction that makes it. A long ``target`` (an address) is cut: SQLite takes any."""
    if target is not None and len(target) > _LONGEST_TARGET:
        target = target[: _LONGEST_TARGET - 1] + "…"
    conn.execute(
        insert(audit).values(
            at=now,
            who=who,
            guild_id=guild_id,
            action=action,
            target=target,
            before=dict(before) if before is not None else None,
            after=dict(after) if after is not None else None,
        )
    )


def recent(conn: Connection, guild_id: int, limit: int) -> list[Entry]:
    """Return a server's newest changes, the newest first."""
    query = select(audit).where(audit.c.guild_id == guild_id).order_by(audit.c.at.desc(), audit.c.id.desc())
    return [
        Entry(row.at, row.who, row.action, row.target, row.before, row.after)
        for row in conn.execute(query.limit(limit))
    ]
