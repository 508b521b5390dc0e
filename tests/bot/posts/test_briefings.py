"""What a server's briefing tells, and that what is set while it is being made holds. Posting is left to others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.due import FOLDED_AFTER
from bot.library import Library
from bot.outbox import NotSent, Sent, Trouble
from bot.posts import briefings as posts
from bot.posts import outcomes
from bot.store import articles, briefings, copies, deliveries, guilds
from bot.store.briefings import Plan
from bot.store.deliveries import Delivery
from bot.store.engine import Store
from bot.store.schema import delivery, delivery_part, guild_briefing
from summaries.article import Draft, Published, normalise_url
from summaries.briefing import Lengths
from tests.bot.tables import Editor, library, row

GUILD, ADMIN = 7, 5
DE = row("de-a")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2025, 3, day, hour, minute, tzinfo=UTC)


class World:
    """A server with a briefing at 08:00 UTC, an editor and articles; what is posted is said by the test."""

    def __init__(self, store: Store) -> None:
        self.store = store
        small = library(store)
        lengths = Lengths(3, 80, "news")
        self.library = Library(store, small.topic, small.parties, old_after_days=30, lengths=lambda: lengths)
        self.editor = Editor(self.library)
        self.editor.now = at(26, 12)
        with store.writing() as conn:
            guilds.joined(conn, GUILD, "A server", now=self.editor.now)
        self.set_up()

    def set_up(self, hour: time = time(8), channel: int = 42) -> Plan:
        with self.store.writing() as conn:
            return briefings.switch_on(
                conn, self.editor.key, GUILD, channel_id=channel, thread_id=None, hour=hour, zone="UTC", by=ADMIN,
                now=self.editor.now,
            )  # fmt: skip

    def pause(self, paused: bool = True) -> None:
        with self.store.writing() as conn:
            plan = briefings.plan_of(conn, self.editor.key, GUILD)
            assert plan is not None
            briefings.set_state(conn, plan.id, "paused" if paused else "active", now=self.editor.now)

    def entry(self, name: str, address: str, words: str, *, own: bool) -> None:
        """A feed of the server's own, or one of the dossier's, brings an article."""
        with self.store.writing() as conn:
            published = Published(self.editor.now, "time", "stated")
            draft = Draft(words, name, "X", None, address, "en", published)
            names = [f"guid:{name}", f"url:{normalise_url(address)}"]
            guild_id = GUILD if own else None
            stored = articles.add(
                conn, self.editor.key, names, draft, article_id=name, guild_id=guild_id, now=self.editor.now
            )
            assert stored.outcome == "new"

    def news(self, name: str, *, copy_of: str | None = None) -> None:
        with self.store.writing() as conn:
            published = Published(self.editor.now, "time", "stated")
            draft = Draft(f"{name} was counted by the harbour office.", name, "X", None, f"https://x.example/{name}",
                          "en", published)  # fmt: skip
            articles.add(conn, self.editor.key, name, draft, article_id=name, now=self.editor.now)
            if copy_of is not None:
                nothing = copies.Alike((), {}, {}, frozenset())
                copies.set_sketch(conn, self.editor.key, name, (), copy_of=copy_of, alike=nothing)

    def look(self, moment: datetime) -> str | None:
        """Make what is due at a moment; return its words."""
        self.editor.now = moment
        with self.store.reading() as conn:
            known = conn.execute(select(func.max(delivery.c.id))).scalar() or 0
        posts.make_due(self.library, now=moment)
        with self.store.reading() as conn:
            query = select(delivery_part.c.content).where(delivery_part.c.delivery_id > known)
            parts = list(conn.execute(query.order_by(delivery_part.c.position)).scalars())
        return "\n".join(part["content"] for part in parts) if parts else None

    def open(self) -> Delivery:
        with self.store.writing() as conn:
            (one,) = deliveries.claim_due(conn, "w", self.editor.now, 10)
        return one

    def arrives(self) -> None:
        """What is owed is posted."""
        one = self.open()
        with self.store.writing() as conn:
            deliveries.sent(conn, one.id, 0, 900, now=self.editor.now)
            deliveries.finish(conn, one.id, now=self.editor.now)
            outcomes.sent(conn, one, Sent(900), self.editor.now)

    def dropped(self, trouble: Trouble = Trouble.AGAIN) -> None:
        """What is owed is given up."""
        one = self.open()
        with self.store.writing() as conn:
            deliveries.drop(conn, one.id, "words", now=self.editor.now)
            outcomes.dropped(conn, one, NotSent(trouble, "It is gone."), self.editor.now)

    def state(self) -> str:
        with self.store.reading() as conn:
            plan = briefings.plan_of(conn, self.editor.key, GUILD)
        assert plan is not None
        return plan.state


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


@pytest.fixture
def quick(sqlite_store: Store) -> World:
    return World(sqlite_store)


# What it tells.


def test_what_changed_since_the_last_one_that_arrived_is_told(world: World) -> None:
    world.editor.now = at(26, 13)
    world.editor.change(DE)
    words = world.look(at(27, 8))
    assert words is not None
    assert "Germany" in words
    world.arrives()
    words = world.look(at(28, 8))
    assert words is not None
    assert "Germany" not in words
    world.arrives()


def test_the_same_text_in_one_more_outlet_is_nothing_new(world: World) -> None:
    world.news("apples")
    assert "apples" in (world.look(at(27, 8)) or "")
    world.arrives()
    world.news("apples-elsewhere", copy_of="apples")
    world.news("pears")
    words = world.look(at(28, 8)) or ""
    assert "pears" in words
    assert "apples" not in words
    world.arrives()
    # Two outlets at once are told together.
    world.news("plums")
    world.news("plums-elsewhere", copy_of="plums")
    assert "plums-elsewhere" in (world.look(at(29, 8)) or "")


def test_what_an_own_feed_and_the_dossier_s_both_bring_is_told_once(world: World) -> None:
    apples, pears = "The harbour office counted all apples.", "A storm took the roof off the pear market at night."
    world.entry("own-address", "https://m.x.example/1", apples, own=True)
    world.entry("own-text", "https://x.example/2", pears, own=True)
    words = world.look(at(27, 8)) or ""
    assert "own-address" in words
    assert "own-text" in words
    world.arrives()
    # The one was edited, the other stands at another address.
    world.entry("late-address", "https://x.example/1?utm_source=rss", f"Edited. {apples}", own=False)
    world.entry("late-text", "https://x.example/other", pears, own=False)
    world.entry("plums", "https://x.example/3", "Growers fear that plums will rot on the trees.", own=False)
    words = world.look(at(28, 8)) or ""
    assert "plums" in words
    assert "late-" not in words
    world.arrives()
    # At once.
    for kind, own in (("own", True), ("everyones", False)):
        words = "Three lorries full of figs are stuck at the border."
        world.entry(f"{kind}-figs", "https://x.example/4", words, own=own)
    words = world.look(at(29, 8)) or ""
    assert "everyones-figs" in words
    assert "own-figs" not in words


def test_an_own_feed_s_standing_head_of_long_ago_hides_nothing(quick: World) -> None:
    quick.entry("own", "https://x.example/1", "What the harbour office says today.", own=True)
    quick.look(at(27, 8))
    quick.arrives()
    for day in range(8):
        quick.look(at(28, 8) + timedelta(days=day))
        quick.arrives()
    quick.editor.now += timedelta(hours=2)
    quick.entry("everyones", "https://x.example/2", "What the harbour office says today.", own=False)
    assert "everyones" in (quick.look(at(28, 8) + timedelta(days=8)) or "")


def test_what_was_dropped_counts_as_untold_even_when_all_else_of_it_is_forgotten(quick: World) -> None:
    assert quick.look(at(27, 8))
    quick.arrives()
    quick.editor.change(DE)
    assert quick.look(at(28, 8))
    quick.dropped()
    quick.pause()
    quick.editor.now += deliveries.KEPT_WHEN_DONE + timedelta(days=3)
    with quick.store.writing() as conn:
        deliveries.forget(conn, now=quick.editor.now)
        briefings.forget(conn, before=quick.editor.now - deliveries.KEPT_WHEN_DONE)
    quick.pause(False)
    words = quick.look(quick.editor.now + timedelta(days=1))
    assert words is not None
    assert "Germany" in words


@pytest.mark.parametrize("told", [True, False])
def test_an_hour_moved_while_nothing_could_be_posted_loses_nothing(quick: World, told: bool) -> None:
    quick.news("Harbour")
    if told:
        assert "Harbour" in (quick.look(at(27, 8)) or "")
        quick.arrives()
    quick.editor.now = at(27, 9)
    quick.news("Lighthouse")
    quick.editor.change(DE)
    for day in (28, 29):
        assert "Lighthouse" in (quick.look(at(day, 8)) or "")
        quick.editor.now += FOLDED_AFTER
        quick.dropped()
    quick.editor.now = at(30, 12)
    quick.set_up(time(18), channel=43)
    words = quick.look(at(30, 18)) or ""
    assert "Lighthouse" in words
    assert "Germany" in words
    assert ("Harbour" in words) is not told


def test_woken_or_back_in_the_server_it_tells_the_day_before_and_no_more(quick: World) -> None:
    def away_and_back(leave: Callable[[], None], come: Callable[[], None], day: int) -> None:
        assert quick.look(at(day, 8))
        quick.arrives()
        leave()
        quick.editor.now = at(day, 9)
        quick.news(f"Old{day}")
        quick.editor.now = at(day + 1, 12)
        quick.news(f"New{day}")
        come()
        assert quick.look(at(day + 1, 12, 1)) is None, "what was due meanwhile was never owed"
        words = quick.look(at(day + 2, 8)) or ""
        assert f"New{day}" in words
        assert f"Old{day}" not in words
        quick.arrives()

    def kicked() -> None:
        with quick.store.writing() as conn:
            guilds.left(conn, GUILD, now=quick.editor.now)

    def invited() -> None:
        with quick.store.writing() as conn:
            guilds.joined(conn, GUILD, "A server", now=quick.editor.now)

    quick.editor.now = at(16, 12)
    quick.pause()
    quick.pause(False)
    away_and_back(quick.pause, lambda: quick.pause(False), 17)
    away_and_back(kicked, invited, 21)


# What is set while it is being made.


MEANWHILE: dict[str, Callable[[World], Any]] = {
    "paused": lambda world: world.pause(),
    "paused and woken": lambda world: (world.pause(), world.pause(False)),
    "another hour": lambda world: world.set_up(time(20)),
    "ended": lambda world: _end(world),
    "kicked": lambda world: _kick(world),
}


def _end(world: World) -> None:
    with world.store.writing() as conn:
        plan = briefings.plan_of(conn, world.editor.key, GUILD)
        assert plan is not None
        briefings.remove(conn, plan.id)


def _kick(world: World) -> None:
    with world.store.writing() as conn:
        guilds.left(conn, GUILD, now=world.editor.now)


def _meanwhile(world: World, monkeypatch: pytest.MonkeyPatch, act: Callable[[World], Any]) -> None:
    """Act once, after a briefing was composed and before it is owed."""
    real = posts.build
    once = [True]

    def build(*arguments: Any, **named: Any) -> Any:
        made = real(*arguments, **named)
        if once:
            once.clear()
            act(world)
        return made

    monkeypatch.setattr(posts, "build", build)


@pytest.mark.parametrize("what", list(MEANWHILE))
def test_what_is_chosen_while_it_is_being_made_holds(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    _meanwhile(world, monkeypatch, MEANWHILE[what])
    assert world.look(at(27, 8)) is None
    with world.store.reading() as conn:
        assert briefings.active(conn, world.editor.key) == [] or what in {"paused and woken", "another hour"}


def test_moved_to_another_channel_while_it_is_being_made_it_goes_there(
    quick: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meanwhile(quick, monkeypatch, lambda world: world.set_up(channel=43))
    assert quick.look(at(27, 8))
    assert quick.open().place.id == "43"


def test_a_zone_that_this_machine_does_not_know_keeps_no_other_server_waiting(
    quick: World, caplog: pytest.LogCaptureFixture
) -> None:
    with quick.store.writing() as conn:
        guilds.joined(conn, 6, "Another", now=quick.editor.now)
        conn.execute(update(guild_briefing).values(zone="Moon/Tranquility"))
        briefings.switch_on(
            conn, quick.editor.key, 6, channel_id=60, thread_id=None, hour=time(8), zone="UTC", by=1,
            now=quick.editor.now,
        )  # fmt: skip
    assert quick.look(at(27, 8))
    assert quick.open().place.id == "60"
    assert f"The briefing of server {GUILD} could not be made" in caplog.text


# Its channel is gone.


def test_where_its_channel_is_gone_it_is_paused_and_whoever_set_it_up_is_told_once(world: World) -> None:
    assert world.look(at(27, 8))
    world.dropped(Trouble.GONE)
    assert world.state() == "paused"
    told = world.open()
    assert (told.place.kind, told.place.id, told.once_key.split(":")[0]) == ("user", str(ADMIN), "gone")
    assert "<#42>" in told.parts[0].content["content"]
    assert "It is gone." in told.parts[0].content["content"]
    assert world.look(at(28, 8)) is None
    # Set up elsewhere it goes on; that channel may be gone one day, too.
    world.editor.now = at(28, 9)
    world.set_up(channel=43)
    assert world.look(at(29, 8))
    with world.store.writing() as conn:
        deliveries.finish(conn, told.id, now=at(28, 9))
    world.dropped(Trouble.GONE)
    assert world.state() == "paused"
    assert "<#43>" in world.open().parts[0].content["content"]


def test_a_channel_that_it_was_moved_from_may_be_gone(quick: World) -> None:
    assert quick.look(at(27, 8))
    one = quick.open()
    quick.set_up(channel=43)
    with quick.store.writing() as conn:
        deliveries.drop(conn, one.id, "gone", now=quick.editor.now)
        outcomes.dropped(conn, one, NotSent(Trouble.GONE, "It is gone."), quick.editor.now)
    assert quick.state() == "active"
    with quick.store.reading() as conn:
        assert deliveries.open_count(conn) == 0
    assert quick.look(at(28, 8))
