"""The reference backend against Qiskit's Statevector, finite differences, and itself."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import conformance
import numpy as np
import pytest
import torch
from circuits_random import ANGLES_OF, Case, expected, random_case

from hqnn_dsl.backends import Executable, memory, offered
from hqnn_dsl.backends.reference.backend import BACKEND
from hqnn_dsl.circuit.angles import Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.diagnostics import quantities
from hqnn_dsl.diagnostics.diagnostic import Refusal

BATCHES = (0, 1, 3, 17)
SEEDS = range(300)


def case_of(seed: int) -> Case:
    """Wide circuits with small batches, narrow ones with large: all combinations occur, none costs seconds."""
    return random_case(seed, batch=BATCHES[seed % 4], max_qubits=8 if seed % 4 != 3 else 4)


def arguments(case: Case, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    state = None if case.state is None else torch.tensor(case.state, dtype=dtype)
    return torch.tensor(case.per_sample, dtype=dtype), torch.tensor(case.shared, dtype=dtype), state


def load(circuit: Circuit, precision: str = "double") -> Executable:
    return BACKEND.load(circuit, {"precision": precision}, 0)


def hold(case: Case) -> None:
    truth = expected(case)
    double = load(case.circuit)(*arguments(case))
    assert double.dtype == torch.float64
    np.testing.assert_allclose(double.numpy(), truth, rtol=0, atol=1e-12)
    single = load(case.circuit, "single")(*arguments(case, torch.float32))
    assert single.dtype == torch.float32
    np.testing.assert_allclose(single.numpy(), truth, rtol=0, atol=1e-5)


@pytest.mark.parametrize("block", range(10))
def test_values_are_those_of_qiskit(block: int) -> None:
    for seed in SEEDS[block::10]:
        hold(case_of(seed))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_values_are_those_of_qiskit_on_many_more(block: int) -> None:
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        hold(case_of(seed))


def test_the_random_circuits_cover_what_they_should() -> None:
    """Every gate by input, by weight and in several operand orders; odd Y, both measurements, reused weights."""
    seen: Counter[str] = Counter()
    for seed in SEEDS:
        circuit = case_of(seed).circuit
        reused = Counter(leaf for angle in circuit.slots for leaf in [angle] if isinstance(leaf, WeightRef))
        seen["reused weight"] += any(count > 1 for count in reused.values())
        seen["many weights"] += circuit.num_weights > 10
        seen["amplitude"] += circuit.amplitude is not None
        seen["no inputs"] += not circuit.sample_slots
        for operation in circuit.operations:
            kinds = {s: k for k in ("sample_slots", "shared_slots") for s in getattr(circuit, k)}
            seen.update(f"{operation.gate} {kinds.get(s, 'constant')}" for s in operation.slots)
            seen[f"{operation.gate} ascending"] += operation.qubits == tuple(sorted(operation.qubits))
            seen[f"{operation.gate} other order"] += operation.qubits != tuple(sorted(operation.qubits))
        for measured in circuit.measurements:
            seen[type(measured).__name__] += 1
            for term in getattr(measured, "terms", ()):
                seen["odd Y"] += sum(letter == "y" for _, letter in term.factors) % 2
    gates = {**ANGLES_OF, "pauli_rot": (2, 1)}
    wanted = ["reused weight", "many weights", "amplitude", "no inputs", "Observable", "Probabilities", "odd Y"]
    wanted += [f"{g} ascending" for g in gates]
    wanted += [f"{g} other order" for g, (num_qubits, _) in gates.items() if num_qubits > 1]
    wanted += [f"{g} {kind}" for g, (_, k) in gates.items() if k for kind in ("sample_slots", "shared_slots")]
    assert [name for name in wanted if seen[name] < 3] == []


@pytest.mark.parametrize("seed", range(2000, 2030))
def test_gradients_are_those_of_finite_differences(seed: int) -> None:
    case = random_case(seed, batch=2, max_qubits=5)
    given = [None if a is None else a.requires_grad_() for a in arguments(case)]
    run = load(case.circuit)
    weights = torch.randn(case.circuit.num_outputs, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))

    def loss() -> torch.Tensor:
        return (run(*given) * weights).sum()

    loss().backward()
    for tensor in given:
        if tensor is None or tensor.numel() == 0:
            continue
        flat, gradient = tensor.detach().view(-1), tensor.grad.view(-1)
        for k in range(len(flat)):
            kept = flat[k].item()
            sides = []
            for step in (1e-5, -1e-5):
                flat[k] = kept + step
                with torch.no_grad():
                    sides.append(loss().item())
            flat[k] = kept
            assert gradient[k].item() == pytest.approx((sides[0] - sides[1]) / 2e-5, abs=2e-8)


@pytest.mark.parametrize("gate", [*(g for g, (_, k) in ANGLES_OF.items() if k), "pauli_rot"])
def test_second_derivatives_of_every_gate(gate: str) -> None:
    """First and second derivatives by angles shared, per sample and by the amplitudes, against numeric ones."""
    num_qubits, num_angles = ANGLES_OF.get(gate, (2, 1))
    pauli = "XY" if gate == "pauli_rot" else ""
    first, second = tuple(range(num_angles)), tuple(range(num_angles, 2 * num_angles))
    circuit = Circuit(
        num_qubits=2,
        operations=(
            Operation(gate, (1, 0)[:num_qubits], first, pauli),
            Operation("h", (0,)),
            Operation("cx", (0, 1)),
            Operation(gate, (0, 1)[:num_qubits], second, pauli),
        ),
        slots=(*(InputRef(k) for k in range(num_angles)), *(WeightRef(k) for k in range(num_angles))),
        measurements=(
            Observable((PauliTerm(0.7, ((0, "y"),)), PauliTerm(-1.1, ((0, "z"), (1, "x"))))),
            Probabilities((1,)),
        ),
        num_inputs=7,
        weights=(WeightTensor("w", (num_angles,), 0),),
        amplitude=AmplitudeInput((1, 0), start=3),
    )
    generator = torch.Generator().manual_seed(1)
    given = tuple(
        torch.randn(shape, dtype=torch.float64, generator=generator).requires_grad_()
        for shape in ((2, num_angles), (num_angles,), (2, 4))
    )
    run = load(circuit)
    assert torch.autograd.gradcheck(run, given)
    assert torch.autograd.gradgradcheck(run, given)


def test_hessians_are_those_of_central_differences() -> None:
    conformance.assert_residuals(load, "double")


def test_states_too_large_for_it_cost_another_backend_second_derivatives_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What refuses is met where a graph is recorded, and must not cost the first derivative."""
    layer = conformance.curved_layer(lambda c, p: offered()["native"].load(c, {"precision": p}, 0), "double")
    x = torch.tensor([[0.3, -0.7]], dtype=torch.float64, requires_grad=True)
    (plain,) = torch.autograd.grad(layer(x).sum(), x)
    monkeypatch.setattr("hqnn_dsl.backends.reference.executable.MAX_STATE_BYTES", 64)
    (first,) = torch.autograd.grad(layer(x).sum(), x, create_graph=True)
    assert torch.equal(first, plain)
    with pytest.raises(Refusal) as refused:
        torch.autograd.grad(first.sum(), x)
    assert refused.value.diagnostics[0].code == "E0711"


