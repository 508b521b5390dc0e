"""The preview: every medium on one page, live on save, for this machine alone."""

from __future__ import annotations

import asyncio
import dataclasses
import html
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import Answer
from bot.app import open_app
from bot.commands.briefing import briefing_of
from bot.posts.briefings import ROOM
from bot.preview.markup import of_message, of_terminal
from bot.preview.server import Preview, serve
from bot.preview.watch import Watch
from bot.render import render
from bot.render.medium import Discord, harmless
from bot.render.split import length
from bot.request import LOCAL_READER, Request
from bot.resources import own_templates
from summaries.briefing import day_window
from tests.bot.conftest import NOW, Rollcall
from tests.bot.hostile import SNIPPETS, any_length

ROOT = Path(__file__).parents[2]
ROUTES = ("/", "/content", "/briefing", "/events", "/page.css", "/page.js")


@pytest.fixture(scope="module")
def answer(seeded: Path) -> Answer:
    """The briefing of the day of both seed articles."""
    with open_app(str(seeded), clock=lambda: NOW) as app:
        request = Request("briefing", "", LOCAL_READER, NOW)
        return briefing_of(day_window(NOW.date().replace(day=20)), request, app.library)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of templates of one's own, above the shipped ones while the test runs."""
    path = tmp_path / "mine"
    path.mkdir()
    with own_templates(path):
        yield path


class Site:
    """A preview that is being served, as a browser asks for it."""

    def __init__(self, session: aiohttp.ClientSession, address: str, told: list[str]) -> None:
        self.session = session
        self.address = address.rstrip("/")
        self.told = told

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.session.get(self.address + path, headers=headers) as response:
            return response.status, await response.text()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        """The versions that an open page is told."""
        async with self.session.get(f"{self.address}/events") as response:
            assert response.content_type == "text/event-stream"

            async def versions() -> AsyncIterator[str]:
                async for line in response.content:
                    if line.startswith(b"data: "):
                        yield line.decode().removeprefix("data: ").strip()

            yield versions()


@asynccontextmanager
async def _served(answer: Answer) -> AsyncIterator[Site]:
    told: list[str] = []
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    shown = Preview(answer, title="A day", tell=told.append)
    task = asyncio.create_task(serve(shown, 0, ready=ready.set_result, every=0.005))
    try:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            yield Site(session, await ready, told)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_page_holds_the_briefing_in_every_medium(answer: Answer, folder: Path) -> None:
    async with _served(answer) as site:
        status, page = await site.get("/")
        assert status == 200
        assert str(folder) in page
        bodies = render.as_discord(answer, room=ROOM)
        assert len(bodies) > 2
        counts = re.findall(r"Message (\d+) of (\d+): ([\d,]+) of 2,000 characters", page)
        assert counts == [
            (str(n), str(len(bodies)), f"{length(body['content']):,}") for n, body in enumerate(bodies, start=1)
        ]
        assert '<div class="line"><strong>Briefing, Thursday 20 March 2025: ' in page
        assert '<div class="quote">The President of the Czech Republic has also endorsed the idea.</div>' in page
        assert "<span>Who is in?</span><span>Follow a country</span>" in page
        assert '<iframe src="/briefing"' in page
        assert await site.get("/briefing") == (200, render.as_html(answer))
        terminal = html.unescape(re.sub(r"</?strong>", "", page[page.rindex('aria-label="Terminal"') :]))
        assert render.as_text(answer, width=80) in terminal
        assert '"date": "2025-03-20"' in html.unescape(page)
        assert site.told == []


