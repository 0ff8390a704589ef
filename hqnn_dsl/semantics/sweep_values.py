"""Whether a spec is right with the values that it is to be swept over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.sweeps import WrongSweepValue
from hqnn_dsl.diagnostics.diagnostic import Diagnostic, Refusal
from hqnn_dsl.literals import setting as setting_text
from hqnn_dsl.semantics.sweep import changes_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hqnn_dsl.semantics.sweep import Axis, Plain


def refuse_wrong_values(axes: tuple[Axis, ...], check: Callable[[Mapping[str, str]], object]) -> None:
    """Raise `Refusal` E0249 for each value that the spec is wrong with.

    `check` takes changes as of `--set`, and raises `Refusal` if the spec is wrong with them. A value is wrong if it is
    so with the spec's own values of all else, and with the first and the last values of what else is swept.
    """
    found = tuple(_wrong(axes, check))
    if found:
        raise Refusal(*found)


def _wrong(axes: tuple[Axis, ...], check: Callable[[Mapping[str, str]], object]) -> Iterator[Diagnostic]:
    for axis in axes:
        others = [other for other in axes if other is not axis]
        beside: list[dict[str, Plain]] = [{}]
        if others:
            beside += [{other.path: other.ends[place][0] for other in others} for place in (0, -1)]
        for value, span in axis.ends:
            refusals = [_refused(check, changes_to(axes, {**one, axis.path: value})) for one in beside]
            if all(refusals):
                item = next(one for one in refusals if one is not None)
                yield WrongSweepValue(
                    span=span,
                    path=axis.path,
                    value=setting_text(value),
                    reason=item.headline,
                    hint=item.help or "leave the value out",
                )


def _refused(check: Callable[[Mapping[str, str]], object], changes: Mapping[str, str]) -> Diagnostic | None:
    try:
        check(changes)
    except Refusal as refusal:
        return next(item for item in refusal.diagnostics if item.is_error)
    return None
