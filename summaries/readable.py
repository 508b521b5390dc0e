"""What speaks against showing a sentence by itself: a reader sees it without the text around it."""

from __future__ import annotations

import re

from summaries.sentences import balanced

MIN_WORDS = 6
MAX_WORDS = 50

FAULTS: tuple[str, ...] = ("dangling", "length", "fragment", "question", "quotes")
"""What keeps a sentence out while there are better ones, the least fault first."""

_FINAL = re.compile(r"[.!?…؟۔।。！？][\"'”’“‘»›)\]\s]*\Z")
_QUESTION = re.compile(r"[?？؟][!?…\"'”’“‘»›)\]\s]*\Z")
_QUOTATION = re.compile(r"[“\"„”][^“”\"„]*[”\"“]|«[^»]*»|»[^«]*«")
_SAYS = re.compile(
    r"\b(?:sa(?:id|ys?)|told|tells|wrote|writes|added|adds|asked|asks|argued|warned|insisted|stressed|announced|"
    r"claimed|"
    r"declared|explained|noted|replied|stated|tweeted|posted|called|described|according|sagte|sagt|erklärte|erklärt|"
    r"so|"
    r"betonte|meinte|teilte|schrieb|a|ont|selon|déclar\w+|affirm\w+|assur\w+|expliqu\w+|dijo|dice|declaró|afirmó|"
    r"aseguró|"
    r"según|explicó|añadió|powiedzia\w+|mówi\w*|oświadczy\w+|stwierdzi\w+|napisa\w+|podkreśli\w+|według|сказа\w+|"
    r"заяви\w+|"
    r"каже|говорить|повідоми\w+|написа\w+|додa\w+|наголоси\w+|зазначи\w+|пише|за словами)\b",
    re.IGNORECASE,
)


def faults_of(sentence: str, language: str, *, in_quotes: bool = False) -> frozenset[str]:
    """Name what speaks against showing a sentence by itself: some of :data:`FAULTS`.

    ``language`` is two letters or ""; ``in_quotes`` says that it begins inside a quotation opened before it.
    """
    faults = set()
    if not MIN_WORDS <= len(sentence.split(None, MAX_WORDS)) <= MAX_WORDS:
        faults.add("length")
    if not _FINAL.search(sentence) or not any(map(str.isalpha, sentence)):
        faults.add("fragment")
    if _QUESTION.search(sentence):
        faults.add("question")
    if in_quotes or not balanced(sentence) or _bare_quotation(sentence):
        faults.add("quotes")
    if _dangles(sentence, language):
        faults.add("dangling")
    return frozenset(faults)


def _bare_quotation(sentence: str) -> bool:
    """Tell whether a sentence is (nearly) all quotation and names nobody who said it."""
    outside = _QUOTATION.sub(" ", sentence)
    if len(outside.split()) >= len(sentence.split()) / 4:
        return False
    named = [word for word in re.findall(r"\w+", outside) if len(word) > 1]
    return len(named) < 2 or not _SAYS.search(outside)


