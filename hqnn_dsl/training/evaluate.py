"""A trained network asked about tables: predictions in the targets' units, and scores.

From memory or from a run directory alone. Nothing here casts to half precision or draws at random.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
import torch

from hqnn_dsl.catalog.objectives import LOSSES
from hqnn_dsl.data.columns import Columns, feature_numbers, numbers
from hqnn_dsl.data.preprocess import Preparation, check_range, fingerprint
from hqnn_dsl.diagnostics.codes.tables import NotARun, RunDamaged
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.files import open_regular, reason_of
from hqnn_dsl.limits import MAX_SOURCE_BYTES
from hqnn_dsl.semantics.resolved_text import without_budget
from hqnn_dsl.training.checkpoint import Snapshot, load_snapshot
from hqnn_dsl.training.loop import build, predict_scaled
from hqnn_dsl.training.metrics import plain, scores
from hqnn_dsl.training.own_loss import is_own

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray

    from hqnn_dsl.data.tables import Table
    from hqnn_dsl.network.hybrid import HybridNet
    from hqnn_dsl.training.named_rows import Where

    Numbers = NDArray[np.float64]
    Rebuild = Callable[[str, int, int], HybridNet]
    """From a resolved spec's text, the number of features and the number of targets: the network, with any weights."""

T = TypeVar("T")

SPEC, PREPROCESS, METRICS = "spec.resolved.hqnn", "preprocess.json", "metrics.json"
MOST_BYTES = 2**31
"""No JSON file of a run is larger; its rows are listed in one."""


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run as read back from its folder."""

    path: Path
    spec_text: str = field(repr=False)
    preparation: Preparation = field(repr=False)
    best: Snapshot = field(repr=False)


def load_run(path: Path, weights: str = "best.pt") -> StoredRun:
    """Read a run's spec, preparation and weights. Raises `Refusal`: E0532 no run, E0533 a damaged one."""
    from hqnn_dsl.training.stored import preprocess_of, text_of

    for file in (SPEC, PREPROCESS, f"checkpoints/{weights}"):
        _open(path, file).close()
    text = _read(path, SPEC, text_of, MAX_SOURCE_BYTES)
    preparation = Preparation.from_json(_read(path, PREPROCESS, preprocess_of))
    best = load_snapshot_of(path, weights)
    if without_budget(best["spec"]) != without_budget(text):
        raise damaged(path, SPEC, f"it is not the spec that the weights in checkpoints/{weights} were trained with")
    return StoredRun(path, text, preparation, best)


def load_metrics(path: Path) -> dict[str, Any]:
    """The scores in a run's `metrics.json`, none where the training has not come to its end. Raises `Refusal` E0533."""
    from hqnn_dsl.training.stored import metrics_of

    if not os.path.lexists(path / METRICS):
        return {}
    return _read(path, METRICS, metrics_of)


def load_snapshot_of(path: Path, name: str) -> Snapshot:
    """A checkpoint of a run. Raises `Refusal`: E0532 where it is not there, E0533 where it cannot be used."""
    from hqnn_dsl.training.stored import Wrong, check_checkpoint

    file = f"checkpoints/{name}"
    with _open(path, file) as stream:
        try:
            return check_checkpoint(load_snapshot(stream))
        except Wrong as wrong:
            raise damaged(path, file, str(wrong)) from None
        except Exception as error:  # noqa: BLE001 - torch raises whatever the bytes lead it into
            raise _unusable(path, file, error) from None


