"""The delivery worker: what is owed to Discord leaves from here and nowhere else, each message once.

For each delivery: claim it (commit), fix its words and place (commit), and for each part: note that it is being tried
(commit), send it with its own nonce, note what became of it (commit). A crash between any two of these leaves a part
that is ``owed`` (never tried) or ``sending`` (may have arrived). What may have arrived is sent again with the same
nonce while Discord still remembers nonces, and is looked for in the channel's history after that.

Up to the moment of sending each commit asks whether the delivery is still this process's and holds it longer: what
another one took over meanwhile, or what was deleted, dropped or cut off by a kick, is left alone.

:func:`decide` and :func:`next_try` decide; :class:`Outbox` does.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal, Protocol, TypeVar

from bot.due import FOLDED_AFTER, is_late
from bot.store import deliveries
from bot.store.deliveries import Delivery, Part, Place
from bot.store.engine import Connection, Store

log = logging.getLogger(__name__)

NONCE_REMEMBERED: Final = timedelta(minutes=2)
"""How long a nonce surely protects: Discord compares with "the past few minutes" (Create Message)."""

_DELAYS: Final = tuple(timedelta(seconds=s) for s in (5, 15, 45, 120, 300, 600))
_REFUSED_DELAY: Final = timedelta(minutes=10)
_TOLD_BY_THE_NEXT: Final = frozenset({"briefing", "update", "digest"})
"""How the keys of posts begin that another one makes up for when they are given up."""

_BATCH: Final = 50
_AT_ONCE: Final = 10

T = TypeVar("T")


class Trouble(Enum):
    """Why a message was not sent, by what has to be done about it."""

    AGAIN = "nothing arrived; try again later"
    UNKNOWN = "it may have arrived"
    UNSEEN = "it may have arrived, and where it would stand can't be read"
    REFUSED = "the place refuses it for now: a permission is missing, or direct messages are closed"
    GONE = "the place is gone"
    OURS = "Discord will never take it as it is"
    STOP = "nothing may be sent now, to nobody"


@dataclass(frozen=True, slots=True)
class Sent:
    """A message arrived. ``channel_id`` is where: for a person the channel of their direct messages."""

    message_id: int | None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """A message did not arrive, or nobody knows; ``words`` say why, for people. ``after``: not before that long."""

    trouble: Trouble
    words: str
    after: timedelta | None = None


Outcome = Sent | NotSent


class Messenger(Protocol):
    """What carries messages to Discord. Never raises for what Discord answers: that is an outcome."""

    async def missing(self, place: Place) -> str | None:
        """Return a sentence that names what is missing to post in a place, and the remedy; None when all is there."""

    async def post(self, place: Place, content: Mapping[str, Any], nonce: str) -> Outcome:
        """Send a message; one with the same nonce that arrived in the past few minutes is that message."""

    async def find(self, place: Place, content: Mapping[str, Any], since: datetime) -> Outcome | None:
        """Look for our own message with this content from ``since`` on; None when it is surely not there."""

    async def delete(self, place: Place, message_id: int) -> Outcome:
        """Delete one of our messages; one that is gone already is deleted."""


Move = Literal["send", "look", "skip"]
Result = Literal["sent", "kept", "dropped", "left"]
"""What became of a delivery in a round; "left" is one that was found to be no longer this process's to send."""


def decide(part: Part, now: datetime) -> Move:
    """Decide what to do about a part: send it, look first whether it arrived, or nothing any more. Pure."""
    if part.state in {"sent", "dropped"}:
        return "skip"
    if part.state in {"sending", "unknown"} and part.first_tried_at is not None:
        return "send" if now - part.first_tried_at < NONCE_REMEMBERED else "look"
    return "send"


def next_try(outcome: NotSent, attempts: int, now: datetime, jitter: float) -> datetime:
    """Return when to try again, the later the more often it failed. ``jitter`` is from 0 to 1. Pure."""
    refused = outcome.trouble in {Trouble.REFUSED, Trouble.UNSEEN}
    delay = _REFUSED_DELAY if refused else _DELAYS[min(attempts, len(_DELAYS) - 1)]
    return now + max(delay * (1 + jitter / 2), outcome.after or timedelta())


