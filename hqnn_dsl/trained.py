"""A run as Python has it: the trained network, its scores and history, and the ways to ask it.

Two kinds of units meet here: the network is scaled on both sides, as it was trained; `predict` and the scores are in
the units of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hqnn_dsl.diagnostics.tracebacks import public_class

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    import torch
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from hqnn_dsl.data.preprocess import Preparation
    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.semantics.spec import Choice, Spec
    from hqnn_dsl.training.budget import Agree
    from hqnn_dsl.training.conformal import Radii

    class OtherFrame(Protocol):
        """A frame of polars, a table of pyarrow, or another object that hands its columns over as Arrow does."""

        def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

    Origin = str | Path | pd.DataFrame | OtherFrame | Table
    """A file (`-` for standard input), a frame, or what `read_table` gave for one of them, which is not read again."""
    Array = NDArray[np.generic] | torch.Tensor | Sequence[Sequence[float]]
    """Rows of features, in the order of the spec and in the table's units."""


@public_class
@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A trained network with what its table told: where it is on disk, its scores, and the way to predict.

    `metrics` are the scores in the target's own units (losses in scaled ones), as in `metrics.json`.
    """

    path: Path
    net: HybridNet
    preparation: Preparation
    metrics: dict[str, Any]
    spec: Spec
    """The run's spec, with the changes that it was opened with."""
    trained_on: Choice
    """The backend of the spec without them."""
    radii: Radii | None = None
    """Half the widths of the intervals of its predictions, if it has some."""

    @property
    def backend(self) -> dict[str, Any]:
        """What runs the circuit, as plain data: `asked`, `name`, `options`, and after a run `metadata`."""
        from hqnn_dsl.training.environment import describe_backend

        return describe_backend(self.spec.backend, self.net)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that the network reads, in the order in which an array has them."""
        return self.preparation.features.names

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that the network predicts."""
        return self.preparation.target.names

    @property
    def history(self) -> pd.DataFrame:
        """The epochs as in `history.csv`, a row each: learning rates, losses in scaled units, whether it was the best.

        No rows if the training ended before its first epoch was whole. Raises `Refusal` E0533 if the file is damaged.
        """
        from hqnn_dsl.training.run_tables import read_history

        return read_history(self.path)

    def network(self) -> HybridNet:
        """Returns the trained network, a `torch.nn.Module` from features `[B, F]` to targets `[B, T]`, both scaled.

        Scaled means as the run's preparation makes them (`preparation.features.transform(table)`,
        `preparation.target.invert`), not the units of the table: `predict` answers in those. It is the run's own
        network, not a copy, and stands ready to predict.
        """
        return self.net.eval()

    def settle(self, table: Origin, agree: Agree) -> None:
        """Ask before a table is run on a device that costs. Raises `Refusal`: over the budget, or not agreed to.

        The table is only read where the backend counts what it does.
        """
        from hqnn_dsl.data.tables import read_table
        from hqnn_dsl.training.budget import counts, evaluation_bill, settle

        if counts(self.net):
            rows = read_table(table, self.spec.data.read, purpose=self.preparation.purpose(scores=False))
            settle(evaluation_bill(self.net, rows.num_rows), self.net, agree)

    def predict(self, table: Origin | Array) -> pd.DataFrame:
        """Returns a column a target, in its own units, for the rows of a table or array that has the features.

        If the spec has `intervals`, columns `<target>_low` and `<target>_high` stand beside; with `loss gaussian`
        `<target>_deviation`, a standard deviation. For classes the column has the most probable label, and a column
        `<target>_p_<label>` for each class has its probability.

        A table (a file or a frame) is read by the names of its columns, in any order; others are not looked at. An
        array (of numpy or torch, or a list of rows) has the columns of `features`, in that order. Both are in the units
        of the table that was trained on. Raises `Refusal`: E0523 if columns are missing, E0633 for an array of another
        shape, E0513 to E0516 for cells that are no finite numbers, E0564 and E0567 for numbers that the training rules
        out. Numbers that it makes doubtful are a warning (W0468, W0469).
        """
        from hqnn_dsl.data.arrays import read_rows
        from hqnn_dsl.diagnostics.placed import AdvisedForRun
        from hqnn_dsl.training.predictions import predict_frame

        with AdvisedForRun():
            purpose = self.preparation.purpose(scores=False)
            rows = read_rows(table, self.features, self.spec.data.read, purpose)
            _warn(table, rows, self.preparation)
            return predict_frame(self.net, self.preparation, rows, self.radii)

    def evaluate(self, table: Origin) -> dict[str, Any]:
        """Returns scores on a table that has the targets: `{"all": …}`, and the parts on the table trained on.

        The loss is None, and that is said, if it is a function that was not given to `open_run`.
        """
        from hqnn_dsl.data.tables import read_table
        from hqnn_dsl.diagnostics.placed import AdvisedForRun
        from hqnn_dsl.training.evaluate import evaluate
        from hqnn_dsl.training.own_loss import say_if_lost

        say_if_lost(self.preparation)
        with AdvisedForRun():
            rows = read_table(table, self.spec.data.read, purpose=self.preparation.purpose(scores=True))
            _warn(table, rows, self.preparation)
            return evaluate(self.net, self.preparation, rows, self.radii)

    def plot(self) -> Figure:
        """Returns a matplotlib figure: the losses by epoch, and predicted against true values of the test rows.

        For classes the confusion matrix of the test rows takes their place.

        It needs no display: a notebook shows it, `savefig` writes it.
        """
        from hqnn_dsl.training.figures import run_figure
        from hqnn_dsl.training.run_tables import read_predictions

        target, level = self.preparation.target, None if self.radii is None else self.radii.level
        return run_figure(self.history, read_predictions(self.path, target), target, level)

    def __repr__(self) -> str:
        from hqnn_dsl.notebook.runs import run_text

        return run_text(self.path, self.spec, self.preparation, self.metrics, self.backend["name"])

    def _repr_html_(self) -> str:
        from hqnn_dsl.notebook.runs import run_html

        facts = self.path, self.spec, self.preparation, self.metrics, self.backend["name"]
        return run_html(*facts, self.plot)


