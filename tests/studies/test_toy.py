"""Figure 2: RHEL is the adjoint state method at all times."""

import pandas as pd

from rhelbench.studies import toy
from tests.tolerances import CONTINUOUS_ORACLE


def differences(data: pd.DataFrame) -> pd.Series:
    """Largest relative difference of RHEL and the adjoint state method by implementation."""
    return (data.difference / data["size"]).groupby(data.implementation).max()


def test_rhel_is_the_adjoint_state_method_at_all_times():
    tables = toy.compute(points=21, implementations=["numpy"])
    assert set(tables["toy"].quantity) == {"forward", "plus", "minus", "costate", "contrast", "asm", "rhel"}
    assert len(tables["toy_differences"]) == 12 + 27
    assert differences(tables["toy_differences"])["numpy"] < CONTINUOUS_ORACLE
