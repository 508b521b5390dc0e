"""A topic's file: what is wrong with its feeds is told before anything is asked."""

from __future__ import annotations

import pytest

from summaries.toml import Problems
from summaries.topic import parse_topic

HEAD = """
topic = {key = "t", name = "T", about = "."}
stances = [{key = "yes", label = "Yes", criterion = ".", bucket = "in", symbol = "+", letter = "Y"}]
"""


def topic(*urls: str) -> str:
    feeds = [f'[[feeds]]\nurl = "{url}"\nname = "N"\nkind = "news"\nlanguage = "en"\nnote = "."' for url in urls]
    return "\n".join([HEAD, *feeds])


def test_one_address_is_one_feed() -> None:
    with pytest.raises(Problems) as wrong:
        parse_topic(topic("https://example.org/a", "https://example.org/b", "http://www.example.org/a/"))
    (sentence,) = wrong.value.problems
    assert sentence.startswith(
        "topic.toml: feeds[3].url = 'http://www.example.org/a/': feeds[1] has this address already"
    )
    assert len(parse_topic(topic("https://example.org/a", "https://example.org/a?of=b")).feeds) == 2


@pytest.mark.parametrize("user", ["anna:hunter2", "hunter2"])
def test_a_password_is_refused_and_not_repeated(user: str) -> None:
    with pytest.raises(Problems) as wrong:
        parse_topic(topic(f"https://{user}@example.org/a"))
    (sentence,) = wrong.value.problems
    assert sentence.startswith("topic.toml: feeds[1].url: it holds a user name or password")
    assert "hunter2" not in sentence
    assert parse_topic(topic("https://example.org/@anna?me=a@b")).feeds
