"""Recognising copies of one text: agency reports that outlets cut, reorder, respell and put under heads of their own.

Three questions decide whether two texts are one, asked in this order (the figures were chosen on the tuning part of
``benchmarks/copies/``; ``benchmarks/copies.py`` tells how well they do on the other part):

1. Is enough of the shorter one in the other? (:func:`shared`, at least :data:`SHARED`; more for short texts)
2. Is it the news that they share? A report of the next day often repeats the background of yesterday's, which stands
   at the end, word for word; a copy shares the opening (:data:`OPENINGS`).
3. Are the figures the same? The daily report of losses, the weather and the markets come in the same sentences every
   day; where the words around a number agree, the number must agree too (:data:`SAME_NUMBERS`).

Words in quotation marks count for none of these: everybody who reports a speech quotes it.

For many texts, each is reduced to a :func:`sketch`, and only texts with sketch values in common are compared.
:class:`Copies` does that in memory. A database does the same with a table (value, article), indexed by value:

- for a new article, count the values of its sketch per earlier text of which it may be a copy, over the days that
  matter, where all copies of one text count together; leave alone what has fewer than :data:`LIKELY` of them;
- compare it with the best few (:data:`TRIED`) by :func:`same_text`; the first that agrees is the text it copies;
- store those values of its sketch that its text and the copies of that have not stored yet: thus a value's rows are
  different texts, and an agency report in a hundred outlets costs no more than in one;
- a value in more than :data:`CROWDED` texts is a publisher's furniture or a set phrase: neither count nor store it.

Pure and deterministic, in every process and version of Python. Scripts that put no spaces between words are compared
clause by clause, so that only unchanged clauses count.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARED = 0.42
"""Share of the shorter text's shingles that the other must have, for texts of :data:`_LONG` shingles and more."""
OPENINGS = 0.36
"""Mean share of the two openings' shingles that the other text must have, anywhere."""
SAME_NUMBERS = 0.6
"""Share of the numbers with the same words before or after them that must be equal."""
SKETCH = 64
"""The most values a sketch has."""
LIKELY = 3
"""Sketch values in common that make two texts worth comparing."""
TRIED = 8
"""Texts with most values in common that are compared."""
CROWDED = 50
"""A sketch value in more texts than this, none a copy of another, tells nothing."""

_SHINGLE = 3
_SKETCH_SHINGLE = 5
"""Longer than those compared: set phrases of three words are in every other text, and would be looked up in vain."""
_FEWEST = 12
"""Shingles below which a text is never a copy: a sentence of 14 words outside quotation marks is the least."""
_LONG = 100
_SHORTEST_SHARED = 0.85
"""What a text of no length would have to share; what a text shorter than :data:`_LONG` must lies between."""
_OPENING = 70
_READ = 10_000
_SKETCHED = 4_000
"""Characters read to compare, and to sketch. The news stands at the top, and a cut copy shares more of a short text."""

_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
_QUOTED = re.compile(r"“[^”]{0,500}”|\"[^\"]{0,500}\"|„[^“”]{0,500}[“”]|«[^»]{0,500}»")

Key = TypeVar("Key", bound=Hashable)


def sketch(text: str) -> tuple[int, ...]:
    """Return at most :data:`SKETCH` signed 64-bit numbers by which copies of a text can be looked up, ascending.

    They are the smallest hashes of its runs of five words: equal texts give equal sketches, texts that share passages
    share values, in whatever order the passages stand. A text of fewer than five words has none.
    """
    words = _hashed(_words(text[:_SKETCHED]))
    return tuple(_sketch(words).tolist())


