"""Random specs: their text, and what it means, from one seed. Nothing of the product is imported.

Every spec is a circuit alone, of one to four qubits: constants, own blocks with arguments, library blocks, loops,
conditions, `let`, inputs and weights of several shapes, slices, gates of all names, angles with all functions, and all
forms of `measure`. A statement that turns out to mean nothing (two targets that are one) drops the whole spec, and the
next one of the seed is tried.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass, field

from spec_meaning import Meaning, carried_out, written
from spec_states import outputs
from spec_terms import ANGLES_OF, Bin, Fn, Idx, Lit, Lst, Rng, Un, Var, Word, Wrong, lit, text

MAX_GATES, MAX_NUMBERS, MAX_OUTPUTS, MAX_SLOPE = 60, 16, 12, 1e4
CONSTANTS = ("0", "0.5", "1.5", "2", "1e-9", "7.25", "0.3", "1e-4", "3", "100.5")
PATTERNS = ("linear", "reverse_linear", "circular", "full", "pairwise")
QUBITS = Var("qubits")


@dataclass(frozen=True)
class RandomSpec:
    """A spec's text, its meaning, and inputs `[3, I]` and weights `[P]` that it can be run with."""

    text: str
    meaning: Meaning
    rows: list
    weights: list


@dataclass
class Scope:
    """What may be named at a place: whole numbers, angles of one number, and tensors of inputs and weights."""

    qubits: int
    wholes: list = field(default_factory=list)
    angles: list = field(default_factory=list)
    tensors: list = field(default_factory=list)
    """`(name, shape)`"""

    def inner(self, **more):
        return Scope(self.qubits, [*self.wholes, *more.get("wholes", ())], [*self.angles], [*self.tensors])


def plus(left, right):
    return Bin("+", left, right)


def times(left, right):
    return Bin("*", left, right)


def gate(name, angles, *targets):
    return ("gate", name, angles, list(targets), "", False)


def at(name, *indices):
    return Idx(name, indices)


def loop(name, stop, *body):
    return ("for", name, Rng(Lit("0"), stop), list(body))


Q, L = Var("q"), Var("l")
PAIR = (at("pair", Lit("0")), at("pair", Lit("1")))
LIBRARY = {
    "angle": [("input", "x", [QUBITS]), loop("q", QUBITS, ("if", Bin("==", Var("axis"), Lit('"x"')), [
        gate("rx", [times(Var("scale"), at("x", Q))], Q)], [gate("rz", [times(Var("scale"), at("x", Q))], Q)]))],
    "z": [("input", "x", [QUBITS]), loop("l", Var("reps"), loop("q", QUBITS, gate("h", [], Q)), loop(
        "q", QUBITS, gate("p", [times(Lit("2"), at("x", Q))], Q)))],
    "zz": [("input", "x", [QUBITS]), loop(
        "l", Var("reps"),
        loop("q", QUBITS, gate("h", [], Q)),
        loop("q", QUBITS, gate("p", [times(Lit("2"), at("x", Q))], Q)),
        ("for", "pair", Fn("groups", (Var("entanglement"), QUBITS, Lit("2"), L)), [
            gate("cx", [], *PAIR),
            gate("p", [times(times(Lit("2"), Bin("-", Var("pi"), Idx("x", (PAIR[0],)))),
                             Bin("-", Var("pi"), Idx("x", (PAIR[1],))))], PAIR[1]),
            gate("cx", [], *PAIR)]))],
    "real_amplitudes": [
        ("weight", "w", [plus(Var("reps"), Lit("1")), QUBITS]),
        loop("l", Var("reps"), loop("q", QUBITS, gate("ry", [at("w", L, Q)], Q)),
             ("for", "pair", Fn("groups", (Var("entanglement"), QUBITS, Lit("2"), L)), [gate("cx", [], *PAIR)])),
        loop("q", QUBITS, gate("ry", [at("w", Var("reps"), Q)], Q))],
}  # fmt: skip
"""Library blocks from their papers and from Qiskit's documentation; patterns are Qiskit's own function."""


