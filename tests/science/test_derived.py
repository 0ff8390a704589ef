"""Every control that is derived from a spec is a spec of its own, has as many weights as it says, and trains."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl import pipeline
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.science.derived.derive import CONTROLS, derive
from hqnn_dsl.science.derived.rewrites import nearest_perceptron
from hqnn_dsl.science.derived.write import write_specs
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.loop import Watch, fit
from hqnn_dsl.training.run import set_up

SPECS_FOLDER = Path(__file__).parents[2] / "specs"
SPECS = sorted(
    path for path in SPECS_FOLDER.rglob("*.hqnn") if path.name != "blocks.hqnn" and "papers" not in path.parts
)
ABSENT = {
    "amplitude": {"surrogate": "amplitudes"},
    "classical_bound": {"without_entanglers": "itself is without"},
    "directly": {"frozen": "nothing is left", "feature_map_only": "nothing is left"},
}
"""What the specs lack, and a part of the reason; all else is there."""
NAMES = [control.name for control in CONTROLS]
SMALL = """hqnn 1

model small {
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits {
    feature_map angle()
    ansatz real_amplitudes(reps: 1)
    measure z
  }
  decoder { dense(1) }
  train { epochs 2; stop none; precision double }
  backend reference(precision: double)
}
"""


@cache
def controls_of(text):
    return {one.name: one for one in derive(hqnn.compile_text(text))}


@cache
def derived_from(path):
    return {one.name: one for one in derive(hqnn.compile(path))}


def program_of(text, **changes):
    """The program of a text for a short training; `changes` for those with a circuit."""
    given = {"train.epochs": "2", "train.stop": "none"}
    program = pipeline.program(Source("derived", text, folder="."), given)
    circuit = {"backend": "reference"} | changes if program.spec.has_circuit else {}
    return pipeline.program(Source("derived", text, folder="."), given | circuit)


def frame_for(spec, features=5, rows=24):
    """A table with the columns that a spec names, or with so many features and `y`."""
    if spec.name == "penguins":
        return pd.read_csv(SPECS_FOLDER / "data" / "penguins.csv").iloc[::4]
    draw = np.random.default_rng(3)
    names = spec.data.features.names or [f"f{k}" for k in range(spec.in_width or features)]
    frame = pd.DataFrame(draw.normal(size=(rows, len(names))), columns=list(names))
    for name in spec.data.features.excluded:
        frame[name] = 1.0
    for rule in spec.data.columns:
        frame[rule.column] = np.exp(draw.normal(size=rows))
    for name in spec.data.target or ("y",):
        frame[name] = draw.normal(size=rows)
    return frame


def trained(program, frame):
    """A training of all the epochs of a program on a frame, in memory."""
    setup = set_up(program, read_table(frame), None, split_rows)
    fit(setup.training, setup.samples, Unwritten(), watch=Watch(progress=False))
    return setup


def weights_of(net):
    return [weight.detach().clone() for weight in net.parameters()]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_controls_are_there_or_say_why(path):
    found = derived_from(path)
    assert list(found) == NAMES
    expected = ABSENT.get(path.stem, {})
    assert {name for name, one in found.items() if one.is_absent} == set(expected)
    for name, reason in expected.items():
        assert reason in found[name].absent_reason
        assert found[name].text == ""


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.slow] * (path.stem in {"concrete", "energy"})) for path in SPECS],
    ids=lambda path: path.stem,
)
@pytest.mark.filterwarnings("ignore")
def test_every_control_is_checked_counted_and_trained(path):
    original = hqnn.compile(path)
    frame = frame_for(original.spec)
    for one in derived_from(path).values():
        if one.is_absent:
            continue
        assert one.text.startswith(f"# The control `{one.title}` of the model `{original.spec.name}`")
        setup = trained(program_of(one.text), frame)
        counted = sum(weight.numel() for weight in setup.training.weights)
        inputs, outputs = setup.prepared.inputs.shape[1], setup.prepared.preparation.out_width(None)
        embedded = sum(weight.numel() for weight in (setup.training.net.columns or torch.nn.Module()).parameters())
        inputs += sum(one.width - 1 for one in setup.prepared.preparation.features.embeddings)
        again = {own.name: own for own in derive(original, inputs, outputs)}[one.name]
        assert again.weights == counted - embedded
        assert one.circuit_weights == sum(weight.numel() for weight in setup.training.net.quantum_weights())
        assert len(setup.training.history) == 2


@pytest.mark.parametrize("backend", ["reference(precision: double)", "native(precision: double)"])
@pytest.mark.filterwarnings("ignore")
def test_as_written_trains_as_the_spec_does_to_the_bit(backend):
    frame = frame_for(hqnn.compile_text(SMALL).spec)
    before = trained(program_of(SMALL, backend=backend), frame)
    after = trained(program_of(controls_of(SMALL)["as_written"].text, backend=backend), frame)
    assert [epoch.train_loss for epoch in before.training.history] == [e.train_loss for e in after.training.history]
    for old, new in zip(weights_of(before.training.net), weights_of(after.training.net), strict=True):
        assert torch.equal(old, new)


@pytest.mark.filterwarnings("ignore")
def test_frozen_weights_stay_and_start_where_the_spec_starts():
    program = program_of(controls_of(SMALL)["frozen"].text)
    setup = trained(program, frame_for(program.spec))
    net, start = setup.training.net, program_of(SMALL).network(5, 1)
    for old, new in zip(start.circuit.parameters(), net.circuit.parameters(), strict=True):
        assert torch.equal(old.double(), new.double())
    moved = zip(start.decoder.parameters(), net.decoder.parameters(), strict=True)
    assert all(not torch.equal(old.double(), new.double()) for old, new in moved)
    assert controls_of(SMALL)["frozen"].circuit_weights == 0


def test_without_entanglers_outputs_factor():
    text = SMALL.replace("measure z", "measure z[0], z[1], z[0]*z[1]")
    x = torch.linspace(-2, 2, 14, dtype=torch.float64).reshape(7, 2)
    for name, factors in (("as_written", False), ("without_entanglers", True)):
        layer = hqnn.compile_text(controls_of(text)[name].text).quantum_layer("reference", "double", seed=1)
        first, second, both = layer(x).detach().T
        assert torch.allclose(first * second, both, atol=1e-12) == factors


def test_feature_map_only_has_no_ansatz_and_keeps_what_reads_inputs():
    text = """hqnn 1
