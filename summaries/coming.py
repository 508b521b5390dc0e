"""Days still to come that a sentence names ("will meet on Thursday", "by 27 March"), each only when it is certain.

The same words may speak of what is past ("met on 12 March"), or may have been said on another day than the article's.
So a day counts only where the verb that governs it speaks of what is to come, and nothing near it speaks of another
day from which it could be counted. What is missed costs a reader little; a wrong day is a wrong fact.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from functools import cache
from typing import Final

from summaries.article import Published
from summaries.days import EITHER, WEEKDAYS, relative_days


@dataclass(frozen=True, slots=True)
class Coming:
    """Words of a sentence, as they stand there, and what they name: a day, or ``day`` to ``until`` (both included)."""

    words: str
    start: int
    day: date
    until: date | None = None


_FAR: Final = 240
"""Days ahead up to which a date without a year is the coming one: behind that it is rather the last one."""
_FAR_IF_WEAK: Final = 120
YEAR: Final = re.compile(r"(?<![\d.,$€£])(?:1[89]|20)\d\d(?![\d%])(?![.,]\d)")
"""What is likely a year, and neither a sum nor a share."""
_SAME_DAY: Final = range(8, 21)
"""Hours (UTC) at which it is the same day in nearly every newsroom; at others it is open which day is tomorrow."""
_CLAUSE: Final = 160
"""Characters between a verb and the day it governs, at most."""


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's words, as patterns; a space stands for any white space.

    ``months``: twelve. ``suffix``, ``joint``, ``of``, ``of_year``: what stands behind the number of a day, between two
    of them, before the month, before the year. ``at``: what a date, and ``not_at``: what no date is preceded by.
    ``in_month``, ``end_of``: what stands before a month (not "by May": she is a person). ``tomorrow``. ``weeks``:
    phrases with what they mean. ``ahead``: verbs of what is to come; ``present``: those that are so close before a day;
    ``weak``: those that are in reported speech; ``before``: verbs of what was; ``says``: of speech. ``cut``: words
    after which a day belongs to something else; ``joins``: words behind which a day may open a clause; ``which``: what
    opens a clause about the subject. ``ago``: that another time is spoken of; ``off``: that what was to come is not.
    """

    months: tuple[str, ...]
    suffix: str
    joint: str
    of: str
    of_year: str
    at: str
    not_at: str
    in_month: str
    end_of: str
    tomorrow: str
    weeks: tuple[tuple[str, str], ...]
    ahead: str
    present: str
    weak: str
    before: str
    says: str
    cut: str
    joins: str
    which: str
    ago: str
    off: str


_EN_PAST = (
    r"said|says|say|told|tells|was|were|did|met|spoke|wrote|held|began|came|went|took|gave|made|got|saw|won|lost|left|"
    r"led|sent|kept|found|brought|thought|became|fell|rose|ran|shot|flew|fled|drew|stood|sat|paid|chose|broke|sought|"
    r"struck|died|put|hit|cut|\w{2,}ed"
)