async def test_what_is_saved_is_shown(answer: Answer, folder: Path) -> None:
    async with _served(answer) as site, site.listening() as versions:
        first = await anext(versions)
        assert f'data-version="{first}"' in (await site.get("/"))[1]
        # As editors save: into the file itself, and by renaming another one over it.
        (folder / "briefing.j2").write_text("One, {{ day|day }}", encoding="utf-8")
        assert await anext(versions) != first
        assert "One, 20 March 2025" in (await site.get("/content"))[1]
        (folder / ".briefing.j2.new").write_text("Two, {{ day|day }}", encoding="utf-8")
        os.replace(folder / ".briefing.j2.new", folder / "briefing.j2")
        while "Two, 20 March 2025" not in (await site.get("/content"))[1]:
            second = await anext(versions)
        (folder / "briefing.j2").unlink()
        assert await anext(versions) != second
        assert "Briefing, Thursday 20 March 2025: " in (await site.get("/content"))[1]
        assert site.told == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n{{ headlin }}", "line 2: 'headlin' is undefined."),
        ("{% if day %}\n\n{% endfor %}", "line 3: Encountered unknown tag 'endfor'."),
    ],
)
async def test_an_error_is_a_sentence_until_it_is_mended(
    answer: Answer, folder: Path, text: str, sentence: str
) -> None:
    (folder / "briefing.j2").write_text(text, encoding="utf-8")
    async with _served(answer) as site, site.listening() as versions:
        status, page = await site.get("/")
        assert status == 200
        told = f"{folder / 'briefing.j2'}, {sentence}"
        assert html.unescape(page).count(told) >= 2  # where Discord's messages would be, and where the terminal's text
        assert site.told[0].startswith(told)
        assert len(site.told) == 1
        # The page has a template of its own.
        assert await site.get("/briefing") == (200, render.as_html(answer))
        assert "Traceback" not in page
        await anext(versions)
        (folder / "briefing.j2").write_text("Mended.", encoding="utf-8")
        await anext(versions)
        content = (await site.get("/content"))[1]
        assert "Mended." in content
        assert 'class="broken"' not in content


async def test_a_broken_page_and_a_wrong_name_are_said(answer: Answer, folder: Path) -> None:
    (folder / "briefing.html.j2").write_text("{{ nothing }}", encoding="utf-8")
    (folder / "brefing.j2").write_text("", encoding="utf-8")
    async with _served(answer) as site:
        page = html.unescape((await site.get("/"))[1])
        assert "briefing.html.j2, line 1: 'nothing' is undefined." in page
        assert "<iframe" not in page
        assert "Did you mean briefing.j2?" in page
        assert await site.get("/briefing") == (200, "")


async def test_only_this_machine_s_own_names_are_answered(answer: Answer) -> None:
    async with _served(answer) as site:
        for name in ("127.0.0.1", "localhost", "LOCALHOST:8620", site.address.removeprefix("http://")):
            for route in set(ROUTES) - {"/events"}:
                assert (await site.get(route, Host=name))[0] == 200, name
        for name in ("evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example", "[::1]", "10.0.0.1", ""):
            for route in (*ROUTES, "/nothing"):
                status, text = await site.get(route, Host=name)
                assert status == 403, name
                assert "Coalition" not in text


async def test_it_is_read_only_and_loads_nothing_from_elsewhere(answer: Answer) -> None:
    async with _served(answer) as site:
        for route in ROUTES:
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                async with site.session.request(method, site.address + route) as response:
                    assert response.status == 405
        for route in (*ROUTES, "/nothing", "/%2e%2e/pyproject.toml", "/page.html.j2"):
            async with site.session.get(site.address + route) as response:
                assert response.status == (200 if route in ROUTES else 404)
                policy = response.headers["Content-Security-Policy"].split("; ")
                assert "default-src 'none'" in policy
                assert not any(word in one for one in policy for word in ("unsafe-eval", "http", "*"))
                assert not any(one.startswith("script-src") and one != "script-src 'self'" for one in policy)
                assert ("style-src 'unsafe-inline'" in policy) == (route == "/briefing")
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "Access-Control-Allow-Origin" not in response.headers


async def test_it_listens_on_loopback_alone(answer: Answer) -> None:
    async with _served(answer) as site:
        host, _, port = site.address.removeprefix("http://").partition(":")
        assert host == "127.0.0.1"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", int(port))


