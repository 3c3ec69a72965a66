"""The position-first leapfrog: drift by δ/2, kick by δ, drift by δ/2."""

from dataclasses import dataclass
from typing import Literal

from rhelbench.oracle.interface import Array, Hamiltonian, Kick, Pair, PairKick, Slopes, Theta


@dataclass(frozen=True)
class Leapfrog:
    """One time step of the leapfrog, with the kick's force at φ_{k+1/3} or at φ_k.

    φ_{k+1/3} = φ_k + (δ/2) ∇T(π_k)
    π_{k+1}   = π_k − δ ∇V(φ_kick, θ, f_{k+1})
    φ_{k+1}   = φ_{k+1/3} + (δ/2) ∇T(π_{k+1})

    Arguments of all methods: see ``interface.Integrator``.

    Args:
        kick_at: ``"midpoint"``: φ_kick = φ_{k+1/3}, second order, symplectic, reversible.
            ``"start"``: φ_kick = φ_k, first order, not reversible.

    Source:
        Paper, section 3; Hairer, Lubich & Wanner, Geometric Numerical Integration, I.1.4.
        ``"start"``: docs/deviations.md, row 1.
    """

    kick_at: Literal["midpoint", "start"]

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array
    ) -> tuple[Array, Array, tuple[Kick]]:
        """Return φ_{k+1}, π_{k+1} and the kick; an echo evaluates V at φ_{k+1/3}."""
        midpoint = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, midpoint if self.kick_at == "midpoint" else phi, f)
        return midpoint + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, midpoint, after),)

    def pair_step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, mean: Pair, half: Pair, f: Array
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Advance m and d; T = π²/2, so the velocity of the mean is the mean of the velocities."""
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        midpoint = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, *(midpoint if self.kick_at == "midpoint" else (m_phi, d_phi)), f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), midpoint, (m_after, d_after))
        return (midpoint[0] + 0.5 * delta * m_after, m_after), (midpoint[1] + 0.5 * delta * d_after, d_after), (kick,)

    def step_adjoint(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, bar: Pair
    ) -> tuple[Pair, Slopes, Array]:
        """Differentiate the three lines of ``step`` in reverse order."""
        bar_phi, bar_pi = bar
        midpoint = phi + 0.5 * delta * hamiltonian.velocity(pi)
        at = midpoint if self.kick_at == "midpoint" else phi
        force, slopes = hamiltonian.force(theta, at, f), hamiltonian.force_slopes(theta, at, f)
        kicked = pi - delta * force
        # φ_{k+1} = midpoint + (δ/2) ∇T(kicked)
        bar_midpoint = bar_phi
        bar_kicked = bar_pi + 0.5 * delta * hamiltonian.velocity_slope(kicked) * bar_phi
        bar_delta = 0.5 * hamiltonian.velocity(kicked) * bar_phi
        # kicked = π_k − δ F(φ_kick)
        bar_force = -delta * bar_kicked
        bar_delta = bar_delta - force * bar_kicked
        bar_kick = bar_midpoint + slopes.phi * bar_force
        if self.kick_at == "midpoint":
            bar_midpoint = bar_kick
        # midpoint = φ_k + (δ/2) ∇T(π_k)
        bar_pi = bar_kicked + 0.5 * delta * hamiltonian.velocity_slope(pi) * bar_midpoint
        bar_delta = bar_delta + 0.5 * hamiltonian.velocity(pi) * bar_midpoint
        theta_bar = {letter: slope * bar_force for letter, slope in slopes.theta.items()}
        return (bar_kick, bar_pi), Slopes(theta_bar, slopes.f * bar_force, bar_kick), bar_delta


INTEGRATOR = Leapfrog(kick_at="midpoint")
