"""Killed at any point of polling or ingesting and started again: no article twice, none lost.

Real processes are killed with SIGKILL, at moments that a seeded random number generator chooses: after so many lines or
requests, and a part of a second more, or a part of a second after the start. With ``KILLS=100`` in the environment
polling and ingesting are killed a hundred times each, which takes minutes; else a few times, at the same moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from bot.app import system_clock
from bot.ingest import AT_ONCE
from bot.store.engine import Store, open_store, sqlite_url
from bot.store.schema import article, article_identity, article_mention, article_revision, event, feed
from tests.doubles.feeds import FeedServer, rss

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("KILLS", "0"))
often = pytest.mark.skipif(KILLS == 0, reason="takes minutes; KILLS=100 says how often")

SEEDED = 2
"""Articles of the shipped dossier; all others are this test's."""


def _words(number: int, count: int, about: str = "text") -> str:
    """A text like no other, about Germany."""
    chosen = random.Random(f"{about} {number}")  # noqa: S311 (no secret)
    letters = "abcdefghiklmnoprstuvw"
    words = ["".join(chosen.choices(letters, k=chosen.randint(3, 9))) for _ in range(count)]
    sentences = [" ".join(words[start : start + 12]).capitalize() + "." for start in range(0, count, 12)]
    return f"Germany answered letter {about} {number} today. {' '.join(sentences)}"