def _warn(origin: object, rows: Table, preparation: Preparation) -> None:
    """Send warnings about the numbers of a table on, unless the caller has read it, and knows them."""
    from hqnn_dsl.data.preparation import signs_differ
    from hqnn_dsl.diagnostics.notices import notice

    if rows is origin:
        return
    for item in (*rows.notes, *signs_differ(preparation, rows)):
        if item.severity == "warning":
            notice(item)


@public_class
@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """Many trainings of one spec on one table: where they are on disk, and what came out of each and of all.

    `record` is `cv.json` as plain data. `interrupted` says whether Ctrl-C came before all were done.
    """

    path: Path
    record: dict[str, Any]
    interrupted: bool = False

    @property
    def scores(self) -> pd.DataFrame:
        """A row a training: its number, rows, repetition, fold, seed and state, and its scores on the test rows.

        `rows` is missing for all rows, `fold` if there are no folds. Repetitions and folds count from 0.
        """
        import pandas as pd

        about = ("number", "rows", "repeat", "fold", "seed", "state", "epochs", "seconds")
        lines = [{name: line[name] for name in about} | line["scores"] for line in self.record["trainings"]]
        frame = pd.DataFrame(lines)
        return frame.astype(dict.fromkeys(("rows", "fold"), "Int64"))

    @property
    def summary(self) -> pd.DataFrame:
        """A row for the model and each baseline: `mean`, `standard_error` and `n` of every score, in columns of two
        levels; with several numbers of rows, a row for each of these.
        """
        import pandas as pd

        model, rows = self.record["model"], self.record["plan"]["rows"]
        found = {}
        for number, group in zip(rows, self.record["summary"], strict=True):
            for name, scores in {} if group is None else {model: group["scores"], **group["baselines"]}.items():
                key = name if len(rows) == 1 else ("all" if number is None else number, name)
                found[key] = {(score, part): value for score, parts in scores.items() for part, value in parts.items()}
        return pd.DataFrame.from_dict(found, orient="index")

    def __repr__(self) -> str:
        from hqnn_dsl.training.many_files import PlanRecord

        done = sum(line["state"] == "done" for line in self.record["trainings"])
        plan = PlanRecord.model_validate(self.record["plan"]).plan()
        lines = [f"CrossValidation of {self.record['model']} in {self.path}: {plan.sentence}, {done} done"]
        for rows, group in zip(plan.rows, self.record["summary"], strict=True):
            if group is not None:
                found = group["scores"].get(group["main"])
                error = "" if found is None or found["standard_error"] is None else f" ± {found['standard_error']:.2g}"
                said = (
                    "" if found is None else f"{group['main']} {found['mean']:.4g}{error} on the {group['part']} rows"
                )
                lines.append(said if plan.rows == (None,) else f"{'all' if rows is None else rows} rows: {said}")
        return "\n".join(lines)
