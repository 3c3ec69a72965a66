"""The released code's nonlinear step (docs/deviations.md, row 1): order 1, not reversible; kept to measure its effect."""

from rhelbench.oracle.interface import Array, Hamiltonian, Kick, Pair, PairKick, Slopes, Theta


class LeapfrogReleased:
    """As ``Leapfrog``, but the kick takes the force at φ_k instead of φ_{k+1/3}.

    φ_{k+1/3} = φ_k + (δ/2) ∇T(π_k);  π_{k+1} = π_k − δ ∇V(φ_k, θ, f_{k+1});  φ_{k+1} = φ_{k+1/3} + (δ/2) ∇T(π_{k+1})

    Args of all methods: φ, π, f and pairs of them (n, P); δ (P,) or scalar; float64.

    Source:
        docs/deviations.md, row 1.
    """

    def step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array
    ) -> tuple[Array, Array, tuple[Kick]]:
        """Return φ_{k+1}, π_{k+1} and the kick, V being read at φ_{k+1/3}."""
        third = phi + 0.5 * delta * hamiltonian.velocity(pi)
        after = pi - delta * hamiltonian.force(theta, phi, f)
        return third + 0.5 * delta * hamiltonian.velocity(after), after, (Kick(1.0, pi, third, after),)

    def pair_step(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, mean: Pair, half: Pair, f: Array
    ) -> tuple[Pair, Pair, tuple[PairKick]]:
        """Step m and d; T = π²/2, so that the velocity of the mean is the mean of the velocities."""
        (m_phi, m_pi), (d_phi, d_pi) = mean, half
        m_third, d_third = m_phi + 0.5 * delta * m_pi, d_phi + 0.5 * delta * d_pi
        m_force, d_force = hamiltonian.pair_force(theta, m_phi, d_phi, f)
        m_after, d_after = m_pi - delta * m_force, d_pi - delta * d_force
        kick = PairKick(1.0, (m_pi, d_pi), (m_third, d_third), (m_after, d_after))
        return (m_third + 0.5 * delta * m_after, m_after), (d_third + 0.5 * delta * d_after, d_after), (kick,)

    def step_adjoint(
        self, hamiltonian: Hamiltonian, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, bar: Pair
    ) -> tuple[Pair, Slopes, Array]:
        """Go through the three assignments of ``step`` in reverse, each with the chain rule."""
        bar_phi, bar_pi = bar
        force, slopes = hamiltonian.force(theta, phi, f), hamiltonian.force_slopes(theta, phi, f)
        kicked = pi - delta * force
        # φ_{k+1} = third + (δ/2) ∇T(kicked)
        bar_third = bar_phi
        bar_kicked = bar_pi + 0.5 * delta * hamiltonian.velocity_slope(kicked) * bar_phi
        bar_delta = 0.5 * hamiltonian.velocity(kicked) * bar_phi
        # kicked = π_k − δ F(φ_k)
        bar_force = -delta * bar_kicked
        bar_delta = bar_delta - force * bar_kicked
        # third = φ_k + (δ/2) ∇T(π_k)
        bar_before = bar_third + slopes.phi * bar_force
        bar_pi = bar_kicked + 0.5 * delta * hamiltonian.velocity_slope(pi) * bar_third
        bar_delta = bar_delta + 0.5 * hamiltonian.velocity(pi) * bar_third
        theta_bar = {letter: slope * bar_force for letter, slope in slopes.theta.items()}
        return (bar_before, bar_pi), Slopes(theta_bar, slopes.f * bar_force, bar_before), bar_delta


INTEGRATOR = LeapfrogReleased()
