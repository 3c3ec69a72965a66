"""Comparison with the paper's numbers on records with known effects."""

import numpy as np
import pytest
from scipy import stats

from rhelbench.records import reported
from rhelbench.stats import against_paper
from tests.claims import golden
from tests.claims.golden import PAIRS


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


def test_against_the_paper(found):
    table = against_paper.compare(found, reported.read()).set_index(["task", "algorithm", "framework"])
    row = table.loc["Heartbeat", "bptt", "jax"]
    ours = np.array(PAIRS["Heartbeat", "linear"][0]) / 62
    expected = stats.ttest_ind_from_stats(ours.mean(), ours.std(ddof=1), 5, 0.739, 0.006 * np.sqrt(5 / 4), 5, equal_var=False)
    assert row.p_difference == pytest.approx(expected.pvalue)
    assert row.verdict == "different"
    assert not row.ours_inside
    ethanol = table.loc["EthanolConcentration", "bptt", "jax"]
    assert ethanol.ours_inside
    assert ethanol.paper_inside
    assert ethanol.verdict == "equivalent"
    assert table.verdict["EigenWorms", "bptt", "jax"] == "too few"
