"""Every loss, optimizer, scheduler and stop does what its row says, and obeys each of its options."""

from __future__ import annotations

import math
from inspect import signature
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch.nn import Parameter

from hqnn_dsl.catalog.initial import INITIALS
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, STOPS, SchedulerEntry

if TYPE_CHECKING:
    from hqnn_dsl.catalog.entry import Entry, Option

TABLES = (LOSSES, OPTIMIZERS, SCHEDULERS, STOPS)
EPOCHS = 20
LOSS_CURVE = [1.0, 0.9995, 0.9992, 0.5, 0.5, 0.5, 0.5, 0.45, 0.449, 0.4485, *[0.4485] * 10]


def another(option: Option) -> Any:
    if option.type == "int":
        return 2 if option.default != 2 else 3
    if option.name == "eps":
        return 0.1
    return option.default / 4 if option.default else 0.25


def weights_after(entry: Entry, options: dict[str, Any], steps: int = 8) -> tuple[float, float]:
    """A classical and a quantum weight after some steps down a bowl whose gradient changes size and sign."""
    classical, quantum = Parameter(torch.tensor([2.0])), Parameter(torch.tensor([2.0]))
    optimizer = entry.build([classical], [quantum], options)
    for step in range(steps):
        optimizer.zero_grad()
        ((classical + quantum).square() * (1 + step) + (classical - quantum)).sum().backward()
        optimizer.step()
    return classical.item(), quantum.item()


def rates(entry: Entry, options: dict[str, Any]) -> list[float]:
    """The learning rate after each epoch of the loss curve."""
    optimizer = torch.optim.SGD([Parameter(torch.zeros(1))], lr=0.1)
    scheduler = entry.build(optimizer, EPOCHS, options)
    found = [optimizer.param_groups[0]["lr"]]
    for loss in LOSS_CURVE:
        optimizer.step()
        if scheduler is not None:
            scheduler.step(loss) if entry.reads_score else scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def stops_at(entry: Entry, options: dict[str, Any]) -> int:
    stop = entry.build(options)
    for epoch, loss in enumerate(LOSS_CURVE):
        stop.take(loss)
        if stop.says_stop:
            return epoch
    return -1


def behaviour(catalog: dict[str, Entry], entry: Entry, options: dict[str, Any]) -> Any:
    if catalog is LOSSES:
        return entry.build(options)(torch.tensor([[0.1], [3.0]]), torch.zeros(2, 1)).item()
    if catalog is OPTIMIZERS:
        return weights_after(entry, options)
    if catalog is SCHEDULERS:
        return rates(entry, options)
    return stops_at(entry, options)


OPTIONS = [
    (catalog, entry, option)
    for catalog in TABLES
    for entry in catalog.values()
    if entry.build
    for option in entry.options
]
STARTS = {
    # Options that only show next to others: what the others are while one changes.
    "reduce_on_plateau": {"patience": 1},
    "reduce_on_plateau.min_lr": {"factor": 0.1},
    "step": {"every": 4},
    "early": {"patience": 1},
}


@pytest.mark.parametrize(
    ("catalog", "entry", "option"), OPTIONS, ids=[f"{entry.name}-{option.name}" for _, entry, option in OPTIONS]
)
def test_no_option_is_accepted_and_ignored(catalog, entry, option):
    start = entry.defaults() | STARTS.get(entry.name, {}) | STARTS.get(f"{entry.name}.{option.name}", {})
    value = 0.005 if option.name == "quantum_lr" else another(option)
    if option.name == "min_lr":
        value = 0.05
    if option.name == "threshold":
        value = 0.1
    if option.name == "min_delta":
        value = 0.01
    assert value != start[option.name]
    assert behaviour(catalog, entry, start) != behaviour(catalog, entry, start | {option.name: value})


@pytest.mark.parametrize("entry", [entry for catalog in (*TABLES, INITIALS) for entry in catalog.values()])
def test_entries_are_documented(entry):
    assert entry.doc.endswith(".")
    assert all(option.doc.endswith(".") for option in entry.options)
    assert entry.positional <= len(entry.options)


def test_losses_are_the_documented_ones():
    predicted, target = torch.tensor([[0.5], [4.0]]), torch.tensor([[0.0], [1.0]])
    expected = {
        "mse": (0.25 + 9) / 2,
        "mae": (0.5 + 3) / 2,
        "huber": (0.125 + 2.5) / 2,
        "smooth_l1": (0.125 + 2.5) / 2,
        "log_cosh": (math.log(math.cosh(0.5)) + math.log(math.cosh(3.0))) / 2,
    }
    others = {"auto", "quantile", "gaussian", "cross_entropy", "focal"}  # test_losses.py
    assert expected.keys() | others == LOSSES.keys()
    for name, value in expected.items():
        entry = LOSSES[name]
        assert entry.build(entry.defaults())(predicted, target).item() == pytest.approx(value, rel=1e-6)


