"""Stores come to the present shape by themselves, whole or not at all, however many processes start at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import IntegrityError

from bot.store import briefings, deliveries, dossiers, guilds, migrate, subscriptions
from bot.store.engine import Connection, Store, StoreError, open_store
from bot.store.schema import (
    article_identity,
    briefing,
    complete,
    delivery,
    dossier,
    guild,
    seed_row,
    shown,
    subscription,
)

ROOT = Path(__file__).parents[3]
NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
NEWEST = migrate.HEAD

WORKS = """
revision, down_revision, branch_labels, depends_on = "later", "{head}", None, None
import sqlalchemy as sa
from alembic import op

def upgrade():
    op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
    # Rebuilds the table on SQLite, which drops the old one although rows refer to it.
    with op.batch_alter_table("dossier") as batch:
        batch.alter_column("seed_digest", type_=sa.Text(), existing_type=sa.String(64))
"""
FAILS = WORKS + "    raise RuntimeError('half way')\n"


def clock() -> datetime:
    return NOW


def _later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Pretend to be a later program, with one more migration."""
    folder = tmp_path / "later"
    shutil.copytree(ROOT / "bot" / "store" / "migrations", folder)
    (folder / "versions" / "later.py").write_text(code.replace("{head}", NEWEST))
    monkeypatch.setattr(migrate, "_MIGRATIONS", folder)
    monkeypatch.setattr(migrate, "HEAD", "later")


def _fill(url: str) -> None:
    with open_store(url, clock=clock) as store, store.writing() as conn:
        dossiers.ensure(conn, "d", now=NOW)
        conn.execute(seed_row.insert().values(dossier="d", kind="claim", id="a", hash="h", seeded_at=NOW))


def _version(url: str) -> str | None:
    engine = create_engine(url)
    try:
        with engine.connect() as conn:
            return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()


