"""Gains over a baseline on records with known effects."""

import pytest
from scipy import stats

from rhelbench.records import collected
from rhelbench.stats import skill
from tests.claims import golden
from tests.stats import factory


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return golden.read(tmp_path_factory.mktemp("golden"))


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
