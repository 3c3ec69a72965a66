"""Records with known effects built in give exactly the expected tables, statistics and verdicts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from paper_figures import tab1_accuracy, tab2_mse
from rhelbench.stats import against_paper, noise, pairs, records, skill

#: Task and model to BPTT's and RHEL's correct answers per seed, test size, and the verdict these were made for.
MADE = {
    ("SelfRegulationSCP1", "linear-complex"): ([73, 74, 72, 75, 73], [73, 74, 72, 75, 74], 85, "equivalent"),
    ("Heartbeat", "linear-complex"): ([50, 51, 50, 52, 51], [40, 42, 40, 42, 41], 62, "different"),
    ("MotorImagery", "linear-complex"): ([30, 24, 35, 28, 33], [33, 30, 24, 31, 28], 57, "inconclusive"),
    ("EthanolConcentration", "linear-complex"): ([24, 23, 24, 23, 24], [24, 23, 24, 23, 24], 79, "identical"),
    ("SelfRegulationSCP2", "nonlinear"): ([30, 31, 32, 30, None], [31, 32, 33, 31, 30], 57, "constant"),
    ("EigenWorms", "nonlinear"): ([20, None, None, None, None], [21, None, None, None, None], 36, "too few"),
}
MSE = ([0.0910, 0.0912, 0.0915, 0.0908, 0.0911], [0.0911, 0.0911, 0.0916, 0.0909, 0.0910])


@pytest.fixture(scope="module")
def golden(made, tmp_path_factory):
    rows = []
    for (task, model), (bptt, rhel, total, _) in MADE.items():
        absent = "failed" if task == "EigenWorms" else "missing"
        for algorithm, values in (("bptt", bptt), ("rhel", rhel)):
            rows += made.counts(task, model, algorithm, values, total, protocol="released", absent=absent)
    for algorithm, values in zip(("bptt", "rhel"), MSE, strict=True):
        for seed, value in zip(made.SEEDS, values, strict=True):
            rows.append(made.run("PPG-DaLiA", "nonlinear", algorithm, seed, value=value, protocol="released"))
    majority = {"EthanolConcentration": ([24, 23, 24, 23, 24], 79), "Heartbeat": ([41, 41, 44, 43, 44], 62)}
    for task, (values, total) in majority.items():
        rows += made.counts(task, "majority", "bptt", values, total, framework="numpy", protocol="released")
    for number in range(1, 6):  # the noise floor of one cell and seed, and the other framework's run of it
        row = made.run("Heartbeat", "linear-complex", "bptt", 2345, correct=50 + number % 2, total=62, protocol="released")
        rows.append(row | {"perturbation": number, "run_id": f"{row['run_id']}-{number}"})
    other = made.counts("Heartbeat", "linear-complex", "bptt", [50, 50, 51, 52, 51], 62, framework="torch", protocol="released")
    return records.read(made.write(tmp_path_factory.mktemp("golden"), rows + other))


@pytest.fixture(scope="module")
def compared(golden):
    table = pairs.compare(golden)
    return table[table.framework == "jax"].set_index(["task", "model"])


def test_verdicts(compared):
    for key, (*_, expected) in MADE.items():
        assert compared.verdict[key] == expected, key
    assert compared.verdict["PPG-DaLiA", "nonlinear"] == "equivalent"


def test_statistics_agree_with_textbook_functions(compared):
    for key, (bptt, rhel, total, _) in MADE.items():
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
    assert compared.margin["Heartbeat", "linear-complex"] == 0.02
    assert compared.margin["PPG-DaLiA", "nonlinear"] == pytest.approx(0.1 * np.mean(MSE[0]))


def test_equivalence_at_chance_is_marked_uninformative(compared):
    assert compared.informative["EthanolConcentration", "linear-complex"] == "no"
    assert compared.informative["Heartbeat", "linear-complex"] == "yes"
    assert compared.informative["MotorImagery", "linear-complex"] == "unknown"


def test_skill(golden):
    table = skill.table(golden).set_index(["task", "algorithm", "framework", "baseline"])
    row = table.loc["Heartbeat", "bptt", "jax", "majority"]
    base, own = 213 / 310, 254 / 310
    assert row.skill == pytest.approx((own - base) / (1 - base))
    assert row.gain == pytest.approx(own - base)
    assert row.better


def test_the_noise_floor_and_the_frameworks(golden):
    floor = noise.floors(golden).iloc[0]
    values = np.array([50, 51, 50, 51, 50, 51]) / 62  # the plain run and five perturbed ones
    assert floor.sd == pytest.approx(values.std(ddof=1))
    assert (floor.freedom, floor.runs, floor.source) == (5, 6, "perturbation")
    row = noise.frameworks(golden).iloc[0]
    d = np.array([0, -1, 1, 0, 0]) / 62
    assert row.p == pytest.approx(stats.f.sf((d**2).mean() / (2 * floor.sd**2), 5, 5))
    assert row.verdict == "within"


def test_tables_show_the_failed_and_the_missing_runs(golden):
    one, two = tab1_accuracy.make(golden), tab2_mse.make(golden)
    ours = one.wide[one.wide.source == "JAX"].set_index(["model", "algorithm"])
    assert ours.EigenWorms["nonlinear", "BPTT"] == "55.6 ± 0.0 (20/36) [n = 1, 4 failed]"
    assert ours.SelfRegulationSCP2["nonlinear", "BPTT"] == "53.9 ± 1.5 (123/228) [n = 4, 1 missing]"
    assert ours.Heartbeat["linear", "BPTT"] == "81.9 ± 1.2 (254/310)"
    assert two.wide[two.wide.source == "JAX"]["PPG-DaLiA"].tolist() == ["9.1 ± 0.0", "9.1 ± 0.0"]
    assert two.wide[two.wide.source == "paper"]["PPG-DaLiA"].tolist() == ["7.8 ± 0.5", "8.4 ± 0.5"]


def test_against_the_paper(golden):
    table = against_paper.compare(golden).set_index(["task", "algorithm", "framework"])
    row = table.loc["Heartbeat", "bptt", "jax"]
    ours = np.array(MADE["Heartbeat", "linear-complex"][0]) / 62
    expected = stats.ttest_ind_from_stats(ours.mean(), ours.std(ddof=1), 5, 0.739, 0.006 * np.sqrt(5 / 4), 5, equal_var=False)
    assert row.p_difference == pytest.approx(expected.pvalue)
    assert row.verdict == "different"
    assert not row.ours_inside
    ethanol = table.loc["EthanolConcentration", "bptt", "jax"]
    assert ethanol.ours_inside
    assert ethanol.paper_inside
    assert ethanol.verdict == "equivalent"
    assert table.verdict["EigenWorms", "bptt", "jax"] == "too few"


def test_everything_is_reproduced_to_the_bit(golden):
    pd.testing.assert_frame_equal(pairs.compare(golden), pairs.compare(golden), check_exact=True)
