"""Does a text belong to the dossier? The words and weights that ``[relevance]`` of ``topic.toml`` declares, added up.

A text shows signs: words that stand for the topic, or for something else that is easily taken for it. A sign in the
title says more about the whole text than one in the opening, and that more than one further down, where only a topic
that keeps coming back counts fully. What was found is given as reasons, each a slice of the title or the text. Lines
that are printed around an article, such as links to others, show nothing.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final, Literal

from summaries.article import Article, Draft
from summaries.parties import Mention, Parties
from summaries.text import READ, collapse, paragraphs
from summaries.topic import RelevanceRules, Topic

Place = Literal["title", "opening", "body"]

WITHIN: Final = 20
"""How many words apart the lists of a sign may be found, in one paragraph: about a long sentence."""

OPENING: Final = 350
"""How many characters of the body are its opening: a news item's first two sentences or so."""

STRETCH: Final = 50
"""Below the opening a sign counts by how many stretches of this many words it stands in ..."""

FULL_SHARE: Final = 0.25
"""... and fully when these are a quarter of them; ..."""

LEAST: Final = 8
"""... so many there are at least, lest a single word below a short opening be much of what there is."""

IN_TITLE: Final = 0.8
IN_OPENING: Final = 0.65
IN_BODY: Final = 0.65
"""How much of its weight a sign has in each place; in more than one it has more: 1 - (1 - a)(1 - b)(1 - c)."""

KEYWORD_WEIGHT: Final = 0.8
"""The weight of a plain keyword: one in the title or the opening is enough, one further down is not."""

LINE: Final = 300
"""How many characters a line has at most that can be printed around an article: a link, an offer, a credit."""

