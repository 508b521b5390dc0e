"""Recognising copies of one text: agency reports that outlets cut, reorder, respell and put under heads of their own.

Three questions decide whether two texts are one, asked in this order (the figures were chosen on the tuning part of
``benchmarks/copies/``; ``benchmarks/copies.py`` tells how well they do on the other part):

1. Is enough of the shorter one in the other? (:func:`shared`, at least :data:`SHARED`; more for short texts)
2. Is it the news that they share? A report of the next day often repeats the background of yesterday's, which stands
   at the end, word for word; a copy shares the opening (:data:`OPENINGS`).
3. Are the figures the same? The daily report of losses, the weather and the markets come in the same sentences every
   day; where the words around a number or a weekday agree, it must agree too (:data:`SAME_NUMBERS`).

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
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARED = 0.37
"""Share of the shorter text's shingles that the other must have, for texts of :data:`_LONG` shingles and more."""
OPENINGS = 0.35
"""Mean share of the two openings' shingles that the other text must have, anywhere."""
SAME_NUMBERS = 0.7
"""Share of the numbers and weekdays with the same words before or after them that must be equal."""
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
"""Characters that are read. The news stands at the top."""
_SKETCHED = 650
"""Words that are sketched: a long text would leave hardly a value to a short cut of it."""

# Small numbers are written either way, and days tell reports apart as numbers do.
_FIGURES = {
    word.encode(): str(number).encode()
    for words in (
        "two three four five six seven eight nine ten eleven twelve",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "deux trois quatre cinq six sept huit neuf dix onze douze",
        "dos tres cuatro cinco seis siete ocho nueve diez once doce",
        "due tre quattro cinque sei sette otto nove dieci undici dodici",
    )
    for number, word in enumerate(words.split(), start=2)
}
_DAYS = frozenset(
    word.encode()
    for words in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lunes martes miércoles jueves viernes sábado domingo",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    )
    for word in words.split()
)

_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+")
_QUOTED = re.compile(r"“[^”]{0,500}”|\"[^\"]{0,500}\"|„[^“”]{0,500}[“”]|«[^»]{0,500}»")

Key = TypeVar("Key", bound=Hashable)
_Number = TypeVar("_Number", "np.uint32", "np.uint64", "np.int64")


def sketch(text: str) -> tuple[int, ...]:
    """Return at most :data:`SKETCH` signed 64-bit numbers by which copies of a text can be looked up, ascending.

    They are the smallest hashes of its runs of five words: equal texts give equal sketches, texts that share passages
    share values, in whatever order the passages stand. A text of fewer than five words has none.
    """
    return tuple(_sketch(_hashed(_words(text))).tolist())