model m {
  encoder { dense(2); tanh }
  circuit on 2 qubits {
    input x[2]
    weight a[2] = constant(0.5), b, c = zeros
    let turned = a[0] * x[0]
    initial c normal(0.2)
    h 0
    ry(turned) 0
    rx(b) 1
    repeat 2 { ansatz real_amplitudes(reps: 1) }
    for q in 0..qubits { rz(c + 1) q }
    rzz(a[1] * x[1]) 0, 1
    freeze b
    measure x[0], z[1]
  }
  decoder { dense(1) }
}
"""
    one = controls_of(text)["feature_map_only"]
    circuit = hqnn.compile_text(one.text).logical
    assert [operation.gate for operation in circuit.operations] == ["h", "ry", "rzz"]
    assert [(tensor.path, tensor.frozen) for tensor in circuit.weights] == [("a", True)]
    assert one.circuit_weights == 0


def test_a_spec_without_layers_gets_what_its_controls_need():
    text = "hqnn 1\nmodel m {\n  circuit on 2 qubits {\n    feature_map angle()\n    measure z[0]\n  }\n}\n"
    found = controls_of(text)
    absent = {name: one.absent_reason for name, one in found.items() if one.is_absent}
    assert set(absent) == {"frozen", "without_entanglers", "feature_map_only", "parameter_twin"}
    assert absent["without_entanglers"] == "the circuit has no entanglers"
    for name in ("no_circuit", "width_twin", "surrogate"):
        program = hqnn.compile_text(found[name].text)
        assert program.logical.is_absent
        assert program.network(2, 1)(torch.zeros(3, 2)).shape == (3, 1)


def test_two_controls_with_one_spec_are_said_to_be_one():
    text = SMALL.replace("reps: 1", "reps: 0").replace("measure z\n", "measure z\n    freeze weights\n")
    found = controls_of(text)
    assert found["without_entanglers"].absent_reason
    assert found["frozen"].absent_reason == "the circuit has no trained weights"
    one_input = SMALL.replace("dense(2)", "dense(1)").replace("feature_map angle()", "input x; ry(x) 0")
    twins = controls_of(one_input)
    assert twins["width_twin"].weights == twins["parameter_twin"].weights
    assert twins["parameter_twin"].same_as == "width_twin"
    assert not twins["width_twin"].same_as


@pytest.mark.parametrize("name", NAMES)
def test_what_may_be_tuned_can_be_set(name):
    one = controls_of(SMALL.replace("stop none", "stop none; optimizer adam(lr: 0.01, quantum_lr: 0.03)"))[name]
    paths = [tunable.path for tunable in one.tunables]
    scaled = name not in {"no_circuit", "width_twin", "parameter_twin"}
    assert ("input_scale" in paths) == scaled
    assert ("optimizer.quantum_lr" in paths) == (one.circuit_weights > 0)
    assert "optimizer.lr" in paths
    plain = hqnn.compile_text(one.text)
    for tunable in one.tunables:
        assert 0 < tunable.low < tunable.high
        for value in (tunable.low, tunable.high):
            assert hqnn.compile_text(one.text, {tunable.path: value}).resolved != plain.resolved


def test_the_scale_is_that_of_the_inputs_of_circuit_and_surrogate():
    for name in ("as_written", "surrogate"):
        nets = [
            hqnn.compile_text(controls_of(SMALL)[name].text, {"input_scale": scale}).network(3, 1) for scale in (1, 2.5)
        ]
        x = torch.randn(4, 3, dtype=torch.float64)
        line = 1  # the encoder's last line as written
        plain, scaled = (net.encoder[: line + 1](x) for net in nets)
        assert torch.allclose(2.5 * plain, scaled)


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (2, 3), (4, 4), (6, 2)])
def test_the_nearest_perceptron_is_the_nearest_of_all(inputs, outputs):
    for wanted in range(1, 120):
        found, lines = nearest_perceptron(inputs, outputs, wanted)
        sizes = [outputs * (inputs + bias) for bias in (0, 1)]
        for hidden, (first, last) in itertools.product(range(1, 121), ((1, 1), (0, 1), (0, 0))):
            sizes.append(hidden * (inputs + first + outputs) + last * outputs)
        assert abs(found - wanted) == min(abs(size - wanted) for size in sizes)
        text = f"hqnn 1\nmodel m {{ data {{ features {', '.join('abcdef'[:inputs])} }}\n encoder {{ "
        text += "; ".join(lines) + " }\n decoder { identity }\n train { loss cross_entropy } }"
        net = hqnn.compile_text(text).network(inputs, outputs)
        assert sum(weight.numel() for weight in net.parameters()) == found


def test_they_are_written_into_a_folder_that_holds_nothing_else(tmp_path):
    found = derive(hqnn.compile_text(SMALL))
    paths = write_specs(found, tmp_path / "controls")
    assert sorted((tmp_path / "controls").iterdir()) == sorted(paths)
    assert [path.stem for path in paths] == NAMES
    assert all(path.read_text("utf-8") == one.text for path, one in zip(paths, found, strict=True))
    (tmp_path / "controls" / "mine.txt").write_text("kept")
    with pytest.raises(Refusal, match="E0602"):
        write_specs(found, tmp_path / "controls")
    assert (tmp_path / "controls" / "mine.txt").read_text() == "kept"


def test_a_model_without_a_circuit_has_no_controls():
    with pytest.raises(Refusal, match="E0320"):
        derive(hqnn.compile_text("hqnn 1\nmodel m { decoder { dense(1) } }\n"))
    with pytest.raises(Refusal, match="E0218"):
        derive(hqnn.compile_text("hqnn 1\nmodel m { circuit on 1 qubits { h 0 } }\n"))
