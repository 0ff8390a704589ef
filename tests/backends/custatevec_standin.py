"""The few calls of cuStateVec that the backend makes, in NumPy on the CPU's memory, as they are documented.

Signatures are those of `cuquantum.bindings.custatevec` 26.9 and `cuquantum.custatevec` 24.8, which are the same: states
and results are addresses, Paulis are 0 to 3, data types those of `cudaDataType`.
"""

from __future__ import annotations

import ctypes
from collections import Counter

import numpy as np

PAULIS = (
    np.eye(2),
    np.array([[0, 1], [1, 0]]),
    np.array([[0, -1j], [1j, 0]]),
    np.array([[1, 0], [0, -1]]),
)
NUMBERS = {4: np.complex64, 5: np.complex128}
HANDLE = 4711


class cuStateVecError(Exception):  # noqa: N801 - the library's name for it
    pass


class StandIn:
    """The module. `fails` names calls that end with an error.

    The library's own conventions are `factor` 1, which scales angles, and `divides` False, by the state's length.
    """

    cuStateVecError = cuStateVecError  # noqa: N815 - the library's name for it

    def __init__(self, factor: float = 1.0, fails: tuple[str, ...] = (), *, divides: bool = False) -> None:
        self.factor = factor
        self.divides = divides
        self.fails = fails
        self.calls: Counter[str] = Counter()

    def _count(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.fails:
            raise cuStateVecError("EXECUTION_FAILED (6): it failed")

    def create(self) -> int:
        self._count("create")
        return HANDLE

    def destroy(self, handle: int) -> None:
        self._count("destroy")
        assert handle == HANDLE

    def get_version(self) -> int:
        return 11500

    def get_default_workspace_size(self, handle: int) -> int:
        return 64

    def set_workspace(self, handle: int, workspace: int, workspace_size_in_bytes: int) -> None:
        self._count("set_workspace")
        assert handle == HANDLE
        assert workspace
        assert workspace_size_in_bytes == 64

    def apply_pauli_rotation(
        self, handle, sv, sv_data_type, n_index_bits, theta, paulis, targets, n_targets, controls, values, n_controls
    ) -> None:
        """exp(iθP) on the state at address `sv`."""
        self._count("apply_pauli_rotation")
        assert handle == HANDLE
        assert (n_targets, controls, values, n_controls) == (len(targets), [], [], 0)
        state = self._state(sv, sv_data_type, n_index_bits)
        turned = self._applied(state, n_index_bits, paulis, targets)
        theta *= self.factor
        state[:] = np.cos(theta) * state + 1j * np.sin(theta) * turned

    def compute_expectations_on_pauli_basis(
        self, handle, sv, sv_data_type, n_index_bits, expectations, paulis, count, bits, n_bits
    ) -> None:
        """<state|P|state> for each string, to the doubles at address `expectations`."""
        self._count("compute_expectations_on_pauli_basis")
        assert handle == HANDLE
        assert count == len(paulis) == len(bits)
        assert n_bits == [len(own) for own in bits]
        state = self._state(sv, sv_data_type, n_index_bits).astype(np.complex128)
        if self.divides:
            state /= np.linalg.norm(state)
        found = (ctypes.c_double * count).from_address(expectations)
        for k, (own, targets) in enumerate(zip(paulis, bits, strict=True)):
            found[k] = np.vdot(state, self._applied(state, n_index_bits, own, targets)).real

    def _state(self, address: int, data_type: int, bits: int) -> np.ndarray:
        dtype = np.dtype(NUMBERS[data_type])
        raw = (ctypes.c_byte * (dtype.itemsize << bits)).from_address(address)
        return np.frombuffer(raw, dtype=dtype)

    def _applied(self, state: np.ndarray, bits: int, paulis: list[int], targets: list[int]) -> np.ndarray:
        assert len(paulis) == len(targets) == len(set(targets)) > 0
        found = state.reshape((2,) * bits)
        for pauli, target in zip(paulis, targets, strict=True):
            axis = bits - 1 - target  # the last axis is bit 0
            found = np.moveaxis(np.tensordot(PAULIS[pauli], found, axes=(1, axis)), 0, axis)
        return found.reshape(-1)
