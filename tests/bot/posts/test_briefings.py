"""What a server's briefing tells, and that what is set while it is being made holds. Posting is left to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import pairwise
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
from tests.bot.discord.serving import NEWS
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

    def set_up(self, hour: time = time(8), channel: int = 42, *, zone: str = "UTC", weekday: int | None = None) -> Plan:
        with self.store.writing() as conn:
            return briefings.switch_on(
                conn, self.editor.key, GUILD, channel_id=channel, thread_id=None, hour=hour, zone=zone, by=ADMIN,
                now=self.editor.now, weekday=weekday,
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

    def report(self, title: str, moment: datetime) -> None:
        """An article that is like no other comes in at a moment."""
        self.editor.now = moment
        with self.store.writing() as conn:
            published = Published(moment, "time", "stated")
            url = f"https://x.example/{title.replace(' ', '-')}"
            draft = Draft(NEWS[title], title, "X", None, url, "en", published)
            assert articles.add(conn, self.editor.key, title, draft, now=moment).outcome == "new"

    def live(self, looks: Iterable[datetime], happens: Mapping[datetime, Callable[[], Any]]) -> dict[datetime, str]:
        """Let time go by from look to look, with what happens meanwhile; return what was posted when. All arrives."""
        told: dict[datetime, str] = {}
        moments = sorted({*looks, *happens})
        for moment in moments:
            self.editor.now = moment
            if moment in happens:
                happens[moment]()
            words = self.look(moment) if moment in looks else None
            if words is not None:
                told[moment] = words
                self.arrives()
        return told

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

    def arrives(self, one: Delivery | None = None) -> None:
        """What is owed is posted; ``one`` if it was claimed before."""
        one = one or self.open()
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


# Once a week.


def titles_in(words: str) -> list[str]:
    return [title for title in NEWS for _ in range(words.count(title))]


def half_days(first: datetime, last: datetime) -> list[datetime]:
    return [first + number * timedelta(hours=12) for number in range((last - first) // timedelta(hours=12) + 1)]


FRIDAY = 4
DIGESTS = [datetime(2025, 3, 28, 7, tzinfo=UTC), *(datetime(2025, 4, day, 6, tzinfo=UTC) for day in (4, 11, 18))]
"""08:00 on Fridays in Berlin, where clocks are put forward on 30 March."""


@pytest.mark.long
def test_three_weeks_of_a_weekly_digest(world: World) -> None:
    minute, day = timedelta(minutes=1), timedelta(days=1)
    _end(world)
    world.editor.now = at(26, 12)
    world.set_up(zone="Europe/Berlin", weekday=FRIDAY)
    moments = [DIGESTS[0] - 6 * day]
    for one, following in pairwise(DIGESTS):
        moments += [one + minute, one + 3 * day, following - minute]
    stored = dict(zip(NEWS, moments, strict=True))
    happens: dict[datetime, Callable[[], Any]] = {
        moment: partial(world.report, title, moment) for title, moment in stored.items()
    }
    happens[DIGESTS[0] - 8 * day] = lambda: world.news("Apples of long ago")
    happens[DIGESTS[0] + 2 * day] = lambda: world.editor.change(DE)
    looks = {*half_days(at(26, 12), DIGESTS[-1] + 5 * day), *DIGESTS}
    looks |= {one - timedelta(seconds=1) for one in DIGESTS} | {one + minute for one in DIGESTS}
    told = world.live(looks, happens)

    assert list(told) == DIGESTS, "once a week, never before its hour"
    headings = [words.splitlines()[0] for words in told.values()]
    for heading, date in zip(headings, ("28 March", "4 April", "11 April", "18 April"), strict=True):
        assert heading.startswith(f"**Weekly digest, Friday {date} 2025: ")
    expected = [[title for title in NEWS if stored[title] < one] for one in DIGESTS]
    expected = [expected[0], *([one for one in new if one not in old] for old, new in pairwise(expected))]
    assert [len(one) for one in expected] == [1, 3, 3, 3]
    assert [titles_in(words) for words in told.values()] == expected
    assert not any("Apples" in words for words in told.values())
    assert ["Germany" in words for words in told.values()] == [False, True, False, False]


def test_a_weekly_digest_at_an_hour_that_its_day_does_not_have(quick: World) -> None:
    quick.set_up(time(2, 30), zone="Europe/Berlin", weekday=6)
    minutes = [datetime(2025, 3, 30, 0, tzinfo=UTC) + number * timedelta(minutes=30) for number in range(5)]
    weeks = [moment + number * timedelta(days=7) for number in range(2) for moment in minutes]
    told = quick.live(weeks, {})
    # Clocks jump from 2 to 3, so it comes at 3; a week later at half past 2, which is half an hour earlier.
    assert list(told) == [datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 4, 6, 0, 30, tzinfo=UTC)]


@pytest.mark.long
def test_from_every_day_to_once_a_week_and_back(world: World) -> None:
    ferries, teachers, museum, motorway, chess, wheat = list(NEWS)[:6]
    wednesday = at(26, 8) + timedelta(days=7)
    hours = timedelta(hours=1)
    told = world.live(
        [at(26, 8) + number * 24 * hours for number in range(11)],
        {
            at(26, 20): lambda: world.report(ferries, at(26, 20)),
            at(27, 9): lambda: world.report(teachers, at(27, 9)),
            at(27, 12): lambda: world.set_up(weekday=2),
            at(30, 3): lambda: world.report(museum, at(30, 3)),
            wednesday - hours: lambda: world.report(motorway, wednesday - hours),
            wednesday + hours: lambda: world.report(chess, wednesday + hours),
            wednesday + 4 * hours: lambda: world.set_up(),
            wednesday + 30 * hours: lambda: world.report(wheat, wednesday + 30 * hours),
        },
    )
    days = [moment - wednesday for moment in told]
    assert [(day.days, titles_in(words)) for day, words in zip(days, told.values(), strict=True)] == [
        (-6, [ferries]), (0, [teachers, museum, motorway]), (1, [chess]), (2, [wheat]), (3, []),
    ]  # fmt: skip
    kinds = [words.splitlines()[0].split(",")[0] for words in told.values()]
    assert kinds == ["**Briefing", "**Weekly digest", "**Briefing", "**Briefing", "**Briefing"]


def test_a_digest_that_is_late_by_days_is_posted_and_says_since_when(quick: World) -> None:
    quick.set_up(weekday=FRIDAY)
    quick.report("Ferries are back", at(30, 12))
    words = quick.look(at(31, 17))
    assert words is not None
    assert words.startswith("**Weekly digest, Friday 28 March 2025: ")
    assert "Ferries are back" in words
    one = quick.open()
    # Older than a day, the outbox would drop it.
    assert quick.editor.now - one.due_at < FOLDED_AFTER
    assert one.late_line is not None
    assert f"<t:{int(at(28, 8).timestamp())}:" in one.late_line
    quick.arrives(one)
    assert quick.live(half_days(at(31, 20), at(31, 20) + timedelta(days=5)), {}).keys() == {
        at(31, 20) + timedelta(days=3, hours=12)
    }


def test_a_digest_that_was_given_up_is_made_up_for_the_next_day_and_then_it_is_weekly_again(quick: World) -> None:
    quick.set_up(weekday=FRIDAY)
    quick.report("Ferries are back", at(27, 12))
    for day, heading in ((28, "Friday 28"), (29, "Saturday 29"), (30, "Sunday 30")):
        words = quick.look(at(day, 8)) or ""
        assert words.startswith(f"**Weekly digest, {heading} March 2025: ")
        assert "Ferries are back" in words
        assert quick.look(at(day, 20)) is None, "it is still owed"
        quick.editor.now = at(day, 8) + FOLDED_AFTER - timedelta(minutes=1)
        if day < 30:
            quick.dropped()
    quick.arrives()
    assert list(quick.live(half_days(at(31, 8), at(31, 8) + timedelta(days=12)), {})) == [
        at(28, 8) + number * timedelta(days=7) for number in (1, 2)
    ]


def test_what_the_digest_of_two_weeks_ago_told_is_known_whatever_the_second_it_was_made_in(quick: World) -> None:
    quick.set_up(weekday=FRIDAY)
    week, second = timedelta(days=7), timedelta(seconds=1)
    quick.entry("Apples", "https://x.example/1", "The harbour office counted all apples.", own=False)
    assert "> The harbour office" in (quick.look(at(28, 8) + second) or "")
    quick.arrives()
    assert quick.look(at(28, 8) + week)
    quick.arrives()
    quick.entry("Apples again", "https://y.example/2", "The harbour office counted all apples.", own=False)
    words = quick.look(at(28, 8) + 2 * week + 20 * second) or ""
    assert "Told again, with nothing new" in words
    assert "> The harbour office" not in words


def test_paused_nothing_is_made_up_for_and_after_it_a_digest_tells_its_week(quick: World) -> None:
    quick.set_up(weekday=FRIDAY)
    ferries, teachers, museum = list(NEWS)[:3]
    friday = at(28, 8) + timedelta(days=14)
    day = timedelta(days=1)
    assert quick.look(at(28, 8))
    quick.dropped()
    told = quick.live(
        half_days(at(28, 20), friday),
        {
            at(28, 21): quick.pause,
            friday - 8 * day: lambda: quick.report(ferries, friday - 8 * day),
            friday - 6 * day: lambda: quick.report(teachers, friday - 6 * day),
            friday - 2 * day: lambda: (quick.pause(False), quick.report(museum, friday - 2 * day)),
        },
    )
    assert {moment: titles_in(words) for moment, words in told.items()} == {friday: [teachers, museum]}


# What is set while it is being made.


MEANWHILE: dict[str, Callable[[World], Any]] = {
    "paused": lambda world: world.pause(),
    "paused and woken": lambda world: (world.pause(), world.pause(False)),
    "another hour": lambda world: world.set_up(time(20)),
    "once a week": lambda world: world.set_up(weekday=3),
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
        assert briefings.active(conn, world.editor.key) == [] or what in {
            "paused and woken", "another hour", "once a week",
        }  # fmt: skip


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
