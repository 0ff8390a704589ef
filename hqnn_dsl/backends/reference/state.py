"""What can be done to a batch of state vectors `[B, 2^n]`, each step differentiable as often as wanted.

Basis state r has qubit q in bit q. A leading batch of 1 stands for all samples: it broadcasts against matrices that
differ by sample. A Pauli product is a pair of masks (x, z): X where x has a bit, Z where z has one, Y where both do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from hqnn_dsl.backends.torch_transforms import constants
from hqnn_dsl.circuit.gates import Functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

TORCH = Functions(torch.cos, torch.sin, lambda angle: torch.complex(torch.cos(angle), torch.sin(angle)))
"""The gate table's functions on torch tensors."""


def zero_state(num_qubits: int, like: Tensor) -> Tensor:
    """|0…0> as `[1, 2^n]`, in the complex dtype and on the device of `like`."""
    with constants():  # `torch.func.linearize` drops what is written into a tensor in place
        state = torch.zeros(1, 1 << num_qubits, dtype=like.dtype.to_complex(), device=like.device)
        state[:, 0] = 1
    return state


def embed(amplitudes: Tensor, qubits: tuple[int, ...], num_qubits: int) -> Tensor:
    """Real amplitudes `[B, 2^k]` of `qubits` (the first is the least significant) as states `[B, 2^n]`."""
    amplitudes = amplitudes.to(amplitudes.dtype.to_complex())
    if qubits == tuple(range(num_qubits)):
        return amplitudes
    places = [sum(((j >> k) & 1) << q for k, q in enumerate(qubits)) for j in range(1 << len(qubits))]
    empty = amplitudes.new_zeros(amplitudes.shape[0], 1 << num_qubits)
    return empty.index_copy(1, torch.tensor(places, device=amplitudes.device), amplitudes)


def _split(num_qubits: int, qubits: Sequence[int]) -> tuple[list[int], list[int]]:
    """The shape that gives each of `qubits` an axis of its own, and the permutation that brings these to the front.

    The shape has no batch axis. In the permuted order the last of `qubits` comes first, so that merging the leading
    axes makes `qubits[0]` the least significant bit.
    """
    shape: list[int] = []
    axis_of: dict[int, int] = {}
    above = num_qubits
    for qubit in sorted(qubits, reverse=True):
        shape.append(1 << (above - qubit - 1))
        axis_of[qubit] = len(shape)
        shape.append(2)
        above = qubit
    shape.append(1 << above)
    front = [axis_of[qubit] for qubit in reversed(qubits)]
    return shape, front + [axis for axis in range(len(shape)) if axis not in front]


LONGEST_SUM = 1 << 10
"""Products of a matrix and this many amplitudes are taken at a time in single precision.

The gradient by a matrix is a sum over all amplitudes, and over all rows that share it. A matrix product adds its terms
one after the other, and so loses digits as these grow; torch adds up the sums of parts of this length pair by pair.
"""


def apply_matrix(state: Tensor, matrix: Tensor, qubits: tuple[int, ...], num_qubits: int) -> Tensor:
    """The states after `matrix`, `[2^k, 2^k]` for all or `[B, 2^k, 2^k]` one a sample, on `qubits`."""
    shape, order = _split(num_qubits, qubits)
    permutation = [0, *(axis + 1 for axis in order)]
    size, batch = 1 << len(qubits), state.shape[0]
    columns = state.reshape(batch, *shape).permute(permutation)
    moved = columns.shape[1:]
    length = (1 << num_qubits) // size
    summed = length if matrix.ndim == 3 else length * batch
    if summed > LONGEST_SUM and matrix.requires_grad and state.dtype == torch.complex64:
        result = _in_parts(matrix, columns.reshape(batch, size, length))
    else:
        result = torch.matmul(matrix, columns.reshape(batch, size, length))
    back = [permutation.index(axis) for axis in range(len(permutation))]
    return result.reshape(result.shape[0], *moved).permute(back).reshape(result.shape[0], 1 << num_qubits)


