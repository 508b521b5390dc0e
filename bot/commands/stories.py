"""Stories for a reader: their sentences with the text each is from, and which outlets tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.render.words import published
from summaries.article import Article
from summaries.days import RelativeDay, relative_days
from summaries.language import language_of
from summaries.stories import outlet_of
from summaries.text import collapse

if TYPE_CHECKING:
    from summaries.briefing import StoryBrief
    from summaries.summarize import Sentence


def told(story: StoryBrief) -> dict[str, Any]:
    """Return a story for a template: its sentences by the article they are from, and the outlets that tell it."""
    texts = [(article, story.sentences_of(article)) for article in reversed(story.articles)]
    return {
        **named(story),
        "texts": [
            {
                "article": article,
                "quotes": [collapse(sentence.text) for sentence in sentences],
                "days": days_beside(sentences, article),
            }
            for article, sentences in texts
            if sentences
        ],
        "first": _first(story),
    }


def named(story: StoryBrief) -> dict[str, Any]:
    """Return a story that is only named, for a template."""
    return {
        "title": title_of(story),
        "article": story.articles[0],
        "is_update": story.is_update,
        "others": outlets_besides(story),
    }


def outlets_besides(story: StoryBrief) -> list[Article]:
    """Return one article of each outlet that tells a story, its first: without the one that was first of all."""
    first = _first(story)
    found: dict[str, Article] = {}
    for article in reversed(story.articles):
        found.setdefault(outlet_of(article), article)
    if first is not None:
        found.pop(outlet_of(first), None)
    elif len(found) == 1:
        return []
    return list(found.values())


def _first(story: StoryBrief) -> Article | None:
    """Return the article that was first to tell a story; None where that isn't known, or readers knew it before."""
    return None if story.is_update else story.first


def days_named(sentences: Sequence[Sentence], article: Article) -> list[RelativeDay]:
    """Return the days that sentences of an article name in passing, each once."""
    language = language_of(article)
    found = (day for one in sentences for day in relative_days(collapse(one.text), article.published, language))
    return list(dict.fromkeys(found))


def days_beside(sentences: Sequence[Sentence], article: Article) -> list[RelativeDay]:
    """Return the days that are worth telling beside the article's date: those that are another one."""
    return [one for one in days_named(sentences, article) if one.day != article.published.day]


def title_of(story: StoryBrief) -> str:
    """Return a story's title; one without is called by its publisher or kind of text, and its day."""
    return story.title or untitled(story.articles[0])


def untitled(article: Article) -> str:
    """Return what a story is called that no text gives a title: its newest article's publisher or kind, and day."""
    name = article.publisher or article.label or "text without a title"
    return f"{name[:1].upper()}{name[1:]}, {published(article.published)}"
