"""A dense simulator for the tests: states and their tangents in numpy, matrices from the formulas of the catalog.

Nothing of the product is imported. A gate record is `(name, qubits, angles, letters)`; an angle is a `Symbol`.
"""

from __future__ import annotations

import cmath
import math

import numpy as np

I2, X, Y, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
PAULIS = {"I": I2, "X": X, "Y": Y, "Z": Z}
H = (X + Z) / math.sqrt(2)
FIXED = {
    "h": H,
    "x": X,
    "y": Y,
    "z": Z,
    "s": np.diag([1, 1j]),
    "sdg": np.diag([1, -1j]),
    "t": np.diag([1, cmath.exp(0.25j * math.pi)]),
    "tdg": np.diag([1, cmath.exp(-0.25j * math.pi)]),
    "sx": np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2,
    "swap": np.eye(4)[[0, 2, 1, 3]],
    "iswap": np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]]),
    "ccx": np.eye(8)[[0, 1, 2, 3, 4, 5, 7, 6]],
}
ROTATIONS = {"rx": "X", "ry": "Y", "rz": "Z", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "rzx": "ZX"}


def controlled(matrix, corner=1.0):
    """A matrix where the first qubit is 1, `corner` times the identity where it is 0."""
    found = np.zeros((4, 4), complex)
    found[:2, :2], found[2:, 2:] = corner * I2, matrix
    return found


def rotation(letters, angle):
    """exp(-i angle/2 P) and its derivative; the first letter is the most significant factor."""
    product = np.eye(1)
    for letter in letters:
        product = np.kron(product, PAULIS[letter])
    cos, sin, one = math.cos(angle / 2), math.sin(angle / 2), np.eye(len(product))
    return cos * one - 1j * sin * product, -0.5 * (sin * one + 1j * cos * product)


def u(theta, phi, lam):
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    a, b = cmath.exp(1j * phi), cmath.exp(1j * lam)
    matrix = np.array([[cos, -b * sin], [a * sin, a * b * cos]])
    by_theta = np.array([[-sin, -b * cos], [a * cos, -a * b * sin]]) / 2
    by_phi = 1j * np.array([[0, 0], [a * sin, a * b * cos]])
    by_lam = 1j * np.array([[0, -b * sin], [0, a * b * cos]])
    return matrix, [by_theta, by_phi, by_lam]


def matrix_of(name, angles, letters=""):
    """The matrix of a gate, first qubit most significant, and its derivative by each angle."""
    if name in FIXED:
        return FIXED[name], []
    if name in {"cx", "cy", "cz", "ch"}:
        return controlled(FIXED[name[1:]]), []
    if name == "u":
        return u(*angles)
    (angle,) = angles
    if name in {"p", "cp"}:
        phase = cmath.exp(1j * angle)
        matrix, slope = np.diag([1, phase]), np.diag([0, 1j * phase])
    else:
        matrix, slope = rotation(letters or ROTATIONS[name if name in ROTATIONS else name[1:]], angle)
    if name[0] == "c":
        return controlled(matrix), [controlled(slope, 0.0)]
    return matrix, [slope]


def apply(matrix, states, qubits):
    """A matrix on some qubits of `states[K, 2, …, 2]`, whose axis n - q is qubit q."""
    n, k = states.ndim - 1, len(qubits)
    axes = [n - qubit for qubit in qubits]
    done = np.tensordot(matrix.reshape((2,) * 2 * k), states, (range(k, 2 * k), axes))
    return np.moveaxis(done, range(k), axes)


# ------------------------------------------------------------------ angles


def _power(base, exponent):
    """`base ** exponent` and its two derivatives by the rule for angles at the edges."""
    found = base**exponent
    by_base = (1.0 if exponent == 1 else 0.0) if base == 0 else exponent * base ** (exponent - 1)
    return found, by_base, found * math.log(base) if base > 0 else 0.0


def _edge(value):
    return max(-1.0, min(1.0, value))


def _arc(value):
    return 1 / math.sqrt((1 - value) * (1 + value)) if abs(value) < 1 else 0.0