_REASONS: Final = 8
_MOST_LINES: Final = 200
_TITLE: Final = 400
_KNOWN_WORDS: Final = 100_000

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ґ": "г", "æ": "ae", "œ": "oe"})
_MARKS = re.compile("[\u0300-\u036f]+")
# Between the words of a phrase: a space, a hyphen, a quotation mark, a line's end; no full stop, comma or empty line.
_GAP = re.compile(r"[^\w.!?,;:\n]{1,3}|[ \t]?\r?\n[ \t]*")
# A line's end closes a paragraph unless it stands in mid-sentence, as in hard-wrapped mail.
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n|[.!?…:;\"”“»)\]]\s*\n")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing found that speaks for the topic, or, with a negative weight, against it.

    ``kind`` is the sign's key and ``label`` what people call it. ``words`` is the slice from ``start`` to ``end`` (code
    points) of the title, when ``place`` says so, otherwise of the text. ``weight`` is what the sign adds to the score,
    all of its places together.
    """

    kind: str
    label: str
    place: Place
    words: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """How much a text belongs to the topic, from 0 to 1, whether that is enough, and why: strongest reason first."""

    score: float
    relevant: bool
    reasons: tuple[Reason, ...]


_Found = tuple[int, int]  # numbers of the first and of the last word of something found


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a title or text: their spans, and where each list of words was found, in order."""

    text: str
    spans: list[tuple[int, int]]
    found: dict[int, list[_Found]]


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign as it is looked for: one list of words, or several that must be found near each other, or parties."""

    key: str
    label: str
    weight: float
    lists: tuple[int, ...]
    parties: tuple[str, ...] = ()


class Scorer:
    """The rules of one dossier, made ready once; may be used from several threads."""

    def __init__(self, rules: RelevanceRules, parties: Parties) -> None:
        """Take the rules as declared. Raises :class:`ValueError` for a sign of a party that nobody knows."""
        self._parties = parties
        self._threshold = rules.threshold
        self._needs = frozenset(rules.needs)
        # A word of a phrase, folded, is a pattern with a number; one that ends in "*" matches whatever begins so.
        self._patterns: dict[str, int] = {}
        self._stems: dict[str, list[tuple[str, int]]] = {}
        self._phrases: dict[int, list[tuple[tuple[int, ...], int]]] = {}
        self._count = 0
        self._known: dict[str, tuple[int, ...]] = {}
        lists = {name: self._add(words) for name, words in rules.lists.items()}
        signs = []
        if rules.keywords:
            signs.append(_Sign("keyword", "a keyword", KEYWORD_WEIGHT, (self._add(rules.keywords),)))
        for sign in rules.signs:
            for code in sign.parties:
                if code not in parties:
                    raise ValueError(f"relevance: sign {sign.key!r}: no party has the code {code!r}")
            wanted = tuple(lists[name] for name in sign.lists) or ((self._add(sign.words),) if sign.words else ())
            signs.append(_Sign(sign.key, sign.label, sign.weight, wanted, sign.parties))
        self._signs = tuple(signs)
        self._wants_parties = any(sign.parties for sign in signs)

    def score(self, text: Article | Draft, mentions: Iterable[Mention] | None = None) -> Relevance:
        """Judge a text. ``mentions`` are the parties it speaks of, if known already: the first place of each is enough.

        Reads at most :data:`~summaries.text.READ` characters of the body; never raises, whatever the text.
        """
        heading = text.title or ""
        title = self._read(heading, 0, _TITLE)
        start, end = text.body_start, text.body_start + READ
        body = _without_furniture(self._read(text.text, start, end), text)
        below = bisect_left(body.spans, (start + OPENING, 0))
        named: dict[str, tuple[int, int]] = {}
        titled: dict[str, tuple[int, int]] = {}
        if self._wants_parties:
            if mentions is None:
                mentions = spoken_of(text, self._parties)
            for place, found in ((titled, self._parties.find(heading[:_TITLE], text.language)), (named, mentions)):
                for mention in found:
                    place.setdefault(mention.party, (mention.start, mention.end))
        stretches = max((len(body.spans) - below) // STRETCH + 1, LEAST)
        # What has no title is judged by its opening.
        in_opening = IN_OPENING if heading.strip() else IN_TITLE
        total = 0.0
        reasons = []
        for sign in self._signs:
            in_title = next(chain(_places(title, sign.lists), _spoken_of(title, sign.parties, titled)), None)
            places = [*_places(body, sign.lists), *_spoken_of(body, sign.parties, named)]
            if in_title is None and not places:
                continue
            opened = [place for place in places if place[0] < below]
            share = len({(at - below) // STRETCH for at, _ in places if at >= below}) / stretches
            strength = 1 - (1 - IN_TITLE * (in_title is not None)) * (1 - in_opening * bool(opened)) * (
                1 - IN_BODY * min(1.0, share / FULL_SHARE)
            )
            total += sign.weight * strength
            where: Place = "title" if in_title else "opening" if opened else "body"
            words = title if in_title else body
            at, last = in_title or min(opened or places)
            begin, stop = words.spans[at][0], words.spans[last][1]
            weight = round(sign.weight * strength, 3)
            reasons.append(Reason(sign.key, sign.label, where, words.text[begin:stop], begin, stop, weight))
        reasons.sort(key=lambda reason: -abs(reason.weight))
        if self._needs and self._needs.isdisjoint(reason.kind for reason in reasons):
            total = 0.0
        score = round(min(1.0, max(0.0, total)), 3)
        return Relevance(score, score >= self._threshold, tuple(reasons[:_REASONS]))

    def _add(self, phrases: Sequence[str]) -> int:
        """Add a list of words and phrases; returns its number."""
        number = self._count
        self._count += 1
        for phrase in phrases:
            wanted = tuple(self._pattern(word) for word in phrase.split())
            numbers = tuple(found for pattern in wanted for found in pattern)
            if numbers:
                self._phrases.setdefault(numbers[0], []).append((numbers[1:], number))
        return number

    def _pattern(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the patterns of a written word; "l'Ukraine*" is two words in a text."""
        parts = _WORD.findall(word)
        patterns = [_fold(part) for part in parts]
        if patterns and word.endswith("*"):
            patterns[-1] += "*"
        numbers = []
        for pattern in patterns:
            if pattern not in self._patterns:
                number = self._patterns[pattern] = len(self._patterns)
                if pattern.endswith("*"):
                    self._stems.setdefault(pattern[:2], []).append((pattern[:-1], number))
            numbers.append(self._patterns[pattern])
        return tuple(numbers)

    def _matching(self, word: str) -> tuple[int, ...]:
        """Return the numbers of the patterns that a word of a text matches; remembered, since words come again."""
        known = self._known.get(word)
        if known is None:
            folded = _fold(word)
            exact = self._patterns.get(folded)
            stems = self._stems.get(folded[:2], ())
            known = ((exact,) if exact is not None else ()) + tuple(
                number for stem, number in stems if folded.startswith(stem)
            )
            if len(self._known) >= _KNOWN_WORDS:
                self._known.clear()
            self._known[word] = known
        return known

    def _read(self, text: str, start: int, end: int) -> _Words:
        """Cut a text into words and find every list's words in it."""
        spans: list[tuple[int, int]] = []
        matched: dict[int, tuple[int, ...]] = {}
        known = self._known.get
        for match in _WORD.finditer(text, start, end):
            word = match[0]
            numbers = known(word)
            if numbers is None:
                numbers = self._matching(word)
            if numbers:
                matched[len(spans)] = numbers
            spans.append(match.span())
        found: dict[int, list[_Found]] = {}
        for at, numbers in matched.items():
            for number in numbers:
                for following, owner in self._phrases.get(number, ()):
                    if _follow(text, spans, matched, at, following):
                        found.setdefault(owner, []).append((at, at + len(following)))
        return _Words(text, spans, found)


