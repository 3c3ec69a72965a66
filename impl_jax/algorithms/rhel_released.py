"""RHEL as in the released code, biases included; their effect can be measured."""

import jax
import jax.numpy as jnp

from impl_jax.algorithms.rhel_separate import contrasts
from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.nudge import epsilon
from impl_jax.recurrence import Drive, from_echo, lanes, narrow
from rhelbench.spec import Nudge

Carry = tuple[Lanes, Lanes, Theta, Lanes]


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
    """Return the gradients as the released code computes them.

    ``released_at`` "end" (linear unit): θ, B and δ from H after the time step and the next nudge; u from V at
    φ_{k+1/3}. "third": all from V at φ_{k+1/3}, and dL/dδ = 0.

    Arguments and returns: see ``recurrence.from_echo``.

    Source:
        docs/deviations.md, rows 2 and 4.
    """
    at_end = hamiltonian.released_at == "end"
    eps = epsilon(nudge, hamiltonian.steepness(theta), g)
    phi, pi = final
    wide, step_size = lanes(theta, delta, phi)
    zero = jnp.zeros_like(phi)
    signs = jnp.asarray([1.0, -1.0], phi.dtype).reshape(2, 1, 1)
    scale = -step_size / (2.0 * eps)

    def step(carry: Carry, at_k: tuple[Lanes, Lanes]) -> tuple[Carry, tuple[Lanes, Lanes]]:
        phi, pi, of_theta, of_delta = carry
        f_k, g_next = at_k
        phi, pi, kicks = integrator.step(hamiltonian, wide, step_size, phi, pi, f_k)
        pi = pi + signs * (eps * g_next)
        total_f = total_B = zero
        for weight, _, third, _ in kicks:
            contrast, of_f, _ = contrasts(hamiltonian, wide, third, f_k, signs)
            total_f = total_f + weight * of_f
            if not at_end:
                of_theta = {name: total + weight * contrast[name] for name, total in of_theta.items()}
        if at_end:
            contrast, total_B, of_v = contrasts(hamiltonian, wide, phi, f_k, signs)
            kinetic = hamiltonian.kinetic(pi)
            of_delta = of_delta + of_v + kinetic[0] - kinetic[1]
            of_theta = {name: total + contrast[name] for name, total in of_theta.items()}
        return (phi, pi, of_theta, of_delta), (scale * total_f, scale * (total_B if at_end else total_f))

    nudged = -pi + signs * (eps * g[-1])
    start = (jnp.stack([phi, phi]), nudged, dict.fromkeys(theta, zero), zero)
    g_next = jnp.concatenate([jnp.zeros_like(g[:1]), g[:-1]])
    (_, _, of_theta, of_delta), (of_f, of_f_B) = jax.lax.scan(step, start, (f, g_next), reverse=True)
    gradients = {name: narrow(scale * total, theta[name]) for name, total in of_theta.items()}
    return gradients, narrow(-of_delta / (2.0 * eps), delta), of_f, of_f_B


trajectory = from_echo(backward)
