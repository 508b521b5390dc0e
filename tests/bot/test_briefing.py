"""The briefing: exact slices, nothing twice, nothing that sells, and honest when there is nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DAY = "2025-03-20"

Rollcall = Callable[..., Any]

# How publishers ask for attention, in words of our own: none of it is news.
PROMOTION = [
    "Sign up to our Morning Dispatch newsletter for the stories that matter, delivered at 7am",
    "Listen to the latest episode of The World Tonight podcast wherever you get your podcasts.",
    "Read more: How the front line has moved since January",
    "READ MORE: Five things to know about the summit",
    "Photo: Hannah Weiss/Getty Images",
    "Picture credit: PA Wire",
    "(AP Photo/Omar Haddad)",
    "Share this article on Facebook, X or WhatsApp",
    "Share on Facebook Share on X Copy link",
    "Follow us on Instagram and TikTok for more updates.",
    "Subscribe now for unlimited access to our journalism.",
    "Already a subscriber? Log in here.",
    "Download our app for breaking news alerts.",
    "Click here to join our WhatsApp channel.",
    "Watch: The moment the leaders arrive in London",
    "This article was originally published by The Conversation.",
    "© 2025 Northern Star Media Ltd. All rights reserved.",
    "Advertisement",
    "Related articles",
    "You may also like",
    "Most popular",
    "Support independent journalism by becoming a member today.",
    "We use cookies to improve your experience on this site.",
    "Do you have a story? Email our newsdesk at news@example.org.",
    "Have you heard our podcast The Briefing Room? Anna and Tom go behind the headlines every week.",
    "Our politics newsletter brings you the week's best reporting. Enter your email address to get it.",
    "Comments (214)",
    "Image source, Reuters",
    "Story continues below",
    "Additional reporting by Reuters",
]


def _text_of(rollcall: Rollcall, article: str, revision: int) -> str:
    found: str = rollcall("article", article, "--revision", str(revision), "--json").json["text"]
    return found


def test_every_sentence_is_a_slice_none_twice_both_articles_covered(rollcall: Rollcall) -> None:
    said = rollcall("briefing", "--date", DAY, "--json").json
    sentences = [s for story in said["stories"] for s in story["sentences"]]
    for sentence in sentences:
        text = _text_of(rollcall, sentence["article"], sentence["revision"])
        assert text[sentence["start"] : sentence["end"]] == sentence["text"]
    words = [" ".join(s["text"].split()) for s in sentences]
    assert len(words) == len(set(words))
    assert {s["article"] for s in sentences} == {"explainer", "news-report"}
    assert {a["article"] for story in said["stories"] for a in story["articles"]} == {"explainer", "news-report"}
    assert not any("podcast" in word.casefold() for word in words)


def test_first_statements_are_changes_from_nothing_with_their_receipts(rollcall: Rollcall) -> None:
    said = rollcall("briefing", "--date", DAY, "--json").json
    assert len(said["changes"]) == 15
    assert all(change["from"] is None and change["receipts"] for change in said["changes"])
    assert {c["party"]: c["to"] for c in said["changes"]}["DE"] == "unclear"
    assert said["totals"] == {"in": 4, "maybe": 6, "no": 2, "outside": 1, "organisations": 2}
    assert said["silent_sources"] == []
    for change in said["changes"]:
        for receipt in change["receipts"]:
            text = _text_of(rollcall, receipt["article"], receipt["revision"])
            assert text[receipt["start"] : receipt["end"]] == receipt["quote"]


@pytest.mark.parametrize("day", ["2025-03-19", "2025-03-21", "2020-01-01"])
def test_an_empty_day_is_said_to_be_empty(rollcall: Rollcall, day: str) -> None:
    said = rollcall("briefing", "--date", day, "--json").json
    assert (said["changes"], said["stories"]) == ([], [])
    text = rollcall("briefing", "--date", day).out
    assert "nothing new on file" in text.splitlines()[0]
    assert "No change in the table and no article" in text


def test_a_change_of_position_is_told_from_to_and_why(rollcall: Rollcall, tmp_path: Path) -> None:
    article = tmp_path / "berlin.txt"
    quote = "Germany will contribute soldiers to the force, Chancellor Friedrich Merz said on Wednesday."
    article.write_text(
        "title: Berlin decides\npublisher: Example Wire\nurl: https://news.example/berlin\ndate: 2025-04-02\n\n"
        f"{quote}\n",
        encoding="utf-8",
    )
    stored = rollcall("ingest", str(article), "--json").json["articles"][0]
    text = _text_of(rollcall, stored["article"], 1)
    start = text.index(quote)
    table = tmp_path / "new.toml"
    table.write_text(
        f"""
