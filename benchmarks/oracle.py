"""The exact answer for states too large for the reference backend, which keeps the state after every gate.

A dense state in double precision, changed in place gate by gate, and the adjoint method backward: the gates are undone
one by one from the state and from what the observables made of it, and each angle's gradient is read in between. It
knows nothing but the gate list, so it shares no code with what it judges.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.workloads import Gate, Input, Numbers, Pair, Weight, Workload, angle_of, numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

State = np.ndarray


def halves(state: State, qubit: int) -> tuple[State, State]:
    """Views of the amplitudes where a qubit, the first the least significant, is 0 and 1."""
    pairs = state.reshape(-1, 2, 1 << qubit)
    return pairs[:, 0], pairs[:, 1]


def apply(state: State, gate: Gate, angle: float) -> None:
    """Change the state in place by a gate; with the angle negated by its inverse."""
    zero, one = halves(state, gate.qubits[-1])
    match gate.name:
        case "h":
            zero += one
            one *= -2
            one += zero
            state *= math.sqrt(0.5)
        case "cx":
            control, target = gate.qubits
            assert control < target
            for_zero, for_one = (half.reshape(half.shape[0], -1, 2, 1 << control)[:, :, 1] for half in (zero, one))
            kept = for_zero.copy()
            for_zero[...] = for_one
            for_one[...] = kept
        case "p":
            one *= np.exp(1j * angle)
        case "rz":
            zero *= np.exp(-0.5j * angle)
            one *= np.exp(0.5j * angle)
        case "ry":
            cosine, sine = math.cos(angle / 2), math.sin(angle / 2)
            kept = sine * zero
            zero *= cosine
            zero -= sine * one
            one *= cosine
            one += kept
        case name:
            raise ValueError(f"no gate is called {name}")


def slope(bra: State, ket: State, gate: Gate) -> float:
    """2 Re <bra| G |ket> at a ket that the gate has passed, where d gate / d angle = G gate."""
    (bra_zero, bra_one), (zero, one) = halves(bra, gate.qubits[0]), halves(ket, gate.qubits[0])
    match gate.name:
        case "p":
            return -2 * float(np.vdot(bra_one, one).imag)
        case "rz":
            return float(np.vdot(bra_zero, zero).imag - np.vdot(bra_one, one).imag)
        case "ry":
            return float(np.vdot(bra_one, zero).real - np.vdot(bra_zero, one).real)
        case name:
            raise ValueError(f"{name} has no angle")


def spread(gate: Gate, gradient: float, row: Sequence[float], inputs: np.ndarray, weights: np.ndarray) -> None:
    """Add an angle's gradient to those of the inputs and weights that it is made of."""
    match gate.angle:
        case Input(index, factor):
            inputs[index] += factor * gradient
        case Pair(first, second):
            inputs[first] -= 2 * (math.pi - row[second]) * gradient
            inputs[second] -= 2 * (math.pi - row[first]) * gradient
        case Weight(index):
            weights[index] += gradient


def of_row(workload: Workload, numbers: Numbers, row: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs `[M]` and gradients `[I]` and `[P]` of a row of the batch."""
    inputs, upstream = numbers.inputs[row].tolist(), numbers.upstream[row]
    weights = numbers.weights.tolist()
    steps = [(gate, angle_of(gate, inputs, weights) if gate.angle else 0.0) for gate in workload.gates]
    ket = np.zeros(1 << workload.num_qubits, dtype=np.complex128)
    ket[0] = 1
    for gate, angle in steps:
        apply(ket, gate, angle)
    outputs, bra = np.empty(workload.num_qubits), np.zeros_like(ket)
    for qubit in range(workload.num_qubits):
        (zero, one), (bra_zero, bra_one) = halves(ket, qubit), halves(bra, qubit)
        outputs[qubit] = np.vdot(zero, zero).real - np.vdot(one, one).real
        bra_zero += upstream[qubit] * zero
        bra_one -= upstream[qubit] * one
    of_inputs, of_weights = np.zeros(workload.num_qubits), np.zeros(workload.num_weights)
    for gate, angle in reversed(steps):
        if gate.angle:
            spread(gate, slope(bra, ket, gate), inputs, of_inputs, of_weights)
        apply(ket, gate, -angle)
        apply(bra, gate, -angle)
    return outputs, of_inputs, of_weights


def truth(workload: Workload) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs `[B, M]`, gradients of inputs `[B, I]` and of weights `[P]`; two rows at a time."""
    numbers = numbers_of(workload)
    with ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(lambda row: of_row(workload, numbers, row), range(workload.batch)))
    outputs, inputs, weights = zip(*rows, strict=True)
    return np.array(outputs), np.array(inputs), np.sum(weights, axis=0)
