"""RHEL as in the released code (docs/deviations.md, rows 2 and 4): biased; included to measure the bias."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.nudge import epsilon
from rhelbench.oracle.recurrence import EchoStep, echo, forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the contrast of two echoes as the released code computes it.

    dL/df_k towards u = −(1/2ε) [δ ∇f V(φ_{k+1/3})]₊₋, as in the theorem. θ, δ and the gradient towards B
    depend on ``hamiltonian.released_at``:
    "end": H is evaluated after the whole time step, and π includes the next nudge.
    dL/dθ = −(1/2ε) Σ_k [δ ∇θ V(φ_end)]₊₋;  B from ∇f V(φ_end);
    dL/dδ = −(1/2ε) Σ_k [V(φ_end) + T(π_end)]₊₋.
    "third": θ and B at φ_{k+1/3} as in the theorem;  dL/dδ = 0.

    Arguments and returns: see ``interface.Algorithm``.

    Source:
        docs/deviations.md, rows 2 and 4.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)
    last_phi, last_pi = phi[-1], pi[-1]
    at_end = hamiltonian.released_at == "end"

    def end_energy(k: int, step: EchoStep) -> Array:
        return hamiltonian.potential(theta, step.phi_end, f[k]) + hamiltonian.kinetic(step.pi_end)

    def backward(g: Array) -> Gradients:
        eps = epsilon(nudge, hamiltonian.steepness(theta), g)[:, None]
        theta_lanes = {letter: np.zeros_like(last_phi) for letter in theta}
        delta_lanes, f_bar, f_B_bar = np.zeros_like(last_phi), np.zeros_like(f), np.zeros_like(f)
        plus_echo = echo(hamiltonian, integrator, theta, delta, last_phi, last_pi, f, eps * g)
        minus_echo = echo(hamiltonian, integrator, theta, delta, last_phi, last_pi, f, -eps * g)
        for (k, plus), (_, minus) in zip(plus_echo, minus_echo, strict=True):
            read = [(above.phi, below.phi, above.weight) for above, below in zip(plus.kicks, minus.kicks, strict=True)]
            for phi_plus, phi_minus, weight in read:
                up, down = (hamiltonian.potential_slopes(theta, phi, f[k]) for phi in (phi_plus, phi_minus))
                f_bar[k] -= weight * delta * (up.f - down.f) / (2 * eps)
            if at_end:
                read = [(plus.phi_end, minus.phi_end, 1.0)]
                delta_lanes -= (end_energy(k, plus) - end_energy(k, minus)) / (2 * eps)
            for phi_plus, phi_minus, weight in read:
                up, down = (hamiltonian.potential_slopes(theta, phi, f[k]) for phi in (phi_plus, phi_minus))
                f_B_bar[k] -= weight * delta * (up.f - down.f) / (2 * eps)
                for letter in theta:
                    theta_lanes[letter] -= weight * delta * (up.theta[letter] - down.theta[letter]) / (2 * eps)
        return Gradients(reduce_theta(theta_lanes, theta), np.asarray(reduce_to(delta_lanes, delta)), f_bar, f_B_bar)

    return phi[1:], backward
