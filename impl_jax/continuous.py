"""Continuous time in JAX: H by formula, its derivatives by autodiff, trajectories by diffrax (Dopri8).

Functions take a ``Toy`` and echo times t ∈ [0, T], and return NumPy float64.
"""

from collections.abc import Callable
from typing import cast

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from rhelbench.toy import DRIVEN, OSCILLATORS, PAIRS, READ, Adjoint, Echo, Loss, NudgeAt, Toy

Theta = dict[str, Float[Array, "..."]]
State = tuple[Float[Array, "6"], Float[Array, "6"]]
Path = Callable[[Float[Array, ""]], State]


def hamiltonian(state: State, theta: Theta, u: Float[Array, ""]) -> Float[Array, ""]:
    """Return H = Σ π²/2m + ½ Σ k φ² + ½ Σ_{i<j} k_ij (φ_j − φ_i)² − u φ_1."""
    phi, pi = state
    stretch = phi[PAIRS[:, 1]] - phi[PAIRS[:, 0]]
    energies = (pi**2 / theta["m"], theta["k"] * phi**2, theta["k_ij"] * stretch**2)
    return sum(jnp.sum(energy) for energy in energies) / 2 - u * phi[DRIVEN]


def _sines(rows: Float[Array, "n 3"], t: Float[Array, ""]) -> Float[Array, ""]:
    return jnp.sum(rows[:, 0] * jnp.sin(rows[:, 1] * t + rows[:, 2]))


def _field(state: State, theta: Theta, u: Float[Array, ""]) -> State:
    """J∇H."""
    along_phi, along_pi = jax.grad(hamiltonian)(state, theta, u)
    return along_pi, -along_phi


def _loss_gradient(toy: Toy, state: State, t: Float[Array, ""]) -> State:
    """∇ℓ of ℓ = ½ (φ_4 − y(t))²."""
    return jax.grad(lambda s: (s[0][READ] - _sines(jnp.asarray(toy.target), t)) ** 2 / 2)(state)


def _solve(field: Callable[..., PyTree], start: PyTree, begin: float, end: float) -> diffrax.Solution:
    return diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, _args: field(t, y)), diffrax.Dopri8(), begin, end, 0.01, start,
        saveat=diffrax.SaveAt(dense=True, t1=True), max_steps=2000,
        stepsize_controller=diffrax.PIDController(rtol=1e-11, atol=1e-13),
    )  # fmt: skip


def _theta(toy: Toy) -> Theta:
    m, k, k_ij = jnp.split(jnp.asarray(toy.theta), [OSCILLATORS, 2 * OSCILLATORS])
    return {"m": m, "k": k, "k_ij": k_ij}


def _flat(theta: PyTree) -> Float[Array, "... 27"]:
    return jnp.concatenate([theta["m"], theta["k"], theta["k_ij"]], axis=-1)


def _reverse(state: State) -> State:
    return state[0], -state[1]


def _forward(toy: Toy) -> Path:
    """Return t ↦ Φ(t), t ∈ [−T, 0], from diffrax's dense output."""
    theta, drive = _theta(toy), jnp.asarray(toy.drive)
    start = (jnp.asarray(toy.x[:OSCILLATORS]), jnp.asarray(toy.x[OSCILLATORS:]))
    return _solve(lambda t, state: _field(state, theta, _sines(drive, t)), start, -toy.duration, 0.0).evaluate


def _numpy(tree: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: np.asarray(leaf), tree)


def forward(toy: Toy, times: np.ndarray) -> np.ndarray:
    """Return the forward trajectory Φ(−t) (S, 12): dΦ/dt = J∇H from Φ(−T) = x."""
    with jax.enable_x64(True):
        run = jax.jit(lambda grid: jnp.concatenate(jax.vmap(_forward(toy))(-grid), axis=-1))
        return _numpy(run(jnp.asarray(times)))


