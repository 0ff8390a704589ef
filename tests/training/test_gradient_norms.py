"""Norms of gradients in the history: against torch.autograd by hand, over breaks, and of runs that have none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from unbound_runs import unbind

import hqnn
from hqnn_dsl.data.split import split_rows
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.training import compiled_epochs, loop
from hqnn_dsl.training.checkpoint import Unwritten
from hqnn_dsl.training.gradient_norms import GradientTotals
from hqnn_dsl.training.loop import Training, Watch, fit
from hqnn_dsl.training.run import set_up
from hqnn_dsl.training.run_tables import GRADIENTS
from hqnn_dsl.training.step.runner import StepRunner
from hqnn_dsl.training.torch_epochs import row_order

SPEC = """hqnn 1
model normed {
  data { target y; split validation: 0, test: 0 }
  encoder { dense(3); silu; dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); FREEZE }
  decoder { dense(1) }
  train { epochs 4; batch 8; device cpu; optimizer sgd(0.05); seed 7; stop none; precision double; STEP }
  backend ENGINE(precision: double)
}
"""
KINDS = {"torch": "reference", "compiled": "native"}
QUIET = Watch(progress=False)


def table(rows: int = 37) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(rows, 2))
    return pd.DataFrame({"a": features[:, 0], "b": features[:, 1], "y": features[:, 0] - draw.normal(size=rows)})


def text(kind: str, more: str = "", freeze: str = "") -> str:
    found = SPEC.replace("ENGINE", KINDS[kind]).replace("FREEZE", freeze)
    return found.replace("STEP", f"step {kind}; {more}")


def made(kind: str, **options):
    setup = set_up(hqnn.compile_text(text(kind, **options)), read_table(table()), None, split_rows)
    return setup.training, setup.samples


def by_hand(training: Training, samples, epochs: int, rate: float, clip: float) -> list[list[float | None]]:
    """Gradient descent by torch.autograd alone: the four norms of each epoch, from the definition."""
    net, rows, found = training.net, samples.train, []
    groups = [[w for w in net.classical_weights() if w.requires_grad], list(net.quantum_weights())]
    weights = [weight for group in groups for weight in group]
    for epoch in range(epochs):
        order = row_order(replaced_history(training, epoch), len(rows))
        steps: list[list[np.ndarray]] = [[], []]
        for begin in range(0, len(rows), 8):
            batch = order[begin : begin + 8]
            loss = torch.mean((net(rows.features[batch]) - rows.targets[batch]) ** 2)
            grads = dict(zip(map(id, weights), torch.autograd.grad(loss, weights), strict=True))
            for group, own in zip(groups, steps, strict=True):
                own.append(np.concatenate([np.zeros(0), *(grads[id(w)].numpy().ravel() for w in group)]))
            length = math.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))
            factor = min(1.0, clip / (length + 1e-6))
            with torch.no_grad():
                for weight in weights:
                    weight.sub_(rate * factor * grads[id(weight)])
        norms = [math.sqrt(np.mean([own @ own for own in part])) if part[0].size else None for part in steps]
        means = [float(np.linalg.norm(np.mean(part, axis=0))) if part[0].size else None for part in steps]
        found.append([*norms, *means])
    return found


def replaced_history(training: Training, epochs: int):
    """A training that has come so far, for the order of its rows."""

    class Far:
        settings = training.settings
        history = (None,) * epochs

    return Far()


def columns(history) -> list[list[float | None]]:
    return [[getattr(epoch, name) for name in GRADIENTS] for epoch in history]


@pytest.mark.parametrize("clip", [0.0, 0.3])
@pytest.mark.parametrize("kind", KINDS)
def test_norms_are_those_of_gradients_by_hand(kind, clip):
    more = f"clip {clip}" if clip else ""
    training, samples = made(kind, more=more)
    expected = by_hand(*made("torch", more=more), 4, 0.05, clip or math.inf)
    found = columns(fit(training, samples, Unwritten(), watch=QUIET).history)
    assert training.choice.ran == kind
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-10)
    assert len({round(value, 8) for row in found for value in row}) == 16


@pytest.mark.parametrize("kind", KINDS)
def test_a_half_without_trained_weights_has_none(kind):
    frozen = columns(fit(*made(kind, freeze="freeze real_amplitudes"), Unwritten(), watch=QUIET).history)
    assert all(row[0] > row[2] > 0 and row[1] is row[3] is None for row in frozen)
    other = made("torch", freeze="freeze real_amplitudes")
    np.testing.assert_allclose(
        [row[::2] for row in frozen], [row[::2] for row in by_hand(*other, 4, 0.05, math.inf)], rtol=1e-10
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_was_broken_off_has_the_same_norms_to_the_bit(kind, tmp_path, monkeypatch):
    whole = hqnn.train(text(kind), table(), tmp_path / "whole", progress=False)
    steps, name = (StepRunner, "train") if kind == "compiled" else (loop.Training, "advance")
    once, calls = getattr(steps, name), []

    def broken(*given):
        calls.append(given)
        if len(calls) == 8:  # epochs have five steps
            raise OSError("broken off")
        return once(*given)

    with monkeypatch.context() as patch:
        patch.setattr(steps, name, broken)
        patch.setattr(compiled_epochs, "CALL_SECONDS", 0.0)
        with pytest.raises(OSError, match="broken off"):
            hqnn.train(text(kind), table(), tmp_path / "broken", progress=False)
    snapshot = torch.load(tmp_path / "broken" / "checkpoints" / "last.pt", weights_only=True)
    assert snapshot["step"] == 2
    assert snapshot["gradients"]["totals"][-1] == 2
    again = hqnn.train(text(kind), table(), tmp_path / "broken", resume=True, progress=False)
    files = [(one.path / "history.csv").read_bytes() for one in (whole, again)]
    assert files[0] == files[1]
    assert not whole.history[list(GRADIENTS)].isna().any().any()


def made_older(run) -> None:
    """Give a run the form that it had before its history had norms of gradients."""
    for name in ("best.pt", "last.pt"):
        file = run / "checkpoints" / name
        snapshot = torch.load(file, weights_only=True)
        snapshot.pop("gradients")
        for epoch in snapshot["history"]:
            for column in GRADIENTS:
                epoch.pop(column)
        torch.save(snapshot, file)
    history = pd.read_csv(run / "history.csv", dtype=str, keep_default_na=False)
    history.drop(columns=list(GRADIENTS)).to_csv(run / "history.csv", index=False)


def test_an_older_run_is_replayed_reported_and_resumed(tmp_path):
    run = hqnn.train(text("torch"), table(), tmp_path / "run", progress=False).path
    made_older(unbind(run))
    assert hqnn.replay(run, table(), progress=False).verdict == "identical"
    for epochs in (6, 7):  # the second time the two checkpoints may be of both forms
        resumed = hqnn.train(
            hqnn.compile_text(text("torch").replace("epochs 4", f"epochs {epochs}")),
            table(),
            run,
            resume=True,
            progress=False,
        )
    norms = resumed.history["quantum_grad"]
    assert norms.isna().tolist() == [True] * 4 + [False] * 3
    assert hqnn.replay(run, table(), progress=False).verdict == "identical"


def test_norms_of_a_broken_epoch_that_are_not_known_are_empty():
    training, samples = made("torch")
    totals = training.gradients
    totals.load(None, step=2)
    totals.add(training.weights)
    assert totals.state() is None
    assert set(vars(totals.norms()).values()) == {None}
    found = columns(fit(training, samples, Unwritten(), watch=QUIET).history)
    assert found[0] == [None] * 4
    assert None not in found[1]


def test_a_step_whose_gradient_is_not_finite_does_not_count():
    weights = [torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1))]
    totals = GradientTotals([weights[:1], weights[1:]], torch.device("cpu"))
    for grads in (([3.0, 4.0], [1.0]), ([math.inf, 0.0], [1.0]), ([0.0, 0.0], [math.nan]), ([-3.0, 4.0], [-1.0])):
        for weight, grad in zip(weights, grads, strict=True):
            weight.grad = torch.tensor(grad)
        totals.add(weights)
    found = totals.norms()
    assert (found.classical, found.quantum, found.classical_mean, found.quantum_mean) == (5.0, 1.0, 4.0, 0.0)


def test_a_replay_holds_norms_against_the_largest_number_of_their_kind(tmp_path):
    from hqnn_dsl.training.replay import _apart

    epoch = fit(*made("torch"), Unwritten(), watch=QUIET).history[0]
    tiny = replace(epoch, quantum_grad=1e-17, quantum_mean_grad=2e-18)
    assert _apart(tiny, replace(tiny, quantum_grad=3e-17))[0] < 1e-15
    apart, name = _apart(epoch, replace(epoch, classical_grad=epoch.classical_grad * 1.5))
    assert (apart > 0.1, name) == (True, "classical_grad")
    assert _apart(epoch, replace(epoch, classical_grad=None))[0] == math.inf


def test_norms_are_without_the_factor_of_a_scaler():
    expected = by_hand(*made("torch"), 4, 0.05, math.inf)
    training, samples = made("torch")
    training.scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    found = columns(fit(training, samples, Unwritten(), watch=QUIET).history)
    np.testing.assert_allclose(np.array(found, float), np.array(expected, float), rtol=1e-10)
