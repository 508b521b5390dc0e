"""Hostile words from outside through every template: no ping, no broken limit, no broken link, no mark of theirs."""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.answers import Action, Answer, mistake
from bot.app import App, open_app
from bot.commands import answer, servers
from bot.commands.command import Command
from bot.commands.servers import Check, Wish
from bot.ingest import ingest
from bot.library import OtherFeed, Probe, ProbedEntry
from bot.posts import briefings as posts
from bot.posts import updates
from bot.render import render
from bot.render.medium import harmless
from bot.request import Reader, Request, Server, Upload, parse
from bot.store import audit, briefings, deliveries, events, feeds, guilds, subscriptions
from bot.table import import_rows
from summaries.article import Published
from tests.bot.conftest import NOW
from tests.bot.hostile import CHANNEL, LONG, SNIPPETS, WORLD, any_length, texts
from tests.doubles.discord import markdown, mentions, rules, validate
from tests.doubles.discord.messages import walk

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
TEMPLATES = {path.stem for path in (ROOT / "templates").glob("*.j2")}
NOT_MESSAGES = {"macros", "briefing.html"}
"""What other templates use, and the page that no message is."""

OURS = "https://ours.example/"
"""Where links may lead: how the addresses of articles begin here. Every other address is an attack."""

WHO, TARGET = 4_200_000_000_000_001, 4_200_000_000_000_002
READER = Reader("user", "77")

NEVER = {
    "italic", "strike", "spoiler", "block", "everyone", "role", "command", "guide", "emoji", "address",
}  # fmt: skip
"""Marks that no template writes."""

HEADINGS = {"Changed in the table", "Stories", "Numbers", "Now"}

DECIDES = {
    "kind", "basis", "precision", "state", "rhythm", "cadence", "reader", "prefix", "zone", "command", "code", "id",
    "key", "bucket", "buckets", "letter", "silent", "silent_na", "na_stances", "language", "fingerprint", "who",
    "place_id", "counted", "counted_before", "article", "here", "action", "party_code",
}  # fmt: skip
"""Values that templates compare, look up or write as their own: none comes from outside."""


RHYTHMS = {"instant", "daily", "weekly"}


def _ask(app: App, line: str, reader: Reader = READER, server: Server | None = None) -> Answer:
    request = parse(line, reader=reader, now=app.clock(), server=server)
    assert request is not None
    return answer(request, app.library)


def _moved(app: App) -> None:
    """Make something to tell: a position that moves, one that is new to differ, an article that speaks of a party."""
    text = (ROOT / "seeds" / "stances.toml").read_text(encoding="utf-8")
    start = text.index('id = "de-explainer"')
    moved = text[:start] + text[start:].replace('stance = "unclear"', 'stance = "open"', 1)
    import_rows(app.library, moved, "stances.toml", now=app.clock(), by="an editor", why="seen")


class Answers(dict[str, list[Answer]]):
    """Answers by their template."""

    def __repr__(self) -> str:
        """Shortly: failing examples would show all of it."""
        return f"<answers of {len(self)} templates>"


