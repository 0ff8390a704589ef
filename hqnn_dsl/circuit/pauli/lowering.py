"""From a circuit to Pauli rotations: Clifford gates are moved past the later gates, and finally into the observables.

With C the Clifford gates so far, a rotation about P turns about C†PC. C is kept as the images C†X_qC and C†Z_qC; adding
a quarter turn about Q multiplies the images of those that anticommute with Q. Signs are exact at every step.

The outcomes of `probabilities` are read from the diagonal. If C makes the qubits' Z something else, at most one
constant quarter turn a qubit turns them back: they commute, so they have a common basis.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.angles import quarter_turns
from hqnn_dsl.circuit.gates import GATES, Rotation
from hqnn_dsl.circuit.ir import Circuit, Observable, Operation, width_of
from hqnn_dsl.circuit.pauli.program import LinearAngle, Marginal, PauliPlan, PauliProgram, PauliRotation, Term, verify
from hqnn_dsl.circuit.pauli.strings import Phased, anticommute

if TYPE_CHECKING:
    from collections.abc import Iterable

_QUARTER = math.pi / 2


class Frame:
    """The images C†X_qC and C†Z_qC of the Clifford gates C so far."""

    def __init__(self, num_qubits: int) -> None:
        self._x = [Phased(1 << q, 0) for q in range(num_qubits)]
        self._z = [Phased(0, 1 << q) for q in range(num_qubits)]

    def image(self, letters: Iterable[tuple[int, str]]) -> Phased:
        """C†PC for the product P of (qubit, letter)."""
        found = Phased(0, 0)
        for qubit, letter in letters:
            if letter in "XY":
                found = found.times(self._x[qubit])
            if letter in "YZ":
                found = found.times(self._z[qubit])
            if letter == "Y":
                found = found.turned(1)
        return found

    def turn(self, letters: list[tuple[int, str]], quarters: int) -> None:
        """Append exp(-i·quarters·π/4·Q), Q the product of `letters`: P becomes i·Q·P if it anticommutes with Q."""
        if quarters % 4 == 0:
            return
        image = self.image(letters)
        for qubit, letter in letters:
            if letter in "YZ":
                self._x[qubit] = _turned(self._x[qubit], image, quarters % 4)
            if letter in "XY":
                self._z[qubit] = _turned(self._z[qubit], image, quarters % 4)


def _turned(string: Phased, about: Phased, quarters: int) -> Phased:
    """String after `quarters` quarter turns about an anticommuting one."""
    if quarters == 2:
        return string.turned(2)
    return about.times(string).turned(quarters)


def _generators(operation: Operation) -> tuple[Rotation, ...]:
    if operation.gate == "pauli_rot":
        return (Rotation(operation.pauli, ((0, 1.0),)),)
    return GATES[operation.gate].rotations


def _angle(circuit: Circuit, operation: Operation, rotation: Rotation) -> LinearAngle:
    """The angle of one of an operation's rotations, with the slots that are constants put in."""
    constant = rotation.constant
    slots: dict[int, float] = {}
    for number, factor in rotation.factors:
        slot = operation.slots[number]
        if slot in circuit.constant_slots:
            constant += factor * circuit.constant_slots[slot]
        else:
            slots[slot] = slots.get(slot, 0.0) + factor
    return LinearAngle(constant, tuple(sorted(slots.items())))


def lower(circuit: Circuit) -> PauliPlan:
    """The circuit as one program with the same outputs."""
    frame = Frame(circuit.num_qubits)
    rotations: list[PauliRotation] = []
    for operation in circuit.operations:
        for rotation in _generators(operation):
            angle = _angle(circuit, operation, rotation)
            letters = [(q, p) for q, p in zip(operation.qubits, rotation.pauli, strict=True) if p != "I"]
            if not letters:
                continue
            if not angle.slots and (quarters := quarter_turns(angle.constant)) is not None:
                frame.turn(letters, quarters)
                continue
            string = frame.image(letters)
            rotations.append(PauliRotation(string.x, string.z, angle.times(string.sign)))
    return _with_readout(circuit, frame, rotations)


def _with_readout(circuit: Circuit, frame: Frame, rotations: list[PauliRotation]) -> PauliPlan:
    """The program with its terms and marginals."""
    qubits = sorted({q for m in circuit.measurements if not isinstance(m, Observable) for q in m.qubits})
    turns = _diagonalise([frame.image([(q, "Z")]) for q in qubits])
    offsets = [0.0] * circuit.num_outputs
    terms: list[Term] = []
    marginals: list[Marginal] = []
    output = 0
    for measured in circuit.measurements:
        if isinstance(measured, Observable):
            for factors, coefficient in measured.products().items():
                string = _after(turns, frame.image((q, letter.upper()) for q, letter in factors))
                if string.x == string.z == 0:
                    offsets[output] += coefficient * string.sign
                else:
                    terms.append(Term(string.x, string.z, coefficient * string.sign, output))
        else:
            images = [_after(turns, frame.image([(q, "Z")])) for q in measured.qubits]
            assert all(string.x == 0 for string in images)
            marginals.append(Marginal(tuple((string.z, string.power // 2) for string in images), output))
        output += width_of(measured)
    rotations = rotations + [PauliRotation(t.x, t.z, LinearAngle(_QUARTER * t.sign)) for t in turns]
    program = PauliProgram(circuit.num_qubits, tuple(rotations), tuple(terms), tuple(marginals), circuit.amplitude)
    return PauliPlan((verify(program),), tuple(offsets))


def _after(turns: list[Phased], string: Phased) -> Phased:
    """Returns the string to read after quarter turns about `turns` instead of `string` before them."""
    for turn in turns:
        if anticommute(turn.x, turn.z, string.x, string.z):
            string = turn.times(string).turned(3)
    return string


def _diagonalise(strings: list[Phased]) -> list[Phased]:
    """Strings, to turn about by a quarter in this order, after which all of the commuting `strings` are diagonal.

    The x masks are brought to a reduced form; each that is left has a qubit p of its own, and turning about i·Z_p·P
    takes P to ±Z_p and leaves the others.
    """
    reduced: list[tuple[int, Phased]] = []
    for given in strings:
        string = given
        for pivot, known in reduced:
            if string.x >> pivot & 1:
                string = string.times(known)
        if not string.x:
            continue
        pivot = string.x.bit_length() - 1
        reduced = [(p, known.times(string) if known.x >> pivot & 1 else known) for p, known in reduced]
        reduced.append((pivot, string))
    return [Phased(0, 1 << pivot).times(string).turned(1) for pivot, string in reduced]