def shared(one: str, other: str) -> float:
    """Return the share of the shorter text's shingles (runs of three words) that the other has, from 0 to 1."""
    return _shared(_print(one).shingles, _print(other).shingles)


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are one, or one is a cut or a rewrite of the other.

    Texts of less than 14 words outside quotation marks never are: there are too few ways to say a short thing.
    """
    return _same(_print(one), _print(other))


class Copies(Generic[Key]):
    """Texts by what they copy, in memory: about 3 kB for a text of 400 words, at most 10 kB for any."""

    def __init__(self) -> None:
        """Begin with no text."""
        self._keys: list[Key] = []
        self._first: list[int] = []
        self._prints: list[_Print] = []
        self._index = _Index()

    def __len__(self) -> int:
        """Return how many texts were added."""
        return len(self._keys)

    def add(self, key: Key, text: str) -> Key | None:
        """Add a text, and return the key of the first text of which it is a copy; None when it is new."""
        return next(iter(self.add_and_link(key, text)), None)

    def add_and_link(self, key: Key, text: str) -> list[Key]:
        """Add a text, and return the keys of the first texts of all that it shares enough with, the likeliest first.

        There are several when a text was made of two, or is the whole of which only different cuts were seen.
        """
        words = _hashed(_words(text))
        mine = _print_of(words)
        values = _sketch(words if len(text) <= _SKETCHED else _hashed(_words(text[:_SKETCHED])))
        at, owners = self._index.find(values)
        # For each value, the texts that hold it; those in too many say nothing.
        crowded = {place for place, count in Counter(at).items() if count > CROWDED}
        held = [(place, owner) for place, owner in zip(at, owners, strict=True) if place not in crowded]
        by_text = Counter(owner for _, owner in held)
        by_first = Counter(self._first[owner] for _, owner in held)
        tried = sorted(by_text, key=lambda owner: (-by_text[owner], owner))
        likely = [owner for owner in tried if by_first[self._first[owner]] >= LIKELY][:TRIED]
        firsts: list[int] = []
        for owner in likely:
            if self._first[owner] not in firsts and _same(mine, self._prints[owner]):
                firsts.append(self._first[owner])
        number = len(self._keys)
        first = firsts[0] if firsts else number
        self._keys.append(key)
        self._first.append(first)
        self._prints.append(mine)
        known = {place for place, owner in held if self._first[owner] == first}
        self._index.add([place not in known and place not in crowded for place in range(len(values))], values, number)
        return [self._keys[found] for found in firsts]


# --- what is compared -------------------------------------------------------------------------------------------------


class _Words(NamedTuple):
    """The words of a text: a hash of each, and which are numbers."""

    hashes: NDArray[np.uint64]
    numbers: NDArray[np.bool_]


class _Print(NamedTuple):
    """What is kept of a text: its shingles (unique, ascending), those it opens with, and its numbers.

    A number is a hash of the words before or after it in the upper half, of itself in the lower.
    """

    shingles: NDArray[np.uint32]
    opening: NDArray[np.uint32]
    numbers: NDArray[np.uint64]


def _words(text: str) -> list[str]:
    """Return the words of a text outside quotation marks; all of them when that is most of it."""
    text = unicodedata.normalize("NFC", text[:_READ]).casefold()
    words = _WORD.findall(text)
    unquoted = _WORD.findall(_QUOTED.sub(" ", text))
    return unquoted if len(unquoted) * 3 >= len(words) else words


def _hashed(words: list[str]) -> _Words:
    import numpy as np

    # The checksum is the same in every process, unlike hash().
    hashes = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words), np.uint64, len(words))
    numbers = np.fromiter((word[0].isdigit() for word in words), np.bool_, len(words))
    return _Words(hashes, numbers)


def _runs(hashes: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Return a hash of each run of so many words."""
    import numpy as np

    mixed = np.zeros(max(0, len(hashes) - length + 1), dtype=np.uint64)
    for offset in range(length):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + hashes[offset : offset + len(mixed)]
    # Finish as SplitMix64 does (Steele, Lea and Flood, 2014): the least of them must be a fair sample.
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _sketch(words: _Words) -> NDArray[np.int64]:
    import numpy as np

    return np.unique(_runs(words.hashes, _SKETCH_SHINGLE).view(np.int64))[:SKETCH]


def _print(text: str) -> _Print:
    return _print_of(_hashed(_words(text)))


