"""Neither the token nor a word that people write is in any log line, any error or the store, whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot import logs
from bot.answers import Answer
from bot.cli import main
from bot.commands import answer
from bot.discord.supervise import FEW_STARTS, REFUSED_TOKEN, GivenUp
from bot.request import Request
from bot.run import Running
from bot.secrets import NoToken, Token, read_token
from bot.store.errors import StoreError
from tests.bot.discord.conftest import MANAGE, Start, write_settings
from tests.conftest import Clock
from tests.doubles.discord import Channel, DiscordDouble, User, rules

pytestmark = pytest.mark.long

APPLICATION = 123456789012345678
TOKEN = base64.b64encode(str(APPLICATION).encode()).decode() + ".Gx4Zrn.quetzalcoatl-feathers_are-not-for-logs"
MARKER = "zimtsternschnuppe"
"""Stands in everything that people write, and nowhere else."""

SECRETS = (TOKEN, TOKEN.rsplit(".", 1)[1], MARKER)


@pytest.fixture
async def discord(clock: Clock) -> AsyncIterator[DiscordDouble]:
    """Discord with a token that can be found again."""
    async with DiscordDouble(clock=clock, token=TOKEN) as double:
        yield double
        assert double.violations == []


class Everything(logging.Handler):
    """Keeps all that a log record says or could say."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.levelname} {record.name} {self.format(record)}")
        # What a handler of another kind might tell: the arguments, and what else hangs on a record.
        self.said.append(repr({key: value for key, value in vars(record).items() if key != "exc_info"}))


