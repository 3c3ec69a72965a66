"""What every algorithm shares: the forward loop, the two routes of the drive, and the sum over lanes."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.once_differentiable import once_differentiable


def run(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Values, delta: Float[Tensor, "..."], f: Path
) -> tuple[Path, Path]:
    """Step from Φ_0 = 0 through the whole drive.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        theta: its parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P).

    Returns:
        φ_1..φ_K and π_1..π_K, each (K, n, P).
    """
    rest = torch.zeros_like(f[0])
    return steps(hamiltonian, integrator, theta, delta, f, rest, rest)


def steps(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Values, delta: Tensor, f: Path, phi: Tensor, pi: Tensor
) -> tuple[Path, Path]:
    """Step from any state (n, P) through a drive (K, n, P); return the K positions and momenta that follow it."""
    positions, momenta = [], []
    for f_k in f.unbind(0):
        phi, pi, _ = integrator.step(hamiltonian, theta, delta, phi, pi, f_k)
        positions.append(phi)
        momenta.append(pi)
    return torch.stack(positions), torch.stack(momenta)


class _Tie(torch.autograd.Function):
    """f and f_B are the same numbers: one goes on, both get its gradient."""

    @staticmethod
    def forward(ctx: Any, f: Tensor, f_B: Tensor) -> Tensor:
        del ctx, f_B
        return f.view_as(f)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        del ctx
        return grads[0], grads[0]


def tie(f: Path, f_B: Path | None = None) -> Path:
    """Return f such that its gradient reaches f and, where there is one, f_B alike."""
    return f if f_B is None else _Tie.apply(f, f_B)


def second_route(f: Path, f_B: Path | None) -> Path:
    """Return the second route of the drive, which ends here where none was given."""
    return f.detach() if f_B is None else f_B


def to_own_shape(lanes: Float[Tensor, "n P"], like: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Sum a gradient per sample and lane to its parameter's shape, (P,) or ()."""
    return lanes.sum_to_size(like.shape)
