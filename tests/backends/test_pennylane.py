"""The backend pennylane: held to the conformance suite on its devices, and what is its own."""

from __future__ import annotations

import copy
import importlib.metadata
import importlib.util
import pickle
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import conformance
import numpy as np
import pytest
import torch
from circuits_random import Case, expected, random_case

import hqnn_dsl as hqnn
from hqnn_dsl import pipeline
from hqnn_dsl.backends import LayerExecutable, memory, offered
from hqnn_dsl.backends.pennylane import devices
from hqnn_dsl.backends.pennylane.backend import BACKEND
from hqnn_dsl.circuit.angles import Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import AmplitudeInput, Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.network.quantum import QuantumLayer

qml = pytest.importorskip("pennylane", reason="PennyLane is an optional part")

WAYS = {
    "default.qubit backprop": ("default.qubit", "backprop"),
    "default.qubit adjoint": ("default.qubit", "adjoint"),
    "default.qubit parameter_shift": ("default.qubit", "parameter_shift"),
    "lightning.qubit adjoint": ("lightning.qubit", "adjoint"),
    "lightning.qubit parameter_shift": ("lightning.qubit", "parameter_shift"),
}
SINGLE = [way for way in WAYS if way.startswith("lightning")]


def loader(way: str) -> Any:
    device, diff = WAYS[way]

    def load(circuit: Circuit, precision: str) -> Any:
        return BACKEND.load(circuit, {"device": device, "diff": diff, "precision": precision}, 0)

    return load


def cases(start: int, count: int, way: str, **options: Any) -> list[Case]:
    """Random circuits that the way can differentiate: small for those that run a row, or a shift, at a time."""
    if way.endswith("backprop"):
        return [conformance.case_of(seed) for seed in range(start, start + count)]
    shape = {"max_qubits": 5, "max_operations": 12, "amplitude": False} | options
    return [random_case(seed, batch=(0, 1, 3, 17)[seed % 4], **shape) for seed in range(start, start + count)]


@pytest.mark.parametrize("way", [*WAYS])
def test_values_are_those_of_qiskit(way: str) -> None:
    conformance.assert_values(loader(way), cases(0, 30, way), "double")
    if way in SINGLE:
        conformance.assert_values(loader(way), cases(100, 30, way), "single")


