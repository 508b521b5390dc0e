"""``rollcall why``: each thing is explained by what is on file, in words, and nothing is said of what it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import why
from bot.answers import sentence_id
from bot.app import App
from bot.library import Library
from bot.store import articles, briefings, claims, deliveries, events, feeds, guilds, pages, retention
from bot.store.deliveries import Place
from bot.store.engine import Store
from bot.store.schema import article, article_revision, subscriber_update
from bot.why import Explained, explain
from bot.why.article import text_change
from summaries.article import Draft, Published
from summaries.toml import Problems
from summaries.topic import Feed
from tests.bot import tables

NOW = datetime(2025, 3, 21, 7, 0, tzinfo=UTC)
Rollcall = Callable[..., Any]

TEXT = (
    "Britain and France said on Thursday that the coalition of the willing would send soldiers to Ukraine.\n\n"
    "Ministers of Poland met in Warsaw to speak about trains.\n\n"
    "The talks go on next week in Vilnius, where defence chiefs will compare what each country can give."
)


def draft(text: str = TEXT, title: str | None = "Ready for Ukraine", **more: Any) -> Draft:
    values: dict[str, Any] = {
        "publisher": "The Wire", "url": "https://wire.example/ready", "language": "en",
        "published": Published(NOW - timedelta(hours=1), "time", "stated"), **more,
    }  # fmt: skip
    return Draft(text, title, **values)


def add(app: App, name: str = "ready", text: Draft | None = None, **more: Any) -> articles.Stored:
    with app.store.writing() as conn:
        values = {"article_id": name, "now": NOW, **more}
        return articles.add(conn, app.library.topic.key, f"guid:{name}", text or draft(), **values)


def of(app: App, identifier: str) -> Explained:
    return explain(app.library, identifier, now=NOW)


def section(found: Explained, heading: str) -> list[str]:
    (lines,) = [lines for title, lines in found.sections if title == heading]
    return lines


# --- articles --------------------------------------------------------------------------------------------------------


def test_a_shipped_article(app: App) -> None:
    found = of(app, "explainer")
    assert (found.kind, found.id, found.data["shipped"], found.data["feed"]) == ("article", "explainer", True, None)
    assert section(found, "Where it came from")[0] == "Shipped with the dossier."
    assert "the dossier's own name explainer" in section(found, "Where it came from")[-1]
    assert section(found, "News or background") == ["Background: shipped articles are never news."]
    assert "United Kingdom (10)" in section(found, "It speaks of")[0]
    quoted = section(found, "Quoted by")
    assert "- claim:it-explainer, approved: explainer@1:2892-2992" in quoted
    assert len(quoted) == len(set(quoted)) == len(found.data["quoted_by"])
    assert of(app, "EXPLAIN").data == found.data, "its start is enough"
    assert json.loads(json.dumps(found.as_json()))["v"] == 1


def test_the_words_by_which_it_belongs_stand_where_they_are_said_to(app: App) -> None:
    add(app, relevance=articles.Relevant(True, 0.75))
    found = of(app, "ready").data["relevance"]
    assert (found["relevant"], found["score"], found["threshold"]) == (
        True,
        0.75,
        app.library.topic.relevance.threshold,
    )
    assert found["reasons"]
    for reason in found["reasons"]:
        place = draft().title if reason["place"] == "title" else TEXT
        assert place is not None
        assert place[reason["start"] : reason["end"]] == reason["words"]
        assert f'"{reason["words"]}"' in of(app, "ready").as_text()


def test_one_that_is_off_the_topic_says_so(app: App) -> None:
    add(app, relevance=articles.Relevant(False, 0.1))
    text = of(app, "ready").as_text()
    assert "0.10; " in text
    assert "It does not belong to the topic, and is shown nowhere." in text
    assert "News, but off the topic: not shown." in text
    assert (
        section(of(app, "story:ready"), "The story of article ready")[-1] == "It is in no story: it is off the topic."
    )


def from_feed(app: App, *, before: timedelta, text: Draft | None = None, guild_id: int | None = None) -> int:
    """Store an article of a feed that was first read some time before; return the feed's id."""
    key = app.library.topic.key
    listed = Feed(url="https://wire.example/feed", name="The Wire", kind="news", language="en", note="")
    with app.store.writing() as conn:
        feeds.sync(conn, key, [listed], now=NOW - before)
        (feed_id,) = [one.id for one in feeds.due(conn, key, NOW, 99) if one.url == listed.url]
        feeds.succeeded(
            conn, feed_id, etag=None, last_modified=None, body_digest=None, asks_seconds=None, moved_to=None,
            next_poll_at=NOW, now=NOW - before,
        )  # fmt: skip
        articles.add(
            conn, key, ["guid:https://wire.example/feed:1", "url:wire.example/ready"], text or draft(),
            article_id="ready", feed_id=feed_id, guild_id=guild_id, now=NOW, background=before == timedelta(),
        )  # fmt: skip
    return feed_id


