"""What can go wrong with the store, as sentences for people: what happened, where, and what to do."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """The store can't be opened, read or written. ``str()`` is a sentence for people and never holds a password."""


class ReceiptError(StoreError):
    """A quote is not what stands at its place in the stored article."""


_SQLITE: Final = {
    "SQLITE_NOTADB": "is not a database. Move that file away, or name another store",
    "SQLITE_CORRUPT": "is damaged. Put a copy of it in its place, such as the .backup file beside it",
    "SQLITE_CANTOPEN": "cannot be opened. Check that its folder exists and that you may write there",
    "SQLITE_READONLY": "cannot be written. Check that you may write the file and its folder",
    "SQLITE_PERM": "cannot be written. Check that you may write the file and its folder",
    "SQLITE_FULL": "cannot grow: the disk is full. Free some space and try again",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error. Check the disk and its free space",
    "SQLITE_BUSY": "is busy: another process has been writing to it for too long. Try again",
    "SQLITE_LOCKED": "is busy: another process has been writing to it for too long. Try again",
}
"""Primary result codes; the extended ones (SQLITE_READONLY_DIRECTORY) begin with them."""

_POSTGRES: Final = {
    "53100": "cannot grow: the server's disk is full. Free some space and try again",
    "53300": "has no connection left. Raise max_connections or run fewer processes",
    "55P03": "is busy: another process holds a lock for too long. Try again",
    "40P01": "is busy: two processes waited for each other. Try again",
    "40001": "is busy: another process changed the same rows. Try again",
    "42501": "refuses this user. Grant the user the right to create and write tables there",
    "25006": "is read-only. Name the primary server",
    "28P01": "refuses the password. Check user and password in the URL",
    "28000": "refuses this user. Check the user in the URL and the server's pg_hba.conf",
    "3D000": "does not exist. Create it with `createdb`",
    "57P01": "was shut down. Start the server and try again",
    "57P02": "crashed. Start the server and try again",
    "57P03": "is still starting. Try again in a moment",
}


def explain(error: BaseException, shown: str, password: str | None = None) -> StoreError | None:
    """Turn a database error into a sentence for people, or return None when it is a mistake in the program.

    ``shown`` names the store without a password; ``password`` is removed from whatever the server says.
    """
    if isinstance(error, PoolTimeout):
        return StoreError(f"The store {shown} is busy: every connection is in use. Try again.")
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _explain_sqlite(cause, shown)
    what = _POSTGRES.get(getattr(cause, "sqlstate", None) or "")
    if what is not None:
        return StoreError(f"The store {shown} {what}.")
    said = str(cause).replace(password, "***") if password else str(cause)
    # Failed connections carry no code: the server's words are all there is.
    lowered = said.lower()
    if "password authentication failed" in lowered or "no password supplied" in lowered:
        return StoreError(f"The store {shown} {_POSTGRES['28P01']}.")
    if "does not exist" in lowered and type(cause).__name__ == "OperationalError":
        return StoreError(f"The store {shown} cannot be used: {_last_line(said)}. Create it, or correct the URL.")
    if error.connection_invalidated or type(cause).__name__ == "OperationalError":
        return StoreError(
            f"The store {shown} cannot be reached: {_last_line(said)}. Check that the server runs and the URL is right."
        )
    return None


def _explain_sqlite(cause: sqlite3.Error, shown: str) -> StoreError | None:
    code = getattr(cause, "sqlite_errorname", "") or ""
    for name, what in _SQLITE.items():
        if code == name or code.startswith(name + "_"):
            return StoreError(f"The store {shown} {what}.")
    return None


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no reason given"
