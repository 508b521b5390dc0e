"""Rankers: how much each sentence of a story says, by the newsroom's own formula or by one of sumy's.

All of them work on sumy's document model, one document an article, with the title as its heading. Importing this
module imports sumy, which loads nltk; nothing is ever downloaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sumy.models.dom import ObjectDocumentModel, Paragraph
from sumy.models.dom import Sentence as SumySentence
from sumy.summarizers._summarizer import AbstractSummarizer
from sumy.summarizers.kl import KLSummarizer
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer
from sumy.summarizers.luhn import LuhnSummarizer
from sumy.summarizers.reduction import ReductionSummarizer
from sumy.summarizers.sum_basic import SumBasicSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer

from summaries.language import NAMES, stemmer_of, stop_words_of
from summaries.sentences import NewsTokenizer

Matrix = NDArray[np.float64]

CENTROID: Final = 0.75
"""Weights of the newsroom's formula, found on CNN/DailyMail, Inshorts, Multi-News and DUC: how alike a sentence is to
all that the story says, ..."""
WALK: Final = 0.45
"""... how central it is among its sentences (continuous LexRank), ..."""
EARLY: Final = ((0.30, 3.0), (0.35, 10.0))
"""... how early it stands in its article: (weight, sentences in which it falls by a factor e), ..."""
HEADLINE: Final = 0.80
"""... how alike it is to the titles ..."""
SUPPORT: Final = 1.40
"""... and how well the other articles support it. The best weights lie flat: half or twice of each costs little."""

_EDGE: Final = 0.03
_DAMPING: Final = 0.85


class Node(SumySentence):  # type: ignore[misc, unused-ignore]
    """sumy's sentence, known by identity: sumy's own is the same as any other with its words, wherever that stands."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        """Tell whether it is this very sentence."""
        return self is other

    def __ne__(self, other: object) -> bool:
        """Tell whether it is another sentence."""
        return self is not other


def document_of(sentences: Iterable[str], title: str | None, language: str) -> ObjectDocumentModel:
    """Return sumy's form of an article: its sentences in order, and its title as a heading."""
    tokenizer = NewsTokenizer(NAMES.get(language, "english"))
    heading = [Node(title, tokenizer, is_heading=True)] if title else []
    return ObjectDocumentModel([Paragraph([*heading, *(Node(one, tokenizer) for one in sentences)])])


@dataclass(frozen=True, slots=True)
class Terms:
    """The content words of a story's sentences: ``counts`` has a row for each sentence, a column for each word.

    ``weights`` are their TF-IDF, rows of length 1 (or 0, for a sentence without words): 1 + log of the count, times
    log of (1 + sentences) / (1 + sentences with the word), plus 1. ``titles`` are those of the titles, in one row.
    """

    counts: Matrix
    weights: Matrix
    titles: Matrix

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]], titles: Sequence[Sequence[str]] = ()) -> Terms:
        """Count the words of sentences and titles."""
        column: dict[str, int] = {}
        cells = [column.setdefault(term, len(column)) for term in chain.from_iterable(sentences)]
        sizes = [len(terms) for terms in sentences]
        count, width = len(sentences), max(1, len(column))
        places = np.repeat(np.arange(count) * width, sizes) + np.array(cells, dtype=np.intp)
        counts = np.bincount(places, minlength=count * width).astype(np.float64).reshape(count, width)
        idf = np.log((1.0 + count) / (1.0 + (counts > 0).sum(axis=0))) + 1.0
        heads = np.zeros((len(titles), width))
        for row, terms in enumerate(titles):
            for term in terms:
                if term in column:
                    heads[row, column[term]] += 1
        return cls(counts, _unit(_dampened(counts) * idf), _unit(_unit(_dampened(heads) * idf).sum(axis=0)))

    def likeness(self, row: int) -> Matrix:
        """Return the cosine of each sentence to one of them by the plain counts of their words."""
        dots = self.counts @ self.counts[row]
        norms = np.sqrt((self.counts * self.counts).sum(axis=1))
        cosines: Matrix = dots / np.maximum(norms * norms[row], 1e-12)
        return cosines


def _dampened(counts: Matrix) -> Matrix:
    damped = np.zeros_like(counts)
    np.log(counts, out=damped, where=counts > 0)
    damped[counts > 0] += 1.0
    return damped


