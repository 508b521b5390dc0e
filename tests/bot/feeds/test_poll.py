"""Polling: what feeds bring is stored once, the first poll is a baseline, and one bad feed harms no other."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from bot.app import load_dossier
from bot.config import Settings
from bot.feeds.fetch import Address, Fetcher, Limits
from bot.feeds.poll import AT_ONCE, LEASE, Desk, Polled, Round, poll_round
from bot.feeds.turns import PER_HOST
from bot.library import Library
from bot.seeding import BACKGROUND_AFTER
from bot.store import articles, copies, feeds, guilds, leases, schema
from bot.store.engine import Connection, Store
from summaries.article import Article
from summaries.dossier import Dossier
from summaries.topic import Feed
from tests.conftest import START, Clock
from tests.doubles import feeds as doubles
from tests.doubles.feeds import FeedServer, rss

pytestmark = pytest.mark.long

LOOPBACK = ipaddress.ip_address("127.0.0.1")
OnStored = Callable[[Connection, Sequence[Article]], None]


def item(*about: Any, **more: Any) -> dict[str, str]:
    """An item without an address, so that there is no page to read (see test_pages.py)."""
    made = doubles.item(*about, **more)
    del made["link"]
    return made


@pytest.fixture(scope="session")
def dossier() -> Dossier:
    return load_dossier(Settings(), now=START)


def library_of(store: Store, dossier: Dossier, *urls: str, everything: bool = True) -> Library:
    listed = tuple(
        Feed(url=url, name=f"Feed {n}", kind="news", language="en", note="", everything=everything)
        for n, url in enumerate(urls)
    )
    topic = replace(dossier.topic, feeds=listed)
    return Library(store, topic, dossier.parties, old_after_days=30, lengths=cast(Any, None))


@dataclass
class Newsroom:
    """A store, a feed server, and a process that polls the one for the other."""

    store: Store
    dossier: Dossier
    clock: Clock
    server: FeedServer
    limits: Limits = field(default_factory=lambda: Limits(total=5.0))
    told: list[Article] = field(default_factory=list)
    everything: bool = True

    def library(self, *urls: str) -> Library:
        return library_of(self.store, self.dossier, *urls, everything=self.everything)

    @asynccontextmanager
    async def fetcher(self) -> AsyncIterator[Fetcher]:
        def allow(address: Address, port: int) -> bool:
            return address == LOOPBACK and port == self.server.port

        async with Fetcher(contact="https://example.org", version="1", limits=self.limits, allow=allow) as one:
            yield one

    def tell(self, _connection: Connection, stored: Sequence[Article]) -> None:
        self.told += stored

    async def poll(self, *urls: str, owner: str = "a", on_stored: OnStored | None = None, **settings: Any) -> Round:
        """One round on these feeds, or on the server's own."""
        async with self.fetcher() as fetcher:
            desk = Desk(
                self.library(*(urls or (self.server.url(),))),
                fetcher,
                self.clock,
                lambda: 0.0,
                owner,
                on_stored=on_stored or self.tell,
            )
            return await poll_round(desk, **settings)

    async def again(self, *urls: str, **settings: Any) -> Polled:
        """A round a quarter of an hour later, on one feed."""
        self.clock.advance(minutes=15)
        done = await self.poll(*urls, **settings)
        assert len(done.feeds) == 1
        return done.feeds[0]

    def articles(self) -> dict[str, Article]:
        with self.store.reading() as connection:
            return {one.id: one for one in articles.current(connection, self.dossier.topic.key)}

    def titles(self, *, background: bool | None = None) -> list[str | None]:
        return [one.title for one in self.articles().values() if background in {None, one.background}]

    def row(self, url: str | None = None) -> Any:
        with self.store.reading() as connection:
            return connection.execute(select(schema.feed).where(schema.feed.c.url == (url or self.server.url()))).one()


@pytest.fixture
async def room(store: Store, dossier: Dossier, store_clock: Clock) -> AsyncIterator[Newsroom]:
    async with FeedServer() as server:
        yield Newsroom(store, dossier, store_clock, server)


@pytest.fixture
async def small_room(sqlite_store: Store, dossier: Dossier, store_clock: Clock) -> AsyncIterator[Newsroom]:
    """For tests that are not about the database."""
    async with FeedServer() as server:
        yield Newsroom(sqlite_store, dossier, store_clock, server)