_LANGUAGES: Final = {
    "en": _Words(
        (
            "January|Jan",
            "February|Feb",
            "March|Mar",
            "April|Apr",
            "May",
            "June|Jun",
            "July|Jul",
            "August|Aug",
            "September|Sept|Sep",
            "October|Oct",
            "November|Nov",
            "December|Dec",
        ),
        "st|nd|rd|th",
        "-|–|to|and|or",
        "of ",
        r",? ",
        r"(?:on|by|from|until|till|before|for|starting|beginning|after|between|through|than|around) (?:the )?",
        "",
        r"(?:in|during)(?: early| late| mid-?)?|(?:by|until|before|from|for)(?: early| late| mid-?)",
        r"(?:by|at|before|until|to) the end of|by late|end of",
        r"(?<!after )(?<!of )(?<!better )(?<!no )(?<!like )(?<!today and )(?<!until )tomorrow(?!['’]s (?!summit|"
        r"meeting|"
        r"talks|vote|session|conference))",
        (
            (r"(?<!the )(?<!of )next week", "week+"),
            (r"(?<!the )(?<!of )next month", "month+"),
            (r"later this week", "week"),
            (r"later this month", "month"),
            (r"(?:by|before|until|at) the end of (?:this|the) week", "week."),
            (r"(?:by|before|until|at) the end of (?:this|the) month", "month."),
            (r"(?:by|before|until) the end of (?:this|the) year", "year."),
        ),
        r"will|['’]ll|shall|must|(?-i:may)|should|(?:is|are|['’]s|['’]re) (?:also |now |still |currently )?(?:due|set|"
        r"scheduled|expected|planned|slated|going|about|poised|likely|aiming|planning|hoping|preparing|"
        r"to(?= (?!have\b|blame\b|be (?:blamed|seen|found))\w))|"
        r"(?<!was )(?<!were )(?<!been )(?<!had )(?<!originally )(?<!initially )(?:(?:scheduled|slated|due) to|"
        r"(?:scheduled|slated|expected|planned|due) (?:for|on|by|in|later|next|from))|"
        r"(?:plans|plan|hopes|hope|intends|intend|wants|aims|aim) to|(?:has|have)(?= until)",
        r"(?-i:meets?|begins?|starts?|expires?|takes? place|convenes?|resumes?|kicks? off|takes? effect)",
        r"would|might",
        rf"could|has|have(?! to\b)|had|"
        rf"(?<!\bbe )(?<!\bthe )(?<!\ban )(?<!\ba )(?<!\bwill )(?<!\bto )(?<!\bof )(?<!\bits )(?<!\btheir )(?:"
        rf"{_EN_PAST})",
        r"said|says|told|announced|confirmed|added|according|reported|reports|warned|insisted|stated",
        r"after|following|since|despite|because|amid|who|which|whose|that|as|where|than|over|according|statement|"
        r"interview|speech|remarks|post|tweet|letter|if|unless|anniversary|marks?|until",
        r"that|but|and",
        r"who|which|that|whose|when|where|if|after|since|as",
        r"(?:last|previous) (?:year|month|week|summer|winter|spring|autumn|fall)|ago|earlier this (?:year|month)|"
        r"would have|"
        r"the (?:following|next) (?:day|week|month)|at the time|in (?:early|late|mid-)?(?:[A-Z]\w+ )?(?:1\d|20)\d\d",
        r"originally|(?:was|were|been) (?:initially |first )?(?:scheduled|due|set|planned|supposed|expected|"
        r"slated) (?:to|for)|"
        r"cancel\w*|postpon\w*|call(?:ed|s|ing) off|scrapp\w+|delayed|shelved|abandoned|anniversary",
    ),
    "de": _Words(
        (
            "Januar|Jänner",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ),
        r"\.",
        "-|–|und|bis|oder",
        "",
        " ",
        r"(?:am|zum|bis|bis zum|ab|ab dem|vor dem|für den|den|dem|nach dem|spätestens|vom|zwischen dem) ",
        "",
        r"(?:im|ab|für|bis)(?: Anfang| Mitte)?|Anfang|Mitte",
        r"(?:bis |gegen |zum )?Ende",
        r"(?-i:(?<!heute )(?<!gestern )(?<!tag )(?<!jeden )(?<!Tag )(?<!von )(?:morgen|Morgen(?= (?:wird|werden|will|"
        r"wollen|soll|sollen))))",
        (
            (r"(?:in der )?(?:nächste|kommende)[nr]? Woche", "week+"),
            (r"(?:im )?(?:nächste|kommende)[nmr]? Monat", "month+"),
            (r"bis (?:zum )?Ende (?:der|dieser) Woche", "week."),
            (r"bis (?:zum )?Ende (?:des|dieses) Monats", "month."),
            (r"bis (?:zum )?Ende (?:des|dieses) Jahres|bis (?:zum )?Jahresende", "year."),
        ),
        r"wird|werden|soll|sollen|will|wollen|werde|solle|wolle|plant|planen|(?:ist|sind)(?= (?:[^,.;:]|\d\.){0,60}"
        r"(?:geplant|vorgesehen|angesetzt|terminiert))|muss|müssen|"
        r"dürfte|dürften|(?<!war )(?<!waren )(?<!hatte )(?<!hatten )geplant",
        r"findet|finden|beginnt|beginnen|trifft|treffen|tagt|tagen|reist|reisen|kommt|kommen|startet|endet|läuft|"
        r"stimmt|entscheidet|berät|beraten",
        r"würden?|könnten?|sollten?|wollten?",
        r"sagte[n]?|war|waren|hat|haben|hatte|hatten|habe|wurde|wurden|worden|erklärte|teilte|\w{3,}te[n]?|"
        r"ge\w+(?:t|en)(?= hat)|traf|trafen|kam|kamen|ging|gab|fand|fanden|begann|schrieb",
        r"sagte|erklärte|teilte|kündigte|bestätigte|berichtet\w*|so|laut|zufolge|hieß",
        r"nach|seit|trotz|wegen|der am|die am|das am|laut|Erklärung|Interview|Rede|falls|wenn|obwohl|weil|nachdem|"
        r"Jahrestag",
        r"dass|aber|und|doch",
        r"der|die|das|wenn|falls|weil|nachdem",
        r"(?:im )?(?:vergangen|letzt|vorig)\w+ (?:Jahr\w*|Monats?|Woche|Sommer|Herbst|Winter|Frühjahr)|vor "
        r"(?:\w+ )?(?:Jahren|Monaten|Wochen)|damals",
        r"abgesagt\w*|verschoben\w*|gestrichen|Jahrestag\w*",
    ),
    "fr": _Words(
        (
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ),
        "er",
        "-|–|et|au|ou",
        "",
        " ",
        r"(?:le|au|d['’]ici le|d['’]ici au|avant le|jusqu['’]au|dès le|après le|les|ce) ",
        "",
        r"en|(?:courant|début|mi-?|dès|d['’]ici)",
        r"(?:d['’]ici |avant |à )?(?:la )?fin",
        r"(?<!de )(?<!pour )(?<!après )(?<!et )demain",
        (
            (r"la semaine prochaine", "week+"),
            (r"le mois prochain", "month+"),
            (r"(?:d['’]ici|avant) (?:à )?la fin de (?:la|cette) semaine", "week."),
            (r"(?:d['’]ici|avant) (?:à )?la fin d[eu] (?:ce )?mois", "month."),
            (r"(?:d['’]ici|avant) (?:à )?la fin de (?:l['’]|cette )année", "year."),
        ),
        r"va|vont|doit|doivent|(?!opéra\b|caméra\b|Sierra\b)\w+(?:era|eront|ira|iront|dra|dront|tra|tront|vra|vront|"
        r"rra|rront|"
        r"ura|uront)|sera|seront|"
        r"(?:est|sont) (?:\w+ )?(?:prévue?s?|attendue?s?|programmée?s?)|"
        r"(?<!était )(?<!étaient )(?<!été )(?:prévue?s?|programmée?s?|attendue?s?)|(?:prévoit|prévoient) de",
        r"se réuni(?:t|ssent)|a lieu|ont lieu|commence|commencent|débute|débutent|se rend|se rendent|se tient|reçoit",
        r"devrait|devraient|pourrait|pourraient|\w+(?:erait|eraient|irait|iraient)",
        r"a|ont|avait|avaient|était|étaient|fut|furent|est \w+[éi]e?|sont \w+[éi]e?s|dit|selon",
        r"a|ont|selon|dit|annonc\w+|indiqu\w+|affirm\w+|déclar\w+|précis\w+",
        r"après|depuis|malgré|qui|dont|où|selon|communiqué|entretien|discours|si|suite|lors|anniversaire",
        r"que|mais|et|où",
        r"qui|que|dont|où|si",
        r"(?:l['’]an|l['’]année|le mois|la semaine|l['’]été|l['’]automne) (?:dernière?|passée?)|il y a|à l['’]époque",
        r"annulée?s?|reportée?s?|anniversaire",
    ),
    "es": _Words(
        (
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre|setiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ),
        "º",
        "-|–|y|al|o",
        "de ",
        r" del? ",
        r"(?:el|al|este|próximo|hasta el|antes del|los días|los) ",
        "",
        r"en|(?:a )?(?:principios de|mediados de)|para",
        r"(?:a )?(?:finales|fines) de|antes del? (?:fin|final) de",
        r"(?<!la )(?<!esta )(?<!de )(?<!cada )(?<!una )(?<!pasado )(?<!por )(?<!misma )(?<!media )(?<!primera )mañana",
        (
            (r"la (?:próxima|siguiente) semana|la semana (?:próxima|que viene|entrante)", "week+"),
            (r"el (?:próximo mes|mes próximo|mes que viene|mes entrante)", "month+"),
            (r"antes de (?:que acabe|que termine|finalizar) (?:la|esta) semana", "week."),
            (r"(?:antes de|para) (?:que acabe|fin de|finales de|final de) (?:el |este )?mes", "month."),
            (r"(?:antes de|para) (?:que acabe|fin de|finales de|final de) (?:el |este )?año", "year."),
        ),
        r"va a|van a|debe|deben|(?!Teherán\b)\w+(?:ará|arán|erá|erán|irá|irán|drá|drán|brá|brán)|hará|harán|dirá|será|"
        r"serán|(?:está|están) previst[oa]s?|tienen? previsto|(?<!estaba )(?<!había )previst[oa]s?(?= para)|planea|"
        r"planean|prevén?",
        r"se reúnen?|comienzan?|empiezan?|se celebran?|viaja|viajan|arranca|tiene lugar|llega",
        r"podría|podrían|\w+(?:aría|arían|ería|erían|iría|irían)",
        r"dijo|fue|fueron|ha|han|había|habían|era|eran|estaba|estaban|\w+(?:ó|aron|ieron)",
        r"dijo|según|anunció|informó|aseguró|confirmó|señaló|explicó|afirmó|ha|han",
        r"tras|después|desde|pese|porque|que|quien|cual|según|comunicado|entrevista|discurso|si|durante|aniversario",
        r"que|pero|y",
        r"que|quien|si|cuando",
        r"(?:el|la|los|las) (?:año|mes|semana|verano|otoño) (?:pasad[oa]|anterior)|hace|entonces",
        r"cancelad[oa]s?|cancel(?:ó|aron)|aplazad[oa]s?|suspendid[oa]s?|aniversario",
    ),
    "pl": _Words(
        (
            "stycznia",
            "lutego",
            "marca",
            "kwietnia",
            "maja",
            "czerwca",
            "lipca",
            "sierpnia",
            "września",
            "października",
            "listopada",
            "grudnia",
        ),
        r"\.",
        "-|–|i|lub|do",
        "",
        " ",
        "",
        r"(?:z|ze|od|dnia z|tych|umow\w+) ",
        r"",
        r"(?:do|pod|przed) (?:końca|koniec|końcem)",
        r"(?<!do )(?<!od )jutro",
        (
            (r"w (?:przyszłym|nadchodzącym|następnym) tygodniu", "week+"),
            (r"w (?:przyszłym|następnym) miesiącu", "month+"),
            (r"do końca (?:tego )?tygodnia", "week."),
            (r"do końca (?:tego )?miesiąca", "month."),
            (r"do końca (?:tego )?roku", "year."),
        ),
        r"będzie|będą|ma|mają|zostanie|zostaną|odbędzie się|odbędą się|spotka się|spotkają się|rozpocznie się|"
        r"rozpoczną się|weźmie|wezmą|przyjedzie|pojedzie|poleci|polecą|wejdzie|wejdą|ogłosi|ogłoszą|zbierze się|"
        r"zbiorą się|przedstawi|przedstawią|zdecyduje|zdecydują|podpisze|podpiszą|uda się|udadzą się|"
        r"planuje|planują|(?:jest|są) (?:za)?planowan\w+|(?<!był )(?<!była )(?<!było )zaplanowan\w+|musi|muszą",
        r"odbywa się|rozpoczyna się|zaczyna się|spotyka się|spotykają się",
        r"miałby|miałaby|miałyby|mogłoby|mógłby|mogłaby",
        r"(?!udział\b|materiał\b|kapitał\b|dział\b|sygnał\b|oddział\b)\w+(?:ał|ała|ało|ali|ały|ił|iła|iło|ili|iły|ył|"
        r"yła|yło|yli|yły|ął|ęła|ęło|ęli|ęły|ano|iono|ęto)|był[aoy]?|byli|miał[aoy]?|mieli",
        r"powiedzia\w+|poinformowa\w+|przekaza\w+|zapowiedzia\w+|według|doda\w+|oświadczy\w+",
        r"po|od czasu|mimo|który\w*|która|które|których|według|oświadczeni\w+|wywiad\w+|jeśli|rocznic\w+",
        r"że|ale|i|a",
        r"który|która|które|którzy|jeśli|gdy",
        r"w (?:ubiegłym|zeszłym|minionym) (?:roku|miesiącu|tygodniu)|temu|wówczas",
        r"odwołan\w+|przełożon\w+|rocznic\w+",
    ),
    "uk": _Words(
        (
            "січня",
            "лютого",
            "березня",
            "квітня",
            "травня",
            "червня",
            "липня",
            "серпня",
            "вересня",
            "жовтня",
            "листопада",
            "грудня",
        ),
        r"-?го",
        "-|–|та|і|й|або|по",
        "",
        " ",
        "",
        r"(?:від|з|із|зі|угод\w+) ",
        r"",
        r"(?:до|наприкінці) (?:кінця)?",
        r"(?<!до )(?<!від )завтра",
        (
            (r"(?:на )?наступн(?:ого тижня|ому тижні)", "week+"),
            (r"(?:в |у )?наступн(?:ого місяця|ому місяці)", "month+"),
            (r"до кінця (?:цього )?тижня", "week."),
            (r"до кінця (?:цього )?місяця", "month."),
            (r"до кінця (?:цього )?року", "year."),
        ),
        r"буде|будуть|має|мають|відбудеться|відбудуться|зустрінеться|зустрінуться|проведе|проведуть|прибуде|прибудуть|"
        r"збереться|зберуться|розпочнеться|розпочнуться|почнеться|завершиться|планує|планують|плануються?|"
        r"очіку(?:є|ю)ться|(?<!був )(?<!була )(?<!було )(?<!були )заплановано|запланован\w+|візьме|візьмуть|приїде|"
        r"поїде|набуде|підпише|підпишуть|обговорять|обговорить|представить|стане|мусить|повинн\w+",
        r"відбувається|починається|зустрічається|зустрічаються",
        r"могл[аои] б|може|можуть",
        r"був|була|було|були|\w+(?:ав|ала|али|ало|ив|ила|или|ило|ався|алася|алися|алося|ився|илася|илися|ювало|"
        r"яв|яла|яли|ено|ано)|пройшл\w+",
        r"повідоми\w+|сказа\w+|заяви\w+|за словами|додав|додала|зазначи\w+|пише",
        r"після|від|попри|як\w{1,3}|що|який|яка|які|згідно|заяв\w+|інтерв['’ʼ]ю|якщо|річниц\w+",
        r"що|але|і|та|а",
        r"який|яка|які|що|якщо|коли",
        r"(?:минулого|торік|позаминулого) ?(?:року|місяця|тижня)?|тому|тоді",
        r"скасова\w+|перенес\w+|відклад\w+|річниц\w+",
    ),
}


