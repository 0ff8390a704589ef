"""Everyone trains the same network: equal losses are checked before timing, and the page gives ratios and reasons."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Statevector

from benchmarks.measure import Effort
from benchmarks.page import page
from benchmarks.peers.qnn import circuit_of
from benchmarks.processes import PeerFailed
from benchmarks.training import BY_NAME, CONTESTANTS, hqnn_compiled, hqnn_loop, pennylane_loop, rounds
from benchmarks.training.networks import CIRCUIT_PLACE, NETWORKS, STEPS, order_of, rows_of, spec_of, start_of
from benchmarks.training.rounds import APART, CHECKED, Run, Trainers, apart, summary
from benchmarks.training.section import section
from benchmarks.workloads import Workload

SMALL = {family: Workload(family, 2, 3) for family in ("ra", "zz")}


def first_loss(network):
    """The loss on the first batch with the starting weights, by NumPy and Qiskit's states."""
    rows, start, order = rows_of(network), start_of(network).all, order_of(network, 0)
    circuit, inputs, weights = circuit_of(network)
    signs = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]])  # Qiskit has qubit 0 in the lowest bit
    w1, b1, w2, b2, turns, w3, b3 = start
    picked = order[: network.batch]
    hidden = rows.features[picked] @ w1.T + b1
    angles = np.tanh(hidden / (1 + np.exp(-hidden)) @ w2.T + b2) * np.pi
    states = [Statevector(circuit.assign_parameters({inputs: row, weights: turns})) for row in angles]
    values = np.array([state.probabilities() @ signs for state in states])
    return ((values @ w3.T + b3 - rows.targets[picked]) ** 2).mean()


@pytest.mark.parametrize("family", SMALL)
def test_our_loop_and_pennylane_s_have_the_losses_of_the_reference(family):
    network = SMALL[family]
    double, order = hqnn_loop.truth(network), order_of(network, 0)
    right, again = double.epoch(order), double.epoch(order)
    assert right[0] == pytest.approx(first_loss(network), rel=1e-9)
    assert right.shape == (STEPS,)
    assert abs(again[0] - right[0]) > 0.1 * right[0]
    for module, name in ((hqnn_loop, "loop"), (pennylane_loop, "pennylane-torch"), (hqnn_compiled, "compiled")):
        trainer = module.PREPARE[name](network)
        assert apart(trainer.epoch(order).tolist(), right.tolist()) < APART
        assert trainer.epoch(order)[0] == pytest.approx(again[0], rel=0.03), name


def test_the_decay_spares_the_circuit():
    net, settings = hqnn_loop.built(SMALL["ra"], "double", "reference(precision: double)")
    groups = hqnn_loop.training_of(SMALL["ra"], "double", "reference(precision: double)").optimizer.param_groups
    assert [group["weight_decay"] for group in groups] == [settings.optimizer.options["weight_decay"], 0.0]
    circuit = list(net.parameters())[CIRCUIT_PLACE]
    assert torch.equal(circuit.flatten(), torch.tensor(start_of(SMALL["ra"]).circuit))


def test_networks_and_numbers_are_the_same_each_time():
    for network in NETWORKS:
        assert f"circuit on {network.num_qubits} qubits" in spec_of(network, "single")
    first, second = rows_of(NETWORKS[0]), rows_of(NETWORKS[0])
    assert np.array_equal(first.targets, second.targets)
    assert first.features.shape == (STEPS * NETWORKS[0].batch, 6)
    assert abs(first.targets.mean()) < 1e-6
    assert sorted(order_of(NETWORKS[0], 3)) == list(range(STEPS * NETWORKS[0].batch))
    assert not np.array_equal(order_of(NETWORKS[0], 3), order_of(NETWORKS[0], 4))


def test_losses_are_compared_over_the_first_steps():
    right = [1.0] * STEPS
    assert apart([1.0] * (CHECKED - 1) + [1.5] + [1.0] * (STEPS - CHECKED), right) == pytest.approx(0.5)
    assert apart([1.0] * CHECKED + [9.0] * (STEPS - CHECKED), right) == 0
    assert apart([1.0], right) == float("inf")
    assert apart([float("nan")] * STEPS, right) == float("inf")


