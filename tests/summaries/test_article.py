"""Reading texts: what is a header, a title, a date, a paragraph; and that nothing of the text is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import decode, normalise_url, parse_date, read_text
from summaries.text import is_heading, paragraphs

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_header_lines_are_metadata_and_the_body_begins_behind_the_blank_line() -> None:
    text = "url: https://x.example/a\ntitle: A: title\noutlet: O\nprovenance: mine\ndate: 2026-01-06\n\nThe body.\n"
    draft = read_text(text.encode(), now=NOW)
    assert (draft.url, draft.title, draft.publisher) == ("https://x.example/a", "A: title", "O")
    assert draft.published.iso == "2026-01-06"
    assert draft.text == text
    assert draft.text[draft.body_start :] == "The body.\n"


@pytest.mark.parametrize(
    "text",
    [
        "Breaking: ministers met.\n\nMore follows.",
        "note: nothing\ntitle: x\n\nBody.",
        "A plain sentence of a text.\n\nAnother one.",
    ],
)
def test_other_first_lines_are_text(text: str) -> None:
    draft = read_text(text.encode(), now=NOW)
    assert draft.body_start == 0


def test_a_leading_date_is_metadata() -> None:
    draft = read_text(b" date 2025-03-20 A text begins.", now=NOW)
    assert draft.published.iso == "2025-03-20"
    assert draft.text[draft.body_start :] == "A text begins."


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_are_untouched_and_all_end_paragraphs(newline: str) -> None:
    text = newline.join(["One sentence stands here.", "", "And another one there.", "A third."])
    draft = read_text(text.encode(), now=NOW)
    assert draft.text == text
    assert [p.of(text) for p in paragraphs(text)] == [
        "One sentence stands here.",
        "And another one there.",
        "A third.",
    ]


def test_a_hard_wrapped_paragraph_is_one() -> None:
    text = (
        "Ministers from twelve countries met in Oslo on Tuesday to\n"
        "discuss the monitoring of a ceasefire, and agreed that they\n"
        "would meet again in spring.\n\nThe next paragraph."
    )
    assert len(paragraphs(text)) == 2


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_text_that_says_how_it_is_encoded_is_read_so(codec: str) -> None:
    text = "\ufefftitle: Grüße\n\nNorwegen hilft. \U0001f642"
    draft = read_text(text.encode(codec), now=NOW)
    assert (draft.text, draft.title, draft.warnings) == (text, "Grüße", ())
    broken, warnings = decode(text.encode(codec)[:-1])
    assert broken.startswith(text[:-1])
    assert warnings


@pytest.mark.parametrize("data", ["Norway will help.".encode("utf-16-le"), b"\0" * 90, bytes(range(128, 256)) * 3])
def test_what_is_mostly_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^no text: save it as UTF-8$"):
        read_text(data, now=NOW)


def test_a_text_in_another_encoding_is_taken_with_a_note() -> None:
    draft = read_text("Über Öl sprach man in Århus.".encode("latin-1"), now=NOW)
    assert draft.warnings == ("3 byte(s) are not UTF-8; each is shown as \ufffd",)


@given(st.binary(max_size=300))
def test_decoding_never_fails_and_says_what_it_changed(data: bytes) -> None:
    text, warnings = decode(data)
    text.encode("utf-8")
    assert "\0" not in text
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"} or data[:4] == b"\0\0\xfe\xff":
        return
    try:
        same = data.decode("utf-8") == text
    except UnicodeDecodeError:
        same = False
    assert same is not bool(warnings)


@given(st.text(max_size=400))
def test_paragraphs_are_ordered_trimmed_and_hold_every_visible_character(text: str) -> None:
    found = paragraphs(text)
    position = 0
    for span in found:
        assert span.start >= position
        assert span.of(text) == span.of(text).strip()
        assert span.of(text)
        position = span.end
    kept = "".join(span.of(text) for span in found)
    assert [c for c in kept if not c.isspace()] == [c for c in text if not c.isspace()]


@pytest.mark.parametrize(
    ("written", "iso", "basis"),
    [
        ("2025-03-20", "2025-03-20", "stated"),
        ("2025-12-01 (estimated)", "2025-12-01", "inferred"),
        ("20 March 2025", "2025-03-20", "stated"),
        ("Thursday, 20 Mar 2025", "2025-03-20", "stated"),
        ("March 20, 2025", "2025-03-20", "stated"),
        ("2025-03-20T23:30:00-05:00", "2025-03-21T04:30:00Z", "stated"),
        ("Thu, 20 Mar 2025 06:00:00 +0100", "2025-03-20T05:00:00Z", "stated"),
    ],
)
def test_dates_as_articles_write_them(written: str, iso: str, basis: str) -> None:
    found = parse_date(written)
    assert found is not None
    assert (found.iso, found.basis) == (iso, basis)


@pytest.mark.parametrize("written", ["", "soon", "2025-02-30", "31 June 2025", "20 Mars 2025", "99999-01-01", "1"])
def test_what_is_no_date(written: str) -> None:
    assert parse_date(written) is None


@pytest.mark.parametrize("date", ["2999-01-01", "2025-99-99"])
def test_an_impossible_date_is_told_and_left_out(date: str) -> None:
    draft = read_text(f"date: {date}\n\nA text follows here.".encode(), now=NOW)
    assert draft.published.at is None
    assert len(draft.warnings) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://www.x.example/a/",
        "http://x.example/a?utm_source=feed&fbclid=1",
        "HTTPS://X.example:443/a#top",
        "https://x.example/a",
    ],
)
def test_one_article_has_one_address(address: str) -> None:
    assert normalise_url(address) == "https://x.example/a"


@pytest.mark.parametrize("address", ["", "x.example", "javascript:alert(1)", "https://", "https://[", "https://a b/"])
def test_what_is_no_address(address: str) -> None:
    assert normalise_url(address) is None


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("Which countries are in this coalition?", True),
        ("What is the ‘coalition of willing’ and could it help end the war?", True),
        ("Ministers meet in Oslo", True),
        ("The ministers met in Oslo on Tuesday.", False),
        ('"We will not send soldiers," he said.', False),
        ("They met. Did they agree?", False),
    ],
)
def test_headings(line: str, heading: bool) -> None:
    assert is_heading(line, paragraphs(line)[0]) is heading


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\u2028"])
def test_a_header_ends_where_text_begins_and_no_text_is_lost(newline: str) -> None:
    text = newline.join(["title: X", "date: 2025-04-02", "Germany will send two ships.", "", "Poland will not."])
    draft = read_text(text.encode(), now=NOW)
    assert draft.title == "X"
    assert draft.published.iso == "2025-04-02"
    assert [p.of(text) for p in paragraphs(text, draft.body_start)] == [
        "Germany will send two ships.",
        "Poland will not.",
    ]
