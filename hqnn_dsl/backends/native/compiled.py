"""The compiled entry points, kept on disk between processes.

Numba looks only at the file of the function that it kept, so a change in another file would go unseen. The entry points
therefore carry the `key` of `kernel_key`, which as a constant of theirs is part of Numba's own key. They are made for
it in the folder `kernels`, beside their work: as thin functions around kernels they would take LLVM a fifth longer.

Those over tiles are called by the caller of a job, `worker` 0, to which they return whether all tiles are done, and by
its helpers, to which they return the number of the next job, or their own if none came in time.
"""

from __future__ import annotations

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from numba.core import event

from hqnn_dsl.backends.native.kernel_cache import is_kept, kept, lost
from hqnn_dsl.backends.native.kernel_key import own_key
from hqnn_dsl.backends.native.kernels import adjoint, slot_table, tile_queue
from hqnn_dsl.backends.once import SPENT
from hqnn_dsl.diagnostics.notices import Caller, caller, notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMPILING_AFTER = 2.0
"""Seconds after which a first call is not reading the kept kernels but compiling them."""


KEY = own_key()
"""The key of all that is kept; never 0."""
forward, backward = kept(adjoint.forward_for(KEY)), kept(adjoint.backward_for(KEY))
angles, angles_back = kept(slot_table.angles_for(KEY)), kept(slot_table.angles_back_for(KEY))
wait, watch = kept(tile_queue.wait_for(KEY)), kept(tile_queue.watch_for(KEY))

SAID_AGAIN_AFTER = 60.0
"""Seconds after which compiling is said once more; a training compiles several kinds, one after the other."""

_said: list[float] = []
"""When it was last said or would have been."""
_ready: set[tuple[str, ...]] = set()


class _Compiling(event.Listener):  # type: ignore[misc] # Numba has no types
    """Notes the seconds that Numba compiles, which it does in one thread at a time; reading kept kernels is none."""

    def __init__(self) -> None:
        self._depth, self._began = 0, 0.0

    def on_start(self, event: object) -> None:  # noqa: ARG002 - Numba's way to call
        """Compiling begins, perhaps for what is being compiled."""
        if not self._depth:
            self._began = time.perf_counter()
        self._depth += 1

    def on_end(self, event: object) -> None:  # noqa: ARG002 - Numba's way to call
        """Compiling ends."""
        self._depth -= 1
        if not self._depth:
            SPENT.add(compiling=time.perf_counter() - self._began)


event.register("numba:compile", _Compiling())


def call(kind: tuple[str, ...], kernel: Callable[..., Any], *arguments: object) -> Any:
    """Call a kernel; a notice says that the first call of its kind compiles, if that takes long."""
    return kernel(*arguments) if kind in _ready else _first_call(kind, kernel, arguments)


def compiled_for(kind: tuple[str, ...], kernel: Any, kinds: tuple[Any, ...]) -> Any:
    """Returns Numba's compiled form of a kernel for arguments of those of its types, with the same notice."""

    def compile_it(*_: object) -> Any:
        kernel.compile(kinds)
        return kernel.overloads[kinds]

    return kernel.overloads[kinds] if kinds in kernel.overloads else _first_call(kind, compile_it, ())


def _first_call(kind: tuple[str, ...], kernel: Callable[..., Any], arguments: tuple[object, ...]) -> Any:
    """Compile and call, in a thread of its own: `torch.compile` watches the caller's and fails on Numba's compiler."""
    at = caller()
    timer = threading.Timer(COMPILING_AFTER, _say, (kind, at))
    timer.daemon = True
    timer.start()
    try:
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(_carried_out, kernel, arguments, at).result()
    finally:
        timer.cancel()
    _ready.add(kind)
    return found


def _say(kind: tuple[str, ...], at: Caller) -> None:
    """Say that kernels are compiled; of several kinds in a row only the first is named."""
    now = time.monotonic()
    if not _said or now - _said[-1] > SAID_AGAIN_AFTER:
        after = "they are kept for later runs" if is_kept() else "they are not kept"
        notice(f"compiling the native kernels, first those for {', '.join(kind)}; {after}", at=at)
    _said[:] = [now]


def _carried_out(kernel: Callable[..., Any], arguments: tuple[object, ...], at: Caller) -> Any:
    """The kernel's value. What is compiled and cannot be kept, on a full disk, is run all the same."""
    with _no_collections():
        try:
            return kernel(*arguments)
        except OSError as error:
            lost(error, at)
            return kernel(*arguments)


@contextmanager
def _no_collections() -> Iterator[None]:
    """In the block nothing collects garbage: with Python's thresholds that takes a tenth of the time of compiling."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
