"""tanh, log cosh and their half differences inside a kernel, in the working precision, without overflow."""

# pyright: reportGeneralTypeIssues=false
# Triton's functions return what they compute only inside a kernel.
import triton
import triton.language as tl

#: Below this |β| everything about the pair comes from series in tanh β (as in ``kernels.cpu.nonlinear``).
SMALL = tl.constexpr(0.03)


@triton.jit
def _expm1(y):
    """Return e^y − 1 = 2^n e^r − 1, n = round(y / ln 2); adding the magic number rounds, and leaves n in the low bits."""
    if y.dtype == tl.float64:
        shifted = y * 1.4426950408889634 + 6755399441055744.0
        n = shifted - 6755399441055744.0
        r = (y - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10
        p = 1 / 479001600 + r * (1 / 6227020800 + r * (1 / 87178291200))
        p = 1 / 362880 + r * (1 / 3628800 + r * (1 / 39916800 + r * p))
        p = 1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * p))
        p = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * p))
        scale = ((shifted.to(tl.int64, bitcast=True) + 1023) << 52).to(tl.float64, bitcast=True)
    else:
        shifted = y * 1.4426950408889634 + 12582912.0
        n = shifted - 12582912.0
        r = (y - n * 0.693359375) - n * -2.12194440e-4
        p = 1 / 720 + r * (1 / 5040)
        p = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * p))
        scale = ((shifted.to(tl.int32, bitcast=True) + 127) << 23).to(tl.float32, bitcast=True)
    p = r + r * r * (0.5 + r * p)
    return scale * p + (scale - 1)


@triton.jit
def tanh(x):
    """Return tanh x. A step waits for it: float32 takes a polynomial below 0.6 and the hardware's exponential beyond."""
    size = tl.abs(x)
    if x.dtype == tl.float64:
        e = _expm1(2 * tl.where(size > 20, 20.0, size))  # in this order a NaN stays a NaN
        t = e / (e + 2)
    else:
        z = x * x
        p = -0.33333296 + z * (0.1333188 + z * (-0.0537804 + z * (0.02078515 + z * -0.00588323)))
        t = tl.where(size < 0.6, size + size * z * p, 1 - 2 / (tl.exp(2 * tl.where(size > 10, 10.0, size)) + 1))
    return tl.where(x < 0, -t, t)


@triton.jit
def tanh_and_log_cosh(x):
    """Return tanh x and log cosh x = |x| + log1p(e/2), e = e^(−2|x|) − 1; log1p(e/2) = 2 artanh(e/(e + 4)) by its series."""
    size = tl.abs(x)
    e = _expm1(-2 * tl.where(size > 20, 20.0, size))
    t = -e / (e + 2)
    r = e / (e + 4)
    z = r * r
    if x.dtype == tl.float64:
        p = 2 / 27 + z * (2 / 29 + z * (2 / 31 + z * (2 / 33)))
        p = 2 / 19 + z * (2 / 21 + z * (2 / 23 + z * (2 / 25 + z * p)))
        p = 2 / 11 + z * (2 / 13 + z * (2 / 15 + z * (2 / 17 + z * p)))
    else:
        p = 2 / 11 + z * (2 / 13 + z * (2 / 15))
    p = 2 + z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * p))))
    return tl.where(x < 0, -t, t), size + r * p


@triton.jit
def small_contrast(t, beta):
    """Return (t₊ + t₋)/2, (t₊ − t₋)/2, A and q for t = tanh a and |β| < SMALL (see ``kernels.cpu.nonlinear.pair_echo``)."""
    u = beta * beta
    tau = beta * (1 + u * (-1 / 3 + u * (2 / 15 + u * (-17 / 315 + u * (62 / 2835)))))
    u, v, x = tau * tau, t * t, t * tau
    z = x * x
    # 1/(1 − z), z < 0.001: no division in the chain from step to step.
    share = 1 + z * (1 + z * (1 + z * (1 + z * (1 + z))))
    steep = (1 - v) * share
    contrast = x * (1 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9)))))
    v5, v7 = 1 + v, 1 + v * (1 + v)
    curl = x * u * steep * (2 / 3 + u * (2 / 15 * v5 + u * (2 / 35 * v7 + u * (2 / 63) * (1 + v * v7))))
    return t * (1 - u) * share, tau * steep, contrast, curl


@triton.jit
def any_tanh_pair(a, beta):
    """Return (t₊ + t₋)/2 and (t₊ − t₋)/2 = tanh(2β)(1 − t₊t₋)/2 for any a, β."""
    plus, minus = tanh(a + beta), tanh(a - beta)
    return 0.5 * (plus + minus), 0.5 * tanh(2 * beta) * (1 - plus * minus)


@triton.jit
def any_contrast(a, beta):
    """Return (t₊ + t₋)/2, (t₊ − t₋)/2, A and q for any a, β.

    A = artanh x, x = tanh a tanh β: a series for small x, else ½ log of (1 + |x|)/(1 − |x|), or, where both are large, of
    e^(2·low) (1 + e^(−2(high + low)))/(1 + e^(−2(high − low))), low and high the smaller and the larger of |a| and |β|.
    """
    mean, half = any_tanh_pair(a, beta)
    t = tanh(a)
    x = t * tanh(beta)
    low, high = tl.minimum(tl.abs(a), tl.abs(beta)), tl.maximum(tl.abs(a), tl.abs(beta))
    near = low < 1
    size, z = tl.where(near, tl.abs(x), 0.0), x * x
    ratio = tl.where(near, (1 + size) / (1 - size), (1 + tl.exp(-2 * (high + low))) / (1 + tl.exp(-2 * (high - low))))
    large = tl.where(near, 0.0, low) + 0.5 * tl.log(ratio)
    p = 1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17))))
    series = x * (1 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * p))))
    contrast = tl.where(z < 0.01, series, tl.where(x < 0, -large, large))
    _, _, _, curl = small_contrast(t, beta)
    return mean, half, contrast, tl.where(tl.abs(beta) < SMALL, curl, contrast - beta * mean)
