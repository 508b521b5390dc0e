"""How well articles about one event are found, and what it costs to group and brief 100,000 articles.

``python benchmarks/stories.py --data FOLDER`` measures on the clusters of ``multi-news-train.jsonl``, on which the
figures of summaries/stories.py were chosen; ``--final`` on those of ``multi-news-validation.jsonl``, for a result that
is not to be tuned on. ``--sizes`` says for how many articles the cost is measured (none: not at all). The files have
one object a line: {"id", "articles": [{"title": null or text, "text"}], "summaries": [...]}; they aren't part of the
project. Exits with 1 when a target is missed.

The clusters are shuffled together with 1,000 single articles: those of ``cnn-validation`` and ``inshorts-even``, and
one each of clusters that are used for nothing else. Every cluster is dated within a day and a half, all within eight
days; the figures without any date stand beside them.

What the data are is told by three kinds of figures:

- *as it is*: every pair of a cluster is wanted, and every other is wrong. Multi-News has notices of a web archive,
  log-in forms and texts of other events in its clusters, and the single articles of one outlet and month often do tell
  one event.
- *judged*: pairs of two single articles of one such file count for nothing, nor do texts that begin with the same 100
  characters in several clusters, as the archive's notices do.
- *sound*: besides, only texts that their own cluster's summary, of all summaries, is most like. The summaries are
  seen by nothing else here.

Of the train file only sound texts take part: the others are scattered over strange clusters.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from summaries.article import Article, Published

START = datetime(2025, 3, 17, tzinfo=UTC)
SINGLES = ("cnn-validation", "inshorts-even")
UNRELATED = 1000
PRECISION, RECALL, SECONDS, MEGABYTES = 0.90, 0.80, 60, 500
SHORT = 30
"""Words below which a text can hardly be recognised."""


@dataclass(frozen=True)
class Labelled:
    """An article and the cluster or single article it is; ``source`` is the file of a single one."""

    article: Article
    cluster: str
    source: str | None
    sound: bool = True


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]


# --- quality ----------------------------------------------------------------------------------------------------------


def sound(rows: Sequence[dict[str, Any]]) -> list[list[bool]]:
    """Tell of each text whether the summary of its cluster is the one that is most like it."""
    import numpy as np

    from summaries.stories import _terms

    texts = [" ".join(article["text"].split()[:300]) for row in rows for article in row["articles"]]
    counts = [Counter(_terms(text)) for text in texts + [row["summaries"][0] for row in rows]]
    spread = Counter(term for count in counts for term in count)
    column = {term: number for number, term in enumerate(spread)}
    matrix = np.zeros((len(counts), len(column)), np.float32)
    for number, count in enumerate(counts):
        for term, n in count.items():
            matrix[number, column[term]] = (1 + math.log(n)) * math.log(len(counts) / spread[term])
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True) + 1e-9
    likest = iter((matrix[: len(texts)] @ matrix[len(texts) :].T).argmax(1).tolist())
    return [[next(likest) == number for _ in row["articles"]] for number, row in enumerate(rows)]


def assemble(folder: Path, final: bool, seed: int = 5) -> list[Labelled]:
    """Return the clusters and the unrelated articles, dated and shuffled."""
    source = random.Random(seed)  # noqa: S311 - test data
    name = "multi-news-validation" if final else "multi-news-train"
    rows = read(folder, name)
    are = sound(rows)
    clusters = [
        [(a, ok) for a, ok in zip(row["articles"], oks, strict=True)] for row, oks in zip(rows, are, strict=True)
    ]
    singles = [(row["articles"][0], file) for file in SINGLES for row in read(folder, file)]
    if final:
        train = read(folder, "multi-news-train")
        spare = [a for row, are in zip(train, sound(train), strict=True) for a in row["articles"][:1] if are[0]]
    else:
        clusters = [[pair for pair in cluster if pair[1]] for cluster in clusters]
        spare = [cluster[0][0] for cluster in clusters if len(cluster) == 1]
        clusters = [cluster for cluster in clusters if len(cluster) > 1]
    singles += [(article, None) for article in spare[: UNRELATED - len(singles)]]
    found = []
    for number, cluster in enumerate([*clusters, *([(article, True)] for article, _ in singles)]):
        begun = START + timedelta(days=source.uniform(0, 6))
        file = singles[number - len(clusters)][1] if number >= len(clusters) else None
        for article, ok in cluster:
            published = Published(begun + timedelta(days=source.uniform(0, 1.5)), "time", "stated")
            made = Article("", 1, article["text"], title=article["title"], published=published)
            found.append(Labelled(made, f"{number}", file, ok))
    source.shuffle(found)
    return [replace(one, article=replace(one.article, id=f"{place:06}")) for place, one in enumerate(found)]


def grouped(articles: Sequence[Article]) -> list[int]:
    from summaries.stories import group_stories

    story_of = {a.id: number for number, story in enumerate(group_stories(articles)) for a in story.articles}
    return [story_of[article.id] for article in articles]


def formerly(articles: Sequence[Article]) -> list[int]:
    """Group by title and first 70 words at a cosine of 0.4, 0.3 on average, as summaries/stories.py did before."""
    return _by_opening(articles, 0.4, 0.3)


def naive(articles: Sequence[Article]) -> list[int]:
    """Put an article to the one before it whose opening is most like it, in order of time, at a cosine of 0.3."""
    return _by_opening(articles, 0.3, 0.0)


def _by_opening(articles: Sequence[Article], least: float, mean: float) -> list[int]:
    import numpy as np

    from summaries.stories import DAYS, _lead, _terms

    counts = []
    for article in articles:
        count = Counter(_terms(_lead(article)))
        for term in _terms(article.title or ""):
            count[term] += 2
        counts.append(count)
    spread = Counter(term for count in counts for term in count)
    column = {term: number for number, term in enumerate(spread)}
    matrix = np.zeros((len(counts), len(column)), np.float32)
    for number, count in enumerate(counts):
        for term, n in count.items():
            matrix[number, column[term]] = (1 + math.log(n)) * (math.log((1 + len(counts)) / (1 + spread[term])) + 1)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True) + 1e-9
    cosine = np.triu(matrix @ matrix.T, 1)
    group = list(range(len(articles)))
    members = {number: [number] for number in group}
    pairs = [(float(cosine[one, other]), one, other) for one, other in np.argwhere(cosine >= least).tolist()]
    for _, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
        left, right = group[one], group[other]
        first, second = articles[one].published.at, articles[other].published.at
        if left == right or (first and second and abs(first - second) > timedelta(days=DAYS)):
            continue
        between = cosine[np.ix_(members[left], members[right])] + cosine[np.ix_(members[right], members[left])].T
        if between.mean() >= mean:
            for number in members[right]:
                group[number] = left
            members[left] += members.pop(right)
    return group


@dataclass(frozen=True)
class Score:
    """Pair and B-cubed precision and recall."""

    precision: float
    recall: float
    b_precision: float
    b_recall: float


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def score(labelled: Sequence[Labelled], groups: Sequence[int], judged: bool, only_sound: bool) -> Score:
    openings: dict[str, set[str]] = defaultdict(set)
    for one in labelled:
        openings[one.article.text[:100]].add(one.cluster)
    kept = [
        (one, group)
        for one, group in zip(labelled, groups, strict=True)
        if (one.sound or not only_sound) and not (judged and len(openings[one.article.text[:100]]) > 1)
    ]
    true, got = Counter(one.cluster for one, _ in kept), Counter(group for _, group in kept)
    both = Counter((one.cluster, group) for one, group in kept)
    # Pairs of single articles of one file in one story.
    unjudged = Counter((one.source, group) for one, group in kept if one.source and judged)

    def pairs(counter: Counter[Any]) -> int:
        return sum(n * (n - 1) // 2 for n in counter.values())

    # B-cubed asks of each article how much of its story is right; what isn't judged is left out of its story.
    b_precision = b_recall = 0.0
    for one, group in kept:
        right = both[one.cluster, group]
        size = got[group] - (unjudged[one.source, group] - 1 if one.source and judged else 0)
        b_precision += right / size / len(kept)
        b_recall += right / true[one.cluster] / len(kept)
    found = pairs(got) - pairs(unjudged)
    return Score(pairs(both) / max(1, found), pairs(both) / max(1, pairs(true)), b_precision, b_recall)


def quality(folder: Path, final: bool) -> bool:
    """Print how well the articles are grouped, and return whether that is well enough."""
    labelled = assemble(folder, final)
    sizes = Counter(one.cluster for one in labelled)
    wanted = sum(n * (n - 1) // 2 for n in sizes.values())
    short = Counter(one.cluster for one in labelled if len(one.article.text.split()) >= SHORT)
    good = Counter(one.cluster for one in labelled if one.sound)
    print(
        f"{len(labelled)} articles, {sum(n > 1 for n in sizes.values())} clusters, {wanted} pairs; of these "
        f"{wanted - sum(n * (n - 1) // 2 for n in short.values())} have a text under {SHORT} words, and "
        f"{sum(n * (n - 1) // 2 for n in good.values())} are two sound texts"
    )
    print(f"{'':44}{'pairs':>21}{'B-cubed':>24}")
    print(f"{'grouping':10}{'dates':8}{'figures':26}{'P':>7}{'R':>7}{'F1':>7}   {'P':>7}{'R':>7}{'F1':>7}")
    reached = True
    undated = [replace(one, article=replace(one.article, published=Published())) for one in labelled]
    for name, way in (("now", grouped), ("before", formerly), ("naive", naive)):
        for dates, texts in (("dated", labelled), ("none", undated)):
            groups = way([one.article for one in texts])
            for figures, judged, only_sound in (
                ("as it is", False, False),
                ("judged", True, False),
                ("judged, sound", True, True),
            ):
                told = score(texts, groups, judged, only_sound)
                row = f"{name:10}{dates:8}{figures:26}"
                for p, r in ((told.precision, told.recall), (told.b_precision, told.b_recall)):
                    row += f"{p:7.3f}{r:7.3f}{f1(p, r):7.3f}   "
                print(row, flush=True)
                if name == "now" and figures == "judged":
                    reached &= told.precision >= PRECISION and told.recall >= RECALL
    return reached


def few(folder: Path) -> None:
    """Print how well a few articles are grouped, as a briefing has them: every fourth event is a cluster."""
    labelled = assemble(folder, final=False)
    by_cluster: dict[str, list[Labelled]] = defaultdict(list)
    for one in labelled:
        by_cluster[one.cluster].append(one)
    clusters = sorted(name for name, texts in by_cluster.items() if len(texts) > 1)
    singles = sorted(name for name, texts in by_cluster.items() if len(texts) == 1)
    print(f"\n{'events':>8}{'samples':>9}   pairs judged in all samples: P, R")
    for events, samples in ((8, 100), (40, 30), (200, 5)):
        source = random.Random(events)  # noqa: S311 - test data
        parts = []
        for sample in range(samples):
            names = source.sample(clusters, events // 4) + source.sample(singles, events - events // 4)
            texts = [one for name in names for one in by_cluster[name]]
            groups = grouped([one.article for one in texts])
            parts += [(replace(one, cluster=f"{sample} {one.cluster}", source=one.source and f"{sample} {one.source}"),
                       10_000 * sample + group) for one, group in zip(texts, groups, strict=True)]  # fmt: skip
        told = score([one for one, _ in parts], [group for _, group in parts], judged=True, only_sound=False)
        print(f"{events:8}{samples:9}   {told.precision:.3f} {told.recall:.3f}", flush=True)


# --- cost -------------------------------------------------------------------------------------------------------------


def made(folder: Path, count: int) -> list[Article]:
    """Return so many articles of one week, the data's own and then mixtures of them.

    A mixture is an event: the first half of one text's sentences, then the second half of another's, where every third
    of the longer words is another word, the same in all reports of the event: as there are few texts, two events would
    share their sentences. It is told by one to six articles, each with a third of the sentences left out and the rest
    in a new order, within two days; every tenth besides in a copy with a new beginning.
    """
    source = random.Random(count)  # noqa: S311 - test data
    files = (*SINGLES, "multi-news-train", "multi-news-validation")
    texts = [a["text"] for file in files for row in read(folder, file) for a in row["articles"]]
    # Notices of a web archive are shorter, and would be told by every fiftieth event.
    texts = [text for text in texts if len(text.split()) >= 150]
    found = [(text, source.uniform(0, 7)) for text in texts[:count]]
    while len(found) < count:
        one, other = (source.choice(texts).replace("\n", " ").split(". ") for _ in range(2))
        sentences = one[: 1 + len(one) // 2] + other[len(other) // 2 :]
        salt, which = "".join(source.choices("bdfgklmnprstvz", k=3)), source.randrange(3)
        begun = source.uniform(0, 5)
        for _ in range(source.choice((1, 1, 1, 2, 3, 6))):
            kept = source.sample(sentences, max(1, 2 * len(sentences) // 3))
            words = " ".join(f"{sentence}." for sentence in kept).split()[:700]
            # Not hash(), which differs from process to process.
            words = [f"{w[:3]}{salt}{w[3:]}" if len(w) > 4 and sum(map(ord, w)) % 3 == which else w for w in words]
            found.append((" ".join(words), begun + source.uniform(0, 2)))
            if source.random() < 0.1:
                copy = f"By our own staff, {source.randrange(10**6)}. {found[-1][0]}"
                found.append((copy, begun + source.uniform(0, 2)))
    articles = []
    for number, (text, day) in enumerate(found[:count]):
        at = Published(START + timedelta(days=day), "time", "stated")
        title = " ".join(text.split()[:9])
        articles.append(Article(f"{number:06}", 1, text, title=title, publisher=f"Outlet {number % 200}", published=at))
    return articles


def measure(folder: Path, count: int) -> dict[str, float]:
    """Group and brief so many articles in this process."""
    from summaries.briefing import Window, build_briefing
    from summaries.dossier import read_dossier
    from summaries.stories import group_stories

    seeds = Path(__file__).parents[1] / "seeds"
    dossier = read_dossier(lambda path: (seeds / path).read_bytes(), now=START)
    articles = made(folder, count)
    before = _peak()
    begun = time.perf_counter()
    stories = group_stories(articles)
    grouping = time.perf_counter() - begun
    begun = time.perf_counter()
    window = Window(START, START + timedelta(days=7))
    build_briefing(window, dossier.topic, dossier.parties, {}, {}, {}, articles)
    return {"stories": len(stories), "largest": max(len(story.articles) for story in stories), "group": grouping,
            "brief": time.perf_counter() - begun, "before": before, "peak": _peak()}  # fmt: skip


def _peak() -> float:
    """Return the most memory this process has held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def cost(folder: Path, sizes: Sequence[int]) -> bool:
    """Print what many articles cost, and return whether 10,000 stay in their limits."""
    print(f"\n{'articles':>8}{'stories':>9}{'largest':>9}{'group s':>9}{'ms each':>9}{'group+brief s':>15}"
          f"{'texts MB':>10}{'peak MB':>9}")  # fmt: skip
    good = True
    for size in sizes:
        command = [sys.executable, "-P", __file__, "--data", str(folder), "--measure", str(size)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{size:8}{told['stories']:9}{told['largest']:9}{told['group']:9.1f}{1000 * told['group'] / size:9.2f}"
              f"{told['brief']:15.1f}{told['before']:10.0f}{told['peak']:9.0f}", flush=True)  # fmt: skip
        if size == 10_000:
            good = told["brief"] <= SECONDS and told["peak"] <= MEGABYTES
    return good


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--final", action="store_true", help="the validation clusters: not to be tuned on")
    parser.add_argument("--sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.data, asked.measure)))
        return 0
    reached = quality(asked.data, asked.final)
    if not asked.final:
        few(asked.data)
    cheap = cost(asked.data, asked.sizes) if asked.sizes else True
    return 0 if reached and cheap else 1


if __name__ == "__main__":
    raise SystemExit(main())
