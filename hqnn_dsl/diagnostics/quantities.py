"""Numbers as messages say them: counts with their noun, sizes of memory, scores; and kinds of values."""

from __future__ import annotations

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def count(number: int, noun: str) -> str:
    """`1 input`, `2 inputs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def size(num_bytes: int) -> str:
    """A size of memory, `512 B` or `2.1 GiB`, rounded up: a need never looks smaller than it is."""
    unit = min((num_bytes.bit_length() - 1) // 10, len(UNITS) - 1) if num_bytes else 0
    if unit == 0:
        return f"{num_bytes} B"
    tenths = -(-10 * num_bytes >> 10 * unit)
    if tenths >= 10 * 1024 and unit + 1 < len(UNITS):
        tenths, unit = 10, unit + 1
    return f"{tenths // 10:,}.{tenths % 10} {UNITS[unit]}"


def a_kind(value: object) -> str:
    """Returns the kind of a value of Python: `a list`, `an int`, `None`."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


SCORES = {"rmse": "RMSE", "mae": "MAE", "r2": "R²", "loss": "loss (scaled)"}
"""The scores of a part of the rows by their names in `metrics.json`, with their titles in a table."""


def number(value: float | None) -> str:
    """A score with four significant digits, a dash if there is none."""
    return "-" if value is None else f"{value:.4g}"
