"""The CUDA kernels on a GPU: right, the same every time, on torch's stream, without waiting."""

from __future__ import annotations

import conformance
import pytest
import torch
from on_gpu import CUDA, layered, loader, step

from hqnn_dsl.backends import offered
from hqnn_dsl.network.quantum import QuantumLayer

load = loader("native", device="cuda")


@pytest.fixture(params=["shared", "global"])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    from hqnn_dsl.backends.native.cuda import launch

    if request.param == "global":
        monkeypatch.setattr(launch, "SHARED_BYTES", 0)
    return request.param


def native(circuit, precision: str, device: str = "cuda"):
    return offered()["native"].load(circuit, {"precision": precision, "device": device}, 0)


def cases(start: int, count: int) -> list:
    return [conformance.case_of(seed) for seed in range(start, start + count)]


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_are_those_of_qiskit(memory: str, precision: str) -> None:
    conformance.assert_values(load, cases(0, 200), precision)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_gradients_are_those_of_the_reference(memory: str, precision: str) -> None:
    conformance.assert_gradients(load, cases(5000, 200), precision)


@pytest.mark.parametrize("gate", conformance.GATES)
def test_every_gate(memory: str, gate: str) -> None:
    conformance.assert_values(load, [conformance.every_gate(gate)], "double")
    conformance.assert_gradients(load, [conformance.every_gate(gate)], "double")


@pytest.mark.parametrize(
    ("width", "batch"), [(2, 5000), (8, 256), (10, 64), (11, 33), (12, 17), (13, 9), (16, 3), (20, 1)]
)
def test_every_size_has_the_numbers_of_the_cpu(width: int, batch: int) -> None:
    """Across the edge between shared and global memory, and with more samples than blocks."""
    found = step(native(layered(width), "double"), batch, torch.float64, CUDA)
    truth = step(native(layered(width), "double", "cpu"), batch, torch.float64, torch.device("cpu"))
    for own, true in zip(found, truth, strict=True):
        torch.testing.assert_close(own, true, rtol=1e-10, atol=1e-10)
    single = step(native(layered(width), "single"), batch, torch.float32, CUDA)
    torch.testing.assert_close(single[0].double(), truth[0], rtol=0, atol=2e-5)


@pytest.mark.parametrize("width", [3, 8, 11, 13])
def test_a_hundred_runs_give_the_same_bits(width: int) -> None:
    """A missing barrier shows as numbers that change."""
    run = native(layered(width), "single")
    first = step(run, 64, torch.float32, CUDA)
    for _ in range(100):
        again = step(run, 64, torch.float32, CUDA)
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_step_waits_for_nothing() -> None:
    """Torch's own watch for calls that wait; a first step compiles and uploads."""
    circuit = layered(6)
    layer = QuantumLayer(circuit, native(circuit, "single")).to(CUDA)
    x = torch.randn(128, 6, device=CUDA, requires_grad=True)
    layer(x).sum().backward()
    torch.cuda.set_sync_debug_mode("error")
    try:
        layer(x).sum().backward()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_the_current_stream_is_used() -> None:
    """What the stream was given before is waited for: the angles come late."""
    run = native(layered(8), "single")
    generator = torch.Generator().manual_seed(0)
    angles = torch.randn(64, len(run.circuit.sample_slots), generator=generator).to(CUDA)
    shared = torch.randn(len(run.circuit.shared_slots), generator=generator).to(CUDA)
    expected = run(angles, shared, None)
    torch.cuda.synchronize()
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        late = torch.zeros_like(angles)
        torch.cuda._sleep(200_000_000)
        late.copy_(angles)
        found = run(late, shared, None)
    stream.synchronize()
    assert torch.equal(found, expected)


def test_a_layer_follows_its_tensors() -> None:
    circuit = layered(4)
    layer = QuantumLayer(circuit, offered()["native"].load(circuit, {}, 0))
    x = torch.randn(5, 4)
    here = layer(x)
    there = layer.to(CUDA)(x.to(CUDA))
    assert there.is_cuda
    assert layer.executable.metadata["device"] == "cuda:0"
    torch.testing.assert_close(there.cpu(), here, rtol=0, atol=1e-5)
    with torch.autocast("cuda", dtype=torch.float16):
        torch.testing.assert_close(layer(x.to(CUDA)), there, rtol=0, atol=0)


def test_first_and_second_derivatives() -> None:
    case = conformance.random_case(6, batch=2, max_qubits=3, max_operations=6, amplitude=True)
    given = conformance.arguments(case, "double", gradients=True)
    assert torch.autograd.gradcheck(load(case.circuit, "double"), given)
    assert torch.autograd.gradgradcheck(load(case.circuit, "double"), given)
