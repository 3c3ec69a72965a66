"""Backpropagation through time: automatic differentiation of the shared forward loop."""

import jax

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Theta
from impl_jax.recurrence import Drive, forward
from rhelbench.spec import Nudge


@jax.custom_vjp
def _tied(f: Drive, f_B: Drive) -> Drive:
    del f_B
    return f


_tied.defvjp(lambda f, f_B: (f, None), lambda _, g: (g, g))


def tie(f: Drive, f_B: Drive | None = None) -> Drive:
    """Return f; its gradient goes to f and, where there is one, to f_B alike."""
    return f if f_B is None else _tied(f, f_B)


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive | None = None
) -> Drive:
    """Return φ_1..φ_K; the backward pass keeps the whole trajectory.

    Args:
        hamiltonian: what is integrated.
        integrator: how it is stepped.
        nudge: not used: nothing is nudged.
        theta: θ by letter, () or (P,).
        delta: step size, () or (P,).
        f: drive, (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.
    """
    del nudge
    return forward(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
