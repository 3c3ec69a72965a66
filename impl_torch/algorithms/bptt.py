"""Backpropagation through time: automatic differentiation of the shared forward loop."""

from jaxtyping import Float
from torch import Tensor

from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from impl_torch.recurrence import run, tie
from rhelbench.spec import Nudge


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0; the whole trajectory is kept for the backward pass.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: of no use here, every algorithm takes it.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P), the route of the gradient to u.
        f_B: the same numbers, the route to B.
    """
    del nudge
    return run(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
