"""What any exact backend must do, whatever it is made of: called with a loader, raises `AssertionError` where it fails.

Qiskit's Statevector says what the values are, the reference backend what the gradients are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from circuits_random import ANGLES_OF, Case, expected, random_case

from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, slot_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hqnn_dsl.backends import Executable

    Loader = Callable[[Circuit, str], Executable]

BATCHES = (0, 1, 3, 17)
DTYPES = {"single": torch.float32, "double": torch.float64}
VALUES = {"single": 1e-5, "double": 1e-12}
GRADIENTS = {"single": 2e-4, "double": 1e-10}


def case_of(seed: int) -> Case:
    """Wide circuits with small batches, narrow ones with large: all combinations occur, none costs seconds."""
    return random_case(seed, batch=BATCHES[seed % 4], max_qubits=8 if seed % 4 != 3 else 5)


def arguments(case: Case, precision: str, *, gradients: bool = False) -> list[torch.Tensor | None]:
    """Angles per sample, shared angles and amplitudes as tensors."""
    given = (case.per_sample, case.shared, case.state)
    tensors = [None if a is None else torch.tensor(a, dtype=DTYPES[precision]) for a in given]
    return [None if t is None else t.requires_grad_(gradients) for t in tensors]


def assert_values(load: Loader, cases: Iterable[Case], precision: str) -> None:
    """Outputs within 1e-5 or 1e-12 of Qiskit's, of the right shape and dtype."""
    for case in cases:
        found = load(case.circuit, precision)(*arguments(case, precision))
        assert found.dtype == DTYPES[precision]
        assert found.shape == (len(case.inputs), case.circuit.num_outputs)
        np.testing.assert_allclose(found.numpy(), expected(case), rtol=0, atol=VALUES[precision])


def assert_gradients(load: Loader, cases: Iterable[Case], precision: str) -> None:
    """Gradients by angles and amplitudes within 1e-10 (double) of the reference's."""
    reference = offered()["reference"]
    for number, case in enumerate(cases):
        truth = arguments(case, "double", gradients=True)
        found = arguments(case, precision, gradients=True)
        outputs = reference.load(case.circuit, {"precision": "double"}, 0)(*truth)
        weights = torch.randn(outputs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(number))
        if not outputs.requires_grad:
            continue
        (outputs * weights).sum().backward()
        (load(case.circuit, precision)(*found) * weights.to(DTYPES[precision])).sum().backward()
        for given, true in zip(found, truth, strict=True):
            if given is None:
                continue
            expected_gradient = torch.zeros_like(true) if true.grad is None else true.grad
            assert given.grad is not None
            np.testing.assert_allclose(given.grad, expected_gradient, rtol=0, atol=GRADIENTS[precision])


def every_gate(gate: str) -> Case:
    """One gate in every role: by inputs, by a weight used twice, on qubits in both orders, all that is read."""
    num_qubits, num_angles = ANGLES_OF.get(gate, (2, 1))
    slots = [InputRef(k) for k in range(num_angles)] + [WeightRef(0)] * num_angles
    qubits = (2, 0, 1)[:num_qubits]
    letters = "XY" if gate == "pauli_rot" else ""
    circuit = Circuit(
        num_qubits=3,
        operations=(
            *(Operation("h", (q,)) for q in range(3)),
            Operation("t", (1,)),
            Operation(gate, qubits, tuple(range(num_angles)), letters),
            Operation("cx", (0, 2)),
            Operation("sx", (1,)),
            Operation(gate, qubits[::-1], tuple(range(num_angles, 2 * num_angles)), letters),
        ),
        slots=tuple(slots),
        measurements=(
            *(Observable((PauliTerm(1.0, ((q, letter),)),)) for q in range(3) for letter in "xyz"),
            Observable((PauliTerm(0.5, tuple((q, "z") for q in range(3))), PauliTerm(0.25, ()))),
            Probabilities((2, 0)),
        ),
        num_inputs=num_angles,
        weights=(WeightTensor("w", (1,), 0),),
    )
    rng = np.random.default_rng(3)
    return Case(circuit, rng.normal(size=(3, num_angles)), rng.normal(size=1))


GATES = (*ANGLES_OF, "pauli_rot")


def coverage(cases: Iterable[Case]) -> Counter[str]:
    """How often each thing that matters occurs: gates by kind of angle, positions, weights, readings."""
    seen: Counter[str] = Counter()
    for case in cases:
        circuit = case.circuit
        reused = Counter(angle for angle in circuit.slots if isinstance(angle, WeightRef))
        seen["weight used twice"] += any(count > 1 for count in reused.values())
        seen["more than ten weights"] += circuit.num_weights > 10
        seen["no weights"] += circuit.num_weights == 0
        seen["amplitude"] += circuit.amplitude is not None
        seen["no inputs"] += not circuit.sample_slots
        seen[f"batch {len(case.inputs)}"] += 1
        for operation in circuit.operations:
            seen[operation.gate] += 1
            kinds = [slot_kind(circuit.slots[slot]) for slot in operation.slots]
            seen.update(f"{operation.gate} {kind}" for kind in kinds)
            if len(operation.qubits) > 1:
                order = "ascending" if operation.qubits == tuple(sorted(operation.qubits)) else "other order"
                seen[f"{operation.gate} {order}"] += 1
            if operation.gate in {"crx", "cry", "crz", "cp"}:
                seen["weight shared in a controlled rotation"] += any(
                    reused.get(circuit.slots[slot], 0) > 1 for slot in operation.slots
                )
        for measured in circuit.measurements:
            seen[type(measured).__name__] += 1
            for term in getattr(measured, "terms", ()):
                seen["odd Y"] += sum(letter == "y" for _, letter in term.factors) % 2
    return seen


def assert_determined(load: Loader) -> None:
    """Equal arguments give equal bits."""
    case = random_case(7, batch=17, max_qubits=6, amplitude=False)
    run = load(case.circuit, "single")
    seen = []
    for _ in range(3):
        given = arguments(case, "single", gradients=True)
        outputs = run(*given)
        outputs.square().sum().backward()
        seen.append([outputs.detach(), *(tensor.grad for tensor in given if tensor is not None)])
    for again in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], again, strict=True))
