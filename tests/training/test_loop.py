"""The training loop: what a step does, when it ends, and that it goes on as if it had never stopped."""

from __future__ import annotations

import copy
import json
import math
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import toy_model
from torch import nn
from toy_model import choice, layer_of, make_spec, network, toy_program

from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS
from hqnn_dsl.data.tables import read_table
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.training import checkpoint
from hqnn_dsl.training import compiled_epochs as epochs
from hqnn_dsl.training.checkpoint import Checkpoints
from hqnn_dsl.training.forward import predict_scaled
from hqnn_dsl.training.interruption import interruptible
from hqnn_dsl.training.loop import Training, Watch, fit
from hqnn_dsl.training.precision import Precision
from hqnn_dsl.training.run import train
from hqnn_dsl.training.samples import Rows, Samples, batch_bounds
from hqnn_dsl.training.step.runner import StepRunner

CPU = torch.device("cpu")
QUIET = Watch(progress=False)
TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True, params=["torch", "compiled"])
def steps(request, monkeypatch):
    """Every test runs with the steps of torch, on the backend `reference`, and with compiled ones, on `native`."""
    monkeypatch.setitem(toy_model.ENGINE, "backend", "reference" if request.param == "torch" else "native")
    return request.param


def samples(rows: int = 20, dtype: torch.dtype = torch.float32) -> Samples:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(rows + 8, 3, generator=generator, dtype=torch.float64).to(dtype)
    targets = torch.sin(features[:, :1]) + 0.1 * features[:, 1:2]
    return Samples(Rows(features[:rows], targets[:rows]), Rows(features[rows:], targets[rows:]))


def training(**settings) -> Training:
    spec = make_spec(**settings)
    return Training(network(spec, 3, 1), spec.train, CPU, "spec")


def run(tmp_path, one: Training, data: Samples | None = None, **options):
    return fit(one, data or samples(), Checkpoints(tmp_path), **({"watch": QUIET} | options))


def before_steps(monkeypatch, act) -> None:
    """Do something before each step, whatever runs it."""
    advance, compiled_steps = Training.advance, StepRunner.train
    monkeypatch.setattr(Training, "advance", lambda *given: (act(), advance(*given))[1])
    monkeypatch.setattr(StepRunner, "train", lambda *given: (act(), compiled_steps(*given))[1])
    monkeypatch.setattr(epochs, "CALL_SECONDS", 0.0)


def flat(value: object, *path: object) -> dict[tuple[object, ...], object]:
    """Every number of a snapshot by its path."""
    if isinstance(value, torch.Tensor):
        return {path: value.tolist()}
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return {key: leaf for name, inner in pairs for key, leaf in flat(inner, *path, name).items()}
    return {path: value}


def weights(one: Training) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in one.net.state_dict().items()}


def test_a_step_is_what_it_says():
    one = training(optimizer=choice(OPTIMIZERS, "sgd", lr=0.1, quantum_lr=0.3, weight_decay=0.5))
    before = weights(one)
    rows = samples().train
    value = one.advance(rows.features, rows.targets)
    after = weights(one)
    again = training(optimizer=choice(OPTIMIZERS, "sgd", lr=0.1))
    loss = nn.functional.mse_loss(again.net(rows.features), rows.targets)
    loss.backward()
    assert value == pytest.approx(loss.item(), rel=1e-6)
    for name, weight in again.net.named_parameters():
        rate, decay = (0.3, 0.0) if name.startswith("circuit.") else (0.1, 0.5)
        expected = before[name] - rate * (weight.grad + decay * before[name])
        torch.testing.assert_close(after[name], expected)


def test_clipping_bounds_the_gradient_of_all_weights_together():
    plain, clipped = (
        training(optimizer=choice(OPTIMIZERS, "sgd", lr=1.0, quantum_lr=1.0), clip=clip) for clip in (None, 0.01)
    )
    rows = samples().train
    moved = []
    for one in (plain, clipped):
        before = weights(one)
        one.advance(rows.features, rows.targets)
        moved.append(
            math.sqrt(sum(float((after - before[name]).square().sum()) for name, after in weights(one).items()))
        )
    assert moved[0] > 0.05
    assert moved[1] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize(
    ("rows", "batch", "sizes"),
    [(10, 4, [4, 4, 2]), (9, 4, [4, 5]), (8, 4, [4, 4]), (3, 1, [1, 1, 1]), (1, 4, [1]), (5, 100, [5])],
)
def test_batches(rows, batch, sizes):
    bounds = batch_bounds(rows, batch)
    assert [end - begin for begin, end in bounds] == sizes
    assert bounds[0][0] == 0
    assert bounds[-1][1] == rows


