"""An explanation, and what all explanations share: the question, and how sources and moments are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from bot.answers import sentence_id
from bot.library import Library
from bot.render import words
from bot.render.medium import harmless
from bot.store import claims, figures
from bot.store.articles import Listed
from bot.store.engine import Connection
from bot.store.ledger import Recorded
from bot.store.lookup import Quoting, ShownAt
from summaries.article import Article, Published

LISTED: Final = 20
"""How many of many things are listed."""


@dataclass(slots=True)
class Explained:
    """What is known of one thing: ``data`` for programs, and sections of lines for people.

    ``kind`` is one of :data:`~bot.why.ids.KINDS` or ``sentence``.
    """

    kind: str
    id: str
    data: dict[str, Any] = field(default_factory=dict)
    sections: list[tuple[str, list[str]]] = field(default_factory=list)

    def tell(self, heading: str, *lines: str | None) -> None:
        """Add a section, without the lines that are None; nothing where no line is left."""
        told = [line for line in lines if line is not None]
        if told:
            self.sections.append((heading, told))

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON interface has it."""
        return {"v": 1, "kind": self.kind, "id": self.id, **self.data}

    def as_text(self) -> str:
        """Return it for people: each section under its heading."""
        return "\n\n".join("\n".join([heading, *lines]) for heading, lines in self.sections)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: what is asked, on one connection, at one moment (aware UTC)."""

    library: Library
    conn: Connection
    now: datetime

    @property
    def key(self) -> str:
        """The dossier's key."""
        return self.library.topic.key


def name_of(ask: Ask, code: str) -> str:
    """Return what a party is called; its code where it is not known any more."""
    party = ask.library.parties.get(code)
    return party.name if party else code


def _state(ask: Ask, one: Quoting) -> str:
    ledger: Any = claims if one.kind == "claim" else figures
    history: list[Recorded[Any]] = ledger.history(ask.conn, ask.key, one.id)
    newest = history[-1].revision.number
    state = history[one.row_revision - 1].value.state
    return state if one.row_revision == newest else f"{state} in revision {one.row_revision} of {newest}"


def quoting_line(ask: Ask, one: Quoting) -> str:
    """Return which row quotes an article, its state, and where."""
    return f"{one.kind}:{one.id}, {_state(ask, one)}: {sentence_id(one.article, one.revision, one.start, one.end)}"


def quoting_json(ask: Ask, one: Quoting) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "kind": one.kind, "id": one.id, "row_revision": one.row_revision,
        "sentence": sentence_id(one.article, one.revision, one.start, one.end),
    }  # fmt: skip


def shown_json(shown: Sequence[ShownAt]) -> list[dict[str, Any]]:
    """Return where something was shown, for programs."""
    return [
        {
            "place": one.place_kind, "id": one.place_id, "delivery": one.delivery_id, "at": words.iso(one.at),
            "given_up": one.void,
        }
        for one in shown
    ]  # fmt: skip


def shown_lines(shown: Sequence[ShownAt]) -> list[str]:
    """Return where something was shown, a line each."""
    lines = [
        f"- {'server' if one.place_kind == 'guild' else one.place_kind} {harmless(one.place_id)}, "
        f"{moment(one.at)}, delivery:{one.delivery_id}{', which was given up' if one.void else ''}"
        for one in shown[:LISTED]
    ]
    if len(shown) > LISTED:
        lines.append(f"- and {len(shown) - LISTED} more")
    return lines


def about(article: Article) -> dict[str, Any]:
    """Return what is known of an article, for programs."""
    return {
        "title": article.title, "publisher": article.publisher, "url": article.url,
        "published": article.published.iso, "published_is": article.published.basis,
    }  # fmt: skip


def source(article: Article) -> str:
    """Return what an article is called, with its publisher, date and link."""
    return _receipt(article.title, article.label, article.publisher, article.published, article.url)


def named(one: Listed) -> str:
    """Return the same of one that was only listed."""
    return _receipt(one.title, one.label, one.publisher, one.published, one.url)


def _receipt(title: str | None, label: str | None, publisher: str | None, published: Published, url: str | None) -> str:
    name = f'"{harmless(title)}"' if title else harmless(label) if label else "without a title"
    who = harmless(publisher) if publisher else "publisher unknown"
    return f"{name}, {who}, {words.published(published)}, {harmless(url) if url else 'no link on file'}"


def moment(at: datetime) -> str:
    """Return a moment (aware UTC) to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
