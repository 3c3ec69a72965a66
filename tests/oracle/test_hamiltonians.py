"""Energies, forces, their hand-derived slopes, and the closed forms of the echo pair."""

from decimal import Decimal, getcontext

import numpy as np
import pytest

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.hamiltonians.nonlinear import log_cosh, pair_ratios
from rhelbench.registry import unit_model
from tests.oracle.draws import raw_unit, relative_error
from tests.tolerances import FINITE_DIFFERENCE, ONE_STEP

P = 5
SIZES = [1e-8, 1e-5, 1e-3, 2.9e-3, 3.1e-3, 0.03, 0.5, 0.99, 1.01, 3.0, 4.1, 20.0, 45.0]
CLOSED = [name for name, hamiltonian in HAMILTONIANS.items() if hamiltonian.closed_forms]


def drawn(name: str, c_squash: int = 1):
    """Return a Hamiltonian, θ, and φ, f drawn around it."""
    rng = np.random.default_rng(4)
    theta, _ = HAMILTONIANS[name].physical(raw_unit(unit_model(name), 3, P, seed=4), c_squash)
    return HAMILTONIANS[name], theta, rng.standard_normal((2, P)), rng.standard_normal((2, P))


def central(function, x: np.ndarray, h: float = 1e-3) -> np.ndarray:
    """Return dF/dx entry by entry, of fourth order."""
    return (8 * (function(x + h) - function(x - h)) - (function(x + 2 * h) - function(x - 2 * h))) / (12 * h)


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_the_force_and_every_slope_of_the_potential_are_its_derivatives(name):
    H, theta, phi, f = drawn(name)
    slopes = H.potential_slopes(theta, phi, f)
    assert set(slopes.theta) == set(H.parameters) == set(theta)
    assert relative_error(H.force(theta, phi, f), central(lambda x: H.potential(theta, x, f), phi)) < FINITE_DIFFERENCE
    np.testing.assert_array_equal(slopes.phi, H.force(theta, phi, f))
    assert relative_error(slopes.f, central(lambda x: H.potential(theta, phi, x), f)) < FINITE_DIFFERENCE
    for letter in theta:
        by_difference = central(lambda x: H.potential(theta | {letter: x}, phi, f), theta[letter])  # noqa: B023
        assert relative_error(slopes.theta[letter], by_difference) < FINITE_DIFFERENCE, letter


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_every_slope_of_the_force_is_its_derivative(name):
    H, theta, phi, f = drawn(name)
    slopes = H.force_slopes(theta, phi, f)
    tiny = 1e-30j
    assert relative_error(slopes.phi, H.force(theta, phi + tiny, f).imag / 1e-30) < ONE_STEP
    assert relative_error(slopes.f, H.force(theta, phi, f + tiny).imag / 1e-30) < ONE_STEP
    for letter in theta:
        by_step = H.force(theta | {letter: theta[letter] + tiny}, phi, f).imag / 1e-30
        assert relative_error(slopes.theta[letter], by_step) < ONE_STEP, letter


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_velocity_is_the_slope_of_an_even_kinetic_energy(name):
    H, pi = HAMILTONIANS[name], np.linspace(-2, 2, 9)
    assert relative_error(H.velocity(pi), central(H.kinetic, pi)) < FINITE_DIFFERENCE
    assert relative_error(H.velocity_slope(pi), H.velocity(pi + 1e-30j).imag / 1e-30) < ONE_STEP
    np.testing.assert_array_equal(H.kinetic(pi), H.kinetic(-pi))


@pytest.mark.parametrize("c_squash", [1, 2])
@pytest.mark.parametrize("name", HAMILTONIANS)
def test_the_map_from_raw_values_is_pulled_back(name, c_squash):
    H, raw = HAMILTONIANS[name], raw_unit(unit_model(name), 3, P, seed=5)
    theta, delta = H.physical(raw, c_squash)
    bar = {letter: np.full_like(value, 2.0) for letter, value in theta.items()}
    pulled = H.physical_adjoint(raw, c_squash, bar, np.full_like(delta, 3.0))
    for letter in pulled:

        def total(x, letter=letter):
            theta, delta = H.physical(raw | {letter: x}, c_squash)
            return 2 * sum(theta.values()) + 3 * delta

        assert relative_error(pulled[letter], central(total, raw[letter]) + 0 * pulled[letter]) < FINITE_DIFFERENCE, letter


