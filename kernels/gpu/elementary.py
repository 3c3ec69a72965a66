"""tanh, sech², log cosh and their half differences inside a kernel, without overflow."""

# pyright: reportGeneralTypeIssues=false
# Triton's functions return what they compute only inside a kernel.
import triton
import triton.language as tl

#: Below this |β| the pair uses series in tanh β (as in ``kernels.cpu.nonlinear``).
SMALL = tl.constexpr(0.03)


@triton.jit
def _exponentials(y):
    """Return e^y − 1 and e^y = 2^n e^r with n = round(y / ln 2).

    Adding the magic number rounds, and leaves n in the low bits.
    """
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
    return scale * p + (scale - 1), scale * p + scale


@triton.jit
def _clipped(size):
    """Return |x|, limited so that its sech² is a normal number; NaN stays NaN."""
    limit = 350.0 if size.dtype == tl.float64 else 43.0
    return tl.where(size > limit, limit, size)


@triton.jit
def _small_tanh(x):
    """Return tanh x for |x| < 0.6, float32."""
    z = x * x
    return x + x * z * (-0.33333296 + z * (0.1333188 + z * (-0.0537804 + z * (0.02078515 + z * -0.00588323))))


@triton.jit
def _tail(z):
    """Return 2 artanh(√z)/√z by its series, √z ≤ 1/3."""
    if z.dtype == tl.float64:
        p = 2 / 27 + z * (2 / 29 + z * (2 / 31 + z * (2 / 33)))
        p = 2 / 19 + z * (2 / 21 + z * (2 / 23 + z * (2 / 25 + z * p)))
        p = 2 / 11 + z * (2 / 13 + z * (2 / 15 + z * (2 / 17 + z * p)))
    else:
        p = 2 / 11 + z * (2 / 13 + z * (2 / 15))
    return 2 + z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * p))))


@triton.jit
def tanh(x):
    """Return tanh x, with low latency, since every time step waits for it.

    float32 uses a polynomial for |x| < 0.6 and the hardware's exponential otherwise.
    """
    size = tl.abs(x)
    if x.dtype == tl.float64:
        e, _ = _exponentials(2 * tl.where(size > 20, 20.0, size))  # in this order NaN stays NaN
        t = e / (e + 2)
    else:
        t = tl.where(size < 0.6, _small_tanh(size), 1 - 2 / (tl.exp(2 * tl.where(size > 10, 10.0, size)) + 1))
    return tl.where(x < 0, -t, t)


@triton.jit
def tanh_and_sech2(x):
    """Return tanh x and sech² x = 4E/(1 + E)², E = e^(−2|x|), at the cost of ``tanh``."""
    size = tl.abs(x)
    if x.dtype == tl.float64:
        e, power = _exponentials(-2 * _clipped(size))
        share = 1 / (e + 2)
        t = -e * share
    else:
        power = tl.exp(-2 * _clipped(size))
        share = 1 / (power + 1)
        t = tl.where(size < 0.6, _small_tanh(size), (1 - power) * share)
    return tl.where(x < 0, -t, t), 4 * power * share * share


@triton.jit
def all_of_cosh(x):
    """Return tanh x, sech² x and log cosh x.

    With e = e^(−2|x|) − 1 and v = tanh² x: log cosh x = artanh(v/(2 − v)) for v < ½, else
    |x| + 2 artanh(e/(e + 4)). Both arguments are below 1/3.
    """
    size = tl.abs(x)
    e, power = _exponentials(-2 * _clipped(size))
    share = 1 / (e + 2)
    t = -e * share
    near = e > -0.828427  # v < ½
    z = tl.where(near, e * e, e) / tl.where(near, e * (e + 8) + 8, e + 4)
    log = z * _tail(z * z)
    return tl.where(x < 0, -t, t), 4 * power * share * share, tl.where(near, 0.5 * log, size + log)


