"""The parameter-shift rules: which shifted values, with which coefficients, add up to a derivative.

An expectation value is a trigonometric polynomial in each angle, and the gate table states its frequencies. With the
single frequency 1, two shifts by π/2 are exact; with 1/2 and 1, as under a controlled rotation, four are (Anselmetti et
al., https://doi.org/10.1088/1367-2630/ac2cb3).
"""

from __future__ import annotations

import math

Rule = tuple[tuple[float, float], ...]
"""(shift, coefficient) pairs: the derivative is the sum of coefficient times the value at angle + shift."""

_NEAR, _FAR = (math.sqrt(2) + 1) / (4 * math.sqrt(2)), (math.sqrt(2) - 1) / (4 * math.sqrt(2))
_HALF_PI = math.pi / 2

TWO_TERM: Rule = ((_HALF_PI, 0.5), (-_HALF_PI, -0.5))
FOUR_TERM: Rule = ((_HALF_PI, _NEAR), (-_HALF_PI, -_NEAR), (3 * _HALF_PI, -_FAR), (-3 * _HALF_PI, _FAR))

RULES: dict[tuple[float, ...], Rule] = {(1.0,): TWO_TERM, (0.5, 1.0): FOUR_TERM}
"""The rule that is exact for values that oscillate with these frequencies."""
