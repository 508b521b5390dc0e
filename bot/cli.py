"""The command line. Each command imports what it needs when it runs, so that ``--help`` is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from bot.answers import Answer
    from bot.app import App
    from bot.feeds.pages import Paged
    from bot.feeds.poll import Polled
    from bot.files import Refused
    from bot.ingest import Added
    from bot.progress import Progress
    from bot.summary import Summary
    from summaries.briefing import Length

ANSWERED, MISTAKE = 0, 1
"""Exit codes of every command (README, "Exit codes"); 2, a wrong call, is click's own; run has more (supervise)."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _shared(function: Function) -> Function:
    """Add the options that name the data folder and the settings; they may stand before or after the command."""
    for option in (
        click.option("--config", metavar="FILE", help="Settings file (default: config.toml in the data folder)."),
        click.option("--home", metavar="FOLDER", help="Data folder (default: ROLLCALL_HOME, or the user's own)."),
    ):
        function = option(function)
    return function


class _Commands(click.Group):
    """A group that suggests the nearest command and never shows a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        from bot.store.errors import StoreError
        from summaries.toml import Problems

        # Read before the command takes its arguments: programs that asked for JSON get their error as JSON too.
        as_json = "--json" in ctx.args
        try:
            return super().invoke(ctx)
        except Problems as error:
            _fail(error.problems, as_json)
        except StoreError as error:
            _fail([str(error)], as_json)
        except BrokenPipeError:
            raise
        except OSError as error:
            # A disk, a folder or a name that the system refuses: its own words say which and why.
            _fail([f"{error.filename or 'the system'}: {error.strerror or error}."], as_json)
        except UnicodeEncodeError:
            _fail(["A name on the command line is not text this system can store."], as_json)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401
        for stream in (sys.stdout, sys.stderr):
            # A terminal that can't show a sign gets a question mark, never a crash.
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        try:
            # By itself click ends with 1 and "Aborted!" on Ctrl-C, wherever in its own work that came.
            raise SystemExit(super().main(*args, **{**kwargs, "standalone_mode": False}))
        except click.ClickException as error:
            error.show()
            raise SystemExit(error.exit_code) from None
        except (click.Abort, KeyboardInterrupt):
            # Where work had begun, what is to say of it was said already.
            from bot.progress import INTERRUPTED

            click.echo("Broken off.", err=True)
            raise SystemExit(INTERRUPTED) from None
        except BrokenPipeError:
            # Whoever read the output has read enough.
            sys.stderr.close()
            raise SystemExit(MISTAKE) from None


def _fail(sentences: Sequence[str], as_json: bool = False) -> NoReturn:
    if as_json:
        _json({"v": 1, "ok": False, "error": {"code": "not_possible", "message": "\n".join(sentences)}})
    for sentence in sentences:
        click.echo(sentence, err=True)
    raise SystemExit(MISTAKE)


@contextmanager
def _loading() -> Iterator[None]:
    """Look for no garbage while things are loaded that stay to the end: looking takes a fifth of a start."""
    import gc

    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _app(home: str | None, config: str | None) -> Iterator[App]:
    with ExitStack() as stack:
        with _loading():
            from bot.app import open_app

            app = stack.enter_context(open_app(home or _parent("home"), config or _parent("config")))
        yield app


def _parent(option: str) -> str | None:
    """Return a shared option that stood before the command."""
    found = click.get_current_context().find_root().params.get(option)
    return str(found) if found is not None else None


def _json(value: object) -> None:
    from bot.render.render import dumps

    click.echo(dumps(value))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_shared
@click.version_option(package_name="rollcall", message="%(prog)s %(version)s")
def main(home: str | None, config: str | None) -> None:
    """Who is in, who said so, and where: answers with receipts from a stance table.

    Try: rollcall chat, or rollcall say '!status Germany'.

    The data folder is ROLLCALL_HOME, or the one your system gives programs for their data. Exit codes: 0 answered, 1 a
    person's mistake or a check that failed, 2 a wrong call, 130 broken off with Ctrl-C. Of run also: 3 no token or a
    refused one, 4 Discord refuses the bot, 5 too few session starts left.
    """


@main.command()
@_shared
def chat(home: str | None, config: str | None) -> None:
    """Chat in this terminal with the same commands as on Discord. No token, no network, no set-up."""
    from bot.chat import run

    with _app(home, config) as app:
        run(app)


@main.command()
@click.argument("command", metavar="COMMAND")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def say(command: str, as_json: bool, home: str | None, config: str | None) -> None:
    """Answer one command, such as '!status Germany'. With "-": one command a line from standard input."""
    with _app(home, config) as app:
        if command != "-":
            raise SystemExit(_say(app, command, as_json))
        from summaries.article import decode

        worst, asked = ANSWERED, 0
        for raw in sys.stdin.buffer:
            line, _ = decode(raw)
            if line.strip():
                if asked and not as_json:
                    click.echo("")
                worst = max(worst, _say(app, line, as_json))
                asked += 1
        raise SystemExit(worst)


def _say(app: App, line: str, as_json: bool) -> int:
    from bot.answers import mistake
    from bot.commands import answer
    from bot.render import render
    from bot.render.terminal import terminal_style
    from bot.request import LOCAL_READER, parse

    request = parse(line, reader=LOCAL_READER, now=app.clock(), prefix=app.settings.answers.prefix)
    if request is None:
        found = mistake("unknown", "nothing_asked", f"Nothing was asked. Try {app.settings.answers.prefix}help.")
    else:
        found = answer(request, app.library)
    if as_json:
        _json(render.as_json(found))
    else:
        click.echo(render.as_text(found, **terminal_style()))
    return found.exit_code


@main.command()
@click.option("--date", "day", metavar="DATE", help="The UTC day, such as 2025-03-20 (default: today).")
@click.option("--since", metavar="TIME", help="Instead of a day: from this moment (ISO 8601, UTC unless it says).")
@click.option("--until", metavar="TIME", help="Up to, not including, this moment (default: now).")
@click.option("--week", is_flag=True, help="The seven days that end with the day.")
@click.option("--country", metavar="NAME", help="Only what is about this country or organisation.")
@click.option(
    "--length",
    type=click.Choice(["short", "normal", "long"]),
    default="normal",
    show_default=True,
    help="How many stories it tells, and how much of each.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", "json", "discord"]),
    default="text",
    show_default=True,
    help="For a terminal, a browser, a program, or as the messages Discord would get (JSON).",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@_shared
def briefing(
    day: str | None,
    since: str | None,
    until: str | None,
    week: bool,
    country: str | None,
    length: Length,
    form: str,
    as_json: bool,
    home: str | None,
    config: str | None,
) -> None:
    """Make a briefing from all that is stored of a day (UTC), in the form in which briefings are posted.

    What a server is posted begins where its last briefing ended, and leaves out what was in a feed before it was first
    read.
    """
    with _app(home, config) as app:
        made = _briefing(app, day, since, until, week=week, country=country, length=length)
        if not made.ok:
            _fail([made.error.message] if made.error else [])
        _show(made, "json" if as_json else form)


def _briefing(
    app: App,
    day: str | None,
    since: str | None,
    until: str | None,
    *,
    week: bool = False,
    country: str | None = None,
    length: Length = "normal",
) -> Answer:
    from bot.commands import guarded
    from bot.commands.briefing import briefing_of
    from bot.request import LOCAL_READER, BadDate, Request, parse_day
    from summaries.briefing import Window, day_window, week_window

    now = app.clock()
    try:
        if since or until:
            if day or week or not since:
                raise click.UsageError("Give either --date and --week, or --since with or without --until.")
            end = _moment(until) if until else now
            window = Window(_moment(since), end)
            if window.since >= window.until:
                _fail([f"--since {since} is not before --until {until or 'now'}."])
        else:
            window = (week_window if week else day_window)(parse_day(day, now.date()) if day else now.date())
    except BadDate as error:
        _fail([f"--date: {error}"])
    about = None
    if country is not None:
        found = app.library.parties.resolve(country)
        if found.party is None:
            near = " or ".join(party.name for party in found.suggestions if found.near)
            hint = f" Did you mean {near}?" if near else ""
            _fail([f'--country: I know no country, organisation or leader "{country[:40]}".{hint}'])
        about = found.party.code
    request = Request("briefing", "", LOCAL_READER, now, app.settings.answers.prefix)
    return guarded(
        "briefing", app.library, lambda: briefing_of(window, request, app.library, length=length, about=about)
    )


def _moment(text: str) -> datetime:
    from summaries.article import parse_date

    found = parse_date(text)
    if found is None or found.at is None:
        _fail([f'"{text[:40]}" is no moment I know. Write it like 2025-03-20T06:00:00Z.'])
    return found.at


def _show(made: Answer, form: str) -> None:
    from bot.render import render
    from bot.render.terminal import terminal_style

    if form == "json":
        _json({"v": render.JSON_VERSION, **made.data})
    elif form == "discord":
        _json({"v": render.JSON_VERSION, "messages": render.as_discord(made)})
    elif form == "html":
        click.echo(render.as_html(made), nl=False)
    else:
        click.echo(render.as_text(made, **terminal_style()))


@main.command()
@click.option("--date", "day", metavar="DATE", help="The UTC day (default: the newest of which there is an article).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8620,
    show_default=True,
    help="The port of the page's address; 0 is any that is free.",
)
@click.option(
    "--templates", metavar="FOLDER", help="Templates of your own (default: the folder that the settings name)."
)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser, too.")
@_shared
def preview(
    day: str | None, port: int, templates: str | None, opens: bool, home: str | None, config: str | None
) -> None:
    """Show a briefing as the templates make it, in every medium, on a page that renews itself when one is saved.

    The page is for this machine alone: http://127.0.0.1 and the port. Ctrl-C stops it.
    """
    import asyncio

    from bot.preview.server import Preview, serve
    from bot.resources import NoTemplates, own_templates

    with _app(home, config) as app:
        newest = app.library.shelf(app.clock().date()).newest
        made = _briefing(app, day or (newest.isoformat() if newest else None), None, None)
        if not made.ok:
            _fail([made.error.message] if made.error else [])
        folder = templates if templates is not None else app.settings.templates
        title = f"{app.dossier.topic.name}, briefing of {made.data['date']}"

    def ready(address: str) -> None:
        click.echo(f"{address} shows the {title}. Ctrl-C stops it.")
        if opens:
            click.launch(address)

    try:
        with own_templates(folder):
            shown = Preview(made, title=title, tell=lambda sentence: click.echo(sentence, err=True))
            click.echo(f"Templates: {', above those of '.join(map(str, shown.folders))}")
            asyncio.run(serve(shown, port, ready=ready))
    except NoTemplates:
        _fail([f"--templates {folder}: there is no such folder. Make it, and copy into it what you want to change."])


@main.command()
@click.argument("paths", metavar="FILE|FOLDER|URL...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def ingest(paths: tuple[str, ...], as_json: bool, home: str | None, config: str | None) -> None:
    """Add articles from files, folders and web addresses: texts (.txt, .md), pages (.html), feeds (.xml, .rss, .json).

    What was stored before is never stored twice, and files that have not changed are not read again: interrupted at any
    moment, the same command goes on where it stopped.
    """
    from dataclasses import asdict

    from bot.ingest import Added, how_many
    from bot.ingest import ingest as read

    _no_empty_name(paths, "files, folders or web addresses", as_json)
    with _app(home, config) as app, _progress("files") as progress:
        limit = app.settings.ingest.max_megabytes * 1_000_000
        total = how_many(paths)
        progress.begin(total)
        told: dict[str, list[dict[str, Any]]] = {"articles": [], "refused": []}
        stored = before = refused = 0
        last: str | None = None
        for one in read(app.library, paths, max_bytes=limit, now=app.clock(), settings=app.settings):
            known = isinstance(one, Added) and one.outcome == "unchanged"
            stored += isinstance(one, Added) and not known
            before += known
            refused += not isinstance(one, Added)
            if as_json:
                told["articles" if isinstance(one, Added) else "refused"].append(asdict(one))
            elif not known or total <= _LISTED:
                progress.clear()
                _tell(one)
            # A feed has many articles.
            progress.advance(one.file != last)
            last = one.file
        progress.clear()
        if as_json:
            _json({"v": 1, **told})
        else:
            click.echo(f"{stored} stored, {before} stored before, {refused} refused.")
        raise SystemExit(MISTAKE if refused else ANSWERED)


def _no_empty_name(paths: Sequence[str], what: str, as_json: bool) -> None:
    """As a path it would be the current folder: a script's unset variable would take all of that in."""
    if any(not path.strip() for path in paths):
        _fail([f"An empty name was given; nothing was read. Name {what}."], as_json)


