"""Protocols of a Hamiltonian, an integrator and an algorithm (docs/internals/architecture.md).

Shapes: K time steps, n samples, P state channels.
"""

from typing import Literal, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from rhelbench.spec import Nudge

#: θ or raw values by letter; per channel (P,) or scalar ().
Values = dict[str, Float[Tensor, "..."]]
#: One value per sample and channel; an optional leading axis has the two signs of the nudge.
Lanes = Float[Tensor, "*signs n P"]
#: (position, momentum), or (mean, half difference) of either.
Pair = tuple[Float[Tensor, "*signs n P"], Float[Tensor, "*signs n P"]]
#: (time steps, samples, channels): time-major.
Path = Float[Tensor, "K n P"]


@runtime_checkable
class Hamiltonian(Protocol):
    """A separable energy H = T(π) + V(φ; θ, f), independent in each channel.

    ``closed_forms``: it is a ``ClosedForms``, too. ``released_at``: where the released rule evaluates H,
    "third" (the midpoint φ_{k+1/3} of an echo's time step) or "end".
    Arguments of all methods: φ, π, m, d and f (..., n, P); θ and δ (P,), () or (n, P); the run's dtype.
    """

    parameters: tuple[str, ...]
    separable: bool
    closed_forms: bool
    released_at: Literal["end", "third"]

    def physical(self, raw: Values, c_squash: int) -> tuple[Values, Tensor]:
        """Map raw trainable values to θ and step size δ.

        Args:
            raw: trainable values by letter.
            c_squash: how many sigmoids map c to c̃ (nonlinear unit only).
        """
        ...

    def steepness(self, theta: Values) -> Tensor:
        """Return max|w|, the scale of the relative nudge (1 for the linear unit)."""
        ...

    def kinetic(self, pi: Tensor) -> Tensor:
        """Return T(π) per channel."""
        ...

    def velocity(self, pi: Tensor) -> Tensor:
        """Return ∇T(π) per channel."""
        ...

    def potential(self, theta: Values, phi: Tensor, f: Tensor) -> Tensor:
        """Return V(φ; θ, f) per channel."""
        ...

    def force(self, theta: Values, phi: Tensor, f: Tensor) -> Tensor:
        """Return ∂V/∂φ per channel."""
        ...


@runtime_checkable
class ClosedForms(Hamiltonian, Protocol):
    """A Hamiltonian with T = π²/2 and closed forms for the echo pair, which avoid cancellation."""

    def pair_force(self, theta: Values, m: Tensor, d: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and half difference of the force at m ± d.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).
        """
        ...

    def half_contrasts(self, theta: Values, m: Tensor, d: Tensor, f: Tensor) -> tuple[Values, Tensor, Tensor]:
        """Return half the difference between m ± d of ∂V/∂θ, of ∂V/∂f and of V, (n, P) each.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).
        """
        ...


class Kick(NamedTuple):
    """One kick of a time step, π ← π − weight · δ ∂V/∂φ, where an echo evaluates V and T.

    Args:
        weight: fraction of δ in this kick; the weights of one time step sum to 1.
        before: momentum before the kick.
        phi: position at which an echo evaluates V.
        after: momentum after the kick.
    """

    weight: float
    before: Tensor
    phi: Tensor
    after: Tensor


class PairKick(NamedTuple):
    """One kick of an echo pair: each tensor of ``Kick`` as (mean, half difference)."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@runtime_checkable
class Integrator(Protocol):
    """One explicit time step of Hamilton's equations, for one state and for an echo pair."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Values, delta: Tensor, phi: Tensor, pi: Tensor, f: Tensor
    ) -> tuple[Tensor, Tensor, tuple[Kick, ...]]:
        """Advance a state by one time step.

        Args:
            hamiltonian: T and V.
            theta: parameters by letter, (P,), () or (n, P).
            delta: step size δ, (P,), () or (n, P).
            phi: φ_k (n, P), or (2, n, P) for two echoes in parallel.
            pi: π_k, as ``phi``.
            f: input drive f_{k+1} (n, P).

        Returns:
            φ_{k+1}, π_{k+1}, and the kicks in order.
        """
        ...

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Tensor, mean: Pair, half: Pair, f: Tensor
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Advance mean and half difference of an echo pair by one time step.

        Args:
            hamiltonian: T = π²/2 and V with closed forms.
            theta: parameters by letter, (P,), () or (n, P).
            delta: step size δ, (P,), () or (n, P).
            mean: (m_φ, m_π), (n, P) each.
            half: (d_φ, d_π), (n, P) each.
            f: input drive (n, P), the same for both echoes.

        Returns:
            Mean and half difference after the time step, and the kicks in order.
        """
        ...


@runtime_checkable
class Trajectory(Protocol):
    """φ_1..φ_K from Φ_0 = 0, with the backward pass of one gradient estimator.

    The module of every algorithm implements it as ``trajectory``.
    """

    def __call__(
        self,
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Nudge,
        theta: Values,
        delta: Tensor,
        f: Tensor,
        f_B: Tensor | None = None,
    ) -> Tensor:
        """Integrate from Φ_0 = 0.

        Args:
            hamiltonian: T and V.
            integrator: one time step.
            nudge: mode and size of the nudge (``rhelbench.spec.Nudge``); only RHEL and SPSA use it.
            theta: parameters by letter, (P,) or ().
            delta: step size δ, (P,) or ().
            f: input drive f = B u (K, n, P), float32 or float64.
            f_B: the same values as ``f``; receives the gradient of the drive that continues to B. Only
                ``rhel_released`` distinguishes it from the gradient that continues to u. None: ``f`` alone.

        Returns:
            Positions φ_1..φ_K (K, n, P).
        """
        ...
