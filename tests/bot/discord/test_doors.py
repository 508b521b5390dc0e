"""Every command through every door gives the same answer; what is not meant for the bot is left alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.answers import Answer
from bot.commands import COMMANDS, answer
from bot.discord import replies
from bot.render import render
from bot.request import LOCAL_READER, Request, parse
from bot.run import Running
from tests.bot.discord.conftest import MANAGE, Start, text_of
from tests.conftest import Clock
from tests.doubles.discord import DiscordDouble
from tests.doubles.discord.model import Channel

pytestmark = pytest.mark.long

CASES: list[tuple[str, dict[str, Any]]] = [
    ("who-is-in", {}),
    ("who-is-in open", {"position": "open"}),
    ("who-is-in as-of 2025-02-01", {"as-of": "2025-02-01"}),
    ("who-is-in open as-of 2025-03-20", {"position": "open", "as-of": "2025-03-20"}),
    ("status Germany", {"country": "Germany"}),
    ("status Germny", {"country": "Germny"}),
    ("status Nigera", {"country": "Nigera"}),
    ("status Belgium", {"country": "Belgium"}),
    ("status the Dutch as-of yesterday", {"country": "the Dutch", "as-of": "yesterday"}),
    ("status Finland as-of 31 February", {"country": "Finland", "as-of": "31 February"}),
    ("proof Finland 2", {"country": "Finland", "number": 2}),
    ("proof figures", {"country": "figures"}),
    ("briefing 2025-03-20", {"date": "2025-03-20"}),
    (
        "briefing 2025-03-20 Germany week short",
        {"date": "2025-03-20", "country": "Germany", "week": True, "length": "short"},
    ),
    ("briefing", {}),
    ("story 1 2025-03-20", {"story": "1", "date": "2025-03-20"}),
    ("why 2 2025-03-20", {"story": "2", "date": "2025-03-20"}),
    ("subscribe Türkei weekly", {"country": "Türkei", "rhythm": "weekly"}),
    ("subscribe Tusk", {"country": "Tusk"}),
    ("unsubscribe Germany", {"country": "Germany"}),
    ("unsubscribe all", {"country": "all"}),
    ("subscriptions", {}),
    ("privacy", {}),
    ("privacy delete", {"what": "delete"}),
    ("help", {}),
    ("help status", {"command": "status"}),
    ("about", {}),
]


def told(found: Answer) -> dict[str, Any]:
    """Return what an answer says, without how commands are written back and to whom it is said."""
    plain = render.as_json(found)
    plain.pop("text")
    return {**plain, "template": found.template, "actions": [(a.label, a.command) for a in found.actions]}


def test_every_command_is_among_the_cases() -> None:
    # What belongs to a server is answered differently elsewhere: those commands have doors of their own (test_feeds).
    everywhere = {command.name for command in COMMANDS if not command.parts}
    assert {line.split()[0] for line, _ in CASES} == everywhere
    filled = {(line.split()[0], name) for line, options in CASES for name in options}
    offered = {(command.name, option.name) for command in COMMANDS for option in command.options}
    assert offered - filled == {(name, "here") for name in ("subscribe", "unsubscribe", "subscriptions")}


@pytest.mark.parametrize(("line", "options"), CASES, ids=[line for line, _ in CASES])
async def test_every_door_gives_the_same_answer(
    line: str, options: dict[str, Any], discord: DiscordDouble, start: Start, clock: Clock
) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    people = {}
    for name in ("typed", "slashed", "mentioned", "replied", "direct"):
        people[name] = discord.add_user(name)
        guild.join(people[name])
    answers: list[Answer] = []

    async with start(ask=lambda request: answers.append(_answer(running, request)) or answers[-1]) as running:
        first = await discord.say(people["replied"], channel, "!status Germany")
        (ours,) = await discord.replies_to(first)
        answers.clear()

        request = parse(line, reader=LOCAL_READER, now=clock())
        assert request is not None
        expected = told(answer(request, running.app.library))

        async def ask(name: str, place: Channel, text: str, **more: Any) -> str:
            before = len(answers)
            asked = await discord.say(people[name], place, text, **more)
            await discord.until(lambda: len(answers) > before)
            shown = await discord.replies_to(asked, count=len(render.as_discord(answers[-1])))
            return "\n\n".join(message.content for message in shown)

        typed = await ask("typed", channel, f"!{line}")
        interaction = await discord.slash(people["slashed"], channel, line.split()[0], options)
        await discord.until(lambda: len(interaction.messages) == len(render.as_discord(answers[-1])))
        mentioned = await ask("mentioned", channel, f"<@{discord.bot.id}> {line}")
        replied = await ask("replied", channel, line, reply_to=ours)
        direct = await ask("direct", people["direct"].dm, line)

    assert len(answers) == 5
    for found in answers:
        assert told(found) == expected
    slashed = text_of(interaction.messages)
    assert all(message.ephemeral == answers[1].personal for message in interaction.messages)
    assert typed == "\n\n".join(body["content"] for body in render.as_discord(answers[0]))
    for other in (slashed, mentioned, replied):
        assert other.replace("`/", "`!").replace("**/", "**!") == typed.replace("**/", "**!")
    if line.split()[0] != "subscribe":
        # There the message itself is the proof that messages arrive.
        assert direct == typed


def _answer(running: Running, request: Request) -> Answer:
    return answer(request, running.app.library)


NOT_FOR_US = [
    "!play despacito",
    "!",
    "!!!",
    "! status Germany",
    "status Germany",
    "Is Germany in?",
    "thanks!",
    "?status Germany",
    "`!status Germany`",
]


async def test_what_is_not_for_us_is_left_alone(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        for line in NOT_FOR_US:
            await discord.say(anna, channel, line)
        await discord.settled()
        assert discord.sends == 0
        # It was listening all the while.
        await discord.replies_to(await discord.say(anna, channel, "!status Germany"))


CHATTER = ["thanks, good bot", "Who would have thought!", "Source?", "stop it", "News to me", "table for two"]


async def test_a_reply_with_chatter_is_left_alone(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!status Germany")
        (ours,) = await discord.replies_to(asked)
        for line in CHATTER:
            await discord.say(anna, channel, line, reply_to=ours)
        await discord.settled()
        assert discord.sends == 1
        await discord.replies_to(await discord.say(anna, channel, "status France", reply_to=ours))


async def test_bots_are_never_answered(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    other = discord.add_user("other", bot=True)
    guild.join(other)
    async with start():
        await discord.say(other, channel, "!status Germany")
        await discord.settled()
    assert discord.sends == 0


async def test_a_mention_alone_is_answered_with_help(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, f"<@{discord.bot.id}>")
        (reply, *_) = await discord.replies_to(asked)
        assert "What you can ask" in reply.content
        nonsense = await discord.say(anna, channel, f"<@{discord.bot.id}> sing a song")
        (reply,) = await discord.replies_to(nonsense)
        assert "I know no command" in reply.content


async def test_a_server_has_its_own_prefix(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna, permissions=MANAGE)
    async with start():
        interaction = await discord.slash(anna, channel, "settings", {"prefix": "?"})
        assert "begin with `?`" in interaction.messages[0].content
        assert interaction.messages[0].ephemeral
        asked = await discord.say(anna, channel, "?status Germany")
        (reply,) = await discord.replies_to(asked)
        assert "`?proof Germany`" in reply.content
        await discord.say(anna, channel, "!status Germany")
        await discord.settled()
        assert len(channel.messages) == 3
    async with start():
        again = await discord.say(anna, channel, "?status Germany")
        await discord.replies_to(again)
        refused = await discord.slash(anna, channel, "settings", {"prefix": "no way"})
        assert "A prefix is" in refused.messages[0].content


async def test_a_typo_has_a_button_and_it_works_after_a_restart(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna, bert = discord.add_user("anna"), discord.add_user("bert")
    guild.join(anna)
    guild.join(bert)
    async with start():
        asked = await discord.say(anna, channel, "!status austra")
        (reply,) = await discord.replies_to(asked)
        assert [button.label for button in reply.buttons] == ["Australia", "Austria"]
    async with start():
        pressed = await discord.press(bert, reply, "Austria")
        (shown,) = pressed.messages
        assert shown.ephemeral
        assert "Austria: no statement on file" in shown.content


async def test_a_party_can_be_chosen_from_a_list(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!who-is-in")
        (reply,) = await discord.replies_to(asked)
        pressed = await discord.press(anna, reply, "Choose a party", values=["status Germany"])
        assert "Germany: unclear" in pressed.messages[0].content
        assert pressed.messages[0].ephemeral


async def test_a_guess_can_be_corrected_in_a_form(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!status Germny")
        (reply,) = await discord.replies_to(asked)
        assert reply.content.startswith('I read "Germny" as **Germany**.')
        pressed = await discord.press(anna, reply, "Not Germany?")
        assert pressed.modal is not None
        done = await discord.submit(anna, pressed, {"country": "Guernsey"})
        assert "Guernsey: no statement on file" in done.messages[0].content


async def test_a_form_that_was_opened_before_a_restart_is_answered(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!status Germny")
        (reply,) = await discord.replies_to(asked)
        pressed = await discord.press(anna, reply, "Not Germany?")
    async with start():
        done = await discord.submit(anna, pressed, {"country": "Guernsey"})
        (shown,) = done.messages
        assert "Guernsey: no statement on file" in shown.content
        assert shown.ephemeral
        assert pressed.modal is not None
        pressed.modal["custom_id"] = "5f0c"
        old = await discord.submit(anna, pressed, {"country": "Guernsey"})
        assert "older version of me" in old.messages[0].content


@pytest.mark.parametrize("member", [True, False], ids=["in its own servers", "where a person installed it"])
@pytest.mark.parametrize("slow", [False, True])
async def test_a_long_answer_is_whole_or_says_what_it_left_out(
    member: bool, slow: bool, discord: DiscordDouble, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = discord.add_guild("Nordwind", present=member)
    channel = guild.add_channel("general")
    anna = discord.add_user("anna", installed=True)
    guild.join(anna)
    monkeypatch.setattr(render, "as_discord", lambda _: [{"content": f"Part {n}", "flags": 0} for n in range(8)])
    if slow:
        monkeypatch.setattr(replies, "SOON", 0.0)
    async with start():
        asked = await discord.slash(anna, channel, "about")
        await discord.until(lambda: len(asked.messages) == (8 if member else 6))
        await discord.settled()
        told = [message.content for message in asked.messages]
    if member:
        assert told == [f"Part {n}" for n in range(8)]
    else:
        assert told == [*(f"Part {n}" for n in range(5)), "3 more messages: ask in a server I am in."]
    assert discord.refusals == []


async def test_follow_a_country_asks_which(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        asked = await discord.say(anna, channel, "!briefing 2025-03-20")
        await discord.until(lambda: any(message.buttons for message in channel.messages))
        replies = channel.messages
        assert replies[0].id == asked.id
        pressed = await discord.press(anna, replies[-1], "Follow a country")
        assert pressed.modal is not None
        done = await discord.submit(anna, pressed, {"country": "Türkei"})
        assert "You follow **Turkey** now" in done.messages[0].content
        assert done.messages[0].ephemeral


async def test_autocomplete_offers_names_and_takes_what_was_never_offered(discord: DiscordDouble, start: Start) -> None:
    guild = discord.add_guild("Nordwind")
    channel = guild.add_channel("general")
    anna = discord.add_user("anna")
    guild.join(anna)
    async with start():
        choices = await discord.autocomplete(anna, channel, "status", "country", "Fin")
        assert choices[0].name == "Finland"
        everything = await discord.autocomplete(anna, channel, "status", "country", "")
        assert 0 < len(everything) <= 25
        zones = await discord.autocomplete(anna, channel, "help", "command", "sub")
        assert [choice.name for choice in zones] == ["subscribe", "unsubscribe", "subscriptions"]
        interaction = await discord.slash(anna, channel, "status", {"country": "🇫🇮"})
        assert "Finland" in interaction.messages[0].content


async def test_discord_is_told_of_commands_only_when_they_changed(discord: DiscordDouble, start: Start) -> None:
    async with start():
        assert discord.command_writes == 1
    names = {command["name"] for command in discord.commands}
    assert names == {command.name for command in COMMANDS} | {"setup", "briefings", "settings"}
    async with start():
        pass
    assert discord.command_writes == 1
