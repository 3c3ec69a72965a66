"""Forward gradients: the exact slope along one random direction, times the direction; right on average, seldom close."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.lanes import Given, Results, from_final
from rhelbench.spec import Nudge


def source_of(g: Path) -> torch.Generator:
    """Return a generator seeded by the bits of the incoming gradient: another draw at every step, the same when repeated."""
    return torch.Generator(g.device).manual_seed(int(g.view(torch.int32).sum(dtype=torch.int64)))


def backward(given: Given, g: Path) -> Results:
    """Return estimates D v, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1) over x = (θ, δ, f), per sample and lane.

    Args:
        given: what the forward pass kept; the final state is not used.
        g: dL/dφ_k, (K, n, P).
    """
    source = source_of(g)
    draw = lambda like: torch.randn(like.shape, generator=source, dtype=g.dtype, device=g.device)  # noqa: E731
    v, v_f = {name: draw(value) for name, value in given.wide.items()}, draw(g)
    phi = pi = t_phi = t_pi = slope = torch.zeros_like(g[0])
    for k, g_k in enumerate(g):
        moving = lambda wide, phi, pi, f_k: given.step(wide, phi, pi, f_k)  # noqa: E731
        (phi, pi), (t_phi, t_pi) = torch.func.jvp(moving, (given.wide, phi, pi, given.f[k]), (v, t_phi, t_pi, v_f[k]))
        slope = slope + g_k * t_phi
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
    """Return φ_1..φ_K from Φ_0 = 0, keeping nothing but the drive; then the tangent along one random direction.

    Every sample and lane has a direction and a slope of its own, since lanes do not mix. Unbiased; the variance grows with K.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: of no use here, every algorithm takes it.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P), the route of the gradient to u.
        f_B: the same numbers, the route to B.

    Source:
        Baydin et al., Gradients without backpropagation, 2022.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
