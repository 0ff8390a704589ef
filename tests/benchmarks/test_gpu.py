"""The GPU's part of the benchmarks, as far as it goes without one: the page's section, and what is said here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.gpu_page import NOT_RUN, SIZES, asked, reasons, section
from benchmarks.peers import GPU_PEERS, PEERS

ROOT = Path(__file__).parent.parent.parent
PACK = ROOT / "benchmarks" / "pack_gpu.sh"


def row(median: float | None, reason: str = "") -> dict:
    return {"median": median, "reason": reason, "differences": {} if median is None else {"outputs": 1e-7}}


FOUND = {
    "machine": {"gpu": "A GPU", "cuda": "13.0", "torch": "2.13.0", "processor": "a processor"},
    "date": "2026-01-02",
    "versions": {},
    "workloads": {
        "ra:8x256": {"peers": {"native": row(0.002), "native-cuda": row(0.001), "aer-gpu": row(0.01)}},
        "zz:8x256": {"peers": {"native": row(0.0005), "native-cuda": row(0.001), "aer-gpu": row(None, "too slow")}},
    },
}


def test_without_figures_it_says_so() -> None:
    assert section(None) == NOT_RUN
    assert "Not run on a GPU" in NOT_RUN


def test_what_was_asked_is_reached_missed_or_not_measured() -> None:
    lines = [line.line for line in asked(FOUND)]
    assert "- native on the GPU beside Aer on the GPU, batched, ra:8x256: asked 20 ×, 10 × (missed)" in lines
    assert "- native on the GPU beside native, float32, ra:8x256: asked 1 ×, 2 × (reached)" in lines
    assert "- native on the GPU beside native, float32, zz:8x256: asked 1 ×, 0.5 × (missed)" in lines
    assert "- native on the GPU beside Aer on the GPU, batched, zz:8x256: asked 20 ×, not measured" in lines
    assert len(lines) == 2 * (1 + sum(batch >= 256 for _, batch in SIZES))


def test_the_section_has_every_contestant_and_each_reason() -> None:
    text = section(FOUND)
    for peer in GPU_PEERS:
        assert f"| {peer.title} |" in text
    assert "| native on the GPU, float32 | 1 |" in text
    assert "(8, 256)" in text
    assert "(24, 1)" not in text
    assert reasons(FOUND) == ["- Aer on the GPU, batched, zz:8x256: too slow"]
    assert reasons(FOUND)[0] in text


def test_those_on_a_gpu_are_not_asked_by_make_bench() -> None:
    assert not {peer.name for peer in PEERS} & {peer.name for peer in GPU_PEERS}
    for peer in GPU_PEERS:
        assert (ROOT / "benchmarks" / "peers" / f"{peer.module}.py").is_file()


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is a GPU: this is about machines without one")
@pytest.mark.parametrize(
    "command", [["benchmarks.gpu"], ["pytest", "tests/gpu", "-m", "gpu", "-p", "no:cacheprovider"]]
)
def test_without_a_gpu_nothing_passes_silently(command: list[str]) -> None:
    environment = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "no GPU here" in done.stdout + done.stderr


def test_the_packing_script_and_what_it_writes_are_sound(tmp_path: Path) -> None:
    """Bash reads both; nothing is fetched."""
    text = PACK.read_text(encoding="utf-8")
    written = tmp_path / "run.sh"
    written.write_text(text.split("<<'RUN'\n")[1].split("\nRUN\n")[0], encoding="utf-8")
    for script in (PACK, written):
        subprocess.run(["bash", "-n", str(script)], check=True)
    done = subprocess.run(["bash", str(written), "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_what_is_packed_by_name_is_pinned() -> None:
    pinned = {
        line.split("==")[0].lower()
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line
    }
    text = PACK.read_text(encoding="utf-8").replace("\\\n", " ")
    names = [name for call in text.split("pinned ")[1:] for name in call.split(")")[0].split()]
    assert len(names) > 50
    assert [name for name in names if name.lower() not in pinned] == []
