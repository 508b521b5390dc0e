"""A small dossier for tests about what changes: rows are written as an editor would, and imported as a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import select

from bot.library import Library
from bot.resources import data, folder_reader
from bot.store import articles, events
from bot.store.engine import Store
from bot.store.schema import event
from bot.table import Imported, import_rows
from summaries.article import Draft, Published
from summaries.briefing import Lengths
from summaries.claims import Claim, Quote
from summaries.dossier import Dossier, read_dossier
from summaries.stances import Table, write_table

FIRST_DAY, LAST_DAY = 15, 27
NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
SENTENCES = [f"Sentence number {number} says what a government said." for number in range(40)]
TEXT = " ".join(SENTENCES)


@cache
def shipped() -> Dossier:
    return read_dossier(folder_reader(data("seeds")), now=NOW)


def library(store: Store, key: str = "small") -> Library:
    """A dossier with the shipped topic's labels and names, an article for each of some days, and no rows."""
    dossier = shipped()
    topic = replace(dossier.topic, key=key)
    with store.writing() as conn:
        for day in range(FIRST_DAY, LAST_DAY + 1):
            published = Published(datetime(2025, 3, day, tzinfo=UTC), "day", "stated")
            draft = Draft(TEXT, f"Day {day}", "X", None, f"https://x.example/{day}", "en", published)
            articles.add(conn, key, f"seed:a{day}", draft, article_id=f"a{day}", background=True, now=NOW)
    return Library(
        store, topic, dossier.parties, old_after_days=30, lengths=lambda: Lengths(3, 80, "rank")
    )  # fmt: skip


def row(
    identifier: str, stance: str = "open", party: str = "DE", sentence: int = 0, day: int = 20, **more: Any
) -> Claim:
    """A claim of a day of March, with a sentence of that day's article."""
    start = TEXT.index(SENTENCES[sentence])
    quote = Quote(f"a{day}", 1, start, start + len(SENTENCES[sentence]), SENTENCES[sentence])
    values: dict[str, Any] = {
        "speaker": "The chancellor", "kind": "official", "reported_on": date(2025, 3, day), "quotes": (quote,), **more,
    }  # fmt: skip
    return Claim(id=identifier, party=party, stance=stance, **values)


@dataclass
class Editor:
    """Imports rows, and knows what that made to be told."""

    library: Library
    now: datetime = NOW

    @property
    def key(self) -> str:
        return self.library.topic.key

    def change(self, *rows: Claim) -> Imported:
        return import_rows(
            self.library, write_table(Table(rows, ())), "test", now=self.now, by="an editor", why="a test"
        )

    def events(self, *, cancelled: bool = False) -> list[events.Event]:
        with self.library.store.reading() as conn:
            query = select(event).where(event.c.dossier == self.key).order_by(event.c.id)
            return [
                events.Event(one.id, one.dossier, one.kind, one.party, one.cause, one.before, one.after,
                             one.created_at, one.leaves_at)
                for one in conn.execute(query)
                if (one.cancelled_at is not None) == cancelled
            ]  # fmt: skip

    def stances(self) -> list[tuple[str, str, str | None, str | None]]:
        return [(one.kind, one.party, *stances(one)) for one in self.events()]


def stances(one: events.Event) -> tuple[str | None, str | None]:
    return (one.before["stance"] if one.before else None, one.after["stance"] if one.after else None)


def claims_of(plain: Any) -> Iterable[str]:
    return [one["claim"] for one in (*plain["claims"], *plain["differing"])]