def make_scorer(topic: Topic, parties: Parties) -> Scorer:
    """Return what judges texts for a topic. Raises :class:`ValueError` for a sign of a party that nobody knows."""
    return Scorer(topic.relevance, parties)


def spoken_of(text: Article | Draft, parties: Parties) -> list[Mention]:
    """Return where an article speaks of parties, in order: not in the lines that are printed around it.

    Reads at most :data:`~summaries.text.READ` characters of the body.
    """
    found = parties.find(text.text[: text.body_start + READ], text.language, text.body_start)
    around = in_furniture(text, [mention.start for mention in found])
    return [mention for mention in found if mention.start not in around]


def in_furniture(text: Article | Draft, places: Iterable[int]) -> frozenset[int]:
    """Return those of some places (code points of the text) that stand in a line which is printed around the article.

    Such are links to other articles, offers and credits: a paragraph of at most :data:`LINE` characters, all of it
    furniture, and not the title. Judging costs about half a millisecond, so only lines are judged in which one of the
    places stands, and of an endless text no more than 200.
    """
    from summaries.boilerplate import is_boilerplate

    wanted = sorted(set(places))
    title = collapse(text.title or "")
    judged: dict[str, bool] = {}
    found: set[int] = set()
    lines = paragraphs(text.text[: text.body_start + READ], text.body_start) if wanted else []
    for line in lines:
        here = wanted[bisect_left(wanted, line.start) : bisect_right(wanted, line.end)]
        words = collapse(line.of(text.text)) if here and line.end - line.start <= LINE else title
        # What stands alone stands around nothing.
        if words == title or len(lines) == 1:
            continue
        if words not in judged:
            if len(judged) == _MOST_LINES:
                break
            judged[words] = is_boilerplate(words)
        if judged[words]:
            found.update(here)
    return frozenset(found)


def _without_furniture(words: _Words, text: Article | Draft) -> _Words:
    """Leave out what was found in lines that are printed around an article."""
    around = in_furniture(text, (words.spans[first][0] for places in words.found.values() for first, _ in places))
    if not around:
        return words
    left = {
        number: [place for place in places if words.spans[place[0]][0] not in around]
        for number, places in words.found.items()
    }
    return replace(words, found=left)


def _fold(word: str) -> str:
    """Return the form in which words are compared: no case, no accents."""
    word = word.casefold()
    if not word.isascii():
        word = _MARKS.sub("", unicodedata.normalize("NFKD", word)).translate(_LETTERS)
    return word


def _follow(
    text: str,
    spans: Sequence[tuple[int, int]],
    matched: Mapping[int, tuple[int, ...]],
    at: int,
    following: tuple[int, ...],
) -> bool:
    """Tell whether the words behind a word are those of a phrase, with no more than a gap between them."""
    for step, number in enumerate(following, start=at + 1):
        if number not in matched.get(step, ()) or not _GAP.fullmatch(text, spans[step - 1][1], spans[step][0]):
            return False
    return True


def _spoken_of(words: _Words, parties: tuple[str, ...], spans: Mapping[str, tuple[int, int]]) -> Iterator[_Found]:
    """Yield where parties are spoken of, each once, as numbers of words."""
    for code in parties:
        if code in spans:
            start, end = spans[code]
            first = bisect_left(words.spans, (start, start))
            last = bisect_left(words.spans, (end, end)) - 1
            if first <= last:
                yield first, last


def _places(words: _Words, lists: tuple[int, ...]) -> Iterator[_Found]:
    """Yield where a sign stands: the places of its one list, or the stretches in which all its lists are found."""
    everywhere = [words.found.get(number, []) for number in lists]
    if not everywhere or not all(everywhere):
        return
    if len(everywhere) == 1:
        yield from everywhere[0]
        return
    everywhere.sort(key=len)
    for base in everywhere[0]:
        chosen = [base]
        for others in everywhere[1:]:
            nearest = _nearest(base, others, chosen)
            if nearest is None:
                break
            chosen.append(nearest)
        else:
            first, last = min(found[0] for found in chosen), max(found[1] for found in chosen)
            if not _PARAGRAPH_END.search(words.text, words.spans[first][1], words.spans[last][0]):
                yield first, last


def _nearest(base: _Found, others: Sequence[_Found], taken: Sequence[_Found]) -> _Found | None:
    """Return the nearest of ``others``, at most WITHIN words from ``base``, that shares no word with ``taken``."""
    best: _Found | None = None
    for at in range(bisect_left(others, (base[0] - WITHIN, 0)), len(others)):
        other = others[at]
        if other[0] > base[1] + WITHIN:
            break
        if any(other[0] <= last and first <= other[1] for first, last in taken):
            continue
        if best is None or abs(other[0] - base[0]) < abs(best[0] - base[0]):
            best = other
    return best
