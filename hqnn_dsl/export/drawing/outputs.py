"""The outputs of a circuit as short lines of a drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.circuit.ir import Observable, Probabilities, width_of
from hqnn_dsl.export.drawing.angles import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hqnn_dsl.circuit.ir import Circuit

MAX_LINES = 24
"""Outputs that get a line of their own."""

MAX_LETTERS = 60


def output_lines(circuit: Circuit) -> Iterator[str]:
    """A line for each observable, `output 0 = <Z0 Z2>`, and one for all probabilities of some qubits."""
    number_of = 0
    for place, measured in enumerate(circuit.measurements):
        if place == MAX_LINES:
            yield f"… {circuit.num_outputs - number_of} more outputs: see observables.json"
            return
        last = number_of + width_of(measured) - 1
        if isinstance(measured, Probabilities):
            bits = " ".join(f"q[{qubit}]" for qubit in reversed(measured.qubits))
            yield f"outputs {number_of}…{last} = probabilities of {bits} being 0…{last - number_of} in binary"
        else:
            yield f"output {number_of} = {_sum(measured)}"
        number_of = last + 1


def output_names(circuit: Circuit, most: int) -> tuple[str, ...]:
    """A short name for each of the first outputs, at most so many: `<Z0 Z2>`, or `P(01) of q[1] q[0]`."""
    found: list[str] = []
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            found.append(_sum(measured))
        else:
            qubits = " ".join(f"q[{qubit}]" for qubit in reversed(measured.qubits))
            some = range(min(width_of(measured), most))
            found += [f"P({place:0{len(measured.qubits)}b}) of {qubits}" for place in some]
        if len(found) >= most:
            break
    return tuple(found[:most])


def _sum(observable: Observable) -> str:
    """`<Z0> + 0.5·<X1 Y2>`, cut if it is long."""
    text = ""
    for term in observable.terms:
        size = abs(term.coefficient)
        sign = " − " if term.coefficient < 0 else " + "
        product = f"<{' '.join(f'{letter.upper()}{qubit}' for qubit, letter in term.factors)}>" if term.factors else ""
        factor = number(size).text if size != 1 or not product else ""
        part = f"{factor}·{product}" if factor and product else factor or product
        text += f"{sign}{part}" if text else f"{'−' if term.coefficient < 0 else ''}{part}"
        if len(text) > MAX_LETTERS:
            return f"{text[:MAX_LETTERS]}…"
    return text or "0"


def read_letters(circuit: Circuit) -> dict[int, str]:
    """For each qubit that an output reads, the Paulis in which it does, or `P` for probabilities: `X Z`."""
    found: dict[int, set[str]] = {}
    for measured in circuit.measurements:
        if isinstance(measured, Probabilities):
            for qubit in measured.qubits:
                found.setdefault(qubit, set()).add("P")
            continue
        for term in measured.terms:
            for qubit, letter in term.factors:
                found.setdefault(qubit, set()).add(letter.upper())
    return {qubit: " ".join(sorted(letters)) for qubit, letters in sorted(found.items())}
