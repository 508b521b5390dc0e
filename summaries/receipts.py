"""Receipts: the check that a quote is, letter for letter, a slice of the article it names."""

from __future__ import annotations

import difflib
import re

from summaries.article import Article
from summaries.claims import Quote
from summaries.text import Span, collapse, paragraphs

MAX_QUOTE = 1000
"""The longest quote a row may hold, in code points: it must fit into one message with its receipt."""


def why_broken(quote: Quote, article: Article | None) -> str | None:
    """Return None when the quote holds, otherwise one sentence that says what is wrong and shows the nearest text.

    ``article`` is the revision that the quote names, or None when there is no such article.
    """
    if article is None:
        return f"there is no article {quote.article!r} with revision {quote.revision}"
    if not quote.text.strip():
        return "the quote is empty"
    if len(quote.text) > MAX_QUOTE:
        return f"the quote is {len(quote.text)} characters long; at most {MAX_QUOTE} are allowed"
    if 0 <= quote.start < quote.end <= len(article.text) and quote.span.of(article.text) == quote.text:
        if quote.start < article.body_start:
            return "the quote stands in the header of the article, not in its text"
        return None
    where = article.text.find(quote.text)
    if where >= 0:
        return (
            f"the words stand at {where} to {where + len(quote.text)} in {quote.article!r}, "
            f"not at {quote.start} to {quote.end}"
        )
    near = nearest_passage(quote.text, article)
    if near is None:
        return f"the words are not in {quote.article!r}"
    return (
        f"the words are not in {quote.article!r}. Nearest there, at {near.start} to {near.end}: "
        f"“{collapse(near.of(article.text))}”"
    )


# A rough cut is enough to show a person the nearest place; the newsroom's own segmenter is not needed for that.
_ROUGH_SENTENCE = re.compile(r".+?(?:[.!?…][\"'”’)]*(?=\s)|\Z)", re.DOTALL)


def nearest_passage(words: str, article: Article) -> Span | None:
    """Return the sentence of the article's body that shares most with ``words``; None when nothing is alike."""
    wanted = collapse(words)
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best, best_score = None, 0.5
    for paragraph in paragraphs(article.text, article.body_start):
        for match in _ROUGH_SENTENCE.finditer(
            article.text, paragraph.start, min(paragraph.end, paragraph.start + 8000)
        ):
            sentence = match.group().strip()
            if not sentence or len(sentence) > 4 * MAX_QUOTE:
                continue
            matcher.set_seq1(sentence)
            if matcher.real_quick_ratio() <= best_score or matcher.quick_ratio() <= best_score:
                continue
            if (score := matcher.ratio()) > best_score:
                start = match.start() + len(match.group()) - len(match.group().lstrip())
                best, best_score = Span(start, start + len(sentence)), score
    return best
