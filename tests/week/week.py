"""Seven days of an invented dossier, lived through with the real parts: what is posted, and to whom, is collected.

``python -m tests.week`` writes docs/seven-days.md, which shows the seven briefings, anew.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import tomli_w
from sqlalchemy import select

from bot.events import HOLD
from bot.ingest import Added, ingest
from bot.library import Library
from bot.outbox import Sent
from bot.posts import briefings, outcomes, updates
from bot.render.render import SUPPRESS_NOTIFICATIONS
from bot.resources import folder_reader
from bot.seeding import seed
from bot.store import briefings as plans
from bot.store import deliveries, guilds, subscriptions
from bot.store.deliveries import Delivery
from bot.store.engine import Store
from bot.store.schema import briefing
from bot.table import import_rows
from summaries.article import read_text
from summaries.briefing import Lengths
from summaries.dossier import Dossier, read_dossier

HERE: Final = Path(__file__).parent
GUILD, CHANNEL, ADMIN, FOLLOWER = 7, 42, 5, 1001
FOLLOWED: Final = ("ME", "SI")
HOUR, ZONE = time(20), "Europe/Zagreb"
"""When briefings are posted: at 18:00 UTC, for the week lies in summer time."""

DAYS: Final = tuple(date(2026, 5, day) for day in range(6, 13))
EVE: Final = datetime(2026, 5, 5, 18, 30, tzinfo=UTC)
"""When the briefing is set up, half an hour after its hour of that day."""

_AFTER: Final = timedelta(minutes=5)
"""How long after it was published an article arrives."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What arrived: at which moment, in which messages, and whether it came without a sound."""

    at: datetime
    messages: tuple[str, ...]
    silent: bool

    @property
    def text(self) -> str:
        """The messages as one text."""
        return "\n".join(self.messages)


@dataclass
class Week:
    """What was posted: a briefing for each day, and what the one follower was sent.

    ``articles`` are what became of each file, by its name without the ending.
    ``values`` are the briefings as they are stored: what JSON readers get.
    """

    library: Library
    briefings: dict[date, Posted] = field(default_factory=dict)
    updates: list[Posted] = field(default_factory=list)
    articles: dict[str, Added] = field(default_factory=dict)
    values: dict[date, dict[str, Any]] = field(default_factory=dict)


@cache
def dossier() -> Dossier:
    """Return the invented dossier as it stands before the week."""
    return read_dossier(folder_reader(HERE), now=EVE)


def news() -> list[Path]:
    """Return the files of the articles that arrive, in order; each name begins with when it was published."""
    return sorted((HERE / "news").glob("*.txt"), key=published)


def published(file: Path) -> datetime:
    """Return when an article was published, from its own header."""
    moment = read_text(file.read_bytes(), now=EVE + timedelta(days=30)).published.at
    assert moment is not None, file
    return moment


def edits() -> list[tuple[datetime, str, dict[str, Any]]]:
    """Return what editors add to the table: when, whether to ``claims`` or ``figures``, and the row."""
    found = tomllib.loads((HERE / "changes.toml").read_text("utf-8"))
    rows = [(row.pop("at"), kind, row) for kind in ("claims", "figures") for row in found[kind]]
    return sorted(rows, key=lambda one: one[0])


def live(store: Store) -> Week:
    """Live through the week in an empty store."""
    seed(store, dossier(), now=EVE - timedelta(days=1))
    library = Library(store, dossier().topic, dossier().parties, old_after_days=30, lengths=Lengths)
    week = Week(library)
    key = library.topic.key
    with store.writing() as conn:
        guilds.joined(conn, GUILD, "A server", now=EVE)
        plans.switch_on(
            conn, key, GUILD, channel_id=CHANNEL, thread_id=None, hour=HOUR, zone=ZONE, by=ADMIN, now=EVE
        )  # fmt: skip
        for party in FOLLOWED:
            subscriptions.add(
                conn, key, "user", str(FOLLOWER), party, "instant", guild_id=GUILD, dm_channel_id=9, now=EVE
            )  # fmt: skip
    for moment, step in sorted(_steps(week), key=lambda one: one[0]):
        step(moment)
        updates.make_due(library, now=moment)
        _arrive(week, moment)
    with store.reading() as conn:
        week.values = {row.local_date: row.value for row in conn.execute(select(briefing).order_by(briefing.c.id))}
    return week


def _steps(week: Week) -> Iterator[tuple[datetime, Any]]:
    for file in news():
        yield published(file) + _AFTER, lambda now, file=file: _take(week, file, now)
    for at, kind, row in edits():
        yield at, lambda now, kind=kind, row=row: _edit(week, kind, row, now)
        # Followers hear of it when an editor can't take it back any more.
        yield at + HOLD, lambda now: None
    for day in DAYS:
        # Late by what a ticker is late.
        due = datetime.combine(day, time(18, 0, 20), UTC)
        yield due, lambda now: briefings.make_due(week.library, now=now)


def _take(week: Week, file: Path, now: datetime) -> None:
    (added,) = ingest(week.library, [str(file)], max_bytes=1_000_000, now=now)
    assert isinstance(added, Added), added
    week.articles[file.stem] = added


