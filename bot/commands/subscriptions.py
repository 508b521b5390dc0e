"""``subscribe COUNTRY [instant, daily, weekly]``, ``unsubscribe COUNTRY`` or ``all``, and ``subscriptions``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Literal

from bot.answers import Action, Answer, mistake
from bot.commands.asking import counted_as, example_party, frame, label, understand
from bot.library import Library
from bot.render.render import as_discord
from bot.request import Request
from bot.store import deliveries, events, guilds
from bot.store import subscriptions as rows
from bot.store.engine import Connection

Cadence = Literal["instant", "daily", "weekly"]

_CADENCE_WORDS: dict[str, Cadence] = {
    "instant": "instant", "instantly": "instant", "now": "instant", "at once": "instant", "immediately": "instant",
    "daily": "daily", "day": "daily", "every day": "daily",
    "weekly": "weekly", "week": "weekly", "every week": "weekly",
}  # fmt: skip


def subscribe(request: Request, library: Library) -> Answer:
    """Follow a party: changes of its position at once unless another rhythm is asked for."""
    spoken = _speaker(request, "subscribe")
    if isinstance(spoken, Answer):
        return spoken
    request = spoken
    words, cadence = _split_cadence(request.words)
    if (wrong := _wrong_cadence(words, library)) is not None:
        return mistake(
            "subscribe",
            "unknown_cadence",
            f'"{wrong[:40]}" is no rhythm I know. Say instant, daily or weekly.',
        )
    asked = understand(replace(request, words=words), library, "subscribe")
    if isinstance(asked, Answer):
        return asked
    party = asked.party
    reader = request.reader
    if reader.kind == "channel" and request.server is not None and request.server.missing is not None:
        return mistake("subscribe", "channel_closed", f"I can't post here yet. {request.server.missing}")
    with library.store.writing() as connection:
        before = next((s for s in _mine(connection, request, library) if s.party == party.code), None)
        chosen: Cadence = cadence or (before.cadence if before else "instant")
        # Whoever was not reached lately is greeted anew: that wakes all that was paused for it.
        reached = request.direct is not None or any(
            s.dm_channel_id and not s.failures for s in _mine(connection, request, library)
        )
        rows.add(
            connection,
            library.topic.key,
            reader.kind,
            reader.id,
            party.code,
            chosen,
            guild_id=request.server.id if request.server else None,
            dm_channel_id=request.direct,
            now=request.now,
        )
        # A first message proves that messages arrive; an answer given in the direct channel is that proof itself.
        confirms = reader.kind == "user" and not reached
        if confirms:
            _welcome(connection, request, library, party.name, chosen)
    return Answer(
        command="subscribe",
        template="subscribe",
        view={
            **frame(request, library, asked.as_of, False),
            "party": party,
            "read_as": asked.typed if asked.guessed else None,
            "cadence": chosen,
            "before": before.cadence if before else None,
            "reader": reader.kind,
            "here": _here(request),
            "confirms": confirms,
        },
        data={"party": party.code, "cadence": chosen, "new": before is None},
        actions=(
            Action("Stop", f"unsubscribe {party.name}{_here(request)}"),
            Action("All I follow", f"subscriptions{_here(request)}"),
        ),
        personal=True,
    )


_HERE = re.compile(r"(?:^|\s)(?:here|in this channel)[.!]?$", re.IGNORECASE)


def _speaker(request: Request, command: str) -> Request | Answer:
    """Let the channel be the one who asks, where the words end in "here" and whoever asks may speak for it."""
    match = _HERE.search(request.words)
    if match is None:
        return request
    words = request.words[: match.start()].strip()
    if request.server is None and request.reader.kind == "user" and request.direct is None:
        return mistake(command, "not_here", "I am no member of this server, so nothing can be sent to a channel of it.")
    if request.server is None:
        # In a terminal or a direct message "here" is where one is anyway.
        return replace(request, words=words)
    if not request.server.manages:
        return mistake(
            command,
            "not_allowed",
            'Only people with the permission "Manage Server" can choose what a channel follows. '
            'Leave "here" out to follow it yourself.',
        )
    return replace(request, words=words, reader=request.server.channel)


def _here(request: Request) -> str:
    """Return what must stand behind a command for it to be the channel's again."""
    return " here" if request.reader.kind == "channel" else ""


