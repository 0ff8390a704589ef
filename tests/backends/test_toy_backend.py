"""A backend is one folder: one that this file writes is checked, run, listed, explained and compared like others."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

import hqnn_dsl as hqnn
from hqnn_dsl import backends
from hqnn_dsl.cli import main as entry
from hqnn_dsl.cli import output
from hqnn_dsl.crosscheck.verify import verify
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROW = '''
"""The backend `toy`: Qiskit's Statevector, a row at a time."""

from hqnn_dsl.backends import Backend
from hqnn_dsl.catalog.entry import Entry
from hqnn_dsl.catalog.precision import precision_option
from hqnn_dsl.diagnostics.codes.environment import BackendCannot


def build(circuit, options, seed):
    from hqnn_dsl.backends.toy.executable import ToyExecutable

    return ToyExecutable(circuit, options["precision"])


def objections(circuit, options):
    if circuit.amplitude is None:
        return ()
    return (BackendCannot(backend="toy", reason="it is too small for an `amplitude` input"),)


BACKEND = Backend(
    entry=Entry(name="toy", doc="A backend of the tests.", options=(precision_option("double"),)),
    build=build,
    circuit_objections=objections,
    probe=lambda: "ready to play",
    pace=1e4,
)
'''

EXECUTABLE = '''
"""Values by Qiskit's Statevector, gradients by the shift rules."""

import numpy as np
import torch
from qiskit.quantum_info import Statevector

from hqnn_dsl.backends.shifts.circuit import shiftable_circuit
from hqnn_dsl.backends.shifts.function import evaluated
from hqnn_dsl.backends.shifts.gradients import shift_slopes


class ToyExecutable:
    named, inexact = "toy", ""

    def __init__(self, circuit, precision):
        self.circuit = circuit
        self.real = torch.float64 if precision == "double" else torch.float32
        self.metadata = {"method": "qiskit.quantum_info", "precision": precision}
        self.shiftable = shiftable_circuit(circuit)
        self.observables = self.shiftable.observables()

    def __call__(self, per_sample, shared, state):
        return evaluated(self, per_sample, shared)

    def outputs(self, per_sample, shared):
        return self.evaluate(self.shiftable.angles(per_sample, shared))

    def gradients(self, per_sample, shared, upstream, *, by_sample, by_shared):
        plan = self.shiftable.plan(by_sample=by_sample, by_shared=by_shared)
        angles = self.shiftable.angles(per_sample, shared)
        return self.shiftable.pull_back(shift_slopes(plan, angles, upstream, self.evaluate, 1 << 10))

    def evaluate(self, rows):
        found = np.empty((len(rows), self.circuit.num_outputs))
        for number, row in enumerate(rows):
            values = dict(zip(self.shiftable.parameters, row, strict=True))
            state = Statevector(self.shiftable.circuit.assign_parameters(values))
            found[number] = [state.expectation_value(operator).real for operator in self.observables]
        return found
'''

SPEC = """hqnn 1
model small {
  data { target y }
  encoder { dense(2); tanh * pi }
  circuit on 2 qubits { feature_map angle(); ansatz real_amplitudes(reps: 1); measure z[0], 2 * x[1] }
  decoder { dense }
  train { seed 7; batch 4; device cpu }
  backend toy
}
"""


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder `toy` as one more place where backends are looked for."""
    folder = tmp_path / "more" / "toy"
    folder.mkdir(parents=True)
    for name, text in (("__init__", ""), ("backend", ROW), ("executable", EXECUTABLE)):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(folder.parent)])
    importlib.invalidate_caches()
    backends.offered.cache_clear()
    yield
    for name in [name for name in sys.modules if name.startswith("hqnn_dsl.backends.toy")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.undo()
    backends.offered.cache_clear()
    vars(backends).pop("toy", None)


@pytest.fixture
def hqnn_command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command; gives its exit code, standard output and standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hqnn", *map(str, arguments)])
        monkeypatch.setattr(output, "_as_json", False)
        capfd.readouterr()
        try:
            entry.main()
            code = 0
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def stepped(layer: Any, inputs: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of a layer, first gradients by inputs and weights, and a second derivative."""
    inputs = inputs.clone().requires_grad_()
    outputs = layer(inputs)
    wanted = [inputs, *layer.parameters()]
    first = torch.autograd.grad(outputs.square().sum(), wanted, create_graph=True)
    (second,) = torch.autograd.grad(first[0].square().sum(), inputs)
    return [outputs.detach(), *(gradient.detach() for gradient in first), second]


def test_its_layer_has_the_values_and_derivatives_of_the_reference() -> None:
    program = hqnn.compile_text(SPEC)
    inputs = torch.rand(3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    for precision, tolerance in (("double", 1e-10), ("single", 1e-5)):
        own = program.quantum_layer(precision=precision, seed=5)
        assert own.backend.name == "toy"
        assert own.executable.metadata == {"method": "qiskit.quantum_info", "precision": precision}
        reference = program.quantum_layer("reference", "double", seed=5)
        for found, expected in zip(stepped(own, inputs), stepped(reference, inputs), strict=True):
            torch.testing.assert_close(found.double(), expected, rtol=0, atol=tolerance)


def test_what_it_objects_to_is_said_at_the_place_of_the_spec() -> None:
    with pytest.raises(Refusal) as refused:
        hqnn.compile_text(SPEC.replace("angle()", "amplitude()").replace("dense(2)", "dense(4)"))
    (diagnostic,) = refused.value.diagnostics
    assert "too small" in diagnostic.headline
    assert diagnostic.span is not None
    assert diagnostic.span.source.text[diagnostic.span.start : diagnostic.span.end].startswith("backend toy")


def test_commands_know_it(tmp_path: Path, hqnn_command: Callable[..., tuple[int, str, str]]) -> None:
    path = tmp_path / "small.hqnn"
    path.write_text(SPEC, encoding="utf-8")
    code, _, err = hqnn_command("check", path)
    assert (code, "error" in err) == (0, False)
    path.write_text(SPEC.replace("backend toy", "backend toi"), encoding="utf-8")
    code, _, err = hqnn_command("check", path)
    assert code == 1
    assert "did you mean `toy`" in err
    _, out, _ = hqnn_command("doctor", "--json")
    assert json.loads(out)["backends"]["toy"] == "ready to play"
    code, out, _ = hqnn_command("explain", "toy")
    assert code == 0
    assert "A backend of the tests." in out


def test_the_catalog_page_describes_it() -> None:
    place = Path(__file__).parent.parent.parent / "docs" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate_with_toy", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert "| **`toy`** |  |  | A backend of the tests. |" in module.page()


def test_verify_compares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(backends.offered()) - {"reference", "toy"}:
        monkeypatch.delitem(backends.offered(), name)
    rows = {row.title: row for row in verify(hqnn.compile_text(SPEC), 1).rows}
    for precision in ("double", "single"):
        assert rows[f"toy ({precision})"].verdict == "agrees"


def test_auto_may_name_it_and_never_tries_it() -> None:
    program = hqnn.compile_text(SPEC.replace("backend toy", "backend auto"))
    assert program.quantum_layer().backend.name != "toy"
    assert program.quantum_layer("toy").backend.name == "toy"
