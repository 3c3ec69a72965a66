"""Backpropagation through time: automatic differentiation of the shared forward loop."""

import jax

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Theta
from impl_jax.recurrence import Drive, forward
from rhelbench.spec import Nudge


@jax.custom_vjp
def tie(f: Drive, f_B: Drive) -> Drive:
    """Return f; its gradient goes to both copies of the drive."""
    del f_B
    return f


tie.defvjp(lambda f, f_B: (f, None), lambda _, g: (g, g))


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive
) -> Drive:
    """Return φ_1..φ_K; the backward pass keeps the whole trajectory.

    Args:
        hamiltonian: what is integrated.
        integrator: how it is stepped.
        nudge: not used: nothing is nudged.
        theta: θ by letter, () or (P,).
        delta: step size, () or (P,).
        f: drive, (K, n, P); its gradient flows to the input u.
        f_B: the same numbers; its gradient flows to B.
    """
    del nudge
    return forward(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
