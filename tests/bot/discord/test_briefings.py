"""A server's briefing on Discord: what it tells and when, what happens when it can't be posted, and that it comes once.

Each test begins on the morning of 21 March 2025, at 07:00 UTC; briefings are set up for 08:00 UTC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.app import open_app
from bot.ingest import ingest
from bot.outbox import Outcome
from bot.run import Running
from bot.store.deliveries import Place
from bot.store.schema import briefing, delivery, guild_briefing, shown
from tests.bot.discord.conftest import Start
from tests.bot.discord.serving import NEWS, Post, Served, add_server, article, germany, posts_in
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble

pytestmark = pytest.mark.long

SEND, READ_HISTORY = 1 << 11, 1 << 16
FIRST = date(2025, 3, 21)
FIRST_NEWS, SECOND_NEWS, *_ = TITLES = list(NEWS)
MESSAGES = r"/channels/\d+/messages$"


def at(hour: int, minute: int = 0, *, day: int = 21) -> datetime:
    return datetime(2025, 3, day, hour, minute, tzinfo=UTC)


async def look_at(running: Running, clock: Clock, moment: datetime) -> None:
    """Let the alarm clock ring at a moment."""
    clock.now = moment
    await running.look()


def days(served: Served) -> list[int]:
    return [post.day.day for post in served.posts]


@pytest.fixture
def served(discord: DiscordDouble) -> Served:
    return add_server(discord)


# When.


async def test_the_first_is_the_first_one_due_after_set_up(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    later = add_server(discord, "Suedwind")
    async with start() as running:
        told = await served.set_up(discord)
        assert (
            f"First post: Friday 21 March 2025, 08:00 in UTC (for you <t:{int(at(8).timestamp())}:f>)" in told.content
        )
        await look_at(running, clock, at(7, 59))
        assert served.posts == []
        await look_at(running, clock, at(8))
        assert served.posts == [Post(FIRST, at(8), None, "", True)]

        clock.now = at(8, 1)
        told = await later.set_up(discord)
        assert "First post: Saturday 22 March 2025, 08:00" in told.content
        for moment in (at(8, 2), at(20), at(7, 59, day=22)):
            await look_at(running, clock, moment)
        assert later.posts == []
        await look_at(running, clock, at(8, day=22))
    assert days(later) == [22]
    assert days(served) == [21, 22]


async def test_set_up_in_the_minute_of_its_hour_waits_for_nothing_it_never_owed(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    clock.now = at(8) + timedelta(seconds=1)
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8, 1))
        assert served.posts == []


async def test_nothing_is_posted_before_it_is_switched_on(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        options = {"channel": served.channel, "time": "08:00", "zone": "UTC"}
        await discord.slash(served.admin, served.channel, "setup", options)
        await look_at(running, clock, at(9, day=23))
    assert served.channel.messages == []


async def test_an_hour_that_is_moved_is_owed_from_then_on(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        clock.now = at(10)
        # Today's is made; neither an earlier nor a later hour of today is owed another one.
        await served.set_up(discord, "06:00")
        await look_at(running, clock, at(10, 1))
        await served.set_up(discord, "18:00")
        await look_at(running, clock, at(18))
        assert days(served) == [21]
        await look_at(running, clock, at(17, 59, day=22))
        assert days(served) == [21]
        await look_at(running, clock, at(18, day=22))
    assert days(served) == [21, 22]


async def test_a_quarter_of_an_hour_is_not_late(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    late = add_server(discord, "Suedwind")
    async with start() as running:
        await served.set_up(discord, "07:45")
        await late.set_up(discord, "07:44")
        await look_at(running, clock, at(8))
    assert [post.late_since for post in served.posts] == [None]
    assert [post.late_since for post in late.posts] == [at(7, 44)]


# What.


async def test_an_article_is_told_once(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        clock.now = at(15)
        article(running, tmp_path, FIRST_NEWS)
        for day in (22, 23, 24):
            await look_at(running, clock, at(8, day=day))
    posts = served.posts
    assert [FIRST_NEWS in post.text for post in posts] == [False, True, False, False]
    assert f"\n> {NEWS[FIRST_NEWS]}\n" in posts[1].text
    # A day with nothing new makes no sound.
    assert [post.silent for post in posts] == [True, False, True, True]
    assert posts[0].text.startswith("**Briefing, Friday 21 March 2025: nothing new on file**")


async def test_what_was_stored_in_the_day_before_set_up_is_in_the_first(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        clock.now = at(7) - timedelta(hours=30)
        article(running, tmp_path, FIRST_NEWS, published="2025-03-20")
        clock.now = at(7) - timedelta(hours=5)
        article(running, tmp_path, SECOND_NEWS)
        clock.now = at(7)
        await served.set_up(discord)
        await look_at(running, clock, at(8))
    (post,) = served.posts
    assert SECOND_NEWS in post.text
    assert FIRST_NEWS not in post.text


async def test_background_is_never_told(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS, published="2025-03-10")
        for day in (21, 22, 23):
            await look_at(running, clock, at(8, day=day))
    # Nor are the articles that the dossier brings.
    assert [("nothing new on file" in post.text, post.silent) for post in served.posts] == [(True, True)] * 3


async def test_each_server_is_told_what_is_new_to_it(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    other = add_server(discord, "Suedwind")
    async with start() as running:
        await served.set_up(discord, "08:00")
        await other.set_up(discord, "20:00")
        article(running, tmp_path, FIRST_NEWS)
        await look_at(running, clock, at(8))
        article(running, tmp_path, SECOND_NEWS)
        await look_at(running, clock, at(20))
        await look_at(running, clock, at(8, day=22))
        await look_at(running, clock, at(20, day=22))
    told = [[(FIRST_NEWS in p.text, SECOND_NEWS in p.text) for p in one.posts] for one in (served, other)]
    assert told == [[(True, False), (False, True)], [(True, True), (False, False)]]


async def test_a_change_of_the_last_two_minutes_is_left_to_the_next(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    other = add_server(discord, "Suedwind")
    async with start() as running:
        await served.set_up(discord)
        await other.set_up(discord, "08:01")
        clock.now = at(7, 58) + timedelta(seconds=30)
        germany(running, "troops")
        await look_at(running, clock, at(8))
        await look_at(running, clock, at(8, 1))
        await look_at(running, clock, at(8, day=22))
        await look_at(running, clock, at(8, 1, day=22))
        await look_at(running, clock, at(8, day=23))
    change = "**Germany: ready to send troops**"
    assert [change in post.text for post in served.posts] == [False, True, False]
    assert [post.silent for post in served.posts] == [True, False, True]
    assert [change in post.text for post in other.posts] == [True, False]
    assert "Before: unclear." in served.posts[1].text


async def test_a_change_that_was_taken_back_in_time_is_told_to_nobody(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        await served.set_up(discord)
        clock.now = at(7, 59)
        germany(running, "troops")
        await look_at(running, clock, at(8))
        germany(running, "unclear")
        await look_at(running, clock, at(8, day=22))
    assert [post.text for post in served.posts if "ready to send troops" in post.text] == []


async def test_after_four_days_of_downtime_one_comes_that_tells_them_all(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path, home: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
    for title, day in zip(TITLES, (21, 22, 24, 25), strict=False):
        clock.now = at(12, day=day)
        with open_app(str(home), clock=clock) as app:
            aside = Running(app)
            article(aside, tmp_path, title, published=f"2025-03-{day}")
            if day == 22:
                germany(aside, "troops")
    clock.now = at(17, 30, day=25)
    async with start() as running:
        for _ in range(5):
            await running.look()
            clock.advance(minutes=1)
        assert served.posts[1:] == [Post(date(2025, 3, 25), at(17, 30, day=25), at(8, day=25), "", False)]
        told = served.posts[1].text
        for words in (*TITLES[:4], "**Germany: ready to send troops**"):
            assert told.count(words) == 1, words
        await look_at(running, clock, at(8, day=26))
    assert days(served) == [21, 25, 26]
    assert "nothing new on file" in served.posts[2].text


# How often, and how long.


async def test_a_weekly_and_short_one_is_chosen_shown_previewed_and_posted(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        clock.now = at(12, day=16)
        article(running, tmp_path, FIRST_NEWS, published="2025-03-16")
        clock.now = at(7)
        daily = await served.card(discord)
        shown = await discord.press(served.admin, daily, "Show what it would post now")
        assert FIRST_NEWS not in shown.messages[0].content
        card = await served.card(discord, every="Friday", length="short")
        assert "**When:** once a week, Friday, 08:00, UTC" in card.content
        assert "First one: Friday 21 March 2025" in card.content
        assert "**Length:** short: one sentence for each of at most five stories" in card.content
        # The week before it is told by the first one.
        shown = await discord.press(served.admin, card, "Show what it would post now")
        assert shown.messages[0].content.startswith("**Weekly digest, Friday 21 March 2025: 1 story**")
        assert FIRST_NEWS in shown.messages[0].content
        on = await discord.press(served.admin, card, "Switch on")
        assert on.messages[0].content.startswith("**On.** First post: Friday 21 March 2025, 08:00")

        for day in range(21, 28):
            await look_at(running, clock, at(7, 59, day=day))
            await look_at(running, clock, at(8, day=day))
        assert days(served) == [21]
        assert served.posts[0].text.startswith("**Weekly digest, Friday 21 March 2025: 1 story**")
        told = await served.order(discord, "show")
        assert "once a week, Friday, 08:00, UTC. Next: Friday 28 March 2025" in told
        assert "Length: short: one sentence for each of at most five stories." in told
        # What is not said stays as it is.
        card = await served.card(discord, "09:00")
        assert "**When:** once a week, Friday, 09:00, UTC" in card.content
        assert "**Length:** short" in card.content
        told = (await served.set_up(discord, length="long")).content
        assert told.startswith("**Changed.** Next post: Friday 28 March 2025, 08:00")
        assert "Length: long: up to six sentences" in told
        await look_at(running, clock, at(8, day=28))
    assert days(served) == [21, 28]
    assert FIRST_NEWS not in served.posts[1].text


TOLD = (
    "Ferries left the harbour of Odesa on schedule. Two of them carried nothing but lorries with grain. "
    "The captain of the first ferry thanked the crews of the icebreakers. A third ferry stays in dock until June."
)


@pytest.mark.parametrize(("length", "sentences"), [("short", 1), ("normal", 3), ("long", 4)])
async def test_it_tells_as_much_as_was_chosen(
    length: str, sentences: int, served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        (tmp_path / "ferries.txt").write_text(f"title: Ferries\ndate: 2025-03-21\npublisher: P\n\n{TOLD}\n")
        assert list(ingest(running.app.library, [str(tmp_path / "ferries.txt")], max_bytes=10_000, now=clock.now))
        card = await served.card(discord, length=length)
        shown = await discord.press(served.admin, card, "Show what it would post now")
        assert quoted(shown.messages[0].content) == sentences
        await discord.press(served.admin, card, "Switch on")
        await look_at(running, clock, at(8))
    (post,) = served.posts
    assert quoted(post.text) == sentences


def quoted(text: str) -> int:
    return sum(f"> {sentence.rstrip('.')}" in text for sentence in TOLD.split(". "))


async def test_a_card_from_before_there_was_a_choice_still_works(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        card = await served.card(discord, "08:30", "Europe/Berlin", every="Friday", length="long")
        for row in card.components:
            for button in row["components"]:
                # As it was written then.
                button["custom_id"] = button["custom_id"].removesuffix(":4l")
        assert any(button["custom_id"].endswith(":Europe/Berlin") for button in card.components[0]["components"])
        shown = await discord.press(served.admin, card, "Show what it would post now")
        assert shown.messages[0].content.startswith("**Briefing, Friday 21 March 2025")
        told = (await discord.press(served.admin, card, "Switch on")).messages[0].content
        assert "First post: Friday 21 March 2025, 08:30 in Europe/Berlin" in told
        told = await served.order(discord, "show")
        assert "once a day, 08:30, Europe/Berlin" in told
        assert "Length: normal: up to three sentences" in told
        for day in (21, 22, 23):
            await look_at(running, clock, at(7, 30, day=day))
    assert days(served) == [21, 22, 23]


async def test_a_digest_that_downtime_made_late_by_days_is_posted_once(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord, every="Friday")
        article(running, tmp_path, FIRST_NEWS)
    clock.now = at(17, 30, day=25)
    async with start() as running:
        for _ in range(4):
            await running.look()
            clock.advance(minutes=1)
        for day in range(26, 28):
            await look_at(running, clock, at(8, day=day))
        assert served.posts == [Post(FIRST, at(17, 30, day=25), at(8), "", False)]
        assert FIRST_NEWS in served.posts[0].text
        await look_at(running, clock, at(8, day=28))
    assert days(served) == [21, 28]
    assert FIRST_NEWS not in served.posts[1].text


async def test_a_digest_that_may_not_be_posted_comes_as_soon_as_it_may_within_the_week(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord, every="Friday")
        article(running, tmp_path, FIRST_NEWS)
        served.channel.deny(SEND)
        for day in range(21, 25):
            for minutes in (0, 10, 20):
                await look_at(running, clock, at(8, minutes, day=day))
        # Whoever set it up hears of it once a day.
        assert len(served.admin.dm.messages) == 4
        clock.now = at(12, day=24)
        served.channel.allow(SEND)
        await discord.until(lambda: served.posts)
        for minute in range(1, 5):
            await look_at(running, clock, at(12, minute, day=24))
        assert served.posts == [Post(date(2025, 3, 24), at(12, day=24), at(8, day=24), "", False)]
        assert FIRST_NEWS in served.posts[0].text
        for day in range(25, 29):
            await look_at(running, clock, at(8, day=day))
    assert days(served) == [24, 28]


# Where, and whether.


async def test_moving_the_channel_reposts_and_repeats_nothing(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = served.guild.add_channel("elsewhere")
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS)
        await look_at(running, clock, at(8))
        clock.now = at(10)
        told = await served.set_up(discord, channel=elsewhere)
        assert told.content.startswith("**Moved.** Next post: Saturday 22 March 2025, 08:00")
        article(running, tmp_path, SECOND_NEWS)
        await look_at(running, clock, at(10, 1))
        await look_at(running, clock, at(8, day=22))
        await look_at(running, clock, at(8, day=23))
    assert days(served) == [21]
    posts = posts_in(elsewhere)
    assert [post.day.day for post in posts] == [22, 23]
    told = [(FIRST_NEWS in post.text, SECOND_NEWS in post.text) for post in posts]
    assert told == [(False, True), (False, False)]


async def test_in_a_thread(served: Served, discord: DiscordDouble, start: Start, clock: Clock) -> None:
    thread = served.channel.add_thread("daily")
    async with start() as running:
        await served.set_up(discord, channel=thread)
        await look_at(running, clock, at(8))
        thread.set_thread(archived=True)
        await look_at(running, clock, at(8, day=22))
    assert [post.day.day for post in posts_in(thread)] == [21, 22]
    assert served.posts == []


async def test_paused_it_owes_nothing(served: Served, discord: DiscordDouble, start: Start, clock: Clock) -> None:
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        await served.order(discord, "pause")
        for day in (22, 23):
            await look_at(running, clock, at(8, day=day))
        assert days(served) == [21]
        clock.now = at(12, day=23)
        await served.order(discord, "resume")
        await look_at(running, clock, at(12, 1, day=23))
        assert days(served) == [21]
        await look_at(running, clock, at(8, day=24))
    assert served.posts[1:] == [Post(date(2025, 3, 24), at(8, day=24), None, "", True)]


async def test_paused_what_waits_is_not_posted_either(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS)
        served.channel.deny(SEND)
        await look_at(running, clock, at(8))
        clock.now = at(9)
        await served.order(discord, "pause")
        served.channel.allow(SEND)
        await discord.settled()
        await look_at(running, clock, at(9, 30))
        assert served.posts == []
        clock.now = at(18)
        await served.order(discord, "resume")
        await look_at(running, clock, at(18, 1))
        assert served.posts == []
        await look_at(running, clock, at(8, day=22))
    assert days(served) == [22]
    assert FIRST_NEWS in served.posts[0].text


async def test_a_post_is_taken_back(served: Served, discord: DiscordDouble, start: Start, clock: Clock) -> None:
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        (post,) = served.channel.messages
        await served.order(discord, "retract")
        await discord.until(lambda: post.deleted)
        await served.order(discord, "retract")
        await look_at(running, clock, at(9))
        assert served.channel.messages == []
        await look_at(running, clock, at(8, day=22))
    assert days(served) == [22]


async def test_off_ends_it_and_keeps_nothing(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS)
        await look_at(running, clock, at(8))
        served.channel.deny(SEND)
        await look_at(running, clock, at(8, day=22))
        await served.order(discord, "off")
        with running.app.store.reading() as connection:
            for table in (guild_briefing, briefing, shown):
                assert connection.execute(select(func.count()).select_from(table)).scalar() == 0, table.name
            kept = connection.execute(select(delivery.c.once_key)).scalars().all()
        assert [key for key in kept if key.startswith("briefing:")] == []
        served.channel.allow(SEND)
        await discord.settled()
        for day in (22, 23, 24):
            await look_at(running, clock, at(9, day=day))
        assert "No briefing is set up here" in await served.order(discord, "show")
    assert days(served) == [21]


async def test_a_server_that_removed_the_bot_is_sent_nothing(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        await served.set_up(discord)
        await served.guild.kick()
        await discord.settled()
        await look_at(running, clock, at(8))
        await served.guild.invite()
        await discord.settled()
        await look_at(running, clock, at(8, 5))
    assert days(served) == [21]
    assert discord.refusals == []


# What can't be posted.


async def test_what_cannot_be_posted_is_kept_told_once_and_comes_late(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS)
        served.channel.deny(SEND)
        for moment in (at(8), at(8, 1), at(8, 20), at(11, 30)):
            await look_at(running, clock, moment)
        assert served.posts == []
        assert "Send Messages" in await served.order(discord, "show")
        (told,) = served.admin.dm.messages
        assert told.content.startswith(f"**I can't post today's briefing** in {served.channel.mention}.")
        assert "Missing in #briefing: Send Messages." in told.content
        # Nobody looks at the clock: that the permission is back wakes it.
        clock.now = at(12)
        served.channel.allow(SEND)
        await discord.until(lambda: served.posts)
        assert served.posts == [Post(FIRST, at(12), at(8), "", False)]
        assert FIRST_NEWS in served.posts[0].text
        await look_at(running, clock, at(12, 30))
        await look_at(running, clock, at(8, day=22))
    assert days(served) == [21, 22]
    assert len(served.admin.dm.messages) == 1
    # It was seen beforehand that it isn't allowed, so Discord was not bothered.
    assert discord.refusals == []


@pytest.mark.parametrize("missing", [1, 3])
async def test_what_is_older_than_a_day_is_folded_into_the_next(
    missing: int, served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    """The permission is missing for ``missing`` days and some hours."""
    async with start() as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        served.channel.deny(SEND)
        clock.now = at(8, 30)
        germany(running, "troops")
        for day in range(21, 22 + missing):
            clock.now = at(9, day=day)
            article(running, tmp_path, TITLES[day - 21], published=f"2025-03-{day}")
            for minutes in range(0, 41, 10):
                await look_at(running, clock, at(8, minutes, day=day + 1))
        last = 22 + missing
        assert days(served) == [21]
        clock.now = at(12, day=last)
        served.channel.allow(SEND)
        await discord.settled()
        for minute in range(1, 5):
            await look_at(running, clock, at(12, minute, day=last))
        assert served.posts[1:] == [Post(date(2025, 3, last), at(12, day=last), at(8, day=last), "", False)]
        told = served.posts[1].text
        for day in range(21, 22 + missing):
            assert told.count(TITLES[day - 21]) == 1
        assert told.count("**Germany: ready to send troops**") == 1
        # Once a day, for as long as it lasts.
        assert len(served.admin.dm.messages) == missing + 1
        await look_at(running, clock, at(8, day=last + 1))
    assert days(served) == [21, last, last + 1]
    assert "nothing new on file" in served.posts[2].text


async def test_what_waits_moves_with_the_channel(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    elsewhere = served.guild.add_channel("elsewhere")
    async with start() as running:
        await served.set_up(discord)
        served.channel.deny(SEND)
        await discord.settled()
        await look_at(running, clock, at(8))
        clock.now = at(9)
        await served.set_up(discord, channel=elsewhere)
        await look_at(running, clock, at(9, 10))
        served.channel.allow(SEND)
        await discord.settled()
        await look_at(running, clock, at(9, 30))
    assert served.posts == []
    assert posts_in(elsewhere) == [Post(FIRST, at(9, 10), at(8), "", True)]


async def test_a_channel_that_is_gone_is_told_and_the_next_tells_what_it_would_have(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = served.guild.add_channel("elsewhere")
    async with start() as running:
        away = Served(served.guild, elsewhere, served.admin)
        await served.set_up(discord, channel=elsewhere)
        article(running, tmp_path, FIRST_NEWS)
        await elsewhere.delete()
        await discord.settled()
        for minute in range(0, 30, 5):
            await look_at(running, clock, at(8, minute))
        assert len(served.admin.dm.messages) == 1
        await served.set_up(discord)
        await look_at(running, clock, at(8, day=22))
    assert away.posts == []
    assert days(served) == [22]
    assert FIRST_NEWS in served.posts[0].text


# Exactly once.


@pytest.mark.parametrize("minutes", [1, 10], ids=["nonce", "history"])
@pytest.mark.parametrize("arrives", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("fault", ["503", "drop"])
async def test_an_answer_that_is_lost(
    fault: str, arrives: bool, minutes: int, served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    """Discord stores the message, or doesn't, and nobody hears of it."""
    async with start() as running:
        await served.set_up(discord)
        how: Mapping[str, Any] = {"drop": True} if fault == "drop" else {"status": 503}
        discord.fail("POST", MESSAGES, after=arrives, **how)
        await look_at(running, clock, at(8))
        assert len(served.posts) == arrives
        clock.advance(minutes=minutes)
        for _ in range(3):
            await running.look()
            clock.advance(minutes=1)
        assert len(served.posts) == 1
        # It is known again: it can be taken back.
        await served.order(discord, "retract")
        await discord.until(lambda: not served.posts)


