"""What is not allowed, not granted or closed: each thing works without it, or says what is missing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord as discord_py
import pytest

from bot.answers import Answer
from bot.commands import answer
from bot.discord import client
from bot.discord.client import NOT_GRANTED, RollcallBot
from bot.request import Request
from bot.run import Running
from bot.table import import_rows
from tests.bot.discord.conftest import MANAGE, NOW, Start, text_of
from tests.conftest import Clock
from tests.doubles.discord import Channel, DiscordDouble, Guild, Interaction, Message, User, rules

pytestmark = pytest.mark.long

SEED_TABLE = (Path(__file__).parents[3] / "seeds" / "stances.toml").read_text(encoding="utf-8")
WITHOUT_ATTACHING = rules.LEAST & ~rules.ATTACH_FILES
HOLD = {"minutes": 3}
"""Longer than a change of the table is held back."""


@pytest.fixture
def guild(discord: DiscordDouble) -> Guild:
    return discord.add_guild("Nordwind")


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_channel("general")


@pytest.fixture
def anna(discord: DiscordDouble, guild: Guild) -> User:
    """A member like any other."""
    person = discord.add_user("anna")
    guild.join(person)
    return person


@pytest.fixture
def bea(discord: DiscordDouble, guild: Guild) -> User:
    """A member who manages the server."""
    person = discord.add_user("bea")
    guild.join(person, MANAGE)
    return person


def move_germany(running: Running, stance: str) -> None:
    """An editor changes Germany's row."""
    start = SEED_TABLE.index('id = "de-explainer"')
    changed = SEED_TABLE[start:].replace('stance = "unclear"', f'stance = "{stance}"', 1)
    app = running.app
    import_rows(app.library, SEED_TABLE[:start] + changed, "stances.toml", now=app.clock(), by="an editor", why="test")


async def set_up(discord: DiscordDouble, bea: User, channel: Channel, target: Channel) -> Message:
    """The card that /setup answers with."""
    shown = await discord.slash(bea, channel, "setup", {"channel": target, "time": "08:00", "zone": "UTC"})
    (card,) = shown.messages
    assert card.ephemeral
    return card


def buttons(message: Message) -> list[str | None]:
    return [button.label for button in message.buttons]


async def switch_on(discord: DiscordDouble, bea: User, channel: Channel, target: Channel) -> None:
    card = await set_up(discord, bea, channel, target)
    pressed = await discord.press(bea, card, "Switch on")
    assert "On." in text_of(pressed.messages)


def refused(discord: DiscordDouble) -> list[tuple[str, int]]:
    """Every request that Discord refused, as path and code."""
    return [(one.path, one.code) for one in discord.refusals]


def tries(discord: DiscordDouble, person: User) -> int:
    """How often a direct message to a person was tried."""
    return sum(one.path == f"/channels/{person.dm.id}/messages" for one in discord.requests if one.method == "POST")


