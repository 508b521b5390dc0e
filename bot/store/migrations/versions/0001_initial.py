"""The store as the first release knows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_guild_id_at"), ["guild_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_who"), ["who"], unique=False)

    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("once_key", sa.String(length=200), nullable=False),
        sa.Column("place_kind", sa.String(length=10), nullable=False),
        sa.Column("place_id", sa.String(length=80), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("target_message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_line", sa.Text(), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.String(length=120), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("action IN ('post', 'edit', 'delete', 'pin')", name=op.f("ck_delivery_action")),
        sa.CheckConstraint(
            "place_kind IN ('user', 'channel', 'thread', 'terminal')", name=op.f("ck_delivery_place_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("once_key", name=op.f("uq_delivery_once_key")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_due_at_open",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_place_kind_place_id"), ["place_kind", "place_id"], unique=False)

    op.create_table(
        "dossier",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("seed_digest", sa.String(length=64), nullable=True),
        sa.Column("names_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_dossier")),
    )
    op.create_table(
        "guild",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.String(length=10), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guild")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "claim",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("current_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_claim_dossier")),
        sa.PrimaryKeyConstraint("dossier", "id", name=op.f("pk_claim")),
    )
    op.create_table(
        "delivery_part",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("nonce", sa.String(length=25), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="owed", nullable=False),
        sa.Column("first_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('owed', 'sending', 'unknown', 'sent', 'parked', 'dropped')", name=op.f("ck_delivery_part_state")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_part_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "position", name=op.f("pk_delivery_part")),
        sa.UniqueConstraint("nonce", name=op.f("uq_delivery_part_nonce")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leaves_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('position_moved', 'sources_differ', 'corrected', 'article_mentions')", name=op.f("ck_event_kind")
        ),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_event_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("dossier", "cause", name=op.f("uq_event_dossier_cause")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_dossier_party"), ["dossier", "party"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_leaves_at"), ["leaves_at"], unique=False)

    op.create_table(
        "feed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_polled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("baseline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("added_by", sa.String(length=80), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'gone')", name=op.f("ck_feed_state")),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_feed_dossier")),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_feed_guild_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
    )
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_feed_state_next_poll_at"), ["state", "next_poll_at"], unique=False)
        batch_op.create_index(
            "uq_feed_dossier_guild_id_url",
            ["dossier", "guild_id", "url"],
            unique=True,
            sqlite_where=sa.text("guild_id IS NOT NULL"),
            postgresql_where=sa.text("guild_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_feed_dossier_url",
            ["dossier", "url"],
            unique=True,
            sqlite_where=sa.text("guild_id IS NULL"),
            postgresql_where=sa.text("guild_id IS NULL"),
        )

    op.create_table(
        "figure",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("current_revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_figure_dossier")),
        sa.PrimaryKeyConstraint("dossier", "id", name=op.f("pk_figure")),
    )
    op.create_table(
        "guild_briefing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("local_time", sa.String(length=5), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("length", sa.String(length=20), server_default="normal", nullable=False),
        sa.Column("set_up_by", sa.BigInteger(), nullable=True),
        sa.Column("set_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'removed')", name=op.f("ck_guild_briefing_state")),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_guild_briefing_dossier")),
        sa.ForeignKeyConstraint(
            ["guild_id"], ["guild.id"], name=op.f("fk_guild_briefing_guild_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guild_briefing")),
    )
    with op.batch_alter_table("guild_briefing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guild_briefing_guild_id"), ["guild_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guild_briefing_state"), ["state"], unique=False)

    op.create_table(
        "seed_row",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_seed_row_dossier")),
        sa.PrimaryKeyConstraint("dossier", "kind", "id", name=op.f("pk_seed_row")),
    )
    op.create_table(
        "shown",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("place_kind", sa.String(length=10), nullable=False),
        sa.Column("place_id", sa.String(length=80), nullable=False),
        sa.Column("item_kind", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.String(length=120), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("void", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("place_kind IN ('user', 'channel', 'thread', 'terminal')", name=op.f("ck_shown_place_kind")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_shown_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_shown_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shown")),
    )
    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shown_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_shown_dossier_place_kind_place_id_item_kind_item_id"),
            ["dossier", "place_kind", "place_id", "item_kind", "item_id"],
            unique=False,
        )

    op.create_table(
        "story",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "merged_into", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_story_dossier")),
        sa.ForeignKeyConstraint(["merged_into"], ["story.id"], name=op.f("fk_story_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story")),
    )
    with op.batch_alter_table("story", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_story_dossier_changed_at"), ["dossier", "changed_at"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("subscriber_kind", sa.String(length=10), nullable=False),
        sa.Column("subscriber_id", sa.String(length=80), nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("cadence", sa.String(length=10), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("dm_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="active", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cadence IN ('instant', 'daily', 'weekly')", name=op.f("ck_subscription_cadence")),
        sa.CheckConstraint("state IN ('active', 'paused')", name=op.f("ck_subscription_state")),
        sa.CheckConstraint(
            "subscriber_kind IN ('user', 'channel', 'terminal')", name=op.f("ck_subscription_subscriber_kind")
        ),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_subscription_dossier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint(
            "dossier",
            "subscriber_kind",
            "subscriber_id",
            "party",
            name=op.f("uq_subscription_dossier_subscriber_kind_subscriber_id_party"),
        ),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_subscription_dossier_party_state"), ["dossier", "party", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_subscription_subscriber_kind_subscriber_id"),
            ["subscriber_kind", "subscriber_id"],
            unique=False,
        )

    op.create_table(
        "article",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("feed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=True),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("background", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("current_revision", sa.Integer(), nullable=False),
        sa.Column("first_stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_article_dossier")),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_article_feed_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["guild_id"], ["guild.id"], name=op.f("fk_article_guild_id")),
        sa.PrimaryKeyConstraint("dossier", "id", name=op.f("pk_article")),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index(
            "uq_article_dossier_guild_id_identity",
            ["dossier", "guild_id", "identity"],
            unique=True,
            sqlite_where=sa.text("guild_id IS NOT NULL"),
            postgresql_where=sa.text("guild_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_article_dossier_identity",
            ["dossier", "identity"],
            unique=True,
            sqlite_where=sa.text("guild_id IS NULL"),
            postgresql_where=sa.text("guild_id IS NULL"),
        )

    op.create_table(
        "briefing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("guild_briefing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_briefing_delivery_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["guild_briefing_id"], ["guild_briefing.id"], name=op.f("fk_briefing_guild_briefing_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_briefing")),
        sa.UniqueConstraint("guild_briefing_id", "local_date", name=op.f("uq_briefing_guild_briefing_id_local_date")),
    )
    with op.batch_alter_table("briefing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_briefing_delivery_id"), ["delivery_id"], unique=False)

    op.create_table(
        "claim_revision",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("claim_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("stance", sa.String(length=40), nullable=False),
        sa.Column("axes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("contribution", sa.Text(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("said_first", sa.Date(), nullable=True),
        sa.Column("said_last", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('official', 'named', 'reporter', 'unnamed')", name=op.f("ck_claim_revision_kind")),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_claim_revision_state")
        ),
        sa.CheckConstraint("(said_first IS NULL) = (said_last IS NULL)", name=op.f("ck_claim_revision_said_whole")),
        sa.CheckConstraint("said_first <= said_last", name=op.f("ck_claim_revision_said_order")),
        sa.ForeignKeyConstraint(
            ["dossier", "claim_id"],
            ["claim.dossier", "claim.id"],
            name=op.f("fk_claim_revision_dossier_claim_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "claim_id", "number", name=op.f("pk_claim_revision")),
    )
    with op.batch_alter_table("claim_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_revision_dossier_party"), ["dossier", "party"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_revision_dossier_state"), ["dossier", "state"], unique=False)

    op.create_table(
        "figure_revision",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("figure_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("speaker", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("said_first", sa.Date(), nullable=True),
        sa.Column("said_last", sa.Date(), nullable=True),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('official', 'named', 'reporter', 'unnamed')", name=op.f("ck_figure_revision_kind")
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_figure_revision_state")
        ),
        sa.CheckConstraint("(said_first IS NULL) = (said_last IS NULL)", name=op.f("ck_figure_revision_said_whole")),
        sa.CheckConstraint("said_first <= said_last", name=op.f("ck_figure_revision_said_order")),
        sa.ForeignKeyConstraint(
            ["dossier", "figure_id"],
            ["figure.dossier", "figure.id"],
            name=op.f("fk_figure_revision_dossier_figure_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "figure_id", "number", name=op.f("pk_figure_revision")),
    )
    with op.batch_alter_table("figure_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_figure_revision_dossier_measure"), ["dossier", "measure"], unique=False)
        batch_op.create_index(batch_op.f("ix_figure_revision_dossier_state"), ["dossier", "state"], unique=False)

    op.create_table(
        "subscriber_update",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subscriber_kind", sa.String(length=10), nullable=False),
        sa.Column("subscriber_id", sa.String(length=80), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "subscriber_kind IN ('user', 'channel', 'terminal')", name=op.f("ck_subscriber_update_subscriber_kind")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_subscriber_update_delivery_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_subscriber_update_event_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber_update")),
        sa.UniqueConstraint(
            "subscriber_kind",
            "subscriber_id",
            "event_id",
            name=op.f("uq_subscriber_update_subscriber_kind_subscriber_id_event_id"),
        ),
    )
    with op.batch_alter_table("subscriber_update", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscriber_update_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscriber_update_event_id"), ["event_id"], unique=False)

    op.create_table(
        "article_revision",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("publisher", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_precision", sa.String(length=4), nullable=False),
        sa.Column("published_basis", sa.String(length=8), nullable=False),
        sa.Column("dated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_start", sa.Integer(), server_default="0", nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "published_basis IN ('stated', 'inferred', 'unknown')", name=op.f("ck_article_revision_published_basis")
        ),
        sa.CheckConstraint(
            "published_precision IN ('time', 'day')", name=op.f("ck_article_revision_published_precision")
        ),
        sa.CheckConstraint(
            "(text IS NULL) = (text_removed_at IS NOT NULL)", name=op.f("ck_article_revision_text_or_removed")
        ),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id"],
            ["article.dossier", "article.id"],
            name=op.f("fk_article_revision_dossier_article_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "article_id", "number", name=op.f("pk_article_revision")),
    )
    with op.batch_alter_table("article_revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_revision_dossier_dated_at"), ["dossier", "dated_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_article_revision_dossier_fingerprint"), ["dossier", "fingerprint"], unique=False
        )

    op.create_table(
        "story_article",
        sa.Column(
            "story_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id"],
            ["article.dossier", "article.id"],
            name=op.f("fk_story_article_dossier_article_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name=op.f("fk_story_article_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", "dossier", "article_id", name=op.f("pk_story_article")),
    )
    with op.batch_alter_table("story_article", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_story_article_dossier_article_id"), ["dossier", "article_id"], unique=False
        )

    op.create_table(
        "article_mention",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("party", sa.String(length=20), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_start", sa.Integer(), nullable=False),
        sa.Column("first_end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id", "revision"],
            ["article_revision.dossier", "article_revision.article_id", "article_revision.number"],
            name=op.f("fk_article_mention_dossier_article_id_revision"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "article_id", "revision", "party", name=op.f("pk_article_mention")),
    )
    with op.batch_alter_table("article_mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_mention_dossier_party"), ["dossier", "party"], unique=False)

    op.create_table(
        "quote",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("owner_kind", sa.String(length=6), nullable=False),
        sa.Column("owner_id", sa.String(length=80), nullable=False),
        sa.Column("owner_revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("article_revision", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint("owner_kind IN ('claim', 'figure')", name=op.f("ck_quote_owner_kind")),
        sa.CheckConstraint('start >= 0 AND "end" > start', name=op.f("ck_quote_span")),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id", "article_revision"],
            ["article_revision.dossier", "article_revision.article_id", "article_revision.number"],
            name=op.f("fk_quote_dossier_article_id_article_revision"),
        ),
        sa.PrimaryKeyConstraint(
            "dossier", "owner_kind", "owner_id", "owner_revision", "position", name=op.f("pk_quote")
        ),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_quote_dossier_article_id_article_revision"),
            ["dossier", "article_id", "article_revision"],
            unique=False,
        )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that the upgrade made")
