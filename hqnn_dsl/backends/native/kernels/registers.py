"""One SIMD register as a Numba type: eight float32 or four float64, loaded from and stored to a flat array.

Written with LLVM's own vectors, since its loop vectoriser gives up on rows that may overlap. A kernel is compiled for
the dtype of the arrays that it is called with: `load` gives the register that fits. Nothing is checked: an offset
outside the array is an error of the caller's.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeVar

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

from hqnn_dsl.backends.native.kernels.linked import OPTIONS

Function = TypeVar("Function", bound=Callable[..., Any])

LANES = {"float32": 8, "float64": 4}
"""Numbers in a register, by dtype: one AVX2 register."""


def kernel(function: Function) -> Function:
    """The function compiled into what calls it, free of the interpreter's lock; `compiled` keeps what is compiled.

    It makes no arrays and counts no references to those that it is given: they are the entry point's, which outlives
    it. Counting them, by atomic operations on memory that all threads share, and handing arrays on number by number
    took half the time of small states. Arrays are arguments of their own: handed on in named tuples they took a sixth
    longer to compile.
    """
    return _compiled(function, forceinline=True)


def routine(function: Function) -> Function:
    """The same for a function with several callers that works long at each call: compiled once, and called."""
    return _compiled(function, forceinline=False)


def _compiled(function: Function, *, forceinline: bool) -> Function:
    # `_nrt` is Numba's option for code without its reference counts; its manual does not name it.
    options = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    compiled: Function = numba.njit(nogil=True, forceinline=forceinline, **options, **OPTIONS)(function)
    return compiled


class Register(types.Type):
    """The Numba type of a register."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.lanes = LANES[str(dtype)]
        super().__init__(name=f"Register({dtype})")


def vector_of(register: Register) -> ir.VectorType:
    """LLVM's type of a register."""
    element = ir.FloatType() if register.dtype == types.float32 else ir.DoubleType()
    return ir.VectorType(element, register.lanes)


@register_model(Register)
class _RegisterModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, register: Register) -> None:
        super().__init__(manager, register, vector_of(register))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any, register: Register) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), vector_of(register).as_pointer())


@intrinsic
def load(typing: Any, array: Any, offset: Any) -> Any:
    """The register at `array[offset:]`."""
    register = Register(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], given[0], given[1], register)
        found = builder.load(pointer)
        found.align = array.dtype.bitwidth // 8
        return found

    return register(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, offset: Any, value: Any) -> Any:
    """Write a register to `array[offset:]`."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], given[0], given[1], value)
        written = builder.store(given[2], pointer)
        written.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.none(array, types.intp, value), generate


@intrinsic
def lanes(typing: Any, array: Any) -> Any:
    """How many numbers a register of the array's dtype holds, known when compiling."""
    count = LANES[str(array.dtype)]
    return types.intp(array), lambda context, builder, signature, given: ir.Constant(ir.IntType(64), count)


@intrinsic
def splat(typing: Any, array: Any, value: Any) -> Any:
    """A register of the array's dtype with `value`, of that dtype too, in every lane."""
    register = Register(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector = vector_of(register)
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), given[1], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), register.lanes), [0] * register.lanes)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)

    return register(array, array.dtype), generate


@intrinsic
def filled(typing: Any, array: Any, value: Any) -> Any:
    """A register of the array's dtype with a number of Python's in every lane."""
    register = Register(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector, number = vector_of(register), given[1]
        if register.dtype == types.float32:
            number = builder.fptrunc(number, ir.FloatType())
        first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), register.lanes), [0] * register.lanes)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)

    return register(array, types.float64), generate


@intrinsic
def zero(typing: Any, array: Any) -> Any:
    """A register of the array's dtype with zeros."""
    register = Register(array.dtype)
    count = register.lanes
    return register(array), lambda context, builder, signature, given: ir.Constant(vector_of(register), [0.0] * count)


