"""The few statements that SQLAlchemy spells differently for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

_CONTENT_LOCK = 0x726F6C63  # "rolc"


def insert(conn: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """Return an INSERT that knows ON CONFLICT, for the database of ``conn``."""
    # Imported here, so that a start on SQLite doesn't load the PostgreSQL dialect.
    if conn.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def queue_for_content(conn: Connection) -> None:
    """Wait until no other transaction writes articles, claims or figures; held until the commit.

    Revisions are numbered by reading the newest first, so their writers go one after the other. On SQLite a writing
    transaction is alone anyway.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_CONTENT_LOCK})")