@pytest.mark.parametrize("steps", ["torch"], indirect=True)
def test_every_row_is_seen_once_an_epoch_in_another_order(tmp_path, monkeypatch):
    one, data, seen = training(epochs=2, batch=6), samples(), []
    advance = one.advance
    monkeypatch.setattr(one, "advance", lambda x, y: (seen.append(x), advance(x, y))[1])
    run(tmp_path, one, data)
    epochs = [torch.cat(seen[:4]), torch.cat(seen[4:])]
    assert [len(batch) for batch in seen] == [6, 6, 6, 2] * 2
    assert not torch.equal(*epochs)
    for epoch in epochs:
        assert torch.equal(epoch.sort(dim=0).values, data.train.features.sort(dim=0).values)


def test_losses_fall_and_the_best_epoch_is_kept(tmp_path):
    one = training(epochs=30, batch=5)
    fitted = run(tmp_path, one)
    scores = [epoch.score for epoch in fitted.history]
    assert scores[-1] < 0.5 * scores[0]
    assert fitted.best_epoch == 1 + int(np.argmin(scores))
    assert [epoch.number for epoch in fitted.history] == list(range(1, 31))
    data = samples().validation
    predicted = predict_scaled(one.net, data.features, 5)
    assert float(nn.functional.mse_loss(predicted, data.targets)) == pytest.approx(min(scores), rel=1e-5)


def test_early_stopping_stops_and_none_does_not(tmp_path):
    stuck = choice(OPTIMIZERS, "sgd", lr=1e-12)
    early = training(epochs=20, optimizer=stuck, stop=choice(STOPS, "early", patience=3, min_delta=0.01))
    assert len(run(tmp_path, early).history) == 4
    assert len(run(tmp_path, training(epochs=6, optimizer=stuck)).history) == 6


def test_the_scheduler_moves_both_rates_once_an_epoch(tmp_path):
    scheduler = choice(SCHEDULERS, "step", every=2, factor=0.1)
    optimizer = choice(OPTIMIZERS, "adamw", lr=0.01, quantum_lr=0.1)
    fitted = run(tmp_path, training(epochs=5, scheduler=scheduler, optimizer=optimizer))
    assert [epoch.lr for epoch in fitted.history] == pytest.approx([1e-2, 1e-2, 1e-3, 1e-3, 1e-4])
    assert [epoch.quantum_lr for epoch in fitted.history] == pytest.approx([1e-1, 1e-1, 1e-2, 1e-2, 1e-3])


def test_the_plateau_is_that_of_the_validation_loss(tmp_path):
    scheduler = choice(SCHEDULERS, "reduce_on_plateau", factor=0.5, patience=1)
    one = training(epochs=6, scheduler=scheduler, optimizer=choice(OPTIMIZERS, "sgd", lr=1e-12))
    assert [epoch.lr for epoch in run(tmp_path, one).history] == pytest.approx([1e-12] * 3 + [5e-13] * 2 + [2.5e-13])


def test_a_loss_that_is_not_finite_stops_with_epoch_and_step_and_keeps_the_best(tmp_path):
    one, data = training(epochs=5, batch=5), samples()

    def poison(epoch):
        if epoch.number == 2:
            data.train.targets[:] = math.nan

    with pytest.raises(Refusal) as caught:
        run(tmp_path, one, data, watch=Watch(progress=False, on_epoch=poison))
    (found,) = caught.value.diagnostics
    assert (found.code, found.epoch, found.step, found.value) == ("E0540", 3, 1, "nan")
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert best["epoch"] in {1, 2}
    assert all(torch.isfinite(weight).all() for weight in best["model"].values())


def test_a_validation_loss_that_is_not_finite_stops(tmp_path):
    data = samples()
    data.validation.targets[0] = math.inf
    with pytest.raises(Refusal) as caught:
        run(tmp_path, training(), data)
    assert "validation loss is inf in epoch 1" in caught.value.diagnostics[0].headline


