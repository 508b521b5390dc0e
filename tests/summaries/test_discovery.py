"""The feeds that a page names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.discovery import MAX_FOUND, FoundFeed, find_feeds

URL = "https://www.news.example/world/"


def find(inner: str, *, head: str = "", content_type: str | None = "text/html") -> list[FoundFeed]:
    page = f"<!DOCTYPE html><html><head>{head}</head><body>{inner}</body></html>"
    return find_feeds(page.encode(), URL, content_type)


def link(href: str, kind: str = "application/rss+xml", title: str = "News", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


def test_declared_feeds_first_then_links_and_comments_last() -> None:
    found = find(
        "<a href='/rss/sport.xml'>Sport <b>feed</b></a><a href='/about'>About</a><a href='/rss/comments.xml'>C</a>",
        head=link("/comments/feed", title="Comments") + link("/feed") + link("a.json", "application/feed+json", "")
        + link("//atom.example/x", "application/atom+xml; charset=utf-8", "Atom\n News"),
    )  # fmt: skip
    assert found == [
        FoundFeed("https://www.news.example/feed", "News", "rss"),
        FoundFeed("https://www.news.example/world/a.json", None, "json"),
        FoundFeed("https://atom.example/x", "Atom News", "atom"),
        FoundFeed("https://www.news.example/rss/sport.xml", "Sport feed", "rss"),
        FoundFeed("https://www.news.example/comments/feed", "Comments", "rss"),
        FoundFeed("https://www.news.example/rss/comments.xml", "C", "rss"),
    ]


@pytest.mark.parametrize(
    "head",
    [
        link("/x", rel="ALTERNATE home"),
        link("/x", kind="Application/RSS+XML"),
        link("/x", rel="feed", kind=""),
        link("feed:https://www.news.example/x"),
        link("feed://www.news.example/x"),
        "<base href='https://www.news.example/'>" + link("x"),
        link("/x") + link("http://news.example/x/?utm_source=page"),
        link("/x#top"),
    ],
)
def test_ways_to_declare_a_feed(head: str) -> None:
    assert [one.url for one in find("", head=head)] == ["https://www.news.example/x"]


@pytest.mark.parametrize(
    "head",
    [
        link("/x", kind="text/html"),
        link("/x", rel="stylesheet"),
        link("/wp-json/wp/v2/posts/1", kind="application/json"),
        link("/oembed?format=xml", kind="text/xml+oembed"),
        link("javascript:alert(1)"),
        link("https://user:secret@news.example/feed"),
        link("https://["),
        link(""),
        link(URL),
        link("ftp://news.example/feed"),
    ],
)
def test_what_is_no_feed(head: str) -> None:
    assert find("", head=head) == []


@pytest.mark.parametrize(
    ("href", "found"),
    [
        ("/feed", True),
        ("/feed/", True),
        ("/world/rss", True),
        ("/rss.xml", True),
        ("/index.xml", True),
        ("/world.rss", True),
        ("/?feed=rss2", True),
        ("/news?format=atom", True),
        ("https://feeds.news.example/world", True),
        ("https://rss.news.example/", False),
        ("/feedback", False),
        ("/atomic-energy", False),
        ("/rss.html", False),
        ("/help/rss-feeds.php", False),
        ("/images/rss.png", False),
        ("/sitemap.xml", False),
        ("https://feedly.com/i/subscription/feed/https://news.example/feed", False),
        ("https://reader.example/add?feed=https%3A%2F%2Fnews.example%2Ffeed", False),
        ("mailto:feed@news.example", False),
    ],
)
def test_addresses_that_look_like_a_feed(href: str, found: bool) -> None:
    assert bool(find(f"<a href='{href}'>x</a>")) is found


def test_at_most_ten_are_told() -> None:
    found = find("".join(f"<a href='/{n}/rss.xml'>{n}</a>" for n in range(50)), head=link("/feed"))
    assert len(found) == MAX_FOUND
    assert found[0].url == "https://www.news.example/feed"


@pytest.mark.parametrize("codec", ["utf-8", "windows-1251", "utf-16"])
def test_titles_in_any_encoding(codec: str) -> None:
    page = f"<html><head><meta charset='{codec}'>{link('/feed', title='Новини')}</head></html>"
    assert [one.title for one in find_feeds(page.encode(codec), URL, f"text/html; charset={codec}")] == ["Новини"]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<link rel=alternate type=application/rss+xml href=",
                "<a href=",
                "<base href=",
                "/feed",
                "'//['",
                ">",
                "\x00",
                "<?xml version='1.0' encoding='utf-16'?>",
                "<!--",
                "ÿ",
                "feed:",
                "x rss",
                "<html>",
                "</a>",
                "#",
            ]
        ),
        max_size=30,
    )
)
def test_any_bytes_are_read(pieces: list[str]) -> None:
    found = find_feeds("".join(pieces).encode("latin-1"), URL, None)
    assert len({one.url for one in found}) == len(found) <= MAX_FOUND
    assert all(one.url.startswith(("https://", "http://")) for one in found)
