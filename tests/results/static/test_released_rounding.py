"""In single precision much of the linear model's gradient is rounding under the released rule, none under the exact one."""

import pandas as pd

from rhelbench.config import expand

PUBLISHED = expand.CONFIG.parent / "results" / "published"


def test_published_errors_say_what_the_page_says():
    table = pd.read_csv(PUBLISHED / "static" / "released_rounding.csv")
    assert len(table) == 2 * 2 * 3 * 2 * 7  # frameworks, kernels, rules, blocks, parameters
    of_A = table[table.parameter == "a"].groupby("rule").error
    assert of_A.min()["rhel_released"] > 0.4
    assert of_A.max()["rhel"] < 1e-4
