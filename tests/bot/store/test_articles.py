"""Articles are stored once, their texts never change, and they are found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from bot.store import articles, counters
from bot.store.engine import Store
from bot.store.schema import article_revision, guild
from summaries.article import Article, Draft, Published

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
DRAFT = Draft(
    text="Kyiv, Monday\r\n\r\nBritain is ready.\r\n",
    title="Ready",
    publisher="AP",
    author="A. Writer",
    url="https://example.org/ready",
    language="en",
    published=Published(datetime(2025, 3, 20, 8, 30, tzinfo=UTC), "time", "stated"),
    body_start=14,
    warnings=("odd",),
)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def add(store: Store, identity: str, draft: Draft | Article = DRAFT, **more: object) -> articles.Stored:
    with store.writing() as conn:
        return articles.add(conn, "d", identity, draft, **{"now": NOW, **more})  # type: ignore[arg-type]


def test_an_article_comes_back_as_it_was_stored(store: Store) -> None:
    stored = add(store, "https://example.org/ready", label="the report", background=True)
    assert stored.outcome == "new"
    assert len(stored.article_id) == 12
    with store.reading() as conn:
        assert articles.get(conn, "d", stored.article_id) == Article(
            id=stored.article_id,
            revision=1,
            text=DRAFT.text,
            title="Ready",
            publisher="AP",
            author="A. Writer",
            url="https://example.org/ready",
            label="the report",
            language="en",
            published=DRAFT.published,
            background=True,
            body_start=14,
        )
        assert articles.text_of(conn, "d", stored.article_id, 1) == DRAFT.text
        (info,) = articles.revisions(conn, "d", stored.article_id)
        assert (info.number, info.stored_at, info.warnings, info.text_removed_at) == (1, NOW, ("odd",), None)
        assert articles.get(conn, "d", stored.article_id, 2) is None
        assert articles.get(conn, "other", stored.article_id) is None


def test_the_same_article_is_stored_once(store: Store) -> None:
    first = add(store, "guid-1")
    assert add(store, "guid-1") == articles.Stored(first.article_id, 1, "unchanged")
    # Another address for the same text.
    assert add(store, "guid-2") == articles.Stored(first.article_id, 1, "unchanged")
    with store.reading() as conn:
        assert articles.count_and_newest(conn, "d") == (1, DRAFT.published.at)


def test_the_id_depends_on_the_identity_alone(store: Store) -> None:
    with store.writing() as conn:
        one = articles.add(conn, "d", "guid-1", DRAFT, now=NOW)
        two = articles.add(conn, "e", "guid-1", replace(DRAFT, text="Other."), now=NOW)
    assert one.article_id == two.article_id


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Britain is not ready."},
        {"title": "Not ready"},
        {"url": None},
        {"body_start": 0},
        {"published": Published(datetime(2025, 3, 20, tzinfo=UTC), "day", "inferred")},
    ],
)
def test_a_change_under_a_known_identity_is_a_new_revision(store: Store, change: dict[str, object]) -> None:
    stored = add(store, "guid-1")
    edited = replace(DRAFT, **change)  # type: ignore[arg-type]
    assert add(store, "guid-1", edited) == articles.Stored(stored.article_id, 2, "revised")
    assert add(store, "guid-1", edited).outcome == "unchanged"
    with store.reading() as conn:
        old = articles.get(conn, "d", stored.article_id, 1)
        new = articles.get(conn, "d", stored.article_id)
        assert old is not None
        assert new is not None
        assert (old.text, old.title, old.revision) == (DRAFT.text, DRAFT.title, 1)
        assert (new.text, new.title, new.revision) == (edited.text, edited.title, 2)
        assert [info.number for info in articles.revisions(conn, "d", stored.article_id)] == [1, 2]
        assert [one.revision for one in articles.current(conn, "d")] == [2]


def test_a_text_that_an_article_no_longer_has_is_a_new_article(store: Store) -> None:
    add(store, "guid-1")
    add(store, "guid-1", replace(DRAFT, text="Rewritten."))
    assert add(store, "guid-2").outcome == "new"


def test_a_given_id_is_kept_and_guarded(store: Store) -> None:
    assert add(store, "seed/explainer.txt", article_id="explainer").article_id == "explainer"
    with pytest.raises(ValueError, match="already the id"):
        add(store, "seed/other.txt", replace(DRAFT, text="Other."), article_id="explainer")


def test_what_databases_cannot_hold_is_replaced_one_for_one(store: Store) -> None:
    stored = add(store, "guid\0", Draft("a\0b\ud800c", title="t\0"))
    with store.reading() as conn:
        found = articles.get(conn, "d", stored.article_id)
    assert found is not None
    assert (found.text, found.title) == ("a\ufffdb\ufffdc", "t\ufffd")
    assert add(store, "guid\0", Draft("a\0b\ud800c", title="t\0")).outcome == "unchanged"


def test_ids_may_be_shortened_while_unique(store: Store) -> None:
    for name in ("report-one", "report-two", "rep%rt"):
        add(store, name, Draft(name), article_id=name)
    with store.reading() as conn:
        assert articles.find(conn, "d", "report-one") == ["report-one"]
        assert articles.find(conn, "d", "REPORT-T") == ["report-two"]
        assert articles.find(conn, "d", "repo") == ["report-one", "report-two"]
        assert articles.find(conn, "d", "rep%") == ["rep%rt"]
        assert articles.find(conn, "d", "rep") == []
        assert articles.find(conn, "d", "____") == []


def test_the_window_is_over_when_it_was_published_or_else_stored(store: Store) -> None:
    dated = add(store, "dated").article_id
    undated = add(store, "undated", Draft("No date."), now=NOW - timedelta(days=1)).article_id
    # Edited today: it stays where it was in time.
    add(store, "undated", Draft("No date, edited."))
    assert DRAFT.published.at is not None
    with store.reading() as conn:

        def window(since: datetime | None, until: datetime | None) -> list[str]:
            return [one.id for one in articles.current(conn, "d", since=since, until=until)]

        assert window(None, None) == [dated, undated]
        assert window(DRAFT.published.at, NOW - timedelta(days=1)) == [dated]
        assert window(NOW - timedelta(days=1), NOW) == [undated]
        assert window(NOW, None) == []
        assert articles.count_and_newest(conn, "d") == (2, DRAFT.published.at), "the day of storing is no date"
        assert articles.count_and_newest(conn, "d", NOW - timedelta(days=1)) == (1, DRAFT.published.at)
        assert articles.count_and_newest(conn, "e") == (0, None)


def test_mentions_are_those_of_the_current_revision(store: Store) -> None:
    stored = add(store, "guid-1")
    with store.writing() as conn:
        articles.set_mentions(conn, "d", stored.article_id, 1, [("GB", 2, 16, 23), ("UA", 1, 0, 4)])
        articles.set_mentions(conn, "d", stored.article_id, 1, [("GB", 1, 16, 23)])
    with store.reading() as conn:
        assert [
            (m.article.id, m.article.revision, m.count, m.start, m.end) for m in articles.mentions(conn, "d", "GB")
        ] == [(stored.article_id, 1, 1, 16, 23)]
        assert articles.count_mentions(conn, "d", "GB") == 1
        assert articles.listed(conn, "d")[0].title == DRAFT.title
        assert articles.mentions(conn, "d", "UA") == []
        assert articles.mentions(conn, "d", "GB", DRAFT.published.at) == []
    add(store, "guid-1", replace(DRAFT, text="Edited."))
    with store.reading() as conn:
        assert articles.mentions(conn, "d", "GB") == []


def test_what_a_guild_brings_is_its_own(store: Store) -> None:
    with store.writing() as conn:
        for id_ in (1, 2):
            conn.execute(guild.insert().values(id=id_, joined_at=NOW))
    own = add(store, "guid-1", guild_id=1)
    other = add(store, "guid-1", guild_id=2)
    assert own.article_id != other.article_id
    with store.reading() as conn:
        assert articles.current(conn, "d") == []
        assert [one.id for one in articles.current(conn, "d", guild_id=1)] == [own.article_id]
    public = add(store, "guid-1")
    assert public.outcome == "new"
    # A guild's feed can't put words into the dossier's article.
    assert add(store, "guid-1", replace(DRAFT, text="Forged."), guild_id=1) == replace(public, outcome="unchanged")
    with store.reading() as conn:
        assert articles.text_of(conn, "d", public.article_id, 1) == DRAFT.text


def test_a_removed_text_leaves_the_article_known(store: Store) -> None:
    stored = add(store, "guid-1")
    with store.writing() as conn:
        conn.execute(update(article_revision).values(text=None, text_removed_at=NOW))
    with store.reading() as conn:
        assert articles.text_of(conn, "d", stored.article_id, 1) is None
        assert articles.current(conn, "d") == []
        assert articles.count_and_newest(conn, "d")[0] == 1
    assert add(store, "guid-1").outcome == "unchanged"


def test_writing_moves_the_counter_and_nothing_else_does(store: Store) -> None:
    def count() -> int:
        with store.reading() as conn:
            return counters.value(conn)

    assert count() == 0
    add(store, "guid-1")
    first = count()
    assert first > 0
    add(store, "guid-1")
    assert count() == first
    add(store, "guid-1", replace(DRAFT, title="Other"))
    assert count() > first


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=WORDS,
    title=st.none() | WORDS,
    at=st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()),  # noqa: DTZ001
)
def test_any_text_survives_unchanged(store: Store, text: str, title: str | None, at: datetime | None) -> None:
    draft = Draft(text, title=title, published=Published(at, "time", "stated") if at else Published())
    stored = add(store, f"guid {text!r} {title!r} {at}", draft)
    if stored.outcome != "new":
        return
    with store.reading() as conn:
        found = articles.get(conn, "d", stored.article_id)
    assert found is not None
    # Compared in UTC: Python never calls a moment in a repeated hour equal to one in another zone.
    assert (found.text, found.title, found.published.at) == (text, title, at and at.astimezone(UTC))
    if found.published.at is not None:
        assert found.published.at.tzinfo is UTC


def test_only_what_is_new_and_no_background_is_fresh(store: Store) -> None:
    with store.writing() as conn:
        for number in (7, 8):
            conn.execute(guild.insert().values(id=number, joined_at=NOW))

    def draft(name: str, published: datetime | None = None) -> Draft:
        return Draft(name, published=Published(published, "time", "stated") if published else Published())

    later = NOW + timedelta(hours=1)
    add(store, "before", draft("before"), article_id="before", now=NOW - timedelta(seconds=1))
    add(store, "shipped", draft("shipped"), article_id="shipped", background=True)
    add(store, "late", draft("late", NOW - timedelta(days=1)), article_id="late", now=later)
    add(store, "exact", draft("exact"), article_id="exact")
    add(store, "own", draft("own"), article_id="own", guild_id=7)
    add(store, "others", draft("others"), article_id="others", guild_id=8)
    # An edit is no news: what was stored before stays before.
    add(store, "before", draft("before, edited"), now=later)
    add(store, "exact", draft("exact, edited"), now=later)
    with store.reading() as conn:
        found = articles.fresh(conn, "d", since=NOW)
        assert [(one.id, one.revision) for one in found] == [("late", 1), ("exact", 2)]
        assert {one.id for one in articles.fresh(conn, "d", since=NOW, guild_id=7)} == {"late", "exact", "own"}
        assert [one.id for one in articles.fresh(conn, "d", since=later)] == ["late"]
        assert articles.fresh(conn, "e", since=NOW) == []
    with store.writing() as conn:
        conn.execute(
            update(article_revision)
            .where(article_revision.c.article_id == "late")
            .values(text=None, text_removed_at=NOW)
        )
        assert [one.id for one in articles.fresh(conn, "d", since=NOW)] == ["exact"]


def test_parties_that_a_revision_speaks_of(store: Store) -> None:
    stored = add(store, "guid-1")
    with store.writing() as conn:
        articles.set_mentions(conn, "d", stored.article_id, 1, [("GB", 2, 15, 22), ("DE", 1, 3, 5)])
        assert articles.mentioned(conn, "d", stored.article_id, 1) == [
            articles.Spoken("DE", 1, 3, 5),
            articles.Spoken("GB", 2, 15, 22),
        ]
        assert articles.mentioned(conn, "d", stored.article_id, 2) == []
        assert articles.mentioned(conn, "e", stored.article_id, 1) == []


def test_the_dossiers_own_articles_are_no_news(store: Store) -> None:
    add(store, "seed:explainer", article_id="explainer")
    with store.reading() as conn:
        assert not articles.any_news(conn, "d")
    add(store, "seeds", replace(DRAFT, text="Other."))
    with store.reading() as conn:
        assert articles.any_news(conn, "d")
        assert not articles.any_news(conn, "e")
