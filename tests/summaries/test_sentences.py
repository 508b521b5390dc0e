from __future__ import annotations

import importlib
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
    # titles, ranks, initials
    "Vice Adm. Kirby and Maj. Gen. Pat Ryder briefed reporters.| Neither took questions.",
    "Lt. Col. Vindman testified before Rep. Adam B. Schiff.| Republicans objected.",
    "Gov. Gavin Newsom, Sen. Chris Murphy and Reps. Gallego and Crow signed.| The rest did not.",
    "Secretary-General António Guterres met Amb. Linda Thomas-Greenfield and Msgr. Parolin.",
    "St. Petersburg and Mt. Hood are far from Ft. Bragg.",
    "J.D. Vance called T.S. Eliot a prophet.| C.S. Lewis was another.",
    "Robert F. Kennedy Jr. was confirmed.| The vote was close.",
    "Martin Luther King Jr. Day is a holiday.",
    "Prof. Dr. h.c. Angela Merkel was honoured.| She thanked them.",
    # countries, states and bodies
    "The U.S. Senate voted.| The U.S. then left.",
    "U.S. President Joe Biden spoke to U.K. Prime Minister Rishi Sunak.| They agreed.",
    "He lives in the U.S.| She doesn't.",
    "The U.N. Security Council and the U.N.'s refugee agency met in Washington, D.C., on Friday.",
    "It was made in the U.S.A.| It was sold in the U.K.| But nobody bought it.",
    "A U.S.-led coalition struck.| The E.U.-wide ban holds.",
    "He was born in St. Paul, Minn., and died in Fairfax, Va.| His wife survives him.",
    # numbers, money, dates and times
    "Downing Street No. 10 was quiet.| So was No. 11.",
    "Nos. 3 and 4 are closed, see Art. 5 and pp. 12-14.| Vol. 2 follows.",
    "Was it him?| No.| It was her.",
    "It cost $1.5 million, up 3.2 percent.| In 2023 it was €900,000.",
    "On Feb. 24, 2022, Russia invaded.| In Nov. 2022 it left Kherson.",
    "At 5:30 a.m. Kyiv time sirens sounded.| At 6 a.m. the all-clear came.",
    "The deadline is 11 p.m. GMT.| The vote comes first.",
    "It fell to 3.| Nobody knew why.",
    "The score was 2-1.| France won.",
    # companies and the like
    "Lockheed Martin Corp. Chief Executive Jim Taiclet spoke.| Shares of Boeing Co. fell.",
    "Amazon.com Inc. and Alphabet Inc. rose.| Apple did not.",
    "Dr. Pepper vs. Coca-Cola was argued before the court.| Coca-Cola won.",
    "Tanks, drones, missiles, etc.| Ukraine needs them all.",
    "Tanks, drones, etc., were sent.| Nothing came back.",
    "The study by Smith et al. was withdrawn.| Nobody said why.",
    # quotations
    '"We will not stop. We cannot stop," Zelenskyy said.| The hall rose.',
    '"It is over."| He left.| "It is not," she said.',
    "“Are you ready?” he asked.| “We are.”",
    "“Peace is near,” he said.| “Very near.”",
    "He said: “Go home. Stay there.”| They went.",
    "“I won’t go!” said Mr. Orban.| He went.",
    "‘We are ready. We always were,’ said Starmer.| He sat down.",
    'He called it "a mistake."| Others agreed.',
    "He called it “a crime.”| (The army denied it.)| Nothing followed.",
    "(The embassy did not respond.)| It never does.",
    # marks in a row and on their own
    "We did it . . .| Nobody noticed.",
    "Really?!| Yes!!!| Good.",
    "What now ? ?| Nobody knows.",
    "... and so it went.| It ended.",
    # names with marks and small letters
    "Visit gov.uk or U.N. News.| The site www.un.org. is down.",
    "The iPhone maker and eBay met.| iPads were shown.",
    "Version 2.0 came.| Version 3.0.1 did not.",
    # German
    "Bundeskanzler a. D. Schröder schwieg.| Die SPD nicht.",
    "Der 1. FC Köln spielt am 1. Mai.| Der Gegner ist stark.",
    "Am Dienstag, dem 5. März, sprach Papst Franziskus mit Ludwig XIV. nicht.| Er schwieg.",
    "Rund 3,5 Mrd. Euro bzw. 2 Prozent, u.a. für Panzer, sind geplant.| Mehr nicht.",
    "„Das geht nicht. Wirklich nicht“, sagte Abg. Müller.| Er ging.",
    "Laut Art. 5 Abs. 2 GG usw. gilt das.| Das stimmt.",
    "Er kam ca. 20 Min. zu spät, d. h. gar nicht.| Sie auch.",
    "Im 21. Jahrhundert ist das neu.| Im Jahr 1999 endete es.| Nein.",
    # French
    "Le gén. Burkhard et Mme von der Leyen sont à Kiev.| M. Macron n'y est pas.",
    "« Est-ce fini ? » demande M. Dupont.| « Non. »",
    "Il a dit : « Partez. Vite. »| Ils sont partis.",
    "Les chars, les drones, etc.| Rien n'est arrivé.",
    "MM. Scholz et Macron ont signé l'art. 5.| La suite est connue.",
    "Quoi ? !| Rien.",
    # Spanish
    "El Gral. Pérez y la Dra. Gómez, de EE.UU., llegaron.| No hablaron.",
    "¿Cuándo?| ¡Ahora!| Nadie lo sabe.",
    "«Se acabó. No hay más», dijo D. Felipe.| Se fue.",
    "La UE, la ONU, etc.| Todos callan.",
    "El núm. 10 y la pág. 5 faltan.| El Sr. Borrell lo sabe.",
    # Polish
    "Podinsp. Nowak i nadkom. Biedziak z KGP milczą.| Policja szuka.",
    "W 2014 r. Rosja zajęła Krym.| Świat patrzył.",
    "To ok. 5 tys. żołnierzy i 3 mln zł.| Tak mówi rząd.",
    "„To koniec. Naprawdę”, mówi Sikorski.| Wyszedł.",
    "Ks. abp Gądecki i o. Rydzyk byli na ul. Miodowej.| Nikt nie pytał.",
    "Było ich 50 proc.| Dlatego wyszli.",
    # Ukrainian
    "Указ від 21 грудня 2016 р. № 991 чинний.| Він діє.",
    "Це коштує 5 млн грн.| Тому його немає.",
    "«Ми тут. Ми не йдемо», — сказав ген. Сирський.| Він пішов.",
    "Танки, дрони, ракети тощо.| Потрібно все.",
    "Проф. Коваль і акад. Патон живуть у м. Київ.| Їх знають.",
    "У с. Роботине та смт. Макарів чути вибухи.| Люди виїхали.",
    # Datelines and asides.
    "MIAMI, Fla. — The mayor of St. Louis, Mo. (a big city), came.| He left.",
    "(CNN)U.S. troops left.| (CNN)Gov. Jerry Brown stayed.",
    "The plane left at 10:01 a.m. (26 minutes late).| It landed.",
    "It happened in Darby, Pa.| That's near Philadelphia.| Two died in Troy, Mich.| Four were hurt.",
    # What an apostrophe cuts off is no initial.
    "They have Alzheimer's.| Women get it more often.",
    "The jobs haven’t.| Everyone knows.| Nobody asks.",
    "WOMEN HAVE ALZHEIMER'S.| MEN DO TOO.| C'est l'œuvre d'A. Camus.| Il est mort.",
    "L'Oréal cite l’art. 5 et l'art. 6 aussi.| C’est tout.",
    "See ref. 12 and Pt. 2 of the report.| The rest is on pg. 7.",
    # Words that are abbreviations in another language.
    "The light was red.| He stopped.",
    "Yes, Sir.| We will.",
    "Les troupes avancent vers l'est.| Kiev résiste.",
    "До міста прибув полк.| Він малий.",
    "Це видно (мал. 285) добре.| Так і є.",
]


