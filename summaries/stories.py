"""Grouping articles into stories: copies of one text first, then reports of one event told differently.

Pure and deterministic: equal articles in any order give equal stories, in every process. How it is done (the figures
were chosen with ``benchmarks/stories.py``, which tells how well they do):

1. Copies of one text (:mod:`summaries.copies`) are one text from here on, whatever lies between their days.
2. Each text is its title and its first :data:`READ_WORDS` words, weighted by how few texts have them. Words that more
   than :data:`CROWDED` texts have find no neighbours, so that time and memory grow little faster than the texts.
3. Stories are joined while any two, within :data:`DAYS` of each other, are alike on average over all their texts:
   thus a story grows from day to day, but A like B and B like C makes no story of A and C.
"""

from __future__ import annotations

import heapq
import math
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from summaries.article import Article
from summaries.claims import Claim
from summaries.copies import Copies
from summaries.table import Change
from summaries.text import READ, is_heading, paragraphs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAME_EVENT = 0.3
"""Mean cosine of the texts of two stories that makes them one, within :data:`DAYS` of each other."""
DAYS = 3
"""Days between an article and the nearest one of its story."""
READ_WORDS = 600
"""Words of a text that are compared; of 70, 150, 300, 600 and 1,200 these told events apart best."""
CROWDED = 500
"""Texts that may share a word which brings them together."""

_ELSEWHERE = 1000
"""Texts imagined besides, with none of these words, or half the square of how many there are if that is less. Without,
a story of six among fifty would seem to be of common words; with as many for a handful, all that two texts on one topic
have in common would seem rare."""
_TITLE_WEIGHT = 2
_LEAD_WORDS = 70
_SAMPLE = 40
"""Articles of a story whose titles are compared; the newest say enough about a story of hundreds."""
_LONGEST_WORD = 6
_CELLS = 1 << 22
"""Cosines that are held at a time, and at most a quarter as many products."""

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
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Story:
    """Articles about one event, the newest first.

    ``same_text`` has a number for each article, equal for copies of one text; empty means that there are no copies.
    """

    articles: tuple[Article, ...]
    same_text: tuple[int, ...] = ()

    @property
    def title(self) -> str | None:
        """The title that has most in common with the other articles; None when no article has one."""
        if len(self.articles) == 1:
            return self.articles[0].title or None
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

    @property
    def outlets(self) -> int:
        """How many independent outlets tell it: those that carry one text count once, an unnamed one by its site."""
        groups = _Groups(len(self.articles))
        first: dict[tuple[str, object], int] = {}
        for index, article in enumerate(self.articles):
            groups.join(first.setdefault(("outlet", outlet_of(article)), index), index)
            if self.same_text:
                groups.join(first.setdefault(("text", self.same_text[index]), index), index)
        return len(groups.members())


def outlet_of(article: Article) -> str:
    """Return the name of an article's outlet, folded: an unnamed one is named by its site, or stands alone."""
    site = urlsplit(article.url).hostname if article.url else None
    return " ".join((article.publisher or site or article.label or article.id).casefold().split())


@dataclass(frozen=True, slots=True)
class NewsValue:
    """Why a story stands where it stands, the weightiest first: each part decides only where all before are equal.

    ``changes``: positions whose new claim quotes the story; ``outlets``: independent ones; ``official``: parties whose
    official voice a claim quotes from it; ``parties``: parties it names; ``newest``: its newest article (aware UTC).
    """

    changes: int
    outlets: int
    official: int
    parties: int
    newest: datetime | None

    @property
    def order(self) -> tuple[int, int, int, int, float]:
        """A key for sorting, greater for more news; a story without a date is the oldest."""
        newest = self.newest.timestamp() if self.newest else -math.inf
        return (self.changes, self.outlets, self.official, self.parties, newest)

    def reasons(self) -> list[str]:
        """Return the parts in words, the weightiest first; what there is none of is left out."""
        counted = (
            (self.changes, "change of a position", "changes of positions"),
            (self.outlets, "independent outlet", "independent outlets"),
            (self.official, "party quoted officially", "parties quoted officially"),
            (self.parties, "party named", "parties named"),
        )
        found = [f"{count} {one if count == 1 else more}" for count, one, more in counted if count]
        found.append(f"newest article {self.newest:%Y-%m-%d %H:%M} UTC" if self.newest else "no date")
        return found


