"""Backpropagation through time: the adjoint of every time step, in reverse, over the stored trajectory."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the adjoint sweep.

    λ_K = (g_K, 0);  λ_{k−1} = (∂Φ_k/∂Φ_{k−1})ᵀ λ_k + (g_{k−1}, 0);
    dL/dθ = Σ_k (∂Φ_k/∂θ)ᵀ λ_k, likewise for δ and f.

    Arguments and returns: see ``interface.Algorithm``. ``nudge`` is not used.

    Source:
        The chain rule; paper, section 3.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)

    def backward(g: Array) -> Gradients:
        bar = np.zeros_like(phi[0]), np.zeros_like(phi[0])
        theta_lanes = {letter: np.zeros_like(phi[0]) for letter in theta}
        delta_lanes, f_bar = np.zeros_like(phi[0]), np.zeros_like(f)
        for k in reversed(range(len(f))):
            bar = bar[0] + g[k], bar[1]
            bar, slopes, bar_delta = integrator.step_adjoint(hamiltonian, theta, delta, phi[k], pi[k], f[k], bar)
            delta_lanes += bar_delta
            f_bar[k] = slopes.f
            for letter in theta:
                theta_lanes[letter] += slopes.theta[letter]
        return Gradients(reduce_theta(theta_lanes, theta), np.asarray(reduce_to(delta_lanes, delta)), f_bar, f_bar)

    return phi[1:], backward
