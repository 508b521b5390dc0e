"""What to watch: sentences of articles that name a day still to come, or a condition that somebody sets.

They are shown as they stand. A day is told only where it is certain (:mod:`summaries.coming`), a condition only where
it is one for a decision: it is set in somebody's name or by a verb of commitment, and speaks of an act.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Final

from summaries.article import Article
from summaries.boilerplate import boilerplate_flags
from summaries.coming import YEAR, Coming, coming_days, names_a_day
from summaries.language import language_of, stemmer_of, stop_words_of
from summaries.parties import Parties
from summaries.readable import faults_of
from summaries.sentences import inside_quotes
from summaries.sentences import sentences as split
from summaries.summarize import TOO_SIMILAR, Sentence
from summaries.text import READ, Span, is_heading
from summaries.text import paragraphs as paragraphs_of

TOO_SIMILAR_ON_A_DAY: Final = 0.3
"""Sentences that name the same day tell of the same event at a smaller cosine than :data:`TOO_SIMILAR`."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A sentence that says what to watch.

    ``day`` is the coming day it names, the first of several, or the first day up to ``until`` where it names a week, a
    month or several days; both are None where it only sets a condition. ``words``, a slice of the sentence, name the
    day or set the condition.
    """

    sentence: Sentence
    day: date | None
    until: date | None
    words: str


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's words for conditions, as patterns; a space stands for any white space.

    ``firm``: what opens a condition and nothing else; ``loose``: what may open something else too; ``not_loose``: what
    stands before it then; ``acts``: what a condition is about; ``commits``: verbs of the main clause; ``says``: that
    somebody says so; ``unreal``: what shows that it is no condition for a decision.
    """

    firm: str
    loose: str
    not_loose: str
    acts: str
    commits: str
    says: str
    unreal: str


