"""`hqnn train --tensorboard` and `--mlflow`: what is said, what is refused, and what a Ctrl-C says to type."""

from __future__ import annotations

import signal
import sys

import pytest

from hqnn_dsl.training.loop import Training

SPEC = """hqnn 1
model small {
  data { target y; features a, b }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1) }
  decoder { dense }
  train { epochs 2; batch 16; device cpu }
  backend reference
}
"""
TRAIN = "train", "model.hqnn", "table.csv"


@pytest.fixture
def folder(tmp_path):
    lines = [f"{k / 40},{k % 7},{k / 20 + k % 7}" for k in range(40)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    (tmp_path / "model.hqnn").write_text(SPEC)
    return tmp_path


def test_the_place_is_said_and_a_break_says_the_option_again(folder, hqnn_command, monkeypatch):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    finish = Training.finish_epoch

    def press(training, *losses):
        signal.raise_signal(signal.SIGINT)
        return finish(training, *losses)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "finish_epoch", press)
        ended = hqnn_command(*TRAIN, "--tensorboard", cwd=folder)
    assert ended.code == 130
    assert "TensorBoard: tensorboard --logdir runs\n" in ended.out
    line = "hqnn train model.hqnn table.csv --out runs/small-1 --resume --tensorboard"
    assert line in " ".join(ended.err.split())
    assert [path.name[:19] for path in (folder / "runs" / "small-1" / "tensorboard").iterdir()] == [
        "events.out.tfevents"
    ]
    assert hqnn_command(*line.split()[1:], cwd=folder).code == 0
    assert hqnn_command("runs", "runs", cwd=folder).out.count("small-1") == 1


@pytest.mark.parametrize(
    ("option", "package", "extra"), [("--tensorboard", "tensorboard", "tensorboard"), ("--mlflow", "mlflow", "mlflow")]
)
def test_a_missing_extra_is_exit_code_3_with_what_to_type(folder, hqnn_command, monkeypatch, option, package, extra):
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    ended = hqnn_command(*TRAIN, option, cwd=folder)
    assert (ended.code, "E0660" in ended.err) == (3, True)
    assert f"pip install 'hqnn-dsl[{extra}]'" in ended.err
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("words", [("--mlflow-store", "x.db"), ("--mlflow", "--mlflow-store", " ")])
def test_a_store_without_mlflow_and_an_empty_one_are_refused(folder, hqnn_command, words):
    ended = hqnn_command(*TRAIN, *words, cwd=folder)
    assert (ended.code, "E0605" in ended.err) == (2, True)
    assert not (folder / "runs").exists()
