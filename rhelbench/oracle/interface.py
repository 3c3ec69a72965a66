"""What the oracle's Hamiltonians and integrators offer, and what its algorithms return."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

#: float64 throughout; complex where a test differentiates by a complex step.
Array = NDArray[Any]
#: Parameters by letter: per lane (P,) or scalar ().
Theta = Mapping[str, Array]
#: Values by letter, per sample and lane (n, P).
Lanes = dict[str, Array]
#: (φ, π) of an echo, or (m, d) of a pair, each (n, P).
Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Kick:
    """One kick of a step, π ← π − weight · δ ∂V/∂φ; an echo reads V and T at it.

    Args:
        weight: the kick's part of δ; those of a step add up to 1.
        before: momentum before it (n, P).
        phi: position at which V is read (n, P).
        after: momentum after it (n, P).
    """

    weight: float
    before: Array
    phi: Array
    after: Array


@dataclass(frozen=True)
class PairKick:
    """The same of an echo pair: (mean, half difference) in the place of each array."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@dataclass(frozen=True)
class Slopes:
    """Derivatives of V, or of its force, per sample and lane: with respect to each letter of θ, to f and to φ."""

    theta: Lanes
    f: Array
    phi: Array


@dataclass(frozen=True)
class Gradients:
    """What a backward pass returns: θ and δ in their own shapes, the drive (K, n, P) towards u and towards B."""

    theta: dict[str, Array]
    delta: Array
    f: Array
    f_B: Array


#: dL/dφ_1..dL/dφ_K, (K, n, P), to the gradients of one trajectory.
Backward = Callable[[Array], Gradients]


class Hamiltonian(Protocol):
    """A separable H = T(π) + V(φ; θ, f), lane by lane (docs/internals/architecture.md), with derivatives by hand.

    The oracle has no automatic differentiation, hence ``physical_adjoint``, ``velocity_slope``, ``potential_slopes``
    and ``force_slopes`` beside the common interface.
    """

    parameters: tuple[str, ...]
    separable: bool
    closed_forms: bool
    released_at: Literal["end", "third"]

    def physical(self, raw: Theta, c_squash: int) -> tuple[dict[str, Array], Array]:
        """Map raw trainable values to θ and δ."""
        ...

    def physical_adjoint(self, raw: Theta, c_squash: int, theta: Theta, delta: Array) -> dict[str, Array]:
        """Pull the gradients of θ and δ back to the raw values."""
        ...

    def steepness(self, theta: Theta) -> float:
        """Return max|w|, the scale of the relative nudge."""
        ...

    def stability(self, theta: Theta, delta: Array) -> float:
        """Return the largest δ² × curvature; the leapfrog is stable below 4."""
        ...

    def kinetic(self, pi: Array) -> Array:
        """Return T(π) per lane."""
        ...

    def velocity(self, pi: Array) -> Array:
        """Return ∇T(π)."""
        ...

    def velocity_slope(self, pi: Array) -> Array:
        """Return ∂²T/∂π² per lane."""
        ...

    def potential(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return V(φ; θ, f) per lane."""
        ...

    def force(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return ∂V/∂φ."""
        ...

    def potential_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of V."""
        ...

    def force_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of ∂V/∂φ."""
        ...

    def pair_force(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return mean and half difference of the forces at m + d and m − d."""
        ...

    def half_contrasts(self, theta: Theta, m: Array, d: Array, f: Array) -> tuple[Lanes, Array, Array]:
        """Return half the contrasts of ∂V/∂θ, of ∂V/∂f and of V between m + d and m − d."""
        ...


class Integrator(Protocol):
    """One step of the recurrence, for one state and for a pair, with its adjoint."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array
    ) -> tuple[Array, Array, tuple[Kick, ...]]:
        """Return φ_{k+1}, π_{k+1} and the kicks of the step in their order."""
        ...

    def pair_step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, mean: Pair, half: Pair, f: Array
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Step mean (m_φ, m_π) and half difference (d_φ, d_π); return both and the kicks."""
        ...

    def step_adjoint(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, bar: Pair
    ) -> tuple[Pair, Slopes, Array]:
        """Pull ``bar`` = dL/d(φ_{k+1}, π_{k+1}) back: dL/d(φ_k, π_k), the step's θ and f gradients, its δ gradient."""
        ...


class Algorithm(Protocol):
    """How a trajectory is differentiated."""

    def __call__(
        self,
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Any,
        theta: Theta,
        delta: Array,
        f: Array,
        f_B: Array | None = None,
    ) -> tuple[Array, Backward]:
        """Return φ_1..φ_K (K, n, P) from Φ_0 = 0, and the backward pass."""
        ...


def sigmoid(x: Array) -> Array:
    """Return 1/(1 + e^(−x)), written with tanh so that no exponential overflows."""
    return 0.5 * (1 + np.tanh(0.5 * x))
