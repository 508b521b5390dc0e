"""The wheel: built from the checkout, installed into an empty environment, run from the root of the file system."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_templates_seeds_and_world_travel_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "seeds"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file():
                assert f"bot/_data/{file.relative_to(ROOT).as_posix()}" in names
    assert {"bot/_data/config.example.toml", "summaries/world/world.json", "bot/py.typed"} <= names
    assert any(name.startswith("bot/store/migrations/versions/") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"bot", "summaries", "rollcall"}


def test_it_answers_from_the_root_folder(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "-q", "-p", str(python)),
            *("-c", str(ROOT / "requirements.lock"), str(wheel)),
        ],
        check=True,
        capture_output=True,
    )
    rollcall = environment / "bin" / "rollcall"
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("ROLLCALL_", "PYTHON", "VIRTUAL_ENV"))}
    settings["ROLLCALL_HOME"] = str(tmp_path / "home")

    def run(*arguments: str) -> str:
        return subprocess.run(
            [str(rollcall), *arguments], cwd="/", env=settings, check=True, capture_output=True, text=True
        ).stdout

    assert json.loads(run("say", "!status Germany", "--json"))["answer"]["stance"] == "unclear"
    assert run("table", "check").startswith("ok ")
    briefing = json.loads(run("briefing", "--date", "2025-03-20", "--json"))
    assert len(briefing["stories"]) == 2
    assert run("briefing", "--date", "2025-03-20", "--format", "html").startswith("<!DOCTYPE html>")
    page = tmp_path / "page.html"
    page.write_text(
        "<html><body><p>Ministers met in Oslo on Monday and agreed on a plan for the spring.</p></body></html>"
    )
    assert "1 stored" in run("ingest", str(page))