async def test_the_first_poll_is_a_baseline_and_the_second_brings_news(room: Newsroom) -> None:
    room.server.serve(rss(item(1), item(2)))
    first = await room.poll()
    assert first.ran
    assert first.new == ()
    assert len(first.feeds[0].background) == 2
    assert room.told == []
    room.server.serve(rss(item(3), item(1), item(2)))
    second = await room.again()
    assert (second.outcome, len(second.new), second.background, second.unchanged) == ("read", 1, (), 2)
    assert [one.title for one in room.told] == ["Report number 3"]
    assert room.told == [room.articles()[second.new[0]]]
    assert room.titles(background=False) == ["Report number 3"]
    third = await room.again()
    # The same bytes again have been read already.
    assert (third.outcome, third.new, third.revised) == ("not_modified", (), ())


async def test_what_is_stored_of_an_article(room: Newsroom) -> None:
    room.server.serve(rss(item(1)))
    await room.poll()
    article = next(iter(room.articles().values()))
    assert article.text == "Report number 1\n\nFrance and Germany spoke about plan number 1 on Wednesday."
    assert (article.publisher, article.language, article.url) == ("Feed 0", "en", None)
    assert article.published.iso == "2025-03-26T10:00:00Z"
    with room.store.reading() as connection:
        key = room.dossier.topic.key
        assert [m.count for m in articles.mentions(connection, key, "FR")] == [1]
        query = select(schema.article.c.feed_id, schema.article.c.identity)
        assert connection.execute(query).one() == (
            room.row().id,
            f"guid:{room.server.url().replace('http:', 'https:')}:n-1",
        )


async def test_old_articles_are_never_news(room: Newsroom) -> None:
    room.server.serve(rss())
    await room.poll()
    limit = START + timedelta(minutes=15) - BACKGROUND_AFTER
    dates = [format_datetime(moment) for moment in (limit - timedelta(seconds=1), limit)]
    room.server.serve(rss(item(1, date=dates[0]), item(2, date=dates[1])))
    found = await room.again()
    assert (len(found.background), len(found.new)) == (1, 1)
    assert room.titles(background=True) == ["Report number 1"]


async def test_an_edit_is_a_revision_and_moves_nothing_in_time(room: Newsroom) -> None:
    room.server.serve(rss(item(1)))
    await room.poll()
    before = room.articles()
    later = "Wed, 26 Mar 2025 12:10:00 GMT"
    room.server.serve(rss(item(1, "France said no. Poland too.", date=later)))
    found = await room.again()
    assert (found.new, found.background, found.revised) == ((), (), tuple(before))
    article = room.articles()[found.revised[0]]
    assert article.revision == 2
    assert article.text.endswith("France said no. Poland too.")
    assert article.published == before[article.id].published
    assert room.told == []
    with room.store.reading() as connection:
        assert [m.count for m in articles.mentions(connection, room.dossier.topic.key, "PL")] == [1]
    # A date that moves by itself is no edit.
    room.server.serve(rss(item(1, "France said no. Poland too.", date="Wed, 26 Mar 2025 12:20:00 GMT")))
    assert (await room.again()).unchanged == 1


async def test_unchanged_feeds_cost_one_conditional_request(room: Newsroom) -> None:
    room.server.serve(rss(item(1)), etag='"1"', headers={"Last-Modified": "Wed, 26 Mar 2025 10:00:00 GMT"})
    await room.poll()
    found = await room.again()
    assert found.outcome == "not_modified"
    asked = room.server.asked()
    assert "If-None-Match" not in asked[0]
    assert (asked[1]["If-None-Match"], asked[1]["If-Modified-Since"]) == ('"1"', "Wed, 26 Mar 2025 10:00:00 GMT")
    # What was remembered outlives the answer that didn't repeat it.
    assert (await room.again()).outcome == "not_modified"
    assert (room.row().last_ok_at, room.row().next_poll_at) == (room.clock.now, room.clock.now + timedelta(minutes=15))


async def test_a_feed_is_left_alone_until_it_is_due(small_room: Newsroom) -> None:
    room = small_room
    room.server.serve(rss())
    await room.poll()
    room.clock.advance(minutes=14, seconds=59)
    assert await room.poll() == Round(True, ())
    room.clock.advance(seconds=1)
    assert len((await room.poll()).feeds) == 1


