"""An article is known by all its names, and what stands on another site is a copy, not the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import articles, dossiers, feeds, guilds, pages
from bot.store.articles import Relevant, Stored
from bot.store.engine import Store
from summaries.article import Article, Draft, Published
from summaries.topic import Feed

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
DRAFT = Draft(
    text="Ready\n\nBritain is ready.",
    title="Ready",
    publisher="The Paper",
    url="https://paper.example/ready",
    language="en",
    published=Published(datetime(2025, 3, 26, 8, 30, tzinfo=UTC), "time", "stated"),
)
PAGE = Draft(text="Britain is ready.\n\nIts minister said so in London.", title="Ready | The Paper", author="A. Writer")
A, B = (Feed(url=f"https://{name}.example/rss", name=name, kind="news", language="en", note="") for name in ("a", "b"))
GUID, ADDRESS = "feed guid 1", "url:https://paper.example/ready"


def add(store: Store, names: str | Sequence[str], draft: Draft = DRAFT, **more: Any) -> Stored:
    with store.writing() as conn:
        return articles.add(conn, "d", names, draft, **{"now": NOW, **more})


def two_feeds(store: Store) -> tuple[int, int]:
    with store.writing() as conn:
        feeds.sync(conn, "d", [A, B], now=NOW)
        one, two = feeds.due(conn, "d", NOW, 9)
    return one.id, two.id


def text(store: Store, stored: Stored) -> Article:
    with store.reading() as conn:
        found = articles.get(conn, "d", stored.article_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "again", [[GUID], [ADDRESS], ["another guid", ADDRESS], [GUID, "url:https://paper.example/new"]]
)
def test_any_of_its_names_is_enough(store: Store, again: list[str]) -> None:
    first = add(store, [GUID, ADDRESS])
    edited = replace(DRAFT, title="Ready, it says", text="Ready, it says\n\nBritain is ready.")
    assert add(store, again, edited) == Stored(first.article_id, 2, "revised")


def test_a_name_learnt_later_is_as_good(store: Store) -> None:
    first = add(store, [GUID, ADDRESS])
    add(store, ["new guid", ADDRESS])
    changed = replace(DRAFT, text="Quite other words.", url="https://paper.example/moved")
    assert add(store, ["new guid", "url:https://paper.example/moved"], changed).article_id == first.article_id
    with store.reading() as conn:
        names = articles.origin(conn, "d", first.article_id).identities
    assert names == (GUID, "new guid", "url:https://paper.example/moved", ADDRESS)


def test_the_strongest_name_decides(store: Store) -> None:
    one = add(store, ["guid 1", "url:https://paper.example/1"], replace(DRAFT, text="One."))
    two = add(store, ["guid 2", "url:https://paper.example/2"], replace(DRAFT, text="Two."))
    # An address that was given to another entry: the guid says which article it is.
    again = add(store, ["guid 2", "url:https://paper.example/1"], replace(DRAFT, text="Two, edited."))
    assert (again.article_id, again.outcome) == (two.article_id, "revised")
    assert text(store, one).text == "One."


def test_the_same_words_on_another_site_are_an_article_of_their_own(store: Store) -> None:
    first = add(store, [GUID, ADDRESS])
    same_site = add(store, "other guid", replace(DRAFT, url="https://www.paper.example/ready?page=1"))
    assert same_site == Stored(first.article_id, 1, "unchanged")
    elsewhere = add(store, "third guid", replace(DRAFT, url="https://other.example/ready"))
    assert elsewhere.outcome == "new"
    assert elsewhere.article_id != first.article_id


def test_an_edit_of_what_was_taken_for_the_same_is_an_edit(store: Store) -> None:
    first = add(store, [GUID, ADDRESS])
    add(store, "other guid", replace(DRAFT, url="https://paper.example/ready-2"))
    edited = replace(DRAFT, text="Britain is ready, it says.", url="https://paper.example/ready-2")
    assert add(store, "other guid", edited) == Stored(first.article_id, 2, "revised")


def test_two_feeds_with_one_article_do_not_replace_each_other_s_words(store: Store) -> None:
    one, two = two_feeds(store)
    first = add(store, ["a 1", ADDRESS], feed_id=one)
    shorter = replace(DRAFT, text="Ready", publisher="b")
    for _ in range(2):
        assert add(store, ["b 1", ADDRESS], shorter, feed_id=two) == Stored(first.article_id, 1, "unchanged")
        assert add(store, ["a 1", ADDRESS], feed_id=one) == Stored(first.article_id, 1, "unchanged")
    edited = replace(DRAFT, text="Ready\n\nBritain is ready, it says.")
    assert add(store, ["a 1", ADDRESS], edited, feed_id=one).outcome == "revised"
    with store.writing() as conn:
        # The feed it came from is not listed any more: the other one takes over.
        feeds.sync(
            conn, "d", [Feed(url="https://b.example/rss", name="b", kind="news", language="en", note="")], now=NOW
        )
    assert add(store, ["b 1", ADDRESS], shorter, feed_id=two).outcome == "revised"


def test_a_feed_s_new_name_revises_nothing(store: Store) -> None:
    one, _ = two_feeds(store)
    first = add(store, [GUID, ADDRESS], feed_id=one)
    renamed = replace(DRAFT, publisher="The Paper, World")
    assert add(store, [GUID, ADDRESS], renamed, feed_id=one) == Stored(first.article_id, 1, "unchanged")


def test_the_words_of_a_page_outlive_its_teaser(store: Store) -> None:
    one, _ = two_feeds(store)
    first = add(store, [GUID, ADDRESS], feed_id=one, teaser=True, wants_page=True)
    with store.writing() as conn:
        (wanted,) = pages.due(conn, "d", NOW, 9)
        assert (wanted.article_id, wanted.url, wanted.tries) == (first.article_id, DRAFT.url, 0)
        assert pages.read(conn, "d", first.article_id, PAGE, now=NOW) == Stored(first.article_id, 2, "revised")
        assert pages.due(conn, "d", NOW, 9) == []
    full = text(store, first)
    assert (full.text, full.title, full.author, full.published) == (PAGE.text, "Ready", "A. Writer", DRAFT.published)
    assert add(store, [GUID, ADDRESS], feed_id=one, teaser=True, wants_page=True) == Stored(
        first.article_id, 2, "unchanged"
    )
    assert text(store, first).text == PAGE.text


def test_an_edited_teaser_has_its_page_read_again(store: Store) -> None:
    one, _ = two_feeds(store)
    first = add(store, [GUID, ADDRESS], feed_id=one, teaser=True, wants_page=True)
    with store.writing() as conn:
        pages.read(conn, "d", first.article_id, PAGE, now=NOW)
    edited = replace(DRAFT, title="Ready: update", text="Ready: update\n\nBritain is ready.")
    later = NOW + timedelta(hours=1)
    assert (
        add(store, [GUID, ADDRESS], edited, feed_id=one, teaser=True, wants_page=True, now=later).outcome == "revised"
    )
    found = text(store, first)
    assert (found.title, found.text) == ("Ready: update", PAGE.text)
    with store.reading() as conn:
        (wanted,) = pages.due(conn, "d", later, 9)
    # Whoever hears of news has heard of this article.
    assert wanted.tries == 1


def test_an_old_article_s_edited_teaser_leaves_its_words(store: Store) -> None:
    one, _ = two_feeds(store)
    first = add(store, [GUID, ADDRESS], feed_id=one, teaser=True, wants_page=True)
    with store.writing() as conn:
        pages.read(conn, "d", first.article_id, PAGE, now=NOW)
    edited = replace(DRAFT, title="Ready (corrected)", text="Ready (corrected)\n\nBritain is ready.")
    assert add(store, [GUID, ADDRESS], edited, feed_id=one, teaser=True).outcome == "revised"
    assert (text(store, first).title, text(store, first).text) == ("Ready (corrected)", PAGE.text)
    # Once the feed itself holds all of it, that is what counts.
    whole = replace(DRAFT, text="Ready\n\nBritain is ready. Its minister said so in London, and in Paris too.")
    assert add(store, [GUID, ADDRESS], whole, feed_id=one).outcome == "revised"
    assert text(store, first).text == whole.text


def test_a_teaser_never_displaces_a_whole_text_that_came_another_way(store: Store) -> None:
    one, _ = two_feeds(store)
    whole = replace(DRAFT, text="Britain is ready.\n\n" + "Its minister said so in London, at length. " * 9)
    first = add(store, [ADDRESS], whole)
    assert add(store, [GUID, ADDRESS], feed_id=one, teaser=True).article_id == first.article_id
    assert add(store, [GUID, ADDRESS], teaser=True).outcome == "unchanged"
    assert text(store, first).text == whole.text


def test_two_teasers_of_different_days_are_two_articles(store: Store) -> None:
    first = add(store, ["guid 1", "url:https://paper.example/1"], teaser=True)
    later = Published(datetime(2025, 3, 27, 8, 30, tzinfo=UTC), "time", "stated")
    again = replace(DRAFT, url="https://paper.example/2", published=later)
    second = add(store, ["guid 2", "url:https://paper.example/2"], again, teaser=True)
    assert (second.outcome, second.article_id != first.article_id) == ("new", True)


def test_what_is_off_the_topic_is_known_and_shown_nowhere(store: Store) -> None:
    first = add(store, [GUID, ADDRESS], relevance=Relevant(False, 0.1))
    assert add(store, [GUID, ADDRESS]).article_id == first.article_id
    with store.reading() as conn:
        assert articles.current(conn, "d") == []
        assert articles.fresh(conn, "d", since=NOW - timedelta(days=1)) == []
        assert articles.listed(conn, "d") == []
        assert articles.count_and_newest(conn, "d") == (0, None)
        origin = articles.origin(conn, "d", first.article_id)
        assert (origin.relevant, origin.relevance) == (False, 0.1)
        assert articles.get(conn, "d", first.article_id) is not None
    with store.writing() as conn:
        articles.judge(conn, "d", first.article_id, Relevant(True, 0.9))
        assert [one.id for one in articles.current(conn, "d")] == [first.article_id]


def test_a_guild_s_article_is_its_own_until_everyone_has_it(store: Store) -> None:
    with store.writing() as conn:
        dossiers.ensure(conn, "d", now=NOW)
        guilds.joined(conn, 7, "Seven", now=NOW)
    theirs = add(store, [GUID, ADDRESS], guild_id=7)
    ours = add(store, ["a 1", ADDRESS], replace(DRAFT, text="Ready\n\nBritain is ready, says everyone."))
    assert (theirs.outcome, ours.outcome) == ("new", "new")
    assert theirs.article_id != ours.article_id
    # From now on the dossier's is the one that counts, whatever the guild's feed says.
    assert add(store, ["other", ADDRESS], replace(DRAFT, text="Else."), guild_id=7) == Stored(
        ours.article_id, 1, "unchanged"
    )