def test_one_from_a_feed_names_it_and_all_its_own_names(app: App) -> None:
    feed_id = from_feed(app, before=timedelta(days=1))
    found = of(app, "ready")
    assert found.data["feed"] == {"id": feed_id, "name": "The Wire", "url": "https://wire.example/feed"}
    where = section(found, "Where it came from")
    assert where[0] == "From the feed The Wire (https://wire.example/feed), of the dossier."
    assert where[-2:] == ["- the guid https://wire.example/feed:1", "- the address wire.example/ready"]
    assert section(found, "News or background") == ["News: briefings show it, once each."]
    assert found.data["because"] == "News: briefings show it, once each."


def test_why_it_is_background(app: App) -> None:
    from_feed(app, before=timedelta())
    assert "in its feed already when that was first read" in of(app, "ready").data["because"]
    old = draft(published=Published(NOW - timedelta(days=5), "time", "stated"), text="Other words.")
    add(app, "old", old, background=True)
    assert of(app, "old").data["because"] == "Background: 5 days old when it was stored. Up to 3 days would be news."


def test_a_servers_own_article_is_that_servers(app: App) -> None:
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "Nordwind", now=NOW)
    add(app, guild_id=7)
    found = of(app, "ready")
    assert found.data["server"] == 7
    assert "Only server 7 sees it" in found.as_text()
    assert "Nordwind" not in found.as_text()


def test_revisions_tell_what_changed_and_not_what_is_said(app: App) -> None:
    add(app)
    with app.store.writing() as conn:
        for text in (
            draft(TEXT.replace("Poland", "Poland and Lithuania")),
            draft(TEXT.replace("Poland", "Poland and Lithuania"), "Readier"),
            draft(TEXT.replace("Poland", "Poland and Lithuania"), "Readier", url="https://wire.example/x"),
        ):
            articles.add(conn, app.library.topic.key, "guid:ready", text, now=NOW)
    found = of(app, "ready")
    place = TEXT.index("met in Warsaw")
    assert [one["changes"] for one in found.data["revisions"]] == [
        ["first stored"],
        [f"in the text 0 characters at {place} became 14 characters"],
        ['the title was "Ready for Ukraine", now "Readier"'],
        ["another address"],
    ]
    assert found.data["revision"] == 4
    assert "Lithuania" not in "\n".join(section(found, "Revisions"))


@settings(max_examples=60, deadline=None)
@given(start=st.text("ab", max_size=6), old=st.text("ab", max_size=4), new=st.text("ab", max_size=4), end=st.text("ab"))
def test_a_change_of_a_text_is_no_larger_than_it_is(start: str, old: str, new: str, end: str) -> None:
    before, after = start + old + end, start + new + end
    match = re.fullmatch(r"in the text (\d+) characters? at (\d+) became (\d+) characters?", text_change(before, after))
    assert match is not None
    gone, at, came = (int(number) for number in match.groups())
    assert before[:at] == after[:at]
    assert before[at + gone :] == after[at + came :]
    assert gone <= len(old)
    assert came <= len(new)


def test_copies_name_the_first_and_the_first_its_copies(app: App) -> None:
    add(app)
    add(app, "again", draft("Nearly the same.", url="https://other.example/1", publisher="Other"))
    with app.store.writing() as conn:
        articles.change(conn, app.library.topic.key, "again", {"copy_of": "ready"})
    first, again = of(app, "ready"), of(app, "again")
    assert (first.data["copy_of"], first.data["copies"]) == (None, ["again"])
    assert (again.data["copy_of"], again.data["copies"]) == ("ready", ["ready"])
    assert section(first, "Copies")[0] == "It was the first with its text."
    alike = "nearly the same text (0% of the shorter one, in runs of three words) as ready"
    assert section(again, "Copies")[0] == f"It has {alike}, which was stored first."
    add(app, "same", draft(url="https://third.example/1"))
    with app.store.writing() as conn:
        articles.change(conn, app.library.topic.key, "same", {"copy_of": "ready"})
    assert section(of(app, "same"), "Copies")[0] == "It has the same text as ready, which was stored first."


