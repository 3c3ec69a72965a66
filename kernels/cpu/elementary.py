"""tanh, sech² and log cosh that the compiler can vectorise, full precision in float32 and float64, no overflow."""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable

# e^y = 2^n e^r, n = round(y / ln 2). Adding this number rounds to an integer and leaves it in the low bits.
_MAGIC32, _MAGIC64 = np.float32(1.5 * 2**23), 1.5 * 2.0**52
_LN2_HIGH32, _LN2_LOW32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LN2_HIGH64, _LN2_LOW64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@intrinsic
def _power_of_two(typingctx: Any, shifted: Any) -> Any:
    """Return 2^n for n held in the low bits of ``shifted`` = n + magic."""
    single = shifted == types.float32
    width, mantissa, bias = (32, 23, 127) if single else (64, 52, 1023)

    def codegen(context, builder, signature, args):
        del context, signature
        integer = ir.IntType(width)
        bits = builder.bitcast(args[0], integer)
        bits = builder.shl(builder.add(bits, ir.Constant(integer, bias)), ir.Constant(integer, mantissa))
        return builder.bitcast(bits, args[0].type)

    return shifted(shifted), codegen


def _exponentials_32(y: Any) -> Any:
    """Return e^y − 1 and e^y, each to full relative precision."""
    shifted = y * np.float32(1.4426950408889634) + _MAGIC32
    n = shifted - _MAGIC32
    r = (y - n * _LN2_HIGH32) - n * _LN2_LOW32
    p = np.float32(1 / 720) + r * np.float32(1 / 5040)
    p = np.float32(1 / 6) + r * (np.float32(1 / 24) + r * (np.float32(1 / 120) + r * p))
    p = r + r * r * (np.float32(0.5) + r * p)
    scale: Any = _power_of_two(shifted)
    return scale * p + (scale - np.float32(1)), scale * p + scale


def _exponentials_64(y: Any) -> Any:
    """Return e^y − 1 and e^y, each to full relative precision."""
    shifted = y * 1.4426950408889634 + _MAGIC64
    n = shifted - _MAGIC64
    r = (y - n * _LN2_HIGH64) - n * _LN2_LOW64
    p = 1 / 479001600 + r * (1 / 6227020800 + r * (1 / 87178291200))
    p = 1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * p))
    p = 1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * p))
    p = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * p))
    p = r + r * r * (0.5 + r * p)
    scale: Any = _power_of_two(shifted)
    return scale * p + (scale - 1), scale * p + scale


def _tail_32(z: Any) -> Any:
    """Return 2 artanh(√z)/√z by its series, √z ≤ 1/3."""
    p = np.float32(2 / 11) + z * (np.float32(2 / 13) + z * np.float32(2 / 15))
    p = np.float32(2 / 5) + z * (np.float32(2 / 7) + z * (np.float32(2 / 9) + z * p))
    return np.float32(2) + z * (np.float32(2 / 3) + z * p)


def _tail_64(z: Any) -> Any:
    """Return 2 artanh(√z)/√z by its series, √z ≤ 1/3."""
    p = 2 / 27 + z * (2 / 29 + z * (2 / 31 + z * (2 / 33)))
    p = 2 / 19 + z * (2 / 21 + z * (2 / 23 + z * (2 / 25 + z * p)))
    p = 2 / 11 + z * (2 / 13 + z * (2 / 15 + z * (2 / 17 + z * p)))
    return 2 + z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * p))))


def _build(real: Any, limit: float, lowest: float, exponentials: Any, tail: Any) -> tuple[Any, Any, Any]:
    """Return tanh, (tanh, sech²) and (tanh, log cosh) for one dtype.

    Args:
        real: the dtype.
        limit: |x| beyond it has tanh = ±1 to the last digit.
        lowest: |x| beyond it has a sech² that is no normal number.
        exponentials: e^y − 1 and e^y.
        tail: 2 artanh(√z)/√z.
    """
    high, low, lowest, zero, half, one, two, four, eight = map(real, (limit, -limit, lowest, 0, 0.5, 1, 2, 4, 8))
    edge = real(-0.828427)  # e^(−2|x|) − 1 where tanh² x = ½

    def tanh(x):
        # In this order a NaN stays a NaN.
        clipped = high if x > high else (low if x < low else x)
        e, _ = exponentials(two * clipped)
        return e / (e + two)

    def tanh_and_sech2(x):
        size = abs(x)
        e, power = exponentials(-two * (lowest if size > lowest else size))
        share = one / (e + two)
        t = -e * share
        return (t if x > zero else -t), four * power * share * share

    def tanh_and_log_cosh(x):
        size = abs(x)
        e, _ = exponentials(-two * (high if size > high else size))
        t = -e / (e + two)
        # With e = e^(−2|x|) − 1, log cosh x = artanh(v/(2 − v)), v = tanh² x, or |x| + 2 artanh(e/(e + 4)): both below 1/3.
        # Chosen by products with 1 and 0: of several choices the compiler would make a branch, and vectorise nothing.
        near = one if e > edge else zero
        far = one - near
        z = e * (far + near * e) / (near * (e * (e + eight) + eight) + far * (e + four))
        return (t if x > zero else -t), far * size + (far + half * near) * (z * tail(z * z))

    return tanh, tanh_and_sech2, tanh_and_log_cosh


_SINGLE = _build(np.float32, 10.0, 43.0, register_jitable(_exponentials_32), register_jitable(_tail_32))
_DOUBLE = _build(np.float64, 20.0, 350.0, register_jitable(_exponentials_64), register_jitable(_tail_64))


def tanh(x: Any) -> Any:
    """Return tanh x inside a kernel; relative error of a few units in the last place."""
    return np.tanh(x)


@overload(tanh)
def _tanh(x):
    return _SINGLE[0] if x == types.float32 else _DOUBLE[0]


def tanh_and_sech2(x: Any) -> Any:
    """Return tanh x and sech² x inside a kernel, from one exponential."""
    return np.tanh(x), 1 / np.cosh(x) ** 2


@overload(tanh_and_sech2)
def _tanh_and_sech2(x):
    return _SINGLE[1] if x == types.float32 else _DOUBLE[1]


def tanh_and_log_cosh(x: Any) -> Any:
    """Return tanh x and log cosh x inside a kernel, for the price of little more than one."""
    return np.tanh(x), np.logaddexp(x, -x) - np.log(2.0)


@overload(tanh_and_log_cosh)
def _tanh_and_log_cosh(x):
    return _SINGLE[2] if x == types.float32 else _DOUBLE[2]
