"""The renderer: an answer or a briefing, a template and a medium, to text, Discord messages, JSON or a page."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from traceback import walk_tb
from typing import Any
from urllib.parse import urlsplit

from jinja2 import (
    Environment,
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from markupsafe import Markup

from bot.answers import Answer
from bot.render import words
from bot.render.buttons import components
from bot.render.medium import Discord, Html, Medium, Text, escaped
from bot.render.split import GAP, MAX_CONTENT, close_gaps, split
from bot.resources import own_folder, template_names, template_source
from summaries.toml import Problems

JSON_VERSION = 1
"""The version of the public JSON interface; it grows when a key changes its meaning or goes."""

SUPPRESS_EMBEDS = 1 << 2
"""Message flag: no previews under links (Discord, Message Flags)."""

SUPPRESS_NOTIFICATIONS = 1 << 12
"""Message flag: post without a sound."""


class BrokenTemplate(Problems):
    """A template that can't be read or written out; the sentence says which file, which line and what is wrong."""


def _load(name: str) -> tuple[str, str, None] | None:
    # Without a function that tells whether it has changed, a template stays as it was when it was first needed.
    found = template_source(name)
    return (*found, None) if found else None


def _environment(medium: Medium) -> Environment:
    # Autoescape is on so that macros return markup; the escaping itself is the medium's, through finalize. (S701 asks
    # for HTML escaping, which would be wrong in a Discord message.)
    environment = Environment(
        loader=FunctionLoader(_load),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=lambda value: escaped(medium, value),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )

    def markup(write: Callable[[str], str]) -> Callable[[object], Markup]:
        return lambda value: Markup(write(escaped(medium, value)))  # noqa: S704

    def join(values: Iterable[object], separator: str = "") -> Markup:
        # Jinja's own join escapes for HTML, whatever the medium.
        return Markup(separator.join(escaped(medium, value) for value in values))  # noqa: S704

    environment.globals.update(
        medium=medium.name,
        gap=Markup(GAP),  # noqa: S704 (ours)
        b=markup(medium.bold),
        small=markup(medium.small),
        h=markup(medium.heading),
        code=lambda value: Markup(medium.code(str(value))),  # noqa: S704
        quote=lambda text, midway=False: Markup(medium.block_quote(text, midway)),  # noqa: S704
        link=lambda label, url: Markup(medium.link(_visible(medium, label, url), url)),  # noqa: S704
        plural=words.plural,
    )
    environment.filters.update(
        day=words.day,
        weekday=words.weekday,
        hour=words.hour,
        published=words.published,
        interval=words.interval,
        moment=lambda value: Markup(medium.moment(value)),  # noqa: S704 (ours)
        join=join,
        words=lambda parts: "".join(map(str, parts)),
    )
    return environment


def _visible(medium: Medium, label: object, url: str) -> str:
    """Return a link's label; the name of the site where nothing of the label can be seen."""
    return escaped(medium, label).strip() or medium.plain(urlsplit(url).netloc)


@lru_cache(maxsize=8)
def _cached(kind: str, width: int | None, colour: bool, own: Path | None) -> Environment:
    medium: Medium = {"discord": Discord, "html": Html}[kind]() if kind != "text" else Text(width=width, colour=colour)
    return _environment(medium)


def environment(kind: str, *, width: int | None = None, colour: bool = False) -> Environment:
    """Return what templates are written out with for a medium: "text", "discord" or "html".

    It is kept, with the templates it has loaded, for each folder of the operator's own; see :func:`forget_templates`.
    """
    return _cached(kind, width, colour, own_folder())


def forget_templates() -> None:
    """Have every template read anew when it is needed next, because its file may have changed."""
    _cached.cache_clear()


def template_problems() -> list[str]:
    """Return what is wrong in the folder of templates of the operator's own, a sentence each, without writing any out.

    Looked for are files that no template is called, and templates that can't be read. Hidden files and the backups of
    editors (``~`` at the end) are nobody's templates and left alone.
    """
    folder = own_folder()
    if folder is None:
        return []
    names = template_names()
    problems = []
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or file.name.endswith("~"):
            continue
        if file.name not in names:
            near = difflib.get_close_matches(file.name, names, n=1)
            guess = f"Did you mean {near[0]}?" if near else "The templates are those of docs/templates.md."
            problems.append(f"{file}: no template is called that, so it is not used. {guess}")
            continue
        if not file.is_file():
            problems.append(f"{file}: it is no file, so it is not used.")
            continue
        try:
            _template(environment("text"), file.name)
        except Problems as error:
            problems += error.problems
    return problems


