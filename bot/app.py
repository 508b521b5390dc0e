"""The composition root: the only place that knows all parts and puts them together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Settings, home_folder, read_settings
from bot.library import Library, Probe
from bot.resources import data, folder_reader, own_templates
from bot.seeding import seed
from bot.store.engine import Store, open_store, sqlite_url
from summaries.dossier import Dossier, read_dossier
from summaries.toml import Problems

if TYPE_CHECKING:
    from summaries.briefing import Lengths

Clock = Callable[[], datetime]
"""Gives the present moment, aware UTC."""


def system_clock() -> datetime:
    """Return the present moment by this machine's clock, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    """Everything a door needs: settings, the dossier, its library, and the clock."""

    home: Path
    settings: Settings
    dossier: Dossier
    library: Library
    clock: Clock

    @property
    def store(self) -> Store:
        """The open store."""
        return self.library.store


def load_dossier(settings: Settings, *, now: datetime) -> Dossier:
    """Read the dossier that the settings name; raises :class:`~summaries.toml.Problems`."""
    if not settings.dossier:
        return read_dossier(folder_reader(data("seeds")), now=now)
    folder = Path(settings.dossier)
    if not folder.is_dir():
        raise Problems([f"dossier = {settings.dossier!r}: there is no such folder"])
    return read_dossier(folder_reader(folder), now=now)


def settings_of(home: str | None, config: str | None) -> tuple[Path, Settings]:
    """Return the data folder and the settings; raises :class:`~summaries.toml.Problems`."""
    folder = home_folder(home)
    return folder, read_settings(folder, config)


@contextmanager
def open_app(home: str | None = None, config: str | None = None, *, clock: Clock = system_clock) -> Iterator[App]:
    """Open the program: settings, dossier and store, the dossier taken in; everything is closed at the end.

    ``home`` and ``config`` name another data folder and settings file. Raises
    :class:`~summaries.toml.Problems` and :class:`~bot.store.errors.StoreError`, each with sentences for people.
    """
    folder, settings = settings_of(home, config)
    now = clock()
    dossier = load_dossier(settings, now=now)
    url = settings.store.url
    if not url:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Problems([f"{folder}: the data folder can't be made: {error.strerror or error}"]) from None
        url = sqlite_url(os.fspath(folder / "rollcall.sqlite3"))
    store = open_store(url, clock=clock)
    try:
        seed(store, dossier, now=now)
        library = Library(
            store,
            dossier.topic,
            dossier.parties,
            old_after_days=settings.answers.old_after_days,
            lengths=partial(_lengths, settings),
        )
        library.probe = _prober(settings, library, clock)
        with own_templates(settings.templates):
            yield App(folder, settings, dossier, library, clock)
    finally:
        store.close()


def _prober(settings: Settings, library: Library, clock: Clock) -> Callable[[str], Probe]:
    """Return what tries an address. It is made, and the network's part of the program loaded, when one is tried."""

    @cache
    def made() -> Callable[[str], Probe]:
        from bot.feeds.probe import prober

        return prober(settings, lambda draft: library.scorer.score(draft), clock)

    return lambda url: made()(url)


def _lengths(settings: Settings) -> Lengths:
    # The newsroom's rankers are heavy to load; only a briefing asks for this.
    from summaries.briefing import Lengths

    chosen = settings.briefing
    return Lengths(chosen.sentences, chosen.words, chosen.summarizer, chosen.stories)
