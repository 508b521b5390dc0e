"""Texts that nothing quotes go in time; what is quoted, and that an article was there, stays."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from bot.app import App
from bot.commands import answer
from bot.config import KeepSettings, read_settings
from bot.render import render
from bot.request import LOCAL_READER, Request, parse
from bot.run import Running
from bot.shelf import article_text, find_article
from bot.store import articles, claims, copies, counters, feeds, figures, pages, retention
from bot.store.engine import Connection, Store
from bot.store.errors import ReceiptError
from bot.store.schema import article_sketch, dossier
from summaries.article import Draft, Published, fingerprint
from summaries.claims import STATES, Claim, Figure, Quote, State
from summaries.toml import Problems
from summaries.topic import Feed

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=400)
TEXT = "Britain will lead the force."
CLAIM = Claim(
    id="gb", party="GB", stance="leading", quotes=(), speaker="reporter", kind="reporter", reported_on=date(2025, 3, 20)
)
FIGURE = Figure(
    id="soldiers", measure="soldiers", value="10", quotes=(), speaker="reporter", kind="reporter",
    reported_on=date(2025, 3, 20),
)  # fmt: skip


def add(store: Store, name: str, text: str | None = None, **more: Any) -> str:
    with store.writing() as conn:
        draft = Draft(f"{TEXT} {name}" if text is None else text, title=name)
        stored = articles.add(conn, "d", f"guid:{name}", draft, article_id=name, **{"now": OLD, **more})
    return stored.article_id


def quote(article_id: str, revision: int = 1) -> Quote:
    return Quote(article_id, revision, 0, len(TEXT), TEXT)


def due(
    store: Store, days: int | None = 365, off_topic: int | None = 14, now: datetime = NOW, **more: int
) -> list[tuple[str, int]]:
    with store.reading() as conn:
        return retention.removable(
            conn,
            "d",
            before=None if days is None else now - timedelta(days=days),
            off_topic_before=None if off_topic is None else now - timedelta(days=off_topic),
            **more,
        )


def remove(store: Store, found: list[tuple[str, int]]) -> int:
    with store.writing() as conn:
        return retention.remove_texts(conn, "d", found, now=NOW)


def texts(store: Store, article_id: str) -> list[str | None]:
    with store.reading() as conn:
        known = articles.revisions(conn, "d", article_id)
        return [articles.text_of(conn, "d", article_id, one.number) for one in known]


def test_old_texts_go_and_the_rest_stays(store: Store) -> None:
    add(store, "old")
    add(store, "young", now=NOW - timedelta(days=364))
    with store.writing() as conn:
        articles.set_mentions(conn, "d", "old", 1, [("GB", 1, 0, 7)])
    assert remove(store, due(store)) == 1
    assert texts(store, "old") == [None]
    assert texts(store, "young") == [f"{TEXT} young"]
    with store.reading() as conn:
        kept = articles.get(conn, "d", "old")
        assert kept is not None
        assert (kept.title, kept.text) == ("old", "")
        (info,) = articles.revisions(conn, "d", "old")
        assert info.text_removed_at == NOW
        # Nothing can be quoted from it, but it did speak of them, and is counted where silence is.
        assert [one.id for one in articles.current(conn, "d")] == ["young"]
        assert articles.fresh(conn, "d", since=OLD) == articles.current(conn, "d")
        assert articles.count_and_newest(conn, "d")[0] == 2
        assert articles.count_mentions(conn, "d", "GB") == 1
    assert due(store) == []


def test_a_text_goes_by_when_it_was_stored_not_by_its_date(store: Store) -> None:
    """An archive that is read today is there to be worked with."""
    with store.writing() as conn:
        draft = Draft(TEXT, published=Published(OLD - timedelta(days=3000), "day", "stated"))
        articles.add(conn, "d", "guid:archive", draft, article_id="archive", now=NOW - timedelta(days=1))
    assert due(store) == []
    assert due(store, now=NOW + timedelta(days=365)) == [("archive", 1)]


def test_for_ever_is_for_ever(store: Store) -> None:
    add(store, "old")
    add(store, "other", relevance=articles.Relevant(False, 0.1))
    assert due(store, None, None) == []
    assert due(store, None, 14) == [("other", 1)]
    assert {one for one, _ in due(store, 365, None)} == {"old", "other"}


def test_what_is_off_the_topic_goes_sooner(store: Store) -> None:
    soon = NOW - timedelta(days=15)
    add(store, "on", now=soon, relevance=articles.Relevant(True, 0.9))
    add(store, "off", now=soon, relevance=articles.Relevant(False, 0.1))
    add(store, "fresh", now=NOW - timedelta(days=13), relevance=articles.Relevant(False, 0.1))
    assert due(store) == [("off", 1)]


def test_the_dossiers_own_articles_stay_whole(store: Store) -> None:
    """Its rows are checked against them again whenever its files change."""
    with store.writing() as conn:
        articles.add(conn, "d", "seed:report", Draft(TEXT), article_id="report", background=True, now=OLD)
    assert due(store) == []


def test_each_dossier_for_itself(store: Store) -> None:
    with store.writing() as conn:
        articles.add(conn, "e", "guid:1", Draft(TEXT), article_id="theirs", now=OLD)
    assert due(store) == []
    assert remove(store, [("theirs", 1)]) == 0


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("ledger", "row"), [(claims, CLAIM), (figures, FIGURE)])
def test_what_any_row_ever_quoted_keeps_its_text(store: Store, ledger: ModuleType, row: Any, state: State) -> None:
    for name in ("first", "second", "third"):
        add(store, name)
    with store.writing() as conn:
        for name, became in (("first", state), ("second", "withdrawn")):
            value = replace(row, quotes=(quote(name),), state=became)
            ledger.add_revision(conn, "d", value, now=OLD, by="editor", why="read")
    assert remove(store, due(store)) == 1
    assert [texts(store, name) for name in ("first", "second", "third")] == [
        [f"{TEXT} first"], [f"{TEXT} second"], [None],
    ]  # fmt: skip
    # Even when asked by name.
    assert remove(store, [("first", 1), ("second", 1)]) == 0


def test_only_the_quoted_revision_is_kept(store: Store) -> None:
    add(store, "edited")
    with store.writing() as conn:
        claims.add_revision(conn, "d", replace(CLAIM, quotes=(quote("edited"),)), now=OLD, by="editor", why="read")
        articles.add(conn, "d", "guid:edited", Draft("Rewritten.", title="edited"), now=OLD)
    assert remove(store, due(store)) == 1
    assert texts(store, "edited") == [f"{TEXT} edited", None]


def test_a_removed_article_comes_again_through_its_feed_as_the_one_it_was(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(insert(dossier).values(key="d", created_at=OLD))
        feeds.sync(
            conn, "d", [Feed(url="https://x.example/feed", name="X", kind="news", language="en", note="")], now=OLD
        )
        (feed_id,) = [one.id for one in feeds.due(conn, "d", OLD, 9)]
        draft = Draft(TEXT, title="Ready", url="https://x.example/1")
        stored = articles.add(conn, "d", ["guid:1", "url:x.example/1"], draft, feed_id=feed_id, now=OLD)
    assert remove(store, due(store)) == 1
    with store.writing() as conn:

        def again(identities: list[str], text: str = TEXT) -> articles.Stored:
            return articles.add(conn, "d", identities, replace(draft, text=text), feed_id=feed_id, now=NOW)

        same = replace(stored, outcome="unchanged")
        assert again(["guid:1", "url:x.example/1"]) == same
        assert again(["guid:2", "url:x.example/1"]) == same, "under another guid"
        assert again(["guid:3"]) == same, "by its words alone"
        assert articles.text_of(conn, "d", stored.article_id, 1) is None
        # An edit is a new revision, with the text that it has now.
        assert again(["guid:1"], "Edited.") == articles.Stored(stored.article_id, 2, "revised")
    assert texts(store, stored.article_id) == [None, "Edited."]
    assert due(store) == []


def test_a_teaser_is_edited_after_the_words_of_its_page_went(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(insert(dossier).values(key="d", created_at=OLD))
        listed = Feed(url="https://x.example/feed", name="X", kind="news", language="en", note="")
        feeds.sync(conn, "d", [listed], now=OLD)
        (feed_id,) = [one.id for one in feeds.due(conn, "d", OLD, 9)]
        teaser = Draft("Ready ...", title="Ready", url="https://x.example/1")
        add = {"feed_id": feed_id, "teaser": True}
        articles.add(conn, "d", "guid:1", teaser, article_id="one", wants_page=True, now=OLD, **add)
        pages.read(conn, "d", "one", Draft(TEXT), now=OLD)
    assert remove(store, due(store)) == 2
    with store.writing() as conn:
        edited = replace(teaser, text="Readier ...", title="Readier")
        assert articles.add(conn, "d", "guid:1", edited, now=NOW, **add).outcome == "revised"
        assert articles.text_of(conn, "d", "one", 3) == "Readier ..."


def test_a_round_is_bounded_and_the_next_goes_on(store: Store) -> None:
    for number in range(5):
        add(store, f"article-{number}", now=OLD + timedelta(days=number))
    first = due(store, limit=3)
    assert first == [("article-0", 1), ("article-1", 1), ("article-2", 1)]
    assert remove(store, first) == 3
    assert remove(store, first) == 0, "once"
    assert due(store) == [("article-3", 1), ("article-4", 1)]


def test_answers_that_are_kept_are_made_anew_where_something_went(store: Store) -> None:
    add(store, "old")
    with store.reading() as conn:
        before = counters.value(conn)
    remove(store, due(store))
    remove(store, [("old", 1)])
    with store.reading() as conn:
        assert counters.value(conn) == before + 1


# --- while an editor approves -----------------------------------------------------------------------------------------


def approve(conn: Connection, article_id: str) -> None:
    claims.add_revision(conn, "d", replace(CLAIM, quotes=(quote(article_id),)), now=NOW, by="editor", why="read")


def beside(store: Store, first: Callable[[Connection], object], second: Callable[[Connection], object]) -> None:
    """Run two transactions at once: the first is kept open until the second ends, or a while where that waits."""
    begun, ended = Event(), Event()

    def one() -> None:
        with store.writing() as conn:
            first(conn)
            begun.set()
            ended.wait(0.2)

    def other() -> None:
        begun.wait(10)
        try:
            with store.writing() as conn:
                second(conn)
        finally:
            ended.set()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(one), threads.submit(other)]:
            done.result(20)


def test_a_claim_that_is_approved_while_texts_are_removed_keeps_its_text(store: Store) -> None:
    add(store, "old")
    found = due(store)
    assert found == [("old", 1)]
    beside(
        store, lambda conn: approve(conn, "old"), lambda conn: retention.remove_texts(conn, "d", found, now=NOW)
    )  # fmt: skip
    assert texts(store, "old") == [f"{TEXT} old"]
    with store.reading() as conn:
        assert [one.id for one in claims.effective(conn, "d")] == ["gb"]


def test_a_claim_that_comes_after_its_text_went_is_refused(store: Store) -> None:
    add(store, "old")
    found = due(store)
    with pytest.raises(ReceiptError, match="removed"):
        beside(
            store, lambda conn: retention.remove_texts(conn, "d", found, now=NOW), lambda conn: approve(conn, "old")
        )  # fmt: skip
    with store.reading() as conn:
        assert claims.effective(conn, "d") == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plan=st.lists(
        st.tuples(st.integers(0, 800), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=6
    ),
    days=st.none() | st.integers(30, 800),
    off_topic=st.none() | st.integers(7, 800),
)  # fmt: skip
def test_a_text_is_gone_exactly_when_it_may_be(
    store: Store, plan: list[tuple[int, bool, bool, bool]], days: int | None, off_topic: int | None
) -> None:
    with store.reading() as conn:
        base = counters.value(conn)
    expected = {}
    for number, (age, relevant, quoted, shipped) in enumerate(plan):
        name = f"a{base}-{number}"
        identity = f"{'seed' if shipped else 'guid'}:{name}"
        with store.writing() as conn:
            articles.add(
                conn, "d", identity, Draft(f"{TEXT} {name}"), article_id=name,
                relevance=articles.Relevant(relevant, 0.5), now=NOW - timedelta(days=age),
            )  # fmt: skip
            if quoted:
                row = replace(CLAIM, id=f"c{name}", quotes=(quote(name),))
                claims.add_revision(conn, "d", row, now=NOW, by="editor", why="read")
        old = (days is not None and age > days) or (off_topic is not None and not relevant and age > off_topic)
        expected[name] = None if old and not quoted and not shipped else f"{TEXT} {name}"
    remove(store, due(store, days, off_topic))
    assert {name: texts(store, name)[0] for name in expected} == expected


# --- sketches --------------------------------------------------------------------------------------------------------


def test_sketches_are_forgotten_and_copies_stay_copies(store: Store) -> None:
    young = NOW - timedelta(days=1)
    for name, at in (("first", OLD), ("copy", OLD), ("young", young)):
        add(store, name, now=at)
    with store.writing() as conn:
        conn.execute(
            insert(article_sketch),
            [
                {"dossier": "d", "value": value, "article_id": name}
                for name in ("first", "copy", "young")
                for value in range(3)
            ],
        )
        articles.change(conn, "d", "copy", {"copy_of": "first"})
        before = NOW - copies.WITHIN
        assert retention.forget_sketches(conn, "e", before=before) == 0
        assert retention.forget_sketches(conn, "d", before=before, limit=1) == 1
        assert retention.forget_sketches(conn, "d", before=before, limit=5) == 1
        assert retention.forget_sketches(conn, "d", before=before) == 0
        left = select(article_sketch.c.article_id, func.count()).group_by(article_sketch.c.article_id)
        assert [tuple(row) for row in conn.execute(left)] == [("young", 3)]
        assert [one.id for one in copies.of(conn, "d", "first")] == ["copy"]


# --- housekeeping ----------------------------------------------------------------------------------------------------


async def test_housekeeping_removes_what_is_old_and_nothing_where_all_is_kept(app: App) -> None:
    key = app.library.topic.key
    count, long_ago = 2 * retention.AT_ONCE + 1, app.clock() - timedelta(days=366)
    with app.store.writing() as conn:
        for number in range(count):
            articles.add(conn, key, f"guid:{number}", Draft(f"Article {number}."), now=long_ago)
    kept = replace(app, settings=app.settings.model_copy(update={"keep": KeepSettings(texts_days=0)}))

    def without_text() -> int:
        with app.store.reading() as conn:
            return articles.count_and_newest(conn, key)[0] - len(articles.current(conn, key))

    await Running(kept).tidy()
    assert without_text() == 0
    await Running(app).tidy()
    assert without_text() == count
    # The shipped articles, and what is said of them, are as they were.
    assert "Helps in other ways" in render.as_text(answer(asked("who-is-in"), app.library))
    assert answer(asked("proof Italy"), app.library).ok
    await Running(app).tidy()
    assert without_text() == count


def test_an_article_is_shown_with_the_fingerprint_that_its_text_had(app: App) -> None:
    key = app.library.topic.key
    with app.store.writing() as conn:
        articles.add(conn, key, "guid:gone", Draft(TEXT), article_id="gone", now=OLD)
    before = article_text(*find_article(app.library, "gone", None)).splitlines()
    retention.tidy(app.store, key, KeepSettings(), now=NOW)
    after = article_text(*find_article(app.library, "gone", None)).splitlines()
    assert f"Fingerprint: {fingerprint(TEXT)[:12]}" in before[7]
    assert after[:8] == before[:8]
    assert "removed" in after[8]


def test_what_is_known_of_a_country_outlives_the_texts_and_briefings_leave_them_out(app: App) -> None:
    key, day = app.library.topic.key, datetime(2024, 2, 1, 8, tzinfo=UTC)
    quoted, gone = "Italy will send nobody, its minister said on Monday.", "Italy was spoken of in Rome on Monday."
    with app.store.writing() as conn:
        for name, text in (("quoted", quoted), ("gone", gone)):
            draft = Draft(text, title=name.capitalize(), published=Published(day, "time", "stated"), language="en")
            articles.add(conn, key, f"guid:{name}", draft, article_id=name, now=day)
            articles.set_mentions(conn, key, name, 1, [("IT", 1, 0, 5)])
        claim = replace(
            CLAIM, id="it-old", party="IT", stance="refuses", reported_on=day.date(),
            quotes=(Quote("quoted", 1, 0, len(quoted), quoted),),
        )  # fmt: skip
        claims.add_revision(conn, key, claim, now=day, by="editor", why="read")
    before = answer(asked("status Italy as-of 2024-02-02"), app.library)
    with app.store.reading() as conn:
        found = retention.removable(conn, key, before=NOW - timedelta(days=365), off_topic_before=None)
    assert found == [("gone", 1)]
    with app.store.writing() as conn:
        retention.remove_texts(conn, key, found, now=NOW)
    after = answer(asked("status Italy as-of 2024-02-02"), app.library)
    assert render.as_text(after) == render.as_text(before)
    assert after.data["spoken_of"] == 2
    assert answer(asked("proof Italy as-of 2024-02-02"), app.library).data["checks"][0]["found"]
    told = answer(asked("briefing 2024-02-01"), app.library).data
    assert [one["article"] for story in told["stories"] for one in story["articles"]] == ["quoted"]


def asked(words: str) -> Request:
    request = parse(words, reader=LOCAL_READER, now=NOW)
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("texts_days = 29", "keep.texts_days = 29: allowed: 30 to 36500, or 0 (for ever)"),
        ("texts_days = -1", "keep.texts_days = -1: allowed: 30 to 36500, or 0 (for ever)"),
        ("off_topic_days = 6", "keep.off_topic_days = 6: allowed: 7 to 36500, or 0 (as long as any other)"),
        ("off_topic_days = true", "keep.off_topic_days = True: it must be a whole number"),
    ],
)
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, line: str, allowed: str) -> None:
    (tmp_path / "config.toml").write_text(f"[keep]\n{line}\n")
    with pytest.raises(Problems, match=re.escape(allowed)):
        read_settings(tmp_path, None, {})


def test_for_ever_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[keep]\ntexts_days = 0\noff_topic_days = 0\n")
    assert read_settings(tmp_path, None, {}).keep == KeepSettings(texts_days=0, off_topic_days=0)
