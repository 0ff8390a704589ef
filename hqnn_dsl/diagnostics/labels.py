"""Labels of classes and levels, which are foreign text of any length, where there is little room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hqnn_dsl.diagnostics.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 18
"""The usual number of characters of a short label."""


def short_labels(labels: Sequence[str], longest: int = LONGEST) -> list[str]:
    """Returns different labels for different classes, of at most `longest` characters: their beginnings, or both ends.

    All are cut in the same way. Numbers from 1 on stand in front if labels are alike at both ends. `longest` must leave
    room for three characters beside such a number.
    """
    whole = [printable(label) for label in labels]
    half, digits = (longest - 1) // 2, len(str(len(whole)))
    begins = [_cut(label, longest - 1, 0) for label in whole]
    ends = [_cut(label, half, longest - 1 - half) for label in whole]
    counted = [f"{place} {_cut(label, longest - 2 - digits, 0)}" for place, label in enumerate(whole, start=1)]
    return next(shown for shown in (begins, ends, counted) if len(set(shown)) == len(shown))


def _cut(label: str, first: int, last: int) -> str:
    """A label, of a long one its first and last characters."""
    if len(label) <= first + last + 1:
        return label
    return f"{label[:first]}…{label[len(label) - last :]}"