def spec_of(seed):
    """The first spec of a seed that means something."""
    turn = 0
    while True:
        try:
            return Writer(random.Random(f"{seed}/{turn}")).spec()
        except Wrong:
            turn += 1


class Writer:
    """One spec, drawn from `draw`."""

    def __init__(self, draw):
        self.draw = draw
        self.counter = itertools.count()
        self.blocks = []
        """`(kind, name, signature, statements, arguments)` of own blocks."""
        self.constants = {}

    def chance(self, odds):
        return self.draw.random() < odds

    def name(self, letter):
        return f"{letter}{next(self.counter)}"

    def spec(self):
        qubits = self.draw.choice([1, 2, 2, 3, 3, 4])
        lines, scope = ["hqnn 1", ""], Scope(qubits)
        for _ in range(self.draw.randrange(3)):
            name, tree = self.name("c"), self.constant()
            lines.append(f"let {name} = {text(tree, self.chance)}")
            self.constants[name] = tree
        self.own_blocks(lines)
        names = {}
        for name, tree in self.constants.items():
            names[name] = _value(tree, names)
            scope.angles.append(Var(name))
        body = self.circuit(scope)
        meaning = carried_out(body, qubits, names)
        if len(meaning.gates) > MAX_GATES or meaning.num_inputs + meaning.num_weights > MAX_NUMBERS:
            raise Wrong("large")
        if not meaning.gates:
            raise Wrong("no gate")
        lines += ["", f"model m {{\n  circuit on {qubits} qubits {{", *written(body, self.chance, 2), "  }"]
        lines += ["  backend reference", "}"]
        rows, weights = self.numbers(meaning)
        meaning.seen["width"] += 1
        return RandomSpec("\n".join(lines) + "\n", meaning, rows, weights)

    # ------------------------------------------------------------- numbers

    def numbers(self, meaning):
        """Inputs and weights with some exact edges among them; those for which an angle has no number are left out."""
        size = meaning.num_inputs
        edges = [0.0, 1.0, -1.0, 0.5, math.pi / 2, -math.pi, 2.0]
        weights = [self.draw.uniform(-2, 2) for _ in range(meaning.num_weights)]
        weights = [self.draw.choice(edges) if self.chance(0.15) else weight for weight in weights]
        rows = [[self.draw.gauss(0, 1) for _ in range(size)] for _ in range(2)]
        rows.append([self.draw.choice(edges) for _ in range(size)])
        if meaning.amplitude is not None and any(
            sum(row[place] ** 2 for place in meaning.amplitude[0]) < 1e-3 for row in rows
        ):
            raise Wrong("no state")
        try:
            for row in rows:
                _, slopes = outputs(meaning, row, weights)
                if slopes.size and abs(slopes).max() > MAX_SLOPE:
                    raise Wrong("steep")  # just beside an edge, where roundings decide
        except (ArithmeticError, ValueError) as error:
            raise Wrong(str(error)) from error
        return rows, weights

    def constant(self, depth=2):
        """A compile-time number."""
        pick = self.draw.randrange(9 if depth else 2)
        inner = (lambda: self.constant(depth - 1)) if depth else None
        match pick:
            case 0 | 1:
                return lit_of(self.draw.choice(CONSTANTS))
            case 2:
                return Bin(self.draw.choice("+-*"), inner(), inner())
            case 3:
                return Bin("/", inner(), Lit(self.draw.choice(["4", "0.7", "3"])))
            case 4:
                return Bin(self.draw.choice(["//", "%"]), Lit(str(self.draw.randrange(9))), Lit("3"))
            case 5:
                return Fn(self.draw.choice(["min", "max"]), (inner(), inner()))
            case 6:
                return Fn(self.draw.choice(["floor", "ceil", "abs"]), (inner(),))
            case 7:
                return Fn("log2", (Lit(self.draw.choice(["8", "2", "1.5"])),))
            case _:
                return self.draw.choice([Bin("/", Var("pi"), Lit("2")), Un("-", Var("pi")), Var("pi")])

    # -------------------------------------------------------------- angles

    def angle(self, scope, depth=2):  # noqa: C901, PLR0912 - one case a form
        """An angle of inputs, weights and constants."""
        if not depth or self.chance(0.35):
            return self.leaf(scope)
        inner = lambda: self.angle(scope, depth - 1)  # noqa: E731
        above = plus(Lit("1.5"), Fn(self.draw.choice(["sin", "cos"]), (inner(),)))
        match self.draw.randrange(14):
            case 0 | 1 | 2:
                return Bin(self.draw.choice("+-*"), inner(), inner())
            case 3:
                return Bin("/", inner(), above)
            case 4:
                return Bin("**", self.leaf(scope), Lit(self.draw.choice(["2", "3", "1", "0"])))
            case 5:
                return Bin("**", above, self.leaf(scope))
            case 6:
                return Bin("**", Fn("abs", (self.leaf(scope),)), plus(Lit("1.5"), Fn("sin", (self.leaf(scope),))))
            case 7:
                return Fn(self.draw.choice(["asin", "acos"]), (self.draw.choice([self.leaf(scope), small(inner())]),))
            case 8:
                return Fn("tan", (small(inner()),))
            case 9:
                return Fn("exp", (Fn("sin", (inner(),)),))
            case 10:
                return Fn("log", (above,))
            case 11:
                return Fn("sqrt", (self.draw.choice([above, Bin("**", self.leaf(scope), Lit("2"))]),))
            case 12:
                return Un("-", inner())
            case _:
                return Fn(self.draw.choice(["sin", "cos", "atan", "tanh"]), (inner(),))

    def leaf(self, scope):
        choices = [lit_of(self.draw.choice(CONSTANTS)), Var("pi"), Bin("/", Var("pi"), Lit("2"))]
        if scope.wholes and self.chance(0.2):
            return Var(self.draw.choice(scope.wholes))
        if scope.angles and self.chance(0.2):
            return self.draw.choice(scope.angles)
        if scope.tensors and self.chance(0.85):
            name, shape = self.draw.choice(scope.tensors)
            return Idx(name, tuple(self.index(scope, length) for length in shape)) if shape else Var(name)
        return self.draw.choice(choices)

    def index(self, scope, length):
        """A whole number from 0 to `length - 1`."""
        if scope.wholes and self.chance(0.5):
            return Bin("%", plus(Var(self.draw.choice(scope.wholes)), Lit(str(self.draw.randrange(3)))), lit(length))
        return lit(self.draw.randrange(length))

    # ---------------------------------------------------------- statements

    def gate(self, scope):
        fitting = [name for name, (width, _) in ANGLES_OF.items() if width <= scope.qubits]
        name = self.draw.choice([*fitting, "pauli_rot", "pauli_rot"])
        if name == "pauli_rot":
            width = self.draw.randint(1, min(3, scope.qubits))
            letters = "".join(self.draw.choice("XYZ") for _ in range(width))
            return ("gate", name, [self.angle(scope)], self.targets(scope, width), letters, False)
        width, count = ANGLES_OF[name]
        angles = [self.angle(scope) for _ in range(count)]
        return ("gate", name, angles, self.targets(scope, width), "", self.chance(0.1))

    def targets(self, scope, width):
        places = self.draw.sample(range(scope.qubits), width)
        if scope.wholes and self.chance(0.5):
            base = Var(self.draw.choice(scope.wholes))
            return [Bin("%", plus(base, lit(place)), QUBITS) for place in places]
        if self.chance(0.1) and width == scope.qubits:
            return [Lst(tuple(lit(place) for place in places))]
        if self.chance(0.2):
            return [Bin("-", QUBITS, lit(scope.qubits - place)) for place in places]
        return [lit(place) for place in places]

    def statements(self, scope, depth, count):
        return [self.statement(scope, depth) for _ in range(count)]

    def statement(self, scope, depth):
        pick = self.draw.random()
        if not depth or pick < 0.55:
            return self.gate(scope)
        few = self.draw.randint(1, 2)
        if pick < 0.72:
            name = self.name("k")
            return ("for", name, self.range(scope), self.statements(scope.inner(wholes=[name]), depth - 1, few))
        if pick < 0.86:
            other = self.statements(scope, depth - 1, few) if self.chance(0.6) else []
            return ("if", self.condition(scope), self.statements(scope, depth - 1, few), other)
        if pick < 0.93:
            inside = scope.inner()
            begin = self.declared(inside, "weight") if self.chance(0.5) else []
            return ("repeat", lit(self.draw.randint(1, 2)), [*begin, *self.statements(inside, depth - 1, few)])
        name = self.name("a")
        tree = self.angle(scope, 1)
        scope.angles.append(Var(name))
        return ("let", name, tree)

    def range(self, scope):
        match self.draw.randrange(5):
            case 0:
                return Rng(Lit("0"), QUBITS)
            case 1:
                return Rng(Bin("-", QUBITS, Lit("1")), lit(-1), lit(-1))
            case 2:
                return Rng(lit(self.draw.randrange(2)), lit(self.draw.randint(1, 4)), lit(self.draw.randint(1, 2)))
            case 3:
                return Lst(tuple(lit(self.draw.randrange(4)) for _ in range(self.draw.randint(1, 3))))
            case _:
                return Rng(Lit("0"), Fn("max", (Lit("1"), Bin("//", QUBITS, Lit("2")))))

    def condition(self, scope):
        def one():
            left = Var(self.draw.choice(scope.wholes)) if scope.wholes and self.chance(0.7) else QUBITS
            if self.chance(0.4):
                return Bin("==", Bin("%", left, Lit("2")), lit(self.draw.randrange(2)))
            return Bin(self.draw.choice(["<", "<=", ">", ">=", "!="]), left, lit(self.draw.randrange(4)))

        found = one()
        if self.chance(0.3):
            found = Bin(self.draw.choice(["and", "or"]), found, one())
        return Un("not", found) if self.chance(0.2) else found

    def declared(self, scope, kind):
        """A tensor, named in `scope` from now on."""
        name = self.name("w" if kind == "weight" else "v")
        shapes = [(), (2,), (3,), (2, 2)] if kind == "weight" else [(1,), (2,), (3,), (2, 2)]
        shape = self.draw.choice(shapes)
        scope.tensors.append((name, shape))
        return [(kind, name, [lit(length) for length in shape])]

    # -------------------------------------------------------------- blocks

    def own_blocks(self, lines):
        for _ in range(self.draw.randrange(3)):
            kind, name = self.draw.choice(["ansatz", "feature_map"]), self.name("b")
            arguments = [(self.name("n"), "int", lit(self.draw.randint(1, 3)))]
            if self.chance(0.5):
                arguments.append((self.name("s"), "float", lit_of(self.draw.choice(["0.5", "1.25", "0"]))))
            scope = Scope(1, [arguments[0][0]], [Var(argument[0]) for argument in arguments])
            begin = self.declared(scope, "input" if kind == "feature_map" else "weight")
            body = [*begin, loop("p", QUBITS, *self.statements(scope.inner(wholes=["p"]), 1, 2))]
            signature = ", ".join(f"{key}: {sort} = {text(tree)}" for key, sort, tree in arguments)
            lines += ["", f"{kind} {name}({signature}) {{", *written(body, self.chance), "}"]
            self.blocks.append((kind, name, body, arguments, scope.tensors[0][1]))

    def placed(self, scope):
        """A block, own or of the library, somewhere on the qubits, perhaps on a slice of the inputs."""
        start = self.draw.randrange(scope.qubits)
        stop = self.draw.randint(start + 1, scope.qubits)
        on = [Rng(lit(start), lit(stop))] if self.chance(0.4) else []
        width = stop - start if on else scope.qubits
        if self.blocks and self.chance(0.6):
            kind, name, body, defaults, shape = self.draw.choice(self.blocks)
            given = {key: tree for key, _, tree in defaults}
            said = [(defaults[0][0], lit(self.draw.randint(1, 3)))] if self.chance(0.5) else []
            reads = math.prod(shape)
            definition = with_arguments(body, given)
        else:
            name = self.draw.choice(list(LIBRARY))
            kind, reads, definition = "ansatz" if name == "real_amplitudes" else "feature_map", width, LIBRARY[name]
            said = [("axis", Word(self.draw.choice("xz"))), ("scale", self.constant(1))]
            if name != "angle":
                said = [("reps", lit(self.draw.randint(0, 2)))]
            if name in {"zz", "real_amplitudes"}:
                said.append(("entanglement", Word(self.draw.choice(PATTERNS))))
                if width < 2:
                    raise Wrong("pairs of one")
        if kind == "feature_map" and self.chance(0.5):
            first = self.draw.randrange(3)
            on = [at("x", Rng(lit(first), lit(first + reads))), *on]
        return ("block", kind, name, definition, said, on)

    def circuit(self, scope):
        body = []
        if scope.qubits > 1 and self.chance(0.12):
            body.append(("block", "feature_map", "amplitude", None, [], []))
        else:
            body += self.declared(scope, "input") if self.chance(0.6) else []
        body += self.declared(scope, "weight") if self.chance(0.7) else []
        for _ in range(self.draw.randint(2, 5)):
            body.append(self.placed(scope) if self.chance(0.35) else self.statement(scope, 2))
        return [*body, *self.measured(scope)]

    # ------------------------------------------------------------- measure

    def measured(self, scope):
        found, size = [], 0
        for _ in range(self.draw.randrange(4)):
            items = [self.measurement(scope) for _ in range(self.draw.randint(1, 2))]
            size += sum(2 ** len(item[2][0][1]) if item[1] == "probabilities" else len(item[2]) for item in items)
            found.append(("measure", items))
        if size > MAX_OUTPUTS:
            raise Wrong("outputs")
        return found

    def measurement(self, scope):
        """`(text, form, items)`; an item is a sum of products, or probabilities of some qubits."""
        n, draw = scope.qubits, self.draw
        match draw.randrange(6):
            case 0:
                letter = draw.choice("xyz")
                return letter, "letter", [("sum", [(1.0, [(q, letter)])]) for q in range(n)]
            case 1:
                return "parity", "parity", [("sum", [(1.0, [(q, "z") for q in range(n)])])]
            case 2:
                places = draw.sample(range(n), draw.randint(1, min(2, n)))
                return f"probabilities({', '.join(map(str, places))})", "probabilities", [("probabilities", places)]
            case 3:
                said, product = self.product(n)
                return said, "product", [("sum", [(1.0, product)])]
            case _:
                terms, text_of = [], ""
                for _ in range(draw.randint(1, 3)):
                    said, product = self.product(n)
                    factor = draw.choice([0.5, 2, 0.25, 1.5])
                    sign = "-" if self.chance(0.4) else "+"
                    form = f"{factor} * {said}" if self.chance(0.7) else f"{said} / {factor}"
                    value = factor if "*" in form.split("[", maxsplit=1)[0] else 1 / factor
                    text_of += f" {sign} {form}" if text_of else f"{'-' if sign == '-' else ''}{form}"
                    terms.append((-value if sign == "-" else value, product))
                return text_of, "sum", [("sum", terms)]

    def product(self, n):
        places = self.draw.sample(range(n), self.draw.randint(1, min(3, n)))
        product = [(q, self.draw.choice("xyz")) for q in places]
        shown = [f"{letter}[{f'qubits - {n - q}' if self.chance(0.2) else q}]" for q, letter in product]
        return " * ".join(shown), product


def small(tree):
    return times(Lit("0.9"), Fn("sin", (tree,)))


def lit_of(written_number):
    return Lit(written_number)


def with_arguments(body, defaults):
    """A definition in which arguments that are not said have their defaults."""
    from spec_meaning import run

    def definition(frame, meaning):
        for key, tree in defaults.items():
            frame.names.setdefault(key, _value(tree, {}))
        run(body, frame, meaning)

    return definition


def _value(tree, names):
    from spec_terms import value

    return value(tree, names)