@triton.jit
def small_contrast(t, sech2, beta):
    """Return (t₊ + t₋)/2, h/β, A/β, q/β² from t = tanh a and sech² a, for |β| < SMALL.

    See ``kernels.cpu.nonlinear.pair_echo``.
    """
    u = beta * beta
    r = 1 + u * (-1 / 3 + u * (2 / 15 + u * (-17 / 315 + u * (62 / 2835))))
    tau = beta * r
    u, v, x = tau * tau, t * t, t * tau
    z = x * x
    # 1/(1 − z), z < 0.001, as a series: a division would add to the latency of every time step.
    share = 1 + z * (1 + z * (1 + z * (1 + z * (1 + z))))
    steep = sech2 * share
    contrast = r * t * (1 + z * (1 / 3 + z * (1 / 5 + z * (1 / 7 + z * (1 / 9)))))
    v5, v7 = 1 + v, 1 + v * (1 + v)
    curl = x * r * r * steep * (2 / 3 + u * (2 / 15 * v5 + u * (2 / 35 * v7 + u * (2 / 63) * (1 + v * v7))))
    return t * (1 - u) * share, r * steep, contrast, curl


@triton.jit
def _node(s2: tl.constexpr, weight: tl.constexpr, u, v):
    """Return one quadrature point's term of ∫₀¹ (1 − s²)/((1 − us²)(1 − vs²)) ds."""
    return weight / ((1 - s2 * u) * (1 - s2 * v))


@triton.jit
def any_contrast(a, beta):
    """Return (t₊ + t₋)/2, h/β, A/β, q/β² for any a and β.

    See ``impl_torch.hamiltonians.nonlinear.pair_ratios``. The logarithm ½ log1p(r) = artanh(r/(2 + r)) and
    A = artanh(Tτ) (|a| or |β| below 1/3) use the series of artanh.
    """
    tiny = 2.2250738585072014e-308 if beta.dtype == tl.float64 else 1.1754943508222875e-38
    x, y = tl.abs(a), tl.abs(beta)
    low, size = tl.minimum(x, y), tl.maximum(y, tiny)
    less_x, _ = _exponentials(-2 * _clipped(x))
    less_y, _ = _exponentials(-2 * _clipped(y))
    less_x, less_y = -less_x, -less_y  # 1 − E, 1 − F
    near, far = tl.exp(-2 * tl.abs(x - y)), tl.exp(-2 * (x + y))
    share = 1 / ((1 + near) * (1 + far))
    big_t, tau = less_x / (2 - less_x), less_y / (2 - less_y)
    per_y = tl.where(y < tiny, 2.0, less_y / size)
    slope = per_y / (2 - less_y)
    mean = tl.where(x > y, 1.0, near) * less_x * (2 - less_x) * share
    half = tl.where(x > y, near, 1.0) * per_y * (2 - less_y) * share

    is_far, ratio = low > 1 / 3, (near - far) / (1 + far)
    z = tl.where(is_far, ratio / (2 + ratio), tl.where(is_far, 0.0, big_t * tau))
    half_tail = 0.5 * _tail(z * z)
    half_log = z * half_tail
    area = tl.where(is_far, (low - half_log) / size, big_t * slope * half_tail)

    u, v = tau * tau, tau * tau * big_t * big_t
    # The positive half of 14 or 6 Gauss–Legendre points: exact to rounding for |β| < ½.
    if beta.dtype == tl.float64:
        p = _node(0.011675871940146671, 0.2127504602767796, u, v)
        p += _node(0.10183270400276961, 0.18430254930334197, u, v)
        p += _node(0.26548115726893734, 0.13628144899767086, u, v)
        p += _node(0.47237153700448453, 0.0829448654657048, u, v)
        p += _node(0.6842620156531487, 0.03836802856970896, u, v)
        p += _node(0.8619913332033933, 0.011062510741884676, u, v)
        p += _node(0.9727557512974905, 0.0009568033115761622, u, v)
    else:
        p = _node(0.056939115967007355, 0.4412713287894779, u, v)
        p += _node(0.4371978527510939, 0.20303738795638557, u, v)
        p += _node(0.8694993949182622, 0.022357949920803293, u, v)
    one_less_mean = near * share * (2 - less_y * (2 - less_y) + 2 * far)
    wide = tl.where(x < y, area - mean, one_less_mean - half_log / size) / size
    curl = tl.where(y < 0.5, big_t * tau * slope * half * p, wide)
    mean, area = tl.where(a < 0, -mean, mean), tl.where(a < 0, -area, area)
    return mean, half, area, tl.where((a < 0) != (beta < 0), -curl, curl)
