"""RHEL as physical hardware would run it: two separate echoes, then their difference."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.echo import EchoStep, two_echoes
from impl_torch.interface import Hamiltonian, Integrator, Lanes, Path, Values
from rhelbench.spec import Nudge


def half_energy(hamiltonian: Hamiltonian, theta: Values, delta: Tensor, f_u: Tensor, f_B: Tensor, step: EchoStep) -> Lanes:
    """Return δ H½, H½ = V(φ_{k+1/3}) + ½ (T before the kick + T after it), summed by weight.

    f_u and f_B enter symmetrically.
    """
    fixed, total = {k: v.detach() for k, v in theta.items()}, torch.zeros_like(step.phi)
    for weight, before, third, after in step.kicks:
        kinetic = 0.5 * (hamiltonian.kinetic(before) + hamiltonian.kinetic(after))
        # f_B equals f_u, so the difference is zero and only its derivative remains.
        via_B = hamiltonian.potential(fixed, third, f_B)
        energy = delta * (hamiltonian.potential(theta, third, f_u) + kinetic)
        total = total + weight * (energy + delta.detach() * (via_B - via_B.detach()))
    return total


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing one state; the backward pass contrasts δ H½ of the echoes at ±ε.

    The difference cancels digits, so ε must suit the dtype.

    Arguments: see ``interface.Trajectory``.

    Source:
        Paper, Theorem 3.2.
    """
    return two_echoes(half_energy, hamiltonian, integrator, nudge, theta, delta, f, f_B)