# Months where the noun stands in another case than in a date: "в квітні", "w kwietniu", "en avril".
_LOCATIVE: Final = {
    "pl": (
        "styczniu|lutym|marcu|kwietniu|maju|czerwcu|lipcu|sierpniu|wrześniu|październiku|listopadzie|grudniu",
        r"(?:w|na początku|w połowie)",
    ),
    "uk": (
        "січні|лютому|березні|квітні|травні|червні|липні|серпні|вересні|жовтні|листопаді|грудні",
        r"(?:у|в)",
    ),
}


@dataclass(frozen=True, slots=True)
class _Patterns:
    cheap: re.Pattern[str]
    dates: tuple[re.Pattern[str], ...]
    at: re.Pattern[str]
    not_at: re.Pattern[str] | None
    months: tuple[re.Pattern[str], ...]
    weekday: re.Pattern[str]
    tomorrow: re.Pattern[str]
    weeks: re.Pattern[str]
    meanings: tuple[str, ...]
    tense: re.Pattern[str]
    says: re.Pattern[str]
    cut: re.Pattern[str]
    opens: re.Pattern[str]
    which: re.Pattern[str]
    ago: re.Pattern[str]
    off: re.Pattern[str]


def _spaced(pattern: str) -> str:
    """Let a space stand for any white space, except in a look-behind, which has one width."""
    return re.sub(r"(\(\?<[!=][^)]*\))|( )", lambda m: m[1].replace(" ", r"\s") if m[1] else r"\s+", pattern)


