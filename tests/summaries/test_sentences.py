from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summaries.article import Article, read_text
from summaries.sentences import NewsTokenizer, article_sentences, balanced, inside_quotes, sentences
from summaries.text import Span

SEEDS = Path(__file__).parents[2] / "seeds" / "articles"


def cut(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text, Span(0, len(text)))]


# A bar marks where a sentence ends.
CASES = [
    "The U.K. Prime Minister met Lt. Gen. Smith at No. 10.| He left at noon.",
    "The U.S. President spoke to Gen. Mark A. Milley.| Nobody answered.",
    "He flew to the U.S.| The talks go on.",
    "France and the U.K. agreed.| On Monday they met.",
    "Troops from the U.N. and the E.U. arrived.",
    "J.K. Rowling met George W. Bush.| They shook hands.",
    "George H. W. Bush was president.",
    "Ms. von der Leyen and Mr. Trump met Sen. Lindsey Graham.",
    "He said no.| Then he left.",
    "The answer is No. 5 on the list.",
    "They arrived at 3 p.m. Thursday.| It ended at 4 p.m.| The hall was empty.",
    "Apple Inc. said so.| Nobody believed it.",
    "It bought Acme Corp.| The price was $3.5 billion.",
    "Prices rose 2.5 percent on Jan. 3.| They fell in Feb.| The bank was pleased.",
    "He was … late.| Very late.",
    "They waited...| Nobody came.",
    "They waited... and waited.",
    "Many tools (e.g. drones, i.e. aircraft) were sent.",
    "“We will go. We will win,” he said.| He left.",
    '"Who are we?" Macron asked.| "I know."',
    "“Stop!” she cried.| Nobody did.",
    "Is it true?| Yes!| It is.",
    "The war began in 1939.| Poland fell.",
    "He is 75.| The other is 80.",
    "Done.| 🎉 Party!",
    "He wrote (it is true. Or so he says) and left.| She stayed.",
    "Dr. Merz sprach am 3. Oktober mit Prof. Weber.| Das war neu.",
    "Am 24. Februar 2022 begann es, z. B. in Kyjiw.| Die 27. Brigade kam.",
    "„Wir kommen. Bald“, sagte er.| Dann ging er.",
    "Das kostet ca. 3 Mio. Euro, d.h. viel.| Mehr nicht.",
    "»Wir kommen. Bald«, sagte sie.| Ende.",
    "« Nous irons. Demain ! » a dit M. Macron.| Il est parti.",
    "M. Le Pen et Mme Dupont sont là.| Ils parlent.",
    "El Sr. Sánchez habló con EE. UU. ayer.| ¿Qué dijo?| «No iremos», dijo.",
    "Gen. Andrzejczak i prof. Nowak mówili m.in. o tym.| „Nie wyślemy wojsk”, powiedział Tusk.",
    "Na ul. Długiej, przy pl. Zamkowym, zebrał się tłum.| Policja była tam.",
    "У 2022 р. Росія напала.| «Ми не здамося. Ніколи», — сказав президент.| Це факт.",
    "На вул. Хрещатик приїхав ген. Залужний.| Він мовчав.",
    "eBay sued.| iPhone sales fell.",
    "Visit example.com for more.| Or don't.",
]


@pytest.mark.parametrize("marked", CASES)
def test_rules(marked: str) -> None:
    parts = [part.strip() for part in marked.split("|")]
    assert cut(" ".join(parts)) == parts


def test_a_long_quotation_stays_in_pieces_that_know_it() -> None:
    text = '"We need a plan. One that is good. One that lasts. One that ends it," he said. Nobody spoke.'
    spans = sentences(text, Span(0, len(text)))
    assert len(spans) == 5
    assert inside_quotes(text, spans) == [False, True, True, True, False]


def test_sixty_words_are_the_limit_of_a_join() -> None:
    text = "“" + "word " * 40 + "end. " + "More " * 40 + "end,” he said."
    assert len(cut(text)) == 2


@pytest.mark.parametrize("text", ['a "b" c', "“a” „b“ „c” «d» »e«", "it’s ‘so’ (x) [y]", "the US’ back", ""])
def test_balanced(text: str) -> None:
    assert balanced(text)


@pytest.mark.parametrize("text", ['a "b', "“a", "a” and “b", "« a", "(a", "a]", "‘a", "‚a‘ and ‚b‘ and ‚c"])
def test_unbalanced(text: str) -> None:
    assert balanced(text) == (text.startswith("‚a‘") and text.count("‚") == text.count("‘"))


@given(st.text(alphabet=st.sampled_from(list("aB1 .!?…\"“”„«»()'’‘\n\u00a0é🎉")), max_size=200))
def test_spans_are_trimmed_ordered_and_complete(text: str) -> None:
    spans = sentences(text, Span(0, len(text)))
    position = 0
    for span in spans:
        assert not text[position : span.start].strip()
        assert span.of(text) == span.of(text).strip() != ""
        position = span.end
    assert not text[position:].strip()


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_any_text_and_any_part_of_it(text: str, start: int, end: int) -> None:
    paragraph = Span(min(start, len(text)), max(min(start, len(text)), min(end, len(text))))
    assert all(paragraph.start <= s.start < s.end <= paragraph.end for s in sentences(text, paragraph))


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "Hello there. " * 77_000,
        "a." * 500_000,
        "(" * 1_000_000,
        '."' * 500_000,
        "« " * 500_000 + ".",
        " " * 1_000_000,
        "x" * 1_000_000 + ".",
        "Dr. " * 250_000,
    ],
    ids=["words", "news", "dots", "brackets", "quotes", "guillemets", "blank", "one word", "titles"],
)
def test_a_megabyte_takes_seconds_not_minutes(text: str) -> None:
    begun = time.process_time()
    sentences(text, Span(0, len(text)))
    assert time.process_time() - begun < 5


def test_articles_keep_their_paragraphs_and_headings() -> None:
    article = Article("a", 1, "U.S. News: what now\n\nOne thing happened. Another did.\n\nWhat next?\n\nThe end came.")
    assert [[s.of(article.text) for s in p] for p in article_sentences(article)] == [
        ["U.S. News: what now"],
        ["One thing happened.", "Another did."],
        ["What next?"],
        ["The end came."],
    ]


def test_seed_articles_keep_their_abbreviations_whole() -> None:
    for path in SEEDS.glob("*.txt"):
        draft = read_text(path.read_bytes(), now=datetime(2025, 6, 1, tzinfo=UTC))
        article = Article(path.stem, 1, draft.text, body_start=draft.body_start)
        found = [span.of(article.text) for part in article_sentences(article) for span in part]
        assert len(found) > 20
        assert not [s for s in found if s.endswith((" W.", "U.K.", "U.S.", "U.S.-"))]


def test_tokenizer_for_sumy() -> None:
    tokenizer = NewsTokenizer("english")
    assert tokenizer.language == "english"
    assert tokenizer.to_sentences("The U.K. agreed. So did 3 others.") == ("The U.K. agreed.", "So did 3 others.")
    assert tokenizer.to_words("Ukraine’s U.K.-led plan, in 2025!") == ("Ukraine’s", "U", "K", "led", "plan", "in")
