"""Parties: countries and organisations, every way people name them, and where a text speaks of them.

The names of the world are package data (``summaries/world``); a dossier adds its leaders and aliases. A query may be
in any language and mistyped; a text is searched only for names as they are written, in its own language and in the
party's. Both sides prefer asking, or silence, to a wrong party.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Literal, NamedTuple

Kind = Literal["country", "organisation"]


@dataclass(frozen=True, slots=True)
class Party:
    """A country or an organisation: its code (ISO 3166 alpha-2, or the usual one) and the English name people read."""

    code: str
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Leader:
    """A person who speaks or spoke for a party, as the dossier names them. ``aliases`` are other spellings."""

    name: str
    party: str
    office: str
    since: date | None = None
    until: date | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartyNames:
    """What a dossier adds to the world's names of a party, or a party that the world doesn't know."""

    code: str
    name: str | None = None
    kind: Kind | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a query was taken for: a party (``guessed`` when it wasn't named exactly), or none and up to five to ask.

    ``near`` is False when the suggestions are only the nearest of names that are all far away, as for nonsense.
    """

    party: Party | None
    guessed: bool
    suggestions: tuple[Party, ...]
    near: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text that speaks of a party; ``start`` and ``end`` count code points."""

    party: str
    start: int
    end: int


# --- Normalised keys -------------------------------------------------------------------------------------------------

_LETTERS = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t", "ŋ": "n",
    "ə": "e", "ß": "ss", "ς": "σ", "ј": "j", "ґ": "г", "ـ": None,
    "'": None, "’": None, "‘": None, "ʼ": None, "ʻ": None, "ʾ": None, "ʿ": None, "`": None, "´": None, "′": None,
    "＇": None, "&": " and ",
})  # fmt: skip
# Accents of Latin, Greek and Cyrillic, Hebrew points and Arabic vowel signs; marks of other scripts carry meaning.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]+")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_GAPS = re.compile(r"(?:[^\w\u0300-\u036f\u0900-\u109f\u1780-\u17ff]|_)+")


def normalise(text: str) -> str:
    """Return the key by which names are compared: no case, accents, apostrophes or punctuation; "st" reads "saint"."""
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), text)
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", text)).translate(_LETTERS)
    words = _GAPS.sub(" ", text).split()
    if "st" in words:
        words = ["saint" if word == "st" else word for word in words]
    return " ".join(words)


def fold_case(text: str) -> str:
    """Return the text composed (NFC) and without case, accents kept."""
    return unicodedata.normalize("NFC", text).casefold()


# --- Queries ---------------------------------------------------------------------------------------------------------

_QUERY_LIMIT = 100
_SUGGESTIONS = 5
_TYPO_LENGTH = 4
_TWO_TYPOS_LENGTH = 8
_REGIONAL_A = 0x1F1E6
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}|\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f?")
_SHORTCODE = re.compile(r":?flag[_-]([a-z]{2}):?", re.IGNORECASE)
_SELECTORS = re.compile("[\u200d\ufe0e\ufe0f\U000e0020-\U000e007f\U0001f3f3\U0001f3f4]")
_LEAD = re.compile(
    r"(?:the|die|der|das|den|dem|det|la|le|les|el|los|las|il|lo|gli|i|het|de|o|os|as|a|an"
    r"|(?:(?:federal|democratic|people's|islamic|french|italian) )?(?:government|govt|gov|republic|rep\.?|kingdom|state"
    r"|country|nation|people|president|prime minister|pm|chancellor|embassy|flag|king|queen|leader) of"
    r"|(?:gouvernement|république|royaume|gobierno|república|reino|governo|repubblica|regierung|republik)"
    r" (?:de|du|des|del|della|di|do|da|von|der)"
    r"|(?:president|prime minister|premier|pm|chancellor|(?:foreign |defen[cs]e )?minister|secretary general"
    r"|sir|lord|mr|mrs|ms|dr|frau|herr|monsieur|madame)\.?"
    r"|what about|how about|(?:status|stance|position)(?: (?:of|on|for|in))?|and)\s+|(?:l|d|dell|all|nell)['’]",
    re.IGNORECASE,
)
_TRAIL_PATTERN = (
    r"(?:['’]s?|{own}\s+(?:government|govt|gov|administration|president|prime minister|premier|pm|chancellor|leader"
    r"|foreign minister|defen[cs]e minister|foreign ministry|defen[cs]e ministry|parliament|army|people|embassy)"
    r"|\s+(?:please|pls|plz)|\s*[?!.]+)\s*$"
)
# An "s" without its apostrophe may be the name's own: "Germanys government", but "US government".
_TRAIL, _TRAIL_OF = (re.compile(_TRAIL_PATTERN.format(own=own), re.IGNORECASE) for own in (r"(?:['’]s?)?", r"['’]?s?"))
_ASIDE = re.compile(r"([^(),/]+)(?:\(([^(),/]+)\)|[,/]([^(),/]+))")
_PARTICLES = frozenset(
    ("von", "van", "der", "den", "de", "di", "da", "del", "della", "dos", "du", "la", "le", "zu", "ter", "ten", "bin",
     "al", "el", "ben")
)  # fmt: skip


def _clean(query: str) -> str:
    """Cut a query short and drop what nobody typed: controls, bidi marks, zero-width characters, lone surrogates."""
    kept = []
    for char in query[: _QUERY_LIMIT * 4]:
        category = unicodedata.category(char)
        if category == "Zs" or char in "\t\n\r\v\f":
            kept.append(" ")
        elif category[0] != "C" or char == "\u200d" or "\U000e0020" <= char <= "\U000e007f":
            kept.append(char)
    return " ".join("".join(kept).split())[:_QUERY_LIMIT]


class _Typo(NamedTuple):
    """A party whose name is some edits away. A short foreign word or people is no solid ground: "Tusk" is no "Turk"."""

    edits: int
    party: str
    solid: bool
    english: bool


# --- Running text ----------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W_]+")
# Scripts written without spaces, or (Korean) with particles attached: each character is a token of its own.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
)
_APOSTROPHES = str.maketrans("’‘ʼ‐‑", "'''--")
_LANGUAGES = {"no": "nb", "nn": "nb"}

_Form = tuple[tuple[str, ...], str | None, str]  # tokens and gaps behind the first token; party or None; sort of name


def _tokens(text: str, start: int = 0) -> list[tuple[str, int, int]]:
    """Return the words of a text with their span; unspaced scripts character by character."""
    found = []
    for match in _WORD.finditer(text, start):
        word = match[0]
        if word[0] >= "\u0e00" and _UNSPACED.search(word):
            at, run = match.start(), ""
            for index, char in enumerate(word):
                if _UNSPACED.match(char):
                    if run:
                        found.append((run, at + index - len(run), at + index))
                        run = ""
                    found.append((char, at + index, at + index + 1))
                else:
                    run += char
            if run:
                found.append((run, match.end() - len(run), match.end()))
        else:
            found.append((word, match.start(), match.end()))
    return found


def _gap(text: str) -> str:
    return " " if text.isspace() else text


class _Forms:
    """Names as they are written, ready to be found: by first word, the longest first."""

    def __init__(self, quiet: frozenset[str]) -> None:
        self.quiet = quiet
        self.by_word: dict[str, list[_Form]] = {}
        self.seen: set[tuple[str, str | None]] = set()

    def add(self, name: str, party: str | None, sort: str, *, foreign: bool = False) -> None:
        """Add a name of a party (None: speaks of nobody), as written, in capitals and, unless foreign, without accents.

        Without its accent a foreign name may be a word of this language: "Ísland".
        """
        name = name.translate(_APOSTROPHES)
        spellings = {name}
        if not foreign and not name.isascii():
            spellings.add(unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", name))))
        if name.startswith("Saint "):
            spellings |= {f"St {name[6:]}", f"St. {name[6:]}"}
        if sort == "leader":
            spellings |= {spelling[:1].upper() + spelling[1:] for spelling in spellings}
        if len(name) > 3 and sort != "code":
            spellings |= {spelling.upper() for spelling in spellings}
        for spelling in spellings:
            if (spelling, party) in self.seen:
                continue
            if sort not in {"block", "leader", "dossier"} and not self.quiet.isdisjoint({spelling, spelling.title()}):
                continue
            self.seen.add((spelling, party))
            tokens = _tokens(spelling)
            if not tokens:
                continue
            rest: list[str] = []
            for before, after in pairwise(tokens):
                rest += [_gap(spelling[before[2] : after[1]]), after[0]]
            forms = self.by_word.setdefault(tokens[0][0], [])
            forms.append((tuple(rest), party, sort))

    def finish(self) -> None:
        """Order the forms: the longest first; of equally long ones a dossier's, those that speak of nobody, names."""
        order = {"dossier": 0, "block": 1, "name": 2, "code": 2, "demonym": 3, "place": 4, "leader": 5}
        for forms in self.by_word.values():
            forms.sort(key=lambda form: (-len(form[0]), order[form[2]]))
        self.seen.clear()


