"""Tables that are in memory already: frames of pandas, and of other libraries."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.cells import Missing
from hqnn_dsl.data.layout import check_names
from hqnn_dsl.diagnostics.codes.reading import NestedColumns, NotATable, PackageForTable
from hqnn_dsl.diagnostics.codes.tables import TableEmpty
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from hqnn_dsl.semantics.spec import Read

NAME = "the frame"


def checked(name: str, frame: pd.DataFrame, read: Read) -> pd.DataFrame:
    """A frame with columns named by texts, and NaN for text that spells a missing cell.

    Raises `Refusal`: E0502, E0506, E0507, E0508, E0527.
    """
    if isinstance(frame.columns, pd.MultiIndex):
        raise Refusal(
            NestedColumns(table=name, levels=frame.columns.nlevels, example=f"`{next(iter(frame.columns), ())}`")
        )
    named = frame.rename(columns=str)
    if not len(named.columns):
        raise Refusal(TableEmpty(table=name, lacks="no columns"))
    check_names(name, list(named.columns))
    if named.empty:
        raise Refusal(TableEmpty(table=name, lacks="no rows"))
    return _without_missing(named, Missing(read.missing))


def _without_missing(frame: pd.DataFrame, missing: Missing) -> pd.DataFrame:
    """The frame with NaN where text or, as told, a number stands for a missing cell."""
    found = {}
    for name in frame:
        column = frame[name]
        where = _spelt(column, missing)
        if where is not None and where.any():
            found[str(name)] = column.mask(where)
    return frame.assign(**found) if found else frame


def _spelt(column: pd.Series[Any], missing: Missing) -> Any:
    """Which cells stand for missing ones; None if none can."""
    if column.dtype == object or pd.api.types.is_string_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        if column.dtype == object and not any(isinstance(cell, str) for cell in column):
            return None
        try:
            return column.isin(list(missing.words))
        except TypeError:  # cells that have no hash, such as lists
            return column.map(lambda cell: isinstance(cell, str) and cell in missing.words).astype(np.bool_)
    if len(missing.numbers) and pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.isin(missing.numbers)
    return None


def is_frame(origin: object) -> bool:
    """Whether an object is a frame of another library: of polars, an Arrow table, or anything with the interchange."""
    kind = type(origin)
    if kind.__name__ in {"Series", "ChunkedArray", "LazyFrame"}:
        return False
    return any(hasattr(kind, name) for name in ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__"))


def from_other(origin: Any) -> pd.DataFrame:
    """A frame of another library as one of pandas. Raises `Refusal` E0563 if pyarrow is needed for it."""
    from hqnn_dsl.data import arrow

    kind = type(origin)
    try:
        if hasattr(kind, "__arrow_c_stream__"):
            return arrow.from_stream(origin, NAME)
        if hasattr(kind, "__arrow_c_array__"):
            return arrow.from_stream(arrow.pyarrow("an Arrow array").record_batch(origin), NAME)
    except Refusal as refusal:
        if not hasattr(kind, "__dataframe__") or refusal.diagnostics[0].code != PackageForTable.code:
            raise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the interchange is on its way out of pandas
        return pd.api.interchange.from_dataframe(origin)


def not_a_table(origin: object) -> NotATable:
    """What was given in place of a table, and the call that makes a frame of it."""
    kind = type(origin).__name__
    what = f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
    match type(origin).__module__.partition(".")[0], kind:
        case _, "NoneType":
            return NotATable(what="None", call='pandas.read_csv("data.csv")')
        case "pandas", _:
            return NotATable(what=what, call="data.to_frame()")
        case "polars", "LazyFrame":
            return NotATable(what="a LazyFrame of polars", call="data.collect()")
        case "polars", _:
            return NotATable(what=f"{what} of polars", call="data.to_frame()")
        case "pyarrow", _:
            return NotATable(what=f"{what} of pyarrow", call="data.to_pandas()")
        case "numpy", _:
            return NotATable(what="an array", call='pandas.DataFrame(data, columns=["x", "y"])')
        case "torch", _:
            return NotATable(what="a tensor", call='pandas.DataFrame(data.numpy(), columns=["x", "y"])')
        case "_io", _:
            return NotATable(what="an open file", call="pandas.read_csv(data)")
        case _:
            return NotATable(what=what, call="pandas.DataFrame(data)")
