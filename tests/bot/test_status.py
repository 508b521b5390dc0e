"""``status``: every party of the seed articles as the rules of reading derive it, and the silences."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Say = Callable[[str], dict[str, Any]]

TEXTS = {
    "explainer": (ROOT / "seeds/articles/explainer.txt").read_bytes().decode("utf-8"),
    "news-report": (ROOT / "seeds/articles/news-report.txt").read_bytes().decode("utf-8"),
}

# Party, stance, troops: read from the two articles by the rules, before any code was written.
DERIVED = [
    ("GB", "leading", "yes"),
    ("FR", "leading", "yes"),
    ("AU", "open", "conditional"),
    ("CA", "open", "conditional"),
    ("CZ", "open", "unclear"),
    ("TR", "open", "unclear"),
    ("ES", "open", "unclear"),
    ("PL", "support", "no"),
    ("FI", "member", "unclear"),
    ("EU", "member", "na"),
    ("NATO", "member", "na"),
    ("DE", "unclear", "unclear"),
    ("IT", "refuses", "no"),
    ("RU", "opposed", "na"),
    ("UA", "outside", "na"),
]


@pytest.mark.parametrize(("party", "stance", "troops"), DERIVED)
def test_each_party_of_the_articles_has_its_derived_position(say: Say, party: str, stance: str, troops: str) -> None:
    found = say(f"!status {party}")
    assert (found["answer"]["party"], found["answer"]["stance"], found["answer"]["troops"]) == (party, stance, troops)
    assert found["receipts"], "a position without a receipt"
    for receipt in found["receipts"]:
        text = TEXTS[receipt["article"]]
        assert text[receipt["start"] : receipt["end"]] == receipt["quote"]
        assert receipt["published"] == "2025-03-20"
        assert receipt["url"] is None
        assert receipt["publisher"] is None
        assert receipt["speaker"]
    assert found["answer"]["last_change"] == "2025-03-20"


def test_finland_shows_both_sources_and_the_minister_counts(say: Say) -> None:
    found = say("!status Finland")
    assert [(d["stance"], d["claim"]) for d in found["answer"]["differing"]] == [("open", "fi-news-report")]
    assert found["receipts"][0]["speaker"] == "Finland's foreign minister"
    assert found["receipts"][0]["said_on"] == "2025-03-10/2025-03-16"
    assert found["receipts"][1]["via"] == "AP"


def test_what_a_party_offers_is_in_the_words_of_its_source(say: Say) -> None:
    found = say("!status Poland")
    assert found["answer"]["contribution"] == "logistical and political help"
    assert found["answer"]["contribution"] in found["receipts"][0]["quote"]
    assert found["receipts"][0]["said_on"] == "2025-02"


@pytest.mark.parametrize(
    ("name", "party", "articles"),
    [
        ("Iraq", "IQ", {"explainer"}),
        ("Georgia", "GE", set()),
        ("US", "US", {"explainer", "news-report"}),
        ("Belgium", "BE", set()),
        ("Japan", "JP", set()),
        ("UN", "UN", set()),
    ],
)
def test_without_a_position_it_is_no_statement(say: Say, name: str, party: str, articles: set[str]) -> None:
    found = say(f"!status {name}")
    assert found["ok"] is True
    assert found["answer"]["party"] == party
    assert found["answer"]["stance"] is None
    assert found["answer"]["troops"] is None
    assert {m["article"] for m in found["answer"]["mentions"]} == articles
    assert "no statement" in found["text"]
    assert 'not a "no"' in found["text"]


@pytest.mark.parametrize(
    ("nonsense", "among"),
    [("Blorkistan", set()), ("asdfgh", set()), ("Nigera", {"NG", "NE"}), ("Austrlia", {"AU", "AT"}), ("us", {"US"})],
)
def test_what_is_not_understood_is_asked_about(say: Say, nonsense: str, among: set[str]) -> None:
    found = say(f"!status {nonsense}")
    assert found["ok"] is False
    assert found["error"]["code"] == "unknown_party"
    suggestions = found["answer"]["suggestions"]
    assert 1 <= len(suggestions) <= 5
    assert among <= {s["party"] for s in suggestions}
    assert all(s["name"] in found["text"] for s in suggestions)
    assert found["receipts"] == []


@pytest.mark.parametrize(
    ("name", "party"),
    [("Giorgia Meloni", "IT"), ("Georgia Meloni", "IT"), ("Tusk", "PL"), ("Trump", "US"), ("🇩🇪", "DE")],
)
def test_people_and_flags_name_their_party(say: Say, name: str, party: str) -> None:
    assert say(f"!status {name}")["answer"]["party"] == party


def test_a_typo_is_said_to_have_been_read(say: Say) -> None:
    found = say("!status Germny")
    assert found["answer"]["read_as"] == "Germny"
    assert found["text"].startswith('I read "Germny" as Germany.')


def test_as_of_a_day_before_the_reports_nothing_was_stated(say: Say) -> None:
    assert say("!status Poland as-of 2025-02-28")["answer"]["stance"] is None
    assert say("!status Poland as-of 2025-03-19")["answer"]["stance"] is None
    assert say("!status Poland as of 20 March 2025")["answer"]["stance"] == "support"


@pytest.mark.parametrize("when", ["2025-02-30", "yesterweek", "", "2999-01-01", "20.13.2025"])
def test_an_impossible_date_is_explained(say: Say, when: str) -> None:
    found = say(f"!status Poland as-of {when}")
    assert found["error"]["code"] == "bad_date"


def test_the_answer_reads_as_on_the_screen(ask: Callable[[str], str]) -> None:
    assert ask("!status Germany") == "\n".join(
        [
            "❓ Germany: unclear (counted as Maybe)",
            "Own troops: unclear. 1 source. Newest: about 20 March 2025 (date inferred), yesterday.",
            "",
            "> It's also unclear if Germany will send troops, outgoing President Olaf Scholz said the country wouldn't "
            "be putting boots on the ground, but we're yet to hear the position of the new Chancellor Friedrich Merz.",
            "  The reporter, in the explainer, about 20 March 2025 (date inferred), no link on file",
            "  Editor's note: \"President\" is the article's word. Olaf Scholz was chancellor, and Friedrich Merz took "
            "office on 6 May 2025.",
            "",
            "  On file since 20 March 2025. The whole paragraph: !proof Germany",
        ]
    )


def test_old_sources_are_said_to_be_old_in_line_two(say: Say) -> None:
    for command in ("!who-is-in", "!status Germany", "!status Belgium", "!proof Germany", "!about"):
        assert say(command)["text"].splitlines()[1].startswith("⚠️ Old: newest source"), command


def test_asking_about_a_day_is_never_old_on_that_day(say: Say) -> None:
    assert "Old:" not in say("!status Germany as-of 2025-03-21")["text"]


def test_a_quote_that_starts_in_mid_sentence_is_marked_outside_the_quote(say: Say) -> None:
    found = say("!proof Finland 2")
    assert "> […] Canada, Australia, Finland" in found["text"]
    assert not found["receipts"][0]["quote"].startswith("[")
    assert found["answer"]["sources"] == 2


def test_proof_names_the_check_and_what_is_not_known(say: Say) -> None:
    text = say("!proof Germany")["text"]
    assert "found letter for letter" in text
    assert "Not known: author, publisher, link." in text
    assert "by the dossier (shipped with the dossier)" in text


@pytest.mark.parametrize("command", ["!proof Germany 7", "!proof figures 99", "!proof Germany 0"])
def test_proof_of_a_source_that_is_not_there(say: Say, command: str) -> None:
    assert say(command)["error"]["code"] == "no_such_source"


def test_a_broken_quote_is_never_shown(app: Any, home: Path, rollcall: Callable[..., Any]) -> None:
    app.store.close()
    script = "UPDATE article_revision SET text = replace(text, 'unclear if Germany', 'uncleat if Germany');"
    subprocess.run(["python3", "-c", _SQL, str(home / "rollcall.sqlite3"), script], check=True)
    said = rollcall("say", "!status Germany", "--json")
    assert said.code == 1
    assert said.json["error"]["code"] == "broken_receipt"
    assert "de-explainer" in said.json["text"]
    assert said.json["receipts"] == []


_SQL = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()"


def test_an_article_about_something_else_makes_no_position_fresher(
    say: Say, rollcall: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "wheat.txt"
    file.write_text("Farmers in Kansas sold their wheat at the lowest price in nine years, traders said.")
    assert rollcall("ingest", str(file)).code == 0
    for command in ("!who-is-in", "!status Germany", "!briefing", "!subscriptions"):
        if command == "!subscriptions":
            say("!subscribe Germany")
        assert "Old: newest source" in say(command)["text"], command
    assert "newest 20 March 2025" not in say("!who-is-in")["text"].splitlines()[0]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("!proof Finland as of 20 March 2025", 2),
        ("!proof Finland as-of March 20, 2025", 2),
        ("!proof Finland 2 as-of 2025-03-20", 2),
        ("!proof Finland as-of 2025-03-19", 0),
        ("!proof figures as of 2025-03-20", 5),
    ],
)
def test_proof_at_an_earlier_moment(say: Say, command: str, expected: int) -> None:
    assert say(command)["answer"]["sources"] == expected


def test_proof_of_figures_before_there_were_any(say: Say) -> None:
    assert say("!proof figures as-of 2025-02-01")["error"]["code"] == "no_figures"


def test_a_long_paragraph_is_shown_around_the_quote(say: Say, rollcall: Callable[..., Any], tmp_path: Path) -> None:
    quote = "Germany will contribute soldiers, the chancellor said."
    filler = "This sentence fills the paragraph with words. " * 40
    article = tmp_path / "long.txt"
    article.write_text(f"date: 2025-03-21\n\n{filler}{quote} {filler}", encoding="utf-8")
    stored = rollcall("ingest", str(article), "--json").json["articles"][0]["article"]
    start = rollcall("article", stored, "--json").json["text"].index(quote)
    table = tmp_path / "t.toml"
    table.write_text(
        f'[[claims]]\nid = "de-long"\nparty = "DE"\nstance = "troops"\nspeaker = "the chancellor"\n'
        'source = "official"\n'
        f'reported_on = "2025-03-21"\n[[claims.quotes]]\narticle = "{stored}"\nstart = {start}\n'
        f'end = {start + len(quote)}\ntext = "{quote}"\n'
    )
    assert rollcall("table", "import", str(table)).code == 0
    text = say("!proof Germany")["text"]
    assert "Part of a longer paragraph:" in text
    assert len(text) < 2500
    shown = next(line for line in text.splitlines() if line.startswith("> […] "))
    words = set(f"{filler} {quote}".split())
    assert set(shown.removeprefix("> […] ").split()) <= words, "it is cut between words"


@pytest.mark.parametrize(
    ("phrase", "party"), [("Germany please", "DE"), ("the US government", "US"), ("status Germany", "DE")]
)
def test_a_name_among_other_words_is_found(say: Say, phrase: str, party: str) -> None:
    found = say(f"!status {phrase}")
    assert found["answer"]["party"] == party
    assert "I read" in found["text"] or found["answer"]["read_as"] is None


def test_two_names_are_asked_about(say: Say) -> None:
    assert [s["party"] for s in say("!status UK/France")["answer"]["suggestions"]] == ["GB", "FR"]
