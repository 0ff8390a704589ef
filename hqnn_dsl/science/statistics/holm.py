"""p-values adjusted for the number of contenders, by the step-down method of Holm (1979), as statsmodels has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.science.extra import needs

if TYPE_CHECKING:
    from collections.abc import Mapping


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Returns the adjusted p-value of each comparison: below a level, it is rejected at that level of all together.

    A comparison without a p-value (None) has none adjusted; it counts as one of the family, with p = 1, so that a
    contender that has failed makes no other claim easier. Raises `Refusal` E0680 without statsmodels.
    """
    if not p_values:
        return {}
    needs("statsmodels")
    from statsmodels.stats.multitest import multipletests

    given = [1.0 if p is None else p for p in p_values.values()]
    adjusted = multipletests(given, method="holm")[1].tolist()
    return {
        name: None if p is None else float(value) for (name, p), value in zip(p_values.items(), adjusted, strict=True)
    }