async def test_a_failure_is_told_and_backed_off(room: Newsroom) -> None:
    room.server.serve(rss(item(1)), etag='"1"')
    await room.poll()
    room.server.serve("", status=503, headers={"Retry-After": "7200"})
    found = await room.again()
    assert (found.outcome, found.reason) == ("failed", "busy")
    row = room.row()
    assert (row.failures, row.last_error, row.last_ok_at) == (1, found.sentence, START)
    assert row.next_poll_at == room.clock.now + timedelta(hours=2)
    with room.store.reading() as connection:
        heard = feeds.heard(connection, room.dossier.topic.key)
    assert [(one.name, one.last_ok_at, one.last_error, one.last_reason) for one in heard] == [
        ("Feed 0", START, found.sentence, "busy")
    ]
    room.server.serve(rss(item(1), item(2)), etag='"2"')
    room.clock.advance(hours=2)
    done = await room.poll()
    # It was read before, so this is no baseline.
    assert len(done.new) == 1
    row = room.row()
    assert (row.failures, row.last_error, row.etag, row.baseline_at) == (0, None, '"2"', START)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<!doctype html><title>Our news</title>", "not_a_feed"),
        ("", "not_a_feed"),
        ("<html><title>Just a moment...</title>", "challenge"),
    ],
)
async def test_what_is_no_feed(small_room: Newsroom, body: str, reason: str) -> None:
    small_room.server.serve(body, content_type="text/html")
    done = await small_room.poll()
    assert (done.feeds[0].reason, small_room.row().baseline_at) == (reason, None)
    # The first time that it can be read is its baseline.
    small_room.server.serve(rss(item(1)))
    small_room.clock.advance(minutes=30)
    assert len((await small_room.poll()).feeds[0].background) == 1


async def test_ill_formed_feeds_in_old_encodings_are_read(small_room: Newsroom) -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?><rss><channel><item><guid>a</guid><title>Киев & Париж</title>'
    small_room.server.serve(body.encode("windows-1251"))
    done = await small_room.poll()
    assert small_room.titles() == ["Киев & Париж"]
    assert done.feeds[0].warnings


async def test_a_move_for_good_is_remembered_until_it_fails(room: Newsroom) -> None:
    old = room.server.redirect("/new", status=301)
    room.server.serve(rss(item(1)), "/new")
    await room.poll(old)
    assert room.row(old).moved_to == room.server.url("/new")
    # Identities stay: they are made from the address that the dossier lists.
    assert [(await room.again(old)).outcome for _ in range(2)] == ["not_modified"] * 2
    assert (len(room.server.asked()), len(room.server.asked("/new"))) == (1, 3)
    del room.server.handlers["/new"]
    assert (await room.again(old)).reason == "gone"
    assert room.row(old).moved_to is None
    room.server.serve(rss(item(1)), "/feed")
    room.clock.advance(minutes=30)
    assert (await room.poll(old)).feeds[0].outcome == "not_modified"


async def test_slow_and_hostile_feeds_delay_no_other(small_room: Newsroom) -> None:
    room = small_room
    room.limits = Limits(total=1.5, max_bytes=200_000)
    async with FeedServer() as slow:

        def allow(address: Address, port: int) -> bool:
            return address == LOOPBACK and port in {slow.port, room.server.port}

        # Eight feeds of one slow host would fill every slot, were there not two for a host.
        silent = [slow.silent(f"/{n}") for n in range(3)]
        bad = [
            room.server.bomb(20_000_000, "/bomb"),
            room.server.endless("/endless"),
            room.server.redirect("http://10.0.0.1/", "/in"),
        ]
        arrived: dict[str, float] = {}
        good = []
        loop = asyncio.get_running_loop()
        for number in range(6):
            good.append(room.server.serve(rss(item(number)), f"/good{number}"))

        def stored(_connection: Connection, found: Sequence[Article]) -> None:
            arrived[str(found[0].title)] = loop.time()

        # Known ones, so that what they bring is told.
        library = room.library(*silent, *bad, *good)
        with room.store.writing() as connection:
            feeds.sync(connection, library.topic.key, library.topic.feeds, now=START)
            connection.execute(update(schema.feed).values(baseline_at=START))
        begun = loop.time()
        async with Fetcher(contact="x", version="1", limits=room.limits, allow=allow) as fetcher:
            desk = Desk(library, fetcher, room.clock, lambda: 0.0, "a", on_stored=stored)
            done = await poll_round(desk, concurrency=3)
    outcomes = {one.feed.url: one.reason for one in done.feeds}
    assert [outcomes[url] for url in silent] == ["too_slow"] * 3
    assert [outcomes[url] for url in bad] == ["too_big", "too_big", "private_address"]
    assert [outcomes[url] for url in good] == [None] * 6
    assert len(arrived) == 6
    # Long before the silent ones were given up.
    assert max(arrived.values()) - begun < room.limits.total


async def test_two_processes_never_poll_at_once(room: Newsroom, store_url: str, opened: Callable[[str], Store]) -> None:
    room.server.serve(rss(item(1)))
    other = replace(room, store=opened(store_url))
    inside: list[Round] = []

    class Between(Fetcher):
        async def get(self, *arguments: Any, **conditions: Any) -> Any:
            inside.append(await other.poll(owner="b"))
            return await super().get(*arguments, **conditions)

    async with Between(contact="", version="", allow=lambda _, port: port == room.server.port) as fetcher:
        done = await poll_round(Desk(room.library(room.server.url()), fetcher, room.clock, lambda: 0.0, "a"))
    assert done.ran
    assert inside == [Round(ran=False)]
    # It is given back at the end.
    room.clock.advance(minutes=15)
    assert (await other.poll(owner="b")).feeds[0].outcome == "not_modified"


