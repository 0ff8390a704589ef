"""Aer behind EstimatorQNN against the reference: values, gradients, and what is refused where it cannot run."""

from __future__ import annotations

import importlib.metadata
import pickle
from typing import Any

import conformance
import numpy as np
import pytest
import torch
from circuits_random import ANGLES_OF, Case, random_case

from hqnn_dsl.backends.aer import backend as aer
from hqnn_dsl.backends.aer import installation
from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.backends.reference import backend as reference
from hqnn_dsl.circuit.angles import Const, InputRef, WeightRef
from hqnn_dsl.circuit.ir import (
    AmplitudeInput,
    Circuit,
    Observable,
    Operation,
    PauliTerm,
    Probabilities,
    WeightTensor,
    verify,
)
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning
from hqnn_dsl.network.quantum import QuantumLayer

qiskit_aer = pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")


QNN = {"method": "estimator_qnn"}


def given(case: Case, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    return (
        torch.tensor(case.per_sample, dtype=dtype).requires_grad_(),
        torch.tensor(case.shared, dtype=dtype).requires_grad_(),
    )


def hold(circuit: Circuit, per_sample: torch.Tensor, shared: torch.Tensor, precision: str = "double") -> None:
    """Values within 1e-6 and gradients within 1e-5 of the reference; far closer in double precision."""
    truth = reference.BACKEND.load(circuit, {"precision": "double"}, 0)
    run = BACKEND.load(circuit, QNN | {"precision": precision}, 0)
    upstream = torch.randn(per_sample.shape[0], circuit.num_outputs, generator=torch.Generator().manual_seed(0))
    found = []
    for executable in (truth, run):
        out = executable(per_sample, shared, None)
        loss = (out * upstream).sum() + 0 * (per_sample.sum() + shared.sum())
        gradients = torch.autograd.grad(loss, (per_sample, shared))
        found.append((out.detach(), *gradients))
    assert found[1][0].dtype == (torch.float64 if precision == "double" else torch.float32)
    tolerances = (1e-12, 1e-10, 1e-10) if precision == "double" else (1e-6, 1e-5, 1e-5)
    for expected, got, tolerance in zip(*found, tolerances, strict=True):
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("gate", [*ANGLES_OF, "pauli_rot"])
def test_every_gate_has_the_values_and_gradients_of_the_reference(gate: str) -> None:
    """Once fed by inputs and once by weights, between gates that leave no gradient zero."""
    num_qubits, num_angles = ANGLES_OF.get(gate, (2, 1))
    pauli = "YX" if gate == "pauli_rot" else ""
    k = num_angles
    operations = (
        Operation("ry", (0,), (2 * k,)),
        Operation(gate, (2, 0, 1)[:num_qubits], tuple(range(k)), pauli),
        Operation("rx", (1,), (2 * k + 1,)),
        Operation("cx", (1, 2)),
        Operation(gate, (0, 1, 2)[:num_qubits], tuple(range(k, 2 * k)), pauli),
    )
    circuit = verify(
        Circuit(
            num_qubits=3,
            operations=operations,
            slots=(*map(InputRef, range(k)), *map(WeightRef, range(k)), InputRef(k), WeightRef(k)),
            measurements=(
                Observable((PauliTerm(0.8, ((0, "y"), (1, "x"))), PauliTerm(-0.3, ((2, "z"),)))),
                Probabilities((1, 0)),
            ),
            num_inputs=k + 1,
            weights=(WeightTensor("w", (k + 1,), 0),),
        )
    )
    generator = torch.Generator().manual_seed(2)
    per_sample = torch.randn(2, k + 1, dtype=torch.float64, generator=generator).requires_grad_()
    shared = torch.randn(k + 1, dtype=torch.float64, generator=generator).requires_grad_()
    hold(circuit, per_sample, shared)


@pytest.mark.parametrize("seed", range(6))
def test_random_circuits_agree_with_the_reference(seed: int) -> None:
    case = random_case(seed, batch=1 + seed % 2, max_qubits=4, max_operations=7, amplitude=False, probabilities=False)
    hold(case.circuit, *given(case), precision="single" if seed % 3 == 0 else "double")


def small(**changes: Any) -> Circuit:
    fields = {
        "num_qubits": 2,
        "operations": (Operation("rx", (0,), (0,)), Operation("ry", (0,), (1,)), Operation("cx", (0, 1))),
        "slots": (InputRef(0), WeightRef(0)),
        "measurements": (Observable((PauliTerm(1.0, ((1, "z"),)),)), Observable((PauliTerm(1.0, ((0, "x"),)),))),
        "num_inputs": 1,
        "weights": (WeightTensor("w", (1,), 0),),
    }
    return verify(Circuit(**(fields | changes)))


def test_slots_beyond_ten_keep_their_order() -> None:
    """Names sort `slot[10]` before `slot[2]`."""
    count = 12
    circuit = small(
        operations=tuple(Operation("rx" if k % 3 else "ry", (k % 2,), (k,)) for k in range(2 * count)),
        slots=tuple(InputRef(k // 2) if k % 2 else WeightRef(k // 2) for k in range(2 * count)),
        num_inputs=count,
        weights=(WeightTensor("w", (count,), 0),),
    )
    generator = torch.Generator().manual_seed(1)
    per_sample = torch.randn(1, count, dtype=torch.float64, generator=generator).requires_grad_()
    shared = torch.randn(count, dtype=torch.float64, generator=generator).requires_grad_()
    hold(circuit, per_sample, shared)


@pytest.mark.parametrize("batch", [0, 1, 3])
@pytest.mark.parametrize("slots", [(Const(0.3), WeightRef(0)), (InputRef(0), Const(0.2)), (Const(0.1), Const(0.2))])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_empty_batches_and_missing_kinds_of_angles(batch: int, slots: tuple[Any, ...], precision: str) -> None:
    circuit = small(slots=slots)
    width = sum(isinstance(slot, InputRef) for slot in slots)
    per_sample = torch.full((batch, width), 0.4, dtype=torch.float64, requires_grad=True)
    shared = torch.full((len(circuit.shared_slots),), 0.7, dtype=torch.float64, requires_grad=True)
    hold(circuit, per_sample, shared, precision)


def test_a_slot_that_turns_only_the_phase_has_gradient_zero() -> None:
    """The identity as a Pauli product: Qiskit drops it, and with it the parameter."""
    circuit = small(
        operations=(Operation("pauli_rot", (0,), (0,), "I"), Operation("ry", (0,), (1,))),
        slots=(InputRef(0), WeightRef(0)),
    )
    hold(
        circuit,
        torch.tensor([[0.3]], dtype=torch.float64, requires_grad=True),
        torch.tensor([0.4], dtype=torch.float64, requires_grad=True),
    )


def test_input_gradients_are_computed_exactly_when_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backward runs two circuits an angle, row and output: those of the inputs only where an encoder trains."""
    submitted = []
    true_run = qiskit_aer.primitives.EstimatorV2.run

    def counted(self: Any, pubs: Any, **options: Any) -> Any:
        pubs = list(pubs)
        submitted.append(len(pubs))
        return true_run(self, pubs, **options)

    monkeypatch.setattr(qiskit_aer.primitives.EstimatorV2, "run", counted)
    run = BACKEND.load(small(), QNN, 0)
    weights = torch.tensor([0.5], requires_grad=True)
    counts = []
    for wanted in (False, True):
        inputs = torch.tensor([[0.1], [0.2]], requires_grad=wanted)
        submitted.clear()
        out = run(inputs, weights, None)
        with torch.no_grad():
            run(inputs, weights, None)
        out.sum().backward()
        counts.append(list(submitted))
        assert (inputs.grad is not None) == wanted
    assert counts == [[2, 2, 2 * 2 * 2], [2, 2, 2 * 2 * 2 * 2]]


def test_a_layer_trains_through_torch_connector() -> None:
    from qiskit_machine_learning.connectors import TorchConnector

    for precision in ("single", "double"):
        circuit = small()
        run = BACKEND.load(circuit, QNN | {"precision": precision}, 0)
        assert all(isinstance(connector, TorchConnector) for connector in run.connectors.values())
        layer = QuantumLayer(circuit, run, precision=precision, seed=1)
        net = torch.nn.Sequential(torch.nn.Linear(3, 1), layer, torch.nn.Linear(2, 1))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
        losses = []
        for _ in range(8):
            optimizer.zero_grad()
            loss = (net(x) - 1).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < losses[0] / 2
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


@pytest.mark.parametrize("precision", ["double", "single"])
def test_second_derivatives_are_those_of_the_reference(precision: str) -> None:
    def load(circuit: Circuit, precision: str) -> Any:
        return BACKEND.load(circuit, QNN | {"precision": precision}, 0)

    chosen = [random_case(s, batch=2, max_qubits=2, max_operations=5, amplitude=False) for s in (3, 5)]
    conformance.assert_second_derivatives(load, chosen, precision)
    conformance.assert_residuals(load, precision)


def test_executables_pickle() -> None:
    case = random_case(5, batch=2, max_qubits=3, max_operations=5, amplitude=False)
    run = BACKEND.load(case.circuit, QNN, 0)
    assert torch.equal(pickle.loads(pickle.dumps(run))(*given(case), None), run(*given(case), None))
    assert run.metadata == {"method": "estimator_qnn", "device": "CPU", "precision": "double", "custatevec": False}


def refusal(**options: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        BACKEND.load(small(), options, 0)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.headline
    assert diagnostic.help
    return refused.value


def test_amplitudes_are_refused_with_the_reason() -> None:
    circuit = small(num_inputs=3, amplitude=AmplitudeInput((0,), 1))
    (diagnostic,) = BACKEND.objections(circuit, {})
    assert diagnostic.code == "E0713"
    assert "amplitude" in diagnostic.headline
    with pytest.raises(Refusal) as refused:
        BACKEND.load(circuit, {}, 0)
    assert refused.value.exit_code == 1


def test_custatevec_on_the_cpu_is_refused() -> None:
    assert refusal(device="cpu", custatevec=True).exit_code == 1


def test_too_wide_a_circuit_is_refused_before_anything_is_built() -> None:
    (diagnostic,) = BACKEND.objections(small(num_qubits=40), {})
    assert diagnostic.code == "E0711"


NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU: this is about machines without one")


@NO_GPU
@pytest.mark.parametrize("custatevec", [False, True])
def test_without_a_gpu_it_is_refused_and_never_runs_on_the_cpu(custatevec: bool) -> None:
    refused = refusal(device="gpu", custatevec=custatevec)
    assert refused.exit_code == 3
    assert refused.diagnostics[0].code in {"E0702", "E0703", "E0704", "E0705"}


@NO_GPU
def test_auto_takes_the_cpu_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(HQNNWarning, match="runs on the CPU: .{10}") as told:
        run = BACKEND.load(small(), {"device": "auto"}, 0)
    assert run.metadata["device"] == "CPU"
    assert [item.message.diagnostic.code for item in told] == ["E0708"]
    assert capsys.readouterr() == ("", "")


def outcome(monkeypatch: pytest.MonkeyPatch, result: Any, packages: tuple[str, ...] = ("qiskit-aer-gpu",)) -> None:
    """Let the one-qubit run answer, or raise, `result`, with these packages installed."""

    def run(options: Any) -> dict[str, Any]:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(installation, "run_one_qubit", run)
    owner = packages[-1] if packages else None
    monkeypatch.setattr(installation, "aer_state", lambda: installation.AerState(packages, owner))


@pytest.mark.parametrize(
    ("result", "packages", "code", "words"),
    [
        (ModuleNotFoundError("No module named 'qiskit_aer'"), (), "E0701", "pip install 'hqnn-dsl[gpu]'"),
        (RuntimeError('Simulation device "GPU" is not supported on this system'), ("qiskit-aer",), "E0702", "[gpu]"),
        (
            RuntimeError('Simulation device "GPU" is not supported on this system'),
            ("qiskit-aer-gpu", "qiskit-aer"),
            "E0703",
            "pip uninstall -y qiskit-aer-gpu qiskit-aer &&",
        ),
        (RuntimeError("No CUDA device available!"), ("qiskit-aer-gpu",), "E0704", "nvidia-smi"),
        (ImportError("libcusolver.so.11: cannot open shared object file"), ("qiskit-aer-gpu",), "E0705", "reinstall"),
        (ModuleNotFoundError("No module named 'qiskit_aer'"), ("qiskit-aer-gpu",), "E0705", "reinstall"),
        ({"device": "CPU"}, ("qiskit-aer-gpu",), "E0706", "reinstall"),
        ({"device": "GPU", "cuStateVec_enable": False}, ("qiskit-aer-gpu",), "E0706", "reinstall"),
    ],
)
def test_each_reason_for_no_gpu_has_its_words(
    monkeypatch: pytest.MonkeyPatch, result: Any, packages: tuple[str, ...], code: str, words: str
) -> None:
    outcome(monkeypatch, result, packages)
    refused = refusal(device="gpu", custatevec=True)
    assert refused.diagnostics[0].code == code
    assert words in refused.diagnostics[0].help
    assert refused.exit_code == 3


@pytest.mark.usefixtures("printed_notices")
def test_a_gpu_that_works_is_used(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the probe is replaced: what is handed to Aer says GPU, and cuStateVec exactly where it was asked for."""
    outcome(monkeypatch, {"device": "GPU", "cuStateVec_enable": True})
    for asked in ("gpu", "auto"):
        for custatevec in (False, True):
            run = BACKEND.load(small(), QNN | {"device": asked, "custatevec": custatevec}, 7)
            told = run.connectors[True].neural_network.estimator.options.backend_options
            assert told["device"] == "GPU"
            assert told.get("cuStateVec_enable", False) == custatevec
            assert told["seed_simulator"] == 7
            assert run.metadata["device"] == "GPU"
    assert capsys.readouterr().err.count("runs on the GPU") == 2


def test_precision_reaches_aer() -> None:
    for precision in ("single", "double"):
        run = BACKEND.load(small(), QNN | {"precision": precision}, 0)
        assert run.connectors[False].neural_network.estimator.options.backend_options["precision"] == precision


def test_aer_that_cannot_be_imported_is_refused_on_the_cpu_too(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome(monkeypatch, ModuleNotFoundError("No module named 'qiskit_aer'"), ())
    refused = refusal(device="cpu")
    assert refused.diagnostics[0].code == "E0701"
    assert "pip install 'hqnn-dsl[aer]'" in refused.diagnostics[0].help
    assert refused.exit_code == 3
    assert "not installed" in aer.probe()


def test_the_packages_on_disk_are_found() -> None:
    state = installation.aer_state()
    assert state.packages
    assert all(importlib.metadata.version(name) for name in state.packages)
    assert state.owner in state.packages
    assert state.is_conflict == (len(state.packages) > 1)


def test_doctors_line_says_what_is_here() -> None:
    line = BACKEND.probe()
    assert line.startswith("ready on the CPU")
    assert "GPU: " in line
