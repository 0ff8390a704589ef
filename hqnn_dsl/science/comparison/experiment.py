"""The experiment of one spec and one table: contenders, units, results on disk, and what they say."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hqnn_dsl import __version__
from hqnn_dsl.diagnostics.codes.comparison import ComparisonDiffers, NeedsValidationRows
from hqnn_dsl.diagnostics.codes.runs import CannotResume, RunExists
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import each_notice_once
from hqnn_dsl.packages import installed_versions
from hqnn_dsl.science.comparison.entrants import Entrants, entrants
from hqnn_dsl.science.comparison.files import (
    COMPARISON,
    ComparisonFile,
    ContenderRecord,
    ResultFile,
    is_comparison,
    read_comparison,
)
from hqnn_dsl.science.comparison.plain import Units
from hqnn_dsl.science.comparison.rows import selection
from hqnn_dsl.science.comparison.simulated import cost, simulated
from hqnn_dsl.science.comparison.summary import Summary, summary, summed_up
from hqnn_dsl.science.comparison.work import Work
from hqnn_dsl.science.extra import needs
from hqnn_dsl.science.seal import check_seal, experiment_of, read_seal, refuse_claimed, sealed_as
from hqnn_dsl.science.statistics.units import Score
from hqnn_dsl.training.files import check_free, create_run, held, write_document
from hqnn_dsl.training.interruption import pass_on
from hqnn_dsl.training.many_bar import ManyBar
from hqnn_dsl.training.many_files import TableUsed
from hqnn_dsl.training.resuming import differences, shortened
from hqnn_dsl.training.second_process import workers_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.science.protocol import Asked, Protocol
    from hqnn_dsl.science.seal import Experiment as Stated
    from hqnn_dsl.training.bar import Progress


NAME_IT = "name the folder of the comparison with `--out`, in Python with `out`"


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a comparison is run: its seals, and what is watched."""

    seal: Path | None = None
    """The seal that the experiment is to be the one of."""
    seals: Path | None = None
    """The folder of seals that may claim test rows; None to look at none."""
    progress: Progress = True
    on_begin: Callable[[ComparisonFile], None] | None = None
    """Called with the record before the first training."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A comparison as it stands: its folder, and its record as in `comparison.json`."""

    path: Path
    record: ComparisonFile
    ended_by: int = 0

    @property
    def interrupted(self) -> bool:
        """Whether a signal came before all was done."""
        return self.ended_by != 0


def compare(  # noqa: PLR0913 - what a comparison can be told
    program: Program,
    table: Table,
    asked: Asked,
    out: Path | None = None,
    *,
    resume: bool = False,
    options: Options | None = None,
) -> Compared:
    """Run the experiment, and write it to `out`, or to the next free `runs/<model>-comparison-<number>`.

    Every result is written when it is there; with `resume`, goes on in the folder `out`. A contender that is refused on
    a unit is recorded as failed there, and not compared; the others go on.

    Raises `Refusal` as `train` does for whatever is wrong with the spec, the data or the folder, before anything is
    trained, and: E0680 without the extra `science`, E0684 without test rows, E0685 without validation rows, E0681 if
    the experiment is not the sealed one, E0682 if another experiment's seal claims its test rows, E0687 if the folder
    was begun with another spec, table or protocol, E0605 for a contender that there is none of.
    """
    options = options or Options()
    needs("optuna", "statsmodels")
    program.refuse_training()
    begun = time.perf_counter()
    with each_notice_once():
        if resume and out is None:
            raise Refusal(CannotResume(path="runs", reason="no folder is named", hint=NAME_IT))
        if not resume:
            _refuse_begun(out)
            check_free(out)
        stated = experiment_of(program, table, asked)
        work = _Experiment(program, table, stated.protocol, options, _sealed(stated, options))
        before = None
        if resume and out is not None:
            before = read_comparison(out)
            _refuse_other(out, before, work.record())
            work.path = out
        else:
            work.path = create_run(out, f"{program.spec.name}-comparison")
        with held(work.path):
            work.run(begun, before)
    pass_on(work.ended_by)
    return Compared(work.path, work.record(), work.ended_by)


def _sealed(stated: Stated, options: Options) -> dict[str, Any] | None:
    """Hold the experiment against its seal, or against those of others. Returns what is recorded of its seal."""
    if options.seal is not None:
        seal = read_seal(options.seal)
        check_seal(options.seal, seal, stated)
        return {"path": str(options.seal), "sha256": seal.seal, "sealed": seal.sealed, "hypotheses": seal.hypotheses}
    if options.seals is None:
        return None
    refuse_claimed(options.seals, stated)
    own = sealed_as(options.seals, stated)
    if own is None:
        return None
    path, seal = own
    return {"path": str(path), "sha256": seal.seal, "sealed": seal.sealed, "hypotheses": seal.hypotheses}


def _refuse_begun(out: Path | None) -> None:
    if out is not None and is_comparison(out) and read_comparison(out).state == "unfinished":
        raise Refusal(RunExists(path=str(out), resume="add `--resume` to go on with the comparison in it, or "))


