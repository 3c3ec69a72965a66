"""Paired differences on records with known effects, against textbook functions."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from rhelbench.stats import pairs
from tests.claims import golden
from tests.claims.golden import MSE, PAIRS


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def compared(found):
    table = pairs.compare(found)
    return table[table.framework == "jax"].set_index(["task", "model"])


def test_verdicts(compared):
    for key, (*_, expected) in PAIRS.items():
        assert compared.verdict[key] == expected, key
    assert compared.verdict["PPG-DaLiA", "nonlinear"] == "equivalent"


def test_statistics_agree_with_textbook_functions(compared):
    for key, (bptt, rhel, total, _) in PAIRS.items():
        both = np.array([(b, r) for b, r in zip(bptt, rhel, strict=True) if b is not None and r is not None], float) / total
        row = compared.loc[key]
        assert row.n == len(both)
        assert row["mean"] == pytest.approx((both[:, 1] - both[:, 0]).mean(), abs=1e-15)
        if row.verdict in ("identical", "constant", "too few"):
            assert np.isnan(row.p_difference)
            continue
        test = stats.ttest_rel(both[:, 1], both[:, 0])
        interval = test.confidence_interval(0.95)
        assert row.p_difference == pytest.approx(test.pvalue)
        assert (row.low, row.high) == pytest.approx((interval.low, interval.high))
        assert row.p_equivalence == pytest.approx(ttost_paired(both[:, 1], both[:, 0], -0.02, 0.02)[0])


def test_holm_counts_tested_pairs_only(compared):
    tested = compared[compared.p_equivalence.notna()]
    assert len(tested) == 4
    smallest = tested.p_equivalence.min()
    assert tested.p_equivalence_holm.min() == pytest.approx(4 * smallest)


def test_margins(compared):
    assert compared.margin["Heartbeat", "linear"] == 0.02
    assert compared.margin["PPG-DaLiA", "nonlinear"] == pytest.approx(0.1 * np.mean(MSE[0]))


def test_equivalence_at_chance_is_marked_uninformative(compared):
    assert compared.informative["EthanolConcentration", "linear"] == "no"
    assert compared.informative["Heartbeat", "linear"] == "yes"
    assert compared.informative["MotorImagery", "linear"] == "unknown"
