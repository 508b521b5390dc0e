"""What of a text is new to readers who were told others: the same fact is news once.

A sentence says nothing new when most of its content words, weighted by how rare they are, stand in one sentence, or in
two in a row, that they were told. It is new all the same when it has a number or names a party that those have not, or
when it denies or only announces what they state, or the other way round. (Counting new words did as well as anything in
TREC's Novelty track: Allan, Wade & Bolivar 2003.) Synonyms aren't known: a fact in other words can pass for new.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from summaries.article import Article
from summaries.language import language_of, stemmer_of, stop_words_of
from summaries.parties import Parties
from summaries.sentences import article_sentences

HELD: Final = 0.55
"""Share of a sentence's weighted words that those told before must hold; of reports of one event that were read side by
side, most pairs above it said the same, and most below it did not."""

_SENTENCES: Final = 200
"""Sentences of an article that are remembered: what comes after so many is told in no briefing."""
_FEW: Final = 3
"""With fewer words a sentence is the same as another only if that holds them all."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
# A "no-anchor zone" denies nothing; 250 instead of 500 is 250 and not 500.
_DENIES: Final = re.compile(
    r"\b(?:not|no(?!-)|never|none|nobody|neither|nor|without|instead of|rather than|cannot|refus\w+|reject\w+|"
    r"den(?:y|ies|ied)|rul(?:e|es|ed|ing) out|(?:an)?statt|au lieu d(?:e|u|es)?|en (?:lugar|vez) de|zamiast|замість|"
    r"nicht|kein\w*|nie|niemals|ohne|lehn\w+|ne|pas|jamais|sans|aucune?|refus\w+|nunca|sin|ningun[ao]?|rechaz\w+|"
    r"nie|bez|nigdy|żad\w+|odmówi\w+|не|ні|без|ніколи|жод\w+|відмов\w+)\b|n['’]t\b|\bn['’]",
    re.IGNORECASE,
)
# What is only wished, asked for or to come is another thing than what was done.
_ANNOUNCES: Final = re.compile(
    r"\b(?:will|would|shall|should|could|must|may|might|(?:expect|consider|ask|seek|demand|propos|request|urg|offer|hop|want|"
    r"intend)(?:s|es|ed|e|ing)?|(?<!\bat )(?<!\bagainst )(?<!\bof )plans? to|planned|planning|sought|"
    r"due to|is to|are to|was to|were to|scheduled|ready to|"
    r"willing to|call(?:s|ed|ing)? (?:for|on)|"
    r"wird|werden|würde\w*|soll\w*|könnte\w*|plant|fordert\w*|bittet|bat|bereit|"
    r"va|vont|devrai\w+|pourrai\w+|serai\w*|sera|seront|demand\w+|prêt\w*|"
    r"será\w*|podría\w*|debería\w*|planea\w*|pide\w*|pidió|dispuest\w+|będ\w+|może|mogą|planuj\w+|prosi\w*|"
    r"gotow\w+|буд\w+|може|можуть|планує\w*|планують|прос\w+|готов\w+)\b",
    re.IGNORECASE,
)
# Newsrooms write small numbers in words, each by its own rule. "One" is too many other things.
_NUMBER_WORDS: Final = {
    word: str(number)
    for number, words in enumerate(
        (
            "two zwei deux dos dwa dwie два дві", "three drei trois tres trzy три",
            "four vier quatre cuatro cztery чотири", "five fünf cinq cinco pięć п'ять п’ять",
            "six sechs seis sześć шість",
            "seven sieben sept siete siedem сім",
            "eight acht huit ocho osiem вісім", "nine neun neuf nueve dziewięć дев'ять дев’ять",
            "ten zehn dix diez dziesięć десять", "eleven elf onze once jedenaście одинадцять",
            "twelve zwölf douze doce dwanaście дванадцять",
        ),
        start=2,
    )
    for word in words.split()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a sentence says, as far as it can be compared."""

    terms: frozenset[str]
    numbers: frozenset[str]
    parties: frozenset[str]
    denies: bool
    announces: bool

    def with_context(self, neighbour: _Facts) -> _Facts:
        """Add what the sentence before or behind it has besides."""
        return replace(
            self,
            terms=self.terms | neighbour.terms,
            numbers=self.numbers | neighbour.numbers,
            parties=self.parties | neighbour.parties,
        )


class Told:
    """What readers were told: all that the articles say that they were shown, and what is added since."""

    def __init__(self, articles: Iterable[Article] = (), parties: Parties | None = None) -> None:
        """Remember what ``articles`` say; ``parties`` are those whose names make a sentence another one."""
        self._parties = parties
        self._sentences: list[_Facts] = []
        self._follows: list[bool] = []
        self._holders: dict[str, list[int]] = {}
        for article in articles:
            self.add_article(article)

    def add_article(self, article: Article, is_told: Callable[[str, str], bool] | None = None) -> None:
        """Remember what an article says, save what ``is_told``, asked with a sentence and its language, denies."""
        language = language_of(article)
        spans = [span for paragraph in article_sentences(article) for span in paragraph]
        follows = False
        for span in spans[:_SENTENCES]:
            text = span.of(article.text)
            told = is_told is None or is_told(text, language)
            if told:
                self.add(text, language, follows=follows)
            follows = told

    def add(self, text: str, language: str, *, follows: bool = False) -> None:
        """Remember one more sentence in a language (two letters); ``follows``: it stands behind the last one."""
        facts = self._facts(text, language)
        for term in facts.terms:
            self._holders.setdefault(term, []).append(len(self._sentences))
        self._sentences.append(facts)
        self._follows.append(follows)

    def holds(self, text: str, language: str) -> bool:
        """Tell whether a sentence in a language (two letters) says nothing that they were not told."""
        facts = self._facts(text, language)
        weights = {term: self._rarity(term) for term in sorted(facts.terms)}
        enough = sum(weights.values()) * (HELD if len(weights) >= _FEW else 1.0) - 1e-9
        shared: dict[int, float] = {}
        for term, weight in weights.items():
            for index in self._holders.get(term, ()):
                shared[index] = shared.get(index, 0.0) + weight
        for index, weight in shared.items():
            one = self._sentences[index]
            if weight >= enough and _is_held(facts, one):
                return True
            before = shared.get(index - 1, 0.0)
            if self._follows[index] and weight + before >= enough:
                # What is done, denied or only to come is told by the one that has more of it.
                both = one.with_context(self._sentences[index - 1])
                if before > weight:
                    both = self._sentences[index - 1].with_context(one)
                if sum(weights[term] for term in facts.terms & both.terms) >= enough and _is_held(facts, both):
                    return True
        return False

    def _facts(self, text: str, language: str) -> _Facts:
        stem, stop_words = stemmer_of(language), stop_words_of(language)
        words = {word.lower() for word in _WORD.findall(text) if len(word) > 1}
        found = self._parties.find(text, language) if self._parties else ()
        numbers = {re.sub("[.,]", "", number) for number in _NUMBER.findall(text)}
        return _Facts(
            frozenset(stem(word) for word in words - stop_words - _NUMBER_WORDS.keys()),
            frozenset(numbers | {_NUMBER_WORDS[word] for word in words & _NUMBER_WORDS.keys()}),
            frozenset(mention.party for mention in found),
            _DENIES.search(text) is not None,
            _ANNOUNCES.search(text) is not None,
        )

    def _rarity(self, term: str) -> float:
        """Weigh a word by how few of the sentences have it (smoothed inverse document frequency)."""
        return math.log((1 + len(self._sentences)) / (1 + len(self._holders.get(term, ())))) + 1


def _is_held(facts: _Facts, told: _Facts) -> bool:
    """Tell whether nothing but words of a sentence is new beside what was told."""
    return (
        facts.numbers <= told.numbers
        and facts.parties <= told.parties
        and facts.denies == told.denies
        and facts.announces == told.announces
    )
