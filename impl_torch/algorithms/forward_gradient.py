"""Forward gradients: the exact directional derivative times a random direction; unbiased, high variance."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.estimators import BackwardInputs, Results, from_final, step_vjp
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from rhelbench.spec import Nudge


def source_of(g: Path) -> torch.Generator:
    """Return a random generator seeded by the bits of the incoming gradient.

    The seed changes with every optimiser step and is the same when a run is repeated.
    """
    return torch.Generator(g.device).manual_seed(int(g.view(torch.int32).sum(dtype=torch.int64)))


def backward(given: BackwardInputs, g: Path) -> Results:
    """Return estimates D v, with D = Σ_k g_k ∂φ_k/∂x v and v ~ N(0, 1), per sample and channel.

    x is (θ, δ), then f, or the larger derivative would mask the smaller.

    Arguments and returns: see ``estimators.from_final``. The final state is not used.
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
    """Return φ_1..φ_K, storing only the drive; ``backward`` runs tangents along random directions.

    Channels are independent, so each sample and channel has its own direction and D. The estimates are
    unbiased; the variance for f grows with its K entries.

    Arguments: see ``interface.Trajectory``. ``nudge`` is not used.

    Source:
        Baydin et al., Gradients without backpropagation, 2022.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
