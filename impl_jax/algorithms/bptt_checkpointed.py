"""BPTT that keeps every √K-th state and computes those in between anew: more steps, less memory."""

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
    """Return φ_1..φ_K; the backward pass keeps the first state of every chunk of ⌈√K⌉ steps and recomputes the others.

    Args:
        hamiltonian: what is integrated.
        integrator: how it is stepped.
        nudge: not used: nothing is nudged.
        theta: θ by letter, () or (P,).
        delta: step size, () or (P,).
        f: drive, (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.

    Source:
        Griewank & Walther, Algorithm 799: revolve, 2000; Chen et al., Training deep nets with sublinear memory cost, 2016.
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