def _whole(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{_spaced(pattern)})(?![\w-])", flags)


_NUMBER: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY_OF: Final = {
    "en": r"(?:(?P<mod>next|this coming|coming|this) )?(?:{})(?P<week>(?: of)? next week)?",
    "de": r"(?:(?P<mod>nächste[nmr]?|kommende[nmr]?|diese[nmr]) )?(?:{})"
    r"(?P<week> (?:in der )?(?:nächste|kommende)[nr]? Woche)?",
    "fr": r"(?:{})(?: (?P<mod>prochain))?(?P<week> de la semaine prochaine)?",
    "es": r"(?:(?P<mod>próximo|este) )?(?:{})(?: (?:próximo|que viene))?"
    r"(?P<week> de la (?:próxima semana|semana que viene))?",
    "pl": r"(?:(?P<mod>przyszł(?:y|ą)|najbliższ(?:y|ą)|następn(?:y|ą)) )?(?:{})"
    r"(?P<week> w przyszłym tygodniu| przyszłego tygodnia)?",
    "uk": r"(?:(?P<mod>наступн(?:ого|ої|ий|у)|цього|цієї|цю) )?(?:{})(?P<week> наступного тижня)?",
}
_HEARSAY: Final = re.compile(r"[^,.;:]*\b(?:haben|worden sein|gewesen sein)\s*[,.;:]", re.IGNORECASE)
# "The Thursday meeting", "a Friday strike", where English needs no "on" before a weekday.
_OF_A_NOUN: Final = re.compile(r"\b(?:the|a|an|of|last|since|every|each|that|previous|late|early)\s+$", re.IGNORECASE)
_NO_COMING: Final = re.compile(
    r"\b(?:last|since|every|each|later|later on|letzten|vergangenen|jeden|seit|chaque|depuis|cada|desde|każd\w+|"
    r"ubiegł\w+|minion\w+|od|минул\w+|щ\w+|кожн\w+|з)\s+$",
    re.IGNORECASE,
)
# "W środę, 8.01": a date beside it that isn't read.
_NO_COMING_BEHIND: Final = re.compile(
    r"[\s,(]{1,3}\d|\s+(?:dernier|pasado|passé|last week|ubiegłego|минулого)\b", re.IGNORECASE
)
_OWNER: Final = re.compile(r"(?:\s+(?:morning|afternoon|evening|night))?['’]s?\b", re.IGNORECASE)
_US_BEHIND: Final = re.compile(
    r"\s*(?:$|[,.;:!?)\"”—–]|(?:in|at|to|with|for|and|or|after|before|on|by|morning|afternoon|evening|night)\b)"
)


