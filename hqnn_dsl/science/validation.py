"""Validation rows for a spec without any: a comparison chooses among trials by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.comparison import ValidationTaken
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.pipeline import changed

if TYPE_CHECKING:
    from hqnn_dsl.program import Program

SHARE = 0.2
"""The share of the rows to learn from that is taken."""


def with_validation(program: Program, trials: int) -> Program:
    """Returns the program with validation rows, if it has none and several trials are to be chosen among; says so.

    They are a fifth of the rows to learn from, for all contenders alike. A spec whose column says the part of each row
    is left as it is.
    """
    split = program.spec.data.split
    if trials == 1 or split.validation or (split.by is not None and split.by.name == "column"):
        return program
    notice(ValidationTaken(span=program.checked.spans.get("data.split.validation"), share=f"{SHARE:g}"))
    return changed(program, {"split.validation": f"{SHARE:g}"})