def test_a_linear_unit_never_has_a_negative_stiffness():
    theta, _ = HAMILTONIANS["linear"].physical({"a": np.array([-1.0, 2.0]), "s": np.zeros(2)}, 1)
    np.testing.assert_array_equal(theta["A"], [0.0, 2.0])
    pulled = HAMILTONIANS["linear"].physical_adjoint(
        {"a": np.array([-1.0, 2.0]), "s": np.zeros(2)}, 1, {"A": np.ones(2)}, np.ones(2)
    )
    np.testing.assert_array_equal(pulled["a"], [0.0, 1.0])


def exact_log_cosh(x: Decimal) -> Decimal:
    return ((x.exp() + (-x).exp()) / 2).ln()


def exact_tanh(x: Decimal) -> Decimal:
    return 1 - 2 / ((2 * x).exp() + 1)


@pytest.mark.parametrize("size", SIZES)
def test_log_cosh_keeps_its_digits(size):
    getcontext().prec = 60
    assert float(log_cosh(np.array(-size))) == pytest.approx(float(exact_log_cosh(Decimal(size))), rel=1e-14)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("beta", SIZES)
@pytest.mark.parametrize("a", SIZES)
def test_the_contrast_of_log_cosh_and_its_curl_keep_their_digits(a, beta, sign):
    getcontext().prec = 60
    x, b = Decimal(a), Decimal(sign * beta)
    contrast = (exact_log_cosh(x + b) - exact_log_cosh(x - b)) / 2
    mean = (exact_tanh(x + b) + exact_tanh(x - b)) / 2
    _, _, area, curl = pair_ratios(np.array(a), np.array(sign * beta))
    assert float(sign * beta * area) == pytest.approx(float(contrast), rel=1e-14)
    ours = float(beta**2 * curl)
    # it stands beside a term of size β in the w contrast, so digits below β times rounding do not count
    assert ours == pytest.approx(float(contrast - b * mean), rel=1e-9, abs=5e-16 * beta)


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_nothing_overflows(name):
    H, theta, _, _ = drawn(name)
    for size in (1e3, 1e150):
        big = np.full((1, P), size)
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(H.potential(theta, big, -big)).all()
            assert np.isfinite(H.pair_force(theta, big, -big, big)[1]).all()
            assert all(np.isfinite(part).all() for part in H.half_contrasts(theta, big, -big, big)[0].values())


@pytest.mark.parametrize("size", [2.0, 0.3, 1e-2])
@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_forms_are_the_contrasts_of_two_separate_evaluations(name, size):
    H, theta, m, f = drawn(name)
    d = size * np.random.default_rng(6).standard_normal(m.shape)
    plus, minus = H.potential_slopes(theta, m + d, f), H.potential_slopes(theta, m - d, f)
    lanes, of_f, of_v = H.half_contrasts(theta, m, d, f)
    rounding = 1e-14 / size
    assert set(lanes) == set(H.parameters)
    for letter in lanes:
        assert relative_error(lanes[letter], (plus.theta[letter] - minus.theta[letter]) / 2) < rounding, letter
    assert relative_error(of_f, (plus.f - minus.f) / 2) < rounding
    assert relative_error(of_v, (H.potential(theta, m + d, f) - H.potential(theta, m - d, f)) / 2) < rounding
    mean, half = H.pair_force(theta, m, d, f)
    assert relative_error(mean, (plus.phi + minus.phi) / 2) < ONE_STEP
    assert relative_error(half, (plus.phi - minus.phi) / 2) < rounding


@pytest.mark.parametrize("name", CLOSED)
def test_the_closed_forms_become_the_derivatives_as_the_pair_closes(name):
    H, theta, m, f = drawn(name)
    lanes, of_f, of_v = H.half_contrasts(theta, m, np.full_like(m, 1e-9), f)
    slopes = H.force_slopes(theta, m, f)
    for letter in lanes:
        assert relative_error(lanes[letter] / 1e-9, slopes.theta[letter]) < ONE_STEP, letter
    assert relative_error(of_f / 1e-9, slopes.f) < ONE_STEP
    assert relative_error(of_v / 1e-9, H.force(theta, m, f)) < ONE_STEP


@pytest.mark.parametrize("name", HAMILTONIANS)
def test_stability_is_the_largest_curvature_met(name):
    H, theta, _, _ = drawn(name)
    delta = np.array(0.5)
    curvature = [
        np.max(H.force_slopes(theta, x * np.ones((1, P)), -theta.get("b", 0) - x * theta.get("w", 0)).phi) for x in (-1, 0, 2)
    ]
    assert H.stability(theta, delta) == pytest.approx(0.25 * max(curvature), rel=1e-12)