def test_a_diverging_run_leaves_no_run_that_looks_whole(tmp_path):
    frame = pd.DataFrame(
        {"a": np.arange(40.0), "b": np.arange(40.0) % 3, "c": np.arange(40.0) % 5, "t": np.arange(40.0)}
    )
    program = toy_program(epochs=400, optimizer="sgd(lr: 1000)", decoder="dense(4); dense")
    with pytest.raises(Refusal) as caught:
        train(program, read_table(frame), tmp_path / "r", watch=QUIET)
    assert caught.value.diagnostics[0].code == "E0540"
    if (tmp_path / "r").exists():
        assert (tmp_path / "r" / "checkpoints" / "best.pt").exists()
        assert (tmp_path / "r" / "history.csv").exists()
    assert not (tmp_path / "r" / "metrics.json").exists()


@pytest.mark.parametrize("existed", [True, False])
def test_a_run_that_fails_before_its_first_epoch_leaves_nothing(tmp_path, monkeypatch, existed):
    out = tmp_path / "r"
    if existed:
        out.mkdir()

    def broken():
        raise TypeError("a bug")

    before_steps(monkeypatch, broken)
    frame = pd.DataFrame({"a": np.arange(40.0), "t": np.arange(40.0)})
    with pytest.raises(TypeError):
        train(toy_program(), read_table(frame), out, watch=QUIET)
    assert out.exists() == existed
    assert not existed or not list(out.iterdir())


def test_nothing_to_train_is_refused():
    spec = make_spec(encoder=(), decoder=())
    net = network(spec, 2, 2)
    net.circuit.requires_grad_(False)
    with pytest.raises(Refusal) as caught:
        Training(net, spec.train, CPU)
    assert caught.value.diagnostics[0].code == "E0541"


def test_batch_norm_on_single_rows_is_refused(tmp_path):
    encoder = (layer_of("dense", None, 2), layer_of("batch_norm", 2, 2))
    with pytest.raises(Refusal) as caught:
        training(encoder=encoder, batch=1)
    assert caught.value.diagnostics[0].code == "E0542"
    fitted = run(tmp_path, training(encoder=encoder, batch=19, epochs=1))
    assert math.isfinite(fitted.history[0].train_loss)


# ------------------------------------------------------------------ precision


@pytest.mark.parametrize("steps", ["torch"], indirect=True)
def test_mixed_precision_casts_the_encoder_and_nothing_after_it(tmp_path):
    decoder = (layer_of("dense", 2, 4), layer_of("silu", 4, 4), layer_of("dense", 4, None))
    one = training(precision="mixed", epochs=1, decoder=decoder)
    seen: dict[str, set[torch.dtype]] = {}
    modules = {"encoder": one.net.encoder[0], "inner": one.net.decoder[0], "last": one.net.decoder[2], "loss": one.loss}
    for name, module in modules.items():
        module.register_forward_hook(
            lambda module, inputs, output, name=name: seen.setdefault(name, set()).update(
                {tensor.dtype for tensor in (*inputs[-2:], output)} if module.training else ()
            )
        )
    executable, slots = one.net.circuit.executable, set()

    def watched(per_sample, shared, state):
        slots.update({per_sample.dtype, shared.dtype})
        return executable(per_sample, shared, state)

    one.net.circuit.executable = watched
    run(tmp_path, one)
    assert seen["encoder"] == {torch.float32, torch.bfloat16}
    assert torch.bfloat16 in seen["inner"]
    assert slots == seen["last"] == seen["loss"] == {torch.float32}


def test_prediction_and_evaluation_do_not_cast():
    one = training(precision="mixed")
    features = samples().train.features
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = predict_scaled(one.net, features, 4)
    assert torch.equal(inside, predict_scaled(one.net, features, 4))
    torch.testing.assert_close(inside, one.net.eval()(features), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("precision", "classical"), [("single", torch.float32), ("double", torch.float64), ("mixed", torch.float32)]
)
def test_precisions_train(tmp_path, precision, classical):
    one = training(precision=precision, epochs=8)
    fitted = run(tmp_path, one, samples(dtype=classical))
    assert fitted.history[-1].train_loss < fitted.history[0].train_loss
    assert one.net.encoder[0].weight.dtype == classical
    assert one.net.circuit.get_parameter("ring.w").dtype == torch.float32


