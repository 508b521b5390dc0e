"""``feeds``: what a server's own feeds are, and adding, removing, trying, importing and exporting them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import Answer
from bot.app import App
from bot.commands import answer
from bot.commands.feeds import MAX_UPLOAD, MOST, BadAddress, suggestions, web_address
from bot.library import NoFeed, OtherFeed, Probe, ProbedEntry
from bot.render import render
from bot.request import LOCAL_READER, Reader, Server, Upload, parse
from bot.store import articles, audit, feeds, guilds
from bot.store.feeds import ListedFeed
from summaries.article import Draft, Published
from summaries.opml import read_opml
from tests.bot.conftest import NOW
from tests.bot.hostile import any_length

NORDWIND, SUEDWIND = 5, 6
ANNA = Reader("user", "77")


@pytest.fixture(autouse=True)
def _servers(app: App) -> None:
    with app.store.writing() as connection:
        guilds.joined(connection, NORDWIND, "Nordwind", now=NOW)
        guilds.joined(connection, SUEDWIND, "Südwind", now=NOW)


Ask = Callable[..., Answer]


@pytest.fixture
def manage(app: App) -> Ask:
    """Ask as somebody who manages a server, where nobody else sees the answer; or everybody does."""

    def ask(
        line: str, guild: int = NORDWIND, upload: Upload | None = None, now: datetime = NOW, ephemeral: bool = True
    ) -> Answer:
        request = parse(line, reader=ANNA, now=now, server=Server(guild, Reader("channel", "9"), manages=True))
        assert request is not None
        return answer(replace(request, upload=upload, ephemeral=ephemeral), app.library)

    return ask


def entry(title: str, belongs: bool = True, day: int = 20, url: str | None = None) -> ProbedEntry:
    published = Published(datetime(2025, 3, day, tzinfo=UTC), "day", "stated")
    return ProbedEntry(title, url or f"https://example.org/{title}", published, belongs, 0.9 if belongs else 0.1)


@pytest.fixture
def found(app: App) -> dict[str, Probe | NoFeed]:
    """What is found at addresses: tests fill it."""
    there: dict[str, Probe | NoFeed] = {}

    def probe(url: str) -> Probe:
        result = there[url]
        if isinstance(result, NoFeed):
            raise result
        return result

    app.library.probe = probe
    return there


def a_feed(url: str = "https://example.org/feed", title: str | None = "The Harbour Post", **more: Any) -> Probe:
    entries = tuple(entry(f"story-{number}", number % 2 == 0, 20 - number) for number in range(4))
    return Probe(**{"url": url, "title": title, "page": None, "others": (), "entries": entries, "warnings": (), **more})


def own(app: App, guild: int = NORDWIND) -> list[ListedFeed]:
    with app.store.reading() as connection:
        return feeds.listed(connection, app.library.topic.key, guild)


def text(found: Answer) -> str:
    return render.as_text(found)


# Addresses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bbc.com/news", "https://bbc.com/news"),
        (" <https://example.org/feed> ", "https://example.org/feed"),
        ("http://example.org/a?b=http://c.example#part", "http://example.org/a?b=http://c.example"),
        ("example.org?next=http://c.example", "https://example.org?next=http://c.example"),
        ("93.184.216.34:8080/feed", "https://93.184.216.34:8080/feed"),
        ("https://[2001:db8::1]/feed", "https://[2001:db8::1]/feed"),
        ("München.example/feed", "https://München.example/feed"),
    ],
)
def test_an_address_is_read_as_people_write_it(typed: str, meant: str) -> None:
    assert web_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["news", "ftp://example.org/feed", "file:///etc/passwd", "https://", "https://example.org:99999/", "http://[::1",
     "javascript:alert(1)", "https://exa mple.org", "https://example.org:0/", "...", "https://.", "a" * 3000 + ".org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        web_address(typed)


def test_a_password_in_an_address_is_never_repeated() -> None:
    with pytest.raises(BadAddress) as refused:
        web_address("https://anna:hunter2@example.org/feed")
    assert "hunter2" not in str(refused.value)


@given(any_length)
def test_whatever_is_typed_is_an_address_or_told_to_be_none(typed: str) -> None:
    try:
        address = web_address(typed)
    except BadAddress:
        return
    assert web_address(address) == address
    assert address.startswith(("http://", "https://"))


# Adding -------------------------------------------------------------------------------------------------------------


def test_a_feed_is_added_and_what_will_happen_is_told(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org/feed"] = a_feed()
    done = manage("!feeds add example.org/feed")
    assert done.ok
    assert done.personal
    assert "2 of its 4 entries belong to the topic. The newest:" in text(done)
    assert "story-0" in text(done)
    assert "story-1" not in text(done)
    assert "What is in it now is no news." in text(done)
    assert "and nowhere else" in text(done)
    (feed,) = own(app)
    assert (feed.url, feed.name, feed.everything, feed.added_by) == (
        "https://example.org/feed", "The Harbour Post", False, "77",
    )  # fmt: skip
    assert own(app, SUEDWIND) == []
    with app.store.reading() as connection:
        (changed,) = audit.recent(connection, NORDWIND, 5)
    assert (changed.who, changed.action, changed.target) == ("77", "feed added", "https://example.org/feed")


def test_a_page_leads_to_its_feed_and_says_which_others_there_are(app: App, manage: Ask, found: dict[str, Any]) -> None:
    others = (OtherFeed("https://example.org/sport", "Sport"), OtherFeed("https://example.org/x", None))
    found["https://example.org"] = a_feed(page="https://example.org", others=others)
    done = manage("!feeds add example.org")
    assert "Found on example.org" in text(done)
    assert "2 more feeds" in text(done)
    assert "- Sport https://example.org/sport" in text(done)
    commands = [action.command for action in done.actions]
    assert commands[:2] == ["feeds remove https://example.org/feed", "feeds add https://example.org/sport"]
    assert done.data["page"] == "https://example.org"


def test_what_cant_be_read_is_not_added_and_says_why(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org"] = NoFeed("gone", "There is nothing at this address (404). Look for another.")
    done = manage("!feeds add example.org")
    assert (done.ok, done.error and done.error.code) == (False, "no_feed")
    assert "There is nothing at this address (404)." in text(done)
    assert done.data == {"reason": "gone"}
    assert own(app) == []


def test_there_already_is_said_and_keeps_its_number(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org/feed"] = found["http://www.example.org/feed/"] = a_feed()
    manage("!feeds add example.org/feed")
    again = manage("!feeds add http://www.example.org/feed/")
    assert text(again).startswith("There already: The Harbour Post")
    assert again.data["new"] is False
    assert len(own(app)) == 1


def test_everything_can_be_kept_and_that_be_changed(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org/feed"] = a_feed(entries=(entry("off", False),))
    silent = manage("!feeds add example.org/feed")
    assert "It may stay silent." in text(silent)
    assert "!feeds add https://example.org/feed everything" in text(silent)
    kept = manage("!feeds add https://example.org/feed everything")
    assert text(kept).startswith("Changed: The Harbour Post")
    assert [feed.everything for feed in own(app)] == [True]
    assert text(manage("!feeds add example.org/feed everything")).startswith("There already")
    with app.store.reading() as connection:
        assert [one.action for one in audit.recent(connection, NORDWIND, 5)] == ["feed changed", "feed added"]


def test_the_dossiers_own_is_not_added_again(app: App, manage: Ask, found: dict[str, Any]) -> None:
    known = app.library.topic.feeds[0].url
    found[known] = a_feed(known)
    assert (refused := manage(f"!feeds add {known}").error) is not None
    assert refused.code == "dossiers_own"
    assert own(app) == []


def test_the_dossiers_own_is_known_without_asking_the_network(app: App, manage: Ask) -> None:
    refused = manage(f"!feeds add {app.library.topic.feeds[0].url.partition('://')[2]}")
    assert (refused.error and refused.error.code) == "dossiers_own"
    assert text(refused).startswith(app.library.topic.feeds[0].name)


@pytest.mark.parametrize("reason", ["unreachable", "untrusted"])
def test_a_site_without_encryption_is_found_where_no_scheme_was_typed(
    reason: str, app: App, manage: Ask, found: dict[str, Any]
) -> None:
    found["https://example.org/feed"] = NoFeed(reason, "No connection to example.org.")
    found["http://example.org/feed"] = a_feed("http://example.org/feed")
    assert text(manage("!feeds add https://example.org/feed")) == "No connection to example.org."
    added = manage("!feeds add example.org/feed")
    assert "its site can't be read by https, so it is read by http" in text(added)
    assert [feed.url for feed in own(app)] == ["http://example.org/feed"]
    found["http://example.org/feed"] = NoFeed("busy", "Later.")
    assert text(manage("!feeds test example.org/feed")) == "No connection to example.org.", "what was meant is told"
    found["https://example.org/feed"] = NoFeed("gone", "Nothing there.")
    found["http://example.org/feed"] = a_feed("http://example.org/feed")
    assert text(manage("!feeds test example.org/feed")) == "Nothing there.", "the site does speak it"


def test_a_server_has_so_many_at_most(app: App, manage: Ask, found: dict[str, Any]) -> None:
    for number in range(MOST + 1):
        found[f"https://example.org/{number}"] = a_feed(f"https://example.org/{number}")
        done = manage(f"!feeds add example.org/{number}")
        assert done.ok == (number < MOST)
    assert f"A server has {MOST} feeds of its own at most" in text(done)
    assert len(own(app)) == MOST
    found["https://example.org/0"] = a_feed("https://example.org/0")
    assert manage("!feeds add example.org/0 everything").ok, "what is there can be changed all the same"
    assert manage("!feeds add example.org/0", SUEDWIND).ok, "another server has a count of its own"


@given(title=any_length, others=st.lists(st.tuples(any_length, any_length), max_size=8))
@settings(max_examples=25, deadline=None)
def test_hostile_feeds_are_named_safely(title: str, others: Sequence[tuple[str, str]]) -> None:
    from bot.commands.feeds import _name, _probe_view

    found = a_feed(title=title, others=tuple(OtherFeed(url, name) for url, name in others))
    assert 1 <= len(_name(found)) <= 80
    assert len(_probe_view(found)["others"]) <= 5


# Removing and listing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["1", "#1", "1.", "https://example.org/feed", "example.org/feed", "the harbour post"])
def test_a_feed_is_removed_by_number_address_or_name(named: str, app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org/feed"] = a_feed()
    found["https://example.org/b"] = a_feed("https://example.org/b", "Other")
    manage("!feeds add example.org/feed everything")
    manage("!feeds add example.org/b")
    _brought(app, own(app)[0], "a")
    done = manage(f"!feeds remove {named}")
    assert text(done).startswith("Removed: The Harbour Post")
    assert "The 1 article it brought stays." in text(done)
    assert done.actions[0].command == "feeds add https://example.org/feed everything"
    assert [feed.name for feed in own(app)] == ["Other"]
    with app.store.reading() as connection:
        assert articles.count_and_newest(connection, app.library.topic.key, guild_id=NORDWIND)[0] == 3
        assert audit.recent(connection, NORDWIND, 1)[0].action == "feed removed"


def _brought(app: App, feed: ListedFeed, name: str, guild: int = NORDWIND) -> None:
    with app.store.writing() as connection:
        articles.add(
            connection, app.library.topic.key, f"url:{name}", Draft(f"Words of {name}.", name), feed_id=feed.id,
            guild_id=guild, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("named", ["", "0", "2", "99999", "other", "https://example.org/other"])
def test_no_such_feed_says_how_to_name_one(named: str, manage: Ask, found: dict[str, Any], app: App) -> None:
    assert "has no feeds of its own" in text(manage("!feeds remove 1"))
    found["https://example.org/feed"] = a_feed()
    manage("!feeds add example.org/feed")
    done = manage(f"!feeds remove {named}")
    assert (done.error and done.error.code) == "no_such_feed"
    assert "its number, 1 to 1, or its address" in text(done)
    assert len(own(app)) == 1


def test_of_several_with_one_name_the_number_is_asked_for(app: App, manage: Ask, found: dict[str, Any]) -> None:
    for number in (1, 2):
        found[f"https://example.org/{number}"] = a_feed(f"https://example.org/{number}")
        manage(f"!feeds add example.org/{number}")
    done = manage("!feeds remove the harbour post")
    assert text(done).startswith("2 feeds have this name. Say its number, 1 to 2")
    assert len(own(app)) == 2


def test_another_servers_feed_is_no_such_feed(manage: Ask, found: dict[str, Any], app: App) -> None:
    found["https://example.org/feed"] = a_feed()
    manage("!feeds add example.org/feed")
    assert not manage("!feeds remove https://example.org/feed", SUEDWIND).ok
    assert len(own(app)) == 1


def test_the_list_says_how_each_goes(manage: Ask, found: dict[str, Any], app: App) -> None:
    assert "None yet." in text(manage("!feeds"))
    for name in ("new", "heard", "failing", "lost"):
        found[f"https://example.org/{name}"] = a_feed(f"https://example.org/{name}", name)
        manage(f"!feeds add example.org/{name}")
    ids = {feed.name: feed.id for feed in own(app)}
    later = NOW + timedelta(minutes=15)
    with app.store.writing() as connection:
        for name in ("heard", "failing"):
            feeds.succeeded(
                connection, ids[name], etag=None, last_modified=None, body_digest=None, asks_seconds=None,
                moved_to=None, next_poll_at=later, now=NOW,
            )  # fmt: skip
        feeds.failed(connection, ids["failing"], "broken", "It is odd. Wait.", next_poll_at=later, now=NOW)
        feeds.failed(connection, ids["lost"], "gone", "It is gone. Remove it.", next_poll_at=later, now=NOW)
    _brought(app, own(app)[1], "a")
    shown = text(manage("!feeds list"))
    blocks = {block.split(".")[0]: block for block in shown.split("\n\n")[1:]}
    assert "This server's own feeds: 4 of 25" in shown
    assert "Not read yet." in blocks["1"]
    assert "Heard from 2025-03-21 07:00 UTC, next look 2025-03-21 07:15 UTC.\n1 article so far." in blocks["2"]
    assert (
        "It fails. It is odd. Wait. Last heard from 2025-03-21 07:00 UTC, next try 2025-03-21 07:15 UTC.\n"
        in blocks["3"]
    )
    gone = "It fails. It is gone. Remove it. Never heard from. In case it comes back it is asked again, less and less"
    assert f"{gone} often, next 2025-03-21 07:15 UTC.\n0 articles so far." in blocks["4"]
    assert f"the dossier's {len(app.library.topic.feeds)} feeds" in shown
    states = [row["state"] for row in manage("!feeds list").data["feeds"]]
    assert states == ["new", "heard", "failing", "failing"]


# Who may, and where -------------------------------------------------------------------------------------------------

LINES = ("feeds", "feeds list", "feeds add example.org", "feeds remove 1", "feeds test example.org", "feeds import",
         "feeds export")  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_only_who_manages_a_server_may(line: str, app: App, found: dict[str, Any]) -> None:
    found["https://example.org"] = a_feed()
    for reader in (ANNA, Reader("user", "78")):
        request = parse(line, reader=reader, now=NOW, server=Server(NORDWIND, Reader("channel", "9")))
        assert request is not None
        refused = answer(request, app.library)
        assert (refused.error and refused.error.code) == "not_allowed"
        assert refused.personal
    assert own(app) == []


def test_where_everybody_reads_along_no_feed_is_named(app: App, manage: Ask, found: dict[str, Any]) -> None:
    key = "https://example.org/feed?key=hunter2"
    others = (OtherFeed("https://example.org/hunter2", "hunter2"),)
    for address in ("https://example.org/page", key):
        found[address] = a_feed(key, title="hunter2's", page="https://example.org/page", others=others)
    file = Upload("x.opml", opml(("hunter2", "https://example.org/two?hunter2")))
    said = [
        ("feeds test example.org/page", "It can be read. 2 of its 4 entries belong to the topic."),
        ("feeds add example.org/page", "Added. 2 of its 4 entries belong to the topic."),
        ("feeds add example.org/page", "It was there already."),
        ("feeds add example.org/page everything", "Changed."),
        ("feeds import", "1 feed added, 0 there already, 0 not added"),
        ("feeds", "This server has 2 feeds of its own."),
        ("feeds export", "This server has 2 feeds of its own."),
        ("feeds remove 1", "Removed. What it brought stays.\nThis server has 1 feed of its own."),
    ]
    for line, beginning in said:
        told = manage(line, upload=file if line.endswith("import") else None, ephemeral=False)
        assert text(told).startswith(beginning), line
        assert "/feeds " in text(told)
        assert told.file is None
        assert "hunter2" not in repr([render.as_discord(told), render.as_json(told), told.actions]), line
    assert "hunter2" in text(manage("feeds"))


@pytest.mark.parametrize("line", LINES)
def test_direct_messages_get_a_clear_answer(line: str, app: App) -> None:
    request = parse(line, reader=ANNA, now=NOW, direct=3)
    assert request is not None
    refused = answer(request, app.library)
    assert (refused.error and refused.error.code) == "not_here"
    assert "belong to that server" in text(refused)


def test_a_terminal_shows_and_tries_and_changes_nothing(app: App, found: dict[str, Any]) -> None:
    found["https://example.org"] = a_feed()

    def ask(line: str) -> Answer:
        request = parse(line, reader=LOCAL_READER, now=NOW)
        assert request is not None
        return answer(request, app.library)

    shown = ask("feeds")
    assert [row["url"] for row in shown.data["feeds"]] == [one.url for one in app.library.topic.feeds]
    assert text(shown).startswith(f"Feeds of the dossier: {len(app.library.topic.feeds)}")
    assert "2 of its 4 entries belong to the topic." in text(ask("feeds test example.org"))
    assert text(ask("feeds export")).startswith("<?xml")
    for line in ("feeds add example.org", "feeds remove 1", "feeds import"):
        assert "on Discord" in text(ask(line))
        assert not ask(line).ok


def test_where_a_feed_has_moved_to_is_told(manage: Ask, found: dict[str, Any], app: App) -> None:
    found["https://example.org/old"] = a_feed("https://example.org/old")
    manage("!feeds add example.org/old")
    assert manage("!feeds list").data["feeds"][0]["moved_to"] is None
    with app.store.writing() as connection:
        feeds.succeeded(
            connection, own(app)[0].id, etag=None, last_modified=None, body_digest=None, asks_seconds=None,
            moved_to="https://new.example.org/feed", next_poll_at=NOW, now=NOW,
        )  # fmt: skip
    listed = manage("!feeds list")
    assert "It has moved for good to new.example.org https://new.example.org/feed, and is read there.\n" in text(listed)
    assert listed.data["feeds"][0]["moved_to"] == "https://new.example.org/feed"
    assert listed.data["feeds"][0]["url"] == "https://example.org/old"


def test_in_a_terminal_those_that_fail_come_first(app: App) -> None:
    key, last = app.library.topic.key, app.library.topic.feeds[-1]
    with app.store.writing() as connection:
        feeds.sync(connection, key, app.library.topic.feeds, now=NOW)
        row = next(one for one in feeds.listed(connection, key, None) if one.url == last.url)
        feeds.failed(connection, row.id, "broken", "Odd.", next_poll_at=NOW, now=NOW)
    request = parse("feeds", reader=LOCAL_READER, now=NOW)
    assert request is not None
    shown = text(answer(request, app.library))
    count = len(app.library.topic.feeds)
    assert shown.startswith(f"Feeds of the dossier: {count}, 1 of them failing\n\n1. {last.name}")


@pytest.mark.parametrize("word", ["nonsense", "https://example.org", "everything"])
def test_an_unknown_word_says_which_there_are(word: str, manage: Ask) -> None:
    done = manage(f"!feeds {word}")
    assert (done.error and done.error.code) == "unknown_word"
    assert "list, add, remove, test, import or export" in text(done)


def test_trying_adds_nothing(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org"] = a_feed()
    done = manage("!feeds test example.org")
    assert "story-1 https://example.org/story-1, 19 March 2025: does not belong" in text(done)
    assert done.actions[0].command == "feeds add https://example.org/feed"
    assert [row["belongs"] for row in done.data["entries"]] == [True, False, True, False]
    assert {row["published_is"] for row in done.data["entries"]} == {"stated"}
    assert own(app) == []


def test_without_an_address_it_is_asked_for(manage: Ask) -> None:
    for line in ("!feeds add", "!feeds test"):
        assert "Which address?" in text(manage(line))


# OPML ---------------------------------------------------------------------------------------------------------------


def test_what_is_exported_can_be_imported_elsewhere(app: App, manage: Ask, found: dict[str, Any]) -> None:
    for name in ("Ü & <b>", "two"):
        address = f"https://example.org/{len(name)}?a=1&b=2"
        found[address] = a_feed(address, name)
        manage(f"!feeds add {address}")
    exported = manage("!feeds export")
    assert exported.file is not None
    assert exported.file.name == "feeds.opml"
    assert {one.url for one in read_opml(exported.file.data)} == {feed.url for feed in own(app)}
    done = manage("!feeds import", SUEDWIND, Upload("feeds.opml", exported.file.data))
    assert "2 feeds added" in text(done)
    assert [(one.url, one.name) for one in own(app, SUEDWIND)] == [(one.url, one.name) for one in own(app)]
    again = manage("!feeds import", SUEDWIND, Upload("feeds.opml", exported.file.data))
    assert "0 feeds added" in text(again)
    assert "There already: 2" in text(again)
    with app.store.reading() as connection:
        (changed,) = audit.recent(connection, SUEDWIND, 5)
    assert changed.action == "2 feeds imported"


def opml(*outlines: tuple[str, str]) -> bytes:
    rows = "".join(f'<outline type="rss" text="{name}" xmlUrl="{url}"/>' for name, url in outlines)
    return f'<?xml version="1.0"?><opml version="2.0"><body>{rows}</body></opml>'.encode()


def test_an_import_reports_each_feed(app: App, manage: Ask, found: dict[str, Any]) -> None:
    found["https://example.org/feed"] = a_feed()
    manage("!feeds add example.org/feed")
    known = app.library.topic.feeds[0].url.replace("&", "&amp;")
    listed = [
        ("Known", "http://example.org/feed/"), ("The dossier's", known), ("Bad", "https://intranet/x"),
        *((f"Feed {number}", f"https://example.org/{number}") for number in range(MOST + 2)),
    ]  # fmt: skip
    done = manage("!feeds import", upload=Upload("mine.opml", opml(*listed)))
    assert len(done.data["added"]) == MOST - 1
    assert len(done.data["known"]) == 2
    assert [row["name"] for row in done.data["refused"]] == ["Bad"]
    assert done.data["over"] == 3
    shown = text(done)
    assert shown.startswith(f"From mine.opml: {MOST - 1} feeds added")
    assert "- Bad: " in shown
    assert "at most: 3" in shown
    assert len(own(app)) == MOST


@pytest.mark.parametrize(
    "data",
    [
        b"", b"hello", b"<html><body>no</body></html>", b"\x00\xff" * 50, b"<opml", b"<rss><channel/></rss>",
        b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><opml><body><outline xmlUrl="&c;"/></body></opml>',
        b"<opml>" + b"<outline>" * 5000,
    ],
)  # fmt: skip
def test_a_hostile_file_gets_a_clear_answer(data: bytes, app: App, manage: Ask) -> None:
    done = manage("!feeds import", upload=Upload("x.opml", data))
    assert own(app) == []
    assert (done.error and done.error.code) == "bad_file" or done.data["added"] == []


def test_a_file_that_is_missing_or_too_big_is_told(manage: Ask) -> None:
    assert "Attach an OPML file" in text(manage("!feeds import"))
    big = manage("!feeds import", upload=Upload("x.opml", None))
    assert f"more than {MAX_UPLOAD:,} bytes" in text(big)
    assert "nothing to export" in text(manage("!feeds export"))


# Completing ---------------------------------------------------------------------------------------------------------


def test_only_a_servers_own_feeds_are_suggested(app: App, manage: Ask, found: dict[str, Any]) -> None:
    long = "https://example.org/" + "x" * 100
    for address, name in (("https://example.org/feed", "The Harbour Post"), (long, "Long")):
        found[address] = a_feed(address, name)
        manage(f"!feeds add {address}")
    assert suggestions("", NORDWIND, app.library) == [
        ("1. The Harbour Post (example.org)", "https://example.org/feed"), ("2. Long (example.org)", "2"),
    ]  # fmt: skip
    assert [value for _, value in suggestions("harb", NORDWIND, app.library)] == ["https://example.org/feed"]
    assert suggestions("", SUEDWIND, app.library) == []


def test_feeds_cant_be_tried_where_there_is_no_network() -> None:
    from bot.library import no_network

    with pytest.raises(NoFeed):
        no_network("https://example.org")


def test_who_added_a_feed_sees_that_it_is_on_record_and_can_be_forgotten(
    app: App, manage: Ask, found: dict[str, Any]
) -> None:
    found["https://example.org/feed"] = a_feed()
    manage("!feeds add example.org/feed")
    assert "feeds you added: 1" in text(manage("!privacy"))
    manage("!privacy delete")
    assert [feed.added_by for feed in own(app)] == [None]
    assert "by somebody" in text(manage("!feeds list"))
