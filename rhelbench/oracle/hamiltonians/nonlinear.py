"""The nonlinear unit: oscillators in a log cosh potential (paper, section 4; after UnICORNN)."""

from typing import Literal

import numpy as np

from rhelbench.oracle.interface import Array, Lanes, Pair, Slopes, Theta, sigmoid


def log_cosh(x: Array) -> Array:
    """Return log cosh x without overflow for large |x| and without loss of digits for small ones.

    |x| + log1p(e^(−2|x|)) − log 2; below |x| = 1, where that cancels, ½ log1p(sinh² x).
    """
    size = np.abs(x)
    near = 0.5 * np.log1p(np.sinh(np.minimum(size, 1.0)) ** 2)
    return np.where(size < 1, near, size + np.log1p(np.exp(-2 * size)) - np.log(2.0))


def log_cosh_contrast(a: Array, beta: Array) -> Array:
    """Return A(a, β) = ½ [log cosh(a + β) − log cosh(a − β)] = artanh(tanh a · tanh β).

    Where both |a| and |β| exceed 1 the product nears 1 and artanh overflows in the end; there
    sign(aβ) · (min(|a|, |β|) + ½ [log1p(e^(−2(|a|+|β|))) − log1p(e^(−2 ||a|−|β||))]), the same number.
    """
    x, y = np.abs(a), np.abs(beta)
    near = np.arctanh(np.tanh(np.where(np.minimum(x, y) < 1, a, 0.0)) * np.tanh(beta))
    far = np.minimum(x, y) + 0.5 * (np.log1p(np.exp(-2 * (x + y))) - np.log1p(np.exp(-2 * np.abs(x - y))))
    return np.where(np.minimum(x, y) < 1, near, np.sign(a) * np.sign(beta) * far)


def log_cosh_curl(a: Array, beta: Array, tanh_mean: Array) -> Array:
    """Return q = A(a, β) − β (t₊ + t₋)/2, the part of the w contrast in which two terms nearly cancel.

    Below |β| = 0.003 its series ⅔ t(1 − t²) β³ − 4/15 t(1 − t²)(2 − 3t²) β⁵, t = tanh a; β⁷ is beyond float64 there.
    """
    t, b = np.tanh(a), np.clip(beta, -0.003, 0.003)
    series = t * (1 - t**2) * b**3 * (2 / 3 - 4 / 15 * (2 - 3 * t**2) * b**2)
    return np.where(np.abs(beta) < 0.003, series, log_cosh_contrast(a, beta) - beta * tanh_mean)


