"""Continuous time (oracle): six coupled oscillators, solved by closed formulas and SciPy's DOP853.

Functions take a ``Toy`` and echo times t ∈ [0, T], in time units; states are (S, 12) = (φ, π), float64.
"""

from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from rhelbench.toy import DRIVEN, PAIRS, PARTS, READ, Adjoint, Array, Echo, Loss, NudgeAt, Toy

I, J = PAIRS[:, 0], PAIRS[:, 1]  # noqa: E741


def _sines(rows: Array, t: float) -> float:
    return float(sum(amplitude * np.sin(omega * t + phase) for amplitude, omega, phase in rows))


def _solve(field: Callable[[float, Array], Array], start: Array, span: tuple[float, float]) -> Callable[[Array], Array]:
    """Integrate and return the solution as a function of times (S,) → (S, n)."""
    result = solve_ivp(field, span, start, method="DOP853", rtol=1e-11, atol=1e-13, dense_output=True)
    return lambda times: np.moveaxis(result.sol(times), -1, 0)


def hamiltonian(theta: Array, phi: Array, pi: Array, u: float) -> float:
    """Return H = Σ π²/2m + ½ Σ k φ² + ½ Σ_{i<j} k_ij (φ_j − φ_i)² − u φ_1.

    Args:
        theta: (m, k, k_ij) (27,).
        phi: positions (6,).
        pi: momenta (6,).
        u: the force on the first oscillator.
    """
    m, k, k_ij = (theta[part] for part in PARTS.values())
    return float(np.sum(pi**2 / (2 * m)) + np.sum(k * phi**2) / 2 + np.sum(k_ij * (phi[J] - phi[I]) ** 2) / 2 - u * phi[DRIVEN])


def hessian(theta: Array) -> Array:
    """Return ∇²_ΦΦ H (12, 12), constant because H is quadratic; ``theta`` is (27,)."""
    m, k, k_ij = (theta[part] for part in PARTS.values())
    matrix = np.diag(np.concatenate([k, 1 / m]))
    for i, j, stiffness in zip(I, J, k_ij, strict=True):
        matrix[i, i] += stiffness
        matrix[j, j] += stiffness
        matrix[i, j] -= stiffness
        matrix[j, i] -= stiffness
    return matrix


def gradient_theta(theta: Array, state: Array) -> Array:
    """Return ∇_θ H (27,) = (−π²/2m², ½φ², ½(φ_j − φ_i)²) at one state (12,)."""
    phi, pi = state[:6], state[6:]
    return np.concatenate([-(pi**2) / (2 * theta[PARTS["m"]] ** 2), phi**2 / 2, (phi[J] - phi[I]) ** 2 / 2])


def _flow(toy: Toy, matrix: Array, state: Array, u: float) -> Array:
    """J∇H: dφ/dt = ∂H/∂π, dπ/dt = −∂H/∂φ."""
    gradient = matrix @ state
    gradient[DRIVEN] -= u
    return np.concatenate([gradient[6:], -gradient[:6]])


def _forward(toy: Toy) -> Callable[[Array], Array]:
    matrix = hessian(toy.theta)
    return _solve(lambda t, state: _flow(toy, matrix, state, _sines(toy.drive, t)), toy.x, (-toy.duration, 0.0))


def _loss_gradient(toy: Toy, state: Array, t: float) -> float:
    """∂ℓ/∂φ_4 = φ_4 − y(t), the only nonzero entry of ∇ℓ."""
    return float(state[READ] - _sines(toy.target, t))


def forward(toy: Toy, times: Array) -> Array:
    """Return the forward trajectory Φ(−t) (S, 12): dΦ/dt = J∇H from Φ(−T) = x."""
    return _forward(toy)(-times)


def loss(toy: Toy, kind: Loss) -> float:
    """Return L = ∫ ½(φ_4 − y)² dt over [−T, 0], or ½(φ_4 − y)² at t = 0."""
    matrix = hessian(toy.theta)

    def field(t: float, both: Array) -> Array:
        residual = _loss_gradient(toy, both[:12], t)
        return np.append(_flow(toy, matrix, both[:12], _sines(toy.drive, t)), residual**2 / 2)

    end = _solve(field, np.append(toy.x, 0.0), (-toy.duration, 0.0))(np.array([0.0]))[0]
    return float(end[12]) if kind == "running" else _loss_gradient(toy, end[:12], 0.0) ** 2 / 2