def _unit(rows: Matrix) -> Matrix:
    """Scale vectors (the last axis) to length 1; those of length 0 stay."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Matrix = rows / np.where(norms > 0, norms, 1.0)
    return scaled


@dataclass(frozen=True, slots=True)
class Ratings:
    """What a ranker says of a story's sentences, in order: ``parts`` by name, each with one number a sentence.

    ``total`` is the sum of the parts; ``terms`` and ``alike`` (cosines of TF-IDF) compare the sentences.
    """

    parts: Mapping[str, Matrix]
    terms: Terms
    alike: Matrix
    total: Matrix = field(init=False)

    def __post_init__(self) -> None:
        """Sum up; rounded, so that no last digit decides between two equals."""
        object.__setattr__(self, "total", np.round(sum(self.parts.values(), np.zeros(len(self.alike))), 9))


class NewsSummarizer(AbstractSummarizer):  # type: ignore[misc, unused-ignore]
    """The newsroom's ranker as a summarizer of sumy: position, centrality, headline, and support by other outlets.

    A sentence's rating is the weighted sum of how alike it is to the centroid of the story, its continuous LexRank
    (Erkan & Radev 2004; damped, run until it is stable), how early it stands in its own article, how alike it is to
    the titles, and the mean over the other articles of how alike their best sentence is to it.
    """

    stop_words: Collection[str] = frozenset()

    def __call__(self, document: ObjectDocumentModel, sentences_count: object) -> tuple[SumySentence, ...]:
        """Return the best sentences of one document, as sumy's own summarizers do."""
        if not document.sentences:
            return ()
        total = self.rate([document]).total
        ratings = dict(zip(document.sentences, total.tolist(), strict=True))
        best: tuple[SumySentence, ...] = self._get_best_sentences(document.sentences, sentences_count, ratings)
        return best

    def rate(self, documents: Sequence[ObjectDocumentModel]) -> Ratings:
        """Rate the sentences of a story, document by document."""
        nodes = [node for document in documents for node in document.sentences]
        titles = [node for document in documents for node in document.headings]
        terms = Terms.of(
            content_words(nodes, self._stemmer, self.stop_words),
            content_words(titles, self._stemmer, self.stop_words),
        )
        sizes = [len(document.sentences) for document in documents]
        place = np.concatenate([np.arange(size) for size in sizes]) if sizes else np.zeros(0)
        alike = terms.weights @ terms.weights.T
        parts = {
            "central": CENTROID * (terms.weights @ _unit(terms.weights.sum(axis=0))),
            "connected": WALK * _walk(alike),
            "early": sum((weight * np.exp(-place / reach) for weight, reach in EARLY), np.zeros(len(place))),
        }
        if titles:
            parts["headline"] = HEADLINE * (terms.weights @ terms.titles)
        if len([size for size in sizes if size]) > 1:
            parts["support"] = SUPPORT * _support(alike, sizes)
        return Ratings(parts, terms, alike)


def content_words(
    nodes: Iterable[SumySentence], stem: Callable[[str], str], stop_words: Collection[str]
) -> list[list[str]]:
    """Return the stems of each sentence's words that aren't stop words; of one without any, what it is made of."""
    stems: dict[str, str] = {}
    found = []
    for node in nodes:
        terms = []
        for word in node.words:
            lowered = word.lower()
            if lowered not in stop_words:
                stemmed = stems.get(lowered)
                if stemmed is None:
                    stemmed = stems[lowered] = stem(lowered)
                terms.append(stemmed)
        # Numbers, emoji or other scripts: compare what there is.
        found.append(terms or str(node._text).casefold().split())
    return found


def _walk(alike: Matrix) -> Matrix:
    """Return where a reader ends up who goes from sentence to sentence by likeness; the most visited has 1."""
    count = max(1, len(alike))
    edges = np.where(alike < _EDGE, 0.0, alike)
    degrees = edges.sum(axis=1, keepdims=True)
    edges /= np.where(degrees > 0, degrees, 1.0)
    visits = np.full(len(alike), 1.0 / count)
    for _ in range(100):
        following = (1.0 - _DAMPING) / count + _DAMPING * (visits @ edges)
        change = float(np.abs(following - visits).sum())
        visits = following
        if change < 1e-7:
            break
    best: Matrix = visits / max(float(visits.max(initial=0.0)), 1e-12)
    return best


def _support(alike: Matrix, sizes: Sequence[int]) -> Matrix:
    """Return for each sentence the mean over the other articles of their best likeness to it."""
    starts = np.cumsum([0, *sizes])
    filled = [index for index, size in enumerate(sizes) if size]
    support = np.zeros(len(alike))
    for index in filled:
        begin, end = starts[index], starts[index + 1]
        best = alike[:, begin:end].max(axis=1)
        best[begin:end] = 0.0
        support += best
    return support / (len(filled) - 1)


# --- sumy's own ------------------------------------------------------------------------------------------------------


