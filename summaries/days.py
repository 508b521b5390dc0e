"""Days that a sentence names only in passing ("on Thursday", "yesterday"), and their dates.

A reader of tomorrow's briefing can't tell which Thursday was meant. Dates are counted from the article's, so they are
inferred, and whoever shows one says so; a sentence that leaves it open gets none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from summaries.article import Published


@dataclass(frozen=True, slots=True)
class RelativeDay:
    """Words of a sentence, as they stand there, that name a day, and the date that is meant."""

    words: str
    day: date


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's words: patterns of the seven days, Monday first; of days near by; of what is still to come."""

    days: tuple[str, ...]
    near: tuple[tuple[str, int], ...]
    ahead: str
    before: str
    last: str
    next: str


_MONTH: Final = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|januar|februar|märz|mai|juni|juli|okt|dez|janv|févr|mars|avr|"
    r"juin|juil|août|déc|ene|abr|ago|dic|sty|lut|kwie|maj|cze|lip|sie|wrz|paź|lis|gru|січ|лют|бер|квіт|трав|черв|лип|"
    r"серп|вер|жовт|лист|груд)"
)
# "Thursday, 20 March", "March 20": the sentence says the date itself.
_DATED: Final = re.compile(rf"[\s,(]{{0,3}}(?:den |le |el |the )?(?:\d{{1,2}}\b|{_MONTH})", re.IGNORECASE)

_LANGUAGES: Final = {
    "en": _Words(
        ("Mondays?", "Tuesdays?", "Wednesdays?", "Thursdays?", "Fridays?", "Saturdays?", "Sundays?"),
        (("yesterday", -1), ("today|tonight|this (?:morning|afternoon|evening)", 0), ("tomorrow", 1)),
        r"will|would|shall|due|scheduled|expected|planned|plans to|set to|going to|is to|are to|meets?|decides|begins|"
        r"convenes?|gathers?|takes? place|expires?",
        r"said|says|told|was|were|had|met|\w+ed|spoke|wrote|held|began|came|went|took|gave|made|put",
        "last|previous",
        "next|coming",
    ),
    "de": _Words(
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag|Sonnabend", "Sonntag"),
        (("gestern", -1), ("heute", 0)),
        r"wird|werden|soll|sollen|will|wollen|geplant",
        r"sagte|war|waren|hat|haben|hatte|hatten|erklärte|teilte|\w+te|ge\w+(?:t|en)",
        "vergangene[nmr]?|letzte[nmr]?",
        "kommende[nmr]?|nächste[nmr]?",
    ),
    "fr": _Words(
        ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        (("hier", -1), ("aujourd['’]hui", 0), ("demain", 1)),
        r"va|vont|doit|doivent|\w+(?:era|eront|ira|iront)|prévue?s?",
        r"a|ont|avait|avaient|est|sont|était|étaient",
        "dernier",
        "prochain",
    ),
    "es": _Words(
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        (("ayer", -1), ("hoy", 0)),
        r"va|van|debe|deben|\w+(?:ará|arán|erá|erán|irá|irán)|previst[oa]s?",
        r"dijo|fue|fueron|ha|han|había|habían|era|eran|\w+(?:ó|aron|ieron)",
        "pasado",
        "próximo",
    ),
    "pl": _Words(
        (
            "poniedział(?:ek|ku)",
            "wtor(?:ek|ku)",
            "środ[aęy]",
            "czwart(?:ek|ku)",
            "piąt(?:ek|ku)",
            "sobot[aęy]",
            "niedziel[aęi]",
        ),
        (("wczoraj", -1), ("dziś|dzisiaj", 0), ("jutro", 1)),
        r"będzie|będą|ma|mają|zostanie|zostaną",
        r"był[aoy]?|\w+(?:ał|ała|ali|ił|iła|ili|ął|ęła|ęli)",
        "ubiegł(?:y|ą|ego|ej|ym)|zeszł(?:y|ą|ego|ej|ym)",
        "przyszł(?:y|ą|ego|ej|ym)|najbliższ(?:y|ą|ego|ej)",
    ),
    "uk": _Words(
        (
            "понеділ(?:ок|ка)",
            "вівтор(?:ок|ка)",
            "серед[ауи]",
            "четвер(?:га)?",
            "п['’ʼ]?ятниц[юяі]",
            "субот[ауи]",
            "неділ[юяі]",
        ),
        (("вчора|учора", -1), ("сьогодні", 0), ("завтра", 1)),
        r"буде|будуть|має|мають|\w+(?:иметься|уться)|відбудеться",
        r"був|була|було|були|\w+(?:ав|ала|али|ив|ила|или)",
        "минул(?:ого|ої|ий|у)",
        "наступн(?:ого|ої|ий|у)",
    ),
}

WEEKDAYS: Final = {language: words.days for language, words in _LANGUAGES.items()}
"""Patterns of the seven days, Monday first, by language (two letters)."""

