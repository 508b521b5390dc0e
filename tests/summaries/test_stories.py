from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.article import Article, Published, read_text
from summaries.claims import Claim, Quote, SourceKind
from summaries.stories import Story, group_stories, news_value, rank_stories
from summaries.table import Change, Position

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


def test_fifteen_hundred_articles() -> None:
    source = random.Random(7)  # noqa: S311 - test data
    words = ["".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(3, 9))) for _ in range(9000)]
    # Word frequencies as in real text: a few words in nearly every article.
    weights = [1 / (rank + 1) for rank in range(len(words))]

    def made(index: int) -> Article:
        title = " ".join(source.choices(words, weights, k=8))
        body = " ".join(source.choices(words, weights, k=400)) + "."
        return article(f"{index:05}", title, body, source.randrange(100))

    articles = [made(index) for index in range(1100)]
    articles += [replace(source.choice(articles[:100]), id=f"copy{index}") for index in range(250)]
    articles += [replace(articles[0], id=f"wide{index}") for index in range(150)]
    begun = time.process_time()
    stories = group_stories(articles)
    assert time.process_time() - begun < 10
    assert max(len(story.articles) for story in stories) >= 150
    assert 950 < len(stories) <= 1100


# --- stories that grow -----------------------------------------------------------------------------------------------

SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]


def words(seed: str, count: int) -> list[str]:
    source = random.Random(seed)  # noqa: S311 - test data
    return ["".join(source.choices(SYLLABLES, k=3)) for _ in range(count)]


def report(event: str, number: int, hours: float | None, share: float = 0.5) -> Article:
    """Make a report: words of its event, words of its own, and those of every news."""
    source = random.Random(f"{event} {number}")  # noqa: S311 - test data
    own = words(f"{event} {number} own", 60)
    told = source.choices(words(event, 40), k=round(200 * share)) + source.choices(own, k=round(200 * (1 - share)))
    told += source.choices(words("every news", 50), k=60)
    source.shuffle(told)
    return article(f"{event}-{number}", " ".join(told[:6]), " ".join(told) + ".", hours)


ELSEWHERE = [report(f"else{number}", 0, number % 100) for number in range(40)]


def test_a_story_grows_over_days_and_takes_in_nothing_else() -> None:
    flood = [report("flood", day, day * 24) for day in range(6)]
    strike = [report("strike", day, day * 24 + 5) for day in range(6)]
    found = sorted(ids(group_stories([*flood, *strike, *ELSEWHERE])), key=len)[-2:]
    assert sorted(sorted(story) for story in found) == [[a.id for a in flood], [a.id for a in strike]]
    # The days between join them.
    assert len(group_stories([flood[0], flood[5]], beside=ELSEWHERE)) == 2


def test_how_long_a_story_may_be_quiet_is_for_the_caller_to_say() -> None:
    days = [report("talks", 0, 0), report("talks", 1, 5 * 24)]
    others = [report(f"event{n}", n, 0) for n in range(10)]
    assert max(len(story.articles) for story in group_stories([*days, *others])) == 1
    assert max(len(story.articles) for story in group_stories([*days, *others], days=4)) == 1
    assert ids(group_stories([*days, *others], days=5))[0] == [days[1].id, days[0].id]


def test_likeness_does_not_chain() -> None:
    """Each step tells half of the step before; the last has nothing of the first."""

    def step(number: int) -> Article:
        told = words(f"step {number}", 30) + words(f"step {number + 1}", 30)
        return article(f"step{number}", "", " ".join(told) + ".", number)

    chain = [step(number) for number in range(12)]
    found = group_stories([*chain, *ELSEWHERE])
    assert max(len(story.articles) for story in found) <= 4
    assert any(len(story.articles) > 1 for story in found)


def test_two_reports_are_one_story_once_it_is_known_which_words_are_common() -> None:
    pair = [report("flood", number, number) for number in range(2)]
    assert len(group_stories(pair, beside=ELSEWHERE)) == 1
    assert len(group_stories([pair[0], ELSEWHERE[0]], beside=[pair[1], *ELSEWHERE[1:]])) == 2
    assert group_stories([], beside=ELSEWHERE) == []


def test_an_article_without_a_date_joins_its_story() -> None:
    flood = [report("flood", 0, 0), report("flood", 1, None), report("flood", 2, 200)]
    found = group_stories([*flood, *ELSEWHERE])
    assert max(len(story.articles) for story in found) == 2


