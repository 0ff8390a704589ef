"""The device that a circuit is transpiled for: the one type of this room that the rooms above make.

`pipeline` makes it from a spec's `transpile { … }`, backends make their own. Nothing here imports Qiskit.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_BASIS = ("rz", "sx", "x", "cx")
"""The gates of a target that names none: those of most superconducting devices."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A fake device by name, or a basis and a coupling; how hard Qiskit tries, and the seed of its random choices.

    If `device` is given, its own gates and couplings count, and `basis` and `coupling` do not. `coupling` is `linear`,
    `ring`, `grid`, `full`, pairs of qubits that are coupled both ways, or None for all to all; `optimization` is the
    level of Qiskit's preset pass managers, 0 to 3.
    """

    device: str | None = None
    basis: tuple[str, ...] = DEFAULT_BASIS
    coupling: str | tuple[tuple[int, int], ...] | None = None
    optimization: int = 1
    seed: int = 0
