"""Common parts of the estimators without echo: saved state, broadcast parameters, one-step adjoint."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.once_differentiable import once_differentiable
from impl_torch.recurrence import run, second_route, to_own_shape
from rhelbench.spec import Nudge

State = tuple[Float[Tensor, "n P"], Float[Tensor, "n P"]]


@dataclass(frozen=True)
class BackwardInputs:
    """Inputs of a backward pass.

    Args:
        hamiltonian: T and V.
        integrator: one time step.
        nudge: mode and size of the nudge.
        wide: θ by letter and, as "delta", δ, per sample and channel (n, P).
        f: input drive (K, n, P).
        final: (φ_K, π_K), (n, P) each.
    """

    hamiltonian: Hamiltonian
    integrator: Integrator
    nudge: Nudge
    wide: Values
    f: Path
    final: State

    def step(self, wide: Values, phi: Tensor, pi: Tensor, f_k: Tensor) -> State:
        """Return Φ_{k+1} with the θ and δ in ``wide``."""
        theta = {name: value for name, value in wide.items() if name != "delta"}
        return self.integrator.step(self.hamiltonian, theta, wide["delta"], phi, pi, f_k)[:2]


#: Gradients of θ and "delta" per sample and channel (n, P), and of the drive (K, n, P).
Results = tuple[Values, Path]
Backward = Callable[[BackwardInputs, Path], Results]


def step_vjp(given: BackwardInputs, phi: Tensor, pi: Tensor, f_k: Tensor, bar: State) -> tuple[Values, Tensor, Tensor, Tensor]:
    """Pull ``bar`` = dL/dΦ_{k+1} back through the time step from (φ_k, π_k).

    Args:
        given: inputs of the backward pass.
        phi: φ_k (n, P).
        pi: π_k (n, P).
        f_k: input drive (n, P).
        bar: dL/d(φ_{k+1}, π_{k+1}), (n, P) each.

    Returns:
        The gradients of θ and "delta" (n, P), of φ_k, of π_k, and of the drive.
    """
    names = tuple(given.wide)
    with torch.enable_grad():
        leaves = [value.detach().requires_grad_() for value in (*given.wide.values(), phi, pi, f_k)]
        after = given.step(dict(zip(names, leaves, strict=False)), *leaves[-3:])
        parts = torch.autograd.grad(after, leaves, bar, materialize_grads=True)
    return dict(zip(names, parts, strict=False)), parts[-3], parts[-2], parts[-1]


class _FromFinal(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, backward: Backward, hamiltonian: Any, integrator: Any, nudge: Nudge, names: tuple[str, ...], delta: Tensor,
        f: Tensor, f_B: Tensor, *values: Tensor,
    ) -> Tensor:  # fmt: skip
        del f_B
        phi, pi = run(hamiltonian, integrator, dict(zip(names, values, strict=True)), delta, f)
        ctx.save_for_backward(phi[-1].clone(), pi[-1].clone(), delta, f, *values)
        ctx.setting = backward, hamiltonian, integrator, nudge, names
        return phi

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        phi, pi, delta, f, *values = ctx.saved_tensors
        backward, hamiltonian, integrator, nudge, names = ctx.setting
        own = {**dict(zip(names, values, strict=True)), "delta": delta}
        wide = {name: value.expand(phi.shape).clone() for name, value in own.items()}
        lanes, of_f = backward(BackwardInputs(hamiltonian, integrator, nudge, wide, f, (phi, pi)), grads[0].contiguous())
        narrow = {name: to_own_shape(lanes[name], value) for name, value in own.items()}
        return None, None, None, None, None, narrow.pop("delta"), of_f, of_f, *(narrow[name] for name in names)


def from_final(
    backward: Backward,
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing the final state and the drive; ``backward`` computes the gradients.

    All functions ``backward`` of ``impl_torch.algorithms`` have these arguments and results:
    ``given``: the stored ``BackwardInputs``; ``g`` = dL/dφ_1..dL/dφ_K (K, n, P). They return the gradients of θ
    and "delta" per sample and channel (n, P), and of the drive (K, n, P).

    Args:
        backward: the backward pass.
        hamiltonian: T and V.
        integrator: one time step.
        nudge: mode and size of the nudge.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        f: input drive (K, n, P).
        f_B: see ``interface.Trajectory``.
    """
    names, routes = tuple(theta), (f, second_route(f, f_B))
    values = (theta[name] for name in names)
    return _FromFinal.apply(backward, hamiltonian, integrator, nudge, names, delta, *routes, *values)
