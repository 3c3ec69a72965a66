"""The fused kernels by name, and the four passes they consist of: what each is given and gives back, on any device."""

from dataclasses import dataclass
from typing import Literal

from rhelbench.errors import UserError

Pass = Literal["forward", "adjoint", "pair_echo", "released_echo"]
#: The arrays of each pass in their order (``kernels.cpu``); ``phi`` and ``pi`` of an echo are the final state.
ARGUMENTS: dict[Pass, tuple[str, ...]] = {
    "forward": ("theta", "delta", "f"),
    "adjoint": ("theta", "delta", "f", "phi", "pi", "g"),
    "pair_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
    "released_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
}
#: Its results in their order.
RESULTS: dict[Pass, tuple[str, ...]] = {
    "forward": ("phi", "pi"),
    "adjoint": ("grad_f", "sums"),
    "pair_echo": ("grad_f", "sums"),
    "released_echo": ("grad_u", "grad_B", "sums"),
}


#: Where a leapfrog's kick takes the force: at the midpoint φ_{k+1/3}, or at the start φ_k.
KickAt = Literal["midpoint", "start"]
INTEGRATORS: dict[str, KickAt] = {"leapfrog": "midpoint", "leapfrog_released": "start"}
#: The backward pass of an algorithm; ``rhel_separate`` has none, being there to show what a device would do.
BACKWARD: dict[str, Pass] = {"bptt": "adjoint", "rhel": "pair_echo", "rhel_released": "released_echo"}


@dataclass(frozen=True)
class Kernel:
    """A fused trajectory.

    Args:
        hamiltonian: whose passes it runs: the module of this name in ``kernels/cpu`` and ``kernels/gpu``.
        backward: its backward pass.
        kick_at: where the force is taken.
    """

    hamiltonian: str
    backward: Pass
    kick_at: KickAt


#: (Hamiltonian, integrator, algorithm) to its kernel.
KERNELS: dict[tuple[str, str, str], Kernel] = {
    (hamiltonian, integrator, algorithm): Kernel(hamiltonian, backward, kick_at)
    for hamiltonian in ("linear", "nonlinear")
    for integrator, kick_at in INTEGRATORS.items()
    for algorithm, backward in BACKWARD.items()
}


def find(hamiltonian: str, integrator: str, algorithm: str) -> Kernel:
    """Return the kernel of three names.

    Raises:
        UserError: there is none.
    """
    if (hamiltonian, integrator, algorithm) not in KERNELS:
        raise UserError(
            f"There is no fused kernel for {hamiltonian}, {integrator}, {algorithm}: set kernel: portable, or auto, for this run."
        )
    return KERNELS[hamiltonian, integrator, algorithm]


def choose(kernel: str, hamiltonian: str, integrator: str, algorithm: str) -> Kernel | None:
    """Return the kernel that a run's ``kernel`` asks for, or None for the portable path.

    Args:
        kernel: ``portable``; ``fused``: refused where there is none; ``auto``: a kernel where there is one.
        hamiltonian: a name of the registry.
        integrator: likewise.
        algorithm: likewise.

    Raises:
        UserError: ``fused``, and there is none.
    """
    if kernel == "fused":
        return find(hamiltonian, integrator, algorithm)
    return KERNELS.get((hamiltonian, integrator, algorithm)) if kernel == "auto" else None
