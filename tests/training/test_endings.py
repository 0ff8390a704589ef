"""How a training may end before its time: signals, crashes, full and unreachable disks, two in one folder."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from toy_model import toy_program

from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning
from hqnn_dsl.training import loop
from hqnn_dsl.training.files import held
from hqnn_dsl.training.interruption import interruptible
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.run import train

QUIET = Watch(progress=False)
TESTS = Path(__file__).parents[1]


def table(rows: int = 50):
    return read_table(pd.DataFrame(np.random.default_rng(0).normal(size=(rows, 3)), columns=["a", "b", "t"]))


def begin(out: Path, **options):
    return train(toy_program(epochs=4), table(), out, **({"watch": QUIET} | options))


def refused(action) -> object:
    with pytest.raises(Refusal) as caught:
        action()
    (found,) = caught.value.diagnostics
    return found


PROGRAM = """
import os, signal, sys
for number in (signal.SIGTERM, signal.SIGHUP):  # whatever the tests themselves were started with
    signal.signal(number, signal.SIG_DFL)
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from test_endings import *
from hqnn_dsl.training.checkpoint import Checkpoints
from hqnn_dsl.training.loop import Training, Watch
die = lambda *_: os._exit(9)
say = lambda epoch: print(epoch.number, flush=True)
"""


def program(out: Path, text: str):
    folders = os.pathsep.join([str(TESTS), str(TESTS / "training")])
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM + text, str(TESTS), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TESTS.parent,
        env={**os.environ, "PYTHONPATH": folders},
    )


def ran(out: Path, text: str) -> int:
    with program(out, text) as started:
        _, errors = started.communicate(timeout=240)
    assert "Traceback" not in errors, errors
    return started.returncode


# ---------------------------------------------------------------------- signals


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_request_to_end_keeps_the_results_and_then_ends_the_program(tmp_path, name):
    text = "train(toy_program(epochs=100000), table(), Path(sys.argv[2]), watch=Watch(on_epoch=say)); print('went on')"
    with program(tmp_path / "r", text) as started:
        assert started.stdout.readline() == "1\n"
        started.send_signal(getattr(signal, name))
        output, _ = started.communicate(timeout=120)
    assert started.returncode == -getattr(signal, name)
    assert "went on" not in output
    assert json.loads((tmp_path / "r" / "metrics.json").read_text())["test"]["rmse"] > 0
    assert json.loads((tmp_path / "r" / "environment.json").read_text())["run"]["interrupted"] is True
    assert torch.load(tmp_path / "r" / "checkpoints" / "last.pt", weights_only=True)["epoch"] >= 1


def test_a_signal_that_was_to_be_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible() as interrupted:
            signal.raise_signal(signal.SIGHUP)
            assert not interrupted()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_request_acts_at_once_and_handlers_are_given_back():
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    mine = signal.getsignal(signal.SIGTERM)
    try:
        with interruptible() as interrupted:
            assert interrupted() == 0
            signal.raise_signal(signal.SIGTERM)
            assert (interrupted(), came) == (signal.SIGTERM, [])
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_asks_for_no_signals():
    found = []

    def ask():
        with interruptible() as interrupted:
            found.append(interrupted())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [0]


def test_a_script_with_a_handler_of_its_own_is_told_after_the_run_is_written(tmp_path):
    told = []
    before = signal.signal(signal.SIGTERM, lambda *_: told.append((tmp_path / "r" / "metrics.json").exists()))
    try:
        ask = lambda _epoch: signal.raise_signal(signal.SIGTERM)  # noqa: E731
        assert begin(tmp_path / "r", watch=Watch(progress=False, on_epoch=ask)).interrupted
    finally:
        signal.signal(signal.SIGTERM, before)
    assert told == [True]


# ---------------------------------------------------------------------- crashes


def test_a_run_killed_in_its_first_epoch_goes_on_as_if_it_had_not_been(tmp_path):
    out = tmp_path / "r"
    assert ran(out, "Training.advance = die\nbegin(Path(sys.argv[2]))") == 9
    assert not (out / "checkpoints" / "best.pt").exists()
    found = refused(lambda: begin(out))
    assert found.code == "E0530"
    assert "`--resume`" in found.headline + str(found.advice).format(**vars(found))
    assert not begin(out, resume=True).interrupted
    begin(tmp_path / "whole")
    for file in ("history.csv", "metrics.json", "predictions.csv"):
        assert (out / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert {path.name for path in out.iterdir()} == {path.name for path in (tmp_path / "whole").iterdir()}


def test_a_run_killed_before_its_first_checkpoint_begins_again(tmp_path):
    out = tmp_path / "r"
    assert ran(out, "Checkpoints.write = die\nbegin(Path(sys.argv[2]))") == 9
    assert (out / "spec.hqnn").exists()
    (out / "notes.txt").write_text("mine")
    assert refused(lambda: begin(out)).code == "E0530"
    assert refused(lambda: begin(out, resume=True)).code == "E0532"
    (out / "notes.txt").unlink()
    begin(out)
    assert not (out / "started.json").exists()
    assert (out / "metrics.json").exists()


@pytest.mark.parametrize("left", ["no folder", "an empty folder", "half a file", "a begun run"])
def test_a_run_without_a_checkpoint_is_resumed_from_its_start(tmp_path, left):
    out = tmp_path / "r"
    if left == "a begun run":
        assert ran(out, "Checkpoints.write = die\nbegin(Path(sys.argv[2]))") == 9
    elif left != "no folder":
        out.mkdir()
        for name in (".started-77.json", ".0123456789abcdef.json") if left == "half a file" else ():
            (out / name).write_text("{")
    with pytest.warns(HQNNWarning, match="no checkpoint in .* yet: the training begins anew") as told:
        begin(out, resume=True)
    assert [each.message.diagnostic.code for each in told if each.message.diagnostic] == ["W0472"]
    begin(tmp_path / "whole")
    for file in ("history.csv", "metrics.json", "predictions.csv"):
        assert (out / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert sorted(path.name for path in out.rglob("*")) == sorted(path.name for path in (tmp_path / "whole").rglob("*"))


def test_files_of_a_user_stay_when_what_was_left_is_taken_away(tmp_path):
    out = tmp_path / "r"
    begin(out)
    for name in (".notes-2024.txt", ".hidden", "checkpoints/.mine-1.pt"):
        (out / name).write_text("mine")
    for name in (".metrics-123.json", "checkpoints/.last-9.pt", "plots/.losses-5.png"):
        (out / name).write_text("half")
    begin(out, resume=True)
    found = {str(path.relative_to(out)) for path in out.rglob(".*")}
    assert found == {".notes-2024.txt", ".hidden", "checkpoints/.mine-1.pt"}


def test_files_of_a_user_are_no_dead_run(tmp_path):
    (tmp_path / "spec.hqnn").write_text("mine")
    assert refused(lambda: begin(tmp_path)).code == "E0530"
    assert (tmp_path / "spec.hqnn").read_text() == "mine"


def test_a_dead_run_predicts_nothing(tmp_path):
    from hqnn_dsl.training.run_on_disk import load_run

    assert ran(tmp_path / "r", "Training.advance = die\nbegin(Path(sys.argv[2]))") == 9
    assert refused(lambda: load_run(tmp_path / "r")).code == "E0532"


def test_only_what_a_failed_training_wrote_is_taken_away(tmp_path, monkeypatch):
    out = tmp_path / "r"

    def advance(_training, *_batch):
        (out / "mine.txt").write_text("keep")
        raise Refusal(loop.LossNotFinite(part="training", value="nan", epoch=1, step=1))

    monkeypatch.setattr(loop.Training, "advance", advance)
    assert refused(lambda: begin(out)).code == "E0540"
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_first_epoch_that_is_broken_off_at_once_can_be_gone_on_with(tmp_path, monkeypatch):
    out, advance, steps = tmp_path / "r", loop.Training.advance, []

    def broken(training, *batch):
        steps.append(1)
        if len(steps) == 3:
            raise KeyboardInterrupt
        return advance(training, *batch)

    monkeypatch.setattr(loop.Training, "advance", broken)
    with pytest.raises(KeyboardInterrupt):
        begin(out)
    monkeypatch.setattr(loop.Training, "advance", advance)
    begin(out, resume=True)
    begin(tmp_path / "whole")
    assert (out / "history.csv").read_bytes() == (tmp_path / "whole" / "history.csv").read_bytes()


# ------------------------------------------------------------- two in one folder


def test_a_folder_that_a_training_writes_to_is_refused(tmp_path):
    out = tmp_path / "r"
    out.mkdir()
    with held(out):
        assert refused(lambda: begin(out)).code == "E0547"
        assert list(out.iterdir()) == []
    begin(out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    with held(out):
        busy = refused(lambda: begin(out, resume=True))
        assert busy.code == "E0547"
        assert "nothing of it was changed: wait for its end" in busy.help
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    begin(out, resume=True)


# ------------------------------------------------------------------------ disks


def unreachable(tmp_path: Path) -> list[Path]:
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to("circle")
    return [
        *(tmp_path / ("x" * 300), tmp_path / "file" / "r", tmp_path / "circle" / "r"),
        *(Path("/dev/null/r"), Path("/proc/self/r"), tmp_path / "a\0b"),
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_folder_that_cannot_be_made_is_refused_before_any_work(tmp_path, monkeypatch, number):
    monkeypatch.setattr("hqnn_dsl.training.run.fit", lambda *_, **__: pytest.fail("trained"))
    found = refused(lambda: begin(unreachable(tmp_path)[number]))
    assert (found.code, found.exit_code) == ("E0531", 3)
    assert found.reason


@pytest.mark.parametrize("number", range(6))
def test_a_folder_that_cannot_be_reached_is_not_resumed(tmp_path, number):
    found = refused(lambda: begin(unreachable(tmp_path)[number], resume=True))
    assert found.code in {"E0531", "E0532", "E0533"}


@contextmanager
def full():
    """A disk that takes no file of more than a hundred bytes any more, as this process sees it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path, monkeypatch, epoch):
    out, advance = tmp_path / "r", loop.Training.advance
    monkeypatch.setattr("hqnn_dsl.training.checkpoint.SECONDS_BETWEEN_WRITES", 0.0)
    limits = full()

    def step(training, *batch):
        if len(training.history) == epoch and training.step == 2:
            limits.__enter__()
        return advance(training, *batch)

    monkeypatch.setattr(loop.Training, "advance", step)
    try:
        found = refused(lambda: begin(out))
    finally:
        limits.__exit__(None, None, None)
    assert (found.code, found.exit_code) == ("E0531", 3)
    assert found.reason == os.strerror(errno.EFBIG).lower()
    assert f"its last checkpoint is whole, after epoch {epoch}: make room" in found.help
    assert f"`hqnn train SPEC DATA --out {out} --resume`" in found.help
    assert torch.load(out / "checkpoints" / "last.pt", weights_only=True)["epoch"] == epoch
    assert [path.name for path in out.rglob(".*")] == []
    monkeypatch.setattr(loop.Training, "advance", advance)
    begin(out, resume=True)
    begin(tmp_path / "whole")
    for file in ("history.csv", "metrics.json"):
        assert (out / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_a_folder_that_may_not_be_written_to_is_not_resumed(tmp_path, monkeypatch):
    out, access = tmp_path / "r", os.access
    begin(out)
    monkeypatch.setattr("hqnn_dsl.training.run.fit", lambda *_, **__: pytest.fail("trained"))
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != out and access(path, mode))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    found = refused(lambda: begin(out, resume=True))
    assert (found.code, found.exit_code) == ("E0531", 3)
    assert f"chmod u+w {out}" in found.help
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*")}


