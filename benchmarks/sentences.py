"""How well paragraphs are cut into sentences, against treebanks cut by people, and how fast.

Run from a checkout that was set up: ``.venv/bin/python benchmarks/sentences.py --treebanks FOLDER [--part dev]
[--articles FILE.jsonl] [--errors 20]``. ``FOLDER`` holds files of Universal Dependencies as they are published
(``en_gum-ud-test.conllu``); nothing is downloaded. Of GUM only news, interviews and speeches count, of EWT weblogs and
newsgroups. ``FILE.jsonl`` holds an object a line with ``articles``, each with a ``text``. Exits with 1 when the rules
miss one of ``TARGETS``.

Judged are the boundaries inside paragraphs: the place behind a sentence, but for the last. A treebank that marks
paragraphs gives them; from one that doesn't, five sentences in a row are one, which stand next to each other by chance:
those figures only compare. Treebanks cut quotations of several sentences, which the rules keep whole on purpose, so
the targets for treebanks hold for the rules without that ("quotes cut"). sentencex takes part if it is installed, told
the language, which the rules aren't.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from summaries.sentences import balanced, sentences  # noqa: E402 (the checkout's own, not an installed one)
from summaries.text import Span, paragraphs  # noqa: E402

TARGETS = {"en_gum": 0.97, "en_pud": 0.995}
"""The least F1 of a treebank's test part ..."""
SPEED, UNBALANCED = 50_000, 0.02
"""... and over articles the least sentences a second and the largest share of sentences with a quote left open."""
KINDS = {"en_gum": ("GUM_news_", "GUM_interview_", "GUM_speech_"), "en_ewt": ("weblog-", "newsgroup-")}
CHANCE = 5
CUT = "quotes cut"

Cut = Callable[[str, str], list[Span]]
"""Cuts a text in a language (two letters) into sentences."""


