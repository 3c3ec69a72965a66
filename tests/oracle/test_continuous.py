"""Continuous time in the oracle: RHEL against the adjoint state method."""

import importlib
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rhelbench.oracle import continuous as oracle
from rhelbench.toy import IMPLEMENTATIONS, example
from tests.tolerances import CONTINUOUS_ORACLE, FINITE_DIFFERENCE

TOY = replace(example(at_rest=False), duration=5.0)
TIMES = np.linspace(0.0, TOY.duration, 11)


@cache
def run(name: str, function: str, *arguments):
    return getattr(importlib.import_module(IMPLEMENTATIONS[name]), function)(TOY, TIMES, *arguments)


def worst(value, reference) -> float:
    """Largest deviation relative to the largest entry of the reference, over all times."""
    return float(np.max(np.abs(value - reference)) / np.max(np.abs(reference)))


def directional(function, point: np.ndarray, direction: np.ndarray, h: float = 1e-3) -> float:
    """Fourth-order central difference of a scalar function along one direction."""
    value = lambda step: function(point + step * h * direction)  # noqa: E731
    return (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * h)


def test_derivatives_of_h():
    rng = np.random.default_rng(0)
    phi, pi, u = rng.normal(size=6), rng.normal(size=6), 0.7
    direction = rng.normal(size=12)
    state = np.concatenate([phi, pi])
    energy = lambda s, theta=TOY.theta: oracle.hamiltonian(theta, s[:6], s[6:], u)  # noqa: E731
    gradient = oracle.hessian(TOY.theta) @ state
    gradient[0] -= u
    assert directional(energy, state, direction) == pytest.approx(gradient @ direction, rel=FINITE_DIFFERENCE)
    direction = rng.normal(size=27)
    along = directional(lambda theta: energy(state, theta), TOY.theta, direction)
    assert along == pytest.approx(oracle.gradient_theta(TOY.theta, state) @ direction, rel=FINITE_DIFFERENCE)


def test_a_positive_input_pushes_forwards():
    pushed = replace(example(), drive=np.array([[1.0, 0.0, np.pi / 2]]))  # u = 1 at all times, from rest
    assert oracle.forward(pushed, np.array([pushed.duration - 0.1]))[0, 0] > 0


@pytest.mark.parametrize("kind", ["running", "final"])
def test_adjoint_is_the_gradient_of_the_loss(kind):
    result, rng = run("numpy", "adjoint", kind), np.random.default_rng(1)
    along = rng.normal(size=27)
    by_theta = directional(lambda theta: oracle.loss(replace(TOY, theta=theta), kind), TOY.theta, along)
    assert by_theta == pytest.approx(result.gradient @ along, rel=FINITE_DIFFERENCE)
    along = rng.normal(size=12)
    by_state = directional(lambda x: oracle.loss(replace(TOY, x=x), kind), TOY.x, along)
    assert by_state == pytest.approx(result.costate[-1] @ along, rel=FINITE_DIFFERENCE)


@pytest.mark.parametrize("epsilon", [1e-2, 10.0])
def test_with_a_recorded_nudge_epsilon_does_not_matter(epsilon):
    reference, result = run("numpy", "adjoint", "running"), run("numpy", "echo", epsilon, "recorded")
    assert worst(result.contrast, reference.costate) < CONTINUOUS_ORACLE
    assert worst(result.integrand, reference.integrand) < CONTINUOUS_ORACLE


def test_the_nudge_at_the_echos_own_state_is_second_order():
    reference = run("numpy", "adjoint", "running")
    sizes = np.array([1e-3, 1e-2])
    errors = [worst(run("numpy", "echo", float(size), "own").gradient, reference.gradient) for size in sizes]
    assert np.log10(errors[1] / errors[0]) == pytest.approx(2, abs=0.05)


def test_the_nudge_at_the_echos_own_state_is_wrong_when_large():
    reference, result = (
        oracle.adjoint(example(), np.array([0.0, 20.0])),
        oracle.echo(example(), np.array([0.0, 20.0]), 1.0, "own"),
    )
    assert worst(result.gradient, reference.gradient) > 0.5
