"""The compiled entry points, kept on disk between processes.

Numba looks only at the file of the function that it kept, so a change in another file of this folder would go unseen.
The entry points therefore carry the `edition`, a number made from the kernels' sources, which is part of Numba's key.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numba

from hqnn_dsl.backends.native import front, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

KERNEL_FILES = (
    *("vectors", "trigonometry", "turns", "rotate", "phases", "read", "passes", "sweep"),
    *("tape", "front"),
)
"""What compiled code is made from."""
COMPILING_AFTER = 2.0
"""Seconds after which a first call is not reading the kept kernels but compiling them."""


def _edition() -> int:
    digest = hashlib.sha256()
    for name in KERNEL_FILES:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return int.from_bytes(digest.digest()[:6], "big")


def _entry_points(edition: int) -> tuple[Any, ...]:
    """The entry points; `edition` is never 0, it is there to be part of the key."""

    def run_forward(*arguments: Any) -> None:
        if edition:
            sweep.forward(*arguments)

    def run_backward(*arguments: Any) -> None:
        if edition:
            sweep.backward(*arguments)

    def run_angles(*arguments: Any) -> None:
        if edition:
            front.angles(*arguments)

    def run_angles_back(*arguments: Any) -> None:
        if edition:
            front.angles_back(*arguments)

    return _kept(run_forward), _kept(run_backward), _kept(run_angles), _kept(run_angles_back)


def _kept(function: Callable[..., None]) -> Any:
    """Compiled for each kind of arguments, and kept on disk where there is a place that can be written."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError as reason:
        sys.stderr.write(f"the native kernels cannot be kept on disk and are compiled anew each time: {reason}\n")
        return numba.njit(nogil=True)(function)


forward, backward, angles, angles_back = _entry_points(_edition() or 1)

_ready: set[tuple[str, ...]] = set()


def call(kind: tuple[str, ...], kernel: Callable[..., None], *arguments: object) -> None:
    """Call a kernel; the first call of its kind says on standard error that it compiles, where that takes long."""
    if kind in _ready:
        kernel(*arguments)
    else:
        _first_call(kind, kernel, arguments)


def _first_call(kind: tuple[str, ...], kernel: Callable[..., None], arguments: tuple[object, ...]) -> None:
    """Compile and call, in a thread of its own: `torch.compile` watches the caller's and fails on Numba's compiler."""
    sentence = f"compiling the native kernels for {', '.join(kind)}; they are kept for later runs\n"
    timer = threading.Timer(COMPILING_AFTER, sys.stderr.write, (sentence,))
    timer.daemon = True
    timer.start()
    try:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(kernel, *arguments).result()
    finally:
        timer.cancel()
    _ready.add(kind)
