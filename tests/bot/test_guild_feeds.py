"""What a server's own feeds brought is seen there, and nowhere else: by no command, briefing, update or suggestion."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.commands import COMMANDS, answer
from bot.commands.feeds import suggestions
from bot.posts import briefings as posts
from bot.posts import updates
from bot.render import render
from bot.request import LOCAL_READER, Reader, Server, parse
from bot.seeding import find_mentions, record_mentions
from bot.store import articles, briefings, deliveries, feeds, guilds, subscriptions
from bot.store.articles import Relevant
from bot.store.engine import Connection
from summaries.article import Draft, Published
from summaries.toml import Problems
from tests.bot.conftest import NOW

pytestmark = pytest.mark.long

LATER = NOW + timedelta(hours=1)


@dataclass(frozen=True)
class Place:
    """Where somebody asks: a server with a word that only its own feeds say, one without feeds, or none at all."""

    name: str
    guild: int | None
    word: str | None


NORDWIND = Place("Nordwind", 5, "Zebrafish")
SUEDWIND = Place("Südwind", 6, "Quagga")
BARE = Place("a server without feeds", 7, None)
DIRECT = Place("direct messages", None, None)
TERMINAL = Place("a terminal", None, None)
PLACES = (NORDWIND, SUEDWIND, BARE, DIRECT, TERMINAL)
WORDS = [place.word for place in PLACES if place.word]

LINES = (
    "who-is-in", "who-is-in open", "who-is-in as-of 2025-03-20", "status Germany", "status Ireland", "status Belgium",
    "status Ireland as-of 2025-03-20", "status Zebrafish", "status Quaga", "proof Finland 2", "proof figures",
    "proof Ireland", "briefing", "briefing 2025-03-21", "briefing 2025-03-20", "story",
    "story 1", "story 2025-03-21", "story 1 2025-03-21", "story 1 2025-03-20", "story Quagga", "story 2 2025-03-21",
    "why", "why 1 2025-03-21", "why 2", "why 1 2025-03-20", "subscribe Ireland",
    "subscribe Ireland here", "subscriptions", "subscriptions here", "unsubscribe Ireland", "unsubscribe all",
    "privacy", "privacy show", "help", "help feeds", "about", "feeds", "feeds list", "feeds export", "feeds remove 9",
    "feeds remove Quagga", "feeds remove Zebrafish", "feeds remove https://quagga.example/feed",
)  # fmt: skip
"""Something of every command; where a word is asked for, asking is not telling (:func:`_told`)."""


@pytest.fixture
def filled(app: App) -> App:
    """Two servers with feeds of their own, which brought news, old things and what is off the topic."""
    with app.store.writing() as connection:
        for place in (NORDWIND, SUEDWIND, BARE):
            assert place.guild is not None
            guilds.joined(connection, place.guild, place.name, now=NOW)
            _set_up(connection, app, place.guild)
    for place in (NORDWIND, SUEDWIND):
        bring(app, place, 3)
    return app


def _set_up(connection: Connection, app: App, guild: int) -> None:
    key = app.library.topic.key
    briefings.switch_on(
        connection, key, guild, channel_id=guild * 10, thread_id=None, hour=time(8), zone="UTC", by=1, now=NOW
    )


def bring(app: App, place: Place, count: int, *, start: int = 0) -> None:
    """Let a server's own feed bring articles that speak of Ireland; a third is background, a third off topic."""
    word, guild, key = place.word or "", place.guild or 0, app.library.topic.key
    address = f"https://{word.casefold()}.example/feed"
    with app.store.writing() as connection:
        feeds.add(connection, key, guild, address, name=f"{word} Post", everything=False, by="77", now=NOW)
        (feed,) = (one for one in feeds.listed(connection, key, guild) if one.url == address)
        feeds.failed(connection, feed.id, "gone", f"{word} is gone.", next_poll_at=LATER, now=NOW)
        for number in range(start, start + count):
            draft = Draft(
                f"{word} number {number}\n\nIn Ireland the {word} of number {number} met ministers on Monday morning.",
                f"{word} number {number}",
                f"{word} Post",
                None,
                f"https://{word.casefold()}.example/{number}",
                "en",
                Published(NOW - timedelta(hours=1), "time", "stated"),
                body_start=len(f"{word} number {number}\n\n"),
            )
            stored = articles.add(
                connection, key, [f"url:{draft.url}"], draft, background=number % 3 == 1, feed_id=feed.id,
                guild_id=guild, relevance=Relevant(number % 3 != 2, 0.5), now=NOW,
            )  # fmt: skip
            record_mentions(connection, key, stored, find_mentions(draft, app.library.parties))


