"""Compile-time values, and the scopes that names are looked up in.

A value is a number, a truth value, a text, a list, a member of an enumeration, an angle that depends on inputs or
weights, or a tensor of those. `Poison` stands for a value whose definition was already reported; using it is silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl import limits
from hqnn_dsl.diagnostics.codes.expressions import TooLarge
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.sentences import did_you_mean, names, nearest
from hqnn_dsl.semantics.foreign_words import meant_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.circuit.angles import Angle
    from hqnn_dsl.diagnostics.source import Span


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an enumeration argument, with all members of that enumeration."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        """As the language writes it."""
        return self.name


@dataclass(frozen=True, slots=True)
class Symbolic:
    """An angle that is not a compile-time number. Its number of nodes and its depth are bounded by the limits."""

    angle: Angle
    size: int
    depth: int = 1

    @property
    def cause(self) -> str:
        """What it depends on, for a message."""
        return "an input or a weight"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A declared `input` or `weight`: `entries` are its leaves, row-major."""

    kind: str
    name: str
    shape: tuple[int, ...]
    entries: tuple[Angle, ...]


@dataclass(frozen=True, slots=True)
class Poison:
    """The value of a name whose definition is wrong and already reported."""


Value = int | float | bool | str | tuple["Value", ...] | Member | Symbolic | Tensor | Poison


def extent(value: Value) -> tuple[int, int]:
    """How many numbers and texts are in a value, lists inside counted through, and how deep lists are in it.

    A list that stands in it several times is counted as often and walked through once.
    """
    if not isinstance(value, tuple):
        return 1, 0
    return _extent(value, {})