_NO_LIMIT = 1_000_000_000

_LISTED = 20
"""Of more files than this only those are told that are new, changed or refused."""


@main.command()
@click.argument("paths", metavar="FILE|FOLDER...", nargs=-1, required=True)
@click.option("--sentences", type=click.IntRange(min=1), help="At most so many sentences (default: as in briefings).")
@click.option("--words", type=click.IntRange(min=1), help="At most so many words (default: as in briefings).")
@click.option("--each", is_flag=True, help="Sum up each file by itself, not all as one story.")
@click.option("--title", metavar="TEXT", help="The headline, in place of the files' own: sentences like it count more.")
@click.option("--ranker", metavar="NAME", help="What picks the sentences (default: the setting briefing.summarizer).")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON; with --each, one object a line for each file.")
@_shared
def summarize(
    paths: tuple[str, ...],
    sentences: int | None,
    words: int | None,
    each: bool,
    title: str | None,
    ranker: str | None,
    as_json: bool,
    home: str | None,
    config: str | None,
) -> None:
    """Pick the sentences that sum up texts (.txt, .md) and pages (.html), told as one story. Nothing is stored.

    Every sentence is a slice of its file's text, and its place is told. With only one of --sentences and --words the
    other is no limit.
    """
    from bot.app import settings_of, system_clock
    from bot.files import Refused
    from bot.summary import read_articles, sum_up
    from summaries.briefing import Lengths
    from summaries.summarize import RANKERS

    _no_empty_name(paths, "files or folders", as_json)
    _, settings = settings_of(home or _parent("home"), config or _parent("config"))
    if ranker is not None and ranker not in RANKERS:
        why = f"no ranker is called {ranker!r}: use one of {', '.join(RANKERS)}"
        raise click.BadParameter(why, param_hint="--ranker")
    usual = settings.briefing
    limits = (usual.sentences, usual.words) if sentences is None and words is None else (sentences, words)
    lengths = Lengths(limits[0] or _NO_LIMIT, limits[1] or _NO_LIMIT, ranker or usual.summarizer)
    limit = settings.ingest.max_megabytes * 1_000_000
    read = read_articles(paths, title=title, max_bytes=limit, now=system_clock())
    refused = False
    if each:
        for number, one in enumerate(read):
            refused |= isinstance(one, Refused)
            if number and not as_json:
                click.echo("")
            _show_summary(one if isinstance(one, Refused) else sum_up([one], lengths), as_json)
        raise SystemExit(MISTAKE if refused else ANSWERED)
    articles = []
    for one in read:
        if isinstance(one, Refused):
            refused = True
            _show_summary(one, False)
        else:
            articles.append(one)
    if refused:
        _fail(["No summary was made, because some of it could not be read."], as_json)
    _show_summary(sum_up(articles, lengths), as_json)


