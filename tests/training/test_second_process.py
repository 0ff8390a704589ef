"""Calls in a second process have the values that they have here, whatever becomes of that process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hqnn_dsl.training import second_process
from hqnn_dsl.training.baselines import Questions, predicted_probabilities, predicted_values
from hqnn_dsl.training.second_process import Here, SecondProcess

ROOT = Path(__file__).resolve().parents[2]
BASELINES = "hqnn_dsl.training.baselines"


@pytest.fixture
def beside(monkeypatch):
    """A second process also on a machine with one core; it imports nothing before it is asked."""
    monkeypatch.setattr(second_process, "cores", lambda: 2)
    with SecondProcess(()) as found:
        assert found._process is not None
        yield found


def questions(classes: int = 0) -> Questions:
    numbers = np.random.default_rng(5)
    inputs, asked = numbers.normal(size=(120, 3)), numbers.normal(size=(20, 3))
    targets = np.sin(inputs[:, :1]) + inputs[:, 1:2] ** 2
    return Questions(inputs, np.floor(targets * 2) % classes if classes else targets, asked, seed=3)


def test_it_is_another_process(beside):
    assert beside.begin("os", "getpid")() == beside._process.pid != os.getpid()
    assert Here().begin("os", "getpid")() == os.getpid()


def test_baselines_are_the_same_to_the_bit(beside):
    values = beside.begin(BASELINES, "predicted_values", questions())
    classes = beside.begin(BASELINES, "predicted_probabilities", questions(3), 3)
    for found, expected in (
        (values(), predicted_values(questions())),
        (classes(), predicted_probabilities(questions(3), 3)),
    ):
        assert found.keys() == expected.keys()
        for name, each in expected.items():
            assert np.array_equal(found[name], each), name


def test_values_may_be_asked_for_in_any_order(beside):
    waiting = [beside.begin("math", "sqrt", number) for number in range(50)]
    assert [value() for value in reversed(waiting)] == [number**0.5 for number in reversed(range(50))]


def test_arguments_and_values_larger_than_a_pipe_come_through(beside):
    large = np.arange(3_000_000.0)
    assert np.array_equal(beside.begin("numpy", "negative", large)(), -large)


def test_whatever_is_printed_there_is_no_answer(beside):
    assert beside.begin("builtins", "print", "no answer")() is None
    assert beside.begin("math", "sqrt", 4.0)() == 2.0


def test_an_error_is_raised_here(beside):
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        beside.begin("math", "sqrt", -1.0)()
    assert beside.begin("math", "sqrt", 9.0)() == 3.0


def test_what_has_ended_is_carried_out_here(beside):
    beside.begin("time", "sleep", 1000)
    waiting = beside.begin("os", "getpid")
    beside._process.kill()
    assert waiting() == os.getpid()
    beside.close()
    assert beside.begin("os", "getpid")() == os.getpid()


def test_modules_that_are_not_there_end_it(monkeypatch):
    monkeypatch.setattr(second_process, "cores", lambda: 2)
    with SecondProcess(("no_such_module",)) as beside:
        assert beside.begin("math", "sqrt", 4.0)() == 2.0


@pytest.mark.parametrize("lacking", ["a core", "an interpreter", "a program"])
def test_without_a_second_process_calls_are_carried_out_here(lacking, monkeypatch, tmp_path):
    monkeypatch.setattr(second_process, "cores", lambda: 1 if lacking == "a core" else 2)
    if lacking != "a core":
        monkeypatch.setattr(sys, "executable", "" if lacking == "an interpreter" else str(tmp_path / "none"))
    with SecondProcess(()) as beside:
        assert beside.begin("os", "getpid")() == os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_it_ends_with_the_process_that_started_it_and_not_by_ctrl_c(beside):
    pid = beside.begin("os", "getpid")()
    os.kill(pid, signal.SIGINT)
    assert beside.begin("os", "getpid")() == pid
    program = (
        "import os; from hqnn_dsl.training import second_process as s; s.cores = lambda: 2\n"
        "print(s.SecondProcess(()).begin('os', 'getpid')(), flush=True); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    deadline = time.monotonic() + 60
    while _is_running(int(done.stdout)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or " Z " not in Path(f"/proc/{pid}/stat").read_text()
