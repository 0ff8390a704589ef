"""The page of a run that has just been trained: its network is asked here, its page made where pictures are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hqnn_dsl.diagnostics.codes.pages import PageNotWritten
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.notices import notice
from hqnn_dsl.files import reason_of
from hqnn_dsl.report.asking import ask
from hqnn_dsl.training.bar import said_if_long

if TYPE_CHECKING:
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.training.loop import Watch
    from hqnn_dsl.training.run import RunResult

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


def _say(run: RunResult, reason: str) -> None:
    notice(PageNotWritten(path=str(run.path), reason=" ".join(reason.split())[:200]))
