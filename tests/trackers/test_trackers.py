"""What trackers keep of a training, read back by the tools' own readers and compared with the run."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hqnn
from hqnn_dsl.trackers.tensorboard import second_after
from hqnn_dsl.training import loop

SPEC = """hqnn 1
# a comment of the spec's own
model small {
  data { target y }
  encoder { dense(3); tanh; dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense(1) }
  train { epochs 6; batch 8; device cpu; optimizer adam(0.05); seed 7; stop none }
  backend reference
}
"""
TARGET = "y | <b>"


def table() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(40, 2))
    return pd.DataFrame({"a": features[:, 0], "b": features[:, 1], TARGET: features[:, 0] - draw.normal(size=40)})


def trained(out: Path, *trackers: object, **options):
    text = SPEC.replace("target y", f'target "{TARGET}"')
    return hqnn.train(text, table(), out, trackers=trackers, **({"progress": False} | options))


def history_of(run: Path) -> dict[str, dict[int, float]]:
    """The curves of a run as its `history.csv` has them, without empty cells."""
    rows = list(csv.DictReader((run / "history.csv").open()))
    names = [name for name in rows[0] if name not in {"epoch", "best"}]
    found = {name: {int(row["epoch"]): float(row[name]) for row in rows if row[name]} for name in names}
    return {name: curve for name, curve in found.items() if curve}


def board(folder: Path):
    """TensorBoard's own reader of a folder of events."""
    accumulators = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="tensorboard is not installed"
    )
    found = accumulators.EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    return found.Reload()