@pytest.mark.parametrize("marked", CASES)
def test_rules(marked: str) -> None:
    parts = [part.strip() for part in marked.split("|")]
    assert cut(" ".join(parts)) == parts


def test_sentences_without_a_space_between_are_cut() -> None:
    assert cut("Two men were hurt in Palam.Deepak told the court.He left.") == [
        "Two men were hurt in Palam.",
        "Deepak told the court.",
        "He left.",
    ]
    whole = "See Fig.Two, the U.S.Army, www.Example.org/News and Booking.com on No.Ten, or St.Petersburg."
    assert cut(whole) == [whole]


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


MARKS = st.sampled_from(list("aB1 .!?…\"“”„«»()'’‘\n\u00a0é🎉"))
ANYTHING = st.characters(exclude_categories=())  # surrogates too


@given(st.text(MARKS, max_size=200) | st.text(ANYTHING) | st.text(MARKS | ANYTHING), st.booleans())
def test_spans_are_trimmed_ordered_and_complete(text: str, whole_quotes: bool) -> None:
    spans = sentences(text, Span(0, len(text)), whole_quotes=whole_quotes)
    position = 0
    for span in spans:
        assert not text[position : span.start].strip()
        assert span.of(text) == span.of(text).strip() != ""
        position = span.end
    assert not text[position:].strip()
    assert len(spans) < 2 or all(span.of(text).strip(" .!?…\"“”„«»)'’‘\n\u00a0") for span in spans)


