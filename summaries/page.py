"""Reading an article out of a web page: its main text, what the page says about itself, and whether a wall hides it.

The main text is what trafilatura finds; all else here is policy. Every byte is taken for hostile: nothing is fetched or
executed, and the work is bounded.
"""

from __future__ import annotations

import html
import json
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import urljoin, urlsplit

from summaries.article import Draft, Published, decode, has_zone, normalise_url, parse_date
from summaries.feed import decode_document, language_code
from summaries.text import READ, collapse

MAX_PAGE: Final = 2_000_000
"""Bytes of a page that are read at most: extraction takes seconds beyond that (measured on unclosed tags)."""

MAX_TAGS: Final = 100_000
"""Tags of a page that are read at most, with those that close: extraction costs some 30 microseconds for each."""

WALL_WORDS: Final = 250
"""Words below which a page's text can be what is left in front of a wall."""

Wall = Literal["paid", "log-in", "consent", "script", "challenge"]

WALLS: Final[dict[Wall, str]] = {
    "paid": "The article is behind a pay wall.",
    "log-in": "The article is only for people who are logged in.",
    "consent": "The page asks for consent to cookies before it shows the article.",
    "script": "The page shows its text only to browsers that run scripts.",
    "challenge": "The page is a check against robots, not the article.",
}
"""What hides an article, as a sentence for people."""


@dataclass(frozen=True, slots=True)
class PageRead:
    """What a page holds: the article, None where no text was found, and the wall that hides it or the rest of it."""

    draft: Draft | None
    wall: Wall | None = None

    @property
    def walled(self) -> bool:
        """Whether something hides the article or a part of it, so that what was read is no more than a teaser."""
        return self.wall is not None

    @property
    def why(self) -> str | None:
        """What hides the article, as a sentence for people."""
        return WALLS[self.wall] if self.wall else None


def read_page(data: bytes, *, now: datetime, url: str | None = None, content_type: str | None = None) -> Draft:
    """Extract the article from an HTML page, as :func:`extract_page` does.

    A wall is told in the draft's warnings, and that what stands before it was read all the same. Raises ValueError,
    with a sentence for people, when the page holds no article text.
    """
    read = extract_page(data, now=now, url=url, content_type=content_type)
    if read.draft is None:
        raise ValueError(read.why or "no article text was found in this page")
    if read.why is None:
        return read.draft
    return _with_warning(read.draft, f"{read.why.rstrip('.')}: only what the page shows to everybody was read.")


def extract_page(data: bytes, *, now: datetime, url: str | None = None, content_type: str | None = None) -> PageRead:
    """Extract the article from an HTML page: main text as paragraphs, what the page says about itself, and its wall.

    ``url`` is where the page was in the end, None for a file; ``content_type`` is the HTTP header. ``now`` (aware)
    marks dates more than a day ahead as impossible. The text is exactly what the extractor found, one paragraph a line.
    The draft's address is the page's canonical one where that is of the same site and no home page, else ``url``. Its
    date is the first that the page gives to machines (JSON-LD, ``<meta>``, ``<time>``), with the time; a time without a
    zone, a date found in the words of the page, and that of the last change are marked as inferred. A year alone, such
    as that of a copyright line, is no date. Nothing is fetched.
    """
    from lxml import etree

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    import trafilatura
    from trafilatura.utils import detect_encoding, load_html

    warnings: list[str] = []
    if len(data) > MAX_PAGE:
        warnings.append(f"only the first {MAX_PAGE:,} bytes of the page were read")
        data = data[:MAX_PAGE]
    source = decode_document(data, content_type, warnings, guess=detect_encoding)
    if source.count("<") > MAX_TAGS:
        warnings.append(f"only the first {MAX_TAGS:,} tags of the page were read")
        source = "<".join(source.split("<", MAX_TAGS)[:MAX_TAGS])
    about: _About | None = None
    found: Any = None
    try:
        tree = load_html(source) if source.strip() else None
        if tree is not None:
            about = _About(tree)
            known = any(_moment(value) for value, inferred in _dates(about, None) if not inferred)
            # Searching the words of a page for a date takes as long as finding its text.
            dates = {
                "original_date": True,
                "extensive_search": not known,
                "max_date": (now + _A_DAY).date().isoformat(),
            }
            # fast: without the fallbacks that are quadratic on huge pages, and as good on real ones.
            found = trafilatura.bare_extraction(
                tree,
                url=url,
                fast=True,
                include_comments=False,
                include_tables=False,
                with_metadata=True,
                date_extraction_params=dates,
            )
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        AssertionError,
        RecursionError,
        ArithmeticError,
        etree.LxmlError,
    ):
        # Whatever hostile markup sets off in the extractor.
        found = None
    if about is None:
        return PageRead(None)
    text, notes = decode(((found.text or "") if found is not None else "").encode("utf-8", "replace"))
    wall = _wall(about, text)
    if found is None or not text.strip():
        return PageRead(None, wall)
    guessed = None if _is_but_a_year(found.date, source, about, url) else found.date
    published, note = _published(about, guessed, now)
    publisher = _publisher(found.sitename, url)
    draft = Draft(
        text=text,
        title=_title(found.title, publisher),
        publisher=publisher,
        author=_author(found.author, publisher),
        url=_canonical(about, url) or url,
        language=about.language() or language_code(found.language),
        published=published,
        warnings=(*warnings, *notes, *([note] if note else [])),
    )
    return PageRead(draft, wall)


