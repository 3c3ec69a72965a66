"""Trajectories whose forward and backward passes are one compiled kernel each (``kernels.cpu``)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Hamiltonian, Integrator, Path, Trajectory, Values
from impl_torch.nudge import epsilon
from impl_torch.recurrence import to_own_shape
from kernels.cpu import linear, nonlinear
from kernels.cpu.launch import BLOCK, launch
from rhelbench.errors import UserError
from rhelbench.spec import Nudge

#: Hamiltonian to its kernels.
KERNELS: dict[str, ModuleType] = {"linear": linear, "nonlinear": nonlinear}
#: Algorithm to its backward kernel; rhel_separate has none, being there to show what a machine would do.
BACKWARD: dict[str, str] = {"bptt": "adjoint", "rhel": "pair_echo", "rhel_released": "released_echo"}
#: Every (hamiltonian, integrator, algorithm) that has a fused kernel.
FUSED: frozenset[tuple[str, str, str]] = frozenset((h, i, a) for h in KERNELS for i in INTEGRATORS for a in BACKWARD)


@dataclass(frozen=True)
class Kernel:
    """The kernels of one Hamiltonian for one way to step and one algorithm."""

    module: ModuleType
    backward: str
    at_third: bool
    hamiltonian: Hamiltonian
    nudge: Nudge
    names: tuple[str, ...]

    def call(self, name: str, lanes: int, *arguments: Any) -> None:
        """Run one of the module's kernels over all lanes."""
        launch(getattr(self.module, name), lanes, BLOCK, torch.get_num_threads(), *arguments)


def _spread(value: Tensor, like: Tensor) -> NDArray[np.floating]:
    """Return one value per lane, (n·P,), from (P,), (n, 1) or ()."""
    return value.detach().expand(like.shape).reshape(-1).contiguous().numpy()


def _stacked(values: Sequence[Tensor], like: Tensor) -> NDArray[np.floating]:
    """Return values per lane, one row each: (values, n·P)."""
    return torch.stack([value.detach().expand(like.shape).reshape(-1) for value in values]).numpy()


def _flat(path: Tensor) -> NDArray[np.floating]:
    """Return (K, n, P) as (K, n·P) without a copy where there is none to be made."""
    return path.detach().contiguous().flatten(1).numpy()


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kernel: Kernel, delta: Tensor, f: Tensor, f_B: Tensor, *values: Tensor) -> Tensor:
        del f_B
        f = f.detach().contiguous()
        theta = _stacked(values, f[0])
        # BPTT keeps both histories, an echo the final state alone.
        rows = f.shape[0] if kernel.backward == "adjoint" and any(ctx.needs_input_grad) else 1
        phi, pi = torch.empty_like(f), f.new_empty((rows, *f.shape[1:]))
        kernel.call("forward", f[0].numel(), theta, _spread(delta, f[0]), _flat(f), kernel.at_third, _flat(phi), _flat(pi))
        kept = (phi, pi) if kernel.backward == "adjoint" else (phi[-1].clone(), pi[-1])
        ctx.save_for_backward(*kept, delta, f, *values)
        ctx.kernel = kernel
        return phi

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        phi, pi, delta, f, *values = ctx.saved_tensors
        kernel, g = ctx.kernel, grads[0].contiguous()
        theta = _stacked(values, f[0])
        sums = f.new_empty((len(values) + 1, *f.shape[1:]))
        grad_f = torch.empty_like(f)
        shared = (theta, _spread(delta, f[0]), _flat(f))
        grad_B = torch.empty_like(f) if kernel.backward == "released_echo" else grad_f
        if kernel.backward == "adjoint":
            own = (_flat(phi), _flat(pi), _flat(g), kernel.at_third, _flat(grad_f))
        else:
            named = dict(zip(kernel.names, values, strict=True))
            eps = _spread(epsilon(kernel.nudge, kernel.hamiltonian.steepness(named), g), f[0])
            outputs = (_flat(grad_f), _flat(grad_B)) if kernel.backward == "released_echo" else (_flat(grad_f),)
            own = (_flat(g), eps, phi.reshape(-1).numpy(), pi.reshape(-1).numpy(), kernel.at_third, *outputs)
        kernel.call(kernel.backward, f[0].numel(), *shared, *own, _flat(sums))
        parts = [to_own_shape(part, value) for part, value in zip(sums, (*values, delta), strict=True)]
        return None, parts[-1], grad_f, grad_B, *parts[:-1]


def fused(hamiltonian: str, integrator: str, algorithm: str) -> Trajectory:
    """Return the fused trajectory of a triple; its results equal the portable one's to rounding.

    Args:
        hamiltonian: a name of HAMILTONIANS.
        integrator: a name of INTEGRATORS.
        algorithm: a name of ALGORITHMS.

    Raises:
        UserError: there is no kernel for the triple.
    """
    if (hamiltonian, integrator, algorithm) not in FUSED:
        raise UserError(
            f"There is no fused kernel for {hamiltonian}, {integrator}, {algorithm}: set kernel: portable for this run."
        )
    module, backward, at_third = KERNELS[hamiltonian], BACKWARD[algorithm], INTEGRATORS[integrator].reversible

    def trajectory(
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Nudge,
        theta: Values,
        delta: Float[Tensor, "..."],
        f: Path,
        f_B: Path,
    ) -> Path:
        """Return φ_1..φ_K; arguments as in ``impl_torch.algorithms``."""
        del integrator
        names = hamiltonian.parameters
        kernel = Kernel(module, backward, at_third, hamiltonian, nudge, names)
        return _Fused.apply(kernel, delta, f, f_B, *(theta[name] for name in names))

    return trajectory


def warm_up(trajectory: Trajectory, hamiltonian: str, integrator: str, nudge: Nudge, dtype: torch.dtype) -> float:
    """Compile, or load from the cache, what ``trajectory`` needs; return the seconds it took."""
    start = time.perf_counter()
    unit = HAMILTONIANS[hamiltonian]
    theta = {name: torch.full((1,), 0.5, dtype=dtype, requires_grad=True) for name in unit.parameters}
    delta, f = torch.full((1,), 0.1, dtype=dtype, requires_grad=True), torch.ones(2, 1, 1, dtype=dtype)
    trajectory(unit, INTEGRATORS[integrator], nudge, theta, delta, f, f).sum().backward()
    return time.perf_counter() - start


def compilations() -> int:
    """Return how many kernels have been compiled or loaded in this process, one per dtype."""
    kernels: list[Callable[..., None]] = [
        getattr(module, name) for module in KERNELS.values() for name in ("forward", *BACKWARD.values())
    ]
    return sum(len(getattr(kernel, "signatures", ())) for kernel in kernels)