@pytest.mark.parametrize(
    ("state", "note", "said"),
    [
        ("wanted", "Too slow.", "Only a teaser so far: its page is still to be read (Too slow)."),
        ("walled", "It asks to pay.", "Only a teaser: its page is behind a wall (It asks to pay)."),
        ("failed", "It is gone.", "Only a teaser: its page could not be read (It is gone)."),
    ],
)
def test_what_became_of_its_page(app: App, rollcall: Rollcall, state: Any, note: str, said: str) -> None:
    add(app, wants_page=True)
    again = NOW + timedelta(minutes=30) if state == "wanted" else None
    with app.store.writing() as conn:
        pages.missed(conn, app.library.topic.key, "ready", note, state=state, next_at=again)
    lines = section(of(app, "ready"), "Its page")
    assert lines[:2] == [said, "Tried 1 time without success."]
    assert lines[2:] == (["Next try 2025-03-21 07:30 UTC."] if again else [])
    assert of(app, "ready").data["page"]["state"] == state
    assert f"Text: {said}" in rollcall("article", "ready").out


def test_a_page_that_was_read_says_from_which_revision_on(app: App) -> None:
    add(app, wants_page=True)
    with app.store.writing() as conn:
        pages.read(conn, app.library.topic.key, "ready", draft("The whole page."), now=NOW)
    assert section(of(app, "ready"), "Its page") == [
        "Its feed holds only a teaser; from revision 2 on the text is its page's."
    ]


def test_a_text_that_came_whole_later_is_not_said_to_be_its_pages(app: App) -> None:
    add(app, wants_page=True)
    with app.store.writing() as conn:
        pages.read(conn, app.library.topic.key, "ready", draft("The whole page."), now=NOW)
    add(app, text=draft(f"{TEXT}\n\nMore of it."))
    found = of(app, "ready")
    assert section(found, "Its page") == [
        "Its page was read while there was only a teaser; the text it has now is not the page's: it came whole."
    ]
    assert (found.data["page"]["state"], found.data["page"]["revision"]) == ("read", None)


def test_a_page_that_is_to_be_read_again_was_not_tried_in_vain(app: App) -> None:
    add(app, wants_page=True)
    with app.store.writing() as conn:
        pages.read(conn, app.library.topic.key, "ready", draft("The whole page."), now=NOW)
        retention.remove_texts(conn, app.library.topic.key, [("ready", 1), ("ready", 2)], now=NOW)
    add(app, text=draft("Ready ...", "Ready now"), teaser=True)
    assert section(of(app, "ready"), "Its page") == [
        "Only a teaser so far: its page is still to be read.", "Next try 2025-03-21 07:00 UTC.",
    ]  # fmt: skip


def test_where_it_was_shown_and_to_how_many(app: App) -> None:
    key = app.library.topic.key
    add(app)
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "Nordwind", now=NOW)
        plan = briefings.switch_on(
            conn, key, 7, channel_id=42, thread_id=None, hour=time(8), zone="UTC", by=1234, now=NOW
        )  # fmt: skip
        number, _ = deliveries.owe(conn, "briefing:1:2025-03-21", plan.place, [{"content": "x"}], due_at=NOW, now=NOW)
        briefings.show(conn, key, "guild", "7", [("article", "ready")], delivery_id=number, now=NOW)
        events.record(conn, key, "article_mentions", "PL", "article ready on PL", after={}, leaves_at=NOW, now=NOW)
        told = events.held(conn, key, "PL", ["article_mentions"], now=NOW - timedelta(seconds=1))
        conn.execute(
            subscriber_update.insert().values(
                subscriber_kind="user",
                subscriber_id="99887766",
                event_id=told[0].id,
                delivery_id=number,
                created_at=NOW,
            )
        )
    found = of(app, "ready")
    assert section(found, "Shown in") == [
        f"- server 7, 2025-03-21 07:00 UTC, delivery:{number}", "- as a message to 1 subscriber",
    ]  # fmt: skip
    assert found.data["shown"] == [
        {"place": "guild", "id": "7", "delivery": number, "at": "2025-03-21T07:00:00Z", "given_up": False}
    ]
    # Who follows what is nobody's business here.
    assert "99887766" not in found.as_text() + json.dumps(found.as_json())
    with app.store.writing() as conn:
        deliveries.drop(conn, number, "Gone.", now=NOW)
    assert section(of(app, "ready"), "Shown in")[0].endswith(", which was given up")


