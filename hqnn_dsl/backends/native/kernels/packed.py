"""Many tables in one array: each array that a kernel is handed from Python costs a tenth of a microsecond.

An array of whole numbers begins with where each table begins and ends, those of an array of floats among them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from hqnn_dsl.backends.native.kernels.linked import OPTIONS
from hqnn_dsl.backends.native.kernels.views import matrix, part

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]


def pack(tables: Sequence[Array], floats: Sequence[Array] = ()) -> tuple[Array, Array]:
    """All tables in one int64 array, for `table` and `column`, and the floats in one of float64, for `numbers`."""
    ends = np.cumsum([2 * (len(tables) + len(floats)), *(table.size for table in tables)])
    float_ends = np.cumsum([0, *(array.size for array in floats)])
    head = [bounds for found in (ends, float_ends) for bounds in pairwise(found)]
    whole = [np.array(head, dtype=np.int64).reshape(-1), *(table.reshape(-1) for table in tables)]
    return np.concatenate(whole), np.concatenate([np.empty(0, np.float64), *floats])


view = numba.njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True, **OPTIONS)
"""Compiles a function that returns views of an array which outlives them: no references are counted."""


@view
def table(whole: Any, which: int, width: int) -> Any:
    """Table number `which` as rows of `width` numbers."""
    begin = whole[2 * which]
    return matrix(whole, begin, (whole[2 * which + 1] - begin) // width, width)


@view
def column(whole: Any, which: int) -> Any:
    """Table number `which` as one row of numbers."""
    begin = whole[2 * which]
    return part(whole, begin, whole[2 * which + 1] - begin)


@view
def numbers(whole: Any, which: int, floats: Any) -> Any:
    """The floats number `which`, counted on from the tables."""
    begin = whole[2 * which]
    return part(floats, begin, whole[2 * which + 1] - begin)