[[claims]]
id = "de-wire"
party = "DE"
stance = "troops"
troops = "yes"
speaker = "Friedrich Merz"
office = "Chancellor"
source = "official"
reported_on = "2025-04-02"

[[claims.quotes]]
article = "{stored["article"]}"
start = {start}
end = {start + len(quote)}
text = "{quote}"
""",
        encoding="utf-8",
    )
    assert rollcall("table", "import", str(table)).code == 0
    said = rollcall("briefing", "--date", "2025-04-02", "--json").json
    assert [(c["party"], c["from"], c["to"]) for c in said["changes"]] == [("DE", "unclear", "troops")]
    assert said["changes"][0]["receipts"][0]["speaker"] == "Friedrich Merz"
    text = rollcall("briefing", "--date", "2025-04-02").out
    assert "Germany: ready to send troops (counted as In, was Maybe). Before: unclear." in text
    assert "5 in and 2 organisations, 5 maybe" in text
    assert "was: 4 in and 2 organisations, 6 maybe" in text
    status = rollcall("say", "!status Germany", "--json").json
    assert status["answer"]["last_change"] == "2025-04-02"
    assert rollcall("say", "!status Germany as-of 2025-04-01", "--json").json["answer"]["stance"] == "unclear"


@pytest.mark.parametrize("line", PROMOTION)
def test_no_promotion_is_ever_in_a_summary(rollcall: Rollcall, tmp_path: Path, line: str) -> None:
    body = [
        "Ministers from twelve countries met in Oslo on Tuesday to discuss the monitoring of a ceasefire.",
        line,
        "The Norwegian government offered two ships and a field hospital for the mission, its defence ministry said.",
        line,
    ]
    file = tmp_path / "oslo.txt"
    file.write_text("title: Ministers meet in Oslo\ndate: 2025-05-06\n\n" + "\n\n".join(body), encoding="utf-8")
    assert rollcall("ingest", str(file)).code == 0
    said = rollcall("briefing", "--date", "2025-05-06", "--json").json
    printed = [s["text"] for story in said["stories"] for s in story["sentences"]]
    assert printed, "the news itself must be told"
    for sentence in printed:
        assert sentence in {body[0], body[2]}


def test_every_form_tells_the_same(rollcall: Rollcall) -> None:
    data = rollcall("briefing", "--date", DAY, "--json").json
    text = rollcall("briefing", "--date", DAY, "--format", "text").out
    html = rollcall("briefing", "--date", DAY, "--format", "html").out
    discord = rollcall("briefing", "--date", DAY, "--format", "discord").json
    page = _Page()
    page.feed(html)
    seen = " ".join(" ".join(page.words).split())
    posted = "\n\n".join(message["content"] for message in discord["messages"]).replace("\\", "")
    for sentence in [s["text"] for story in data["stories"] for s in story["sentences"]]:
        plain = " ".join(sentence.split())
        assert plain in text
        assert plain in seen
        assert plain in posted
    assert "15 new positions, 2 stories" in text.splitlines()[0]


def test_discord_messages_fit_and_never_ping(rollcall: Rollcall) -> None:
    messages = rollcall("briefing", "--date", DAY, "--format", "discord").json["messages"]
    assert len(messages) > 1
    for message in messages:
        assert len(message["content"].encode("utf-16-le")) // 2 <= 2000
        assert message["allowed_mentions"] == {"parse": []}
        assert message["flags"] & 4
    for left in messages:
        assert not left["content"].startswith("-# "), "a receipt stays with its quote"


def test_the_page_is_whole_and_loads_nothing(rollcall: Rollcall) -> None:
    html = rollcall("briefing", "--date", DAY, "--format", "html").out
    assert html.startswith("<!DOCTYPE html>")
    page = _Page()
    page.feed(html)
    assert page.open == []
    assert not re.search(r"<(?:script|img|link|iframe)\b|src=|@import|url\(", html)


class _Page(HTMLParser):
    """The words of a page, and the tags that were left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--since", "2025-03-20T00:00:00Z", "--until", "2025-03-21T00:00:00Z"), 0),
        (("--since", "2025-03-21", "--until", "2025-03-20"), 1),
        (("--since", "never"), 1),
        (("--date", "2025-02-30"), 1),
        (("--date", "2025-03-20", "--since", "2025-03-20"), 2),
        (("--format", "pdf"), 2),
    ],
)
def test_windows_and_wrong_calls(rollcall: Rollcall, arguments: tuple[str, ...], code: int) -> None:
    said = rollcall("briefing", *arguments)
    assert said.code == code
    assert "Traceback" not in said.err


