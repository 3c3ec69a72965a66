"""Two separate echoes of any separable Hamiltonian in parallel, and the contrast of an energy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Kick, Lanes, Path, Values
from impl_torch.nudge import epsilon
from impl_torch.once_differentiable import once_differentiable
from impl_torch.recurrence import run, second_route
from rhelbench.spec import Nudge


@dataclass(frozen=True)
class EchoStep:
    """One time step of both echoes, each entry (2, n, P), the echo at +ε first.

    Args:
        kicks: the kicks in order; the momentum before the first includes the nudge.
        phi: position after the time step.
        pi: momentum after the time step, with the next nudge.
    """

    kicks: tuple[Kick, ...]
    phi: Lanes
    pi: Lanes


#: (hamiltonian, theta, delta, f_u, f_B, step) -> energy per echo, sample and channel; its contrast is differentiated.
Readout = Callable[[Hamiltonian, Values, Tensor, Tensor, Tensor, EchoStep], Tensor]


class _Echoes(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, readout: Readout, hamiltonian: Any, integrator: Any, nudge: Nudge, names: tuple[str, ...],
        delta: Tensor, f: Tensor, f_B: Tensor, *values: Tensor,
    ) -> Tensor:  # fmt: skip
        del f_B
        phi, pi = run(hamiltonian, integrator, dict(zip(names, values, strict=True)), delta, f)
        ctx.save_for_backward(phi[-1].clone(), pi[-1].clone(), delta, f, *values)
        ctx.setting = readout, hamiltonian, integrator, nudge, names
        return phi

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        phi, pi, delta, f, *values = ctx.saved_tensors
        readout, hamiltonian, integrator, nudge, names = ctx.setting
        theta, g = dict(zip(names, values, strict=True)), grads[0]
        eps = epsilon(nudge, hamiltonian.steepness(theta), g)
        # Created on the device: a copy from the host could not be recorded (impl_torch.cuda_graph).
        sign = (1 - 2 * torch.arange(2, dtype=f.dtype, device=f.device))[:, None, None]
        weight = -sign / (2 * eps)
        leaves = [value.detach().requires_grad_() for value in (delta, *values)]
        sums = [torch.zeros_like(leaf) for leaf in leaves]
        grad_u, grad_B = torch.empty_like(f), torch.empty_like(f)
        phi, pi = phi.expand(2, -1, -1), -pi + sign * eps * g[-1]
        for k in range(len(f) - 1, -1, -1):
            phi, after, kicks = integrator.step(hamiltonian, theta, delta, phi, pi, f[k])
            pi = after + sign * eps * g[k - 1] if k > 0 else after
            with torch.enable_grad():
                f_u, f_B = f[k].detach().requires_grad_(), f[k].detach().requires_grad_()
                step = EchoStep(kicks, phi, pi)
                energy = readout(hamiltonian, dict(zip(names, leaves[1:], strict=True)), leaves[0], f_u, f_B, step)
                contrast = (weight * energy).sum()
                parts = torch.autograd.grad(contrast, [f_u, f_B, *leaves], materialize_grads=True)
            grad_u[k], grad_B[k] = parts[0], parts[1]
            sums = [total + part for total, part in zip(sums, parts[2:], strict=True)]
        return None, None, None, None, None, sums[0], grad_u, grad_B, *sums[1:]


def two_echoes(
    readout: Readout,
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing one state; the backward pass contrasts ``readout`` of the echoes at ±ε.

    Φe = (φ_K, −π_K ± ε g_K); for k = K..1: one time step with f_k, then π ± ε g_{k−1}. With E± the read-out of a
    time step, dL/dx = −(1/2ε) Σ_k (∂E₊/∂x − ∂E₋/∂x) for x = θ, δ, f and f_B.

    Args:
        readout: the energy E, as a differentiable function of θ, δ, f and f_B.
        hamiltonian: T and V of the dynamics.
        integrator: one time step.
        nudge: mode and size of the nudge.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        f: input drive (K, n, P).
        f_B: see ``interface.Trajectory``.

    Source:
        Paper, Theorem 3.2.
    """
    names = tuple(theta)
    return _Echoes.apply(
        readout, hamiltonian, integrator, nudge, names, delta, f, second_route(f, f_B), *(theta[name] for name in names)
    )