@cache
def _patterns(language: str) -> _Patterns:
    words = _LANGUAGES[language]
    months = "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(words.months, 1))
    days = "|".join(f"(?P<w{number}>{names})" for number, names in enumerate(WEEKDAYS[language]))
    front = rf"(?:(?:{days}),? (?:(?:the|den|dem|le|el) )?)?"
    number = (
        rf"(?P<d>{_NUMBER})(?:{words.suffix})?(?:\s*(?:{words.joint})\s*(?:the )?(?P<e>{_NUMBER})(?:{words.suffix})?)?"
    )
    year = rf"(?:{words.of_year}(?P<y>(?:19|20)\d\d))?"
    flags = 0 if language in ("en", "de") else re.IGNORECASE
    dates = [_whole(rf"{front}{number} (?:{words.of})?(?:{months})\b\.?{year}", flags)]
    if language == "en":
        # No "and" between the days: "on March 27 and 30 countries".
        number = rf"(?P<d>{_NUMBER})(?:{words.suffix})?(?:\s*(?:-|–|to)\s*(?P<e>{_NUMBER})(?:{words.suffix})?)?"
        dates.append(_whole(rf"{front}(?:{months})\.? {number}(?!(?:,\d|[.:]\d)){year}", flags))
    month_patterns = []
    any_month = "|".join(words.months)
    if words.in_month:
        one = f"(?P<in>(?i:{words.in_month}))|(?P<end>(?i:{words.end_of}))"
        month_patterns.append(
            _whole(rf"(?:{one}) (?P<what>(?:{months})\.?(?:(?:{words.of_year}|,? )(?P<y>20\d\d))?)(?! ?\d)", flags)
        )
    else:
        month_patterns.append(
            _whole(rf"(?P<end>{words.end_of}) (?P<what>(?:{months})(?: (?P<y>20\d\d))?)(?! ?\d)", flags)
        )
        names, before = _LOCATIVE[language]
        locative = "|".join(f"(?P<m{number}>{name})" for number, name in enumerate(names.split("|"), 1))
        month_patterns.append(_whole(rf"(?P<in>{before}) (?P<what>(?:{locative})(?: (?P<y>20\d\d))?)(?! ?\d)", flags))
        any_month += "|" + names
    weeks = "|".join(f"(?P<k{number}>{pattern})" for number, (pattern, _) in enumerate(words.weeks))
    tense = f"(?P<ahead>{words.ahead})|(?P<present>{words.present})|(?P<weak>{words.weak})|(?P<before>{words.before})"
    tense_pattern = re.compile(rf"(?:(?<![\w-])|(?=['’]))(?:{_spaced(tense)})(?![\w-])", re.IGNORECASE)
    at = rf"(?:{words.at})" if words.at else ""
    opens = rf"(?:^\W*(?:(?:{words.joins}),? )?|[:“„«\"]\s*|(?<![\w-])(?:{words.joins}),? )"
    preposition = (
        r"(?:(?:on|by|as early as|early|late|am|bis|bis zum|ab|le|d['’]ici|d['’]ici au|dès|el|para el|w|we|do|у|в|в?же|"
        r"до) )?"
    )
    weekdays = "|".join(WEEKDAYS[language])
    return _Patterns(
        re.compile(
            _ungrouped(rf"\b(?:(?:{any_month}|{weekdays})\b|{_spaced(words.tomorrow)}|{_spaced(weeks)})"), re.IGNORECASE
        ),
        tuple(dates),
        re.compile(_spaced(rf"(?<![\w-]){at}$"), re.IGNORECASE),
        re.compile(_spaced(rf"(?<![\w-]){words.not_at}$"), re.IGNORECASE) if words.not_at else None,
        tuple(month_patterns),
        _whole(_WEEKDAY_OF[language].format(days)),
        _whole(words.tomorrow),
        _whole(weeks),
        tuple(meaning for _, meaning in words.weeks),
        tense_pattern,
        _whole(words.says),
        _whole(words.cut),
        re.compile(_spaced(opens + preposition) + "$", re.IGNORECASE),
        _whole(words.which),
        _whole(words.ago),
        _whole(words.off),
    )


