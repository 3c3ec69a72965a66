"""Protocols of the oracle's Hamiltonians, integrators and algorithms, and the types they return.

Shapes: K time steps, n samples, P state channels. All quantities are dimensionless.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

#: float64; complex128 where a test differentiates by the complex-step method.
Array = NDArray[Any]
#: Parameters by letter: one value per channel (P,), or a scalar ().
Theta = Mapping[str, Array]
#: Values by letter, per sample and channel (n, P).
Lanes = dict[str, Array]
#: (φ, π) of an echo, or (m, d) of a pair, each (n, P).
Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Kick:
    """One kick of a time step, π ← π − weight · δ ∂V/∂φ, where an echo evaluates V and T.

    Args:
        weight: fraction of δ in this kick; the weights of one time step sum to 1.
        before: momentum before the kick (n, P).
        phi: position at which an echo evaluates V (n, P).
        after: momentum after the kick (n, P).
    """

    weight: float
    before: Array
    phi: Array
    after: Array


@dataclass(frozen=True)
class PairKick:
    """One kick of an echo pair: each array of ``Kick`` as (mean, half difference)."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@dataclass(frozen=True)
class Slopes:
    """Derivatives of V, or of its force ∂V/∂φ, per sample and channel, (n, P) each.

    Args:
        theta: with respect to each letter of θ.
        f: with respect to the input drive f.
        phi: with respect to φ.
    """

    theta: Lanes
    f: Array
    phi: Array


@dataclass(frozen=True)
class Gradients:
    """Result of a backward pass.

    Args:
        theta: dL/dθ by letter, each in its parameter's own shape, (P,) or ().
        delta: dL/dδ, (P,) or ().
        f: dL/df (K, n, P), which continues to the input u.
        f_B: dL/df (K, n, P), which continues to B. It differs from ``f`` in ``rhel_released`` only.
    """

    theta: dict[str, Array]
    delta: Array
    f: Array
    f_B: Array


#: Maps g = dL/dφ_1..dL/dφ_K (K, n, P) to the gradients of one trajectory.
Backward = Callable[[Array], Gradients]


