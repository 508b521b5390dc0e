"""How good summaries are, beside the first sentences, sumy's rankers and the best that sentences could do.

    .venv/bin/python benchmarks/summary.py --data FOLDER --picture summary.png

``FOLDER`` holds ``.jsonl`` files (``benchmarks/datasets.py`` makes them). Single articles are summed up in three
sentences, files of stories told by several articles in 100 words; ``--words`` asks for another number of words of
everything. It needs two packages more: ``uv pip install -p .venv --group benchmarks``.

For each file the table has ROUGE-1, -2 and -Lsum (F1, stemmed, times 100) of every way to choose sentences, with the
95 % interval of the paired difference in ROUGE-1 and -2 to the first sentences (bootstrap over the texts, 2,000 draws).
Then it says how many of the chosen sentences can't be read by themselves: unbalanced quotes, furniture, questions,
fragments, more than 50 words, openers that lean on a sentence which isn't shown; and how many summaries hold two
sentences that say the same (cosine of stems over 0.7). All ways use our sentences, sumy's rankers its Snowball stemmer
and its stop words, without which they are worse. KL takes cubic time and gets the first 100 sentences. The oracle adds
the sentence that raises ROUGE-1 + ROUGE-2 most as long as one does.

``--speed`` measures CPU time instead: a whole summary (sentences, stems, ranking, choice) beside sumy's parser and
LexRank with our sentences at 30 to 1,000 sentences, and sumy's LexRank alone beside ours with the same scores.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402

from summaries import language, rankers  # noqa: E402
from summaries.article import Article  # noqa: E402
from summaries.boilerplate import is_boilerplate  # noqa: E402
from summaries.readable import MAX_WORDS, faults_of  # noqa: E402
from summaries.sentences import NewsTokenizer, article_sentences, balanced  # noqa: E402
from summaries.summarize import RANKERS, summarize  # noqa: E402
from summaries.text import is_heading  # noqa: E402

UNLIMITED = 1_000_000
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Text:
    """Articles of one story, and what people wrote to sum it up."""

    articles: tuple[Article, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a summary may be."""

    sentences: int
    words: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.sentences} sentences" if self.words == UNLIMITED else f"{self.words} words"


def read(path: Path) -> list[Text]:
    texts = []
    for line in path.read_text("utf-8").splitlines():
        item = json.loads(line)
        articles = tuple(
            Article(
                f"{item['id']}/{number}", 1, one["text"], title=one.get("title"), language=item.get("language", "en")
            )
            for number, one in enumerate(item["articles"])
        )
        texts.append(Text(articles, tuple(item["summaries"])))
    return texts


# Ways to choose -------------------------------------------------------------------------------------------------------


def sentences_of(article: Article) -> list[str]:
    return [span.of(article.text) for spans in article_sentences(article) for span in spans]


def fill(ranked: Sequence[str], budget: Budget) -> list[str]:
    """Take sentences in their order while they fit."""
    chosen: list[str] = []
    spent = 0
    for sentence in ranked:
        size = len(sentence.split())
        if len(chosen) < budget.sentences and (not chosen or spent + size <= budget.words):
            chosen.append(sentence)
            spent += size
    return chosen


def lead(text: Text, budget: Budget) -> list[str]:
    """Take the first sentences of the first article."""
    chosen: list[str] = []
    for sentence in sentences_of(text.articles[0]):
        if len(chosen) == budget.sentences:
            break
        if chosen and len(" ".join([*chosen, sentence]).split()) > budget.words:
            break
        chosen.append(sentence)
    return chosen


def lead_of_each(text: Text, budget: Budget) -> list[str]:
    """Take the first sentence of each article, then the second, and so on."""
    articles = [sentences_of(article) for article in text.articles]
    depth = max(map(len, articles), default=0)
    return fill([one[at] for at in range(depth) for one in articles if at < len(one)], budget)


def by_sumy(text: Text, budget: Budget, ranker: str) -> list[str]:
    """Let sumy choose as it does, from all articles as one document."""
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    sentences = [one for article in text.articles for one in sentences_of(article)]
    nodes = [Sentence(one, NewsTokenizer()) for one in sentences[: 100 if ranker == "kl" else None]]
    summarizer = sumy_ranker(ranker)
    try:
        found = summarizer(ObjectDocumentModel([Paragraph(nodes)]), lambda infos: within(infos, budget))
    except (ValueError, ZeroDivisionError):
        return []
    return [str(node._text) for node in found]