def test_double_is_closer_to_itself_than_single_is(tmp_path):
    losses = {
        precision: run(tmp_path, training(precision=precision, epochs=3), samples(dtype=dtype)).history[-1].train_loss
        for precision, dtype in (("single", torch.float32), ("double", torch.float64), ("mixed", torch.float32))
    }
    assert losses["single"] == pytest.approx(losses["double"], rel=1e-4)
    assert losses["single"] != losses["double"]
    assert losses["mixed"] != losses["single"]
    assert losses["mixed"] == pytest.approx(losses["single"], rel=0.1)


@pytest.mark.parametrize("precision", ["single", "double", "mixed"])
def test_a_callers_own_autocast_changes_nothing(tmp_path, precision):
    dtype = torch.float64 if precision == "double" else torch.float32
    alone, inside = training(precision=precision), training(precision=precision)
    expected = run(tmp_path / "alone", alone, samples(dtype=dtype)).history
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside.net(samples(dtype=dtype).train.features)
        assert run(tmp_path / "inside", inside, samples(dtype=dtype)).history == expected
    for name, weight in weights(alone).items():
        assert torch.equal(weight, inside.net.state_dict()[name])


def test_only_float16_is_scaled():
    assert not Precision(CPU, mixed=True).scaler().is_enabled()
    assert Precision(CPU, mixed=True).half is torch.bfloat16
    assert Precision(torch.device("cuda"), mixed=True).half is torch.float16


@pytest.mark.parametrize("steps", ["torch"], indirect=True)
def test_the_history_has_the_scale_of_the_gradients_where_they_are_scaled(tmp_path):
    assert [epoch.grad_scale for epoch in run(tmp_path / "plain", training(epochs=2)).history] == [None, None]
    scaled = training(epochs=2)
    scaled.scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=6)
    history = run(tmp_path / "scaled", scaled, samples(6 * scaled.settings.batch)).history
    assert [epoch.grad_scale for epoch in history] == [16.0, 32.0]


# ---------------------------------------------------------------- checkpoints

SCHEDULED = [choice(SCHEDULERS, name, **({"every": 2} if name == "step" else {})) for name in SCHEDULERS]
DROPOUT = (layer_of("dense", None, 2), layer_of("dropout", 2, 2), layer_of("tanh", 2, 2))


@pytest.mark.parametrize("scheduler", SCHEDULED, ids=lambda scheduler: scheduler.name)
@pytest.mark.parametrize("precision", ["single", "mixed"])
def test_going_on_from_last_is_as_if_there_had_been_no_break(tmp_path, scheduler, precision):
    settings = {
        "scheduler": scheduler,
        "precision": precision,
        "encoder": DROPOUT,
        "stop": choice(STOPS, "early", patience=5),
    }
    whole = training(epochs=4, **settings)
    expected = run(tmp_path / "whole", whole)

    def interrupt(epoch):
        if epoch.number == 2:
            signal.raise_signal(signal.SIGINT)

    first = training(epochs=4, **settings)
    cut = run(tmp_path / "cut", first, watch=Watch(progress=False, on_epoch=interrupt))
    assert cut.interrupted
    assert cut.history == expected.history[:2]
    last = torch.load(tmp_path / "cut" / "last.pt", weights_only=True)
    assert set(last) >= {"model", "optimizer", "scheduler", "scaler", "epoch", "rng", "spec", "version"}
    second = training(epochs=4, **settings)
    best = torch.load(tmp_path / "cut" / "best.pt", weights_only=True)
    going_on = fit(second, samples(), Checkpoints(tmp_path / "cut", best), watch=QUIET, resume=last)
    assert going_on.history == expected.history
    assert going_on.best_epoch == expected.best_epoch
    for name, weight in weights(whole).items():
        assert torch.equal(weight, second.net.state_dict()[name])


def test_a_break_in_the_middle_of_an_epoch_is_no_break_either(tmp_path, monkeypatch):
    expected = run(tmp_path / "whole", training(epochs=3, encoder=DROPOUT, batch=5)).history
    one = training(epochs=3, encoder=DROPOUT, batch=5)
    done = []

    def counted():
        done.append(1)
        if len(done) == 6:
            signal.raise_signal(signal.SIGINT)

    before_steps(monkeypatch, counted)
    cut = run(tmp_path / "cut", one)
    assert cut.interrupted
    assert len(cut.history) == 1
    last = torch.load(tmp_path / "cut" / "last.pt", weights_only=True)
    assert (last["epoch"], last["step"]) == (1, 2)
    best = torch.load(tmp_path / "cut" / "best.pt", weights_only=True)
    other = training(epochs=3, encoder=DROPOUT, batch=5)
    assert fit(other, samples(), Checkpoints(tmp_path / "cut", best), watch=QUIET, resume=last).history == expected


