"""Constants, expressions and functions: reports of values that cannot be computed (E02xx)."""

from __future__ import annotations

from hqnn_dsl.diagnostics.diagnostic import Diagnostic
from hqnn_dsl.lazy import lazy_dataclass


@lazy_dataclass(frozen=True, kw_only=True)
class ConstantCycle(Diagnostic):
    """Constants are defined by each other in a circle, so none has a value.

    wrong   let a = b + 1; let b = a
    right   let a = b + 1; let b = 2
    """

    code = "E0213"
    message = "`{name}` is defined through itself: {path}"
    label = "the circle closes here"
    name: str
    path: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotConstant(Diagnostic):
    """A place that is settled at compile time holds an input or a weight, whose value is only known when running.

    Loop bounds, conditions, shapes, qubit numbers and coefficients of observables are compile-time values.

        wrong   for q in 0..x[0] { h q }
        right   for q in 0..qubits { h q }
    """

    code = "E0214"
    message = "{what} must be known at compile time, this depends on {cause}"
    label = "depends on {cause}"
    what: str
    cause: str


@lazy_dataclass(frozen=True, kw_only=True)
class NoValue(Diagnostic):
    """An expression of constants has no finite real value.

    wrong   ry(acos(2)) 0      # no angle has the cosine 2
    right   ry(acos(0.2)) 0
    wrong   let a = 1 / 0
    right   let a = 1 / 10
    """

    code = "E0215"
    message = "this has no finite real value: {reason}"
    label = "no value"
    reason: str


@lazy_dataclass(frozen=True, kw_only=True)
class NotANumber(Diagnostic):
    """An operator or function is applied to something that it does not work on.

    `+ - * / **` work on numbers and angles, `//` and `%` on whole numbers, `and or not` on true and false.

        wrong   let half = 7.5 // 2      # `//` is for whole numbers
        right   let half = 7.5 / 2
        wrong   let next = "4" + 1       # a text
        right   let next = 4 + 1
    """

    code = "E0216"
    message = "`{operator}` does not work on {found}"
    label = "{found}"
    operator: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class TooLarge(Diagnostic):
    """A spec asks for more than the limits that keep the compiler from running away.

    The limits are printed by `hqnn doctor`.

        wrong   for q in 0..10 ** 12 { h 0 }
        right   for q in 0..qubits { h q }
    """

    code = "E0225"
    message = "{what} is more than {limit}"
    label = "too large"
    what: str
    limit: str


@lazy_dataclass(frozen=True, kw_only=True)
class UnknownFunction(Diagnostic):
    """A function is called that the language does not have.

    Of angles: `sin cos tan asin acos atan tanh exp log sqrt abs`. At compile time also: `min max floor ceil log2 len
    groups angles`.

        wrong   ry(arccos(x[0])) 0
        right   ry(acos(x[0])) 0
    """

    code = "E0226"
    message = "there is no function `{name}`"
    label = "unknown function"
    name: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongCall(Diagnostic):
    """A function gets another number or kind of arguments than it takes.

    wrong   log2(8, 2)
    right   log2(8)
    """

    code = "E0227"
    message = "`{name}` takes {expected}"
    label = "{found}"
    name: str
    expected: str
    found: str


@lazy_dataclass(frozen=True, kw_only=True)
class WrongIndex(Diagnostic):
    """An index lies outside a tensor or list, or there are more or fewer indices than dimensions.

    wrong   weight w[2, 3]; ry(w[2, 0]) 0      # the first index is 0 or 1
    right   weight w[2, 3]; ry(w[1, 0]) 0
    """

    code = "E0230"
    message = "`{name}` is {shape}: {problem}"
    label = "{problem}"
    name: str
    shape: str
    problem: str
