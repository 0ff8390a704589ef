"""The bounds of `hqnn plan --max`: read from text, and held against a forecast."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.codes.plans import NotForecast, OverPlan
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import UNITS, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hqnn_dsl.diagnostics.diagnostic import Diagnostic

BOUNDED = ("minutes", "memory", "circuits", "shots")
"""What can be bounded."""

EXPECTED = {
    "minutes": "a number of minutes, such as `minutes=10`",
    "memory": "a size with its unit, such as `memory=4GiB`",
    "circuits": "a number of circuits, such as `circuits=1e6`",
    "shots": "a number of shots, such as `shots=1e9`",
}
_DECIMAL = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_FACTORS = {unit.upper(): 1 << 10 * power for power, unit in enumerate(UNITS)} | _DECIMAL
_SIZE = re.compile(r"\s*([0-9.eE+-]+?)\s*([A-Za-z]+)\s*")


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The most that is allowed: of minutes, bytes of `memory`, `circuits` or `shots`."""

    what: str
    most: float


def bounds_of(texts: Iterable[str]) -> tuple[Bound, ...]:
    """Returns the bounds in `minutes=10`, `memory=4GiB`; the last of a kind counts. Raises `Refusal` E0605."""
    found: dict[str, Bound] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        what = name.strip()
        if not sign or what not in BOUNDED:
            raise _bad("`NAME=NUMBER`, NAME one of " + ", ".join(BOUNDED) + ", such as `minutes=10`", text)
        most = _bytes(value) if what == "memory" else _number(value)
        if most is None or not math.isfinite(most) or most < 0:
            raise _bad(EXPECTED[what], text)
        found[what] = Bound(what=what, most=most)
    return tuple(found.values())


def over(bounds: Iterable[Bound], needed: dict[str, float | None]) -> list[Diagnostic]:
    """Returns a diagnostic for each bound that the forecast exceeds, or of which it tells nothing."""
    found: list[Diagnostic] = []
    for bound in bounds:
        value = needed[bound.what]
        if value is None:
            found.append(NotForecast(what=bound.what))
        elif value > bound.most:
            by = f"{value / bound.most:.3g} times as much" if bound.most else "which allows nothing"
            found.append(
                OverPlan(what=bound.what, needed=_said(bound.what, value), allowed=_said(bound.what, bound.most), by=by)
            )
    return found


def _said(what: str, value: float) -> str:
    if what == "memory":
        return f"{size(math.ceil(value))} of memory"
    return f"{value:.3g} minutes" if what == "minutes" else f"{value:,.0f} {what}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _bytes(text: str) -> float | None:
    match = _SIZE.fullmatch(text)
    factor = None if match is None else _FACTORS.get(match[2].upper())
    number = None if match is None else _number(match[1])
    return None if factor is None or number is None else number * factor


def _bad(expected: str, value: str) -> Refusal:
    return Refusal(BadOption(option="--max", expected=expected, value=value))
