"""``rollcall summarize``: summing up files without storing them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bot.conftest import Rollcall

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))
BRIDGE = "The long bridge over the river was opened by the mayor on Monday."
WHEAT = "Farmers in the south lost most of their wheat to the drought."
TALKS = "Ministers will meet in Geneva for talks about the border."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "news.txt"
    path.write_text(f"title: Drought and wheat\n\n{BRIDGE} {WHEAT} {TALKS}\n", "utf-8")
    return path


def found(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def check(summary: dict[str, Any]) -> None:
    for sentence in summary["sentences"]:
        assert sentence["article"] in summary["files"]
        text = Path(sentence["article"]).read_bytes().decode("utf-8")
        assert text[sentence["start"] : sentence["end"]] == sentence["text"]


def test_files_are_one_story(rollcall: Rollcall) -> None:
    said = rollcall("summarize", *map(str, SEEDS), "--json")
    assert said.code == 0
    (summary,) = found(said.out)
    assert summary["v"] == 1
    assert summary["files"] == list(map(str, SEEDS))
    assert 1 <= len(summary["sentences"]) <= 3
    assert sum(len(one["text"].split()) for one in summary["sentences"]) <= 75
    check(summary)


def test_a_folder_stands_for_its_files(rollcall: Rollcall) -> None:
    assert rollcall("summarize", str(SEEDS[0].parent)).out == rollcall("summarize", *map(str, SEEDS)).out


def test_each_file_by_itself(rollcall: Rollcall) -> None:
    said = rollcall("summarize", "--each", *map(str, SEEDS), "--json")
    summaries = found(said.out)
    assert [one["files"] for one in summaries] == [[str(path)] for path in SEEDS]
    for summary in summaries:
        assert summary["sentences"]
        check(summary)


def test_limits(rollcall: Rollcall, file: Path) -> None:
    def texts(*options: str) -> list[str]:
        (summary,) = found(rollcall("summarize", str(file), *options, "--json").out)
        check(summary)
        return [one["text"] for one in summary["sentences"]]

    assert texts("--sentences", "9") == [BRIDGE, WHEAT, TALKS]
    assert len(texts("--words", "25")) == 2
    assert len(texts("--sentences", "1", "--words", "99")) == 1
    assert texts("--sentences", "1", "--title", "Talks about the border in Geneva") == [TALKS]
    assert texts("--sentences", "9", "--ranker", "lexrank") == [BRIDGE, WHEAT, TALKS]


def test_in_words(rollcall: Rollcall, file: Path) -> None:
    said = rollcall("summarize", str(file), "--sentences", "1", "--title", "Farmers lost wheat")
    start = file.read_text("utf-8").index(WHEAT)
    assert said.out == f"{file}\n> {WHEAT}\n  characters {start} to {start + len(WHEAT)}\n"


def test_nothing_to_quote(rollcall: Rollcall, tmp_path: Path) -> None:
    path = tmp_path / "promotion.txt"
    path.write_text("Sign up for our newsletter. Follow us on Facebook.\n", "utf-8")
    said = rollcall("summarize", str(path))
    assert (said.code, said.out) == (0, f"{path}\nNothing in it can be quoted.\n")


def test_what_cannot_be_read(rollcall: Rollcall, file: Path, tmp_path: Path) -> None:
    lost = str(tmp_path / "lost.txt")
    said = rollcall("summarize", lost, str(file))
    assert (said.code, said.out) == (1, "")
    assert f"{lost}: refused: there is no such file or folder" in said.err
    assert "No summary was made" in said.err
    said = rollcall("summarize", "--each", lost, str(file), "--json")
    assert said.code == 1
    first, second = found(said.out)
    assert first["files"] == [lost]
    assert first["error"]["code"] == "unread"
    check(second)
    feed = tmp_path / "feed.xml"
    feed.write_text("<rss/>", "utf-8")
    assert "rollcall ingest" in rollcall("summarize", str(feed)).err


def test_an_empty_name_is_not_the_current_folder(rollcall: Rollcall) -> None:
    said = rollcall("summarize", "")
    assert (said.code, said.out) == (1, "")
    assert "An empty name was given; nothing was read." in said.err


def test_wrong_calls(rollcall: Rollcall, file: Path) -> None:
    assert rollcall("summarize").code == 2
    assert rollcall("summarize", str(file), "--sentences", "0").code == 2
    said = rollcall("summarize", str(file), "--ranker", "best")
    assert said.code == 2
    assert "use one of news, lexrank" in said.err


def test_nothing_is_stored(rollcall: Rollcall, home: Path, file: Path) -> None:
    before = sorted(home.rglob("*"))
    assert rollcall("summarize", str(file)).code == 0
    assert sorted(home.rglob("*")) == before
