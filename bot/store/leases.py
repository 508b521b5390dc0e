"""Leases: at most one process at a time does a certain piece of work, and none for ever."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, or_, select

from bot.store.dialect import insert
from bot.store.schema import lease


def take(conn: Connection, name: str, owner: str, *, now: datetime, until: datetime) -> bool:
    """Take a lease that is free, expired at ``now`` or already the owner's; tell whether it is now the owner's.

    Taken again it is held longer. Who let it expire goes on with it, unless somebody else has taken it meanwhile.
    """
    statement = (
        insert(conn, lease)
        .values(name=name, owner=owner, expires_at=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "expires_at": until},
            where=or_(lease.c.expires_at <= now, lease.c.owner == owner),
        )
        .returning(lease.c.owner)
    )
    # No row comes back where somebody else holds it: the condition kept the update from happening.
    return conn.execute(statement).scalar() is not None


def holder(conn: Connection, name: str) -> str | None:
    """Return who took a lease last and has not given it back; None for nobody."""
    return conn.execute(select(lease.c.owner).where(lease.c.name == name)).scalar()


def release(conn: Connection, name: str, owner: str) -> bool:
    """Give a lease back; False when it was not the owner's any more."""
    return conn.execute(delete(lease).where(lease.c.name == name, lease.c.owner == owner)).rowcount == 1
