"""Files that travel with the program: templates, the shipped dossier, the example configuration."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def data(name: str) -> Traversable:
    """Return a file or folder that is shipped with the program.

    A wheel carries copies under ``bot/_data``; in a checkout (also when installed as editable) they stand at the top.
    """
    packaged = resources.files("bot") / "_data" / name
    if packaged.is_file() or packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent / name


def template_source(name: str) -> str | None:
    """Return the text of a template, or None when there is none of that name."""
    file = data("templates") / name
    return file.read_text(encoding="utf-8") if file.is_file() else None


def folder_reader(folder: Traversable) -> Callable[[str], bytes]:
    """Return a function that gives the bytes of a file by its path in the folder; raises OSError when it can't."""

    def read(path: str) -> bytes:
        file = folder
        for step in path.split("/"):
            file = file / step
        return file.read_bytes()

    return read