class TestWithoutTheMessageContentIntent:
    @pytest.fixture(autouse=True)
    def not_granted(self, discord: DiscordDouble) -> None:
        discord.message_content = False

    async def test_it_starts_and_names_the_switch(
        self, discord: DiscordDouble, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        async with start() as running:
            assert discord.ready
            assert running.bot is not None
            assert not running.bot.reads_messages
        assert NOT_GRANTED in caplog.messages
        assert "page Bot, Privileged Gateway Intents, Message Content Intent" in NOT_GRANTED
        assert discord.identifies == 1

    async def test_every_door_but_one_works(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        async with start():
            await discord.say(anna, channel, "!status Germany")
            await discord.settled()
            assert [message.author for message in channel.messages] == [anna]

            mention = await discord.say(anna, channel, f"{discord.bot.mention} status Germany")
            (answer,) = await discord.replies_to(mention)
            assert "Germany: unclear" in answer.content

            reply = await discord.say(anna, channel, "status Italy", reply_to=answer)
            assert "Italy" in text_of(await discord.replies_to(reply))

            slash = await discord.slash(anna, channel, "status", {"country": "Germany"})
            assert "Germany: unclear" in text_of(slash.messages)

            direct = await discord.say(anna, anna.dm, "!status Germany")
            assert "Germany: unclear" in text_of(await discord.replies_to(direct))
        assert discord.refusals == []

    async def test_a_reply_that_does_not_ping_is_not_seen(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        async with start():
            mention = await discord.say(anna, channel, f"{discord.bot.mention} status Germany")
            (answer,) = await discord.replies_to(mention)
            await discord.say(anna, channel, "status Italy", reply_to=answer, ping=False)
            await discord.settled()
            assert [message for message in channel.messages if message.author is discord.bot] == [answer]

    async def test_the_card_says_so(self, discord: DiscordDouble, start: Start, channel: Channel, bea: User) -> None:
        async with start():
            card = await set_up(discord, bea, channel, channel)
            assert "`!status` does not: ask whoever hosts me to switch on" in card.content
            assert "Message Content Intent" in card.content
            assert "Switch on" in buttons(card)

    async def test_switched_off_by_its_owner_it_is_not_asked_for(
        self, discord: DiscordDouble, start: Start, channel: Channel, bea: User
    ) -> None:
        discord.message_content = True
        async with start(more="message_content = false\n"):
            await discord.say(bea, channel, "!status Germany")
            await discord.settled()
            assert [message.author for message in channel.messages] == [bea]
            assert "`!status` does not" in (await set_up(discord, bea, channel, channel)).content


async def test_with_the_intent_the_card_says_that_typing_works(
    discord: DiscordDouble, start: Start, channel: Channel, bea: User
) -> None:
    async with start():
        assert (
            "`!status Germany`, `/status` and a mention of me all work"
            in (await set_up(discord, bea, channel, channel)).content
        )


class TestClosedDirectMessages:
    async def test_the_person_is_told_once_at_the_next_command(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        anna.dms_open = False
        async with start():
            done = await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            assert "to see that mine reach you" in text_of(done.messages)
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            assert refused(discord) == [(f"/channels/{anna.dm.id}/messages", 50007)]

            next_one = await discord.say(anna, channel, "!status Italy")
            replies = await discord.replies_to(next_one, count=2)
            assert "Italy" in replies[0].content
            assert "direct messages don't reach you" in replies[1].content
            assert "I try again later" in replies[1].content
            assert replies[1].reference is next_one, "it says whose messages"

            for command in ("!status France", "!status Spain"):
                again = await discord.say(anna, channel, command)
                assert len(await discord.replies_to(again)) == 1
            await discord.settled()
            assert "don't reach you" not in text_of(channel.messages[-3:])
            assert tries(discord, anna) == 1

    async def test_what_did_not_get_through_is_told_at_the_next_command(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        anna.dms_open = False
        send = client.reply_to_message
        lost: list[discord_py.Message] = []

        async def loses_the_second(bot: RollcallBot, message: discord_py.Message, *args: Any, **more: Any) -> None:
            if more and not lost:
                lost.append(message)
                raise aiohttp.ClientConnectionError
            await send(bot, message, *args, **more)

        monkeypatch.setattr(client, "reply_to_message", loses_the_second)
        async with start():
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            await discord.say(anna, channel, "!status Italy")
            await discord.until(lambda: lost)
            next_one = await discord.say(anna, channel, "!status Spain")
            replies = await discord.replies_to(next_one, count=2)
            assert "direct messages don't reach you" in replies[1].content

    async def test_a_slash_command_tells_it_to_nobody_else(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        anna.dms_open = False
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            await running.look()
            asked = await discord.slash(anna, channel, "status", {"country": "Italy"})
            await discord.until(lambda: len(asked.messages) == 2)
            facts, told = asked.messages
            assert not facts.ephemeral
            assert "direct messages don't reach you" in told.content
            assert told.ephemeral

    async def test_after_three_failures_it_is_paused_and_nothing_is_tried_any_more(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        anna.dms_open = False
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            await running.look()
            assert tries(discord, anna) == 1
            clock.advance(minutes=1)
            move_germany(running, "open")
            counted = []
            for _ in range(3 * 24):
                clock.advance(hours=1)
                await running.look()
                counted.append(tries(discord, anna))
            # The second try an hour after the first, the third a day after that, then never again.
            assert counted[0] == 2
            assert counted[22] == 2
            assert counted[25:] == [3] * len(counted[25:])
            assert {code for _, code in refused(discord)} == {50007}

            listed = await discord.slash(anna, channel, "subscriptions")
            assert "Paused: my messages did not reach you. Subscribe again to wake it." in text_of(listed.messages)
            told = await discord.say(anna, channel, "!status Italy")
            assert len(await discord.replies_to(told)) == 1, "the list has told it already"

    async def test_what_was_not_told_is_told_after_subscribing_again(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        anna.dms_open = False
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            clock.advance(minutes=1)
            move_germany(running, "open")
            for _ in range(30):
                clock.advance(hours=1)
                await running.look()
            assert tries(discord, anna) == 3
            anna.dms_open = True
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await running.look()
            told = text_of(anna.dm.messages)
            assert "Germany: open to it. Was: unclear." in told.replace("**", "")
            clock.advance(days=1)
            await running.look()
            assert text_of(anna.dm.messages).count("Was: unclear") == 1

    async def test_messages_closed_after_they_were_open_are_no_different(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: anna.dm.messages)
            await running.look()
            anna.dms_open = False
            clock.advance(minutes=1)
            move_germany(running, "open")
            for _ in range(3 * 12):
                clock.advance(hours=2)
                await running.look()
            assert tries(discord, anna) == 1 + 3
            anna.dms_open = True
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await running.look()
            assert len(anna.dm.messages) == 3
            told = text_of(anna.dm.messages[1:])
            assert "Germany: open to it. Was: unclear." in told.replace("**", "")
            assert "This message shows that mine reach you" in told

    async def test_a_daily_message_is_tried_once_a_day_and_then_paused(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany", "rhythm": "daily"})
            await discord.until(lambda: anna.dm.messages)
            await running.look()
            anna.dms_open = False
            clock.advance(minutes=1)
            move_germany(running, "open")
            for _ in range(6 * 8):
                clock.advance(hours=3)
                await running.look()
            assert tries(discord, anna) == 1 + 3
            anna.dms_open = True
            await discord.slash(anna, channel, "subscribe", {"country": "Germany", "rhythm": "daily"})
            clock.advance(days=1)
            await running.look()
            # Greeted anew, and told what was not told: in one look, in either order.
            assert any("Was: unclear" in message.content for message in anna.dm.messages[-2:])

    async def test_subscribing_to_more_does_not_knock_again_and_again(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        anna.dms_open = False
        async with start() as running:
            await discord.slash(anna, channel, "subscribe", {"country": "Germany"})
            await discord.until(lambda: discord.refusals)
            await discord.settled()
            await running.look()
            clock.advance(minutes=5)
            move_germany(running, "open")
            clock.advance(**HOLD)
            for country in ("France", "Italy", "Spain"):
                # Each asks for a message of its own accord, and gets one try.
                await discord.slash(anna, channel, "subscribe", {"country": country})
                await running.look()
            assert tries(discord, anna) <= 4


class TestWithoutAttachFiles:
    async def test_the_card_says_what_is_left_out_and_the_briefing_goes_out(
        self, discord: DiscordDouble, start: Start, clock: Clock, guild: Guild, channel: Channel, bea: User
    ) -> None:
        guild.set_bot_permissions(WITHOUT_ATTACHING)
        async with start() as running:
            card = await set_up(discord, bea, channel, channel)
            assert "❓ **Attach Files is missing** (for pictures; without it I leave them out)" in card.content
            assert "switch on Attach Files" in card.content
            await discord.press(bea, card, "Switch on")
            clock.advance(days=1)
            await running.look()
            assert "Briefing, " in channel.messages[0].content
        assert discord.refusals == []


class TestWithoutSendMessages:
    async def test_the_asker_is_told_directly_once_a_day(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        channel.deny(rules.SEND)
        async with start() as running:
            for command in ("!status Germany", "!who-is-in", f"{discord.bot.mention} about"):
                await discord.say(anna, channel, command)
                await discord.settled()
            await running.look()
            assert [message.author for message in channel.messages] == [anna] * 3
            (told,) = anna.dm.messages
            assert f"I can't answer in <#{channel.id}>. Missing in #general: Send Messages." in told.content
            assert "switch on Send Messages" in told.content
            assert "`/status` works there" in told.content

            slash = await discord.slash(anna, channel, "status", {"country": "Germany"})
            assert "Germany: unclear" in text_of(slash.messages)

            clock.advance(days=1)
            await discord.say(anna, channel, "!status Germany")
            await discord.until(lambda: len(anna.dm.messages) == 2)
        assert discord.refusals == []

    async def test_of_those_who_type_a_command_only_the_first_is_told(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, bea: User
    ) -> None:
        """They may have meant another bot; whoever names this one has not."""
        channel.deny(rules.SEND)
        cleo = discord.add_user("cleo")
        assert channel.guild is not None
        channel.guild.join(cleo)
        async with start() as running:
            for person in (anna, bea):
                await discord.say(person, channel, "!status Germany")
                await discord.settled()
            await discord.say(cleo, channel, f"{discord.bot.mention} status Germany")
            await discord.settled()
            await running.look()
            assert [len(person.dm.messages) for person in (anna, bea, cleo)] == [1, 0, 1]
            clock.advance(days=1)
            await discord.say(bea, channel, "!status Germany")
            await discord.until(lambda: bea.dm.messages)
        assert discord.refusals == []

    async def test_a_word_that_is_no_command_is_told_with_one_that_is(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        channel.deny(rules.SEND)
        async with start():
            await discord.say(anna, channel, f"{discord.bot.mention} good morning")
            await discord.until(lambda: anna.dm.messages)
            assert "`/help` works there" in anna.dm.messages[0].content

    async def test_with_direct_messages_closed_too_there_is_one_try(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User
    ) -> None:
        channel.deny(rules.SEND)
        anna.dms_open = False
        async with start() as running:
            for _ in range(3):
                await discord.say(anna, channel, "!status Germany")
                await discord.settled()
                clock.advance(hours=1)
                await running.look()
            assert refused(discord) == [(f"/channels/{anna.dm.id}/messages", 50007)]

    async def test_the_card_blocks_and_checks_again(
        self, discord: DiscordDouble, start: Start, channel: Channel, bea: User
    ) -> None:
        channel.deny(rules.SEND)
        async with start():
            card = await set_up(discord, bea, channel, channel)
            assert "Not ready yet" in card.content
            assert "❌ **Send Messages is missing** (to post)" in card.content
            assert "Switch on" not in buttons(card)
            channel.allow(rules.SEND)
            await discord.settled()
            again = await discord.press(bea, card, "Check again")
            assert "Switch on" in buttons(again.messages[0])
            channel.deny(rules.SEND)
            await discord.settled()
            pressed = await discord.press(bea, again.messages[0], "Switch on")
            assert "Not ready yet" in text_of(pressed.messages), "it is checked again when it counts"
        assert discord.refusals == []

    async def test_a_briefing_waits_its_owner_is_told_and_it_goes_out_when_mended(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, bea: User
    ) -> None:
        async with start() as running:
            await switch_on(discord, bea, channel, channel)
            channel.deny(rules.SEND)
            clock.now = NOW.replace(hour=8)
            for _ in range(4):
                await running.look()
                clock.advance(minutes=15)
            assert channel.messages == []
            (told,) = bea.dm.messages
            assert "I can't post today's briefing" in told.content
            assert "Missing in #general: Send Messages." in told.content
            channel.allow(rules.SEND)
            await discord.until(lambda: channel.messages)
            assert channel.messages[0].content.startswith("-# Late: this was due ")
        assert discord.refusals == []


class TestWithoutReadMessageHistory:
    async def test_a_typed_command_is_answered_without_a_reference(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        channel.deny(rules.READ_HISTORY)
        async with start():
            asked = await discord.say(anna, channel, "!status Germany")
            (answer,) = await discord.replies_to(asked)
            assert "Germany: unclear" in answer.content
            assert answer.reference is None
        assert discord.refusals == []

    async def test_the_card_blocks(self, discord: DiscordDouble, start: Start, channel: Channel, bea: User) -> None:
        channel.deny(rules.READ_HISTORY)
        async with start():
            card = await set_up(discord, bea, channel, channel)
            assert "❌ **Read Message History is missing** (so that I never post twice)" in card.content
            assert "Switch on" not in buttons(card)
        assert discord.refusals == []


class TestThreads:
    async def test_in_a_public_thread_everything_works(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, bea: User
    ) -> None:
        thread = channel.add_thread("talk")
        async with start() as running:
            asked = await discord.say(anna, thread, "!status Germany")
            (answer,) = await discord.replies_to(asked)
            assert answer.reference is asked
            slash = await discord.slash(anna, thread, "status", {"country": "Germany"})
            assert "Germany: unclear" in text_of(slash.messages)
            await switch_on(discord, bea, thread, thread)
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert "Briefing, " in thread.messages[-1].content
            assert channel.messages == []
        assert discord.refusals == []

    async def test_in_a_thread_another_permission_counts(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User, bea: User
    ) -> None:
        thread = channel.add_thread("talk")
        channel.deny(rules.SEND)
        async with start():
            asked = await discord.say(anna, thread, "!status Germany")
            assert "Germany: unclear" in text_of(await discord.replies_to(asked))
            channel.allow(rules.SEND)
            channel.deny(rules.SEND_IN_THREADS)
            await discord.settled()
            await discord.say(anna, thread, "!status Germany")
            await discord.until(lambda: anna.dm.messages)
            assert "Missing in #talk: Send Messages in Threads." in anna.dm.messages[0].content
            card = await set_up(discord, bea, thread, thread)
            assert "❌ **Send Messages in Threads is missing**" in card.content
        assert discord.refusals == []

    async def test_an_archived_thread_is_opened_by_writing(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User
    ) -> None:
        thread = channel.add_thread("talk", archived=True)
        async with start():
            asked = await discord.say(anna, thread, "!status Germany")
            assert "Germany: unclear" in text_of(await discord.replies_to(asked))
        assert discord.refusals == []

    @pytest.mark.parametrize("known", [True, False], ids=["archived while it ran", "archived before the start"])
    async def test_a_briefing_goes_into_a_thread_that_was_archived_meanwhile(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, bea: User, known: bool
    ) -> None:
        thread = channel.add_thread("talk")
        # The thread's own permission counts, whether the thread is known or not.
        channel.deny(rules.SEND)
        async with start() as running:
            await switch_on(discord, bea, thread, thread)
            if known:
                thread.set_thread(archived=True)
                await discord.settled()
                clock.now = NOW.replace(hour=8)
                await running.look()
        if not known:
            thread.set_thread(archived=True)
            async with start() as running:
                clock.now = NOW.replace(hour=8)
                await running.look()
        assert "Briefing, " in text_of(thread.messages)
        assert not thread.archived
        assert discord.refusals == []

    async def test_a_card_for_an_archived_thread_checks_the_permissions_that_count(
        self, discord: DiscordDouble, start: Start, channel: Channel, bea: User
    ) -> None:
        thread = channel.add_thread("talk", archived=True)
        async with start():
            card = await set_up(discord, bea, channel, thread)
            assert "Switch on" in buttons(card)
            assert "✅ Send Messages in Threads" in card.content
            channel.deny(rules.SEND_IN_THREADS)
            await discord.settled()
            card = await set_up(discord, bea, channel, thread)
            assert "❌ **Send Messages in Threads is missing**" in card.content
            assert "Switch on" not in buttons(card)

    async def test_in_a_locked_thread_nothing_is_tried(
        self, discord: DiscordDouble, start: Start, guild: Guild, channel: Channel, bea: User
    ) -> None:
        guild.join(bea, MANAGE | rules.MANAGE_THREADS)
        thread = channel.add_thread("talk", locked=True)
        async with start():
            await discord.say(bea, thread, "!status Germany")
            await discord.until(lambda: bea.dm.messages)
            assert "The thread talk is locked." in bea.dm.messages[0].content
            card = await set_up(discord, bea, channel, thread)
            assert "locked" in card.content
            assert "Switch on" not in buttons(card)
        assert discord.refusals == []

    async def test_a_briefing_for_a_thread_that_was_locked_is_kept_and_told(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, bea: User
    ) -> None:
        thread = channel.add_thread("talk")
        async with start() as running:
            await switch_on(discord, bea, channel, thread)
            thread.set_thread(locked=True)
            await discord.settled()
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert thread.messages == []
            assert "The thread talk is locked." in text_of(bea.dm.messages)
            shown = await discord.slash(bea, channel, "briefings show")
            assert "The thread talk is locked." in text_of(shown.messages)
            thread.set_thread(locked=False)
            await discord.settled()
            clock.advance(minutes=20)
            await running.look()
            assert "Briefing, " in text_of(thread.messages)
        assert discord.refusals == []

    @pytest.mark.parametrize("known", [False, True], ids=["it never was in it", "it was taken out"])
    async def test_in_a_private_thread_it_must_be_let_in(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, bea: User, known: bool
    ) -> None:
        assert channel.guild is not None
        # Discord tells a bot of no private thread that it is not in.
        thread = channel.add_thread("council", archived=True)
        thread.kind, thread.archived = rules.PRIVATE_THREAD, False
        me = {"id": str(thread.id), "user_id": str(discord.bot.id), "join_timestamp": NOW.isoformat(), "flags": 0}
        async with start() as running:
            if known:
                discord.emit("THREAD_CREATE", {**thread.payload(), "member": me}, channel.guild)
                card = await set_up(discord, bea, channel, thread)
                assert "Switch on" in buttons(card)
                gone = {"guild_id": str(channel.guild.id), "id": str(thread.id), "member_count": 1}
                removed = {**gone, "removed_member_ids": [str(discord.bot.id)]}
                discord.emit("THREAD_MEMBERS_UPDATE", removed, channel.guild)
                await discord.settled()
            card = await set_up(discord, bea, channel, thread)
            assert "❌ **A place in the thread is missing**" in card.content
            assert "mention rollcall in the thread, which adds me to it" in card.content
            assert "Switch on" not in buttons(card)
            again = await discord.press(bea, card, "Check again")
            assert "Switch on" not in buttons(again.messages[0])
            discord.emit("THREAD_CREATE", {**thread.payload(), "member": me}, channel.guild)
            await discord.settled()
            again = await discord.press(bea, card, "Check again")
            assert "Switch on" in buttons(again.messages[0])
            await discord.press(bea, again.messages[0], "Switch on")
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert "Briefing, " in text_of(thread.messages)
        assert discord.refusals == []


class TestWhatIsMended:
    async def test_a_role_that_is_given_is_noticed(
        self, discord: DiscordDouble, start: Start, clock: Clock, guild: Guild, channel: Channel, bea: User
    ) -> None:
        async with start() as running:
            await switch_on(discord, bea, channel, channel)
            guild.set_bot_permissions(rules.LEAST & ~rules.SEND)
            await discord.settled()
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert channel.messages == []
            role = guild.add_role("speaker", rules.SEND)
            await discord.settled()
            me = guild.members[discord.bot.id]
            me.roles.append(role.id)
            discord.emit("GUILD_MEMBER_UPDATE", {**me.payload(), "guild_id": str(guild.id)}, guild)
            await discord.until(lambda: channel.messages)
        assert discord.refusals == []

    @pytest.mark.parametrize("archived", [False, True])
    async def test_a_thread_that_is_unlocked_is_noticed(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, bea: User, archived: bool
    ) -> None:
        thread = channel.add_thread("talk")
        async with start() as running:
            await switch_on(discord, bea, channel, thread)
            thread.set_thread(locked=True)
            await discord.settled()
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert thread.messages == []
            if archived:
                thread.set_thread(archived=True)
                await discord.settled()
            thread.set_thread(locked=False, archived=False)
            await discord.until(lambda: thread.messages)

    async def test_where_nothing_waits_nothing_is_looked_for(
        self, discord: DiscordDouble, start: Start, channel: Channel
    ) -> None:
        async with start() as running:
            assert running.bot is not None
            looks: list[str] = []
            running.bot.soon = lambda: looks.append("look")
            channel.deny(rules.SEND)
            channel.allow(rules.SEND)
            await discord.settled()
            assert looks == []


class TestWhatACommandKnowsOfItsChannel:
    async def test_why_nothing_can_be_posted_there(
        self, discord: DiscordDouble, start: Start, guild: Guild, channel: Channel, anna: User
    ) -> None:
        asked: list[Request] = []

        def ask(request: Request) -> Answer:
            asked.append(request)
            return answer(request, running.app.library)

        def missing() -> str | None:
            assert asked[-1].server is not None
            return asked[-1].server.missing

        async with start(ask=ask) as running:
            first = await discord.say(anna, channel, "!help")
            await discord.replies_to(first)
            assert missing() is None
            await discord.slash(anna, channel, "help")
            assert missing() is None
            channel.deny(rules.READ_HISTORY)
            await discord.settled()
            second = await discord.say(anna, channel, "!help")
            await discord.replies_to(second)
            assert "Missing in #general: Read Message History." in (missing() or "")
            channel.deny(rules.SEND)
            await discord.settled()
            await discord.slash(anna, channel, "help")
            assert "Missing in #general: Send Messages, Read Message History." in (missing() or "")


class TestOtherChannels:
    async def test_an_announcement_channel_is_a_channel(
        self, discord: DiscordDouble, start: Start, clock: Clock, guild: Guild, bea: User
    ) -> None:
        news = guild.add_channel("news", rules.ANNOUNCEMENT)
        async with start() as running:
            asked = await discord.say(bea, news, "!status Germany")
            assert "Germany: unclear" in text_of(await discord.replies_to(asked))
            await switch_on(discord, bea, news, news)
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert "Briefing, " in news.messages[-1].content
        assert discord.refusals == []

    async def test_a_forum_is_not_offered_and_its_posts_work(
        self, discord: DiscordDouble, start: Start, clock: Clock, guild: Guild, channel: Channel, bea: User
    ) -> None:
        forum = guild.add_channel("forum", rules.FORUM)
        post = forum.add_thread("A question")
        async with start() as running:
            (command,) = (one for one in discord.commands if one["name"] == "setup")
            (option,) = (one for one in command["options"] if one["name"] == "channel")
            assert set(option["channel_types"]) == {
                rules.GUILD_TEXT,
                rules.ANNOUNCEMENT,
                rules.ANNOUNCEMENT_THREAD,
                rules.PUBLIC_THREAD,
                rules.PRIVATE_THREAD,
            }
            asked = await discord.say(bea, post, "!status Germany")
            assert "Germany: unclear" in text_of(await discord.replies_to(asked))
            slash = await discord.slash(bea, post, "status", {"country": "Germany"})
            assert "Germany: unclear" in text_of(slash.messages)
            await switch_on(discord, bea, channel, post)
            clock.now = NOW.replace(hour=8)
            await running.look()
            assert "Briefing, " in post.messages[-1].content
        assert discord.refusals == []

    async def test_a_channel_the_bot_can_not_see(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User, bea: User
    ) -> None:
        channel.deny(rules.VIEW)
        async with start():
            slash = await discord.slash(anna, channel, "status", {"country": "Germany"})
            assert "Germany: unclear" in text_of(slash.messages)
            card = await set_up(discord, bea, channel, channel)
            assert "❌ **View Channel is missing**" in card.content
            assert "Switch on" not in buttons(card)
        assert discord.refusals == []


ADMIN_COMMANDS: dict[str, Callable[[Channel], dict[str, object]]] = {
    "setup": lambda channel: {"channel": channel, "time": "08:00", "zone": "UTC"},
    "briefings show": lambda _: {},
    "briefings preview": lambda _: {},
    "briefings pause": lambda _: {},
    "briefings resume": lambda _: {},
    "briefings retract": lambda _: {},
    "briefings off": lambda _: {},
    "settings": lambda _: {"prefix": "?"},
    "feeds list": lambda _: {},
    "feeds add": lambda _: {"address": "example.org"},
    "feeds remove": lambda _: {"feed": "1"},
    "feeds test": lambda _: {"address": "example.org"},
    "feeds import": lambda _: {"file": ("feeds.opml", b"<opml/>")},
    "feeds export": lambda _: {},
}

NOT_ALLOWED = 'Only people with the permission "Manage Server" can do this.'


class TestManageServer:
    async def test_every_admin_command_is_among_the_cases(self, discord: DiscordDouble, start: Start) -> None:
        async with start():
            for_managers = [one for one in discord.commands if one["default_member_permissions"] is not None]
        names = {
            f"{one['name']} {inner['name']}" if inner.get("type") == 1 else one["name"]
            for one in for_managers
            for inner in one["options"] or [{}]
        }
        assert names == set(ADMIN_COMMANDS)
        assert {one["default_member_permissions"] for one in for_managers} == {str(MANAGE)}

    async def test_each_is_refused_to_everybody_else_whatever_discord_lets_through(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User, bea: User
    ) -> None:
        async with start():
            await switch_on(discord, bea, channel, channel)
            for name, options in ADMIN_COMMANDS.items():
                done = await discord.slash(anna, channel, name, options(channel))
                assert done.hidden
                (told,) = done.messages
                assert told.ephemeral
                assert told.content == NOT_ALLOWED, name
            wrong = await discord.slash(anna, channel, "setup", {"channel": channel, "time": "noon", "zone": "Mars"})
            assert text_of(wrong.messages) == NOT_ALLOWED
            shown = await discord.slash(bea, channel, "settings")
            assert not shown.hidden
            assert "begin with `!`" in shown.messages[0].content, "nothing was changed"
            assert "Briefing: active" in shown.messages[0].content

    async def test_a_card_of_somebody_who_managed_it_then_is_of_no_use_now(
        self, discord: DiscordDouble, start: Start, guild: Guild, channel: Channel, bea: User
    ) -> None:
        async with start():
            labels = ("Switch on", "Show what it would post now", "Switch on")
            cards = [await set_up(discord, bea, channel, channel) for _ in labels]
            guild.join(bea)
            await discord.settled()
            for card, label in zip(cards, labels, strict=True):
                pressed = await discord.press(bea, card, label)
                assert text_of(pressed.messages) == NOT_ALLOWED
                # The last one is pressed where a permission is missing besides.
                channel.deny(rules.SEND)
                await discord.settled()

    async def test_a_channel_follows_only_for_those_who_manage_the_server(
        self, discord: DiscordDouble, start: Start, channel: Channel, anna: User, bea: User
    ) -> None:
        def typed(line: str) -> Callable[[User], Awaitable[list[Message]]]:
            async def ask(person: User) -> list[Message]:
                return await discord.replies_to(await discord.say(person, channel, line))

            return ask

        def slash(name: str, **options: object) -> Callable[[User], Awaitable[list[Message]]]:
            async def ask(person: User) -> list[Message]:
                done: Interaction = await discord.slash(person, channel, name, dict(options))
                return done.messages

            return ask

        doors = [
            (typed("!subscribe Germany here"), "This channel follows **Germany** now."),
            (slash("subscribe", country="Italy", here=True), "This channel follows **Italy** now."),
            (typed("!subscriptions here"), "This channel follows 2 parties"),
            (slash("unsubscribe", country="Italy", here=True), "Stopped: Italy."),
            (typed(f"{discord.bot.mention} unsubscribe all here"), "Stopped: Germany."),
        ]
        async with start():
            for ask, told in doors:
                assert 'Only people with the permission "Manage Server" can choose' in text_of(await ask(anna))
                assert told in text_of(await ask(bea))

    async def test_a_button_under_a_channel_s_message_is_not_everybody_s(
        self, discord: DiscordDouble, start: Start, clock: Clock, channel: Channel, anna: User, bea: User
    ) -> None:
        async with start() as running:
            await discord.slash(bea, channel, "subscribe", {"country": "Germany", "here": True})
            clock.advance(minutes=1)
            move_germany(running, "open")
            clock.advance(**HOLD)
            await running.look()
            (update,) = channel.messages
            pressed = await discord.press(anna, update, "Stop Germany")
            assert 'Only people with the permission "Manage Server"' in text_of(pressed.messages)
            pressed = await discord.press(bea, update, "Stop Germany")
            assert "Stopped: Germany." in text_of(pressed.messages)
            assert all(message.ephemeral for message in pressed.messages)
