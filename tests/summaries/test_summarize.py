from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from summaries.article import Article, read_text
from summaries.boilerplate import is_boilerplate
from summaries.summarize import RANKERS, Sentence, summarize
from summaries.text import Span

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "seeds" / "articles").glob("*.txt"))


def seed(path: Path) -> Article:
    draft = read_text(path.read_bytes(), now=datetime(2025, 6, 1, tzinfo=UTC))
    return Article(path.stem, 3, draft.text, title=draft.title, published=draft.published, body_start=draft.body_start)


def article(text: str, identifier: str = "a", **more: str) -> Article:
    return Article(identifier, 1, text, **more)  # type: ignore[arg-type]


def texts(found: list[Sentence]) -> list[str]:
    return [sentence.text for sentence in found]


def check(articles: list[Article], found: list[Sentence]) -> None:
    by_id = {(a.id, a.revision): a.text for a in articles}
    for sentence in found:
        assert by_id[sentence.article, sentence.revision][sentence.start : sentence.end] == sentence.text
        assert sentence.text.strip() == sentence.text != ""


@pytest.mark.parametrize("ranker", RANKERS)
def test_seed_articles(ranker: str) -> None:
    articles = [seed(path) for path in SEEDS]
    for chosen in ([articles[0]], [articles[1]], articles, articles[::-1]):
        for sentences in (1, 3, 40):
            found = summarize(chosen, sentences=sentences, words=75, ranker=ranker)
            check(chosen, found)
            assert 1 <= len(found) <= sentences
            assert sum(len(s.text.split()) for s in found) <= 75
            assert not [s for s in found if is_boilerplate(s.text) or s.text.endswith("?")]
            assert not [s for s in found if "podcast" in s.text or "every episode" in s.text]
        everything = summarize(chosen, sentences=1000, words=100_000, ranker=ranker)
        check(chosen, everything)
        assert not [s for s in everything if "podcast" in s.text or "every episode" in s.text]


@pytest.mark.parametrize("ranker", RANKERS)
def test_the_order_is_the_callers(ranker: str) -> None:
    articles = [seed(path) for path in SEEDS][::-1]
    found = summarize(articles, sentences=9, words=220, ranker=ranker)
    places = {article.id: place for place, article in enumerate(articles)}
    assert [places[s.article] for s in found] == sorted(places[s.article] for s in found)
    assert {s.article for s in found} == set(places)


PLAIN = (
    "The ministers agreed on Monday to send three thousand soldiers to the border. "
    "They will arrive in spring. "
    "Farmers in the south lost most of their wheat to the drought this year. "
    "A new bridge across the river was opened by the mayor of the town."
)


def test_a_pronoun_comes_only_behind_its_sentence() -> None:
    assert "They will" not in " ".join(texts(summarize([article(PLAIN)], sentences=1)))
    found = texts(summarize([article("They left the city at dawn on Friday. " + PLAIN)], sentences=9))
    assert "They left the city at dawn on Friday." not in found


def test_seen_sentences_are_avoided_until_nothing_else_is_left() -> None:
    first = summarize([article(PLAIN)], sentences=1)[0]
    seen = [("a", 1, Span(first.start + 3, first.start + 5))]
    assert summarize([article(PLAIN)], sentences=1, avoid=seen)[0] != first
    assert first in summarize([article(PLAIN)], sentences=1, avoid=[("a", 2, Span(0, 999)), ("b", 1, Span(0, 999))])
    assert summarize([article(PLAIN)], sentences=1, avoid=[("a", 1, Span(0, 9999))])


def test_the_same_sentence_is_shown_once() -> None:
    once = "The ministers agreed on Monday to send three thousand soldiers to the border."
    near = "Ministers agreed on Monday to send three thousand soldiers to the eastern border."
    assert len(summarize([article(once), article(once, "b"), article(near, "c")], sentences=3)) == 1
    assert len(summarize([article(f"{once} {once} {near}")], sentences=3)) == 1


def test_what_comes_with_its_sentence_says_nothing_that_another_said() -> None:
    first = "The ministers agreed on Monday to send three thousand soldiers to the border."
    again = "They, the ministers, agreed on Monday to send three thousand soldiers to the border."
    text = f"{first}\n\nA new bridge across the river was opened by the mayor of the town. {again}"
    assert texts(summarize([article(text)], sentences=9, words=999)) == [
        first,
        text.split("\n\n")[1].removesuffix(f" {again}"),
    ]


def test_what_is_unlike_the_chosen_comes_before_what_is_like_it() -> None:
    first = "The ministers agreed on Monday to send three thousand soldiers to the border."
    like = "The soldiers at the border will be chosen by the ministers of all states in May."
    unlike = "Farmers in the south lost most of their wheat to the drought this year."
    assert texts(summarize([article(f"{first} {unlike} {like}")], sentences=2)) == [first, unlike]


def test_budgets() -> None:
    long = "The " + "very " * 30 + "old minister agreed on Monday to send many soldiers to the border."
    found = summarize([article(f"{long} {PLAIN}")], words=10)
    assert len(found) == 1
    assert summarize([article(PLAIN)], sentences=0) == []
    assert summarize([article(PLAIN)], words=0) == []
    assert summarize([]) == []