@lru_cache(maxsize=1)
def _world() -> Mapping[str, Any]:
    """Return the package's data, read once per process."""
    data: Mapping[str, Any] = json.loads((files("summaries.world") / "world.json").read_bytes())
    return data


class Parties:
    """Everything that has a name here: the world, what the dossier adds, and the dossier's leaders."""

    def __init__(self, additions: Sequence[PartyNames] = (), leaders: Sequence[Leader] = ()) -> None:
        """Index the world's names, ``additions`` (they win over the world's) and ``leaders``.

        Raises :class:`ValueError` for a leader of an unknown party.
        """
        world = _world()
        self._additions = tuple(additions)
        self._parties: dict[str, Party] = {}
        self._minor: set[str] = set()
        self._codes: dict[str, str] = {}
        # Keys by how strong they are: a dossier's alias, then a plain English name, then anything else.
        self._dossier: dict[str, tuple[str, ...]] = {}
        self._english: dict[str, tuple[str, ...]] = {}
        self._other: dict[str, tuple[str, ...]] = {}
        self._weak: dict[str, tuple[str, ...]] = {}
        # First names of leaders: who bears one, and those of each party's.
        self._given: dict[str, tuple[str, ...]] = {}
        self._first_names: dict[str, set[str]] = {}
        self._persons: dict[str, tuple[str, ...]] = {}
        for entry in world["parties"]:
            code = entry["code"]
            self._parties[code] = Party(code, entry["name"], entry["kind"])
            if "minor" in entry:
                self._minor.add(code)
            for short in entry["codes"]:
                self._codes.setdefault(short, code)
            owner = (code,)
            english, others, people, seats = entry["keys"]
            _put(self._english, english.split("|"), owner)
            for table, keys in ((self._other, others), (self._weak, people), (self._weak, seats)):
                if keys:
                    _put(table, keys.split("|"), owner)
        for _, keys, owners in world["ambiguous"]:
            for key in keys.split("|"):
                self._english[key] = tuple(owners.split())
        for addition in self._additions:
            self._add(addition)
        self._leaders = _newest(leaders)
        for leader in self._leaders:
            self._add_leader(leader)
        self._everyday = frozenset(world["everyday"].split())
        given = world["given"]
        self._people = frozenset(given["names"].split("|"))
        self._strict = frozenset(given["strict"].split("|"))
        self._titles = frozenset(given["titles"].split("|"))
        self._common = frozenset(given["common"].split("|"))
        self._surnames = frozenset(normalise(name) for name in given["surnames"].split("|"))
        self._order = sorted(self._parties.values(), key=lambda party: (party.name.casefold(), party.code))
        self._forms: dict[str, _Forms] = {}
        self._fuzzy: list[str] = []
        self._sorted: list[str] = []
        self._named: list[tuple[str, Party]] = []

    def _add(self, addition: PartyNames) -> None:
        known = self._parties.get(addition.code)
        name = addition.name or (known.name if known else addition.code)
        kind = addition.kind or (known.kind if known else "organisation")
        self._parties[addition.code] = Party(addition.code, name, kind)
        self._codes[addition.code] = addition.code
        self._minor.discard(addition.code)
        keys = {normalise(alias) for alias in (*addition.aliases, *((addition.name,) if addition.name else ()))}
        _put(self._dossier, keys, (addition.code,))

    def _add_leader(self, leader: Leader) -> None:
        if leader.party not in self._parties:
            raise ValueError(f"leader {leader.name!r}: no party has the code {leader.party!r}")
        owner = (leader.party,)
        given, surname = _split_name(leader.name)
        keys = {normalise(x) for x in (leader.name, surname.rsplit(" ", 1)[-1], *leader.aliases, *_surnames(leader))}
        _put(self._weak, keys - {""}, owner)
        _put(self._persons, keys - {""}, owner)
        names = {normalise(word) for word in given.split()} - {""}
        _put(self._given, names, owner)
        self._first_names.setdefault(leader.party, set()).update(names)

    def __getitem__(self, code: str) -> Party:
        """Return the party with this code. Raises :class:`KeyError`."""
        return self._parties[code]

    def get(self, code: str) -> Party | None:
        """Return the party with this code, None when there is none."""
        return self._parties.get(code)

    def __iter__(self) -> Iterator[Party]:
        """Yield every party, by name."""
        return iter(self._order)

    def __len__(self) -> int:
        """Return how many parties are known."""
        return len(self._order)

    def __contains__(self, code: object) -> bool:
        """Tell whether a party has this code."""
        return code in self._parties

    # --- resolve

    def resolve(self, query: str) -> Resolution:
        """Say which party a person means by ``query``: in any language, by name, code, flag, people, seat or leader.

        Never raises. Where several parties fit, or only something near, no party is returned but whom to ask about.
        """
        text = _clean(query)
        if (flags := self._flags(text)) is not None:
            return self._answer(flags)
        text = _SELECTORS.sub("", _FLAG.sub(" ", text)).strip()
        if not text:
            return Resolution(None, guessed=False, suggestions=())
        variants = list(_variants(text))
        for variant in variants:
            if (found := self._exact(variant)) is not None:
                return found
        for found in (self._twice(text), self._person_asked(variants)):
            if found is not None:
                return found
        return self._near([key for variant in variants if (key := normalise(variant)[:_QUERY_LIMIT])])

    def _flags(self, text: str) -> tuple[str, ...] | None:
        """Return the parties of a query that is nothing but flags; None for any other."""
        if _SHORTCODE.fullmatch(text):
            letters = [text.strip(":")[5:].upper()]
        else:
            flags = _FLAG.findall(text)
            if not flags or normalise(_SELECTORS.sub("", _FLAG.sub("", text))):
                return None
            letters = [
                "".join(chr(ord(c) - _REGIONAL_A + 65) for c in flag)
                if flag[0] != "\U0001f3f4"
                else "".join(chr(ord(c) - 0xE0000) for c in flag[1:3]).upper()
                for flag in flags
            ]
        codes = dict.fromkeys(code for short in letters if (code := self._codes.get(short)) is not None)
        return tuple(codes)

    def _exact(self, text: str) -> Resolution | None:
        """Return the answer for a query that is a name, exactly; None when it is none."""
        bare = text.strip(" .,;:!?'\"’()[]<>*_~`#@")
        short = bare.replace(".", "")
        if short.isascii() and (code := self._codes.get(short.upper())) is not None:
            if short.isupper() or "." in bare or short.lower() not in self._everyday:
                return self._answer((code,))
            more = self._lookup(normalise(short)) or ()
            return self._ask((code, *more))
        key = normalise(text)
        if not key:
            return None
        if owners := self._lookup(key):
            return self._answer(owners)
        if owners := self._given.get(key):
            # A first name: of one leader or of several, it is too little to go by.
            return self._ask((*owners, *(typo.party for typo in self._typos(key))))
        return None

    def _twice(self, text: str) -> Resolution | None:
        """Return the answer for a name with a second one that means the same party: "Germany (Berlin)"."""
        match = _ASIDE.fullmatch(text)
        if match is None:
            return None
        first, second = self._exact(match[1].strip()), self._exact((match[2] or match[3]).strip())
        if first is None or second is None or first.party is None or first.party != second.party:
            return None
        return first

    def _person_asked(self, variants: Iterable[str]) -> Resolution | None:
        """Return the answer for a leader named surname first, or by a first name cut short: "Alex Stubb"."""
        for variant in variants:
            words = normalise(variant).split()
            if not 2 <= len(words) <= 5:
                continue
            if (owners := self._persons.get(" ".join((words[-1], *words[:-1])))) and len(owners) == 1:
                return self._answer(owners)
            owners = self._persons.get(" ".join(words[1:]), ())
            if len(owners) == 1 and len(words[0]) >= 3:
                names = self._first_names[owners[0]]
                if any(name.startswith(words[0]) for name in names):
                    return self._answer(owners, guessed=True)
        return None

    def _lookup(self, key: str) -> tuple[str, ...] | None:
        """Return whose name a key is: of the strongest kind that knows it."""
        for table in (self._dossier, self._english, self._other, self._weak):
            if owners := table.get(key):
                return owners
        return None

    def _answer(self, owners: tuple[str, ...], *, guessed: bool = False) -> Resolution:
        if len(owners) == 1:
            return Resolution(self._parties[owners[0]], guessed, ())
        return self._ask(owners)

    def _ask(self, codes: Iterable[str], *, near: bool = True) -> Resolution:
        found = tuple(self._parties[code] for code in dict.fromkeys(codes))
        return Resolution(None, guessed=False, suggestions=found[:_SUGGESTIONS], near=near or not found)

    def _near(self, keys: list[str]) -> Resolution:
        """Return a guess, or whom to ask about, for a query that is nobody's exact name."""
        if not keys:
            return Resolution(None, guessed=False, suggestions=())
        starting: list[str] = []
        rivals: set[str] = set()
        nearest: list[_Typo] = []
        for key in list(dict.fromkeys(keys))[:3]:
            # The query as typed comes first, then without articles; the first that is near to anything counts.
            starting, rivals = self._starting(key) if len(key) >= 3 else ([], set())
            nearest = self._typos(key)
            if starting or nearest:
                break
        length = len(key.replace(" ", ""))
        allowed = 2 if length >= _TWO_TYPOS_LENGTH else 1
        best = min((typo.edits for typo in nearest), default=9)
        tied = [typo for typo in nearest if typo.edits == best]
        # Of equally near names an English one is meant: "Icland" is not the German for Ireland.
        tied = [typo for typo in tied if typo.english] or tied
        surname = not self._surnames.isdisjoint(keys)
        if best <= allowed and len(tied) == 1 and tied[0].solid and not surname:
            if best > 1:
                rivals = rivals | {typo.party for typo in nearest if typo.edits <= best + 1}
            if rivals <= {tied[0].party}:
                return Resolution(self._parties[tied[0].party], guessed=True, suggestions=())
        close = [typo.party for typo in nearest if typo.edits <= allowed]
        whole = max(keys, key=len)
        first = [code for code in starting if code not in self._minor]
        near = (*first[:_SUGGESTIONS], *close, *starting, *self._named_in(whole))
        # Where several names are near, those that only look a little like it help nobody.
        similar = () if len(set(near)) > 1 else self._similar(keys[0])
        return self._ask((*near, *similar), near=bool(near))

    def _typo_keys(self) -> list[str]:
        if not self._fuzzy:
            keys = dict.fromkeys((*self._dossier, *self._english, *self._other, *self._weak))
            self._fuzzy = [key for key in keys if len(key) >= _TYPO_LENGTH]
        return self._fuzzy

    def _typos(self, key: str) -> list[_Typo]:
        """Return the parties with names at most three edits away from a key, nearest first."""
        if len(key) < _TYPO_LENGTH:
            return []
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        cutoff = 3 if len(key.replace(" ", "")) >= _TWO_TYPOS_LENGTH else 1
        found = extract(key, self._typo_keys(), scorer=OSA.distance, score_cutoff=cutoff, limit=60)
        found.sort(key=lambda hit: (hit[1], -len(hit[0])))
        best: dict[str, _Typo] = {}
        for name, edits, _ in found:
            english = name in self._english or name in self._dossier
            solid = len(name) > _TYPO_LENGTH or english
            for code in self._lookup(name) or ():
                best.setdefault(code, _Typo(int(edits), code, solid, english))
        return list(best.values())

    def _starting(self, key: str) -> tuple[list[str], set[str]]:
        """Return the parties with a name that starts with a key, best first, and the states whose own name it is."""
        if not self._sorted:
            self._sorted = sorted({*self._dossier, *self._english, *self._other, *self._weak})
        rank: dict[str, tuple[bool, int, int, str]] = {}
        alone: set[str] = set()
        for name in self._sorted[bisect_left(self._sorted, key) : bisect_left(self._sorted, key + "\U0010ffff")]:
            level = 0 if name in self._dossier or name in self._english else 1 if name in self._other else 2
            owners = self._lookup(name) or ()
            if len(owners) == 1 and owners[0] not in self._minor:
                alone.add(owners[0])
            for code in owners:
                entry = (code in self._minor, len(name), level, code)
                rank[code] = min(rank.get(code, entry), entry)
        return sorted(rank, key=rank.__getitem__), alone

    def _named_in(self, key: str) -> list[str]:
        """Return the parties that are named by some words of a longer key, the longest name first."""
        words = key.split()[:12]
        found: list[str] = []
        for size in range(min(4, len(words) - 1), 0, -1):
            for at in range(len(words) - size + 1):
                part = " ".join(words[at : at + size])
                if len(part) > 3:
                    found += self._lookup(part) or ()
        return found

    def _similar(self, key: str) -> list[str]:
        """Return the parties whose names look most like a key, best first."""
        from rapidfuzz import fuzz
        from rapidfuzz.process import extract

        if not any(char.isalpha() for char in key):
            return []
        hits = extract(key, self._typo_keys(), scorer=fuzz.ratio, limit=40, score_cutoff=30)
        hits.sort(key=lambda hit: (-hit[1], hit[0]))
        return [code for name, _, _ in hits for code in self._lookup(name) or ()]

    # --- complete

    def complete(self, prefix: str, limit: int = 25) -> list[Party]:
        """Return the parties whose name, code, people, seat or leader starts with ``prefix``, best first."""
        text = _clean(prefix)
        key = normalise(text)
        if not key:
            return ([x for x in self._order if x.code not in self._minor] if not text else [])[:limit]
        found: list[str] = []
        if (code := self._codes.get(text.upper())) is not None:
            found.append(code)
        exact = self.resolve(text)
        found += [exact.party.code] if exact.party else []
        if not self._named:
            self._named = [(f" {normalise(party.name)}", party) for party in self._order]
        starts = [party for name, party in self._named if name.startswith(f" {key}")]
        inside = [party for name, party in self._named if f" {key}" in name]
        for group in (starts, inside):
            found += [x.code for x in sorted(group, key=lambda party: party.code in self._minor)]
        found += self._starting(key)[0]
        found += [party.code for party in exact.suggestions]
        return [self._parties[code] for code in list(dict.fromkeys(found))[:limit]]

    # --- find

    def find(self, text: str, language: str | None = None, start: int = 0) -> list[Mention]:
        """Return where a text speaks of parties, in order, from code point ``start`` on.

        ``language`` (two letters; English when unknown) says in which language names are looked for, besides each
        country's own. Names count only as they are written: "Turkey", never "turkey". The longest name wins, and a name
        that fits several parties counts for none.
        """
        forms = self._forms_for(language)
        by_word = forms.by_word
        tokens = _tokens(text, start)
        found: list[Mention] = []
        after = 0
        for index, (word, at, _) in enumerate(tokens):
            if index < after or word not in by_word:
                continue
            match = self._match(text, tokens, index, by_word[word])
            if match is None:
                continue
            party, sort, count = match
            after = index + count
            end = tokens[after - 1][2]
            if party is None:
                continue
            if sort == "code" and text[end : end + 1] == "." and "." in text[at:end]:
                end += 1
            if sort == "leader" and count == 1 and self._other_person(text, tokens, index, party, by_word):
                continue
            if sort in {"name", "place"} and count == 1 and word in self._people:
                person = self._person(text, tokens, index, by_word, word in self._strict)
                if person is not None:
                    party, after = person
                    if party is None:
                        continue
                    end = tokens[after - 1][2]
            found.append(Mention(party, at, end))
        return found

    def _match(
        self, text: str, tokens: list[tuple[str, int, int]], index: int, candidates: list[_Form]
    ) -> tuple[str | None, str, int] | None:
        """Return party, sort and number of tokens of the longest form that stands at a token."""
        for position, (rest, party, sort) in enumerate(candidates):
            count = len(rest) // 2
            if index + count >= len(tokens):
                continue
            previous = tokens[index][2]
            for step in range(count):
                word, begin, end = tokens[index + 1 + step]
                if word != rest[2 * step + 1]:
                    break
                gap = rest[2 * step]
                if text[previous:begin] != gap and _gap(text[previous:begin].translate(_APOSTROPHES)) != gap:
                    break
                previous = end
            else:
                for other in candidates[position + 1 :]:
                    if other[0] != rest or other[1] == party:
                        continue
                    if sort == other[2] and sort != "block":
                        return None, "block", count + 1
                return party, sort, count + 1
        return None

    def _person(
        self,
        text: str,
        tokens: list[tuple[str, int, int]],
        index: int,
        by_word: Mapping[str, list[_Form]],
        strict: bool,
    ) -> tuple[str | None, int] | None:
        """Tell whether a country's name is part of a person's: (leader's party or None, next token), None when not."""
        if index + 1 < len(tokens) and text[tokens[index][2] : tokens[index + 1][1]] in {" ", "-", "\u00a0"}:
            word = tokens[index + 1][0]
            match = self._match(text, tokens, index + 1, by_word[word]) if word in by_word else None
            if match is not None and match[1] == "leader":
                return match[0], index + 1 + match[2]
            if match is None and strict and word[:1].isupper() and word[1:2].islower() and word not in self._titles:
                return None, index + 2
        if strict and index and text[tokens[index - 1][2] : tokens[index][1]] == " ":
            word = tokens[index - 1][0]
            if word[:1].isupper() and word[1:2].islower() and word not in self._titles and word not in by_word:
                return None, index + 1
        return None

    def _other_person(
        self,
        text: str,
        tokens: list[tuple[str, int, int]],
        index: int,
        party: str,
        by_word: Mapping[str, list[_Form]],
    ) -> bool:
        """Tell whether a leader's surname stands behind somebody else's first name, or is an everyday word."""
        if tokens[index][0].title() in self._common:
            return True
        given = self._first_names.get(party, set())
        stranger = False
        for at in range(index, max(index - 3, 0), -1):
            word = tokens[at - 1][0]
            if text[tokens[at - 1][2] : tokens[at][1]] not in {" ", "\u00a0"}:
                break
            if not word[:1].isupper() or not word[1:2].islower() or word in self._titles:
                break
            if any(form[1] is not None and form[2] != "leader" for form in by_word.get(word, ())):
                break
            from rapidfuzz.distance import OSA

            key = normalise(word)
            if any(OSA.distance(key, name) <= 2 for name in given):
                return False
            stranger = True
        return stranger

    def _forms_for(self, language: str | None) -> _Forms:
        """Return the names to look for in a text of this language, made on first use."""
        code = (language or "en").lower()[:2]
        code = _LANGUAGES.get(code, code)
        if code in self._forms:
            return self._forms[code]
        world = _world()
        quiet = frozenset(world["quiet"].split("|"))
        forms = _Forms(quiet)
        for entry in world["parties"]:
            party = entry["code"]
            if "text" in entry:
                for name in entry["text"].split("|"):
                    forms.add(name, party, "code")
            wanted = dict.fromkeys((code, *entry["native"]))
            for sort, table in (("name", "names"), ("demonym", "demonyms"), ("place", "places")):
                if sort == "place" and "minor" in entry:
                    continue
                for spoken in wanted if sort == "name" else (code,):
                    for name in entry[table].get(spoken, "").split("|"):
                        # Another language's abbreviations may be words of this one.
                        short = len(name) <= 3 and spoken != code and name < "\u0400"
                        name = name.removeprefix("The ")
                        if name and not short and _proper(name):
                            forms.add(name, party, sort, foreign=spoken != code)
        for names, _, _ in world["ambiguous"]:
            for name in names.split("|"):
                forms.add(name, None, "block")
        if code == "en":
            for name in world["not_in_text"].split("|"):
                forms.add(name, None, "block")
        for addition in self._additions:
            for name in (*addition.aliases, *((addition.name,) if addition.name else ())):
                if _proper(name):
                    forms.add(name, addition.code, "dossier")
        for leader in self._leaders:
            for name in (leader.name, *leader.aliases, *_surnames(leader)):
                forms.add(name, leader.party, "leader")
        forms.finish()
        self._forms[code] = forms
        return forms


