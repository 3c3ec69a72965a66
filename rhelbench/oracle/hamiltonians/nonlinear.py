"""The nonlinear unit: oscillators in a log cosh potential (paper, section 4; after UnICORNN)."""

from typing import Literal

import numpy as np

from rhelbench.oracle.interface import Array, Lanes, Pair, Slopes, Theta, sigmoid

#: The smallest normal float64.
TINY = float(np.finfo(np.float64).tiny)
#: s² and weight of ∫₀¹ (1 − s²) · ds: the positive half of 14 Gauss–Legendre points, exact to rounding for |β| < ½.
NODES = [(s**2, weight * (1 - s**2)) for s, weight in zip(*np.polynomial.legendre.leggauss(14), strict=True) if s > 0]


def log_cosh(x: Array) -> Array:
    """Return log cosh x without overflow for large |x| and without cancellation for small |x|.

    |x| + log1p(e^(−2|x|)) − log 2 for |x| ≥ 1, else ½ log1p(sinh² x).

    Example:
        >>> float(log_cosh(np.array(1e-9)))
        5e-19
    """
    size = np.abs(x)
    near = 0.5 * np.log1p(np.sinh(np.minimum(size, 1.0)) ** 2)
    return np.where(size < 1, near, size + np.log1p(np.exp(-2 * size)) - np.log(2.0))


def sech2(x: Array) -> Array:
    """Return sech² x = 4E/(1 + E)² with E = e^(−2|x|); 1 − tanh² x would cancel at large |x|."""
    small = np.exp(-2 * np.abs(x))
    return 4 * small / (1 + small) ** 2


def pair_ratios(a: Array, beta: Array) -> tuple[Array, Array, Array, Array]:
    """Return t̄, h/β, A/β and q/β² of the pair a ± β, without cancellation; β = 0 is their limit.

    t̄, h = (t₊ ± t₋)/2 of t± = tanh(a ± β), A = ½ [log cosh(a + β) − log cosh(a − β)], q = A − β t̄.
    With x = |a|, y = |β|, E = e^(−2x), F = e^(−2y), T = tanh x, τ = tanh y, σ the logistic function,
    and signs by symmetry:
    t̄ = σ(2(x − y)) (1 − E²)/(1 + EF),  h = σ(2(y − x)) (1 − F²)/(1 + EF).
    A = min(x, y) − L with L = ½ log1p((e^(−2|x−y|) − EF)/(1 + EF)) if min(x, y) > 1/3, else artanh(Tτ).
    q = T τ³ (1 − T²)/(1 − T²τ²) ∫₀¹ (1 − s²)/((1 − τ²s²)(1 − T²τ²s²)) ds for y < ½,
    q = y (1 − t̄) − L for x ≥ y ≥ ½, and A − y t̄ otherwise.

    Args:
        a: mean argument, any shape, float64.
        beta: half difference of the arguments, same shape, float64.

    Returns:
        t̄, h/β, A/β, q/β², each in the shape of ``a``.

    Source:
        Derived here. The integral is that of artanh z = ∫₀¹ z/(1 − z²s²) ds, by Gauss–Legendre quadrature.
    """
    x, y = np.abs(a), np.abs(beta)
    low, size = np.minimum(x, y), np.maximum(y, TINY)
    less_x, less_y = -np.expm1(-2 * x), -np.expm1(-2 * y)  # 1 − E, 1 − F
    near, far = np.exp(-2 * np.abs(x - y)), np.exp(-2 * (x + y))
    share = 1 / ((1 + near) * (1 + far))
    big_t, tau = less_x / (2 - less_x), less_y / (2 - less_y)
    per_y = np.where(y < TINY, 2.0, less_y / size)
    mean = np.where(x > y, 1.0, near) * less_x * (2 - less_x) * share
    half = np.where(x > y, near, 1.0) * per_y * (2 - less_y) * share

    is_far, z = low > 1 / 3, np.maximum(big_t * tau, TINY)
    half_log = 0.5 * np.log1p(np.where(is_far, (near - far) / (1 + far), 2 * z / (1 - np.where(is_far, 0.0, z))))
    slope = per_y / (2 - less_y)  # τ/y
    area = np.where(is_far, (low - half_log) / size, big_t * slope * (half_log / z))

    u, v = tau**2, big_t**2
    integral = sum(weight / ((1 - s2 * u) * (1 - s2 * u * v)) for s2, weight in NODES)
    one_less_mean = near * share * (2 - less_y * (2 - less_y) + 2 * far)
    wide = np.where(x < y, area - mean, one_less_mean - half_log / size) / size
    curl = np.where(y < 0.5, big_t * tau * slope * half * integral, wide)
    sign = np.sign(a)
    return sign * mean, half, sign * area, sign * np.sign(beta) * curl


