"""Databases for tests: every test that asks for ``store`` runs on SQLite and on PostgreSQL, each time on a new store.

PostgreSQL is a throw-away cluster per test process, started when the first test needs it. ``TEST_DATABASE_URL`` names
a server to use instead (its user must be allowed to create databases).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from bot.store.engine import Store, open_store, sqlite_url

START = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@dataclass
class Postgres:
    """A server on which databases may be made and dropped: ``url`` is that of its maintenance database."""

    url: str

    def database(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str, *names: str) -> None:
        plain = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with closing(psycopg.connect(plain, autocommit=True)) as conn:
            conn.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))


def _unprivileged() -> str | None:
    """The user to run PostgreSQL as: None for ourselves; root must be somebody else."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    pytest.skip("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _binaries() -> Path | None:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found and shutil.which("postgres") else None


@contextmanager
def _cluster() -> Iterator[Postgres]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL binaries here, and TEST_DATABASE_URL is not set")
    user = _unprivileged()
    # Not below pytest's own folder: other users can't enter that.
    folder = Path(tempfile.mkdtemp(prefix="rollcall-pg-"))
    server = None
    try:
        folder.chmod(0o755)
        if user is not None:
            shutil.chown(folder, user)
        common = {"user": user, "cwd": folder, "stdin": subprocess.DEVNULL, "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
        data = folder / "data"
        make = [binaries / "initdb", "-D", data, "-U", "rollcall", "-A", "trust", "-E", "UTF8", "--no-sync"]
        # Sorted as a language does, unlike SQLite: code that leans on the order of letters shall fail here.
        made = subprocess.run([*make, "--locale-provider=icu", "--icu-locale=en"], capture_output=True, **common)
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            subprocess.run(make, capture_output=True, check=True, **common)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "50",
            "timezone": "Asia/Kathmandu",  # moments must come back in UTC whatever the server thinks
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([binaries / "postgres", "-D", data, *options], stdout=log, stderr=log, **common)
        postgres = Postgres(f"postgresql+psycopg://rollcall@/postgres?host={folder}")
        _wait(postgres, server, folder / "log")
        yield postgres
    finally:
        if server is not None:
            server.terminate()
            # "Smart" shutdown waits for clients; after that the hard way, the data is thrown away anyway.
            try:
                server.wait(0.2)
            except subprocess.TimeoutExpired:
                server.send_signal(3)
                try:
                    server.wait(10)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(postgres: Postgres, server: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            postgres.run("SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > give_up:
                pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The PostgreSQL server of this test process."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        url = make_url(given).set(drivername="postgresql+psycopg")
        yield Postgres(url.render_as_string(hide_password=False))
        return
    with _cluster() as started:
        yield started


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Iterator[str]:
    """The name of a database that holds an empty, migrated store."""
    name = f"rollcall_template_{uuid.uuid4().hex[:12]}"
    postgres.run("CREATE DATABASE {}", name)
    try:
        open_store(postgres.database(name), clock=Clock()).close()
        yield name
    finally:
        postgres.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds an empty, migrated store."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    open_store(sqlite_url(path), clock=Clock()).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database a test runs on."""
    return str(request.param)


@contextmanager
def _database(postgres: Postgres, template: str | None) -> Iterator[str]:
    name = f"rollcall_test_{uuid.uuid4().hex[:12]}"
    if template is None:
        postgres.run("CREATE DATABASE {}", name)
    else:
        postgres.run("CREATE DATABASE {} TEMPLATE {}", name, template)
    try:
        yield postgres.database(name)
    finally:
        postgres.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    if backend == "sqlite":
        yield sqlite_url(tmp_path / "empty.db")
    else:
        with _database(request.getfixturevalue("postgres"), None) as url:
            yield url


@pytest.fixture
def store_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new store."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        yield sqlite_url(tmp_path / "store.db")
    else:
        template = request.getfixturevalue("postgres_template")
        with _database(request.getfixturevalue("postgres"), template) as url:
            yield url


@pytest.fixture
def store_clock() -> Clock:
    """The clock of ``store``; tests move it."""
    return Clock()


@pytest.fixture
def opened(store_clock: Clock) -> Iterator[Callable[[str], Store]]:
    """Open stores that are closed at the end of the test."""
    stores: list[Store] = []

    def open_(url: str) -> Store:
        stores.append(open_store(url, clock=store_clock))
        return stores[-1]

    try:
        yield open_
    finally:
        for one in stores:
            one.close()


@pytest.fixture
def store(store_url: str, opened: Callable[[str], Store]) -> Store:
    """A new store, on each database."""
    return opened(store_url)


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path, opened: Callable[[str], Store]) -> Store:
    """A new store on SQLite, for tests that are not about the database."""
    shutil.copy(sqlite_template, tmp_path / "store.db")
    return opened(sqlite_url(tmp_path / "store.db"))
