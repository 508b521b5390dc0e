"""Cutting paragraphs into sentences by rules: standard library only, no model, no downloaded data.

A full stop ends a sentence unless a rule below says otherwise; sentences are spans, so each is an exact slice of its
text. Rules cover English, German, French, Spanish, Polish and Ukrainian together, since articles often come without
a language; where languages disagree, the reading that splits less wins, because half a sentence misquotes its source.
"""

from __future__ import annotations

import re

from summaries.article import Article
from summaries.text import Span, is_heading

MAX_PARTS = 3
"""How many neighbours are joined at most to keep a quotation whole ..."""
MAX_WORDS = 60
"""... and how long the result may be. A longer quotation stays in pieces; see :func:`inside_quotes`."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOP = re.compile(r"[.!?…؟۔।]+|[。！？]+")
_CLOSERS = "\"'”’“‘»«)]›"
_OPENERS = "\"'“‘„‚«»‹›([¿¡—–-•*"
_BEFORE_WORD = _OPENERS + ")]’/"  # "(CNN)U.S.", "l’art. 5"
_QUOTES = '"“”„‟＂'
_PAIRED = re.compile(r"[\"“”„‟＂«»‹›‚‘()\[\]]")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))*")
_MARKS = re.compile(r"[\s.!?…؟۔।。！？\"'”’“‘„»«›‹)\]]*")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]|Ph\.D")
# Two sentences without a space between, as damaged pages have them: "killed in Palam.Deepak told the court".
_GLUED = re.compile(r"[A-ZÀ-ÞА-ЯІЇЄҐ][^\W\d_A-ZÀ-ÞА-ЯІЇЄҐ]*[\s,’']")
_BEFORE_GLUED = re.compile(r"[^\W\d_A-ZÀ-ÞА-ЯІЇЄҐ]{3}")
_CLOCK = re.compile(r"[ap]\.m", re.IGNORECASE)
_ORDINAL_BEFORE = re.compile(
    r"\b(?:der|die|das|dem|den|des|am|im|vom|zum|zur|beim|ab|bis|seit|ein|eine|einen|einem|einer|eines|jede[rnms]?|"
    r"ihre[rnms]?|seine[rnms]?|und|dne|ze|od|do)\s+$",
    re.IGNORECASE,
)

# Words that open a sentence but (almost) never continue a name: what stands behind "U.S." or an initial when the
# full stop ends the sentence too. "La", "Le", "De", "El", "Van" are missing on purpose: they are parts of names.
_STARTERS = _words("""
    The This That These Those There Then They He She It We You I His Her Its Their Our My In On At By For From With To
    As If When While After Before Since Although Though Because But And Or Yet So Also However Meanwhile Still Now
    Earlier Later Last Asked Both Some Many Most Several Such Other Another What Who Why How Where Which A An No Not
    During Despite According Instead Moreover Nevertheless Until Once Here Only Even One Two Three Four Five Six
    Der Die Das Den Dem Ein Eine Er Sie Es Wir Ich Ihr Und Aber Doch Auch Im Am Bei Mit Nach Zu Vor Seit Für Auf Aus
    Dort Damit Dabei Dazu Wenn Als Laut
    Il Elle Ils Elles On Nous Vous Je Ce Cette Ces Mais Et Dans En Sur Pour Avec Selon Après Depuis Une Les
    C'est C'était J'ai
    Los Las Una Ella Ellos Pero Y Con Por Para Según Desde Su Sus Este Esta También
    On Ona Oni To Ten Ta Te Ale W We Na Po Z Ze Od Do Przed Przy Jak Jednak Według Za Nie Dlatego Tak Teraz Tymczasem
    Natomiast Ponadto Także Również Jeśli Jeżeli Kiedy Gdy Więc Jego Jej Ich Nasz Potem Obecnie
    Він Вона Вони Це Цей Ця Ці Але Та У В На Про За Під Після Перед Як Від До Зі Із Однак Проте Також
    Тому Тобто Отже Водночас Адже Тоді Так Наразі Нині Зокрема Крім Раніше Хоча Якщо Коли Ми Ви Їх Його Її Наш Потім
    """)

# Always followed by more of the same sentence (titles and the like); capitals as printed, because "gen" and "art" in
# lower case are words in one language and abbreviations in another.
_NEVER_END = _words("""
    Mr Mrs Ms Mx Dr Prof Rev Hon Sen Sens Rep Reps Gov Govs Gen Lt Col Maj Capt Cmdr Cdr Sgt Cpl Pvt Adm Brig Supt
    Sec Pres Amb Atty Asst Msgr Messrs Mt Ft Insp Det Mmes Mme Mlle MM Mgr Pr Ste Sra Srta Sres Dña Dra EE Gral Cnel
    Tte Cap Excmo Lic gén Gén Hr Fr Frl Abg Dipl Ing Hrsg Bf vs approx resp bzw vgl sog geb inkl zzgl
    evtl ggf ehem ca Ca cf Cf env
    prof dr hab inż mgr gen płk ppłk mjr kpt por św ks abp bp tzw tzn np im woj pow Ks Gen Św Abp
    insp podinsp Podinsp nadkom Nadkom podkom kom asp
    вул просп пл буд ім проф Проф акад Акад ген Ген підполк смт див напр тзв т.зв о.в
    z.B d.h u.a i.e e.g p.ej m.in o.Ä i.d.R v.a z.T
    """)

# Abbreviations only in front of a number ("No. 10", "art. 5", "Nov. 3"); otherwise "No." is a sentence.
_BEFORE_NUMBER = _words("""
    No Nos Nr Art Arts Fig Figs Vol Ch Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Pt ref refs pg Abs Kap Bd Ziff
    no nos nr núm Núm pág págs pp p art arts fig vol chap sec ok godz poz ust par str ст п пп рис мал гл
    """)

# May close a sentence; they do when a word follows that opens sentences.
_MAY_END = _words("""
    Inc Corp Co Ltd Bros Plc plc Jr Sr St Ave Blvd Rd Univ Dept Govt Assn al Mio Mrd Std Str Tel Tsd Jh
    Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa Tenn
    Tex Vt Va Wash Wis Wyo tys proc mies ul al pl тис млн млрд грн коп рр ін обл полк кап
    Ud Uds Vd Vds av bd EE.UU S.A S.L
    """)

_DAYS = _words("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December Eastern Central Pacific Mountain Moscow Kyiv London Paris Berlin Brussels
    """)
