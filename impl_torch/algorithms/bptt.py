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
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0; the whole trajectory is kept for the backward pass.

    Args:
        hamiltonian: the energy.
        integrator: the step.
        nudge: of no use here, every algorithm takes it.
        theta: parameters, (P,) or ().
        delta: δ, (P,) or ().
        f: drive (K, n, P).
        f_B: a second route of the same numbers, for a rule whose gradient towards B is another one; None: f alone.
    """
    del nudge
    return run(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