async def test_a_round_may_take_longer_than_its_lease(
    room: Newsroom, store_url: str, opened: Callable[[str], Store]
) -> None:
    urls = [room.server.serve(rss(item(number)), f"/{number}") for number in range(4)]
    other = replace(room, store=opened(store_url))
    inside: list[Round] = []

    class Slow(Fetcher):
        async def get(self, *arguments: Any, **conditions: Any) -> Any:
            room.clock.advance(minutes=LEASE.total_seconds() / 60 - 1)
            inside.append(await other.poll(*urls, owner="b"))
            return await super().get(*arguments, **conditions)

    async with Slow(contact="", version="", allow=lambda _, port: port == room.server.port) as fetcher:
        desk = Desk(room.library(*urls), fetcher, room.clock, lambda: 0.0, "a")
        done = await poll_round(desk, concurrency=1)
    assert [one.outcome for one in done.feeds] == ["read"] * 4
    assert inside == [Round(ran=False)] * 4


async def test_a_process_that_was_taken_for_dead_writes_nothing(
    room: Newsroom, store_url: str, opened: Callable[[str], Store]
) -> None:
    room.server.serve(rss(item(1)))
    other = opened(store_url)

    class Asleep(Fetcher):
        async def get(self, *arguments: Any, **conditions: Any) -> Any:
            now = room.clock.advance(hours=1)
            with other.writing() as connection:
                assert leases.take(connection, "feeds", "b", now=now, until=now + timedelta(hours=1))
            return await super().get(*arguments, **conditions)

    async with Asleep(contact="", version="", allow=lambda _, port: port == room.server.port) as fetcher:
        done = await poll_round(Desk(room.library(room.server.url()), fetcher, room.clock, lambda: 0.0, "a"))
    assert done == Round(True, ())
    assert room.articles() == {}
    assert room.row().last_polled_at is None
    # The other's lease is still the other's.
    assert not (await room.poll(owner="c")).ran


