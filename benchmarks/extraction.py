"""How good the main text of pages is that the newsroom stores, beside what the extractor alone makes of them.

The pages and what people took for their text are of a public benchmark, MIT licensed and not shipped with this project:

    git clone --depth 1 https://github.com/scrapinghub/article-extraction-benchmark pages
    .venv/bin/python benchmarks/extraction.py --pages pages

The measure is the benchmark's: the text is cut into overlapping rows of four words; a page's precision is the share of
the found rows that are in the true text, its recall the share of the true rows that were found, each row counted as
often as it stands there; both are averaged over the pages, and F1 is the harmonic mean of the averages. Exits with 1
when our F1 is more than 0.005 below the better one of trafilatura's ``extract(fast=True)`` with and without readers'
comments, on the same pages in the same run. (We leave out comments, and tables as well: their cells are no sentences.)
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from summaries.page import extract_page

ROW = 4
LOSS = 0.005
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def rows(text: str) -> Counter[tuple[str, ...]]:
    """Count the rows of four words of a text; a shorter text is one row."""
    words = re.findall(r"\w+", text)
    if not words:
        return Counter()
    return Counter(tuple(words[at : at + ROW]) for at in range(max(1, len(words) - ROW + 1)))


@dataclass
class Score:
    """What one way of extraction scored, page by page."""

    precisions: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, found: str, true: str, seconds: float) -> None:
        """Score one page: without a true text it has no recall, and where nothing was found no precision."""
        there, wanted = rows(found), rows(true)
        hits = (there & wanted).total()
        if there:
            self.precisions.append(hits / there.total())
        if wanted:
            self.recalls.append(hits / wanted.total())
        self.seconds.append(seconds)

    @property
    def precision(self) -> float:
        """The average of all pages where something was found."""
        return statistics.mean(self.precisions)

    @property
    def recall(self) -> float:
        """The average of all pages that have a text."""
        return statistics.mean(self.recalls)

    @property
    def f1(self) -> float:
        """The harmonic mean of both averages."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def without_comments(page: bytes) -> str:
    import trafilatura

    return trafilatura.extract(page, fast=True, include_comments=False) or ""


def plain(page: bytes) -> str:
    import trafilatura

    return trafilatura.extract(page, fast=True) or ""


def ours(page: bytes) -> str:
    read = extract_page(page, now=NOW)
    return read.draft.text if read.draft else ""


WAYS: dict[str, Callable[[bytes], str]] = {"trafilatura": plain, "no comments": without_comments, "Rollcall": ours}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=Path, required=True, metavar="FOLDER", help="a checkout of the benchmark")
    folder: Path = parser.parse_args().pages
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
        pages = {name: gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()) for name in sorted(truth)}
    except OSError as error:
        raise SystemExit(f"{folder} is no checkout of the benchmark: {error}") from None
    scores = {name: Score() for name in WAYS}
    walled = Counter[str]()
    ours(next(iter(pages.values())))
    for name, page in pages.items():
        for way, extract in WAYS.items():
            begun = time.perf_counter()
            found = extract(page)
            scores[way].add(found, truth[name].get("articleBody", ""), time.perf_counter() - begun)
        walled[extract_page(page, now=NOW).wall or "open"] += 1
    print(f"{len(pages)} pages\n{'':16}{'F1':>7}{'precision':>11}{'recall':>8}{'median ms':>11}")
    for way, score in scores.items():
        took = 1000 * statistics.median(score.seconds)
        print(f"{way:16}{score.f1:7.3f}{score.precision:11.3f}{score.recall:8.3f}{took:11.1f}")
    print("walls:", ", ".join(f"{count} {kind}" for kind, count in walled.most_common()))
    loss = max(scores["trafilatura"].f1, scores["no comments"].f1) - scores["Rollcall"].f1
    if loss > LOSS:
        print(f"missed: our F1 is {loss:.3f} below the extractor's own, more than {LOSS}")
    return int(loss > LOSS)


if __name__ == "__main__":
    sys.exit(main())
