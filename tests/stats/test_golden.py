"""Records with known effects built in give exactly the expected tables, statistics and verdicts."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from rhelbench.records import collected, reported
from rhelbench.report import tables
from rhelbench.stats import against_paper, noise, pairs, skill
from tests.claims import golden
from tests.claims.golden import MSE, PAIRS
from tests.stats import factory


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
    assert compared.margin["Heartbeat", "linear-complex"] == 0.02
    assert compared.margin["PPG-DaLiA", "nonlinear"] == pytest.approx(0.1 * np.mean(MSE[0]))


def test_equivalence_at_chance_is_marked_uninformative(compared):
    assert compared.informative["EthanolConcentration", "linear-complex"] == "no"
    assert compared.informative["Heartbeat", "linear-complex"] == "yes"
    assert compared.informative["MotorImagery", "linear-complex"] == "unknown"


def test_skill(found):
    table = skill.table(found).set_index(["task", "algorithm", "framework", "baseline"])
    row = table.loc["Heartbeat", "bptt", "jax", "majority"]
    base, own = 213 / 310, 254 / 310
    assert row.skill == pytest.approx((own - base) / (1 - base))
    assert row.gain == pytest.approx(own - base)
    assert row.better


def test_equal_gains_are_judged_by_their_counts(tmp_path):
    rows = factory.counts("BasicMotions", "linear", "rhel", [12, 12, 12], 12)
    for correct, better in ((3, True), (11, False)):
        base = factory.counts("BasicMotions", "majority", "bptt", [correct] * 3, 12, framework="numpy")
        row = skill.table(collected.read(factory.write(tmp_path, rows + base))).iloc[0]
        expected = stats.fisher_exact([[36, 0], [3 * correct, 36 - 3 * correct]], "greater").pvalue
        assert row.better == better == (expected <= 0.05)


def test_a_gain_within_the_margin_is_certain_but_tells_nothing(tmp_path):
    """A point, of a margin of two: the baseline itself would pass for equivalent."""
    for gain, informative in ((100, "no"), (300, "yes")):
        rows = factory.counts("BasicMotions", "linear", "rhel", [5000 + gain] * 3, 10_000)
        base = factory.counts("BasicMotions", "majority", "bptt", [5000] * 3, 10_000, framework="numpy")
        both = collected.read(factory.write(tmp_path, rows + base))
        assert skill.table(both).better.all()
        assert set(skill.informative(both).values()) == {informative}


def test_the_noise_floors_and_the_frameworks(found):
    floors = noise.floors(found).set_index("source")
    d = np.array([0, -1, 1, 0, 0]) / 62
    #: The plain run and the five disturbed ones.
    disturbed = {"perturbation": [50, 51, 50, 51, 50, 51], "dropout_stream": [50, 49, 50, 51, 52, 53]}
    table = noise.frameworks(found).set_index("source")
    for source, correct in disturbed.items():
        floor, row = floors.loc[source], table.loc[source]
        assert floor.sd == pytest.approx(np.std(np.array(correct) / 62, ddof=1))
        assert (floor.freedom, floor.runs) == (5, 6)
        assert row.p == pytest.approx(stats.f.sf((d**2).mean() / (2 * floor.sd**2), 5, 5))
        assert row.verdict == "within"
    assert list(noise.decisive(noise.frameworks(found)).source) == ["dropout_stream"]


def test_tables_show_the_failed_and_the_missing_runs(found):
    one, two = tables.build(found, "accuracy"), tables.build(found, "mse")
    ours = one.wide[one.wide.source == "JAX"].set_index(["model", "algorithm"])
    assert ours.EigenWorms["nonlinear", "BPTT"] == "55.6 (20/36) [n = 1, 4 failed]"
    assert ours.SelfRegulationSCP2["nonlinear", "BPTT"] == "53.9 ± 1.5 (123/228) [n = 4, 1 missing]"
    assert ours.Heartbeat["linear", "BPTT"] == "81.9 ± 1.2 (254/310)"
    assert two.wide[two.wide.source == "JAX"]["PPG-DaLiA"].tolist() == ["9.1 ± 0.0", "9.1 ± 0.0"]
    assert two.wide[two.wide.source == "paper"]["PPG-DaLiA"].tolist() == ["7.8 ± 0.5", "8.4 ± 0.5"]


def test_against_the_paper(found):
    table = against_paper.compare(found, reported.read()).set_index(["task", "algorithm", "framework"])
    row = table.loc["Heartbeat", "bptt", "jax"]
    ours = np.array(PAIRS["Heartbeat", "linear-complex"][0]) / 62
    expected = stats.ttest_ind_from_stats(ours.mean(), ours.std(ddof=1), 5, 0.739, 0.006 * np.sqrt(5 / 4), 5, equal_var=False)
    assert row.p_difference == pytest.approx(expected.pvalue)
    assert row.verdict == "different"
    assert not row.ours_inside
    ethanol = table.loc["EthanolConcentration", "bptt", "jax"]
    assert ethanol.ours_inside
    assert ethanol.paper_inside
    assert ethanol.verdict == "equivalent"
    assert table.verdict["EigenWorms", "bptt", "jax"] == "too few"


def test_every_file_is_the_committed_one_to_the_bit(found, tmp_path):
    golden.outputs(found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in golden.FOLDER.iterdir()}
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (golden.FOLDER / path.name).read_bytes(), path.name
