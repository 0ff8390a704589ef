"""The smallest Lie algebra that contains given Pauli strings, or given real sums of them, times i.

Strings are exact: i·P and i·Q commute, or their commutator is twice ±i times the string of P·Q; so the closure of
strings has a basis of strings. Sums are closed by linear algebra over the integers modulo a prime, twice with different
primes: a rank modulo a prime is never above the true one, and equals it unless the prime divides a certain minor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.circuit.pauli.strings import Phased, anticommute

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

    import numpy as np
    from numpy.typing import NDArray

String = tuple[int, int]
"""A Pauli string as the masks (x, z) of `circuit.pauli.strings`."""

PRIMES = (1048573, 1048571)
"""Below 2^20, so that sums of 2^12 products are exact in double precision."""
AT_A_TIME = 64
"""Rows that are brought to echelon form together."""


class TooLarge(Exception):
    """The algebra has more dimensions than were asked for."""


class StringAlgebra:
    """The Lie closure of Pauli strings; `elements` is a basis of it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._generators: list[String] = []
        self.elements: set[String] = set()

    @property
    def dimension(self) -> int:
        """The number of strings in the closure."""
        return len(self.elements)

    def holds(self, string: String) -> bool:
        """Whether i times the string lies in the algebra."""
        return string in self.elements

    def add(self, string: String) -> None:
        """Widen the algebra by a string. Raises `TooLarge`."""
        if string == (0, 0) or string in self.elements:
            return
        self._generators.append(string)
        waiting = [string, *(_product(string, known) for known in self.elements if anticommute(*string, *known))]
        waiting = [known for known in dict.fromkeys(waiting) if known not in self.elements]
        self._take(waiting)
        while waiting:
            x, z = waiting.pop()
            further = []
            for gx, gz in self._generators:
                if ((x & gz).bit_count() ^ (z & gx).bit_count()) & 1 and (x ^ gx, z ^ gz) not in self.elements:
                    further.append((x ^ gx, z ^ gz))
            further = list(dict.fromkeys(further))
            self._take(further)
            waiting += further

    def _take(self, strings: Sequence[String]) -> None:
        self.elements.update(strings)
        if len(self.elements) > self._most:
            raise TooLarge


def _product(one: String, two: String) -> String:
    return one[0] ^ two[0], one[1] ^ two[1]


