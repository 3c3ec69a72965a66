"""Fused kernels by name, and their four passes with arguments and results, on any device."""

from dataclasses import dataclass
from typing import Literal

from rhelbench.errors import UserError

Pass = Literal["forward", "adjoint", "pair_echo", "released_echo"]
#: Arguments of each pass in order (``kernels.cpu``); ``phi`` and ``pi`` of an echo are the final state.
ARGUMENTS: dict[Pass, tuple[str, ...]] = {
    "forward": ("theta", "delta", "f"),
    "adjoint": ("theta", "delta", "f", "phi", "pi", "g"),
    "pair_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
    "released_echo": ("theta", "delta", "f", "g", "epsilon", "phi", "pi"),
}
#: Results of each pass in order.
RESULTS: dict[Pass, tuple[str, ...]] = {
    "forward": ("phi", "pi"),
    "adjoint": ("grad_f", "sums"),
    "pair_echo": ("grad_f", "sums"),
    "released_echo": ("grad_u", "grad_B", "sums"),
}


#: Position of the kick's force: the midpoint φ_{k+1/3}, or the start φ_k.
KickAt = Literal["midpoint", "start"]
INTEGRATORS: dict[str, KickAt] = {"leapfrog": "midpoint", "leapfrog_released": "start"}
#: Backward pass by algorithm; ``rhel_separate`` has none, since it only shows what hardware would do.
BACKWARD: dict[str, Pass] = {"bptt": "adjoint", "rhel": "pair_echo", "rhel_released": "released_echo"}


@dataclass(frozen=True)
class Kernel:
    """A fused trajectory and its backward pass.

    Args:
        hamiltonian: module of this name in ``kernels/cpu`` and ``kernels/gpu``.
        backward: the backward pass.
        kick_at: position of the kick's force.
    """

    hamiltonian: str
    backward: Pass
    kick_at: KickAt


#: Kernel by (Hamiltonian, integrator, algorithm).
KERNELS: dict[tuple[str, str, str], Kernel] = {
    (hamiltonian, integrator, algorithm): Kernel(hamiltonian, backward, kick_at)
    for hamiltonian in ("linear", "nonlinear")
    for integrator, kick_at in INTEGRATORS.items()
    for algorithm, backward in BACKWARD.items()
}


def find(hamiltonian: str, integrator: str, algorithm: str) -> Kernel:
    """Return the kernel of a Hamiltonian, an integrator and an algorithm.

    Args:
        hamiltonian: a name of the registry.
        integrator: likewise.
        algorithm: likewise.

    Raises:
        UserError: there is no such kernel.

    Example:
        >>> find("linear", "leapfrog", "rhel").backward
        'pair_echo'
    """
    if (hamiltonian, integrator, algorithm) not in KERNELS:
        raise UserError(
            f"There is no fused kernel for {hamiltonian}, {integrator}, {algorithm}: set kernel: portable, or auto, for this run."
        )
    return KERNELS[hamiltonian, integrator, algorithm]


def choose(kernel: str, hamiltonian: str, integrator: str, algorithm: str) -> Kernel | None:
    """Return the kernel for a run's setting ``kernel``, or None for the portable implementation.

    Args:
        kernel: ``portable``; ``fused`` (an error if there is no kernel); ``auto`` (a kernel if there is one).
        hamiltonian: a name of the registry.
        integrator: likewise.
        algorithm: likewise.

    Raises:
        UserError: ``fused``, and there is no kernel.

    Example:
        >>> choose("auto", "linear", "leapfrog", "rtrl") is None
        True
    """
    if kernel == "fused":
        return find(hamiltonian, integrator, algorithm)
    return KERNELS.get((hamiltonian, integrator, algorithm)) if kernel == "auto" else None
