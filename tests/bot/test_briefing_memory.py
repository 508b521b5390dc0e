"""What a briefing takes its readers to know: updates tell what is new since, and the same fact is no news twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Rollcall = Callable[..., Any]

WEIGHS = (
    "Germany will decide this week whether to contribute soldiers to the coalition of the willing, a government "
    "spokesperson said on Tuesday. The cabinet meets in Berlin on Thursday. Opposition lawmakers called the plan "
    "rushed."
)
AGAIN = (
    "Whether Germany will contribute soldiers to the coalition of the willing it will decide this week, a government "
    "spokesperson said in Berlin. Opposition lawmakers called the plan rushed."
)
JOINS = (
    "Germany will contribute 2,000 soldiers to the coalition of the willing, the chancellor said on Thursday. The "
    "cabinet agreed in Berlin after a long debate. Opposition lawmakers called the plan rushed."
)
STORM = "A storm tore the roof off the ferry terminal in Gdansk, and Poland closed the port for two days on Wednesday."


@pytest.fixture
def told(rollcall: Rollcall, tmp_path: Path) -> Rollcall:
    """Five articles of a week: a story that goes on, is told again, and one beside it."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for name, publisher, title, moment, text in (
        ("weighs", "Example Wire", "Berlin weighs troops for force", "2025-04-01T06:12:00Z", WEIGHS),
        ("ledger", "Daily Ledger", "Germany to decide on troops for force", "2025-04-01T08:00:00Z", WEIGHS[:200] + "."),
        ("again", "Daily Ledger", "Berlin weighs troops for force", "2025-04-02T09:00:00Z", AGAIN),
        ("storm", "Example Wire", "Storm closes Gdansk port", "2025-04-02T10:00:00Z", STORM),
        ("joins", "Example Wire", "Germany joins force with 2,000 soldiers", "2025-04-03T16:00:00Z", JOINS),
    ):
        header = f"title: {title}\npublisher: {publisher}\nurl: https://{name}.example/1\ndate: {moment}\n\n"
        (folder / f"{name}.txt").write_text(header + text + "\n", encoding="utf-8")
    assert rollcall("ingest", str(folder)).code == 0
    return rollcall


def _words(story: dict[str, Any]) -> str:
    return " ".join(sentence["text"] for sentence in story["sentences"])


def test_an_update_tells_only_what_is_new_since(told: Rollcall) -> None:
    first = told("briefing", "--date", "2025-04-01", "--json").json
    assert [(story["update"], story["earlier"]) for story in first["stories"]] == [(False, [])]
    assert "Opposition lawmakers" in _words(first["stories"][0])
    third = told("briefing", "--date", "2025-04-03", "--json").json
    (story,) = third["stories"]
    assert story["update"]
    assert {article["publisher"] for article in story["earlier"]} == {"Example Wire", "Daily Ledger"}
    assert "2,000 soldiers" in _words(story)
    assert "Opposition lawmakers" not in _words(story)
    text = told("briefing", "--date", "2025-04-03").out
    assert text.startswith("Briefing, Thursday 3 April 2025: 1 update\n")
    assert "1. Update: Germany joins force with 2,000 soldiers\n" in text


def test_what_says_nothing_new_is_named_and_what_nobody_told_again_is_counted(told: Rollcall) -> None:
    second = told("briefing", "--date", "2025-04-02", "--json").json
    assert [story["title"] for story in second["stories"]] == ["Storm closes Gdansk port"]
    assert [story["title"] for story in second["retold_stories"]] == ["Berlin weighs troops for force"]
    third = told("briefing", "--date", "2025-04-03", "--json").json
    # The storm, and the explainer and the report that the dossier holds are older than two weeks.
    assert (third["retold_stories"], third["unchanged_stories"]) == ([], 2)
    text = told("briefing", "--date", "2025-04-02").out
    assert (
        "Told again, with nothing new\n- Berlin weighs troops for force (Daily Ledger https://again.example/1)" in text
    )


def test_who_was_first_is_told_with_the_others(told: Rollcall) -> None:
    text = told("briefing", "--date", "2025-04-01").out
    assert (
        "First reported by Example Wire https://weighs.example/1, 2025-04-01 06:12 UTC, "
        "also in 1 other: Daily Ledger https://ledger.example/1\n"
    ) in text
    page = told("briefing", "--date", "2025-04-01", "--format", "html").out
    assert 'First reported by <a href="https://weighs.example/1"' in page


