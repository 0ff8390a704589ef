"""The resident memory of a process, as Linux tells it; elsewhere there is no answer."""

from __future__ import annotations

import ctypes
from pathlib import Path

_RESET = Path("/proc/self/clear_refs")


def resident(line: str, process: int | None = None) -> int:
    """Returns `VmRSS`, the resident memory now, or `VmHWM`, its high-water mark, in bytes. Raises `OSError`.

    It is that of this process, or of the one with the number `process`.
    """
    status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="ascii", errors="replace")
    rows = (row.split() for row in status.splitlines())
    return next(int(row[1]) * 1024 for row in rows if row and row[0] == f"{line}:")


def reset_peak() -> None:
    """Set the high-water mark back to the resident memory now. Raises `OSError`."""
    _RESET.write_text("5", encoding="ascii")


def give_back_free_memory() -> None:
    """Have the C library return freed memory, so that a call has to ask for its memory anew."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return  # another C library
