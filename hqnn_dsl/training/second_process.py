"""Functions whose packages take long to import, called in a second process while this one trains.

Imports of Python packages hold the interpreter's lock, so a thread would not hide them. A command starts the second
process before torch is imported; it imports scikit-learn and Matplotlib on another core, fits the baselines and draws
the pictures. If it cannot be started, ends, or a call fails there, the call is carried out here, with the same result.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import IO, Self

PROGRAM = (
    "import sys, pickle; sys.path[:] = pickle.load(sys.stdin.buffer); "
    f"from {__name__} import serve; serve(sys.stdin.buffer)"
)
"""The second process finds packages where this one does, which may have changed its path since it was started."""

USED = ("sklearn.ensemble", "hqnn_dsl.training.baselines", "hqnn_dsl.training.figures")
"""The modules that are imported at once, those that are used first in front."""


class Elsewhere(Protocol):
    """The place where functions are called: in this process, or in a second one."""

    def begin(self, module: str, function: str, *arguments: object) -> Callable[[], Any]:
        """Returns a function that waits for the value of a module's function and returns it.

        It raises what that function raises. The arguments must be left as they are until then.
        """


class Here:
    """This process: a call is carried out when its value is wanted."""

    def begin(self, module: str, function: str, *arguments: object) -> Callable[[], Any]:
        """See `Elsewhere.begin`."""
        return partial(_carried_out, module, function, *arguments)


class SecondProcess:
    """A second process, from its making to the end of the `with` block; one without a free core is not started."""

    def __init__(self, modules: Sequence[str] = USED) -> None:
        self._process = _started(modules) if cores() > 1 else None
        self._thread = ThreadPoolExecutor(1, "hqnn-second-process")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process; calls whose values are still wanted are carried out here."""
        if self._process is not None:
            self._process.kill()
            self._thread.shutdown()
            _closed(self._process)
            self._process = None

    @property
    def number(self) -> int | None:
        """The number of the process; None if there is none."""
        return None if self._process is None else self._process.pid

    def begin(self, module: str, function: str, *arguments: object) -> Callable[[], Any]:
        """See `Elsewhere.begin`. Calls are carried out one after the other."""
        here = partial(_carried_out, module, function, *arguments)
        if self._process is None:
            return here
        asked = self._thread.submit(_asked, self._process, (module, function, arguments))

        def value() -> Any:
            is_there, found = asked.result()
            return found if is_there else here()

        return value


def cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_here() -> int:
    """Returns how many fits run at once: one a core; a choice of the user's (`OMP_NUM_THREADS`) stands."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) else cores()


def serve(requests: IO[bytes]) -> None:
    """Carry out calls, the work of the second process, until nobody sends any more. Ctrl-C is the first one's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whatever is printed is no answer
    try:
        for module in pickle.load(requests):  # noqa: S301 - from the process that has started this one
            import_module(module)
        while True:
            pickle.dump(_tried(*pickle.load(requests)), answers)  # noqa: S301 - see above
            answers.flush()
    except (EOFError, BrokenPipeError):
        os._exit(0)


def _tried(module: str, function: str, arguments: tuple[object, ...]) -> tuple[bool, Any]:
    """Whether a call has succeeded, and its value."""
    try:
        return True, _carried_out(module, function, *arguments)
    except Exception:  # noqa: BLE001 - the first process carries it out too, and meets the same
        return False, None


def _carried_out(module: str, function: str, *arguments: object) -> Any:
    return getattr(import_module(module), function)(*arguments)


def _started(modules: Sequence[str]) -> subprocess.Popen[bytes] | None:
    if not sys.executable:
        return None
    process = None
    try:
        process = subprocess.Popen(  # noqa: S603 - this Python, with a program of our own
            [sys.executable, "-P", "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        _sent(process, sys.path, tuple(modules))
    except OSError:
        if process is not None:
            process.kill()
            _closed(process)
        return None
    return process


def _closed(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a killed process, and close its pipes; what could not be sent to it is dropped."""
    with suppress(OSError), process:
        pass


def _sent(process: subprocess.Popen[bytes], *values: object) -> None:
    assert process.stdin is not None
    for value in values:
        pickle.dump(value, process.stdin)
    process.stdin.flush()


def _asked(process: subprocess.Popen[bytes], call: tuple[str, str, tuple[object, ...]]) -> tuple[bool, Any]:
    """Whether the second process has carried out a call, and the value."""
    assert process.stdout is not None
    try:
        _sent(process, call)
        is_there, found = pickle.load(process.stdout)  # noqa: S301 - from our own process
    except (OSError, EOFError, ValueError, pickle.UnpicklingError):
        return False, None
    return is_there, found
