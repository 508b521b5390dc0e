"""Reading feeds, put together: the fetcher, the process that parses, and the two rounds that bring articles in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from importlib.metadata import version
from types import TracebackType
from typing import Final, Self

from bot.config import Settings
from bot.events import record_mentions_events
from bot.feeds.fetch import Fetcher, Limits
from bot.feeds.pages import Paged, page_round
from bot.feeds.poll import Desk, Polled, Round, poll_round
from bot.feeds.worker import Worker
from bot.library import Library
from bot.store.engine import Connection
from summaries.article import Article

_PARSING: Final = 15.0
"""Seconds that one feed or page may take to be parsed, while others wait."""


def fetcher_of(settings: Settings) -> Fetcher:
    """Return a fetcher that keeps to the settings; nothing is opened yet."""
    wanted = settings.feeds
    return Fetcher(
        contact=settings.discord.contact,
        version=version("rollcall"),
        limits=Limits(total=wanted.seconds, max_bytes=wanted.max_megabytes * 1_000_000),
        allow=lambda address, port: (
            f"{f'[{address}]' if address.version == 6 else address}:{port}" in wanted.private_hosts
        ),
    )


class Newsroom:
    """Reads what is due, as often as it is asked to: ``async with Newsroom(...) as newsroom``."""

    def __init__(
        self,
        library: Library,
        settings: Settings,
        *,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        owner: str,
    ) -> None:
        """Set up; nothing is opened yet. ``owner`` names this process among others on the same store."""
        self._library = library
        self._settings = settings
        self._clock = clock
        self._jitter = jitter
        self._owner = owner
        self._open = AsyncExitStack()
        self._desk: Desk | None = None

    async def __aenter__(self) -> Self:
        """Open connections; the process that parses is started when there is something to parse."""
        fetcher = await self._open.enter_async_context(fetcher_of(self._settings))
        worker = await self._open.enter_async_context(Worker(seconds=_PARSING))
        self._desk = Desk(
            self._library,
            fetcher,
            self._clock,
            self._jitter,
            self._owner,
            parse=worker.call,
            every=timedelta(minutes=self._settings.feeds.poll_minutes),
            on_stored=self._tell,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close connections and end the process that parses."""
        self._desk = None
        await self._open.aclose()

    def _tell(self, connection: Connection, stored: Sequence[Article]) -> None:
        for article in stored:
            record_mentions_events(connection, self._library.topic.key, article, now=self._clock())

    async def round(
        self,
        *,
        begun: Callable[[int], None] = lambda _: None,
        done: Callable[[Polled | Paged], None] = lambda _: None,
    ) -> tuple[Round, tuple[Paged, ...]]:
        """Poll the feeds that are due, then read the pages that are wanted.

        ``begun`` is told twice how many there are, ``done`` each that is finished. Raises
        :class:`~bot.store.errors.StoreError` when the database fails.
        """
        if self._desk is None:
            raise RuntimeError("the newsroom is not open: use it with `async with`")
        polled = await poll_round(self._desk, begun=begun, done=done)
        return polled, await page_round(self._desk, begun=begun, done=done)