@pytest.mark.parametrize("way", [*WAYS])
def test_gradients_are_those_of_the_reference(way: str) -> None:
    count = 8 if way.endswith("shift") else 24
    conformance.assert_gradients(loader(way), cases(5000, count, way), "double")
    if way in SINGLE:
        conformance.assert_gradients(loader(way), cases(6000, count // 2, way), "single")


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
@pytest.mark.parametrize("way", [*WAYS])
def test_many_more_circuits(way: str, block: int) -> None:
    chosen = cases(10_000 + 30 * block, 30, way)
    conformance.assert_values(loader(way), chosen, "double")
    conformance.assert_gradients(loader(way), chosen, "double")


@pytest.mark.parametrize("way", [*WAYS])
@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(gate: str, way: str) -> None:
    conformance.assert_values(loader(way), [conformance.every_gate(gate)], "double")
    conformance.assert_gradients(loader(way), [conformance.every_gate(gate)], "double")


@pytest.mark.parametrize("way", [*WAYS])
def test_wide_pauli_rotations_in_every_letter(way: str) -> None:
    """Beyond four letters they are written out; letters I are left out, and of I alone nothing is left."""
    letters = ("XYZXY", "ZZXIYX", "IIII", "YYYYY")
    circuit = Circuit(
        num_qubits=6,
        operations=(
            *(Operation("ry", (q,), (q,)) for q in range(6)),
            *(
                Operation("pauli_rot", tuple(range(len(word)))[:: (-1) ** k], (6 + k,), word)
                for k, word in enumerate(letters)
            ),
            Operation("cx", (5, 0)),
        ),
        slots=(*(WeightRef(k) for k in range(6)), InputRef(0), WeightRef(6), InputRef(1), WeightRef(7)),
        measurements=(
            *(Observable((PauliTerm(1.0, ((q, "xyz"[q % 3]),)),)) for q in range(6)),
            Probabilities((4, 1, 2)),
        ),
        num_inputs=2,
        weights=(WeightTensor("w", (8,), 0),),
    )
    rng = np.random.default_rng(5)
    case = Case(circuit, rng.normal(size=(3, 2)), rng.normal(size=8))
    conformance.assert_values(loader(way), [case], "double")
    conformance.assert_gradients(loader(way), [case], "double")


def test_the_random_circuits_cover_what_they_should() -> None:
    seen = conformance.coverage(cases(0, 30, "default.qubit backprop") + cases(5000, 24, "default.qubit backprop"))
    wanted = ["amplitude", "no inputs", "weight used twice", "more than ten weights", "Probabilities", "odd Y"]
    wanted += [*conformance.GATES, *(f"batch {size}" for size in conformance.BATCHES)]
    assert {name: seen[name] for name in wanted if seen[name] < 2} == {}


def test_the_first_qubit_named_is_the_least_significant() -> None:
    """PennyLane's own order is the other one, in probabilities and in prepared states."""
    read = Probabilities((2, 0))
    flipped = Circuit(3, (Operation("x", (2,)),), (), (read,))
    start = Circuit(3, (), (), (read, Probabilities((0,))), num_inputs=4, amplitude=AmplitudeInput((2, 1)))
    run = BACKEND.load(flipped, {}, 0)
    assert run(torch.zeros(1, 0), torch.zeros(0), None).tolist() == [[0.0, 1.0, 0.0, 0.0]]
    run = BACKEND.load(start, {}, 0)
    amplitudes = torch.tensor([[0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 1e-3, 0.0]])
    found = run(torch.zeros(2, 0), torch.zeros(0), amplitudes)
    assert found.tolist() == [[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]]


def small(**changes: Any) -> Circuit:
    fields = {
        "num_qubits": 2,
        "operations": (Operation("rx", (0,), (0,)), Operation("ry", (0,), (1,)), Operation("cx", (0, 1))),
        "slots": (InputRef(0), WeightRef(0)),
        "measurements": (Observable((PauliTerm(1.0, ((1, "z"),)),)), Observable((PauliTerm(1.0, ((0, "x"),)),))),
        "num_inputs": 1,
        "weights": (WeightTensor("w", (1,), 0),),
    }
    return Circuit(**(fields | changes))


@pytest.mark.parametrize("way", [*WAYS])
@pytest.mark.parametrize("batch", [0, 1, 2, 3])
@pytest.mark.parametrize("slots", [(Const(0.3), WeightRef(0)), (InputRef(0), Const(0.2)), (Const(0.1), Const(0.2))])
def test_batches_and_missing_kinds_of_angles(slots: tuple[Any, ...], batch: int, way: str) -> None:
    """Two rows and two outcomes: a batch is not taken for a state."""
    measured = (Observable((PauliTerm(1.0, ((1, "z"),)), PauliTerm(0.3, ()))), Observable((PauliTerm(0.7, ()),)))
    circuit = small(slots=slots, measurements=(*measured, Probabilities((1,))))
    width = sum(isinstance(slot, InputRef) for slot in slots)
    case = Case(circuit, np.linspace(0.2, 0.9, batch).reshape(batch, 1), np.array([0.7]))
    assert case.per_sample.shape == (batch, width)
    conformance.assert_values(loader(way), [case], "double")
    conformance.assert_gradients(loader(way), [case], "double")


@pytest.mark.parametrize("way", ["default.qubit backprop", "default.qubit adjoint", "lightning.qubit parameter_shift"])
def test_only_wanted_gradients_are_found(way: str) -> None:
    """By inputs, by weights, by neither; a second backward call through the same graph gives the same."""
    case = cases(7, 1, "default.qubit adjoint")[0]
    run = loader(way)(case.circuit, "double")
    truth = offered()["reference"].load(case.circuit, {"precision": "double"}, 0)
    for wanted in ((True, True), (True, False), (False, True), (False, False)):
        given = [
            torch.tensor(a, requires_grad=need) for a, need in zip((case.per_sample, case.shared), wanted, strict=True)
        ]
        leaves = [tensor for tensor in given if tensor.requires_grad]
        true, found = truth(*given, None), run(*given, None)
        assert found.requires_grad == any(wanted)
        np.testing.assert_allclose(found.detach(), true.detach(), rtol=0, atol=1e-12)
        if not leaves:
            continue
        right = torch.autograd.grad(true.square().sum(), leaves)
        for _ in range(2):
            got = torch.autograd.grad(found.square().sum(), leaves, retain_graph=True)
            for ours, theirs in zip(got, right, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_backprop_differentiates_as_often_as_wanted() -> None:
    case = random_case(3, batch=2, max_qubits=3, max_operations=8, amplitude=True)
    given = [None if t is None else t.requires_grad_() for t in conformance.arguments(case, "double")]
    run = loader("default.qubit backprop")(case.circuit, "double")
    truth = offered()["reference"].load(case.circuit, {"precision": "double"}, 0)
    leaves = [tensor for tensor in given if tensor.numel()]
    found = []
    for executable in (truth, run):
        first = torch.autograd.grad(executable(*given).square().sum(), leaves, create_graph=True)
        found.append(torch.autograd.grad(sum(g.square().sum() for g in first), leaves))
    assert max(float(g.abs().max()) for g in found[0]) > 1e-3
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_second_derivatives_are_those_of_the_reference() -> None:
    load = loader("default.qubit backprop")
    chosen = [random_case(s, batch=2, max_qubits=3, max_operations=6, amplitude=s == 6) for s in (3, 6)]
    conformance.assert_second_derivatives(load, chosen, "double")
    conformance.assert_residuals(load, "double")


@pytest.mark.parametrize("way", [way for way in WAYS if not way.endswith("backprop")])
def test_whatever_the_loss_they_are_refused_elsewhere(way: str) -> None:
    conformance.assert_refuses_second_derivatives(loader(way), "E0775")


@pytest.mark.parametrize("way", [way for way in WAYS if not way.endswith("backprop")])
def test_second_derivatives_are_refused_and_never_wrong(way: str) -> None:
    """The square's own second derivative needs none of the circuit's: a graph alone is no mistake."""
    run = loader(way)(small(), "double")
    inputs = torch.tensor([[0.1]], dtype=torch.float64, requires_grad=True)
    out = run(inputs, torch.tensor([0.5], dtype=torch.float64), None).square().sum()
    (first,) = torch.autograd.grad(out, inputs, create_graph=True)
    assert first.requires_grad
    with pytest.raises(Refusal) as refused:
        torch.autograd.grad(first.sum(), inputs)
    assert refused.value.diagnostics[0].code == "E0775"


@pytest.mark.parametrize("way", ["default.qubit backprop", "default.qubit adjoint", "lightning.qubit adjoint"])
def test_equal_arguments_give_equal_bits(way: str) -> None:
    precision = "single" if way in SINGLE else "double"
    load = loader(way)
    conformance.assert_determined(lambda circuit, _: load(circuit, precision))


@pytest.mark.parametrize("way", [*WAYS])
def test_executables_and_layers_are_copied_and_pickled(way: str) -> None:
    case = cases(9, 1, "default.qubit adjoint")[0]
    run = loader(way)(case.circuit, "double")
    given = conformance.arguments(case, "double")
    for twin in (copy.deepcopy(run), pickle.loads(pickle.dumps(run))):
        assert torch.equal(twin(*given), run(*given))
        assert twin.metadata == run.metadata
    layer = QuantumLayer(case.circuit, run, precision="double", seed=3)
    assert not isinstance(run, LayerExecutable)
    inputs = torch.tensor(case.inputs)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(twin(inputs), layer(inputs))


@pytest.mark.parametrize("way", ["default.qubit backprop", "lightning.qubit adjoint"])
def test_a_layer_takes_any_leading_shape_and_half_precision(way: str) -> None:
    circuit = small()
    layer = QuantumLayer(circuit, loader(way)(circuit, "double"), precision="double", seed=1)
    inputs = torch.randn(2, 3, 1, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = layer(inputs)
        outputs.square().sum().backward()
    assert outputs.shape == (2, 3, 2)
    assert outputs.dtype == torch.float32
    plain = layer(inputs.reshape(6, 1)).reshape(2, 3, 2)
    torch.testing.assert_close(outputs, plain)
    assert all(weights.grad is not None for weights in layer.parameters())


def test_states_are_prepared_from_rows_of_any_length() -> None:
    case = random_case(12, batch=3, max_qubits=4, amplitude=True)
    run = loader("default.qubit backprop")(case.circuit, "double")
    per_sample, shared, state = conformance.arguments(case, "double")
    for scale in (1.0, 1e-150, 1e150):
        np.testing.assert_allclose(run(per_sample, shared, state * scale), expected(case), rtol=0, atol=1e-12)
    with pytest.raises(Refusal) as refused:
        run(per_sample, shared, state * torch.tensor([[1.0], [0.0], [1.0]]))
    assert refused.value.diagnostics[0].code == "E0712"
    assert refused.value.diagnostics[0].row == 1


def test_large_batches_run_in_parts_and_large_steps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import hqnn_dsl.backends.pennylane.executable as room

    case = random_case(21, batch=17, max_qubits=5, amplitude=False)
    run = loader("default.qubit backprop")(case.circuit, "double")
    given = conformance.arguments(case, "double")
    whole = run(*given)
    monkeypatch.setattr(room, "CHUNK_BYTES", 3 * 16 << case.circuit.num_qubits)
    sizes: Counter[int] = Counter()
    true_run = run._run
    monkeypatch.setattr(run, "_run", lambda sample, *rest: (sizes.update([len(sample)]), true_run(sample, *rest))[1])
    np.testing.assert_allclose(run(*given), whole, rtol=0, atol=1e-13)
    assert sizes == {3: 5, 2: 1}
    monkeypatch.setattr(room, "MAX_STATE_BYTES", 1000)
    with pytest.raises(Refusal) as refused:
        run(*(None if t is None else t.requires_grad_() for t in given))
    assert refused.value.diagnostics[0].code == "E0711"


@pytest.mark.parametrize("way", ["default.qubit adjoint", "lightning.qubit adjoint"])
def test_many_rows_run_so_many_tapes_at_a_time(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seventeen rows by five, among them rows whose outputs nobody asks for."""
    import hqnn_dsl.backends.pennylane.executable as room

    monkeypatch.setattr(room, "TAPES_AT_ONCE", 5)
    case = random_case(120, batch=17, max_qubits=3, max_operations=12, amplitude=False)
    assert case.circuit.sample_slots
    assert case.circuit.shared_slots
    conformance.assert_values(loader(way), [case], "double")
    conformance.assert_gradients(loader(way), [case], "double")
    upstream = torch.zeros(17, case.circuit.num_outputs, dtype=torch.float64)
    upstream[[3, 16]] = 1.0
    found = []
    for load in (loader(way), lambda circuit, _: offered()["reference"].load(circuit, {"precision": "double"}, 0)):
        given = [t for t in conformance.arguments(case, "double", gradients=True) if t is not None]
        found.append(torch.autograd.grad(load(case.circuit, "double")(*given, None), given, upstream))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("way", ["default.qubit backprop", "lightning.qubit adjoint"])
def test_threads_do_not_disturb_each_other(way: str) -> None:
    """One executable in four threads: lightning has one state a device, autograd one trace a process."""
    case = random_case(120, batch=3, max_qubits=3, max_operations=12, amplitude=False)
    run = loader(way)(case.circuit, "double")

    def gradients(turn: int) -> list[torch.Tensor]:
        scale = 1.0 + turn % 4
        per_sample, shared, _ = (
            None if t is None else (t * scale).requires_grad_() for t in conformance.arguments(case, "double")
        )
        return list(torch.autograd.grad(run(per_sample, shared, None).square().sum(), (per_sample, shared)))

    alone = [gradients(turn) for turn in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for turn, found in enumerate(pool.map(gradients, range(16))):
            assert all(torch.equal(a, b) for a, b in zip(found, alone[turn % 4], strict=True))


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_is_no_number_upstream_stays_none(number: float) -> None:
    """A gradient scaler looks for them: they may neither raise nor vanish."""
    run = loader("lightning.qubit adjoint")(small(), "double")
    inputs = torch.tensor([[0.3], [0.4]], dtype=torch.float64, requires_grad=True)
    outputs = run(inputs, torch.tensor([0.5], dtype=torch.float64), None)
    outputs.backward(torch.tensor([[1.0, 1.0], [number, 1.0]], dtype=torch.float64))
    assert inputs.grad is not None
    assert bool(torch.isfinite(inputs.grad[0]))
    assert not torch.isfinite(inputs.grad[1])


def test_metadata_say_what_ran() -> None:
    version = importlib.metadata.version("pennylane")
    assert BACKEND.load(small(), {}, 0).metadata == {
        "device": "default.qubit", "diff": "backprop", "precision": "double", "pennylane": version,
    }  # fmt: skip
    run = BACKEND.load(small(), {"device": "lightning.qubit", "precision": "single"}, 0)
    assert run.metadata["diff"] == "adjoint"
    assert run.device.c_dtype == np.complex64
    assert BACKEND.load(small(), {"device": "reference.qubit"}, 0).metadata["diff"] == "parameter_shift"


@pytest.mark.parametrize("device", ["default.mixed", "reference.qubit"])
def test_slower_devices_of_pennylane_are_right_too(device: str) -> None:
    def load(circuit: Circuit, precision: str) -> Any:
        return BACKEND.load(circuit, {"device": device, "precision": precision}, 0)

    chosen = [random_case(s, batch=2, max_qubits=3, max_operations=6, amplitude=False) for s in range(4)]
    conformance.assert_values(load, chosen, "double")
    conformance.assert_gradients(load, chosen, "double")


def refusal(circuit: Circuit | None = None, **options: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        BACKEND.load(circuit or small(), options, 0)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.headline
    assert diagnostic.help
    return refused.value


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"device": "lightning.qubit", "diff": "backprop"}, "E0773", "`diff: adjoint` or `diff: parameter_shift`"),
        ({"device": "reference.qubit", "diff": "adjoint"}, "E0773", "`diff: parameter_shift`"),
        ({"device": "default.qubit", "precision": "single"}, "E0774", "lightning.qubit"),
        ({"device": "some.other", "precision": "single"}, "E0774", "lightning.qubit"),
    ],
)
def test_what_a_device_lacks_is_known_before_anything_is_loaded(options: Any, code: str, words: str) -> None:
    (diagnostic,) = BACKEND.objections(small(), options)
    assert diagnostic.code == code
    assert words in diagnostic.help
    assert refusal(**options).exit_code == 1


@pytest.mark.parametrize("options", [{"device": "lightning.qubit"}, {"diff": "adjoint"}, {"diff": "parameter_shift"}])
def test_amplitudes_need_backprop(options: Any) -> None:
    refused = refusal(small(num_inputs=3, amplitude=AmplitudeInput((0,), 1)), **options)
    assert refused.diagnostics[0].code == "E0713"
    assert "backprop" in refused.diagnostics[0].help


@pytest.mark.parametrize(("device", "width"), [("default.qubit", 30), ("default.mixed", 15), ("lightning.gpu", 30)])
def test_too_wide_a_circuit_is_refused_before_anything_is_built(device: str, width: int) -> None:
    (diagnostic,) = BACKEND.objections(small(num_qubits=width), {"device": device})
    assert diagnostic.code == "E0711"
    assert diagnostic.needed_bytes > memory.MAX_STATE_BYTES
    assert BACKEND.objections(small(num_qubits=width // 2), {"device": device}) == ()


def reading(*qubits: int) -> Circuit:
    """Twenty qubits, of which these are measured: one at the end of a product, the others alone or in probabilities."""
    first, *others = qubits
    product = Observable((PauliTerm(1.0, ((first, "x"), (others[-1], "z"))),))
    alone = tuple(Observable((PauliTerm(0.5, ((q, "y"),)),)) for q in others[2:-1])
    return small(num_qubits=20, measurements=(product, *alone, Probabilities(tuple(others[:2]))))


def test_observables_that_adjoint_would_make_dense_are_refused() -> None:
    """2 · 16 · 4^k bytes for k qubits that are read, however many there are."""
    adjoint = {"device": "default.qubit", "diff": "adjoint"}
    assert BACKEND.objections(reading(*range(5, 19)), adjoint) == ()
    (diagnostic,) = BACKEND.objections(reading(*range(5, 20)), adjoint)
    assert diagnostic.code == "E0776"
    assert "15 qubits that are measured: 32.0 GiB, the limit is 8.0 GiB" in diagnostic.headline
    assert refusal(reading(*range(5, 20)), **adjoint).exit_code == 1
    for other in ({"device": "lightning.qubit", "diff": "adjoint"}, {"diff": "backprop"}, {"diff": "parameter_shift"}):
        assert BACKEND.objections(reading(*range(5, 20)), {"device": "default.qubit"} | other) == ()


NO_GPU = pytest.mark.skipif("lightning.gpu" in devices.installed(), reason="lightning.gpu is installed here")


@NO_GPU
def test_lightning_gpu_where_it_is_not_installed_says_what_to_type() -> None:
    refused = refusal(device="lightning.gpu")
    assert refused.exit_code == 3
    assert refused.diagnostics[0].code == "E0771"
    assert "pip install pennylane-lightning-gpu" in refused.diagnostics[0].help


@pytest.mark.parametrize(
    ("device", "words"),
    [("lightning.qbit", 'did you mean `device: "lightning.qubit"`'), ("zzz", "`lightning.qubit`")],
)
def test_unknown_devices_are_refused_with_those_that_are_there(device: str, words: str) -> None:
    refused = refusal(device=device)
    assert refused.exit_code == 3
    assert refused.diagnostics[0].code == "E0771"
    assert words in refused.diagnostics[0].help


@pytest.mark.parametrize("device", ["null.qubit", "default.gaussian", "default.qutrit.mixed"])
def test_devices_that_compute_something_else_are_not_used(device: str) -> None:
    refused = refusal(device=device)
    assert refused.exit_code == 3
    assert refused.diagnostics[0].code == "E0772"
    assert "\n" not in refused.diagnostics[0].headline


def plugin(name: str, answer: Any) -> type:
    """A PennyLane device of somebody else's: `default.qubit` with something done to its results."""

    class Plugin(qml.devices.DefaultQubit):
        @property
        def name(self) -> str:
            return name

        def execute(self, circuits: Any, execution_config: Any = None) -> Any:
            results = super().execute(circuits, execution_config)
            return tuple(tuple(answer(part) for part in result) if isinstance(result, tuple) else answer(result)
                         for result in results)  # fmt: skip

    return Plugin


@pytest.mark.parametrize(("factor", "fine"), [(1.0, True), (1.0 + 1e-7, False), (float("nan"), False)])
def test_a_plugin_is_used_exactly_when_its_numbers_are_right(
    factor: float, fine: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hqnn_dsl.backends.pennylane.executable as room

    name = f"acme.{factor}"
    monkeypatch.setattr(devices, "installed", lambda: ("default.qubit", name))
    true_device = qml.device
    made = plugin(name, lambda part: part * factor)
    monkeypatch.setattr(
        room.qml, "device", lambda asked, **told: made(**told) if asked == name else true_device(asked, **told)
    )
    if not fine:
        assert refusal(device=name).diagnostics[0].code == "E0772"
        return
    run = BACKEND.load(small(), {"device": name}, 0)
    assert run.metadata["diff"] == "parameter_shift"
    truth = offered()["reference"].load(small(), {"precision": "double"}, 0)
    given = torch.tensor([[0.3], [0.4]], dtype=torch.float64), torch.tensor([0.7], dtype=torch.float64), None
    np.testing.assert_allclose(run(*given), truth(*given), rtol=0, atol=1e-12)


def test_without_pennylane_it_is_refused_and_doctor_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.importlib.util, "find_spec", lambda name: None)
    refused = refusal()
    assert refused.exit_code == 3
    assert refused.diagnostics[0].code == "E0770"
    assert "pip install 'hqnn-dsl[pennylane]'" in refused.diagnostics[0].help
    assert BACKEND.probe().startswith("not installed")


def test_a_pennylane_that_cannot_be_imported_is_refused() -> None:
    """In a process of its own, where the package is found and its import fails."""
    code = (
        "import sys; sys.modules['pennylane'] = None\n"
        "import importlib.util; importlib.util.find_spec = lambda name, *rest: name\n"
        "from hqnn_dsl.backends import offered\nfrom hqnn_dsl.diagnostics.diagnostic import Refusal\n"
        "from hqnn_dsl.circuit.ir import Circuit, Probabilities\n"
        "try:\n    offered()['pennylane'].load(Circuit(1, (), (), (Probabilities((0,)),)), {}, 0)\n"
        "except Refusal as refusal:\n    print(refusal.exit_code, refusal)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("3 error[E0770]: `backend pennylane` needs PennyLane, which cannot be imported")


def test_doctors_line_names_the_devices_and_imports_nothing() -> None:
    code = (
        "import sys; from hqnn_dsl.backends import offered; print(offered()['pennylane'].probe())\n"
        "print(sorted({'pennylane', 'torch'} & set(sys.modules)))"
    )
    line, heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert line.startswith(
        f"ready, PennyLane {importlib.metadata.version('pennylane')} with default.mixed, default.qubit"
    )
    assert "lightning.qubit" in line
    assert heavy == "[]"


SPEC = """hqnn 1
model small {{
  data {{ target y }}
  encoder {{ dense(2); tanh * pi }}
  circuit on 2 qubits {{ feature_map angle(); ansatz real_amplitudes(reps: 1); measure z }}
  decoder {{ dense }}
  train {{ seed 7; batch 4; device cpu }}
  backend pennylane({options})
}}
"""


@pytest.mark.parametrize("options", ["", 'device: "lightning.qubit", diff: adjoint, precision: single'])
def test_specs_name_devices_in_quotes(options: str) -> None:
    program = pipeline.program(Source("spec", SPEC.format(options=options)))
    layer = program.quantum_layer(seed=1)
    native = program.quantum_layer("reference(precision: double)", seed=1)
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x), native(x), rtol=0, atol=1e-5)
    again = pipeline.program(Source("resolved", program.resolved))
    assert again.spec.backend == program.spec.backend


def test_auto_does_not_try_it() -> None:
    assert not BACKEND.is_quick
    assert BACKEND.is_exact({})


def test_pennylane_is_not_imported_by_checking() -> None:
    code = (
        "import sys; from hqnn_dsl import pipeline; from hqnn_dsl.diagnostics.source import Source\n"
        f"pipeline.check(Source('s', {SPEC.format(options='')!r}))\n"
        "print(sorted({'pennylane', 'torch', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("diff", ["adjoint", "parameter_shift", "backprop"])
@pytest.mark.parametrize(
    "given", ["1.2, v[0], -0.8", "v[0], 1.2, 0.3", "0.4, 0.1, v[0]", "0.4, 0.1, -0.8", "v[0], v[1], v[0]"]
)
def test_gradients_beside_a_gate_of_three_angles(diff: str, given: str) -> None:
    """Central differences of PennyLane's own numbers for its own `U3`."""
    program = hqnn.compile_text(
        "hqnn 1\nmodel m { circuit on 1 qubits { "
        f"input v[2]; ry(2 ** v[0]) 0; u({given}) 0; rx(v[1]) 0; measure z }} }}"
    )
    layer = program.quantum_layer(f"pennylane(diff: {diff})", precision="double")

    @qml.qnode(qml.device("default.qubit", wires=1))
    def node(v):
        qml.RY(2 ** v[0], wires=0)
        qml.U3(*eval(given, {"v": v}), wires=0)
        qml.RX(v[1], wires=0)
        return qml.expval(qml.Z(0))

    point, step = np.array([0.7, -0.4]), 1e-5
    slopes = [(node(point + d) - node(point - d)) / (2 * step) for d in step * np.eye(2)]
    inputs = torch.tensor(point[None], requires_grad=True)
    layer(inputs).sum().backward()
    assert inputs.grad is not None
    np.testing.assert_allclose(inputs.grad.numpy()[0], slopes, atol=1e-8)
