"""`hqnn analyze` as a user types it: its tables, its document, and what it refuses."""

from __future__ import annotations

import json

import pytest

import hqnn
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.documents import read_document
from hqnn_dsl.science.analysis.document import AnalysisDocument
from hqnn_dsl.science.analysis.measures import MEASURES

SPEC = """hqnn 1
let width = 2
model small {
  circuit on width qubits {
    feature_map angle(axis: y)
    ansatz real_amplitudes(reps: 1)
    measure z
  }
}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.hqnn").write_text(SPEC)
    (tmp_path / "data.csv").write_text("a,b,y\n1,2,3\n")
    (tmp_path / "fixed.hqnn").write_text(SPEC.replace("on width", "on 2").replace("let width = 2\n", ""))
    (tmp_path / "weights.hqnn").write_text(SPEC.replace("    feature_map angle(axis: y)\n", ""))
    return tmp_path


def test_every_measure_has_its_definition_and_source(folder, hqnn_command):
    code, out, err = hqnn_command("analyze", "small.hqnn", "--samples", "20", cwd=folder)
    assert code == 0, err
    said = " ".join(out.split())
    for measure in MEASURES.values():
        assert f"{measure.title} ({measure.name})" in out
        assert " ".join(f"{measure.definition} Source: {measure.source}.".split()) in said
        assert f"measuring: {measure.title}" in err


def test_the_document_can_be_read_again(folder, hqnn_command):
    line = ("analyze", "small.hqnn", "--samples", "20", "--widths", "1,2", "--depths", "1..2", "-o", "a.json", "--json")
    code, out, err = hqnn_command(*line, cwd=folder)
    assert code == 0, err
    document = read_document(AnalysisDocument, (folder / "a.json").read_bytes())
    assert json.loads(out) == json.loads((folder / "a.json").read_text("utf-8"))
    assert [one.measure for one in document.findings] == [*MEASURES]
    assert document.circuit.qubits == 2
    assert document.seed == 0
    (found,) = [one for one in document.findings if one.measure == "gradients"]
    assert found.arrays["widths"]["qubits"] == [1, 2]
    assert all(figure.definition for one in document.findings for figure in one.figures)
    assert hqnn_command("analyze", "small.hqnn", "--only", "spectrum", "-o", "a.json", cwd=folder).code == 2
    assert hqnn_command("analyze", "small.hqnn", "--only", "spectrum", "-o", "a.json", "--force", cwd=folder).code == 0


def test_the_same_seed_gives_the_same_numbers(folder):
    spec = folder / "small.hqnn"
    values = [
        hqnn.analyze(spec, only="entanglement", samples=30, seed=seed)["entanglement"]["Q"].value for seed in (1, 1, 2)
    ]
    assert values[0] == values[1] != values[2]


def test_measures_do_not_move_each_other(folder):
    spec = folder / "small.hqnn"
    alone = hqnn.analyze(spec, only="entanglement", samples=30)["entanglement"]["Q"].value
    assert hqnn.analyze(spec, samples=30)["entanglement"]["Q"].value == alone


@pytest.mark.parametrize(
    ("line", "code", "exit_code", "says"),
    [
        (("small.hqnn", "--only", "expressivity"), "E0671", 2, "expressibility"),
        (("small.hqnn", "--only", "spectrum", "--samples", "9"), "E0672", 2, "--only leaves out"),
        (("small.hqnn", "--only", "spectrum", "--seed", "9"), "E0672", 2, "`--seed` changes nothing"),
        (("small.hqnn", "--only", "fisher", "--grid", "9"), "E0672", 2, "`landscape`"),
        (("small.hqnn", "--only", "fisher", "--widths", "2..3"), "E0672", 2, "`gradients`"),
        (("small.hqnn", "--only", "gradients", "--likelihood", "gaussian"), "E0672", 2, "`fisher`"),
        (("weights.hqnn", "--inputs", "0:1"), "E0672", 2, "no inputs"),
        (("small.hqnn", "--force"), "E0672", 2, "without --out"),
        (("small.hqnn", "--samples", "1"), "E0605", 2, "from 2 on"),
        (("small.hqnn", "--grid", "4"), "E0605", 2, "odd"),
        (("small.hqnn", "--inputs", "1:0"), "E0605", 2, "the lower first"),
        (("small.hqnn", "--inputs", "1"), "E0605", 2, "LOW:HIGH"),
        (("small.hqnn", "--widths", "six"), "E0605", 2, "2..6"),
        (("small.hqnn", "--widths", "0..2"), "E0605", 2, "from 1 on"),
        (("small.hqnn", "--likelihood", "poisson"), "E0605", 2, "parity or gaussian"),
        (("small.hqnn", "data.csv"), "E0313", 1, "decoder"),
        (("small.hqnn", "--weights", "zeros"), "E0605", 2, "uniform or spec"),
        (("fixed.hqnn", "--widths", "2..3"), "E0673", 2, "circuit on width qubits"),
        (("small.hqnn", "--likelihood", "parity"), "E0674", 2, "one product of Paulis"),
        (("small.hqnn", "--only", "gradients", "--widths", "nothing=2..3"), "E0224", 2, "`nothing`"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_measured(line, code, exit_code, says, folder, hqnn_command):
    ended = hqnn_command("analyze", *line, cwd=folder)
    assert ended.code == exit_code
    assert f"error[{code}]" in ended.err
    assert says in ended.err
    assert "measuring" not in ended.err


def test_inputs_outside_of_a_functions_domain_are_refused(folder):
    spec = SPEC.replace("feature_map angle(axis: y)", "input v[2]\nfor q in 0..2 { ry(1 / (v[q] - v[q])) q }")
    with pytest.raises(Refusal) as refused:
        hqnn.analyze(spec, only="entanglement", samples=5)
    assert refused.value.diagnostics[0].code == "E0670"


def test_a_circuit_without_anything_random_says_so_for_each_measure(folder):
    found = hqnn.analyze("hqnn 1\nmodel m { circuit on 1 qubits { h 0\nmeasure z } }", samples=5)
    for name in ("expressibility", "entropy", "gradients", "spectrum", "coefficients", "fisher", "landscape"):
        assert found[name].reason, name
    assert found["algebra"]["dimension"].value is None
    assert found.document()


@pytest.mark.parametrize(
    "wrong",
    [
        *({"samples": "many"}, {"samples": True}, {"seed": 0.5}, {"grid": 5.0}, {"inputs": (1,)}, {"inputs": (0, "1")}),
        *({"weights": "zeros"}, {"likelihood": "normal"}, {"widths": "none"}),
    ],
    ids=str,
)
def test_wrong_arguments_from_python_are_refused(folder, wrong):
    with pytest.raises(Refusal) as refused:
        hqnn.analyze(folder / "small.hqnn", **wrong)
    assert refused.value.diagnostics[0].code == "E0605"


def test_what_would_take_long_is_only_made_if_it_is_asked_for():
    spec = "hqnn 1\nmodel m { circuit on 20 qubits { ansatz strongly_entangling(reps: 4)\nmeasure z } }"
    found = hqnn.analyze(spec, only=("expressibility", "entanglement", "gradients", "fisher", "landscape"))
    for finding in found:
        assert "take too long to be made by default" in finding.reason, finding.measure
        assert ("--grid" if finding.measure == "landscape" else "--samples") in finding.reason


def test_figures_and_findings_are_found_by_name(folder):
    found = hqnn.analyze(folder / "small.hqnn", only="simulability")
    assert found["simulability"]["qubits"].value == 2
    with pytest.raises(KeyError, match="not asked for"):
        found["fisher"]
    with pytest.raises(KeyError, match="no figure"):
        found["simulability"]["KL"]
