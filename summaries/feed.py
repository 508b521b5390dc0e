"""Reading a feed: RSS, Atom or JSON Feed, well-formed or not, in any encoding, into drafts of articles.

Every byte is taken for hostile: nothing is fetched or executed, work and memory are bounded, and what can be read of a
broken feed is read, with a warning.
"""

from __future__ import annotations

import calendar
import codecs
import hashlib
import io
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urljoin, urlsplit
from xml.parsers import expat

from summaries.article import Draft, Published, has_zone, normalise_url, parse_date
from summaries.text import READ, collapse

MAX_ENTRIES: Final = 500
"""How many entries of a feed are read: the newest, where there are more."""

MAX_ELEMENTS: Final = 100_000
"""How many XML elements of a feed are read: reading costs some 30 microseconds for each."""

MAX_ILL_FORMED: Final = 1_000_000
"""Bytes that are read of a feed that is no well-formed XML: the reader that forgives is slow, and needs much memory."""

_MAX_DEPTH: Final = 200
_MAX_ATTRIBUTES: Final = 200
_MAX_TITLE: Final = 500
_MAX_URL: Final = 2000
# PostgreSQL refuses index entries of more than 2,704 bytes.
_MAX_IDENTITY: Final = 1000


class NotAFeed(ValueError):
    """What was read is no feed; the message is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed as an article: its guid if it has one, what identifies it, and what it says.

    ``identities`` are all the names by which it may be known again, the strongest first, never none: the feed's guid
    ("guid:FEED:GUID", means something within its feed), the address of its page ("url:ADDRESS", the same in every feed)
    and, only where it has neither, its day and title ("title:FEED:DAY:TITLE"). No two entries of one read share any.
    ``is_teaser``: it has a page of its own, and so little text that the page is worth fetching (see
    :func:`looks_like_teaser`).
    """

    guid: str | None
    identities: tuple[str, ...]
    draft: Draft
    is_teaser: bool = False

    @property
    def identity(self) -> str:
        """The strongest of its identities."""
        return self.identities[0]


@dataclass(frozen=True, slots=True)
class FeedRead:
    """What a feed holds. ``warnings`` are about the feed; those about one entry are in its draft.

    ``left_out`` entries were found and are not among ``entries``; a warning gives each the reason. ``refresh`` is how
    long the feed itself asks to wait between two polls, None when it doesn't say.
    """

    title: str | None
    language: str | None
    entries: tuple[Entry, ...]
    warnings: tuple[str, ...]
    left_out: int = 0
    refresh: timedelta | None = None


_Date = tuple[str, time.struct_time | None]
"""A date as it is written, and as feedparser read it (UTC)."""


@dataclass(frozen=True, slots=True)
class _Dates:
    """When an entry says it was published and last changed."""

    published: _Date | None = None
    updated: _Date | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """One entry as it was found, texts already plain."""

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    bodies: tuple[str, ...] = ()
    in_full: bool = False
    """Whether it has an element for its whole text, besides a summary."""
    author: str | None = None
    language: str | None = None
    dates: _Dates = _Dates()


@dataclass(frozen=True, slots=True)
class _Feed:
    title: str | None
    language: str | None
    entries: list[_Found]
    home: str | None = None
    left_out: int = 0
    refresh: timedelta | None = None