@intrinsic
def fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """a·b + c in one rounding if the processor has that."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector = vector_of(a)
        name = f"llvm.fmuladd.v{a.lanes}f{a.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        return builder.call(function, given)

    return a(a, a, a), generate


@intrinsic
def fnma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """-a·b + c in one rounding if the processor has that."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector = vector_of(a)
        name = f"llvm.fmuladd.v{a.lanes}f{a.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector] * 3), name)
        return builder.call(function, [builder.fneg(given[0]), given[1], given[2]])

    return a(a, a, a), generate


def _smaller(builder: Any, register: Any, value: Any, bound: Any) -> Any:
    """Which lanes are smaller than those of the bound, signs aside."""
    vector = vector_of(register)
    name = f"llvm.fabs.v{register.lanes}f{register.dtype.bitwidth}"
    size = cgutils.get_or_insert_function(builder.module, ir.FunctionType(vector, [vector]), name)
    return builder.fcmp_ordered("<", builder.call(size, [value]), builder.call(size, [bound]))


@intrinsic
def not_below(typing: Any, value: Any, bound: Any) -> Any:
    """The register with `bound` in place of lanes that are smaller, signs aside."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.select(_smaller(builder, value, given[0], given[1]), given[1], given[0])

    return value(value, value), generate


@intrinsic
def any_below(typing: Any, value: Any, bound: Any) -> Any:
    """Whether a lane is smaller than that of `bound`, signs aside."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        bits = ir.IntType(value.lanes)
        found = builder.bitcast(_smaller(builder, value, given[0], given[1]), bits)
        return builder.icmp_unsigned("!=", found, ir.Constant(bits, 0))

    return types.boolean(value, value), generate


@intrinsic
def swap_lanes(typing: Any, value: Any, by: Any) -> Any:
    """The register with lane l of it at lane l ^ `by`; `by` None is known when compiling, and costs nothing."""
    if by == types.none:
        return value(value, by), lambda context, builder, signature, given: given[0]

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector, where = vector_of(value), given[1]
        start, end = builder.block, builder.append_basic_block("swapped")
        found = []
        choice = builder.switch(where, end)
        for mask in range(1, value.lanes):
            block = builder.append_basic_block(f"swap{mask}")
            choice.add_case(ir.Constant(ir.IntType(64), mask), block)
            with builder.goto_block(block):
                order = ir.Constant(
                    ir.VectorType(ir.IntType(32), value.lanes), [lane ^ mask for lane in range(value.lanes)]
                )
                found.append((builder.shuffle_vector(given[0], ir.Constant(vector, ir.Undefined), order), block))
                builder.branch(end)
        builder.position_at_end(end)
        result = builder.phi(vector)
        result.add_incoming(given[0], start)
        for swapped, block in found:
            result.add_incoming(swapped, block)
        return result

    return value(value, types.intp), generate


@intrinsic
def lane_sum(typing: Any, value: Any) -> Any:
    """The sum of all lanes, added in halves."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        vector, half, total = vector_of(value), value.lanes // 2, given[0]
        while half:
            order = ir.Constant(ir.VectorType(ir.IntType(32), value.lanes), [k ^ half for k in range(value.lanes)])
            total = builder.fadd(total, builder.shuffle_vector(total, ir.Constant(vector, ir.Undefined), order))
            half //= 2
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return value.dtype(value), generate


@intrinsic
def parity(typing: Any, mask: Any) -> Any:
    """1 where the number of bits of an integer is odd, else 0."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        integer = ir.IntType(64)
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(integer, [integer]), "llvm.ctpop.i64")
        return builder.and_(builder.call(function, given), ir.Constant(integer, 1))

    return types.intp(types.intp), generate


def _binary(operation: Any, method: str) -> None:
    @type_callable(operation)
    def _type(context: Any) -> Any:
        def typer(left: Any, right: Any) -> Any:
            return left if isinstance(left, Register) and left == right else None

        return typer

    @lower_builtin(operation, Register, Register)
    def _lower(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return getattr(builder, method)(*given)


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")
_binary(operator.truediv, "fdiv")