def remove_text(app: App, name: str) -> None:
    with app.store.writing() as conn:
        assert retention.remove_texts(conn, app.library.topic.key, [(name, 1)], now=NOW) == 1


def test_one_whose_text_was_removed(app: App, rollcall: Rollcall) -> None:
    add(app)
    remove_text(app, "ready")
    found = of(app, "ready")
    assert "its text was removed 2025-03-21 07:00 UTC: no claim or figure quotes it" in section(found, "Revisions")[0]
    assert found.data["revisions"][0]["text_removed"] == "2025-03-21T07:00:00Z"
    assert "its text was removed" in of(app, "story:ready").as_text()
    assert "was removed 2025-03-21 07:00 UTC" in of(app, "ready@1:0-10").as_text()
    # The article itself, on its own command.
    shown = rollcall("article", "ready")
    assert shown.code == 0
    assert shown.out.splitlines()[-1] == (
        "Text: removed 2025-03-21 07:00 UTC, since no claim or figure quotes it (settings keep.texts_days and "
        "keep.off_topic_days)."
    )
    assert rollcall("article", "ready", "--json").json["revisions"][0]["text_removed"] == "2025-03-21T07:00:00Z"
    assert rollcall("article", "explainer", "--json").json["revisions"][0]["text_removed"] is None


# --- sentences -------------------------------------------------------------------------------------------------------


def test_a_sentence_is_verbatim_with_its_place_and_who_quotes_it(app: App) -> None:
    found = of(app, "explainer@1:2892-2992")
    assert found.as_json()["kind"] == "sentence"
    with app.store.reading() as conn:
        text = articles.text_of(conn, app.library.topic.key, "explainer", 1)
    assert text is not None
    assert found.data["text"] == text[2892:2992]
    assert f"> {text[2892:2992]}" in found.as_text()
    assert found.data["is_sentence"]
    assert section(found, "Quoted by") == ["- claim:it-explainer, approved: explainer@1:2892-2992"]
    part = of(app, "expl@1:2900-2990")
    assert (part.id, part.data["is_sentence"]) == ("explainer@1:2900-2990", False)
    assert "It is not one sentence: it touches 1 sentence in 1 paragraph. It begins in paragraph" in part.as_text()
    assert "In the summary" not in part.as_text()
    assert part.data["summary"] is None
    more = of(app, "explainer@1:0-2992")
    assert re.search(r"it touches \d\d sentences in \d\d paragraphs\.", more.as_text())
    assert "heading" not in more.as_text()


def test_the_summary_chooses_it_or_says_what_it_chose(app: App) -> None:
    chosen = of(app, "explainer@1:251-390")
    assert chosen.data["summary"]["chosen"]
    lines = section(chosen, "In the summary of its article")
    assert lines[0] == "Chosen (3 sentences, 75 words, news)."
    parts = chosen.data["summary"]["parts"]
    assert set(parts) == {"central", "connected", "early", "headline"}
    assert lines[1].startswith(f"Rated 2 of 33, {sum(parts.values()):.2f} points: like the text as a whole ")
    assert f"stands early {parts['early']:.2f}" in lines[1]
    assert chosen.data["summary"]["faults"] == []
    not_chosen = of(app, "explainer@1:2892-2992")
    assert not not_chosen.data["summary"]["chosen"]
    lines = section(not_chosen, "In the summary of its article")
    assert lines[0].endswith("It leans on the sentence before it.")
    assert not_chosen.data["summary"]["faults"] == ["dangling"]
    assert re.match(r"Rated \d+ of \d+, \d\.\d\d points: like the text", lines[1])
    assert lines[2:] == [f"- chosen: {one}" for one in not_chosen.data["summary"]["sentences"]]
    assert "- chosen: explainer@1:251-390" in lines
    for one in not_chosen.data["summary"]["sentences"]:
        assert of(app, one).data["summary"]["chosen"]


def test_a_sentence_says_where_it_was_told(app: App) -> None:
    key = app.library.topic.key
    named = "explainer@1:251-390"
    assert section(of(app, named), "Told as part of a story in") == ["nothing so far that is on record."]
    number = owe(app, "briefing:1:2025-03-21", Place("channel", "42", 7))
    with app.store.writing() as conn:
        briefings.show(conn, key, "guild", "7", [("sentence", named)], delivery_id=number, now=NOW)
    found = of(app, named)
    assert section(found, "Told as part of a story in") == [f"- server 7, 2025-03-21 07:00 UTC, delivery:{number}"]
    assert [one["id"] for one in found.data["shown"]] == ["7"]
    assert of(app, "explainer").data["shown"] == []


