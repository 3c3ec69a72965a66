"""Units alone as data, and the one door from the studies to a framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rhelbench.contract import Arrays
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.parameters import unit_values
from rhelbench.registry import FRAMEWORKS
from rhelbench.seeds import generator

Array = NDArray[np.float64]
CHANNELS = 16


@dataclass(frozen=True)
class Units:
    """R draws of one unit: θ by letter (R,) or (R, P), δ likewise, drive f and incoming gradient g (R, K, 1, P).

    Float64 numbers that float32 holds exactly, so that both precisions are given the same problem.
    """

    hamiltonian: str
    theta: Arrays
    delta: Array
    f: Array
    g: Array

    def first(self, draws: int) -> "Units":
        """Return the first draws alone."""
        theta = {letter: value[:draws] for letter, value in self.theta.items()}
        return Units(self.hamiltonian, theta, self.delta[:draws], self.f[:draws], self.g[:draws])

    def one(self, r: int) -> tuple[Arrays, Array, Array, Array]:
        """Return θ, δ, f and g of draw r."""
        theta = {letter: np.asarray(value[r]) for letter, value in self.theta.items()}
        return theta, np.asarray(self.delta[r]), self.f[r], self.g[r]


def _rounded(values: Sequence[Array]) -> Array:
    return np.stack(values).astype(np.float32).astype(np.float64)


def draw_theta(hamiltonian: str, rng: np.random.Generator, P: int, delta: float) -> tuple[Arrays, Array]:
    """Draw a unit's θ as a model is initialised, and set its δ.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        rng: draws θ.
        P: channels.
        delta: δ, the same in every channel.

    Returns:
        θ by letter, (P,) or (), and δ, (P,) where each channel has its own, else ().
    """
    theta, step = HAMILTONIANS[hamiltonian].physical(unit_values(hamiltonian, P, rng, delta), 1)
    return theta, np.full_like(step, delta)


def draw(hamiltonian: str, K: int, delta: float, draws: int = 1, P: int = CHANNELS) -> Units:
    """Draw θ as a model is initialised, f ~ N(0, 1) and g ~ N(0, 1)/(32 K): a loss averaged over a batch of 32 and over time."""
    found: dict[str, list[Array]] = {}
    for r in range(draws):
        rng = generator(f"studies/{hamiltonian}/{K}", "unit", 0, r)
        values = {"f": rng.standard_normal((K, 1, P)), "g": rng.standard_normal((K, 1, P)) / (32 * K)}
        theta, step = draw_theta(hamiltonian, rng, P, delta)
        values |= theta | {"delta": step}
        for name, value in values.items():
            found.setdefault(name, []).append(value)
    drawn = {name: _rounded(values) for name, values in found.items()}
    return Units(hamiltonian, delta=drawn.pop("delta"), f=drawn.pop("f"), g=drawn.pop("g"), theta=drawn)


def gradients(
    framework: str, units: Units, algorithm: str, dtype: str, mode: Literal["absolute", "relative"], sizes: Sequence[float]
) -> Arrays:
    """Return name to gradient (R, E, ...), by ``gradients`` of the framework's ``probe`` (``registry.Framework``)."""
    probe = import_module(str(FRAMEWORKS[framework].probe))
    given = np.asarray(sizes, np.float64)
    return probe.gradients(units.hamiltonian, algorithm, dtype, mode, given, units.theta, units.delta, units.f, units.g)


def truth(units: Units, framework: str = "jax") -> Arrays:
    """Return name to the gradient of BPTT in float64, (R, 1, ...)."""
    return gradients(framework, units, "bptt", "float64", "absolute", [1.0])


def errors(found: Arrays, wanted: Arrays) -> Arrays:
    """Return name to the relative L2 error ‖found − wanted‖/‖wanted‖ per draw and nudge, (R, E)."""
    return {name: _error(np.asarray(value, np.float64), wanted[name]) for name, value in found.items()}


def _error(value: Array, wanted: Array) -> Array:
    axes = tuple(range(2, value.ndim))
    return np.sqrt(np.sum((value - wanted) ** 2, axis=axes) / np.sum(np.square(wanted), axis=axes))


def retrace(framework: str, units: Units, integrator: str, dtype: str) -> Array:
    """Return the echo's distance from the path after 1..K steps back, (K,), of the first draw."""
    theta, delta, f, _ = units.one(0)
    return import_module(str(FRAMEWORKS[framework].probe)).retrace(units.hamiltonian, integrator, dtype, theta, delta, f)