def within(infos: Sequence[Any], budget: Budget) -> list[Any]:
    """Take sumy's sentences, which come best first, while they fit."""
    chosen: list[Any] = []
    spent = 0
    for info in infos:
        size = len(info.sentence._text.split())
        if len(chosen) < budget.sentences and (not chosen or spent + size <= budget.words):
            chosen.append(info)
            spent += size
    return chosen


@cache
def sumy_ranker(name: str) -> Any:  # noqa: ANN401 (sumy has no types)
    from importlib import import_module

    from sumy.nlp.stemmers import Stemmer
    from sumy.utils import get_stop_words

    module, kind = SUMY[name]
    summarizer = getattr(import_module(f"sumy.summarizers.{module}"), kind)(Stemmer("english"))
    summarizer.stop_words = get_stop_words("english")
    return summarizer


SUMY = {
    "lexrank": ("lex_rank", "LexRankSummarizer"),
    "textrank": ("text_rank", "TextRankSummarizer"),
    "luhn": ("luhn", "LuhnSummarizer"),
    "lsa": ("lsa", "LsaSummarizer"),
    "kl": ("kl", "KLSummarizer"),
    "sumbasic": ("sum_basic", "SumBasicSummarizer"),
    "reduction": ("reduction", "ReductionSummarizer"),
}


def by_us(text: Text, budget: Budget, ranker: str = "news") -> list[str]:
    found = summarize(text.articles, sentences=budget.sentences, words=budget.words, ranker=ranker)
    return [sentence.text for sentence in found]


def oracle(text: Text, budget: Budget) -> list[str]:
    """Add the sentence that raises ROUGE-1 + ROUGE-2 most, as long as one does."""
    pool = list(dict.fromkeys(one for article in text.articles for one in sentences_of(article)))
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < budget.sentences:
        spent = sum(len(pool[at].split()) for at in chosen)
        gains = []
        for at, sentence in enumerate(pool):
            if at not in chosen and (not chosen or spent + len(sentence.split()) <= budget.words):
                one, two = quick_rouge([pool[i] for i in sorted([*chosen, at])], text.references)
                gains.append((one + two, -at))
        if not gains or max(gains)[0] <= best:
            break
        best, at = max(gains)
        chosen.append(-at)
    return [pool[at] for at in sorted(chosen)]


@cache
def scorer() -> Any:  # noqa: ANN401 (rouge-score has no types)
    from rouge_score import rouge_scorer

    return rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeLsum"], use_stemmer=True)


@cache
def rouge_words(text: str) -> tuple[str, ...]:
    from rouge_score import tokenizers

    return tuple(tokenizers.DefaultTokenizer(True).tokenize(text))


def quick_rouge(sentences: Sequence[str], references: Sequence[str]) -> tuple[float, float]:
    """Return ROUGE-1 and -2 as rouge-score does, of words that were cut once (a hundred times as fast)."""
    words = [word for one in sentences for word in rouge_words(one)]
    found = []
    for size in (1, 2):
        have = Counter(zip(*(words[at:] for at in range(size)), strict=False))
        total = 0.0
        for reference in references:
            wanted_words = rouge_words(reference)
            wanted = Counter(zip(*(wanted_words[at:] for at in range(size)), strict=False))
            hits = (have & wanted).total()
            total += 2 * hits / max(1, have.total() + wanted.total())
        found.append(total / len(references))
    return found[0], found[1]


WAYS: dict[str, Callable[[Text, Budget], list[str]]] = {
    "lead": lead,
    "lead of each": lead_of_each,
    **{f"sumy {name}": partial(by_sumy, ranker=name) for name in SUMY},
    **{f"ours, {name}": partial(by_us, ranker=name) for name in RANKERS if name != "news"},
    "ours": by_us,
    "oracle": oracle,
}


# Scores ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Scores:
    """What one way scored on a file: ROUGE by text, and what can't be read by itself."""

    rouge: list[tuple[float, float, float]] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    sentences: int = 0


def rouge(chosen: Sequence[str], references: Sequence[str]) -> tuple[float, float, float]:
    each = [scorer().score(reference, "\n".join(chosen)) for reference in references]
    means = (statistics.fmean(100 * one[kind].fmeasure for one in each) for kind in ("rouge1", "rouge2", "rougeLsum"))
    one, two, long = means
    return one, two, long


