"""One unit in a chosen precision: its gradients under many nudges, and how well an echo retraces."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from impl_torch.algorithms import ALGORITHMS
from impl_torch.hamiltonians import HAMILTONIANS
from impl_torch.integrators import INTEGRATORS
from impl_torch.interface import Path, Values
from impl_torch.recurrence import run
from rhelbench.contract import Arrays
from rhelbench.spec import Nudge


def _one(hamiltonian: str, algorithm: str, nudge: Nudge, values: Values, g: Path) -> dict[str, Tensor]:
    """Return one unit's gradients under one nudge; ``values`` has θ, δ and the drive twice, by name."""
    leaves = {name: value.clone().requires_grad_() for name, value in values.items()}
    theta = {name: leaves[name] for name in HAMILTONIANS[hamiltonian].parameters}
    routes = leaves["delta"], leaves["f"], leaves["f_B"]
    phi = ALGORITHMS[algorithm](HAMILTONIANS[hamiltonian], INTEGRATORS["leapfrog"], nudge, theta, *routes)
    found = torch.autograd.grad(phi, list(leaves.values()), g, materialize_grads=True)
    return dict(zip(leaves, found, strict=True))


def gradients(
    hamiltonian: str,
    algorithm: str,
    dtype: str,
    mode: Literal["absolute", "relative"],
    sizes: NDArray[np.float64],
    theta: Arrays,
    delta: NDArray[np.float64],
    f: NDArray[np.float64],
    g: NDArray[np.float64],
) -> Arrays:
    """Return a unit's gradients for every random unit and nudge.

    Args:
        hamiltonian: a name of HAMILTONIANS; the integrator is the leapfrog.
        algorithm: a name of ALGORITHMS.
        dtype: ``"float32"`` or ``"float64"``, of the whole computation.
        mode: mode of the nudge.
        sizes: ε or ρ (E,); for ``bptt`` only their number matters.
        theta: θ by letter, (R,) or (R, P).
        delta: step size δ, (R,) or (R, P).
        f: input drive (R, K, n, P).
        g: dL/dφ_k (R, K, n, P).

    Returns:
        (R, E, ...) by letter, ``"delta"``, ``"f"`` and ``"f_B"``, in ``dtype``.
    """
    kind: torch.dtype = getattr(torch, dtype)
    found: list[list[dict[str, Tensor]]] = []
    for r in range(len(f)):
        given = {name: value[r] for name, value in theta.items()} | {"delta": delta[r], "f": f[r], "f_B": f[r]}
        values = {name: torch.tensor(value, dtype=kind) for name, value in given.items()}
        nudges = [Nudge(mode=mode, size=float(size)) for size in sizes]
        found.append([_one(hamiltonian, algorithm, nudge, values, torch.tensor(g[r], dtype=kind)) for nudge in nudges])
    return {name: np.stack([[one[name].numpy() for one in row] for row in found]) for name in found[0][0]}


def _size(phi: Float[Tensor, "*K n P"], pi: Float[Tensor, "*K n P"]) -> Float[Tensor, "*K n"]:
    return (phi.square() + pi.square()).sum(-1).sqrt()


def retrace(
    hamiltonian: str, integrator: str, dtype: str, theta: Arrays, delta: NDArray[np.float64], f: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Run forward from rest and an echo without nudge; return its distance from the trajectory.

    ‖Φe − Φ*‖/max_k‖Φ_k‖ after 1..K time steps back.

    Args:
        hamiltonian: a name of HAMILTONIANS.
        integrator: a name of INTEGRATORS.
        dtype: precision of both passes.
        theta: θ by letter, () or (P,).
        delta: step size δ, () or (P,).
        f: input drive (K, n, P).

    Returns:
        The largest value over the n samples (K,).
    """
    kind: torch.dtype = getattr(torch, dtype)
    values = {name: torch.tensor(value, dtype=kind) for name, value in {**theta, "delta": delta, "f": f}.items()}
    step, drive = values.pop("delta"), values.pop("f")
    with torch.no_grad():
        phis, pis = run(HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], values, step, drive)
        largest, rest = _size(phis, pis).amax(0), torch.zeros_like(phis[:1])
        phi, pi, gaps = phis[-1], -pis[-1], []
        # After its time step with f_k, the echo returns to the state before that time step of the trajectory.
        goals = zip(torch.cat([rest, phis[:-1]]).flip(0), torch.cat([rest, pis[:-1]]).flip(0), drive.flip(0), strict=True)
        for goal_phi, goal_pi, f_k in goals:
            phi, pi, _ = INTEGRATORS[integrator].step(HAMILTONIANS[hamiltonian], values, step, phi, pi, f_k)
            gaps.append((_size(phi - goal_phi, pi + goal_pi) / largest).amax())
        return torch.stack(gaps).double().numpy()