@pytest.fixture(scope="module")
def trainers(tmp_path_factory):
    path = tmp_path_factory.mktemp("training") / "log"
    with path.open("wb") as log, Trainers(log) as running:
        yield running


def test_contestants_of_our_environment_are_timed_in_turns(trainers, monkeypatch):
    monkeypatch.setattr(rounds, "THREADS", (1,))
    monkeypatch.setattr(rounds, "SHARE_TURNS", 2)
    found = rounds.measure(SMALL["ra"], ["loop", "compiled"], trainers, Effort(rounds=2, turn=0.005))
    assert list(found["contestants"]) == ["compiled", "loop"]
    for kept in found["contestants"].values():
        assert not kept["reason"]
        assert kept["apart"] < 1e-4
        assert set(kept["by_threads"]) == {"1"}
        assert 0 < kept["least"] <= kept["median"]
    assert set(found["shares"]) == {"circuit", "layers", "optimizer", "rest"}
    assert all(seconds >= 0 for seconds in found["shares"].values())
    assert trainers.versions["loop"]["torch"]


def test_wrong_losses_are_not_timed(trainers, monkeypatch):
    monkeypatch.setattr(rounds, "THREADS", (1,))
    monkeypatch.setattr(rounds, "APART", 1e-30)
    found = rounds.measure(SMALL["ra"], ["loop"], trainers, Effort(rounds=1, turn=0.005))["contestants"]["loop"]
    assert found["reason"].startswith("wrong losses")
    assert found["median"] is None


def test_the_better_number_of_threads_counts():
    one, two = (Run(BY_NAME["loop"], threads, first=1.0, apart=0.0) for threads in (1, 2))
    one.seconds, two.seconds = [STEPS * 4.0, STEPS * 1.0, STEPS * 2.0], [STEPS * 3.0]
    found = summary([one, two])
    assert (found["threads"], found["median"], found["least"], found["epochs"]) == (1, 2.0, 1.0, 3)
    one.reason = str(PeerFailed("it has ended"))
    assert summary([one, two])["threads"] == 2
    two.reason = "so has this"
    assert summary([one, two]) == {"reason": "it has ended", "median": None}


@pytest.fixture
def training():
    row = {"reason": "", "median": 1e-3, "least": 5e-4, "epochs": 9, "threads": 1, "first": 1.0, "apart": 1e-7}
    rows = {one.name: copy.deepcopy(row) for one in CONTESTANTS}
    rows["compiled"] |= {"median": 1e-5, "least": 8e-6}
    rows["tc-scan"] |= {"median": 1e-4, "least": 9.6e-5, "threads": 2}
    rows["pennylane-scan"] = {"reason": "prepare took more than 300 s", "median": None}
    shares = {"circuit": 6e-6, "layers": 2e-6, "optimizer": 1e-6, "rest": 1e-6}
    return {
        "networks": {NETWORKS[0].name: {"contestants": rows, "shares": shares}},
        "versions": {"tc-scan": {"jax": "1.0"}},
        "date": "2026-01-01",
    }


def test_the_section_compares_with_the_fastest(training):
    text = section(training)
    assert "| (4, 16) RA | 10 × (TensorCircuit-NG, JAX, an epoch under lax.scan) | 12 ×" in text
    assert "| hqnn, torch loop | 100 (62.5) |" in text
    assert "| (4, 16) RA | 6 (60 %) | 2 (20 %) | 1 (10 %) | 1 (10 %) |" in text
    assert f"PennyLane, JAX, an epoch under lax.scan, {NETWORKS[0].name}: prepare took more than 300 s" in text
    training["networks"][NETWORKS[0].name]["contestants"].pop("compiled")
    assert "| hqnn, torch loop | 10 (5.21) |" in section(training)


def test_the_page_has_the_section(training):
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0, "python": "3.11.7", "system": "Linux"}
    workloads = {"ra:4x64": {"date": "2026-01-01", "peers": {}}}
    results = {"machine": machine, "workloads": workloads, "versions": {}, "commands": ["none"]}
    assert "## A whole training step\n\nNot measured in this run." in page(results)
    assert section(training) in page(results | {"training": training})
