"""The position-first leapfrog: drift half a step, kick, drift half a step."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import ClosedForms, Hamiltonian, Kick, Lanes, Pair, PairKick, Values


@dataclass(frozen=True)
class Leapfrog:
    """One step of the leapfrog, with the kick's force taken at φ_{k+1/3} or at φ_k.

    φ_{k+1/3} = φ_k + (δ/2)∇T(π_k); π_{k+1} = π_k − δ∇V(φ_kick); φ_{k+1} = φ_{k+1/3} + (δ/2)∇T(π_{k+1}).

    Args:
        kick_at: ``"midpoint"``: φ_kick = φ_{k+1/3}, second order, symplectic, reversible: stepping (φ', −π') with the same drive
            gives (φ, −π); ``"start"``: φ_kick = φ_k, first order, not reversible.

    Source:
        Paper, section 3 (discrete HRU); ``"start"``: docs/deviations.md, row 1.
    """

    kick_at: Literal["midpoint", "start"]

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
        midpoint = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, midpoint if self.kick_at == "midpoint" else phi, f)
        return midpoint + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, midpoint, after),)

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Float[Tensor, "..."], mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Take one step of both echoes at once, as mean (m_φ, m_π) and half difference (d_φ, d_π); T = π²/2.

        Returns:
            The new mean, the new half difference, and the kick.
        """
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        midpoint = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, *(midpoint if self.kick_at == "midpoint" else (m_phi, d_phi)), f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), midpoint, (m_after, d_after))
        return (midpoint[0] + 0.5 * delta * m_after, m_after), (midpoint[1] + 0.5 * delta * d_after, d_after), (kick,)


INTEGRATOR = Leapfrog(kick_at="midpoint")
