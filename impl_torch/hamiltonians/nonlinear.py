"""The nonlinear unit: one oscillator per lane in a soft, input-shifted well."""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Lanes, Pair, Values

#: Below this |β| the difference q of two nearly equal numbers is taken from its series, at full precision in either dtype.
SERIES_BELOW = {torch.float32: 0.03, torch.float64: 0.003}


def log_cosh(a: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return log cosh a = |a| + log1p(exp(−2|a|)) − log 2, which never overflows."""
    size = a.abs()
    return size + torch.log1p(torch.exp(-2 * size)) - math.log(2)


def log_cosh_contrast(a: Float[Tensor, "*shape"], beta: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the half difference of log cosh without cancellation.

    A(a, β) = ½ [log cosh(a + β) − log cosh(a − β)] = artanh(tanh a · tanh β); where both are large
    A = sign(aβ) (min(|a|, |β|) + ½ [log1p(e^{−2(|a|+|β|)}) − log1p(e^{−2||a|−|β||})]).
    """
    big, small = torch.maximum(a.abs(), beta.abs()), torch.minimum(a.abs(), beta.abs())
    far = small + 0.5 * (torch.log1p(torch.exp(-2 * (big + small))) - torch.log1p(torch.exp(-2 * (big - small))))
    product = torch.tanh(a) * torch.tanh(beta)
    is_far = small > 1
    near = torch.atanh(torch.where(is_far, torch.zeros_like(product), product))
    return torch.where(is_far, torch.sign(product) * far, near)


def log_cosh_curl(
    a: Float[Tensor, "*shape"], beta: Float[Tensor, "*shape"], contrast: Float[Tensor, "*shape"], mean: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """Return q = A(a, β) − β (t₊ + t₋)/2, in which two terms nearly cancel: the part of w's contrast beside m (t₊ − t₋)/2.

    For small |β| by its series ⅔ t (1 − t²) β³ − 4/15 t (1 − t²)(2 − 3t²) β⁵, t = tanh a.
    """
    t, square = torch.tanh(a), beta * beta
    series = t * (1 - t * t) * beta * square * (2 / 3 - 4 / 15 * (2 - 3 * t * t) * square)
    return torch.where(beta.abs() < SERIES_BELOW[beta.dtype], series, contrast - beta * mean)


class Nonlinear:
    """Oscillators in a soft well whose centre the input moves.

    H = ½ π² + ½ α φ² + c̃ log cosh(w φ + f + b) / w, so that ∂V/∂φ = α φ + c̃ tanh(w φ + f + b).
    w, b, c̃ per channel (P,); α and δ scalars (). c̃ = sigmoid(c), squashed twice in the released code.

    Source:
        Paper, section 4 (nonlinear HRU).
    """

    parameters: tuple[str, ...] = ("alpha", "w", "b", "c_tilde")
    separable = True
    closed_forms = True
    released_at: Literal["end", "third"] = "third"

    def physical(self, raw: Values, c_squash: int) -> tuple[Values, Float[Tensor, "..."]]:
        """Turn raw ``alpha``, ``w``, ``b``, ``c``, ``delta`` into θ = {alpha, w, b, c_tilde} and δ.

        Args:
            raw: trainable values by letter.
            c_squash: how often c passes the sigmoid, 1 (text) or 2 (released code).
        """
        c_tilde = raw["c"]
        for _ in range(c_squash):
            c_tilde = torch.sigmoid(c_tilde)
        return {"alpha": raw["alpha"], "w": raw["w"], "b": raw["b"], "c_tilde": c_tilde}, raw["delta"]

    def steepness(self, theta: Values) -> Float[Tensor, ""]:
        """Return max|w|: tanh bends over a distance 1/w."""
        return theta["w"].abs().max()

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return T = ½ π²."""
        return 0.5 * pi * pi

    def velocity(self, pi: Lanes) -> Lanes:
        """Return ∇T = π."""
        return pi

    def potential(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return V = ½ α φ² + c̃ log cosh(w φ + f + b) / w."""
        well = log_cosh(theta["w"] * phi + f + theta["b"])
        return 0.5 * theta["alpha"] * phi * phi + theta["c_tilde"] * well / theta["w"]

    def force(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return ∂V/∂φ = α φ + c̃ tanh(w φ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * torch.tanh(theta["w"] * phi + f + theta["b"])

    def _tanh_pair(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
        """Return a, β, and the mean and half difference of t± = tanh(a ± β): t₊ − t₋ = tanh(2β)(1 − t₊ t₋)."""
        a, beta = theta["w"] * m + f + theta["b"], theta["w"] * d
        plus, minus = torch.tanh(a + beta), torch.tanh(a - beta)
        return a, beta, 0.5 * (plus + minus), 0.5 * torch.tanh(2 * beta) * (1 - plus * minus)

    def pair_force(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> Pair:
        """Return mean and half difference of the force at φ± = m ± d: α m + c̃ (t₊ + t₋)/2 and α d + c̃ (t₊ − t₋)/2."""
        _, _, mean, half = self._tanh_pair(theta, m, d, f)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * half

    def half_contrasts(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> tuple[Values, Lanes, Lanes]:
        """Return (∂V₊ − ∂V₋)/2 with respect to θ and f, and that of V, per lane.

        α: m d;  c̃: A/w;  b, f: c̃ (t₊ − t₋)/(2w);  w: c̃ [m (t₊ − t₋)/(2w) − q/w²];  V: α m d + c̃ A/w.
        """
        a, beta, mean, half = self._tanh_pair(theta, m, d, f)
        w, c_tilde = theta["w"], theta["c_tilde"]
        contrast = log_cosh_contrast(a, beta)
        q = log_cosh_curl(a, beta, contrast, mean)
        of_f = c_tilde * half / w
        of_theta = {"alpha": m * d, "c_tilde": contrast / w, "b": of_f, "w": m * of_f - c_tilde * q / w**2}
        return of_theta, of_f, theta["alpha"] * m * d + c_tilde * contrast / w
