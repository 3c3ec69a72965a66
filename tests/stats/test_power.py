"""Power against simulation and against its own definition."""

import numpy as np
import pytest
from scipy import stats

from rhelbench.stats import equivalence, power


def test_power_of_equivalence_against_simulation():
    rng = np.random.default_rng(1)
    for n, sd in ((5, 0.01), (10, 0.02), (5, 0.03)):
        p = equivalence.t_statistics(rng.normal(0, sd, (20_000, n)), np.asarray(0.02))[:, 3]
        assert power.equivalence_power(sd, n, 0.02) == pytest.approx(np.mean(p <= 0.05), abs=0.012)


def test_seeds_needed_is_the_least_number_that_suffices():
    n = power.seeds_needed(0.03, 0.02)
    assert n is not None
    assert power.equivalence_power(0.03, n, 0.02) >= power.POWER > power.equivalence_power(0.03, n - 1, 0.02)
    assert power.seeds_needed(5.0, 0.02) is None


def test_smallest_detectable_difference_has_the_stated_power():
    n, sd = 5, 0.04
    shift = power.detectable(sd, n) / (sd / np.sqrt(n))
    edge = stats.t.ppf(0.975, n - 1)
    assert stats.nct.sf(edge, n - 1, shift) + stats.nct.cdf(-edge, n - 1, shift) == pytest.approx(0.8, abs=1e-6)
