"""Views of flat arrays that count no references: the array must outlive them, as arguments of an entry point do."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from hqnn_dsl.backends.native.kernels.registers import kernel


def _view(context: Any, builder: Any, kinds: Any, flat: Any, begin: Any, shape: list[Any]) -> Any:
    source_type, view_type = kinds
    source = context.make_array(source_type)(context, builder, flat)
    view = context.make_array(view_type)(context, builder)
    item = ir.Constant(ir.IntType(64), view_type.dtype.bitwidth // 8)
    strides = [item] if len(shape) == 1 else [builder.mul(item, shape[1]), item]
    data = builder.gep(source.data, [begin])
    populate_array(view, data=data, shape=shape, strides=strides, itemsize=item, meminfo=None)
    return view._getvalue()  # noqa: SLF001 - Numba's own way to the value of a structure


@intrinsic
def part(typing: Any, flat: Any, begin: Any, count: Any) -> Any:
    """`flat[begin : begin + count]`."""
    found = types.Array(flat.dtype, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _view(context, builder, (signature.args[0], found), values[0], values[1], [values[2]])

    return found(flat, types.intp, types.intp), generate


@intrinsic
def matrix(typing: Any, flat: Any, begin: Any, rows: Any, columns: Any) -> Any:
    """`flat[begin : begin + rows * columns]` as rows of `columns` numbers."""
    found = types.Array(flat.dtype, 2, "C")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds = signature.args[0], found
        return _view(context, builder, kinds, values[0], values[1], [values[2], values[3]])

    return found(flat, types.intp, types.intp, types.intp), generate


@kernel
def hold(array: Any) -> None:
    """The last use of an array that views were made of: Numba gives an array's memory back after its last use."""
