"""`shuffle inputs`: each row is answered for the inputs of another one, the same by every way to run a network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.crosscheck.verify import verify
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.network.shuffled_rows import other_rows
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.step.outputs import Outputs
from hqnn_dsl.training.step.plan import StepPlan

TEXT = """hqnn 1

model shuffled {
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits {
    feature_map angle()
    ansatz real_amplitudes(reps: 1)
    measure z
    shuffle inputs
  }
  decoder { dense(1) }
  train { loss mse; epochs 3; batch 8; stop none; precision double; seed 4; step STEP }
  backend native(precision: double)
}
"""


def program(step="auto", **replaced):
    text = TEXT.replace("STEP", step)
    for old, new in replaced.items():
        text = text.replace(old, new)
    return hqnn.compile_text(text)


def in_order():
    return hqnn.compile_text(TEXT.replace("STEP", "auto").replace("    shuffle inputs\n", ""))


def rows(count=21):
    return torch.randn(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("count", [1, 2, 3, 10, 257])
def test_the_rows_are_one_cycle(count):
    found = other_rows(count, 5).tolist()
    assert sorted(found) == list(range(count))
    row, seen = 0, []
    while row not in seen:
        seen.append(row)
        row = found[row]
    assert len(seen) == count
    assert other_rows(count, 5).tolist() == found
    if count > 3:
        assert other_rows(count, 6).tolist() != found


def test_a_call_answers_each_row_for_another_row():
    layer, plain = program().quantum_layer(seed=1), in_order().quantum_layer(seed=1)
    x = rows()[:, :2]
    others = other_rows(len(x), layer.rows_seed)
    assert torch.allclose(layer(x), plain(x)[others], atol=1e-14)
    assert torch.allclose(layer(x.reshape(3, 7, 2)), plain(x)[others].reshape(3, 7, 2), atol=1e-14)
    assert torch.allclose(layer(x[0]), plain(x[0]), atol=1e-14)  # one row alone has no other
    with layer.in_order():
        assert torch.allclose(layer(x), plain(x), atol=1e-14)


def test_no_output_depends_on_its_own_row():
    net, x = program().network(3, 1), rows().requires_grad_()
    slopes = torch.autograd.functional.jacobian(lambda given: net(given)[:, 0], x)
    reached = slopes.abs().amax(dim=2) > 1e-12
    others = other_rows(len(x), net.circuit.rows_seed)
    expected = torch.zeros_like(reached)
    expected[torch.arange(len(x)), others] = True
    assert torch.equal(reached, expected)
    assert not reached.diagonal().any()


def test_predictions_do_not_depend_on_how_rows_are_put_together():
    made = program()
    net, x = made.network(3, 1).eval(), rows(45)
    settings = made.spec.train
    with torch.no_grad():
        expected = net(x)
    for batch in (1, 2, 5, 100):
        assert torch.allclose(predict_scaled(net, x, batch), expected, atol=1e-14)
    plan = StepPlan.of(net, settings.loss, settings.optimizer, settings)
    assert isinstance(plan, StepPlan)
    assert torch.allclose(Outputs(plan)(x), expected, atol=1e-13)


@pytest.mark.filterwarnings("ignore")
def test_both_kinds_of_steps_train_alike_and_learn_nothing(tmp_path):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(40, 3)), columns=list("abc"))
    frame["y"] = 3 * frame["a"]
    runs = [hqnn.train(program(step), frame, tmp_path / step, progress=False) for step in ("compiled", "torch")]
    first, second = (run.net.state_dict() for run in runs)
    for name in first:
        assert torch.allclose(first[name], second[name], rtol=1e-8, atol=1e-11)
    again = hqnn.open_run(tmp_path / "compiled")
    assert again.evaluate(frame)["test"]["rmse"] == pytest.approx(runs[0].metrics["test"]["rmse"])
    changed = frame.copy()
    changed.loc[7, ["a", "b", "c"]] = [1.0, -2.0, 0.5]
    before, after = again.predict(frame)["y"], again.predict(changed)["y"]
    moved = np.flatnonzero(~np.isclose(before, after, rtol=1e-12, atol=1e-12))
    reader = other_rows(40, again.net.circuit.rows_seed).tolist().index(7)
    assert moved.tolist() == [reader]
    assert reader != 7


def test_a_row_without_a_state_is_named_where_it_stands():
    text = "hqnn 1\nmodel m {\n  circuit on 1 qubits {\n    feature_map amplitude()\n    shuffle inputs\n  }\n}\n"
    layer = hqnn.compile_text(text).quantum_layer("reference")
    x = torch.ones(6, 2)
    x[4] = 0
    with pytest.raises(Refusal) as refused:
        layer(x)
    assert refused.value.diagnostics[0].row == 4


@pytest.mark.slow
def test_backends_are_compared_on_the_rows_own_inputs():
    found = verify(program(), points=1)
    assert not found.disagreeing
    assert any(row.name.startswith("Qiskit") for row in found.rows)