_LANGUAGES: Final = {
    "en": _Words(
        r"only if|only (?:after|once|when)|not before|unless|provided(?: that)?(?= (?:the|that|a|an|it|they|we|"
        r"there|[A-Z]))|providing that|on (?:the )?condition(?: that)?(?! of anonymity)|"
        r"(?:depends?|depending|dependent|conditional|contingent|hinges?|hinged) (?:up)?on|"
        r"subject to|as long as|so long as|in exchange for|in return for",
        r"if|once|without (?:a|an|any)",
        r"(?:even|as|what|ask|asks|asked|asking|know|knows|knew|see|seen|wonder|wondered|unclear|determine|decide|say|"
        r"says|said|sure|question|clear|doubt|check|tell|understand|and|or|but)",
        r"agree\w*|approv\w*|accept\w*|sign(?:s|ed|ing)?|signature|vot(?:e|es|ed|ing)|ratif\w+|ceasefire|cease-fire|"
        r"truce|deal|accord|treaty|pact|peace|guarantees?|assurances?|mandate|invit\w+|request\w*|"
        r"consent|authori[sz]\w+|permission|decision|decid\w+|commit(?:s|ted|ting|ments?)?|withdraw\w*|"
        r"support\w*|back(?:s|ed|ing)|join\w*|provid\w+|deliver\w*|send\w*|deploy\w*|attack\w*|violat\w+|breach\w*|"
        r"refus\w+|reject\w*|compl(?:y|ies|ied)|negotiat\w+|talks|recogni[sz]\w+|"
        r"sanctions|lift\w*|cooperat\w+|conditions?|demands?|hostilities|fighting|war|release[sd]?|hand(?:s|ed)? over|"
        r"disarm\w*|stops?|halt\w*|ends?|pays?|fund\w*|contribut\w+|participat\w+|resign\w*|parliament|congress|"
        r"government|elect(?:ion|ed)|referendum",
        r"will|won['’]t|would|wouldn['’]t|could|can|cannot|can['’]t|may|must|should|shall|ready|prepared|willing|"
        r"open to|"
        r"consider\w*|agree[sd]?|pledg\w+|vow\w+|promis\w+|threaten\w*|refus\w+|insist\w*|demand\w*|reject\w*|"
        r"offer\w*|depend\w*|possible|impossible|rul(?:e|ed|es|ing) out|support\w*|['’]ll",
        r"said|says|told|tells|according to|warned|warns|added|adds|announced|insisted|insists|pledged|wrote|writes|"
        r"stressed|stated|argued|reiterated|declared|vowed|promised|confirmed|explained|noted|suggested|signalled|"
        r"signaled|indicated|offered|agreed|refused|demanded|threatened|ruled out",
        r"would(?:n['’]t)? have|could(?:n['’]t)? have|might have|if (?:you|I|he|she|it) (?:had|were|was)|had (?:been|"
        r"not)|"
        r"if (?:convicted|found guilty|true|necessary|needed|possible|any|so|not|anything|only|you|I|at all)|"
        r"(?:how|what|whether) (?:\w+ ){1,3}(?:would|will|could|can|should)|if (?:re-?)?elected|polls?|survey|"
        r"availability|if (?:they|it) \w+ed|did not|didn['’]t|scenario|"
        r"(?:if|unless|once) (?:s?he)|letters?|confess\w+|jail|prison|inmates?|murder\w*|rape\w*|suspects?|"
        r"(?:success|fate|future|outcome|impact|result)s? (?:\w+ ){0,4}(?:hinge|depend)\w*|(?:depend\w*|"
        r"hinge[sd]?) on how|potentially|hypothetical\w*|theoretical\w*|in theory|worr(?:y|ies|ied)|fears?|feared|you|"
        r"your|as if|police|court|judge|jury|charged|arrest\w*|sentenced|trial|lawsuit|convicted|"
        r"subject to (?:change|criticism|search|abuse|debate|speculation|attack)|without a (?:doubt|trace|word)",
    ),
    "de": _Words(
        r"nur (?:wenn|falls|unter der)|erst (?:wenn|nach)|unter (?:der|den) (?:Bedingung|Voraussetzung)\w*|"
        r"(?:zur|als) (?:Bedingung|Voraussetzung)|Voraussetzung|vorausgesetzt|sofern|solange|es sei denn|vorbehaltlich|"
        r"(?:abhängig|hängt|hänge|hängen)(?= (?:\w+ ){0,4}(?:von|davon))|(?:davon|von) (?:\w+ ){0,5}abhängig|knüpf\w+|"
        r"im Falle? (?:eine[sr]|von)|unter Vorbehalt",
        r"wenn|falls|sobald",
        r"(?:auch|selbst|als|wie|selbst dann|immer)",
        r"zustimm\w*|Zustimmung|stimm\w+ zu|unterzeichn\w+|unterschr\w+|Waffenruhe|Waffenstillstand\w*|Feuerpause|"
        r"Abkommen\w*|Vereinbarung|Vertrag\w*|Friedens\w+|Frieden|Garantien?|Sicherheitsgarantien|Mandat\w*|\w*mandat|"
        r"Bundestag\w*|Parlament\w*|Einigung|einig\w*|Beschluss|beschließ\w+|Entscheidung|entscheid\w+|akzeptier\w+|"
        r"bitte[nt]?|gebeten|Anfrage|beteilig\w+|Beteiligung|unterstütz\w+|Unterstützung|zurückzieh\w+|Abzug|"
        r"angreif\w+|Angriff\w*|verletz\w+|weiger\w+|ablehn\w+|Sanktionen|Verhandlungen|verhandel\w+|beend\w+|Ende|"
        r"Krieg\w*|Kämpfe|Regierung|Wahl\w*|Referendum|liefer\w+|zahl\w+",
        r"wird|werden|werde|will|wollen|wolle|würden?|könnten?|kann|können|könne|soll|sollen|solle|müss\w+|muss|bereit|"
        r"denkbar|möglich|darf|dürfen|dürfe|lehnt|fordert\w*|hängt|abhängig|sei|gibt|komme|schließt|macht|machte",
        r"sagte[n]?|sagt|erklärte[n]?|erklärt|betonte[n]?|laut|zufolge|teilte|kündigte|forderte[n]?|fordert|warnte|"
        r"schrieb|so|meinte|nannte|stellte|verlangt\w*|bekräftigte|bestätigte|machte|knüpft\w*|schloss|ließ",
        r"hätten?|wäre[n]? (?:\w+ )?(?:gewesen|worden)|man|ob|Polizei|Gericht|(?-i:Sie)|als ob|wenn (?:ich|überhaupt|"
        r"nicht|es)",
    ),
    "fr": _Words(
        r"à condition (?:que|qu['’]|de)|à la condition (?:que|qu['’])|à moins (?:que|qu['’]|de)|pourvu qu\w*|"
        r"tant que|tant qu['’]\w+|(?:dépend|dépendra|dépendrait|dépendent)|sous réserve|conditionn\w+|"
        r"seulement (?:si|après|en cas)|uniquement (?:si|après|en cas)|que si|qu['’]après|en cas d['’e]|subordonn\w+|"
        r"une fois (?:que|qu['’]\w+|l[ea]|un|une)|en échange d\w*",
        r"si|s['’]ils?",
        r"(?:même|comme|et|demand\w+|savoir|sait|voir|ou|question|mais)",
        r"accord\w*|accept\w+|approuv\w+|approbation|sign(?:é|ée|és|er|e|ent|ature)|vot\w+|ratifi\w+|cessez-le-feu|"
        r"trêve|paix|garanties?|mandat|parlement\w*|Parlement|décision|décid\w+|soutien\w*|souten\w+|demand\w+|"
        r"particip\w+|retir\w+|retrait|attaqu\w+|viol\w+|refus\w+|rejet\w+|sanctions|négoci\w+|guerre|combats|"
        r"gouvernement|élections?|référendum|livr\w+|fourni\w+|engag\w+|déploi\w+|agress\w+|hostilités",
        r"va|vont|doit|doivent|peut|peuvent|pourra\w*|pourrai\w+|devra\w*|devrai\w+|sera|seront|serait|seraient|"
        r"prêts?|prête[s]?|accept\w+|refus\w+|exclu\w*|\w+(?:era|eront|ira|iront|dra|dront|rra|rront|rait|raient)|"
        r"possible|"
        r"dépend\w*|envisag\w+|conditionn\w+|n['’]\w+",
        r"a (?:\w+ )?(?:dit|déclaré|affirmé|indiqué|annoncé|prévenu|averti|assuré|précisé|expliqué|souligné|estimé|"
        r"insisté|répété|ajouté|rappelé|jugé|fait savoir)|ont (?:\w+ )?(?:dit|déclaré|affirmé|indiqué|annoncé|"
        r"souligné|estimé)|selon|déclare|affirme|indique|assure|prévient|estime|explique|souligne|s['’]est dit\w*",
        r"(?:aurait|auraient) \w+[éiu]|si (?:vous|je|on|bien|l['’]on|possible|nécessaire|besoin)|si (?:\w+ )?avai\w+|"
        r"si ce n['’]est|police|tribunal|procès|vous",
    ),
    "es": _Words(
        r"siempre (?:que|y cuando)|a menos que|a condición de|con la condición de|bajo la condición de|salvo que|"
        r"(?:depende|dependerá|dependería|dependen) del?|supeditad\w+|sujet[oa]s? a|condicionad\w+|una vez que|"
        r"s[oó]lo (?:si|después|cuando)|solamente si|mientras no|en caso de|a cambio de|hasta que",
        r"si",
        r"(?:incluso|aun|como|preguntó|pregunta|saber|sabe|ver|y|o|pero)",
        r"acuerd\w+|acept\w+|aprob\w+|apruebe\w*|firm\w+|vot\w+|ratifi\w+|alto el fuego|tregua|paz|garantías?|mandato|"
        r"parlamento|Congreso|decisi\w+|decid\w+|apoy\w+|solicit\w+|pid\w+|particip\w+|retir\w+|atac\w+|ataque\w*|"
        r"viol\w+|rechaz\w+|nieg\w+|sanciones|negoci\w+|guerra|combates|Gobierno|gobierno|eleccion\w+|referéndum|"
        r"entreg\w+|compromet\w+|despleg\w+|despliegue|hostilidades|cumpl\w+",
        r"va|van|debe|deben|puede|pueden|podrá\w*|podría\w*|deberá\w*|debería\w*|será\w*|sería\w*|dispuest[oa]s?|"
        r"list[oa]s?|acept\w+|rechaz\w+|descart\w+|\w+(?:ará|arán|erá|erán|irá|irán|drá|drán|aría|arían|ería|erían|"
        r"iría|irían)|depende\w*|posible",
        r"dijo|afirmó|aseguró|declaró|anunció|advirtió|explicó|señaló|según|insistió|subrayó|añadió|dice|asegura|"
        r"afirma|reiteró|indicó|sostuvo|precisó|ha (?:dicho|asegurado|afirmado|anunciado|advertido|explicado|señalado|"
        r"insistido|subrayado|declarado|reiterado|condicionado)",
        r"hubiera\w*|hubiese\w*|habría\w*|como si|si (?:usted|yo|uno|bien|no|es posible|acaso)|policía|tribunal|juicio|"
        r"usted|en caso de (?:duda|emergencia)",
    ),
    "pl": _Words(
        r"pod warunkiem|o ile|chyba że|zależy od|zależeć od|zależne od|uzależni\w+|dopóki|dopiero (?:po|gdy)|"
        r"tylko (?:jeśli|jeżeli|po|pod)|gdy tylko|w zamian za|wyłącznie po|warunkiem",
        r"jeśli|jeżeli|w przypadku|w razie|gdyby",
        r"(?:nawet|i|a|ale|pyta\w+|czy)",
        r"zgod\w+|zgodzi\w*|zgadza\w*|zaakceptuj\w+|podpis\w+|głos\w+|ratyfik\w+|zawieszeni\w+ broni|rozejm\w*|"
        r"pok[oó]j\w*|"
        r"porozumieni\w+|umow\w+|gwarancj\w+|mandat\w*|Sejm\w*|parlament\w*|decyzj\w+|zdecyd\w+|wspar\w+|popar\w+|"
        r"popr\w+|udział\w*|wycof\w+|atak\w*|zaatak\w+|narus\w+|odm[oó]w\w+|odrzuc\w+|sankcj\w+|negocjacj\w+|"
        r"rozm[oó]w\w*|"
        r"wojn\w+|walk\w*|rząd\w*|wybor\w+|referend\w+|dostar\w+|agresj\w+|zakończ\w+",
        r"będzie|będą|może|mogą|mogła|mógłby|mogłoby|mogłaby|musi|muszą|gotow\w+|powinn\w+|zostanie|zostaną|wyśle|"
        r"wyślą|weźmie|wezmą|zrobi\w*|odrzuc\w+|wyklucz\w+|nie ma|nie m\w+|zależy|wejdzie|podejmie|podejmą|rozważ\w+|"
        r"trafi\w*|możliw\w+|chce|jest|są",
        r"powiedzia\w+|oświadczy\w+|podkreśli\w+|zaznaczy\w+|stwierdzi\w+|doda\w+|zapowiedzia\w+|według|poinformowa\w+|"
        r"przekaza\w+|napisa\w+|ostrzeg\w+|zapewni\w+|oceni\w+|mówi\w*|wyjaśni\w+|deklar\w+|zadeklarowa\w+|uzależni\w+",
        r"byłby|byłaby|czy|policj\w+|sąd\w*|jeśli (?:chodzi|ktoś|nie|to)|w razie potrzeby|państwo muszą",
    ),
    "uk": _Words(
        r"за умови|лише (?:якщо|після|за|коли)|тільки (?:якщо|після|за|коли)|хіба що|"
        r"залеж(?:ить|атиме|атимуть|ать) від|поки не|доки не|за винятком|в обмін на|при умові|умовою",
        r"якщо|у разі|в разі|у випадку|коли",
        r"(?:навіть|і|та|а|але|питання|чи)",
        r"погод\w+|згод\w+|згоди|прийм\w+|підпи\w+|голос\w+|ратиф\w+|припинення вогню|перемир\w+|мир\w*|угод\w+|"
        r"домовлен\w+|гаранті\w+|мандат\w*|парламент\w*|рішення|вирішить|підтрим\w+|участь|участі|вивед\w+|вивод\w+|"
        r"атак\w+|напад\w+|поруш\w+|відмов\w+|відхил\w+|санкці\w+|переговор\w+|війн\w+|бої|боїв|уряд\w*|вибор\w+|"
        r"референдум\w*|нада\w+|агресі\w+|заверш\w+|вогню",
        r"буде|будуть|може|можуть|зможе|зможуть|має|мають|готов\w+|повин\w+|мусить|слід|відправ\w+|надішл\w+|візьм\w+|"
        r"розгля\w+|розміст\w+|залеж\w+|можлив\w+|виключ\w+|розгорн\w+|хоче|не",
        r"сказа\w+|заяви\w+|за словами|додав|додала|зазначи\w+|наголоси\w+|повідоми\w+|пише|підкресли\w+|каже|"
        r"попереди\w+|запевни\w+|поясни\w+|вважає|зауважи\w+",
        r"якби|поліці\w+|суд\w*|якщо (?:ви|хтось|чесно|треба)|мав би|мала б",
    ),
}