def readable(chosen: Sequence[str], text: Text) -> Counter[str]:
    """Count what can't be read by itself."""
    follows = {}
    for article in text.articles:
        whole = sentences_of(article)
        follows |= dict(zip(whole[1:], whole, strict=False))
    found: Counter[str] = Counter()
    for sentence in chosen:
        faults = faults_of(sentence, "en")
        found["unbalanced"] += not balanced(sentence)
        found["furniture"] += is_boilerplate(sentence)
        found["question"] += "question" in faults
        found["fragment"] += "fragment" in faults or any(is_heading(sentence, span) for span in spans_of(sentence))
        found["too long"] += len(sentence.split()) > MAX_WORDS
        found["leaning"] += "dangling" in faults and follows.get(sentence) not in chosen
    found["alike"] += any(cosine(one, other) > 0.7 for one, other in combinations(chosen, 2))
    return found


def spans_of(sentence: str) -> list[Any]:
    from summaries.text import Span

    return [Span(0, len(sentence))]


def cosine(one: str, other: str) -> float:
    first, second = stems(one), stems(other)
    dot = sum(count * second[term] for term, count in first.items() if term in second)
    return dot / math.sqrt(max(1, sum(n * n for n in first.values()) * sum(n * n for n in second.values())))


@cache
def stems(sentence: str) -> Counter[str]:
    stem, stop = language.stemmer_of("en"), language.stop_words_of("en")
    return Counter(stem(word) for word in map(str.lower, NewsTokenizer().to_words(sentence)) if word not in stop)


def judge(way: str, texts: Sequence[Text], budget: Budget) -> Scores:
    scores = Scores()
    for text in texts:
        chosen = WAYS[way](text, budget)
        scores.rouge.append(rouge(chosen, text.references))
        scores.faults += readable(chosen, text)
        scores.sentences += len(chosen)
    return scores


def interval(differences: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the 95 % interval of the mean of paired differences, by bootstrap."""
    draws = np.random.default_rng(1).integers(0, len(differences), (DRAWS, len(differences)))
    low, high = np.percentile(differences[draws].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def table(name: str, texts: Sequence[Text], budget: Budget, ways: Sequence[str]) -> dict[str, tuple[float, float]]:
    several = any(len(text.articles) > 1 for text in texts)
    ways = [way for way in ways if several or way != "lead of each"]
    parts = [texts[at::8] for at in range(8)]
    print(f"\n{name}: {len(texts)} texts, {budget}")
    print(f"{'':18}{'R-1':>7}{'R-2':>7}{'R-Lsum':>8}   more R-1 than lead    more R-2 than lead   CPU ms")
    base: np.ndarray[Any, Any] | None = None
    faults = {}
    found = {}
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for way in ways:
            begun = time.perf_counter()
            scored = list(pool.map(judge, [way] * 8, parts, [budget] * 8))
            took = 1000 * (time.perf_counter() - begun) * (os.cpu_count() or 1) / len(texts)
            values = np.array([one for part in scored for one in part.rouge])
            base = values if base is None else base
            one, two, long = values.mean(axis=0)
            found[way] = (float(one), float(two))
            shown = ""
            for kind in (0, 1):
                difference = values[:, kind] - base[:, kind]
                low, high = interval(difference)
                shown += f"   {difference.mean():+6.2f} [{low:+5.2f}, {high:+5.2f}]"
            print(
                f"{way:18}{one:7.2f}{two:7.2f}{long:8.2f}{shown if way != ways[0] else ' ' * 46}{took:9.1f}", flush=True
            )
            faults[way] = (sum((part.faults for part in scored), Counter()), sum(part.sentences for part in scored))
    kinds = ("unbalanced", "furniture", "question", "fragment", "too long", "leaning")
    print(f"\n{'of 100 sentences':18}" + "".join(f"{kind:>12}" for kind in kinds) + "   of 100 texts: two alike")
    for way, (counted, sentences) in faults.items():
        shares = "".join(f"{100 * counted[kind] / max(1, sentences):12.1f}" for kind in kinds)
        print(f"{way:18}{shares}{100 * counted['alike'] / len(texts):16.1f}")
    return found


def picture(path: Path, results: dict[str, dict[str, tuple[float, float]]]) -> None:
    """Draw a bar for each way on each file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(results), figsize=(6 * len(results), 6), squeeze=False)
    for axis, (name, ways) in zip(axes[0], results.items(), strict=True):
        names = sorted(ways, key=lambda way: ways[way][0])
        for shift, kind, colour in ((0.2, 0, "#2b6cb0"), (-0.2, 1, "#dd8452")):
            bars = axis.barh([at + shift for at in range(len(names))], [ways[way][kind] for way in names], 0.38,
                             color=colour, label=f"ROUGE-{kind + 1}")  # fmt: skip
            axis.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
        axis.set_yticks(range(len(names)), names)
        for label in axis.get_yticklabels():
            label.set_fontweight("bold" if label.get_text() == "ours" else "normal")
        axis.set_title(name)
        axis.set_xlabel("F1 x 100")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


