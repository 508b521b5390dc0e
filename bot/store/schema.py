"""All tables of the store, for SQLite and PostgreSQL alike.

Rows that belong to a topic carry its ``dossier``, and ids that people choose (articles, claims, figures) are unique
within it. Moments are aware UTC, calendar days are dates. Enumerations are CHECK constraints, so that no door into the
store can write a word the program doesn't know. After a change here, write a migration:
``python -m bot.store.migrate "what changes"``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, overload

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from summaries.claims import SOURCE_KINDS, STATES


class UTCDateTime(TypeDecorator[datetime]):
    """A moment: takes only aware datetimes, gives back aware UTC ones on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC. Raises ValueError for a naive datetime: nobody can know which moment it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone; the store keeps aware moments only")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment back in UTC; SQLite keeps no zone, PostgreSQL answers in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


@overload
def clean(words: str) -> str: ...
@overload
def clean(words: str | None) -> str | None: ...
def clean(words: str | None) -> str | None:
    """Replace what no database can hold (U+0000, lone surrogates) by U+FFFD, one for one: offsets stay true."""
    return None if words is None else _UNSTORABLE.sub("\ufffd", words)


class Words(TypeDecorator[str]):
    """Text of any length, from anywhere: what can't be stored is replaced (see :func:`clean`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean what is stored and what is searched for, so that both agree."""
        return clean(value)


class Word(TypeDecorator[str]):
    """A short text, as long as is said: a key, an id, a word of an enumeration. Cleaned like :class:`Words`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Clean what is stored and what is searched for, so that both agree."""
        return clean(value)


# SQLite numbers rows by itself only when the key is exactly INTEGER.
_Serial = BigInteger().with_variant(Integer(), "sqlite")
# JSON as it was written: PostgreSQL's jsonb would reorder keys, and a message's content must stay exact.
_Json = JSON(none_as_null=True)
_Snowflake = BigInteger()

PRECISIONS: Final = ("time", "day")
BASES: Final = ("stated", "inferred", "unknown")
OWNER_KINDS: Final = ("claim", "figure")
FEED_STATES: Final = ("active", "paused", "gone")
PAGE_STATES: Final = ("wanted", "read", "walled", "failed")
EVENT_KINDS: Final = ("position_moved", "sources_differ", "corrected", "article_mentions")
SUBSCRIBER_KINDS: Final = ("user", "channel", "terminal")
CADENCES: Final = ("instant", "daily", "weekly")
SUBSCRIPTION_STATES: Final = ("active", "paused")
BRIEFING_STATES: Final = ("active", "paused", "removed")
PLACE_KINDS: Final = ("user", "channel", "thread", "terminal")
SHOWN_KINDS: Final = ("guild", *PLACE_KINDS)
"""A guild's briefing remembers by the guild what it showed, so that moving it to another channel repeats nothing."""
ACTIONS: Final = ("post", "edit", "delete", "pin")
PART_STATES: Final = ("owed", "sending", "unknown", "sent", "parked", "dropped")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=column)


def _moment(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UTCDateTime(), nullable=nullable)


def _where(condition: str) -> dict[str, Any]:
    """Return what makes an index partial; :func:`complete` says it for PostgreSQL."""
    return {"sqlite_where": text(condition), "info": {"where": condition}}


def complete() -> MetaData:
    """Return the schema with what only PostgreSQL needs to be told, to compare it with a database or to make one.

    Said in the tables themselves it would load that dialect at every start, on SQLite too.
    """
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info["where"])
    return metadata


def _dossier(*, primary_key: bool = False) -> Column[str]:
    return Column("dossier", Word(80), ForeignKey("dossier.key"), primary_key=primary_key, nullable=False)


dossier = Table(
    "dossier",
    metadata,
    Column("key", Word(80), primary_key=True),
    Column("seed_digest", Word(64)),
    Column("names_digest", Word(64)),
    _moment("created_at"),
)

guild = Table(
    "guild",
    metadata,
    Column("id", _Snowflake, primary_key=True, autoincrement=False),
    Column("name", Words),
    Column("prefix", Word(10)),
    Column("language", Word(10)),
    _moment("joined_at"),
    _moment("left_at", nullable=True),
    Column("settings", _Json),
)