def gives_up(delivery: Delivery, outcome: NotSent, now: datetime) -> str | None:
    """Return why a delivery is given up; None while it is kept. Pure.

    A person's message that is refused is not knocked with again; a channel's is kept for a day. Then the next briefing
    tells what a briefing was to tell, and the next update what an update was.
    """
    if outcome.trouble in {Trouble.GONE, Trouble.OURS}:
        return outcome.words
    if outcome.trouble is Trouble.REFUSED and delivery.place.kind == "user":
        return outcome.words
    if now - delivery.due_at > FOLDED_AFTER and outcome.trouble is not Trouble.STOP:
        made_up_for = delivery.once_key.split(":", 1)[0] in _TOLD_BY_THE_NEXT
        return f"Older than a day{', so the next one tells it' if made_up_for else ''}. {outcome.words}"
    return None


class Pace:
    """Lets at most so many pass in a second, each in its turn: just under Discord's limit, never into it."""

    def __init__(self, per_second: float) -> None:
        """Allow ``per_second`` turns a second; one may go at once."""
        self._gap = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for one's turn."""
        now = asyncio.get_running_loop().time()
        wait = self._next - now
        self._next = max(now, self._next) + self._gap
        if wait > 0:
            await asyncio.sleep(wait)


@dataclass(frozen=True, slots=True)
class Worked:
    """What one round of the worker did."""

    sent: int = 0
    kept: int = 0
    dropped: int = 0


