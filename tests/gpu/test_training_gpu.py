"""`hqnn train` on a GPU, on real data under mixed precision: each backend that runs there, and what its run says."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parent.parent.parent
EPOCHS = 2
BACKENDS = {
    "native(device: cuda)": {"device": "cuda:0"},
    "custatevec": {"device": "cuda:0"},
    "aer(device: gpu)": {"device": "GPU"},
    "aer(device: gpu, custatevec: true)": {"device": "GPU", "custatevec": True},
}
"""What `environment.json` must say of each."""


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.timeout(3600)
def test_training_on_real_data_under_mixed_precision(backend: str, tmp_path: Path) -> None:
    settings = [f"backend={backend}", f"train.epochs={EPOCHS}", "train.device=cuda", "train.precision=mixed"]
    if backend.startswith("aer"):
        settings.append("width=2")  # few weights: each costs two circuits a row
    options = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-c", "from hqnn_dsl.cli.main import main; main()", "train"]
    done = subprocess.run(
        [*command, "specs/model.hqnn", "specs/data/yacht.csv", "--out", str(tmp_path / "run"), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    environment = json.loads((tmp_path / "run" / "environment.json").read_text(encoding="utf-8"))
    assert environment["device"]["type"] == "cuda"
    assert environment["precision"] == "mixed"
    assert environment["backend"]["metadata"].items() >= BACKENDS[backend].items()
    with (tmp_path / "run" / "history.csv").open(encoding="utf-8") as file:
        history = list(csv.DictReader(file))
    assert len(history) == EPOCHS
    scales = [float(value) for row in history for name, value in row.items() if "scale" in name]
    assert len(scales) == EPOCHS
    assert min(scales) >= 1
    last = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    assert last["scaler"]["scale"] >= 1
