"""Reading OpenQASM 3 back before it is called written: by Qiskit's reader, gate by gate, at random angles.

Both circuits get numbers in their angles, the read one through the names that its head gives them. Gates must then be
the same, on the same qubits, with the same angles; gates that the file defines must have the same matrices. No state is
simulated, so circuits of any width are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hqnn_dsl.circuit.angles import evaluate
from hqnn_dsl.diagnostics.codes.exports import NotAsWritten, ReaderMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.export.qasm import head_of
from hqnn_dsl.transpile.convert import slot_of
from hqnn_dsl.transpile.gates import written_out

if TYPE_CHECKING:
    import numpy as np
    from qiskit import QuantumCircuit

    from hqnn_dsl.export.exported import Export

TOLERANCE = 1e-9
"""Largest difference of two angles or entries of matrices that are called equal; relative to angles above 1."""

MAX_MATRICES = 16
"""Gates of one name that the file defines of which matrices are compared."""


def check_read_back(path: str, text: str, export: Export) -> None:
    """Read the text of a file as Qiskit does and compare it with the circuit that it was written from.

    Raises `Refusal`: E0610 if it is another circuit, E0611 if Qiskit's reader is not installed.
    """
    problem = _problem(text, export)
    if problem:
        raise Refusal(NotAsWritten(path=path, reason=problem))


def _problem(text: str, export: Export) -> str:
    """Returns the fault in the text of a file; empty if there is none."""
    import numpy as np
    from qiskit import qasm3
    from qiskit.exceptions import MissingOptionalLibraryError

    try:
        read = qasm3.loads(text)
    except MissingOptionalLibraryError:
        raise Refusal(ReaderMissing()) from None
    except Exception as error:  # noqa: BLE001 - the reader's parser and its numbers raise exceptions of any kind
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    head = head_of(text)
    if export.layout is not None and [head.layout.get(k) for k in range(len(export.layout))] != list(export.layout):
        return "the layout differs"
    open_values, by_name = _numbers(export, np.random.default_rng(len(text)))
    try:
        values = {parameter: by_name[head.parameters[parameter.name]] for parameter in read.parameters}
    except KeyError as missing:
        return f"the head does not say what {missing} is"
    written = written_out(export.slotted)
    filled = written.assign_parameters({p: open_values[p.name] for p in written.parameters})
    return _difference(filled, read.assign_parameters(values))


def _numbers(export: Export, rng: np.random.Generator) -> tuple[dict[str, float], dict[str, float]]:
    """Random numbers for the parameters of the circuit in slots, and for those of the file by their names."""
    source, names = export.source, export.names
    slots = {name: slot_of(name) for name in names.open}
    drawn = {name: float(rng.uniform(-3, 3)) for name in names.open}
    by_name = {names.of[names.open[name]]: value for name, value in drawn.items()}
    if not names.readable:
        return drawn, by_name
    from hqnn_dsl.transpile.equivalence import RANGES

    for low, high in RANGES * 5:
        inputs = tuple(rng.uniform(low, high, len(names.inputs)).tolist())
        weights = tuple(rng.uniform(low, high, len(names.weights)).tolist())
        try:
            values = {n: evaluate(source.slots[k], inputs, weights) for n, k in slots.items() if k is not None}
        except ArithmeticError:
            continue
        return drawn | values, by_name | dict(zip((*names.inputs, *names.weights), (*inputs, *weights), strict=True))
    return drawn, by_name


def _difference(written: QuantumCircuit, read: QuantumCircuit) -> str:
    """Returns the difference of two circuits without parameters, up to the global phase; empty if there is none."""
    if len(written.data) != len(read.data):
        return f"it has {len(read.data)} gates, not {len(written.data)}"
    compared: dict[str, set[tuple[float, ...]]] = {}
    for number, (own, other) in enumerate(zip(written.data, read.data, strict=True)):
        places = [
            [circuit.find_bit(qubit).index for qubit in found.qubits]
            for circuit, found in ((written, own), (read, other))
        ]
        if own.operation.name != other.operation.name or places[0] != places[1]:
            return f"gate {number} is {other.operation.name} on {places[1]}, not {own.operation.name} on {places[0]}"
        angles = [tuple(float(angle) for angle in found.operation.params) for found in (own, other)]
        if len(angles[0]) != len(angles[1]) or not all(map(_close, *angles)):
            return f"gate {number}, {own.operation.name}, has the angles {angles[1]}, not {angles[0]}"
        seen = compared.setdefault(own.operation.name, set())
        if _is_defined_there(other.operation) and angles[0] not in seen and len(seen) < MAX_MATRICES:
            seen.add(angles[0])
            if not _same_matrix(own.operation, other.operation):
                return f"gate {number}, {own.operation.name}, is defined otherwise"
    return ""


def _close(a: float, b: float) -> bool:
    return abs(a - b) <= TOLERANCE * max(1.0, abs(a))


def _is_defined_there(gate: Any) -> bool:
    """Whether a gate that was read is defined in the file, and none of Qiskit's own."""
    from qiskit.circuit import Gate

    return type(gate) is Gate


def _same_matrix(gate: Any, other: Any) -> bool:
    from qiskit.quantum_info import Operator

    return bool(Operator(gate).equiv(Operator(other), atol=TOLERANCE))
