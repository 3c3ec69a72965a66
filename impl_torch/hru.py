"""The Hamiltonian recurrent unit: read-in, trajectory, read-out."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Path, Trajectory, Values
from impl_torch.once_differentiable import once_differentiable
from impl_torch.recurrence import run
from rhelbench.spec import Nudge


@dataclass(frozen=True)
class Unit:
    """Configuration of a unit, without its parameters.

    Args:
        hamiltonian: a name of HAMILTONIANS.
        integrator: a name of INTEGRATORS.
        trajectory: gradient estimator, portable or fused.
        nudge: mode and size of the nudge.
        c_squash: sigmoids between c and c̃ of the nonlinear unit.
        paired: whether real and imaginary parts of a complex state share A and δ.
        delta_trained: False freezes δ.
        fused: whether the trajectory is a kernel's.
    """

    hamiltonian: str
    integrator: str
    trajectory: Trajectory
    nudge: Nudge
    c_squash: Literal[1, 2]
    paired: bool
    delta_trained: bool
    fused: bool


class _Drive(torch.autograd.Function):
    """f = B u, twice: one output carries the gradient to u, the other that to B."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, B: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(u, B)
        f = u @ B.T
        return f, f.detach()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        u, B = ctx.saved_tensors
        return grads[0] @ B, grads[1].flatten(0, 1).T @ u.flatten(0, 1)


def lanes(unit: Unit, raw: Values) -> tuple[Values, Float[Tensor, "..."], Float[Tensor, "P H"], Float[Tensor, "H P"]]:
    """Return θ, δ, B and C of the real channels.

    Paired: 2P channels, the real parts of the state first. Both parts share θ and δ, and C = (C_re, −C_im), since
    Re(C φ) = C_re φ_re − C_im φ_im.

    Args:
        unit: its configuration.
        raw: trainable values by letter.
    """
    theta, delta = HAMILTONIANS[unit.hamiltonian].physical(raw, unit.c_squash)
    if not unit.delta_trained:
        delta = delta.detach()
    if not unit.paired:
        return theta, delta, raw["B"], raw["C"]
    theta = {name: value.repeat(2) for name, value in theta.items()}
    return theta, delta.repeat(2), torch.cat([raw["B_re"], raw["B_im"]]), torch.cat([raw["C_re"], -raw["C_im"]], dim=1)


def hru(unit: Unit | None, raw: Values, u: Float[Tensor, "K n H"]) -> Float[Tensor, "K n H"]:
    """Return C φ + D ⊙ u, with φ the unit's trajectory under the input drive f = B u.

    Args:
        unit: its configuration; None for a unit without state, D ⊙ u.
        raw: trainable values by letter: the Hamiltonian's, B (P, H), C (H, P), or B_re, B_im, C_re, C_im, and
            D (H,).
        u: input (K, n, H).

    Source:
        Paper, section 4.
    """
    if unit is None:
        return raw["D"] * u
    theta, delta, B, C = lanes(unit, raw)
    f, f_B = _Drive.apply(u, B)
    hamiltonian, integrator = HAMILTONIANS[unit.hamiltonian], INTEGRATORS[unit.integrator]
    phi: Path = unit.trajectory(hamiltonian, integrator, unit.nudge, theta, delta, f, f_B)
    return phi @ C.T + raw["D"] * u


def fidelity(unit: Unit, raw: Values, u: Float[Tensor, "K n H"]) -> Float[Tensor, " n"]:
    """Return ‖Φe_end‖/max_k‖Φ_k‖ per sample of an echo without nudge; 0 is a perfect retrace to Φ_0 = 0.

    NaN is returned as infinity; a trajectory that stays at zero has 0.

    Args:
        unit: its configuration.
        raw: trainable values by letter.
        u: input (K, n, H).
    """
    theta, delta, B, _ = lanes(unit, raw)
    hamiltonian, integrator, f = HAMILTONIANS[unit.hamiltonian], INTEGRATORS[unit.integrator], u @ B.T
    phi, pi = run(hamiltonian, integrator, theta, delta, f)
    size = (phi.square() + pi.square()).sum(-1).amax(0).sqrt()
    q, p = phi[-1], -pi[-1]
    for f_k in f.flip(0).unbind(0):
        q, p, _ = integrator.step(hamiltonian, theta, delta, q, p, f_k)
    end = (q.square() + p.square()).sum(-1).sqrt()
    ratio = torch.where(size == 0, torch.zeros_like(end), end / size)
    return torch.nan_to_num(ratio, nan=torch.inf, posinf=torch.inf)
