"""The table as editors use it: check, show, export, import, and a dossier that changes under a store."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds"
STANCES = (SEEDS / "stances.toml").read_text(encoding="utf-8")

Rollcall = Callable[..., Any]


def _row(identifier: str) -> tuple[int, int]:
    """Where a row of the shipped file begins and ends."""
    start = STANCES.index(f'id = "{identifier}"')
    end = re.compile(r"^\[\[(?:claims|figures)\]\]$", re.MULTILINE).search(STANCES, start)
    return start, end.start() if end else len(STANCES)


def _damaged(identifier: str, old: str, new: str) -> str:
    start, end = _row(identifier)
    row = STANCES[start:end]
    assert old in row, "the damage must hit something"
    return STANCES[:start] + row.replace(old, new, 1) + STANCES[end:]


DAMAGES = {
    "a letter of the quote": ("pl-explainer", "logistical and political help.", "logistical and politicel help."),
    "a comma of the quote": ("de-explainer", "will send troops, outgoing", "will send troops outgoing"),
    "a quotation mark": ("fi-explainer", '\\"definitely\\"', "“definitely”"),
    "another article": ("it-explainer", 'article = "explainer"', 'article = "news-report"'),
    "an article nobody has": ("it-explainer", 'article = "explainer"', 'article = "elsewhere"'),
    "a revision nobody has": ("it-explainer", "revision = 1", "revision = 2"),
    "a span one off": ("cz-explainer", "start = 2", "start = 1"),
    "a speaker that is missing": ("cz-explainer", 'speaker = "President of the Czech Republic"\n', ""),
    "a speaker that is empty": ("cz-explainer", 'speaker = "President of the Czech Republic"', 'speaker = " "'),
    "a speaker that doesn't fit": (
        "cz-explainer",
        'speaker = "President of the Czech Republic"',
        'speaker = "unnamed"',
    ),
    "an unknown stance": ("pl-explainer", 'stance = "support"', 'stance = "suport"'),
    "an unknown value of an axis": ("pl-explainer", 'troops = "no"', 'troops = "nope"'),
    "an impossible date": ("pl-explainer", 'reported_on = "2025-03-20"', 'reported_on = "2025-02-30"'),
    "an impossible time of saying": ("pl-explainer", 'said_on = "2025-02"', 'said_on = "2025-13"'),
    "said after it was reported": ("pl-explainer", 'said_on = "2025-02"', 'said_on = "2025-04"'),
    "reported on another day": ("pl-explainer", 'reported_on = "2025-03-20"', 'reported_on = "2025-03-22"'),
    "an id that another row has": ("pl-explainer", 'id = "pl-explainer"', 'id = "de-explainer"'),
    "a party nobody knows": ("pl-explainer", 'party = "PL"', 'party = "QQ"'),
    "a help nobody named": ("pl-explainer", "logistical and political help", "tanks"),
    "a figure no source gives": ("soldiers-explainer", 'value = "more than 10,000"', 'value = "more than 90,000"'),
    "an unknown measure": ("soldiers-explainer", 'measure = "soldiers"', 'measure = "soldires"'),
    "an unknown kind of source": ("pl-explainer", 'source = "official"', 'source = "offical"'),
    "a key nobody knows": ("pl-explainer", "troops = ", "trops = "),
    "a condition nobody set": ("au-explainer", 'troops = "conditional"', 'troops = "conditional"\ncondition = "rain"'),
    "a number beyond numbers": ("soldiers-explainer", "low = 10000", "low = 9223372036854775808"),
    "nobody named, yet in": ("es-explainer", 'stance = "open"', 'stance = "member"'),
}


@pytest.fixture
def dossier(tmp_path: Path) -> Path:
    folder = tmp_path / "dossier"
    shutil.copytree(SEEDS, folder)
    return folder


def _use(home: Path, dossier: Path) -> None:
    (home / "config.toml").write_text(f'dossier = "{dossier}"\n', encoding="utf-8")


def test_the_shipped_table_passes(rollcall: Rollcall) -> None:
    said = rollcall("table", "check")
    assert said.code == 0
    assert said.out == "ok    21 claims, 5 figures, every quote found in its article\n"


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_to_a_file_fails_by_the_name_of_its_row(rollcall: Rollcall, tmp_path: Path, damage: str) -> None:
    identifier, old, new = DAMAGES[damage]
    file = tmp_path / "damaged.toml"
    file.write_text(_damaged(identifier, old, new), encoding="utf-8")
    before = rollcall("table", "export").out
    for command in (("table", "check", str(file)), ("table", "import", str(file))):
        said = rollcall(*command)
        assert said.code == 1
        assert re.search(rf"\b({identifier}|de-explainer)\b", said.out + said.err), said.out + said.err
        assert "Traceback" not in said.out + said.err
    assert rollcall("table", "export").out == before, "a refused import changes nothing"


@pytest.mark.parametrize("damage", ["a letter of the quote", "an unknown stance", "a span one off"])
def test_a_damaged_dossier_is_named_before_anything_else_happens(
    rollcall: Rollcall, home: Path, dossier: Path, damage: str
) -> None:
    identifier, old, new = DAMAGES[damage]
    (dossier / "stances.toml").write_text(_damaged(identifier, old, new), encoding="utf-8")
    _use(home, dossier)
    said = rollcall("table", "check")
    assert said.code == 1
    assert identifier in said.out
    assert rollcall("say", "!who-is-in").code == 1


def test_a_changed_letter_shows_the_nearest_sentence(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "damaged.toml"
    file.write_text(_damaged(*DAMAGES["a letter of the quote"]), encoding="utf-8")
    said = rollcall("table", "check", str(file))
    assert "Nearest there, at " in said.out
    assert "Polish PM Donald Tusk said last month" in said.out
    assert "logistical and political help.”" in said.out


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE article_revision SET text = replace(text, 'It''s also unclear', 'It''s also unclaer')",
        "UPDATE quote SET text = replace(text, 'unclear if', 'unclear of') WHERE owner_id = 'de-explainer'",
        "UPDATE quote SET start = start + 1 WHERE owner_id = 'de-explainer'",
        "UPDATE claim_revision SET stance = 'maybe' WHERE claim_id = 'de-explainer'",
        "UPDATE claim_revision SET speaker = '' WHERE claim_id = 'de-explainer'",
    ],
)
def test_damage_to_the_store_itself_is_found(rollcall: Rollcall, home: Path, statement: str) -> None:
    with sqlite3.connect(home / "rollcall.sqlite3") as connection:
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(statement)
    connection.close()
    said = rollcall("table", "check")
    assert said.code == 1
    assert "de-explainer" in said.out


def test_export_import_and_export_again_are_the_same_bytes(rollcall: Rollcall, tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    assert rollcall("table", "export", str(first)).code == 0
    said = rollcall("table", "import", str(first))
    assert said.code == 0
    assert "0 added, 0 changed, 26 unchanged." in said.out
    rollcall("table", "export", str(second))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() == (SEEDS / "stances.toml").read_bytes(), "the shipped file is an export"


def test_an_import_approves_what_changed_as_a_new_revision(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "edited.toml"
    file.write_text(_damaged("de-explainer", 'stance = "unclear"', 'stance = "refuses"'), encoding="utf-8")
    said = rollcall("table", "import", str(file), "--by", "Ada", "--why", "a refusal is quoted", "--json")
    assert said.json == {"v": 1, "added": [], "changed": ["de-explainer"], "unchanged": 25}
    found = rollcall("say", "!status Germany", "--json").json
    assert found["answer"]["stance"] == "refuses"
    proof = rollcall("say", "!proof Germany").out
    assert "by Ada (a refusal is quoted)" in proof


def test_rows_missing_from_an_import_stay(rollcall: Rollcall, tmp_path: Path) -> None:
    start, end = _row("pl-explainer")
    file = tmp_path / "short.toml"
    file.write_text(
        STANCES[: STANCES.rindex("[[claims]]", 0, start)] + STANCES[end:].removeprefix("\n"), encoding="utf-8"
    )
    assert rollcall("table", "import", str(file)).code == 0
    assert rollcall("say", "!status Poland", "--json").json["answer"]["stance"] == "support"


def test_withdrawing_a_row_takes_its_position_away(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "withdrawn.toml"
    file.write_text(
        _damaged("it-explainer", 'reported_on = "2025-03-20"', 'reported_on = "2025-03-20"\nstate = "withdrawn"'),
        encoding="utf-8",
    )
    assert rollcall("table", "import", str(file)).code == 0
    assert rollcall("say", "!status Italy", "--json").json["answer"]["stance"] is None
    exported = tomllib.loads(rollcall("table", "export").out)
    assert next(c for c in exported["claims"] if c["id"] == "it-explainer")["state"] == "withdrawn"


def test_a_changed_dossier_becomes_a_proposal_once_and_displaces_nothing(
    rollcall: Rollcall, home: Path, dossier: Path
) -> None:
    _use(home, dossier)
    assert rollcall("say", "!status Germany").code == 0
    (dossier / "stances.toml").write_text(
        _damaged("de-explainer", 'stance = "unclear"', 'stance = "refuses"'), encoding="utf-8"
    )
    for _ in range(2):
        assert rollcall("say", "!status Germany", "--json").json["answer"]["stance"] == "unclear"
    shown = rollcall("table", "show").out
    assert shown.count("de-explainer [proposed]") == 1
    with sqlite3.connect(home / "rollcall.sqlite3") as connection:
        rows = connection.execute("SELECT state FROM claim_revision WHERE claim_id = 'de-explainer' ORDER BY number")
        assert [row[0] for row in rows] == ["approved", "proposed"]
    connection.close()


def test_what_an_editor_changed_survives_a_restart(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "edited.toml"
    file.write_text(_damaged("de-explainer", 'stance = "unclear"', 'stance = "refuses"'), encoding="utf-8")
    rollcall("table", "import", str(file))
    for _ in range(2):
        assert rollcall("say", "!status Germany", "--json").json["answer"]["stance"] == "refuses"


def test_show_prints_every_row_with_speaker_and_quote(rollcall: Rollcall) -> None:
    said = rollcall("table", "show", "--json").json
    assert len(said["claims"]) == 21
    text = rollcall("table", "show").out
    for claim in said["claims"]:
        assert claim["id"] in text
        assert claim["speaker"] in text


def test_a_quote_of_the_header_is_no_quote(rollcall: Rollcall, tmp_path: Path) -> None:
    start, end = _row("ua-news-report")
    row = STANCES[start:end]
    file = tmp_path / "header.toml"
    changed = re.sub(r"start = \d+\nend = \d+\ntext = .*", 'start = 1\nend = 16\ntext = "date 2025-03-20"', row)
    file.write_text(STANCES[:start] + changed + STANCES[end:], encoding="utf-8")
    said = rollcall("table", "check", str(file))
    assert "the quote stands in the header" in said.out


@pytest.mark.parametrize(("option", "value"), [("--by", ""), ("--by", " "), ("--why", "\x1b[31m"), ("--by", "x" * 201)])
def test_who_and_why_must_be_readable(rollcall: Rollcall, option: str, value: str) -> None:
    assert rollcall("table", "import", str(SEEDS / "stances.toml"), option, value).code == 1


def test_an_export_follows_links_and_leaves_devices_alone(rollcall: Rollcall, tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o600)
    link.symlink_to(real)
    assert rollcall("table", "export", str(link)).code == 0
    assert link.is_symlink()
    assert real.read_text("utf-8") == STANCES
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "home") == ["link.toml", "real.toml"]
    said = rollcall("table", "export", "/dev/null")
    assert said.code == 1
    assert Path("/dev/null").is_char_device()
