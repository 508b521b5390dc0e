"""Ingesting: what has not changed is not read again, interruptions lose nothing, saved feeds and web addresses."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import delete, func, select

from bot.app import App
from bot.config import FeedSettings, Settings
from bot.ingest import AT_ONCE, Added, Refused, how_many, ingest
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, feeds
from bot.store.schema import article, article_revision, event
from summaries.article import normalise_url
from summaries.feed import read_feed
from summaries.topic import Feed
from tests.bot.conftest import NOW, Rollcall
from tests.doubles.feeds import FeedServer, rss

LONG = "Germany said on Thursday that it will send two ships, a field hospital and engineers to the mission. " * 12

Take = Callable[..., list[Added | Refused]]


def write(path: Path, text: str, *, seconds: float = 3600) -> Path:
    """Write a file that was last changed so many seconds before the test's present."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    moment = NOW.timestamp() - seconds
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def take(app: App) -> Take:
    """Ingest, at :data:`NOW`."""

    def run(*paths: object, settings: Settings | None = None, max_bytes: int = 100_000) -> list[Added | Refused]:
        names = [str(path) for path in paths]
        return list(ingest(app.library, names, max_bytes=max_bytes, now=app.clock(), settings=settings))

    return run


def outcomes(done: Sequence[Added | Refused]) -> list[str]:
    return [one.outcome if isinstance(one, Added) else "refused" for one in done]


def events(app: App) -> int:
    with app.store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(event)).scalar_one())


# Files ----------------------------------------------------------------------------------------------------------------


def test_a_file_that_has_not_changed_is_not_read_again(take: Take, app: App, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "title: One\n\nGermany spoke on Monday.")
    (first,) = take(file)
    # Other words, of which size and time tell nothing: only who reads the file sees them.
    write(file, "title: One\n\nGermany spoke on Sunday.")
    (again,) = take(tmp_path)
    assert isinstance(first, Added)
    assert again == Added(str(file), first.article, 1, "unchanged", "One", ())


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_has_changed_is_a_new_revision(take: Take, tmp_path: Path, change: str) -> None:
    file = write(tmp_path / "a.txt", "Germany spoke on Monday.")
    take(file)
    if change == "size":
        write(file, "Germany spoke on Wednesday.")
    else:
        write(file, "Germany spoke on Sunday.", seconds=3599)
    assert outcomes(take(file)) == ["revised"]
    assert outcomes(take(file)) == ["unchanged"]


def test_a_file_that_was_just_being_written_is_read_again(take: Take, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "Germany spoke on Monday.", seconds=1)
    take(file)
    write(file, "Germany spoke on Sunday.", seconds=1)
    assert outcomes(take(file)) == ["revised"]


def test_the_same_file_by_another_way_is_the_same(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "in" / "a.txt", "Germany spoke on Monday.")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    assert outcomes(take(file, "in/a.txt", "link/a.txt", "in/../in")) == ["new", "unchanged", "unchanged", "unchanged"]


def test_what_was_refused_is_tried_again(take: Take, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "Germany spoke on Monday. " * 10)
    assert outcomes(take(file, max_bytes=50)) == ["refused"]
    assert outcomes(take(file)) == ["new"]


@pytest.mark.parametrize("data", [hashlib.shake_256(b"").digest(3000), b"\x7fELF\2\1\1ab\x03\x10cd" * 9])
def test_bytes_that_are_no_text_are_refused_whatever_the_name(take: Take, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "rnd.txt").write_bytes(data)
    (one,) = take(tmp_path / "rnd.txt")
    assert isinstance(one, Refused)
    assert one.reason.startswith("it is no text, whatever its name says")
    assert "save its text as a .txt file" in one.reason


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("latin-1", "Über Öl sprach man in Århus."),
        ("iso8859-2", "Příliš žluťoučký kůň úpěl ďábelské ódy o míru."),
        ("windows-1251", "Keir Starmer and Emmanuel Macron met in Paris (Париж) on Monday."),
    ],
)
def test_texts_in_old_encodings_are_taken_with_a_note(take: Take, tmp_path: Path, codec: str, words: str) -> None:
    (tmp_path / "a.txt").write_bytes(words.encode(codec))
    (one,) = take(tmp_path / "a.txt")
    assert isinstance(one, Added)
    assert "not UTF-8; each is shown as \ufffd" in one.warnings[0]


def test_a_few_control_characters_are_part_of_a_text(take: Take, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"First page of a long text about talks.\x0c\r\n\tSecond page of it.\x1a")
    assert outcomes(take(tmp_path / "a.txt")) == ["new"]


