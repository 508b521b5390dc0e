"""``status COUNTRY [as-of DATE]``: one party's position, who said so, and what differs."""

from __future__ import annotations

from typing import Any

from bot.answers import Action, Answer
from bot.commands.asking import (
    Asked,
    counted_as,
    frame,
    label,
    lower_first,
    receipts,
    refuse_broken,
    symbol,
    understand,
)
from bot.library import Library
from bot.render import words
from bot.request import Request
from bot.store.articles import Mention
from summaries.claims import Claim
from summaries.table import Position, figures_at

COMMAND = "status"

_KIND_WORDS = {
    "official": "an official source",
    "named": "a named person",
    "reporter": "the reporter's own words",
    "unnamed": "nobody is named",
}


def status(request: Request, library: Library) -> Answer:
    """Answer with a party's position and its receipts, or with one of the silences."""
    asked = understand(request, library, COMMAND)
    if isinstance(asked, Answer):
        return asked
    refuse_broken(asked.party, library)
    position = library.positions(asked.as_of).get(asked.party.code)
    mentions, spoken_of = library.mentions(asked.party.code, asked.as_of, request.guild_id)
    if position is None:
        return _no_statement(request, library, asked, mentions, spoken_of)
    return _statement(request, library, asked, position, mentions, spoken_of)


def _base(asked: Asked) -> dict[str, Any]:
    return {
        "party": asked.party,
        "read_as": asked.typed if asked.guessed else None,
    }


def _not_this(asked: Asked) -> tuple[Action, ...]:
    """Offer to name another party, where the one answered for was guessed."""
    return (Action(f"Not {asked.party.name}?", COMMAND),) if asked.guessed else ()


def _mentions_json(mentions: list[Mention]) -> list[dict[str, Any]]:
    return [
        {
            "article": m.article.id,
            "revision": m.article.revision,
            "title": m.article.title,
            "publisher": m.article.publisher,
            "url": m.article.url,
            "published": m.article.published.iso,
            "published_is": m.article.published.basis,
            "count": m.count,
        }
        for m in mentions
    ]


def _source(claim: Claim, library: Library) -> dict[str, Any]:
    return {
        "claim": claim,
        "label": label(library.topic, claim),
        "kind": _KIND_WORDS[claim.kind],
        "receipts": receipts(claim, library),
    }


def _source_json(source: dict[str, Any]) -> dict[str, Any]:
    claim: Claim = source["claim"]
    return {
        "claim": claim.id,
        "stance": claim.stance,
        "label": source["label"],
        **claim.axes,
        "contribution": claim.contribution,
        "condition": claim.condition,
        "receipts": [receipt.as_json() for receipt in source["receipts"]],
    }


def _statement(
    request: Request, library: Library, asked: Asked, position: Position, mentions: list[Mention], spoken_of: int
) -> Answer:
    topic = library.topic
    sources = [_source(claim, library) for claim in (position.claim, *position.agreeing)]
    differing = [_source(claim, library) for claim in position.differing]
    stated = label(topic, position.claim)
    view = {
        **frame(request, library, asked.as_of, asked.as_of_given),
        **_base(asked),
        "position": position,
        "symbol": symbol(topic, position.claim),
        "label": stated,
        "label_inside": lower_first(stated),
        "counted": counted_as(topic, position.claim),
        "axes": [
            {
                "label": axis.label,
                "value": axis.values[position.axes[key]].label if key in position.stated_axes else "not stated",
            }
            for key, axis in topic.axes.items()
            if position.axes[key] != axis.silent_na
        ],
        "sources": sources,
        "differing": differing,
        "newest_source": max(
            (source["receipts"][0].published for source in (*sources, *differing)),
            key=lambda published: (published.day is not None, published.day, published.basis == "stated"),
        ),
        "newest_source_age": words.age(position.newest, asked.as_of),
        "is_old": words.old(position.newest, asked.as_of, library.old_after_days),
    }
    claim = position.claim
    return Answer(
        command=COMMAND,
        template="status",
        view=view,
        data={
            "party": asked.party.code,
            "name": asked.party.name,
            "read_as": asked.typed if asked.guessed else None,
            "stance": position.stance,
            "label": stated,
            "counted": topic.stances[position.stance].bucket,
            **position.axes,
            "contribution": claim.contribution,
            "condition": claim.condition,
            "claims": [source["claim"].id for source in sources],
            "differing": [_source_json(source) for source in differing],
            "mentions": _mentions_json(mentions),
            "spoken_of": spoken_of,
            "as_of": asked.as_of.isoformat(),
            "last_change": position.last_change.isoformat(),
        },
        receipts=tuple(receipt for source in (*sources, *differing) for receipt in source["receipts"]),
        actions=(
            *_not_this(asked),
            Action("Proof", f"proof {asked.party.name}"),
            Action("Tell me of changes", f"subscribe {asked.party.name}"),
            Action("Who is in?", "who-is-in"),
        ),
    )


def _no_statement(request: Request, library: Library, asked: Asked, mentions: list[Mention], spoken_of: int) -> Answer:
    topic = library.topic
    figures = figures_at(library.figures, topic, asked.as_of)
    nameless = [row for measure, rows in figures.items() if topic.measures[measure].nameless for row in rows][:1]
    shown = [(row, receipts(row, library)) for row in nameless]
    return Answer(
        command=COMMAND,
        template="no-statement",
        view={
            **frame(request, library, asked.as_of, asked.as_of_given),
            **_base(asked),
            "mentions": mentions,
            "spoken_of": spoken_of,
            "nameless": [{"figure": row, "receipts": rows} for row, rows in shown],
        },
        data={
            "party": asked.party.code,
            "name": asked.party.name,
            "read_as": asked.typed if asked.guessed else None,
            "stance": None,
            "label": None,
            "counted": None,
            **dict.fromkeys(topic.axes),
            "contribution": None,
            "condition": None,
            "claims": [],
            "differing": [],
            "mentions": _mentions_json(mentions),
            "spoken_of": spoken_of,
            "as_of": asked.as_of.isoformat(),
            "last_change": None,
        },
        receipts=tuple(receipt for _, rows in shown for receipt in rows[:1]),
        actions=(
            *_not_this(asked),
            Action("Tell me when there is one", f"subscribe {asked.party.name}"),
            Action("Who is in?", "who-is-in"),
        ),
    )
