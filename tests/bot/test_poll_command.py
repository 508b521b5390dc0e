"""The command that polls without Discord: what it says, how it ends, and who may poll."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import open_app, system_clock
from bot.owner import has_ended, owner
from bot.store import articles, feeds, leases
from summaries.article import Draft
from tests.bot.conftest import Rollcall, Said
from tests.doubles.feeds import FeedServer, item, rss

ROOT = Path(__file__).parents[2]
Poll = Callable[..., "asyncio.Future[Said]"]


@pytest.fixture
def poll(rollcall: Rollcall) -> Poll:
    """Run the command while this test's server answers."""

    def run(*options: str) -> asyncio.Future[Said]:
        return asyncio.ensure_future(asyncio.to_thread(rollcall, "poll", *options))

    return run


def listing(home: Path, server: FeedServer, *paths: str) -> None:
    """Let the dossier list these feeds of a server."""
    shutil.copytree(ROOT / "seeds", home / "dossier")
    topic = home / "dossier" / "topic.toml"
    words = topic.read_text("utf-8").partition("[[feeds]]")[0]
    for path in paths:
        words += f'\n[[feeds]]\nurl = "{server.url(path)}"\nname = "Feed {path[1:]}"\nkind = "news"\nlanguage = "en"\n'
        words += 'note = "A test."\neverything = true\n'
    topic.write_text(words, "utf-8")
    allowed = f'private_hosts = ["127.0.0.1:{server.port}"]'
    (home / "config.toml").write_text(f'dossier = "dossier"\n[feeds]\n{allowed}\n', "utf-8")


async def test_what_came_of_each_feed_is_said(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        server.serve(rss(item(1), item(2)), "/one")
        server.serve(rss(item(3)), "/two")
        listing(home, server, "/one", "/two", "/gone")
        said = await poll()
        assert said.code == 0
        assert said.out == (
            "2 feeds read, 0 unchanged, 1 failed. 0 articles new, 3 there already, no news, 0 changed, 0 not of this "
            "topic.\n"
        )
        assert said.err.splitlines() == [
            "Feed gone: There is nothing at this address (404). Look for the feed's present address."
        ]
        # A feed that was just asked is not asked again.
        asked = len(server.requests)
        with open_app(str(home)) as app, app.store.reading() as connection:
            next_at = {one.name: one.next_poll_at for one in feeds.listed(connection, app.library.topic.key, None)}
        first = min(next_at, key=lambda name: next_at[name] or datetime.max.replace(tzinfo=UTC))
        again = await poll()
        assert again.out == f"No feed is due now. The next is {first}, on {next_at[first]:%Y-%m-%d at %H:%M} UTC.\n"
        assert again.code == 0
        assert len(server.requests) == asked


async def test_where_no_feed_is_listed_that_is_said(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        listing(home, server)
        said = await poll()
        assert said.out == "There is no feed to read: the dossier lists none, and no server has added one.\n"
        assert said.code == 0


async def test_json_is_one_object_a_feed(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        server.serve(rss(item(1), item(2)), "/one")
        listing(home, server, "/one", "/gone")
        said = await poll("--json")
        found = {one["feed"]: one for one in map(json.loads, said.out.splitlines())}
        assert found.keys() == {"Feed one", "Feed gone"}
        assert found["Feed one"]["outcome"] == "read"
        assert len(found["Feed one"]["background"]) == 2
        assert found["Feed gone"]["reason"] == "gone"
        assert said.err == ""


async def test_it_fails_when_no_feed_could_be_read(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        listing(home, server, "/gone", "/gone-too")
        said = await poll()
        assert said.code == 1
        assert said.out.startswith("0 feeds read, 0 unchanged, 2 failed.")


@pytest.mark.parametrize("as_json", [False, True])
async def test_another_process_that_polls_is_not_disturbed(home: Path, poll: Poll, as_json: bool) -> None:
    async with FeedServer() as server:
        listing(home, server, "/one")
        with open_app(str(home)) as app, app.store.writing() as connection:
            now = system_clock()
            leases.take(connection, "feeds", owner(), now=now, until=now + timedelta(minutes=5))
        said = await poll(*(["--json"] if as_json else []))
        assert said.code == 1
        assert "Another process reads the feeds" in (said.json["error"]["message"] if as_json else said.err)
        assert server.requests == []


async def test_a_process_that_was_killed_is_not_waited_for(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        server.serve(rss(item(1)), "/one")
        listing(home, server, "/one")
        # This very number, as a container's next start has it.
        killed = owner().rpartition(":")[0] + ":zzzzzz"
        with open_app(str(home)) as app, app.store.writing() as connection:
            now = system_clock()
            leases.take(connection, "feeds", killed, now=now, until=now + timedelta(minutes=5))
        assert (await poll()).out.startswith("1 feed read, 0 unchanged, 0 failed. 0 articles new, 1 there")


async def test_old_texts_that_nothing_quotes_go_at_its_end(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        server.serve(rss(item(1)), "/one")
        listing(home, server, "/one")
        with open_app(str(home)) as app, app.store.writing() as connection:
            key, now = app.library.topic.key, system_clock()
            for name, days in (("old", 366), ("young", 364)):
                draft = Draft(f"Words of a text, {name}.", title=name)
                articles.add(connection, key, f"guid:{name}", draft, article_id=name, now=now - timedelta(days=days))
        first, again = await poll(), await poll("--json")
        assert first.out.splitlines()[1:] == ["Removed: 1 old text that no claim or figure quotes (settings [keep])."]
        assert (again.code, again.out) == (0, "")
        with open_app(str(home)) as app, app.store.reading() as connection:
            removed = {
                name: articles.revisions(connection, key, name)[0].text_removed_at is not None
                for name in ("old", "young", "explainer")
            }
        assert removed == {"old": True, "young": False, "explainer": False}


def test_who_has_ended() -> None:
    here = socket.gethostname()[:60]
    assert not has_ended(owner())
    assert has_ended(f"{here}:4194999:abcdef")
    assert not has_ended(f"{here}:1:abcdef")
    assert not has_ended("elsewhere:4194999:abcdef")
    assert not has_ended("nonsense")


@pytest.fixture
def heeded() -> Iterator[None]:
    """Ctrl-C is heeded by the processes that are started: in the background it is ignored, which children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
async def test_ctrl_c_in_the_middle_of_a_feed_ends_it_in_good_order(home: Path, poll: Poll) -> None:
    async with FeedServer() as server:
        server.silent("/one")
        listing(home, server, "/one")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "poll", "--home", str(home)),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        server.on_request = lambda: process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 130, err.decode()
        assert out == b""
        assert err.decode() == (
            "Stopped: 0 of 1 feeds and pages are done, and stay so. The same command goes on with the rest.\n"
        )
        server.on_request = lambda: None
        server.serve(rss(item(1)), "/one")
        assert (await poll()).out.startswith("1 feed read")