@dataclass
class Killed:
    """A command in real processes on one store, and how often it was killed."""

    home: Path
    url: str
    kills: int = 0
    stored: set[str] = field(default_factory=set)

    async def start(self, *arguments: str) -> Process:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("ROLLCALL")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *arguments, "--home", str(self.home)),
            cwd=ROOT,
            env={**environment, "ROLLCALL_STORE_URL": self.url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    def kill(self, process: Process, seconds: float = 0.0) -> None:
        """Kill a process now, or in a moment, if it is still there then."""

        def now() -> None:
            if process.returncode is None:
                process.kill()

        if seconds:
            asyncio.get_running_loop().call_later(seconds, now)
        else:
            now()

    async def until_done(self, arguments: tuple[str, ...], arm: Callable[[Process], Callable[[], None]]) -> None:
        """Start the command again and again until it ends by itself.

        ``arm`` says when a process is killed; what it returns is called with each line that is printed.
        """
        while True:
            process = await self.start(*arguments)
            printed = arm(process)
            assert process.stdout is not None
            assert process.stderr is not None
            errors = asyncio.ensure_future(process.stderr.read())
            async for line in process.stdout:
                if found := re.search(rb"stored as (\w+)", line):
                    self.stored.add(found[1].decode())
                printed()
            code = await process.wait()
            told = (await errors).decode()
            if code != -signal.SIGKILL:
                assert code == 0, told
                return
            self.kills += 1
            self.check_whole()

    def check_whole(self) -> None:
        """What was printed is stored, and the file is sound, right after a kill."""
        if not self.url.startswith("sqlite"):
            return
        path = self.home / "rollcall.sqlite3"
        if not path.exists():
            return
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            if self.stored:
                assert self.stored <= {row[0] for row in connection.execute("SELECT id FROM article")}

    def open(self) -> Store:
        return open_store(self.url, clock=system_clock)


def _sqlite(folder: Path) -> Killed:
    folder.mkdir(parents=True)
    return Killed(folder, sqlite_url(folder / "rollcall.sqlite3"))


def _check(store: Store, wanted: int) -> None:
    """Every article is there once, under each of its names, with what it mentions."""
    with store.reading() as connection:
        rows = connection.execute(
            select(article.c.id, article.c.current_revision, article_revision.c.fingerprint, article_revision.c.text)
            .join_from(article, article_revision, article.c.id == article_revision.c.article_id)
            .where(article_revision.c.number == article.c.current_revision, ~article.c.identity.startswith("seed:"))
        ).all()
        assert len(rows) == wanted
        assert len({row.id for row in rows}) == wanted
        assert len({row.fingerprint for row in rows}) == wanted
        letters = Counter(re.search(r"answered letter (\w+ \d+)", row.text)[0] for row in rows)  # type: ignore[index]
        assert len(letters) == wanted
        names = select(article_identity.c.scope, article_identity.c.identity).group_by(
            article_identity.c.scope, article_identity.c.identity
        )
        assert not connection.execute(names.having(func.count() > 1)).all()
        mentioned = connection.execute(
            select(article_mention.c.article_id, article_mention.c.revision).where(article_mention.c.party == "DE")
        ).all()
        assert {(row.id, row.current_revision) for row in rows} <= {(row[0], row[1]) for row in mentioned}


# Ingesting ------------------------------------------------------------------------------------------------------------


def _folder(folder: Path, files: int, *, pages: bool = True) -> int:
    """Write texts, and among them some pages and feeds; returns how many articles they are."""
    folder.mkdir()
    count = 0
    for number in range(files):
        name = folder / f"{number:05}"
        if number % 50 == 7:
            items = [
                {"title": f"Feed {number}", "link": f"https://news.example/{number}/{one}", "description": words}
                for one in range(5)
                for words in [_words(one, 120, f"feed{number}")]
            ]
            name.with_suffix(".xml").write_text(rss(*items))
            count += 5
        elif pages and number % 50 == 31:
            body = f"<article><h1>Page {number}</h1><p>{_words(number, 120, 'page')}</p></article>"
            name.with_suffix(".html").write_text(f"<!DOCTYPE html><html><body>{body}</body></html>")
            count += 1
        else:
            name.with_suffix(".txt").write_text(f"title: Text {number}\n\n{_words(number, 60)}")
            count += 1
    # As old as files are that people have: what was changed this very moment is looked at twice.
    for file in folder.iterdir():
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return count


async def _ingest(run: Killed, folder: Path, when: Callable[[], tuple[int, float]]) -> None:
    """Ingest a folder; ``when`` says after how many lines a process is killed, and how many seconds after that."""

    def arm(process: Process) -> Callable[[], None]:
        left, seconds = when()
        if left == 0:
            run.kill(process, seconds)

        def printed() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                run.kill(process, seconds)

        return printed

    await run.until_done(("ingest", str(folder)), arm)


def _check_ingested(run: Killed, wanted: int) -> None:
    with run.open() as store:
        _check(store, wanted)
        with store.reading() as connection:
            assert connection.execute(select(func.count()).select_from(article_revision)).scalar() == wanted + SEEDED
            # What a store is filled with is no news, however often filling it was interrupted.
            assert connection.execute(select(func.count()).select_from(event)).scalar() == 0


async def test_ingesting_killed_and_started_again(tmp_path: Path, backend: str, store_url: str) -> None:
    run = Killed(tmp_path, store_url)
    # While the second transaction is being prepared, wherever that is on this machine; and right after a commit.
    moments = [(-1, 0.0), (AT_ONCE, 0.03)]
    if backend == "sqlite":
        run.url = sqlite_url(shutil.move(tmp_path / "store.db", tmp_path / "rollcall.sqlite3"))
        moments.insert(1, (20, 0.0))
    wanted = _folder(tmp_path / "in", 140, pages=False)
    await _ingest(run, tmp_path / "in", moments.pop)
    assert run.kills >= 1
    _check_ingested(run, wanted)


@often
@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_ingesting_killed_often(tmp_path: Path) -> None:
    wanted = _folder(tmp_path / "in", 1500)
    chosen = random.Random(20250326)  # noqa: S311 (no secret)
    kills = runs = 0

    def when() -> tuple[int, float]:
        if chosen.random() < 0.2:
            return 0, chosen.uniform(0.05, 2.0)
        return chosen.randint(1, 100), chosen.choice([0.0, chosen.uniform(0, 0.02), chosen.uniform(0, 0.4)])

    while kills < KILLS:
        run = _sqlite(tmp_path / f"home{runs}")
        await _ingest(run, tmp_path / "in", when)
        _check_ingested(run, wanted)
        kills, runs = kills + run.kills, runs + 1
    print(f"{kills} kills of {runs} runs")


# Polling --------------------------------------------------------------------------------------------------------------


@dataclass
class News(FeedServer):
    """Feeds with entries of which every third is a teaser with a page of its own."""

    items: dict[int, list[dict[str, str]]] = field(default_factory=dict)

    def publish(self, feeds: int, about: str, entries: int) -> int:
        """Let every feed have further entries; returns how many of them have pages."""
        pages = 0
        for number in range(feeds):
            for one in range(entries):
                key = f"{about}-{number}-{one}"
                words = _words(one, 150, f"{about}{number}")
                if one % 3 == 0:
                    page = f"<article><h1>Letter {key}</h1><p>{words}</p></article>"
                    self.serve(f"<!DOCTYPE html><html><body>{page}</body></html>", f"/{key}", content_type="text/html")
                    words, pages = f"Germany answered letter {about}{number} {one} today.", pages + 1
                self.items.setdefault(number, []).append(
                    {
                        "title": f"Letter {key}",
                        "link": self.url(f"/{key}"),
                        'guid isPermaLink="false"': key,
                        "description": words,
                    }
                )
            self.serve(rss(*self.items[number]), f"/feed{number}")
        return pages


def _dossier(run: Killed, server: FeedServer, feeds: int) -> None:
    """Give a data folder a dossier with these feeds."""
    shutil.copytree(ROOT / "seeds", run.home / "dossier")
    topic = run.home / "dossier" / "topic.toml"
    words = topic.read_text("utf-8").partition("[[feeds]]")[0]
    for number in range(feeds):
        words += f'\n[[feeds]]\nurl = "{server.url(f"/feed{number}")}"\nname = "Feed {number}"\nkind = "news"\n'
        words += 'note = "A test."\nlanguage = "en"\neverything = true\n'
    topic.write_text(words, "utf-8")
    (run.home / "config.toml").write_text(
        f'dossier = "dossier"\n[feeds]\nprivate_hosts = ["127.0.0.1:{server.port}"]\n', "utf-8"
    )


async def _poll(run: Killed, server: News, when: Callable[[], tuple[int, float]]) -> None:
    """Poll; ``when`` says after how many requests a process is killed, and how many seconds after that."""

    def arm(process: Process) -> Callable[[], None]:
        left, seconds = when()
        if left == 0:
            run.kill(process, seconds)

        def asked() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                run.kill(process, seconds)

        server.on_request = asked
        return lambda: None

    await run.until_done(("poll",), arm)


async def _polled(run: Killed, feeds: int, entries: int, when: Callable[[], tuple[int, float]]) -> None:
    """Poll a baseline and then news, killed again and again, and look what is there in the end."""
    async with News() as server:
        server.publish(feeds, "old", entries)
        _dossier(run, server, feeds)
        await _poll(run, server, when)
        with run.open() as store:
            _check(store, feeds * entries)
            with store.reading() as connection:
                assert connection.execute(select(func.count()).select_from(event)).scalar() == 0
            with store.writing() as connection:
                connection.execute(update(feed).values(next_poll_at=None))
        pages = server.publish(feeds, "new", entries)
        await _poll(run, server, when)
        with run.open() as store:
            _check(store, 2 * feeds * entries)
            with store.reading() as connection:
                read = connection.execute(select(article.c.id).where(article.c.page_state == "read")).scalars().all()
                assert len(read) == pages
                revised = select(article.c.id).where(article.c.current_revision > 1)
                assert sorted(connection.execute(revised).scalars()) == sorted(read)
                # Each piece of news is told once, and none is forgotten.
                assert connection.execute(select(func.count()).select_from(event)).scalar() == feeds * entries


async def test_polling_killed_and_started_again(tmp_path: Path) -> None:
    run = _sqlite(tmp_path / "home")
    moments = [(9, 0.0), (-1, 0.0), (3, 0.0)]
    await _polled(run, 4, 6, lambda: moments.pop() if moments else (-1, 0.0))
    assert run.kills == 2


@often
@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_polling_killed_often(tmp_path: Path) -> None:
    chosen = random.Random(20250327)  # noqa: S311 (no secret)
    kills = runs = 0

    def when() -> tuple[int, float]:
        if chosen.random() < 0.2:
            return 0, chosen.uniform(0.05, 2.5)
        return chosen.randint(1, 30), chosen.choice([0.0, chosen.uniform(0, 0.05), chosen.uniform(0, 0.5)])

    while kills < KILLS:
        run = _sqlite(tmp_path / f"home{runs}")
        await _polled(run, 30, 9, when)
        kills, runs = kills + run.kills, runs + 1
    print(f"{kills} kills of {runs} runs")
