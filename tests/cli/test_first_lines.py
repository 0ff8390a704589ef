"""What `hqnn train` says before and soon after its first step: circuits, the time that it takes, its memory."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from hqnn_dsl.cli.train_messages import end_time, memory_now, pace_line
from hqnn_dsl.training import bar
from hqnn_dsl.training.time_left import Expected

SPEC = """\
hqnn 1
model toy {
  data { target y; features a, b; split validation: 4, test: 4 }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 2; batch 6; stop none; seed 7 }
  BACKEND
}
"""
NOW = datetime(2031, 5, 6, 22, 30)
MEBIBYTE = 1 << 20


@pytest.fixture
def place(tmp_path):
    random = np.random.default_rng(0)
    made = pd.DataFrame(random.normal(size=(20, 2)), columns=["a", "b"])
    made.assign(y=made["a"] - made["b"]).to_csv(tmp_path / "data.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("expected", "memory", "said"),
    [
        (
            Expected(epoch=35.2, epochs=300, left=10_500.0, is_bound=True),
            [500 * MEBIBYTE, 200 * MEBIBYTE],
            (
                "35 s an epoch, at most 2 h 55 min for 300 epochs, until Wed 01:25; "
                "700.0 MiB of memory so far, 200.0 MiB of it in a second process"
            ),
        ),
        (Expected(epoch=0.01, epochs=200, left=2.0, is_bound=False), [], "10 ms an epoch, about 2.0 s for 200 epochs"),
        (
            Expected(epoch=90.0, epochs=1, left=75.0, is_bound=False),
            [MEBIBYTE],
            "90 s an epoch, about 1 min 15 s for the last epoch, until 22:31; 1.0 MiB of memory so far",
        ),
        (
            Expected(epoch=0.5, epochs=20, left=60.0, is_bound=True, trainings=6),
            [],
            "500 ms an epoch, at most 1 min 0 s for 6 trainings of 20 epochs, until 22:31",
        ),
    ],
)
def test_the_time_of_a_training_is_one_line(expected, memory, said):
    assert pace_line(expected, memory, NOW) == said


@pytest.mark.parametrize(
    ("hours", "said"), [(1, "23:30"), (2, "Wed 00:30"), (24 * 5, "Sun 22:30"), (24 * 7, "2031-05-13 22:30")]
)
def test_the_end_has_a_day_if_it_is_another_one(hours, said):
    assert end_time(NOW + timedelta(hours=hours), NOW) == said


def test_the_memory_is_told_of_both_processes():
    found = memory_now(None)
    if found:
        assert memory_now(1 << 22) == [], "a process that has ended"
        assert found[0] > 10 * MEBIBYTE


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        # Six rows of 1 circuit and two shifts of 2 inputs and 4 weights; 12 rows to train on, 4 judged, and 20 in all.
        ("aer", "78 circuits a step, 340 circuits in all with scores and predictions"),
        (
            'primitive("fake_manila", shots: 10)',
            "78 circuits with 780 shots a step, 340 circuits with 3,400 shots in all with scores and predictions",
        ),
        (
            'primitive("statevector", gradient: spsa(samples: 3))',
            "42 circuits a step, 196 circuits in all with scores and predictions",
        ),
        ("native", None),
    ],
)
def test_circuits_are_told_before_the_first_step_if_they_are_counted(hqnn_command, place, backend, said):
    (place / "model.hqnn").write_text(SPEC.replace("BACKEND", f"backend {backend}"))
    ended = hqnn_command("train", "model.hqnn", "data.csv", "--out", "run", "--json", cwd=place)
    assert ended.code == 0
    assert json.loads(ended.out)["run"] == "run"
    lines = ended.err.splitlines()
    found = [number for number, line in enumerate(lines) if "circuit" in line and "in all with scores" in line]
    assert [lines[number] for number in found] == ([] if said is None else [said])
    first = next(number for number, line in enumerate(lines) if line.startswith("epoch "))
    assert all(number < first for number in found)


def test_the_time_of_a_training_that_takes_a_while_is_told(hqnn_command, place, monkeypatch):
    monkeypatch.setattr(bar, "WORTH_TELLING", 0.0)
    monkeypatch.setattr(bar, "SURE", 0.0)
    monkeypatch.setattr(bar, "SURE_OF_STEPS", 0.0)
    (place / "model.hqnn").write_text(SPEC.replace("BACKEND", "backend native"))
    ended = hqnn_command("train", "model.hqnn", "data.csv", "--out", "run", "--set", "epochs=30", cwd=place)
    (line,) = (line for line in ended.err.splitlines() if "an epoch, about" in line)
    assert " epochs" in line
    assert ended.out.startswith("rows ")
    many = hqnn_command("train", "model.hqnn", "data.csv", "--out", "cv", "--seeds", 2, "--set", "epochs=30", cwd=place)
    lines = many.err.splitlines()
    assert any(line.startswith("the first of them") for line in lines)
    assert (
        "9 classical and 4 quantum weights, native(device: auto, precision: single), single precision on the cpu"
        in lines
    )
    assert sum("trainings of 30 epochs" in line for line in lines) <= 1


@pytest.mark.parametrize(
    ("backend", "circuits", "shots"),
    [
        pytest.param("aer", 340, 0, marks=pytest.mark.slow),
        ("aer(shots: 10)", 340, 10 * 340 * 2),  # each of two observables is read from shots of its own
        pytest.param("aer(gradient: spsa(samples: 3))", 196, 0, marks=pytest.mark.slow),
        ('primitive("fake_manila", shots: 10)', 340, 3400),
        pytest.param('primitive("statevector", gradient: spsa(samples: 3))', 196, 0, marks=pytest.mark.slow),
    ],
)
def test_what_is_planned_is_held_against_the_bounds_of_each_backend(hqnn_command, place, backend, circuits, shots):
    (place / "model.hqnn").write_text(SPEC.replace("BACKEND", f"backend {backend}"))

    bounds = ("--max", f"circuits={circuits - 1}", "--max", f"shots={max(0, shots - 1)}")
    ended = hqnn_command("plan", "model.hqnn", "data.csv", "--json", *bounds, cwd=place)
    found = json.loads(ended.out)
    assert (found["circuits"]["circuits"], found["circuits"]["shots"]) == (circuits, shots)
    assert ended.code == 1
    assert [item["code"] for item in found["diagnostics"]] == ["E0646", "E0646"][: 1 + (shots > 0)]
