"""Continuous time in every implementation: RHEL is the adjoint state method, frameworks agree with the oracle."""

from dataclasses import astuple

import numpy as np
import pytest

from rhelbench.registry import FRAMEWORKS
from rhelbench.toy import IMPLEMENTATIONS
from tests.oracle.test_continuous import run, worst
from tests.tolerances import CONTINUOUS, CONTINUOUS_ORACLE

CASES = [("adjoint", "running"), ("adjoint", "final"), ("echo", 1.0, "recorded"), ("echo", 0.1, "own"), ("heb", 0.1)]


def test_every_framework_has_an_implementation():
    assert IMPLEMENTATIONS.keys() == FRAMEWORKS.keys()


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_rhel_is_the_adjoint_at_all_times_and_for_every_parameter(name):
    reference, tolerance = run(name, "adjoint", "running"), CONTINUOUS if name != "numpy" else CONTINUOUS_ORACLE
    result = run(name, "echo", 1.0, "recorded")
    assert worst(result.contrast, reference.costate) < tolerance
    assert worst(result.gradient, reference.gradient) < tolerance
    for parameter in range(27):
        assert worst(result.integrand[:, parameter], reference.integrand[:, parameter]) < tolerance


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_heb_gives_the_gradient_of_the_initial_state(name):
    result, reference = run(name, "heb", 0.1), run("numpy", "adjoint", "final")
    assert worst(result.contrast[-1], reference.costate[-1]) < CONTINUOUS
    assert worst(result.contrast, reference.costate) < CONTINUOUS
    assert worst(result.integrand, reference.integrand) < CONTINUOUS


@pytest.mark.parametrize("name", ["numpy", "jax", "torch"])
def test_without_a_nudge_the_echo_retraces(name):
    result = run(name, "echo", 1.0, "recorded")
    forward = run(name, "forward")
    retrace = (result.plus + result.minus) / 2  # H is quadratic: the mean of the two echoes is the echo without nudge
    assert worst(retrace, forward * np.repeat([1.0, -1.0], 6)) < CONTINUOUS


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_frameworks_agree_with_the_oracle(name, case):
    for value, reference in zip(astuple(run(name, *case)), astuple(run("numpy", *case)), strict=True):
        assert worst(value, reference) < CONTINUOUS
