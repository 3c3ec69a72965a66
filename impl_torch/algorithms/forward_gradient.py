"""Forward gradients: the exact slope along one random direction, times the direction; right on average, seldom close."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Lanes, Path, Values
from impl_torch.lanes import Given, Results, State, from_final
from rhelbench.spec import Nudge


def source_of(g: Path) -> torch.Generator:
    """Return a generator seeded by the bits of the incoming gradient: another draw at every step, the same when repeated."""
    return torch.Generator(g.device).manual_seed(int(g.view(torch.int32).sum(dtype=torch.int64)))


def backward(given: Given, g: Path) -> Results:
    """Return estimates D v, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1), per sample and lane.

    Once for x = (θ, δ) and once for x = f, or the larger slope would drown the smaller.

    Args:
        given: what the forward pass kept; the final state is not used.
        g: dL/dφ_k, (K, n, P).
    """
    source = source_of(g)
    draw = lambda like: torch.randn(like.shape, generator=source, dtype=g.dtype, device=g.device)  # noqa: E731
    v, v_f = {name: draw(value) for name, value in given.wide.items()}, draw(g)
    zero = torch.zeros_like(g[0])
    slope, slope_f = _slope(given, g, v, torch.zeros_like(g)), _slope(given, g, dict.fromkeys(v, zero), v_f)
    return {name: slope * value for name, value in v.items()}, slope_f * v_f


def _slope(given: Given, g: Path, v: Values, v_f: Path) -> Lanes:
    """Return D = Σ_k g_k t_φ,k of the tangent along (v, v_f), carried beside the state."""
    state = tangent = (torch.zeros_like(g[0]), torch.zeros_like(g[0]))
    slope = torch.zeros_like(g[0])
    for g_k, f_k, v_k in zip(g, given.f, v_f, strict=True):
        moved: tuple[State, State] = torch.func.jvp(given.step, (given.wide, *state, f_k), (v, *tangent, v_k))  # pyright: ignore[reportAssignmentType]
        state, tangent = moved
        slope = slope + g_k * tangent[0]
    return slope


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0, keeping nothing but the drive; then the tangents along random directions.

    Every sample and lane has directions and slopes of its own, since lanes do not mix. Unbiased; that of the drive varies with
    its K entries.

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
