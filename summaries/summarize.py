"""Extractive summaries: the sentences of articles that say most, each an exact slice of its article.

sumy ranks (its document model, stemmers and stop words; the rankers of its catalogue); this module decides what may
be shown. sumy is imported on first use, because it loads nltk; nothing is ever downloaded.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol

from summaries.article import Article
from summaries.boilerplate import boilerplate_flags
from summaries.sentences import NewsTokenizer, balanced, inside_quotes
from summaries.sentences import sentences as split
from summaries.text import READ, Span, is_heading
from summaries.text import paragraphs as paragraphs_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Matrix = NDArray[np.float64]

RANKERS: tuple[str, ...] = ("lexrank", "textrank", "lsa", "luhn", "kl", "sumbasic", "reduction")
"""Names of the rankers :func:`summarize` takes."""

MIN_WORDS = 6
MAX_WORDS = 50
TOO_SIMILAR = 0.6
"""Sentences whose content words have a larger cosine say the same."""

_RANKED = 400
"""Sentences that are ranked: news says it early, and most rankers take quadratic time ..."""
_RANKED_BY_KL = 100
"""... but KL takes cubic time (0.6 s for 100 sentences, 40 s for 400)."""

# Relaxed one after the other while nothing could be chosen at all.
_RELAXED = ("dangling", "length", "fragment", "question", "quotes", "avoid")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a summary: ``text[start:end]`` of that revision of that article."""

    article: str
    revision: int
    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Candidate:
    """A sentence that may be ranked: ``order`` is its place among the sentences of its own article."""

    source: int
    order: int
    span: Span
    text: str
    language: str
    follows: bool
    faults: set[str] = field(default_factory=set)
    words: int = 0
    terms: Counter[str] = field(default_factory=Counter)
    key: str = ""
    score: float = 0.0


def summarize(
    articles: Sequence[Article],
    *,
    sentences: int = 3,
    words: int = 75,
    ranker: str = "lexrank",
    avoid: Collection[tuple[str, int, Span]] = (),
) -> list[Sentence]:
    """Return the sentences that sum up the articles of one story, in the order of the articles and of their text.

    At most ``sentences`` of them and ``words`` words (the first one may be longer than that); of several articles
    each gets a sentence while the budget lasts. ``avoid`` names what a reader has already seen, as (article id,
    revision, span). Promotion, headings and titles never appear. Questions, fragments, bare or cut-off quotations,
    very short and very long sentences, and those that lean on a sentence that isn't shown, appear only when nothing
    else is there, and what is in ``avoid`` only as a last resort. Raises ValueError for an unknown ranker.
    """
    if ranker not in RANKERS:
        raise ValueError(f"no ranker is called {ranker!r}: use one of {', '.join(RANKERS)}")
    if sentences < 1 or words < 1:
        return []
    candidates = _candidates(articles, _RANKED_BY_KL if ranker == "kl" else _RANKED)
    if not candidates:
        return []
    seen: dict[tuple[str, int], list[Span]] = {}
    for identifier, revision, span in avoid:
        seen.setdefault((identifier, revision), []).append(span)
    for candidate in candidates:
        article = articles[candidate.source]
        if any(candidate.span.overlaps(span) for span in seen.get((article.id, article.revision), ())):
            candidate.faults.add("avoid")
    _rate(candidates, ranker)
    chosen: list[_Candidate] = []
    for relaxed in range(len(_RELAXED) + 1):
        chosen = _pick(candidates, frozenset(_RELAXED[relaxed:]), sentences, words)
        if chosen:
            break
    chosen.sort(key=lambda c: (c.source, c.order))
    return [
        Sentence(articles[c.source].id, articles[c.source].revision, c.span.start, c.span.end, c.text) for c in chosen
    ]


# --- what may be shown -----------------------------------------------------------------------------------------------


def _candidates(articles: Sequence[Article], limit: int) -> list[_Candidate]:
    """Return the sentences worth ranking, article by article, the earliest of each where there are too many."""
    per_article = [_of_article(source, article, limit) for source, article in enumerate(articles)]
    if sum(map(len, per_article)) > limit:
        shares = [0] * len(per_article)
        left = limit
        depth = 0
        while left:
            for index, found in enumerate(per_article):
                if left and depth < len(found):
                    shares[index] += 1
                    left -= 1
            depth += 1
        per_article = [found[:share] for found, share in zip(per_article, shares, strict=True)]
    return [candidate for found in per_article for candidate in found]


