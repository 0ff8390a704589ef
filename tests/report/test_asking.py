"""What the network of a run is asked for its page, against Qiskit, scikit-learn, and functions that are known."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp, Statevector
from sklearn.metrics import log_loss, r2_score

import hqnn
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.report import asking
from hqnn_dsl.report.exact import Forward
from hqnn_dsl.report.response import response_blocks
from hqnn_dsl.training.run_on_disk import load_run

SPEC = """hqnn 1
model asks {
  data { target TARGET; features *; split validation: 10, test: 30 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits {
    feature_map angle(); ansatz real_amplitudes(reps: 1); measure z[0], z[0] * z[1], probabilities(1)
  }
  decoder { dense }
  train { epochs 25; batch 16; device cpu; stop none; optimizer adamw(lr: 0.05) }
  backend reference
}
"""


def frame() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    a, unused = draw.normal(size=(2, 120))
    colour = draw.choice(["red", "green", "blue"], 120)
    days = pd.date_range("2024-01-01", periods=120).strftime("%Y-%m-%d")
    rest = {"colour": colour, "flag": draw.random(120) > 0.5, "day": draw.permutation(days)}
    targets = {"y": 3 * a + 0.3 * (colour == "red"), "kind": np.where(a > 0, "up", "down")}
    return pd.DataFrame({"a": a, "unused": unused, **rest, **targets})


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    for target, other in (("y", "kind"), ("kind", "y")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", hqnn.HQNNWarning)
            hqnn.train(SPEC.replace("TARGET", target), frame().drop(columns=other), folder / target, progress=False)
    return folder


def asked(runs, target):
    """What the page asks of a run with its test rows, and the run."""
    run = hqnn.open_run(runs / target)
    answers = asking.ask_run(runs / target, read_table(frame()))
    preparation = load_run(runs / target).preparation
    inputs = preparation.features.transform(read_table(frame()))[answers.rows]
    places = asking._places(preparation)
    return asking.Asked(Forward.of(run.net), preparation, places, inputs, answers.true), answers, run


def test_what_is_asked_are_the_test_rows_and_the_error_is_that_of_scikit_learn(runs):
    for target in ("y", "kind"):
        found, answers, run = asked(runs, target)
        rows = frame().iloc[run.preparation.parts.test]
        assert answers.title == "30 test rows"
        predicted = run.predict(rows)
        if target == "y":
            np.testing.assert_allclose(answers.predicted[:, 0], predicted["y"], rtol=1e-4, atol=1e-5)
            expected = 1 - r2_score(rows["y"], predicted["y"])
        else:
            shares = predicted[["kind_p_down", "kind_p_up"]].to_numpy()
            np.testing.assert_allclose(answers.predicted, shares, atol=1e-5)
            expected = log_loss(rows["kind"], shares, labels=["down", "up"])
        assert asking.error(found, found.predict(found.inputs), found.true) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("target", ["y", "kind"])
def test_the_column_that_tells_most_is_the_most_important(runs, target):
    _, answers, _ = asked(runs, target)
    means = answers.importance.mean(axis=1)
    assert [column.name for column in answers.columns] == ["a", "unused", "colour", "flag", "day"]
    assert answers.order()[0] == means.argmax() == 0
    assert means[0] > 5 * np.abs(means[1:]).max()


class Known:
    """A network that is its first input."""

    work = 1

    def __call__(self, inputs):
        return inputs, inputs[:, :1]


def test_importance_of_a_known_function_is_twice_its_variance(runs):
    """E[(f(x') - f(x))²] = 2 Var f(x) for independent x', x: 2 in units of the target's variance if f is the target."""
    found, _, _ = asked(runs, "y")
    values = np.random.default_rng(0).normal(size=(30, found.inputs.shape[1]))
    true = found.preparation.target.invert(values[:, :1])
    falls = asking.importance(asking.Asked(Known(), found.preparation, found.places, values, true))
    assert falls[0].mean() == pytest.approx(2, rel=0.4)
    np.testing.assert_allclose(falls[1:], 0, atol=1e-12)


def test_a_response_is_the_mean_prediction_with_the_cells_of_one_column_replaced(runs):
    found, _, run = asked(runs, "y")
    table_rows = frame().iloc[run.preparation.parts.test].reset_index(drop=True)
    for place, name in ((0, "a"), (2, "colour"), (4, "day")):
        means = asking.response(found, place, [3, 7])[1].mean(axis=1)[:, 0]
        for mean, giver in zip(means, (3, 7), strict=True):
            changed = table_rows.assign(**{name: table_rows[name][giver]})
            assert mean == pytest.approx(run.predict(changed)["y"].mean(), rel=1e-4, abs=1e-5)


def test_the_circuit_answers_as_qiskit_says(runs):
    """The outputs of the circuit over a column are means of Qiskit's expectation values at the encoder's angles."""
    found, answers, run = asked(runs, "y")
    assert answers.observables == ("<Z0>", "<Z0 Z1>", "P(0) of q[1]", "P(1) of q[1]")
    place = next(one for one in answers.responses if one.column == 0)
    program = load_run(runs / "y").program()
    giver = int(np.flatnonzero(answers.columns[0].numbers == place.values[0])[0])
    inputs = found.inputs.copy()
    inputs[:, found.places[0]] = inputs[giver, found.places[0]]
    with torch.no_grad():
        angles = run.net.encode(torch.from_numpy(inputs).to(run.net.dtype)).double().numpy()
        weights = torch.cat([one.reshape(-1) for one in run.net.circuit.parameters()]).double().numpy()
    circuit, zero = program.circuit, SparsePauliOp.from_list([("II", 0.5), ("ZI", 0.5)])
    operators = [SparsePauliOp("IZ"), SparsePauliOp("ZZ"), zero, SparsePauliOp("II") - zero]
    expected = np.zeros(4)
    for row in angles:
        values = named_values(circuit, row, weights)
        state = Statevector(circuit.assign_parameters(values))
        expected += [state.expectation_value(operator).real / len(angles) for operator in operators]
    np.testing.assert_allclose(place.observables[0], expected, atol=2e-6)


def named_values(circuit, inputs, weights):
    """The values of a circuit's parameters: inputs are `x[…]`, weights are in the order of their tensors."""
    rest = [one for one in circuit.parameters if not one.name.startswith("x[")]
    values = {one: inputs[int(one.name[2:-1])] for one in circuit.parameters if one.name.startswith("x[")}
    return values | dict(zip(rest, weights, strict=True))


def test_another_backend_is_replaced_by_native_and_left_as_it_is(runs):
    run = hqnn.open_run(runs / "y")
    before = run.net.circuit.executable
    forward = Forward.of(run.net)
    assert forward.is_exact
    assert type(forward.net.circuit.executable) is NativeExecutable
    assert run.net.circuit.executable is before
    assert asking.ask_run(runs / "y", read_table(frame())).notes == (
        "The backend native answers here, exactly; the run's own is reference.",
    )
    native = hqnn.open_run(runs / "y", {"backend": "native"}).net
    assert Forward.of(native).net is native


def test_rows_that_fill_a_block_up_change_nothing(runs):
    found, _, _ = asked(runs, "y")
    whole = found.forward(found.inputs)
    for count in (1, 5, 30):
        for part, all_of_them in zip(found.forward(found.inputs[:count]), whole, strict=True):
            assert len(part) == count
            np.testing.assert_allclose(part, all_of_them[:count], atol=1e-6)


def test_a_large_circuit_is_not_asked_at_the_end_of_a_training_but_if_somebody_waits(runs, monkeypatch):
    run = hqnn.open_run(runs / "y")
    monkeypatch.setattr(asking, "WORK", 1000)
    left_out = asking.ask(run.net, run.preparation, read_table(frame()))
    assert left_out.importance is None
    assert "hqnn report RUN --data DATA" in left_out.notes[0]
    found = asking.ask(run.net, run.preparation, read_table(frame()), is_patient=True)
    assert found.importance.shape == (5, asking.REPEATS)
    assert found.asked_rows == asking.LEAST_ROWS


def test_a_backend_that_counts_is_not_asked(runs, monkeypatch):
    run = hqnn.open_run(runs / "y")
    monkeypatch.setattr(asking, "counts", lambda net: net is run.net)
    monkeypatch.setattr(run.net.circuit, "executable", None)  # which would fail
    found = asking.ask(run.net, run.preparation, read_table(frame()), is_patient=True)
    assert (found.predicted, found.importance, found.responses) == (None, None, ())
    assert [block.text for block in response_blocks(found, run.preparation.target)] == [asking.COUNTED]


def test_levels_and_dates_are_named_in_their_responses(runs):
    _, answers, run = asked(runs, "y")
    blocks = {
        block.title: block for block in response_blocks(answers, run.preparation.target) if block.kind == "figure"
    }
    assert {row[0] for row in blocks["Response to colour"].table.rows} == {"red", "green", "blue"}
    assert [row[0] for row in blocks["Response to flag"].table.rows] == ["false", "true"]
    assert blocks["Response to day"].layout["xaxis"]["type"] == "date"
    assert all(row[0].startswith("2024-") for row in blocks["Response to day"].table.rows)
    assert blocks["The circuit's outputs over day"].table.header == ("day", *answers.observables)
    assert list(blocks)[-1] == "Permutation importance, 30 test rows"


def test_rows_that_give_values_go_from_the_smallest_to_the_largest():
    cells = np.array([3.0, np.nan, 1.0, 3.0, 2.0])
    assert asking.givers_of(cells, each=False) == [2, 4, 0]
    many = np.random.default_rng(1).permutation(1000).astype(float)
    steps = many[asking.givers_of(many, each=False)]
    assert len(steps) == asking.GRID
    assert (steps[0], steps[-1]) == (0.0, 999.0)
    assert np.all(np.diff(steps) > 40)
