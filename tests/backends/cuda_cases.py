"""The CUDA kernels in Numba's simulator: collected by `test_cuda_simulator` in a process of its own, never beside it.

The simulator has to be chosen before Numba is imported. It runs a block's threads as Python threads, so circuits are
small, and a block has eight of them. Tensors on the CPU stand for those of a GPU.
"""

from __future__ import annotations

from collections import Counter

import conformance
import numpy as np
import pytest
import torch
from circuits_random import Case, random_case
from new_gates import NEW, assert_as_by_matrix
from numba import config

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.native.cuda import device, launch
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.gates import GATES as TABLE
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.circuit.pauli.rewrites import REWRITES, plan
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.quantum import QuantumLayer

assert config.ENABLE_CUDASIM

THREADS = 8
BATCHES = (0, 1, 3)


@pytest.fixture(autouse=True)
def simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU in place of the GPU, and few threads."""
    for name in ("FEWEST_THREADS", "MOST_THREADS", "GLOBAL_THREADS"):
        monkeypatch.setattr(launch, name, THREADS)
    monkeypatch.setattr(device, "CUDA", "cpu")
    monkeypatch.setattr(device, "kernels_objection", lambda: None)


@pytest.fixture(params=["shared", "global"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(launch, "SHARED_BYTES", 48 * 1024 if request.param == "shared" else 0)
    return request.param


def load(circuit: Circuit, precision: str, without: tuple[str, ...] = ()) -> NativeExecutable:
    return NativeExecutable(circuit, precision, without, device="cuda")


def unchanged(circuit: Circuit, precision: str) -> NativeExecutable:
    """Without any rewrite: all strings as lowered, complex amplitudes, all qubits."""
    return load(circuit, precision, tuple(REWRITES))


def case_of(seed: int) -> Case:
    return random_case(seed, batch=BATCHES[seed % 3], max_qubits=4, max_operations=16)


def cases(start: int, count: int) -> list[Case]:
    return [case_of(seed) for seed in range(start, start + count)]


CHOSEN = [*cases(200, 6), *map(case_of, (217, 254))]
"""Some at random, and two whose amplitudes are real."""


PRECISIONS = pytest.mark.parametrize(
    ("memory", "precision"), [("shared", "double"), ("shared", "single"), ("global", "double")], indirect=["memory"]
)


@PRECISIONS
def test_values_are_those_of_qiskit(memory: str, precision: str) -> None:
    conformance.assert_values(load, cases(0, 9), precision)
    conformance.assert_values(unchanged, cases(100, 4), precision)


@PRECISIONS
def test_gradients_are_those_of_the_reference(memory: str, precision: str) -> None:
    conformance.assert_gradients(load, CHOSEN, precision)
    conformance.assert_gradients(unchanged, cases(300, 4), precision)


@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(gate: str) -> None:
    case = conformance.every_gate(gate)
    conformance.assert_gradients(load, [Case(case.circuit, case.inputs[:1], case.weights)], "double")


def test_a_gate_that_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    row = next(row for row in NEW if row.num_angles > 1)
    monkeypatch.setitem(TABLE, row.name, row)
    assert_as_by_matrix(row, lambda circuit: load(circuit, "double"))


def test_the_cases_cover_what_they_should() -> None:
    seen: Counter[str] = Counter()
    for case in CHOSEN:
        seen["amplitudes"] += case.state is not None
        seen["probabilities"] += any(isinstance(m, Probabilities) for m in case.circuit.measurements)
        seen[f"batch {len(case.inputs)}"] += 1
        found = plan(case.circuit)
        for part in found.parts:
            seen["real" if part.real else "complex"] += 1
            seen["mixing terms"] += any(term.x for term in part.terms)
            seen["diagonal rotations"] += any(not rotation.x for rotation in part.rotations)
            seen["more rotations than a group"] += len(part.rotations) > 8
    assert min(seen.values()) > 0, seen


def ring(width: int) -> Circuit:
    """RX by inputs, RY and RX by weights, CX in a ring, with all kinds of readings."""
    operations = [Operation("rx", (q,), (q,)) for q in range(width)]
    operations += [Operation("ry", (q,), (width + q,)) for q in range(width)]
    operations += [Operation("cx", (q, (q + 1) % width)) for q in range(width)]
    operations += [Operation("rx", (q,), (2 * width + q,)) for q in range(width)]
    return Circuit(
        num_qubits=width,
        operations=tuple(operations),
        slots=(*map(InputRef, range(width)), *map(WeightRef, range(2 * width))),
        measurements=(
            *(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(width)),
            Observable((PauliTerm(0.5, ((0, "x"), (1, "y"))), PauliTerm(2.0, ()))),
            Probabilities((1, 0)),
        ),
        num_inputs=width,
        weights=(WeightTensor("w", (2 * width,), 0),),
    )


def test_parts_add_up(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pairs of qubits that share an input and a weight, each read alone, and both in one output."""
    monkeypatch.setattr("hqnn_dsl.circuit.pauli.cones.PART_COST", 0)
    gates = [("ry", (0,)), ("rx", (1,)), ("rzz", (0, 1)), ("ry", (2,)), ("rx", (3,)), ("rzz", (2, 3)), ("ry", (3,))]
    angles = [InputRef(0), WeightRef(0), WeightRef(1), InputRef(0), WeightRef(0), InputRef(1), WeightRef(2)]
    circuit = Circuit(
        num_qubits=4,
        operations=tuple(Operation(gate, qubits, (k,)) for k, (gate, qubits) in enumerate(gates)),
        slots=tuple(angles),
        measurements=(
            Observable((PauliTerm(1.0, ((1, "y"),)), PauliTerm(0.7, ((0, "x"),)), PauliTerm(0.2, ()))),
            Observable((PauliTerm(1.0, ((3, "y"),)), PauliTerm(0.7, ((2, "x"),)))),
            Observable((PauliTerm(1.0, ((1, "z"),)), PauliTerm(-0.3, ((3, "x"),)))),
        ),
        num_inputs=2,
        weights=(WeightTensor("w", (3,), 0),),
    )
    assert len(plan(circuit).parts) > 1
    case = Case(circuit, np.random.default_rng(0).normal(size=(3, 2)), np.random.default_rng(1).normal(size=3))
    conformance.assert_values(load, [case], "double")
    conformance.assert_gradients(load, [case], "double")