def test_every_fault_of_a_sentence_has_its_words() -> None:
    from bot.render.ratings import FAULTS, RATED
    from summaries import readable

    assert {*readable.FAULTS, "seen", "furniture", "told", "elsewhere", "same"} == set(FAULTS)
    assert set(RATED) == {"central", "connected", "early", "headline", "support"}


def test_what_a_summary_never_chooses(app: App) -> None:
    text = f"What now?\n\n{TEXT}\n\nSign up to our newsletter for more stories like this one every morning."
    add(app, "ready", draft(text))

    def said(words: str) -> str:
        start = text.index(words)
        found = of(app, sentence_id("ready", 1, start, start + len(words)))
        return section(found, "In the summary of its article")[0]

    assert "It is a heading" in said("What now?")
    assert "a publisher's own words" in said("Sign up to our newsletter for more stories like this one every morning.")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("explainer@2:0-5", "Article explainer has revisions 1 to 1, not 2."),
        ("explainer@1:5-5", "explainer@1:5-5 is no part of it."),
        ("explainer@1:0-999999", "is no part of it."),
        ("explaines@1:0-5", "Did you mean explainer?"),
    ],
)
def test_a_passage_that_is_none(app: App, wanted: str, sentence: str) -> None:
    with pytest.raises(Problems, match=re.escape(sentence)):
        of(app, wanted)


# --- stories ---------------------------------------------------------------------------------------------------------


def test_a_story_says_why_its_articles_are_together(app: App) -> None:
    first = "Defence ministers of thirty countries met in Brussels on Thursday about soldiers for Ukraine, Healey said."
    same = "Thirty countries sent defence ministers to Brussels: Healey told them on Thursday of soldiers for Ukraine."
    add(app, "one", draft(first, "Ministers meet in Brussels about Ukraine", url="https://a.example/1"))
    add(app, "two", draft(same, "Brussels: ministers meet about Ukraine", url="https://b.example/2"))
    add(app, "copied", draft(f"{first} More.", "Ministers meet", url="https://c.example/3"))
    add(
        app,
        "other",
        draft("Rain fell on Lisbon all week, and farmers are glad of it.", "Rain", url="https://d.example/4"),
    )
    with app.store.writing() as conn:
        articles.change(conn, app.library.topic.key, "copied", {"copy_of": "one"})
    found = of(app, "story:one")
    by_id = {one["article"]: one for one in found.data["articles"]}
    assert set(by_id) == {"one", "two", "copied"}
    assert (by_id["copied"]["with"], by_id["copied"]["because"]) == ("one", "copy")
    assert (by_id["two"]["with"], by_id["two"]["because"]) == ("one", "same_event")
    shared = by_id["two"]["shared_words"]
    assert {"Brussels", "Healey"} <= set(shared)
    # Each word stands in the text it is said to stand in.
    assert all(word.casefold() in f"Brussels: ministers meet about Ukraine {same}".casefold() for word in shared)
    assert "The same event as one: near in time" in found.as_text()
    assert of(app, "story:other").data["articles"][0]["because"] == "alone"


def test_a_story_is_explained_by_all_the_words_that_are_compared(app: App) -> None:
    start = " ".join(f"Filler{number} stands here." for number in range(60))
    both = "Quartermasters from Reykjavik counted icebreakers for Ukraine beside the lighthouse of Akureyri."
    for name in ("one", "two"):
        words = f"{start.replace('Filler', name)} {both} Their admirals, quartermasters and icebreakers stay. {both}"
        add(app, name, draft(words, "Icebreakers of Reykjavik for Ukraine", url=f"https://{name}.example/1"))
    found = of(app, "story:one")
    shared = {one["article"]: one["shared_words"] for one in found.data["articles"]}
    assert {"Akureyri", "Reykjavik"} <= set(shared["two"])
    # What is common in a language tells nothing.
    assert not {"Their", "from", "beside"} & set(shared["two"])
    assert "their first 600 words are alike by 0.3 on average" in found.as_text()


def test_a_story_says_what_it_weighs(app: App) -> None:
    found = of(app, "story:news-report")
    (weighs, order) = section(found, "What it weighs")
    assert weighs == f"By the table of 20 March 2025: {', '.join(found.data['reasons'])}."
    assert found.data["reasons"][:2] == ["1 change of a position", "1 independent outlet"]
    assert order.startswith("Stories stand in a briefing in the order of these")


# --- claims and figures ----------------------------------------------------------------------------------------------


