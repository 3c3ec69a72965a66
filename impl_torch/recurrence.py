"""The forward loop, the two copies of the drive, and the sum over channels, for all algorithms."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.once_differentiable import once_differentiable


def run(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Values, delta: Float[Tensor, "..."], f: Path
) -> tuple[Path, Path]:
    """Integrate from Φ_0 = 0 over the whole drive.

    Φ_{k+1} = S(Φ_k; θ, δ, f_{k+1}).

    Args:
        hamiltonian: T and V.
        integrator: one time step S.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        f: input drive (K, n, P).

    Returns:
        φ_1..φ_K and π_1..π_K, (K, n, P) each.
    """
    rest = torch.zeros_like(f[0])
    return steps(hamiltonian, integrator, theta, delta, f, rest, rest)


def steps(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Values, delta: Tensor, f: Path, phi: Tensor, pi: Tensor
) -> tuple[Path, Path]:
    """Integrate from any state (n, P) over a drive (K, n, P); return the next K positions and momenta."""
    positions, momenta = [], []
    for f_k in f.unbind(0):
        phi, pi, _ = integrator.step(hamiltonian, theta, delta, phi, pi, f_k)
        positions.append(phi)
        momenta.append(pi)
    return torch.stack(positions), torch.stack(momenta)


class _Tie(torch.autograd.Function):
    """f and f_B have the same values: f continues, and both receive its gradient."""

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
    """Return f such that its gradient reaches f and, if there is one, also f_B."""
    return f if f_B is None else _Tie.apply(f, f_B)


def second_route(f: Path, f_B: Path | None) -> Path:
    """Return f_B, or f without gradient if f_B is None."""
    return f.detach() if f_B is None else f_B


def to_own_shape(lanes: Float[Tensor, "n P"], like: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """Sum a gradient (n, P) to its parameter's shape: (P,) over samples, () over samples and channels."""
    return lanes.sum_to_size(like.shape)
