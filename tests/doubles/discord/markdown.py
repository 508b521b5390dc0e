"""What a reader of Discord sees as a mark in a message's text: links, mentions, quotes, headings and so on.

Written after the open Markdown library that Discord's clients descend from (simple-markdown) and docs/reference
"Message Formatting"; nothing here is the bot's. Where the clients are known to be careless it is careless too: the
brackets of a link's label, for one, are matched without regard to backslashes.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Mark(NamedTuple):
    """Something that is not plain words: its kind, what it shows, and where it leads."""

    kind: str
    text: str
    target: str = ""


_BLOCKS = (
    ("heading", re.compile(r"#{1,3}\s+")),
    ("small", re.compile(r"-#\s+")),
    ("list", re.compile(r"(?:[-*+]|\d{1,10}[.)])\s+")),
)
_INLINE = (
    ("escape", re.compile(r"\\[^0-9A-Za-z\s]")),
    ("block", re.compile(r"```(?P<text>.+?)```", re.DOTALL)),
    ("code", re.compile(r"(?P<fence>`+)(?P<text>.*?[^`])(?P=fence)(?!`)", re.DOTALL)),
    (
        "link",
        re.compile(
            r"\[(?P<text>(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]"
            r"\(\s*<?(?P<target>(?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"].*?['\"])?\s*\)",
            re.DOTALL,
        ),
    ),
    ("address", re.compile(r"<(?P<target>[^: >]+:/[^ >]+|mailto:[^ >]+)>")),
    ("address", re.compile(r"(?P<target>(?:https?|steam|ftp|discord)://[^\s<]+)", re.IGNORECASE)),
    ("person", re.compile(r"<@!?(?P<target>\d+)>")),
    ("role", re.compile(r"<@&(?P<target>\d+)>")),
    ("channel", re.compile(r"<#(?P<target>\d+)>")),
    ("command", re.compile(r"</(?P<target>[-_\w ]+:\d+)>")),
    ("moment", re.compile(r"<t:(?P<target>-?\d+(?::[tTdDfFsSR])?)>")),
    ("guide", re.compile(r"<id:(?P<target>\w+)>")),
    ("emoji", re.compile(r"<a?:(?P<target>\w+:\d+)>")),
    ("everyone", re.compile(r"@(?:everyone|here)")),
    ("spoiler", re.compile(r"\|\|")),
    ("strike", re.compile(r"~~")),
    ("bold", re.compile(r"\*\*")),
    ("italic", re.compile(r"[*_]")),
)


_SOMETHING = re.compile(r"[\\`\[<|~*_@]|(?:https?|steam|ftp|discord)://", re.IGNORECASE)
"""Where a mark may begin at all."""


def marks(content: str) -> list[Mark]:
    """Every mark of a message in order. Pairs (bold, spoiler) are one mark for each end."""
    found: list[Mark] = []
    if ">>> " in content:
        found += [Mark("quote", line) for line in content.split("\n") if line.lstrip().startswith(">>> ")]
    for block in re.finditer(r"(?<!\\)```(.+?)```", content, re.DOTALL):
        if "\n" in block[0]:
            found.append(Mark("block", block[1]))
    for line in content.split("\n"):
        found += _line(line)
    return found


def _line(line: str) -> list[Mark]:
    found = []
    rest = line
    if quoted := re.match(r" *> ", rest):
        rest = rest[quoted.end() :]
        found.append(Mark("quote", rest))
    again = True
    while again:
        again = False
        for kind, pattern in _BLOCKS:
            if begins := pattern.match(rest.lstrip(" ")):
                rest = rest.lstrip(" ")[begins.end() :]
                found.append(Mark(kind, rest))
                again = kind == "list"
                break
    return found + _words(rest)


def _words(text: str) -> list[Mark]:
    found = []
    place = 0
    while (begins := _SOMETHING.search(text, place)) is not None:
        place = begins.start()
        for kind, pattern in _INLINE:
            match = pattern.match(text, place)
            if match is None:
                continue
            groups = match.groupdict()
            if kind != "escape":
                found.append(Mark(kind, groups.get("text") or "", groups.get("target") or ""))
            if kind == "link":
                # A label is read like any other text.
                found += _words(groups["text"])
            place = match.end()
            break
        else:
            place += 1
    return found