def _of_article(source: int, article: Article, limit: int) -> list[_Candidate]:
    text = article.text[: article.body_start + READ]
    cut = len(text) < len(article.text)
    paragraphs = paragraphs_of(text, article.body_start)
    bodies = [p for p in paragraphs if not is_heading(text, p)]
    # A text without any full stop looks like headings from end to end; then its lines are all there is to quote.
    bodies = bodies or paragraphs
    language = _language(article)
    title = _key(article.title or "")
    found: list[_Candidate] = []
    order = 0
    previous_end = None
    inner = set(bodies)
    for paragraph in paragraphs:
        if paragraph not in inner:
            previous_end = None
            continue
        spans = split(text, paragraph)
        if cut and paragraph == paragraphs[-1]:
            # The last sentence may go on behind what was read; half a sentence would be another one.
            spans = spans[:-1]
        furniture = boilerplate_flags(text, spans)
        quoted = inside_quotes(text, spans)
        for span, is_furniture, in_quotes in zip(spans, furniture, quoted, strict=True):
            sentence = span.of(text)
            key = _key(sentence)
            if is_furniture or key == title:
                previous_end = None
                continue
            candidate = _Candidate(source, order, span, sentence, language, previous_end is not None, key=key)
            candidate.words = len(sentence.split())
            candidate.faults = _faults(sentence, language, in_quotes)
            found.append(candidate)
            previous_end = span.end
            order += 1
        if len(found) >= limit:
            return found[:limit]
    return found


def _key(text: str) -> str:
    """Fold a text to the words that make it the same as another."""
    return " ".join(re.findall(r"\w+", text.casefold()) or text.split())


_FINAL = re.compile(r"[.!?…؟۔।。！？][\"'”’“‘»›)\]\s]*\Z")
_QUESTION = re.compile(r"[?？؟][!?…\"'”’“‘»›)\]\s]*\Z")
_QUOTATION = re.compile(r"[“\"„”][^“”\"„]*[”\"“]|«[^»]*»|»[^«]*«")
_SAYS = re.compile(
    r"\b(?:sa(?:id|ys?)|told|tells|wrote|writes|added|adds|asked|asks|argued|warned|insisted|stressed|announced|"
    r"claimed|"
    r"declared|explained|noted|replied|stated|tweeted|posted|called|described|according|sagte|sagt|erklärte|erklärt|"
    r"so|"
    r"betonte|meinte|teilte|schrieb|a|ont|selon|déclar\w+|affirm\w+|assur\w+|expliqu\w+|dijo|dice|declaró|afirmó|"
    r"aseguró|"
    r"según|explicó|añadió|powiedzia\w+|mówi\w*|oświadczy\w+|stwierdzi\w+|napisa\w+|podkreśli\w+|według|сказа\w+|"
    r"заяви\w+|"
    r"каже|говорить|повідоми\w+|написа\w+|додa\w+|наголоси\w+|зазначи\w+|пише|за словами)\b",
    re.IGNORECASE,
)


def _faults(sentence: str, language: str, in_quotes: bool) -> set[str]:
    """Name what speaks against showing a sentence by itself; the names are those of ``_RELAXED``."""
    faults: set[str] = set()
    size = len(sentence.split())
    if not MIN_WORDS <= size <= MAX_WORDS:
        faults.add("length")
    if not _FINAL.search(sentence) or not any(map(str.isalpha, sentence)):
        faults.add("fragment")
    if _QUESTION.search(sentence):
        faults.add("question")
    if in_quotes or not balanced(sentence) or _bare_quotation(sentence):
        faults.add("quotes")
    if _dangles(sentence, language):
        faults.add("dangling")
    return faults


def _bare_quotation(sentence: str) -> bool:
    """Tell whether a sentence is (nearly) all quotation and names nobody who said it."""
    outside = _QUOTATION.sub(" ", sentence)
    if len(outside.split()) >= len(sentence.split()) / 4:
        return False
    named = [word for word in re.findall(r"\w+", outside) if len(word) > 1]
    return len(named) < 2 or not _SAYS.search(outside)