# Words that lean on the sentence before, by language: in another language the same word may be harmless ("On", "To").
_OPENERS = {
    "en": r"(?:he|she|they|his|her|their|its|him|them|theirs|hers|these|those|but|and|or|however|so|also|meanwhile|"
    r"yet|still|instead|"
    r"moreover|furthermore|nevertheless|nonetheless|then|thus|hence|therefore|consequently|additionally|besides|"
    r"similarly|"
    r"likewise|otherwise|conversely|such|neither|both|another|others|because of (?:this|that)|among (?:them|these|"
    r"those)|"
    r"one of (?:them|these|those)|some of (?:them|these|those)|in addition|for (?:example|instance|this|that)|"
    r"as a result|"
    r"as such|by contrast|in contrast|on the other hand|at the same time|in (?:other words|turn|response|return|"
    r"particular|that|"
    r"this (?:way|case|context|regard))|after (?:that|this)|even so|what['’]s more|that['’]s|(?:this|that)"
    r"(?! (?:week|month|year|morning|afternoon|evening|weekend|summer|winter|spring|autumn|fall|season|time last)\b)|"
    r"it(?:['’]s\b|\b(?!['’]))(?! (?:is |was |remains |remained |seems |became |has been |will be )?(?:also |still |"
    r"now |not |yet |far from |too |"
    r"widely |increasingly |highly )*(?:unclear|clear|likely|unlikely|possible|impossible|known|unknown|thought|"
    r"believed|hoped|expected|"
    r"understood|reported|estimated|important|difficult|hard|easy|time|the (?:first|second|third|latest)|early|"
    r"uncertain|understood)\b)|"
    r"the (?:man|woman|pair|duo|trio|two|three|four|latter|former|same|others?|move|remarks?|comments?|decision|"
    r"announcement|incident|"
    r"name|idea|document|measure|news|visit|country|countries|statement|most notable example|plans?|proposals?|"
    r"figures?|aim|initiative)\b|"
    r"(?:by|with|after|in|on|from|at|to|for|under|during|despite|following|before|given|since)(?: \w+ing)? (?:this|"
    r"that|these|those|his|her|"
    r"their|its|such|doing so|them|him)\b(?! (?:week|month|year|morning|afternoon|evening|weekend|summer|winter|"
    r"spring|autumn|fall)))",
    "de": r"(?:er|sie|sein|seine[rmns]?|ihre?[rmns]?|dies(?:e[rmns]?)?|das (?:ist|sei|war|wäre|habe|hat|gelte|gilt|"
    r"bedeutet|könnte|würde|sagte)|"
    r"es (?:ist|sei|war) (?:das|der|die)|aber|doch|und|oder|jedoch|zudem|außerdem|dabei|damit|dagegen|deshalb|daher|"
    r"darum|auch|dennoch|trotzdem|"
    r"allerdings|ebenso|zugleich|gleichzeitig|dort|dazu|davon|danach|daraufhin|dafür|hingegen|stattdessen|beide|"
    r"solche[rmns]?|"
    r"unter ihnen|darunter|denn|so)",
    "fr": r"(?:il (?!est (?:clair|probable|possible|difficile|important|temps)|y a|faut)|elles?|ils|ce(?:t|tte|s)?|"
    r"cela|ça|c['’]est|c['’]était|ceux-ci|"
    r"celles?-ci|celui-ci|son|sa|ses|leurs?|mais|et|ou|cependant|toutefois|pourtant|ainsi|or|donc|par ailleurs|"
    r"en outre|de plus|"
    r"néanmoins|en revanche|aussi|également|tous deux|parmi (?:eux|elles)|y compris|puis|ensuite|enfin)",
    "es": r"(?:él|ellas?|ellos|est[eao]s?(?! (?:semana|mes|año|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"mañana|tarde))|es[eao]s?|sus?|pero|y|o|"
    r"sin embargo|además|por (?:lo tanto|eso|ello|otra parte|su parte)|también|así|no obstante|aquel\w*|entonces|"
    r"asimismo|en cambio|"
    r"ambos|ambas|entre ell[oa]s|aunque|luego|después)",
    "pl": r"(?:on|ona|oni|one|ono|to|ten|ta|te|ci|tych|tego|jego|jej|ich|ale|i|a|jednak|jednakże|ponadto|również|"
    r"także|też|dlatego|tymczasem|"
    r"natomiast|zatem|więc|poza tym|dodał\w*|wśród nich|obaj|oboje|takie|taki|taka|z kolei|w związku z tym|"
    r"jak dodał\w*)",
    "uk": r"(?:він|вона|вони|воно|це|цей|ця|ці|цього|цьому|його|її|їх|їхн\w+|але|та|і|й|а|однак|проте|також|"
    r"крім того|тому|водночас|натомість|"
    r"отже|тож|за його словами|за її словами|за їхніми словами|серед них|обидва|обидві|такий|така|таке|такі|"
    r"при цьому|зокрема|утім|втім|"
    r"до того ж|він додав)",
}
_DANGLING = {
    language: re.compile(rf"[\s\"'“”„«»‘(–—-]*{words}(?!['’-]?\w)", re.IGNORECASE)
    if language != "en"
    else re.compile(rf"[\s\"'“”„«»‘(–—-]*{words}(?!\w)", re.IGNORECASE)
    for language, words in _OPENERS.items()
}
# "The president has also endorsed the idea": in addition to what?
_ALSO = re.compile(r"\W*(?:[\w'’.-]+ ){1,8}also\b")
_PRONOUN_SAYS = re.compile(
    r"[”\"“»],?\s*[–—-]?\s*(?:(?:he|she|they|it) (?:also |later |then |has |had )?(?:said|says|added|told|wrote|"
    r"asked|argued|"
    r"warned|insisted|stressed|noted|explained|posted|continued|concluded)|(?:sagte|erklärte|betonte|schrieb|"
    r"so) (?:er|sie)|"
    r"a-t-(?:il|elle)|(?:ajoute|dit|affirme)-t-(?:il|elle)|(?:dijo|añadió|afirmó|aseguró|explicó)[.,]?$|"
    r"(?:powiedział|dodał|stwierdził|napisał|podkreślił)a?[.,]?$|(?:сказав|сказала|додав|додала|заявив|заявила|"
    r"наголосив|"
    r"зазначив) ?(?:він|вона)?[.,]?$)",
    re.IGNORECASE,
)


def _dangles(sentence: str, language: str) -> bool:
    """Tell whether a sentence leans on the one before it: an opening pronoun or connective, or '..., he said.'"""
    opener = _DANGLING.get(language)
    if language == "en" and _ALSO.match(sentence):
        return True
    return bool((opener and opener.match(sentence)) or _PRONOUN_SAYS.search(sentence))
