"""The calls of cuStateVec that the backend makes, on states that torch owns.

cuStateVec's rotation about a Pauli string P is exp(iθP), without the minus and the half of exp(-i·angle/2·P). Index bit
q of a state is qubit q. That a rotation and an expectation value are what they are taken for here, and that the latter
is not divided by the state's length, is checked on two qubits before anything else is believed.
"""

from __future__ import annotations

import importlib
import math
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hqnn_dsl.diagnostics.codes.cuda import CuStateVecFailed, CuStateVecMissing
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

MODULES = ("cuquantum.bindings.custatevec", "cuquantum.custatevec")
"""Where the calls are: from cuquantum-python 25 on, and before."""
DATA_TYPES = {torch.complex64: 4, torch.complex128: 5}
"""CUDA_C_32F and CUDA_C_64F of `cudaDataType`."""
PAULI_X, PAULI_Y, PAULI_Z = 1, 2, 3
"""Of `custatevecPauli_t`."""


def find_module() -> Any:
    """The module with the calls. Raises `Refusal` if no version of it, or not the library itself, can be loaded."""
    reasons = []
    for name in MODULES:
        try:
            module = importlib.import_module(name)
            module.get_version()  # the first call loads the library
        except (ImportError, RuntimeError, OSError) as error:
            reasons.append((str(error).splitlines() or [type(error).__name__])[0])
        else:
            return module
    extra = "custatevec" if (torch.version.cuda or "").startswith("12.") else "custatevec13"
    raise Refusal(CuStateVecMissing(reason=reasons[0], extra=extra))


def letters(x: int, z: int) -> tuple[list[int], list[int]]:
    """The Paulis of a string and the bits that they stand on, without identities."""
    bits = [q for q in range((x | z).bit_length()) if (x | z) >> q & 1]
    codes = {(1, 0): PAULI_X, (1, 1): PAULI_Y, (0, 1): PAULI_Z}
    return [codes[x >> q & 1, z >> q & 1] for q in bits], bits


class Library:
    """A handle of the library on one device. States are contiguous complex tensors of 2^bits numbers there.

    Raises `Refusal` E0735 for every error of the library's own.
    """

    def __init__(self, module: Any, device: torch.device) -> None:
        self.module = module
        self.device = device
        self.lock = Lock()
        """Held by whoever uses the handle: its stream and workspace are shared."""
        self._handle: int = self._call("be started", module.create)
        size = self._call("say its workspace's size", module.get_default_workspace_size, self._handle)
        self._workspace = torch.empty(size, dtype=torch.uint8, device=device)
        self._call("take a workspace", module.set_workspace, self._handle, self._workspace.data_ptr(), size)

    def close(self) -> None:
        """Give the handle back."""
        self._call("be ended", self.module.destroy, self._handle)

    def follow(self) -> None:
        """Work on torch's current stream from now on."""
        if self.device.type == "cuda":
            stream = torch.cuda.current_stream(self.device).cuda_stream
            self._call("take a stream", self.module.set_stream, self._handle, stream)

    def rotate(self, state: Tensor, bits: int, string: tuple[int, int], angle: float) -> None:
        """exp(-i·angle/2·P)|state>, in place, for the string P = (x, z), which is not the identity."""
        paulis, targets = letters(*string)
        self._call(
            f"rotate a state of {bits} qubits",
            self.module.apply_pauli_rotation,
            *(self._handle, state.data_ptr(), DATA_TYPES[state.dtype], bits, -angle / 2),
            *(paulis, targets, len(targets), [], [], 0),
        )

    def expectations(self, state: Tensor, bits: int, strings: Sequence[tuple[int, int]]) -> list[float]:
        """<state|P|state> for each string P, none of them the identity."""
        if not strings:
            return []
        found = np.zeros(len(strings), dtype=np.float64)
        paulis, targets = zip(*(letters(*string) for string in strings), strict=True)
        self._call(
            f"read a state of {bits} qubits",
            self.module.compute_expectations_on_pauli_basis,
            *(self._handle, state.data_ptr(), DATA_TYPES[state.dtype], bits, found.ctypes.data),
            *(list(paulis), len(strings), list(targets), [len(own) for own in targets]),
        )
        if self.device.type == "cuda":
            torch.cuda.current_stream(self.device).synchronize()
        return [float(value) for value in found]

    def check(self) -> None:
        """Rotate and read a state of two qubits and length 2; refuse where that gives other numbers than it should."""
        angle = 0.7
        state = torch.tensor([2.0, 0.0, 0.0, 0.0], dtype=torch.complex128, device=self.device)
        self.rotate(state, 2, (0b10, 0b10), angle)
        self.rotate(state, 2, (0b10, 0b01), angle)
        found = [
            *torch.view_as_real(state).reshape(-1).tolist(),
            *self.expectations(state, 2, [(2, 0), (2, 2), (0, 2)]),
        ]
        c, s = math.cos(angle / 2), math.sin(angle / 2)
        wanted = [2 * c * c, -2 * s * s, 0, 0, 2 * s * c, -2 * s * c, 0, 0]
        wanted += [4 * math.sin(angle), -4 * math.sin(angle) * math.cos(angle), 4 * math.cos(angle) ** 2]
        if not np.allclose(found, wanted, rtol=0, atol=1e-9):
            reason = "a rotation and expectation values of two qubits are not those that its documentation says"
            raise Refusal(CuStateVecFailed(what="be trusted", reason=reason))

    def _call(self, what: str, function: Callable[..., Any], *arguments: object) -> Any:
        try:
            return function(*arguments)
        except self.module.cuStateVecError as error:
            raise Refusal(CuStateVecFailed(what=what, reason=str(error))) from error
