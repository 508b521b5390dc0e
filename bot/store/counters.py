"""Counters that tell processes sharing a store when what they remember is out of date."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from bot.store.dialect import insert
from bot.store.schema import counter

CONTENT: Final = "content"
"""Counts every write of articles, mentions, claims and figures: while it stands still, answers may be cached."""

# Asked before every answer, so it is built once.
_VALUE = select(counter.c.value).where(counter.c.name == bindparam("name"))


def bump(conn: Connection, name: str = CONTENT) -> int:
    """Add one to a counter and return its new value; others see it when this transaction commits."""
    statement = (
        insert(conn, counter)
        .values(name=name, value=1)
        .on_conflict_do_update(index_elements=["name"], set_={"value": counter.c.value + 1})
        .returning(counter.c.value)
    )
    return int(conn.execute(statement).scalar_one())


def value(conn: Connection, name: str = CONTENT) -> int:
    """Return a counter's value; 0 when nothing has been counted."""
    found = conn.execute(_VALUE, {"name": name}).scalar()
    return 0 if found is None else int(found)