def _told(app: App, place: Place, line: str, now: datetime = LATER) -> str:
    """Everything that is answered to a line, in every form, without the words that were asked with."""
    server = Server(place.guild, Reader("channel", "90"), manages=True) if place.guild else None
    reader = LOCAL_READER if place is TERMINAL else Reader("user", "77")
    request = parse(line, reader=reader, now=now, server=server, direct=3 if place is DIRECT else None)
    assert request is not None
    found = answer(request, app.library)
    told = render.dumps(render.as_json(found)) + render.dumps(render.as_discord(found)).replace("\u2060", "")
    for asked in line.split()[1:]:
        told = told.replace(asked, "…").replace(asked.casefold(), "…")
    return told + (found.file.data.decode() if found.file else "")


def _foreign(place: Place, told: str) -> list[str]:
    return [word for word in WORDS if word != place.word and word.casefold() in told.casefold()]


def test_something_of_every_command_is_asked() -> None:
    assert {line.split()[0] for line in LINES} == {command.name for command in COMMANDS}


def test_no_answer_tells_of_another_servers_feeds(filled: App) -> None:
    for line in LINES:
        # One after the other, so that what is kept of one server's answers could be taken for another's.
        for place in PLACES:
            assert not _foreign(place, _told(filled, place, line)), (place.name, line)


def test_a_servers_own_articles_count_in_its_answers(filled: App) -> None:
    for place, held in ((NORDWIND, 4), (SUEDWIND, 4), (BARE, 2), (DIRECT, 2), (TERMINAL, 2)):
        assert f"{held} articles" in _told(filled, place, "who-is-in"), place.name
        assert f"hold {held} articles" in _told(filled, place, "status Belgium"), place.name
        assert f'"articles": {held}' in _told(filled, place, "about"), place.name
        own = place.word is not None
        assert (f"{place.word} number 0" in _told(filled, place, "briefing")) == own, place.name
        assert (f"{place.word} number 1" in _told(filled, place, "status Ireland")) == own, place.name
        assert (f"{place.word} number 2" in _told(filled, place, "status Ireland")) is False, "off the topic"


def test_briefings_tell_each_server_its_own(filled: App) -> None:
    with filled.store.reading() as connection:
        plans = [plan for plan, _ in briefings.active(connection, filled.library.topic.key)]
    assert len(plans) == 3
    places = {place.guild: place for place in PLACES}
    after = NOW + timedelta(days=4)
    for _ in range(2):
        for plan in plans:
            made = posts.build(filled.library, plan, date(2025, 3, 22), now=LATER)
            place = places[plan.guild_id]
            told = json.dumps(render.as_discord(made.answer)) + json.dumps(render.as_json(made.answer))
            assert not _foreign(place, told)
            assert (f"{place.word} number 0" in told) == (place.word is not None)
    for plan in plans:
        made = posts.build(filled.library, plan, date(2025, 3, 25), now=after)
        silent = made.answer.data["silent_sources"]
        own = places[plan.guild_id].word
        assert len(silent) == (own is not None)
        assert own is None or f"{own} Post" in str(silent)
    assert posts.make_due(filled.library, now=NOW + timedelta(days=1)) == 3
    with filled.store.writing() as connection:
        owed = deliveries.claim_due(connection, "t", NOW + timedelta(days=1), 50)
    by_guild = {one.place.guild_id: json.dumps([part.content for part in one.parts], default=str) for one in owed}
    assert len(by_guild) == 3
    for guild, told in by_guild.items():
        assert not _foreign(places[guild], told)
        assert (places[guild].word is None) or (places[guild].word or "") in told


