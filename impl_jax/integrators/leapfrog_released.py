"""The released code's step: a leapfrog whose kick takes the force at the step's start."""

from dataclasses import dataclass

from impl_jax.interface import ClosedForms, Hamiltonian, Kick, Lanes, Pair, PairKick, Theta


@dataclass(frozen=True)
class LeapfrogReleased:
    """First order and not reversible: the force is taken at φ_k, not at φ_{k+1/3}.

    φ_{k+1/3} = φ_k + (δ/2)∇T(π_k); π_{k+1} = π_k − δ∇V(φ_k); φ_{k+1} = φ_{k+1/3} + (δ/2)∇T(π_{k+1}).

    Source:
        docs/deviations.md, row 1.
    """

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Lanes, phi: Lanes, pi: Lanes, f: Lanes
    ) -> tuple[Lanes, Lanes, tuple[Kick]]:
        """Return φ_{k+1}, π_{k+1} and the kick, V being read at φ_{k+1/3}; ``f`` is the drive of step k+1."""
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, phi, f)
        return third + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, third, after),)

    def pair_step(
        self, hamiltonian: ClosedForms, theta: Theta, delta: Lanes, mean: Pair, half: Pair, f: Lanes
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Step the mean and half difference of two states (T = ½π², so the drift acts on each alone)."""
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        m_third, d_third = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, m_phi, d_phi, f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), (m_third, d_third), (m_after, d_after))
        return (m_third + 0.5 * delta * m_after, m_after), (d_third + 0.5 * delta * d_after, d_after), (kick,)


INTEGRATOR = LeapfrogReleased()
