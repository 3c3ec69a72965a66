"""Simultaneous perturbation: forward runs at x ± ρ v only; no Jacobian, no reversal, high variance."""

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
    """Return estimates D v of the gradients, with v = ±1 at random, per sample and channel.

    D = Σ_k g_k (φ_k(x + ρ v) − φ_k(x − ρ v)) / 2ρ, for x = (θ, δ), then for x = f.

    Arguments and returns: see ``recurrence.from_echo``. ρ is the nudge's size; ``final`` is not used.

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
