"""Parts of sentences that messages share: words in a row, the words that may stand, and the word that was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from hqnn_dsl.limits import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

Conjunction = Literal["and", "or"]

SIMILAR: Final = 0.6
"""How alike two names are, from 0 to 1, if one is taken for a slip of the other."""


def listed(words: Iterable[str], conjunction: Conjunction, *, more: int = 0) -> str:
    """Returns `a`, `a or b`, `a, b or c`, `a, b and 7 more`; empty for no words."""
    items = [*words, *([f"{more} more"] if more else [])]
    return f" {conjunction} ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def names(words: Iterable[str], conjunction: Conjunction, *, most: int | None = None) -> str:
    """Returns names in backticks, as `listed`: the first `most` of them and the number of the others, or all."""
    items = [f"`{word}`" for word in words]
    shown = items[:most]
    return listed(shown, conjunction, more=len(items) - len(shown))


def nearest(word: str, known: Iterable[str], *, cutoff: float = SIMILAR, ignoring_case: bool = False) -> str:
    """Returns the one of `known` that `word` was probably meant as, empty if none is near.

    A name that differs in case only comes first. Others are compared letter by letter, in their own case unless it is
    ignored; they must be at least as alike as `cutoff`. A word that is longer than any name resembles none.
    """
    if len(word) > MAX_NAME:
        return ""
    from difflib import get_close_matches

    candidates = sorted(set(known))
    folded: dict[str, str] = {}
    for name in candidates:
        folded.setdefault(name.casefold(), name)
    if word.casefold() in folded:
        return folded[word.casefold()]
    if ignoring_case:
        return "".join(folded[name] for name in get_close_matches(word.casefold(), folded, 1, cutoff))
    return "".join(get_close_matches(word, candidates, 1, cutoff))


def did_you_mean(instead: str) -> str:
    """Returns the help line that asks for `instead`, a text to be typed; empty if that is empty."""
    return f"did you mean `{instead}`?" if instead else ""