# Words that lean on the sentence before, by language: in another language the same word may be harmless ("On", "To").
_OPENERS = {
    "en": r"(?:he|she|they|his|her|their|its|him|them|theirs|hers|these|those|but|and|or|however|so|also|meanwhile|"
    r"yet|still|instead|"
    r"moreover|furthermore|nevertheless|nonetheless|then|thus|hence|therefore|consequently|additionally|besides|"
    r"similarly|"
    r"likewise|otherwise|conversely|such|neither|both|another|others|because of (?:this|that)|among (?:them|these|"
    r"those)|"
    r"one of (?:them|these|those)|some of (?:them|these|those)|in addition|for (?:example|instance|this|that)|"
    r"as a result|"
    r"as such|by contrast|in contrast|on the other hand|at the same time|in (?:other words|turn|response|return|"
    r"particular|that|"
    r"this (?:way|case|context|regard))|after (?:that|this)|even so|what['’]s more|that['’]s|(?:this|that) "
    r"(?!(?:week|month|year|morning|afternoon|evening|weekend|summer|winter|spring|autumn|fall|season|time last)\b)|"
    r"it(?:['’]s)? (?!(?:is |was |remains |remained |seems |became |has been |will be )?(?:also |still |now |not |"
    r"yet |far from |too |"
    r"widely |increasingly |highly )*(?:unclear|clear|likely|unlikely|possible|impossible|known|unknown|thought|"
    r"believed|hoped|expected|"
    r"understood|reported|estimated|important|difficult|hard|easy|time|the (?:first|second|third|latest)|early|"
    r"uncertain|understood)\b)|"
    r"the (?:man|woman|pair|duo|trio|two|three|four|latter|former|same|others?|move|remarks?|comments?|decision|"
    r"announcement|incident|"
    r"name|idea|document|measure|news|visit|country|countries|statement|most notable example|plans?|proposals?|"
    r"figures?|aim|initiative)\b|"
    r"(?:by|with|after|in|on|from|at|to|for|under|during|despite|following|before|given|since)(?: \w+ing)? (?:this|"
    r"that|these|those|his|her|"
    r"their|its|such|doing so|them|him)\b(?! (?:week|month|year|morning|afternoon|evening|weekend|summer|winter|"
    r"spring|autumn|fall)))",
    "de": r"(?:er|sie|sein|seine[rmns]?|ihre?[rmns]?|dies(?:e[rmns]?)?|das (?:ist|sei|war|wäre|habe|hat|gelte|gilt|"
    r"bedeutet|könnte|würde|sagte)|"
    r"es (?:ist|sei|war) (?:das|der|die)|aber|doch|und|oder|jedoch|zudem|außerdem|dabei|damit|dagegen|deshalb|daher|"
    r"darum|auch|dennoch|trotzdem|"
    r"allerdings|ebenso|zugleich|gleichzeitig|dort|dazu|davon|danach|daraufhin|dafür|hingegen|stattdessen|beide|"
    r"solche[rmns]?|"
    r"unter ihnen|darunter|denn|so)",
    "fr": r"(?:il (?!est (?:clair|probable|possible|difficile|important|temps)|y a|faut)|elles?|ils|ce(?:t|tte|s)?|"
    r"cela|ça|c['’]est|c['’]était|ceux-ci|"
    r"celles?-ci|celui-ci|son|sa|ses|leurs?|mais|et|ou|cependant|toutefois|pourtant|ainsi|or|donc|par ailleurs|"
    r"en outre|de plus|"
    r"néanmoins|en revanche|aussi|également|tous deux|parmi (?:eux|elles)|y compris|puis|ensuite|enfin)",
    "es": r"(?:él|ellas?|ellos|est[eao]s?(?! (?:semana|mes|año|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"mañana|tarde))|es[eao]s?|sus?|pero|y|o|"
    r"sin embargo|además|por (?:lo tanto|eso|ello|otra parte|su parte)|también|así|no obstante|aquel\w*|entonces|"
    r"asimismo|en cambio|"
    r"ambos|ambas|entre ell[oa]s|aunque|luego|después)",
    "pl": r"(?:on|ona|oni|one|ono|to|ten|ta|te|ci|tych|tego|jego|jej|ich|ale|i|a|jednak|jednakże|ponadto|również|"
    r"także|też|dlatego|tymczasem|"
    r"natomiast|zatem|więc|poza tym|dodał\w*|wśród nich|obaj|oboje|takie|taki|taka|z kolei|w związku z tym|"
    r"jak dodał\w*)",
    "uk": r"(?:він|вона|вони|воно|це|цей|ця|ці|цього|цьому|його|її|їх|їхн\w+|але|та|і|й|а|однак|проте|також|"
    r"крім того|тому|водночас|натомість|"
    r"отже|тож|за його словами|за її словами|за їхніми словами|серед них|обидва|обидві|такий|така|таке|такі|"
    r"при цьому|зокрема|утім|втім|"
    r"до того ж|він додав)",
}
_DANGLING = {
    language: re.compile(rf"[\s\"'“”„«»‘(–—-]*{words}(?!['’-]?\w)", re.IGNORECASE)
    if language != "en"
    else re.compile(rf"[\s\"'“”„«»‘(–—-]*{words}(?!\w)", re.IGNORECASE)
    for language, words in _OPENERS.items()
}
# "The president has also endorsed the idea": in addition to what?
_ALSO = re.compile(r"\W*(?:[\w'’.-]+ ){1,8}also\b")
_PRONOUN_SAYS = re.compile(
    r"[”\"“»],?\s*[–—-]?\s*(?:(?:he|she|they|it) (?:also |later |then |has |had )?(?:said|says|added|told|wrote|"
    r"asked|argued|"
    r"warned|insisted|stressed|noted|explained|posted|continued|concluded)|(?:sagte|erklärte|betonte|schrieb|"
    r"so) (?:er|sie)|"
    r"a-t-(?:il|elle)|(?:ajoute|dit|affirme)-t-(?:il|elle)|(?:dijo|añadió|afirmó|aseguró|explicó)[.,]?$|"
    r"(?:powiedział|dodał|stwierdził|napisał|podkreślił)a?[.,]?$|(?:сказав|сказала|додав|додала|заявив|заявила|"
    r"наголосив|"
    r"зазначив) ?(?:він|вона)?[.,]?$)",
    re.IGNORECASE,
)


