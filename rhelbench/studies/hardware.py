"""Simulated physical hardware that runs RHEL's three passes imperfectly."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array, Theta


@dataclass(frozen=True)
class Imperfections:
    """Imperfections of n devices simulated in parallel, (n, 1) or one number each; all zero: ideal hardware.

    Args:
        friction: fraction of the momentum lost per time step, in every pass.
        reversal: relative sd of each momentum's reversal error, the same in both echoes.
        scatter: likewise, but independent in each echo.
        readout: sd of the noise on every position read during an echo, in units of the trajectory's rms position.
        quantum: rounding unit of positions read, in units of the trajectory's largest position.
    """

    friction: Array | float = 0.0
    reversal: Array | float = 0.0
    scatter: Array | float = 0.0
    readout: Array | float = 0.0
    quantum: Array | float = 0.0


def forward(machine: Imperfections, hamiltonian: Any, theta: Theta, delta: Array, f: Array) -> tuple[Array, Array]:
    """Run the devices from rest: one leapfrog step, then π ← (1 − friction) π.

    Args:
        machine: imperfections; only friction acts here.
        hamiltonian: of the oracle.
        theta: parameters by letter, (P,) or ().
        delta: step size δ.
        f: input drive (K, n, P).

    Returns:
        φ_0..φ_K and π_0..π_K, (K + 1, n, P).
    """
    leapfrog, phi, pi = INTEGRATORS["leapfrog"], [np.zeros_like(f[0])], [np.zeros_like(f[0])]
    for drive in f:
        position, momentum, _ = leapfrog.step(hamiltonian, theta, delta, phi[-1], pi[-1], drive)
        phi.append(position)
        pi.append((1 - machine.friction) * momentum)
    return np.stack(phi), np.stack(pi)


def truth(machine: Imperfections, hamiltonian: Any, theta: Theta, delta: Array, f: Array, g: Array) -> dict[str, Array]:
    """Return the exact gradient of the devices' own loss, friction included, by backpropagation.

    Args:
        machine: imperfections; only friction acts here.
        hamiltonian: of the oracle.
        theta: parameters by letter, (P,) or ().
        delta: step size δ.
        f: input drive (K, n, P).
        g: dL/dφ_k (K, n, P).

    Returns:
        θ by letter per channel (n, P), and ``"f"`` (K, n, P).
    """
    leapfrog = INTEGRATORS["leapfrog"]
    phi, pi = forward(machine, hamiltonian, theta, delta, f)
    bar = np.zeros_like(f[0]), np.zeros_like(f[0])
    sums, of_f = {letter: np.zeros_like(f[0]) for letter in theta}, np.empty_like(f)
    for k in reversed(range(len(f))):
        bar = bar[0] + g[k], (1 - machine.friction) * bar[1]
        bar, slopes, _ = leapfrog.step_adjoint(hamiltonian, theta, delta, phi[k], pi[k], f[k], bar)
        sums = {letter: total + slopes.theta[letter] for letter, total in sums.items()}
        of_f[k] = slopes.f
    return sums | {"f": of_f}


def estimate(
    machine: Imperfections,
    hamiltonian: Any,
    theta: Theta,
    delta: Array,
    f: Array,
    g: Array,
    epsilon: Array,
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Return the gradient that the devices measure: −(δ/2ε) Σ_k (∂V₊ − ∂V₋) at the positions they read.

    Args:
        machine: imperfections.
        hamiltonian: of the oracle.
        theta: parameters by letter, (P,) or ().
        delta: step size δ.
        f: input drive (K, n, P).
        g: dL/dφ_k (K, n, P), assumed known.
        epsilon: absolute nudge ε, broadcast to (n, P).
        rng: random numbers for reversal errors and read-out noise.

    Returns:
        θ by letter per channel (n, P), and ``"f"`` (K, n, P).
    """
    leapfrog = INTEGRATORS["leapfrog"]
    path, momenta = forward(machine, hamiltonian, theta, delta, f)
    noise = machine.readout * np.sqrt(np.mean(path**2, axis=(0, 2)))[:, None]
    quantum = machine.quantum * np.max(np.abs(path), axis=(0, 2))[:, None]
    common = machine.reversal * rng.standard_normal(f[0].shape)
    sums, of_f = {letter: np.zeros_like(f[0]) for letter in theta}, np.zeros_like(f)
    for sign in (1.0, -1.0):
        phi, pi = path[-1], -momenta[-1] * (1 + common + machine.scatter * rng.standard_normal(f[0].shape))
        for k in reversed(range(len(f))):
            pi = pi + sign * epsilon * g[k]
            phi, pi, (kick,) = leapfrog.step(hamiltonian, theta, delta, phi, pi, f[k])
            pi = (1 - machine.friction) * pi
            seen = kick.phi + noise * rng.standard_normal(kick.phi.shape)
            steps = np.where(quantum > 0, quantum, 1.0)
            seen = np.where(quantum > 0, np.round(seen / steps) * steps, seen)
            slopes, scale = hamiltonian.potential_slopes(theta, seen, f[k]), -sign * delta / (2 * epsilon)
            sums = {letter: total + scale * slopes.theta[letter] for letter, total in sums.items()}
            of_f[k] += scale * slopes.f
    return sums | {"f": of_f}
