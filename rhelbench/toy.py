"""The toy system of continuous time: six coupled oscillators, their drive, target and duration."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhelbench.registry import FRAMEWORKS
from rhelbench.seeds import generator

Array = NDArray[np.float64]
#: Running: L = ∫ ℓ dt over [−T, 0]; final: L = ℓ at t = 0 (Hamiltonian Echo Backprop's case).
Loss = Literal["running", "final"]
#: Recorded: the nudge is ∇ℓ on the forward trajectory; own: ∇ℓ at the echo's own state, exact only as ε → 0.
NudgeAt = Literal["recorded", "own"]

OSCILLATORS = 6
DRIVEN, READ = 0, 3
#: Pairs i < j in the order of the vector k_ij.
PAIRS = np.stack(np.triu_indices(OSCILLATORS, 1), axis=1)
#: The three implementations of ``forward``, ``adjoint``, ``echo`` and ``heb``.
IMPLEMENTATIONS = {name: framework.toy for name, framework in FRAMEWORKS.items() if framework.toy}
#: Slices of the parameter vector θ = (m, k, k_ij) (27,).
PARTS = {"m": slice(0, 6), "k": slice(6, 12), "k_ij": slice(12, 27)}


@dataclass(frozen=True)
class Toy:
    """H = Σ π²/2m + ½ Σ k φ² + ½ Σ_{i<j} k_ij (φ_j − φ_i)² − u(t) φ_1,  ℓ = ½ (φ_4 − y(t))²,  t ∈ [−T, 0].

    Args:
        theta: masses m, springs k, couplings k_ij (27,).
        x: the state Φ(−T) = (φ, π) (12,).
        drive: rows (amplitude, angular frequency, phase) of u(t) = Σ a sin(ωt + p) (n, 3).
        target: the same for y(t) (n, 3).
        duration: T; in this unit of time, mass 1 on spring 1 has period 2π.

    Source:
        Paper, section 2 and figure 2; the sign of u is that of a force +u. The values are chosen here.
    """

    theta: Array
    x: Array
    drive: Array
    target: Array
    duration: float


@dataclass(frozen=True)
class Adjoint:
    """The adjoint state method at S times t ∈ [0, T].

    Args:
        costate: λ(t) (S, 12).
        integrand: g_θ(t) (S, 27).
        gradient: ∫ g_θ dt (27,).
    """

    costate: Array
    integrand: Array
    gradient: Array


@dataclass(frozen=True)
class Echo:
    """Two echoes at S times.

    Args:
        plus: Φe(t, +ε) (S, 12).
        minus: Φe(t, −ε) (S, 12).
        contrast: ΔΦ(t, ε) (S, 12).
        integrand: Δθ(t, ε) (S, 27).
        gradient: ∫ Δθ dt (27,).
    """

    plus: Array
    minus: Array
    contrast: Array
    integrand: Array
    gradient: Array


def example(at_rest: bool = True) -> Toy:
    """Return the system of the figures; ``at_rest=False`` starts from a random state instead of zero.

    m, k ~ U(0.5, 2), k_ij ~ U(0.1, 0.5); u(t) = sin 0.8t + ½ sin(1.7t + 1); y(t) = ½ sin 1.1t; T = 20.
    """
    draw = lambda name, low, high, n: generator(f"toy/{name}", "toy", 0, 0).uniform(low, high, n)  # noqa: E731
    theta = np.concatenate([draw("m", 0.5, 2.0, 6), draw("k", 0.5, 2.0, 6), draw("k_ij", 0.1, 0.5, 15)])
    x = np.zeros(12) if at_rest else draw("x", -1.0, 1.0, 12)
    return Toy(theta, x, np.array([[1.0, 0.8, 0.0], [0.5, 1.7, 1.0]]), np.array([[0.5, 1.1, 0.0]]), 20.0)
