"""`verify`: agreement is seen, and so is every kind of disagreement."""

from __future__ import annotations

import pytest
import torch
from wrong_backends import SPEC, changed, not_a_number, quick_rows_only, wrong_gradients, wrong_values

import hqnn_dsl as hqnn
from hqnn_dsl.backends import offered
from hqnn_dsl.crosscheck import slopes as differences
from hqnn_dsl.crosscheck.points import ROWS, find_points
from hqnn_dsl.crosscheck.slopes import checked_gradients, slopes, unshared
from hqnn_dsl.crosscheck.variants import answer, variants
from hqnn_dsl.crosscheck.verify import verify
from hqnn_dsl.diagnostics.codes.environment import AerMissing, BackendCannot
from hqnn_dsl.diagnostics.diagnostic import Refusal

ANGLES = """hqnn 1
feature_map odd() { input x[2]; h 0; ry(acos(x[0])) 0; rz(tanh(x[1] * 3)) 1; crx(x[0] * x[1]) 0, 1 }
ansatz shared() { weight a; weight b[2]; ry(a + b[0]) 0; ry(a * b[1]) 1; crz(2 * a) 0, 1; rx(b[0]) 0; rx(a) 1 }
model odd {
  data { target y }
  encoder { dense(2); sigmoid }
  circuit on 2 qubits { feature_map odd(); ansatz shared(); measure y[0], x[0] * z[1], probabilities(0, 1) }
  decoder { dense }
  train { device cpu }
}
"""


@pytest.fixture
def without_aer(monkeypatch):
    yield from quick_rows_only()


def by_title(found):
    return {row.title: row for row in found.rows}


def test_every_installed_backend_agrees_in_every_precision():
    said = []
    found = verify(hqnn.compile_text(SPEC), 1, said.append)
    rows = by_title(found)
    assert found.oracle == "reference (double)" == found.rows[0].title
    for name, backend in offered().items():
        plain = [] if any(option.is_required for option in backend.entry.options) else [name]
        assert bool(plain) == any(row.name == name for row in found.rows)
        ways = [f"{name} {way}" for way, _ in backend.ways]
        for title in [f"{one} ({p})" for one in plain + ways for p in backend.entry.option("precision").choices]:
            row = rows[title]
            assert row.verdict in {"agrees", "cannot"}, row
            assert (row.verdict == "cannot") == bool(row.reason)
            assert row.title in said
    assert {"pennylane lightning.qubit (single)", "primitive statevector (double)"} <= set(rows)
    assert rows["reference (single)"].values > 1e-12  # it was another computation
    assert 0 < rows["reference (double)"].slopes < 1e-8
    assert rows["Qiskit, logical (double)"].values < 1e-12
    assert rows["Qiskit, transpiled (double)"].verdict == "agrees"
    assert found.disagreeing == ()
    assert found.checked == found.gradients == ROWS * 2 + 4


@pytest.mark.parametrize(
    ("change", "which"),
    [(wrong_values, "values"), (wrong_gradients, "gradients"), (wrong_gradients, "slopes"), (not_a_number, "values")],
)
def test_a_wrong_backend_is_caught(monkeypatch, without_aer, change, which):
    monkeypatch.setitem(offered(), "wrong", changed("wrong", change))
    rows = by_title(verify(hqnn.compile_text(SPEC), 1))
    for precision in ("double", "single"):
        row = rows[f"wrong ({precision})"]
        assert row.verdict == "differs"
        assert getattr(row, which) > 1e-4
    if change is wrong_gradients:
        assert rows["wrong (double)"].values == 0
    assert rows["reference (single)"].verdict == "agrees"


def test_a_wrong_oracle_is_caught_by_differences_and_by_qiskit(monkeypatch, without_aer):
    monkeypatch.setitem(offered(), "reference", changed("reference", wrong_gradients))
    rows = by_title(verify(hqnn.compile_text(SPEC), 1))
    assert rows["reference (double)"].verdict == "differs"
    monkeypatch.setitem(offered(), "reference", changed("reference", wrong_values))
    rows = by_title(verify(hqnn.compile_text(SPEC), 1))
    assert rows["Qiskit, logical (double)"].verdict == "differs"
    assert rows["Qiskit, transpiled (double)"].verdict == "differs"


def test_a_wrong_transpilation_is_a_row_that_differs(monkeypatch, without_aer):
    from dataclasses import replace

    from hqnn_dsl.transpile import passes

    right = passes.transpile

    def wrong(circuit, target):
        done = right(circuit, target)
        moved = done.circuit.copy()
        moved.x(0)
        return replace(done, circuit=moved)

    monkeypatch.setattr(passes, "transpile", wrong)
    rows = by_title(verify(hqnn.compile_text(SPEC), 1))
    assert rows["Qiskit, transpiled (double)"].verdict == "differs"
    assert rows["Qiskit, logical (double)"].verdict == "agrees"


def test_what_cannot_run_is_a_row_that_says_why(monkeypatch, without_aer):
    def refuse(circuit, options, seed):
        raise Refusal(AerMissing(extra="aer"))

    def object_(circuit, options):
        return (BackendCannot(backend="picky", reason="it is picky"),)

    monkeypatch.setitem(offered(), "lacking", changed("lacking", wrong_values, build=refuse))
    monkeypatch.setitem(offered(), "picky", changed("picky", wrong_values, circuit_objections=object_))
    rows = by_title(verify(hqnn.compile_text(SPEC), 1))
    assert rows["lacking (double)"].verdict == rows["picky (single)"].verdict == "cannot"
    assert "not installed" in rows["lacking (double)"].reason
    assert "it is picky" in rows["picky (single)"].reason


