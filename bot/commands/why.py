"""``why [NUMBER or WORDS] [DATE]``: why a story of a briefing stands where it stands, and is told so."""

from __future__ import annotations

from bot.answers import Action, Answer
from bot.commands.asking import frame
from bot.commands.editions import pick
from bot.library import Library
from bot.render.ratings import faults_in_words, left_out_in_words, parts_in_words
from bot.request import Request
from summaries.text import collapse

COMMAND = "why"


def why(request: Request, library: Library) -> Answer:
    """Answer why a story, the first one where none is said, stands where it stands and is told in these sentences.

    All of it is what its briefing noted when it was made.
    """
    picked = pick(request, library, COMMAND, unless_said=1)
    if isinstance(picked, Answer):
        return picked
    by_id = {(article.id, article.revision): article for article in picked.articles(library)[0]}
    shown = [
        (one, article)
        for one in picked.value.get("sentences", ())
        # A text may have been removed since.
        if (article := by_id.get((one["article"], one["revision"])))
        and article.text[one["start"] : one["end"]] == one["text"]
    ]
    reasons = list(picked.value.get("reasons", ()))
    rated, counts = picked.value.get("rated", 0), dict(picked.value.get("left_out", {}))
    number = picked.number or 0
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
            "reasons": reasons,
            "beside": [
                {"number": one.number, "above": one.number == number - 1, "reasons": one.value.get("reasons", ())}
                for one in picked.beside
            ],
            "known": len(picked.value.get("earlier", ())),
            "sentences": [
                {
                    "quote": collapse(one["text"]),
                    "article": article,
                    "place": one.get("place"),
                    "because": parts_in_words(one.get("stands_out", ())),
                    "faults": faults_in_words(one.get("faults", ())),
                }
                for one, article in shown
            ],
            "rated": rated,
            "others": sum(counts.values()),
            "left_out": left_out_in_words(counts),
            "full": picked.command("story"),
        },
        data={
            **picked.as_json(),
            "reasons": reasons,
            "sentences": [
                {
                    **{key: one[key] for key in ("text", "article", "revision", "start", "end")},
                    "place": one.get("place"),
                    "stands_out": list(one.get("stands_out", ())),
                    "faults": list(one.get("faults", ())),
                }
                for one, _ in shown
            ],
            "rated": rated,
            "left_out": counts,
        },
        actions=(
            Action("The story in full", picked.command("story")),
            *(Action(f"Why story {one.number}", one.command(COMMAND)) for one in picked.beside),
        ),
    )
