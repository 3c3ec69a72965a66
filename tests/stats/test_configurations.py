"""A cell is its runs' mean, spread and counts."""

import pytest

from rhelbench.records import collected
from rhelbench.stats.configurations import summarise
from tests.stats import factory


@pytest.fixture
def small(tmp_path):
    return factory.small(tmp_path)


def test_a_cell_is_mean_and_population_sd_with_its_counts(small):
    cell = summarise(collected.read(small)).iloc[0]
    assert cell["mean"] == pytest.approx(35 / 36)
    assert cell.sd == pytest.approx((2 / 9) ** 0.5 / 12)
    assert (cell.correct, cell.total, cell.n, cell.expected) == (35, 36, 3, 3)
