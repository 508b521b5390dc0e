"""An article: one published text, what is known about it, and how plain text files are read.

The text of a revision never changes. Offsets count code points from the first character of the file as decoded from
UTF-8, newlines untouched; header lines and a leading date are metadata, so ``body_start`` says where sentences begin.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

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


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Decode UTF-8 bytes, newlines untouched. U+0000 and each undecodable byte become U+FFFD, with a warning."""
    warnings = []
    text = data.decode("utf-8", "surrogateescape")
    bad = sum(1 for c in text if "\udc80" <= c <= "\udcff")
    if bad:
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

    ``now`` (aware) marks dates more than a day ahead as impossible. Never raises for any bytes: what can't be used is
    told in ``warnings``.
    """
    text, notes = decode(data)
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


_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|mc_[ce]id|ref_src|cmpid|ito|at_\w+)", re.IGNORECASE)


def normalise_url(url: str) -> str | None:
    """Return the form of a web address that identifies an article, or None when it is none.

    Scheme and host in lower case, ``https`` for ``http``, no fragment, default port, "www." or tracking parameters.
    """
    url = url.strip()
    if any(c.isspace() or ord(c) < 32 for c in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return None
    host = parts.hostname.removeprefix("www.")
    if ":" in host:
        host = f"[{host}]"
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(k)])
    return urlunsplit(("https", host, parts.path.rstrip("/") or "/", query, ""))
