"""A dossier that changes under a store: corrections, adopted articles and rows, proposals, and rows that break."""

from __future__ import annotations

import shutil
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SEEDS = Path(__file__).parents[2] / "seeds"
Rollcall = Callable[..., Any]


@pytest.fixture
def dossier(tmp_path: Path, home: Path) -> Path:
    """A copy of the shipped dossier that this test's settings name."""
    folder = tmp_path / "dossier"
    shutil.copytree(SEEDS, folder)
    (home / "config.toml").write_text(f'dossier = "{folder}"\n', encoding="utf-8")
    return folder


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_bytes().decode("utf-8")
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode("utf-8"))


def test_a_link_learnt_later_stands_in_every_receipt(rollcall: Rollcall, dossier: Path) -> None:
    assert "no link on file" in rollcall("say", "!status Germany").out
    _edit(
        dossier / "articles.toml",
        'label = "explainer"',
        'label = "explainer"\nurl = "https://x.example/e"\npublisher = "X"',
    )
    found = rollcall("say", "!status Germany", "--json").json
    assert found["receipts"][0]["url"] == "https://x.example/e"
    assert found["receipts"][0]["revision"] == 1, "the words are still those of the quoted revision"
    assert rollcall("table", "check").code == 0


def test_an_edited_article_is_a_new_revision_that_new_quotes_may_name(rollcall: Rollcall, dossier: Path) -> None:
    sentence = "Belgium has offered two ships for the mission, its government said."
    article = dossier / "articles" / "news-report.txt"
    before = article.read_bytes().decode("utf-8")
    article.write_bytes((before + f"\n\n{sentence}").encode("utf-8"))
    start = len(before) + 2
    table = dossier / "stances.toml"
    row = (
        f'[[claims]]\nid = "be-news-report"\nparty = "BE"\nstance = "support"\nspeaker = "its government"\n'
        f'source = "official"\nreported_on = "2025-03-20"\ncontribution = "two ships"\n\n'
        f'[[claims.quotes]]\narticle = "news-report"\nstart = {start}\nend = {start + len(sentence)}\n'
        f'text = "{sentence}"\n\n'
    )
    _edit(table, '[[claims]]\nid = "ca-explainer"', row + '[[claims]]\nid = "ca-explainer"')
    found = rollcall("say", "!status Belgium", "--json").json
    assert found["answer"]["stance"] == "support"
    assert found["receipts"][0]["revision"] == 2
    assert rollcall("say", "!status Russia", "--json").json["receipts"][0]["revision"] == 1
    assert rollcall("table", "check").code == 0


def test_an_article_that_was_ingested_before_can_be_shipped(rollcall: Rollcall, dossier: Path, tmp_path: Path) -> None:
    text = "Norway has offered two ships for the mission, its government said."
    loose = tmp_path / "oslo.txt"
    loose.write_text(text, encoding="utf-8")
    assert rollcall("ingest", str(loose)).code == 0
    (dossier / "articles" / "oslo.txt").write_text(text, encoding="utf-8")
    with (dossier / "articles.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[articles]]\nid = "oslo"\nfile = "oslo.txt"\nlabel = "note"\nlanguage = "en"\n'
            'published = "2025-03-20"\n'
        )
    with (dossier / "stances.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[claims]]\nid = "no-oslo"\nparty = "NO"\nstance = "support"\nspeaker = "its government"\n'
            'source = "official"\nreported_on = "2025-03-20"\ncontribution = "two ships"\n\n[[claims.quotes]]\n'
            f'article = "oslo"\nstart = 0\nend = {len(text)}\ntext = "{text}"\n'
        )
    assert rollcall("say", "!status Norway", "--json").json["answer"]["stance"] == "support"


def test_a_row_that_the_dossier_adopts_from_an_editor_is_no_proposal(
    rollcall: Rollcall, dossier: Path, tmp_path: Path
) -> None:
    export = tmp_path / "table.toml"
    rollcall("table", "export", str(export))
    _edit(export, 'note = "\\"Georgia\\" is the article\'s spelling of Giorgia."', 'note = "Misprint of Giorgia."')
    assert rollcall("table", "import", str(export)).code == 0
    shutil.copy(export, dossier / "stances.toml")
    assert "Misprint of Giorgia." in rollcall("say", "!status Italy").out
    assert "proposed" not in rollcall("table", "show").out


def test_a_proposal_displaces_nothing_in_an_export_and_can_be_approved(
    rollcall: Rollcall, dossier: Path, tmp_path: Path
) -> None:
    assert rollcall("say", "!status Italy", "--json").json["answer"]["stance"] == "refuses"
    _edit(dossier / "stances.toml", 'stance = "refuses"', 'stance = "unclear"')
    assert rollcall("say", "!status Italy", "--json").json["answer"]["stance"] == "refuses"
    standing = tomllib.loads(rollcall("table", "export").out)
    assert next(c["stance"] for c in standing["claims"] if c["id"] == "it-explainer") == "refuses"
    proposed = tmp_path / "proposed.toml"
    assert rollcall("table", "export", "--proposed", str(proposed)).code == 0
    assert [c["id"] for c in tomllib.loads(proposed.read_text("utf-8"))["claims"]] == ["it-explainer"]
    assert "it-explainer [proposed]" in rollcall("table", "show").out
    assert rollcall("table", "import", str(proposed)).code == 0
    assert rollcall("say", "!status Italy", "--json").json["answer"]["stance"] == "unclear"
    assert "proposed" not in rollcall("table", "show").out