@dataclass(frozen=True, slots=True)
class Gold:
    """A paragraph and where people say its sentences end, without the end of the last."""

    text: str
    ends: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a treebank; ``glued`` to the next when no space is between them."""

    text: str
    document: str
    opens: bool
    glued: bool


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--treebanks", type=Path, required=True, help="a folder with .conllu files")
    parser.add_argument("--part", choices=("train", "dev", "test"), help="only this part of each treebank")
    parser.add_argument("--articles", type=Path, help="articles to measure speed and open quotes on")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="show up to N wrong ends of each treebank")
    options = parser.parse_args()
    files = sorted(options.treebanks.glob(f"*-ud-{options.part or '*'}.conllu"))
    if not files:
        parser.error(f"{options.treebanks} has no treebank's files, like en_gum-ud-{options.part or 'test'}.conllu")
    cuts = _cuts()
    print(f"{'F1 / exact paragraphs, %':26}{'paragraphs':>11}{'ends':>7}" + "".join(f"{name:>16}" for name in cuts))
    passed = True
    for path in files:
        bank, part = path.stem.split("-ud-")
        golds = read_treebank(path.read_text("utf-8"), KINDS.get(bank, ()))
        scores = {name: score(golds, cut, bank[:2]) for name, cut in cuts.items()}
        print(
            f"{bank + ' ' + part:26}{len(golds):11,}{sum(len(gold.ends) for gold in golds):7,}"
            + "".join(f"{f1 * 100:9.1f} /{exact * 100:5.1f}" for f1, exact in scores.values())
        )
        if part == "test":
            passed &= scores[CUT][0] >= TARGETS.get(bank, 0)
        _show_errors(golds, cuts[CUT], bank[:2], options.errors)
    if options.articles:
        passed &= _measure_articles(options.articles, cuts)
    return 0 if passed else 1


def _cuts() -> dict[str, Cut]:
    found: dict[str, Cut] = {
        "rules": lambda text, _: sentences(text, Span(0, len(text))),
        CUT: lambda text, _: sentences(text, Span(0, len(text)), whole_quotes=False),
    }
    try:
        sentencex = importlib.import_module("sentencex")
    except ImportError:
        print("sentencex is not installed and left out")
    else:
        found["sentencex"] = lambda text, language: _spans(text, sentencex.segment(language, text))
    found["naive regex"] = lambda text, _: _spans(text, _NAIVE.split(text))
    return found


_NAIVE = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀ-ÞĄ-ŻА-ЯІЇЄҐ\"“„«¿¡])")


def _spans(text: str, parts: list[str]) -> list[Span]:
    """Find parts that follow each other in a text; returns them trimmed."""
    found = []
    position = 0
    for part in parts:
        inner = part.strip()
        if inner:
            start = text.index(inner, position)
            position = start + len(inner)
            found.append(Span(start, position))
    return found


def read_treebank(conllu: str, kinds: tuple[str, ...]) -> list[Gold]:
    """Rebuild the paragraphs of a treebank; ``kinds`` says how the documents wanted begin, none that all are."""
    rows = [row for row in _read(conllu) if not kinds or row.document.startswith(kinds)]
    marked = any(row.opens for row in rows[1:])
    golds = []
    text, ends = "", set[int]()
    for number, row in enumerate(rows):
        text += row.text
        ends.add(len(text))
        last = number + 1 == len(rows)
        if last or (rows[number + 1].opens if marked else (number + 1) % CHANCE == 0):
            golds.append(Gold(text, frozenset(ends - {len(text)})))
            text, ends = "", set()
        elif not row.glued:
            text += " "
    return golds


def _read(conllu: str) -> Iterator[Sentence]:
    document = ""
    for block in conllu.split("\n\n"):
        text = ""
        opens = glued = False
        covered = 0
        for line in block.splitlines():
            if line.startswith("# newdoc"):
                document = line.partition("=")[2].strip()
            elif re.match(r"# newpar( id\b|$)", line):
                opens = True
            elif line.startswith("# text ="):
                text = line.partition("=")[2].strip()
            elif columns := line.split("\t")[1:]:
                number = line.partition("\t")[0]
                # What several words are written as ("zum", "del") has a line before theirs, and the space behind it.
                if "-" in number:
                    covered = int(number.partition("-")[2])
                elif "." in number or int(number) <= covered:
                    continue
                glued = "SpaceAfter=No" in columns[-1].split("|")
        if text:
            yield Sentence(text, document, opens, glued)


def score(golds: list[Gold], cut: Cut, language: str) -> tuple[float, float]:
    """Return the F1 of the ends inside paragraphs and the share of paragraphs with all ends right and none else."""
    hits = given = wanted = exact = 0
    for gold in golds:
        ends = _ends(gold, cut, language)
        hits += len(ends & gold.ends)
        given += len(ends)
        wanted += len(gold.ends)
        exact += ends == gold.ends
    return 2 * hits / max(1, given + wanted), exact / max(1, len(golds))


def _ends(gold: Gold, cut: Cut, language: str) -> frozenset[int]:
    return frozenset(span.end for span in cut(gold.text, language)[:-1])


def _show_errors(golds: list[Gold], cut: Cut, language: str, most: int) -> None:
    for gold in golds:
        ends = _ends(gold, cut, language)
        for end in sorted(ends ^ gold.ends):
            if most <= 0:
                return
            most -= 1
            what = "missed" if end in gold.ends else "too many"
            print(f"  {what:8} {gold.text[max(0, end - 70) : end]!r} | {gold.text[end : end + 60]!r}")


def _measure_articles(path: Path, cuts: dict[str, Cut]) -> bool:
    """Print speed and the share of sentences with open quotes; returns whether the rules are good enough."""
    texts = [
        paragraph.of(article["text"])
        for line in path.read_text("utf-8").splitlines()
        for article in json.loads(line)["articles"]
        for paragraph in paragraphs(article["text"])
    ]
    print(f"\n{len(texts):,} paragraphs{'sentences':>16}{'a second':>12}{'quotes open':>13}")
    good = True
    for name, cut in cuts.items():
        begun = time.process_time()
        found = [cut(text, "en") for text in texts]
        taken = time.process_time() - begun
        number = sum(len(spans) for spans in found)
        open_ = sum(not balanced(span.of(text)) for text, spans in zip(texts, found, strict=True) for span in spans)
        print(f"{name:20}{number:16,}{number / taken:12,.0f}{open_ / number:13.2%}")
        if name == "rules":
            good = number / taken >= SPEED and open_ / number <= UNBALANCED
    return good


if __name__ == "__main__":
    raise SystemExit(main())