def test_a_file_whose_article_is_gone_is_read_again(take: Take, app: App, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "Germany spoke on Monday.")
    (first,) = take(file)
    assert isinstance(first, Added)
    with app.store.writing() as connection:
        connection.execute(delete(article).where(article.c.id == first.article))
    assert outcomes(take(file)) == ["new"]


def test_the_order_is_that_of_the_names(take: Take, tmp_path: Path) -> None:
    for name in ("b/2.txt", "b/1.md", "a/3.txt", "z.txt", "c.html", "d.pdf", "e.xml"):
        write(tmp_path / name, f"Germany spoke of {name} on Monday.")
    last = write(tmp_path / "a" / "0.txt", "")
    names = [one.file.removeprefix(f"{tmp_path}/") for one in take(last, tmp_path)]
    assert names == ["a/0.txt", "c.html", "e.xml", "z.txt", "a/0.txt", "a/3.txt", "b/1.md", "b/2.txt"]
    assert how_many([str(last), str(tmp_path), "https://news.example/x"]) == 9


@pytest.mark.long
@pytest.mark.parametrize("seen", [1, AT_ONCE, AT_ONCE + 3])
def test_what_was_yielded_is_stored_and_the_rest_comes_next_time(
    take: Take, app: App, tmp_path: Path, seen: int
) -> None:
    count = 2 * AT_ONCE + 10
    for number in range(count):
        write(tmp_path / f"{number:03}.txt", f"Germany spoke for the {number}th time.")
    reading = ingest(app.library, [str(tmp_path)], max_bytes=1000, now=NOW)
    yielded = [next(reading) for _ in range(seen)]
    reading.close()
    with app.store.reading() as connection:
        for one in yielded:
            assert isinstance(one, Added)
            assert articles.get(connection, app.library.topic.key, one.article)
    rest = take(tmp_path)
    assert [one.file for one in rest[:seen]] == [one.file for one in yielded]
    assert outcomes(rest)[:seen] == ["unchanged"] * seen
    assert outcomes(rest)[-10:] == ["new"] * 10
    assert outcomes(take(tmp_path)) == ["unchanged"] * count
    assert events(app) == 0


def test_what_a_store_is_first_filled_with_is_no_news_even_if_interrupted(take: Take, app: App, tmp_path: Path) -> None:
    for number in range(AT_ONCE + 5):
        write(tmp_path / "in" / f"{number:03}.txt", f"Germany spoke for the {number}th time.")
    reading = ingest(app.library, [str(tmp_path / "in")], max_bytes=1000, now=NOW)
    next(reading)
    reading.close()
    # Something else is news already.
    take(write(tmp_path / "other.txt", "Germany spoke of something else."))
    assert events(app) == 1
    take(tmp_path / "in")
    assert events(app) == 1
    # It is filled now: the same command brings news from here on.
    take(write(tmp_path / "in" / "x.txt", "Germany spoke at last."), tmp_path / "in")
    write(tmp_path / "in" / "y.txt", "Germany spoke once more.")
    take(tmp_path / "in")
    assert events(app) == 3


def test_of_many_files_only_what_is_new_or_refused_is_listed(rollcall: Rollcall, tmp_path: Path) -> None:
    for number in range(25):
        write(tmp_path / f"{number:02}.txt", f"Germany spoke for the {number}th time.")
    said = rollcall("ingest", str(tmp_path))
    assert said.out.count("stored as") == 25
    assert said.out.endswith("\n25 stored, 0 stored before, 0 refused.\n")
    write(tmp_path / "new.txt", "France spoke.")
    write(tmp_path / "empty.txt", "")
    said = rollcall("ingest", str(tmp_path))
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].startswith(f"{tmp_path}/new.txt: stored as ")
    assert lines[1:] == ["1 stored, 25 stored before, 1 refused."]
    assert said.err == f"{tmp_path}/empty.txt: refused: it is empty: there is no text to store.\n"
    assert len(rollcall("ingest", str(tmp_path), "--json").json["articles"]) == 26


# Saved feeds ----------------------------------------------------------------------------------------------------------

OWN = "https://news.example/feed.xml"


def entry(number: int, text: str = LONG) -> dict[str, str]:
    return {
        "title": f"Letter {number}",
        "link": f"https://news.example/{number}",
        'guid isPermaLink="false"': f"n-{number}",
        "pubDate": "Thu, 20 Mar 2025 10:00:00 GMT",
        "description": f"Letter {number} of Germany. {text}",
    }


def saved(*entries: dict[str, str], head: str = f'<atom:link rel="self" href="{OWN}"/>') -> str:
    return rss(*entries).replace("<channel>", f'<channel xmlns:atom="http://www.w3.org/2005/Atom">{head}')


def names_of(app: App, article_id: str) -> tuple[str, ...]:
    with app.store.reading() as connection:
        return articles.origin(connection, app.library.topic.key, article_id).identities


