"""What the newsroom needs: all names of an article, copies, pages, relevance, files taken, and feeds' own wishes."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LONGEST_NAME = 1000  # bytes: longer ones don't fit in PostgreSQL's index


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
    _name_by_address()

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


def _name_by_address() -> None:
    """Give articles their addresses in today's form as names: they were stored under narrower ones.

    The program's own function makes them, whatever it is by then: they are compared with what it makes of the addresses
    that feeds bring from now on. An address that several articles name, a front page, or a part of a page is no name of
    one of them; and a dossier's own articles (seed:) go by their ids alone.
    """
    from summaries.article import normalise_url

    own: dict[tuple[str, int, str], str] = {}
    linked: dict[tuple[str, int, str], str | None] = {}
    rows = op.get_bind().execute(
        sa.text(
            "SELECT article.dossier, coalesce(article.guild_id, 0), article.id, article.identity, article_revision.url"
            " FROM article JOIN article_revision ON article_revision.dossier = article.dossier"
            " AND article_revision.article_id = article.id AND article_revision.number = article.current_revision"
            " WHERE article.identity NOT LIKE 'seed:%'"
            # The first of several keeps the name.
            " ORDER BY article.first_stored_at, article.id"
        )
    )
    for dossier, scope, article_id, identity, url in rows:
        name = normalise_url(identity[len("url:") :]) if identity.startswith("url:") else None
        if name is not None:
            own.setdefault((dossier, scope, f"url:{name}"), article_id)
        name = normalise_url(url) if url else None
        if name is not None and _is_whole_page(url, name):
            key = (dossier, scope, f"url:{name}")
            linked[key] = article_id if linked.get(key, article_id) == article_id else None
    names = [
        {"dossier": key[0], "scope": key[1], "identity": key[2], "article_id": article_id}
        for key, article_id in {**linked, **own}.items()
        if article_id is not None and len(key[2].encode()) <= _LONGEST_NAME
    ]
    insert = sa.text(
        "INSERT INTO article_identity (dossier, scope, identity, article_id)"
        " VALUES (:dossier, :scope, :identity, :article_id) ON CONFLICT DO NOTHING"
    )
    for start in range(0, len(names), 1000):
        op.get_bind().execute(insert, names[start : start + 1000])


def _is_whole_page(url: str, name: str) -> bool:
    parts = urlsplit(name)
    # What is taken away behind "#" was a place in the page, or a mark of who links to it.
    return bool(parts.path.strip("/") or parts.query or parts.fragment) and (
        bool(parts.fragment) or "#" not in url or "=" in url.partition("#")[2]
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup that the upgrade made")
