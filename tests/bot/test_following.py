"""What becomes of a message to a subscriber decides how they are treated from then on: people and channels alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.app import App
from bot.discord.messenger import DiscordMessenger
from bot.outbox import NotSent, Outcome, Sent, Trouble
from bot.run import Running
from bot.store import deliveries, events, guilds, subscriptions
from bot.store.deliveries import Place
from tests.bot.conftest import NOW

CHANNEL, PERSON = Place("channel", "9", 7), Place("user", "101")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Outcome]]:
    """What Discord answers to each post, one after the other; then all is well."""
    given: list[Outcome] = []

    async def post(*_: Any) -> Outcome:
        return given.pop(0) if given else Sent(1, 55)

    async def missing(*_: Any) -> None:
        return None

    monkeypatch.setattr(DiscordMessenger, "post", post)
    monkeypatch.setattr(DiscordMessenger, "missing", missing)
    yield given
    assert not given


def _owe(app: App, key: str, place: Place) -> None:
    """Owe a message that tells the place of a change."""
    kind: Any = place.kind
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "A server", now=NOW)
        if not subscriptions.listed(conn, app.library.topic.key, kind, place.id):
            subscriptions.add(conn, app.library.topic.key, kind, place.id, "DE", "instant", guild_id=7, now=NOW)
        events.record(conn, app.library.topic.key, "position_moved", "DE", key, leaves_at=NOW, now=NOW)
        made, _ = deliveries.owe(conn, f"update:{key}", place, [{"content": "x"}], due_at=NOW, now=NOW)
        moment = NOW + timedelta(seconds=1)
        found = events.untold(conn, app.library.topic.key, now=moment, since=NOW, of=(kind, place.id))
        events.tell(conn, kind, place.id, [one.event.id for one in found], delivery_id=made, now=NOW)


def _state(app: App, place: Place) -> tuple[str, int]:
    kind: Any = place.kind
    with app.store.reading() as conn:
        (one,) = subscriptions.listed(conn, app.library.topic.key, kind, place.id)
    return one.state, one.failures


GONE = NotSent(Trouble.GONE, "gone")


@pytest.mark.parametrize("place", [CHANNEL, PERSON], ids=["channel", "person"])
async def test_what_arrives_forgets_failures_of_long_ago(app: App, answers: list[Outcome], place: Place) -> None:
    running = Running(app, jitter=lambda: 0.0)
    for number in range(5):
        # Once in a while something goes wrong, and then all is well for a long time.
        answers.append(GONE)
        _owe(app, f"fails {number}", place)
        await running.outbox.round()
        assert _state(app, place) == ("active", 1)
        _owe(app, f"arrives {number}", place)
        await running.outbox.round()
        assert _state(app, place) == ("active", 0)


@pytest.mark.parametrize("place", [CHANNEL, PERSON], ids=["channel", "person"])
async def test_three_failures_in_a_row_pause_what_is_followed(app: App, answers: list[Outcome], place: Place) -> None:
    running = Running(app, jitter=lambda: 0.0)
    for number in range(3):
        assert _state_or_new(app, place)[0] == "active"
        answers.append(GONE)
        _owe(app, str(number), place)
        await running.outbox.round()
    assert _state(app, place) == ("paused", 3)


def _state_or_new(app: App, place: Place) -> tuple[str, int]:
    kind: Any = place.kind
    with app.store.reading() as conn:
        known = subscriptions.listed(conn, app.library.topic.key, kind, place.id)
    return _state(app, place) if known else ("active", 0)
