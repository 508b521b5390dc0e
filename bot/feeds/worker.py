"""A process of its own for reading hostile bytes: it can be stopped, and its memory and its time are not the bot's.

The bot runs ``python -m bot.feeds.worker`` and talks with it over its standard input and output. What is to be done
goes there pickled, for a child trusts its parent. The parent doesn't trust the child, which may have been taken over by
what it reads: its answers are JSON, checked against the return type of the function that was called, so they can say
nothing that the function could not have said. This holds back crashes, loops and floods; it is no wall against code
that runs in the child, for that has the rights of the bot's user.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import logging
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import time
import traceback
import warnings
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, ParamSpec, Self, TypeVar, cast, get_type_hints

if TYPE_CHECKING:
    from pydantic import TypeAdapter

P = ParamSpec("P")
T = TypeVar("T")

_HEAD: Final = struct.Struct(">cQ")
_REQUEST, _RETURNED, _RAISED, _NO_MEMORY = b"?", b"=", b"!", b"m"
_MOST_ANSWERED: Final = 32 * 1024 * 1024
_START_SECONDS: Final = 60.0
_DYING_SECONDS: Final = 5.0
_OUT_OF_TIME: Final = getattr(signal, "SIGXCPU", 0)
_ENDING: Final = "It was not read to the end, because the program is stopping. Start it again."
# All that a child is told of the environment: no token, password or address of a database is among it.
_KEPT: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "PYTHONHOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "TEMP",
    "SYSTEMROOT",
)


class Stopped(Exception):
    """A call that didn't end by itself: it took too much time or memory, or its process died."""

    def __init__(self, sentence: str) -> None:
        """Keep why, for people."""
        super().__init__(sentence)
        self.sentence = sentence


