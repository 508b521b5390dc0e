"""The running bot: the connection to Discord, the alarm clock and what it calls, put together."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.answers import Answer
from bot.app import App
from bot.discord.addresses import point
from bot.discord.client import RollcallBot
from bot.discord.messenger import DiscordMessenger, InvalidRequests
from bot.discord.supervise import supervise
from bot.outbox import Outbox, Worked
from bot.owner import has_ended, over, owner
from bot.posts import briefings, outcomes, updates
from bot.progress import Progress
from bot.request import Request
from bot.secrets import Token
from bot.store import briefings as stored_briefings
from bot.store import deliveries, events, guilds, leases, retention
from bot.ticker import PATIENCE, Ticker

if TYPE_CHECKING:
    from bot.feeds.newsroom import Newsroom
    from bot.feeds.poll import Round

log = logging.getLogger(__name__)

_FEEDS_EVERY: Final = timedelta(minutes=1)
_TIDY_EVERY: Final = timedelta(hours=1)

_CONNECTION: Final = "connection"
"""The lease of the process that is connected: two would answer everything twice."""

_HELD_FOR: Final = timedelta(seconds=90)
_RENEWED_EVERY: Final = timedelta(seconds=20)
_ASKED_AGAIN_AFTER: Final = 3.0

_TICKS_AFTER: Final = 0.5
"""Seconds that connecting has for itself before the alarm clock is loaded and begins."""


@dataclass
class Running:
    """One running bot over an open :class:`~bot.app.App`. Tests call :meth:`look` and move the clock."""

    app: App
    ask: Callable[[Request], Answer] | None = None
    jitter: Callable[[], float] = random.random
    owner: str = field(default_factory=owner)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    bot: RollcallBot | None = None

    def __post_init__(self) -> None:
        """Put the parts together; nothing is started."""
        self._invalid = InvalidRequests()
        self._looking = asyncio.Lock()
        self._again = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self.messenger = DiscordMessenger(lambda: self.bot, self._invalid)
        self.outbox = Outbox(
            self.app.store,
            self.messenger,
            owner=self.owner,
            clock=self.app.clock,
            jitter=self.jitter,
            on_sent=outcomes.sent,
            on_kept=outcomes.kept,
            on_dropped=outcomes.dropped,
        )
        self._newsroom: Newsroom | None = None

    def make_bot(self) -> RollcallBot:
        """Make the client of the next connection; a client that has ended can't be started again."""
        self.bot = RollcallBot(self.app, soon=self.soon, ask=self.ask, invalid=self._invalid)
        return self.bot

    async def look(self) -> Worked:
        """Look once what is due, make it, and send what is owed."""
        async with self._looking:
            # Whatever was asked for until now is seen by this look; what is asked for from now on needs another one.
            self._again = False
            if self.bot is None or not self.bot.is_ready():
                # Which servers there are, and what may be done there, is known only then.
                return Worked()
            library, now = self.app.library, self.app.clock()
            await asyncio.to_thread(lambda: briefings.make_due(library, now=now))
            await asyncio.to_thread(lambda: updates.make_due(library, now=now))
            return await self.outbox.round()

    def soon(self) -> None:
        """Look in a moment, without waiting for the alarm clock: somebody has asked for something."""
        if self._again:
            return
        self._again = True
        self._later(self._look_soon())

    async def _look_soon(self) -> None:
        try:
            await self.look()
        except Exception:
            log.exception("Looking what is due failed; it is done again.")

    def _later(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def tidy(self) -> None:
        """Delete what is kept of servers that removed the bot a month ago, and what was sent and told long ago.

        So too the texts of old articles that nothing quotes, and what copies are found by.
        """

        def forget() -> list[int]:
            now = self.app.clock()
            with self.app.store.writing() as connection:
                deliveries.forget(connection, now=now)
                stored_briefings.forget(connection, before=now - deliveries.KEPT_WHEN_DONE)
                events.forget(connection, before=now - deliveries.KEPT_WHEN_DONE)
                return guilds.forget(connection, now=now)

        gone = await asyncio.to_thread(forget)
        if gone:
            log.info("Deleted all that was kept of %d servers that removed me 30 days ago.", len(gone))
        app = self.app
        removed = await asyncio.to_thread(
            lambda: retention.tidy(app.store, app.library.topic.key, app.settings.keep, now=app.clock())
        )
        if removed:
            log.info("Removed the texts of %d old articles, or versions of them, that nothing quotes.", removed)

    async def poll(self) -> Round:
        """Read the feeds that are due, and the pages that are wanted."""
        if self._newsroom is None:
            # Loaded only where feeds are read, and behind the start.
            from bot.feeds.newsroom import Newsroom

            self._newsroom = await Newsroom(
                self.app.library, self.app.settings, clock=self.app.clock, jitter=self.jitter, owner=self.owner
            ).__aenter__()
        progress = Progress("feeds and pages")
        polled, _ = await self._newsroom.round(
            begun=lambda count: progress.begin((progress.total or 0) + count), done=lambda _: progress.advance()
        )
        return polled

    async def run(self, token: Token, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set, connected while no other process on the same store is.

        Raises :class:`~bot.discord.supervise.GivenUp`.
        """
        point(self.app.settings.discord)
        try:
            while await self._my_turn(stop):
                try:
                    await self._connected(token, stop)
                finally:
                    await asyncio.to_thread(self._give_connection_back)
        finally:
            over(self.owner)

    def _take_connection(self) -> bool:
        now = self.app.clock()
        with self.app.store.writing() as connection:
            holder = leases.holder(connection, _CONNECTION)
            if holder is not None and holder != self.owner and has_ended(holder):
                # Killed, it could not give it back: nobody need wait for it.
                leases.release(connection, _CONNECTION, holder)
            return leases.take(connection, _CONNECTION, self.owner, now=now, until=now + _HELD_FOR)

    def _give_connection_back(self) -> None:
        with self.app.store.writing() as connection:
            leases.release(connection, _CONNECTION, self.owner)

    async def _my_turn(self, stop: asyncio.Event) -> bool:
        """Wait until no other process is connected; False when told to stop before that."""
        told = False
        while not stop.is_set():
            if await asyncio.to_thread(self._take_connection):
                return True
            if not told:
                told = True
                log.warning(
                    "Another process runs on this store. Two would answer everything twice, so I wait until it is "
                    "stopped; one that was killed is waited for %d seconds.",
                    _HELD_FOR.total_seconds(),
                )
            waits = [asyncio.ensure_future(self.sleep(_ASKED_AGAIN_AFTER)), asyncio.ensure_future(stop.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        return False

    async def _connected(self, token: Token, stop: asyncio.Event) -> None:
        """Be connected until ``stop`` is set or another process has taken the connection over."""
        lost = asyncio.Event()

        async def hold() -> None:
            if not await asyncio.to_thread(self._take_connection):
                log.error("This process stood still for too long, and another one is connected now. I disconnect.")
                lost.set()

        jobs: dict[str, tuple[Callable[[], Awaitable[object]], timedelta]] = {
            "posts": (self.look, timedelta(seconds=self.app.settings.discord.tick_seconds)),
            "housekeeping": (self.tidy, _TIDY_EVERY),
            # Beside the looks, of which one can take longer than the lease is held.
            "connection": (hold, _RENEWED_EVERY),
        }
        if self.app.settings.feeds.read:
            jobs["feeds"] = (self.poll, _FEEDS_EVERY)
        ticker = Ticker(jobs)
        disconnect = asyncio.Event()
        connected = asyncio.ensure_future(
            supervise(self.make_bot, token, disconnect, jitter=self.jitter, sleep=self.sleep)
        )
        ending = [asyncio.ensure_future(one.wait()) for one in (stop, lost)]
        ticking = asyncio.get_running_loop().call_later(_TICKS_AFTER, ticker.start)
        try:
            await asyncio.wait({connected, *ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # In this order: nothing new begins, what is being sent arrives, then the connection ends.
            for one in ending:
                one.cancel()
            ticking.cancel()
            await ticker.stop()
            await self.close()
            disconnect.set()
            await connected

    async def close(self) -> None:
        """Let what has begun come to its end; what takes too long is broken off, and due again at the next start."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.outbox.close()
        if self._newsroom is not None:
            await self._newsroom.__aexit__(None, None, None)
            self._newsroom = None


async def until_stopped(app: App, token: Token) -> None:
    """Run the bot until this process is told to stop (SIGTERM, SIGINT)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    running = Running(app)
    await running.run(token, stop)
    with app.store.reading() as connection:
        waiting = deliveries.open_count(connection)
    log.info("Stopped. %s", f"{waiting} messages wait for the next start." if waiting else "Nothing is left to send.")
