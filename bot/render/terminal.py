"""How text may be shown where it is printed."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any


def terminal_style() -> dict[str, Any]:
    """Return the options of :func:`~bot.render.render.as_text` that fit standard output.

    On a terminal lines are wrapped to its width, and bold type is used unless ``NO_COLOR`` or a dumb terminal speaks
    against it; into a file or a pipe everything is plain and whole.
    """
    if not sys.stdout.isatty():
        return {}
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return {"width": max(40, min(100, shutil.get_terminal_size().columns)), "colour": colour}
