"""What polling costs: 200 feeds, of which 20 misbehave, beside ten thousand stored articles.

Run from a checkout with the tools for development, on Linux: ``.venv/bin/python benchmarks/polling.py``; ``--feeds``,
``--articles`` ask for less. Four rounds are measured, each of all feeds:

- the first, which is the baseline of every feed;
- one in which nothing has changed: it must cost one conditional request for each feed, and nothing may be parsed;
- one in which every feed has news;
- another such one under a profiler: of the CPU time all but what network, parsing of feeds, extraction of pages and the
  database take must be under 20 %. The profile is shown.

Exits with 1 when one of these is missed, or when polling and the process that parses ever take 250 MB together. (Not in
the last round: what the profiler keeps of each of some thousand calls in threads would be counted, some 40 MB.)

The feeds are served by a process of their own. Half of them hold whole texts, half teasers whose pages are read. The
texts are put together at random from paragraphs of the shipped articles, of which every fourth word is made up.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import logging
import pstats
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from aiohttp import web  # noqa: E402

from bot.app import App, open_app  # noqa: E402
from bot.feeds.newsroom import Newsroom  # noqa: E402
from bot.intake import examine, record  # noqa: E402
from bot.store import articles  # noqa: E402
from summaries.article import Draft, Published  # noqa: E402

MOST_MB = 250.0
MOST_SHARE = 0.20
ITEMS = 20
MISBEHAVING = 20
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def host(number: int) -> str:
    """Return the address of a feed's host: each has one of its own, as most have in the world."""
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


# The feeds ------------------------------------------------------------------------------------------------------------


