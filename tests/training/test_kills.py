"""A training that is killed twenty times by `kill -9`: each time `--resume` comes to the bits of a whole run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
COMPARED = ("history.csv", "metrics.json", "predictions.csv", "preprocess.json", "spec.resolved.hqnn")

PROGRAM = """
import json, os, signal, sys, time
import numpy as np, pandas as pd
from pathlib import Path
import matplotlib.figure, matplotlib.backends.backend_agg, sklearn.ensemble, sklearn.linear_model, sklearn.dummy
from toy_model import ENGINE, toy_program
from hqnn_dsl import files
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.training import checkpoint, figures, run  # imported once: each training is a process forked from here
from hqnn_dsl.training.loop import Watch

checkpoint.SECONDS_BETWEEN_WRITES = 0.0
figures.DPI = 20  # nobody looks at them
os.fsync = lambda _opened: None  # the system outlives a killed process, with all that was written
frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["a", "b", "t"])
epochs, layers = 24, "dense(4); tanh; dropout(0.2); dense(2); tanh * pi"

def train(out, pause=0.0):
    there = (out / "checkpoints" / "last.pt").exists()
    watch = Watch(progress=False, on_epoch=lambda _: time.sleep(pause))
    run.train(toy_program(epochs=epochs, encoder=layers), read_table(frame), out, watch=watch, resume=True)
    return there

def die_writing(number, where):
    \"\"\"Kill this process while it writes its file of that number, empty, half, or whole beside the old one.\"\"\"
    replacing, count = files.replacing, [0]
    class Killing(type(Path())):
        def write_bytes(self, data):
            if where == "half":
                super().write_bytes(bytes(data)[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return super().write_bytes(data)
    from contextlib import contextmanager
    @contextmanager
    def dying(path, **options):
        count[0] += 1
        with replacing(path, **options) as beside:
            if count[0] != number:
                yield beside
                return
            if where == "empty":
                os.kill(os.getpid(), signal.SIGKILL)
            yield Killing(beside)
            os.kill(os.getpid(), signal.SIGKILL)
    from hqnn_dsl.training import files as run_files
    run_files.replacing_file = dying

def killed(out, kill):
    child = os.fork()
    if child == 0:
        try:
            if "number" in kill:
                die_writing(kill["number"], kill["where"])
            train(out, kill["pause"])
            os._exit(0)
        finally:
            os._exit(7)
    if "after" in kill:
        time.sleep(kill["after"])
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def resumed(out):
    child = os.fork()
    if child == 0:
        try:
            train(out)
            os._exit(0)
        finally:
            os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

for line in sys.stdin:
    kill = json.loads(line)
    out = Path(kill["out"])
    ENGINE["backend"] = kill["engine"]
    ends = [killed(out, kill)] if kill.get("kill", True) else []
    files_left = sorted(path.name for path in out.rglob("*")) if out.exists() else []
    ends.append(resumed(out))
    print(json.dumps({"ends": ends, "left": files_left}), flush=True)
"""


@pytest.fixture(scope="module")
def trainer():
    """Carries out what it is told, a line of JSON each, and answers with how the processes have ended."""
    folders = os.pathsep.join([str(TESTS), str(TESTS / "training")])
    environment = {**os.environ, "PYTHONPATH": folders, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=TESTS.parent, env=environment
    ) as started:
        assert started.stdin is not None
        assert started.stdout is not None

        def tell(**what: object) -> dict[str, list]:
            started.stdin.write(json.dumps({name: str(v) if name == "out" else v for name, v in what.items()}) + "\n")
            started.stdin.flush()
            return json.loads(started.stdout.readline())

        yield tell
        started.stdin.close()


@pytest.fixture(scope="module")
def whole(trainer, tmp_path_factory) -> dict[str, Path]:
    """A run of each engine that nobody has killed."""
    found = {engine: tmp_path_factory.mktemp("whole") / "r" for engine in ("reference", "native")}
    for engine, out in found.items():
        assert trainer(out=out, kill=False, engine=engine)["ends"] == [0]
    return found


def same(out: Path, whole: Path) -> None:
    for name in COMPARED:
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    names = [sorted(str(path.relative_to(run)) for path in run.rglob("*")) for run in (out, whole)]
    assert names[0] == names[1]


DRAW = random.Random(14)
MOMENTS = [
    *({"after": DRAW.uniform(0, 1), "engine": "reference"} for _ in range(5)),
    *({"after": DRAW.uniform(0, 1.4), "engine": engine} for engine in ("reference", "native") for _ in range(5)),
]
"""Seconds after the training has begun, in a process that has imported everything, and what runs its steps."""
PAUSE = 0.06
"""Seconds after each of 24 epochs: a training that is to be killed takes longer than any of the moments."""
WRITES = [(1, "empty"), (2, "half"), (5, "before"), (6, "half"), (9, "empty")]
"""The number of a file, and how much of it is written: `started.json`, the spec, the first checkpoint, the best …"""


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_a_training_that_is_killed_at_any_moment_comes_to_the_same_bits(trainer, whole, tmp_path, number):
    found = trainer(out=tmp_path / "r", pause=PAUSE, **MOMENTS[number])
    assert found["ends"] == [-9, 0], found
    same(tmp_path / "r", whole[MOMENTS[number]["engine"]])


@pytest.mark.parametrize(("number", "where"), WRITES)
def test_a_training_that_is_killed_while_it_writes_comes_to_the_same_bits(trainer, whole, tmp_path, number, where):
    found = trainer(out=tmp_path / "r", number=number, where=where, pause=0.0, engine="reference")
    assert found["ends"] == [-9, 0], found
    assert any(name.startswith(".") for name in found["left"])
    same(tmp_path / "r", whole["reference"])