def curves_of_board(folder: Path) -> dict[str, list[tuple[int, float]]]:
    found = board(folder)
    return {tag: [(each.step, each.value) for each in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


def single(curve: dict[int, float]) -> list[tuple[int, float]]:
    """A curve as float32 has it, which is what TensorBoard keeps."""
    return [(step, float(np.float32(value))) for step, value in sorted(curve.items())]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    """An MLflow store that several tests share: making one takes seconds."""
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    made = hqnn.MLflow(tmp_path_factory.mktemp("store") / "mlflow.db")
    made.prepare(Path())
    return Path(made.store.removeprefix("sqlite:///"))


def client(store: Path):
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{store}")


def curves_of_mlflow(store: Path, run_id: str) -> dict[str, list[tuple[int, float]]]:
    asked = client(store)
    names = asked.get_run(run_id).data.metrics
    return {name: sorted((p.step, p.value) for p in asked.get_metric_history(run_id, name)) for name in names}


def mlflow_run(run: Path) -> str:
    return json.loads((run / "trackers.json").read_text())["mlflow"]["run"]


# --------------------------------------------------------------------------------------------------- what is kept


def test_tensorboard_has_the_history_scores_settings_and_figures(tmp_path):
    run = trained(tmp_path / "r", hqnn.TensorBoard())
    curves = curves_of_board(run.path / "tensorboard")
    history = history_of(run.path)
    assert {"train_loss", "validation_loss", "lr", "quantum_lr"} <= set(history)
    assert {name: curves[name] for name in history} == {name: single(curve) for name, curve in history.items()}
    rmse, least = run.metrics["test"]["rmse"], run.metrics["baselines"]["least_squares"]["rmse"]
    assert curves["test/rmse"] == single({6: rmse})
    assert curves["baselines/least_squares/rmse"] == single({6: least})
    assert curves["best_epoch"][0][1] in range(1, 7)
    found = board(run.path / "tensorboard")
    pictures = {tag: found.Images(tag)[0] for tag in found.Tags()["images"]}
    assert set(pictures) == {"losses", "predictions"}
    for name, picture in pictures.items():
        assert picture.encoded_image_string == (run.path / "plots" / f"{name}.png").read_bytes()
        assert picture.width > picture.height > 300 or name != "losses"
    texts = {tag: found.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in found.Tags()["tensors"]}
    assert "a comment of the spec's own" in texts["spec/text_summary"]
    assert "| train.batch | 8 |" in texts["settings/text_summary"]
    assert "finished" in texts["state/text_summary"]


def test_mlflow_has_the_page_of_a_run_that_has_one(tmp_path, store):
    run = trained(tmp_path / "r", hqnn.MLflow(store), report=True)
    place = Path(client(store).download_artifacts(mlflow_run(run.path), "report.html", str(tmp_path)))
    assert place.read_bytes() == (run.path / "report.html").read_bytes()


class Interrupted:
    """A tracker that notes how a training has ended."""

    def __init__(self) -> None:
        self.ends: list[object] = []

    def begin(self, _training):
        return self

    def epoch(self, _epoch):
        pass

    def end(self, end):
        self.ends.append(end)


def test_ctrl_c_while_the_page_is_made_leaves_no_tracker_without_the_end(tmp_path, monkeypatch):
    from hqnn_dsl.report import at_the_end

    def interrupt(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(at_the_end, "ask", interrupt)
    tracker = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "r", tracker, report=True)
    (end,) = tracker.ends
    assert (end.state, [path.name for path in end.files]) == ("finished", ["metrics.json"])


def test_mlflow_has_the_history_scores_settings_and_files(tmp_path, store, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = trained(tmp_path / "r", hqnn.MLflow(store))
    curves = curves_of_mlflow(store, mlflow_run(run.path))
    history = history_of(run.path)
    assert {name: curves[name] for name in history} == {name: sorted(c.items()) for name, c in history.items()}
    assert curves["test/rmse"] == [(6, run.metrics["test"]["rmse"])]
    assert curves["test/targets/y _ _b_/rmse"] == [(6, run.metrics["test"]["targets"][TARGET]["rmse"])]
    found = client(store).get_run(mlflow_run(run.path))
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "r"
    assert {found.data.params[name] for name in ("train.batch", "train.epochs", "train.seed")} == {"8", "6", "7"}
    assert found.data.params["rows.train"] == "28"
    place = Path(client(store).download_artifacts(found.info.run_id, "", str(tmp_path)))
    kept = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file() and "r" not in path.parts)
    for name in ("spec.hqnn", "spec.resolved.hqnn", "metrics.json", "plots/losses.png", "plots/predictions.png"):
        assert name in kept
        assert (place / name).read_bytes() == (run.path / name).read_bytes()
    assert not (tmp_path / "mlruns").exists()


def test_trackers_change_no_bit_of_the_run(tmp_path, store):
    plain = trained(tmp_path / "plain").path
    kept = trained(tmp_path / "kept", hqnn.TensorBoard(), hqnn.MLflow(store)).path
    for name in ("history.csv", "metrics.json", "predictions.csv", "preprocess.json"):
        assert (plain / name).read_bytes() == (kept / name).read_bytes()
    assert not {path.name for path in plain.iterdir()} & {"trackers.json", "tensorboard"}


# ---------------------------------------------------------------------------------------------------- going on


def dying(number: int):
    """Ends a training as a crash does, after an epoch."""

    def tell(epoch: hqnn.Epoch) -> None:
        if epoch.number == number:
            raise RuntimeError("a crash")

    return tell


def test_a_resumed_run_goes_on_in_the_same_curves_with_no_point_twice(tmp_path, store, monkeypatch):
    out, trackers = tmp_path / "r", (hqnn.TensorBoard(), hqnn.MLflow(store))
    with pytest.raises(RuntimeError):
        trained(out, *trackers, on_epoch=dying(3))
    first = mlflow_run(out)
    assert client(store).get_run(first).info.status == "FAILED"
    again = (hqnn.TensorBoard(), hqnn.MLflow(store))
    run = trained(out, *again, resume=True)
    assert mlflow_run(out) == first
    assert client(store).get_run(first).info.status == "FINISHED"
    longer = trained(out, hqnn.TensorBoard(), hqnn.MLflow(store), resume=True, set={"epochs": 8})
    history = history_of(run.path)
    assert len(history["train_loss"]) == 8
    boards, kept = curves_of_board(out / "tensorboard"), curves_of_mlflow(store, first)
    assert {name: boards[name] for name in history} == {name: single(curve) for name, curve in history.items()}
    assert {name: kept[name] for name in history} == {name: sorted(curve.items()) for name, curve in history.items()}
    assert kept["test/rmse"][-1] == (8, longer.metrics["test"]["rmse"])
    assert [step for step, _ in kept["test/rmse"]] == [6, 8]
    data = client(store).get_run(first).data
    assert (data.params["train.epochs"], data.tags["resumed with train.epochs"]) == ("6", "8")


def test_epochs_that_a_killed_training_had_sent_beyond_its_checkpoint_are_not_sent_again(tmp_path, store, monkeypatch):
    """Killed after epoch 5, with a checkpoint of the start alone; all five were sent."""
    out = tmp_path / "r"
    program = KILLED.format(spec=SPEC, store=store, out=out)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parent)]),
    }
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], env=environment, check=False, cwd=tmp_path)
    assert done.returncode == 9
    import torch

    assert torch.load(out / "checkpoints" / "last.pt", weights_only=True)["epoch"] == 0
    before = curves_of_mlflow(store, mlflow_run(out))
    assert [step for step, _ in before["train_loss"]] == [1, 2, 3, 4, 5]
    run = trained(out, hqnn.MLflow(store), hqnn.TensorBoard(), resume=True)
    history = history_of(run.path)
    kept = curves_of_mlflow(store, mlflow_run(out))
    assert {name: kept[name] for name in history} == {name: sorted(curve.items()) for name, curve in history.items()}
    boards = curves_of_board(out / "tensorboard")
    assert {name: boards[name] for name in history} == {name: single(curve) for name, curve in history.items()}


