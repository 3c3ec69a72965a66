"""Proposition 3 of docs/memory-tasks.md: what a linear unit can hold of its past, by its impulse responses."""

import numpy as np
import pytest

from rhelbench.oracle.hamiltonians import HAMILTONIANS
from rhelbench.oracle.integrators import INTEGRATORS
from rhelbench.oracle.recurrence import forward

P, D = 12, 7


def responses(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each lane's position ``s`` steps after a unit drive (steps, P), and its frequency (P,)."""
    rng = np.random.default_rng(3)
    frequency = np.sort(rng.permutation(np.linspace(0.2, 2.8, 40))[:P])
    delta = rng.uniform(0.3, 1.0, P)
    drive = np.zeros((steps, 1, P))
    drive[0] = 1.0
    theta = {"A": 2 * (1 - np.cos(frequency)) / delta**2}
    phi, _ = forward(HAMILTONIANS["linear"], INTEGRATORS["leapfrog"], theta, delta, drive)
    return phi[1:, 0], frequency


def kept(steps: int) -> np.ndarray:
    """Return k_t(s) for s < t = ``steps``: the squared length of e_s projected onto the span of the responses."""
    basis, _ = np.linalg.qr(responses(steps)[0])
    return (basis**2).sum(axis=1)


def test_a_lane_answers_a_drive_with_an_undamped_sine():
    found, frequency = responses(300)
    wanted = np.sin((np.arange(300)[:, None] + 0.5) * frequency)
    np.testing.assert_allclose(found / found[0], wanted / wanted[0], atol=1e-9)


@pytest.mark.parametrize("steps", [P, 50, 400])
def test_all_delays_together_are_kept_no_better_than_there_are_lanes(steps):
    assert kept(steps).sum() == pytest.approx(P)
    assert (kept(steps) <= 1 + 1e-12).all()


def test_what_is_kept_of_one_delay_falls_as_one_over_t():
    """t k_t(D) tends to 2 Σ sin²((D + ½) ω_p)."""
    limit = 2 * (np.sin((D + 0.5) * responses(1)[1]) ** 2).sum()
    error = [abs(steps * kept(steps)[D] - limit) / limit for steps in (300, 3000, 30_000)]
    assert error[2] < error[0]
    assert error[2] < 0.01