@given(st.lists(st.sampled_from(['"One two', "three four.", 'five six."', "“Seven", "eight.”", "Nine!"]), max_size=40))
def test_keeping_quotations_whole_only_joins(words: list[str]) -> None:
    text = " ".join(words)
    cut, whole = (sentences(text, Span(0, len(text)), whole_quotes=flag) for flag in (False, True))
    assert {span.start for span in whole} <= {span.start for span in cut}
    assert {span.end for span in whole} <= {span.end for span in cut}
    assert sum(not balanced(span.of(text)) for span in whole) <= sum(not balanced(span.of(text)) for span in cut)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        (" \n\t\u00a0", 0),
        (".", 1),
        ("... !!! ???", 1),
        ("no marks at all " * 500, 1),
        ("ALL CAPITALS HERE. AND THERE.", 2),
        ("🎉🎉. 🎉! 🎉", 3),
        ("ذهب الرئيس إلى كييف. هل يعود؟ لا نعرف.", 3),
        ("הנשיא הלך. מתי יחזור? לא יודעים.", 3),
        ("总统去了基辅。他会回来吗？没人知道。", 3),
        ("\ud800 is broken. \udfff is too.", 2),
        ("One of five thousand is here. " * 5_000, 5_000),
        ("He left. Er ging. Il partit. Wyszedł. Він пішов.", 5),
    ],
)
def test_odd_texts(text: str, number: int) -> None:
    assert len(cut(text)) == number


@given(st.text(), st.integers(0, 20), st.integers(0, 20))
def test_any_text_and_any_part_of_it(text: str, start: int, end: int) -> None:
    paragraph = Span(min(start, len(text)), max(min(start, len(text)), min(end, len(text))))
    assert all(paragraph.start <= s.start < s.end <= paragraph.end for s in sentences(text, paragraph))


@pytest.mark.long
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
        "." * 1_000_000,
        ". " * 250_000,
        "A. . " * 60_000,
        "“A. " * 250_000,
        "a! 1. " * 60_000,
        "🎉. " * 90_000,
        "\ud800.\u202e " * 200_000,
    ],
    ids=[
        *("words", "news", "dots", "brackets", "quotes", "guillemets", "blank", "one word", "titles", "full stops"),
        *("spaced stops", "initials", "open quotes", "numbers", "emoji", "surrogates"),
    ],
)
def test_hostile_texts_take_seconds_not_minutes(text: str) -> None:
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


@pytest.mark.parametrize(
    "name",
    [
        *("edmundson.EdmundsonSummarizer", "kl.KLSummarizer", "lex_rank.LexRankSummarizer", "lsa.LsaSummarizer"),
        *("luhn.LuhnSummarizer", "random.RandomSummarizer", "reduction.ReductionSummarizer"),
        *("sum_basic.SumBasicSummarizer", "text_rank.TextRankSummarizer"),
    ],
)
def test_every_ranker_of_sumy_works_with_the_tokenizer(name: str) -> None:
    from sumy.parsers.plaintext import PlaintextParser

    paragraphs = [
        "Lt. Gen. Smith met U.K. troops in Kyiv. “We are ready. We will stay,” he said of the troops.",
        "The troops came to Kyiv in Nov. 2024. Nobody at No. 10 denied that the troops will stay.",
    ]
    module, summarizer = name.split(".")
    ranker = getattr(importlib.import_module(f"sumy.summarizers.{module}"), summarizer)()
    if module == "edmundson":
        ranker.bonus_words, ranker.stigma_words, ranker.null_words = {"troops"}, {"nobody"}, {"the"}
    document = PlaintextParser.from_string("\n\n".join(paragraphs), NewsTokenizer("english")).document
    assert len(document.sentences) == 4
    found = ranker(document, 2)
    assert len(found) == 2
    assert all(any(str(sentence) in paragraph for paragraph in paragraphs) for sentence in found)
