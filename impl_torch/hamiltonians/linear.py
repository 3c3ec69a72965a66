"""The linear unit: one driven harmonic oscillator per channel."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Lanes, Pair, Values


class Linear:
    """Harmonic oscillators with trainable stiffness A and step size δ.

    H = ½ π² + ½ A φ² − φ f, A = relu(a), δ = sigmoid(s), each per channel (P,).

    Source:
        Paper, section 4 (linear HRU).

    Example:
        >>> import torch
        >>> float(Linear().force({"A": torch.tensor([2.0])}, torch.tensor([[1.0]]), torch.tensor([[0.5]])))
        1.5
    """

    parameters: tuple[str, ...] = ("A",)
    separable = True
    closed_forms = True
    released_at: Literal["end", "third"] = "end"

    def physical(self, raw: Values, c_squash: int) -> tuple[Values, Float[Tensor, "..."]]:
        """Return θ = {A = relu(a)} and δ = sigmoid(s), (P,) each; ``c_squash`` is not used."""
        del c_squash
        return {"A": torch.relu(raw["a"])}, torch.sigmoid(raw["s"])

    def steepness(self, theta: Values) -> Float[Tensor, ""]:
        """Return 1: a quadratic energy has no intrinsic scale."""
        return theta["A"].new_ones(())

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return T = ½ π²."""
        return 0.5 * pi * pi

    def velocity(self, pi: Lanes) -> Lanes:
        """Return ∇T = π."""
        return pi

    def potential(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return V = ½ A φ² − φ f."""
        return 0.5 * theta["A"] * phi * phi - phi * f

    def force(self, theta: Values, phi: Lanes, f: Float[Tensor, "n P"]) -> Lanes:
        """Return ∂V/∂φ = A φ − f."""
        return theta["A"] * phi - f

    def pair_force(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> Pair:
        """Return mean and half difference of the force at φ± = m ± d: A m − f and A d."""
        return theta["A"] * m - f, theta["A"] * d

    def half_contrasts(self, theta: Values, m: Lanes, d: Lanes, f: Lanes) -> tuple[Values, Lanes, Lanes]:
        """Return the half contrasts: m d for A, −d for f, A m d − f d for V."""
        product = m * d
        return {"A": product}, -d, theta["A"] * product - f * d


HAMILTONIAN = Linear()
