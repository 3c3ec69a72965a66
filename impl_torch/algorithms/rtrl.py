"""Real-time recurrent learning: sensitivities propagated forward; exact, since channels are independent."""

import torch
from jaxtyping import Float
from torch import Tensor

from impl_torch.estimators import BackwardInputs, Results, State, from_final, step_vjp
from impl_torch.interface import Hamiltonian, Integrator, Path, Values
from rhelbench.spec import Nudge


class Tangents:
    """The state of every channel and its derivatives, from Φ_0 = 0.

    M = ∂Φ_k/∂Φ_0 by rows (of φ, of π); S = ∂Φ_k/∂x by name x of θ and "delta". M ← J M,
    S ← J S + ∂Φ_{k+1}/∂x, with J the Jacobian of the time step. The rows come from pulling (1, 0) and (0, 1)
    back through the time step.

    Args:
        given: the inputs of the backward pass.
    """

    def __init__(self, given: BackwardInputs) -> None:
        self._given = given
        self._one, self._zero = torch.ones_like(given.f[0]), torch.zeros_like(given.f[0])
        self._state: State = (self._zero, self._zero)
        self.M = (self._one, self._zero), (self._zero, self._one)
        self.S = dict.fromkeys(given.wide, (self._zero, self._zero))

    def advance(self, f_k: Tensor) -> State:
        """Take one time step; return ∂Φ_{k+1}/∂f_{k+1} as (∂φ, ∂π)."""
        rows = [step_vjp(self._given, *self._state, f_k, bar) for bar in ((self._one, self._zero), (self._zero, self._one))]

        def through(phi: Tensor, pi: Tensor) -> State:
            return rows[0][1] * phi + rows[0][2] * pi, rows[1][1] * phi + rows[1][2] * pi

        first, second = through(self.M[0][0], self.M[1][0]), through(self.M[0][1], self.M[1][1])
        self.M = (first[0], second[0]), (first[1], second[1])
        moved = {name: through(*column) for name, column in self.S.items()}
        self.S = {name: (phi + rows[0][0][name], pi + rows[1][0][name]) for name, (phi, pi) in moved.items()}
        self._state = self._given.step(self._given.wide, *self._state, f_k)
        return rows[0][3], rows[1][3]


def backward(given: BackwardInputs, g: Path) -> Results:
    """Return the gradients from two passes forward in time.

    First, online: dL/dx = Σ_k g_k ∂φ_k/∂x and T = Σ_k g_k ∂φ_k/∂Φ_0. Second, for the drive:
    dL/df_j = (T − Σ_{k<j} g_k ∂φ_k/∂Φ_0) M_j⁻¹ ∂Φ_j/∂f_j. The input is never replayed in reverse.

    Arguments and returns: see ``estimators.from_final``. The final state is not used.
    """
    zero = torch.zeros_like(g[0])
    online, rest = Tangents(given), (zero, zero)
    sums = dict.fromkeys(given.wide, zero)
    for g_k, f_k in zip(g, given.f, strict=True):
        online.advance(f_k)
        sums = {name: total + g_k * online.S[name][0] for name, total in sums.items()}
        rest = rest[0] + g_k * online.M[0][0], rest[1] + g_k * online.M[0][1]
    again, of_f = Tangents(given), torch.empty_like(g)
    for k, (g_k, f_k) in enumerate(zip(g, given.f, strict=True)):
        kick = again.advance(f_k)
        (a, b), (c, d) = again.M
        of_f[k] = (rest[0] * (d * kick[0] - b * kick[1]) + rest[1] * (a * kick[1] - c * kick[0])) / (a * d - b * c)
        rest = rest[0] - g_k * a, rest[1] - g_k * b
    return sums, of_f


def trajectory(
    hamiltonian: Hamiltonian,
    integrator: Integrator,
    nudge: Nudge,
    theta: Values,
    delta: Float[Tensor, "..."],
    f: Path,
    f_B: Path | None = None,
) -> Path:
    """Return φ_1..φ_K, storing only the drive; ``backward`` runs two more passes.

    Arguments: see ``interface.Trajectory``. ``nudge`` is not used.

    Source:
        Williams & Zipser, A learning algorithm for continually running fully recurrent neural networks, 1989.
        The second pass is new here.
    """
    return from_final(backward, hamiltonian, integrator, nudge, theta, delta, f, f_B)
