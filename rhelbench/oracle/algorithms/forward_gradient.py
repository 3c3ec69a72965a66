"""Forward gradients: the exact slope along one random direction, times the direction; right on average, seldom close."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def seed_of(g: Array) -> int:
    """Return a seed made of the bits of the incoming gradient: another draw at every step, the same one when repeated."""
    return int(np.ascontiguousarray(g).view(np.uint32).sum(dtype=np.uint64))


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and, per sample and lane, (g · ∂φ/∂x v) v for standard normal v, once for x = (θ, δ) and once for x = f.

    A tangent goes forward beside the state, t ← J t + ∂Φ/∂x v; with D = Σ_k g_k t_φ,k the estimate of dL/dx is D v.
    E[v vᵀ] = 1, so it is unbiased; that of the drive varies with its K entries. Every lane has directions and slopes of its
    own, since lanes do not mix; θ and drive have each their own, or the larger slope would drown the smaller.

    Args:
        hamiltonian: T and V.
        integrator: one step and its adjoint (its rows are the Jacobian's).
        nudge: not used.
        theta: parameters by letter, (P,) or scalar.
        delta: step, (P,) or scalar.
        f: drive (K, n, P).
        f_B: the same numbers; not used, ``Gradients`` has both routes.

    Returns:
        φ_1..φ_K (K, n, P), and a function from g (K, n, P) to ``Gradients``.

    Source:
        Baydin et al., Gradients without backpropagation, 2022.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)

    def backward(g: Array) -> Gradients:
        rng = np.random.default_rng(seed_of(g))
        one, zero = np.ones(f.shape[1:]), np.zeros(f.shape[1:])
        v = {name: rng.standard_normal(f.shape[1:]) for name in (*theta, "delta")}
        v_f, t, t_f, slope, slope_f = rng.standard_normal(f.shape), (zero, zero), (zero, zero), zero, zero
        for k in range(len(f)):
            moved, moved_f = [], []
            for bar in ((one, zero), (zero, one)):
                row, slopes, of_delta = integrator.step_adjoint(hamiltonian, theta, delta, phi[k], pi[k], f[k], bar)
                own = sum((slopes.theta[name] * v[name] for name in theta), of_delta * v["delta"])
                moved.append(row[0] * t[0] + row[1] * t[1] + own)
                moved_f.append(row[0] * t_f[0] + row[1] * t_f[1] + slopes.f * v_f[k])
            t, t_f = (moved[0], moved[1]), (moved_f[0], moved_f[1])
            slope, slope_f = slope + g[k] * t[0], slope_f + g[k] * t_f[0]
        lanes = {name: slope * value for name, value in v.items()}
        of_delta = np.asarray(reduce_to(lanes.pop("delta"), delta))
        return Gradients(reduce_theta(lanes, theta), of_delta, slope_f * v_f, slope_f * v_f)

    return phi[1:], backward
