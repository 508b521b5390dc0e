"""Spans of a text, its lines, paragraphs and headings."""

from __future__ import annotations

import re
from typing import NamedTuple


class Span(NamedTuple):
    """A slice of a text: ``text[start:end]``, counted in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the slice of ``text`` that this span names."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two spans share at least one character."""
        return self.start < other.end and other.start < self.end


READ = 100_000
"""How many characters of a text's body the newsroom reads: no news is longer, and a hostile text may be endless."""

# One line with its end. str.splitlines() would also split at form feeds and U+0085, which are control characters here.
LINE = re.compile(r"[^\r\n\u2028\u2029]*(?:\r\n|\r|\n|[\u2028\u2029]|\Z)")
_SENTENCE_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")


def _lines(text: str, start: int) -> list[Span]:
    """Cut ``text[start:]`` into lines without their line ends; blank lines are kept as empty spans."""
    spans = []
    for match in LINE.finditer(text, start):
        if match.start() == match.end():
            break
        line = match.group()
        left = len(line) - len(line.lstrip())
        spans.append(Span(match.start() + min(left, len(line)), match.start() + max(left, len(line.rstrip()))))
    return spans


def _hard_wrapped(text: str, block: list[Span]) -> bool:
    """Tell whether a block's lines are one paragraph cut at a fixed width, as in plain-text mail.

    Every line but the last must be of typewriter width, and most of them must stop in mid-sentence.
    """
    body = block[:-1]
    if not body or not all(40 <= line.end - line.start <= 100 for line in body):
        return False
    open_ends = sum(1 for line in body if not _SENTENCE_END.search(line.of(text)))
    return open_ends * 2 > len(body)


def paragraphs(text: str, start: int = 0) -> list[Span]:
    """Cut ``text[start:]`` into paragraphs: trimmed, non-empty spans in order.

    A line end closes a paragraph, except inside a block (lines between blank lines) that is hard-wrapped.
    """
    found: list[Span] = []
    block: list[Span] = []

    def close() -> None:
        if _hard_wrapped(text, block):
            found.append(Span(block[0].start, block[-1].end))
        else:
            found.extend(block)
        block.clear()

    for line in _lines(text, start):
        if line.start == line.end:
            close()
        else:
            block.append(line)
    close()
    return found


def is_heading(text: str, paragraph: Span) -> bool:
    """Tell whether a paragraph is a title or section heading: one short line that states nothing.

    It either doesn't end like a sentence, or is a single question.
    """
    line = paragraph.of(text)
    if len(line) > 150 or "\n" in line:
        return False
    inner = re.sub(r"[\"'“”‘’«»„]", "", line)
    if inner.endswith("?"):
        return not re.search(r"[.!?]\s", inner[:-1])
    return not re.search(r"[.!…:;,]$", inner) and len(line.split()) <= 16


def collapse(text: str) -> str:
    """Fold every run of white space into one space, for comparing and for showing in one line."""
    return " ".join(text.split())
