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
    """Return φ_1..φ_K; the backward pass stores the whole trajectory.

    Arguments: see ``interface.Trajectory``. ``nudge`` is not used.
    """
    del nudge
    return run(hamiltonian, integrator, theta, delta, tie(f, f_B))[0]
