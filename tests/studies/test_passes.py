"""Three passes and no second derivative, whatever the size."""

import pandas as pd

from rhelbench.studies import passes

PUBLISHED = "results/published/static"


def test_three_passes_and_no_second_derivative_whatever_the_size():
    for table in (passes.compute(20, (1, 5))["passes"], pd.read_csv(f"{PUBLISHED}/passes.csv")):
        echo, plain = table[table.algorithm == "rhel_separate"], table[table.algorithm == "bptt"]
        assert (echo.passes == 3).all()
        assert (echo.second == 0).all()
        assert (plain.second > 0).all()
        assert echo.parameters.max() > 3 * echo.parameters.min()