def _in_parts(matrix: Tensor, columns: Tensor) -> Tensor:
    """`matrix @ columns` for columns `[B, K, L]`, at most `LONGEST_SUM` columns of one of the B at a time."""
    batch, size, length = columns.shape
    rows, width = max(batch, matrix.shape[0] if matrix.ndim == 3 else 1), min(length, LONGEST_SUM)
    parts = length // width
    spread = matrix.reshape(-1, 1, size, size).expand(rows, parts, size, size).reshape(-1, size, size)
    divided = columns.reshape(batch, size, parts, width).transpose(1, 2).expand(rows, -1, -1, -1)
    result = torch.bmm(spread, divided.reshape(-1, size, width))
    return result.reshape(rows, parts, size, width).transpose(1, 2).reshape(rows, size, length)


def marginal(probabilities: Tensor, qubits: tuple[int, ...], num_qubits: int) -> Tensor:
    """Probabilities `[B, 2^n]` summed to the outcomes `[B, 2^k]` of `qubits`, the first the lowest bit, in float64."""
    shape, order = _split(num_qubits, qubits)
    batch, size = probabilities.shape[0], 1 << len(qubits)
    columns = probabilities.reshape(batch, *shape).permute(0, *(axis + 1 for axis in order))
    return columns.reshape(batch, size, (1 << num_qubits) // size).sum(-1, dtype=torch.float64)


def masks(letters: str, qubits: Sequence[int]) -> tuple[int, int]:
    """The (x, z) masks of the Pauli product with letter k of `letters` on `qubits[k]`."""
    x = sum(1 << q for letter, q in zip(letters, qubits, strict=True) if letter in "XY")
    z = sum(1 << q for letter, q in zip(letters, qubits, strict=True) if letter in "YZ")
    return x, z


class PauliProducts:
    """Pauli products on `num_qubits` qubits; their index and sign vectors are kept where they are small."""

    KEPT_QUBITS = 12

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self._signs: dict[tuple[int, torch.device, torch.dtype], Tensor] = {}

    def signs(self, z: int, like: Tensor) -> Tensor:
        """(-1)^parity(r AND z) for each basis state r, `[2^n]`, in the real dtype and on the device of `like`."""
        real = like.dtype.to_real() if like.dtype.is_complex else like.dtype
        key = (z, like.device, real)
        if key in self._signs:
            return self._signs[key]
        with constants():
            signs = torch.ones(1, dtype=real, device=like.device)
            for qubit in range(self.num_qubits):
                signs = torch.cat([signs, -signs if z >> qubit & 1 else signs])
        if self.num_qubits <= self.KEPT_QUBITS:
            self._signs[key] = signs
        return signs

    def apply(self, state: Tensor, x: int, z: int) -> Tensor:
        """P|ψ> for each state."""
        flips = [qubit for qubit in range(self.num_qubits) if x >> qubit & 1]
        phase = 1j ** ((x & z).bit_count() % 4)
        turned = state * (phase * self.signs(z, state))
        if not flips:
            return turned
        shape, _ = _split(self.num_qubits, flips)
        axes = [2 + 2 * position for position in range(len(flips))]
        return turned.reshape(state.shape[0], *shape).flip(axes).reshape(state.shape)

    def rotate(self, state: Tensor, masks: tuple[int, int], angle: Tensor) -> Tensor:
        """exp(-i·angle/2·P)|ψ>; `angle` is `[]` for all or `[B]` one a sample."""
        half = angle.unsqueeze(-1) / 2
        return torch.cos(half) * state - 1j * torch.sin(half) * self.apply(state, *masks)

    def expectations(self, state: Tensor, products: Sequence[tuple[int, int]]) -> Tensor:
        """<ψ|P|ψ> for each of `products`, `[B, len(products)]`, in float64: sums of 2^n terms keep their digits."""
        diagonal = None
        columns = []
        for x, z in products:
            if x:
                turned = self.apply(state, x, z)
                terms = state.real * turned.real + state.imag * turned.imag
                columns.append(terms.sum(-1, dtype=torch.float64))
                continue
            if diagonal is None:
                diagonal = (state.real.square() + state.imag.square()).to(torch.float64)
            columns.append(diagonal @ self.signs(z, diagonal))
        return torch.stack(columns, dim=1)
