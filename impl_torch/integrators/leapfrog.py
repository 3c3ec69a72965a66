"""The position-first leapfrog of the text."""

from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import ClosedForms, Hamiltonian, Kick, Lanes, Pair, PairKick, Values


class Leapfrog:
    """Drift half a step, kick with the force at the half-stepped position, drift half a step.

    φ⅓ = φ + (δ/2) ∇T(π);  π' = π − δ ∇V(φ⅓, θ, f);  φ' = φ⅓ + (δ/2) ∇T(π').

    Order 2 for constant drive, symplectic, exactly reversible: stepping (φ', −π') with the same drive gives (φ, −π).

    Source:
        Paper, section 3 (equation of the HRU).
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
        """Take one step.

        Args:
            hamiltonian: the energy.
            theta: its parameters, (P,) or ().
            delta: δ, (P,) or ().
            phi: φ_k (n, P), or (2, n, P) for two echoes side by side.
            pi: π_k, as φ_k.
            f: drive f_{k+1} (n, P).

        Returns:
            φ_{k+1}, π_{k+1} and the kick, V being read at φ_{k+1/3}.
        """
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, third, f)
        return third + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, third, after),)

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Float[Tensor, "..."], mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Take one step of both echoes at once, as mean (m_φ, m_π) and half difference (d_φ, d_π); T = π²/2.

        Returns:
            The new mean, the new half difference, and the kick.
        """
        (m, m_pi), (d, d_pi) = mean, half
        m_third, d_third = m + 0.5 * delta * m_pi, d + 0.5 * delta * d_pi
        force, force_half = hamiltonian.pair_force(theta, m_third, d_third, f)
        m_after, d_after = m_pi - delta * force, d_pi - delta * force_half
        mean, half = (m_third + 0.5 * delta * m_after, m_after), (d_third + 0.5 * delta * d_after, d_after)
        return mean, half, (PairKick(1.0, (m_pi, d_pi), (m_third, d_third), (m_after, d_after)),)


INTEGRATOR = Leapfrog()