def _put(table: dict[str, tuple[str, ...]], keys: Iterable[str], owner: tuple[str, ...]) -> None:
    for key in keys:
        known = table.get(key)
        if known is None:
            table[key] = owner
        elif owner[0] not in known:
            table[key] = known + owner


def _proper(name: str) -> bool:
    """Tell whether a name begins with a capital, or is in a script that has none."""
    first = name[:1]
    return first.isupper() or first.lower() == first.upper()


def _newest(leaders: Sequence[Leader]) -> tuple[Leader, ...]:
    """Keep one row for each person: who changed sides speaks for the latest party."""
    best: dict[str, Leader] = {}
    for leader in leaders:
        key = normalise(leader.name)
        known = best.get(key)
        if known is None or _term(leader) > _term(known):
            best[key] = leader
    return tuple(best.values())


def _term(leader: Leader) -> tuple[date, date]:
    return leader.until or date.max, leader.since or date.min


def _split_name(name: str) -> tuple[str, str]:
    """Split a person's name into first names and surname; particles such as "von der" belong to the surname."""
    words = name.split()
    at = len(words) - 1
    while at > 0 and words[at - 1] in _PARTICLES:
        at -= 1
    return " ".join(words[:at]), " ".join(words[at:])


def _surnames(leader: Leader) -> set[str]:
    """Return a leader's surname in every spelling; an alias may have it in front ("Orbán Viktor")."""
    given, surname = _split_name(leader.name)
    first = {normalise(word) for word in given.split()}
    found = {surname}
    for alias in leader.aliases:
        words = alias.split()
        if len(words) > 1 and normalise(words[-1]) in first:
            found.add(words[0])
        else:
            found.add(_split_name(alias)[1])
    return found - {""}


def _variants(text: str) -> Iterator[str]:
    """Yield a query as typed, then without articles, titles, possessives and phrases such as "government of"."""
    seen: set[str] = set()
    queue = [text]
    while queue and len(seen) < 8:
        current = queue.pop(0)
        if current and current not in seen:
            seen.add(current)
            yield current
            # Anchored at the start: sub() would look for an article anywhere.
            lead = _LEAD.match(current)
            bare = current[lead.end() :] if lead else ""
            queue += [bare, _TRAIL.sub("", current, count=1), _TRAIL_OF.sub("", current, count=1)]
