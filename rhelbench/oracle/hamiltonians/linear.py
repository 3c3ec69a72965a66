"""The linear unit: independent driven harmonic oscillators (paper, section 4; after LinOSS)."""

from typing import Literal

import numpy as np

from rhelbench.oracle.interface import Array, Lanes, Pair, Slopes, Theta, sigmoid


class Linear:
    """T = π²/2, V = A φ²/2 − φ f, with A = relu(a) ≥ 0 and δ = sigmoid(s) per channel.

    Arguments of all methods: φ, π, m, d, f (n, P); A, a, δ, s (P,); float64, dimensionless.

    Source:
        Paper, section 4, linear HSSM; pair forms: docs/internals/architecture.md.
    """

    parameters: tuple[str, ...] = ("A",)
    separable: bool = True
    closed_forms: bool = True
    released_at: Literal["end", "third"] = "end"

    def physical(self, raw: Theta, c_squash: int) -> tuple[dict[str, Array], Array]:
        """Return θ = {A: relu(a)} and δ = sigmoid(s); ``c_squash`` is not used."""
        return {"A": np.where(raw["a"] > 0, raw["a"], 0.0)}, sigmoid(raw["s"])

    def physical_adjoint(self, raw: Theta, c_squash: int, theta: Theta, delta: Array) -> dict[str, Array]:
        """Return the gradients of a and s from those of A and δ."""
        step = sigmoid(raw["s"])
        return {"a": np.where(raw["a"] > 0, theta["A"], 0.0), "s": delta * step * (1 - step)}

    def steepness(self, theta: Theta) -> float:
        """Return 1: the contrast of a quadratic V is exact at any ε."""
        return 1.0

    def stability(self, theta: Theta, delta: Array) -> float:
        """Return max δ² A."""
        return float(np.max(delta**2 * theta["A"]))

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
        """Return A φ²/2 − φ f."""
        return 0.5 * theta["A"] * phi**2 - phi * f

    def force(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return A φ − f."""
        return theta["A"] * phi - f

    def potential_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return ∂V/∂A = φ²/2, ∂V/∂f = −φ and ∂V/∂φ."""
        return Slopes({"A": 0.5 * phi**2}, -phi, self.force(theta, phi, f))

    def force_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of A φ − f: φ, −1 and A."""
        return Slopes({"A": phi}, -np.ones_like(phi), theta["A"] * np.ones_like(phi))

    def pair_force(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return A m − f and A d."""
        return theta["A"] * m - f, theta["A"] * d

    def half_contrasts(self, theta: Theta, m: Array, d: Array, f: Array) -> tuple[Lanes, Array, Array]:
        """Return m d for A, −d for f and A m d − f d for V."""
        return {"A": m * d}, -d, theta["A"] * m * d - f * d


HAMILTONIAN = Linear()