@pytest.fixture(scope="module")
def answers(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Answers as the bot makes them, at least one for each template."""
    home = tmp_path_factory.mktemp("hostile") / "home"
    shutil.copytree(seeded, home)
    moment = [NOW]
    with open_app(str(home), clock=lambda: moment[0]) as app:
        found = _answers(app, moment)
    by_template = Answers()
    for one in found:
        by_template.setdefault(one.template, []).append(one)
    return by_template


def _answers(app: App, moment: list[datetime]) -> list[Answer]:
    library = app.library
    wish = Wish(5, TARGET, None, time(8), "Europe/Berlin")
    with app.store.writing() as connection:
        guilds.joined(connection, 5, "Nordwind", now=app.clock())
    channel = Server(5, Reader("channel", str(TARGET)), manages=True)
    found = [
        _ask(app, line)
        for line in (
            "!who-is-in", "!who-is-in open", "!who-is-in as-of 2020-01-01", "!status Germny", "!status Finland",
            "!status Italy", "!status Belgium", "!status Belgum", "!status Ireland as-of 2025-03-20",
            "!status Nigera", "!status xyzzy", "!unsubscribe Germny",
            "!proof Finland 2", "!proof Germny", "!proof figures", "!proof Belgum", "!about", "!help", "!help status",
            "!briefing 2025-03-20", "!briefing 2020-01-01",
            "!story 1 2025-03-20", "!story 2025-03-20", "!story 1 2020-01-01", "!why 1 2025-03-20",
            "!subscriptions", "!unsubscribe all",
            "!unsubscribe Germny", "!privacy", "!subscribe Germny", "!subscribe Germny daily", "!subscribe Italy",
            "!unsubscribe Italy", "!subscriptions", "!privacy", "!nonsense", "!status as-of 2025-99-99",
        )
    ]  # fmt: skip
    found.append(_ask(app, "!subscribe Germny here", server=channel))
    found.append(_ask(app, "!subscriptions here", server=channel))
    found.append(_ask(app, "!subscribe Spain", Reader("terminal", "x")))
    checks = (
        Check("View Channel", "to see the channel", True, True, "settings"),
        Check("Send Messages", "to post", False, True, "settings"),
        Check("Attach Files", "for pictures", False, False, "settings"),
    )
    for checked, typed in ((checks, True), (checks[:1], False)):
        found.append(servers.card(wish, checked, library, typed_commands=typed, prefix="!", now=app.clock()))
    found.append(servers.switch_on(wish, library, by=WHO, now=app.clock()))
    found.append(servers.settings(5, "?", library, default="!", by=WHO, now=app.clock()))
    with app.store.writing() as connection:
        audit.record(connection, subscriptions.FORGOTTEN, "prefix changed", guild_id=5, now=app.clock())
    found.append(servers.settings(5, None, library, default="!", by=WHO, now=app.clock()))
    found.append(servers.settings(6, None, library, default="!", by=WHO, now=app.clock()))
    moment[0] += timedelta(minutes=1)
    _moved(app)
    # A first file is where news begins; the second is news.
    for name in ("first", "second"):
        file = app.home / f"{name}.txt"
        file.write_text(
            f"url: {OURS}{name}\ntitle: Talks\n\nMinisters of Germany met in Oslo on Monday, the {name} time."
        )
        list(ingest(library, [str(file)], max_bytes=10_000, now=app.clock()))
    found += _feeds(app)
    found += _updates(app, moment)
    found += _briefing(app, moment, checks)
    found += [
        servers.set_state(5, True, library, by=WHO, now=app.clock()),
        servers.set_state(5, False, library, by=WHO, now=app.clock()),
        servers.off(5, library, by=WHO, now=app.clock()),
        Answer("status", "cant-write", {"channel": TARGET, "missing": "Missing: Send Messages.", "command": "status"}),
        Answer("subscriptions", "closed", {"paused": True}),
        Answer("subscriptions", "closed", {"paused": False}),
        Answer("briefings", "trouble", {"channel": TARGET, "missing": "Missing: Send Messages.", "guild": 5}),
        Answer("briefings", "gone", {"channel": TARGET, "words": "The channel does not exist any more."}),
        Answer("subscribe", "welcome", {"name": "Germany", "server": "Nordwind", "cadence": "weekly"}),
        Answer("subscribe", "welcome", {"name": "Germany", "server": None, "cadence": "instant"}),
        Answer("privacy", "privacy-ask", {"prefix": "/"}),
        _ask(app, "!help setup"),
        mistake("x", "y", "Something was wrong."),
        _ask(app, "!privacy delete"),
        _ask(app, "!privacy delete"),
        _ask(app, "!privacy"),
    ]
    return found


def _feeds(app: App) -> list[Answer]:
    """A server's own feeds: tried, added twice, listed in every state, imported, exported, removed."""
    others = tuple(OtherFeed(f"{OURS}{number}", f"Feed {number}" if number % 2 else None) for number in range(7))
    known = Published(NOW, "day", "stated")
    entries = tuple(ProbedEntry(f"Title {n}" if n else None, f"{OURS}{n}" if n else None, known, n < 3, 0.5)
                    for n in range(5))  # fmt: skip
    whole = Probe(f"{OURS}feed", "Harbour Post", f"{OURS}page", others, entries, ("Odd.",))
    bare = Probe(f"{OURS}bare", None, None, (), (), ())
    lonely = Probe(f"{OURS}lonely", "Lonely", f"{OURS}page", (), entries[4:], ())
    app.library.probe = {one.url: one for one in (whole, bare, lonely)}.__getitem__
    server = Server(5, Reader("channel", str(TARGET)), manages=True)
    whoever = Reader("user", str(WHO))
    private = functools.partial(Request, "feeds", reader=whoever, now=app.clock(), server=server, ephemeral=True)
    found = [
        answer(private(line), app.library)
        for line in (
            "list", f"test {OURS}feed", f"test {OURS}bare", f"add {OURS}feed",
            f"add {OURS}feed", f"add {OURS}feed everything", f"add {OURS}bare everything",
            f"add {OURS}lonely", "export",
        )
    ]  # fmt: skip
    rows = "".join(f'<outline xmlUrl="{url}"/>' for url in (f"{OURS}a", f"{OURS}b", "https://nowhere/x", f"{OURS}feed"))
    upload = Upload("mine.opml", f"<opml><body>{rows}</body></opml>".encode())
    typed = [_ask(app, line, whoever, server) for line in ("!feeds", f"!feeds test {OURS}feed", "!feeds export")]
    found += [*typed, answer(private("import", upload=upload), app.library)]
    with app.store.writing() as connection:
        own = feeds.listed(connection, app.library.topic.key, 5)
        assert len(own) == 5
        for one in own[1:3]:
            feeds.succeeded(
                connection, one.id, etag=None, last_modified=None, body_digest=None, asks_seconds=None, moved_to=None,
                next_poll_at=app.clock(), now=app.clock(),
            )  # fmt: skip
        for one in own[2:4]:
            feeds.failed(connection, one.id, "gone", "Gone.", next_poll_at=app.clock(), now=app.clock())
    return [*found, *(answer(private(line), app.library) for line in ("list", "remove 1")), _ask(app, "!feeds")]


def _updates(app: App, moment: list[datetime]) -> list[Answer]:
    moment[0] += timedelta(minutes=3)
    key = app.library.topic.key
    with app.store.reading() as connection:
        untold = events.untold(connection, key, now=app.clock(), since=NOW - timedelta(days=8))
    told = tuple({one.event.id: one.event for one in untold}.values())
    assert {event.kind for event in told} == {"position_moved", "article_mentions"}
    kinds: list[Any] = ["position_moved", "sources_differ", "corrected"]
    variants = [told, *(tuple(dataclasses.replace(e, kind=k) for e in told if e.after and e.before) for k in kinds)]
    variants.append(tuple(dataclasses.replace(e, before=None) for e in told if e.kind == "position_moved"))
    variants.append(tuple(dataclasses.replace(e, after=None) for e in told if e.kind == "position_moved"))
    rhythms: list[Any] = ["instant", "daily", "weekly"]
    return [
        updates.update(
            app.library, updates.Message("user", READER.id, rhythm, "key", app.clock(), 5, None, variant)
        )
        for variant in variants
        for rhythm in rhythms
    ]  # fmt: skip


def _briefing(app: App, moment: list[datetime], checks: tuple[Check, ...]) -> list[Answer]:
    """A briefing that was posted, the list of posts, and its retraction."""
    moment[0] += timedelta(days=1)
    library = app.library
    with app.store.reading() as connection:
        plan = briefings.plan_of(connection, library.topic.key, 5)
    assert plan is not None
    made = posts.build(library, plan, date(2025, 3, 22), now=app.clock()).answer
    assert posts.make_due(library, now=app.clock()) == 1
    shown = [servers.show(5, checks, library, trouble="I can't.", now=app.clock())]
    with app.store.writing() as connection:
        (delivery,) = (
            one
            for one in deliveries.claim_due(connection, "test", app.clock(), 50)
            if one.once_key.startswith("briefing:")
        )
        deliveries.sent(connection, delivery.id, 0, 1234, now=app.clock())
        deliveries.finish(connection, delivery.id, now=app.clock())
        audit.record(connection, subscriptions.FORGOTTEN, "briefing paused", guild_id=5, now=app.clock())
    shown.append(servers.show(5, checks, library, trouble=None, now=app.clock()))
    shown += _stories(app)
    shown += [servers.retract(5, library, by=WHO, now=app.clock()) for _ in range(2)]
    return [made, *shown]


def _stories(app: App) -> list[Answer]:
    """Stories of what was posted: one that goes on, with a copy, and one of which only the title stands there."""
    server = Server(5, Reader("channel", str(TARGET)))
    found = [_ask(app, line, server=server) for line in ("!story 1", "!story talks", "!why", "!why 9")]
    story, why = found[0], found[2]
    texts = [{**text, "new": True} for day in story.view["days"] for text in day["texts"]]
    listed = [{**one, "new": True, "copy_of": one["article"]} for one in story.view["listed"]] * 3
    days = [{"day": "20 March 2025", "texts": texts}, {"day": "21 March 2025", "texts": texts}]
    goes_on = {"days": days, "listed": listed, "new": 3, "count": 9, "number": None}
    beside = [{"number": 1, "above": True, "reasons": ["1 outlet"]}, {"number": 3, "above": False, "reasons": ["none"]}]
    leans = [{**one, "faults": "is a question"} for one in why.view["sentences"]]
    unknown = [{**one, "place": None} for one in why.view["sentences"]]
    return [
        *found,
        dataclasses.replace(story, view={**story.view, **goes_on}),
        dataclasses.replace(story, view={**story.view, "days": (), "first": None}),
        *(dataclasses.replace(why, view={**why.view, **more}) for more in (
            {"kind": "named", "number": None}, {"kind": "retold"}, {"known": 3, "beside": beside, "sentences": leans},
            {"sentences": unknown},
        )),
    ]  # fmt: skip


Fill = Callable[[str, str], str]
"""Gives what stands in place of a text: by the name of its field, and the text."""


def _poisoned(value: Any, fill: Fill, name: str = "") -> Any:
    """Return a view with every text from outside replaced."""
    if isinstance(value, str):
        return value if name in DECIDES or value in RHYTHMS or not value else fill(name, value)
    if isinstance(value, Command) or value is None:
        return value
    if isinstance(value, Mapping):
        return {key: _poisoned(inner, fill, key if isinstance(key, str) else name) for key, inner in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_poisoned(inner, fill, name) for inner in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={k: _poisoned(getattr(value, k), fill, k) for k in type(value).model_fields})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _poisoned(getattr(value, field.name), fill, field.name)
            for field in dataclasses.fields(value)
            if field.init and not field.name.startswith("_")
        }
        return dataclasses.replace(value, **changed)
    return value


