"""Forward gradients: the exact slope along one random direction, times the direction; right on average, seldom close."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.estimators import BackwardInputs, Results, from_final, step_vjp
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from rhelbench.spec import Nudge


def source_of(g: Path) -> torch.Generator:
    """Return a generator seeded by the bits of the incoming gradient: another draw at every step, the same when repeated."""
    return torch.Generator(g.device).manual_seed(int(g.view(torch.int32).sum(dtype=torch.int64)))


def backward(given: BackwardInputs, g: Path) -> Results:
    """Return estimates D v, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1), per sample and lane.

    Once for x = (θ, δ) and once for x = f, or the larger slope would drown the smaller.

    Args:
        given: what the forward pass kept; the final state is not used.
        g: dL/dφ_k, (K, n, P).
    """
    source = source_of(g)

    def draw(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=source, dtype=g.dtype, device=g.device)

    v, v_f = {name: draw(value) for name, value in given.wide.items()}, draw(g)
    one, zero = torch.ones_like(g[0]), torch.zeros_like(g[0])
    state = tangent = tangent_f = (zero, zero)
    slope = slope_f = zero
    for g_k, f_k, v_k in zip(g, given.f, v_f, strict=True):
        rows = [step_vjp(given, *state, f_k, bar) for bar in ((one, zero), (zero, one))]
        own = [sum((of[name] * v[name] for name in v), zero) for of, *_ in rows]
        moved = [of_phi * tangent[0] + of_pi * tangent[1] for _, of_phi, of_pi, _ in rows]
        moved_f = [of_phi * tangent_f[0] + of_pi * tangent_f[1] + of_f * v_k for _, of_phi, of_pi, of_f in rows]
        tangent, tangent_f = (moved[0] + own[0], moved[1] + own[1]), (moved_f[0], moved_f[1])
        state = given.step(given.wide, *state, f_k)
        slope, slope_f = slope + g_k * tangent[0], slope_f + g_k * tangent_f[0]
    return {name: slope * value for name, value in v.items()}, slope_f * v_f


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
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
        f: drive (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.

    Source:
        Baydin et al., Gradients without backpropagation, 2022.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
