"""A circuit as a differentiable torch function: dense state vectors, one gate after the other.

Gates of one kind get their matrices together, in one pass over their angles; a gate whose angles no input reaches has
one matrix for the whole batch, and as long as only such gates have run there is one state. Equal arguments give equal
bits: every sum has a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from hqnn_dsl.backends.amplitude_input import unit_rows
from hqnn_dsl.backends.memory import CHUNK_BYTES, MAX_STATE_BYTES, too_large
from hqnn_dsl.backends.reference.memory import needed
from hqnn_dsl.backends.reference.state import (
    TORCH,
    PauliProducts,
    apply_matrix,
    embed,
    marginal,
    masks,
    zero_state,
)
from hqnn_dsl.backends.torch_transforms import constants
from hqnn_dsl.catalog.precision import COMPLEX_BYTES
from hqnn_dsl.circuit.gates import GATES
from hqnn_dsl.circuit.ir import Circuit, Observable
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


@dataclass(frozen=True)
class Group:
    """Operations of one gate that all differ by sample, or all do not; `columns[k][j]` places angle j of operation k.

    Columns count the angles per sample first, where `by_sample`, then those shared, then the constants.
    """

    gate: str
    by_sample: bool
    operations: tuple[int, ...]
    columns: tuple[tuple[int, ...], ...]


def group_operations(circuit: Circuit) -> tuple[Group, ...]:
    """The operations that have angles, by gate and by whether an input reaches them."""
    per_sample = {slot: e for e, slot in enumerate(circuit.sample_slots)}
    others = [*circuit.shared_slots, *circuit.constant_slots]
    common = {slot: k for k, slot in enumerate(others)}
    found: dict[tuple[str, bool], list[tuple[int, tuple[int, ...]]]] = {}
    for number, operation in enumerate(circuit.operations):
        if not operation.slots:
            continue
        by_sample = any(slot in per_sample for slot in operation.slots)
        shift = len(per_sample) if by_sample else 0
        columns = tuple(per_sample[slot] if slot in per_sample else shift + common[slot] for slot in operation.slots)
        found.setdefault((operation.gate, by_sample), []).append((number, columns))
    return tuple(
        Group(gate, by_sample, tuple(number for number, _ in members), tuple(columns for _, columns in members))
        for (gate, by_sample), members in found.items()
    )


def matrices_of(gate: str, angles: Tensor) -> Tensor:
    """The matrices `[…, 2^k, 2^k]` of a gate with angles `[…, num_angles]`."""
    row = GATES[gate]
    size, shape = 1 << row.num_qubits, angles.shape[:-1]
    entries: list[Tensor] = []
    for entry in (entry for line in row.matrix(TORCH, *angles.unbind(-1)) for entry in line):
        value = torch.as_tensor(entry, dtype=angles.dtype.to_complex(), device=angles.device)
        entries.append(value.expand(shape))
    return torch.stack(entries, dim=-1).reshape(*shape, size, size)


class DenseExecutable:
    """A circuit run as dense state vectors in torch, on the device of its arguments; see `backends.Executable`.

    `precision` is `single` (complex64) or `double` (complex128). It differentiates as often as wanted. Raises `Refusal`
    where the states would take more than `MAX_STATE_BYTES`, and for an amplitude input with a row of zeros.
    """

    is_torch: Literal[True] = True

    def __init__(self, circuit: Circuit, precision: str) -> None:
        self.circuit = circuit
        self.precision = precision
        self.real = torch.float64 if precision == "double" else torch.float32
        self._groups = group_operations(circuit)
        self._products = PauliProducts(circuit.num_qubits)
        self._fixed: dict[tuple[str, torch.device], Tensor] = {}
        self._read = _Readout(circuit)
        self._metadata: dict[str, object] = {"method": "statevector", "precision": precision}

    def __reduce__(self) -> tuple[type[DenseExecutable], tuple[Circuit, str]]:
        return DenseExecutable, (self.circuit, self.precision)

    @property
    def metadata(self) -> Mapping[str, object]:
        """`method`, `precision`, and after a call the `device` that it ran on."""
        return self._metadata

    def __call__(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Outputs `[B, M]` for angles `per_sample[B, E]`, `shared[W]` and amplitudes `state[B, 2^k]` or None."""
        self._metadata["device"] = str(per_sample.device)
        per_sample, shared = per_sample.to(self.real), shared.to(self.real)
        state = None if state is None else state.to(self.real)
        given = [tensor for tensor in (per_sample, shared, state) if tensor is not None]
        differentiated = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
        rows = per_sample.shape[0] if differentiated else self._rows_at_a_time()
        self._refuse_large(min(rows, per_sample.shape[0]), gradients=differentiated)
        if state is not None:
            state = unit_rows(state)
        if per_sample.shape[0] <= rows:
            return self._run(per_sample, shared, state)
        parts = [slice(start, start + rows) for start in range(0, per_sample.shape[0], rows)]
        return torch.cat(
            [self._run(per_sample[part], shared, None if state is None else state[part]) for part in parts]
        )

    def final_state(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        """Returns the states before measuring, `[B, 2^n]` complex; `[1, 2^n]` if no sample differs from another.

        Rows of `state[B, 2^k]` have length 1.
        """
        gates = self._matrices(per_sample, shared)
        n = self.circuit.num_qubits
        if state is None:
            psi = zero_state(n, shared)
        else:
            assert self.circuit.amplitude is not None
            psi = embed(state, self.circuit.amplitude.qubits, n)
        for number, operation in enumerate(self.circuit.operations):
            if operation.gate == "pauli_rot":
                psi = self._products.rotate(psi, masks(operation.pauli, operation.qubits), gates[number])
            else:
                matrix = gates[number] if operation.slots else self._constant(operation.gate, shared)
                psi = apply_matrix(psi, matrix, operation.qubits, n)
        return psi

    def _run(self, per_sample: Tensor, shared: Tensor, state: Tensor | None) -> Tensor:
        outputs = self._read(self.final_state(per_sample, shared, state), self._products).to(self.real)
        return outputs.repeat(per_sample.shape[0], 1) if outputs.shape[0] == 1 else outputs

    def _matrices(self, per_sample: Tensor, shared: Tensor) -> dict[int, Tensor]:
        """By operation, the matrices `[2^k, 2^k]` or `[B, 2^k, 2^k]`; for `pauli_rot` the angles `[]` or `[B]`."""
        common = torch.cat([shared, shared.new_tensor(list(self.circuit.constant_slots.values()))])
        found: dict[int, Tensor] = {}
        for group in self._groups:
            table = common
            if group.by_sample:
                table = torch.cat([per_sample, common.expand(per_sample.shape[0], -1)], dim=1)
            columns = torch.tensor(group.columns, device=table.device)
            angles = table.index_select(-1, columns.flatten()).reshape(*table.shape[:-1], *columns.shape)
            if group.gate == "pauli_rot":
                values: Any = angles.squeeze(-1).unbind(-1)
            else:
                values = matrices_of(group.gate, angles).unbind(-3)
            found.update(zip(group.operations, values, strict=True))
        return found

    def _constant(self, gate: str, like: Tensor) -> Tensor:
        key = (gate, like.device)
        if key not in self._fixed:
            with constants():
                matrix = torch.tensor(GATES[gate].matrix(TORCH), dtype=self.real.to_complex(), device=like.device)
            self._fixed[key] = matrix
        return self._fixed[key]

    def _rows_at_a_time(self) -> int:
        return max(1, CHUNK_BYTES // (COMPLEX_BYTES[self.precision] << self.circuit.num_qubits))

    def _refuse_large(self, rows: int, *, gradients: bool) -> None:
        """Refuse before allocating: a few states are at work at once, and more wait for the gradient."""
        circuit = self.circuit
        refusal = too_large(
            *(circuit, rows, self.precision),
            lambda count, precision: needed(circuit, count, precision, gradients=gradients),
            MAX_STATE_BYTES,
            training=gradients,
        )
        if refusal is not None:
            raise Refusal(refusal)


class _Readout:
    """States `[B, 2^n]` to outputs `[B, M]` in float64: every distinct Pauli product once, then one matrix."""

    def __init__(self, circuit: Circuit) -> None:
        self._num_qubits = circuit.num_qubits
        self._measurements = circuit.measurements
        observables = circuit.sums
        numbers: dict[tuple[int, int], int] = {}
        entries: list[tuple[int, int, float]] = []
        self._offsets = [0.0] * len(observables)
        for column, observable in enumerate(observables):
            for factors, coefficient in observable.products().items():
                if not factors:
                    self._offsets[column] = coefficient
                    continue
                letters = "".join(letter.upper() for _, letter in factors)
                product = masks(letters, [qubit for qubit, _ in factors])
                entries.append((numbers.setdefault(product, len(numbers)), column, coefficient))
        self._products = tuple(numbers)
        with constants():
            self._coefficients = torch.zeros(len(numbers), len(observables), dtype=torch.float64, device="cpu")
            for row, column, coefficient in entries:
                self._coefficients[row, column] += coefficient

    def __call__(self, state: Tensor, products: PauliProducts) -> Tensor:
        values = self._expectations(state, products)
        if values.shape[1] == len(self._measurements):
            return values
        probabilities = state.real.square() + state.imag.square()
        columns = iter(values.unbind(1))
        pieces = [
            next(columns).unsqueeze(1)
            if isinstance(m, Observable)
            else marginal(probabilities, m.qubits, self._num_qubits)
            for m in self._measurements
        ]
        return torch.cat(pieces, dim=1)

    def _expectations(self, state: Tensor, products: PauliProducts) -> Tensor:
        """One column an observable, `[B, number of observables]`."""
        offsets = torch.tensor(self._offsets, dtype=self._coefficients.dtype, device=state.device)
        if not self._products:
            return offsets.expand(state.shape[0], -1)
        values = products.expectations(state, self._products)
        return values @ self._coefficients.to(state.device) + offsets
