"""OPML: lists of feeds, as readers exchange them. http://opml.org/spec2.opml

A list comes from people, so every byte is taken for hostile: no entity is expanded, and size, depth and number are
bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from summaries.article import normalise_url
from summaries.feed import decode_document
from summaries.text import collapse

MAX_OPML: Final = 1_000_000
"""Bytes of a list that are read; one of a thousand feeds has some 200,000."""

MAX_OUTLINES: Final = 5_000
"""How many outlines are read, folders included."""

_MAX_DEPTH = 50
_MAX_URL = 2000
_MAX_TITLE = 500


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed of a list: its address, its title, the page it belongs to, and the folders it is in, outermost first."""

    url: str
    title: str | None = None
    page: str | None = None
    folders: tuple[str, ...] = ()


def read_opml(data: bytes, left_out: list[str] | None = None) -> list[Outline]:
    """Return the feeds of an OPML list in its order, each address once; outlines that are no feeds are left out.

    Titles of those that should be feeds, but whose address is no web address that is read, are added to ``left_out``
    (where there is no title, the address; never a password).

    Raises ValueError, with a sentence for people, for what is no OPML, or larger or deeper than any list is.
    """
    if len(data) > MAX_OPML:
        raise ValueError(f"The list has {len(data):,} bytes; at most {MAX_OPML:,} are read. Split it.")
    text = decode_document(data, None, []).lstrip("\ufeff \t\r\n")
    if not text:
        raise ValueError("The file is empty: there is no list of feeds in it.")
    text = re.sub(r"\A<\?xml\b[^>]{0,300}\?>", "", text)
    try:
        return _read(text, left_out)
    except expat.ExpatError:
        # The usual mistake: an ampersand of an address that was not escaped.
        repaired = re.sub(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)", "&amp;", text)
    try:
        return _read(repaired, left_out)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "bad XML")
        raise ValueError(
            f"The file is no OPML: line {error.lineno} is no well-formed XML ({reason}). Export the list again."
        ) from None


def _read(text: str, left_out: list[str] | None) -> list[Outline]:
    found: dict[str, Outline] = {}
    refused: list[str] = []
    folders: list[str | None] = []
    depth = outlines = 0
    parser = expat.ParserCreate("utf-8")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, outlines
        name = name.lower()
        if depth == 0 and name != "opml":
            raise ValueError(f"The file is no OPML: it begins with <{name[:40]}>, not with <opml>.")
        depth += 1
        if depth > _MAX_DEPTH:
            raise ValueError(f"The list is nested more than {_MAX_DEPTH} levels deep: no list of feeds is.")
        if name != "outline":
            return
        outlines += 1
        if outlines > MAX_OUTLINES:
            raise ValueError(f"The list has more than {MAX_OUTLINES:,} outlines. Split it.")
        known = {key.lower(): value for key, value in attributes.items()}
        title = collapse(known.get("title") or known.get("text") or "")[:_MAX_TITLE].strip() or None
        url = _address(known.get("xmlurl"))
        folders.append(None if "xmlurl" in known else title)
        key = normalise_url(url) if url else None
        if url and key:
            inside = tuple(folder for folder in folders if folder)
            # Lists must have a text for each; where there is no title, it is the address.
            title = None if title == url else title
            found.setdefault(key, Outline(url, title, _address(known.get("htmlurl")), inside))
        elif known.get("xmlurl", "").strip():
            refused.append(re.sub(r"[^/?#\s]+@", "", title or collapse(known["xmlurl"])[:_MAX_TITLE]))

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        if name.lower() == "outline":
            folders.pop()

    def entity(*_: object) -> None:
        raise ValueError("The list declares entities, which no list of feeds needs. It was not read.")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.EntityDeclHandler = entity
    parser.Parse(text.encode("utf-8", "replace"), True)
    if left_out is not None:
        left_out += refused
    return list(found.values())


def _address(value: str | None) -> str | None:
    """Return a web address; None for anything else, and for one that carries a user's name or password."""
    value = (value or "").strip()
    value = re.sub(r"^feed:(?://)?(?=https?:)", "", value, flags=re.IGNORECASE)
    value = re.sub(r"^feed:", "https:", value, flags=re.IGNORECASE)
    if len(value) > _MAX_URL or re.match(r"[^/]*//[^/?#]*@", value) or normalise_url(value) is None:
        return None
    return value


def write_opml(feeds: Iterable[Outline], title: str, now: datetime) -> str:
    """Return an OPML 2.0 list of feeds, which :func:`read_opml` and other readers read; ``now`` (aware) dates it.

    Feeds of one folder stand together, folders and feeds in the order of their first feed.
    """
    root = _Folder({}, [])
    for feed in feeds:
        folder = root
        for name in feed.folders[: _MAX_DEPTH - 5]:
            # As it will be written: two that differ only in what can't be are one.
            folder = folder.folders.setdefault(_UNWRITABLE.sub("\ufffd", name), _Folder({}, []))
        folder.feeds.append(feed)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{_escaped(title)}</title>"
        f"<dateCreated>{format_datetime(now.astimezone(UTC), usegmt=True)}</dateCreated></head>",
        "<body>",
        *_written(root, 1),
        "</body>",
        "</opml>",
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Folder:
    folders: dict[str, _Folder]
    feeds: list[Outline]


def _written(folder: _Folder, level: int) -> Iterator[str]:
    indent = "  " * level
    for feed in folder.feeds:
        words = _attribute(feed.title or feed.url)
        page = f" htmlUrl={_attribute(feed.page)}" if feed.page else ""
        titled = f" title={words}" if feed.title else ""
        yield f'{indent}<outline type="rss" text={words}{titled} xmlUrl={_attribute(feed.url)}{page}/>'
    for name, inner in folder.folders.items():
        yield f"{indent}<outline text={_attribute(name)}>"
        yield from _written(inner, level + 1)
        yield f"{indent}</outline>"


# What XML can't hold in any form.
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _attribute(value: str) -> str:
    return quoteattr(_UNWRITABLE.sub("\ufffd", value), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _escaped(value: str) -> str:
    return _attribute(value)[1:-1].replace("<", "&lt;")