def complete(teaser: Draft, page: PageRead) -> Draft:
    """Return a feed's entry with the text of its page, where that is the article and no wall hides it.

    What the feed says of the article counts more than what the page says. In all other cases the teaser stays as it is,
    with a warning that says why. The title stays the first paragraph of the text.
    """
    if page.why or page.draft is None:
        return _with_warning(teaser, page.why or "no article text was found in its page")
    article = page.draft
    if len(article.text.split()) <= len(teaser.text.split()):
        return _with_warning(teaser, "its page has no more text than the feed")
    if not _same_article(teaser, article):
        return _with_warning(teaser, "its page is about something else")
    text = article.text
    title = teaser.title
    if title and collapse(text.partition("\n")[0]) != title:
        text = f"{title}\n\n{text}"
    undated = teaser.published.at is None
    return replace(
        teaser,
        text=text,
        title=title or article.title,
        author=teaser.author or article.author,
        publisher=teaser.publisher or article.publisher,
        language=teaser.language or article.language,
        published=article.published if undated else teaser.published,
        warnings=(*teaser.warnings, *article.warnings),
    )


def _with_warning(draft: Draft, warning: str) -> Draft:
    return replace(draft, warnings=(*draft.warnings, warning))


_WORD = re.compile(r"[^\W\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{5,}")
# Where no spaces part the words, pairs of letters stand for them.
_PAIR = re.compile(r"(?=([\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{2}))")


def _same_article(teaser: Draft, page: Draft) -> bool:
    """Tell whether at least a third of the teaser's longer words are in the page's title and text.

    An address may have come to lead to a home page, a notice of removal or another article.
    """

    def words(text: str) -> set[str]:
        return {word.casefold() for pattern in (_WORD, _PAIR) for word in pattern.findall(text)}

    wanted = words(teaser.text)
    there = words(f"{page.title or ''} {page.text[:READ]}")
    return 3 * len(wanted & there) >= len(wanted)


# What a page says about itself ----------------------------------------------------------------------------------------

_ARTICLES = re.compile(r"(?:\w*Article|Report|BlogPosting|LiveBlogPosting|SocialMediaPosting|WebPage)", re.IGNORECASE)
_A_DAY = timedelta(days=1)
_MAX_JSON = 300_000
_MAX_NODES = 5_000


class _About:
    """A page's declarations: its JSON-LD about articles, its ``<meta>`` elements, its language and links."""

    def __init__(self, tree: Any) -> None:  # noqa: ANN401
        self.tree = tree
        self.meta: dict[str, str] = {}
        for element in tree.iter("meta"):
            value = collapse(element.get("content") or "")
            for key in (element.get("property"), element.get("name"), element.get("itemprop")):
                if key and value:
                    self.meta.setdefault(key.strip().lower(), value[:2000])
        self.articles = [one for one in _json_ld(tree) if any(_ARTICLES.fullmatch(kind) for kind in _types(one))]

    def language(self) -> str | None:
        root = next(self.tree.iter("html"), self.tree)
        named = (root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), root.get("xml:lang"))
        metas = (self.meta.get(key) for key in ("og:locale", "dc.language", "dcterms.language", "language"))
        equivalent = (
            one.get("content")
            for one in self.tree.iter("meta")
            if (one.get("http-equiv") or "").lower() == "content-language"
        )
        return next((code for value in (*named, *equivalent, *metas) if (code := language_code(value))), None)

    def title(self) -> str:
        found = next(self.tree.iter("title"), None)
        return collapse(found.text or "") if found is not None else ""


