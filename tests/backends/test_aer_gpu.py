"""What Aer is told for a GPU and what is made of its report, on machines without one.

Aer runs on the CPU here and its report is rewritten: what a GPU computes is not tested by this.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from hqnn_dsl.backends.aer import installation
from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, WeightTensor, verify
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning

pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")

from hqnn_dsl.backends.aer import simulation

NOISE = NOISES["depolarizing"].selected(p1=0.01)
MATRIX_PRODUCT = SIMULATIONS["matrix_product_state"].selected()


def circuit(num_qubits: int = 3) -> Circuit:
    return verify(
        Circuit(
            num_qubits=num_qubits,
            operations=(Operation("ry", (0,), (0,)), Operation("ry", (1,), (1,)), Operation("cx", (0, 1))),
            slots=(InputRef(0), WeightRef(0)),
            measurements=(Observable((PauliTerm(1.0, ((1, "z"),)),)),),
            num_inputs=1,
            weights=(WeightTensor("w", (1,), 0),),
        )
    )


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The options of every simulator made, and what its reports say beside what they were told."""
    told: list[dict[str, Any]] = []
    said: dict[str, Any] = {}
    true = simulation.AerSimulator

    class Pretending:
        def __init__(self, **options: Any) -> None:
            told.append(options)
            plain = {key: value for key, value in options.items() if key not in GPU_ONLY}
            self.options, self.simulator = options, true(**plain, device="CPU")

        def run(self, circuits: Any, **given: Any) -> Any:
            result = self.simulator.run(circuits, **given).result()
            report = {"device": self.options["device"], "cuStateVec_enable": self.options["cuStateVec_enable"]}
            report["batched_shots_optimization"] = self.options["batched_shots_gpu"]
            for one in result.results:
                one.metadata |= report | said

            class Job:
                def result(self) -> Any:
                    return result

            return Job()

    monkeypatch.setattr(simulation, "AerSimulator", Pretending)
    monkeypatch.setattr(installation, "run_one_qubit", lambda options: {"device": "GPU", "cuStateVec_enable": True})
    return told, said


GPU_ONLY = {"device", "batched_shots_gpu", "cuStateVec_enable", "target_gpus", "blocking_enable", "blocking_qubits"}


def step(options: dict[str, Any], num_qubits: int = 3) -> Any:
    """One step on the pretended GPU; the executable."""
    run = BACKEND.load(circuit(num_qubits), {"device": "gpu"} | options, 0)
    inputs = torch.full((4, 1), 0.3, dtype=torch.float64, requires_grad=True)
    run(inputs, torch.tensor([0.5], dtype=torch.float64), None).sum().backward()
    return run


def test_by_default_one_gpu_runs_many_circuits_at_once(gpu: Any) -> None:
    told, _ = gpu
    run = step({"precision": "single"})
    assert len(told) == 2
    for options in told:
        assert options["device"] == "GPU"
        assert options["precision"] == "single"
        assert options["target_gpus"] == [0]
        assert options["batched_shots_gpu"] is True
        assert options["runtime_parameter_bind_enable"] is True
        assert options["cuStateVec_enable"] is False
    assert run.metadata["device"] == "GPU"
    assert run.metadata["batched_shots_optimization"] is True
    assert run.metadata["cuStateVec_enable"] is False


def test_custatevec_runs_one_after_the_other_and_says_what_that_costs(gpu: Any) -> None:
    told, _ = gpu
    with pytest.warns(HQNNWarning, match="one after the other.*many at once") as notes:
        run = step({"custatevec": True})
    assert [item.message.diagnostic.code for item in notes] == ["E0742"]
    for options in told:
        assert options["cuStateVec_enable"] is True
        assert options["batched_shots_gpu"] is False
        assert options["runtime_parameter_bind_enable"] is False
    assert run.metadata["custatevec"] is True
    assert run.metadata["cuStateVec_enable"] is True
    with warnings.catch_warnings():
        warnings.simplefilter("error", HQNNWarning)
        step({})


