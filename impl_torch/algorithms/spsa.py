"""Simultaneous perturbation: two runs at x ± ρ v and nothing but their outcomes; no Jacobian, no reversal, much variance."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.algorithms.forward_gradient import source_of
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.lanes import Given, Results, from_final
from rhelbench.spec import Nudge


def backward(given: Given, g: Path) -> Results:
    """Return estimates D v, with v = ±1 at random over x = (θ, δ, f), per sample and lane.

    D = Σ_k g_k (φ_k(x + ρ v) − φ_k(x − ρ v)) / 2ρ, ρ the nudge's size.

    Args:
        given: what the forward pass kept; the final state is not used.
        g: dL/dφ_k, (K, n, P).
    """
    source, rho = source_of(g), given.nudge.size
    draw = lambda like: 2 * torch.randint(0, 2, like.shape, generator=source, device=g.device).to(g.dtype) - 1  # noqa: E731
    v, v_f = {name: draw(value) for name, value in given.wide.items()}, draw(g)
    slope = torch.zeros_like(g[0])
    for way in (rho, -rho):
        moved = {name: value + way * v[name] for name, value in given.wide.items()}
        phi = pi = torch.zeros_like(g[0])
        for k, g_k in enumerate(g):
            phi, pi = given.step(moved, phi, pi, given.f[k] + way * v_f[k])
            slope = slope + g_k * phi / (2 * way)
    return {name: slope * value for name, value in v.items()}, slope * v_f


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0, keeping nothing but the drive; then two perturbed runs, as ``backward`` says.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: its size is ρ.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P), the route of the gradient to u.
        f_B: the same numbers, the route to B.

    Source:
        Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, 1992.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
