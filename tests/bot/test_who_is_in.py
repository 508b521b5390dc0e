"""``who-is-in``: groups, totals and ``status`` agree, at every moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.app import App
from bot.commands import answer
from bot.request import LOCAL_READER, parse
from summaries.parties import Parties

Say = Callable[[str], dict[str, Any]]
BUCKETS = {
    "leading": "in", "troops": "in", "support": "in", "member": "in", "open": "maybe", "unclear": "maybe",
    "refuses": "no", "opposed": "no", "outside": "outside",
}  # fmt: skip


@pytest.mark.long
def test_groups_totals_and_status_agree(say: Say, app: App) -> None:
    found = say("!who-is-in")["answer"]
    parties = Parties()
    counted = dict.fromkeys(("in", "maybe", "no", "outside", "organisations"), 0)
    for stance, members in found["groups"].items():
        for party in members:
            assert say(f"!status {party}")["answer"]["stance"] == stance
            counted["organisations" if party in {"EU", "NATO"} else BUCKETS[stance]] += 1
    assert counted == found["totals"]
    listed = {party for members in found["groups"].values() for party in members}
    for party in parties:
        if party.code not in listed:
            request = parse(f"!status {party.code}", reader=LOCAL_READER, now=app.clock())
            assert request is not None
            assert answer(request, app.library).data["stance"] is None, party


def test_the_shipped_table_adds_up_as_derived(say: Say) -> None:
    found = say("!who-is-in")
    assert found["answer"]["totals"] == {"in": 4, "maybe": 6, "no": 2, "outside": 1, "organisations": 2}
    assert found["text"].splitlines()[0] == (
        "Coalition of the willing: 4 in and 2 organisations, 6 maybe, 2 say no, 1 host"
    )


def test_before_the_first_report_the_table_is_empty_and_says_so(say: Say) -> None:
    found = say("!who-is-in as-of 2025-02-01")
    assert found["ok"] is True
    assert found["answer"]["groups"] == {}
    assert set(found["answer"]["totals"].values()) == {0}
    assert found["answer"]["figures"] == []
    assert "No article on file" in found["text"]


def test_on_the_day_of_the_reports_it_is_full(say: Say) -> None:
    full, now = say("!who-is-in as-of 2025-03-20"), say("!who-is-in")
    assert full["answer"]["groups"] == now["answer"]["groups"]
    assert say("!who-is-in as-of 2025-03-19")["answer"]["groups"] == {}


def test_figures_stand_beside_the_table_with_their_receipts(say: Say) -> None:
    found = say("!who-is-in")
    figures = {f["id"]: f for f in found["answer"]["figures"]}
    assert {(f["measure"], f["low"], f["high"]) for f in figures.values()} == {
        ("committed", 30, None),
        ("on-the-call", 26, 26),
        ("willing-to-send-troops", 2, 2),
        ("soldiers", 10000, None),
        ("soldiers", 10000, 30000),
    }
    assert all(f["receipts"] for f in figures.values())
    assert "over 30 countries" in found["text"]


@pytest.mark.parametrize(
    ("asked", "groups"),
    [
        ("open", {"open"}),
        ("maybe", {"open", "unclear"}),
        ("in", {"leading", "support", "member"}),
        ("says no", {"refuses", "opposed"}),
        ("Won't send troops", {"refuses"}),
        ("host", {"outside"}),
        ("troops", set()),
    ],
)
def test_one_position_or_one_way_of_counting(say: Say, asked: str, groups: set[str]) -> None:
    found = say(f"!who-is-in {asked}")
    assert set(found["answer"]["groups"]) == groups
    assert found["answer"]["totals"]["in"] == 4, "totals are of the whole table"


def test_a_label_that_a_stronger_one_covers_still_tells_who(say: Say) -> None:
    text = say("!who-is-in troops")["text"]
    assert "No party is counted under this label." in text
    assert "Ready to send own troops: 2 (France, United Kingdom)" in text


def test_a_position_nobody_knows_is_explained(say: Say) -> None:
    found = say("!who-is-in opne")
    assert found["error"]["code"] == "unknown_stance"
    assert "'open'" in found["text"]


def test_differing_sources_are_marked_in_the_list(say: Say) -> None:
    assert "Finland (sources differ)" in say("!who-is-in")["text"]


def test_no_symbol_stands_without_its_word(say: Say) -> None:
    for line in say("!who-is-in")["text"].splitlines():
        if line and line[0] in "✅❓❌🏠➖":
            assert line.split(" ", 1)[1].startswith(("In:", "Maybe:", "Says no:", "Host:", "Outside:"))
