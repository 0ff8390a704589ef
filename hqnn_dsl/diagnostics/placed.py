"""Places and advice for findings of rooms that know no spec: the caller knows what they are about."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.diagnostic import Note, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic
    from hqnn_dsl.diagnostics.source import Span


@dataclass(frozen=True)
class Placed:
    """Adds a place to the diagnostics of a refusal that have none: of the options that they are about, if known."""

    span: Span
    options: Mapping[str, Span] = field(default_factory=dict)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal) and any(item.span is None for item in error.diagnostics):
            raise Refusal(*(item if item.span else self._place(item) for item in error.diagnostics)) from error

    def _place(self, item: Diagnostic) -> Diagnostic:
        first, *others = [self.options[path] for path in item.about if path in self.options] or [self.span]
        return replace(item, span=first, notes=(*item.notes, *(Note("the other one", span) for span in others)))


OF_TABLES = {
    **dict.fromkeys(("E0512", "E0517", "E0520"), "data.target"),
    **dict.fromkeys(("E0582", "E0583", "E0584", "E0586"), "data.target"),
    **dict.fromkeys(("E0575", "E0576", "E0581"), "data.weights"),
    **dict.fromkeys(("E0579", "E0580"), "data.features"),
    **dict.fromkeys(("E0587",), "train.class_weights"),
    **dict.fromkeys(("E0511", "E0513", "E0516", "E0518", "E0519"), "data.features"),
    **dict.fromkeys(("E0219", "E0233", "E0521", "E0558", "E0559", "E0597"), "data.split"),
    **dict.fromkeys(("E0560", "E0561"), "data.read"),
    **dict.fromkeys(("E0542",), "train.batch"),
    **dict.fromkeys(("E0543",), "train.device"),
    **dict.fromkeys(("E0589",), "train.step"),
    **dict.fromkeys(("E0590",), "train.class_weights"),
    **dict.fromkeys(("E0591",), "train.intervals"),
    **dict.fromkeys(("E0592",), "data.weights"),
}
"""The setting that a finding about a table or a training is about; if it has a `role`, that says which column."""

OF_COLUMNS = {"E0570", "E0571", "E0572", "E0573", "E0574", "E0577"}
"""Findings about a column that are about its own rule, if it has one."""

ROLES = {"target": "data.target", "feature": "data.features", "split's column": "data.split"}


@dataclass(frozen=True)
class PlacedByCode:
    """Adds the place in the spec to findings about a table, which name their place in the table themselves.

    `places` maps `data.target` and the like to their places in the spec; a setting that is not in it gets no place.
    """

    places: Mapping[str, Span]

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, Refusal):
            return
        placed = tuple(self._placed(item) for item in error.diagnostics)
        if placed != tuple(error.diagnostics):
            raise Refusal(*placed) from error

    def _placed(self, item: Diagnostic) -> Diagnostic:
        path = ROLES.get(getattr(item, "role", "")) or OF_TABLES.get(item.code, "")
        own = f"data.columns.{getattr(item, 'column', '')}" if item.code in OF_COLUMNS else ""
        span = self.places.get(own, self.places.get(path))
        return item if item.span is not None or span is None else replace(item, span=span)


_CELLS = "correct these cells, or take the rows out: a trained run reads each column as its training did"
_FORM = "write the table in the form of the one that was trained on: a run reads it by the `read` of its own spec"
OF_RUNS = {
    **dict.fromkeys(("E0513", "E0515", "E0516", "E0524", "E0570", "E0572", "E0573", "E0574"), _CELLS),
    **dict.fromkeys(("E0560", "E0564", "E0565"), _FORM),
}
"""Advice for a table that a trained run reads, in place of advice to change the spec."""


class AdvisedForRun:
    """In the block, a finding about a table is not followed by advice to change a spec: that of a run is fixed.

    Advice that says how to write a cell stays.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal) and any(_speaks_of_spec(item) for item in error.diagnostics):
            items = (
                replace(item, hint=OF_RUNS[item.code]) if _speaks_of_spec(item) else item for item in error.diagnostics
            )
            raise Refusal(*items) from error


OF_INIT = {
    "E0521": "add rows to the table: some are to validate and to test, and two at least to train on",
}
"""Advice for a table without a spec, in place of advice to change how the spec splits rows."""


class AdvisedForInit:
    """In the block, advice names the options `--read` and `--task`, and no other setting, as there is no spec yet."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Refusal):
            hints = (OF_INIT.get(item.code) or _for_init(item.help) for item in error.diagnostics)
            raise Refusal(
                *(replace(item, hint=hint) for item, hint in zip(error.diagnostics, hints, strict=True))
            ) from error


def _for_init(advice: str) -> str:
    """The advice with `--read` for the setting `read`, and `--task` for `task`."""
    text = advice.replace(" in `data { }`", "").replace(" in `data`", "").replace("`data { read … }`", "`--read`")
    text = text.replace("`task ", "`--task ")
    return re.sub(r"`read ([^`]+)`", lambda found: f"`--read {shlex.quote(found[1])}`", text)


def _speaks_of_spec(item: Diagnostic) -> bool:
    return item.code in OF_RUNS and "`" in item.help