def _hello_key(library: Library, request: Request) -> str:
    """Return how the keys of a reader's first messages begin; the moment follows."""
    return f"hello:{library.topic.key}:{request.reader.id}:"


def _welcome(connection: Connection, request: Request, library: Library, name: str, cadence: Cadence) -> None:
    guild = guilds.get(connection, request.server.id) if request.server else None
    answer = Answer(
        command="subscribe",
        template="welcome",
        view={"name": name, "server": guild.name if guild else None, "cadence": cadence},
        actions=(
            Action(f"Stop {name}", f"unsubscribe {name}"),
            *([Action("Once a day instead", f"subscribe {name} daily")] if cadence == "instant" else []),
            Action("All I follow", "subscriptions"),
        ),
    )
    deliveries.owe(
        connection,
        _hello_key(library, request) + request.now.isoformat(),
        deliveries.Place("user", request.reader.id, request.server.id if request.server else None),
        as_discord(answer),
        due_at=request.now,
        now=request.now,
    )


def _split_cadence(words: str) -> tuple[str, Cadence | None]:
    """Take a rhythm off the end of the words; a country's name never ends in one."""
    pattern = "|".join(sorted(_CADENCE_WORDS, key=len, reverse=True))
    match = re.search(rf"(?:^|\s)({pattern})[.!]?$", words, re.IGNORECASE)
    if match is None:
        return words, None
    return words[: match.start()].strip(), _CADENCE_WORDS[match[1].casefold()]


def _wrong_cadence(words: str, library: Library) -> str | None:
    """Return the last word when what stands before it is a party and the whole is none: it was meant as a rhythm."""
    name, _, last = words.rpartition(" ")
    if not name or library.parties.resolve(words).party is not None:
        return None
    found = library.parties.resolve(name)
    return last if found.party is not None and not found.guessed else None


def _mine(connection: Connection, request: Request, library: Library) -> list[rows.Subscription]:
    return rows.listed(connection, library.topic.key, request.reader.kind, request.reader.id)


def unsubscribe(request: Request, library: Library) -> Answer:
    """Stop following a party, or everything."""
    spoken = _speaker(request, "unsubscribe")
    if isinstance(spoken, Answer):
        return spoken
    request = spoken
    everything = request.words.casefold().strip(" .!") in {"all", "everything"}
    party, read_as = None, None
    if not everything and not request.words:
        return _which_to_stop(request, library)
    if not everything:
        asked = understand(request, library, "unsubscribe")
        if isinstance(asked, Answer):
            return asked
        party, read_as = asked.party, asked.typed if asked.guessed else None
    with library.store.writing() as connection:
        followed = _mine(connection, request, library)
        gone = [s for s in followed if everything or (party is not None and s.party == party.code)]
        for subscription in gone:
            rows.remove(connection, library.topic.key, request.reader.kind, request.reader.id, subscription.party)
        if gone:
            events.withdraw(
                connection,
                library.topic.key,
                request.reader.kind,
                request.reader.id,
                welcome=_hello_key(library, request),
                now=request.now,
            )
    names = sorted(_name(s.party, library) for s in gone)
    left = sorted(_name(s.party, library) for s in followed if s not in gone)
    return Answer(
        command="unsubscribe",
        template="unsubscribe",
        view={
            **frame(request, library, request.now.date(), False),
            "party": party,
            "read_as": read_as,
            "names": names,
            "reader": request.reader.kind,
            "asked": party.name if party else None,
            "left": left,
        },
        data={"removed": sorted(s.party for s in gone), "left": sorted(s.party for s in followed if s not in gone)},
        actions=tuple(Action(f"Follow {name} again", f"subscribe {name}{_here(request)}") for name in names[:1]),
        personal=True,
    )


def _name(code: str, library: Library) -> str:
    party = library.parties.get(code)
    return party.name if party else code


def _which_to_stop(request: Request, library: Library) -> Answer:
    """Ask what to stop, with what is followed."""
    with library.reading() as connection:
        names = sorted(_name(s.party, library) for s in _mine(connection, request, library))
    here = _here(request)
    if not names:
        return mistake("unsubscribe", "missing_party", "Nothing is followed, so there is nothing to stop.")
    return mistake(
        "unsubscribe",
        "missing_party",
        f"What shall I stop? Followed: {', '.join(names[:20])}{' and more' if len(names) > 20 else ''}. "
        f"One: {request.prefix}unsubscribe {names[0]}{here}. Everything: {request.prefix}unsubscribe all{here}.",
        actions=(
            *(Action(f"Stop {name}", f"unsubscribe {name}{here}") for name in names[:4]),
            Action("Stop everything", f"unsubscribe all{here}", style=4),
        ),
    )