def test_nobody_is_called_first_where_the_hours_do_not_show_it(rollcall: Rollcall, tmp_path: Path) -> None:
    for name, moment in (("one", "2025-04-01"), ("two", "2025-04-01T08:00:00Z")):
        header = (
            f"title: Berlin weighs troops\npublisher: The {name}\nurl: https://{name}.example/1\ndate: {moment}\n\n"
        )
        (tmp_path / f"{name}.txt").write_text(header + WEIGHS, encoding="utf-8")
    rollcall("ingest", str(tmp_path / "one.txt"), str(tmp_path / "two.txt"))
    (story,) = rollcall("briefing", "--date", "2025-04-01", "--json").json["stories"]
    assert story["first"] is None
    assert "In 2 outlets: " in rollcall("briefing", "--date", "2025-04-01").out


def test_a_country_s_digest_of_a_week_tells_its_stories_and_no_others(told: Rollcall) -> None:
    said = told("say", "!briefing Germany week 2025-04-03")
    assert said.out.startswith("Germany, the 7 days to Thursday 3 April 2025: 1 story\n")
    assert "2,000 soldiers" in said.out
    assert "Gdansk" not in said.out
    assert "Germany: unclear (counted as Maybe)." in said.out
    # A story of days is told from where it stands now.
    short = told("say", "!briefing Germany week short 2025-04-03").out
    assert "1. Germany joins force with 2,000 soldiers" in short
    assert "will decide this week" not in short
    poland = told("briefing", "--country", "Poland", "--week", "--date", "2025-04-03", "--json").json
    assert [story["title"] for story in poland["stories"]] == ["Storm closes Gdansk port"]
    assert all("Poland" in sentence["text"] or "Gdansk" in sentence["text"]
               for story in poland["stories"] for sentence in story["sentences"])  # fmt: skip


def test_a_country_s_day_shows_its_change_alone(rollcall: Rollcall) -> None:
    said = rollcall("briefing", "--country", "Finland", "--date", "2025-03-20", "--json").json
    assert [change["party"] for change in said["changes"]] == ["FI"]
    assert said["figures"] == []
    assert rollcall("say", "!briefing 2025-03-20 Belgium").out.count("Belgium: no statement on file.") == 1


def test_lengths(told: Rollcall) -> None:
    sizes = {
        length: [len(story["sentences"]) for story in told(
            "briefing", "--date", "2025-04-01", "--length", length, "--json").json["stories"]]
        for length in ("short", "normal", "long")
    }  # fmt: skip
    assert sizes["short"] == [1]
    assert sizes["short"] < sizes["normal"] <= sizes["long"]
    assert "Opposition lawmakers" not in told("say", "!briefing short 2025-04-01").out


def test_what_is_to_come_is_named_once_with_its_day(told: Rollcall, tmp_path: Path) -> None:
    day = "The port will open again on Saturday, the harbour master of Gdansk said."
    text = f"{STORM} Nobody in Gdansk was hurt by the storm that closed the port. Ferries were sent to Gdynia. {day}"
    header = "title: Storm closes Gdansk port\npublisher: Daily Ledger\ndate: 2025-04-02T08:00:00Z\n\n"
    (tmp_path / "port.txt").write_text(header + text, encoding="utf-8")
    told("ingest", str(tmp_path / "port.txt"))
    said = told("briefing", "--date", "2025-04-02", "--length", "short", "--json").json
    assert [(one["day"], one["words"], one["text"]) for one in said["watch"]] == [("2025-04-05", "Saturday", day)]
    text = told("briefing", "--date", "2025-04-02", "--length", "short").out
    assert f"\nTo watch\n\nSaturday 5 April 2025: “Saturday”\n> {day}\n" in text
    # What a story prints is printed once.
    printed = told("briefing", "--date", "2025-04-01").out
    assert printed.count("The cabinet meets in Berlin on Thursday.") == 1


@pytest.mark.parametrize(
    "words",
    [
        "Germany 2025-04-01",
        "2025-04-01 Germany",
        "1 April 2025 the Germans",
        "short Berlin 2025-04-01",
        "2025-04-01 DE",
    ],
)
def test_a_day_and_a_country_in_any_order(told: Rollcall, words: str) -> None:
    assert told("say", f"!briefing {words}").out.startswith("Germany, Tuesday 1 April 2025: 1 story\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("gestern", "bad_date", "neither a date nor a country"),
        ("2025-99-01", "bad_date", "is not a date I know"),
        ("2090-01-01 Germany", "bad_date", "in the future"),
        ("austra", "unknown_party", "Which one did you mean"),
    ],
)
def test_what_is_not_understood_is_said(rollcall: Rollcall, words: str, code: str, says: str) -> None:
    said = rollcall("say", f"!briefing {words}", "--json").json
    assert said["error"]["code"] == code
    assert says in said["text"]


def test_the_command_line_names_who_was_meant(rollcall: Rollcall) -> None:
    said = rollcall("briefing", "--country", "austra")
    assert (said.code, said.out) == (1, "")
    assert 'I know no country, organisation or leader "austra". Did you mean ' in said.err
