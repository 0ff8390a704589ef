"""Limits on the memory of states, and the refusal of what is above them.

Each backend counts the bytes that so many rows need in a precision, before any are taken. The advice of a refusal is
tried by the same count, so that what it names does fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.backends import offered
from hqnn_dsl.diagnostics.codes.environment import StateTooLarge
from hqnn_dsl.diagnostics.quantities import count, size

if TYPE_CHECKING:
    from collections.abc import Callable

    from hqnn_dsl.circuit.ir import Circuit

    Needed = Callable[[int, str], int]
    """Bytes for so many rows in `single` or `double` precision."""

MAX_STATE_BYTES = 8 * 2**30
"""Largest memory, in bytes, for the states that one call of a backend keeps at the same time."""

CHUNK_BYTES = 64 * 2**20
"""If no gradient is wanted, a batch is run in parts whose states take about this many bytes."""

MAX_GPU_STATE_BYTES = 128 * 2**30
"""Largest memory, in bytes, for one state on any GPU; the memory of the GPU at hand is asked for when it runs."""

DENSE_FREE = "`backend aer(device: cpu, simulation: matrix_product_state)`, which keeps no whole state"
"""What runs circuits of any width, if little is entangled; an amplitude input it cannot."""


def too_large(  # noqa: PLR0913 - what the count depends on
    circuit: Circuit,
    rows: int,
    precision: str,
    needed: Needed,
    limit: int,
    *,
    together: int | None = None,
    training: bool = False,
    exponent: int = 1,
    is_native: bool = False,
) -> StateTooLarge | None:
    """The refusal of what needs more than `limit` bytes, with advice that fits; None if it fits.

    `together` is how many of the rows have states at the same time, all of them if it is None. States have
    2^(`exponent`·n) numbers for n qubits. `training` says that the states are those of a step with its gradients;
    `is_native` that they are those of the backend `native`, which is not advised then.
    """
    asked = needed(rows, precision)
    if asked <= limit:
        return None
    found = _ways(rows, precision, needed, limit)
    if not found or precision == "double":
        fewer = -(-((asked - 1) // limit).bit_length() // exponent)
        found.append(count(max(1, circuit.num_qubits - fewer), "qubit") + " at most")
    if not is_native and _fits_native(circuit, rows, training=training):
        found.append("`backend native`")
    elif circuit.amplitude is None and not any(way.startswith("`batch") for way in found):
        found.append(DENSE_FREE)
    return StateTooLarge(
        num_qubits=circuit.num_qubits,
        rows=rows if together is None else together,
        needed_bytes=asked,
        limit_bytes=limit,
        training=training,
        hint=f"use {', or '.join(found)}; the limit is {size(limit)}",
    )


def _ways(rows: int, precision: str, needed: Needed, limit: int) -> list[str]:
    """A batch and a precision that fit, as they may be written."""
    found = []
    most = _most(rows, lambda number: needed(number, precision) <= limit)
    if most:
        found.append(f"`batch {most}`")
    if precision == "double":
        single = _most(rows, lambda number: needed(number, "single") <= limit)
        if single:
            found.append("`precision: single`" if single == rows else f"`precision: single` with `batch {single}`")
    return found


def _fits_native(circuit: Circuit, rows: int, *, training: bool) -> bool:
    """Whether the backend `native` has room for the same."""
    native = offered()["native"]
    if native.objections(circuit, {}):
        return False
    return not (training and native.training(circuit, {}, rows, "cpu"))


def _most(rows: int, fits: Callable[[int], bool]) -> int:
    """The largest number of rows up to `rows` that fits, 0 if one does not; more never need less."""
    if not fits(1):
        return 0
    low, high = 1, rows
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
