"""What is told of a change: each step of a party's row once, an undo in time not at all, a restatement never."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.events import HOLD, Rows, table_events
from bot.ingest import ingest
from bot.library import Library
from bot.resources import folder_reader
from bot.seeding import seed
from bot.store import claims, events, subscriptions
from bot.store.engine import Store
from bot.store.schema import event
from bot.table import import_rows
from summaries.claims import Claim
from summaries.dossier import read_dossier
from summaries.table import positions
from tests.bot.tables import NOW, Editor, claims_of, library, row, shipped, stances

pytestmark = pytest.mark.long

YES, NO, IF = (MappingProxyType({"troops": answer}) for answer in ("yes", "no", "conditional"))
MOMENT = timedelta(seconds=1)


@pytest.fixture
def editor(store: Store) -> Editor:
    return Editor(library(store))


@pytest.fixture
def quick(sqlite_store: Store) -> Editor:
    """The same, for what does not depend on the database."""
    return Editor(library(sqlite_store))


# --- The pure part


def _events(before: list[Claim], after: list[Claim]) -> list[tuple[str, str, str | None, str | None]]:
    def rows(found: list[Claim]) -> Rows:
        return Rows(tuple(found), dict.fromkeys((one.id for one in found), 1))

    found = table_events(shipped().topic, shipped().parties, rows(before), rows(after), now=NOW)
    return [
        (one.kind, one.party, one.before["stance"] if one.before else None, one.after["stance"] if one.after else None)
        for one in found
    ]


DE = row("de-a")
SECOND = row("de-b", speaker="The minister", sentence=1)


def second(day: int, **more: Any) -> Claim:
    return row("de-b", speaker="The minister", sentence=1, day=day, **more)


MOVES: list[tuple[str, list[Claim], list[Claim], list[Any]]] = [
    ("first statement", [], [DE], [("position_moved", "DE", None, "open")]),
    ("withdrawal", [DE], [], [("position_moved", "DE", "open", None)]),
    ("moved", [DE], [replace(DE, stance="troops")], [("position_moved", "DE", "open", "troops")]),
    (
        "moved by a newer source", [DE], [DE, second(21, stance="support")],
        [("position_moved", "DE", "open", "support")],
    ),
    ("another answer on an axis", [replace(DE, axes=IF)], [replace(DE, axes=YES)],
     [("position_moved", "DE", "open", "open")]),
    ("a lesser source differs", [DE], [DE, replace(SECOND, kind="unnamed", speaker="unnamed", stance="refuses")],
     [("sources_differ", "DE", "open", "open")]),
    ("corrected", [DE], [replace(DE, note="A misprint.")], [("corrected", "DE", "open", "open")]),
    ("another quote", [DE], [replace(DE, quotes=SECOND.quotes)], [("corrected", "DE", "open", "open")]),
    ("restated by another source", [DE], [DE, SECOND], []),
    ("restated later", [DE], [DE, second(22)], []),
    ("a restatement goes", [DE, SECOND], [DE], []),
    ("nothing", [DE], [DE], []),
    ("reported tomorrow", [DE], [DE, second(27, stance="refuses")], []),
    (
        "two parties", [DE], [replace(DE, stance="leading"), row("fr-a", "support", "FR")],
        [("position_moved", "DE", "open", "leading"), ("position_moved", "FR", None, "support")],
    ),
    ("given to another party", [DE], [replace(DE, party="FR")],
     [("position_moved", "DE", "open", None), ("position_moved", "FR", None, "open")]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "told"), [case[1:] for case in MOVES], ids=[case[0] for case in MOVES])
def test_what_of_a_table_can_be_told(before: list[Claim], after: list[Claim], told: list[Any]) -> None:
    assert _events(before, after) == told


# --- Recorded with the change


def test_a_change_is_recorded_with_what_shows_it_and_held_back(editor: Editor) -> None:
    editor.change(replace(DE, axes=IF), SECOND)
    editor.now += timedelta(days=1)
    editor.change(
        replace(DE, stance="troops", axes=YES), replace(SECOND, stance="refuses", kind="reporter", speaker="reporter")
    )
    first, second = editor.events()
    assert stances(first) == (None, "open")
    assert (second.kind, second.party, stances(second)) == ("position_moved", "DE", ("open", "troops"))
    assert second.before == first.after
    assert second.after is not None
    assert second.after["axes"] == {"troops": "yes"}
    assert [(one["claim"], one["revision"]) for one in second.after["claims"]] == [("de-a", 2)]
    assert [(one["claim"], one["revision"]) for one in second.after["differing"]] == [("de-b", 2)]
    assert (second.created_at, second.leaves_at) == (editor.now, editor.now + HOLD)


@pytest.mark.parametrize(
    ("before", "after", "told"), [case[1:] for case in MOVES if case[1]], ids=[case[0] for case in MOVES if case[1]]
)
def test_an_import_records_what_can_be_told(
    quick: Editor, before: list[Claim], after: list[Claim], told: list[Any]
) -> None:
    quick.change(*before)
    quick.now += timedelta(hours=1)
    known = len(quick.events())
    gone = [replace(one, state="withdrawn") for one in before if one.id not in {other.id for other in after}]
    quick.change(*after, *gone)
    assert quick.stances()[known:] == told


def test_the_same_import_twice_records_nothing(editor: Editor) -> None:
    rows = (DE, SECOND, row("fr-a", "support", "FR"))
    editor.change(*rows)
    assert len(editor.events()) == 2
    for _ in range(2):
        editor.now += timedelta(minutes=1)
        assert editor.change(*rows).unchanged == 3
    assert len(editor.events()) == 2
    assert editor.events(cancelled=True) == []


@pytest.mark.parametrize("state", ["proposed", "rejected"])
def test_what_is_not_approved_is_told_to_nobody(quick: Editor, state: Any) -> None:
    quick.change(DE)
    quick.now += timedelta(hours=1)
    quick.change(replace(DE, stance="refuses", state=state))
    quick.change(row("fr-a", "support", "FR", state=state))
    assert quick.stances() == [("position_moved", "DE", None, "open")]


def test_an_undo_within_the_hold_is_as_if_nothing_had_been(editor: Editor) -> None:
    editor.change(DE)
    editor.now += timedelta(days=1)
    editor.change(replace(DE, stance="refuses"))
    editor.now += HOLD - MOMENT
    editor.change(DE)
    assert editor.stances() == [("position_moved", "DE", None, "open")]
    assert len(editor.events(cancelled=True)) == 1
    with editor.library.store.writing() as conn:
        subscriptions.add(conn, editor.key, "user", "1", "DE", "instant", now=NOW + timedelta(hours=1))
        assert events.untold(conn, editor.key, now=editor.now + timedelta(days=1), since=NOW) == []


def test_an_undo_after_the_hold_is_a_change_back(editor: Editor) -> None:
    editor.change(DE)
    editor.now += timedelta(days=1)
    editor.change(replace(DE, stance="refuses"))
    editor.now += HOLD
    editor.change(DE)
    assert [one[2:] for one in editor.stances()] == [(None, "open"), ("open", "refuses"), ("refuses", "open")]
    assert editor.events(cancelled=True) == []


def test_a_first_statement_taken_back_in_time_never_was(quick: Editor) -> None:
    quick.change(DE)
    quick.now += MOMENT
    quick.change(replace(DE, state="withdrawn"))
    assert quick.events() == []
    quick.now += timedelta(hours=1)
    quick.change(DE)
    assert quick.stances() == [("position_moved", "DE", None, "open")]


def test_two_changes_within_the_hold_are_told_as_one_step(editor: Editor) -> None:
    editor.change(DE)
    editor.now += timedelta(days=1)
    editor.change(replace(DE, stance="support"))
    editor.now += HOLD - MOMENT
    editor.change(replace(DE, stance="troops"), row("fr-a", "support", "FR"))
    editor.now += MOMENT
    # Another party's change is no reason to wait longer, and what is held from just before is still held.
    editor.change(row("it-a", "refuses", "IT"))
    assert editor.stances() == [
        ("position_moved", "DE", None, "open"),
        ("position_moved", "DE", "open", "troops"),
        ("position_moved", "FR", None, "support"),
        ("position_moved", "IT", None, "refuses"),
    ]
    assert [one.leaves_at - HOLD for one in editor.events()[1:]] == [editor.now - MOMENT] * 2 + [editor.now]


def test_a_correction_of_what_is_held_is_told_as_the_change(quick: Editor) -> None:
    quick.change(DE)
    quick.now += timedelta(days=1)
    quick.change(replace(DE, stance="support"))
    quick.now += MOMENT
    quick.change(replace(DE, stance="support", note="A misprint."))
    assert quick.stances()[1:] == [("position_moved", "DE", "open", "support")]
    after = quick.events()[-1].after
    assert after is not None
    assert after["claims"][0]["revision"] == 3


def test_an_undo_together_with_another_source_that_agrees_is_a_restatement(quick: Editor) -> None:
    quick.change(DE)
    quick.now += timedelta(days=1)
    quick.change(replace(DE, stance="refuses"))
    quick.now += MOMENT
    quick.change(DE, SECOND)
    assert quick.stances() == [("position_moved", "DE", None, "open")]


def test_an_import_of_many_rows_has_a_cause_of_its_own_each_time(quick: Editor) -> None:
    many = [row(f"de-{'very-' * 10}long-name-{n}", sentence=n) for n in range(12)]
    quick.change(*many)
    quick.now += timedelta(hours=1)
    quick.change(*(replace(one, stance="refuses") for one in many))
    quick.now += timedelta(hours=1)
    quick.change(*(replace(one, stance="support") for one in many))
    assert [one[2:] for one in quick.stances()] == [(None, "open"), ("open", "refuses"), ("refuses", "support")]
    assert all(len(one.cause) <= 200 for one in quick.events())


def test_a_failed_import_records_nothing(quick: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    quick.change(DE)
    quick.now += timedelta(hours=1)

    def fail(*_: Any, **__: Any) -> bool:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(events, "record", fail)
        with pytest.raises(RuntimeError):
            quick.change(replace(DE, stance="refuses"))
    assert len(quick.events()) == 1
    with quick.library.reading() as conn:
        assert [one.stance for one in claims.effective(conn, quick.key)] == ["open"]


_STANCES = st.sampled_from(["open", "support", "refuses"])
_SPEAKERS = {"reporter": "reporter", "unnamed": "unnamed"}


def _row(number: int, party: str, stance: str, kind: Any, day: int, **more: Any) -> Claim:
    # What nobody is named for is at most open.
    stance = "open" if kind == "unnamed" else stance
    return row(f"row-{number}", stance, party, number, day, kind=kind, speaker=_SPEAKERS.get(kind, "Somebody"), **more)


_ROWS = st.builds(
    _row,
    st.integers(0, 3),
    st.sampled_from(["DE", "FR"]),
    _STANCES,
    st.sampled_from(["official", "named", "reporter", "unnamed"]),
    st.integers(15, 25),
    axes=st.sampled_from([MappingProxyType({}), YES, NO]),
    state=st.sampled_from(["approved", "approved", "withdrawn"]),
    note=st.sampled_from([None, "A note."]),
)
_STEPS = st.lists(
    st.tuples(
        st.lists(_ROWS, min_size=1, max_size=3, unique_by=lambda one: one.id),
        st.sampled_from([timedelta(), MOMENT, HOLD - MOMENT, HOLD, timedelta(hours=3)]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
_KEYS = count()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_what_is_told_leads_from_the_first_table_to_the_last(
    sqlite_store: Store, steps: list[tuple[list[Claim], timedelta]]
) -> None:
    editor = Editor(library(sqlite_store, f"topic-{next(_KEYS)}"))
    topic, parties = editor.library.topic, editor.library.parties
    for rows, gap in steps:
        editor.change(*rows)
        editor.now += gap

    def shown(plain: Any) -> Any:
        return None if plain is None else (plain["stance"], plain["axes"])

    with editor.library.reading() as conn:
        table = positions(topic, parties, claims.effective(conn, editor.key), editor.now.date())
    for party in ("DE", "FR"):
        stands = None
        told = [one for one in editor.events() if one.party == party]
        for one in told:
            # Each step begins where the one before it ended, and each is one.
            assert shown(one.before) == stands
            stands = shown(one.after)
            assert (one.kind == "position_moved") == (shown(one.before) != stands)
            assert one.before != one.after
        position = table.get(party)
        assert stands == (None if position is None else (position.stance, position.axes))
        # What is told of could be undone for the whole hold, and no two of one party ever wait at once.
        assert all(one.leaves_at == one.created_at + HOLD for one in told)
        assert all(one.leaves_at <= two.created_at for one, two in pairwise(told))
        assert all(claims_of(one.after) for one in told if one.after)


# --- The dossier, and articles


def _dossier(folder: Path) -> Any:
    return read_dossier(folder_reader(folder), now=NOW)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dossier"
    shutil.copytree(Path(__file__).parents[2] / "seeds", made)
    return made


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def _recorded(store: Store, kind: str | None = None) -> list[tuple[str, str]]:
    with store.reading() as conn:
        query = select(event.c.kind, event.c.party).order_by(event.c.id)
        return [(row.kind, row.party) for row in conn.execute(query) if kind in {None, row.kind}]


def test_the_first_table_is_no_news_and_a_row_added_later_is(store: Store, folder: Path) -> None:
    seed(store, _dossier(folder), now=NOW)
    assert _recorded(store) == []
    seed(store, _dossier(folder), now=NOW + timedelta(hours=1))
    _edit(folder / "stances.toml", 'id = "it-explainer"\nparty = "IT"', 'id = "it-again"\nparty = "ES"')
    dossier = _dossier(folder)
    seed(store, dossier, now=NOW + timedelta(days=1))
    # Spain was open and is refused troops by a better source now; Italy's own row stays, as nothing is deleted.
    assert {party for _, party in _recorded(store)} == {"ES"}
    assert len(_recorded(store)) == 1
    seed(store, dossier, now=NOW + timedelta(days=2))
    assert len(_recorded(store)) == 1


def test_a_row_changed_in_the_dossier_is_told_once_an_editor_approves_it(store: Store, folder: Path) -> None:
    seed(store, _dossier(folder), now=NOW)
    _edit(folder / "stances.toml", 'stance = "refuses"', 'stance = "unclear"')
    dossier = _dossier(folder)
    seed(store, dossier, now=NOW + timedelta(days=1))
    assert _recorded(store) == []
    reading = Library(store, dossier.topic, dossier.parties, old_after_days=30, lengths=lambda: None)  # type: ignore[arg-type,return-value]
    import_rows(
        reading, (folder / "stances.toml").read_text("utf-8"), "f", now=NOW + timedelta(days=2), by="ed", why="yes"
    )
    assert _recorded(store) == [("position_moved", "IT")]


@pytest.fixture
def read(store: Store, tmp_path: Path) -> Callable[..., list[tuple[str, str]]]:
    """Ingest texts, one file each, at once; return the events that there are then."""
    reading = library(store)

    def run(**texts: str) -> list[tuple[str, str]]:
        folder = tmp_path / "articles"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.txt").write_text(text, "utf-8")
        paths = [str(folder / f"{name}.txt") for name in texts]
        found = list(ingest(reading, paths, max_bytes=100_000, now=NOW))
        assert len(found) == len(texts)
        return _recorded(store)

    return run


def _article(text: str, day: str = "2025-03-26") -> str:
    return f"title: News\ndate: {day}\n\n{text}\n"


def test_the_first_articles_are_where_news_begins(read: Callable[..., list[tuple[str, str]]]) -> None:
    assert read(a=_article("Germany spoke."), b=_article("France spoke.")) == []
    assert read(c=_article("Germany and Italy spoke.")) == [("article_mentions", "DE"), ("article_mentions", "IT")]


def test_only_what_is_new_is_an_event(read: Callable[..., list[tuple[str, str]]], store: Store) -> None:
    read(a=_article("Nobody spoke."))
    once = read(b=_article("Germany spoke. Berlin spoke again."))
    assert once == [("article_mentions", "DE")]
    # The same again, the same text elsewhere, an edit that names another country, and news of last week.
    assert read(b=_article("Germany spoke. Berlin spoke again.")) == once
    assert read(twin=_article("Germany spoke. Berlin spoke again.")) == once
    assert read(b=_article("Germany spoke, and so did Italy.")) == once
    assert read(old=_article("Poland spoke.", "2025-03-20")) == once
    assert read(none=_article("Nobody spoke at all.")) == once
    assert read(undated="Poland spoke in its own time.\n\nAnd went on for a while.") == [
        *once, ("article_mentions", "PL"),
    ]  # fmt: skip
    with store.reading() as conn:
        after = conn.execute(select(event.c.after).order_by(event.c.id)).scalars().first()
        assert conn.execute(select(func.count()).select_from(event).where(event.c.leaves_at != NOW)).scalar() == 0
    assert after is not None
    assert (after["count"], after["revision"]) == (2, 1)
