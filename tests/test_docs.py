"""Documentation is tested: what isn't documented, or no longer true, fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from discord import app_commands

from bot.app import open_app
from bot.cli import main
from bot.commands import COMMANDS, answer
from bot.commands.command import Command
from bot.config import Settings
from bot.discord import admin
from bot.discord.client import RollcallBot
from bot.discord.supervise import FEW_STARTS, REFUSED_BOT, REFUSED_TOKEN
from bot.render import render
from bot.request import LOCAL_READER, parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""When the README's transcript was taken."""


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def test_there_are_exactly_two_commands_to_set_up() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith(".venv/bin/rollcall chat")
    assert lines[1].endswith(".venv/bin/pytest")
    assert "--group dev" not in lines[0]
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert [block.strip() for block in blocks] == lines


@pytest.mark.parametrize("path", [path for path, _ in _commands(main, "rollcall")])
def test_every_command_of_the_command_line_is_in_the_readme(path: str) -> None:
    assert f"`{path}" in README


def test_every_option_is_in_the_readme() -> None:
    for path, command in _commands(main, "rollcall"):
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(f"{name}" in README for name in parameter.opts), f"{path} {parameter.opts}"
                assert parameter.help, f"{path} {parameter.opts} has no help"
        assert command.help, path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_chat_command_is_in_the_readme_as_help_shows_it(command: Command) -> None:
    for usage in command.usage:
        assert f"`!{usage}`" in README


def test_every_error_code_is_in_the_readme() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    codes = set(re.findall(r'mistake\(\s*[^,()]+,\s*"(\w+)"', sources))
    assert len(codes) >= 8
    for code in codes:
        assert f"`{code}`" in README, code


def test_every_environment_variable_is_in_the_readme() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    for name in set(re.findall(r"ROLLCALL_[A-Z_]+", sources)):
        assert f"`{name}`" in README, name


def test_exit_codes_are_in_help_and_readme() -> None:
    for code in ("0", "1", "2", *map(str, (REFUSED_TOKEN, REFUSED_BOT, FEW_STARTS))):
        assert f"**{code}**" in README
        assert main.help is not None
        assert f"{code} " in main.help
    assert main.help is not None
    assert "Exit codes: 0 answered" in " ".join(main.help.split())


def test_every_setting_is_in_the_example() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")

    def keys(model: type) -> Iterator[str]:
        for name, field in model.model_fields.items():  # type: ignore[attr-defined]
            inner = field.annotation
            if hasattr(inner, "model_fields"):
                yield from keys(inner)
            else:
                yield name

    for key in keys(Settings):
        assert re.search(rf"^{key} = ", example, re.MULTILINE), key


def test_the_transcript_is_real(tmp_path: Path) -> None:
    block = next(b for b in re.findall(r"```text\n(.*?)```", README, re.DOTALL) if b.startswith("$ "))
    asked = re.split(r"^\$ rollcall say '(.*?)'\n", block, flags=re.MULTILINE)[1:]
    assert len(asked) >= 6
    with open_app(str(tmp_path), clock=lambda: WRITTEN) as app:
        for command, shown in zip(asked[::2], asked[1::2], strict=True):
            request = parse(command, reader=LOCAL_READER, now=WRITTEN)
            assert request is not None
            assert render.as_text(answer(request, app.library)) == shown.strip("\n"), command


def test_every_command_for_those_who_manage_a_server_is_in_the_readme(tmp_path: Path) -> None:
    with open_app(str(tmp_path), clock=lambda: WRITTEN) as app:
        bot = RollcallBot(app)
        admin.add_all(bot)
        for command in bot.tree.walk_commands():
            if not isinstance(command, app_commands.Group):
                assert f"`/{command.qualified_name}" in README, command.qualified_name


def test_every_key_of_an_answer_is_in_the_readme(tmp_path: Path) -> None:
    described = README[README.index("### JSON") : README.index("## How claims are verified")]
    asked = [command.example for command in COMMANDS]
    asked += [
        "status Belgium",
        "status Finland",
        "proof figures",
        "privacy delete",
        "unsubscribe all",
        "status Qqqq",
        "feeds export",
    ]
    with open_app(str(tmp_path), clock=lambda: WRITTEN) as app:
        for line in asked:
            example = line.format(party="Finland", stance="open", day="2025-03-20")
            request = parse(example, reader=LOCAL_READER, now=WRITTEN)
            assert request is not None
            for key in render.as_json(answer(request, app.library))["answer"]:
                assert f"`{key}`" in described or f'"{key}"' in described, f"{example}: {key}"