_MONTHS_AFTER_DAY = _words("""
    Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    Jan Feb Mär Apr Jun Jul Aug Sep Sept Okt Nov Dez
    """)

# "“Who would do that?” Macron asked." goes on behind the quotation; looked up in a short window only.
_ASKS = re.compile(
    r"(?:[A-ZÀ-ÞА-ЯІЇЄҐŁŚŻ][\w'’.-]*[ \u00a0]){1,5}"
    r"(?:said|says|asked|asks|wrote|told|added|replied|shouted|tweeted|posted|declared|insisted|wondered)\b"
)


def _boundary(text: str, begin: int, stop: re.Match[str], after: int, end: int) -> bool:
    """Decide whether the stop mark ends a sentence.

    ``begin`` is where the running sentence started, ``after`` the place behind the mark and its closing quotes.
    """
    position = after
    while position < end and text[position].isspace():
        position += 1
    if position == end:
        return True
    limit = min(end, position + 8)
    opened = position
    while opened < limit and (text[opened] in _OPENERS or text[opened].isspace()):
        opened += 1
    following = text[opened] if opened < end else ""
    # "iPhone" and "eBay" open sentences too.
    if following.islower() and not text[opened + 1 : opened + 2].isupper():
        return False
    mark = stop.group()
    closed = after > stop.end()
    if mark != ".":
        return not (closed and _ASKS.match(text, opened, min(end, opened + 60)))
    word_start = stop.start()
    floor = max(begin, word_start - 24)
    while word_start > floor and not text[word_start - 1].isspace() and text[word_start - 1] not in _BEFORE_WORD:
        word_start -= 1
    word = text[word_start : stop.start()]
    if len(word) == 1 and word_start - 2 >= begin and text[word_start - 1] in "'’":
        owner = text[word_start - 2]
        if owner.isalpha() and owner.islower() == word.islower():
            return True  # "Alzheimer's.", "They haven't.", but not "l'œuvre d'A. Camus"
    match = _WORD.match(text, opened, min(end, opened + 24))
    upcoming = match.group().replace("’", "'") if match else ""
    if upcoming.find("'") > 1 or upcoming.startswith("I'"):
        upcoming = upcoming[: upcoming.find("'")]  # "That's", but not "L'Oréal"
    if len(upcoming) == 1 and text[opened + 1 : opened + 2] == ".":
        upcoming = ""  # the next initial ("George H. W. Bush"), not the word "I" or "A"
    if _joins(word, following, upcoming, text[position] in "(-–—"):
        return False
    if word.isdigit() and len(word) <= 3 and not closed:
        if word_start == begin or upcoming in _MONTHS_AFTER_DAY:
            return False  # "1. First point", "am 3. Oktober"
        return not (following.isalpha() and _ORDINAL_BEFORE.search(text, max(begin, word_start - 12), word_start))
    return True


