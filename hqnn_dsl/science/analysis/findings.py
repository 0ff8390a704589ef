"""The results of an analysis, frozen: figures with their errors and definitions, arrays, or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Figure:
    """A number with its definition in a sentence; `error` is the standard error of sampling, None if it is exact.

    `value` is None if the number is not known, for the reason in `reason`.
    """

    name: str
    value: float | None
    definition: str
    error: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """The figures of one measure, with the arrays that belong to them, plain lists of numbers and texts by name.

    `samples` is how many random draws they are from, None if nothing was drawn. `reason` says why there are no figures.
    `settings` are sentences about what was drawn, left out, or set.
    """

    measure: str
    figures: tuple[Figure, ...] = ()
    arrays: Mapping[str, Any] = field(default_factory=dict)
    samples: int | None = None
    settings: tuple[str, ...] = ()
    reason: str = ""

    def __getitem__(self, name: str) -> Figure:
        """The figure of that name. Raises `KeyError`."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(f"`{self.measure}` has no figure {name!r}: it has {', '.join(f.name for f in self.figures)}")

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.figures)