class Texts:
    """Puts texts together from the shipped articles' paragraphs."""

    def __init__(self, seed: int) -> None:
        """Begin a series of texts."""
        self._random = random.Random(seed)  # noqa: S311 (no secret)
        folder = ROOT / "seeds" / "articles"
        lines = [line.strip() for file in sorted(folder.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
        self._paragraphs = [line for line in lines if 80 < len(line) < 900]

    def words(self, count: int) -> str:
        """Return a few made-up words, so that no two texts are alike."""
        return " ".join(
            "".join(self._random.choice("bdfgklmnprst") + self._random.choice("aeiou") for _ in range(3))
            for _ in range(count)
        )

    def body(self, paragraphs: int) -> list[str]:
        """Return paragraphs of a text. Every fourth word is made up, so that no two texts share passages."""
        chosen = self._random.choices(self._paragraphs, k=paragraphs)
        return [
            f"{re.sub(r'[0-9]+', lambda _: str(self._random.randrange(90)), one)} {self.words(25)}." for one in chosen
        ]


class Feeds:
    """All feeds; :meth:`advance` gives each one entry more."""

    def __init__(self, count: int) -> None:
        """Make feeds with twenty entries each."""
        self._texts = Texts(7)
        self.port = 0
        self.generation = 0
        self.entries: list[list[tuple[str, list[str], datetime]]] = [
            [self._entry(START - timedelta(hours=age)) for age in range(ITEMS)] for _ in range(count)
        ]
        self.asked: Counter[str] = Counter()
        self.conditional = 0
        self.pages = 0

    def _entry(self, at: datetime) -> tuple[str, list[str], datetime]:
        title = f"Minister speaks of the coalition of the willing in {self._texts.words(3)}"
        return title, self._texts.body(6), at

    def advance(self) -> None:
        """Give each feed an entry more, and take its oldest away."""
        self.generation += 1
        for entries in self.entries:
            entries.insert(0, self._entry(START + timedelta(hours=self.generation)))
            entries.pop()

    def rss(self, number: int) -> str:
        """Return a feed; every other one holds only teasers."""
        items = []
        for title, body, at in self.entries[number]:
            shown = (
                f"{body[0][:90]}..."
                if number % 2
                else "".join(f"&lt;p&gt;{one}&lt;/p&gt;" for one in map(escaped, body))
            )
            slug = re.sub(r"\W+", "-", title.lower())
            items.append(
                f"<item><guid isPermaLink='false'>{number}-{slug}</guid><title>{escaped(title)}</title>"
                f"<link>http://{host(number)}:{self.port}/{number}/{slug}</link>"
                f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate>"
                f"<description>{shown}</description></item>"
            )
        return f"<rss version='2.0'><channel><title>Feed {number}</title>{''.join(items)}</channel></rss>"

    def page(self, number: int, slug: str) -> str | None:
        """Return the page of an entry, with as much around it as pages have."""
        for title, body, _ in self.entries[number]:
            if re.sub(r"\W+", "-", title.lower()) == slug:
                links = "".join(
                    f"<li class='menu-item'><a href='/section/{n}'>Section {n}</a></li>" for n in range(400)
                )
                text = "".join(f"<p>{escaped(one)}</p>" for one in body)
                return (
                    f"<!doctype html><html lang='en'><head><title>{escaped(title)}</title></head><body><nav><ul>{links}"
                    f"</ul></nav><main><article><h1>{escaped(title)}</h1>{text}</article></main>"
                    f"<aside><ul>{links}</ul></aside><footer><ul>{links}</ul></footer></body></html>"
                )
        return None


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def serve(count: int) -> None:
    """Serve feeds until the process is ended; prints the port."""

    async def run() -> None:
        app = web.Application()
        runner = web.AppRunner(app, access_log=None)
        feeds = Feeds(count)

        async def feed(request: web.Request) -> web.StreamResponse:
            number = int(request.match_info["number"])
            feeds.asked[str(number)] += 1
            etag = f'"{number}-{feeds.generation}"'
            if request.headers.get("If-None-Match") is not None:
                feeds.conditional += 1
            if request.headers.get("If-None-Match") == etag:
                return web.Response(status=304, headers={"ETag": etag})
            return web.Response(text=feeds.rss(number), content_type="application/rss+xml", headers={"ETag": etag})

        async def page(request: web.Request) -> web.StreamResponse:
            feeds.pages += 1
            text = feeds.page(int(request.match_info["number"]), request.match_info["slug"])
            return web.Response(status=404) if text is None else web.Response(text=text, content_type="text/html")

        async def bad(request: web.Request) -> web.StreamResponse:
            return await misbehave(int(request.match_info["number"]), request)

        async def control(request: web.Request) -> web.StreamResponse:
            if request.match_info["what"] == "advance":
                feeds.advance()
            told = {"asked": dict(feeds.asked), "conditional": feeds.conditional, "pages": feeds.pages}
            feeds.asked.clear()
            feeds.conditional = feeds.pages = 0
            return web.json_response(told)

        app.router.add_get("/feed/{number}", feed)
        app.router.add_get("/bad/{number}", bad)
        app.router.add_get("/control/{what}", control)
        app.router.add_get("/{number}/{slug}", page)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", 0)  # noqa: S104 (each feed has a host of its own on loopback)
        await site.start()
        server: Any = site._server
        port = server.sockets[0].getsockname()[1]
        feeds.port = port
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()

    asyncio.run(run())


async def misbehave(number: int, request: web.Request) -> web.StreamResponse:
    """Answer as feeds do that are of no use."""
    kinds: list[Callable[[], Any]] = [
        lambda: web.Response(status=404),
        lambda: web.Response(status=503, headers={"Retry-After": "3600"}),
        lambda: web.Response(text="<html><title>Just a moment...</title></html>", status=403, content_type="text/html"),
        lambda: web.Response(text="<rss><channel><item><title>cut", content_type="application/rss+xml"),
        lambda: web.Response(text="<!DOCTYPE html><html><body>Hello</body></html>", content_type="text/html"),
        lambda: web.Response(text="<rss>" + "<a>" * 20_000, content_type="application/rss+xml"),
        lambda: web.Response(text=entities(), content_type="application/rss+xml"),
        lambda: web.HTTPFound(str(request.url)),
    ]
    if number % 10 == 8:
        answer = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"<item><title>endless</title></item>" * 1000)
        except ConnectionError:
            return answer
    if number % 10 == 9:
        await asyncio.Event().wait()
    made = kinds[number % 10]()
    if isinstance(made, web.HTTPFound):
        raise made
    return made  # type: ignore[no-any-return]


def entities() -> str:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE rss [<!ENTITY l0 "lol">{levels}]><rss><channel><title>&l9;</title></channel></rss>'


# The profile ----------------------------------------------------------------------------------------------------------

KINDS = {
    "network": ("aiohttp", "asyncio", "yarl", "multidict", "selectors", "ssl", "socket", "bot/feeds/fetch", "aiosignal",
                "frozenlist", "propcache", "brotli", "zlib", "ipaddress", "async_timeout", "aiohappyeyeballs"),
    "database": ("sqlalchemy", "sqlite3", "bot/store", "psycopg"),
    "handing to the parser": ("bot/feeds/worker", "pickle", "pydantic", "json/", "subprocess"),
}  # fmt: skip


def kind_of(file: str) -> str:
    return next((kind for kind, parts in KINDS.items() if any(part in file for part in parts)), "everything else")


class Profiled(ThreadPoolExecutor):
    """Runs what is given to threads under a profiler each, and keeps what they found."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__(6)
        self.found: list[cProfile.Profile] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Run a function in a thread."""

        def run() -> Any:  # noqa: ANN401
            profile = cProfile.Profile(time.thread_time)
            try:
                return profile.runcall(function, *args, **kwargs)
            finally:
                self.found.append(profile)

        return super().submit(run)


def shares(profiles: Sequence[cProfile.Profile]) -> tuple[dict[str, float], list[tuple[str, float]]]:
    """Return the seconds of each kind of work, and the functions of the rest that took most.

    What is built in (or compiled) has no file; its time is that of whoever called it.
    """
    stats = pstats.Stats(profiles[0])
    for profile in profiles[1:]:
        stats.add(profile)
    seconds: dict[str, float] = defaultdict(float)
    rest: dict[str, float] = defaultdict(float)
    every: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
    for (file, line, name), (_, _, own, _, callers) in every.items():
        parts = [(file, f"{Path(file).name}:{line} {name}", own)]
        if file == "~" and callers:
            parts = [
                (caller[0], f"{Path(caller[0]).name}:{caller[1]} {caller[2]} > {name}", of[2])
                for caller, of in callers.items()
            ]
        for where, shown, spent in parts:
            kind = kind_of(where)
            seconds[kind] += spent
            if kind == "everything else":
                rest[shown] += spent
    return seconds, sorted(rest.items(), key=lambda one: -one[1])[:12]


# Measuring ------------------------------------------------------------------------------------------------------------


def fill(app: App, count: int) -> None:
    """Store articles, as if they had come in the days before."""
    texts = Texts(3)
    library = app.library
    for first in range(0, count, 200):
        with library.store.writing() as connection:
            for number in range(first, min(first + 200, count)):
                at = START - timedelta(minutes=number)
                title = f"Report {number} of {texts.words(2)}"
                text = "\n\n".join([title, *texts.body(6)])
                draft = Draft(text, title, "A Paper", language="en", published=Published(at, "time", "stated"))
                stored = articles.add(connection, library.topic.key, f"stored {number}", draft, now=at)
                record(connection, library.topic.key, stored, draft, examine(draft, library), now=START)


def peak_mb(pids: Sequence[int] = ()) -> float:
    """Return the most memory that this process and others held, in MB."""
    found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for pid in pids:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
        found += int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) / 1024
    return found


