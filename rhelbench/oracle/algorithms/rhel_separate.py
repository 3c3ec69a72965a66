"""RHEL as physical hardware would run it: two echoes, one after the other, and the difference of the readings."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Kick, Theta
from rhelbench.oracle.nudge import epsilon
from rhelbench.oracle.recurrence import echo, forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the contrast of the echoes nudged by +ε g and −ε g; only Φ_K is stored.

    dL/dθ = −(1/2ε) Σ_k [δ ∇θ V(φ_{k+1/3})]₊₋,  dL/df_k = −(1/2ε) [δ ∇f V(φ_{k+1/3})]₊₋,
    dL/dδ = −(1/2ε) Σ_k [H½]₊₋,  H½ = V(φ_{k+1/3}) + ½ (T(π before the kick) + T(π after it)).
    If a time step has several kicks, each has its weight.

    Arguments and returns: see ``interface.Algorithm``. Any separable H is allowed. The truncation error is
    O(ε²), and zero for a quadratic H.

    Source:
        Paper, Theorem 3.2 and section 3.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)
    last_phi, last_pi = phi[-1], pi[-1]

    def half_energy(k: int, kick: Kick) -> Array:
        momentum = 0.5 * (hamiltonian.kinetic(kick.before) + hamiltonian.kinetic(kick.after))
        return hamiltonian.potential(theta, kick.phi, f[k]) + momentum

    def backward(g: Array) -> Gradients:
        eps = epsilon(nudge, hamiltonian.steepness(theta), g)[:, None]
        theta_lanes = {letter: np.zeros_like(last_phi) for letter in theta}
        delta_lanes, f_bar = np.zeros_like(last_phi), np.zeros_like(f)
        plus_echo = echo(hamiltonian, integrator, theta, delta, last_phi, last_pi, f, eps * g)
        minus_echo = echo(hamiltonian, integrator, theta, delta, last_phi, last_pi, f, -eps * g)
        for (k, plus), (_, minus) in zip(plus_echo, minus_echo, strict=True):
            for above, below in zip(plus.kicks, minus.kicks, strict=True):
                up = hamiltonian.potential_slopes(theta, above.phi, f[k])
                down = hamiltonian.potential_slopes(theta, below.phi, f[k])
                for letter in theta:
                    theta_lanes[letter] -= above.weight * delta * (up.theta[letter] - down.theta[letter]) / (2 * eps)
                f_bar[k] -= above.weight * delta * (up.f - down.f) / (2 * eps)
                delta_lanes -= above.weight * (half_energy(k, above) - half_energy(k, below)) / (2 * eps)
        return Gradients(reduce_theta(theta_lanes, theta), np.asarray(reduce_to(delta_lanes, delta)), f_bar, f_bar)

    return phi[1:], backward