def _dangles(sentence: str, language: str) -> bool:
    """Tell whether a sentence leans on the one before it: an opening pronoun or connective, or '..., he said.'"""
    opener = _DANGLING.get(language)
    if language == "en" and _ALSO.match(sentence):
        return True
    return bool((opener and opener.match(sentence)) or _PRONOUN_SAYS.search(sentence))


# --- language --------------------------------------------------------------------------------------------------------

# Frequent words that tell the languages apart, for articles that come without one.
_TELLTALES = {
    "en": "the of and to in is that for was with on said has have are his from by an be which were their who",
    "de": "der die und den das von mit ist im dem nicht ein eine auf für sich auch dass hat wurde bei nach sind",
    "fr": "le la les des et est une dans que pour qui sur par au du pas plus avec son ce sont aux ont cette",
    "es": "el la los las y que en del un una por con para se su al no es lo como más ha sus fue este",
    "pl": "w i na z się że nie do jest to o jak od za po przez dla oraz są był który będzie tym tego ale",
    "uk": "і в на що з не у до та про за як це він від його для після вже також який було під але є",
    "ru": "и в на что с не по он как это из от его для после уже также который было под но она они бы",
}
_NAMES = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "pl": "polish", "uk": "ukrainian",
    "it": "italian", "pt": "portuguese", "cs": "czech", "sk": "slovak", "nl": "dutch", "sv": "swedish", "da": "danish",
    "no": "norwegian", "nb": "norwegian", "fi": "finnish", "hu": "hungarian", "ro": "romanian", "ru": "russian",
    "ar": "arabic", "el": "greek", "he": "hebrew",
}  # fmt: skip
_TELLTALE_SETS = {language: frozenset(words.split()) for language, words in _TELLTALES.items()}