def _rendered(one: Answer, fill: Fill) -> list[dict[str, Any]]:
    actions = tuple(
        dataclasses.replace(
            action,
            label=f"Stop {fill('label', action.label)}",
            command=fill("command", action.command),
            choices=tuple(Action(f"{fill('label', c.label)}.", fill("command", c.command)) for c in action.choices),
        )
        for action in one.actions
    )
    return render.as_discord(dataclasses.replace(one, view=_poisoned(one.view, fill), actions=actions))


def _plain(name: str, _text: str) -> str:
    return f"{OURS}x" if name == "url" else "word"


class _Hostile:
    """Fills in hostile texts by turns, and remembers where."""

    def __init__(self, pool: list[str]) -> None:
        self._pool = pool
        self._next = 0
        self.used: set[str] = set()

    def __call__(self, name: str, _text: str) -> str:
        text = self._pool[self._next % len(self._pool)] or "-"
        self._next += 1
        if name == "url" and (self._next % 3 or re.match(r"https?://", text, re.IGNORECASE)):
            # An article's own address may be any; elsewhere an address is an attack.
            text = OURS + text
        self.used.add(text)
        return text


_ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")


def _read(quote: str) -> str:
    """What a reader sees of a block quote."""
    return _ESCAPE.sub(r"\1", quote.replace("\u2060", "")).removeprefix("[…]").strip()


