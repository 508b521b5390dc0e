"""Seven days of briefings on a growing story: nothing twice, every change once, an empty day that says so."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bot.events import HOLD
from bot.store.engine import Store, open_store, sqlite_url
from summaries.language import stemmer_of, stop_words_of
from summaries.text import collapse
from tests.week.week import DAYS, DOCUMENT, EVE, HERE, Week, document, edits, live, news, published

WED, THU, FRI, SAT, SUN, MON, TUE = DAYS

MOVES: dict[date, set[tuple[str, str | None, str]]] = {
    WED: {("IT", "open", "leads"), ("HR", None, "joins")},
    THU: {("SI", "open", "open"), ("GR", None, "unclear"), ("EU", None, "open")},
    FRI: {("AL", "open", "joins")},
    SUN: {("ME", "unclear", "refuses")},
    TUE: {("SI", "open", "joins")},
}
"""What changes.toml does to the table: which positions move, from what, to what, on which day."""

FIGURES: dict[date, set[str]] = {
    WED: {"12 ships", "about 40 million euros"},
    FRI: {"55 million euros"},
    TUE: {"nine ships"},
}

STORY_LINES = {
    "patrol": "",
    "court": "prosecutors-seek|captain-of-halcyon|captain-may-stand|judge-orders|halcyon-dawn",
    "fishing": "chioggia|fishermen|fishing-boats",
    "insurers": "insurers",
    "cables": "explainer",
    "sensors": "technical|dark-stretch|recap|two-hours",
}
"""Which articles a reader would say tell of the same, by words of their addresses; all others are of the patrol."""


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The week as it was lived through, once for all tests."""
    store = open_store(sqlite_url(tmp_path_factory.mktemp("week") / "store.db"), clock=lambda: EVE)
    yield live(store)
    store.close()


def told(week: Week, day: date) -> list[dict[str, Any]]:
    """The stories of a day's briefing that are told or named, not those that were only told again."""
    value = week.values[day]
    return [*value["stories"], *value["more_stories"]]


def quotes(text: str) -> list[str]:
    """What stands in block quotes, one each."""
    return [line.removeprefix("> ").removeprefix("\\[…\\] ") for line in text.split("\n") if line.startswith("> ")]


def likeness(one: str, other: str) -> float:
    """The cosine of two sentences' content words."""
    stem, stop_words = stemmer_of("en"), stop_words_of("en")
    a, b = (
        Counter(stem(word) for word in re.findall(r"\w+", text.lower()) if word not in stop_words)
        for text in (one, other)
    )
    shared = sum(count * b[word] for word, count in a.items())
    return shared / math.sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()) or 1)


def address(week: Week, file: str) -> str:
    """The address of an article that arrived, by its file's name."""
    article = week.library.article(week.articles[file].article, None)
    assert article is not None
    assert article.url is not None
    return article.url


def story_line(url: str) -> str:
    slug = url.rsplit("/", 1)[1]
    return next((line for line, words in STORY_LINES.items() if words and re.search(words, slug)), "patrol")


def test_there_is_a_briefing_for_each_day_and_those_without_news_come_without_a_sound(week: Week) -> None:
    assert tuple(week.briefings) == DAYS
    assert [day for day, posted in week.briefings.items() if posted.silent] == [SAT, MON]
    assert all(len(message) <= 2000 for posted in week.briefings.values() for message in posted.messages)


def test_no_sentence_is_printed_twice(week: Week) -> None:
    printed = Counter(quote for posted in week.briefings.values() for quote in quotes(posted.text))
    assert [quote for quote, count in printed.items() if count > 1] == []


ALIKE = {
    # Which cables can listen, and how many lie in a stretch.
    ("Only six of the Adriatic's 19", "Two of the Adriatic's 19 cable"),
    # What was asked for on one day and ordered on another.
    ("Prosecutors in Bari asked a judge", "A judge in Bari on Friday ordered"),
}
"""Sentences that share most of their words and say different things all the same, by how each begins."""

REPEATED = {
    # Two papers on one blockade, one after the other: half the words are others (harbour, port; ban, zones).
    ("Some 60 fishing boats blocked", "About 60 fishing boats blocked"),
}
"""A known weakness: what is printed twice in other words, by how each begins."""


def test_no_sentence_says_what_another_said(week: Week) -> None:
    printed = [quote for posted in week.briefings.values() for quote in quotes(posted.text)]
    known = ALIKE | REPEATED
    alike = [
        next((pair for pair in known if one.startswith(pair[0]) and other.startswith(pair[1])), (one, other))
        for one, other in combinations(dict.fromkeys(printed), 2)
        if likeness(one, other) > 0.6
    ]
    # One that is not alike any more is to be taken off these lists.
    assert sorted(alike) == sorted(known)


def test_every_change_is_told_once_and_on_its_day(week: Week) -> None:
    for day, value in week.values.items():
        moves = [(one["party"], one["from"], one["to"]) for one in value["changes"]]
        assert sorted(moves, key=str) == sorted(MOVES.get(day, set()), key=str), day
        figures = [row["value"] for row in value["figures"]]
        assert sorted(figures) == sorted(FIGURES.get(day, set())), day
    # As people read them, too.
    for day, posted in week.briefings.items():
        for party, _, _ in MOVES.get(day, ()):
            name = week.library.parties[party].name
            assert len(re.findall(rf"^\*\*{name}: ", posted.text, re.MULTILINE)) == 1, (day, name)


