"""RHEL with the echo pair integrated as mean and half difference: the same two passes, and nothing cancels."""

import numpy as np

from rhelbench.oracle.algorithms import rhel_separate
from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.nudge import epsilon
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the contrast of the two echoes, carried as variables m = (Φ₊ + Φ₋)/2 and d = (Φ₊ − Φ₋)/2.

    m starts at Φ_K*, d at (0, ε g_K); after each step d_π gains ε g_{k−1}. With half contrasts at every kick,
    dL/dθ = −(δ/ε) Σ_k,  dL/df_k = −(δ/ε) ·,  dL/dδ = −(1/ε) Σ_k of V's plus ½ (m_π d_π before the kick + m_π d_π after it),
    each kick with its weight in the step (1 for the leapfrog's only one).
    A Hamiltonian without closed forms is handed to ``rhel_separate``.

    Args:
        hamiltonian: T = π²/2 and V with closed forms.
        integrator: one pair step.
        nudge: absolute or relative ε.
        theta: parameters by letter, (P,) or scalar.
        delta: step, (P,) or scalar.
        f: drive (K, n, P).
        f_B: the same numbers; not used, ``Gradients`` has both routes.

    Returns:
        φ_1..φ_K (K, n, P), and a function from g (K, n, P) to ``Gradients``; only Φ_K is kept in between.

    Source:
        Paper, Theorem 3.2; the pair's equations are ours (docs/internals/architecture.md).
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
