"""Lists of feeds: what is read of them, what is refused, and that what is written is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from summaries.opml import MAX_OPML, MAX_OUTLINES, Outline, read_opml, write_opml

NOW = datetime(2025, 3, 26, 12, 0, tzinfo=UTC)


def opml(body: str, start: str = '<?xml version="1.0"?>') -> bytes:
    return f'{start}<opml version="1.0"><head><title>T</title></head><body>{body}</body></opml>'.encode()


def test_a_list_as_readers_export_it() -> None:
    found = read_opml(
        opml(
            "<outline text='Politics' title='Politics'><outline text='EU'>"
            "<outline type='rss' text='A' title='A &amp; B' xmlUrl='https://a.example/feed' htmlUrl='https://a.example/'/>"
            "</outline><OUTLINE TEXT='C' XMLURL='feed://c.example/rss'/></outline>"
            "<outline text='A again' xmlUrl='http://www.a.example/feed/'/>"
            "<outline text='No feed' url='https://d.example/'/><outline xmlUrl='javascript:alert(1)' text='x'/>"
            "<outline xmlUrl='https://me:secret@e.example/feed' text='x'/>"
            "<outline xmlUrl='https://f.example/feed' htmlUrl='data:x' text='https://f.example/feed'/>"
        )
    )
    assert found == [
        Outline("https://a.example/feed", "A & B", "https://a.example/", ("Politics", "EU")),
        Outline("https://c.example/rss", "C", None, ("Politics",)),
        Outline("https://f.example/feed"),
    ]


def test_feeds_whose_address_is_none_are_named() -> None:
    left_out: list[str] = []
    found = read_opml(
        opml(
            "<outline text='A &amp; B' xmlUrl='https://a.example/feed?x=1&y=2'/><outline text='A folder' xmlUrl=' '/>"
            "<outline text='Local' xmlUrl='file:///feed.xml'/><outline xmlUrl='ftp://b.example/feed'/>"
            "<outline text='https://me:secret@c.example/feed' xmlUrl='https://me:secret@c.example/feed'/>"
        ),
        left_out,
    )
    assert [one.title for one in found] == ["A & B"]
    # Once, though the list was read twice: its ampersand had to be mended.
    assert left_out == ["Local", "ftp://b.example/feed", "https://c.example/feed"]


@pytest.mark.parametrize(
    "data",
    [
        opml("<outline text='A & B' xmlUrl='https://a.example/?x=1&y=2&nbsp;'/>"),
        opml("<outline text='A & B' xmlUrl='https://a.example/?x=1&amp;y=2'/>"),
        b"\xef\xbb\xbf\n" + opml("<outline text='x' xmlUrl='https://a.example/?x=1&amp;y=2'/>", ""),
        opml("<outline text='x' xmlUrl='https://a.example/?x=1&amp;y=2'/>").decode().encode("utf-16"),
        b"<!DOCTYPE opml>" + opml("<outline text='x' xmlUrl='https://a.example/?x=1&amp;y=2'/>", ""),
    ],
)
def test_lists_that_are_not_quite_well_formed(data: bytes) -> None:
    assert read_opml(data)[0].url.startswith("https://a.example/?x=1&y=2")


def test_other_encodings() -> None:
    data = opml("<outline text='Новини' xmlUrl='https://a.example/'/>", "<?xml version='1.0' encoding='windows-1251'?>")
    assert read_opml(data.decode().encode("windows-1251"))[0].title == "Новини"


_BOMB = "<!DOCTYPE opml [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"feeds: a, b", "no well-formed XML"),
        (b"<opml><body>", "line 1"),
        (b"<rss><channel/></rss>", "begins with <rss>"),
        (b"<html><body>x</body></html>", "begins with <html>"),
        (opml("<outline text='&b;'/>", _BOMB), "entities"),
        (opml("", "<!DOCTYPE opml [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"), "entities"),
        (opml("<outline>" * 100 + "</outline>" * 100), "levels deep"),
        (opml("<outline/>" * (MAX_OUTLINES + 1)), "more than 5,000 outlines"),
        (b" " * (MAX_OPML + 1), "at most 1,000,000 are read"),
    ],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_opml(data)
    assert str(caught.value).endswith(".")


def test_a_written_list() -> None:
    feeds = [Outline("https://a.example/?x=1&y=2", 'A <"B">', folders=("Politics",)), Outline("https://b.example/")]
    text = write_opml(feeds, "Rollcall & friends", NOW.astimezone(timezone(timedelta(hours=2))))
    assert text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n<head><title>Rollcall &amp; friends</title>'
        "<dateCreated>Wed, 26 Mar 2025 12:00:00 GMT</dateCreated></head>\n<body>\n"
        '  <outline type="rss" text="https://b.example/" xmlUrl="https://b.example/"/>\n'
        '  <outline text="Politics">\n'
        '    <outline type="rss" text=\'A &lt;"B"&gt;\' title=\'A &lt;"B"&gt;\' xmlUrl="https://a.example/?x=1&amp;y=2"/>\n'
        "  </outline>\n</body>\n</opml>\n"
    )


_LINE = st.text(min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)
_ADDRESS = st.from_regex(r"https://[a-z]{1,8}\.example/[a-z0-9&=?'%;]{0,12}", fullmatch=True)


@given(
    st.lists(
        st.builds(Outline, _ADDRESS, st.none() | _LINE, st.none() | _ADDRESS, st.lists(_LINE, max_size=3).map(tuple)),
        max_size=6,
        unique_by=lambda one: one.url,
    ),
    _LINE,
)
@example(
    [Outline("https://c.example/", None, None, ("\x1b", "0")), Outline("https://a.example/", None, None, ("\x08",))],
    "0",
)
def test_what_is_written_is_read(feeds: list[Outline], title: str) -> None:
    once = read_opml(write_opml(feeds, title, NOW).encode("utf-8"))
    assert len(once) <= len(feeds)
    assert {one.url for one in once} <= {one.url for one in feeds}
    # What XML can't hold is replaced the first time; from then on nothing changes.
    assert read_opml(write_opml(once, title, NOW).encode("utf-8")) == once
    plain = [one for one in feeds if one.title is None or (one.title.isprintable() and one.title != one.url)]
    for one in plain:
        if all(folder.isprintable() for folder in one.folders) and one.url in {found.url for found in once}:
            assert one in once


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: opml(text)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    refused = ""
    try:
        read_opml(data)
    except ValueError as error:
        refused = str(error)
    assert not refused or refused.endswith(".")
