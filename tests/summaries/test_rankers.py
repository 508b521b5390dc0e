from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sumy.nlp.stemmers import null_stemmer
from sumy.parsers.plaintext import PlaintextParser
from sumy.summarizers.lex_rank import LexRankSummarizer

from summaries.language import stemmer_of, stop_words_of
from summaries.rankers import LexRank, NewsSummarizer, Ratings, document_of, rate
from summaries.sentences import NewsTokenizer

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))

BRIDGE = "The bridge over the river was opened by the mayor on Monday."
WHEAT = "Farmers in the south lost most of their wheat to the drought."
TALKS = "Ministers will meet in Geneva for talks about the border."


def total(*articles: list[str], titles: list[str | None] | None = None) -> list[float]:
    ratings = rate("news", articles, titles or [None] * len(articles), "en")
    found: list[float] = ratings.total.tolist()
    return found


def part(ratings: Ratings, name: str) -> list[float]:
    found: list[float] = ratings.parts[name].tolist()
    return found


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_lexrank_has_sumys_scores(path: Path) -> None:
    document = PlaintextParser.from_string(path.read_text("utf-8"), NewsTokenizer()).document
    theirs, ours = LexRankSummarizer(stemmer_of("en")), LexRank(stemmer_of("en"))
    theirs.stop_words = ours.stop_words = stop_words_of("en")
    words = [theirs._to_words_set(sentence) for sentence in document.sentences]
    frequency, rarity = theirs._compute_tf(words), theirs._compute_idf(words)
    matrix = theirs._create_matrix(words, theirs.threshold, frequency, rarity)
    assert np.abs(ours.rate(document) - theirs.power_method(matrix, theirs.epsilon)).max() < 1e-12
    assert ours(document, 4) == theirs(document, 4)


def test_it_is_a_summarizer_of_sumys() -> None:
    document = PlaintextParser.from_string(SEEDS[0].read_text("utf-8"), NewsTokenizer()).document
    summarizer = NewsSummarizer(stemmer_of("en"))
    summarizer.stop_words = stop_words_of("en")
    chosen = summarizer(document, 3)
    assert len(chosen) == 3
    assert [sentence for sentence in document.sentences if sentence in chosen] == list(chosen)
    assert summarizer(document, "20%")
    assert NewsSummarizer(null_stemmer)(PlaintextParser.from_string("", NewsTokenizer()).document, 3) == ()


def test_earlier_sentences_are_worth_more() -> None:
    early = part(rate("news", [[BRIDGE, WHEAT, TALKS]], [None], "en"), "early")
    assert early == sorted(early, reverse=True)
    # The place is that in the sentence's own article.
    both = part(rate("news", [[BRIDGE, WHEAT], [TALKS]], [None, None], "en"), "early")
    assert both[0] == both[2] > both[1]


def test_the_title_counts() -> None:
    without = total([BRIDGE, WHEAT])
    titled = total([BRIDGE, WHEAT], titles=["Drought costs farmers their wheat"])
    assert titled[1] > without[1]
    assert titled[0] == without[0]


def test_what_other_articles_say_too_counts() -> None:
    told = "The mayor opened the river bridge on Monday."
    parts = rate("news", [[BRIDGE, WHEAT], [told, TALKS]], [None, None], "en")
    support = part(parts, "support")
    assert min(support[0], support[2]) > max(support[1], support[3])
    # An article can't support itself, and one with nothing to say takes no share.
    assert "support" not in rate("news", [[BRIDGE, BRIDGE]], [None], "en").parts
    with_empty = rate("news", [[BRIDGE, WHEAT], [], [told, TALKS]], [None] * 3, "en")
    assert part(with_empty, "support") == support


def test_parts_sum_up() -> None:
    ratings = rate("news", [[BRIDGE, WHEAT], [TALKS]], ["Wheat", None], "en")
    assert set(ratings.parts) == {"central", "connected", "early", "headline", "support"}
    assert np.abs(sum(ratings.parts.values()) - ratings.total).max() < 1e-8


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.text(max_size=60), max_size=6), min_size=1, max_size=4), st.sampled_from(["en", "uk", ""]))
def test_every_sentence_has_a_finite_rating(articles: list[list[str]], language: str) -> None:
    ratings = rate("news", articles, [None] * len(articles), language)
    assert ratings.total.shape == (sum(map(len, articles)),)
    assert np.isfinite(ratings.total).all()


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "ministers", "minister"),
        ("de", "ministern", "minister"),
        ("fr", "ministres", "ministre"),
        ("es", "ministros", "ministro"),
        ("pl", "ministrów", "ministrami"),
        ("uk", "міністрами", "міністрів"),
    ],
)
def test_endings_are_taken_off(language: str, one: str, other: str) -> None:
    stem = stemmer_of(language)
    assert stem(one) == stem(other) != stem("government")


def test_sentences_are_known_by_their_place() -> None:
    document = document_of([BRIDGE, BRIDGE], "A title", "en")
    assert len(set(document.sentences)) == 2
    assert [str(heading._text) for heading in document.headings] == ["A title"]
