"""The published differences between RHEL and the adjoint state method are the solvers'."""

from pathlib import Path

import pandas as pd
import pytest

from rhelbench.toy import IMPLEMENTATIONS
from tests.studies.test_toy import differences
from tests.tolerances import CONTINUOUS

PUBLISHED = Path("results/published/static")


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_the_published_differences_are_the_solvers(implementation: str):
    assert differences(pd.read_csv(PUBLISHED / "toy_differences.csv"))[implementation] < CONTINUOUS