TOO_LONG = re.compile(r"-# One line of [\d,]+ characters is too long to be shown\.")


def _judge(bodies: list[dict[str, Any]], used: set[str]) -> None:
    """Hold messages against Discord's rules and ours."""
    quotable = {harmless(text).strip() for text in used}
    for body in bodies:
        content = body["content"]
        validate.message(body, [])
        assert len(content.encode("utf-16-le")) // 2 <= rules.CONTENT
        assert content == content.strip("\n")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", content)
        # Our own mentions name people, whom allowed_mentions keeps from being told; outside text must not even try.
        judged = content.replace(f"<@{WHO}>", "").replace("I can't ping @everyone", "")
        assert not mentions.pings(CHANNEL, WORLD.bot, judged, None), content
        assert not mentions.pings(CHANNEL, WORLD.bot, content, body["allowed_mentions"])
        found = markdown.marks(content.replace("I can't ping @everyone", ""))
        assert not [mark for mark in found if mark.kind in NEVER], content
        links = [mark for mark in found if mark.kind == "link"]
        assert all(mark.target.startswith(OURS) and mark.text.strip() for mark in links), content
        assert len(links) == content.count(f"](<{OURS}"), content
        for mark in found:
            if mark.kind == "heading":
                assert mark.text in HEADINGS
            elif mark.kind == "quote":
                assert _read(mark.text) in quotable, mark
            elif mark.kind == "code":
                assert mark.text.startswith(("!", "/", "?")), mark
            elif mark.kind == "person":
                assert mark.target == str(WHO)
            elif mark.kind == "channel":
                assert mark.target == str(TARGET)
            elif mark.kind == "moment":
                assert re.fullmatch(r"17\d{8}:f", mark.target), mark
        for line in content.split("\n"):
            if "**" in line:
                assert sum(mark.kind == "bold" for mark in markdown.marks(line)) % 2 == 0, line
        for part in walk(body.get("components", [])):
            for shown in (part, *part.get("options", ())):
                for text in (shown.get("label"), shown.get("placeholder")):
                    assert text is None or text.strip()
                    assert not re.search(r"[\x00-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text or "")


def _shape(bodies: list[dict[str, Any]]) -> Counter[str]:
    found = [mark.kind for body in bodies for mark in markdown.marks(body["content"])]
    return Counter(kind for kind in found if kind in {"heading", "quote", "small", "list"})


def test_every_template_is_exercised(answers: Answers) -> None:
    assert set(answers) | {"late"} == TEMPLATES - NOT_MESSAGES


def test_the_judge_sees_what_it_should() -> None:
    seen = {mark.kind for mark in markdown.marks("\n".join(SNIPPETS))}
    assert seen >= NEVER | {"heading", "quote", "small", "list", "link", "code", "bold", "person", "channel", "moment"}
    assert mentions.pings(CHANNEL, WORLD.bot, "\n".join(SNIPPETS), None)
    assert markdown.marks("\\[x](http://e.example)")[0].kind == "address"
    assert [m.kind for m in markdown.marks("> **a** [b](<https://c.example>)")] == ["quote", "bold", "bold", "link"]


@pytest.mark.parametrize("template", sorted(TEMPLATES - NOT_MESSAGES - {"late"}))
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_hostile_words_stay_words(answers: Answers, template: str, data: st.DataObject) -> None:
    one = answers[template][data.draw(st.integers(0, len(answers[template]) - 1))]
    hostile = _Hostile(data.draw(st.lists(any_length, min_size=1, max_size=6)))
    bodies = _rendered(one, hostile)
    # A template that is nothing but one text shows nothing where nothing of that can be seen.
    assert bodies or not any(harmless(text).strip() for text in hostile.used)
    _judge(bodies, hostile.used)


@pytest.mark.parametrize("template", sorted(TEMPLATES - NOT_MESSAGES - {"late"}))
def test_each_hostile_text_in_its_turn(answers: Answers, template: str) -> None:
    """Nothing is left to chance: each text once first, in the shape that the same answer has with harmless words."""
    pool = [*SNIPPETS, *LONG]
    some = [(one, _shape(_rendered(one, _plain))) for one in answers[template][:4]]
    for start in range(0, len(pool), 12):
        for one, plain in some:
            hostile = _Hostile(pool[start:] + pool[:start])
            bodies = _rendered(one, hostile)
            _judge(bodies, hostile.used)
            shown = "\n".join(body["content"] for body in bodies)
            blank = any(not harmless(text).strip() for text in hostile.used)
            if not blank and not TOO_LONG.search(shown):
                assert _shape(bodies) == plain, shown


def test_a_link_whose_label_shows_nothing_is_still_a_link(answers: Answers) -> None:
    for nothing in ("\u200b", " ", "\u202e\u202c", "\n"):
        for one in answers["briefing"]:
            bodies = _rendered(one, lambda name, _, empty=nothing: f"{OURS}x" if name == "url" else empty)
            found = [mark for body in bodies for mark in markdown.marks(body["content"]) if mark.kind == "link"]
            assert all(mark.text.strip() for mark in found)


def test_the_line_that_says_late_is_ours() -> None:
    found = markdown.marks(render.late_line(NOW))
    assert [mark.kind for mark in found] == ["small", "moment"]


@settings(max_examples=10, deadline=None)
@given(pool=st.lists(texts, min_size=1, max_size=6))
def test_the_page_holds_no_tag_of_theirs(answers: Answers, pool: list[str]) -> None:
    for one in answers["briefing"]:
        hostile = _Hostile(pool)
        page = render.as_html(dataclasses.replace(one, view=_poisoned(one.view, hostile)))
        plain = render.as_html(dataclasses.replace(one, view=_poisoned(one.view, _plain)))
        tags = re.compile(r"<(?!a\b|/a>)[^>]*>")
        assert Counter(tags.findall(page)) == Counter(tags.findall(plain))
        assert all(link.startswith(f'<a href="{OURS}') for link in re.findall(r"<a\b[^>]*>", page))


ECHOING = ("status", "no-statement", "proof", "no-proof", "subscribe", "unsubscribe")
"""Templates that say as what a name was read."""


@pytest.mark.parametrize("template", ECHOING)
@settings(max_examples=10, deadline=None)
@given(name=any_length)
def test_a_typed_name_is_echoed_as_words(answers: Answers, template: str, name: str) -> None:
    one = next(one for one in answers[template] if one.view["read_as"])
    typed = Request("status", name, READER, NOW)
    bodies = render.as_discord(dataclasses.replace(one, view={**one.view, "read_as": typed.words}))
    _judge(bodies, _texts(one.view))


def _texts(view: Mapping[str, Any]) -> set[str]:
    """Every text of a view."""
    found: set[str] = set()

    def note(_name: str, text: str) -> str:
        found.add(text)
        return text

    _poisoned(view, note)
    return found


@pytest.mark.parametrize("template", ["briefings", "settings"])
def test_who_asked_to_be_forgotten_is_nobody_s_mention(answers: Answers, template: str) -> None:
    shown = "".join(body["content"] for one in answers[template] for body in render.as_discord(one))
    assert f"by <@{WHO}>" in shown
    assert "by somebody (deleted on request)" in shown
    assert "<@deleted" not in shown