def news_value(
    story: Story,
    changed: Iterable[Change] = (),
    claims: Iterable[Claim] = (),
    named: Mapping[str, Collection[str]] | None = None,
) -> NewsValue:
    """Weigh a story for a dossier.

    ``changed`` are the positions that moved, ``claims`` the approved claims that are known, ``named`` the codes of the
    parties that an article names, by its id. Only what these say is known: an outlet is never taken for official.
    """
    held = {article.id for article in story.articles}
    new = ((change.party, change.after.claim) for change in changed if change.after)
    known = named or {}
    times = [article.published.at for article in story.articles if article.published.at]
    newest = max(times, default=None)
    return NewsValue(
        changes=len({party for party, claim in new if _quotes(claim, held)}),
        outlets=story.outlets,
        official=len({claim.party for claim in claims if claim.kind == "official" and _quotes(claim, held)}),
        parties=len({party for identifier in held for party in known.get(identifier, ())}),
        newest=newest.astimezone(UTC) if newest else None,
    )


def _quotes(claim: Claim, articles: Collection[str]) -> bool:
    return any(quote.article in articles for quote in claim.quotes)


def rank_stories(
    stories: Iterable[Story],
    changed: Iterable[Change] = (),
    claims: Iterable[Claim] = (),
    named: Mapping[str, Collection[str]] | None = None,
) -> list[tuple[Story, NewsValue]]:
    """Order stories by :func:`news_value`, the most news first, each with its value; at last by the newest's id."""
    changed, claims = list(changed), list(claims)
    # A claim concerns the few stories it quotes, and there are thousands of both.
    of_article: dict[str, tuple[list[Change], list[Claim]]] = {}
    for change in changed:
        for article in {quote.article for quote in change.after.claim.quotes} if change.after else ():
            of_article.setdefault(article, ([], []))[0].append(change)
    for claim in claims:
        for article in {quote.article for quote in claim.quotes}:
            of_article.setdefault(article, ([], []))[1].append(claim)
    ranked = []
    for story in stories:
        about = [of_article[article.id] for article in story.articles if article.id in of_article]
        here = ([change for both in about for change in both[0]], [claim for both in about for claim in both[1]])
        ranked.append((story, news_value(story, *here, named)))
    ranked.sort(key=lambda one: _newest_first(one[0].articles[0]))
    ranked.sort(key=lambda one: one[1].order, reverse=True)
    return ranked


def group_stories(articles: Sequence[Article], beside: Sequence[Article] = (), *, days: int = DAYS) -> list[Story]:
    """Group articles into stories; every article lands in exactly one.

    Stories are ordered by the day of their newest article, newest first, then larger ones first, then by time and id;
    stories without any date come last.

    ``beside`` are other articles (of the last days, say) that are in no story but tell which words are common: among
    a handful of articles that can't be known, and fewer of them are taken for one story. ``days`` may lie between an
    article and the nearest one of its story.
    """
    ordered = sorted(articles, key=_newest_first)
    if not ordered:
        return []
    groups = _Groups(len(ordered))
    for one, other in _same_text(ordered):
        groups.join(one, other)
    texts = groups.members()
    stories = []
    alike = _alike([_longest(ordered, text) for text in texts], beside)
    for members in _agglomerate(alike, [_time(ordered, text) for text in texts], timedelta(days=days)):
        # In the order of ``ordered``, so the first article is the newest.
        places = sorted((index, number) for number in members for index in texts[number])
        copies = tuple(number for _, number in places) if len(places) > len(members) else ()
        stories.append(Story(tuple(ordered[index] for index, _ in places), copies))
    stories.sort(key=lambda story: (_day(story.articles[0]), -len(story.articles), _newest_first(story.articles[0])))
    return stories


def _newest_first(article: Article) -> tuple[float, str, int]:
    at = article.published.at
    return (-at.timestamp() if at else math.inf, article.id, -article.revision)


