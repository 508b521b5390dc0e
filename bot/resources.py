"""Files that travel with the program: templates, the shipped dossier, the example configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from summaries.toml import Problems

_own: list[Path | None] = []
"""The folders of templates of the operator's own, the one that counts last; see :func:`own_templates`."""


def data(name: str) -> Traversable:
    """Return a file or folder that is shipped with the program.

    A wheel carries copies under ``bot/_data``; in a checkout (also when installed as editable) they stand at the top.
    """
    packaged = resources.files("bot") / "_data" / name
    if packaged.is_file() or packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent / name


class NoTemplates(Problems):
    """The folder that should hold templates of the operator's own is not there."""


@contextmanager
def own_templates(folder: str | os.PathLike[str] | None) -> Iterator[None]:
    """Let a folder's files stand above the shipped templates of the same name while the context is open.

    "" and None are no folder. Raises :class:`NoTemplates` where there is none of that name.
    """
    path = Path(folder) if folder else None
    if path is not None and not path.is_dir():
        raise NoTemplates([f"templates = {str(folder)!r}: there is no such folder"])
    _own.append(path)
    try:
        yield
    finally:
        _own.pop()


def own_folder() -> Path | None:
    """Return the folder whose files stand above the shipped templates, or None."""
    return _own[-1] if _own else None


def template_names() -> list[str]:
    """Return the names of the shipped templates, in order: a file of any other name is no template."""
    return sorted(file.name for file in data("templates").iterdir() if file.name.endswith(".j2"))


def template_source(name: str) -> tuple[str, str] | None:
    """Return a template's text and the file it was read from, or None when no template is called that.

    Raises :class:`~summaries.toml.Problems` for a file that can't be read.
    """
    if name not in template_names():
        return None
    own = own_folder()
    file: Traversable = own / name if own and (own / name).is_file() else data("templates") / name
    try:
        return file.read_bytes().decode("utf-8"), str(file)
    except UnicodeDecodeError as error:
        raise Problems([f"{file}: not UTF-8 at byte {error.start}. Save it as UTF-8."]) from None
    except OSError as error:
        raise Problems([f"{file}: cannot be read: {error.strerror or error}."]) from None


def folder_reader(folder: Traversable) -> Callable[[str], bytes]:
    """Return a function that gives the bytes of a file by its path in the folder; raises OSError when it can't."""

    def read(path: str) -> bytes:
        file = folder
        for step in path.split("/"):
            file = file / step
        return file.read_bytes()

    return read
