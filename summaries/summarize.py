"""Extractive summaries: the sentences of articles that say most, each an exact slice of its article.

Rankers rate sentences (:mod:`summaries.rankers`), rules say which can be read by themselves
(:mod:`summaries.readable`); this module cuts articles into sentences and chooses. sumy is imported on first use,
because it loads nltk; nothing is ever downloaded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from summaries.article import Article
from summaries.boilerplate import boilerplate_flags
from summaries.language import language_of
from summaries.readable import FAULTS, faults_of
from summaries.sentences import inside_quotes
from summaries.sentences import sentences as split
from summaries.text import READ, Span, is_heading
from summaries.text import paragraphs as paragraphs_of

if TYPE_CHECKING:
    from summaries.novelty import Told
    from summaries.rankers import Ratings

RANKERS: tuple[str, ...] = ("news", "lexrank", "textrank", "lsa", "luhn", "kl", "sumbasic", "reduction")
"""Names of the rankers :func:`summarize` takes: the newsroom's own, and sumy's."""

TOO_SIMILAR = 0.6
"""Sentences whose content words have a larger cosine say the same."""
VARIETY = 0.4
"""How much it costs a sentence to be like one that is chosen, against 0.6 for what it is worth (Carbonell & Goldstein's
maximal marginal relevance, 1998)."""

_RANKED = 400
"""Sentences that are ranked: news says it early, and most rankers take quadratic time ..."""
_RANKED_BY_KL = 100
"""... but KL takes cubic time (0.6 s for 100 sentences, 40 s for 400)."""

_OPENING = 2
"""Sentences in which an article says what is new."""

# Given up one after the other while nothing could be chosen at all.
_BARRED = (*FAULTS, "seen")
# Never given up, and asked last, because the answer takes long.
_BARRED_FOR_GOOD = frozenset({"furniture", "told", "elsewhere"})


# "ROME, May 6 (Agency) - ": where and when a report was sent is no part of its first sentence.
_DATELINE = re.compile(r"[A-ZÀ-Þ]{2}[^()\n]{0,60}\([^()\n]{2,40}\)\s*[-–—]+\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a summary: ``text[start:end]`` of that revision of that article."""

    article: str
    revision: int
    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Paragraph:
    """A paragraph in sentences, and which of them are furniture, once somebody asks: judging takes long."""

    text: str
    spans: list[Span]
    _furniture: list[bool] | None = None

    def is_furniture(self, span: Span) -> bool:
        if self._furniture is None:
            self._furniture = boilerplate_flags(self.text, self.spans)
        ends = [one.end for one in self.spans]
        return self._furniture[ends.index(span.end)]


@dataclass(slots=True)
class _Candidate:
    """A sentence that may be chosen. ``follows`` tells that the one before it is a candidate too."""

    source: int
    span: Span
    text: str
    paragraph: _Paragraph
    follows: bool
    faults: frozenset[str]
    words: int


def summarize(
    articles: Sequence[Article],
    *,
    sentences: int = 3,
    words: int = 75,
    ranker: str = "news",
    avoid: Collection[tuple[str, int, Span]] = (),
    told: Told | None = None,
    about: Callable[[str, str], bool] | None = None,
) -> list[Sentence]:
    """Return the sentences that sum up the articles of one story, in the order of the articles and of their text.

    At most ``sentences`` of them and ``words`` words (the first one may be longer than that). ``avoid`` names what a
    reader has already seen, as (article id, revision, span). Promotion, headings and titles never appear. Questions,
    fragments, bare or cut-off quotations, very short and very long sentences, and those that lean on a sentence that
    isn't shown, appear only when nothing else is there, and what is in ``avoid`` only as a last resort. What ``told``
    holds never appears, nor anything unreadable in its place; neither does what ``about``, asked with a sentence and
    its language (two letters), says no to. Raises ValueError for an unknown ranker.
    """
    rated = rate_sentences(
        articles, sentences=sentences, words=words, ranker=ranker, avoid=avoid, told=told, about=about
    )
    return [one.sentence for one in rated if one.chosen]


@dataclass(frozen=True, slots=True)
class Rated:
    """What a summary made of one sentence that it could choose.

    ``parts`` is what its rating is the sum of, by name (``central``, ``connected``, ``early``, ``headline`` and
    ``support``, or the name of sumy's ranker). ``faults`` is what speaks against showing it by itself: of
    :data:`summaries.readable.FAULTS`, and ``seen``, ``furniture``, ``told``, ``elsewhere`` (not about what was asked),
    and ``same`` where a chosen one says the same.
    """

    sentence: Sentence
    parts: Mapping[str, float]
    faults: frozenset[str]
    chosen: bool

    @property
    def rating(self) -> float:
        """How much it says; the higher, the sooner it is chosen."""
        return sum(self.parts.values())


