"""Feeds as they are found: what is read of them, what identifies an entry, and what is refused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from summaries.article import normalise_url
from summaries.feed import (
    MAX_ENTRIES,
    Entry,
    FeedRead,
    NotAFeed,
    html_paragraphs,
    looks_like_teaser,
    plain_paragraphs,
    read_feed,
)
from summaries.text import READ

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)
URL = "https://news.example/feed.xml"


def read(body: str | bytes, content_type: str | None = "application/xml", **settings: Any) -> FeedRead:
    data = body.encode() if isinstance(body, str) else body
    return read_feed(data, **{"url": URL, "content_type": content_type, "now": NOW, **settings})


def rss(inner: str, declaration: str = '<?xml version="1.0"?>') -> str:
    return f'{declaration}<rss version="2.0"><channel><title>Example News</title>{inner}</channel></rss>'


def one(inner: str, **settings: Any) -> Entry:
    found = read(rss(f"<item>{inner}</item>"), **settings)
    assert len(found.entries) == 1, found
    return found.entries[0]


def test_rss() -> None:
    found = read(
        rss(
            "<language>en-gb</language><item><title>Berlin decides</title><link>https://news.example/1</link>"
            "<guid isPermaLink='false'>n-1</guid><pubDate>Wed, 26 Mar 2025 10:00:00 +0100</pubDate>"
            "<author>jane@news.example (Jane Doe)</author>"
            "<description>&lt;p&gt;Germany &amp;amp; France.&lt;/p&gt;&lt;p&gt;They met.&lt;/p&gt;</description></item>"
        )
    )
    assert (found.title, found.language, found.warnings) == ("Example News", "en", ())
    entry = found.entries[0]
    draft = entry.draft
    assert (entry.guid, entry.identity) == ("n-1", f"guid:{URL}:n-1")
    assert draft.text == "Berlin decides\n\nGermany & France.\n\nThey met."
    assert (draft.title, draft.publisher, draft.author) == ("Berlin decides", "Example News", "Jane Doe")
    assert (draft.url, draft.language, draft.body_start) == ("https://news.example/1", "en", 0)
    assert draft.published.iso == "2025-03-26T09:00:00Z"
    assert draft.published.basis == "stated"
    assert draft.warnings == ()


def test_atom() -> None:
    found = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">'
        '<title type="html">L&amp;eacute;lys&amp;eacute;e</title>'
        "<entry><id>tag:elysee.example,2025:7</id><title>Déclaration</title><link href='/fr/7'/>"
        "<author><name>Service de presse</name></author><published>2025-03-25T08:00:00Z</published>"
        "<updated>2025-03-26T08:00:00Z</updated><summary>Court.</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><h2>Paix</h2><p>La <b>France</b>\n dit oui."
        "</p></div></content></entry></feed>",
        base="https://elysee.example/feed",
    )
    assert (found.title, found.language) == ("Lélysée", "fr")
    entry = found.entries[0]
    assert entry.identity == f"guid:{URL}:tag:elysee.example,2025:7"
    assert entry.draft.text == "Déclaration\n\nPaix\n\nLa France dit oui."
    assert (entry.draft.url, entry.draft.author) == ("https://elysee.example/fr/7", "Service de presse")
    assert entry.draft.published.iso == "2025-03-25T08:00:00Z"


def test_json_feed() -> None:
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Example",
        "language": "de-AT",
        "items": [
            {
                "id": 17,
                "url": "https://news.example/17",
                "title": "Wien &amp; Berlin",
                "content_html": "<p>Ja &amp; nein.</p>",
                "authors": [{"name": "A"}, {"name": "B"}, 3],
                "date_published": "2025-03-20T10:00:00+01:00",
            },
            {"id": "x", "content_text": "Erstens.\nWeiter.\n\nZweitens.", "tags": None, "author": {"name": 5}},
            "no item",
            {"id": "y", "title": "\ud800"},
        ],
    }
    found = read(json.dumps(body), "application/feed+json")
    assert (found.title, found.language) == ("Example", "de")
    first, second, third = found.entries
    # JSON Feed's titles are plain text.
    assert first.draft.text == "Wien &amp; Berlin\n\nJa & nein."
    assert (first.identity, first.draft.author) == (f"guid:{URL}:17", "A, B")
    assert first.draft.published.iso == "2025-03-20T09:00:00Z"
    assert second.draft.text == "Erstens. Weiter.\n\nZweitens."
    assert (second.draft.url, second.draft.published.at) == (None, None)
    assert third.draft.text == "\ufffd"


def test_what_the_dossier_says_counts_more() -> None:
    entry = one("<guid>a</guid><title>T</title>", name="The Office", language="uk")
    assert (entry.draft.publisher, entry.draft.language) == ("The Office", "uk")


# Identity -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inner", "identity"),
    [
        # The guid is the article's own address, however it is written.
        ("<link>https://a.example/x/</link><guid>http://www.a.example/x?utm_source=rss</guid>", "url:https://a.example/x"),
        ("<guid>https://a.example/x</guid>", "url:https://a.example/x"),
        # A version behind the address: the same article.
        ("<link>https://a.example/x</link><guid isPermaLink='false'>https://a.example/x#3</guid>", "url:https://a.example/x"),
        # A mark that the link has as well: another entry of the same page.
        ("<link>https://a.example/x#3</link><guid>https://a.example/x#3</guid>", f"guid:{URL}:https://a.example/x#3"),
        # An address that is not the article's is only a name.
        ("<link>https://a.example/x</link><guid isPermaLink='false'>https://a.example/?p=5</guid>",
         f"guid:{URL}:https://a.example/?p=5"),
        ("<link>https://a.example/x</link><guid isPermaLink='false'>5</guid>", f"guid:{URL}:5"),
        ("<link>https://a.example/x?utm_medium=a&amp;id=1#top</link>", "url:https://a.example/x?id=1"),
        ("<link>javascript:alert(1)</link><guid>urn:x</guid>", f"guid:{URL}:urn:x"),
    ],
)  # fmt: skip
def test_identity(inner: str, identity: str) -> None:
    assert one(f"<title>T</title>{inner}").identity == identity


def test_identity_does_not_change_with_where_the_feed_is() -> None:
    entries = {
        one("<title>T</title><guid isPermaLink='false'>5</guid>", url=url, base=base).identity
        for url, base in ((URL, URL), (URL.replace("https:", "http:"), "https://cdn.example/f"))
    }
    assert len(entries) == 1


def test_identities_are_short_enough_for_an_index() -> None:
    for inner in (f"<guid isPermaLink='false'>{'ü' * 5000}</guid>", f"<link>https://a.example/{'ü' * 900}</link>"):
        assert len(one(f"<title>T</title>{inner}").identity.encode()) <= 1000
    entry = one("<title>T</title><guid isPermaLink='false'>5</guid>", url=f"https://a.example/{'x' * 1500}")
    assert len(entry.identity.encode()) <= 1000


def test_entries_without_identity_or_text_are_left_out() -> None:
    found = read(
        rss(
            "<item><title>Nameless</title></item><item><guid>a</guid></item><item><guid>b</guid><title>B</title></item>"
        )
    )
    assert [entry.guid for entry in found.entries] == ["https://news.example/b"]
    assert found.left_out == 2
    assert found.warnings == (
        "1 entry was left out: without text",
        "1 entry was left out: with neither a guid nor a web address, nor a title and a date",
    )


def test_of_two_entries_with_one_identity_the_first_counts() -> None:
    found = read(rss("<item><guid>a</guid><title>New</title></item><item><guid>a</guid><title>Old</title></item>"))
    assert [entry.draft.title for entry in found.entries] == ["New"]
    assert found.warnings == ("1 entry was left out: the same guid or address as an earlier one",)


def names(*items: str, link: str = "https://news.example/") -> list[tuple[str, ...]]:
    found = read(rss(f"<link>{link}</link>" + "".join(f"<item>{item}</item>" for item in items)))
    return [entry.identities for entry in found.entries]


def item(title: str, guid: str | None = None, link: str | None = None) -> str:
    parts = [f"<title>{title}</title>"]
    parts += [f"<guid isPermaLink='false'>{guid}</guid>"] if guid is not None else []
    parts += [f"<link>{link}</link>"] if link is not None else []
    return "".join(parts) + "<pubDate>Thu, 20 Mar 2025 10:00:00 GMT</pubDate>"


def test_an_entry_is_known_by_its_guid_and_by_its_page() -> None:
    by_guid = names(item("T", "5", "https://a.example/x?utm_source=rss"))[0]
    assert by_guid == (f"guid:{URL}:5", "url:https://a.example/x")
    # Another title, guid or tracking parameter: still the same article.
    assert set(names(item("Other", "6", "https://a.example/x?utm_source=mail"))[0]) & set(by_guid)
    assert set(names(item("Other", "5", "https://a.example/moved"))[0]) & set(by_guid)
    # An old address as the guid, as many blogs have it.
    assert names(item("T", "https://a.example/?p=5", "https://a.example/x")) == [
        (f"guid:{URL}:https://a.example/?p=5", "url:https://a.example/x", "url:https://a.example/?p=5")
    ]
    # In another outlet's feed, it is the same page.
    elsewhere = one(item("T", "b-1", "https://a.example/x"), url="https://other.example/rss")
    assert set(elsewhere.identities) & set(by_guid) == {"url:https://a.example/x"}


def test_what_several_entries_share_names_none_of_them() -> None:
    page = "https://news.example/live"
    assert names(item("A", "1", page), item("B", "2", page)) == [(f"guid:{URL}:1",), (f"guid:{URL}:2",)]
    assert names(item("A", "x", "https://a.example/1"), item("B", "x", "https://a.example/2")) == [
        ("url:https://a.example/1",),
        ("url:https://a.example/2",),
    ]
    assert names(item("A", link=page), item("B", link=page), item("C", link=page)) == [
        (f"title:{URL}:2025-03-20:{title}",) for title in "abc"
    ]
    # Listed twice, or under a new title: one article.
    assert len(names(item("A", "1", page), item("A", "2", page))) == 1
    assert len(names(item("A", "1", "https://a.example/1"), item("A", "1", "https://a.example/2"))) == 1
    assert len(names(item("A", link=page), item("B", link=page))) == 1


@pytest.mark.parametrize("link", ["https://news.example/", "https://www.news.example", "https://other.example/", URL])
def test_the_address_of_a_site_names_no_article(link: str) -> None:
    assert names(item("A", "1", link), item("B", "2")) == [(f"guid:{URL}:1",), (f"guid:{URL}:2",)]
    assert names(item("A", "", link)) == [(f"title:{URL}:2025-03-20:a",)]
    # Of another site it may be what the entry is about, but not what it is known by elsewhere.
    by_guid = f"guid:{URL}:{link}" if "other" in link else f"title:{URL}:2025-03-20:a"
    assert names(item("A", link, link)) == [(by_guid,)]
    assert not one(item("A", "1", link)).is_teaser


def test_the_feeds_own_home_page_names_no_article() -> None:
    home = "https://news.example/politics"
    assert names(item("A", "1", home), link=home) == [(f"guid:{URL}:1",)]
    assert names(item("A", "1", f"{home}/x"), link=home) == [(f"guid:{URL}:1", f"url:{home}/x")]


def test_parts_of_a_page_are_entries_of_their_own() -> None:
    page = "https://news.example/live"
    assert names(item("A", "1", f"{page}#b1")) == [(f"guid:{URL}:1", f"guid:{URL}:{page}#b1")]
    assert names(item("A", link=f"{page}#b1"), item("B", link=f"{page}#b2")) == [
        (f"guid:{URL}:{page}#b1",),
        (f"guid:{URL}:{page}#b2",),
    ]
    assert names(item("A", "1", f"{page}#xtor=RSS-1")) == [(f"guid:{URL}:1", f"url:{page}")]


def test_without_guid_and_page_the_day_and_title_are_the_name() -> None:
    assert names(item("Press  Review")) == [(f"title:{URL}:2025-03-20:press review",)]
    assert names(item("T", "  ")) == [(f"title:{URL}:2025-03-20:t",)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABC"),
            st.sampled_from([None, "", "1", "2", "https://a.example/1", "https://a.example/1#2"]),
            st.sampled_from([None, "https://a.example/1", "https://a.example/2#x", "https://news.example/", URL]),
        ),
        max_size=8,
    )
)
def test_no_two_entries_of_a_feed_share_a_name(items: list[tuple[str, str | None, str | None]]) -> None:
    found = read(rss("".join(f"<item>{item(*one)}</item>" for one in items)))
    identities = [name for entry in found.entries for name in entry.identities]
    assert len(set(identities)) == len(identities)
    assert all(entry.identities for entry in found.entries)
    assert len(found.entries) + found.left_out == len(items)
    assert "url:https://news.example/" not in identities


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "https://a.example/1", "https://a.example/1#2", "https://a.example/1?utm_id=1",
                             "https://a.example/2", "https://b.example/"]),
            st.sampled_from([None, "https://a.example/1", "https://a.example/1#2", "https://a.example/2",
                             "https://a.example/2#x", "https://news.example/", URL]),
        ),
        max_size=7,
        unique_by=lambda pair: re.split("[?#]", pair[0])[0],
    )
)  # fmt: skip
def test_entries_with_different_titles_and_guids_are_all_articles(pairs: list[tuple[str, str | None]]) -> None:
    found = read(rss("".join(f"<item>{item(f'T{n}', *pair)}</item>" for n, pair in enumerate(pairs))))
    assert [entry.draft.title for entry in found.entries] == [f"T{n}" for n in range(len(pairs))]


# Addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addresses", "normal"),
    [
        (["http://www.a.example/x-1/", "https://m.a.example/x-1", "https://amp.a.example/x-1?amp=1",
          "https://a.example/x-1/amp/", "https://a.example/amp/x-1", "https://a.example./x-1/index.html",
          "https://a.example/x-1?outputType=amp#comments", "https://a.example/b/../x-1;jsessionid=0A?PHPSESSID=1",
          "https://a.example:443/x-1?fbclid=1&at_medium=RSS&source=rss&ref=twitter&CMP=share_btn_tw&xtor=RSS-1",
          "https://www.google.com/url?sa=t&url=https%3A%2F%2Fa.example%2Fx-1%3Futm_source%3Dn&usg=x",
          "https://www.google.de/amp/s/www.a.example/x-1/amp", "https://a-example.cdn.ampproject.org/c/s/a.example/x-1",
          "https://a.example/%78-1"], "https://a.example/x-1"),
        (["https://a.example/1.amp.html", "https://a.example/1.html.amp"], "https://a.example/1.html"),
        (["https://müller.example/%c3%bc", "https://MÜLLER.example/ü", "https://xn--mller-kva.example/%C3%BC"],
         "https://xn--mller-kva.example/%C3%BC"),
        (["https://a.example/?p=5&utm_campaign=x", "https://a.example?p=5"], "https://a.example/?p=5"),
        (["https://a.example/#!/news/5", "http://www.a.example#!/news/5"], "https://a.example/#!/news/5"),
        (["http://a.example:80/x", "https://a.example/x#:~:text=a"], "https://a.example/x"),
    ],
)  # fmt: skip
def test_ways_to_write_one_address(addresses: list[str], normal: str) -> None:
    assert {normalise_url(address) for address in addresses} == {normal}


@pytest.mark.parametrize(
    "addresses",
    [
        ["https://a.example/X", "https://a.example/x"],
        ["https://a.example/?id=1", "https://a.example/?id=2", "https://a.example/"],
        ["https://a.example/?a=1&b=2", "https://a.example/?b=2&a=1"],
        ["https://a.example/?source=berlin", "https://a.example/?source=paris", "https://a.example/?ref=7"],
        ["https://a.example/?sid=1", "https://a.example/?sid=2", "https://a.example/?sessionid=3"],
        ["https://a.example/tags/amp", "https://a.example/tags", "https://a.example/amp"],
        ["https://a.example/a%2Fb", "https://a.example/a/b"],
        ["https://a.example/?q=%E4", "https://a.example/?q=%F6"],
        ["https://a.example/#/news/5", "https://a.example/#/news/6"],
        ["https://a.example/", "https://b.a.example/", "https://a.example:8080/"],
        ["https://a.example/index.php?id=1", "https://a.example/index.php?id=2"],
        ["https://straße.example/", "https://strasse.example/"],
        ["https://www.google.com/url?q=about", "https://a.example/url?q=https://b.example/", "https://b.example/"],
    ],
)
def test_pages_that_may_differ_have_different_addresses(addresses: list[str]) -> None:
    assert len({normalise_url(address) for address in addresses}) == len(addresses)


_PARTS = st.sampled_from(
    ["/", "//", "a", "-1", "amp", ".amp", ".html", "index.html", "..", ".", "%", "%61", "%e4", "%2F", "ü", "ß", "?",
     "&", "=", "utm_x=1", "amp=1", "#", "#!", ";jsessionid=1", "+", "%25", "[", "]", "@", ":", ":80", "\\", "\ud800",
     "İ", "。", "https://www.google.com/url?q=", "https%3A%2F%2Fb.example%2F", "url=", "www.", "m.",
     "amp/s/b.example/"],
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["https://", "http://", "HTTPS://www.", "https://m.", "https://www.google.com", "", "https://["]),
    st.lists(_PARTS, max_size=12) | st.lists(st.text(max_size=4), max_size=4),
)
@example("https://a.example/x-1", ["/amp", ".amp"] * 400)
@example("https://www.google.com", ["/amp/s/google.com"] * 100)
def test_normalising_an_address_twice_changes_nothing(start: str, parts: list[str]) -> None:
    normal = normalise_url(f"{start}{''.join(parts)}")
    if normal is not None:
        assert normalise_url(normal) == normal
        assert normal.startswith("https://")
        assert not any(c.isspace() for c in normal)


# Teasers and how often ----------------------------------------------------------------------------------------------

SENTENCE = "The ministers of eleven countries met in the capital on Monday and spoke about ships. "


@pytest.mark.parametrize(
    ("body", "in_full", "teaser"),
    [
        ("", True, True),
        (SENTENCE, True, True),
        (SENTENCE * 8, True, False),
        (SENTENCE * 8, False, True),
        (SENTENCE * 16, False, False),
        (SENTENCE * 16 + "They then […]", True, True),
        (SENTENCE * 16 + "They then...", False, True),
        (SENTENCE * 16 + "\n\nContinue reading", True, True),
        (SENTENCE * 16 + "Weiterlesen", True, True),
        (SENTENCE * 16 + "\n\nLire la suite sur le site →", True, True),
        (SENTENCE * 16 + "Читати далі »", True, True),
        (SENTENCE * 16 + "They then went on to", True, True),
        (SENTENCE * 16 + "\n\nBy Jane Doe", True, False),
        (SENTENCE * 40 + "They then...", True, False),
        (SENTENCE * 5 + "It […]\n\nThe post Ships appeared first on Example News.", True, True),
        ("大臣们星期一在首都会面，讨论了船只问题。" * 40, True, False),
        ("大臣们星期一在首都会面，讨论了船只问题。", True, True),
    ],
)
def test_teasers(body: str, in_full: bool, teaser: bool) -> None:
    assert looks_like_teaser(body, in_full=in_full) is teaser
    assert looks_like_teaser(f"Ships\n\n{body}", title="Ships", in_full=in_full) is teaser


def test_an_entry_says_whether_it_is_a_teaser() -> None:
    link = "<link>https://a.example/x</link><title>T</title>"
    assert one(f"{link}<description>{SENTENCE}</description>").is_teaser
    assert not one(f"{link}<description>{SENTENCE * 16}</description>").is_teaser
    encoded = "<content:encoded xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
    assert not one(f"{link}<description>T</description>{encoded}{SENTENCE * 8}</content:encoded>").is_teaser
    # Without a page there is nothing to fetch.
    assert not one(f"<guid isPermaLink='false'>1</guid><title>T</title><description>{SENTENCE}</description>").is_teaser
    items = [
        {"id": "https://a.example/x", "title": "T", "content_text": SENTENCE * 8},
        {"id": "https://a.example/y", "title": "T", "summary": SENTENCE * 8},
    ]
    assert [entry.is_teaser for entry in read(json.dumps({"items": items})).entries] == [False, True]


_SY = "http://purl.org/rss/1.0/modules/syndication/"


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("", None),
        ("<ttl>60</ttl>", 60),
        ("<ttl> 5 </ttl>", 5),
        *((f"<ttl>{nonsense}</ttl>", None) for nonsense in ("", "0", "-5", "soon", "99999999", "9" * 400, "²")),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 30),
        ("<sy:updatePeriod> daily\n</sy:updatePeriod>", 24 * 60),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>9999</sy:updateFrequency>", None),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", None),
        ("<sy:updatePeriod>never</sy:updatePeriod>", None),
        ("<ttl>15</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 60),
    ],
)
def test_how_often_a_feed_asks_to_be_read(words: str, minutes: int | None) -> None:
    body = rss(words).replace("<rss ", f"<rss xmlns:sy='{_SY}' ")
    assert read(body).refresh == (None if minutes is None else timedelta(minutes=minutes))


def test_items_of_a_json_feed_that_are_none_are_told() -> None:
    found = read(json.dumps({"items": ["no item", None, {"id": "1", "title": "T"}]}))
    assert (len(found.entries), found.left_out) == (1, 2)
    assert found.warnings == ("2 entries were left out: no objects, as JSON Feed's items are",)


# Dates --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "iso", "basis"),
    [
        ("<pubDate>Thu, 20 Mar 2025 10:00:00 EST</pubDate>", "2025-03-20T15:00:00Z", "stated"),
        ("<pubDate>Thu, 20 Mar 2025 10:00:00</pubDate>", "2025-03-20T10:00:00Z", "inferred"),
        ("<pubDate>2025-03-20T10:00:00</pubDate>", "2025-03-20T10:00:00Z", "inferred"),
        ("<pubDate>2025-03-20T10:00:00+02:00</pubDate>", "2025-03-20T08:00:00Z", "stated"),
        ("<pubDate>Thu, 20 Mar 2025 10:00:00 +0200</pubDate>", "2025-03-20T08:00:00Z", "stated"),
        ("<pubDate>Thu, 20 Mar 2025 10:00:00 CET</pubDate>", "2025-03-20T09:00:00Z", "stated"),
        ("<pubDate>Thu, 20 Mar 2025 10:00:00 XYZ</pubDate>", "2025-03-20T10:00:00Z", "inferred"),
        ("<pubDate>2025-03-20</pubDate>", "2025-03-20", "stated"),
        ("<pubDate>20 March 2025</pubDate>", "2025-03-20", "stated"),
        ("<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2025-03-20T10:00:00Z</dc:date>", "2025-03-20T10:00:00Z",
         "inferred"),
        ("<pubDate>Thu, 27 Mar 2025 11:00:00 GMT</pubDate>", "2025-03-27T11:00:00Z", "stated"),
        ("", None, "unknown"),
    ],
)  # fmt: skip
def test_dates(date: str, iso: str | None, basis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    published = one(f"<guid>a</guid><title>T</title>{date}").draft.published
    assert (published.iso, published.basis) == (iso, basis)
    assert published.at is None or published.at.tzinfo is UTC


@pytest.mark.parametrize(
    ("date", "warning"),
    [
        ("Fri, 28 Mar 2025 11:00:00 GMT", "lies in the future"),
        ("2150-01-01T00:00:00Z", "lies in the future"),
        ("yesterday", "is no date"),
        ("0001-01-01T00:00:00Z", "is no date"),
        ("Thu, 99 Mar 2025", "is no date"),
        ("9" * 400, "is no date"),
    ],
)
def test_impossible_dates(date: str, warning: str) -> None:
    draft = one(f"<guid>a</guid><title>T</title><pubDate>{date}</pubDate>").draft
    assert draft.published.at is None
    assert any(warning in one_warning for one_warning in draft.warnings)


# Encodings ----------------------------------------------------------------------------------------------------------

RUSSIAN = "Германия и Франция"


@pytest.mark.parametrize(
    ("codec", "declaration", "content_type"),
    [
        ("windows-1251", '<?xml version="1.0" encoding="windows-1251"?>', "text/xml"),
        ("windows-1251", '<?xml version="1.0" encoding="windows-1251"?>', "text/xml; charset=ISO-8859-1"),
        ("windows-1251", '<?xml version="1.0"?>', "text/xml; charset=windows-1251"),
        ("koi8-r", "", 'application/rss+xml; charset="KOI8-R"'),
        ("utf-8", '<?xml version="1.0" encoding="utf-8"?>', "text/html"),
        ("utf-8", '<?xml version="1.0" encoding="iso-8859-1"?>', "text/xml; charset=iso-8859-1"),
        ("utf-8-sig", "", None),
        ("utf-16", '<?xml version="1.0" encoding="utf-16"?>', "application/xml"),
        ("utf-16-le", '<?xml version="1.0" encoding="utf-16"?>', "text/xml"),
        ("utf-16-be", "", "text/xml"),
        ("utf-32", '<?xml version="1.0"?>', None),
    ],
)
def test_encodings(codec: str, declaration: str, content_type: str | None) -> None:
    body = rss(f"<item><guid>a</guid><title>{RUSSIAN}</title></item>", declaration)
    found = read(body.encode(codec), content_type)
    assert found.entries[0].draft.title == RUSSIAN
    assert found.warnings == ()


def test_east_asian_encodings() -> None:
    for codec, words in (("iso-2022-jp", "日本"), ("shift_jis", "日本"), ("gb2312", "中国"), ("euc-kr", "한국")):
        body = rss(f"<item><guid>a</guid><title>{words}</title></item>", f'<?xml version="1.0" encoding="{codec}"?>')
        assert read(body.encode(codec), "text/xml").entries[0].draft.title == words


def test_undeclared_latin_1_and_a_few_bad_bytes() -> None:
    body = rss("<item><guid>a</guid><title>Türkei für Köln</title></item>", "")
    found = read(body.encode("latin-1"), "text/xml")
    assert found.entries[0].draft.title == "Türkei für Köln"
    assert any("encoding" in warning for warning in found.warnings)
    found = read(body.encode().replace("ö".encode(), b"\xff"), "text/xml")
    assert found.entries[0].draft.title == "Türkei für K\ufffdln"
    assert any("1 byte(s)" in warning for warning in found.warnings)


@pytest.mark.parametrize("codec", ["punycode", "zlib", "rot13", "idna", "unicode_escape", "undefined", "nonsense"])
def test_codecs_that_are_no_encoding_are_not_used(codec: str) -> None:
    body = rss("<item><guid>a</guid><title>Küche</title></item>", f'<?xml version="1.0" encoding="{codec}"?>')
    for data in (body.encode(), body.encode("latin-1")):
        assert read(data, f"text/xml; charset={codec}").entries[0].draft.title == "Küche"


def test_nul_becomes_a_visible_character() -> None:
    found = read(rss("<item><guid>a</guid><title>A\0B</title><description>C&#0;D</description></item>"))
    assert found.entries[0].draft.title == "A\ufffdB"
    assert "\0" not in found.entries[0].draft.text
    assert any("NUL" in warning for warning in found.warnings)


# What is broken, and what is none -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        "<item><guid>a</guid><title>Fish & chips</title></item>",
        "<item><guid>a</guid><title>Fish &nbsp;&amp; chips</title></item><x>&undefined;</x>",
        "<item><guid>a</guid><title>Fish &amp; chips</title>",
        "<item><guid>a</guid><title>Fish &amp; chips</title></item><x a=1 a=2></y>",
        "<item><guid>a</guid><title>Fish &amp; chips</title></item>\x01",
    ],
)
def test_ill_formed_feeds_are_read_with_a_warning(inner: str) -> None:
    found = read(rss(inner))
    assert [entry.draft.title for entry in found.entries] == ["Fish & chips"]
    assert any("no well-formed XML" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("<!DOCTYPE html><html><body>Hello</body></html>", "web page"),
        ("\ufeff\n<HTML lang=en><head>", "web page"),
        ("not a feed", "neither RSS"),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "neither RSS"),
        ("{", "no JSON"),
        ("{" + '"a":{' * 100_000, "no JSON"),
        ('{"items": 5}', "no list of items"),
        ('{"error": "gone"}', "no list of items"),
        (rss("<x>" * 1000 + "</x>" * 1000), "nested deeper"),
        (rss("<x " + " ".join(f"a{n}=''" for n in range(1000)) + "/>"), "tags longer"),
        ("\x89PNG\r\n", "neither RSS"),
    ],
)
def test_what_is_no_feed(body: str, words: str) -> None:
    with pytest.raises(NotAFeed, match=words) as caught:
        read(body)
    assert str(caught.value).endswith(".")


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss("")).entries == ()
    assert read('{"version": "https://jsonfeed.org/version/1", "items": []}').entries == ()


def test_entities_neither_multiply_nor_read_files() -> None:
    lines = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
    bomb = f"<!DOCTYPE rss [<!ENTITY l0 'ha'>{lines}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
    for reference in ("&l11;", "&f;"):
        body = rss(f"<item><guid>a</guid><title>T{reference}</title></item>", f"<?xml version='1.0'?>{bomb}")
        title = read(body).entries[0].draft.title
        assert title is not None
        assert len(title) < 100
        assert "root" not in title


def test_too_many_entries_leave_the_newest() -> None:
    days = "".join(
        f"<item><guid>https://a.example/{n}</guid><title>T</title>"
        f"<pubDate>2025-01-01T{n // 60 % 24:02}:{n % 60:02}:00Z</pubDate></item>"
        for n in range(MAX_ENTRIES + 100)
    )
    found = read(rss(days))
    assert [entry.guid for entry in found.entries] == [f"https://a.example/{n}" for n in range(100, MAX_ENTRIES + 100)]
    assert any("only the newest 500 of its 600" in warning for warning in found.warnings)


def test_what_is_too_long_is_cut_with_a_warning() -> None:
    draft = one(f"<guid>a</guid><title>T</title><description>{'word ' * READ}</description>").draft
    assert len(draft.text) <= READ + 3
    assert any("characters are stored" in warning for warning in draft.warnings)
    items = "".join(f"<item><guid>https://a.example/{n}</guid><title>Fish & chips</title></item>" for n in range(20000))
    found = read(rss(items))
    assert any("bytes were read" in warning for warning in found.warnings)
    assert all(entry.draft.title == "Fish & chips" for entry in found.entries)


# Markup -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("a < b", "a < b"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One\n line&nbsp;&mdash; here</p>", "One line — here"),
        ("One<br>Two<br/><br/>Three", "One\nTwo\n\nThree"),
        ("Before<div>In</div>after", "Before\n\nIn\n\nafter"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("<b>Bo</b>ld <i>words</i>", "Bold words"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
        ("A<script>alert('<p>x</p>')</script><style>p{}</style>B", "AB"),
        ("A<svg><title>t</title></svg><noscript><img></noscript>B", "AB"),
        ("A<!-- <p>no</p> -->B<?php x ?>", "AB"),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("&lt;script&gt; &amp;amp; &#8217;&#x2019;", "<script> &amp; ’’"),
        ("<img src=x onerror=alert(1)>picture", "picture"),
        ("<a href='javascript:x'>link</a>", "link"),
        ("a\x01b\0c", "a b\ufffdc"),
        ("", ""),
        ("<p></p>", ""),
        ("<html><head><title>t</title></head><body>b</body></html>", "b"),
    ],
)
def test_markup_becomes_text(html: str, text: str) -> None:
    assert html_paragraphs(html) == text


def test_titles_are_one_clean_line() -> None:
    entry = one("<guid>a</guid><title>Two &lt;b&gt;bold&lt;/b&gt;\n words &amp;amp; more</title>")
    assert entry.draft.title == "Two bold words & more"
    entry = one(f"<guid>a</guid><title>{'x' * 5000}</title>")
    assert len(entry.draft.title or "") == 500


def test_a_title_is_not_repeated() -> None:
    draft = one(
        "<guid>a</guid><title>Same</title><description>&lt;p&gt;Same&lt;/p&gt;&lt;p&gt;More&lt;/p&gt;</description>"
    ).draft
    assert draft.text == "Same\n\nMore"


@given(st.text())
@example("<" * 2000)
@example("<div>" * 5000)
@example("<p" + " a" * 5000)
@example("&#1114112;&#xD800;&#0;")
def test_markup_never_fails_and_is_clean(html: str) -> None:
    for text in (html_paragraphs(html), plain_paragraphs(html)):
        assert text == text.strip()
        assert "\n\n\n" not in text
        assert all(c == "\n" or (c >= " " and not "\x7f" <= c < "\xa0" and not "\ud800" <= c <= "\udfff") for c in text)


_PIECES = st.sampled_from(
    ["<rss>", "</rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<guid>", "</guid>", "<link>",
     "</link>",
     "<pubDate>", "</pubDate>", "<description>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<entry>", "</entry>",
     "<id>", "</id>", "<content type='xhtml'>", "</content>", "<![CDATA[", "]]>", "<!--", "-->", "&amp;", "&x;", "&#0;",
     "<!DOCTYPE", "[", "<?xml version='1.0' encoding='utf-16'?>", "\xff", "\0", "2025-03-20", "<x:y>", "xml:base='//'",
     "<author>", "<media:content url='x'/>", "<source>", "<textinput>", "<image>", "<cloud/>", "a@b (c)", "{",
     '"items":['],
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_PIECES, max_size=40), st.sampled_from([None, "text/xml", "text/html; charset=utf-16", "a/b;charset=x"])
)
def test_any_bytes_are_read_or_refused(pieces: list[str], content_type: str | None) -> None:
    try:
        found = read("".join(pieces).encode("latin-1"), content_type)
    except NotAFeed:
        return
    assert len({entry.identity for entry in found.entries}) == len(found.entries)
    assert all(entry.draft.text.strip() and "\0" not in entry.draft.text for entry in found.entries)
