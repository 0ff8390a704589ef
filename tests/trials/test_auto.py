"""`backend auto`: the faster of several rows is picked, once, and the reason is said."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl import backends, pipeline
from hqnn_dsl.backends import choosing, offered
from hqnn_dsl.backends.choosing import Candidate, Picked, duration, pick
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.circuit.ir import Circuit, Observable, PauliTerm
from hqnn_dsl.report.codes.environment import BackendCannot
from hqnn_dsl.report.diagnostic import Refusal

SPEC = """hqnn 1
model small {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { seed 7; batch 4; device cpu }
}
"""
REFERENCE = offered()["reference"]


class Slow:
    """The reference's executable, each call longer by `pause` seconds; `calls` counts."""

    def __init__(self, executable, pause):
        self.executable, self.pause, self.calls = executable, pause, 0

    @property
    def metadata(self):
        return self.executable.metadata

    def __call__(self, per_sample, shared, state):
        self.calls += 1
        time.sleep(self.pause)
        return self.executable(per_sample, shared, state)


def row(name, pause=0.0, made=None, **changes):
    """A row of the table of backends that runs like the reference, only slower; executables go to `made`."""

    def load(circuit, options, seed):
        executable = Slow(REFERENCE.load(circuit, options, seed), pause)
        if made is not None:
            made.append(executable)
        return executable

    entry = Entry(name=name, doc=name, options=REFERENCE.entry.options)
    return replace(REFERENCE, **{"entry": entry, "load": load, "pace": 1e9} | changes)


@pytest.fixture
def rows(monkeypatch):
    """Sets the whole table of backends; choices made before are forgotten."""

    def put(*found):
        table = {item.entry.name: item for item in found}
        monkeypatch.setattr(pipeline, "offered", lambda: table)

    monkeypatch.setattr(choosing, "_picked", {})
    return put


def test_the_faster_of_two_rows_is_picked_and_the_times_are_said(rows, capsys):
    rows(row("crawling", 0.05), row("walking"))
    layer = hqnn.compile_text(SPEC).quantum_layer()
    said = capsys.readouterr().err
    assert layer.backend.name == "walking"
    assert said.startswith("backend auto: walking, ")
    assert " a step (crawling: " in said
    assert said.count("\n") == 1


def test_it_is_chosen_once_for_a_circuit_and_anew_for_another(rows, capsys):
    made = []
    rows(row("a", made=made), row("b", made=made))
    program = hqnn.compile_text(SPEC)
    first = program.quantum_layer().backend
    assert len(made) == 3  # two tried, one made for the layer
    assert hqnn.compile_text(SPEC).quantum_layer().backend == first
    assert len(made) == 4
    assert capsys.readouterr().err.count("backend auto") == 1
    hqnn.compile_text(SPEC, set={"reps": 2}).quantum_layer()
    assert capsys.readouterr().err.count("backend auto") == 1


def test_a_row_that_is_clearly_slower_is_not_timed_again(rows):
    made = []
    rows(row("fast"), row("slow", 0.3, made))
    hqnn.compile_text(SPEC).quantum_layer()
    assert made[0].calls == 2  # the first call, and one that is timed


def test_slow_and_sampling_rows_are_never_tried(rows, capsys):
    made = []
    rows(row("eager"), row("crawling", made=made, pace=1e3), row("sampling", made=made, exact=False))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "eager"
    assert made == []
    assert "eager, the only one to choose from (crawling: too slow to try)" in capsys.readouterr().err


def test_where_a_step_takes_long_what_is_declared_decides_without_a_trial(rows, capsys):
    made = []
    rows(row("a", made=made, pace=2e6), row("b", made=made, pace=3e6))
    program = hqnn.compile_text(SPEC)
    found, _ = pick(wide(program.logical), 8, candidates(pipeline.offered()))
    assert found.name == "b"
    assert found.reason == (
        "the fastest by what it declares, since a trial would take long (a: a step would take about 7.3 s)"
    )
    assert made == []


def wide(circuit):
    """The same circuit with further qubits that nothing acts on: 2^18 amplitudes."""
    return replace(circuit, num_qubits=18)


