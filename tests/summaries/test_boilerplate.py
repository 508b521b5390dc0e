from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.boilerplate import boilerplate_flags, is_boilerplate
from summaries.sentences import sentences
from summaries.text import Span

HERE = Path(__file__).parent
PROMOTION = (HERE / "promotion.txt").read_text("utf-8").splitlines()
NEWS = (HERE / "news.txt").read_text("utf-8").splitlines()


def kept(text: str) -> list[str]:
    spans = sentences(text, Span(0, len(text)))
    flags = boilerplate_flags(text, spans)
    return [span.of(text) for span, furniture in zip(spans, flags, strict=True) if not furniture]


def test_the_lists_are_long_enough() -> None:
    assert len(PROMOTION) >= 60
    assert len(NEWS) >= 40


@pytest.mark.parametrize("line", PROMOTION)
def test_promotion_goes(line: str) -> None:
    assert is_boilerplate(line)
    assert kept(line) == []


@pytest.mark.parametrize("line", NEWS)
def test_news_stays(line: str) -> None:
    assert not is_boilerplate(line)
    assert "".join(kept(line)) == "".join(line[s.start : s.end] for s in sentences(line, Span(0, len(line))))


@pytest.mark.parametrize("promotion", PROMOTION[:12])
def test_promotion_behind_news_goes_alone(promotion: str) -> None:
    news = "The ministers agreed on Monday to send 3,000 soldiers after a ceasefire."
    text = f"{news} {promotion}"
    assert not is_boilerplate(text)
    assert kept(text) == [news]


def test_both_sentences_of_a_promotion_go_wherever_they_stand() -> None:
    text = (
        "The talks ended on Friday. Have you heard our podcast Around the Table? Mira and Joe take apart the week's "
        "biggest decisions and the people who made them."
    )
    assert kept(text) == ["The talks ended on Friday."]


def test_what_the_news_reports_behind_a_promotion_stays() -> None:
    text = "Sign up for our newsletter. The minister said on Friday that the law would be changed."
    assert kept(text) == ["The minister said on Friday that the law would be changed."]


def test_a_caption_goes_with_the_credit_behind_it() -> None:
    assert kept("British soldiers on an exercise in Estonia. Ann Author/The Daily Paper") == []
    report = "The minister resigned on Monday."
    assert kept(f"{report} Reuters") == [report]


@given(st.text())
def test_any_line(line: str) -> None:
    is_boilerplate(line)


@pytest.mark.parametrize("text", ["a " * 500_000, "By " * 300_000, "12:30 " * 100_000, '"' * 500_000, "our " * 200_000])
def test_long_lines_take_no_time(text: str) -> None:
    begun = time.process_time()
    is_boilerplate(text)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("start", ["", "By ", "to ", "published ", "Read ", "Anna Keller is ", "The views ", "We and "])
@pytest.mark.parametrize(
    "unit",
    [
        "to a, ",
        "published on ",
        "1 h ",
        "12:30 ",
        "By A y A ",
        "A ",
        "from x ",
        "our new ",
        "/ a",
        "“",
        "week ",
        "- ",
        "editor of ",
        "partners ",
        "Anna ",
    ],
)
def test_repetition_takes_no_exponential_time(start: str, unit: str) -> None:
    begun = time.process_time()
    for end in ("", ".", "!x", "\x01"):
        is_boilerplate(start + unit * (590 // len(unit)) + end)
    assert time.process_time() - begun < 2
