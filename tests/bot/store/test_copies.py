"""Copies of one text: found by their sketches within some days, and grouped under the first of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.store import articles, briefings, copies
from bot.store.engine import Store
from bot.store.schema import guild, shown
from summaries.article import Draft

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
SINCE = NOW - copies.WITHIN
SKETCH = tuple(range(-3, 7))


def add(
    store: Store, name: str, sketch: tuple[int, ...] = SKETCH, *, copy_of: str | None = None,
    guild_id: int | None = None, **more: Any,
) -> str | None:  # fmt: skip
    with store.writing() as conn:
        articles.add(
            conn, "d", f"guid:{name}", Draft(name), article_id=name, guild_id=guild_id, **{"now": NOW, **more}
        )  # fmt: skip
        alike = copies.alike(conn, "d", sketch, since=SINCE, but=name, guild_id=guild_id)
        return copies.set_sketch(conn, "d", name, sketch, copy_of=copy_of, alike=alike)


def found(store: Store, sketch: tuple[int, ...] = SKETCH, **more: Any) -> tuple[str, ...]:
    with store.reading() as conn:
        return copies.alike(conn, "d", sketch, **{"since": SINCE, "but": "nothing", **more}).articles


def group(store: Store, name: str, guild_id: int | None = None) -> list[str]:
    with store.reading() as conn:
        return [one.id for one in copies.of(conn, "d", name, guild_id=guild_id)]


def test_what_has_enough_in_common_is_found_the_likeliest_first(store: Store) -> None:
    add(store, "some", SKETCH[:4])
    add(store, "most", (*SKETCH[2:], 90, 91))
    add(store, "little", (*SKETCH[:2], 70, 71))
    add(store, "other", (50, 51, 52, 53))
    assert found(store) == ("most", "some")
    assert found(store, ()) == ()
    assert found(store, but="most") == ("some",)


def test_only_within_some_days_and_one_dossier(store: Store) -> None:
    add(store, "first", now=SINCE)
    add(store, "older", now=SINCE - timedelta(seconds=1))
    assert found(store) == ("first",)
    with store.reading() as conn:
        assert copies.alike(conn, "e", SKETCH, since=SINCE, but="").articles == ()


def test_groups_are_one_level_deep_whatever_order_they_are_found_in(store: Store) -> None:
    assert add(store, "first") is None
    # Each has passages that only the one before has as well.
    assert add(store, "second", (*SKETCH[:4], *range(20, 26)), copy_of="first") == "first"
    assert add(store, "third", (*range(20, 26), 40), copy_of="second") == "first"
    assert group(store, "first") == ["second", "third"]
    assert group(store, "second") == ["first", "third"]
    assert group(store, "third") == ["first", "second"]
    # The first of a group turns out to be a copy itself: its copies go with it.
    add(store, "zero", now=NOW - timedelta(hours=1))
    assert add(store, "first", copy_of="zero") == "zero"
    assert group(store, "third") == ["zero", "first", "second"]
    with store.reading() as conn:
        assert {articles.origin(conn, "d", one).copy_of for one in ("first", "second", "third")} == {"zero"}
        assert articles.origin(conn, "d", "zero").copy_of is None


def test_an_edit_can_end_it_and_nothing_is_a_copy_of_itself(store: Store) -> None:
    add(store, "first")
    add(store, "second", (*SKETCH, *range(20, 26)), copy_of="first")
    assert add(store, "first", (*SKETCH, 20, 21, 22), copy_of="second") is None
    assert group(store, "first") == ["second"]
    assert add(store, "second", (80, 81, 82)) is None
    assert group(store, "first") == []
    assert group(store, "nothing") == []


def test_copies_are_handed_on_to_the_earliest_that_everyone_sees(store: Store) -> None:
    with store.writing() as conn:
        for number in (7, 8):
            conn.execute(guild.insert().values(id=number, joined_at=NOW))
    add(store, "first")
    for number, (name, whose) in enumerate((("a7", 7), ("b", None), ("c", None))):
        add(store, name, copy_of="first", guild_id=whose, now=NOW + timedelta(minutes=number))
    with store.writing() as conn:
        for place, void in (("7", False), ("8", True)):
            conn.execute(
                shown.insert().values(
                    dossier="d", place_kind="guild", place_id=place, item_kind="article", item_id="first", shown_at=NOW,
                    void=void,
                )
            )  # fmt: skip
        assert copies.next_first(conn, "d", "first") == "b"
        copies.hand_on(conn, "d", "first", "b", guild_id=None)
        assert copies.next_first(conn, "d", "first") is None
        # Who was shown the first has seen the text.
        assert briefings.shown_to(conn, "d", "guild", "7", "article") == {"first", "b"}
        assert briefings.shown_to(conn, "d", "guild", "8", "article") == set()
    assert group(store, "b", 7) == ["a7", "c"]


def test_copies_that_are_servers_own_are_handed_on_to_each_its_own(store: Store) -> None:
    with store.writing() as conn:
        for number in (7, 8):
            conn.execute(guild.insert().values(id=number, joined_at=NOW))
    add(store, "first")
    for number, (name, whose) in enumerate((("a7", 7), ("d8", 8), ("e8", 8))):
        add(store, name, copy_of="first", guild_id=whose, now=NOW + timedelta(minutes=number))
    with store.writing() as conn:
        for heir, whose in (("a7", 7), ("d8", 8)):
            assert copies.next_first(conn, "d", "first") == heir
            copies.hand_on(conn, "d", "first", heir, guild_id=whose)
        assert copies.next_first(conn, "d", "first") is None
    assert group(store, "a7", 7) == []
    assert group(store, "d8", 8) == ["e8"]


def test_a_guilds_own_copies_are_its_own(store: Store) -> None:
    with store.writing() as conn:
        for number in (7, 8):
            conn.execute(guild.insert().values(id=number, joined_at=NOW))
    add(store, "first")
    add(store, "theirs", copy_of="first", guild_id=7)
    add(store, "own", (*SKETCH[:5], 60, 61, 62, 63), guild_id=7)
    assert found(store) == ("first",)
    assert "own" in found(store, guild_id=7)
    assert found(store, guild_id=8) == ("first",)
    assert group(store, "first") == []
    assert group(store, "first", 7) == ["theirs"]
    assert group(store, "first", 8) == []


@pytest.mark.parametrize("copies_of_it", [1, 20])
def test_copies_of_one_text_store_its_values_once(store: Store, copies_of_it: int) -> None:
    """A report in many outlets is found as surely as one in two."""
    add(store, "first")
    for number in range(copies_of_it):
        assert add(store, f"copy-{number}", copy_of="first") == "first"
    assert found(store) == ("first",)
