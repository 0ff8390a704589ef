"""The folder of a comparison as a page needs it, each part of it checked."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hqnn_dsl.documents import Wrong, text_in
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.science.comparison.files import COMPARISON, RESULTS, SPECS, read_comparison, read_result
from hqnn_dsl.science.pages.records import Cost, Environment, SealRecord, Simulated, Statistics, shown_part
from hqnn_dsl.science.statistics.units import Score
from hqnn_dsl.training.files import REPORT
from hqnn_dsl.training.run_files import damaged, understood

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from hqnn_dsl.science.comparison.files import ComparisonFile, ContenderRecord, ResultFile
    from hqnn_dsl.training.many_plan import One

    Results = Mapping[tuple[str, int], ResultFile]


@dataclass(frozen=True, eq=False)
class ComparisonFiles:
    """A comparison as it is recorded. `statistics` has an entry for each number of rows, None while it is not done.

    `results` has what there is of each contender on each unit, by name and number; `specs` the texts of derived specs.
    """

    path: Path
    record: ComparisonFile = field(repr=False)
    statistics: tuple[Statistics | None, ...] = field(repr=False)
    seal: SealRecord | None = field(repr=False)
    simulated: Simulated | None = field(repr=False)
    cost: Cost | None = field(repr=False)
    environment: Environment | None = field(repr=False)
    results: Results = field(repr=False)
    specs: Mapping[str, str] = field(repr=False)

    @property
    def present(self) -> list[ContenderRecord]:
        """Those that take part, the model as written first."""
        return [one for one in self.record.contenders if not one.absent]

    @property
    def titles(self) -> dict[str, str]:
        """The titles of all contenders by name."""
        return {one.name: one.title for one in self.record.contenders}

    @property
    def score(self) -> Score:
        """The score that decides."""
        protocol = self.record.protocol
        return Score.of(protocol.score, protocol.region, protocol.size)

    @property
    def units(self) -> tuple[One, ...]:
        """Every unit of the plan, for each number of rows."""
        return self.record.protocol.plan.trainings()

    def units_at(self, rows: int | None) -> list[One]:
        """The units at one number of rows."""
        return [one for one in self.units if one.rows == rows]

    @property
    def last(self) -> Statistics | None:
        """The statistics at the largest number of rows."""
        return self.statistics[-1]


def read_comparison_files(path: Path) -> ComparisonFiles:
    """Returns the files of a comparison. Raises `Refusal`: E0532 if it is none, E0533 if a file is damaged."""
    record = read_comparison(path)
    try:
        _check_names(record)
        found = ComparisonFiles(
            path=path,
            record=record,
            statistics=tuple(shown_part(Statistics, one) for one in record.statistics),
            seal=shown_part(SealRecord, record.seal),
            simulated=shown_part(Simulated, record.simulability),
            cost=shown_part(Cost, record.cost),
            environment=shown_part(Environment, record.environment),
            results=_results(path, record),
            specs=_specs(path, record),
        )
        _check_statistics(found)
    except Wrong as wrong:
        raise damaged(path, COMPARISON, str(wrong), wrong.hint) from None
    return found


def _check_names(record: ComparisonFile) -> None:
    """Refuse names that are no names of contenders: they are parts of paths."""
    names = [one.name for one in record.contenders]
    for one in record.contenders:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", one.name):
            raise Wrong(f"`contenders` has the name {one.name[:40]!r}, which no contender has")
        if one.spec is not None and one.spec != f"{SPECS}/{one.name}.hqnn":
            raise Wrong(f"`spec` of `{one.name}` is not `{SPECS}/{one.name}.hqnn`")
    if len(set(names)) < len(names):
        raise Wrong("`contenders` has a name twice")
    if not record.contenders or record.contenders[0].absent:
        raise Wrong("`contenders` does not begin with the model as written")


def _results(path: Path, record: ComparisonFile) -> Results:
    found = {}
    for contender in record.contenders:
        for one in () if contender.absent else record.protocol.plan.trainings():
            result = read_result(path, contender.name, one.number)
            if result is None:
                continue
            if (result.rows, result.repeat, result.fold, result.seed) != (one.rows, one.repeat, one.fold, one.seed):
                name = f"{RESULTS}/{contender.name}/{one.number:04d}.json"
                raise damaged(path, name, "it is of another unit than the plan has at its number")
            found[contender.name, one.number] = result
    return found


def _specs(path: Path, record: ComparisonFile) -> dict[str, str]:
    found = {}
    for one in record.contenders:
        if one.spec is None:
            continue
        if not os.path.lexists(path / one.spec):
            raise damaged(path, one.spec, "it is not there")
        found[one.name] = understood(path, one.spec, text_in, MAX_SOURCE_BYTES)
    return found


def _check_statistics(found: ComparisonFiles) -> None:
    """Hold the statistics against the plan and the contenders, which the page looks up by name and place."""
    names = [one.name for one in found.present]
    rows = found.record.protocol.rows
    if len(found.statistics) != len(rows):
        raise Wrong(f"`statistics` has {len(found.statistics)} entries, and the plan {len(rows)} numbers of rows")
    for place, (entry, number) in enumerate(zip(found.statistics, rows, strict=True)):
        if entry is None:
            continue
        for reason in _faults(entry, names, number, len(found.units_at(number)), found.record.protocol.score):
            raise Wrong(f"`statistics[{place}]` {reason}")


def _faults(entry: Statistics, names: list[str], rows: int | None, units: int, score: str) -> Iterator[str]:
    if entry.rows != rows:
        yield "is of another number of rows than the plan has there"
    if entry.score != score:
        yield f"is by `{entry.score}`, and the protocol's score is `{score}`"
    if entry.units != units:
        yield f"has {entry.units} units, and the plan {units}"
    for name in ("means", "scores", "all_scores"):
        if sorted(getattr(entry, name)) != sorted(names):
            yield f"has other contenders in `{name}` than take part"
    if any(len(each) != units for each in entry.scores.values()):
        yield "has a contender with another number of scores than units"
    if sorted(one.other for one in entry.comparisons) != sorted(names[1:]):
        yield "does not compare the model with each other contender once"
    spoken_of = [one.other for one in entry.epochs] + [one.other for one in entry.curves]
    for other in spoken_of:
        if other not in names[1:]:
            yield f"speaks of `{other[:40]}`, which does not take part"


def own_files(path: Path) -> list[tuple[Path, str]]:
    """Every file of a comparison but its page, as inputs that no output may replace."""
    inside = [place for name in (RESULTS, SPECS) if (path / name).is_dir() for place in (path / name).rglob("*")]
    places = [path / COMPARISON, path / RESULTS, path / SPECS, *inside]
    return [(place, "a file of the comparison") for place in places if place.name != REPORT]