def standing(library: Library, identifier: str, now: datetime = tables.NOW) -> str:
    return str(explain(library, identifier, now=now).data["standing"])


def test_which_claim_decides_and_by_which_rule(sqlite_store: Store) -> None:
    library = tables.library(sqlite_store)
    editor = tables.Editor(library)
    editor.change(
        tables.row("official", "troops", day=22),
        tables.row("agrees", "troops", kind="named", day=23, sentence=1),
        tables.row("reporter", "refuses", kind="reporter", speaker="reporter", day=24, sentence=2),
        tables.row("earlier", "open", day=21, sentence=3),
        tables.row("long-ago", "open", day=15, sentence=4),
        tables.row("rumour", "refuses", kind="unnamed", speaker="unnamed", day=27, sentence=5),
        tables.row("other", "open", party="FR"),
    )
    assert standing(library, "official", tables.NOW + timedelta(days=2)) == (
        "Yes: it decides the position of Germany: agreeing with it: claim:agrees; differing from it: claim:earlier, "
        "claim:reporter, claim:rumour."
    )
    assert standing(library, "agrees") == "It is shown, as it agrees with claim:official, which decides for Germany."
    assert standing(library, "reporter") == (
        "It is shown as differing. claim:official decides for Germany: the better kind of source counts (official "
        "before reporter)."
    )
    assert standing(library, "earlier").endswith("it was reported later (22 March 2025 after 21 March 2025).")
    assert standing(library, "long-ago") == (
        "No: claim:official decides for Germany. Only what was reported in the 7 days up to the newest (24 March 2025) "
        "competes, and this one was reported on 15 March 2025."
    )
    # The rumour of the 27th moves nothing, on the 28th neither.
    assert "(24 March 2025)" in standing(library, "long-ago", tables.NOW + timedelta(days=2))
    assert standing(library, "rumour") == "Not yet: it was reported on 27 March 2025."
    assert standing(library, "other") == "Yes: it decides the position of France: no other competes with it."
    assert explain(library, "earlier", now=tables.NOW).data["winner"] == "official"


def test_what_an_editor_decided_is_told_with_who_and_why(sqlite_store: Store) -> None:
    library = tables.library(sqlite_store)
    editor = tables.Editor(library)
    row = tables.row("de-one")
    editor.change(row)
    with sqlite_store.writing() as conn:
        proposal = replace(row, stance="troops", state="proposed")
        claims.add_revision(conn, "small", proposal, now=tables.NOW, by="the dossier", why="changed in stances.toml")
        for name, state in (("waits", "proposed"), ("refused", "rejected")):
            value = replace(row, id=name, party="FR", state=state)
            claims.add_revision(conn, "small", value, now=tables.NOW, by="an editor", why="read again")
    found = explain(library, "de-one", now=tables.NOW)
    assert found.data["standing"].endswith("What counts is an earlier revision: the newest one is proposed.")
    assert section(found, "Revisions") == [
        "- 1, 2025-03-26 12:00 UTC: approved by an editor: a test",
        "- 2, 2025-03-26 12:00 UTC: proposed by the dossier: changed in stances.toml",
    ]
    assert standing(library, "waits") == "No: it waits for an editor, and nothing of it was approved before."
    assert standing(library, "refused") == "No: an editor rejected it."
    editor.change(replace(row, state="withdrawn"))
    assert standing(library, "de-one") == "No: it was withdrawn."
    assert "- claim:de-one, withdrawn: " in "\n".join(section(explain(library, "a20", now=tables.NOW), "Quoted by"))


def test_a_quote_that_does_not_hold_is_not_shown(app: App) -> None:
    with app.store.writing() as conn:
        conn.execute(
            article_revision.update()
            .where(article_revision.c.article_id == "explainer")
            .values(text="Nothing of it is left, only these words.")
        )
        from bot.store import counters

        counters.bump(conn)
    found = of(app, "it-explainer")
    assert found.data["standing"].startswith("No, and every answer says so: a quote of it does not hold:")
    assert [one["found"] for one in found.data["quotes"]] == [False]
    assert not [line for line in found.as_text().splitlines() if line.startswith("> ")]


def test_quotes_are_verbatim_and_checked(app: App) -> None:
    found = of(app, "de-explainer")
    (quote,) = found.data["quotes"]
    assert (quote["sentence"], quote["found"]) == ("explainer@1:2683-2891", True)
    assert f"> {quote['text']}" in found.as_text()
    assert of(app, quote["sentence"]).data["text"] == quote["text"]


