"""Room for recursion that the limits bound.

A checked spec is walked by recursion, as deep as `limits` allows, which is more than Python's own bound of a
thousand calls where a caller already stands deep. Python 3.11 and later keep calls of Python functions off the C stack.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM: Final = 8_000
"""Calls inside each other: what the deepest spec takes, several times over."""

_lock = Lock()
_inside: list[int] = []  # the bounds that those inside found; the first is put back by the last to leave


@contextmanager
def room_to_recurse() -> Iterator[None]:
    """Inside, `ROOM` further calls may stand inside each other, wherever the caller stands."""
    depth, frame = 0, sys._getframe()  # noqa: SLF001 - the only way to count
    while frame.f_back is not None:
        depth, frame = depth + 1, frame.f_back
    with _lock:
        _inside.append(sys.getrecursionlimit())
        sys.setrecursionlimit(max(sys.getrecursionlimit(), depth + ROOM))
    try:
        yield
    finally:
        with _lock:
            found = _inside[0]
            _inside.pop()
            if not _inside:
                sys.setrecursionlimit(found)