_INNER = ("@graph", "mainEntity", "mainEntityOfPage")


def _json_ld(tree: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield the objects of a page's JSON-LD that can be about the page itself, up to a number of them.

    What else they hold is about others: articles that are recommended, for one.
    """
    left = _MAX_NODES
    for script in tree.iter("script"):
        text = script.text or ""
        if "ld+json" not in (script.get("type") or "").lower() or len(text) > _MAX_JSON:
            continue
        try:
            nodes = deque([json.loads(text.strip().strip(";"), strict=False)])
        except (ValueError, RecursionError):
            continue
        while nodes and left:
            left -= 1
            node = nodes.popleft()
            if isinstance(node, dict):
                yield node
                nodes.extend(node[key] for key in _INNER if isinstance(node.get(key), dict | list))
            elif isinstance(node, list):
                nodes.extend(one for one in node if isinstance(one, dict | list))


def _types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type")
    return [kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)]


def _line(value: object, limit: int = 500) -> str | None:
    """Return a value as one clean line; None for what is no text. Some pages escape what is in their metadata twice."""
    if not isinstance(value, str):
        return None
    return collapse(re.sub(r"<[^<>]{0,500}>", " ", html.unescape(html.unescape(value[:5000]))))[:limit].strip() or None


def _title(value: object, publisher: str | None) -> str | None:
    """Return the title without the site's name behind it."""
    title = _line(value)
    if title and publisher:
        rest = re.sub(rf"\s+[|–—·•:-]+\s+{re.escape(publisher)}$", "", title, flags=re.IGNORECASE)
        return rest or title
    return title


def _publisher(value: object, url: str | None) -> str | None:
    """Return the site's name; where the page gives but an address for it, its host."""
    name = _line(value, 200)
    if name and re.match(r"(?:https?:)?//", name):
        name = None
    name = name.lstrip("@").strip() if name else None
    return name or (_host(url) if url else None)


_NO_AUTHOR = re.compile(
    r"(?:admin(?:istrator)?|editor(?:ial)?|editors|web ?master|guest|author|user|staff|team|redaktion|rédaction"
    r"|redacción|redakcja|редакція|редакция|unknown|anonymous|none|null|undefined|n/a|[\W\d_]*)",
    re.IGNORECASE,
)


def _author(value: object, publisher: str | None) -> str | None:
    """Return the people's names, at most five; no addresses, no roles, not the publisher."""
    names = []
    for part in (_line(value, 2000) or "").split(";"):
        name = re.sub(r"^(?:by|von|par|por|od|від)\s+", "", part.strip(), flags=re.IGNORECASE)
        plain = not re.search(r"https?:|@|www\.|\.(?:com|org|net)\b", name)
        if plain and not _NO_AUTHOR.fullmatch(name) and name.casefold() != (publisher or "").casefold():
            names.append(name)
    return "; ".join(names[:5])[:200] or None


# Its address ----------------------------------------------------------------------------------------------------------

# Below these, names of two labels are given out to anybody.
_SECOND = frozenset({"co", "com", "org", "net", "gov", "gob", "gouv", "ac", "edu", "or", "ne", "go"})


def _host(url: str) -> str:
    normal = normalise_url(url)
    return (urlsplit(normal).hostname or "") if normal else ""


def same_site(one: str, other: str) -> bool:
    """Tell whether two web addresses are of one site: their hosts differ only in front of the site's name."""

    def site(url: str) -> list[str]:
        labels = _host(url).split(".")
        size = 3 if len(labels) > 2 and labels[-2] in _SECOND and len(labels[-1]) == 2 else 2
        return labels[-size:]

    # Numbers have no names in front.
    return site(one) == site(other) != [""] and (not _host(one)[-1:].isdigit() or _host(one) == _host(other))


def _canonical(about: _About, url: str | None) -> str | None:
    """Return the address that the page gives as its own; None where it is another site's, a home page, or none."""
    links = (
        one.get("href") for one in about.tree.iter("link") if "canonical" in (one.get("rel") or "").lower().split()
    )
    for value in (*links, about.meta.get("og:url")):
        if not isinstance(value, str) or len(value) > 2000:
            continue
        try:
            address: str = urljoin(url or "", value.strip())
        except ValueError:
            continue
        normal = normalise_url(address)
        if normal is None or "@" in urlsplit(address).netloc or (url is not None and not same_site(address, url)):
            continue
        if urlsplit(normal)._replace(scheme="", netloc="").geturl() != "/":
            return address
    return None


# Its date -------------------------------------------------------------------------------------------------------------

_DATE_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "datepublished", "parsely-pub-date",
    "cxenseparse:recs:publishtime", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date",
    "dcterms.date", "citation_publication_date", "publish-date", "publish_date", "publishdate", "pubdate",
    "publication_date", "article.published", "date",
)  # fmt: skip
_CHANGE_METAS = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")


