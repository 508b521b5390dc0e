"""Cutting an answer into Discord messages at the borders of its items. Discord's limits stand here and nowhere else."""

from __future__ import annotations

MAX_CONTENT = 2000
"""Characters in one message's content (Discord, Create Message). Counted in UTF-16 units, the stricter reading."""


GAP = "\x1a"
"""Stands in a line of its own for a blank line inside an item: seen as blank, but no message is cut there.

Nothing that comes from outside can hold it: media replace control characters.
"""


def close_gaps(text: str) -> str:
    """Return finished text, with every gap as the blank line it stands for."""
    return text.replace(GAP, "")


def length(text: str) -> int:
    """Return a text's length as Discord may count it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int = MAX_CONTENT) -> list[str]:
    """Split a message at blank lines, the borders of items, so that each part is at most ``limit`` long.

    A single item over the limit is split at its line ends; a single line over the limit is left out, with a line that
    says so: half a quote would be another quote.
    """
    parts: list[str] = []
    for item in _pieces(text, limit):
        if parts and length(parts[-1]) + 2 + length(item) <= limit:
            parts[-1] += "\n\n" + item
        else:
            parts.append(item)
    return parts


def _pieces(text: str, limit: int) -> list[str]:
    pieces: list[str] = []
    for item in text.split("\n\n"):
        if not item.strip():
            continue
        if length(item) <= limit:
            pieces.append(item)
            continue
        lines: list[str] = []
        for line in item.split("\n"):
            kept = (
                line if length(line) <= limit else f"-# One line of {len(line):,} characters is too long to be shown."
            )
            if lines and length("\n".join(lines)) + 1 + length(kept) > limit:
                pieces.append("\n".join(lines))
                lines = []
            lines.append(kept)
        pieces.append("\n".join(lines))
    return pieces
