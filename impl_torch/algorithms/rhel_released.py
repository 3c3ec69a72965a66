"""RHEL as in the released code, biases included (docs/deviations.md, row 2)."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.echo import EchoStep, two_echoes
from impl_torch.interface import Hamiltonian, Integrator, Lanes, Path, Values
from rhelbench.spec import Nudge


def released_energy(hamiltonian: Hamiltonian, theta: Values, delta: Tensor, f_u: Tensor, f_B: Tensor, step: EchoStep) -> Lanes:
    """Return the energy that the released code differentiates, per echo, sample and channel.

    Towards u: δ V at the midpoint φ_{k+1/3}. θ, δ and B: δ H after the time step and the next nudge, if
    ``released_at`` is "end"; else δ V at the midpoint, with δ constant.

    Arguments: see ``impl_torch.echo.two_echoes``.
    """
    fixed, held = {name: value.detach() for name, value in theta.items()}, delta.detach()
    at_end, total = hamiltonian.released_at == "end", torch.zeros_like(step.phi)
    for weight, _, third, _ in step.kicks:
        total = total + weight * held * hamiltonian.potential(fixed, third, f_u)
        if not at_end:
            total = total + weight * held * hamiltonian.potential(theta, third, f_B)
    return total + delta * (hamiltonian.potential(theta, step.phi, f_B) + hamiltonian.kinetic(step.pi)) if at_end else total


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K; the backward pass contrasts ``released_energy`` of the echoes at ±ε.

    For the linear unit the gradients of A, B and δ are biased at any ε. For the nonlinear unit dL/dδ = 0.

    Arguments: see ``interface.Trajectory``.
    """
    return two_echoes(released_energy, hamiltonian, integrator, nudge, theta, delta, f, f_B)
