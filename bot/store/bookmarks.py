"""Bookmarks: where the bot left off with something outside of the store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from bot.store.dialect import insert
from bot.store.schema import bookmark


def get(conn: Connection, name: str) -> str | None:
    """Return what a bookmark holds; None when it was never set."""
    return conn.execute(select(bookmark.c.value).where(bookmark.c.name == name)).scalar()


def put(conn: Connection, name: str, value: str, *, now: datetime) -> None:
    """Set a bookmark, in the transaction of what it stands for."""
    conn.execute(
        insert(conn, bookmark)
        .values(name=name, value=value, changed_at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value, "changed_at": now})
    )
