"""What a Hamiltonian, an integrator and an algorithm are, as types (docs/internals/architecture.md)."""

from typing import Literal, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from rhelbench.spec import Nudge

#: θ or raw values by letter; per channel (P,) or scalar ().
Values = dict[str, Float[Tensor, "..."]]
#: One number per sample and lane; a leading axis, where there is one, holds the two signs of the nudge.
Lanes = Float[Tensor, "*signs n P"]
#: (position, momentum), or (mean, half difference) of one of them.
Pair = tuple[Float[Tensor, "*signs n P"], Float[Tensor, "*signs n P"]]
#: Steps, samples, lanes: time-major.
Path = Float[Tensor, "K n P"]


@runtime_checkable
class Hamiltonian(Protocol):
    """H = T(π) + V(φ; θ, f), lane by lane.

    ``closed_forms`` says that it is a ``ClosedForms`` too; ``released_at`` where the released
    rule reads H: at the first third of an echo's step or at its end.
    """

    parameters: tuple[str, ...]
    separable: bool
    closed_forms: bool
    released_at: Literal["end", "third"]

    def physical(self, raw: Values, c_squash: int) -> tuple[Values, Tensor]:
        """Turn raw trainable values into θ and δ."""
        ...

    def steepness(self, theta: Values) -> Tensor:
        """Return the scale of the relative nudge, max|w|; 1 for the linear unit."""
        ...

    def kinetic(self, pi: Tensor) -> Tensor:
        """Return T per lane."""
        ...

    def velocity(self, pi: Tensor) -> Tensor:
        """Return ∇T per lane."""
        ...

    def potential(self, theta: Values, phi: Tensor, f: Tensor) -> Tensor:
        """Return V per lane."""
        ...

    def force(self, theta: Values, phi: Tensor, f: Tensor) -> Tensor:
        """Return ∂V/∂φ per lane."""
        ...


@runtime_checkable
class ClosedForms(Hamiltonian, Protocol):
    """A Hamiltonian whose echo pair has closed forms; T = π²/2."""

    def pair_force(self, theta: Values, m: Tensor, d: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and half difference of the force at m ± d."""
        ...

    def half_contrasts(self, theta: Values, m: Tensor, d: Tensor, f: Tensor) -> tuple[Values, Tensor, Tensor]:
        """Return half the contrasts of ∂V/∂θ, ∂V/∂f and V between m ± d."""
        ...


class Kick(NamedTuple):
    """One kick of a step, π ← π − weight · δ ∂V/∂φ; an echo reads V and T at it.

    Args:
        weight: the kick's part of δ; those of a step add up to 1.
        before: momentum before it.
        phi: position at which V is read.
        after: momentum after it.
    """

    weight: float
    before: Tensor
    phi: Tensor
    after: Tensor


class PairKick(NamedTuple):
    """The same of an echo pair: (mean, half difference) in the place of each tensor."""

    weight: float
    before: Pair
    phi: Pair
    after: Pair


@runtime_checkable
class Integrator(Protocol):
    """One step in time of any separable Hamiltonian, and of an echo pair."""

    def step(
        self, hamiltonian: Hamiltonian, theta: Values, delta: Tensor, phi: Tensor, pi: Tensor, f: Tensor
    ) -> tuple[Tensor, Tensor, tuple[Kick, ...]]:
        """Return φ, π after the step and its kicks in their order."""
        ...

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Tensor, mean: Pair, half: Pair, f: Tensor
    ) -> tuple[Pair, Pair, tuple[PairKick, ...]]:
        """Return mean and half difference after the step, and its kicks."""
        ...


@runtime_checkable
class Trajectory(Protocol):
    """φ_1..φ_K from Φ_0 = 0, with the algorithm's own backward pass."""

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
        """Return the positions (K, n, P) under the drive f.

        ``f_B`` is internal: a second route of the same numbers, which gets the drive's gradient towards B. The released rule has
        another one there than towards u; every other algorithm gives both routes the whole gradient.
        """
        ...
