"""``why [NUMBER or WORDS] [DATE]``: why a story of a briefing stands where it stands, and is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.answers import Action, Answer
from bot.commands.asking import frame
from bot.commands.editions import Edition, Picked, pick
from bot.library import Library
from bot.render.ratings import faults_in_words, left_out, left_out_in_words, place_of, speaks_for
from bot.request import Request
from bot.store import articles
from summaries.article import Article
from summaries.language import language_of
from summaries.text import Span, collapse

if TYPE_CHECKING:
    from summaries.summarize import Rated

COMMAND = "why"


def why(request: Request, library: Library) -> Answer:
    """Answer why a story, the first one where none is said, stands where it stands and is told in these sentences."""
    picked = pick(request, library, COMMAND, unless_said=1)
    if isinstance(picked, Answer):
        return picked
    new, _ = picked.articles(library)
    by_id = {(article.id, article.revision): article for article in new}
    rated = _rate(picked, new, library, request.guild_id) if picked.kind == "told" else []
    own = {(one.sentence.article, one.sentence.revision, one.sentence.start, one.sentence.end): one for one in rated}
    shown = []
    for one in picked.value.get("sentences", ()):
        article = by_id.get((one["article"], one["revision"]))
        if article is not None and article.text[one["start"] : one["end"]] == one["text"]:
            found = own.get((article.id, article.revision, one["start"], one["end"]))
            shown.append((one, article, found))
    number = picked.number or 0
    counts = left_out(rated, [found for _, _, found in shown if found])
    return Answer(
        command=COMMAND,
        template="why",
        view={
            **frame(request, library, min(picked.edition.day, request.now.date()), False),
            "number": picked.number,
            "title": picked.name(library),
            "edition": picked.edition.name,
            "kind": picked.kind,
            "told": len(picked.edition.stories),
            "reasons": picked.value.get("reasons", ()),
            "beside": [
                {"number": one.number, "above": one.number == number - 1, "reasons": one.value.get("reasons", ())}
                for one in picked.beside
            ],
            "known": len(picked.value.get("earlier", ())),
            "sentences": [
                {
                    "quote": collapse(one["text"]),
                    "article": article,
                    "place": place_of(found, rated) if found else None,
                    "because": speaks_for(found, rated) if found else (),
                    "faults": faults_in_words(found) if found else "",
                }
                for one, article, found in shown
            ],
            "rated": len(rated),
            "others": counts.total(),
            "left_out": left_out_in_words(counts),
            "full": picked.command("story"),
        },
        data={
            **picked.as_json(),
            "reasons": list(picked.value.get("reasons", ())),
            "sentences": [
                {
                    **{key: one[key] for key in ("text", "article", "revision", "start", "end")},
                    "place": place_of(found, rated) if found else None,
                    "parts": {name: round(value, 3) for name, value in found.parts.items()} if found else {},
                    "faults": sorted(found.faults) if found else [],
                }
                for one, _, found in shown
            ],
            "rated": len(rated),
            "left_out": dict(counts),
        },
        actions=(
            Action("The story in full", picked.command("story")),
            *(Action(f"Why story {one.number}", one.command(COMMAND)) for one in picked.beside),
        ),
    )


def _rate(picked: Picked, new: list[Article], library: Library, guild_id: int | None) -> list[Rated]:
    """Rate the sentences of a story as its briefing did: beside what it quotes elsewhere, and what was told before."""
    from summaries.novelty import Told
    from summaries.summarize import rate_sentences

    edition = picked.edition
    told = Told(_known(edition, library, guild_id), library.parties)
    languages = {article.id: language_of(article) for article in new}
    for story in edition.stories[: (picked.number or 1) - 1]:
        for article in story.articles(library)[0]:
            languages[article.id] = language_of(article)
        for one in story.value["sentences"]:
            told.add(one["text"], languages[one["article"]])
    lengths = library.lengths().of(edition.length)
    return rate_sentences(
        new,
        sentences=lengths.sentences,
        words=lengths.words,
        ranker=lengths.ranker,
        avoid=list(_quoted(edition)),
        told=told,
    )


def _known(edition: Edition, library: Library, guild_id: int | None) -> list[Article]:
    """Return the articles that the readers of an edition were told from before it."""
    from summaries.briefing import KNOWN_FOR, day_window

    if edition.posted_at is None:
        since = day_window(edition.day).since
        return library.window(since - KNOWN_FOR, since, guild_id)
    with library.reading() as connection:
        return articles.shown_to(
            connection, library.topic.key, "guild", str(guild_id), since=edition.posted_at - KNOWN_FOR,
            until=edition.posted_at,
        )  # fmt: skip


def _quoted(edition: Edition) -> Iterator[tuple[str, int, Span]]:
    """Yield what an edition quotes for changes of the table and for figures: its stories leave that out."""
    for row in (*edition.value.get("changes", ()), *edition.value.get("figures", ())):
        for one in row["receipts"][:1]:
            yield one["article"], one["revision"], Span(one["start"], one["end"])
