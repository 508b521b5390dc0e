"""Grouping articles into stories: copies of one text, and reports of one event.

Pure and deterministic: equal articles in any order give equal stories. Time grows with the number of articles that
share words, not with the square of all; 3,000 articles take a few seconds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from summaries.article import Article
from summaries.copies import Copies
from summaries.text import READ, is_heading, paragraphs

SAME_EVENT = 0.4
"""Cosine of title and opening that makes two reports one story, within :data:`DAYS` of each other."""
DAYS = 3

_TITLE_WEIGHT = 2
_LEAD_WORDS = 70
_BLOCK = 128
_RARE_ENOUGH = 200
_SAMPLE = 40
"""Articles of a story whose titles are compared; the newest say enough about a story of hundreds."""

# Words too common to tell events apart, in the languages the newsroom reads; the rest is left to their rarity.
_COMMON = frozenset(
    word
    for words in (
        "the of and to in is that for was with on said says have has had are his her from by an be which were their",
        "who will would not but they its it as at this after over about new more than been also into what how why",
        "could he she we our der die und den das von mit ist im dem nicht ein eine auf für sich auch dass hat",
        "wurde bei",
        "nach sind einen einer zu le la les des et est une dans que pour qui sur par au du pas plus avec son ce",
        "sont aux",
        "ont cette un en de se il elle el los las del con como más ha sus fue este por para su al no es lo una na",
        "się że",
        "nie do jest jak od za po przez dla oraz są był który на що не та про як це він від його після вже також який",
        "було під але",
    )
    for word in words.split()
)


@dataclass(frozen=True)
class Story:
    """Articles about one event, the newest first."""

    articles: tuple[Article, ...]

    @property
    def title(self) -> str | None:
        """The title that has most in common with the other articles; None when no article has one."""
        sample = self.articles[:_SAMPLE]
        profiles = [Counter(_terms(f"{a.title or ''} {_lead(a)}")) for a in sample]
        best, best_score = None, -1.0
        for article in sample:
            if not article.title:
                continue
            words = Counter(_terms(article.title))
            score = sum(_cosine(words, profile) for profile in profiles)
            if score > best_score + 1e-9:
                best, best_score = article.title, score
        return best or next((article.title for article in self.articles if article.title), None)


def group_stories(articles: Sequence[Article]) -> list[Story]:
    """Group articles into stories; every article lands in exactly one.

    Stories are ordered by the day of their newest article, newest first, then larger ones first, then by time and id;
    stories without any date come last.
    """
    ordered = sorted(articles, key=_newest_first)
    if not ordered:
        return []
    groups = _Groups(len(ordered))
    for one, other in _same_text(ordered):
        groups.join(one, other)
    groups.join_alike(_same_event(ordered))
    stories = [Story(tuple(ordered[index] for index in members)) for members in groups.members()]
    # Members keep the order of ``ordered``, so the first article is the newest.
    stories.sort(key=lambda story: (_day(story.articles[0]), -len(story.articles), _newest_first(story.articles[0])))
    return stories


def _newest_first(article: Article) -> tuple[float, str, int]:
    at = article.published.at
    return (-at.timestamp() if at else math.inf, article.id, -article.revision)


def _day(article: Article) -> float:
    at = article.published.at
    return -float(at.astimezone(UTC).toordinal()) if at else math.inf


class _Groups:
    """Which articles belong together: a union-find whose members stay in order."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self._members: dict[int, list[int]] = {index: [index] for index in range(size)}

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, one: int, other: int) -> tuple[int, int]:
        """Make the two groups one; return the root that stays and the one that went."""
        keep, gone = sorted((self.root(one), self.root(other)))
        if keep != gone:
            self._parent[gone] = keep
            self._members[keep] += self._members.pop(gone)
        return keep, gone

    def join_alike(self, pairs: list[tuple[float, int, int]]) -> None:
        """Join groups whose articles are alike on average, the most alike first.

        Pairs alone would chain: A like B and B like C makes no story of A and C.
        """
        weight: dict[int, dict[int, float]] = {}
        for similarity, one, other in pairs:
            left, right = self.root(one), self.root(other)
            if left != right:
                weight.setdefault(left, {})[right] = weight.get(left, {}).get(right, 0.0) + similarity
                weight.setdefault(right, {})[left] = weight[left][right]
        for similarity, one, other in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
            left, right = self.root(one), self.root(other)
            if left == right or similarity < SAME_EVENT:
                continue
            mean = weight[left].get(right, 0.0) / (len(self._members[left]) * len(self._members[right]))
            if mean < SAME_EVENT * 0.75:
                continue
            keep, gone = self.join(left, right)
            moved = weight.pop(gone, {})
            for neighbour, total in moved.items():
                weight[neighbour].pop(gone, None)
                if neighbour != keep:
                    weight[keep][neighbour] = weight[keep].get(neighbour, 0.0) + total
                    weight[neighbour][keep] = weight[keep][neighbour]

    def members(self) -> list[list[int]]:
        """Return the groups, each in ascending order."""
        return [sorted(members) for members in self._members.values()]