def _show_summary(one: Summary | Refused, as_json: bool) -> None:
    from bot.files import Refused
    from bot.render.medium import harmless

    if isinstance(one, Refused):
        if as_json:
            _json({"v": 1, "files": [one.file], "sentences": [], "error": {"code": "unread", "message": one.reason}})
        click.echo(f"{harmless(one.file)}: refused: {harmless(one.reason)}.", err=True)
    elif as_json:
        found = [{"text": s.text, "article": s.article, "start": s.start, "end": s.end} for s in one.sentences]
        _json({"v": 1, "files": list(one.files), "sentences": found})
    else:
        if len(one.files) == 1:
            click.echo(harmless(one.files[0]))
        for sentence in one.sentences:
            where = f"{harmless(sentence.article)}, " if len(one.files) > 1 else ""
            click.echo(f"> {harmless(sentence.text)}\n  {where}characters {sentence.start} to {sentence.end}")
        if not one.sentences:
            click.echo("Nothing in it can be quoted.")


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    """Show how far long work is; where a person breaks it off, say what is done, and that it goes on from there."""
    from datetime import UTC, datetime

    from bot.progress import INTERRUPTED, Progress, bar_stream

    def log_line(words: str) -> None:
        click.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {words}", err=True)

    with Progress(what, stream=bar_stream(), tell=log_line) as progress:
        try:
            yield progress
        except KeyboardInterrupt:
            progress.clear()
            click.echo(progress.stopped(), err=True)
            raise SystemExit(INTERRUPTED) from None


