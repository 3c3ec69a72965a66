"""What each integrator declares about itself, measured: order, reversibility; and symplecticity, stability, retracing."""

import numpy as np
import pytest

from rhelbench import registry
from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import echo, forward
from rhelbench.registry import unit_model
from tests.oracle.draws import raw_unit
from tests.tolerances import REVERSIBLE, SYMPLECTIC

PAIRS = [(h, i) for h in HAMILTONIANS for i in INTEGRATORS]
REVERSIBLE_PAIRS = [(h, i) for h, i in PAIRS if registry.INTEGRATORS[i].reversible]


def unit(hamiltonian: str, lanes: int = 4):
    """Return θ and δ of a drawn unit."""
    return HAMILTONIANS[hamiltonian].physical(raw_unit(unit_model(hamiltonian), 3, lanes, seed=1), 1)


def slope(hamiltonian: str, integrator: str, drive) -> float:
    """Return log2 of the ratio of successive differences when the step is halved twice, over a time of 3."""
    theta, _ = unit(hamiltonian)
    ends = []
    for steps in (60, 120, 240):
        delta = np.array(3 / steps)
        f = np.broadcast_to(drive(np.arange(steps), 3 / steps)[:, None, None], (steps, 1, 4))
        phi, pi = forward(HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], theta, delta, f)
        ends.append(np.concatenate([phi[-1], pi[-1]]))
    return float(np.log2(np.linalg.norm(ends[0] - ends[1]) / np.linalg.norm(ends[1] - ends[2])))


@pytest.mark.parametrize(("hamiltonian", "integrator"), PAIRS)
def test_order_under_a_constant_input_is_the_declared_one(hamiltonian, integrator):
    assert slope(hamiltonian, integrator, lambda k, _: np.ones(len(k))) == pytest.approx(
        registry.INTEGRATORS[integrator].order, abs=0.1
    )


@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
def test_an_input_held_over_the_step_costs_one_order_and_one_at_mid_step_none(hamiltonian):
    assert slope(hamiltonian, "leapfrog", lambda k, h: np.sin(2 * h * (k + 1))) == pytest.approx(1, abs=0.1)
    assert slope(hamiltonian, "leapfrog", lambda k, h: np.sin(2 * h * (k + 0.5))) == pytest.approx(2, abs=0.1)


def round_trip(hamiltonian: str, integrator: str, K: int) -> float:
    """Return max|Φe_k − Φ_k*| over an echo without nudge, relative to max|Φ|."""
    theta, delta = unit(hamiltonian)
    f = np.random.default_rng(2).standard_normal((K, 2, 4))
    phi, pi = forward(HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], theta, delta, f)
    gap = 0.0
    for k, step in echo(HAMILTONIANS[hamiltonian], INTEGRATORS[integrator], theta, delta, phi[-1], pi[-1], f, np.zeros_like(f)):
        gap = max(gap, np.max(np.abs(step.phi_end - phi[k])), np.max(np.abs(step.pi_end + pi[k])))
    return gap / max(np.max(np.abs(phi)), np.max(np.abs(pi)))


@pytest.mark.parametrize("K", [1, 10, 100, 1000])
@pytest.mark.parametrize(("hamiltonian", "integrator"), REVERSIBLE_PAIRS)
def test_an_echo_without_nudge_retraces_the_whole_path(hamiltonian, integrator, K):
    assert round_trip(hamiltonian, integrator, K) < REVERSIBLE


@pytest.mark.parametrize(("hamiltonian", "integrator"), [pair for pair in PAIRS if pair not in REVERSIBLE_PAIRS])
def test_an_integrator_that_declares_itself_irreversible_is(hamiltonian, integrator):
    assert round_trip(hamiltonian, integrator, 100) > 1e-3


def jacobian(hamiltonian: str, integrator: str, phi: np.ndarray, pi: np.ndarray) -> np.ndarray:
    """Return ∂(φ', π')/∂(φ, π) of one step for every lane, (P, 2, 2), by complex steps."""
    theta, delta = unit(hamiltonian)
    out = np.empty((phi.shape[1], 2, 2))
    for column, (a, b) in enumerate(((1e-30j, 0), (0, 1e-30j))):
        moved = INTEGRATORS[integrator].step(HAMILTONIANS[hamiltonian], theta, delta, phi + a, pi + b, np.ones_like(phi))
        out[:, 0, column], out[:, 1, column] = moved[0].imag[0] / 1e-30, moved[1].imag[0] / 1e-30
    return out


@pytest.mark.parametrize(("hamiltonian", "integrator"), PAIRS)
def test_a_reversible_step_is_symplectic_and_the_released_one_inflates_phase_space(hamiltonian, integrator):
    phi, pi = np.random.default_rng(3).standard_normal((2, 1, 4))
    M, J = jacobian(hamiltonian, integrator, phi, pi), np.array([[0.0, 1.0], [-1.0, 0.0]])
    defect = np.max(np.abs(np.swapaxes(M, 1, 2) @ J @ M - J))
    if registry.INTEGRATORS[integrator].reversible:
        assert defect < SYMPLECTIC
    else:
        theta, delta = unit(hamiltonian)
        growth = 1 + delta**2 * HAMILTONIANS[hamiltonian].force_slopes(theta, phi, np.ones_like(phi)).phi[0] / 2
        np.testing.assert_allclose(np.linalg.det(M), growth, rtol=SYMPLECTIC)
        assert defect > 1e-4


@pytest.mark.parametrize(("product", "bounded"), [(3.9, True), (4.1, False)])
def test_the_linear_unit_is_stable_below_four(product, bounded):
    H, delta = HAMILTONIANS["linear"], np.array([1.0])
    theta = {"A": np.array([product])}
    assert H.stability(theta, delta) == product
    f = np.zeros((400, 1, 1))
    f[0] = 1
    phi, _ = forward(H, INTEGRATORS["leapfrog"], theta, delta, f)
    assert bool(np.max(np.abs(phi)) < 100) is bounded


@pytest.mark.parametrize("hamiltonian", HAMILTONIANS)
def test_energy_stays_near_its_value_without_drift(hamiltonian):
    H, (theta, _), delta = HAMILTONIANS[hamiltonian], unit(hamiltonian), np.array(0.1)
    phi, pi = np.ones((1, 4)), np.zeros((1, 4))
    f = np.full((1, 4), 0.5)
    energies = []
    for _ in range(3000):
        phi, pi, _ = INTEGRATORS["leapfrog"].step(H, theta, delta, phi, pi, f)
        energies.append(H.kinetic(pi) + H.potential(theta, phi, f))
    first, last = np.array(energies[:1500]), np.array(energies[1500:])
    assert np.max(np.abs(first.mean(axis=0) - last.mean(axis=0))) < 1e-4
    assert np.max(np.ptp(np.array(energies), axis=0)) < 0.01