class Outbox:
    """Works off what is owed. ``owner`` names this process among others on the same store."""

    def __init__(
        self,
        store: Store,
        messenger: Messenger,
        *,
        owner: str,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        pace: Pace | None = None,
        on_sent: Callable[[Connection, Delivery, Sent, datetime], None],
        on_kept: Callable[[Connection, Delivery, NotSent, datetime], None],
        on_dropped: Callable[[Connection, Delivery, NotSent, datetime], None],
    ) -> None:
        """Send through ``messenger``; the three functions record what follows, in the transaction of each outcome."""
        self._store = store
        self._messenger = messenger
        self._owner = owner
        self._clock = clock
        self._jitter = jitter
        self._pace = pace or Pace(40)
        self._on_sent = on_sent
        self._on_kept = on_kept
        self._on_dropped = on_dropped
        self._stopped_until: datetime | None = None

    async def round(self) -> Worked:
        """Send everything that is due, and what that makes due, until nothing is left or all sending must stop."""
        total = Worked()
        while not self._must_wait():
            claimed = await self._write(lambda c: deliveries.claim_due(c, self._owner, self._clock(), _BATCH))
            if not claimed:
                break
            queues: dict[Place, list[Delivery]] = {}
            for one in claimed:
                queues.setdefault(one.place, []).append(one)
            slots = asyncio.Semaphore(_AT_ONCE)
            results = await asyncio.gather(*(self._in_turn(queue, slots) for queue in queues.values()))
            for result in results:
                total = Worked(total.sent + result.sent, total.kept + result.kept, total.dropped + result.dropped)
        return total

    async def close(self) -> None:
        """Give back what was claimed and not begun, so that the next start need not wait for the claim to run out."""
        await self._write(lambda c: deliveries.release(c, self._owner))

    def _must_wait(self) -> bool:
        return self._stopped_until is not None and self._clock() < self._stopped_until

    async def _in_turn(self, queue: Sequence[Delivery], slots: asyncio.Semaphore) -> Worked:
        """Send what is owed to one place, the longest due first: a reader gets it in order."""
        sent = kept = dropped = 0
        behind = False
        async with slots:
            for delivery in queue:
                if behind or self._must_wait():
                    await self._let_go(delivery, self._clock() + _DELAYS[0], None)
                    continue
                try:
                    result = await self._deliver(delivery)
                except asyncio.CancelledError:
                    # Stopped in the middle: what was tried is noted as such, and the next start goes on at once.
                    await asyncio.shield(self._let_go(delivery, None, None))
                    raise
                except Exception as error:  # noqa: BLE001 (told, but for what its words may quote)
                    # Whatever is odd about this one is no reason to keep other places waiting.
                    result = await self._went_wrong(delivery, error)
                # What could not leave, or is another process's by now, stands before the others; and whoever refused
                # one message is not knocked at again in this round.
                behind = result in {"kept", "left"} or (result == "dropped" and delivery.place.kind == "user")
                sent += result == "sent"
                kept += result == "kept"
                dropped += result == "dropped"
        return Worked(sent, kept, dropped)

    async def _went_wrong(self, delivery: Delivery, error: Exception) -> Result:
        """Tell of an error nobody thought of, without the contents it may name, and try that delivery later."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error(
            "Delivery %s went wrong and is tried again: %s in %s, line %s",
            delivery.id, type(error).__name__, where.filename, where.lineno,
        )  # fmt: skip
        outcome = NotSent(Trouble.UNKNOWN, "Something went wrong here; the log says where.")
        try:
            return await self._failed(delivery, None, outcome)
        except Exception as again:  # noqa: BLE001 (as above)
            log.error("Delivery %s could not be noted either: %s", delivery.id, type(again).__name__)
        with suppress(Exception):
            # Where even this fails, its claim runs out by itself.
            await self._let_go(delivery, next_try(outcome, delivery.attempts, self._clock(), self._jitter()), None)
        return "kept"

    async def _deliver(self, delivery: Delivery) -> Result:
        if delivery.action == "delete":
            return await self._take_back(delivery)
        missing = await self._messenger.missing(delivery.place)
        if missing is not None:
            return await self._failed(delivery, None, NotSent(Trouble.REFUSED, missing))
        if self._too_old(delivery):
            return await self._failed(delivery, None, NotSent(Trouble.AGAIN, "It could not be posted in time."))
        frozen = await self._write(lambda c: self._freeze(c, delivery))
        if frozen is None:
            return "left"
        delivery = frozen
        last = Sent(None)
        for part in delivery.parts:
            move = decide(part, self._clock())
            if move == "skip":
                continue
            outcome = await self._look_or_send(delivery, part, move)
            if outcome is None:
                return "left"
            if isinstance(outcome, NotSent):
                return await self._failed(delivery, part, outcome)
            last = outcome
            await self._arrived(delivery, part, outcome)
        now = self._clock()

        def note(conn: Connection) -> None:
            deliveries.finish(conn, delivery.id, now=now)
            self._on_sent(conn, delivery, last, now)

        await self._write(note)
        return "sent"

    def _too_old(self, delivery: Delivery) -> bool:
        """Tell whether nothing of it was tried and it is so old that the next one tells it."""
        untouched = all(part.state in {"owed", "parked"} for part in delivery.parts)
        return untouched and self._clock() - delivery.due_at > FOLDED_AFTER

    def _freeze(self, conn: Connection, delivery: Delivery) -> Delivery | None:
        now = self._clock()
        return deliveries.freeze(conn, delivery, self._owner, now=now, late=is_late(delivery.due_at, now))

    async def _look_or_send(self, delivery: Delivery, part: Part, move: Move) -> Outcome | None:
        """Bring a part to its end as far as can be; None when its delivery must be left alone by now."""
        if move == "look" and part.first_tried_at is not None:
            await self._pace.turn()
            found = await self._messenger.find(delivery.place, part.content, part.first_tried_at)
            if found is not None:
                return found
            # It never arrived, so this is a first try again, with the time of a first try.
            anew = await self._write(lambda c: self._anew(c, delivery, part.position))
            if anew is None:
                return None
            part = anew
        # Waiting for one's turn comes before it is noted, so that nothing is between noting and sending.
        await self._pace.turn()
        now = self._clock()
        if not await self._write(lambda c: deliveries.trying(c, delivery.id, part.position, self._owner, now=now)):
            return None
        return await self._messenger.post(delivery.place, part.content, part.nonce)

    def _anew(self, conn: Connection, delivery: Delivery, position: int) -> Part | None:
        """Note that a part surely never arrived; return it as it is sent now, when it may have become late.

        None when its delivery must be left alone.
        """
        if not deliveries.renew(conn, delivery.id, self._owner, now=self._clock()):
            return None
        deliveries.not_sent(conn, delivery.id, position, "owed")
        parts = tuple(replace(part, state="owed") if part.position == position else part for part in delivery.parts)
        frozen = self._freeze(conn, replace(delivery, parts=parts))
        return None if frozen is None else frozen.parts[position]

    async def _arrived(self, delivery: Delivery, part: Part, outcome: Sent) -> None:
        now = self._clock()
        await self._write(lambda c: deliveries.sent(c, delivery.id, part.position, outcome.message_id, now=now))

    async def _take_back(self, delivery: Delivery) -> Result:
        outcome: Outcome = Sent(None)
        if delivery.target_message_id is not None:
            await self._pace.turn()
            outcome = await self._messenger.delete(delivery.place, delivery.target_message_id)
        if isinstance(outcome, NotSent):
            return await self._failed(delivery, None, outcome)
        now = self._clock()
        await self._write(lambda c: deliveries.finish(c, delivery.id, now=now))
        return "sent"

    async def _failed(self, delivery: Delivery, part: Part | None, outcome: NotSent) -> Result:
        now = self._clock()
        if outcome.trouble is Trouble.STOP:
            self._stopped_until = now + (outcome.after or timedelta(minutes=10))
            log.error("All sending is stopped until %s: %s", self._stopped_until.isoformat(), outcome.words)
        reason = gives_up(delivery, outcome, now)

        def note(conn: Connection) -> bool:
            # Whoever it belongs to by now knows better what has arrived of it.
            if not deliveries.renew(conn, delivery.id, self._owner, now=now):
                return False
            if reason is not None:
                deliveries.drop(conn, delivery.id, reason, now=now)
                self._on_dropped(conn, delivery, outcome, now)
                return True
            if part is not None:
                # What may have arrived stays so until somebody has looked; only a clear "no" makes it owed again.
                was_open = part.state in {"sending", "unknown"}
                unclear = outcome.trouble in {Trouble.UNKNOWN, Trouble.UNSEEN} or was_open
                parked = outcome.trouble is Trouble.REFUSED
                deliveries.not_sent(
                    conn, delivery.id, part.position, "unknown" if unclear else "parked" if parked else "owed"
                )
            again = next_try(outcome, delivery.attempts, now, self._jitter())
            refused = outcome.trouble in {Trouble.REFUSED, Trouble.UNSEEN}
            deliveries.let_go(
                conn, delivery.id, self._owner, next_try_at=again, error=outcome.words, refused=refused
            )  # fmt: skip
            self._on_kept(conn, delivery, outcome, now)
            return True

        if not await self._write(note):
            return "left"
        if reason is not None:
            unwanted = delivery.action == "delete" and outcome.trouble is not Trouble.GONE
            # A post that somebody wants gone still stands there.
            log.log(logging.ERROR if unwanted else logging.WARNING, "Delivery %s dropped: %s", delivery.id, reason)
            return "dropped"
        log.info("Delivery %s kept: %s", delivery.id, outcome.words)
        return "kept"

    def _let_go(self, delivery: Delivery, next_try_at: datetime | None, error: str | None) -> Awaitable[None]:
        return self._write(
            lambda c: deliveries.let_go(c, delivery.id, self._owner, next_try_at=next_try_at, error=error)
        )

    def _write(self, work: Callable[[Connection], T]) -> Awaitable[T]:
        """Do database work in a transaction of its own, in a thread: the connection to Discord must never wait."""

        def run() -> T:
            with self._store.writing() as conn:
                return work(conn)

        return asyncio.to_thread(run)
