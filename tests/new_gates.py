"""Gates that the language does not have, as rows that a test adds, and their values without the table.

`MATRICES` has the matrices again, from their definitions by exponentials and projectors, so that an error of a row
cannot hide on both sides. The spec of a row has its gate with inputs, weights and constants for angles.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.circuit.gates import Gate, Rotation, Step, pauli_rotation
from hqnn_dsl.network.quantum import QuantumLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.ir import Circuit

HALF, PI = math.sqrt(0.5), math.pi


def _cu(functions: Any, theta: Any, phi: Any, lam: Any, gamma: Any) -> Any:
    cos, sin, exp_i = functions.cos(theta / 2), functions.sin(theta / 2), functions.exp_i
    a, b = exp_i(gamma) * cos, -exp_i(gamma + lam) * sin
    c, d = exp_i(gamma + phi) * sin, exp_i(gamma + phi + lam) * cos
    return ((1, 0, 0, 0), (0, a, 0, b), (0, 0, 1, 0), (0, c, 0, d))


NEW = (
    Gate(
        name="rzy",
        doc="Rotation exp(-i·θ/2·Z_0·Y_1).",
        num_qubits=2,
        num_angles=1,
        matrix=lambda functions, angle: pauli_rotation("ZY", functions, angle),
        inverse=(Step("rzy", (0, 1), ((0, -1.0),)),),
        rotations=(Rotation("ZY", ((0, 1.0),)),),
        frequencies=((1.0,),),
        aliases=("isingzy",),
    ),
    Gate(
        name="cu",
        doc="Gate u(θ, φ, λ) with the phase γ, of operand 1 if operand 0 is 1.",
        num_qubits=2,
        num_angles=4,
        matrix=_cu,
        inverse=(Step("cu", (0, 1), ((0, -1.0), (2, -1.0), (1, -1.0), (3, -1.0))),),
        rotations=(
            *(Rotation("IZ", ((2, 0.5),)), Rotation("ZZ", ((2, -0.5),))),
            *(Rotation("IY", ((0, 0.5),)), Rotation("ZY", ((0, -0.5),))),
            *(Rotation("IZ", ((1, 0.5),)), Rotation("ZZ", ((1, -0.5),))),
            Rotation("ZI", ((1, 0.5), (2, 0.5), (3, 1.0))),
        ),
        frequencies=((0.5, 1.0), (1.0,), (1.0,), (1.0,)),
        qiskit="cu",
    ),
    Gate(
        name="ecr",
        doc="Echoed cross-resonance gate.",
        num_qubits=2,
        num_angles=0,
        matrix=lambda _functions: (
            (0, HALF, 0, 1j * HALF),
            (HALF, 0, -1j * HALF, 0),
            (0, 1j * HALF, 0, HALF),
            (-1j * HALF, 0, HALF, 0),
        ),
        inverse=(Step("ecr", (0, 1)),),
        rotations=(Rotation("ZX", constant=PI / 2), Rotation("XI", constant=PI)),
        qiskit="ecr",
        pennylane="ECR",
    ),
    Gate(
        name="root_swap",
        doc="Square root of swap.",
        num_qubits=2,
        num_angles=0,
        matrix=lambda _functions: (
            (1, 0, 0, 0),
            (0, 0.5 + 0.5j, 0.5 - 0.5j, 0),
            (0, 0.5 - 0.5j, 0.5 + 0.5j, 0),
            (0, 0, 0, 1),
        ),
        inverse=(Step("root_swap", (0, 1)),) * 3,
        rotations=tuple(Rotation(pauli, constant=PI / 4) for pauli in ("XX", "YY", "ZZ")),
    ),
)
"""With neither library's name and one rotation; with four angles, two frequencies and Qiskit's name; without angles and
both names; without angles and names."""


def _matrix(*rows: Any) -> Tensor:
    return torch.tensor(rows, dtype=torch.complex128)


_I, _X, _Y, _Z = _matrix((1, 0), (0, 1)), _matrix((0, 1), (1, 0)), _matrix((0, -1j), (1j, 0)), _matrix((1, 0), (0, -1))
_ONE = _matrix((0, 0), (0, 1))


def _turn(generator: Tensor, angle: Any) -> Tensor:
    return torch.linalg.matrix_exp(-0.5j * angle * generator)


def _controlled_u(theta: Any, phi: Any, lam: Any, gamma: Any) -> Tensor:
    phase = torch.exp(1j * torch.as_tensor(gamma + (phi + lam) / 2, dtype=torch.complex128))
    turned = phase * _turn(_Z, phi) @ _turn(_Y, theta) @ _turn(_Z, lam)
    return torch.kron(_I, _I - _ONE) + torch.kron(turned, _ONE)


MATRICES: dict[str, Callable[..., Tensor]] = {
    "rzy": lambda angle: _turn(torch.kron(_Y, _Z), angle),
    "cu": _controlled_u,
    "ecr": lambda: HALF * (torch.kron(_I, _X) - torch.kron(_X, _Y)),
    "root_swap": lambda: torch.linalg.matrix_exp(-0.125j * PI * sum(torch.kron(p, p) for p in (_X, _Y, _Z))),
}
"""The matrices up to a global phase; the lower qubit is the second factor of `kron`."""

_ANGLES = (
    ("x[0]", "x[1] / 2", "x[2]", "a"),
    ("a", "2 * a", "a * x[1]", "x[0] + a"),
    ("0.7", "1.1", "-0.4", "0.2"),
)
_PLACES = ((2, 0), (0, 1), (2, 1))


def spec_of(row: Gate) -> str:
    """A spec with the gate in every role: by inputs, by a weight that is used twice, and by constants."""
    lines = [f"ry(x[{q}]) {q}; rz({q + 1}.3) {q}" for q in range(3)]
    for angles, (low, high) in zip(_ANGLES, _PLACES, strict=True):
        given = f"({', '.join(angles[: row.num_angles])})" if row.num_angles else ""
        lines.append(f"{row.name}{given} {low}, {high}; rx(0.3 * x[1] + a) {low}")
    return f"""hqnn 1
