"""BPTT that keeps every √K-th state and computes those in between anew: more steps, less memory."""

from math import isqrt

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.recurrence import steps, tie
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0; the first state of every chunk of ⌈√K⌉ steps is kept, the others are recomputed.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: of no use here, every algorithm takes it.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.

    Source:
        Griewank & Walther, Algorithm 799: revolve, 2000; Chen et al., Training deep nets with sublinear memory cost, 2016.
    """
    del nudge
    drive = tie(f, f_B)
    phi = pi = torch.zeros_like(f[0])
    chunks = []
    for part in drive.split(1 + isqrt(len(f) - 1)):
        positions, momenta = checkpoint(steps, hamiltonian, integrator, theta, delta, part, phi, pi, use_reentrant=False)
        phi, pi = positions[-1], momenta[-1]
        chunks.append(positions)
    return torch.cat(chunks)
