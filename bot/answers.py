"""What a command answers: a value that every medium renders, with the receipts of all it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from summaries.article import Article, Published
from summaries.claims import REPORTER, UNNAMED, Claim, Figure, Interval, Quote
from summaries.receipts import why_broken


class BrokenReceipt(Exception):
    """A quote that is no longer, letter for letter, in its article: it must not be shown."""

    def __init__(self, row: str, why: str) -> None:
        """Keep the id of the row and the sentence that says what is wrong."""
        super().__init__(f"row {row!r}: {why}")
        self.row = row
        self.why = why


@dataclass(frozen=True, slots=True)
class Receipt:
    """A verbatim quote with all that is known of who said it, where and when; it was checked when it was made."""

    quote: str
    article: str
    revision: int
    start: int
    end: int
    speaker: str
    office: str | None
    via: str | None
    said_on: Interval | None
    note: str | None
    title: str | None
    label: str | None
    publisher: str | None
    url: str | None
    published: Published
    starts_midway: bool

    @classmethod
    def of(cls, quote: Quote, row: Claim | Figure, article: Article | None) -> Receipt:
        """Make the receipt of a row's quote; raises :class:`BrokenReceipt` when the quote isn't in the article."""
        broken = why_broken(quote, article)
        if broken or article is None:
            raise BrokenReceipt(row.id, broken or "no such article")
        before = article.text[: quote.start].rstrip(" \t")
        return cls(
            quote=quote.text,
            article=quote.article,
            revision=quote.revision,
            start=quote.start,
            end=quote.end,
            speaker=row.speaker,
            office=row.office,
            via=row.via,
            said_on=row.said_on,
            note=row.note,
            title=article.title,
            label=article.label,
            publisher=article.publisher,
            url=article.url,
            published=article.published,
            starts_midway=quote.start > article.body_start and before[-1:] not in {"", "\n", "\r", *'.!?…"”’»'},
        )

    @property
    def by_reporter(self) -> bool:
        """The text says it in its own voice."""
        return self.speaker == REPORTER

    @property
    def by_nobody(self) -> bool:
        """The text names nobody who said it."""
        return self.speaker == UNNAMED

    def as_json(self) -> dict[str, Any]:
        """Return the receipt as the public JSON interface has it (README, "JSON")."""
        return {
            "quote": self.quote,
            "article": self.article,
            "revision": self.revision,
            "start": self.start,
            "end": self.end,
            "publisher": self.publisher,
            "url": self.url,
            "published": self.published.iso,
            "published_is": self.published.basis,
            "speaker": self.speaker,
            "office": self.office,
            "via": self.via,
            "said_on": str(self.said_on) if self.said_on else None,
        }


@dataclass(frozen=True, slots=True)
class Action:
    """Something a reader may want to do next: a button where there are buttons, a command to type elsewhere.

    ``id`` is for a button that is more than a command, on Discord only. ``style`` is Discord's number for its colour:
    2 grey, 3 green, 4 red; the words say the same without it. With ``choices`` it is a list to choose
    one of them from.
    """

    label: str
    command: str
    id: str | None = None
    style: int = 2
    choices: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A person's mistake: a stable code for programs and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with an answer, where a medium can do that."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One command's answer.

    ``template`` names the file in ``templates/`` that puts ``view`` into words; ``data`` is the same for programs.
    ``personal`` answers (settings, mistakes) are for the asker's eyes only where a medium can do that.
    """

    command: str
    template: str
    view: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    receipts: tuple[Receipt, ...] = ()
    error: Failure | None = None
    actions: tuple[Action, ...] = ()
    personal: bool = False
    file: Attached | None = None

    @property
    def ok(self) -> bool:
        """Tell whether the question was answered."""
        return self.error is None

    @property
    def exit_code(self) -> int:
        """0 answered, 1 a person's mistake (README, "Exit codes")."""
        return 0 if self.ok else 1


def mistake(
    command: str, code: str, message: str, *, data: Mapping[str, Any] | None = None, actions: tuple[Action, ...] = ()
) -> Answer:
    """Return the answer to a person's mistake: ``message`` says what was wrong and what to do."""
    return Answer(
        command=command,
        template="mistake",
        view={"message": message},
        data=data or {},
        error=Failure(code, message),
        actions=actions,
        personal=True,
    )


def sentence_id(article: str, revision: int, start: int, end: int) -> str:
    """Return the id of a sentence, or any passage: ``ARTICLE@REVISION:START-END``, in code points of its text."""
    return f"{article}@{revision}:{start}-{end}"
