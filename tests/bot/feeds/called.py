"""What tests have another process do. Nothing heavy is imported here, for each of these processes would pay for it."""

from __future__ import annotations

import os
import re
import signal
import sys


def echo(text: str) -> str:
    return text


def nothing() -> None:
    """Returns None."""


def who() -> int:
    return os.getpid()


def environment() -> dict[str, str]:
    return dict(os.environ)


def for_ever() -> None:
    """A loop in C code: no other thread of the process has a turn."""
    re.match("(a+)+$", "a" * 60 + "b")


def say_and(fifo: str, *, loop: bool) -> int:
    """Tell the process's id to who reads, who gets to know when the process ends as well."""
    kept.append(os.open(fifo, os.O_WRONLY))
    os.write(kept[-1], b"%d\n" % os.getpid())
    if loop:
        for_ever()
    return os.getpid()


def leave_behind(fifo: str) -> int:
    """Leave a process that holds open what it has inherited, until somebody opens ``fifo``; end without a word."""
    if os.fork() == 0:
        # Should nobody ever come.
        signal.alarm(60)
        os.open(fifo, os.O_RDONLY)
        os._exit(0)
    os._exit(1)


kept: list[int] = []


def eat() -> int:
    return len([bytearray(10_000_000) for _ in range(1000)])


class Unknown(Exception):
    """The parent knows nothing of it."""


def fail(kind: str) -> None:
    raise {
        "value": ValueError("wrong", 7),
        "key": KeyError("gone"),
        "unknown": Unknown("strange"),
        "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd"),
    }[kind]


def noisy() -> str:
    print("this is no answer", flush=True)
    os.write(1, b"nor is this\n")
    return sys.stdin.read()


def lie(frame: bytes) -> int:
    """Write to everything that is open, as a child might that was taken over."""
    for number in range(3, 32):
        try:
            os.write(number, frame)
        except OSError:
            continue
    return 1


def unannotated():  # type: ignore[no-untyped-def]  # noqa: ANN201
    return 1
