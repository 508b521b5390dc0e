"""An article: one published text, what is known about it, and how plain text files are read.

The text of a revision never changes. Offsets count code points from the first character of the file as decoded (from
UTF-8, or from UTF-16 or UTF-32 where it begins with their mark), newlines untouched; header lines and a leading date
are metadata, so ``body_start`` says where sentences begin.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from summaries.text import LINE, Span, is_heading, paragraphs

Precision = Literal["time", "day"]
Basis = Literal["stated", "inferred", "unknown"]

_HEADER_KEYS = frozenset({"url", "title", "publisher", "outlet", "author", "date", "language"})
_HEADER_LINE = re.compile(r"([A-Za-z][A-Za-z_-]{1,30}):[ \t]*(.*)")
_LEADING_DATE = re.compile(r"\s?date (\d{4}-\d{2}-\d{2})\b[ \t]*")
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sep sept", "october oct", "november nov", "december dec"), start=1)
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Published:
    """When a text was published: aware UTC, how precisely, and whether the text says so itself."""

    at: datetime | None = None
    precision: Precision = "day"
    basis: Basis = "unknown"

    @property
    def day(self) -> date | None:
        """The UTC calendar day, or None when unknown."""
        return self.at.date() if self.at else None

    @property
    def iso(self) -> str | None:
        """ISO 8601: a date where only the day is known, otherwise a UTC time; None when unknown."""
        if self.at is None:
            return None
        return self.at.date().isoformat() if self.precision == "day" else self.at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Article:
    """One revision of an article. ``label`` is what receipts call a text whose publisher is unknown."""

    id: str
    revision: int
    text: str
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    label: str | None = None
    language: str | None = None
    published: Published = field(default_factory=Published)
    background: bool = False
    body_start: int = 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the text (hex), the same for equal texts wherever they come from."""
        return fingerprint(self.text)

    @property
    def paragraphs(self) -> list[Span]:
        """The paragraphs of the body, headings included."""
        return paragraphs(self.text, self.body_start)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as read from a file or page, before the store gives it an id and a revision number."""

    text: str
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    language: str | None = None
    published: Published = field(default_factory=Published)
    body_start: int = 0
    warnings: tuple[str, ...] = ()


def fingerprint(text: str) -> str:
    """Return the SHA-256 (hex) of a text's UTF-8 form; lone surrogates count as U+FFFD."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# UTF-32's first: in one byte order it begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8 bytes, newlines untouched. U+0000 and each undecodable byte become U+FFFD, with a warning.

    Bytes that begin with the mark of UTF-16 or UTF-32, which no UTF-8 does, are decoded so where that makes a text; the
    mark stays in it, as that of UTF-8 does.
    """
    warnings = []
    codec = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    text = data.decode(codec, "replace") if codec is not None else ""
    # Other bytes can begin so by chance; what they make has no spaces and signs in it, as all writing has.
    if codec is not None and 50 * sum(c.isascii() for c in text) >= len(text):
        bad = text.count("\ufffd")
        if bad:
            warnings.append(f"{bad} character(s) are not {codec.upper()[:6]}; each is shown as \ufffd")
    else:
        codec = None
        text = data.decode("utf-8", "surrogateescape")
        bad = sum(1 for c in text if "\udc80" <= c <= "\udcff")
    if bad and codec is None:
        text = "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in text)
        warnings.append(f"{bad} byte(s) are not UTF-8; each is shown as \ufffd")
    nulls = text.count("\0")
    if nulls:
        text = text.replace("\0", "\ufffd")
        warnings.append(f"{nulls} NUL character(s), each shown as \ufffd")
    return text, tuple(warnings)


def parse_date(value: str) -> Published | None:
    """Read a date as articles and people write it; None when it is no real date.

    Takes ISO 8601 dates and times, RFC 2822, "20 March 2025", "March 20, 2025" and "20.3.2025". Times without a zone
    are read as UTC. A remark such as "(estimated)" behind the date makes it inferred.
    """
    value = value.strip()
    basis: Basis = "stated"
    if remark := re.search(r"\s*\((?:estimated|inferred|approx\w*|about)\)\s*$", value, re.IGNORECASE):
        value, basis = value[: remark.start()], "inferred"
    found = _parse_date(value, basis)
    # No news is older; and the ends of the calendar can't be reckoned with.
    return found if found is not None and found.at is not None and 1900 <= found.at.year < 2200 else None


def has_zone(value: str) -> bool:
    """Tell whether a date and time, as it is written, says in which zone: "Z", "+01:00", "GMT", "EST"."""
    return bool(_ZONE.search(value.strip()))


_ZONE = re.compile(
    r"[\d.](?:Z|\s?[+-]\d{2}:?\d{2}|[+-]\d{2})$|\s(?:UTC?|GMT|Z|[ECMP][SD]T|MES?T)(?:\s?[+-]\d{2}:?\d{2})?(?:\s+\d{4})?$"
    r"|\s[+-]\d{4}\s+\(\w{1,10}\)$",
    re.IGNORECASE,
)


def _parse_date(value: str, basis: Basis) -> Published | None:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return Published(datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC), "day", basis)
        if re.match(r"\d{4}-\d{2}-\d{2}[T ]", value):
            return Published(_utc(datetime.fromisoformat(value)), "time", basis)
        if words := re.fullmatch(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", value):
            return Published(datetime(int(words[3]), int(words[2]), int(words[1]), tzinfo=UTC), "day", basis)
        if words := re.fullmatch(r"(?:\w+,\s*)?(\d{1,2})(?:\.|st|nd|rd|th)?\s+([A-Za-z]+)\.?,?\s+(\d{4})", value):
            return _named_month(words[1], words[2], words[3], basis)
        if words := re.fullmatch(r"(?:\w+,\s*)?([A-Za-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", value):
            return _named_month(words[2], words[1], words[3], basis)
        return Published(_utc(parsedate_to_datetime(value)), "time", basis)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _named_month(day: str, month: str, year: str, basis: Basis) -> Published | None:
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    return Published(datetime(int(year), number, int(day), tzinfo=UTC), "day", basis)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_text(data: bytes, *, now: datetime) -> Draft:
    """Read a plain text or Markdown file: metadata from its header or leading date, the rest is the body.

    ``now`` (aware) marks dates more than a day ahead as impossible. Raises ValueError, with a sentence without its full
    stop, for bytes that are mostly no text; whatever else can't be used is told in ``warnings``.
    """
    text, notes = decode(data)
    # UTF-16 without its mark is every other byte NUL.
    if text and 2 * text.count("\ufffd") >= sum(not c.isspace() for c in text) > 0:
        raise ValueError("no text: save it as UTF-8")
    warnings = list(notes)
    known: dict[str, str] = {}
    body_start = 0
    # A byte order mark is part of the text (offsets count from it) but never of a title.
    first = 1 if text.startswith("\ufeff") else 0
    header = _header_end(text, first)
    if header is not None:
        body_start, known = header
    elif leading := _LEADING_DATE.match(text, first):
        known["date"], body_start = leading[1], leading.end()
    published = Published()
    if "date" in known:
        parsed = parse_date(known["date"])
        if parsed is None:
            warnings.append(f"date {known['date'][:40]!r} is no date; stored without one")
        elif parsed.at is not None and parsed.at > now + timedelta(days=1):
            warnings.append(f"date {known['date'][:40]!r} lies in the future; stored without one")
        else:
            published = parsed
    title = known.get("title")
    if title is None:
        parts = paragraphs(text, body_start)
        if len(parts) > 1 and is_heading(text, parts[0]):
            title = parts[0].of(text).lstrip("# ").strip() or None
    url = known.get("url")
    if url is not None and normalise_url(url) is None:
        warnings.append(f"url {url[:80]!r} is no web address; stored without one")
        url = None
    return Draft(
        text=text,
        title=title,
        publisher=known.get("publisher") or known.get("outlet"),
        author=known.get("author"),
        url=url,
        language=(known.get("language") or "").lower()[:2] or None,
        published=published,
        body_start=body_start,
        warnings=tuple(warnings),
    )


def _header_end(text: str, first: int) -> tuple[int, dict[str, str]] | None:
    """Return where the body starts behind a header, and the header's keys in lower case; None without a header.

    The header ends at the first blank line, or before the first line that is no "key: value": text is never lost.
    """
    known: dict[str, str] = {}
    position = first
    while position < len(text):
        match_line = LINE.match(text, position)
        line = text[position:] if match_line is None else match_line.group()
        match = _HEADER_LINE.fullmatch(line.rstrip("\r\n\u2028\u2029"))
        if position == first and (match is None or match[1].lower() not in _HEADER_KEYS):
            return None
        if not line.strip():
            return position + len(line), known
        if match is None:
            return position, known
        if value := " ".join(match[2].split()):
            known.setdefault(match[1].lower(), value[:1000])
        position += len(line)
    return len(text), known


# Addresses ------------------------------------------------------------------------------------------------------------

# Parameters that say who sent the reader, or who it is, and never which page: their names are made for it.
_TRACKING = re.compile(
    r"(?:utm|at|mtm|matomo|piwik|hsa|itm|guce_referrer|fb_(?:action|ref|source))_\w+|pk_(?:campaign|kwd|source|medium|cid)"
    r"|guce_referrer|guccounter|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|gad_source|msclkid|yclid|ymclid|twclid|ttclid"
    r"|li_fat_id|igshid|igsh|mc_[ce]id|mkt_tok|_hs(?:enc|mi)|__hs\w\w|hsctatracking|vero_(?:id|conv)|wickedid|s_kwcid"
    r"|oly_(?:anon|enc)_id|ref_(?:src|url)|cmpid|ito|xtor|maca|__twitter_impression|_ga|_gl|ncid|icid|ocid|wt\.\w+"
    r"|ns_(?:mchannel|source|campaign|linkname|fee)|wt_(?:mc|zmc)|_openstat|traffic_source|soc_(?:src|trk)|sr_share"
    r"|amp_(?:gsa|js_v)|usqp|phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken",
    re.IGNORECASE,
)
# Names that mean something else on other sites: only with a value that names a channel.
_SENDER = re.compile(r"ref|referr?er|source|src|from|via|partner|medium|origin|mod|cid|cmp|smid", re.IGNORECASE)
_CHANNEL = re.compile(
    r"rss|atom|feed|rdf|(?:rss|feed)[-_.]\w[-\w.]{0,99}|\w[-\w.]{0,99}[-_.](?:rss|feed|share)|rss20|rssfeed|twitter"
    r"|facebook|whatsapp|telegram|linkedin|bluesky|mastodon|newsletter|e?mail|push|share|twtr|fb",
    re.IGNORECASE,
)
_AMP = re.compile(r"(?:__)?amp(?:=(?:1|true|amp)?)?|(?:outputtype|output)=amp", re.IGNORECASE)
# Where a redirect's target stands in the open: site and path to the parameters that hold it.
_REDIRECTS = {
    ("google", "/url"): ("url", "q"),
    ("news.google", "/news/url"): ("url",),
    ("bing", "/news/apiclick.aspx"): ("url",),
    ("l.facebook", "/l.php"): ("u",),
    ("lm.facebook", "/l.php"): ("u",),
    ("youtube", "/redirect"): ("q",),
}
_AMP_CACHE = re.compile(r"/(?:[cv]|amp)/(?:s/)?([\w-]+\.[\w.-]+/.+)")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_INDEX = re.compile(r"index\.(?:html?|shtml)", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_AMP_END = re.compile(r"(?:(?:\.amp)+(\.html?)|(\.html?)(?:\.amp)+|(?:\.amp)+)$")
_LONGEST = 4000
_NOT_IN_ADDRESSES = re.compile(r"[\s\x00-\x1f]")


@lru_cache(maxsize=1024)  # A feed's addresses are asked for several times while it is read.
def normalise_url(url: str) -> str | None:
    """Return the form of a web address that identifies an article, or None when it is none.

    Two addresses become one only where they surely name the same page; in doubt they stay two, because an article twice
    is a nuisance, and one lost an error. So there is in it: ``https`` for ``http``; the host in lower case and ASCII
    (IDNA), without "www.", mobile and AMP prefixes ("m.", "mobile.", "amp."), final dot and default port; the path with
    each escape in its one form, without "." and "..", closing slashes, ``index.html``, session and AMP marks; no
    parameters of tracking, sessions or AMP, the others in their order; no fragment but one that names a page ("#!...",
    "#/..."). Upper and lower case of the path, and the order of parameters, do matter.

    What redirects in the open (google.com/url, AMP caches) stands for its target. Normalising twice changes nothing.
    """
    current = _normalised(url)
    # What one step uncovers (a redirect to a redirect) is for the next; each takes something away.
    for _ in url:
        again = None if current is None else _normalised(current)
        if again is None or again == current:
            break
        current = again
    return current


def _normalised(url: str) -> str | None:
    url = _SURROGATE.sub("\ufffd", url.strip())
    if len(url) > _LONGEST or _NOT_IN_ADDRESSES.search(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return None
    host = _host(parts.hostname)
    if not host:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    if target := _target(host, parts.path, pairs):
        return target
    if ":" in host:
        host = f"[{host}]"
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    query = urlencode([pair for pair in pairs if not _is_noise(*pair)], errors="surrogateescape")
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) and len(parts.fragment) > 1 else ""
    return urlunsplit(("https", host, _path(parts.path), query, _escaped(fragment)))


def _host(name: str) -> str:
    host = name.rstrip(".")
    # These letters had no form of their own in the older standard, which is the one that is at hand.
    if not host.isascii() and len(host) <= 253 and not re.search("[ßς\u200c\u200d]", host):
        # A name that has no such form stays as it is.
        with suppress(UnicodeError):
            encoded = host.encode("idna").decode("ascii").lower()
            host = encoded if re.fullmatch(r"[a-z0-9._-]+", encoded) else host
    host = re.sub(r"^(?:www\.)+", "", host)
    bare = re.sub(r"^(?:(?:www|m|mobile|amp)\.)+", "", host)
    return bare if "." in bare else host


def _target(host: str, path: str, pairs: list[tuple[str, str]]) -> str | None:
    """Return the address that a redirect leads to, as it is written there; None for any other address."""
    if (host.endswith(".cdn.ampproject.org") or re.fullmatch(r"google(?:\.[a-z]{2,3}){1,2}", host)) and (
        cached := _AMP_CACHE.fullmatch(path)
    ):
        query = urlencode(pairs, errors="surrogateescape")
        return _web(f"https://{cached[1]}{'?' if query else ''}{query}")
    site = re.sub(r"\.(?:com?\.)?[a-z]{2,3}$", "", host)
    names = _REDIRECTS.get((site, path))
    return next((found for key, value in pairs if names and key in names and (found := _web(value))), None)


def _web(address: str) -> str | None:
    return address if re.match(r"https?://[^/?#\s@]+\.[^/?#\s@]+(?:[/?#]\S*)?$", address) else None


def _is_noise(key: str, value: str) -> bool:
    if _TRACKING.fullmatch(key) or _AMP.fullmatch(f"{key}={value}"):
        return True
    # In capitals it is one publisher group's own name for campaigns.
    return key == "CMP" or bool(_SENDER.fullmatch(key) and _CHANNEL.fullmatch(value))


def _path(path: str) -> str:
    segments: list[str] = []
    for segment in _SESSION.sub("", _escaped(path)).split("/"):
        if segment == "..":
            if len(segments) > 1:
                segments.pop()
        elif segment != ".":
            segments.append(segment)
    while segments and (not segments[-1] or _INDEX.fullmatch(segments[-1])):
        segments.pop()
    return "/".join(_without_amp(segments)) or "/"


def _without_amp(segments: list[str]) -> list[str]:
    """Take AMP's marks off a path's segments: "/amp" before or behind an article's, ".amp" in its name."""

    def is_article(segment: str) -> bool:
        # A digit or hyphen: "/tags/amp" is a page of its own.
        return any(c == "-" or c.isdigit() for c in segment)

    while len(segments) > 2 and segments[-1] == "amp" and is_article(segments[-2]):
        segments = segments[:-1]
    while len(segments) > 2 and segments[1] == "amp" and is_article(segments[-1]):
        segments = segments[:1] + segments[2:]
    end = _AMP_END.search(segments[-1]) if segments else None
    if end and is_article(segments[-1][: end.start()]):
        segments = [*segments[:-1], f"{segments[-1][: end.start()]}{end[1] or end[2] or ''}"]
    return segments


def _escaped(part: str) -> str:
    """Return a part of an address with each character in its one form: escaped only where it must be."""

    def one(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    return quote(_ESCAPED.sub(one, part), safe="/%:@!$&'()*+,;=~?")