@dataclass
class Listening:
    """Everything that was told on the way."""

    records: Everything
    stream: io.StringIO

    @property
    def text(self) -> str:
        return "\n".join(self.records.said) + self.stream.getvalue()


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Logs as ``rollcall run`` sets them up at its finest level, and beside them a handler that hears everything."""
    loggers = [logging.getLogger(), *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    levels = [(logger, logger.level) for logger in loggers]
    handlers = logging.root.handlers[:]
    heard = Listening(Everything(), io.StringIO())
    logs.configure("debug", (TOKEN,), heard.stream)
    logging.root.addHandler(heard.records)
    logging.root.setLevel(logging.DEBUG)
    yield heard
    logging.root.handlers[:] = handlers
    for logger, level in levels:
        logger.setLevel(level)


def assert_nowhere(text: str) -> None:
    """No secret stands in a text."""
    for secret in SECRETS:
        place = text.find(secret)
        assert place < 0, text[max(0, place - 300) : place + 200]


def assert_not_stored(home: Path) -> None:
    """No secret stands in any file of the data folder, byte by byte, nor in any text of the store."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".sqlite3" for path in files)
    for path in files:
        held = path.read_bytes()
        for secret in SECRETS:
            assert secret.encode() not in held, path
            assert secret.encode("utf-16-le") not in held, path
    with sqlite3.connect(f"file:{home / 'rollcall.sqlite3'}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert {"delivery", "delivery_part", "subscription", "audit"} <= set(tables)
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                assert_nowhere(repr(row))
    connection.close()


@dataclass
class Place:
    """Somewhere to talk, and who does."""

    channel: Channel
    shut: Channel
    anna: User
    bea: User


@pytest.fixture
def place(discord: DiscordDouble) -> Place:
    guild = discord.add_guild("Nordwind")
    anna, bea = discord.add_user("anna"), discord.add_user("bea")
    guild.join(anna)
    guild.join(bea, MANAGE)
    shut = guild.add_channel("shut")
    shut.deny(rules.SEND)
    return Place(guild.add_channel("general"), shut, anna, bea)


async def people_write(discord: DiscordDouble, place: Place) -> None:
    """Everything a person can write to a bot, or beside it."""
    bot, channel, anna, bea = discord.bot.mention, place.channel, place.anna, place.bea
    first = await discord.say(anna, channel, "!status Germany")
    (known,) = await discord.replies_to(first)
    for line in (
        f"!status {MARKER}", f"!status Germny {MARKER}", f"!proof {MARKER} 2", f"!who-is-in {MARKER}", f"!{MARKER}",
        f"!briefing {MARKER}", f"!subscribe Germany {MARKER}", f"!subscribe {MARKER} here", f"!help {MARKER}",
        f"!privacy {MARKER}", f"!unsubscribe {MARKER}", f"!{MARKER} Germany", f"{MARKER} is for nobody here",
        f"{bot} {MARKER}", f"{bot} status {MARKER}", f"{bot} {MARKER} Germany as-of {MARKER}", f"! {MARKER}",
    ):  # fmt: skip
        await discord.say(anna, channel, line)
    await discord.say(anna, channel, f"status {MARKER}", reply_to=known)
    chatter = await discord.say(anna, channel, f"{MARKER}, as I said", reply_to=known)
    await discord.edit(chatter, f"!status {MARKER} {MARKER}")
    await discord.delete(chatter)
    # Whoever can't be answered is told once a day, so each is somebody else's.
    for person, line in ((anna, f"{bot} {MARKER}"), (bea, f"!status {MARKER}")):
        await discord.say(person, place.shut, line)
    for line in (f"status {MARKER}", MARKER, f"subscribe Italy {MARKER}", "subscribe Italy", f"!{MARKER}"):
        await discord.say(anna, anna.dm, line)
    await discord.settled()
    for name, options in (
        ("status", {"country": MARKER}),
        ("status", {"country": "Germny", "as-of": MARKER}),
        ("who-is-in", {"position": MARKER}),
        ("proof", {"country": MARKER, "number": 3}),
        ("help", {"command": MARKER}),
        ("subscribe", {"country": "Germany"}),
        ("subscribe", {"country": MARKER, "here": True}),
    ):
        await discord.slash(anna, channel, name, options)
    await discord.autocomplete(anna, channel, "status", "country", MARKER)
    await discord.autocomplete(bea, channel, "setup", "zone", MARKER, {"channel": channel, "time": "08:00"})
    for options in ({"time": MARKER, "zone": "UTC"}, {"time": "08:00", "zone": MARKER}):
        await discord.slash(bea, channel, "setup", {"channel": channel, **options})
    await discord.slash(bea, channel, "settings", {"prefix": MARKER})
    briefing = await discord.slash(anna, channel, "briefing")
    form = await discord.press(anna, briefing.messages[-1], "Follow a country")
    await discord.submit(anna, form, {"country": MARKER})
    form = await discord.press(anna, briefing.messages[-1], "Follow a country")
    await discord.submit(anna, form, {"country": f"Spain {MARKER}"})


async def test_on_a_good_day(
    discord: DiscordDouble,
    start: Start,
    home: Path,
    place: Place,
    listening: Listening,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with start() as running:
        await people_write(discord, place)
        await discord.settled()
        await running.look()
        assert_not_stored(home)
    assert_not_stored(home)
    assert any(MARKER in message.content for message in discord.all_messages if message.author is discord.bot)
    assert_nowhere(listening.text)
    assert_nowhere(caplog.text + repr([vars(record) for record in caplog.records]))
    assert_nowhere("".join(capfd.readouterr()))


def _clumsy(running_app: Callable[[], Running]) -> Callable[[Request], Answer]:
    """Handlers that fail in turn: an accident, the store, and now and then an answer."""
    turn = 0

    def ask(request: Request) -> Answer:
        nonlocal turn
        turn += 1
        if turn % 3 == 1:
            words = request.words
            # The words are in the frame of the traceback, and must not be told with it.
            raise RuntimeError(f"it broke after {len(words)} characters")
        if turn % 3 == 2:
            raise StoreError("the disk is full")
        return answer(request, running_app().app.library)

    return ask


async def test_on_a_bad_day(
    discord: DiscordDouble,
    start: Start,
    clock: Clock,
    home: Path,
    place: Place,
    listening: Listening,
    capfd: pytest.CaptureFixture[str],
) -> None:
    kept: list[Running] = []
    async with start(ask=_clumsy(lambda: kept[0])) as running:
        kept.append(running)
        messages = rf"/channels/{place.channel.id}/messages"
        for trouble in (
            {"status": 403, "body": {"message": "Missing Permissions", "code": 50013}},
            {"status": 400, "body": {"message": f"Invalid Form Body: {MARKER}", "code": 50035}},
            {"status": 200, "body": "<html>no Discord</html>"},
            {"status": 503},
            {"drop": True},
        ):
            fault = discord.fail("POST", messages, **trouble)
            await discord.say(place.anna, place.channel, f"!status {MARKER}")
            await discord.until(lambda fault=fault: fault.times == 0)
        for trouble in (
            {"status": 503},
            {"status": 404, "body": {"message": "Unknown", "code": 10062}},
            {"drop": True},
        ):
            # The library tries an interaction's answer again, so all of its tries go wrong.
            fault = discord.fail("POST", "/callback", **trouble, times=1)
            await discord.slash(place.anna, place.channel, "status", {"country": MARKER}, wait=False)
            await discord.until(lambda fault=fault: fault.times == 0)
        await discord.settled()
        discord.interactions.stop()
        for code in (None, 4000, 1000):
            await discord.drop_socket(code)
            await discord.say(place.anna, place.channel, f"!status {MARKER}")
            await discord.until(lambda: discord.ready, timeout=15)
        await discord.settled()
        discord.fail("POST", f"/channels/{place.anna.dm.id}/messages", 500)
        await discord.say(place.anna, place.shut, f"!status {MARKER}")
        clock.advance(hours=1)
        await running.look()
        assert_not_stored(home)
    assert "it broke after" in listening.text, "what went wrong is told"
    assert "the disk is full" in listening.text
    assert listening.text.count("did not get through") >= 5
    assert "was not handled" not in listening.text, "what Discord does wrong is expected"
    assert_not_stored(home)
    assert_nowhere(listening.text)
    assert_nowhere("".join(capfd.readouterr()))
    discord.violations.clear()


async def test_an_event_that_can_not_be_handled(
    discord: DiscordDouble,
    start: Start,
    place: Place,
    listening: Listening,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An accident outside of the handlers, in each door, is told without what was written, and answered."""
    async with start():

        def broken(*_: object, **__: object) -> Any:
            raise RuntimeError("out of order")

        briefing = await discord.slash(place.anna, place.channel, "briefing")
        form = await discord.press(place.anna, briefing.messages[-1], "Follow a country")
        for module, name in (("bot.discord.client", "parse"), ("bot.commands.servers", "parse_hour")):
            monkeypatch.setattr(f"{module}.{name}", broken)
        await discord.say(place.anna, place.channel, f"{discord.bot.mention} {MARKER}")
        await discord.say(place.anna, place.anna.dm, MARKER)
        done = await discord.slash(place.anna, place.channel, "status", {"country": MARKER})
        assert "Something went wrong on my side" in done.messages[0].content
        assert done.messages[0].ephemeral
        done = await discord.slash(
            place.bea, place.channel, "setup", {"channel": place.channel, "time": MARKER, "zone": MARKER}
        )
        assert "Something went wrong on my side" in done.messages[0].content
        done = await discord.press(place.anna, briefing.messages[-1], "Who is in?")
        assert "Something went wrong on my side" in done.messages[0].content
        done = await discord.submit(place.anna, form, {"country": MARKER})
        assert "Something went wrong on my side" in done.messages[0].content
        await discord.settled()
    assert listening.text.count("out of order") >= 6
    assert_nowhere(listening.text)


async def test_a_refused_token_is_in_no_error(discord: DiscordDouble, start: Start, listening: Listening) -> None:
    discord.fail("GET", "/users/@me", 401, body={"message": f"401: Unauthorized {TOKEN}", "code": 0})
    with pytest.raises(GivenUp) as given_up:
        async with start():
            pass
    assert given_up.value.code == REFUSED_TOKEN
    assert "Copy it again from the developer portal, page Bot." in str(given_up.value)
    assert_nowhere(str(given_up.value) + repr(given_up.value) + listening.text)


async def test_few_starts_left_is_in_no_error(discord: DiscordDouble, start: Start, listening: Listening) -> None:
    discord.gateway_server.starts_remaining = 2
    with pytest.raises(GivenUp) as given_up:
        async with start():
            pass
    assert given_up.value.code == FEW_STARTS
    assert_nowhere(str(given_up.value) + listening.text)


@pytest.mark.parametrize(
    "held",
    [f"{TOKEN} {TOKEN}", f"{TOKEN}\n{TOKEN}", f"DISCORD_TOKEN={TOKEN} x", f"“{TOKEN}”", f"Bot {TOKEN} x"],
)
def test_what_is_no_token_is_not_repeated(home: Path, held: str) -> None:
    from bot.config import Settings

    for environment in ({"DISCORD_TOKEN": held}, {}):
        (home / "discord-token").write_text(held, encoding="utf-8")
        with pytest.raises(NoToken) as none:
            read_token(Settings(), home, environment)
        assert_nowhere(str(none.value) + repr(none.value))


def test_a_token_does_not_show_itself() -> None:
    token = Token(TOKEN, "DISCORD_TOKEN")
    assert token.reveal() == TOKEN
    assert token.application_id == APPLICATION
    assert_nowhere(f"{token} {token!r} {[token]} {(token, {'token': token})}")


def test_a_secret_in_somebody_else_s_message_is_hidden() -> None:
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    try:
        logs.configure("info", (TOKEN,), stream)
        logging.getLogger("some.library").warning("Authorization: Bot %s", TOKEN)
        try:
            raise RuntimeError(TOKEN)
        except RuntimeError:
            logging.getLogger("some.library").exception("It failed with %r", {"token": TOKEN})
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    assert stream.getvalue().count(logs.HIDDEN) >= 3
    assert_nowhere(stream.getvalue())


class TestTheCommandLine:
    """The program as it is started, with addresses from config.toml."""

    @pytest.fixture
    def environment(self, home: Path) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ROLLCALL_", "DISCORD_"))}
        return {**kept, "ROLLCALL_HOME": str(home)}

    @staticmethod
    async def _started(environment: dict[str, str]) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "bot", "run")
        return await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)

    async def test_run_without_a_token(self, home: Path, environment: dict[str, str]) -> None:
        process = await self._started(environment)
        out, err = await process.communicate()
        assert process.returncode == REFUSED_TOKEN == 3
        told = err.decode()
        assert "No token found. Put it into DISCORD_TOKEN or into the file" in told
        assert str(home / "discord-token") in told
        assert "Without a token: rollcall chat" in told
        assert "Traceback" not in told + out.decode()

    async def test_run_with_a_refused_token(
        self, discord: DiscordDouble, home: Path, environment: dict[str, str]
    ) -> None:
        write_settings(home, discord, '[feeds]\nread = false\n[log]\nlevel = "debug"\n')
        wrong = TOKEN.replace("quetzal", "kestrel")
        process = await self._started({**environment, "DISCORD_TOKEN": wrong})
        out, err = await process.communicate()
        told = out.decode() + err.decode()
        assert process.returncode == 3
        assert "Discord refuses the token. Copy it again from the developer portal, page Bot." in told
        assert "Traceback" not in told
        assert wrong not in told
        assert wrong.rsplit(".", 1)[1] not in told
        assert all(one.status == 401 for one in discord.refusals)
        assert len(discord.refusals) == 1, "a refused token is not tried again"
        discord.violations.clear()

    async def test_run_at_the_finest_level_from_start_to_stop(
        self, discord: DiscordDouble, place: Place, home: Path, environment: dict[str, str]
    ) -> None:
        write_settings(home, discord, '[feeds]\nread = false\n[log]\nlevel = "debug"\n')
        (home / "discord-token").write_text(f"{TOKEN}\n")
        (home / "discord-token").chmod(0o600)
        process = await self._started(environment)
        try:
            await discord.until(lambda: discord.ready or process.returncode is not None, timeout=30)
            await discord.say(place.anna, place.channel, f"!status {MARKER}")
            await discord.until(lambda: len(place.channel.messages) == 2, timeout=10)
            await people_write(discord, place)
            discord.fail("POST", f"/channels/{place.channel.id}/messages", drop=True)
            await discord.say(place.anna, place.channel, f"!status {MARKER}")
            await discord.drop_socket()
            await discord.until(lambda: discord.ready, timeout=15)
            await discord.settled()
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        assert_nowhere(out.decode() + err.decode())
        (home / "discord-token").unlink()
        assert_not_stored(home)

    @pytest.mark.parametrize("command", [("check",), ("check", "--json"), ("invite",)])
    def test_check_and_invite(self, home: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
        for source in ("environment", "file"):
            if source == "environment":
                monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
            else:
                monkeypatch.delenv("DISCORD_TOKEN")
                (home / "discord-token").write_text(TOKEN)
            done = CliRunner().invoke(main, list(command))
            assert done.exit_code == 0, done.output
            assert ("DISCORD_TOKEN" if source == "environment" else "discord-token") in done.output or command == (
                "invite",
            )
            if command == ("invite",):
                assert f"client_id={APPLICATION}" in done.output
            assert_nowhere(done.stdout + done.stderr)
