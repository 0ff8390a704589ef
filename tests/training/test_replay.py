"""A run trained again: identical, within tolerance, or since which epoch it differs, and what else does."""

from __future__ import annotations

import csv
import json
import math
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn
from hqnn_dsl.training import loop
from hqnn_dsl.training.code_hash import code_hash
from hqnn_dsl.training.threads import suited_threads

SPEC = """hqnn 1
model small {
  data { target y; scale features: standard }
  encoder { dense(3); tanh; dropout(0.1); dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 6; batch 8; device cpu; optimizer adam(0.05); seed 7; stop none }
  backend ENGINE
}
"""
if TYPE_CHECKING:
    from pathlib import Path

QUIET = {"progress": False}


def spec(engine: str = "reference") -> str:
    return SPEC.replace("ENGINE", engine)


def table() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(40, 2))
    return pd.DataFrame({"a": features[:, 0], "b": features[:, 1], "y": features[:, 0] - draw.normal(size=40)})


def trained(out: Path, engine: str = "reference", **options):
    return hqnn.train(spec(engine), table(), out, **QUIET, **options).path


def refused(act) -> hqnn.Diagnostic:
    with pytest.raises(hqnn.Refusal) as caught:
        act()
    return caught.value.diagnostics[0]


def files_of(run: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in run.rglob("*") if path.is_file()}


def edit(run: Path, file: str, change) -> None:
    data = json.loads((run / file).read_text())
    change(data)
    (run / file).write_text(json.dumps(data))


def break_off(out: Path, monkeypatch) -> None:
    """A training that dies in the middle of its first epoch."""
    advance = loop.Training.advance

    def broken(training, *batch):
        if training.step == 2:
            raise KeyboardInterrupt
        return advance(training, *batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Training, "advance", broken)
        with pytest.raises(KeyboardInterrupt):
            trained(out)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_same_machine_gives_the_same_bits_and_writes_nothing(tmp_path, monkeypatch, engine):
    run = trained(tmp_path / "run", engine)
    before = files_of(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.epochs, found.first_epoch, found.largest) == ("identical", 6, None, 0.0)
    assert (found.data, found.changes) == ((), ())
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_run_of_one_thread_on_two(tmp_path, monkeypatch, engine):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        run = trained(tmp_path / "run", engine)
        torch.set_num_threads(2)
        found = hqnn.replay(run, table(), **QUIET)
    finally:
        torch.set_num_threads(before)
    assert [str(change) for change in found.changes] == ["threads 1 then, 2 now"]
    assert found.is_same
    assert (found.largest == 0) == (found.verdict == "identical")
    assert engine == "reference" or found.verdict == "identical"


