"""Reads and writes of a shared integer that other threads see whole and in order, as Numba functions.

Numba has none for the CPU. All are sequentially consistent; the arrays are of int64.
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

ORDER = "seq_cst"


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [place])


@intrinsic
def atomic_load(typing: Any, array: Any, place: Any) -> Any:
    """The number at `array[place]`."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load_atomic(_pointer(context, builder, signature.args[0], given[0], given[1]), ORDER, 8)

    return types.int64(array, types.intp), generate


@intrinsic
def atomic_store(typing: Any, array: Any, place: Any, value: Any) -> Any:
    """Write a number to `array[place]`."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store_atomic(given[2], _pointer(context, builder, signature.args[0], given[0], given[1]), ORDER, 8)
        return context.get_dummy_value()

    return types.none(array, types.intp, types.int64), generate


@intrinsic
def atomic_add(typing: Any, array: Any, place: Any, value: Any) -> Any:
    """Add to `array[place]`, and give the number before."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.atomic_rmw(
            "add", _pointer(context, builder, signature.args[0], given[0], given[1]), given[2], ORDER
        )

    return types.int64(array, types.intp, types.int64), generate


@intrinsic
def replaced(typing: Any, array: Any, place: Any, known: Any, value: Any) -> Any:
    """Write `value` to `array[place]` if it still is `known`. Returns whether it was."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], given[0], given[1])
        return builder.extract_value(builder.cmpxchg(pointer, given[2], given[3], ORDER, ORDER), 1)

    return types.boolean(array, types.intp, types.int64, types.int64), generate


@intrinsic
def pause(typing: Any) -> Any:
    """Let the core rest for some tens of cycles between two looks at a number; does nothing but on x86-64."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        if platform.machine() in {"x86_64", "AMD64"}:
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, nothing, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.none(), generate