class Nonlinear:
    """T = π²/2, V = α φ²/2 + c̃ log cosh(w φ + f + b)/w, with one α and one δ, and w, b, c̃ per channel.

    c̃ = sigmoid(c), or sigmoid(sigmoid(c)) where ``c_squash`` is 2. V is singular at w = 0.
    Args of all methods: φ, π, m, d, f of shape (n, P); w, b, c̃ of shape (P,); α, δ scalar; float64, without unit.

    Source:
        Paper, section 4, nonlinear HSSM; pair forms: docs/architecture.md.
    """

    parameters: tuple[str, ...] = ("alpha", "w", "b", "c_tilde")
    separable: bool = True
    closed_forms: bool = True
    released_at: Literal["end", "third"] = "third"

    def physical(self, raw: Theta, c_squash: int) -> tuple[dict[str, Array], Array]:
        """Return θ = {α, w, b, c̃} and δ itself."""
        c = raw["c"]
        for _ in range(c_squash):
            c = sigmoid(c)
        return {"alpha": raw["alpha"], "w": raw["w"], "b": raw["b"], "c_tilde": c}, raw["delta"]

    def physical_adjoint(self, raw: Theta, c_squash: int, theta: Theta, delta: Array) -> dict[str, Array]:
        """Return the gradients of α, w, b, c and δ; every sigmoid s contributes s (1 − s)."""
        bar, c = theta["c_tilde"], raw["c"]
        for _ in range(c_squash):
            c = sigmoid(c)
            bar = bar * c * (1 - c)
        return {"alpha": theta["alpha"], "w": theta["w"], "b": theta["b"], "c": bar, "delta": delta}

    def steepness(self, theta: Theta) -> float:
        """Return max|w|: the nudge must stay small on the scale 1/w of tanh."""
        return float(np.max(np.abs(theta["w"])))

    def stability(self, theta: Theta, delta: Array) -> float:
        """Return max δ² (α + c̃ w), the curvature being largest where tanh is steepest."""
        return float(np.max(delta**2 * (theta["alpha"] + theta["c_tilde"] * theta["w"])))

    def kinetic(self, pi: Array) -> Array:
        """Return π²/2."""
        return 0.5 * pi**2

    def velocity(self, pi: Array) -> Array:
        """Return π."""
        return pi

    def velocity_slope(self, pi: Array) -> Array:
        """Return 1."""
        return np.ones_like(pi)

    def potential(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return α φ²/2 + c̃ log cosh(w φ + f + b)/w."""
        a = theta["w"] * phi + f + theta["b"]
        return 0.5 * theta["alpha"] * phi**2 + theta["c_tilde"] * log_cosh(a) / theta["w"]

    def force(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return α φ + c̃ tanh(w φ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * np.tanh(theta["w"] * phi + f + theta["b"])

    def potential_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return ∂V/∂α = φ²/2, ∂V/∂c̃ = log cosh a/w, ∂V/∂b = ∂V/∂f = c̃ t/w, ∂V/∂w = c̃ (φ t/w − log cosh a/w²)."""
        w, c = theta["w"], theta["c_tilde"]
        a = w * phi + f + theta["b"]
        t, energy = np.tanh(a), log_cosh(a)
        slope = c * t / w
        theta_slopes = {"alpha": 0.5 * phi**2, "w": phi * slope - c * energy / w**2, "b": slope, "c_tilde": energy / w}
        return Slopes(theta_slopes, slope, theta["alpha"] * phi + c * t)

    def force_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of α φ + c̃ t: φ, t, and c̃ (1 − t²) times φ for w, 1 for b and f, w for φ."""
        t = np.tanh(theta["w"] * phi + f + theta["b"])
        sech2 = theta["c_tilde"] * (1 - t**2)
        return Slopes({"alpha": phi, "w": phi * sech2, "b": sech2, "c_tilde": t}, sech2, theta["alpha"] + theta["w"] * sech2)

    def pair_force(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return α m + c̃ (t₊ + t₋)/2 and α d + c̃ (t₊ − t₋)/2."""
        mean, half = self._tanh_pair(theta, m, d, f)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * half

    def half_contrasts(self, theta: Theta, m: Array, d: Array, f: Array) -> tuple[Lanes, Array, Array]:
        """Return m d for α, A/w for c̃, c̃ h/w for b and f, c̃ (m h/w − q/w²) for w, and α m d + c̃ A/w for V.

        h = (t₊ − t₋)/2, A = artanh(tanh a · tanh β), q = A − β (t₊ + t₋)/2, a = w m + f + b, β = w d.
        """
        w, c = theta["w"], theta["c_tilde"]
        a, beta = w * m + f + theta["b"], w * d
        mean, half = self._tanh_pair(theta, m, d, f)
        contrast = log_cosh_contrast(a, beta)
        slope = c * half / w
        lanes = {
            "alpha": m * d,
            "w": m * slope - c * log_cosh_curl(a, beta, mean) / w**2,
            "b": slope,
            "c_tilde": contrast / w,
        }
        return lanes, slope, theta["alpha"] * m * d + c * contrast / w

    def _tanh_pair(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return (t₊ + t₋)/2 and (t₊ − t₋)/2 = ½ tanh(2β)(1 − t₊t₋), t± = tanh(a ± β): nothing cancels as β → 0."""
        a, beta = theta["w"] * m + f + theta["b"], theta["w"] * d
        plus, minus = np.tanh(a + beta), np.tanh(a - beta)
        return 0.5 * (plus + minus), 0.5 * np.tanh(2 * beta) * (1 - plus * minus)
