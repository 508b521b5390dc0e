"""The reading room keeps what it read exactly as long as the store stays as it is."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, load_dossier, open_app
from bot.commands import answer
from bot.request import LOCAL_READER, parse
from bot.seeding import Seeded, seed

SEEDS = Path(__file__).parents[2] / "seeds"


def _stance(app: App, party: str) -> Any:
    request = parse(f"!status {party}", reader=LOCAL_READER, now=app.clock())
    assert request is not None
    return answer(request, app.library).data["stance"]


def test_what_another_process_imports_is_seen_at_once(app: App, rollcall: Callable[..., Any], tmp_path: Path) -> None:
    assert _stance(app, "Germany") == "unclear"
    text = rollcall("table", "export").out
    start = text.index('id = "de-explainer"')
    file = tmp_path / "edited.toml"
    file.write_text(text[:start] + text[start:].replace('stance = "unclear"', 'stance = "refuses"', 1), "utf-8")
    assert rollcall("table", "import", str(file)).code == 0
    assert _stance(app, "Germany") == "refuses"


def test_a_new_article_that_speaks_of_a_party_is_seen_at_once(
    app: App, rollcall: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "news.txt"
    file.write_text("date: 2025-03-20\n\nBelgium has not said whether it will take part.", "utf-8")
    assert app.library.mentions("BE", date(2025, 3, 21)) == ([], 0)
    assert rollcall("ingest", str(file)).code == 0
    found, in_all = app.library.mentions("BE", date(2025, 3, 21))
    assert [m.count for m in found] == [in_all] == [1]
    assert app.library.mentions("BE", date(2025, 3, 19)) == ([], 0)
    assert app.library.shelf(date(2025, 3, 21)).count == 3


def test_one_moment_is_one_moment(app: App, rollcall: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "news.txt"
    file.write_text("date: 2025-03-20\n\nBelgium has not said whether it will take part.", "utf-8")
    with app.library.one_moment():
        assert app.library.mentions("BE", date(2025, 3, 21)) == ([], 0)
        rollcall("ingest", str(file))
        assert app.library.mentions("BE", date(2025, 3, 21)) == ([], 0)
    assert app.library.mentions("BE", date(2025, 3, 21))[1] == 1


def test_many_threads_may_ask_at_once(app: App) -> None:
    wrong: list[object] = []

    def ask(number: int) -> None:
        for step in range(30):
            day = date(2025, 3, 21) - timedelta(days=(number * 31 + step) % 90)
            expected = 15 if day >= date(2025, 3, 20) else 0
            if len(app.library.positions(day)) != expected:
                wrong.append((number, day))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_seeding_again_does_nothing(app: App) -> None:
    assert seed(app.store, app.dossier, now=app.clock()) == Seeded()


def test_a_dossier_with_another_key_has_a_table_of_its_own(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dossier"
    shutil.copytree(SEEDS, folder)
    topic = (folder / "topic.toml").read_text("utf-8")
    (folder / "topic.toml").write_text(topic.replace('key = "coalition-of-the-willing"', 'key = "other"', 1), "utf-8")
    (folder / "stances.toml").write_text("", "utf-8")
    (home / "config.toml").write_text(f'dossier = "{folder}"\n', "utf-8")
    with open_app(str(home)) as app:
        assert _stance(app, "Germany") is None
        assert app.library.shelf(date(2026, 1, 1)).count == 2


@pytest.mark.parametrize("name", ["topic.toml", "articles.toml", "stances.toml", "articles/explainer.txt"])
def test_a_dossier_that_lacks_a_file_names_it(
    rollcall: Callable[..., Any], home: Path, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "dossier"
    shutil.copytree(SEEDS, folder)
    (folder / name).unlink()
    (home / "config.toml").write_text(f'dossier = "{folder}"\n', "utf-8")
    said = rollcall("say", "!help")
    assert said.code == 1
    assert Path(name).name in said.err


def test_the_shipped_dossier_is_read_without_a_problem(app: App) -> None:
    dossier = load_dossier(app.settings, now=app.clock())
    assert {a.id for a in dossier.articles} == {"explainer", "news-report"}
    assert dossier.topic.feeds