ONE = {
    "neg": lambda v: (-v, -1.0),
    "sin": lambda v: (math.sin(v), math.cos(v)),
    "cos": lambda v: (math.cos(v), -math.sin(v)),
    "tan": lambda v: (math.tan(v), 1 + math.tan(v) ** 2),
    "asin": lambda v: (math.asin(_edge(v)), _arc(v)),
    "acos": lambda v: (math.acos(_edge(v)), -_arc(v)),
    "atan": lambda v: (math.atan(v), 1 / (1 + v * v)),
    "tanh": lambda v: (math.tanh(v), 1 - math.tanh(v) ** 2),
    "exp": lambda v: (math.exp(v), math.exp(v)),
    "log": lambda v: (math.log(v), 1 / v),
    "sqrt": lambda v: (math.sqrt(v), 0.5 / math.sqrt(v) if v else 0.0),
    "abs": lambda v: (abs(v), (v > 0) - (v < 0)),
}
TWO = {
    "+": lambda a, b: (a + b, 1.0, 1.0),
    "-": lambda a, b: (a - b, 1.0, -1.0),
    "*": lambda a, b: (a * b, b, a),
    "/": lambda a, b: (a / b, 1 / b, -a / (b * b)),
    "**": _power,
}


def angle_of(symbol, numbers, num_inputs):
    """The value of an angle and its gradient by all `numbers`, the inputs and then the weights."""
    if symbol.name == "number":
        return symbol.at, np.zeros(len(numbers))
    if symbol.name in {"x", "w"}:
        place = int(symbol.at) + (num_inputs if symbol.name == "w" else 0)
        slope = np.zeros(len(numbers))
        slope[place] = 1
        return float(numbers[place]), slope
    parts = [angle_of(argument, numbers, num_inputs) for argument in symbol.arguments]
    value, *slopes = (ONE if len(parts) == 1 else TWO)[symbol.name](*(part[0] for part in parts))
    return value, sum(slope * part[1] for slope, part in zip(slopes, parts, strict=True))


# ------------------------------------------------------------------ states


def started(n, amplitude, numbers):
    """|0…0>, or the normalised inputs, and the tangents by every number: `[1 + D, 2, …, 2]`."""
    states = np.zeros((1 + len(numbers), *(2,) * n), complex)
    if amplitude is None:
        states[(0,) * (n + 1)] = 1
        return states
    components, qubits = amplitude
    vector = np.array([numbers[c] for c in components])
    norm = np.linalg.norm(vector)
    for k in range(len(vector)):
        place = [0] * n
        for j, qubit in enumerate(qubits):
            place[n - 1 - qubit] = k >> j & 1
        states[(0, *place)] = vector[k] / norm
        for j, component in enumerate(components):
            states[(1 + component, *place)] = (k == j) / norm - vector[k] * vector[j] / norm**3
    return states


def measured(states, item):
    """The outputs of one measurement and their gradients, `[outputs, 1 + D]`."""
    kind, what = item
    n = states.ndim - 1
    if kind == "probabilities":
        turned = np.moveaxis(states, [n - q for q in reversed(what)], range(1, 1 + len(what)))
        turned = turned.reshape(len(states), 2 ** len(what), -1)
        found = 2 * (turned[0].conj() * turned).sum(2).real.T
    else:
        done = np.zeros_like(states[:1])
        for factor, product in what:
            term = states[:1]
            for qubit, letter in product:
                term = apply(PAULIS[letter.upper()], term, [qubit])
            done = done + factor * term
        found = 2 * (done.conj() * states).reshape(len(states), -1).sum(1).real[None]
    found[:, 0] /= 2
    return found


def outputs(meaning, row, weights):
    """The outputs `[M]` for one row of inputs, and their gradients `[M, I + P]`, inputs first."""
    numbers = np.concatenate([row, weights])
    states = started(meaning.num_qubits, meaning.amplitude, numbers)
    for name, qubits, angles, letters in meaning.gates:
        parts = [angle_of(angle, numbers, len(row)) for angle in angles]
        matrix, slopes = matrix_of(name, [part[0] for part in parts], letters)
        before = states[:1]
        states = apply(matrix, states, qubits)
        for slope, (_, by) in zip(slopes, parts, strict=True):
            moved = apply(slope, before, qubits)
            for k in np.nonzero(by)[0]:
                states[1 + k] += by[k] * moved[0]
    found = np.concatenate([measured(states, item) for item in meaning.measured])
    return found[:, 0], found[:, 1:]