def _template(environment: Environment, name: str) -> Template:
    try:
        return environment.get_template(name)
    except (TemplateSyntaxError, TemplateNotFound, RecursionError) as error:
        raise BrokenTemplate([_sentence(error, name)]) from error


def _sentence(error: Exception, name: str) -> str:
    """Say what is wrong with a template: its file, the line, and the reason in Jinja's or Python's words."""
    # What Jinja compiled keeps the template's file and lines in the traceback; the innermost is where it went wrong.
    places = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    place = next(((file, line) for file, line in reversed(places) if file.endswith(".j2")), None)
    if isinstance(error, TemplateSyntaxError):
        place = (error.filename or error.name or name, error.lineno)
        reason = str(error.message)
    elif isinstance(error, TemplateNotFound):
        reason = f'there is no template "{error.name}"'
    elif isinstance(error, UndefinedError):
        reason = str(error.message)
    elif isinstance(error, RecursionError):
        reason = "it uses itself, or is nested too deeply"
    else:
        reason = f"{type(error).__name__}: {error}"
    where = f"{place[0]}, line {place[1]}" if place else name
    return f"{where}: {reason.rstrip('.')}."


def _render(environment: Environment, template: str, view: Mapping[str, Any]) -> str:
    found = _template(environment, f"{template}.j2")
    try:
        text = found.render(view)
    except Problems:
        raise
    except Exception as error:
        # A template can do whatever Python can, and so fail in as many ways.
        raise BrokenTemplate([_sentence(error, f"{template}.j2")]) from error
    lines = [line.rstrip() for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    # A gap swallows the blank lines that templates leave around it.
    return re.sub(rf"\n*{GAP}\n*", f"\n{GAP}\n", text)


def _view(answer: Answer) -> dict[str, Any]:
    return {"command": answer.command, "actions": answer.actions, "ok": answer.ok, **answer.view}


def as_text(answer: Answer, *, width: int | None = None, colour: bool = False) -> str:
    """Return an answer as text; ``width`` wraps quotes and receipts, ``colour`` allows bold type."""
    return close_gaps(_render(environment("text", width=width, colour=colour), answer.template, _view(answer)))


def as_discord(answer: Answer, *, silent: bool = False, room: int = 0) -> list[dict[str, Any]]:
    """Return an answer as the bodies of Discord messages, in order: nothing in them pings or unfolds a preview.

    The buttons hang under the last one. ``silent`` posts without a sound; ``room`` characters are left free in each
    message, for a line that is added later.
    """
    text = _render(environment("discord"), answer.template, _view(answer))
    flags = SUPPRESS_EMBEDS | (SUPPRESS_NOTIFICATIONS if silent else 0)
    bodies: list[dict[str, Any]] = [
        {"content": close_gaps(part), "flags": flags, "allowed_mentions": {"parse": []}}
        for part in split(text, MAX_CONTENT - room)
    ]
    if bodies and (rows := components(answer.actions)):
        bodies[-1]["components"] = rows
    return bodies


def late_line(due_at: datetime) -> str:
    """Return the line that says on Discord since when (aware UTC) a post is late."""
    return _render(environment("discord"), "late", {"due": due_at})


def as_html(answer: Answer) -> str:
    """Return an answer as a whole HTML page, through the template made for pages."""
    return close_gaps(_render(environment("html"), f"{answer.template}.html", _view(answer))) + "\n"


def as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as the public JSON interface has it (README, "JSON")."""
    return {
        "v": JSON_VERSION,
        "command": answer.command,
        "ok": answer.ok,
        "error": {"code": answer.error.code, "message": answer.error.message} if answer.error else None,
        "text": as_text(answer),
        "answer": dict(answer.data),
        "receipts": [receipt.as_json() for receipt in answer.receipts],
    }


def dumps(value: object, *, indent: int | None = None) -> str:
    """Write JSON for people and programs alike: readable letters, lone surrogates escaped so that it is valid UTF-8."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, indent=indent, sort_keys=False)
    return text