def test_figures_stand_side_by_side(app: App) -> None:
    found = of(app, "soldiers-explainer")
    assert (found.kind, found.data["measure"]) == ("figure", "soldiers")
    assert found.data["standing"] == (
        "Yes: numbers never displace each other. It stands beside figure:soldiers-news-report, the better kind of "
        "source first."
    )


# --- deliveries ------------------------------------------------------------------------------------------------------


def owe(app: App, key: str, place: Place, **more: Any) -> int:
    with app.store.writing() as conn:
        content = [{"content": "Words that nobody need see here"}, {"content": "and more"}]
        return deliveries.owe(conn, key, place, content, **{"due_at": NOW, "now": NOW, **more})[0]


def test_a_delivery_from_owed_to_done(app: App) -> None:
    place = Place("channel", "42", 7)
    number = owe(app, "retract:99", place)
    found = of(app, f"delivery:{number}")
    assert found.sections[0] == (
        f"Delivery {number}: owed", ["Post in channel 42, server 7.", "A post that was taken back."],
    )  # fmt: skip
    assert of(app, str(number)).as_text() == found.as_text(), "its number is enough"
    assert "Not tried yet." in found.as_text()
    with app.store.writing() as conn:
        assert deliveries.claim_due(conn, "me", NOW, 9)
    assert of(app, str(number)).data["state"] == "being worked on"
    with app.store.writing() as conn:
        deliveries.trying(conn, number, 0, "me", now=NOW)
        deliveries.not_sent(conn, number, 0, "unknown")
        deliveries.let_go(conn, number, "me", next_try_at=NOW + timedelta(minutes=5), error="Discord didn't answer.")
    found = of(app, str(number))
    assert (found.data["state"], found.data["tries"], found.data["last_error"]) == (
        "waits for its next try", 1, "Discord didn't answer.",
    )  # fmt: skip
    assert section(found, "When")[1:] == [
        "Tried 1 time.", "Next try 2025-03-21 07:05 UTC.", "Last trouble: Discord didn't answer.",
    ]  # fmt: skip
    assert section(found, "Messages")[0] == "- 1 of 2: perhaps sent: it is looked up before it is tried again"
    with app.store.writing() as conn:
        for part in (0, 1):
            deliveries.sent(conn, number, part, 1000 + part, now=NOW)
        deliveries.finish(conn, number, now=NOW)
    found = of(app, str(number))
    assert found.data["state"] == "done"
    assert found.data["parts"] == [
        {"part": 1, "state": "sent", "message": "1000", "sent": "2025-03-21T07:00:00Z"},
        {"part": 2, "state": "sent", "message": "1001", "sent": "2025-03-21T07:00:00Z"},
    ]
    assert "nobody need see" not in found.as_text() + json.dumps(found.as_json())


def test_what_a_delivery_stands_for(app: App) -> None:
    key = app.library.topic.key
    with app.store.writing() as conn:
        guilds.joined(conn, 7, "Nordwind", now=NOW)
        plan = briefings.switch_on(
            conn, key, 7, channel_id=42, thread_id=None, hour=time(8), zone="UTC", by=1, now=NOW
        )  # fmt: skip
        made = briefings.record(conn, plan.id, NOW.date(), due_at=NOW, table_at=NOW, value={}, now=NOW)
        assert made is not None
        events.record(conn, key, "position_moved", "PL", "claims of PL", after={}, leaves_at=NOW, now=NOW)
        (moved,) = events.held(conn, key, "PL", ["position_moved"], now=NOW - timedelta(seconds=1))
    briefing = owe(app, f"briefing:{plan.id}:2025-03-21", plan.place, due_at=NOW + timedelta(hours=1))
    update = owe(app, "update:user:1:1-1:0", Place("user", "1", 7))
    with app.store.writing() as conn:
        briefings.set_delivery(conn, made, briefing)
        conn.execute(
            subscriber_update.insert().values(
                subscriber_kind="user", subscriber_id="1", event_id=moved.id, delivery_id=update, created_at=NOW
            )
        )
    found = of(app, str(briefing))
    assert found.data["stands_for"] == "The briefing of 21 March 2025 of server 7, at 08:00 there."
    assert found.data["state"] == "not due yet"
    found = of(app, str(update))
    assert found.data["stands_for"] == "What a subscriber follows: a new position of Poland."
    assert found.sections[0][1][0] == "Post to user 1, server 7."
    with app.store.writing() as conn:
        guilds.left(conn, 7, now=NOW)
        deliveries.drop(conn, update, "They don't want it.", now=NOW)
    assert of(app, str(briefing)).data["state"] == "kept back, as its server removed me"
    assert of(app, str(update)).data["state"] == "given up"


