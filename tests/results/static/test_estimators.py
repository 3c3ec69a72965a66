"""The published estimators: what is exact is, what is random is right on average."""

import numpy as np
import pandas as pd
import pytest

from rhelbench.registry import ALGORITHMS
from rhelbench.studies import estimators
from tests.studies.test_estimators import growth

RANDOM = [name for name, entry in ALGORITHMS.items() if entry.random]
PUBLISHED = pd.read_csv("results/published/static/estimators.csv")
MEMORY = pd.read_csv("results/published/static/estimators_memory.csv")
CURVES = pd.read_csv("results/published/static/estimators_cosine.csv")


def test_every_algorithm_but_the_biased_one_is_studied():
    assert set(PUBLISHED.estimator) == set(ALGORITHMS) - {"rhel_released"}


def test_the_exact_ones_are_exact_and_the_random_ones_right_on_average():
    random = PUBLISHED.estimator.isin(RANDOM)
    assert (PUBLISHED.bias[~random] < 1e-6).all()
    assert (PUBLISHED.sd[~random] == 0).all()
    assert (PUBLISHED.bias[random] < 2 * PUBLISHED.bias_error[random]).all()
    assert (PUBLISHED.slope_bias[random].abs() < 2 * PUBLISHED.slope_bias_error[random]).all()


def test_what_retraces_its_path_keeps_no_state_per_step_and_the_others_do():
    """RHEL's relative nudge takes one number per step, the gradient's mean square over 16 channels: 1/32 of a state."""
    found = growth(MEMORY)
    assert found.bptt == pytest.approx(1, abs=0.01)
    assert found.bptt_reversible == 0
    assert (found[["rhel", "rhel_separate"]] < 1.1 / 32).all()
    assert (found[["bptt_checkpointed", "rtrl", "forward_gradient", "spsa"]] > 0.4).all()


@pytest.mark.parametrize("name", RANDOM)
def test_the_cosine_of_the_drive_climbs_as_the_root_of_the_draws(name):
    """One of K directions: cosine √(m/(m + K)) after m draws."""
    for _, curve in CURVES[(CURVES.part == "drive") & (CURVES.estimator == name)].groupby("model"):
        expected = np.sqrt(curve.draws / (curve.draws + estimators.K))
        np.testing.assert_allclose(curve.cosine, expected, rtol=0.15)


def test_the_study_repeats_what_is_published_of_the_exact_ones(monkeypatch):
    monkeypatch.setattr(estimators, "NEEDS", {name: need for name, need in estimators.NEEDS.items() if name not in RANDOM})
    now = estimators.compute(lengths=())["estimators"]
    before = PUBLISHED[~PUBLISHED.estimator.isin(RANDOM)]
    np.testing.assert_allclose(now.cosine, before.cosine, rtol=1e-9)
    for column in ("passes", "steps", "pair_steps", "adjoints", "forces", "second"):
        np.testing.assert_allclose(now[column], before[column], rtol=1e-9)