async def test_what_fails_between_stores_nothing_and_comes_again(
    room: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    room.server.serve(rss(), etag='"0"')
    await room.poll()
    room.server.serve(rss(item(1), item(2)), etag='"1"')

    def breaks(_connection: Connection, _stored: Sequence[Article]) -> None:
        raise RuntimeError("the lights went out")

    found = await room.again(on_stored=breaks)
    assert (found.outcome, found.reason) == ("failed", "broken")
    assert "the lights went out" in caplog.text
    assert room.articles() == {}
    # The tag is the one of what was stored: with the new one the articles would never have come.
    assert (room.row().etag, room.row().failures) == ('"0"', 1)
    room.clock.advance(minutes=30)
    assert len((await room.poll()).new) == 2
    assert len(room.told) == 2


async def test_a_crash_leaves_everything_to_the_next_process(room: Newsroom) -> None:
    room.server.serve(rss())
    await room.poll()
    room.server.serve(rss(item(1)))

    def dies(_connection: Connection, _stored: Sequence[Article]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(asyncio.run, cast(Any, _round(room, dies)))
    assert room.articles() == {}
    assert len((await room.poll(owner="b")).new) == 1


async def _round(room: Newsroom, on_stored: OnStored) -> Round:
    room.clock.advance(minutes=15)
    return await room.poll(on_stored=on_stored)


async def test_the_event_loop_is_free_while_the_store_is_busy(small_room: Newsroom) -> None:
    room = small_room
    room.server.serve(rss())
    await room.poll()
    room.server.serve(rss(item(1)))
    loop = asyncio.get_running_loop()
    turned = asyncio.Event()
    seen: list[bool] = []

    def waits(_connection: Connection, _stored: Sequence[Article]) -> None:
        async def turn() -> bool:
            turned.set()
            return True

        # Answered only by a loop that isn't waiting for this transaction.
        seen.append(asyncio.run_coroutine_threadsafe(turn(), loop).result(5))

    await room.again(on_stored=waits)
    assert seen == [True]


async def test_the_dossier_s_feeds_come_go_and_come_back(room: Newsroom) -> None:
    a, b = room.server.serve(rss(item(1)), "/a"), room.server.serve(rss(item(2)), "/b", etag='"b"')
    await room.poll(a, b)
    room.clock.advance(minutes=15)
    only = await room.poll(a)
    assert [one.feed.url for one in only.feeds] == [a]
    assert room.row(b).state == "gone"
    with room.store.reading() as connection:
        assert [one.name for one in feeds.heard(connection, room.dossier.topic.key)] == ["Feed 0"]
    room.server.serve(rss(item(2), item(3)), "/b", etag='"c"')
    back = {one.feed.url: one for one in (await room.poll(b, a)).feeds}
    # What it brought meanwhile is no news; the other one keeps the publisher under whose name it came.
    assert (back[b].new, len(back[b].background), len(back[b].revised)) == ((), 1, 0)
    assert (room.row(b).state, room.row(b).name, room.row(a).name) == ("active", "Feed 0", "Feed 1")


def test_sync_changes_only_what_differs(store: Store, dossier: Dossier) -> None:
    key = dossier.topic.key
    with store.writing() as connection:
        assert feeds.sync(connection, key, dossier.topic.feeds, now=START)
        assert not feeds.sync(connection, key, dossier.topic.feeds, now=START)
        connection.execute(
            update(schema.feed).where(schema.feed.c.url == dossier.topic.feeds[0].url).values(state="paused")
        )
        assert not feeds.sync(connection, key, dossier.topic.feeds, now=START)
        assert len(feeds.due(connection, key, START, 1000)) == len(dossier.topic.feeds) - 1
        assert feeds.sync(connection, key, (), now=START)
        assert feeds.due(connection, key, START, 1000) == []
        assert feeds.heard(connection, key) == []


def test_a_clock_that_is_set_back_keeps_no_feed_waiting(store: Store, dossier: Dossier) -> None:
    with store.writing() as connection:
        key = dossier.topic.key
        feeds.sync(connection, key, dossier.topic.feeds, now=START)
        one = feeds.due(connection, key, START, 1)[0]

        def polled(at: datetime) -> bool:
            again = at + timedelta(minutes=15)
            feeds.failed(connection, one.id, "gone", "It is gone.", next_poll_at=again, now=at)
            return one.id not in {row.id for row in feeds.due(connection, key, START, 1000)}

        assert polled(START)
        # Another machine's clock is a little ahead; this one's was years ahead.
        assert polled(START + timedelta(minutes=2))
        assert not polled(START + timedelta(days=900))


def test_the_longest_due_come_first(store: Store, dossier: Dossier) -> None:
    key = dossier.topic.key
    with store.writing() as connection:
        feeds.sync(connection, key, dossier.topic.feeds[:3], now=START)
        first, second, third = feeds.due(connection, key, START, 3)
        assert [one.url for one in (first, second, third)] == [one.url for one in dossier.topic.feeds[:3]]
        for row, minutes in ((first, 20), (second, 10)):
            feeds.failed(
                connection,
                row.id,
                "unreachable",
                "It is down.",
                next_poll_at=START + timedelta(minutes=minutes),
                now=START,
            )
        assert [one.id for one in feeds.due(connection, key, START, 3)] == [third.id]
        later = START + timedelta(minutes=20)
        assert [one.id for one in feeds.due(connection, key, later, 2)] == [third.id, second.id]


# What is kept and told ----------------------------------------------------------------------------------------------

ON_TOPIC = "Germany will take part in the coalition of the willing for Ukraine, its chancellor said in Berlin."
OFF_TOPIC = "The cup final between two clubs of the second league was moved to Sunday because of the storm."


async def test_of_a_general_feed_what_belongs_to_the_topic_is_shown(small_room: Newsroom) -> None:
    room = small_room
    room.everything = False
    room.server.serve(rss(item(1, OFF_TOPIC)))
    await room.poll()
    room.server.serve(rss(item(2, OFF_TOPIC + " Again."), item(3, ON_TOPIC), item(1, OFF_TOPIC)))
    polled = await room.again()
    assert (len(polled.new), len(polled.off_topic), polled.unchanged) == (1, 1, 1)
    assert [one.title for one in room.told] == ["Report number 3"]
    assert room.titles() == ["Report number 3"]
    # It is known all the same, and can be explained.
    with room.store.reading() as connection:
        found = articles.origin(connection, room.dossier.topic.key, polled.off_topic[0])
    assert not found.relevant
    assert found.relevance is not None


async def test_an_edit_that_makes_it_belong_shows_it(small_room: Newsroom) -> None:
    room = small_room
    room.everything = False
    room.server.serve(rss())
    await room.poll()
    room.server.serve(rss(item(1, OFF_TOPIC)))
    await room.again()
    room.server.serve(rss(item(1, ON_TOPIC)))
    assert len((await room.again()).revised) == 1
    assert room.titles() == ["Report number 1"]
    # To everybody it is new, and once.
    (told,) = room.told
    assert (told.title, told.revision, told.background) == ("Report number 1", 2, False)
    room.server.serve(rss(item(1, ON_TOPIC + " Italy, too.")))
    assert len((await room.again()).revised) == 1
    assert len(room.told) == 1


async def test_what_the_first_poll_brought_is_news_when_an_edit_makes_it_belong_soon(small_room: Newsroom) -> None:
    room = small_room
    room.everything = False
    room.server.serve(rss(item(1, OFF_TOPIC), item(2, OFF_TOPIC + " Again.")))
    await room.poll()
    room.server.serve(rss(item(1, ON_TOPIC), item(2, OFF_TOPIC + " Again.")))
    await room.again()
    assert [one.title for one in room.told] == ["Report number 1"]
    assert room.titles(background=False) == ["Report number 1"]
    # Later it is none: nothing old is.
    room.clock.advance(days=BACKGROUND_AFTER.days)
    room.server.serve(rss(item(2, ON_TOPIC + " Italy, too.")))
    await room.again()
    assert room.titles(background=True) == ["Report number 2"]
    assert len(room.told) == 1


AGENCY = " ".join(
    f"{ON_TOPIC[:-1]} on day {word}, and {word} ministers from {word} capitals spoke about {word} ships and bases."
    for word in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
)


async def test_one_agency_text_in_two_outlets_is_one_text_with_two_links(room: Newsroom) -> None:
    one, two = "/one", "/two"
    urls = [room.server.serve(rss(), path) for path in (one, two)]
    await room.poll(*urls)
    outlets = {path: doubles.item(7, AGENCY) | {"link": f"https://{path[1:]}.example/7"} for path in (one, two)}
    outlets[two] |= {"title": "Berlin joins", "description": AGENCY + " More on this page: sport, weather and traffic."}
    told: list[Article] = []
    for path in (one, two):
        room.server.serve(rss(outlets[path]), path)
    room.clock.advance(minutes=15)
    await room.poll(*urls, on_stored=lambda _, stored: told.extend(stored))
    first, second = sorted(room.articles().values(), key=lambda article: article.title or "", reverse=True)
    assert {first.url, second.url} == {"https://one.example/7", "https://two.example/7"}
    # Whoever came first is told of.
    (heard,) = told
    with room.store.reading() as connection:
        (copy,) = copies.of(connection, room.dossier.topic.key, heard.id)
        assert articles.origin(connection, room.dossier.topic.key, copy.id).copy_of == heard.id


async def test_what_a_guild_s_own_feed_brings_is_its_own(room: Newsroom) -> None:
    key = room.dossier.topic.key
    url = room.server.serve(rss(item(1)), "/theirs")
    with room.store.writing() as connection:
        guilds.joined(connection, 7, "Seven", now=START)
        feeds.add(connection, key, 7, url, name=None, everything=True, by="9", now=START)
    room.server.serve(rss())
    await room.poll()
    room.server.serve(rss(item(1), item(2)), "/theirs")
    room.clock.advance(minutes=15)
    (polled,) = [one for one in (await room.poll()).feeds if one.feed.guild_id == 7]
    assert (len(polled.new), polled.feed.baseline_at) == (1, START)
    assert (room.articles(), room.told) == ({}, [])
    with room.store.reading() as connection:
        theirs = articles.current(connection, key, guild_id=7)
        assert sorted(one.background for one in theirs) == [False, True]
        assert articles.current(connection, key, guild_id=8) == []


async def test_the_next_poll_is_when_feed_and_server_wish(small_room: Newsroom) -> None:
    room = small_room
    hour = timedelta(hours=1)
    room.server.serve(rss(item(1)), headers={"Cache-Control": "max-age=10800"})
    await room.poll()
    assert room.row().next_poll_at == room.clock.now + 3 * hour
    room.server.serve(rss(item(2)).replace("<title>Example", "<ttl>120</ttl><title>Example", 1), etag='"2"')
    room.clock.advance(hours=3)
    await room.poll()
    assert room.row().next_poll_at == room.clock.now + 2 * hour
    # What the feed itself said is remembered while it does not change.
    room.clock.advance(hours=2)
    assert (await room.poll()).feeds[0].outcome == "not_modified"
    assert room.row().next_poll_at == room.clock.now + 2 * hour


# What is one article, and what are two --------------------------------------------------------------------------------


async def test_entries_that_look_alike_are_articles_of_their_own_and_stay_so(small_room: Newsroom) -> None:
    """A live blog, a daily round-up: the same head and standfirst, another guid and address."""
    room = small_room
    room.server.serve(rss())
    await room.poll()
    same = {"title": "Live: the talks in Paris", "description": ON_TOPIC}
    items = [doubles.item(number) | same for number in range(1, 5)]
    for count in range(1, 5):
        room.server.serve(rss(*items[:count]))
        polled = await room.again()
        assert (len(polled.new), len(polled.revised), polled.unchanged) == (1, 0, count - 1)
    assert sorted(one.url or "" for one in room.articles().values()) == [
        f"https://news.example/{n}" for n in range(1, 5)
    ]
    assert {one.revision for one in room.articles().values()} == {1}


async def test_an_address_that_is_given_on_stays_with_the_entry_of_the_stronger_name(small_room: Newsroom) -> None:
    room = small_room
    room.server.serve(rss())
    await room.poll()
    one, two = doubles.item(1, ON_TOPIC), doubles.item(2, ON_TOPIC + " Italy, too.")
    now = "https://news.example/live/now"
    room.server.serve(rss(one | {"link": now}))
    (first,) = (await room.again()).new
    room.server.serve(rss(two | {"link": now}, one))
    polled = await room.again()
    (second,) = polled.new
    assert polled.revised == (first,)
    for spare in ("<!-- 1 -->", "<!-- 2 -->"):
        room.server.serve(rss(two | {"link": now}, one) + spare)
        polled = await room.again()
        assert (polled.new, polled.revised, polled.unchanged) == ((), (), 2)
    found = room.articles()
    assert (found[first].url, found[second].url) == ("https://news.example/1", now)


async def test_a_text_that_was_published_anew_is_the_same_once_the_old_entry_is_gone(small_room: Newsroom) -> None:
    room = small_room
    room.server.serve(rss())
    await room.poll()
    room.server.serve(rss(item(1, ON_TOPIC)))
    await room.again()
    room.server.serve(rss(item(1, ON_TOPIC) | {'guid isPermaLink="false"': "new-guid"}))
    polled = await room.again()
    assert (polled.new, polled.unchanged) == ((), 1)


async def test_a_copy_of_what_nobody_heard_of_is_news(small_room: Newsroom) -> None:
    room = small_room
    one, two = (room.server.serve(rss(), path) for path in ("/one", "/two"))
    # The first is in the baseline of a feed that was just added.
    room.server.serve(rss(doubles.item(7, AGENCY) | {"link": "https://one.example/7"}), "/one")
    await room.poll(one, two)
    room.clock.advance(minutes=15)
    room.server.serve(rss(doubles.item(8, AGENCY + " More.") | {"link": "https://two.example/8"}), "/two")
    await room.poll(one, two)
    assert [article.url for article in room.told] == ["https://two.example/8"]


async def test_copies_stay_together_when_the_first_of_them_becomes_another_text(room: Newsroom) -> None:
    key, paths = room.dossier.topic.key, ("/one", "/two", "/three", "/four")
    urls = [room.server.serve(rss(), path) for path in paths]
    await room.poll(*urls)

    async def brings(path: str, words: str) -> str:
        entry = doubles.item(7, words) | {"link": f"https://{path[1:]}.example/7"}
        room.server.serve(rss(entry), path)
        room.clock.advance(minutes=15)
        (feed,) = [one for one in (await room.poll(*urls)).feeds if one.outcome == "read"]
        (stored,) = feed.new + feed.revised
        return stored

    def copy_of(article_id: str) -> str | None:
        with room.store.reading() as connection:
            return articles.origin(connection, key, article_id).copy_of

    one, two, three = [await brings(path, AGENCY) for path in paths[:3]]
    assert [copy_of(article_id) for article_id in (one, two, three)] == [None, one, one]
    await brings("/one", AGENCY.replace("capitals", "cities", 1))
    assert [copy_of(article_id) for article_id in (one, two, three)] == [None, one, one]
    other = " ".join(f"Harbour {n} {n}{n} counted {n * n} ships, and {n} more by night." for n in range(40))
    await brings("/one", other)
    assert [copy_of(article_id) for article_id in (one, two, three)] == [None, None, two]
    # Its text is found again, and nobody hears it twice.
    four = await brings("/four", AGENCY + " More.")
    assert copy_of(four) == two
    assert [article.id for article in room.told] == [one]


async def test_an_edit_that_makes_it_belong_is_no_news_where_another_outlet_s_copy_was(small_room: Newsroom) -> None:
    room = small_room
    room.everything = False
    one, two = (room.server.serve(rss(), path) for path in ("/one", "/two"))
    await room.poll(one, two)
    for path, words in (("/one", OFF_TOPIC), ("/two", AGENCY), ("/one", AGENCY + " More.")):
        room.clock.advance(minutes=15)
        room.server.serve(rss(doubles.item(7, words) | {"link": f"https://{path[1:]}.example/7"}), path)
        await room.poll(one, two)
    assert len(room.articles()) == 2
    assert [article.url for article in room.told] == ["https://two.example/7"]


async def test_a_feed_that_is_kept_whole_shows_what_a_general_one_left_out(room: Newsroom) -> None:
    key = room.dossier.topic.key
    room.everything = False
    room.server.serve(rss())
    await room.poll()
    off = doubles.item(1, OFF_TOPIC)
    room.server.serve(rss(off))
    assert len((await room.again()).off_topic) == 1
    theirs = room.server.serve(rss(off), "/theirs")
    with room.store.writing() as connection:
        guilds.joined(connection, 7, "Seven", now=START)
        feeds.add(connection, key, 7, theirs, name=None, everything=True, by="9", now=START)
    room.clock.advance(minutes=15)
    await room.poll()
    with room.store.reading() as connection:
        assert len(articles.current(connection, key, guild_id=7)) == 1
    assert room.articles() == {}
    # The dossier's own feed of this kind shows it to everybody.
    room.everything = True
    room.clock.advance(minutes=15)
    whole = room.server.serve(rss(off), "/whole")
    await room.poll(room.server.url(), whole)
    assert [one.title for one in room.articles().values()] == ["Report number 1"]


async def test_an_edit_by_a_general_feed_leaves_an_article_that_another_keeps_whole(small_room: Newsroom) -> None:
    room = small_room
    general, whole = room.server.serve(rss()), room.server.serve(rss(), "/whole")
    listed = tuple(
        Feed(url=url, name=url, kind="news", language="en", note="", everything=url == whole)
        for url in (general, whole)
    )
    library = room.library()
    library.topic = replace(room.dossier.topic, feeds=listed)

    async def poll() -> None:
        room.clock.advance(minutes=15)
        async with room.fetcher() as fetcher:
            await poll_round(Desk(library, fetcher, room.clock, lambda: 0.0, "a", on_stored=room.tell))

    await poll()
    room.server.serve(rss(doubles.item(1, OFF_TOPIC)))
    await poll()
    assert room.articles() == {}
    room.server.serve(rss(doubles.item(1, OFF_TOPIC)), "/whole")
    await poll()
    (article,) = room.articles().values()
    for words in ("The cup final was moved again, now to Monday.", "It was moved to Tuesday after all."):
        room.server.serve(rss(doubles.item(1, words)))
        await poll()
        (edited,) = room.articles().values()
        assert (edited.id, words in edited.text) == (article.id, True)
        with room.store.reading() as connection:
            assert articles.origin(connection, library.topic.key, article.id).everything


async def test_a_large_feed_is_stored_in_parts_and_a_crash_between_repeats_nothing(small_room: Newsroom) -> None:
    room = small_room
    room.server.serve(rss(), etag='"0"')
    await room.poll()
    count = 2 * AT_ONCE + 5
    room.server.serve(rss(*(item(n, f"Harbour {n} {n}{n} counted {n * n} ships.") for n in range(count))), etag='"1"')
    told: list[str] = []

    def crash(_connection: Connection, stored: Sequence[Article]) -> None:
        if told:
            raise OSError
        told.extend(one.id for one in stored)

    assert (await room.again(on_stored=crash)).outcome == "failed"
    assert len(room.articles()) == len(told) == AT_ONCE
    room.clock.advance(hours=1)
    again = await room.again()
    assert (again.outcome, len(again.new), again.unchanged) == ("read", count - AT_ONCE, AT_ONCE)
    assert len(room.told) == count - AT_ONCE
    assert not {one.id for one in room.told} & set(told)


async def test_of_a_host_that_does_not_answer_little_is_asked(small_room: Newsroom) -> None:
    room = small_room
    paths = [f"/busy/{number}" for number in range(9)]
    urls = [room.server.serve("", path, status=503, headers={"Retry-After": "36000"}) for path in paths]
    async with FeedServer() as good:
        listed = [*urls, good.serve(rss(item(1)))]
        ports = {room.server.port, good.port}
        async with Fetcher(
            contact="x", version="1", limits=room.limits, allow=lambda _, port: port in ports
        ) as fetcher:
            done = await poll_round(Desk(room.library(*listed), fetcher, room.clock, lambda: 0.0, "a"))
    outcomes = Counter(one.outcome for one in done.feeds)
    assert outcomes["read"] == 1
    assert outcomes["failed"] <= PER_HOST
    assert outcomes["failed"] + outcomes["put_off"] == 9
    assert len(room.server.requests) == outcomes["failed"]
    assert all(room.row(url).next_poll_at >= room.clock.now + timedelta(hours=10) for url in urls)