def _ungrouped(pattern: str) -> str:
    """Return a pattern whose groups have lost their names, so that they may occur twice."""
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


def names_a_day(language: str) -> re.Pattern[str] | None:
    """Return what finds every place of a text that may name a day to come; None for a language that is not known."""
    return _patterns(language).cheap if language in _LANGUAGES else None


def coming_days(sentence: str, published: Published, language: str, before: str = "") -> tuple[Coming, ...]:
    """Return the days to come that a sentence names, in the order of its words: later than the article's own.

    ``published`` is the article's date; unless its text states it nothing is told. ``before`` is the text right before
    the sentence, where another day may be named from which "tomorrow" would count. A date without a year is the next
    one, where it is not too far away; a weekday beside it must agree. ``language`` is two letters.
    """
    if language not in _LANGUAGES or published.at is None or published.basis != "stated":
        return ()
    patterns = _patterns(language)
    today = published.at.date()
    # The calendar ends with the year 9999.
    if today.year >= MAXYEAR - 1 or patterns.off.search(sentence):
        return ()
    told = [one.day for text in (sentence, before) for one in relative_days(text, published, language)]
    past = [day for day in told if day < today]
    # Where another time is spoken of, what is near is near to that one.
    elsewhere = bool(patterns.ago.search(sentence)) or any(int(year) < today.year for year in YEAR.findall(sentence))
    found: dict[int, Coming] = {}
    taken: list[tuple[int, int]] = []

    def free(start: int, end: int) -> bool:
        return all(end <= left or right <= start for left, right in taken)

    for one, place, sure in _dates(sentence, today, patterns):
        end = place[1]
        taken.append(place)
        if one is None:
            continue
        if one.day > today:
            strength = _governed(sentence, one.start, end, patterns)
            far = (one.day - today).days
            certain = strength == "strong" and far <= _FAR
            probable = strength and not elsewhere and (sure or (strength == "weak" and far <= _FAR_IF_WEAK))
            if certain or probable:
                found[one.start] = one
        elif one.day < today:
            elsewhere = True
    for one, place in _months(sentence, today, patterns, language):
        if not free(*place):
            continue
        taken.append(place)
        strength = _governed(sentence, *place, patterns)
        if not elsewhere and (strength == "strong" or (strength == "weak" and (one.day - today).days <= _FAR_IF_WEAK)):
            found[one.start] = one
    if not elsewhere:
        for one, end in _near(sentence, published, past, patterns, language):
            if free(one.start, end):
                taken.append((one.start, end))
                found[one.start] = one
    return tuple(found[start] for start in sorted(found))


