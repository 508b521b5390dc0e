"""Servers come and go: removed, nothing is sent; thirty days later nothing is left; back in time, all is kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

from sqlalchemy import insert, select, update

from bot.store import deliveries, dossiers, events, guilds, subscriptions
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.guilds import KEPT_AFTER_LEAVING, Guild
from bot.store.schema import (
    article,
    article_mention,
    article_revision,
    audit,
    briefing,
    delivery,
    event,
    feed,
    guild,
    guild_briefing,
    metadata,
    shown,
    story,
    story_article,
)

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
KICKED, OTHER = 100, 200
MONTH_LATER = NOW + KEPT_AFTER_LEAVING


def _shared(conn: Connection) -> int:
    """What belongs to the dossier and to no server: a story, an event, and somebody who subscribed elsewhere."""
    dossiers.ensure(conn, "d", now=NOW)
    events.record(conn, "d", "position_moved", "DE", "shared", leaves_at=NOW, now=NOW)
    events.record(conn, "d", "position_moved", "FR", "shared too", leaves_at=NOW, now=NOW)
    conn.execute(insert(article).values(**_article("common", None)))
    conn.execute(insert(article_revision).values(**_revision("common")))
    made = conn.execute(
        insert(story).values(dossier="d", title="A story", created_at=NOW, changed_at=NOW).returning(story.c.id)
    ).scalar_one()
    conn.execute(insert(story_article).values(story_id=made, dossier="d", article_id="common", added_at=NOW))
    subscriptions.add(conn, "d", "user", "9", "DE", "daily", now=NOW)
    owed, _ = deliveries.owe(conn, "elsewhere", Place("user", "9"), [{"content": "x"}], due_at=NOW, now=NOW)
    first = conn.execute(select(event.c.id).order_by(event.c.id)).scalars().first()
    assert first is not None
    events.tell(conn, "user", "9", [first], delivery_id=owed, now=NOW)
    return int(made)


def _article(name: str, guild_id: int | None, feed_id: int | None = None) -> dict[str, object]:
    return {
        "dossier": "d", "id": name, "identity": name, "guild_id": guild_id, "feed_id": feed_id,
        "current_revision": 1, "first_stored_at": NOW,
    }  # fmt: skip


def _revision(name: str) -> dict[str, object]:
    return {
        "dossier": "d", "article_id": name, "number": 1, "published_precision": "time", "published_basis": "unknown",
        "dated_at": NOW, "text": name, "fingerprint": name, "warnings": [], "stored_at": NOW,
    }  # fmt: skip


def _live(conn: Connection, number: int, story_id: int) -> None:
    """Leave every row that can come of a server: its own, and those of channels and people that came through it."""
    guilds.joined(conn, number, f"Server {number}", now=NOW)
    guilds.set_prefix(conn, number, "?")
    feed_id = conn.execute(
        insert(feed).values(dossier="d", guild_id=number, url="https://x.example", added_at=NOW).returning(feed.c.id)
    ).scalar_one()
    name = f"article-{number}"
    conn.execute(insert(article).values(**_article(name, number, feed_id)))
    conn.execute(insert(article_revision).values(**_revision(name)))
    conn.execute(
        insert(article_mention).values(
            dossier="d", article_id=name, revision=1, party="DE", count=1, first_start=0, first_end=1
        )
    )
    conn.execute(insert(story_article).values(story_id=story_id, dossier="d", article_id=name, added_at=NOW))
    plan = conn.execute(
        insert(guild_briefing)
        .values(guild_id=number, dossier="d", channel_id=number + 1, local_time="08:00", zone="UTC", set_up_at=NOW)
        .returning(guild_briefing.c.id)
    ).scalar_one()
    post, _ = deliveries.owe(
        conn, f"briefing:{number}", Place("channel", str(number + 1), number), [{"content": "x"}], due_at=NOW, now=NOW
    )
    conn.execute(
        insert(briefing).values(
            guild_briefing_id=plan, local_date=date(2025, 3, 26), due_at=NOW, made_at=NOW, table_at=NOW, value={},
            delivery_id=post,
        )
    )  # fmt: skip
    channel, stopped, person = str(number + 2), str(number + 3), str(number + 4)
    subscriptions.add(conn, "d", "channel", channel, "DE", "daily", guild_id=number, now=NOW)
    subscriptions.add(conn, "d", "channel", stopped, "DE", "daily", guild_id=number, now=NOW)
    subscriptions.add(conn, "d", "user", person, "DE", "instant", guild_id=number, now=NOW)
    ids = [row.id for row in conn.execute(select(event.c.id).order_by(event.c.id))]
    for kind, place in (
        ("channel", Place("channel", channel, number)),
        ("channel", Place("channel", stopped, number)),
        ("user", Place("user", person, number, 5)),
    ):
        owed, _ = deliveries.owe(conn, f"update:{place.id}", place, [{"content": "x"}], due_at=NOW, now=NOW)
        events.tell(conn, kind, place.id, ids, delivery_id=owed, now=NOW)  # type: ignore[arg-type]
        _show(conn, place.kind, place.id, owed)
    subscriptions.remove(conn, "d", "channel", stopped)
    _show(conn, "guild", str(number), post)
    _show(conn, "guild", str(number), None)
    conn.execute(insert(audit).values(at=NOW, who="1", guild_id=number, action="set up"))


def _show(conn: Connection, kind: str, place: str, delivery_id: int | None) -> None:
    conn.execute(
        insert(shown).values(
            dossier="d", place_kind=kind, place_id=place, item_kind="article", item_id="a", delivery_id=delivery_id,
            shown_at=NOW,
        )
    )  # fmt: skip


def _everything(store: Store, *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    with store.reading() as conn:
        return {
            table.name: sorted(repr(tuple(row)) for row in conn.execute(select(table)))
            for table in metadata.sorted_tables
            if table.name not in but
        }


def test_a_month_after_it_left_nothing_of_a_server_is_stored_and_all_of_the_others(store: Store) -> None:
    with store.writing() as conn:
        story_id = _shared(conn)
        _live(conn, OTHER, story_id)
    others = _everything(store)
    with store.writing() as conn:
        _live(conn, KICKED, story_id)
    both = _everything(store)
    # The test is worth something only as long as each table that knows servers has a row of the one that leaves.
    grew = {name for name in both if len(both[name]) > len(others[name])}
    assert grew >= {table.name for table in metadata.tables.values() if "guild_id" in table.c}
    assert grew >= {"guild", "briefing", "delivery_part", "shown", "subscriber_update", "article_mention"}
    with store.writing() as conn:
        guilds.left(conn, KICKED, now=NOW)
        assert guilds.forget(conn, now=MONTH_LATER - timedelta(seconds=1)) == []
    assert _everything(store, but=("guild",)) == {name: rows for name, rows in both.items() if name != "guild"}
    with store.writing() as conn:
        assert guilds.forget(conn, now=MONTH_LATER) == [KICKED]
        assert guilds.forget(conn, now=MONTH_LATER) == []
    assert _everything(store) == others


def test_back_within_a_month_it_has_kept_everything_and_begins_anew(store: Store) -> None:
    back = NOW + timedelta(days=29)
    with store.writing() as conn:
        story_id = _shared(conn)
        _live(conn, KICKED, story_id)
    before = _everything(store)
    with store.writing() as conn:
        guilds.left(conn, KICKED, now=NOW)
        assert guilds.joined(conn, KICKED, f"Server {KICKED}", now=back)
        assert guilds.forget(conn, now=NOW + timedelta(days=365)) == []
    changed = {"delivery", "delivery_part", "shown", "guild_briefing"}
    after = _everything(store)
    assert {name for name in before if before[name] != after[name]} == changed
    assert {name: len(rows) for name, rows in before.items()} == {name: len(rows) for name, rows in after.items()}
    with store.reading() as conn:
        plan = conn.execute(select(guild_briefing)).one()
        owed = conn.execute(select(delivery.c.once_key).where(delivery.c.done_at.is_(None))).scalars().all()
    assert (plan.set_up_at, plan.news_from) == (back, back - timedelta(days=1))
    # Nothing is posted at once; what a person is owed is theirs.
    assert sorted(owed) == ["elsewhere", f"update:{KICKED + 4}"]


def test_no_other_table_names_a_server() -> None:
    """A new table that does must be emptied by ``forget`` too, and join the test above."""
    named = {table.name for table in metadata.tables.values() if "guild_id" in table.c}
    assert named == {"feed", "article", "guild_briefing", "delivery", "subscription", "audit"}


def test_to_a_server_that_removed_the_bot_nothing_is_sent_or_told(store: Store) -> None:
    later = NOW + timedelta(minutes=1)

    def owed_and_untold() -> tuple[set[str], set[str]]:
        with store.writing() as conn:
            found = deliveries.claim_due(conn, "w", later, 10)
            for one in found:
                deliveries.let_go(conn, one.id, "w", next_try_at=None, error=None)
            told = events.untold(conn, "d", now=later, since=NOW)
        return {one.once_key for one in found}, {one.id for one in told}

    with store.writing() as conn:
        for number in (KICKED, OTHER):
            guilds.joined(conn, number, "S", now=NOW)
            deliveries.owe(conn, f"post {number}", Place("channel", str(number), number), [{}], due_at=NOW, now=NOW)
            subscriptions.add(conn, "d", "user", f"user of {number}", "DE", "instant", guild_id=number, now=NOW)
            subscriptions.add(conn, "d", "channel", f"channel of {number}", "DE", "daily", guild_id=number, now=NOW)
        deliveries.owe(conn, "direct", Place("user", "1"), [{}], due_at=NOW, now=NOW)
        subscriptions.add(conn, "d", "user", "by direct message", "DE", "instant", now=NOW)
        events.record(conn, "d", "position_moved", "DE", "c", leaves_at=later, now=later)
    everybody = owed_and_untold()
    assert everybody[0] == {f"post {KICKED}", f"post {OTHER}", "direct"}
    assert len(everybody[1]) == 5
    with store.writing() as conn:
        guilds.left(conn, KICKED, now=NOW)
    assert owed_and_untold() == (
        {f"post {OTHER}", "direct"},
        {f"user of {OTHER}", f"channel of {OTHER}", "by direct message"},
    )
    with store.writing() as conn:
        guilds.joined(conn, KICKED, "S", now=later)
    assert owed_and_untold() == ({f"post {OTHER}", "direct"}, everybody[1])


def test_joining_is_news_once(store: Store) -> None:
    with store.writing() as conn:
        assert guilds.joined(conn, 7, "Seven", now=NOW)
        assert not guilds.joined(conn, 7, "Seven", now=NOW + timedelta(days=1))
        assert not guilds.joined(conn, 7, "Renamed", now=NOW + timedelta(days=1))
        guilds.set_prefix(conn, 7, "?")
        guilds.joined(conn, 8, None, now=NOW)
        assert guilds.get(conn, 7) == Guild(7, "Renamed", "?", NOW, None)
        guilds.left(conn, 7, now=NOW + timedelta(days=2))
        # Told again at every start: the first time counts, or the data would never go.
        guilds.left(conn, 7, now=NOW + timedelta(days=9))
        gone = guilds.get(conn, 7)
        assert gone is not None
        assert gone.left_at == NOW + timedelta(days=2)
        assert set(guilds.present(conn)) == {8}
        assert guilds.joined(conn, 7, "Renamed", now=NOW + timedelta(days=10))
        assert guilds.present(conn)[7] == Guild(7, "Renamed", "?", NOW, None)
        guilds.set_prefix(conn, 7, None)
        assert guilds.present(conn)[7].prefix is None
        assert guilds.get(conn, 99) is None


def test_a_server_is_joined_once_by_two_processes(store_url: str, opened: Callable[[str], Store]) -> None:
    stores = [opened(store_url) for _ in range(2)]
    start = Barrier(2)

    def work(store: Store) -> None:
        start.wait()
        for number in range(20):
            with store.writing() as conn:
                guilds.joined(conn, number, "S", now=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, stores))
    with stores[0].reading() as conn:
        assert len(guilds.present(conn)) == 20


def test_a_person_keeps_what_was_subscribed_elsewhere(store: Store) -> None:
    """Forgetting a server ends what was subscribed there, not what the same person follows elsewhere."""
    with store.writing() as conn:
        for number in (KICKED, OTHER):
            guilds.joined(conn, number, "S", now=NOW)
        subscriptions.add(conn, "d", "user", "1", "DE", "daily", guild_id=KICKED, now=NOW)
        subscriptions.add(conn, "d", "user", "1", "FR", "daily", guild_id=OTHER, now=NOW)
        subscriptions.add(conn, "d", "user", "1", "IT", "daily", now=NOW)
        guilds.left(conn, KICKED, now=NOW)
        guilds.forget(conn, now=MONTH_LATER)
        assert [one.party for one in subscriptions.listed(conn, "d", "user", "1")] == ["FR", "IT"]


def test_a_server_without_a_date_of_leaving_is_never_forgotten(store: Store) -> None:
    with store.writing() as conn:
        guilds.joined(conn, 7, "S", now=NOW - timedelta(days=1000))
        conn.execute(update(guild).values(joined_at=NOW - timedelta(days=1000)))
        assert guilds.forget(conn, now=NOW) == []
