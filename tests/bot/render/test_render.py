"""Media: what is escaped, where messages are cut, and that hostile words stay words."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers import mistake
from bot.render.medium import Discord, Html, Text, harmless
from bot.render.render import SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, as_discord
from bot.render.split import GAP, MAX_CONTENT, close_gaps, length, split
from bot.render.words import age

HOSTILE = st.text(
    alphabet=st.sampled_from(list("@everyone here<>#&!:/[]()*_~|`\\-123.\u202e\u200b\x1b\n\t é😀htps")), max_size=120
)


@given(st.text(max_size=200))
def test_harmless_is_one_visible_line(text: str) -> None:
    shown = harmless(text)
    assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ud800-\udfff]", shown)
    shown.encode("utf-8")


@given(HOSTILE)
def test_nothing_in_a_discord_message_pings_links_or_formats(text: str) -> None:
    shown = Discord().plain(text)
    assert not re.search(r"@(?:everyone|here)", shown)
    assert not re.search(r"(?<!\\)<(?:@|#|t:|/|:|a:|id:|https?:)", shown)
    assert not re.search(r"https?://", shown)
    for mark in re.finditer(r"[*_~|`\[\]<>]", shown):
        before = shown[: mark.start()]
        assert (len(before) - len(before.rstrip("\\"))) % 2 == 1, shown
    assert not re.match(r"\s*(?:#{1,3}|-#|>|[-+]|\d+\.)\s", shown)


@given(HOSTILE)
def test_html_escapes_what_came_from_outside(text: str) -> None:
    shown = Html().plain(text)
    assert "<" not in shown
    assert ">" not in shown


@pytest.mark.parametrize("medium", [Text(), Discord(), Html()])
@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//x.example", "x"])
def test_only_web_addresses_become_links(medium: Text | Discord | Html, url: str) -> None:
    assert medium.link("label", url) == "label"


def test_a_link_can_not_be_broken_out_of() -> None:
    shown = Discord().link("x", "https://x.example/a)[b](https://evil.example) >'\"\n")
    assert shown.startswith("[x](<https://x.example/a%29")
    assert shown.endswith(">)")
    assert not re.search(r"[\s()<>]", shown[len("[x](<") : -2])
    page = Html().link("x", 'https://x.example/"onmouseover="alert(1)')
    assert '"onmouseover' not in page


def test_wrapped_text_keeps_its_quote_marks_and_words() -> None:
    quote = "Ministers from twelve countries met in Oslo on Tuesday to discuss the monitoring of a ceasefire."
    shown = Text(width=40).block_quote(quote, midway=True)
    lines = shown.splitlines()
    assert all(line.startswith("> ") and len(line) <= 40 for line in lines)
    assert " ".join(line[2:] for line in lines) == f"[…] {quote}"


ITEMS = st.lists(st.lists(st.text(alphabet="ab c😀", min_size=1, max_size=60), min_size=1, max_size=4), max_size=30)


@given(ITEMS, st.integers(80, 200))
def test_messages_are_cut_at_blank_lines_only_and_nothing_is_lost(items: list[list[str]], limit: int) -> None:
    blocks = ["\n".join(line.strip() or "x" for line in item) for item in items]
    parts = split("\n\n".join(blocks), limit)
    assert all(length(part) <= limit for part in parts)
    if all(length(block) <= limit for block in blocks):
        assert "\n\n".join(parts) == "\n\n".join(blocks)
        assert [block for part in parts for block in part.split("\n\n")] == blocks


def test_a_line_that_is_too_long_is_left_out_and_said() -> None:
    parts = split("first\n\n> " + "a" * 6000 + "\n-# receipt\n\nlast")
    assert all(length(part) <= MAX_CONTENT for part in parts)
    assert "6,002 characters is too long to be shown" in "".join(parts)
    assert "aaa" not in "".join(parts), "half a quote would be another quote"
    assert "last" in parts[-1]


def test_length_counts_as_discord_may() -> None:
    assert length("a😀") == 3


FLAG = "🏴" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + chr(0xE007F)


@pytest.mark.parametrize("shown", [FLAG, "👩\u200d👩\u200d👧", "\U0001fae8", "é"])
def test_what_a_reader_should_see_is_left_alone(shown: str) -> None:
    assert harmless(shown) == shown


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("2025-03-20", "2025-03-20", "today"),
        ("2025-03-19", "2025-03-20", "yesterday"),
        ("2025-01-20", "2025-03-20", "59 days ago"),
        ("2025-07-01", "2025-08-31", "1 month ago"),
        ("2025-03-20", "2026-11-22", "20 months ago"),
        ("2020-03-20", "2026-11-22", "6 years ago"),
    ],
)
def test_ages_in_words(then: str, now: str, words: str) -> None:
    assert age(date.fromisoformat(then), date.fromisoformat(now)) == words


def test_a_gap_is_a_blank_line_at_which_nothing_is_cut() -> None:
    item = f"**1. Story**\n> first\n{GAP}\n> second\n-# receipt"
    parts = split("\n\n".join([item, item]), 60)
    assert [close_gaps(part) for part in parts] == ["**1. Story**\n> first\n\n> second\n-# receipt"] * 2


def test_what_is_to_be_typed_is_shown_as_it_is() -> None:
    assert Discord().code("*status Nigeria") == "`*status Nigeria`"
    assert "`" not in Discord().code("a`b@everyone")[1:-1]
    assert "@everyone" not in Discord().code("@everyone")


def test_a_silent_message_is_flagged_as_one() -> None:
    quiet, loud = (as_discord(mistake("x", "y", "z"), silent=silent)[0]["flags"] for silent in (True, False))
    assert (quiet, loud) == (SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS, SUPPRESS_EMBEDS)
