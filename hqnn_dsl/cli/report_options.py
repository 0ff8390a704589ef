"""Options of `hqnn report` that do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def refuse_options(rules: Iterable[tuple[bool, str, str, str, str]]) -> None:
    """Refuse (E0653) options: each rule says whether it is broken, by which option, beside what, why, and the advice.

    Raises `Refusal`.
    """
    from hqnn_dsl.diagnostics.codes.reports import ReportOptions
    from hqnn_dsl.diagnostics.diagnostic import Refusal

    wrong = [
        ReportOptions(option=option, beside=beside, why=why, hint=hint)
        for is_wrong, option, beside, why, hint in rules
        if is_wrong
    ]
    if wrong:
        raise Refusal(*wrong)