def test_ctrl_c_before_the_first_epoch_is_whole_keeps_what_there_is(tmp_path, monkeypatch):
    one = training(epochs=3, batch=5)
    before_steps(monkeypatch, lambda: signal.raise_signal(signal.SIGINT))
    fitted = run(tmp_path, one)
    assert fitted.interrupted
    assert (fitted.history, fitted.best_epoch) == ((), 0)
    assert torch.load(tmp_path / "best.pt", weights_only=True)["step"] == 1


def test_a_finished_training_is_not_gone_on_with(tmp_path):
    one = training(
        epochs=9, optimizer=choice(OPTIMIZERS, "sgd", lr=1e-12), stop=choice(STOPS, "early", patience=2, min_delta=0.01)
    )
    first = run(tmp_path, one)
    assert len(first.history) == 3
    again = training(
        epochs=9, optimizer=choice(OPTIMIZERS, "sgd", lr=1e-12), stop=choice(STOPS, "early", patience=2, min_delta=0.01)
    )
    checkpoints = Checkpoints(tmp_path, torch.load(tmp_path / "best.pt", weights_only=True))
    last = torch.load(tmp_path / "last.pt", weights_only=True)
    assert fit(again, samples(), checkpoints, watch=QUIET, resume=last).history == first.history


def test_checkpoints_are_written_now_and_then_and_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN_WRITES", 0.0)
    seen = []

    def look(epoch):
        found = {path.name for path in tmp_path.iterdir()}
        seen.append((found, torch.load(tmp_path / "last.pt", weights_only=True)["epoch"]))

    run(tmp_path, training(epochs=3), watch=Watch(progress=False, on_epoch=look))
    assert seen == [({"best.pt", "last.pt"}, number) for number in (1, 2, 3)]


def test_the_best_is_a_copy(tmp_path):
    one = training()
    checkpoints = Checkpoints(tmp_path)
    checkpoints.keep_best(one.snapshot())
    rows = samples().train
    one.advance(rows.features, rows.targets)
    checkpoints.keep_best(one.snapshot())
    before = copy.deepcopy(checkpoints.best)
    one.advance(rows.features, rows.targets)
    one.finish_epoch(1.0, None)
    for draw in (torch.rand, np.random.rand, lambda _: random.random()):
        draw(1)
    kept, moved = map(flat, (checkpoints.best, one.snapshot()))
    assert kept == flat(before)
    changed = {key for key in kept if kept[key] != moved.get(key)}
    parts = {"model", "optimizer", "rng", "epoch", "gradients"}
    assert {key[0] for key in changed} == parts
    assert ("optimizer", "state", 0, "step") in changed