def _tell(one: Added | Refused) -> None:
    from bot.files import Refused
    from bot.render.medium import harmless

    name = harmless(one.file)
    if isinstance(one, Refused):
        click.echo(f"{name}: refused: {harmless(one.reason)}.", err=True)
        return
    words = {"new": "stored as", "revised": f"stored as revision {one.revision} of", "unchanged": "stored before as"}
    click.echo(f"{name}: {words[one.outcome]} {one.article}{f' ({harmless(one.title)})' if one.title else ''}")
    for warning in one.warnings:
        click.echo(f"{name}: note: {harmless(warning)}.", err=True)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON: one object a line for each feed and each page.")
@_shared
def poll(as_json: bool, home: str | None, config: str | None) -> None:
    """Read the feeds that are due, once, and the pages of articles of which they hold only the beginning.

    No token is needed. Interrupted at any moment, the same command goes on where it stopped. At the end the texts of
    old articles that nothing quotes are removed, as the settings under [keep] say.
    """
    with _app(home, config) as app, _progress("feeds and pages") as progress:
        code = _poll(app, progress, as_json)
        _tidy(app, as_json)
    raise SystemExit(code)


def _poll(app: App, progress: Progress, as_json: bool) -> int:
    import asyncio
    import random

    from bot.feeds.newsroom import Newsroom
    from bot.feeds.poll import Polled
    from bot.owner import owner
    from bot.render.medium import harmless

    feeds: list[Polled] = []
    pages: list[Paged] = []

    def begun(count: int) -> None:
        progress.begin((progress.total or 0) + count)

    def done(one: Polled | Paged) -> None:
        if isinstance(one, Polled):
            feeds.append(one)
        else:
            pages.append(one)
        if as_json:
            progress.clear()
            _json(_as_polled(one) if isinstance(one, Polled) else _as_paged(one))
        elif isinstance(one, Polled) and one.sentence:
            progress.clear()
            click.echo(f"{harmless(one.feed.name or one.feed.url)}: {harmless(one.sentence)}", err=True)
        progress.advance()

    async def rounds() -> bool:
        async with Newsroom(
            app.library, app.settings, clock=app.clock, jitter=random.random, owner=owner()
        ) as newsroom:
            while True:
                # A round has a limit; what is read is not due again, so this ends.
                polled, paged = await newsroom.round(begun=begun, done=done)
                if not polled.ran or not (polled.feeds or paged):
                    return polled.ran

    if not asyncio.run(rounds()) and not feeds:
        _fail(["Another process reads the feeds of this store at this moment. Try again when it is done."], as_json)
    progress.clear()
    if not as_json:
        click.echo(_polled_in_words(feeds, pages) if feeds or pages else _nothing_due(app))
    return MISTAKE if feeds and all(one.outcome in {"failed", "put_off"} for one in feeds) else ANSWERED