def step(run: NativeExecutable, batch: int = 3, asked: tuple[bool, bool] = (True, True)) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    samples = torch.randn(batch, len(run.circuit.sample_slots), generator=generator).requires_grad_(asked[0])
    shared = torch.randn(len(run.circuit.shared_slots), generator=generator).requires_grad_(asked[1])
    outputs = run(samples, shared, None)
    outputs.square().sum().backward()
    return [outputs.detach(), *(tensor.grad for tensor in (samples, shared) if tensor.requires_grad)]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("asked", [(True, False), (False, True)])
def test_only_the_gradients_asked_for_are_given(memory: str, asked: tuple[bool, bool]) -> None:
    both = step(load(ring(2), "single"))
    found = step(load(ring(2), "single"), asked=asked)
    assert torch.equal(found[0], both[0])
    torch.testing.assert_close(found[1], both[1 if asked[0] else 2])


def test_equal_arguments_give_equal_bits(memory: str) -> None:
    run = load(ring(2), "single")
    assert same(step(run), step(run))


def test_blocks_that_take_several_samples_give_the_same_bits(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = step(load(ring(2), "single"), batch=5)
    monkeypatch.setattr(launch, "BLOCKS_A_PROCESSOR", 2)
    monkeypatch.setattr(launch, "GLOBAL_BLOCKS_A_PROCESSOR", 2)
    assert same(step(load(ring(2), "single"), batch=5), alone)


def test_states_that_are_not_kept_are_made_again(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = step(load(ring(2), "single"))
    monkeypatch.setattr(launch, "KEPT_SHARE", 0.0)
    assert same(step(load(ring(2), "single")), kept)


def test_a_second_backward_through_a_kept_graph(memory: str) -> None:
    run = load(ring(3), "double")
    shared = torch.randn(6, dtype=torch.float64, requires_grad=True)
    outputs = run(torch.randn(2, 3, dtype=torch.float64), shared, None)
    (first,) = torch.autograd.grad(outputs.sum(), shared, retain_graph=True)
    (second,) = torch.autograd.grad(outputs.sum(), shared)
    assert torch.equal(first, second)


def test_more_numbers_a_thread_than_a_block_of_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums in blocks: each thread adds more numbers than go into one."""
    monkeypatch.setattr("hqnn_dsl.backends.native.cuda.kernels.BLOCK", 2)
    case = Case(ring(6), np.random.default_rng(0).normal(size=(1, 6)), np.random.default_rng(1).normal(size=12))
    for loader in (load, unchanged):
        conformance.assert_values(loader, [case], "double")
        conformance.assert_gradients(loader, [case], "double")


def test_what_does_not_fit_is_refused_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "SHARED_BYTES", 0)
    monkeypatch.setattr(launch, "MAX_STATE_BYTES", 100)
    with pytest.raises(Refusal) as refused:
        unchanged(ring(4), "double")(torch.zeros(2, 4), torch.zeros(8), None)
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.needed_bytes, diagnostic.limit_bytes) == ("E0711", 256, 100)


def test_blocks_share_the_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """One state of four fits: blocks take their samples in turn."""
    monkeypatch.setattr(launch, "SHARED_BYTES", 0)
    found = []
    for limit in (launch.MAX_STATE_BYTES, 300):
        monkeypatch.setattr(launch, "MAX_STATE_BYTES", limit)
        run = unchanged(ring(4), "double")
        with torch.no_grad():
            found.append(run(torch.linspace(0, 1, 16).reshape(4, 4), torch.ones(8), None))
    assert torch.equal(*found)


def test_first_and_second_derivatives() -> None:
    case = random_case(6, batch=1, max_qubits=1, max_operations=3, amplitude=True)
    given = conformance.arguments(case, "double", gradients=True)
    assert torch.autograd.gradcheck(load(case.circuit, "double"), given)
    assert torch.autograd.gradgradcheck(load(case.circuit, "double"), given)


def test_second_derivatives_are_those_of_the_reference() -> None:
    chosen = [random_case(s, batch=2, max_qubits=2, max_operations=4, amplitude=s == 6) for s in (3, 6)]
    conformance.assert_second_derivatives(load, chosen, "double")
    conformance.assert_residuals(load, "double")


def test_an_angle_that_is_no_number_makes_its_row_nan() -> None:
    """Whether or not its rotation reaches what is read. (The simulator has no sine of infinity.)"""
    circuit = ring(2)
    run = load(circuit, "double")
    samples, shared = torch.zeros(3, len(circuit.sample_slots)), torch.ones(len(circuit.shared_slots))
    samples[1, 0] = float("nan")
    assert run(samples, shared, None).isnan().all(dim=1).tolist() == [False, True, False]
    shared[-1] = float("nan")
    assert run(samples, shared, None).isnan().all()


def test_whole_layers_run_on_the_device_asked_for() -> None:
    """The slot table in torch in front, amplitudes too; the answer is where the inputs are."""
    for seed, amplitude in ((9, False), (2, True)):
        case = random_case(seed, batch=3, max_qubits=3, max_operations=8, amplitude=amplitude)
        found = []
        for run in (
            offered()["reference"].load(case.circuit, {"precision": "double"}, 0),
            load(case.circuit, "double"),
        ):
            layer = QuantumLayer(case.circuit, run, precision="double", seed=4)
            x = torch.tensor(case.inputs, requires_grad=True)
            outputs = layer(x)
            (outputs * torch.arange(outputs.numel()).reshape(outputs.shape)).sum().backward()
            found.append([outputs.detach(), x.grad, *(w.grad for w in layer.parameters() if w.grad is not None)])
        for true, own in zip(*found, strict=True):
            torch.testing.assert_close(own, true, rtol=0, atol=1e-10)


def test_a_row_of_zeros_is_refused() -> None:
    case = random_case(6, batch=2, max_qubits=2, max_operations=5, amplitude=True)
    samples, shared, state = conformance.arguments(case, "single")
    state[1] = 0
    with pytest.raises(Refusal) as refused:
        load(case.circuit, "single")(samples, shared, state)
    assert refused.value.diagnostics[0].code == "E0712"
