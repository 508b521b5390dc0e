"""``story`` and ``why``: the story that is meant, told whole in its own sentences, and why it was picked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answers import Answer, sentence_id
from bot.app import App
from bot.commands import answer
from bot.commands.editions import pick
from bot.library import Library
from bot.posts import briefings as posts
from bot.render import render
from bot.request import LOCAL_READER, Reader, Request, Server, parse
from bot.store import articles, briefings, deliveries, guilds, retention
from bot.store.engine import Store
from bot.why import explain
from summaries.article import Draft, Published
from summaries.briefing import Lengths
from tests.bot.tables import Editor, library

NOW = datetime(2025, 3, 21, 7, tzinfo=UTC)
GUILD = 7

SUMMONED = (
    "Defence ministers of the coalition will meet in Vilnius on Thursday to discuss a force for Ukraine, the "
    "Lithuanian government said.\n\n"
    "The meeting will bring together ministers of twenty countries, according to Dovile Sakaliene of the Lithuanian "
    "defence ministry, who spoke to reporters in the capital on Tuesday.\n\n"
    "Britain and France lead the planning and have said that they are ready to send soldiers after a ceasefire.\n\n"
    "He also said so."
)
MET = (
    "Defence ministers meeting in Vilnius agreed on Thursday to set up a headquarters in Paris for a force for Ukraine."
    "\n\nThe headquarters will open by the end of April with a staff of 200 officers from twelve countries, Dovile "
    "Sakaliene said after the talks.\n\n"
    "Britain and France lead the planning and have said that they are ready to send soldiers after a ceasefire."
)
CARNEY = (
    "Canada has not ruled out sending soldiers to Ukraine, Prime Minister Mark Carney said on Thursday in Ottawa.\n\n"
    "Parliament in Ottawa would have to vote before any Canadian troops left for a peacekeeping mission, he added."
)
OTTAWA = (
    "Before any Canadian troops left for a peacekeeping mission Parliament would have to vote in Ottawa, he added.\n\n"
    "Sending soldiers to Ukraine is not ruled out by Canada, Prime Minister Mark Carney said in Ottawa on Thursday."
)
KREMLIN = "Soldiers of NATO countries in Ukraine would be a target for Russian forces, the Kremlin said in Moscow."


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2025, 3, day, hour, tzinfo=UTC)


def bring(
    store: Store, key: str, name: str, title: str, text: str, when: datetime, *, publisher: str | None = None,
    guild_id: int | None = None, stored: datetime | None = None,
) -> None:  # fmt: skip
    """An article arrives, from a publisher of its own if none is named."""
    published = Published(when, "time", "stated")
    draft = Draft(text, title, publisher or f"The {name}", None, f"https://{name}.example/1", "en", published)
    with store.writing() as conn:
        articles.add(conn, key, f"guid:{name}", draft, article_id=name, guild_id=guild_id, now=stored or when)


def ask(lib: Library, line: str, now: datetime = NOW, guild_id: int | None = None) -> Answer:
    server = Server(guild_id, Reader("channel", "42")) if guild_id else None
    request = parse(line, reader=Reader("user", "1") if server else LOCAL_READER, now=now, server=server)
    assert request is not None
    return answer(request, lib)


def content(found: Answer) -> str:
    return "\n".join(body["content"] for body in render.as_discord(found))


@pytest.fixture
def told(app: App) -> Library:
    """Three stories of the 20th besides the shipped articles; one of them goes on from the 18th."""
    key = app.library.topic.key
    for name, title, text, when in (
        ("wire", "Defence ministers to meet in Vilnius on a force for Ukraine", SUMMONED, at(18, 6)),
        ("copy", "Vilnius will host defence ministers", SUMMONED, at(18, 9)),
        ("post", "Ministers in Vilnius agree on headquarters in Paris", MET, at(20, 17)),
        ("maple", "Canada weighs a role", CARNEY, at(20, 16)),
        ("star", "Carney: Parliament must vote on troops for Ukraine", OTTAWA, at(20, 18)),
        ("east", "Kremlin warns of foreign soldiers in Ukraine", KREMLIN, at(20, 10)),
    ):
        bring(app.store, key, name, title, text, when)
    return app.library


def number_of(lib: Library, words: str) -> int:
    found: int = ask(lib, f"!story {words} 2025-03-20").data["number"]
    return found


# --- the story in full -----------------------------------------------------------------------------------------------


def test_a_story_that_goes_on_is_told_from_its_beginning(told: Library) -> None:
    found = ask(told, "!story headquarters 2025-03-20")
    assert found.ok
    data = found.data
    assert (data["update"], data["date"], data["posted"]) == (True, "2025-03-20", None)
    assert (data["began"], data["first"]["article"]) == ("2025-03-18T06:00:00Z", "wire")
    assert [one["article"] for one in data["articles"]] == ["wire", "copy", "post"]
    assert [one["new"] for one in data["articles"]] == [False, False, True]
    assert [one["same_text_as"] for one in data["articles"]] == [None, "wire", None]
    # The wire and its copy are one outlet.
    assert data["outlets"] == 2
    assert {one["article"] for one in data["sentences"]} == {"wire", "post"}
    text = render.as_text(found)
    assert "Began 2025-03-18 06:00 UTC, first reported by The wire" in text
    assert "3 articles of 2 independent outlets, 1 of them new in this briefing; it is marked as new." in text
    lines = text.splitlines()
    days = [lines.index(day) for day in ("18 March 2025", "20 March 2025")]
    new = next(index for index, line in enumerate(lines) if line.startswith("  New. The post"))
    assert days[0] < days[1] < new
    assert sum("New. " in line for line in lines) == 1
    assert "https://copy.example/1 (the same text as The wire has)" in text
    assert "https://post.example/1 (new)" in text


def test_every_sentence_is_a_slice_and_those_of_the_briefing_are_among_them(told: Library) -> None:
    briefing = ask(told, "!briefing 2025-03-20").data["stories"]
    assert len(briefing) == 4
    for number, brief in enumerate(briefing, start=1):
        found = ask(told, f"!story {number} 2025-03-20")
        sentences = found.data["sentences"]
        for one in sentences:
            article = told.article(one["article"], one["revision"])
            assert article is not None
            assert article.text[one["start"] : one["end"]] == one["text"]
        ids = [sentence_id(one["article"], one["revision"], one["start"], one["end"]) for one in sentences]
        assert len(set(ids)) == len(ids) <= 8
        shown = {sentence_id(one["article"], one["revision"], one["start"], one["end"]) for one in brief["sentences"]}
        assert shown <= set(ids)
        assert found.data["title"] == brief["title"]
        # What everything stands in is the order of time.
        assert [one["published"] for one in found.data["articles"]] == sorted(
            one["published"] for one in found.data["articles"]
        )


def test_what_is_said_twice_stands_there_once(told: Library) -> None:
    text = render.as_text(ask(told, "!story headquarters 2025-03-20"))
    assert text.count("Britain and France lead the planning") == 1


def test_what_the_table_quotes_of_it_has_its_receipts(told: Library) -> None:
    found = ask(told, "!story coalition willing 2025-03-20")
    claims = {one["claim"]: one for one in found.data["claims"]}
    assert claims["de-explainer"]["stance"] == "unclear"
    for receipt in found.receipts:
        article = told.article(receipt.article, receipt.revision)
        assert article is not None
        assert article.text[receipt.start : receipt.end] == receipt.quote
    text = render.as_text(found)
    assert "Spain, Turkey: open to it" in text
    assert "Editor's note: \"President\" is the article's word." in text
    assert "It is quoted for" in text
    assert "!status " in text
    assert not ask(told, "!story kremlin 2025-03-20").data["claims"]


def test_a_removed_text_is_quoted_no_more_and_its_article_still_named(told: Library) -> None:
    with told.store.writing() as conn:
        retention.remove_texts(conn, told.topic.key, [("wire", 1), ("copy", 1)], now=NOW)
    found = ask(told, "!story headquarters 2025-03-20")
    assert {one["article"] for one in found.data["sentences"]} == {"post"}
    assert found.ok


# --- which story is meant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    ["{} 2025-03-20", "{} 20 March 2025", "#{} 2025-03-20", "{}. of 20 March 2025", "2025-03-20 {}",
     "story {} yesterday", "number {} from yesterday?"],
)  # fmt: skip
def test_a_number_and_a_day_are_understood_however_they_are_typed(told: Library, words: str) -> None:
    number = number_of(told, "kremlin")
    for name in ("story", "stories", "why"):
        assert ask(told, f"!{name} {words.format(number)}").data["title"].startswith("Kremlin warns")


def test_words_of_a_title_find_its_story(told: Library) -> None:
    assert ask(told, "!story KREMLIN warn 2025-03-20").data["number"] == number_of(told, "kremlin")
    # In the title of one of its articles.
    found = ask(told, "!story canada role 2025-03-20")
    assert {one["article"] for one in found.data["articles"]} == {"maple", "star"}


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("!story ukraine 2025-03-20", "which_story", 'have "ukraine" in their titles. Which one?'),
        ("!story 2025-03-20", "which_story", "There are 4 stories in the briefing of 20 March 2025 (UTC)"),
        ("!story 5 2025-03-20", "no_such_story", "There are 4 stories in the briefing of 20 March 2025 (UTC)"),
        ("!why 0 2025-03-20", "no_such_story", "numbered from 1."),
        ("!story zebras 2025-03-20", "no_such_story", 'has "zebras" in its title'),
        ("!story 1 2025-13-45", "bad_date", '"2025-13-45" is not a date I know.'),
        ("!story 1 2030-01-01", "bad_date", "is in the future"),
    ],
)
def test_what_means_no_one_story_is_answered_with_those_there_are(
    told: Library, line: str, code: str, said: str
) -> None:
    found = ask(told, line)
    assert found.error is not None
    assert found.error.code == code
    assert said in found.error.message
    assert said in render.as_text(found)
    if code != "bad_date":
        assert 2 <= len(found.actions) <= 5
        for action in found.actions:
            # Each button leads to a story, and the text names its command too.
            assert ask(told, f"!{action.command}").ok
            assert f"!{action.command}" in render.as_text(found)


def test_at_most_five_stories_are_buttons_and_those_only_named_are_found_too(app: App) -> None:
    for number, what in enumerate(["apples", "bridges", "cellos", "dragons", "eagles", "ferries", "gardens", "hotels"]):
        text = f"Nobody in town number {number} has seen so many {what} since the year {1900 + number * 7}."
        bring(app.store, app.library.topic.key, what, f"So many {what}", text, at(19, number))
    app.library.lengths = lambda: Lengths(stories=6)
    found = ask(app.library, "!story 2025-03-19")
    assert len(found.actions) == 5
    assert len(found.data["stories"]) == 8
    named = [one for one in found.data["stories"] if one["number"] is None]
    assert len(named) == 2
    one = ask(app.library, f"!story {named[0]['title']} 2025-03-19")
    assert (one.ok, one.data["title"], one.data["number"]) == (True, named[0]["title"], None)
    assert one.data["sentences"]
    why = ask(app.library, f"!why {named[0]['title']} 2025-03-19")
    assert "the stories that are told have more news value" in render.as_text(why)


def test_a_day_without_a_story_names_the_newest_that_has_one(app: App) -> None:
    for line in ("!story", "!story 1", "!why", "!why talks"):
        found = ask(app.library, line)
        assert found.error is not None
        assert found.error.code == "no_story"
        assert "There is no story of 21 March 2025 (UTC)" in found.error.message
        assert "20 March 2025" in found.error.message
        assert found.data["newest"] == "2025-03-20"
        assert ask(app.library, f"!{found.actions[0].command}").ok
    bring(app.store, app.library.topic.key, "east", "Kremlin warns", KREMLIN, at(19))
    assert ask(app.library, "!story 2025-03-19").ok, "where there is one, it is meant"


def test_one_without_a_title_is_called_as_its_briefing_calls_it(app: App) -> None:
    asked = ask(app.library, "!story 2025-03-20")
    assert "- News report, 20 March 2025: !story 2 2025-03-20" in render.as_text(asked)
    for name in ("story", "why"):
        assert "2: News report, 20 March 2025" in render.as_text(ask(app.library, f"!{name} 2 2025-03-20"))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.text(max_size=40)
    | st.builds("{}{}".format, st.integers(-5, 99999), st.text("0123456789-./ ", max_size=15))
)
def test_whatever_is_asked_a_story_or_a_sentence_is_the_answer(app: App, words: str) -> None:
    found = pick(Request("story", words, LOCAL_READER, NOW), app.library, "story")
    if isinstance(found, Answer):
        assert found.error is not None
        assert found.error.message.rstrip(".?") != found.error.message or "!story" in found.error.message
        return
    # What its button says means the same story.
    again = pick(Request("story", found.command("")[1:], LOCAL_READER, NOW), app.library, "story")
    assert not isinstance(again, Answer)
    assert again.value == found.value


# --- why -------------------------------------------------------------------------------------------------------------


def test_why_tells_what_the_briefing_was_made_by(told: Library) -> None:
    briefing = ask(told, "!briefing 2025-03-20").data["stories"]
    for number, brief in enumerate(briefing, start=1):
        found = ask(told, f"!why {number} 2025-03-20")
        data = found.data
        assert data["reasons"] == brief["reasons"]
        assert [one["text"] for one in data["sentences"]] == [one["text"] for one in brief["sentences"]]
        # Whatever could be chosen was rated, and is accounted for.
        assert data["rated"] == len(data["sentences"]) + sum(data["left_out"].values())
        for one in data["sentences"]:
            assert 1 <= one["place"] <= data["rated"]
            assert one["stands_out"]
        messages = render.as_discord(found)
        assert len(messages) <= 2
        shown = content(found)
        assert ", ".join(brief["reasons"]) in shown
        assert "Rated " in shown


def test_why_without_a_number_is_about_the_first(told: Library) -> None:
    assert ask(told, "!why 2025-03-20").data == ask(told, "!why 1 2025-03-20").data
    text = render.as_text(ask(told, "!why 2 2025-03-20"))
    first, second, third = (ask(told, f"!why {n} 2025-03-20").data["reasons"] for n in (1, 2, 3))
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert lines == [
        f"- Above it, story 1: {', '.join(first)}",
        f"- This story: {', '.join(second)}",
        f"- Below it, story 3: {', '.join(third)}",
    ]


def test_why_says_in_words_what_others_lacked(told: Library) -> None:
    found = ask(told, "!why headquarters 2025-03-20")
    # Of the 18th: what both reports say was told then.
    assert found.data["left_out"] == {"told": 1}
    text = render.as_text(found)
    assert "1 sentence of its new articles is not shown: 1 says nothing new." in text
    assert "Its readers were told of it before, from 2 articles" in text
    assert "stands early" in text
    words = render.as_text(ask(told, "!why canada role 2025-03-20"))
    assert "say what a chosen one says" in words
    assert "is told by others too" in words


def test_rollcall_why_weighs_a_story_as_its_briefing_does(told: Library) -> None:
    brief = ask(told, f"!why {number_of(told, 'kremlin')} 2025-03-20").data
    assert explain(told, "story:east", now=NOW).data["reasons"] == brief["reasons"]


# --- which briefing counts -------------------------------------------------------------------------------------------


class Posting:
    """A server with a briefing at 08:00 UTC; what is due is posted, or dropped, at once."""

    def __init__(self, store: Store) -> None:
        small = library(store)
        self.store = store
        self.library = Library(
            store, small.topic, small.parties, old_after_days=30, lengths=lambda: Lengths(3, 80, "news")
        )
        self.editor = Editor(self.library)
        with store.writing() as conn:
            guilds.joined(conn, GUILD, "A server", now=at(26))
            self.plan = briefings.switch_on(
                conn, self.editor.key, GUILD, channel_id=42, thread_id=None, hour=time(8), zone="UTC", by=5, now=at(26)
            )

    def news(self, name: str, text: str, when: datetime, *, guild_id: int | None = None) -> None:
        bring(self.store, self.editor.key, name, f"About {name}", text, when, guild_id=guild_id)

    def post(self, day: int, *, arrives: bool = True) -> None:
        now = at(day, 8)
        assert posts.make_due(self.library, now=now) == 1
        with self.store.writing() as conn:
            (one,) = deliveries.claim_due(conn, "w", now, 10)
            if arrives:
                deliveries.sent(conn, one.id, 0, 900 + day, now=now)
                deliveries.finish(conn, one.id, now=now)
            else:
                deliveries.drop(conn, one.id, "words", now=now)

    def take_back(self, day: int) -> None:
        with self.store.writing() as conn:
            deliveries.owe(conn, f"retract:{900 + day}", self.plan.place, [], action="delete",
                           target_message_id=900 + day, due_at=at(day), now=at(day))  # fmt: skip

    def ask(self, line: str, day: int, guild_id: int | None = GUILD) -> Answer:
        return ask(self.library, line, at(day, 9), guild_id)


APPLES = "The harbour office has counted four thousand apples in the northern market since the gates opened on Monday."
PEARS = "A storm took the roof off the pear market at night, and seven traders were brought to the town's hospital."
PLUMS = "Growers fear that plums will rot on their trees because the lorries are stuck at the border for a week."


@pytest.fixture
def posting(sqlite_store: Store) -> Posting:
    return Posting(sqlite_store)


def title_of(found: Answer) -> Any:
    return found.data["title"] if found.ok else found.error


def test_in_a_server_the_newest_posted_briefing_counts(posting: Posting) -> None:
    posting.news("apples", APPLES, at(26, 13))
    posting.post(27)
    posting.news("pears", PEARS, at(27, 8) + timedelta(minutes=20))
    found = posting.ask("!story 1", 27)
    assert (title_of(found), found.data["date"], found.data["posted"]) == (
        "About apples", "2025-03-27", "2025-03-27T08:00:00Z",
    )  # fmt: skip
    assert "From the briefing that was posted here for 27 March 2025." in render.as_text(found)
    # Elsewhere it is the day's, as it would be built now.
    for elsewhere in (None, 8):
        assert title_of(posting.ask("!story pears", 27, elsewhere)) == "About pears"
    posting.post(28)
    assert title_of(posting.ask("!story 1", 28)) == "About pears"
    for line in ("!story 1 2025-03-27", "!story 1 27 March 2025", "!story 1 yesterday"):
        assert title_of(posting.ask(line, 28)) == "About apples"
    # Nothing was posted for that day, so it is the UTC day's.
    assert posting.ask("!story apples 2025-03-26", 28).data["posted"] is None


def test_what_nobody_saw_or_was_taken_back_does_not_count(store: Store) -> None:
    posting = Posting(store)
    posting.news("apples", APPLES, at(26, 13))
    posting.post(27)
    posting.news("pears", PEARS, at(27, 13))
    posting.post(28, arrives=False)
    assert title_of(posting.ask("!story 1", 28)) == "About apples"
    posting.post(29)
    assert title_of(posting.ask("!story 1", 29)) == "About pears"
    posting.take_back(29)
    assert title_of(posting.ask("!story 1", 29)) == "About apples"


def test_after_a_quiet_day_the_newest_briefing_with_a_story_is_named(posting: Posting) -> None:
    posting.news("apples", APPLES, at(26, 13))
    posting.post(27)
    posting.post(28)
    found = posting.ask("!story 1", 28)
    assert found.error is not None
    assert found.error.message == (
        "There is no story in the briefing that was posted here for 28 March 2025. The newest one with stories is that "
        "for 27 March 2025: !story 1 2025-03-27"
    )
    assert title_of(posting.ask("!story 1 2025-03-27", 28)) == "About apples"


def test_a_button_means_the_same_story_after_the_next_briefing(posting: Posting) -> None:
    posting.news("apples", APPLES, at(26, 13))
    posting.news("plums", PLUMS, at(26, 14))
    posting.post(27)
    asked: list[tuple[str, Mapping[str, Any]]] = []
    for line in ("!story 1", "!story 2", "!why 1"):
        for action in posting.ask(line, 27).actions:
            asked.append((action.command, posting.ask(f"!{action.command}", 27).data))
    assert len(asked) >= 5
    posting.news("pears", PEARS, at(27, 13))
    posting.post(28)
    for command, before in asked:
        assert posting.ask(f"!{command}", 28).data["title"] == before["title"], command


def test_a_servers_own_story_is_told_there_alone(posting: Posting) -> None:
    with posting.store.writing() as conn:
        guilds.joined(conn, 8, "Another", now=at(26))
    posting.news("pears", PEARS, at(26, 13), guild_id=GUILD)
    posting.post(27)
    own = posting.ask("!story pears", 27)
    assert [one["article"] for one in own.data["articles"]] == ["pears"]
    assert own.data["sentences"]
    for elsewhere in (8, None):
        for line in ("!story 1", "!story pears 2025-03-26", "!why pears 2025-03-26", "!story 1 2025-03-27"):
            assert "pear market" not in render.dumps(render.as_json(posting.ask(line, 27, elsewhere)))


def test_what_a_posted_story_told_is_no_news_in_the_next_and_why_says_so(posting: Posting) -> None:
    posting.news("apples", f"{APPLES}\n\nThey were counted by hand.", at(26, 13))
    posting.post(27)
    more = (
        "The northern market's apples will be weighed on Sunday, the harbour office said.\n\nWhoever brings more than "
        f"ninety apples to the northern market must pay for the weighing.\n\n{APPLES}"
    )
    posting.news("later", more, at(27, 13))
    posting.post(28)
    found = posting.ask("!why 1", 28)
    assert found.data["update"]
    assert found.data["left_out"].get("told") == 1
    assert all(one["text"] != APPLES for one in found.data["sentences"])
    full = posting.ask("!story 1", 28)
    assert [one["new"] for one in full.data["articles"]] == [False, True]
    assert APPLES in [one["text"] for one in full.data["sentences"]]
    # Each sentence knows where it was told.
    shown = found.data["sentences"][0]
    named = sentence_id(shown["article"], shown["revision"], shown["start"], shown["end"])
    assert [one["id"] for one in explain(posting.library, named, now=at(28)).data["shown"]] == [str(GUILD)]


def test_why_gives_the_reasons_of_what_was_posted_not_of_today(posting: Posting) -> None:
    posting.news("apples", APPLES, at(26, 13))
    posting.post(27)
    posting.news("elsewhere", APPLES, at(26, 14))
    assert posting.ask("!why 1", 27).data["reasons"][0] == "1 independent outlet"
    with posting.store.reading() as conn:
        (told_here,) = briefings.told_here(conn, posting.plan.id, 5)
    assert posting.ask("!why 1", 27).data["reasons"] == told_here.value["stories"][0]["reasons"]
