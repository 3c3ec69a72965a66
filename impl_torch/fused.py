"""Trajectories whose forward and backward passes are compiled kernels (``impl_torch.passes``)."""

import time
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Hamiltonian, Integrator, Path, Trajectory, Values
from impl_torch.nudge import epsilon
from impl_torch.once_differentiable import once_differentiable
from impl_torch.passes import NORM, RUN, Arrays
from impl_torch.recurrence import second_route, to_own_shape
from kernels import passes
from kernels.passes import Pass
from rhelbench.spec import Nudge


@dataclass(frozen=True)
class Kernel:
    """The kernels of one entry of ``kernels.passes.KERNELS``, for one Hamiltonian and nudge."""

    entry: passes.Kernel
    hamiltonian: Hamiltonian
    nudge: Nudge

    def run(self, name: Pass, values: tuple[Tensor, ...], delta: Tensor, f: Path, keep: bool = False, **rest: Tensor) -> Arrays:
        """Run one pass over all channels; ``rest`` has its arguments besides θ, δ and f."""
        theta = torch.stack([value.detach().expand(f[0].shape).reshape(-1) for value in values])
        arrays = {"theta": theta, "delta": _spread(delta, f[0]), "f": _flat(f)}
        return RUN[f.device.type](self.entry.hamiltonian, name, {**arrays, **rest}, self.entry.kick_at, keep)


def _spread(value: Tensor, like: Tensor) -> Tensor:
    """Return one value per sample and channel (n·P,), from (P,), (n, 1) or ()."""
    return value.detach().expand(like.shape).reshape(-1).contiguous()


def _flat(path: Tensor) -> Tensor:
    """Return (K, n, P) as (K, n·P), without a copy if possible."""
    return path.detach().contiguous().flatten(1)


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: Kernel, delta: Tensor, f: Tensor, f_B: Tensor, *values: Tensor) -> Tensor:
        del f_B
        f = f.detach().contiguous()
        # BPTT saves both histories, an echo only the final state.
        keep = kernel.entry.backward == "adjoint" and any(ctx.needs_input_grad)
        made = kernel.run("forward", values, delta, f, keep)
        phi, pi = made["phi"], made["pi"]
        kept = (phi, pi) if kernel.entry.backward == "adjoint" else (phi[-1].clone(), pi[-1])
        ctx.save_for_backward(*kept, delta, f, *values)
        ctx.kernel = kernel
        return phi.view(f.shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        phi, pi, delta, f, *values = ctx.saved_tensors
        kernel, g = ctx.kernel, grads[0].contiguous()
        rest = {"phi": phi, "pi": pi, "g": _flat(g)}
        if kernel.entry.backward != "adjoint":
            named = dict(zip(kernel.hamiltonian.parameters, values, strict=True))
            norm = NORM[f.device.type]
            rest["epsilon"] = _spread(epsilon(kernel.nudge, kernel.hamiltonian.steepness(named), g, norm), f[0])
        made = kernel.run(kernel.entry.backward, tuple(values), delta, f, **rest)
        u, B = ("grad_u", "grad_B") if kernel.entry.backward == "released_echo" else ("grad_f", "grad_f")
        lanes = made["sums"].view(-1, *f.shape[1:])
        parts = [to_own_shape(part, value) for part, value in zip(lanes, (*values, delta), strict=True)]
        routes = {name: made[name].view(f.shape) for name in {u, B}}  # one view, so autograd knows that both share it
        return None, parts[-1], routes[u], routes[B], *parts[:-1]


def fused(entry: passes.Kernel) -> Trajectory:
    """Return the trajectory of a kernel; it equals the portable one to rounding."""

    def trajectory(
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Nudge,
        theta: Values,
        delta: Float[Tensor, "..."],
        f: Path,
        f_B: Path | None = None,
    ) -> Path:
        """Return φ_1..φ_K. Arguments: see ``interface.Trajectory``."""
        del integrator
        kernel = Kernel(entry, hamiltonian, nudge)
        return _Fused.apply(kernel, delta, f, second_route(f, f_B), *(theta[letter] for letter in hamiltonian.parameters))

    return trajectory


def warm_up(
    trajectory: Trajectory,
    hamiltonian: str,
    integrator: str,
    nudge: Nudge,
    dtype: torch.dtype,
    device: torch.device,
    size: list[int],
) -> float:
    """Compile the kernels of ``trajectory``, or load them from the cache; return the seconds.

    Args:
        trajectory: from ``fused``.
        hamiltonian: its name.
        integrator: its name.
        nudge: mode and size of the nudge.
        dtype: of all arrays.
        device: of all arrays.
        size: K, n and P; GPU kernels are compiled for it.
    """
    start = time.perf_counter()
    unit = HAMILTONIANS[hamiltonian]
    full = {"dtype": dtype, "device": device, "requires_grad": True}
    theta = {name: torch.full((1,), 0.5, **full) for name in unit.parameters}
    delta, f = torch.full((1,), 0.1, **full), torch.ones(size, dtype=dtype, device=device)
    trajectory(unit, INTEGRATORS[integrator], nudge, theta, delta, f, f).sum().backward()
    return time.perf_counter() - start
