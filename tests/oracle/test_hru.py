"""Units: every gradient by finite differences, lanes and their parameters."""

import numpy as np
import pytest

from rhelbench.oracle.hru import copy_to_channels, hru, sum_over_copies
from rhelbench.registry import MODELS
from tests.oracle.draws import along, directions, raw_unit, relative_error, switches
from tests.tolerances import FINITE_DIFFERENCE, ONE_STEP

TRAINED = [name for name, entry in MODELS.items() if entry.trained]
RECURRENT = [name for name in TRAINED if MODELS[name].hamiltonian]


@pytest.mark.parametrize("integrator", ["leapfrog", "leapfrog_released"])
@pytest.mark.parametrize("model", TRAINED)
def test_every_gradient_of_a_unit_is_its_derivative(model, integrator):
    rng = np.random.default_rng(1)
    raw, u, bar = raw_unit(model, 3, 4, seed=1), rng.standard_normal((20, 2, 3)), rng.standard_normal((20, 2, 3))
    entry, chosen = MODELS[model], switches(integrator=integrator, c_squash=2)
    bar_u, gradients = hru(entry, chosen, raw, u)[1](bar)
    assert set(gradients) == set(raw)
    for name, v in directions(raw | {"u": u}).items():

        def total(t, name=name, v=v):
            x = raw | {"u": u}
            x[name] = x[name] + t * v
            return np.sum(bar * hru(entry, chosen, x, x["u"])[0])

        ours = np.sum((bar_u if name == "u" else gradients[name]) * v)
        assert ours == pytest.approx(along(total), rel=FINITE_DIFFERENCE), name


def test_the_paired_unit_is_the_complex_one():
    rng = np.random.default_rng(2)
    raw, u = raw_unit("linear", 3, 4, seed=2), rng.standard_normal((15, 2, 3))
    A, delta = np.maximum(raw["a"], 0), 1 / (1 + np.exp(-raw["s"]))
    B, C = raw["B_re"] + 1j * raw["B_im"], raw["C_re"] + 1j * raw["C_im"]
    phi = pi = np.zeros((2, 4), complex)
    expected = np.empty_like(u)
    for k in range(len(u)):
        third = phi + delta / 2 * pi
        pi = pi - delta * (A * third - u[k] @ B.T)
        phi = third + delta / 2 * pi
        expected[k] = (phi @ C.T).real + raw["D"] * u[k]
    assert relative_error(hru(MODELS["linear"], switches(), raw, u)[0], expected) < ONE_STEP


def test_lanes_share_their_parameters():
    np.testing.assert_array_equal(copy_to_channels(np.array([1.0, 2.0]), 2), [1, 2, 1, 2])
    np.testing.assert_array_equal(sum_over_copies(np.array([1.0, 2.0, 10.0, 20.0]), 2), [11, 22])
    assert copy_to_channels(np.array(3.0), 2) == sum_over_copies(np.array(3.0), 2) == 3


@pytest.mark.parametrize("model", RECURRENT)
def test_a_step_that_is_not_trained_has_gradient_zero(model):
    raw, u = raw_unit(model, 3, 4, seed=3), np.ones((5, 1, 3))
    free = hru(MODELS[model], switches(), raw, u)[1](u)[1]
    fixed = hru(MODELS[model], switches(delta_trained=False), raw, u)[1](u)[1]
    step = "delta" if "delta" in raw else "s"
    assert np.all(fixed.pop(step) == 0)
    assert np.any(free.pop(step) != 0)
    for name in fixed:
        np.testing.assert_array_equal(fixed[name], free[name])
