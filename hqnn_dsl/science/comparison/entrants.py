"""Who takes part in a comparison: the model as written, its controls, and classical models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.command import BadOption
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.named_backends import AUTO
from hqnn_dsl.science.classical.table import CONTENDERS as CLASSICAL
from hqnn_dsl.science.comparison.contender import About, Absent
from hqnn_dsl.science.comparison.files import SPECS, ContenderRecord
from hqnn_dsl.science.comparison.hybrid import Hybrid
from hqnn_dsl.science.comparison.plain import Classical
from hqnn_dsl.science.derived.derive import derive
from hqnn_dsl.science.tuning.space import Real, Space
from hqnn_dsl.training.files import write_text
from hqnn_dsl.training.run import refuse_paid, set_up
from hqnn_dsl.training.units import splitter_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.comparison.contender import Contender
    from hqnn_dsl.science.comparison.files import ResultFile
    from hqnn_dsl.science.comparison.plain import Units
    from hqnn_dsl.science.derived.controls import Derived
    from hqnn_dsl.science.protocol import Protocol
    from hqnn_dsl.semantics.spec import Choice

OWN = "as_written"
"""The name of the model as written, which always takes part."""


@dataclass(frozen=True, eq=False)
class Entrants:
    """Those that take part, the model as written first, and those that do not."""

    present: tuple[Contender, ...]
    absent: tuple[Absent, ...]

    def records(self, results: Mapping[tuple[str, int], ResultFile]) -> list[ContenderRecord]:
        """What is told of all of them; weights are those of a training once there is one."""
        weights = {name: found.weights for (name, _), found in results.items() if found.weights is not None}
        return [
            *(_record(one.name, one.about, weights.get(one.name)) for one in self.present),
            *(_record(one.name, one.about, None, one.reason, one.same_as) for one in self.absent),
        ]

    def write(self, folder: Path) -> None:
        """Write the spec of every contender that has one."""
        for one in self.present:
            if one.about.text is not None:
                write_text(folder / spec_file(one.name), one.about.text)


def spec_file(name: str) -> str:
    """The name of the file of a contender's spec."""
    return f"{SPECS}/{name}.hqnn"


def _record(name: str, about: About, weights: int | None, absent: str = "", same_as: str = "") -> ContenderRecord:
    return ContenderRecord(
        name=name,
        title=about.title,
        kind=about.kind,
        doc=about.doc,
        note=about.note,
        weights=about.weights if weights is None else weights,
        spec=None if about.text is None or absent else spec_file(name),
        absent=absent,
        same_as=same_as,
    )


def entrants(program: Program, table: Table, protocol: Protocol, units: Units) -> Entrants:
    """Returns who takes part: all, or those of the names that the protocol has, beside the model as written.

    Raises `Refusal` E0605 for a name that there is none of.
    """
    asked = protocol.contenders or None
    derived = derive(program)
    known = [one.name for one in derived] + list(CLASSICAL)
    _check(asked, known)
    recorded = _backend_of(program, table, units)
    present: list[Contender] = []
    absent: list[Absent] = []
    for one in derived:
        if asked is not None and one.name not in asked and one.name != OWN:
            continue
        if one.absent_reason or one.same_as:
            reason = one.absent_reason or f"it would be the same spec as `{one.same_as}`"
            absent.append(Absent(name=one.name, about=_about(one), reason=reason, same_as=one.same_as))
        else:
            present.append(_hybrid(one, program, table, protocol, recorded))
    for name, model in CLASSICAL.items():
        if asked is not None and name not in asked:
            continue
        about = About(title=model.title, kind="classical", doc=model.doc)
        if reason := model.absent():
            absent.append(Absent(name=name, about=about, reason=reason))
        else:
            present.append(Classical(name, about, model, units))
    return Entrants(tuple(present), tuple(absent))


def _check(asked: Sequence[str] | None, known: Sequence[str]) -> None:
    for name in asked or ():
        if name not in known:
            expected = f"names of contenders: {', '.join(one for one in known if one != OWN)}"
            raise Refusal(BadOption(option="--contenders", expected=expected, value=name))


def _about(one: Derived) -> About:
    return About(
        title=one.said,
        kind="own" if one.name == OWN else "control",
        note=one.note,
        weights=one.weights,
        text=one.text or None,
    )


def _hybrid(one: Derived, program: Program, table: Table, protocol: Protocol, recorded: Choice | None) -> Hybrid:
    dimensions = {
        tuned.path: Real(low=tuned.low, high=tuned.high, default=tuned.default, log=tuned.log) for tuned in one.tunables
    }
    return Hybrid(
        name=one.name,
        about=_about(one),
        tuned=Space(dimensions),
        text=one.text,
        table=table,
        plan=protocol.plan,
        folder=str(program.source.folder),
        recorded=recorded if one.has_circuit else None,
    )


def _backend_of(program: Program, table: Table, units: Units) -> Choice | None:
    """What `backend auto` means for the model as written, and then for all controls; None if the spec names one.

    Raises `Refusal` E0599 for a device that is paid for.
    """
    one = units.plan.trainings()[-1]
    setup = set_up(program, table, None, splitter_of(program, units.plan, one))
    refuse_paid(setup)
    return setup.training.net.circuit.backend if program.spec.backend.name == AUTO.name else None
