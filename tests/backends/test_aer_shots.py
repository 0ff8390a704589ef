"""Shots of Aer: mean and spread of values and gradients as theory has them, fresh chance each time, seeded."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from hqnn_dsl import pipeline
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.aer.backend import BACKEND
from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.catalog.gradients import GRADIENTS
from hqnn_dsl.catalog.noise import NOISES
from hqnn_dsl.circuit.angles import InputRef, WeightRef
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, PauliTerm, Probabilities, WeightTensor, verify
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.network.quantum import QuantumLayer
from hqnn_dsl.training.loop import Training

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("qiskit_aer", reason="Qiskit Aer is an optional part")

SHOTS, REPETITIONS = 4096, 200
NOISE = NOISES["depolarizing"].selected(p1=0.02, p2=0.05, readout=0.03)


def circuit(*, crossed: bool = True) -> Circuit:
    """Sums of Paulis, one observable twice, and probabilities; a weight that is used twice."""
    z0 = Observable((PauliTerm(1.0, ((0, "z"),)),))
    return verify(
        Circuit(
            num_qubits=2,
            operations=(
                Operation("ry", (0,), (0,)),
                Operation("crx" if crossed else "rzz", (0, 1), (1,)),
                Operation("ry", (1,), (2,)),
                Operation("cx", (1, 0)),
                Operation("rx", (0,), (3,)),
            ),
            slots=(InputRef(0), InputRef(1), WeightRef(0), WeightRef(0)),
            measurements=(
                z0,
                z0,
                Observable((PauliTerm(0.5, ((0, "x"), (1, "y"))), PauliTerm(-0.7, ((1, "z"),)), PauliTerm(2.0, ()))),
                Probabilities((1, 0)),
            ),
            num_inputs=2,
            weights=(WeightTensor("w", (1,), 0),),
        )
    )


INPUTS, WEIGHTS = torch.tensor([[0.8, 1.1]], dtype=torch.float64), torch.tensor([0.4, 0.4], dtype=torch.float64)


def variance_of(values: np.ndarray, shots: int) -> np.ndarray:
    """Variances `[R, M]` of the outputs of `circuit`, by the exact values of its outputs and of <XY> and <Z_1>."""
    p = values[:, 3:7]
    sum_terms = 0.25 * (1 - values[:, 7] ** 2) + 0.49 * (1 - values[:, 8] ** 2)
    z = 1 - values[:, 0] ** 2
    return np.column_stack([z, z, sum_terms, p * (1 - p)]) / shots


@dataclass(frozen=True)
class Theory:
    """Exact values, gradients `[M, angles]`, and the variances of both."""

    values: np.ndarray
    value_variances: np.ndarray
    gradients: np.ndarray
    gradient_variances: np.ndarray


def theory(noise: Any) -> Theory:
    """From exact values at shifted angles, by a circuit in which the controlled rotation is written out."""
    parts = verify(
        Circuit(
            num_qubits=2,
            operations=(
                Operation("ry", (0,), (0,)),
                Operation("rx", (1,), (1,)),
                Operation("rzx", (0, 1), (2,)),
                Operation("ry", (1,), (3,)),
                Operation("cx", (1, 0)),
                Operation("rx", (0,), (4,)),
            ),
            slots=tuple(InputRef(k) for k in range(5)),
            measurements=(
                *circuit().measurements,
                Observable((PauliTerm(1.0, ((0, "x"), (1, "y"))),)),
                Observable((PauliTerm(1.0, ((1, "z"),)),)),
            ),
            num_inputs=5,
        )
    )
    exact = BACKEND.load(parts, {"noise": noise}, 0)
    (x, y), (w, _) = INPUTS[0].tolist(), WEIGHTS.tolist()
    middle = np.array([x, y / 2, -y / 2, w, w])
    slopes = [[(0, 1.0)], [(1, 0.5), (2, -0.5)], [(3, 1.0)], [(4, 1.0)]]
    shifted = [middle]
    shifted += [middle + sign * np.pi / 2 * np.eye(5)[k] for k in range(5) for sign in (1, -1)]
    values = exact(torch.tensor(np.array(shifted)), torch.zeros(0, dtype=torch.float64), None).numpy()
    variances = variance_of(values, SHOTS)
    by_angle = [(values[1 + 2 * k] - values[2 + 2 * k])[:7] / 2 for k in range(5)]
    spread = [(variances[1 + 2 * k] + variances[2 + 2 * k]) / 4 for k in range(5)]
    return Theory(
        values[0, :7],
        variances[0],
        np.array([sum(f * by_angle[k] for k, f in slot) for slot in slopes]).T,
        np.array([sum(f * f * spread[k] for k, f in slot) for slot in slopes]).T,
    )


def hold(samples: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> None:
    """Mean and spread of `samples[R, …]` within 4 standard errors, each entry on its own."""
    count = len(samples)
    assert np.all(np.abs(samples.mean(0) - mean) <= 4 * np.sqrt(variance / count) + 1e-12)
    # Of these nearly normal numbers; the few outcomes of an improbable one only spread less.
    error = variance * np.sqrt(2 / (count - 1))
    assert np.all(np.abs(samples.var(0, ddof=1) - variance) <= 4 * error + 1e-12)


def repeated(noise: Any) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Outputs `[M]` and gradients `[M, angles]` of each repetition, one observable's gradient after the other."""
    run = BACKEND.load(circuit(), {"shots": SHOTS, "noise": noise}, 11)
    for _ in range(REPETITIONS):
        inputs, weights = INPUTS.clone().requires_grad_(), WEIGHTS.clone().requires_grad_()
        outputs = run(inputs, weights, None)
        found = [torch.autograd.grad(one, (inputs, weights), retain_graph=True) for one in outputs[0]]
        yield outputs[0].detach().numpy(), np.array([[*a[0].tolist(), *b.tolist()] for a, b in found])