@dataclass(frozen=True, slots=True)
class _Patterns:
    cheap: re.Pattern[str]
    opens: re.Pattern[str]
    not_loose: re.Pattern[str]
    acts: re.Pattern[str]
    commits: re.Pattern[str]
    says: re.Pattern[str]
    unreal: re.Pattern[str]


@cache
def _patterns(language: str) -> _Patterns:
    words = _LANGUAGES[language]

    def whole(pattern: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-])(?:{pattern.replace(' ', chr(92) + 's+')})(?![\w-])", flags)

    return _Patterns(
        whole(f"{words.firm}|{words.loose}"),
        whole(f"(?P<firm>{words.firm})|(?P<loose>{words.loose})"),
        re.compile(rf"(?<![\w-]){words.not_loose}[\s,]+$", re.IGNORECASE),
        whole(words.acts),
        whole(words.commits),
        whole(words.says),
        whole(words.unreal),
    )


# A condition ends where its clause does.
_CLAUSE_END: Final = re.compile(r"[,;:!?…()”“\"„«»—–]|\.(?!\d)")
# "Pod warunkiem, że ...", "unter der Bedingung, dass ...": the comma ends nothing.
_JOINED: Final = re.compile(r"(?:\s+\w+){0,3},\s+(?:że|iż|czy|gdy|що|якщо|чи|dass|wenn|ob)\b")
_QUOTATION: Final = re.compile(r"[“\"„”][^“”\"„]{8,}[”\"“]|«[^»]{8,}»")
_QUOTES: Final = '“”"„«»'
_LONGEST_CONDITION: Final = 25
"""Words: what goes on longer is no clause."""
_LONGEST: Final = 1000
"""Characters: a longer sentence is none to show, and looking at it would take long."""
_BEFORE: Final = 600
"""Characters before a sentence in which other days may be named."""
# Without anybody who says it, "we" and "it" are nobody.
_BARE: Final = re.compile(
    r"\b(?:we|us|our|I|my|it|wir|uns|ich|es|nous|je|on|nosotros|yo|my|nam|ja|ми|нам|я)\b", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W\d_]+")


