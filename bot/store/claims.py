"""Claims: one party's position as one source reports it, kept revision by revision."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Row

from bot.store.ledger import Ledger, Recorded
from bot.store.schema import claim, claim_revision
from summaries.claims import Claim

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


def _columns(value: Claim) -> dict[str, Any]:
    return {
        "party": value.party,
        "stance": value.stance,
        "axes": dict(value.axes),
        "contribution": value.contribution,
        "condition": value.condition,
    }


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {
        "party": row.party,
        "stance": row.stance,
        "axes": MappingProxyType(dict(row.axes)),
        "contribution": row.contribution,
        "condition": row.condition,
    }


_LEDGER: Final = Ledger(Claim, "claim", claim, claim_revision, "claim_id", _columns, _fields)

add_revision = _LEDGER.add_revision
effective = _LEDGER.effective
recorded = _LEDGER.recorded
all_rows = _LEDGER.all_rows
history = _LEDGER.history
get = _LEDGER.get
seed_hashes = _LEDGER.seed_hashes
set_seed_hash = _LEDGER.set_seed_hash
