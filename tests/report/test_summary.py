"""The table that a terminal shows."""

import pytest

from rhelbench.records import collected
from rhelbench.report import summary
from tests.stats import factory


@pytest.fixture
def small(tmp_path):
    return factory.small(tmp_path)


@pytest.fixture
def big(tmp_path):
    return factory.paper(tmp_path)


def test_the_terminal_table_fits_and_counts_what_waits(small, big):
    for folder in (small, big):
        text = summary.terminal(collected.read(folder))
        assert max(map(len, text.splitlines())) <= summary.WIDTH
    assert "54 of 56 cells have no run yet." in text
