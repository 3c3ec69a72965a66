"""One unit in a chosen precision: its gradients under many nudges, and how well an echo retraces."""

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from impl_jax.algorithms import ALGORITHMS, rhel, rhel_released, rhel_separate, spsa
from impl_jax.hamiltonians import HAMILTONIANS
from impl_jax.integrators import INTEGRATORS
from impl_jax.interface import Lanes, Pair, Theta
from impl_jax.recurrence import Backward, Drive, forward, lanes
from rhelbench.contract import Arrays
from rhelbench.spec import Nudge

#: Backward passes of the algorithms that use a nudge.
NUDGED: dict[str, Backward] = {
    "rhel": rhel.backward,
    "rhel_separate": rhel_separate.backward,
    "rhel_released": rhel_released.backward,
    "spsa": spsa.backward,
}
Found = tuple[Theta, Lanes, Drive, Drive]


def _plain(hamiltonian: str, algorithm: str, theta: Theta, delta: Lanes, f: Drive, g: Drive) -> Found:
    unused = Nudge(mode="absolute", size=1.0)

    def path(theta: Theta, delta: Lanes, f: Drive, f_B: Drive) -> Drive:
        return ALGORITHMS[algorithm](HAMILTONIANS[hamiltonian], INTEGRATORS["leapfrog"], unused, theta, delta, f, f_B)

    return jax.vjp(path, theta, delta, f, f)[1](g)


def _nudged(
    hamiltonian: str,
    algorithm: str,
    mode: Literal["absolute", "relative"],
    problem: tuple[Theta, Lanes, Drive, Drive],
    size: Float[Array, ""],
) -> Found:
    theta, delta, f, g = problem
    leapfrog = INTEGRATORS["leapfrog"]
    _, final = forward(HAMILTONIANS[hamiltonian], leapfrog, theta, delta, f)
    # Not validated: the size is an axis of vmap here, not a number, so one compilation serves all sizes.
    nudge = Nudge.model_construct(mode=mode, size=size)
    return NUDGED[algorithm](HAMILTONIANS[hamiltonian], leapfrog, nudge, theta, delta, f, final, g)


def gradients(
    hamiltonian: str,
    algorithm: str,
    dtype: str,
    mode: Literal["absolute", "relative"],
    sizes: NDArray[np.float64],
    theta: Arrays,
    delta: NDArray[np.float64],
    f: NDArray[np.float64],
    g: NDArray[np.float64],
) -> Arrays:
    """Return a unit's gradients for every random unit and nudge.

    Args:
        hamiltonian: a name of HAMILTONIANS; the integrator is the leapfrog.
        algorithm: a name of ALGORITHMS.
        dtype: ``"float32"`` or ``"float64"``, of the whole computation.
        mode: mode of the nudge.
        sizes: ε or ρ (E,); for ``bptt`` only their number matters.
        theta: θ by letter, (R,) or (R, P).
        delta: step size δ, (R,) or (R, P).
        f: input drive (R, K, n, P).
        g: dL/dφ_k (R, K, n, P).

    Returns:
        (R, E, ...) by letter, ``"delta"``, ``"f"`` and ``"f_B"``, in ``dtype``.
    """

    def one(theta: Theta, delta: Lanes, f: Drive, g: Drive) -> tuple[Theta, Lanes, Lanes, Lanes]:
        if algorithm not in NUDGED:
            found = _plain(hamiltonian, algorithm, theta, delta, f, g)
            return jax.tree.map(lambda value: jnp.broadcast_to(value, (len(sizes), *value.shape)), found)
        return jax.vmap(partial(_nudged, hamiltonian, algorithm, mode, (theta, delta, f, g)))(jnp.asarray(sizes, f.dtype))

    with jax.enable_x64(dtype == "float64"):
        given = jax.tree.map(lambda value: jnp.asarray(value, dtype), (theta, delta, f, g))
        of_theta, of_delta, of_f, of_f_B = jax.jit(jax.vmap(one))(*given)
        named = of_theta | {"delta": of_delta, "f": of_f, "f_B": of_f_B}
        return {name: np.asarray(value) for name, value in named.items()}


def _size(phi: Lanes, pi: Lanes) -> Lanes:
    return jnp.sqrt(jnp.sum(phi**2 + pi**2, axis=-1))


def retrace(
    hamiltonian: str, integrator: str, dtype: str, theta: Arrays, delta: NDArray[np.float64], f: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Run forward from rest and an echo without nudge; return its distance from the trajectory.

    ‖Φe − Φ*‖/max_k‖Φ_k‖ after 1..K time steps back.

    Args:
        hamiltonian: a name of HAMILTONIANS.
        integrator: a name of INTEGRATORS.
        dtype: precision of both passes.
        theta: θ by letter, () or (P,).
        delta: step size δ, () or (P,).
        f: input drive (K, n, P).

    Returns:
        The largest value over the n samples (K,).
    """
    stepper = INTEGRATORS[integrator]

    def both(theta: Theta, delta: Lanes, f: Drive) -> Float[Array, " K"]:
        start = jnp.zeros(f.shape[1:], f.dtype)
        theta, delta = lanes(theta, delta, start)

        def there(state: Pair, f_k: Lanes) -> tuple[Pair, Pair]:
            phi, pi, _ = stepper.step(HAMILTONIANS[hamiltonian], theta, delta, *state, f_k)
            return (phi, pi), state  # the echo returns to the state before the time step

        def back(state: Pair, f_k: Lanes) -> tuple[Pair, Pair]:
            phi, pi, _ = stepper.step(HAMILTONIANS[hamiltonian], theta, delta, *state, f_k)
            return (phi, pi), (phi, pi)

        (phi, pi), (phis, pis) = jax.lax.scan(there, (start, start), f)
        _, (back_phi, back_pi) = jax.lax.scan(back, (phi, -pi), f, reverse=True)
        largest = jnp.maximum(jnp.max(_size(phis, pis), axis=0), _size(phi, pi))
        return jnp.max(_size(back_phi - phis, back_pi + pis) / largest, axis=1)[::-1]

    with jax.enable_x64(dtype == "float64"):
        given = jax.tree.map(lambda value: jnp.asarray(value, dtype), (theta, delta, f))
        return np.asarray(jax.jit(both)(*given), np.float64)
