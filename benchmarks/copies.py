"""How well copies of one text are told from near misses, and what that costs for 100,000 articles.

Run from a checkout with the tools for development: ``.venv/bin/python benchmarks/copies.py``. ``--sizes 1000 10000``
asks for less, ``--tune`` leaves the held-out part alone, ``--show ID`` prints a text of the set. Exits with 1 when on
the held-out part precision is under 0.95 or recall under 0.90, or when an article at the largest size takes more than
twice the time it takes at a tenth of it.

The texts are in ``benchmarks/copies/``, whose README says how they were made. A pair counts as found when the two
share enough of their sketches and are then the same text, as a database with an index of sketches does it. Every pair
of two texts of one part is judged, except two rewrites of one original, which may have nothing in common. The baseline
is what summaries/stories.py did before: the share of four-word shingles of the shorter text that the other has.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import itertools
import json
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from summaries.copies import LIKELY, Copies, same_text, sketch

FOLDER = Path(__file__).with_suffix("")
PRECISION, RECALL, SLOWER = 0.95, 0.90, 2.0
PARTS = ("tune", "held out")
BASELINE = "each in a window of 2000"


@dataclass
class Text:
    """One text of the set: an original, a copy of one or two originals, or something else that looks like them."""

    id: str
    family: str
    kind: str
    note: str
    paragraphs: list[str]
    of: set[str] = field(default_factory=set)
    """The ids of the originals it is a copy of."""

    @property
    def text(self) -> str:
        """The whole of it, the head first."""
        return "\n\n".join(self.paragraphs)

    @property
    def part(self) -> str:
        """The part of the set; families with one topic are in the same, so that nothing leaks."""
        topic = self.family.split("-")[0]
        return PARTS[hashlib.sha256(topic.encode()).digest()[0] % 2]


# --- the texts --------------------------------------------------------------------------------------------------------


def read() -> list[Text]:
    """Read the texts of the folder, and add one rewrite by program to each original."""
    texts: dict[str, Text] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        # Originals first: a rewrite may take paragraphs of an original that comes after it.
        originals: dict[str, list[str]] = {}
        for family, kind, _, _, body in _blocks(lines):
            if kind == "original":
                originals[family] = body
        for family, kind, name, note, body in _blocks(lines):
            if kind == "original":
                texts[family] = Text(family, family, kind, note, body)
                continue
            written = Text(f"{family}/{name}", family, kind, note, [])
            for line in body:
                written.paragraphs.append(_paragraph(line, family, originals, written.id))
            if kind == "copy":
                taken = {match.group(1) for line in body if (match := re.match(r"=([a-z]+-\d):", line))}
                written.of = {family, *taken}
            texts[written.id] = written
    originals_in_order = [text for text in texts.values() if text.kind == "original"]
    for number, original in enumerate(originals_in_order):
        made = _rewritten(original, originals_in_order[number + 1 :] + originals_in_order[:number])
        texts[made.id] = made
    for text in list(texts.values()):
        if text.kind == "other":
            # What a feed shows of it: few words, among which a set phrase weighs much.
            texts[f"{text.id}/teaser"] = Text(f"{text.id}/teaser", text.family, "other", "teaser", text.paragraphs[1:2])
    return list(texts.values())


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, str, str, str, list[str]]]:
    """Yield (family, kind, name, note, lines) of each block of a file."""
    family = kind = name = note = ""
    body: list[str] = []
    for line in [*lines, "## "]:
        head = re.match(r"## ?(\S*) ?(.*)|#(copy|other) (\w+): (.*)", line)
        if not head:
            body.append(line)
            continue
        if body:
            yield family, kind, name, note, body
        body = []
        if head.group(3):
            kind, name, note = head.group(3), head.group(4), head.group(5)
        else:
            family, kind, name, note = head.group(1), "original", "", head.group(2)


def _paragraph(line: str, family: str, originals: dict[str, list[str]], where: str) -> str:
    """Return a line of a rewrite: written out, or a paragraph of an original with some words replaced."""
    match = re.match(r"=(?:([a-z]+-\d):)?(\d+)(?: \|(.*))?$", line)
    if not match:
        if line.startswith("="):
            raise SystemExit(f"{where}: cannot read {line!r}")
        return line
    text = originals[match.group(1) or family][int(match.group(2))]
    for change in (match.group(3) or "").split(" |") if match.group(3) else []:
        old, arrow, new = change.partition(" ->")
        old = old[1:] if old.startswith(" ") else old
        new = new[1:] if new.startswith(" ") else new
        if not arrow or old not in text:
            raise SystemExit(f"{where}: {old!r} is not in the paragraph {line!r}")
        text = text.replace(old, new, 1)
    return text.strip()


# --- rewrites by program ----------------------------------------------------------------------------------------------

_SPELLINGS = [
    ("percent", "per cent"), ("kilometres", "kilometers"), ("metres", "meters"), ("tonnes", "tons"), ("Kyiv", "Kiev"),
    ("Odesa", "Odessa"), ("programme", "program"), ("defence", "defense"), ("Defence", "Defense"),
    ("armoured", "armored"), ("petrol", "gasoline"), ("organis", "organiz"), ("Prozent", "%"), ("Kiew", "Kyjiw"),
    ("told reporters", "told journalists"), ("U.S.", "US"), ("euros", "EUR"), (" million", "m"), ("\"", "'"),
]  # fmt: skip
_DAYS = {
    "en": (r" on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b", (" on March 20", " on 20 March")),
    "de": (r" am (?:Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag)\b", (" am 20. März", " am 20.3.")),
    "fr": (r" (?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b", (" le 20 mars", " ce 20 mars")),
}
_FURNITURE = {
    "en": [
        "Sign up to our morning email: the stories that matter, every weekday at seven.",
        "Read more: Everything we know so far",
        "Support independent journalism. Become a member today and get full access to all of our stories.",
        "With agencies",
        "Share this article on Facebook, X or WhatsApp",
    ],
    "de": [
        "Lesen Sie auch: Was wir wissen und was nicht",
        "Jetzt Newsletter abonnieren: Die wichtigsten Nachrichten des Tages jeden Abend in Ihrem Postfach.",
        "Dieser Text wurde automatisch aus dem Nachrichtenangebot einer Agentur übernommen.",
    ],
    "fr": [
        "À lire aussi : ce que l'on sait et ce que l'on ignore",
        "Recevez chaque matin notre lettre d'information et retrouvez l'essentiel de l'actualité.",
        "Cet article est réservé aux abonnés. Il vous reste 40% à découvrir.",
    ],
}


def _rewritten(original: Text, others: Sequence[Text]) -> Text:
    """Rewrite an original by one of six recipes, chosen by its id."""
    seed = hashlib.sha256(f"rewrite {original.id}".encode()).digest()
    source = random.Random(seed)  # noqa: S311 - test data
    lang = original.note
    partner = next((o for o in others if o.note == lang and o.part == original.part), None)
    recipe = ("cut end", "cut middle", "order", "spelling", "quotes", "merged" if partner else "order")[seed[1] % 6]
    title, *body = original.paragraphs
    body[0] = re.sub(r"^[^.]{0,40}\((?:Agency|Agentur|Agence|Wire|Ukrainian Wire)\) [-—] ", "", body[0])
    made = Text(f"{original.id}/program", original.family, "copy", f"by program: {recipe}", [], {original.id})
    furniture = source.sample(_FURNITURE[lang], 2)
    if recipe == "cut end":
        body = body[: max(2, round(len(body) * source.uniform(0.35, 0.7)))]
    elif recipe == "cut middle":
        gone = source.randrange(1, len(body) - 2)
        body = body[:gone] + body[gone + 2 :] + furniture
    elif recipe == "order":
        body = body[:1] + source.sample(body[1:], len(body) - 1)
    elif recipe == "spelling":
        body = [_spelled(_merged(paragraph)) for paragraph in body] + furniture[:1]
    elif recipe == "quotes":
        body = [furniture[0], *(_unquoted(paragraph) for paragraph in body[: max(3, len(body) - 1)])]
    elif partner:
        taken = partner.paragraphs[1 : 1 + round(0.6 * (len(partner.paragraphs) - 1))]
        body = [*body[: round(0.6 * len(body))], *taken]
        made.of.add(partner.id)
    days, dates = _DAYS[lang]
    body = [re.sub(days, lambda _: source.choice(dates), paragraph, count=1) for paragraph in body]
    words = title.split()
    made.paragraphs = [" ".join(words[len(words) // 2 :] + words[: len(words) // 2]).capitalize(), *body]
    return made


def _spelled(text: str) -> str:
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    return text


def _merged(text: str) -> str:
    """Make the first two sentences one."""
    return re.sub(r"(?<=[a-zéü])\. (?=[A-ZÉ][a-z])", "; ", text, count=1)


def _unquoted(text: str) -> str:
    """Shorten each quotation to its first half."""

    def half(match: re.Match[str]) -> str:
        words = match.group(1).split()
        return '"' + " ".join(words[: max(1, len(words) // 2)]) + '"'

    return re.sub(r'"([^"]+)"', half, text)


# --- quality ----------------------------------------------------------------------------------------------------------


def truth(one: Text, other: Text) -> bool | None:
    """Tell whether two texts are one; None for two cuts of one original, and a near miss and its own teaser."""
    if one.id == f"{other.id}/teaser" or other.id == f"{one.id}/teaser":
        return None
    mine, theirs = (text.of or ({text.id} if text.kind == "original" else set()) for text in (one, other))
    if one.kind == other.kind == "copy":
        return None if mine & theirs else False
    return bool(mine & theirs)


def found(one: Text, other: Text, sketches: dict[str, frozenset[int]]) -> bool:
    return len(sketches[one.id] & sketches[other.id]) >= LIKELY and same_text(one.text, other.text)


def formerly(one: Text, other: Text) -> bool:
    """Tell what summaries/stories.py told before."""
    mine, theirs = _four_words(one.text), _four_words(other.text)
    fewest = min(len(mine), len(theirs))
    return fewest >= 5 and len(mine & theirs) >= 0.4 * fewest


@functools.cache
def _four_words(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(zip(words, words[1:], words[2:], words[3:], strict=False))


@dataclass
class Score:
    """Right and wrong pairs of one part."""

    right: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """The share of the found pairs that are right."""
        return len(self.right) / max(1, len(self.right) + len(self.wrong))

    @property
    def recall(self) -> float:
        """The share of the true pairs that were found."""
        return len(self.right) / max(1, len(self.right) + len(self.missed))


def judge(pairs: Sequence[tuple[Text, Text, bool]], told: Callable[[Text, Text], bool]) -> Score:
    score = Score()
    for one, other, are in pairs:
        if told(one, other):
            (score.right if are else score.wrong).append(f"{one.id} {other.id}")
        elif are:
            score.missed.append(f"{one.id} {other.id}")
    return score


def quality(parts: Sequence[str]) -> bool:
    """Print how well each part does, and return whether the last does well enough."""
    texts = read()
    good = True
    sketches = {text.id: frozenset(sketch(text.text)) for text in texts}
    print(f"{'part':10}{'texts':>6}{'copies':>8}{'by hand':>8}{'near misses':>12}{'pairs':>8}"
          f"{'':>4}{'what':14}{'found':>6}{'wrong':>6}{'missed':>7}{'precision':>10}{'recall':>8}")  # fmt: skip
    for part in parts:
        here = [text for text in texts if text.part == part]
        pairs = [
            (one, other, are)
            for one, other in itertools.combinations(here, 2)
            if (are := truth(one, other)) is not None
        ]
        copies = [text for text in here if text.kind == "copy"]
        by_hand = sum(not text.note.startswith("by program") for text in copies)
        others = sum(text.kind == "other" for text in here)
        row = f"{part:10}{len(here):6}{len(copies):8}{by_hand:8}{others:12}{len(pairs):8}    "
        scores = {"now": judge(pairs, lambda one, other: found(one, other, sketches)), "before": judge(pairs, formerly)}
        for what, score in scores.items():
            print(f"{row}{what:14}{len(score.right):6}{len(score.wrong):6}{len(score.missed):7}"
                  f"{score.precision:10.3f}{score.recall:8.3f}")  # fmt: skip
            row = " " * len(row)
        now = scores["now"]
        for title, which in (("wrong", now.wrong), ("missed", now.missed)):
            for pair in which:
                print(f"{'':10}{title}: {pair}")
        good = now.precision >= PRECISION and now.recall >= RECALL
    return good


# --- cost -------------------------------------------------------------------------------------------------------------


def articles(count: int) -> Iterator[tuple[int, str, int | None]]:
    """Make articles by program: number, text, and the number of the one it was made from; one in ten is a copy."""
    source = random.Random(count)  # noqa: S311 - test data
    syllables = ["".join(pair) for pair in itertools.product("bcdfgklmnprstvz", "aeiou")]
    vocabulary = ["".join(source.choices(syllables, k=source.randint(1, 4))) for _ in range(60_000)]
    # Word frequencies as in real text: a few words in nearly every article.
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
    formulas = [" ".join(source.choices(vocabulary, cum_weights=weights, k=8)) for _ in range(300)]
    furniture = [" ".join(source.choices(vocabulary, cum_weights=weights, k=25)) for _ in range(40)]
    recent: list[tuple[int, list[str]]] = []
    for number in range(count):
        if recent and source.random() < 0.1:
            origin, sentences = source.choice(recent)
            kept = sentences[: max(6, round(len(sentences) * source.uniform(0.5, 1)))]
            first, *rest = kept
            if source.random() < 0.3:
                source.shuffle(rest)
            written = [first, *rest]
        else:
            origin = None
            words = source.choices(vocabulary, cum_weights=weights, k=source.randint(150, 650))
            words[::30] = [str(source.randint(2, 5000)) for _ in words[::30]]
            written = [" ".join(words[at : at + 18]) for at in range(0, len(words), 18)]
            for _ in range(3):
                written[source.randrange(len(written))] += " " + source.choice(formulas)
            recent = [*recent[-499:], (number, written)]
        page = [*written, source.choice(furniture)]
        yield number, ". ".join(page) + ".", origin


def measure(count: int, way: str) -> dict[str, float]:
    """Add so many articles, and return the CPU time and memory it took; memory is this process's own.

    The articles are made one by one and not kept, so that neither counts.
    """
    made = articles(count)
    # Imports and the making of the vocabulary are not what is measured.
    same_text(*(text for _, text, _ in articles(2)))
    spent = right = wrong = copied = 0.0
    if way == "now":
        copies: Copies[int] = Copies()
        first: dict[int, int] = {}
        before = _peak()
        for number, text, origin in made:
            begun = time.process_time()
            of = copies.add(number, text)
            spent += time.process_time() - begun
            first[number] = number if of is None else of
            copied += origin is not None
            right += origin is not None and of == first[origin]
            wrong += of is not None and (origin is None or of != first[origin])
    else:
        window: list[tuple[int, frozenset[tuple[str, ...]]]] = []
        before = _peak()
        for number, text, origin in made:
            begun = time.process_time()
            mine = _four_words.__wrapped__(text)
            of = next((o for o, held in window if len(mine & held) >= 0.4 * min(len(mine), len(held))), None)
            window = [*window[-1999:], (number, mine)]
            spent += time.process_time() - begun
            copied += origin is not None
            right += origin is not None and of is not None
            wrong += of is not None and origin is None
    return {"seconds": spent, "peak": _peak(), "more": _peak() - before, "copies": copied, "right": right,
            "wrong": wrong}  # fmt: skip


def _peak() -> float:
    """Return the most memory this process has held, in MB."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def cost(sizes: Sequence[int]) -> bool:
    """Print what many articles cost, and return whether it grows as it should."""
    print(f"\n{'articles':>8}  {'way':28}{'CPU s':>8}{'ms each':>9}{'peak MB':>9}{'kB each':>9}"
          f"{'copies':>8}{'found':>7}{'wrong':>6}")  # fmt: skip
    each: dict[int, float] = {}
    cases = [(size, "now") for size in sizes]
    cases[1:1] = [(sizes[0], BASELINE)]
    for size, way in cases:
        command = [sys.executable, __file__, "--measure", str(size), way]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        ms = 1000 * told["seconds"] / size
        if way == "now":
            each[size] = ms
        print(f"{size:8}  {way:28}{told['seconds']:8.1f}{ms:9.3f}{told['peak']:9.0f}{1024 * told['more'] / size:9.2f}"
              f"{told['copies']:8.0f}{told['right']:7.0f}{told['wrong']:6.0f}", flush=True)  # fmt: skip
    text = next(text for _, text, _ in articles(1))
    text = (text + " " + text)[:4000]
    times = []
    for _ in range(200):
        begun = time.process_time()
        sketch(text)
        times.append(time.process_time() - begun)
    print(f"sketch of 4,000 characters: {1000 * statistics.median(times):.2f} ms (median of 200)")
    largest = sizes[-1]
    return largest // 10 not in each or each[largest] <= SLOWER * each[largest // 10]


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--tune", action="store_true", help="leave the held-out part alone")
    parser.add_argument("--show", metavar="ID", help="print a text")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(int(asked.measure[0]), asked.measure[1])))
        return 0
    if asked.show:
        print(next((text.text for text in read() if text.id == asked.show), f"There is no text {asked.show!r}."))
        return 0
    good = quality(PARTS[:1] if asked.tune else PARTS)
    linear = cost(asked.sizes) if asked.sizes else True
    return 0 if good and linear else 1


if __name__ == "__main__":
    raise SystemExit(main())