def rate_sentences(
    articles: Sequence[Article],
    *,
    sentences: int = 3,
    words: int = 75,
    ranker: str = "news",
    avoid: Collection[tuple[str, int, Span]] = (),
    told: Told | None = None,
    about: Callable[[str, str], bool] | None = None,
) -> list[Rated]:
    """Return what :func:`summarize` made of each sentence of a story, in the order of the articles and their text.

    Only of the sentences that would have been chosen it is known whether they are furniture, told or elsewhere.
    """
    if ranker not in RANKERS:
        raise ValueError(f"no ranker is called {ranker!r}: use one of {', '.join(RANKERS)}")
    if sentences < 1 or words < 1:
        return []
    language = _language(articles)
    candidates = _candidates(articles, _RANKED_BY_KL if ranker == "kl" else _RANKED)
    if not candidates:
        return []
    _mark_seen(candidates, articles, avoid)
    if told:
        _mark_retellings(candidates, articles, told, about)
    ratings = _rate(ranker, articles, candidates, language)

    def late_fault(candidate: _Candidate) -> str | None:
        if candidate.paragraph.is_furniture(candidate.span):
            return "furniture"
        spoken = language_of(articles[candidate.source]) if told or about else ""
        if about and not about(candidate.text, spoken):
            return "elsewhere"
        return "told" if told and told.holds(candidate.text, spoken) else None

    def choose(candidate: _Candidate) -> None:
        # What a story has said it does not say again in other words.
        if told:
            told.add(candidate.text, language_of(articles[candidate.source]))

    chosen: set[int] = set()
    for given_up in range(len(_BARRED) + 1):
        chosen = _choose(candidates, ratings, frozenset(_BARRED[given_up:]), sentences, words, late_fault, choose)
        # Where all that could be read was told, there is no news in what can't be read.
        if chosen or any("told" in candidate.faults for candidate in candidates):
            break
    rated = []
    for index, candidate in enumerate(candidates):
        article = articles[candidate.source]
        sentence = Sentence(article.id, article.revision, candidate.span.start, candidate.span.end, candidate.text)
        parts = {name: float(values[index]) for name, values in ratings.parts.items()}
        rated.append(Rated(sentence, parts, candidate.faults, index in chosen))
    return rated


def _language(articles: Sequence[Article]) -> str:
    """Return the language most of the articles are in, the first of several."""
    return Counter(map(language_of, articles)).most_common(1)[0][0] if articles else ""


# --- what may be shown -----------------------------------------------------------------------------------------------


def _candidates(articles: Sequence[Article], limit: int) -> list[_Candidate]:
    """Return the sentences worth ranking, article by article, the earliest of each where there are too many."""
    per_article = [_of_article(source, article, limit) for source, article in enumerate(articles)]
    if sum(map(len, per_article)) > limit:
        shares = [0] * len(per_article)
        left = limit
        depth = 0
        while left:
            for index, found in enumerate(per_article):
                if left and depth < len(found):
                    shares[index] += 1
                    left -= 1
            depth += 1
        per_article = [found[:share] for found, share in zip(per_article, shares, strict=True)]
    return [candidate for found in per_article for candidate in found]


def _of_article(source: int, article: Article, limit: int) -> list[_Candidate]:
    text = article.text[: article.body_start + READ]
    cut = len(text) < len(article.text)
    paragraphs = paragraphs_of(text, article.body_start)
    bodies = [p for p in paragraphs if not is_heading(text, p)]
    # A text without any full stop looks like headings from end to end; then its lines are all there is to quote.
    inner = set(bodies or paragraphs)
    language = language_of(article)
    title = _key(article.title or "")
    found: list[_Candidate] = []
    follows = False
    for paragraph in paragraphs:
        if paragraph not in inner:
            follows = False
            continue
        spans = split(text, paragraph)
        if cut and paragraph == paragraphs[-1]:
            # The last sentence may go on behind what was read; half a sentence would be another one.
            spans = spans[:-1]
        whole = _Paragraph(text, spans)
        for span, in_quotes in zip(spans, inside_quotes(text, spans), strict=True):
            sentence = span.of(text)
            # Not more words than the title by much: folding takes long, and most articles have a title.
            if title and len(sentence) < 2 * len(title) and _key(sentence) == title:
                follows = False
                continue
            if not found and (dateline := _DATELINE.match(sentence)):
                span = Span(span.start + dateline.end(), span.end)
                sentence = span.of(text)
            faults = faults_of(sentence, language, in_quotes=in_quotes)
            size = len(sentence.split())
            found.append(_Candidate(source, span, sentence, whole, follows, faults, size))
            follows = True
        if len(found) >= limit:
            return found[:limit]
    return found


