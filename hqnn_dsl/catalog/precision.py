"""Single and double precision: the option of backends that have both, and the bytes of a number in each."""

from __future__ import annotations

from typing import Literal

from hqnn_dsl.catalog.entry import Option

Precision = Literal["single", "double"]

REAL_BYTES = {"single": 4, "double": 8}
"""Bytes of one real number by precision; the keys are the choices of the option."""

COMPLEX_BYTES = {precision: 2 * size for precision, size in REAL_BYTES.items()}
"""Bytes of one complex amplitude by precision."""


def precision_option(default: Precision = "single", *, of: str = "the state", note: str = "") -> Option:
    """Returns the option `precision`: `of` names the numbers that have it, `note` says more in words of its own."""
    return Option(
        name="precision",
        type="choice",
        doc=f"Precision of {of}: `single` (32 bits a real number) or `double` (64){note}.",
        default=default,
        choices=tuple(REAL_BYTES),
    )
