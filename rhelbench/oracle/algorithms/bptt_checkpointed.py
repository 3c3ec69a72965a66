"""BPTT with checkpoints every √K time steps: less memory, more computation."""

from math import isqrt

import numpy as np

from rhelbench.oracle.algorithms import bptt_reversible
from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Theta
from rhelbench.oracle.recurrence import forward
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the adjoint sweep over states recomputed chunk by chunk.

    Checkpoints: Φ_0, Φ_c, Φ_2c, … with c = ⌈√K⌉. The backward pass recomputes one chunk's states from
    its checkpoint, then sweeps its adjoint as in ``bptt``.

    Arguments and returns: see ``interface.Algorithm``. ``nudge`` is not used. The gradient equals BPTT's.

    Source:
        Griewank & Walther, Algorithm 799: revolve, 2000.
        Chen et al., Training deep nets with sublinear memory cost, 2016.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)
    K, size = len(f), 1 + isqrt(len(f) - 1)
    kept = {start: (phi[start].copy(), pi[start].copy()) for start in range(0, K, size)}

    def backward(g: Array) -> Gradients:
        sweep = bptt_reversible.Sweep(hamiltonian, integrator, theta, delta, f)
        for start in reversed(kept):
            stop, states = min(start + size, K), [kept[start]]
            for k in range(start, stop - 1):
                states.append(integrator.step(hamiltonian, theta, delta, *states[-1], f[k])[:2])
            for k in reversed(range(start, stop)):
                sweep.back(k, states[k - start], np.asarray(g[k]))
        return sweep.gradients()

    return phi[1:], backward
