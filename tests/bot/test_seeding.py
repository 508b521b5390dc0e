"""New names and words of relevance: all that is stored is looked through again, while others work on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import seeding
from bot.seeding import Mentions, find_mentions, seed
from bot.store import articles, dossiers, guilds
from bot.store.articles import Relevant
from bot.store.engine import Connection, Store
from summaries.article import Article, Draft
from summaries.dossier import Dossier
from summaries.parties import Parties
from tests.bot.tables import shipped

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
GUILD = 7
TEXT = "The harbour office of Iceland has counted all apples."


@pytest.fixture
def before() -> Dossier:
    return replace(shipped(), digest="before")


@pytest.fixture
def after(before: Dossier) -> Dossier:
    """The dossier once harbours belong to its topic."""
    relevance = before.topic.relevance.model_copy(update={"keywords": ("harbour office",), "needs": ()})
    return replace(before, topic=replace(before.topic, relevance=relevance), digest="after")


def add(conn: Connection, key: str, name: str, *, guild_id: int | None = None, **settings: object) -> None:
    given: dict[str, object] = {"relevance": Relevant(False, 0.1), **settings}
    draft = Draft(f"{name}. {TEXT}", title=name, language="en")
    articles.add(conn, key, name, draft, article_id=name, guild_id=guild_id, now=NOW, **given)  # type: ignore[arg-type]


def judged(store: Store, key: str, name: str) -> tuple[bool, bool]:
    """Tell whether an article belongs to the topic, and whether Iceland was found in it."""
    with store.reading() as conn:
        stored = articles.origin(conn, key, name)
        return stored.relevant, [one.party for one in articles.mentioned(conn, key, name, 1)] == ["IS"]


def is_done(store: Store, dossier: Dossier) -> bool:
    with store.reading() as conn:
        taken = dossiers.digests(conn, dossier.topic.key)
    return taken == dossiers.Digests(dossier.digest, seeding.names_digest(dossier.topic))


def test_everybodys_articles_and_each_servers_own_are_judged_again(
    store: Store, before: Dossier, after: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "AT_ONCE", 2)
    key = before.topic.key
    seed(store, before, now=NOW)
    with store.writing() as conn:
        guilds.joined(conn, GUILD, "A server", now=NOW)
        for name in ("one", "two", "three"):
            add(conn, key, name)
        add(conn, key, "own", guild_id=GUILD)
        add(conn, key, "whole", relevance=Relevant(True, 0.1, everything=True))
        add(conn, key, "unjudged", relevance=None)
    assert judged(store, key, "one") == judged(store, key, "own") == (False, False)
    seed(store, after, now=NOW)
    for name in ("one", "two", "three", "own", "whole", "unjudged"):
        assert judged(store, key, name) == (True, True), name
    assert is_done(store, after)
    # The other way round what is kept whole stays.
    seed(store, before, now=NOW)
    for name in ("one", "own"):
        assert judged(store, key, name) == (False, True), name
    for name in ("whole", "unjudged"):
        assert judged(store, key, name) == (True, True), name


def test_others_write_meanwhile_and_what_they_revise_is_theirs(
    sqlite_store: Store, before: Dossier, after: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = before.topic.key
    seed(sqlite_store, before, now=NOW)
    with sqlite_store.writing() as conn:
        for name in ("one", "two"):
            add(conn, key, name)

    def find(text: Article | Draft, parties: Parties) -> Mentions:
        if text.title == "one":
            # SQLite has one writer: this would fail within a transaction that writes.
            with sqlite_store.writing() as conn:
                articles.add(conn, key, "one", Draft("Apples.", title="one"), relevance=Relevant(False, 0.2), now=NOW)
        return find_mentions(text, parties)

    monkeypatch.setattr(seeding, "find_mentions", find)
    seed(sqlite_store, after, now=NOW)
    assert judged(sqlite_store, key, "two") == (True, True)
    with sqlite_store.reading() as conn:
        stored = articles.origin(conn, key, "one")
    assert (stored.relevant, stored.relevance) == (False, 0.2)


def test_one_that_was_interrupted_is_done_again(
    sqlite_store: Store, before: Dossier, after: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "AT_ONCE", 2)
    key, names = before.topic.key, [f"a{number}" for number in range(5)]
    seed(sqlite_store, before, now=NOW)
    with sqlite_store.writing() as conn:
        for name in names:
            add(conn, key, name)

    def find(text: Article | Draft, parties: Parties) -> Mentions:
        if text.title == "a3":
            raise KeyboardInterrupt
        return find_mentions(text, parties)

    with monkeypatch.context() as once:
        once.setattr(seeding, "find_mentions", find)
        with pytest.raises(KeyboardInterrupt):
            seed(sqlite_store, after, now=NOW)
    assert not is_done(sqlite_store, after)
    assert [judged(sqlite_store, key, name)[0] for name in names] == [True, True, False, False, False]
    seed(sqlite_store, after, now=NOW)
    assert is_done(sqlite_store, after)
    assert all(judged(sqlite_store, key, name) == (True, True) for name in names)


LINK = "Read more: Germany and France talk about troops for Ukraine"


def test_what_stands_around_an_article_is_found_nowhere(before: Dossier) -> None:
    text = f"{LINK}\n\n{TEXT}\n\nIceland has many.\n\n{LINK}"
    ((party, count, start, end),) = find_mentions(Draft(text, language="en"), before.parties)
    assert (party, count, text[start:end], start) == ("IS", 2, "Iceland", text.index("Iceland"))


def test_another_way_of_looking_is_used_on_what_is_stored(
    sqlite_store: Store, before: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = before.topic.key
    with monkeypatch.context() as once:
        once.setattr(seeding, "LOOKING", 1)
        seed(sqlite_store, before, now=NOW)
    with sqlite_store.writing() as conn:
        draft = Draft(f"{TEXT}\n\n{LINK}", title="one", language="en")
        stored = articles.add(conn, key, "one", draft, article_id="one", relevance=Relevant(True, 0.9), now=NOW)
        articles.set_mentions(conn, key, "one", stored.revision, [("DE", 1, 66, 73), ("FR", 1, 78, 84)])
    seed(sqlite_store, before, now=NOW)
    assert judged(sqlite_store, key, "one") == (False, True)
    assert is_done(sqlite_store, before)
