"""What points to an article or stands behind a delivery is found, on each database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.store import articles, briefings, claims, deliveries, events, figures, lookup
from bot.store.deliveries import Place
from bot.store.engine import Connection, Store
from bot.store.schema import feed, guild, subscriber_update
from summaries.article import Draft
from summaries.claims import Claim, Figure, Quote

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
TEXT = "Britain will lead the force. France will join."
FIRST = Quote("report", 1, 0, 28, TEXT[:28])
SECOND = Quote("report", 1, 29, 46, TEXT[29:])


def add(conn: Connection, name: str = "report", text: str = TEXT, *, dossier: str = "d") -> None:
    articles.add(conn, dossier, f"guid:{name}", Draft(text, title=name), article_id=name, now=NOW)


def test_every_quote_of_an_article_whatever_became_of_the_row(store: Store) -> None:
    with store.writing() as conn:
        add(conn)
        add(conn, "other", "Other words.")
        for state in ("approved", "withdrawn"):
            claim = Claim(
                id="gb", party="GB", stance="leading", quotes=(SECOND, FIRST), speaker="reporter", kind="reporter",
                reported_on=date(2025, 3, 20), state=state,
            )  # fmt: skip
            claims.add_revision(conn, "d", claim, now=NOW, by="x", why="y")
        figure = Figure(
            id="soldiers", measure="soldiers", value="1", quotes=(FIRST,), speaker="reporter", kind="reporter",
            reported_on=date(2025, 3, 20),
        )  # fmt: skip
        figures.add_revision(conn, "d", figure, now=NOW, by="x", why="y")
        found = lookup.quoting(conn, "d", "report")
        assert [(one.kind, one.id, one.row_revision, one.start) for one in found] == [
            ("claim", "gb", 1, 29), ("claim", "gb", 1, 0), ("claim", "gb", 2, 29), ("claim", "gb", 2, 0),
            ("figure", "soldiers", 1, 0),
        ]  # fmt: skip
        assert lookup.quoting(conn, "d", "other") == lookup.quoting(conn, "e", "report") == []
        assert lookup.row_ids(conn, "d") == [("claim", "gb"), ("figure", "soldiers")]
        assert lookup.row_ids(conn, "e") == []


def test_revisions_with_what_they_say(store: Store) -> None:
    with store.writing() as conn:
        add(conn)
        articles.add(conn, "d", "guid:report", Draft("Edited.", title="other"), now=NOW + timedelta(hours=1))
        first, second = lookup.versions(conn, "d", "report")
        assert (first.number, first.title, first.text, first.stored_at) == (1, "report", TEXT, NOW)
        assert (second.number, second.title, second.text) == (2, "other", "Edited.")
        assert lookup.versions(conn, "d", "nothing") == []


def test_the_feed_that_brought_it(store: Store) -> None:
    with store.writing() as conn:
        add(conn)
        number = conn.execute(
            feed.insert().values(dossier="d", url="https://x.example/f", name="X", added_at=NOW).returning(feed.c.id)
        ).scalar_one()
        found = lookup.source(conn, number)
        assert found is not None
        assert (found.name, found.url, found.guild_id, found.state) == ("X", "https://x.example/f", None, "active")
        assert lookup.source(conn, number + 1) is None


def test_where_it_was_shown_and_how_many_were_told(store: Store) -> None:
    with store.writing() as conn:
        conn.execute(guild.insert().values(id=7, joined_at=NOW))
        for name in ("report", "report_2", "report%2"):
            add(conn, name, name)
        number, _ = deliveries.owe(conn, "briefing:1:x", Place("channel", "42", 7), [{}], due_at=NOW, now=NOW)
        items = [("article", "report"), ("claim", "report")]
        briefings.show(conn, "d", "guild", "7", items, delivery_id=number, now=NOW)
        assert lookup.shown_at(conn, "d", "report") == [lookup.ShownAt("guild", "7", number, NOW, False)]
        for name, party in (("report", "GB"), ("report", "FR"), ("report_2", "GB")):
            events.record(conn, "d", "article_mentions", party, f"article {name} on {party}", leaves_at=NOW, now=NOW)
        known = [
            one for party in ("GB", "FR")
            for one in events.held(conn, "d", party, ["article_mentions"], now=NOW - timedelta(seconds=1))
        ]  # fmt: skip
        for who, one, sent in [
            ("1", known[0], number), ("1", known[-1], number), ("2", known[0], number), ("knew it all", known[0], None),
        ]:  # fmt: skip
            conn.execute(
                subscriber_update.insert().values(
                    subscriber_kind="user", subscriber_id=who, event_id=one.id, delivery_id=sent, created_at=NOW
                )
            )
        assert lookup.told(conn, "d", "report") == 2, "people, not messages"
        assert lookup.told(conn, "d", "report%2") == 0
        assert lookup.events_of(conn, number) == [
            ("article_mentions", "GB"), ("article_mentions", "GB"), ("article_mentions", "FR"),
        ]  # fmt: skip


def test_a_delivery_without_its_words(store: Store) -> None:
    with store.writing() as conn:
        assert lookup.newest_delivery(conn) is None
        place = Place("user", "99")
        number, _ = deliveries.owe(conn, "hello:x", place, [{"content": "secret"}, {}], due_at=NOW, now=NOW)
        deliveries.sent(conn, number, 0, 1 << 60, now=NOW)
        found = lookup.owed(conn, number)
        assert found is not None
        assert (found.once_key, found.place_kind, found.place_id, found.attempts) == ("hello:x", "user", "99", 0)
        assert [(part.position, part.state, part.message_id) for part in found.parts] == [
            (0, "sent", 1 << 60), (1, "owed", None),
        ]  # fmt: skip
        assert "secret" not in repr(found)
        assert lookup.newest_delivery(conn) == number
        assert lookup.owed(conn, number + 1) is None


def test_ids_with_a_slip_are_looked_for_by_both_ends(store: Store) -> None:
    with store.writing() as conn:
        for name in ("abcdef", "abXXXX", "XXXXef", "nothing", "a%cdef"):
            add(conn, name, name)
        assert lookup.article_ids_like(conn, "d", "ABcdEF") == ["XXXXef", "a%cdef", "abXXXX", "abcdef"]
        assert lookup.article_ids_like(conn, "d", "a%") == ["a%cdef"]
        assert lookup.article_ids_like(conn, "e", "abcdef") == []