def _tidy(app: App, as_json: bool) -> None:
    """Remove what is old, as the running bot does: who only polls has nothing else that would."""
    from bot.store import retention

    removed = retention.tidy(app.store, app.library.topic.key, app.settings.keep, now=app.clock())
    if removed and not as_json:
        click.echo(f"Removed: {_counted(removed, 'old text')} that no claim or figure quotes (settings [keep]).")


def _as_polled(one: Polled) -> dict[str, Any]:
    from dataclasses import asdict

    found = asdict(one)
    del found["feed"], found["hints"]
    return {"v": 1, "feed": one.feed.name or one.feed.url, "url": one.feed.url, **found}


def _as_paged(one: Paged) -> dict[str, Any]:
    return {"v": 1, "article": one.article_id, "page": one.state, "note": one.note}


def _nothing_due(app: App) -> str:
    from bot.render.medium import harmless
    from bot.store.feeds import next_due

    with app.store.reading() as connection:
        found = next_due(connection, app.library.topic.key)
    if found is None:
        return "There is no feed to read: the dossier lists none, and no server has added one."
    name, at = found
    return f"No feed is due now. The next is {harmless(name)}, on {at or app.clock():%Y-%m-%d at %H:%M} UTC."


def _polled_in_words(feeds: Sequence[Polled], pages: Sequence[Paged]) -> str:
    outcomes = [one.outcome for one in feeds]
    new, there, changed, elsewhere = (
        sum(len(getattr(one, kind)) for one in feeds) for kind in ("new", "background", "revised", "off_topic")
    )
    words = (
        f"{_counted(outcomes.count('read'), 'feed')} read, {outcomes.count('not_modified')} unchanged, "
        f"{outcomes.count('failed')} failed. {_counted(new, 'article')} new, {there} there already, no news, "
        f"{changed} changed, {elsewhere} not of this topic."
    )
    if put_off := outcomes.count("put_off"):
        words += f" {_counted(put_off, 'feed')} put off: the host does not answer at present."
    if pages:
        states = [one.state for one in pages]
        words += (
            f" {_counted(states.count('read'), 'page')} read, {states.count('walled')} behind a wall, "
            f"{states.count('failed')} failed, {states.count('wanted')} to be tried again."
        )
    return words


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


