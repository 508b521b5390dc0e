"""Briefings name the sources that were not heard from, with the reason and what helps, and nothing when all is well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from bot.app import App
from bot.commands import answer
from bot.commands.briefing import SILENCES, SILENT_AFTER
from bot.feeds.fetch import Reason
from bot.posts import briefings as posts
from bot.render import render
from bot.request import LOCAL_READER, parse
from bot.store import briefings, feeds, guilds
from bot.store.engine import Store
from bot.store.schema import feed
from summaries.topic import Feed

NOW = datetime(2025, 3, 21, 7, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=9)


def listed(name: str) -> Feed:
    return Feed(url=f"https://{name.lower()}.example/feed", name=name, kind="news", language="en", note="")


def sync(app: App, names: Sequence[str]) -> dict[str, int]:
    key = app.library.topic.key
    with app.store.writing() as conn:
        feeds.sync(conn, key, [listed(name) for name in names], now=LONG_AGO)
        found = {one.name: one.id for one in feeds.listed(conn, key, None)}
        return {name: found[name] for name in names}


def ok(app: App, feed_id: int, at: datetime) -> None:
    with app.store.writing() as conn:
        feeds.succeeded(
            conn, feed_id, etag=None, last_modified=None, body_digest=None, asks_seconds=None, moved_to=None,
            next_poll_at=at, now=at,
        )  # fmt: skip


def failed(app: App, feed_id: int, reason: str, at: datetime = NOW) -> None:
    with app.store.writing() as conn:
        feeds.failed(conn, feed_id, reason, f"A sentence on {reason}.", next_poll_at=at, now=at)


def said(app: App, command: str = "briefing 2025-03-20") -> Any:
    request = parse(command, reader=LOCAL_READER, now=NOW)
    assert request is not None
    return answer(request, app.library)


def line(app: App) -> str:
    (found,) = [one.strip() for one in render.as_text(said(app)).splitlines() if "not heard from" in one]
    return found


def test_every_reason_of_the_fetcher_has_words() -> None:
    assert set(get_args(Reason)) < set(SILENCES)
    assert all(len(words) < 100 for words in SILENCES.values())


def test_nothing_is_said_when_all_is_well(app: App) -> None:
    ids = sync(app, ["Agency", "Wire"])
    for one in ids.values():
        ok(app, one, NOW - timedelta(days=1))
    # What fails since yesterday is not silent yet.
    failed(app, ids["Wire"], "gone")
    found = said(app)
    assert "not heard from" not in render.as_text(found)
    assert "not heard from" not in render.as_html(found)
    assert found.data["silent_sources"] == []


def test_each_reason_is_told_once_with_what_helps(app: App) -> None:
    ids = sync(app, ["Agency", "Bulletin", "Courier", "Daily"])
    for name, reason in (("Agency", "gone"), ("Bulletin", "too_slow"), ("Courier", "gone")):
        ok(app, ids[name], LONG_AGO)
        failed(app, ids[name], reason)
    ok(app, ids["Daily"], NOW)
    told = (
        "Sources not heard from: Agency, Courier (gone; the new address is needed); "
        "Bulletin (too slow; tried again by itself)"
    )
    assert line(app) == told
    assert told in render.as_html(said(app))
    assert "Sources not heard from: Agency, Courier" in str(render.as_discord(said(app)))
    assert said(app).data["silent_sources"] == [
        {"source": name, "reason": reason, "words": SILENCES[reason], "last_heard": "2025-03-12T07:00:00Z"}
        for name, reason in (("Agency", "gone"), ("Bulletin", "too_slow"), ("Courier", "gone"))
    ]


def test_many_that_fail_alike_are_one(app: App) -> None:
    names = [f"Source {number}" for number in range(1, 8)]
    ids = sync(app, [*names, "Wire"])
    for name in names:
        ok(app, ids[name], LONG_AGO)
        failed(app, ids[name], "unreachable")
    ok(app, ids["Wire"], NOW)
    assert line(app) == (
        "Sources not heard from: Source 1, Source 2, Source 3, Source 4, Source 5 and 2 more "
        "(no connection; tried again by itself)"
    )
    ok(app, ids["Wire"], LONG_AGO)
    failed(app, ids["Wire"], "unreachable")
    assert line(app) == "Sources not heard from: all 8 (no connection; tried again by itself)"


def test_one_that_never_answered_is_silent_when_it_had_three_days(app: App) -> None:
    ids = sync(app, ["Agency"])
    failed(app, ids["Agency"], "not_a_feed", NOW)
    assert line(app) == (
        "Sources not heard from: Agency (never heard yet: no feed at its address; the right one is needed)"
    )
    assert said(app).data["silent_sources"][0]["last_heard"] is None
    with app.store.writing() as conn:
        conn.execute(feed.update().values(added_at=NOW - SILENT_AFTER + timedelta(hours=18)))
    assert said(app).data["silent_sources"] == []


def test_one_that_is_paused_and_one_that_nobody_asked(app: App) -> None:
    ids = sync(app, ["Agency", "Bulletin"])
    for one in ids.values():
        ok(app, one, LONG_AGO)
    with app.store.writing() as conn:
        conn.execute(feed.update().where(feed.c.id == ids["Agency"]).values(state="paused"))
    assert line(app) == (
        "Sources not heard from: Agency (paused; an administrator can wake it); "
        "Bulletin (not asked, as I was off or reading feeds is switched off)"
    )
    assert [one["reason"] for one in said(app).data["silent_sources"]] == ["paused", "not_asked"]


def test_a_reason_that_is_not_known_here_is_still_told(app: App) -> None:
    ids = sync(app, ["Agency"])
    ok(app, ids["Agency"], LONG_AGO)
    failed(app, ids["Agency"], "news_to_me")
    assert line(app) == "Sources not heard from: Agency (can't be read; tried again by itself)"


def test_what_no_feed_has_been_asked_yet_is_no_silence(app: App) -> None:
    sync(app, ["Agency"])
    assert said(app).data["silent_sources"] == []
    assert "added by hand" in render.as_text(said(app))


def test_the_briefing_that_is_posted_says_it_too(app: App) -> None:
    from datetime import time

    ids = sync(app, ["Agency"])
    ok(app, ids["Agency"], LONG_AGO)
    failed(app, ids["Agency"], "challenge")
    key = app.library.topic.key
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "Nordwind", now=LONG_AGO)
        plan = briefings.switch_on(
            conn, key, 7, channel_id=42, thread_id=None, hour=time(8), zone="UTC", by=1, now=LONG_AGO
        )  # fmt: skip
    made = posts.build(app.library, plan, NOW.date(), now=NOW)
    assert "Agency (a page in between asks to prove to be human; the owner must let feed readers through)" in str(
        render.as_discord(made.answer)
    )
    assert made.answer.data["silent_sources"][0]["reason"] == "challenge"


def test_a_name_from_outside_is_harmless(app: App) -> None:
    ids = sync(app, ["Agency"])
    ok(app, ids["Agency"], LONG_AGO)
    failed(app, ids["Agency"], "gone")
    with app.store.writing() as conn:
        conn.execute(feed.update().values(name="<b>@everyone</b> [x](https://evil.example)"))
    assert "&lt;b&gt;@everyone" in render.as_html(said(app))
    assert "[x](https://evil.example)" not in str(render.as_discord(said(app)))


@pytest.mark.parametrize("guild_id", [None, 7, 8])
def test_a_servers_own_feeds_are_heard_for_that_server(store: Store, guild_id: int | None) -> None:
    with store.writing() as conn:
        for number in (7, 8):
            guilds.joined(conn, number, "N", now=LONG_AGO)
        feeds.sync(conn, "d", [listed("Wire"), listed("Agency")], now=LONG_AGO)
        feeds.add(conn, "d", 7, "https://own.example/feed", name="Aaa", everything=True, by="1", now=LONG_AGO)
        for one in feeds.due(conn, "d", NOW, 9):
            feeds.failed(conn, one.id, "gone", "Gone.", next_poll_at=NOW, now=NOW)
        found = feeds.heard(conn, "d", guild_id)
    assert [one.name for one in found] == ["Agency", "Wire", *(["Aaa"] if guild_id == 7 else [])]
    assert (found[0].last_reason, found[0].added_at, found[0].paused) == ("gone", LONG_AGO, False)