def test_a_disk_that_has_become_read_only_is_said(tmp_path, monkeypatch):
    out = tmp_path / "r"
    begin(out)

    def unlink(path, **_options):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", unlink)
    found = refused(lambda: begin(out, resume=True))
    assert (found.code, found.exit_code) == ("E0531", 3)
    assert found.reason == os.strerror(errno.EROFS).lower()
    assert "after epoch 4: make room, or let the folder be written to" in found.help
    monkeypatch.undo()
    begin(out, resume=True)


def test_the_end_is_told_before_the_pictures_are_drawn(tmp_path):
    told = []

    def end(ending):
        told.append(ending)
        assert (ending.run / "metrics.json").exists()
        assert not (ending.run / "plots").exists()

    result = begin(tmp_path / "r", watch=Watch(progress=False, on_end=end))
    assert [ending.metrics for ending in told] == [result.metrics]
    assert {path.name for path in (tmp_path / "r" / "plots").iterdir()} == {"losses.png", "predictions.png"}


def test_the_pictures_are_drawn_when_nobody_takes_the_end(tmp_path):
    with pytest.raises(BrokenPipeError):
        begin(tmp_path / "r", watch=Watch(progress=False, on_end=_gone))
    assert {path.name for path in (tmp_path / "r" / "plots").iterdir()} == {"losses.png", "predictions.png"}


def _gone(_ending):
    raise BrokenPipeError


def test_results_that_do_not_fit_on_the_disk_are_said(tmp_path, monkeypatch):
    out = tmp_path / "r"
    monkeypatch.setattr("hqnn_dsl.training.results.write_predictions", lambda *_: limits.__enter__())
    limits = full()
    try:
        found = refused(lambda: begin(out))
    finally:
        limits.__exit__(None, None, None)
    assert found.code == "E0531"
    assert "its last checkpoint is whole, after epoch 4" in found.help
    assert not (out / "metrics.json").exists()
    monkeypatch.undo()
    begin(out, resume=True)
    assert (out / "metrics.json").exists()
