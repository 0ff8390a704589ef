"""The outputs of a circuit: Pauli terms on the logical qubits, and on those at the end of the transpiled circuit.

A label is Qiskit's: its last letter is qubit 0. The coefficients are those of the spec.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hqnn_dsl.circuit.ir import Observable, PauliTerm, Probabilities, z_products

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hqnn_dsl.circuit.ir import Circuit

MAX_PROBABILITY_TERMS = 4096
"""Pauli terms of all probabilities of a circuit; of more, each is stated by its qubits and bits instead."""


def outputs_of(circuit: Circuit, places: Sequence[int], num_qubits: int) -> Iterator[dict[str, Any]]:
    """One entry an output, in output order; logical qubit k is qubit `places[k]` of `num_qubits`.

    An entry is `{"output": 0, "terms": [["IZ", 0.5], …]}`, or, for one of many probabilities, `{"output": 0,
    "probability": {"qubits": [3, 1], "bits": [0, 1]}}`: of finding `bits[j]` on `qubits[j]` for all j.
    """
    widths = [len(found.qubits) for found in circuit.measurements if isinstance(found, Probabilities)]
    expanded = sum(4**width for width in widths) <= MAX_PROBABILITY_TERMS
    number = 0
    for measured in circuit.measurements:
        if isinstance(measured, Probabilities) and not expanded:
            qubits = [places[qubit] for qubit in measured.qubits]
            for outcome in range(1 << len(qubits)):
                bits = [outcome >> j & 1 for j in range(len(qubits))]
                yield {"output": number, "probability": {"qubits": qubits, "bits": bits}}
                number += 1
            continue
        for observable in [measured] if isinstance(measured, Observable) else projectors(measured):
            yield {"output": number, "terms": _terms(observable, places, num_qubits)}
            number += 1


def projectors(measured: Probabilities) -> list[Observable]:
    """The projectors on the outcomes as Pauli sums: prod_j (1 + (-1)^bit_j Z_j) / 2."""
    products = list(enumerate(z_products(measured.qubits)))
    found = []
    for outcome in range(len(products)):
        signs = ((-1) ** (outcome & mask).bit_count() for mask, _ in products)
        terms = (PauliTerm(sign / len(products), factors) for sign, (_, factors) in zip(signs, products, strict=True))
        found.append(Observable(tuple(terms)))
    return found


def _terms(observable: Observable, places: Sequence[int], num_qubits: int) -> list[list[Any]]:
    found: list[list[Any]] = []
    for term in observable.terms:
        letters = ["I"] * num_qubits
        for qubit, letter in term.factors:
            letters[num_qubits - 1 - places[qubit]] = letter.upper()
        found.append(["".join(letters), term.coefficient])
    return found or [["I" * num_qubits, 0.0]]


def observables_text(circuit: Circuit, layout: Sequence[int], num_physical: int) -> str:
    """`observables.json`: for both circuits the number of qubits and the outputs, one a line."""
    sections = []
    for name, places, width in (
        ("logical", range(circuit.num_qubits), circuit.num_qubits),
        ("transpiled", layout, num_physical),
    ):
        rows = ",\n".join(f"      {json.dumps(entry)}" for entry in outputs_of(circuit, places, width))
        sections.append(f'  "{name}": {{\n    "qubits": {width},\n    "outputs": [\n{rows}\n    ]\n  }}')
    return "{\n" + ",\n".join(sections) + "\n}\n"
