"""Real-time recurrent learning: sensitivities propagated forward; exact, since channels are independent."""

import numpy as np

from rhelbench.oracle.interface import Array, Backward, Gradients, Hamiltonian, Integrator, Pair, Slopes, Theta
from rhelbench.oracle.recurrence import forward, reduce_theta, reduce_to
from rhelbench.spec import Nudge


class Tangents:
    """The state of every channel and its derivatives, from Φ_0 = 0.

    M_k = ∂Φ_k/∂Φ_0, 2 × 2 per channel, stored as rows of φ and of π.
    S_k = ∂Φ_k/∂x for x each letter of θ and δ. M ← J M, S ← J S + ∂Φ_{k+1}/∂x with J the Jacobian of
    the time step. The rows come from pulling (1, 0) and (0, 1) back through the time step.
    """

    def __init__(self, hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Array, zero: Array) -> None:
        self._setting, self._integrator = (hamiltonian, theta, delta), integrator
        one = np.ones_like(zero)
        self._state: Pair = (zero, zero)
        self.M: tuple[Pair, Pair] = ((one, zero), (zero, one))
        self.S: dict[str, Pair] = dict.fromkeys((*theta, "delta"), (zero, zero))

    def advance(self, f_k: Array) -> Pair:
        """Take one time step; return ∂Φ_{k+1}/∂f_{k+1} as (∂φ, ∂π), (n, P) each."""
        one, zero = np.ones_like(f_k), np.zeros_like(f_k)
        rows: list[tuple[Pair, Slopes, Array]] = [
            self._integrator.step_adjoint(*self._setting, *self._state, f_k, bar) for bar in ((one, zero), (zero, one))
        ]
        own = [{**slopes.theta, "delta": of_delta} for _, slopes, of_delta in rows]
        jacobian = [row for row, _, _ in rows]
        self.M = tuple(tuple(j[0] * self.M[0][i] + j[1] * self.M[1][i] for i in (0, 1)) for j in jacobian)  # pyright: ignore[reportAttributeAccessIssue]
        for name, S in self.S.items():
            moved = [j[0] * S[0] + j[1] * S[1] + of[name] for j, of in zip(jacobian, own, strict=True)]
            self.S[name] = moved[0], moved[1]
        phi, pi, _ = self._integrator.step(*self._setting, *self._state, f_k)
        self._state = phi, pi
        return rows[0][1].f, rows[1][1].f


def trajectory(
    hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Array, f: Array, f_B: Array | None = None
) -> tuple[Array, Backward]:
    """Return φ_1..φ_K and the gradients from two more passes forward in time.

    First pass, online: dL/dx = Σ_k g_k ∂φ_k/∂x for θ and δ, and T = Σ_k g_k ∂φ_k/∂Φ_0.
    Second pass, for the drive: dL/df_j = (T − Σ_{k<j} g_k ∂φ_k/∂Φ_0) M_j⁻¹ ∂Φ_j/∂f_j, since
    ∂φ_k/∂Φ_j = ∂φ_k/∂Φ_0 M_j⁻¹. The input is never replayed in reverse. As M grows the difference loses
    digits, as an echo does.

    Arguments and returns: see ``interface.Algorithm``. ``nudge`` is not used.

    Source:
        Williams & Zipser, A learning algorithm for continually running fully recurrent neural networks, 1989.
        Zucchet et al., Online learning of long-range dependencies, 2023 (diagonal units).
        The second pass is new here.
    """
    phi, _ = forward(hamiltonian, integrator, theta, delta, f)

    def backward(g: Array) -> Gradients:
        zero = np.zeros(f.shape[1:])
        online, total = Tangents(hamiltonian, integrator, theta, delta, zero), (zero, zero)
        sums = dict.fromkeys(online.S, zero)
        for g_k, f_k in zip(g, f, strict=True):
            online.advance(f_k)
            sums = {name: value + g_k * online.S[name][0] for name, value in sums.items()}
            total = total[0] + g_k * online.M[0][0], total[1] + g_k * online.M[0][1]
        again, rest, of_f = Tangents(hamiltonian, integrator, theta, delta, zero), total, np.empty_like(f)
        for k, (g_k, f_k) in enumerate(zip(g, f, strict=True)):
            kick = again.advance(f_k)
            ((a, b), (c, d)) = again.M
            of_f[k] = (rest[0] * (d * kick[0] - b * kick[1]) + rest[1] * (a * kick[1] - c * kick[0])) / (a * d - b * c)
            rest = rest[0] - g_k * a, rest[1] - g_k * b
        of_delta = np.asarray(reduce_to(sums.pop("delta"), delta))
        return Gradients(reduce_theta(sums, theta), of_delta, of_f, of_f)

    return phi[1:], backward