# --------------------------------------------------------------- interruption

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np, pandas as pd
from toy_model import toy_program
from hqnn_dsl.training.loop import Watch
from hqnn_dsl.training.run import train
from hqnn_dsl.data.tables import read_table
x = np.linspace(-2, 2, 200)
table = read_table(pd.DataFrame({"a": x, "b": x**2, "t": np.sin(x)}))
say = lambda epoch: print(epoch.number, flush=True)
result = train(toy_program(epochs=100000), table, Path(sys.argv[2]), watch=Watch(on_epoch=say))
print("interrupted" if result.interrupted else "finished")
"""


def test_ctrl_c_ends_a_program_cleanly_with_results(tmp_path):
    out = tmp_path / "r"
    command = [sys.executable, "-c", PROGRAM, str(TESTS), str(out)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=TESTS.parent
    ) as program:
        assert program.stdout.readline() == "1\n"
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=120)
    assert program.returncode == 0, errors
    assert output.splitlines()[-1] == "interrupted"
    assert "epoch" in errors
    assert "validation " in errors
    assert "lr " in errors
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["test"]["rmse"] > 0
    assert json.loads((out / "environment.json").read_text())["run"]["interrupted"] is True
    assert torch.load(out / "checkpoints" / "last.pt", weights_only=True)["epoch"] >= 1


def test_resuming_a_run_on_disk_ends_as_the_whole_run_does(tmp_path):
    draw = np.random.default_rng(0)
    table = read_table(pd.DataFrame(draw.normal(size=(50, 3)), columns=["a", "b", "t"]))
    program = toy_program(epochs=4)
    train(program, table, tmp_path / "whole", watch=QUIET)

    def interrupt(epoch):
        if epoch.number == 2:
            signal.raise_signal(signal.SIGINT)

    cut = train(program, table, tmp_path / "cut", watch=Watch(progress=False, on_epoch=interrupt))
    assert (cut.interrupted, len(cut.fitted.history)) == (True, 2)
    assert not train(program, table, tmp_path / "cut", watch=QUIET, resume=True).interrupted
    for file in ("history.csv", "metrics.json", "predictions.csv"):
        assert (tmp_path / "cut" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    assert len(pd.read_csv(tmp_path / "cut" / "timing.csv")) == 4


@pytest.mark.parametrize(
    ("batch", "rows", "code", "reason"),
    [(9, 50, "E0555", "`train.batch`"), (8, 49, "E0544", "rows 50 then, 49 now")],
)
def test_a_run_is_resumed_only_as_what_it_was(tmp_path, batch, rows, code, reason):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=["a", "b", "t"])
    train(toy_program(epochs=1), read_table(frame), tmp_path / "r", watch=QUIET)
    other = toy_program(epochs=1, batch=batch)
    with pytest.raises(Refusal) as caught:
        train(other, read_table(frame[:rows]), tmp_path / "r", watch=QUIET, resume=True)
    assert caught.value.diagnostics[0].code == code
    assert reason in caught.value.diagnostics[0].headline
    assert (tmp_path / "r" / "metrics.json").exists()


def test_a_second_ctrl_c_is_the_usual_one():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    with interruptible() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_outside_the_main_thread_training_runs_all_the_same(tmp_path):
    found = []
    thread = threading.Thread(target=lambda: found.append(run(tmp_path, training(epochs=1))))
    thread.start()
    thread.join()
    assert len(found[0].history) == 1
    assert not found[0].interrupted


@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("name", [name for name in LOSSES if name != "auto"])
def test_every_loss_trains(tmp_path, name, weighted):
    entry, data = LOSSES[name], samples()
    weights = torch.linspace(0.5, 1.5, len(data.train)) if weighted else None
    targets = data.train.targets if entry.task == "regression" else (data.train.targets > 0).float()
    spec = make_spec(epochs=6, loss=choice(LOSSES, name), precision="single")
    outputs = {"regression": entry.outputs, "classification": 2}[entry.task]
    one = Training(network(spec, 3, outputs), spec.train, CPU, "spec")
    nothing = Rows(data.train.features[:0], targets[:0])
    history = run(tmp_path, one, Samples(Rows(data.train.features, targets, weights), nothing)).history
    assert history[-1].train_loss < history[0].train_loss, name


def test_weights_of_rows_are_as_if_rows_stood_there_more_often(tmp_path):
    """One step on all rows: with whole weights, the gradient is that of the repeated rows."""
    data, times = samples().train, torch.arange(20) % 3
    settings = {"epochs": 1, "batch": 1000, "optimizer": choice(OPTIMIZERS, "sgd", lr=0.1)}
    counted, repeated = training(**settings), training(**settings)
    counted.advance(data.features, data.targets, times / times.float().mean())
    repeated.advance(*(part.repeat_interleave(times, dim=0) for part in (data.features, data.targets)))
    for name, weight in weights(counted).items():
        torch.testing.assert_close(weight, weights(repeated)[name], rtol=1e-5, atol=1e-6)


def test_equal_weights_change_no_loss_by_more_than_rounding(tmp_path):
    data = samples()
    ones = [Rows(rows.features, rows.targets, torch.ones(len(rows))) for rows in (data.train, data.validation)]
    plain, weighed = run(tmp_path, training(epochs=4)), run(tmp_path, training(epochs=4), Samples(*ones))
    for one, other in zip(plain.history, weighed.history, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-4)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-4)


def test_losses_of_epochs_are_weighted(tmp_path):
    data = samples()
    weights = torch.linspace(0.0, 2.0, len(data.train))
    frozen = training(epochs=1, batch=7, optimizer=choice(OPTIMIZERS, "sgd", lr=1e-12))
    history = run(
        tmp_path, frozen, Samples(Rows(data.train.features, data.train.targets, weights), data.validation)
    ).history
    errors = (predict_scaled(frozen.net, data.train.features, 7) - data.train.targets).square()[:, 0]
    assert history[0].train_loss == pytest.approx(float((weights * errors).mean()), rel=1e-5)