EITHER: Final = re.compile(r"next|nächste[nmr]?|prochain|przyszł\w+|następn\w+|наступн\w+", re.IGNORECASE)
"""Words that leave it open which one is meant: "next Friday", said on Thursday, is tomorrow for some and in eight days
for others."""

_WEEK: Final = {
    "en": r"week",
    "de": r"woche",
    "fr": r"semaine",
    "es": r"semana",
    "pl": r"tygodni(?:u|a)",
    "uk": r"тижн(?:я|і)",
}


@dataclass(frozen=True, slots=True)
class _Patterns:
    day: re.Pattern[str]
    near: re.Pattern[str]
    tense: re.Pattern[str]
    last: re.Pattern[str]
    next: re.Pattern[str]
    week: re.Pattern[str]


def _compiled(words: _Words, week: str) -> _Patterns:
    def whole(pattern: str) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE)

    days = "|".join(f"(?P<d{number}>{pattern})" for number, pattern in enumerate(words.days))
    near = "|".join(f"(?P<n{offset + 1}>{pattern})" for pattern, offset in words.near)
    return _Patterns(
        whole(days),
        whole(near),
        whole(f"(?P<ahead>{words.ahead})|(?P<before>{words.before})"),
        whole(words.last),
        whole(words.next),
        # "Thursday of next week", "jeudi de la semaine prochaine": neither the coming one nor the last.
        re.compile(
            rf"\s+(?:(?:of|in der|de la|w) )?(?:(?:(?P<next>{words.next})\w*|(?P<last>{words.last})) {week}|"
            rf"{week} (?:(?P<next2>{words.next})\w*|(?P<last2>{words.last})\w*))",
            re.IGNORECASE,
        ),
    )


_PATTERNS: Final = {language: _compiled(words, _WEEK[language]) for language, words in _LANGUAGES.items()}


def relative_days(sentence: str, published: Published, language: str) -> tuple[RelativeDay, ...]:
    """Return the days that a sentence names by their distance or weekday, in order, each once.

    ``published`` is the article's date; unless the text states it, nothing is counted from it. A weekday is the last
    one up to that date, or, where the verb before it tells what is to come, the next one; "of next week" and "last
    week" count. A weekday with a date beside it, one that returns ("on Sundays"), and one behind which both could stand
    ("next Friday"), get none. ``language`` is two letters.
    """
    patterns = _PATTERNS.get(language)
    if patterns is None or published.at is None or published.basis != "stated":
        return ()
    today = published.at.date()
    found: dict[int, RelativeDay] = {}
    for match in patterns.near.finditer(sentence):
        group = match.lastgroup or "n1"
        found[match.start()] = RelativeDay(match.group(), today + timedelta(days=int(group[1:]) - 1))
    for match in patterns.day.finditer(sentence):
        day = _weekday(sentence, match, today, patterns)
        if day is not None:
            found[match.start()] = RelativeDay(match.group(), day)
    days: dict[tuple[str, date], RelativeDay] = {}
    for start in sorted(found):
        days.setdefault((found[start].words.casefold(), found[start].day), found[start])
    return tuple(days.values())


def _weekday(sentence: str, match: re.Match[str], today: date, patterns: _Patterns) -> date | None:
    number = int((match.lastgroup or "d0")[1:])
    if _DATED.match(sentence, match.end()) or (match.group().endswith("s") and match.group()[:-1].endswith("day")):
        return None
    back = timedelta(days=(today.weekday() - number) % 7)
    ahead = timedelta(days=(number - today.weekday()) % 7)
    week = patterns.week.match(sentence, match.end())
    if week is not None:
        weeks = 7 if week["next"] or week["next2"] else -7
        return today + timedelta(days=number - today.weekday() + weeks)
    around = sentence[max(0, match.start() - 12) : match.end() + 12]
    if patterns.last.search(around):
        return today - (back or timedelta(days=7))
    following = patterns.next.search(around)
    if following is not None:
        return None if ahead and EITHER.fullmatch(following.group()) else today + (ahead or timedelta(days=7))
    # "On Thursday the ministers will meet": where no verb stands before it, the first one behind it tells.
    verbs = list(patterns.tense.finditer(sentence, 0, match.start()))
    verbs = verbs or list(patterns.tense.finditer(sentence, match.end()))[:1]
    if not verbs:
        return None
    to_come = bool(verbs) and verbs[-1].lastgroup == "ahead"
    if len(verbs) > 1 and verbs[-2].lastgroup == "ahead":
        between = sentence[verbs[-2].end() : verbs[-1].start()].split()
        # "will be held", "is due to be opened"; of "expected to have met" the day may be past or not.
        if "have" in between:
            return None
        to_come |= set(between) <= {"be", "to", "not", "also", "now", "again", "then"}
    return today + ahead if to_come else today - back