def _joins(word: str, following: str, upcoming: str, aside: bool) -> bool:
    """Tell whether the full stop behind ``word`` belongs to an abbreviation that does not end the sentence.

    ``aside`` says that a bracket or dash comes next: "MIAMI, Fla. — The mayor", "Troy, N.Y. (50,000 people), is".
    """
    if word in _NEVER_END:
        return True
    if word in _BEFORE_NUMBER and following.isdigit():
        return True
    if _CLOCK.fullmatch(word):
        return aside or upcoming in _DAYS or (upcoming.isupper() and len(upcoming) > 1)
    dotted = _DOTTED.fullmatch(word) is not None
    if dotted and word.islower() and word.isascii():
        return True
    initial = len(word) == 1 and word.isalpha()
    if dotted or initial or word in _MAY_END:
        return aside or ((following.isalnum() or following == "№") and upcoming not in _STARTERS)
    # "Lt.Gen." and "St.-Pol." style compounds: what counts is the part behind the last full stop.
    return "." in word and word.rsplit(".", 1)[1] in _NEVER_END


def balanced(text: str) -> bool:
    """Tell whether quotation marks and brackets in a text close what they open.

    Double marks are counted as one kind, since “ opens in English and closes in German, and texts mix both with ".
    """
    if not _PAIRED.search(text):
        return True
    marks = sum(text.count(mark) for mark in _QUOTES)
    if marks % 2 or text.count("«") != text.count("»") or text.count("‹") != text.count("›"):
        return False
    low, high = text.count("‚"), text.count("‘")
    if low and high:
        if low != high:
            return False
    elif high > text.count("’"):
        return False
    closing, opening = text.find("”"), text.find("“")
    if 0 <= closing < opening and '"' not in text[:closing] and "„" not in text[:closing]:
        return False
    return text.count("(") == text.count(")") and text.count("[") == text.count("]")


def _joined(text: str, parts: list[Span]) -> list[Span]:
    """Join neighbours until quotes balance, where that takes few parts and words."""
    whole: list[Span] = []
    index = 0
    while index < len(parts):
        taken = 1
        if not balanced(parts[index].of(text)):
            for count in range(2, MAX_PARTS + 1):
                if index + count > len(parts):
                    break
                joint = text[parts[index].start : parts[index + count - 1].end]
                if len(joint.split(None, MAX_WORDS)) > MAX_WORDS:
                    break
                if balanced(joint):
                    taken = count
                    break
        whole.append(Span(parts[index].start, parts[index + taken - 1].end))
        index += taken
    return whole