def read_feed(
    body: bytes,
    *,
    url: str,
    content_type: str | None,
    now: datetime,
    base: str | None = None,
    name: str | None = None,
    language: str | None = None,
) -> FeedRead:
    """Read a feed's bytes.

    ``url`` is the address by which the feed is known: it keeps the guids of different feeds apart. ``base`` is where
    the bytes came from in the end, for relative links (``url`` unless given); ``content_type`` is the HTTP header.
    ``name`` and ``language`` (two letters) are what the dossier says of the feed; without them the feed's own words
    count. ``now`` (aware) marks dates more than a day ahead as impossible. Of a draft's text the first paragraph is the
    title.

    Raises :class:`NotAFeed` when nothing of it can be read as a feed.
    """
    warnings: list[str] = []
    text = decode_document(body, content_type, warnings)
    start = text[:1000].lstrip("\ufeff \t\r\n")
    if not start and not text.strip("\ufeff \t\r\n"):
        raise NotAFeed("The answer is empty: there is no feed in it.")
    if re.match(r"(?:<!doctype html|<html)\b", start, re.IGNORECASE):
        raise NotAFeed("It is a web page (HTML), not a feed. Look for the address of the site's feed.")
    json_feed = start.startswith("{")
    found = _json_feed(text, warnings) if json_feed else _xml_feed(text, base or url, warnings)
    declared = language_code(language) or language_code(found.language)
    publisher = name or found.title
    entries: list[Entry] = []
    taken: set[str] = set()
    silent = nameless = twice = 0
    pages = [_web_address(one.link, base or url) for one in found.entries]
    names = _names(found, pages, url=url, base=base or url)
    for one, link, identities in zip(found.entries, pages, names, strict=True):
        notes: list[str] = []
        text = _text(one.title, _body(one), notes)
        if not text:
            silent += 1
        elif not identities:
            nameless += 1
        elif not taken.isdisjoint(identities):
            # Only the first counts: else the two would replace each other at every poll.
            twice += 1
        else:
            taken.update(identities)
            draft = _draft(one, text, link, notes, publisher=publisher, language=declared, now=now)
            own_page = draft.url is not None and f"url:{normalise_url(draft.url)}" in identities
            teaser = own_page and looks_like_teaser(_body(one), title=one.title, in_full=one.in_full)
            entries.append(Entry(one.guid, identities, draft, teaser))
    if silent:
        warnings.append(f"{_entries(silent)} left out: without text")
    if nameless:
        warnings.append(f"{_entries(nameless)} left out: with neither a guid nor a web address, nor a title and a date")
    if twice:
        warnings.append(f"{_entries(twice)} left out: the same guid or address as an earlier one")
    left_out = found.left_out + silent + nameless + twice
    return FeedRead(found.title, declared, tuple(entries), tuple(warnings), left_out, found.refresh)


def _entries(count: int) -> str:
    return f"{count} entry was" if count == 1 else f"{count} entries were"


# Bytes to text ------------------------------------------------------------------------------------------------------

