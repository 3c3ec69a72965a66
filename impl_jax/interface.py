"""Protocols of the three independent parts of a recurrence: energy, time stepping, differentiation.

Shapes: K time steps, n samples, P state channels. ``recurrence.Trajectory`` is the third protocol.
"""

from typing import Literal, NamedTuple, Protocol, TypeAlias, TypeGuard, runtime_checkable

from jaxtyping import Array, Float

#: θ by letter; () or (P,) as a parameter, broadcast to (n, P) inside a recurrence.
Theta: TypeAlias = dict[str, Float[Array, "..."]]
#: Positions or another quantity per state channel; leading axes are free (two echoes, samples).
Lanes: TypeAlias = Float[Array, "..."]


@runtime_checkable
class Hamiltonian(Protocol):
    """A separable energy H = T(π) + V(φ; θ, f), independent in each channel.

    Arguments of all methods: φ, π, m, d and f (..., n, P); θ and δ (P,), () or (n, P); the run's dtype.
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of θ, for example ``("A",)``."""
        ...

    @property
    def separable(self) -> bool:
        """Whether H = T(π) + V(φ), which the leapfrog needs."""
        ...

    @property
    def closed_forms(self) -> bool:
        """Whether ``pair_force`` and ``half_contrasts`` exist (see ``ClosedForms``)."""
        ...

    @property
    def released_at(self) -> Literal["end", "third"]:
        """Where ``rhel_released`` evaluates H.

        "end": θ and δ after the echo's time step. "third": θ at the midpoint φ_{k+1/3}, and δ has no gradient.
        """
        ...

    def physical(self, raw: Theta, c_squash: int) -> tuple[Theta, Lanes]:
        """Map raw trainable values to θ and step size δ, by differentiable functions.

        Args:
            raw: trainable values by letter.
            c_squash: how many sigmoids map c to c̃ (nonlinear unit only).
        """
        ...

    def steepness(self, theta: Theta) -> Lanes:
        """Return max|w|, the scale of the relative nudge (1 for the linear unit)."""
        ...

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return T(π) per channel."""
        ...

    def velocity(self, pi: Lanes) -> Lanes:
        """Return ∇T(π) per channel."""
        ...

    def potential(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return V(φ; θ, f) per channel."""
        ...

    def force(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return ∂V/∂φ per channel."""
        ...


@runtime_checkable
class ClosedForms(Hamiltonian, Protocol):
    """A Hamiltonian with T = π²/2 and closed forms for the echo pair, which avoid cancellation."""

    def pair_force(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        """Return (F₊ + F₋)/2 and (F₊ − F₋)/2 of the force at φ± = m ± d.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).
        """
        ...

    def half_contrasts(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Theta, Lanes, Lanes]:
        """Return (∂V₊ − ∂V₋)/2 for each θ and for f, and (V₊ − V₋)/2, (n, P) each.

        Args:
            theta: parameters by letter.
            m: mean position of the echo pair (n, P).
            d: half difference of the positions (n, P).
            f: input drive (n, P).
        """
        ...


def has_closed_forms(hamiltonian: Hamiltonian) -> TypeGuard[ClosedForms]:
    """Return ``closed_forms``, as a type guard."""
    return hamiltonian.closed_forms


#: (φ, π), or mean and half difference of two positions.
Pair: TypeAlias = tuple[Lanes, Lanes]


class Kick(NamedTuple):
    """One kick of a time step, π ← π − weight · δ ∂V/∂φ, where an echo evaluates V and T.

    Args:
        weight: fraction of δ in this kick; the weights of one time step sum to 1.
        before: momentum before the kick.
        phi: position at which an echo evaluates V.
        after: momentum after the kick.
    """

    weight: float
    before: Lanes
    phi: Lanes
    after: Lanes


class PairKick(NamedTuple):
    """One kick of an echo pair: each array of ``Kick`` as (mean, half difference)."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@runtime_checkable
class Integrator(Protocol):
    """One explicit time step of Hamilton's equations, for one state and for an echo pair."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Lanes, phi: Lanes, pi: Lanes, f: Lanes
    ) -> tuple[Lanes, Lanes, tuple[Kick, ...]]:
        """Advance a state by one time step.

        Args:
            hamiltonian: T and V.
            theta: parameters by letter, broadcast to (n, P).
            delta: step size δ, broadcast to (n, P).
            phi: φ_k (..., n, P); a leading axis may hold two echoes.
            pi: π_k, as ``phi``.
            f: input drive f_{k+1} (n, P).

        Returns:
            φ_{k+1}, π_{k+1}, and the kicks in order.
        """
        ...

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Theta, delta: Lanes, mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Advance mean and half difference of an echo pair by one time step.

        Args:
            hamiltonian: T = π²/2 and V with closed forms.
            theta: parameters by letter, broadcast to (n, P).
            delta: step size δ, broadcast to (n, P).
            mean: (m_φ, m_π), (n, P) each.
            half: (d_φ, d_π), (n, P) each.
            f: input drive (n, P), the same for both echoes.

        Returns:
            Mean and half difference after the time step, and the kicks in order.
        """
        ...