@pytest.mark.parametrize(
    "head",
    [
        f'<atom:link rel="self" href="{OWN}"/>',
        f"<atom:link href='{OWN}' type='application/rss+xml' rel = 'self' />",
        f'<link>https://news.example/</link><atom:link rel="hub" href="https://hub.example/"/>'
        f'<atom:link\nhref="{OWN}"\nrel="self"/>',
    ],
)
def test_entries_of_a_saved_feed_have_the_names_by_which_polling_knows_them(
    take: Take, app: App, tmp_path: Path, head: str
) -> None:
    done = take(write(tmp_path / "feed.xml", saved(entry(1), entry(2), head=head)))
    assert outcomes(done) == ["new", "new"]
    for number, one in enumerate(done, start=1):
        assert isinstance(one, Added)
        assert one.title == f"Letter {number}"
        assert names_of(app, one.article) == (f"guid:{OWN}:n-{number}", f"url:https://news.example/{number}")
    # The file is known as one, and an edited entry is a new revision.
    assert outcomes(take(tmp_path)) == ["unchanged"]
    write(tmp_path / "feed.xml", saved(entry(1), entry(2, "It is another text now. " * 30), entry(3)))
    assert outcomes(take(tmp_path)) == ["unchanged", "revised", "new"]


def test_a_saved_json_feed_and_an_address_with_an_ampersand(take: Take, app: App, tmp_path: Path) -> None:
    own = "https://news.example/feed.json"
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "feed_url": own,
        "items": [{"id": "7", "title": "A letter", "content_text": LONG}],
    }
    (one,) = take(write(tmp_path / "feed.json", json.dumps(feed)))
    assert isinstance(one, Added)
    assert names_of(app, one.article) == (f"guid:{own}:7",)
    head = '<atom:link rel="self" href="https://news.example/?a=1&amp;b=2"/>'
    (two,) = take(write(tmp_path / "two.rss", saved(entry(5), head=head)))
    assert isinstance(two, Added)
    assert names_of(app, two.article)[0] == "guid:https://news.example/?a=1&b=2:n-5"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.xml", "<note>Germany spoke.</note>", "neither RSS, Atom nor JSON Feed"),
        ("a.json", '{"germany": "spoke"}', "no JSON Feed"),
        ("a.rss", "", "empty"),
        ("a.atom", rss(), "no entry was found in this feed"),
    ],
)
def test_what_is_no_feed_is_refused(take: Take, tmp_path: Path, name: str, text: str, reason: str) -> None:
    (one,) = take(write(tmp_path / name, text))
    assert isinstance(one, Refused)
    assert reason in one.reason
    assert not one.reason.endswith(".")


def test_old_entries_are_background_and_others_are_told_of_once(take: Take, app: App, tmp_path: Path) -> None:
    take(write(tmp_path / "first.txt", "Nobody spoke."))
    old = entry(1) | {"pubDate": "Mon, 10 Mar 2025 10:00:00 GMT"}
    assert NOW - datetime(2025, 3, 10, 10, tzinfo=UTC) > BACKGROUND_AFTER
    done = take(
        write(
            tmp_path / "feed.xml",
            saved(old, entry(2, "Germany joins the coalition of the willing for Ukraine with ships. " * 40)),
        )
    )
    assert outcomes(done) == ["new", "new"]
    with app.store.reading() as connection:
        told = connection.execute(select(event.c.cause)).scalars().all()
    assert isinstance(done[1], Added)
    assert sorted(told) == [f"article {done[1].article} on {party}" for party in ("DE", "UA")]


# Addresses ------------------------------------------------------------------------------------------------------------


def page(title: str, text: str = LONG, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>{title}</title>{head}</head><body><nav>Home</nav><article>'
        f"<h1>{title}</h1><p>{text}</p></article></body></html>"
    )


def allowing(app: App, server: FeedServer) -> Settings:
    return app.settings.model_copy(update={"feeds": FeedSettings(private_hosts=(f"127.0.0.1:{server.port}",))})


async def fetch(take: Take, app: App, server: FeedServer, *paths: str) -> list[Added | Refused]:
    return await asyncio.to_thread(take, *paths, settings=allowing(app, server))