@pytest.mark.parametrize(
    ("options", "num_qubits", "expected"),
    [
        ({"batched_shots_gpu": False}, 3, {"batched_shots_gpu": False, "runtime_parameter_bind_enable": True}),
        ({"target_gpus": [1]}, 3, {"target_gpus": [1], "batched_shots_gpu": True}),
        ({}, 17, {"batched_shots_gpu": False}),
        ({"noise": NOISE}, 8, {"batched_shots_gpu": True, "method": "density_matrix"}),
        ({"noise": NOISE}, 9, {"batched_shots_gpu": False, "method": "density_matrix"}),
        (
            {"blocking_qubits": 2, "target_gpus": [0, 1]},
            3,
            {
                "blocking_enable": True,
                "blocking_qubits": 2,
                "target_gpus": [0, 1],
                "runtime_parameter_bind_enable": False,
                "batched_shots_gpu": False,
            },
        ),
    ],
)
def test_options_reach_aer(gpu: Any, options: dict[str, Any], num_qubits: int, expected: dict[str, Any]) -> None:
    told, _ = gpu
    run = BACKEND.load(circuit(num_qubits), {"device": "gpu"} | options, 0)
    found = run.settings.simulator_options()
    assert {name: found[name] for name in expected} == expected
    if num_qubits < 9:
        step(options, num_qubits)
        assert {name: told[-1][name] for name in expected} == expected


@pytest.mark.parametrize(
    ("said", "options", "words"),
    [
        ({"device": "CPU"}, {}, "`device: gpu`"),
        ({"cuStateVec_enable": False}, {"custatevec": True}, "`custatevec: true`"),
        ({"batched_shots_optimization": False}, {}, "`batched_shots_gpu`"),
    ],
)
def test_a_run_that_was_not_where_it_should_be_is_refused(
    gpu: Any, said: dict[str, Any], options: dict[str, Any], words: str
) -> None:
    gpu[1].update(said)
    with pytest.raises(Refusal) as refused:
        step(options)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0706"
    assert words in diagnostic.headline
    assert refused.value.exit_code == 3


def test_what_aer_breaks_off_is_refused_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self: Any, *given: Any, **options: Any) -> Any:
        raise RuntimeError("ERROR: cudaMalloc: out of memory")

    executable = BACKEND.load(circuit(), {}, 0)
    monkeypatch.setattr(simulation.AerSimulator, "run", run)
    with pytest.raises(Refusal) as refused:
        executable(torch.zeros(1, 1), torch.zeros(1), None)
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E0743"
    assert diagnostic.headline == "Aer could not finish a run: cudaMalloc: out of memory"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"batched_shots_gpu": True}, "E0740", "`device` is `cpu`"),
        ({"blocking_qubits": 2}, "E0740", "`device` is `cpu`"),
        ({"device": "gpu", "blocking_qubits": 3}, "E0740", "3 qubits"),
        ({"device": "gpu", "target_gpus": []}, "E0740", "empty"),
        ({"device": "gpu", "target_gpus": [0, 1]}, "E0741", "#2244"),
        ({"device": "gpu", "custatevec": True, "batched_shots_gpu": True}, "E0741", "switches cuStateVec off"),
        ({"device": "gpu", "blocking_qubits": 2, "batched_shots_gpu": True}, "E0741", "cut into pieces"),
        ({"device": "gpu", "simulation": MATRIX_PRODUCT}, "E0741", "CPU only"),
        ({"noise": NOISE, "simulation": MATRIX_PRODUCT}, "E0741", "density matrix"),
        ({"simulation": SIMULATIONS["trajectories"].selected(), "shots": 10}, "E0740", "`noise`"),
        ({"method": "estimator_qnn", "noise": NOISE}, "E0740", "exact"),
        ({"noise": NOISES["thermal"].selected(t1_us=1.0, t2_us=1.0, gate1_ns=0.0, gate2_ns=0.0)}, "E0740", "zero"),
    ],
)
def test_options_that_do_nothing_or_clash_are_refused(options: dict[str, Any], code: str, words: str) -> None:
    (diagnostic,) = BACKEND.objections(circuit(), options)
    assert diagnostic.code == code
    assert words in diagnostic.headline
    assert diagnostic.help


def test_many_at_once_is_refused_where_aer_does_not() -> None:
    (diagnostic,) = BACKEND.objections(circuit(17), {"device": "gpu", "batched_shots_gpu": True})
    assert diagnostic.code == "E0740"
    assert "up to 16 qubits" in diagnostic.headline
