"""Why an article, a story, a sentence, a claim, a figure or a delivery is what and where it is.

For the operator, at the terminal: ids of servers and people are told, what anybody wrote is not. What an article says
is only ever quoted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.library import Library
from bot.why.article import explain_article
from bot.why.delivery import explain_delivery
from bot.why.explained import Ask, Explained
from bot.why.ids import KINDS, candidates, one_of, only_article
from bot.why.row import explain_claim, explain_figure
from bot.why.sentence import explain_sentence
from bot.why.story import explain_story
from summaries.text import Span

__all__ = ["KINDS", "Explained", "explain"]

_SENTENCE: Final = re.compile(r"(?P<article>.+)@(?P<revision>\d{1,9}):(?P<start>\d{1,9})-(?P<end>\d{1,9})")
_EXPLAINERS: Final[Mapping[str, Callable[[Ask, str], Explained]]] = {
    "article": explain_article,
    "story": explain_story,
    "claim": explain_claim,
    "figure": explain_figure,
    "delivery": explain_delivery,
}


def explain(library: Library, wanted: str, *, now: datetime) -> Explained:
    """Explain what has an id, or the start of one: of an article, claim or figure; ``delivery:N`` or a number.

    ``story:ARTICLE`` is the story that an article is part of, ``ARTICLE@REVISION:START-END`` a sentence of it. ``now``
    (aware UTC) is when "stands now" is. Raises :class:`~summaries.toml.Problems` when there is no such thing, or
    several.
    """
    wanted = wanted.strip()
    with library.one_moment(), library.reading() as conn:
        ask = Ask(library, conn, now)
        known = candidates(ask, wanted)
        passage = _SENTENCE.fullmatch(wanted)
        if passage and not known:
            span = Span(int(passage["start"]), int(passage["end"]))
            return explain_sentence(ask, only_article(ask, passage["article"]), int(passage["revision"]), span)
        kind, colon, rest = wanted.partition(":")
        if colon and kind.lower() in KINDS and not known:
            meant, identifier = one_of(ask, rest.strip(), kind.lower())
            return _EXPLAINERS[meant](ask, identifier)
        meant, identifier = one_of(ask, wanted, None)
        return _EXPLAINERS[meant](ask, identifier)
