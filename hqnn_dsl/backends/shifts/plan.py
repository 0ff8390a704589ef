"""The rows of all shifts, in an order of their own, and the way of their values back to slopes.

Row `s * B + b` is sample b under shift s. Rows are made when they are asked for, so that all shifts of a large batch
never exist at once, and a value is contracted with its upstream gradient as soon as it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hqnn_dsl.backends.shifts.rules import Rule

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """The shifts that a gradient needs: shift s adds `offsets[s]` to the angle of occurrence `occurrences[s]`.

    `num_angles` is K, the number of occurrences, asked for or not.
    """

    occurrences: NDArray[np.intp]
    offsets: Floats
    coefficients: Floats
    num_angles: int

    @classmethod
    def of(cls, rules: dict[int, Rule], num_angles: int) -> Plan:
        """The shifts for the rules of the occurrences that are asked for."""
        shifts = [(k, offset, coefficient) for k, rule in sorted(rules.items()) for offset, coefficient in rule]
        columns = np.array(shifts, dtype=np.float64).reshape(len(shifts), 3).T
        return cls(columns[0].astype(np.intp), columns[1], columns[2], num_angles)

    @property
    def num_shifts(self) -> int:
        """S: a batch of B samples takes S·B evaluations."""
        return len(self.offsets)

    def parts(self, samples: int, rows_at_a_time: int) -> Iterator[range]:
        """All S·B rows, in ranges of at most `rows_at_a_time`."""
        total = self.num_shifts * samples
        for start in range(0, total, rows_at_a_time):
            yield range(start, min(start + rows_at_a_time, total))

    def rows(self, angles: Floats, part: range) -> Floats:
        """The shifted angles `[len(part), K]` of unshifted `angles[B, K]`."""
        shift, sample = np.divmod(np.arange(part.start, part.stop), len(angles))
        found = angles[sample]
        found[np.arange(len(part)), self.occurrences[shift]] += self.offsets[shift]
        return found

    def slopes(self, samples: int) -> Floats:
        """Where `add` collects: zeros `[B, K]`."""
        return np.zeros((samples, self.num_angles))

    def add(self, values: Floats, upstream: Floats, part: range, slopes: Floats) -> None:
        """Add to `slopes[B, K]` what `values[len(part), M]` of the rows of `part` say under `upstream[B, M]`."""
        shift, sample = np.divmod(np.arange(part.start, part.stop), len(upstream))
        weighted = np.einsum("rm,rm->r", values, upstream[sample]) * self.coefficients[shift]
        np.add.at(slopes, (sample, self.occurrences[shift]), weighted)
