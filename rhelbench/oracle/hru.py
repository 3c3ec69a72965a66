"""The Hamiltonian recurrent unit as a layer: read-in, trajectory, read-out (paper, section 4)."""

from collections.abc import Callable

import numpy as np

from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array, Theta
from rhelbench.registry import Model
from rhelbench.spec import Switches


def copy_to_channels(value: Array, copies: int) -> Array:
    """Broadcast a parameter to all channels: (P,) repeated ``copies`` times, scalars unchanged."""
    return value if np.ndim(value) == 0 else np.tile(value, copies)


def sum_over_copies(value: Array, copies: int) -> Array:
    """Return the adjoint of ``copy_to_channels``: the sum over the copies."""
    return value if np.ndim(value) == 0 else value.reshape(copies, -1).sum(axis=0)


def channel_parameters(model: Model, switches: Switches, raw: Theta) -> tuple[dict[str, Array], Array]:
    """Return θ and δ per channel.

    The 2P channels of a paired unit share P parameters: real parts first, then imaginary parts.

    Args:
        model: a paired unit or not.
        switches: c_squash.
        raw: the unit's trainable arrays by letter.

    Returns:
        θ by letter and δ, each (P,), (2P,) or ().
    """
    theta, delta = HAMILTONIANS[str(model.hamiltonian)].physical(raw, switches.c_squash)
    copies = 2 if model.paired else 1
    return {letter: copy_to_channels(value, copies) for letter, value in theta.items()}, copy_to_channels(delta, copies)


def read_in(model: Model, raw: Theta, u: Array) -> Array:
    """Return the input drive f = B u (K, n, P); for a paired unit [B_re u, B_im u] (K, n, 2P)."""
    return u @ read_in_matrix(model, raw).T


def read_in_matrix(model: Model, raw: Theta) -> Array:
    """Return B (P, H), or [B_re; B_im] (2P, H)."""
    return np.concatenate([raw["B_re"], raw["B_im"]], axis=0) if model.paired else raw["B"]


def read_out_matrix(model: Model, raw: Theta) -> Array:
    """Return C (H, P); for a paired unit [C_re, −C_im] (H, 2P).

    Re((C_re + i C_im)(φ_re + i φ_im)) = C_re φ_re − C_im φ_im.
    """
    return np.concatenate([raw["C_re"], -raw["C_im"]], axis=1) if model.paired else raw["C"]


def hru(
    model: Model, switches: Switches, raw: Theta, u: Array
) -> tuple[Array, Callable[[Array], tuple[Array, dict[str, Array]]]]:
    """Return y = C φ + D ⊙ u, with φ the trajectory driven by f = B u, and its backward pass.

    Args:
        model: which Hamiltonian (None: y = D ⊙ u), paired or not.
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        raw: the unit's trainable arrays by letter.
        u: input (K, n, H) float64.

    Returns:
        y (K, n, H), and a function from dL/dy to (dL/du, gradients by letter). ``switches.algorithm``
        differentiates the recurrence; ``f_B`` leads to B, ``f`` to u.

    Source:
        Paper, section 4.
    """
    D = raw["D"]
    if model.hamiltonian is None:
        return D * u, lambda bar: (D * bar, {"D": np.sum(bar * u, axis=(0, 1))})
    hamiltonian, copies = HAMILTONIANS[model.hamiltonian], 2 if model.paired else 1
    theta, delta = channel_parameters(model, switches, raw)
    B, C, f = read_in_matrix(model, raw), read_out_matrix(model, raw), read_in(model, raw, u)
    trajectory = ALGORITHMS[switches.algorithm]
    phi, through_time = trajectory(hamiltonian, INTEGRATORS[switches.integrator], switches.nudge, theta, delta, f, f)

    def backward(bar: Array) -> tuple[Array, dict[str, Array]]:
        recurrent = through_time(bar @ C)
        bar_B = np.einsum("knp,knh->ph", recurrent.f_B, u)
        bar_C = np.einsum("knh,knp->hp", bar, phi)
        bar_theta = {letter: sum_over_copies(value, copies) for letter, value in recurrent.theta.items()}
        bar_delta = (
            sum_over_copies(recurrent.delta, copies)
            if switches.delta_trained
            else np.zeros_like(sum_over_copies(recurrent.delta, copies))
        )
        bar_raw = hamiltonian.physical_adjoint(raw, switches.c_squash, bar_theta, bar_delta)
        if model.paired:
            (bar_raw["B_re"], bar_raw["B_im"]) = np.split(bar_B, 2, axis=0)
            bar_raw["C_re"], minus_C_im = np.split(bar_C, 2, axis=1)
            bar_raw["C_im"] = -minus_C_im
        else:
            bar_raw["B"], bar_raw["C"] = bar_B, bar_C
        bar_raw["D"] = np.sum(bar * u, axis=(0, 1))
        return recurrent.f @ B + D * bar, bar_raw

    return phi @ C.T + D * u, backward
