"""Sine and cosine of a whole register at once.

The angle is reduced to |r| ≤ π/4 by multiples of π/2 in three parts, then polynomials follow; these and the parts are
those of the Cephes library (S. Moshier), to about one unit in the last place. Good for |angle| ≤ `LARGEST`; beyond that
the parts lose digits, and kernels take the scalar functions.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from hqnn_dsl.backends.native.kernels.registers import Register, vector_of

LARGEST = 4096.0

_QUARTERS = {
    32: (2 * 0.78515625, 2 * 2.4187564849853515625e-4, 2 * 3.77489497744594108e-8),
    64: (2 * 7.85398125648498535156e-1, 2 * 3.77489470793079817668e-8, 2 * 2.69515142907905952645e-15),
}
_SINE = {
    32: (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1),
    64: (
        *(1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6),
        *(-1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1),
    ),
}
_COSINE = {
    32: (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2),
    64: (
        *(-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7),
        *(2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2),
    ),
}


class Writer:
    """Writes the steps for one register type."""

    def __init__(self, builder: Any, register: Register) -> None:
        self.builder = builder
        self.bits = register.dtype.bitwidth
        self.lanes = register.lanes
        self.vector = vector_of(register)
        self.integers = ir.VectorType(ir.IntType(self.bits), register.lanes)

    def number(self, value: float) -> Any:
        return ir.Constant(self.vector, [value] * self.lanes)

    def whole(self, value: int) -> Any:
        return ir.Constant(self.integers, [value] * self.lanes)

    def call(self, name: str, *given: Any) -> Any:
        kind = ir.FunctionType(self.vector, [self.vector] * len(given))
        full = f"llvm.{name}.v{self.lanes}f{self.bits}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, full), given)

    def polynomial(self, coefficients: tuple[float, ...], at: Any) -> Any:
        value = self.number(coefficients[0])
        for coefficient in coefficients[1:]:
            value = self.call("fmuladd", value, at, self.number(coefficient))
        return value

    def negated(self, value: Any, quadrants: Any) -> Any:
        """The value with its sign changed in lanes in which bit 1 of the quadrant is set."""
        sign = self.builder.shl(self.builder.and_(quadrants, self.whole(2)), self.whole(self.bits - 2))
        return self.builder.bitcast(self.builder.xor(self.builder.bitcast(value, self.integers), sign), self.vector)

    def sine_and_cosine(self, angle: Any) -> tuple[Any, Any]:
        builder = self.builder
        quarters = self.call("rint", builder.fmul(angle, self.number(0.6366197723675814)))
        quadrants = builder.fptosi(quarters, self.integers)
        rest = angle
        for part in _QUARTERS[self.bits]:
            rest = self.call("fmuladd", quarters, self.number(-part), rest)
        square = builder.fmul(rest, rest)
        cubic = builder.fmul(square, rest)
        sine = self.call("fmuladd", self.polynomial(_SINE[self.bits], square), cubic, rest)
        low = self.call("fmuladd", square, self.number(-0.5), self.number(1.0))
        fourth = builder.fmul(square, square)
        cosine = self.call("fmuladd", self.polynomial(_COSINE[self.bits], square), fourth, low)
        odd = builder.icmp_signed("!=", builder.and_(quadrants, self.whole(1)), self.whole(0))
        own, other = builder.select(odd, cosine, sine), builder.select(odd, sine, cosine)
        return self.negated(own, quadrants), self.negated(other, builder.add(quadrants, self.whole(1)))


@intrinsic
def sine_and_cosine(typing: Any, angle: Any) -> Any:
    """(sin, cos) of every lane."""
    pair = types.UniTuple(angle, 2)  # type: ignore[attr-defined]  # made at run time

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        found = Writer(builder, signature.args[0]).sine_and_cosine(given[0])
        return context.make_tuple(builder, signature.return_type, found)

    return pair(angle), generate
