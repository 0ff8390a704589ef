"""The main job, end to end: a spec and a real table become a trained network that beats the baselines.

Acceptance figures are read on test rows; nothing here was tuned on them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn

ROOT = Path(__file__).parent.parent
SPEC, YACHT = ROOT / "specs" / "model.hqnn", ROOT / "specs" / "data" / "yacht.csv"
SHARED = ROOT.parent / "shared" / "data"


def trained(out: Path, table=YACHT, **changes: object) -> hqnn.Run:
    settings = {name.replace("__", "."): value for name, value in changes.items()}
    return hqnn.train(hqnn.compile(SPEC, set=settings), table, out)


def test_a_short_training_on_yacht_is_far_better_than_least_squares(tmp_path):
    run = trained(tmp_path / "run", epochs=20)
    assert run.metrics["test"]["rmse"] < 2.0
    assert run.metrics["baselines"]["least_squares"]["rmse"] > 6
    assert run.metrics["baselines"]["mean"]["rmse"] > 10
    table = pd.read_csv(YACHT)
    again = hqnn.open_run(tmp_path / "run").predict(YACHT)
    pd.testing.assert_frame_equal(again, run.predict(table), check_exact=True)
    stored = pd.read_csv(tmp_path / "run" / "predictions.csv")
    close = again["residuary_resistance"].to_numpy()[stored["row"]]
    assert abs(close - stored["residuary_resistance_predicted"]).max() == 0


def test_one_seed_gives_the_same_history_to_the_bit(tmp_path):
    first, second, other = (
        (trained(tmp_path / name, epochs=2, seed=seed).path / "history.csv").read_bytes()
        for name, seed in (("a", 5), ("b", 5), ("c", 6))
    )
    assert first == second != other


def test_aer_agrees_with_the_reference_on_the_spec():
    pytest.importorskip("qiskit_aer", reason="the extra `aer` is not installed")
    program = hqnn.compile(SPEC, set={"width": 3, "reps": 2})
    x = torch.linspace(-2, 2, 12, dtype=torch.float64).reshape(4, 3)
    found = []
    for backend in ("reference", "aer(device: cpu, method: estimator_qnn)"):
        layer = program.quantum_layer(backend=backend, precision="double", seed=1)
        inputs = x.clone().requires_grad_()
        outputs = layer(inputs)
        (outputs * torch.arange(1, 13).reshape(4, 3)).sum().backward()
        found.append((outputs.detach(), inputs.grad, *(weight.grad for weight in layer.parameters())))
    for ours, theirs, tolerance in zip(*found, (1e-6, 1e-5, 1e-5), strict=True):
        torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=0)


def test_the_spec_trains_on_aer_in_one_run_and_through_torch_connector(tmp_path, monkeypatch):
    pytest.importorskip("qiskit_aer", reason="the extra `aer` is not installed")
    from qiskit_machine_learning.connectors import TorchConnector

    made = []
    monkeypatch.setattr(TorchConnector, "__init__", _noting(TorchConnector.__init__, made))
    small = pd.read_csv(YACHT).sample(24, random_state=1)
    changes = {"width": 2, "reps": 1, "epochs": 2, "batch": 8}
    runs = [
        trained(tmp_path / name, small, backend=backend, **changes)
        for name, backend in (
            ("batched", "aer(device: cpu, precision: double)"),
            ("qnn", "aer(device: cpu, precision: double, method: estimator_qnn)"),
            ("ours", "reference(precision: double)"),
        )
    ]
    assert made, "no TorchConnector was made"
    *on_aer, ours = (pd.read_csv(run.path / "history.csv") for run in runs)
    for history in on_aer:
        assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]
        pd.testing.assert_frame_equal(history, ours, atol=1e-2, rtol=1e-2)  # bfloat16 rounds differently along the way


def _noting(original, made):
    def noted(self, *args, **kwargs):
        made.append(self)
        original(self, *args, **kwargs)

    return noted


@pytest.mark.slow
def test_the_whole_training_on_yacht(tmp_path):
    assert trained(tmp_path / "run").metrics["test"]["rmse"] < 2.0


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), [("energy", "heating_load"), ("concrete", "strength")])
def test_the_same_spec_beats_least_squares_elsewhere(tmp_path, name, target):
    table = SHARED / f"{name}.csv"
    if not table.is_file():
        pytest.skip(f"{table.name} is not beside this checkout")
    run = trained(tmp_path / "run", table, target=target, epochs=60)
    assert run.metrics["test"]["rmse"] < run.metrics["baselines"]["least_squares"]["rmse"]