async def test_a_502_after_it_was_stored(served: Served, discord: DiscordDouble, start: Start, clock: Clock) -> None:
    """Discord's library sends again by itself, with the same nonce."""
    async with start() as running:
        await served.set_up(discord)
        discord.fail("POST", MESSAGES, 502, after=True)
        await look_at(running, clock, at(8))
        for minute in range(1, 15, 3):
            await look_at(running, clock, at(8, minute))
    assert served.posts == [Post(FIRST, at(8), None, "", True)]


async def test_what_discord_does_not_take_for_a_while_says_that_it_is_late(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        await served.set_up(discord)
        fault = discord.fail("POST", MESSAGES, 503, times=1000)
        while clock.now < at(8, 40):
            await running.look()
            clock.advance(minutes=2)
        fault.times = 0
        while clock.now < at(9):
            await running.look()
            clock.advance(minutes=2)
    (post,) = served.posts
    assert post.at > at(8, 39)
    assert post.late_since == at(8)


async def test_what_discord_does_not_take_for_more_than_a_day_is_told_by_the_next(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    """It may have arrived until the last, so the next one waits; what was never heard of is in that."""
    async with start() as running:
        await served.set_up(discord)
        article(running, tmp_path, FIRST_NEWS)
        fault = discord.fail("*", r"/channels/\d+/messages", 503, times=100_000)
        clock.now = at(8)
        while clock.now < at(10, day=22):
            if clock.now == at(20):
                article(running, tmp_path, SECOND_NEWS)
            await running.look()
            clock.advance(minutes=40)
        fault.times = 0
        while clock.now < at(12, day=22):
            await running.look()
            clock.advance(minutes=5)
    (post,) = served.posts
    assert (post.day.day, post.late_since) == (22, at(8, day=22))
    assert at(10, day=22) <= post.at <= at(10, 20, day=22)
    assert FIRST_NEWS in post.text
    assert SECOND_NEWS in post.text


class Killed(BaseException):
    """The process ends here and now."""


def cut(running: Running, *, after: int = 0, arrives: bool, killed: bool) -> asyncio.Event:
    """Have the process killed, or hang until it is stopped, while it sends the message after so many."""
    real, reached = running.messenger.post, asyncio.Event()
    sends = 0

    async def post(place: Place, content: Mapping[str, Any], nonce: str) -> Outcome:
        nonlocal sends
        sends += 1
        if sends <= after:
            return await real(place, content, nonce)
        if arrives:
            await real(place, content, nonce)
        reached.set()
        if killed:
            raise Killed
        await asyncio.Event().wait()
        raise AssertionError

    running.messenger.post = post  # type: ignore[method-assign]
    return reached


@pytest.mark.parametrize("minutes", [1, 10])
@pytest.mark.parametrize("arrives", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "stopped"])
async def test_the_process_ends_before_the_answer(
    killed: bool,
    arrives: bool,
    minutes: int,
    served: Served,
    discord: DiscordDouble,
    start: Start,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What never ends is broken off; that takes ten seconds otherwise.
    monkeypatch.setattr("bot.run.PATIENCE", 0.2)
    async with start() as running:
        await served.set_up(discord)
        reached = cut(running, arrives=arrives, killed=killed)
        clock.now = at(8)
        looking = asyncio.create_task(running.look())
        await reached.wait()
        if not killed:
            looking.cancel()
        with pytest.raises(Killed if killed else asyncio.CancelledError):
            await looking
    assert len(served.posts) == arrives
    clock.advance(minutes=minutes)
    async with start() as running:
        for _ in range(4):
            await running.look()
            clock.advance(minutes=1)
        assert len(served.posts) == 1
        await look_at(running, clock, at(8, day=22))
    assert days(served) == [21, 22]


@pytest.mark.parametrize("arrives", [True, False], ids=["stored", "not stored"])
async def test_killed_between_the_parts_of_a_long_one(
    arrives: bool, served: Served, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    async with start() as running:
        await served.set_up(discord)
        clock.now = at(7, 30)
        germany(running, "troops")
        for title in TITLES:
            article(running, tmp_path, title)
        cut(running, after=1, arrives=arrives, killed=True)
        clock.now = at(8)
        with pytest.raises(Killed):
            await running.look()
    assert len(served.channel.messages) == 1 + arrives
    clock.advance(minutes=10)
    async with start() as running:
        for _ in range(4):
            await running.look()
            clock.advance(minutes=1)
    told = [message.content for message in served.channel.messages]
    assert len(told) == len(set(told)) == 2
    assert [sum(title in part for part in told) for title in TITLES] == [1] * len(TITLES)
    assert len(served.posts) == 1


async def test_what_may_have_arrived_waits_until_that_can_be_seen(
    served: Served, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    async with start() as running:
        await served.set_up(discord)
        cut(running, arrives=True, killed=True)
        clock.now = at(8)
        with pytest.raises(Killed):
            await running.look()
    served.channel.deny(READ_HISTORY)
    clock.advance(minutes=10)
    async with start() as running:
        await running.look()
        (told,) = served.admin.dm.messages
        assert "Read Message History" in told.content
        clock.advance(minutes=20)
        served.channel.allow(READ_HISTORY)
        await discord.settled()
        await running.look()
    assert served.posts == [Post(FIRST, at(8), None, "", True)]


async def test_two_processes_on_one_store(
    store_url: str, discord: DiscordDouble, start: Start, clock: Clock, tmp_path: Path
) -> None:
    servers = [add_server(discord, f"Nordwind {number}") for number in range(4)]
    more = f'[store]\nurl = "{store_url}"\n'
    async with start(more=more) as one:
        for served in servers:
            await served.set_up(discord)
        async with start(more=more) as two:
            for day in (21, 22, 23):
                article(one, tmp_path, TITLES[day - 21], published=f"2025-03-{day}")
                for minute in range(3):
                    clock.now = at(8, minute, day=day)
                    await asyncio.gather(one.look(), two.look())
    for served in servers:
        assert days(served) == [21, 22, 23]
        told = [[number for number, title in enumerate(TITLES) if title in post.text] for post in served.posts]
        assert told == [[0], [1], [2]]


async def test_two_who_switch_it_on_at_once_set_up_one(
    store_url: str, discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    servers = [add_server(discord, f"Nordwind {number}") for number in range(4)]
    async with start(more=f'[store]\nurl = "{store_url}"\n') as running:
        await asyncio.gather(*(served.set_up(discord) for served in servers for _ in range(3)))
        await look_at(running, clock, at(8))
        await look_at(running, clock, at(8, 1))
    assert [days(served) for served in servers] == [[21]] * 4


async def test_what_was_on_the_table_a_minute_before_the_set_up_is_known_there(
    discord: DiscordDouble, tmp_path: Path, start: Start, clock: Clock
) -> None:
    """A new store, set up within the two minutes that changes are held back."""
    clock.now = at(7, 59)
    served = add_server(discord)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    async with start(home=fresh) as running:
        await served.set_up(discord)
        await look_at(running, clock, at(8))
        (first,) = served.channel.messages
        assert "nothing new on file" in first.content
        assert "4 in and 2 organisations, 6 maybe, 2 say no, 1 host." in first.content
        await look_at(running, clock, at(8, day=22))
        assert "nothing new on file" in served.channel.messages[-1].content
        assert len(served.channel.messages) == 2
