"""An addition touches one place: a file for a block, an entry for a layer, loss, optimizer or scheduler, a module for
an export. Each is added here for the length of a test, and used, trained with, explained and documented.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl.catalog.entry import Entry, Option
from hqnn_dsl.catalog.layers import LAYERS, LayerEntry
from hqnn_dsl.catalog.objectives import LOSSES, OPTIMIZERS, SCHEDULERS, LossEntry, SchedulerEntry
from hqnn_dsl.cli.catalog_pages import names, pages_of
from hqnn_dsl.semantics import definitions

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


def catalog_page() -> str:
    """The page that `python docs/generate.py` writes."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.page())


# ------------------------------------------------------------------- a block

BLOCK = """hqnn 1

## RY by the square of each input times a gain.
feature_map squares(
  ## The factor of the squares.
  gain: float = 0.5
) {
  input x[qubits]
  for q in 0..qubits { ry(gain * x[q] ** 2) q }
}
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the folder of blocks in place of the package's own."""
    folder = Path(shutil.copytree(definitions.LIBRARY, tmp_path / "blocks"))
    monkeypatch.setattr(definitions, "LIBRARY", folder)
    _forget_library()
    yield folder
    _forget_library()


def _forget_library() -> None:
    definitions.library_names.cache_clear()
    definitions._read_library_block.cache_clear()


def test_a_block_is_one_file(library: Path) -> None:
    (library / "squares.hqnn").write_text(BLOCK, encoding="utf-8")
    text = "hqnn 1\nmodel m {{ circuit on 2 qubits {{ feature_map squares({}); measure z }} }}\n"
    inputs = torch.tensor([[0.7, -1.2]], dtype=torch.float64)
    for given, gain in (("", 0.5), ("gain: 2", 2.0)):
        layer = hqnn.compile_text(text.format(given)).quantum_layer("reference", precision="double")
        np.testing.assert_allclose(layer(inputs), torch.cos(gain * inputs**2), rtol=0, atol=1e-12)
    with pytest.raises(hqnn.Refusal, match="E0205"):
        hqnn.compile_text(text.format("gane: 2"))
    (page,) = pages_of("squares")
    assert page.startswith("feature_map `squares`: RY by the square of each input times a gain.")
    assert "squares" in names()
    written = catalog_page()
    assert "### `feature_map squares`" in written
    assert "| `gain` | `float` | `0.5` | The factor of the squares. |" in written


# ------------------------------------------------------------------- entries

used: Counter[str] = Counter()
FACTOR = Option(name="factor", type="float", default=0.5, above=0, doc="A factor of the test.")


