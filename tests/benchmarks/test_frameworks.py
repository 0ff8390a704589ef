"""The comparison of frameworks: what it finds wrong, what it says first, and one training through it."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time

import pytest

import hqnn_dsl as hqnn
from benchmarks import frameworks
from benchmarks.frameworks import CONTESTANTS, SIZES, Contestant, Size, absence, alone, apart, judged
from benchmarks.frameworks_page import CIRCUITS, page

TRAINING = {
    "start": "a",
    "rows": "b",
    "history": [[1.0, 2.0], [0.5, 1.5]],
    "test": {"rmse": 3.0, "mae": 2.0, "r2": 0.5, "loss": 0.25},
    "seconds": [9.0, 1.0],
    "cpu_seconds": 5.0,
    "before_bytes": 100 << 20,
    "peak_bytes": 300 << 20,
    "ran": {"name": "native"},
}


def kept(**changes):
    return {"reason": "", "trainings": [copy.deepcopy(TRAINING) | changes]}


def test_equal_trainings_agree_and_are_summed_up():
    found = judged({"reason": "", "trainings": [TRAINING, TRAINING | {"seconds": [7.0, 3.0]}]}, kept())
    assert found["differs"] == []
    assert found["losses_apart"] == 0
    assert (found["epoch"], found["epoch_minimum"], found["first_epoch"]) == (2.0, 1.0, 8.0)
    assert found["grown_bytes"] == 200 << 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": "z"}, "starting weights"),
        ({"rows": "z"}, "rows"),
        ({"history": [[1.0, 2.0], [0.5, 1.5 + 1e-6]]}, "losses are"),
        ({"history": [[1.0, 2.0]]}, "losses are inf"),
        ({"history": [[1.0, float("nan")], [0.5, 1.5]]}, "losses are inf"),
        ({"test": TRAINING["test"] | {"rmse": 3.1}}, "scores"),
    ],
)
def test_what_is_not_equal_is_said(changes, words):
    (said,) = judged(kept(**changes), kept())["differs"]
    assert words in said


def test_numbers_apart_are_counted_by_their_size():
    assert apart([200.0], [100.0]) == 1.0
    assert apart([0.01], [0.0]) == 0.01


def test_a_backend_that_this_version_lacks_is_absent_with_the_reason():
    assert absence(CONTESTANTS[0]) == ""
    assert "does not have it" in absence(Contestant("x", "x", "aer(method: telepathy)"))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_number_of_circuits_is_that_of_the_spec(size):
    circuit = hqnn.compile(frameworks.SPEC, set={"width": size.width}).logical
    rows = hqnn.compile(frameworks.SPEC).spec.train.batch
    angles = len(circuit.sample_slots) + len(circuit.shared_slots)
    assert CIRCUITS[size.name] == rows * circuit.num_outputs * 2 * angles


def results(**changes):
    truth, own = kept(), kept(**changes)
    found = {
        "reference": judged(truth, truth),
        "native": judged(own, truth),
        "aer-batched": judged({"reason": "this version does not have it", "trainings": []}, truth),
        "estimator-qnn": judged(kept(seconds=[60.0, 60.0]), truth),
    }
    machine = {"processor": "p", "cores": 2, "memory_gib": 8.0, "system": "s", "python": "3"}
    sizes = {size.name: {"epochs": size.epochs, "found": copy.deepcopy(found)} for size in SIZES}
    rest = {"machine": machine, "versions": {"torch": "2"}, "date": "d", "command": "c", "minutes": 7.0, "others": 0.0}
    return rest | {"sizes": sizes}


def test_the_page_says_first_what_is_wrong_and_missing():
    text = page(results(history=[[1.0, 2.0], [0.5, 1.6]]))
    bad, conclusions = text.index("**hqnn `native`, 2 qubits: losses are"), text.index("## What to conclude")
    assert bad < text.index("Qiskit Aer, batched is not in the tables") < conclusions
    assert "All train the same" not in text
    assert "All train the same" in page(results())
    assert "an epoch would take about 4 minutes, and the 300 epochs of the spec 20 hours" in text


def test_the_page_in_the_docs_is_that_of_the_kept_results():
    kept = json.loads(frameworks.RESULTS.read_text(encoding="utf-8"))
    assert frameworks.PAGE.read_text(encoding="utf-8") == page(kept)
    assert set(kept["sizes"]) == {size.name for size in SIZES}
    found = kept["sizes"][SIZES[0].name]["found"]
    assert {name for name, one in found.items() if "epoch" in one} == {contestant.name for contestant in CONTESTANTS}


def test_other_work_on_the_machine_is_counted_and_said():
    crowded = page(results() | {"others": 0.75})
    assert crowded.index("Other work took 0.8 of 2 cores") < crowded.index("## What to conclude")
    assert "**Other work" not in page(results())
    before, began = frameworks.others(), time.monotonic()
    stranger = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    while time.monotonic() < began + 2:
        sum(range(1000))
    taken = frameworks.others() - before
    stranger.kill()
    assert taken > 0.3  # a process that nobody has waited for yet is a stranger
    stranger.wait()


def test_a_training_through_it_begins_and_ends_like_another():
    """In processes of their own, as `make frameworks` runs them."""
    size = Size(2, 1, rounds=1)
    reference, native = (alone(contestant, size) for contestant in CONTESTANTS[:2])
    found = judged({"reason": "", "trainings": [native]}, {"reason": "", "trainings": [reference]})
    assert found["differs"] == []
    assert len(found["history"]) == 1
    assert found["ran"]["name"] == "native"
    assert found["peak_bytes"] > found["grown_bytes"] > 0
    assert "reason" in alone(Contestant("x", "x", "telepathy"), size)
