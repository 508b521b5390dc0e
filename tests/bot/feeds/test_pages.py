"""What a feed only begins to say is read from its page; a page that can't be had leaves the teaser, marked."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest
from aiohttp import web
from sqlalchemy import update

from bot.app import load_dossier
from bot.config import Settings
from bot.feeds.fetch import Address, Fetcher, Limits
from bot.feeds.pages import TRIES, Paged, page_round
from bot.feeds.poll import Desk, poll_round
from bot.feeds.turns import PER_HOST
from bot.library import Library, page_said
from bot.store import articles, feeds, guilds, retention, schema
from bot.store.articles import Origin
from bot.store.engine import Connection, Store
from summaries.article import Article
from summaries.dossier import Dossier
from summaries.topic import Feed
from tests.conftest import START, Clock
from tests.doubles.feeds import FeedServer, item, rss

LOOPBACK = ipaddress.ip_address("127.0.0.1")
TITLE = "Germany will train Ukrainian soldiers after a ceasefire"
TEASER = "Germany's defence minister said in Berlin that ..."
BODY = [
    "Germany's defence minister said in Berlin that his country would train Ukrainian soldiers after a ceasefire.",
    "The coalition of the willing was to meet in Paris on Thursday, he said, and Berlin would take part in its talks.",
    "Whether German troops would join a multinational force for Ukraine had not been decided, the minister added.",
    "Other members of the coalition have named ships, aircraft and bases as what they could bring to such a force.",
] * 3


def page(*paragraphs: str, title: str = TITLE, more: str = "") -> str:
    body = "\n".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{more}</head>'
        f"<body><nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{body}</article></body></html>"
    )


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    return load_dossier(Settings(), now=START)


@dataclass
class Room:
    """A feed of teasers, its pages, and a process that reads both."""

    store: Store
    dossier: Dossier
    clock: Clock
    server: FeedServer
    told: list[Article] = field(default_factory=list)

    @asynccontextmanager
    async def desk(self, **settings: Any) -> AsyncIterator[Desk]:
        feed = Feed(
            url=self.server.url(),
            name="The Paper",
            kind="news",
            language="en",
            note="",
            **{"everything": True, **settings},
        )
        library = Library(
            self.store,
            replace(self.dossier.topic, feeds=(feed,)),
            self.dossier.parties,
            old_after_days=30,
            lengths=cast(Any, None),
        )

        def allow(address: Address, port: int) -> bool:
            return address == LOOPBACK and port == self.server.port

        def tell(_connection: Connection, stored: Sequence[Article]) -> None:
            self.told += stored

        async with Fetcher(contact="", version="1", limits=Limits(total=5.0), allow=allow) as fetcher:
            yield Desk(library, fetcher, self.clock, lambda: 0.0, "a", on_stored=tell)

    def teaser(
        self, number: int = 1, *, title: str = TITLE, text: str = TEASER, path: str = "/story"
    ) -> dict[str, str]:
        return item(number, text) | {"title": title, "link": self.server.url(path)}

    async def begin(self, **settings: Any) -> None:
        """Poll the feed for the first time: what it holds is no news and has no page read."""
        self.server.serve(rss())
        async with self.desk(**settings) as desk:
            await poll_round(desk)

    async def bring(self, *teasers: dict[str, str], **settings: Any) -> list[Paged]:
        """Have the feed bring teasers a quarter of an hour later, and read their pages."""
        self.clock.advance(minutes=15)
        self.server.serve(rss(*teasers))
        async with self.desk(**settings) as desk:
            await poll_round(desk)
            return list(await page_round(desk))

    async def again(self, minutes: int) -> list[Paged]:
        self.clock.advance(minutes=minutes)
        async with self.desk() as desk:
            return list(await page_round(desk))

    def article(self) -> Article:
        with self.store.reading() as connection:
            (found,) = articles.current(connection, self.dossier.topic.key)
        return found

    def origin(self) -> Origin:
        with self.store.reading() as connection:
            return articles.origin(connection, self.dossier.topic.key, self.article().id)


@pytest.fixture
async def room(sqlite_store: Store, dossier: Dossier, store_clock: Clock) -> AsyncIterator[Room]:
    async with FeedServer() as server:
        one = Room(sqlite_store, dossier, store_clock, server)
        await one.begin()
        yield one


async def test_a_teaser_gets_the_words_of_its_page(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    (paged,) = await room.bring(room.teaser())
    assert (paged.state, paged.note) == ("read", None)
    article = room.article()
    assert article.revision == 2
    assert article.text.startswith(TITLE)
    assert all(one in article.text for one in BODY)
    assert (article.title, article.publisher) == (TITLE, "The Paper")
    assert room.origin().page_state == "read"
    # People hear of it once, with all its words.
    assert [(one.id, one.revision) for one in room.told] == [(article.id, 2)]
    assert await room.bring(room.teaser()) == []
    assert room.article() == article
    assert len(room.server.asked("/story")) == 1


async def test_the_first_poll_s_teasers_have_no_page_read(room: Room) -> None:
    with room.store.writing() as connection:
        feeds.sync(connection, room.dossier.topic.key, [], now=room.clock.now)
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    assert await room.bring(room.teaser()) == []
    assert (room.article().background, room.origin().page_state, room.told) == (True, None, [])


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        ({"status": 403}, "walled", "refuses"),
        ({"status": 401}, "walled", "refuses"),
        ({"status": 404}, "failed", "nothing at this address"),
        ({"body": page(*BODY[:1], more='<script type="application/ld+json">{"@type": "NewsArticle", '
          '"isAccessibleForFree": false}</script>')}, "walled", "pay wall"),
        ({"body": page("An error has occurred. Please call the desk of this house.", title="Oops")}, "failed", ""),
        ({"body": page(*(f"Recipe number {n}: stir the soup slowly, add salt." for n in range(9)), title="Soup")},
         "failed", "something else"),
        ({"body": "\0\1\2 no page at all", "content_type": "application/octet-stream"}, "failed", ""),
    ],
)  # fmt: skip
async def test_a_page_that_can_t_be_had_leaves_the_teaser_marked(
    room: Room, answer: dict[str, Any], state: str, words: str
) -> None:
    room.server.serve(**{"body": "", "path": "/story", "content_type": "text/html", **answer})
    (paged,) = await room.bring(room.teaser())
    origin = room.origin()
    assert (paged.state, origin.page_state) == (state, state)
    assert words in (origin.page_note or "")
    assert (origin.page_note or "").endswith(".")
    assert (room.article().revision, room.article().text) == (1, f"{TITLE}\n\n{TEASER}")
    # They hear of the teaser, once.
    assert [one.revision for one in room.told] == [1]
    assert await room.again(24 * 60) == []


async def test_what_may_pass_is_tried_again_a_few_times(room: Room) -> None:
    room.server.serve("", "/story", status=500)
    (paged,) = await room.bring(room.teaser())
    assert paged.state == "wanted"
    assert await room.again(29) == []
    states = [one.state for minutes in (1, 60, 24 * 60) for one in await room.again(minutes)]
    assert states == ["wanted", "failed"]
    assert len(room.server.asked("/story")) == TRIES
    assert len(room.told) == 1


async def test_a_page_that_comes_late_is_an_edit_and_no_news(room: Room) -> None:
    room.server.serve("", "/story", status=503)
    await room.bring(room.teaser())
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    (paged,) = await room.again(60)
    assert (paged.state, room.article().revision, len(room.told)) == ("read", 2, 1)


async def test_an_edited_teaser_has_its_page_read_again(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    await room.bring(room.teaser())
    room.server.serve(
        page(*BODY, "Late on Thursday the minister corrected himself."), "/story", content_type="text/html"
    )
    (paged,) = await room.bring(room.teaser(title=f"{TITLE}: update"))
    assert (paged.state, len(room.told)) == ("read", 1)
    article = room.article()
    assert article.title == f"{TITLE}: update"
    assert "corrected himself" in article.text
    # Once more, and this time the page is gone: the words stay.
    room.server.serve("", "/story", status=410)
    await room.bring(room.teaser(title=f"{TITLE}: second update"))
    assert "corrected himself" in room.article().text
    assert room.origin().page_state == "failed"


async def test_a_text_that_comes_whole_after_its_page_was_read_is_not_the_page_s(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    await room.bring(room.teaser())
    whole = " ".join(f"{one} The whole words are in the feed now." for one in BODY)
    assert await room.bring(room.teaser(text=whole)) == []
    origin = room.origin()
    assert room.article().text == f"{TITLE}\n\n{whole}"
    assert (origin.page_state, origin.page_revision, len(room.told)) == ("read", None, 1)
    said = page_said(origin) or ""
    assert "it came whole" in said
    assert "None" not in said


@pytest.mark.parametrize("status", [403, 404])
async def test_a_text_that_comes_whole_is_no_teaser_whose_page_could_not_be_had(room: Room, status: int) -> None:
    room.server.serve("", "/story", status=status)
    await room.bring(room.teaser())
    await room.bring(room.teaser(text=" ".join(BODY)))
    origin = room.origin()
    assert (origin.page_state, origin.page_note, origin.page_tries, page_said(origin)) == (None, None, 0, None)


async def test_a_page_whose_words_were_removed_is_read_again_once_its_teaser_is_edited(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    await room.bring(room.teaser())
    key, article = room.dossier.topic.key, room.article()
    room.clock.advance(days=400)
    with room.store.writing() as connection:
        gone = [(article.id, number) for number in (1, 2)]
        assert retention.remove_texts(connection, key, gone, now=room.clock.now) == 2
    room.server.serve(rss(room.teaser(title=f"{TITLE}: update")))
    async with room.desk() as desk:
        await poll_round(desk)
        origin = room.origin()
        assert (origin.page_state, origin.page_revision) == ("wanted", None)
        assert page_said(origin) == "Only a teaser so far: its page is still to be read."
        (paged,) = await page_round(desk)
    origin = room.origin()
    assert (paged.state, origin.page_state, origin.page_revision) == ("read", "read", 4)
    assert all(one in room.article().text for one in BODY)
    # Edits of old news are no news.
    assert len(room.told) == 1


async def test_addresses_that_lead_to_the_front_page_are_no_article(room: Room) -> None:
    room.server.serve(page(*BODY), "/", content_type="text/html")
    room.server.redirect(room.server.url("/"), "/story")
    (paged,) = await room.bring(room.teaser())
    assert paged.state == "failed"
    assert "front page" in (paged.note or "")


async def test_a_teaser_off_the_topic_has_no_page_read(room: Room) -> None:
    await room.begin(everything=False)
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    off = room.teaser(title="Cup final moved to Sunday", text="The cup final has been moved after the storm ...")
    assert await room.bring(off, everything=False) == []
    assert room.server.asked("/story") == []
    assert room.told == []


async def test_an_edit_that_makes_a_teaser_belong_has_its_page_read(room: Room) -> None:
    await room.begin(everything=False)
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    off = room.teaser(title="Cup final moved to Sunday", text="The cup final has been moved after the storm ...")
    assert await room.bring(off, everything=False) == []
    words = "The coalition of the willing for Ukraine is to meet in Paris ..."
    (paged,) = await room.bring(room.teaser(text=words), everything=False)
    assert (paged.state, room.origin().page_state) == ("read", "read")
    # People hear of it once, with all its words.
    assert [(one.id, one.revision) for one in room.told] == [(room.article().id, 3)]
    await room.bring(room.teaser(title=f"{TITLE}: update", text=words), everything=False)
    assert len(room.told) == 1


async def test_of_a_teaser_whose_page_can_t_be_had_nobody_hears_who_has_heard_its_text(room: Room) -> None:
    room.server.serve("", "/story", status=404)
    await room.bring(room.teaser(1, text=" ".join(BODY), path="/whole"))
    assert len(room.told) == 1
    (paged,) = await room.bring(room.teaser(2, title="Berlin", text=f"{BODY[0]} {BODY[1][:70]} ..."))
    assert (paged.state, len(room.told)) == ("failed", 1)


@pytest.mark.parametrize("status", [200, 404])
async def test_a_whole_text_is_told_before_the_teaser_of_it_whose_page_is_waited_for(room: Room, status: int) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html", status=status)
    teaser = room.teaser(1, title="Berlin", text=f"{BODY[0]} {BODY[1][:70]} ...")
    await room.bring(teaser, room.teaser(2, text=" ".join(BODY), path="/whole"))
    assert [one.title for one in room.told] == [TITLE]


async def test_of_a_teaser_that_an_edit_took_off_the_topic_nobody_hears(room: Room) -> None:
    await room.begin(everything=False)
    room.server.serve("", "/story", status=404)
    words = "The coalition of the willing for Ukraine is to meet in Paris ..."
    off = room.teaser(title="Cup final moved to Sunday", text="The cup final has been moved after the storm ...")
    room.clock.advance(minutes=15)
    room.server.serve(rss(room.teaser(text=words)))
    async with room.desk(everything=False) as desk:
        await poll_round(desk)
    # Killed here; the next round finds the entry edited.
    (paged,) = await room.bring(off, everything=False)
    assert (paged.state, room.told) == ("failed", [])


async def test_the_words_of_a_page_that_stay_are_those_that_are_looked_through(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    await room.bring(room.teaser())
    room.server.serve("", "/story", status=404)
    await room.bring(room.teaser(title=f"Update: {TITLE}", text="Berlin: the minister said ..."))
    article = room.article()
    with room.store.reading() as connection:
        spoken = articles.mentioned(connection, room.dossier.topic.key, article.id, article.revision)
    assert {article.text[one.start : one.end] for one in spoken} & {"Germany", "Germany's"}


async def test_one_slow_page_does_not_hold_up_the_others(room: Room) -> None:
    others_are_done = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await others_are_done.wait()
        return web.Response(status=404)

    room.server.handlers["/slow"] = slow
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    room.clock.advance(minutes=15)
    room.server.serve(rss(room.teaser(1, title=f"{TITLE} (1)", path="/slow"), room.teaser(2)))
    done: list[str] = []

    def finished(one: Paged) -> None:
        done.append(one.state)
        others_are_done.set()

    async with room.desk() as desk:
        await poll_round(desk)
        await page_round(desk, done=finished)
    assert done == ["read", "failed"]


async def test_only_one_process_reads_pages(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    room.clock.advance(minutes=15)
    room.server.serve(rss(room.teaser()))
    async with room.desk() as desk, room.desk() as other:
        await poll_round(desk)
        with room.store.writing() as connection:
            assert desk.take(connection)
        assert await page_round(replace(other, owner="b")) == ()
        room.clock.advance(minutes=int(timedelta(hours=1).total_seconds() / 60))
        assert len(await page_round(replace(other, owner="b"))) == 1


async def test_a_guild_s_own_teasers_get_their_pages_and_hold_up_nobody(room: Room) -> None:
    key = room.dossier.topic.key
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    theirs = room.server.serve(rss(), "/theirs")
    with room.store.writing() as connection:
        guilds.joined(connection, 7, "Seven", now=START)
        feeds.add(connection, key, 7, theirs, name="Theirs", everything=True, by="9", now=START)
    await room.bring()
    room.server.serve(rss(room.teaser()), "/theirs")
    (paged,) = await room.bring()
    assert paged.state == "read"
    with room.store.reading() as connection:
        (article,) = articles.current(connection, key, guild_id=7)
    assert BODY[1] in article.text
    assert room.told == []


async def test_a_teaser_that_was_edited_before_its_page_was_looked_at_is_told(room: Room) -> None:
    room.server.serve(page(*BODY), "/story", content_type="text/html")
    room.clock.advance(minutes=15)
    room.server.serve(rss(room.teaser()))
    async with room.desk() as desk:
        await poll_round(desk)
    # Killed here; the next round finds the entry edited.
    await room.bring(room.teaser(title=f"{TITLE}, he said"))
    assert [one.title for one in room.told] == [f"{TITLE}, he said"]


async def test_pages_keep_to_retry_after_and_spare_the_host(room: Room) -> None:
    teasers = []
    for number in range(1, 7):
        room.server.serve("", f"/story/{number}", status=429, headers={"Retry-After": "36000"})
        teasers.append(room.teaser(number, title=f"{TITLE} ({number})", path=f"/story/{number}"))
    paged = await room.bring(*teasers)
    assert {one.state for one in paged} == {"wanted"}
    assert len([path for path, _ in room.server.requests if path.startswith("/story")]) <= PER_HOST
    assert await room.again(9 * 60) == []
    assert len(await room.again(61)) == len(paged)


async def test_a_page_whose_article_s_text_was_removed_is_not_asked_for_for_ever(room: Room) -> None:
    room.server.serve("", "/story", status=503)
    await room.bring(room.teaser())
    with room.store.writing() as connection:
        connection.execute(update(schema.article_revision).values(text=None, text_removed_at=START))
    (paged,) = await room.again(60)
    assert paged.state == "failed"
    assert await room.again(24 * 60) == []
