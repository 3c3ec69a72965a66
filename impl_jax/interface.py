"""The three independent objects of a recurrence: what is integrated, how it is stepped, how it is differentiated."""

from typing import Literal, NamedTuple, Protocol, TypeAlias, TypeGuard, runtime_checkable

from jaxtyping import Array, Float

#: θ by letter; () or (P,) as a parameter, broadcast to (n, P) inside a recurrence ("lanes").
Theta: TypeAlias = dict[str, Float[Array, "..."]]
#: Positions or any other quantity with one number per lane; leading axes are free (two echoes, samples).
Lanes: TypeAlias = Float[Array, "..."]


@runtime_checkable
class Hamiltonian(Protocol):
    """A separable energy H = T(π) + V(φ; θ, f) that acts lane by lane."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of θ, for example ``("A",)``."""
        ...

    @property
    def separable(self) -> bool:
        """Whether H = T(π) + V(φ); the leapfrog needs it."""
        ...

    @property
    def closed_forms(self) -> bool:
        """Whether ``pair_force`` and ``half_contrasts`` exist (see ``ClosedForms``)."""
        ...

    @property
    def released_at(self) -> Literal["end", "third"]:
        """Where ``rhel_released`` reads θ: at the end of an echo step, δ there too, or at its first third, δ not at all."""
        ...

    def physical(self, raw: Theta, c_squash: int) -> tuple[Theta, Lanes]:
        """Return θ and the step δ from the raw trainable values, by ordinary differentiable functions."""
        ...

    def steepness(self, theta: Theta) -> Lanes:
        """Return max|w|, the scale of the potential's argument in the scale-free nudge (1 for the linear unit)."""
        ...

    def kinetic(self, pi: Lanes) -> Lanes:
        """Return T per lane."""
        ...

    def velocity(self, pi: Lanes) -> Lanes:
        """Return ∇T per lane."""
        ...

    def potential(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return V per lane."""
        ...

    def force(self, theta: Theta, phi: Lanes, f: Lanes) -> Lanes:
        """Return ∂V/∂φ per lane."""
        ...


@runtime_checkable
class ClosedForms(Hamiltonian, Protocol):
    """What a Hamiltonian with T = π²/2 may add, so that no echo subtracts two nearly equal numbers."""

    def pair_force(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        """Return (F₊ + F₋)/2 and (F₊ − F₋)/2 of the force at φ± = m ± d."""
        ...

    def half_contrasts(self, theta: Theta, m: Lanes, d: Lanes, f: Lanes) -> tuple[Theta, Lanes, Lanes]:
        """Return (∂V₊ − ∂V₋)/2 with respect to each θ and to f, and (V₊ − V₋)/2, per lane."""
        ...


def has_closed_forms(hamiltonian: Hamiltonian) -> TypeGuard[ClosedForms]:
    """Return what the Hamiltonian says of itself, for readers and type checkers alike."""
    return hamiltonian.closed_forms


#: (φ, π), or the mean and half difference of two positions.
Pair: TypeAlias = tuple[Lanes, Lanes]


class Kick(NamedTuple):
    """One kick of a step, π ← π − weight · δ ∂V/∂φ; an echo reads V and T at it.

    Args:
        weight: the kick's part of δ; those of a step add up to 1.
        before: momentum before it.
        phi: position at which V is read.
        after: momentum after it.
    """

    weight: float
    before: Lanes
    phi: Lanes
    after: Lanes


class PairKick(NamedTuple):
    """The same of an echo pair: (mean, half difference) in the place of each array."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@runtime_checkable
class Integrator(Protocol):
    """One explicit step of Hamilton's equations with step δ."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Lanes, phi: Lanes, pi: Lanes, f: Lanes
    ) -> tuple[Lanes, Lanes, tuple[Kick, ...]]:
        """Return φ, π after the step and its kicks in their order."""
        ...

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Theta, delta: Lanes, mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Step mean and half difference of two states; return both and the kicks."""
        ...