def shared(one: str, other: str) -> float:
    """Return the share of the shorter text's shingles (runs of three words) that the other has, from 0 to 1."""
    return _shared(_print(one).shingles, _print(other).shingles)


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are one, or one is a cut or a rewrite of the other.

    Texts of less than 14 words outside quotation marks never are: there are too few ways to say a short thing.
    """
    return _same(_print(one), _print(other))


class Copies(Generic[Key]):
    """Texts by what they copy, in memory: 3.3 kB for one of 400 words; only its first 10,000 characters are read."""

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
        values = _sketch(words)
        held, crowded = self._index.find(values)
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
        known = crowded.union(place for place, owner in held if self._first[owner] == first)
        self._index.add([value for place, value in enumerate(values.tolist()) if place not in known], number)
        return [self._keys[found] for found in firsts]


# --- what is compared -------------------------------------------------------------------------------------------------


class _Words(NamedTuple):
    """The words of a text: a hash of each, and which are numbers (1) or days of the week (2)."""

    hashes: NDArray[np.uint64]
    kinds: NDArray[np.uint64]


class _Print(NamedTuple):
    """What is kept of a text: its shingles (unique, ascending), those it opens with, and its numbers.

    A number is a hash of the words before or after it in the upper half, of itself in the lower.
    """

    shingles: NDArray[np.uint32]
    opening: NDArray[np.uint32]
    numbers: NDArray[np.uint64]


def _words(text: str) -> list[bytes]:
    """Return the words of a text outside quotation marks; all of them when those are most of it."""
    text = unicodedata.normalize("NFKC", text[:_READ]).casefold()
    unquoted, quotations = _QUOTED.subn(" ", text)
    words = _WORD.findall(unquoted)
    if quotations and len(words) * 3 < len(every := _WORD.findall(text)):
        words = every
    return [_FIGURES.get(word, word) for word in " ".join(words).encode("utf-8", "surrogatepass").split()]


def _hashed(words: list[bytes]) -> _Words:
    import numpy as np

    # The checksum is the same in every process, unlike hash().
    hashes = np.array(list(map(zlib.crc32, words)), dtype=np.uint64)
    kinds = bytes(1 if 48 <= word[0] <= 57 else 2 if word in _DAYS else 0 for word in words)
    return _Words(hashes, np.frombuffer(kinds, dtype=np.uint8).astype(np.uint64))


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

    return _unique(_runs(words.hashes[:_SKETCHED], _SKETCH_SHINGLE).view(np.int64))[:SKETCH]


# A new text is compared with several in a row.
@lru_cache(maxsize=16)
def _print(text: str) -> _Print:
    return _print_of(_hashed(_words(text)))


def _print_of(words: _Words) -> _Print:
    import numpy as np

    half = np.uint64(32)
    shingles = (_runs(words.hashes, _SHINGLE) >> half).astype(np.uint32)
    # Numbers in the words around a number are any number, so that a row of figures is recognised as the same row.
    around = _runs(np.where(words.kinds > 0, words.kinds, words.hashes), _SHINGLE) >> half << half
    places = np.flatnonzero(words.kinds)
    after = places[places >= _SHINGLE]
    before = places[places + _SHINGLE < len(words.hashes)]
    # The kind must tell, as a date stands where a day stood; so must the side on which the words are.
    salts = words.kinds << np.uint64(61)
    numbers = np.concatenate(
        (
            (around[after - _SHINGLE] ^ salts[after]) | words.hashes[after],
            (around[before + 1] ^ salts[before] ^ np.uint64(1 << 63)) | words.hashes[before],
        )
    )
    return _Print(_unique(shingles), _unique(shingles[:_OPENING]), _unique(numbers))


def _unique(values: NDArray[_Number]) -> NDArray[_Number]:
    """Return the values once each, ascending; several times faster than numpy's for as few as a text has."""
    import numpy as np

    ascending: NDArray[_Number] = np.sort(values)
    is_first = np.concatenate((np.ones(min(1, len(values)), np.bool_), ascending[1:] != ascending[:-1]))
    unique: NDArray[_Number] = ascending[is_first]
    return unique


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
    equal = _unique(np.intersect1d(one.numbers, other.numbers, assume_unique=True) >> half)
    # One more on both sides: a single number that was corrected doesn't make another text, unless it is the only one.
    return len(equal) + 1 >= SAME_NUMBERS * (len(around) + 1)


class _Index:
    """Which texts have a sketch value: sorted arrays whose sizes grow like powers of two, and what came since.

    The upper half of a value stands above the number of the text; that other values look like it costs a comparison
    in ten texts of a hundred thousand, and spares half the memory.
    """

    _BUFFER = 1 << 15

    def __init__(self) -> None:
        self._sorted: list[NDArray[np.uint64]] = []
        self._new: dict[int, list[int]] = {}
        self._size = 0

    def find(self, values: NDArray[np.int64]) -> tuple[list[tuple[int, int]], set[int]]:
        """Return (place in ``values``, text that has the value there), and the places of crowded values, left out."""
        import numpy as np

        half = np.uint64(32)
        uppers = values.view(np.uint64) >> half
        new = [self._new.get(upper, ()) for upper in uppers.tolist()]
        counts = np.fromiter(map(len, new), np.int64, len(new))
        least, most = uppers << half, (uppers << half) | np.uint64(0xFFFFFFFF)
        ranges = []
        for level in self._sorted:
            left, right = np.searchsorted(level, least), np.searchsorted(level, most, "right")
            counts += right - left
            ranges.append((level, left, right))
        crowded = counts > CROWDED
        held = [(place, text) for place in np.flatnonzero(~crowded).tolist() for text in new[place]]
        for level, left, right in ranges:
            for place in np.flatnonzero((right > left) & ~crowded).tolist():
                texts = level[left[place] : right[place]].astype(np.uint32).tolist()
                held += [(place, text) for text in texts]
        return held, set(np.flatnonzero(crowded).tolist())

    def add(self, values: list[int], text: int) -> None:
        """Note that a text has these values."""
        for value in values:
            self._new.setdefault((value >> 32) & 0xFFFFFFFF, []).append(text)
        self._size += len(values)
        if self._size >= self._BUFFER:
            self._settle()

    def _settle(self) -> None:
        import numpy as np

        pairs = ((upper << 32) | text for upper, texts in self._new.items() for text in texts)
        level = np.fromiter(pairs, np.uint64, self._size)
        level.sort()
        self._new, self._size = {}, 0
        while self._sorted and len(self._sorted[-1]) < 2 * len(level):
            level = np.concatenate((self._sorted.pop(), level))
            # Two sorted runs, which this sort merges.
            level.sort(kind="stable")
        self._sorted.append(level)
