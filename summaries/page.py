"""Reading an article out of a web page that was saved to a file."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from summaries.article import Draft, Published, decode, normalise_url, parse_date

MAX_PAGE = 2_000_000
"""Bytes of a page that are read at most: extraction takes seconds beyond that (measured on unclosed tags)."""


def read_page(data: bytes, *, now: datetime) -> Draft:
    """Extract the article from an HTML page: main text as paragraphs, and what the page says about itself.

    ``now`` (aware) marks future dates as impossible. Raises ValueError, with a sentence for people, when the page holds
    no article text. Nothing is fetched.
    """
    from lxml import etree, html

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    import trafilatura

    warnings: list[str] = []
    if len(data) > MAX_PAGE:
        warnings.append(f"only the first {MAX_PAGE:,} bytes of the page were read")
        data = data[:MAX_PAGE]
    try:
        # fast: without the fallbacks that are quadratic on huge pages, and as good on real ones.
        extracted = trafilatura.bare_extraction(
            data, fast=True, include_comments=False, include_tables=False, with_metadata=True
        )
        language = html.fromstring(data).get("lang") if data.strip() else None
    except (ValueError, etree.LxmlError, RecursionError, AssertionError):
        extracted, language = None, None
    found: Any = extracted
    text = (found.text or "") if found is not None else ""
    if found is None or not text.strip():
        raise ValueError("no article text was found in this page")
    clean, notes = decode(text.encode("utf-8", "replace"))
    warnings += notes
    published = Published()
    if found.date:
        # The page's own machine-readable date, or one that was found in its text: only the day is sure.
        known = parse_date(str(found.date))
        if known is not None and known.at is not None and known.at <= now + timedelta(days=1):
            published = Published(known.at, known.precision, "stated")
        else:
            warnings.append(f"date {str(found.date)[:40]!r} is impossible; stored without one")
    url = found.url if found.url and normalise_url(found.url) else None
    return Draft(
        text=clean,
        title=_line(found.title),
        publisher=_line(found.sitename),
        author=_line(found.author),
        url=url,
        language=(language or found.language or "").lower()[:2] or None,
        published=published,
        warnings=tuple(warnings),
    )


def _line(value: str | None) -> str | None:
    return " ".join(value.split())[:500] or None if value else None
