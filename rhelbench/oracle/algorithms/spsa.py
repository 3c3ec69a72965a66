"""Simultaneous perturbation: forward runs at x ± ρ v only; no Jacobian, no reversal, high variance."""

import numpy as np

from rhelbench.oracle.algorithms.forward_gradient import seed_of
from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and, per sample and channel, the contrast of two perturbed runs times the perturbation.

    With v = ±1 at random: D = Σ_k g_k (φ_k(x + ρ v) − φ_k(x − ρ v)) / 2ρ, and the estimate of dL/dx is
    D v, since 1/v = v. x is (θ, δ), then f. The bias is O(ρ²); the variance is that of
    ``forward_gradient``.

    Arguments and returns: see ``interface.Algorithm``. ρ is the nudge's size.

    Source:
        Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, 1992.
    """
    phi, _ = forward(hamiltonian, integrator, theta, delta, f)

    def backward(g: Array) -> Gradients:
        rng, size = np.random.default_rng(seed_of(g)), f.shape[1:]
        v = {name: rng.choice([-1.0, 1.0], size) for name in (*theta, "delta")}
        v_f, slope, slope_f = rng.choice([-1.0, 1.0], f.shape), np.zeros(size), np.zeros(size)
        for sign in (1, -1):
            rho = sign * nudge.size
            moved = {name: value + rho * v[name] for name, value in theta.items()}
            there, _ = forward(hamiltonian, integrator, moved, delta + rho * v["delta"], f)
            slope = slope + np.sum(g * there[1:], axis=0) / (2 * rho)
            there, _ = forward(hamiltonian, integrator, theta, delta, f + rho * v_f)
            slope_f = slope_f + np.sum(g * there[1:], axis=0) / (2 * rho)
        lanes = {name: slope * value for name, value in v.items()}
        of_delta = np.asarray(reduce_to(lanes.pop("delta"), delta))
        return Gradients(reduce_theta(lanes, theta), of_delta, slope_f * v_f, slope_f * v_f)

    return phi[1:], backward
