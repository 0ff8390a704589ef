"""`backend auto`: the faster of several rows is picked, once, and the reason is said."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl import backends, named_backends, pipeline, program
from hqnn_dsl.backends import auto, offered, trial_records
from hqnn_dsl.backends.auto import Candidate, Picked, duration, pick
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.circuit.ir import Circuit, Observable, PauliTerm
from hqnn_dsl.diagnostics.codes.environment import BackendCannot
from hqnn_dsl.diagnostics.diagnostic import Refusal

pytestmark = pytest.mark.usefixtures("printed_notices")

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
        self.circuit, self.real = executable.circuit, executable.real

    @property
    def metadata(self):
        return self.executable.metadata

    def __call__(self, per_sample, shared, state):
        self.calls += 1
        time.sleep(self.pause)
        return self.executable(per_sample, shared, state)


def never(options):
    return False


def row(name, pause=0.0, made=None, **changes):
    """A row of the table of backends that runs like the reference, only slower; executables go to `made`."""

    def build(circuit, options, seed):
        executable = Slow(REFERENCE.load(circuit, options, seed), pause)
        if made is not None:
            made.append(executable)
        return executable

    entry = Entry(name=name, doc=name, options=REFERENCE.entry.options)
    return replace(REFERENCE, **{"entry": entry, "build": build, "pace": 1e9} | changes)


@pytest.fixture
def rows(monkeypatch):
    """Sets the whole table of backends; choices made before are forgotten."""

    def put(*found):
        table = {item.entry.name: item for item in found}
        for module in (pipeline, program, named_backends):
            monkeypatch.setattr(module, "offered", lambda: table)

    monkeypatch.setattr(auto, "_picked", {})
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
    rows(
        row("eager"), row("crawling", made=made, pace=1e3), row("sampling", made=made, exact_with=lambda options: False)
    )
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

    rows(row("broken", build=refuse), row("whole"))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "whole"
    assert "broken: backend `broken` cannot run this circuit: it is broken" in capsys.readouterr().err
    rows(row("broken", build=refuse), row("cracked", build=refuse))
    with pytest.raises(Refusal) as caught:
        hqnn.compile_text(SPEC).quantum_layer()
    assert {item.code for item in caught.value.diagnostics} == {"E0713"}


def test_rows_that_object_to_the_circuit_are_no_candidates(rows):
    def object_(circuit, options):
        return (BackendCannot(backend="picky", reason="it does not want to"),)

    rows(row("picky", circuit_objections=object_), row("willing", 0.01))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "willing"
    rows(row("picky", circuit_objections=object_))
    with pytest.raises(Refusal) as caught:
        hqnn.compile_text(SPEC)
    assert "it does not want to" in str(caught.value)


def test_precision_reaches_the_trial_and_the_layer(rows):
    seen = []

    def build(circuit, options, seed):
        seen.append(options["precision"])
        return REFERENCE.load(circuit, options, seed)

    rows(row("a", build=build), row("b", build=build))
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


def forgotten(monkeypatch):
    """As in a new process: only what is kept on disk is known."""
    monkeypatch.setattr(auto, "_picked", {})


def test_the_next_process_does_not_try_again(rows, capsys, monkeypatch, own_trials):
    made = []
    rows(row("walking", made=made), row("crawling", 0.05, made))
    hqnn.compile_text(SPEC).quantum_layer()
    first = capsys.readouterr().err
    assert len(made) == 3
    forgotten(monkeypatch)
    layer = hqnn.compile_text(SPEC).quantum_layer()
    assert layer.backend.name == "walking"
    assert len(made) == 4  # the layer's own
    again = capsys.readouterr().err
    assert again.replace(" a step in an earlier trial (", " a step (") == first
    assert [path.name for path in own_trials.iterdir()] == [trial_records.FILE]


@pytest.mark.parametrize(
    "change",
    [
        {"set": {"reps": 2}},
        {"set": {"batch": 5}},
        {"precision": "double"},
        {"version": True},
        {"machine": True},
        {"threads": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_trial_depends_on_is_tried_anew(rows, monkeypatch, change):
    made = []
    rows(row("walking", made=made), row("crawling", 0.02, made))
    hqnn.compile_text(SPEC).quantum_layer()
    forgotten(monkeypatch)
    if "version" in change:
        monkeypatch.setattr(trial_records, "installed_versions", lambda: {"torch": "of tomorrow"})
    if "machine" in change:
        monkeypatch.setattr(trial_records.platform, "node", lambda: "elsewhere")
    if "threads" in change:
        monkeypatch.setenv("OMP_NUM_THREADS", "7")
    hqnn.compile_text(SPEC, set=change.get("set")).quantum_layer(precision=change.get("precision"))
    assert len(made) == 6


NOT_USABLE = [
    b"",
    b"{",
    b"\xff\xfe",
    b"[]",
    b"[" * 100_000,
    b'{"format": 99, "trials": {}}',
    b'{"format": 1, "trials": []}',
    b'{"format": 1, "trials": "x"}',
]


@pytest.mark.parametrize("data", NOT_USABLE, ids=range(len(NOT_USABLE)))
def test_a_damaged_file_is_replaced(rows, monkeypatch, own_trials, data):
    made = []
    (own_trials / trial_records.FILE).write_bytes(data)
    rows(row("walking", made=made), row("crawling", 0.02, made))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "walking"
    assert len(made) == 3
    forgotten(monkeypatch)
    hqnn.compile_text(SPEC).quantum_layer()
    assert len(made) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"name": "gone"},
        {"name": 3},
        {"seconds": {"walking": "fast"}},
        {"seconds": {}},
        {"left_out": None},
        {"rows": "4"},
    ],
    ids=str,
)
def test_an_entry_that_cannot_be_meant_is_tried_anew(rows, monkeypatch, own_trials, change):
    made = []
    rows(row("walking", made=made), row("crawling", 0.02, made))
    hqnn.compile_text(SPEC).quantum_layer()
    path = own_trials / trial_records.FILE
    kept = json.loads(path.read_text())
    (known_by,) = kept["trials"]
    kept["trials"][known_by] |= change
    path.write_text(json.dumps(kept))
    forgotten(monkeypatch)
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "walking"
    assert len(made) == 6


def test_where_nothing_can_be_kept_each_process_tries(rows, monkeypatch, tmp_path):
    made = []
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(trial_records, "places", lambda: (tmp_path / "file" / "folder",))
    rows(row("walking", made=made), row("crawling", 0.02, made))
    for count in (3, 6):
        forgotten(monkeypatch)
        hqnn.compile_text(SPEC).quantum_layer()
        assert len(made) == count


def test_a_choice_that_is_not_here_any_more_is_made_anew(rows, monkeypatch):
    there = [True]
    rows(row("walking", is_here=lambda: there[0]), row("crawling", 0.02))
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "walking"
    forgotten(monkeypatch)
    there[0] = False
    assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "crawling"


def test_only_the_newest_trials_are_kept(own_trials, monkeypatch):
    monkeypatch.setattr(trial_records, "MOST", 3)
    entry = {"name": "a", "seconds": {"a": 0.5}, "rows": 1, "left_out": {}}
    for number in (1, 2, 3, 1, 4):
        trial_records.write(str(number), entry)
    assert [number for number in "1234" if trial_records.read(number)] == ["1", "3", "4"]


def test_of_two_that_are_close_the_declared_pace_decides():
    seconds = {"eager": 0.0019, "steady": 0.001}
    assert auto._preferred(seconds, {"eager": 2e9, "steady": 1e9}) == "eager"
    assert auto._preferred(seconds, {"eager": 1e9, "steady": 2e9}) == "steady"
    assert auto._preferred({"eager": 0.0021, "steady": 0.001}, {"eager": 2e9, "steady": 1e9}) == "steady"
    assert auto._preferred(seconds, {"eager": 1e9, "steady": 1e9}) == "steady"


def test_a_busy_machine_does_not_decide(rows, monkeypatch):
    for busy in ("preferred", "other"):
        forgotten(monkeypatch)
        monkeypatch.setattr(trial_records, "read", lambda key: None)
        pauses = {"preferred": 0.008, "other": 0.008} | {busy: 0.012}
        rows(row("other", pauses["other"], pace=1e9), row("preferred", pauses["preferred"], pace=2e9))
        assert hqnn.compile_text(SPEC).quantum_layer().backend.name == "preferred"


def test_what_cannot_run_here_is_said_and_not_tried(rows, capsys):
    made = []
    rows(row("a"), row("b", 0.02), row("far", made=made, is_here=lambda: False), row("slow", pace=1e3))
    hqnn.compile_text(SPEC).quantum_layer()
    assert "far: not here; slow: too slow to try)" in capsys.readouterr().err
    assert made == []


def test_compiling_tries_nothing(rows, tmp_path, capsys):
    made = []
    rows(row("quick", made=made, pace=2e9), row("plain", made=made, pace=1e9))
    program = hqnn.compile_text(SPEC.replace("dense }", "dense(1) }"))
    hqnn.write_compiled(program, tmp_path / "compiled", ["module"], 3)
    assert [type(item.executable).__name__ for item in made] == ["DenseExecutable"]
    assert "auto" not in capsys.readouterr().err
    stored = hqnn.load(tmp_path / "compiled")
    for name, weights in program.network(3).state_dict().items():
        torch.testing.assert_close(stored.state_dict()[name], weights, rtol=0, atol=0)


def run_on(tmp_path, rows, *found):
    import pandas as pd

    rows(*found)
    table = pd.DataFrame({"a": range(12), "b": range(0, 24, 2), "y": range(12)})
    program = hqnn.compile_text(SPEC, set={"epochs": 1})
    return program, table, hqnn.train(program, table, tmp_path / "run")


def test_a_run_is_used_on_the_backend_that_it_records(tmp_path, rows, monkeypatch, capsys):
    program, table, _ = run_on(tmp_path, rows, row("first"), row("second", 0.02))
    rows(row("first", 0.05), row("second"))
    forgotten(monkeypatch)
    monkeypatch.setattr(trial_records, "read", lambda key: pytest.fail("a trial was asked for"))
    capsys.readouterr()
    run = hqnn.open_run(tmp_path / "run")
    assert run.backend["name"] == "first"
    run.predict(table)
    assert hqnn.train(program, table, tmp_path / "run", resume=True).backend["name"] == "first"
    assert "auto" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "record", [None, b"", b"{}", b'{"backend": 3}', b'{"backend": {"asked": "auto", "name": "gone"}}']
)
def test_without_a_record_the_backend_is_chosen(tmp_path, rows, monkeypatch, record):
    run_on(tmp_path, rows, row("first"), row("second", 0.02))
    path = tmp_path / "run" / "environment.json"
    path.unlink() if record is None else path.write_bytes(record)
    rows(row("first", 0.05), row("second"))
    forgotten(monkeypatch)
    monkeypatch.setattr(trial_records, "read", lambda key: None)
    assert hqnn.open_run(tmp_path / "run").backend["name"] == "second"


def test_a_run_broken_off_in_its_first_epoch_has_its_record(tmp_path, rows, monkeypatch):
    from hqnn_dsl.training import run as running

    def broken(*_, **__):
        names.extend(path.name for path in (tmp_path / "run").iterdir())
        raise RuntimeError

    names: list[str] = []
    monkeypatch.setattr(running, "fit", broken)
    with pytest.raises(RuntimeError):
        run_on(tmp_path, rows, row("first"), row("second", 0.02))
    assert "environment.json" in names


def test_a_real_run_is_predicted_without_a_trial(tmp_path, monkeypatch, capsys):
    import pandas as pd

    table = pd.DataFrame({"a": range(12), "b": range(0, 24, 2), "y": range(12)})
    run = hqnn.train(hqnn.compile_text(SPEC, set={"epochs": 1}), table, tmp_path / "run")
    monkeypatch.setattr(auto, "choose", lambda *_, **__: pytest.fail("a trial was made"))
    forgotten(monkeypatch)
    found = hqnn.open_run(tmp_path / "run")
    pd.testing.assert_frame_equal(found.predict(table), run.predict(table))
    assert found.backend["name"] == run.backend["name"]
