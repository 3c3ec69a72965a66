"""BPTT with checkpoints every √K time steps: less memory, more computation."""

from math import isqrt

import jax
import jax.numpy as jnp

from impl_jax.algorithms.bptt import tie
from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from impl_jax.recurrence import Drive, lanes, make_step
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive | None = None
) -> Drive:
    """Return φ_1..φ_K; one state per chunk of ⌈√K⌉ time steps is stored, the others are recomputed.

    Arguments: see ``recurrence.Trajectory``. ``nudge`` is not used.

    Source:
        Griewank & Walther, Algorithm 799: revolve, 2000.
        Chen et al., Training deep nets with sublinear memory cost, 2016.
    """
    del nudge
    f = tie(f, f_B)
    start = jnp.zeros(f.shape[1:], f.dtype)
    step = make_step(hamiltonian, integrator, *lanes(theta, delta, start))
    size = 1 + isqrt(len(f) - 1)
    whole = len(f) // size * size

    def chunk(state: Pair, drive: Drive) -> tuple[Pair, Drive]:
        return jax.lax.scan(step, state, drive)

    state, positions = jax.lax.scan(
        jax.checkpoint(chunk, prevent_cse=False), (start, start), f[:whole].reshape(-1, size, *start.shape)
    )
    _, last = jax.lax.scan(step, state, f[whole:])
    return jnp.concatenate([positions.reshape(-1, *start.shape), last])