feed = Table(
    "feed",
    metadata,
    Column("id", _Serial, primary_key=True),
    _dossier(),
    # Null: the feed belongs to the dossier and serves everyone.
    Column("guild_id", _Snowflake, ForeignKey("guild.id")),
    Column("url", Words, nullable=False),
    Column("name", Words),
    Column("kind", Word(20)),
    Column("language", Word(10)),
    Column("state", Word(10), nullable=False, server_default="active"),
    Column("etag", Words),
    Column("last_modified", Words),
    _moment("next_poll_at", nullable=True),
    _moment("last_polled_at", nullable=True),
    _moment("last_ok_at", nullable=True),
    _moment("baseline_at", nullable=True),
    # Whether all it brings is kept as news, or only what belongs to the topic.
    Column("everything", Boolean, nullable=False, server_default=false()),
    # SHA-256 of the body that was read last: a server that knows no conditional requests sends the same again.
    Column("body_digest", Word(64)),
    # The pause the feed itself asked for when it was read last; null: none.
    Column("asks_seconds", Integer),
    Column("failures", Integer, nullable=False, server_default="0"),
    # The kind of the last failure (a word of the fetcher), and the sentence that was made of it.
    Column("last_reason", Word(20)),
    Column("last_error", Words),
    Column("moved_to", Words),
    Column("added_by", Word(80)),
    _moment("added_at"),
    _one_of("state", FEED_STATES),
    Index("uq_feed_dossier_url", "dossier", "url", unique=True,
          **_where("guild_id IS NULL")),
    Index("uq_feed_dossier_guild_id_url", "dossier", "guild_id", "url", unique=True,
          **_where("guild_id IS NOT NULL")),
    Index(None, "state", "next_poll_at"),
)  # fmt: skip

article = Table(
    "article",
    metadata,
    _dossier(primary_key=True),
    Column("id", Word(80), primary_key=True),
    # The feed's guid, the normalised URL, the file or the seed: what makes it the same article when it comes again.
    Column("identity", Words, nullable=False),
    Column("feed_id", _Serial, ForeignKey("feed.id", ondelete="SET NULL"), autoincrement=False),
    # Null: everyone sees it. Otherwise only this guild does, and it is no source for the table.
    Column("guild_id", _Snowflake, ForeignKey("guild.id")),
    Column("background", Boolean, nullable=False, server_default=false()),
    # Off the topic: kept, so that it is known again and can be explained, and shown nowhere else.
    Column("relevant", Boolean, nullable=False, server_default=true()),
    # How much it belongs to the topic, from 0 to 1; null: nobody asked.
    Column("relevance", Float),
    # Kept whatever its words say: its feed is kept whole, or a person named it.
    Column("everything", Boolean, nullable=False, server_default=false()),
    # The first article of which this one is a copy; null: it is no copy. No foreign key: that one may be deleted.
    Column("copy_of", Word(80)),
    # SHA-256 of the feed's entry as it was read last: the text may have come from its page since.
    Column("entry_digest", Word(64)),
    # What became of its page, where the feed holds only a teaser; null: nothing was wanted of it.
    Column("page_state", Word(10)),
    # The first revision with its page's words, as long as they are the article's; null: none.
    Column("page_revision", Integer),
    Column("page_tries", Integer, nullable=False, server_default="0"),
    _moment("page_next_at", nullable=True),
    Column("page_note", Words),
    Column("current_revision", Integer, nullable=False),
    _moment("first_stored_at"),
    _one_of("page_state", PAGE_STATES),
    Index("ix_article_page_next_at_wanted", "page_next_at", **_where("page_state = 'wanted'")),
    Index(None, "dossier", "copy_of"),
    # Two scopes, so that a guild's own feed can never revise or hide an article of the dossier.
    Index("uq_article_dossier_identity", "dossier", "identity", unique=True,
          **_where("guild_id IS NULL")),
    Index("uq_article_dossier_guild_id_identity", "dossier", "guild_id", "identity", unique=True,
          **_where("guild_id IS NOT NULL")),
)  # fmt: skip

article_identity = Table(
    "article_identity",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    # 0: everyone's; otherwise the guild whose own feed brought it.
    Column("scope", _Snowflake, primary_key=True, autoincrement=False),
    # One of the names it comes by: a feed's guid, a page's address, a file.
    Column("identity", Words, primary_key=True),
    Column("article_id", Word(80), nullable=False),
    ForeignKeyConstraint(["dossier", "article_id"], ["article.dossier", "article.id"], ondelete="CASCADE"),
    Index(None, "dossier", "article_id"),
)

