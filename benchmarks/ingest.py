"""How long a folder takes to be taken in, how long when nothing in it has changed, and how much memory that needs.

python benchmarks/ingest.py [--files 10000] [--pages 0] [--folder FOLDER]

The files are 30 sentences each, of made-up words and names of countries, and depend on nothing but their number;
--pages of them are web pages with navigation around the text. Each run is `rollcall ingest` in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write(folder: Path, files: int, pages: int) -> int:
    """Write the files, and return how many bytes they have."""
    syllables = [first + vowel + last for first in "bdfgklmnprst" for vowel in "aeiou" for last in ("", "n", "r", "s")]
    parties = ["Germany", "France", "Poland", "Italy", "Canada", "Turkey", "Norway", "Japan"]
    size = 0
    for number in range(files):
        chosen = random.Random(number)  # noqa: S311 (no secret)
        # As many words as people use, some much more often than others.
        vocabulary = ["".join(random.Random(one).choices(syllables, k=1 + one % 4)) for one in _ranks(chosen, 450)]  # noqa: S311
        lines = [f"Report number {number}."]
        for start in range(0, 450, 15):
            words = vocabulary[start : start + 15]
            if start % 45 == 0:
                words[7] = chosen.choice(parties)
            lines.append(" ".join(words).capitalize() + ".")
        where = folder / f"{number // 500:03}"
        where.mkdir(parents=True, exist_ok=True)
        if number < pages:
            links = "".join(f'<li><a href="/{one}">Section {one}</a></li>' for one in range(60))
            body = "".join(f"<p>{line}</p>" for line in lines)
            text = (
                f"<!DOCTYPE html><html lang='en'><head><title>Report {number}</title></head><body><nav><ul>{links}</ul>"
                f"</nav><article><h1>Report {number}</h1>{body}</article></body></html>"
            )
            file = where / f"{number:06}.html"
        else:
            text = f"title: Report {number}\npublisher: Example\n\n" + "\n\n".join(lines)
            file = where / f"{number:06}.txt"
        size += file.write_bytes(text.encode())
    # The files are older than the run, as those that people have.
    past = time.time() - 3600
    for file in folder.rglob("*.*"):
        os.utime(file, (past, past))
    return size


def _ranks(chosen: random.Random, count: int) -> list[int]:
    """Return numbers of words, the first ones often."""
    return [int(20_000 ** chosen.random()) for _ in range(count)]


def run(home: Path, folder: Path) -> tuple[float, float, float, str]:
    """Run the command; returns seconds by the clock and of the processor, peak memory in MB, and its last line."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "bot", "ingest", str(folder), "--home", str(home)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None  # noqa: S101
    last = b""
    for line in process.stdout:
        last = line
    _, _, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, last.decode().strip()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=10_000)
    options.add_argument("--pages", type=int, default=0)
    options.add_argument("--folder", type=Path)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = wanted.folder or Path(place, "in")
        size = write(folder, wanted.files, wanted.pages) if wanted.folder is None else 0
        print(f"{wanted.files:,} files, {wanted.pages:,} of them pages, {size / 1e6:.1f} MB")
        for name in ("first", "second"):
            seconds, processor, megabytes, last = run(Path(place, "home"), folder)
            print(f"{name:6} {seconds:7.2f} s, {processor:7.2f} s of the processor, {megabytes:4.0f} MB: {last}")


if __name__ == "__main__":
    main()