# --- ids -------------------------------------------------------------------------------------------------------------


def test_an_id_of_nothing_names_what_is_like_it(app: App) -> None:
    number = owe(app, "hello:x", Place("user", "1"))
    for wanted, sentence in (
        ("explaine", None),
        ("explaner", 'Nothing has the id "explaner". Did you mean explainer'),
        ("claim:fi-explaner", 'No claim has the id "fi-explaner". Did you mean fi-explainer'),
        ("figure:de-explainer", 'No figure has the id "de-explainer".'),
        ("fi-", 'Nothing has the id "fi-". Did you mean fi-explainer or fi-news-report?'),
        ("delivery:99", f'No delivery has the id "99". The newest one on record is {number}'),
        ("delivery:x", 'No delivery has the id "x".'),
        ("story:qqqq", 'No article has the id "qqqq". On file, for example: explainer'),
        ("qqqqqq", "A sentence is ARTICLE@REVISION:START-END, a delivery its number."),
    ):
        if sentence is None:
            assert of(app, wanted).id == "explainer"
            continue
        with pytest.raises(Problems) as problem:
            of(app, wanted)
        assert sentence in problem.value.problems[0]


def test_an_id_of_several_things_lists_them(app: App) -> None:
    add(app, "soldiers-report")
    with pytest.raises(Problems) as problem:
        of(app, "soldiers-")
    (sentence,) = problem.value.problems
    assert sentence == (
        '"soldiers-" could be article:soldiers-report, figure:soldiers-explainer, figure:soldiers-news-report. '
        "Write more of it, or which of these."
    )
    assert of(app, "article:soldiers-").id == "soldiers-report"
    # A number can be both; what is exactly it is asked about as well.
    number = str(owe(app, "hello:x", Place("user", "1")))
    add(app, number, draft("Other words."))
    with pytest.raises(Problems, match=f"article:{number}, delivery:{number}"):
        of(app, number)
    assert of(app, f"delivery:{number}").kind == "delivery"
    # An id that looks like a form of another kind is first of all itself.
    add(app, "claim:odd@1:2-3", draft("Odder words."))
    assert of(app, "claim:odd@1:2-3").kind == "article"


def test_on_the_command_line(rollcall: Rollcall) -> None:
    said = rollcall("why", "explainer")
    assert said.code == 0
    assert said.out.startswith("Article explainer, revision 1 of 1\n")
    assert rollcall("why", "de-explainer", "--json").json["kind"] == "claim"
    wrong = rollcall("why", "nothing at all")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err.startswith('Nothing has the id "nothing at all".')
    assert rollcall("why", "nothing at all", "--json").json["error"]["code"] == "not_possible"
    assert rollcall("why").code == 2


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wanted=st.text(max_size=30)
    | st.builds(
        "{}{}@{}:{}-{}".format,
        st.sampled_from(["", "article:", "story:"]), st.sampled_from(["explainer", "news-report", "x"]),
        st.integers(0, 3), st.integers(0, 6000), st.integers(0, 6000),
    )
    | st.builds("{}:{}".format, st.sampled_from(why.KINDS), st.text(max_size=10) | st.integers().map(str))
)  # fmt: skip
def test_whatever_is_asked_is_answered_in_sentences(app: App, wanted: str) -> None:
    try:
        found = of(app, wanted)
    except Problems as problem:
        told = problem.problems
    else:
        told = []
        assert json.loads(json.dumps(found.as_json()))
        # Nothing stands in a block quote but what an article says.
        texts = [app.library.article(one) for one in ("explainer", "news-report")]
        for line in found.as_text().splitlines():
            if line.startswith("> "):
                assert any(line[2:] in " ".join(text.text.split()) for text in texts if text)
    assert all(sentence.endswith((".", "?")) for sentence in told)


def test_hostile_words_are_harmless(app: App) -> None:
    hostile = "\x1b[31mred\u202e\u200b"
    add(app, "ready", draft(f"{hostile} {TEXT}", hostile, publisher=hostile, author=hostile))
    with app.store.writing() as conn:
        conn.execute(article.update().where(article.c.id == "ready").values(page_state="failed", page_note=hostile))
    for wanted in ("ready", "story:ready", "ready@1:0-12"):
        text = of(app, wanted).as_text()
        assert "red" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e\u200b]", text)
    with pytest.raises(Problems) as problem:
        of(app, hostile)
    assert "\x1b" not in problem.value.problems[0]
