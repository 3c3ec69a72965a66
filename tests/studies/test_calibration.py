"""Simulated algorithms share what they are said to share."""

import numpy as np
import pytest

from rhelbench.studies import calibration


def test_simulated_algorithms_share_what_they_are_said_to_share():
    rng, sizes = np.random.default_rng(0), np.array([100, 50])
    scores = calibration.simulate(rng, 4000, np.array([0.6, 0.7]), sizes, -0.02, 0.9)
    d = scores[..., 1] - scores[..., 0]
    assert d.mean((0, 2)) == pytest.approx([-0.02, -0.02], abs=1.5e-3)
    p = np.array([0.6, 0.7])
    own = np.array([10, 5]) / sizes**2  # binomial variance of both algorithms' own answers
    shifted = p - 0.2
    expected = own * (p * (1 - p) + shifted * (1 - shifted) - 2 * calibration.DIFFICULTY**2)
    assert d.var((0, 2)) == pytest.approx(expected, rel=0.05)