def adjoint(toy: Toy, times: Array, kind: Loss = "running") -> Adjoint:
    """Solve the adjoint state method: dλ/dt = ∇²H Jᵀλ + ∇ℓ[Φ(−t)], g_θ = ∇²_{Φθ}H Jᵀλ.

    λ(0) = 0 for the running loss, ∇ℓ[Φ(0)] for the final one; λ(T) is d_xL.

    Args:
        toy: the system.
        times: echo times t ∈ [0, T] (S,).
        kind: running or final loss.

    Returns:
        λ(t) (S, 12), g_θ(t) (S, 27) and dL/dθ (27,).

    Source:
        Paper, section 2, continuous adjoint state method.
    """
    matrix, path = hessian(toy.theta), _forward(toy)

    def integrand(state: Array, costate: Array) -> Array:
        phi, pi, position, momentum = state[:6], state[6:], costate[:6], costate[6:]
        per_m = -pi * position / toy.theta[PARTS["m"]] ** 2
        return np.concatenate([per_m, -phi * momentum, -(phi[J] - phi[I]) * (momentum[J] - momentum[I])])

    def field(t: float, both: Array) -> Array:
        state, costate = path(np.array([-t]))[0], both[:12]
        change = matrix @ np.concatenate([-costate[6:], costate[:6]])
        if kind == "running":
            change[READ] += _loss_gradient(toy, state, -t)
        return np.concatenate([change, integrand(state, costate)])

    start = np.zeros(39)
    if kind == "final":
        start[READ] = _loss_gradient(toy, path(np.array([0.0]))[0], 0.0)
    solution = _solve(field, start, (0.0, toy.duration))
    costates = solution(times)[:, :12]
    return Adjoint(
        costates,
        np.stack([integrand(state, costate) for state, costate in zip(path(-times), costates, strict=True)]),
        solution(np.array([toy.duration]))[0, 12:],
    )


def _contrasts(toy: Toy, plus: Array, minus: Array, epsilon: float) -> tuple[Array, Array]:
    """ΔΦ = Σx(Φe₊ − Φe₋)/2ε and Δθ = −(∇θH₊ − ∇θH₋)/2ε."""
    difference = (plus - minus) / (2 * epsilon)
    delta = (gradient_theta(toy.theta, plus) - gradient_theta(toy.theta, minus)) / (2 * epsilon)
    return np.concatenate([difference[6:], difference[:6]]), -delta


def _two_echoes(
    toy: Toy, times: Array, starts: tuple[Array, Array], epsilon: float, nudge: Callable[[float, Array], float]
) -> Echo:
    matrix = hessian(toy.theta)

    def one(t: float, state: Array, sign: float) -> Array:
        change = _flow(toy, matrix, state, _sines(toy.drive, -t))
        change[6 + READ] += sign * epsilon * nudge(t, state)  # −εJ∇ℓ pushes the momentum alone
        return change

    def field(t: float, both: Array) -> Array:
        plus, minus = both[:12], both[12:24]
        return np.concatenate([one(t, plus, 1.0), one(t, minus, -1.0), _contrasts(toy, plus, minus, epsilon)[1]])

    solution = _solve(field, np.concatenate([*starts, np.zeros(27)]), (0.0, toy.duration))
    states = solution(times)
    pairs = [_contrasts(toy, both[:12], both[12:24], epsilon) for both in states]
    contrast, integrand = (np.stack(column) for column in zip(*pairs, strict=True))
    return Echo(states[:, :12], states[:, 12:24], contrast, integrand, solution(np.array([toy.duration]))[0, 24:])


def echo(toy: Toy, times: Array, epsilon: float, nudge: NudgeAt = "recorded") -> Echo:
    """Run RHEL with the running loss: dΦe/dt = J∇H[Φe, u(−t)] ∓ εJ∇ℓ from Φe(0) = Φ(0)*.

    With the recorded nudge and this quadratic H, ΔΦ = λ and Δθ = g_θ for any ε. With the nudge at the
    echo's own state, they agree up to O(ε²).

    Args:
        toy: the system.
        times: echo times t ∈ [0, T] (S,).
        epsilon: nudge strength ε.
        nudge: whether ∇ℓ is evaluated on the forward trajectory or at the echo's own state.

    Returns:
        Both echoes, ΔΦ (S, 12), Δθ (S, 27) and ∫ Δθ dt (27,).

    Source:
        Paper, Theorem 3.1.
    """
    path = _forward(toy)
    start = path(np.array([0.0]))[0] * np.repeat([1.0, -1.0], 6)

    def push(t: float, state: Array) -> float:
        return _loss_gradient(toy, path(np.array([-t]))[0] if nudge == "recorded" else state, -t)

    return _two_echoes(toy, times, (start, start), epsilon, push)


def heb(toy: Toy, times: Array, epsilon: float) -> Echo:
    """Run Hamiltonian Echo Backprop: kick π ∓= ε∇ℓ[Φ(0)], reverse the momentum, run free; ΔΦ(T) is d_xL.

    The echo "plus" is kicked towards the target.

    Args:
        toy: the system.
        times: echo times t ∈ [0, T] (S,).
        epsilon: nudge strength ε.

    Returns:
        Both echoes, ΔΦ (S, 12), Δθ (S, 27) and ∫ Δθ dt (27,).

    Source:
        Paper, section 2: the predecessor of RHEL, for a loss at the final time only.
    """
    end = _forward(toy)(np.array([0.0]))[0]
    kick = np.zeros(12)
    kick[6 + READ] = epsilon * _loss_gradient(toy, end, 0.0)
    reverse = np.repeat([1.0, -1.0], 6)
    return _two_echoes(toy, times, ((end - kick) * reverse, (end + kick) * reverse), epsilon, lambda _t, _state: 0.0)