def _language(article: Article) -> str:
    """Return the article's language as two letters: as declared, else by its small words, else ""."""
    if article.language:
        return article.language.lower()[:2]
    words = Counter(re.findall(r"[^\W\d_]+", article.text[article.body_start : article.body_start + 4000].lower()))
    votes = {language: sum(words[word] for word in telltales) for language, telltales in _TELLTALE_SETS.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else ""


# --- ranking by sumy -------------------------------------------------------------------------------------------------


class _Document(Protocol):
    """What sumy's rankers read of a document."""

    sentences: Sequence[_Words]
    words: Sequence[str]


class _Words(Protocol):
    words: Sequence[str]


@lru_cache(maxsize=1)
def _sumy() -> SimpleNamespace:
    """Import sumy and adapt it: sentences known by identity, rankers that survive any text and give equal results.

    sumy keys sentences by their words (a sentence printed twice is one), divides by zero when no two sentences share
    a word, warns where LSA has few words, and sums over frozensets, so that results depend on PYTHONHASHSEED.
    """
    import numpy as np
    from sumy.models.dom import ObjectDocumentModel, Paragraph
    from sumy.models.dom import Sentence as SumySentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.summarizers.kl import KLSummarizer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.summarizers.lsa import LsaSummarizer
    from sumy.summarizers.luhn import LuhnSummarizer
    from sumy.summarizers.reduction import ReductionSummarizer
    from sumy.summarizers.sum_basic import SumBasicSummarizer
    from sumy.summarizers.text_rank import TextRankSummarizer
    from sumy.utils import get_stop_words

    class Ranked(SumySentence):  # type: ignore[misc, unused-ignore]
        __slots__ = ()
        __hash__ = object.__hash__

        def __eq__(self, other: object) -> bool:
            return self is other

        def __ne__(self, other: object) -> bool:
            return self is not other

    class LexRank(LexRankSummarizer):  # type: ignore[misc, unused-ignore]
        """sumy's LexRank with the same similarities, computed at once, and a walk that ends."""

        def _create_matrix(
            self,
            sentences: list[list[str]],
            threshold: float,
            tf_metrics: list[dict[str, float]],
            idf_metrics: dict[str, float],
        ) -> _Matrix:
            column = {term: index for index, term in enumerate(idf_metrics)}
            vectors = np.zeros((len(sentences), len(column)))
            for row, metrics in enumerate(tf_metrics):
                for term, tf in metrics.items():
                    vectors[row, column[term]] = tf * idf_metrics[term]
            norms = np.sqrt((vectors * vectors).sum(axis=1))
            norms[norms == 0] = 1.0
            vectors /= norms[:, np.newaxis]
            # Rounded, so that no last digit decides on which side of the threshold an edge falls.
            edges: _Matrix = (np.round(vectors @ vectors.T, 9) > threshold).astype(float)
            degrees = edges.sum(axis=1)
            degrees[degrees == 0] = 1.0
            edges /= degrees[:, np.newaxis]
            return edges

        @staticmethod
        def power_method(matrix: _Matrix, epsilon: float) -> _Matrix:
            weights = np.full(len(matrix), 1.0 / len(matrix))
            for _ in range(100):
                following = matrix.T @ weights
                norm = float(np.linalg.norm(following))
                if norm == 0.0:
                    break  # no two sentences share a word: none is more central than another
                following /= norm
                change = float(np.linalg.norm(following - weights))
                weights = following
                if change <= epsilon:
                    break
            return weights

    class Lsa(LsaSummarizer):  # type: ignore[misc, unused-ignore]
        def _create_dictionary(self, document: _Document) -> dict[str, int]:
            terms = (self.stem_word(w) for w in map(self.normalize_word, document.words) if w not in self._stop_words)
            return {term: index for index, term in enumerate(dict.fromkeys(terms))}

        def _create_matrix(self, document: _Document, dictionary: dict[str, int]) -> _Matrix:
            matrix = np.zeros((len(dictionary), len(document.sentences)))
            for column, sentence in enumerate(document.sentences):
                for word in map(self.stem_word, sentence.words):
                    if word in dictionary:
                        matrix[dictionary[word], column] += 1
            return matrix

        def _compute_term_frequency(self, matrix: _Matrix, smooth: float = 0.4) -> _Matrix:
            highest = matrix.max(axis=0)
            used = highest > 0
            matrix[:, used] = smooth + (1.0 - smooth) * (matrix[:, used] / highest[used])
            return matrix

    return SimpleNamespace(
        Document=ObjectDocumentModel,
        Paragraph=Paragraph,
        Sentence=Ranked,
        Stemmer=Stemmer,
        stop_words=get_stop_words,
        rankers={
            "lexrank": LexRank,
            "textrank": TextRankSummarizer,
            "lsa": Lsa,
            "luhn": LuhnSummarizer,
            "kl": KLSummarizer,
            "sumbasic": SumBasicSummarizer,
            "reduction": ReductionSummarizer,
        },
    )


def _cut(word: str) -> str:
    """Stand in for a stemmer: inflection hides in the end of a word."""
    return word.lower()[:6]


@lru_cache(maxsize=32)
def _tools(language: str) -> tuple[Callable[[str], str], frozenset[str]]:
    """Return the stemmer and the stop words of a language; what a language lacks is left out (Dutch has no list)."""
    sumy = _sumy()
    name = _NAMES.get(language, "")
    stem: Callable[[str], str] = str.lower
    stop_words: frozenset[str] = frozenset()
    if name:
        try:
            stemmer = sumy.Stemmer(name)
            stemmer("word")
            stem = lru_cache(maxsize=20_000)(stemmer)
        except (LookupError, ValueError):
            stem = _cut  # Polish: sumy needs a package with a model for it, and says so only when called
        try:
            stop_words = frozenset(sumy.stop_words(name))
        except LookupError:
            stop_words = frozenset()
    return stem, stop_words


def _rate(candidates: list[_Candidate], ranker: str) -> None:
    """Give every candidate its score, from sumy's ranking and its place, and its content words."""
    sumy = _sumy()
    language = Counter(c.language for c in candidates).most_common(1)[0][0]
    stem, stop_words = _tools(language)
    tokenizer = NewsTokenizer(_NAMES.get(language, "english"))
    nodes = [sumy.Sentence(candidate.text, tokenizer) for candidate in candidates]
    for candidate, node in zip(candidates, nodes, strict=True):
        lowered = [word.lower() for word in node.words]
        # Without any content word, compare what there is: numbers, emoji, other scripts.
        content = [stem(word) for word in lowered if word not in stop_words]
        candidate.terms = Counter(content or candidate.key.split())
    document = sumy.Document([sumy.Paragraph(nodes)])
    summarizer = sumy.rankers[ranker](stem)
    summarizer.stop_words = stop_words
    ratings = [0.0] * len(nodes)

    def keep(
        sentences: Sequence[object],
        count: object,
        rating: dict[object, float] | Callable[..., float],
        *arguments: object,
    ) -> tuple[object, ...]:
        """Take the place of sumy's selection and keep the rating of every sentence instead."""
        for index, sentence in enumerate(sentences):
            rated = float(rating[sentence] if isinstance(rating, dict) else rating(sentence, *arguments))
            ratings[index] = rated if math.isfinite(rated) else 0.0
        return ()

    summarizer._get_best_sentences = keep
    if any(node.words for node in nodes):
        summarizer(document, len(nodes))
    low, high = min(ratings), max(ratings)
    for candidate, rated in zip(candidates, ratings, strict=True):
        central = (rated - low) / (high - low) if high > low else 0.0
        # News is written from the top: measured, rankers without this lose to the first three sentences.
        early = 0.3 * math.exp(-candidate.order / 3) + 0.35 * math.exp(-candidate.order / 10)
        candidate.score = round(central + early, 9)


# --- choosing --------------------------------------------------------------------------------------------------------


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    if len(other) < len(one):
        one, other = other, one
    shared = sum(count * other[term] for term, count in one.items() if term in other)
    if not shared:
        return 0.0
    return shared / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


def _pick(candidates: list[_Candidate], barred: frozenset[str], limit: int, budget: int) -> list[_Candidate]:
    """Choose greedily by score: first one sentence of each article, then whatever fits.

    A dangling sentence is let in as soon as the sentence before it is chosen.
    """
    chosen: list[_Candidate] = []
    places: set[tuple[int, int]] = set()
    served: set[int] = set()
    spent = 0
    ranked = sorted(candidates, key=lambda c: (-c.score, c.source, c.order))

    def allowed(candidate: _Candidate) -> bool:
        faults = candidate.faults & barred
        if faults == {"dangling"} and candidate.follows:
            faults = set() if (candidate.source, candidate.order - 1) in places else faults
        if faults or (chosen and spent + candidate.words > budget) or (candidate.source, candidate.order) in places:
            return False
        return all(c.key != candidate.key and _cosine(c.terms, candidate.terms) <= TOO_SIMILAR for c in chosen)

    while len(chosen) < limit:
        best = next((c for c in ranked if c.source not in served and allowed(c)), None)
        if best is None:
            best = next((c for c in ranked if allowed(c)), None)
        if best is None:
            break
        chosen.append(best)
        places.add((best.source, best.order))
        served.add(best.source)
        spent += best.words
    return chosen
