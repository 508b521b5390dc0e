"""``story NUMBER or WORDS [DATE]``: one story of a briefing in full, from its first article to its newest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final

from bot.answers import Action, Answer, Receipt
from bot.commands.asking import frame, label, lower_first, receipts
from bot.commands.briefing import article_json
from bot.commands.editions import Picked, oldest_first, pick
from bot.commands.stories import days_beside, days_named
from bot.library import Library
from bot.render import words
from bot.request import Request
from summaries.article import Article
from summaries.claims import Claim
from summaries.language import language_of
from summaries.summarize import Sentence
from summaries.text import READ, Span, collapse

if TYPE_CHECKING:
    from summaries.briefing import StoryBrief

COMMAND = "story"

SENTENCES: Final = 8
WORDS: Final = 250
"""How much of a story is told in full; what its briefing told of it is always part of that."""

_LISTED: Final = 40
"""How many articles are listed; the answer for programs names all."""
_CLAIMS: Final = 5
"""How many claims are quoted; of the others the parties are named."""


def story(request: Request, library: Library) -> Answer:
    """Answer with one story: how it began, what was reported day by day, every article, and what the table quotes."""
    picked = pick(request, library, COMMAND)
    if isinstance(picked, Answer):
        return picked
    whole = _Whole.of(picked, library)
    newest = max((one.published.day for one in whole.articles if one.published.day), default=None)
    today = request.now.date()
    claims = _claims(whole, library)
    return Answer(
        command=COMMAND,
        template="story",
        view={
            **frame(request, library, min(picked.edition.day, today), False),
            "number": picked.number,
            "title": picked.name(library),
            "edition": picked.edition.name,
            "kind": picked.kind,
            "newest_source": newest,
            "newest_source_age": words.age(newest, today) if newest else None,
            "is_old": words.old(newest, today, library.old_after_days),
            "first": whole.brief.first,
            "begun": whole.articles[0] if whole.articles[0].published.at else None,
            "outlets": whole.brief.value.outlets,
            "count": len(whole.articles),
            "new": len(whole.new) if whole.is_update else 0,
            "days": _days(whole),
            "listed": [_listed(article, whole) for article in whole.articles[:_LISTED]],
            "claims": claims[:_CLAIMS],
            "more_claims": list(dict.fromkeys(name for row in claims[_CLAIMS:] for name in row["names"])),
            "why": picked.command("why"),
        },
        data=_json(picked, whole, claims),
        receipts=tuple(row["receipt"] for row in claims[:_CLAIMS]),
        actions=_actions(picked),
    )


def _actions(picked: Picked) -> tuple[Action, ...]:
    """Return what may be asked next: why, and the stories beside this one."""
    return (
        Action("Why this story", picked.command("why")),
        *(Action(f"Story {one.number}", one.command(COMMAND)) for one in picked.beside),
    )


@dataclass(frozen=True, slots=True)
class _Whole:
    """A story with all its articles, the oldest first; ``new`` are the ids of those that were new in its briefing.

    ``copy_of`` names, by the id of a later article, the first one that has the same text.
    """

    articles: tuple[Article, ...]
    new: frozenset[str]
    copy_of: Mapping[str, Article]
    brief: StoryBrief

    @classmethod
    def of(cls, picked: Picked, library: Library) -> _Whole:
        # The newsroom's rankers are heavy to load and only needed here.
        from summaries.briefing import StoryBrief
        from summaries.stories import Story, news_value

        new, earlier = picked.articles(library)
        articles = sorted([*earlier, *new], key=oldest_first)
        same_text, copy_of = _copies(articles)
        newest_first = Story(tuple(reversed(articles)), tuple(reversed(same_text)))
        brief = StoryBrief(
            picked.value["title"],
            _history(picked, articles, copy_of, library),
            newest_first.articles,
            news_value(newest_first),
        )
        return cls(tuple(articles), frozenset(one.id for one in new), copy_of, brief)

    @property
    def is_update(self) -> bool:
        """Tell whether only some of its articles were new."""
        return len(self.new) < len(self.articles)

    def is_new(self, article: Article) -> bool:
        """Tell whether an article was new when others of the story had been told."""
        return self.is_update and article.id in self.new


def _copies(articles: Sequence[Article]) -> tuple[list[int], dict[str, Article]]:
    """Number the texts of articles, copies of one alike; name for each copy the first of them."""
    from summaries.copies import Copies

    known: Copies[int] = Copies()
    numbers: list[int] = []
    first: dict[str, Article] = {}
    for index, article in enumerate(articles):
        text = article.text[article.body_start : article.body_start + READ]
        found = known.add_and_link(index, text)[:1] if text else []
        numbers.append(numbers[found[0]] if found else index)
        if found:
            first[article.id] = articles[numbers[index]]
    return numbers, first


def _history(
    picked: Picked, articles: Sequence[Article], copies: Collection[str], library: Library
) -> tuple[Sentence, ...]:
    """Choose the sentences of a whole story: those that its briefing told, and what they leave unsaid."""
    from summaries.novelty import Told
    from summaries.summarize import rate_sentences

    by_id = {(article.id, article.revision): article for article in articles}
    shown = []
    said = Told((), library.parties)
    for one in picked.value.get("sentences", ()):
        article = by_id.get((one["article"], one["revision"]))
        # A text may have been removed since.
        if article is not None and article.text[one["start"] : one["end"]] == one["text"]:
            shown.append(Sentence(article.id, article.revision, one["start"], one["end"], one["text"]))
            said.add(one["text"], language_of(article))
    rated = rate_sentences(
        # Copies say nothing of their own.
        [article for article in articles if article.id not in copies],
        sentences=SENTENCES,
        words=WORDS,
        ranker=library.lengths().ranker,
        avoid=[(one.article, one.revision, Span(one.start, one.end)) for one in shown],
    )
    languages = {article.id: language_of(article) for article in articles}
    kept = list(shown)
    spent = sum(len(one.text.split()) for one in shown)
    for one in sorted((one for one in rated if one.chosen and "seen" not in one.faults), key=lambda one: -one.rating):
        size = len(one.sentence.text.split())
        fits = not kept or (len(kept) < SENTENCES and spent + size <= WORDS)
        if fits and not said.holds(one.sentence.text, languages[one.sentence.article]):
            kept.append(one.sentence)
            spent += size
    # What leans on the sentence before it stays only where that does.
    behind = {after.sentence: before.sentence for before, after in pairwise(rated) if "dangling" in after.faults}
    while orphans := [one for one in kept if one in behind and one not in shown and behind[one] not in kept]:
        kept = [one for one in kept if one not in orphans]
    return tuple(sorted(kept, key=lambda one: one.start))


def _days(whole: _Whole) -> list[dict[str, Any]]:
    """Return what was reported day by day: the sentences of each article."""
    telling = [article for article in whole.articles if whole.brief.sentences_of(article)]
    return [
        {
            "day": _upper_first(words.published(some[0].published)),
            "texts": [
                {
                    "article": article,
                    "new": whole.is_new(article),
                    "quotes": [collapse(one.text) for one in whole.brief.sentences_of(article)],
                    "days": days_beside(whole.brief.sentences_of(article), article),
                }
                for article in some
            ],
        }
        for some in (list(group) for _, group in groupby(telling, key=lambda one: words.published(one.published)))
    ]


def _upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(article: Article, whole: _Whole) -> dict[str, Any]:
    return {"article": article, "new": whole.is_new(article), "copy_of": whole.copy_of.get(article.id)}


def _claims(whole: _Whole, library: Library) -> list[dict[str, Any]]:
    """Return what the table quotes of a story, the newest first: what one sentence says of several parties together."""
    held = {article.id for article in whole.articles}
    groups: dict[tuple[str, Receipt], list[Claim]] = {}
    for claim in sorted(library.claims, key=lambda one: (-one.reported_on.toordinal(), one.id)):
        if any(quote.article in held for quote in claim.quotes):
            receipt = next(one for one in receipts(claim, library) if one.article in held)
            receipt = replace(receipt, note=None)
            groups.setdefault((label(library.topic, claim), receipt), []).append(claim)
    shown = [(one.article, one.revision, Span(one.start, one.end)) for one in whole.brief.sentences]
    return [
        {
            "names": [library.parties[claim.party].name for claim in claims],
            "label": lower_first(stance),
            "receipt": receipt,
            "above": any(
                (receipt.article, receipt.revision) == (article, revision)
                and span.overlaps(Span(receipt.start, receipt.end))
                for article, revision, span in shown
            ),
            "note": claims[0].note if len(claims) == 1 else None,
            "claims": claims,
        }
        for (stance, receipt), claims in groups.items()
    ]


def _json(picked: Picked, whole: _Whole, claims: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    first = whole.brief.first
    begun = whole.articles[0].published
    return {
        **picked.as_json(),
        "began": begun.iso,
        "first": article_json(first) if first else None,
        "outlets": whole.brief.value.outlets,
        "sentences": [
            {
                "text": one.text, "article": one.article, "revision": one.revision, "start": one.start, "end": one.end,
                "days": [{"words": d.words, "day": d.day.isoformat()} for d in days_named([one], article)],
                "new": article.id in whole.new,
            }
            for article in whole.articles
            for one in whole.brief.sentences_of(article)
        ],
        "articles": [
            {
                **article_json(article),
                "new": article.id in whole.new,
                "same_text_as": whole.copy_of[article.id].id if article.id in whole.copy_of else None,
            }
            for article in whole.articles
        ],
        "claims": [
            {"claim": claim.id, "party": claim.party, "stance": claim.stance, "receipt": row["receipt"].as_json()}
            for row in claims
            for claim in row["claims"]
        ],
    }  # fmt: skip
