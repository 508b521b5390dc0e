"""How fast the bot answers and starts on Discord, and how much memory it takes, beside a bot that only echoes.

Run from a checkout with the tools for development: ``.venv/bin/python benchmarks/discord.py``; ``--messages``,
``--starts`` and ``--guilds`` ask for less. Exits with 1 when a limit is missed:

- time from a message to its reply, median: 1.5 times the echo's, or 3 ms more, whichever is larger;
- time from the start of the process to being ready, on an existing store, median: 0.8 s more than the echo's.

Real processes are measured: ``rollcall run`` and ``benchmarks/echo.py``, each with a double of Discord of its own (a
process too, the same for both), alternating within one run, with the same intents and the same wait for the list of
servers. The double takes the time of messages: from saying "!status Germany" to having got the reply. A start has
three moments: the double has sent READY; a person who wrote in that instant has their answer; the bot's own on_ready is
done, which each tells with a line on standard error. The limit holds for all three.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
ASKED = "!status Germany"
TOKEN = "double-token"  # noqa: S105 (of the double)
READY_SECONDS = 2.0
PATIENCE = 60.0
WARM_UP = 5
TIMES_MORE, MS_MORE, SECONDS_MORE = 1.5, 3.0, 0.8
MOMENTS = ("READY sent", "first answer", "on_ready done")


class Double:
    """A double of Discord, running."""

    def __init__(self, addresses: dict[str, str]) -> None:
        """Take the addresses that it told."""
        self.addresses = addresses
        self._control = addresses["api"].removesuffix("/api/v10") + "/control/"

    def order(self, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Have the double do something, and return what it tells."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._control + name, data, {"Content-Type": "application/json"})  # noqa: S310 (loopback)
        with urlopen(request, timeout=PATIENCE) as answered:  # noqa: S310 (loopback)
            found: dict[str, Any] = json.load(answered)
        return found

    def say(self) -> float:
        """Ask, and return the seconds until the answer was there."""
        told = self.order("say", {"text": ASKED})
        if "Germany" not in told["content"]:
            raise SystemExit(f"not an answer: {told['content']!r}")
        return float(told["seconds"])


@dataclass
class Bot:
    """A bot that can be started: its name, its double, and how to start it."""

    name: str
    double: Double
    command: list[str]
    messages: list[float] = field(default_factory=list)
    starts: dict[str, list[float]] = field(default_factory=lambda: {moment: [] for moment in MOMENTS})

    @contextmanager
    def started(self) -> Iterator[tuple[subprocess.Popen[str], dict[str, float]]]:
        """Start it, and yield the process and the moments of its start, in seconds; it is stopped at the end."""
        moments: dict[str, float] = {}
        told: list[str] = []
        is_ready = threading.Event()
        # As it is for everybody: the bytecode of the first start, which is not measured, is kept for the others.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        begun = time.perf_counter()
        process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**environment, "DISCORD_TOKEN": TOKEN},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

        def listen() -> None:
            for line in process.stderr or ():
                told.append(line)
                if "Ready" in line:
                    moments["on_ready done"] = time.perf_counter() - begun
                    is_ready.set()
            is_ready.set()

        listening = threading.Thread(target=listen)
        listening.start()
        try:
            self.double.order("ready")
            moments["READY sent"] = time.perf_counter() - begun
            self.double.say()
            moments["first answer"] = time.perf_counter() - begun
            is_ready.wait(PATIENCE)
            if "on_ready done" not in moments:
                raise SystemExit(f"{self.name} did not get ready:\n{''.join(told)}")
            yield process, moments
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
                listening.join()
        # The next start must not be taken for this one.
        while self.double.order("state")["ready"]:
            time.sleep(0.02)


@contextmanager
def two_bots(guilds: int) -> Iterator[tuple[Bot, Bot]]:
    """Yield the echo and ours, each with a double that has so many servers; ours with a store that exists."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        echo_at, ours_at = (stack.enter_context(a_double(guilds)) for _ in range(2))
        where = "\n".join(f"{name} = {address!r}" for name, address in ours_at.addresses.items())
        (home / "config.toml").write_text(
            f"[discord]\n{where}\nready_seconds = {READY_SECONDS}\n\n[feeds]\nread = false\n", encoding="utf-8"
        )
        addresses = [echo_at.addresses["api"], echo_at.addresses["gateway"], str(READY_SECONDS)]
        # Without -P this folder's discord.py would stand before the library.
        echo = Bot("echo", echo_at, [sys.executable, "-P", str(ROOT / "benchmarks" / "echo.py"), *addresses])
        ours = Bot("rollcall run", ours_at, [sys.executable, "-m", "bot", "run", "--home", str(home)])
        with echo.started(), ours.started():
            pass
        yield echo, ours
        for bot in (echo, ours):
            if violations := bot.double.order("state")["violations"]:
                raise SystemExit(f"{bot.name} broke rules of Discord: {violations}")


