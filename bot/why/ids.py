"""Which thing an id means, and what to say when it means none, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.render.medium import harmless
from bot.store import articles, lookup
from bot.why.explained import Ask
from summaries.toml import Problems

KINDS: Final = ("article", "story", "claim", "figure", "delivery")
"""What may stand before an id, with a colon, to say what it is the id of."""


def candidates(ask: Ask, wanted: str, kind: str | None = None) -> list[tuple[str, str]]:
    """Return what an id can mean, as (kind, id): what has exactly this one, else what begins with it."""
    found: list[tuple[str, str]] = []
    if kind in {None, "article", "story"}:
        found += [(kind or "article", one) for one in articles.find(ask.conn, ask.key, wanted)]
    if kind in {None, "claim", "figure"}:
        rows = [row for row in lookup.row_ids(ask.conn, ask.key) if kind in {None, row[0]}]
        exact = [row for row in rows if row[1] == wanted]
        begins = [row for row in rows if row[1].lower().startswith(wanted.lower())]
        found += exact or (begins if len(wanted) >= articles.SHORTEST_PREFIX else [])
    if kind in {None, "delivery"} and wanted.isdecimal() and wanted.isascii() and len(wanted) < 19:
        found += [("delivery", wanted)] if lookup.owed(ask.conn, int(wanted)) is not None else []
    exactly = [one for one in found if one[1] == wanted]
    return exactly or found


def one_of(ask: Ask, wanted: str, kind: str | None) -> tuple[str, str]:
    """Return the one thing that an id means, as (kind, id); raises Problems when it means none, or several."""
    found = candidates(ask, wanted, kind)
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(f"{kind}:{one}" for kind, one in found[:10])
        more = f" and {len(found) - 10} more" if len(found) > 10 else ""
        raise Problems([f'"{harmless(wanted)[:60]}" could be {named}{more}. Write more of it, or which of these.'])
    raise Problems([unknown(ask, wanted, kind)])


def only_article(ask: Ask, wanted: str) -> str:
    """Return the id of the one article that is meant; raises Problems."""
    return one_of(ask, wanted, "article")[1]


def unknown(ask: Ask, wanted: str, kind: str | None) -> str:
    """Say that nothing has an id, and what has one like it."""
    from difflib import get_close_matches

    what = {None: "Nothing", "story": "No article", "delivery": "No delivery"}.get(kind, f"No {kind}")
    said = f'{what} has the id "{harmless(wanted)[:60]}".'
    if kind == "delivery":
        newest = lookup.newest_delivery(ask.conn)
        known = f"The newest one on record is {newest}" if newest else "None is on record"
        return f"{said} {known}; what was sent is forgotten after 30 days."
    known_ids: list[str] = []
    if kind in {None, "article", "story"}:
        known_ids += lookup.article_ids_like(ask.conn, ask.key, wanted)
    rows = [one for row, one in lookup.row_ids(ask.conn, ask.key) if kind in {None, row}]
    known_ids += rows if kind not in {"article", "story"} else []
    near = [one for one in known_ids if wanted and one.lower().startswith(wanted.lower())][:5]
    if not near and len(wanted) <= articles.LONGEST_ID:
        near = get_close_matches(wanted, dict.fromkeys(known_ids), n=5, cutoff=0.6)
    if near:
        return f"{said} Did you mean {_or(near)}?"
    held = [one.id for one in articles.listed(ask.conn, ask.key, limit=2)]
    shown = [*held, *rows[:2]] if kind is None else held if kind in {"article", "story"} else rows[:4]
    example = f" On file, for example: {', '.join(shown)}." if shown else ""
    forms = " A sentence is ARTICLE@REVISION:START-END, a delivery its number." if kind is None else ""
    return said + example + forms


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