def _shape(engine: Engine) -> dict[str, Any]:
    found = inspect(engine)
    return {
        table: {
            "checks": sorted((one["name"] or "", one["sqltext"]) for one in found.get_check_constraints(table)),
            "indexes": sorted(
                repr(
                    {
                        key: str(value)
                        for key, value in {**one, **one.get("dialect_options", {})}.items()
                        if key != "dialect_options"
                    }
                )
                for one in found.get_indexes(table)
            ),
            "unique": sorted(repr(one) for one in found.get_unique_constraints(table)),
            "keys": sorted(repr(one) for one in found.get_foreign_keys(table)),
            "columns": [
                {key: str(value) if key == "type" else value for key, value in column.items()}
                for column in sorted(found.get_columns(table), key=lambda column: column["name"])
            ],
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_the_newest_revision_is_the_one_named() -> None:
    assert ScriptDirectory(str(ROOT / "bot" / "store" / "migrations")).get_heads() == [migrate.HEAD]


def test_migrations_build_what_the_schema_says(store: Store) -> None:
    with store.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, complete()) == []


def test_so_they_do_where_alembic_does_not_look(store: Store) -> None:
    """CHECK constraints and the conditions of indexes, which the comparison above passes over."""
    migrated = _shape(store.engine)
    with store.engine.begin() as conn:
        complete().drop_all(conn)
        complete().create_all(conn)
    assert _shape(store.engine) == migrated


def test_an_older_store_is_upgraded_after_a_backup(
    empty_url: str, backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _fill(empty_url)
    _later(monkeypatch, tmp_path, WORKS)
    with open_store(empty_url, clock=clock) as store, store.reading() as conn:
        # Nothing was lost when the table was rebuilt.
        assert conn.execute(select(seed_row.c.id)).scalars().all() == ["a"]
        assert conn.execute(text("SELECT count(*) FROM extra")).scalar() == 0
    assert _version(empty_url) == "later"
    if backend == "sqlite":
        backup = f"{make_url(empty_url).database}.backup-{NEWEST}"
        assert _version(f"sqlite:///{backup}") == NEWEST
        with sqlite3.connect(backup) as copy:
            assert copy.execute("SELECT id FROM seed_row").fetchall() == [("a",)]
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
        assert not list(tmp_path.glob("*.partial"))


def test_a_new_store_needs_no_backup(sqlite_store: Store, tmp_path: Path) -> None:
    assert not list(tmp_path.glob("*backup*"))


def test_a_failed_upgrade_leaves_the_store_as_it_was(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, opened: Callable[[str], Store]
) -> None:
    _fill(empty_url)
    store = opened(empty_url)
    before = _shape(store.engine)
    with monkeypatch.context() as later:
        _later(later, tmp_path, FAILS)
        with pytest.raises(StoreError, match="could not be upgraded"):
            open_store(empty_url, clock=clock)
    assert _version(empty_url) == NEWEST
    assert _shape(store.engine) == before
    with store.writing() as conn:
        assert conn.execute(select(seed_row.c.id)).scalars().all() == ["a"]
        dossiers.ensure(conn, "e", now=NOW)


def test_a_store_of_a_newer_program_is_left_alone(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _fill(empty_url)
    with monkeypatch.context() as later:
        _later(later, tmp_path, WORKS)
        open_store(empty_url, clock=clock).close()
    with pytest.raises(StoreError, match=r"newer Rollcall .*later"):
        open_store(empty_url, clock=clock)
    assert _version(empty_url) == "later"


def test_without_a_backup_there_is_no_upgrade(
    sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    (tmp_path / f"store.db.backup-{NEWEST}").mkdir()
    _later(monkeypatch, tmp_path, WORKS)
    with pytest.raises(StoreError, match="no backup could be written"):
        open_store(f"sqlite:///{path}", clock=clock)
    assert _version(f"sqlite:///{path}") == NEWEST
    assert not list(tmp_path.glob("*.partial"))


_OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bot.store import dossiers, migrate
from bot.store.engine import open_store
url, later, me = sys.argv[1:]
if later:
    migrate._MIGRATIONS, migrate.HEAD = Path(later), "later"
now = datetime.now(UTC)
print("ready", flush=True)
sys.stdin.readline()
with open_store(url, clock=lambda: now) as store, store.writing() as conn:
    dossiers.ensure(conn, me, now=now)
"""


@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_processes_that_start_at_once_upgrade_once(
    empty_url: str, old: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    later = ""
    if old:
        _fill(empty_url)
        with monkeypatch.context() as patch:
            _later(patch, tmp_path, WORKS)
        later = str(tmp_path / "later")
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _OPEN, empty_url, later, str(number)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for number in range(2)
    ]  # fmt: skip
    try:
        # Each has loaded what it needs and waits for its line, so that all open the store at once.
        first = [one.stdout.readline() if one.stdout else "" for one in started]
        for one in started:
            if one.stdin:
                one.stdin.write("go\n")
                one.stdin.flush()
        said = [one.communicate(timeout=60)[0] for one in started]
    finally:
        for one in started:
            one.kill()
            one.wait()
    assert first == ["ready\n"] * len(started), said
    assert said == [""] * len(started)
    assert _version(empty_url) == ("later" if old else NEWEST)
    engine = create_engine(empty_url)
    with engine.connect() as conn:
        keys = set(conn.execute(select(dossier.c.key)).scalars())
    engine.dispose()
    assert keys == {"0", "1"} | ({"d"} if old else set())


def _old_store(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store as the first version did, with rows in every table that the second revision changes."""
    at = _written(url)
    statements = [
        f"INSERT INTO dossier (key, created_at) VALUES ('d', '{at}')",
        f"INSERT INTO guild (id, prefix, joined_at, settings) VALUES (9007199254740993, '?', '{at}', '{{}}')",
        "INSERT INTO guild_briefing (id, guild_id, dossier, channel_id, local_time, zone, set_up_at)"
        f" VALUES (100, 9007199254740993, 'd', 42, '08:00', 'Europe/Berlin', '{at}')",
        "INSERT INTO delivery (id, once_key, place_kind, place_id, action, created_at, due_at)"
        f" VALUES (300, 'k', 'channel', '42', 'post', '{at}', '{at}')",
        "INSERT INTO briefing (id, guild_briefing_id, local_date, due_at, made_at, value, delivery_id)"
        f" VALUES (500, 100, '2025-03-26', '{at}', '{at}', '{{\"a\": 1}}', 300)",
        "INSERT INTO shown (dossier, place_kind, place_id, item_kind, item_id, delivery_id, shown_at)"
        f" VALUES ('d', 'channel', '42', 'article', 'a', 300, '{at}')",
        "INSERT INTO subscription (dossier, subscriber_kind, subscriber_id, party, cadence, failures, created_at)"
        f" VALUES ('d', 'user', '101', 'DE', 'weekly', 2, '{at}')",
    ]
    _made_at("0001", url, statements, monkeypatch)


def _written(url: str) -> str:
    """:data:`NOW` as each database writes it."""
    return "2025-03-26 12:00:00+00:00" if "postgresql" in url else "2025-03-26 12:00:00.000000"


def _made_at(revision: str, url: str, statements: Iterable[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store as the program did whose newest revision this was, and fill it."""
    with monkeypatch.context() as then:
        then.setattr(migrate, "HEAD", revision)
        then.setattr("alembic.command.upgrade", partial(_upgrade_to, revision, command.upgrade))
        open_store(url, clock=clock).close()
    assert _version(url) == revision
    engine = create_engine(url)
    with engine.begin() as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)
    engine.dispose()


def _upgrade_to(wanted: str, upgrade: Callable[[Config, str], None], config: Config, _revision: str) -> None:
    upgrade(config, wanted)


def _kept(conn: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        "guild": [
            tuple(row) for row in conn.execute(select(guild.c.id, guild.c.name, guild.c.prefix, guild.c.joined_at))
        ],
        "briefing": [
            tuple(row)
            for row in conn.execute(
                select(briefing.c.id, briefing.c.local_date, briefing.c.made_at, briefing.c.table_at, briefing.c.value,
                       briefing.c.delivery_id)
            )
        ],
        "shown": [tuple(row) for row in conn.execute(select(shown.c.place_kind, shown.c.item_id, shown.c.delivery_id))],
        "subscription": [
            tuple(row)
            for row in conn.execute(
                select(subscription.c.subscriber_id, subscription.c.cadence, subscription.c.failures,
                       subscription.c.failed_at, subscription.c.told_at, subscription.c.created_at)
            )
        ],
    }  # fmt: skip


def test_a_store_of_the_first_version_keeps_its_rows(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _old_store(empty_url, monkeypatch)
    with open_store(empty_url, clock=clock) as store:
        assert _version(empty_url) == migrate.HEAD
        with store.writing() as conn:
            assert _kept(conn) == {
                "guild": [(9007199254740993, None, "?", NOW)],
                "briefing": [(500, NOW.date(), NOW, None, {"a": 1}, 300)],
                "shown": [("channel", "a", 300)],
                "subscription": [("101", "weekly", 2, None, None, NOW)],
            }
            # What refers to each other still does.
            conn.execute(delivery.delete())
            assert _kept(conn)["briefing"] == [(500, NOW.date(), NOW, None, {"a": 1}, None)]
            assert _kept(conn)["shown"] == []
        # Rows go on being numbered by themselves, and the program works with them.
        with store.writing() as conn:
            assert guilds.forget(conn, now=NOW) == []
            assert subscriptions.add(conn, "d", "user", "101", "DE", "weekly", now=NOW) == "unchanged"
            plan = briefings.plan_of(conn, "d", 9007199254740993)
            assert plan is not None
            assert (plan.weekday, plan.length) == (None, "normal")
            made = briefings.record(conn, plan.id, date(2025, 3, 27), due_at=NOW, table_at=NOW, value={}, now=NOW)
            assert made is not None


def test_articles_of_an_older_store_are_known_by_their_addresses_as_they_are_read_today(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = _written(empty_url)
    rows = [
        # id, guild, identity, address of the first revision and of the current one
        ("mobile", None, "url:https://m.x.example/a", None, None),
        # It is stored second, so the name stays the first one's.
        ("index", None, "url:https://x.example/a/index.html", None, None),
        ("theirs", 7, "url:https://x.example/b;jsessionid=1", None, "https://x.example/moved?utm_source=x"),
        (
            "guid",
            None,
            "guid:https://m.x.example/feed:5",
            "https://x.example/old",
            "http://www.x.example/new/?fbclid=1",
        ),
        # What several share, a front page and a part of a page name none of them; the dossier's own go by their ids.
        ("one", None, "guid:f:1", None, "https://x.example/live"),
        ("two", None, "guid:f:2", None, "https://x.example/live"),
        ("home", None, "guid:f:3", None, "https://x.example/"),
        ("part", None, "guid:f:4", None, "https://x.example/ticker#4"),
        ("own", None, "seed:own", None, "https://x.example/own"),
        ("file", None, "file:///a.txt", None, None),
    ]
    statements = [
        f"INSERT INTO dossier (key, created_at) VALUES ('d', '{at}')",
        f"INSERT INTO guild (id, joined_at) VALUES (7, '{at}')",
    ]
    for place, (key, guild_id, identity, first, current) in enumerate(rows):
        stored_at = at.replace("12:00:00", f"12:00:{place:02}")
        statements.append(
            "INSERT INTO article (dossier, id, identity, guild_id, current_revision, first_stored_at)"
            f" VALUES ('d', '{key}', '{identity}', {guild_id or 'NULL'}, 2, '{stored_at}')"
        )
        for number, url in ((1, first), (2, current)):
            address = f"'{url}'" if url else "NULL"
            statements.append(
                "INSERT INTO article_revision (dossier, article_id, number, url, published_precision, published_basis,"
                " dated_at, text, fingerprint, warnings, stored_at)"
                f" VALUES ('d', '{key}', {number}, {address}, 'day', 'stated', '{at}', 'x', 'x', '[]', '{at}')"
            )
    _made_at("0002", empty_url, statements, monkeypatch)
    with open_store(empty_url, clock=clock) as store, store.reading() as conn:
        names = article_identity.c
        found = {
            (row[0], row[1], row[2]) for row in conn.execute(select(names.scope, names.identity, names.article_id))
        }
    assert found == {(guild_id or 0, identity, key) for key, guild_id, identity, _, _ in rows} | {
        (0, "url:https://x.example/a", "mobile"),
        (7, "url:https://x.example/b", "theirs"),
        (7, "url:https://x.example/moved", "theirs"),
        (0, "url:https://x.example/new", "guid"),
    }


@pytest.mark.parametrize("old", [False, True], ids=["new", "upgraded"])
def test_what_was_shown_belongs_to_a_place_of_a_known_kind(
    empty_url: str, old: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if old:
        _old_store(empty_url, monkeypatch)

    def show(kind: str) -> None:
        with store.writing() as conn:
            dossiers.ensure(conn, "d", now=NOW)
            owed, _ = deliveries.owe(conn, kind, deliveries.Place("user", "1"), [{}], due_at=NOW, now=NOW)
            briefings.show(conn, "d", kind, "7", [("article", "b")], delivery_id=owed, now=NOW)

    with open_store(empty_url, clock=clock) as store:
        for kind in ("guild", "user", "channel", "thread", "terminal"):
            show(kind)
        for kind in ("server", "Guild", ""):
            with pytest.raises(IntegrityError):
                show(kind)
