"""Templates of the operator's own: one folder, above the shipped ones, in every command and medium."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.answers import mistake
from bot.app import open_app
from bot.config import read_settings
from bot.render import render
from bot.resources import data, own_templates, template_names
from tests.bot.conftest import Rollcall

DAY = ("briefing", "--date", "2025-03-20")


@pytest.fixture
def own(home: Path) -> Path:
    """A folder of templates that the settings name, relative to their file; empty at first."""
    folder = home / "mine"
    folder.mkdir()
    (home / "config.toml").write_text('templates = "mine"\n', encoding="utf-8")
    return folder


def _shipped(name: str) -> str:
    text: str = (data("templates") / name).read_text(encoding="utf-8")
    return text


def test_a_relative_folder_counts_from_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('templates = "mine"\ndossier = "topic"\n', encoding="utf-8")
    settings = read_settings(tmp_path, None, {})
    assert settings.templates == str(tmp_path / "mine")
    assert settings.dossier == str(tmp_path / "topic")
    assert read_settings(tmp_path / "none", None, {}).templates == ""


def test_every_command_and_medium_uses_them(rollcall: Rollcall, own: Path) -> None:
    (own / "briefing.j2").write_text("{{ b('Our own') }}, {{ day|day }}\n", encoding="utf-8")
    (own / "briefing.html.j2").write_text("<title>Our own</title>\n", encoding="utf-8")
    assert rollcall(*DAY).out == "Our own, 20 March 2025\n"
    assert rollcall("say", "!briefing 2025-03-20").out == "Our own, 20 March 2025\n"
    assert rollcall("say", "!briefing 2025-03-20", "--json").json["text"] == "Our own, 20 March 2025"
    assert rollcall(*DAY, "--format", "html").out == "<title>Our own</title>\n"
    posted = rollcall(*DAY, "--format", "discord").json["messages"]
    assert [body["content"] for body in posted] == ["**Our own**, 20 March 2025"]


def test_what_is_not_in_the_folder_is_as_shipped(rollcall: Rollcall, own: Path) -> None:
    before = rollcall("say", "!status Germany").out
    macros = _shipped("macros.j2").replace("Editor's note: ", "Note by an editor: ")
    (own / "macros.j2").write_text(macros, encoding="utf-8")
    render.forget_templates()  # as a new process would
    after = rollcall("say", "!status Germany").out
    assert "Editor's note: " in before
    assert after == before.replace("Editor's note: ", "Note by an editor: ")


def test_the_running_bot_uses_them(own: Path, home: Path) -> None:
    (own / "mistake.j2").write_text("So sorry. {{ message }}", encoding="utf-8")
    answer = mistake("status", "unknown", "No.")
    with open_app(str(home)):
        assert render.as_discord(answer)[0]["content"] == "So sorry. No."
    assert render.as_discord(answer)[0]["content"] == "No."


def test_a_template_is_read_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    source = render.template_source

    def counting(name: str) -> tuple[str, str] | None:
        read.append(name)
        return source(name)

    monkeypatch.setattr(render, "template_source", counting)
    (own / "mistake.j2").write_text("Sorry: {{ message }}", encoding="utf-8")
    answer = mistake("status", "unknown", "No.")
    with own_templates(own):
        assert [render.as_text(answer) for _ in range(3)] == ["Sorry: No."] * 3
        assert read == ["mistake.j2"]
        (own / "mistake.j2").write_text("Oh. {{ message }}", encoding="utf-8")
        assert render.as_text(answer) == "Sorry: No."
        render.forget_templates()
        assert render.as_text(answer) == "Oh. No."
    assert render.as_text(answer) == "No."


BROKEN = [
    ("{{ message }}\n{% if %}", "line 2: Expected an expression, got 'end of statement block'."),
    ("\n\n{{ mesage }}", "line 3: 'mesage' is undefined."),
    ("{{ message.nothing }}", "line 1: 'str object' has no attribute 'nothing'."),
    ("\n{{ message|shout }}", "line 2: No filter named 'shout'."),
    ('\n{% include "other.j2" %}', 'line 2: there is no template "other.j2".'),
    ('{% include "../config.example.toml" %}', 'line 1: there is no template "../config.example.toml".'),
    ('\n{% include "mistake.j2" %}', "line 2: it uses itself, or is nested too deeply."),
    ("{{ 1 + message }}", "line 1: TypeError: unsupported operand type(s) for +: 'int' and 'str'."),
    ("{% for x in message %}", "line 1: Unexpected end of template."),
]


@pytest.mark.parametrize(("text", "sentence"), BROKEN, ids=[text.strip() for text, _ in BROKEN])
def test_a_broken_one_is_a_sentence_with_file_and_line(rollcall: Rollcall, own: Path, text: str, sentence: str) -> None:
    (own / "mistake.j2").write_text(text, encoding="utf-8")
    said = rollcall("say", "!status Qqqqqq as-of never")
    assert said.code == 1
    assert said.out == ""
    assert said.err.startswith(f"{own / 'mistake.j2'}, {sentence}")
    assert said.err.count("\n") == 1
    told = json.loads(rollcall("say", "!status Qqqqqq as-of never", "--json").out)
    assert told["error"]["message"].startswith(f"{own / 'mistake.j2'}, ")


def test_one_that_is_no_text_is_a_sentence(rollcall: Rollcall, own: Path) -> None:
    (own / "mistake.j2").write_bytes(b"Sorry \xff")
    said = rollcall("say", "!status as-of never")
    assert (said.code, said.err) == (1, f"{own / 'mistake.j2'}: not UTF-8 at byte 6. Save it as UTF-8.\n")


def _checked(rollcall: Rollcall) -> list[tuple[str, str]]:
    findings = rollcall("check", "--json").json["findings"]
    return [(one["state"], one["words"]) for one in findings if one["subject"] == "templates"]


def test_check_says_which_are_used(rollcall: Rollcall, own: Path) -> None:
    assert _checked(rollcall) == [("ok", f"none so far, of {own}, above the shipped ones")]
    for name in ("update.j2", "briefing.j2"):
        (own / name).write_text(_shipped(name), encoding="utf-8")
    for name in (".briefing.j2.swp", "briefing.j2~"):
        (own / name).write_text("{% an editor's", encoding="utf-8")
    assert _checked(rollcall) == [("ok", f"briefing.j2, update.j2, of {own}, above the shipped ones")]


def test_check_says_nothing_where_there_are_none(rollcall: Rollcall) -> None:
    assert _checked(rollcall) == []


def test_check_finds_names_that_no_template_has_and_errors(rollcall: Rollcall, own: Path) -> None:
    (own / "brefing.j2").write_text("", encoding="utf-8")
    (own / "notes.txt").write_text("", encoding="utf-8")
    (own / "status.j2").write_text("\n{% endfor %}", encoding="utf-8")
    (own / "update.j2").mkdir()
    ((state, words),) = _checked(rollcall)
    assert state == "FAIL"
    assert words.split("\n") == [
        f"{own / 'brefing.j2'}: no template is called that, so it is not used. Did you mean briefing.j2?",
        f"{own / 'notes.txt'}: no template is called that, so it is not used. "
        "The templates are those of docs/templates.md.",
        f"{own / 'status.j2'}, line 2: Encountered unknown tag 'endfor'.",
        f"{own / 'update.j2'}: it is no file, so it is not used.",
    ]


def test_a_folder_that_is_not_there_is_said(rollcall: Rollcall, own: Path) -> None:
    own.rmdir()
    sentence = f"templates = {str(own)!r}: there is no such folder"
    said = rollcall("say", "!help")
    assert (said.code, said.out, said.err) == (1, "", sentence + "\n")
    assert _checked(rollcall) == [("FAIL", f"{sentence}. Make it, or leave the setting empty.")]
    assert not any(
        one["subject"] == "dossier" and one["state"] == "FAIL" for one in rollcall("check", "--json").json["findings"]
    )


@pytest.mark.parametrize("name", template_names())
def test_every_template_can_be_one_s_own(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(_shipped(name), encoding="utf-8")
    with own_templates(tmp_path):
        assert render.template_problems() == []
        assert render.environment("text").get_template(name).filename == str(tmp_path / name)
