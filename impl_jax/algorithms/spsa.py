"""Simultaneous perturbation: runs at x ± ρ v and nothing but their outcomes; no Jacobian, no reversal, much variance."""

import jax
import jax.numpy as jnp

from impl_jax.algorithms.forward_gradient import key_of
from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, forward, from_echo, lanes, narrow
from rhelbench.spec import Nudge


def backward(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Theta,
    delta: Lanes,
    f: Drive,
    final: Pair,
    g: Drive,
) -> tuple[Theta, Lanes, Drive, Drive]:
    """Return estimates D v of dL/dθ, dL/dδ and dL/df (twice), with v = ±1 at random, per sample and lane.

    D = Σ_k g_k (φ_k(x + ρ v) − φ_k(x − ρ v)) / 2ρ, once for x = (θ, δ) and once for x = f.

    Args:
        hamiltonian: what is integrated.
        integrator: how it is stepped.
        nudge: its size is ρ.
        theta: θ by letter, () or (P,).
        delta: step size, () or (P,).
        f: drive, (K, n, P).
        final: (φ_K, π_K), each (n, P); not used.
        g: dL/dφ_k, (K, n, P).

    Source:
        Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, 1992.
    """
    wide, step_size = lanes(theta, delta, final[0])
    keys = dict(zip((*theta, "delta", "f"), jax.random.split(key_of(g), len(theta) + 2), strict=True))

    def draw(name: str, like: Lanes) -> Lanes:
        return jax.random.rademacher(keys[name], like.shape, like.dtype)

    v = {name: draw(name, value) for name, value in wide.items()}
    v_delta, v_f = draw("delta", step_size), draw("f", f)

    def outcome(rho: float, rho_f: float) -> Lanes:
        moved = {name: value + rho * v[name] for name, value in wide.items()}
        return jnp.sum(g * forward(hamiltonian, integrator, moved, step_size + rho * v_delta, f + rho_f * v_f)[0], axis=0)

    size = nudge.size
    slope = (outcome(size, 0.0) - outcome(-size, 0.0)) / (2 * size)
    slope_f = (outcome(0.0, size) - outcome(0.0, -size)) / (2 * size)
    gradients = {name: narrow(slope * v[name], value) for name, value in theta.items()}
    return gradients, narrow(slope * v_delta, delta), slope_f * v_f, slope_f * v_f


trajectory = from_echo(backward)