def _cube(in_width: int, out_width: int, options: Any) -> torch.nn.Module:
    class Cube(torch.nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            used["layer"] += 1
            return torch.tanh(options["factor"] * values**3)

    return Cube()


def _quartic(options: Any) -> torch.nn.Module:
    class Quartic(torch.nn.Module):
        def forward(self, found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            used["loss"] += 1
            return options["factor"] * ((found - target) ** 4).mean()

    return Quartic()


def _signs(classical: Any, quantum: Any, options: Any) -> torch.optim.Optimizer:
    class Signs(torch.optim.SGD):
        def step(self, closure: Any = None) -> Any:
            used["optimizer"] += 1
            for group in self.param_groups:
                for weight in group["params"]:
                    weight.grad = None if weight.grad is None else weight.grad.sign()
            return super().step(closure)

    return Signs([{"params": list(part)} for part in (classical, quantum) if part], lr=options["lr"])


def _halving(optimizer: torch.optim.Optimizer, epochs: int, options: Any) -> Any:
    used["scheduler"] += 1
    return torch.optim.lr_scheduler.ExponentialLR(optimizer, options["factor"])


_RATES = (
    Option(name="lr", type="float", default=0.01, above=0, doc="The size of every step."),
    Option(name="quantum_lr", type="float", default=None, above=0, doc="Left to `lr`."),
)
NEW: dict[str, tuple[dict[str, Entry], Entry]] = {
    "layer": (
        LAYERS,
        LayerEntry(name="cube", doc="A cube, bounded.", options=(FACTOR,), positional=1, build=_cube, bounded=True),
    ),
    "loss": (LOSSES, LossEntry(name="quartic", doc="Fourth powers of errors.", options=(FACTOR,), build=_quartic)),
    "optimizer": (
        OPTIMIZERS,
        Entry(name="signs", doc="Steps by the sign of each slope.", options=_RATES, positional=1, build=_signs),
    ),
    "scheduler": (
        SCHEDULERS,
        SchedulerEntry(name="halving", doc="Halves the rates.", options=(FACTOR,), build=_halving),
    ),
}
SPEC = """hqnn 1
model m {{
  data {{ target y; split validation: 0.25, test: 0.25, seed: 1 }}
  encoder {{ dense(2); {layer} * pi }}
  circuit on 2 qubits {{ feature_map angle(); ansatz brickwork(reps: 1); measure z }}
  decoder {{ dense }}
  train {{ epochs 2; batch 64; loss {loss}; optimizer {optimizer}; scheduler {scheduler}; stop none; device cpu }}
  backend reference
}}
"""
USUAL = {"layer": "tanh", "loss": "mse", "optimizer": "sgd(0.01)", "scheduler": "none"}
WRITTEN = {
    "layer": "cube(0.25)",
    "loss": "quartic(factor: 0.25)",
    "optimizer": "signs(0.02)",
    "scheduler": "halving(factor: 0.5)",
}


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    used.clear()
    for table, entry in NEW.values():
        monkeypatch.setitem(table, entry.name, entry)


def frame() -> pd.DataFrame:
    a, b = np.random.default_rng(3).normal(size=(2, 40))
    return pd.DataFrame({"a": a, "b": b, "y": a - b**2})


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("kind", NEW)
def test_an_entry_is_trained_with(kind: str, tmp_path: Path) -> None:
    """Two epochs of one step; the run is opened again, and the entry's own options are read from its row."""
    text = SPEC.format(**(USUAL | {kind: WRITTEN[kind]}))
    run = hqnn.train(text, frame(), tmp_path / "run", progress=False)
    assert used[kind] >= 1
    assert set(used) == {kind}
    opened = hqnn.open_run(tmp_path / "run")
    pd.testing.assert_frame_equal(opened.predict(frame()), run.predict(frame()))
    assert WRITTEN[kind].partition("(")[0] in (tmp_path / "run" / "spec.resolved.hqnn").read_text(encoding="utf-8")
    for wrong, code in ((f"{NEW[kind][1].name}(factr: 1)", "E0205"), (f"{NEW[kind][1].name}x", "E0[23]")):
        with pytest.raises(hqnn.Refusal, match=code):
            hqnn.compile_text(SPEC.format(**(USUAL | {kind: wrong})))


@pytest.mark.usefixtures("added")
def test_entries_do_what_they_say(tmp_path: Path) -> None:
    """Every weight moves by the rate, 0.02 and then half of it, up or down."""
    text = SPEC.format(**WRITTEN)
    start = hqnn.compile_text(text).network(in_width=2, out_width=1).state_dict()
    run = hqnn.train(text, frame(), tmp_path / "run", progress=False)
    assert run.history["lr"].tolist() == pytest.approx([0.02, 0.01])
    kept = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    end = next(part for part in kept.values() if isinstance(part, dict) and set(part) == set(start))
    moved = torch.cat([(end[name] - start[name]).abs().reshape(-1) for name in start])
    assert len(moved) > 8
    assert all(min(abs(float(step) - size) for size in (0.01, 0.03)) < 1e-6 for step in moved)


@pytest.mark.usefixtures("added")
@pytest.mark.parametrize("kind", NEW)
def test_an_entry_is_explained_and_documented(kind: str) -> None:
    entry = NEW[kind][1]
    (page,) = pages_of(entry.name)
    assert page.startswith(f"{kind} `{entry.name}`: {entry.doc}")
    assert entry.options[0].doc in page
    assert entry.name in names()
    assert f"| **`{entry.name}`** |  |  | {entry.doc} |" in catalog_page()


# ----------------------------------------------------------------- an export

EXPORT = """
from hqnn_dsl.export.emitter import Emitter

EMITTERS = (
    Emitter(kind="gates", suffix=".gates", doc="names of gates", write=lambda export: ",".join(
        operation.gate for operation in export.source.operations).encode()),
)
"""
COMMAND = """
import importlib.util, sys
name = "hqnn_dsl.export.emitters"
spec = importlib.util.find_spec(name)
spec.submodule_search_locations.append(sys.argv.pop(1))
module = importlib.util.module_from_spec(spec)
sys.modules[name] = module
spec.loader.exec_module(module)
from hqnn_dsl.cli.main import main
main()
"""


def test_an_export_is_one_module(tmp_path: Path) -> None:
    """In a process of its own, which finds one module more in the folder."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "names_of_gates.py").write_text(EXPORT, encoding="utf-8")
    path = tmp_path / "m.hqnn"
    path.write_text("hqnn 1\nmodel m { circuit on 2 qubits { h 0; cx 0, 1; measure z } }\n", encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", COMMAND, str(tmp_path / "more"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    out = tmp_path / "out"
    for _ in range(2):  # the second writes over what the first has written
        done = run("compile", str(path), "--out", str(out), "--emit", "gates", "--emit", "qasm")
        assert done.returncode == 0, done.stderr
    assert (out / "logical.gates").read_text(encoding="utf-8") == "h,cx"
    assert {file.name for file in out.iterdir()} == {
        "logical.gates", "transpiled.gates", "logical.qasm", "transpiled.qasm", "spec.resolved.hqnn",
    }  # fmt: skip
    done = run("compile", str(path), "--emit", "nosuch")
    assert done.returncode == 2
    assert "gates" in done.stderr
