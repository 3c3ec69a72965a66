"""The loops that all algorithms share: the forward pass and one echo."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from rhelbench.oracle.interface import Array, Hamiltonian, Integrator, Kick, Theta


def forward(hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, f: Array) -> tuple[Array, Array]:
    """Integrate the recurrence from Φ_0 = 0.

    Φ_{k+1} = S(Φ_k; θ, δ, f_{k+1}).

    Args:
        hamiltonian: T and V.
        integrator: one time step S.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        f: input drive (K, n, P).

    Returns:
        φ_0..φ_K and π_0..π_K, (K + 1, n, P) each.
    """
    K, n, P = f.shape
    dtype = np.result_type(f, delta, *theta.values())
    phi, pi = np.zeros((K + 1, n, P), dtype), np.zeros((K + 1, n, P), dtype)
    for k in range(K):
        phi[k + 1], pi[k + 1], _ = integrator.step(hamiltonian, theta, delta, phi[k], pi[k], f[k])
    return phi, pi


@dataclass(frozen=True)
class EchoStep:
    """One time step of an echo: its kicks and the state after it.

    Args:
        kicks: the kicks in order.
        phi_end: φ after the time step (n, P).
        pi_end: π after the time step (n, P), which includes the next nudge.
    """

    kicks: tuple[Kick, ...]
    phi_end: Array
    pi_end: Array


def echo(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, phi: Array, pi: Array, f: Array, nudges: Array
) -> Iterator[tuple[int, EchoStep]]:
    """Run one echo: reverse the momentum, replay the inputs backwards, nudge before each time step.

    Φe = Φ_K* + nudge_K; for k = K..1: one time step with f_k; then, if k > 1, π += nudge_{k−1}.

    Args:
        hamiltonian: T and V.
        integrator: one time step.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        phi: φ_K (n, P).
        pi: π_K (n, P), not yet reversed.
        f: input drive (K, n, P).
        nudges: ±ε g_1..±ε g_K (K, n, P).

    Yields:
        The index k − 1 of the replayed input, and the time step.

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
    """Sum a gradient per sample and channel (n, P) to the shape of its parameter, (P,) or ()."""
    return lanes.sum() if np.ndim(like) == 0 else lanes.sum(axis=0)


def reduce_theta(lanes: Mapping[str, Array], theta: Theta) -> dict[str, Array]:
    """Apply ``reduce_to`` to each letter."""
    return {letter: np.asarray(reduce_to(lanes[letter], value)) for letter, value in theta.items()}
