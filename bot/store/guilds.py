"""Discord servers ("guilds", as Discord's interface calls them): which ones the bot is in, and their settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, or_, select, update

from bot.store import briefings, deliveries
from bot.store.dialect import insert
from bot.store.schema import (
    article,
    audit,
    briefing,
    delivery,
    feed,
    guild,
    guild_briefing,
    shown,
    subscriber_update,
    subscription,
)

KEPT_AFTER_LEAVING: Final = timedelta(days=30)
"""How long a server's data outlives the bot's removal from it, so that a mistaken kick loses nothing."""


@dataclass(frozen=True, slots=True)
class Guild:
    """A server's settings; ``prefix`` is None where it has none of its own."""

    id: int
    name: str | None
    prefix: str | None
    joined_at: datetime
    left_at: datetime | None


def joined(conn: Connection, guild_id: int, name: str | None, *, now: datetime) -> bool:
    """Note that the bot is in a server; return whether that is news. Coming back within the time keeps what was set.

    What was still owed to the server's channels is dropped then, and its briefing begins anew: nothing is posted late
    that could not have been posted in time.
    """
    known = get(conn, guild_id)
    if known is not None and known.left_at is None and known.name == name:
        return False
    conn.execute(
        insert(conn, guild)
        .values(id=guild_id, name=name, joined_at=now, settings={})
        .on_conflict_do_update(index_elements=["id"], set_={"name": name, "left_at": None})
    )
    if known is not None and known.left_at is not None:
        briefings.come_back(conn, guild_id, now=now)
        deliveries.drop_posts(conn, guild_id, "I was not in the server when it was due.", now=now)
    return known is None or known.left_at is not None


def left(conn: Connection, guild_id: int, *, now: datetime) -> None:
    """Note that the bot was removed from a server: from this commit on nothing is made for it or sent to it."""
    conn.execute(update(guild).where(guild.c.id == guild_id, guild.c.left_at.is_(None)).values(left_at=now))


def get(conn: Connection, guild_id: int) -> Guild | None:
    """Return a server's settings; None for one that was never joined."""
    row = conn.execute(select(guild).where(guild.c.id == guild_id)).first()
    return None if row is None else Guild(row.id, row.name, row.prefix, row.joined_at, row.left_at)


def present(conn: Connection) -> dict[int, Guild]:
    """Return the servers the bot is in, by id."""
    rows = conn.execute(select(guild).where(guild.c.left_at.is_(None)))
    return {row.id: Guild(row.id, row.name, row.prefix, row.joined_at, None) for row in rows}


def set_prefix(conn: Connection, guild_id: int, prefix: str | None) -> None:
    """Give a server a prefix of its own for typed commands; None goes back to the general one."""
    conn.execute(update(guild).where(guild.c.id == guild_id).values(prefix=prefix))


def forget(conn: Connection, *, now: datetime) -> list[int]:
    """Delete all that is stored of servers that removed the bot long enough ago; return their ids."""
    gone = list(
        conn.execute(
            select(guild.c.id).where(guild.c.left_at.is_not(None), guild.c.left_at <= now - KEPT_AFTER_LEAVING)
        ).scalars()
    )
    for guild_id in gone:
        places = select(subscription.c.subscriber_id).where(
            subscription.c.subscriber_kind == "channel", subscription.c.guild_id == guild_id
        )
        # What was told through the server, also to channels and people that have stopped since.
        sent = select(delivery.c.id).where(delivery.c.guild_id == guild_id)
        conn.execute(delete(subscriber_update).where(subscriber_update.c.delivery_id.in_(sent)))
        conn.execute(
            delete(shown).where(
                or_(
                    (shown.c.place_kind == "guild") & (shown.c.place_id == str(guild_id)),
                    (shown.c.place_kind == "channel") & shown.c.place_id.in_(places),
                )
            )
        )
        conn.execute(delete(subscription).where(subscription.c.guild_id == guild_id))
        plans = select(guild_briefing.c.id).where(guild_briefing.c.guild_id == guild_id)
        conn.execute(delete(briefing).where(briefing.c.guild_briefing_id.in_(plans)))
        conn.execute(delete(guild_briefing).where(guild_briefing.c.guild_id == guild_id))
        conn.execute(delete(delivery).where(delivery.c.guild_id == guild_id))
        conn.execute(delete(article).where(article.c.guild_id == guild_id))
        conn.execute(delete(feed).where(feed.c.guild_id == guild_id))
        conn.execute(delete(audit).where(audit.c.guild_id == guild_id))
        conn.execute(delete(guild).where(guild.c.id == guild_id))
    return gone
