"""The alarm clock: calls again after a failure, and lets what has begun come to its end."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.ticker import Ticker

OFTEN = timedelta(milliseconds=20)


async def test_each_job_is_called_again_and_again() -> None:
    calls = {"one": 0, "other": 0}
    enough = asyncio.Event()

    def job(name: str) -> object:
        async def call() -> None:
            calls[name] += 1
            if min(calls.values()) >= 3:
                enough.set()

        return call

    ticker = Ticker({name: (job(name), OFTEN) for name in calls})  # type: ignore[misc]
    ticker.start()
    await asyncio.wait_for(enough.wait(), 10)
    await ticker.stop()


async def test_a_job_that_fails_is_told_and_called_again(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0
    again = asyncio.Event()

    async def fails() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            again.set()
        raise RuntimeError("broken on purpose")

    ticker = Ticker({"fragile": (fails, OFTEN)})
    with caplog.at_level(logging.ERROR):
        ticker.start()
        await asyncio.wait_for(again.wait(), 10)
        await ticker.stop()
    assert "The job fragile failed; it is called again." in caplog.text


async def test_a_job_never_runs_twice_at_once_and_ends_before_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    running = most = ended = 0
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        nonlocal running, most, ended
        running += 1
        most = max(most, running)
        begun.set()
        await go_on.wait()
        running -= 1
        ended += 1

    ticker = Ticker({"slow": (slow, OFTEN)})
    ticker.start()
    await asyncio.wait_for(begun.wait(), 10)
    stopping = asyncio.create_task(ticker.stop())
    await asyncio.wait({stopping}, timeout=0.1)
    assert not stopping.done()
    go_on.set()
    await asyncio.wait_for(stopping, 10)
    assert (most, ended) == (1, 1)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_what_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ticker.PATIENCE", 0.05)
    begun, broken = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken.set()

    ticker = Ticker({"endless": (endless, OFTEN)})
    ticker.start()
    await asyncio.wait_for(begun.wait(), 10)
    await asyncio.wait_for(ticker.stop(), 10)
    assert broken.is_set()
