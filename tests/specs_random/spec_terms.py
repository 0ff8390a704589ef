"""Expressions of the language as the tests' own trees: their text, with as few brackets as the grammar needs, and
their value.

Nothing of the product is imported. A value is a Python number, truth value, text or list, a `Member` of an
enumeration, a `Tensor` of inputs or weights, or a `Symbol`: an angle that inputs or weights stand in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qiskit.circuit.library.n_local.n_local import get_entangler_map


class Wrong(Exception):
    """The spec has no meaning: the generator drops what it just wrote."""


# ------------------------------------------------------------------ values


@dataclass(frozen=True, eq=False)
class Symbol:
    """`name` is `x` or `w` with the number of the component in `at`, `number` with a value, or a function."""

    name: str
    arguments: tuple[Symbol, ...] = ()
    at: float = 0


@dataclass(frozen=True)
class Tensor:
    """Symbols in row-major order."""

    kind: str
    shape: tuple[int, ...]
    entries: tuple[Symbol, ...]


@dataclass(frozen=True)
class Member:
    """A member of an enumeration."""

    name: str


def number(value):
    return value if isinstance(value, Symbol) else Symbol("number", at=float(value))


# ------------------------------------------------------------------- trees


@dataclass(frozen=True)
class Lit:
    """A number as it is written, `3`, `0.5` or `1e-4`, a text in quotes, or a truth value."""

    written: str

    @property
    def value(self):
        if self.written in {"true", "false"}:
            return self.written == "true"
        if self.written.startswith('"'):
            return self.written[1:-1]
        return int(self.written) if self.written.isdigit() else float(self.written)


@dataclass(frozen=True)
class Var:
    name: str


@dataclass(frozen=True)
class Word:
    """The name of a member, a gate or a text that stands where such a name is expected."""

    name: str


@dataclass(frozen=True)
class Un:
    sign: str
    inner: object


@dataclass(frozen=True)
class Bin:
    sign: str
    left: object
    right: object


@dataclass(frozen=True)
class Fn:
    name: str
    arguments: tuple


@dataclass(frozen=True)
class Idx:
    name: str
    indices: tuple


@dataclass(frozen=True)
class Lst:
    items: tuple


@dataclass(frozen=True)
class Rng:
    start: object
    stop: object
    step: object = None


def lit(value):
    """A number that may be negative, as a tree."""
    return Un("-", Lit(str(-value))) if value < 0 else Lit(str(value))


# -------------------------------------------------------------------- text

_BINDS = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}
_BINDS |= dict.fromkeys(["==", "!=", "<", "<=", ">", ">="], 4)


def text(tree, style=None, least=0):
    """The tree as text. `style()` is asked at every choice of layout and answers True or False; None is plain."""
    ask = style or (lambda _odds: False)
    written, binds = _text(tree, style, ask)
    if binds < least or (binds > 0 and not isinstance(tree, (Rng, Word)) and ask(0.03)):
        inside = f"\n{written}\n" if ask(0.05) else written
        return f"({inside})"
    return written


def _text(tree, style, ask):
    match tree:
        case Lit(written):
            return written, 9
        case Var(name) | Word(name):
            return name, 9
        case Un("not", inner):
            return f"not {text(inner, style, 3)}", 3
        case Un(sign, inner):
            return f"{sign}{' ' if ask(0.05) else ''}{text(inner, style, 7)}", 7
        case Bin(sign, left, right):
            binds = _BINDS[sign]
            lower, upper = (9, 7) if sign == "**" else (binds, binds + 1)
            lower = 5 if binds == 4 else lower
            blank = "" if binds > 4 and ask(0.3) else " "
            return f"{text(left, style, lower)}{blank}{sign}{blank}{text(right, style, upper)}", binds
        case Fn(name, arguments):
            return f"{name}({_listed(arguments, style, ask)})", 9
        case Idx(name, indices):
            return f"{name}[{_listed(indices, style, ask)}]", 9
        case Lst(items):
            return f"[{_listed(items, style, ask)}]", 9
        case Rng(start, stop, step):
            blank = " " if ask(0.3) else ""
            end = "" if step is None else f" step {text(step, style)}"
            return f"{text(start, style)}{blank}..{blank}{text(stop, style)}{end}", 9
    raise TypeError(tree)


def _listed(trees, style, ask):
    if not trees:
        return ""
    comma = ",\n  " if ask(0.05) else ", " if not ask(0.2) else ","
    last = "," if ask(0.04) else ""
    return comma.join(text(tree, style) for tree in trees) + last


# ------------------------------------------------------------------- value

ANGLES_OF = {
    **dict.fromkeys(["h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx"], (1, 0)),
    **dict.fromkeys(["rx", "ry", "rz", "p"], (1, 1)),
    "u": (1, 3),
    **dict.fromkeys(["cx", "cy", "cz", "ch", "swap", "iswap"], (2, 0)),
    **dict.fromkeys(["cp", "crx", "cry", "crz", "rxx", "ryy", "rzz", "rzx"], (2, 1)),
    "ccx": (3, 0),
}
"""Qubits and angles of each gate, from the catalog."""

SMOOTH = ("sin", "cos", "tan", "asin", "acos", "atan", "tanh", "exp", "log", "sqrt", "abs")
_COMPARE = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_COUNT = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def value(tree, names):  # noqa: C901 - one case a tree
    """What a tree means where `names` (a mapping) are visible. Raises `Wrong` where it means nothing."""
    match tree:
        case Lit():
            return tree.value
        case Word(name):
            return name
        case Var("pi"):
            return math.pi
        case Var(name):
            if name not in names:
                raise Wrong(f"no {name}")
            found = names[name]
            return found.entries[0] if isinstance(found, Tensor) and not found.shape else found
        case Un(sign, inner):
            return _signed(sign, value(inner, names))
        case Bin(sign, left, right):
            return _joined(sign, left, right, names)
        case Idx(name, indices):
            return _picked(names.get(name), indices, names)
        case Fn(name, arguments):
            return _called(name, [value(argument, names) for argument in arguments])
        case Lst(items):
            return [value(item, names) for item in items]
        case Rng():
            return list(counted(tree, names))
    raise TypeError(tree)


def whole(tree, names):
    found = value(tree, names)
    if isinstance(found, bool) or not isinstance(found, int):
        raise Wrong(f"{found} is no whole number")
    return found


def counted(tree, names):
    step = 1 if tree.step is None else whole(tree.step, names)
    if step == 0:
        raise Wrong("step 0")
    found = range(whole(tree.start, names), whole(tree.stop, names), step)
    if len(found) > 200:
        raise Wrong("too long")
    return found


def _signed(sign, inner):
    if sign == "not":
        if not isinstance(inner, bool):
            raise Wrong("not of a number")
        return not inner
    if isinstance(inner, Symbol):
        return inner if sign == "+" else Symbol("neg", (inner,))
    if isinstance(inner, bool) or not isinstance(inner, (int, float)):
        raise Wrong("sign of no number")
    return inner if sign == "+" else -inner


def _joined(sign, left, right, names):  # noqa: C901 - one check an operand
    if sign in {"and", "or"}:
        first = value(left, names)
        return value(right, names) if first is (sign == "and") else first
    a, b = value(left, names), value(right, names)
    if sign in {"==", "!="}:
        a, b = (side.name if isinstance(side, Member) else side for side in (a, b))
        return (a == b) is (sign == "==")
    for side in (a, b):
        if isinstance(side, bool) or not isinstance(side, (int, float, Symbol)):
            raise Wrong(f"{sign} of no number")
    if isinstance(a, Symbol) or isinstance(b, Symbol):
        if sign not in {"+", "-", "*", "/", "**"} or (sign == "/" and b == 0):
            raise Wrong(f"{sign} of an angle")
        return Symbol(sign, (number(a), number(b)))
    if sign in _COMPARE:
        return _COMPARE[sign](a, b)
    if sign in {"//", "%"} and not (isinstance(a, int) and isinstance(b, int)):
        raise Wrong("// of a fraction")
    if sign == "**" and (abs(b) > 8 or abs(a) > 20):
        raise Wrong("large")
    try:
        found = _COUNT[sign](a, b)
    except ArithmeticError as error:
        raise Wrong(str(error)) from error
    if isinstance(found, complex) or not math.isfinite(found) or abs(found) > 1e15:
        raise Wrong("large")
    return found


def _picked(base, indices, names):
    if isinstance(base, Tensor):
        if len(indices) != len(base.shape) or not base.shape:
            raise Wrong("rank")
        flat = 0
        for tree, length in zip(indices, base.shape, strict=True):
            at = whole(tree, names)
            if not 0 <= at < length:
                raise Wrong("outside")
            flat = flat * length + at
        return base.entries[flat]
    if not isinstance(base, (list, tuple, str)) or len(indices) != 1:
        raise Wrong("no list")
    places = counted(indices[0], names) if isinstance(indices[0], Rng) else [whole(indices[0], names)]
    if any(not 0 <= place < len(base) for place in places):
        raise Wrong("outside")
    if not isinstance(indices[0], Rng):
        return base[places[0]]
    found = [base[place] for place in places]
    return "".join(found) if isinstance(base, str) else found


def _called(name, values):  # noqa: C901 - one case a function
    if name == "groups":
        pattern, qubits, size, layer = values if len(values) == 4 else [*values, 0]
        return groups(pattern, qubits, size, layer)
    if name == "angles":
        names = values[0] if isinstance(values[0], list) else [values[0]]
        return sum(ANGLES_OF[item.name if isinstance(item, Member) else item][1] for item in names)
    if name == "len":
        if not isinstance(values[0], (list, tuple, str)):
            raise Wrong("len of no list")
        return len(values[0])
    if any(isinstance(item, (bool, str, list, tuple, Tensor, Member)) for item in values):
        raise Wrong(f"{name} of no number")
    if name in SMOOTH and isinstance(values[0], Symbol):
        return Symbol(name, (values[0],))
    if any(isinstance(item, Symbol) for item in values):
        raise Wrong(f"{name} of an angle")
    if name in {"min", "max"}:
        return {"min": min, "max": max}[name](values)
    (one,) = values
    try:
        if name == "log2":
            found = math.log2(one)
            return int(found) if isinstance(one, int) and found.is_integer() else found
        found = {"abs": abs, "floor": math.floor, "ceil": math.ceil}.get(name, getattr(math, name, None))(one)
    except (ArithmeticError, ValueError) as error:
        raise Wrong(str(error)) from error
    if not math.isfinite(found) or abs(found) > 1e15:
        raise Wrong("large")
    return found


def groups(pattern, qubits, size, layer):
    """The groups of an entanglement pattern: Qiskit's own."""
    pattern = pattern.name if isinstance(pattern, Member) else pattern
    if size > qubits or size < 1 or layer < 0 or (pattern == "pairwise" and size > 2):
        raise Wrong("groups")
    return [tuple(group) for group in get_entangler_map(size, qubits, pattern, offset=layer)]