def subscriptions(request: Request, library: Library) -> Answer:
    """List what the reader follows, with each party's position and when it last changed."""
    spoken = _speaker(request, "subscriptions")
    if isinstance(spoken, Answer):
        return spoken
    request = spoken
    today = request.now.date()
    table = library.positions(today)
    with library.reading() as connection:
        followed = _mine(connection, request, library)
        asked_in = {s.guild_id: guilds.get(connection, s.guild_id) for s in followed if s.guild_id is not None}
    left = {identifier: guild for identifier, guild in asked_in.items() if guild is not None and guild.left_at}
    listed: list[dict[str, Any]] = []
    for subscription in sorted(followed, key=lambda s: _name(s.party, library)):
        position = table.get(subscription.party)
        listed.append(
            {
                "name": _name(subscription.party, library),
                "party": subscription.party,
                "cadence": subscription.cadence,
                "since": subscription.created_at.date(),
                "label": label(library.topic, position.claim) if position else None,
                "counted": counted_as(library.topic, position.claim) if position else None,
                "last_change": position.last_change if position else None,
                "paused": subscription.state == "paused",
                "removed_from": left[subscription.guild_id].name or "a server"
                if subscription.guild_id in left
                else None,
            }
        )
    return Answer(
        command="subscriptions",
        template="subscriptions",
        view={
            **frame(request, library, today, False),
            "listed": listed,
            "reader": request.reader.kind,
            "example": example_party(library),
        },
        data={
            "subscriptions": [
                {
                    "party": row["party"],
                    "cadence": row["cadence"],
                    "since": row["since"].isoformat(),
                    "last_change": row["last_change"].isoformat() if row["last_change"] else None,
                }
                for row in listed
            ]
        },
        actions=tuple(
            Action(f"Stop {row['name']}", f"unsubscribe {row['name']}{_here(request)}") for row in listed[:4]
        ),
        personal=True,
    )


def privacy(request: Request, library: Library) -> Answer:
    """Show what is stored about the reader (``show``), ask whether to delete it (``ask``), or do (``delete``)."""
    word = request.words.casefold().strip(" .!") or "show"
    reader = request.reader
    if word in {"delete", "delete my data", "forget me", "forget-me", "delete-my-data"}:
        with library.store.writing() as connection:
            followed = sorted(_name(s.party, library) for s in _mine(connection, request, library))
            deleted = rows.delete_person(connection, reader.kind, reader.id)
        deleted = {kind: count for kind, count in deleted.items() if count}
        return Answer(
            command="privacy",
            template="privacy-deleted",
            view={"prefix": request.prefix, "deleted": deleted, "followed": followed},
            data={"deleted": deleted},
            personal=True,
        )
    if word == "ask":
        return Answer(
            command="privacy",
            template="privacy-ask",
            view={"prefix": request.prefix},
            data={"deleted": {}},
            actions=(
                Action("Yes, delete it all", "privacy delete", style=4),
                Action("Keep it", "subscriptions"),
            ),
            personal=True,
        )
    if word != "show":
        return mistake(
            "privacy",
            "unknown_word",
            f'"{word[:40]}" is no part of this command. '
            f"Use {request.prefix}privacy show or {request.prefix}privacy delete.",
        )
    with library.reading() as connection:
        person = rows.show_person(connection, reader.kind, reader.id)
    kept: list[dict[str, Any]] = [
        {"name": _name(s.party, library), "party": s.party, "cadence": s.cadence, "since": s.created_at.date()}
        for s in person.subscriptions
    ]
    return Answer(
        command="privacy",
        template="privacy",
        view={
            "prefix": request.prefix,
            "kept": {kind: count for kind, count in person.counts.items() if count},
            "followed": kept,
            "reader": reader.kind,
        },
        data={
            "kept": dict(person.counts),
            "subscriptions": [{**row, "since": row["since"].isoformat()} for row in kept],
        },
        actions=(Action("Delete it all", "privacy ask"), Action("What I follow", "subscriptions")),
        personal=True,
    )
