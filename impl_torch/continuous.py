"""Continuous time in PyTorch: forces by formula, second derivatives by autograd, trajectories by torchdiffeq.

torchdiffeq (dopri8) has no dense output. Each backward run therefore also integrates the unperturbed retrace
Φe(t, 0) = Φ(−t)*, from which it computes the recorded nudge. Functions take a ``Toy`` and echo times
t ∈ [0, T] that start at 0 and end at T, and return NumPy float64.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torchdiffeq import odeint

from rhelbench.toy import DRIVEN, OSCILLATORS, PAIRS, READ, Adjoint, Echo, Loss, NudgeAt, Toy

FIRST, SECOND = torch.as_tensor(PAIRS[:, 0]), torch.as_tensor(PAIRS[:, 1])
REVERSE = torch.tensor([1.0] * OSCILLATORS + [-1.0] * OSCILLATORS, dtype=torch.float64)
SIZES = (OSCILLATORS, OSCILLATORS, len(PAIRS))


def _sines(rows: np.ndarray, t: Tensor) -> Tensor:
    amplitude, omega, phase = torch.as_tensor(rows).unbind(1)
    return (amplitude * torch.sin(omega * t + phase)).sum()


def field(theta: Float[Tensor, "27"], state: Float[Tensor, "12"], u: Float[Tensor, ""]) -> Float[Tensor, "12"]:
    """Return J∇H = (π/m, −kφ − Σ_j k_ij (φ_i − φ_j) + u e_1)."""
    m, k, k_ij = theta.split(SIZES)
    phi, pi = state.split(OSCILLATORS)
    tension = k_ij * (phi[SECOND] - phi[FIRST])
    force = (-k * phi).index_add(0, FIRST, tension).index_add(0, SECOND, -tension)
    return torch.cat([pi / m, force.index_add(0, torch.tensor([DRIVEN]), u.reshape(1))])


def gradient_theta(theta: Float[Tensor, "27"], state: Float[Tensor, "*S 12"]) -> Float[Tensor, "*S 27"]:
    """Return ∇_θ H = (−π²/2m², ½φ², ½(φ_j − φ_i)²)."""
    phi, pi = state.split(OSCILLATORS, dim=-1)
    stretch = phi[..., SECOND] - phi[..., FIRST]
    return torch.cat([-((pi / theta[:OSCILLATORS]) ** 2), phi**2, stretch**2], dim=-1) / 2


def _push(toy: Toy, state: Tensor, t: Tensor) -> Tensor:
    """∇ℓ as a kick (12,) on the momentum of oscillator 4."""
    kick = torch.zeros(2 * OSCILLATORS, dtype=torch.float64)
    kick[OSCILLATORS + READ] = state[READ] - _sines(toy.target, t)
    return kick


def _solve(rate: Callable[[Tensor, Tensor], Tensor], start: Tensor, times: Tensor) -> Tensor:
    # torchdiffeq's interpolation is accurate to 1e-7 only, so an integration step must end at every requested time
    with torch.no_grad():
        path = odeint(rate, start, times, rtol=1e-11, atol=1e-13, method="dopri8", options={"step_t": times})
        return cast(Tensor, path)


def _start(toy: Toy) -> tuple[Tensor, Tensor]:
    """Return θ and the reversed final state Φ(0)*."""
    theta, x = torch.as_tensor(toy.theta), torch.as_tensor(toy.x)
    span = torch.tensor([-toy.duration, 0.0], dtype=torch.float64)
    return theta, _solve(lambda t, state: field(theta, state, _sines(toy.drive, t)), x, span)[-1] * REVERSE


def forward(toy: Toy, times: np.ndarray) -> np.ndarray:
    """Return the forward trajectory Φ(−t) (S, 12): dΦ/dt = J∇H from Φ(−T) = x."""
    theta, x = torch.as_tensor(toy.theta), torch.as_tensor(toy.x)
    grid = torch.as_tensor(-times[::-1].copy())
    return _solve(lambda t, state: field(theta, state, _sines(toy.drive, t)), x, grid).flip(0).numpy()


def adjoint(toy: Toy, times: np.ndarray, kind: Loss = "running") -> Adjoint:
    """Solve the adjoint state method: dλ/dt = ∇²H Jᵀλ + ∇ℓ[Φ(−t)], g_θ = ∇²_{Φθ}H Jᵀλ; λ(T) is d_xL.

    Arguments and returns: see the oracle's ``adjoint``.

    Source:
        Paper, section 2, continuous adjoint state method.
    """
    theta, end = _start(toy)
    swap = 2 * OSCILLATORS

    def products(t: Tensor, retrace: Tensor, costate: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            inputs = (retrace * REVERSE).requires_grad_(), theta.clone().requires_grad_()
            rate = field(inputs[1], inputs[0], _sines(toy.drive, -t))
        per_state, per_theta = torch.autograd.grad(rate, inputs, costate)
        return per_state, per_theta

    def rate(t: Tensor, y: Tensor) -> Tensor:
        retrace, costate = y[:swap], y[swap : 2 * swap]
        change, integrand = products(t, retrace, costate)
        if kind == "running":
            change = change + _push(toy, retrace, -t).roll(OSCILLATORS)
        return torch.cat([field(theta, retrace, _sines(toy.drive, -t)), change, integrand])

    start = torch.zeros(2 * swap + len(theta), dtype=torch.float64)
    start[:swap] = end
    if kind == "final":
        start[swap : 2 * swap] = _push(toy, end, torch.zeros(())).roll(OSCILLATORS)
    grid = torch.as_tensor(times)
    path = _solve(rate, start, grid)
    integrand = [products(t, y[:swap], y[swap : 2 * swap])[1] for t, y in zip(grid, path, strict=True)]
    return Adjoint(path[:, swap : 2 * swap].numpy(), torch.stack(integrand).numpy(), path[-1, 2 * swap :].numpy())


def _two_echoes(toy: Toy, times: np.ndarray, starts: Tensor, epsilon: float, nudge: Callable[..., Tensor]) -> Echo:
    """Integrate the retrace and the echoes ±ε as three rows of one state (3, 12), with the integral of Δθ."""
    theta = torch.as_tensor(toy.theta)
    size = starts.numel()

    def contrast(rows: Tensor) -> Tensor:
        return -(gradient_theta(theta, rows[..., 1, :]) - gradient_theta(theta, rows[..., 2, :])) / (2 * epsilon)

    def rate(t: Tensor, y: Tensor) -> Tensor:
        rows, u = y[:size].view(3, -1), _sines(toy.drive, -t)
        changes = [
            field(theta, row, u) + sign * epsilon * nudge(t, rows[0], row) for row, sign in zip(rows, (0, 1, -1), strict=True)
        ]
        return torch.cat([*changes, contrast(rows)])

    path = _solve(rate, torch.cat([starts.reshape(-1), torch.zeros(len(theta), dtype=torch.float64)]), torch.as_tensor(times))
    rows = path[:, :size].view(-1, 3, 2 * OSCILLATORS)
    difference = ((rows[:, 1] - rows[:, 2]) / (2 * epsilon)).roll(OSCILLATORS, dims=1)
    return Echo(*(part.numpy() for part in (rows[:, 1], rows[:, 2], difference, contrast(rows), path[-1, size:])))


def echo(toy: Toy, times: np.ndarray, epsilon: float, nudge: NudgeAt = "recorded") -> Echo:
    """Run RHEL with the running loss: dΦe/dt = J∇H[Φe, u(−t)] ∓ εJ∇ℓ from Φe(0) = Φ(0)*.

    Arguments and returns: see the oracle's ``echo``.

    Source:
        Paper, Theorem 3.1.
    """
    _, end = _start(toy)

    def push(t: Tensor, retrace: Tensor, own: Tensor) -> Tensor:
        return _push(toy, retrace if nudge == "recorded" else own, -t)

    return _two_echoes(toy, times, end.repeat(3, 1), epsilon, push)


def heb(toy: Toy, times: np.ndarray, epsilon: float) -> Echo:
    """Run Hamiltonian Echo Backprop: kick π ∓= ε∇ℓ[Φ(0)], reverse, run free; ΔΦ(T) is d_xL.

    Arguments and returns: see the oracle's ``heb``.

    Source:
        Paper, section 2: the predecessor of RHEL, for a loss at the final time only.
    """
    _, end = _start(toy)
    kick = epsilon * _push(toy, end, torch.zeros(()))
    starts = torch.stack([end, end + kick, end - kick])  # the reversal changes the sign of the kick
    return _two_echoes(toy, times, starts, epsilon, lambda _t, _retrace, own: torch.zeros_like(own))
