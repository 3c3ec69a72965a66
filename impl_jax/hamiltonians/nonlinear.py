"""The nonlinear unit: oscillators in a log cosh potential."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from impl_jax.interface import Lanes, Theta

#: s² and weight of ∫₀¹ (1 − s²) · ds: the positive half of the Gauss–Legendre points, exact to rounding for |β| < ½.
NODES = {
    dtype: [(float(s**2), float(g * (1 - s**2))) for s, g in zip(*np.polynomial.legendre.leggauss(points), strict=True) if s > 0]
    for dtype, points in (("float32", 6), ("float64", 14))
}


@jax.custom_jvp
def log_cosh(x: Lanes) -> Lanes:
    """Return log cosh x without overflow for large |x|, to full relative precision for small |x|.

    log cosh x = −½ log(1 − tanh² x) = |x| + log(1 + e^{−2|x|}) − log 2.
    """
    size = jnp.abs(x)
    small = -0.5 * jnp.log1p(-(jnp.tanh(jnp.minimum(size, 1.0)) ** 2))
    return jnp.where(size < 1.0, small, size + jnp.log1p(jnp.exp(-2.0 * size)) - jnp.log(2.0).astype(x.dtype))


@log_cosh.defjvp
def _log_cosh_jvp(primals: tuple[Lanes], tangents: tuple[Lanes]) -> tuple[Lanes, Lanes]:
    (x,), (dx,) = primals, tangents
    return log_cosh(x), jnp.tanh(x) * dx


def sech2(x: Lanes) -> Lanes:
    """Return sech² x = 4E/(1 + E)², E = e^{−2|x|}."""
    small = jnp.exp(-2.0 * jnp.abs(x))
    return 4.0 * small / (1.0 + small) ** 2


def pair_ratios(a: Lanes, beta: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    """Return t̄, h/β, A/β and q/β² of the pair a ± β, without cancellation; β = 0 is their limit.

    The formulas are those of the oracle's ``pair_ratios``. For y = |β| < ½, t̄ = T(1 − τ²)/(1 − T²τ²), which
    rounds less.

    Args:
        a: mean argument, any shape.
        beta: half difference of the two arguments, same shape.
    """
    tiny = float(jnp.finfo(beta.dtype).tiny)
    x, y = jnp.abs(a), jnp.abs(beta)
    low, size = jnp.minimum(x, y), jnp.maximum(y, tiny)
    less_x, less_y = -jnp.expm1(-2.0 * x), -jnp.expm1(-2.0 * y)  # 1 − E, 1 − F
    near, far = jnp.exp(-2.0 * jnp.abs(x - y)), jnp.exp(-2.0 * (x + y))
    share = 1.0 / ((1.0 + near) * (1.0 + far))
    big_t, tau = less_x / (2.0 - less_x), less_y / (2.0 - less_y)
    per_y = jnp.where(y < 2.0 * tiny, 2.0, less_y / size)
    u, v = tau * tau, tau * tau * big_t * big_t
    mean = jnp.where(y < 0.5, big_t * (1.0 - u) / (1.0 - v), jnp.where(x > y, 1.0, near) * less_x * (2.0 - less_x) * share)
    half = jnp.where(x > y, near, 1.0) * per_y * (2.0 - less_y) * share

    # One logarithm for either argument: this is the most expensive line of a time step.
    is_far, z = low > 1 / 3, jnp.maximum(big_t * tau, tiny)
    half_log = 0.5 * jnp.log1p(jnp.where(is_far, (near - far) / (1.0 + far), 2.0 * z / (1.0 - jnp.where(is_far, 0.0, z))))
    slope = per_y / (2.0 - less_y)  # τ/y
    area = jnp.where(is_far, (low - half_log) / size, big_t * slope * (half_log / z))

    integral = sum(weight / ((1.0 - s2 * u) * (1.0 - s2 * v)) for s2, weight in NODES[str(beta.dtype)])
    one_less_mean = near * share * (2.0 - less_y * (2.0 - less_y) + 2.0 * far)
    wide = jnp.where(x < y, area - mean, one_less_mean - half_log / size) / size
    curl = jnp.where(y < 0.5, big_t * tau * slope * half * integral, wide)
    sign = jnp.sign(a)
    return sign * mean, half, sign * area, sign * jnp.sign(beta) * curl


@dataclass(frozen=True)
class Nonlinear:
    """Oscillators in a saturating well: T = ½π², V = ½αφ² + c̃ log cosh(wφ + f + b)/w.

    α and the step size δ are scalars; w, b and c̃ = sigmoid(c) are per channel; δ is trained directly.

    Source:
        Paper, section 4 (nonlinear HRU); ``c_squash`` = 2 is the released code's c̃ = sigmoid(sigmoid(c)).
    """

    parameters: tuple[str, ...] = ("alpha", "w", "b", "c_tilde")
    separable: bool = True
    closed_forms: bool = True
    released_at: Literal["end", "third"] = "third"

    def physical(self, raw: Theta, c_squash: int) -> tuple[Theta, Lanes]:
        """Return θ = {α (), w (P,), b (P,), c̃ (P,)} and δ ()."""
        c = raw["c"]
        for _ in range(c_squash):
            c = jax.nn.sigmoid(c)
        return {"alpha": raw["alpha"], "w": raw["w"], "b": raw["b"], "c_tilde": c}, raw["delta"]

    def steepness(self, theta: Theta) -> Lanes:
        """Return max|w|: the scale of tanh is 1/w."""
        return jnp.max(jnp.abs(theta["w"]))

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return ½π²."""
        return 0.5 * pi**2

    def velocity(self, pi: Lanes) -> Lanes:
        """Return π."""
        return pi

    def potential(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return ½αφ² + c̃ log cosh(wφ + f + b)/w.

        At w = 0 the last term is its limit c̃(φ tanh g + ½wφ² sech² g), g = f + b, up to a constant. The derivatives
        with respect to φ and w are exact.
        """
        w, shift = theta["w"], f + theta["b"]
        limit = phi * jnp.tanh(shift) + 0.5 * w * phi**2 * sech2(shift)
        well = jnp.where(w == 0, limit, log_cosh(w * phi + shift) / jnp.where(w == 0, 1.0, w))
        return 0.5 * theta["alpha"] * phi**2 + theta["c_tilde"] * well

    def force(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return αφ + c̃ tanh(wφ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * jnp.tanh(theta["w"] * phi + f + theta["b"])

    def pair_force(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        """Return αm + c̃(t₊ + t₋)/2 and αd + c̃(t₊ − t₋)/2."""
        beta = theta["w"] * d
        mean, half, _, _ = pair_ratios(theta["w"] * m + f + theta["b"], beta)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * (beta * half)

    def half_contrasts(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Theta, Lanes, Lanes]:
        """Return the half contrasts of V, with a = wm + f + b and β = wd (see ``pair_ratios``).

        α: md; c̃: d A/β; b and f: c̃ d h/β; w: c̃(m d h/β − d² q/β²); V: αmd + c̃ d A/β.
        Nothing is divided by w, which may be 0.
        """
        w, c = theta["w"], theta["c_tilde"]
        _, half, area, curl = pair_ratios(w * m + f + theta["b"], w * d)
        of_f, well = c * d * half, d * area
        of_theta = {"alpha": m * d, "w": m * of_f - c * d * (d * curl), "b": of_f, "c_tilde": well}
        return of_theta, of_f, theta["alpha"] * m * d + c * well


HAMILTONIAN = Nonlinear()