class SumAlgebra:
    """The Lie closure of sums of Pauli strings, `{string: coefficient}` each, modulo a prime."""

    def __init__(self, sums: Iterable[Mapping[String, Fraction]], most: int, prime: int = PRIMES[0]) -> None:
        import numpy as np

        self._most, self._prime = most, prime
        self._columns: dict[String, int] = {}
        self._strings: list[String] = []
        self._brackets: dict[tuple[String, int], tuple[int, int]] = {}
        self._rows: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)
        self._pivots: list[int] = []
        self._generators = [_modulo(one, prime) for one in sums]
        for generator in self._generators:
            self._number(generator)
        self._close()

    @property
    def dimension(self) -> int:
        """The rank of the closure."""
        return len(self._pivots)

    def holds(self, string: String) -> bool:
        """Whether i times the string lies in the algebra."""
        if string not in self._columns:
            return False
        return not self._rest(self._row({string: 1})).any()

    def _close(self) -> None:
        import numpy as np

        waiting = [row for generator in self._generators for row in self._widened(self._row(generator))]
        while waiting:
            frontier = np.stack([self._padded(row) for row in waiting])
            waiting = []
            for generator in self._generators:
                waiting += self._widened(self._commutators(frontier, generator))

    def _number(self, strings: Iterable[String]) -> None:
        """Give each string a column. Raises `TooLarge`."""
        for string in strings:
            if string not in self._columns:
                self._columns[string] = len(self._strings)
                self._strings.append(string)
        if len(self._strings) > 4 * self._most:
            raise TooLarge

    def _row(self, of: Mapping[String, int]) -> NDArray[np.int64]:
        import numpy as np

        row = np.zeros((1, len(self._strings)), dtype=np.int64)
        for string, coefficient in of.items():
            row[0, self._columns[string]] = coefficient
        return row

    def _padded(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        import numpy as np

        missing = len(self._strings) - rows.shape[-1]
        return np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, missing)]) if missing else rows

    def _commutators(self, rows: NDArray[np.int64], generator: Mapping[String, int]) -> NDArray[np.int64]:
        """[i·G, i·V]/2 of a generator G and each row V."""
        import numpy as np

        rows = self._padded(rows)
        used = np.flatnonzero(rows.any(axis=0))
        columns = np.ascontiguousarray(rows.T)
        parts: list[tuple[int, list[int], list[int], list[int]]] = []
        for g, coefficient in generator.items():
            sources = [int(v) for v in used if anticommute(*g, *self._strings[v])]
            brackets = [self._bracket(g, v) for v in sources]
            parts.append((coefficient, sources, [target for target, _ in brackets], [sign for _, sign in brackets]))
        found = np.zeros((len(self._strings), rows.shape[0]), dtype=np.int64)
        for coefficient, sources, targets, signs in parts:  # each target is there once: PQ differs for each Q
            scaled = coefficient * np.array(signs, dtype=np.int64)[:, None]
            found[targets] = (found[targets] + scaled * columns[sources]) % self._prime
        return np.ascontiguousarray(found.T)

    def _bracket(self, g: String, column: int) -> tuple[int, int]:
        """The column of the string of [i·G, i·V]/2, V that of a column, and the sign: iG·iV is ∓i·R."""
        key = (g, column)
        if key not in self._brackets:
            v = self._strings[column]
            self._number([_product(g, v)])
            sign = -1 if Phased(*g).times(Phased(*v)).power == 1 else 1
            self._brackets[key] = self._columns[_product(g, v)], sign
        return self._brackets[key]

    def _rest(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows less their part in the span so far."""
        rows, self._rows = self._padded(rows), self._padded(self._rows)
        return self._less(rows, self._pivots, self._rows) if self._pivots else rows

    def _widened(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Widen the span by rows; returns those that were new, reduced. Raises `TooLarge`."""
        import numpy as np

        added: list[NDArray[np.int64]] = []
        for start in range(0, len(rows), AT_A_TIME):
            new, pivots = self._reduced(self._rest(rows[start : start + AT_A_TIME]))
            if not pivots:
                continue
            self._rows = np.vstack([self._less(self._rows, pivots, new), new])
            self._pivots += pivots
            added += list(new)
            if len(self._pivots) > self._most:
                raise TooLarge
        return added

    def _reduced(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], list[int]]:
        """A few rows in reduced echelon form, without those of zeros, and the columns of their pivots."""
        import numpy as np

        pivots: list[int] = []
        for number in range(len(rows)):
            where = np.flatnonzero(rows[number])
            if where.size:
                pivot = int(where[0])
                row = rows[number] * pow(int(rows[number, pivot]), -1, self._prime) % self._prime
                rows = (rows - np.outer(rows[:, pivot], row)) % self._prime
                rows[number] = row
                pivots.append(pivot)
        return rows[rows.any(axis=1)], pivots

    def _less(self, rows: NDArray[np.int64], pivots: Sequence[int], by: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows less what makes their columns `pivots` zero, a multiple of each row of `by`; the sums are exact."""
        import numpy as np

        part = np.rint(rows[:, list(pivots)].astype(float) @ by.astype(float)).astype(np.int64)
        found: NDArray[np.int64] = (rows - part) % self._prime
        return found


def _modulo(given: Mapping[String, Fraction], prime: int) -> dict[String, int]:
    """A sum with its coefficients divided by the first, modulo a prime."""
    first = next(iter(given.values()))
    ratios = {string: coefficient / first for string, coefficient in given.items()}
    return {s: r.numerator * pow(r.denominator, -1, prime) % prime for s, r in ratios.items()}
