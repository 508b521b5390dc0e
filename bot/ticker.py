"""The alarm clock: calls each job again and again. What is due is decided by the store, never here.

APScheduler's own cron triggers skip or repeat local hours when clocks change, and drop what is a second late; so there
are only intervals, whatever was missed is one call, and being late never drops one (design, rule 3).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

Job = Callable[[], Awaitable[object]]

PATIENCE: Final = 10.0
"""Seconds that a job which has begun may take to end when the clock is stopped."""

log = logging.getLogger(__name__)


class Ticker:
    """Calls jobs at intervals until it is stopped. A job that fails is told and called again."""

    def __init__(self, jobs: Mapping[str, tuple[Job, timedelta]]) -> None:
        """Take jobs by name, each with its interval; the first call of each is right after the start."""
        self._jobs = jobs
        self._scheduler: AsyncIOScheduler | None = None
        self._begun: set[asyncio.Future[Any]] = set()

    async def _call(self, name: str, job: Job) -> None:
        # The scheduler cancels what it runs when it is stopped; a job that has begun is let come to its end instead.
        running = asyncio.ensure_future(self._run(name, job))
        self._begun.add(running)
        running.add_done_callback(self._begun.discard)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            log.debug("The job %s comes to its end.", name)

    async def _run(self, name: str, job: Job) -> None:
        try:
            await job()
        except Exception:
            # The next call may go well; what failed is in the store, due as before.
            log.exception("The job %s failed; it is called again.", name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        # Here, so that a program that starts and connects first does not wait for it.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler = AsyncIOScheduler(timezone=UTC)
        for name, (job, every) in self._jobs.items():
            self._scheduler.add_job(
                self._call,
                "interval",
                args=(name, job),
                seconds=every.total_seconds(),
                next_run_time=datetime.now(UTC),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                id=name,
            )
        self._scheduler.start()

    async def stop(self) -> None:
        """Call nothing any more, and wait for what has begun; what takes too long is broken off."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        if not self._begun:
            return
        _, late = await asyncio.wait(self._begun, timeout=PATIENCE)
        for one in late:
            one.cancel()
        await asyncio.gather(*late, return_exceptions=True)