pieces = st.sampled_from(
    [*(a.text for a in TALKS), *(a.text for a in ELSEWHERE[:3]), "", "Яблоко. 今日は。", "\udc80 x"]
)
Made = tuple[str, str, int | None, bool]
drafts: st.SearchStrategy[Made] = st.tuples(
    pieces, st.text(max_size=20), st.none() | st.integers(-200, 200), st.booleans()
)


@settings(max_examples=60, deadline=None)
@given(st.lists(drafts, max_size=12), st.randoms(use_true_random=False))
def test_every_article_is_in_one_story_whatever_the_order(made: list[Made], order: random.Random) -> None:
    articles = [
        replace(article(f"{number:02}", "", text + extra, hours), title=text[:30] if titled else None)
        for number, (text, extra, hours, titled) in enumerate(made)
    ]
    stories = group_stories(articles)
    assert sorted(a.id for story in stories for a in story.articles) == [a.id for a in articles]
    shuffled = list(articles)
    order.shuffle(shuffled)
    assert group_stories(shuffled) == stories
    for story in stories:
        assert 1 <= story.outlets <= len(story.articles)
        assert story.title is None or story.title in {a.title for a in story.articles}
    assert {id(story) for story, _ in rank_stories(stories)} == {id(story) for story in stories}


def test_hash_seeds_change_nothing() -> None:
    program = (
        "from tests.summaries.test_stories import *;"
        "print([[a.id for a in s.articles] for s in group_stories([*TALKS, *OTHERS, *ELSEWHERE])])"
    )
    root = Path(__file__).parents[2]
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            cwd=root,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


# --- news value ------------------------------------------------------------------------------------------------------


def claim(party: str, source: str, kind: SourceKind = "named") -> Claim:
    quote = Quote(source, 1, 0, 1, "x")
    return Claim(f"{party}-{source}", party, "open", (quote,), "somebody", kind, NOON.date())


def change(new: Claim) -> Change:
    position = Position(new.party, new.stance, new, (), (), {}, frozenset(), NOON.date(), NOON.date())
    return Change(new.party, None, position)


def story(name: str, outlets: int = 1, hours: float | None = 0) -> Story:
    return Story(tuple(replace(article(f"{name}{n}", name, name, hours), publisher=f"P{n}") for n in range(outlets)))


def test_the_order_of_news() -> None:
    moved, wide, official, named, fresh, stale, undated = (
        story("moved", 1, -50), story("wide", 3, -40), story("official", 1, -30), story("named", 1, -20),
        story("fresh"), story("stale", 1, -10), story("undated", 1, None),
    )  # fmt: skip
    ranked = rank_stories(
        [undated, stale, fresh, named, official, wide, moved],
        changed=[change(claim("FR", "moved0")), Change("DE", None, None)],
        claims=[claim("GB", "official0", "official"), claim("FR", "moved0"), claim("IT", "elsewhere", "official")],
        named={"named0": ["FR", "DE"]},
    )
    assert [found.title for found, _ in ranked] == ["moved", "wide", "official", "named", "fresh", "stale", "undated"]
    reasons = {found.title: value.reasons() for found, value in ranked}
    assert reasons["moved"] == ["1 change of a position", "1 independent outlet", "newest article 2025-03-18 10:00 UTC"]
    assert reasons["wide"][0] == "3 independent outlets"
    assert reasons["official"][1] == "1 party quoted officially"
    assert reasons["named"][1] == "2 parties named"
    assert reasons["undated"] == ["1 independent outlet", "no date"]
    assert news_value(moved, [change(claim("FR", "moved0"))]) == ranked[0][1]


def test_copies_of_an_agency_text_are_one_outlet() -> None:
    agency = TALKS[1]
    copies = [replace(agency, id=f"copy{n}", publisher=f"Paper {n}") for n in range(5)]
    own = replace(TALKS[0], publisher="Own words")
    again = replace(TALKS[2], publisher="own  Words")
    (found,) = [s for s in group_stories([*copies, own, again, *OTHERS]) if len(s.articles) > 1]
    assert len(found.articles) == 7
    assert found.outlets == 2


def test_an_outlet_without_a_name_is_its_site() -> None:
    pages = [replace(TALKS[n], url=f"https://news.example/{n}") for n in range(3)]
    assert Story(tuple(pages)).outlets == 1
    assert Story((pages[0], replace(pages[1], url="https://other.example/1"))).outlets == 2
