"""Bringing a store to the shape this program knows, by itself, after a backup.

A start that finds nothing to do costs one query and imports nothing. Developers write a new migration with
``python -m bot.store.migrate "what changes"`` and then set :data:`HEAD`.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from bot.store.errors import StoreError, explain

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0004"
"""The newest revision in ``migrations/versions``; a test keeps it honest."""

_LOCK: Final = 0x726F6C6C  # "roll": the advisory lock under which one process upgrades
_PATIENCE_MS: Final = 120_000
_MIGRATIONS = Path(__file__).parent / "migrations"


def ensure_current(engine: Engine, shown: str) -> None:
    """Upgrade the store behind ``engine`` to :data:`HEAD`, or make it when it is new. ``shown`` names it for people.

    Safe when several processes start at once. A failed upgrade leaves the store as it was. Raises
    :class:`~bot.store.errors.StoreError` for a store of a newer program or of another one.
    """
    with engine.connect().execution_options(rollcall_mode="reading") as conn:
        found = _version(conn)
        conn.rollback()
    if found == HEAD:
        return
    if engine.dialect.name == "sqlite":
        _upgrade_sqlite(engine, shown)
    else:
        _upgrade_postgres(engine, shown)


def _version(conn: Connection) -> str | None:
    """Return the store's revision; None when it has none. Leaves a failed transaction behind on PostgreSQL."""
    try:
        return conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except DBAPIError as error:
        missing = "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "42P01"
        if not missing:
            raise
        return None


def _upgrade_sqlite(engine: Engine, shown: str) -> None:
    raw = engine.connect()
    try:
        driver = raw.connection.driver_connection
        assert driver is not None  # noqa: S101 - an open connection has one
        # Neither can be changed inside a transaction. Foreign keys are off because rebuilding a table drops it, which
        # would take the rows that refer to it along; they are checked as a whole before the commit.
        driver.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
        driver.execute("PRAGMA foreign_keys=OFF")
        # BEGIN IMMEDIATE: from here on no other process writes; it waits, and then finds nothing left to do.
        with raw.begin():
            found = _version(raw)
            if found != HEAD:
                _refuse_foreign(raw, found, shown)
                if found is not None:
                    # The store as it was, complete and in place before the first change. Readers and this copy see
                    # the state before our transaction.
                    _copy(Path(engine.url.database or ""), found)
                _upgrade(raw, shown)
                broken = raw.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise StoreError(
                        f"The store {shown} was not upgraded: rows in {broken[0]} refer to missing rows in {broken[2]}."
                        " It is as it was; please report this."
                    )
    finally:
        # Not back to the pool: its settings are those of an upgrade.
        raw.invalidate()
        raw.close()


def _upgrade_postgres(engine: Engine, shown: str) -> None:
    with engine.connect() as conn, conn.begin():
        # Held until the commit, also behind a pooler; a second process waits here and then finds nothing left to do.
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        exists = conn.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
        found = _version(conn) if exists is not None else None
        if found != HEAD:
            _refuse_foreign(conn, found, shown)
            _upgrade(conn, shown)


def _refuse_foreign(conn: Connection, found: str | None, shown: str) -> None:
    """Raise StoreError for a revision this program doesn't know, or a database with somebody else's tables."""
    if found is None:
        if conn.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version' LIMIT 1"
        else:
            query = (
                "SELECT table_name FROM information_schema.tables"
                " WHERE table_schema = current_schema() AND table_name <> 'alembic_version' LIMIT 1"
            )
        table = conn.exec_driver_sql(query).scalar()
        if table is not None:
            raise StoreError(
                f"The store {shown} belongs to another program (it has a table {str(table)[:40]!r}). Name another one."
            )
        return
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found not in known:
        raise StoreError(
            f"The store {shown} was written by a newer Rollcall (revision {found[:20]}). Install the newer version, or"
            " restore the backup that the upgrade made."
        )


def _copy(path: Path, revision: str) -> None:
    """Copy the SQLite store to ``<file>.backup-<revision>``; the copy appears only when it is complete."""
    target = path.with_name(f"{path.name}.backup-{revision}")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        source = sqlite3.connect(path)
        try:
            copy = sqlite3.connect(partial)
            try:
                source.backup(copy)
            finally:
                copy.close()
        finally:
            source.close()
        os.replace(partial, target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"The store {path} was not upgraded, because no backup could be written to {target} ({error})."
            " Free some space or mend the folder's rights, then start again."
        ) from error


def _upgrade(conn: Connection, shown: str) -> None:
    """Run the migrations inside the connection's open transaction."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    except Exception as error:
        told = explain(error, shown, conn.engine.url.password)
        if told is not None:
            raise told from error
        reason = (str(error).splitlines() or [""])[0][:200]
        raise StoreError(
            f"The store {shown} could not be upgraded ({type(error).__name__}: {reason}). It is as it was; please"
            " report this."
        ) from error


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _write_migration(message: str) -> None:
    """Write a new migration file: the difference between the tables in ``schema`` and what the migrations build."""
    import tempfile

    from alembic import command
    from sqlalchemy import create_engine

    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{folder}/new.db")
        config = _config()
        with engine.begin() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")
            head = conn.exec_driver_sql("SELECT max(version_num) FROM alembic_version").scalar()
            command.revision(config, message, autogenerate=True, rev_id=f"{int(head or 0) + 1:04d}")
        engine.dispose()


if __name__ == "__main__":
    import sys

    _write_migration(" ".join(sys.argv[1:]) or "change")
