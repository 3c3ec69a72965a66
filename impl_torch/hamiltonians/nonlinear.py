"""The nonlinear unit: one oscillator per channel in a soft, input-shifted well."""

import math
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Lanes, Pair, Values

#: s² and weight of ∫₀¹ (1 − s²) · ds: the positive half of the Gauss–Legendre points, exact to rounding for |β| < ½.
NODES = {
    dtype: [(float(s**2), float(g * (1 - s**2))) for s, g in zip(*np.polynomial.legendre.leggauss(points), strict=True) if s > 0]
    for dtype, points in ((torch.float32, 6), (torch.float64, 14))
}


def log_cosh(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return log cosh a without overflow, and to full relative precision for small |a|.

    |a| + log1p(exp(−2|a|)) − log 2 for |a| ≥ 1, else ½ log1p(sinh² a), which does not cancel.
    """
    size = a.abs()
    near = 0.5 * torch.log1p(torch.sinh(size.clamp(max=1)) ** 2)
    return torch.where(size < 1, near, size + torch.log1p(torch.exp(-2 * size)) - math.log(2))


def sech2(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return sech² a = 4E/(1 + E)², E = exp(−2|a|)."""
    small = torch.exp(-2 * a.abs())
    return 4 * small / (1 + small) ** 2


def pair_ratios(a: Float[Tensor, "*shape"], beta: Float[Tensor, "*shape"]) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    """Return t̄, h/β, A/β and q/β² of the pair a ± β, without cancellation; β = 0 is their limit.

    The formulas are those of the oracle's ``pair_ratios``. For y = |β| < ½, t̄ = T(1 − τ²)/(1 − T²τ²), which
    rounds less.

    Args:
        a: mean argument.
        beta: half difference of the two arguments, same shape.
    """
    tiny = torch.finfo(beta.dtype).tiny
    x, y = a.abs(), beta.abs()
    low, size = torch.minimum(x, y), y.clamp(min=tiny)
    less_x, less_y = -torch.expm1(-2 * x), -torch.expm1(-2 * y)  # 1 − E, 1 − F
    near, far = torch.exp(-2 * (x - y).abs()), torch.exp(-2 * (x + y))
    share = 1 / ((1 + near) * (1 + far))
    big_t, tau = less_x / (2 - less_x), less_y / (2 - less_y)
    per_y = torch.where(y < tiny, 2.0, less_y / size)
    u, v = tau * tau, tau * tau * big_t * big_t
    mean = torch.where(y < 0.5, big_t * (1 - u) / (1 - v), torch.where(x > y, 1.0, near) * less_x * (2 - less_x) * share)
    half = torch.where(x > y, near, 1.0) * per_y * (2 - less_y) * share

    is_far, z = low > 1 / 3, (big_t * tau).clamp(min=tiny)
    half_log = 0.5 * torch.log1p(torch.where(is_far, (near - far) / (1 + far), 2 * z / (1 - torch.where(is_far, 0.0, z))))
    slope = per_y / (2 - less_y)  # τ/y
    area = torch.where(is_far, (low - half_log) / size, big_t * slope * (half_log / z))

    integral = sum((weight / ((1 - s2 * u) * (1 - s2 * v)) for s2, weight in NODES[beta.dtype]), torch.zeros_like(u))
    one_less_mean = near * share * (2 - less_y * (2 - less_y) + 2 * far)
    wide = torch.where(x < y, area - mean, one_less_mean - half_log / size) / size
    curl = torch.where(y < 0.5, big_t * tau * slope * half * integral, wide)
    return torch.copysign(mean, a), half, torch.copysign(area, a), torch.sign(a) * torch.sign(beta) * curl


class Nonlinear:
    """Oscillators in a soft well whose centre depends on the input.

    H = ½ π² + ½ α φ² + c̃ log cosh(w φ + f + b) / w, so ∂V/∂φ = α φ + c̃ tanh(w φ + f + b).
    w, b, c̃ per channel (P,); α and δ scalars (). c̃ = sigmoid(c), with two sigmoids in the released code.

    Source:
        Paper, section 4 (nonlinear HRU).
    """

    parameters: tuple[str, ...] = ("alpha", "w", "b", "c_tilde")
    separable = True
    closed_forms = True
    released_at: Literal["end", "third"] = "third"

    def physical(self, raw: Values, c_squash: int) -> tuple[Values, Float[Tensor, "..."]]:
        """Return θ = {alpha, w, b, c_tilde} and δ.

        Args:
            raw: trainable values ``alpha``, ``w``, ``b``, ``c``, ``delta``.
            c_squash: number of sigmoids between c and c̃, 1 (text) or 2 (released code).
        """
        c_tilde = raw["c"]
        for _ in range(c_squash):
            c_tilde = torch.sigmoid(c_tilde)
        return {"alpha": raw["alpha"], "w": raw["w"], "b": raw["b"], "c_tilde": c_tilde}, raw["delta"]

    def steepness(self, theta: Values) -> Float[Tensor, ""]:
        """Return max|w|: the scale of tanh is 1/w."""
        return theta["w"].abs().max()

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return T = ½ π²."""
        return 0.5 * pi * pi

    def velocity(self, pi: Lanes) -> Lanes:
        """Return ∇T = π."""
        return pi

    def potential(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return V = ½ α φ² + c̃ log cosh(w φ + f + b) / w.

        At w = 0 the last term is its limit c̃ (φ tanh g + ½ w φ² sech² g), g = f + b, up to a constant. The
        derivatives with respect to φ and w are exact.
        """
        w, shift = theta["w"], f + theta["b"]
        limit = phi * torch.tanh(shift) + 0.5 * w * phi * phi * sech2(shift)
        well = torch.where(w == 0, limit, log_cosh(w * phi + shift) / torch.where(w == 0, 1.0, w))
        return 0.5 * theta["alpha"] * phi * phi + theta["c_tilde"] * well

    def force(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return ∂V/∂φ = α φ + c̃ tanh(w φ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * torch.tanh(theta["w"] * phi + f + theta["b"])

    def pair_force(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> Pair:
        """Return mean and half difference of the force at m ± d: α m + c̃ (t₊ + t₋)/2 and α d + c̃ (t₊ − t₋)/2."""
        beta = theta["w"] * d
        mean, half, _, _ = pair_ratios(theta["w"] * m + f + theta["b"], beta)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * (beta * half)

    def half_contrasts(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> tuple[Values, Lanes, Lanes]:
        """Return the half contrasts of V, with a = w m + f + b and β = w d (see ``pair_ratios``).

        α: m d;  c̃: d A/β;  b, f: c̃ d h/β;  w: c̃ (m d h/β − d² q/β²);  V: α m d + c̃ d A/β.
        Nothing is divided by w, which may be 0.
        """
        w, c_tilde = theta["w"], theta["c_tilde"]
        _, half, area, curl = pair_ratios(w * m + f + theta["b"], w * d)
        of_f, well = c_tilde * d * half, d * area
        of_theta = {"alpha": m * d, "c_tilde": well, "b": of_f, "w": m * of_f - c_tilde * d * (d * curl)}
        return of_theta, of_f, theta["alpha"] * m * d + c_tilde * well


HAMILTONIAN = Nonlinear()