def what_to_watch(
    articles: Sequence[Article],
    *,
    after: date,
    avoid: Collection[tuple[str, int, Span]] = (),
    limit: int = 3,
    parties: Parties | None = None,
) -> list[Watch]:
    """Return at most ``limit`` sentences of articles, newest article first, that say what to watch after a day.

    First those that name a day later than ``after`` (the reader's day), the nearest first, then those that only set a
    condition, first what somebody says in so many words. Where ``parties`` are given, of sentences that are worth the
    same those that name one come first. Each can be read by itself and is no furniture; no two say the same, and none
    overlaps ``avoid``: what the reader has seen, as (article id, revision, span).
    """
    if limit < 1:
        return []
    seen: dict[tuple[str, int], list[Span]] = {}
    for identifier, revision, span in avoid:
        seen.setdefault((identifier, revision), []).append(span)
    found: list[tuple[tuple[float, ...], Watch, Counter[str]]] = []
    for number, article in enumerate(articles):
        language = language_of(article)
        spans = seen.get((article.id, article.revision), [])
        for watch, worth in _of_article(article, language, after, spans):
            text = watch.sentence.text
            worth += parties is not None and bool(parties.find(text, language or None))
            key = (watch.day is None, watch.day.toordinal() if watch.day else 0, -worth, number, watch.sentence.start)
            found.append((key, watch, _terms(text, language)))
    found.sort(key=lambda one: one[0])
    chosen: list[tuple[Watch, Counter[str]]] = []
    for _, watch, terms in found:
        if len(chosen) == limit:
            break
        if not any(_same(watch, terms, other, others) for other, others in chosen):
            chosen.append((watch, terms))
    return [watch for watch, _ in chosen]


