"""How well relevance tells texts that belong to the shipped dossier from texts that don't, and how long it takes.

Run from a checkout that was set up: ``.venv/bin/python benchmarks/relevance.py [--texts FOLDER] [--part PART]``.
``FOLDER`` holds the texts that are not ours to publish; ``benchmarks/relevance/sources.toml`` says which. What counts
as belonging, and what the figures don't say, stands in ``benchmarks/relevance/README.md``. Exits with 1 when precision
or recall of the held-out part is below 0.95.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import statistics
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from summaries.article import Draft, read_text  # noqa: E402 (the checkout's own, not an installed one)
from summaries.parties import Parties  # noqa: E402
from summaries.relevance import Scorer, make_scorer  # noqa: E402
from summaries.topic import parse_topic  # noqa: E402

LEAST = 0.95
PARTS = ("tune", "seen", "held-out")
NOW = datetime(2026, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and what it is: ``kind`` is real (found as it is), reworded after a page, or written freely."""

    id: str
    belongs: bool
    part: str
    kind: str
    draft: Draft


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, help="the folder with the texts of sources.toml")
    parser.add_argument("--part", choices=PARTS, help="only this part")
    parser.add_argument("--why", action="store_true", help="the reasons for each wrong one")
    options = parser.parse_args()
    topic = parse_topic((ROOT / "seeds/topic.toml").read_text("utf-8"))
    scorer = make_scorer(topic, Parties(topic.party_names, topic.leaders))
    texts, missing, changed = _texts(options.texts)
    print(f"{len(texts)} texts; {missing} of sources.toml are missing, {changed} differ from what was labelled")
    passed = True
    for part in (options.part,) if options.part else PARTS:
        good = _measure(part, [text for text in texts if text.part == part], scorer, why=options.why)
        passed &= good or part != "held-out"
    _time(texts, scorer)
    return 0 if passed else 1


def _texts(folder: Path | None) -> tuple[list[Text], int, int]:
    """Read all texts; returns them, and how many are missing and how many are not as they were when labelled."""
    here = ROOT / "benchmarks/relevance"
    texts = []
    for row in tomllib.loads((here / "reworded.toml").read_text("utf-8"))["texts"]:
        draft = Draft(text=row["text"], title=row["title"], language=row["language"])
        texts.append(Text(row["id"], row["belongs"], row["part"], row["kind"], draft))
    missing = changed = 0
    for row in tomllib.loads((here / "sources.toml").read_text("utf-8"))["texts"]:
        path = folder / f"{row['id']}.txt" if folder else None
        if path is None or not path.is_file():
            missing += 1
            continue
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            changed += 1
            continue
        texts.append(Text(row["id"], row["belongs"], row["part"], row["kind"], read_text(data, now=NOW)))
    return texts, missing, changed


def _measure(part: str, texts: list[Text], scorer: Scorer, *, why: bool) -> bool:
    """Print how well a part is told apart; returns whether precision and recall are high enough."""
    judged = [(text, scorer.score(text.draft)) for text in texts]
    kinds = Counter(text.kind for text in texts)
    print(f"\n{part}: {len(texts)} texts, {sum(t.belongs for t in texts)} belong; {', '.join(_counted(kinds))}")
    if not texts:
        return False
    hits = sum(1 for text, found in judged if text.belongs and found.relevant)
    taken = sum(1 for _, found in judged if found.relevant)
    wanted = sum(1 for text in texts if text.belongs)
    good = True
    for name, of in (("precision", taken), ("recall", wanted)):
        share = hits / of if of else 0.0
        low, high = _interval(hits, of)
        print(f"  {name:9} {share:.3f}  ({hits} of {of}; 95 % interval {low:.3f} to {high:.3f})")
        good &= share >= LEAST
    for what, belongs in (("taken, but don't belong", False), ("missed", True)):
        wrong = [(text, found) for text, found in judged if text.belongs is belongs and found.relevant is not belongs]
        print(f"  {what}: {', '.join(f'{text.id} ({found.score:.2f})' for text, found in wrong) or 'none'}")
        if why:
            for text, found in wrong:
                print(f"    {text.id}: {text.draft.title} | {text.draft.text[text.draft.body_start :][:300]!r}")
                for reason in found.reasons:
                    print(f"      {reason.weight:+.2f} {reason.kind} ({reason.place}): {reason.words[:100]!r}")
    return good


def _counted(kinds: Counter[str]) -> list[str]:
    return [f"{number} {kind}" for kind, number in sorted(kinds.items())]


def _interval(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - spread) / (1 + z * z / of), (middle + spread) / (1 + z * z / of)


def _time(texts: list[Text], scorer: Scorer) -> None:
    """Print the time per text: as they are, and for one of 4,000 characters, with and without parties found already."""
    long = max((text.draft for text in texts), key=lambda draft: len(draft.text))
    start = long.body_start
    cut = Draft(long.text[start : start + 4000], long.title, language=long.language)
    known: tuple[()] = ()
    print(f"\n{'time, ms':44} {'median':>8} {'worst':>8}")
    for name, drafts, given in (
        ("each text once", [text.draft for text in texts], None),
        (f"one of {len(cut.text)} characters", [cut] * 200, None),
        ("the same, its parties known already", [cut] * 200, known),
    ):
        times = []
        for draft in drafts:
            begun = time.perf_counter()
            scorer.score(draft, given)
            times.append((time.perf_counter() - begun) * 1000)
        print(f"{name:44} {statistics.median(times):8.3f} {max(times):8.3f}")


if __name__ == "__main__":
    raise SystemExit(main())
