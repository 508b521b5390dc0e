"""What the newsroom needs: all names of an article, copies, pages, relevance, files taken, and feeds' own wishes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_identity",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id"],
            ["article.dossier", "article.id"],
            name=op.f("fk_article_identity_dossier_article_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "scope", "identity", name=op.f("pk_article_identity")),
    )
    op.create_index(op.f("ix_article_identity_dossier_article_id"), "article_identity", ["dossier", "article_id"])
    op.execute(
        "INSERT INTO article_identity (dossier, scope, identity, article_id)"
        " SELECT dossier, coalesce(guild_id, 0), identity, id FROM article"
    )

    op.create_table(
        "article_sketch",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("value", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id"],
            ["article.dossier", "article.id"],
            name=op.f("fk_article_sketch_dossier_article_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier", "value", "article_id", name=op.f("pk_article_sketch")),
    )
    op.create_index(op.f("ix_article_sketch_dossier_article_id"), "article_sketch", ["dossier", "article_id"])

    op.create_table(
        "ingested_file",
        sa.Column("dossier", sa.String(length=80), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("article_id", sa.String(length=80), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier", "article_id"],
            ["article.dossier", "article.id"],
            name=op.f("fk_ingested_file_dossier_article_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["dossier"], ["dossier.key"], name=op.f("fk_ingested_file_dossier")),
        sa.PrimaryKeyConstraint("dossier", "file", name=op.f("pk_ingested_file")),
    )
    op.create_index(op.f("ix_ingested_file_dossier_article_id"), "ingested_file", ["dossier", "article_id"])

    # In place: for a constraint on its own SQLite would have to write the whole table anew.
    op.add_column("article", sa.Column("relevant", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("article", sa.Column("relevance", sa.Float(), nullable=True))
    op.add_column("article", sa.Column("everything", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("article", sa.Column("copy_of", sa.String(length=80), nullable=True))
    op.add_column("article", sa.Column("entry_digest", sa.String(length=64), nullable=True))
    op.execute(
        "ALTER TABLE article ADD COLUMN page_state VARCHAR(10) CONSTRAINT ck_article_page_state"
        " CHECK (page_state IN ('wanted', 'read', 'walled', 'failed'))"
    )
    op.add_column("article", sa.Column("page_revision", sa.Integer(), nullable=True))
    op.add_column("article", sa.Column("page_tries", sa.Integer(), server_default="0", nullable=False))
    op.add_column("article", sa.Column("page_next_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("article", sa.Column("page_note", sa.Text(), nullable=True))
    op.create_index(op.f("ix_article_dossier_copy_of"), "article", ["dossier", "copy_of"])
    op.create_index(
        "ix_article_page_next_at_wanted",
        "article",
        ["page_next_at"],
        sqlite_where=sa.text("page_state = 'wanted'"),
        postgresql_where=sa.text("page_state = 'wanted'"),
    )

    op.add_column("feed", sa.Column("everything", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("feed", sa.Column("body_digest", sa.String(length=64), nullable=True))
    op.add_column("feed", sa.Column("asks_seconds", sa.Integer(), nullable=True))
    op.add_column("feed", sa.Column("last_reason", sa.String(length=20), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("restore the backup that the upgrade made")
