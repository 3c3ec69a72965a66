"""Forward gradients: the exact directional derivative times a random direction; unbiased, high variance."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def seed_of(g: Array) -> int:
    """Return a seed computed from the bits of the incoming gradient.

    It changes with every optimiser step and is the same when a run is repeated.
    """
    return int(np.ascontiguousarray(g).view(np.uint32).sum(dtype=np.uint64))


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and, per sample and channel, (g · ∂φ/∂x v) v for standard normal v.

    A tangent accompanies the state: t ← J t + ∂Φ/∂x v. With D = Σ_k g_k t_φ,k the estimate of dL/dx is
    D v. E[v vᵀ] = 1, so it is unbiased. The variance for f grows with its K entries.
    Channels are independent, so each has its own direction and D. (θ, δ) and f are estimated
    separately, or the larger derivative would mask the smaller.

    Arguments and returns: see ``interface.Algorithm``. ``nudge`` is not used. The Jacobian's rows come
    from ``integrator.step_adjoint``.

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