@contextmanager
def a_double(guilds: int) -> Iterator[Double]:
    """Run a double with so many servers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.discord", "--guilds", str(guilds), "--token", TOKEN],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = process.stdout.readline() if process.stdout else ""
        if not told:
            raise SystemExit("the double did not start")
        yield Double(json.loads(told))
    finally:
        process.terminate()
        process.wait(PATIENCE)


def memory(process: subprocess.Popen[str]) -> float:
    """Return a process's resident memory, in MB."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(process.pid)], check=True, capture_output=True, text=True)
    return int(shown.stdout) / 1024


def measure_messages(bots: Sequence[Bot], count: int) -> list[float]:
    """Ask each in turn, ``count`` times each; returns how much memory each takes afterwards."""
    with ExitStack() as stack:
        processes = [stack.enter_context(bot.started())[0] for bot in bots]
        for bot in bots:
            for _ in range(WARM_UP):
                bot.double.say()
        for _ in range(count):
            for bot in bots:
                bot.messages.append(bot.double.say())
        return [memory(process) for process in processes]


def measure_starts(bots: Sequence[Bot], count: int) -> None:
    """Start each in turn, ``count`` times each."""
    for _ in range(count):
        for bot in bots:
            with bot.started() as (_, moments):
                for moment in MOMENTS:
                    bot.starts[moment].append(moments[moment])


def main() -> int:
    """Measure and print tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--messages", type=int, default=200, help="to each bot")
    parser.add_argument("--starts", type=int, default=20, help="of each bot")
    parser.add_argument("--guilds", type=int, default=1000, help="of the larger measurement of memory; 0 leaves it out")
    options = parser.parse_args()
    with two_bots(1) as bots:
        small = measure_messages(bots, options.messages)
        measure_starts(bots, options.starts)
    echo, ours = bots
    missed = []

    print(f"{'':34} {'echo':>9} {'rollcall':>9} {'more':>9} {'limit':>9}")
    for name, of, limited in (("median", statistics.median, True), ("p95", p95, False)):
        base, found = 1000 * of(echo.messages), 1000 * of(ours.messages)
        limit = max(TIMES_MORE * base, base + MS_MORE)
        missed += [f"{name} message to reply"] if limited and found > limit else []
        row(f"message to reply, {name}, ms", base, found, limit if limited else None)
    for moment in MOMENTS:
        base, found = statistics.median(echo.starts[moment]), statistics.median(ours.starts[moment])
        missed += [f"start to {moment}"] if found > base + SECONDS_MORE else []
        row(f"start to {moment}, median, s", base, found, base + SECONDS_MORE)
    row("memory at 1 server, MB", *small)
    if options.guilds:
        with two_bots(options.guilds) as many:
            row(f"memory at {options.guilds:,} servers, MB", *measure_messages(many, 20))
    print(
        f"\n{ASKED!r}: {options.messages} messages to each and {options.starts} starts of each, alternating; "
        f"ready {READY_SECONDS:.0f} s after the last server"
    )
    print(f"reply: at most {TIMES_MORE} times the echo's or {MS_MORE:.0f} ms more; start: {SECONDS_MORE} s more")
    print("MISSED: " + ", ".join(missed) if missed else "All limits held.")
    return int(bool(missed))


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[18]


def row(name: str, base: float, found: float, limit: float | None = None) -> None:
    shown = "" if limit is None else f"{limit:9.2f}"
    print(f"{name:34} {base:9.2f} {found:9.2f} {found - base:9.2f} {shown:>9}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
