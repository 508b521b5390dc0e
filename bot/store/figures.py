"""Figures: numbers the sources give for the group as a whole, kept revision by revision."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from bot.store.ledger import Ledger, Recorded
from bot.store.schema import figure, figure_revision
from summaries.claims import Figure

__all__ = [
    "Recorded",
    "add_revision",
    "all_rows",
    "effective",
    "get",
    "history",
    "recorded",
    "seed_hashes",
    "set_seed_hash",
]


def _columns(value: Figure) -> dict[str, Any]:
    return {
        "measure": value.measure,
        "value": value.value,
        "low": value.low,
        "high": value.high,
    }


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {
        "measure": row.measure,
        "value": row.value,
        "low": row.low,
        "high": row.high,
    }


_LEDGER: Final = Ledger(Figure, "figure", figure, figure_revision, "figure_id", _columns, _fields)

add_revision = _LEDGER.add_revision
effective = _LEDGER.effective
recorded = _LEDGER.recorded
all_rows = _LEDGER.all_rows
history = _LEDGER.history
get = _LEDGER.get
seed_hashes = _LEDGER.seed_hashes
set_seed_hash = _LEDGER.set_seed_hash
