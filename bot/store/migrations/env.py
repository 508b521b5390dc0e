"""How alembic runs the migrations: on the connection, and inside the transaction, it is given."""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import DefaultClause, False_

from bot.store.schema import UTCDateTime, Word, Words, complete


def render_item(kind: str, value: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our own types as plain SQL ones, so that old migrations don't depend on today's code."""
    if kind == "type" and isinstance(value, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, Words):
        return "sa.Text()"
    if kind == "type" and isinstance(value, Word):
        return f"sa.String(length={value.length})"
    # Alembic would write it as SQLite spells it, which PostgreSQL refuses.
    if kind == "server_default" and isinstance(value, DefaultClause) and isinstance(value.arg, False_):
        return "sa.false()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=complete(),
    # SQLite can alter little in place: tables are rebuilt instead.
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
