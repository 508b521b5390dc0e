"""The templates' documentation is tested: it names all that templates use, and nothing that is gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jinja2 import meta, nodes
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_NAMESPACE

from bot.answers import Receipt
from bot.app import open_app
from bot.commands.briefing import briefing_of
from bot.render import render
from bot.request import LOCAL_READER, Request
from bot.resources import own_templates, template_names
from summaries.briefing import day_window

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "templates.md"
DOC = PATH.read_text(encoding="utf-8")
SOURCES = {name: (ROOT / "templates" / name).read_text(encoding="utf-8") for name in template_names()}

FRAME = "The frame"
EVERY = "Every template"
MACROS = "macros.j2"


def _sections(doc: str, level: str) -> dict[str, str]:
    """The text under each heading of a level, up to the next one of that level or above."""
    parts = re.split(rf"^(#{{1,{len(level)}}}) (.+)\n", doc, flags=re.MULTILINE)[1:]
    return {
        title: text for marks, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True) if marks == level
    }


def _rows(section: str) -> list[str]:
    """The names in the first column of a section's table: `` `a(x)`, `m.b` `` are a and b."""
    names: list[str] = []
    for line in section.splitlines():
        if line.startswith("| `"):
            first = line.split("|")[1]
            names += [re.sub(r"\(.*\)", "", name).removeprefix("m.") for name in re.findall(r"`([^`]+)`", first)]
    return names


@dataclass(frozen=True)
class Used:
    """What templates use: variables and filters by template, and the macros that are there."""

    variables: Mapping[str, set[str]]
    filters: set[str]
    macros: set[str]


def _used(sources: Mapping[str, str]) -> Used:
    environment = render.environment("text")
    parsed = {name: environment.parse(text) for name, text in sources.items()}
    return Used(
        {
            name: meta.find_undeclared_variables(tree) - set(environment.globals)
            for name, tree in parsed.items()
            if name != MACROS
        },
        {one.name for tree in parsed.values() for one in tree.find_all(nodes.Filter)},
        {one.name for one in parsed[MACROS].find_all(nodes.Macro)} if MACROS in parsed else set(),
    )


def problems(doc: str, sources: Mapping[str, str]) -> list[str]:
    """Say, a line each, what must be added to the documentation or taken out of it."""
    used = _used(sources)
    found = []
    sections = _sections(doc, "###")
    shared = {title: set(_rows(sections.get(title, ""))) for title in (FRAME, EVERY)}
    documented: set[str] = set()
    for title, text in sections.items():
        names = re.findall(r"`([\w.-]+\.j2)`", title)
        documented |= set(names)
        for gone in set(names) - set(sources):
            found.append(f'"### {title}": there is no template {gone}; take it out.')
        uses = set().union(*(used.variables.get(name, set()) for name in names))
        if not names:
            continue
        given = shared[EVERY] | (shared[FRAME] if "(#the-frame)" in text else set())
        rows = _rows(text)
        for name in sorted(uses - set(rows) - given):
            found.append(f'"### {title}": add the row  | `{name}` | its type | what it means |')
        for name in sorted(set(rows) - uses):
            found.append(f'"### {title}": no template of it uses `{name}`; take its row out, or mend its name.')
    for name in sorted(set(used.variables) - documented):
        rows = [f"| `{variable}` | its type | what it means |" for variable in sorted(used.variables[name])]
        table = (
            ["| variable | type | meaning |", "|---|---|---|", *rows] if rows else ["It is given nothing of its own."]
        )
        section = "\n".join([f"### `{name}`", "", "What it is, and when it is shown.", "", *table])
        found.append(f'"## What each template is given": add a section for {name}:\n\n{section}\n')
    everything = set().union(*used.variables.values())
    for name in sorted(shared[FRAME] - everything):
        found.append(f'"### {FRAME}": no template uses `{name}`; take its row out, or mend its name.')
    environment = render.environment("text")
    ours = {name for name in environment.filters if environment.filters[name] is not DEFAULT_FILTERS.get(name)}
    functions = set(environment.globals) - set(DEFAULT_NAMESPACE)
    for title, there, must in (
        ("Functions and values", functions, functions),
        ("Filters", set(environment.filters), ours | used.filters),
        ("Macros", used.macros, used.macros),
    ):
        rows = _rows(_sections(doc, "##").get(title, ""))
        prefix = "m." if title == "Macros" else ""
        for name in sorted(must - set(rows)):
            found.append(f'"## {title}": add the row  | `{prefix}{name}` | ... | what it does |')
        for name in sorted(set(rows) - there):
            found.append(f'"## {title}": there is no `{prefix}{name}`; take its row out, or mend its name.')
    return found


