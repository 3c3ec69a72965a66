"""What the estimators without echo share: one kept state, θ and δ in lanes, and the adjoint of a single step."""

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
    """What a backward pass starts from.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: how ε is chosen.
        wide: θ and, as "delta", δ, one value per sample and lane (n, P).
        f: drive (K, n, P).
        final: (φ_K, π_K), each (n, P).
    """

    hamiltonian: Hamiltonian
    integrator: Integrator
    nudge: Nudge
    wide: Values
    f: Path
    final: State

    def step(self, wide: Values, phi: Tensor, pi: Tensor, f_k: Tensor) -> State:
        """Return Φ_{k+1} with the given θ and δ."""
        theta = {name: value for name, value in wide.items() if name != "delta"}
        return self.integrator.step(self.hamiltonian, theta, wide["delta"], phi, pi, f_k)[:2]


#: Gradients of θ and "delta" in lanes (n, P), and of the drive (K, n, P).
Results = tuple[Values, Path]
Backward = Callable[[BackwardInputs, Path], Results]


def step_vjp(given: BackwardInputs, phi: Tensor, pi: Tensor, f_k: Tensor, bar: State) -> tuple[Values, Tensor, Tensor, Tensor]:
    """Pull ``bar`` = dL/dΦ_{k+1} back through the step from (φ_k, π_k).

    Args:
        given: the setting.
        phi: φ_k (n, P).
        pi: π_k (n, P).
        f_k: drive of the step (n, P).
        bar: two arrays (n, P).

    Returns:
        The gradients of θ and "delta" in lanes, of φ_k, of π_k, and of the drive.
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
    """Return φ_1..φ_K, keeping the final state and the drive, with ``backward`` as the way to the gradients.

    Args:
        backward: from what was kept and g (K, n, P) to the gradients in lanes.
        hamiltonian: the energy.
        integrator: the step.
        nudge: how ε is chosen.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.
    """
    names, routes = tuple(theta), (f, second_route(f, f_B))
    values = (theta[name] for name in names)
    return _FromFinal.apply(backward, hamiltonian, integrator, nudge, names, delta, *routes, *values)
