"""A spec that is only a circuit: it compiles, runs, is compared and timed; only a training asks for targets."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit.library import real_amplitudes
from qiskit.quantum_info import SparsePauliOp, Statevector
from wrong_backends import quick_rows_only

import hqnn
from hqnn_dsl.cli.main import main
from hqnn_dsl.semantics.resolved_text import resolved_text

BELL = """\
hqnn 1
model bell {
  circuit on 2 qubits { h 0; cx 0, 1; measure z[0]*z[1], x[0]*x[1], z[0], x[1] }
  backend reference
}
"""
ENERGY = """\
hqnn 1
model energy {
  circuit on 3 qubits {
    ansatz real_amplitudes(reps: 1, entanglement: linear)
    measure z[0]*z[1] + 0.5*x[2]
  }
  backend reference
}
"""
LAYER = """\
hqnn 1
model layer {
  circuit on 4 qubits {
    feature_map angle(axis: y) on x[0..4], 0..4
    feature_map angle(axis: x) on x[4..6], 0..2
    ansatz real_amplitudes(reps: 1)
    measure z
  }
  backend reference
}
"""
STATE = "hqnn 1\nmodel state { circuit on 2 qubits { feature_map amplitude(); measure z }; backend reference }\n"
ALONE = {"bell": BELL, "energy": ENERGY, "layer": LAYER, "state": STATE}
WIDTHS = {"bell": (0, 4), "energy": (0, 1), "layer": (6, 4), "state": (4, 2)}
REFUSED = {"bell": ["E0218", "E0313"], "energy": ["E0218"], "layer": ["E0313"], "state": ["E0313"]}


@pytest.fixture
def command(monkeypatch, capfd, tmp_path):
    """Runs a command on a spec: exit code, standard output, standard error."""

    def run(word: str, name: str, *options: object) -> tuple[int, str, str]:
        spec = tmp_path / f"{name}.hqnn"
        spec.write_text(ALONE[name], encoding="utf-8")
        monkeypatch.setattr("hqnn_dsl.cli.output._as_json", False)
        monkeypatch.setattr(sys, "argv", ["hqnn", word, str(spec), *map(str, options)])
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        return code, *capfd.readouterr()

    return run


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "data.csv"
    rows = np.random.default_rng(0).normal(size=(20, 7)).round(3)
    path.write_text("a,b,c,d,e,f,y\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


@pytest.mark.parametrize("name", ALONE)
def test_it_is_fine_and_said_to_be_a_circuit_alone(command, name):
    code, out, err = command("check", name)
    assert (code, err) == (0, "")
    assert "a circuit alone" in out


@pytest.mark.parametrize("name", ALONE)
def test_its_values_are_those_of_qiskit(name):
    """The layer of the program, and the network that is read back from what `compile` writes."""
    torch.manual_seed(3)
    program = hqnn.compile(ALONE[name])
    layer = program.quantum_layer(precision="double")
    inputs = torch.rand(3, WIDTHS[name][0], dtype=torch.float64) + 0.2
    weights = torch.cat([weight.flatten() for weight in layer.parameters()]) if list(layer.parameters()) else ()
    for row, got in zip(inputs, layer(inputs), strict=True):
        assert got.tolist() == pytest.approx(_by_qiskit(name, row.tolist(), [float(w) for w in weights]), abs=1e-12)


def _by_qiskit(name: str, inputs: list[float], weights: list[float]) -> list[float]:
    circuit = QuantumCircuit({"bell": 2, "energy": 3, "layer": 4, "state": 2}[name])
    operators = {
        "bell": ["ZZ", "XX", "IZ", "XI"],
        "layer": ["IIIZ", "IIZI", "IZII", "ZIII"],
        "state": ["IZ", "ZI"],
    }
    match name:
        case "bell":
            circuit.h(0)
            circuit.cx(0, 1)
        case "energy":
            circuit.compose(real_amplitudes(3, reps=1, entanglement="linear").assign_parameters(weights), inplace=True)
            state = Statevector(circuit)
            return [float(state.expectation_value(SparsePauliOp(["IZZ", "XII"], [1, 0.5])).real)]
        case "layer":
            for qubit in range(4):
                circuit.ry(inputs[qubit], qubit)
            for qubit in range(2):
                circuit.rx(inputs[4 + qubit], qubit)
            circuit.compose(real_amplitudes(4, reps=1).assign_parameters(weights), inplace=True)
        case "state":
            circuit.initialize(np.array(inputs) / np.linalg.norm(inputs), [0, 1])
    state = Statevector(circuit)
    return [float(state.expectation_value(SparsePauliOp(letters)).real) for letters in operators[name]]


@pytest.mark.parametrize("name", ALONE)
def test_compile_writes_a_module_that_is_read_back(command, name, tmp_path):
    code, _, err = command("compile", name, "--out", tmp_path / "out")
    assert code == 0, err
    report = json.loads((tmp_path / "out" / "static.json").read_text())
    assert (report["inputs"], report["outputs"]) == WIDTHS[name]
    inputs = torch.rand(2, WIDTHS[name][0]) + 0.2
    expected = hqnn.compile(ALONE[name]).network(WIDTHS[name][0])(inputs)
    torch.testing.assert_close(hqnn.load(tmp_path / "out")(inputs), expected)


@pytest.mark.parametrize("name", ALONE)
def test_verify_and_bench_take_it(command, name, monkeypatch):
    for _ in quick_rows_only():
        code, out, err = command("verify", name, "--points", 1)
        assert code == 0, err
        assert out.count(" agrees") >= 4
        code, out, err = command("bench", name, "--seconds", 0.05, "--batch", 2)
        assert code == 0, err
        assert "all agree with reference (double)" in out


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("word", ["train", "check", "compile"])
def test_a_table_is_refused_at_the_circuit_with_what_to_write(command, name, word, table, tmp_path):
    """`train`, and the commands that are given a table to hold the spec against."""
    more = () if word == "check" else ("--out", tmp_path / "out")
    code, out, err = command(word, name, table, *more)
    assert code == 1, err
    assert out == ""
    assert [line[6:11] for line in err.splitlines() if line.startswith("error[")] == REFUSED[name]
    assert f"{name}.hqnn:{ALONE[name][: ALONE[name].index('circuit on')].count(chr(10)) + 1}:" in err
    wanted = {"E0218": "`feature_map angle()`", "E0313": "`decoder { dense(1) }`"}
    for code_said in REFUSED[name]:
        assert wanted[code_said] in err
    assert not (tmp_path / "out").exists()


def test_what_the_refusal_says_to_write_trains(command, table, tmp_path, monkeypatch):
    text = ALONE["layer"].rstrip("}\n") + "\n  decoder { dense(1) }\n  train { epochs 1 }\n}\n"
    monkeypatch.setitem(ALONE, "layer", text)
    code, _, err = command("train", "layer", table, "--out", tmp_path / "run")
    assert code == 0, err


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("train", ["", "train { seed 4; batch 3; precision double }", "train { epochs 3; clip 1 }"])
def test_its_resolved_text_is_a_circuit_alone_again(name, train):
    text = ALONE[name].replace("  backend", f"  {train}\n  backend").replace("; backend", f"; {train}\nbackend")
    first = hqnn.compile(text)
    again = hqnn.compile(resolved_text(first.checked))
    assert again.spec == first.spec
    assert again.logical == first.logical
    assert [item.code for item in again.checked.untrainable] == REFUSED[name]
    said = ["W0440"] * ("epochs" in train) * 2
    assert [item.code for item in first.warnings] == said
    assert {item.code for item in again.warnings} == set(said)


def test_a_circuit_whose_output_is_the_target_trains_as_it_is(tmp_path):
    """One output, inputs as many as the table's features: nothing more is needed."""
    text = "hqnn 1\nmodel m { circuit on 2 qubits { feature_map angle(); ansatz brickwork(); measure z[0] } }\n"
    assert not hqnn.compile(text).checked.untrainable


@pytest.mark.parametrize("part", ["data { target y }", "encoder { dense(2); tanh }", "decoder { tanh }"])
def test_a_model_that_has_more_must_fit(part):
    text = f"hqnn 1\nmodel m {{ {part}; circuit on 2 qubits {{ feature_map angle(); measure z }} }}\n"
    with pytest.raises(hqnn.Refusal, match="E0313"):
        hqnn.compile(text)


def test_gradients_by_inputs_and_weights_reach_a_network_around_it():
    layer = hqnn.compile(LAYER).quantum_layer(precision="double")
    net = torch.nn.Sequential(torch.nn.Linear(3, 6).double(), layer, torch.nn.Linear(4, 1).double())
    net(torch.rand(5, 3, dtype=torch.float64)).sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters())