def _published(about: _About, guessed: object, now: datetime) -> tuple[Published, str | None]:
    """Return when the article was published, and what was wrong with dates that stood before the one that is taken."""
    note = None
    for value, inferred in _dates(about, guessed):
        known = _moment(value)
        if known is None or known.at is None:
            continue
        if known.at > now + _A_DAY:
            note = note or f"date {value[:40]!r} lies in the future; not taken"
            continue
        return (replace(known, basis="inferred") if inferred else known), note
    return Published(), note


def _dates(about: _About, guessed: object) -> Iterable[tuple[str, bool]]:
    """Yield the dates that a page gives, the best first, and whether each is but inferred to be the right one."""
    for key in ("datePublished", "dateCreated"):
        yield from ((one[key], False) for one in about.articles if isinstance(one.get(key), str))
    yield from ((about.meta[key], False) for key in _DATE_METAS if key in about.meta)
    for element in about.tree.iter("time"):
        if element.get("datetime") and (
            element.get("itemprop") == "datePublished" or element.get("pubdate") is not None
        ):
            yield element.get("datetime"), False
    changes = [one["dateModified"] for one in about.articles if isinstance(one.get("dateModified"), str)]
    changes += [about.meta[key] for key in _CHANGE_METAS if key in about.meta]
    # Where the day that was guessed is that of the change, it was guessed from there.
    if guessed and not any(change.startswith(str(guessed)) for change in changes):
        yield str(guessed), True
    yield from ((change, True) for change in changes)


# The month by its beginning, in the languages in which pages are searched for dates, and some more.
_JANUARY = r"(?:(?:jan|jän|gen|ene|sty|led|sij|siječ|oca|tam|янв|січ|студ|яну|ιαν)[^\W\d]{0,10}|يناير|ינואר)"
_FIRST = r"(?<![\d.,])0?1(?:st|er|[.º°ª])?"


def _is_but_a_year(guessed: object, source: str, about: _About, url: str | None) -> bool:
    """Tell whether a date that was guessed is the first of January only because a year was all that was found.

    So are the years of copyright lines taken. The day must stand somewhere: in digits in the page's source or address,
    or with the name of the month in its words.
    """
    year, _, day = str(guessed or "").partition("-")
    if day != "01-01":
        return False
    forms = (
        rf"(?<!\d){year}(?:[-/.]0?1[-/.]0?1|0101|年0?1月0?1日)(?!\d)",
        rf"(?<!\d)0?1([-/.])\s?0?1\1\s?(?:{year}|{year[2:]})(?!\d)",
        rf"{_FIRST}[\s-]{{1,3}}(?:de |of |d['’])?{_JANUARY}[.,]?[\s-]{{1,3}}(?:del? )?{year}(?!\d)",
        rf"(?<!\w){_JANUARY}\.?\s{{1,3}}{_FIRST}\s?,?\s{{1,3}}(?:de )?{year}(?!\d)",
    )
    there = f"{url or ''}\n{source}\n{_words(about.tree)}"
    return not any(re.search(form, there, re.IGNORECASE) for form in forms)