def _key(text: str) -> str:
    """Fold a text to the words that make it the same as another."""
    return " ".join(re.findall(r"\w+", text.casefold()) or text.split())


def _mark_seen(
    candidates: Sequence[_Candidate], articles: Sequence[Article], avoid: Collection[tuple[str, int, Span]]
) -> None:
    seen: dict[tuple[str, int], list[Span]] = {}
    for identifier, revision, span in avoid:
        seen.setdefault((identifier, revision), []).append(span)
    for candidate in candidates if seen else ():
        article = articles[candidate.source]
        if any(candidate.span.overlaps(span) for span in seen.get((article.id, article.revision), ())):
            candidate.faults |= {"seen"}


def _mark_retellings(
    candidates: Sequence[_Candidate],
    articles: Sequence[Article],
    told: Told,
    about: Callable[[str, str], bool] | None,
) -> None:
    """Mark all that an article says as told where it tells again what was told.

    That is where half of what it says was told, some of its opening included: news stands at the top, and what is left
    is background in words that were not used before. Where most articles of a story tell again what was told, so do
    those of which half was told, however they begin: news would be in more of them.

    With ``about`` only what that says yes to counts; as that is little, the first of it must have been told, so that
    nothing new is lost for one line beside it.
    """
    opening = _OPENING if about is None else 1
    half_told: list[list[_Candidate]] = []
    retellings: list[list[_Candidate]] = []
    telling = 0
    for source, article in enumerate(articles):
        language = language_of(article)
        own = [one for one in candidates if one.source == source and (about is None or about(one.text, language))]
        # A sentence that leans on another says something too. What is printed elsewhere, such as with a change, the
        # article was the first to say.
        held = [
            "seen" not in candidate.faults and told.holds(candidate.text, language)
            for candidate in own
            if candidate.faults <= {"seen", "dangling"}
        ]
        telling += bool(held)
        if any(held) and 2 * sum(held) >= len(held):
            (retellings if any(held[:opening]) else half_told).append(own)
    if about is None and 2 * len(retellings) > telling:
        retellings += half_told
    for own in retellings:
        for candidate in own:
            candidate.faults |= {"told"}


# --- choosing --------------------------------------------------------------------------------------------------------


def _rate(ranker: str, articles: Sequence[Article], candidates: Sequence[_Candidate], language: str) -> Ratings:
    from summaries.rankers import rate

    texts: list[list[str]] = [[] for _ in articles]
    for candidate in candidates:
        texts[candidate.source].append(candidate.text)
    return rate(ranker, texts, [article.title for article in articles], language)


def _choose(
    candidates: Sequence[_Candidate],
    ratings: Ratings,
    barred: frozenset[str],
    limit: int,
    budget: int,
    late_fault: Callable[[_Candidate], str | None],
    choose: Callable[[_Candidate], None],
) -> set[int]:
    """Choose, by number, what is worth most, one after the other, without ``barred`` faults, until a budget is spent.

    Worth most is what is rated high and is unlike what is chosen. A dangling sentence is let in as soon as the one
    before it is chosen. ``late_fault`` finds what takes long to find.
    """
    import numpy as np

    free = np.array([not candidate.faults & (barred | _BARRED_FOR_GOOD) for candidate in candidates])
    if not free.any():
        return set()
    low, high = ratings.total[free].min(), ratings.total[free].max()
    worth = (1 - VARIETY) * (ratings.total - low) / (high - low or 1.0)
    sizes = np.array([candidate.words for candidate in candidates])
    likeness = np.zeros(len(candidates))
    fresh = np.ones(len(candidates), dtype=bool)
    chosen: set[int] = set()
    spent = 0
    while len(chosen) < limit:
        open_ = free & fresh & (spent + sizes <= budget) if chosen else free
        if not open_.any():
            break
        best = int(np.where(open_, np.round(worth - VARIETY * likeness, 9), -np.inf).argmax())
        candidate = candidates[best]
        free[best] = False
        if fault := late_fault(candidate):
            candidate.faults |= {fault}
            continue
        chosen.add(best)
        choose(candidate)
        spent += candidate.words
        likeness = np.maximum(likeness, ratings.alike[best])
        for follower in candidates[best + 1 : best + 2]:
            leans = follower.follows and follower.source == candidate.source
            free[best + 1] |= leans and follower.faults & (barred | _BARRED_FOR_GOOD) == {"dangling"}
        alike = ratings.terms.likeness(best) > TOO_SIMILAR
        for index in np.flatnonzero(alike & fresh).tolist():
            candidates[index].faults |= {"same"} if index != best else frozenset()
        fresh &= ~alike
    return chosen