class Worker:
    """Calls functions in processes of its own: ``async with Worker() as worker``.

    A process is started when the first call needs it (it takes a part of a second), serves many calls, one at a time,
    and ends when there was nothing to do for a while.
    """

    def __init__(
        self, *, processes: int = 1, seconds: float = 30.0, megabytes: int = 512, idle_seconds: float = 300.0
    ) -> None:
        """Set up; nothing is started yet.

        At most ``processes`` calls run at a time, each for ``seconds`` and with ``megabytes`` of memory at most (the
        latter where the system can limit it: Linux). After ``idle_seconds`` without a call the processes end.
        """
        self._processes = processes
        self._seconds = seconds
        self._megabytes = megabytes
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(processes)
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._ending: set[asyncio.Task[int]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._open = False

    async def __aenter__(self) -> Self:
        """Allow calls."""
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every process. Calls that are still running raise :class:`Stopped`."""
        self._open = False
        for child in self._busy:
            child.kill()
        for _ in range(self._processes):
            await self._slots.acquire()
        self._end_idle()
        if self._ending:
            await asyncio.wait(self._ending)

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the processes that are running."""
        return tuple(child.process.pid for child in (*self._busy, *self._idle) if child.alive)

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function of a module's top level in another process, and return what it returns.

        Its arguments must be picklable; its annotations must say what it returns: something that JSON can hold, or
        dataclasses of such. (In a text that comes back, half a surrogate pair is a question mark.) Raises what the
        function raises, as long as that is an exception of Python's own or of a module of ``summaries``, RuntimeError
        in place of others; and :class:`Stopped` when it took too much time or memory, or its process died.
        """
        returns = _returned(function)
        request = pickle.dumps((function.__module__, function.__qualname__, args, kwargs, self._seconds))
        if not self._open:
            raise RuntimeError("the worker is not open: use it with `async with`")
        async with self._slots:
            child = await self._child()
            self._busy.add(child)
            try:
                raised, answer = await child.ask(request, self._seconds)
                result: T | Exception = _exception(answer) if raised else returns.validate_json(answer)
            except (_TooSlow, _TooMuch, _Died, ValueError) as failure:
                raise Stopped(await self._why(child, failure)) from None
            except BaseException:
                # Nobody waits for the answer any more, and the process is in the middle of it.
                await child.end()
                raise
            finally:
                self._busy.discard(child)
            self._rest(child)
        if raised:
            raise cast(Exception, result)
        return cast(T, result)

    async def _child(self) -> _Child:
        """Return a process that has nothing to do, a new one if there is none."""
        self._check_open()
        self._stop_timer()
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                return child
            await child.end()
        child = await _Child.start(self._megabytes)
        try:
            self._check_open()
        except Stopped:
            await child.end()
            raise
        return child

    def _check_open(self) -> None:
        if not self._open:
            raise Stopped(_ENDING)

    def _rest(self, child: _Child) -> None:
        self._stop_timer()
        self._idle.append(child)
        self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_idle(self) -> None:
        self._stop_timer()
        while self._idle:
            task = asyncio.get_running_loop().create_task(self._idle.pop().end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _why(self, child: _Child, failure: Exception) -> str:
        """Say why a call failed, and end what is left of its process."""
        code = await (child.died() if isinstance(failure, _Died) else child.end())
        if not self._open:
            return _ENDING
        if isinstance(failure, _TooSlow) or code == -_OUT_OF_TIME:
            why = f"took longer than {self._seconds:g} seconds"
        elif isinstance(failure, _TooMuch):
            why = f"took more than {self._megabytes} MB of memory"
        elif isinstance(failure, _Died):
            why = f"ended in the middle ({_status(code)})"
        else:
            why = "gave an answer that can't be"
        return f"Reading it {why}, and was stopped. It may pass: if it goes on, leave this out and report it."


class _TooSlow(Exception):
    """No answer in time."""


class _TooMuch(Exception):
    """The process had no memory left."""


class _Died(Exception):
    """The process has ended."""


@dataclass(slots=True, eq=False)
class _Child:
    """One process."""

    process: Process
    requests: asyncio.StreamWriter
    answers: asyncio.StreamReader

    @classmethod
    async def start(cls, megabytes: int) -> _Child:
        """Start a process, and wait until it can work."""
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # It finds the same modules as we do, and (-P) none that lie in the working directory.
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "bot.feeds.worker", str(os.getpid()), str(megabytes)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            limit=1 << 20,
            # Ctrl-C in a terminal is for the bot, which then ends its children itself.
            start_new_session=True,
        )
        child = cls(process, cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout))
        try:
            await child._answer(_START_SECONDS)
        except (_TooSlow, _TooMuch, _Died, ValueError):
            code = await child.died()
            raise Stopped(
                f"The process that reads could not be started ({_status(code)}). See what it wrote into the log."
            ) from None
        except BaseException:
            await child.end()
            raise
        return child

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def ask(self, request: bytes, seconds: float) -> tuple[bool, bytes]:
        """Return whether the function raised something, and what it returned or raised."""
        return await self._answer(seconds, _HEAD.pack(_REQUEST, len(request)), request)

    async def _answer(self, seconds: float, *request: bytes) -> tuple[bool, bytes]:
        try:
            async with asyncio.timeout(seconds):
                self.requests.writelines(request)
                await self.requests.drain()
                kind, size = _HEAD.unpack(await self.answers.readexactly(_HEAD.size))
                if kind not in {_RETURNED, _RAISED, _NO_MEMORY} or size > _MOST_ANSWERED:
                    raise ValueError("an answer that can't be")
                answer = await self.answers.readexactly(size)
        except TimeoutError:
            raise _TooSlow from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _Died from None
        if kind == _NO_MEMORY:
            raise _TooMuch
        return kind == _RAISED, answer

    def kill(self) -> None:
        if self.alive:
            with suppress(ProcessLookupError):
                self.process.kill()

    async def died(self) -> int:
        """Return the exit status of a process that has hung up, so is about to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DYING_SECONDS):
                await self.process.wait()
        return await self.end()

    async def end(self) -> int:
        """End the process, leave nothing open, and return its exit status."""
        self.kill()
        self.requests.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DYING_SECONDS):
                await self.process.communicate()
        # A process that it has started in turn may hold the pipes open, and `wait` would wait for those.
        self.process._transport.close()  # type: ignore[attr-defined]
        return await self.process.wait()