def _edit(week: Week, kind: str, row: dict[str, Any], now: datetime) -> None:
    quotes = []
    for one in row["quotes"]:
        added = week.articles[one["article"]]
        article = week.library.article(added.article, added.revision)
        assert article is not None
        start = article.text.index(one["text"])
        quotes.append({**one, "article": article.id, "revision": article.revision, "start": start,
                       "end": start + len(one["text"])})  # fmt: skip
    table = tomli_w.dumps({kind: [{**row, "quotes": quotes}]})
    import_rows(week.library, table, "changes.toml", now=now, by="an editor", why="the week")


def _arrive(week: Week, now: datetime) -> None:
    """Everything that is owed is posted."""
    with week.library.store.writing() as conn:
        due = deliveries.claim_due(conn, "w", now, 10)
        for delivery in due:
            for part in delivery.parts:
                deliveries.sent(conn, delivery.id, part.position, 900 + part.position, now=now)
            deliveries.finish(conn, delivery.id, now=now)
            outcomes.sent(conn, delivery, Sent(900), now)
    for delivery in due:
        posted = _posted(delivery, now)
        if delivery.once_key.startswith("briefing:"):
            week.briefings[date.fromisoformat(delivery.once_key.rsplit(":", 1)[1])] = posted
        else:
            week.updates.append(posted)


def _posted(delivery: Delivery, now: datetime) -> Posted:
    contents = [part.content for part in delivery.parts]
    silent = all(one["flags"] & SUPPRESS_NOTIFICATIONS for one in contents)
    return Posted(now, tuple(one["content"] for one in contents), silent)


# --- as people read it ------------------------------------------------------------------------------------------------

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "seven-days.md"

_INTRODUCTION: Final = """\
# Seven days of briefings

What a server reads over a week in which one story grows, two come and go, and on one day nothing happens.

**Everything in it is invented**: the patrol, what is said about it, the ship, and the six outlets. Only the countries
are real. The {articles} articles stand in [tests/week/news](../tests/week/news), the editors' rows in
[tests/week/changes.toml](../tests/week/changes.toml). Nothing in the program knows the topic, and no text was changed
to make a briefing read better. The briefings are what it posts at 20:00 in Zagreb; `python -m tests.week`, run in a
checkout, writes this page anew, and a test fails when it is no longer what the program posts.

Each block is one Discord message. Links are shown by their words alone, small and bold print as plain text.
"""

BROUGHT: Final = {
    6: "Italy proposes a patrol, and Croatia joins at once. An agency's report that a paper carries too is quoted "
    "from the agency; a court case begins. That the six meet on 12 May is named twice to watch.",
    7: "Slovenia makes a condition, Greece and the European Union are heard of for the first time, and fishermen "
    "protest, which two papers are quoted on though they say nearly the same. An explainer comes. One more outlet "
    "carries yesterday's agency report on the captain; it is named nowhere.",
    8: "Albania, which had only been open to it, takes part. A paper says that the patrol costs more than was told, "
    "and a judge orders the trial that was asked for on Wednesday: an update.",
    9: "Nothing at all arrives. The briefing says so, and comes without a sound.",
    10: "Montenegro refuses; the fishermen suspend their protest. An outlet corrects its explainer, which is no news. "
    "A second report of the refusal is an update of its own.",
    11: "Nothing happened: seven articles of six outlets tell again what was told, in their own words. They are "
    "named, and none is quoted.",
    12: "The meeting: Slovenia takes part, four countries sign, and the patrol has nine ships instead of 12. The story "
    "of the ship in Bari, quiet since Friday, goes on as an update.",
}
"""What each day of May brings, for readers of the document."""

_LINK: Final = re.compile(r"\[([^\]]*)\]\(<[^>]*>\)")
_MOMENT: Final = re.compile(r"<t:(\d+):f>")


def as_read(message: str) -> str:
    """Return a Discord message as text: without marks, links by their words, moments as in :data:`ZONE`."""
    lines = []
    for line in message.split("\n"):
        line = _LINK.sub(r"\1", line.removeprefix("### ").removeprefix("-# ").replace("**", ""))
        line = _MOMENT.sub(lambda match: _in_zone(int(match[1])), line).replace("\\[", "[").replace("\\]", "]")
        indent = "> " if line.startswith("> ") else "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(line, 100, subsequent_indent=indent, break_long_words=False) or [""]
    return "\n".join(lines)


def _in_zone(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, ZoneInfo(ZONE))
    return f"{moment.day} {moment:%B %Y %H:%M}"


def document(week: Week) -> str:
    """Return docs/seven-days.md: the week's briefings as people read them."""
    parts = [_INTRODUCTION.format(articles=len(news()))]
    for day, posted in week.briefings.items():
        parts.append(f"## {day:%A}\n\n{textwrap.fill(BROUGHT[day.day], 120)}\n")
        parts += [f"```text\n{as_read(message)}\n```\n" for message in posted.messages]
    return "\n".join(parts)
