"""The resolved text of a spec is a spec of its own: the same model, the same circuit, and resolved once and for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from short import MAP, checked, spec_text

from hqnn_dsl import pipeline
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.semantics.check import Checked
from hqnn_dsl.semantics.resolved_text import resolved_text
from hqnn_dsl.semantics.used_files import read_spec

SPECS = Path(__file__).parents[2] / "specs"
FILES = sorted(path.relative_to(SPECS).as_posix() for path in SPECS.rglob("*.hqnn"))

BLOCKS = """\
hqnn 1
let reps = 2
let table = [0.1, 0.2]
let y = 3
let ry = 2
let x = 1
let unused = 5
ansatz turns(layers: int = reps, pattern: linear | full = full) {
  weight w[layers]
  for l in 0..layers { ry(w[l] + table[l % len(table)]) 0 }
  for k in 0..y { rz(y * x) k % qubits }
  for g in groups(linear, qubits, ry) { if pattern == full and qubits > x { cx g } }
}
feature_map enc(axis: x | y = y) {
  input v[qubits]
  for q in 0..qubits { if axis == y { ry(v[q]) q } else { rx(v[q]) q } }
}
"""


def assert_stands_alone(found: Checked) -> None:
    text = resolved_text(found)
    again = pipeline.check(Source("resolved.hqnn", text))
    assert isinstance(again, Checked)
    assert replace(again.spec, constants={}) == replace(found.spec, constants={})
    assert again.circuit == found.circuit
    assert resolved_text(again) == text


@pytest.mark.parametrize("name", FILES)
def test_every_spec_of_the_repository(name):
    found = pipeline.check(read_spec(SPECS / name))
    if isinstance(found, Checked):
        assert_stands_alone(found)
    else:
        assert name.endswith("blocks.hqnn")


PARTS = [
    'data { target a, "not", "Größe (µm)"; features in, model, step, "a b" }; encoder { dense }; decoder { dense }',
    'data { features * except except, from, "auto"; split test: 5, validation: 0, seed: 3 }; decoder { dense }',
    "data { scale features: none, target: none }; decoder { dense; tanh * -1.5 + 1e30 - 1e-30; sin / 3 }",
    "decoder { (dense(1) + 1) * 2; ((tanh - 1) / 2) ** 2 }",
    "train { loss huber(0.25); optimizer sgd(0.1, momentum: 0.5); scheduler step(5); clip 2 }; decoder { dense }",
    "train { stop none; clip none; device cpu; precision mixed; seed 3 }; decoder { dense(3); dense }",
    "transpile { target fake_torino; seed 5 }; decoder { dense }",
    "transpile { basis [rz, sx, x, cx]; coupling [[0, 1], [1, 2]]; optimization 0 }; decoder { dense }",
    "backend aer(precision: single, device: auto); decoder { dense }",
]
BODIES = [
    "feature_map angle(); if qubits > 5 { measure z[0] }; without entanglers",
    'feature_map angle() on x[2..4], 0..2; for q in qubits - 1..-1 step -1 { h q }; allow W0402 "offset"',
    'feature_map pauli(paulis: ["X", "ZY"], alpha: 0.5); ansatz two_local(rotation: [ry, rz])',
    "feature_map amplitude() on x[0..4]; measure probabilities(1, 0), parity, -0.5*x[0]*y[1] + 2",
]
OWN = """\
let a = 1 / 3
let b = "text \\\\ \\""
let c = [1, [2.5, -3]]
let d = true
let e = []
let f = -1e-7
let g = 2.0 ** 70
let n = 2
## A block.
## In two lines.
ansatz own(q0: int = 0, how: a | b = b, s: string = "h") { if how == a { gate(s) q0 } else { x q0 } }
"""


@pytest.mark.parametrize("parts", PARTS)
def test_every_section(parts):
    assert_stands_alone(checked(spec_text(MAP, parts=parts)))


@pytest.mark.parametrize("body", BODIES)
def test_circuits(body):
    assert_stands_alone(checked(spec_text(body)))


def test_constants_and_own_blocks():
    body = 'feature_map angle(scale: a); ry(f * g) 0; ansatz own(); ansatz own(q0: 1, how: a, s: "y")\n'
    body += "repeat n { ansatz brickwork(reps: n) }; freeze repeat.1; initial repeat.0.brickwork normal(0.1)"
    found = checked(spec_text(body, above=OWN))
    assert found.spec.constants["c"] == (1, (2.5, -3))
    assert_stands_alone(found)


def test_documentation_of_the_model_is_kept():
    text = spec_text(MAP).replace("model m", '## What it is.\n##\n## And why: 50 % "of" it.\nmodel m')
    found = checked(text)
    assert found.spec.doc == 'What it is.\n\nAnd why: 50 % "of" it.'
    assert_stands_alone(found)


def test_changes_of_the_command_line_are_in_the_text():
    text = spec_text(f"{MAP}; ansatz brickwork(reps: n)", above="let n = 1", qubits="n + 1", parts="decoder { dense }")
    found = checked(text, {"n": "3", "epochs": "5", "backend": "reference"})
    assert found.circuit.num_qubits == 4
    assert_stands_alone(found)


@pytest.mark.parametrize(
    "above",
    [
        "",
        "let layers = 1; let k = 2; let l = 3; let v = 4; let q = 5; let w = 6; let g = 7",
        "let reps = 1; let table = [3]; let y = 4; let x = 5; let reps_2 = 6",
        "let linear = 1; let full = 2; let axis = 3; let pattern = 4; let turns = 5",
    ],
)
def test_names_of_several_files_stay_apart(tmp_path, above):
    (tmp_path / "blocks.hqnn").write_text(BLOCKS, encoding="utf-8")
    (tmp_path / "more.hqnn").write_text(
        'hqnn 1\nuse "blocks.hqnn"\nlet reps = 3\nlet y = 0.5\n'
        "ansatz more(n: int = reps) { ansatz turns(layers: n); ry(y) 0 }",
        encoding="utf-8",
    )
    bound = [line.split("=")[0].split()[1] for line in above.split("; ") if line]
    uses = "".join(f"rx({name} * 0.25) 0\n" for name in bound if name not in ("table", "q"))
    blocks = "feature_map enc(axis: y); ansatz turns(); ansatz turns(layers: 1, pattern: linear); ansatz more()"
    body = f"{blocks}\n{uses}"
    text = spec_text(body, above=f'use "blocks.hqnn"; use "more.hqnn"\n{above}')
    assert_stands_alone(checked(text, name=str(tmp_path / "spec.hqnn")))
