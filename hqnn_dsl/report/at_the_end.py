"""The page of a run that has just been trained: its network is asked here, its page made where pictures are drawn."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hqnn_dsl.backends.once import effort
from hqnn_dsl.diagnostics.codes.pages import PageNotWritten
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.files import reason_of
from hqnn_dsl.report.asking import ask
from hqnn_dsl.training import results
from hqnn_dsl.training.bar import said_if_long
from hqnn_dsl.training.files import write_document, write_text
from hqnn_dsl.training.preprocess_file import PreprocessFile
from hqnn_dsl.training.run_files import PREPROCESS, SPEC

if TYPE_CHECKING:
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.training.loop import Watch
    from hqnn_dsl.training.run import RunResult, Setup
    from hqnn_dsl.training.second_process import Elsewhere

WRITE = "hqnn_dsl.report.write"
"""The module that makes pages; it takes a while to import."""


def write_at_the_end(run: RunResult, table: Table, watch: Watch) -> None:
    """Write the page of a run into its folder; `table` is the one that it was trained on.

    Whatever goes wrong with the page is said (W0476) and is no mistake of the training, whose results are written.
    """
    try:
        with said_if_long("writing the page of the run …", watch.progress):
            answers = ask(run.net, run.preparation, table)
            watch.elsewhere.begin(WRITE, "write_in_run", run.path, answers)()
    except Refusal as refusal:
        _say(run, refusal.diagnostics[0].headline)
    except OSError as error:
        _say(run, reason_of(error))
    except Exception as error:  # noqa: BLE001 - the page is made of the run, and the run is whole
        _say(run, f"{type(error).__name__} {error}")


def rehearse(setup: Setup, table: Table, elsewhere: Elsewhere) -> float:
    """Make the page of a training that has not begun, in a folder that is removed. Returns its seconds.

    Its network is asked as it starts, which takes as long as later. What only a trained run has (predictions, curves)
    is left out: a few hundredths of a second. A page that cannot be made ends no training, and no forecast.
    """
    with effort() as made, suppress(Exception), tempfile.TemporaryDirectory(prefix="hqnn-") as folder:
        run, preparation = Path(folder), setup.prepared.preparation
        answers = ask(setup.training.net, preparation, table)
        write_text(run / SPEC, setup.program.resolved)
        write_document(run / PREPROCESS, PreprocessFile.model_validate(preparation.to_json()))
        results.write_history(run, setup.training)
        elsewhere.begin(WRITE, "write_in_run", run, answers)()
    return made.seconds


def _say(run: RunResult, reason: str) -> None:
    notice(PageNotWritten(path=str(run.path), reason=" ".join(reason.split())[:200]))
