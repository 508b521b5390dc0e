"""Why a delivery was owed, to whom, and how far it came; never its words."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Final

from bot.render import words
from bot.render.medium import harmless
from bot.store import briefings, guilds, lookup
from bot.store.lookup import Owed
from bot.why.explained import Ask, Explained, moment, name_of
from bot.why.ids import unknown
from summaries.toml import Problems

_STANDS_FOR: Final = {
    "hello": "The first message to somebody who has begun to follow something: it shows that messages arrive.",
    "trouble": "A word to the person who set a briefing up: it can't be posted, and why.",
    "gone": "A word to the person who set a briefing up: its channel is gone.",
    "retract": "A post that was taken back.",
}
_EVENT_WORDS: Final = {
    "position_moved": "a new position of",
    "sources_differ": "sources that differ on",
    "corrected": "a correction on",
    "article_mentions": "an article on",
}
_PART_WORDS: Final = {
    "owed": "still to be sent",
    "sending": "being sent, or broken off while it was",
    "unknown": "perhaps sent: it is looked up before it is tried again",
    "sent": "sent",
    "parked": "kept until its place takes it again",
    "dropped": "given up",
}


def explain_delivery(ask: Ask, identifier: str) -> Explained:
    """Explain a delivery by its number: what it stands for, and how far it came."""
    one = lookup.owed(ask.conn, int(identifier))
    if one is None:
        raise Problems([unknown(ask, identifier, "delivery")])
    told = Explained("delivery", identifier)
    stands_for = _stands_for(ask, one)
    server = guilds.get(ask.conn, one.guild_id) if one.guild_id is not None else None
    left = server is not None and server.left_at is not None and one.done_at is None
    state = "kept back, as its server removed me" if left else _state_of(one, ask.now)
    told.data = {
        "place": one.place_kind, "place_id": one.place_id, "server": one.guild_id, "action": one.action,
        "once_key": one.once_key, "stands_for": stands_for, "state": state,
        "created": words.iso(one.created_at), "due": words.iso(one.due_at),
        "done": words.iso(one.done_at) if one.done_at else None, "tries": one.attempts,
        "next_try": words.iso(one.next_try_at) if one.next_try_at else None, "last_error": one.last_error,
        "parts": [
            {
                "part": part.position + 1, "state": part.state,
                "message": str(part.message_id) if part.message_id is not None else None,
                "sent": words.iso(part.sent_at) if part.sent_at else None,
            }
            for part in one.parts
        ],
    }  # fmt: skip
    to = f"{one.action.capitalize()} {'in' if one.place_kind in {'channel', 'thread'} else 'to'}"
    of = f", server {one.guild_id}" if one.guild_id is not None else ""
    told.tell(f"Delivery {identifier}: {state}", f"{to} {one.place_kind} {harmless(one.place_id)}{of}.", stands_for)
    told.tell(
        "When",
        f"Made {moment(one.created_at)}, due {moment(one.due_at)}.",
        f"Tried {words.plural(one.attempts, 'time')}." if one.attempts else "Not tried yet.",
        f"Next try {moment(one.next_try_at)}." if one.next_try_at and not one.done_at else None,
        f"Done {moment(one.done_at)}." if one.done_at else None,
        f"Last trouble: {harmless(one.last_error)}" if one.last_error else None,
    )
    told.tell(
        "Messages",
        *(
            f"- {part.position + 1} of {len(one.parts)}: {_PART_WORDS[part.state]}"
            + (f", message {part.message_id}" if part.message_id is not None else "")
            + (f", {moment(part.sent_at)}" if part.sent_at else "")
            for part in one.parts
        ),
    )
    told.tell("Its key", f"{harmless(one.once_key)} (the same thing is never owed twice)")
    return told


def _stands_for(ask: Ask, one: Owed) -> str:
    kind = one.once_key.partition(":")[0]
    if kind == "briefing":
        found = briefings.plan_of_delivery(ask.conn, one.id)
        if found is not None:
            plan, day = found
            return f"The briefing of {words.day(day)} of server {plan.guild_id}, at {words.hour(plan.hour)} there."
        return "A briefing that is not on record any more."
    if kind in {"update", "digest"}:
        about = Counter((event, party) for event, party in lookup.events_of(ask.conn, one.id))
        named = ", ".join(
            f"{_EVENT_WORDS.get(event, event)} {name_of(ask, party)}" + (f" ({count})" if count > 1 else "")
            for (event, party), count in about.items()
        )
        return f"What a subscriber follows: {named or 'it is not on record any more'}."
    return _STANDS_FOR.get(kind, "I don't know what it stands for.")


def _state_of(one: Owed, now: datetime) -> str:
    """Return how a delivery stands, in a word or two."""
    if one.done_at is not None:
        return "given up" if any(part.state == "dropped" for part in one.parts) else "done"
    if one.claimed_by is not None:
        return "being worked on"
    if one.next_try_at is not None and one.next_try_at > now:
        return "waits for its next try"
    return "owed" if one.due_at <= now else "not due yet"
