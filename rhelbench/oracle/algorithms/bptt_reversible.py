"""BPTT that steps the state back instead of keeping it: the leapfrog undone, one state in memory."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Pair, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


class Sweep:
    """The adjoint sweep of BPTT, one step at a time, whoever provides the states.

    Args:
        hamiltonian: T and V.
        integrator: one step and its adjoint.
        theta: parameters by letter.
        delta: step.
        f: drive (K, n, P).
    """

    def __init__(self, hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, f: Array) -> None:
        self._setting, self._f = (hamiltonian, theta, delta), f
        self._adjoint = integrator.step_adjoint
        zero = np.zeros(f.shape[1:])
        self._bar: Pair = (zero, zero)
        self._theta, self._delta, self._of_f = dict.fromkeys(theta, zero), zero, np.zeros_like(f)

    def back(self, k: int, state: Pair, g_k: Array) -> None:
        """Take in g_{k+1} and pull λ through the step from ``state`` = Φ_k under the drive f[k]."""
        hamiltonian, theta, delta = self._setting
        bar = self._bar[0] + g_k, self._bar[1]
        self._bar, slopes, of_delta = self._adjoint(hamiltonian, theta, delta, *state, self._f[k], bar)
        self._theta = {letter: total + slopes.theta[letter] for letter, total in self._theta.items()}
        self._delta = self._delta + of_delta
        self._of_f[k] = slopes.f

    def gradients(self) -> Gradients:
        """Return what has been gathered, summed to the parameters' own shapes."""
        _, theta, delta = self._setting
        return Gradients(reduce_theta(self._theta, theta), np.asarray(reduce_to(self._delta, delta)), self._of_f, self._of_f)


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the adjoint sweep over states that are recovered backwards; only Φ_K is kept.

    Φ_k = (S(Φ_{k+1}*, f_{k+1}))*, exact for a reversible integrator; then λ as in ``bptt``. It retraces the path as an echo
    does, and is lost where an echo is lost, but it needs the step's Jacobian, which an echo does not.

    Args:
        hamiltonian: T and V.
        integrator: one step and its adjoint; an irreversible one spoils the states.
        nudge: not used.
        theta: parameters by letter, (P,) or scalar.
        delta: step, (P,) or scalar.
        f: drive (K, n, P).
        f_B: the same numbers; not used, ``Gradients`` has both routes.

    Returns:
        φ_1..φ_K (K, n, P), and a function from g (K, n, P) to ``Gradients``.

    Source:
        Maclaurin et al., Gradient-based hyperparameter optimization through reversible learning, 2015; MacKay et al.,
        Reversible recurrent neural networks, 2018.
    """
    phi, pi = forward(hamiltonian, integrator, theta, delta, f)
    last = phi[-1].copy(), pi[-1].copy()

    def backward(g: Array) -> Gradients:
        sweep, state = Sweep(hamiltonian, integrator, theta, delta, f), last
        for k in reversed(range(len(f))):
            q, p, _ = integrator.step(hamiltonian, theta, delta, state[0], -state[1], f[k])
            state = q, -p
            sweep.back(k, state, g[k])
        return sweep.gradients()

    return phi[1:], backward
