"""How fast commands start, against an interpreter that does nothing, measured alternately in one run.

Run from a checkout that was set up: ``.venv/bin/python benchmarks/startup.py [ROUNDS]``. Exits with 1 when a limit is
missed: ``--help`` 0.3 s, ``say`` 1.5 s. What is measured is the wall time of the whole process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BASELINE = "python -c pass"
CASES: dict[str, tuple[list[str], float | None]] = {
    BASELINE: (["-c", "pass"], None),
    "rollcall --help": (["-m", "bot", "--help"], 0.3),
    "rollcall say '!status Germany'": (["-m", "bot", "say", "!status Germany"], 1.5),
    "rollcall say '!who-is-in'": (["-m", "bot", "say", "!who-is-in"], 1.5),
    "rollcall briefing --date 2025-03-20": (["-m", "bot", "briefing", "--date", "2025-03-20"], None),
}


def main() -> int:
    """Measure and print a table; returns the exit code."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    times: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ROLLCALL_HOME": home}
        root = Path(__file__).resolve().parents[1]
        first = _run(["-m", "bot", "say", "!status Germany"], environment, root)
        for _ in range(rounds):
            for name, (arguments, _) in CASES.items():
                times[name].append(_run(arguments, environment, root))
    base = statistics.median(times[BASELINE])
    print(f"{'command':40} {'median s':>9} {'worst s':>8} {'x baseline':>11} {'limit s':>8}")
    missed = False
    for name, (_, limit) in CASES.items():
        median, worst = statistics.median(times[name]), max(times[name])
        missed |= limit is not None and median > limit
        shown = "" if limit is None else f"{limit:.1f}"
        print(f"{name:40} {median:9.3f} {worst:8.3f} {median / base:11.1f} {shown:>8}")
    print(f"first answer with a new store: {first:.3f} s; {rounds} rounds, alternating")
    return int(missed)


def _run(arguments: list[str], environment: dict[str, str], root: Path) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


if __name__ == "__main__":
    raise SystemExit(main())
