"""Opening the store, and its two kinds of transaction: reading and writing."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from bot.store.errors import StoreError, explain
from bot.store.migrate import ensure_current

__all__ = ["Connection", "Store", "StoreError", "open_store", "sqlite_url"]

BUSY_MS = 5000
"""How long a process waits for another one's write on SQLite before it says so."""

_MODE = "rollcall_mode"
_SECRETS = ("password", "sslpassword", "passfile")


class Store:
    """An open store. Every use is one transaction: ``with store.reading() as conn`` or ``store.writing()``.

    ``clock`` gives the present moment (aware UTC); ``url_shown`` names the store without its password.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime]) -> None:
        """Wrap an engine made by :func:`open_store`."""
        self.engine = engine
        self.clock = clock
        self.url_shown = _shown(engine.url)
        self._password = engine.url.password
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection on which everything is seen as of one moment, and nothing can be written.

        Raises :class:`StoreError` when the database fails.
        """
        options: dict[str, Any] = {_MODE: "reading"}
        if self.engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction(options) as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection whose changes are all kept at the end, or none of them when the body raises.

        On SQLite it is the only writer from the start, so that what it read stays true until it commits. Raises
        :class:`StoreError` when the database fails.
        """
        with self._transaction({_MODE: "writing"}) as conn:
            yield conn

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            with self.engine.connect() as raw:
                conn = raw.execution_options(**options)
                try:
                    # The commit point: leaving this block without an error commits, with one rolls back.
                    with conn.begin():
                        yield conn
                finally:
                    if self._closed:
                        # A thread that was still at work when the store was closed: nobody else would close this.
                        raw.invalidate()
        except SQLAlchemyError as error:
            told = explain(error, self.url_shown, self._password)
            if told is None:
                raise
            raise told from error

    def close(self) -> None:
        """Close every connection, and those in use as soon as they are not. Open the store again to use it."""
        self._closed = True
        self.engine.dispose()

    def __enter__(self) -> Self:
        """Return the store itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()


def sqlite_url(path: str | os.PathLike[str]) -> str:
    """Return the URL of the SQLite store in a file."""
    return URL.create("sqlite", database=os.fspath(path)).render_as_string(hide_password=False)


def open_store(url: str, *, clock: Callable[[], datetime]) -> Store:
    """Open the store at a URL (``sqlite:///FILE`` or ``postgresql://…``), making or upgrading it where needed.

    ``clock`` returns the present moment as an aware datetime. Raises :class:`StoreError`, with a sentence for people,
    when there is no usable store.
    """
    parsed = _parse(url)
    shown = _shown(parsed)
    engine = _sqlite(parsed, shown) if parsed.get_backend_name() == "sqlite" else _postgres(parsed, shown)
    try:
        ensure_current(engine, shown)
    except BaseException as error:
        engine.dispose()
        if isinstance(error, SQLAlchemyError):
            told = explain(error, shown, parsed.password)
            if told is not None:
                raise told from error
        raise
    return Store(engine, clock=clock)


def _parse(url: str) -> URL:
    """Read a store URL and choose the driver. Raises StoreError; never repeats an address it can't mask."""
    wanted = "use sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise StoreError(f"The address of the store is no database URL: {wanted}.") from None
    if backend == "sqlite":
        if parsed.drivername not in {"sqlite", "sqlite+pysqlite"} or parsed.host or parsed.username or parsed.query:
            raise StoreError(f"The store {_shown(parsed)} cannot be used: {wanted}.")
        if parsed.database in {None, "", ":memory:"}:
            raise StoreError("The store must be a file, not memory: use sqlite:///FILE.")
        return parsed
    if parsed.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"The store {_shown(parsed)} is of a kind Rollcall doesn't know: {wanted}.")


def _shown(url: URL) -> str:
    """Name the store for people: the file's path, or the URL with every secret masked."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    query = {key: "***" if key.lower() in _SECRETS else value for key, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def _sqlite(url: URL, shown: str) -> Engine:
    path = Path(url.database or "")
    try:
        # What the store holds about readers is nobody else's business on this machine.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder {path.parent} for the store cannot be made ({error.strerror}). "
            "Name another folder with --home or ROLLCALL_HOME."
        ) from error
    if path.is_dir():
        raise StoreError(f"The store {shown} is a folder. Name a file inside it.")
    # Errors must not repeat what is stored: they end up in logs.
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # The driver begins no transactions by itself: the "begin" hook below says which kind.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        mode = conn.get_execution_options().get(_MODE, "writing")
        if mode == "reading":
            conn.exec_driver_sql("PRAGMA query_only=ON")
            conn.exec_driver_sql("BEGIN")
        else:
            conn.exec_driver_sql("PRAGMA query_only=OFF")
            conn.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to write-ahead logging, so that reading never waits for writing.

    The switch needs the file alone for a moment and does not honour the busy timeout, so two processes that open a new
    file at once must try again.
    """
    give_up = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = (error.sqlite_errorname or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _postgres(url: URL, shown: str) -> Engine:
    arguments: dict[str, Any] = {}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = 5
    if "application_name" not in url.query:
        arguments["application_name"] = "rollcall"
    try:
        return create_engine(url, connect_args=arguments, pool_pre_ping=True, pool_timeout=10, hide_parameters=True)
    except (ImportError, NoSuchModuleError):
        raise StoreError(
            f"The store {shown} needs the PostgreSQL driver. Install it with `pip install 'rollcall[postgres]'`."
        ) from None
