"""The files of an export as somebody reads them who has Qiskit and the files, and knows nothing of ours.

Parameters get their numbers by the names in the files, qubits their meaning by the layout in them. Where a file gives a
formula for an angle, the formula is worked out by Python.
"""

from __future__ import annotations

import io
import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit import QuantumCircuit, qasm3, qpy
from qiskit.quantum_info import SparsePauliOp, Statevector

if TYPE_CHECKING:
    from collections.abc import Mapping

FUNCTIONS = {
    **{
        name: getattr(math, name) for name in ("sin", "cos", "tan", "atan", "atan2", "tanh", "exp", "log", "sqrt", "pi")
    },
    "acos": lambda v: math.acos(max(-1.0, min(1.0, v))),
    "asin": lambda v: math.asin(max(-1.0, min(1.0, v))),
    "abs": abs,
}


def worked_out(formula: str, values: Mapping[str, float]) -> float:
    """A formula in the names of `values`, longest names first since one may begin another."""
    names = sorted(values, key=len, reverse=True)
    pattern = "|".join(rf"(?<![\w.]){re.escape(name)}(?![\w\[.'])" for name in names)
    text = re.sub(pattern, lambda found: f"({float(values[found[0]])!r})", formula) if names else formula
    return float(eval(text, {"__builtins__": {}}, FUNCTIONS))


def from_qasm(text: str, values: Mapping[str, float]) -> tuple[QuantumCircuit, dict[int, int]]:
    """The circuit with its numbers, and its layout as the file says it."""
    read = qasm3.loads(text)
    named = dict(re.findall(r"^// parameter (\S+) = (.+)$", text, re.MULTILINE))
    formulas = dict(re.findall(r"^// angle (\S+) = (.+)$", text, re.MULTILINE))
    numbers = {}
    for parameter in read.parameters:
        name = parameter.name
        numbers[parameter] = worked_out(formulas[name], values) if name in formulas else values[named[name]]
    layout = re.search(r"^// layout: (.*)$", text, re.MULTILINE)
    places = re.findall(r"(\d+) -> \D+(\d+)", layout[1]) if layout else []
    return read.assign_parameters(numbers), {int(k): int(q) for k, q in places}


def from_qpy(data: bytes, values: Mapping[str, float], formulas: Mapping[str, str]) -> QuantumCircuit:
    (read,) = qpy.load(io.BytesIO(data))
    named = {p: values[p.name] if p.name in values else worked_out(formulas[p.name], values) for p in read.parameters}
    return read.assign_parameters(named)


def outputs(circuit: QuantumCircuit, said: Mapping[str, Any]) -> list[float]:
    """The outputs that a section of observables.json says, of a circuit; qubits that it lacks are idle."""
    whole = QuantumCircuit(said["qubits"])
    whole.compose(circuit.decompose("PauliEvolution"), range(circuit.num_qubits), inplace=True)
    used = sorted({whole.find_bit(q).index for i in whole.data for q in i.qubits} | {0})
    found, small = [], QuantumCircuit(len(used))
    for instruction in whole.data:
        small.append(instruction.operation, [used.index(whole.find_bit(q).index) for q in instruction.qubits])
    state = Statevector(small)
    for entry in said["outputs"]:
        if "probability" in entry:
            found.append(_probability(state, used, **entry["probability"]))
        else:
            found.append(state.expectation_value(_narrow(entry["terms"], used)).real)
    return found


def _narrow(terms: list[tuple[str, float]], used: list[int]) -> SparsePauliOp:
    """The operator on the used qubits; on an idle one, in |0>, Z is 1 and X and Y are 0."""
    kept = []
    for label, factor in terms:
        letters = label[::-1]
        idle = {letter for qubit, letter in enumerate(letters) if qubit not in used}
        if idle <= {"I", "Z"}:
            kept.append(("".join(letters[qubit] for qubit in used)[::-1], factor))
    return SparsePauliOp.from_list(kept or [("I" * len(used), 0.0)])


def _probability(state: Statevector, used: list[int], qubits: list[int], bits: list[int]) -> float:
    if any(bit for qubit, bit in zip(qubits, bits, strict=True) if qubit not in used):
        return 0.0
    pairs = [(used.index(qubit), bit) for qubit, bit in zip(qubits, bits, strict=True) if qubit in used]
    if not pairs:
        return 1.0
    marginal = state.probabilities([qubit for qubit, _ in pairs])
    return float(marginal[sum(bit << k for k, (_, bit) in enumerate(pairs))])


def all_outputs(files: Mapping[str, bytes], values: Mapping[str, float]) -> dict[str, np.ndarray]:
    """The outputs `[M]` by each file that says a circuit."""
    observables = json.loads(files["observables.json"])
    static = json.loads(files["static.json"])
    found = {}
    for name in ("logical", "transpiled"):
        circuit, layout = from_qasm(files[f"{name}.qasm"].decode(), values)
        found[f"{name}.qasm"] = np.array(outputs(circuit, observables[name]))
        read = from_qpy(files[f"{name}.qpy"], values, static["angles"])
        found[f"{name}.qpy"] = np.array(outputs(read, observables[name]))
        if name == "transpiled":
            places = [place for _, place in sorted(layout.items())]
            assert places == static["layout"]
            if read.layout is not None:
                assert places == read.layout.final_index_layout()
            text = files["transpiled.txt"].decode().splitlines()[0]
            assert text.startswith("layout")
            assert [int(q) for q in re.findall(r"-> (\d+)", text)] == places
    return found
