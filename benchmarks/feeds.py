"""Whether every feed of a public feed parser's own test suite goes through, and no entry is lost on the way.

The feeds are feedparser's (BSD licensed, not shipped with this project); its source distribution holds them:

    pip download --no-binary :all: --no-deps feedparser==6.0.14 && tar xf feedparser-6.0.14.tar.gz
    .venv/bin/python benchmarks/feeds.py --feeds feedparser-6.0.14/tests

Each file is read by feedparser itself, from the file's bytes and with the HTTP headers that it names in its first
comment, and by our ``read_feed``. Every entry that feedparser finds must become an article, or be left out with a
reason in the warnings, or the whole file be refused with a sentence. Exits with 1 when an entry vanishes without a
word, when an article has no text or identity, or when anything else than that refusal is raised.

Most entries of the suite have one element only, the one that is tested, and are no articles. So each file is read a
second time ("+"), with a title and a guid put into each ``<item>`` and ``<entry>``: then nearly all of them should be.
"""

from __future__ import annotations

import argparse
import io
import itertools
import re
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

from summaries.feed import FeedRead, NotAFeed, read_feed

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ADDRESS = "http://127.0.0.1:8097/tests/feed.xml"
"""Where the suite's own server has its files."""

_HEADER = re.compile(rb"^Header:\s*([A-Za-z-]+):\s*(.+?)\s*$", re.MULTILINE)


@dataclass
class Tally:
    """What became of the files and their entries, of one folder."""

    files: int = 0
    found: int = 0
    articles: int = 0
    left_out: int = 0
    refused_files: int = 0
    refused: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    """A line for each entry that vanished, and each crash."""
    reasons: Counter[str] = field(default_factory=Counter)


def headers(data: bytes) -> dict[str, str]:
    """Return the HTTP headers that a file of the suite names, with names in lower case."""
    return {name.decode().lower(): value.decode("latin-1") for name, value in _HEADER.findall(data[:2000])}


def completed(data: bytes) -> bytes:
    """Return a feed with a title and a guid first in each entry; only elements without a prefix are seen."""
    count = itertools.count(1)

    def one(tag: re.Match[bytes]) -> bytes:
        name = b"id" if tag[1] == b"entry" else b"guid"
        number = b"%d" % next(count)
        return tag[0] + b"<%b>urn:completed:%b</%b><title>Completed %b</title>" % (name, number, name, number)

    return re.sub(rb"<(item|entry)(?:\s[^<>]*[^<>/])?>", one, data)


def read_one(path: Path, data: bytes, tally: Tally) -> None:
    sent = headers(data)
    library: Any = feedparser.parse(
        io.BytesIO(data),
        response_headers={
            "content-location": ADDRESS,
            "content-type": sent.get("content-type", "application/xml"),
        },
    )
    expected = len(library["entries"])
    tally.files += 1
    tally.found += expected
    begun = time.perf_counter()
    try:
        read = read_feed(data, url=ADDRESS, content_type=sent.get("content-type"), now=NOW)
    except NotAFeed as refusal:
        tally.refused_files += 1
        tally.refused += expected
        if expected:
            tally.reasons[f"refused: {re.sub(r'[(].*?[)]', '(...)', str(refusal))}"] += expected
        return
    except Exception:  # noqa: BLE001 (that nothing else is raised is what is measured)
        tally.wrong.append(f"{path}: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}")
        return
    finally:
        tally.seconds += time.perf_counter() - begun
    tally.articles += len(read.entries)
    tally.left_out += read.left_out
    if problem := wrong(read, expected):
        tally.wrong.append(f"{path}: {problem}")
    for warning in read.warnings:
        if found := re.match(r"(\d+) entr(?:y was|ies were) left out: (.+)", warning):
            tally.reasons[found[2]] += int(found[1])


def wrong(read: FeedRead, expected: int) -> str | None:
    """Return what is wrong with what was read of a feed in which feedparser finds so many entries; None if nothing."""
    there = len(read.entries) + read.left_out
    if there < expected:
        return f"of {expected} entries {expected - there} vanished"
    if read.left_out and not any("left out" in warning or "were read" in warning for warning in read.warnings):
        return f"{read.left_out} entries were left out without a reason"
    if any(not entry.draft.text.strip() or not entry.identities for entry in read.entries):
        return "an article without text or identity"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=Path, required=True, metavar="FOLDER", help="the tests of feedparser")
    folder: Path = parser.parse_args().feeds
    paths = sorted(path for suffix in ("xml", "json") for path in folder.rglob(f"*.{suffix}"))
    if not paths:
        raise SystemExit(f"{folder} holds no feeds; see the head of this file for how to get them")
    tallies: dict[str, Tally] = {}
    for path in paths:
        data, name = path.read_bytes(), path.relative_to(folder).parts[0]
        read_one(path, data, tallies.setdefault(name, Tally()))
        read_one(path, completed(data), tallies.setdefault(f"{name} +", Tally()))
    columns = ("files", "entries", "articles", "left out", "refused", "in files", "ms a file", "wrong")
    print(f"feedparser {feedparser.__version__}\n{'':12}" + "".join(f"{name:>11}" for name in columns))
    for name, one in sorted(tallies.items(), key=lambda pair: ("+" in pair[0], pair[0])):
        numbers = (one.files, one.found, one.articles, one.left_out, one.refused, one.refused_files)
        row = "".join(f"{number:11}" for number in numbers)
        print(f"{name:12}{row}{1000 * one.seconds / one.files:11.2f}{len(one.wrong):11}")
    reasons = sum((one.reasons for one in tallies.values()), Counter[str]())
    print("\nEntries that are no articles, by reason:")
    for reason, count in reasons.most_common():
        print(f"{count:6}  {reason}")
    problems = [problem for one in tallies.values() for problem in one.wrong]
    print("\n".join(problems) if problems else "\nNo crash, and no entry vanished.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