def test_log_cosh_stays_finite_far_out():
    loss = LOSSES["log_cosh"].build({})(torch.tensor([1e4]), torch.zeros(1))
    assert loss.item() == pytest.approx(1e4 - math.log(2), rel=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_steps_exactly_as_torchs_own(name):
    entry = OPTIMIZERS[name]
    options = {option.name: another(option) for option in entry.options}
    start, slopes = torch.randn(7), torch.randn(30, 7)
    ours = Parameter(start.clone())
    optimizer = entry.build([ours], [], options)
    (base,) = type(optimizer).__bases__
    theirs = Parameter(start.clone())
    group = optimizer.param_groups[0]
    plain = base(
        [theirs], **{key: group[key] for key in signature(base).parameters if key in group and key != "params"}
    )
    assert base.__module__.startswith("torch.optim")
    assert type(optimizer).__name__ == base.__name__
    for slope in slopes:
        for one, weight in ((optimizer, ours), (plain, theirs)):
            one.zero_grad()
            assert weight.grad is None
            weight.grad = slope.clone()
            one.step()
        assert torch.equal(ours, theirs)
    own, others = optimizer.state_dict(), plain.state_dict()
    assert own["param_groups"] == others["param_groups"]
    assert str(own["state"]) == str(others["state"])
    assert not torch.equal(ours, start)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_spares_quantum_weights(name):
    entry = OPTIMIZERS[name]
    plain = entry.defaults() | {"weight_decay": 0.0}
    optimizer = entry.build([Parameter(torch.ones(1))], [Parameter(torch.ones(1))], plain | {"weight_decay": 0.3})
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]
    optimizer = entry.build([Parameter(torch.ones(1))], [Parameter(torch.ones(1))], plain | {"quantum_lr": 0.7})
    assert [group["lr"] for group in optimizer.param_groups] == [plain["lr"], 0.7]


def by_hand(name: str, options: dict[str, float], start: float, gradients: list[float], decay: float) -> float:
    """Where a weight ends by the papers' formulas (torch's form of them), in double precision."""
    weight, first, second, lr = start, 0.0, 0.0, options["lr"]
    for step, slope in enumerate(gradients, start=1):
        gradient = slope if name == "adamw" else slope + decay * weight
        if name in {"sgd", "nesterov"}:
            momentum = options["momentum"]
            first = gradient if step == 1 else momentum * first + gradient
            weight -= lr * (gradient + momentum * first if name == "nesterov" else first)
            continue
        weight *= 1 - lr * decay if name == "adamw" else 1
        first = options["beta1"] * first + (1 - options["beta1"]) * gradient
        second = options["beta2"] * second + (1 - options["beta2"]) * gradient**2
        mean, square = first / (1 - options["beta1"] ** step), second / (1 - options["beta2"] ** step)
        weight -= lr * mean / (math.sqrt(square) + options["eps"])
    return weight


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "nesterov"])
def test_optimizers_stepped_in_one_call_follow_their_formulas(name, dtype):
    entry = OPTIMIZERS[name]
    options = entry.defaults() | {"lr": 0.03, "quantum_lr": 0.07, "weight_decay": 0.2}
    options |= {"momentum": 0.8} if "momentum" in options else {}
    draw = torch.Generator().manual_seed(3)
    classical, quantum = (Parameter(torch.randn(size, generator=draw, dtype=dtype)) for size in ((3, 7), (19,)))
    starts = [weight.detach().clone() for weight in (classical, quantum)]
    optimizer = entry.build([classical], [quantum], options)
    assert optimizer.defaults["fused"] is True
    slopes = [[torch.randn(w.shape, generator=draw, dtype=dtype) for _ in range(25)] for w in (classical, quantum)]
    for first, second in zip(*slopes, strict=True):
        classical.grad, quantum.grad = first.clone(), second.clone()
        optimizer.step()
    for weight, start, found, lr, decay in zip(
        (classical, quantum), starts, slopes, (0.03, 0.07), (0.2, 0.0), strict=True
    ):
        series = torch.stack(found).reshape(25, -1).T.tolist()
        expected = [
            by_hand(name, options | {"lr": lr}, value, gradients, decay)
            for value, gradients in zip(start.reshape(-1).tolist(), series, strict=True)
        ]
        wanted = torch.tensor(expected, dtype=dtype).reshape(weight.shape)
        tolerance = 1e-5 if dtype is torch.float32 else 1e-12
        torch.testing.assert_close(weight.detach(), wanted, rtol=tolerance, atol=tolerance)


def test_a_network_without_classical_weights_has_one_group():
    optimizer = OPTIMIZERS["adamw"].build([], [Parameter(torch.ones(2))], OPTIMIZERS["adamw"].defaults())
    assert len(optimizer.param_groups) == 1


def test_nesterov_is_not_plain_momentum():
    sgd, nesterov = OPTIMIZERS["sgd"], OPTIMIZERS["nesterov"]
    assert weights_after(sgd, sgd.defaults() | {"momentum": 0.9}) != weights_after(nesterov, nesterov.defaults())


def test_only_the_plateau_reads_the_score():
    assert [name for name, entry in SCHEDULERS.items() if isinstance(entry, SchedulerEntry) and entry.reads_score] == [
        "reduce_on_plateau"
    ]


def test_cosine_ends_at_its_floor_and_warms_up():
    entry = SCHEDULERS["cosine"]
    found = rates(entry, {"min_lr": 0.02, "warmup": 3})
    assert found[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert found[-1] == pytest.approx(0.02)


def test_early_stop_counts_epochs_in_a_row():
    stop = STOPS["early"].build({"patience": 2, "min_delta": 0.0})
    said = []
    for loss in (1.0, 1.1, 0.9, 0.9, 0.95):
        stop.take(loss)
        said.append(stop.says_stop)
    assert said == [False, False, False, False, True]