def _extent(items: tuple[Value, ...], known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    if id(items) not in known:
        inside = [_extent(item, known) for item in items if isinstance(item, tuple)]
        size = len(items) - len(inside) + sum(size for size, _ in inside)
        known[id(items)] = size, 1 + max((depth for _, depth in inside), default=0)
    return known[id(items)]


def list_of(items: tuple[Value, ...], span: Span, meter: Meter) -> tuple[Value, ...]:
    """A list of values. Raises `Refusal` if it is too large or too deep with the lists inside it."""
    if any(isinstance(item, tuple) for item in items):
        size, depth = extent(items)
        if size > limits.MAX_LIST_SIZE:
            raise Refusal(TooLarge(span=span, what="the size of this list", limit=str(limits.MAX_LIST_SIZE)))
        if depth > limits.MAX_NESTING:
            limit = f"{limits.MAX_NESTING} lists inside each other"
            raise Refusal(TooLarge(span=span, what="this list", limit=limit))
        meter.charge(size // 8, span)
    return items


class Silent(Exception):
    """Evaluation met a `Poison`: the mistake behind it is reported, this place has nothing to add."""


MOST_SHOWN = 60
"""Characters of a text that a message shows."""


def describe(value: Value) -> str:
    """A value's kind in words, for a message."""
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case int():
            return f"the whole number {value}"
        case float():
            return f"the number {value:.1f}" if value.is_integer() and abs(value) < 1e6 else f"the number {value:g}"
        case str():
            return (
                f'the text "{value}"' if len(value) <= MOST_SHOWN else f'a text that begins with "{value[:MOST_SHOWN]}"'
            )
        case tuple():
            return "a list"
        case Member(name):
            return f"`{name}`"
        case Symbolic():
            return "an angle that depends on inputs or weights"
        case Tensor(kind, name):
            return f"the {kind} `{name}` as a whole"
        case Poison():
            return "unknown"


@dataclass(frozen=True, slots=True)
class Binding:
    """A name's value, and where it was defined (None for names of the language)."""

    value: Value
    span: Span | None


class Meter:
    """How much work was done at compile time: statements, turns of loops, entries of lists, terms of angles.

    `operators` are counted apart when they are worked out, and compared with their limit at the next statement.
    """

    def __init__(self) -> None:
        self.spent = 0
        self.operators = 0
        self._advised = 0
        self._advice: dict[tuple[int, int], str] = {}

    @property
    def is_exhausted(self) -> bool:
        return self.spent > limits.MAX_STATEMENTS or self.operators > limits.MAX_OPERATORS

    def charge(self, work: int, span: Span) -> None:
        """Count work. Raises `Refusal` once it is more than the limit, so nothing can hang the compiler."""
        self.spent += work
        if self.spent > limits.MAX_STATEMENTS:
            what = "the number of statements carried out"
            raise Refusal(TooLarge(span=span, what=what, limit=str(limits.MAX_STATEMENTS)))
        if self.operators > limits.MAX_OPERATORS:
            what = "the number of operators worked out"
            raise Refusal(TooLarge(span=span, what=what, limit=str(limits.MAX_OPERATORS)))

    def advice(self, word: str, place: Span, candidates: Callable[[], list[str]], *, is_own: bool = False) -> str:
        """`suggestion`, or `did you mean …?` if names are the user's own, for a word that stands at `place`.

        Worked out once a place, and not for ever more of them.
        """
        key = (id(place.source), place.start)
        if key not in self._advice:
            if self._advised > limits.MAX_ADVICE:
                return ""
            known = candidates()
            self._advised += len(known)
            self._advice[key] = did_you_mean(nearest(word, known)) if is_own else suggestion(word, known)
        return self._advice[key]


class Scope:
    """Names that are visible at a place. Inner scopes see outer ones; nothing is ever shadowed.

    All scopes of one circuit charge the same `meter`.
    """

    def __init__(self, outer: Scope | None = None, meter: Meter | None = None) -> None:
        self._outer = outer
        self.meter: Meter = meter or (outer.meter if outer is not None else Meter())
        self.asked: set[str] = set()
        """The names of this scope whose values were asked for."""
        self._bindings: dict[str, Binding] = {}
        self._lazy: dict[str, tuple[Callable[[], Value], Span]] = {}

    def find(self, name: str) -> Binding | None:
        """The binding of `name` here or outside, None if there is none."""
        if name in self._lazy:
            resolve, span = self._lazy[name]
            self.settle(name, resolve(), span)
        if name in self._bindings:
            self.asked.add(name)
            return self._bindings[name]
        return self._outer.find(name) if self._outer is not None else None

    def where(self, name: str) -> Span | None:
        """The definition of a visible name, which is not evaluated for it."""
        if name in self._lazy:
            return self._lazy[name][1]
        if name in self._bindings:
            return self._bindings[name].span
        return self._outer.where(name) if self._outer is not None else None

    def is_pending(self, name: str) -> bool:
        """Whether a name is bound here to a value that is still to be computed."""
        return name in self._lazy

    def has(self, name: str) -> bool:
        """Whether a name is visible; it is not evaluated for that."""
        return name in self._lazy or name in self._bindings or (self._outer is not None and self._outer.has(name))

    def bind(self, name: str, value: Value, span: Span | None) -> None:
        self._bindings[name] = Binding(value, span)

    def clear(self) -> None:
        """Forget the names that are bound here, not those outside: the next turn of a loop begins."""
        self._bindings.clear()

    def settle(self, name: str, value: Value, span: Span | None) -> None:
        """Give a lazily bound name its value."""
        self._lazy.pop(name, None)
        self._bindings[name] = Binding(value, span)

    def bind_lazily(self, name: str, resolve: Callable[[], Value], span: Span) -> None:
        """Bind a name to a value that is computed when it is first asked for."""
        self._lazy[name] = (resolve, span)

    def names(self) -> Iterator[str]:
        yield from self._bindings
        yield from self._lazy
        if self._outer is not None:
            yield from self._outer.names()


def suggestion(word: str, candidates: tuple[str, ...] | list[str]) -> str:
    """What a word of the language was probably meant as: another library's word for it before one that looks alike."""
    meant = meant_elsewhere(word, candidates)
    if meant is None:
        return did_you_mean(nearest(word, candidates))
    return f"here it is called `{meant}`" if meant else ""


def suggest_or_list(word: str, candidates: tuple[str, ...] | list[str]) -> str:
    """Did-you-mean where something is near, else all that may stand here (when that is not too long)."""
    near = suggestion(word, candidates)
    if near or not candidates:
        return near
    if len(candidates) == 1:
        return f"the only one is `{candidates[0]}`"
    return f"one of {names(candidates, 'or')}" if len(candidates) <= 40 else ""
