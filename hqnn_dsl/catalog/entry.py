"""What a catalog entry is: a name, its documentation, its options with types, defaults and bounds, and a builder.

The checker validates what a user writes against these rows, `--resolved` prints their defaults, and the docs and
tests loop over them; an option is described once. Builders import torch inside themselves: reading a catalog costs
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from hqnn_dsl.literals import call, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OptionType = Literal["int", "float", "bool", "string", "column", "choice", "width", "strings", "ints", "entry"]
"""`width` is a positive int or `auto` (then the value is the string "auto"); `choice` is one bare name of `choices`;
`strings` and `ints` are bracketed lists. An int is accepted for a float. A `string` is also accepted as a bare name; a
`column` is a column's name, whatever else that name means.
`entry` is one entry of the option's `table` with options of its own; its value is a `Selection`."""


class _Required:
    """The default of an option that has none."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Selection:
    """An entry of a table with all its options filled in, as the value of an option: `depolarizing(p1: 0.001, …)`."""

    name: str
    options: tuple[tuple[str, OptionValue], ...] = ()

    def __getitem__(self, option: str) -> Any:
        return dict(self.options)[option]

    def __str__(self) -> str:
        """As the language writes it."""
        return call(self.name, {name: written(value) for name, value in self.options})


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option. `minimum` and `maximum` are inclusive, `above` and `below` exclusive. `unset` permits `none`."""

    name: str
    type: OptionType
    doc: str
    default: Any = REQUIRED
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    table: Mapping[str, Entry] | None = None
    """The entries that an option of type `entry` may name."""
    optional: bool = False
    """Whether `none` may be written; the value is then None. A None default implies it."""

    variadic: bool = False
    """Whether values without a name may stand for the list: `ordinal(low, high)`."""
    least: int = 0
    """How many items a list has at least; then no item stands in it twice."""
    each_number: bool = False
    """Whether numbers, true and false may stand in a list of texts, as they are written."""
    example: str = ""
    """A value as one may write it, for pages, if that of its type is none."""

    @property
    def is_required(self) -> bool:
        return self.default is REQUIRED

    @property
    def allows_none(self) -> bool:
        return self.optional or self.default is None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that the language offers by name. The first `positional` options may be given without their names."""

    name: str
    doc: str
    options: tuple[Option, ...] = ()
    positional: int = 0
    ascending: tuple[str, str] | None = None
    """Two options, of which the first has the smaller value."""
    build: Callable[..., Any] | None = None

    def option(self, name: str) -> Option | None:
        """The option of that name, None where there is none."""
        return next((option for option in self.options if option.name == name), None)

    def selected(self, **given: Any) -> Selection:
        """This entry as an option's value: `given`, and defaults for the rest."""
        values = self.defaults() | given
        return Selection(self.name, tuple((option.name, values[option.name]) for option in self.options))

    def defaults(self) -> dict[str, Any]:
        """The values of all options that have a default."""
        return {option.name: option.default for option in self.options if not option.is_required}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An entry of a catalog with all its options filled in: `adamw(lr: 0.01, …)`."""

    name: str
    options: dict[str, OptionValue] = field(default_factory=dict)


if TYPE_CHECKING:
    OptionValue = Any  # readers know the type of each option from its row
else:
    OptionValue = None | bool | int | float | str | list[int] | list[str] | Selection


def table(*entries: Entry) -> dict[str, Entry]:
    """A catalog table: entries by name, in the order written."""
    return {entry.name: entry for entry in entries}
