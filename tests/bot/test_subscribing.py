"""Following and stopping, as it is answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.answers import Answer
from bot.app import App
from bot.commands import answer
from bot.render import render
from bot.request import Reader, Server, parse
from bot.store import guilds
from tests.bot.conftest import NOW

ANNA = Reader("user", "101")
HERE = Server(5, Reader("channel", "42"), manages=True)


def ask(app: App, line: str, server: Server | None = None, direct: int | None = None) -> Answer:
    request = parse(line, reader=ANNA, now=app.clock(), server=server, direct=direct)
    assert request is not None
    return answer(request, app.library)


def code(found: Answer) -> str | None:
    return found.error.code if found.error else None


@pytest.mark.parametrize("line", ["subscribe Italy here", "unsubscribe Italy here", "subscriptions here"])
def test_here_means_nothing_where_the_bot_is_no_member(app: App, line: str) -> None:
    assert code(ask(app, line)) == "not_here"
    # In a direct message "here" is where one is anyway.
    assert code(ask(app, line, direct=7)) is None


def test_only_those_who_manage_the_server_speak_for_a_channel(app: App) -> None:
    assert code(ask(app, "subscribe Italy here", Server(5, HERE.channel))) == "not_allowed"


def test_a_channel_that_cannot_be_posted_in_follows_nothing(app: App) -> None:
    closed = Server(5, HERE.channel, manages=True, missing="Missing in #news: Send Messages.")
    found = ask(app, "subscribe Italy here", closed)
    assert code(found) == "channel_closed"
    assert "Send Messages" in render.as_text(found)
    assert ask(app, "subscriptions here", HERE).data["subscriptions"] == []


def test_stopping_without_a_name_asks_what_is_followed(app: App) -> None:
    assert "nothing to stop" in render.as_text(ask(app, "unsubscribe"))
    ask(app, "subscribe Germany")
    ask(app, "subscribe France")
    found = ask(app, "unsubscribe")
    assert code(found) == "missing_party"
    assert "Followed: France, Germany." in render.as_text(found)
    assert [action.label for action in found.actions] == ["Stop France", "Stop Germany", "Stop everything"]
    assert ask(app, "stop").actions == found.actions


def test_a_channel_is_not_spoken_to_as_a_person(app: App) -> None:
    ask(app, "subscribe Germany here", HERE)
    text = render.as_text(ask(app, "unsubscribe Poland here", HERE))
    assert "This channel doesn't follow Poland" in text
    assert "This channel still follows Germany" in text


def test_what_was_asked_for_in_a_server_that_removed_the_bot_is_said_not_to_be_sent(app: App) -> None:
    with app.store.writing() as conn:
        guilds.joined(conn, 5, "Nordwind", now=NOW)
    ask(app, "subscribe Germany", HERE)
    assert "Not sent" not in render.as_text(ask(app, "subscriptions"))
    with app.store.writing() as conn:
        guilds.left(conn, 5, now=NOW + timedelta(hours=1))
    assert "Not sent: I was removed from Nordwind, where you asked for it." in render.as_text(ask(app, "subscriptions"))


@pytest.mark.parametrize("line", ["/status Germany", "!/status Germany"])
def test_a_slash_command_that_was_copied_is_the_command_it_names(app: App, line: str) -> None:
    assert ask(app, line).data["party"] == "DE"
