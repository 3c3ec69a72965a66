"""BPTT that reconstructs states by inverting the leapfrog: one state in memory."""

import jax
import jax.numpy as jnp

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, from_echo, lanes, make_move, narrow
from rhelbench.spec import Nudge

Carry = tuple[Pair, Pair, Theta, Lanes]


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
    """Apply the adjoint of every time step at states reconstructed backwards, as an echo retraces them.

    Φ_k = (S(Φ_{k+1}*, f_{k+1}))*; λ_k = (∂Φ_{k+1}/∂Φ_k)ᵀ λ_{k+1} + (g_k, 0).

    Arguments and returns: see ``recurrence.from_echo``. An irreversible integrator yields wrong states.

    Source:
        Maclaurin et al., Gradient-based hyperparameter optimization through reversible learning, 2015.
    """
    del nudge
    wide, step_size = lanes(theta, delta, final[0])
    zero = jnp.zeros_like(final[0])

    def step(carry: Carry, at_k: tuple[Lanes, Lanes]) -> tuple[Carry, Lanes]:
        (phi, pi), bar, of_theta, of_delta = carry
        f_k, g_k = at_k
        before, minus_pi, _ = integrator.step(hamiltonian, wide, step_size, phi, -pi, f_k)
        _, pull = jax.vjp(make_move(hamiltonian, integrator), wide, step_size, before, -minus_pi, f_k)
        by_theta, by_delta, bar_phi, bar_pi, of_f = pull((bar[0] + g_k, bar[1]))
        of_theta = {name: total + by_theta[name] for name, total in of_theta.items()}
        return ((before, -minus_pi), (bar_phi, bar_pi), of_theta, of_delta + by_delta), of_f

    start = (final, (zero, zero), dict.fromkeys(theta, zero), zero)
    (_, _, of_theta, of_delta), of_f = jax.lax.scan(step, start, (f, g), reverse=True)
    gradients = {name: narrow(total, theta[name]) for name, total in of_theta.items()}
    return gradients, narrow(of_delta, delta), of_f, of_f


trajectory = from_echo(backward)
