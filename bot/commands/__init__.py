"""All commands, and the one way in: a request is answered by the handler of its command."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from bot.answers import Answer, BrokenReceipt, mistake
from bot.commands.briefing import briefing
from bot.commands.command import Command, Option, Part
from bot.commands.feeds import feeds
from bot.commands.help import about, help_answer
from bot.commands.proof import proof
from bot.commands.status import status
from bot.commands.story import story
from bot.commands.subscriptions import privacy, subscribe, subscriptions, unsubscribe
from bot.commands.who_is_in import who_is_in
from bot.commands.why import why
from bot.library import Library
from bot.request import Request
from summaries.toml import nearest

_COUNTRY = Option("country", "A country or organisation, named as you like", "party", required=True)
_COUNTRY_OR_FIGURES = Option(
    "country", "A country or organisation; or figures, for the numbers", "party", required=True
)
_AS_OF = Option("as-of", "What was known by the end of a day, such as 2025-03-20", "day", "as-of {}")
_STORY = Option("story", "Its number in the briefing, or words of its title", "word")
_EDITION = Option("date", "The briefing's day, such as 2025-03-20; without it the newest here", "day")
_HERE = Option("here", "For this channel instead of you; only for those who manage the server", "switch", "here")

COMMANDS: tuple[Command, ...] = (
    Command(
        "who-is-in", ("who-is-in [POSITION] [as-of DATE]",),
        "The whole table at a glance: who is in, who may be, who says no.",
        "who-is-in {stance}", who_is_in, ("whoisin", "who_is_in", "who", "whos-in", "table"),
        options=(
            Option("position", "Only one position, such as open or leads it", "stance"), _AS_OF,
        ),
    ),
    Command(
        "status", ("status COUNTRY [as-of DATE]",),
        "One country or organisation: its position, who said so, word for word.",
        "status {party}", status, ("stance", "position"), options=(_COUNTRY, _AS_OF),
    ),
    Command(
        "proof", ("proof COUNTRY [NUMBER]", "proof figures [NUMBER]"),
        "A quote inside its paragraph, its source, and the check that was made.",
        "proof {party}", proof, ("source", "sources", "receipt"),
        options=(_COUNTRY_OR_FIGURES, Option("number", "Which source, from 1 on", "number")),
    ),
    Command(
        "briefing", ("briefing [DATE] [COUNTRY] [week] [short or long]",),
        "What changed in a day or a week, and its stories; of one country or all.",
        "briefing {day}", briefing, ("brief", "news", "digest"),
        options=(
            Option("date", "Which day, UTC, such as 2025-03-20; without it today", "day"),
            Option("country", "Only what is about one country or organisation", "party"),
            Option("week", "The seven days that end with it", "switch", "week"),
            Option("length", "How much it tells; without it normal", "word", choices=("short", "normal", "long")),
        ),
    ),
    Command(
        "story", ("story NUMBER [DATE]",),
        "A story of a briefing in full.",
        "story 1 {day}", story, ("stories",), options=(_STORY, _EDITION),
    ),
    Command(
        "why", ("why [NUMBER] [DATE]",),
        "Why a story was picked.",
        "why 1 {day}", why, options=(_STORY, _EDITION),
    ),
    Command(
        "subscribe", ("subscribe COUNTRY [instant, daily or weekly] [here]",),
        "Follow a country: hear once when its position changes, and once a day where it is spoken of.",
        "subscribe {party} daily", subscribe, ("follow", "sub"), writes=True, personal=True,
        options=(
            _COUNTRY,
            Option("rhythm", "How often; without it changes come at once", "word",
                   choices=("instant", "daily", "weekly")),
            _HERE,
        ),
    ),
    Command(
        "unsubscribe", ("unsubscribe COUNTRY [here]", "unsubscribe all [here]"),
        "Stop following a country, or everything.",
        "unsubscribe {party}", unsubscribe, ("unfollow", "unsub", "stop"), writes=True, personal=True,
        options=(
            Option("country", "Which one, or all", "party", required=True), _HERE,
        ),
    ),
    Command(
        "subscriptions", ("subscriptions [here]",),
        "What you follow; with \"here\" what a channel follows, for those who manage the server.",
        "subscriptions", subscriptions, ("subs", "following"), personal=True, options=(_HERE,),
    ),
    Command(
        "privacy", ("privacy [show or delete]",),
        "What is stored about you, and how to delete it.",
        "privacy show", privacy, writes=True, personal=True,
        options=(Option("what", "Show it, or delete it", "word", choices=("show", "delete")),),
    ),
    Command(
        "feeds",
        ("feeds [list]", "feeds add ADDRESS [everything]", "feeds remove NUMBER, NAME or ADDRESS", "feeds test ADDRESS",
         "feeds import", "feeds export"),
        "A server's own feeds: what they bring shows only there.",
        "feeds list", feeds, writes=True, personal=True, who="those who manage a server",
        parts=(
            Part("list", "This server's own feeds: how each goes, and what it brought"),
            Part("add", "Read a feed for this server alone", (
                Option("address", "A feed, or a page that has one, such as bbc.com/news", "word", required=True),
                Option("everything", "Show all it brings, not only what belongs to the topic", "switch", "everything"),
            )),
            Part("remove", "Read a feed no more; what it brought stays", (
                Option("feed", "Which one: its number in the list, its name or its address", "feed", required=True),
            )),
            Part("test", "Try an address: what is there, and what of it belongs to the topic", (
                Option("address", "A feed, or a page that has one, such as bbc.com/news", "word", required=True),
            )),
            Part("import", "Add the feeds of an OPML file, as other feed readers export it", (
                Option("file", "An OPML file", "file", required=True),
            )),
            Part("export", "This server's own feeds as an OPML file"),
        ),
    ),
    Command(
        "help", ("help [COMMAND]",),
        "What you can ask.",
        "help status", lambda request, library: help_answer(request, library, COMMANDS), ("commands", "?"),
        options=(Option("command", "One command, explained", "command"),),
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
    request = joined(request)
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


def joined(request: Request) -> Request:
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
