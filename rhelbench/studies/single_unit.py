"""Claims about the method itself, measured here and now by the float64 oracle: no training, no framework, no files."""

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

#: Methods of a Hamiltonian that give second derivatives, the entries of the recurrence's Jacobian.
SECOND = ("force_slopes", "velocity_slope")
#: The longest sequence of the paper's tasks.
LONGEST = 49_920


class Counting:
    """Passes every call on to an object of the oracle and counts the calls by name."""

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
    """Draw one unit's θ, its δ (P,) or scalar, a drive f (K, 1, P) ~ N(0, 1) and incoming gradients g (K, 1, P) ~ N(0, 1)."""
    rng = generator(f"measured/{model}/{K}/{P}", "unit", 0, 0)
    f, g = rng.standard_normal((2, K, 1, P))
    return *units.draw_theta(model, rng, P, delta), f, g


def estimate(algorithm: str, model: str, K: int, P: int, delta: float = 0.1) -> tuple[Gradients, Counter, Counter]:
    """Return one unit's gradients under the nudge of ``exact``, the calls to the Hamiltonian and those to the integrator."""
    theta, step, f, g = problem(model, K, P, delta)
    hamiltonian: Any = Counting(HAMILTONIANS[model])
    integrator: Any = Counting(INTEGRATORS["leapfrog"])
    nudge = protocols.read_protocol("exact").nudge
    _, backward = ALGORITHMS[algorithm](hamiltonian, integrator, nudge, theta, step, f, f)
    return backward(g), hamiltonian.calls, integrator.calls


def error(one: Gradients, other: Gradients) -> float:
    """Return the worst relative L2 difference over θ, δ and the drive."""
    pairs = [(one.theta[letter], other.theta[letter]) for letter in one.theta]
    pairs += [(one.delta, other.delta), (one.f, other.f)]
    return max(float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in pairs)


def discrete(model: str, K: int = 405, P: int = 16) -> dict[str, float]:
    """Return the worst relative error of RHEL against BPTT: ``separate`` echoes, and the mean-difference ``pair``."""
    truth = estimate("bptt", model, K, P)[0]
    names = {"separate": "rhel_separate", "pair": "rhel"}
    return {name: error(estimate(algorithm, model, K, P)[0], truth) for name, algorithm in names.items()}


def longest(K: int = LONGEST, P: int = 4) -> dict[str, float]:
    """Return the error of the mean-difference pair over a long sequence, at a δ where the nonlinear unit is not chaotic."""
    deltas = {"linear": 0.1, "nonlinear": 0.01}
    return {m: error(estimate("rhel", m, K, P, d)[0], estimate("bptt", m, K, P, d)[0]) for m, d in deltas.items()}


def in_continuous_time(points: int = 41, epsilon: float = 0.1) -> dict[str, float]:
    """Return the largest difference between RHEL and the adjoint state method on the toy system, relative to the largest value.

    Δθ(t) against g_θ(t) at all t and for every parameter; ΔΦ(t) against λ(t); and the integrated gradient.
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
    """Return, per number of channels, the leapfrog steps of one gradient by two separate echoes, in units of the K of a pass."""
    return {P: estimate("rhel_separate", "nonlinear", K, P)[2]["step"] / K for P in sizes}


def second_derivatives(K: int = 50, P: int = 16) -> dict[str, int]:
    """Return how often each algorithm asked for a second derivative of H during one gradient."""
    names = ("bptt", "rhel_separate")
    return {name: sum(estimate(name, "nonlinear", K, P)[1][call] for call in SECOND) for name in names}


def spread(repeats: int = 10, K: int = 50, P: int = 16) -> float:
    """Return the largest difference between repeated estimates of one gradient: zero if nothing in it is random."""
    runs = [estimate("rhel_separate", "nonlinear", K, P)[0] for _ in range(repeats)]
    stacks = [np.stack([run.theta[letter] for run in runs]) for letter in runs[0].theta] + [np.stack([r.f for r in runs])]
    return max(float(np.ptp(stack, axis=0).max()) for stack in stacks)


def measure_all(K: int = LONGEST) -> dict[str, Any]:
    """Measure all of it; twenty seconds at the full length ``K``."""
    return {
        "continuous": in_continuous_time(),
        "discrete": {model: discrete(model) for model in REPORTED},
        "passes": {str(P): count for P, count in passes().items()},
        "second_derivatives": second_derivatives(),
        "spread": spread(),
        "longest": {"K": K, **longest(K)},
    }