def test_a_proposal_is_verified_too(rollcall: Rollcall, home: Path, dossier: Path) -> None:
    rollcall("say", "!help")
    _edit(dossier / "stances.toml", 'stance = "refuses"', 'stance = "unclear"')
    assert rollcall("table", "check").code == 0
    with sqlite3.connect(home / "rollcall.sqlite3") as connection:
        connection.execute("UPDATE quote SET start = start + 1 WHERE owner_id = 'it-explainer' AND owner_revision = 2")
    connection.close()
    said = rollcall("table", "check")
    assert said.code == 1
    assert "proposals: claims[it-explainer]" in said.out


def test_a_row_is_proposed_once_and_not_again_when_another_changes(
    rollcall: Rollcall, home: Path, dossier: Path
) -> None:
    rollcall("say", "!help")
    _edit(dossier / "stances.toml", 'stance = "refuses"', 'stance = "unclear"')
    rollcall("say", "!help")
    _edit(dossier / "stances.toml", 'note = "Its leadership joined a call; more is not stated."', 'note = "A call."')
    rollcall("say", "!help")
    with sqlite3.connect(home / "rollcall.sqlite3") as connection:
        rows = connection.execute("SELECT claim_id FROM claim_revision WHERE state = 'proposed' ORDER BY claim_id")
        assert [row[0] for row in rows] == ["eu-explainer", "it-explainer"]
    connection.close()


def test_new_names_are_looked_for_in_old_articles(rollcall: Rollcall, dossier: Path) -> None:
    assert rollcall("say", "!status Iceland", "--json").json["answer"]["mentions"] == []
    _edit(
        dossier / "topic.toml",
        "leaders = [",
        'leaders = [\n  { name = "Karoline Leavitt", party = "IS", office = "Guest" },',
    )
    found = rollcall("say", "!status Iceland", "--json").json["answer"]
    assert [m["article"] for m in found["mentions"]] == ["news-report"]


def test_new_words_of_relevance_judge_old_articles_again(rollcall: Rollcall, dossier: Path, tmp_path: Path) -> None:
    feed = tmp_path / "harbour.xml"
    feed.write_text(
        "<rss version='2.0'><channel><title>Harbour</title><item><guid>1</guid><title>Apples in Iceland</title>"
        "<description>The harbour office of Iceland has counted all apples.</description></item></channel></rss>",
        encoding="utf-8",
    )
    assert rollcall("ingest", str(feed)).code == 0
    assert rollcall("say", "!status Iceland", "--json").json["answer"]["mentions"] == []
    _edit(dossier / "topic.toml", 'needs = ["ukraine", "coalition"]', 'keywords = ["harbour office"]')
    assert len(rollcall("say", "!status Iceland", "--json").json["answer"]["mentions"]) == 1


def test_a_sign_of_a_party_that_nobody_knows_is_a_problem(rollcall: Rollcall, dossier: Path) -> None:
    sign = '[[relevance.signs]]\nkey = "new"\nlabel = "somebody"\nweight = 0.5\nparties = ["QQ"]\n\n[[relevance.signs]]'
    _edit(dossier / "topic.toml", "[[relevance.signs]]", sign)
    found = rollcall("say", "!status Iceland")
    assert found.code == 1
    assert "relevance.signs[new].parties = 'QQ': no party has this code" in found.err


def _break(home: Path, row: str) -> None:
    with sqlite3.connect(home / "rollcall.sqlite3") as connection:
        connection.execute("UPDATE quote SET start = start + 1 WHERE owner_id = ?", (row,))
        connection.execute("UPDATE counter SET value = value + 1")
    connection.close()


def test_a_broken_row_is_left_out_by_name_and_the_rest_is_answered(rollcall: Rollcall, home: Path) -> None:
    _break(home, "de-explainer")
    table = rollcall("say", "!who-is-in", "--json").json
    assert table["ok"] is True
    assert table["answer"]["totals"]["maybe"] == 5
    assert "Left out, because a quote is not in its article any more: de-explainer" in table["text"]
    said = rollcall("briefing", "--date", "2025-03-20")
    assert said.code == 0
    assert "de-explainer" in said.out
    assert rollcall("briefing", "--date", "2025-03-20", "--format", "html").code == 0
    for command in ("!status Germany", "!proof Germany"):
        refused = rollcall("say", command, "--json").json
        assert refused["error"]["code"] == "broken_receipt"
    assert rollcall("say", "!status France", "--json").json["ok"] is True


def test_an_id_that_an_article_has_already_is_a_sentence(rollcall: Rollcall, dossier: Path, tmp_path: Path) -> None:
    loose = tmp_path / "oslo.txt"
    loose.write_text("Norway has offered two ships for the mission, its government said.", encoding="utf-8")
    stored = rollcall("ingest", str(loose), "--json").json["articles"][0]["article"]
    (dossier / "articles" / "bergen.txt").write_text("Another text stands here, about Bergen.", encoding="utf-8")
    with (dossier / "articles.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[[articles]]\nid = "{stored}"\nfile = "bergen.txt"\nlabel = "note"\nlanguage = "en"\n')
    said = rollcall("say", "!help")
    assert said.code == 1
    assert f"articles[{stored}].id" in said.err


def test_check_says_which_folder_a_mistake_is_in(rollcall: Rollcall, dossier: Path) -> None:
    (dossier / "topic.toml").unlink()
    said = rollcall("check", "--json")
    assert said.code == 1
    (found,) = (one for one in said.json["findings"] if one["subject"] == "dossier")
    assert found["words"].splitlines() == [
        "topic.toml: cannot be read: No such file or directory",
        f"The dossier is the folder {dossier} (setting dossier).",
    ]
