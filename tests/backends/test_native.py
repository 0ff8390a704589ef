"""The backend native: held to the conformance suite in both layouts, and what is its own."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import conformance
import numpy as np
import pytest
import torch
from circuits_random import Case, random_case

from hqnn_dsl.backends import memory, offered
from hqnn_dsl.backends.native import call, layouts, pool
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.circuit.angles import FUNCTIONS, Apply, Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.circuit.pauli.rewrites import REWRITES, plan
from hqnn_dsl.diagnostics import quantities
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.quantum import QuantumLayer

LAYOUTS = {"by sample": 1e9, "by amplitude": 0.0}
"""What a sample by amplitude is said to cost, so that one layout is always chosen."""


@pytest.fixture(params=[*LAYOUTS])
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(layouts, "BY_AMPLITUDE_COST", LAYOUTS[request.param])
    return request.param


def load(circuit: Circuit, precision: str) -> NativeExecutable:
    return NativeExecutable(circuit, precision)


def cases(start: int, count: int) -> list:
    return [conformance.case_of(seed) for seed in range(start, start + count)]


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_are_those_of_qiskit(layout: str, precision: str) -> None:
    conformance.assert_values(load, cases(0, 40), precision)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_gradients_are_those_of_the_reference(layout: str, precision: str) -> None:
    conformance.assert_gradients(load, cases(5000, 40), precision)


@pytest.mark.parametrize("name", [*REWRITES])
def test_gradients_without_one_rewrite(layout: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hqnn_dsl.circuit.pauli.cones.PART_COST", 0)
    chosen = cases(7000, 24)
    conformance.assert_gradients(
        lambda circuit, precision: NativeExecutable(circuit, precision, (name,)), chosen, "double"
    )


def test_gradients_without_any_rewrite() -> None:
    everything = tuple(REWRITES)
    conformance.assert_gradients(lambda c, p: NativeExecutable(c, p, everything), cases(7100, 24), "double")


@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(layout: str, gate: str) -> None:
    conformance.assert_values(load, [conformance.every_gate(gate)], "double")
    conformance.assert_gradients(load, [conformance.every_gate(gate)], "double")


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_more_circuits(layout: str, block: int) -> None:
    chosen = cases(10_000 + 120 * block, 120)
    for precision in ("double", "single"):
        conformance.assert_values(load, chosen, precision)
        conformance.assert_gradients(load, chosen, precision)


@pytest.mark.slow
def test_the_many_circuits_cover_what_they_should() -> None:
    chosen = cases(10_000, 2400)
    seen = conformance.coverage(chosen)
    for case in chosen:
        lowered = plan(case.circuit, tuple(REWRITES))
        for name in REWRITES:
            seen[name] += plan(case.circuit, [other for other in REWRITES if other != name]) != lowered
    print(dict(sorted(seen.items())))
    assert {name: count for name, count in seen.items() if count < 50} == {}
    assert set(conformance.GATES) <= set(seen)


def layers_of(case: Case, precision: str) -> tuple[torch.Tensor, list[QuantumLayer]]:
    """The inputs of a case, and its circuit as a layer by the reference and by the engine, both with its weights."""
    made = []
    for executable in (
        offered()["reference"].load(case.circuit, {"precision": "double"}, 0),
        load(case.circuit, precision),
    ):
        layer = QuantumLayer(case.circuit, executable, precision="double" if not made else precision)
        flat = torch.tensor(case.weights)
        for tensor, weights in zip(case.circuit.weights, layer.parameters(), strict=True):
            weights.data = flat[tensor.offset : tensor.offset + tensor.size].reshape(tensor.shape).to(weights.dtype)
        made.append(layer)
    return torch.tensor(case.inputs), made


@pytest.mark.parametrize("precision", ["double", "single"])
def test_whole_layers_are_those_of_the_reference(precision: str) -> None:
    """With the engine's own slot table in front: all functions of angles, inputs and weights."""
    seen: Counter[str] = Counter()
    for case in cases(9000, 70):
        inputs, (true, own) = layers_of(case, precision)
        here, there = inputs.clone().requires_grad_(), inputs.clone().to(own.dtype).requires_grad_()
        outputs, found = true(here), own(there)
        np.testing.assert_allclose(found.detach(), outputs.detach(), atol=conformance.VALUES[precision] * 10)
        if not outputs.requires_grad:
            continue
        weights = torch.randn(outputs.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        (outputs * weights).sum().backward()
        (found * weights).sum().backward()
        for ours, theirs in [(there, here), *zip(own.parameters(), true.parameters(), strict=True)]:
            wanted = torch.zeros_like(theirs) if theirs.grad is None else theirs.grad
            got = torch.zeros_like(ours) if ours.grad is None else ours.grad
            np.testing.assert_allclose(got, wanted, atol=1e-10 if precision == "double" else 1e-3)
        for angle in case.circuit.slots:
            seen.update(function for function in FUNCTIONS if f"'{function}'" in repr(angle))
    assert [function for function in FUNCTIONS if seen[function] < 2] == []


@pytest.mark.parametrize("value", [-1.5, -1.0, 0.0, 1.0, 1.5])
@pytest.mark.parametrize("function", ["asin", "acos", "abs", "sqrt", "log", "pow"])
def test_functions_at_their_edges_are_those_of_torch(function: str, value: float) -> None:
    """Values and derivatives where they are clamped, zero, infinite or no number."""
    arguments = (InputRef(0), Const(2.0)) if function == "pow" else (InputRef(0),)
    circuit = Circuit(
        num_qubits=1,
        operations=(Operation("ry", (0,), (0,)),),
        slots=(Apply(function, arguments),),
        measurements=(Observable((PauliTerm(1.0, ((0, "x"),)),)),),
        num_inputs=1,
    )
    found = []
    for backend in ("reference", "native"):
        layer = QuantumLayer(circuit, offered()[backend].load(circuit, {"precision": "single"}, 0))
        x = torch.tensor([[value]], requires_grad=True)
        layer(x).sum().backward()
        found.append((layer(x).detach(), x.grad))
    for true, own in zip(*found, strict=True):
        torch.testing.assert_close(own, true, equal_nan=True, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_second_derivatives_are_those_of_the_reference(precision: str) -> None:
    chosen = [random_case(s, batch=2, max_qubits=3, max_operations=6, amplitude=s == 6) for s in (3, 4, 6)]
    conformance.assert_second_derivatives(load, chosen, precision)
    conformance.assert_residuals(load, precision)


def test_second_derivatives_of_a_layer() -> None:
    case = random_case(31, batch=2, max_qubits=3, amplitude=False)
    inputs, (true, own) = layers_of(case, "double")
    found = []
    for layer in (true, own):
        x = inputs.clone().requires_grad_()
        first = torch.autograd.grad(layer(x).sum(), [x, *layer.parameters()], create_graph=True, materialize_grads=True)
        total = sum(gradient.square().sum() for gradient in first)
        found.append(torch.autograd.grad(total, [x, *layer.parameters()], materialize_grads=True))
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


def test_equal_arguments_give_equal_bits() -> None:
    conformance.assert_determined(load)


def layered(width: int, *, outputs: int = 0, repetitions: int = 2) -> Circuit:
    """RX by inputs, layers of RY and CX by weights, and <Z> of the first `outputs` qubits (0: of all)."""
    operations = [Operation("rx", (q,), (q,)) for q in range(width)]
    for layer in range(1, repetitions + 1):
        operations += [Operation("ry", (q,), (layer * width + q,)) for q in range(width)]
        operations += [Operation("cx", (q, (q + 1) % width)) for q in range(width)]
    return Circuit(
        num_qubits=width,
        operations=tuple(operations),
        slots=(*(InputRef(q) for q in range(width)), *(WeightRef(k) for k in range(repetitions * width))),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(outputs or width)),
        num_inputs=width,
        weights=(WeightTensor("w", (repetitions * width,), 0),),
    )


def step(run: NativeExecutable, batch: int, seed: int = 0) -> list[torch.Tensor]:
    """Outputs and gradients for random angles."""
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(batch, len(run.circuit.sample_slots), generator=generator).requires_grad_()
    shared = torch.randn(len(run.circuit.shared_slots), generator=generator).requires_grad_()
    outputs = run(samples, shared, None)
    outputs.square().sum().backward()
    return [outputs.detach(), samples.grad, shared.grad]


def same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_bits_do_not_depend_on_threads(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    alone = step(NativeExecutable(layered(6), "single"), 100)
    monkeypatch.setattr(pool, "SMALLEST_SHARE", 1)
    try:
        for threads in (2, 3, 5):
            torch.set_num_threads(threads)
            run = NativeExecutable(layered(6), "single")
            assert same(step(run, 100), alone)
            assert run.schedules.parts(100, keep=True)[0].gradients_threads == threads
    finally:
        torch.set_num_threads(before)


def test_eight_threads_on_one_module_get_the_bits_of_one() -> None:
    run = NativeExecutable(layered(5), "single")
    alone = [step(run, 40, seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda seed: step(run, 40, seed), list(range(8)) * 4))
    assert all(same(found, alone[k % 8]) for k, found in enumerate(together))


def test_a_forked_child_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SMALLEST_SHARE", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    run = NativeExecutable(layered(5), "single")
    samples, shared = torch.randn(40, 5), torch.randn(10)
    here = run(samples, shared, None)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, run(samples, shared, None).numpy().tobytes())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        there = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    assert there == here.numpy().tobytes()


@pytest.mark.parametrize("asked", [(True, False), (False, True)])
def test_only_the_gradients_asked_for_are_given(layout: str, asked: tuple[bool, bool]) -> None:
    circuit = layered(4)
    run = NativeExecutable(circuit, "double")
    values = torch.randn(5, 4, dtype=torch.float64), torch.randn(8, dtype=torch.float64)
    both = [value.clone().requires_grad_() for value in values]
    run(*both, None).sum().backward()
    given = [value.clone().requires_grad_(want) for value, want in zip(values, asked, strict=True)]
    run(*given, None).sum().backward()
    for tensor, full, want in zip(given, both, asked, strict=True):
        assert (tensor.grad is not None) == want
        if want:
            np.testing.assert_allclose(tensor.grad, full.grad, atol=1e-14)


def test_a_second_backward_through_a_kept_graph() -> None:
    run = NativeExecutable(layered(4), "double")
    shared = torch.randn(8, dtype=torch.float64, requires_grad=True)
    outputs = run(torch.randn(5, 4, dtype=torch.float64), shared, None)
    (first,) = torch.autograd.grad(outputs.sum(), shared, retain_graph=True)
    (second,) = torch.autograd.grad(outputs.sum(), shared)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-14)