async def measure(app: App, feeds: int, control: Callable[[str], dict[str, Any]], home: Path) -> list[str]:
    """Poll four times; returns what was missed."""
    missed: list[str] = []
    now = [START]
    loop = asyncio.get_running_loop()
    parsed: Counter[str] = Counter()
    good = feeds - MISBEHAVING
    newsroom = Newsroom(app.library, app.settings, clock=lambda: now[0], jitter=lambda: 0.0, owner="benchmark")
    heads = ("seconds", "requests", "conditional", "pages", "parsed", "new", "peak MB")
    print(f"{'round':20}" + "".join(f"{head:>12}" for head in heads))
    async with newsroom:
        desk: Any = newsroom._desk
        worker = desk.parse.__self__

        async def counting(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            parsed[function.__name__] += 1
            return await worker.call(function, *args, **kwargs)

        object.__setattr__(desk, "parse", counting)

        async def round_of(name: str, *, memory: bool = True) -> dict[str, Any]:
            parsed.clear()
            begun = time.perf_counter()
            polled, pages = await newsroom.round()
            took = time.perf_counter() - begun
            told = await asyncio.to_thread(control, "tell")
            peak = peak_mb(worker.pids)
            asked = sum(told["asked"].values())
            new = len(polled.new)
            row = (asked, told["conditional"], told["pages"], sum(parsed.values()), new)
            shown = f"{peak:12.1f}" if memory else f"{'-':>12}"
            print(f"{name:20}{took:12.2f}" + "".join(f"{one:12,}" for one in row) + shown, flush=True)
            if memory and peak > MOST_MB:
                missed.append(f"{name}: {peak:.0f} MB")
            failed = sum(one.outcome == "failed" for one in polled.feeds)
            return {"told": told, "new": new, "failed": failed, "pages": Counter(one.state for one in pages)}

        async def advance() -> None:
            now[0] += timedelta(hours=12)
            await asyncio.to_thread(control, "advance")

        first = await round_of("baseline")
        # Of ten kinds two are read for what they hold: one that is cut, and one with entities that grow.
        if first["failed"] != MISBEHAVING * 8 // 10:
            missed.append(f"{first['failed']} feeds failed, not {MISBEHAVING * 8 // 10}")
        now[0] += timedelta(hours=12)
        calm = await round_of("nothing new")
        if calm["told"]["conditional"] != good or any(count != 1 for count in calm["told"]["asked"].values()):
            missed.append("an unchanged feed cost more than one conditional request")
        good_parsed = parsed["read_feed"] - sum(1 for number in range(MISBEHAVING) if number % 10 in {3, 4, 5, 6})
        if good_parsed > 0 or parsed["extract_page"]:
            missed.append(f"{good_parsed} unchanged feeds were parsed")

        async def news(name: str, *, memory: bool = True) -> dict[str, Any]:
            found = await round_of(name, memory=memory)
            if found["new"] != good:
                missed.append(f"{name}: {found['new']} articles came, not {good}")
            return found

        await advance()
        await news("news in every feed")
        await advance()
        executor = Profiled()
        loop.set_default_executor(executor)
        ours = cProfile.Profile(time.thread_time)
        before = child_seconds(worker.pids)
        ours.enable()
        busy = await news("the same, profiled", memory=False)
        ours.disable()
        parsing = child_seconds(worker.pids) - before
        print(f"pages: {dict(busy['pages'])}")
    seconds, rest = shares([ours, *executor.found])
    seconds["parsing feeds, extracting pages"] = parsing
    total = sum(seconds.values())
    print(f"\nCPU time of the round with news, {total:.2f} s:")
    for kind, spent in sorted(seconds.items(), key=lambda one: -one[1]):
        print(f"  {kind:34} {spent:7.2f} s {100 * spent / total:5.1f} %")
    print("most of everything else:")
    for shown, spent in rest:
        print(f"  {spent:7.3f} s  {shown}")
    share = (seconds["everything else"] + seconds["handing to the parser"]) / total
    print(f"outside network, parsing, extraction and database: {100 * share:.1f} % (at most {100 * MOST_SHARE:.0f} %)")
    if share > MOST_SHARE:
        missed.append(f"{100 * share:.0f} % of the CPU time is our own")
    print(f"store: {(home / 'rollcall.sqlite3').stat().st_size / 1e6:.0f} MB")
    return missed


def child_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that processes have taken, in seconds."""
    tick = 100.0
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / tick
    return total


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    logging.disable(logging.WARNING)
    good = options.feeds - MISBEHAVING
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(good)], stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline() if server.stdout else 0)

        def control(what: str) -> dict[str, Any]:
            with urlopen(f"http://127.0.0.1:{port}/control/{what}", timeout=60) as answered:
                told: dict[str, Any] = json.load(answered)
            return told

        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            dossier_with_feeds(home / "dossier", port, good)
            (home / "config.toml").write_text(
                f"dossier = {str(home / 'dossier')!r}\n[feeds]\nseconds = 5\n"
                f"private_hosts = {[f'{host(number)}:{port}' for number in range(options.feeds)]}\n",
                "utf-8",
            )
            with open_app(str(home), clock=lambda: START) as app:
                begun = time.perf_counter()
                fill(app, options.articles)
                took = time.perf_counter() - begun
                each = 1000 * took / max(1, options.articles)
                print(f"{options.articles:,} articles stored in {took:.0f} s ({each:.1f} ms each)", flush=True)
                missed = asyncio.run(measure(app, options.feeds, control, home))
    finally:
        server.terminate()
        server.wait()
    print("MISSED: " + "; ".join(missed) if missed else "All limits held.")
    return int(bool(missed))


def dossier_with_feeds(folder: Path, port: int, good: int) -> None:
    """Write the shipped dossier with these feeds instead of its own."""
    shutil.copytree(ROOT / "seeds", folder)
    topic = folder / "topic.toml"
    text = topic.read_text("utf-8")
    text = text[: text.index("[[feeds]]")]
    urls = [f"http://{host(n)}:{port}/feed/{n}" for n in range(good)]
    urls += [f"http://{host(good + n)}:{port}/bad/{n}" for n in range(MISBEHAVING)]
    for number, url in enumerate(urls):
        about = f'url = "{url}"\nname = "Feed {number}"\nkind = "news"\nlanguage = "en"\nnote = "-"'
        text += f"\n[[feeds]]\n{about}\neverything = true\n"
    topic.write_text(text, "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
