"""W0445: targets beyond what a network can put out are said, with the numbers, and nothing else is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hqnn_dsl as hqnn
from hqnn_dsl.data.preprocess import prepare
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.training.bounds import beyond_outputs, output_bounds

SPEC = """hqnn 1
model m {
  data { target y; split validation: 0, test: 0; scale target: SCALE }
  circuit on 1 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure MEASURED }
  decoder { LAYERS }
  train { epochs 1; device cpu }
  backend reference
  ALLOWED
}
"""
FRAME = pd.DataFrame({"x": np.linspace(-1, 1, 21), "y": np.linspace(100, 300, 21)})


def compiled(measured="z", layers="", scale="standard", allowed=""):
    text = SPEC.replace("MEASURED", measured).replace("SCALE", scale).replace("ALLOWED", allowed)
    return hqnn.compile_text(text.replace("decoder { LAYERS }", f"decoder {{ {layers} }}" if layers else ""))


def found(frame=FRAME, **changes):
    program = compiled(**changes)
    return beyond_outputs(program.spec, program.logical, prepare(program.spec, read_table(frame)))


def test_an_expectation_value_does_not_reach_a_target_of_variance_1():
    (warning,) = found()
    mean, deviation = FRAME["y"].mean(), FRAME["y"].std(ddof=0)
    assert float(warning.low) == pytest.approx(mean - deviation, rel=1e-5)
    assert float(warning.high) == pytest.approx(mean + deviation, rel=1e-5)
    beyond = ((FRAME["y"] - mean).abs() > deviation).sum()
    assert warning.far == f"{beyond} rows"
    assert (warning.code, warning.rows, warning.least, warning.most) == ("W0445", 21, "100", "300")


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": "dense(1); tanh"},
        {"layers": "sigmoid"},
        {"layers": "identity * 1.5"},
        {"layers": "dense(1); relu"},
        {"measured": "0.5 * z[0] + 0.5 * x[0]"},
        {"scale": "none"},
    ],
    ids=str,
)
def test_other_ends_with_bounds_are_said_too(changes):
    assert len(found(**changes)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": "dense(1)"},
        {"layers": "tanh; dense(1)"},
        {"layers": "identity * 2"},
        {"measured": "1.2 * z[0] + 1.2 * x[0]"},
        {"frame": FRAME.assign(y=np.where(FRAME["x"] > 0, 1.0, 0.0)), "layers": "sigmoid", "scale": "none"},
        {"frame": FRAME.assign(y=FRAME["x"]), "scale": "none"},
    ],
    ids=str,
)
def test_where_all_targets_can_be_reached_nothing_is_said(changes):
    assert found(**changes) == ()


@pytest.mark.parametrize("layers", ["", "tanh", "relu", "elu(0.5)", "silu", "gelu", "selu", "softplus", "sin / -3 + 1"])
@pytest.mark.parametrize("measured", ["z", "0.5 * z[0] - 2 * x[0]", "probabilities(0)"])
def test_no_output_is_ever_beyond_its_bounds(layers, measured):
    import torch

    layers = layers or "identity"
    text = SPEC.replace("MEASURED", measured).replace("SCALE", "none").replace("ALLOWED", "")
    text = text.replace("LAYERS", layers).replace("target y", "target y, z" if "prob" in measured else "target y")
    program = hqnn.compile_text(text)
    net = program.network(1)
    bounds = torch.tensor(output_bounds(program.logical, program.spec.decoder))
    for seed in range(20):
        torch.manual_seed(seed)
        for weight in net.parameters():
            torch.nn.init.uniform_(weight, -4, 4)
        outputs = net(torch.linspace(-5, 5, 40)[:, None])
        assert (outputs >= bounds[:, 0] - 1e-5).all()
        assert (outputs <= bounds[:, 1] + 1e-5).all()


@pytest.mark.parametrize("allowed", ["", 'allow W0445 "the ends do not matter"'])
@pytest.mark.usefixtures("printed_notices")
def test_training_says_it_unless_it_is_allowed(tmp_path, capsys, allowed):
    program = compiled(allowed=allowed)
    assert not program.warnings
    hqnn.train(program, FRAME, tmp_path / "run")
    assert ("warning[W0445]" in capsys.readouterr().err) == (not allowed)