# Only what turns bytes into letters: Python also knows codecs that are slow on purpose-made input, such as punycode.
_TEXT_CODEC = re.compile(
    r"utf-(?:8|16|32)(?:-[bl]e)?|utf-8-sig|ascii|iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|gb18030|gb2312|gbk|big5(?:hkscs)?"
    r"|euc_\w+|shift_jis\w*|iso2022_\w+|johab|hz|ptcp154|tis-620|kz1048"
)
# What declares itself as the one is often the other, which holds all its letters.
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}
_DECLARED = re.compile(rb"\s*<\?xml\s[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_META = re.compile(rb"<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_STARTS = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_BAD = re.compile("[\ud800-\udfff]")


def decode_document(
    body: bytes,
    content_type: str | None,
    warnings: list[str],
    *,
    guess: Callable[[bytes], Iterable[str]] = lambda _: (),
) -> str:
    """Decode a document by what its bytes show, then by what the server and it itself declare.

    ``content_type`` is the HTTP header; the document may have an XML declaration or HTML's ``<meta>``. Each byte that
    can't be read, and each NUL, is U+FFFD; ``warnings`` gets a sentence for what was odd. ``guess``
    names encodings to try for what is declared wrong or not at all. Never raises unless that does.
    """
    text, note = _decoded(body, content_type, guess)
    if note:
        warnings.append(note)
    if nulls := text.count("\0"):
        text = text.replace("\0", "\ufffd")
        warnings.append(f"{nulls} NUL character(s), each shown as \ufffd")
    return text


def _decoded(body: bytes, content_type: str | None, guess: Callable[[bytes], Iterable[str]]) -> tuple[str, str | None]:
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return _replacing(body[len(mark) :], codec)
    for mark, codec in _STARTS:
        if body.startswith(mark):
            return _replacing(body, codec)
    # Other encodings are hardly ever valid UTF-8 by chance, but for the seven-bit ones that switch with ESC or "~{".
    seven_bit = b"\x1b" in body or b"~{" in body
    if not seven_bit:
        try:
            return body.decode("utf-8"), None
        except UnicodeDecodeError:
            pass
    declared = _DECLARED.match(body[:300]) or _META.search(body[:8000])
    by_document = _codec(declared[1].decode("ascii")) if declared else None
    by_server = _codec(found_charset[1]) if (found_charset := _CHARSET.search(content_type or "")) else None
    # Latin-1 is what many servers say of everything.
    candidates = [by_document, by_server] if by_server == "cp1252" else [by_server, by_document]
    for candidate in candidates:
        if candidate is None or candidate == "utf-8":
            continue
        try:
            return body.decode(candidate), None
        except UnicodeDecodeError:
            continue
    text = body.decode("utf-8", "surrogateescape")
    bad = len(_BAD.findall(text))
    if bad <= sum(1 for c in text if c > "\x7f") - bad:
        return _replacing(body, "utf-8")
    for name in guess(body):
        guessed = _codec(name)
        if guessed is not None and guessed != "cp1252":
            with suppress(UnicodeDecodeError):
                return body.decode(guessed), f"the encoding is declared wrong or not at all; read as {guessed.upper()}"
    text, _ = _replacing(body, "cp1252")
    return text, "the encoding is declared wrong or not at all; read as Western European"


def _replacing(body: bytes, codec: str) -> tuple[str, str | None]:
    if codec == "utf-8":
        text = body.decode(codec, "surrogateescape")
        bad = len(_BAD.findall(text))
        text = _BAD.sub("\ufffd", text)
    else:
        text = body.decode(codec, "replace")
        bad = text.count("\ufffd")
    return text, f"{bad} byte(s) can't be read as {codec.upper()}; each is shown as \ufffd" if bad else None


def _codec(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    return _WIDER.get(found, found) if _TEXT_CODEC.fullmatch(found) else None


# Entries of both kinds ----------------------------------------------------------------------------------------------


def _newest(
    entries: Sequence[dict[str, Any]], dates: Callable[[dict[str, Any]], _Dates], warnings: list[str]
) -> Sequence[dict[str, Any]]:
    """Return the entries that are read, in the feed's order: of too many the newest, undated ones first."""
    if len(entries) <= MAX_ENTRIES:
        return entries
    warnings.append(f"only the newest {MAX_ENTRIES} of its {len(entries):,} entries were read")

    def moment(index: int) -> tuple[bool, float]:
        at = _published(dates(entries[index]), None)[0].at
        return (at is None, at.timestamp() if at else 0.0)

    return [entries[index] for index in sorted(sorted(range(len(entries)), key=moment, reverse=True)[:MAX_ENTRIES])]


# XML ----------------------------------------------------------------------------------------------------------------


class _Enough(Exception):
    """A document has more elements than are read; ``at`` is the byte where to cut it."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


def _xml_feed(text: str, base: str, warnings: list[str]) -> _Feed:
    import feedparser

    data, whole = _bounded(text, warnings)
    try:
        read: Any = feedparser.parse(
            io.BytesIO(data),
            response_headers={"content-location": base, "content-type": "application/xml; charset=utf-8"},
            # Texts become plain text here, so markup needs no cleaning, and links in it no completing.
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        AssertionError,
        RecursionError,
        ArithmeticError,
    ) as error:
        raise NotAFeed(f"It can't be read as a feed ({type(error).__name__}).") from error
    if not read["entries"] and not read.get("version"):
        raise NotAFeed("It is neither RSS, Atom nor JSON Feed.")
    if whole and read.get("bozo"):
        problem = collapse(str(read.get("bozo_exception", "")))[:120]
        warnings.append(f"the feed is no well-formed XML ({problem}); what can be read of it was read")
    about: dict[str, Any] = read["feed"]
    title = _one_line(_plain(dict.get(about, "title_detail")))
    language = dict.get(about, "language")
    # Where a document was cut, the last entry was as well.
    entries = _newest(read["entries"] if whole else read["entries"][:-1], _xml_dates, warnings)
    return _Feed(
        title,
        language if isinstance(language, str) else None,
        [_from_xml(one) for one in entries],
        home=_clean(dict.get(about, "link")),
        left_out=len(read["entries"]) - len(entries),
        refresh=_refresh(*(dict.get(about, key) for key in ("ttl", "sy_updateperiod", "sy_updatefrequency"))),
    )


_PERIODS = {"hourly": 1, "daily": 24, "weekly": 7 * 24, "monthly": 30 * 24, "yearly": 365 * 24}
_LONGEST_REFRESH = timedelta(days=31)


def _refresh(ttl: object, period: object, frequency: object) -> timedelta | None:
    """Return the pause a feed asks for: the longer one of RSS's ttl (minutes) and of so many updates in a period.

    What is no number, less than a minute or more than a month is nonsense, and as good as nothing.
    """
    asked = []
    if isinstance(ttl, str) and re.fullmatch(r"[0-9]{1,9}", ttl.strip()):
        asked.append(timedelta(minutes=int(ttl)))
    hours = _PERIODS.get(period.strip().lower()) if isinstance(period, str) else None
    times = frequency.strip() if isinstance(frequency, str) and frequency.strip() else "1"
    if hours and re.fullmatch(r"[0-9]{1,9}", times) and int(times):
        asked.append(timedelta(hours=hours) / int(times))
    return max((one for one in asked if timedelta(minutes=1) <= one <= _LONGEST_REFRESH), default=None)


def _bounded(text: str, warnings: list[str]) -> tuple[bytes, bool]:
    """Return a document as UTF-8 that feedparser reads in bounded time and memory, and whether it is all of it.

    Raises NotAFeed for what no feed looks like, and costs feedparser quadratic time or much memory.
    """
    body = re.sub(r"\A\s*<\?xml\b[^>]{0,300}\?>", "", text).lstrip("\ufeff \t\r\n").encode("utf-8", "replace")
    depth = count = 0
    parser = expat.ParserCreate("utf-8")

    def start(_name: str, attributes: list[str]) -> None:
        nonlocal depth, count
        depth += 1
        count += 1
        if depth > _MAX_DEPTH or len(attributes) > 2 * _MAX_ATTRIBUTES:
            raise NotAFeed("Its XML is nested deeper, or has tags longer, than any feed's.")
        if count > MAX_ELEMENTS:
            raise _Enough(parser.CurrentByteIndex)

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.ordered_attributes = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(body, True)
    except _Enough as enough:
        cut = body[: enough.at]
    except expat.ExpatError:
        cut = body
    else:
        return body, True
    cut = cut[:MAX_ILL_FORMED]
    if cut.count(b"<") > MAX_ELEMENTS:
        cut = b"<".join(cut.split(b"<", MAX_ELEMENTS)[:MAX_ELEMENTS])
    if len(cut) < len(body):
        warnings.append(f"only the first {len(cut):,} of its {len(body):,} bytes were read")
    return cut, len(cut) == len(body)


def _from_xml(entry: dict[str, Any]) -> _Found:
    # Plain dict access: feedparser's own looks keys up under other names, with deprecation warnings.
    def get(key: str) -> Any:  # noqa: ANN401
        return dict.get(entry, key)

    author = get("author_detail")
    named = author.get("name") if isinstance(author, dict) else None
    bodies = [_plain(one) for one in (get("content") or [])] + [_plain(get("summary_detail"))]
    link = get("feedburner_origlink") or get("link")
    return _Found(
        guid=_clean(get("id")),
        link=_clean(link),
        title=_one_line(_plain(get("title_detail"))),
        bodies=tuple(body for body in bodies if body),
        in_full=bool(get("content")),
        author=_rss_author(get("author")) or _author(named or get("author")),
        language=next((one.get("language") for one in get("content") or [] if one.get("language")), None),
        dates=_xml_dates(entry),
    )


def _xml_dates(entry: dict[str, Any]) -> _Dates:
    dated = [
        _date(dict.get(entry, key), dict.get(entry, f"{key}_parsed")) for key in ("published", "created", "updated")
    ]
    return _Dates(dated[0] or dated[1], dated[2])


def _date(raw: object, parsed: time.struct_time | None) -> _Date | None:
    return (raw.strip(), parsed) if isinstance(raw, str) and raw.strip() else None


def _plain(detail: dict[str, Any] | None) -> str | None:
    """Return the plain text of one of feedparser's text constructs."""
    value = detail.get("value") if detail else None
    if detail is None or not isinstance(value, str):
        return None
    kind = detail.get("type") or "text/plain"
    return plain_paragraphs(value) if kind == "text/plain" else html_paragraphs(value)


# JSON ---------------------------------------------------------------------------------------------------------------


def _json_feed(text: str, warnings: list[str]) -> _Feed:
    try:
        data = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise NotAFeed("It begins like a JSON Feed, but is no JSON.") from None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise NotAFeed("It is JSON, but no JSON Feed: it has no list of items.")
    language = data.get("language")
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) < len(items):
        warnings.append(f"{_entries(len(items) - len(objects))} left out: no objects, as JSON Feed's items are")
    entries = [_from_json(item) for item in _newest(objects, _json_dates, warnings)]
    return _Feed(
        title=_one_line(plain_paragraphs(_words(data.get("title")) or "")),
        language=language if isinstance(language, str) else None,
        entries=entries,
        home=_clean(data.get("home_page_url")),
        left_out=len(items) - len(entries),
    )


def _from_json(item: dict[str, Any]) -> _Found:
    identifier = item.get("id")
    if isinstance(identifier, int | float) and not isinstance(identifier, bool):
        identifier = json.dumps(identifier)
    html, words, summary = (_words(item.get(key)) for key in ("content_html", "content_text", "summary"))
    bodies = (html and html_paragraphs(html), words and plain_paragraphs(words), summary and plain_paragraphs(summary))
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [author.get("name") for author in authors or [] if isinstance(author, dict)]
    language = item.get("language")
    return _Found(
        guid=_clean(identifier),
        link=_clean(item.get("url") or item.get("external_url")),
        title=_one_line(plain_paragraphs(_words(item.get("title")) or "")),
        bodies=tuple(body for body in bodies if body),
        in_full=bool(html or words),
        author=_author(", ".join(name for name in names[:5] if isinstance(name, str))),
        language=language if isinstance(language, str) else None,
        dates=_json_dates(item),
    )


def _json_dates(item: dict[str, Any]) -> _Dates:
    return _Dates(_date(item.get("date_published"), None), _date(item.get("date_modified"), None))


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


# Entries ------------------------------------------------------------------------------------------------------------


def _draft(
    found: _Found,
    text: str,
    link: str | None,
    notes: list[str],
    *,
    publisher: str | None,
    language: str | None,
    now: datetime,
) -> Draft:
    if found.link and link is None:
        notes.append(f"url {found.link[:80]!r} is no web address; stored without one")
    published, note = _published(found.dates, now)
    if note:
        notes.append(note)
    return Draft(
        text=text,
        title=found.title,
        publisher=publisher,
        author=found.author,
        url=link or _permalink(found.guid),
        language=language_code(found.language) if language is None else language,
        published=published,
        warnings=tuple(notes),
    )


def _body(found: _Found) -> str:
    return max(found.bodies, key=len, default="")


TEASER_WORDS: Final = 60
"""A text of fewer words is a teaser, whatever it is in."""

SUMMARY_WORDS: Final = 200
"""So is one of fewer words, where the feed has only a summary of the entry."""

CUT_WORDS: Final = 400
"""So is one of fewer words that breaks off: with dots, a link to read on, or in mid-sentence."""

_BREAKS_OFF = re.compile(r"(?:\.\.\.|…|\[(?:more|weiter|suite)\]|\(more\))\W*$", re.IGNORECASE)
_READ_ON = re.compile(
    r"(?:(?:continue|keep) reading|read (?:more|on|the (?:full|rest|whole)|full)|(?:see|learn|find out) more|view full"
    r"|weiterlesen|(?:hier )?mehr (?:lesen|dazu|erfahren)|lesen sie (?:mehr|weiter|den)|zum (?:vollständigen )?artikel"
    r"|lire (?:la suite|plus|l['’]article)|en savoir plus|leer más|seguir leyendo|ver más|leggi (?:tutto|di più)"
    r"|continua a leggere|czytaj (?:więcej|dalej|całość)|lees (?:meer|verder)|ler mais|leia mais|continue a ler|läs mer"
    r"|devamını oku|читати (?:далі|більше|повністю)|докладніше|читать (?:далее|дальше|полностью)|подробнее)\b",
    re.IGNORECASE,
)
_READ_ON_END = re.compile(rf"{_READ_ON.pattern}[^.!?\n]{{0,3}}\W*$", re.IGNORECASE)
# What blogs add below an excerpt.
_APPEARED = re.compile(r"\s*\bThe post\b.{1,400}\b(?:appeared first on|first appeared on)\b.{1,200}$", re.DOTALL)
# In mid-sentence: a word or comma at the end, unless it is an address.
_OPEN = re.compile(r"(?:^|\s)(?!\S*(?:/|\.\w))\S*[\w,]$")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")


def looks_like_teaser(body: str, *, title: str | None = None, in_full: bool = False) -> bool:
    """Tell whether an entry's text only leads to its page, so that the page is worth fetching.

    ``body`` is plain text, without the title or with it as its first line; ``in_full`` says that the feed has an
    element for the whole text, besides a summary. The rule: it is a teaser when it has fewer than :data:`TEASER_WORDS`
    words; or fewer than :data:`SUMMARY_WORDS` and the feed has but a summary; or fewer than :data:`CUT_WORDS` and
    breaks off (with dots, with "Read more" or what other languages say, or in mid-sentence). In doubt it is one: a page
    fetched in vain costs one request, a text that was missed is missing.
    """
    first, _, rest = body.partition("\n")
    if title and collapse(first) == title:
        body = rest
    body = _APPEARED.sub("", body.strip()[-READ:])
    words = len(body.split()) + len(_IDEOGRAPHS.findall(body[: 10 * CUT_WORDS])) // 2
    if words < (TEASER_WORDS if in_full else SUMMARY_WORDS):
        return True
    if words >= CUT_WORDS:
        return False
    last = body.rpartition("\n")[2].strip("\u200e\u200f ")
    if _BREAKS_OFF.search(last[-20:]) or _READ_ON_END.search(last[-80:]) or (len(last) < 200 and _READ_ON.match(last)):
        return True
    # A short last line may be a byline or a credit.
    return len(last) > 100 and bool(_OPEN.search(last[-200:]))


def _text(title: str | None, body: str, notes: list[str]) -> str:
    """Return title and body as paragraphs. The title is part of the text: it can be quoted, and names parties."""
    if len(body) > READ:
        notes.append(f"only the first {READ:,} of its {len(body):,} characters are stored")
        body = body[:READ].rstrip()
    if not title or collapse(body.partition("\n")[0]) == title:
        return body
    return f"{title}\n\n{body}" if body else title


def _names(feed: _Feed, pages: Sequence[str | None], *, url: str, base: str) -> list[tuple[str, ...]]:
    """Return each entry's identities; none where nothing tells it from others.

    What several entries of one document share, although they are different articles, is nobody's name: an address that
    comes with different guids, a guid that comes with different addresses. Neither is the address of the site itself.
    """
    home = {normalise_url(one) for one in (_web_address(feed.home, base), url, base) if one}
    addresses = [None if page is None else normalise_url(page) for page in pages]
    guids: dict[str, set[tuple[str | None, str]]] = defaultdict(set)
    users: dict[str, set[tuple[str | None, str]]] = defaultdict(set)
    for one, address in zip(feed.entries, addresses, strict=True):
        said = one.title or _body(one)[:200]
        if one.guid:
            guids[one.guid].add((address, said))
        if address:
            users[address].add((one.guid, said))

    def is_shared(uses: set[tuple[str | None, str]]) -> bool:
        # The same words under two guids or addresses are one article, listed twice; so are two versions of its title.
        said = len({words for _, words in uses})
        return said > 2 or (said > 1 and len({name for name, _ in uses if name}) > 1)

    def is_page(address: str | None) -> bool:
        if address is None or address in home:
            return False
        parts = urlsplit(address)
        return parts.path != "/" or bool(parts.query or parts.fragment)

    sites = {urlsplit(one).hostname for one in home if one}
    found = []
    for one, page, address in zip(feed.entries, pages, addresses, strict=True):
        guid = None if one.guid and is_shared(guids[one.guid]) else one.guid
        permanent = _permalink(guid)
        normal = normalise_url(permanent) if permanent else None
        if permanent and not is_page(normal):
            # Another site's front page may be what an entry is about, the own one may be what all are on.
            guid = None if normal in home or urlsplit(normal or "").hostname in sites else guid
            permanent = None
        if not is_page(address) or is_shared(users[address or ""]):
            page = None
        found.append(_identities(guid, permanent, page, url) or _by_title(one, url))
    return _apart(feed.entries, found)


def _apart(entries: Sequence[_Found], names: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Take from each entry what is but its second name, and also one of an entry with another guid and title."""
    holders: dict[str, set[tuple[str | None, str | None]]] = defaultdict(set)
    for one, known in zip(entries, names, strict=True):
        for name in known:
            holders[name].add((one.guid, one.title))

    def is_own(name: str, one: _Found) -> bool:
        return not any(guid and guid != one.guid and title != one.title for guid, title in holders[name])

    return [
        (*known[:1], *(name for name in known[1:] if is_own(name, one)))
        for one, known in zip(entries, names, strict=True)
    ]


def _identities(guid: str | None, permanent: str | None, link: str | None, feed: str) -> tuple[str, ...]:
    """Return what makes it the same article next time, the strongest first; ``permanent`` is the guid as an address.

    A guid that is the article's own address, but for what normalising takes away, identifies it in every feed.
    Otherwise a guid means something only within its feed.
    """
    linked = normalise_url(link) if link else None
    # "#3", but not "#utm_source=x": a part of the page, which other entries may have parts of as well.
    mark = urlsplit(link).fragment if link else ""
    mark = "" if not mark or "=" in mark or mark in _WHOLE_PAGE or (linked and urlsplit(linked).fragment) else mark
    by_guid = _short(f"guid:{normalise_url(feed) or feed}:", guid) if guid else None
    by_link = _short("url:", linked) if linked else None
    normal = normalise_url(permanent) if permanent else None
    if mark and link and not (linked == normal and permanent and urlsplit(permanent).fragment != mark):
        # The page is not the entry.
        by_part = _short(f"guid:{normalise_url(feed) or feed}:", link)
        return tuple(dict.fromkeys(one for one in (by_guid, by_part) if one))
    if normal is None or permanent is None:
        names = [by_guid, by_link]
    elif normal == linked:
        # A mark behind the guid alone is a version.
        names = [by_link, by_guid]
    elif linked is None and not urlsplit(permanent).fragment:
        names = [_short("url:", normal), by_guid]
    else:
        names = [by_guid, by_link, None if urlsplit(permanent).fragment else _short("url:", normal)]
    return tuple(dict.fromkeys(one for one in names if one))


_WHOLE_PAGE = frozenset({"top", "main", "content", "rss", "comments", "respond"})


def _by_title(found: _Found, feed: str) -> tuple[str, ...]:
    """Return an identity made of day and title, for an entry that has no other; none without both."""
    at = _published(found.dates, None)[0].at
    if at is None or not found.title:
        return ()
    return (_short(f"title:{normalise_url(feed) or feed}:{at.date().isoformat()}:", found.title.casefold()),)


def _permalink(guid: str | None) -> str | None:
    return guid if guid and _web_address(guid, "") == guid else None


def _short(kind: str, value: str) -> str:
    """Return ``kind + value``; where that is too long for an index, a digest of the value instead."""
    if len((kind + value).encode()) <= _MAX_IDENTITY:
        return kind + value
    if len(kind.encode()) > _MAX_IDENTITY // 2:
        kind = f"guid:sha256:{hashlib.sha256(kind.encode()).hexdigest()}:"
    return f"{kind}sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def _web_address(link: str | None, base: str) -> str | None:
    """Return a link as an absolute http(s) address; None when it is none, too long, or carries a user's name."""
    if not link:
        return None
    try:
        whole = urljoin(base, link.strip().replace(" ", "%20"))
        named = "@" in urlsplit(whole).netloc
    except ValueError:
        return None
    return None if named or len(whole) > _MAX_URL or normalise_url(whole) is None else whole


def _published(dates: _Dates, now: datetime | None) -> tuple[Published, str | None]:
    """Return when an entry was published, and what was wrong with its date; ``now`` None: the future is not checked.

    Where only the last change is told, that is taken and marked as inferred.
    """
    value, inferred = (dates.published, False) if dates.published else (dates.updated, True)
    if value is None:
        return Published(), None
    raw, parsed = value
    read = _moment(raw, parsed)
    if read is None or read.at is None:
        return Published(), f"date {raw[:40]!r} is no date; stored without one"
    if now is not None and read.at > now + timedelta(days=1):
        return Published(), f"date {raw[:40]!r} lies in the future; stored without one"
    return Published(read.at, read.precision, "inferred" if inferred else read.basis), None


# Names of zones that no standard of feeds has, and feedparser reads as UTC; those that stand for one zone only.
_ZONES = {
    "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "TRT": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "NZST": 12, "NZDT": 13,
}  # fmt: skip


def _moment(raw: str, parsed: time.struct_time | None) -> Published | None:
    if (named := re.fullmatch(r"(.{1,50}:\d\d) ([A-Z]{3,4})", raw)) and named[2] in _ZONES:
        return parse_date(f"{named[1]} +{_ZONES[named[2]]:02}00")
    if parsed is None:
        known = parse_date(raw)
        naive = known is not None and known.precision == "time" and not has_zone(raw)
        return replace(known, basis="inferred") if known is not None and naive else known
    try:
        at = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    if not 1900 <= at.year < 2200:
        return None
    if ":" not in raw and not re.search(r"\dT\d", raw):
        return Published(at, "day", "stated")
    # A time of an unknown zone is read as UTC, and may be hours off.
    return Published(at, "time", "stated" if has_zone(raw) else "inferred")


def language_code(value: str | None) -> str | None:
    """Return the two letters of a language's code as it is written ("en-GB", "de_AT"); None if it is none."""
    match = re.match(r"([A-Za-z]{2})(?:[-_]|$)", value.strip()) if value else None
    return match[1].lower() if match else None


def _rss_author(value: object) -> str | None:
    """Return the name out of "jane@example.org (Jane Doe)", as RSS names people; None for any other form."""
    match = re.fullmatch(r"\S{1,200}@\S{1,200} \(([^()]{1,200})\)", value.strip()) if isinstance(value, str) else None
    return _author(match[1]) if match else None


def _author(value: object) -> str | None:
    words = _one_line(html_paragraphs(value[:2000])) if isinstance(value, str) else None
    return words[:200] if words else None


def _clean(value: object) -> str | None:
    """Return a trimmed text that can be stored and compared; None for anything else."""
    if not isinstance(value, str):
        return None
    return _UNSTORABLE.sub("\ufffd", value).strip() or None


def _one_line(value: str | None) -> str | None:
    return (collapse(value)[:_MAX_TITLE].strip() or None) if value else None


# Markup to plain text -----------------------------------------------------------------------------------------------

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_SPACE = re.compile(r"\s+")
_DROPPED = frozenset({
    "script", "style", "template", "noscript", "iframe", "object", "embed", "applet", "svg", "math", "head",
    "title", "button", "select", "textarea", "audio", "video", "canvas", "map",
})  # fmt: skip
_BLOCKS = frozenset({
    "p", "div", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
    "table", "caption", "tr", "blockquote", "pre", "figure", "figcaption", "header", "footer", "aside", "nav",
    "main", "hr", "address", "body", "html", "form", "fieldset", "details", "summary", "center",
})  # fmt: skip


def plain_paragraphs(text: str) -> str:
    """Return plain text with its paragraphs apart by one blank line, and no other line ends or control characters."""
    text = _CONTROL.sub(" ", _UNSTORABLE.sub("\ufffd", text)).replace("\r\n", "\n").replace("\r", "\n")
    return "\n\n".join(words for block in _BLANK_LINE.split(text) if (words := collapse(block)))


def html_paragraphs(html: str) -> str:
    """Return the words of an HTML fragment: paragraphs apart by one blank line, a line end for each ``<br>``.

    Entities are decoded; scripts, styles and everything else that is no text is gone. Never raises.
    """
    html = _CONTROL.sub(" ", _UNSTORABLE.sub("\ufffd", html))
    if "<" not in html and "&" not in html:
        return plain_paragraphs(html)
    from lxml import etree

    words = _Words()
    target: Any = words
    parser = etree.HTMLParser(target=target, remove_comments=True, remove_pis=True)
    try:
        # A whole document around it, so that text before the first tag is text as well.
        parser.feed(f"<html><body><div>{html}</div></body></html>")
        parser.close()
    except etree.LxmlError:
        # What was heard up to there stays.
        pass
    return _joined(words.pieces)


class _Words:
    """Hears a document's tags and text, and keeps the words: "\\n" for a line end, "\\n\\n" between blocks."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._inside = 0

    def start(self, tag: str, _attributes: object) -> None:
        if self._inside or tag in _DROPPED:
            self._inside += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag == "br":
            self.pieces.append("\n")
        elif tag in {"td", "th"}:
            self.pieces.append(" ")

    def end(self, tag: str) -> None:
        if self._inside:
            self._inside -= 1
        elif tag in _BLOCKS:
            self.pieces.append("\n\n")

    def data(self, data: str) -> None:
        if not self._inside:
            self.pieces.append(_SPACE.sub(" ", data))

    def close(self) -> None:
        """Nothing is left to do."""


def _joined(pieces: Iterable[str]) -> str:
    text = _CONTROL.sub(" ", _UNSTORABLE.sub("\ufffd", "".join(pieces)))
    blocks = []
    for block in re.split(r"\n[ ]*\n", text):
        lines = [line for part in block.split("\n") if (line := collapse(part))]
        if lines:
            blocks.append("\n".join(lines))
    return "\n\n".join(blocks)
