"""The leapfrog as the released code takes it for the nonlinear unit: force at the step's start."""

from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import ClosedForms, Hamiltonian, Kick, Lanes, Pair, PairKick, Values


class LeapfrogReleased:
    """Drift half a step, kick with the force at the position BEFORE the drift, drift half a step.

    φ⅓ = φ + (δ/2) ∇T(π);  π' = π − δ ∇V(φ, θ, f);  φ' = φ⅓ + (δ/2) ∇T(π').

    Order 1 and not reversible (docs/deviations.md, row 1).
    """

    def step(
        self,
        hamiltonian: Hamiltonian,
        theta: Values,
        delta: Float[Tensor, "..."],
        phi: Lanes,
        pi: Lanes,
        f: Float[Tensor, "n P"],
    ) -> tuple[Lanes, Lanes, tuple[Kick]]:
        """Take one step; arguments and results as ``Leapfrog.step``."""
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, phi, f)
        return third + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, third, after),)

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Float[Tensor, "..."], mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Take one step of an echo pair; arguments and results as ``Leapfrog.pair_step``."""
        (m, m_pi), (d, d_pi) = mean, half
        m_third, d_third = m + 0.5 * delta * m_pi, d + 0.5 * delta * d_pi
        force, force_half = hamiltonian.pair_force(theta, m, d, f)
        m_after, d_after = m_pi - delta * force, d_pi - delta * force_half
        mean, half = (m_third + 0.5 * delta * m_after, m_after), (d_third + 0.5 * delta * d_after, d_after)
        return mean, half, (PairKick(1.0, (m_pi, d_pi), (m_third, d_third), (m_after, d_after)),)


INTEGRATOR = LeapfrogReleased()
