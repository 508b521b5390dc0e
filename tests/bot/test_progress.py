"""Progress of long work: a bar on a terminal, lines elsewhere, nothing of short work, and how Ctrl-C ends it."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.progress import Progress, bar_stream

ROOT = Path(__file__).parents[2]


class Seconds:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_work_of_less_than_a_second_shows_nothing(seconds: Seconds) -> None:
    screen, lines = io.StringIO(), list[str]()
    for stream in (screen, None):
        with Progress("files", stream=stream, tell=lines.append, clock=seconds) as progress:
            progress.begin(50)
            for _ in range(50):
                seconds.now += 0.019
                progress.advance()
    assert screen.getvalue() == ""
    assert lines == []


def test_a_bar_says_count_share_speed_and_time_left(seconds: Seconds) -> None:
    screen = io.StringIO()
    with Progress("files", stream=screen, clock=seconds) as progress:
        progress.begin(10_000)
        seconds.now += 10
        progress.advance(2_500)
        assert "2,500 of 10,000 files (25%), 250 a second, 30 s left" in screen.getvalue()
        assert "[######------------------]" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_a_bar_is_drawn_ten_times_a_second_at_most(seconds: Seconds) -> None:
    screen = io.StringIO()
    with Progress("files", stream=screen, clock=seconds) as progress:
        progress.begin(100_000)
        for _ in range(100_000):
            seconds.now += 0.0001
            progress.advance()
    # Ten seconds, of which the first shows nothing.
    assert 80 <= screen.getvalue().count("files") <= 91


def test_lines_come_every_ten_seconds_never_for_each_item(seconds: Seconds) -> None:
    lines: list[str] = []
    with Progress("files", tell=lines.append, clock=seconds) as progress:
        progress.begin(60_000)
        for _ in range(60_000):
            seconds.now += 0.001
            progress.advance()
    assert len(lines) == 6
    assert re.fullmatch(r"[\d,]+ of 60,000 files \(2%\), 1,000 a second, 59 s left", lines[0])


@pytest.mark.parametrize(
    ("total", "done", "after", "words"),
    [
        (None, 7, 2.0, "7 files, 4 a second"),
        (0, 7, 70.0, "7 files, 6 a minute"),
        (1000, 1, 60.0, "1 of 1,000 files (0%), 1 a minute, 17 h left"),
        (1000, 10, 60.0, "10 of 1,000 files (1%), 10 a minute, 99 min left"),
        (10, 10, 60.0, "10 of 10 files (100%), 10 a minute"),
        (10, 12, 2.0, "12 of 10 files (100%), 6 a second"),
    ],
)
def test_words(seconds: Seconds, total: int | None, done: int, after: float, words: str) -> None:
    progress = Progress("files", clock=seconds)
    progress.begin(total)
    progress.advance(done)
    assert progress.words(seconds.now + after) == words


def test_what_is_printed_meanwhile_has_the_line_for_itself(seconds: Seconds) -> None:
    screen = io.StringIO()
    with Progress("files", stream=screen, clock=seconds) as progress:
        progress.begin(10)
        seconds.now += 2
        progress.advance()
        before = len(screen.getvalue())
        progress.clear()
        progress.clear()
        assert screen.getvalue()[before:] == "\r\x1b[K"
        seconds.now += 2
        progress.advance()
        assert "2 of 10" in screen.getvalue()


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (80, "[##----------------------] 1,000 of 10,000 feeds (10%), 100 a second, 90 s left"),
        (64, "[--------] 1,000 of 10,000 feeds (10%), 100 a second, 90 s left"),
        (53, "1,000 of 10,000 feeds (10%), 100 a second, 90 s left"),
        (50, "[--------] 1,000 of 10,000 feeds (10%), 90 s left"),
        (40, "1,000 of 10,000 feeds (10%), 90 s left"),
        (35, "1,000 of 10,000 (10%), 90 s left"),
        (25, "1,000 of 10,000 (10%)"),
        (10, "10%"),
        (3, "10"),
    ],
)
def test_a_narrow_terminal_gets_what_matters_most_in_one_line(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch, columns: int, line: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = io.StringIO()
    with Progress("feeds", stream=screen, clock=seconds) as progress:
        progress.begin(10_000)
        seconds.now += 10
        progress.advance(1_000)
    assert screen.getvalue().removeprefix("\r").partition("\x1b")[0] == line


def test_the_width_is_that_of_the_terminal_that_is_drawn_on(seconds: Seconds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    # As where the answer goes to a file.
    monkeypatch.setattr(sys, "__stdout__", io.StringIO())
    mine, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 40))
    with open(theirs, "w", encoding="utf-8") as screen, Progress("files", stream=screen, clock=seconds) as progress:
        seconds.now += 10
        progress.begin(10_000)
        progress.advance(1_000)
        told = os.read(mine, 4096).decode()
    os.close(mine)
    assert told == "\r1,000 of 10,000 files (10%), 90 s left\x1b[K"


def test_without_a_terminal_there_is_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert bar_stream() is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert bar_stream() is sys.stderr
    monkeypatch.setenv("NO_COLOR", "1")
    assert bar_stream() is sys.stderr
    monkeypatch.setenv("TERM", "dumb")
    assert bar_stream() is None


@pytest.fixture
def heeded() -> Iterator[None]:
    """Ctrl-C is heeded by the processes that are started: in the background it is ignored, which children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.long
@pytest.mark.usefixtures("heeded")
def test_ctrl_c_says_what_is_done_and_the_same_command_goes_on(tmp_path: Path) -> None:
    folder, home = tmp_path / "in", tmp_path / "home"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:04}.txt").write_text(f"title: Text {number}\n\nGermany spoke for the {number}th time.")
        os.utime(folder / f"{number:04}.txt", (1_700_000_000, 1_700_000_000))
    command = [sys.executable, "-m", "bot", "ingest", str(folder), "--home", str(home)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    # A real terminal for what is told, a pipe for what is answered.
    mine, theirs = pty.openpty()
    seen = bytearray()

    def watch() -> None:
        try:
            while piece := os.read(mine, 4096):
                seen.extend(piece)
        except OSError:
            # The other end was closed: on Linux that is an error.
            pass

    watching = threading.Thread(target=watch)
    watching.start()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait() == 130
    watching.join()
    os.close(mine)
    told = seen.decode()
    found = re.search(r"Stopped: ([\d,]+) of 200 files are done, and stay so. The same command goes on", told)
    assert found, told
    listed = len((first + rest).splitlines())
    assert listed - int(found[1]) in {0, 1}
    assert b"\x1b" not in first + rest
    again = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, check=True)
    outcomes = [one["outcome"] for one in json.loads(again.stdout)["articles"]]
    assert len(outcomes) == 200
    assert listed <= outcomes.count("unchanged") < 200
    assert set(outcomes) == {"unchanged", "new"}
