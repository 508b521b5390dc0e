"""Which language a text is in, and the stop words and the stemmer of that language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from summaries.article import Article

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
NAMES = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "pl": "polish", "uk": "ukrainian",
    "it": "italian", "pt": "portuguese", "cs": "czech", "sk": "slovak", "nl": "dutch", "sv": "swedish", "da": "danish",
    "no": "norwegian", "nb": "norwegian", "fi": "finnish", "hu": "hungarian", "ro": "romanian", "ru": "russian",
    "ar": "arabic", "el": "greek", "he": "hebrew",
}  # fmt: skip
"""Languages by two letters, as Snowball and sumy call them."""
_TELLTALE_SETS = {language: frozenset(words.split()) for language, words in _TELLTALES.items()}


def language_of(article: Article) -> str:
    """Return the article's language as two letters: as declared, else by its small words, else ""."""
    if article.language:
        return article.language.lower()[:2]
    words = Counter(re.findall(r"[^\W\d_]+", article.text[article.body_start : article.body_start + 4000].lower()))
    votes = {language: sum(words[word] for word in telltales) for language, telltales in _TELLTALE_SETS.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else ""


def _cut(word: str) -> str:
    """Stand in for a stemmer: inflection hides in the end of a word."""
    return word[:6]


@lru_cache(maxsize=32)
def stemmer_of(language: str) -> Callable[[str], str]:
    """Return what takes the ending off a lower-case word of a language (two letters): Snowball, where it knows it.

    Words of other languages are cut to six letters; those of an unknown one ("") stay as they are.
    """
    import Stemmer

    name = NAMES.get(language)
    if name is None:
        return str
    try:
        snowball = Stemmer.Stemmer(name)
    except KeyError:
        return _cut
    return lru_cache(maxsize=50_000)(snowball.stemWord)


@lru_cache(maxsize=32)
def stop_words_of(language: str) -> frozenset[str]:
    """Return the words of a language (two letters) that say nothing by themselves; none where sumy has no list."""
    from sumy.utils import get_stop_words

    try:
        return frozenset(get_stop_words(NAMES[language]))
    except LookupError:
        return frozenset()
