"""The CUDA kernels without a GPU: their meaning in Numba's simulator, their tables, and what is said without one.

The simulator cannot find a missing barrier, nor what a real compiler refuses; `make test-gpu` runs the real thing.
"""

from __future__ import annotations

import ast
import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch
from circuits_random import random_case

from hqnn_dsl.backends import offered
from hqnn_dsl.backends.native.cuda import device, tables
from hqnn_dsl.backends.native.executable import NativeExecutable
from hqnn_dsl.circuit.pauli.program import Marginal
from hqnn_dsl.circuit.pauli.rewrites import plan
from hqnn_dsl.circuit.pauli.strings import parity
from hqnn_dsl.diagnostics.codes.cuda import CudaKernelsMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import HQNNWarning

CASES = Path(__file__).with_name("cuda_cases.py")
SIMULATED = [
    node.name
    for node in ast.parse(CASES.read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
]
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU: this is about machines without one")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[ET.Element]]:
    """What became of each simulated test, by name."""
    report = tmp_path_factory.mktemp("simulator") / "report.xml"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", str(CASES)],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTEST_ADDOPTS": ""},
        cwd=CASES.parent.parent.parent,
        capture_output=True,
        check=False,
    )
    found: dict[str, list[ET.Element]] = {}
    for case in ET.parse(report).iter("testcase"):
        found.setdefault(case.get("name", "").partition("[")[0], []).append(case)
    return found


@pytest.mark.parametrize("name", SIMULATED)
def test_in_the_simulator(name: str, outcomes: dict[str, list[ET.Element]]) -> None:
    notes = [note for case in outcomes[name] for note in case]
    assert [note.get("message") for note in notes if note.tag in {"failure", "error", "skipped"}] == []


def test_outcomes_of_marginals_are_those_of_every_row() -> None:
    """Masks that depend on each other have outcomes that cannot happen."""
    rng = random.Random(0)
    seen: Counter[bool] = Counter()
    for _ in range(200):
        n, k = rng.randint(1, 5), rng.randint(1, 4)
        marginal = Marginal(tuple((rng.randrange(1 << n), rng.randrange(2)) for _ in range(k)), 0)
        starts, nulls = tables.outcomes(marginal, n)
        expected: dict[int, set[int]] = {}
        for r in range(1 << n):
            which = sum((parity(r & mask) ^ flip) << j for j, (mask, flip) in enumerate(marginal.bits))
            expected.setdefault(which, set()).add(r)
        found = {}
        for outcome, start in starts.items():
            rows = {start}
            for null in nulls:
                rows |= {row ^ null for row in rows}
            found[outcome] = rows
        assert found == expected
        seen[len(starts) < 1 << k] += 1
    assert min(seen.values()) > 20


def test_every_block_finds_the_registers_it_may_need() -> None:
    from hqnn_dsl.backends.native.cuda import kernels, launch

    for threads in (launch.FEWEST_THREADS, launch.MOST_THREADS, launch.GLOBAL_THREADS):
        assert threads * 255 <= 65536
        assert threads % kernels.GROUP == 0
        assert threads * kernels.GROUP * 8 <= launch.SHARED_BYTES


def test_kernels_and_tables_mean_the_same_by_a_kind() -> None:
    from hqnn_dsl.backends.native.cuda import kernels

    names = ("DIAGONAL", "MIXING", "MIXING_IMAGINARY", "OUTCOME")
    assert [getattr(kernels, name) for name in names] == [getattr(tables, name) for name in names]


def test_the_sweep_stops_at_the_first_rotation_that_is_asked_for() -> None:
    circuit = random_case(3, max_qubits=4, amplitude=False).circuit
    for part in plan(circuit).parts:
        made = tables.tables_of(part, circuit, [0.0] * circuit.num_outputs)
        kinds = made.program.ops[: made.shape.rotations, 5].tolist()
        for asked in range(4):
            wanted = [j for j, kind in enumerate(kinds) if kind & asked]
            assert made.stop(asked) == (wanted[0] if wanted else len(kinds))
        assert made.stop(tables.STATE_KIND) == 0


@NO_GPU
@pytest.mark.parametrize("option", [{"device": "cuda"}])
def test_without_a_gpu_cuda_is_refused_and_never_runs_on_the_cpu(option: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        offered()["native"].load(random_case(0).circuit, option, 0)
    assert refused.value.diagnostics[0].code == "E0730"
    assert refused.value.exit_code == 3


class Answer:
    """What the kernels' probe meets: a GPU, numba-cuda or not, and a kernel that does this."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, found: bool, result: object) -> None:
        monkeypatch.setattr(device, "gpu_objection", lambda wanted: None)
        monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: object() if found else None)
        monkeypatch.setattr(torch.version, "cuda", "12.8")

        def one_number() -> object:
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(device, "one_number", one_number)


@pytest.mark.parametrize(
    ("found", "result", "code", "words"),
    [
        (False, 1, "E0731", "pip install 'hqnn-dsl[cuda12]'"),
        (True, RuntimeError("NVVM is not there\nmore"), "E0732", "--force-reinstall 'hqnn-dsl[cuda12]'"),
        (True, RuntimeError(), "E0732", "nvidia-smi"),
        (True, 0, "E0732", "nvidia-smi"),
    ],
)
def test_each_reason_has_its_words(
    monkeypatch: pytest.MonkeyPatch, found: bool, result: object, code: str, words: str
) -> None:
    Answer(monkeypatch, found=found, result=result)
    lacking = device.kernels_objection.__wrapped__()
    assert lacking.code == code
    assert words in lacking.help
    assert "\n" not in lacking.headline
    assert lacking.exit_code == 3


def test_a_kernel_that_runs_is_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    Answer(monkeypatch, found=True, result=1)
    assert device.kernels_objection.__wrapped__() is None


class OnGpu:
    """A tensor that says it is on a GPU."""

    is_cuda = True


def test_auto_says_once_that_it_runs_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "kernels_objection", lambda: CudaKernelsMissing(extra="cuda"))
    run = NativeExecutable(random_case(0).circuit, "single")
    with pytest.warns(HQNNWarning, match=r"pip install 'hqnn-dsl\[cuda\]'") as told:
        found = [run._cuda_of(OnGpu()) for _ in range(2)]
    assert found == [None, None]
    assert [item.message.diagnostic.code for item in told] == ["E0733"]
    assert NativeExecutable(random_case(0).circuit, "single", device="cpu")._cuda_of(OnGpu()) is None


def test_the_device_is_pickled() -> None:
    run = NativeExecutable(random_case(0).circuit, "single", (), "cpu")
    assert pickle.loads(pickle.dumps(run)).device == "cpu"
