"""``help [COMMAND]`` and ``about``: what can be asked, and how answers come about."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import Action, Answer, mistake
from bot.commands.asking import COUNTED_WORDS, example_party, examples, frame
from bot.commands.command import Command
from bot.library import Library
from bot.request import Request
from summaries.toml import did_you_mean

MANAGED = {
    "setup": "Sets the briefing up, or changes it: a channel, an hour, a time zone, how often, how long.",
    "briefings": "The briefing: show, preview, pause, resume, retract, off.",
    "settings": "A server's settings, and who changed them.",
}
"""The commands for those who manage a server; they are no commands of the terminal (bot/commands/servers.py)."""


def help_answer(request: Request, library: Library, commands: Sequence[Command]) -> Answer:
    """List the commands, or explain one: a sentence, an example, who may use it."""
    wanted = request.words.strip().removeprefix(request.prefix).casefold()
    if wanted.removeprefix("/") in MANAGED:
        name = wanted.removeprefix("/")
        return Answer("help", "help-managed", {"name": name, "about": MANAGED[name]}, {"commands": []})
    shown = [command for command in commands if not wanted or wanted in command.names]
    if not shown:
        known = [command.name for command in commands]
        return mistake(
            "help",
            "unknown_command",
            f'There is no command "{wanted[:40]}".{did_you_mean(wanted, known)} '
            f"All commands: {', '.join(request.prefix + name for name in known)}.",
        )
    chosen = examples(library)
    return Answer(
        command="help",
        template="help",
        view={
            **frame(request, library, request.now.date(), False),
            "commands": shown,
            "one": shown[0] if wanted else None,
            "chosen": chosen,
            "on_discord": request.reader.kind != "terminal",
        },
        data={
            "commands": [
                {
                    "name": c.name,
                    "usage": ", ".join(c.usage),
                    "summary": c.summary,
                    "example": c.example.format(**chosen),
                    "who": c.who,
                }
                for c in shown
            ]
        },
        actions=(Action("Who is in?", "who-is-in"), Action("How it works", "about")),
    )


def about(request: Request, library: Library) -> Answer:
    """Say what this is: the method, each label's written criterion, and the sources."""
    topic = library.topic
    today = request.now.date()
    return Answer(
        command="about",
        template="about",
        view={
            **frame(request, library, today, False),
            "buckets": COUNTED_WORDS,
            "held": library.listed(today, 5, request.guild_id),
            "feeds_read": bool(library.feeds(request.guild_id)),
            "example": example_party(library),
            "feeds": topic.feeds,
        },
        data={
            "topic": topic.key,
            "name": topic.name,
            "stances": [
                {"stance": s.key, "label": s.label, "criterion": s.criterion, "counted": s.bucket}
                for s in topic.stances.values()
            ],
            "axes": [
                {"axis": a.key, "label": a.label, "values": {k: v.criterion for k, v in a.values.items()}}
                for a in topic.axes.values()
            ],
            "feeds": [
                {"name": f.name, "url": f.url, "kind": f.kind, "language": f.language, "note": f.note}
                for f in topic.feeds
            ],
            "articles": library.shelf(today, request.guild_id).count,
        },
        actions=(Action("Who is in?", "who-is-in"), Action("All commands", "help")),
    )