def sentences(text: str, paragraph: Span, *, whole_quotes: bool = True) -> list[Span]:
    """Cut one paragraph of ``text`` into sentences: trimmed, ordered spans that don't overlap.

    Everything but white space lies in exactly one of them, and none is but stops and quotation marks unless the
    paragraph is. With ``whole_quotes`` a short quotation of several sentences is one. Time is linear in the length.
    """
    start, end = paragraph
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    parts: list[Span] = []
    begin = bare = start  # up to ``bare`` the running sentence is known to be nothing but marks
    for stop in _STOP.finditer(text, start, end):
        if stop.start() < begin:
            continue
        after = stop.end()
        while after < end and text[after] in _CLOSERS:
            after += 1
        # French sets a space inside guillemets: "« Oui ! » a dit".
        if (
            after + 1 < end
            and text[after].isspace()
            and text[after + 1] == "»"
            and not text[after + 2 : after + 3].isalnum()
        ):
            after += 2
        if after < end and not text[after].isspace() and stop.group()[0] not in "。！？":
            before = max(begin, stop.start() - 3)
            if _GLUED.match(text, after, end) and _BEFORE_GLUED.fullmatch(text, before, stop.start()):
                parts.append(Span(begin, after))
                begin = after
            continue
        if after < end and not _boundary(text, begin, stop, after, end):
            continue
        if not _MARKS.fullmatch(text, bare, after):
            parts.append(Span(begin, after))
        elif parts:
            # Marks on their own ("Why ? !", "the end . . .") belong to the sentence before ...
            parts[-1] = Span(parts[-1].start, after)
        else:
            # ... and in front of everything to the one they open.
            bare = after
            continue
        begin = after
        while begin < end and text[begin].isspace():
            begin += 1
        bare = begin
    if begin < end:
        if parts and _MARKS.fullmatch(text, bare, end):
            parts[-1] = Span(parts[-1].start, end)
        else:
            parts.append(Span(begin, end))
    return _joined(text, parts) if whole_quotes else parts


def inside_quotes(text: str, spans: list[Span]) -> list[bool]:
    """Tell for each sentence of one paragraph whether it begins inside a quotation opened before it.

    Such a sentence may look whole but is somebody's words without a name: "A peace plan that ensures peace."
    """
    flags: list[bool] = []
    double = angle = 0
    position = spans[0].start if spans else 0
    for span in spans:
        between = text[position : span.start]
        double += sum(between.count(mark) for mark in _QUOTES)
        flags.append(bool(double % 2) or angle != 0)
        inner = span.of(text)
        double += sum(inner.count(mark) for mark in _QUOTES)
        angle += inner.count("«") - inner.count("»")
        position = span.end
    return flags


def article_sentences(article: Article) -> list[list[Span]]:
    """Return the sentences of each paragraph of an article, in the order of ``article.paragraphs``.

    A heading is one span, whatever it holds.
    """
    return [
        [paragraph] if is_heading(article.text, paragraph) else sentences(article.text, paragraph)
        for paragraph in article.paragraphs
    ]


class NewsTokenizer:
    """What sumy expects of a tokenizer (``sumy.nlp.tokenizers.Tokenizer``), without the data nltk would download."""

    def __init__(self, language: str = "english") -> None:
        """Take the language's name as sumy spells it; it is only passed on."""
        self.language = language

    def to_sentences(self, paragraph: str) -> tuple[str, ...]:
        """Return the sentences of a paragraph as texts."""
        return tuple(span.of(paragraph) for span in sentences(paragraph, Span(0, len(paragraph))))

    def to_words(self, sentence: str) -> tuple[str, ...]:
        """Return the words of a sentence: letters with inner apostrophes and hyphens, no numbers."""
        return tuple(_WORD.findall(sentence))