async def test_hostile_words_stay_words_on_the_page(answer: Answer, folder: Path) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp; </pre> [x](<javascript:x>)"
    view = {**answer.view, "counts": [attack], "silent_sources": [attack]}
    hostile = dataclasses.replace(answer, view=view, data={**answer.data, "silent_sources": [attack]})
    async with _served(hostile) as site:
        page, own = (await site.get("/"))[1], (await site.get("/briefing"))[1]
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/page.js" defer>']
    assert "<img" not in page + own
    assert "<script" not in own
    assert "javascript:x" in page
    assert "href=" not in page[page.index("<main>") :]


def _words(shown: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", shown))


@settings(max_examples=30, deadline=None)
@given(st.lists(any_length, max_size=4))
def test_a_message_as_html_says_what_was_written_and_has_no_tag_of_its_writer(texts: list[str]) -> None:
    discord = Discord()
    content = "\n".join(discord.plain(text) for text in texts)
    shown = str(of_message(content))
    assert set(re.findall(r"<[^>]*>", shown)) <= {'<div class="line">', "</div>"}
    assert [_words(line).replace("\u2060", "") for line in shown.split("</div>")[:-1]] == [
        harmless(text) for text in texts or [""]
    ]


OURS = re.compile(
    r'<div class="(line|quote|small|h3|item)">|<span class="mention">|</?(strong|code)>|</(div|span|a)>'
    r'|<a href="https?://[^"<>\s]+" target="_blank" rel="noopener noreferrer">',
    re.IGNORECASE,
)


@settings(max_examples=50, deadline=None)
@given(st.lists(any_length | st.sampled_from(SNIPPETS), max_size=6))
def test_whatever_a_template_writes_has_no_tag_but_ours(texts: list[str]) -> None:
    written = "".join(texts)
    for shown in (of_message(written[:2000]), of_terminal(written)):
        assert all(OURS.fullmatch(tag) for tag in re.findall(r"<[^>]*>?", shown))


def test_a_message_as_html_has_discord_s_marks() -> None:
    discord = Discord()
    assert _tags(discord.bold(discord.plain("a*b"))) == "<strong>a*b</strong>"
    assert _tags(discord.code("!status <x>")) == "<code>!status &lt;x&gt;</code>"
    assert _tags(discord.link(discord.plain("[A] & B"), "https://e.example/a(b)?c=1&d")) == (
        '<a href="https://e.example/a%28b%29?c=1&amp;d" target="_blank" rel="noopener noreferrer">(A) &amp; B</a>'
    )
    assert _tags(discord.moment(NOW)) == '<span class="mention">21 March 2025 07:00 UTC</span>'
    assert _tags("<#42> <@7>") == '<span class="mention">#42</span> <span class="mention">@7</span>'
    for text, kind in (
        (discord.heading("x"), "h3"),
        (discord.small("x"), "small"),
        (discord.block_quote("x", False), "quote"),
        ("- x", "item"),
    ):
        assert str(of_message(text)) == f'<div class="{kind}">x</div>'
    assert _words(str(of_message(discord.block_quote("and so", True)))) == "[…] and so"


def _tags(content: str) -> str:
    return str(of_message(content)).removeprefix('<div class="line">').removesuffix("</div>")


def test_a_terminal_s_bold_type_is_shown() -> None:
    assert str(of_terminal("\x1b[1mA <b>\x1b[0m & c")) == "<strong>A &lt;b&gt;</strong> &amp; c"


def test_a_change_is_told_once_and_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.j2"
    file.write_text("one")
    watch = Watch([tmp_path, tmp_path / "none"])
    assert not any(watch.look() for _ in range(3))
    file.write_text("one and")
    assert not watch.look()
    file.write_text("one and two")  # written in pieces
    assert not watch.look()
    assert [watch.look() for _ in range(3)] == [True, False, False]
    file.rename(tmp_path / "a.j2~")
    assert not watch.look()  # moved away, the new one not there yet
    file.write_text("three")
    assert not watch.look()
    assert [watch.look() for _ in range(2)] == [True, False]
    other = tmp_path / "other"
    other.write_text("seven")  # as long as before, with an older date
    os.utime(other, ns=(1, 1))
    assert [watch.look() for _ in range(2)] == [False, True]
    other.replace(file)
    assert [watch.look() for _ in range(3)] == [False, True, False]
    assert not watch.look()


def test_a_folder_may_come_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    watch = Watch([folder])
    assert not watch.look()
    folder.mkdir()
    assert [watch.look() for _ in range(3)] == [False, True, False]
    folder.rmdir()
    assert [watch.look() for _ in range(3)] == [False, True, False]


def test_a_port_in_use_is_a_sentence(rollcall: Rollcall) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = rollcall("preview", "--port", str(port))
    assert said.code == 1
    assert said.err == (
        f"Port {port} can't be used: another program uses it. "
        "Choose another with --port; --port 0 takes any that is free.\n"
    )
    assert "http://" not in said.out


def test_mistakes_are_sentences(rollcall: Rollcall, tmp_path: Path) -> None:
    missing = tmp_path / "none"
    said = rollcall("preview", "--templates", str(missing))
    assert (said.code, said.out) == (1, "")
    assert (
        said.err
        == f"--templates {missing}: there is no such folder. Make it, and copy into it what you want to change.\n"
    )
    said = rollcall("preview", "--date", "someday")
    assert said.code == 1
    assert said.err.startswith("--date: ")
    assert rollcall("preview", "--port", "70000").code == 2


def test_which_day_and_templates_are_shown_and_that_no_browser_is_opened_unasked(
    rollcall: Rollcall, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Preview] = []
    launched: list[str] = []

    async def serve_nothing(preview: Preview, port: int, *, ready: Callable[[str], None]) -> None:
        shown.append(preview)
        ready(f"http://127.0.0.1:{port}/")

    monkeypatch.setattr("bot.preview.server.serve", serve_nothing)
    monkeypatch.setattr("click.launch", launched.append)
    for name in ("settled", "other"):
        (tmp_path / name).mkdir()
    (home / "config.toml").write_text(f"templates = '{tmp_path / 'settled'}'", encoding="utf-8")
    said = rollcall("preview")
    assert said.code == 0
    assert "http://127.0.0.1:8620/ shows the Coalition of the willing, briefing of 2025-03-20. " in said.out
    assert shown[0].folders[0] == tmp_path / "settled"
    assert launched == []
    said = rollcall("preview", "--open", "--port", "9", "--date", "2025-03-19", "--templates", str(tmp_path / "other"))
    assert "briefing of 2025-03-19. " in said.out
    assert shown[1].folders[0] == tmp_path / "other"
    assert tmp_path / "settled" not in shown[1].folders
    assert launched == ["http://127.0.0.1:9/"]


async def test_what_no_encoding_has_is_a_question_mark(answer: Answer, folder: Path) -> None:
    (folder / "briefing.html.j2").write_text(r'{% set half = "\ud800" %}{{ half }} and {{ "<i>" }}', encoding="utf-8")
    (folder / "briefing.j2").write_text(r'A {{ b("\ud800") }}', encoding="utf-8")
    async with _served(answer) as site:
        assert (await site.get("/"))[0] == 200
        assert await site.get("/briefing") == (200, "\ufffd and &lt;i&gt;\n")


@pytest.mark.long
def test_ctrl_c_ends_it_with_a_page_open(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "briefing.j2").write_text("{{ oops }}", encoding="utf-8")
    # What runs the tests in the background may let them ignore Ctrl-C, which is inherited.
    start = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('bot', run_name='__main__')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, "preview", "--port", "0", "--templates", str(folder)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"Templates: {folder}, above those of ")
        line = process.stdout.readline()
        address = re.match(r"http://127\.0\.0\.1:(\d+)/ shows the .+, briefing of 2025-03-20\. ", line)
        assert address, line
        place = ("127.0.0.1", int(address[1]))
        with socket.create_connection(place) as noise, socket.create_connection(place) as page:
            # A browser that wants TLS; then a page that listens.
            noise.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
            assert noise.recv(100).startswith(b"HTTP/1.0 400")
            page.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            heard = b""
            while b"data: " not in heard:
                heard += page.recv(1000)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert f"{folder / 'briefing.j2'}, line 1: 'oops' is undefined." in err
    assert err.endswith("Broken off.\n")
