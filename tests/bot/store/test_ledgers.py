"""Claims and figures keep every revision, and what counts is what was decided last."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from bot.store import articles, claims, counters, figures
from bot.store.engine import Connection, Store
from bot.store.errors import ReceiptError
from summaries.article import Draft
from summaries.claims import SOURCE_KINDS, STATES, Claim, Figure, Interval, Quote, State

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
TEXT = "Britain will lead the force. France will join. “More than 10,000” soldiers are planned. 🕊 Ümläut."
FIRST = Quote("report", 1, 0, 28, TEXT[0:28])
SECOND = Quote("report", 1, 29, 46, TEXT[29:46])
CLAIM = Claim(
    id="gb-report",
    party="GB",
    stance="leading",
    quotes=(SECOND, FIRST),
    speaker="Keir Starmer",
    kind="named",
    reported_on=date(2025, 3, 20),
    office="Prime Minister",
    via="AFP",
    said_on=Interval.parse("2025-03-10/2025-03-16"),
    axes=MappingProxyType({"troops": "yes", "air": "no"}),
    contribution="aircraft",
    condition="a ceasefire",
    note="the year is wrong in the text",
)
FIGURE = Figure(
    id="soldiers-report",
    measure="soldiers",
    value="more than 10,000",
    quotes=(Quote("report", 1, 47, 64, TEXT[47:64]),),
    speaker="reporter",
    kind="reporter",
    reported_on=date(2025, 3, 20),
    low=10_000,
    high=None,
)
BOTH = pytest.mark.parametrize(("ledger", "value"), [(claims, CLAIM), (figures, FIGURE)])


@pytest.fixture(autouse=True)
def _article(store: Store) -> None:
    with store.writing() as conn:
        articles.add(conn, "d", "report.txt", Draft(TEXT), article_id="report", now=NOW)


def record(conn: Connection, ledger: ModuleType, value: Any, *states: State) -> None:
    for state in states:
        ledger.add_revision(conn, "d", replace(value, state=state), now=NOW, by="editor", why=f"to {state}")


@BOTH
def test_it_comes_back_as_it_was_recorded(store: Store, ledger: ModuleType, value: Any) -> None:
    with store.writing() as conn:
        assert ledger.add_revision(conn, "d", value, now=NOW, by="seed", why="first seen") == 1
    with store.reading() as conn:
        assert ledger.effective(conn, "d") == [value]
        (row,) = ledger.all_rows(conn, "d")
        assert row == ledger.get(conn, "d", value.id)
        assert row.value == value
        assert (row.revision.number, row.revision.changed_by, row.revision.why) == (1, "seed", "first seen")
        assert row.revision.changed_at == datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
        assert ledger.effective(conn, "other") == []
        assert ledger.get(conn, "d", "nothing") is None


@BOTH
def test_every_revision_is_kept(store: Store, ledger: ModuleType, value: Any) -> None:
    changed = replace(value, speaker="somebody else", quotes=(), said_on=None)
    with store.writing() as conn:
        ledger.add_revision(conn, "d", value, now=NOW, by="seed", why="first seen")
        assert ledger.add_revision(conn, "d", changed, now=NOW + timedelta(days=1), by="ed", why="wrong speaker") == 2
    with store.reading() as conn:
        assert ledger.effective(conn, "d") == [changed]
        assert [one.value for one in ledger.history(conn, "d", value.id)] == [value, changed]
        assert ledger.get(conn, "d", value.id, 1).value == value
        assert ledger.get(conn, "d", value.id, 3) is None


DECISIONS: list[tuple[list[State], int | None]] = [
    (["approved"], 1),
    (["proposed"], None),
    (["rejected"], None),
    (["approved", "proposed"], 1),
    (["approved", "proposed", "rejected"], 1),
    (["approved", "proposed", "approved"], 3),
    (["approved", "withdrawn"], None),
    (["approved", "withdrawn", "proposed"], None),
    (["approved", "withdrawn", "approved"], 3),
    (["proposed", "rejected", "proposed", "approved"], 4),
]


@BOTH
def test_only_decisions_displace(store: Store, ledger: ModuleType, value: Any) -> None:
    with store.writing() as conn:
        for case, (states, _) in enumerate(DECISIONS):
            for number, state in enumerate(states, start=1):
                one = replace(value, id=str(case), note=str(number), state=state)
                ledger.add_revision(conn, "d", one, now=NOW, by="e", why="w")
    with store.reading() as conn:
        found = {int(one.id): int(one.note) for one in ledger.effective(conn, "d")}
        newest = {int(one.value.id): one.revision.number for one in ledger.all_rows(conn, "d")}
    for case, (states, counts) in enumerate(DECISIONS):
        assert found.get(case) == counts, states
        assert newest[case] == len(states)


@BOTH
def test_what_counted_at_a_moment_is_known_later(store: Store, ledger: ModuleType, value: Any) -> None:
    history: list[tuple[State, int | None]] = [
        # State recorded on that day, and the revision that counts from then on.
        ("proposed", None), ("approved", 2), ("proposed", 2), ("rejected", 2), ("withdrawn", None), ("approved", 6),
    ]  # fmt: skip
    with store.writing() as conn:
        for day, (state, _) in enumerate(history):
            at = NOW + timedelta(days=day)
            ledger.add_revision(conn, "d", replace(value, state=state), now=at, by="e", why="w")

    def counts(until: datetime) -> list[int]:
        return [one.revision.number for one in ledger.recorded(conn, "d", until=until)]

    with store.reading() as conn:
        assert counts(NOW - timedelta(microseconds=1)) == []
        for day, (_, expected) in enumerate(history):
            for moment in (timedelta(), timedelta(hours=23)):
                assert counts(NOW + timedelta(days=day) + moment) == ([] if expected is None else [expected]), day
        assert ledger.recorded(conn, "d") == ledger.recorded(conn, "d", until=NOW + timedelta(days=99))
        withdrawn = ledger.recorded(conn, "d", states=("withdrawn",), until=NOW + timedelta(days=4))
        assert [one.value.state for one in withdrawn] == ["withdrawn"]


def test_other_states_can_be_asked_for(store: Store) -> None:
    with store.writing() as conn:
        record(conn, claims, replace(CLAIM, id="a"), "proposed")
        record(conn, claims, replace(CLAIM, id="b"), "proposed", "rejected")
        record(conn, claims, replace(CLAIM, id="c"), "approved", "withdrawn", "proposed")
        record(conn, claims, replace(CLAIM, id="D"), "approved")
    with store.reading() as conn:
        found = claims.effective(conn, "d", states=STATES)
    assert [(one.id, one.state) for one in found] == [
        ("D", "approved"), ("a", "proposed"), ("b", "rejected"), ("c", "withdrawn"),
    ]  # fmt: skip


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        Quote("report", 1, 0, 7, "France "),
        Quote("report", 1, -7, 7, "Britain"),
        Quote("report", 2, 0, 7, "Britain"),
        Quote("unknown", 1, 0, 7, "Britain"),
    ],
)
def test_no_quote_enters_that_does_not_stand_in_the_article(
    store: Store, ledger: ModuleType, value: Any, wrong: Quote
) -> None:
    with pytest.raises(ReceiptError), store.writing() as conn:
        ledger.add_revision(conn, "d", replace(value, quotes=(wrong,)), now=NOW, by="e", why="w")
    with store.reading() as conn:
        assert ledger.all_rows(conn, "d") == []


@pytest.mark.parametrize("wrong", [{"kind": "rumour"}, {"state": "maybe"}])
def test_words_the_program_does_not_know_are_refused(store: Store, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), store.writing() as conn:
        claims.add_revision(conn, "d", replace(CLAIM, **wrong), now=NOW, by="e", why="w")


def test_seed_hashes_are_kept_apart_by_kind(store: Store) -> None:
    with store.writing() as conn:
        claims.set_seed_hash(conn, "d", "a", "one", now=NOW)
        claims.set_seed_hash(conn, "d", "a", "two", now=NOW)
        figures.set_seed_hash(conn, "d", "a", "three", now=NOW)
    with store.reading() as conn:
        assert claims.seed_hashes(conn, "d") == {"a": "two"}
        assert figures.seed_hashes(conn, "d") == {"a": "three"}
        assert claims.seed_hashes(conn, "e") == {}


@BOTH
def test_recording_moves_the_counter(store: Store, ledger: ModuleType, value: Any) -> None:
    with store.writing() as conn:
        before = counters.value(conn)
        ledger.add_revision(conn, "d", value, now=NOW, by="e", why="w")
        assert counters.value(conn) > before


def _quotes() -> st.SearchStrategy[Quote]:
    spans = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, len(TEXT))).filter(lambda span: span[0] < span[1])
    return spans.map(lambda span: Quote("report", 1, span[0], span[1], TEXT[span[0] : span[1]]))


_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
_DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
_SAID = {
    "quotes": st.lists(_quotes(), max_size=4).map(tuple),
    "speaker": _WORDS,
    "kind": st.sampled_from(SOURCE_KINDS),
    "reported_on": _DAYS,
    "office": st.none() | _WORDS,
    "via": st.none() | _WORDS,
    "said_on": st.none() | st.tuples(_DAYS, _DAYS).map(lambda days: Interval(max(days), min(days))),
    "note": st.none() | _WORDS,
}
_CLAIMS = st.builds(
    Claim,
    id=st.just("one"),
    party=st.sampled_from(["GB", "EU"]),
    stance=st.sampled_from(["leading", "open"]),
    axes=st.dictionaries(_WORDS, _WORDS, max_size=3),
    contribution=st.none() | _WORDS,
    condition=st.none() | _WORDS,
    **_SAID,
)
_NUMBERS = st.none() | st.integers(-(2**63), 2**63 - 1)
_FIGURES = st.builds(
    Figure, id=st.just("one"), measure=st.just("soldiers"), value=_WORDS, low=_NUMBERS, high=_NUMBERS, **_SAID
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.one_of(_CLAIMS, _FIGURES))
def test_any_value_survives_unchanged(store: Store, value: Claim | Figure) -> None:
    with store.writing() as conn:
        if isinstance(value, Claim):
            claims.add_revision(conn, "d", value, now=NOW, by="e", why="w")
            found: object = claims.effective(conn, "d")
        else:
            figures.add_revision(conn, "d", value, now=NOW, by="e", why="w")
            found = figures.effective(conn, "d")
    assert found == [value]
