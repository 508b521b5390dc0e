"""What follows when a message arrives, waits or is given up, recorded in the transaction that notes the outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot.outbox import NotSent, Sent, Trouble
from bot.posts import briefings, updates
from bot.store import briefings as stored_briefings
from bot.store import events, subscriptions
from bot.store.deliveries import Delivery
from bot.store.engine import Connection

_TO_SUBSCRIBERS: Final = frozenset({"update", "digest", "hello"})


def _kind(delivery: Delivery) -> str:
    return delivery.once_key.split(":", 1)[0]


def sent(connection: Connection, delivery: Delivery, outcome: Sent, _now: datetime) -> None:
    """A message arrived: whoever it reached is reachable, through this channel; what a briefing told is told."""
    if _kind(delivery) == "briefing":
        stored_briefings.told(connection, delivery.id)
    if delivery.place.kind == "user":
        subscriptions.reached(connection, "user", delivery.place.id, outcome.channel_id)
    elif _kind(delivery) in _TO_SUBSCRIBERS:
        subscriptions.reached(connection, "channel", delivery.place.id, None)


def kept(connection: Connection, delivery: Delivery, outcome: NotSent, now: datetime) -> None:
    """A message waits: where a permission is missing, the person who set the briefing up hears of it once a day."""
    if _kind(delivery) == "briefing" and outcome.trouble in {Trouble.REFUSED, Trouble.UNSEEN}:
        briefings.tell_of_trouble(connection, delivery.id, outcome.words, now=now)


def dropped(connection: Connection, delivery: Delivery, outcome: NotSent, now: datetime) -> None:
    """A message will never arrive: what it told a subscriber counts as untold.

    Whoever refused it is left alone for a while; one that could not leave in time, or that Discord will never take as
    it is, is nobody's refusal, and the latter would be refused again. A briefing whose channel is gone is paused.
    """
    if _kind(delivery) in _TO_SUBSCRIBERS and outcome.trouble not in {Trouble.REFUSED, Trouble.GONE}:
        if outcome.trouble is not Trouble.OURS:
            events.untell(connection, delivery.id)
    elif _kind(delivery) in _TO_SUBSCRIBERS:
        kind: subscriptions.SubscriberKind = "user" if delivery.place.kind == "user" else "channel"
        updates.refused(connection, kind, delivery.place.id, delivery.id, now=now)
    if _kind(delivery) == "briefing" and outcome.trouble is Trouble.GONE:
        briefings.end_of_channel(connection, delivery, outcome.words, now=now)
