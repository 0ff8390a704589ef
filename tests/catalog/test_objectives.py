"""Every loss, optimizer, scheduler and stop does what its row says, and obeys each of its options."""

from __future__ import annotations

import math
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


OPTIONS = [(catalog, entry, option) for catalog in TABLES for entry in catalog.values() for option in entry.options]
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
    assert expected.keys() == LOSSES.keys()
    for name, value in expected.items():
        entry = LOSSES[name]
        assert entry.build(entry.defaults())(predicted, target).item() == pytest.approx(value, rel=1e-6)


def test_log_cosh_stays_finite_far_out():
    loss = LOSSES["log_cosh"].build({})(torch.tensor([1e4]), torch.zeros(1))
    assert loss.item() == pytest.approx(1e4 - math.log(2), rel=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weight_decay_spares_quantum_weights(name):
    entry = OPTIMIZERS[name]
    plain = entry.defaults() | {"weight_decay": 0.0}
    optimizer = entry.build([Parameter(torch.ones(1))], [Parameter(torch.ones(1))], plain | {"weight_decay": 0.3})
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]
    optimizer = entry.build([Parameter(torch.ones(1))], [Parameter(torch.ones(1))], plain | {"quantum_lr": 0.7})
    assert [group["lr"] for group in optimizer.param_groups] == [plain["lr"], 0.7]


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
