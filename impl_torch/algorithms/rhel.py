"""RHEL with the echo pair integrated as mean and half difference."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.algorithms import rhel_separate
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.nudge import epsilon
from impl_torch.once_differentiable import once_differentiable
from impl_torch.recurrence import run, second_route, to_own_shape
from rhelbench.spec import Nudge


class _Rhel(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hamiltonian: Any, integrator: Any, nudge: Nudge, names: tuple[str, ...], delta: Tensor, f: Tensor,
        f_B: Tensor, *values: Tensor,
    ) -> Tensor:  # fmt: skip
        del f_B
        phi, pi = run(hamiltonian, integrator, dict(zip(names, values, strict=True)), delta, f)
        # Only the final state and the drive are saved; as clones, since views would keep the whole trajectory in memory.
        ctx.save_for_backward(phi[-1].clone(), pi[-1].clone(), delta, f, *values)
        ctx.setting = hamiltonian, integrator, nudge, names
        return phi

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        phi, pi, delta, f, *values = ctx.saved_tensors
        hamiltonian, integrator, nudge, names = ctx.setting
        theta, g = dict(zip(names, values, strict=True)), grads[0]
        eps = epsilon(nudge, hamiltonian.steepness(theta), g)
        mean, half = (phi, -pi), (torch.zeros_like(phi), eps * g[-1])
        sums = {name: torch.zeros_like(phi) for name in names}
        sum_delta, grad_f = torch.zeros_like(phi), torch.empty_like(f)
        for k in range(len(f) - 1, -1, -1):
            mean, half, kicks = integrator.pair_step(hamiltonian, theta, delta, mean, half, f[k])
            total_f = torch.zeros_like(phi)
            for weight, before, thirds, after in kicks:
                of_theta, of_f, of_v = hamiltonian.half_contrasts(theta, *thirds, f[k])
                sums = {name: sums[name] + weight * of_theta[name] for name in names}
                kinetic = 0.5 * (before[0] * before[1] + after[0] * after[1])
                sum_delta, total_f = sum_delta + weight * (of_v + kinetic), total_f + weight * of_f
            grad_f[k] = -delta / eps * total_f
            if k > 0:
                half = (half[0], half[1] + eps * g[k - 1])
        of_values = [to_own_shape(-delta / eps * sums[name], theta[name]) for name in names]
        return None, None, None, None, to_own_shape(-sum_delta / eps, delta), grad_f, grad_f, *of_values


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing one state; the backward pass contrasts both echoes.

    m starts at Φ_K*, d at (0, ε g_K). For k = K..1: a pair step with f_k; half contrasts at its kicks, by
    weight; d_π += ε g_{k−1}. Then dL/dθ = −(δ/ε) Σ ½(∂θV₊ − ∂θV₋), dL/df_k = −(δ/ε) ½(∂fV₊ − ∂fV₋),
    dL/dδ = −(1/ε) Σ [½(V₊ − V₋) + ½(m_π d_π before the kick + m_π d_π after)].
    Without closed forms, ``rhel_separate`` is used instead.

    Arguments: see ``interface.Trajectory``.

    Source:
        Paper, Theorem 3.2; mean and half difference: docs/internals/architecture.md; docs/deviations.md, row 8.
    """
    if not hamiltonian.closed_forms:
        return rhel_separate.trajectory(hamiltonian, integrator, nudge, theta, delta, f, f_B)
    names = tuple(theta)
    return _Rhel.apply(hamiltonian, integrator, nudge, names, delta, f, second_route(f, f_B), *(theta[name] for name in names))