def test_weights_changed_before_the_gradient_are_refused() -> None:
    circuit = layered(3)
    layer = QuantumLayer(circuit, NativeExecutable(circuit, "single"))
    angles = torch.randn(6, requires_grad=True)
    shared = angles * 1.0
    for outputs, changed in (
        (layer(torch.randn(2, 3)), next(layer.parameters())),
        (layer.executable(torch.randn(2, 3), shared, None), shared),
    ):
        with torch.no_grad():
            changed.add_(1.0)
        with pytest.raises(RuntimeError, match="inplace"):
            outputs.sum().backward()


def test_large_states_are_made_again_for_the_gradient(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = step(NativeExecutable(layered(5), "single"), 20)
    monkeypatch.setattr(call, "KEPT_BYTES", 0)
    run = NativeExecutable(layered(5), "single")
    assert same(step(run, 20), kept)
    assert not run.schedules.parts(20, keep=True)[0].keep


def with_amplitudes() -> Circuit:
    base = layered(3)
    slots = base.slots
    return Circuit(
        num_qubits=3,
        operations=base.operations,
        slots=slots,
        measurements=(*base.measurements, Observable((PauliTerm(1.0, ((0, "y"), (2, "x"))),)), Probabilities((1, 2))),
        num_inputs=7,
        weights=base.weights,
        amplitude=AmplitudeInput((2, 0), 3),
    )


def test_first_and_second_derivatives() -> None:
    generator = torch.Generator().manual_seed(0)
    given = [torch.randn(s, dtype=torch.float64, generator=generator).requires_grad_() for s in ((2, 3), (6,), (2, 4))]
    run = NativeExecutable(with_amplitudes(), "double")
    assert torch.autograd.gradcheck(run, given)
    assert torch.autograd.gradgradcheck(run, given)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_sines_of_all_sizes_of_angles(layout: str, precision: str) -> None:
    """Small angles, quadrants' edges, and those beyond the reach of the reduction."""
    circuit = Circuit(
        num_qubits=4,
        operations=(*tuple(Operation("ry", (q,), (q,)) for q in range(4)), Operation("cx", (0, 1))),
        slots=tuple(InputRef(q) for q in range(4)),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, letter),)),)) for q in (2, 3) for letter in "xz"),
        num_inputs=4,
    )
    dtype = conformance.DTYPES[precision]
    row = torch.linspace(-40, 40, 1601, dtype=dtype)
    for angles in (row, row * 1e-3, row * 200, row * 1e5):
        found = NativeExecutable(circuit, precision)(angles.unsqueeze(1).repeat(1, 4), torch.zeros(0), None)
        exact = angles.double()
        columns = [torch.sin(exact), torch.cos(exact)] * 2
        tolerance = 1e-14 if precision == "double" else 6e-7
        torch.testing.assert_close(found.double(), torch.stack(columns, 1), rtol=0, atol=tolerance)


