"""What a rating of sentences says, in words: what speaks for one, and what kept the others out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from summaries.summarize import Rated

RATED: Final[Mapping[str, str]] = {
    "central": "is like the text as a whole",
    "connected": "shares words with many sentences",
    "early": "stands early",
    "headline": "is like the title",
    "support": "is told by others too",
}
"""What the parts of a rating are given for."""

FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "furniture": ("is a publisher's own words", "are a publisher's own words"),
    "elsewhere": ("is about something else than was asked for", "are about something else than was asked for"),
    "told": ("says nothing new", "say nothing new"),
    "seen": ("is quoted elsewhere in the briefing", "are quoted elsewhere in the briefing"),
    "same": ("says what a chosen one says", "say what a chosen one says"),
    "question": ("is a question", "are questions"),
    "fragment": ("is no whole sentence", "are no whole sentences"),
    "quotes": (
        "is a quotation without its speaker, or part of one",
        "are quotations without their speaker, or parts of one",
    ),
    "length": ("is too short or too long", "are too short or too long"),
    "dangling": ("leans on the sentence before it", "lean on the sentence before them"),
}
"""What keeps a sentence out of a summary while there are better ones, of one and of several; the gravest first."""

_STANDS_OUT: Final = 0.25
"""A sentence stands out for what at most this share of the others have more of."""


def faults_in_words(faults: Collection[str]) -> str:
    """Return what speaks against showing a sentence by itself: "is a question and is no whole sentence"; or ""."""
    return " and ".join(words for name, (words, _) in FAULTS.items() if name in faults)


def place_of(one: Rated, rated: Sequence[Rated]) -> int:
    """Return the place of a sentence among all that were rated, the best having 1."""
    return 1 + sum(other.rating > one.rating for other in rated)


def stands_out(one: Rated, rated: Sequence[Rated]) -> list[str]:
    """Name the parts of its rating for which a sentence stands out among all, the most telling first.

    At most three; where it stands out for none, the one in which it stands best.
    """
    ahead = {
        name: sum(other.parts.get(name, 0.0) > value for other in rated) / len(rated)
        for name, value in one.parts.items()
        if value > 0
    }
    order = sorted(ahead, key=lambda name: (ahead[name], -one.parts[name]))
    return ([name for name in order if ahead[name] <= _STANDS_OUT] or order[:1])[:3]


def parts_in_words(parts: Iterable[str]) -> list[str]:
    """Return what parts of a rating are given for: "stands early", "is told by others too"."""
    return [RATED.get(name, f"is rated so by {name}") for name in parts]


def left_out(rated: Iterable[Rated]) -> dict[str, int]:
    """Count why the sentences that were not chosen were not: by the gravest fault of each, or ``lower`` for none.

    Whatever was rated lower, or found no room any more, was not looked at closely: some may have faults as well.
    """
    found = (next((name for name in FAULTS if name in one.faults), "lower") for one in rated if not one.chosen)
    return dict(Counter(found))


def left_out_in_words(counts: Mapping[str, int]) -> list[str]:
    """Return why sentences are not shown in words, the commonest reason first: "5 lean on the sentence before them"."""
    order = sorted(counts, key=lambda name: (-counts[name], name))
    return [f"{counts[name]} {_why(name, counts[name])}" for name in order]


def _why(name: str, count: int) -> str:
    if name == "lower":
        return f"{'was' if count == 1 else 'were'} rated lower, or found no room"
    one, many = FAULTS[name]
    return one if count == 1 else many
