"""Who changed which setting of a server stays on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.store import audit, subscriptions
from bot.store.audit import Entry
from bot.store.engine import Store

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)


def test_changes_come_back_the_newest_first_and_each_server_sees_its_own(store: Store) -> None:
    with store.writing() as conn:
        audit.record(conn, "1", "prefix changed", guild_id=7, before={"prefix": "!"}, after={"prefix": "?"}, now=NOW)
        audit.record(conn, "2", "briefing paused", guild_id=7, target="42", now=NOW + timedelta(hours=1))
        # Two in the same moment: the later written is the newer.
        audit.record(conn, "3", "briefing resumed", guild_id=7, target="42", now=NOW + timedelta(hours=1))
        audit.record(conn, "4", "briefing ended", guild_id=8, now=NOW + timedelta(hours=2))
        audit.record(conn, "editor", "table imported", now=NOW)
    with store.reading() as conn:
        assert audit.recent(conn, 7, 10) == [
            Entry(NOW + timedelta(hours=1), "3", "briefing resumed", "42", None, None),
            Entry(NOW + timedelta(hours=1), "2", "briefing paused", "42", None, None),
            Entry(NOW, "1", "prefix changed", None, {"prefix": "!"}, {"prefix": "?"}),
        ]
        assert [one.who for one in audit.recent(conn, 7, 1)] == ["3"]
        assert audit.recent(conn, 9, 10) == []


def test_a_change_is_recorded_only_together_with_what_it_changes(store: Store) -> None:
    def fail() -> None:
        with store.writing() as conn:
            audit.record(conn, "1", "prefix changed", guild_id=7, now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as conn:
        assert audit.recent(conn, 7, 10) == []


def test_a_long_address_is_cut(store: Store) -> None:
    longest, longer = "https://x.example/".ljust(200, "x"), "https://x.example/".ljust(2000, "x")
    with store.writing() as conn:
        for target in (longest, longer):
            audit.record(conn, "1", "feed added", guild_id=7, target=target, now=NOW)
        found = [one.target for one in audit.recent(conn, 7, 10)]
    assert found == [longest[:199] + "…", longest]


def test_a_person_who_is_forgotten_leaves_the_change_but_not_the_name(store: Store) -> None:
    with store.writing() as conn:
        audit.record(conn, "1", "briefing paused", guild_id=7, now=NOW)
        subscriptions.delete_person(conn, "user", "1")
        assert [(one.who, one.action) for one in audit.recent(conn, 7, 10)] == [
            (subscriptions.FORGOTTEN, "briefing paused")
        ]
