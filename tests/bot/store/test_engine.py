"""Opening the store, its transactions, and what people are told when it can't be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, StatementError

from bot.store import counters, dossiers, engine
from bot.store.engine import Store, StoreError, open_store, sqlite_url
from bot.store.schema import counter, dossier, lease

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
SECRET = "s3cret"  # noqa: S105


def clock() -> datetime:
    return NOW


def refusal(url: str) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(url, clock=clock)
    said = str(caught.value)
    assert said.endswith(".")
    assert "\n" not in said
    assert "sqlalche.me" not in said
    return said


def test_what_was_written_is_there_when_opened_again(store_url: str) -> None:
    with open_store(store_url, clock=clock) as store:
        assert store.clock() is NOW
        with store.writing() as conn:
            dossiers.set_digests(conn, "d", dossiers.Digests("one", None), now=NOW)
    with open_store(store_url, clock=clock) as store, store.reading() as conn:
        assert dossiers.digests(conn, "d") == dossiers.Digests("one", None)
        assert dossiers.digests(conn, "e") == dossiers.Digests()


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.writing() as conn:
            counters.bump(conn, "one")
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fail()
    with store.reading() as conn:
        assert counters.value(conn, "one") == 0


def test_reading_can_not_write(store: Store) -> None:
    def write() -> None:
        with store.reading() as conn:
            counters.bump(conn, "one")

    with pytest.raises((StoreError, DBAPIError)):
        write()
    # The connection goes back to the pool as good as before.
    with store.writing() as conn:
        assert counters.bump(conn, "one") == 1


def test_reading_sees_one_moment(store: Store) -> None:
    with store.reading() as reader:
        assert counters.value(reader, "one") == 0
        with store.writing() as writer:
            counters.bump(writer, "one")
        assert counters.value(reader, "one") == 0
    with store.reading() as reader:
        assert counters.value(reader, "one") == 1


def test_moments_are_aware_and_come_back_in_utc(store: Store) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-7)))
    with store.writing() as conn:
        conn.execute(insert(lease).values(name="x", owner="a", expires_at=elsewhere))
    with store.reading() as conn:
        found = conn.execute(select(lease.c.expires_at)).scalar_one()
        assert found == NOW
        assert found.tzinfo is UTC
        assert conn.execute(select(func.count()).where(lease.c.expires_at <= elsewhere)).scalar() == 1
    with pytest.raises(StatementError, match="no time zone"), store.writing() as conn:
        conn.execute(insert(lease).values(name="y", owner="a", expires_at=NOW.replace(tzinfo=None)))


def test_what_no_database_can_hold_is_replaced_wherever_it_enters(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(insert(lease).values(name="a\0\udc80", owner="b\ud800", expires_at=NOW))
        assert conn.execute(select(lease.c.owner).where(lease.c.name == "a\0\udc80")).scalar() == "b\ufffd"


def test_rows_refer_to_rows_that_exist(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"), store.writing() as conn:
        conn.exec_driver_sql("INSERT INTO seed_row VALUES ('nowhere', 'claim', 'a', 'h', '2025-03-26 12:00:00')")


def test_sqlite_runs_as_it_should(sqlite_store: Store) -> None:
    with sqlite_store.writing() as conn:
        pragmas = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "query_only")
        assert [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas] == ["wal", 1, 5000, 1, 0]


def test_a_new_store_makes_its_folder_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data" / "store.db"
    open_store(sqlite_url(path), clock=clock).close()
    assert path.exists()
    if os.name == "posix":
        assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["a b%20c.db", "a#b.db", "grüße;x.db", "a:b@c.db", "%3F"])
def test_files_may_have_any_name(tmp_path: Path, name: str) -> None:
    store = open_store(sqlite_url(tmp_path / name), clock=clock)
    store.close()
    assert (tmp_path / name).exists()
    assert store.url_shown == str(tmp_path / name)


def test_a_password_is_never_shown(store_url: str, backend: str) -> None:
    if backend == "postgresql":
        store_url = make_url(store_url).set(password=SECRET).render_as_string(hide_password=False)
    with open_store(store_url, clock=clock) as store:
        assert "s3cret" not in store.url_shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_plain_postgresql_urls_are_taken(store_url: str, scheme: str, opened: Callable[[str], Store]) -> None:
    plain = make_url(store_url).set(drivername=scheme).render_as_string(hide_password=False)
    with opened(plain).reading() as conn:
        assert conn.execute(text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is no database URL"),
        ("nonsense s3cret", "is no database URL"),
        ("mysql://me:s3cret@host/db", "of a kind"),
        ("postgresql+asyncpg://me:s3cret@host/db", "of a kind"),
        ("postgresql://me:s3cret@host:port/db", "is no database URL"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite://me:s3cret@host/file", "cannot be used"),
        ("sqlite:///file:s3cret?mode=memory&uri=true", "cannot be used"),
        ("postgresql://me:s3cret@127.0.0.1:1/db", "cannot be reached"),
        ("postgresql://me@127.0.0.1:1/db?password=s3cret", "cannot be reached"),
    ],
)
def test_a_bad_address_is_explained_without_its_secrets(url: str, said: str) -> None:
    refused = refusal(url)
    assert said in refused
    assert "s3cret" not in refused or url.startswith("sqlite:///")


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_missing_database_is_named(store_url: str) -> None:
    url = make_url(store_url).set(database="nowhere", password=SECRET).render_as_string(hide_password=False)
    said = refusal(url)
    assert "nowhere" in said
    assert "does not exist" in said
    assert "s3cret" not in said


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("dear diary " * 500)
    said = refusal(sqlite_url(path))
    assert "is not a database" in said
    assert str(path) in said
    assert path.read_text() == "dear diary " * 500


def test_a_damaged_store(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    whole = sqlite_template.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert "is damaged" in refusal(sqlite_url(path))


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be made" in refusal(sqlite_url(tmp_path / "file" / "store.db"))
    assert "is a folder" in refusal(sqlite_url(tmp_path))


def test_a_file_that_can_not_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.symlink_to(tmp_path / "unmounted" / "store.db")
    said = refusal(sqlite_url(path))
    assert "cannot be opened" in said
    assert str(path) in said


def test_a_store_that_may_only_be_read(sqlite_store: Store) -> None:
    """SQLite itself is told to refuse, because file modes don't bind every user who runs tests."""

    def write() -> None:
        with sqlite_store.writing() as conn:
            conn.exec_driver_sql("PRAGMA query_only=ON")
            counters.bump(conn)

    with pytest.raises(StoreError, match="cannot be written"):
        write()


