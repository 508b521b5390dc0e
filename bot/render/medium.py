"""How each medium writes plain words, quotes and receipts, and how it makes hostile text harmless.

A template writes an answer once; the medium it is rendered for supplies bold, quotes and small print. Everything that
a template prints is escaped by its medium unless the medium itself made it.
"""

from __future__ import annotations

import re
import textwrap
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from urllib.parse import quote as percent_quote

from markupsafe import Markup, escape

# Direction overrides and isolates, invisible separators, variation tricks: they can make shown text differ from what
# was written (Unicode TR 36). The zero-width joiner stays: emoji are written with it; and so do the tag characters of
# a flag such as Wales's, which begin with a black flag and are closed by a cancel tag.
_INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e007a]{2,6}\U000e007f)"
    "|[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\u180e\u00ad\U000e0000-\U000e0fff]"
)
# Controls, surrogates and noncharacters. Unassigned characters stay: what is assigned depends on Python's Unicode.
_UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def harmless(text: str) -> str:
    """Return text without what could deceive or act: one line, no control, direction or invisible characters.

    Control characters and lone surrogates become U+FFFD, so that a reader sees that something stood there.
    """
    line = re.sub(r"\s+", " ", _INVISIBLE.sub(lambda match: match[1] or "", text))
    return _UNSHOWABLE.sub("\ufffd", line)


class Medium(ABC):
    """One way of showing answers."""

    name: str

    @abstractmethod
    def plain(self, text: str) -> str:
        """Return text that came from outside, escaped for this medium."""

    @abstractmethod
    def bold(self, text: str) -> str:
        """Return already escaped text with emphasis."""

    @abstractmethod
    def block_quote(self, text: str, midway: bool) -> str:
        """Return verbatim words as a block quote; ``midway`` marks that their sentence began earlier."""

    @abstractmethod
    def small(self, text: str) -> str:
        """Return one line of small print, already escaped."""

    @abstractmethod
    def heading(self, text: str) -> str:
        """Return a heading, already escaped."""

    @abstractmethod
    def code(self, text: str) -> str:
        """Return something to type; ``text`` is raw."""

    @abstractmethod
    def link(self, label: str, url: str) -> str:
        """Return a link; ``label`` is already escaped, ``url`` is raw."""

    def moment(self, at: datetime) -> str:
        """Return a moment (aware): in UTC, where a medium can't show it in the reader's own zone."""
        return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _safe_url(url: str) -> str | None:
    """Percent-encode what could end a link early; None when it is no web address."""
    if not re.match(r"https?://", url, re.IGNORECASE):
        return None
    return percent_quote(url, safe=":/?#[]@!$&*+,;=%~._-", errors="replace")


class Text(Medium):
    """A terminal or a file: plain words, quotes behind "> ". ``width`` wraps lines, ``colour`` allows bold type."""

    name = "text"

    def __init__(self, *, width: int | None = None, colour: bool = False) -> None:
        """Set how wide lines may be (None: never wrapped) and whether the terminal understands bold."""
        self.width = width
        self.colour = colour

    def plain(self, text: str) -> str:
        return harmless(text)

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def _wrapped(self, text: str, first: str, rest: str) -> str:
        if self.width is None:
            return first + text
        return textwrap.fill(
            text, self.width, initial_indent=first, subsequent_indent=rest,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

    def block_quote(self, text: str, midway: bool) -> str:
        return self._wrapped(f"{'[…] ' if midway else ''}{harmless(text).strip()}", "> ", "> ")

    def small(self, text: str) -> str:
        return self._wrapped(text, "  ", "  ")

    def heading(self, text: str) -> str:
        return self.bold(text)

    def code(self, text: str) -> str:
        return harmless(text)

    def link(self, label: str, url: str) -> str:
        safe = _safe_url(url)
        return f"{label} {safe}" if safe else label


_MARKDOWN = re.compile(r"([\\*_~|`\[\]<>])")
_LINE_START = re.compile(r"^(\s*\d+)(\.)(?=\s)|^(\s*)(#{1,3}|[-+])(?=\s)|^(\s*)(-)(?=#)")


MIDWAY = r"\[…\] "
"""Stands in front of a quote on Discord whose sentence began earlier."""


class Discord(Medium):
    """The ``content`` of a Discord message: its Markdown, with every mention, link and mark in outside text broken."""

    name = "discord"

    def plain(self, text: str) -> str:
        line = _MARKDOWN.sub(r"\\\1", harmless(text))
        line = _LINE_START.sub(lambda m: f"{m[1] or m[3] or m[5] or ''}\\{m[2] or m[4] or m[6]}", line)
        # A backslash keeps marks literal; it does not stop a mention or an address from being recognised, so those
        # get an invisible break behind "@" and inside "://".
        return line.replace("@", "@\u2060").replace("://", ":\u2060//")

    def bold(self, text: str) -> str:
        return f"**{text}**"

    def block_quote(self, text: str, midway: bool) -> str:
        # Unescaped, the mark's bracket could open a link that words behind it close.
        return f"> {MIDWAY if midway else ''}{self.plain(text).strip()}"

    def small(self, text: str) -> str:
        return f"-# {text}"

    def heading(self, text: str) -> str:
        return f"### {text}"

    def code(self, text: str) -> str:
        # Inside of code marks nothing is read as Markdown, so nothing but the marks themselves must be kept out.
        return f"`{harmless(text).replace('`', chr(39)).replace('@', '@' + chr(0x2060))}`"

    def link(self, label: str, url: str) -> str:
        safe = _safe_url(url)
        # Brackets of a label are paired without regard to backslashes: a single one would tear the link apart.
        label = re.sub(r"\\([\[\]])", lambda mark: "(" if mark[1] == "[" else ")", label)
        if safe is None:
            return label
        for sign, code in (("(", "%28"), (")", "%29"), ("@", "%40")):
            safe = safe.replace(sign, code)
        return f"[{label}](<{safe}>)"

    def moment(self, at: datetime) -> str:
        return f"<t:{int(at.timestamp())}:f>"


class Html(Medium):
    """Fragments of an HTML page."""

    name = "html"

    def plain(self, text: str) -> str:
        return str(escape(harmless(text)))

    def bold(self, text: str) -> str:
        return f"<strong>{text}</strong>"

    def block_quote(self, text: str, midway: bool) -> str:
        mark = '<span class="cut">[…]</span> ' if midway else ""
        return f"<blockquote><p>{mark}{self.plain(text).strip()}</p></blockquote>"

    def small(self, text: str) -> str:
        return f'<p class="receipt">{text}</p>'

    def heading(self, text: str) -> str:
        return f"<h2>{text}</h2>"

    def code(self, text: str) -> str:
        return f"<code>{self.plain(text)}</code>"

    def link(self, label: str, url: str) -> str:
        safe = _safe_url(url)
        return f'<a href="{escape(safe)}" rel="noopener">{label}</a>' if safe else label


def escaped(medium: Medium, value: object) -> Markup:
    """Return a template's value as this medium's own markup: escaped, unless it is markup already."""
    if isinstance(value, Markup):
        return value
    return Markup(medium.plain(str(value)))  # noqa: S704 (escaped by the medium, which need not be HTML)
