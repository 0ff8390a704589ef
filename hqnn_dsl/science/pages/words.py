"""How pages of comparisons name contenders, units, findings and settings."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.quantities import number
from hqnn_dsl.diagnostics.terminal import printable
from hqnn_dsl.report.parts import Sentence, plot_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.science.tuning.records import Plain
    from hqnn_dsl.training.many_plan import One

LABEL_LINE, LABEL_LINES = 17, 2
"""Letters of a line of a label in a figure, and lines."""

COLOURS = {
    "better": "--third",
    "worse": "--second",
    "practically equivalent": "--fourth",
    "no evidence of a difference": "--first",
    "untested": "--quiet",
}
"""The colours of findings."""

FALLBACK = "--first"
MINUS = "−"


def bare(title: str) -> str:
    """Returns a title without its article, as a table has it."""
    return title.removeprefix("the ")


def label(title: str) -> str:
    """Returns a title as the axis of a figure has it: escaped, on at most two lines."""
    lines = textwrap.wrap(printable(bare(title)), LABEL_LINE) or [""]
    if len(lines) > LABEL_LINES:
        lines = [*lines[: LABEL_LINES - 1], f"{lines[LABEL_LINES - 1][: LABEL_LINE - 1]}…"]
    return "<br>".join(plot_text(line) for line in lines)


def sentence(text: str, *, is_verdict: bool = False) -> Sentence:
    """Returns a paragraph of a line of a verdict."""
    return Sentence(f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}", is_verdict=is_verdict)


def rows_words(rows: int | None) -> str:
    """Returns `all rows` or `25 rows`."""
    return "all rows" if rows is None else f"{rows} rows"


def unit_words(one: One, *, folds: int | None, repeats: int, seeds: int) -> str:
    """Returns the name of a unit in a table: `repetition 1, fold 2`, or `seed 7`."""
    parts = []
    if folds is not None and repeats > 1:
        parts.append(f"repetition {one.repeat + 1}")
    if one.fold is not None:
        parts.append(f"fold {one.fold + 1}")
    if folds is None or seeds > 1:
        parts.append(f"seed {one.seed}")
    return ", ".join(parts)


def setting_words(setting: Mapping[str, Plain]) -> str:
    """Returns a setting on one line: `lr 0.05, depth 3`."""
    return ", ".join(f"{name} {_value(value)}" for name, value in setting.items()) or "no setting"


def _value(value: Plain) -> str:
    if isinstance(value, float):
        return number(value)
    return str(value)


def percent(level: float) -> str:
    """Returns `95 %` for a level of 0.05."""
    return f"{100 * (1 - level):.4g} %"