def test_a_file_of_the_same_second_is_read_after_the_others(tmp_path):
    """TensorBoard reads files in the order of their names, in which the process stands behind the second."""
    now = time.time_ns() // 10**9
    assert second_after([]) in {now, now + 1}
    assert second_after([f"{now + 5:010d}.host.99999.1", "odd.host.1.1"]) == now + 6
    assert second_after([f"{now - 50:010d}.host.1.1"]) in {now, now + 1}


KILLED = """
import os
import hqnn
from pathlib import Path
from hqnn_dsl.trackers import mlflow, tensorboard
from test_trackers import trained
mlflow.SECONDS_BETWEEN_SENDS = tensorboard.SECONDS_BETWEEN_FLUSHES = -1.0
def die(epoch):
    if epoch.number == 5:
        os._exit(9)
trained(Path("{out}"), hqnn.TensorBoard(), hqnn.MLflow("{store}"), on_epoch=die)
"""


def test_another_store_gets_a_run_of_its_own(tmp_path, store):
    out = tmp_path / "r"
    shutil.copy(store, tmp_path / "one.db")
    with pytest.raises(RuntimeError):
        trained(out, hqnn.MLflow(tmp_path / "one.db"), on_epoch=dying(2))
    first = mlflow_run(out)
    trained(out, hqnn.MLflow(store), resume=True)
    assert mlflow_run(out) != first
    assert len(curves_of_mlflow(store, mlflow_run(out))["train_loss"]) == 6


# -------------------------------------------------------------------------------------------------- many trainings