def test_titles_and_headings_are_never_quoted() -> None:
    text = "Ministers agree on soldiers\n\nWhat happens next?\n\n" + PLAIN + "\n\nA heading without end\n\nIt rained."
    found = texts(summarize([article(text, title="Ministers agree on soldiers.")], sentences=50, words=1000))
    assert not {"Ministers agree on soldiers", "What happens next?", "A heading without end"} & set(found)
    repeated = "Ministers agree on soldiers for the border.\n\n" + PLAIN
    found = texts(summarize([article(repeated, title="Ministers agree on soldiers for the border")], sentences=50))
    assert "Ministers agree on soldiers for the border." not in found


def test_nothing_but_promotion_gives_nothing() -> None:
    assert summarize([article("Sign up for our newsletter. Follow us on Facebook.\n\nGetty Images")]) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Will the soldiers arrive at the border before spring comes?",
        '"We agreed to send the soldiers to the border as soon as spring comes."',
        "The minister said: “We agreed to send the soldiers to the border.",
        "Soldiers at the border",
        "Soldiers left.",
        "However, the soldiers will arrive at the border before spring comes.",
        "The soldiers " + "and more soldiers " * 20 + "arrived.",
        '"The soldiers will arrive at the border before spring comes," he said.',
    ],
)
def test_poor_sentences_only_when_nothing_else_is_there(sentence: str) -> None:
    better = "Farmers in the south lost most of their wheat to the drought this year."
    assert texts(summarize([article(f"{sentence}\n\n{better}")], sentences=9, words=999)) == [better]
    assert texts(summarize([article(sentence)])) == [sentence]


HARD = {
    "empty": "",
    "blank": " \n\n\t ",
    "one": "One sentence stands here all alone today.",
    "capitals": "RUSSIA REJECTS THE PLAN FOR UKRAINE TODAY.\n\nFRANCE AND BRITAIN SAID THEY WOULD GO ON WITH IT.",
    "headline in capitals": "RUSSIA REJECTS PLAN",
    "emoji": "🎉 🎉 🎉. 🇺🇦🇺🇦 🇫🇷. 😀😀😀!",
    "rtl": "قال الوزير إن المحادثات ستبدأ يوم الاثنين في جنيف. وأضاف أن الجنود لن يذهبوا. هذا كل شيء؟",
    "chinese": "部长们周一同意向边境派遣三千名士兵。他们将在春天到达。",
    "no punctuation": "the ministers agreed on monday to send soldiers " * 30,
    "surrogates": "The \ud800 ministers agreed \udfff on Monday to send soldiers. Another \udc80 one follows here now.",
    "disjoint": "Cats purr softly near warm stoves tonight. Ships sail beyond distant northern islands daily.",
    "numbers": "1 2 3 4 5 6 7. 8 9 10 11 12 13 14. 3.5 4.5.",
    "stop words": "It is what it is and that is that. So be it, as it was and as it will be.",
    "control": "The \x00 ministers \x0b agreed \x85 on Monday to send soldiers.",
    "duplicates": "The same sentence is printed here again. " * 40,
}


@pytest.mark.parametrize("ranker", RANKERS)
@pytest.mark.parametrize("name", HARD)
def test_hard_texts(name: str, ranker: str) -> None:
    text = HARD[name]
    for language in (None, "en", "uk", "nl", "xx"):
        item = Article("a", 1, text, language=language)
        found = summarize([item, item], ranker=ranker)
        check([item], found)
        assert bool(found) == bool(text.strip())


@pytest.mark.long
@pytest.mark.parametrize("ranker", RANKERS)
def test_five_thousand_sentences(ranker: str) -> None:
    names = ["minister", "soldier", "river", "harvest", "bridge", "parliament", "border", "ceasefire", "winter"]
    text = "\n\n".join(
        f"The {names[i % 9]} number {i} met the {names[i % 7]} of {names[i % 5]}{i % 31} for talks."
        for i in range(5000)
    )
    begun = time.process_time()
    found = summarize([article(text)], ranker=ranker)
    assert 1 <= len(found) <= 3
    assert time.process_time() - begun < 20


def test_languages_have_their_own_openers() -> None:
    whole = "Die Regierung in Warschau hat am Dienstag Soldaten geschickt."
    german = f"Er reiste am Montag nach Berlin und traf dort die Ministerin.\n\n{whole}"
    assert texts(summarize([article(german)])) == [whole]
    english = "On Monday the ministers agreed to send soldiers to the border."
    assert texts(summarize([article(english)])) == [english]


def test_unknown_ranker() -> None:
    with pytest.raises(ValueError, match="news, lexrank, textrank"):
        summarize([], ranker="best")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(), max_size=120) | st.just(PLAIN), max_size=4),
    st.sampled_from(RANKERS),
    st.integers(0, 5),
)
def test_every_sentence_is_a_slice(parts: list[str], ranker: str, sentences: int) -> None:
    articles = [article("\n\n".join(parts)), article("".join(parts), "b")]
    check(articles, summarize(articles, ranker=ranker, sentences=sentences))


@pytest.mark.long
def test_results_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from summaries.article import Article, read_text; from summaries.summarize import RANKERS, summarize\n"
        "arts = [Article(p, 1, read_text(Path(p).read_bytes(), now=datetime.now(UTC)).text) for p in sys.argv[1:]]\n"
        "print([[(s.article, s.start) for s in summarize(arts, ranker=r, sentences=9, words=400)] for r in RANKERS])"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, *map(str, SEEDS)],
            env={**os.environ, "PYTHONHASHSEED": str(value), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for value in (0, 1, 2)
    }
    assert len(seen) == 1


def test_sumy_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, summaries.summarize; sys.exit('sumy' in sys.modules or 'nltk' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