def _of_article(article: Article, language: str, after: date, seen: Sequence[Span]) -> Iterator[tuple[Watch, float]]:
    """Yield what an article says that is to be watched, and how much it is worth."""
    days = names_a_day(language)
    if days is None:
        return
    conditions = _patterns(language).cheap
    text = article.text[: article.body_start + READ]
    cut = len(text) < len(article.text)
    paragraphs = paragraphs_of(text, article.body_start)
    title = " ".join(_WORD.findall((article.title or "").casefold()))
    for paragraph in paragraphs:
        inner = paragraph.of(text)
        if not (conditions.search(inner) or days.search(inner)) or is_heading(text, paragraph):
            continue
        spans = split(text, paragraph)
        if cut and paragraph == paragraphs[-1]:
            # The last sentence may go on behind what was read; half a sentence would be another one.
            spans = spans[:-1]
        flags: list[bool] | None = None
        for index, (span, in_quotes) in enumerate(zip(spans, inside_quotes(text, spans), strict=True)):
            sentence = span.of(text)
            if len(sentence) > _LONGEST:
                continue
            before = text[max(spans[max(0, index - 2)].start, span.start - _BEFORE) : span.start]
            told = _told(article, sentence, before, language, after, days, conditions)
            if told is None or any(span.overlaps(other) for other in seen):
                continue
            # What ends in dots is the start of a sentence that a feed has cut.
            if sentence.rstrip("\"'”’»)]").endswith(("...", "…")) or faults_of(sentence, language, in_quotes=in_quotes):
                continue
            if title and " ".join(_WORD.findall(sentence.casefold())) == title:
                continue
            flags = flags or boilerplate_flags(text, spans)
            if flags[index]:
                continue
            watch, worth = told
            whole = Sentence(article.id, article.revision, span.start, span.end, sentence)
            yield replace(watch, sentence=whole), worth


