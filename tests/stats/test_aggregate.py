"""Interquartile mean, profile and stratified bootstrap."""

import numpy as np
import pytest

from rhelbench.stats import aggregate


def test_interquartile_mean_and_profile():
    assert aggregate.iqm(np.array([0.0, 1.0, 2.0, 100.0])) == 1.5
    assert aggregate.profile(np.array([0.2, 0.8]))[[0, 50, 90]].tolist() == [1.0, 0.5, 0.0]


def test_the_bootstrap_is_stratified_and_reproducible():
    tasks = [np.zeros(5), np.ones(3)]
    one, two = (aggregate.bootstrap(tasks, lambda runs: runs.mean(-1), np.random.default_rng(3), 50) for _ in range(2))
    assert np.array_equal(one, two)
    assert np.allclose(one, 3 / 8)  # each resample keeps five runs of the first task and three of the second
    spread = aggregate.bootstrap([np.arange(10.0)], lambda runs: runs.mean(-1), np.random.default_rng(3), 4000).std()
    assert spread == pytest.approx(np.arange(10.0).std() / np.sqrt(10), rel=0.05)
