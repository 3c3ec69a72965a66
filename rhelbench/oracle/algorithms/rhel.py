"""RHEL with the echo pair integrated as mean and half difference, which avoids cancellation."""

import numpy as np

from rhelbench.oracle.algorithms import rhel_separate
from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.nudge import epsilon
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the contrast of the two echoes.

    The echoes are integrated as m = (Φ₊ + Φ₋)/2 and d = (Φ₊ − Φ₋)/2. Initially m = Φ_K* and
    d = (0, ε g_K). After each time step d_π gains ε g_{k−1}. With half contrasts at every kick:
    dL/dθ = −(δ/ε) Σ_k ½[∇θ V]₊₋,  dL/df_k = −(δ/ε) ½[∇f V]₊₋,
    dL/dδ = −(1/ε) Σ_k (½[V]₊₋ + ½ (m_π d_π before the kick + m_π d_π after it)).
    Each kick has its weight in the time step, 1 for the leapfrog's only one.
    Without closed forms, ``rhel_separate`` is used instead.

    Arguments and returns: see ``interface.Algorithm``. Only Φ_K is stored for the backward pass.

    Source:
        Paper, Theorem 3.2. The equations of the pair are this project's (docs/internals/architecture.md).
    """
    if not hamiltonian.closed_forms:
        return rhel_separate.trajectory(hamiltonian, integrator, nudge, theta, delta, f, f_B)
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)
    last_phi, last_pi = phi[-1], pi[-1]

    def backward(g: Array) -> Gradients:
        eps = epsilon(nudge, hamiltonian.steepness(theta), g)[:, None]
        theta_lanes = {letter: np.zeros_like(last_phi) for letter in theta}
        delta_lanes, f_bar = np.zeros_like(last_phi), np.zeros_like(f)
        mean, half = (last_phi, -last_pi), (np.zeros_like(last_phi), eps * g[-1])
        for k in reversed(range(len(f))):
            mean, half, kicks = integrator.pair_step(hamiltonian, theta, delta, mean, half, f[k])
            for kick in kicks:
                theta_half, f_half, v_half = hamiltonian.half_contrasts(theta, *kick.phi, f[k])
                for letter in theta:
                    theta_lanes[letter] -= kick.weight * delta * theta_half[letter] / eps
                f_bar[k] -= kick.weight * delta * f_half / eps
                kinetic = 0.5 * (kick.before[0] * kick.before[1] + kick.after[0] * kick.after[1])
                delta_lanes -= kick.weight * (v_half + kinetic) / eps
            if k > 0:
                half = half[0], half[1] + eps * g[k - 1]
        return Gradients(reduce_theta(theta_lanes, theta), np.asarray(reduce_to(delta_lanes, delta)), f_bar, f_bar)

    return phi[1:], backward
