"""What any exact backend must do, whatever it is made of: called with a loader, raises `AssertionError` where it fails.

Qiskit's Statevector says what the values are, the reference backend what the gradients are.
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from circuits_random import ANGLES_OF, Case, expected, random_case

from hqnn_dsl.backends import offered
from hqnn_dsl.circuit.angles import Apply, InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, slot_kind
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.quantum import QuantumLayer

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


SECOND = {"single": 2e-3, "double": 1e-9}
DOUBLE = {"precision": "double"}


def subsets(count: int) -> list[tuple[bool, ...]]:
    """All ways in which some of so many tensors require gradients."""
    return [asked for asked in product((True, False), repeat=count) if any(asked)]


def twice(outputs: torch.Tensor, leaves: list[torch.Tensor], *, curved: bool) -> list[torch.Tensor]:
    """The gradients of a direction's slope by `leaves`, under a loss that is linear in the outputs or `curved`."""
    generator = torch.Generator().manual_seed(5)
    weights = torch.randn(outputs.shape, dtype=torch.float64, generator=generator).to(outputs)
    loss = (weights * (outputs.square() + outputs if curved else outputs)).sum()
    first = torch.autograd.grad(loss, leaves, create_graph=True, materialize_grads=True)
    along = sum((torch.linspace(-1, 1, g.numel(), dtype=torch.float64).reshape(g.shape).to(g) * g).sum() for g in first)
    if not along.requires_grad:  # no leaf reaches an output
        return [torch.zeros_like(leaf) for leaf in leaves]
    return [*torch.autograd.grad(along, leaves, materialize_grads=True)]


def assert_second_derivatives(load: Loader, cases: Iterable[Case], precision: str) -> None:
    """Second derivatives are the reference's, whatever requires gradients and whatever the loss; so are third ones."""
    largest = 0.0
    for case in cases:
        for asked in subsets(2 if case.state is None else 3):
            for curved in (False, True):
                found = []
                for run, kind in ((offered()["reference"].load(case.circuit, DOUBLE, 0), "double"),
                                  (load(case.circuit, precision), precision)):  # fmt: skip
                    given = arguments(case, kind)
                    leaves = [t.requires_grad_() for t, want in zip((t for t in given if t is not None), asked,
                                                                    strict=True) if want]  # fmt: skip
                    outputs = run(*given)
                    flat = [torch.zeros_like(leaf) for leaf in leaves]
                    found.append(twice(outputs, leaves, curved=curved) if outputs.requires_grad else flat)
                for true, ours in zip(*found, strict=True):
                    np.testing.assert_allclose(ours, true, rtol=0, atol=SECOND[precision])
                    largest = max(largest, float(true.abs().max()) if true.numel() else 0.0)
    assert largest > 1e-2


def curved_circuit() -> Circuit:
    """Two qubits whose outputs have second derivatives by inputs, by weights and by one of each."""
    ry = [Operation("ry", (slot % 2,), (slot,)) for slot in range(4)]
    product_of = Apply("mul", (InputRef(0), WeightRef(2)))
    return Circuit(
        num_qubits=2,
        operations=(*ry, Operation("cx", (0, 1)), Operation("rx", (0,), (4,)), Operation("rzz", (0, 1), (5,)),
                    Operation("rx", (1,), (6,))),
        slots=(InputRef(0), InputRef(1), WeightRef(0), WeightRef(1), WeightRef(2), product_of, InputRef(1)),
        measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)), Observable((PauliTerm(0.5, ((0, "x"), (1, "y"))),))),
        num_inputs=2,
        weights=(WeightTensor("w", (3,), 0),),
    )  # fmt: skip


def curved_layer(load: Loader, precision: str) -> QuantumLayer:
    circuit = curved_circuit()
    return QuantumLayer(circuit, load(circuit, precision), precision=precision, seed=3)


def residual(layer: QuantumLayer, points: torch.Tensor) -> list[torch.Tensor]:
    """u_xx at the points, and the gradients of a residual that holds it, of a layer applied to its own outputs too."""
    x = points.clone().requires_grad_()
    found = []
    for outputs in (layer(x), layer(layer(x))):
        (first,) = torch.autograd.grad(outputs.sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first[:, 0].sum(), x, create_graph=True)
        loss = (second[:, 0] + outputs[:, 0] ** 2 - 0.3).square().mean()
        found += [second.detach(), *torch.autograd.grad(loss, [x, *layer.parameters()])]
    return found


def assert_residuals(load: Loader, precision: str) -> None:
    """Hessians of the layer and of a residual with second derivatives are the reference's; central differences too."""
    points = torch.tensor([[0.3, -0.7], [1.1, 0.4]], dtype=torch.float64)
    truth = curved_layer(lambda circuit, kind: offered()["reference"].load(circuit, {"precision": kind}, 0), "double")
    layer = curved_layer(load, precision)
    given, limit = points.to(DTYPES[precision]), SECOND[precision]
    for ours, true in zip(residual(layer, given), residual(truth, points), strict=True):
        np.testing.assert_allclose(ours, true, rtol=0, atol=10 * limit)
    step = torch.tensor([[1e-4, 0.0]], dtype=torch.float64)
    with torch.no_grad():
        beside = (truth(points + step) - 2 * truth(points) + truth(points - step)).sum(1) / 1e-8
    np.testing.assert_allclose(residual(layer, given)[0][:, 0], beside, rtol=0, atol=max(1e-6, limit))
    for loss in (lambda outputs: outputs.sum(), lambda outputs: outputs.square().sum()):
        exact = torch.autograd.functional.hessian(lambda x, loss=loss: loss(truth(x)), points)
        for vectorize in (False, True):
            found = torch.autograd.functional.hessian(lambda x, loss=loss: loss(layer(x)), given, vectorize=vectorize)
            np.testing.assert_allclose(found, exact, rtol=0, atol=limit)


def assert_refuses_second_derivatives(load: Loader, code: str) -> None:
    """First derivatives as often as wanted, with a graph too; a second one is refused, by inputs, weights and both."""
    layer = curved_layer(load, "double")
    (weights,) = layer.parameters()
    x = torch.tensor([[0.3, -0.7], [1.1, 0.4]], dtype=torch.float64, requires_grad=True)
    for loss in (lambda outputs: outputs.sum(), lambda outputs: outputs.square().sum()):
        outputs = layer(x)
        torch.autograd.grad(loss(outputs), (x, weights), retain_graph=True)
        for one, other in product((x, weights), repeat=2):
            (first,) = torch.autograd.grad(loss(outputs), one, create_graph=True)
            with pytest.raises(Refusal) as refused:
                torch.autograd.grad(first.sum(), other)
            assert [found.code for found in refused.value.diagnostics] == [code]
    for frozen in (x, weights):
        frozen.requires_grad_(False)
        (rest,) = (tensor for tensor in (x, weights) if tensor is not frozen)
        (first,) = torch.autograd.grad(layer(x).sum(), rest, create_graph=True)
        with pytest.raises(Refusal):
            torch.autograd.grad(first.sum(), rest)
        frozen.requires_grad_()
    for vectorize in (False, True):
        with pytest.raises(Refusal):
            torch.autograd.functional.hessian(lambda x: layer(x).sum(), x.detach(), vectorize=vectorize)
    with pytest.raises(Refusal) as many:
        torch.autograd.functional.jacobian(lambda x: layer(x).sum(0), x.detach(), vectorize=True)
    assert [found.code for found in many.value.diagnostics] == ["E0781"]
