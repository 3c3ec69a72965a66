"""Benchmarks inside JAX: single matrix products, and one unit's recurrence forward and backward."""

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
    """Return a call that computes one product of a dense layer y = x Wᵀ and waits for the result.

    It compiles at its first call.

    Args:
        kind: the forward product x Wᵀ, the gradient of x (y W), or that of W (yᵀ x).
        rows: rows of x and y.
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
    """One unit's recurrence: φ from the drive f, and the gradients of f, θ and δ, in one compiled program."""

    def __init__(self, program: jax.stages.Compiled, arguments: tuple[Any, ...]) -> None:
        self._program, self._arguments = program, arguments

    def call(self) -> None:
        """Run forward and backward and wait for the result."""
        jax.block_until_ready(self._program(*self._arguments))

    def state_bytes(self) -> int:
        """Return the bytes of the program's temporary buffers, without arguments and results."""
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
        kernel: kernel of the trajectory.
        switches: algorithm, integrator, nudge, c_squash, delta_trained.
        raw: trainable values by letter.
        f: input drive (K, n, P), or (K, n, 2P) for a paired unit.
        g: dL/dφ, in the shape of f.
    """
    unit = unit_of(model, switches, kernel)
    hamiltonian = unit.hamiltonian
    if hamiltonian is None:
        raise ValueError(f"'{model}' has no recurrence")
    theta, delta = physical(hamiltonian, unit, {letter: jnp.asarray(value) for letter, value in raw.items()})

    def both(theta: Theta, delta: Lanes, f: Drive, g: Drive) -> tuple[Drive, Theta, Lanes, Drive]:
        f_B = jax.lax.stop_gradient(f)  # the same values; its gradient is the same array
        path = partial(unit.trajectory, hamiltonian, unit.integrator, unit.nudge)
        phi, pull = jax.vjp(lambda theta, delta, f: path(theta, delta, f, f_B), theta, delta, f)
        return phi, *pull(g)

    arguments = theta, delta, jnp.asarray(f), jnp.asarray(g)
    return Recurrence(jax.jit(both).lower(*arguments).compile(), arguments)
