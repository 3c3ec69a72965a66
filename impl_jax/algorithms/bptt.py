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
    """Return f; its gradient goes to f and, if there is one, also to f_B."""
    return f if f_B is None else _tied(f, f_B)


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive | None = None
) -> Drive:
    """Return φ_1..φ_K; the backward pass stores the whole trajectory.

    Arguments: see ``recurrence.Trajectory``. ``nudge`` is not used.
    """
    del nudge
    return forward(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
