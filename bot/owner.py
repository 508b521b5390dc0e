"""Names of the processes that share a store, so that what one of them held when it was killed is free at once."""

from __future__ import annotations

import os
import random
import socket
from typing import Final

_MADE_HERE: Final[set[str]] = set()


def owner() -> str:
    """Return a new name for something at work in this process: the machine, the process, and a random number."""
    name = f"{socket.gethostname()[:60]}:{os.getpid()}:{random.randrange(16**6):06x}"  # noqa: S311 (no secret)
    _MADE_HERE.add(name)
    return name


def over(name: str) -> None:
    """Note that what :func:`owner` named has come to its end, in this process that goes on."""
    _MADE_HERE.discard(name)


def has_ended(name: str) -> bool:
    """Tell whether whoever :func:`owner` named ran on this machine and has surely ended; False where nobody knows."""
    host, _, pid = name.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname()[:60] or not pid.isdecimal():
        return False
    if int(pid) == os.getpid():
        # In a container every start has the same number.
        return name not in _MADE_HERE
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