def test_a_killed_run_has_recorded_its_threads(tmp_path, monkeypatch):
    """What is written before the first step says what the steps will have."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    break_off(tmp_path / "run", monkeypatch)
    program = hqnn.compile(spec())
    with suited_threads(program.network(2, 1), 8) as threads:
        assert json.loads((tmp_path / "run" / "environment.json").read_text())["threads"]["torch"] == threads


# ---------------------------------------------------------------------- tables


def changed_cell(frame: pd.DataFrame) -> pd.DataFrame:
    """Another cell in a row that trains."""
    frame.loc[0, "b"] += 0.5
    return frame


TABLES = {
    "a cell": (changed_cell, ["the cells of column `b`"]),
    "the targets": (lambda frame: frame.assign(y=frame.y * 2), ["the cells of column `y`"]),
    "two columns": (lambda frame: changed_cell(frame.assign(a=-frame.a)), ["the cells of columns `a` and `b`"]),
    "a row less": (lambda frame: frame[:39], ["rows 40 then, 39 now"]),
    "other order": (lambda frame: frame[::-1].reset_index(drop=True), ["the cells of columns `a`, `b` and `y`"]),
    "another name": (lambda frame: frame.rename(columns={"b": "c"}), ["column `b` gone"]),
    "another column": (lambda frame: frame.assign(c=frame.a**2), ["features a, b then, a, b, c now"]),
    "text": (lambda frame: frame.assign(b="x" + frame.b.astype(str)), None),
}


@pytest.mark.parametrize("kind", TABLES)
def test_another_table_is_said_first_and_not_trained_on(tmp_path, monkeypatch, kind):
    run = trained(tmp_path / "run")
    monkeypatch.setattr("hqnn_dsl.training.replay.fit", lambda *_, **__: pytest.fail("trained"))
    change, said = TABLES[kind]
    found = hqnn.replay(run, change(table()), **QUIET)
    assert (found.verdict, found.is_same) == ("not trained", False)
    assert {change.component for change in found.data} == {"data"}
    if said is not None:
        assert [str(change) for change in found.data] == said


def test_another_table_is_trained_on_if_asked_for(tmp_path):
    run = trained(tmp_path / "run")
    found = hqnn.replay(run, changed_cell(table()), anyway=True, **QUIET)
    assert (found.verdict, found.first_epoch, found.first_beyond) == ("differs", 1, 1)
    assert found.largest > 1e-4
    assert [str(change) for change in found.data] == ["the cells of column `b`"]
    less = hqnn.replay(run, table()[:39], anyway=True, **QUIET)
    assert less.verdict == "differs"


def test_a_run_without_hashes_of_columns_tells_what_was_fitted_otherwise(tmp_path):
    run = trained(tmp_path / "run")
    edit(run, "metrics.json", lambda data: data.pop("files"))
    edit(run, "preprocess.json", lambda data: data["table"].pop("columns"))
    edit(run, "environment.json", lambda data: data.pop("table"))
    assert hqnn.replay(run, table(), **QUIET).verdict == "identical"
    found = hqnn.replay(run, table().assign(a=table().a * 2), **QUIET)
    assert [str(change) for change in found.data] == ["the cells, of column `a` at least"]
    assert refused(lambda: hqnn.replay(run, **QUIET)).code == "E0549"
    hqnn.train(spec(), table(), run, resume=True, **QUIET)  # is of the same table, hashes or not


# ------------------------------------------------------------------ components


def test_versions_that_differ_are_named(tmp_path):
    run = trained(tmp_path / "run")

    def older(data):
        data["packages"]["torch"] = "1.13.0"
        data["packages"]["numpy"] = None
        data["hqnn"], data["python"], data["code"] = "0.0.9", "3.8.1", "0" * 64
        data["device"]["type"], data["device"]["name"] = "cuda", "a GPU"

    edit(run, "environment.json", older)
    found = hqnn.replay(run, table(), **QUIET)
    said = {change.name: (change.component, change.then, change.now) for change in found.changes}
    assert said["torch"] == ("packages", "1.13.0", str(torch.__version__))
    assert said["numpy"] == ("packages", "none", np.__version__)
    assert said["hqnn"] == ("code", "0.0.9", hqnn.__version__)
    assert said["source of hqnn"] == ("code", "0" * 12, code_hash()[:12])
    assert said["Python"][:2] == ("python", "3.8.1")
    assert said["device"] == ("device", "cuda", "cpu")
    assert set(said) == {"torch", "numpy", "hqnn", "source of hqnn", "Python", "device", "device's name"}
    assert found.verdict == "identical"


def test_a_run_without_a_record_of_what_ran_it(tmp_path):
    run = trained(tmp_path / "run")
    (run / "environment.json").unlink()
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, [change.name for change in found.changes]) == (
        "identical",
        ["the run has no environment.json"],
    )


def test_torch_steps_by_compiled_ones(tmp_path):
    text = spec("native").replace("; dropout(0.1)", "")
    run = hqnn.train(text, table(), tmp_path / "run", set={"step": "torch"}, **QUIET).path
    assert hqnn.replay(run, table(), **QUIET).verdict == "identical"
    found = hqnn.replay(run, table(), set={"step": "compiled"}, **QUIET)
    assert [str(change) for change in found.changes] == [
        "train.step torch then, compiled now",
        "steps by torch then, compiled now",
    ]
    assert found.verdict == "within tolerance"
    assert 0 < found.largest < 1e-4
    strict = hqnn.replay(run, table(), set={"step": "compiled"}, tolerance=0.0, **QUIET)
    assert (strict.verdict, strict.first_beyond) == ("differs", strict.first_epoch)
    assert strict.largest == found.largest


def test_another_backend_is_named(tmp_path):
    run = trained(tmp_path / "run", "reference")
    found = hqnn.replay(run, table(), set={"backend": "native", "step": "torch"}, **QUIET)
    assert found.is_same
    assert {change.component for change in found.changes} == {"spec", "backend"}


@pytest.mark.parametrize(("changes", "name"), [({"batch": 4}, "train.batch"), ({"train.seed": 3}, "train.seed")])
def test_what_would_be_another_training_is_refused(tmp_path, changes, name):
    run = trained(tmp_path / "run")
    found = refused(lambda: hqnn.replay(run, table(), set=changes, **QUIET))
    assert (found.code, found.exit_code) == ("E0549", 2)
    assert f"with another `{name}`" in found.headline


def test_a_run_with_other_settings_is_replayed_with_them(tmp_path):
    changes = {"epochs": 4, "batch": 5, "reps": 2, "optimizer.lr": 0.1}
    run = trained(tmp_path / "run", set=changes)
    assert len(hqnn.open_run(run).history) == 4
    assert hqnn.replay(run, table(), **QUIET).verdict == "identical"


def test_rows_of_a_split_that_is_drawn_otherwise_now_are_those_of_the_run(tmp_path, monkeypatch):
    run = trained(tmp_path / "run")
    monkeypatch.setattr("hqnn_dsl.training.replay.split_rows", lambda *_: pytest.fail("drawn"))
    monkeypatch.setattr("hqnn_dsl.training.run.split_rows", lambda *_: pytest.fail("drawn"))
    assert hqnn.replay(run, table(), **QUIET).verdict == "identical"


# ------------------------------------------------------------------------ losses


def absolute(predicted, target):
    return (predicted - target).abs().mean()


def other(predicted, target):
    return (predicted - target).pow(2).mean()


def test_a_loss_of_the_users_own_is_given_again(tmp_path):
    run = trained(tmp_path / "run", loss=absolute)
    found = refused(lambda: hqnn.replay(run, table(), **QUIET))
    assert found.code == "E0549"
    assert "hqnn.replay(RUN, DATA, loss=absolute)" in found.help
    assert "`other`" in refused(lambda: hqnn.replay(run, table(), loss=other, **QUIET)).headline
    assert hqnn.replay(run, table(), loss=absolute, **QUIET).verdict == "identical"
    plain = trained(tmp_path / "plain")
    assert "leave `loss` out" in refused(lambda: hqnn.replay(plain, table(), loss=absolute, **QUIET)).help


# ------------------------------------------------------------- runs broken off


def stop_after(number: int):
    def tell(epoch):
        if epoch.number == number:
            raise StopIteration

    return tell


def test_a_run_that_was_ended_early_is_replayed_as_far(tmp_path):
    run = trained(tmp_path / "run", on_epoch=stop_after(3))
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.epochs) == ("identical", 3)


@pytest.mark.parametrize("left", ["checkpoints alone", "a shorter history"])
def test_a_run_that_was_killed_is_replayed_as_far_as_its_checkpoints(tmp_path, left):
    run = trained(tmp_path / "run", on_epoch=stop_after(4))
    (run / "metrics.json").unlink()
    if left == "checkpoints alone":
        (run / "history.csv").unlink()
    else:
        lines = (run / "history.csv").read_text().splitlines(keepends=True)
        (run / "history.csv").write_text("".join(lines[:3]))
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.epochs) == ("identical", 4)


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_a_run_that_was_resumed_is_identical(tmp_path, engine):
    trained(tmp_path / "run", engine, on_epoch=stop_after(2))
    run = trained(tmp_path / "run", engine, resume=True)
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.epochs) == ("identical", 6)


def test_a_run_without_a_whole_epoch_is_refused(tmp_path, monkeypatch):
    break_off(tmp_path / "run", monkeypatch)
    found = refused(lambda: hqnn.replay(tmp_path / "run", table(), **QUIET))
    assert (found.code, found.reason) == ("E0549", "its training has no whole epoch")


# --------------------------------------------------------------------- epochs


def test_the_first_epoch_that_differs_is_said(tmp_path, monkeypatch):
    """From epoch 4 on, each step is another one, as by another version of a package."""
    run, advance = trained(tmp_path / "run"), loop.Training.advance

    def otherwise(training, features, targets, *weights):
        return advance(training, features * (1 + 1e-2 * (len(training.history) >= 3)), targets, *weights)

    monkeypatch.setattr(loop.Training, "advance", otherwise)
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.first_epoch, found.first_beyond) == ("differs", 4, 4)
    assert hqnn.replay(run, table(), tolerance=1e6, **QUIET).verdict == "within tolerance"


def test_a_training_that_ends_earlier_differs_from_there(tmp_path, monkeypatch):
    run = trained(tmp_path / "run")
    monkeypatch.setattr(loop.Training, "is_over", property(lambda training: len(training.history) >= 3))
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.first_beyond, found.largest) == ("differs", 4, math.inf)
    assert json.loads(json.dumps(found.to_json()))["largest"] is None


def test_weights_that_somebody_has_changed_differ(tmp_path):
    run = trained(tmp_path / "run")
    file = run / "checkpoints" / "best.pt"
    snapshot = torch.load(file, weights_only=True)
    snapshot["model"]["encoder.0.weight"][0, 0] += 0.1
    torch.save(snapshot, file)
    found = hqnn.replay(run, table(), **QUIET)
    assert (found.verdict, found.first_epoch, found.where) == (
        "differs",
        snapshot["epoch"],
        "weight `encoder.0.weight`",
    )
    largest = float(snapshot["model"]["encoder.0.weight"].abs().max())
    assert found.largest == pytest.approx(0.1 / largest, rel=0.3)


# -------------------------------------------------------------- kinds of runs


def test_each_run_of_a_fold_is_replayed_on_its_own_rows(tmp_path):
    found = hqnn.cross_validate(
        spec(), table(), folds=2, seeds=2, out=tmp_path / "cv", keep_runs=True, set={"epochs": 2}, progress=False
    )
    runs = sorted((found.path / "runs").iterdir())
    assert len(runs) == 4
    for run in runs:
        assert hqnn.replay(run, table(), **QUIET).verdict == "identical"


def test_classes_weights_gaps_and_levels(tmp_path):
    frame = table().assign(kind=lambda t: np.where(t.a > 0, "p", "q"), w=lambda t: 1 + t.b.abs())
    frame["y"] = np.where(frame.y > 0, "high", "low")
    frame.loc[[3, 9], "b"] = np.nan
    text = spec().replace("target y; scale features: standard", "target y; weights w; missing drop_rows")
    text = text.replace("dense(1)", "dense").replace("stop none", "stop none; class_weights balanced")
    run = hqnn.train(text, frame, tmp_path / "run", **QUIET).path
    assert hqnn.replay(run, frame, **QUIET).verdict == "identical"
    others = {
        "w": frame.assign(w=frame.w + frame.a**2),
        "kind": frame.assign(kind=frame.kind.replace("q", "r")),
        "b": frame.assign(b=frame.b + 1),
    }
    for name, other in others.items():
        (change,) = hqnn.replay(run, other, **QUIET).data
        assert change.name == f"the cells of column `{name}`"
    (change,) = hqnn.replay(run, frame.drop(columns="w"), **QUIET).data
    assert change.name == "column `w` gone"


# -------------------------------------------------------------- damaged records


FILES = ("history.csv", "environment.json", "preprocess.json", "spec.resolved.hqnn", "best.pt", "last.pt")


@pytest.mark.parametrize("damage", ["empty", "cut", "swapped", "binary"])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named(tmp_path, name, damage):
    run = trained(tmp_path / "run")
    file = next(run.rglob(name))
    if damage == "swapped":
        others = spec().replace("dense(3)", "dense(4)").replace("features *", "features a")
        away = hqnn.train(others, table() ** 2, tmp_path / "other", set={"epochs": 3}, **QUIET).path
        shutil.copy(next(away.rglob(name)), file)
    else:
        data = file.read_bytes()
        file.write_bytes({"empty": b"", "cut": data[: len(data) * 2 // 3], "binary": b"\xff\0" + data}[damage])
    found = refused(lambda: hqnn.replay(run, table(), **QUIET))
    assert found.code == "E0533"
    assert name in found.headline or (name, damage) == ("best.pt", "swapped"), found.headline


@pytest.mark.parametrize("cell", ["", "text", "nan", "inf", "1e999"])
def test_a_cell_of_the_history_that_cannot_be_is_refused(tmp_path, cell):
    run = trained(tmp_path / "run")
    rows = list(csv.reader((run / "history.csv").open()))
    rows[2][3] = cell
    (run / "history.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")
    found = refused(lambda: hqnn.replay(run, table(), **QUIET))
    assert found.code == "E0533"
    assert "its epoch 2 has" in found.reason


def test_a_history_that_is_not_that_of_the_checkpoints_is_refused(tmp_path):
    run = trained(tmp_path / "run")
    rows = list(csv.reader((run / "history.csv").open()))
    rows[2][3] = "0.5"
    (run / "history.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")
    assert "its epoch 2 is not that of" in refused(lambda: hqnn.replay(run, table(), **QUIET)).reason


def test_a_folder_without_a_run_is_refused(tmp_path):
    assert refused(lambda: hqnn.replay(tmp_path, table(), **QUIET)).code == "E0532"
    assert refused(lambda: hqnn.replay(tmp_path, table(), tolerance=-1.0, **QUIET)).code == "E0605"