@main.command()
@click.argument("wanted", metavar="ID")
@click.option("--revision", type=click.IntRange(min=1), help="Which revision (default: the newest).")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON; offsets of quotes count into its text.")
@_shared
def article(wanted: str, revision: int | None, as_json: bool, home: str | None, config: str | None) -> None:
    """Show one stored article: what is known of it, its revisions, its text. The start of an ID is enough."""
    from bot.shelf import article_json, article_text, find_article

    with _app(home, config) as app:
        found, revisions, origin = find_article(app.library, wanted, revision)
        if as_json:
            _json(article_json(found, revisions))
        else:
            click.echo(article_text(found, revisions, origin))


@main.command()
@click.argument("wanted", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def why(wanted: str, as_json: bool, home: str | None, config: str | None) -> None:
    """Explain an article, story, sentence, claim, figure or delivery: why it is what it is, and where.

    ID is that of an article, claim or figure, or its start; ARTICLE@REVISION:START-END for a sentence; story:ARTICLE
    for the story of an article; delivery:N for a delivery. article:, claim: or figure: before an ID says of which kind.
    """
    from bot.why import explain

    with _app(home, config) as app:
        found = explain(app.library, wanted, now=app.clock())
        if as_json:
            _json(found.as_json())
        else:
            click.echo(found.as_text())


@main.command()
@_shared
def run(home: str | None, config: str | None) -> None:
    """Be on Discord: answer, post briefings, send what people follow. Stop it with Ctrl-C or SIGTERM."""
    with _loading():
        import asyncio
        import gc

        from bot.check import of_app, of_token, told
        from bot.discord.supervise import REFUSED_TOKEN, GivenUp
        from bot.logs import configure
        from bot.run import until_stopped
        from bot.secrets import NoToken, read_token

    with _app(home, config) as app:
        with _loading():
            for finding in of_app(app):
                click.echo(told(finding))
            try:
                token = read_token(app.settings, app.home)
            except NoToken as error:
                click.echo(told(of_token(app.settings, app.home)), err=True)
                raise SystemExit(REFUSED_TOKEN) from error
            click.echo(told(of_token(app.settings, app.home)))
            configure(app.settings.log.level, (token.reveal(),))
            # What is there by now stays; looking through it for garbage again and again would hold answers up.
            gc.freeze()
        try:
            asyncio.run(until_stopped(app, token))
        except GivenUp as error:
            click.echo(f"FAIL  {error}", err=True)
            raise SystemExit(error.code) from None


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def check(as_json: bool, home: str | None, config: str | None) -> None:
    """Say what is wrong before the first start: settings, dossier, store, table, token. Nothing is sent anywhere."""
    from dataclasses import asdict

    from bot.check import everything, told

    findings = everything(home or _parent("home"), config or _parent("config"))
    failed = any(one.state == "FAIL" for one in findings)
    if as_json:
        _json({"v": 1, "ok": not failed, "findings": [asdict(one) for one in findings]})
    else:
        for finding in findings:
            click.echo(told(finding))
    raise SystemExit(MISTAKE if failed else ANSWERED)


@main.command()
@click.option("--application", metavar="ID", help="The application's id (default: the one the token belongs to).")
@_shared
def invite(application: str | None, home: str | None, config: str | None) -> None:
    """Print the link that invites the bot into a server, with the least permissions, and what each is for."""
    from bot.app import settings_of
    from bot.invitation import explained
    from bot.secrets import NoToken, read_token

    folder, settings = settings_of(home or _parent("home"), config or _parent("config"))
    wanted = int(application) if application and application.isdecimal() and len(application) <= 20 else None
    if application and wanted is None:
        _fail([f'--application: "{application[:30]}" is no id. It is the long number on the page General Information.'])
    if wanted is None:
        try:
            wanted = read_token(settings, folder).application_id
        except NoToken as error:
            _fail([f"{error} Or name the application with --application."])
    if wanted is None:
        _fail(["The token does not tell the application's id. Name it with --application: page General Information."])
    click.echo(explained(wanted))


@main.group()
def table() -> None:
    """Verify, show, export and import the stance table."""


@table.command("check")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def check_table(file: str | None, as_json: bool, home: str | None, config: str | None) -> None:
    """Verify every quote of the table against its article. With FILE: check a table file without importing it."""
    from bot import table as rows
    from summaries.stances import Table, parse_table
    from summaries.toml import Problems

    problems: Sequence[str]
    stored = Table()
    try:
        with _app(home, config) as app:
            problems = rows.check(app.library)
            stored = rows.stored_table(app.library)
            if file is not None:
                text = _read_text(file)
                lib = app.library
                stored = parse_table(text, lib.topic, lib.parties, lib.article, file)
    except Problems as error:
        problems = error.problems
    if as_json:
        _json({"v": 1, "ok": not problems, "problems": list(problems)})
    elif problems:
        for problem in problems:
            click.echo(problem)
        click.echo(f"FAIL  {len(problems)} problem(s). Nothing was changed.")
    else:
        counts = f"{len(stored.claims)} claims, {len(stored.figures)} figures"
        click.echo(f"ok    {counts}, every quote found in its article")
    raise SystemExit(MISTAKE if problems else ANSWERED)


def _read_text(file: str) -> str:
    """Return a text file that a person named, or "-" for standard input; says what is wrong with it."""
    import os
    import stat

    from summaries.toml import MAX_TEXT, Problems

    try:
        if file == "-":
            data = sys.stdin.buffer.read(MAX_TEXT + 1)
        else:
            mode = os.stat(file).st_mode
            if not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or device"
                raise Problems([f"{file}: it is {kind}, not a file."])
            with open(file, "rb") as handle:
                data = handle.read(MAX_TEXT + 1)
        if len(data) > MAX_TEXT:
            raise Problems([f"{file}: more than {MAX_TEXT:,} bytes long, so it is no table."])
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problems([f"{file}: not UTF-8 at byte {error.start}. Save it as UTF-8."]) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Problems([f"{file}: cannot be read: {reason}."]) from None


@table.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def show(as_json: bool, home: str | None, config: str | None) -> None:
    """Print every row of the table with its state, speaker and quotes."""
    from bot import table as rows
    from summaries.stances import as_row

    with _app(home, config) as app:
        stored = rows.stored_table(app.library)
        if as_json:
            _json(
                {"v": 1, "claims": [as_row(r) for r in stored.claims], "figures": [as_row(r) for r in stored.figures]}
            )
        else:
            click.echo(rows.in_words(stored, app.library))
            waiting = rows.proposals(app.library)
            if waiting.rows:
                click.echo(f"\nProposed, waiting for an editor:\n\n{rows.in_words(waiting, app.library)}")


@table.command()
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--proposed", is_flag=True, help="The rows that wait for an editor instead; importing approves them.")
@_shared
def export(file: str | None, proposed: bool, home: str | None, config: str | None) -> None:
    """Write the table as stances.toml to FILE, or to standard output."""
    from pathlib import Path

    from bot import table as rows

    with _app(home, config) as app:
        text = rows.export(app.library, proposed=proposed)
    if file is None or file == "-":
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    _write_text(Path(file), text)


def _write_text(path: Path, text: str) -> None:
    """Write a file that a person named, all of it or nothing; what is there and no file (a device, a pipe) is left."""
    import os
    import tempfile

    from summaries.toml import Problems

    try:
        with suppress(FileNotFoundError):
            # Asked first, because a loop of links must not be taken for a name that is free.
            path.stat()
        target = path.resolve()
        if target.exists() and not target.is_file():
            raise Problems([f"{path}: it is no file, so nothing is written to it. Name a file, or none to print it."])
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.")
        try:
            with os.fdopen(handle, "wb") as written:
                written.write(text.encode())
            os.chmod(part, target.stat().st_mode & 0o777 if target.exists() else 0o644)
            os.replace(part, target)
        except BaseException:
            os.unlink(part)
            raise
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Problems([f"{path}: cannot be written: {reason}."]) from None


@table.command("import")
@click.argument("file", metavar="FILE")
@click.option("--by", default="terminal", show_default=True, metavar="NAME", help="Who approves what changes.")
@click.option("--why", default="imported", show_default=True, metavar="TEXT", help="Why.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@_shared
def import_(file: str, by: str, why: str, as_json: bool, home: str | None, config: str | None) -> None:
    """Take a table file in: new rows are added, changed ones approved as new revisions, missing ones stay."""
    from bot import table as rows

    for option, words in (("--by", by), ("--why", why)):
        if not words.strip() or len(words) > 200 or not words.isprintable():
            _fail([f"{option}: give one to 200 characters that can be printed; they go on record."])
    with _app(home, config) as app:
        done = rows.import_rows(app.library, _read_text(file), file, now=app.clock(), by=by, why=why)
    if as_json:
        _json({"v": 1, "added": list(done.added), "changed": list(done.changed), "unchanged": done.unchanged})
        return
    for word, ids in (("added", done.added), ("changed", done.changed)):
        for identifier in ids:
            click.echo(f"{word}: {identifier}")
    click.echo(f"{len(done.added)} added, {len(done.changed)} changed, {done.unchanged} unchanged.")


if __name__ == "__main__":
    main()
