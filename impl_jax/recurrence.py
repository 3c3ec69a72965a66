"""The forward loop that all algorithms share, and the common frame of their backward passes."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from impl_jax.interface import Hamiltonian, Integrator, Lanes, Pair, Theta
from rhelbench.errors import UserError
from rhelbench.spec import Nudge

Drive = Float[Array, "K n P"]


@runtime_checkable
class Trajectory(Protocol):
    """φ_1..φ_K from Φ_0 = 0, with the backward pass of one gradient estimator.

    The module of every algorithm implements it as ``trajectory``.
    """

    def __call__(
        self,
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Nudge,
        theta: Theta,
        delta: Lanes,
        f: Drive,
        f_B: Drive | None = None,
    ) -> Drive:
        """Integrate from Φ_0 = 0.

        Args:
            hamiltonian: T and V.
            integrator: one time step.
            nudge: mode and size of the nudge (``rhelbench.spec.Nudge``); only RHEL and SPSA use it.
            theta: parameters by letter, () or (P,).
            delta: step size δ, () or (P,).
            f: input drive f = B u (K, n, P), float32 or float64.
            f_B: the same values as ``f``; receives the gradient of the drive that continues to B. Only
                ``rhel_released`` distinguishes it from the gradient that continues to u. None: ``f`` alone.

        Returns:
            Positions φ_1..φ_K (K, n, P).
        """
        ...


#: backward(hamiltonian, integrator, nudge, theta, delta, f, Φ_K, g) -> gradients of θ, δ, f, f_B (see ``from_echo``)
Backward = Callable[[Hamiltonian, Integrator, Nudge, Theta, Lanes, Drive, Pair, Drive], tuple[Theta, Lanes, Drive, Drive]]


def lanes(theta: Theta, delta: Lanes, like: Float[Array, "n P"]) -> tuple[Theta, Lanes]:
    """Broadcast θ and δ to every sample and channel (n, P), so that a time step never sums over samples."""
    wide = lambda value: jnp.broadcast_to(value, like.shape)  # noqa: E731
    return {name: wide(value) for name, value in theta.items()}, wide(delta)


def narrow(total: Float[Array, "n P"], like: Lanes) -> Lanes:
    """Sum a gradient (n, P) to its parameter's shape: (P,) over samples, () over samples and channels."""
    return jnp.sum(total, axis=0) if like.ndim else jnp.sum(total)


def forward(hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Lanes, f: Drive) -> tuple[Drive, Pair]:
    """Integrate from Φ_0 = 0 over the drive.

    Φ_{k+1} = S(Φ_k; θ, δ, f_{k+1}).

    Args:
        hamiltonian: T and V.
        integrator: one time step S.
        theta: parameters by letter, () or (P,).
        delta: step size δ, () or (P,).
        f: input drive f_k = B u_k (K, n, P).

    Returns:
        φ_1..φ_K (K, n, P) and the final state (φ_K, π_K), (n, P) each.

    Raises:
        UserError: the Hamiltonian is not separable.

    Source:
        Paper, section 3.
    """
    if not hamiltonian.separable:
        raise UserError(
            f"Hamiltonian {type(hamiltonian).__name__} is not separable: the leapfrog needs H = T(π) + V(φ); write it so."
        )
    start = jnp.zeros(f.shape[1:], f.dtype)
    final, positions = jax.lax.scan(make_step(hamiltonian, integrator, *lanes(theta, delta, start)), (start, start), f)
    return positions, final


def make_step(
    hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Lanes
) -> Callable[[Pair, Lanes], tuple[Pair, Lanes]]:
    """Return the body of the forward scan: (Φ_k, f_{k+1}) -> (Φ_{k+1}, φ_{k+1}).

    Its derivative rematerialises the time step from its state. Storing intermediate values would cost memory.
    It would also let the compiler round the forward pass of BPTT differently from that of RHEL.

    Args:
        hamiltonian: T and V.
        integrator: one time step.
        theta: parameters by letter, (n, P) each.
        delta: step size δ (n, P).
    """

    def step(state: Pair, f_k: Lanes) -> tuple[Pair, Lanes]:
        phi, pi, _ = integrator.step(hamiltonian, theta, delta, *state, f_k)
        return (phi, pi), phi

    return jax.checkpoint(step, prevent_cse=False)