def _refuse_other(out: Path, before: ComparisonFile, now: ComparisonFile) -> None:
    """Refuse (E0687) to go on with what is not the same experiment."""
    changed = [(name, shortened(old), shortened(new)) for name, old, new in differences(before.spec, now.spec)]
    if before.table.sha256 != now.table.sha256:
        changed.append(("table", f"{before.table.name}, {before.table.rows} rows", f"{now.table.name}, other cells"))
    changed += [
        (name, str(old), str(getattr(now.protocol, name)))
        for name, old in dict(before.protocol).items()
        if old != getattr(now.protocol, name)
    ]
    own, other = ([one.name for one in record.contenders] for record in (before, now))
    if own != other:
        changed.append(("contenders", ", ".join(own), ", ".join(other)))
    if changed:
        raise Refusal(
            *(ComparisonDiffers(path=str(out), setting=name, before=old, now=new) for name, old, new in changed)
        )


@dataclass(eq=False)
class _Experiment:
    """A comparison under way."""

    program: Program
    table: Table
    protocol: Protocol
    options: Options
    seal: dict[str, Any] | None = None
    ended_by: int = 0
    path: Path = field(init=False)
    wall: float = 0.0

    def __post_init__(self) -> None:
        program, plan = self.program, self.protocol.plan
        self.units = Units(program, self.table, plan)
        self.first = self.units.prepared(plan.trainings()[-1])
        preparation = self.first.preparation
        if not len(preparation.parts.validation) and self.protocol.trials > 1:
            raise Refusal(NeedsValidationRows(span=program.checked.spans.get("data"), trials=self.protocol.trials))
        self.select = selection(preparation.task, len(preparation.target.names))
        self.score = Score.of(self.protocol.score, self.protocol.region, self.protocol.size)
        self.entrants: Entrants = entrants(program, self.table, self.protocol, self.units)
        self.simulated = simulated(program)
        self.work: Work | None = None
        self.said: tuple[tuple[ResultFile, ...], Summary] | None = None

    def run(self, begun: float, before: ComparisonFile | None) -> None:
        """Run all that is not done."""
        earlier = 0.0 if before is None else float(str(before.cost.get("wall_seconds", 0.0)))
        self.work = Work(
            self.path,
            self.protocol,
            self.entrants.present,
            self.select,
            lambda one: self.units.prepared(one).preparation.parts,
            workers=workers_here(),
        )
        self.work.read_back()
        self.entrants.write(self.path)
        self._write()
        if self.options.on_begin is not None:
            self.options.on_begin(self.record())

        def keep() -> None:
            self.wall = earlier + time.perf_counter() - begun
            self._write()

        self.wall = earlier
        costs = [1.0 for _ in self.work.jobs()]
        with ManyBar(costs, progress=self.options.progress, workers=self.work.workers, noun="result") as bar:
            self.ended_by = self.work.run(bar, keep)
        keep()

    def _summary(self, contenders: list[ContenderRecord], results: dict[tuple[str, int], ResultFile]) -> Summary:
        """What the results say; made again only if there are others that it is made of."""
        of = summed_up(self.protocol, contenders, results)
        if (
            self.said is None
            or len(self.said[0]) != len(of)
            or any(a is not b for a, b in zip(self.said[0], of, strict=True))
        ):
            self.said = (of, summary(self.protocol, contenders, results, self.score, self.table.num_rows))
        return self.said[1]

    def _write(self) -> None:
        write_document(self.path / COMPARISON, self.record())

    def record(self) -> ComparisonFile:
        """Returns everything that `comparison.json` says now."""
        program, protocol = self.program, self.protocol
        results = {} if self.work is None else self.work.results
        contenders = self.entrants.records(results)
        said = self._summary(contenders, results)
        jobs = len(self.entrants.present) * len(protocol.plan.trainings())
        done = sum(found.state == "done" for found in results.values())
        preparation = self.first.preparation
        return ComparisonFile(
            model=program.spec.name,
            task=preparation.task,
            spec=program.resolved,
            table=TableUsed(name=self.table.name, rows=self.table.num_rows, sha256=preparation.fingerprint),
            target=list(preparation.target.names),
            protocol=protocol,
            select=self.select,
            contenders=contenders,
            state="complete" if done == jobs else "unfinished",
            done=done,
            seal=self.seal,
            verdict=list(said.sentences),
            statistics=[_plain(one) for one in said.statistics],
            simulability=self.simulated,
            cost=cost(results, self.wall),
            environment=environment(),
        )


def _plain(found: dict[str, Any] | None) -> Any:
    """Plain data as JSON has it: lists in place of tuples."""
    return json.loads(json.dumps(found, allow_nan=False))


def environment() -> dict[str, Any]:
    """The versions and the machine that an experiment was made with."""
    return {
        "hqnn": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: version for name, version in installed_versions().items() if version is not None},
    }
