"""Which story is meant: of the briefing that was posted where it is asked, or of a day's as it would be built now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from bot.answers import Action, Answer, mistake
from bot.commands.briefing import briefing_of
from bot.commands.stories import untitled
from bot.library import Library
from bot.render.words import day as day_in_words
from bot.render.words import iso, plural
from bot.request import BadDate, Request, parse_day
from bot.store import articles, briefings
from summaries.article import Article, parse_date

BUTTONS: Final = 5
"""How many stories are offered as buttons."""

_LOOKED_AT: Final = 10
"""How many of a server's newest briefings are looked at for one that has a story."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A briefing whose stories can be asked for: its day and ``value``, what it tells as programs have it.

    ``posted_at`` is when it was made (aware UTC) for the server that asks; None where it was built just now, for a UTC
    day.
    """

    day: date
    value: Mapping[str, Any]
    posted_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        if self.posted_at is not None:
            return f"the briefing that was posted here for {day_in_words(self.day)}"
        return f"the briefing of {day_in_words(self.day)} (UTC)"

    @property
    def stories(self) -> list[Picked]:
        """The stories it tells, by their numbers."""
        told = enumerate(self.value.get("stories", ()), start=1)
        return [Picked(self, number, "told", value) for number, value in told]

    @property
    def all_stories(self) -> list[Picked]:
        """All stories it names: those that it tells, then those of which only the titles stand there."""
        named: list[Picked] = [Picked(self, None, "named", value) for value in self.value.get("more_stories", ())]
        retold: list[Picked] = [Picked(self, None, "retold", value) for value in self.value.get("retold_stories", ())]
        return [*self.stories, *named, *retold]


@dataclass(frozen=True, slots=True)
class Picked:
    """A story of an edition, as programs have it; ``number`` is None where only its title is told.

    It is ``named`` only where others had more news value, ``retold`` where it says nothing new.
    """

    edition: Edition
    number: int | None
    kind: Literal["told", "named", "retold"]
    value: Mapping[str, Any]

    @property
    def title(self) -> str:
        """Its title, or another word by which it is found: of a story without one its publisher."""
        return self.value["title"] or self.value["articles"][0]["publisher"] or "A text without a title"

    def name(self, library: Library) -> str:
        """Return its title, or what a briefing calls it without one."""
        if self.value["title"]:
            return str(self.value["title"])
        newest = self.value["articles"][0]
        with library.reading() as connection:
            article = articles.get(connection, library.topic.key, newest["article"], newest["revision"])
        return untitled(article) if article else self.title

    @property
    def titles(self) -> list[str]:
        """The titles of its articles."""
        told = (*self.value.get("articles", ()), *self.value.get("earlier", ()))
        return [one["title"] for one in told if one["title"]]

    @property
    def beside(self) -> list[Picked]:
        """The stories that are told right above and below it."""
        if self.number is None:
            return []
        told = self.edition.stories
        return [*told[max(0, self.number - 2) : self.number - 1], *told[self.number : self.number + 1]]

    def command(self, name: str) -> str:
        """Return the command ``name`` about this story, for a button: it means the same tomorrow."""
        which = self.number if self.number is not None else " ".join(_words(self.title))
        return f"{name} {which} {self.edition.day}"

    def articles(self, library: Library) -> tuple[list[Article], list[Article]]:
        """Return the articles that tell it anew, and those its readers were told it from before, the oldest first.

        Each is the revision that was told. Those without a date come last.
        """
        with library.reading() as connection:
            found = (
                [
                    article
                    for one in self.value.get(kind, ())
                    if (article := articles.get(connection, library.topic.key, one["article"], one["revision"]))
                ]
                for kind in ("articles", "earlier")
            )
            new, earlier = (sorted(some, key=oldest_first) for some in found)
        return new, earlier

    def as_json(self) -> dict[str, Any]:
        """Return which story it is, as every answer about one begins."""
        return {
            "date": self.edition.day.isoformat(),
            "posted": iso(self.edition.posted_at) if self.edition.posted_at else None,
            "number": self.number,
            "title": self.value["title"],
            "update": bool(self.value.get("earlier")),
        }


def oldest_first(article: Article) -> tuple[bool, datetime, str]:
    """Return a key that sorts articles by when they were published, those without a date last."""
    at = article.published.at
    return at is None, at or datetime.max.replace(tzinfo=UTC), article.id


def pick(request: Request, library: Library, command: str, *, unless_said: int | None = None) -> Picked | Answer:
    """Find the story that is asked for by "NUMBER [DATE]" or "WORDS [DATE]"; else an answer that says what there is.

    ``unless_said`` is the number that is meant where none is said.
    """
    try:
        which, day = _which(request)
    except BadDate as error:
        return mistake(command, "bad_date", str(error))
    edition = edition_of(request, library, day)
    stories = edition.stories
    number = re.fullmatch(r"#?(\d{1,4})[.):]?", which)
    if not edition.all_stories or (number and not stories):
        return _no_story(request, library, command, edition)
    if number or (not which and unless_said is not None and stories):
        wanted = int(number[1]) if number else unless_said
        found = [one for one in stories if one.number == wanted]
        return (
            found[0]
            if found
            else _ask(request, library, command, "no_such_story", _how_many(edition), edition, stories)
        )
    if not which and len(edition.all_stories) == 1:
        return edition.all_stories[0]
    if not which:
        return _ask(
            request, library, command, "which_story", f"Which story? {_how_many(edition)}", edition, edition.all_stories
        )
    titled = [one for one in edition.all_stories if _holds(one.title, which)]
    titled = titled or [one for one in edition.all_stories if any(_holds(title, which) for title in one.titles)]
    if len(titled) == 1:
        return titled[0]
    shown = f'"{which if len(which) <= 60 else which[:59] + "…"}"'
    if titled:
        said = f"{len(titled)} stories of {edition.name} have {shown} in their titles. Which one?"
        return _ask(request, library, command, "which_story", said, edition, titled)
    said = f"No story of {edition.name} has {shown} in its title."
    return _ask(request, library, command, "no_such_story", said, edition, edition.all_stories)


def _which(request: Request) -> tuple[str, date | None]:
    """Split what stands for a story from the day at either end; raises :class:`~bot.request.BadDate`."""
    words, day = _split_day(request.words.strip(" .?!").split(), request.now.date())
    # "!why is story 2 first" asks about story 2.
    while words and words[0].casefold() in {"is", "was", "story", "stories", "number", "no", "no."}:
        words = words[1:]
    while words and words[-1].casefold() in {"of", "on", "from", "for"}:
        words = words[:-1]
    return " ".join(words), day


def _split_day(words: Sequence[str], today: date) -> tuple[Sequence[str], date | None]:
    """Take the longest stretch at either end that is a day away; raises for one that was meant as a day and is none."""
    for size in range(min(len(words), 6), 0, -1):
        for dated, rest in ((words[-size:], words[:-size]), (words[:size], words[size:])):
            if _is_day(" ".join(dated)):
                return rest, parse_day(" ".join(dated), today)
    for word in words:
        if re.fullmatch(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}", word):
            parse_day(word, today)
    return words, None


def _is_day(text: str) -> bool:
    if text.casefold().rstrip(",") in {"today", "yesterday"}:
        return True
    found = parse_date(text)
    return found is not None and found.day is not None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _holds(title: str, words: str) -> bool:
    """Tell whether each word, or its beginning, stands in a title."""
    held = _words(title)
    wanted = _words(words)
    return bool(wanted) and all(any(word.startswith(one) for word in held) for one in wanted)


# --- which briefing --------------------------------------------------------------------------------------------------


def edition_of(request: Request, library: Library, day: date | None) -> Edition:
    """Return the briefing whose stories count where it is asked.

    In a server the newest that was posted there, or that of ``day`` in its own calendar; where none was, and anywhere
    else, the briefing of that UTC day, today's without one, as it would be built now.
    """
    posted = _posted(request, library, 1, day)
    return posted[0] if posted else _built(request, library, day or request.now.date())


def _posted(request: Request, library: Library, limit: int, day: date | None = None) -> list[Edition]:
    if request.guild_id is None:
        return []
    with library.reading() as connection:
        plan = briefings.plan_of(connection, library.topic.key, request.guild_id)
        told = briefings.told_here(connection, plan.id, limit, day) if plan else []
    return [Edition(one.local_date, one.value, one.made_at) for one in told]


def _built(request: Request, library: Library, day: date) -> Edition:
    # The newsroom's rankers are heavy to load and only needed here.
    from summaries.briefing import day_window

    # Whoever asks for one story asks for the next.
    value = library.once(
        ("edition", day, request.guild_id), lambda: briefing_of(day_window(day), request, library).data
    )
    return Edition(day, value)


# --- what to say where no story is found ------------------------------------------------------------------------------


def _no_story(request: Request, library: Library, command: str, edition: Edition) -> Answer:
    """Say that a briefing has no story, and name the newest that has."""
    other: tuple[str, str] | None = None
    if edition.posted_at is not None:
        said = f"There is no story in {edition.name}."
        told = next((one for one in _posted(request, library, _LOOKED_AT) if one.stories), None)
        if told is not None:
            other = f"The newest one with stories is that for {day_in_words(told.day)}", told.day.isoformat()
    else:
        said = f"There is no story of {day_in_words(edition.day)} (UTC): no article of that day is on file."
        newest = library.shelf(request.now.date(), request.guild_id).newest
        if newest is not None and newest != edition.day:
            other = f"The newest day that has one is {day_in_words(newest)}", newest.isoformat()
    typed = f"{command} 1 {other[1]}" if other else None
    message = f"{said} {other[0]}: {request.prefix}{typed}" if other else f"{said} None is on file at all."
    return mistake(
        command,
        "no_story",
        message,
        data={"date": edition.day.isoformat(), "newest": other[1] if other else None, "stories": []},
        actions=(Action("Story 1 of that day", typed),) if typed else (),
    )


def _how_many(edition: Edition) -> str:
    count = len(edition.stories)
    numbers = ", numbered from 1" if count > 1 else ": number 1" if count else " that is told, only titles"
    return f"There {'is' if count == 1 else 'are'} {plural(count, 'story', 'stories')} in {edition.name}{numbers}."


def _ask(
    request: Request,
    library: Library,
    command: str,
    code: str,
    message: str,
    edition: Edition,
    stories: Sequence[Picked],
) -> Answer:
    """Answer that no one story is meant, with those that could be."""
    failed = mistake(command, code, message)
    offered = [(one.number, one.name(library), one.command(command)) for one in stories]
    return Answer(
        command=command,
        template="which-story",
        view={
            "message": message,
            "stories": [{"number": number, "title": name, "typed": typed} for number, name, typed in offered],
            "prefix": request.prefix,
        },
        data={
            "date": edition.day.isoformat(),
            "stories": [{"number": one.number, "title": one.value["title"]} for one in stories],
        },
        error=failed.error,
        actions=tuple(
            Action(f"{number}. {name}" if number else name, typed) for number, name, typed in offered[:BUTTONS]
        ),
        personal=True,
    )