def test_a_window_says_the_same_as_its_day(rollcall: Rollcall) -> None:
    day = rollcall("briefing", "--date", DAY, "--json").out
    window = rollcall("briefing", "--since", "2025-03-20T00:00:00Z", "--until", "2025-03-21T00:00:00Z", "--json").out
    assert json.loads(day) == json.loads(window)


def _wire(tmp_path: Path, name: str, header: str, body: str) -> str:
    file = tmp_path / name
    file.write_text(f"{header}\n\n{body}\n", encoding="utf-8")
    return str(file)


def test_a_window_inside_a_day_tells_a_change_and_its_story_together(rollcall: Rollcall, tmp_path: Path) -> None:
    quote = "Germany will contribute soldiers to the force, Chancellor Friedrich Merz said on Wednesday."
    file = _wire(tmp_path, "b.txt", "title: Berlin decides\ndate: 2025-04-02T12:00:00Z", quote)
    stored = rollcall("ingest", file, "--json").json["articles"][0]["article"]
    start = _text_of(rollcall, stored, 1).index(quote)
    table = tmp_path / "new.toml"
    table.write_text(
        f"""[[claims]]
id = "de-wire"
party = "DE"
stance = "troops"
speaker = "Friedrich Merz"
source = "official"
reported_on = "2025-04-02"

[[claims.quotes]]
article = "{stored}"
start = {start}
end = {start + len(quote)}
text = "{quote}"
""",
        encoding="utf-8",
    )
    assert rollcall("table", "import", str(table)).code == 0
    for since, until, told in (("04-01T06", "04-02T06", 0), ("04-02T06", "04-03T06", 1), ("04-02T13", "04-03T13", 0)):
        said = rollcall("briefing", "--since", f"2025-{since}:00Z", "--until", f"2025-{until}:00Z", "--json").json
        assert len(said["changes"]) == len(said["stories"]) == told, since


def test_what_a_change_quotes_is_not_told_again_in_a_story(rollcall: Rollcall) -> None:
    said = rollcall("briefing", "--date", DAY, "--json").json
    quoted = {(r["article"], r["start"]) for c in said["changes"] for r in c["receipts"][:1]}
    quoted |= {(r["article"], r["start"]) for f in said["figures"] for r in f["receipts"][:1]}
    told = {(s["article"], s["start"]) for story in said["stories"] for s in story["sentences"]}
    assert not quoted & told


def test_figures_are_told_on_the_day_they_were_reported_only(rollcall: Rollcall) -> None:
    assert len(rollcall("briefing", "--date", DAY, "--json").json["figures"]) == 5
    assert rollcall("briefing", "--date", "2025-03-21", "--json").json["figures"] == []


_FILLER = (
    "Norway offered two ships and a field hospital, and its defence minister said they could sail within a month.\n\n"
    "Delegates from Iceland asked who would pay for the coast guard cutters that patrol the fjords in winter.\n\n"
    "A fishermen's union in Bergen called the plan an unexpected burden on harbours already short of berths."
)


def test_a_sentence_that_two_texts_share_is_told_once(rollcall: Rollcall, home: Path, tmp_path: Path) -> None:
    (home / "config.toml").write_text("[briefing]\nsentences = 10\nwords = 400\n")
    shared = "Ministers from twelve countries met in Oslo on Tuesday to discuss the monitoring of a ceasefire."
    one = _wire(tmp_path, "1.txt", "title: Oslo talks\ndate: 2025-05-06", f"{shared}\n\n{_FILLER}")
    other = _wire(
        tmp_path,
        "2.txt",
        "title: Wheat prices fall again\ndate: 2025-05-06",
        "Farmers in Kansas sold their wheat at the lowest price in nine years, traders in Chicago said on Tuesday.\n\n"
        "Bakeries expect cheaper flour by August, while growers of rye fear a second year without profit.\n\n"
        "A mill owner in Wichita told reporters that storage costs had doubled since the silos were rebuilt."
        f"\n\n{shared}",
    )
    assert rollcall("ingest", one, other).code == 0
    said = rollcall("briefing", "--date", "2025-05-06", "--json").json
    assert len(said["stories"]) == 2, "they are about different things"
    told = [s["text"] for story in said["stories"] for s in story["sentences"]]
    assert told.count(shared) == 1


HOSTILE = "@everyone <@1> [x](https://evil.example) **b** <script>alert(1)</script> \u202eevil \x1b[31m"


