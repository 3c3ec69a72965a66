"""BPTT that reconstructs states by inverting the leapfrog: one state in memory."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.estimators import BackwardInputs, Results, from_final, step_vjp
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from rhelbench.spec import Nudge


def backward(given: BackwardInputs, g: Path) -> Results:
    """Apply the adjoint of every time step at states reconstructed backwards.

    Φ_k = (S(Φ_{k+1}*, f_{k+1}))*; λ_k = (∂Φ_{k+1}/∂Φ_k)ᵀ λ_{k+1} + (g_k, 0).

    Arguments and returns: see ``estimators.from_final``.
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
    """Return φ_1..φ_K, storing one state; ``backward`` reconstructs the others.

    Like an echo it retraces the trajectory, and it loses accuracy where an echo does. Unlike an echo it needs
    the Jacobian of the time step. An irreversible integrator yields wrong states.

    Arguments: see ``interface.Trajectory``. ``nudge`` is not used.

    Source:
        Maclaurin et al., Gradient-based hyperparameter optimization through reversible learning, 2015.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