# Speed ----------------------------------------------------------------------------------------------------------------


def speed(texts: Sequence[Text]) -> int:
    from sumy.parsers.plaintext import PlaintextParser

    whole = [one for text in texts for article in text.articles for one in sentences_of(article) if "\n" not in one]
    print(
        f"{'sentences':>10}{'sumy':>10}{'ours':>9}{'times':>8}   |{'LexRank':>10}{'ours':>9}{'times':>8}   most apart"
    )
    missed = 0
    for count, rounds in ((30, 9), (100, 9), (400, 5), (1000, 3)):
        times: list[list[float]] = [[], [], [], []]
        apart = 0.0
        for number in range(rounds):
            chosen = [whole[(number * count + at) % len(whole)] for at in range(count)]
            text = "\n\n".join(" ".join(chosen[at : at + 3]) for at in range(0, count, 3))
            article = Article("speed", 1, text, language="en")

            def by_sumy_lexrank(text: str = text) -> Any:  # noqa: ANN401
                return sumy_fresh()(PlaintextParser.from_string(text, NewsTokenizer()).document, 3)

            def by_ours(article: Article = article) -> Any:  # noqa: ANN401
                language.stemmer_of.cache_clear()
                return summarize([article])

            document = rankers.document_of(chosen, None, "en")
            theirs, mine = scores_of(sumy_fresh(), document), rankers.LexRank(language.stemmer_of("en"))
            mine.stop_words = language.stop_words_of("en")
            # sumy's nltk and the compiled Snowball differ in a few stems; the same stems make the same scores.
            stemmed = sumy_fresh()
            stemmed._stemmer = language.stemmer_of("en")
            apart = max(apart, float(np.abs(scores_of(stemmed, document) - mine.rate(document)).max()))
            del theirs
            for slot, work in enumerate(
                (by_sumy_lexrank, by_ours, partial(stemmed, document, 3), partial(mine, document, 3))
            ):
                begun = time.process_time()
                work()
                times[slot].append(1000 * (time.process_time() - begun))
        a, b, c, d = map(statistics.median, times)
        print(f"{count:10,}{a:10.1f}{b:9.1f}{a / b:8.1f}   |{c:10.1f}{d:9.2f}{c / d:8.1f}   {apart:.1e}", flush=True)
        missed += (count == 100 and (a / b < 5 or c / d < 20)) or (count == 400 and a / b < 8)
    print("CPU time in ms, medians. At least 5 times at 100 sentences and 8 at 400; LexRank 20 times at 100.")
    return missed


def sumy_fresh() -> Any:  # noqa: ANN401
    sumy_ranker.cache_clear()
    return sumy_ranker("lexrank")


def scores_of(summarizer: Any, document: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401
    """Return sumy's LexRank of all sentences of a document."""
    words = [summarizer._to_words_set(sentence) for sentence in document.sentences]
    frequency, rarity = summarizer._compute_tf(words), summarizer._compute_idf(words)
    matrix = summarizer._create_matrix(words, summarizer.threshold, frequency, rarity)
    return np.asarray(summarizer.power_method(matrix, summarizer.epsilon))


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", action="append", help="a file's name without its ending")
    parser.add_argument("--ways", help=f"separated by commas, of: {', '.join(WAYS)}")
    parser.add_argument("--words", type=int)
    parser.add_argument("--texts", type=int)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    files = [path for path in sorted(asked.data.glob("*.jsonl")) if not asked.only or path.stem in asked.only]
    if not files:
        parser.error(f"{asked.data} holds no such .jsonl file")
    if asked.speed:
        return 1 if speed(read(files[0])) else 0
    ways = (
        [way.strip() for way in asked.ways.split(",")] if asked.ways else [w for w in WAYS if not w[4:].startswith(",")]
    )
    results = {}
    for path in files:
        texts = read(path)[: asked.texts]
        several = any(len(text.articles) > 1 for text in texts)
        budget = Budget(3, UNLIMITED) if not several else Budget(UNLIMITED, 100)
        budget = Budget(UNLIMITED, asked.words) if asked.words else budget
        results[f"{path.stem}, {budget}"] = table(path.stem, texts, budget, ways)
    if asked.picture:
        picture(asked.picture, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
