"""The nonlinear unit: oscillators in a log cosh potential."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from impl_jax.interface import Lanes, Theta

#: Below this |β| the term q = A − β t̄ is taken from its series, above it from its two (then unequal) parts.
SERIES_BELOW = {"float32": 0.03, "float64": 0.003}


@jax.custom_jvp
def log_cosh(x: Lanes) -> Lanes:
    """Return log cosh x, without overflow for large |x| and to full relative precision for small |x|.

    log cosh x = −½ log(1 − tanh² x) = |x| + log(1 + e^{−2|x|}) − log 2.
    """
    size = jnp.abs(x)
    small = -0.5 * jnp.log1p(-(jnp.tanh(jnp.minimum(size, 1.0)) ** 2))
    return jnp.where(size < 1.0, small, size + jnp.log1p(jnp.exp(-2.0 * size)) - jnp.log(2.0).astype(x.dtype))


@log_cosh.defjvp
def _log_cosh_jvp(primals: tuple[Lanes], tangents: tuple[Lanes]) -> tuple[Lanes, Lanes]:
    (x,), (dx,) = primals, tangents
    return log_cosh(x), jnp.tanh(x) * dx


def log_cosh_contrast(a: Lanes, beta: Lanes) -> Lanes:
    """Return A(a, β) = ½[log cosh(a + β) − log cosh(a − β)] = artanh(tanh a · tanh β).

    With s = |tanh a · tanh β|, A = ±½ log1p(2s/(1 − s)). Where both arguments are large s rounds to 1; there, with D and S
    the difference and the sum of |a| and |β|, A = ±(min − ½ log1p((e^{−2D} − e^{−2S})/(1 + e^{−2S}))) has nothing to cancel.

    Args:
        a: mean argument, any shape.
        beta: half difference of the two arguments, same shape.
    """
    size_a, size_b = jnp.abs(a), jnp.abs(beta)
    low = jnp.minimum(size_a, size_b)
    large, s = low > 1.0, jnp.abs(jnp.tanh(a) * jnp.tanh(beta))
    far, near = jnp.exp(-2.0 * (size_a + size_b)), jnp.exp(-2.0 * jnp.abs(size_a - size_b))
    # One logarithm of either argument: this is the dearest line of a step.
    half_log = 0.5 * jnp.log1p(jnp.where(large, (near - far) / (1.0 + far), 2.0 * s / (1.0 - jnp.where(large, 0.0, s))))
    return jnp.sign(a) * jnp.sign(beta) * jnp.where(large, low - half_log, half_log)


@dataclass(frozen=True)
class Nonlinear:
    """Oscillators in a saturating well: T = ½π², V = ½αφ² + c̃ log cosh(wφ + f + b)/w.

    α and the step δ are scalars, w, b and c̃ = sigmoid(c) per channel; δ is trained as it is.

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
        """Return max|w|: tanh's scale is 1/w."""
        return jnp.max(jnp.abs(theta["w"]))

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return ½π²."""
        return 0.5 * pi**2

    def velocity(self, pi: Lanes) -> Lanes:
        """Return π."""
        return pi

    def potential(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return ½αφ² + c̃ log cosh(wφ + f + b)/w."""
        return 0.5 * theta["alpha"] * phi**2 + theta["c_tilde"] * log_cosh(theta["w"] * phi + f + theta["b"]) / theta["w"]

    def force(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return αφ + c̃ tanh(wφ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * jnp.tanh(theta["w"] * phi + f + theta["b"])

    def _tanh_pair(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
        """Return a, β and (t₊ + t₋)/2, (t₊ − t₋)/2 = ½ tanh 2β (1 − t₊t₋) of t± = tanh(a ± β): nothing cancels as β → 0."""
        a, beta = theta["w"] * m + f + theta["b"], theta["w"] * d
        plus, minus, t = jnp.tanh(a + beta), jnp.tanh(a - beta), jnp.tanh(beta)
        # ½ tanh 2β = t/(1 + t²), and the contrast of V needs t anyway.
        return a, beta, 0.5 * (plus + minus), t / (1.0 + t**2) * (1.0 - plus * minus)

    def pair_force(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        """Return αm + c̃(t₊ + t₋)/2 and αd + c̃(t₊ − t₋)/2."""
        _, _, mean, half = self._tanh_pair(theta, m, d, f)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * half

    def half_contrasts(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Theta, Lanes, Lanes]:
        """Return the half contrasts of V, A = artanh(tanh a · tanh β), q = A − β(t₊ + t₋)/2.

        α: md; c̃: A/w; b and f: c̃(t₊ − t₋)/(2w); w: c̃[m(t₊ − t₋)/(2w) − q/w²]; V: αmd + c̃A/w.
        The two parts of q nearly cancel; for small β, with t = tanh a, q = ⅔t(1 − t²)β³ − 4/15 t(1 − t²)(2 − 3t²)β⁵ + O(β⁷).
        """
        c, per_w = theta["c_tilde"], 1.0 / theta["w"]
        a, beta, mean, half = self._tanh_pair(theta, m, d, f)
        area = log_cosh_contrast(a, beta)
        t, small = jnp.tanh(a), jnp.abs(beta) < SERIES_BELOW[str(beta.dtype)]
        series = t * (1.0 - t**2) * beta**3 * (2.0 / 3.0 - 4.0 / 15.0 * (2.0 - 3.0 * t**2) * beta**2)
        q = jnp.where(small, series, area - beta * mean)
        of_f = c * half * per_w
        of_theta = {"alpha": m * d, "w": m * of_f - c * q * per_w**2, "b": of_f, "c_tilde": area * per_w}
        return of_theta, of_f, theta["alpha"] * m * d + c * area * per_w