def _print_of(words: _Words) -> _Print:
    import numpy as np

    half = np.uint64(32)
    shingles = (_runs(words.hashes, _SHINGLE) >> half).astype(np.uint32)
    # Numbers in the words around a number are any number, so that a row of figures is recognised as the same row.
    around = _runs(np.where(words.numbers, np.uint64(1), words.hashes), _SHINGLE) >> half << half
    places = np.flatnonzero(words.numbers)
    after = places[places >= _SHINGLE]
    before = places[places + _SHINGLE < len(words.hashes)]
    numbers = np.concatenate(
        (
            around[after - _SHINGLE] | words.hashes[after],
            # The side must tell: three words before a number are not the same as three words behind it.
            (around[before + 1] ^ (np.uint64(1) << np.uint64(63))) | words.hashes[before],
        )
    )
    return _Print(np.unique(shingles), np.unique(shingles[:_OPENING]), np.unique(numbers))


def _in_both(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    """Count what two ascending arrays of unique values have in common."""
    import numpy as np

    if not len(one) or not len(other):
        return 0
    if len(one) > len(other):
        one, other = other, one
    places = np.minimum(np.searchsorted(other, one), len(other) - 1)
    return int(np.count_nonzero(other[places] == one))


def _shared(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    fewest = min(len(one), len(other))
    return _in_both(one, other) / fewest if fewest else 0.0


def _same(one: _Print, other: _Print) -> bool:
    import numpy as np

    fewest = min(len(one.shingles), len(other.shingles))
    if fewest < _FEWEST:
        return False
    needed = SHARED + (_SHORTEST_SHARED - SHARED) * max(0.0, 1 - fewest / _LONG)
    if _shared(one.shingles, other.shingles) < needed:
        return False
    mine, theirs = _in_both(one.opening, other.shingles), _in_both(other.opening, one.shingles)
    if mine / len(one.opening) + theirs / len(other.opening) < 2 * OPENINGS:
        return False
    half = np.uint64(32)
    around = np.intersect1d(one.numbers >> half, other.numbers >> half)
    equal = np.unique(np.intersect1d(one.numbers, other.numbers) >> half)
    # One more on both sides: a single number that was corrected doesn't make another text, unless it is the only one.
    return len(equal) + 1 >= SAME_NUMBERS * (len(around) + 1)


class _Index:
    """Which texts have a sketch value: sorted arrays whose sizes grow like powers of two, and what came since."""

    _BUFFER = 1 << 15

    def __init__(self) -> None:
        self._sorted: list[tuple[NDArray[np.int64], NDArray[np.int32]]] = []
        self._new: dict[int, list[int]] = {}
        self._size = 0

    def find(self, values: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """Return places in ``values`` and a text that has the value there, a pair for each of them."""
        import numpy as np

        places: list[int] = []
        owners: list[int] = []
        for keys, texts in self._sorted:
            left, right = np.searchsorted(keys, values), np.searchsorted(keys, values, "right")
            for place in np.flatnonzero(right > left).tolist():
                found = texts[left[place] : right[place]].tolist()
                places += [place] * len(found)
                owners += found
        for place, value in enumerate(values.tolist()):
            if value in self._new:
                found = self._new[value]
                places += [place] * len(found)
                owners += found
        return places, owners

    def add(self, wanted: list[bool], values: NDArray[np.int64], text: int) -> None:
        """Note that a text has those of the values that are wanted."""
        for is_wanted, value in zip(wanted, values.tolist(), strict=True):
            if is_wanted:
                self._new.setdefault(value, []).append(text)
                self._size += 1
        if self._size >= self._BUFFER:
            self._settle()

    def _settle(self) -> None:
        import numpy as np

        keys = np.fromiter((k for k, texts in self._new.items() for _ in texts), np.int64, self._size)
        owners = np.fromiter((text for texts in self._new.values() for text in texts), np.int32, self._size)
        self._new, self._size = {}, 0
        order = np.argsort(keys, kind="stable")
        keys, owners = keys[order], owners[order]
        while self._sorted and len(self._sorted[-1][0]) < 2 * len(keys):
            older, theirs = self._sorted.pop()
            keys, owners = np.concatenate((older, keys)), np.concatenate((theirs, owners))
            order = np.argsort(keys, kind="stable")
            keys, owners = keys[order], owners[order]
        self._sorted.append((keys, owners))