class Hamiltonian(Protocol):
    """A separable H = T(π) + V(φ; θ, f) per channel, with hand-derived derivatives.

    The oracle has no automatic differentiation. Hence four methods more than in the frameworks:
    ``physical_adjoint``, ``velocity_slope``, ``potential_slopes`` and ``force_slopes``.

    Arguments of all methods: φ, π, m, d and f (n, P); θ and δ (P,) or (); float64.

    Source:
        docs/internals/architecture.md.
    """

    parameters: tuple[str, ...]
    separable: bool
    closed_forms: bool
    released_at: Literal["end", "third"]

    def physical(self, raw: Theta, c_squash: int) -> tuple[dict[str, Array], Array]:
        """Map raw trainable values to θ and δ.

        Args:
            raw: trainable arrays by letter.
            c_squash: how many sigmoids map c to c̃ (nonlinear unit only).

        Returns:
            θ by letter, and δ.
        """
        ...

    def physical_adjoint(self, raw: Theta, c_squash: int, theta: Theta, delta: Array) -> dict[str, Array]:
        """Map gradients with respect to θ and δ to gradients with respect to the raw values.

        Args:
            raw: trainable arrays by letter.
            c_squash: as in ``physical``.
            theta: dL/dθ by letter.
            delta: dL/dδ.

        Returns:
            dL/draw by letter.
        """
        ...

    def steepness(self, theta: Theta) -> float:
        """Return max|w|, the scale of the relative nudge."""
        ...

    def stability(self, theta: Theta, delta: Array) -> float:
        """Return max δ² × curvature; the leapfrog is stable while it is below 4."""
        ...

    def kinetic(self, pi: Array) -> Array:
        """Return T(π) per channel, (n, P)."""
        ...

    def velocity(self, pi: Array) -> Array:
        """Return ∇T(π), (n, P)."""
        ...

    def velocity_slope(self, pi: Array) -> Array:
        """Return ∂²T/∂π² per channel, (n, P)."""
        ...

    def potential(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return V(φ; θ, f) per channel, (n, P)."""
        ...

    def force(self, theta: Theta, phi: Array, f: Array) -> Array:
        """Return ∂V/∂φ, (n, P)."""
        ...

    def potential_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of V with respect to θ, f and φ."""
        ...

    def force_slopes(self, theta: Theta, phi: Array, f: Array) -> Slopes:
        """Return the derivatives of ∂V/∂φ with respect to θ, f and φ."""
        ...

    def pair_force(self, theta: Theta, m: Array, d: Array, f: Array) -> Pair:
        """Return mean and half difference of ∂V/∂φ at m + d and m − d, without cancellation.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).
        """
        ...

    def half_contrasts(self, theta: Theta, m: Array, d: Array, f: Array) -> tuple[Lanes, Array, Array]:
        """Return half the difference between m + d and m − d of ∂V/∂θ, of ∂V/∂f and of V.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).

        Returns:
            ½[∂V/∂θ]₊₋ by letter, ½[∂V/∂f]₊₋ and ½[V]₊₋, (n, P) each.
        """
        ...


class Integrator(Protocol):
    """One time step of the recurrence: for one state, for an echo pair, and its adjoint."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array
    ) -> tuple[Array, Array, tuple[Kick, ...]]:
        """Advance one state by one time step.

        Args:
            hamiltonian: T and V.
            theta: parameters by letter, (P,) or ().
            delta: step size δ, (P,) or ().
            phi: φ_k (n, P).
            pi: π_k (n, P).
            f: input drive f_{k+1} (n, P).

        Returns:
            φ_{k+1}, π_{k+1}, and the kicks in order.
        """
        ...

    def pair_step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, mean: Pair, half: Pair, f: Array
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Advance mean and half difference of an echo pair by one time step.

        Args:
            hamiltonian: T = π²/2 and V with closed forms.
            theta: parameters by letter, (P,) or ().
            delta: step size δ, (P,) or ().
            mean: (m_φ, m_π), (n, P) each.
            half: (d_φ, d_π), (n, P) each.
            f: input drive (n, P), the same for both echoes.

        Returns:
            Mean and half difference after the time step, and the kicks in order.
        """
        ...

    def step_adjoint(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, bar: Pair
    ) -> tuple[Pair, Slopes, Array]:
        """Apply the transposed Jacobian of one time step.

        Args:
            hamiltonian: T and V.
            theta: parameters by letter, (P,) or ().
            delta: step size δ, (P,) or ().
            phi: φ_k (n, P).
            pi: π_k (n, P).
            f: input drive f_{k+1} (n, P).
            bar: dL/d(φ_{k+1}, π_{k+1}), (n, P) each.

        Returns:
            dL/d(φ_k, π_k); this time step's gradients of θ, f and φ; its gradient of δ; (n, P) each.
        """
        ...


class Algorithm(Protocol):
    """Gradient estimator: integrates one trajectory and returns its backward pass.

    The module of every algorithm implements it as a function ``trajectory``.
    """

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
        """Integrate from Φ_0 = 0.

        Args:
            hamiltonian: T and V.
            integrator: one time step and its adjoint.
            nudge: mode and size of the nudge (``rhelbench.spec.Nudge``); only RHEL and SPSA use it.
            theta: parameters by letter, (P,) or ().
            delta: step size δ, (P,) or ().
            f: input drive f = B u (K, n, P), float64.
            f_B: the same values, for interface parity with the frameworks; not used, since ``Gradients``
                has both ``f`` and ``f_B``.

        Returns:
            φ_1..φ_K (K, n, P), and the backward pass: a function from g = dL/dφ (K, n, P) to ``Gradients``.
        """
        ...


def sigmoid(x: Array) -> Array:
    """Return 1/(1 + e^(−x)), written with tanh to avoid overflow.

    Example:
        >>> float(sigmoid(np.array(-1e4)))
        0.0
    """
    return 0.5 * (1 + np.tanh(0.5 * x))