def test_hostile_titles_publishers_and_addresses_stay_words(rollcall: Rollcall, tmp_path: Path) -> None:
    """Every template prints through the same few functions; titles, names and links are where outside text enters."""
    header = f'title: T {HOSTILE}\npublisher: P {HOSTILE}\ndate: 2025-05-06\nurl: https://x.example/a)b(c?d=<e>&f="g"'
    body = f"Belgium met with the others in Oslo on Tuesday. {HOSTILE} They agreed on nothing at all, it said."
    assert rollcall("ingest", _wire(tmp_path, "h.txt", header, body)).code == 0
    html = rollcall("briefing", "--date", "2025-05-06", "--format", "html").out
    assert "<script" not in html
    assert "&lt;script" in html
    for message in rollcall("briefing", "--date", "2025-05-06", "--format", "discord").json["messages"]:
        assert "@everyone" not in message["content"]
        assert not re.search(r"(?<!\\\\)\]\(<?https?://evil", message["content"])
        assert "<@1>" not in message["content"]
    for text in (
        rollcall("briefing", "--date", "2025-05-06").out,
        rollcall("say", "!status Belgium").out,
        rollcall("say", "!about").out,
        html,
    ):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "P @everyone" in rollcall("say", "!status Belgium").out


def test_a_quote_never_leaves_its_receipt(rollcall: Rollcall) -> None:
    messages = rollcall("briefing", "--date", DAY, "--format", "discord").json["messages"]
    for message in messages:
        lines = message["content"].split("\n")
        assert not lines[0].startswith(("> ", "-# ")), "each message begins with what its quotes are about"
        last = max(i for i, line in enumerate(lines) if line.startswith("> ")) if "> " in message["content"] else -1
        assert last < len(lines) - 1
        assert not lines[-1].startswith("### "), "a heading goes with what it is above"
        assert "\x1f" not in message["content"]


def test_a_text_without_end_does_not_hold_up_the_briefing(rollcall: Rollcall, tmp_path: Path) -> None:
    file = tmp_path / "endless.txt"
    sentence = "Ministers from twelve countries met in Oslo on Tuesday to discuss the monitoring of a ceasefire. "
    file.write_text("title: Endless\ndate: 2025-05-06\n\n" + sentence * 20_000, encoding="utf-8")
    assert rollcall("ingest", str(file)).code == 0
    said = rollcall("briefing", "--date", "2025-05-06", "--json").json
    assert [s["text"] for s in said["stories"][0]["sentences"]] == [sentence.strip()]


def test_a_day_named_in_passing_has_its_date_in_the_receipt(rollcall: Rollcall, tmp_path: Path) -> None:
    body = "The parliament of Norway approved a plan for 200 soldiers on Tuesday."
    body += " Two ships with all their weapons will leave Oslo on Friday."
    header = "title: Norway approves soldiers\npublisher: The Fjord\ndate: 2026-02-12"
    assert rollcall("ingest", _wire(tmp_path, "n.txt", header, body)).code == 0
    said = rollcall("briefing", "--date", "2026-02-12")
    words = "Counted from that date, “Tuesday” is 10 February 2026, “Friday” is 13 February 2026"
    assert f"The Fjord, 12 February 2026, no link on file. {words}" in " ".join(said.out.split())
    assert words in rollcall("briefing", "--date", "2026-02-12", "--format", "html").out
    sentences = rollcall("briefing", "--date", "2026-02-12", "--json").json["stories"][0]["sentences"]
    assert [one["days"] for one in sentences] == [
        [{"words": "Tuesday", "day": "2026-02-10"}],
        [{"words": "Friday", "day": "2026-02-13"}],
    ]


def test_stories_stand_in_order_of_their_news_value(rollcall: Rollcall, tmp_path: Path) -> None:
    told = (
        "The parliament of Norway approved a plan to build two hundred new harbours for fishing boats along its coast."
    )
    again = (
        "A plan to build two hundred new harbours for fishing boats along Norway's coast was approved by parliament."
    )
    other = "Farmers in the south of Portugal lost most of their wheat to a drought that has lasted since the autumn."
    for name, publisher, hour, text in (
        ("a", "The Fjord", "11T06", told),
        ("b", "Harbour News", "11T07", again),
        ("c", "O Campo", "12T20", other),
    ):
        title = "Drought in Portugal" if name == "c" else "Norway approves harbours"
        header = f"title: {title}\npublisher: {publisher}\ndate: 2026-02-{hour}:00:00Z"
        assert rollcall("ingest", _wire(tmp_path, f"{name}.txt", header, text)).code == 0
    stories = rollcall("briefing", "--since", "2026-02-11", "--until", "2026-02-13", "--json").json["stories"]
    # The newest is told by one outlet only.
    assert [(one["title"], one["outlets"]) for one in stories] == [
        ("Norway approves harbours", 2),
        ("Drought in Portugal", 1),
    ]
    assert "2 independent outlets" in stories[0]["reasons"]
