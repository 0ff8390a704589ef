"""Labels of classes and levels, which are foreign text of any length, where there is little room for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hqnn_dsl.diagnostics.sentences import listed
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.literals import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 18
"""The usual number of characters of a short label."""

WIDEST_LIST: Final = 80
"""Characters of a list of labels: as many are named as have room."""

LONGEST_IN_LIST: Final = 40
"""A longer label is cut there."""


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


def in_list(label: str) -> str:
    """Returns a label for a list of them: cut if it is long, and in quotes if the list would not show where it ends."""
    shown = _cut(label, LONGEST_IN_LIST - 1, 0)
    return quoted(shown) if "," in shown or " and " in shown else shown


def labels_in_words(labels: Sequence[str], most: int) -> str:
    """Returns labels as `a, b and c` or `a, "b, c" and 7 more`: the first `most`, or fewer if these are long."""
    shown = [in_list(label) for label in labels[:most]]
    while len(shown) > 1 and sum(map(len, shown)) + 2 * len(shown) > WIDEST_LIST:
        shown.pop()
    return listed(shown, "and", more=len(labels) - len(shown))


def _cut(label: str, first: int, last: int) -> str:
    """A label, of a long one its first and last characters."""
    if len(label) <= first + last + 1:
        return label
    return f"{label[:first]}…{label[len(label) - last :]}"