def adjoint(toy: Toy, times: np.ndarray, kind: Loss = "running") -> Adjoint:
    """Solve the adjoint state method: dλ/dt = ∇²H Jᵀλ + ∇ℓ[Φ(−t)], g_θ = ∇²_{Φθ}H Jᵀλ; λ(T) is d_xL.

    Both second derivatives are one vector-Jacobian product of the field J∇H, since (∂J∇H)ᵀ = ∂∇H Jᵀ.
    Arguments and returns: see the oracle's ``adjoint``.

    Source:
        Paper, section 2, continuous adjoint state method.
    """

    def run(grid: Float[Array, " S"]) -> tuple[Array, Array, Array]:
        theta, path, drive = _theta(toy), _forward(toy), jnp.asarray(toy.drive)

        def products(t: Float[Array, ""], costate: State) -> tuple[State, Theta]:
            _, pull = jax.vjp(lambda state, th: _field(state, th, _sines(drive, -t)), path(-t), theta)
            return pull(costate)

        def field(t: Float[Array, ""], both: tuple[State, Theta]) -> tuple[State, Theta]:
            change, integrand = products(t, both[0])
            if kind == "running":
                change = jax.tree.map(jnp.add, change, _loss_gradient(toy, path(-t), -t))
            return change, integrand

        start = _loss_gradient(toy, path(jnp.zeros(())), jnp.zeros(()))
        if kind == "running":
            start = jax.tree.map(jnp.zeros_like, start)
        solution = _solve(field, (start, jax.tree.map(jnp.zeros_like, theta)), 0.0, toy.duration)
        costates, _ = jax.vmap(solution.evaluate)(grid)
        _, integrand = jax.vmap(products)(grid, costates)
        total = jax.tree.map(lambda leaf: leaf[-1], cast(PyTree, solution.ys)[1])
        return jnp.concatenate(costates, axis=-1), _flat(integrand), _flat(total)

    with jax.enable_x64(True):
        return Adjoint(*_numpy(jax.jit(run)(jnp.asarray(times))))


def _two_echoes(
    toy: Toy, grid: Array, starts: tuple[State, State], epsilon: float, nudge: Callable[..., State]
) -> tuple[Array, ...]:
    theta, drive = _theta(toy), jnp.asarray(toy.drive)

    def one(t: Float[Array, ""], state: State, size: float) -> State:
        along_pi, minus_along_phi = _field(state, theta, _sines(drive, -t))
        push_phi, push_pi = nudge(t, state)
        return along_pi - size * push_pi, minus_along_phi + size * push_phi  # −εJ∇ℓ

    def contrast(plus: State, minus: State) -> Theta:
        gradient = jax.grad(lambda th, state: hamiltonian(state, th, jnp.zeros(())))
        return jax.tree.map(lambda p, m: -(p - m) / (2 * epsilon), gradient(theta, plus), gradient(theta, minus))

    def field(t: Float[Array, ""], y: tuple[State, State, Theta]) -> tuple[State, State, Theta]:
        return one(t, y[0], epsilon), one(t, y[1], -epsilon), contrast(y[0], y[1])

    solution = _solve(field, (*starts, jax.tree.map(jnp.zeros_like, theta)), 0.0, toy.duration)
    plus, minus, _ = jax.vmap(solution.evaluate)(grid)
    swapped = [(p - m) / (2 * epsilon) for p, m in zip(reversed(plus), reversed(minus), strict=True)]
    total = jax.tree.map(lambda leaf: leaf[-1], cast(PyTree, solution.ys)[2])
    columns = (jnp.concatenate(part, axis=-1) for part in (plus, minus, swapped))
    return *columns, _flat(jax.vmap(contrast)(plus, minus)), _flat(total)


def echo(toy: Toy, times: np.ndarray, epsilon: float, nudge: NudgeAt = "recorded") -> Echo:
    """Run RHEL with the running loss: dΦe/dt = J∇H[Φe, u(−t)] ∓ εJ∇ℓ from Φe(0) = Φ(0)*.

    Arguments and returns: see the oracle's ``echo``.

    Source:
        Paper, Theorem 3.1.
    """

    def run(grid: Float[Array, " S"]) -> tuple[Array, ...]:
        path = _forward(toy)
        start = _reverse(path(jnp.zeros(())))
        at = (lambda t, _state: path(-t)) if nudge == "recorded" else (lambda _t, state: state)
        return _two_echoes(toy, grid, (start, start), epsilon, lambda t, state: _loss_gradient(toy, at(t, state), -t))

    with jax.enable_x64(True):
        return Echo(*_numpy(jax.jit(run)(jnp.asarray(times))))


def heb(toy: Toy, times: np.ndarray, epsilon: float) -> Echo:
    """Run Hamiltonian Echo Backprop: kick π ∓= ε∇ℓ[Φ(0)], reverse, run free; ΔΦ(T) is d_xL.

    Arguments and returns: see the oracle's ``heb``.

    Source:
        Paper, section 2: the predecessor of RHEL, for a loss at the final time only.
    """

    def run(grid: Float[Array, " S"]) -> tuple[Array, ...]:
        phi, pi = _forward(toy)(jnp.zeros(()))
        push, _ = _loss_gradient(toy, (phi, pi), jnp.zeros(()))
        starts = _reverse((phi, pi - epsilon * push)), _reverse((phi, pi + epsilon * push))
        return _two_echoes(toy, grid, starts, epsilon, lambda _t, state: jax.tree.map(jnp.zeros_like, state))

    with jax.enable_x64(True):
        return Echo(*_numpy(jax.jit(run)(jnp.asarray(times))))
