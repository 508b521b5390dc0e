"""What other programs show, as HTML: a Discord message and a terminal's text. Everything is escaped here."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from markupsafe import Markup, escape

from bot.render.words import day, hour

# The part of Discord's Markdown that Discord's medium writes (bot/render/medium.py), and no more: whatever else stands
# in a message is shown as it is.
_INLINE = re.compile(
    r"\\(?P<literal>[^0-9A-Za-z\s])"
    r"|`(?P<code>[^`]+)`"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\(<(?P<url>https?://[^>\s]+)>\)"
    r"|<t:(?P<moment>\d{1,11}):f>"
    r"|<(?P<sign>[@#])(?P<id>\d+)>",
    re.IGNORECASE,
)
_LINES = (("### ", "h3"), ("## ", "h3"), ("# ", "h3"), ("-# ", "small"), ("- ", "item"), ("> ", "quote"))


def of_message(content: str) -> Markup:
    """Return the content of a Discord message as HTML that looks much as Discord shows it.

    Moments stand there in UTC, people and channels by their ids: only Discord knows the reader's zone and their names.
    """
    shown = []
    for line in content.split("\n"):
        kind, rest = next(((kind, line[len(mark) :]) for mark, kind in _LINES if line.startswith(mark)), ("line", line))
        shown.append(Markup('<div class="{}">{}</div>').format(kind, _inline(rest)))
    return Markup("").join(shown)


def _inline(text: str) -> Markup:
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[end : found.start()]), _mark(found)]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _mark(found: re.Match[str]) -> Markup:
    if found["literal"]:
        return escape(found["literal"])
    if found["code"]:
        return Markup("<code>{}</code>").format(found["code"])
    if found["bold"]:
        return Markup("<strong>{}</strong>").format(_inline(found["bold"]))
    if found["url"]:
        return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(
            found["url"], _inline(found["label"])
        )
    if found["moment"]:
        at = datetime.fromtimestamp(int(found["moment"]), UTC)
        return Markup('<span class="mention">{} {} UTC</span>').format(day(at), hour(at))
    return Markup('<span class="mention">{}{}</span>').format(found["sign"], found["id"])


def of_terminal(text: str) -> Markup:
    """Return text with a terminal's marks for bold type as HTML."""
    return escape(text).replace("\x1b[1m", Markup("<strong>")).replace("\x1b[0m", Markup("</strong>"))
