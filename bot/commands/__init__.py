"""All commands, and the one way in: a request is answered by the handler of its command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from bot.answers import Answer, BrokenReceipt, mistake
from bot.commands.briefing import briefing
from bot.commands.command import Command
from bot.commands.help import about, help_answer
from bot.commands.proof import proof
from bot.commands.status import status
from bot.commands.subscriptions import privacy, subscribe, subscriptions, unsubscribe
from bot.commands.who_is_in import who_is_in
from bot.library import Library
from bot.request import Request
from summaries.toml import nearest

COMMANDS: tuple[Command, ...] = (
    Command(
        "who-is-in", ("who-is-in [POSITION] [as-of DATE]",),
        "The whole table at a glance: who is in, who may be, who says no.",
        "who-is-in {stance}", who_is_in, ("whoisin", "who_is_in", "who", "whos-in", "table"),
    ),
    Command(
        "status", ("status COUNTRY [as-of DATE]",),
        "One country or organisation: its position, who said so, word for word.",
        "status {party}", status, ("stance", "position"),
    ),
    Command(
        "proof", ("proof COUNTRY [NUMBER]", "proof figures [NUMBER]"),
        "A quote inside its paragraph, its source, and the check that was made.",
        "proof {party}", proof, ("source", "sources", "receipt"),
    ),
    Command(
        "briefing", ("briefing [DATE]",),
        "A day's briefing: what changed, and the day's stories in their own sentences.",
        "briefing {day}", briefing, ("brief", "news"),
    ),
    Command(
        "subscribe", ("subscribe COUNTRY [instant, daily or weekly] [here]",),
        "Follow a country: hear once when its position changes, and once a day where it is spoken of.",
        "subscribe {party} daily", subscribe, ("follow", "sub"), writes=True,
    ),
    Command(
        "unsubscribe", ("unsubscribe COUNTRY [here]", "unsubscribe all [here]"),
        "Stop following a country, or everything.",
        "unsubscribe {party}", unsubscribe, ("unfollow", "unsub", "stop"), writes=True,
    ),
    Command(
        "subscriptions", ("subscriptions [here]",),
        "What you follow; with \"here\" what a channel follows, for those who manage the server.",
        "subscriptions", subscriptions, ("subs", "following"),
    ),
    Command(
        "privacy", ("privacy [show or delete]",),
        "What is stored about you, and how to delete it.",
        "privacy show", privacy, writes=True,
    ),
    Command(
        "help", ("help [COMMAND]",),
        "What you can ask.",
        "help status", lambda request, library: help_answer(request, library, COMMANDS), ("commands", "?"),
    ),
    Command(
        "about", ("about",),
        "How answers come about: the method, what each label means, the sources.",
        "about", about, ("method", "criteria", "labels"),
    ),
)  # fmt: skip

_BY_NAME = {name: command for command in COMMANDS for name in command.names}


def find(name: str) -> Command | None:
    """Return the command with this name or other spelling, or None."""
    return _BY_NAME.get(name.casefold())


def answer(request: Request, library: Library) -> Answer:
    """Answer a request. A quote that can't be verified any more is never shown: the answer says which row is broken."""
    request = _joined(request)
    command = find(request.name)
    if command is None:
        known = [request.prefix + c.name for c in COMMANDS]
        near = nearest(request.name, _BY_NAME, cutoff=0.7)
        hint = f" Did you mean {request.prefix}{_BY_NAME[near].name}?" if near else ""
        return mistake(
            "unknown",
            "unknown_command",
            f'I know no command "{request.name[:40]}".{hint} All commands: {", ".join(known)}.',
        )
    return guarded(command.name, library, lambda: command.handler(request, library), writes=command.writes)


def _joined(request: Request) -> Request:
    """Understand a name of several words that was typed with spaces: "who is in"."""
    words = [request.name, *request.words.split()]
    for count in (3, 2):
        name = "-".join(words[:count]).casefold().strip("?!.,")
        if len(words) >= count and name in _BY_NAME:
            return replace(request, name=name, words=" ".join(words[count:]))
    return request


def guarded(name: str, library: Library, ask: Callable[[], Answer], *, writes: bool = False) -> Answer:
    """Let ``ask`` answer from one moment of the store; a quote that doesn't hold is refused by the name of its row."""
    try:
        # What writes opens its own transactions; inside of a held one it would wait for itself.
        with nullcontext() if writes else library.one_moment():
            return ask()
    except BrokenReceipt as error:
        return mistake(
            name,
            "broken_receipt",
            f'I can\'t show this: the quote of row "{error.row}" is not in its article any more. '
            f'{error.why[0].upper()}{error.why[1:]}. Whoever keeps the table can run "rollcall table check".',
        )
