"""BPTT that reconstructs states by inverting the leapfrog: one state in memory."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Pair, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


class Sweep:
    """The adjoint sweep of BPTT, one time step per call, with states supplied by the caller.

    Args:
        hamiltonian: T and V.
        integrator: one time step and its adjoint.
        theta: parameters by letter, (P,) or ().
        delta: step size δ, (P,) or ().
        f: input drive (K, n, P).
    """

    def __init__(self, hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, f: Array) -> None:
        self._setting, self._f = (hamiltonian, theta, delta), f
        self._adjoint = integrator.step_adjoint
        zero = np.zeros(f.shape[1:])
        self._bar: Pair = (zero, zero)
        self._theta, self._delta, self._of_f = dict.fromkeys(theta, zero), zero, np.zeros_like(f)

    def back(self, k: int, state: Pair, g_k: Array) -> None:
        """Add g_{k+1} to λ and pull it back through the time step from ``state`` = Φ_k with drive f[k]."""
        hamiltonian, theta, delta = self._setting
        bar = self._bar[0] + g_k, self._bar[1]
        self._bar, slopes, of_delta = self._adjoint(hamiltonian, theta, delta, *state, self._f[k], bar)
        self._theta = {letter: total + slopes.theta[letter] for letter, total in self._theta.items()}
        self._delta = self._delta + of_delta
        self._of_f[k] = slopes.f

    def gradients(self) -> Gradients:
        """Return the accumulated gradients, summed to the parameters' shapes."""
        _, theta, delta = self._setting
        return Gradients(reduce_theta(self._theta, theta), np.asarray(reduce_to(self._delta, delta)), self._of_f, self._of_f)


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the adjoint sweep over reconstructed states; only Φ_K is stored.

    Φ_k = (S(Φ_{k+1}*, f_{k+1}))*, exact for a reversible integrator; then λ as in ``bptt``.
    Like an echo it retraces the trajectory, and it loses accuracy where an echo does. Unlike an echo it
    needs the Jacobian of the time step.

    Arguments and returns: see ``interface.Algorithm``. ``nudge`` is not used. An irreversible integrator
    yields wrong states.

    Source:
        Maclaurin et al., Gradient-based hyperparameter optimization through reversible learning, 2015.
        MacKay et al., Reversible recurrent neural networks, 2018.
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
