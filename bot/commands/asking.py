"""What all commands about a party share: which party is meant, as of when, how old the sources are, and receipts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.answers import Action, Answer, BrokenReceipt, Receipt, mistake
from bot.library import Library
from bot.render import words
from bot.request import BadDate, Request, split_as_of
from summaries.claims import Claim, Figure
from summaries.parties import Party
from summaries.topic import Stance, Topic


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as understood: a party, whether its name was guessed, and a UTC day."""

    party: Party
    typed: str
    guessed: bool
    as_of: date
    as_of_given: bool


def understand(request: Request, library: Library, command: str) -> Asked | Answer:
    """Read "PARTY [as-of DATE]"; an answer that says what was not understood when it can't be read."""
    try:
        typed, as_of, given = split_as_of(request)
    except BadDate as error:
        return mistake(command, "bad_date", str(error))
    if not typed:
        return mistake(
            command,
            "missing_party",
            f"Which country or organisation? For example: {request.prefix}{command} {example_party(library)}",
        )
    found = library.parties.resolve(typed)
    if found.party is not None:
        return Asked(found.party, typed, found.guessed, as_of, given)
    # "Germany please", "the US government", "UK/France": the name may stand among other words.
    within = _spoken_of(typed, library) if len(typed.split()) > 1 or "/" in typed else ()
    if len(within) == 1:
        return Asked(within[0], typed, True, as_of, given)
    near = bool(within) or found.near
    return unknown_party(request, library, command, typed, within or found.suggestions, as_of, near=near)


def _spoken_of(typed: str, library: Library) -> tuple[Party, ...]:
    """Return the parties that a phrase speaks of, at most five, in order; also where it was typed in lower case."""
    for phrase in (typed, typed.title()):
        codes = dict.fromkeys(mention.party for mention in library.parties.find(phrase))
        if codes:
            return tuple(library.parties[code] for code in codes)[:5]
    return ()


def unknown_party(
    request: Request,
    library: Library,
    command: str,
    typed: str,
    suggestions: tuple[Party, ...],
    as_of: date,
    *,
    near: bool = True,
) -> Answer:
    """Ask which party was meant, with the nearest names; the parties on the table when no name is near."""
    if not suggestions:
        near, suggestions = False, tuple(library.parties[code] for code in sorted(library.positions(as_of)))[:5]
    shown = typed if len(typed) <= 60 else typed[:59] + "…"
    message = (
        f'Which one did you mean by "{shown}"?' if near else f'I know no country, organisation or leader "{shown}".'
    )
    answer = mistake(
        command,
        "unknown_party",
        message,
        data={"suggestions": [{"party": party.code, "name": party.name} for party in suggestions]},
        actions=tuple(Action(party.name, f"{command} {party.name}") for party in suggestions),
    )
    return Answer(
        command=command,
        template="which",
        view={"message": message, "near": near, "suggestions": suggestions, "prefix": request.prefix},
        data=answer.data,
        error=answer.error,
        actions=answer.actions,
        personal=True,
    )


def frame(request: Request, library: Library, as_of: date, given: bool) -> dict[str, Any]:
    """Return what every answer's frame says: how many articles stand behind it and how old its newest source is.

    The newest source is the newest one of the table: an article about something else makes no position fresher.
    """
    shelf = library.shelf(as_of, request.guild_id)
    newest_source = max((p.newest for p in library.positions(as_of).values()), default=shelf.newest)
    return {
        "topic": library.topic,
        "articles": shelf.count,
        "newest": shelf.newest,
        "newest_source": newest_source,
        "newest_source_age": words.age(newest_source, as_of) if newest_source else None,
        "is_old": words.old(newest_source, as_of, library.old_after_days),
        "left_out": [broken.row.id for broken in library.broken],
        "as_of": as_of,
        "as_of_given": given,
        "prefix": request.prefix,
    }


def refuse_broken(party: Party, library: Library) -> None:
    """Raise :class:`~bot.answers.BrokenReceipt` when a row of this party is left out: silence would look like none."""
    for broken in library.broken:
        if isinstance(broken.row, Claim) and broken.row.party == party.code:
            raise BrokenReceipt(broken.row.id, broken.why)


def examples(library: Library) -> dict[str, str]:
    """Return what stands for {party}, {stance} and {day} in the commands' examples, from this dossier."""
    newest = library.shelf(date.max - timedelta(days=1)).newest
    held = Counter(position.stance for position in library.positions(date.max).values())
    return {
        "party": example_party(library),
        "stance": held.most_common(1)[0][0] if held else next(iter(library.topic.stances)),
        "day": newest.isoformat() if newest else "yesterday",
    }


def example_party(library: Library) -> str:
    """Return the name of a party that examples may use: the first one of the table, or any when it is empty."""
    codes = sorted(library.positions(date.max))
    return library.parties[codes[0]].name if codes else next(iter(library.parties)).name


def receipts(row: Claim | Figure, library: Library) -> tuple[Receipt, ...]:
    """Return the checked receipts of a row; raises :class:`~bot.answers.BrokenReceipt`."""
    return tuple(Receipt.of(quote, row, library.source(quote)) for quote in row.quotes)


def label(topic: Topic, claim: Claim) -> str:
    """Return the words a reader sees for a claim's stance: its role's, where its contribution is a declared role."""
    stance = topic.stances[claim.stance]
    role = stance.roles.get(claim.contribution or "")
    if role:
        return role.label
    if claim.condition and stance.conditional_label:
        return f"{stance.conditional_label} {claim.condition}"
    return stance.label


def symbol(topic: Topic, claim: Claim) -> str:
    """Return the sign that stands beside the label."""
    stance = topic.stances[claim.stance]
    role = stance.roles.get(claim.contribution or "")
    return (role.symbol if role else None) or stance.symbol


BUCKET_WORDS = {"in": "In", "maybe": "Maybe", "no": "Says no", "outside": "Outside"}
"""How the four ways of counting are called above their parties."""

COUNTED_WORDS = BUCKET_WORDS | {"no": "No"}
"""How one party is said to be counted."""


def counted_as(topic: Topic, claim: Claim) -> str:
    """Return how a claim is counted, in a word: a role's own word before the bucket's."""
    stance = topic.stances[claim.stance]
    role = stance.roles.get(claim.contribution or "")
    if role and role.counted:
        return role.counted.capitalize()
    return COUNTED_WORDS[stance.bucket]


def lower_first(text: str) -> str:
    """Return a label as it stands in mid-sentence."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] in {"'", " "} else text


def match_stance(typed: str, topic: Topic) -> list[Stance] | None:
    """Return the stances a reader names by key, label, letter or bucket ("open", "in", "says no"); None for none."""
    wanted = " ".join(typed.casefold().replace("-", " ").replace("_", " ").strip(" ?!.").split())
    for bucket, word in BUCKET_WORDS.items():
        if wanted in {bucket, word.casefold()} and wanted not in topic.stances:
            return [stance for stance in topic.stances.values() if stance.bucket == bucket]
    for stance in topic.stances.values():
        names = {stance.key, stance.label.casefold(), stance.letter.casefold()}
        names |= {
            name.casefold() for role in stance.roles.values() for name in (role.label, role.counted or role.label)
        }
        if wanted in names:
            return [stance]
    return None
