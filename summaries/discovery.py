"""Finding a site's feeds on one of its pages. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal
from urllib.parse import unquote, urljoin, urlsplit

from summaries.article import normalise_url
from summaries.feed import decode_document
from summaries.text import collapse

MAX_FOUND: Final = 10
"""How many feeds of a page are told at most; more are no help to a person who has to choose."""

_MAX_PAGE = 2_000_000
_MAX_LINKS = 20_000
_MAX_URL = 2000

Kind = Literal["rss", "atom", "json"]

_TYPES: Final[dict[str, Kind]] = {
    "application/rss+xml": "rss",
    "application/rdf+xml": "rss",
    "application/x.rss+xml": "rss",
    "text/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/feed+json": "json",
}
# These say nothing of feeds by themselves.
_PERHAPS: Final[dict[str, Kind]] = {"application/json": "json", "application/xml": "rss", "text/xml": "rss"}

# A word of the path or of a parameter, not a part of one: "/feed", "rss.xml", "?format=rss", but not "/feedback".
_LOOKS = re.compile(
    r"(?:^|[/._?&=-])(?:rss2?|rdf|atom|feeds?|xml-?feed|rss-?feed|jsonfeed)(?:[/._&=-]|\d*$)|\.(?:rss|atom|rdf)$",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|komentarz|коментар|replies", re.IGNORECASE)
# Pages about feeds, and the buttons of other readers that subscribe to them.
_NO_FEED = re.compile(r"\.(?:html?|php|aspx|png|gif|jpe?g|svg|css|js)$", re.IGNORECASE)
_READERS = re.compile(
    r"(?:^|\.)(?:feedly|inoreader|newsblur|bloglovin|netvibes|theoldreader|feedspot|facebook|twitter|x)\.com$"
)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that a page names: its address, what the page calls it, and its format as far as the page tells."""

    url: str
    title: str | None
    kind: Kind | None


def find_feeds(page: bytes, url: str, content_type: str | None = None) -> list[FoundFeed]:
    """Return the feeds that an HTML page names, the likeliest first, at most :data:`MAX_FOUND`, each once.

    ``url`` is where the page is, ``content_type`` the HTTP header. First come those that the page declares
    (``<link rel="alternate">`` with a feed's type), then links whose address looks like a feed's; of both, feeds of
    readers' comments come last. Whether an address really is a feed only reading it tells. Never raises for any bytes.
    """
    from lxml import etree, html

    text = decode_document(page[:_MAX_PAGE], content_type, [])
    if not text.strip():
        return []
    try:
        # As bytes: of a text, lxml would refuse one that declares an encoding.
        tree: Any = html.document_fromstring(
            text.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8", remove_comments=True)
        )
    except (etree.LxmlError, ValueError, AssertionError):
        return []
    base = _joined(url, next((one.get("href") for one in tree.iter("base") if one.get("href")), "")) or url
    found: dict[str, tuple[bool, bool, FoundFeed]] = {}
    for declared, feed in _candidates(tree, base):
        key = normalise_url(feed.url)
        if key is not None and key != normalise_url(url):
            late = bool(_COMMENTS.search(f"{urlsplit(feed.url).path} {urlsplit(feed.url).query} {feed.title or ''}"))
            found.setdefault(key, (late, not declared, feed))
    # The order of the page decides between equals.
    return [feed for _, _, feed in sorted(found.values(), key=lambda one: one[:2])][:MAX_FOUND]


def _candidates(tree: Any, base: str) -> Iterator[tuple[bool, FoundFeed]]:  # noqa: ANN401
    """Yield what may be feeds, and whether the page declares it to be one; the declared first."""
    for link in tree.iter("link"):
        rel = (link.get("rel") or "").lower().split()
        kind_named = (link.get("type") or "").split(";")[0].strip().lower()
        address = _joined(base, link.get("href"))
        if address is None or not {"alternate", "feed"} & set(rel) or "stylesheet" in rel:
            continue
        kind = _TYPES.get(kind_named)
        if kind is None and kind_named in _PERHAPS and _looks(address):
            kind = _PERHAPS[kind_named]
        if kind is not None or "feed" in rel:
            yield True, FoundFeed(address, _title(link.get("title")), kind)
    for number, link in enumerate(tree.iter("a")):
        if number >= _MAX_LINKS:
            break
        address = _joined(base, link.get("href"))
        if address is not None and _looks(address):
            title = _title(link.get("title")) or _title("".join(islice(link.itertext(), 20))[:500])
            kind = _TYPES.get((link.get("type") or "").lower())
            yield False, FoundFeed(address, title, kind or _kind(address))


def _joined(base: str, href: str | None) -> str | None:
    """Return a link as an absolute web address; None when it is none."""
    if not href or len(href) > _MAX_URL:
        return None
    # "feed:https://..." and "feed://..." were once how browsers handed a feed to a reader.
    href = re.sub(r"^feed:(?://)?(?=https?:)", "", href.strip(), flags=re.IGNORECASE)
    href = re.sub(r"^feed:", "https:", href, flags=re.IGNORECASE)
    try:
        address = urljoin(base, href.replace(" ", "%20"))
        named = "@" in urlsplit(address).netloc
    except ValueError:
        return None
    return None if named or normalise_url(address) is None else address.partition("#")[0]


def _looks(address: str) -> bool:
    """Tell whether an address looks like a feed's."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if _READERS.search(host) or re.search(r"https?(?::|%3a)", f"{parts.path}?{parts.query}", re.IGNORECASE):
        return False
    path = unquote(parts.path).rstrip("/")
    if host.startswith(("feeds.", "feed.", "rss.")) and len(path) > 1:
        return not _NO_FEED.search(path)
    if _LOOKS.search(parts.query) or re.fullmatch(r"(?:.*/)?(?:index|feed|rss|atom|news)\.xml", path, re.IGNORECASE):
        return True
    return bool(_LOOKS.search(path)) and not _NO_FEED.search(path)


def _kind(address: str) -> Kind | None:
    """Return the format that an address names, None for most."""
    named = re.findall(r"rss|rdf|atom|json", urlsplit(address)._replace(scheme="", netloc="").geturl().lower())
    kinds: dict[str, Kind] = {"rss": "rss", "rdf": "rss", "atom": "atom", "json": "json"}
    return kinds[named[-1]] if named else None


def _title(value: str | None) -> str | None:
    return collapse(value)[:200].strip() or None if value else None