article_sketch = Table(
    "article_sketch",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    # A sampled hash of its passages (summaries.copies): articles that have many in common are copies.
    Column("value", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", Word(80), primary_key=True),
    ForeignKeyConstraint(["dossier", "article_id"], ["article.dossier", "article.id"], ondelete="CASCADE"),
    Index(None, "dossier", "article_id"),
)

article_revision = Table(
    "article_revision",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    Column("article_id", Word(80), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("title", Words),
    Column("publisher", Words),
    Column("author", Words),
    Column("url", Words),
    Column("label", Words),
    Column("language", Word(35)),
    _moment("published_at", nullable=True),
    Column("published_precision", Word(4), nullable=False),
    Column("published_basis", Word(8), nullable=False),
    # Where the article stands in time: published_at, or when it was first stored where that is unknown.
    _moment("dated_at"),
    Column("body_start", Integer, nullable=False, server_default="0"),
    Column("text", Words),
    _moment("text_removed_at", nullable=True),
    Column("fingerprint", Word(64), nullable=False),
    Column("warnings", _Json, nullable=False),
    _moment("stored_at"),
    ForeignKeyConstraint(["dossier", "article_id"], ["article.dossier", "article.id"], ondelete="CASCADE"),
    _one_of("published_precision", PRECISIONS),
    _one_of("published_basis", BASES),
    CheckConstraint("(text IS NULL) = (text_removed_at IS NOT NULL)", name="text_or_removed"),
    Index(None, "dossier", "fingerprint"),
    Index(None, "dossier", "dated_at"),
)

article_mention = Table(
    "article_mention",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    Column("article_id", Word(80), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("party", Word(20), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("first_start", Integer, nullable=False),
    Column("first_end", Integer, nullable=False),
    ForeignKeyConstraint(
        ["dossier", "article_id", "revision"],
        ["article_revision.dossier", "article_revision.article_id", "article_revision.number"],
        ondelete="CASCADE",
    ),
    Index(None, "dossier", "party"),
)


def _said() -> list[Column[Any]]:
    """Columns that claims and figures share: who said it, when, and what became of it."""
    return [
        Column("speaker", Words, nullable=False),
        Column("office", Words),
        Column("via", Words),
        Column("kind", Word(10), nullable=False),
        Column("said_first", Date),
        Column("said_last", Date),
        Column("reported_on", Date, nullable=False),
        Column("note", Words),
        Column("state", Word(10), nullable=False),
        _moment("changed_at"),
        Column("changed_by", Word(120), nullable=False),
        Column("why", Words, nullable=False),
    ]


def _said_rules() -> list[CheckConstraint]:
    return [
        _one_of("kind", SOURCE_KINDS),
        _one_of("state", STATES),
        CheckConstraint("(said_first IS NULL) = (said_last IS NULL)", name="said_whole"),
        CheckConstraint("said_first <= said_last", name="said_order"),
    ]


claim = Table(
    "claim",
    metadata,
    _dossier(primary_key=True),
    Column("id", Word(80), primary_key=True),
    Column("current_revision", Integer, nullable=False),
    _moment("created_at"),
)

claim_revision = Table(
    "claim_revision",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    Column("claim_id", Word(80), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("party", Word(20), nullable=False),
    Column("stance", Word(40), nullable=False),
    Column("axes", _Json, nullable=False),
    Column("contribution", Words),
    Column("condition", Words),
    *_said(),
    ForeignKeyConstraint(["dossier", "claim_id"], ["claim.dossier", "claim.id"], ondelete="CASCADE"),
    *_said_rules(),
    Index(None, "dossier", "party"),
    Index(None, "dossier", "state"),
)

figure = Table(
    "figure",
    metadata,
    _dossier(primary_key=True),
    Column("id", Word(80), primary_key=True),
    Column("current_revision", Integer, nullable=False),
    _moment("created_at"),
)

figure_revision = Table(
    "figure_revision",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    Column("figure_id", Word(80), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("measure", Word(40), nullable=False),
    Column("value", Words, nullable=False),
    Column("low", BigInteger),
    Column("high", BigInteger),
    *_said(),
    ForeignKeyConstraint(["dossier", "figure_id"], ["figure.dossier", "figure.id"], ondelete="CASCADE"),
    *_said_rules(),
    Index(None, "dossier", "measure"),
    Index(None, "dossier", "state"),
)

quote = Table(
    "quote",
    metadata,
    Column("dossier", Word(80), primary_key=True),
    Column("owner_kind", Word(6), primary_key=True),
    Column("owner_id", Word(80), primary_key=True),
    Column("owner_revision", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("article_id", Word(80), nullable=False),
    Column("article_revision", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Words, nullable=False),
    # No cascade: an article that a claim stands on can't be deleted from under it.
    ForeignKeyConstraint(
        ["dossier", "article_id", "article_revision"],
        ["article_revision.dossier", "article_revision.article_id", "article_revision.number"],
    ),
    _one_of("owner_kind", OWNER_KINDS),
    CheckConstraint('start >= 0 AND "end" > start', name="span"),
    Index(None, "dossier", "article_id", "article_revision"),
)

ingested_file = Table(
    "ingested_file",
    metadata,
    _dossier(primary_key=True),
    # The file's URI, with what shows that it has not changed since it was taken.
    Column("file", Words, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("modified_ns", BigInteger, nullable=False),
    Column("article_id", Word(80), nullable=False),
    _moment("taken_at"),
    ForeignKeyConstraint(["dossier", "article_id"], ["article.dossier", "article.id"], ondelete="CASCADE"),
    Index(None, "dossier", "article_id"),
)

seed_row = Table(
    "seed_row",
    metadata,
    _dossier(primary_key=True),
    Column("kind", Word(10), primary_key=True),
    Column("id", Word(80), primary_key=True),
    Column("hash", Word(64), nullable=False),
    _moment("seeded_at"),
)

story = Table(
    "story",
    metadata,
    Column("id", _Serial, primary_key=True),
    _dossier(),
    Column("title", Words, nullable=False),
    Column("merged_into", _Serial, ForeignKey("story.id"), autoincrement=False),
    _moment("created_at"),
    _moment("changed_at"),
    Index(None, "dossier", "changed_at"),
)

story_article = Table(
    "story_article",
    metadata,
    Column("story_id", _Serial, ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("dossier", Word(80), primary_key=True),
    Column("article_id", Word(80), primary_key=True),
    _moment("added_at"),
    ForeignKeyConstraint(["dossier", "article_id"], ["article.dossier", "article.id"], ondelete="CASCADE"),
    Index(None, "dossier", "article_id"),
)

event = Table(
    "event",
    metadata,
    Column("id", _Serial, primary_key=True),
    _dossier(),
    Column("kind", Word(20), nullable=False),
    Column("party", Word(20), nullable=False),
    # What brought it about (a claim's revision, an article's): the same cause is told once.
    Column("cause", Word(200), nullable=False),
    Column("before", _Json),
    Column("after", _Json),
    _moment("created_at"),
    _moment("leaves_at"),
    _moment("cancelled_at", nullable=True),
    UniqueConstraint("dossier", "cause"),
    _one_of("kind", EVENT_KINDS),
    Index(None, "leaves_at"),
    Index(None, "dossier", "party"),
)

guild_briefing = Table(
    "guild_briefing",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("guild_id", _Snowflake, ForeignKey("guild.id", ondelete="CASCADE"), nullable=False),
    _dossier(),
    Column("channel_id", _Snowflake, nullable=False),
    Column("thread_id", _Snowflake),
    Column("local_time", Word(5), nullable=False),
    Column("zone", Word(64), nullable=False),
    # The day of the week of a weekly digest, Monday 0; null: it comes every day.
    Column("weekday", Integer),
    Column("state", Word(10), nullable=False, server_default="active"),
    Column("length", Word(20), nullable=False, server_default="normal"),
    Column("set_up_by", _Snowflake),
    _moment("set_up_at"),
    # From when articles are news there; null: from a day before it was set up.
    _moment("news_from", nullable=True),
    # Up to when rows of the table were told there; null before the first briefing that arrived.
    _moment("told_at", nullable=True),
    _one_of("state", BRIEFING_STATES),
    CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    # Switching on twice at once is one briefing.
    UniqueConstraint("guild_id", "dossier"),
    Index(None, "state"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _Serial, primary_key=True),
    # What it stands for and where it goes: owing the same thing twice is one row.
    Column("once_key", Word(200), nullable=False, unique=True),
    Column("place_kind", Word(10), nullable=False),
    Column("place_id", Word(80), nullable=False),
    Column("guild_id", _Snowflake),
    # A direct message's channel, or the channel a thread hangs on.
    Column("channel_id", _Snowflake),
    Column("action", Word(10), nullable=False),
    # The message that is edited, deleted or pinned.
    Column("target_message_id", _Snowflake),
    _moment("created_at"),
    _moment("due_at"),
    Column("late_line", Words),
    _moment("frozen_at", nullable=True),
    Column("claimed_by", Word(120)),
    _moment("claimed_until", nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("next_try_at", nullable=True),
    # Whether it waits because its place refuses it: then it is tried at once where permissions change.
    Column("refused", Boolean, nullable=False, server_default=false()),
    Column("last_error", Words),
    # Set when every part is sent or dropped: nothing is left to do.
    _moment("done_at", nullable=True),
    _one_of("place_kind", PLACE_KINDS),
    _one_of("action", ACTIONS),
    Index("ix_delivery_due_at_open", "due_at",
          **_where("done_at IS NULL")),
    Index(None, "place_kind", "place_id"),
)  # fmt: skip

delivery_part = Table(
    "delivery_part",
    metadata,
    Column(
        "delivery_id", _Serial, ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("nonce", Word(25), nullable=False, unique=True),
    Column("content", _Json, nullable=False),
    Column("message_id", _Snowflake),
    Column("state", Word(10), nullable=False, server_default="owed"),
    _moment("first_tried_at", nullable=True),
    _moment("sent_at", nullable=True),
    _one_of("state", PART_STATES),
)

briefing = Table(
    "briefing",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("guild_briefing_id", _Serial, ForeignKey("guild_briefing.id", ondelete="CASCADE"), nullable=False),
    # The intended local day, never recomputed from the moment it was made.
    Column("local_date", Date, nullable=False),
    _moment("due_at"),
    _moment("made_at"),
    # Up to when rows of the table counted in it: the next one tells what changed since.
    _moment("table_at", nullable=True),
    Column("value", _Json, nullable=False),
    Column("delivery_id", _Serial, ForeignKey("delivery.id", ondelete="SET NULL")),
    UniqueConstraint("guild_briefing_id", "local_date"),
    Index(None, "delivery_id"),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", _Serial, primary_key=True),
    _dossier(),
    Column("subscriber_kind", Word(10), nullable=False),
    Column("subscriber_id", Word(80), nullable=False),
    Column("party", Word(20), nullable=False),
    Column("cadence", Word(10), nullable=False),
    Column("guild_id", _Snowflake),
    Column("dm_channel_id", _Snowflake),
    Column("state", Word(10), nullable=False, server_default="active"),
    Column("failures", Integer, nullable=False, server_default="0"),
    _moment("next_try_at", nullable=True),
    _moment("failed_at", nullable=True),
    # When the person was told, where they typed a command, that messages don't reach them.
    _moment("told_at", nullable=True),
    _moment("created_at"),
    UniqueConstraint("dossier", "subscriber_kind", "subscriber_id", "party"),
    _one_of("subscriber_kind", SUBSCRIBER_KINDS),
    _one_of("cadence", CADENCES),
    _one_of("state", SUBSCRIPTION_STATES),
    Index(None, "dossier", "party", "state"),
    Index(None, "subscriber_kind", "subscriber_id"),
)

# The design's "update"; that word is SQL's own.
subscriber_update = Table(
    "subscriber_update",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("subscriber_kind", Word(10), nullable=False),
    Column("subscriber_id", Word(80), nullable=False),
    Column("event_id", _Serial, ForeignKey("event.id", ondelete="CASCADE"), nullable=False),
    Column("delivery_id", _Serial, ForeignKey("delivery.id", ondelete="SET NULL")),
    _moment("created_at"),
    UniqueConstraint("subscriber_kind", "subscriber_id", "event_id"),
    _one_of("subscriber_kind", SUBSCRIBER_KINDS),
    Index(None, "event_id"),
    Index(None, "delivery_id"),
)

shown = Table(
    "shown",
    metadata,
    Column("id", _Serial, primary_key=True),
    _dossier(),
    Column("place_kind", Word(10), nullable=False),
    Column("place_id", Word(80), nullable=False),
    Column("item_kind", Word(20), nullable=False),
    Column("item_id", Word(120), nullable=False),
    Column("delivery_id", _Serial, ForeignKey("delivery.id", ondelete="CASCADE")),
    _moment("shown_at"),
    # True once its delivery was dropped: then nobody has seen it.
    Column("void", Boolean, nullable=False, server_default=false()),
    _one_of("place_kind", SHOWN_KINDS),
    Index(None, "dossier", "place_kind", "place_id", "item_kind", "item_id"),
    Index(None, "delivery_id"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Serial, primary_key=True),
    _moment("at"),
    Column("who", Word(120), nullable=False),
    Column("guild_id", _Snowflake),
    Column("action", Word(60), nullable=False),
    Column("target", Word(200)),
    Column("before", _Json),
    Column("after", _Json),
    Index(None, "guild_id", "at"),
    Index(None, "who"),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Word(80), primary_key=True),
    Column("owner", Word(120), nullable=False),
    _moment("expires_at"),
)

counter = Table(
    "counter",
    metadata,
    Column("name", Word(80), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

# Where the bot left off with something outside of the store, such as which commands Discord was told of.
bookmark = Table(
    "bookmark",
    metadata,
    Column("name", Word(120), primary_key=True),
    Column("value", Words, nullable=False),
    _moment("changed_at"),
)
