"""The loops every algorithm shares: the forward pass and one echo."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rhelbench.oracle.interface import Array, Hamiltonian, Integrator, Kick, Theta


def forward(hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, f: Array) -> tuple[Array, Array]:
    """Run the recurrence from rest.

    Args:
        hamiltonian: T and V.
        integrator: one step.
        theta: parameters by letter, (P,) or scalar.
        delta: step, (P,) or scalar.
        f: drive (K, n, P).

    Returns:
        φ_0..φ_K and π_0..π_K, (K + 1, n, P) each, Φ_0 = 0.
    """
    K, n, P = f.shape
    dtype = np.result_type(f, delta, *theta.values())
    phi, pi = np.zeros((K + 1, n, P), dtype), np.zeros((K + 1, n, P), dtype)
    for k in range(K):
        phi[k + 1], pi[k + 1], _ = integrator.step(hamiltonian, theta, delta, phi[k], pi[k], f[k])
    return phi, pi


@dataclass(frozen=True)
class EchoStep:
    """One step of an echo: its kicks, and the state at its end, (n, P) each, with the next nudge in π."""

    kicks: tuple[Kick, ...]
    phi_end: Array
    pi_end: Array


def echo(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, nudges: Array
) -> Iterator[tuple[int, EchoStep]]:
    """Run one echo: reverse the momentum, replay the inputs backwards, nudge the momentum before every step.

    Φe = Φ_K* + nudge_K; for k = K..1: one step with f_k; then, if k > 1, the momentum gains nudge_{k−1}.

    Args:
        hamiltonian: T and V.
        integrator: one step.
        theta: parameters by letter.
        delta: step.
        phi: φ_K (n, P).
        pi: π_K (n, P), not yet reversed.
        f: drive (K, n, P).
        nudges: ±ε g_1..±ε g_K (K, n, P).

    Yields:
        The index k − 1 of the input replayed, and what the step went through.

    Source:
        Paper, section 3 and Theorem 3.2.
    """
    K = len(f)
    pi = -pi + nudges[K - 1]
    for k in reversed(range(K)):
        phi, pi, kicks = integrator.step(hamiltonian, theta, delta, phi, pi, f[k])
        if k > 0:
            pi = pi + nudges[k - 1]
        yield k, EchoStep(kicks, phi, pi)


def reduce_to(lanes: Array, like: Array) -> Array:
    """Sum a gradient per sample and lane (n, P) to a parameter's own shape, (P,) or ()."""
    return lanes.sum() if np.ndim(like) == 0 else lanes.sum(axis=0)


def reduce_theta(lanes: Mapping[str, Array], theta: Theta) -> dict[str, Array]:
    """Apply ``reduce_to`` letter by letter."""
    return {letter: np.asarray(reduce_to(lanes[letter], value)) for letter, value in theta.items()}
