"""Hostile input to everything that reads: a clear message, the right exit code, nothing lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.commands import COMMANDS, answer
from bot.render import render
from bot.request import LOCAL_READER, parse

pytestmark = pytest.mark.long

Rollcall = Callable[..., Any]

WORDS = {
    "controls": "Ger\x00many\x07 \x1b[31mred\x1b[0m \x1b]0;title\x07\r\n",
    "bidi": "\u202eynamreG\u202c \u2066x\u2069 \u200bGer\u200dmany",
    "1 MB line": "a" * 1_000_000,
    "1 MB of words": "Germany " * 125_000,
    "emoji": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪🇫🇷 ✅❌",
    "surrogate": "Ger\udcffmany \ud800",
    "markup": "@everyone <@1> [x](http://e.example) **b** `c` ||d|| <script>alert(1)</script> {{ 7*7 }}",
    "quotes": "\"'“”‘’«»„",
    "spaces": " \t\u00a0\u3000\u2028 ",
    "format": "%s %n {0} {topic.key} ${HOME} $(id) ;rm -rf",
    "combining": "Z" + "\u0301" * 5000,
    "numbers": "9" * 5000,
    "dates": "Germany as-of 99999-99-99 as-of -1 as-of",
}

ACTIVE = ["\x1b", "\x07", "\x00", "\u202e", "\u2066", "\u200b"]
"""What must never reach a terminal from outside."""


@pytest.mark.parametrize("command", [c.name for c in COMMANDS])
@pytest.mark.parametrize("words", WORDS)
def test_every_command_answers_hostile_words(app: App, command: str, words: str) -> None:
    request = parse(f"!{command} {WORDS[words]}", reader=LOCAL_READER, now=app.clock())
    assert request is not None
    found = answer(request, app.library)
    text = render.as_text(found)
    assert text.strip()
    assert len(text) < 20_000
    assert not any(sign in text for sign in ACTIVE)
    json.dumps(render.as_json(found)).encode()
    for message in render.as_discord(found):
        assert len(message["content"].encode("utf-16-le", "surrogatepass")) // 2 <= 2000
        assert "@everyone" not in message["content"]
        assert "<@1>" not in message["content"]
        theirs = message["content"]
        for feed in app.library.topic.feeds:
            theirs = theirs.replace(f"](<{feed.url}>)", "")
        assert not re.search(r"(?<!\\)\]\(<?http", theirs)


@given(line=st.text(max_size=200))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_line_gets_an_answer(app: App, line: str) -> None:
    for command in ("status", "who-is-in", "proof", "subscribe", ""):
        request = parse(f"!{command} {line}", reader=LOCAL_READER, now=app.clock())
        if request is not None:
            found = answer(request, app.library)
            assert found.ok is (found.error is None)
            assert render.as_text(found)


@pytest.mark.parametrize("words", WORDS)
def test_say_on_the_command_line(rollcall: Rollcall, words: str) -> None:
    said = rollcall("say", f"!status {WORDS[words]}".replace("\x00", ""), "--json")
    assert said.code in {0, 1}
    assert said.json["command"] == "status"


def test_lines_from_standard_input_end_with_the_highest_code(rollcall: Rollcall) -> None:
    lines = b"!status Germany\n\xff\xfe!status \x00\n\n!who-is-in\n" + b"x" * 1_000_000 + b"\n!status France"
    said = rollcall("say", "-", "--json", input=lines)
    answers = [json.loads(line) for line in said.out.splitlines()]
    assert [a["ok"] for a in answers] == [True, False, True, False, True]
    assert said.code == 1
    assert rollcall("say", "-", input=b"").code == 0
    assert rollcall("say", "-", "--json", input=b"!status Germany\n!who-is-in\n").code == 0


@pytest.mark.parametrize("nothing", ["", " ", "!", "\t\n"])
def test_nothing_asked_is_a_mistake(rollcall: Rollcall, nothing: str) -> None:
    said = rollcall("say", nothing, "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "nothing_asked"


def _files(folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    contents = {
        "empty.txt": b"",
        "blank.txt": b" \n\t\n\r\n",
        "bom.txt": b"\xef\xbb\xbf",
        "header-only.txt": b"title: nothing else\n",
        "invalid.txt": b"\xff\xfe\xfaNot UTF-8 at all, yet a sentence with enough words in it.\xc3\x28",
        "nul.txt": b"A sentence \x00 with NUL bytes in the middle of it.\x00",
        "controls.txt": "Ministers \x1b[2J\x07 met on Monday \u202eto agree\u202c about \u200bnothing at all.".encode(),
        "one-line.txt": b"word " * 200_000 + b".",
        "deep.html": b"<div>" * 20_000 + b"text",
        "broken.html": b"<html><body><p>Only <b>a few words",
        "not.html": b"\x00\x01\x02",
        "emoji.md": "# 🎉\n\n👩‍👩‍👧‍👦 Families met on Monday in Berlin to celebrate the end of the talks. 🏴󠁧󠁢󠁥󠁮󠁧󠁿".encode(),
        "huge-header.txt": b"title: " + b"x" * 500_000 + b"\ndate: 2025-99-99\nurl: javascript:x\n\nText follows.",
        "future.txt": b"date: 2999-01-01\n\nThe text comes from a time that has not come yet, it says.",
        "wrong.pdf": b"%PDF-1.7",
    }  # fmt: skip
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in contents}


REFUSED = {"empty.txt", "blank.txt", "bom.txt", "header-only.txt", "not.html", "wrong.pdf"}


def test_ingest_says_of_each_file_what_became_of_it(rollcall: Rollcall, tmp_path: Path) -> None:
    files = _files(tmp_path / "in")
    for name, path in files.items():
        said = rollcall("ingest", str(path), "--json")
        assert len(said.json["articles"]) + len(said.json["refused"]) == 1, name
        if name in REFUSED:
            assert said.code == 1, name
            assert said.json["refused"][0]["reason"], name
        elif said.json["articles"]:
            assert said.code == 0, name
            stored = rollcall("article", said.json["articles"][0]["article"], "--json").json
            if name.endswith(".txt"):
                assert stored["text"] == path.read_bytes().decode("utf-8", "surrogateescape").translate(
                    dict.fromkeys((0, *range(56448, 56576)), "�")
                )


def test_special_files_are_named_and_never_waited_for(rollcall: Rollcall, tmp_path: Path) -> None:
    fifo, loop, dangling, folder, other = (tmp_path / n for n in ("fifo.txt", "loop.txt", "gone.txt", "empty", "other"))
    os.mkfifo(fifo)
    loop.symlink_to(loop)
    dangling.symlink_to(tmp_path / "nowhere")
    folder.mkdir()
    other.mkdir()
    for name in ("a.pdf", "b.png"):
        (other / name).write_bytes(b"x")
    named = (fifo, loop, dangling, folder, other, tmp_path / "missing.txt")
    said = rollcall("ingest", *map(str, named), "--json")
    assert said.code == 1
    reasons = {Path(r["file"]).name: r["reason"] for r in said.json["refused"]}
    assert reasons == {
        "fifo.txt": "it is a pipe, socket or device; save what comes from it as a file, and name that",
        "loop.txt": "it is a link that leads back to itself; name the file itself",
        "gone.txt": f"it is a link to {tmp_path / 'nowhere'}, where nothing is; mend or remove the link",
        "empty": "the folder is empty; name one that holds texts",
        "other": f"no file in it is of a kind that is read: {KINDS}. Save the text of one as a .txt file",
        "missing.txt": "there is no such file or folder; check its spelling. A web address begins with https://",
    }


KINDS = ".txt, .md, .html, .htm, .xml, .rss, .atom, .json"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", b"%PDF-1.7", f"a .pdf file is not read, only {KINDS}. Save its text as a .txt file, and name that"),
        ("a", b"Words.", f"a file without an ending is not read, only {KINDS}. Save its text as a .txt file, and name"),
        ("a.txt", b"%PDF-1.7\nWords.", "it is a PDF, whatever its name says; save its text as a .txt file, and name"),
        ("a.html", b"%PDF-1.7\nWords.", "it is a PDF, whatever its name says"),
        ("a.md", b"{\\rtf1 Words.}", "it is an RTF file, whatever its name says"),
        ("a.txt", b"PK\x03\x04Words and more words.", "it is a Word file or other archive, whatever its name says"),
    ],
)
def test_what_is_no_text_is_refused_by_what_it_is(
    rollcall: Rollcall, tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    said = rollcall("ingest", str(tmp_path / name), "--json")
    assert said.code == 1
    assert said.json["refused"][0]["reason"].startswith(reason)


def test_an_address_that_is_not_of_the_web_is_no_missing_file(rollcall: Rollcall) -> None:
    said = rollcall("ingest", "ftp://example.org/a.txt", "file:///tmp/a.txt")
    assert said.code == 1
    assert said.err.splitlines() == [
        "ftp://example.org/a.txt: refused: what begins with ftp:// is not read, only http:// and https://. Get it "
        "yourself, and name the file.",
        "file:///tmp/a.txt: refused: what begins with file:// is not read. Name the file by its path.",
    ]


def test_a_link_in_a_folder_that_leads_nowhere_is_said_to(rollcall: Rollcall, tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("/nowhere/a.txt")
    said = rollcall("ingest", str(tmp_path), "--json")
    assert said.json["refused"][0]["reason"].startswith("it is a link to /nowhere/a.txt, where nothing is")


def test_a_folder_with_everything_in_it_loses_nothing_good(rollcall: Rollcall, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    _files(folder)
    os.mkfifo(folder / "pipe.txt")
    (folder / "again").symlink_to(folder)
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "good.txt").write_text("Ministers met in Oslo on Monday and agreed on a plan for the spring.")
    said = rollcall("ingest", str(folder), "--json")
    assert said.code == 1
    names = {Path(a["file"]).name for a in said.json["articles"]}
    assert {"good.txt", "invalid.txt", "one-line.txt", "emoji.md"} <= names
    again = rollcall("ingest", str(folder), "--json")
    assert {a["outcome"] for a in again.json["articles"]} == {"unchanged"}
    text = rollcall("briefing", "--json").json
    assert text["stories"]


def test_a_file_that_is_too_large_is_refused_by_its_size(rollcall: Rollcall, home: Path, tmp_path: Path) -> None:
    (home / "config.toml").write_text("[ingest]\nmax_megabytes = 1\n")
    file = tmp_path / "big.txt"
    file.write_bytes(b"a" * 1_000_001)
    said = rollcall("ingest", str(file), "--json")
    assert said.code == 1
    assert "1,000,001 bytes" in said.json["refused"][0]["reason"]


@pytest.mark.parametrize(
    "kind", ["folder", "fifo", "loop", "missing", "binary", "empty", "1 MB line", "controls", "dots"]
)
@pytest.mark.parametrize("command", [("table", "check"), ("table", "import"), ("--config",), ("table", "export")])
def test_other_commands_that_take_a_file(
    rollcall: Rollcall, tmp_path: Path, kind: str, command: tuple[str, ...]
) -> None:
    path = tmp_path / "x.toml"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind != "missing":
        path.write_bytes(
            {
                "binary": bytes(range(256)),
                "empty": b"",
                "1 MB line": b"a" * 1_000_000,
                "controls": b"\x1b[2J = 1",
                "dots": b"a" + b".a" * 50_000 + b" = 1",
            }[kind]
        )
    before = rollcall("table", "export").out
    arguments = ("--config", str(path), "say", "!status Germany") if command == ("--config",) else (*command, str(path))
    said = rollcall(*arguments)
    harmless = kind == "empty" or (command == ("table", "export") and kind not in {"folder", "fifo", "loop"})
    assert said.code == (0 if harmless else 1), said.err
    if not harmless:
        assert "x.toml" in said.err + said.out
    assert "Traceback" not in said.err + said.out
    assert "\x1b" not in said.err + said.out
    assert rollcall("table", "export").out == before


@pytest.mark.parametrize("identifier", ["", "x", "nothing-has-this", "\x1b[31m", "a" * 100_000, "%", "'; DROP TABLE--"])
def test_an_article_nobody_has(rollcall: Rollcall, identifier: str) -> None:
    said = rollcall("article", identifier)
    assert said.code == 1
    assert "explainer" in said.err
    assert "\x1b" not in said.err


def test_arguments_that_are_not_utf_8(home: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bot", "say", b"!status \xff\xfe", "--json"],
        capture_output=True,
        env={**os.environ, "ROLLCALL_HOME": str(home)},
        check=False,
    )
    assert said.returncode == 1
    assert json.loads(said.stdout)["error"]["code"] == "unknown_party"
    assert b"Traceback" not in said.stderr


def test_a_reader_that_stops_reading_is_no_crash(home: Path) -> None:
    said = subprocess.run(
        f"{sys.executable} -m bot say '!about' | head -c 10",
        shell=True,
        capture_output=True,
        env={**os.environ, "ROLLCALL_HOME": str(home)},
        check=False,
    )
    assert b"Traceback" not in said.stderr


def test_a_terminal_without_unicode_gets_question_marks(home: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bot", "say", "!who-is-in"],
        capture_output=True,
        env={**os.environ, "ROLLCALL_HOME": str(home), "PYTHONIOENCODING": "latin-1"},
        check=False,
    )
    assert said.returncode == 0
    assert b"? In: 4" in said.stdout
