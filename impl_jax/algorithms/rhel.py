"""RHEL with the echo pair integrated as mean and half difference."""

import jax
import jax.numpy as jnp

from impl_jax.algorithms import rhel_separate
from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta, has_closed_forms
from impl_jax.nudge import epsilon
from impl_jax.recurrence import Drive, from_echo, lanes, narrow
from rhelbench.spec import Nudge

Sums = tuple[Theta, Lanes]


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
    """Return the gradients from the contrast of the echoes at ±ε.

    m = (Φ₊ + Φ₋)/2 starts at Φ_K* and d = (Φ₊ − Φ₋)/2 at 0. For k = K..1: d_π += ε g_k; one time step with
    f_k; dL/dθ −= (δ/ε) ½(∂θV₊ − ∂θV₋), dL/df_k = −(δ/ε) ½(∂fV₊ − ∂fV₋), dL/dδ −= (1/ε) ½(H½₊ − H½₋), at every
    kick with its weight.
    The passes are those of ``rhel_separate``, without cancellation. Without ``closed_forms``,
    ``rhel_separate`` is used instead.

    Arguments and returns: see ``recurrence.from_echo``.

    Source:
        Paper, theorem 3.2; mean and half difference: docs/internals/architecture.md.
    """
    if not has_closed_forms(hamiltonian):
        return rhel_separate.backward(hamiltonian, integrator, nudge, theta, delta, f, final, g)
    eps = epsilon(nudge, hamiltonian.steepness(theta), g)
    phi, pi = final
    wide, step_size = lanes(theta, delta, phi)
    zero = jnp.zeros_like(phi)
    scale = -step_size / eps

    def step(carry: tuple[Pair, Pair, Sums], at_k: tuple[Lanes, Lanes]) -> tuple[tuple[Pair, Pair, Sums], Lanes]:
        mean, half, (of_theta, of_delta) = carry
        f_k, g_k = at_k
        half = (half[0], half[1] + eps * g_k)
        mean, half, kicks = integrator.pair_step(hamiltonian, wide, step_size, mean, half, f_k)
        total_f = zero
        for weight, before, thirds, after in kicks:
            contrast, of_f, of_v = hamiltonian.half_contrasts(wide, *thirds, f_k)
            of_theta = {name: total + weight * contrast[name] for name, total in of_theta.items()}
            of_delta = of_delta + weight * (of_v + 0.5 * (before[0] * before[1] + after[0] * after[1]))
            total_f = total_f + weight * of_f
        return (mean, half, (of_theta, of_delta)), scale * total_f

    start = ((phi, -pi), (zero, zero), (dict.fromkeys(theta, zero), zero))
    (_, _, (of_theta, of_delta)), of_f = jax.lax.scan(step, start, (f, g), reverse=True)
    gradients = {name: narrow(scale * total, theta[name]) for name, total in of_theta.items()}
    return gradients, narrow(-of_delta / eps, delta), of_f, of_f


trajectory = from_echo(backward)
