"""Equal results are checked first, a failing peer is listed with its reason, and the page says what is missed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import measure, processes
from benchmarks.page import number, page
from benchmarks.peers import BY_NAME, PEERS, native
from benchmarks.processes import PeerFailed
from benchmarks.targets import ratio, verdicts
from benchmarks.workloads import WORKLOADS, Workload

SMALL = Workload("zz", 2, 3)
BRIEF = measure.Effort(rounds=2, turn=0.01, longest=1.0)


@pytest.fixture(scope="module")
def stable(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "log"
    with path.open("wb") as log, measure.Stable(log) as running:
        yield running


def test_peers_of_our_environment_agree_and_are_timed(stable):
    found = measure.measure(SMALL, ["reference", "pennylane", "lightning"], stable, BRIEF)
    assert list(found) == ["reference", "pennylane", "lightning"]
    for measured in found.values():
        assert not measured.reason
        assert set(measured.differences) == {"outputs", "inputs", "weights"}
        assert max(measured.differences.values()) < 1e-5
        assert measured.median > 0
        assert measured.first > 0
    assert stable.versions["pennylane"]["PennyLane"]


def test_a_wrong_answer_is_not_timed(stable, monkeypatch):
    monkeypatch.setitem(measure.TOLERANCE, "peer single", 1e-30)
    found = measure.measure(SMALL, ["pennylane"], stable, BRIEF)["pennylane"]
    assert found.reason.startswith("wrong ")
    assert found.median is None


def test_a_peer_without_its_environment_says_so(stable, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "VENVS", tmp_path)
    found = measure.measure(SMALL, ["flagquantum"], stable, BRIEF)["flagquantum"]
    assert "make bench-peers" in found.reason


def test_a_worker_answers_errors_with_their_reason(stable):
    process = stable.of(BY_NAME["reference"])
    with pytest.raises(PeerFailed, match="no workload"):
        process.ask("prepare", "nonsense", "single", seconds=60)


def test_a_late_worker_is_ended(stable):
    process = stable.of(BY_NAME["reference"])
    process.ask("prepare", SMALL.name, "single", seconds=60)
    with pytest.raises(PeerFailed, match="took more than"):
        process.ask("step", 10_000_000, seconds=0.2)
    stable.drop("reference")


def test_differences_are_parts_of_the_largest_number():
    right = {"outputs": np.array([0.5]), "inputs": np.array([10.0, -20.0]), "weights": np.array([1.0])}
    found = {"outputs": [0.6], "inputs": [11.0, -20.0], "weights": [1.0]}
    assert measure.differences(found, right) == pytest.approx({"outputs": 0.1, "inputs": 0.05, "weights": 0.0})
    with pytest.raises(PeerFailed, match="shape"):
        measure.differences(found | {"outputs": [0.6, 0.1]}, right)


def test_time_in_kernels_is_part_of_the_time_of_steps():
    step = native.prepare(SMALL, "single").step
    step()
    seconds, inside = native.kernel_seconds(step, 20)
    assert 0 < inside < seconds


def _row(median, reason=""):
    kernels = {"seconds": 1.0, "inside": 0.75, "multiply_adds": 3_000_000, "repeats": 3}
    return {
        "reason": reason, "first": 1.0, "memory": 1 << 20, "differences": {"outputs": 1e-7}, "kernels": kernels,
        "steps": 3, "median": None if reason else median,
    }  # fmt: skip


@pytest.fixture
def results():
    medians = {peer.name: 1.0 for peer in PEERS} | {"native": 0.001, "tc-jit": 0.05}
    peers = {name: _row(median) for name, median in medians.items()} | {"torchquantum": _row(0, "it is not there")}
    return {
        "machine": {"processor": "a processor", "cores": 2, "memory_gib": 8.0, "python": "3.11.7", "system": "Linux"},
        "peak": {"one": 5e10, "two": 1e11, "lanes": 8.0},
        "workloads": {row.name: {"date": "2026-01-01", "peers": peers} for row in WORKLOADS},
        "versions": {"native": {"numba": "1.0"}},
        "commands": ["python -m benchmarks.run"],
        "epoch": {"backend": "native", "ours": 0.01, "pennylane": 0.2, "rounds": 1},
    }


def test_verdicts_compare_with_the_fastest_peer(results):
    found = {verdict.what: verdict for verdict in verdicts(results)}
    assert ratio(results, "ra:4x64", "tc-jit") == pytest.approx(50)
    assert found["ra:8x256 beside the fastest peer"].met
    assert found["zz:8x64 beside pennylane"].measured == pytest.approx(1000)
    assert not found["ra:4x64 beside qnn"].met
    assert found["ra:8x256 share of the multiply-add peak"].measured == pytest.approx(3.0)
    assert found["an epoch of diabetes beside PennyLane"].met


def test_the_page_says_misses_first_and_reasons(results):
    text = page(results)
    assert text.index("asked 100,000 ×, 1,000 ×") < text.index("## What was asked")
    assert "torchquantum (fork -ng), ra:4x64: it is not there" in text
    assert "25 %" in text  # outside the kernels
    results["workloads"].pop("zz:20x2")
    assert "zz:20x2 beside the fastest peer: asked 5 ×, not measured" in page(results)


@pytest.mark.parametrize(("value", "text"), [(0.04123, "0.0412"), (4.125, "4.12"), (31234.0, "31,200"), (99.96, "100")])
def test_numbers_have_three_digits(value, text):
    assert number(value) == text