def _dates(sentence: str, today: date, patterns: _Patterns) -> Iterator[tuple[Coming | None, tuple[int, int], bool]]:
    """Yield dates with a day and month, None for a doubtful one, where they stand, and whether they name the year."""
    for pattern in patterns.dates:
        for match in pattern.finditer(sentence):
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            weekday = next((int(name[1:]) for name in groups if name[0] == "w"), None)
            month = next(int(name[1:]) for name in groups if name[0] == "m")
            day, last = int(groups["d"]), int(groups["e"]) if "e" in groups else None
            before = sentence[max(0, match.start() - 30) : match.start()]
            if (weekday is None and not patterns.at.search(before)) or (
                patterns.not_at is not None and patterns.not_at.search(before)
            ):
                yield None, match.span(), False
                continue
            named = _date(int(groups["y"]), month, day) if "y" in groups else _nearest(today, month, day)
            backward = last is not None and last <= day
            if named is None or backward or (weekday is not None and named.weekday() != weekday):
                yield None, match.span(), False
                continue
            until = named + timedelta(days=last - day) if last is not None else None
            start = match.start("d")
            start = min(start, *(match.start(name) for name in groups if name[0] in "mw"))
            words = sentence[start : match.end()].rstrip(".")
            yield Coming(words, start, named, until), (start, match.end()), "y" in groups


