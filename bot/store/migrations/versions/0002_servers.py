"""What being on Discord needs: names of servers, what a server was shown, failed messages told, bookmarks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bookmark",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bookmark")),
    )
    with op.batch_alter_table("briefing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("table_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("guild", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.Text(), nullable=True))

    with op.batch_alter_table("guild_briefing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("news_from", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(op.f("ix_guild_briefing_guild_id"))
        batch_op.create_unique_constraint(op.f("uq_guild_briefing_guild_id_dossier"), ["guild_id", "dossier"])

    with op.batch_alter_table("shown", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_shown_place_kind"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_shown_place_kind"), "place_kind IN ('guild', 'user', 'channel', 'thread', 'terminal')"
        )

    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that the upgrade made")