def _moment(value: str) -> Published | None:
    """Read a date as pages write it for machines; one whose time has no zone is inferred."""
    value = value.strip()
    if re.fullmatch(r"1\d{9}(?:\d{3})?", value):
        return Published(datetime.fromtimestamp(int(value[:10]), UTC), "time", "stated")
    if re.fullmatch(r"(?:19|20)\d{6}", value):
        value = f"{value[:4]}-{value[4:6]}-{value[6:]}"
    known = parse_date(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", value) if value[:4].isdigit() else value)
    if known is not None and known.precision == "time" and not has_zone(value):
        return replace(known, basis="inferred")
    return known


# What hides it --------------------------------------------------------------------------------------------------------

_CHALLENGE = re.compile(
    r"just a moment|attention required|checking (?:your browser|if the site connection)|access (?:denied|to this page)"
    r"|are you (?:a )?(?:human|robot)|pardon our interruption|security check|ddos.guard|please verify"
    r"|human verification|one more step|robot or human|bot verification|un instant|einen moment"
    r"|request unsuccessful|403 forbidden",
    re.IGNORECASE,
)
_CHALLENGE_MARK = re.compile(
    r"cf-(?:challenge|chl|browser-verification|turnstile)|challenge-(?:form|platform|running)|px-captcha|g-recaptcha"
    r"|h-captcha|datadome|incapsula|_incapsula_|ddg-captcha|captcha-(?:box|container|form)",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:enable|activate|turn on|allow|requires?|without|need|use) java-?script|java-?script (?:is|to be|must be|wird|"
    r"ist|muss|est|está|jest)\b|java-?script (?:aktivieren|einschalten|activé|habilitado)|activ(?:er|ez) java-?script"
    r"|(?:aktivieren|einschalten).{0,30}java-?script|(?:habilit|activ)\w* (?:el )?java-?script"
    r"|włącz\w* (?:obsługę )?java-?script|(?:увімкн|включ)\w* (?:\w+ )?java-?script",
    re.IGNORECASE,
)
_CONSENT_MARK = re.compile(
    r"consent\.(?:google|yahoo|youtube)|consent-(?:page|form|wall)|cookie-?wall|collectconsent|before you continue"
    r"|bevor sie fortfahren|avant de continuer|avant d['’]accéder|antes de continuar|zanim przejdziesz",
    re.IGNORECASE,
)
_CONSENT_WORD = re.compile(
    r"cookies?\b|consent|einwilligung|consentement|consentimiento|zgod[aęy]\b|згод[аиу]\b", re.IGNORECASE
)
_PAID = re.compile(
    r"subscribe (?:now |today )?to (?:continue|keep|read|unlock|access|view|finish)|subscription (?:is )?required"
    r"|for (?:paid |our )?(?:subscribers|members) only|(?:subscribers?|members?)[ -]only|exclusive (?:to|for) (?:our )?"
    r"subscribers|(?:already|not) an? subscriber\b|already (?:subscribed|have a subscription)"
    r"|to (?:continue|keep) reading (?:this|the|your)|unlock (?:this|the) (?:article|story)"
    r"|free articles? (?:left|remaining|this month)|jetzt weiterlesen|weiterlesen mit\b"
    r"|(?:artikel|inhalt) (?:jetzt )?freischalten|nur für abonnenten|bereits abonnent|als abonnent weiterlesen"
    r"|(?:article|contenu)\w* (?:est )?réservée?s? (?:aux|à nos) abonnés|la suite est réservée|déjà abonnée?\b"
    r"|il vous reste .{1,20} à (?:lire|découvrir)|(?:contenido|artículo) (?:exclusivo )?(?:solo )?para suscriptores"
    r"|suscríbete para (?:seguir|continuar)|abbonati per|(?:contenuto|articolo) riservato|già abbonat[oa]"
    r"|(?:tylko )?dla (?:prenumeratorów|subskrybentów)|czytaj dalej (?:z|w) (?:prenumerat|subskrypcj)\w+"
    r"|(?:тільки|лише) для (?:передплатник|підписник)\w+|(?:только|доступен) (?:для )?подписчик\w+"
    r"|alleen voor abonnees|om verder te lezen|exclusivo para assinantes",
    re.IGNORECASE,
)
# "paywall-login" and the like stand on every page of a site, the wall itself only where it is.
_PAID_MARK = re.compile(
    r"(?:^|[\s_-])(?:(?:pay|reg|meter)-?wall(?:[_-]{1,2}(?:container|overlay|modal|content|message|wrapper|prompt|gate|offer"
    r"|barrier|inline|box|active|article|body))?|subscribers?-only|subscription-(?:wall|required)|premium-wall"
    r"|piano-(?:offer|paywall|inline)|tp-container-inner|offer-wall|article-(?:locked|lock|gate)"
    r"|content-(?:gate|lock|locked)|locked-content|gated-content|barrier-page)(?:$|\s)",
    re.IGNORECASE,
)
_LOG_IN = re.compile(
    r"(?:log|sign) ?in (?:to|or|with) (?:continue|read|view|see|access|register|create|your)|(?:log|sign) in to\b"
    r"|register (?:for free )?to (?:continue|read)|create (?:a|your) free account|(?:bitte )?melden sie sich an"
    r"|einloggen,? um|anmelden,? um|connectez-vous|identifiez-vous|inicia(?:r)? sesión para|accedi per"
    r"|zaloguj się,? (?:aby|żeby|by)|увійдіть,? щоб|войдите,? чтобы|log in om",
    re.IGNORECASE,
)
_SEEN = 20_000
"""How many characters of a page's words, outside its main text, are searched for a wall."""


def _wall(about: _About, text: str) -> Wall | None:
    """Tell what hides an article.

    A page that says of itself it is not free (schema.org's ``isAccessibleForFree``, ``article:content_tier``) is
    believed. Otherwise the main text must be short, of fewer than :data:`WALL_WORDS` words, because a long one is the
    article, whatever stands beside it; and the page must be marked or worded as

    - a robot check: its title or an element's name, and fewer than half as many words;
    - a plea to enable scripts, with fewer than a quarter as many words;
    - a consent form: its title, address or elements, or a text that is mostly about cookies;
    - a pay wall: a part that is not free, the usual names of its elements, or an offer to subscribe to read on;
    - a log-in: a plea to log in, beside a password field or as a good part of the text.
    """
    if _declares_paid(about):
        return "paid"
    words = len(text.split())
    if words >= WALL_WORDS:
        return None
    seen = _words(about.tree)
    marks = _marks(about.tree)
    title = about.title()
    few = len(seen.split()) < WALL_WORDS
    if words < WALL_WORDS // 2 and (_CHALLENGE.search(title) or (few and _CHALLENGE_MARK.search(marks))):
        return "challenge"
    if words < WALL_WORDS // 4 and few and _SCRIPT.search(f"{seen} {_no_script(about.tree)}"):
        return "script"
    if _CONSENT_MARK.search(title) or (few and _CONSENT_MARK.search(marks)):
        return "consent"
    if len(_CONSENT_WORD.findall(text)) * 20 > max(words, 60):
        return "consent"
    if _has_paid_part(about) or any(_PAID_MARK.search(one) for one in marks.split("\n")) or _PAID.search(seen):
        return "paid"
    has_password = any((one.get("type") or "").lower() == "password" for one in about.tree.iter("input"))
    if _LOG_IN.search(text) or (has_password and _LOG_IN.search(seen)):
        return "log-in"
    return None


def _declares_paid(about: _About) -> bool:
    locked = about.meta.get("article:content_tier", "").lower() == "locked"
    return locked or any(_is_not_free(one) for one in about.articles)


def _has_paid_part(about: _About) -> bool:
    parts = (one.get("hasPart") for one in about.articles if "isAccessibleForFree" not in one)
    return any(_is_not_free(part) for some in parts for part in (some if isinstance(some, list) else [some]))


def _is_not_free(node: object) -> bool:
    said = node.get("isAccessibleForFree") if isinstance(node, dict) else None
    return str(said).strip().rpartition("/")[2].lower() in {"false", "no"}


def _words(tree: Any) -> str:  # noqa: ANN401
    """Return what a reader may see of a page, up to a length; words of scripts and styles are none."""
    found: list[str] = []
    size = 0
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        pieces = (
            None if element.tag in {"script", "style", "noscript", "template", "title"} else element.text,
            element.tail,
        )
        for piece in pieces:
            if piece and piece.strip():
                found.append(collapse(piece[:2000]))
                size += len(found[-1])
        if size > _SEEN:
            break
    return " ".join(found)[:_SEEN]


def _no_script(tree: Any) -> str:  # noqa: ANN401
    return " ".join("".join(one.itertext())[:500] for one in list(tree.iter("noscript"))[:10])


def _marks(tree: Any) -> str:  # noqa: ANN401
    """Return the names that a page's elements have for styles and scripts, and where its forms lead; one a line."""
    found = []
    for element in tree.iter():
        if isinstance(element.tag, str) and element.tag not in {"html", "body", "script", "link", "meta"}:
            found += [value[:200] for key in ("id", "class", "action") if (value := element.get(key))]
        if len(found) > _MAX_NODES:
            break
    return "\n".join(found)
