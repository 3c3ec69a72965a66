"""The passes of a fused trajectory by device: numba on a CPU, Triton on a GPU.

``kernels.cpu`` documents the arrays.
"""

import sys
import time
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.allocator import empty
from impl_torch.interface import Path
from impl_torch.nudge import norm
from impl_torch.team import launch, threads
from kernels.cpu import linear, nonlinear
from kernels.cpu.launch import BLOCK, ROW, lanes_per_call
from kernels.cpu.path import squares
from kernels.passes import ARGUMENTS, RESULTS, KickAt, Pass
from rhelbench.errors import UserError

#: theta (m, N), delta, epsilon (N,), f, g (K, N), phi, pi: histories (K, N), or an echo's final state (N,).
Arrays = dict[str, Float[Tensor, "..."]]
#: (hamiltonian, pass, arrays, kick_at, keep) -> phi, pi (forward); sums (m + 1, N), grad_f or grad_u and grad_B (backward).
Run = Callable[[str, Pass, Arrays, KickAt, bool], Arrays]
#: CPU kernels by Hamiltonian.
KERNELS: dict[str, ModuleType] = {"linear": linear, "nonlinear": nonlinear}
#: Triton's compilations in this process, and their seconds.
_compiled: dict[tuple[Any, ...], float] = {}


def on_cpu(hamiltonian: str, name: Pass, arrays: Arrays, kick_at: KickAt, keep: bool) -> Arrays:
    """Run one pass with numba.

    Args:
        hamiltonian: linear or nonlinear.
        name: the pass.
        arrays: see ``Arrays``.
        kick_at: position of the kick's force.
        keep: whether ``forward`` stores every momentum, or only the last.

    Returns:
        The pass's results by name.
    """
    f, theta = arrays["f"], arrays["theta"]
    rows = {"pi": len(f) if keep else 1, "sums": len(theta) + 1}
    outputs = {key: empty(f.dtype, rows.get(key, len(f)), f.shape[1]) for key in RESULTS[name]}
    numbers = [arrays[key].numpy() for key in ARGUMENTS[name]], [value.numpy() for value in outputs.values()]
    block = lanes_per_call(f.shape[1], threads(), ROW if name == "forward" else BLOCK)
    launch(getattr(KERNELS[hamiltonian], name), f.shape[1], block, *numbers[0], kick_at == "midpoint", *numbers[1])
    return outputs


def norm_on_cpu(g: Path) -> Float[Tensor, " n"]:
    """Return √(Σ_k Σ_p g²) per sample in float64, without a float64 copy of g (``impl_torch.nudge.norm``)."""
    flat = g.detach().flatten(1)
    sums = flat.new_empty(flat.shape[1], dtype=torch.float64)
    launch(squares, flat.shape[1], BLOCK, flat.numpy(), sums.numpy())
    return sums.view(g.shape[1:]).sum(1).sqrt()


@cache
def _triton() -> ModuleType:
    try:
        from kernels.gpu import passes
    except ModuleNotFoundError as error:
        raise UserError(
            f"The fused kernels on a GPU need the package '{error.name}': install it, or set kernel: portable."
        ) from error
    return passes


@cache
def usable(required: bool) -> bool:
    """Return whether the kernels run on this GPU; if not, print the reason once.

    Args:
        required: whether unusable kernels are an error.

    Raises:
        UserError: they are required and unusable.
    """
    try:
        _triton()
    except UserError as error:
        if required:
            raise
        print(f"rhelbench: PyTorch takes the portable path, which is slower: {error}", file=sys.stderr)
        return False
    return True


def on_gpu(hamiltonian: str, name: Pass, arrays: Arrays, kick_at: KickAt, keep: bool) -> Arrays:
    """Run one pass with Triton. Arguments and returns: see ``on_cpu``."""
    f = arrays["f"]
    made = dict(arrays)
    for item in _triton().launches(hamiltonian, name, f.shape[0], f.shape[1], kick_at, keep):
        outputs = {key: f.new_empty(shape) for key, shape in item.outputs.items()}
        start = time.perf_counter()
        item.kernel[item.grid](*(made[key] for key in item.inputs), *item.scalars, *outputs.values(), **item.constants)
        # The first launch of its kind includes compilation, later ones do not.
        kind = (item.kernel.__name__, hamiltonian, item.scalars, tuple(item.constants.items()), f.dtype)
        _compiled.setdefault(kind, time.perf_counter() - start)
        made |= outputs
    return dict(zip(RESULTS[name], _triton().results(name, made), strict=True))


#: Function that runs a pass, by device.
RUN: dict[str, Run] = {"cpu": on_cpu, "cuda": on_gpu}
#: Function that computes the norm of g per sample, by device.
NORM: dict[str, Callable[[Path], Float[Tensor, " n"]]] = {"cpu": norm_on_cpu, "cuda": norm}


def compilations() -> int:
    """Return how many kernels were compiled or loaded here: one per dtype on a CPU, per shapes on a GPU."""
    kernels: list[Callable[..., None]] = [squares, *(getattr(module, name) for module in KERNELS.values() for name in ARGUMENTS)]
    return len(_compiled) + sum(len(getattr(kernel, "signatures", ())) for kernel in kernels)
