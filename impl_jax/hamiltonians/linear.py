"""The linear unit: independent driven harmonic oscillators."""

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from impl_jax.interface import Lanes, Theta


@dataclass(frozen=True)
class Linear:
    """Driven harmonic oscillators: T = ½π², V = ½Aφ² − φf.

    A = relu(a) ≥ 0 is the squared frequency, δ = sigmoid(s) the step size; both are trainable, per channel.

    Source:
        Paper, section 4 (linear HRU).
    """

    parameters: tuple[str, ...] = ("A",)
    separable: bool = True
    closed_forms: bool = True
    released_at: Literal["end", "third"] = "end"

    def physical(self, raw: Theta, c_squash: int) -> tuple[Theta, Lanes]:
        """Return A = relu(a) and δ = sigmoid(s), (P,) each; ``c_squash`` is not used."""
        del c_squash
        return {"A": jax.nn.relu(raw["a"])}, jax.nn.sigmoid(raw["s"])

    def steepness(self, theta: Theta) -> Lanes:
        """Return 1: a quadratic energy has no intrinsic scale."""
        return jnp.ones((), theta["A"].dtype)

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return ½π²."""
        return 0.5 * pi**2

    def velocity(self, pi: Lanes) -> Lanes:
        """Return π."""
        return pi

    def potential(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return ½Aφ² − φf."""
        return 0.5 * theta["A"] * phi**2 - phi * f

    def force(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return Aφ − f."""
        return theta["A"] * phi - f

    def pair_force(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        """Return Am − f and Ad."""
        return theta["A"] * m - f, theta["A"] * d

    def half_contrasts(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Theta, Lanes, Lanes]:
        """Return md for A, −d for f, and (Am − f)d for V itself."""
        return {"A": m * d}, -d, (theta["A"] * m - f) * d


HAMILTONIAN = Linear()
