"""Pages of articles of which a feed holds only a teaser: wanted, read or missed, and never lost in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import articles, pages
from bot.store.engine import Store
from bot.store.schema import guild
from summaries.article import Draft, Published

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
TEASER = Draft(
    text="Ready\n\nBritain is ready ...", title="Ready", publisher="The feed", url="https://x.example/ready",
    published=Published(NOW - timedelta(hours=1), "time", "stated"), body_start=7,
)  # fmt: skip
PAGE = Draft(
    text="Britain is ready. France too.", title="Ready | X", publisher="X", author="A. Writer", language="en",
    url="https://x.example/ready?from=feed", published=Published(NOW, "time", "inferred"), warnings=("a note",),
)  # fmt: skip


def add(store: Store, name: str = "ready", draft: Draft = TEASER, **more: Any) -> None:
    with store.writing() as conn:
        at = more.pop("now", NOW)
        articles.add(conn, "d", f"guid:{name}", draft, article_id=name, wants_page=True, now=at, **more)


def due(store: Store, now: datetime = NOW, limit: int = 9) -> list[str]:
    with store.reading() as conn:
        return [one.article_id for one in pages.due(conn, "d", now, limit)]


def test_a_page_that_is_wanted_is_due_once_it_was_read_no_more(store: Store) -> None:
    add(store)
    with store.writing() as conn:
        (wanted,) = pages.due(conn, "d", NOW, 9)
        assert (wanted.article_id, wanted.url, wanted.tries, wanted.again) == ("ready", TEASER.url, 0, False)
        stored = pages.read(conn, "d", "ready", PAGE, now=NOW)
        assert stored == articles.Stored("ready", 2, "revised")
        found = articles.get(conn, "d", "ready")
        assert found is not None
        # The words are the page's; what the feed says of them stays, and the page adds what it didn't say.
        assert (found.text, found.body_start, found.title, found.publisher, found.url) == (
            PAGE.text, 0, TEASER.title, TEASER.publisher, TEASER.url,
        )  # fmt: skip
        assert (found.author, found.language, found.published) == ("A. Writer", "en", TEASER.published)
        assert articles.origin(conn, "d", "ready").page_state == "read"
        assert articles.revisions(conn, "d", "ready")[1].warnings == ("a note",)
        assert articles.text_of(conn, "d", "ready", 1) == TEASER.text
    assert due(store) == []


def test_a_date_that_the_feed_did_not_tell_is_the_pages(store: Store) -> None:
    add(store, draft=replace(TEASER, published=Published()))
    with store.writing() as conn:
        pages.read(conn, "d", "ready", PAGE, now=NOW)
        found = articles.get(conn, "d", "ready")
    assert found is not None
    assert found.published == PAGE.published


def test_the_longest_due_comes_first_and_no_more_than_asked_for(store: Store) -> None:
    for number in range(3):
        draft = replace(TEASER, text=f"Number {number}", url=f"https://x.example/{number}")
        add(store, f"number-{number}", draft, now=NOW - timedelta(hours=number))
    assert due(store, limit=2) == ["number-2", "number-1"]
    assert due(store, NOW - timedelta(minutes=90)) == ["number-2"]


def test_what_was_missed_is_tried_again_when_it_may_pass_and_else_never(store: Store) -> None:
    add(store)
    again = NOW + timedelta(minutes=30)
    with store.writing() as conn:
        pages.missed(conn, "d", "ready", "Too slow.", state="wanted", next_at=again)
    assert due(store) == []
    assert due(store, again) == ["ready"]
    with store.writing() as conn:
        pages.missed(conn, "d", "ready", "Behind a wall\0.", state="walled")
        known = articles.origin(conn, "d", "ready")
    assert (known.page_state, known.page_tries, known.page_next_at, known.page_note) == (
        "walled", 2, None, "Behind a wall\ufffd.",
    )  # fmt: skip
    assert due(store, again) == []


@pytest.mark.parametrize(("state", "next_at"), [("wanted", None), ("walled", NOW), ("failed", NOW)])
def test_a_page_is_never_wanted_without_being_due(store: Store, state: Any, next_at: datetime | None) -> None:
    add(store)
    with store.writing() as conn, pytest.raises(ValueError, match="next try"):
        pages.missed(conn, "d", "ready", "Why.", state=state, next_at=next_at)
    assert due(store) == ["ready"]


def test_pages_of_a_guild_that_removed_the_bot_wait_until_it_is_back(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(guild.insert().values(id=7, joined_at=NOW, left_at=NOW))
    add(store, guild_id=7)
    assert due(store) == []
    with store.writing() as conn:
        conn.execute(guild.update().values(left_at=None))
    assert due(store) == ["ready"]


def test_a_page_of_an_unknown_article_is_an_error(store: Store) -> None:
    with store.writing() as conn, pytest.raises(KeyError):
        pages.read(conn, "d", "nothing", PAGE, now=NOW)


def test_an_article_without_an_address_is_never_due(store: Store) -> None:
    add(store, draft=replace(TEASER, url=None))
    assert due(store) == []