@pytest.mark.parametrize("noise", [None, NOISE], ids=["ideal", "noisy"])
def test_values_and_gradients_spread_as_theory_says(noise: Any) -> None:
    """4,096 shots, 200 repetitions, every observable, and every angle's gradient of it, on its own."""
    expected = theory(noise)
    outputs, gradients = map(np.array, zip(*repeated(noise), strict=True))
    hold(outputs, expected.values, expected.value_variances)
    hold(gradients, expected.gradients, expected.gradient_variances)
    assert np.abs(expected.gradients).max(0).min() > 0.05, "no angle is without a gradient here"
    # Two outputs that are the same observable are drawn apart, and the chances of the outcomes add up to one.
    assert abs(np.corrcoef(outputs[:, 0], outputs[:, 1])[0, 1]) < 4 / np.sqrt(REPETITIONS)
    np.testing.assert_allclose(outputs[:, 3:].sum(axis=1), 1, atol=1e-12)


def test_rows_of_one_call_are_drawn_apart() -> None:
    run = BACKEND.load(circuit(), {"shots": SHOTS}, 5)
    outputs = run(INPUTS.repeat(REPETITIONS, 1), WEIGHTS, None).numpy()
    expected = theory(None)
    hold(outputs, expected.values, expected.value_variances)


def test_a_circuit_without_inputs_draws_every_row() -> None:
    bare = verify(
        Circuit(
            num_qubits=1,
            operations=(Operation("h", (0,)),),
            slots=(),
            measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),),
        )
    )
    nothing = torch.zeros(300, 0, dtype=torch.float64)
    for simulation, noise in ((SIMULATIONS["exact"], None), (SIMULATIONS["trajectories"], NOISE)):
        options = {"shots": 64, "noise": noise, "simulation": simulation.selected()}
        outputs = BACKEND.load(bare, options, 5)(nothing, torch.zeros(0, dtype=torch.float64), None).numpy()
        hold(outputs, np.zeros(1), np.array([1 / 64]))


@pytest.mark.parametrize("gradient", ["parameter_shift", "spsa"])
def test_a_seed_repeats_a_run_and_another_does_not(gradient: str) -> None:
    def run(seed: int, *, pickled: bool = False) -> list[torch.Tensor]:
        options = {"shots": 100, "noise": NOISE, "gradient": GRADIENTS[gradient].selected()}
        executable = BACKEND.load(circuit(), options, seed)
        executable = pickle.loads(pickle.dumps(executable)) if pickled else executable
        found = []
        for _ in range(2):
            inputs = INPUTS.clone().requires_grad_()
            outputs = executable(inputs, WEIGHTS, None)
            outputs.sum().backward()
            found += [outputs.detach(), inputs.grad]
        return found

    first = run(1)
    assert all(torch.equal(a, b) for a, b in zip(first, run(1), strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first, run(1, pickled=True), strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, run(2), strict=True))
    assert not torch.equal(first[0], first[2]), "each call has chance of its own"
    assert not torch.equal(first[1], first[3])


def test_trajectories_measure_what_the_density_matrix_says() -> None:
    """Real measurements under random errors, against draws from exact noisy values: mean and spread."""
    trajectories = SIMULATIONS["trajectories"].selected()
    shots, rows = 128, 50
    run = BACKEND.load(circuit(), {"shots": shots, "noise": NOISE, "simulation": trajectories}, 3)
    outputs = run(INPUTS.repeat(rows, 1), WEIGHTS, None).numpy()
    expected = theory(NOISE)
    hold(outputs, expected.values, expected.value_variances * SHOTS / shots)
    assert run.metadata["simulation"] == "statevector"
    assert abs(np.corrcoef(outputs[:, 0], outputs[:, 1])[0, 1]) < 4 / np.sqrt(rows)
    np.testing.assert_allclose(outputs[:, 3:].sum(axis=1), 1, atol=1e-12)


