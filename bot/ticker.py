"""The alarm clock: calls each job again and again. What is due is decided by the store, never here.

APScheduler's own cron triggers skip or repeat local hours when clocks change, and drop what is a second late; so there
are only intervals, whatever was missed is one call, and being late never drops one (design, rule 3).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

Job = Callable[[], Awaitable[object]]

log = logging.getLogger(__name__)


class Ticker:
    """Calls jobs at intervals until it is stopped. A job that fails is told and called again."""

    def __init__(self, jobs: Mapping[str, tuple[Job, timedelta]]) -> None:
        """Take jobs by name, each with its interval; the first call of each is right after the start."""
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        for name, (job, every) in jobs.items():
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

    async def _call(self, name: str, job: Job) -> None:
        try:
            await job()
        except Exception:
            # The next call may go well; what failed is in the store, due as before.
            log.exception("The job %s failed; it is called again.", name)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing any more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
