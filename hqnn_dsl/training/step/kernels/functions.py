"""Functions of whole registers: exponential and what is made of it, error function, and choices by lane.

Polynomials and reductions are those of the Cephes library (S. Moshier), to about two units in the last place. NaN stays
NaN. Exponentials below the smallest normal number are 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.extending import intrinsic

from hqnn_dsl.backends.native.kernels.trigonometry import Writer

_MAGIC = {32: 1.5 * 2.0**23, 64: 1.5 * 2.0**52}
"""Added to a number it leaves the nearest whole number in the lowest bits."""
_MANTISSA = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
_LN2 = {32: (0.693359375, -2.12194440e-4), 64: (6.93145751953125e-1, 1.42860682030941723212e-6)}
_LOWEST = {32: -87.33, 64: -708.39}
_HIGHEST = {32: 88.73, 64: 709.79}
_EXP = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_EXP_ABOVE = (1.26177193074810590878e-4, 3.02994407707441961300e-2, 9.99999999999999999910e-1)
_EXP_BELOW = (
    *(3.00198505138664455042e-6, 2.52448340349684104192e-3),
    *(2.27265548208155028766e-1, 2.00000000000000000005e0),
)
_TANH = (-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1)
_TANH_ABOVE = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_TANH_BELOW = (1.0, 1.12811678491632931402e2, 2.23548839060100448583e3, 4.84406305325125486048e3)
_SMALL = 0.625
_ERF_ABOVE = (
    *(9.60497373987051638749e0, 9.00260197203842689217e1, 2.23200534594684319226e3),
    *(7.00332514112805075473e3, 5.55923013010394962768e4),
)
_ERF_BELOW = (
    *(1.0, 3.35617141647503099647e1, 5.21357949780152679795e2),
    *(4.59432382970980127987e3, 2.26290000613890934246e4, 4.92673942608635921086e4),
)
_ERFC_ABOVE = (
    *(2.46196981473530512524e-10, 5.64189564831068821977e-1, 7.46321056442269912687e0),
    *(4.86371970985681366614e1, 1.96520832956077098242e2, 5.26445194995477358631e2),
    *(9.34528527171957607540e2, 1.02755188689515710272e3, 5.57535335369399327526e2),
)
_ERFC_BELOW = (
    *(1.0, 1.32281951154744992508e1, 8.67072140885989742329e1),
    *(3.54937778887819891062e2, 9.75708501743205489753e2, 1.82390916687909736289e3),
    *(2.24633760818710981792e3, 1.65666309194161350182e3, 5.57535340817727675546e2),
)
_LOG = {
    32: (
        *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
        *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
    ),
    64: (
        *(1.01875663804580931796e-4, 4.97494994976747001425e-1, 4.70579119878881725854e0),
        *(1.44989225341610930846e1, 1.79368678507819816313e1, 7.70838733755885391666e0),
    ),
}
_LOG_BELOW = (
    *(1.0, 1.12873587189167450590e1, 4.52279145837532221105e1),
    *(8.29875266912776603211e1, 7.11544750618563894466e1, 2.31251620126765340583e1),
)
_ROOT_TWO, _LN_TWO = 2**0.5, 0.6931471805599453
LINEAR_FROM = 20.0
_ERF_END = 8.0
"""From here on 1 - erf is 0 in all digits."""


def _by_bits(writer: Writer, table: dict[int, float]) -> Any:
    return writer.number(table[writer.bits])


def _exp(writer: Writer, value: Any) -> Any:
    builder, bits = writer.builder, writer.bits
    low, high, magic = (_by_bits(writer, table) for table in (_LOWEST, _HIGHEST, _MAGIC))
    is_low = builder.fcmp_ordered("<", value, low)
    at = builder.select(is_low, low, builder.select(builder.fcmp_ordered(">", value, high), high, value))
    shifted = builder.fadd(builder.fmul(at, writer.number(1.4426950408889634)), magic)
    count = builder.fsub(shifted, magic)
    whole = builder.sub(builder.bitcast(shifted, writer.integers), builder.bitcast(magic, writer.integers))
    rest = at
    for number in _LN2[bits]:
        rest = writer.call("fmuladd", count, writer.number(-number), rest)
    grown = _exp_of_rest(writer, rest)
    exponent = builder.shl(builder.add(whole, writer.whole(_BIAS[bits])), writer.whole(_MANTISSA[bits]))
    found = builder.fmul(grown, builder.bitcast(exponent, writer.vector))
    found = builder.select(is_low, writer.number(0.0), found)
    return builder.select(builder.fcmp_unordered("uno", value, value), value, found)


def _exp_of_rest(writer: Writer, rest: Any) -> Any:
    """Exp for |rest| of at most half the logarithm of 2."""
    builder, square = writer.builder, writer.builder.fmul(rest, rest)
    if writer.bits == 32:
        found = writer.call("fmuladd", writer.polynomial(_EXP, rest), square, rest)
        return builder.fadd(found, writer.number(1.0))
    above = builder.fmul(rest, writer.polynomial(_EXP_ABOVE, square))
    below = builder.fsub(writer.polynomial(_EXP_BELOW, square), above)
    return writer.call("fmuladd", builder.fdiv(above, below), writer.number(2.0), writer.number(1.0))


def _tanh(writer: Writer, value: Any) -> Any:
    builder, one, two = writer.builder, writer.number(1.0), writer.number(2.0)
    size = writer.call("fabs", value)
    far = builder.fsub(one, builder.fdiv(two, builder.fadd(_exp(writer, builder.fadd(size, size)), one)))
    square = builder.fmul(value, value)
    if writer.bits == 32:
        bent = writer.polynomial(_TANH, square)
    else:
        bent = builder.fdiv(writer.polynomial(_TANH_ABOVE, square), writer.polynomial(_TANH_BELOW, square))
    near = writer.call("fmuladd", builder.fmul(bent, square), value, value)
    is_far = builder.fcmp_ordered(">", size, writer.number(_SMALL))
    return builder.select(is_far, writer.call("copysign", far, value), near)


def _erf(writer: Writer, value: Any) -> Any:
    builder, one = writer.builder, writer.number(1.0)
    size, square = writer.call("fabs", value), builder.fmul(value, value)
    near = builder.fdiv(writer.polynomial(_ERF_ABOVE, square), writer.polynomial(_ERF_BELOW, square))
    end = writer.number(_ERF_END)
    at = builder.select(builder.fcmp_ordered(">", size, end), end, size)
    share = builder.fdiv(writer.polynomial(_ERFC_ABOVE, at), writer.polynomial(_ERFC_BELOW, at))
    far = builder.fsub(one, builder.fmul(_exp(writer, builder.fneg(square)), share))
    is_far = builder.fcmp_ordered(">", size, one)
    return builder.select(is_far, writer.call("copysign", far, value), builder.fmul(near, value))


def _softplus(writer: Writer, value: Any) -> Any:
    """log(1 + exp(x)), a straight line beyond `LINEAR_FROM`, as in torch."""
    builder, zero, one = writer.builder, writer.number(0.0), writer.number(1.0)
    small = _exp(writer, builder.fneg(writer.call("fabs", value)))
    is_far = builder.fcmp_ordered(">", small, writer.number(_ROOT_TWO - 1))
    rest = builder.select(is_far, builder.fmul(writer.number(0.5), builder.fsub(small, one)), small)
    square = builder.fmul(rest, rest)
    bent = writer.polynomial(_LOG[writer.bits], rest)
    if writer.bits == 64:
        bent = builder.fdiv(bent, writer.polynomial(_LOG_BELOW, rest))
    found = writer.call("fmuladd", builder.fmul(rest, square), bent, builder.fmul(square, writer.number(-0.5)))
    found = builder.fadd(builder.fadd(rest, found), builder.select(is_far, writer.number(_LN_TWO), zero))
    found = builder.fadd(found, builder.select(builder.fcmp_ordered(">", value, zero), value, zero))
    return builder.select(builder.fcmp_ordered("<=", value, writer.number(LINEAR_FROM)), found, value)


def _softplus_slope(writer: Writer, value: Any) -> Any:
    is_linear = writer.builder.fcmp_ordered(">", value, writer.number(LINEAR_FROM))
    return writer.builder.select(is_linear, writer.number(1.0), _sigmoid(writer, value))


def _sigmoid(writer: Writer, value: Any) -> Any:
    builder, one = writer.builder, writer.number(1.0)
    return builder.fdiv(one, builder.fadd(one, _exp(writer, builder.fneg(value))))


def _of_one(write: Callable[[Writer, Any], Any]) -> Any:
    """Returns the intrinsic of a function of one register."""

    @intrinsic
    def function(typing: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            return write(Writer(builder, signature.args[0]), given[0])

        return value(value), generate

    return function


exp, tanh, sigmoid, erf = _of_one(_exp), _of_one(_tanh), _of_one(_sigmoid), _of_one(_erf)
softplus, softplus_slope = _of_one(_softplus), _of_one(_softplus_slope)
absolute = _of_one(lambda writer, value: writer.call("fabs", value))


@intrinsic
def where_positive(typing: Any, value: Any, then: Any, otherwise: Any) -> Any:
    """Lanes of `then` where those of `value` are above 0, else of `otherwise`; there too if `value` is NaN."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        zero = ir.Constant(given[0].type, [0.0] * value.lanes)
        return builder.select(builder.fcmp_ordered(">", given[0], zero), given[1], given[2])

    return value(value, value, value), generate


@intrinsic
def larger(typing: Any, a: Any, b: Any) -> Any:
    """The larger of two registers by lane; NaN of `b` stays."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", given[0], given[1]), given[0], given[1])

    return a(a, a), generate


@intrinsic
def root(typing: Any, value: Any) -> Any:
    """The square roots of all lanes."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return Writer(builder, signature.args[0]).call("sqrt", given[0])

    return value(value), generate
