"""Calls of compiled functions by their addresses, and views of flat arrays.

A function that is called by name is compiled once more into whatever calls it. By address it is compiled alone and kept
on disk alone, and a network's steps load only the kernels that it has. The types of the arguments must be those that
the function was compiled for: nothing is checked.

Views count no references: the flat array must outlive them, as arguments of an entry point do.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array


def _caller(returned: Any) -> Any:
    """Returns an intrinsic that calls a function which gives that type; its errors are passed on."""

    @intrinsic
    def call(typing: Any, address: Any, given: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            kinds = signature.args[1].types
            form = context.call_conv.get_function_type(returned, kinds)
            function = builder.inttoptr(values[0], form.as_pointer())
            arguments = [builder.extract_value(values[1], number) for number in range(len(kinds))]
            status, found = context.call_conv.call_function(builder, function, returned, kinds, arguments)
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return found

        return returned(types.int64, given), generate

    return call


call_int = _caller(types.int64)
"""`call_int(address, (arguments…))` of a function that returns an int64."""
call_float = _caller(types.float64)
"""The same for a float64."""
call_bool = _caller(types.boolean)
"""The same for a bool."""
call_nothing = _caller(types.none)
"""The same for a function that returns nothing."""


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
