"""All classical contenders by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.science.classical import kernels, linear, neighbours, networks, trees

if TYPE_CHECKING:
    from hqnn_dsl.science.classical.contender import Contender

CONTENDERS: dict[str, Contender] = {
    row.name: row
    for module in (linear, neighbours, kernels, trees, networks)
    for row in module.CONTENDERS
}  # fmt: skip
"""The contenders in the order of a table."""