def test_two_servers_that_are_told_the_same_share_the_work(filled: App, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Place("another without feeds", 8, None)
    with filled.store.writing() as connection:
        guilds.joined(connection, 8, other.name, now=NOW)
        _set_up(connection, filled, 8)
        plans = [plan for plan, _ in briefings.active(connection, filled.library.topic.key)]
    built: list[object] = []
    monkeypatch.setattr(
        posts, "briefing_from", lambda *given, made=posts.briefing_from: built.append(given) or made(*given)
    )
    for plan in plans:
        posts.build(filled.library, plan, date(2025, 3, 22), now=LATER)
    assert len(plans) == 4
    assert len(built) == 3, "the two without feeds of their own are told the same"


def test_a_server_without_news_of_its_own_is_still_told_of_its_silent_feed_alone(filled: App) -> None:
    quiet = Place("a server whose feed brought nothing new", 9, "Sandfly")
    with filled.store.writing() as connection:
        guilds.joined(connection, 9, quiet.name, now=NOW)
        _set_up(connection, filled, 9)
        plans = {plan.guild_id: plan for plan, _ in briefings.active(connection, filled.library.topic.key)}
    bring(filled, quiet, 1, start=1)
    after = NOW + timedelta(days=4)
    for guild in (9, 7, 9):
        told = str(posts.build(filled.library, plans[guild], date(2025, 3, 25), now=after).answer.data)
        assert ("Sandfly Post" in told) == (guild == 9)


def test_subscribers_are_not_told_of_it(filled: App) -> None:
    with filled.store.writing() as connection:
        for reader, guild in (("1", 5), ("2", 6), ("3", None)):
            subscriptions.add(
                connection, filled.library.topic.key, "user", reader, "IE", "daily", guild_id=guild,
                dm_channel_id=4, now=NOW,
            )  # fmt: skip
    for hours in (1, 25, 49):
        assert updates.make_due(filled.library, now=NOW + timedelta(hours=hours)) == 0


def test_suggestions_are_the_servers_own(filled: App) -> None:
    for place in (NORDWIND, SUEDWIND, BARE):
        offered = suggestions("", place.guild or 0, filled.library)
        assert not _foreign(place, repr(offered))
        assert bool(offered) == bool(place.word)


def test_the_table_cant_quote_a_servers_own_article(filled: App) -> None:
    with filled.store.reading() as connection:
        (own, *_) = articles.listed(connection, filled.library.topic.key, guild_id=NORDWIND.guild, limit=1)
    assert own.publisher == "Zebrafish Post"
    assert filled.library.article(own.id) is None
    from bot.table import import_rows

    row = f"""
[[claims]]
id = "ie-own"
party = "IE"
stance = "open"
speaker = "reporter"
kind = "reporter"
reported_on = 2025-03-21
quotes = [{{ article = "{own.id}", revision = 1, start = 0, end = 9, text = "Zebrafish" }}]
"""
    with pytest.raises(Problems):
        import_rows(filled.library, row, "x.toml", now=LATER, by="an editor", why="a test")


class Held:
    """The open program, shown shortly: failing examples would show all of it."""

    def __init__(self, app: App) -> None:
        self.app = app


@pytest.fixture
def held(app: App) -> Held:
    with app.store.writing() as connection:
        for place in (NORDWIND, SUEDWIND, BARE):
            guilds.joined(connection, place.guild or 0, place.name, now=NOW)
    return Held(app)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([NORDWIND, SUEDWIND]), st.integers(1, 3)) | st.sampled_from(PLACES),
        min_size=1,
        max_size=8,
    ),
    line=st.sampled_from(["status Ireland", "who-is-in", "briefing", "about", "feeds"]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_whatever_order_it_comes_and_is_asked_for(
    held: Held, steps: list[tuple[Place, int] | Place], line: str
) -> None:
    bare_app = held.app
    with bare_app.store.reading() as connection:
        count = {
            place: articles.count_and_newest(connection, bare_app.library.topic.key, guild_id=place.guild)[0]
            for place in PLACES
        }
    for step in steps:
        if isinstance(step, Place):
            told = _told(bare_app, step, line)
            assert not _foreign(step, told)
            assert bare_app.library.shelf(LATER.date(), step.guild).count == count[step]
        else:
            place, more = step
            known = count[place] - count[BARE]
            # Two of three belong to the topic.
            bring(bare_app, place, 3 * more, start=1000 * known)
            count[place] += 2 * more