def make_move(
    hamiltonian: Hamiltonian, integrator: Integrator
) -> Callable[[Theta, Lanes, Lanes, Lanes, Lanes], tuple[Lanes, Lanes]]:
    """Return (θ, δ, φ_k, π_k, f_{k+1}) -> (φ_{k+1}, π_{k+1}), differentiable in all arguments."""

    def move(theta: Theta, delta: Lanes, phi: Lanes, pi: Lanes, f: Lanes) -> tuple[Lanes, Lanes]:
        phi, pi, _ = integrator.step(hamiltonian, theta, delta, phi, pi, f)
        return phi, pi

    return move


def from_echo(backward: Backward) -> Trajectory:
    """Return a trajectory with a given backward pass; only the final state and the drive are stored.

    All functions ``backward`` of ``impl_jax.algorithms`` have these arguments and results:
    ``hamiltonian``, ``integrator``, ``nudge``, ``theta``, ``delta`` and ``f`` as in ``Trajectory``;
    ``final`` = (φ_K, π_K), (n, P) each; ``g`` = dL/dφ_1..dL/dφ_K (K, n, P).
    They return dL/dθ by letter and dL/dδ, in the parameters' shapes, and dL/df for ``f`` and for ``f_B``,
    (K, n, P) each.

    Args:
        backward: the backward pass.
    """

    @partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
    def trajectory(
        hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive
    ) -> Drive:
        del nudge, f_B
        return forward(hamiltonian, integrator, theta, delta, f)[0]

    def keep(
        hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, theta: Theta, delta: Lanes, f: Drive, f_B: Drive
    ) -> tuple[Drive, tuple[Theta, Lanes, Drive, Pair]]:
        del nudge, f_B
        positions, final = forward(hamiltonian, integrator, theta, delta, f)
        return positions, (theta, delta, f, final)

    def echo(
        hamiltonian: Hamiltonian, integrator: Integrator, nudge: Nudge, kept: tuple[Theta, Lanes, Drive, Pair], g: Drive
    ) -> tuple[Theta, Lanes, Drive, Drive]:
        return backward(hamiltonian, integrator, nudge, *kept, g)

    trajectory.defvjp(keep, echo)
    return one_drive(trajectory)


def one_drive(both: Callable[..., Any]) -> Trajectory:
    """Return a trajectory whose argument ``f_B`` is optional; None stops the gradient of ``f_B``."""

    def trajectory(
        hamiltonian: Hamiltonian,
        integrator: Integrator,
        nudge: Nudge,
        theta: Theta,
        delta: Lanes,
        f: Drive,
        f_B: Drive | None = None,
    ) -> Drive:
        return both(hamiltonian, integrator, nudge, theta, delta, f, jax.lax.stop_gradient(f) if f_B is None else f_B)

    return trajectory


def fidelity(hamiltonian: Hamiltonian, integrator: Integrator, theta: Theta, delta: Lanes, f: Drive) -> Float[Array, " n"]:
    """Return ‖Φe_end‖/max_k‖Φ_k‖ per sample (n,) of an echo without nudge; 0 is a perfect retrace to Φ_0 = 0."""
    start = jnp.zeros(f.shape[1:], f.dtype)
    theta, delta = lanes(theta, delta, start)
    norm = lambda phi, pi: jnp.sqrt(jnp.sum(phi**2 + pi**2, axis=1))  # noqa: E731

    def step(carry: tuple[Lanes, Lanes, Lanes], f_k: Lanes) -> tuple[tuple[Lanes, Lanes, Lanes], None]:
        phi, pi, _ = integrator.step(hamiltonian, theta, delta, carry[0], carry[1], f_k)
        return (phi, pi, jnp.maximum(carry[2], norm(phi, pi))), None

    (phi, pi, largest), _ = jax.lax.scan(step, (start, start, start[:, 0]), f)
    (phi, pi, _), _ = jax.lax.scan(step, (phi, -pi, largest), f, reverse=True)
    return norm(phi, pi) / jnp.where(largest > 0, largest, 1.0)
