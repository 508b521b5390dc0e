"""What is right and what is wrong, before the bot is started: each finding with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot import table
from bot.app import App, open_app, settings_of
from bot.config import Settings
from bot.render.render import template_problems
from bot.render.words import day, plural
from bot.resources import NoTemplates, own_folder, template_names
from bot.secrets import NoToken, others_can_read, read_token, token_file
from bot.store.errors import StoreError
from summaries.toml import Problems


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: ``FAIL`` must be mended, a ``note`` should be read."""

    state: Literal["ok", "note", "FAIL"]
    subject: str
    words: str


def told(finding: Finding) -> str:
    """Return a finding as a line for a terminal; what is longer than one line is indented."""
    first, *rest = finding.words.split("\n")
    return "\n".join([f"{finding.state:5} {finding.subject:10} {first}", *(f"{'':17}{line}" for line in rest)])


def everything(home: str | None, config: str | None) -> list[Finding]:
    """Look at settings, dossier, store, templates, table and token; what is wrong is a finding, nothing is raised."""
    try:
        folder, settings = settings_of(home, config)
    except Problems as error:
        return [Finding("FAIL", "settings", "\n".join(error.problems))]
    findings = [Finding("ok", "settings", f"read from {config or folder / 'config.toml'}, or their defaults")]
    try:
        with open_app(home, config) as app:
            findings += of_app(app)
    except NoTemplates as error:
        findings.append(Finding("FAIL", "templates", f"{error}. Make it, or leave the setting empty."))
    except Problems as error:
        where = [f"The dossier is the folder {settings.dossier} (setting dossier)."] if settings.dossier else []
        findings.append(Finding("FAIL", "dossier", "\n".join([*error.problems, *where])))
    except StoreError as error:
        findings.append(Finding("FAIL", "store", str(error)))
    findings.append(of_token(settings, folder))
    findings += _of_discord(settings)
    return findings


def of_app(app: App) -> list[Finding]:
    """Look at the open store, its table, and the operator's own templates."""
    findings = [Finding("ok", "store", app.store.url_shown), *_of_templates()]
    problems = table.check(app.library)
    if problems:
        findings.append(Finding("FAIL", "table", "\n".join(problems)))
    else:
        today = app.clock().date()
        shelf, held = app.library.shelf(today), app.library.positions(today)
        counts = f"{plural(shelf.count, 'article')}, {plural(len(held), 'party', 'parties')}"
        findings.append(Finding("ok", "table", f"{counts}, every quote found in its article"))
        newest = max((one.newest for one in held.values()), default=None)
        if newest is not None and (today - newest).days > app.library.old_after_days:
            findings.append(Finding("note", "table", f"newest source is of {day(newest)}. Answers will say so."))
    return findings


def _of_templates() -> list[Finding]:
    folder = own_folder()
    if folder is None:
        return []
    problems = template_problems()
    if problems:
        return [Finding("FAIL", "templates", "\n".join(problems))]
    own = [name for name in template_names() if (folder / name).is_file()]
    told = f"{', '.join(own) if own else 'none so far'}, of {folder}, above the shipped ones"
    return [Finding("ok", "templates", told)]


def of_token(settings: Settings, home: Path) -> Finding:
    """Look whether there is a token; it is never shown."""
    try:
        token = read_token(settings, home)
    except NoToken as error:
        return Finding("FAIL", "token", str(error))
    except Problems as error:
        return Finding("FAIL", "token", "\n".join(error.problems))
    path = token_file(settings, home)
    if token.source != "DISCORD_TOKEN" and others_can_read(path):
        return Finding("note", "token", f"found in {path}, which others on this machine can read: chmod 600 {path}")
    return Finding("ok", "token", f"found in {token.source}")


def _of_discord(settings: Settings) -> list[Finding]:
    findings = []
    if not settings.discord.message_content:
        findings.append(
            Finding("note", "commands", 'message_content is off: "/status" and a mention work, "!status" does not')
        )
    if not settings.discord.contact:
        findings.append(
            Finding("note", "contact", "none set. Owners of feeds can't reach you; see contact in config.example.toml")
        )
    return findings
