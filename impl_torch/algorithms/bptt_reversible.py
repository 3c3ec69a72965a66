"""BPTT that steps the state back instead of keeping it: the leapfrog undone, one state in memory."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.estimators import BackwardInputs, Results, from_final, step_vjp
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from rhelbench.spec import Nudge


def backward(given: BackwardInputs, g: Path) -> Results:
    """Return the gradients from the adjoint of every step at states that are recovered backwards.

    Φ_k = (S(Φ_{k+1}*, f_{k+1}))*; λ_k = (∂Φ_{k+1}/∂Φ_k)ᵀ λ_{k+1} + (g_k, 0).

    Args:
        given: what the forward pass kept.
        g: dL/dφ_k, (K, n, P).
    """
    phi, pi = given.final
    bar_phi = bar_pi = torch.zeros_like(phi)
    sums, of_f = {name: torch.zeros_like(phi) for name in given.wide}, torch.empty_like(given.f)
    for k in range(len(g) - 1, -1, -1):
        theta = {name: value for name, value in given.wide.items() if name != "delta"}
        phi, minus_pi, _ = given.integrator.step(given.hamiltonian, theta, given.wide["delta"], phi, -pi, given.f[k])
        pi = -minus_pi
        own, bar_phi, bar_pi, of_f[k] = step_vjp(given, phi, pi, given.f[k], (bar_phi + g[k], bar_pi))
        sums = {name: total + own[name] for name, total in sums.items()}
    return sums, of_f


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0, keeping one state; backward as ``backward`` says.

    The path is retraced as by an echo and lost where an echo is lost, but the step's Jacobian is needed.

    Args:
        hamiltonian: the energy.
        integrator: the step; an irreversible one spoils the states.
        nudge: of no use here, every algorithm takes it.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.

    Source:
        Maclaurin et al., Gradient-based hyperparameter optimization through reversible learning, 2015.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
