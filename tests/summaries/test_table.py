"""Positions: which claim counts, which differ, how positions move; by the rules of reading, number 8."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.claims import SOURCE_KINDS, Claim, Interval, Quote
from summaries.parties import Parties
from summaries.table import changes, positions, totals
from summaries.topic import parse_topic

TOPIC = parse_topic(
    """
[topic]
key = "t"
name = "T"
about = "."

[[stances]]
key = "yes"
label = "Yes"
criterion = "."
bucket = "in"
symbol = "+"
letter = "Y"

[[stances]]
key = "perhaps"
label = "Perhaps"
criterion = "."
bucket = "maybe"
symbol = "?"
letter = "P"

[[stances]]
key = "never"
label = "Never"
criterion = "."
bucket = "no"
symbol = "-"
letter = "N"

[[axes]]
key = "ships"
label = "Ships"
silent = "unclear"
silent_na = "na"
na_stances = ["never"]

[axes.values]
yes = { label = "yes", criterion = "." }
no = { label = "no", criterion = "." }
unclear = { label = "unclear", criterion = "." }
na = { label = "na", criterion = "." }
"""
)
PARTIES = Parties()
DAY = date(2025, 3, 20)


def claim(identifier: str, stance: str, kind: Any, day: int = 0, party: str = "DE", **more: Any) -> Claim:
    reported = DAY + timedelta(days=day)
    return Claim(identifier, party, stance, (Quote("a", 1, 0, 1, "x"),), "S", kind, reported, **more)


def at(*claims: Claim, day: int = 100, party: str = "DE") -> Any:
    return positions(TOPIC, PARTIES, claims, DAY + timedelta(days=day)).get(party)


@pytest.mark.parametrize(
    ("claims", "winner"),
    [
        # The better kind counts, however much later the other came, within seven days.
        ([("a", "yes", "official", 0), ("b", "never", "named", 6)], "a"),
        ([("a", "yes", "named", 0), ("b", "never", "reporter", 6)], "a"),
        ([("a", "yes", "reporter", 0), ("b", "never", "unnamed", 6)], "a"),
        # On the seventh day after, the older one no longer competes.
        ([("a", "yes", "official", 0), ("b", "never", "named", 7)], "b"),
        ([("a", "yes", "official", 0), ("b", "never", "reporter", 7)], "b"),
        # Of the same kind the later reported counts.
        ([("a", "yes", "official", 0), ("b", "never", "official", 1)], "b"),
        # What nobody is named for never displaces an official or named one, however late it comes.
        ([("a", "yes", "official", 0), ("b", "never", "unnamed", 60)], "a"),
        ([("a", "yes", "named", 0), ("b", "never", "unnamed", 60)], "a"),
        # It does displace the reporter's own word after seven days.
        ([("a", "yes", "reporter", 0), ("b", "never", "unnamed", 60)], "b"),
        # Equal in all: the id decides.
        ([("b", "yes", "official", 0), ("a", "never", "official", 0)], "a"),
    ],
)
def test_which_claim_counts(claims: list[tuple[str, str, Any, int]], winner: str) -> None:
    position = at(*(claim(*row) for row in claims))
    assert position.claim.id == winner


def test_of_the_same_day_the_later_said_counts() -> None:
    early = claim("a", "yes", "official", said_on=Interval.parse("2025-02"))
    late = claim("b", "never", "official", said_on=Interval.parse("2025-03-01"))
    assert at(early, late).claim.id == "b"
    whole_month = claim("c", "perhaps", "official", said_on=Interval.parse("2025-03-01/2025-03-10"))
    assert at(late, whole_month).claim.id == "c", "an interval counts from its end"


def test_the_others_are_shown_as_differing_or_agreeing() -> None:
    position = at(
        claim("a", "yes", "official"),
        claim("b", "perhaps", "unnamed"),
        claim("c", "yes", "reporter"),
        claim("d", "never", "official", -30),
    )
    assert [c.id for c in position.agreeing] == ["c"]
    assert [c.id for c in position.differing] == ["b"], "what is older than seven days is history"


def test_an_unnamed_source_that_displaces_nothing_is_still_shown() -> None:
    position = at(claim("a", "yes", "official"), claim("b", "never", "unnamed", 60))
    assert [c.id for c in position.differing] == ["b"]


def test_an_axis_is_answered_by_the_best_source_that_speaks_of_it() -> None:
    position = at(claim("a", "yes", "official"), claim("b", "yes", "reporter", axes={"ships": "no"}))
    assert position.axes == {"ships": "no"}
    assert at(claim("a", "yes", "official")).axes == {"ships": "unclear"}
    assert at(claim("a", "never", "official")).axes == {"ships": "na"}
    assert at(claim("a", "yes", "official", party="EU"), party="EU").axes == {"ships": "na"}
    differing = at(claim("a", "yes", "official"), claim("b", "never", "reporter", axes={"ships": "no"}))
    assert differing.axes == {"ships": "unclear"}, "a source that differs answers nothing"


def test_sources_that_contradict_each_other_on_an_axis_differ() -> None:
    position = at(
        claim("a", "yes", "official", axes={"ships": "yes"}), claim("b", "yes", "reporter", axes={"ships": "no"})
    )
    assert [c.id for c in position.differing] == ["b"]


def test_sources_that_contradict_each_other_never_both_agree() -> None:
    position = at(
        claim("a", "yes", "official"),
        claim("b", "yes", "named", axes={"ships": "yes"}),
        claim("c", "yes", "reporter", axes={"ships": "no"}),
    )
    assert ([c.id for c in position.agreeing], [c.id for c in position.differing]) == (["b"], ["c"])
    assert position.axes == {"ships": "yes"}


def test_a_silent_restatement_takes_no_answer_back() -> None:
    rows = [claim("a", "yes", "official", axes={"ships": "no"}), claim("b", "yes", "official", 20)]
    position = at(*rows)
    assert position.axes == {"ships": "no"}
    assert "a" in {c.id for c in position.agreeing}, "the answer comes with its receipt"
    assert position.last_change == DAY
    turned = at(*rows, claim("c", "perhaps", "official", 40))
    assert turned.axes == {"ships": "unclear"}, "what was said of another stance answers nothing"


@pytest.mark.parametrize("state", ["proposed", "rejected", "withdrawn"])
def test_only_approved_claims_count(state: Any) -> None:
    assert at(claim("a", "yes", "official", state=state)) is None


def test_as_of_is_by_the_end_of_the_day() -> None:
    row = claim("a", "yes", "official")
    assert at(row, day=-1) is None
    assert at(row, day=0).stance == "yes"


def test_a_restatement_is_no_change() -> None:
    rows = [claim("a", "yes", "official"), claim("b", "yes", "official", 20)]
    assert at(*rows).last_change == DAY
    assert between(rows, 0, 30) == []


def test_a_change_has_two_sides() -> None:
    rows = [claim("a", "yes", "official"), claim("b", "never", "official", 20), claim("c", "yes", "named", 1, "FR")]
    found = between(rows, 5, 30)
    assert [(c.party, c.before and c.before.stance, c.after and c.after.stance) for c in found] == [
        ("DE", "yes", "never")
    ]
    assert found[0].after is not None
    assert found[0].after.last_change == DAY + timedelta(days=20)
    first = changes(TOPIC, PARTIES, {}, tables(rows, 30))
    assert [(c.party, c.before) for c in first] == [("FR", None), ("DE", None)], "as stances are listed"
    gone = changes(TOPIC, PARTIES, tables(rows, 30), {})
    assert {(c.party, c.after) for c in gone} == {("FR", None), ("DE", None)}


def test_another_answer_on_an_axis_is_a_change_of_the_same_day() -> None:
    rows = [
        claim("a", "yes", "official", axes={"ships": "yes"}),
        claim("b", "yes", "official", 20, axes={"ships": "no"}),
    ]
    assert [c.party for c in between(rows, 5, 30)] == ["DE"]
    assert at(*rows).last_change == DAY + timedelta(days=20)


@pytest.mark.parametrize(
    ("more", "winner", "shown"),
    [
        ([("r", "perhaps", "reporter", 5), ("u", "never", "unnamed", 10)], "a", {"a", "r", "u"}),
        ([("r", "perhaps", "reporter", 20), ("u", "never", "unnamed", 40)], "u", {"u"}),
        ([("r", "perhaps", "reporter", 3), ("u", "never", "unnamed", 10)], "a", {"a", "r", "u"}),
        ([("u", "never", "unnamed", -8)], "a", {"a"}),
    ],
)
def test_unnamed_sources_do_not_move_the_days_in_which_named_ones_compete(
    more: list[tuple[str, str, Any, int]], winner: str, shown: set[str]
) -> None:
    position = at(claim("a", "yes", "official"), *(claim(*row) for row in more))
    assert position.claim.id == winner
    assert {c.id for c in position.claims} == shown


def tables(claims: list[Claim], day: int) -> dict[str, Any]:
    return positions(TOPIC, PARTIES, claims, DAY + timedelta(days=day))


def between(claims: list[Claim], since: int, until: int) -> list[Any]:
    return changes(TOPIC, PARTIES, tables(claims, since), tables(claims, until))


_KINDS = st.sampled_from(SOURCE_KINDS)
_STANCES = st.sampled_from(list(TOPIC.stances))
_CLAIMS = st.lists(
    st.builds(
        lambda n, s, k, d, p: claim(f"id-{n}", s, k, d, p),
        st.integers(0, 999), _STANCES, _KINDS, st.integers(0, 40), st.sampled_from(["DE", "FR", "EU"]),
    ),
    max_size=12,
    unique_by=lambda c: c.id,
)  # fmt: skip


@given(_CLAIMS, st.integers(0, 45), st.randoms())
def test_positions_depend_on_the_claims_alone(claims: list[Claim], day: int, random: Any) -> None:
    mixed = list(claims)
    random.shuffle(mixed)
    moment = DAY + timedelta(days=day)
    assert positions(TOPIC, PARTIES, claims, moment) == positions(TOPIC, PARTIES, mixed, moment)


@given(_CLAIMS, st.integers(0, 45))
def test_nothing_reported_later_is_known_earlier(claims: list[Claim], day: int) -> None:
    moment = DAY + timedelta(days=day)
    known = [c for c in claims if c.reported_on <= moment]
    assert positions(TOPIC, PARTIES, claims, moment) == positions(TOPIC, PARTIES, known, moment)


@given(_CLAIMS, st.integers(0, 45))
def test_totals_add_up(claims: list[Claim], day: int) -> None:
    table = positions(TOPIC, PARTIES, claims, DAY + timedelta(days=day))
    sums = totals(TOPIC, PARTIES, table.values())
    assert sum(sums.countries.values()) + sum(sums.organisations.values()) == len(table)
    for position in table.values():
        assert position.on_file_since <= position.last_change <= position.newest


@given(_CLAIMS)
def test_what_nobody_is_named_for_leaves_a_signed_position_alone(claims: list[Claim]) -> None:
    signed = positions(TOPIC, PARTIES, [c for c in claims if c.kind != "unnamed"], DAY + timedelta(days=50))
    everything = positions(TOPIC, PARTIES, claims, DAY + timedelta(days=50))
    for party, position in signed.items():
        if position.claim.kind in {"official", "named"}:
            assert everything[party].claim == position.claim


@given(_CLAIMS, st.integers(0, 20), st.integers(0, 25))
def test_changes_lead_from_one_table_to_the_next(claims: list[Claim], since: int, days: int) -> None:
    before, after = tables(claims, since), tables(claims, since + days)
    told = {party: position.stance for party, position in before.items()}
    for change in changes(TOPIC, PARTIES, before, after):
        assert change.after is not None, "what was reported stays reported"
        told[change.party] = change.after.stance
    assert told == {party: position.stance for party, position in after.items()}
