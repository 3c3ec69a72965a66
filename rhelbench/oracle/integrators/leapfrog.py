"""The position-first leapfrog (paper, section 3): order 2, symplectic, exactly reversible."""

from rhelbench.oracle.interface import Array, Hamiltonian, Kick, Pair, PairKick, Slopes, Theta


class Leapfrog:
    """One step: a third, a kick at the half-stepped position, a third.

    φ_{k+1/3} = φ_k + (δ/2) ∇T(π_k)
    π_{k+1}   = π_k − δ ∇V(φ_{k+1/3}, θ, f_{k+1})
    φ_{k+1}   = φ_{k+1/3} + (δ/2) ∇T(π_{k+1})

    Args of all methods: φ, π, f and pairs of them (n, P); δ (P,) or scalar; float64.

    Source:
        Paper, section 3; Hairer, Lubich & Wanner, Geometric Numerical Integration, I.1.4.
    """

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array
    ) -> tuple[Array, Array, tuple[Kick]]:
        """Return φ_{k+1}, π_{k+1} and the kick, V being read at φ_{k+1/3}."""
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, third, f)
        return third + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, third, after),)

    def pair_step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, mean: Pair, half: Pair, f: Array
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Step m and d; T = π²/2, so that the velocity of the mean is the mean of the velocities."""
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        m_third, d_third = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, m_third, d_third, f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), (m_third, d_third), (m_after, d_after))
        return (m_third + 0.5 * delta * m_after, m_after), (d_third + 0.5 * delta * d_after, d_after), (kick,)

    def step_adjoint(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, bar: Pair
    ) -> tuple[Pair, Slopes, Array]:
        """Go through the three lines of ``step`` in reverse, each with the chain rule."""
        bar_phi, bar_pi = bar
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        force, slopes = hamiltonian.force(theta, third, f), hamiltonian.force_slopes(theta, third, f)
        kicked = pi - delta * force
        # φ_{k+1} = third + (δ/2) ∇T(kicked)
        bar_third = bar_phi
        bar_kicked = bar_pi + 0.5 * delta * hamiltonian.velocity_slope(kicked) * bar_phi
        bar_delta = 0.5 * hamiltonian.velocity(kicked) * bar_phi
        # kicked = π_k − δ F(third)
        bar_force = -delta * bar_kicked
        bar_delta = bar_delta - force * bar_kicked
        bar_third = bar_third + slopes.phi * bar_force
        # third = φ_k + (δ/2) ∇T(π_k)
        bar_pi = bar_kicked + 0.5 * delta * hamiltonian.velocity_slope(pi) * bar_third
        bar_delta = bar_delta + 0.5 * hamiltonian.velocity(pi) * bar_third
        theta_bar = {letter: slope * bar_force for letter, slope in slopes.theta.items()}
        return (bar_third, bar_pi), Slopes(theta_bar, slopes.f * bar_force, bar_third), bar_delta


INTEGRATOR = Leapfrog()