def test_equal_arguments_give_equal_bits() -> None:
    case = random_case(7, batch=17, max_qubits=6, amplitude=False)
    run = load(case.circuit, "single")
    seen = []
    for _ in range(3):
        given = [a.requires_grad_() for a in arguments(case, torch.float32)[:2]]
        out = run(*given, None)
        out.square().sum().backward()
        seen.append([out.detach(), *(a.grad for a in given)])
    for again in seen[1:]:
        assert all(torch.equal(a, b) for a, b in zip(seen[0], again, strict=True))


def small(**changes: object) -> Circuit:
    fields = {
        "num_qubits": 2,
        "operations": (Operation("rx", (0,), (0,)), Operation("cx", (0, 1))),
        "slots": (InputRef(0),),
        "measurements": (Observable((PauliTerm(1.0, ((1, "z"),)),)),),
        "num_inputs": 1,
    }
    return Circuit(**(fields | changes))


def test_no_inputs_still_answer_once_a_row() -> None:
    run = load(small(slots=(Const(0.3),), num_inputs=0))
    for batch in BATCHES:
        out = run(torch.zeros(batch, 0, dtype=torch.float64), torch.zeros(0, dtype=torch.float64), None)
        np.testing.assert_allclose(out.numpy(), np.full((batch, 1), np.cos(0.3)), atol=1e-15)


def test_large_batches_without_gradient_run_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    case = random_case(11, batch=17, max_qubits=4)
    whole = load(case.circuit)(*arguments(case))
    monkeypatch.setattr("hqnn_dsl.backends.reference.executable.CHUNK_BYTES", 5 * 16 << case.circuit.num_qubits)
    parts = load(case.circuit)(*arguments(case))
    np.testing.assert_allclose(parts.numpy(), whole.numpy(), atol=1e-15)


def test_too_large_a_state_is_refused_before_it_is_made() -> None:
    circuit = small(num_qubits=40)
    with pytest.raises(Refusal) as refused:
        load(circuit)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0711"
    assert quantities.size(3 * 16 << 40) in diagnostic.headline
    assert quantities.size(memory.MAX_STATE_BYTES) in diagnostic.help


def test_too_large_a_batch_is_refused_when_it_must_be_differentiated() -> None:
    circuit = small(num_qubits=24)
    angles = torch.zeros(40, 1, requires_grad=True)
    with pytest.raises(Refusal) as refused:
        load(circuit, "single")(angles, torch.zeros(0), None)
    assert refused.value.diagnostics[0].rows == 40
    assert refused.value.exit_code == 1


def test_a_row_of_zeros_is_refused() -> None:
    run = load(small(num_inputs=3, amplitude=AmplitudeInput((0,), 1)))
    with pytest.raises(Refusal) as refused:
        run(torch.zeros(3, 1), torch.zeros(0), torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
    assert "row 1 " in refused.value.diagnostics[0].headline


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_amplitudes_of_any_size_are_normalised(scale: float) -> None:
    circuit = small(
        operations=(),
        slots=(),
        num_inputs=4,
        amplitude=AmplitudeInput((0, 1), 0),
        measurements=(Probabilities((0, 1)),),
    )
    state = (torch.tensor([[1.0, 2.0, 0.0, -2.0]]) * scale).requires_grad_()
    out = load(circuit, "single")(torch.zeros(1, 0), torch.zeros(0), state)
    np.testing.assert_allclose(out.detach().numpy(), [[1 / 9, 4 / 9, 0, 4 / 9]], rtol=1e-6)
    out[0, 0].backward()
    assert torch.isfinite(state.grad).all()


def test_executables_pickle_and_copy() -> None:
    case = random_case(3, batch=3)
    run = load(case.circuit)
    for other in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):
        assert torch.equal(other(*arguments(case)), run(*arguments(case)))


def test_it_is_offered_and_says_what_it_can_do() -> None:
    assert offered()["reference"] is BACKEND
    assert "torch" in BACKEND.probe()
    assert load(small(), "single").metadata["precision"] == "single"
