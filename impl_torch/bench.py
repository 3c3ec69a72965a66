"""Benchmarks inside PyTorch: single matrix products, and one unit's recurrence forward and backward."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.profiler import profile

from impl_torch.allocator import HELD
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.hru import Unit, lanes
from impl_torch.integrators import INTEGRATORS
from impl_torch.learner import unit_of
from impl_torch.team import threads
from rhelbench.contract import Arrays
from rhelbench.spec import Switches


def product(kind: Literal["forward", "input", "weight"], rows: int, a: int, b: int) -> Callable[[], Tensor]:
    """Return a call that computes one product of a dense layer y = x Wᵀ and waits for the result.

    Args:
        kind: the forward product x Wᵀ, the gradient of x (y W), or that of W (yᵀ x).
        rows: rows of x and y.
        a: columns of x.
        b: columns of y; W is (b, a).
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x, y, W = (torch.rand(size, device=device) for size in ((rows, a), (rows, b), (b, a)))
    left, right = {"forward": (x, W.T), "input": (y, W), "weight": (y.T, x)}[kind]
    torch.set_num_threads(threads())  # all threads, whatever PyTorch's own operations use in training

    def call() -> Tensor:
        found = torch.mm(left, right)
        if device.type == "cuda":
            torch.cuda.synchronize()
        return found

    return call


class Recurrence:
    """One unit's recurrence: φ from the drive f, and the gradients of f, θ and δ from g = dL/dφ."""

    def __init__(self, unit: Unit, raw: dict[str, Tensor], f: Float[Tensor, "K n P"], g: Float[Tensor, "K n P"]) -> None:
        theta, delta, _, _ = lanes(unit, raw)
        self._unit, self._names, self._g = unit, list(theta), g
        # f and f_B share their values, as in a model.
        self._leaves = [value.detach().requires_grad_() for value in (delta, f, f, *theta.values())]

    def _run(self) -> tuple[Tensor, ...]:
        delta, f, f_B, *values = self._leaves
        hamiltonian, integrator = HAMILTONIANS[self._unit.hamiltonian], INTEGRATORS[self._unit.integrator]
        theta = dict(zip(self._names, values, strict=True))
        phi = self._unit.trajectory(hamiltonian, integrator, self._unit.nudge, theta, delta, f, f_B)
        return phi, *torch.autograd.grad(phi, self._leaves, self._g)

    def call(self) -> None:
        """Run forward and backward and wait for the result."""
        self._run()
        if self._g.is_cuda:
            torch.cuda.synchronize()

    def state_bytes(self) -> int:
        """Return the peak memory in bytes beyond f, g, φ and the gradients, an upper bound.

        It adds the peaks of torch's allocator and of ``impl_torch.allocator``, which may occur at different times.
        """
        self._run()  # one-time allocations happen here
        watch: Any = profile(profile_memory=True)
        before = HELD.watch()
        with watch:
            results = self._run()
        ours = HELD.most - before
        events = sorted((e.start_ns(), e.nbytes()) for e in watch.kineto_results.events() if e.name() == "[memory]")
        held = np.cumsum([0, *(size for _, size in events)])
        storages = {value.untyped_storage().data_ptr(): value.untyped_storage().nbytes() for value in results}
        return int(held.max()) + ours - sum(storages.values())


def recurrence(
    model: str,
    kernel: Literal["auto", "portable", "fused"],
    switches: Switches,
    raw: Arrays,
    f: NDArray[np.float32],
    g: NDArray[np.float32],
) -> Recurrence:
    """Return the recurrence of one unit.

    Args:
        model: a name in ``registry.MODELS`` with a Hamiltonian.
        kernel: kernel of the trajectory.
        switches: algorithm, integrator, nudge, c_squash.
        raw: trainable values by letter.
        f: input drive (K, n, P), or (K, n, 2P) for a paired unit.
        g: dL/dφ, in the shape of f.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    unit = unit_of(model, switches, kernel)
    if unit is None:
        raise ValueError(f"'{model}' has no recurrence")
    given = {letter: torch.from_numpy(np.asarray(value)).to(device) for letter, value in raw.items()}
    return Recurrence(unit, given, torch.from_numpy(f).to(device), torch.from_numpy(g).to(device))
