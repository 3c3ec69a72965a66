"""Simultaneous perturbation: forward runs at x ± ρ v only; no Jacobian, no reversal, high variance."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.algorithms.forward_gradient import source_of
from impl_torch.estimators import BackwardInputs, Results, from_final
from impl_torch.interface import Hamiltonian, Integrator, Lanes, Path, Values
from rhelbench.spec import Nudge


def backward(given: BackwardInputs, g: Path) -> Results:
    """Return estimates D v, with v = ±1 at random, per sample and channel.

    D = Σ_k g_k (φ_k(x + ρ v) − φ_k(x − ρ v)) / 2ρ, ρ the nudge's size; for x = (θ, δ), then for x = f.

    Arguments and returns: see ``estimators.from_final``. The final state is not used.
    """
    source, rho = source_of(g), given.nudge.size

    def draw(like: Tensor) -> Tensor:
        return 2 * torch.randint(0, 2, like.shape, generator=source, device=g.device).to(g.dtype) - 1

    v, v_f = {name: draw(value) for name, value in given.wide.items()}, draw(g)
    slope = slope_f = torch.zeros_like(g[0])
    for way in (rho, -rho):
        moved = {name: value + way * v[name] for name, value in given.wide.items()}
        slope = slope + _outcome(given, g, moved, given.f) / (2 * way)
        slope_f = slope_f + _outcome(given, g, given.wide, given.f + way * v_f) / (2 * way)
    return {name: slope * value for name, value in v.items()}, slope_f * v_f


def _outcome(given: BackwardInputs, g: Path, wide: Values, f: Path) -> Lanes:
    """Return Σ_k g_k φ_k of a run with the θ and δ in ``wide`` and this drive."""
    phi = pi = total = torch.zeros_like(g[0])
    for g_k, f_k in zip(g, f, strict=True):
        phi, pi = given.step(wide, phi, pi, f_k)
        total = total + g_k * phi
    return total


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing only the drive; ``backward`` runs four perturbed forward passes.

    Arguments: see ``interface.Trajectory``. ρ is the nudge's size.

    Source:
        Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation, 1992.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