def test_a_full_disk(sqlite_store: Store) -> None:
    def fill() -> None:
        with sqlite_store.writing() as conn:
            conn.exec_driver_sql("PRAGMA max_page_count=1")
            for number in range(10_000):
                conn.execute(insert(counter).values(name=str(number), value=number))

    with pytest.raises(StoreError, match="the disk is full"):
        fill()
    with sqlite_store.reading() as conn:
        assert conn.execute(select(func.count()).select_from(counter)).scalar() == 0


def test_a_store_that_somebody_else_keeps_writing(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, opened: Callable[[str], Store]
) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    other = opened(sqlite_url(sqlite_store.url_shown))
    with sqlite_store.writing() as conn:
        counters.bump(conn)
        with pytest.raises(StoreError, match="is busy"), other.writing():
            pass
        with other.reading() as reader:  # reading never waits
            assert counters.value(reader) == 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_server_that_drops_us_is_told_and_forgiven(store: Store, opened: Callable[[str], Store]) -> None:
    def cut_off() -> None:
        with store.writing() as conn:
            own = conn.execute(text("SELECT pg_backend_pid()")).scalar()
            with other.writing() as killer:
                killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            counters.bump(conn)

    other = opened(store.engine.url.render_as_string(hide_password=False))
    with pytest.raises(StoreError):
        cut_off()
    with store.writing() as conn:
        assert counters.bump(conn) == 1


def test_somebody_elses_database_is_left_alone(empty_url: str, backend: str) -> None:
    if backend == "sqlite":
        with sqlite3.connect(make_url(empty_url).database or "") as conn:
            conn.execute("CREATE TABLE users (name)")
        conn.close()
    else:
        import psycopg

        plain = make_url(empty_url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as server:
            server.execute("CREATE TABLE users (name text)")
    assert "belongs to another program" in refusal(empty_url)


def test_a_mistake_in_the_program_is_not_dressed_up(store: Store) -> None:
    with pytest.raises(DBAPIError), store.writing() as conn:
        conn.exec_driver_sql("SELECT nothing FROM nowhere")


def test_a_start_with_nothing_to_do_imports_no_migrations(sqlite_template: Path, tmp_path: Path) -> None:
    open_store(sqlite_url(tmp_path / "store.db"), clock=clock).close()
    code = (
        "import sys; from datetime import datetime, UTC; from bot.store.engine import open_store;"
        "open_store(sys.argv[1], clock=lambda: datetime.now(UTC)).close();"
        "dear = ('alembic', 'mako', 'psycopg', 'sqlalchemy.dialects.postgresql');"
        "print([name for name in sys.modules if name.startswith(dear)])"
    )
    command = [sys.executable, "-W", "error", "-c", code, sqlite_url(tmp_path / "store.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "[]"


def test_a_dossier_is_made_known_once(store: Store) -> None:
    with store.writing() as conn:
        dossiers.ensure(conn, "d", now=NOW)
        dossiers.ensure(conn, "d", now=NOW + timedelta(days=1))
        assert conn.execute(select(dossier.c.created_at)).scalar_one() == NOW


def test_what_is_at_work_when_the_store_is_closed_is_closed_after_it(sqlite_store: Store) -> None:
    with sqlite_store.reading() as conn:
        driver = conn.connection.driver_connection
        assert driver is not None
        sqlite_store.close()
        assert conn.exec_driver_sql("SELECT 1").scalar() == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        driver.execute("SELECT 1")