def test_a_row_of_zeros_is_refused() -> None:
    run = NativeExecutable(with_amplitudes(), "single")
    with pytest.raises(Refusal) as refused:
        run(torch.zeros(2, 3), torch.zeros(6), torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0]]))
    assert refused.value.diagnostics[0].code == "E0712"


def test_no_inputs_and_no_weights_still_answer_once_a_row(layout: str) -> None:
    circuit = Circuit(
        num_qubits=5,
        operations=tuple(Operation("ry", (q,), (q,)) for q in range(5)),
        slots=(Const(0.3),) * 5,
        measurements=(Observable((PauliTerm(1.0, ((1, "z"),)),)), Observable((PauliTerm(2.0, ()),))),
    )
    for batch in (0, 1, 9):
        out = NativeExecutable(circuit, "double")(torch.zeros(batch, 0), torch.zeros(0), None)
        np.testing.assert_allclose(out.numpy(), np.tile([np.cos(0.3), 2.0], (batch, 1)), atol=1e-15)


def test_a_weight_that_reaches_nothing_has_gradient_zero() -> None:
    circuit = layered(3, outputs=1, repetitions=1)
    dead = Operation("rz", (0,), (6,))
    circuit = Circuit(
        num_qubits=3,
        operations=(*circuit.operations, dead),
        slots=(*circuit.slots, WeightRef(3)),
        measurements=circuit.measurements,
        num_inputs=3,
        weights=(WeightTensor("w", (4,), 0),),
    )
    layer = QuantumLayer(circuit, NativeExecutable(circuit, "single"))
    layer(torch.randn(4, 3)).sum().backward()
    (weights,) = layer.parameters()
    assert weights.grad[3] == 0
    assert weights.grad[1:3].abs().min() > 0


