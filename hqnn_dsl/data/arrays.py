"""Rows that are predicted, as Python gives them: a table by its names, or an array in the order of the features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from hqnn_dsl.data.layout import named
from hqnn_dsl.data.tables import Lines, Table, read_table
from hqnn_dsl.data.written import ANY, Purpose
from hqnn_dsl.diagnostics.codes.python import WrongArray
from hqnn_dsl.diagnostics.codes.tables import TableEmpty
from hqnn_dsl.diagnostics.diagnostic import Refusal
from hqnn_dsl.diagnostics.quantities import count
from hqnn_dsl.semantics.spec import Read

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AS_IT_IS = Read()


def read_rows(origin: object, features: tuple[str, ...], read: Read = _AS_IT_IS, purpose: Purpose = ANY) -> Table:
    """The rows of a table, or of an array `[N, F]` whose columns are the features, as a table.

    Raises `Refusal` as `read_table` does, and E0633 for an array that has no row for each prediction and no column for
    each feature.
    """
    match origin:
        case torch.Tensor():
            return _from_array("the tensor", _numpy(origin), features)
        case np.ndarray() if origin.dtype.names is not None and origin.ndim == 1:
            return read_table(pd.DataFrame(origin), read)
        case np.ndarray():
            return _from_array("the array", origin, features)
        case list() | tuple():
            return _from_array("the list", _stacked(origin, features), features)
    return read_table(origin, read, purpose=purpose)


def _numpy(tensor: torch.Tensor) -> NDArray[Any]:
    """The tensor's values; of half precision as float64, because numpy does not know all kinds of it."""
    values = tensor.detach().cpu()
    found: NDArray[Any] = (values.double() if values.is_floating_point() else values).numpy()
    return found


def _stacked(rows: list[Any] | tuple[Any, ...], features: tuple[str, ...]) -> NDArray[Any]:
    if any(isinstance(row, dict) for row in rows):
        raise _wrong("the list", "dictionaries", features, "make a frame of them: `pandas.DataFrame(data)`")
    try:
        return np.asarray(rows)
    except ValueError:  # numpy's word for rows that are no rectangle
        raise _wrong("the list", "rows of different lengths", features) from None


def _from_array(name: str, values: NDArray[Any], features: tuple[str, ...]) -> Table:
    if values.ndim == 1 and len(values) == len(features):
        raise _wrong(name, f"the shape {values.shape}", features, "give a row its own axis: `data.reshape(1, -1)`")
    if values.ndim == 1 and len(features) == 1:
        raise _wrong(name, f"the shape {values.shape}", features, "give rows their own axis: `data.reshape(-1, 1)`")
    if values.ndim != 2:
        raise _wrong(name, f"the shape {values.shape}", features)
    if values.shape[1] != len(features):
        raise _wrong(name, f"{count(values.shape[1], 'column')}", features)
    if not len(values):
        raise Refusal(TableEmpty(table=name, lacks="no rows"))
    frame = pd.DataFrame(values, columns=list(features))
    return Table(name, frame, Lines(np.arange(1, len(frame) + 1), "row"), written=None)


def _wrong(name: str, found: str, features: tuple[str, ...], hint: str = "") -> Refusal:
    wanted = count(len(features), "feature")
    return Refusal(WrongArray(what=name, found=found, wanted=wanted, features=named(features), hint=hint))