def candidates(table):
    return [Candidate(found, found.entry.defaults()) for found in table.values()]


def test_a_row_that_cannot_be_loaded_is_left_out_with_its_reason(rows, capsys):
    def refuse(circuit, options, seed):
        raise Refusal(BackendCannot(backend="broken", reason="it is broken"))

    rows(row("broken", load=refuse), row("whole"))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "whole"
    assert "broken: backend `broken` cannot run this circuit: it is broken" in capsys.readouterr().err
    rows(row("broken", load=refuse), row("cracked", load=refuse))
    with pytest.raises(Refusal) as caught:
        hqnn.compile_text(SPEC).quantum_layer()
    assert {item.code for item in caught.value.diagnostics} == {"E0713"}


def test_rows_that_object_to_the_circuit_are_no_candidates(rows):
    def object_(circuit, options):
        return (BackendCannot(backend="picky", reason="it does not want to"),)

    rows(row("picky", objections=object_), row("willing", 0.01))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "willing"
    rows(row("picky", objections=object_))
    with pytest.raises(Refusal) as caught:
        hqnn.compile_text(SPEC)
    assert "it does not want to" in str(caught.value)


def test_precision_reaches_the_trial_and_the_layer(rows):
    seen = []

    def load(circuit, options, seed):
        seen.append(options["precision"])
        return REFERENCE.load(circuit, options, seed)

    rows(row("a", load=load), row("b", load=load))
    layer = hqnn.compile_text(SPEC).quantum_layer(precision="double")
    assert seen == ["double"] * 3
    assert layer.backend.options["precision"] == "double"
    assert next(layer.parameters()).dtype == torch.float64


def test_a_named_backend_is_not_tried(rows, capsys):
    rows(row("a"), row("b"))
    layer = hqnn.compile_text(SPEC, set={"backend": "b"}).quantum_layer()
    assert layer.backend.name == "b"
    assert "auto" not in capsys.readouterr().err


def test_the_trial_moves_no_random_numbers(rows):
    rows(row("a"), row("b"))
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    hqnn.compile_text(SPEC).quantum_layer(seed=1)
    torch.testing.assert_close(torch.rand(2), expected, rtol=0, atol=0)


def test_circuits_without_angles_are_tried_too(rows):
    rows(row("fast"), row("slow", 0.02))
    amplitude = SPEC.replace("dense(2)", "dense(4)").replace("angle(); ansatz real_amplitudes(reps: 1)", "amplitude()")
    assert hqnn.compile_text(amplitude).quantum_layer().backend.name == "fast"
    bare = Circuit(num_qubits=1, operations=(), slots=(), measurements=(Observable((PauliTerm(1.0, ((0, "z"),)),)),))
    assert pick(bare, 3, candidates(pipeline.offered()))[0].name == "fast"


def test_a_run_records_what_really_ran(tmp_path, rows, capsys):
    import pandas as pd

    rows(row("fast"), row("slow", 0.02))
    table = pd.DataFrame({"a": range(12), "b": range(0, 24, 2), "y": range(12)})
    hqnn.train(hqnn.compile_text(SPEC, set={"epochs": 1}), table, tmp_path / "run")
    found = json.loads((tmp_path / "run" / "environment.json").read_text())["backend"]
    assert found["asked"] == "auto"
    assert found["name"] == "fast"
    assert found["options"] == {"precision": "single"}
    assert found["metadata"]["method"] == "statevector"


def test_every_offered_backend_declares_a_pace():
    for backend in backends.offered().values():
        assert backend.pace > 0
    assert REFERENCE.is_quick
    assert not offered()["aer"].is_quick


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.3e-5, "83 µs"), (4.44e-4, "0.44 ms"), (0.00713, "7.1 ms"), (0.346, "346 ms"), (0.9996, "1 s"), (31.4, "31 s")],
)
def test_durations_have_a_fitting_unit(seconds, text):
    assert duration(seconds) == text


def test_a_single_time_needs_no_brackets():
    assert Picked("a", {"a": 0.001}, 4).reason == "1 ms a step"