async def test_pages_and_feeds_at_addresses_become_articles_in_the_order_given(take: Take, app: App) -> None:
    async with FeedServer() as server:
        one = server.serve(page("Oslo offers two ships", f"Of Oslo. {LONG}"), "/oslo", content_type="text/html")
        feed = server.serve(rss(entry(1), entry(2)), "/feed", content_type="text/html")
        gone = server.url("/gone")
        text = server.serve("title: Plain\n\nGermany spoke plainly.", "/plain.txt", content_type="text/plain")
        done = await fetch(take, app, server, f"{one}?utm_source=x#top", feed, gone, text)
        assert [one.file for one in done] == [f"{one}?utm_source=x#top", feed, feed, gone, text]
        assert outcomes(done) == ["new", "new", "new", "refused", "new"]
        first, entry_1, _, missing, plain = done
        assert isinstance(first, Added)
        assert isinstance(entry_1, Added)
        assert isinstance(missing, Refused)
        assert isinstance(plain, Added)
        assert names_of(app, first.article) == (f"url:{normalise_url(one)}",)
        assert names_of(app, entry_1.article)[0] == f"guid:{normalise_url(feed)}:n-1"
        assert missing.reason == "There is nothing at this address (404). Look for the page's present address"
        assert plain.title == "Plain"
        # Another address of the same page, and all again.
        assert outcomes(await fetch(take, app, server, one, feed, text)) == ["unchanged"] * 4


async def test_what_hides_an_article_is_the_reason(take: Take, app: App) -> None:
    hidden = '<script type="application/ld+json">{"@type": "NewsArticle", "isAccessibleForFree": false}</script>'
    async with FeedServer() as server:
        walled = server.serve(page("Ships", "Germany will send ships.", hidden), "/walled", content_type="text/html")
        human = '<html><head><title>Just a moment...</title></head><body><div class="cf-turnstile"></div></body></html>'
        challenge = server.serve(human, "/human", content_type="text/html")
        home = server.serve(page("Home"), "/", content_type="text/html")
        moved = server.redirect(home, "/old-article")
        pdf = server.serve(b"%PDF-1.7\n1 0 obj", "/paper.pdf", content_type="application/pdf")
        done = await fetch(take, app, server, walled, challenge, moved, pdf)
        reasons = [one.reason for one in done if isinstance(one, Refused)]
        assert len(reasons) == 4
        assert reasons[0] == "The article is behind a pay wall"
        assert "robots" in reasons[1] or "human" in reasons[1]
        assert "front page" in reasons[2]
        assert reasons[3] == "there is a PDF; save its text as a .txt file, and name that"


def test_private_addresses_are_refused_as_for_feeds(take: Take, app: App) -> None:
    (one,) = take("http://127.0.0.1:8/x", settings=app.settings)
    assert isinstance(one, Refused)
    assert one.reason.startswith("It leads to 127.0.0.1, which is no public address.")
    assert isinstance(take("http://127.0.0.1:8/x")[0], Refused)


async def test_no_more_than_two_at_a_time_are_asked_of_one_host(take: Take, app: App) -> None:
    at_once = most = 0
    both = asyncio.Event()
    async with FeedServer() as server:

        async def handler(request: web.Request) -> web.Response:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            if at_once == 2:
                both.set()
            await both.wait()
            at_once -= 1
            words = page(f"Letter {request.path}", f"Of {request.path}. {LONG}")
            return web.Response(text=words, content_type="text/html")

        for number in range(12):
            server.handlers[f"/{number}"] = handler
        done = await fetch(take, app, server, *(server.url(f"/{number}") for number in range(12)))
    assert most == 2
    assert "refused" not in outcomes(done)
    assert len(server.requests) == 12


async def test_a_page_of_an_article_that_came_by_a_feed_is_its_new_revision(take: Take, app: App) -> None:
    """And a copy of the feed, saved or fetched, takes nothing of it back."""
    async with FeedServer() as server:
        words = entry(1, "Only the beginning.") | {"link": server.url("/1")}
        feed = server.serve(rss(words), "/feed")
        server.serve(page("Letter 1", f"Letter 1 in full. {LONG}"), "/1", content_type="text/html")
        row = Feed(url=feed, name="News", kind="news", language="en", note="", everything=True)
        with app.store.writing() as connection:
            feeds.sync(connection, app.library.topic.key, [row], now=NOW)
            read = read_feed(rss(words).encode(), url=feed, content_type=None, now=NOW)
            known = articles.add(
                connection,
                app.library.topic.key,
                read.entries[0].identities,
                read.entries[0].draft,
                feed_id=feeds.due(connection, app.library.topic.key, NOW, 10)[0].id,
                now=NOW,
            )
        (full,) = await fetch(take, app, server, server.url("/1"))
        assert isinstance(full, Added)
        assert (full.article, full.revision, full.outcome) == (known.article_id, 2, "revised")
        (again,) = await fetch(take, app, server, feed)
        assert isinstance(again, Added)
        assert (again.article, again.revision, again.outcome) == (known.article_id, 2, "unchanged")
        with app.store.reading() as connection:
            count = connection.execute(
                select(func.count()).select_from(article_revision).where(article_revision.c.article_id == full.article)
            ).scalar()
        assert count == 2
