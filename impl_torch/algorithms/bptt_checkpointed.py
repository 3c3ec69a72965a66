"""BPTT with checkpoints every √K time steps: less memory, more computation."""

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
    """Return φ_1..φ_K; one state per chunk of ⌈√K⌉ time steps is stored, the others are recomputed.

    Arguments: see ``interface.Trajectory``. ``nudge`` is not used.

    Source:
        Griewank & Walther, Algorithm 799: revolve, 2000.
        Chen et al., Training deep nets with sublinear memory cost, 2016.
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
