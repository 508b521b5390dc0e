"""The command line in one process, each test with a data folder of its own and the shipped dossier in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.app import App, open_app
from bot.cli import main
from bot.commands import answer
from bot.render import render
from bot.request import LOCAL_READER, parse

NOW = datetime(2025, 3, 21, 7, 0, tzinfo=UTC)
"""The morning after both seed articles: nothing is old yet."""


@dataclass(frozen=True)
class Said:
    """What a command of the command line printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Rollcall = Callable[..., Said]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the shipped dossier taken in, an hour before :data:`NOW`, to be copied."""
    folder = tmp_path_factory.mktemp("seeded")
    with open_app(str(folder), clock=lambda: NOW - timedelta(hours=1)):
        pass
    return folder


@pytest.fixture
def home(seeded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's own data folder; nothing of the machine's environment is seen."""
    folder = tmp_path / "home"
    shutil.copytree(seeded, folder)
    for name in ("ROLLCALL_CONFIG", "ROLLCALL_STORE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ROLLCALL_HOME", str(folder))
    return folder


@pytest.fixture
def rollcall(home: Path) -> Rollcall:
    """Run a command of the command line: ``rollcall("say", "!status Germany", "--json")``."""

    def run(*arguments: str, input: str | bytes | None = None) -> Said:
        result = CliRunner().invoke(main, list(arguments), input=input, catch_exceptions=True)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def say(rollcall: Rollcall) -> Callable[[str], dict[str, Any]]:
    """Ask one command and return its JSON."""

    def ask(command: str) -> dict[str, Any]:
        said = rollcall("say", command, "--json")
        found: dict[str, Any] = said.json
        assert said.code == (0 if found["ok"] else 1)
        return found

    return ask


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """The open program on the morning of :data:`NOW`."""
    with open_app(str(home), clock=lambda: NOW) as opened:
        yield opened


@pytest.fixture
def ask(app: App) -> Callable[..., str]:
    """Ask a command of the open program and return its text."""

    def run(command: str, medium: str = "text") -> str:
        request = parse(command, reader=LOCAL_READER, now=app.clock())
        assert request is not None
        found = answer(request, app.library)
        if medium == "discord":
            return "\n\n".join(message["content"] for message in render.as_discord(found))
        return render.as_text(found)

    return run