def _status(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"status {code}"


@functools.lru_cache(maxsize=64)
def _form(kind: type[T]) -> TypeAdapter[T]:
    """What turns values of a type into JSON, and JSON into such values, or raises ValueError."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _returned(function: Callable[..., Any]) -> TypeAdapter[Any]:
    hints = get_type_hints(function)
    if "return" not in hints:
        raise TypeError(f"{function.__qualname__} doesn't say what it returns: annotate it")
    return _form(hints["return"])


@dataclass(frozen=True, slots=True)
class _Raised:
    """An exception on its way to the parent."""

    module: str
    name: str
    args: list[str | int | float | bool | None]
    text: str
    trace: str

    @classmethod
    def of(cls, error: Exception) -> _Raised:
        args = [one if isinstance(one, str | int | float | bool | None) else repr(one)[:1000] for one in error.args]
        trace = "".join(traceback.format_exception(error))[-4000:]
        return cls(type(error).__module__, type(error).__qualname__, args, str(error), trace)


def _exception(answer: bytes) -> Exception:
    """Make the exception that a child tells of. It names a class, and only harmless ones are made."""
    told = _form(_Raised).validate_json(answer)
    module = sys.modules.get(told.module) if told.module.split(".")[0] in {"builtins", "summaries"} else None
    kind = getattr(module, told.name, None)
    error: Exception = RuntimeError(f"{told.name}: {told.text}")
    if isinstance(kind, type) and issubclass(kind, Exception):
        with suppress(TypeError, ValueError):
            error = kind(*told.args)
    error.add_note(f"In the process that reads:\n{told.trace}")
    return error


# What follows runs in the child --------------------------------------------------------------------------------------


def _json(value: object, form: TypeAdapter[Any]) -> bytes:
    return json.dumps(form.dump_python(value, mode="json"), ensure_ascii=False).encode("utf-8", "replace")


def _restrict(parent: int, megabytes: int) -> None:
    """Give up what reading doesn't need, and see to it that nothing is left when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries have to say of what they read is written by others.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if sys.platform == "linux":
        import ctypes

        # A loop in C code would never notice that the pipe has ended; the kernel does.
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, int(signal.SIGKILL))
        if os.getppid() != parent:
            sys.exit("the parent is gone")
    if sys.platform != "win32":
        import resource

        # Of Linux the data, for addresses that are only reserved cost nothing; others don't limit that.
        memory = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        for what, most in ((memory, megabytes << 20), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


def _restrict_time(seconds: float) -> None:
    """Let the system end this process some time after the parent should have done so."""
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds) + 1, hard))


def _done(request: bytes) -> tuple[bytes, bytes]:
    """Do what was asked for, and return what to answer."""
    try:
        module, name, args, kwargs, seconds = pickle.loads(request)  # noqa: S301 - it comes from our parent
        _restrict_time(seconds)
        function = getattr(importlib.import_module(module), name)
        return _RETURNED, _json(function(*args, **kwargs), _returned(function))
    except MemoryError:
        return _NO_MEMORY, b""
    except Exception as error:  # noqa: BLE001 - the caller is told, whatever it is
        return _RAISED, _json(_Raised.of(error), _form(_Raised))


def _serve(parent: int, megabytes: int) -> None:
    """Answer requests until there are no more."""
    _restrict(parent, megabytes)
    # Nothing that a library prints may get between the answers.
    with os.fdopen(os.dup(0), "rb") as requests, os.fdopen(os.dup(1), "wb") as answers:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        _send(answers, _RETURNED, b"")
        while len(head := requests.read(_HEAD.size)) == _HEAD.size:
            kind, answer = _done(requests.read(_HEAD.unpack(head)[1]))
            _send(answers, kind, answer)
            if kind == _NO_MEMORY:
                break


def _send(answers: BinaryIO, kind: bytes, answer: bytes) -> None:
    answers.write(_HEAD.pack(kind, len(answer)))
    answers.write(answer)
    answers.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        _serve(int(sys.argv[1]), int(sys.argv[2]))
