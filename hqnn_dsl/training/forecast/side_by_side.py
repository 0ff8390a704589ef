"""The seconds of one of many trainings, from whole ones cut short, as many beside each other as there will be.

Trainings in threads share the interpreter's lock between their calls of compiled code, so the pace of one alone says
too little.
"""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from hqnn_dsl.training.files import write_document
from hqnn_dsl.training.fit_many import fit_many
from hqnn_dsl.training.forecast.probe import probe
from hqnn_dsl.training.forecast.whole import Each
from hqnn_dsl.training.many import ready
from hqnn_dsl.training.many_files import PartsUsed, TrainingFile
from hqnn_dsl.training.run import scores_of
from hqnn_dsl.training.samples import batch_bounds
from hqnn_dsl.training.second_process import Here

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.program import Program
    from hqnn_dsl.training.many_plan import One, Plan

SECONDS = 0.7
"""About how long the epochs of trainings beside each other are probed."""


def side_by_side(program: Program, table: Table, plan: Plan, ones: Sequence[One]) -> Each:
    """Returns the mean over these trainings, which have as many rows, all run at once; nothing of them is left.

    The baselines are fitted in this process, as in many trainings; import scikit-learn before. Raises `Refusal` as a
    training would.
    """
    together = threading.Barrier(len(ones))
    with tempfile.TemporaryDirectory(prefix="hqnn-") as folder:
        jobs = [partial(_timed, program, table, plan, one, together, Path(folder)) for one in ones]
        outcomes = fit_many(jobs, len(jobs)).outcomes
    found = []
    for outcome in outcomes:
        if outcome is None:
            raise KeyboardInterrupt
        if outcome.error is not None and not isinstance(outcome.error, threading.BrokenBarrierError):
            raise outcome.error
        if outcome.result is not None:
            found.append(outcome.result)
    return replace(
        found[0],
        beginning=fmean(one.beginning for one in found),
        epoch=fmean(one.epoch for one in found),
        ending=fmean(one.ending for one in found),
    )


def _timed(  # noqa: PLR0913, PLR0917 - a training, and what it shares with the others
    program: Program, table: Table, plan: Plan, one: One, together: threading.Barrier, folder: Path
) -> Each:
    """Carry out a training with few epochs; each part of it begins in all of them at once."""
    try:
        together.wait()
        begin = time.perf_counter()
        setup = ready(program, table, plan, one)
        samples, parts = setup.samples, setup.prepared.preparation.parts
        begun = time.perf_counter()
        together.wait()
        pace = probe(setup.training, samples, SECONDS)
        together.wait()
        end = time.perf_counter()
        metrics = scores_of(setup, Here())
        used = PartsUsed(**{name: rows.tolist() for name, rows in parts.items()})
        file = TrainingFile(**vars(one), state="done", metrics=metrics, parts=used)
        write_document(folder / f"{one.number}.json", file)
        ended = time.perf_counter()
    except BaseException:
        together.abort()  # the others wait for it otherwise
        raise
    epoch = pace.epoch(len(batch_bounds(len(samples.train), setup.spec.train.batch)))
    rows, epochs, beginning = len(samples.train), setup.spec.train.epochs, begun - begin + pace.loading
    return Each(rows=rows, epochs=epochs, beginning=beginning, epoch=epoch, ending=ended - end)