def _nonzero(w: Array) -> Array:
    """Return w with 0 replaced by 1."""
    return np.where(w == 0, 1.0, w)


class Nonlinear:
    """T = π²/2, V = α φ²/2 + c̃ log cosh(w φ + f + b)/w; scalar α and δ, and w, b, c̃ per channel.

    c̃ = sigmoid(c), or sigmoid(sigmoid(c)) where ``c_squash`` is 2. At w = 0, V is its limit up to a constant.
    Arguments of all methods: φ, π, m, d, f (n, P); w, b, c̃ (P,); α, δ (); float64, dimensionless.

    Source:
        Paper, section 4, nonlinear HSSM; pair forms: docs/internals/architecture.md.
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
        """Return max|w|: the nudge must stay small compared with the scale 1/w of tanh."""
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
        """Return α φ²/2 + c̃ log cosh(w φ + f + b)/w.

        At w = 0 the last term is c̃ φ tanh(f + b), up to a constant.
        """
        w, shift = theta["w"], f + theta["b"]
        well = np.where(w == 0, phi * np.tanh(shift), log_cosh(w * phi + shift) / _nonzero(w))
        return 0.5 * theta["alpha"] * phi**2 + theta["c_tilde"] * well

    def force(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return α φ + c̃ tanh(w φ + f + b)."""
        return theta["alpha"] * phi + theta["c_tilde"] * np.tanh(theta["w"] * phi + f + theta["b"])

    def potential_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of V, with a = w φ + f + b and t = tanh a.

        ∂V/∂α = φ²/2, ∂V/∂c̃ = log cosh a/w, ∂V/∂b = ∂V/∂f = c̃ t/w, ∂V/∂w = c̃ (φ t/w − log cosh a/w²).
        At w = 0, with g = f + b and up to constants: φ tanh g for c̃, c̃ φ sech² g for b and f,
        c̃ φ²/2 sech² g for w.
        """
        w, c = theta["w"], theta["c_tilde"]
        shift, flat, safe = f + theta["b"], w == 0, _nonzero(w)
        a = w * phi + shift
        t, steep = np.tanh(a), sech2(shift)
        well = np.where(flat, phi * t, log_cosh(a) / safe)
        slope = c * np.where(flat, phi * steep, t / safe)
        of_w = np.where(flat, c * 0.5 * phi**2 * steep, phi * slope - c * well / safe)
        return Slopes({"alpha": 0.5 * phi**2, "w": of_w, "b": slope, "c_tilde": well}, slope, theta["alpha"] * phi + c * t)

    def force_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of α φ + c̃ t: φ, t, and c̃ sech² a times φ for w, 1 for b and f, w for φ."""
        a = theta["w"] * phi + f + theta["b"]
        steep = theta["c_tilde"] * sech2(a)
        slopes = {"alpha": phi, "w": phi * steep, "b": steep, "c_tilde": np.tanh(a)}
        return Slopes(slopes, steep, theta["alpha"] + theta["w"] * steep)

    def pair_force(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return α m + c̃ (t₊ + t₋)/2 and α d + c̃ (t₊ − t₋)/2."""
        beta = theta["w"] * d
        mean, half, _, _ = pair_ratios(theta["w"] * m + f + theta["b"], beta)
        return theta["alpha"] * m + theta["c_tilde"] * mean, theta["alpha"] * d + theta["c_tilde"] * (beta * half)

    def half_contrasts(self, theta: Theta, m: Array, d: Array, f: Array) -> tuple[Lanes, Array, Array]:
        """Return half contrasts: m d for α, d A/β for c̃, c̃ d h/β for b and f.

        For w: c̃ (m d h/β − d² q/β²). For V: α m d + c̃ d A/β. β = w d and a = w m + f + b
        (see ``pair_ratios``). Nothing is divided by w, which may be 0.
        """
        w, c = theta["w"], theta["c_tilde"]
        _, half, area, curl = pair_ratios(w * m + f + theta["b"], w * d)
        slope, well = c * d * half, d * area
        lanes = {"alpha": m * d, "w": m * slope - c * d * (d * curl), "b": slope, "c_tilde": well}
        return lanes, slope, theta["alpha"] * m * d + c * well


HAMILTONIAN = Nonlinear()
