"""A server's briefing can be a weekly digest: the day of the week it comes on."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place: for a constraint on its own SQLite would have to write the whole table anew.
    op.execute(
        "ALTER TABLE guild_briefing ADD COLUMN weekday INTEGER CONSTRAINT ck_guild_briefing_weekday"
        " CHECK (weekday BETWEEN 0 AND 6)"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that the upgrade made")