def test_a_wide_noisy_circuit_runs_trajectories_by_itself() -> None:
    wide = verify(
        Circuit(
            num_qubits=13,
            operations=(Operation("ry", (0,), (0,)), *(Operation("cx", (q, q + 1)) for q in range(12))),
            slots=(InputRef(0),),
            measurements=(Observable((PauliTerm(1.0, ((12, "z"),)),)),),
            num_inputs=1,
        )
    )
    noise = NOISES["depolarizing"].selected(p2=0.02)
    (refused,) = BACKEND.objections(wide, {"noise": noise})
    assert "density matrix" in refused.headline
    run = BACKEND.load(wide, {"noise": noise, "shots": 400}, 0)
    found = run(torch.tensor([[0.5]], dtype=torch.float64), torch.zeros(0, dtype=torch.float64), None).item()
    # Each cx lets Z through with 1 - p, and here every one of them is in front of the measured qubit.
    true = np.cos(0.5) * 0.98**12
    assert abs(found - true) <= 4 * np.sqrt((1 - true**2) / 400)
    assert run.metadata["simulation"] == "statevector"


@pytest.mark.parametrize("noise", [None, NOISE], ids=["ideal", "noisy"])
def test_spsa_means_the_gradient(noise: Any) -> None:
    """Exact values, a small step: the mean of many draws is the gradient, within 4 of its own standard errors."""
    spsa = GRADIENTS["spsa"].selected(samples=1, step=0.01)
    estimated = BACKEND.load(circuit(crossed=False), {"noise": noise, "gradient": spsa}, 1)
    shifted = BACKEND.load(circuit(crossed=False), {"noise": noise}, 1)
    upstream = torch.tensor([[1.0, 0.3, -0.5, 0.2, -1.0, 0.4, 0.1]], dtype=torch.float64)

    def gradients(run: Any, rows: int) -> list[torch.Tensor]:
        inputs, weights = INPUTS.repeat(rows, 1).requires_grad_(), WEIGHTS.clone().requires_grad_()
        return list(torch.autograd.grad((run(inputs, weights, None) * upstream).sum(), (inputs, weights)))

    rows = 2000
    by_input, by_weight = gradients(estimated, rows)
    true_input, true_weight = gradients(shifted, 1)
    spread = by_input.std(0) / np.sqrt(rows)
    assert ((by_input.mean(0) - true_input[0]).abs() <= 4 * spread + 1e-4).all()
    # The weights' estimate is a sum over the rows, of a spread that is like the inputs'.
    assert ((by_weight / rows - true_weight).abs() <= 4 * spread.max() + 1e-4).all()
    assert true_weight.abs().min() > 0.05


def test_spsa_takes_two_runs_a_draw_however_many_angles(monkeypatch: pytest.MonkeyPatch) -> None:
    from hqnn_dsl.backends.aer import simulation

    rows: list[int] = []
    true = simulation.Machine.run

    def counted(self: Any, built: Any, given: np.ndarray, *rest: Any, **options: Any) -> Any:
        rows.append(len(given))
        return true(self, built, given, *rest, **options)

    monkeypatch.setattr(simulation.Machine, "run", counted)
    run = BACKEND.load(circuit(), {"gradient": GRADIENTS["spsa"].selected(samples=3)}, 0)
    inputs = INPUTS.repeat(5, 1).requires_grad_()
    run(inputs, WEIGHTS.clone().requires_grad_(), None).sum().backward()
    assert rows == [5, 10, 10, 10]


SPEC = """hqnn 1
model m {
  encoder { dense(2); tanh }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { precision single; loss mse }
  backend aer(shots: 64, precision: single)
}
"""


def test_a_training_goes_on_with_the_chance_that_it_had() -> None:
    program = pipeline.program(Source("spec.hqnn", SPEC))

    def training() -> Training:
        return Training(program.network(3, 1), program.spec.train, torch.device("cpu"))

    rows = torch.linspace(-1, 1, 12).reshape(4, 3)

    def advance(one: Training, steps: int) -> list[float]:
        return [one.advance(rows, rows[:, :1]) for _ in range(steps)]

    whole, cut, later = training(), training(), training()
    expected = advance(whole, 4)
    first = advance(cut, 2)
    later.restore(copy.deepcopy(cut.snapshot()))
    assert first + advance(later, 2) == expected
    assert later.snapshot()["draws"] == 8


@pytest.mark.parametrize("gradient", ["parameter_shift", "spsa"])
def test_training_works_under_noise_and_shots(gradient: str) -> None:
    options = {"noise": NOISE, "shots": 1024, "gradient": GRADIENTS[gradient].selected(), "precision": "single"}
    logical = circuit()
    layer = QuantumLayer(logical, BACKEND.load(logical, options, 4), seed=1)
    exact = QuantumLayer(logical, offered()["reference"].load(logical, {"precision": "single"}, 0), seed=1)
    exact.load_state_dict(layer.state_dict())
    x = torch.linspace(0.2, 1.2, 12).reshape(6, 2)

    def loss(one: QuantumLayer) -> torch.Tensor:
        return (one(x)[:, 0] + 0.6).square().mean()

    before = loss(exact).item()
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(25):
        optimizer.zero_grad()
        loss(layer).backward()
        optimizer.step()
    exact.load_state_dict(layer.state_dict())
    assert loss(exact).item() < before / 2
