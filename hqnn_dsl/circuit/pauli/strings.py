"""Pauli strings as two bit masks, their products with exact phases, and linear algebra over bits.

The string (x, z) has X at the bits of x, Z at the bits of z, Y at the bits of both: P = i^|x&z| X^x Z^z. It is
Hermitian, and P|r> = i^|x&z| (-1)^|r&z| |r^x>. Bit q is qubit q.
"""

from __future__ import annotations

from dataclasses import dataclass


def parity(mask: int) -> int:
    """Returns 1 if the number of bits is odd, else 0."""
    return mask.bit_count() & 1


def anticommute(ax: int, az: int, bx: int, bz: int) -> bool:
    """Whether the strings (ax, az) and (bx, bz) anticommute; if not, they commute."""
    return bool(parity(ax & bz) ^ parity(az & bx))


@dataclass(frozen=True, slots=True)
class Phased:
    """i^`power` times the string (x, z); `power` is kept modulo 4."""

    x: int
    z: int
    power: int = 0

    def times(self, other: Phased) -> Phased:
        """The product self·other."""
        x, z = self.x ^ other.x, self.z ^ other.z
        power = self.power + other.power + 2 * (self.z & other.x).bit_count()
        power += (self.x & self.z).bit_count() + (other.x & other.z).bit_count() - (x & z).bit_count()
        return Phased(x, z, power % 4)

    def turned(self, power: int) -> Phased:
        """The string times i^power."""
        return Phased(self.x, self.z, (self.power + power) % 4)

    @property
    def sign(self) -> int:
        """+1 or -1 of a Hermitian product."""
        assert self.power in {0, 2}
        return 1 - self.power


class Span:
    """The span of bit vectors over GF(2), in echelon form; each vector kept has a bit that no later one has."""

    def __init__(self) -> None:
        self._by_pivot: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._by_pivot)

    def rest(self, vector: int) -> int:
        """Returns the rest of `vector` after all of the span is taken away; 0 if it lies inside."""
        while vector:
            known = self._by_pivot.get(vector.bit_length() - 1)
            if known is None:
                return vector
            vector ^= known
        return 0

    def add(self, vector: int) -> bool:
        """Widen the span. Returns False if it held the vector already."""
        left = self.rest(vector)
        if left:
            self._by_pivot[left.bit_length() - 1] = left
        return bool(left)

    @property
    def basis(self) -> tuple[int, ...]:
        return tuple(self._by_pivot.values())


class StringSpan:
    """The span of strings as vectors of 2n bits: whether something commutes with all of many strings, in n steps."""

    def __init__(self, num_qubits: int) -> None:
        self._width = num_qubits
        self._span = Span()

    def add(self, x: int, z: int) -> None:
        self._span.add(x << self._width | z)

    def commutes(self, x: int, z: int) -> bool:
        """Whether (x, z) commutes with every string added."""
        swapped = z << self._width | x
        return not any(parity(swapped & vector) for vector in self._span.basis)


class Coordinates:
    """Coordinates in the span of bit vectors, the first new vector being 1, the next 2, then 4, …

    So after some vectors all coordinates are below a power of two that grows by at most one factor 2 a vector.
    """

    def __init__(self) -> None:
        self.basis: list[int] = []
        self._by_pivot: dict[int, tuple[int, int]] = {}

    def of(self, vector: int) -> int | None:
        """Returns the coordinates of a vector, None if it lies outside."""
        left, coordinates = self._reduce(vector)
        return None if left else coordinates

    def add(self, vector: int) -> int:
        """The coordinates of a vector; outside the span so far it becomes the next basis vector."""
        left, coordinates = self._reduce(vector)
        if not left:
            return coordinates
        own = 1 << len(self.basis)
        self.basis.append(vector)
        self._by_pivot[left.bit_length() - 1] = (left, coordinates ^ own)
        return own

    @property
    def pivots(self) -> int:
        """As many bits as the span has dimensions: of all vectors that differ by the span, one has none of them."""
        return sum(1 << bit for bit in self._by_pivot)

    def dual(self, mask: int) -> int:
        """The mask m with |m & coordinates(r)| = |mask & r| modulo 2 for all r of the span."""
        return sum(parity(mask & vector) << k for k, vector in enumerate(self.basis))

    def _reduce(self, vector: int) -> tuple[int, int]:
        coordinates = 0
        while vector:
            known = self._by_pivot.get(vector.bit_length() - 1)
            if known is None:
                break
            vector ^= known[0]
            coordinates ^= known[1]
        return vector, coordinates


def solve(equations: list[tuple[int, int]]) -> int | None:
    """A mask d with |d & vector| = bit modulo 2 for each (vector, bit), None if there is none."""
    by_pivot: dict[int, tuple[int, int]] = {}
    for given, value in equations:
        vector, bit = given, value
        while vector:
            known = by_pivot.get(vector.bit_length() - 1)
            if known is None:
                by_pivot[vector.bit_length() - 1] = (vector, bit)
                break
            vector, bit = vector ^ known[0], bit ^ known[1]
        else:
            if bit:
                return None
    solution = 0
    for pivot in sorted(by_pivot):
        vector, bit = by_pivot[pivot]
        if parity(vector & solution) != bit:
            solution |= 1 << pivot
    return solution
