"""The other commands, the chat, and what a reader may write."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bot.commands import COMMANDS

ROOT = Path(__file__).parents[2]
Rollcall = Callable[..., Any]
Say = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_example_is_answered(say: Say, command: Any) -> None:
    example = say(f"!help {command.name}")["answer"]["commands"][0]["example"]
    assert "{" not in example
    assert say(f"!{example}")["ok"] is True


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_help_explains_every_command(say: Say, command: Any) -> None:
    everything = say("!help")["text"]
    assert all(f"!{usage}" in everything for usage in command.usage)
    assert command.summary in everything
    one = say(f"!help {command.name}")
    assert command.summary in one["text"]
    assert one["answer"]["commands"][0]["example"] in one["text"]
    assert [c["name"] for c in one["answer"]["commands"]] == [command.name]


def test_json_has_the_documented_frame(say: Say) -> None:
    found = say("!status Germany")
    assert list(found) == ["v", "command", "ok", "error", "text", "answer", "receipts"]
    assert (found["v"], found["command"], found["ok"], found["error"]) == (1, "status", True, None)
    assert {"quote", "article", "revision", "start", "end", "publisher", "url", "published", "speaker"} <= set(
        found["receipts"][0]
    )
    missing = say("!status Nowhereland")
    assert set(missing["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "line", ["!STATUS germany", "status Germany", "! status Germany", "!status: Germany?", "!Status  DE ", "!stance DE"]
)
def test_a_command_is_understood_however_it_is_typed(say: Say, line: str) -> None:
    assert say(line)["answer"]["party"] == "DE"


@pytest.mark.parametrize("line", ["!whoisin", "!who_is_in", "!who-is-in?", "!who", "!who is in", "who is in?"])
def test_who_is_in_is_understood_however_it_is_typed(say: Say, line: str) -> None:
    assert say(line)["answer"]["totals"]["in"] == 4


def test_an_unknown_command_names_the_nearest(say: Say) -> None:
    found = say("!statsu Germany")
    assert found["error"]["code"] == "unknown_command"
    assert "Did you mean !status?" in found["text"]


def test_following_and_stopping(say: Say) -> None:
    assert say("!subscriptions")["answer"]["subscriptions"] == []
    assert say("!subscribe Finland")["answer"] == {"party": "FI", "cadence": "instant", "new": True}
    assert say("!subscribe Finland daily")["answer"] == {"party": "FI", "cadence": "daily", "new": False}
    assert say("!subscribe the Dutch weekly")["answer"]["party"] == "NL"
    assert say("!follow Germny every day")["text"].startswith('I read "Germny" as Germany.')
    listed = say("!subscriptions")["answer"]["subscriptions"]
    assert [(s["party"], s["cadence"]) for s in listed] == [("FI", "daily"), ("DE", "daily"), ("NL", "weekly")]
    assert say("!unsubscribe Finland")["answer"] == {"removed": ["FI"], "left": ["DE", "NL"]}
    assert say("!unsubscribe Finland")["answer"]["removed"] == []
    assert say("!unsubscribe all")["answer"]["removed"] == ["DE", "NL"]
    assert say("!unsubscribe all")["ok"] is True


def test_what_is_stored_about_a_reader_is_shown_and_deleted(say: Say) -> None:
    assert say("!privacy")["answer"]["subscriptions"] == []
    say("!subscribe Finland")
    shown = say("!privacy show")
    assert shown["answer"]["kept"]["subscriptions"] == 1
    assert "Finland" in shown["text"]
    deleted = say("!privacy delete")
    assert deleted["answer"]["deleted"] == {"subscriptions": 1}
    assert "Finland" in deleted["text"]
    assert say("!subscriptions")["answer"]["subscriptions"] == []
    assert say("!privacy delete")["ok"] is True
    assert say("!subscribe Finland hourly")["error"]["code"] == "unknown_cadence"
    assert say("!privacy sell")["error"]["code"] == "unknown_word"


@pytest.mark.parametrize("command", ["status", "proof", "subscribe", "unsubscribe"])
def test_a_party_that_is_missing_is_asked_for(say: Say, command: str) -> None:
    assert say(f"!{command}")["error"]["code"] == "missing_party"


def test_about_gives_criteria_and_sources(say: Say) -> None:
    found = say("!about")
    assert len(found["answer"]["stances"]) == 9
    assert all(s["criterion"] in found["text"] and s["label"] in found["text"] for s in found["answer"]["stances"])
    assert len(found["answer"]["feeds"]) >= 15
    kinds = [feed["kind"] for feed in found["answer"]["feeds"]]
    assert kinds == sorted(kinds, key=["official", "agency", "news"].index), "official ones first"
    assert all(feed["note"] and feed["url"].startswith("https://") for feed in found["answer"]["feeds"])


def test_chat_reads_lines_from_a_pipe(rollcall: Rollcall) -> None:
    said = rollcall("chat", input="!status Germany\n\nstatus France\nexit\n!status Italy\n")
    assert said.code == 0
    assert "Germany: unclear" in said.out
    assert "France: leads it" in said.out
    assert "Italy" not in said.out


def test_chat_on_a_terminal_greets_wraps_and_leaves(home: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "ROLLCALL_HOME": str(home), "TERM": "xterm", "COLUMNS": "60"},
        close_fds=True,
    )
    os.close(slave)
    os.write(master, b"!status Germany\nexit\n")
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(master)
    assert process.wait() == 0
    text = shown.decode()
    assert "To leave: exit, or Ctrl-D." in text
    assert "\x1b[1mGermany: unclear\x1b[0m" in text
    quote = [line for line in text.replace("\r", "").splitlines() if line.startswith("> It's") or "outgoing" in line]
    assert all(len(line) <= 60 for line in quote)


def test_an_article_is_shown_with_what_is_known_of_it(rollcall: Rollcall) -> None:
    text = rollcall("article", "expl").out
    assert "Title: What is the ‘coalition of willing’" in text
    assert "Publisher: unknown" in text
    assert "Published: about 20 March 2025 (date inferred)" in text
    found = rollcall("article", "explainer", "--json").json
    assert found["text"] == (Path(__file__).parents[2] / "seeds/articles/explainer.txt").read_bytes().decode()
    assert rollcall("article", "explainer", "--revision", "9").code == 1


def test_ingesting_an_edited_file_is_a_new_revision(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "news.txt"
    file.write_text("Ministers met in Oslo on Monday and agreed on a plan.", encoding="utf-8")
    first = rollcall("ingest", str(file), "--json").json["articles"][0]
    file.write_text("Ministers met in Oslo on Tuesday and agreed on a plan.", encoding="utf-8")
    second = rollcall("ingest", str(file), "--json").json["articles"][0]
    assert (first["outcome"], second["outcome"], second["revision"]) == ("new", "revised", 2)
    assert first["article"] == second["article"]
    old = rollcall("article", first["article"], "--revision", "1", "--json").json
    assert "Monday" in old["text"]


def test_the_seed_articles_are_known_already(rollcall: Rollcall) -> None:
    folder = Path(__file__).parents[2] / "seeds" / "articles"
    said = rollcall("ingest", str(folder), "--json").json
    assert {(a["article"], a["outcome"]) for a in said["articles"]} == {
        ("explainer", "unchanged"),
        ("news-report", "unchanged"),
    }


def test_a_page_becomes_an_article_with_its_metadata(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(
        """<!DOCTYPE html><html lang="en"><head><title>Oslo offers two ships | Example Wire</title>
        <meta property="og:site_name" content="Example Wire"><meta property="og:title" content="Oslo offers two ships">
        <meta property="article:published_time" content="2025-05-06T08:00:00Z">
        <link rel="canonical" href="https://wire.example/oslo?utm_source=x"></head><body>
        <nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Oslo offers two ships</h1>
        <p>Norway offered two ships and a field hospital for the mission on Tuesday, its defence ministry said.</p>
        <p>The Georgian government has not said whether it will take part in the mission, it said.</p>
        </article><footer>Sign up to our newsletter</footer></body></html>""",
        encoding="utf-8",
    )
    stored = rollcall("ingest", str(file), "--json").json["articles"][0]
    found = rollcall("article", stored["article"], "--json").json
    assert found["publisher"] == "Example Wire"
    assert found["published"].startswith("2025-05-06")
    assert found["language"] == "en"
    assert "Norway offered two ships" in found["text"]
    assert "Sport" not in found["text"]
    mentioned = rollcall("say", "!status Georgia", "--json").json["answer"]["mentions"]
    assert [m["publisher"] for m in mentioned] == ["Example Wire"]
    assert rollcall("say", "!status Norway", "--json").json["answer"]["mentions"][0]["url"].startswith("https://wire")


@pytest.mark.parametrize(
    "arguments",
    [("sya",), ("say",), ("say", "--jsn", "x"), ("ingest",), ("article",), ("table", "chek"), ("briefing", "x")],
)
def test_a_wrong_call_ends_with_two(rollcall: Rollcall, arguments: tuple[str, ...]) -> None:
    said = rollcall(*arguments)
    assert said.code == 2
    assert "Usage:" in said.err


def test_home_may_stand_before_or_after_the_command(rollcall: Rollcall, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert rollcall("--home", str(one), "say", "!subscribe Finland").code == 0
    assert rollcall("say", "!subscribe Finland", "--home", str(two)).code == 0
    for folder in (one, two):
        assert (folder / "rollcall.sqlite3").is_file()
        followed = rollcall("say", "!subscriptions", "--json", "--home", str(folder)).json["answer"]["subscriptions"]
        assert [s["party"] for s in followed] == ["FI"]


@pytest.mark.long
def test_nothing_is_written_into_the_working_folder(home: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for arguments in (["say", "!who-is-in"], ["briefing", "--date", "2025-03-20"], ["table", "check"]):
        subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=work,
            check=True,
            capture_output=True,
            env={**os.environ, "ROLLCALL_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])},
        )
    assert list(work.iterdir()) == []


def test_a_data_folder_that_can_not_be_made(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = rollcall("--home", str(file / "below"), "say", "!help")
    assert said.code == 1
    assert "the data folder can't be made" in said.err


def test_an_old_article_is_background_and_a_link_out_of_a_folder_is_refused(rollcall: Rollcall, tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "outside.txt"
    folder.mkdir()
    outside.write_text("This text stands outside of the folder and was not meant.")
    (folder / "link.txt").symlink_to(outside)
    (folder / "old.txt").write_text("date: 2025-03-20\n\nAn old text about the talks in Oslo stands here.")
    (folder / "new.txt").write_text("A text without a date stands here, about the talks in Bergen.")
    said = rollcall("ingest", str(folder), "--json").json
    assert [r["reason"] for r in said["refused"]] == ["it is a link out of the folder; name the file itself"]
    shown = {Path(a["file"]).name: rollcall("article", a["article"], "--json").json for a in said["articles"]}
    assert {name: article["background"] for name, article in shown.items()} == {"old.txt": True, "new.txt": False}


def test_the_forum_of_dates_people_write(say: Say) -> None:
    for date in ("2025-03-20", "20 March 2025", "20th March 2025", "March 20, 2025", "20.03.2025", "20.3.2025"):
        assert say(f"!status Poland as-of {date}")["answer"]["as_of"] == "2025-03-20", date
    for date in ("0001-01-01", "1899-12-31", "9999-12-31"):
        assert say(f"!briefing {date}")["error"]["code"] == "bad_date", date


def test_an_empty_name_takes_in_nothing(rollcall: Rollcall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("Words of a text.", "utf-8")
    monkeypatch.chdir(tmp_path)
    for names in (("",), (str(tmp_path), " ")):
        said = rollcall("ingest", *names)
        assert (said.code, said.out) == (1, "")
        assert "An empty name was given; nothing was read." in said.err
    assert rollcall("ingest", "a.txt").out.endswith("1 stored, 0 stored before, 0 refused.\n")


@pytest.mark.parametrize("where", ["click.Group.parse_args", "bot.app.open_app"])
def test_ctrl_c_before_work_has_begun_ends_as_later(
    rollcall: Rollcall, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    said = rollcall("poll")
    assert (said.code, said.err.splitlines()[-1]) == (130, "Broken off.")
    assert "Aborted" not in said.err


_INTERRUPTED_AT = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)

module = sys.argv.pop(1)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
runpy.run_module("bot", run_name="__main__")
"""
"""A start with Ctrl-C pressed at the very moment when a module is first imported."""


@pytest.mark.parametrize("module", ["bot.cli", "click", "click.core", "bot.store.errors", "bot.app", "sqlalchemy"])
def test_ctrl_c_while_it_starts_is_one_sentence(home: Path, module: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED_AT, module, "poll", "--home", str(home)], cwd=ROOT, capture_output=True
    )
    assert (found.returncode, found.stdout, found.stderr.strip()) == (130, b"", b"Broken off.")


def _dated(value: Any) -> list[dict[str, Any]]:
    """Return every object in a JSON answer that says when a text was published."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, dict) and "published" in value else ()), *chain(*map(_dated, inner))]


@pytest.mark.parametrize(
    "arguments",
    [
        ("say", "!status Germany"),
        ("say", "!status Iraq"),
        ("say", "!proof Germany"),
        ("briefing", "--date", "2025-03-20"),
        ("article", "explainer"),
        ("why", "explainer"),
        ("why", "story:explainer"),
    ],
)
def test_json_that_says_when_a_text_was_published_says_how_that_is_known(
    rollcall: Rollcall, arguments: tuple[str, ...]
) -> None:
    found = _dated(rollcall(*arguments, "--json").json)
    assert found
    assert {one.get("published_is") for one in found} <= {"stated", "inferred", "unknown"}
