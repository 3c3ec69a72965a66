"""RHEL as physical hardware would run it: two separate echoes, subtracted."""

import jax
import jax.numpy as jnp

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.nudge import epsilon
from impl_jax.recurrence import Drive, from_echo, lanes, narrow
from rhelbench.spec import Nudge

Carry = tuple[Lanes, Lanes, Theta, Lanes]


def contrasts(hamiltonian: Hamiltonian, theta: Theta, phi: Lanes, f: Lanes, signs: Lanes) -> tuple[Theta, Lanes, Lanes]:
    """Return ∂V₊ − ∂V₋ for each θ and for f, and V₊ − V₋, (n, P) each.

    Args:
        hamiltonian: any; its potential is differentiated automatically.
        theta: parameters by letter, (n, P) each.
        phi: positions of the two echoes (2, n, P).
        f: input drive (n, P).
        signs: (+1, −1), (2, 1, 1).
    """
    value, pull = jax.vjp(lambda theta, f: hamiltonian.potential(theta, phi, f), theta, f)
    of_theta, of_f = pull(jnp.broadcast_to(signs, value.shape))
    return of_theta, of_f, value[0] - value[1]


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
    """Return the gradients from the difference of two echoes.

    Φ± starts at Φ_K*. For k = K..1: π± ±= ε g_k; one time step with f_k;
    dL/dθ −= (δ/2ε)(∂θV₊ − ∂θV₋) at φ_{k+1/3}, likewise dL/df_k;
    dL/dδ −= (1/2ε)(H½₊ − H½₋), H½ = V(φ_{k+1/3}) + ½(T before the kick + T after it).
    If a time step has several kicks, each has its weight.

    Arguments and returns: see ``recurrence.from_echo``. Only the plain ``Hamiltonian`` interface is used.

    Source:
        Paper, theorem 3.2.
    """
    eps = epsilon(nudge, hamiltonian.steepness(theta), g)
    phi, pi = final
    wide, step_size = lanes(theta, delta, phi)
    zero = jnp.zeros_like(phi)
    signs = jnp.asarray([1.0, -1.0], phi.dtype).reshape(2, 1, 1)
    scale = -step_size / (2.0 * eps)

    def step(carry: Carry, at_k: tuple[Lanes, Lanes]) -> tuple[Carry, Lanes]:
        phi, pi, of_theta, of_delta = carry
        f_k, g_k = at_k
        pi = pi + signs * (eps * g_k)
        phi, pi, kicks = integrator.step(hamiltonian, wide, step_size, phi, pi, f_k)
        total_f = zero
        for weight, before, third, after in kicks:
            contrast, of_f, of_v = contrasts(hamiltonian, wide, third, f_k, signs)
            kinetic = hamiltonian.kinetic(before) + hamiltonian.kinetic(after)
            of_theta = {name: total + weight * contrast[name] for name, total in of_theta.items()}
            of_delta = of_delta + weight * (of_v + 0.5 * (kinetic[0] - kinetic[1]))
            total_f = total_f + weight * of_f
        return (phi, pi, of_theta, of_delta), scale * total_f

    start = (jnp.stack([phi, phi]), jnp.stack([-pi, -pi]), dict.fromkeys(theta, zero), zero)
    (_, _, of_theta, of_delta), of_f = jax.lax.scan(step, start, (f, g), reverse=True)
    gradients = {name: narrow(scale * total, theta[name]) for name, total in of_theta.items()}
    return gradients, narrow(-of_delta / (2.0 * eps), delta), of_f, of_f


trajectory = from_echo(backward)