def test_a_backend_that_samples_is_shown_and_not_judged(monkeypatch, without_aer):
    monkeypatch.setitem(offered(), "noisy", changed("noisy", wrong_values, exact_with=lambda options: False))
    found = verify(hqnn.compile_text(SPEC), 1)
    assert by_title(found)["noisy (double)"].verdict == "samples"
    assert found.disagreeing == ()


def test_where_the_reference_cannot_the_next_is_the_oracle(monkeypatch, without_aer):
    def object_(circuit, options):
        return (BackendCannot(backend="reference", reason="it is tired"),)

    monkeypatch.setitem(offered(), "reference", changed("reference", wrong_values, circuit_objections=object_))
    found = verify(hqnn.compile_text(SPEC, set={"backend": "native"}), 1)
    assert found.oracle == "native (double)"
    assert by_title(found)["reference (double)"].verdict == "cannot"
    assert found.disagreeing == ()


def test_shared_weights_odd_angles_and_probabilities_agree(without_aer):
    found = verify(hqnn.compile_text(ANGLES), 3)
    assert [row.verdict for row in found.rows] == ["agrees"] * len(found.rows)
    assert len(found.rows) >= 4


def test_qiskit_prepares_an_amplitude_input(without_aer):
    text = SPEC.replace("dense(2)", "dense(4)").replace("angle()", "amplitude()")
    rows = by_title(verify(hqnn.compile_text(text), 1))
    assert rows["reference (double)"].verdict == "agrees"
    assert rows["Qiskit, logical (double)"].verdict == rows["Qiskit, transpiled (double)"].verdict == "agrees"


def test_angles_that_are_never_finite_are_refused(without_aer):
    text = ANGLES.replace("acos(x[0])", "acos(2 + x[0] ** 2)")
    with pytest.raises(Refusal) as caught:
        verify(hqnn.compile_text(text), 1)
    assert caught.value.diagnostics[0].code == "E0719"


def test_points_are_random_and_reproducible_and_exact_in_single_precision():
    circuit = hqnn.compile_text(ANGLES).logical
    first, second = find_points(circuit, 2, 5)
    (again,) = find_points(circuit, 1, 5)
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.weights, again.weights)
    assert not torch.equal(first.inputs, second.inputs)
    for point in (first, second):
        assert point.inputs[:, 0].abs().max() < 1  # acos wants it
        assert torch.equal(point.inputs, point.inputs.float().double())
        assert point.turns >= 1


def test_finite_differences_are_the_gradients_of_autograd():
    program = hqnn.compile_text(ANGLES)
    variant = variants(program)[0]
    (point,) = find_points(program.logical, 1, 2)
    expected = answer(program.layer_of(variant.choice), point, "cpu").gradients
    wanted = list(range(len(expected)))
    bare = offered()["reference"].load(unshared(program.logical), variant.choice.options, 0)
    from hqnn_dsl.network.quantum import QuantumLayer

    layer = QuantumLayer(unshared(program.logical), bare, precision="double")
    torch.testing.assert_close(slopes(layer, point, wanted, "cpu"), expected, atol=1e-9, rtol=0)
    torch.testing.assert_close(slopes(layer, point, [5, 1], "cpu"), expected[[5, 1]], atol=1e-9, rtol=0)


def test_wide_circuits_have_some_gradients_checked(monkeypatch):
    circuit = hqnn.compile_text(SPEC).logical
    monkeypatch.setattr(differences, "WORK", 1.0)
    chosen = checked_gradients(circuit, 1)
    assert len(chosen) == 4 < ROWS * 2 + 4
    assert chosen == checked_gradients(circuit, 1)
    assert {tuple(checked_gradients(circuit, seed)) for seed in range(5)} != {tuple(chosen)}


def test_a_spec_s_own_options_are_those_that_are_tried():
    program = hqnn.compile_text(SPEC, set={"backend": "aer(custatevec: true, device: gpu)"})
    options = {variant.title: variant.choice.options for variant in variants(program)}
    assert options["aer (double)"]["device"] == options["aer (single)"]["device"] == "gpu"
    assert options["aer (single)"]["precision"] == "single"


def test_a_backend_that_is_exact_only_without_shots_samples_with_them():
    found = variants(hqnn.compile_text(SPEC, set={"backend": "aer(shots: 100)"}))
    assert {one.exact for one in found if one.name == "aer"} == {False}
    found = variants(hqnn.compile_text(SPEC, set={"backend": "aer"}))
    assert {one.exact for one in found if one.name == "aer"} == {True}


def test_a_way_that_is_the_spec_s_own_is_tried_once():
    program = hqnn.compile_text(SPEC, set={"backend": 'pennylane(device: "lightning.qubit")'})
    names = [one.name for one in variants(program, every_way=True) if one.choice.name == "pennylane"]
    assert names == ["pennylane", "pennylane"]
    names = [one.name for one in variants(hqnn.compile_text(SPEC), every_way=True) if one.choice.name == "pennylane"]
    assert sorted(names) == ["pennylane", "pennylane", "pennylane lightning.qubit", "pennylane lightning.qubit"]
    assert {one.way for one in variants(program)} == {""}


def test_wide_circuits_are_tried_in_the_backends_own_ways_only(monkeypatch):
    tried = []
    verify(hqnn.compile_text(SPEC), 1, tried.append)
    other = {title for title in tried if "statevector" in title or "lightning" in title}
    assert len(other) == 4
    monkeypatch.setattr("hqnn_dsl.crosscheck.verify.WIDEST_EVERY_WAY", 1)
    again = []
    verify(hqnn.compile_text(SPEC), 1, again.append)
    assert set(again) == set(tried) - other
