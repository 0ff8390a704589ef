"""Tables of Arrow: Parquet and Feather files, and frames of other libraries that hand their columns over as Arrow does.

Every column becomes what pandas would hold it in, without a number changing: whole numbers with gaps stay whole where a
float would round them. pyarrow is imported here and nowhere else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from hqnn_dsl.data.arrow_import import allow_import
from hqnn_dsl.data.cells import text_type
from hqnn_dsl.data.layout import check_names
from hqnn_dsl.diagnostics.codes.reading import NotUnpacked, PackageForTable
from hqnn_dsl.diagnostics.codes.tables import TableEmpty
from hqnn_dsl.diagnostics.diagnostic import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import BinaryIO

_INDEX = re.compile(r"__index_level_\d+__")
"""Names under which pandas keeps the row labels of a frame."""

_EXACT = 1 << 53


def pyarrow(what: str) -> Any:
    """The package. Raises `Refusal` E0563 if it is not installed.

    Commands keep it away from pandas, which would load it for its own texts: 0.15 seconds and 70 MB each time. A table
    that needs it gets it here.
    """
    allow_import()
    try:
        import pyarrow as pa
    except ImportError:
        raise Refusal(PackageForTable(what=what, package="pyarrow", extra="parquet")) from None
    return pa


def read_arrow(name: str, form: str, stream: BinaryIO) -> pd.DataFrame:
    """The table of a Parquet or Feather file, a column at a time.

    Raises `Refusal`: E0502, E0506, E0507, E0562, E0563.
    """
    package = pyarrow(f"`{name}`")
    try:
        if form == "Parquet":
            from pyarrow import parquet

            file = parquet.ParquetFile(stream)
            schema = file.schema_arrow
            names = _names(name, schema.names)
            return _frame({column: _pandas(file.read([column]).column(0), package) for column in names})
        from pyarrow import feather

        table = feather.read_table(stream)
        return _frame({column: _pandas(table[column], package) for column in _names(name, table.column_names)})
    except (package.ArrowException, OSError, ValueError, NotImplementedError, KeyError) as error:
        why = str(error).strip().split("\n")[0].rstrip(".")
        raise Refusal(
            NotUnpacked(table=name, packing="pyarrow", reason=why, hint=f"it is no whole {form} file")
        ) from None


def from_stream(origin: Any, name: str) -> pd.DataFrame:
    """A frame of another library that has `__arrow_c_stream__` or is an Arrow table."""
    package = pyarrow(f"a {type(origin).__name__} of {type(origin).__module__.partition('.')[0]}")
    table = package.table(origin)
    return _frame({column: _pandas(table[column], package) for column in _names(name, table.column_names)})


def _names(name: str, found: Iterable[str]) -> list[str]:
    """The columns, without the row labels that pandas has kept among them."""
    names = [column for column in found if not _INDEX.fullmatch(column)]
    if not names:
        raise Refusal(TableEmpty(table=name, lacks="no columns"))
    check_names(name, names)
    return names


def _frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(dict(columns), copy=False)


def _pandas(column: Any, package: Any) -> Any:
    """One column `ChunkedArray` as an array or series."""
    types, kind = package.types, column.type
    if types.is_dictionary(kind) and _is_text(kind.value_type, types):
        return _text(column.chunks)
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    if types.is_boolean(kind):
        return _numpy(column) if not column.null_count else _objects(column)
    if types.is_integer(kind):
        return _integers(column)
    if types.is_floating(kind):
        return _numpy(column).astype(np.float64, copy=False)
    if _is_text(kind, types):
        return _text(column.cast(package.large_string()).dictionary_encode().chunks)
    if types.is_date(kind):
        return _numpy(column.cast(package.timestamp("s")))
    if types.is_timestamp(kind) or types.is_duration(kind):
        return _times(column, getattr(kind, "tz", None))
    return _objects(column)


def _times(column: Any, zone: str | None) -> pd.Series[Any]:
    values: pd.Series[Any] = pd.Series(_numpy(column))
    return values if zone is None else values.dt.tz_localize("UTC").dt.tz_convert(zone)


def _numpy(column: Any) -> Any:
    return column.to_numpy()


def _integers(column: Any) -> Any:
    """Whole numbers; with gaps as floats where these are exact, else as pandas' nullable ones."""
    if not column.null_count:
        values = _numpy(column)
        return values if values.dtype == np.uint64 else values.astype(np.int64, copy=False)
    present = column.drop_null().to_numpy()
    if not len(present) or max(abs(int(present.min())), abs(int(present.max()))) <= _EXACT:
        return _numpy(column).astype(np.float64, copy=False)
    values = np.zeros(len(column), dtype=present.dtype)
    is_missing = column.is_null().to_numpy().astype(np.bool_)
    values[~is_missing] = present
    return pd.arrays.IntegerArray(values, is_missing)


def _is_text(kind: Any, types: Any) -> bool:
    return types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view"


def _text(chunks: list[Any]) -> pd.Series[Any]:
    """Text from pieces with a dictionary each, a word one object in each however many cells have it."""
    pieces = []
    for chunk in chunks:
        words = [np.nan if word is None else word.strip() for word in chunk.dictionary.to_pylist()]
        codes = chunk.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)
        pieces.append(np.array([*words, np.nan], dtype=object)[codes])
    cells = np.concatenate(pieces) if pieces else np.empty(0, dtype=object)
    found: pd.Series[Any] = pd.Series(cells, dtype=text_type(), copy=False)
    return found


def _objects(column: Any) -> pd.Series[Any]:
    """Values of Python, NaN for missing ones."""
    cells = np.empty(len(column), dtype=object)
    for place, value in enumerate(column.to_pylist()):
        cells[place] = np.nan if value is None else value
    return pd.Series(cells, copy=False)
