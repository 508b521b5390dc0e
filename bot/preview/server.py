"""The preview's server: for this machine alone, read-only, and told by the page's own stream when to renew it."""

from __future__ import annotations

import asyncio
import errno
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.answers import Answer
from bot.posts.briefings import ROOM
from bot.preview.markup import of_message, of_terminal
from bot.preview.watch import Watch
from bot.render import render
from bot.render.split import MAX_CONTENT, length
from bot.resources import data, own_folder
from summaries.toml import Problems

HOST: Final = "127.0.0.1"
NAMES: Final = frozenset({HOST, "localhost"})
"""By these names this machine is asked for. Any other in a request means that a stranger's page had its own name point
here, to read the answer (DNS rebinding)."""

_LOOKED_EVERY: Final = 0.2
"""Seconds between two looks at the files."""

_HERE: Final = Path(__file__).parent
_WIDTH: Final = 80

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_OF_THE_BRIEFING: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""What the briefing's own page may do: it brings its style along, and needs nothing else."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one medium shows: ``value``, or the sentence that says why it can't."""

    value: Any = None
    error: str | None = None


class Preview:
    """A briefing as the templates of this moment write it, for a page that renews itself.

    Made and used inside :func:`~bot.resources.own_templates`.
    """

    def __init__(self, answer: Answer, *, title: str, tell: Callable[[str], None]) -> None:
        """Take the briefing and the page's title; ``tell`` gets each sentence about a template that is broken."""
        self._answer = answer
        self._title = title
        self._tell = tell
        self._run = secrets.token_hex(4)
        self._count = 0
        self._changed = asyncio.Condition()
        self._over = False
        own, shipped = own_folder(), data("templates")
        self.folders = [folder for folder in (own, shipped) if isinstance(folder, Path)]
        self._pages = Environment(loader=FileSystemLoader(_HERE), undefined=StrictUndefined, autoescape=True)
        self._write_out()

    @property
    def version(self) -> str:
        """A name for what is shown now, another one after each change and in each run."""
        return f"{self._run}-{self._count}"

    async def renew(self) -> None:
        """Write the briefing out by the files as they are now, and have every open page show that."""
        render.forget_templates()
        self._write_out()
        self._count += 1
        async with self._changed:
            self._changed.notify_all()

    def _write_out(self) -> None:
        answer = self._answer
        self._discord = self._try(lambda: render.as_discord(answer, room=ROOM))
        self._html = self._try(lambda: render.as_html(answer))
        self._text = self._try(lambda: render.as_text(answer, width=_WIDTH, colour=True))
        self._json = render.dumps({"v": render.JSON_VERSION, **answer.data}, indent=2)
        try:
            self._problems = render.template_problems()
        except OSError as error:
            self._problems = [f"{error.filename}: {error.strerror or error}."]
        sentences = [one.error for one in (self._discord, self._html, self._text) if one.error] + self._problems
        for sentence in dict.fromkeys(sentences):
            self._tell(sentence)

    @staticmethod
    def _try(write: Callable[[], object]) -> _Shown:
        try:
            return _Shown(write())
        except Problems as error:
            return _Shown(error=str(error))

    def _content(self) -> str:
        """Return the part of the page that changes."""
        bodies = self._discord.value or []
        return self._pages.get_template("content.html.j2").render(
            version=self.version,
            problems=self._problems,
            limit=MAX_CONTENT,
            discord=self._discord,
            messages=[(of_message(body["content"]), length(body["content"])) for body in bodies],
            buttons=[
                part["label"]
                for body in bodies
                for row in body.get("components", ())
                for part in row["components"]
                if "label" in part
            ],
            html=self._html,
            text=self._text,
            terminal=of_terminal(self._text.value or ""),
            json=self._json,
        )

    async def _page(self, _request: web.Request) -> web.Response:
        page = self._pages.get_template("page.html.j2").render(
            title=self._title,
            folders=self.folders,
            content=Markup(self._content()),  # noqa: S704 (written out by the same escaping environment)
        )
        return _html(page)

    async def _fragment(self, _request: web.Request) -> web.Response:
        return _html(self._content())

    async def _briefing(self, _request: web.Request) -> web.Response:
        response = _html(self._html.value or "")
        response.headers["Content-Security-Policy"] = _OF_THE_BRIEFING
        return response

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Tell a page which version is shown, now and at each change (server-sent events)."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        told = ""
        with suppress(ConnectionResetError):
            while not self._over:
                if told != self.version:
                    told = self.version
                    await response.write(f"data: {told}\n\n".encode())
                async with self._changed:
                    await self._changed.wait_for(lambda: self._over or told != self.version)  # noqa: B023
        return response

    async def _end(self, _app: web.Application) -> None:
        self._over = True
        async with self._changed:
            self._changed.notify_all()

    def app(self) -> web.Application:
        """Return the routes. None of them changes anything, and all of them refuse a foreign name."""
        app = web.Application(middlewares=[_only_for_this_machine])
        app.on_response_prepare.append(_harden)
        app.on_shutdown.append(self._end)
        for path, handler in (
            ("/", self._page),
            ("/content", self._fragment),
            ("/briefing", self._briefing),
            ("/events", self._events),
            ("/page.css", _file("page.css", "text/css")),
            ("/page.js", _file("page.js", "text/javascript")),
        ):
            app.router.add_get(path, handler)
        return app


def _html(text: str) -> web.Response:
    # A template may print half of a pair of surrogates, which no encoding has.
    return web.Response(body=text.encode("utf-8", "replace"), content_type="text/html", charset="utf-8")


def _file(name: str, kind: str) -> Callable[[web.Request], Any]:
    text = (_HERE / name).read_text(encoding="utf-8")

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type=kind)

    return handler


@web.middleware
async def _only_for_this_machine(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    name = request.headers.get("Host", "").lower()
    if name.partition(":")[0] not in NAMES:
        return web.Response(status=403, text="Only this machine may ask here, by the name 127.0.0.1 or localhost.\n")
    found: web.StreamResponse = await handler(request)
    return found


async def _harden(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


class _InASentence(logging.Filter):
    """Keeps tracebacks out of what the server tells: whoever changes a template has no use for them."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        record.msg, record.args = f"{record.getMessage()}{f': {error!r}' if error else ''}", ()
        record.exc_info = record.exc_text = None
        return True


log = logging.getLogger(__name__)
log.addFilter(_InASentence())


async def serve(preview: Preview, port: int, *, ready: Callable[[str], None], every: float = _LOOKED_EVERY) -> None:
    """Serve the preview until cancelled; ``ready`` gets its address as soon as it can be asked for.

    ``port`` 0 is any that is free; ``every`` is how many seconds lie between two looks at the files. Raises
    :class:`~summaries.toml.Problems` where the port can't be had.
    """
    # Taken before the first question is answered, so that nothing that is saved from now on is missed.
    watch = Watch(preview.folders)
    # A page that is closed ends its stream; at the end those that are open are told, so there is nothing to wait for.
    runner = web.AppRunner(preview.app(), access_log=None, logger=log, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "another program uses it" if taken else (error.strerror or str(error))
            raise Problems(
                [f"Port {port} can't be used: {why}. Choose another with --port; --port 0 takes any that is free."]
            ) from None
        ready(f"http://{HOST}:{runner.addresses[0][1]}/")
        while True:
            await asyncio.sleep(every)
            if watch.look():
                await preview.renew()
    finally:
        await runner.cleanup()
