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


FEED = '[[feeds]]\nurl = "https://example.org/f"\nname = "N"\nkind = "news"\nlanguage = "en"\nnote = "."\n'
LEADER = '[[names.leaders]]\nname = "A"\nparty = "DE"\noffice = "O"\n'
SIGN = '[[relevance.signs]]\nkey = "k"\nlabel = "L"\nweight = 0.5\nwords = ["w"]\n'
KEY = "small letters, digits and hyphens, beginning with a letter"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        # One mistake is one sentence.
        (
            HEAD.replace("criterion", "criterium"),
            "stances[yes].criterium: unknown key. Did you mean 'criterion'? Allowed here: bucket, conditional_label, "
            "criterion, key, label, letter, roles, symbol.",
        ),
        (HEAD.replace('"Yes"', "5"), "stances[yes].label = 5: it must be text in quotes."),
        (HEAD.replace('"Y"', '"YES"'), "stances[yes].letter = 'YES': it must have at most 1 character."),
        (HEAD.replace('"t"', '"My Key"'), f"topic.key = 'My Key': it must be {KEY}."),
        (HEAD.partition("stances")[0] + "stances = []", "stances = []: it must have at least 1 item."),
        (HEAD.partition("stances")[0] + "stances = 'x'", "stances = 'x': it must be a list, in [ ]."),
        (
            HEAD + FEED.replace("[[feeds]]", "[feeds]"),
            "feeds: it must be a list: write [[feeds]] above each of its rows, where [feeds] stands.",
        ),
        (
            f"feeds = ['https://example.org']{HEAD}",
            "feeds[1] = 'https://example.org': it must be a table with these keys: everything, kind, language, name, "
            "note, url.",
        ),
        (
            f"relevance = 5{HEAD}",
            "relevance = 5: it must be a table with these keys: keywords, lists, needs, signs, threshold.",
        ),
        (
            HEAD + FEED.replace("https://", ""),
            "feeds[1].url = 'example.org/f': it must be an address that begins with http:// or https://.",
        ),
        (HEAD + FEED + "everything = 'yes'", "feeds[1].everything = 'yes': it must be true or false."),
        (
            HEAD + LEADER + "since = '2025-03-20'",
            "names.leaders[1].since = '2025-03-20': it must be a date without quotes, such as 2025-03-20.",
        ),
        (
            HEAD + LEADER + "since = 2025-03-20T10:00:00Z",
            "names.leaders[1].since = 2025-03-20T10:00:00+00:00: it must be a date without quotes, such as 2025-03-20.",
        ),
        (HEAD + LEADER + "since = 2025-13-20", "line 8: 2025-13-20 is no date; one is written like 2025-03-20."),
        (HEAD + LEADER + "since = 2025-02-30", "line 8: 2025-02-30 is no date; one is written like 2025-03-20."),
        (HEAD + "x y", "not valid TOML: Expected '=' after a key in a key/value pair (at line 4, column 3)."),
        (HEAD + SIGN.replace("0.5", "'much'"), "relevance.signs[k].weight = 'much': it must be a number."),
        (HEAD + SIGN.replace("0.5", "3"), "relevance.signs[k].weight = 3: it must be less than or equal to 1."),
        (
            HEAD + SIGN.replace('"w"', '"-"'),
            "relevance.signs[k].words[1] = '-': it must be text with a letter or digit.",
        ),
        (HEAD + "[relevance.lists]\n'My List' = ['w']", f"relevance.lists: the name 'My List' must be {KEY}."),
        # One mistake in many places, too.
        (
            HEAD + 3 * FEED.replace("note = ", "everything = true # "),
            "feeds[1].note: missing. It must be given. So in 2 more places.",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(Problems) as wrong:
        parse_topic(text)
    assert wrong.value.problems == (f"topic.toml: {sentence}",)


def test_two_mistakes_are_two_sentences() -> None:
    with pytest.raises(Problems) as wrong:
        parse_topic(HEAD + FEED.replace("note", "remark"))
    assert [problem.partition(": ")[2][:22] for problem in wrong.value.problems] == [
        "feeds[1].note: missing",
        "feeds[1].remark: unkno",
    ]