def _day(article: Article) -> float:
    at = article.published.at
    return -float(at.astimezone(UTC).toordinal()) if at else math.inf


class _Groups:
    """Which articles belong together: a union-find whose groups are named by their first."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def join(self, one: int, other: int) -> None:
        keep, gone = sorted((self.root(one), self.root(other)))
        self._parent[gone] = keep

    def members(self) -> list[list[int]]:
        """Return the groups in the order of their first, each ascending."""
        found: dict[int, list[int]] = {}
        for index in range(len(self._parent)):
            found.setdefault(self.root(index), []).append(index)
        return list(found.values())


# --- copies of one text ----------------------------------------------------------------------------------------------


def _same_text(articles: Sequence[Article]) -> list[tuple[int, int]]:
    """Return pairs of articles that are one text; a copy of a copy is paired with the first of them.

    A text that was made of two is paired with the likelier one, or it would make one story of both.
    """
    copies: Copies[int] = Copies()
    return [
        (first, index)
        for index, article in enumerate(articles)
        for first in copies.add_and_link(index, article.text[article.body_start : article.body_start + READ])[:1]
    ]


def _longest(articles: Sequence[Article], text: Sequence[int]) -> Article:
    """Return the fullest copy of a text: the others are cuts of it."""
    return max((articles[index] for index in text), key=lambda article: len(article.text) - article.body_start)


# --- the words of an article ------------------------------------------------------------------------------------------


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
    return _telling(_WORD.findall(text.casefold()))


def _telling(words: Iterable[str]) -> list[str]:
    return [w[:_LONGEST_WORD] for w in words if w not in _COMMON and (len(w) > 2 or w.isdigit())]


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[term] for term, count in one.items() if term in other)
    if not shared:
        return 0.0
    return shared / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


# --- which texts are alike --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Alike:
    """Pairs of texts by their numbers, the smaller first, and their cosines."""

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    cosine: NDArray[np.float64]


def _profile(article: Article) -> Counter[str]:
    """Count the words of an article that tell events apart."""
    # Ten characters and more a word would be no news, but one endless word.
    body = article.text[article.body_start : article.body_start + 12 * READ_WORDS]
    profile = Counter(_telling(_WORD.findall(body.casefold())[:READ_WORDS]))
    for term in _terms(article.title or ""):
        profile[term] += _TITLE_WEIGHT
    return profile


def _alike(articles: Sequence[Article], beside: Iterable[Article]) -> _Alike:
    """Return all pairs that are at least half as alike as one event must be on average."""
    import numpy as np

    total = len(articles)
    numbers: dict[str, int] = {}
    terms, counts, sizes = array("i"), array("i"), array("i")
    for article in articles:
        profile = _profile(article)
        sizes.append(len(profile))
        terms.extend(numbers.setdefault(term, len(numbers)) for term in profile)
        counts.extend(profile.values())
    term = np.frombuffer(terms, dtype=np.int32) if terms else np.zeros(0, np.int32)
    row = np.repeat(np.arange(total, dtype=np.int32), np.frombuffer(sizes, dtype=np.int32))
    spread = np.bincount(term, minlength=1)
    elsewhere = [0] * len(spread)
    texts = total
    for article in beside:
        texts += 1
        for known in _profile(article):
            if known in numbers:
                elsewhere[numbers[known]] += 1
    rarity = np.log((1 + texts + min(_ELSEWHERE, texts * texts // 2)) / (1 + spread + np.array(elsewhere)))
    weight = (1 + np.log(np.frombuffer(counts, dtype=np.int32))) * rarity[term] if terms else np.zeros(0)
    norm = np.sqrt(np.bincount(row, weight * weight, total))
    # A word in one text links nothing; one in very many costs much and says next to nothing.
    links = (spread[term] > 1) & (spread[term] <= CROWDED)
    row, term = row[links], term[links]
    weight = weight[links] / norm[row]
    # The same entries by term; those after an entry are the later texts that have its term.
    by_term = np.argsort(term, kind="stable")
    holder, held = row[by_term], weight[by_term]
    place = np.empty(len(term), dtype=np.int64)
    place[by_term] = np.arange(len(term))
    later = np.cumsum(np.bincount(term, minlength=1))[term] - place - 1
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    starts = np.searchsorted(row, np.arange(total + 1))
    for start, end in _blocks(np.concatenate(([0], np.cumsum(later)))[starts]):
        low, high = starts[start], starts[end]
        many = later[low:high]
        wide = total - start
        places = np.repeat(place[low:high] + 1 - np.concatenate(([0], np.cumsum(many)))[:-1], many)
        places += np.arange(len(places))
        cells = np.repeat((row[low:high].astype(np.int64) - start) * wide - start, many) + holder[places]
        cosine = np.bincount(cells, np.repeat(weight[low:high], many) * held[places], (end - start) * wide)
        near = np.flatnonzero(cosine >= SAME_EVENT / 2)
        found.append((start + near // wide, start + near % wide, np.round(cosine[near], 6)))
    return _Alike(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _blocks(done: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut rows into blocks that need about equal memory; ``done`` are the products before each row."""
    total = len(done) - 1
    start = 0
    while start < total:
        end = int(done.searchsorted(done[start] + _CELLS // 4, "right")) - 1
        end = min(max(end, start + 1), start + max(1, _CELLS // (total - start)), total)
        yield start, end
        start = end


# --- which belong together --------------------------------------------------------------------------------------------

_Time = tuple[float, float] | None


def _time(articles: Sequence[Article], text: Sequence[int]) -> _Time:
    """Return the first and last moment of a text's copies, in seconds; None when no copy has a date."""
    times = [at.timestamp() for index in text if (at := articles[index].published.at)]
    return (min(times), max(times)) if times else None


def _together(one: _Time, other: _Time) -> _Time:
    return (min(one[0], other[0]), max(one[1], other[1])) if one and other else one or other


def _close(one: _Time, other: _Time, reach: timedelta) -> bool:
    """Tell whether two times allow one event; an unknown one does."""
    return one is None or other is None or max(one[0], other[0]) - min(one[1], other[1]) <= reach.total_seconds()


def _agglomerate(alike: _Alike, times: Sequence[_Time], reach: timedelta) -> list[list[int]]:
    """Join the stories that are most alike on average, again and again (average linkage); return their texts.

    A pair that is not in ``alike`` counts as not alike at all.
    """
    size = len(times)
    # Stories joined by an average have a pair above it: what no chain of such pairs connects is never compared.
    chains = _Groups(size)
    is_strong = alike.cosine >= SAME_EVENT
    for one, other in zip(alike.one[is_strong].tolist(), alike.other[is_strong].tolist(), strict=True):
        chains.join(one, other)
    weight: dict[int, dict[int, float]] = {}
    heap: list[tuple[float, int, int]] = []
    for one, other, cosine in zip(alike.one.tolist(), alike.other.tolist(), alike.cosine.tolist(), strict=True):
        if chains.root(one) == chains.root(other):
            weight.setdefault(one, {})[other] = weight.setdefault(other, {})[one] = cosine
            if cosine >= SAME_EVENT:
                heap.append((-cosine, one, other))
    heapq.heapify(heap)
    members = {index: [index] for index in range(size)}
    time = list(times)

    def mean(one: int, other: int) -> float:
        return round(weight[one][other] / (len(members[one]) * len(members[other])), 9)

    while heap:
        negative, one, other = heapq.heappop(heap)
        # Since it was noted one may have gone or grown; what it grew to was noted anew.
        if one not in members or other not in members or mean(one, other) != -negative:
            continue
        if not _close(time[one], time[other], reach):
            continue
        time[one] = _together(time[one], time[other])
        members[one] += members.pop(other)
        del weight[one][other]
        for neighbour, cosine in weight.pop(other).items():
            if neighbour != one:
                del weight[neighbour][other]
                weight[one][neighbour] = weight[neighbour][one] = weight[one].get(neighbour, 0.0) + cosine
        for neighbour in weight[one]:
            if (now := mean(one, neighbour)) >= SAME_EVENT:
                heapq.heappush(heap, (-now, min(one, neighbour), max(one, neighbour)))
    return list(members.values())
