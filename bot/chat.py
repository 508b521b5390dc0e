"""A chat in the terminal: the same commands as on Discord, one line each."""

from __future__ import annotations

import sys

import click

from bot.app import App
from bot.commands import COMMANDS, answer
from bot.commands.asking import example_party
from bot.render import render
from bot.render.terminal import terminal_style
from bot.request import LOCAL_READER, parse

_LEAVE = {"exit", "quit", "bye", "q"}


def run(app: App) -> None:
    """Answer line after line until the end of the input or "exit"; asks with a prompt only on a terminal."""
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    prefix = app.settings.answers.prefix
    if interactive:
        _complete_names(app)
        shelf = app.library.shelf(app.clock().date())
        click.echo(f"Rollcall: {app.dossier.topic.name}. {shelf.count} articles on file.")
        click.echo(
            f"Type {prefix}who-is-in, {prefix}status {example_party(app.library)} or {prefix}help. "
            "To leave: exit, or Ctrl-D.\n"
        )
    while (line := _read(interactive)) is not None:
        request = parse(line, reader=LOCAL_READER, now=app.clock(), prefix=prefix)
        if request is None:
            continue
        if request.name in _LEAVE and not request.words:
            return
        found = answer(request, app.library)
        click.echo(render.as_text(found, **terminal_style()))
        click.echo("")


def _read(interactive: bool) -> str | None:
    """Return the next line, or None at the end of the input."""
    if interactive:
        try:
            return input("> ")
        except (EOFError, KeyboardInterrupt):
            click.echo("")
            return None
    raw = sys.stdin.buffer.readline()
    return raw.decode("utf-8", "replace") if raw else None


def _complete_names(app: App) -> None:
    """Let the tab key complete commands and parties' names, where the terminal library is there."""
    try:
        import readline
    except ImportError:
        return
    prefix = app.settings.answers.prefix

    def complete(text: str, state: int) -> str | None:
        line = readline.get_line_buffer()
        if " " not in line.lstrip():
            options = [f"{prefix}{c.name} " for c in COMMANDS if f"{prefix}{c.name}".startswith(text)]
        else:
            typed = line.lstrip().split(" ", 1)[1]
            kept = len(typed) - len(text)
            names = [party.name for party in app.dossier.parties.complete(typed)]
            options = [name[kept:] for name in names if name.casefold().startswith(typed.casefold())]
        return options[state] if state < len(options) else None

    readline.set_completer_delims(" ")
    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")
