"""The process that reads hostile bytes: what it says comes through, and whatever happens to it, the bot goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot.feeds.worker import _HEAD, Stopped, Worker
from summaries.feed import NotAFeed, read_feed
from summaries.page import read_page
from tests.bot.feeds.called import (
    eat,
    echo,
    environment,
    fail,
    for_ever,
    leave_behind,
    lie,
    noisy,
    nothing,
    say_and,
    unannotated,
    who,
)
from tests.doubles.feeds import item, rss

pytestmark = pytest.mark.long

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
SHARED = pytest.mark.asyncio(loop_scope="module")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[Worker]:
    async with Worker(seconds=60) as one:
        yield one


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


class Listener:
    """The other end of ``say_and``; reading waits, so it is done in threads."""

    def __init__(self, fifo: Path) -> None:
        self.file = fifo.open("rb")
        self.pid = int(self.file.readline())

    def wait_for_the_end(self) -> None:
        with self.file:
            assert self.file.read() == b""


@SHARED
async def test_feeds_and_pages_are_read_as_they_are_here(worker: Worker) -> None:
    feed = rss(*(item(n) for n in range(30))).encode()
    there = await worker.call(read_feed, feed, url="https://news.example/feed", content_type=None, now=NOW)
    assert there == read_feed(feed, url="https://news.example/feed", content_type=None, now=NOW)
    page = (
        b"<html><body><article>" + b"<p>France and Germany spoke about it on Wednesday.</p>" * 20 + b"</article></body>"
    )
    assert await worker.call(read_page, page, now=NOW) == read_page(page, now=NOW)


@SHARED
async def test_one_process_serves_many_calls(worker: Worker) -> None:
    first = await worker.call(who)
    assert await asyncio.gather(*(worker.call(who) for _ in range(5))) == [first] * 5
    assert worker.pids == (first,)
    assert first != os.getpid()


@SHARED
async def test_texts_come_back_as_they_are(worker: Worker) -> None:
    text = 'ü "\\ \0 \u2028 \U0001f600' * 100_000
    assert await worker.call(echo, text) == text
    assert await worker.call(echo, "a\ud800b") == "a?b"


@SHARED
async def test_what_is_raised_is_raised_here(worker: Worker) -> None:
    with pytest.raises(NotAFeed, match="web page") as caught:
        await worker.call(read_feed, b"<html>", url="https://news.example/", content_type=None, now=NOW)
    assert "read_feed" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match="wrong") as other:
        await worker.call(fail, "value")
    assert other.value.args == ("wrong", 7)
    with pytest.raises(KeyError, match="gone"):
        await worker.call(fail, "key")
    with pytest.raises(RuntimeError, match=r"^Unknown: strange"):
        await worker.call(fail, "unknown")
    with pytest.raises(RuntimeError, match=r"^UnicodeDecodeError: 'utf-8' codec"):
        await worker.call(fail, "unicode")


@SHARED
async def test_what_libraries_print_is_no_answer(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    assert await worker.call(noisy) == ""


@SHARED
async def test_the_environment_s_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    monkeypatch.setenv("ROLLCALL_STORE_URL", "postgresql://user:secret@host/")
    async with Worker() as one:
        assert "secret" not in str(await one.call(environment))


@SHARED
async def test_what_cannot_be_called(worker: Worker) -> None:
    with pytest.raises(TypeError, match="annotate"):
        await worker.call(unannotated)
    with pytest.raises(RuntimeError, match="async with"):
        await Worker().call(nothing)
    assert await worker.call(nothing) is None  # type: ignore[func-returns-value]


@SHARED
@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "answer", "length"),
    [
        (b"=", b'"no number"', None),
        (b"=", b"{", None),
        (b"=", b"", 1 << 60),
        (b"x", b"1", None),
        (b"!", b'{"module": "builtins", "name": "ValueError"}', None),
    ],
)
async def test_a_child_that_was_taken_over_can_only_say_what_fits(
    worker: Worker, kind: bytes, answer: bytes, length: int | None
) -> None:
    before = await worker.call(who)
    with pytest.raises(Stopped, match="an answer that can't be"):
        await worker.call(lie, _HEAD.pack(kind, len(answer) if length is None else length) + answer)
    assert await worker.call(who) != before


@pytest.mark.long
@pytest.mark.parametrize("name", ["SystemExit", "eval", "NoSuchThing"])
async def test_it_can_raise_nothing_but_exceptions(name: str) -> None:
    told = b'{"module": "builtins", "name": "%s", "args": ["1"], "text": "a text", "trace": ""}' % name.encode()
    async with Worker() as one:
        with pytest.raises(RuntimeError, match="a text"):
            await one.call(lie, _HEAD.pack(b"!", len(told)) + told)


async def test_what_never_ends_is_stopped_and_who_waits_is_served() -> None:
    async with Worker(seconds=0.8) as worker:
        first = await worker.call(who)
        stuck = asyncio.create_task(worker.call(for_ever))
        waiting = asyncio.create_task(worker.call(who))
        with pytest.raises(Stopped, match=r"longer than 0\.8 seconds"):
            await stuck
        assert await waiting not in {first, os.getpid()}


async def test_a_process_that_it_leaves_behind_is_not_waited_for(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.feeds.worker._DYING_SECONDS", 0.2)
    async with Worker(seconds=0.8) as worker:
        async with asyncio.timeout(30):
            with pytest.raises(Stopped, match=r"longer than 0\.8 seconds"):
                await worker.call(leave_behind, str(fifo))
            assert await worker.call(echo, "on") == "on"
        os.close(await asyncio.to_thread(os.open, fifo, os.O_WRONLY))


@LINUX
async def test_what_eats_memory_is_stopped() -> None:
    async with Worker(megabytes=150) as worker:
        with pytest.raises(Stopped, match="more than 150 MB"):
            await worker.call(eat)
        assert await worker.call(echo, "on") == "on"


async def test_a_child_that_is_killed_from_outside(fifo: Path) -> None:
    async with Worker() as worker:
        call = asyncio.create_task(worker.call(say_and, str(fifo), loop=True))
        listener = await asyncio.to_thread(Listener, fifo)
        assert worker.pids == (listener.pid,)
        os.kill(listener.pid, signal.SIGKILL)
        with pytest.raises(Stopped, match="SIGKILL"):
            await call
        await asyncio.to_thread(listener.wait_for_the_end)
        assert await worker.call(echo, "on") == "on"


async def test_a_call_that_nobody_waits_for_ends_its_process(fifo: Path) -> None:
    async with Worker() as worker:
        call = asyncio.create_task(worker.call(say_and, str(fifo), loop=True))
        listener = await asyncio.to_thread(Listener, fifo)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.to_thread(listener.wait_for_the_end)
        assert worker.pids == ()


async def test_two_processes_work_side_by_side(fifo: Path) -> None:
    async with Worker(processes=2) as worker:
        stuck = asyncio.create_task(worker.call(say_and, str(fifo), loop=True))
        listener = await asyncio.to_thread(Listener, fifo)
        other = await worker.call(who)
        assert {other, listener.pid} == set(worker.pids)
        assert not stuck.done()
    with pytest.raises(Stopped):
        await stuck
    await asyncio.to_thread(listener.wait_for_the_end)


async def test_leaving_ends_what_is_running(fifo: Path) -> None:
    async with Worker() as worker:
        running = asyncio.create_task(worker.call(say_and, str(fifo), loop=True))
        listener = await asyncio.to_thread(Listener, fifo)
        waiting = asyncio.create_task(worker.call(nothing))
        await asyncio.sleep(0)
    for one in (running, waiting):
        with pytest.raises(Stopped, match="the program is stopping"):
            await one
    await asyncio.to_thread(listener.wait_for_the_end)


async def test_leaving_while_a_process_is_started_starts_none() -> None:
    async with Worker() as worker:
        call = asyncio.create_task(worker.call(who))
        await asyncio.sleep(0)
    with pytest.raises(Stopped, match="the program is stopping"):
        await call
    assert worker.pids == ()


async def test_who_has_nothing_to_do_goes_home(fifo: Path) -> None:
    async with Worker(idle_seconds=0) as worker:
        assert worker.pids == ()
        call = asyncio.create_task(worker.call(say_and, str(fifo), loop=False))
        listener = await asyncio.to_thread(Listener, fifo)
        assert await call == listener.pid
        await asyncio.to_thread(listener.wait_for_the_end)
        assert await worker.call(who) != listener.pid


async def test_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with Worker() as worker:
        with pytest.raises(Stopped, match=r"could not be started \(status 1\)"):
            await worker.call(nothing)


# A script without a guard, as a console script is.
PARENT = """
import asyncio, sys
from bot.feeds.worker import Worker
from tests.bot.feeds.called import echo, say_and

async def main():
    async with Worker() as worker:
        if sys.argv[1] == "end":
            print(await worker.call(echo, "done"))
            return
        await worker.call(say_and, sys.argv[2], loop=sys.argv[1] == "busy")
        await asyncio.Event().wait()

asyncio.run(main())
"""


def parent(*words: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", PARENT, *map(str, words)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@LINUX
@pytest.mark.parametrize("state", ["busy", "idle"])
def test_a_killed_parent_leaves_no_orphan(fifo: Path, state: str) -> None:
    with parent(state, fifo) as process:
        listener = Listener(fifo)
        process.kill()
        listener.wait_for_the_end()


def test_an_ordinary_end_leaves_nothing_to_complain_of() -> None:
    with parent("end") as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (0, "done\n")
    # What this computer's speed brings about is no complaint.
    assert [line for line in err.splitlines() if not line.startswith("Executing <")] == []