def _open(path: Path, file: str) -> BinaryIO:
    """A file of a run, for reading. Raises `Refusal`: E0532 where it is not there, E0533 where it cannot be read."""
    try:
        return open_regular(path / file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise Refusal(NotARun(path=str(path), file=file)) from None
    except OSError as error:
        raise damaged(path, file, reason_of(error)) from None


def _read(path: Path, file: str, understand: Callable[[bytes], T], most: int = MOST_BYTES) -> T:
    """What a file of a run says. Raises `Refusal`: E0532 where it is not there, E0533 where it says something else."""
    from hqnn_dsl.training.stored import Wrong

    with _open(path, file) as stream:
        try:
            data = stream.read(most + 1)
            if len(data) > most:
                raise Wrong(f"it has more than {most} bytes")
            return understand(data)
        except OSError as error:
            raise damaged(path, file, reason_of(error)) from None
        except Wrong as wrong:
            raise damaged(path, file, str(wrong)) from None


def restore(run: StoredRun, rebuild: Rebuild) -> HybridNet:
    """The trained network, on the CPU, ready to predict. Raises `Refusal` E0533 where weights and spec do not fit."""
    net = rebuild(run.spec_text, len(run.preparation.features.names), len(run.preparation.target.names))
    try:
        net.load_state_dict(run.best["model"])
    except (RuntimeError, TypeError, AttributeError) as error:
        raise _unusable(run.path, "checkpoints/best.pt", error) from None
    return net.eval()


def predict(net: HybridNet, preparation: Preparation, table: Table) -> pd.DataFrame:
    """A column a target, in its own units; rows and index as in the table.

    Raises `Refusal`: E0523 where features are missing, E0513 to E0516 for cells that are no finite numbers.
    """
    features = feature_numbers(table, preparation.features.names)
    predicted = predict_numbers(net, preparation, features, table.line_of)
    return pd.DataFrame(predicted, index=table.frame.index, columns=list(preparation.target.names))


def predict_numbers(net: HybridNet, preparation: Preparation, features: Numbers, where: Where | None = None) -> Numbers:
    """Predictions `[N, T]` in the targets' units for features `[N, F]` in theirs. Raises `Refusal` E0522.

    `where` is what a row is called in messages.
    """
    check_range(preparation.features, features, single=net.dtype != torch.float64)
    scaled = predict_scaled(net, _tensor(net, preparation.features.apply(features)), preparation.batch, where)
    return preparation.target.invert(scaled.to("cpu", torch.float64).numpy())


def evaluate(net: HybridNet, preparation: Preparation, table: Table) -> dict[str, Any]:
    """Scores on a table that has the targets: `{"all": …}`, and `train`, `validation`, `test` on the one trained on.

    Each is what `judge` gives. Raises `Refusal` as `predict` does, and for the targets' cells.
    """
    columns = Columns(preparation.features.names, preparation.target.names)
    feature_numbers(table, (*columns.features, *columns.targets))
    features, targets = numbers(table, columns)
    predicted = predict_numbers(net, preparation, features, table.line_of)
    found = {"all": judge(preparation, targets, predicted)}
    if fingerprint(columns, features, targets) == preparation.fingerprint:
        found |= by_part(preparation, targets, predicted)
    return found


def by_part(preparation: Preparation, targets: Numbers, predicted: Numbers) -> dict[str, Any]:
    """`judge` for the training, validation and test rows of `[N, T]` values; None for a part without rows."""
    return {
        name: judge(preparation, targets[rows], predicted[rows]) if len(rows) else None
        for name, rows in preparation.parts.items()
    }


def judge(preparation: Preparation, true: Numbers, predicted: Numbers) -> dict[str, Any]:
    """`{"rmse", "mae", "r2", "loss", "targets"}` of `[N, T]` values: in the targets' units, the loss in scaled ones.

    The loss is None if it is a function of the user's own that is not at hand.
    """
    scaled = [torch.from_numpy(preparation.target.apply(values)) for values in (predicted, true)]
    loss = None if is_own(preparation.loss) else build(LOSSES, preparation.loss)
    loss = preparation.own_loss or loss
    found = scores(true, predicted, preparation.target.names)
    per_target = found.pop("targets")
    return found | {"loss": None if loss is None else plain(float(loss(*scaled))), "targets": per_target}


def _tensor(net: HybridNet, values: Numbers) -> torch.Tensor:
    device = next((weight.device for weight in net.parameters()), torch.device("cpu"))
    return torch.from_numpy(np.ascontiguousarray(values)).to(device, net.dtype)


def damaged(path: Path, file: str, reason: str) -> Refusal:
    """The refusal of a file of a run, to be raised."""
    return Refusal(RunDamaged(path=str(path), file=file, reason=reason))


def _unusable(path: Path, file: str, error: Exception) -> Refusal:
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    return damaged(path, file, f"{type(error).__name__} {' '.join(said[:2])}"[:200])