def _date(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if MINYEAR <= year <= MAXYEAR and day <= monthrange(year, month)[1] else None


def _nearest(today: date, month: int, day: int) -> date | None:
    """Return the date without a year that is nearest, the past ones included: "met on 12 March" is of this year."""
    around = [_date(year, month, day) for year in (today.year - 1, today.year, today.year + 1)]
    named = [one for one in around if one is not None]
    ahead = [one for one in named if 0 < (one - today).days <= _FAR]
    return ahead[0] if ahead else min(named, key=lambda one: abs(one - today), default=None)


def _months(sentence: str, today: date, patterns: _Patterns, language: str) -> Iterator[tuple[Coming, tuple[int, int]]]:
    for pattern in patterns.months:
        for match in pattern.finditer(sentence):
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            month = next(int(name[1:]) for name in groups if name[0] == "m" and name[1:].isdigit())
            year = int(groups["y"]) if "y" in groups else today.year + (month < today.month)
            first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
            start, place = match.start("what") if "in" in groups else match.start(), match.span()
            words = sentence[start : match.end()].rstrip(".")
            if "end" in groups:
                if last > today and (last - today).days <= _FAR:
                    yield Coming(words, start, last), place
            elif first > today and (first - today).days <= _FAR:
                yield Coming(words, start, first, last), place


def _near(
    sentence: str, published: Published, past: list[date], patterns: _Patterns, language: str
) -> Iterator[tuple[Coming, int]]:
    """Yield days named by their distance, and where they end; ``past`` are the days from which they may be counted."""
    if published.at is None:
        return
    today = published.at.date()
    certain = published.precision == "day" or published.at.hour in _SAME_DAY
    monday = today - timedelta(days=today.weekday())
    for match in patterns.weekday.finditer(sentence):
        day = _weekday(sentence, match, today, past, patterns, language)
        if day is not None:
            yield Coming(match.group(), match.start(), day), match.end()
    for match in patterns.tomorrow.finditer(sentence):
        if certain and not past and _governed(sentence, match.start(), match.end(), patterns):
            yield Coming(match.group(), match.start(), today + timedelta(days=1)), match.end()
    for match in patterns.weeks.finditer(sentence):
        meaning = patterns.meanings[int((match.lastgroup or "k0")[1:])]
        following = today.replace(day=1) + timedelta(days=32)
        following = following.replace(day=1)
        first, until = {
            "week+": (monday + timedelta(days=7), monday + timedelta(days=13)),
            "month+": (following, following.replace(day=monthrange(following.year, following.month)[1])),
            "week": (today + timedelta(days=1), monday + timedelta(days=6)),
            "month": (today + timedelta(days=1), following - timedelta(days=1)),
            "week.": (monday + timedelta(days=6), None),
            "month.": (following - timedelta(days=1), None),
            "year.": (date(today.year, 12, 31), None),
        }[meaning]
        if first <= today or (until is not None and until < first):
            continue
        if meaning.startswith("week") and any(day < monday for day in past):
            continue
        if meaning.startswith("month") and any(day.month != today.month for day in past):
            continue
        if not _governed(sentence, match.start(), match.end(), patterns):
            continue
        yield Coming(match.group(), match.start(), first, until), match.end()


def _weekday(
    sentence: str, match: re.Match[str], today: date, past: list[date], patterns: _Patterns, language: str
) -> date | None:
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    number = next(int(name[1:]) for name in groups if re.fullmatch(r"w\d", name))
    if language == "en" and (match.group().lower().endswith("days") or _OWNER.match(sentence, match.end())):
        return None
    before = sentence[max(0, match.start() - 30) : match.start()]
    bare = language == "en" and not patterns.at.search(before) and "mod" not in groups
    if bare and (_OF_A_NOUN.search(before) or not _US_BEHIND.match(sentence, match.end())):
        return None
    # "Later on Thursday" is later on the same day.
    if _NO_COMING.search(before) or _NO_COMING_BEHIND.match(sentence, match.end()):
        return None
    if not _governed(sentence, match.start(), match.end(), patterns):
        return None
    if "week" in groups:
        day = today - timedelta(days=today.weekday()) + timedelta(days=7 + number)
        return None if any(one < today - timedelta(days=today.weekday()) for one in past) else day
    away = (number - today.weekday()) % 7
    if "mod" in groups and EITHER.fullmatch(groups["mod"]):
        return today + timedelta(days=7) if away == 0 and not past else None
    if away == 0:
        return None
    day = today + timedelta(days=away)
    # Said on another day: "On Monday he said: 'We will meet on Wednesday'", told on Thursday.
    if any(one + timedelta(days=(number - one.weekday()) % 7 or 7) != day for one in past):
        return None
    return day


def _governed(sentence: str, start: int, end: int, patterns: _Patterns) -> str:
    """Tell whether the verb that a day belongs to speaks of what is to come: "strong", "weak" (reported), or "".

    That is the last verb before it, or, where the day opens its clause, the first one behind.
    """
    # "Er soll am Montag gesagt haben": what is said to have been.
    if _HEARSAY.match(sentence, end):
        return ""
    lead = sentence[:start]
    opens = patterns.opens.search(lead)
    if opens is None:
        # Not up to the day alone: some patterns look at what stands behind it.
        markers = [m for m in patterns.tense.finditer(sentence, max(0, start - 2 * _CLAUSE)) if m.end() <= start]
        if markers:
            last = markers[-1]
            between = re.sub(r"\bas (?:early|soon) as\b|\s\w+['’]?\s*$", " ", sentence[last.end() : start])
            if len(between) > _CLAUSE or ";" in between or patterns.cut.search(between):
                return ""
            return _strength(last, sentence, between, patterns)
        return ""
    following = patterns.tense.search(sentence, end, end + _CLAUSE)
    if following is None or following.start() - end > 80:
        return ""
    between = sentence[end : following.start()]
    if ";" in between or patterns.which.search(between):
        return ""
    return _strength(following, sentence, between, patterns)


def _strength(marker: re.Match[str], sentence: str, between: str, patterns: _Patterns) -> str:
    """Return what a verb is worth that stands ``between`` away from the day."""
    kind = marker.lastgroup
    if kind == "ahead":
        return "strong"
    if kind == "present":
        return "strong" if len(between) <= 40 else ""
    if kind == "weak" and patterns.says.search(sentence):
        return "weak"
    return ""
