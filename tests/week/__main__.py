"""Write docs/seven-days.md anew: ``python -m tests.week``."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from bot.store.engine import open_store, sqlite_url
from tests.week.week import DOCUMENT, EVE, document, live

if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_store(sqlite_url(Path(folder) / "store.db"), clock=lambda: EVE)) as store,
    ):
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(document(live(store)), "utf-8")