feature_map everything() {{ input x[3]; weight a; {"; ".join(lines)} }}
model m {{
  circuit on 3 qubits {{
    feature_map everything()
    measure z[0], x[1] * y[2], 0.5 * y[0] + z[1], probabilities(2, 0)
  }}
}}
"""


def values_of(name: str, x: Tensor, a: Tensor) -> Tensor:
    """Outputs `[B, 7]` of the spec of a gate for inputs `x[B, 3]` and its weight, differentiable."""
    return torch.stack([_outputs(_state(name, row, a)) for row in x])


def _state(name: str, x: Tensor, a: Tensor) -> Tensor:
    state = torch.zeros(8, dtype=torch.complex128)
    state[0] = 1
    for q in range(3):
        state = _on(_turn(_Z, q + 1.3), (q,)) @ _on(_turn(_Y, x[q]), (q,)) @ state
    angles = ((x[0], x[1] / 2, x[2], a), (a, 2 * a, a * x[1], x[0] + a), (0.7, 1.1, -0.4, 0.2))
    matrix = MATRICES[name]
    count = {"rzy": 1, "cu": 4}.get(name, 0)
    for given, qubits in zip(angles, _PLACES, strict=True):
        state = _on(_turn(_X, 0.3 * x[1] + a), qubits[:1]) @ _on(matrix(*given[:count]), qubits) @ state
    return state


def _on(matrix: Tensor, qubits: tuple[int, ...]) -> Tensor:
    """A small matrix on `qubits` of three, the first of them its lowest bit; slow and obvious."""
    rest = [q for q in range(3) if q not in qubits]
    whole = torch.kron(torch.eye(1 << len(rest), dtype=torch.complex128), matrix)
    order = [*qubits, *rest]
    place = torch.tensor([sum((index >> q & 1) << k for k, q in enumerate(order)) for index in range(8)])
    return whole[place][:, place]


def _outputs(state: Tensor) -> Tensor:
    def mean(*factors: tuple[Tensor, int]) -> Tensor:
        turned = state
        for matrix, qubit in factors:
            turned = _on(matrix, (qubit,)) @ turned
        return (state.conj() @ turned).real

    chances = state.abs().square()
    joint = [sum(chances[k] for k in range(8) if (k >> 2 & 1, k & 1) == (j & 1, j >> 1)) for j in range(4)]
    sums = [mean((_Z, 0)), mean((_X, 1), (_Y, 2)), 0.5 * mean((_Y, 0)) + mean((_Z, 1))]
    return torch.stack([*sums, *joint])


def assert_as_by_matrix(row: Gate, load: Callable[[Circuit], Executable]) -> None:
    """Values and gradients by inputs and weight of the spec of a row, in double precision, are those of the matrix."""
    circuit = hqnn.compile_text(spec_of(row)).logical
    layer = QuantumLayer(circuit, load(circuit), precision="double", seed=0)
    (weight,) = layer.parameters()
    x = torch.tensor([[0.4, -1.1, 0.7], [1.3, 0.2, -0.6]], dtype=torch.float64, requires_grad=True)
    upstream = torch.randn(2, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    outputs = layer(x)
    found = torch.autograd.grad((outputs * upstream).sum(), (x, weight))
    truth = values_of(row.name, x, weight.reshape(()))
    expected = torch.autograd.grad((truth * upstream).sum(), (x, weight))
    np.testing.assert_allclose(outputs.detach(), truth.detach(), rtol=0, atol=1e-11)
    for ours, true in zip(found, expected, strict=True):
        assert float(true.abs().max()) > 1e-3
        np.testing.assert_allclose(ours, true, rtol=0, atol=1e-9)