_NOWHERE: Final = Sentence("", 0, 0, 0, "")


def _told(
    article: Article,
    sentence: str,
    before: str,
    language: str,
    after: date,
    days: re.Pattern[str],
    conditions: re.Pattern[str],
) -> tuple[Watch, float] | None:
    coming: tuple[Coming, ...] = ()
    if days.search(sentence):
        coming = coming_days(sentence, article.published, language, before)
    first = min((one for one in coming if one.day > after), key=lambda one: (one.day, one.start), default=None)
    if first is not None:
        return Watch(_NOWHERE, first.day, first.until, first.words), _attributed(sentence, language)
    # "If nothing is signed by Friday": on Saturday that is over, too.
    if coming or not conditions.search(sentence):
        return None
    told = _condition(article, sentence, language)
    published = article.published.day
    if told is not None and published is not None and published < after and days.search(told[0].words):
        return None
    return told


def _attributed(sentence: str, language: str) -> float:
    return bool(_QUOTATION.search(sentence)) + bool(_patterns(language).says.search(sentence))


def _condition(article: Article, sentence: str, language: str) -> tuple[Watch, float] | None:
    """Return the condition a sentence sets, if it is one for a decision, and how much it is worth."""
    patterns = _patterns(language)
    if patterns.unreal.search(sentence):
        return None
    year = article.published.at.year if article.published.at else None
    # What was said of another year is history.
    if year is not None and any(int(one) < year for one in YEAR.findall(sentence)):
        return None
    for match in patterns.opens.finditer(sentence):
        firm = match.lastgroup == "firm"
        if not firm and patterns.not_loose.search(sentence[: match.start()]):
            continue
        words = sentence[match.start() : _clause_end(sentence, match.end())].rstrip()
        if not 3 <= len(words.split()) <= _LONGEST_CONDITION:
            continue
        if not patterns.acts.search(words, match.end() - match.start()):
            continue
        rest = sentence[: match.start()] + " " + sentence[match.start() + len(words) :]
        attributed = _attributed(rest, language)
        # A firm word in somebody's name is enough ("depends on a mandate, he said"); of others one is not.
        if not (attributed and firm) and not (
            patterns.commits.search(rest) and (attributed or (firm and not _BARE.search(rest)))
        ):
            continue
        return Watch(_NOWHERE, None, None, words), attributed + firm
    return None


def _clause_end(sentence: str, start: int) -> int:
    """Return where the clause ends that goes on at ``start``; a quotation that opens in it is part of it."""
    joined = _JOINED.match(sentence, start)
    quoted = False
    for mark in _CLAUSE_END.finditer(sentence, joined.end() if joined else start):
        if mark.group() in _QUOTES:
            opens = sentence[mark.start() - 1].isspace() and not quoted
            if not opens and not quoted:
                return mark.start()
            quoted = opens
        elif not quoted:
            return mark.start()
    return len(sentence)


# --- what says the same ----------------------------------------------------------------------------------------------


def _terms(text: str, language: str) -> Counter[str]:
    stem, stop = stemmer_of(language), stop_words_of(language)
    return Counter(stem(word) for word in _WORD.findall(text.casefold()) if word not in stop)


def _same(one: Watch, terms: Counter[str], other: Watch, others: Counter[str]) -> bool:
    dot = sum(count * others[term] for term, count in terms.items())
    norms = math.sqrt(sum(n * n for n in terms.values()) * sum(n * n for n in others.values()))
    same_day = one.day is not None and one.day == other.day
    return dot > (TOO_SIMILAR_ON_A_DAY if same_day else TOO_SIMILAR) * norms