def test_everything_is_documented_and_nothing_that_is_gone() -> None:
    found = problems(DOC, SOURCES)
    assert not found, "\n".join([f"{PATH.relative_to(ROOT)} must be changed:", *found])


def test_what_is_missing_or_gone_is_found() -> None:
    sources = {**SOURCES, "new.j2": "{{ watch|upper }} {{ prefix }}", "late.j2": "{{ due|moment }} {{ extra }}"}
    sources["mistake.j2"] = "Nothing."
    sources[MACROS] = SOURCES[MACROS].replace("{% macro few(", "{% macro some(")
    found = problems(DOC.replace("### `gone.j2`", "### `goner.j2`").replace("| `gap` |", "| `gape` |"), sources)
    assert '"### `late.j2`": add the row  | `extra` | its type | what it means |' in found
    assert '"### `mistake.j2`": no template of it uses `message`; take its row out, or mend its name.' in found
    assert '"### `goner.j2`": there is no template goner.j2; take it out.' in found
    assert '"## Macros": add the row  | `m.some` | ... | what it does |' in found
    assert '"## Macros": there is no `m.few`; take its row out, or mend its name.' in found
    assert '"## Filters": add the row  | `upper` | ... | what it does |' in found
    assert '"## Functions and values": add the row  | `gap` | ... | what it does |' in found
    assert '"## Functions and values": there is no `gape`; take its row out, or mend its name.' in found
    (new,) = (one for one in found if "add a section for new.j2" in one)
    assert "### `new.j2`\n\nWhat it is, and when it is shown.\n\n| variable | type | meaning |\n" in new
    assert "| `prefix` | its type | what it means |\n| `watch` | its type | what it means |\n" in new
    (gone,) = (one for one in found if "add a section for gone.j2" in one)
    assert "| `channel` |" in gone


def test_what_is_added_as_told_is_enough() -> None:
    sources = {**SOURCES, "new.j2": "{{ watch }}", "plain.j2": "Nothing."}
    told = problems(DOC, sources)
    sections = "".join(one.split(":\n\n", 1)[1] + "\n" for one in told)
    assert problems(DOC.replace("## An example", f"{sections}\n## An example"), sources) == []


def test_a_receipt_has_the_parts_that_are_documented() -> None:
    parts = _rows(_sections(DOC, "##")["Values with parts"])
    assert len(parts) > 10
    for part in parts:
        assert hasattr(Receipt, part), part


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_the_example_works(home: Path, tmp_path: Path) -> None:
    headline, without_numbers = re.findall(r"```jinja\n(.*?)\n```", _sections(DOC, "##")["An example"], re.DOTALL)
    now = datetime(2025, 3, 21, 7, tzinfo=UTC)
    with open_app(str(home), clock=lambda: now) as app:
        request = Request("briefing", "", LOCAL_READER, now)
        answer = briefing_of(day_window(date(2025, 3, 20)), request, app.library)
    shipped = render.as_text(answer)
    assert "\nNumbers\n" in shipped
    lines = SOURCES["briefing.j2"].split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("{{"))
    lines[first] = headline
    lines.insert(1, without_numbers)
    (tmp_path / "briefing.j2").write_text("\n".join(lines), encoding="utf-8")
    with own_templates(tmp_path):
        own = render.as_text(answer)
    told = own.split("\n")[0]
    assert told.startswith(f"{app.dossier.topic.name}, Thursday 20 March 2025: ")
    assert told.split(": ", 1)[1] == shipped.split("\n")[0].split(": ", 1)[1]
    assert "\nNumbers\n" not in own
    for heading in ("Stories", "Now"):
        assert f"\n{heading}\n" in own
