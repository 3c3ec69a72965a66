"""Bad Hamiltonians and bad parameters are refused in one sentence that names the value."""

import numpy as np
import pytest

from rhelbench import parameters
from rhelbench.errors import UserError
from rhelbench.oracle import checks
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hamiltonians.nonlinear import Nonlinear
from rhelbench.oracle.learner import make_learner
from rhelbench.registry import MODELS, unit_model
from tests.oracle.draws import raw_unit, spec, task


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_every_hamiltonian_of_the_registry_passes(name):
    H = HAMILTONIANS[name]
    theta, _ = H.physical(raw_unit(unit_model(name), 2, 3, seed=0), 1)
    checks.check_separable(name, H.separable, lambda phi, pi: H.kinetic(pi) + H.potential(theta, phi, np.zeros(3)))
    checks.check_even_kinetic(name, H.kinetic)
    pi = np.linspace(-3.0, 3.0, 7)
    np.testing.assert_array_equal(H.kinetic(pi), H.kinetic(-pi))  # what the second of them looks at


def test_a_mixed_energy_is_refused_whatever_it_declares():
    with pytest.raises(UserError, match=r"'sheared' is not separable \(mixed difference .*write it as T\(π\) \+ V\(φ\)"):
        checks.check_separable("sheared", True, lambda phi, pi: phi**2 + pi**2 + 0.1 * phi * pi)
    with pytest.raises(UserError, match="'declared' is not separable: write"):
        checks.check_separable("declared", False)


def test_a_kinetic_energy_that_is_not_even_is_refused():
    with pytest.raises(UserError, match="'biased' is not time-reversible"):
        checks.check_even_kinetic("biased", lambda pi: pi**2 / 2 + 0.1 * pi)


def started(protocol: str, model: str = "nonlinear", **values: float):
    """Initialise a learner whose second unit has some letters overwritten."""
    run = spec(model, protocol=protocol)
    shape, _, _ = task("classification")
    arrays = parameters.initial_parameters(run, shape)
    for letter, value in values.items():
        arrays[f"blocks.1.hru.{letter}"] = np.full_like(arrays[f"blocks.1.hru.{letter}"], value)
    make_learner(run, shape).init(arrays, 0)
    return run, arrays


def test_no_run_starts_with_a_hamiltonian_that_breaks_the_echo(monkeypatch):
    monkeypatch.setattr(Nonlinear, "kinetic", lambda self, pi: pi**2 / 2 + 0.1 * pi)
    with pytest.raises(UserError, match="'nonlinear' is not time-reversible"):
        started("released")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("protocol", ["exact", "released"])
def test_a_parameter_that_is_not_finite_is_refused(protocol, value):
    with pytest.raises(UserError, match=r"Parameter blocks\.1\.hru\.w\[0\] is (nan|inf)"):
        started(protocol, w=value)
    with pytest.raises(UserError, match=r"Parameter blocks\.1\.hru\.alpha is (nan|inf)"):
        started(protocol, alpha=value)


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        ("nonlinear", {"delta": 9.0}, r"blocks\.1\.hru: initial δ = 9 is outside the stable range \(δ² × curvature = "),
        ("nonlinear", {"delta": -0.1}, r"blocks\.1\.hru: initial δ = -0\.1 is not positive"),
        ("nonlinear", {"w": -0.5}, r"blocks\.1\.hru: initial w = -0\.5 is not positive"),
        ("nonlinear", {"alpha": 0.0}, r"blocks\.1\.hru: initial alpha = 0 is not positive"),
        ("linear-real", {"a": 30.0}, r"blocks\.1\.hru: initial δ = 0\.\d+ is outside the stable range"),
        ("linear", {"a": 30.0}, r"blocks\.1\.hru: initial δ = 0\.\d+ is outside the stable range"),
    ],
)
def test_a_start_outside_the_stable_range_is_refused_under_exact_and_recorded_under_released(model, values, message):
    with pytest.raises(UserError, match=message):
        started("exact", model, **values)
    run, arrays = started("released", model, **values)
    assert set(checks.stability(run, arrays)) == {"blocks.0.hru", "blocks.1.hru"}


@pytest.mark.parametrize("model", [name for name, entry in MODELS.items() if entry.trained])
def test_the_starts_of_the_parameter_table_are_stable(model):
    run = spec(model, state=64)
    shape, _, _ = task("classification")
    arrays = parameters.initial_parameters(run, shape)
    checks.check_initial(run, arrays)
    assert all(0 < reached < checks.STABLE_BELOW for reached in checks.stability(run, arrays).values())