# --- copies of one text ----------------------------------------------------------------------------------------------


def _same_text(articles: Sequence[Article]) -> list[tuple[int, int]]:
    """Return pairs of articles that are one text; a copy of a copy is paired with the first of them."""
    copies: Copies[int] = Copies()
    return [
        (first, index)
        for index, article in enumerate(articles)
        for first in copies.add_and_link(index, article.text[article.body_start : article.body_start + READ])
    ]


# --- reports of one event --------------------------------------------------------------------------------------------


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _lead(article: Article) -> str:
    """Return the opening of an article: its first paragraphs that aren't headings."""
    # Far more text than the lead can need, so that a long article isn't cut into paragraphs in vain.
    text = article.text[: article.body_start + 4000]
    words: list[str] = []
    for paragraph in paragraphs(text, article.body_start):
        if not is_heading(text, paragraph):
            words += paragraph.of(text).split()
        if len(words) >= _LEAD_WORDS:
            break
    return " ".join(words[:_LEAD_WORDS])


def _terms(text: str) -> list[str]:
    """Return the words of a text that tell events apart, cut to six letters in place of a stemmer per language."""
    return [token[:6] for token in _tokens(text) if token not in _COMMON and (len(token) > 2 or token.isdigit())]


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[term] for term, count in one.items() if term in other)
    if not shared:
        return 0.0
    return shared / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


def _same_event(articles: Sequence[Article]) -> list[tuple[float, int, int]]:
    """Return (cosine, article, article) for pairs alike in title and opening and close in time."""
    profiles = []
    for article in articles:
        terms = Counter(_terms(_lead(article)))
        for term in _terms(article.title or ""):
            terms[term] += _TITLE_WEIGHT
        profiles.append(terms)
    spread = Counter(term for profile in profiles for term in profile)
    total = len(articles)
    # A word in one text links nothing; one in most of many texts costs much and says next to nothing.
    most = max(_RARE_ENOUGH, total // 8)
    column = {term: index for index, term in enumerate(t for t, n in spread.items() if 1 < n <= most)}
    if not column:
        return []
    entries: list[tuple[int, int, float]] = []
    for row, profile in enumerate(profiles):
        weights = {t: (1 + math.log(n)) * (math.log((1 + total) / (1 + spread[t])) + 1) for t, n in profile.items()}
        norm = math.sqrt(sum(w * w for w in weights.values()))
        entries.extend((row, column[t], w / norm) for t, w in weights.items() if t in column)
    rows = np.array([entry[0] for entry in entries], dtype=np.int64)
    terms_of = np.array([entry[1] for entry in entries], dtype=np.int64)
    weight = np.array([entry[2] for entry in entries])
    # The same entries by term: which articles hold it, and with what weight.
    by_term = np.argsort(terms_of, kind="stable")
    holder, held = rows[by_term], weight[by_term]
    length = np.bincount(terms_of, minlength=len(column))
    first = np.concatenate(([0], np.cumsum(length)[:-1]))
    reach = timedelta(days=DAYS)
    times = [article.published.at for article in articles]
    found: list[tuple[float, int, int]] = []
    for start in range(0, total, _BLOCK):
        low, high = np.searchsorted(rows, (start, start + _BLOCK))
        if low == high:
            continue
        own_terms, size = terms_of[low:high], min(_BLOCK, total - start)
        counts = length[own_terms]
        places = np.repeat(first[own_terms] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        places += np.arange(len(places))
        cells = np.repeat((rows[low:high] - start) * total, counts) + holder[places]
        likeness = np.bincount(cells, np.repeat(weight[low:high], counts) * held[places], size * total)
        for cell in np.flatnonzero(likeness >= SAME_EVENT / 2).tolist():
            one, other = start + cell // total, cell % total
            if one < other and _close(times[one], times[other], reach):
                found.append((round(float(likeness[cell]), 6), one, other))
    return found


def _close(one: datetime | None, other: datetime | None, reach: timedelta) -> bool:
    """Tell whether two moments allow one event; an unknown one does."""
    return one is None or other is None or abs(one - other) <= reach
