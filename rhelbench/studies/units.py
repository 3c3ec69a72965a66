"""Single units as data, and the studies' only access to a framework."""

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
    """R random units, in float64 values exact in float32, so both precisions solve the same problem.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        theta: θ by letter, (R,) or (R, P).
        delta: step size δ, (R,) or (R, P).
        f: input drive (R, K, 1, P).
        g: incoming gradient dL/dφ (R, K, 1, P).
    """

    hamiltonian: str
    theta: Arrays
    delta: Array
    f: Array
    g: Array

    def first(self, draws: int) -> "Units":
        """Return the first ``draws`` units."""
        theta = {letter: value[:draws] for letter, value in self.theta.items()}
        return Units(self.hamiltonian, theta, self.delta[:draws], self.f[:draws], self.g[:draws])

    def one(self, r: int) -> tuple[Arrays, Array, Array, Array]:
        """Return θ, δ, f and g of unit r."""
        theta = {letter: np.asarray(value[r]) for letter, value in self.theta.items()}
        return theta, np.asarray(self.delta[r]), self.f[r], self.g[r]


def _rounded(values: Sequence[Array]) -> Array:
    return np.stack(values).astype(np.float32).astype(np.float64)


def draw_theta(hamiltonian: str, rng: np.random.Generator, P: int, delta: float) -> tuple[Arrays, Array]:
    """Generate a unit's θ as at a model's initialisation, with δ as specified.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        rng: random numbers for θ.
        P: channels.
        delta: step size δ of every channel.

    Returns:
        θ by letter, (P,) or (), and δ, (P,) if it is a parameter per channel, else ().
    """
    theta, step = HAMILTONIANS[hamiltonian].physical(unit_values(hamiltonian, P, rng, delta), 1)
    return theta, np.full_like(step, delta)


def draw(hamiltonian: str, K: int, delta: float, draws: int = 1, P: int = CHANNELS) -> Units:
    """Generate random units: θ as at initialisation, f ~ N(0, 1), g ~ N(0, 1)/(32 K).

    g has the scale of a loss averaged over a batch of 32 and over time.

    Args:
        hamiltonian: a key of ``registry.HAMILTONIANS``.
        K: time steps.
        delta: step size δ.
        draws: number of units R.
        P: channels.
    """
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
    """Return gradients by name, (R, E, ...), from the framework's ``probe`` (``registry.Framework``).

    Args:
        framework: a name of FRAMEWORKS.
        units: R random units.
        algorithm: a key of ``registry.ALGORITHMS``.
        dtype: "float32" or "float64".
        mode: of the nudge.
        sizes: E nudges, ε or ρ.
    """
    probe = import_module(str(FRAMEWORKS[framework].probe))
    given = np.asarray(sizes, np.float64)
    return probe.gradients(units.hamiltonian, algorithm, dtype, mode, given, units.theta, units.delta, units.f, units.g)


def truth(units: Units, framework: str = "jax") -> Arrays:
    """Return BPTT's float64 gradients by name, (R, 1, ...)."""
    return gradients(framework, units, "bptt", "float64", "absolute", [1.0])


def errors(found: Arrays, wanted: Arrays) -> Arrays:
    """Return the relative L2 error ‖found − wanted‖/‖wanted‖ by name, per unit and nudge (R, E)."""
    return {name: _error(np.asarray(value, np.float64), wanted[name]) for name, value in found.items()}


def _error(value: Array, wanted: Array) -> Array:
    axes = tuple(range(2, value.ndim))
    return np.sqrt(np.sum((value - wanted) ** 2, axis=axes) / np.sum(np.square(wanted), axis=axes))


def retrace(framework: str, units: Units, integrator: str, dtype: str) -> Array:
    """Return the echo's distance from the trajectory after 1..K time steps back (K,), for the first unit."""
    theta, delta, f, _ = units.one(0)
    return import_module(str(FRAMEWORKS[framework].probe)).retrace(units.hamiltonian, integrator, dtype, theta, delta, f)
