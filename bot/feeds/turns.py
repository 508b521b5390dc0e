"""Asking many hosts at once, and each of them little: whose turn it is, and who has to wait."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

from bot.feeds.fetch import Reason

PER_HOST: Final = 2
"""How many feeds, pages or other addresses of one host are read at a time."""

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Done = TypeVar("Done")
Result = TypeVar("Result")


class LeaseLost(Exception):
    """Another process has taken over; nothing more may be written."""


def host_of(url: str) -> str:
    """Return an address's host and port in lower case; "" for what is no address."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


class Turns(Generic[Done]):
    """One round of asking: what was found of hosts meanwhile, and the store, which takes one thing at a time.

    A host is away once one thing of it could not be reached or was told to come back later, or once it was too slow
    for as many as it is asked at a time. What else is wanted of it is put off, or it would delay all others.
    """

    def __init__(self) -> None:
        """Begin."""
        self._slow: Counter[str] = Counter()
        self._away: dict[str, Done] = {}
        # SQLite has one writer, and threads that wait for it are missing elsewhere.
        self._writing = asyncio.Lock()
        self._stores: set[asyncio.Future[Any]] = set()
        self._lost = False

    def note(self, host: str, reason: Reason | None, done: Done) -> None:
        """Note what came of asking a host."""
        self._slow[host] += reason == "too_slow"
        if reason in {"unreachable", "busy"} or self._slow[host] >= PER_HOST:
            self._away.setdefault(host, done)

    def away(self, host: str) -> Done | None:
        """Return what was noted when a host was found away; None where it is not."""
        return self._away.get(host)

    async def store(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Run what writes to the store, in a thread. Raises LeaseLost when this process has lost its turn."""
        async with self._writing:
            work = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
            self._stores.add(work)
            work.add_done_callback(self._stores.discard)
            # A thread can't be stopped: who is cancelled leaves it to come to its end.
            return await asyncio.shield(work)

    async def of(
        self,
        items: Sequence[Item],
        host: Callable[[Item], str],
        work: Callable[[Item], Awaitable[Done]],
        *,
        concurrency: int,
        apart: Callable[[Item], bool] = lambda _: False,
        done: Callable[[Done], None],
    ) -> list[Done]:
        """Do ``work`` for all items, ``concurrency`` at a time and at most :data:`PER_HOST` of a ``host``.

        Those for which ``apart`` is true have a quarter as many places, of their own, so that they keep nobody waiting.
        ``done`` is told each that is finished. Where ``work`` raises LeaseLost the rest is left alone; other errors are
        raised when all is finished. What is being stored has come to its end when this returns or raises.
        """
        places, places_apart = asyncio.Semaphore(concurrency), asyncio.Semaphore(max(1, concurrency // 4))
        # Its host's place first: what waits for a slow host must not take the places of others.
        hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))

        async def one(item: Item) -> Done:
            async with hosts[host(item)], places_apart if apart(item) else places:
                if self._lost:
                    raise LeaseLost
                try:
                    found = await work(item)
                except LeaseLost:
                    self._lost = True
                    raise
            done(found)
            return found

        try:
            results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
        finally:
            if self._stores:
                await asyncio.wait(self._stores)
        if self._lost:
            log.warning("another process polls the feeds now; this round stops")
        finished = []
        for result in results:
            if isinstance(result, LeaseLost):
                continue
            if isinstance(result, BaseException):
                raise result
            finished.append(result)
        return finished
