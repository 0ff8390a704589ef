"""Entanglement: the Meyer-Wallach measure of the final state, and entropies after each layer.

Q = 2 (1 - mean over qubits of Tr ρ_q²), ρ_q the state of qubit q alone: D. A. Meyer, N. R. Wallach, J. Math. Phys. 43,
4273, 2002, in the form of G. K. Brennen, Quantum Inf. Comput. 3, 619, 2003. Entropies are von Neumann's, to base 2.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from hqnn_dsl.circuit.block_spans import segments_of
from hqnn_dsl.circuit.ir import Observable, PauliTerm
from hqnn_dsl.science.analysis.ensemble import native_layer, outputs_of
from hqnn_dsl.science.analysis.findings import Figure, Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hqnn_dsl.circuit.ir import Circuit, PauliLetter
    from hqnn_dsl.science.analysis.ensemble import Ensemble

    Numbers = NDArray[np.float64]

STATES = 1000
"""States for Q."""
STATES_A_LAYER = 100
MOST_QUBITS = 14
"""Qubits up to which the entropy of half of them is worked out: a singular value decomposition a state."""
MOST_CUTS = 64


def bloch_circuit(circuit: Circuit) -> Circuit:
    """The circuit with <X>, <Y>, <Z> of every qubit as its outputs, in this order for each."""
    letters: tuple[PauliLetter, ...] = ("x", "y", "z")
    measured = tuple(
        Observable((PauliTerm(1.0, ((qubit, letter),)),)) for qubit in range(circuit.num_qubits) for letter in letters
    )
    return replace(circuit, measurements=measured)


def meyer_wallach(bloch: Numbers) -> Numbers:
    """Q of each row of Bloch vectors `[rows, qubits, 3]`: Tr ρ² = (1 + |r|²)/2, so Q = 1 - mean |r|²."""
    found: Numbers = 1 - (bloch**2).sum(axis=2).mean(axis=1)
    return found


def haar_mean(num_qubits: int) -> float:
    """The mean of Q over Haar-random states, (N - 2)/(N + 1) with N = 2^n."""
    size = 1 << num_qubits
    return (size - 2) / (size + 1)


def entanglement(ensemble: Ensemble, samples: int | None) -> Finding:
    """The mean of Q over random weights and inputs, with its standard error."""
    count, circuit = samples or STATES, ensemble.circuit
    if samples is None and (reason := ensemble.too_long(count)):
        return Finding("entanglement", reason=reason)
    layer = native_layer(bloch_circuit(ensemble.opened))
    points = ensemble.draw(count, "entanglement")
    bloch = outputs_of(layer, points, ensemble.input_range).reshape(count, circuit.num_qubits, 3)
    values = meyer_wallach(bloch)
    by_qubit = 1 - (bloch**2).sum(axis=2).mean(axis=0)
    return Finding(
        "entanglement",
        (
            Figure(
                "Q",
                _clean(values.mean()),
                f"mean Meyer-Wallach Q of {count} states: 0 product, 1 most entangled",
                _error(values),
            ),
            Figure("spread", float(values.std(ddof=1)), "standard deviation of Q between the states"),
            Figure("Haar mean", haar_mean(circuit.num_qubits), "mean Q of Haar-random states, (2^n - 2)/(2^n + 1)"),
        ),
        {"by_qubit": [_clean(value) for value in by_qubit], "values": [_clean(value) for value in values]},
        count,
    )


def cuts_of(circuit: Circuit) -> list[tuple[int, str]]:
    """The places where entropies are taken: the number of operations before, and a name.

    They are the end of every block and of every run of gates between blocks, and inside of these the end of every
    entangling layer: the place before a gate with an angle, on one qubit, that follows a gate on this qubit and others.
    """
    found: list[tuple[int, str]] = []
    for segment in segments_of(circuit):
        inner = _layer_ends(circuit, segment.start, segment.stop)
        found += [(stop, f"{segment.title}, {number}") for number, stop in enumerate(inner, 1) if stop < segment.stop]
        found.append((segment.stop, segment.title))
    return found


def _layer_ends(circuit: Circuit, start: int, stop: int) -> list[int]:
    """The ends of the entangling layers among operations `start … stop - 1`."""
    ends, busy, pending = [], set[int](), False
    for number in range(start, stop):
        operation = circuit.operations[number]
        if operation.num_qubits > 1:
            pending = True
            busy.update(operation.qubits)
        elif pending and operation.slots and not busy.isdisjoint(operation.qubits):
            ends.append(number)
            busy.clear()
            pending = False
    return [*ends, stop] if pending else ends


def half_chain_entropies(states: Numbers, num_qubits: int) -> Numbers:
    """The entropy in bits of qubits 0 … ⌊n/2⌋ - 1 in each of `states[rows, 2^n]`; qubit 0 is the lowest bit."""
    import numpy as np

    lower = num_qubits // 2
    parted = states.reshape(len(states), 1 << (num_qubits - lower), 1 << lower)
    values = np.asarray(np.linalg.svd(parted, compute_uv=False), dtype=np.float64)
    return entropy_of(values**2)


def qubit_entropies(states: Numbers, num_qubits: int) -> Numbers:
    """The entropy in bits of each qubit alone, `[rows, qubits]`."""
    import numpy as np

    found = np.empty((len(states), num_qubits))
    for qubit in range(num_qubits):
        parted = states.reshape(len(states), 1 << (num_qubits - qubit - 1), 2, 1 << qubit)
        reduced = np.einsum("raib,rajb->rij", parted, parted.conj())
        found[:, qubit] = entropy_of(np.linalg.eigvalsh(reduced))
    return found


def entropy_of(shares: Numbers) -> Numbers:
    """-Σ p log2 p over the last axis; shares of 0, or below by rounding, add nothing."""
    import numpy as np

    kept = np.where(shares > 1e-300, shares, 1.0)
    found: Numbers = np.maximum(-(kept * np.log2(kept)).sum(axis=-1), 0.0)
    return found


def page_entropy(num_qubits: int) -> float:
    """The mean entropy in bits of ⌊n/2⌋ qubits of a Haar-random state (D. N. Page, Phys. Rev. Lett. 71, 1291, 1993)."""
    small, large = 1 << (num_qubits // 2), 1 << (num_qubits - num_qubits // 2)
    nats = sum(1 / k for k in range(large + 1, small * large + 1)) - (small - 1) / (2 * large)
    return nats / math.log(2)


def entropy(ensemble: Ensemble, samples: int | None) -> Finding:
    """The mean entropies after every layer, over random weights and inputs."""
    import numpy as np

    circuit, count = ensemble.circuit, samples or STATES_A_LAYER
    n = circuit.num_qubits
    if n < 2:
        return Finding("entropy", reason="one qubit has nothing to be entangled with")
    if n > MOST_QUBITS:
        return Finding("entropy", reason=f"the states of {n} qubits are too large: {MOST_QUBITS} at most")
    cuts = cuts_of(circuit)
    if len(cuts) > MOST_CUTS:
        kept = {round(k * (len(cuts) - 1) / (MOST_CUTS - 1)) for k in range(MOST_CUTS)}
        cuts = [cut for number, cut in enumerate(cuts) if number in kept]
    if samples is None and (reason := ensemble.too_long(count * len(cuts), dense=True)):
        return Finding("entropy", reason=reason)
    points = ensemble.draw(count, "entropy")
    halves, errors, single = [], [], []
    for cut, _ in cuts:
        half, each = np.empty(count), np.empty((count, n))
        for part, states in ensemble.states(points, cut):
            half[part], each[part] = half_chain_entropies(states, n), qubit_entropies(states, n)
        halves.append(float(half.mean()))
        errors.append(_error(half))
        single.append(each.mean(axis=0).tolist())
    last = (halves[-1], errors[-1]) if cuts else (0.0, 0.0)
    return Finding(
        "entropy",
        (
            Figure(
                "half chain", last[0], f"mean entropy in bits of qubits 0 to {n // 2 - 1} of the final state", last[1]
            ),
            Figure(
                "one qubit",
                float(np.mean(single[-1])) if cuts else 0.0,
                "mean entropy in bits of a qubit of the final state",
            ),
            Figure(
                "Haar mean", page_entropy(n), "mean entropy of half of the qubits of a Haar-random state (Page 1993)"
            ),
        ),
        {
            "layers": [name for _, name in cuts],
            "operations": [cut for cut, _ in cuts],
            "half_chain": halves,
            "half_chain_error": errors,
            "by_qubit": single,
        },
        count,
    )


def _clean(value: float) -> float:
    """A number from 0 on without a negative rounding error."""
    return max(float(value), 0.0)


def _error(values: Numbers) -> float:
    return float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else 0.0
