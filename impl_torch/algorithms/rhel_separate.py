"""Recurrent Hamiltonian Echo Learning as a machine would do it: two separate echoes, then their difference."""

from jaxtyping import Float
from torch import Tensor

from impl_torch.echo import EchoStep, two_echoes
from impl_torch.interface import Hamiltonian, Integrator, Lanes, Path, Values
from rhelbench.spec import Nudge


def half_energy(hamiltonian: Hamiltonian, theta: Values, delta: Tensor, f_u: Tensor, f_B: Tensor, step: EchoStep) -> Lanes:
    """Return δ H½, H½ = V(φ_{k+1/3}) + ½ (T before the kick + T after it); f_u and f_B enter alike."""
    kinetic = 0.5 * (hamiltonian.kinetic(step.before) + hamiltonian.kinetic(step.after))
    at_third = hamiltonian.potential(theta, step.third, f_u)
    # The second route of the drive: equal numbers, so that only its derivative remains.
    via_B = hamiltonian.potential({k: v.detach() for k, v in theta.items()}, step.third, f_B)
    return delta * (at_third + kinetic) + delta.detach() * (via_B - via_B.detach())


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path,
) -> Path:
    """Return φ_1..φ_K from Φ_0 = 0, keeping one state; backward, run the echoes at ±ε and contrast δ H½.

    Arguments as ``impl_torch.echo.two_echoes``. Rounding is not cancelled here: ε must be chosen with the dtype in mind.

    Source:
        Paper, Theorem 3.2.
    """
    return two_echoes(half_energy, hamiltonian, integrator, nudge, theta, delta, f, f_B)