def test_many_trainings_are_runs_nested_in_one(tmp_path, store):
    found = hqnn.cross_validate(
        SPEC, table().rename(columns={TARGET: "y"}), folds=2, out=tmp_path / "cv", set={"epochs": 3}, progress=False,
        trackers=[hqnn.TensorBoard(), hqnn.MLflow(store)],
    )  # fmt: skip
    parent = mlflow_run(found.path)
    asked = client(store)
    runs = asked.search_runs([asked.get_run(parent).info.experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
    assert sorted(run.info.run_name for run in runs) == ["cv/0001", "cv/0002"]
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in runs:
        number = int(run.data.tags["hqnn.training"])
        scores = found.record["trainings"][number - 1]["scores"]
        curves = curves_of_mlflow(store, run.info.run_id)
        assert curves["test/rmse"] == [(3, scores["rmse"])]
        assert [step for step, _ in curves["train_loss"]] == [1, 2, 3]
        boards = curves_of_board(found.path / "tensorboard" / f"{number:04d}")
        assert boards["test/rmse"] == single({3: scores["rmse"]})
        assert boards["train_loss"] == single(dict(curves["train_loss"]))
    whole = asked.get_run(parent)
    assert (whole.info.status, whole.info.run_name) == ("FINISHED", "cv")
    assert whole.data.metrics["mean test/rmse"] == found.record["summary"][0]["scores"]["rmse"]["mean"]


# ---------------------------------------------------------------------------------------------------- that fail


class Broken:
    """A tracker that fails at one moment, as often as it comes."""

    def __init__(self, at: str, kind: type[Exception] = OSError) -> None:
        self.at, self.kind = at, kind
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self.at:
            raise self.kind("no room\nsecond line")

    def begin(self, training):
        self._call("begin")
        return self

    def epoch(self, epoch):
        self._call(f"epoch {epoch.number}")

    def end(self, end):
        self._call("end")


@pytest.mark.parametrize("kind", [OSError, StopIteration, ValueError])
@pytest.mark.parametrize("at", ["begin", "epoch 1", "epoch 4", "end"])
def test_a_tracker_that_fails_is_warned_of_once_and_changes_nothing(tmp_path, at, kind):
    plain = trained(tmp_path / "plain", set={"epochs": 4}).path
    tracker = Broken(at, kind)
    with pytest.warns(hqnn.HQNNWarning) as caught:
        run = trained(tmp_path / "r", tracker, set={"epochs": 4}).path
    (warned,) = [each.message for each in caught if each.message.diagnostic is not None]
    assert warned.diagnostic.code == "W0477"
    assert f"the tracker Broken failed: {kind.__name__}: no room; the training goes on without it" in str(warned)
    for name in ("history.csv", "metrics.json"):
        assert (plain / name).read_bytes() == (run / name).read_bytes()
    assert tracker.calls.count("epoch 4") <= 1


def test_tensorboard_on_a_full_disk_is_warned_of_and_caught_up_at_the_end(tmp_path, monkeypatch):
    from hqnn_dsl.trackers import tensorboard

    monkeypatch.setattr(tensorboard, "SECONDS_BETWEEN_FLUSHES", -1.0)
    flush, fails = tensorboard._Events._flush, [False]

    def full(events):
        if fails[0]:
            raise OSError(28, os.strerror(28))
        flush(events)

    def tell(epoch):
        fails[0] = epoch.number == 3

    monkeypatch.setattr(tensorboard._Events, "_flush", full)
    with pytest.warns(hqnn.HQNNWarning, match="W0477|No space left"):
        run = trained(tmp_path / "r", hqnn.TensorBoard(), on_epoch=tell)
    history = history_of(run.path)
    curves = curves_of_board(run.path / "tensorboard")
    assert {name: curves[name] for name in history} == {name: single(curve) for name, curve in history.items()}


@pytest.mark.slow
def test_a_store_that_somebody_holds_is_warned_of_and_caught_up_at_the_end(tmp_path, store, monkeypatch):
    """Another process has locked the SQLite file while epochs are sent."""
    import sqlite3

    from hqnn_dsl.trackers import mlflow

    monkeypatch.setattr(mlflow, "SECONDS_BETWEEN_SENDS", -1.0)
    other = sqlite3.connect(store, timeout=0.1, isolation_level=None)

    def tell(epoch):
        if epoch.number == 2:
            other.execute("BEGIN EXCLUSIVE")
        if epoch.number == 4:
            other.execute("COMMIT")

    with pytest.warns(hqnn.HQNNWarning, match="the tracker MLflow failed: .*locked"):
        run = trained(tmp_path / "r", hqnn.MLflow(store), on_epoch=tell)
    other.close()
    history = history_of(run.path)
    kept = curves_of_mlflow(store, mlflow_run(run.path))
    assert {name: kept[name] for name in history} == {name: sorted(curve.items()) for name, curve in history.items()}


def test_a_training_that_is_refused_is_marked_as_failed(tmp_path, store, monkeypatch):
    advance = loop.Training.advance
    monkeypatch.setattr(
        loop.Training, "advance", lambda training, x, y: advance(training, x * (math.nan if training.history else 1), y)
    )
    with pytest.raises(hqnn.Refusal):
        trained(tmp_path / "r", hqnn.MLflow(store))
    assert client(store).get_run(mlflow_run(tmp_path / "r")).info.status == "FAILED"


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("given", [print, hqnn.TensorBoard, object(), "tensorboard"])
def test_what_is_no_tracker_is_refused_before_anything_is_done(tmp_path, given):
    with pytest.raises(hqnn.Refusal) as caught:
        trained(tmp_path / "r", given)
    assert caught.value.diagnostics[0].code == "E0662"
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("name", ["file", "folder", "nowhere"])
def test_a_store_that_cannot_be_opened_is_refused_before_anything_is_done(tmp_path, name):
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    (tmp_path / "file").write_text("no database, " * 100)
    (tmp_path / "folder").mkdir()
    place = {"nowhere": "/dev/null/mlflow.db"}.get(name, tmp_path / name)
    with pytest.raises(hqnn.Refusal) as caught:
        trained(tmp_path / "r", hqnn.MLflow(place))
    (found,) = caught.value.diagnostics
    assert (found.code, found.exit_code) == ("E0661", 3)
    assert str(place) in found.headline
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(("tracker", "package", "extra"), [
    (hqnn.TensorBoard(), "tensorboard", "tensorboard"), (hqnn.MLflow(), "mlflow", "mlflow"),
    (hqnn.MLflow(), "sqlalchemy", "mlflow"),
])  # fmt: skip
def test_a_package_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch, tracker, package, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(hqnn.Refusal) as caught:
        trained(tmp_path / "r", tracker)
    (found,) = caught.value.diagnostics
    assert (found.code, found.exit_code) == ("E0660", 3)
    assert found.help == f"type `pip install 'hqnn-dsl[{extra}]'`"
    assert not (tmp_path / "r").exists()


# ------------------------------------------------------------------------------------------------------- privacy

ALONE = """
import socket, sys
asked = []
def note(name):
    usual = getattr(socket.socket, name)
    def call(own, address, *rest):
        if own.family != socket.AF_UNIX:
            asked.append(address)
        return usual(own, address, *rest)
    setattr(socket.socket, name, call)
note("connect"), note("connect_ex")
looked_up = socket.getaddrinfo
socket.getaddrinfo = lambda *names, **rest: asked.append(names) or looked_up(*names, **rest)
import hqnn
from pathlib import Path
from test_trackers import trained
trained(Path("r"), hqnn.MLflow(), hqnn.TensorBoard(), set={"epochs": 2}, progress=False)
import time; time.sleep(1.0)
print("ASKED", asked)
"""


def test_the_store_lies_beside_the_run_and_nothing_else_is_contacted_written_or_said(tmp_path):
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    away = {"PYTEST_CURRENT_TEST", "CI", "GITHUB_ACTIONS", "DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY"}
    paths = os.pathsep.join([str(Path(__file__).parents[2]), str(Path(__file__).parent)])
    environment = {name: value for name, value in os.environ.items() if name not in away} | {"PYTHONPATH": paths}
    environment |= {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9/"}
    command = [sys.executable, "-W", "ignore::hqnn.HQNNWarning", "-c", ALONE]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ASKED []\n"
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlflow-artifacts", "mlflow.db", "r"]
    assert len(curves_of_mlflow(tmp_path / "mlflow.db", mlflow_run(tmp_path / "r"))["train_loss"]) == 2


@pytest.mark.parametrize("name", ["a?b.db", "c?d/m.db", "e%20f.db"])
def test_a_file_whose_address_is_that_of_another_file_is_refused(tmp_path, name):
    pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    with pytest.raises(hqnn.Refusal) as caught:
        hqnn.MLflow(tmp_path / "s" / name).prepare(tmp_path)
    (found,) = caught.value.diagnostics
    assert found.code == "E0661"
    assert "`?`" in found.headline
    assert not list(tmp_path.iterdir())
