"""A gate is one row: rows that the language does not have are added here, and run, are drawn, printed and explained."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from custatevec_standin import StandIn
from new_gates import MATRICES, NEW, assert_as_by_matrix, spec_of, values_of
from written import all_outputs

import hqnn_dsl as hqnn
from hqnn_dsl.backends import offered
from hqnn_dsl.backends.aer.options import SIMULATIONS
from hqnn_dsl.backends.custatevec.executable import StateVecExecutable
from hqnn_dsl.circuit.foreign_gates import advice, equal_gate
from hqnn_dsl.circuit.gates import GATES, PLAIN, pauli_rotation
from hqnn_dsl.cli.main import main
from hqnn_dsl.diagnostics.source import Source
from hqnn_dsl.syntax.parser import parse
from hqnn_dsl.syntax.printer import text_of
from hqnn_dsl.transpile.convert import logical, sums, weight_names
from hqnn_dsl.transpile.equivalence import assert_equivalent
from hqnn_dsl.transpile.passes import transpile
from hqnn_dsl.transpile.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hqnn_dsl.backends import Executable
    from hqnn_dsl.circuit.gates import Gate
    from hqnn_dsl.circuit.ir import Circuit

ROOT = Path(__file__).resolve().parents[2]
ROWS = pytest.mark.parametrize("row", NEW, ids=lambda row: row.name)


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for row in NEW:
        monkeypatch.setitem(GATES, row.name, row)
    return


def _offered(backend: str, **options: Any) -> Callable[[Circuit], Executable]:
    return lambda circuit: offered()[backend].load(circuit, {"precision": "double", **options}, 0)


BACKENDS: dict[str, Callable[[Circuit], Executable]] = {
    "reference": _offered("reference"),
    "native": _offered("native"),
    "aer": _offered("aer"),
    "aer estimator_qnn": _offered("aer", method="estimator_qnn"),
    "aer matrix_product_state": _offered("aer", simulation=SIMULATIONS["matrix_product_state"].selected()),
    "primitive": _offered("primitive", name="statevector"),
    "pennylane backprop": _offered("pennylane", device="default.qubit", diff="backprop"),
    "pennylane adjoint": _offered("pennylane", device="default.qubit", diff="adjoint"),
    "pennylane parameter_shift": _offered("pennylane", device="default.qubit", diff="parameter_shift"),
    "pennylane lightning": _offered("pennylane", device="lightning.qubit", diff="adjoint"),
    "custatevec": lambda circuit: StateVecExecutable(circuit, "double", module=StandIn(), device="cpu"),
}
"""Every backend, and the ways of each that treat gates differently; the CUDA kernels are in `cuda_cases`."""


def test_every_backend_is_among_them() -> None:
    assert {name.partition(" ")[0] for name in BACKENDS} == set(offered())


@ROWS
def test_the_rows_are_what_they_say(row: Gate) -> None:
    """The row's matrix and its rotations against the matrix from its definition, up to a global phase."""
    angles = (0.7, -1.9, 2.6, 0.4)[: row.num_angles]
    product = np.eye(4)
    for rotation in row.rotations:
        product = np.array(pauli_rotation(rotation.pauli, PLAIN, rotation.angle(angles))) @ product
    expected = MATRICES[row.name](*map(torch.tensor, angles)).numpy()
    for found in (np.array(row.matrix(PLAIN, *angles), dtype=complex), product):
        overlap = np.trace(found.conj().T @ expected) / 4
        assert abs(overlap) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
@ROWS
def test_it_runs_on_every_backend(row: Gate, backend: str) -> None:
    """Values and gradients by inputs and weight are those of the matrix."""
    if backend.startswith("pennylane"):
        pytest.importorskip("pennylane", reason="PennyLane is an optional part")
    assert_as_by_matrix(row, BACKENDS[backend])


@ROWS
def test_it_is_compiled_to_all_files(row: Gate, tmp_path: Path) -> None:
    """QASM 3 and QPY of both circuits, read back by Qiskit, have the values of the matrix; drawings name the gate."""
    program = hqnn.compile_text(spec_of(row))
    hqnn.write_compiled(program, tmp_path / "out", ("qasm", "qpy", "text", "observables", "static", "svg"))
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    x, weight = torch.tensor([[0.4, -1.1, 0.7]], dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    named = {f"x[{k}]": float(value) for k, value in enumerate(x[0])} | {weight_names(program.logical)[0]: 0.9}
    found = all_outputs(files, named)
    assert len(found) == 4
    for name, outputs in found.items():
        np.testing.assert_allclose(outputs, values_of(row.name, x, weight)[0], atol=1e-9, err_msg=name)
    drawn = "u" if row.name == "cu" else row.name  # a control is a dot
    assert drawn in files["logical.txt"].decode().casefold()
    assert f"<!-- {drawn} -->" in files["logical.svg"].decode()


@pytest.mark.parametrize("basis", ["rz sx x cx", "u cx", "rx ry cz", "p sx cx", "rz rzx cu sx cx"])
@ROWS
def test_it_is_transpiled_to_any_basis(row: Gate, basis: str) -> None:
    circuit = hqnn.compile_text(spec_of(row)).logical
    built = logical(circuit)
    found = transpile(built, Target(basis=tuple(basis.split()), optimization=1))
    assert set(found.circuit.count_ops()) <= set(basis.split())
    found.circuit.global_phase = 0
    assert_equivalent(built, found, sums(circuit), outcomes=circuit.outcomes)


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The standard output of a command that ends well."""
    monkeypatch.setattr(sys, "argv", ["hqnn", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    return capsys.readouterr().out


@ROWS
def test_commands_know_it(
    row: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.hqnn"
    path.write_text(spec_of(row), encoding="utf-8")
    assert said(monkeypatch, capsys, "check", str(path))
    resolved = said(monkeypatch, capsys, "check", str(path), "--resolved")
    assert f"{row.name}" in resolved
    hqnn.compile_text(resolved)
    assert row.doc in said(monkeypatch, capsys, "explain", row.name)
    assert row.doc in said(monkeypatch, capsys, "explain", "gates")
    example = said(monkeypatch, capsys, "explain", row.name).splitlines()[-1].strip()
    assert hqnn.compile_text(f"hqnn 1\nmodel m {{ circuit on 2 qubits {{ {example}; measure z }} }}\n")
    assert said(monkeypatch, capsys, "show", str(path))


@ROWS
def test_the_language_knows_it(row: Gate) -> None:
    """The printer keeps it, blocks take it by name, and a slip of the pen is answered with it."""
    text = text_of(parse(Source("new.hqnn", spec_of(row)))[0])
    assert text_of(parse(Source("new.hqnn", text))[0]) == text
    assert hqnn.compile_text(text).logical == hqnn.compile_text(spec_of(row)).logical
    block = f'ansatz two_local(reps: 1, entangler: ["{row.name}"])'
    program = hqnn.compile_text(f"hqnn 1\nmodel m {{ circuit on 3 qubits {{ {block}; measure z }} }}\n")
    assert sum(operation.gate == row.name for operation in program.logical.operations) >= 2
    angles = ("x[0]", "x[1]", "x[2]", "a")[: row.num_angles]
    assert advice(f"{row.name}q", angles, ("0", "1")) == f"did you mean `{row.name}`?"
    for name in (row.name, row.name.upper(), *row.aliases):
        assert equal_gate(name) == row.name


@ROWS
def test_the_pages_have_it(row: Gate) -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (line,) = (line for line in module.page().splitlines() if line.startswith(f"| `{row.name}` |"))
    assert row.doc in line
