"""Calls of compiled functions by their addresses.

A function that is called by name is compiled once more into whatever calls it. By address it is compiled alone and kept
on disk alone, and a network's steps load only the kernels that it has. The types of the arguments must be those that
the function was compiled for: nothing is checked.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic


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