def test_what_stood_before_is_not_another_source_that_differs(week: Week) -> None:
    assert [day for day, posted in week.briefings.items() if "Another source" in posted.text] == []


def test_every_article_is_told_named_or_counted_once(week: Week) -> None:
    seen = Counter(
        article["url"]
        for value in week.values.values()
        for story in (*value["stories"], *value["more_stories"], *value["retold_stories"])
        for article in story["articles"]
    )
    new = {address(week, file) for file, added in week.articles.items() if added.outcome == "new"}
    # The edited explainer is no new article; the agency report that one more outlet carries on the day after is none
    # either to whoever has read it.
    late = address(week, "20260507-0640-capital-captain-may-stand-trial-agency")
    assert [added.outcome for added in week.articles.values()].count("revised") == 1
    assert set(seen) == new - {late}
    assert set(seen.values()) == {1}


def test_the_empty_day_says_so(week: Week) -> None:
    (message,) = week.briefings[SAT].messages
    assert message.startswith("**Briefing, Saturday 9 May 2026: nothing new on file**")
    assert "No change in the table and no new article since the last briefing." in message
    assert quotes(message) == []


def test_on_a_day_of_retellings_nothing_is_news(week: Week) -> None:
    value = week.values[MON]
    assert (value["changes"], value["figures"], told(week, MON), value["watch"]) == ([], [], [], [])
    assert quotes(week.briefings[MON].text) == []
    # Each of the seven is named as told again.
    arrived = {address(week, file) for file in week.articles if file.startswith("20260511")}
    assert len(arrived) == 7
    assert {one["url"] for story in value["retold_stories"] for one in story["articles"]} == arrived
    assert "nothing new on file" in week.briefings[MON].text


def test_every_quote_is_a_slice_of_its_article(week: Week) -> None:
    known = []
    for value in week.values.values():
        for one in (*(one for story in value["stories"] for one in story["sentences"]), *value["watch"]):
            article = week.library.article(one["article"], one["revision"])
            assert article is not None
            assert article.text[one["start"] : one["end"]] == one["text"]
            known.append(collapse(one["text"]))
    rows = [quote["text"] for _, _, row in edits() for quote in row["quotes"]]
    # A sentence that begins with an agency's dateline may be quoted from behind it.
    for posted in week.briefings.values():
        for quote in quotes(posted.text):
            assert any(quote in sentence for sentence in (*known, *rows)), quote


def test_update_is_said_of_what_was_told_before_and_of_nothing_else(week: Week) -> None:
    heard: set[str] = set()
    for day, value in week.values.items():
        before = {story_line(url) for url in heard}
        for story in told(week, day):
            (line,) = {story_line(article["url"]) for article in story["articles"]}
            assert not story["update"] or line in before, (day, story["title"])
            # A new side of the patrol may be a story of its own; what else goes on is not.
            assert story["update"] or line not in before or line in {"patrol", "sensors"}, (day, story["title"])
            assert {article["url"] for article in story["earlier"]} <= heard, story["title"]
        stories = (*told(week, day), *value["retold_stories"])
        heard |= {article["url"] for story in stories for article in story["articles"]}


def test_a_story_holds_one_story_line(week: Week) -> None:
    for day in DAYS:
        for story in told(week, day):
            lines = {story_line(article["url"]) for article in (*story["articles"], *story["earlier"])}
            assert len(lines) == 1, (day, story["title"], lines)


def test_who_was_first_is_said_of_what_others_tell_too_and_of_no_update(week: Week) -> None:
    moments = {address(week, file.stem): published(file) for file in news()}
    for day, posted in week.briefings.items():
        claimed = 0
        for story in week.values[day]["stories"]:
            urls = [article["url"] for article in story["articles"]]
            several = len({article["publisher"] for article in story["articles"]}) > 1
            if story["first"] is not None and several and not story["update"]:
                assert story["first"]["url"] == min(urls, key=moments.__getitem__)
                claimed += 1
        assert posted.text.count("First reported by") == claimed, day


def test_a_follower_hears_of_each_change_once_and_when_it_can_not_be_taken_back_any_more(week: Week) -> None:
    changed = {row["id"]: at for at, _, row in edits()}
    heard = [
        (posted.at, posted.text.split(":", 1)[0])
        for posted in week.updates
        if "update: " not in posted.text.split("\n", 1)[0]
    ]
    assert heard == [
        (changed["si-if-parliament"] + HOLD, "**Slovenia"),
        (changed["me-no"] + HOLD, "**Montenegro"),
        (changed["si-takes-part"] + HOLD, "**Slovenia"),
    ]


def test_the_document_shows_what_is_posted(week: Week) -> None:
    assert DOCUMENT.read_text("utf-8") == document(week), "Renew it: python -m tests.week"


@pytest.mark.long
def test_every_database_tells_the_same(store: Store, week: Week) -> None:
    assert live(store).briefings == week.briefings


def test_the_dossier_serves_the_command_line_too(rollcall: Callable[..., Any], home: Path) -> None:
    (home / "config.toml").write_text(f"dossier = '{HERE}'\n", encoding="utf-8")
    assert "1 article, 4 parties, every quote found in its article" in rollcall("check").out
    assert rollcall("ingest", str(HERE / "articles")).code == 0
    said = rollcall("briefing", "--date", "2026-05-06")
    assert said.code == 0
    assert "\nNow\n0 in, 4 maybe, 0 say no." in said.out
