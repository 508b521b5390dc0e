"""Web pages as they are found: the article, what the page says about itself, and the walls before it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from summaries.article import Article, Draft, Published, read_text
from summaries.boilerplate import is_boilerplate
from summaries.page import MAX_PAGE, MAX_TAGS, WALLS, PageRead, complete, extract_page, read_page, same_site
from summaries.summarize import summarize
from summaries.text import paragraphs

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
URL = "https://www.news.example/world/ships-1"
PARAGRAPHS = [
    "The ministers of eleven countries met in the capital on Monday and spoke about ships for the northern sea.",
    "Germany will send two frigates and a tender in the spring, its minister said after the meeting had ended.",
    "Poland will not take part, because its own harbours need all the ships it has, according to the government.",
    "A further meeting is planned for April, when the parliaments of three countries will have voted on the matter.",
]
LONG = [f"{words} Paragraph {number} of the long report." for number in range(5) for words in PARAGRAPHS]


def page(
    head: str = "", *, body: list[str] | None = None, before: str = "", after: str = "", html: str = "lang=en"
) -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in (PARAGRAPHS if body is None else body))
    return (
        f"<!DOCTYPE html><html {html}><head><title>Ships | Example News</title>{head}</head><body>{before}"
        f"<nav><a href='/'>Home</a></nav><article><h1>Ships</h1>{text}</article>{after}<footer>Imprint</footer>"
        "</body></html>"
    )


def extract(source: str | bytes, **settings: Any) -> PageRead:
    data = source.encode() if isinstance(source, str) else source
    return extract_page(data, **{"now": NOW, "url": URL, **settings})


def draft(source: str | bytes, **settings: Any) -> Draft:
    found = extract(source, **settings).draft
    assert found is not None
    return found


def ld(**fields: Any) -> str:
    data = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def test_an_article() -> None:
    found = draft(
        page(
            "<meta property='og:site_name' content='Example News'><meta name='author' content='Jane Doe'>"
            "<meta property='og:title' content='Ships &amp;amp; men - Example News'>"
            "<meta property='article:published_time' content='2025-03-20T10:00:00+01:00'>"
            "<link rel=canonical href='/world/ships-1?page=1'>",
            html="lang='en-GB'",
        )
    )
    assert [span.of(found.text) for span in paragraphs(found.text)][-4:] == PARAGRAPHS
    assert "Home" not in found.text
    assert "Imprint" not in found.text
    assert (found.title, found.publisher, found.author) == ("Ships & men", "Example News", "Jane Doe")
    assert (found.url, found.language) == ("https://www.news.example/world/ships-1?page=1", "en")
    assert (found.published.iso, found.published.basis) == ("2025-03-20T09:00:00Z", "stated")
    assert (found.body_start, found.warnings) == (0, ())


def test_the_text_is_what_the_extractor_found_to_the_letter() -> None:
    import trafilatura

    source = page(before="<p>Have you heard our podcast? Subscribe wherever you get your podcasts.</p>")
    alone = trafilatura.extract(source, fast=True, include_comments=False, include_tables=False)
    assert draft(source).text == alone


# Encodings ----------------------------------------------------------------------------------------------------------

RUSSIAN = [
    f"Министры одиннадцати стран встретились в столице в понедельник и говорили о кораблях, часть {n}."
    for n in range(5)
]


@pytest.mark.parametrize(
    ("codec", "head", "content_type"),
    [
        ("windows-1251", "<meta charset='windows-1251'>", "text/html"),
        ("windows-1251", "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>", None),
        ("windows-1251", "", "text/html; charset=windows-1251"),
        ("windows-1251", "", "text/html"),
        ("koi8-r", "<meta charset='koi8-r'>", "text/html; charset=iso-8859-1"),
        ("utf-8", "<meta charset='windows-1251'>", "text/html; charset=windows-1251"),
        ("utf-8-sig", "", None),
        ("utf-16", "", "text/html"),
    ],
)
def test_encodings(codec: str, head: str, content_type: str | None) -> None:
    found = draft(page(head, body=RUSSIAN).encode(codec), content_type=content_type)
    assert RUSSIAN[0] in found.text
    declared = bool(head or content_type != "text/html") or codec == "utf-16"
    assert bool(found.warnings) is not declared


# What the page says about itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "iso", "basis"),
    [
        (ld(datePublished="2025-03-20T10:00:00Z", dateModified="2025-03-22T10:00:00Z"), "2025-03-20T10:00:00Z",
         "stated"),
        (ld(datePublished="2025-03-20T10:00:00"), "2025-03-20T10:00:00Z", "inferred"),
        (ld(datePublished="2025-03-20"), "2025-03-20", "stated"),
        (ld(dateModified="2025-03-22T10:00:00Z"), "2025-03-22T10:00:00Z", "inferred"),
        ('<script type="application/ld+json">[{"@graph": [{"@type": ["WebPage", "NewsArticle"],'
         '"datePublished": "2025-03-20T10:00:00+0200"}]}]</script>', "2025-03-20T08:00:00Z", "stated"),
        ("<meta name=pubdate content='Thu, 20 Mar 2025 10:00:00 EST'>", "2025-03-20T15:00:00Z", "stated"),
        ("<meta name=date content='2025-03-20 10:00:00 +0100'>", "2025-03-20T09:00:00Z", "stated"),
        ("<meta name=parsely-pub-date content='1742464800'>", "2025-03-20T10:00:00Z", "stated"),
        ("<meta itemprop=datePublished content='20250320'>", "2025-03-20", "stated"),
        (ld(datePublished="3000-01-01") + "<meta name=date content='2025-03-20'>", "2025-03-20", "stated"),
        (ld(datePublished=["soon"]) + ld(datePublished=5) + ld(datePublished="soon"), None, "unknown"),
        ('<script type="application/ld+json">{"@type": </script>', None, "unknown"),
        ("", None, "unknown"),
    ],
)  # fmt: skip
def test_dates(head: str, iso: str | None, basis: str) -> None:
    published = draft(page(head)).published
    assert (published.iso, published.basis) == (iso, basis)


def test_a_date_in_the_future_is_told() -> None:
    found = draft(page(ld(datePublished="2025-04-20T10:00:00Z")))
    assert found.published.at is None
    assert any("lies in the future" in warning for warning in found.warnings)


def test_a_time_element_and_a_date_in_the_words() -> None:
    assert draft(page(before="<time datetime='2025-03-20T10:00:00Z' pubdate></time>")).published.basis == "stated"
    found = draft(page(before="<div class='date'>Published 20 March 2025</div>")).published
    assert (found.iso, found.basis) == ("2025-03-20", "inferred")


@pytest.mark.parametrize(
    "line",
    [
        "<footer><p>Copyright 2024 Delta Media. All rights reserved.</p></footer>",
        "<footer>&copy; 2019-2024 Delta Media, 1 Harbour Road</footer>",
        "<p>Published in 2024.</p>",
        "<p>2024</p><ul><li>1 January sale: 20 % off</li></ul>",
        "<time datetime=2024>2024</time>",
    ],
)
def test_a_year_alone_is_no_date(line: str) -> None:
    published = draft(page(after=line)).published
    assert (published.iso, published.basis) == (None, "unknown")
    assert draft(page(ld(dateModified="2024-05-06"), after=line)).published.iso == "2024-05-06"


def test_nor_is_it_in_a_teaser_whose_page_has_a_copyright_line() -> None:
    source = page(after="<footer>Copyright 2025 Delta Media. All rights reserved.</footer>")
    found = complete(replace(TEASER, published=Published()), extract(source))
    assert found.text != TEASER.text
    assert found.published == Published()


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "<p>Updated January 1, 2025</p>",
        "<p>Updated <b>Jan. 1st</b>, 2025</p>",
        "<p>Wed, 01&nbsp;Jan&nbsp;2025 10:00</p>",
        "<p>1. Januar 2025</p>",
        "<p>Publié le 1er janvier 2025</p>",
        "<p>1 de enero de 2025</p>",
        "<p>1 stycznia 2025</p>",
        "<p>1 січня 2025</p>",
        "<p>01.01.2025</p>",
        "<p>1/1/2025</p>",
        "<time datetime='2025-01-01T08:00'>New Year's Day</time>",
    ],
)
def test_the_first_of_january_that_is_stated_is_one(line: str) -> None:
    assert draft(page(after=f"{line}<footer>Copyright 2025 Delta Media.</footer>")).published.iso == "2025-01-01"


def test_the_first_of_january_in_an_address_or_its_metadata_is_one() -> None:
    source = page(after="<footer>Copyright 2025 Delta Media.</footer>")
    assert draft(source, url="https://www.news.example/2025/01/01/ships").published.iso == "2025-01-01"
    stated = draft(page("<meta name=date content='January 1, 2025'>", after="<footer>Copyright 2025</footer>"))
    assert (stated.published.iso, stated.published.basis) == ("2025-01-01", "stated")


@pytest.mark.parametrize(
    ("head", "url", "address"),
    [
        ("<link rel=canonical href='https://news.example/a'>", URL, "https://news.example/a"),
        ("<link rel=canonical href='https://amp.news.example/a'>", URL, "https://amp.news.example/a"),
        ("<link rel='CANONICAL nofollow' href='a'>", URL, "https://www.news.example/world/a"),
        ("<meta property=og:url content='https://news.example/a'>", URL, "https://news.example/a"),
        ("<link rel=canonical href='https://other.example/a'>", URL, URL),
        ("<link rel=canonical href='https://news.example.evil.example/a'>", URL, URL),
        ("<link rel=canonical href='https://user@news.example/a'>", URL, URL),
        ("<link rel=canonical href='/'>", URL, URL),
        ("<link rel=canonical href='javascript:alert(1)'>", URL, URL),
        ("<link rel=canonical href='https://['>", URL, URL),
        ("<link rel=alternate hreflang=x-default href='https://news.example/other'>", URL, URL),
        ("<base href='https://news.example/base'>", URL, URL),
        ("<link rel=canonical href='https://news.example/a'>", None, "https://news.example/a"),
        ("<link rel=canonical href='/a'>", None, None),
        ("", None, None),
    ],
)
def test_the_address(head: str, url: str | None, address: str | None) -> None:
    assert draft(page(head), url=url).url == address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/", "http://www.a.example/x", True),
        ("https://x.a.example/", "https://y.a.example/", True),
        ("https://a.co.uk/", "https://b.co.uk/", False),
        ("https://x.a.co.uk/", "https://a.co.uk/", True),
        ("https://a.gov.ua/", "https://b.gov.ua/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://10.0.0.1/", "https://11.0.0.1/", False),
        ("https://10.0.0.1/", "http://10.0.0.1/", True),
        ("nothing", "nothing", False),
    ],
)
def test_same_site(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same


@pytest.mark.parametrize(
    ("html", "head", "language"),
    [
        ("lang='uk-UA'", "", "uk"),
        ("xml:lang=de", "", "de"),
        ("", "<meta http-equiv=content-language content=fr>", "fr"),
        ("", "<meta property=og:locale content=es_ES>", "es"),
        ("lang='nonsense'", "<meta property=og:locale content=es_ES>", "es"),
        ("", "", None),
    ],
)
def test_language(html: str, head: str, language: str | None) -> None:
    assert draft(page(head, html=html)).language == language


@pytest.mark.parametrize(
    ("head", "publisher", "author"),
    [
        ("<meta property=article:publisher content='https://facebook.example/x'>", "news.example", None),
        ("<meta name=author content='admin'><meta property=og:site_name content='Example'>", "Example", None),
        (ld(author=[{"@type": "Person", "name": "Jane Doe"}, {"@type": "Person", "name": "John Roe"}],
            publisher={"@type": "Organization", "name": "Example News"}), "Example News", "Jane Doe; John Roe"),
        (ld(author={"@type": "Person", "name": "Example News"},
            publisher={"@type": "Organization", "name": "Example News"}), "Example News", None),
    ],
)  # fmt: skip
def test_publisher_and_author(head: str, publisher: str, author: str | None) -> None:
    found = draft(page(head))
    assert (found.publisher, found.author) == (publisher, author)


# Walls --------------------------------------------------------------------------------------------------------------

SUBSCRIBE = "<div><h3>Subscribe to continue reading</h3><form><input type=email></form></div>"


@pytest.mark.parametrize(
    ("source", "wall"),
    [
        (page(), None),
        (page(body=LONG, after=SUBSCRIBE), None),
        (page(after="<form>Subscribe to our newsletter <input type=email></form>"), None),
        (page(after="<div class=cookie-banner>We use cookies. <button>Accept</button></div>"), None),
        (page(after="<form action=/login>Log in <input type=password></form>"), None),
        (page(after="<noscript>Please enable JavaScript to see comments.</noscript>", body=LONG), None),
        (page(after="<div class='paywall-login-link'>Log in</div>"), None),
        (page(ld(isAccessibleForFree=True, hasPart={"@type": "WebPageElement"})), None),
        (page(ld(recommended={"@type": "NewsArticle", "isAccessibleForFree": False})), None),
        (page(ld(isAccessibleForFree=True, hasPart={"isAccessibleForFree": False})), None),
        (page(ld(hasPart=[{"@type": "WebPageElement", "isAccessibleForFree": False}])), "paid"),
        (page(ld(hasPart={"@type": "WebPageElement", "isAccessibleForFree": "False"}), body=LONG), None),
        (page(ld(isAccessibleForFree="False"), body=LONG), "paid"),
        (page(ld(isAccessibleForFree=False)), "paid"),
        (page(ld(isAccessibleForFree="http://schema.org/False")), "paid"),
        (page("<meta property=article:content_tier content=locked>"), "paid"),
        (page(after=SUBSCRIBE), "paid"),
        (page(after="<div class='o-paywall paywall-container'>Choose your offer</div>"), "paid"),
        (page(after="<p>Jetzt weiterlesen mit Plus</p>", html="lang=de"), "paid"),
        (page(after="<p>Cet article est réservé aux abonnés.</p>", html="lang=fr"), "paid"),
        (page(body=PARAGRAPHS[:1], after="<p>Log in to read on</p><input type=password>"), "log-in"),
        (page(body=["This page needs JavaScript. Please enable JavaScript in your browser to go on."]), "script"),
        ("<html><head><title>App</title></head><body><div id=root></div><noscript>You need to enable JavaScript to run "
         "this app.</noscript></body></html>", "script"),
        ("<html><head><title>Just a moment...</title></head><body><div id=cf-chl-widget>Checking your browser</div>"
         "</body></html>", "challenge"),
        ("<html><head><title>news.example</title></head><body><p>Please wait.</p><div id=px-captcha></div></body>"
         "</html>", "challenge"),
        ("<html><head><title>Before you continue</title></head><body><p>We and our partners use cookies to deliver and "
         "maintain our services and measure audiences. Do you consent to cookies?</p><form action='https://x.example'>"
         "<button>Accept all</button></form></body></html>", "consent"),
        (page(body=["We use cookies and need your consent. With your consent we and our 800 partners set cookies to "
                    "measure audiences. You can take back your consent to cookies at any time in the settings."]),
         "consent"),
    ],
)  # fmt: skip
def test_walls(source: str, wall: str | None) -> None:
    found = extract(source)
    assert found.wall == wall
    assert found.walled is (wall is not None)
    assert found.why == (None if wall is None else WALLS[wall])  # type: ignore[index]


def test_reading_a_page_tells_of_its_wall() -> None:
    (told,) = read_page(page(after=SUBSCRIBE).encode(), now=NOW).warnings
    assert told == "The article is behind a pay wall: only what the page shows to everybody was read."
    with pytest.raises(ValueError, match=r"^The article is behind a pay wall\.$"):
        read_page(f"<html><head>{ld(isAccessibleForFree=False)}</head><body></body></html>".encode(), now=NOW)
    for source in ("<html><head><title>Just a moment...</title></head><body></body></html>", "", "not a page", "\0"):
        with pytest.raises(ValueError, match=r"check against robots|no article text"):
            read_page(source.encode(), now=NOW)


# A teaser's page ----------------------------------------------------------------------------------------------------

TEASER = Draft(
    "Ministers meet\n\nEleven countries spoke about ships for the northern sea…",
    title="Ministers meet",
    publisher="The Office",
    url=URL,
    published=Published(datetime(2025, 3, 20, tzinfo=UTC), "time", "stated"),
    warnings=("odd",),
)


def test_a_teaser_gets_the_text_of_its_page() -> None:
    found = complete(TEASER, extract(page("<meta name=author content='Jane Doe'>" + ld(datePublished="2025-03-01"))))
    assert found.text.startswith("Ministers meet\n\n")
    assert all(paragraph in found.text for paragraph in PARAGRAPHS)
    assert (found.title, found.publisher, found.author, found.url) == ("Ministers meet", "The Office", "Jane Doe", URL)
    assert (found.language, found.published, found.warnings) == ("en", TEASER.published, ("odd",))


def test_a_teaser_without_spaces_between_words() -> None:
    teaser = Draft("部长会面\n\n十一国部长星期一在首都会面，讨论了北海的船只…", title="部长会面")
    body = [f"第{n}段：十一国部长星期一在首都会面，讨论了北海的船只问题，并决定在四月再次会面。" for n in range(9)]
    assert complete(teaser, extract(page(body=body))).warnings == ()
    other = [f"第{n}场：昨天的足球比赛结果如下，主队以二比一获胜，球迷们非常高兴。" for n in range(9)]
    assert "something else" in complete(teaser, extract(page(body=other))).warnings[0]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (page(after=SUBSCRIBE), WALLS["paid"]),
        (page(body=[f"Football scores of round {n} across the leagues." for n in range(9)]), "something else"),
        (page(body=["Ships."]), "no more text"),
        ("", "no article text"),
    ],
)
def test_a_teaser_whose_page_is_not_its_article_stays_one(source: str, why: str) -> None:
    found = complete(TEASER, extract(source))
    assert found.text == TEASER.text
    assert found.warnings[0] == "odd"
    assert why in found.warnings[1]
    assert "was read" not in found.warnings[1]


# The hostile outside ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "warning"),
    [("<!--" + " " * MAX_PAGE, "bytes of the page were read"), ("<" * MAX_TAGS, "tags of the page")],
)
def test_a_huge_page_is_cut_with_a_warning(after: str, warning: str) -> None:
    found = draft(page(after=after))
    assert PARAGRAPHS[0] in found.text
    assert any(warning in one for one in found.warnings)


_PIECES = st.sampled_from(
    ["<html>", "<head>", "<body>", "<p>", "</p>", "<article>", PARAGRAPHS[0], "<meta charset=utf-16>", "<meta name=",
     "'", "<script type='application/ld+json'>", "</script>", '{"@type":"Article","datePublished":"2025-03-20"}',
     "[" * 50, "{", "<link rel=canonical href='//[' >", "<time datetime=x pubdate>", "\0", "\xff", "<!--",
     "<?xml version='1.0'?>", "<![CDATA[", "<svg>", "<template>", "<noscript>", "&#0;", "&#xD800;",
     "<input type=password>",
     "<base href=//>"],
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES, max_size=25), st.sampled_from([None, "text/html; charset=utf-7", "text/html;charset=utf-16"]))
@example(["<div>"] * 3000, None)
@example(["<script type='application/ld+json'>", '{"a":' * 5000], None)
@example(["<p", " a=1" * 3000, ">", PARAGRAPHS[0]], None)
def test_any_bytes_are_read(pieces: list[str], content_type: str | None) -> None:
    found = extract("".join(pieces).encode("latin-1"), content_type=content_type)
    if found.draft is not None:
        assert found.draft.text.strip()
        assert "\0" not in found.draft.text


# Boilerplate --------------------------------------------------------------------------------------------------------

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))


def test_boilerplate_of_the_seed_articles_is_stored_and_never_shown() -> None:
    found = {}
    for path in SEEDS:
        read = read_text(path.read_bytes(), now=NOW)
        # Receipts are slices of it, so the stored text is the file to the letter.
        assert read.text == path.read_bytes().decode()
        lines = [span.of(read.text) for span in paragraphs(read.text, read.body_start)]
        found[path.stem] = [line for line in lines if is_boilerplate(line)]
        article = Article(path.stem, 1, read.text, title=read.title, body_start=read.body_start)
        shown = " ".join(sentence.text for sentence in summarize([article], sentences=1000, words=100_000))
        assert shown
        assert not [line for line in found[path.stem] if line[:40] in shown]
    # As people find them who read both texts.
    assert [line[:26] for line in found["explainer"]] == ["Have you heard our podcast"] * 2
    assert found["news-report"] == []
