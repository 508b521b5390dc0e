from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.article import Article, Published, read_text
from summaries.stories import Story, group_stories

SEEDS = sorted((Path(__file__).parents[2] / "seeds" / "articles").glob("*.txt"))
NOON = datetime(2025, 3, 20, 12, tzinfo=UTC)


def article(identifier: str, title: str, body: str, hours: float | None = 0) -> Article:
    published = Published() if hours is None else Published(NOON + timedelta(hours=hours), "time", "stated")
    return Article(identifier, 1, f"{title}\n\n{body}", title=title, published=published)


def ids(stories: list[Story]) -> list[list[str]]:
    return [[item.id for item in story.articles] for story in stories]


TALKS = [
    article(
        "talks-1",
        "Turkey hosts ceasefire talks in Istanbul",
        "Negotiators from Russia and Ukraine met in Istanbul on Wednesday for a first round of ceasefire talks "
        "hosted by Turkey, the foreign ministry in Ankara said. The talks lasted two hours and ended without a truce.",
    ),
    article(
        "talks-2",
        "Istanbul ceasefire talks end without agreement",
        "ISTANBUL (Agency) — Russian and Ukrainian negotiators ended two hours of ceasefire talks in Istanbul on "
        "Wednesday "
        "without agreeing on a truce. Turkey, which hosted the first round, said a second one would follow next week.",
        1,
    ),
    article(
        "talks-3",
        "Russia and Ukraine hold first truce talks in Turkey",
        "Delegations of Russia and Ukraine sat down in Istanbul on Wednesday. The ceasefire talks, hosted by the "
        "Turkish "
        "foreign ministry, brought no truce but the two sides agreed to meet again next week, Ankara said.",
        2,
    ),
]
OTHERS = [
    article(
        "canada",
        "Canada open to joining force",
        "Canada could take part in a peacekeeping force in Ukraine, Prime Minister Mark Carney said on Thursday.",
        3,
    ),
    article(
        "wheat",
        "Drought ruins harvest in the south",
        "Farmers in southern Spain lost two thirds of their wheat this year, the ministry of agriculture said.",
        4,
    ),
]


def test_seed_articles_are_two_stories() -> None:
    articles = []
    for path in SEEDS:
        draft = read_text(path.read_bytes(), now=NOON)
        articles.append(Article(path.stem, 1, draft.text, title=draft.title, body_start=draft.body_start))
    assert len(group_stories(articles)) == 2


def test_reports_of_one_event_are_one_story() -> None:
    assert sorted(map(sorted, ids(group_stories(TALKS + OTHERS)))) == [
        ["canada"],
        ["talks-1", "talks-2", "talks-3"],
        ["wheat"],
    ]


def test_order_is_day_then_size_then_time() -> None:
    old = article("old", "Parliament elects a speaker", "The parliament elected a speaker after nine rounds.", -48)
    undated = article("none", "A bridge is opened", "The mayor opened a new bridge across the river on foot.", None)
    found = ids(group_stories([undated, old, *OTHERS, *TALKS]))
    assert found == [["talks-3", "talks-2", "talks-1"], ["wheat"], ["canada"], ["old"], ["none"]]


def test_like_events_far_apart_are_two_stories_but_copies_are_one() -> None:
    later = replace(TALKS[1], id="later", published=Published(NOON + timedelta(days=9)))
    assert len(group_stories([TALKS[0], later])) == 2
    assert len(group_stories([TALKS[1], later])) == 1


def test_a_copy_with_a_new_head_and_tail_is_the_same_text() -> None:
    body = " ".join(f"word{i} and thing{i % 7} of part{i}" for i in range(60))
    copy = replace(TALKS[0], id="copy", text=f"Another head\n\nBy our own staff. {body} More of our own words here.")
    assert len(group_stories([copy, article("x", "Head", body, 90)])) == 1


def test_title_is_the_most_central_one() -> None:
    assert group_stories(TALKS)[0].title in {item.title for item in TALKS}
    assert Story((replace(TALKS[0], title=None),)).title is None
    odd = replace(TALKS[2], title="Our view of the week")
    assert Story((odd, TALKS[0], TALKS[1])).title != "Our view of the week"


def test_nothing_and_empty_texts() -> None:
    assert group_stories([]) == []
    empty = [Article(str(i), 1, "") for i in range(3)]
    assert ids(group_stories(empty)) == [["0"], ["1"], ["2"]]


@settings(max_examples=50, deadline=None)
@given(st.permutations(TALKS + OTHERS), st.text())
def test_input_order_does_not_matter(articles: list[Article], noise: str) -> None:
    extra = Article("noise", 1, noise)
    stories = group_stories([*articles, extra])
    assert ids(stories) == ids(group_stories([extra, *TALKS, *OTHERS]))
    assert sorted(item.id for story in stories for item in story.articles) == sorted(
        ["noise", *(item.id for item in TALKS + OTHERS)]
    )


def test_three_thousand_articles() -> None:
    source = random.Random(7)  # noqa: S311 - test data
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 9))) for _ in range(9000)]
    # Word frequencies as in real text: a few words in nearly every article.
    weights = [1 / (rank + 1) for rank in range(len(words))]

    def made(index: int) -> Article:
        title = " ".join(source.choices(words, weights, k=8))
        body = " ".join(source.choices(words, weights, k=400)) + "."
        return article(f"{index:05}", title, body, source.randrange(100))

    articles = [made(index) for index in range(2200)]
    articles += [replace(source.choice(articles[:200]), id=f"copy{index}") for index in range(500)]
    articles += [replace(articles[0], id=f"wide{index}") for index in range(300)]
    begun = time.process_time()
    stories = group_stories(articles)
    assert time.process_time() - begun < 20
    assert max(len(story.articles) for story in stories) >= 300
    assert 1900 < len(stories) <= 2200
