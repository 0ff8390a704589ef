"""The backend custatevec on the real library."""

from __future__ import annotations

import conformance
import pytest
import torch
from on_gpu import CUDA, layered, loader, step

from hqnn_dsl.backends import offered

load = loader("custatevec")


def cases(start: int, count: int) -> list:
    return [conformance.case_of(seed) for seed in range(start, start + count)]


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_are_those_of_qiskit(precision: str) -> None:
    conformance.assert_values(load, cases(0, 60), precision)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_gradients_are_those_of_the_reference(precision: str) -> None:
    conformance.assert_gradients(load, cases(5000, 60), precision)


@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(gate: str) -> None:
    conformance.assert_gradients(load, [conformance.every_gate(gate)], "double")


@pytest.mark.parametrize("width", [16, 20])
def test_large_states_have_the_numbers_of_the_cpu(width: int) -> None:
    found = step(offered()["custatevec"].load(layered(width), {"precision": "double"}, 0), 1, torch.float64, CUDA)
    cpu = offered()["native"].load(layered(width), {"precision": "double", "device": "cpu"}, 0)
    for own, true in zip(found, step(cpu, 1, torch.float64, torch.device("cpu")), strict=True):
        torch.testing.assert_close(own, true, rtol=1e-10, atol=1e-10)


def test_it_says_what_ran() -> None:
    run = offered()["custatevec"].load(layered(2), {}, 0)
    step(run, 1, torch.float32, CUDA)
    assert run.metadata["device"] == "cuda:0"
    assert run.metadata["custatevec"] >= 1600
    assert offered()["custatevec"].probe().startswith("ready on ")
