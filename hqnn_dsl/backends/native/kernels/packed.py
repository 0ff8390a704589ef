"""Many tables in one array: each array that a kernel is handed from Python costs a tenth of a microsecond.

An array of whole numbers begins with where each table begins and ends, those of an array of floats among them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from numba.core import types
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from hqnn_dsl.backends.native.kernels.linked import OPTIONS

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
"""Compiles a function that returns a part of an array: unlike a `kernel` it counts the reference that its caller will
give up."""


@intrinsic
def part(typing: Any, array: Any, begin: Any, end: Any) -> Any:
    """`array[begin:end]` of a flat array, unchecked: compiled in a tenth of the time of slices."""
    return array(array, types.intp, types.intp), _generate_part


def _generate_part(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    count = builder.sub(given[2], given[1])
    return _made(context, builder, signature, given, [count])


@intrinsic
def rows(typing: Any, array: Any, begin: Any, end: Any, width: Any) -> Any:
    """`array[begin:end].reshape(-1, width)` of a flat array, unchecked."""
    kind = types.Array(array.dtype, 2, "C")
    return kind(array, types.intp, types.intp, types.intp), _generate_rows


def _generate_rows(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    count = builder.sdiv(builder.sub(given[2], given[1]), given[3])
    return _made(context, builder, signature, given, [count, given[3]])


def _made(context: Any, builder: Any, signature: Any, given: Any, shape: list[Any]) -> Any:
    """An array of the shape, in C order, on the numbers of a flat one from `begin` on."""
    kind, whole_kind = signature.return_type, signature.args[0]
    whole = context.make_array(whole_kind)(context, builder, given[0])
    found = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    strides = [size] if len(shape) == 1 else [builder.mul(size, shape[1]), size]
    data = builder.gep(whole.data, [given[1]])
    populate_array(found, data=data, shape=shape, strides=strides, itemsize=size, meminfo=whole.meminfo)
    return impl_ret_borrowed(context, builder, kind, found._getvalue())  # noqa: SLF001 - Numba names it so


@view
def table(whole: Any, which: int, width: int) -> Any:
    """Table number `which` as rows of `width` numbers."""
    return rows(whole, whole[2 * which], whole[2 * which + 1], width)


@view
def column(whole: Any, which: int) -> Any:
    """Table number `which` as one row of numbers."""
    return part(whole, whole[2 * which], whole[2 * which + 1])


@view
def numbers(whole: Any, which: int, floats: Any) -> Any:
    """The floats number `which`, counted on from the tables."""
    return part(floats, whole[2 * which], whole[2 * which + 1])
