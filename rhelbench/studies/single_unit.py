"""Claims about the method itself, measured by the float64 oracle without training or files."""

from collections import Counter
from typing import Any

import numpy as np

from rhelbench import toy
from rhelbench.config import protocols
from rhelbench.oracle import continuous
from rhelbench.oracle.algorithms import ALGORITHMS
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.interface import Array, Gradients
from rhelbench.registry import REPORTED
from rhelbench.seeds import generator
from rhelbench.studies import units

#: Methods of a Hamiltonian that return second derivatives, the entries of the recurrence's Jacobian.
SECOND = ("force_slopes", "velocity_slope")
#: The longest sequence of the paper's tasks.
LONGEST = 49_920


class Counting:
    """Proxy of an object of the oracle that counts calls by method name.

    Args:
        inner: the Hamiltonian or integrator.

    Example:
        >>> unit = Counting(HAMILTONIANS["linear"])
        >>> float(unit.kinetic(np.array(2.0))), dict(unit.calls)
        (2.0, {'kinetic': 1})
    """

    def __init__(self, inner: Any) -> None:
        self.inner, self.calls = inner, Counter()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.inner, name)
        if not callable(value):
            return value

        def counted(*args: Any) -> Any:
            self.calls[name] += 1
            return value(*args)

        return counted


def problem(model: str, K: int, P: int, delta: float = 0.1) -> tuple[dict[str, Array], Array, Array, Array]:
    """Generate one random unit and its data.

    Args:
        model: a key of ``registry.HAMILTONIANS``.
        K: time steps.
        P: channels.
        delta: step size δ.

    Returns:
        θ by letter; δ (P,) or (); f (K, 1, P) ~ N(0, 1); g (K, 1, P) ~ N(0, 1); float64.
    """
    rng = generator(f"measured/{model}/{K}/{P}", "unit", 0, 0)
    f, g = rng.standard_normal((2, K, 1, P))
    return *units.draw_theta(model, rng, P, delta), f, g


def estimate(algorithm: str, model: str, K: int, P: int, delta: float = 0.1) -> tuple[Gradients, Counter, Counter]:
    """Return one unit's gradients under the nudge of ``exact``, with call counts.

    Args:
        algorithm: a key of ``registry.ALGORITHMS``.
        model: a key of ``registry.HAMILTONIANS``.
        K: time steps.
        P: channels.
        delta: step size δ.

    Returns:
        The gradients, calls of the Hamiltonian, and calls of the integrator.
    """
    theta, step, f, g = problem(model, K, P, delta)
    hamiltonian: Any = Counting(HAMILTONIANS[model])
    integrator: Any = Counting(INTEGRATORS["leapfrog"])
    nudge = protocols.read_protocol("exact").nudge
    _, backward = ALGORITHMS[algorithm](hamiltonian, integrator, nudge, theta, step, f, f)
    return backward(g), hamiltonian.calls, integrator.calls


def error(one: Gradients, other: Gradients) -> float:
    """Return the largest relative L2 difference over θ, δ and the drive."""
    pairs = [(one.theta[letter], other.theta[letter]) for letter in one.theta]
    pairs += [(one.delta, other.delta), (one.f, other.f)]
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs)


def discrete(model: str, K: int = 405, P: int = 16) -> dict[str, float]:
    """Return the largest relative L2 error of RHEL against BPTT.

    ``separate``: two echoes. ``pair``: mean and half difference.
    """
    truth = estimate("bptt", model, K, P)[0]
    names = {"separate": "rhel_separate", "pair": "rhel"}
    return {name: error(estimate(algorithm, model, K, P)[0], truth) for name, algorithm in names.items()}


def longest(K: int = LONGEST, P: int = 4) -> dict[str, float]:
    """Return RHEL's error over a long sequence, at a δ where the nonlinear unit is not chaotic."""
    deltas = {"linear": 0.1, "nonlinear": 0.01}
    return {m: error(estimate("rhel", m, K, P, d)[0], estimate("bptt", m, K, P, d)[0]) for m, d in deltas.items()}


def in_continuous_time(points: int = 41, epsilon: float = 0.1) -> dict[str, float]:
    """Return the largest difference between RHEL and the adjoint state method on the toy system.

    Differences are relative to the largest value. ``integrand``: Δθ(t) against g_θ(t), all times and
    parameters. ``costate``: ΔΦ(t) against λ(t). ``gradient``: the integrated gradient.
    """
    system = toy.example()
    times = np.linspace(0, system.duration, points)
    truth, echo = continuous.adjoint(system, times), continuous.echo(system, times, epsilon)
    pairs = {
        "integrand": (echo.integrand, truth.integrand),
        "costate": (echo.contrast, truth.costate),
        "gradient": (echo.gradient, truth.gradient),
    }
    return {name: float(np.abs(a - b).max() / np.abs(b).max()) for name, (a, b) in pairs.items()}


def passes(K: int = 50, sizes: tuple[int, ...] = (2, 16, 128)) -> dict[int, float]:
    """Return the leapfrog steps of one gradient by two echoes, in units of K, by number of channels."""
    return {P: estimate("rhel_separate", "nonlinear", K, P)[2]["step"] / K for P in sizes}


def second_derivatives(K: int = 50, P: int = 16) -> dict[str, int]:
    """Return the calls of H's second derivatives during one gradient, by algorithm."""
    names = ("bptt", "rhel_separate")
    return {name: sum(estimate(name, "nonlinear", K, P)[1][call] for call in SECOND) for name in names}


def spread(repeats: int = 10, K: int = 50, P: int = 16) -> float:
    """Return the largest difference between repeated estimates of one gradient: zero if nothing is random."""
    runs = [estimate("rhel_separate", "nonlinear", K, P)[0] for _ in range(repeats)]
    stacks = [np.stack([run.theta[letter] for run in runs]) for letter in runs[0].theta] + [np.stack([r.f for r in runs])]
    return max(float(np.ptp(stack, axis=0).max()) for stack in stacks)


def measure_all(K: int = LONGEST) -> dict[str, Any]:
    """Run all measurements; about 20 s at the full length ``K``."""
    return {
        "continuous": in_continuous_time(),
        "discrete": {model: discrete(model) for model in REPORTED},
        "passes": {str(P): count for P, count in passes().items()},
        "second_derivatives": second_derivatives(),
        "spread": spread(),
        "longest": {"K": K, **longest(K)},
    }