class LexRank(LexRankSummarizer):  # type: ignore[misc, unused-ignore]
    """sumy's LexRank with the same scores from array arithmetic.

    Where no two sentences share a word sumy's divides zero by zero; here every sentence is then as central as any.
    """

    def __call__(self, document: ObjectDocumentModel, sentences_count: object) -> tuple[SumySentence, ...]:
        """Return the best sentences of one document."""
        if not document.sentences:
            return ()
        ratings = dict(zip(document.sentences, self.rate(document).tolist(), strict=True))
        best: tuple[SumySentence, ...] = self._get_best_sentences(document.sentences, sentences_count, ratings)
        return best

    def rate(self, document: ObjectDocumentModel) -> Matrix:
        """Return the score of each sentence."""
        words = [self._to_words_set(sentence) for sentence in document.sentences]
        counts = Terms.of(words).counts
        count = len(counts)
        most = counts.max(axis=1, initial=0.0)
        idf = np.log(count / (1.0 + (counts > 0).sum(axis=0)))
        vectors = _unit(counts / np.where(most > 0, most, 1.0)[:, np.newaxis] * idf)
        # Rounded, so that no last digit decides on which side of the threshold an edge falls.
        edges = (np.round(vectors @ vectors.T, 9) > self.threshold).astype(np.float64)
        degrees = edges.sum(axis=1)
        edges /= np.where(degrees > 0, degrees, 1.0)[:, np.newaxis]
        return self.power_method(edges, self.epsilon)

    @staticmethod
    def power_method(matrix: Matrix, epsilon: float) -> Matrix:
        """Return where the walk over a matrix of transitions has come to when a step changes less than ``epsilon``."""
        weights = np.full(len(matrix), 1.0 / len(matrix))
        change = 1.0
        while change > epsilon:
            following = matrix.T @ weights
            norm = float(np.linalg.norm(following))
            if norm == 0.0:
                break
            following /= norm
            change = float(np.linalg.norm(following - weights))
            weights = following
        return weights


class _Lsa(LsaSummarizer):  # type: ignore[misc, unused-ignore]
    """sumy's LSA, whose columns don't depend on PYTHONHASHSEED, and which is silent where there are few words."""

    def _create_dictionary(self, document: ObjectDocumentModel) -> dict[str, int]:
        terms = (self.stem_word(w) for w in map(self.normalize_word, document.words) if w not in self._stop_words)
        return {term: index for index, term in enumerate(dict.fromkeys(terms))}

    def _create_matrix(self, document: ObjectDocumentModel, dictionary: dict[str, int]) -> Matrix:
        matrix = np.zeros((len(dictionary), len(document.sentences)))
        for column, sentence in enumerate(document.sentences):
            for word in map(self.stem_word, sentence.words):
                if word in dictionary:
                    matrix[dictionary[word], column] += 1
        return matrix

    def _compute_term_frequency(self, matrix: Matrix, smooth: float = 0.4) -> Matrix:
        highest = matrix.max(axis=0)
        used = highest > 0
        matrix[:, used] = smooth + (1.0 - smooth) * (matrix[:, used] / highest[used])
        return matrix


_SUMY: Final[Mapping[str, Any]] = {
    "lexrank": LexRank,
    "textrank": TextRankSummarizer,
    "lsa": _Lsa,
    "luhn": LuhnSummarizer,
    "kl": KLSummarizer,
    "sumbasic": SumBasicSummarizer,
    "reduction": ReductionSummarizer,
}


def rate(ranker: str, articles: Sequence[Sequence[str]], titles: Sequence[str | None], language: str) -> Ratings:
    """Rate the sentences of a story's articles, each with its title: one number for each, article by article.

    ``ranker`` is one of :data:`summaries.summarize.RANKERS`; those of sumy are asked for the story as one document.
    ``language``, that of most of it, decides on stemmer and stop words.
    """
    stem, stop_words = stemmer_of(language), stop_words_of(language)
    documents = [document_of(one, title, language) for one, title in zip(articles, titles, strict=True)]
    ours = NewsSummarizer(stem)
    ours.stop_words = stop_words
    ratings = ours.rate(documents)
    if ranker == "news":
        return ratings
    summarizer = _SUMY[ranker](stem)
    summarizer.stop_words = stop_words
    nodes = [node for document in documents for node in document.sentences]
    rated = [0.0] * len(nodes)

    def keep(
        sentences: Sequence[object],
        count: object,
        rating: dict[object, float] | Callable[..., float],
        *arguments: object,
    ) -> tuple[object, ...]:
        """Take the place of sumy's selection and keep the rating of every sentence instead."""
        for index, sentence in enumerate(sentences):
            value = float(rating[sentence] if isinstance(rating, dict) else rating(sentence, *arguments))
            rated[index] = value if math.isfinite(value) else 0.0
        return ()

    summarizer._get_best_sentences = keep
    if any(node.words for node in nodes):
        summarizer(ObjectDocumentModel([Paragraph(nodes)]), len(nodes))
    return Ratings({ranker: np.array(rated)}, ratings.terms, ratings.alike)
