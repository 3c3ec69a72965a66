"""The position-first leapfrog: drift by δ/2, kick by δ, drift by δ/2."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import ClosedForms, Hamiltonian, Kick, Lanes, Pair, PairKick, Values


@dataclass(frozen=True)
class Leapfrog:
    """One time step of the leapfrog, with the kick's force at φ_{k+1/3} or at φ_k.

    φ_{k+1/3} = φ_k + (δ/2)∇T(π_k); π_{k+1} = π_k − δ∇V(φ_kick); φ_{k+1} = φ_{k+1/3} + (δ/2)∇T(π_{k+1}).

    Arguments of all methods: see ``interface.Integrator``.

    Args:
        kick_at: ``"midpoint"``: φ_kick = φ_{k+1/3}, second order, symplectic, reversible: (φ', −π') with the same
            drive leads to (φ, −π). ``"start"``: φ_kick = φ_k, first order, not reversible.

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
        """Return φ_{k+1}, π_{k+1} and the kick; an echo evaluates V at φ_{k+1/3}."""
        midpoint = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, midpoint if self.kick_at == "midpoint" else phi, f)
        return midpoint + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, midpoint, after),)

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Values, delta: Float[Tensor, "..."], mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Advance mean and half difference; T = ½π², so the drift acts on each separately."""
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        midpoint = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, *(midpoint if self.kick_at == "midpoint" else (m_phi, d_phi)), f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), midpoint, (m_after, d_after))
        return (midpoint[0] + 0.5 * delta * m_after, m_after), (midpoint[1] + 0.5 * delta * d_after, d_after), (kick,)


INTEGRATOR = Leapfrog(kick_at="midpoint")
