"""What the benchmarks time and weigh: single matrix products, and one unit's recurrence forward and backward."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from impl_jax.hru import PRECISION, physical, unit_of
from impl_jax.interface import Lanes, Theta
from impl_jax.recurrence import Drive
from rhelbench.contract import Arrays
from rhelbench.spec import Switches


def product(kind: Literal["forward", "input", "weight"], rows: int, a: int, b: int) -> Callable[[], Array]:
    """Return a call that computes one product of a dense layer y = x Wᵀ and waits for it; compiled at its first call.

    Args:
        kind: x Wᵀ, or the gradient of x, y W, or that of W, yᵀ x.
        rows: of x and y.
        a: columns of x.
        b: columns of y; W is (b, a).
    """
    x, y, W = (jax.random.uniform(jax.random.key(0), size) for size in ((rows, a), (rows, b), (b, a)))
    times = partial(jnp.matmul, precision=PRECISION)
    forms: dict[str, tuple[Callable[[Array, Array], Array], Array, Array]] = {
        "forward": (lambda x, W: times(x, W.T), x, W),
        "input": (times, y, W),
        "weight": (lambda y, x: times(y.T, x), y, x),
    }
    form, left, right = forms[kind]
    compiled = jax.jit(form)

    def call() -> Array:
        return compiled(left, right).block_until_ready()

    return call


class Recurrence:
    """One unit's recurrence: φ from the drive f, and the gradients of f, θ and δ from g = dL/dφ, in one compiled program."""

    def __init__(self, program: jax.stages.Compiled, arguments: tuple[Any, ...]) -> None:
        self._program, self._arguments = program, arguments

    def call(self) -> None:
        """Run forward and backward to their end."""
        jax.block_until_ready(self._program(*self._arguments))

    def state_bytes(self) -> int:
        """Return the bytes that the program lays out beyond its arguments and results."""
        analysis = self._program.memory_analysis()
        if analysis is None:
            raise RuntimeError("this compiler does not say what memory a program needs")
        return analysis.temp_size_in_bytes


def recurrence(
    model: str,
    kernel: Literal["auto", "portable", "fused"],
    switches: Switches,
    raw: Arrays,
    f: NDArray[np.float32],
    g: NDArray[np.float32],
) -> Recurrence:
    """Return the recurrence of one unit, compiled.

    Args:
        model: a name in ``registry.MODELS`` with a Hamiltonian.
        kernel: of its trajectory.
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        raw: trainable values by letter.
        f: drive, (K, n, lanes).
        g: dL/dφ, (K, n, lanes).
    """
    unit = unit_of(model, switches, kernel)
    hamiltonian = unit.hamiltonian
    if hamiltonian is None:
        raise ValueError(f"'{model}' has no recurrence")
    theta, delta = physical(hamiltonian, unit, {letter: jnp.asarray(value) for letter, value in raw.items()})

    def both(theta: Theta, delta: Lanes, f: Drive, g: Drive) -> tuple[Drive, Theta, Lanes, Drive]:
        f_B = jax.lax.stop_gradient(f)  # the second route of the same numbers, whose gradient is the same array
        path = partial(unit.trajectory, hamiltonian, unit.integrator, unit.nudge)
        phi, pull = jax.vjp(lambda theta, delta, f: path(theta, delta, f, f_B), theta, delta, f)
        return phi, *pull(g)

    arguments = theta, delta, jnp.asarray(f), jnp.asarray(g)
    return Recurrence(jax.jit(both).lower(*arguments).compile(), arguments)