def test_too_large_a_state_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    width = 40
    circuit = layered(width)
    with pytest.raises(Refusal) as refused:
        offered()["native"].load(circuit, {"precision": "double"}, 0)
    assert refused.value.diagnostics[0].code == "E0711"
    assert quantities.size(memory.MAX_STATE_BYTES) in refused.value.diagnostics[0].help
    monkeypatch.setattr(call, "MAX_STATE_BYTES", 1000)
    with pytest.raises(Refusal) as refused:
        NativeExecutable(layered(8), "single")(torch.zeros(3, 8), torch.zeros(16), None)
    assert refused.value.diagnostics[0].needed_bytes > 1000


def test_many_qubits_that_do_not_meet_need_little_memory() -> None:
    circuit = Circuit(
        num_qubits=60,
        operations=tuple(Operation("ry", (q,), (q,)) for q in range(60)),
        slots=tuple(InputRef(q) for q in range(60)),
        measurements=tuple(Observable((PauliTerm(1.0, ((q, "z"),)),)) for q in range(60)),
        num_inputs=60,
    )
    angles = torch.randn(5, 60, dtype=torch.float64)
    out = offered()["native"].load(circuit, {"precision": "double"}, 0)(angles, torch.zeros(0), None)
    torch.testing.assert_close(out, torch.cos(angles))


def test_autocast_changes_nothing() -> None:
    circuit = layered(4)
    layer = QuantumLayer(circuit, NativeExecutable(circuit, "single"))
    x = torch.randn(6, 4)
    plain = layer(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = layer(x)
    assert torch.equal(plain, inside)


def test_a_surrounding_network_compiles() -> None:
    circuit = layered(3)
    layer = QuantumLayer(circuit, NativeExecutable(circuit, "single"))
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), layer, torch.nn.Linear(3, 1))
    x = torch.randn(5, 2)
    compiled = torch.compile(net, backend="eager")
    torch.testing.assert_close(compiled(x), net(x))
    compiled(x).sum().backward()
    assert all(weights.grad is not None for weights in net.parameters())


def test_executables_pickle_and_copy() -> None:
    case = random_case(3, batch=3)
    run = NativeExecutable(case.circuit, "double", ("split",))
    for other in (pickle.loads(pickle.dumps(run)), copy.deepcopy(run)):
        assert other.without == ("split",)
        given = conformance.arguments(case, "double")
        assert torch.equal(other(*given), run(*given))


def test_it_is_offered_and_light_to_look_at() -> None:
    assert offered()["native"].entry.name == "native"
    assert "numba" in offered()["native"].probe()
    code = "import sys; from hqnn_dsl.backends import offered; offered(); print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
